/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The security counter: a decimal number and a newline in a small file that
 * is replaced as a whole. Anybody who may write the file can turn it back: on
 * a real device this is hardware.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define TEXT_MAX 12 /* "4294967295\n" and its end */

/* Exactly what store() writes: digits, no leading zero, a newline. */
static bool parse(const char *text, size_t len, uint32_t *value)
{
    uint64_t number = 0;
    if (len < 2 || text[len - 1] != '\n' || (text[0] == '0' && len > 2)) {
        return false;
    }
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *value = (uint32_t)number;
    return number <= UINT32_MAX;
}

static enum pawl_status store(int dir_fd, const char *path, uint32_t value)
{
    char text[TEXT_MAX];
    int len = snprintf(text, sizeof text, "%" PRIu32 "\n", value);
    if (len < 0 ||
        pawl_posix_file_replace(dir_fd, path, text, (size_t)len, 0600) != 0) {
        return PAWL_ERR_IO;
    }
    return PAWL_OK;
}

static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    const struct pawl_posix_counter *self = ctx;
    char text[TEXT_MAX];
    size_t len;
    if (pawl_posix_file_read(self->dir_fd, self->path, text, sizeof text - 1,
                             &len) != 0) {
        return errno == EFBIG ? PAWL_ERR_CORRUPT : PAWL_ERR_IO;
    }
    return parse(text, len, value) ? PAWL_OK : PAWL_ERR_CORRUPT;
}

static enum pawl_status counter_advance(void *ctx, uint32_t value)
{
    const struct pawl_posix_counter *self = ctx;
    uint32_t present;
    enum pawl_status status = counter_read(ctx, &present);
    if (status != PAWL_OK || value <= present) {
        return status;
    }
    if (value > self->counter.max) {
        return PAWL_ERR_FULL;
    }
    return store(self->dir_fd, self->path, value);
}

enum pawl_status pawl_posix_counter_create(int dir_fd, const char *path)
{
    return store(dir_fd, path, 0);
}

void pawl_posix_counter_init(struct pawl_posix_counter *counter, int dir_fd,
                             const char *path, uint32_t max)
{
    *counter = (struct pawl_posix_counter){
        .counter = {.ctx = counter,
                    .read = counter_read,
                    .advance = counter_advance,
                    .max = max},
        .dir_fd = dir_fd,
        .path = path,
    };
}
