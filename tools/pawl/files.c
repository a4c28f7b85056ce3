/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tool_free(struct tool_file *file)
{
    free(file->data);
    *file = (struct tool_file){0};
}

struct pawl_bytes tool_bytes(const struct tool_file *file)
{
    return (struct pawl_bytes){file->data, file->len};
}

static int cannot(const char *verb, const char *path)
{
    return tool_fail(TOOL_USAGE, "cannot %s %s: %s", verb, path,
                     strerror(errno));
}

int tool_read(const char *path, size_t max, struct tool_file *file)
{
    FILE *stream = fopen(path, "rb");

    *file = (struct tool_file){0};
    if (stream == NULL) {
        return cannot("read", path);
    }
    file->data = malloc(max + 2);
    if (file->data == NULL) {
        (void)fclose(stream);
        return tool_fail(TOOL_USAGE, "no memory for %s", path);
    }
    file->len = fread(file->data, 1, max + 1, stream);
    bool bad = ferror(stream) != 0;
    (void)fclose(stream);
    if (bad || file->len > max) {
        bool too_long = file->len > max;
        tool_free(file);
        return too_long ? tool_fail(TOOL_USAGE, "%s is longer than %zu bytes",
                                    path, max)
                        : cannot("read", path);
    }
    file->data[file->len] = 0;
    return TOOL_OK;
}

int tool_read_text(const char *path, size_t max, struct tool_file *file)
{
    int code = tool_read(path, max, file);

    if (code == TOOL_OK && memchr(file->data, 0, file->len) != NULL) {
        tool_free(file);
        code = tool_fail(TOOL_USAGE,
                         "%s is no text: it has a zero byte; write it in UTF-8",
                         path);
    }
    return code;
}

static bool write_all(int fd, struct pawl_bytes bytes)
{
    size_t done = 0;

    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* A device or a pipe, which is written to and never replaced. */
static bool is_special(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) &&
           !S_ISDIR(about.st_mode);
}

static int write_special(const char *path, struct pawl_bytes bytes)
{
    int fd = open(path, O_WRONLY);
    bool good = fd >= 0 && write_all(fd, bytes);

    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    return good ? TOOL_OK : cannot("write", path);
}

/* Gives a file its name: another one's, or for a private key one that nothing
 * has. A file system without links can only be asked before. */
static bool name_it(const char *beside, const char *path, bool private_)
{
    struct stat about;

    if (!private_) {
        return rename(beside, path) == 0;
    }
    if (link(beside, path) == 0) {
        return unlink(beside) == 0;
    }
    return errno != EEXIST && lstat(path, &about) != 0 &&
           rename(beside, path) == 0;
}

/* Writes beside the file, then renames. */
static int replace(const char *path, struct pawl_bytes bytes, bool private_)
{
    size_t room = strlen(path) + 8;
    char *beside = malloc(room);

    if (beside == NULL) {
        return tool_fail(TOOL_USAGE, "no memory for %s", path);
    }
    (void)snprintf(beside, room, "%s.XXXXXX", path);
    int fd = mkstemp(beside);
    bool good = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0 &&
                fchmod(fd, private_ ? 0600 : 0644) == 0;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
        good = good && name_it(beside, path, private_);
    }
    int code = good ? TOOL_OK : cannot("write", path);
    if (!good && fd >= 0) {
        (void)unlink(beside);
    }
    free(beside);
    return code;
}

int tool_write(const char *path, struct pawl_bytes bytes, bool private_)
{
    if (strcmp(path, "-") == 0) {
        return write_all(STDOUT_FILENO, bytes)
                   ? TOOL_OK
                   : cannot("write", "standard output");
    }
    if (is_special(path)) {
        return write_special(path, bytes);
    }
    char *target = realpath(path, NULL); /* where a link leads */
    if (private_ && target != NULL) {
        free(target);
        return tool_fail(TOOL_USAGE,
                         "%s exists: a private key is never replaced; choose "
                         "another name",
                         path);
    }
    int code = replace(target != NULL ? target : path, bytes, private_);

    free(target);
    return code;
}

char *tool_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    char *folder = malloc(len + 1);

    if (folder != NULL) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    return folder;
}

char *tool_beside(const char *folder, const char *path)
{
    size_t room = strlen(folder) + strlen(path) + 1;
    char *whole = malloc(room);

    if (whole != NULL) {
        (void)snprintf(whole, room, "%s%s", path[0] == '/' ? "" : folder, path);
    }
    return whole;
}
