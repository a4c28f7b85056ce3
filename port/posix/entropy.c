/* SPDX-License-Identifier: Apache-2.0 */

/* Randomness from the kernel. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <sys/random.h>

static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    uint8_t *at = buf;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return PAWL_ERR_ENTROPY;
        }
        at += got;
        len -= (size_t)got;
    }
    return PAWL_OK;
}

const struct pawl_entropy pawl_posix_entropy = {.fill = fill};
