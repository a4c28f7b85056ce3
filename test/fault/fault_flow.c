/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches the faults of a whole update: provisioning, start, download and
 * its resumption, finish, install, trial boot, accept, reject, revert,
 * compaction, counter, clean.
 *
 * A node is a device without power: its flashes, its counter, and what the
 * outside world knows. From it the device runs, unharmed, until it is at rest;
 * each operation of that run is written down. Then the operations are done
 * once more, on the flashes alone, and before each of them the device is
 * copied and the operation torn in the copy in every way: those are the nodes
 * of the next depth. So nothing is run from the start again. Half-charged
 * cells are read in each mood. Nodes that are alike are searched once.
 *
 * The oracle, after each boot:
 *   I1 the state is the last acknowledged one or the one in flight
 *   I2 what was accepted or given up stays so
 *   I3 no unit is programmed twice without an erase
 *   I4 an image boots, its bytes are those of the release that boot named;
 *      and a candidate's bytes are those of its release
 *   I5 the counter is that of the accepted image at most, and never falls
 *   I6 a budget is taken off, durably, before the image on trial is entered
 *   I8 a boot of a device at rest erases and programs nothing
 *   I9 without further faults it comes to READY in SESSIONS_MAX boots
 *   I10 a checkpoint names only bytes that are in flash
 * (I7, of the journal's sequence numbers, is fault_journal.c's.)
 *
 * A violation prints its replay id; `fault_flow --replay ID` runs it alone.
 */
#include "base/base.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"
#include <pawl/boot.h>
#include <pawl/manifest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 40
#define IMAGE_SIZE 2501
#define BLOCK 512U
#define DEPTH_MAX 3
#define VISITED_MAX (1U << 22)
#define VIOLATIONS_SHOWN 8
#define ROT 999U      /* a tear: a bit of the target fades, and power fails */
#define UNSYNCED 998U /* a tear: what was not synced goes, too */

struct geometry {
    const char *name;
    uint32_t unit;
    uint8_t erased;
    bool deep; /* searched two cuts deep */
};

static const struct geometry geometries[] = {
    {"W1 Eff", 1, 0xFF, false},   {"W1 E00", 1, 0x00, false},
    {"W2 Eff", 2, 0xFF, false},   {"W2 E00", 2, 0x00, false},
    {"W4 Eff", 4, 0xFF, true},    {"W4 E00", 4, 0x00, true},
    {"W8 Eff", 8, 0xFF, true},    {"W8 E00", 8, 0x00, true},
    {"W16 Eff", 16, 0xFF, true},  {"W16 E00", 16, 0x00, true},
    {"W32 Eff", 32, 0xFF, false}, {"W32 E00", 32, 0x00, false},
    {"W64 Eff", 64, 0xFF, false}, {"W64 E00", 64, 0x00, false},
};

enum phase {
    PHASE_PROVISION,
    PHASE_OPEN,
    PHASE_START,
    PHASE_DOWNLOAD,
    PHASE_CHECKPOINT,
    PHASE_RESUME,
    PHASE_FINISH,
    PHASE_INSTALL,
    PHASE_COMPACTION,
    PHASE_BOOT,
    PHASE_TRIAL_BOOT,
    PHASE_ACCEPT,
    PHASE_COUNTER,
    PHASE_REJECT,
    PHASE_REVERT,
    PHASE_CLEAN,
    PHASE_COUNT
};

static const char *const phase_names[PHASE_COUNT] = {
    "provision", "open",    "start",      "download", "checkpoint", "resume",
    "finish",    "install", "compaction", "boot",     "trial boot", "accept",
    "counter",   "reject",  "revert",     "clean"};

/* What the application does with the image on trial. */
enum ending {
    ENDS_ACCEPTED,
    ENDS_REJECTED,
    ENDS_IN_CRASHES,
    ENDINGS
};

/* What the outside world knows of the device. No padding: it is hashed. */
struct life {
    uint32_t ending;
    uint32_t cause;       /* of the next boot */
    uint32_t provisioned; /* the factory is done */
    uint32_t recorded;    /* a record was acknowledged */
    uint32_t lost;        /* the first record tore: the factory's is on trial */
    uint32_t accepting;   /* an accept was asked for */
    uint32_t accepted;    /* and acknowledged */
    uint32_t given_up;    /* a revert or rejection was acknowledged */
    uint32_t staged;      /* an install was acknowledged */
    uint32_t rotted;      /* a bit of the target faded */
    uint32_t counter;     /* its highest value seen */
    uint32_t boots_left;  /* of the trial, as last handed over */
    uint32_t done;
};

enum kind {
    OP_PROGRAM,
    OP_ERASE,
    OP_COUNTER
};

