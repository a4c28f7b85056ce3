/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches the faults of the journal, all of them, on the code itself.
 *
 * A node is a device without power: a flash, and what the outside world knows
 * of it. From each node every distinct reading of the half-charged cells is
 * booted; the journal settles; then nothing, a commit, two commits or a
 * compaction follow. Before each operation the device is copied, and power is
 * cut in the copy in every way the flash can be torn: those are the nodes of
 * the next depth. Sessions that end without a cut lead to nodes of the same
 * depth. Nodes that are alike (verdicts of all frames under all readings,
 * numbers taken relative to the newest) are searched once.
 *
 * The oracle, at each boot:
 *   I1 the state recovered is the last acknowledged one or the one in flight
 *   I2 once a state was acted upon, no other one is recovered
 *   I3 the flash saw no unit programmed twice without an erase
 *   I7 sequence numbers rise strictly
 *   I8 a clean boot is not an operation of the flash
 *   I9 without a further fault the journal settles and takes a commit
 *
 * A violation prints its replay id; `fault_journal --replay ID` shows it.
 */
#include "base/base.h"
#include "fake/fake_flash.h"
#include "journal/journal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD 4U
#define FRAMES_MAX 64U /* both banks */
#define DEPTH_MAX 6
#define SESSIONS_MAX 64
#define VIEWS_MAX 512
#define VISITED_MAX (1U << 24)
#define VIOLATIONS_SHOWN 5

struct geometry {
    const char *name;
    uint32_t unit;
    uint8_t erased;
    uint32_t spare;  /* bytes of a bank behind its 16 frames */
    uint32_t blocks; /* erase blocks of a bank */
    bool deep;       /* searched to the full depth without --all too */
};

static const struct geometry geometries[] = {
    {"W1 Eff", 1, 0xFF, 0, 1, false},
    {"W1 E00 odd", 1, 0x00, 6, 2, false},
    {"W2 Eff", 2, 0xFF, 0, 4, false},
    {"W2 E00", 2, 0x00, 0, 1, false},
    {"W4 Eff 17", 4, 0xFF, 28, 1, true},
    {"W4 E00", 4, 0x00, 0, 2, false},
    {"W8 Eff", 8, 0xFF, 0, 1, true},
    {"W8 E00 odd", 8, 0x00, 16, 3, true},
    {"W16 Eff", 16, 0xFF, 0, 1, true},
    {"W16 E00", 16, 0x00, 0, 2, true},
    {"W32 Eff 19", 32, 0xFF, 192, 1, false},
    {"W32 E00", 32, 0x00, 0, 2, true},
    {"W64 Eff", 64, 0xFF, 0, 1, false},
    {"W64 E00", 64, 0x00, 0, 4, true},
    {"W512 Eff", 512, 0xFF, 0, 1, false},
    {"W512 E00 2", 512, 0x00, 0, 2, false},
};

/* Frames left in the bank when the search begins, or a blank region. */
#define BLANK (-1)
#define COMPACTED (-2)
/* A cut compaction: a whole record, no proof, no room. */
#define UNPROVEN (-3)
/* The same, but the record is half charged. */
#define FADING (-4)
/* A newer state than the other bank's, every proof of it half charged. */
#define WEAK_PROOFS (-6)
/* Nothing valid in either bank. */
#define LOST (-5)
static const int seeds[] = {BLANK, COMPACTED, 7,      5,    4,          3, 2, 1,
                            0,     UNPROVEN,  FADING, LOST, WEAK_PROOFS};
static const char *const seed_names[] = {
    "blank",  "compacted", "7 free",     "5 free", "4 free",
    "3 free", "2 free",    "1 free",     "full",   "unproven",
    "fading", "lost",      "weak proofs"};

enum script {
    SCRIPT_BOOT,
    SCRIPT_COMMIT,
    SCRIPT_COMPACT
};

/* One session of a path, for the replay id. */
struct session {
    uint32_t moods; /* base FAKE_MOOD_COUNT, group 1 first */
    enum script script;
    uint32_t step; /* that was cut; UINT32_MAX: none */
    uint32_t tear;
    bool metastable;
};

struct node {
    struct fake_flash flash;
    uint32_t acked;     /* the value that must be there; 0: none */
    uint32_t in_flight; /* or this one; 0: none */
    uint32_t newest;    /* value given out */
    uint32_t sequence;  /* highest one seen in force */
    bool acted;         /* acked was acted upon at a boot */
    int sessions;
    struct session path[SESSIONS_MAX];
};

struct totals {
    uint64_t faults[FAKE_FAULT_COUNT];
    uint64_t phases[PAWL_JOURNAL_BROKEN]; /* in which power was cut */
    uint64_t cuts, boots, states, violations;
};

static struct totals all, now;
static struct pawl_journal_geometry frames;
static int geometry_at, seed_at;
static int verbose, stop_at_first;

