/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A flash as a file, with the rules of a real one. A unit is programmed once
 * between two erases (twice, to all-programmed, where overprogramming is
 * allowed); an erase takes whole sectors. So bits only ever move away from
 * the erased value. What breaks a rule is an error and changes nothing: code
 * that gets along here gets along with NOR and with ECC.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 4096u /* bytes that are looked at or filled at once */

static enum pawl_status failed(struct pawl_posix_flash *self,
                               enum pawl_status status, int error)
{
    self->error = error;
    return status;
}

static bool inside(const struct pawl_flash *flash, uint32_t off, size_t len)
{
    return off <= flash->size && len <= flash->size - off;
}

static bool all_equal(const uint8_t *bytes, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

/* Whether every unit of `wanted` may be programmed over `present`. */
static bool may_program(const struct pawl_flash *flash, const uint8_t *present,
                        const uint8_t *wanted, size_t len)
{
    uint8_t programmed = (uint8_t)~flash->erased_value;
    size_t unit = flash->program_size;
    for (size_t i = 0; i < len; i += unit) {
        bool again =
            flash->overprogram && all_equal(wanted + i, unit, programmed);
        if (!again && !all_equal(present + i, unit, flash->erased_value)) {
            return false;
        }
    }
    return true;
}

/* Reads. Any range inside size. */
static enum pawl_status flash_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    struct pawl_posix_flash *self = ctx;
    if (!inside(&self->flash, off, len)) {
        return failed(self, PAWL_ERR_ARGUMENT, EINVAL);
    }
    if (pawl_posix_read_all(self->fd, buf, len, off) != 0) {
        return failed(self, PAWL_ERR_IO, errno);
    }
    return PAWL_OK;
}

static enum pawl_status check_all_units(struct pawl_posix_flash *self,
                                        uint32_t off, const uint8_t *data,
                                        size_t len)
{
    uint8_t present[CHUNK]; /* CHUNK is a multiple of every program_size */
    for (size_t done = 0; done < len; done += CHUNK) {
        size_t part = len - done < CHUNK ? len - done : CHUNK;
        enum pawl_status status =
            flash_read(self, off + (uint32_t)done, present, part);
        if (status != PAWL_OK) {
            return status;
        }
        if (!may_program(&self->flash, present, data + done, part)) {
            return failed(self, PAWL_ERR_IO, EEXIST);
        }
    }
    return PAWL_OK;
}

static enum pawl_status flash_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    struct pawl_posix_flash *self = ctx;
    uint32_t unit = self->flash.program_size;
    if (!inside(&self->flash, off, len) || off % unit != 0 || len % unit != 0) {
        return failed(self, PAWL_ERR_ARGUMENT, EINVAL);
    }
    if (self->mode != PAWL_POSIX_WRITE) {
        return failed(self, PAWL_ERR_IO, EROFS);
    }
    enum pawl_status status = check_all_units(self, off, buf, len);
    if (status == PAWL_OK &&
        pawl_posix_write_all(self->fd, buf, len, off) != 0) {
        status = failed(self, PAWL_ERR_IO, errno);
    }
    return status;
}

/* Fills a range of the file with one value. */
static int fill(int fd, uint32_t off, uint32_t len, uint8_t value)
{
    uint8_t bytes[CHUNK];
    memset(bytes, value, sizeof bytes);
    while (len > 0) {
        uint32_t part = len < CHUNK ? len : CHUNK;
        if (pawl_posix_write_all(fd, bytes, part, off) != 0) {
            return -1;
        }
        off += part;
        len -= part;
    }
    return 0;
}

static enum pawl_status flash_erase(void *ctx, uint32_t off, uint32_t len)
{
    struct pawl_posix_flash *self = ctx;
    uint32_t sector = self->flash.erase_size;
    if (!inside(&self->flash, off, len) || off % sector != 0 ||
        len % sector != 0) {
        return failed(self, PAWL_ERR_ARGUMENT, EINVAL);
    }
    if (self->mode != PAWL_POSIX_WRITE) {
        return failed(self, PAWL_ERR_IO, EROFS);
    }
    if (fill(self->fd, off, len, self->flash.erased_value) != 0) {
        return failed(self, PAWL_ERR_IO, errno);
    }
    return PAWL_OK;
}