struct op {
    enum kind kind;
    enum phase phase;
    unsigned flash;
    uint32_t off, len;
    uint8_t data[BLOCK];
    uint32_t synced;  /* operations begun when it was; UINT32_MAX: never */
    struct life life; /* when it began */
};

struct log {
    struct op *ops;
    uint32_t count, room;
};

/* One fault of a path, for the replay id. */
struct fault {
    uint32_t op, tear, metastable, mood;
};

struct totals {
    uint64_t faults, boots, states, violations;
    uint64_t kinds[FAKE_FAULT_COUNT];
    uint64_t rot, unsynced;
    uint64_t phases[PHASE_COUNT];
};

static struct fake_device device; /* it must stay where it is */
static struct life life;
static struct fake_release v1, v2;
static struct pawl_boot boot;
static struct pawl_boot_choice choice;
static struct log *recording; /* NULL: not */
static enum phase phase;
static bool resuming;
static struct totals all, now;
static int geometry_at, stop_at_first;
static uint32_t stride = 1; /* of second cuts */
static struct fault path[DEPTH_MAX], replay[DEPTH_MAX];
static int path_len, replay_len;
static bool wrong; /* in this run */
static uint64_t *visited;
static uint32_t visited_count;
static enum pawl_status (*program)(void *, uint32_t, const void *, size_t);
static enum pawl_status (*erase)(void *, uint32_t, uint32_t);
static enum pawl_status (*advance)(void *, uint32_t);

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        exit(2);
    }
}

static void violation(const char *what)
{
    if (wrong) {
        return; /* one for each path */
    }
    wrong = true;
    if (now.violations++ < VIOLATIONS_SHOWN) {
        printf("violation %s: %s, replay %d/%u", what,
               geometries[geometry_at].name, geometry_at,
               (unsigned)life.ending);
        for (int i = 0; i < path_len; i++) {
            printf("/%u.%u.%u.%u", path[i].op, path[i].tear, path[i].metastable,
                   path[i].mood);
        }
        printf("\n");
        fflush(stdout);
    }
    if (stop_at_first != 0) {
        exit(1);
    }
}

static void ask(bool ok, const char *what)
{
    if (!ok) {
        violation(what);
    }
}

/* --- Signatures ------------------------------------------------------------
 * Pure, slow and always the same: each is computed once.
 */

enum pawl_status __real_pawl_p256_verify(struct pawl_bytes point,
                                         const uint8_t digest[32],
                                         const uint8_t signature[64]);
enum pawl_status __wrap_pawl_p256_verify(struct pawl_bytes point,
                                         const uint8_t digest[32],
                                         const uint8_t signature[64]);

enum pawl_status __wrap_pawl_p256_verify(struct pawl_bytes point,
                                         const uint8_t digest[32],
                                         const uint8_t signature[64])
{
    static struct {
        uint8_t key[65 + 32 + 64];
        enum pawl_status status;
    } known[64];
    static unsigned count;
    uint8_t key[65 + 32 + 64];

    if (point.len != 65) {
        return __real_pawl_p256_verify(point, digest, signature);
    }
    memcpy(key, point.data, 65);
    memcpy(key + 65, digest, 32);
    memcpy(key + 97, signature, 64);
    for (unsigned i = 0; i < (count < 64U ? count : 64U); i++) {
        if (memcmp(known[i].key, key, sizeof(key)) == 0) {
            return known[i].status;
        }
    }
    unsigned at = count++ % 64U;
    memcpy(known[at].key, key, sizeof(key));
    known[at].status = __real_pawl_p256_verify(point, digest, signature);
    return known[at].status;
}

/* --- Operations ------------------------------------------------------------
 */

#define FLASHES 5

static struct fake_flash *flash_of(unsigned i)
{
    struct fake_flash *flashes[FLASHES] = {&device.image[0], &device.image[1],
                                           &device.area[0], &device.area[1],
                                           &device.journal};
    return flashes[i];
}

static enum phase phase_of(const struct fake_flash *flash, enum kind kind)
{
    bool image = flash == &device.image[0] || flash == &device.image[1];

    if (phase == PHASE_PROVISION) {
        return phase;
    }
    if (flash == &device.journal && kind == OP_ERASE) {
        return PHASE_COMPACTION;
    }
    if (phase == PHASE_START && image) {
        phase = PHASE_DOWNLOAD;
    } else if (phase == PHASE_DOWNLOAD && !image && flash != &device.journal) {
        phase = PHASE_FINISH;
    }
    if (phase == PHASE_DOWNLOAD && flash == &device.journal) {
        return PHASE_CHECKPOINT;
    }
    return phase == PHASE_DOWNLOAD && resuming ? PHASE_RESUME : phase;
}

