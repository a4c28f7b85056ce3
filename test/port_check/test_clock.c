/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "reported.h"

#include <pawl/port_check.h>

enum defect {
    NONE,
    NO_CLOCK,
    FALLS,
    STANDS,
    IN_SECONDS,
    WALL_FAILS,
    WALL_BELOW_ZERO,
    WALL_IN_MS,
    BEFORE_BUILD,
    BUILD_BELOW_ZERO
};

struct fake {
    struct reported reported; /* first: ctx of the check's report() */
    struct pawl_clock port;
    enum defect defect;
    uint64_t readings;
};

#define NOW INT64_C(1795000000)

/* A millisecond for each 100 readings. */
static uint64_t monotonic_ms(void *ctx)
{
    struct fake *fake = ctx;
    uint64_t now = 5000 + fake->readings++ / 100;

    switch (fake->defect) {
    case FALLS:
        return fake->readings % 5003 == 0 ? now - 1 : now;
    case STANDS:
        return 5000;
    case IN_SECONDS:
        return now / 1000 * 1000;
    default:
        return now;
    }
}

static enum pawl_status wall_s(void *ctx, int64_t *seconds)
{
    struct fake *fake = ctx;

    *seconds = NOW;
    switch (fake->defect) {
    case WALL_FAILS:
        return PAWL_ERR_IO;
    case WALL_BELOW_ZERO:
        *seconds = -1;
        break;
    case WALL_IN_MS:
        *seconds = NOW * 1000;
        break;
    case BEFORE_BUILD:
        *seconds = NOW - 2;
        break;
    default:
        break;
    }
    return PAWL_OK;
}

static enum pawl_status not_set(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = 0;
    return PAWL_ERR_CLOCK;
}

static unsigned checked(struct fake *fake, enum defect defect)
{
    const struct pawl_port_check check = {
        .report = reported_add, .ctx = fake, .clock = &fake->port};

    reported_clear(&fake->reported);
    fake->defect = defect;
    fake->readings = 0;
    return pawl_port_check(&check);
}

static void given(struct fake *fake, enum defect defect)
{
    fake->port = (struct pawl_clock){
        .ctx = fake,
        .monotonic_ms = defect == NO_CLOCK ? NULL : monotonic_ms,
        .wall_s = wall_s,
        .build_s = defect == BUILD_BELOW_ZERO ? -1 : NOW - 1,
    };
}

static void a_clock_as_it_should_be_passes(void)
{
    static struct fake fake;

    given(&fake, NONE);
    CHECK_EQ(checked(&fake, NONE), 0);
    CHECK_EQ(fake.reported.passed, 5);
    CHECK(fake.reported.quoted);
}

static void a_clock_may_be_unset_or_know_no_calendar(void)
{
    static struct fake fake;

    given(&fake, NONE);
    fake.port.wall_s = not_set;
    CHECK_EQ(checked(&fake, NONE), 0);
    CHECK_EQ(fake.reported.skipped, 2);
    fake.port.wall_s = NULL;
    CHECK_EQ(checked(&fake, NONE), 0);
    CHECK_EQ(fake.reported.skipped, 2);
}

static void each_broken_sentence_is_named(void)
{
    static const struct {
        enum defect defect;
        const char *name;
    } rows[] = {
        {NO_CLOCK, "clock: required"},      {FALLS, "clock: monotonic"},
        {STANDS, "clock: goes on"},         {IN_SECONDS, "clock: goes on"},
        {WALL_FAILS, "clock: wall"},        {WALL_BELOW_ZERO, "clock: wall"},
        {WALL_IN_MS, "clock: wall"},        {BEFORE_BUILD, "clock: build"},
        {BUILD_BELOW_ZERO, "clock: build"},
    };
    static struct fake fake;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given(&fake, rows[i].defect);
        CHECK(checked(&fake, rows[i].defect) > 0);
        CHECK(reported_violates(&fake.reported, rows[i].name));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_clock_as_it_should_be_passes),
    CHECK_TEST(a_clock_may_be_unset_or_know_no_calendar),
    CHECK_TEST(each_broken_sentence_is_named),
};

CHECK_MAIN(tests)
