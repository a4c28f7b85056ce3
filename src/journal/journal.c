/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: two banks of write-once frames. What this file guards against
 * is flash that does not fail cleanly: an operation that power interrupted
 * may leave cells that read differently at each boot, as old, as new, as
 * blank or as nothing.
 *
 * Rules
 *  R1 Write once. A record goes into a frame only if that is known to be
 *     untouched: it lies behind every non-blank frame, behind a tombstone of
 *     this power session, and reads blank.
 *  R2 A bank counts if it holds a valid frame; the higher epoch wins; its
 *     last valid frame, by place, is the state.
 *  R3 Each commit is a record and an identical proof, in one power session.
 *     A valid proof shows that the record before it was completed. A frame is
 *     two programs: its body, then its seal in units of its own. So a frame
 *     that reads blank can never come to read valid, whatever the order in
 *     which the flash programs the bytes of one call.
 *  R4 Settle before acting: if the last valid frame is no proof, or a
 *     non-blank frame follows it, the decided state and its proof are
 *     appended first. A clean boot writes nothing.
 *  R5 The first append of a power session spends the first blank-looking
 *     frame (a tombstone: all bits programmed) and starts behind it.
 *  R6 Before that, non-blank frames behind the last valid one are spent
 *     again, in ascending order. At any time at most one frame that looks
 *     blank is not, and it is the first.
 *  R7 Compaction carries the decided state, unchanged, into the other bank.
 *     Every non-blank frame there is spent first, ascending, then the bank is
 *     erased, then record and proof follow with the next epoch. If the bank
 *     in force has no proof and the other ends in a proof of the same state,
 *     and the frame before that proof is valid, too, so that nobody has begun
 *     to spend it, the bank in force is the one rewritten, spent in descending
 *     order.
 *     A commit leaves room for settling it; where there is none, compaction
 *     is the settling, after R6.
 *  R8 Unreadable is invalid. Both banks blank: empty. Otherwise without a
 *     valid frame: lost; the next commit spends both banks and formats.
 *  R9 If the other bank is not blank and holds nothing valid, a compaction
 *     was cut, and a frame of a higher epoch may come back there: the next
 *     append is that compaction again, even if there is room.
 *
 * Invariants (test/fault/ checks them after every boot)
 *  I1 The state recovered is the last one acknowledged or the one in flight.
 *  I2 Once a state was acted upon, no later boot recovers an older one.
 *  I3 No frame is programmed twice without an erase, tombstones apart.
 *  I7 Sequence numbers rise strictly.
 *  I8 A clean boot erases and programs nothing.
 *
 * The machine; each arrow is one program or one erase:
 *
 *   open ---- clean --------------------------------------------> IDLE
 *     |                                                            | commit
 *     +-- unsettled --+<-------------------------------------------+ compact
 *                     v
 *          room? --- SPEND* -> RECORD_BODY -> RECORD_SEAL
 *            |                   ^   -> PROOF_BODY -> PROOF_SEAL -> IDLE, or
 *            no                  |                     the commit that waits
 *            v                   |
 *     [VOID_LOST*] -> VOID* -> ERASE*        any failure of the flash: BROKEN
 *
 *  IDLE         settled; payload[] is in force and may be acted upon
 *  SPEND        frames next .. spend_end - 1 are not trusted to be blank
 *  RECORD_BODY, RECORD_SEAL  frame `next` holds a part of the record
 *  PROOF_BODY, PROOF_SEAL    the frame before is a completed record
 *  VOID_LOST    nothing valid anywhere: bank 1 must not come back
 *  VOID         frames of the target below cursor cannot come back
 *  ERASE        none of the target's frames can; blocks below cursor are blank
 *  BROKEN       RAM and flash may differ; only open leads out
 */

#include "journal/journal.h"
#include "base/base.h"
#include <string.h>

#define PAIR 2U    /* frames of a commit: record and proof */
#define RESERVE 3U /* and of the settling that it may need: R7 */

