/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writing one component into its spare slot. Bytes gather in the buffer; a
 * full buffer, or the last bytes, are programmed and read back at once. A
 * sector is erased in this run before anything is programmed in it, blank or
 * not: what an interrupted run left there is not to be trusted. At most two
 * sectors are erased ahead. Checkpoints name whole sectors.
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

enum {
    CHECKPOINT_PARTS = 16, /* checkpoints of an image, at most */
    SECTORS_AHEAD = 2,
    CHECKPOINT_KIND = 1
};

enum pawl_status pawl_update_flash_done(const struct pawl_flash *flash,
                                        enum pawl_status status)
{
    if (status == PAWL_PENDING) {
        return PAWL_ERR_UNSUPPORTED; /* without poll() it must not */
    }
    if (status == PAWL_OK && flash->sync != NULL) {
        status = flash->sync(flash->ctx);
        status = status == PAWL_PENDING ? PAWL_ERR_IO : status;
    }
    return status;
}

void pawl_update_note_code(struct pawl_update_engine *e,
                           const struct pawl_flash *flash)
{
    e->port_code =
        flash->last_error != NULL ? flash->last_error(flash->ctx) : 0;
}

/* The checkpoint, as the record's extension: doc/SPEC.md. */
static void checkpoint_encode(const struct pawl_writer *w,
                              struct pawl_record *record)
{
    uint8_t out[PAWL_CHECKPOINT_SIZE] = {CHECKPOINT_KIND, w->component,
                                         w->slot_index, 0};
    pawl_put_u32(out + 4, w->programmed);
    memcpy(out + 8, w->digest, PAWL_SHA256_SIZE);
    pawl_update_put_checkpoint(record, out);
}

/* The checkpoint that the interrupted run left; NULL if it left none. */
static const uint8_t *checkpoint_found(const struct pawl_update_engine *e)
{
    const uint8_t *in = e->record.extension;
    return e->resumed && e->record.extension_len >= PAWL_CHECKPOINT_SIZE &&
                   in[0] == CHECKPOINT_KIND
               ? in
               : NULL;
}

/* The bytes that a checkpoint vouches for; 0 without one for this write. */
static uint32_t checkpoint_find(const struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    const uint8_t *in = checkpoint_found(e);
    if (in == NULL || in[1] != w->component || in[2] != w->slot_index ||
        memcmp(in + 8, w->digest, PAWL_SHA256_SIZE) != 0) {
        return 0;
    }
    uint32_t offset = pawl_get_u32(in + 4);
    bool whole = offset == w->size || offset % w->flash->erase_size == 0;
    return offset <= w->size && whole ? offset : 0;
}

/*
 * Whether the interrupted run had completed this component: its checkpoint is
 * of the end, or of another one that comes later, since they come in the same
 * order each time. That its digest is right is not enough: cells that were
 * being programmed when power failed may read so by chance.
 */
static bool was_complete(const struct pawl_update_engine *e, uint32_t offset)
{
    const uint8_t *in = checkpoint_found(e);
    if (offset == e->writer.size) {
        return true;
    }
    return in != NULL && in[1] != e->writer.component &&
           in[1] < e->components.count && !e->parts[in[1]].written;
}

static uint32_t checkpoint_interval(const struct pawl_writer *w)
{
    uint32_t interval = w->size / CHECKPOINT_PARTS;
    if (interval < PAWL_CHECKPOINT_MIN) {
        interval = PAWL_CHECKPOINT_MIN;
    }
    return interval < w->flash->erase_size ? w->flash->erase_size : interval;
}

/* Of several components the end of each is one, too. */
static bool checkpoint_due(const struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    if (w->programmed == w->size) {
        return e->components.count > 1 && w->checkpoint != w->size;
    }
    return w->programmed % w->flash->erase_size == 0 &&
           w->programmed - w->checkpoint >= checkpoint_interval(w);
}

void pawl_writer_start(struct pawl_update_engine *e)
{
    struct pawl_writer *w = &e->writer;
    uint32_t offset = checkpoint_find(e);

    w->active = true;
    w->status = PAWL_OK;
    w->waiting = false;
    w->probing = was_complete(e, offset);
    if (w->probing) {
        pawl_slot_hash_start(&e->hash, w->flash, w->size);
        offset = 0; /* unless the hash is right */
    }
    w->taken = w->programmed = w->erased_to = w->checkpoint = offset;
    if (offset != 0) {
        pawl_update_tell(
            e, &(struct pawl_update_event){.kind = PAWL_UPDATE_EVENT_RESUMED,
                                           .component = w->component,
                                           .offset = offset});
    }
}

