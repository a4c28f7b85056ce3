/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_UPDATE_INTERNAL_H
#define PAWL_UPDATE_INTERNAL_H

/* What the files of the engine share. update.c has the states and rules. */

#include "journal/journal.h"
#include "update/record.h"
#include <pawl/update.h>

#define PAWL_CHECKPOINT_SIZE 40 /* bytes in the record's extension */

/* What step() is busy with, apart from a commit. */
enum pawl_update_task {
    PAWL_TASK_NONE,
    PAWL_TASK_OPEN,     /* the journal settles; then stock is taken */
    PAWL_TASK_CHECK,    /* the manifest is tried without side effects */
    PAWL_TASK_CONSENT,  /* may_start() is asked */
    PAWL_TASK_RUN,      /* the manifest runs: fetch, write, hash */
    PAWL_TASK_COMPLETE, /* all is verified; finish() is awaited */
    PAWL_TASK_AREA,     /* the manifest is stored beside the image */
    PAWL_TASK_INSTALL   /* may_install() is asked, the signature checked */
};

/* Where the bytes of a component come from. */
enum pawl_writer_source {
    PAWL_SOURCE_PUSHED, /* pawl_update_write() */
    PAWL_SOURCE_MEMORY, /* integrated in the envelope */
    PAWL_SOURCE_FLASH   /* another component's running slot */
};

/*
 * Writes one component. taken - programmed bytes lie in the buffer; all below
 * programmed is in flash and was read back.
 */
struct pawl_writer {
    bool active;
    bool probing; /* the slot may hold it already: it is hashed first */
    bool waiting; /* for bytes of the application */
    uint8_t component;
    uint8_t slot_index; /* 0 A, 1 B */
    const struct pawl_flash *flash;
    struct pawl_bytes uri;
    enum pawl_writer_source source;
    struct pawl_bytes memory;
    const struct pawl_flash *from;
    uint32_t size;       /* bytes of the image */
    uint32_t taken;      /* bytes taken in */
    uint32_t programmed; /* bytes in flash, compared */
    uint32_t erased_to;  /* end of the sectors erased in this run */
    uint32_t checkpoint; /* bytes that a reset leaves */
    uint8_t digest[PAWL_SHA256_SIZE]; /* of the image */
    enum pawl_status status;          /* PAWL_OK, or what went wrong */
};

/* One operation on a flash that may answer PAWL_PENDING. One at a time. */
enum pawl_flash_op {
    PAWL_OP_NONE,
    PAWL_OP_ERASE,
    PAWL_OP_PROGRAM,
    PAWL_OP_AREA_ERASE,
    PAWL_OP_AREA_PROGRAM
};

/* What is known of a component in this run. */
struct pawl_part {
    bool fetched; /* the manifest fetches it: its slot changes */
    bool written; /* and it is all in the spare slot */
    bool matched; /* its digest was found in flash */
    bool has_counter;
    uint32_t counter;
    uint32_t size; /* of what matched */
    uint8_t digest[PAWL_SHA256_SIZE];
};

struct pawl_update_engine {
    struct pawl_update_config config;
    struct pawl_components components;
    struct pawl_manifest_device device;
    struct pawl_manifest_operations operations;
    struct pawl_manifest manifest;
    struct pawl_manifest_process process;
    struct pawl_manifest_failure failure;
    struct pawl_journal journal;
    struct pawl_record record; /* durable */
    struct pawl_record next;   /* being committed */
    enum pawl_update_task task;
    bool committing;
    bool broken; /* the journal failed: to be opened again */
    bool compacted;
    bool cancel_asked, finish_asked;
    bool preflight;     /* operations have no side effects */
    bool resumed;       /* WRITING was found for this manifest */
    bool backend_due;   /* it is to be told what the journal says */
    bool backend_tries; /* it takes what runs for a trial */
    bool trust_due;     /* the trust document changed: see update_trust.c */
    enum pawl_status result;  /* for step() to give, once committed */
    enum pawl_status refusal; /* the status of reason */
    enum pawl_update_reason reason;
    enum pawl_update_phase phase;      /* in which reason came up */
    enum pawl_update_reason op_reason; /* set where an operation fails */
    int32_t port_code; /* of the flash that failed in this run, or 0 */
    pawl_slot_set running;
    uint64_t ask_at_ms;     /* when a hook, or the counter, is tried again */
    uint64_t trial_from_ms; /* when this trial boot began */
    uint32_t counter_wait_ms;
    struct pawl_part parts[PAWL_COMPONENT_MAX];
    struct pawl_writer writer;
    struct pawl_slot_hash hash;
    uint8_t hash_of; /* slot that is being hashed */
    enum pawl_flash_op op;
    size_t op_len;    /* bytes being programmed */
    uint32_t area_at; /* bytes of the manifest area erased, then written */
    bool area_erased;
    size_t envelope_len, stored_len;
    uint8_t envelope[PAWL_ENVELOPE_MAX];
    uint8_t stored[PAWL_MANIFEST_MAX]; /* wrapper and manifest */
    uint8_t buffer[PAWL_PROGRAM_MAX];  /* bytes on their way to flash */
};

/* update.c: the engine in its storage. */
struct pawl_update_engine *pawl_update_engine(struct pawl_update *update);

/* update.c: what query() tells of the last failure or refusal. */
void pawl_update_say(struct pawl_update_engine *e,
                     enum pawl_update_reason reason,
                     enum pawl_update_phase phase);

