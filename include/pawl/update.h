/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_UPDATE_H
#define PAWL_UPDATE_H

/*
 * Updates: a signed manifest, an image written once into the slot that does
 * not run, a trial, and a way back.
 *
 *      start        last byte,        install       reset      accept
 * READY ---> WRITING ---> CANDIDATE ---> STAGED ---> TRIAL ---> UPDATED
 *              |   finish     |            |           |           |
 *              | cancel       | cancel     | cancel    | reject    | clean
 *              v              v            v           v           v
 *            FAILED <--------------------------- REJECTED        READY
 *              |                           reset   ^
 *              v clean                             | from STAGED: the signer
 *            READY                                 | was withdrawn
 *
 * Bytes are pushed in, whatever carries them. A typical run:
 *
 *     pawl_update_start(&update, envelope);      refused: nothing was erased
 *     while (pawl_update_wanted(&update, &want) != PAWL_ERR_NOT_FOUND) {
 *         fetch from want.uri at want.offset, up to want.length bytes, then
 *         pawl_update_write(&update, want.offset, bytes);
 *         pawl_update_step(&update, &wait);
 *     }
 *     pawl_update_finish(&update);  and step() until it is not PAWL_PENDING
 *     pawl_update_install(&update); and step(); then reset the device
 *     ... the new image, once it has proved itself:
 *     pawl_update_accept(&update);  and step(); pawl_update_clean(&update);
 *
 * A call that needs more than one erase or program answers PAWL_PENDING and
 * is carried on by pawl_update_step(): at most one erase or one program each.
 * While one is under way the others answer PAWL_ERR_STATE, except the
 * queries, write(), finish(), cancel(), trust_changed(), and the same call
 * again, which tells how it stands. Once the journal has failed they answer
 * PAWL_ERR_IO, until the engine is opened again.
 *
 * After a reset in the middle of WRITING, start() with the same envelope goes
 * on at the last checkpoint: wanted() then says from which offset.
 */

#include <pawl/bytes.h>
#include <pawl/config.h>
#include <pawl/manifest.h>
#include <pawl/port/port.h>
#include <pawl/status.h>
#include <pawl/trust.h>
#include <pawl/update_state.h>
#include <pawl/wait.h>
#include <stdbool.h>

/* What the application's hooks answer. */
enum pawl_answer {
    PAWL_ANSWER_NOT_NOW = 0, /* the state is kept, and it is asked again */
    PAWL_ANSWER_YES,
    PAWL_ANSWER_NO /* the update is given up: PAWL_UPDATE_REASON_DENIED */
};

enum pawl_update_event_kind {
    PAWL_UPDATE_EVENT_STATE,      /* the state has changed, and is durable */
    PAWL_UPDATE_EVENT_REFUSED,    /* start() refused: reason, status */
    PAWL_UPDATE_EVENT_RESUMED,    /* goes on at offset of component */
    PAWL_UPDATE_EVENT_CHECKPOINT, /* offset bytes survive a reset */
    PAWL_UPDATE_EVENT_REVERTED,   /* an update was taken back: reason */
    PAWL_UPDATE_EVENT_COUNTER_PENDING, /* the counter did not advance; status */
    PAWL_UPDATE_EVENT_COUNTER,         /* the counter advanced; counter */
    PAWL_UPDATE_EVENT_JOURNAL_LOST,    /* no record was left; see query() */
    PAWL_UPDATE_EVENT_FELL_BACK        /* the previous image runs: rot */
};

/* Something that happened. Valid during the callback. */
struct pawl_update_event {
    enum pawl_update_event_kind kind;
    enum pawl_update_state state; /* now */
    enum pawl_update_reason reason;
    enum pawl_status status; /* what failed, or PAWL_OK */
    size_t component;        /* where it applies, as is offset */
    uint32_t offset;         /* bytes */
    uint32_t counter;        /* where it applies */
};

/* What the engine needs. Zero means the default. */
struct pawl_update_config {
    /* slots, journal, counter, clock, product are required; boot, reset are
     * used if present. Retained. */
    const struct pawl_port *port;