static struct op *record(enum kind kind, const struct fake_flash *flash)
{
    struct log *log = recording;

    if (log->count == log->room) {
        log->room = log->room == 0 ? 512 : 2U * log->room;
        log->ops = realloc(log->ops, log->room * sizeof(*log->ops));
        must(log->ops != NULL, "out of memory");
    }
    struct op *op = &log->ops[log->count++];
    op->kind = kind;
    op->life = life;
    op->synced = UINT32_MAX;
    for (op->flash = 0; op->flash < FLASHES; op->flash++) {
        if (flash_of(op->flash) == flash) {
            break;
        }
    }
    op->phase = kind == OP_COUNTER ? PHASE_COUNTER : phase_of(flash, kind);
    return op;
}

static enum pawl_status hooked_program(void *ctx, uint32_t off, const void *buf,
                                       size_t len)
{
    if (recording != NULL) {
        struct op *op = record(OP_PROGRAM, ctx);

        must(len <= sizeof(op->data), "a program call is too long");
        op->off = off;
        op->len = (uint32_t)len;
        memcpy(op->data, buf, len);
    }
    return program(ctx, off, buf, len);
}

static enum pawl_status hooked_erase(void *ctx, uint32_t off, uint32_t len)
{
    if (recording != NULL) {
        struct op *op = record(OP_ERASE, ctx);

        op->off = off;
        op->len = len;
    }
    return erase(ctx, off, len);
}

static enum pawl_status hooked_sync(void *ctx)
{
    uint32_t i = recording != NULL ? recording->count : 0;

    while (i-- > 0) {
        struct op *op = &recording->ops[i];

        if (op->kind != OP_COUNTER && flash_of(op->flash) == ctx) {
            if (op->synced != UINT32_MAX) {
                break;
            }
            op->synced = recording->count;
        }
    }
    return PAWL_OK;
}

static enum pawl_status hooked_advance(void *ctx, uint32_t value)
{
    if (recording != NULL) {
        record(OP_COUNTER, NULL)->off = value;
    }
    return advance(ctx, value);
}

static void apply(const struct op *op)
{
    enum pawl_status status = PAWL_OK;

    switch (op->kind) {
    case OP_PROGRAM:
        status = program(flash_of(op->flash), op->off, op->data, op->len);
        break;
    case OP_ERASE:
        status = erase(flash_of(op->flash), op->off, op->len);
        break;
    case OP_COUNTER:
        status = advance(&device, op->off);
        break;
    }
    (void)status; /* PAWL_ERR_IO when it is the one that is cut */
}

/* --- The oracle ------------------------------------------------------------
 */

static bool holds(struct fake_flash *flash, const struct fake_release *release,
                  uint32_t len)
{
    static uint8_t read[IMAGE_SIZE + BLOCK], wanted[IMAGE_SIZE + BLOCK];

    fake_release_bytes(release, 0, wanted, len);
    return len <= sizeof(read) &&
           flash->port.read(flash, 0, read, len) == PAWL_OK &&
           memcmp(read, wanted, len) == 0;
}

static void check_counter(void)
{
    uint32_t most = life.accepting != 0 ? 2 : 1;

    ask(device.counter_value >= life.counter, "I5 (the counter fell)");
    ask(device.counter_value <= most, "I5 (the counter before accept)");
    life.counter = device.counter_value;
}

static void check_trial(const struct pawl_record *record)
{
    ask(record->state == PAWL_UPDATE_TRIAL &&
            record->boots < PAWL_TRIAL_BOOTS &&
            record->boots == choice.boots_left && record->running == choice.set,
        "I6 (entered without a budget taken off)");
    ask(choice.boots_left < life.boots_left || choice.reason == PAWL_BOOT_LOST,
        "I6 (a budget did not fall)");
    life.boots_left = choice.boots_left;
}

