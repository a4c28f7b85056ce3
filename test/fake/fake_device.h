/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAKE_DEVICE_H
#define PAWL_FAKE_DEVICE_H

/*
 * A whole device in RAM: two slots with their manifest areas, the update
 * journal, the store, a counter, a clock, and the update engine over them.
 * All flashes are on one supply, so that power is cut at the n-th operation
 * of the device.
 *
 *     fake_device_open(&device);                 blank, trust in the store
 *     fake_device_provision(&device, &v1);       slot A
 *     fake_device_start_engine(&device);         as after a reset
 */

#include "fake/fake_flash.h"
#include "fake/fake_release.h"
#include <pawl/boot.h>
#include <pawl/update.h>

/* A search over many devices makes them smaller, by -DFAKE_SMALL. */
#ifdef FAKE_SMALL
#define FAKE_SECTOR 1024u
#define FAKE_SLOT_SIZE (4u * FAKE_SECTOR)
#define FAKE_JOURNAL_SIZE (32u * FAKE_SECTOR) /* of units over 64 bytes */
#define FAKE_JOURNAL_SMALL (12u * FAKE_SECTOR)
#else
#define FAKE_SECTOR 4096u
#define FAKE_SLOT_SIZE (40u * FAKE_SECTOR)
#define FAKE_JOURNAL_SIZE (4u * FAKE_SECTOR)
#define FAKE_JOURNAL_SMALL FAKE_JOURNAL_SIZE
#endif
#define FAKE_AREA_SIZE FAKE_SECTOR
#define FAKE_OBJECTS_SIZE (8u * FAKE_SECTOR)

struct fake_device {
    struct fake_power power;
    struct fake_flash image[2], area[2], journal, store_journal, store_objects;
    struct pawl_slot slots[2];
    struct pawl_store store;
    struct pawl_product product;
    struct pawl_counter counter;
    uint32_t counter_value;
    unsigned counter_advances;       /* calls */
    enum pawl_status counter_status; /* what they answer instead; PAWL_OK: ok */
    struct pawl_clock clock;
    uint64_t now_ms;
    struct pawl_port port;
    struct pawl_trust trust;
    struct pawl_update_config config;
    struct pawl_update update;
    enum pawl_answer may_start, may_install;
    unsigned asked;      /* hooks asked */
    unsigned events[16]; /* told, by kind */
    uint8_t image_memory[2][FAKE_FLASH_MEMORY(FAKE_SLOT_SIZE)];
    uint8_t area_memory[2][FAKE_FLASH_MEMORY(FAKE_AREA_SIZE)];
    /* From here on nothing changes in an update, but for the journal's part. */
    uint8_t journal_memory[FAKE_FLASH_MEMORY(FAKE_JOURNAL_SIZE)];
    uint8_t store_journal_memory[FAKE_FLASH_MEMORY(FAKE_JOURNAL_SIZE)];
    uint8_t store_objects_memory[FAKE_FLASH_MEMORY(FAKE_OBJECTS_SIZE)];
};

/* A device of the factory: blank slots, version 1 of the trust document. */
void fake_device_open(struct fake_device *device);

/* The same on flash of another program unit, in bytes, and erased value. */
void fake_device_open_as(struct fake_device *device, uint32_t program_size,
                         uint8_t erased_value);

/* Writes an image and its manifest into a slot, as provisioning does. */
void fake_device_provision(struct fake_device *device, unsigned slot,
                           const struct fake_release *release);

/* Replaces the trust document, in the store and for the engine. */
void fake_device_trust(struct fake_device *device, uint64_t version,
                       bool retired);

/* Brings power back to every flash. Whether it had been cut. */
bool fake_device_power_on(struct fake_device *device);

/* What a boot loader of both slots gives, at a start for that cause. */
struct pawl_boot_config
fake_device_boot_config(const struct fake_device *device,
                        enum pawl_reset_cause cause);

/* Opens the engine, as after a reset, and steps until it rests. */
enum pawl_status fake_device_start_engine(struct fake_device *device);

/* Steps until nothing is left to do but wait for bytes or a deadline. */
enum pawl_status fake_device_settle(struct fake_device *device);

/*
 * Starts an update with release and gives all the bytes that are wanted, until
 * `until` of them are taken (UINT32_MAX: all); then finish() and settle.
 */
enum pawl_status fake_device_download(struct fake_device *device,
                                      const struct fake_release *release,
                                      uint32_t until);

/* What the engine says of itself. */
struct pawl_update_info fake_device_info(const struct fake_device *device);

/* Sums over all the flashes. */
uint32_t fake_device_operations(const struct fake_device *device);
uint32_t fake_device_faults(const struct fake_device *device);
uint32_t fake_device_breaches(const struct fake_device *device);

#endif