/* --- One operation of the flash ---------------------------------------- */

static enum pawl_status broken(struct pawl_journal *journal)
{
    journal->phase = PAWL_JOURNAL_BROKEN;
    return PAWL_ERR_IO;
}

/* An operation was begun or polled: PENDING, durable, or the end. */
static enum pawl_status flash_done(struct pawl_journal *journal,
                                   enum pawl_status status)
{
    journal->busy = status == PAWL_PENDING;
    if (status == PAWL_OK && journal->flash->sync != NULL) {
        status = journal->flash->sync(journal->flash->ctx);
        status = status == PAWL_OK ? PAWL_OK : PAWL_ERR_IO;
    }
    return status;
}

static enum pawl_status program(struct pawl_journal *journal, uint32_t off,
                                const uint8_t *buf, uint32_t len)
{
    return flash_done(
        journal, journal->flash->program(journal->flash->ctx, off, buf, len));
}

static enum pawl_status spend(struct pawl_journal *journal, unsigned bank,
                              uint32_t index)
{
    uint32_t size = journal->geometry.frame_size;

    memset(journal->frame, (uint8_t)~journal->flash->erased_value, size);
    return program(journal, pawl_frame_offset(&journal->geometry, bank, index),
                   journal->frame, size);
}

/* --- What is to be done next ------------------------------------------- */

static bool formatted(const struct pawl_journal *journal)
{
    return journal->found == PAWL_JOURNAL_VALID;
}

/* The record under way is a new state, and not the one in force. */
static bool writes_pending(const struct pawl_journal *journal)
{
    return journal->commit_due && (journal->settled || !formatted(journal));
}

/* R7: the bank in force is in doubt, and the other one is not. */
static bool rewrites_itself(const struct pawl_journal *journal)
{
    return !journal->proven && journal->other_has_it;
}

/* R7: the bank that is rewritten; R8: bank 0 when there is no other truth. */
static void start_move(struct pawl_journal *journal)
{
    journal->cursor = 0;
    journal->moved = true;
    if (!formatted(journal)) {
        journal->target = 0;
        journal->other_suspect = false;
        journal->phase = PAWL_JOURNAL_VOID_LOST;
        return;
    }
    journal->target =
        rewrites_itself(journal) ? journal->bank : journal->bank ^ 1U;
    /* The state is carried and proved anew before a commit may follow. */
    journal->settled = false;
    journal->phase = PAWL_JOURNAL_VOID;
}

static bool must_move(const struct pawl_journal *journal)
{
    uint32_t needed = PAIR + (writes_pending(journal) ? RESERVE : 0);

    return !formatted(journal) || journal->other_suspect ||
           journal->compact_due ||
           journal->spend_end + needed > journal->geometry.frames;
}

/*
 * R6 holds before a compaction that settles, too: what follows the last valid
 * frame must not come back while the other bank is being written.
 */
static bool spends_first(const struct pawl_journal *journal)
{
    return formatted(journal) && !journal->settled &&
           !rewrites_itself(journal) && journal->next < journal->spend_end &&
           journal->next < journal->geometry.frames;
}

/* Begins to append the state in force or the pending one. */
static enum pawl_status start_append(struct pawl_journal *journal)
{
    if (must_move(journal)) {
        if (journal->moved) {
            return broken(journal); /* an erased bank that is not blank */
        }
        if (spends_first(journal)) {
            journal->phase = PAWL_JOURNAL_SPEND;
        } else {
            start_move(journal);
        }
    } else {
        journal->phase = journal->next < journal->spend_end
                             ? PAWL_JOURNAL_SPEND
                             : PAWL_JOURNAL_RECORD_BODY;
    }
    return PAWL_PENDING;
}

