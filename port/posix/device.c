/* SPDX-License-Identifier: Apache-2.0 */

/* The part of a device that a boot loader needs too. Nothing in here draws in
 * the network or the key store: a boot loader links this file and not
 * device_port.c. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint8_t component[] = {0x81, 0x41, 0x00}; /* [h'00'] */

const char *pawl_posix_region_path(enum pawl_posix_region region)
{
    switch (region) {
    case PAWL_POSIX_IMAGE_A:
        return "slot-a.image";
    case PAWL_POSIX_IMAGE_B:
        return "slot-b.image";
    case PAWL_POSIX_MANIFEST_A:
        return "slot-a.manifest";
    case PAWL_POSIX_MANIFEST_B:
        return "slot-b.manifest";
    case PAWL_POSIX_JOURNAL:
        return "journal";
    case PAWL_POSIX_IDENTITY_JOURNAL:
        return "identity.journal";
    case PAWL_POSIX_IDENTITY_OBJECTS:
        return "identity.objects";
    case PAWL_POSIX_REGIONS:
        break;
    }
    return "";
}

static uint32_t region_size(const struct pawl_posix_config *config,
                            enum pawl_posix_region region)
{
    switch (region) {
    case PAWL_POSIX_IMAGE_A:
    case PAWL_POSIX_IMAGE_B:
        return config->slot_size;
    case PAWL_POSIX_MANIFEST_A:
    case PAWL_POSIX_MANIFEST_B:
        return config->manifest_size;
    case PAWL_POSIX_JOURNAL:
    case PAWL_POSIX_IDENTITY_JOURNAL:
        return config->journal_size;
    case PAWL_POSIX_IDENTITY_OBJECTS:
        return config->objects_size;
    case PAWL_POSIX_REGIONS:
        break;
    }
    return 0;
}

struct pawl_posix_geometry
pawl_posix_region_geometry(const struct pawl_posix_config *config,
                           enum pawl_posix_region region)
{
    return (struct pawl_posix_geometry){
        .size = region_size(config, region),
        .erase_size = config->sector_size,
        .program_size = config->program_unit,
        .erased_value = config->erased_value,
        .overprogram = config->overprogram,
    };
}

static enum pawl_status open_directory(struct pawl_posix_device *device,
                                       const char *dir, char *error)
{
    device->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (device->dir_fd < 0) {
        enum pawl_status status = errno == ENOENT || errno == ENOTDIR
                                      ? PAWL_ERR_NOT_FOUND
                                      : PAWL_ERR_IO;
        return pawl_posix_fail(error, status,
                               "%.256s: no device here: %s; name a directory "
                               "made by 'pawl device provision'",
                               dir, strerror(errno));
    }
    device->open = true;
    return PAWL_OK;
}

/* The lock is on the directory: released by the kernel however we end. */
static enum pawl_status lock_directory(struct pawl_posix_device *device,
                                       const char *dir, char *error)
{
    if (pawl_posix_file_lock(device->dir_fd) == 0) {
        return PAWL_OK;
    }
    if (errno == EWOULDBLOCK) {
        return pawl_posix_fail(error, PAWL_ERR_BUSY,
                               "%.256s: another process has this device open; "
                               "end it first",
                               dir);
    }
    return pawl_posix_fail(error, PAWL_ERR_IO, "%.256s: cannot be locked: %s",
                           dir, strerror(errno));
}

static enum pawl_status read_config(struct pawl_posix_device *device,
                                    const char *dir, char *error)
{
    char text[PAWL_POSIX_CONF_MAX];
    char name[256 + sizeof PAWL_POSIX_CONF_PATH + 1];
    size_t len;
    (void)snprintf(name, sizeof name, "%.256s/%s", dir, PAWL_POSIX_CONF_PATH);
    if (pawl_posix_file_read(device->dir_fd, PAWL_POSIX_CONF_PATH, text,
                             sizeof text, &len) != 0) {
        enum pawl_status status =
            errno == ENOENT ? PAWL_ERR_NOT_FOUND : PAWL_ERR_IO;
        return pawl_posix_fail(error, status,
                               "%s: %s; name a directory made by 'pawl device "
                               "provision'",
                               name, strerror(errno));
    }
    return pawl_posix_config_parse(&device->config, name, text, len, error);
}

