/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The update engine: states, and the one place where they change.
 *
 *      start        finish        install       boot       accept
 * READY ---> WRITING ---> CANDIDATE ---> STAGED ---> TRIAL ---> UPDATED
 *              |  cancel      |  cancel    | cancel    | reject    | clean
 *              v              v            v           v           v
 *            FAILED <------------------- open ----- REJECTED     READY
 *              | clean                                 | clean, unless
 *              v                                       v it runs
 *            READY                                   READY
 *
 * A trust document that withdraws the signer leads from STAGED to REJECTED.
 *
 * What is true in each state
 *   READY      current is confirmed; previous, if known, is whole
 *   WRITING    previous is void: its slots are being overwritten
 *   CANDIDATE  target's image and manifest are in flash and were compared
 *   STAGED     and armed: the next boot takes a budget off and enters it
 *   TRIAL      target runs (if boot recorded it so), current waits
 *   REJECTED   boot starts current; target may run until the reset, if it was
 *              on trial, or if a loader of another kind tried what was STAGED
 *   FAILED     current; reason, phase and status say why
 *   UPDATED    current is the new image, previous the one before
 *
 * Invariants
 *   1. The record is durable before the copy in RAM moves, and before what it
 *      allows is done: WRITING before the first erase, STAGED before a
 *      reset may try it, UPDATED before the security counter rises.
 *   2. No slot of the running set is ever erased or programmed.
 *   3. A checkpoint names only bytes that were read back.
 *   4. A candidate's digest was computed over what flash holds, after the
 *      last program, not over what was received.
 *   5. The sequence floor and the counter rise on accept alone.
 *
 * A step is at most one erase or one program. A commit of the journal goes
 * before everything else: while it is under way nothing else moves.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

_Static_assert(sizeof(struct pawl_update_engine) <= sizeof(struct pawl_update),
               "raise PAWL_UPDATE_STORAGE");

struct pawl_update_engine *pawl_update_engine(struct pawl_update *update)
{
    return (struct pawl_update_engine *)(void *)update->storage;
}

uint64_t pawl_update_now(const struct pawl_update_engine *e)
{
    const struct pawl_clock *clock = e->config.port->clock;
    return clock->monotonic_ms(clock->ctx);
}

void pawl_update_tell(const struct pawl_update_engine *e,
                      struct pawl_update_event *event)
{
    event->state = e->record.state;
    if (e->config.on_event != NULL) {
        e->config.on_event(e->config.ctx, event);
    }
}

enum pawl_status pawl_update_counter_floor(const struct pawl_update_engine *e,
                                           uint32_t *floor)
{
    const struct pawl_counter *counter = e->config.port->counter;
    uint32_t value = 0;
    enum pawl_status status = counter->read(counter->ctx, &value);
    *floor = value > e->record.counter_floor ? value : e->record.counter_floor;
    return status;
}

struct pawl_manifest_policy
pawl_update_policy(const struct pawl_update_engine *e)
{
    return (struct pawl_manifest_policy){
        .signers = e->config.trust->signers,
        .signer_count = e->config.trust->signer_count,
        .threshold = e->config.trust->signer_threshold,
    };
}

struct pawl_record *pawl_update_change(struct pawl_update_engine *e,
                                       enum pawl_update_state to)
{
    e->next = e->record;
    e->next.state = to;
    return &e->next;
}

void pawl_update_say(struct pawl_update_engine *e,
                     enum pawl_update_reason reason,
                     enum pawl_update_phase phase)
{
    e->reason = reason;
    e->phase = phase;
}

/* The record is durable: now, and only now, the copy in RAM moves. */
static void committed(struct pawl_update_engine *e)
{
    bool moved = e->record.state != e->next.state;
    e->record = e->next;
    e->committing = false;
    if (moved) {
        pawl_update_say(e, e->record.reason, e->record.phase);
        e->refusal = e->record.status;
        pawl_update_tell(
            e, &(struct pawl_update_event){.kind = PAWL_UPDATE_EVENT_STATE,
                                           .reason = e->record.reason,
                                           .status = e->record.status});
    } else if (e->record.state == PAWL_UPDATE_WRITING) {
        pawl_update_tell(
            e, &(struct pawl_update_event){.kind = PAWL_UPDATE_EVENT_CHECKPOINT,
                                           .component = e->writer.component,
                                           .offset = e->writer.checkpoint});
    }
}

