/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the manifest processor asks of the engine. In the preflight the same
 * manifest runs without side effects: a fetch checks what can be checked and
 * counts as done, so that everything is refused that can be before the first
 * erase. Then it runs in earnest.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

enum {
    PARAMETER_DIGEST = 3, /* SUIT parameter numbers */
    PARAMETER_SIZE = 14
};

static struct pawl_update_engine *engine_of(void *ctx)
{
    return ctx;
}

const struct pawl_slot *pawl_update_spare(const struct pawl_update_engine *e,
                                          size_t component)
{
    return pawl_components_slot(&e->components, component,
                                (pawl_slot_set)~e->running);
}

static enum pawl_status op_find(void *ctx, struct pawl_bytes component,
                                uint32_t *handle)
{
    return pawl_components_find(&engine_of(ctx)->components, component, handle);
}

static enum pawl_status op_slot(void *ctx, uint32_t handle, uint64_t *slot)
{
    const struct pawl_slot *spare = pawl_update_spare(engine_of(ctx), handle);
    if (spare == NULL) {
        return PAWL_ERR_NOT_FOUND;
    }
    *slot = spare->index;
    return PAWL_OK;
}

static enum pawl_status refused(struct pawl_update_engine *e,
                                enum pawl_status status,
                                enum pawl_update_reason reason)
{
    e->op_reason = reason;
    return status;
}

static bool has(const struct pawl_suit_parameters *p, unsigned parameter)
{
    return (p->set & ((uint32_t)1 << parameter)) != 0;
}

/* Room in the hardware for the counter, before anything is erased for it. */
static enum pawl_status check_counter(struct pawl_update_engine *e,
                                      const struct pawl_suit_parameters *p)
{
    uint32_t floor = 0;
    enum pawl_status status = pawl_update_counter_floor(e, &floor);
    if (status != PAWL_OK) {
        return refused(e, PAWL_ERR_IO, PAWL_UPDATE_REASON_FLASH);
    }
    if (!p->has_security_counter) {
        return PAWL_OK;
    }
    if (p->security_counter > e->config.port->counter->max) {
        return refused(e, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_COUNTER_EXHAUSTED);
    }
    if (p->security_counter < floor) {
        return refused(e, PAWL_ERR_ROLLBACK, PAWL_UPDATE_REASON_COUNTER_LOW);
    }
    return PAWL_OK;
}

static void note_counter(struct pawl_part *part,
                         const struct pawl_suit_parameters *p)
{
    if (p->has_security_counter) {
        part->has_counter = true;
        part->counter = (uint32_t)p->security_counter; /* was checked */
    }
}

static bool same_flash(const struct pawl_flash *a, const struct pawl_flash *b)
{
    return a == b || (a->ctx == b->ctx && a->program == b->program);
}

/* Whether a flash is of the set that runs, whichever component it is of: the
 * port's table, or a copy of it. */
static bool runs_from(const struct pawl_update_engine *e,
                      const struct pawl_flash *flash)
{
    for (size_t i = 0; i < e->components.count; i++) {
        const struct pawl_slot *used =
            pawl_components_slot(&e->components, i, e->running);
        if (used != NULL && (same_flash(flash, used->image) ||
                             same_flash(flash, used->manifest))) {
            return true;
        }
    }
    return false;
}

/* Whether size bytes may be written to the spare slot of a component. */
static enum pawl_status check_target(struct pawl_update_engine *e,
                                     uint32_t handle,
                                     const struct pawl_suit_parameters *p,
                                     uint64_t size)
{
    const struct pawl_slot *spare = pawl_update_spare(e, handle);
    const struct pawl_slot *used =
        pawl_components_slot(&e->components, handle, e->running);

    if (spare == NULL || used == NULL) {
        return refused(e, PAWL_ERR_UNSUPPORTED, PAWL_UPDATE_REASON_NO_SLOT);
    }
    if (runs_from(e, spare->image) || runs_from(e, spare->manifest)) {
        return refused(e, PAWL_ERR_FAULT, PAWL_UPDATE_REASON_NO_SLOT);
    }
    if (!has(p, PARAMETER_DIGEST) || p->digest.len != PAWL_SHA256_SIZE) {
        return refused(e, PAWL_ERR_CONDITION, PAWL_UPDATE_REASON_INCOMPLETE);
    }
    if (size == 0) {
        return refused(e, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_EMPTY);
    }
    if (size > spare->image->size ||
        !pawl_area_fits(spare->manifest, e->stored_len)) {
        return refused(e, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_TOO_LARGE);
    }
    return check_counter(e, p);
}

