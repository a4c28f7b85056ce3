/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opening: the journal settles, and the engine takes stock of where the
 * device is: fresh from the factory, on trial, fallen back, or at rest.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

enum {
    DEADLINE_DEFAULT_MS = 10 * 60 * 1000,
    ASK_AGAIN_DEFAULT_MS = 30 * 1000
};

static bool port_complete(const struct pawl_port *port)
{
    return port != NULL && port->slots != NULL && port->journal != NULL &&
           port->product != NULL && port->counter != NULL &&
           port->counter->read != NULL && port->counter->advance != NULL &&
           port->clock != NULL && port->clock->monotonic_ms != NULL &&
           (port->boot == NULL ||
            (port->boot->query != NULL && port->boot->select != NULL &&
             port->boot->confirm != NULL));
}

/*
 * The factory's image is confirmed without an update: its digest is recorded,
 * so that it starts also when its signer is withdrawn one day. An unreadable
 * manifest leaves the image unknown; its slot may be updated all the same.
 */
static void note_factory(struct pawl_update_engine *e, struct pawl_record *next)
{
    const struct pawl_manifest_policy policy = pawl_update_policy(e);
    const struct pawl_slot *slot =
        pawl_components_slot(&e->components, 0, e->running);
    size_t len = sizeof(e->envelope);

    if (slot == NULL ||
        pawl_area_read(slot->manifest, e->envelope, &len) != PAWL_OK ||
        pawl_manifest_open_stored(&e->manifest,
                                  (struct pawl_bytes){e->envelope, len},
                                  &policy) != PAWL_OK) {
        return;
    }
    next->current.known = true;
    next->current.set = e->running;
    next->current.manifest_slot = (uint8_t)(slot - e->components.slots);
    next->current.sequence = e->manifest.sequence;
    memcpy(next->current.digest, e->manifest.digest,
           sizeof(next->current.digest));
    next->sequence_floor = e->manifest.sequence;
}

static enum pawl_status first_record(struct pawl_update_engine *e,
                                     enum pawl_update_reason reason)
{
    pawl_record_clear(&e->record);
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_READY);
    next->running = e->running;
    next->reason = reason;
    pawl_update_say(e, reason, next->phase);
    note_factory(e, next);
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

/* A trial or a rejection is over, since another set runs. */
static enum pawl_status give_up(struct pawl_update_engine *e,
                                enum pawl_update_reason reason)
{
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_FAILED);
    next->armed = false;
    next->running = e->running;
    if (reason != PAWL_UPDATE_REASON_NONE) {
        next->reason = reason;
        next->phase = PAWL_UPDATE_PHASE_BOOT;
        next->status = PAWL_OK;
    }
    pawl_update_say(e, next->reason, next->phase);
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

/*
 * It was accepted, but the loader did not learn of it in time and went back.
 * The counter does not rise, for what runs would be below it; the floors stay.
 */
static enum pawl_status take_back(struct pawl_update_engine *e)
{
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_FAILED);
    next->target = next->current;
    next->current = next->previous;
    memset(&next->previous, 0, sizeof(next->previous));
    next->previous.manifest_slot = PAWL_RECORD_NO_SLOT;
    next->counter_pending = false;
    next->running = e->running;
    next->reason = PAWL_UPDATE_REASON_REVERTED;
    next->phase = PAWL_UPDATE_PHASE_ACCEPT;
    next->status = PAWL_OK;
    pawl_update_say(e, next->reason, next->phase);
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

static enum pawl_status enter_trial(struct pawl_update_engine *e)
{
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_TRIAL);
    next->armed = false;
    next->running = e->running;
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}

static void tell_reverted(const struct pawl_update_engine *e)
{
    if (e->record.state == PAWL_UPDATE_FAILED) {
        pawl_update_tell(
            e, &(struct pawl_update_event){.kind = PAWL_UPDATE_EVENT_REVERTED,
                                           .reason = e->record.reason,
                                           .status = e->record.status});
    }
    if (e->record.lost) {
        pawl_update_tell(e, &(struct pawl_update_event){
                                .kind = PAWL_UPDATE_EVENT_JOURNAL_LOST,
                                .reason = PAWL_UPDATE_REASON_JOURNAL_LOST});
    } else if (e->record.state != PAWL_UPDATE_TRIAL &&
               e->record.state != PAWL_UPDATE_REJECTED &&
               e->record.current.known && e->record.current.set != e->running) {
        pawl_update_tell(e, &(struct pawl_update_event){
                                .kind = PAWL_UPDATE_EVENT_FELL_BACK,
                                .reason = PAWL_UPDATE_REASON_FELL_BACK});
    }
}

/* The facts, of a backend or of the boot loader, against the journal. */
static enum pawl_status reconcile(struct pawl_update_engine *e, bool reverted)
{
    const struct pawl_record *r = &e->record;
    bool on_target = pawl_update_target_runs(e);
    bool mixture = pawl_update_mixture_runs(e);

