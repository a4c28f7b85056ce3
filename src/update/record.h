/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_UPDATE_RECORD_H
#define PAWL_UPDATE_RECORD_H

/*
 * What the update engine and the boot loader share: the record that the
 * journal keeps, the slots' manifest areas, and the table of components.
 * The bytes are in doc/SPEC.md, "Update record" and "Manifest area"; the
 * record's core is frozen for life, since a boot loader may be.
 */

#include "crypto/crypto.h"
#include <pawl/config.h>
#include <pawl/manifest.h>
#include <pawl/port/flash.h>
#include <pawl/port/port.h>
#include <pawl/update_state.h>
#include <stdbool.h>

#define PAWL_RECORD_VERSION 1
#define PAWL_RECORD_CORE_SIZE 160 /* bytes of the boot core */
#define PAWL_RECORD_MAX 256       /* bytes; the update journal's payload_max */
#define PAWL_RECORD_EXTENSION_MAX (PAWL_RECORD_MAX - PAWL_RECORD_CORE_SIZE)
#define PAWL_RECORD_NO_SLOT 0xFF

/* One set of slots, and the manifest that belongs to it. */
struct pawl_record_image {
    bool known;            /* false: there is no such set */
    pawl_slot_set set;     /* which slot of each component */
    uint8_t manifest_slot; /* index of the slot whose area has the manifest */
    uint64_t sequence;     /* the manifest's sequence number */
    uint8_t digest[32];    /* SHA-256 of the manifest */
};

struct pawl_record {
    enum pawl_update_state state;
    bool armed; /* STAGED: the next boot tries the target */
    bool lost;  /* made after JOURNAL_LOST: nothing of it is confirmed */
    bool counter_pending;
    enum pawl_update_reason reason;
    enum pawl_update_phase phase;
    enum pawl_status status;           /* with reason; PAWL_OK if none */
    enum pawl_reset_cause reset_cause; /* of the last trial boot */
    struct pawl_record_image current;  /* confirmed, unless lost */
    struct pawl_record_image previous; /* confirmed before, and whole */
    struct pawl_record_image target;   /* written, staged or on trial */
    pawl_slot_set running;             /* what boot handed over to */
    uint8_t attempts, boots;           /* left of the trial */
    uint32_t counter_floor;            /* the security counter as accepted */
    uint32_t target_counter;           /* what accepting makes of it */
    uint64_t trust_version;            /* at install; boot needs at least it */
    uint64_t sequence_floor;           /* raised on accept only */
    size_t extension_len;              /* bytes of the application's, opaque */
    uint8_t extension[PAWL_RECORD_EXTENSION_MAX];
};

/* A record as a fresh device has it: READY, nothing known. */
void pawl_record_clear(struct pawl_record *record);

/* Writes a record to out; returns its length in bytes. */
size_t pawl_record_encode(const struct pawl_record *record,
                          uint8_t out[PAWL_RECORD_MAX]);

/*
 * Reads a record. PAWL_ERR_UNSUPPORTED: of a version that this build does not
 * know; PAWL_ERR_MALFORMED. On an error *record is cleared.
 */
PAWL_MUST_USE
enum pawl_status pawl_record_decode(struct pawl_record *record,
                                    struct pawl_bytes payload);

/*
 * The manifest area of a slot: eight bytes of head, then the envelope that
 * pawl_manifest_store() made, then erased value up to a program unit.
 */
#define PAWL_AREA_HEAD_SIZE 8

/* Writes the head for an envelope of len bytes. */
void pawl_area_head(uint8_t head[PAWL_AREA_HEAD_SIZE], size_t len);

/* Whether len bytes fit in the area. */
bool pawl_area_fits(const struct pawl_flash *area, size_t len);

/*
 * Copies the envelope of an area into out, once. *len: the room on entry, the
 * length on return. PAWL_ERR_NOT_FOUND: there is none; PAWL_ERR_TOO_SMALL;
 * PAWL_ERR_IO, PAWL_ERR_CORRUPT.
 */
PAWL_MUST_USE
enum pawl_status pawl_area_read(const struct pawl_flash *area, uint8_t *out,
                                size_t *len);

/*
 * Fills unit, which lies at off of the area, with what belongs there: head,
 * envelope or erased value.
 */
void pawl_area_unit(const struct pawl_flash *area, struct pawl_bytes envelope,
                    uint32_t off, uint8_t *unit, size_t len);

/*
 * Erases the area, writes envelope and compares it, all at once: for
 * provisioning. PAWL_ERR_TOO_SMALL: it does not fit; PAWL_ERR_CORRUPT: the
 * flash holds something else; PAWL_ERR_IO. Blocks for all of it.
 */
PAWL_MUST_USE
enum pawl_status pawl_area_write(const struct pawl_flash *area,
                                 struct pawl_bytes envelope);

/* One component: up to two slots, as indices into the port's table. */
struct pawl_component {
    struct pawl_bytes id;
    uint8_t slot[2]; /* A and B; PAWL_RECORD_NO_SLOT: it has none */
};

struct pawl_components {
    const struct pawl_slot *slots;
    size_t slot_count;
    size_t count;
    struct pawl_component list[PAWL_COMPONENT_MAX];
};

/*
 * Makes the table of components in the order of the slots. PAWL_ERR_ARGUMENT:
 * a slot lacks its tables, stands twice, or has an index above 1;
 * PAWL_ERR_UNSUPPORTED: more than PAWL_COMPONENT_MAX.
 */
PAWL_MUST_USE
enum pawl_status pawl_components_open(struct pawl_components *components,
                                      const struct pawl_slot *slots,
                                      size_t slot_count);

/* The slot of component in set; NULL if it has none there. */
const struct pawl_slot *
pawl_components_slot(const struct pawl_components *components, size_t component,
                     pawl_slot_set set);

/* Finds a component by its identifier. PAWL_ERR_NOT_FOUND. */
PAWL_MUST_USE
enum pawl_status pawl_components_find(const struct pawl_components *components,
                                      struct pawl_bytes id, uint32_t *handle);

/* Whether the images of some slot are linked for it and run nowhere else. */
bool pawl_components_fixed(const struct pawl_components *components);

/* Sets *device to whom the conditions of a manifest must name: views into
 * product. A device_id of zeros is none. */
void pawl_device_name(struct pawl_manifest_device *device,
                      const struct pawl_product *product);

/* A hash over the first size bytes of a slot, in steps of PAWL_HASH_CHUNK. */
struct pawl_slot_hash {
    const struct pawl_flash *flash; /* NULL: not begun */
    uint32_t at, size;              /* bytes */
    struct pawl_sha256 sha;
};

/* Begins. size is at most the flash's. */
void pawl_slot_hash_start(struct pawl_slot_hash *hash,
                          const struct pawl_flash *flash, uint32_t size);

/*
 * One step. PAWL_PENDING: again; PAWL_OK: digest is complete; PAWL_ERR_IO,
 * PAWL_ERR_CORRUPT: the flash. But for PAWL_PENDING, it is over.
 */
PAWL_MUST_USE
enum pawl_status pawl_slot_hash_step(struct pawl_slot_hash *hash,
                                     uint8_t digest[PAWL_SHA256_SIZE]);

/* Reads; what a part answers for cells that it cannot read is kept apart from
 * a failure of the bus, both as the port says it. PAWL_PENDING, which a read
 * must not answer, is PAWL_ERR_IO: nobody would ever be told that it is done.
 */
PAWL_MUST_USE
enum pawl_status pawl_flash_get(const struct pawl_flash *flash, uint32_t off,
                                void *buf, size_t len);

#endif