/* Bytes come to handle, in the preflight on paper only. */
static enum pawl_status put(struct pawl_update_engine *e, uint32_t handle,
                            const struct pawl_suit_parameters *p,
                            const struct pawl_writer *source, uint64_t size)
{
    struct pawl_writer *w = &e->writer;
    struct pawl_part *part = &e->parts[handle];

    if (w->active && w->component == handle) {
        return pawl_writer_step(e);
    }
    enum pawl_status status = check_target(e, handle, p, size);
    if (status != PAWL_OK) {
        return status;
    }
    part->fetched = true;
    note_counter(part, p);
    if (e->preflight || (part->written && part->matched)) {
        return PAWL_OK;
    }
    part->written = false;
    part->matched = false;
    const struct pawl_slot *spare = pawl_update_spare(e, handle);
    *w = *source;
    w->component = (uint8_t)handle;
    w->slot_index = (uint8_t)spare->index;
    w->flash = spare->image;
    w->size = (uint32_t)size;
    memcpy(w->digest, p->digest.data, PAWL_SHA256_SIZE);
    e->finish_asked = false;
    pawl_writer_start(e);
    return PAWL_PENDING;
}

static enum pawl_status put_done(struct pawl_update_engine *e, uint32_t handle,
                                 enum pawl_status status)
{
    if (status == PAWL_OK && !e->preflight) {
        e->parts[handle].written = true;
    }
    return status;
}

static enum pawl_status op_fetch(void *ctx, uint32_t handle,
                                 const struct pawl_suit_parameters *p,
                                 struct pawl_bytes payload)
{
    struct pawl_update_engine *e = engine_of(ctx);
    struct pawl_writer source = {.uri = p->uri};

    if (!has(p, PARAMETER_SIZE)) {
        return refused(e, PAWL_ERR_CONDITION, PAWL_UPDATE_REASON_INCOMPLETE);
    }
    if (payload.data != NULL) { /* also an empty one: "#" is fetched nowhere */
        if (payload.len != p->size) {
            return PAWL_ERR_CONDITION;
        }
        source.source = PAWL_SOURCE_MEMORY;
        source.memory = payload;
    }
    return put_done(e, handle, put(e, handle, p, &source, p->size));
}

static enum pawl_status op_write(void *ctx, uint32_t handle,
                                 const struct pawl_suit_parameters *p)
{
    struct pawl_update_engine *e = engine_of(ctx);
    struct pawl_writer source = {.source = PAWL_SOURCE_MEMORY,
                                 .memory = p->content};
    return put_done(e, handle, put(e, handle, p, &source, p->content.len));
}

static enum pawl_status op_copy(void *ctx, uint32_t handle, uint32_t from,
                                const struct pawl_suit_parameters *p)
{
    struct pawl_update_engine *e = engine_of(ctx);
    const struct pawl_slot *slot =
        pawl_components_slot(&e->components, from, e->running);
    if (slot == NULL || !has(p, PARAMETER_SIZE) ||
        p->size > slot->image->size) {
        return refused(e, PAWL_ERR_CONDITION, PAWL_UPDATE_REASON_INCOMPLETE);
    }
    struct pawl_writer source = {.source = PAWL_SOURCE_FLASH,
                                 .from = slot->image};
    return put_done(e, handle, put(e, handle, p, &source, p->size));
}

/* Where a component's bytes are looked at: the new ones once they are there,
 * else those that run. */
static const struct pawl_slot *slot_seen(const struct pawl_update_engine *e,
                                         uint32_t handle)
{
    return e->parts[handle].written
               ? pawl_update_spare(e, handle)
               : pawl_components_slot(&e->components, handle, e->running);
}

/* It matched before, and nothing was written since. */
static bool known_match(const struct pawl_part *part,
                        const struct pawl_suit_parameters *p)
{
    return part->matched && part->size == p->size &&
           memcmp(part->digest, p->digest.data, PAWL_SHA256_SIZE) == 0;
}

