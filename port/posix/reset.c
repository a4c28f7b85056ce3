/* SPDX-License-Identifier: Apache-2.0 */

/* Resets: the end of the process, and who started it why. The watchdog is
 * the interval timer, whose SIGALRM kills. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static const struct {
    enum pawl_reset_cause cause;
    const char *name;
} names[] = {
    {PAWL_RESET_POWER_ON, "power-on"}, {PAWL_RESET_WAKE, "wake"},
    {PAWL_RESET_SOFTWARE, "software"}, {PAWL_RESET_WATCHDOG, "watchdog"},
    {PAWL_RESET_FAULT, "fault"},       {PAWL_RESET_BROWNOUT, "brownout"},
    {PAWL_RESET_PIN, "pin"},
};

const char *pawl_posix_cause_name(enum pawl_reset_cause cause)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].cause == cause) {
            return names[i].name;
        }
    }
    return "unknown";
}

enum pawl_reset_cause pawl_posix_cause_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0];
         i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].cause;
        }
    }
    return PAWL_RESET_UNKNOWN;
}

static enum pawl_reset_cause cause(void *ctx)
{
    const struct pawl_posix_reset *self = ctx;
    return self->cause;
}

/* exit(), not _exit(): lines for the console are not lost. */
static void reboot_process(void *ctx)
{
    (void)ctx;
    exit(PAWL_POSIX_EXIT_REBOOT);
}

/* Lets the timer run out in ms, or stops it for 0. */
static void arm(uint32_t ms)
{
    struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)(ms / 1000),
                     .tv_usec = (suseconds_t)(ms % 1000) * 1000}};
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void feed_watchdog(void *ctx)
{
    const struct pawl_posix_reset *self = ctx;
    if (self->watchdog_ms > 0) {
        arm(self->watchdog_ms);
    }
}

/* SIGALRM kills even if whoever started us had it ignored or blocked. */
static void make_alarm_deadly(void)
{
    sigset_t alarms;
    (void)signal(SIGALRM, SIG_DFL);
    (void)sigemptyset(&alarms);
    (void)sigaddset(&alarms, SIGALRM);
    (void)sigprocmask(SIG_UNBLOCK, &alarms, NULL);
}

void pawl_posix_reset_init(struct pawl_posix_reset *reset, uint32_t watchdog_ms)
{
    *reset = (struct pawl_posix_reset){
        .reset = {.ctx = reset,
                  .cause = cause,
                  .reboot = reboot_process,
                  .feed_watchdog = feed_watchdog},
        .cause = pawl_posix_cause_of(getenv(PAWL_POSIX_CAUSE_VARIABLE)),
        .watchdog_ms = watchdog_ms,
    };
    if (watchdog_ms > 0) {
        make_alarm_deadly();
        arm(watchdog_ms);
    }
}

void pawl_posix_reset_finish(struct pawl_posix_reset *reset)
{
    if (reset->watchdog_ms > 0) {
        arm(0);
        reset->watchdog_ms = 0;
    }
}
