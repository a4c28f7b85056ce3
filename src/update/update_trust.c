/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rotation of the trust document: who was withdrawn starts, finishes,
 * installs and accepts nothing. What was accepted stays.
 */

#include "base/base.h"
#include "update/update_internal.h"

static enum pawl_status open_by(struct pawl_update_engine *e, bool stored,
                                bool retired)
{
    struct pawl_manifest_policy policy = pawl_update_policy(e);
    struct pawl_bytes envelope = {e->envelope, e->envelope_len};

    policy.allow_retired = retired;
    return stored ? pawl_manifest_open_stored(&e->manifest, envelope, &policy)
                  : pawl_manifest_open(&e->manifest, envelope, &policy);
}

enum pawl_status pawl_update_open_manifest(struct pawl_update_engine *e,
                                           bool stored)
{
    enum pawl_status status = open_by(e, stored, false);

    if (status == PAWL_OK) {
        return PAWL_OK;
    }
    e->failure = *pawl_manifest_failure(&e->manifest);
    /* Would the withdrawn ones have sufficed? Then say so; no more. */
    if ((status == PAWL_ERR_UNTRUSTED || status == PAWL_ERR_SIGNATURE) &&
        open_by(e, stored, true) == PAWL_OK) {
        pawl_wipe(&e->manifest, sizeof(e->manifest));
        e->failure.status = status = PAWL_ERR_REVOKED;
    }
    return status;
}

enum pawl_status pawl_update_verify_target(struct pawl_update_engine *e)
{
    uint8_t slot = e->record.target.manifest_slot;

    if (slot >= e->components.slot_count) {
        return PAWL_ERR_FAULT;
    }
    e->envelope_len = sizeof(e->envelope);
    enum pawl_status status = pawl_area_read(e->components.slots[slot].manifest,
                                             e->envelope, &e->envelope_len);
    if (status == PAWL_OK) {
        status = pawl_update_open_manifest(e, true);
    }
    if (status != PAWL_OK) {
        return status;
    }
    return pawl_equal_ct(e->manifest.digest, e->record.target.digest,
                         sizeof(e->manifest.digest))
               ? PAWL_OK
               : PAWL_ERR_DIGEST;
}

/* The manifest is in memory, authenticated, and being processed. Its bytes
 * are the same, so what the processor holds of it stays valid. */
static bool in_memory(const struct pawl_update_engine *e)
{
    return e->task != PAWL_TASK_NONE && e->task != PAWL_TASK_INSTALL;
}

static bool waits_for_trial(const struct pawl_update_engine *e)
{
    return e->record.state == PAWL_UPDATE_CANDIDATE ||
           e->record.state == PAWL_UPDATE_STAGED;
}

enum pawl_status pawl_update_trust_step(struct pawl_update_engine *e)
{
    uint64_t version = e->config.trust->version;
    enum pawl_status status = PAWL_OK;

    e->trust_due = false;
    if (in_memory(e)) {
        status = pawl_update_open_manifest(e, false);
    } else if (waits_for_trial(e)) {
        status = pawl_update_verify_target(e);
    }
    if (status != PAWL_OK) {
        e->backend_due = e->config.port->boot != NULL && waits_for_trial(e);
        return pawl_update_stop(e, status,
                                pawl_update_phase_of(e->record.state));
    }
    if (e->record.state == PAWL_UPDATE_STAGED &&
        e->record.trust_version < version) {
        pawl_update_change(e, PAWL_UPDATE_STAGED)->trust_version = version;
        return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
    }
    return PAWL_PENDING;
}

enum pawl_status pawl_update_trust_changed(struct pawl_update *update)
{
    struct pawl_update_engine *e = pawl_update_engine(update);

    if (e->broken) {
        return PAWL_ERR_IO;
    }
    e->trust_due = in_memory(e) || e->committing || waits_for_trial(e);
    return e->trust_due ? PAWL_PENDING : PAWL_OK;
}