    /* Whose signature counts. Retained; may be loaded anew in place between
     * two calls, and is looked at each time: pawl_update_trust_changed().
     * Zeros where it cannot be read: nothing starts until it can. Required. */
    const struct pawl_trust *trust;

    /* May an update with this digest start; may the complete one be installed
     * now (consent, window, battery)? Optional: yes. */
    enum pawl_answer (*may_start)(void *ctx, const struct pawl_manifest *m);
    enum pawl_answer (*may_install)(void *ctx);
    /* Told of what happens. Must not call the engine. Optional. */
    void (*on_event)(void *ctx, const struct pawl_update_event *event);
    void *ctx; /* handed back untouched */

    /* How long a trial may take; default 10 minutes. The engine only reports
     * it: the agent, or the application, rejects. */
    uint32_t trial_deadline_ms;

    /* How long until a hook that said not now is asked again; default 30 s. */
    uint32_t ask_again_ms;

    /* What pawl_boot_select() chose, where the boot loader can hand it over:
     * a check upon the journal. running_known false: the journal is believed.
     */
    bool running_known;
    pawl_slot_set running;
};

/* What is needed next. */
struct pawl_update_want {
    size_t component;      /* in the order of the port's slots */
    struct pawl_bytes uri; /* text of the manifest, without an end */
    uint32_t offset;       /* bytes from the image's start */
    uint32_t length;       /* bytes from there to the image's end */
};

/* One installed set, or the candidate. */
struct pawl_update_image {
    bool known; /* false: there is none; the rest is zero */
    pawl_slot_set set;
    uint64_t sequence;
    uint8_t digest[32]; /* of the manifest */
};

/* All that is known. */
struct pawl_update_info {
    enum pawl_update_state state;
    enum pawl_update_reason reason; /* of the last refusal, failure, revert */
    enum pawl_update_phase phase;   /* where it happened */
    enum pawl_status status;        /* of it; PAWL_OK where none failed */
    int32_t port_code; /* of the slot's flash, where it failed in this run */
    bool retry;        /* trying the same again may help */
    enum pawl_reset_cause reset_cause; /* seen by the last trial boot */

    pawl_slot_set running;
    struct pawl_update_image current, previous, candidate;
    uint64_t sequence_floor; /* lower ones are refused */

    uint8_t attempts_left, boots_left; /* of the trial */
    uint64_t trial_deadline_ms;        /* by the monotonic clock; 0: no trial */
    bool reset_wanted; /* the next thing to do is to reset the device */

    uint32_t security_counter; /* in force: the larger of port and journal */
    bool counter_pending;      /* the port's is still to be advanced */

    size_t component; /* being written, */
    uint32_t offset;  /* bytes of it taken in, */
    uint32_t size;    /* of so many, */
    uint32_t durable; /* and so many would survive a reset */
    struct pawl_manifest_failure manifest; /* of the last start */
};

/* Room for an open engine, in bytes; checked by an assertion. */
#define PAWL_UPDATE_STORAGE                                                    \
    (PAWL_ENVELOPE_MAX + PAWL_MANIFEST_MAX + 3 * PAWL_PROGRAM_MAX +            \
     3 * PAWL_JOURNAL_PAYLOAD_MAX + 256 * PAWL_COMPONENT_MAX + 1024 +          \
     192 * sizeof(void *))

/* An engine. Private. */
struct pawl_update {
    uint64_t storage[(PAWL_UPDATE_STORAGE + 7) / 8];
};

/*
 * Opens the engine: reads the journal, and makes the first record of a device
 * fresh from the factory.
 *
 * config   copied; what it points to is retained
 *
 * Returns PAWL_OK, PAWL_PENDING   open; PENDING: step() before anything else
 *         PAWL_ERR_ARGUMENT       something required is missing
 *         PAWL_ERR_UNSUPPORTED    slots or journal do not fit this build
 *         PAWL_ERR_LOST           no record, and nobody can say what runs:
 *                                 a boot by pawl_boot_select() mends it
 *         PAWL_ERR_IO
 *
 * Blocks for reading the journal, and one public-key operation on the first
 * start of a device.
 */
