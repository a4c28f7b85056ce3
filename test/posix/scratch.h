/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_POSIX_SCRATCH_H
#define PAWL_TEST_POSIX_SCRATCH_H

/* A directory for one test, and files in it. */

#include "check.h"

#include <fcntl.h>
#include <ftw.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_path[PAWL_POSIX_PATH_MAX / 2];

static int scratch_remove_one(const char *path, const struct stat *facts,
                              int type, struct FTW *place)
{
    (void)facts;
    (void)type;
    (void)place;
    return remove(path);
}

/* Removes it with all that is in it. */
static inline void scratch_end(void)
{
    if (scratch_path[0] != '\0') {
        (void)nftw(scratch_path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
        scratch_path[0] = '\0';
    }
}

/* Makes an empty one; what a test before left is removed. */
static inline void scratch_begin(void)
{
    const char *place = getenv("TMPDIR");
    scratch_end();
    (void)snprintf(scratch_path, sizeof scratch_path, "%s/pawl-test-XXXXXX",
                   place != NULL ? place : "/tmp");
    CHECK(mkdtemp(scratch_path) != NULL);
    (void)atexit(scratch_end);
}

/* The name of a file in it; valid until the next call. */
static inline const char *scratch_file(const char *name)
{
    static char path[PAWL_POSIX_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", scratch_path, name);
    return path;
}

/* Puts text into a file. */
static inline void scratch_write(const char *name, const char *text)
{
    int fd = open(scratch_file(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
}

/* Whether a file of this name is there. */
static inline bool scratch_has(const char *name)
{
    struct stat facts;
    return lstat(scratch_file(name), &facts) == 0;
}

#endif
