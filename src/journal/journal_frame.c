/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the journal: how it lies in flash, how it is written, and how
 * a frame that was read is judged. doc/SPEC.md, "Journal", has the bytes.
 */

#include "base/base.h"
#include "journal/journal.h"
#include <string.h>

#define READ_TRIES 3 /* of a read that fails otherwise than by ECC */

static uint32_t round_up(uint32_t value, uint32_t unit)
{
    return (value + unit - 1U) / unit * unit;
}

uint32_t pawl_frame_used(const struct pawl_flash *flash,
                         const struct pawl_journal_geometry *geometry,
                         size_t payload_len)
{
    if (flash->is_blank != NULL) {
        return geometry->body_size; /* no erased cell in it may be read */
    }
    return round_up(PAWL_FRAME_HEAD + (uint32_t)payload_len,
                    flash->program_size);
}

static const char *unfit(const struct pawl_flash *flash, size_t payload_max)
{
    uint32_t unit = flash->program_size;

    if (!flash->overprogram) {
        return "the flash forbids programming a programmed unit again";
    }
    if (flash->read == NULL || flash->program == NULL || flash->erase == NULL) {
        return "the flash port lacks a function";
    }
    if (unit == 0 || unit > PAWL_PROGRAM_MAX || (unit & (unit - 1U)) != 0) {
        return "program unit is not a supported power of two";
    }
    if (flash->erased_value != 0x00 && flash->erased_value != 0xFF) {
        return "erased value is neither 0x00 nor 0xFF";
    }
    if (payload_max > PAWL_JOURNAL_PAYLOAD_MAX) {
        return "payload is over PAWL_JOURNAL_PAYLOAD_MAX";
    }
    if (flash->erase_size == 0 || flash->erase_size % unit != 0 ||
        flash->size % 2U != 0 || flash->size / 2U % flash->erase_size != 0) {
        return "region is not two banks of whole erase blocks";
    }
    return NULL;
}

enum pawl_status pawl_frame_fit(const struct pawl_flash *flash,
                                size_t payload_max,
                                struct pawl_journal_geometry *geometry,
                                const char **reason)
{
    *reason = unfit(flash, payload_max);
    if (*reason != NULL) {
        return PAWL_ERR_UNSUPPORTED;
    }
    geometry->payload_max = (uint32_t)payload_max;
    geometry->body_size =
        round_up(PAWL_FRAME_HEAD + geometry->payload_max, flash->program_size);
    geometry->frame_size =
        geometry->body_size + round_up(PAWL_FRAME_SEAL, flash->program_size);
    geometry->bank_size = flash->size / 2U;
    geometry->frames = geometry->bank_size / geometry->frame_size;
    if (geometry->frames < PAWL_JOURNAL_FRAMES_MIN) {
        *reason = "a bank has room for fewer than 16 frames";
        return PAWL_ERR_UNSUPPORTED;
    }
    return PAWL_OK;
}

uint32_t pawl_frame_offset(const struct pawl_journal_geometry *geometry,
                           unsigned bank, uint32_t index)
{
    return bank * geometry->bank_size + index * geometry->frame_size;
}

static inline uint32_t word_at(const uint8_t *buf)
{
    uint32_t word;

    memcpy(&word, buf, sizeof(word));
    return word;
}

/* Words at a time: an open looks at every blank frame of both banks. */
static bool all_bytes(const uint8_t *buf, size_t len, uint8_t value)
{
    const uint32_t wanted = value * 0x01010101U;
    const uint8_t *end = buf + len;

    for (; end - buf >= 16; buf += 16) {
        uint32_t wrong = (word_at(buf) ^ wanted) | (word_at(buf + 4) ^ wanted) |
                         (word_at(buf + 8) ^ wanted) |
                         (word_at(buf + 12) ^ wanted);
        if (wrong != 0) {
            return false;
        }
    }
    while (buf < end && *buf == value) {
        buf++;
    }
    return buf == end;
}

/* The CRC covers the head and the payload; padding says nothing. */
static uint32_t frame_crc(const uint8_t *buf, size_t length)
{
    return pawl_crc32(0, buf, PAWL_FRAME_HEAD + length);
}