/* A single path that is to be shown: sessions of it, 0 for a search. */
static struct session replay[SESSIONS_MAX];
static int replay_sessions;

/* --- Memory ----------------------------------------------------------------
 */

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        exit(2);
    }
}

static struct node *node_copy(const struct node *from)
{
    uint32_t size = from->flash.port.size;
    struct node *node = malloc(sizeof(*node));
    uint8_t *memory = malloc(FAKE_FLASH_MEMORY(size));

    if (node == NULL || memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    *node = *from;
    fake_flash_copy(&node->flash, memory, &from->flash);
    return node;
}

static void node_free(struct node *node)
{
    free(node->flash.bits);
    free(node);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
    hash *= 0xFF51AFD7ED558CCDULL;
    return hash ^ hash >> 32;
}

/* Nodes searched: two 32-bit halves would collide, 64 bits do not yet. */
static uint64_t *visited;
static uint32_t visited_count;

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
    if (++visited_count > VISITED_MAX / 4U * 3U) {
        fprintf(stderr, "the table of states is full\n");
        exit(2);
    }
    visited[at] = key;
    return true;
}

/* --- Violations
 * ---------------------------------------------------------------- */

static void print_id(const struct node *node)
{
    printf("%d/%d", geometry_at, seed_at);
    for (int i = 0; i < node->sessions; i++) {
        const struct session *session = &node->path[i];

        printf("/%x.%d.%d.%u.%d", session->moods, (int)session->script,
               (int)session->step, session->tear, session->metastable ? 1 : 0);
    }
}

static void print_totals(const struct totals *totals)
{
    printf("faults %llu boots %llu states %llu violations %llu\n",
           (unsigned long long)totals->cuts, (unsigned long long)totals->boots,
           (unsigned long long)totals->states,
           (unsigned long long)totals->violations);
    fflush(stdout);
}

static void violation(const struct node *node, const char *what)
{
    if (now.violations++ < VIOLATIONS_SHOWN) {
        printf("violation %s: %s, seed %s, replay ", what,
               geometries[geometry_at].name, seed_names[seed_at]);
        print_id(node);
        printf("\n");
        fflush(stdout);
    }
    if (stop_at_first != 0) {
        print_totals(&now);
        exit(1);
    }
}

/* The step of a replayed path that node is in; NULL in a search. */
static const struct session *replayed(const struct node *node)
{
    static const struct session beyond = {0, SCRIPT_BOOT, UINT32_MAX, 0, false};

    if (replay_sessions == 0) {
        return NULL;
    }
    return node->sessions <= replay_sessions ? &replay[node->sessions - 1]
                                             : &beyond;
}

/* --- Readings ---------------------------------------------------------------
 */

static uint32_t frame_offset(uint32_t n)
{
    return pawl_frame_offset(&frames, n / frames.frames, n % frames.frames);
}

static uint32_t value_of(struct pawl_bytes payload)
{
    return payload.len == PAYLOAD ? pawl_get_u32(payload.data) : 0;
}

static void read_n(struct node *node, uint32_t n, uint8_t *buf,
                   struct pawl_frame *frame)
{
    (void)pawl_frame_read(&node->flash.port, &frames, n / frames.frames,
                          n % frames.frames, buf, frame);
}

/* What of a frame tells one reading from another. */
static uint64_t frame_digest(struct node *node, uint32_t n)
{
    uint8_t buf[1024];
    struct pawl_frame frame;

    read_n(node, n, buf, &frame);
    if (frame.verdict < PAWL_FRAME_IS_RECORD) {
        return frame.verdict == PAWL_FRAME_IS_UNREADABLE ? PAWL_FRAME_IS_INVALID
                                                         : frame.verdict;
    }
    return mix(mix(frame.verdict, frame.epoch), frame.sequence);
}

/* One reading of one frame, for the key of a node. */
struct reading {
    enum pawl_frame_verdict verdict;
    uint32_t epoch, sequence, value;
};

static void take_reading(struct node *node, uint32_t n, struct reading *reading)
{
    uint8_t buf[1024];
    struct pawl_frame frame;

    read_n(node, n, buf, &frame);
    *reading = (struct reading){frame.verdict, frame.epoch, frame.sequence,
                                value_of(frame.payload)};
    if (frame.verdict == PAWL_FRAME_IS_UNREADABLE) {
        reading->verdict = PAWL_FRAME_IS_INVALID;
    }
}

static void set_all_moods(struct fake_flash *flash, uint8_t mood)
{
    memset(flash->mood, mood, sizeof(flash->mood));
}

