/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A sealed ticket in flash. A place is
 *
 *     head    what it is, when it was written, how long the ticket is
 *     mark    a program unit of its own, blank until the ticket is taken
 *     sealed  the ticket
 *
 * each beginning at a program unit. The head is written first: then a power
 * cut behind the erase costs the ticket, and not the count of time between two
 * writes as well. That the rest is whole the key store says.
 */
#include <pawl/ticket_store.h>

#include <string.h>

#include "base/base.h"
#include "journal/flash_wait.h"

#define EVERY_S 43200u
#define HEAD_SIZE 28u
#define UNIT_MAX 512u

_Static_assert(64u + 64u + (PAWL_TICKET_SEALED_MAX + 63u) / 64u * 64u ==
                   PAWL_TICKET_PLACE,
               "<pawl/ticket_store.h> says how much a place needs");

static const uint8_t format[4] = {'P', 'W', 'T', '1'};

/* ---- places ---- */

static uint32_t round_up(uint32_t size, uint32_t unit)
{
    uint32_t over = size % unit;

    return over == 0 ? size : size + (unit - over);
}

static uint32_t mark_at(const struct pawl_flash *flash)
{
    return round_up(HEAD_SIZE, flash->program_size);
}

static uint32_t sealed_at(const struct pawl_flash *flash)
{
    return mark_at(flash) + flash->program_size;
}

static bool is_usable(const struct pawl_flash *flash)
{
    uint32_t unit = flash->program_size;

    return flash->read != NULL && flash->program != NULL &&
           flash->erase != NULL && unit != 0 && unit <= UNIT_MAX &&
           (unit & (unit - 1u)) == 0 && flash->erase_size != 0 &&
           flash->erase_size % unit == 0;
}

static uint32_t place_size(const struct pawl_flash *flash)
{
    return round_up(sealed_at(flash) +
                        round_up(PAWL_TICKET_SEALED_MAX, flash->program_size),
                    flash->erase_size);
}

static uint32_t offset_of(const struct pawl_ticket_store *store)
{
    return store->place * store->place_size;
}

/* ---- flash ---- */

/* Programs bytes, the last unit filled up with the erased value. */
static enum pawl_status program(const struct pawl_flash *flash, uint32_t off,
                                struct pawl_bytes bytes)
{
    uint8_t unit[UNIT_MAX];
    enum pawl_status status = PAWL_OK;

    for (size_t done = 0; status == PAWL_OK && done < bytes.len;
         done += flash->program_size) {
        size_t left = bytes.len - done;

        memset(unit, flash->erased_value, flash->program_size);
        memcpy(unit, bytes.data + done,
               left < flash->program_size ? left : flash->program_size);
        status = pawl_flash_wait(
            flash, flash->program(flash->ctx, off + (uint32_t)done, unit,
                                  flash->program_size));
    }
    return status == PAWL_OK ? pawl_flash_sync(flash) : status;
}

/* Whether the unit at off was never programmed. What cannot be read was. */
static bool is_blank(const struct pawl_flash *flash, uint32_t off)
{
    uint8_t unit[UNIT_MAX];
    bool blank = false;

    if (flash->is_blank != NULL) {
        return flash->is_blank(flash->ctx, off, flash->program_size, &blank) ==
                   PAWL_OK &&
               blank;
    }
    if (flash->read(flash->ctx, off, unit, flash->program_size) != PAWL_OK) {
        return false;
    }
    for (uint32_t i = 0; i < flash->program_size; i++) {
        if (unit[i] != flash->erased_value) {
            return false;
        }
    }
    return true;
}

/* ---- heads ---- */

struct head {
    uint32_t number;
    int64_t kept_s;
    uint32_t len;
};

static void write_head(const struct head *head, uint8_t out[HEAD_SIZE])
{
    memcpy(out, format, sizeof format);
    pawl_put_u32(out + 4, head->number);
    pawl_put_u64(out + 8, (uint64_t)head->kept_s);
    pawl_put_u32(out + 16, head->len);
    pawl_put_u32(out + 20, 0);
    pawl_put_u32(out + 24, pawl_crc32(0, out, 24));
}

static bool read_head(const struct pawl_flash *flash, uint32_t off,
                      struct head *head)
{
    uint8_t in[HEAD_SIZE];

    if (is_blank(flash, off) ||
        flash->read(flash->ctx, off, in, sizeof in) != PAWL_OK ||
        memcmp(in, format, sizeof format) != 0 ||
        pawl_get_u32(in + 24) != pawl_crc32(0, in, 24)) {
        return false;
    }
    head->number = pawl_get_u32(in + 4);
    head->kept_s = (int64_t)pawl_get_u64(in + 8);
    head->len = pawl_get_u32(in + 16);
    return head->kept_s >= 0 && head->len > 0 &&
           head->len <= PAWL_TICKET_SEALED_MAX;
}

/* The newest place. */
static void look(struct pawl_ticket_store *store)
{
    struct head head;

    store->place = store->places - 1;
    store->kept_s = -1;
    for (uint32_t i = 0; i < store->places; i++) {
        uint32_t off = i * store->place_size;

        if (read_head(store->flash, off, &head) &&
            (store->kept_s < 0 || head.number > store->number)) {
            store->place = i;
            store->number = head.number;
            store->kept_s = head.kept_s;
            store->len = head.len;
            store->fresh = is_blank(store->flash, off + mark_at(store->flash));
        }
    }
}