/* Judges a copy in RAM; frame->verdict stays INVALID unless all holds. */
static void judge(const struct pawl_journal_geometry *geometry, unsigned bank,
                  uint32_t index, const uint8_t *buf, struct pawl_frame *frame)
{
    const uint8_t *seal = buf + geometry->body_size;
    uint16_t length = pawl_get_u16(buf + 2);

    if (buf[0] != PAWL_FRAME_FORMAT || length > geometry->payload_max ||
        (buf[1] != PAWL_FRAME_RECORD && buf[1] != PAWL_FRAME_PROOF) ||
        pawl_get_u32(seal + 4) != PAWL_FRAME_MARK ||
        pawl_get_u32(seal) != frame_crc(buf, length)) {
        return;
    }
    frame->epoch = pawl_get_u32(buf + 4);
    frame->sequence = pawl_get_u32(buf + 8);
    if (frame->epoch >= PAWL_FRAME_LIMIT ||
        frame->sequence >= PAWL_FRAME_LIMIT) {
        return;
    }
    if (pawl_get_u32(buf + 12) != bank * geometry->frames + index) {
        frame->verdict = PAWL_FRAME_IS_MISPLACED;
        return;
    }
    frame->payload = (struct pawl_bytes){buf + PAWL_FRAME_HEAD, length};
    frame->verdict =
        buf[1] == PAWL_FRAME_PROOF ? PAWL_FRAME_IS_PROOF : PAWL_FRAME_IS_RECORD;
}

/* Reads, again if the bus failed; an ECC error is an answer, not a failure. */
static enum pawl_status read_frame(const struct pawl_flash *flash, uint32_t off,
                                   uint8_t *buf, size_t len)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    for (int i = 0; i < READ_TRIES; i++) {
        status = flash->read(flash->ctx, off, buf, len);
        if (status == PAWL_OK || status == PAWL_ERR_CORRUPT) {
            break;
        }
    }
    return status;
}

bool pawl_frame_blank(const struct pawl_flash *flash,
                      const struct pawl_journal_geometry *geometry,
                      unsigned bank, uint32_t index, uint8_t *buf)
{
    uint32_t off = pawl_frame_offset(geometry, bank, index);
    bool blank = false;

    if (flash->is_blank != NULL) {
        return flash->is_blank(flash->ctx, off, geometry->frame_size, &blank) ==
                   PAWL_OK &&
               blank;
    }
    return read_frame(flash, off, buf, geometry->frame_size) == PAWL_OK &&
           all_bytes(buf, geometry->frame_size, flash->erased_value);
}

bool pawl_frame_read(const struct pawl_flash *flash,
                     const struct pawl_journal_geometry *geometry,
                     unsigned bank, uint32_t index, uint8_t *buf,
                     struct pawl_frame *frame)
{
    uint32_t off = pawl_frame_offset(geometry, bank, index);
    enum pawl_status status = PAWL_ERR_FAULT;
    bool blank = false;

    frame->verdict = PAWL_FRAME_IS_INVALID;
    frame->epoch = 0;
    frame->sequence = 0;
    frame->payload = PAWL_NO_BYTES;
    if (flash->is_blank != NULL &&
        flash->is_blank(flash->ctx, off, geometry->frame_size, &blank) ==
            PAWL_OK &&
        blank) {
        frame->verdict = PAWL_FRAME_IS_BLANK;
        return true;
    }
    status = read_frame(flash, off, buf, geometry->frame_size);
    if (status != PAWL_OK) {
        frame->verdict = PAWL_FRAME_IS_UNREADABLE;
        return status == PAWL_ERR_CORRUPT;
    }
    if (flash->is_blank == NULL &&
        all_bytes(buf, geometry->frame_size, flash->erased_value)) {
        frame->verdict = PAWL_FRAME_IS_BLANK;
    } else if (all_bytes(buf, geometry->frame_size,
                         (uint8_t)~flash->erased_value)) {
        frame->verdict = PAWL_FRAME_IS_TOMBSTONE;
    } else {
        judge(geometry, bank, index, buf, frame);
    }
    return true;
}

void pawl_frame_write(const struct pawl_journal_geometry *geometry,
                      uint8_t erased_value, unsigned bank, uint32_t index,
                      const struct pawl_frame_header *header,
                      struct pawl_bytes payload, uint8_t *buf)
{
    uint8_t *seal = buf + geometry->body_size;

