/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/* Read the cause once, early, before it is cleared. A cause that is taken for
 * power-on by mistake costs an image on trial no attempt: when in doubt it is
 * unknown. */
static enum pawl_reset_cause cause(void *ctx)
{
    (void)ctx;
    return PAWL_RESET_UNKNOWN; /* PAWL_PORT_TODO: the reset status register */
}

static void reboot(void *ctx)
{
    (void)ctx; /* PAWL_PORT_TODO: NVIC_SystemReset(), and it does not return */
}

static void feed_watchdog(void *ctx)
{
    (void)ctx; /* PAWL_PORT_TODO: reload the watchdog */
}

const struct pawl_reset board_reset = {
    .cause = cause,
    .reboot = reboot,
    .feed_watchdog = feed_watchdog,
};