PAWL_MUST_USE
enum pawl_status pawl_update_open(struct pawl_update *update,
                                  const struct pawl_update_config *config);

/* Forgets everything in RAM. The journal is as it was; a write that the flash
 * has not finished must be waited for by step() before. */
void pawl_update_close(struct pawl_update *update);

/*
 * Carries on with what is under way: at most one erase or one program, or
 * PAWL_HASH_CHUNK bytes of hashing, or the verification of one manifest (see
 * pawl_manifest_open(); twice where a signer turns out to be withdrawn).
 *
 * wait   what to wait for when PAWL_PENDING. No event at all: for bytes, by
 *        pawl_update_write()
 *
 * Returns PAWL_OK       nothing is left to do
 *         PAWL_PENDING  call again
 *         else          what was under way failed; the state says whether it
 *                       is durable: FAILED with the reason, or unchanged
 */
PAWL_MUST_USE
enum pawl_status pawl_update_step(struct pawl_update *update,
                                  struct pawl_wait *wait);

/*
 * Starts an update, or goes on with the one that a reset interrupted. All
 * that can be checked without the image is checked before the first erase.
 *
 * envelope   a SUIT envelope, at most PAWL_ENVELOPE_MAX bytes; copied
 *
 * Returns PAWL_PENDING   accepted so far; step(), which may still refuse. The
 *                        same envelope again, while it is under way: nothing
 *                        changes, and wanted() says where to go on
 *         PAWL_ERR_STATE  not READY (see pawl_update_reason()): another is
 *                         under way, clean() is due, the counter is pending,
 *                         a boot backend is still to be told, by step(), or
 *                         runs half of a set, until a reset
 *         the errors of pawl_manifest_open() and pawl_manifest_start(), and
 *         PAWL_ERR_ROLLBACK, PAWL_ERR_LIMIT, PAWL_ERR_DENIED,
 *         PAWL_ERR_CONDITION, PAWL_ERR_NOT_FOR_US, PAWL_ERR_LOST (the trust
 *         document names no signer, or is older than one that was in force)
 * On an error nothing was written, and pawl_update_reason() says why.
 *
 * Blocks for the verification of one manifest, as pawl_update_step() does.
 */
PAWL_MUST_USE
enum pawl_status pawl_update_start(struct pawl_update *update,
                                   struct pawl_bytes envelope);

/*
 * Says which bytes come next.
 *
 * Returns PAWL_OK             *want is filled
 *         PAWL_PENDING        not known yet: step()
 *         PAWL_ERR_NOT_FOUND  none are missing: finish()
 *         PAWL_ERR_STATE      not WRITING, or start() is due after a reset
 */
PAWL_MUST_USE
enum pawl_status pawl_update_wanted(struct pawl_update *update,
                                    struct pawl_update_want *want);

/*
 * Takes in bytes of the component that is wanted.
 *
 * offset   must be pawl_update_next_offset()
 *
 * Returns PAWL_OK             all were taken
 *         PAWL_PENDING        some or none were: step(), then go on at
 *                             pawl_update_next_offset()
 *         PAWL_ERR_ARGUMENT   another offset: a gap or a repetition; none were
 *         PAWL_ERR_LIMIT      more than the image has; none were taken
 *         PAWL_ERR_STATE      nothing is wanted
 *         PAWL_ERR_IO, PAWL_ERR_CORRUPT   the flash failed: step() to FAILED
 */
PAWL_MUST_USE
enum pawl_status pawl_update_write(struct pawl_update *update, uint32_t offset,
                                   struct pawl_bytes bytes);

/* Where to go on writing; 0 if nothing is wanted. */
uint32_t pawl_update_next_offset(const struct pawl_update *update);

/*
 * Ends the writing: hashes the image from flash, stores the manifest beside
 * it, reads that back, and only then is it a CANDIDATE.
 *
 * Returns PAWL_PENDING    step()
 *         PAWL_OK         it is a CANDIDATE
 *         PAWL_ERR_STATE  bytes are missing, or there is no update
 * step() then gives the result: PAWL_ERR_DIGEST, PAWL_ERR_IO ...
 */
