/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From an envelope to WRITING: signature, structure, sequence, class, sizes
 * and the counter are judged here, before anything is erased.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

/* Refuses, and nothing was written. */
static enum pawl_status refuse(struct pawl_update_engine *e,
                               enum pawl_status status,
                               enum pawl_update_reason reason)
{
    e->op_reason = reason;
    return pawl_update_stop(e, status, PAWL_UPDATE_PHASE_START);
}

/* The same for a call at a wrong time: what is under way stays so. */
static enum pawl_status not_now(struct pawl_update_engine *e,
                                enum pawl_update_reason reason)
{
    pawl_update_say(e, reason, PAWL_UPDATE_PHASE_START);
    e->refusal = PAWL_ERR_STATE;
    return PAWL_ERR_STATE;
}

static enum pawl_status check_state(struct pawl_update_engine *e)
{
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    if (e->task != PAWL_TASK_NONE || e->committing) {
        return not_now(e, PAWL_UPDATE_REASON_BUSY);
    }
    switch (e->record.state) {
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
        break;
    case PAWL_UPDATE_CANDIDATE:
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_TRIAL:
        return not_now(e, PAWL_UPDATE_REASON_BUSY);
    case PAWL_UPDATE_REJECTED:
        if (pawl_update_target_runs(e)) {
            return not_now(e, PAWL_UPDATE_REASON_BUSY);
        }
        return PAWL_ERR_STATE;
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_UPDATED:
        return PAWL_ERR_STATE; /* clean() is due; its reason is kept */
    }
    if (e->record.counter_pending) {
        return not_now(e, PAWL_UPDATE_REASON_COUNTER_PENDING);
    }
    /* Or a backend may go back to what would be overwritten. */
    if (e->backend_due || pawl_update_mixture_runs(e)) {
        return not_now(e, PAWL_UPDATE_REASON_BUSY);
    }
    return PAWL_OK;
}

/*
 * Lower sequence numbers are refused, the same one for another manifest too:
 * the same manifest may come again after a power cut. Below the floor runs
 * what a fall-back returned to: it may rise to the floor again. UINT64_MAX
 * would be the last update ever.
 */
static enum pawl_status check_sequence(struct pawl_update_engine *e)
{
    const struct pawl_record_image *current = &e->record.current;
    bool same = current->known && memcmp(current->digest, e->manifest.digest,
                                         sizeof(current->digest)) == 0;
    uint64_t sequence = e->manifest.sequence;

    if (same && e->running == current->set) {
        return refuse(e, PAWL_ERR_STATE, PAWL_UPDATE_REASON_INSTALLED);
    }
    if (sequence < e->record.sequence_floor ||
        (sequence == e->record.sequence_floor && !same && current->known &&
         current->sequence == sequence) ||
        sequence == UINT64_MAX) {
        return refuse(e, PAWL_ERR_ROLLBACK, PAWL_UPDATE_REASON_SEQUENCE);
    }
    return PAWL_OK;
}

/* WRITING goes on with the manifest that it was begun with, and no other. */
static enum pawl_status check_same(struct pawl_update_engine *e)
{
    e->resumed = false;
    if (e->record.state != PAWL_UPDATE_WRITING) {
        return PAWL_OK;
    }
    if (memcmp(e->record.target.digest, e->manifest.digest,
               sizeof(e->manifest.digest)) != 0) {
        return refuse(e, PAWL_ERR_STATE, PAWL_UPDATE_REASON_BUSY);
    }
    e->resumed = true;
    return PAWL_OK;
}

static enum pawl_status run_start(struct pawl_update_engine *e, bool preflight)
{
    memset(e->parts, 0, sizeof(e->parts));
    e->port_code = 0;
    e->preflight = preflight;
    e->writer.active = false;
    e->hash.flash = NULL;
    enum pawl_status status =
        pawl_manifest_start(&e->process, &e->manifest, PAWL_PROCEDURE_UPDATE,
                            &e->device, &e->operations);
    if (status != PAWL_OK) {
        e->failure = *pawl_manifest_process_failure(&e->process);
    }
    return status;
}

