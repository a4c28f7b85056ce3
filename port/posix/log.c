/* SPDX-License-Identifier: Apache-2.0 */

/* Lines for a developer, on stderr. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdio.h>

static void line(void *ctx, const char *text)
{
    (void)ctx;
    (void)fprintf(stderr, "pawl: %s\n", text);
}

const struct pawl_log pawl_posix_log = {.line = line};
