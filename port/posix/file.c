/* SPDX-License-Identifier: Apache-2.0 */

/* Small files that are replaced as a whole, and one-line errors. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 200 /* of 10 ms */

enum pawl_status pawl_posix_fail(char *error, enum pawl_status status,
                                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, PAWL_POSIX_ERROR_MAX, format, arguments);
    va_end(arguments);
    return status;
}

int pawl_posix_write_all(int fd, const void *data, size_t len, uint64_t off)
{
    const uint8_t *at = data;
    while (len > 0) {
        ssize_t written = pwrite(fd, at, len, (off_t)off);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? EIO : errno;
            return -1;
        }
        at += written;
        len -= (size_t)written;
        off += (uint64_t)written;
    }
    return 0;
}

int pawl_posix_read_all(int fd, void *data, size_t len, uint64_t off)
{
    uint8_t *at = data;
    while (len > 0) {
        ssize_t got = pread(fd, at, len, (off_t)off);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return -1;
        }
        at += got;
        len -= (size_t)got;
        off += (uint64_t)got;
    }
    return 0;
}

/* close() that keeps errno, for the way out of a failure. */
static void close_quietly(int fd)
{
    int saved = errno;
    (void)close(fd);
    errno = saved;
}

/* Makes what was done to the names in path's directory durable. */
static int sync_directory(int dir_fd, const char *path)
{
    char name[PAWL_POSIX_PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        /* Keep the slash itself, for a file in the root. */
        (void)snprintf(name, sizeof name, "%.*s", (int)(slash - path + 1),
                       path);
    }
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int result = fsync(fd);
    close_quietly(fd);
    return result;
}

/* Writes a new file of this content, durable itself but not its name. */
static int write_new(int dir_fd, const char *path, const void *data, size_t len,
                     unsigned mode)
{
    int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                    (mode_t)mode);
    if (fd < 0) {
        return -1;
    }
    /* A left-over of a power cut may have had other permissions. */
    int result = fchmod(fd, (mode_t)mode);
    if (result == 0) {
        result = pawl_posix_write_all(fd, data, len, 0);
    }
    if (result == 0) {
        result = fsync(fd);
    }
    close_quietly(fd);
    return result;
}

int pawl_posix_file_replace(int dir_fd, const char *path, const void *data,
                            size_t len, unsigned mode)
{
    char fresh[PAWL_POSIX_PATH_MAX];
    int length = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof fresh) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (write_new(dir_fd, fresh, data, len, mode) != 0 ||
        renameat(dir_fd, fresh, dir_fd, path) != 0) {
        int saved = errno;
        (void)unlinkat(dir_fd, fresh, 0);
        errno = saved;
        return -1;
    }
    return sync_directory(dir_fd, path);
}

int pawl_posix_file_read(int dir_fd, const char *path, void *data, size_t cap,
                         size_t *len)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int result = -1;
    struct stat facts;
    if (fstat(fd, &facts) == 0) {
        if (!S_ISREG(facts.st_mode)) {
            errno = EINVAL;
        } else if ((uint64_t)facts.st_size > cap) {
            errno = EFBIG;
        } else {
            *len = (size_t)facts.st_size;
            result = pawl_posix_read_all(fd, data, *len, 0);
        }
    }
    close_quietly(fd);
    return result;
}

int pawl_posix_file_lock(int fd)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return 0;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    errno = EWOULDBLOCK;
    return -1;
}