/* What was to be recorded, by the state that it would have led to. */
static enum pawl_update_phase
phase_of_commit(const struct pawl_update_engine *e)
{
    switch (e->next.state) {
    case PAWL_UPDATE_WRITING:
        return e->record.state == PAWL_UPDATE_WRITING ? PAWL_UPDATE_PHASE_WRITE
                                                      : PAWL_UPDATE_PHASE_START;
    case PAWL_UPDATE_CANDIDATE: /* or a compaction before the install */
        return e->record.state == PAWL_UPDATE_CANDIDATE
                   ? PAWL_UPDATE_PHASE_INSTALL
                   : PAWL_UPDATE_PHASE_FINISH;
    case PAWL_UPDATE_STAGED:
        return PAWL_UPDATE_PHASE_INSTALL;
    case PAWL_UPDATE_TRIAL:
    case PAWL_UPDATE_REJECTED:
        return PAWL_UPDATE_PHASE_TRIAL;
    case PAWL_UPDATE_UPDATED:
        return PAWL_UPDATE_PHASE_ACCEPT;
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_READY:
        break;
    }
    return e->next.phase;
}

/* The journal failed: the state is what it was, as far as this run knows. */
enum pawl_status pawl_update_journal_failed(struct pawl_update_engine *e)
{
    e->broken = true;
    e->committing = false;
    e->task = PAWL_TASK_NONE;
    e->refusal = PAWL_ERR_IO;
    pawl_update_say(e, PAWL_UPDATE_REASON_FLASH, phase_of_commit(e));
    return PAWL_ERR_IO;
}

static enum pawl_status commit_result(struct pawl_update_engine *e,
                                      enum pawl_status status)
{
    switch (status) {
    case PAWL_PENDING:
        e->committing = true;
        return PAWL_PENDING;
    case PAWL_OK:
        committed(e);
        return PAWL_PENDING;
    default:
        return pawl_update_journal_failed(e);
    }
}

enum pawl_status pawl_update_commit(struct pawl_update_engine *e,
                                    enum pawl_update_task task,
                                    enum pawl_status result)
{
    uint8_t bytes[PAWL_RECORD_MAX];
    size_t len = pawl_record_encode(&e->next, bytes);

    e->task = task;
    e->result = result;
    return commit_result(
        e, pawl_journal_commit(&e->journal, (struct pawl_bytes){bytes, len}));
}

static enum pawl_update_reason reason_of(enum pawl_status status,
                                         enum pawl_update_phase phase)
{
    switch (status) {
    case PAWL_ERR_SIGNATURE:
        return PAWL_UPDATE_REASON_SIGNATURE;
    case PAWL_ERR_UNTRUSTED:
        return PAWL_UPDATE_REASON_UNTRUSTED;
    case PAWL_ERR_REVOKED:
        return PAWL_UPDATE_REASON_REVOKED;
    case PAWL_ERR_POLICY:
        return PAWL_UPDATE_REASON_POLICY;
    case PAWL_ERR_NOT_FOR_US:
        return PAWL_UPDATE_REASON_NOT_FOR_US;
    case PAWL_ERR_ROLLBACK:
        return PAWL_UPDATE_REASON_SEQUENCE;
    case PAWL_ERR_CONDITION:
        return PAWL_UPDATE_REASON_CONDITION;
    case PAWL_ERR_DENIED:
        return PAWL_UPDATE_REASON_DENIED;
    case PAWL_ERR_IO:
    case PAWL_ERR_CORRUPT:
        return PAWL_UPDATE_REASON_FLASH;
    case PAWL_ERR_DIGEST:
        return phase == PAWL_UPDATE_PHASE_START ? PAWL_UPDATE_REASON_MANIFEST
                                                : PAWL_UPDATE_REASON_DIGEST;
    default:
        return PAWL_UPDATE_REASON_MANIFEST;
    }
}

static enum pawl_status refuse(struct pawl_update_engine *e,
                               enum pawl_status status)
{
    e->refusal = status;
    e->task = PAWL_TASK_NONE;
    pawl_update_tell(
        e, &(struct pawl_update_event){.kind = PAWL_UPDATE_EVENT_REFUSED,
                                       .reason = e->reason,
                                       .status = status});
    return status;
}

bool pawl_update_target_runs(const struct pawl_update_engine *e)
{
    return e->record.target.known && e->running == e->record.target.set;
}

bool pawl_update_mixture_runs(const struct pawl_update_engine *e)
{
    const struct pawl_record *r = &e->record;
    return e->config.port->boot != NULL && r->current.known &&
           e->running != r->current.set && !pawl_update_target_runs(e) &&
           !(r->previous.known && e->running == r->previous.set);
}

/* What was STAGED may be tried once more by a loader of another kind, which
 * is told only after this is durable: REJECTED is true either way. */
static enum pawl_update_state given_up_as(const struct pawl_update_engine *e,
                                          enum pawl_status status)
{
    bool by_trust = status == PAWL_ERR_REVOKED ||
                    status == PAWL_ERR_UNTRUSTED || status == PAWL_ERR_POLICY;

    return by_trust && e->record.state == PAWL_UPDATE_STAGED
               ? PAWL_UPDATE_REJECTED
               : PAWL_UPDATE_FAILED;
}

