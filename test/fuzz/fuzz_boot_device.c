/* SPDX-License-Identifier: Apache-2.0 */

/* How fuzz_boot.c's device is laid out. The first bytes of an input:
 *
 *    0  store: 0x03 version of its trust document, less one (3: none);
 *       0x0C enum vault; 0x10 no counter; 0x20 it cannot be read; 0x40 a boot
 *       backend; 0x80 the loader does not hand over what runs
 *    1  the hardware's counter
 *    2  image and manifest of slot A, then of B: a release each
 *    6  commits before the one that counts
 *    7  the record: 0 none; 1 length and bytes; else its fields, in the order
 *       of struct pawl_record, and then bytes of it that are replaced
 *    .. edits of the flashes
 *
 * seeds.py makes some of them.
 */
#include "fuzz/fuzz_boot.h"

#include "base/base.h"
#include "journal/objects.h"
#include "trust/store_note.h"
#include <string.h>

/* The third retires the signer of releases, for another. */
#define DOCUMENTS 3
#define EDITS_MAX 7

struct release releases[RELEASES];
struct fake_device device;
struct fake_device vault;
struct setting setting;

static struct fake_device saved[DOCUMENTS + 1]; /* by the store's document */
static struct fake_device saved_vault[2];       /* blank, and version 1 */
static struct pawl_bytes input;

bool more(void)
{
    return input.len > 0;
}

uint8_t take(void)
{
    uint8_t byte = 0;
    if (input.len > 0) {
        byte = input.data[0];
        input.data++;
        input.len--;
    }
    return byte;
}

/* Small ones, and some at the end of their range. */
static uint64_t number(uint64_t last)
{
    uint8_t byte = take();
    return byte < 0xF0 ? byte % 16 : last - (byte & 0x0F);
}

/* --- What is made once --------------------------------------------------- */

/* What nobody signed is in none of them; what must not start, in some. */
static const struct fake_release_plan plans[RELEASES] = {
    {.sequence = 1, .seed = 1, .size = 900, .counted = true, .counter = 1},
    {.sequence = 2, .seed = 2, .size = 1500, .counted = true, .counter = 2},
    {.sequence = 3,
     .seed = 3,
     .size = FAKE_SLOT_SIZE,
     .counted = true,
     .counter = 3},
    {.sequence = 2, .seed = 9, .size = 700},
    {.sequence = 4,
     .seed = 4,
     .size = 256,
     .counted = true,
     .counter = 3,
     .by = FAKE_SIGNER_STRANGER},
    {.sequence = 5,
     .seed = 5,
     .size = 500,
     .counted = true,
     .counter = 2,
     .for_slot = true,
     .slot = 1},
    {.sequence = 8, .seed = 6, .size = 300, .wrong_digest = true},
    {.sequence = 9, .seed = 7, .size = 300, .other_class = true},
    {.sequence = 10, .seed = 8, .size = 300, .unchecked = true},
    {.sequence = 11, .seed = 10, .size = FAKE_SLOT_SIZE + 1},
};

/* What a policy asks for, and both signers. */
static void make_releases(void)
{
    static struct pawl_trust everybody;
    static struct pawl_manifest manifest;
    uint8_t document[PAWL_TRUST_MAX];
    size_t len = sizeof(document);

    fake_release_trust(DOCUMENTS, true, document, &len);
    must(pawl_trust_load(&everybody, (struct pawl_bytes){document, len}) ==
         PAWL_OK);
    const struct pawl_manifest_policy policy = {.signers = everybody.signers,
                                                .signer_count =
                                                    everybody.signer_count,
                                                .allow_retired = true};
    for (unsigned i = 0; i < RELEASES; i++) {
        struct release *r = &releases[i];
        fake_release_make(&r->made, &plans[i]);
        must(pawl_manifest_open_stored(&manifest,
                                       fake_release_envelope(&r->made),
                                       &policy) == PAWL_OK);
        memcpy(r->manifest, manifest.digest, sizeof(r->manifest));
    }
}

