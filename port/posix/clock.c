/* SPDX-License-Identifier: Apache-2.0 */

/* Time: monotonic as it is, wall clock as a test wants it. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <time.h>

uint64_t pawl_posix_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return pawl_posix_now_ms();
}

static enum pawl_status wall_s(void *ctx, int64_t *seconds)
{
    const struct pawl_posix_clock *self = ctx;
    struct timespec now;
    if (!self->wall_known || clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return PAWL_ERR_CLOCK;
    }
    /* Bounded by the configuration, so that nothing overflows. */
    int64_t elapsed = (int64_t)now.tv_sec - self->base_s;
    *seconds = self->base_s + elapsed * (int64_t)self->rate_milli / 1000 +
               self->offset_s;
    return PAWL_OK;
}

void pawl_posix_clock_init(struct pawl_posix_clock *clock)
{
    *clock = (struct pawl_posix_clock){
        .clock = {.ctx = clock, .monotonic_ms = monotonic_ms, .wall_s = wall_s},
        .wall_known = true,
        .rate_milli = 1000,
    };
}
