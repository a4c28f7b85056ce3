/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Install, accept, reject, cancel, clean; and what the idle engine still has
 * to do: the security counter after an accept, and a boot backend.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

enum {
    COUNTER_WAIT_FIRST_MS = 1000,
    COUNTER_WAIT_MAX_MS = 600 * 1000,
    FRAMES_PER_COMMIT = 3 /* record, proof, tombstone */
};

/* Nothing else is under way. */
static enum pawl_status idle(const struct pawl_update_engine *e)
{
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    return e->task != PAWL_TASK_NONE || e->committing ? PAWL_ERR_STATE
                                                      : PAWL_OK;
}

/* The floor may have risen since the start, and the hardware has its end. */
static enum pawl_status verify_counter(struct pawl_update_engine *e)
{
    uint32_t floor = 0;
    enum pawl_status status = pawl_update_counter_floor(e, &floor);
    if (status != PAWL_OK) {
        return PAWL_ERR_IO;
    }
    if (e->record.target_counter != 0 && e->record.target_counter < floor) {
        e->op_reason = PAWL_UPDATE_REASON_COUNTER_LOW;
        return PAWL_ERR_ROLLBACK;
    }
    return PAWL_OK;
}

enum pawl_status pawl_update_install(struct pawl_update *update)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    if (e->task == PAWL_TASK_INSTALL) {
        return PAWL_PENDING;
    }
    if (e->record.state == PAWL_UPDATE_STAGED && !e->committing) {
        return PAWL_OK; /* asked twice */
    }
    if (idle(e) != PAWL_OK || e->record.state != PAWL_UPDATE_CANDIDATE) {
        return e->committing && e->next.state == PAWL_UPDATE_STAGED
                   ? PAWL_PENDING
                   : PAWL_ERR_STATE;
    }
    e->ask_at_ms = 0;
    e->compacted = false;
    e->task = PAWL_TASK_INSTALL;
    return PAWL_PENDING;
}

/* Boot must find room to write every budget down without an erase. */
static bool compact_due(const struct pawl_update_engine *e)
{
    size_t wanted =
        (size_t)FRAMES_PER_COMMIT * ((size_t)PAWL_TRIAL_ATTEMPTS + 2);
    return !e->compacted && pawl_journal_room(&e->journal) < wanted;
}

static enum pawl_status compact(struct pawl_update_engine *e)
{
    e->compacted = true;
    e->next = e->record;
    enum pawl_status status = pawl_journal_compact(&e->journal);
    if (status == PAWL_PENDING) {
        e->committing = true;
    } else if (status != PAWL_OK) {
        return pawl_update_journal_failed(e);
    }
    return PAWL_PENDING;
}

/* What is recorded as in force at an install never falls: boot asks for it. */
static enum pawl_status verify_trust(struct pawl_update_engine *e)
{
    if (e->config.trust->version < e->record.trust_version) {
        e->op_reason = PAWL_UPDATE_REASON_TRUST_LOST;
        return PAWL_ERR_LOST;
    }
    return pawl_update_verify_target(e);
}

static enum pawl_status stage(struct pawl_update_engine *e)
{
    enum pawl_status status = verify_trust(e);
    if (status == PAWL_OK) {
        status = verify_counter(e);
    }
    if (status != PAWL_OK) {
        return pawl_update_stop(e, status, PAWL_UPDATE_PHASE_INSTALL);
    }
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_STAGED);
    next->armed = true;
    next->attempts = PAWL_TRIAL_ATTEMPTS;
    next->boots = PAWL_TRIAL_BOOTS;
    next->trust_version = e->config.trust->version;
    next->reason = PAWL_UPDATE_REASON_NONE;
    e->backend_due = e->config.port->boot != NULL;
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

enum pawl_status pawl_update_install_step(struct pawl_update_engine *e)
{
    enum pawl_answer answer = PAWL_ANSWER_YES;
    if (pawl_update_now(e) < e->ask_at_ms) {
        return PAWL_PENDING;
    }
    if (compact_due(e)) {
        return compact(e);
    }
    if (e->config.may_install != NULL) {
        answer = e->config.may_install(e->config.ctx);
    }
    switch (answer) {
    case PAWL_ANSWER_YES:
        return stage(e);
    case PAWL_ANSWER_NOT_NOW:
        e->ask_at_ms = pawl_update_now(e) + e->config.ask_again_ms;
        return PAWL_PENDING;
    case PAWL_ANSWER_NO:
        break;
    }
    return pawl_update_stop(e, PAWL_ERR_DENIED, PAWL_UPDATE_PHASE_INSTALL);
}

/* What the record says once target is accepted. Accept is durable first; the
 * counter rises after it. */