/* A flash without weak bits that is all zeros when erased, so that reading it
 * costs a copy: most of what a start does here is reading. */
static enum pawl_status quick_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    const struct fake_flash *flash = ctx;

    must(off <= flash->port.size && len <= flash->port.size - off);
    if (flash->misdeed == FAKE_REFUSE_READ &&
        flash->power->operations >= flash->misdeed_at) {
        return PAWL_ERR_IO;
    }
    memcpy(buf, flash->bits + off, len);
    return PAWL_OK;
}

static void open_blank(struct fake_device *d, struct fake_device *to)
{
    fake_device_open_as(d, 8, 0x00);
    struct fake_flash *all[] = {
        &d->image[0], &d->image[1],      &d->area[0],      &d->area[1],
        &d->journal,  &d->store_journal, &d->store_objects};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        all[i]->port.read = quick_read;
    }
    memcpy(to, d, sizeof(*d));
}

/* As if nothing had ever been written to the store. */
static void forget_store(struct fake_device *d, struct fake_device *to)
{
    struct fake_flash *flashes[] = {&d->store_journal, &d->store_objects};

    for (unsigned i = 0; i < 2; i++) {
        memset(flashes[i]->bits, 0, FAKE_FLASH_MEMORY(flashes[i]->port.size));
    }
    memcpy(to, d, sizeof(*d));
}

static void make_once(void)
{
    static bool made;

    if (made) {
        return;
    }
    made = true;
    make_releases();
    open_blank(&device, &saved[0]);
    fake_device_trust(&device, 2, false);
    memcpy(&saved[1], &device, sizeof(device));
    fake_device_trust(&device, DOCUMENTS, true);
    memcpy(&saved[2], &device, sizeof(device));
    forget_store(&device, &saved[DOCUMENTS]);
    open_blank(&vault, &saved_vault[1]);
    forget_store(&vault, &saved_vault[0]);
    setting.factory_trust_len = sizeof(setting.factory_trust);
    fake_release_trust(1, false, setting.factory_trust,
                       &setting.factory_trust_len);
}

/* --- The record ---------------------------------------------------------- */

static void commit(struct pawl_bytes payload)
{
    static struct pawl_journal journal;
    enum pawl_status status = pawl_journal_open(
        &journal, &device.journal.port, PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE);

    if (status == PAWL_PENDING) {
        status = pawl_journal_finish(&journal, NULL, NULL);
    }
    must(status == PAWL_OK);
    status = pawl_journal_commit(&journal, payload);
    if (status == PAWL_PENDING) {
        status = pawl_journal_finish(&journal, NULL, NULL);
    }
    must(status == PAWL_OK);
}

/* A slot, or a number that may be none. */
static uint8_t small(void)
{
    uint8_t byte = take();
    return byte < 0xE0 ? byte & 1 : byte;
}

static void forge_image(struct pawl_record_image *image)
{
    uint8_t which = take();

    image->known = which != 0;
    if (!image->known) {
        return;
    }
    image->set = small();
    image->manifest_slot = small();
    if (which <= RELEASES) {
        image->sequence = plans[which - 1].sequence;
        memcpy(image->digest, releases[which - 1].manifest, 32);
    } else {
        image->sequence = number(UINT64_MAX);
        memset(image->digest, which, 32);
    }
}

/* A checkpoint, and a tally of two trials, both possibly wrong. */
static void forge_extension(struct pawl_record *record)
{
    uint8_t *out = record->extension;
    uint8_t kind = take() % 4;

    if (kind == 0) {
        return;
    }
    record->extension_len = kind == 1 ? take() % 97u : (kind == 2 ? 40 : 92);
    if (kind == 1) {
        for (size_t i = 0; i < record->extension_len; i++) {
            out[i] = take();
        }
        return;
    }
    out[0] = 1;
    out[1] = small() & 0xFE;
    out[2] = small();
    pawl_put_u32(out + 4, (uint32_t)(number(0x1000F) * 256));
    memcpy(out + 8, releases[take() % RELEASES].made.digest, 32);
    out[40] = 2;
    out[41] = take();
    out[42] = take();
    memcpy(out + 44, releases[take() % RELEASES].manifest, 24);
    memcpy(out + 68, releases[take() % RELEASES].manifest, 24);
}

