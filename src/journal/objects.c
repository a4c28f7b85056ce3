/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Larger things that must survive, each in two places of the area; the
 * journal names the place in force. One order makes it safe:
 *
 *  1. the journal is settled, so nothing later changes which place is in
 *     force;
 *  2. the other place is erased, programmed and read back, all in one power
 *     session, so that no cell of it is half charged;
 *  3. one commit names it, with its length, its digest, and the note.
 *
 * A cut before 3 leaves the old object; the next replacement erases the other
 * place again, whatever it looks like.
 */

#include "journal/objects.h"
#include "base/base.h"
#include "journal/flash_wait.h"
#include <string.h>

/* The journal's payload: doc/SPEC.md, "Objects". */
#define FORMAT 1U
#define NO_COPY 0xFFU
#define PLACE_SIZE (1U + 4U + PAWL_SHA256_SIZE)
#define PAYLOAD_SIZE (1U + PAWL_OBJECT_COUNT * PLACE_SIZE + PAWL_NOTE_SIZE)

#define PLACES (2U * PAWL_OBJECT_COUNT)
#define READ_CHUNK 64U /* bytes hashed at a time when reading back */

_Static_assert(PAYLOAD_SIZE <= PAWL_JOURNAL_PAYLOAD_MAX,
               "PAWL_JOURNAL_PAYLOAD_MAX is too small for the object store");

/* --- The payload -------------------------------------------------------- */

static void place_none(struct pawl_object_place *place)
{
    memset(place, 0, sizeof(*place));
    place->copy = NO_COPY;
}

static void encode(const struct pawl_object_place *places, const uint8_t *note,
                   uint8_t out[PAYLOAD_SIZE])
{
    *out++ = FORMAT;
    for (unsigned i = 0; i < PAWL_OBJECT_COUNT; i++) {
        *out++ = places[i].copy;
        pawl_put_u32(out, places[i].length);
        memcpy(out + 4, places[i].digest, PAWL_SHA256_SIZE);
        out += PLACE_SIZE - 1U;
    }
    memcpy(out, note, PAWL_NOTE_SIZE);
}

static bool place_sane(const struct pawl_objects *objects,
                       const struct pawl_object_place *place)
{
    if (place->copy == NO_COPY) {
        return place->length == 0;
    }
    return place->copy <= 1 && place->length > 0 &&
           place->length <= pawl_objects_room(objects);
}

/* False if the payload is not of this format. */
static bool decode(struct pawl_objects *objects, struct pawl_bytes payload)
{
    const uint8_t *in = payload.data;

    if (payload.len != PAYLOAD_SIZE || *in++ != FORMAT) {
        return false;
    }
    for (unsigned i = 0; i < PAWL_OBJECT_COUNT; i++) {
        struct pawl_object_place *place = &objects->places[i];

        place->copy = *in++;
        place->length = pawl_get_u32(in);
        memcpy(place->digest, in + 4, PAWL_SHA256_SIZE);
        in += PLACE_SIZE - 1U;
        if (!place_sane(objects, place)) {
            return false;
        }
    }
    memcpy(objects->note, in, PAWL_NOTE_SIZE);
    return true;
}

static void clear(struct pawl_objects *objects)
{
    for (unsigned i = 0; i < PAWL_OBJECT_COUNT; i++) {
        place_none(&objects->places[i]);
    }
    memset(objects->note, 0, PAWL_NOTE_SIZE);
}

/* --- The area ------------------------------------------------------------ */

static bool area_fits(const struct pawl_flash *area)
{
    uint32_t unit = area->program_size;

    return area->read != NULL && area->program != NULL && area->erase != NULL &&
           unit != 0 && unit <= PAWL_PROGRAM_MAX && (unit & (unit - 1U)) == 0 &&
           area->erase_size != 0 && area->erase_size % unit == 0 &&
           area->size % area->erase_size == 0 &&
           area->size / area->erase_size >= PLACES;
}

size_t pawl_objects_room(const struct pawl_objects *objects)
{
    uint32_t blocks = objects->area->size / objects->area->erase_size / PLACES;

    return (size_t)blocks * objects->area->erase_size;
}

