/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_COUNTER_H
#define PAWL_PORT_COUNTER_H

#include <pawl/status.h>
#include <stdint.h>

/*
 * Port: the security counter, a small number in fuses, a replay-protected
 * block or a TPM, that can only rise. An image whose manifest names a lower
 * one is never started.
 */
struct pawl_counter {
    void *ctx; /* handed back untouched as the first argument */

    /* Sets *value to the counter. Required. */
    enum pawl_status (*read)(void *ctx, uint32_t *value);

    /*
     * Raises the counter to value, durable before it returns; a value not
     * above the present one changes nothing and is PAWL_OK. If power fails
     * the counter has the old value or the new one. Required.
     */
    enum pawl_status (*advance)(void *ctx, uint32_t value);

    /* The highest value that the hardware can hold; a value above it is an
     * error of advance() and changes nothing. */
    uint32_t max;
};

#endif
