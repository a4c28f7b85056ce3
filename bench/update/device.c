/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_update.h"

#include "journal/objects.h"
#include "trust/store_note.h"
#include "update/record.h"
#include <string.h>

#define OBJECTS_SIZE (8u * 4096u)
#define JOURNAL_MAX (1024u * 1024u)
#define AREA_MAX (128u * 1024u)

struct bench_device bench_device;

static uint8_t image_memory[2][BENCH_SLOT_SIZE];
static uint8_t area_memory[2][AREA_MAX];
static uint8_t journal_memory[JOURNAL_MAX];
static uint8_t store_journal_memory[8u * 4096u];
static uint8_t objects_memory[OBJECTS_SIZE];

static void must(enum pawl_status status, const char *what)
{
    if (status != PAWL_OK) {
        bench_failed(what);
    }
}

/* ---- flash ---- */

static enum pawl_status flash_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    struct bench_flash *flash = ctx;
    bench_outside_begin(); /* the vendor's */
    flash->bytes_read += (uint32_t)len;
    memcpy(buf, flash->memory + off, len);
    bench_outside_end();
    return PAWL_OK;
}

/* An operation that takes so long: at once, to be polled, or waited for. */
static enum pawl_status takes(struct bench_flash *flash, uint64_t ns)
{
    flash->busy_ns += ns;
    if (ns == 0) {
        return PAWL_OK;
    }
    if (bench_device.timing.blocking) {
        bench_device.now_ns += ns;
        return PAWL_OK;
    }
    flash->done_ns = bench_device.now_ns + ns;
    return PAWL_PENDING;
}

static enum pawl_status flash_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    struct bench_flash *flash = ctx;
    flash->bytes_programmed += (uint32_t)len;
    memcpy(flash->memory + off, buf, len);
    return takes(flash, len / bench_device.timing.unit *
                            bench_device.timing.program_ns);
}

static enum pawl_status flash_erase(void *ctx, uint32_t off, uint32_t len)
{
    struct bench_flash *flash = ctx;
    uint32_t sectors = len / flash->port.erase_size;
    flash->bytes_erased += len;
    for (uint32_t i = 0; i < sectors; i++) {
        flash->erases[(off / flash->port.erase_size + i) % BENCH_SECTORS]++;
    }
    memset(flash->memory + off, 0xFF, len);
    return takes(flash, sectors * bench_device.timing.erase_ns);
}

static enum pawl_status flash_poll(void *ctx)
{
    struct bench_flash *flash = ctx;
    if (bench_device.now_ns < flash->done_ns) {
        return PAWL_PENDING;
    }
    flash->done_ns = 0;
    return PAWL_OK;
}

static void flash_open(struct bench_flash *flash, uint8_t *memory,
                       uint32_t size, uint32_t sector, uint32_t unit)
{
    memset(flash, 0, sizeof *flash);
    memset(memory, 0xFF, size);
    flash->memory = memory;
    flash->port = (struct pawl_flash){.ctx = flash,
                                      .read = flash_read,
                                      .program = flash_program,
                                      .erase = flash_erase,
                                      .poll = flash_poll,
                                      .size = size,
                                      .erase_size = sector,
                                      .program_size = unit,
                                      .erased_value = 0xFF,
                                      .overprogram = true};
}

/* ---- the rest of the port ---- */

static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    (void)ctx;
    *value = bench_device.counter_value;
    return PAWL_OK;
}

static enum pawl_status counter_advance(void *ctx, uint32_t value)
{
    (void)ctx;
    bench_device.counter_value = value;
    return PAWL_OK;
}

static uint64_t monotonic(void *ctx)
{
    (void)ctx;
    return bench_device.now_ns / 1000000u;
}

static void open_flashes(struct bench_device *d, uint32_t journal_size)
{
    uint32_t sector = d->timing.sector;
    uint32_t unit = d->timing.unit;
    uint32_t small = sector < 4096u ? sector : 4096u;

    if (journal_size > JOURNAL_MAX || sector > AREA_MAX) {
        bench_failed("geometry");
    }
    for (unsigned i = 0; i < 2; i++) {
        flash_open(&d->image[i], image_memory[i], BENCH_SLOT_SIZE, sector,
                   unit);
        flash_open(&d->area[i], area_memory[i], sector, sector, unit);
        d->slots[i] =
            (struct pawl_slot){.component = PAWL_BYTES(fake_component),
                               .index = i,
                               .image = &d->image[i].port,
                               .manifest = &d->area[i].port};
    }
    flash_open(&d->journal, journal_memory, journal_size, sector, unit);
    flash_open(&d->store_journal, store_journal_memory,
               unit > 8u ? sizeof store_journal_memory : 2u * 4096u, small,
               unit);
    flash_open(&d->store_objects, objects_memory, OBJECTS_SIZE, small, unit);
    d->store.journal = &d->store_journal.port;
    d->store.objects = &d->store_objects.port;
}

static void put_trust(struct bench_device *d)
{
    static struct pawl_objects objects;
    uint8_t bytes[PAWL_TRUST_MAX], note_bytes[PAWL_NOTE_SIZE] = {0};
    size_t len = sizeof bytes;
    struct pawl_store_note note = {.trust_floor = 1};

    fake_release_trust(1, false, bytes, &len);
    pawl_store_note_put(&note, note_bytes);
    must(pawl_objects_open(&objects, &d->store, PAWL_JOURNAL_WRITE, NULL, NULL),
         "store");
    must(pawl_objects_put(&objects, PAWL_OBJECT_TRUST,
                          (struct pawl_bytes){bytes, len}, note_bytes),
         "trust");
    must(pawl_trust_open(&d->trust, &d->store), "trust");
}

