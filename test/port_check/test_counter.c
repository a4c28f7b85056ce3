/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "reported.h"

#include <pawl/port_check.h>
#include <string.h>

enum defect {
    NONE,
    NO_ADVANCE,
    READ_FAILS,
    READ_CHANGES,
    ABOVE_MAX,
    FALLS,
    REFUSES_THE_SAME,
    TAKES_MORE_THAN_MAX,
    WRAPS_ABOVE_MAX,
    DOES_NOT_RISE,
    RISES_BY_TWO
};

struct fake {
    struct reported reported; /* first: ctx of the check's report() */
    struct pawl_counter port;
    enum defect defect;
    uint32_t value;
    unsigned raised; /* calls that had to raise it */
};

static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    struct fake *fake = ctx;

    *value = fake->value;
    if (fake->defect == READ_CHANGES) {
        fake->value++;
    }
    return fake->defect == READ_FAILS ? PAWL_ERR_IO : PAWL_OK;
}

static enum pawl_status counter_advance(void *ctx, uint32_t value)
{
    struct fake *fake = ctx;

    if (value > fake->port.max) {
        if (fake->defect == WRAPS_ABOVE_MAX) {
            fake->value = 0;
        }
        return fake->defect == TAKES_MORE_THAN_MAX ? PAWL_OK : PAWL_ERR_FULL;
    }
    if (value <= fake->value) {
        fake->value = fake->defect == FALLS ? value : fake->value;
        return fake->defect == REFUSES_THE_SAME ? PAWL_ERR_ARGUMENT : PAWL_OK;
    }
    fake->raised++;
    if (fake->defect != DOES_NOT_RISE) {
        fake->value = fake->defect == RISES_BY_TWO ? value + 1 : value;
    }
    return PAWL_OK;
}

static unsigned checked(struct fake *fake, enum defect defect, bool may_rise)
{
    const struct pawl_port_check check = {
        .report = reported_add,
        .ctx = fake,
        .counter = &fake->port,
        .counter_may_rise = may_rise,
    };

    memset(fake, 0, sizeof *fake);
    reported_clear(&fake->reported);
    fake->defect = defect;
    fake->value = 7;
    fake->port = (struct pawl_counter){
        .ctx = fake,
        .read = counter_read,
        .advance = defect == NO_ADVANCE ? NULL : counter_advance,
        .max = defect == ABOVE_MAX ? 6 : 32,
    };
    return pawl_port_check(&check);
}

static void a_counter_as_it_should_be_passes(void)
{
    static struct fake fake;

    CHECK_EQ(checked(&fake, NONE, true), 0);
    CHECK_EQ(fake.reported.passed, 6);
    CHECK(fake.reported.quoted);
    CHECK_EQ(fake.value, 8);
}

static void it_is_not_raised_unless_that_is_allowed(void)
{
    static struct fake fake;

    CHECK_EQ(checked(&fake, NONE, false), 0);
    CHECK_EQ(fake.reported.skipped, 1);
    CHECK_EQ(fake.raised, 0);
    CHECK_EQ(fake.value, 7);
}

static void each_broken_sentence_is_named(void)
{
    static const struct {
        enum defect defect;
        const char *name;
    } rows[] = {
        {NO_ADVANCE, "counter: required"},
        {READ_FAILS, "counter: read"},
        {READ_CHANGES, "counter: read"},
        {ABOVE_MAX, "counter: max"},
        {FALLS, "counter: never falls"},
        {REFUSES_THE_SAME, "counter: never falls"},
        {TAKES_MORE_THAN_MAX, "counter: limit"},
        {WRAPS_ABOVE_MAX, "counter: limit"},
        {DOES_NOT_RISE, "counter: rises"},
        {RISES_BY_TWO, "counter: rises"},
    };
    static struct fake fake;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(checked(&fake, rows[i].defect, true) > 0);
        CHECK(reported_violates(&fake.reported, rows[i].name));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_counter_as_it_should_be_passes),
    CHECK_TEST(it_is_not_raised_unless_that_is_allowed),
    CHECK_TEST(each_broken_sentence_is_named),
};

CHECK_MAIN(tests)
