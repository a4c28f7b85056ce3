/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The boot loader's own store of trust, in a directory that the image never
 * opens, and how its version reaches the image: by the environment, as a
 * loader on a board would use retained memory.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FACTORY_PATH "factory.cbor"

static enum pawl_status open_region(struct pawl_posix_flash *flash, int dir_fd,
                                    enum pawl_posix_region region,
                                    const struct pawl_posix_config *config)
{
    const struct pawl_posix_geometry geometry =
        pawl_posix_region_geometry(config, region);
    const char *path = pawl_posix_region_path(region);
    enum pawl_status status = PAWL_OK;

    if (faccessat(dir_fd, path, F_OK, 0) != 0) {
        status = pawl_posix_flash_create(dir_fd, path, &geometry);
    }
    return status == PAWL_OK
               ? pawl_posix_flash_open(flash, dir_fd, path, &geometry,
                                       PAWL_POSIX_WRITE)
               : status;
}

static enum pawl_status open_all(struct pawl_posix_loader_store *store,
                                 int dir_fd,
                                 const struct pawl_posix_config *config)
{
    size_t len = 0;
    int read = pawl_posix_file_read(dir_fd, FACTORY_PATH, store->document,
                                    sizeof store->document, &len);
    if (read != 0 && errno != ENOENT) {
        return PAWL_ERR_IO;
    }
    if (read == 0) {
        store->factory = (struct pawl_bytes){store->document, len};
    }
    enum pawl_status status = open_region(&store->objects, dir_fd,
                                          PAWL_POSIX_IDENTITY_OBJECTS, config);
    return status == PAWL_OK ? open_region(&store->journal, dir_fd,
                                           PAWL_POSIX_IDENTITY_JOURNAL, config)
                             : status;
}

enum pawl_status pawl_posix_loader_store_open(
    struct pawl_posix_loader_store *store, const char *dir,
    const struct pawl_posix_config *config, char *error)
{
    error[0] = '\0';
    memset(store, 0, sizeof *store);
    store->store = (struct pawl_store){.journal = &store->journal.flash,
                                       .objects = &store->objects.flash};
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum pawl_status status =
        dir_fd < 0 ? PAWL_ERR_NOT_FOUND : open_all(store, dir_fd, config);
    int saved = errno;
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (status == PAWL_OK) {
        return PAWL_OK;
    }
    pawl_posix_loader_store_close(store);
    return pawl_posix_fail(error, status,
                           "%.256s: no store of the loader's: %s; name a "
                           "directory of its own, with the factory's trust "
                           "document in " FACTORY_PATH,
                           dir, strerror(saved));
}

void pawl_posix_loader_store_close(struct pawl_posix_loader_store *store)
{
    pawl_posix_flash_close(&store->journal);
    pawl_posix_flash_close(&store->objects);
    memset(store, 0, sizeof *store);
}

void pawl_posix_hand_over_trust(uint64_t version)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, version);
    (void)setenv(PAWL_POSIX_TRUST_VARIABLE, text, 1);
}

static enum pawl_status handed_over(void *ctx, uint64_t *version)
{
    const char *text = getenv(PAWL_POSIX_TRUST_VARIABLE);
    char *end = NULL;

    (void)ctx;
    *version = 0;
    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return PAWL_ERR_NOT_FOUND;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0) {
        return PAWL_ERR_MALFORMED;
    }
    *version = number;
    return PAWL_OK;
}

const struct pawl_loader_trust *pawl_posix_loader_trust(void)
{
    static const struct pawl_loader_trust table = {.version = handed_over};
    return getenv(PAWL_POSIX_TRUST_VARIABLE) != NULL ? &table : NULL;
}