static enum pawl_status authenticate(struct pawl_update_engine *e)
{
    if (e->config.trust->signer_count == 0 ||
        e->config.trust->version < e->record.trust_version) {
        return refuse(e, PAWL_ERR_LOST, PAWL_UPDATE_REASON_TRUST_LOST);
    }
    enum pawl_status status = pawl_update_open_manifest(e, false);
    if (status != PAWL_OK) {
        return refuse(e, status, PAWL_UPDATE_REASON_NONE);
    }
    status = check_sequence(e);
    if (status == PAWL_OK) {
        status = check_same(e);
    }
    if (status == PAWL_OK &&
        pawl_update_tried_enough(&e->record, e->manifest.digest)) {
        status = refuse(e, PAWL_ERR_DENIED, PAWL_UPDATE_REASON_TRIED);
    }
    if (status != PAWL_OK) {
        return status;
    }
    e->stored_len = sizeof(e->stored);
    status = pawl_manifest_store(&e->manifest, e->stored, &e->stored_len);
    return status == PAWL_OK
               ? PAWL_OK
               : refuse(e, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_TOO_LARGE);
}

/* The same call again, while what it began is under way: a connection that
 * broke does not make it begin anew. */
static bool asked_again(const struct pawl_update_engine *e,
                        struct pawl_bytes envelope)
{
    bool under_way = e->task == PAWL_TASK_CHECK ||
                     e->task == PAWL_TASK_CONSENT || e->task == PAWL_TASK_RUN ||
                     e->task == PAWL_TASK_COMPLETE || e->task == PAWL_TASK_AREA;
    return under_way && !e->broken && !e->cancel_asked &&
           pawl_bytes_equal(envelope,
                            (struct pawl_bytes){e->envelope, e->envelope_len});
}

enum pawl_status pawl_update_start(struct pawl_update *update,
                                   struct pawl_bytes envelope)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    if (asked_again(e, envelope)) {
        return PAWL_PENDING;
    }
    enum pawl_status status = check_state(e);
    if (status != PAWL_OK) {
        return status;
    }
    memset(&e->failure, 0, sizeof(e->failure));
    e->op_reason = PAWL_UPDATE_REASON_NONE;
    if (envelope.len == 0) {
        return refuse(e, PAWL_ERR_MALFORMED, PAWL_UPDATE_REASON_MANIFEST);
    }
    if (envelope.len > sizeof(e->envelope)) {
        return refuse(e, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_TOO_LARGE);
    }
    memcpy(e->envelope, envelope.data, envelope.len);
    e->envelope_len = envelope.len;
    status = authenticate(e);
    if (status != PAWL_OK) {
        return status;
    }
    status = run_start(e, true);
    if (status != PAWL_OK) {
        return refuse(e, status, PAWL_UPDATE_REASON_NONE);
    }
    e->task = PAWL_TASK_CHECK;
    return pawl_update_check_step(e);
}

/*
 * Each component of the device is in the new set with a digest that was
 * checked, at least one of them changes, and one hardware counter serves all:
 * the lowest that any of them names is what accepting may raise it to.
 */
static enum pawl_status check_set(struct pawl_update_engine *e,
                                  struct pawl_record *next)
{
    bool changed = false;
    bool counted = false;

    next->target_counter = 0;
    next->target.set = e->running;
    for (size_t i = 0; i < e->components.count; i++) {
        const struct pawl_part *part = &e->parts[i];
        if (!part->matched) {
            return refuse(e, PAWL_ERR_CONDITION, PAWL_UPDATE_REASON_INCOMPLETE);
        }
        if (part->has_counter &&
            (!counted || part->counter < next->target_counter)) {
            next->target_counter = part->counter;
            counted = true;
        }
        if (!part->fetched) {
            continue;
        }
        next->target.set ^= (pawl_slot_set)(1u << i);
        if (!changed) {
            unsigned other = ((unsigned)e->running >> i & 1u) ^ 1u;
            next->target.manifest_slot = e->components.list[i].slot[other];
        }
        changed = true;
    }
    return changed ? PAWL_OK
                   : refuse(e, PAWL_ERR_STATE, PAWL_UPDATE_REASON_INSTALLED);
}