static void forge_record(struct pawl_record *record)
{
    pawl_record_clear(record);
    record->state = (enum pawl_update_state)(take() % 9);
    uint8_t flags = take();
    record->armed = (flags & 1) != 0;
    record->lost = (flags & 2) != 0;
    record->counter_pending = (flags & 4) != 0;
    record->reason = (enum pawl_update_reason)take();
    record->phase = (enum pawl_update_phase)take();
    record->status = (enum pawl_status)(-(int)take());
    record->reset_cause = (enum pawl_reset_cause)(take() % 9);
    forge_image(&record->current);
    forge_image(&record->previous);
    forge_image(&record->target);
    record->running = small();
    record->attempts = take();
    record->boots = take();
    record->counter_floor = (uint32_t)number(UINT32_MAX);
    record->target_counter = (uint32_t)number(UINT32_MAX);
    record->trust_version = number(UINT64_MAX);
    record->sequence_floor = number(UINT64_MAX);
    forge_extension(record);
}

static size_t forge_payload(uint8_t payload[PAWL_RECORD_MAX], bool raw)
{
    struct pawl_record record;
    size_t len = 0;

    if (raw) {
        len = take() + (size_t)(take() & 1);
        for (size_t i = 0; i < len; i++) {
            payload[i] = take();
        }
        return len;
    }
    forge_record(&record);
    len = pawl_record_encode(&record, payload);
    for (unsigned n = take() & 3; n > 0; n--) {
        size_t at = take() % len;
        payload[at] = take();
    }
    return len;
}

static void lay_out_journal(void)
{
    uint8_t payload[PAWL_RECORD_MAX] = {0};
    unsigned before = take() % 24;
    uint8_t kind = take() % 4;

    for (unsigned i = 0; i < before && kind != 0; i++) {
        payload[0] = (uint8_t)i;
        commit((struct pawl_bytes){payload, 1});
    }
    if (kind != 0) {
        size_t len = forge_payload(payload, kind == 1);
        commit((struct pawl_bytes){payload, len});
    }
}

/* --- The flashes --------------------------------------------------------- */

static void lay_out_slot(unsigned slot)
{
    static uint8_t image[FAKE_SLOT_SIZE];
    uint8_t which = take() % (RELEASES + 1);
    uint8_t manifest = take() % (RELEASES + 1);

    if (which < RELEASES) {
        const struct fake_release *made = &releases[which].made;
        uint32_t size =
            made->plan.size < sizeof(image) ? made->plan.size : sizeof(image);
        fake_release_bytes(made, 0, image, size);
        fake_flash_load(&device.image[slot], 0, image, size);
    }
    if (manifest < RELEASES) {
        must(pawl_area_write(&device.area[slot].port,
                             fake_release_envelope(&releases[manifest].made)) ==
             PAWL_OK);
    }
}

/* Bytes replaced or turned over, or a flash that fails from some operation on;
 * one that cannot be read, from the first: what boot saw of it is known. */
