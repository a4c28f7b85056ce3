/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A new device directory. It is built beside its place under another name,
 * made durable, and renamed: whoever finds a device finds all of it.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Removes the files in path, which has no directories, and path itself. */
static void remove_directory(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL;
         entry = readdir(dir)) {
        (void)unlinkat(dirfd(dir), entry->d_name, 0); /* fails for . and .. */
    }
    (void)closedir(dir);
    (void)rmdir(path);
}

static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int result = fsync(fd);
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return result;
}

/* The directory that path stands in. */
static void parent_of(const char *path, char parent[PAWL_POSIX_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        (void)snprintf(parent, PAWL_POSIX_PATH_MAX, ".");
        return;
    }
    (void)snprintf(parent, PAWL_POSIX_PATH_MAX, "%.*s", (int)(slash - path + 1),
                   path);
}

static enum pawl_status taken(const char *target, char *error)
{
    return pawl_posix_fail(error, PAWL_ERR_STATE,
                           "%.300s: exists already; remove it or choose "
                           "another directory",
                           target);
}

/* Copies dir without slashes at its end, and derives the draft's name. */
static enum pawl_status name_draft(struct pawl_posix_draft *draft,
                                   const char *dir, char *error)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    if (len == 0 || len + sizeof ".new-XXXXXX" > PAWL_POSIX_PATH_MAX) {
        return pawl_posix_fail(error, PAWL_ERR_IO,
                               "the name of the device directory is empty or "
                               "too long; choose another");
    }
    memcpy(draft->target, dir, len);
    draft->target[len] = '\0';
    memcpy(draft->path, draft->target, len);
    memcpy(draft->path + len, ".new-XXXXXX", sizeof ".new-XXXXXX");
    struct stat facts;
    if (lstat(draft->target, &facts) == 0) {
        return taken(draft->target, error);
    }
    return PAWL_OK;
}

/* Puts every file of a blank device into dir_fd. *what: the one that failed. */
static enum pawl_status fill_draft(int dir_fd,
                                   const struct pawl_posix_config *config,
                                   const char *conf, size_t conf_len,
                                   const char **what)
{
    for (unsigned i = 0; i < PAWL_POSIX_REGIONS; i++) {
        enum pawl_posix_region region = (enum pawl_posix_region)i;
        const struct pawl_posix_geometry geometry =
            pawl_posix_region_geometry(config, region);
        *what = pawl_posix_region_path(region);
        enum pawl_status status =
            pawl_posix_flash_create(dir_fd, *what, &geometry);
        if (status != PAWL_OK) {
            return status;
        }
    }
    *what = PAWL_POSIX_COUNTER_PATH;
    enum pawl_status status = pawl_posix_counter_create(dir_fd, *what);
    if (status != PAWL_OK) {
        return status;
    }
    if (strcmp(config->keystore, PAWL_POSIX_KEYS_SOFT) == 0) {
        *what = PAWL_POSIX_SEALING_KEY_PATH;
        status = pawl_posix_sealing_key_create(dir_fd, *what);
    }
    if (status != PAWL_OK) {
        return status;
    }
    /* Last, as what makes a directory a device. */
    *what = PAWL_POSIX_CONF_PATH;
    return pawl_posix_file_replace(dir_fd, *what, conf, conf_len, 0600) == 0
               ? PAWL_OK
               : PAWL_ERR_IO;
}

static enum pawl_status build(struct pawl_posix_draft *draft,
                              const struct pawl_posix_config *config,
                              const char *conf, size_t conf_len, char *error)
{
    if (mkdtemp(draft->path) == NULL) {
        return pawl_posix_fail(error, PAWL_ERR_IO,
                               "%.300s: cannot be made: %s; make the directory "
                               "above it, writable, first",
                               draft->target, strerror(errno));
    }
    const char *what = "";
    enum pawl_status status = PAWL_ERR_IO;
    int dir_fd = open(draft->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd >= 0) {
        status = fill_draft(dir_fd, config, conf, conf_len, &what);
    }
    int saved = errno;
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (status != PAWL_OK) {
        pawl_posix_draft_discard(draft);
        return pawl_posix_fail(error, status,
                               "%.300s: %s cannot be written: %s; nothing was "
                               "left behind",
                               draft->target, what, strerror(saved));
    }
    return PAWL_OK;
}

enum pawl_status pawl_posix_draft_create(struct pawl_posix_draft *draft,
                                         const char *dir,
                                         const struct pawl_posix_config *config,
                                         char *error)
{
    char conf[PAWL_POSIX_CONF_MAX];
    size_t conf_len = sizeof conf;
    error[0] = '\0';
    *draft = (struct pawl_posix_draft){0};
    enum pawl_status status =
        pawl_posix_config_write(config, conf, &conf_len, error);
    if (status == PAWL_OK) {
        status = name_draft(draft, dir, error);
    }
    if (status == PAWL_OK) {
        status = build(draft, config, conf, conf_len, error);
    }
    return status;
}

/* rename() that replaces nothing, not even an empty directory. */
static int rename_exclusively(const char *from, const char *to)
{
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    struct stat facts;
    if (result == 0 || (errno != EINVAL && errno != ENOSYS)) {
        return result;
    }
    /* A file system without the flag: nearly as good. */
    if (lstat(to, &facts) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

enum pawl_status pawl_posix_draft_commit(struct pawl_posix_draft *draft,
                                         char *error)
{
    char parent[PAWL_POSIX_PATH_MAX];
    error[0] = '\0';
    parent_of(draft->target, parent);
    if (sync_path(draft->path) == 0 &&
        rename_exclusively(draft->path, draft->target) == 0) {
        draft->path[0] = '\0';
        if (sync_path(parent) == 0) {
            return PAWL_OK;
        }
        return pawl_posix_fail(error, PAWL_ERR_IO,
                               "%.300s: made, but may not survive a power cut: "
                               "%s",
                               draft->target, strerror(errno));
    }
    int saved = errno;
    pawl_posix_draft_discard(draft);
    if (saved == EEXIST || saved == ENOTEMPTY) {
        return taken(draft->target, error);
    }
    return pawl_posix_fail(error, PAWL_ERR_IO, "%.300s: cannot be made: %s",
                           draft->target, strerror(saved));
}

void pawl_posix_draft_discard(struct pawl_posix_draft *draft)
{
    if (draft->path[0] != '\0') {
        remove_directory(draft->path);
        draft->path[0] = '\0';
    }
}

enum pawl_status
pawl_posix_device_create(const char *dir,
                         const struct pawl_posix_config *config, char *error)
{
    struct pawl_posix_draft draft;
    enum pawl_status status =
        pawl_posix_draft_create(&draft, dir, config, error);
    return status == PAWL_OK ? pawl_posix_draft_commit(&draft, error) : status;
}