/* ---- the calls ---- */

static const struct pawl_ticket_store_calls calls = {
    .take = pawl_ticket_store_take, .keep = pawl_ticket_store_keep};

enum pawl_status pawl_ticket_store_open(struct pawl_ticket_store *store,
                                        const struct pawl_flash *flash,
                                        const struct pawl_keystore *keystore,
                                        uint32_t every_s)
{
    memset(store, 0, sizeof *store);
    if (keystore->seal == NULL || keystore->unseal == NULL ||
        !is_usable(flash) || flash->size < place_size(flash)) {
        return PAWL_ERR_UNSUPPORTED;
    }
    store->flash = flash;
    store->keystore = keystore;
    store->every_s = every_s != 0 ? every_s : EVERY_S;
    store->place_size = place_size(flash);
    store->places = flash->size / store->place_size;
    look(store);
    store->calls = &calls;
    return PAWL_OK;
}

/* Reads what is sealed, and marks it as taken, for good. */
static enum pawl_status take_out(struct pawl_ticket_store *store,
                                 uint8_t sealed[PAWL_TICKET_SEALED_MAX])
{
    const struct pawl_flash *flash = store->flash;
    uint8_t mark[UNIT_MAX];
    uint32_t off = offset_of(store);

    /* All of the unit: over one whose marking was interrupted, too. */
    memset(mark, (uint8_t)~flash->erased_value, flash->program_size);
    store->fresh = false;
    enum pawl_status status =
        program(flash, off + mark_at(flash),
                (struct pawl_bytes){mark, flash->program_size});

    if (status != PAWL_OK) {
        return status;
    }
    return flash->read(flash->ctx, off + sealed_at(flash), sealed,
                       store->len) == PAWL_OK
               ? PAWL_OK
               : PAWL_ERR_IO;
}

enum pawl_status pawl_ticket_store_take(struct pawl_ticket_store *store,
                                        struct pawl_ticket *ticket)
{
    uint8_t sealed[PAWL_TICKET_SEALED_MAX];
    bool holds = pawl_ticket_holds(ticket);
    enum pawl_status status = PAWL_ERR_NOT_FOUND;

    if (store->calls != NULL && store->fresh) {
        status = take_out(store, sealed);
        if (status == PAWL_OK && !holds) {
            status =
                pawl_ticket_unseal(ticket, store->keystore,
                                   (struct pawl_bytes){sealed, store->len});
        }
    }
    return holds ? PAWL_OK : status;
}

/* Into the next place. */
static enum pawl_status write_down(struct pawl_ticket_store *store,
                                   struct pawl_bytes sealed)
{
    const struct pawl_flash *flash = store->flash;
    uint8_t bytes[HEAD_SIZE];

    store->place = (store->place + 1) % store->places;
    store->number++;
    store->len = (uint32_t)sealed.len;
    write_head(&(struct head){store->number, store->kept_s, store->len}, bytes);

    uint32_t off = offset_of(store);
    enum pawl_status status = pawl_flash_erase(flash, off, store->place_size);

    if (status == PAWL_OK) {
        status = program(flash, off, PAWL_BYTES(bytes));
    }
    if (status == PAWL_OK) {
        status = program(flash, off + sealed_at(flash), sealed);
    }
    store->fresh = status == PAWL_OK;
    return status;
}

static bool is_due(const struct pawl_ticket_store *store, int64_t now_s)
{
    return now_s >= 0 && (store->kept_s < 0 ||
                          now_s - store->kept_s >= (int64_t)store->every_s);
}

enum pawl_status pawl_ticket_store_keep(struct pawl_ticket_store *store,
                                        const struct pawl_ticket *ticket,
                                        int64_t now_s)
{
    uint8_t sealed[PAWL_TICKET_SEALED_MAX];
    size_t len = sizeof sealed;

    if (store->calls == NULL || !is_due(store, now_s)) {
        return PAWL_ERR_STATE;
    }
    if (!pawl_ticket_holds(ticket)) {
        return PAWL_ERR_NOT_FOUND;
    }
    uint32_t crc = pawl_crc32(0, ticket, sizeof *ticket);

    if (crc == store->crc) {
        return PAWL_ERR_STATE;
    }
    store->crc = crc;
    store->kept_s = now_s; /* whatever comes of it */
    enum pawl_status status =
        pawl_ticket_seal(ticket, store->keystore, sealed, &len);

    return status == PAWL_OK
               ? write_down(store, (struct pawl_bytes){sealed, len})
               : status;
}

enum pawl_status pawl_ticket_store_wipe(struct pawl_ticket_store *store)
{
    if (store->calls == NULL) {
        return PAWL_ERR_STATE;
    }
    store->fresh = false;
    store->kept_s = -1;
    store->crc = 0;
    enum pawl_status status =
        pawl_flash_erase(store->flash, 0, store->places * store->place_size);

    return status == PAWL_OK ? pawl_flash_sync(store->flash) : status;
}