/* Bytes that the buffer takes before it is programmed: whole units that end
 * where the sector ends. */
static uint32_t buffer_room(const struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    uint32_t unit = w->flash->program_size;
    uint32_t room = (uint32_t)sizeof(e->buffer) / unit * unit;
    uint32_t sector =
        w->flash->erase_size - w->programmed % w->flash->erase_size;
    return room < sector ? room : sector;
}

static bool buffer_ready(const struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    uint32_t fill = w->taken - w->programmed;
    return fill != 0 && (fill == buffer_room(e) || w->taken == w->size);
}

static enum pawl_status failed(struct pawl_update_engine *e,
                               enum pawl_status status,
                               enum pawl_update_reason reason)
{
    e->writer.status = status;
    e->op_reason = reason;
    return status;
}

/* The same where it is a flash that says so. */
static enum pawl_status flash_failed(struct pawl_update_engine *e,
                                     const struct pawl_flash *flash,
                                     enum pawl_status status)
{
    pawl_update_note_code(e, flash);
    return failed(e, status, PAWL_UPDATE_REASON_FLASH);
}

/* What was programmed is compared, so that a flash that lies is found here. */
static enum pawl_status read_back(struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    uint8_t block[64];

    for (size_t at = 0; at < e->op_len; at += sizeof(block)) {
        size_t n =
            e->op_len - at < sizeof(block) ? e->op_len - at : sizeof(block);
        enum pawl_status status =
            pawl_flash_get(w->flash, w->programmed + (uint32_t)at, block, n);
        if (status != PAWL_OK) {
            return flash_failed(e, w->flash, status);
        }
        if (memcmp(block, e->buffer + at, n) != 0) {
            return failed(e, PAWL_ERR_CORRUPT, PAWL_UPDATE_REASON_READ_BACK);
        }
    }
    return PAWL_OK;
}

/* The operation at hand has ended, well or not. */
static enum pawl_status op_ended(struct pawl_update_engine *e,
                                 enum pawl_status status)
{
    struct pawl_writer *w = &e->writer;
    enum pawl_flash_op op = e->op;

    if (status == PAWL_PENDING && w->flash->poll != NULL) {
        return PAWL_PENDING;
    }
    e->op = PAWL_OP_NONE;
    status = pawl_update_flash_done(w->flash, status);
    if (status != PAWL_OK) {
        return flash_failed(e, w->flash, status);
    }
    if (op == PAWL_OP_ERASE) {
        w->erased_to += w->flash->erase_size;
        return PAWL_PENDING;
    }
    status = read_back(e);
    if (status != PAWL_OK) {
        return status;
    }
    w->programmed = w->taken;
    return PAWL_PENDING;
}

static enum pawl_status erase_next(struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    e->op = PAWL_OP_ERASE;
    return op_ended(
        e, w->flash->erase(w->flash->ctx, w->erased_to, w->flash->erase_size));
}

static enum pawl_status program_buffer(struct pawl_update_engine *e)
{
    const struct pawl_writer *w = &e->writer;
    size_t fill = w->taken - w->programmed;
    size_t unit = w->flash->program_size;

    e->op_len = (fill + unit - 1) / unit * unit;
    memset(e->buffer + fill, w->flash->erased_value, e->op_len - fill);
    e->op = PAWL_OP_PROGRAM;
    return op_ended(e, w->flash->program(w->flash->ctx, w->programmed,
                                         e->buffer, e->op_len));
}

/* Gets the full buffer out: an erase if one is due, else the program. */
static enum pawl_status flush(struct pawl_update_engine *e)
{
    return e->writer.programmed >= e->writer.erased_to ? erase_next(e)
                                                       : program_buffer(e);
}

static bool erase_ahead_due(const struct pawl_writer *w)
{
    uint32_t sector = w->flash->erase_size;
    uint64_t limit =
        ((uint64_t)w->programmed / sector + 1 + SECTORS_AHEAD) * sector;
    return w->erased_to < w->size && w->erased_to < limit;
}

static enum pawl_status probe(struct pawl_update_engine *e)
{
    struct pawl_writer *w = &e->writer;
    uint8_t digest[PAWL_SHA256_SIZE];
    enum pawl_status status = pawl_slot_hash_step(&e->hash, digest);