/* Names the groups 1, 2, ... in the order in which they are met. */
static uint16_t rename_groups(uint16_t groups, uint8_t names[16], uint8_t *next)
{
    uint16_t renamed = 0;

    for (unsigned g = 1; g < 16U; g++) {
        if ((groups & 1U << g) != 0) {
            if (names[g] == 0) {
                names[g] = ++*next;
            }
            renamed |= (uint16_t)(1U << names[g]);
        }
    }
    return renamed;
}

static uint64_t mix_reading(uint64_t key, const struct node *node,
                            const struct reading *reading,
                            const struct reading *newest)
{
    key = mix(key, reading->verdict);
    if (reading->verdict < PAWL_FRAME_IS_RECORD) {
        return key;
    }
    key = mix(key, newest->epoch - reading->epoch);
    key = mix(key, newest->sequence - reading->sequence);
    return mix(key, reading->value == node->acked       ? 1
                    : reading->value == node->in_flight ? 2
                                                        : 3);
}

/*
 * What decides how a node goes on: the verdicts of each frame under each
 * mood, which frames fade together, which were touched; numbers relative to
 * the newest.
 */
static uint64_t node_key(struct node *node, int depth, int spare)
{
    static struct reading readings[FRAMES_MAX][FAKE_MOOD_COUNT];
    uint8_t moods[FRAMES_MAX];
    struct reading newest = {0};
    uint8_t names[16] = {0};
    uint8_t next = 0;
    uint64_t key = mix(mix(7, (uint64_t)depth), (uint64_t)spare);

    key = mix(key, (node->in_flight != 0 ? 1U : 0U) +
                       (node->acked != 0 ? 2U : 0U) + (node->acted ? 4U : 0U));
    for (uint32_t n = 0; n < 2U * frames.frames; n++) {
        uint32_t off = frame_offset(n);
        uint16_t torn = fake_flash_torn(&node->flash, off, frames.frame_size);

        moods[n] = torn != 0 ? FAKE_MOOD_COUNT : 1;
        key = mix(key, rename_groups(torn, names, &next));
        key = mix(key, fake_flash_touched(&node->flash, off, frames.frame_size)
                           ? 1
                           : 0);
        for (uint8_t mood = 0; mood < moods[n]; mood++) {
            struct reading *reading = &readings[n][mood];

            if (torn != 0) {
                set_all_moods(&node->flash, mood);
            }
            take_reading(node, n, reading);
            if (reading->verdict >= PAWL_FRAME_IS_RECORD) {
                newest.epoch = reading->epoch > newest.epoch ? reading->epoch
                                                             : newest.epoch;
                newest.sequence = reading->sequence > newest.sequence
                                      ? reading->sequence
                                      : newest.sequence;
            }
        }
    }
    for (uint32_t n = 0; n < 2U * frames.frames; n++) {
        for (uint8_t mood = 0; mood < moods[n]; mood++) {
            key = mix_reading(key, node, &readings[n][mood], &newest);
        }
    }
    return key;
}

static uint16_t active_groups(const struct node *node)
{
    return fake_flash_torn(&node->flash, 0, node->flash.port.size);
}

static void set_moods(struct node *node, uint32_t moods)
{
    uint16_t active = active_groups(node);

    for (uint8_t g = 1; g <= FAKE_FLASH_GROUPS; g++) {
        if ((active & 1U << g) != 0) {
            fake_flash_set_mood(&node->flash, g,
                                (enum fake_mood)(moods % FAKE_MOOD_COUNT));
            moods /= FAKE_MOOD_COUNT;
        }
    }
}

/* The mood numbers that give distinct readings of the torn frames. */
static uint32_t distinct_views(struct node *node, uint32_t views[VIEWS_MAX])
{
    uint64_t seen[VIEWS_MAX];
    uint32_t count = 0;
    uint32_t combinations = 1;
    uint16_t active = active_groups(node);

    for (unsigned g = 1; g < 16U; g++) {
        combinations *= (active & 1U << g) != 0 ? FAKE_MOOD_COUNT : 1;
    }
    for (uint32_t moods = 0; moods < combinations && count < VIEWS_MAX;
         moods++) {
        uint64_t view = 3;
        bool known = false;

        set_moods(node, moods);
        for (uint32_t n = 0; n < 2U * frames.frames; n++) {
            if (fake_flash_torn(&node->flash, frame_offset(n),
                                frames.frame_size) != 0) {
                view = mix(view, frame_digest(node, n));
            }
        }
        for (uint32_t i = 0; i < count && !known; i++) {
            known = seen[i] == view;
        }
        if (!known) {
            seen[count] = view;
            views[count++] = moods;
        }
    }
    return count;
}

/* --- The search
 * ---------------------------------------------------------------- */

static void explore(struct node *node, int depth, int spare);

/* A device with power: the journal runs. */
struct device {
    struct node *node;
    struct pawl_journal journal;
};