/* What WRITING will say, once the application agrees. */
static enum pawl_status prepare(struct pawl_update_engine *e)
{
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_WRITING);
    enum pawl_status status = check_set(e, next);
    if (status != PAWL_OK) {
        return status;
    }
    next->target.known = true;
    next->target.sequence = e->manifest.sequence;
    memcpy(next->target.digest, e->manifest.digest,
           sizeof(next->target.digest));
    /* After a fall-back the image that runs is the one to return to. */
    if (next->previous.known && next->current.known &&
        e->running != next->current.set && e->running == next->previous.set) {
        next->current = next->previous;
    }
    memset(&next->previous, 0, sizeof(next->previous));
    next->previous.manifest_slot = PAWL_RECORD_NO_SLOT;
    next->reason = PAWL_UPDATE_REASON_NONE;
    next->phase = PAWL_UPDATE_PHASE_NONE;
    next->status = PAWL_OK;
    next->running = e->running;
    e->ask_at_ms = 0;
    e->task = PAWL_TASK_CONSENT;
    return PAWL_PENDING;
}

enum pawl_status pawl_update_check_step(struct pawl_update_engine *e)
{
    enum pawl_status status = pawl_manifest_step(&e->process);
    if (status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    if (status != PAWL_OK) {
        e->failure = *pawl_manifest_process_failure(&e->process);
        return pawl_update_stop(e, status, PAWL_UPDATE_PHASE_START);
    }
    return prepare(e);
}

/* WRITING is recorded as this run of the manifest has it: whatever else lies
 * in the journal, from whoever wrote it, does not say where bytes go. */
static bool recorded(const struct pawl_update_engine *e)
{
    const struct pawl_record *is = &e->record, *due = &e->next;

    return is->target.known && is->target.set == due->target.set &&
           is->target.manifest_slot == due->target.manifest_slot &&
           is->target.sequence == due->target.sequence &&
           is->target_counter == due->target_counter &&
           is->running == due->running && !is->previous.known;
}

static enum pawl_status begin(struct pawl_update_engine *e)
{
    enum pawl_status status = run_start(e, false);
    if (status != PAWL_OK) {
        return refuse(e, status, PAWL_UPDATE_REASON_NONE);
    }
    pawl_update_say(e, PAWL_UPDATE_REASON_NONE, PAWL_UPDATE_PHASE_NONE);
    e->refusal = PAWL_OK;
    e->resumed = e->resumed && recorded(e);
    if (e->resumed) {
        e->task = PAWL_TASK_RUN;
        return PAWL_PENDING;
    }
    pawl_update_forget_checkpoint(&e->next);
    return pawl_update_commit(e, PAWL_TASK_RUN, PAWL_OK);
}

enum pawl_status pawl_update_consent_step(struct pawl_update_engine *e)
{
    enum pawl_answer answer = PAWL_ANSWER_YES;
    if (pawl_update_now(e) < e->ask_at_ms) {
        return PAWL_PENDING;
    }
    if (e->config.may_start != NULL) {
        answer = e->config.may_start(e->config.ctx, &e->manifest);
    }
    switch (answer) {
    case PAWL_ANSWER_YES:
        return begin(e);
    case PAWL_ANSWER_NOT_NOW:
        e->ask_at_ms = pawl_update_now(e) + e->config.ask_again_ms;
        return PAWL_PENDING;
    case PAWL_ANSWER_NO:
        break;
    }
    e->op_reason = PAWL_UPDATE_REASON_DENIED;
    return pawl_update_stop(e, PAWL_ERR_DENIED,
                            e->resumed ? PAWL_UPDATE_PHASE_WRITE
                                       : PAWL_UPDATE_PHASE_START);
}