/* A pair is complete: what it held is in force. */
static enum pawl_status pair_done(struct pawl_journal *journal)
{
    journal->phase = PAWL_JOURNAL_IDLE;
    journal->proven = true;
    if (writes_pending(journal)) {
        memcpy(journal->payload, journal->pending, journal->pending_len);
        journal->payload_len = journal->pending_len;
        journal->commit_due = false;
    }
    journal->settled = true;
    journal->found = PAWL_JOURNAL_VALID;
    return journal->commit_due ? start_append(journal) : PAWL_OK;
}

/* --- Records ------------------------------------------------------------ */

static uint8_t kind_of(enum pawl_journal_phase phase)
{
    return phase == PAWL_JOURNAL_RECORD_BODY ||
                   phase == PAWL_JOURNAL_RECORD_SEAL
               ? PAWL_FRAME_RECORD
               : PAWL_FRAME_PROOF;
}

static struct pawl_bytes payload_due(const struct pawl_journal *journal)
{
    return writes_pending(journal)
               ? (struct pawl_bytes){journal->pending, journal->pending_len}
               : (struct pawl_bytes){journal->payload, journal->payload_len};
}

/* R1: a frame that does not read blank is spent, and the next one tried. */
static enum pawl_status body_begin(struct pawl_journal *journal)
{
    struct pawl_frame frame;
    struct pawl_frame_header header = {kind_of(journal->phase), journal->epoch,
                                       journal->sequence};

    (void)pawl_frame_read(journal->flash, &journal->geometry, journal->bank,
                          journal->next, journal->frame, &frame);
    if (frame.verdict != PAWL_FRAME_IS_BLANK) {
        journal->spend_end = journal->next + 1U;
        return start_append(journal);
    }
    if (header.kind == PAWL_FRAME_RECORD) {
        header.sequence = ++journal->sequence;
    }
    pawl_frame_write(&journal->geometry, journal->flash->erased_value,
                     journal->bank, journal->next, &header,
                     payload_due(journal), journal->frame);
    /* What would only pad stays as it is erased. */
    return program(
        journal,
        pawl_frame_offset(&journal->geometry, journal->bank, journal->next),
        journal->frame,
        pawl_frame_used(journal->flash, &journal->geometry,
                        payload_due(journal).len));
}

static enum pawl_status seal_begin(struct pawl_journal *journal)
{
    uint32_t body = journal->geometry.body_size;

    return program(
        journal,
        pawl_frame_offset(&journal->geometry, journal->bank, journal->next) +
            body,
        journal->frame + body, journal->geometry.frame_size - body);
}

/* Reads back what was written: flash that lies is told from flash that works.
 */
static bool frame_landed(struct pawl_journal *journal)
{
    struct pawl_frame frame;
    enum pawl_frame_verdict wanted =
        kind_of(journal->phase) == PAWL_FRAME_RECORD ? PAWL_FRAME_IS_RECORD
                                                     : PAWL_FRAME_IS_PROOF;

    return pawl_frame_read(journal->flash, &journal->geometry, journal->bank,
                           journal->next, journal->frame, &frame) &&
           frame.verdict == wanted && frame.epoch == journal->epoch &&
           frame.sequence == journal->sequence &&
           pawl_bytes_equal(frame.payload, payload_due(journal));
}

static enum pawl_status seal_end(struct pawl_journal *journal)
{
    if (!frame_landed(journal)) {
        return broken(journal);
    }
    journal->next++;
    journal->spend_end = journal->next;
    if (journal->phase == PAWL_JOURNAL_RECORD_SEAL) {
        journal->phase = PAWL_JOURNAL_PROOF_BODY;
        return PAWL_PENDING;
    }
    return pair_done(journal);
}

/* --- Compaction ---------------------------------------------------------- */

/*
 * The order in which a bank is spent. The other bank ascending, so that its
 * newest frame goes last; the bank in force descending, so that what was cut
 * behind the state goes before the state itself.
 */