static void count_faults(const struct fake_flash *flash,
                         const struct fake_flash *before)
{
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        now.faults[i] += flash->faults[i] - before->faults[i];
    }
}

/* Whether the last fault left anything that can be weak. */
static bool torn_by(const struct fake_flash *flash,
                    const struct fake_flash *before)
{
    return flash->faults[FAKE_FAULT_NOT_BEGUN] ==
               before->faults[FAKE_FAULT_NOT_BEGUN] &&
           flash->faults[FAKE_FAULT_PREFIX] ==
               before->faults[FAKE_FAULT_PREFIX] &&
           flash->faults[FAKE_FAULT_STATUS_LOST] ==
               before->faults[FAKE_FAULT_STATUS_LOST];
}

/* Cuts the next step in every way. The last session of the path tells where. */
static void cut_next_step(const struct device *device, int depth, int spare)
{
    uint32_t tears = 1;

    for (uint32_t tear = 0; tear < tears; tear++) {
        for (int metastable = 0; metastable < 2; metastable++) {
            struct node *child = node_copy(device->node);
            struct pawl_journal journal = device->journal;
            struct session *session = &child->path[child->sessions - 1];
            const struct session *want = replayed(child);
            bool cut = false;

            journal.flash = &child->flash.port;
            fake_flash_cut_power_at(&child->flash, 0);
            fake_flash_set_tear(&child->flash, tear, metastable != 0);
            bool went_on = pawl_journal_step(&journal) == PAWL_PENDING;
            cut = fake_flash_power_on(&child->flash);
            must(!(cut && went_on), "a step went on without power");
            session->tear = tear;
            session->metastable = metastable != 0;
            if (cut && metastable != 0 &&
                !torn_by(&child->flash, &device->node->flash)) {
                tears = fake_flash_tears(&child->flash);
            } else if (cut) {
                tears = fake_flash_tears(&child->flash);
                now.cuts++;
                now.phases[device->journal.phase]++;
                count_faults(&child->flash, &device->node->flash);
                if (want == NULL ||
                    (want->step == session->step && want->tear == tear &&
                     want->metastable == session->metastable &&
                     want->script == session->script)) {
                    explore(child, depth - 1, spare);
                }
            }
            node_free(child);
        }
    }
}

/* Steps to the end, with a branch at each step. */
static enum pawl_status run(struct device *device, int depth, int spare)
{
    struct node *node = device->node;
    struct session *session = &node->path[node->sessions - 1];
    enum pawl_status status = PAWL_PENDING;

    for (session->step = 0; status == PAWL_PENDING; session->step++) {
        if (depth > 0) {
            cut_next_step(device, depth, spare);
        }
        if (session->step > 8U * FRAMES_MAX) {
            violation(node, "I9 (no end)");
            return PAWL_ERR_FAULT;
        }
        status = pawl_journal_step(&device->journal);
    }
    session->step = UINT32_MAX;
    if (node->flash.breaches != 0) {
        violation(node, "I3 (programmed twice)");
        node->flash.breaches = 0;
    }
    return status;
}

static bool recovered_ok(const struct node *node,
                         const struct pawl_journal *journal)
{
    uint32_t value = value_of(pawl_journal_payload(journal));

    if (pawl_journal_found(journal) != PAWL_JOURNAL_VALID) {
        value = 0;
    }
    /* Before anything was acknowledged, whatever was tried may be there. */
    if (value == node->acked || (value != 0 && value == node->in_flight) ||
        (node->acked == 0 && value <= node->newest)) {
        return true;
    }
    violation(node, node->acted ? "I2 (another state after acting)"
                                : "I1 (neither acknowledged nor in flight)");
    return false;
}

static bool sequence_ok(struct node *node, const struct pawl_journal *journal,
                        bool wrote)
{
    bool ok = wrote ? journal->sequence > node->sequence
                    : journal->sequence >= node->sequence;

    if (!ok && pawl_journal_found(journal) == PAWL_JOURNAL_VALID) {
        violation(node, "I7 (sequence)");
    }
    node->sequence = journal->sequence;
    return ok;
}

static struct device device_copy(const struct device *from, enum script script)
{
    struct device device = {node_copy(from->node), from->journal};

    device.journal.flash = &device.node->flash.port;
    device.node->path[device.node->sessions - 1].script = script;
    return device;
}

