/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/* Full entropy from a hardware generator whose health test passed. A clock, an
 * address or an ADC's noise is none: every session rests on this function. */
static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    (void)buf;
    (void)len;
    return PAWL_ERR_ENTROPY; /* PAWL_PORT_TODO: the TRNG */
}

const struct pawl_entropy board_entropy = {.fill = fill};
