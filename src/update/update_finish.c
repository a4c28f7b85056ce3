/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The manifest's run in earnest, what is wanted for it, and the end: the
 * manifest is stored beside the image and compared, and only then is there a
 * CANDIDATE.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

/* Every component was found in flash with its digest after the last write. */
static bool all_matched(const struct pawl_update_engine *e)
{
    size_t matched = 0;
    for (size_t i = 0; i < e->components.count; i++) {
        const struct pawl_part *part = &e->parts[i];
        bool changes = ((e->record.target.set ^ e->running) >> i & 1u) != 0;
        matched += part->matched && part->written == changes ? 1u : 0u;
    }
    return matched == e->components.count;
}

enum pawl_status pawl_update_run_step(struct pawl_update_engine *e)
{
    enum pawl_status status = pawl_manifest_step(&e->process);
    if (status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    if (status != PAWL_OK) {
        e->failure = *pawl_manifest_process_failure(&e->process);
        return pawl_update_stop(e, status, PAWL_UPDATE_PHASE_WRITE);
    }
    if (!all_matched(e)) {
        e->op_reason = PAWL_UPDATE_REASON_INCOMPLETE;
        return pawl_update_stop(e, PAWL_ERR_CONDITION,
                                PAWL_UPDATE_PHASE_FINISH);
    }
    e->area_at = 0;
    e->area_erased = false;
    e->task = e->finish_asked ? PAWL_TASK_AREA : PAWL_TASK_COMPLETE;
    return PAWL_PENDING;
}

enum pawl_status pawl_update_wanted(struct pawl_update *update,
                                    struct pawl_update_want *want)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    const struct pawl_writer *w = &e->writer;

    memset(want, 0, sizeof(*want));
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    switch (e->task) {
    case PAWL_TASK_COMPLETE:
    case PAWL_TASK_AREA:
        return PAWL_ERR_NOT_FOUND;
    case PAWL_TASK_CHECK:
    case PAWL_TASK_CONSENT:
    case PAWL_TASK_RUN:
        break;
    case PAWL_TASK_NONE: /* a commit's result is still to be taken */
        return e->committing ? PAWL_PENDING : PAWL_ERR_STATE;
    case PAWL_TASK_OPEN:
    case PAWL_TASK_INSTALL:
        return PAWL_ERR_STATE;
    }
    if (e->task != PAWL_TASK_RUN || !w->active || w->probing ||
        w->source != PAWL_SOURCE_PUSHED || w->taken == w->size) {
        return PAWL_PENDING;
    }
    want->component = w->component;
    want->uri = w->uri;
    want->offset = w->taken;
    want->length = w->size - w->taken;
    return PAWL_OK;
}

enum pawl_status pawl_update_finish(struct pawl_update *update)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    const struct pawl_writer *w = &e->writer;

    if (e->broken) {
        return PAWL_ERR_IO;
    }
    switch (e->task) {
    case PAWL_TASK_COMPLETE:
        e->task = PAWL_TASK_AREA;
        return PAWL_PENDING;
    case PAWL_TASK_AREA:
        return PAWL_PENDING;
    case PAWL_TASK_RUN:
        if (!w->active || w->source != PAWL_SOURCE_PUSHED ||
            w->taken == w->size) {
            e->finish_asked = true;
            return PAWL_PENDING;
        }
        return PAWL_ERR_STATE; /* bytes are missing */
    case PAWL_TASK_NONE:
        break;
    case PAWL_TASK_OPEN:
    case PAWL_TASK_CHECK:
    case PAWL_TASK_CONSENT:
    case PAWL_TASK_INSTALL:
        return PAWL_ERR_STATE;
    }
    if (e->committing) {
        return PAWL_PENDING;
    }
    return e->record.state == PAWL_UPDATE_CANDIDATE ? PAWL_OK : PAWL_ERR_STATE;
}

static const struct pawl_flash *area_of(const struct pawl_update_engine *e)
{
    uint8_t slot = e->record.target.manifest_slot;
    return slot < e->components.slot_count ? e->components.slots[slot].manifest
                                           : NULL;
}