static uint32_t place_offset(const struct pawl_objects *objects,
                             enum pawl_object which, uint8_t copy)
{
    return (2U * (uint32_t)which + copy) * (uint32_t)pawl_objects_room(objects);
}

/* Programs bytes, the last unit padded with the erased value. */
static enum pawl_status program_place(const struct pawl_flash *area,
                                      uint32_t off, struct pawl_bytes bytes)
{
    uint8_t buf[PAWL_PROGRAM_MAX];
    enum pawl_status status = PAWL_OK;
    uint32_t unit = area->program_size;

    for (size_t done = 0; status == PAWL_OK && done < bytes.len;) {
        size_t part = bytes.len - done;
        size_t padded = 0;

        part = part < sizeof(buf) ? part : sizeof(buf);
        padded = (part + unit - 1U) / unit * unit;
        memset(buf, area->erased_value, sizeof(buf));
        memcpy(buf, bytes.data + done, part);
        status = pawl_flash_wait(
            area, area->program(area->ctx, off + (uint32_t)done, buf, padded));
        done += part;
    }
    return status == PAWL_OK ? pawl_flash_sync(area) : status;
}

/* Hashes what lies in the area. */
static enum pawl_status hash_place(const struct pawl_flash *area, uint32_t off,
                                   size_t len, uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;
    uint8_t buf[READ_CHUNK];
    enum pawl_status status = PAWL_OK;
    enum pawl_status hashed = PAWL_ERR_FAULT;

    pawl_sha256_start(&sha);
    for (size_t done = 0; status == PAWL_OK && done < len;) {
        size_t part = len - done < sizeof(buf) ? len - done : sizeof(buf);

        status = area->read(area->ctx, off + (uint32_t)done, buf, part);
        pawl_sha256_update(&sha, (struct pawl_bytes){buf, part});
        done += part;
    }
    hashed = pawl_sha256_finish(&sha, digest);
    return status == PAWL_OK ? hashed : PAWL_ERR_IO;
}

/* --- Open and get ----------------------------------------------------------
 */

enum pawl_status pawl_objects_open(struct pawl_objects *objects,
                                   const struct pawl_store *store,
                                   enum pawl_journal_mode mode,
                                   void (*feed_watchdog)(void *ctx), void *ctx)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    objects->area = store->objects;
    objects->read_only = true; /* until all went well */
    clear(objects);
    if (mode == PAWL_JOURNAL_READ_ONLY) {
        status = pawl_journal_glance(&objects->journal, store->journal,
                                     PAYLOAD_SIZE);
    }
    if (status != PAWL_OK) {
        status = pawl_journal_open(&objects->journal, store->journal,
                                   PAYLOAD_SIZE, mode);
    }
    if (status == PAWL_PENDING) {
        status = pawl_journal_finish(&objects->journal, feed_watchdog, ctx);
    }
    if (status != PAWL_OK) {
        return status;
    }
    if (!area_fits(objects->area)) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (pawl_journal_found(&objects->journal) == PAWL_JOURNAL_VALID &&
        !decode(objects, pawl_journal_payload(&objects->journal))) {
        clear(objects);
        return PAWL_ERR_UNSUPPORTED; /* of a later pawl: left as it is */
    }
    objects->read_only = mode == PAWL_JOURNAL_READ_ONLY;
    return pawl_journal_found(&objects->journal) == PAWL_JOURNAL_LOST
               ? PAWL_ERR_LOST
               : PAWL_OK;
}

/* Reads an object once and compares its digest. */
static enum pawl_status read_object(const struct pawl_objects *objects,
                                    enum pawl_object which, uint8_t *buf)
{
    const struct pawl_object_place *place = &objects->places[which];
    uint32_t off = place_offset(objects, which, place->copy);
    uint8_t digest[PAWL_SHA256_SIZE];
    enum pawl_status status =
        objects->area->read(objects->area->ctx, off, buf, place->length);

    if (status != PAWL_OK) {
        return status == PAWL_ERR_CORRUPT ? PAWL_ERR_CORRUPT : PAWL_ERR_IO;
    }
    status = pawl_sha256((struct pawl_bytes){buf, place->length}, digest);
    if (status != PAWL_OK) {
        return status;
    }
    return memcmp(digest, place->digest, sizeof(digest)) == 0
               ? PAWL_OK
               : PAWL_ERR_CORRUPT;
}

