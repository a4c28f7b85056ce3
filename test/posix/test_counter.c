/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "scratch.h"

#include <signal.h>
#include <sys/resource.h>

static struct pawl_posix_counter self;

static const struct pawl_counter *given_counter(void)
{
    static char path[PAWL_POSIX_PATH_MAX];
    scratch_begin();
    (void)snprintf(path, sizeof path, "%s", scratch_file("counter"));
    CHECK_EQ(pawl_posix_counter_create(AT_FDCWD, path), PAWL_OK);
    pawl_posix_counter_init(&self, AT_FDCWD, path, 100);
    return &self.counter;
}

static uint32_t value_of(const struct pawl_counter *counter)
{
    uint32_t value = 12345;
    CHECK_EQ(counter->read(counter->ctx, &value), PAWL_OK);
    return value;
}

static void it_begins_at_zero_and_rises(void)
{
    const struct pawl_counter *counter = given_counter();
    CHECK_EQ(value_of(counter), 0);
    CHECK_EQ(counter->advance(counter->ctx, 7), PAWL_OK);
    CHECK_EQ(value_of(counter), 7);
}

static void it_never_falls(void)
{
    const struct pawl_counter *counter = given_counter();
    CHECK_EQ(counter->advance(counter->ctx, 7), PAWL_OK);
    CHECK_EQ(counter->advance(counter->ctx, 6), PAWL_OK);
    CHECK_EQ(counter->advance(counter->ctx, 7), PAWL_OK);
    CHECK_EQ(value_of(counter), 7);
}

static void beyond_its_end_it_stays(void)
{
    const struct pawl_counter *counter = given_counter();
    CHECK_EQ(counter->advance(counter->ctx, 100), PAWL_OK);
    CHECK_EQ(counter->advance(counter->ctx, 101), PAWL_ERR_FULL);
    CHECK_EQ(value_of(counter), 100);
}

static void a_lost_or_damaged_file_is_never_zero(void)
{
    static const char *const damaged[] = {"",
                                          "\n",
                                          "7",
                                          "07\n",
                                          "7\n\n",
                                          "-1\n",
                                          "x\n",
                                          " 7\n",
                                          "4294967296\n",
                                          "99999999999\n",
                                          "7 \n",
                                          "123456789012345\n"};
    const struct pawl_counter *counter = given_counter();
    uint32_t value;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        scratch_write("counter", damaged[i]);
        CHECK_EQ(counter->read(counter->ctx, &value), PAWL_ERR_CORRUPT);
        CHECK_EQ(counter->advance(counter->ctx, 9), PAWL_ERR_CORRUPT);
    }
    CHECK_EQ(unlink(scratch_file("counter")), 0);
    CHECK_EQ(counter->read(counter->ctx, &value), PAWL_ERR_IO);
    CHECK_EQ(counter->advance(counter->ctx, 9), PAWL_ERR_IO);
    CHECK(!scratch_has("counter"));
}

/* What a power cut in the middle of an advance leaves is passed over. */
static void a_half_written_successor_does_no_harm(void)
{
    const struct pawl_counter *counter = given_counter();
    CHECK_EQ(counter->advance(counter->ctx, 3), PAWL_OK);
    scratch_write("counter.new", "4");
    CHECK_EQ(value_of(counter), 3);
    CHECK_EQ(counter->advance(counter->ctx, 5), PAWL_OK);
    CHECK_EQ(value_of(counter), 5);
    CHECK(!scratch_has("counter.new"));
}

/* The disk is full: the old value stays, and nothing lies around. */
static void a_write_that_fails_leaves_the_old_value(void)
{
    const struct pawl_counter *counter = given_counter();
    struct rlimit before, none;
    CHECK_EQ(counter->advance(counter->ctx, 3), PAWL_OK);
    CHECK_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
    enum pawl_status status = counter->advance(counter->ctx, 4);
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    CHECK_EQ(status, PAWL_ERR_IO);
    CHECK_EQ(value_of(counter), 3);
    CHECK(!scratch_has("counter.new"));
}

static const struct check_test tests[] = {
    CHECK_TEST(it_begins_at_zero_and_rises),
    CHECK_TEST(it_never_falls),
    CHECK_TEST(beyond_its_end_it_stays),
    CHECK_TEST(a_lost_or_damaged_file_is_never_zero),
    CHECK_TEST(a_half_written_successor_does_no_harm),
    CHECK_TEST(a_write_that_fails_leaves_the_old_value),
};
CHECK_MAIN(tests)
