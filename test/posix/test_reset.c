/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "check.h"

#include <posix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000,
                                   .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* Runs body in a process of its own; how that ended. */
static int ended(void (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(99);
    }
    CHECK(child > 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    return status;
}

static void every_cause_has_a_name_that_leads_back(void)
{
    for (int i = PAWL_RESET_UNKNOWN; i <= PAWL_RESET_PIN; i++) {
        enum pawl_reset_cause cause = (enum pawl_reset_cause)i;
        CHECK_EQ(pawl_posix_cause_of(pawl_posix_cause_name(cause)), cause);
    }
    CHECK_EQ(pawl_posix_cause_of(NULL), PAWL_RESET_UNKNOWN);
    CHECK_EQ(pawl_posix_cause_of("software "), PAWL_RESET_UNKNOWN);
}

static void the_cause_comes_from_the_environment(void)
{
    struct pawl_posix_reset reset;
    CHECK_EQ(setenv(PAWL_POSIX_CAUSE_VARIABLE, "watchdog", 1), 0);
    pawl_posix_reset_init(&reset, 0);
    CHECK_EQ(reset.reset.cause(reset.reset.ctx), PAWL_RESET_WATCHDOG);
    CHECK_EQ(unsetenv(PAWL_POSIX_CAUSE_VARIABLE), 0);
    CHECK_EQ(reset.reset.cause(reset.reset.ctx), PAWL_RESET_WATCHDOG);
    pawl_posix_reset_init(&reset, 0);
    CHECK_EQ(reset.reset.cause(reset.reset.ctx), PAWL_RESET_UNKNOWN);
}

static struct pawl_posix_reset reset_of_child;

static void reboots(void)
{
    pawl_posix_reset_init(&reset_of_child, 0);
    reset_of_child.reset.reboot(reset_of_child.reset.ctx);
}

static void reboot_ends_the_process_with_its_code(void)
{
    int status = ended(reboots);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), PAWL_POSIX_EXIT_REBOOT);
}

static void hangs(void)
{
    (void)signal(SIGALRM, SIG_IGN); /* as a parent may have left it */
    pawl_posix_reset_init(&reset_of_child, 50);
    nap(5000);
}

static void a_program_that_hangs_is_bitten(void)
{
    int status = ended(hangs);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGALRM);
}

static void feeds(void)
{
    pawl_posix_reset_init(&reset_of_child, 400);
    for (int i = 0; i < 12; i++) {
        nap(50);
        reset_of_child.reset.feed_watchdog(reset_of_child.reset.ctx);
    }
    pawl_posix_reset_finish(&reset_of_child);
    nap(450);
    _exit(7);
}

static void one_that_feeds_or_has_finished_is_not(void)
{
    int status = ended(feeds);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 7);
}

static const struct check_test tests[] = {
    CHECK_TEST(every_cause_has_a_name_that_leads_back),
    CHECK_TEST(the_cause_comes_from_the_environment),
    CHECK_TEST(reboot_ends_the_process_with_its_code),
    CHECK_TEST(a_program_that_hangs_is_bitten),
    CHECK_TEST(one_that_feeds_or_has_finished_is_not),
};
CHECK_MAIN(tests)