static enum pawl_status record_accept(struct pawl_update_engine *e)
{
    const struct pawl_counter *counter = e->config.port->counter;
    uint32_t value = 0;
    if (counter->read(counter->ctx, &value) != PAWL_OK) {
        return PAWL_ERR_IO;
    }
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_UPDATED);
    next->previous = e->record.current;
    if (e->record.lost) {
        next->previous.known = false; /* it was never confirmed */
    }
    next->current = e->record.target;
    memset(&next->target, 0, sizeof(next->target));
    next->target.manifest_slot = PAWL_RECORD_NO_SLOT;
    next->lost = false;
    next->attempts = 0;
    next->boots = 0;
    next->reason = PAWL_UPDATE_REASON_NONE;
    next->phase = PAWL_UPDATE_PHASE_NONE;
    next->status = PAWL_OK;
    if (next->current.sequence > next->sequence_floor) {
        next->sequence_floor = next->current.sequence;
    }
    /* The journal may know it already, of an accept that was taken back. */
    if (e->record.target_counter > value &&
        e->record.target_counter >= next->counter_floor) {
        next->counter_floor = e->record.target_counter;
        next->counter_pending = true;
    }
    next->target_counter = 0;
    e->counter_wait_ms = 0;
    e->ask_at_ms = 0;
    e->backend_due = e->config.port->boot != NULL;
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

enum pawl_status pawl_update_accept(struct pawl_update *update)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    if (e->committing && e->next.state == PAWL_UPDATE_UPDATED) {
        return PAWL_PENDING;
    }
    enum pawl_status status = idle(e);
    if (status != PAWL_OK) {
        return status;
    }
    if (e->record.state == PAWL_UPDATE_UPDATED) {
        return PAWL_OK; /* asked twice: a retry after a lost answer */
    }
    if (e->record.state != PAWL_UPDATE_TRIAL ||
        e->running != e->record.target.set) {
        return PAWL_ERR_STATE;
    }
    status = pawl_update_verify_target(e);
    return status == PAWL_OK ? record_accept(e) : status;
}

static enum pawl_status give_up(struct pawl_update_engine *e,
                                enum pawl_update_state to,
                                enum pawl_update_reason reason,
                                enum pawl_update_phase phase)
{
    struct pawl_record *next = pawl_update_change(e, to);
    next->armed = false;
    next->reason = reason;
    next->phase = phase;
    next->status = PAWL_OK;
    pawl_update_forget_checkpoint(next);
    pawl_update_say(e, reason, phase);
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

enum pawl_status pawl_update_reject(struct pawl_update *update,
                                    enum pawl_update_reason reason)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    uint8_t kept = (uint8_t)reason; /* as the record has it */
    if (kept == PAWL_UPDATE_REASON_NONE || kept != (unsigned)reason) {
        return PAWL_ERR_ARGUMENT;
    }
    if (e->committing && (e->next.state == PAWL_UPDATE_REJECTED ||
                          e->next.state == PAWL_UPDATE_FAILED)) {
        return PAWL_PENDING;
    }
    enum pawl_status status = idle(e);
    if (status != PAWL_OK) {
        return status;
    }
    switch (e->record.state) {
    case PAWL_UPDATE_TRIAL:
        return give_up(e, PAWL_UPDATE_REJECTED, reason,
                       PAWL_UPDATE_PHASE_TRIAL);
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_CANDIDATE:
        e->backend_due = e->config.port->boot != NULL;
        return give_up(e, PAWL_UPDATE_FAILED, reason,
                       PAWL_UPDATE_PHASE_INSTALL);
    case PAWL_UPDATE_REJECTED:
    case PAWL_UPDATE_FAILED:
        return PAWL_OK; /* asked twice */
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
    case PAWL_UPDATE_UPDATED:
        break;
    }
    return PAWL_ERR_STATE;
}

enum pawl_status pawl_update_cancel(struct pawl_update *update)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    if (e->task != PAWL_TASK_NONE && e->task != PAWL_TASK_OPEN) {
        e->cancel_asked = true; /* a flash operation is waited for */
        return PAWL_PENDING;
    }
    if (e->committing && e->next.state == PAWL_UPDATE_FAILED) {
        return PAWL_PENDING;
    }
    enum pawl_status status = idle(e);
    if (status != PAWL_OK) {
        return status;
    }
    switch (e->record.state) {
    case PAWL_UPDATE_WRITING:
        return give_up(e, PAWL_UPDATE_FAILED, PAWL_UPDATE_REASON_CANCELLED,
                       PAWL_UPDATE_PHASE_WRITE);
    case PAWL_UPDATE_CANDIDATE:
    case PAWL_UPDATE_STAGED:
        e->backend_due = e->config.port->boot != NULL;
        return give_up(e, PAWL_UPDATE_FAILED, PAWL_UPDATE_REASON_CANCELLED,
                       PAWL_UPDATE_PHASE_INSTALL);
    case PAWL_UPDATE_FAILED:
        return PAWL_OK; /* asked twice */
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_TRIAL:
    case PAWL_UPDATE_REJECTED:
    case PAWL_UPDATE_UPDATED:
        break;
    }
    return PAWL_ERR_STATE;
}

/*
 * The confirmed set is to run, and to stay. What a backend tries is confirmed
 * only if it is that set: half of a set is not, nor what was given up.
 */
