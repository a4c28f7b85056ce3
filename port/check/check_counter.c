/* SPDX-License-Identifier: Apache-2.0 */

/* The security counter against <pawl/port/counter.h>. It is raised only where
 * the config allows it: a fuse that is blown stays so. */
#include "check_internal.h"

#define HEADER "pawl/port/counter.h"

static bool is_still(struct check_run *run, uint32_t value)
{
    uint32_t found = value ^ 1u;
    enum pawl_status status =
        run->check->counter->read(run->check->counter->ctx, &found);

    if (status != PAWL_OK) {
        return pawl_check_fails(run, "read() fails", status);
    }
    return found == value ||
           pawl_check_fails(run, "the counter has another value", status);
}

static void required(struct check_run *run)
{
    if (run->check->counter->read == NULL ||
        run->check->counter->advance == NULL) {
        (void)pawl_check_fails(run, "a required function is NULL",
                               PAWL_ERR_ARGUMENT);
    }
}

static void reads(struct check_run *run)
{
    enum pawl_status status =
        run->check->counter->read(run->check->counter->ctx, &run->value);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "read() fails", status);
        return;
    }
    for (unsigned i = 0; i < 16 && is_still(run, run->value); i++) {
    }
}

static void within(struct check_run *run)
{
    if (run->check->counter->max == 0 ||
        run->value > run->check->counter->max) {
        (void)pawl_check_fails(run, "it is above max already, or max is 0",
                               PAWL_ERR_ARGUMENT);
    }
}

/* Of values up to the present one each is PAWL_OK and changes nothing. */
static void never_falls(struct check_run *run)
{
    const uint32_t lower[] = {run->value, run->value / 2, 0};

    for (size_t i = 0; i < sizeof lower / sizeof lower[0]; i++) {
        enum pawl_status status =
            run->check->counter->advance(run->check->counter->ctx, lower[i]);
        if (status != PAWL_OK) {
            (void)pawl_check_fails(run, "a value that is not above is an error",
                                   status);
            return;
        }
        if (!is_still(run, run->value)) {
            return;
        }
    }
}

static void not_above_max(struct check_run *run)
{
    if (run->check->counter->max == UINT32_MAX) {
        run->finding.skipped = "no number is above max";
        return;
    }
    enum pawl_status status = run->check->counter->advance(
        run->check->counter->ctx, run->check->counter->max + 1);
    if (status >= PAWL_OK) {
        (void)pawl_check_fails(run, "a value above max is no error", status);
    }
    (void)is_still(run, run->value);
}

static void rises(struct check_run *run)
{
    if (!run->check->counter_may_rise) {
        run->finding.skipped = "the config does not allow it";
        return;
    }
    if (run->value >= run->check->counter->max) {
        run->finding.skipped = "it is at its end";
        return;
    }
    enum pawl_status status =
        run->check->counter->advance(run->check->counter->ctx, run->value + 1);
    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "advance() fails", status);
    } else if (is_still(run, run->value + 1)) {
        run->value++;
        never_falls(run);
    }
}

static const struct check_row rows[] = {
    {"counter: required", required, "Required."},
    {"counter: read", reads, "Sets *value to the counter."},
    {"counter: max", within, "The highest value that the hardware can hold;"},
    {"counter: never falls", never_falls,
     "a value not above the present one changes nothing and is PAWL_OK."},
    {"counter: limit", not_above_max,
     "a value above it is an error of advance() and changes nothing."},
    {"counter: rises", rises,
     "Raises the counter to value, durable before it returns;"},
};

unsigned pawl_port_check_counter(const struct pawl_port_check *check)
{
    struct check_run run = {.check = check};

    return pawl_check_rows(&run, HEADER, rows, sizeof rows / sizeof rows[0], 1);
}