static enum pawl_status flash_sync(void *ctx)
{
    struct pawl_posix_flash *self = ctx;
    if (self->mode == PAWL_POSIX_WRITE && fdatasync(self->fd) != 0) {
        return failed(self, PAWL_ERR_IO, errno);
    }
    return PAWL_OK;
}

static int32_t flash_last_error(void *ctx)
{
    const struct pawl_posix_flash *self = ctx;
    return self->error;
}

void pawl_posix_flash_table(struct pawl_posix_flash *flash, int fd,
                            const struct pawl_posix_geometry *geometry,
                            enum pawl_posix_mode mode)
{
    *flash = (struct pawl_posix_flash){
        .flash = {.ctx = flash,
                  .read = flash_read,
                  .program = flash_program,
                  .erase = flash_erase,
                  .sync = flash_sync,
                  .last_error = flash_last_error,
                  .size = geometry->size,
                  .erase_size = geometry->erase_size,
                  .program_size = geometry->program_size,
                  .erased_value = geometry->erased_value,
                  .overprogram = geometry->overprogram},
        .fd = fd,
        .mode = mode,
    };
}

/* What struct pawl_flash says of its numbers. */
static bool geometry_allowed(const struct pawl_posix_geometry *geometry)
{
    uint32_t unit = geometry->program_size;
    bool unit_known =
        unit == 512 || (unit >= 1 && unit <= 64 && (unit & (unit - 1)) == 0);
    return unit_known && geometry->erase_size > 0 && geometry->size > 0 &&
           geometry->erase_size % unit == 0 &&
           geometry->size % geometry->erase_size == 0 &&
           (geometry->erased_value == 0xFF || geometry->erased_value == 0x00);
}

enum pawl_status
pawl_posix_flash_create(int dir_fd, const char *path,
                        const struct pawl_posix_geometry *geometry)
{
    if (!geometry_allowed(geometry)) {
        return PAWL_ERR_ARGUMENT;
    }
    int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return PAWL_ERR_IO;
    }
    int result = fill(fd, 0, geometry->size, geometry->erased_value);
    if (result == 0) {
        result = fsync(fd);
    }
    int saved = errno;
    (void)close(fd);
    if (result != 0) {
        (void)unlinkat(dir_fd, path, 0);
    }
    errno = saved;
    return result == 0 ? PAWL_OK : PAWL_ERR_IO;
}

enum pawl_status pawl_posix_flash_open(
    struct pawl_posix_flash *flash, int dir_fd, const char *path,
    const struct pawl_posix_geometry *geometry, enum pawl_posix_mode mode)
{
    *flash = (struct pawl_posix_flash){0};
    if (!geometry_allowed(geometry)) {
        return PAWL_ERR_ARGUMENT;
    }
    int access = mode == PAWL_POSIX_WRITE ? O_RDWR : O_RDONLY;
    int fd = openat(dir_fd, path, access | O_CLOEXEC);
    if (fd < 0) {
        return PAWL_ERR_IO;
    }
    struct stat facts;
    enum pawl_status status = PAWL_ERR_IO;
    if (fstat(fd, &facts) == 0) {
        status =
            facts.st_size == (off_t)geometry->size ? PAWL_OK : PAWL_ERR_CORRUPT;
    }
    if (status != PAWL_OK) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return status;
    }
    pawl_posix_flash_table(flash, fd, geometry, mode);
    return PAWL_OK;
}

void pawl_posix_flash_close(struct pawl_posix_flash *flash)
{
    if (flash->flash.ctx != NULL) {
        (void)close(flash->fd);
    }
    *flash = (struct pawl_posix_flash){0};
}