static enum pawl_status back_to_current(const struct pawl_update_engine *e,
                                        bool confirm)
{
    const struct pawl_boot_backend *boot = e->config.port->boot;
    const struct pawl_record_image *current = &e->record.current;
    pawl_slot_set set = current->known ? current->set : e->running;

    return confirm && current->known && e->running == set
               ? boot->confirm(boot->ctx)
               : boot->select(boot->ctx, set);
}

/* A boot backend is told what the journal says; each call may be repeated. */
static enum pawl_status backend_step(struct pawl_update_engine *e)
{
    const struct pawl_boot_backend *boot = e->config.port->boot;
    enum pawl_status status = PAWL_OK;

    switch (e->record.state) {
    case PAWL_UPDATE_STAGED:
        status = boot->select(boot->ctx, e->record.target.set);
        break;
    case PAWL_UPDATE_UPDATED:
        status = back_to_current(e, true);
        break;
    case PAWL_UPDATE_REJECTED: /* one that runs, goes at the next reset */
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
    case PAWL_UPDATE_CANDIDATE:
        status = back_to_current(e, e->backend_tries);
        break;
    case PAWL_UPDATE_TRIAL:
        break;
    }
    e->backend_due = status != PAWL_OK;
    return status;
}

/* Whether there is something to clean, and nothing of it runs. */
static bool may_be_cleaned(const struct pawl_update_engine *e)
{
    return e->record.state == PAWL_UPDATE_FAILED ||
           e->record.state == PAWL_UPDATE_UPDATED ||
           (e->record.state == PAWL_UPDATE_REJECTED &&
            !pawl_update_target_runs(e));
}

enum pawl_status pawl_update_clean(struct pawl_update *update)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    if (e->committing && e->next.state == PAWL_UPDATE_READY) {
        return PAWL_PENDING;
    }
    enum pawl_status status = idle(e);
    if (status != PAWL_OK) {
        return status;
    }
    if (e->record.state == PAWL_UPDATE_READY) {
        return PAWL_OK;
    }
    if (!may_be_cleaned(e)) {
        return PAWL_ERR_STATE;
    }
    if (e->backend_due) { /* READY would forget what it is to be told */
        status = backend_step(e);
        if (status != PAWL_OK) {
            return status;
        }
    }
    struct pawl_record *next = pawl_update_change(e, e->record.state);
    pawl_update_forget_checkpoint(next);
    pawl_update_note_trial(next);
    next->state = PAWL_UPDATE_READY;
    memset(&next->target, 0, sizeof(next->target));
    next->target.manifest_slot = PAWL_RECORD_NO_SLOT;
    next->target_counter = 0;
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

/* The counter did not rise: accepted stands, and it is tried again later. */
static void counter_failed(struct pawl_update_engine *e,
                           enum pawl_status status)
{
    e->counter_wait_ms = e->counter_wait_ms == 0 ? COUNTER_WAIT_FIRST_MS
                                                 : 2 * e->counter_wait_ms;
    if (e->counter_wait_ms > COUNTER_WAIT_MAX_MS) {
        e->counter_wait_ms = COUNTER_WAIT_MAX_MS;
    }
    e->ask_at_ms = pawl_update_now(e) + e->counter_wait_ms;
    pawl_update_tell(e, &(struct pawl_update_event){
                            .kind = PAWL_UPDATE_EVENT_COUNTER_PENDING,
                            .status = status,
                            .counter = e->record.counter_floor});
}

/*
 * Raises the hardware's counter to what was accepted, reads it again, and
 * only then forgets that it is due.
 */
static enum pawl_status counter_step(struct pawl_update_engine *e)
{
    const struct pawl_counter *counter = e->config.port->counter;
    uint32_t value = 0;
    enum pawl_status status =
        counter->advance(counter->ctx, e->record.counter_floor);
    if (status == PAWL_OK) {
        status = counter->read(counter->ctx, &value);
    }
    if (status == PAWL_OK && value < e->record.counter_floor) {
        status = PAWL_ERR_IO;
    }
    if (status != PAWL_OK) {
        counter_failed(e, status);
        return PAWL_PENDING;
    }
    pawl_update_change(e, e->record.state)->counter_pending = false;
    pawl_update_tell(
        e, &(struct pawl_update_event){.kind = PAWL_UPDATE_EVENT_COUNTER,
                                       .counter = value});
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

enum pawl_status pawl_update_idle_step(struct pawl_update_engine *e,
                                       struct pawl_wait *wait)
{
    if (e->backend_due) {
        return backend_step(e);
    }
    /* What runs may be below the counter, until all of it was swapped. */
    if (!e->record.counter_pending || pawl_update_mixture_runs(e)) {
        return PAWL_OK;
    }
    if (pawl_update_now(e) >= e->ask_at_ms) {
        enum pawl_status status = counter_step(e);
        if (e->committing || status != PAWL_PENDING) {
            return status;
        }
    }
    if (!e->record.counter_pending) {
        return PAWL_OK;
    }
    wait->events = PAWL_WAIT_DEADLINE;
    wait->deadline_ms = e->ask_at_ms;
    return PAWL_PENDING;
}