static void check_boot(enum pawl_status status)
{
    struct pawl_record record;
    bool known = record_in_journal(&device, &record);

    ask(status == PAWL_OK && choice.slot != NULL, "I4 (nothing boots)");
    if (choice.slot == NULL) {
        return;
    }
    ask(holds(&device.image[choice.set], choice.set == 0 ? &v1 : &v2,
              IMAGE_SIZE),
        "I4 (what boots is not what was released)");
    /* The very first commit of a blank journal may be torn; none after it. */
    ask(choice.reason != PAWL_BOOT_LOST || life.recorded == 0 || life.lost != 0,
        "I1 (the journal was lost)");
    life.lost |= choice.reason == PAWL_BOOT_LOST ? 1U : 0U;
    ask(life.accepted == 0 || (choice.set == 1 && !choice.trial),
        "I2 (an accepted image went)");
    ask(life.given_up == 0 || choice.set == 0, "I2 (a rejected image is back)");
    ask(choice.set == 0 || life.staged != 0,
        "I1 (entered before it was staged)");
    ask(choice.set == 0 || choice.trial || life.accepting != 0,
        "I1 (an image on trial became permanent)");
    ask(choice.set == 0 || life.accepting != 0 ||
            (known && record.state == PAWL_UPDATE_TRIAL),
        "I6 (entered without a record of it)");
    if (choice.trial) {
        ask(known, "I6 (a trial that is not recorded)");
        if (known) {
            check_trial(&record);
        }
    }
    ask(device.counter_value <= 1 ||
            (known && record.current.known && record.current.sequence == 2),
        "I5 (the counter is above that of the confirmed image)");
    if (known && record.state == PAWL_UPDATE_WRITING &&
        record.extension_len >= 8 && life.rotted == 0) {
        ask(holds(&device.image[1], &v2, pawl_get_u32(record.extension + 4)),
            "I10 (a checkpoint of bytes that are not there)");
    }
    check_counter();
}

/* --- A run without faults ---------------------------------------------------
 */

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

static void provision(void)
{
    uint8_t stored[PAWL_MANIFEST_MAX], block[BLOCK];
    size_t len = sizeof(stored);
    struct pawl_manifest manifest;
    const struct pawl_flash *image = &device.image[0].port;
    const struct pawl_manifest_policy policy = {.signers = device.trust.signers,
                                                .signer_count =
                                                    device.trust.signer_count};

    phase = PHASE_PROVISION;
    for (uint32_t off = 0; off < IMAGE_SIZE; off += BLOCK) {
        uint32_t n = IMAGE_SIZE - off < BLOCK ? IMAGE_SIZE - off : BLOCK;

        memset(block, image->erased_value, sizeof(block));
        fake_release_bytes(&v1, off, block, n);
        if (off % image->erase_size == 0) {
            must(image->erase(image->ctx, off, image->erase_size) == PAWL_OK,
                 "provisioning: erase");
        }
        must(image->program(image->ctx, off, block, BLOCK) == PAWL_OK,
             "provisioning: program");
        must(image->sync(image->ctx) == PAWL_OK, "provisioning: sync");
    }
    must(pawl_manifest_open(&manifest, fake_release_envelope(&v1), &policy) ==
                 PAWL_OK &&
             pawl_manifest_store(&manifest, stored, &len) == PAWL_OK &&
             pawl_area_write(&device.area[0].port,
                             (struct pawl_bytes){stored, len}) == PAWL_OK,
         "provisioning: manifest");
    life.provisioned = 1;
}

static enum pawl_status start_boot(void)
{
    const struct pawl_boot_config config = {
        .product = &device.product,
        .slots = device.slots,
        .slot_count = 2,
        .journal = &device.journal.port,
        .counter = &device.counter,
        .trust = &device.store,
        .reset_cause = (enum pawl_reset_cause)life.cause};
    uint32_t from = recording != NULL ? recording->count : 0;
    enum pawl_status status = PAWL_ERR_FAULT;
    enum phase was = PHASE_BOOT;

    phase = PHASE_BOOT;
    now.boots++;
    status = pawl_boot_select(&boot, &config, &choice);
    if (choice.reason == PAWL_BOOT_REVERTED) {
        was = PHASE_REVERT;
    } else if (choice.trial) {
        was = PHASE_TRIAL_BOOT;
    }
    for (; recording != NULL && from < recording->count; from++) {
        if (recording->ops[from].phase == PHASE_BOOT) {
            recording->ops[from].phase = was;
        }
    }
    return status;
}

/* On trial: the firmware proves itself, or not. True: reset. */
static bool on_trial(const struct pawl_update_info *info)
{
    if (info->running == 0) { /* the factory's, after a torn first commit */
        phase = PHASE_ACCEPT;
        if (settled(pawl_update_accept(&device.update)) == PAWL_OK) {
            life.lost = 0;
        }
        return false;
    }
    switch ((enum ending)life.ending) {
    case ENDS_ACCEPTED:
        phase = PHASE_ACCEPT;
        life.accepting = 1;
        life.accepted |=
            settled(pawl_update_accept(&device.update)) == PAWL_OK ? 1 : 0;
        return false;
    case ENDS_REJECTED:
        phase = PHASE_REJECT;
        life.given_up |=
            settled(pawl_update_reject(&device.update,
                                       PAWL_UPDATE_REASON_UNHEALTHY)) == PAWL_OK
                ? 1
                : 0;
        return true;
    case ENDS_IN_CRASHES:
    case ENDINGS:
        break;
    }
    life.cause = PAWL_RESET_FAULT;
    return true;
}

