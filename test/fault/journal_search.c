/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search over the journal's faults. From each node every distinct reading
 * of the half-charged cells is booted; the journal settles; then nothing, a
 * commit, two commits or a compaction follow. Before each operation power is
 * cut in every way the flash can be torn: those are the nodes of the next
 * depth. Sessions that end without a cut lead to nodes of the same depth.
 *
 * What makes it affordable: a cut is made in place and taken back, and is
 * copied only if the node that it leaves is new; a node that was searched as
 * deep before is not searched again; and a journal in the middle of something
 * that it was in the middle of before, on flash that is alike, goes no
 * further.
 */
#include "fault/journal_search.h"
#include "base/base.h"
#include <stdlib.h>
#include <string.h>

struct search search;

/* A device with power: the journal runs. */
struct device {
    struct node *node;
    struct pawl_journal journal;
    uint64_t scene; /* what tells one part of a session from another */
    bool known;     /* it came to where another one was before */
};

bool on_replayed_path(const struct node *node)
{
    bool same = node->sessions <= search.replay_sessions;

    for (int i = 0; i < node->sessions && same; i++) {
        const struct session *a = &node->path[i];
        const struct session *b = &search.replay[i];

        same = a->moods == b->moods && a->script == b->script &&
               a->step == b->step && a->tear == b->tear &&
               a->metastable == b->metastable;
    }
    return same;
}

/* --- Cuts ------------------------------------------------------------------
 */

/* A piece of flash as it was, to be put back. */
struct before {
    struct fake_flash flash;
    struct touched range;
    uint8_t *bytes; /* all of the memory, of which range is put back */
};

static void put_back(struct fake_flash *flash, const struct before *before)
{
    uint32_t unit = flash->port.program_size;
    uint32_t off = before->range.off;
    uint32_t len = before->range.len;
    uint32_t size = flash->port.size;

    memcpy(flash->bits + off, before->bytes + off, len);
    memcpy(flash->weak + off, before->bytes + size + off, len);
    memcpy(flash->marks + off / unit, before->bytes + 2U * size + off / unit,
           len / unit);
    *flash = before->flash;
}

