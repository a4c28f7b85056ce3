/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stddef.h>

/* Milliseconds since the start, 64 bits wide: a 32-bit tick wraps after 49
 * days, and must be widened where it is read. */
static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return 0; /* PAWL_PORT_TODO: the system's tick */
}

/* The calendar, if there is one. Remove it from the table if there is none:
 * pawl then judges dates by build_s and what it learns on the way. */
static enum pawl_status wall_s(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = 0;
    return PAWL_ERR_CLOCK; /* PAWL_PORT_TODO: a real-time clock that was set */
}

const struct pawl_clock board_clock = {
    .monotonic_ms = monotonic_ms,
    .wall_s = wall_s,
    .build_s = 0, /* PAWL_PORT_TODO: seconds since 1970, from the build */
};

/* What wolfSSL asks for the time (USER_TICKS in user_settings.h): seconds and
 * milliseconds since any instant, to date session tickets. */
uint32_t LowResTimer(void);
uint32_t LowResTimer(void)
{
    return (uint32_t)(monotonic_ms(NULL) / 1000);
}

uint32_t TimeNowInMilliseconds(void);
uint32_t TimeNowInMilliseconds(void)
{
    return (uint32_t)monotonic_ms(NULL);
}
