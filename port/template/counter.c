/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/* Fuses, a replay-protected block, a TPM's counter; flash that an attacker can
 * rewrite is none, and then no image is kept from coming back. */
static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    (void)ctx;
    *value = 0;
    return PAWL_ERR_UNSUPPORTED; /* PAWL_PORT_TODO: count the fuses */
}

static enum pawl_status counter_advance(void *ctx, uint32_t value)
{
    (void)ctx;
    (void)value;
    return PAWL_ERR_UNSUPPORTED; /* PAWL_PORT_TODO: blow up to value */
}

const struct pawl_counter board_counter = {
    .read = counter_read,
    .advance = counter_advance,
    .max = 32, /* PAWL_PORT_TODO: how many there are */
};