static void count_faults(const struct fake_flash *flash,
                         const struct fake_flash *before)
{
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        search.now.faults[i] += flash->faults[i] - before->faults[i];
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

/* True: node was searched as deep as that before. It is then known. */
static bool searched(struct node *node, int depth, int spare)
{
    uint64_t key = mix(node_key(node), (uint64_t)spare);

    if (search.replay_sessions != 0) {
        return !on_replayed_path(node);
    }
    (void)table_add(&search.alike, key, 0, 0);
    if (search.exact) {
        key = mix(node_exact_key(node), (uint64_t)spare);
    }
    return table_add(&search.table, key, depth, 0) != NULL;
}

static void go_on(struct node *node, int depth, int spare);

/* Power was cut in node: goes on from there, unless that is known. */
static void follow(struct node *node, int depth, int spare)
{
    struct node *child = NULL;

    if (!searched(node, depth, spare)) {
        child = node_copy(node);
        go_on(child, depth, spare);
        node_free(child);
    }
}

/*
 * Tears the next step in one way, in place. Returns how many ways there are;
 * range is what it may have changed.
 */
static uint32_t tear_step(struct device *device, const struct session *how,
                          int depth, int spare, struct touched *range)
{
    struct node *node = device->node;
    struct pawl_journal journal = device->journal;
    const struct fake_flash before = node->flash;
    bool went_on = false;
    uint32_t tears = 1;

    node->path[node->sessions - 1] = *how;
    last_operation.len = 0;
    if (search.compare) {
        node->flash.power->operations = 0;
    }
    fake_flash_cut_power_at(&node->flash, 0);
    fake_flash_set_tear(&node->flash, how->tear, how->metastable);
    went_on = pawl_journal_step(&journal) == PAWL_PENDING;
    *range = last_operation;
    if (fake_flash_power_on(&node->flash)) {
        must(!went_on, "a step went on without power");
        node->flash.boots = before.boots;
        tears = fake_flash_tears(&node->flash);
        if (!how->metastable || torn_by(&node->flash, &before)) {
            search.now.cuts++;
            search.now.phases[device->journal.phase]++;
            count_faults(&node->flash, &before);
            node_look(node, *range);
            follow(node, depth - 1, spare);
        }
    }
    return tears;
}

/* Cuts the next step in every way. The last session of the path tells where. */
static void cut_next_step(struct device *device, int depth, int spare)
{
    struct node *node = device->node;
    uint32_t size = node->flash.port.size;
    struct session *session = &node->path[node->sessions - 1];
    struct session how = *session;
    struct before before = {.flash = node->flash};
    struct sight sight[FRAMES_MAX];
    uint32_t tears = 1;

    before.bytes = must_have(FAKE_FLASH_MEMORY(size));
    memcpy(before.bytes, node->flash.bits,
           2U * (size_t)size + size / node->flash.port.program_size);
    memcpy(sight, node->sight, sizeof(sight));
    for (how.tear = 0; how.tear < tears; how.tear++) {
        for (int metastable = 0; metastable < 2; metastable++) {
            how.metastable = metastable != 0;
            tears = tear_step(device, &how, depth, spare, &before.range);
            put_back(&node->flash, &before);
            memcpy(node->sight, sight, sizeof(sight));
        }
    }
    *session = how;
    session->tear = 0;
    session->metastable = false;
    free(before.bytes);
}

/* --- Sessions ---------------------------------------------------------------
 */

/* Whether another device was where this one is; it need not go on then. */
static bool was_here(struct device *device, int depth, int spare)
{
    uint64_t key = 0;

    if (search.replay_sessions != 0 || search.exact) {
        return false;
    }
    key = device_key(device->node, &device->journal);
    key = mix(mix(key, device->scene), (uint64_t)spare);
    device->known = table_add(&search.table, key, depth, 0) != NULL;
    return device->known;
}

/* Steps to the end, with a branch at each step. */
static enum pawl_status run(struct device *device, int depth, int spare)
{
    struct node *node = device->node;
    struct session *session = &node->path[node->sessions - 1];
    enum pawl_status status = PAWL_PENDING;

    for (session->step = 0; status == PAWL_PENDING; session->step++) {
        if (was_here(device, depth, spare)) {
            return PAWL_ERR_STATE;
        }
        if (depth > 0) {
            cut_next_step(device, depth, spare);
        }
        if (session->step > 8U * FRAMES_MAX) {
            violation(node, "I9 (no end)");
            return PAWL_ERR_FAULT;
        }
        last_operation.len = 0;
        status = pawl_journal_step(&device->journal);
        if (last_operation.len != 0) {
            node_look(node, last_operation);
        }
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

static void sequence_ok(struct node *node, const struct pawl_journal *journal,
                        bool wrote)
{
    bool ok = wrote ? journal->sequence > node->sequence
                    : journal->sequence >= node->sequence;

    if (!ok && pawl_journal_found(journal) == PAWL_JOURNAL_VALID) {
        violation(node, "I7 (sequence)");
    }
    node->sequence = journal->sequence;
}

static struct device device_copy(const struct device *from, enum script script)
{
    struct device device = {node_copy(from->node), from->journal,
                            mix(11, (uint64_t)script), false};

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

    for (int i = 0; i < (depth > 0 ? 2 : 1) && !device.known; i++) {
        enum pawl_status status = PAWL_ERR_FAULT;

        device.scene++;
        node->in_flight = ++node->newest;
        pawl_put_u32(payload, node->in_flight);
        status = pawl_journal_commit(&device.journal, PAWL_BYTES(payload));
        if (status == PAWL_PENDING) {
            status = run(&device, depth, spare);
        }
        if (device.known) {
            break;
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
            explore(node, depth, spare - 1);
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
        if (device.known) {
            node_free(device.node);
            return;
        }
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

    if (pawl_journal_found(&device->journal) == PAWL_JOURNAL_VALID) {
        node->acked = value;
        node->in_flight = 0;
        node->acted = true;
    } /* else the first commit was cut: it may yet turn out to be there */
    explore(node, depth, spare); /* it acted, and power is lost */
    commit_once(device, depth, spare);
    if (depth > 0) {
        compact_once(device, depth, spare);
    }
}

/* The journal was opened: settles it, without a fault, and acts. */
static void settle(struct device *device, enum pawl_status opened, int depth,
                   int spare)
{
    struct node *node = device->node;
    uint32_t operations = node->flash.power->operations;
    bool clean = opened == PAWL_OK;
    enum pawl_status status = clean ? PAWL_OK : run(device, depth, spare);

    if (device->known) {
        return;
    }
    if (clean && node->flash.power->operations != operations) {
        violation(node, "I8 (a clean boot wrote)");
    }
    if (status != PAWL_OK) {
        violation(node, "I9 (settling fails without a fault)");
    } else if (recovered_ok(node, &device->journal)) {
        sequence_ok(node, &device->journal, !clean);
        act(device, depth, spare);
    }
}

/*
 * The quick reading of this boot against the whole judgement, which was opened:
 * the same state, settled, or none.
 */
static void same_at_a_glance(struct node *node,
                             const struct pawl_journal *opened,
                             enum pawl_status status)
{
    static struct pawl_journal quick;
    uint32_t operations = node->flash.power->operations;
    bool rests =
        status == PAWL_OK && pawl_journal_found(opened) == PAWL_JOURNAL_VALID;

    if (search.whole) {
        return;
    }
    if (pawl_journal_glance(&quick, &node->flash.port, PAYLOAD) != PAWL_OK) {
        search.now.declined += rests ? 1U : 0U;
        return;
    }
    search.now.glances++;
    if (!rests || pawl_journal_found(&quick) != PAWL_JOURNAL_VALID ||
        quick.bank != opened->bank || quick.epoch != opened->epoch ||
        quick.sequence != opened->sequence ||
        !pawl_bytes_equal(pawl_journal_payload(&quick),
                          pawl_journal_payload(opened))) {
        violation(node, "I2 (the quick reading finds another state)");
    } else if (node->flash.power->operations != operations ||
               pawl_journal_ready(&quick)) {
        violation(node, "I8 (the quick reading could write)");
    }
}

static void boot(const struct node *from, uint32_t moods, int depth, int spare)
{
    struct device device = {.scene = 3};
    struct node *node = NULL;
    enum pawl_status status = PAWL_ERR_FAULT;
    uint32_t ecc = 0;

    if (from->sessions < search.replay_sessions &&
        search.replay[from->sessions].moods != moods) {
        return;
    }
    device.node = node = node_copy(from);
    search.now.boots++;
    set_moods(node, moods);
    ecc = node->flash.faults[FAKE_FAULT_ECC];
    must(node->sessions < SESSIONS_MAX, "a path is too long");
    node->path[node->sessions++] =
        (struct session){moods, SCRIPT_BOOT, UINT32_MAX, 0, false};
    status = pawl_journal_open(&device.journal, &node->flash.port, PAYLOAD,
                               PAWL_JOURNAL_WRITE);
    search.now.faults[FAKE_FAULT_ECC] +=
        node->flash.faults[FAKE_FAULT_ECC] - ecc;
    if (from->sessions < search.replay_sessions) {
        show(node, &device.journal, status);
    }
    same_at_a_glance(node, &device.journal, status);
    if (status != PAWL_OK && status != PAWL_PENDING) {
        violation(node, "I9 (open fails)");
    } else if (recovered_ok(node, &device.journal)) {
        settle(&device, status, depth, spare);
    }
    node_free(node);
}

/* Boots node in each of its readings. */
static void go_on(struct node *node, int depth, int spare)
{
    uint32_t *views = must_have(VIEWS_MAX * sizeof(*views));
    uint32_t count = distinct_views(node, views);

    search.now.states++;
    for (uint32_t i = 0; i < count; i++) {
        boot(node, views[i], depth, spare);
    }
    free(views);
}

void explore(struct node *node, int depth, int spare)
{
    struct node *child = NULL;

    if (!searched(node, depth, spare)) {
        child = node_copy(node);
        go_on(child, depth, spare);
        node_free(child);
    }
}
