/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "reported.h"

#include <pawl/port_check.h>
#include <string.h>

enum defect {
    NONE,
    NO_FILL,
    FAILS,
    FAILS_LATER,
    LEAVES_THE_LAST,
    WRITES_BEYOND,
    ZEROS,
    STUCK_AT_A_BYTE,
    SAME_EACH_TIME,
    A_COUNTER,
    BIASED,
    ONE_BYTE_TOO_FREQUENT
};

struct fake {
    struct reported reported; /* first: ctx of the check's report() */
    struct pawl_entropy port;
    enum defect defect;
    uint64_t state;
    unsigned calls;
};

/* A generator with a known seed (splitmix64): random to the eye. */
static uint8_t next(struct fake *fake)
{
    fake->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = fake->state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint8_t)(z >> 56);
}

static uint8_t byte(struct fake *fake, size_t at)
{
    uint8_t random = next(fake);

    switch (fake->defect) {
    case ZEROS:
        return 0;
    case STUCK_AT_A_BYTE:
        return at % 64 < 8 ? 0x3C : random;
    case A_COUNTER:
        return (uint8_t)at;
    case BIASED: /* five ones in eight */
        return next(fake) % 4 == 0 ? 0xFF : random;
    case ONE_BYTE_TOO_FREQUENT: /* one in 16 */
        return next(fake) % 16 == 0 ? 0x69 : random;
    default:
        return random;
    }
}

static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    struct fake *fake = ctx;
    uint8_t *out = buf;

    fake->calls++;
    if (fake->defect == FAILS ||
        (fake->defect == FAILS_LATER && fake->calls > 650)) {
        return PAWL_ERR_ENTROPY;
    }
    if (fake->defect == SAME_EACH_TIME) {
        fake->state = 42;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = byte(fake, i);
    }
    if (fake->defect == LEAVES_THE_LAST) {
        out[len - 1] = 0xC3;
    } else if (fake->defect == WRITES_BEYOND) {
        out[len] = 0;
    }
    return PAWL_OK;
}

static unsigned checked(struct fake *fake, enum defect defect, uint64_t seed)
{
    const struct pawl_port_check check = {
        .report = reported_add, .ctx = fake, .entropy = &fake->port};

    memset(fake, 0, sizeof *fake);
    reported_clear(&fake->reported);
    fake->port = (struct pawl_entropy){.ctx = fake,
                                       .fill = defect == NO_FILL ? NULL : fill};
    fake->defect = defect;
    fake->state = seed;
    return pawl_port_check(&check);
}

static void what_looks_random_passes(void)
{
    static struct fake fake;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        CHECK_EQ(checked(&fake, NONE, seed), 0);
    }
    CHECK_EQ(fake.reported.passed, 3);
    CHECK(fake.reported.quoted);
}

static void each_broken_sentence_is_named(void)
{
    static const struct {
        enum defect defect;
        const char *name;
    } rows[] = {
        {NO_FILL, "entropy: required"},
        {FAILS, "entropy: fill"},
        {FAILS_LATER, "entropy: health"},
        {LEAVES_THE_LAST, "entropy: fill"},
        {WRITES_BEYOND, "entropy: fill"},
        {ZEROS, "entropy: health"},
        {STUCK_AT_A_BYTE, "entropy: health"},
        {SAME_EACH_TIME, "entropy: health"},
        {A_COUNTER, "entropy: health"},
        {BIASED, "entropy: health"},
        {ONE_BYTE_TOO_FREQUENT, "entropy: health"},
    };
    static struct fake fake;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(checked(&fake, rows[i].defect, 7) > 0);
        CHECK(reported_violates(&fake.reported, rows[i].name));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(what_looks_random_passes),
    CHECK_TEST(each_broken_sentence_is_named),
};

CHECK_MAIN(tests)