static bool after_failure(void)
{
    phase = PHASE_CLEAN;
    if (life.rotted != 0 && life.staged == 0) { /* then once more */
        (void)settled(pawl_update_clean(&device.update));
        life.rotted = 0;
        return false;
    }
    ask(life.ending != ENDS_ACCEPTED, "I9 (an update failed by itself)");
    life.given_up = 1;
    (void)settled(pawl_update_clean(&device.update));
    return false;
}

/* One thing that the state asks for. True: the session ends by a reset. */
static bool act(void)
{
    struct pawl_update_info info = fake_device_info(&device);

    switch (info.state) {
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
        if (info.current.sequence == 2 || life.given_up != 0) {
            life.done = info.counter_pending ? 0 : 1;
            return true;
        }
        phase = PHASE_START;
        resuming = info.state == PAWL_UPDATE_WRITING;
        (void)settled(fake_device_download(&device, &v2, UINT32_MAX));
        return false;
    case PAWL_UPDATE_CANDIDATE:
        ask(holds(&device.image[1], &v2, IMAGE_SIZE),
            "I4 (a candidate that is not what was released)");
        phase = PHASE_INSTALL;
        life.staged = 1; /* from here on it may be entered */
        life.rotted = 0;
        life.boots_left = PAWL_TRIAL_BOOTS + 1U;
        (void)settled(pawl_update_install(&device.update));
        return false;
    case PAWL_UPDATE_TRIAL:
        return on_trial(&info);
    case PAWL_UPDATE_FAILED:
        return after_failure();
    case PAWL_UPDATE_UPDATED:
        phase = PHASE_CLEAN;
        (void)settled(pawl_update_clean(&device.update));
        return false;
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_REJECTED:
        break;
    }
    return true;
}

/* From a reset to the next. */
static void session(void)
{
    if (life.provisioned == 0) {
        provision();
    }
    enum pawl_status status = start_boot();
    life.cause = PAWL_RESET_SOFTWARE;
    check_boot(status);
    if (choice.slot == NULL) {
        return;
    }
    device.config.running_known = true;
    device.config.running = choice.set;
    phase = PHASE_OPEN;
    ask(fake_device_start_engine(&device) == PAWL_OK,
        "I9 (the engine does not open)");
    life.recorded = 1;
    for (unsigned i = 0; i < 20 && !wrong; i++) {
        phase = PHASE_COUNTER;
        (void)fake_device_settle(&device);
        check_counter();
        if (act()) {
            break;
        }
    }
    check_counter();
}

static uint32_t breaches(void)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < FLASHES; i++) {
        sum += flash_of(i)->breaches;
    }
    return sum;
}

/*
 * At rest: one boot more, and not an operation. Half-charged frames of the
 * journal may have read well so far and not now; each cut left some, and may
 * cost one settling.
 */
static void check_rest(void)
{
    unsigned fading =
        fake_flash_torn(&device.journal, 0, device.journal.port.size);
    uint32_t before = 0;

    ask(choice.set == (life.ending == ENDS_ACCEPTED ? 1 : 0),
        "I9 (at rest, with the wrong image)");
    ask(device.counter_value == (life.ending == ENDS_ACCEPTED ? 2U : 1U),
        "I5 (at rest, with the wrong counter)");
    for (; before != device.power.operations; fading &= fading - 1U) {
        before = device.power.operations;
        (void)fake_device_power_on(&device);
        session();
        if (fading == 0) {
            break;
        }
    }
    ask(device.power.operations == before, "I8 (a clean boot wrote)");
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
    hash *= 0xFF51AFD7ED558CCDULL;
    return hash ^ hash >> 32;
}

static uint64_t hash_bytes(uint64_t key, const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;

    for (; len >= 8; len -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        key = mix(key, word);
    }
    for (; len > 0; len--) {
        key = mix(key, *bytes++);
    }
    return key;
}

static uint64_t device_key(uint64_t key)
{
    for (unsigned i = 0; i < FLASHES; i++) {
        const struct fake_flash *flash = flash_of(i);
        uint32_t size = flash->port.size;

        key = hash_bytes(key, flash->bits,
                         2U * size + size / flash->port.program_size);
        key = hash_bytes(key, flash->mood, sizeof(flash->mood));
    }
    key = mix(key, device.counter_value);
    return hash_bytes(key, (const uint8_t *)&life, sizeof(life));
}

/* True if key is new; it is then known. */
static bool visit(uint64_t key)
{
    uint32_t at = (uint32_t)key & (VISITED_MAX - 1U);

    key |= 1U;
    while (visited[at] != 0 && visited[at] != key) {
        at = (at + 1U) & (VISITED_MAX - 1U);
    }
    if (visited[at] == key) {
        return false;
    }
    if (++visited_count < VISITED_MAX / 4U * 3U) {
        visited[at] = key; /* a full table only costs time */
    }
    return true;
}

