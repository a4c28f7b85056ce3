/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "check.h"

#include <posix.h>
#include <string.h>
#include <time.h>

static int64_t wall(const struct pawl_posix_clock *clock)
{
    int64_t seconds = 0;
    CHECK_EQ(clock->clock.wall_s(clock->clock.ctx, &seconds), PAWL_OK);
    return seconds;
}

static void the_wall_clock_is_the_machines(void)
{
    struct pawl_posix_clock clock;
    pawl_posix_clock_init(&clock);
    int64_t late = wall(&clock) - (int64_t)time(NULL);
    CHECK(late >= -1 && late <= 1);
}

static void an_offset_moves_it(void)
{
    struct pawl_posix_clock clock;
    pawl_posix_clock_init(&clock);
    clock.offset_s = -86400 * 365;
    int64_t late = wall(&clock) - (int64_t)time(NULL);
    CHECK(late >= clock.offset_s - 1 && late <= clock.offset_s + 1);
}

static void a_rate_counts_from_its_base(void)
{
    struct pawl_posix_clock clock;
    pawl_posix_clock_init(&clock);
    clock.base_s = (int64_t)time(NULL) - 1000;
    clock.rate_milli = 2500;
    int64_t aged = wall(&clock) - clock.base_s;
    CHECK(aged >= 2497 && aged <= 2510);
}

static void an_unknown_clock_says_so(void)
{
    struct pawl_posix_clock clock;
    int64_t seconds = 0;
    pawl_posix_clock_init(&clock);
    clock.wall_known = false;
    CHECK_EQ(clock.clock.wall_s(clock.clock.ctx, &seconds), PAWL_ERR_CLOCK);
}

static void the_monotonic_clock_runs_in_milliseconds(void)
{
    struct pawl_posix_clock clock;
    const struct timespec pause = {.tv_nsec = 30 * 1000000};
    pawl_posix_clock_init(&clock);
    uint64_t before = clock.clock.monotonic_ms(clock.clock.ctx);
    (void)nanosleep(&pause, NULL);
    uint64_t after = clock.clock.monotonic_ms(clock.clock.ctx);
    CHECK(after - before >= 29 && after - before < 5000);
}

static void entropy_fills_every_byte(void)
{
    uint8_t seen[64] = {0};
    for (int round = 0; round < 16; round++) {
        uint8_t bytes[64] = {0};
        CHECK_EQ(pawl_posix_entropy.fill(pawl_posix_entropy.ctx, bytes,
                                         sizeof bytes),
                 PAWL_OK);
        for (size_t i = 0; i < sizeof bytes; i++) {
            seen[i] |= bytes[i];
        }
    }
    CHECK(memchr(seen, 0, sizeof seen) == NULL);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_wall_clock_is_the_machines),
    CHECK_TEST(an_offset_moves_it),
    CHECK_TEST(a_rate_counts_from_its_base),
    CHECK_TEST(an_unknown_clock_says_so),
    CHECK_TEST(the_monotonic_clock_runs_in_milliseconds),
    CHECK_TEST(entropy_fills_every_byte),
};
CHECK_MAIN(tests)
