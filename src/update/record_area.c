/* SPDX-License-Identifier: Apache-2.0 */

/* A slot's manifest area: what lies there, read once, written, compared. */

#include "base/base.h"
#include "update/record.h"
#include <string.h>

static const uint8_t magic[4] = {'P', 'W', 'M', '1'};

enum pawl_status pawl_flash_get(const struct pawl_flash *flash, uint32_t off,
                                void *buf, size_t len)
{
    if (off > flash->size || len > flash->size - off) {
        return PAWL_ERR_ARGUMENT;
    }
    enum pawl_status status = flash->read(flash->ctx, off, buf, len);
    return status == PAWL_PENDING ? PAWL_ERR_IO : status;
}

void pawl_area_head(uint8_t head[PAWL_AREA_HEAD_SIZE], size_t len)
{
    memcpy(head, magic, sizeof(magic));
    pawl_put_u32(head + sizeof(magic), (uint32_t)len);
}

bool pawl_area_fits(const struct pawl_flash *area, size_t len)
{
    return area->size >= PAWL_AREA_HEAD_SIZE &&
           len <= area->size - PAWL_AREA_HEAD_SIZE;
}

enum pawl_status pawl_area_read(const struct pawl_flash *area, uint8_t *out,
                                size_t *len)
{
    uint8_t head[PAWL_AREA_HEAD_SIZE];
    enum pawl_status status = pawl_flash_get(area, 0, head, sizeof(head));
    if (status != PAWL_OK) {
        return status;
    }
    size_t length = pawl_get_u32(head + sizeof(magic));
    if (memcmp(head, magic, sizeof(magic)) != 0 || length == 0 ||
        !pawl_area_fits(area, length)) {
        return PAWL_ERR_NOT_FOUND;
    }
    if (length > *len) {
        *len = length;
        return PAWL_ERR_TOO_SMALL;
    }
    *len = length;
    return pawl_flash_get(area, PAWL_AREA_HEAD_SIZE, out, length);
}

void pawl_area_unit(const struct pawl_flash *area, struct pawl_bytes envelope,
                    uint32_t off, uint8_t *unit, size_t len)
{
    uint8_t head[PAWL_AREA_HEAD_SIZE];
    pawl_area_head(head, envelope.len);
    for (size_t i = 0; i < len; i++) {
        size_t at = off + i;
        if (at < sizeof(head)) {
            unit[i] = head[at];
        } else if (at - sizeof(head) < envelope.len) {
            unit[i] = envelope.data[at - sizeof(head)];
        } else {
            unit[i] = area->erased_value;
        }
    }
}

/* An operation of a flash to its end. */
static enum pawl_status waited(const struct pawl_flash *area,
                               enum pawl_status status)
{
    while (status == PAWL_PENDING && area->poll != NULL) {
        status = area->poll(area->ctx);
    }
    if (status == PAWL_OK && area->sync != NULL) {
        status = area->sync(area->ctx);
    }
    return status == PAWL_PENDING ? PAWL_ERR_IO : status;
}

static enum pawl_status write_unit(const struct pawl_flash *area,
                                   struct pawl_bytes envelope, uint32_t off,
                                   uint8_t unit[PAWL_PROGRAM_MAX])
{
    uint8_t wanted[64];
    pawl_area_unit(area, envelope, off, unit, area->program_size);
    enum pawl_status status =
        waited(area, area->program(area->ctx, off, unit, area->program_size));
    for (size_t i = 0; status == PAWL_OK && i < area->program_size;
         i += sizeof(wanted)) {
        size_t n = area->program_size - i < sizeof(wanted)
                       ? area->program_size - i
                       : sizeof(wanted);
        status = pawl_flash_get(area, off + (uint32_t)i, unit, n);
        pawl_area_unit(area, envelope, off + (uint32_t)i, wanted, n);
        if (status == PAWL_OK && memcmp(unit, wanted, n) != 0) {
            status = PAWL_ERR_CORRUPT;
        }
    }
    return status;
}

enum pawl_status pawl_area_write(const struct pawl_flash *area,
                                 struct pawl_bytes envelope)
{
    uint8_t unit[PAWL_PROGRAM_MAX];
    if (area->program_size == 0 || area->program_size > sizeof(unit)) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (!pawl_area_fits(area, envelope.len)) {
        return PAWL_ERR_TOO_SMALL;
    }
    enum pawl_status status =
        waited(area, area->erase(area->ctx, 0, area->size));
    for (uint32_t off = 0;
         status == PAWL_OK && off < PAWL_AREA_HEAD_SIZE + envelope.len;
         off += area->program_size) {
        status = write_unit(area, envelope, off, unit);
    }
    return status;
}