static uint32_t void_index(const struct pawl_journal *journal)
{
    return journal->target == journal->bank
               ? journal->geometry.frames - 1U - journal->cursor
               : journal->cursor;
}

/*
 * Spends the next frame of bank that is not blank. A frame that reads as a
 * tombstone is spent again: that may be the one that was being made when
 * power failed, and still come back. PAWL_OK, nothing begun: none is left.
 */
static enum pawl_status void_next(struct pawl_journal *journal, unsigned bank)
{
    struct pawl_frame frame;

    while (journal->cursor < journal->geometry.frames) {
        uint32_t index = void_index(journal);

        (void)pawl_frame_read(journal->flash, &journal->geometry, bank, index,
                              journal->frame, &frame);
        if (frame.verdict != PAWL_FRAME_IS_BLANK) {
            if (bank != journal->target) {
                journal->other_suspect = true;
            }
            return spend(journal, bank, index);
        }
        journal->cursor++;
    }
    return PAWL_OK;
}

/* The target is void: on with the phase after it. */
static void void_end(struct pawl_journal *journal)
{
    journal->cursor = 0;
    journal->phase = journal->phase == PAWL_JOURNAL_VOID_LOST
                         ? PAWL_JOURNAL_VOID
                         : PAWL_JOURNAL_ERASE;
}

static enum pawl_status erase_begin(struct pawl_journal *journal)
{
    uint32_t off =
        journal->target * journal->geometry.bank_size + journal->cursor;

    return flash_done(journal,
                      journal->flash->erase(journal->flash->ctx, off,
                                            journal->flash->erase_size));
}

/* The target is erased by this session: its frames are untouched. */
static void erase_end(struct pawl_journal *journal)
{
    journal->cursor += journal->flash->erase_size;
    if (journal->cursor < journal->geometry.bank_size) {
        return;
    }
    if (formatted(journal)) {
        journal->other_suspect = false;
    }
    journal->other_has_it = false;
    journal->compact_due = false;
    journal->bank = journal->target;
    journal->proven = false;
    journal->epoch++;
    journal->next = 0;
    journal->spend_end = 0;
    journal->phase = PAWL_JOURNAL_RECORD_BODY;
}

/* --- The machine --------------------------------------------------------- */

/*
 * Begins the operation of the phase. PAWL_OK: it is done at once. *begun
 * stays false if the phase turned out to have nothing more to program.
 */
static enum pawl_status phase_begin(struct pawl_journal *journal)
{
    switch (journal->phase) {
    case PAWL_JOURNAL_SPEND:
        return spend(journal, journal->bank, journal->next);
    case PAWL_JOURNAL_RECORD_BODY:
    case PAWL_JOURNAL_PROOF_BODY:
        return body_begin(journal);
    case PAWL_JOURNAL_RECORD_SEAL:
    case PAWL_JOURNAL_PROOF_SEAL:
        return seal_begin(journal);
    case PAWL_JOURNAL_VOID_LOST:
        return void_next(journal, journal->target ^ 1U);
    case PAWL_JOURNAL_VOID:
        return void_next(journal, journal->target);
    case PAWL_JOURNAL_ERASE:
        return erase_begin(journal);
    case PAWL_JOURNAL_IDLE:
    case PAWL_JOURNAL_BROKEN:
        break;
    }
    return PAWL_ERR_STATE;
}

