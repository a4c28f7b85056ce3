/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the software key store keeps its blob: two sectors that take turns.
 * The blob is programmed first, its head last, and the sector whose head is
 * whole and newest counts.
 */

#include "mps2.h"

#include <string.h>

#define MAGIC 0x4B53504Du /* "MPSK" */
#define HEAD 16u

struct head {
    uint32_t magic, generation, len, crc; /* of generation, len and blob */
};
_Static_assert(sizeof(struct head) == HEAD, "whole units");

static const uint8_t *sector(unsigned i)
{
    return (const uint8_t *)mps2_flash_address(MPS2_KEYS) + i * MPS2_SECTOR;
}

static uint32_t check_sum(const struct head *head, const uint8_t *blob)
{
    uint32_t crc = mps2_crc32(0, &head->generation, 8);

    return mps2_crc32(crc, blob, head->len);
}

/* The generation of a sector; 0: it does not count. */
static uint32_t generation(unsigned i, struct head *head)
{
    memcpy(head, sector(i), sizeof *head);
    if (head->magic != MAGIC || head->len > MPS2_SECTOR - HEAD ||
        head->crc != check_sum(head, sector(i) + HEAD)) {
        return 0;
    }
    return head->generation;
}

static enum pawl_status load(void *ctx, uint8_t *buf, size_t cap, size_t *len)
{
    struct head heads[2];
    uint32_t first = generation(0, &heads[0]);
    uint32_t second = generation(1, &heads[1]);
    unsigned newest = second > first ? 1 : 0;

    (void)ctx;
    if (first == 0 && second == 0) {
        return PAWL_ERR_NOT_FOUND;
    }
    *len = heads[newest].len;
    if (*len > cap) {
        return PAWL_ERR_LIMIT;
    }
    memcpy(buf, sector(newest) + HEAD, *len);
    return PAWL_OK;
}

static enum pawl_status program(uint32_t off, const uint8_t *bytes, size_t len)
{
    const struct pawl_flash *flash = mps2_flash(MPS2_KEYS);
    uint8_t unit[MPS2_PROGRAM_UNIT];
    enum pawl_status status = PAWL_OK;

    for (size_t at = 0; at < len && status == PAWL_OK; at += sizeof unit) {
        size_t part = len - at < sizeof unit ? len - at : sizeof unit;

        memset(unit, 0xFF, sizeof unit);
        memcpy(unit, bytes + at, part);
        status =
            flash->program(flash->ctx, off + (uint32_t)at, unit, sizeof unit);
    }
    return status;
}

static enum pawl_status save(void *ctx, struct pawl_bytes bytes)
{
    const struct pawl_flash *flash = mps2_flash(MPS2_KEYS);
    struct head old, head = {.magic = MAGIC, .len = (uint32_t)bytes.len};
    uint32_t first = generation(0, &old);
    uint32_t second = generation(1, &old);
    uint32_t off = second > first ? 0 : MPS2_SECTOR; /* the older one */

    (void)ctx;
    if (bytes.len > MPS2_SECTOR - HEAD) {
        return PAWL_ERR_FULL;
    }
    head.generation = (first > second ? first : second) + 1;
    head.crc = check_sum(&head, bytes.data);
    enum pawl_status status = flash->erase(flash->ctx, off, MPS2_SECTOR);
    if (status == PAWL_OK) {
        status = program(off + HEAD, bytes.data, bytes.len);
    }
    if (status == PAWL_OK) {
        status = program(off, (const uint8_t *)&head, sizeof head);
    }
    return status;
}

const struct pawl_soft_storage mps2_key_storage = {.load = load, .save = save};