    memset(buf, erased_value, geometry->frame_size);
    buf[0] = PAWL_FRAME_FORMAT;
    buf[1] = header->kind;
    pawl_put_u16(buf + 2, (uint16_t)payload.len);
    pawl_put_u32(buf + 4, header->epoch);
    pawl_put_u32(buf + 8, header->sequence);
    pawl_put_u32(buf + 12, bank * geometry->frames + index);
    if (payload.len > 0) {
        memcpy(buf + PAWL_FRAME_HEAD, payload.data, payload.len);
    }
    pawl_put_u32(seal, frame_crc(buf, payload.len));
    pawl_put_u32(seal + 4, PAWL_FRAME_MARK);
}

/* Notes the last valid frame of the bank (the first one met). */
static void take_last(struct pawl_bank *found, const struct pawl_frame *frame,
                      uint32_t index, uint8_t *out, size_t *out_len)
{
    found->valid = true;
    found->last_is_proof = frame->verdict == PAWL_FRAME_IS_PROOF;
    found->epoch = frame->epoch;
    found->sequence = frame->sequence;
    found->after_valid = index + 1U;
    *out_len = frame->payload.len;
    if (frame->payload.len > 0) {
        memcpy(out, frame->payload.data, frame->payload.len);
    }
}

static bool frame_is_valid(const struct pawl_flash *flash,
                           const struct pawl_journal_geometry *geometry,
                           unsigned bank, uint32_t index, uint8_t *buf)
{
    struct pawl_frame frame;

    (void)pawl_frame_read(flash, geometry, bank, index, buf, &frame);
    return pawl_frame_valid(&frame);
}

bool pawl_bank_scan(const struct pawl_flash *flash,
                    const struct pawl_journal_geometry *geometry, unsigned bank,
                    uint8_t *buf, struct pawl_bank *found, uint8_t *out,
                    size_t *out_len)
{
    struct pawl_frame frame;
    bool readable = false;

    memset(found, 0, sizeof(*found));
    found->blank = true;
    for (uint32_t i = geometry->frames; i > 0 && !found->proven; i--) {
        readable |= pawl_frame_read(flash, geometry, bank, i - 1U, buf, &frame);
        if (frame.verdict == PAWL_FRAME_IS_BLANK) {
            continue;
        }
        if (found->blank) {
            found->blank = false;
            found->after_used = i;
        }
        if (pawl_frame_valid(&frame) && !found->valid) {
            take_last(found, &frame, i - 1U, out, out_len);
        }
        found->proven |= frame.verdict == PAWL_FRAME_IS_PROOF;
    }
    if (found->last_is_proof && found->after_valid >= 2U) {
        found->paired =
            frame_is_valid(flash, geometry, bank, found->after_valid - 2U, buf);
    }
    return readable;
}

static const char *verdict_text(enum pawl_frame_verdict verdict)
{
    switch (verdict) {
    case PAWL_FRAME_IS_INVALID:
        return "torn";
    case PAWL_FRAME_IS_UNREADABLE:
        return "unreadable";
    case PAWL_FRAME_IS_BLANK:
        return "blank";
    case PAWL_FRAME_IS_TOMBSTONE:
        return "tombstone";
    case PAWL_FRAME_IS_MISPLACED:
        return "misplaced";
    case PAWL_FRAME_IS_RECORD:
        return "valid";
    case PAWL_FRAME_IS_PROOF:
        return "proof";
    }
    return "?";
}

enum pawl_status pawl_journal_inspect(const struct pawl_flash *flash,
                                      size_t payload_max, size_t n,
                                      uint8_t *scratch, size_t scratch_size,
                                      struct pawl_journal_frame_info *info)
{
    struct pawl_journal_geometry geometry;
    struct pawl_frame frame;
    const char *reason = NULL;
    enum pawl_status status =
        pawl_frame_fit(flash, payload_max, &geometry, &reason);

    memset(info, 0, sizeof(*info));
    if (status != PAWL_OK) {
        return status;
    }
    if (scratch_size < geometry.frame_size) {
        return PAWL_ERR_TOO_SMALL;
    }
    if (n >= 2U * (size_t)geometry.frames) {
        return PAWL_ERR_NOT_FOUND;
    }
    info->bank = n >= geometry.frames ? 1U : 0U;
    info->index = (unsigned)n - info->bank * geometry.frames;
    (void)pawl_frame_read(flash, &geometry, info->bank, info->index, scratch,
                          &frame);
    info->verdict = verdict_text(frame.verdict);
    info->epoch = frame.epoch;
    info->sequence = frame.sequence;
    info->payload = frame.payload;
    return PAWL_OK;
}