static enum pawl_status area_failed(struct pawl_update_engine *e,
                                    enum pawl_status status,
                                    enum pawl_update_reason reason)
{
    const struct pawl_flash *area = area_of(e);
    if (reason == PAWL_UPDATE_REASON_FLASH && area != NULL) {
        pawl_update_note_code(e, area);
    }
    e->op_reason = reason;
    return pawl_update_stop(e, status, PAWL_UPDATE_PHASE_FINISH);
}

/* Compares what was programmed with what it should be. */
static enum pawl_status area_compare(struct pawl_update_engine *e,
                                     const struct pawl_flash *area)
{
    uint8_t block[64];
    for (size_t at = 0; at < e->op_len; at += sizeof(block)) {
        size_t n =
            e->op_len - at < sizeof(block) ? e->op_len - at : sizeof(block);
        enum pawl_status status =
            pawl_flash_get(area, e->area_at + (uint32_t)at, block, n);
        if (status != PAWL_OK) {
            return area_failed(e, status, PAWL_UPDATE_REASON_FLASH);
        }
        if (memcmp(block, e->buffer + at, n) != 0) {
            return area_failed(e, PAWL_ERR_CORRUPT,
                               PAWL_UPDATE_REASON_READ_BACK);
        }
    }
    e->area_at += (uint32_t)e->op_len;
    return PAWL_PENDING;
}

static enum pawl_status area_op_ended(struct pawl_update_engine *e,
                                      const struct pawl_flash *area,
                                      enum pawl_status status)
{
    enum pawl_flash_op op = e->op;
    if (status == PAWL_PENDING && area->poll != NULL) {
        return PAWL_PENDING;
    }
    e->op = PAWL_OP_NONE;
    status = pawl_update_flash_done(area, status);
    if (status != PAWL_OK) {
        return area_failed(e, status, PAWL_UPDATE_REASON_FLASH);
    }
    if (op == PAWL_OP_AREA_PROGRAM) {
        return area_compare(e, area);
    }
    e->area_at += area->erase_size;
    e->area_erased = e->area_at >= area->size;
    e->area_at = e->area_erased ? 0 : e->area_at;
    return PAWL_PENDING;
}

static enum pawl_status area_program(struct pawl_update_engine *e,
                                     const struct pawl_flash *area)
{
    uint32_t unit = area->program_size;
    uint32_t len = (uint32_t)sizeof(e->buffer) / unit * unit;
    uint32_t left = area->size - e->area_at;
    size_t end = PAWL_AREA_HEAD_SIZE + e->stored_len;
    size_t due = (end - e->area_at + unit - 1) / unit * unit;

    e->op_len = len < left ? len : left;
    e->op_len = e->op_len < due ? e->op_len : due;
    pawl_area_unit(area, (struct pawl_bytes){e->stored, e->stored_len},
                   e->area_at, e->buffer, e->op_len);
    e->op = PAWL_OP_AREA_PROGRAM;
    return area_op_ended(
        e, area, area->program(area->ctx, e->area_at, e->buffer, e->op_len));
}

enum pawl_status pawl_update_area_step(struct pawl_update_engine *e)
{
    const struct pawl_flash *area = area_of(e);
    if (area == NULL) {
        return area_failed(e, PAWL_ERR_FAULT, PAWL_UPDATE_REASON_NO_SLOT);
    }
    if (e->op != PAWL_OP_NONE) {
        return area_op_ended(e, area, area->poll(area->ctx));
    }
    if (!e->area_erased) {
        e->op = PAWL_OP_AREA_ERASE;
        return area_op_ended(
            e, area, area->erase(area->ctx, e->area_at, area->erase_size));
    }
    if (e->area_at < PAWL_AREA_HEAD_SIZE + e->stored_len) {
        return area_program(e, area);
    }
    struct pawl_record *next = pawl_update_change(e, PAWL_UPDATE_CANDIDATE);
    pawl_update_forget_checkpoint(next);
    return pawl_update_commit(e, PAWL_TASK_NONE, PAWL_OK);
}
