/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the software key store keeps its keys: one file, encrypted under a
 * sealing key in a file beside it. The sealing key stands in for hardware: on
 * a real device it is in fuses or in a secure element, and is never a file.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static enum pawl_status load(void *ctx, uint8_t *buf, size_t cap, size_t *len)
{
    const struct pawl_posix_keyfile *self = ctx;
    if (pawl_posix_file_read(self->dir_fd, self->path, buf, cap, len) == 0) {
        return PAWL_OK;
    }
    switch (errno) {
    case ENOENT:
        return PAWL_ERR_NOT_FOUND;
    case EFBIG:
        return PAWL_ERR_LIMIT;
    default:
        return PAWL_ERR_IO;
    }
}

static enum pawl_status save(void *ctx, struct pawl_bytes bytes)
{
    const struct pawl_posix_keyfile *self = ctx;
    if (pawl_posix_file_replace(self->dir_fd, self->path, bytes.data, bytes.len,
                                0600) != 0) {
        return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
                   ? PAWL_ERR_FULL
                   : PAWL_ERR_IO;
    }
    return PAWL_OK;
}

enum pawl_status pawl_posix_sealing_key_create(int dir_fd, const char *path)
{
    uint8_t key[PAWL_SOFT_KEY_SIZE];
    enum pawl_status status =
        pawl_posix_entropy.fill(pawl_posix_entropy.ctx, key, sizeof key);
    if (status == PAWL_OK &&
        pawl_posix_file_replace(dir_fd, path, key, sizeof key, 0600) != 0) {
        status = PAWL_ERR_IO;
    }
    explicit_bzero(key, sizeof key);
    return status;
}

enum pawl_status pawl_posix_keyfile_open(struct pawl_posix_keyfile *keyfile,
                                         int dir_fd, const char *path,
                                         const char *sealing_key_path)
{
    struct stat facts;
    size_t len = 0;
    *keyfile = (struct pawl_posix_keyfile){
        .storage = {.ctx = keyfile, .load = load, .save = save},
        .dir_fd = dir_fd,
        .path = path,
    };
    if (fstatat(dir_fd, sealing_key_path, &facts, 0) != 0) {
        return PAWL_ERR_IO;
    }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return PAWL_ERR_CORRUPT;
    }
    if (pawl_posix_file_read(dir_fd, sealing_key_path, keyfile->sealing_key,
                             sizeof keyfile->sealing_key, &len) != 0) {
        return errno == EFBIG ? PAWL_ERR_CORRUPT : PAWL_ERR_IO;
    }
    return len == sizeof keyfile->sealing_key ? PAWL_OK : PAWL_ERR_CORRUPT;
}