/* The settled device commits; then is cut, or loses power after it. */
static void commit_once(const struct device *settled, int depth, int spare)
{
    struct device device = device_copy(settled, SCRIPT_COMMIT);
    struct node *node = device.node;
    uint8_t payload[PAYLOAD];

    for (int i = 0; i < (depth > 0 ? 2 : 1); i++) {
        enum pawl_status status = PAWL_ERR_FAULT;

        node->in_flight = ++node->newest;
        pawl_put_u32(payload, node->in_flight);
        status = pawl_journal_commit(&device.journal, PAWL_BYTES(payload));
        if (status == PAWL_PENDING) {
            status = run(&device, depth, spare);
        }
        if (status != PAWL_OK) {
            violation(node, "I9 (a commit fails without a fault)");
            break;
        }
        sequence_ok(node, &device.journal, true);
        node->acked = node->in_flight;
        node->in_flight = 0;
        node->acted = false;
        if (spare > 0 && i == 0) {
            struct node *child = node_copy(node);

            explore(child, depth, spare - 1);
            node_free(child);
        }
    }
    node_free(node);
}

static void compact_once(const struct device *settled, int depth, int spare)
{
    struct device device = device_copy(settled, SCRIPT_COMPACT);
    enum pawl_status status = pawl_journal_compact(&device.journal);

    if (status == PAWL_PENDING) {
        status = run(&device, depth, spare);
        if (status != PAWL_OK) {
            violation(device.node, "I9 (compaction fails without a fault)");
        } else if (spare > 0) {
            explore(device.node, depth, spare - 1);
        }
    }
    node_free(device.node);
}

/* The device came up and settled: it acts on what it found. */
static void act(struct device *device, int depth, int spare)
{
    struct node *node = device->node;
    uint32_t value = value_of(pawl_journal_payload(&device->journal));
    struct node *child = NULL;

    if (pawl_journal_found(&device->journal) == PAWL_JOURNAL_VALID) {
        node->acked = value;
        node->in_flight = 0;
        node->acted = true;
    } /* else the first commit was cut: it may yet turn out to be there */
    child = node_copy(node);
    explore(child, depth, spare); /* it acted, and power is lost */
    node_free(child);
    commit_once(device, depth, spare);
    if (depth > 0) {
        compact_once(device, depth, spare);
    }
}

/* Prints what a boot of a replayed path sees. */
static void show(struct node *node, const struct pawl_journal *journal,
                 enum pawl_status status)
{
    const struct session *next = replayed(node);
    uint8_t scratch[1024];
    struct pawl_journal_frame_info info;

    printf("boot %d, moods %x: ", node->sessions, next->moods);
    for (uint32_t n = 0; n < 2U * frames.frames; n++) {
        must(pawl_journal_inspect(&node->flash.port, PAYLOAD, n, scratch,
                                  sizeof(scratch), &info) == PAWL_OK,
             "a frame could not be inspected");
        printf("%s%s", n == frames.frames ? " | " : " ",
               strcmp(info.verdict, "blank") == 0 ? "." : info.verdict);
        if (info.payload.len != 0) {
            printf("(%u e%u s%u)", value_of(info.payload), info.epoch,
                   info.sequence);
        }
    }
    printf("\n  acknowledged %u, in flight %u; recovers %u from bank %u, %s\n",
           node->acked, node->in_flight,
           value_of(pawl_journal_payload(journal)), journal->bank,
           status == PAWL_OK ? "clean" : "to be settled");
    if (next->step != UINT32_MAX) {
        printf("  then %s, cut in step %u, tear %u%s\n",
               next->script == SCRIPT_BOOT     ? "settles"
               : next->script == SCRIPT_COMMIT ? "commits"
                                               : "compacts",
               next->step, next->tear, next->metastable ? ", metastable" : "");
    }
}

static void boot(const struct node *from, uint32_t moods, int depth, int spare)
{
    struct device device;
    struct node *node = NULL;
    enum pawl_status status = PAWL_ERR_FAULT;
    uint32_t operations = 0;
    uint32_t ecc = 0;

    if (from->sessions < replay_sessions &&
        replay[from->sessions].moods != moods) {
        return;
    }
    device.node = node = node_copy(from);
    operations = node->flash.power->operations;

    now.boots++;
    set_moods(node, moods);
    ecc = node->flash.faults[FAKE_FAULT_ECC];
    if (node->sessions == SESSIONS_MAX) {
        node->sessions--;
    }
    node->path[node->sessions++] =
        (struct session){moods, SCRIPT_BOOT, UINT32_MAX, 0, false};
    status = pawl_journal_open(&device.journal, &node->flash.port, PAYLOAD,
                               PAWL_JOURNAL_WRITE);
    now.faults[FAKE_FAULT_ECC] += node->flash.faults[FAKE_FAULT_ECC] - ecc;
    if (from->sessions < replay_sessions) {
        show(node, &device.journal, status);
    }
    if (status != PAWL_OK && status != PAWL_PENDING) {
        violation(node, "I9 (open fails)");
    } else if (recovered_ok(node, &device.journal)) {
        bool clean = status == PAWL_OK;

        status = clean ? PAWL_OK : run(&device, depth, spare);
        if (clean && node->flash.power->operations != operations) {
            violation(node, "I8 (a clean boot wrote)");
        }
        if (status != PAWL_OK) {
            violation(node, "I9 (settling fails without a fault)");
        } else if (recovered_ok(node, &device.journal)) {
            sequence_ok(node, &device.journal, !clean);
            act(&device, depth, spare);
        }
    }
    node_free(node);
}