static enum pawl_status open_regions(struct pawl_posix_device *device,
                                     const char *dir, enum pawl_posix_mode mode,
                                     char *error)
{
    for (unsigned i = 0; i < PAWL_POSIX_REGIONS; i++) {
        enum pawl_posix_region region = (enum pawl_posix_region)i;
        const struct pawl_posix_geometry geometry =
            pawl_posix_region_geometry(&device->config, region);
        enum pawl_status status = pawl_posix_flash_open(
            &device->regions[i], device->dir_fd, pawl_posix_region_path(region),
            &geometry, mode);
        if (status != PAWL_OK) {
            return pawl_posix_fail(
                error, status, "%.256s/%s: %s", dir,
                pawl_posix_region_path(region),
                status == PAWL_ERR_CORRUPT
                    ? "its size is not that of device.conf; provision the "
                      "device again"
                    : strerror(errno));
        }
    }
    return PAWL_OK;
}

static enum pawl_status refuse_advance(void *ctx, uint32_t value)
{
    (void)ctx;
    (void)value;
    return PAWL_ERR_IO; /* opened for inspection */
}

static void fill_tables(struct pawl_posix_device *device,
                        enum pawl_posix_mode mode)
{
    const struct pawl_posix_config *config = &device->config;
    pawl_posix_clock_init(&device->clock);
    device->clock.wall_known = config->wall_clock;
    device->clock.offset_s = config->clock_offset_s;
    device->clock.rate_milli = config->clock_rate_milli;
    device->clock.base_s = config->clock_base_s;
    pawl_posix_reset_init(&device->reset, 0);
    pawl_posix_counter_init(&device->counter, device->dir_fd,
                            PAWL_POSIX_COUNTER_PATH, config->counter_max);
    if (mode != PAWL_POSIX_WRITE) {
        device->counter.counter.advance = refuse_advance;
    }
    device->product.serial = config->serial;
    device->product.version = "0";
    memcpy(device->product.vendor_id, config->vendor_id, 16);
    memcpy(device->product.class_id, config->class_id, 16);
    memcpy(device->product.device_id, config->device_id, 16);
}

static void fill_port(struct pawl_posix_device *device)
{
    struct pawl_posix_flash *regions = device->regions;
    for (uint32_t i = 0; i < 2; i++) {
        device->slots[i] = (struct pawl_slot){
            .component = PAWL_BYTES(component),
            .index = i,
            .image = &regions[PAWL_POSIX_IMAGE_A + i].flash,
            .manifest = &regions[PAWL_POSIX_MANIFEST_A + i].flash,
        };
    }
    device->store = (struct pawl_store){
        .journal = &regions[PAWL_POSIX_IDENTITY_JOURNAL].flash,
        .objects = &regions[PAWL_POSIX_IDENTITY_OBJECTS].flash,
    };
    device->port = (struct pawl_port){
        .product = &device->product,
        .clock = &device->clock.clock,
        .reset = &device->reset.reset,
        .slots = device->slots,
        .slot_count = 2,
        .journal = &regions[PAWL_POSIX_JOURNAL].flash,
        .store = &device->store,
        .counter = &device->counter.counter,
        .log = &pawl_posix_log,
    };
}

enum pawl_status pawl_posix_device_open_boot(struct pawl_posix_device *device,
                                             const char *dir,
                                             enum pawl_posix_mode mode,
                                             char *error)
{
    error[0] = '\0';
    *device = (struct pawl_posix_device){.dir_fd = -1};
    enum pawl_status status = open_directory(device, dir, error);
    if (status == PAWL_OK && mode == PAWL_POSIX_WRITE) {
        status = lock_directory(device, dir, error);
    }
    if (status == PAWL_OK) {
        status = read_config(device, dir, error);
    }
    if (status == PAWL_OK) {
        status = open_regions(device, dir, mode, error);
    }
    if (status != PAWL_OK) {
        pawl_posix_device_close(device);
        return status;
    }
    fill_tables(device, mode);
    fill_port(device);
    return PAWL_OK;
}

void pawl_posix_device_close(struct pawl_posix_device *device)
{
    if (!device->open) {
        return;
    }
    if (device->close_rest != NULL) {
        device->close_rest(device);
    }
    pawl_posix_reset_finish(&device->reset);
    for (unsigned i = 0; i < PAWL_POSIX_REGIONS; i++) {
        pawl_posix_flash_close(&device->regions[i]);
    }
    (void)close(device->dir_fd); /* and unlocks */
    device->open = false;
}