/* Until it is at rest. Without a log a run ends where another one was. */
static void run(void)
{
    wrong = false;
    for (unsigned i = 0; i < SESSIONS_MAX && life.done == 0; i++) {
        if (i != 0) {
            (void)fake_device_power_on(&device);
            if (recording == NULL && replay_len == 0 && !visit(device_key(1))) {
                return;
            }
        }
        session();
        if (wrong) {
            return;
        }
    }
    ask(life.done != 0, "I9 (it does not come to rest)");
    check_rest();
    ask(breaches() == 0, "I3 (programmed twice)");
}

/* --- The search -------------------------------------------------------------
 */

static void explore(int depth);

static void set_moods(uint32_t mood)
{
    for (unsigned i = 0; i < FLASHES; i++) {
        for (uint8_t g = 1; g <= FAKE_FLASH_GROUPS; g++) {
            fake_flash_set_mood(flash_of(i), g, (enum fake_mood)mood);
        }
        flash_of(i)->boots = mood;
    }
}

static bool any_torn(void)
{
    for (unsigned i = 0; i < FLASHES; i++) {
        if (fake_flash_weak(flash_of(i))) {
            return true;
        }
    }
    return false;
}

/* Tears op in the device as it is before it. False: there is no such tear. */
static bool tear_op(const struct op *op, uint32_t tear, bool metastable,
                    uint32_t *tears)
{
    uint32_t kinds[FAKE_FAULT_COUNT] = {0};

    if (op->kind == OP_COUNTER) {
        if (tear == 1) {
            apply(op);
        }
        *tears = 2;
        now.kinds[tear == 0 ? FAKE_FAULT_NOT_BEGUN : FAKE_FAULT_STATUS_LOST]++;
        return !metastable;
    }
    struct fake_flash *flash = flash_of(op->flash);
    memcpy(kinds, flash->faults, sizeof(kinds));
    fake_flash_cut_power_at(flash, 0);
    fake_flash_set_tear(flash, tear, metastable);
    apply(op);
    *tears = fake_flash_tears(flash);
    bool whole =
        flash->faults[FAKE_FAULT_NOT_BEGUN] != kinds[FAKE_FAULT_NOT_BEGUN] ||
        flash->faults[FAKE_FAULT_PREFIX] != kinds[FAKE_FAULT_PREFIX] ||
        flash->faults[FAKE_FAULT_STATUS_LOST] != kinds[FAKE_FAULT_STATUS_LOST];
    if (metastable && whole) {
        return false; /* leaves nothing weak: the stable one is the same */
    }
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        now.kinds[i] += flash->faults[i] - kinds[i];
    }
    return true;
}

static uint32_t ecc_reads(void)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < FLASHES; i++) {
        sum += flash_of(i)->faults[FAKE_FAULT_ECC];
    }
    return sum;
}

/* The device was cut; it is read in each mood, and each is a node. */
static void branch(const struct op *op, const struct fault *fault, int depth)
{
    static const uint8_t weak[] = {FAKE_MOOD_ERASED, FAKE_MOOD_PROGRAMMED,
                                   FAKE_MOOD_MIXED, FAKE_MOOD_ECC,
                                   FAKE_MOOD_PATCHY};
    static const uint8_t solid[] = {FAKE_MOOD_ERASED, FAKE_MOOD_ECC};
    bool torn = any_torn();
    bool is_weak = torn && (fault->metastable != 0 || path_len > 0);
    const uint8_t *moods = is_weak ? weak : solid;
    uint32_t count = is_weak ? sizeof(weak) : torn ? 2U : 1U;
    struct fake_device *cut = malloc(sizeof(*cut));

    must(cut != NULL, "out of memory");
    (void)fake_device_power_on(&device);
    memcpy(cut, &device, sizeof(*cut));
    now.faults++;
    now.phases[op->phase]++;
    path[path_len] = *fault;
    path_len++;
    for (uint32_t i = 0; i < count; i++) {
        path[path_len - 1].mood = moods[i];
        if (replay_len != 0 && replay[path_len - 1].mood != moods[i]) {
            continue;
        }
        memcpy(&device, cut, sizeof(device));
        set_moods(moods[i]);
        life = op->life;
        life.cause = PAWL_RESET_POWER_ON;
        life.done = 0;
        life.rotted |= fault->tear == ROT ? 1U : 0U;
        if (replay_len == 0 && !visit(device_key(2U + (uint64_t)depth))) {
            continue;
        }
        now.states++;
        uint32_t ecc = ecc_reads();
        explore(depth);
        now.kinds[FAKE_FAULT_ECC] += ecc_reads() - ecc;
    }
    path_len--;
    free(cut);
}

