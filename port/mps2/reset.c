/* SPDX-License-Identifier: Apache-2.0 */

/* A reset is the end of QEMU: the host starts it again, and says why on the
 * command line. The watchdog is counted down by the clock's interrupt. */

#include "mps2.h"

#include <string.h>

static volatile uint32_t ticks_left; /* 0: off */
static uint32_t ticks_limit;

static enum pawl_reset_cause cause(void *ctx)
{
    static const char *const names[] = {[PAWL_RESET_POWER_ON] = "power-on",
                                        [PAWL_RESET_WAKE] = "wake",
                                        [PAWL_RESET_SOFTWARE] = "software",
                                        [PAWL_RESET_WATCHDOG] = "watchdog",
                                        [PAWL_RESET_FAULT] = "fault",
                                        [PAWL_RESET_BROWNOUT] = "brownout",
                                        [PAWL_RESET_PIN] = "pin"};
    char text[16];

    (void)ctx;
    if (!mps2_argument("cause", text, sizeof text)) {
        return PAWL_RESET_POWER_ON;
    }
    for (unsigned i = PAWL_RESET_POWER_ON; i <= PAWL_RESET_PIN; i++) {
        if (strcmp(names[i], text) == 0) {
            return (enum pawl_reset_cause)i;
        }
    }
    return PAWL_RESET_UNKNOWN;
}

static void reboot(void *ctx)
{
    (void)ctx;
    mps2_exit(MPS2_EXIT_REBOOT);
}

static void feed(void *ctx)
{
    (void)ctx;
    ticks_left = ticks_limit;
}

const struct pawl_reset mps2_reset = {
    .cause = cause, .reboot = reboot, .feed_watchdog = feed};

void mps2_watchdog_start(uint32_t limit_ms)
{
    ticks_limit = limit_ms / MPS2_TICK_MS;
    ticks_left = ticks_limit;
}

void mps2_watchdog_tick(void)
{
    uint32_t left = ticks_left;

    if (left == 0) {
        return;
    }
    ticks_left = left - 1;
    if (left == 1) {
        mps2_print("mps2: watchdog\n");
        mps2_exit(MPS2_EXIT_WATCHDOG);
    }
}