static void provision(struct bench_device *d,
                      const struct fake_release *release)
{
    static uint8_t stored[PAWL_MANIFEST_MAX];
    static struct pawl_manifest manifest;
    size_t len = sizeof stored;
    const struct pawl_manifest_policy policy = {
        .signers = d->trust.signers, .signer_count = d->trust.signer_count};

    fake_release_bytes(release, 0, d->image[0].memory, release->plan.size);
    must(pawl_manifest_open(&manifest, fake_release_envelope(release), &policy),
         "manifest");
    must(pawl_manifest_store(&manifest, stored, &len), "manifest");
    must(pawl_area_write(&d->area[0].port, (struct pawl_bytes){stored, len}),
         "area");
}

static void fill_tables(struct bench_device *d)
{
    memcpy(d->product.vendor_id, fake_vendor_id, 16);
    memcpy(d->product.class_id, fake_class_id, 16);
    d->counter = (struct pawl_counter){
        .read = counter_read, .advance = counter_advance, .max = 1000};
    d->clock.monotonic_ms = monotonic;
    d->port = (struct pawl_port){.product = &d->product,
                                 .clock = &d->clock,
                                 .slots = d->slots,
                                 .slot_count = 2,
                                 .journal = &d->journal.port,
                                 .store = &d->store,
                                 .counter = &d->counter};
    d->config =
        (struct pawl_update_config){.port = &d->port, .trust = &d->trust};
    d->boot_config = (struct pawl_boot_config){
        .product = &d->product,
        .slots = d->slots,
        .slot_count = 2,
        .journal = &d->journal.port,
        .counter = &d->counter,
        .trust = &d->store,
        .reset_cause = PAWL_RESET_POWER_ON,
    };
}

void bench_release(struct fake_release *release, uint64_t sequence,
                   uint32_t size)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = size,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

void bench_device_open(const struct bench_timing *timing, uint32_t journal_size,
                       const struct fake_release *release)
{
    struct bench_device *d = &bench_device;

    memset(d, 0, sizeof *d);
    d->timing = *timing;
    d->timing.blocking = true; /* the factory has time */
    open_flashes(d, journal_size);
    fill_tables(d);
    put_trust(d);
    provision(d, release);
    bench_device_reset();
    if (!bench_device_settle()) {
        bench_failed("first start");
    }
    d->timing.blocking = timing->blocking;
}

void bench_device_reset(void)
{
    struct bench_device *d = &bench_device;
    must(pawl_boot_select(&d->boot, &d->boot_config, &d->choice), "boot");
    enum pawl_status status = pawl_update_open(&d->update, &d->config);
    if (status != PAWL_OK && status != PAWL_PENDING) {
        bench_failed("open");
    }
}

/* Time passes until the flash that is busy is done. */
static void pass(void)
{
    struct bench_device *d = &bench_device;
    struct bench_flash *all[] = {&d->image[0], &d->image[1], &d->area[0],
                                 &d->area[1], &d->journal};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->done_ns > d->now_ns) {
            d->now_ns = all[i]->done_ns;
        }
    }
}

bool bench_device_settle(void)
{
    struct pawl_wait wait;
    for (;;) {
        enum pawl_status status = pawl_update_step(&bench_device.update, &wait);
        if (status != PAWL_PENDING || wait.events != PAWL_WAIT_NOTHING) {
            return status == PAWL_OK || status == PAWL_PENDING;
        }
        pass();
    }
}

bool bench_device_download(const struct fake_release *release)
{
    struct pawl_update *update = &bench_device.update;
    struct pawl_update_want want;
    uint8_t block[1024];
    enum pawl_status status =
        pawl_update_start(update, fake_release_envelope(release));

    while (status == PAWL_PENDING) {
        enum pawl_status wanted = pawl_update_wanted(update, &want);
        if (wanted == PAWL_ERR_NOT_FOUND) {
            break;
        }
        if (wanted == PAWL_OK) {
            size_t n = want.length < sizeof block ? want.length : sizeof block;
            fake_release_bytes(release, want.offset, block, n);
            wanted = pawl_update_write(update, want.offset,
                                       (struct pawl_bytes){block, n});
            if (wanted != PAWL_OK && wanted != PAWL_PENDING) {
                return false;
            }
        }
        status = pawl_update_step(update, NULL);
        pass();
    }
    return status == PAWL_PENDING &&
           pawl_update_finish(update) == PAWL_PENDING && bench_device_settle();
}

bool bench_device_finish(void)
{
    struct bench_device *d = &bench_device;
    if (pawl_update_install(&d->update) != PAWL_PENDING ||
        !bench_device_settle()) {
        return false;
    }
    bench_device_reset();
    if (!d->choice.trial || !bench_device_settle() ||
        pawl_update_accept(&d->update) != PAWL_PENDING ||
        !bench_device_settle() || !bench_device_settle()) {
        return false;
    }
    return pawl_update_clean(&d->update) == PAWL_PENDING &&
           bench_device_settle();
}