static void explore(struct node *node, int depth, int spare)
{
    uint32_t views[VIEWS_MAX];
    uint32_t count = 0;

    if (replay_sessions == 0 && !visit(node_key(node, depth, spare))) {
        return;
    }
    if (replay_sessions != 0 && node->sessions > replay_sessions) {
        return;
    }
    now.states++;
    count = distinct_views(node, views);
    for (uint32_t i = 0; i < count; i++) {
        boot(node, views[i], depth, spare);
    }
}

/* --- Seeds
 * ---------------------------------------------------------------------- */

static void seed_commit(struct node *node, struct pawl_journal *journal)
{
    uint8_t payload[PAYLOAD];

    node->acked = ++node->newest;
    pawl_put_u32(payload, node->acked);
    must(pawl_journal_commit(journal, PAWL_BYTES(payload)) == PAWL_PENDING &&
             pawl_journal_finish(journal, NULL, NULL) == PAWL_OK,
         "a seed could not be made");
    node->sequence = journal->sequence;
}

/* Opens with every weak bit reading as programmed. */
static enum pawl_status seed_open(struct node *node,
                                  struct pawl_journal *journal)
{
    (void)fake_flash_power_on(&node->flash);
    set_all_moods(&node->flash, FAKE_MOOD_PROGRAMMED);
    return pawl_journal_open(journal, &node->flash.port, PAYLOAD,
                             PAWL_JOURNAL_WRITE);
}

static void seed_step_to(struct pawl_journal *journal,
                         enum pawl_journal_phase phase)
{
    while (journal->phase != phase) {
        must(pawl_journal_step(journal) == PAWL_PENDING, "a seed went wrong");
    }
}

/* The tear of a seal that leaves every unit of it half charged. */
static uint32_t all_units_weak(const struct node *node)
{
    uint32_t units =
        (frames.frame_size - frames.body_size) / node->flash.port.program_size;

    return 3U * (units <= 6U ? units : 5U);
}

/*
 * A compaction is cut behind its record, and then settling is cut, again and
 * again, until the new bank has no room either: with no proof in it, the old
 * bank is what counts. It takes more cuts than a search can go deep.
 */
static void seed_unproven(struct node *node, struct pawl_journal *journal,
                          bool fading)
{
    must(pawl_journal_compact(journal) == PAWL_PENDING, "a seed went wrong");
    if (fading) {
        seed_step_to(journal, PAWL_JOURNAL_RECORD_SEAL);
        fake_flash_cut_power_at(&node->flash, 0);
        fake_flash_set_tear(&node->flash, all_units_weak(node), true);
        must(pawl_journal_step(journal) == PAWL_ERR_IO, "a seed went wrong");
    } else {
        seed_step_to(journal, PAWL_JOURNAL_PROOF_BODY);
    }
    while (seed_open(node, journal) == PAWL_PENDING &&
           journal->spend_end + 2U <= frames.frames) {
        seed_step_to(journal, PAWL_JOURNAL_RECORD_SEAL);
    }
    must(!journal->proven, "a seed is proved that should not be");
    node->sequence = 0; /* of what is lost with the new bank */
}

/*
 * Each commit to the new bank is cut in the seal of its proof, which then
 * reads well, so that the state is acted upon; at last all proofs fade, and
 * settling is cut until there is no room.
 */
static void seed_weak_proofs(struct node *node, struct pawl_journal *journal)
{
    uint8_t payload[PAYLOAD] = {0};

    must(pawl_journal_compact(journal) == PAWL_PENDING, "a seed went wrong");
    do {
        seed_step_to(journal, PAWL_JOURNAL_PROOF_SEAL);
        fake_flash_cut_power_at(&node->flash, 0);
        fake_flash_set_tear(&node->flash, all_units_weak(node), true);
        must(pawl_journal_step(journal) == PAWL_ERR_IO, "a seed went wrong");
        must(seed_open(node, journal) == PAWL_OK, "a seed is not clean");
        node->acked = node->newest;
        pawl_put_u32(payload, ++node->newest);
        must(pawl_journal_commit(journal, PAWL_BYTES(payload)) == PAWL_PENDING,
             "a seed could not commit");
    } while (journal->phase == PAWL_JOURNAL_SPEND);
    node->acted = true;
    node->sequence = 0;
    while (true) {
        set_all_moods(&node->flash, FAKE_MOOD_ERASED);
        must(pawl_journal_open(journal, &node->flash.port, PAYLOAD,
                               PAWL_JOURNAL_WRITE) == PAWL_PENDING,
             "a seed needs no settling");
        if (journal->spend_end + 2U > frames.frames) {
            return;
        }
        seed_step_to(journal, PAWL_JOURNAL_RECORD_SEAL);
    }
}