    if (status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    w->probing = false;
    if (status == PAWL_OK && memcmp(digest, w->digest, sizeof(digest)) == 0) {
        w->taken = w->programmed = w->checkpoint = w->size;
        return PAWL_PENDING;
    }
    /* Rotten or unreadable: it is written again, and before that nothing is
     * left that would vouch for it after another cut. */
    pawl_update_forget_checkpoint(pawl_update_change(e, PAWL_UPDATE_WRITING));
    return pawl_update_commit(e, PAWL_TASK_RUN, PAWL_OK);
}

/* Fills the buffer from where the bytes lie already. */
static enum pawl_status feed(struct pawl_update_engine *e)
{
    struct pawl_writer *w = &e->writer;
    uint32_t fill = w->taken - w->programmed;
    uint32_t n = buffer_room(e) - fill;
    if (n > w->size - w->taken) {
        n = w->size - w->taken;
    }
    if (w->source == PAWL_SOURCE_MEMORY) {
        memcpy(e->buffer + fill, w->memory.data + w->taken, n);
    } else {
        enum pawl_status status =
            pawl_flash_get(w->from, w->taken, e->buffer + fill, n);
        if (status != PAWL_OK) {
            return flash_failed(e, w->from, status);
        }
    }
    w->taken += n;
    return PAWL_PENDING;
}

enum pawl_status pawl_writer_step(struct pawl_update_engine *e)
{
    struct pawl_writer *w = &e->writer;

    w->waiting = false;
    if (w->status != PAWL_OK) {
        return w->status;
    }
    if (e->op != PAWL_OP_NONE) {
        return op_ended(e, w->flash->poll(w->flash->ctx));
    }
    if (w->probing) {
        return probe(e);
    }
    if (checkpoint_due(e)) {
        w->checkpoint = w->programmed;
        checkpoint_encode(w, pawl_update_change(e, PAWL_UPDATE_WRITING));
        return pawl_update_commit(e, PAWL_TASK_RUN, PAWL_OK);
    }
    if (buffer_ready(e)) {
        return flush(e);
    }
    if (w->programmed == w->size) {
        w->active = false;
        return PAWL_OK;
    }
    if (w->source != PAWL_SOURCE_PUSHED) {
        return feed(e);
    }
    if (erase_ahead_due(w)) {
        return erase_next(e);
    }
    w->waiting = true;
    return PAWL_PENDING;
}

static enum pawl_status check_write(const struct pawl_update_engine *e,
                                    uint32_t offset, size_t len)
{
    const struct pawl_writer *w = &e->writer;
    if (e->broken) {
        return PAWL_ERR_IO;
    }
    if (e->task != PAWL_TASK_RUN || e->preflight || !w->active ||
        w->source != PAWL_SOURCE_PUSHED || e->cancel_asked) {
        return PAWL_ERR_STATE;
    }
    if (w->status != PAWL_OK) {
        return w->status;
    }
    if (len == 0 || offset != w->taken) {
        return PAWL_ERR_ARGUMENT;
    }
    return len > w->size - w->taken ? PAWL_ERR_LIMIT : PAWL_OK;
}

enum pawl_status pawl_update_write(struct pawl_update *update, uint32_t offset,
                                   struct pawl_bytes bytes)
{
    struct pawl_update_engine *e = pawl_update_engine(update);
    struct pawl_writer *w = &e->writer;
    enum pawl_status status = check_write(e, offset, bytes.len);
    bool flushed = e->committing;

    if (status != PAWL_OK) {
        return status;
    }
    if (w->probing || e->op == PAWL_OP_PROGRAM) {
        return PAWL_PENDING; /* the buffer is not ours to touch */
    }
    for (size_t done = 0; done < bytes.len;) {
        size_t fill = w->taken - w->programmed;
        size_t n = buffer_room(e) - fill;
        n = n < bytes.len - done ? n : bytes.len - done;
        memcpy(e->buffer + fill, bytes.data + done, n);
        w->taken += (uint32_t)n;
        done += n;
        if (done == bytes.len) {
            break;
        }
        /* The buffer is full: at most one operation, the rest by step(). */
        if (flushed || e->op != PAWL_OP_NONE || checkpoint_due(e)) {
            return PAWL_PENDING;
        }
        flushed = true;
        status = flush(e);
        if (status != PAWL_PENDING) {
            return status;
        }
        if (e->op != PAWL_OP_NONE || w->programmed != w->taken) {
            return PAWL_PENDING;
        }
    }
    return PAWL_OK;
}

uint32_t pawl_update_next_offset(const struct pawl_update *update)
{
    const struct pawl_update_engine *e =
        (const struct pawl_update_engine *)(const void *)update->storage;
    return e->writer.active ? e->writer.taken : 0;
}
