/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device of the search over a whole update: its operations are written
 * down as they are begun, and can be done again on the flashes alone; a copy
 * of it can be gone back to; and it has a hash, kept sector by sector.
 */
#include "base/base.h"
#include "fault/flow_search.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS (FAKE_JOURNAL_SIZE / FAKE_SECTOR) /* of the largest flash */

const struct geometry geometries[] = {
    {"W1 Eff", 1, 0xFF},     {"W1 E00", 1, 0x00},   {"W2 Eff", 2, 0xFF},
    {"W2 E00", 2, 0x00},     {"W4 Eff", 4, 0xFF},   {"W4 E00", 4, 0x00},
    {"W8 Eff", 8, 0xFF},     {"W8 E00", 8, 0x00},   {"W16 Eff", 16, 0xFF},
    {"W16 E00", 16, 0x00},   {"W32 Eff", 32, 0xFF}, {"W32 E00", 32, 0x00},
    {"W64 Eff", 64, 0xFF},   {"W64 E00", 64, 0x00}, {"W512 Eff", 512, 0xFF},
    {"W512 E00", 512, 0x00},
};
const int geometry_count = (int)PAWL_ARRAY_LEN(geometries);

struct fake_device device;

/* What is known of each sector; the hash is 0 where it must be made anew. */
struct digest {
    uint64_t hash;
    uint16_t torn; /* groups */
};

static struct digest digests[FLASHES][SECTORS];
static void (*watcher)(const struct op *op);
static enum pawl_status (*program)(void *, uint32_t, const void *, size_t);
static enum pawl_status (*erase)(void *, uint32_t, uint32_t);
static enum pawl_status (*advance)(void *, uint32_t);

struct fake_flash *flash_of(unsigned i)
{
    struct fake_flash *flashes[FLASHES] = {&device.image[0], &device.image[1],
                                           &device.area[0], &device.area[1],
                                           &device.journal};
    return flashes[i];
}

static unsigned number_of(const struct fake_flash *flash)
{
    unsigned i = 0;

    while (i < FLASHES && flash_of(i) != flash) {
        i++;
    }
    return i;
}

/* --- Operations ------------------------------------------------------------
 */

static enum phase phase_of(const struct fake_flash *flash, enum kind kind)
{
    bool image = flash == &device.image[0] || flash == &device.image[1];

    if (search.phase == PHASE_PROVISION) {
        return search.phase;
    }
    if (flash == &device.journal && kind == OP_ERASE) {
        return PHASE_COMPACTION;
    }
    if (search.phase == PHASE_START && image) {
        search.phase = PHASE_DOWNLOAD;
    } else if (search.phase == PHASE_DOWNLOAD && !image &&
               flash != &device.journal) {
        search.phase = PHASE_FINISH;
    }
    if (search.phase == PHASE_DOWNLOAD && flash == &device.journal) {
        return PHASE_CHECKPOINT;
    }
    return search.phase == PHASE_DOWNLOAD && search.resuming ? PHASE_RESUME
                                                             : search.phase;
}

static void write_down(const struct op *op)
{
    struct log *log = search.recording;

    if (log->count == log->room) {
        log->room = log->room == 0 ? 512 : 2U * log->room;
        log->ops = realloc(log->ops, log->room * sizeof(*log->ops));
        must(log->ops != NULL, "out of memory");
    }
    log->ops[log->count++] = *op;
}

/* An operation begins: data is NULL for an erase or the counter. */
static void begin(enum kind kind, const struct fake_flash *flash, uint32_t off,
                  uint32_t len, const void *data)
{
    static struct op op;

    op.kind = kind;
    op.off = off;
    op.len = len;
    op.life = search.life;
    op.synced = UINT32_MAX;
    op.flash = flash == NULL ? FLASHES : number_of(flash);
    op.phase = kind == OP_COUNTER ? PHASE_COUNTER : phase_of(flash, kind);
    memset(op.data, 0, sizeof(op.data));
    if (data != NULL) {
        must(len <= sizeof(op.data), "a program call is too long");
        memcpy(op.data, data, len);
    }
    if (watcher != NULL) {
        watcher(&op);
    }
    if (search.recording != NULL) {
        write_down(&op);
    }
}

static void forget(const struct fake_flash *flash, uint32_t off, uint32_t len)
{
    for (uint32_t at = off / FAKE_SECTOR; at * FAKE_SECTOR < off + len; at++) {
        digests[number_of(flash)][at].hash = 0;
    }
}

static enum pawl_status hooked_program(void *ctx, uint32_t off, const void *buf,
                                       size_t len)
{
    begin(OP_PROGRAM, ctx, off, (uint32_t)len, buf);
    forget(ctx, off, (uint32_t)len);
    return program(ctx, off, buf, len);
}

static enum pawl_status hooked_erase(void *ctx, uint32_t off, uint32_t len)
{
    begin(OP_ERASE, ctx, off, len, NULL);
    forget(ctx, off, len);
    return erase(ctx, off, len);
}

static enum pawl_status hooked_sync(void *ctx)
{
    struct log *log = search.recording;
    uint32_t i = log != NULL ? log->count : 0;

    while (i-- > 0) {
        struct op *op = &log->ops[i];

        if (op->kind != OP_COUNTER && flash_of(op->flash) == ctx) {
            if (op->synced != UINT32_MAX) {
                break;
            }
            op->synced = log->count;
        }
    }
    return PAWL_OK;
}

static enum pawl_status hooked_advance(void *ctx, uint32_t value)
{
    begin(OP_COUNTER, NULL, value, 0, NULL);
    return advance(ctx, value);
}

