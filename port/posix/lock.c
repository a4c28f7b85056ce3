/* SPDX-License-Identifier: Apache-2.0 */

/* One mutex. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdlib.h>

/* A mutex that fails has been misused (never nested): nothing that is shared
 * may be touched any more. */
static void acquire(void *ctx)
{
    struct pawl_posix_lock *self = ctx;
    if (pthread_mutex_lock(&self->mutex) != 0) {
        abort();
    }
}

static void release(void *ctx)
{
    struct pawl_posix_lock *self = ctx;
    if (pthread_mutex_unlock(&self->mutex) != 0) {
        abort();
    }
}

void pawl_posix_lock_init(struct pawl_posix_lock *lock)
{
    lock->lock =
        (struct pawl_lock){.ctx = lock, .acquire = acquire, .release = release};
    if (pthread_mutex_init(&lock->mutex, NULL) != 0) {
        abort();
    }
}

void pawl_posix_lock_finish(struct pawl_posix_lock *lock)
{
    (void)pthread_mutex_destroy(&lock->mutex);
}