    pawl_update_say(e, r->reason, r->phase);
    switch (r->state) {
    case PAWL_UPDATE_STAGED:
        e->backend_due = e->config.port->boot != NULL;
        if (e->config.port->boot != NULL && on_target) {
            return enter_trial(e);
        }
        if (mixture) { /* asking for the rest would take these back */
            return give_up(e, PAWL_UPDATE_REASON_NOT_ENTERED);
        }
        if (reverted) {
            return give_up(e, PAWL_UPDATE_REASON_REVERTED);
        }
        break;
    case PAWL_UPDATE_TRIAL:
        if (!on_target) {
            e->backend_due = mixture;
            return give_up(e, reverted ? PAWL_UPDATE_REASON_REVERTED
                                       : PAWL_UPDATE_REASON_NOT_ENTERED);
        }
        break;
    case PAWL_UPDATE_REJECTED:
        if (!on_target) { /* the loader may not have been told of it */
            e->backend_due = e->config.port->boot != NULL;
            return give_up(e, PAWL_UPDATE_REASON_NONE);
        }
        break;
    case PAWL_UPDATE_UPDATED:
        if (e->config.port->boot != NULL && reverted &&
            e->running != r->current.set && !mixture) {
            return take_back(e);
        }
        e->backend_due = e->config.port->boot != NULL;
        break;
    case PAWL_UPDATE_FAILED: /* it may not have been told before the reset */
        e->backend_due = e->config.port->boot != NULL;
        break;
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
    case PAWL_UPDATE_CANDIDATE:
        e->backend_due =
            mixture || (e->backend_tries && e->running == r->current.set &&
                        r->current.known);
        break;
    }
    return PAWL_OK;
}

/* What runs: the backend knows, or the hand-over, or the journal says. */
static enum pawl_status find_running(struct pawl_update_engine *e, bool *known,
                                     bool *reverted)
{
    const struct pawl_boot_backend *boot = e->config.port->boot;
    struct pawl_boot_facts facts = {0};

    *known = true;
    *reverted = false;
    if (boot != NULL) {
        enum pawl_status status = boot->query(boot->ctx, &facts);
        e->running = facts.running;
        e->backend_tries = facts.trial;
        *reverted = facts.reverted;
        return status == PAWL_PENDING ? PAWL_ERR_IO : status;
    }
    *known = e->config.running_known;
    e->running =
        e->config.running_known ? e->config.running : e->record.running;
    return PAWL_OK;
}

static enum pawl_status take_stock(struct pawl_update_engine *e)
{
    bool known = false;
    bool reverted = false;
    enum pawl_status decoded = PAWL_ERR_LOST;
    enum pawl_journal_found found = pawl_journal_found(&e->journal);

    pawl_record_clear(&e->record);
    if (found == PAWL_JOURNAL_VALID) {
        decoded =
            pawl_record_decode(&e->record, pawl_journal_payload(&e->journal));
    }
    if (decoded == PAWL_ERR_UNSUPPORTED) {
        return PAWL_ERR_UNSUPPORTED; /* of a newer pawl: not ours to change */
    }
    enum pawl_status status = find_running(e, &known, &reverted);
    if (status != PAWL_OK) {
        return status;
    }
    if (found == PAWL_JOURNAL_EMPTY) {
        return first_record(e, PAWL_UPDATE_REASON_NONE);
    }
    if (decoded != PAWL_OK) {
        return known ? first_record(e, PAWL_UPDATE_REASON_JOURNAL_LOST)
                     : PAWL_ERR_LOST;
    }
    e->trial_from_ms = pawl_update_now(e);
    status = reconcile(e, reverted);
    e->trust_due = e->record.state == PAWL_UPDATE_STAGED &&
                   e->record.trust_version != e->config.trust->version;
    tell_reverted(e);
    return status;
}

/* It is not open, and query() tells why. */
static enum pawl_status not_open(struct pawl_update_engine *e,
                                 enum pawl_status status)
{
    enum pawl_update_reason reason = PAWL_UPDATE_REASON_NONE;

    if (status == PAWL_ERR_LOST) {
        reason = PAWL_UPDATE_REASON_JOURNAL_LOST;
    } else if (status == PAWL_ERR_IO || status == PAWL_ERR_CORRUPT) {
        reason = PAWL_UPDATE_REASON_FLASH;
    }
    pawl_update_say(e, reason, PAWL_UPDATE_PHASE_BOOT);
    e->refusal = status;
    e->broken = true;
    return status;
}

enum pawl_status pawl_update_open_step(struct pawl_update_engine *e)
{
    enum pawl_status status = pawl_journal_step(&e->journal);
    if (status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    e->task = PAWL_TASK_NONE;
    if (status == PAWL_OK) {
        status = take_stock(e);
    }
    return status == PAWL_OK || status == PAWL_PENDING ? status
                                                       : not_open(e, status);
}

enum pawl_status pawl_update_open(struct pawl_update *update,
                                  const struct pawl_update_config *config)
{
    struct pawl_update_engine *e = pawl_update_engine(update);

    memset(update, 0, sizeof(*update));
    e->broken = true; /* until the end of this function */
    if (!port_complete(config->port) || config->trust == NULL) {
        return PAWL_ERR_ARGUMENT;
    }
    e->config = *config;
    if (e->config.trial_deadline_ms == 0) {
        e->config.trial_deadline_ms = DEADLINE_DEFAULT_MS;
    }
    if (e->config.ask_again_ms == 0) {
        e->config.ask_again_ms = ASK_AGAIN_DEFAULT_MS;
    }
    enum pawl_status status = pawl_components_open(
        &e->components, config->port->slots, config->port->slot_count);
    if (status != PAWL_OK) {
        return status;
    }
    pawl_update_operations(e);
    status = pawl_journal_open(&e->journal, config->port->journal,
                               PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE);
    if (status == PAWL_PENDING) {
        e->task = PAWL_TASK_OPEN;
    } else if (status == PAWL_OK) {
        status = take_stock(e);
    }
    e->broken = false;
    return status == PAWL_OK || status == PAWL_PENDING ? status
                                                       : not_open(e, status);
}