/* The operation of the phase is durable: moves on. */
static enum pawl_status phase_end(struct pawl_journal *journal)
{
    switch (journal->phase) {
    case PAWL_JOURNAL_SPEND:
        journal->next++;
        return start_append(journal);
    case PAWL_JOURNAL_RECORD_BODY:
        journal->phase = PAWL_JOURNAL_RECORD_SEAL;
        return PAWL_PENDING;
    case PAWL_JOURNAL_PROOF_BODY:
        journal->phase = PAWL_JOURNAL_PROOF_SEAL;
        return PAWL_PENDING;
    case PAWL_JOURNAL_RECORD_SEAL:
    case PAWL_JOURNAL_PROOF_SEAL:
        return seal_end(journal);
    case PAWL_JOURNAL_VOID_LOST:
    case PAWL_JOURNAL_VOID:
        if (journal->cursor < journal->geometry.frames) {
            journal->cursor++;
        } else {
            void_end(journal);
        }
        return PAWL_PENDING;
    case PAWL_JOURNAL_ERASE:
        erase_end(journal);
        return PAWL_PENDING;
    case PAWL_JOURNAL_IDLE:
    case PAWL_JOURNAL_BROKEN:
        break;
    }
    return PAWL_ERR_FAULT;
}

enum pawl_status pawl_journal_step(struct pawl_journal *journal)
{
    enum pawl_status status = PAWL_ERR_FAULT;
    enum pawl_journal_phase before = journal->phase;

    if (journal->phase == PAWL_JOURNAL_IDLE) {
        return PAWL_OK;
    }
    if (journal->phase == PAWL_JOURNAL_BROKEN) {
        return PAWL_ERR_IO;
    }
    if (journal->busy) {
        status = flash_done(journal,
                            journal->flash->poll == NULL
                                ? PAWL_ERR_IO
                                : journal->flash->poll(journal->flash->ctx));
    } else {
        status = phase_begin(journal);
    }
    if (status == PAWL_PENDING) {
        return status; /* the flash is busy, or the phase changed */
    }
    if (status != PAWL_OK || journal->phase != before) {
        return broken(journal);
    }
    return phase_end(journal);
}

enum pawl_status pawl_journal_finish(struct pawl_journal *journal,
                                     void (*feed_watchdog)(void *ctx),
                                     void *ctx)
{
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING) {
        if (feed_watchdog != NULL) {
            feed_watchdog(ctx);
        }
        status = pawl_journal_step(journal);
    }
    return status;
}

/* --- Open, commit, ask ---------------------------------------------------- */

/* Takes over what the scan of the bank in force found. */
static void adopt(struct pawl_journal *journal, unsigned bank,
                  const struct pawl_bank *mine, const struct pawl_bank *other)
{
    journal->found = PAWL_JOURNAL_VALID;
    journal->bank = (uint8_t)bank;
    journal->proven = mine->proven;
    journal->other_suspect = !other->valid && !other->blank;
    journal->epoch = mine->epoch;
    journal->sequence = mine->sequence;
    journal->next = mine->after_valid;
    /* R6: all behind the last valid frame; R5: and one that looks blank. */
    journal->spend_end = mine->after_used + 1U;
    journal->settled =
        mine->last_is_proof && mine->after_used == mine->after_valid;
}

/* R2. An equal epoch is never written; were it there, the place decides. */
static bool second_wins(const struct pawl_bank found[2])
{
    return found[1].valid &&
           (!found[0].valid || found[1].epoch > found[0].epoch);
}

/* Reads both banks and decides. False: nothing could be read at all. */
static bool decide(struct pawl_journal *journal)
{
    struct pawl_bank found[2];
    bool readable = false;
    bool same = false;
    unsigned bank = 0;

    readable |=
        pawl_bank_scan(journal->flash, &journal->geometry, 0, journal->frame,
                       &found[0], journal->payload, &journal->payload_len);
    readable |=
        pawl_bank_scan(journal->flash, &journal->geometry, 1, journal->frame,
                       &found[1], journal->pending, &journal->pending_len);
    same = found[0].valid && found[1].valid &&
           pawl_bytes_equal(
               pawl_journal_payload(journal),
               (struct pawl_bytes){journal->pending, journal->pending_len});
    if (second_wins(found)) {
        bank = 1;
        memcpy(journal->payload, journal->pending, journal->pending_len);
        journal->payload_len = journal->pending_len;
    }
    if (found[bank].valid) {
        adopt(journal, bank, &found[bank], &found[bank ^ 1U]);
        journal->other_has_it = same && found[bank ^ 1U].paired;
        return true;
    }
    journal->found = found[0].blank && found[1].blank ? PAWL_JOURNAL_EMPTY
                                                      : PAWL_JOURNAL_LOST;
    journal->settled = true; /* there is nothing to settle */
    return readable;
}