/* update.c: the journal failed in what next was to be; PAWL_ERR_IO. */
enum pawl_status pawl_update_journal_failed(struct pawl_update_engine *e);

/* update.c: begins a change of the record, as a copy in next. */
struct pawl_record *pawl_update_change(struct pawl_update_engine *e,
                                       enum pawl_update_state to);

/*
 * update.c: makes next durable; the only place where the record changes.
 * task goes on after it, or, if it is PAWL_TASK_NONE, step() gives result.
 * Returns PAWL_PENDING, or PAWL_ERR_IO.
 */
enum pawl_status pawl_update_commit(struct pawl_update_engine *e,
                                    enum pawl_update_task task,
                                    enum pawl_status result);

/*
 * update.c: what is under way ends with status, for the engine's op_reason or
 * the one that belongs to status. Where nothing was written it is a refusal,
 * else FAILED is recorded, or REJECTED of what was STAGED and may no longer
 * be signed by its signers.
 */
enum pawl_status pawl_update_stop(struct pawl_update_engine *e,
                                  enum pawl_status status,
                                  enum pawl_update_phase phase);

/* update.c: whether target is what runs. */
bool pawl_update_target_runs(const struct pawl_update_engine *e);

/* update.c: whether a boot backend runs a set that no record names: some of
 * several components were swapped, and others not. */
bool pawl_update_mixture_runs(const struct pawl_update_engine *e);

/* update.c: tells the application; fills in the state. */
void pawl_update_tell(const struct pawl_update_engine *e,
                      struct pawl_update_event *event);

/* update.c: milliseconds of the monotonic clock. */
uint64_t pawl_update_now(const struct pawl_update_engine *e);

/* update.c: the larger of the port's counter and the record's. */
PAWL_MUST_USE
enum pawl_status pawl_update_counter_floor(const struct pawl_update_engine *e,
                                           uint32_t *floor);

/* update.c: whose signature counts at this moment. */
struct pawl_manifest_policy
pawl_update_policy(const struct pawl_update_engine *e);

/* update_operations.c: fills in what the manifest processor calls. */
void pawl_update_operations(struct pawl_update_engine *e);

/* update_operations.c: the slot that is not running; NULL if none. */
const struct pawl_slot *pawl_update_spare(const struct pawl_update_engine *e,
                                          size_t component);

/* update_start.c: steps of PAWL_TASK_CHECK and PAWL_TASK_CONSENT. */
enum pawl_status pawl_update_check_step(struct pawl_update_engine *e);
enum pawl_status pawl_update_consent_step(struct pawl_update_engine *e);

/* update_write.c: begins the write of a component; the fields that describe
 * it are filled in. */
void pawl_writer_start(struct pawl_update_engine *e);
/* update_write.c: at most one erase or program. PAWL_OK: all is written. */
enum pawl_status pawl_writer_step(struct pawl_update_engine *e);

/* update_finish.c: steps of PAWL_TASK_RUN and PAWL_TASK_AREA. */
enum pawl_status pawl_update_run_step(struct pawl_update_engine *e);
enum pawl_status pawl_update_area_step(struct pawl_update_engine *e);

/* update_tally.c: the record's extension. The checkpoint goes, or comes; the
 * tally of failed trials stays. */
void pawl_update_forget_checkpoint(struct pawl_record *record);
void pawl_update_put_checkpoint(struct pawl_record *record,
                                const uint8_t checkpoint[PAWL_CHECKPOINT_SIZE]);

/* update_tally.c: notes the trial of target, if it is one that failed. */
void pawl_update_note_trial(struct pawl_record *record);

/* update_tally.c: whether trials of this manifest failed too often. */
bool pawl_update_tried_enough(const struct pawl_record *record,
                              const uint8_t digest[PAWL_SHA256_SIZE]);

/*
 * update_trust.c: opens the manifest of the envelope, or of one that was kept
 * beside an image, against the trust of this moment. PAWL_ERR_REVOKED: by a
 * signer who was withdrawn. On an error the failure is kept.
 */
PAWL_MUST_USE
enum pawl_status pawl_update_open_manifest(struct pawl_update_engine *e,
                                           bool stored);

/* update_trust.c: the manifest kept beside target, against the trust of this
 * moment and the digest in the record. Overwrites the envelope. */
PAWL_MUST_USE
enum pawl_status pawl_update_verify_target(struct pawl_update_engine *e);

/* update_trust.c: judges what is under way by the trust that is now in force.
 */
enum pawl_status pawl_update_trust_step(struct pawl_update_engine *e);

/* update.c: the phase in which something fails, by the state. */
enum pawl_update_phase pawl_update_phase_of(enum pawl_update_state state);

/* update_trial.c: steps of PAWL_TASK_INSTALL, of the counter, of a backend. */
enum pawl_status pawl_update_install_step(struct pawl_update_engine *e);
enum pawl_status pawl_update_idle_step(struct pawl_update_engine *e,
                                       struct pawl_wait *wait);

/* update_open.c: takes stock once the journal has settled. */
enum pawl_status pawl_update_open_step(struct pawl_update_engine *e);

/* update_write.c: keeps what the port says of a flash that has failed. */
void pawl_update_note_code(struct pawl_update_engine *e,
                           const struct pawl_flash *flash);

/* update_write.c: the outcome of a flash operation that was begun. */
enum pawl_status pawl_update_flash_done(const struct pawl_flash *flash,
                                        enum pawl_status status);

#endif
