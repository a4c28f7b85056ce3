/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_JOURNAL_JOURNAL_H
#define PAWL_JOURNAL_JOURNAL_H

/*
 * A power-loss-safe record: the last payload that was committed, whatever the
 * flash did when power failed. Two banks of write-once frames; the rules R1
 * to R8 and what they defend against stand at the top of journal.c and in
 * doc/DESIGN.md.
 *
 * Each call that writes is a machine: it answers PAWL_PENDING and is carried
 * on by pawl_journal_step(), one erase or one program a step, so that the
 * caller feeds its watchdog in between.
 */

#include <pawl/config.h>
#include <pawl/port/flash.h>
#include <stdbool.h>

enum pawl_journal_found {
    PAWL_JOURNAL_EMPTY, /* both banks blank: never written */
    PAWL_JOURNAL_VALID, /* a record was decided upon */
    PAWL_JOURNAL_LOST   /* neither blank nor any valid record: R8 */
};

enum pawl_journal_mode {
    PAWL_JOURNAL_WRITE,    /* settles before the state may be acted upon (R4) */
    PAWL_JOURNAL_READ_ONLY /* decides in RAM; writes nothing, ever */
};

struct pawl_journal; /* complete below */

/*
 * Opens the journal in flash and decides its state.
 *
 * flash         retained; two banks of equal size, each whole erase blocks,
 *               each at least 16 frames of payload_max
 * payload_max   the longest payload that will be committed, at most
 *               PAWL_JOURNAL_PAYLOAD_MAX; the same at each open of its life
 *
 * Returns PAWL_OK               decided, and settled
 *         PAWL_PENDING          decided; settle by pawl_journal_step() before
 *                               acting on it
 *         PAWL_ERR_UNSUPPORTED  the flash does not allow overprogramming, or
 *                               its geometry does not fit:
 * pawl_journal_reason() PAWL_ERR_IO           the flash could not be read at
 * all
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_open(struct pawl_journal *journal,
                                   const struct pawl_flash *flash,
                                   size_t payload_max,
                                   enum pawl_journal_mode mode);

/*
 * Reads the state of a journal at rest from a few of its frames, for whoever
 * only wants to know it. Parameters as pawl_journal_open(), which judges every
 * frame instead. The journal is read only then; pawl_journal_judge() before
 * anything is committed.
 *
 * Returns PAWL_OK               found, and settled: an open would find the same
 *         PAWL_ERR_NOT_FOUND    not plain, or empty: open it
 *         PAWL_ERR_UNSUPPORTED  as pawl_journal_open()
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_glance(struct pawl_journal *journal,
                                     const struct pawl_flash *flash,
                                     size_t payload_max);

/*
 * Opens to write what pawl_journal_glance() found: every frame is judged.
 * Returns as pawl_journal_open(), and PAWL_ERR_IO if that finds another state.
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_judge(struct pawl_journal *journal);

/* What the open found. */
enum pawl_journal_found pawl_journal_found(const struct pawl_journal *journal);

/* The payload in force; empty if none. A view until the next commit. */
struct pawl_bytes pawl_journal_payload(const struct pawl_journal *journal);

/*
 * Begins to commit payload, which is copied. Until it is done a power cut
 * finds the old payload or this one; after PAWL_OK always this one.
 * PAWL_PENDING: go on with pawl_journal_step(). PAWL_ERR_STATE: not settled,
 * read only, or a commit is under way.
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_commit(struct pawl_journal *journal,
                                     struct pawl_bytes payload);

/*
 * Carries on: at most one erase or one program. PAWL_PENDING: call again;
 * PAWL_OK: settled and committed. PAWL_ERR_IO: the journal is to be opened
 * again; the payload may or may not have been committed.
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_step(struct pawl_journal *journal);

/*
 * Steps to the end, feeding the watchdog (may be NULL) between steps. For
 * boot loaders and short commits.
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_finish(struct pawl_journal *journal,
                                     void (*feed_watchdog)(void *ctx),
                                     void *ctx);

/*
 * Whether a commit may begin: open to write, settled, nothing under way, and
 * no failure since the open.
 */
bool pawl_journal_ready(const struct pawl_journal *journal);

/*
 * Begins to carry the state in force into the other bank, so that many
 * commits have room before the next erase: for the application, before it
 * arms a trial. Results as pawl_journal_commit(). Does nothing, PAWL_OK, when
 * nothing was committed yet.
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_compact(struct pawl_journal *journal);

/* Why the open failed, for a log; NULL if it did not. Static storage. */
const char *pawl_journal_reason(const struct pawl_journal *journal);

/*
 * Frames that are free before a bank must be erased. A commit takes two, and
 * one more if it is the first of its power session.
 */
size_t pawl_journal_room(const struct pawl_journal *journal);

/* One frame as it lies in flash, for `pawl update show`. */
struct pawl_journal_frame_info {
    unsigned bank, index;
    const char *verdict; /* "valid", "proof", "blank", "tombstone", "torn",
                          * "unreadable", ... static storage */
    uint32_t epoch, sequence;
    struct pawl_bytes payload; /* view into the caller's scratch */
};

/*
 * Describes frame number n (0 .. all of both banks) using scratch of at
 * least one frame. PAWL_ERR_NOT_FOUND behind the last. Reads only.
 */
PAWL_MUST_USE
enum pawl_status pawl_journal_inspect(const struct pawl_flash *flash,
                                      size_t payload_max, size_t n,
                                      uint8_t *scratch, size_t scratch_size,
                                      struct pawl_journal_frame_info *info);

#include "journal/journal_internal.h" /* struct pawl_journal */

#endif