enum pawl_status pawl_objects_get(const struct pawl_objects *objects,
                                  enum pawl_object which, uint8_t *buf,
                                  size_t *len)
{
    enum pawl_status status = PAWL_ERR_FAULT;
    size_t room = *len;

    if ((unsigned)which >= PAWL_OBJECT_COUNT) {
        return PAWL_ERR_ARGUMENT;
    }
    *len = objects->places[which].length;
    if (objects->places[which].copy == NO_COPY) {
        return PAWL_ERR_NOT_FOUND;
    }
    if (room < *len) {
        return PAWL_ERR_TOO_SMALL;
    }
    status = read_object(objects, which, buf);
    if (status != PAWL_OK) {
        status = read_object(objects, which, buf);
    }
    if (status != PAWL_OK) {
        pawl_wipe(buf, *len);
    }
    return status;
}

/* --- Put -------------------------------------------------------------------
 */

/* Commits places and note; they are in force in RAM only once that is done. */
static enum pawl_status commit(struct pawl_objects *objects,
                               enum pawl_object which,
                               const struct pawl_object_place *place,
                               const uint8_t *note)
{
    struct pawl_object_place places[PAWL_OBJECT_COUNT];
    uint8_t payload[PAYLOAD_SIZE];
    enum pawl_status status = PAWL_ERR_FAULT;

    memcpy(places, objects->places, sizeof(places));
    places[which] = *place;
    encode(places, note, payload);
    status = pawl_journal_commit(&objects->journal, PAWL_BYTES(payload));
    if (status == PAWL_PENDING) {
        status = pawl_journal_finish(&objects->journal, NULL, NULL);
    }
    if (status == PAWL_OK) {
        memcpy(objects->places, places, sizeof(places));
        memmove(objects->note, note, PAWL_NOTE_SIZE);
    }
    return status;
}

/* Writes bytes into the place that is not in force, and reads them back. */
static enum pawl_status write_beside(const struct pawl_objects *objects,
                                     enum pawl_object which,
                                     struct pawl_bytes bytes,
                                     struct pawl_object_place *place)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    uint32_t off = 0;
    enum pawl_status status = PAWL_ERR_FAULT;

    place->copy = objects->places[which].copy == 0 ? 1 : 0;
    place->length = (uint32_t)bytes.len;
    off = place_offset(objects, which, place->copy);
    status = pawl_sha256(bytes, place->digest);
    if (status == PAWL_OK) {
        status = pawl_flash_erase(objects->area, off, (uint32_t)bytes.len);
    }
    if (status == PAWL_OK) {
        status = program_place(objects->area, off, bytes);
    }
    if (status == PAWL_OK) {
        status = hash_place(objects->area, off, bytes.len, digest);
    }
    if (status == PAWL_OK &&
        memcmp(digest, place->digest, sizeof(digest)) != 0) {
        status = PAWL_ERR_IO;
    }
    return status;
}

enum pawl_status pawl_objects_put(struct pawl_objects *objects,
                                  enum pawl_object which,
                                  struct pawl_bytes bytes,
                                  const uint8_t note[PAWL_NOTE_SIZE])
{
    struct pawl_object_place place;
    enum pawl_status status = PAWL_ERR_FAULT;

    if ((unsigned)which >= PAWL_OBJECT_COUNT) {
        return PAWL_ERR_ARGUMENT;
    }
    /* With a commit in doubt the other place may be the one in force. */
    if (objects->read_only || !pawl_journal_ready(&objects->journal)) {
        return PAWL_ERR_STATE;
    }
    if (bytes.len > pawl_objects_room(objects)) {
        return PAWL_ERR_FULL;
    }
    place_none(&place);
    if (bytes.len > 0) {
        status = write_beside(objects, which, bytes, &place);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return commit(objects, which, &place, note != NULL ? note : objects->note);
}

enum pawl_status pawl_objects_note(struct pawl_objects *objects,
                                   const uint8_t note[PAWL_NOTE_SIZE])
{
    struct pawl_object_place place = objects->places[0];

    if (objects->read_only) {
        return PAWL_ERR_STATE;
    }
    return commit(objects, PAWL_OBJECT_IDEVID, &place, note);
}
