/* SPDX-License-Identifier: Apache-2.0 */

/* The clock against <pawl/port/clock.h>. */
#include "check_internal.h"

#define HEADER "pawl/port/clock.h"
#define READINGS 10000u
#define SPINS_MAX 200000000u /* readings until a clock counts as standing */
#define WALL_MAX INT64_C(253402300799) /* the end of the year 9999 */

static uint64_t now(struct check_run *run)
{
    return run->check->clock->monotonic_ms(run->check->clock->ctx);
}

static void required(struct check_run *run)
{
    if (run->check->clock->monotonic_ms == NULL) {
        (void)pawl_check_fails(run, "monotonic_ms is NULL", PAWL_ERR_ARGUMENT);
    }
}

static void never_falls(struct check_run *run)
{
    uint64_t last = now(run);

    for (uint32_t i = 0; i < READINGS; i++) {
        uint64_t next = now(run);
        if (next < last) {
            (void)pawl_check_fails(run, "a later reading is lower", PAWL_OK);
            return;
        }
        last = next;
    }
}

/* It goes on by itself, for half a second, and in steps below one. */
static void goes_on(struct check_run *run)
{
    uint64_t begin = now(run);
    uint64_t last = begin;
    uint64_t widest = 0;

    for (uint32_t i = 0; i < SPINS_MAX && last - begin < 500; i++) {
        uint64_t next = now(run);
        if (next < last) {
            (void)pawl_check_fails(run, "it falls while it goes on", PAWL_OK);
            return;
        }
        if (next - last > widest) {
            widest = next - last;
        }
        last = next;
    }
    if (last - begin < 500) {
        (void)pawl_check_fails(run, "it stands still", PAWL_OK);
    } else if (widest >= 1000) {
        (void)pawl_check_fails(run,
                               "it goes in steps of a second or more: is it in "
                               "milliseconds?",
                               PAWL_OK);
    }
}

static void wall(struct check_run *run)
{
    int64_t seconds = 0;

    if (run->check->clock->wall_s == NULL) {
        run->finding.skipped = "the port has no wall_s()";
        return;
    }
    enum pawl_status status =
        run->check->clock->wall_s(run->check->clock->ctx, &seconds);
    if (status == PAWL_ERR_CLOCK) {
        run->finding.skipped = "the clock is not set";
    } else if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "wall_s() answers otherwise", status);
    } else if (seconds < 0 || seconds > WALL_MAX) {
        (void)pawl_check_fails(run, "what it gives are no seconds since 1970",
                               status);
    }
}

static void not_before_build(struct check_run *run)
{
    int64_t seconds = 0;

    if (run->check->clock->build_s < 0 ||
        run->check->clock->build_s > WALL_MAX) {
        (void)pawl_check_fails(run,
                               "build_s is no number of seconds since 1970",
                               PAWL_ERR_ARGUMENT);
    } else if (run->check->clock->wall_s == NULL ||
               run->check->clock->build_s == 0 ||
               run->check->clock->wall_s(run->check->clock->ctx, &seconds) !=
                   PAWL_OK) {
        run->finding.skipped = "build_s or the time is not known";
    } else if (seconds < run->check->clock->build_s) {
        (void)pawl_check_fails(run, "the time lies before the build", PAWL_OK);
    }
}

static const struct check_row rows[] = {
    {"clock: required", required, "Required."},
    {"clock: monotonic", never_falls,
     "Milliseconds since an arbitrary instant, never falling, not wrapping in "
     "the life of a device between two resets."},
    {"clock: goes on", goes_on,
     "Milliseconds since an arbitrary instant, never falling, not wrapping in "
     "the life of a device between two resets."},
    {"clock: wall", wall,
     "Sets *seconds to the seconds since 1970-01-01T00:00:00Z. PAWL_ERR_CLOCK "
     "when it is not known, for example before the first synchronisation."},
    {"clock: build", not_before_build,
     "When this firmware was built, in seconds since 1970: the lowest value "
     "that the time can have."},
};

unsigned pawl_port_check_clock(const struct pawl_port_check *check)
{
    struct check_run run = {.check = check};

    return pawl_check_rows(&run, HEADER, rows, sizeof rows / sizeof rows[0], 1);
}
