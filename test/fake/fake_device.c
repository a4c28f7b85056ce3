/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_device.h"

#include "journal/objects.h"
#include "trust/store_note.h"
#include "update/record.h"
#include <pawl/manifest.h>

#include <stdlib.h>
#include <string.h>

static void must(enum pawl_status status)
{
    if (status != PAWL_OK) {
        abort();
    }
}

static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    const struct fake_device *device = ctx;
    *value = device->counter_value;
    return PAWL_OK;
}

static enum pawl_status counter_advance(void *ctx, uint32_t value)
{
    struct fake_device *device = ctx;
    device->counter_advances++;
    if (device->counter_status != PAWL_OK) {
        return device->counter_status;
    }
    if (value > device->counter_value) {
        device->counter_value = value;
    }
    return PAWL_OK;
}

static uint64_t monotonic(void *ctx)
{
    const struct fake_device *device = ctx;
    return device->now_ms;
}

static enum pawl_answer may_start(void *ctx, const struct pawl_manifest *m)
{
    struct fake_device *device = ctx;
    (void)m;
    device->asked++;
    return device->may_start;
}

static enum pawl_answer may_install(void *ctx)
{
    struct fake_device *device = ctx;
    device->asked++;
    return device->may_install;
}

static void on_event(void *ctx, const struct pawl_update_event *event)
{
    struct fake_device *device = ctx;
    device->events[event->kind]++;
}

#define FLASHES 7

static struct fake_flash *flash_of(struct fake_device *device, unsigned i)
{
    struct fake_flash *all[FLASHES] = {
        &device->image[0],     &device->image[1], &device->area[0],
        &device->area[1],      &device->journal,  &device->store_journal,
        &device->store_objects};
    return all[i];
}

static void open_flashes(struct fake_device *d, uint32_t unit, uint8_t erased)
{
    uint32_t journal = unit > 64u ? FAKE_JOURNAL_SIZE : FAKE_JOURNAL_SMALL;

    for (unsigned i = 0; i < 2; i++) {
        fake_flash_open(&d->image[i], d->image_memory[i], FAKE_SLOT_SIZE,
                        FAKE_SECTOR, unit, erased);
        fake_flash_open(&d->area[i], d->area_memory[i], FAKE_AREA_SIZE,
                        FAKE_SECTOR, unit, erased);
        d->slots[i].component = PAWL_BYTES(fake_component);
        d->slots[i].index = i;
        d->slots[i].image = &d->image[i].port;
        d->slots[i].manifest = &d->area[i].port;
    }
    fake_flash_open(&d->journal, d->journal_memory, journal, FAKE_SECTOR, unit,
                    erased);
    fake_flash_open(&d->store_journal, d->store_journal_memory, journal,
                    FAKE_SECTOR, unit, erased);
    fake_flash_open(&d->store_objects, d->store_objects_memory,
                    FAKE_OBJECTS_SIZE, FAKE_SECTOR, unit, erased);
    d->store.journal = &d->store_journal.port;
    d->store.objects = &d->store_objects.port;
    for (unsigned i = 0; i < FLASHES; i++) {
        fake_flash_share_power(flash_of(d, i), &d->power);
    }
}

void fake_device_open(struct fake_device *device)
{
    fake_device_open_as(device, 8, 0xFF);
}

void fake_device_open_as(struct fake_device *device, uint32_t program_size,
                         uint8_t erased_value)
{
    memset(device, 0, sizeof(*device));
    device->power = FAKE_POWER_ON;
    open_flashes(device, program_size, erased_value);
    memcpy(device->product.vendor_id, fake_vendor_id, 16);
    memcpy(device->product.class_id, fake_class_id, 16);
    device->counter = (struct pawl_counter){.ctx = device,
                                            .read = counter_read,
                                            .advance = counter_advance,
                                            .max = 100};
    device->clock.ctx = device;
    device->clock.monotonic_ms = monotonic;
    device->port.product = &device->product;
    device->port.clock = &device->clock;
    device->port.slots = device->slots;
    device->port.slot_count = 2;
    device->port.journal = &device->journal.port;
    device->port.store = &device->store;
    device->port.counter = &device->counter;
    device->may_start = PAWL_ANSWER_YES;
    device->may_install = PAWL_ANSWER_YES;
    device->config = (struct pawl_update_config){.port = &device->port,
                                                 .trust = &device->trust,
                                                 .may_start = may_start,
                                                 .may_install = may_install,
                                                 .on_event = on_event,
                                                 .ctx = device};
    fake_device_trust(device, 1, false);
}

void fake_device_trust(struct fake_device *device, uint64_t version,
                       bool retired)
{
    uint8_t bytes[PAWL_TRUST_MAX], bytes_of_note[PAWL_NOTE_SIZE];
    size_t len = sizeof(bytes);
    struct pawl_objects objects;
    struct pawl_store_note note = {.trust_floor = version};

    fake_release_trust(version, retired, bytes, &len);
    must(pawl_objects_open(&objects, &device->store, PAWL_JOURNAL_WRITE, NULL,
                           NULL));
    memcpy(bytes_of_note, objects.note, sizeof(bytes_of_note));
    pawl_store_note_put(&note, bytes_of_note);
    must(pawl_objects_put(&objects, PAWL_OBJECT_TRUST,
                          (struct pawl_bytes){bytes, len}, bytes_of_note));
    must(pawl_trust_open(&device->trust, &device->store));
}

void fake_device_provision(struct fake_device *device, unsigned slot,
                           const struct fake_release *release)
{
    static uint8_t image[FAKE_SLOT_SIZE];
    uint8_t stored[PAWL_MANIFEST_MAX];
    size_t len = sizeof(stored);
    struct pawl_manifest manifest;
    const struct pawl_manifest_policy policy = {
        .signers = device->trust.signers,
        .signer_count = device->trust.signer_count};

    fake_release_bytes(release, 0, image, release->plan.size);
    fake_flash_load(&device->image[slot], 0, image, release->plan.size);
    must(
        pawl_manifest_open(&manifest, fake_release_envelope(release), &policy));
    must(pawl_manifest_store(&manifest, stored, &len));
    must(pawl_area_write(&device->area[slot].port,
                         (struct pawl_bytes){stored, len}));
}

struct pawl_boot_config
fake_device_boot_config(const struct fake_device *device,
                        enum pawl_reset_cause cause)
{
    return (struct pawl_boot_config){.product = &device->product,
                                     .slots = device->slots,
                                     .slot_count = 2,
                                     .journal = &device->journal.port,
                                     .counter = &device->counter,
                                     .trust = &device->store,
                                     .reset_cause = cause};
}

bool fake_device_power_on(struct fake_device *device)
{
    bool cut = device->power.dead;
    for (unsigned i = 0; i < FLASHES; i++) {
        (void)fake_flash_power_on(flash_of(device, i));
    }
    return cut;
}

uint32_t fake_device_operations(const struct fake_device *device)
{
    return device->power.operations;
}

uint32_t fake_device_faults(const struct fake_device *device)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < FLASHES; i++) {
        sum += fake_flash_faults(flash_of((struct fake_device *)device, i));
    }
    return sum;
}

uint32_t fake_device_breaches(const struct fake_device *device)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < FLASHES; i++) {
        sum += flash_of((struct fake_device *)device, i)->breaches;
    }
    return sum;
}
