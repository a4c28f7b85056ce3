/* SPDX-License-Identifier: Apache-2.0 */

/* What the engine tells of itself. */

#include "update/update_internal.h"
#include <string.h>

/* Into an image that is all zeros. */
static void tell_image(struct pawl_update_image *image,
                       const struct pawl_record_image *from)
{
    image->known = from->known;
    if (from->known) {
        image->set = from->set;
        image->sequence = from->sequence;
        memcpy(image->digest, from->digest, sizeof(image->digest));
    }
}

static bool worth_a_retry(enum pawl_update_reason reason)
{
    return reason == PAWL_UPDATE_REASON_COUNTER_PENDING ||
           reason == PAWL_UPDATE_REASON_BUSY ||
           reason == PAWL_UPDATE_REASON_DENIED ||
           reason == PAWL_UPDATE_REASON_FLASH ||
           reason == PAWL_UPDATE_REASON_READ_BACK ||
           reason == PAWL_UPDATE_REASON_DIGEST ||
           reason == PAWL_UPDATE_REASON_CANCELLED ||
           reason == PAWL_UPDATE_REASON_NOT_ENTERED;
}

static void tell_progress(const struct pawl_update_engine *e,
                          struct pawl_update_info *info)
{
    const struct pawl_writer *w = &e->writer;
    if (e->record.state == PAWL_UPDATE_WRITING && w->flash != NULL) {
        info->component = w->component;
        info->offset = w->taken;
        info->size = w->size;
        info->durable = w->checkpoint;
    }
}

void pawl_update_query(const struct pawl_update *update,
                       struct pawl_update_info *info)
{
    const struct pawl_update_engine *e =
        (const struct pawl_update_engine *)(const void *)update->storage;
    const struct pawl_record *r = &e->record;

    memset(info, 0, sizeof(*info));
    info->state = r->state;
    info->reason = e->reason;
    info->phase = e->phase;
    info->status = e->refusal != PAWL_OK ? e->refusal : r->status;
    info->port_code = e->port_code;
    info->retry = worth_a_retry(e->reason);
    info->reset_cause = r->reset_cause;
    info->running = e->running;
    tell_image(&info->current, &r->current);
    tell_image(&info->previous, &r->previous);
    tell_image(&info->candidate, &r->target);
    info->sequence_floor = r->sequence_floor;
    info->attempts_left = r->attempts;
    info->boots_left = r->boots;
    if (r->state == PAWL_UPDATE_TRIAL) {
        info->trial_deadline_ms =
            e->trial_from_ms + e->config.trial_deadline_ms;
    }
    info->reset_wanted =
        (r->state == PAWL_UPDATE_STAGED ||
         (r->state == PAWL_UPDATE_REJECTED && pawl_update_target_runs(e)) ||
         (e->backend_tries && !e->broken && pawl_update_mixture_runs(e))) &&
        !e->committing;
    if (e->config.port == NULL ||
        pawl_update_counter_floor(e, &info->security_counter) != PAWL_OK) {
        info->security_counter = r->counter_floor;
    }
    info->counter_pending = r->counter_pending;
    info->manifest = e->failure;
    tell_progress(e, info);
}