/* Whether this fault is on the path that is asked for, or in the sample. */
static bool wanted(const struct fault *fault)
{
    if (replay_len != 0) {
        const struct fault *want = &replay[path_len];

        return path_len < replay_len && want->op == fault->op &&
               want->tear == fault->tear &&
               want->metastable == fault->metastable;
    }
    if (path_len == 0 || stride <= 1) {
        return true;
    }
    const struct fault *first = &path[path_len - 1];
    uint32_t number = fault->op * 31U + first->op * 7U + first->tear * 3U +
                      first->mood + fault->tear * 5U + fault->metastable;
    return number % stride == 0;
}

/* Rot is tried while the image is on its way. */
static bool may_rot(const struct op *op)
{
    return path_len == 0 && op->kind == OP_PROGRAM &&
           (op->phase == PHASE_CHECKPOINT || op->phase == PHASE_DOWNLOAD) &&
           fake_flash_touched(&device.image[1], 0, FAKE_SECTOR);
}

static void cut_op(const struct op *op, uint32_t number, int depth,
                   const struct fake_device *before)
{
    uint32_t tears = 1;

    for (uint32_t tear = 0; tear < tears; tear++) {
        for (uint32_t metastable = 0; metastable < 2; metastable++) {
            struct fault fault = {number, tear, metastable, 0};

            if (!wanted(&fault) && (tear != 0 || metastable != 0)) {
                continue;
            }
            memcpy(&device, before, sizeof(device));
            const struct totals sum = now;
            if (tear_op(op, tear, metastable != 0, &tears) && wanted(&fault)) {
                branch(op, &fault, depth);
            } else { /* it only told how many tears there are */
                memcpy(now.kinds, sum.kinds, sizeof(now.kinds));
            }
        }
    }
    struct fault rot = {number, ROT, 0, 0};
    memcpy(&device, before, sizeof(device));
    if (may_rot(op) && wanted(&rot)) {
        fake_flash_flip(&device.image[1], 5, 3);
        now.rot++;
        branch(op, &rot, depth);
    }
}

/*
 * Power fails before operation n, and with it goes what no sync() had made
 * durable. Pawl syncs each operation, so that this is rare: an erase.
 */
static void cut_unsynced(const struct log *log, uint32_t n, int depth,
                         const struct fake_device *base)
{
    struct fault fault = {n, UNSYNCED, 0, 0};
    bool any = false;

    for (uint32_t i = 0; i < n; i++) {
        any |= log->ops[i].kind != OP_COUNTER && log->ops[i].synced > n;
    }
    if (!any || !wanted(&fault)) {
        return;
    }
    memcpy(&device, base, sizeof(device));
    for (uint32_t i = 0; i < n; i++) {
        if (log->ops[i].kind == OP_COUNTER || log->ops[i].synced <= n) {
            apply(&log->ops[i]);
        }
    }
    now.unsynced++;
    branch(&log->ops[n], &fault, depth);
}

/* Runs the device from here; then cuts each operation of that run. */
static void explore(int depth)
{
    struct log log = {0};
    struct fake_device *cursor = NULL;
    struct fake_device *base = NULL;
    bool first = path_len == 0 && life.ending != ENDS_ACCEPTED;

    recording = depth > 0 ? &log : NULL;
    if (depth > 0) {
        cursor = malloc(sizeof(*cursor));
        base = malloc(sizeof(*base));
        must(cursor != NULL && base != NULL, "out of memory");
        memcpy(cursor, &device, sizeof(*cursor));
        memcpy(base, &device, sizeof(*base));
    }
    run();
    recording = NULL;
    for (uint32_t i = 0; replay_len != 0 && i < log.count; i++) {
        printf("  %d faults, operation %u: %s, flash %u, %s at %u\n", path_len,
               i, phase_names[log.ops[i].phase], log.ops[i].flash,
               log.ops[i].kind == OP_ERASE ? "erase" : "program",
               log.ops[i].off);
    }
    for (uint32_t i = 0; depth > 0 && !wrong && i < log.count; i++) {
        /* Before the staging all endings are alike. */
        if (!first || log.ops[i].life.staged != 0) {
            cut_op(&log.ops[i], i, depth - 1, cursor);
            cut_unsynced(&log, i, depth - 1, base);
        }
        memcpy(&device, cursor, sizeof(device));
        apply(&log.ops[i]);
        memcpy(cursor, &device, sizeof(device));
        wrong = false;
    }
    free(base);
    free(cursor);
    free(log.ops);
}

/* --- Tables ------------------------------------------------------------------
 */

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = IMAGE_SIZE,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

