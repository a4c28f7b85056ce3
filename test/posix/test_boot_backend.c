/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "scratch.h"

static struct pawl_posix_backend self;
static const struct pawl_boot_backend *const backend = &self.backend;

static void given_backend(void)
{
    static char path[PAWL_POSIX_PATH_MAX];
    scratch_begin();
    (void)snprintf(path, sizeof path, "%s", scratch_file("boot"));
    CHECK_EQ(pawl_posix_backend_create(AT_FDCWD, path), PAWL_OK);
    pawl_posix_backend_init(&self, AT_FDCWD, path);
}

static void check_facts(pawl_slot_set running, bool trial, bool reverted)
{
    struct pawl_boot_facts facts;
    CHECK_EQ(backend->query(backend->ctx, &facts), PAWL_OK);
    CHECK_EQ(facts.running, running);
    CHECK_EQ(facts.trial, trial);
    CHECK_EQ(facts.reverted, reverted);
}

static void a_selected_set_is_tried_and_stays_once_confirmed(void)
{
    given_backend();
    check_facts(0, false, false);
    CHECK_EQ(backend->select(backend->ctx, 1), PAWL_OK);
    CHECK_EQ(backend->select(backend->ctx, 1), PAWL_OK);
    check_facts(0, false, false);
    CHECK_EQ(pawl_posix_backend_reset(&self), PAWL_OK);
    check_facts(1, true, false);
    CHECK_EQ(backend->confirm(backend->ctx), PAWL_OK);
    CHECK_EQ(backend->confirm(backend->ctx), PAWL_OK);
    CHECK_EQ(pawl_posix_backend_reset(&self), PAWL_OK);
    check_facts(1, false, false);
}

static void an_unconfirmed_set_is_given_up(void)
{
    given_backend();
    CHECK_EQ(backend->select(backend->ctx, 1), PAWL_OK);
    CHECK_EQ(pawl_posix_backend_reset(&self), PAWL_OK);
    CHECK_EQ(pawl_posix_backend_reset(&self), PAWL_OK);
    check_facts(0, false, true);
    CHECK_EQ(pawl_posix_backend_reset(&self), PAWL_OK);
    check_facts(0, false, true);
}

static void a_damaged_state_is_an_error(void)
{
    struct pawl_boot_facts facts;
    given_backend();
    scratch_write("boot", "0 0 256 2 0\n");
    CHECK_EQ(backend->query(backend->ctx, &facts), PAWL_ERR_CORRUPT);
    scratch_write("boot", "0 0\n");
    CHECK_EQ(backend->confirm(backend->ctx), PAWL_ERR_CORRUPT);
    CHECK_EQ(unlink(scratch_file("boot")), 0);
    CHECK_EQ(backend->select(backend->ctx, 1), PAWL_ERR_IO);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_selected_set_is_tried_and_stays_once_confirmed),
    CHECK_TEST(an_unconfirmed_set_is_given_up),
    CHECK_TEST(a_damaged_state_is_an_error),
};
CHECK_MAIN(tests)