static enum pawl_status match_hash(struct pawl_update_engine *e,
                                   const struct pawl_slot *slot,
                                   struct pawl_part *part,
                                   const struct pawl_suit_parameters *p,
                                   enum pawl_verdict *verdict)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    if (e->hash.flash == NULL) {
        pawl_slot_hash_start(&e->hash, slot->image, (uint32_t)p->size);
    }
    enum pawl_status status = pawl_slot_hash_step(&e->hash, digest);
    if (status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    if (status != PAWL_OK) {
        pawl_update_note_code(e, slot->image);
        return status;
    }
    *verdict = PAWL_VERDICT_DIFFERENT;
    if (pawl_equal_ct(digest, p->digest.data, sizeof(digest))) {
        *verdict = PAWL_VERDICT_MATCH;
        part->matched = true;
        part->size = (uint32_t)p->size;
        memcpy(part->digest, digest, sizeof(digest));
    }
    return PAWL_OK;
}

static enum pawl_status op_image_match(void *ctx, uint32_t handle,
                                       const struct pawl_suit_parameters *p,
                                       enum pawl_verdict *verdict)
{
    struct pawl_update_engine *e = engine_of(ctx);
    struct pawl_part *part = &e->parts[handle];
    const struct pawl_slot *slot = slot_seen(e, handle);

    *verdict = PAWL_VERDICT_NONE;
    if (slot == NULL || !has(p, PARAMETER_SIZE) || !has(p, PARAMETER_DIGEST) ||
        p->digest.len != PAWL_SHA256_SIZE) {
        return refused(e, PAWL_ERR_CONDITION, PAWL_UPDATE_REASON_INCOMPLETE);
    }
    enum pawl_status status = check_counter(e, p);
    if (status != PAWL_OK) {
        return status;
    }
    note_counter(part, p);
    if (e->preflight && part->fetched) {
        part->matched = true; /* it will be compared */
        *verdict = PAWL_VERDICT_MATCH;
        return PAWL_OK;
    }
    if (known_match(part, p)) {
        *verdict = PAWL_VERDICT_MATCH;
        return PAWL_OK;
    }
    if (p->size > slot->image->size) {
        *verdict = PAWL_VERDICT_DIFFERENT;
        return PAWL_OK;
    }
    return match_hash(e, slot, part, p, verdict);
}

static enum pawl_status op_check_content(void *ctx, uint32_t handle,
                                         const struct pawl_suit_parameters *p,
                                         enum pawl_verdict *verdict)
{
    struct pawl_update_engine *e = engine_of(ctx);
    const struct pawl_slot *slot = slot_seen(e, handle);
    uint8_t block[64];
    uint32_t equal = 1;

    *verdict = PAWL_VERDICT_NONE;
    if (slot == NULL || p->content.len > slot->image->size) {
        return PAWL_ERR_CONDITION;
    }
    for (size_t at = 0; at < p->content.len; at += sizeof(block)) {
        size_t n = p->content.len - at < sizeof(block) ? p->content.len - at
                                                       : sizeof(block);
        enum pawl_status status =
            pawl_flash_get(slot->image, (uint32_t)at, block, n);
        if (status != PAWL_OK) {
            pawl_update_note_code(e, slot->image);
            return status;
        }
        equal &= pawl_equal_ct(block, p->content.data + at, n) ? 1u : 0u;
    }
    bool assumed = e->preflight && e->parts[handle].fetched;
    *verdict =
        equal == 1 || assumed ? PAWL_VERDICT_MATCH : PAWL_VERDICT_DIFFERENT;
    return PAWL_OK;
}

/* Nothing is started by an update; that the command is known lets the dry
 * run pass. */
static enum pawl_status op_invoke(void *ctx, uint32_t handle,
                                  const struct pawl_suit_parameters *p)
{
    (void)ctx;
    (void)handle;
    (void)p;
    return PAWL_ERR_STATE;
}

static int32_t op_last_error(void *ctx)
{
    return engine_of(ctx)->port_code;
}

void pawl_update_operations(struct pawl_update_engine *e)
{
    e->operations = (struct pawl_manifest_operations){
        .ctx = e,
        .fixed = pawl_components_fixed(&e->components),
        .find = op_find,
        .slot = op_slot,
        .image_match = op_image_match,
        .check_content = op_check_content,
        .fetch = op_fetch,
        .write = op_write,
        .copy = op_copy,
        .invoke = op_invoke,
        .last_error = op_last_error,
    };
    pawl_device_name(&e->device, e->config.port->product);
}
