/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search over a whole update. From a device without power it runs,
 * unharmed, until it is at rest; each operation of that run is written down.
 * Then the operations are done once more, on the flashes alone, and before
 * each of them the device is copied and the operation torn in the copy in
 * every way: those are the devices of the next depth. So nothing is run from
 * the start again. Half-charged cells are read in each mood.
 *
 * A run ends where another one was: at a reset, if flash, counter and what the
 * world knows are the same; before an operation, if the RAM of the boot loader
 * or of the engine is, too. What follows from there was searched as deep.
 * `fault_flow --exact` does without the latter, to show that nothing is lost
 * by it. A run that comes to where it was itself goes round in circles: I9.
 */
#include "fault/flow_search.h"
#include "base/base.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct search search;

/* --- Runs ------------------------------------------------------------------
 */

static jmp_buf elsewhere;

/* What the code under test has in RAM. */
static uint64_t ram_key(const struct op *op)
{
    uint32_t len = op->kind == OP_PROGRAM ? op->len : 0;
    uint64_t key = mix_bytes(search.booting ? 1 : 0, op->data, len);

    key = mix(key,
              (uint64_t)op->kind << 32 | (uint64_t)op->phase << 16 | op->flash);
    key = mix(key, (uint64_t)op->off << 32 | op->len);
    key = mix(key, (uint64_t)search.phase << 1 | (search.resuming ? 1U : 0U));
    if (search.booting) {
        key = mix_bytes(key, &search.boot, sizeof(search.boot));
        return mix_bytes(key, &search.choice, sizeof(search.choice));
    }
    return mix_bytes(key, &device.update, sizeof(device.update));
}

/* Before an operation: this run ends where another one was. */
static void before_operation(const struct op *op)
{
    const struct seen *seen = NULL;

    if (search.life.provisioned != 0) {
        seen = table_add(&search.table, mix(world_key(), ram_key(op)),
                         search.depth, search.run);
    }
    if (seen != NULL && seen->run != search.run) {
        longjmp(elsewhere, 1);
    }
}

/* At a reset. True: the run need not go on. */
static bool known_at_reset(void)
{
    const struct seen *seen = NULL;

    if (search.replay_len != 0) {
        return false;
    }
    seen =
        table_add(&search.table, mix(world_key(), 1), search.depth, search.run);
    if (seen == NULL) {
        search.sessions++;
        return false;
    }
    ask(seen->run != search.run, "I9 (it goes round in circles)");
    return true;
}

static void run_to_rest(void)
{
    for (unsigned i = 0; i < SESSIONS_MAX && search.life.done == 0; i++) {
        if (i != 0) {
            world_power_on();
            if (known_at_reset()) {
                return;
            }
        }
        session();
        if (search.wrong) {
            return;
        }
    }
    world_watch(NULL);
    ask(search.life.done != 0, "I9 (it does not come to rest)");
    check_rest();
}

void run(void)
{
    search.wrong = false;
    if (search.replay_len == 0 && !search.exact) {
        world_watch(before_operation);
    }
    if (setjmp(elsewhere) == 0) {
        run_to_rest();
    }
    world_watch(NULL);
    ask(world_breaches() == 0, "I3 (programmed twice)");
}

/* --- Cuts ------------------------------------------------------------------
 */

bool tear_op(const struct op *op, uint32_t tear, bool metastable,
             uint32_t *tears)
{
    uint32_t kinds[FAKE_FAULT_COUNT] = {0};

    if (op->kind == OP_COUNTER) {
        if (tear == 1) {
            apply(op);
        }
        *tears = 2;
        search.now
            .kinds[tear == 0 ? FAKE_FAULT_NOT_BEGUN : FAKE_FAULT_STATUS_LOST]++;
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
        search.now.kinds[i] += flash->faults[i] - kinds[i];
    }
    return true;
}

void cut_was(const struct op *op, const struct fault *fault)
{
    search.path[search.path_len++] = *fault;
    world_set_moods(fault->mood);
    search.life = op->life;
    search.life.cause = PAWL_RESET_POWER_ON;
    search.life.done = 0;
    search.life.rotted |= fault->tear == ROT ? 1U : 0U;
}

/* One way to read what was cut: a device of the next depth. */
static void follow(const struct op *op, const struct fault *fault, int depth)
{
    uint32_t ecc = world_ecc_reads();

    cut_was(op, fault);
    search.depth = depth;
    search.run++;
    search.wrong = false;
    if (!known_at_reset()) {
        search.now.states++;
        explore(depth);
        search.now.kinds[FAKE_FAULT_ECC] += world_ecc_reads() - ecc;
    }
    search.path_len--;
}