enum pawl_status pawl_journal_begin(struct pawl_journal *journal,
                                    const struct pawl_flash *flash,
                                    size_t payload_max,
                                    enum pawl_journal_mode mode)
{
    memset(journal, 0, offsetof(struct pawl_journal, payload));
    journal->flash = flash;
    journal->mode = mode;
    journal->phase = PAWL_JOURNAL_BROKEN;
    return pawl_frame_fit(flash, payload_max, &journal->geometry,
                          &journal->reason);
}

enum pawl_status pawl_journal_open(struct pawl_journal *journal,
                                   const struct pawl_flash *flash,
                                   size_t payload_max,
                                   enum pawl_journal_mode mode)
{
    enum pawl_status status =
        pawl_journal_begin(journal, flash, payload_max, mode);

    if (status != PAWL_OK) {
        return status;
    }
    if (!decide(journal)) {
        journal->reason = "no frame of the region could be read";
        return PAWL_ERR_IO;
    }
    journal->phase = PAWL_JOURNAL_IDLE;
    if (mode == PAWL_JOURNAL_READ_ONLY || journal->settled) {
        return PAWL_OK;
    }
    return start_append(journal);
}

enum pawl_journal_found pawl_journal_found(const struct pawl_journal *journal)
{
    return journal->found;
}

struct pawl_bytes pawl_journal_payload(const struct pawl_journal *journal)
{
    return (struct pawl_bytes){journal->payload, journal->payload_len};
}

const char *pawl_journal_reason(const struct pawl_journal *journal)
{
    return journal->reason;
}

bool pawl_journal_ready(const struct pawl_journal *journal)
{
    return journal->mode == PAWL_JOURNAL_WRITE &&
           journal->phase == PAWL_JOURNAL_IDLE && journal->settled;
}

/* Whether a call that writes may begin. */
static enum pawl_status may_write(const struct pawl_journal *journal)
{
    if (!pawl_journal_ready(journal)) {
        return PAWL_ERR_STATE;
    }
    /* Each append takes a number or a few; this is out of reach of wear. */
    return journal->sequence < PAWL_FRAME_LIMIT - PAWL_FRAME_RESERVE &&
                   journal->epoch < PAWL_FRAME_LIMIT - PAWL_FRAME_RESERVE
               ? PAWL_OK
               : PAWL_ERR_FULL;
}

enum pawl_status pawl_journal_commit(struct pawl_journal *journal,
                                     struct pawl_bytes payload)
{
    enum pawl_status status = may_write(journal);

    if (status != PAWL_OK) {
        return status;
    }
    if (payload.len > journal->geometry.payload_max) {
        return PAWL_ERR_ARGUMENT;
    }
    if (payload.len > 0) {
        memcpy(journal->pending, payload.data, payload.len);
    }
    journal->pending_len = payload.len;
    journal->commit_due = true;
    journal->moved = false;
    return start_append(journal);
}

enum pawl_status pawl_journal_compact(struct pawl_journal *journal)
{
    enum pawl_status status = may_write(journal);

    if (status != PAWL_OK) {
        return status;
    }
    if (!formatted(journal)) {
        return PAWL_OK; /* the first commit formats */
    }
    journal->compact_due = true;
    journal->moved = false;
    return start_append(journal);
}

size_t pawl_journal_room(const struct pawl_journal *journal)
{
    uint32_t used = journal->spend_end + RESERVE;

    if (!formatted(journal) || journal->other_suspect ||
        used >= journal->geometry.frames) {
        return 0;
    }
    return journal->geometry.frames - used;
}