/*
 * Commits leave three frames for settling; fewer are free only after cuts.
 * What commits fill up to before seed_cuts() takes the rest.
 */
static uint32_t base_of(int free_frames)
{
    if (free_frames >= 3) {
        return (uint32_t)free_frames;
    }
    return free_frames == 1 ? 5U : 6U;
}

/* Cuts a commit in its record, then settling in its own, and so on. */
static void seed_cuts(struct node *node, struct pawl_journal *journal, int cuts)
{
    uint8_t payload[PAYLOAD] = {0};

    pawl_put_u32(payload, node->newest + 1U);
    must(pawl_journal_commit(journal, PAWL_BYTES(payload)) == PAWL_PENDING,
         "a seed could not be cut");
    for (; cuts > 0; cuts--) {
        seed_step_to(journal, PAWL_JOURNAL_RECORD_SEAL);
        must(seed_open(node, journal) == PAWL_PENDING,
             "a seed needs no settling");
    }
    must(pawl_journal_finish(journal, NULL, NULL) == PAWL_OK,
         "a seed could not be settled");
    node->sequence = journal->sequence;
}

/* A healthy flash with so many frames free in the bank in force. */
static struct node *make_seed(const struct geometry *geometry, int free_frames)
{
    struct node *node = calloc(1, sizeof(*node));
    struct pawl_journal journal;
    uint32_t free_wanted = 0;
    uint32_t body =
        (16U + PAYLOAD + geometry->unit - 1U) / geometry->unit * geometry->unit;
    uint32_t seal =
        (8U + geometry->unit - 1U) / geometry->unit * geometry->unit;
    uint32_t bank = 16U * (body + seal) + geometry->spare;

    must(bank % geometry->blocks == 0 &&
             bank / geometry->blocks % geometry->unit == 0 && node != NULL,
         "a geometry does not come out even");
    fake_flash_open(&node->flash, malloc(FAKE_FLASH_MEMORY(2U * bank)),
                    2U * bank, bank / geometry->blocks, geometry->unit,
                    geometry->erased);
    node->flash.mood_span = body + seal;
    must(pawl_journal_open(&journal, &node->flash.port, PAYLOAD,
                           PAWL_JOURNAL_WRITE) == PAWL_OK,
         "a seed could not be opened");
    frames = journal.geometry;
    if (free_frames == BLANK) {
        return node;
    }
    if (free_frames == LOST) {
        static const uint8_t noise[8] = {0xA5, 0x5A, 0x3C, 0xC3};

        fake_flash_load(&node->flash, 0, noise, sizeof(noise));
        fake_flash_load(&node->flash, bank, noise, sizeof(noise));
        return node;
    }
    while (journal.epoch < 4) { /* so that both banks hold records */
        seed_commit(node, &journal);
    }
    must(pawl_journal_compact(&journal) == PAWL_PENDING &&
             pawl_journal_finish(&journal, NULL, NULL) == PAWL_OK,
         "a seed could not be compacted");
    node->sequence = journal.sequence;
    free_wanted = base_of(free_frames);
    while (free_frames != COMPACTED &&
           frames.frames - journal.next > free_wanted) {
        if ((frames.frames - journal.next - free_wanted) % 2U != 0) {
            must(pawl_journal_open(&journal, &node->flash.port, PAYLOAD,
                                   PAWL_JOURNAL_WRITE) == PAWL_OK,
                 "a seed could not be opened again");
        }
        seed_commit(node, &journal);
    }
    if (free_frames >= 0 && free_frames < 3) {
        seed_cuts(node, &journal, free_frames == 0 ? 2 : 1);
        must(frames.frames - journal.next == (uint32_t)free_frames,
             "a seed did not come out as it should");
    }
    if (free_frames == WEAK_PROOFS) {
        seed_weak_proofs(node, &journal);
    }
    if (free_frames == UNPROVEN || free_frames == FADING) {
        seed_unproven(node, &journal, free_frames == FADING);
    }
    memset(node->flash.faults, 0, sizeof(node->flash.faults));
    return node;
}

static void add(struct totals *to, const struct totals *from)
{
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        to->faults[i] += from->faults[i];
    }
    for (int i = 0; i < PAWL_JOURNAL_BROKEN; i++) {
        to->phases[i] += from->phases[i];
    }
    to->cuts += from->cuts;
    to->boots += from->boots;
    to->states += from->states;
    to->violations += from->violations;
}

