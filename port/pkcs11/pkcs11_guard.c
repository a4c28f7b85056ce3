/* SPDX-License-Identifier: Apache-2.0 */

/* The signal mask is the thread's own: nothing of the process is changed. */
#define _GNU_SOURCE 1
#include "pkcs11_internal.h"

#include <time.h>

static void broken_pipe(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGPIPE);
}

void pawl_pkcs11_guard_begin(struct pawl_pkcs11_guard *guard)
{
    sigset_t pipe, pending;

    broken_pipe(&pipe);
    (void)sigemptyset(&pending);
    (void)sigpending(&pending);
    guard->pending = sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &guard->before);
}

void pawl_pkcs11_guard_end(struct pawl_pkcs11_guard *guard)
{
    const struct timespec at_once = {0};
    sigset_t pipe;

    broken_pipe(&pipe);
    if (!guard->pending) {
        (void)sigtimedwait(&pipe, NULL, &at_once);
    }
    (void)pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}