enum pawl_status pawl_update_stop(struct pawl_update_engine *e,
                                  enum pawl_status status,
                                  enum pawl_update_phase phase)
{
    pawl_update_say(e,
                    e->op_reason != PAWL_UPDATE_REASON_NONE
                        ? e->op_reason
                        : reason_of(status, phase),
                    phase);
    e->op_reason = PAWL_UPDATE_REASON_NONE;
    e->refusal = status;
    e->writer.active = false;
    e->cancel_asked = false;
    e->finish_asked = false;
    if (phase == PAWL_UPDATE_PHASE_START) {
        return refuse(e, status);
    }
    struct pawl_record *next = pawl_update_change(e, given_up_as(e, status));
    next->armed = false;
    next->reason = e->reason;
    next->phase = phase;
    next->status = status;
    pawl_update_forget_checkpoint(next);
    return pawl_update_commit(e, PAWL_TASK_NONE, status);
}

/* A request has ended; its result is given once. */
static enum pawl_status take_result(struct pawl_update_engine *e)
{
    enum pawl_status status = e->result;
    e->result = PAWL_OK;
    return status;
}

static enum pawl_status commit_step(struct pawl_update_engine *e)
{
    enum pawl_status status = commit_result(e, pawl_journal_step(&e->journal));
    bool more = e->committing || e->task != PAWL_TASK_NONE;
    return status != PAWL_PENDING || more ? status : take_result(e);
}

enum pawl_update_phase pawl_update_phase_of(enum pawl_update_state state)
{
    switch (state) {
    case PAWL_UPDATE_WRITING:
        return PAWL_UPDATE_PHASE_WRITE;
    case PAWL_UPDATE_CANDIDATE:
        return PAWL_UPDATE_PHASE_FINISH;
    case PAWL_UPDATE_READY:
        return PAWL_UPDATE_PHASE_START;
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_TRIAL:
    case PAWL_UPDATE_REJECTED:
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_UPDATED:
        break;
    }
    return PAWL_UPDATE_PHASE_INSTALL;
}

static enum pawl_status task_step(struct pawl_update_engine *e,
                                  struct pawl_wait *wait)
{
    if (e->cancel_asked && e->op == PAWL_OP_NONE) {
        e->op_reason = PAWL_UPDATE_REASON_CANCELLED;
        enum pawl_status status =
            pawl_update_stop(e, PAWL_OK, pawl_update_phase_of(e->record.state));
        return status == PAWL_OK ? take_result(e) : status;
    }
    if (e->trust_due && e->op == PAWL_OP_NONE && e->task != PAWL_TASK_OPEN) {
        return pawl_update_trust_step(e);
    }
    switch (e->task) {
    case PAWL_TASK_OPEN:
        return pawl_update_open_step(e);
    case PAWL_TASK_CHECK:
        return pawl_update_check_step(e);
    case PAWL_TASK_CONSENT:
        return pawl_update_consent_step(e);
    case PAWL_TASK_RUN:
        return pawl_update_run_step(e);
    case PAWL_TASK_AREA:
        return pawl_update_area_step(e);
    case PAWL_TASK_INSTALL:
        return pawl_update_install_step(e);
    case PAWL_TASK_COMPLETE:
        return PAWL_PENDING;
    case PAWL_TASK_NONE:
        return pawl_update_idle_step(e, wait);
    }
    return PAWL_ERR_FAULT;
}

/* Fills in what a pending engine waits for. */
static void say_wait(const struct pawl_update_engine *e, struct pawl_wait *wait)
{
    if (wait->events != 0) {
        return;
    }
    if ((e->task == PAWL_TASK_CONSENT || e->task == PAWL_TASK_INSTALL) &&
        !e->committing && e->ask_at_ms > pawl_update_now(e)) {
        wait->events = PAWL_WAIT_DEADLINE;
        wait->deadline_ms = e->ask_at_ms;
        return;
    }
    bool idle = e->task == PAWL_TASK_COMPLETE ||
                (e->task == PAWL_TASK_RUN && e->writer.active &&
                 e->writer.waiting && e->op == PAWL_OP_NONE);
    wait->events = idle && !e->committing ? 0 : PAWL_WAIT_NOTHING;
}

enum pawl_status pawl_update_step(struct pawl_update *update,
                                  struct pawl_wait *wait)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    struct pawl_wait unused;
    if (wait == NULL) {
        wait = &unused;
    }
    memset(wait, 0, sizeof(*wait));
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    enum pawl_status status =
        e->committing ? commit_step(e) : task_step(e, wait);
    if (status == PAWL_PENDING) {
        say_wait(e, wait);
    }
    const struct pawl_reset *reset = e->config.port->reset;
    if (reset != NULL && reset->feed_watchdog != NULL) {
        reset->feed_watchdog(reset->ctx);
    }
    return status;
}

enum pawl_update_reason pawl_update_reason(const struct pawl_update *update)
{
    const struct pawl_update_engine *e =
        (const struct pawl_update_engine *)(const void *)update->storage;
    return e->reason;
}

void pawl_update_close(struct pawl_update *update)
{
    pawl_wipe(update, sizeof(*update));
}