static void search_geometry(int at, int depth, int spare)
{
    struct totals sum = {0};

    geometry_at = at;
    for (seed_at = 0; seed_at < (int)PAWL_ARRAY_LEN(seeds); seed_at++) {
        struct node *node = make_seed(&geometries[at], seeds[seed_at]);

        if (visited_count > 0) {
            memset(visited, 0, VISITED_MAX * sizeof(*visited));
        }
        visited_count = 0;
        memset(&now, 0, sizeof(now));
        /* Many cuts went into the last seed; its readings are many too. */
        explore(node, seeds[seed_at] == WEAK_PROOFS && depth > 1 ? 1 : depth,
                spare);
        if (verbose > 0) {
            printf("  %-12s %-8s depth %d faults %llu boots %llu states %llu "
                   "violations %llu\n",
                   geometries[at].name, seed_names[seed_at], depth,
                   (unsigned long long)now.cuts, (unsigned long long)now.boots,
                   (unsigned long long)now.states,
                   (unsigned long long)now.violations);
            fflush(stdout);
        }
        add(&sum, &now);
        node_free(node);
    }
    printf("%-12s depth %d  faults %9llu  boots %9llu  states %9llu  "
           "violations %llu\n",
           geometries[at].name, depth, (unsigned long long)sum.cuts,
           (unsigned long long)sum.boots, (unsigned long long)sum.states,
           (unsigned long long)sum.violations);
    fflush(stdout);
    add(&all, &sum);
}

/* By kind and by phase; run.sh adds them up and fails where one is zero. */
static void print_kinds(void)
{
    static const char *const phases[PAWL_JOURNAL_BROKEN] = {
        "",           "spend",     "record body", "record seal", "proof body",
        "proof seal", "void lost", "void",        "erase"};

    for (int i = 0; i < FAKE_FAULT_REFUSED; i++) {
        printf("kind %s: %llu\n", fake_fault_name((enum fake_fault)i),
               (unsigned long long)all.faults[i]);
    }
    for (int i = 1; i < PAWL_JOURNAL_BROKEN; i++) {
        printf("phase %s: %llu\n", phases[i],
               (unsigned long long)all.phases[i]);
    }
}

/* geometry/seed/moods.script.step.tear.metastable/... */
static void show_replay(const char *id)
{
    int used = 0;
    struct node *node = NULL;
    int depth = 0;

    must(sscanf(id, "%d/%d%n", &geometry_at, &seed_at, &used) == 2 &&
             geometry_at >= 0 &&
             geometry_at < (int)PAWL_ARRAY_LEN(geometries) && seed_at >= 0 &&
             seed_at < (int)PAWL_ARRAY_LEN(seeds),
         "not a replay id");
    for (id += used; *id == '/' && replay_sessions < SESSIONS_MAX; id += used) {
        struct session *session = &replay[replay_sessions++];
        int step = 0;
        int script = 0;
        int metastable = 0;

        must(sscanf(id, "/%x.%d.%d.%u.%d%n", &session->moods, &script, &step,
                    &session->tear, &metastable, &used) == 5,
             "not a replay id");
        session->script = (enum script)script;
        session->step = (uint32_t)step;
        session->metastable = metastable != 0;
        depth += step >= 0 ? 1 : 0;
    }
    node = make_seed(&geometries[geometry_at], seeds[seed_at]);
    printf("%s, seed %s\n", geometries[geometry_at].name, seed_names[seed_at]);
    explore(node, depth, 2);
    node_free(node);
}

int main(int argc, char **argv)
{
    int depth = 2;
    int spare = 0;
    int part = 0;
    int parts = 1;
    int only = -1;
    bool every = false;

    visited = calloc(VISITED_MAX, sizeof(*visited));
    must(visited != NULL, "out of memory");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            verbose = 1;
        } else if (strcmp(argv[i], "--all") == 0) {
            every = true;
        } else if (strcmp(argv[i], "--first") == 0) {
            stop_at_first = 1;
        } else if (i + 1 < argc && strcmp(argv[i], "--depth") == 0) {
            depth = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--spare") == 0) {
            spare = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--geometry") == 0) {
            only = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--part") == 0) {
            must(sscanf(argv[++i], "%d/%d", &part, &parts) == 2 && parts > 0,
                 "--part is k/n");
        } else if (i + 1 < argc && strcmp(argv[i], "--replay") == 0) {
            show_replay(argv[++i]);
            return now.violations != 0;
        } else {
            must(false,
                 "usage: fault_journal [-v] [--all] [--first] [--depth n] "
                 "[--spare n] [--geometry n | --part k/n] "
                 "[--replay id]");
        }
    }
    for (int at = 0; at < (int)PAWL_ARRAY_LEN(geometries); at++) {
        if (only == at || (only < 0 && at % parts == part)) {
            bool deep = every || only == at || geometries[at].deep;

            search_geometry(at, deep ? depth : depth - 1, spare);
        }
    }
    print_kinds();
    print_totals(&all);
    return all.violations != 0;
}