/* The device was cut; it is read in each mood, and each is a device. */
static void branch(const struct op *op, const struct fault *fault, int depth)
{
    static const uint8_t weak[] = {FAKE_MOOD_ERASED, FAKE_MOOD_PROGRAMMED,
                                   FAKE_MOOD_MIXED, FAKE_MOOD_ECC,
                                   FAKE_MOOD_PATCHY};
    static const uint8_t solid[] = {FAKE_MOOD_ERASED, FAKE_MOOD_ECC};
    bool torn = world_torn();
    bool is_weak = torn && (fault->metastable != 0 || search.path_len > 0);
    const uint8_t *moods = is_weak ? weak : solid;
    uint32_t count = is_weak ? sizeof(weak) : torn ? 2U : 1U;
    uint8_t replayed = 0;
    struct world *cut = NULL;
    struct fault step = *fault;

    if (search.replay_len != 0) {
        replayed = (uint8_t)search.replay[search.path_len].mood;
        moods = &replayed;
        count = 1;
    }
    world_power_on();
    cut = world_save();
    search.now.faults++;
    search.now.phases[op->phase]++;
    for (uint32_t i = 0; i < count; i++) {
        step.mood = moods[i];
        world_load(cut);
        follow(op, &step, depth);
    }
    free(cut);
}

/* Whether this fault is on the path that is asked for, or in the sample. */
static bool wanted(const struct fault *fault)
{
    if (search.replay_len != 0) {
        const struct fault *want = &search.replay[search.path_len];

        return search.path_len < search.replay_len && want->op == fault->op &&
               want->tear == fault->tear &&
               want->metastable == fault->metastable;
    }
    if (search.path_len == 0 || search.stride <= 1) {
        return true;
    }
    const struct fault *first = &search.path[search.path_len - 1];
    uint32_t number = fault->op * 31U + first->op * 7U + first->tear * 3U +
                      first->mood + fault->tear * 5U + fault->metastable;
    return number % search.stride == 0;
}

/* Rot is tried while the image is on its way. */
static bool may_rot(const struct op *op)
{
    return search.path_len == 0 && op->kind == OP_PROGRAM &&
           (op->phase == PHASE_CHECKPOINT || op->phase == PHASE_DOWNLOAD) &&
           fake_flash_touched(&device.image[1], 0, FAKE_SECTOR);
}

static void cut_op(const struct op *op, uint32_t number, int depth,
                   const struct world *before)
{
    uint32_t tears = 1;

    for (uint32_t tear = 0; tear < tears; tear++) {
        for (uint32_t metastable = 0; metastable < 2; metastable++) {
            struct fault fault = {number, tear, metastable, 0};

            if (!wanted(&fault) && (tear != 0 || metastable != 0)) {
                continue;
            }
            world_load(before);
            const struct totals sum = search.now;
            if (tear_op(op, tear, metastable != 0, &tears) && wanted(&fault)) {
                branch(op, &fault, depth);
            } else { /* it only told how many tears there are */
                memcpy(search.now.kinds, sum.kinds, sizeof(sum.kinds));
            }
        }
    }
    struct fault fade = {number, ROT, 0, 0};
    world_load(before);
    if (may_rot(op) && wanted(&fade)) {
        rot();
        search.now.rot++;
        branch(op, &fade, depth);
    }
}

/*
 * Power fails before operation n, and with it goes what no sync() had made
 * durable. Pawl syncs each operation, so that this is rare: an erase.
 */
static void cut_unsynced(const struct log *log, uint32_t n, int depth,
                         const struct world *base)
{
    struct fault fault = {n, UNSYNCED, 0, 0};
    bool any = false;

    for (uint32_t i = 0; i < n; i++) {
        any |= log->ops[i].kind != OP_COUNTER && log->ops[i].synced > n;
    }
    if (!any || !wanted(&fault)) {
        return;
    }
    world_load(base);
    for (uint32_t i = 0; i < n; i++) {
        if (log->ops[i].kind == OP_COUNTER || log->ops[i].synced <= n) {
            apply(&log->ops[i]);
        }
    }
    search.now.unsynced++;
    branch(&log->ops[n], &fault, depth);
}

/* --- The search ------------------------------------------------------------
 */

/* Cuts each operation of a run that began at base. */
static void cut_all(const struct log *log, int depth, const struct world *base)
{
    bool first = search.path_len == 0 && search.replay_len == 0 &&
                 search.life.ending != ENDS_ACCEPTED;

    world_load(base);
    for (uint32_t i = 0; i < log->count; i++) {
        struct world *cursor = world_save();

        /* Before the staging all endings are alike. */
        if (!first || log->ops[i].life.staged != 0) {
            cut_op(&log->ops[i], i, depth - 1, cursor);
            cut_unsynced(log, i, depth - 1, base);
        }
        world_load(cursor);
        free(cursor);
        apply(&log->ops[i]);
    }
}

void explore(int depth)
{
    struct log log = {0};
    struct world *base = depth > 0 ? world_save() : NULL;

    search.depth = depth;
    search.recording = depth > 0 ? &log : NULL;
    run();
    search.recording = NULL;
    if (search.replay_len != 0) {
        show(&log);
    }
    if (depth > 0 && !search.wrong) {
        cut_all(&log, depth, base);
    }
    free(base);
    free(log.ops);
}
