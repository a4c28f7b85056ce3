/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_JOURNAL_OBJECTS_H
#define PAWL_JOURNAL_OBJECTS_H

/*
 * Larger things that must survive: certificate chains and trust documents.
 * Each has two places in the objects area; a journal of its own names the
 * place in force, its length and its SHA-256. A replacement is written beside
 * the one in force, read back, and then named: a power cut finds the old
 * object or the new one, never a mix, never neither.
 *
 * Beside the objects there is a small note, for numbers that change with
 * them (which identity is current, the trust version floor, the time floor),
 * committed in one record with an object.
 */

#include "crypto/crypto.h"
#include "journal/journal.h"
#include <pawl/port/flash.h>

enum pawl_object {
    PAWL_OBJECT_IDEVID = 0, /* chain of the factory identity */
    PAWL_OBJECT_LDEVID_A,   /* chains of the owner's identities */
    PAWL_OBJECT_LDEVID_B,
    PAWL_OBJECT_TRUST, /* trust document with its signatures */
    PAWL_OBJECT_COUNT
};

#define PAWL_NOTE_SIZE 64 /* bytes of the note; zeros at first */

struct pawl_object_place {
    uint8_t copy;    /* 0 or 1; 0xFF: the object does not exist */
    uint32_t length; /* bytes */
    uint8_t digest[PAWL_SHA256_SIZE];
};

struct pawl_objects {
    struct pawl_journal journal;
    const struct pawl_flash *area;
    struct pawl_object_place places[PAWL_OBJECT_COUNT];
    uint8_t note[PAWL_NOTE_SIZE];
    bool read_only;
};

/*
 * Opens the store. Same results as pawl_journal_open(), but settled before it
 * returns (some programs and at most two erases, the watchdog fed between).
 * PAWL_ERR_LOST: nothing valid was found; the store is open and empty.
 */
PAWL_MUST_USE
enum pawl_status pawl_objects_open(struct pawl_objects *objects,
                                   const struct pawl_store *store,
                                   enum pawl_journal_mode mode,
                                   void (*feed_watchdog)(void *ctx), void *ctx);

/* The room that one object has, in bytes. */
size_t pawl_objects_room(const struct pawl_objects *objects);

/*
 * Reads an object into buf and checks its digest. *len: the room on entry,
 * the length on return. PAWL_ERR_NOT_FOUND, PAWL_ERR_TOO_SMALL,
 * PAWL_ERR_CORRUPT (both reads differ from the digest), PAWL_ERR_IO.
 */
PAWL_MUST_USE
enum pawl_status pawl_objects_get(const struct pawl_objects *objects,
                                  enum pawl_object which, uint8_t *buf,
                                  size_t *len);

/*
 * Replaces an object, and the note in the same instant (note may be NULL:
 * unchanged). Empty bytes remove the object. Blocks for the erase and the
 * programs of one object and for one commit. On an error the old object is
 * in force; PAWL_ERR_IO: open again to know which.
 */
PAWL_MUST_USE
enum pawl_status pawl_objects_put(struct pawl_objects *objects,
                                  enum pawl_object which,
                                  struct pawl_bytes bytes,
                                  const uint8_t note[PAWL_NOTE_SIZE]);

/* Commits the note alone. */
PAWL_MUST_USE
enum pawl_status pawl_objects_note(struct pawl_objects *objects,
                                   const uint8_t note[PAWL_NOTE_SIZE]);

#endif