static void seed(uint32_t ending)
{
    const struct geometry *geometry = &geometries[geometry_at];

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
    life = (struct life){.ending = ending,
                         .cause = PAWL_RESET_POWER_ON,
                         .counter = 1,
                         .boots_left = PAWL_TRIAL_BOOTS + 1U};
    path_len = 0;
}

static void add(struct totals *to, const struct totals *from)
{
    to->faults += from->faults;
    to->boots += from->boots;
    to->states += from->states;
    to->violations += from->violations;
    to->rot += from->rot;
    to->unsynced += from->unsynced;
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        to->kinds[i] += from->kinds[i];
    }
    for (int i = 0; i < PHASE_COUNT; i++) {
        to->phases[i] += from->phases[i];
    }
}

static void search_geometry(int at, int depth)
{
    geometry_at = at;
    memset(&now, 0, sizeof(now));
    for (uint32_t ending = 0; ending < ENDINGS; ending++) {
        if (visited_count > 0) {
            memset(visited, 0, VISITED_MAX * sizeof(*visited));
            visited_count = 0;
        }
        seed(ending);
        explore(depth);
    }
    printf("flow %-9s depth %d%s  faults %9llu  boots %9llu  states %9llu  "
           "violations %llu\n",
           geometries[at].name, depth,
           depth > 1 && stride > 1 ? " sampled" : "        ",
           (unsigned long long)now.faults, (unsigned long long)now.boots,
           (unsigned long long)now.states, (unsigned long long)now.violations);
    fflush(stdout);
    add(&all, &now);
}

static void print_all(void)
{
    for (int i = 0; i < FAKE_FAULT_REFUSED; i++) {
        printf("kind flow %s: %llu\n", fake_fault_name((enum fake_fault)i),
               (unsigned long long)all.kinds[i]);
    }
    printf("kind flow rot: %llu\n", (unsigned long long)all.rot);
    printf("kind flow unsynced: %llu\n", (unsigned long long)all.unsynced);
    for (int i = 0; i < PHASE_COUNT; i++) {
        printf("phase flow %s: %llu\n", phase_names[i],
               (unsigned long long)all.phases[i]);
    }
    printf("faults %llu boots %llu states %llu violations %llu\n",
           (unsigned long long)all.faults, (unsigned long long)all.boots,
           (unsigned long long)all.states, (unsigned long long)all.violations);
}

/* geometry/ending/op.tear.metastable.mood/... */
static bool run_replay(const char *id)
{
    unsigned ending = 0;
    int used = 0;

    must(sscanf(id, "%d/%u%n", &geometry_at, &ending, &used) == 2 &&
             geometry_at >= 0 &&
             geometry_at < (int)PAWL_ARRAY_LEN(geometries) && ending < ENDINGS,
         "not a replay id");
    for (id += used; *id == '/' && replay_len < DEPTH_MAX; id += used) {
        struct fault *fault = &replay[replay_len++];

        must(sscanf(id, "/%u.%u.%u.%u%n", &fault->op, &fault->tear,
                    &fault->metastable, &fault->mood, &used) == 4,
             "not a replay id");
    }
    seed(ending);
    explore(replay_len);
    printf("boots %llu violations %llu\n", (unsigned long long)now.boots,
           (unsigned long long)now.violations);
    return now.violations == 0;
}

int main(int argc, char **argv)
{
    int depth = 1;
    int part = 0;
    int parts = 1;
    int only = -1;

    visited = calloc(VISITED_MAX, sizeof(*visited));
    must(visited != NULL, "out of memory");
    must(fake_crypto_start() == PAWL_OK, "no crypto");
    make(&v1, 1);
    make(&v2, 2);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--first") == 0) {
            stop_at_first = 1;
        } else if (i + 1 < argc && strcmp(argv[i], "--depth") == 0) {
            depth = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--stride") == 0) {
            stride = (uint32_t)atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--geometry") == 0) {
            only = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--part") == 0) {
            must(sscanf(argv[++i], "%d/%d", &part, &parts) == 2 && parts > 0,
                 "--part is k/n");
        } else if (i + 1 < argc && strcmp(argv[i], "--replay") == 0) {
            return run_replay(argv[++i]) ? 0 : 1;
        } else {
            must(false, "usage: fault_flow [--first] [--depth n] [--stride n] "
                        "[--geometry n | --part k/n] [--replay id]");
        }
    }
    must(depth <= DEPTH_MAX, "that is too deep");
    for (int at = 0; at < (int)PAWL_ARRAY_LEN(geometries); at++) {
        if (only == at || (only < 0 && at % parts == part)) {
            search_geometry(at, geometries[at].deep ? depth : 1);
        }
    }
    print_all();
    return all.violations != 0;
}
