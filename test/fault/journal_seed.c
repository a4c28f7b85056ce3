/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the searches of the journal begin: geometries of the flash, and seeds,
 * banks that are blank, filled to some extent, or in doubt.
 */
#include "base/base.h"
#include "fault/journal_search.h"
#include <stdlib.h>
#include <string.h>

const struct geometry geometries[] = {
    {"W1 Eff", 1, 0xFF, 0, 1},        {"W1 E00 odd", 1, 0x00, 6, 2},
    {"W2 Eff", 2, 0xFF, 0, 4},        {"W2 E00", 2, 0x00, 0, 1},
    {"W4 Eff 17", 4, 0xFF, 28, 1},    {"W4 E00", 4, 0x00, 0, 2},
    {"W8 Eff", 8, 0xFF, 0, 1},        {"W8 E00 odd", 8, 0x00, 16, 3},
    {"W16 Eff", 16, 0xFF, 0, 1},      {"W16 E00", 16, 0x00, 0, 2},
    {"W32 Eff 19", 32, 0xFF, 192, 1}, {"W32 E00", 32, 0x00, 0, 2},
    {"W64 Eff", 64, 0xFF, 0, 1},      {"W64 E00", 64, 0x00, 0, 4},
    {"W512 Eff", 512, 0xFF, 0, 1},    {"W512 E00 2", 512, 0x00, 0, 2},
};
const int geometry_count = (int)PAWL_ARRAY_LEN(geometries);

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
/* Full; its proof fades, and so does that of the other bank, being spent. */
#define HALF_SPENT (-7)
static const int seeds[] = {BLANK,  COMPACTED, 7,           5,         4,
                            3,      2,         1,           0,         UNPROVEN,
                            FADING, LOST,      WEAK_PROOFS, HALF_SPENT};
const char *const seed_names[] = {
    "blank",  "compacted", "7 free",      "5 free",    "4 free",
    "3 free", "2 free",    "1 free",      "full",      "unproven",
    "fading", "lost",      "weak proofs", "half spent"};
const int seed_count = (int)PAWL_ARRAY_LEN(seeds);

bool seed_is_wide(int seed)
{
    return seeds[seed] == WEAK_PROOFS || seeds[seed] == HALF_SPENT;
}

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

/* Cuts the next step, which programs len bytes; all its units are half charged.
 */
static void seed_cut_weak(struct node *node, struct pawl_journal *journal,
                          uint32_t len)
{
    uint32_t units = len / node->flash.port.program_size;

    fake_flash_cut_power_at(&node->flash, 0);
    fake_flash_set_tear(&node->flash, 3U * (units <= 6U ? units : 5U), true);
    must(pawl_journal_step(journal) == PAWL_ERR_IO, "a seed went wrong");
}

/* Goes on to the seal of a frame, and cuts that. */
static void seed_cut_seal(struct node *node, struct pawl_journal *journal,
                          enum pawl_journal_phase phase)
{
    seed_step_to(journal, phase);
    seed_cut_weak(node, journal,
                  search.frames.frame_size - search.frames.body_size);
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
        seed_cut_seal(node, journal, PAWL_JOURNAL_RECORD_SEAL);
    } else {
        seed_step_to(journal, PAWL_JOURNAL_PROOF_BODY);
    }
    while (seed_open(node, journal) == PAWL_PENDING &&
           journal->spend_end + 2U <= search.frames.frames) {
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
        seed_cut_seal(node, journal, PAWL_JOURNAL_PROOF_SEAL);
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
        if (journal->spend_end + 2U > search.frames.frames) {
            return;
        }
        seed_step_to(journal, PAWL_JOURNAL_RECORD_SEAL);
    }
}

/*
 * A compaction is cut behind its record, and so is settling, until there is
 * room for one pair: its proof is cut, but reads well. So a commit compacts,
 * and is cut in spending the proof of the other bank.
 */
static void seed_half_spent(struct node *node, struct pawl_journal *journal)
{
    uint8_t payload[PAYLOAD] = {0};
    uint32_t last = journal->next - 1U; /* the proof of what is now in force */

    must(pawl_journal_compact(journal) == PAWL_PENDING, "a seed went wrong");
    seed_step_to(journal, PAWL_JOURNAL_PROOF_BODY);
    while (seed_open(node, journal) == PAWL_PENDING &&
           journal->spend_end + 4U <= search.frames.frames) {
        seed_step_to(journal, PAWL_JOURNAL_RECORD_SEAL);
    }
    seed_cut_seal(node, journal, PAWL_JOURNAL_PROOF_SEAL);
    must(seed_open(node, journal) == PAWL_OK, "a seed is not clean");
    node->acted = true;
    pawl_put_u32(payload, ++node->newest);
    must(pawl_journal_commit(journal, PAWL_BYTES(payload)) == PAWL_PENDING,
         "a seed could not commit");
    while (journal->cursor < last) {
        must(pawl_journal_step(journal) == PAWL_PENDING &&
                 journal->phase == PAWL_JOURNAL_VOID,
             "a seed does not spend the other bank");
    }
    seed_cut_weak(node, journal, search.frames.frame_size);
    (void)fake_flash_power_on(&node->flash);
    node->sequence = 0;
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
static struct node *make_flash(const struct geometry *geometry, int free_frames)
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
    search.frames = journal.geometry;
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
           search.frames.frames - journal.next > free_wanted) {
        if ((search.frames.frames - journal.next - free_wanted) % 2U != 0) {
            must(pawl_journal_open(&journal, &node->flash.port, PAYLOAD,
                                   PAWL_JOURNAL_WRITE) == PAWL_OK,
                 "a seed could not be opened again");
        }
        seed_commit(node, &journal);
    }
    if (free_frames >= 0 && free_frames < 3) {
        seed_cuts(node, &journal, free_frames == 0 ? 2 : 1);
        must(search.frames.frames - journal.next == (uint32_t)free_frames,
             "a seed did not come out as it should");
    }
    if (free_frames == WEAK_PROOFS) {
        seed_weak_proofs(node, &journal);
    }
    if (free_frames == HALF_SPENT) {
        seed_half_spent(node, &journal);
    }
    if (free_frames == UNPROVEN || free_frames == FADING) {
        seed_unproven(node, &journal, free_frames == FADING);
    }
    memset(node->flash.faults, 0, sizeof(node->flash.faults));
    return node;
}

struct node *make_seed(const struct geometry *geometry, int seed)
{
    struct node *node = make_flash(geometry, seeds[seed]);

    node_begin(node);
    return node;
}