static void edit(void)
{
    struct fake_flash *all[] = {
        &device.image[0],      &device.image[1],     &device.area[0],
        &device.area[1],       &device.journal,      &device.store_journal,
        &device.store_objects, &vault.store_journal, &vault.store_objects};
    static const enum fake_misdeed misdeeds[] = {
        FAKE_REFUSE_PROGRAM, FAKE_REFUSE_ERASE, FAKE_REFUSE_ALL,
        FAKE_REFUSE_READ};
    uint8_t how = take();
    unsigned which = (how & 0x1Fu) % 9;
    struct fake_flash *flash = all[which];
    uint32_t off = (uint32_t)(take() << 8 | take()) % flash->port.size;
    uint8_t len = take();

    if ((how & 0x40) != 0) {
        setting.faulty = true;
        enum fake_misdeed misdeed = misdeeds[len & 3];
        fake_flash_misbehave(flash, misdeed,
                             misdeed == FAKE_REFUSE_READ ? 0 : off % 64);
        return;
    }
    setting.journal_altered |= which == 4;
    setting.store_altered |= which == 5 || which == 6;
    setting.vault_altered |= which == 7 || which == 8;
    setting.altered = true;
    for (uint32_t i = 0; i < len % 48u && off + i < flash->port.size; i++) {
        uint8_t byte = take();
        if ((how & 0x80) != 0) {
            byte = (uint8_t)(byte ^ flash->bits[off + i] ^
                             flash->port.erased_value);
        }
        fake_flash_load(flash, off + i, &byte, 1);
    }
}

static enum pawl_status unreadable(void *ctx, uint32_t *value)
{
    (void)ctx;
    (void)value;
    return PAWL_ERR_IO;
}

void lay_out(struct pawl_bytes bytes)
{
    make_once();
    input = bytes;
    uint8_t shape = take();
    memcpy(&device, &saved[shape & 3], sizeof(device));
    setting.vault = (enum vault)(shape >> 2 & 3);
    if (setting.vault != VAULT_NONE) {
        memcpy(&vault, &saved_vault[setting.vault == VAULT_WRITTEN],
               sizeof(vault));
    }
    setting.counted = (shape & 0x10) == 0;
    setting.counter_readable = (shape & 0x20) == 0;
    if (!setting.counter_readable) {
        device.counter.read = unreadable;
    }
    setting.backend = (shape & 0x40) != 0;
    setting.hand_over = (shape & 0x80) == 0;
    setting.journal_altered = setting.store_altered = false;
    setting.vault_altered = setting.altered = setting.faulty = false;
    device.counter_value = (uint32_t)number(UINT32_MAX);
    lay_out_slot(0);
    lay_out_slot(1);
    lay_out_journal();
    for (unsigned n = take() % (EDITS_MAX + 1); n > 0; n--) {
        edit();
    }
}

/* --- What lies in them --------------------------------------------------- */

const struct release *release_of(const uint8_t manifest[32])
{
    for (unsigned i = 0; i < RELEASES; i++) {
        if (memcmp(releases[i].manifest, manifest, 32) == 0) {
            return &releases[i];
        }
    }
    return NULL;
}

bool lies(struct fake_flash *flash, uint32_t off, struct pawl_bytes bytes)
{
    static uint8_t read[FAKE_SLOT_SIZE];
    enum fake_misdeed misdeed = flash->misdeed;

    must(bytes.len <= sizeof(read));
    flash->misdeed = FAKE_HONEST;
    must(flash->port.read(flash->port.ctx, off, read, bytes.len) == PAWL_OK);
    flash->misdeed = misdeed;
    return memcmp(read, bytes.data, bytes.len) == 0;
}

bool holds_image(unsigned slot, const struct release *release)
{
    static uint8_t image[FAKE_SLOT_SIZE];
    uint32_t size = release->made.plan.size;

    if (size > sizeof(image)) {
        return false;
    }
    fake_release_bytes(&release->made, 0, image, size);
    return lies(&device.image[slot], 0, (struct pawl_bytes){image, size});
}

bool holds_manifest(unsigned slot, const struct release *release)
{
    uint8_t head[PAWL_AREA_HEAD_SIZE];

    pawl_area_head(head, release->made.envelope_len);
    return lies(&device.area[slot], 0, PAWL_BYTES(head)) &&
           lies(&device.area[slot], sizeof(head),
                fake_release_envelope(&release->made));
}

uint32_t touched(const struct fake_flash *flash)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < FAKE_FLASH_SECTORS; i++) {
        sum += flash->programs[i] + flash->erases[i];
    }
    return sum;
}

uint32_t vault_touched(void)
{
    return touched(&vault.store_journal) + touched(&vault.store_objects);
}