PAWL_MUST_USE
enum pawl_status pawl_update_finish(struct pawl_update *update);

/*
 * Makes the next reset try the candidate. may_install() is asked, as often as
 * it says not now; the signature is checked once more against the trust of
 * this moment, which is no older than that of an install before. If it does
 * not hold, or the answer is no, the update is given up.
 *
 * Returns PAWL_PENDING    step()
 *         PAWL_OK         STAGED: reset the device
 *         PAWL_ERR_STATE  there is no candidate
 */
PAWL_MUST_USE
enum pawl_status pawl_update_install(struct pawl_update *update);

/*
 * Accepts the image on trial, so that it stays. Call it once the new firmware
 * has proved itself, for example after a session was established. If it is
 * never called, the trial's budgets run out and the previous image returns.
 * Afterwards the security counter rises; if that fails it is tried again, by
 * step() and at each open.
 *
 * Returns PAWL_PENDING       step()
 *         PAWL_OK            accepted, and durable; also if asked twice
 *         PAWL_ERR_STATE     no image is on trial; nothing was written
 *         PAWL_ERR_REVOKED, PAWL_ERR_UNTRUSTED   its signer was withdrawn
 *         PAWL_ERR_DIGEST, PAWL_ERR_CORRUPT ...  the manifest beside it is not
 *                            what it was, or cannot be read; nothing was
 *                            written
 *         PAWL_ERR_IO        may or may not be recorded; open again and see
 */
PAWL_MUST_USE
enum pawl_status pawl_update_accept(struct pawl_update *update);

/*
 * Gives up the image on trial, the staged one or the candidate. On trial:
 * REJECTED, and the next reset starts the previous image; reset the device.
 *
 * reason   one of enum pawl_update_reason, or 128 to 255; those of a trial,
 *          but for PAWL_UPDATE_REASON_NOT_ENTERED, and the application's own
 *          count against the image: see PAWL_TRIALS_OF_IMAGE
 *
 * Results as pawl_update_accept(); PAWL_ERR_ARGUMENT: the reason is none.
 */
PAWL_MUST_USE
enum pawl_status pawl_update_reject(struct pawl_update *update,
                                    enum pawl_update_reason reason);

/*
 * Gives up an update that is not on trial: WRITING, CANDIDATE or STAGED, to
 * FAILED. Results as pawl_update_accept().
 */
PAWL_MUST_USE
enum pawl_status pawl_update_cancel(struct pawl_update *update);

/*
 * From FAILED or UPDATED to READY, and from REJECTED if what was rejected does
 * not run (reset_wanted of the query is then false); the reason stays readable.
 * Results as pawl_update_accept(), and what a boot backend answers that could
 * not be told what was decided: the state is then unchanged.
 */
PAWL_MUST_USE
enum pawl_status pawl_update_clean(struct pawl_update *update);

/*
 * Says that config's trust was loaded anew in place: a rotation of the trust
 * document. What is not on trial yet is judged again by step() before it goes
 * on: an update whose signers no longer suffice is given up, with
 * PAWL_UPDATE_REASON_REVOKED or _UNTRUSTED: REJECTED if it was STAGED, else
 * FAILED; either way clean() leads to READY, with no reset. What is STAGED and
 * stays so records the new version, so that boot asks for at least that. An
 * image on trial is judged when it is accepted, a confirmed one never again.
 *
 * Call it after each rotation, also where one was found after a reset.
 *
 * Returns PAWL_PENDING  step(): PAWL_ERR_REVOKED, PAWL_ERR_UNTRUSTED or
 *                       PAWL_ERR_POLICY where the update is given up
 *         PAWL_OK       nothing is under way that trust has a say in
 *         PAWL_ERR_IO   the journal has failed; open again, and call again
 */
PAWL_MUST_USE
enum pawl_status pawl_update_trust_changed(struct pawl_update *update);

/* Tells all that is known; blocks for one read of the counter. */
void pawl_update_query(const struct pawl_update *update,
                       struct pawl_update_info *info);

/* Why the last update was refused, given up or reverted. */
enum pawl_update_reason pawl_update_reason(const struct pawl_update *update);

#endif