void apply(const struct op *op)
{
    enum pawl_status status = PAWL_OK;

    if (op->kind == OP_COUNTER) {
        status = advance(&device, op->off);
    } else {
        struct fake_flash *flash = flash_of(op->flash);

        forget(flash, op->off, op->len);
        status = op->kind == OP_ERASE
                     ? erase(flash, op->off, op->len)
                     : program(flash, op->off, op->data, op->len);
    }
    (void)status; /* PAWL_ERR_IO when it is the one that is cut */
}

void rot(void)
{
    forget(&device.image[1], 5, 1);
    fake_flash_flip(&device.image[1], 5, 3);
}

void world_flip(uint32_t off, unsigned bit)
{
    forget(&device.journal, off, 1);
    fake_flash_flip(&device.journal, off, bit);
}

void world_watch(void (*before)(const struct op *op))
{
    watcher = before;
}

/* --- Copies ----------------------------------------------------------------
 * The store is never written, and what lies behind the journal is not used.
 */

struct world {
    struct digest digests[FLASHES][SECTORS];
    uint8_t device[];
};

static size_t used(void)
{
    return offsetof(struct fake_device, journal_memory) +
           FAKE_FLASH_MEMORY((size_t)device.journal.port.size);
}

struct world *world_save(void)
{
    struct world *world = must_have(sizeof(*world) + used());

    memcpy(world->digests, digests, sizeof(digests));
    memcpy(world->device, &device, used());
    return world;
}

void world_load(const struct world *world)
{
    memcpy(digests, world->digests, sizeof(digests));
    memcpy(&device, world->device, used());
}

void world_open(uint32_t ending)
{
    const struct geometry *geometry = &geometries[search.geometry_at];

    watcher = NULL;
    fake_device_open_as(&device, geometry->unit, geometry->erased);
    device.counter_value = 1;
    for (unsigned i = 0; i < FLASHES; i++) {
        struct fake_flash *flash = flash_of(i);

        program = flash->port.program;
        erase = flash->port.erase;
        flash->port.program = hooked_program;
        flash->port.erase = hooked_erase;
        flash->port.sync = hooked_sync;
    }
    advance = device.counter.advance;
    device.counter.advance = hooked_advance;
    memset(digests, 0, sizeof(digests));
    search.life = (struct life){.ending = ending,
                                .cause = PAWL_RESET_POWER_ON,
                                .counter = 1,
                                .boots_left = PAWL_TRIAL_BOOTS + 1U};
    search.path_len = 0;
}

/* --- Hashes ----------------------------------------------------------------
 */

static const struct digest *digest_of(unsigned i, uint32_t sector)
{
    const struct fake_flash *flash = flash_of(i);
    struct digest *digest = &digests[i][sector];
    uint32_t off = sector * FAKE_SECTOR;
    uint32_t unit = flash->port.program_size;

    if (digest->hash == 0) {
        uint64_t hash = mix_bytes(i, flash->bits + off, FAKE_SECTOR);

        hash = mix_bytes(hash, flash->weak + off, FAKE_SECTOR);
        hash = mix_bytes(hash, flash->marks + off / unit, FAKE_SECTOR / unit);
        digest->hash = hash | 1U;
        digest->torn = fake_flash_torn(flash, off, FAKE_SECTOR);
    }
    return digest;
}

static uint16_t torn_in(unsigned i)
{
    uint16_t torn = 0;

    for (uint32_t s = 0; s < flash_of(i)->port.size / FAKE_SECTOR; s++) {
        torn |= digest_of(i, s)->torn;
    }
    return torn;
}

/* The moods count where something is half charged. */
static uint64_t moods_key(uint64_t key, const struct fake_flash *flash,
                          uint16_t torn)
{
    for (unsigned g = 1; g <= FAKE_FLASH_GROUPS; g++) {
        if ((torn & 1U << g) != 0) {
            key = mix(key, flash->mood[g]);
        }
    }
    return torn != 0 ? mix(key, flash->boots) : key;
}

uint64_t world_key(void)
{
    uint64_t key = mix(17, device.counter_value);

    for (unsigned i = 0; i < FLASHES; i++) {
        const struct fake_flash *flash = flash_of(i);

        for (uint32_t s = 0; s < flash->port.size / FAKE_SECTOR; s++) {
            key = mix(key, digest_of(i, s)->hash);
        }
        key = moods_key(key, flash, torn_in(i));
    }
    return mix_bytes(key, &search.life, sizeof(search.life));
}

/* --- Power -----------------------------------------------------------------
 */

void world_power_on(void)
{
    (void)fake_device_power_on(&device);
    for (unsigned i = 0; i < FLASHES; i++) {
        if (torn_in(i) == 0) {
            flash_of(i)->groups = 0; /* their names are free again */
        }
    }
    /* RAM holds anything. */
    memset(&device.update, 0xA5, sizeof(device.update));
    memset(&search.boot, 0xA5, sizeof(search.boot));
    memset(&search.choice, 0xA5, sizeof(search.choice));
}

void world_set_moods(uint32_t mood)
{
    for (unsigned i = 0; i < FLASHES; i++) {
        for (uint8_t g = 1; g <= FAKE_FLASH_GROUPS; g++) {
            fake_flash_set_mood(flash_of(i), g, (enum fake_mood)mood);
        }
        flash_of(i)->boots = mood;
    }
}

bool world_torn(void)
{
    for (unsigned i = 0; i < FLASHES; i++) {
        if (torn_in(i) != 0) {
            return true;
        }
    }
    return false;
}

uint32_t world_breaches(void)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < FLASHES; i++) {
        sum += flash_of(i)->breaches;
    }
    return sum;
}

uint32_t world_ecc_reads(void)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < FLASHES; i++) {
        sum += flash_of(i)->faults[FAKE_FAULT_ECC];
    }
    return sum;
}
