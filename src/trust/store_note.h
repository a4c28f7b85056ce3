/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TRUST_STORE_NOTE_H
#define PAWL_TRUST_STORE_NOTE_H

/*
 * The note of the store of identity and trust: the numbers that change
 * together with its objects. Identity writes it; trust reads the floor. The
 * layout is in doc/SPEC.md, "Identity store": big-endian, and whatever a
 * reader does not know it carries on unread, since a firmware on trial may be
 * followed by its predecessor.
 */

#include "journal/objects.h"

enum pawl_store_next {
    PAWL_STORE_NEXT_NONE = 0,
    PAWL_STORE_NEXT_REQUESTED = 1, /* its key was made; no chain yet */
    PAWL_STORE_NEXT_INSTALLED = 2  /* its chain is there; not proved yet */
};

/* A slot of an LDevID as the note names it. */
enum pawl_store_slot {
    PAWL_STORE_SLOT_NONE = 0,
    PAWL_STORE_SLOT_A = 1,
    PAWL_STORE_SLOT_B = 2
};

struct pawl_store_note {
    enum pawl_store_slot current; /* LDevID in use */
    enum pawl_store_slot next;    /* LDevID being enrolled */
    enum pawl_store_next next_state;
    uint64_t trust_floor; /* lowest version of the trust document; 0: none */
    int64_t time_floor_s; /* seconds since 1970; 0: never learnt */
    uint64_t owner_floor; /* version of the owner's document; 0: never */
};

/*
 * Reads the note as it is stored; zeros are a note that was never written.
 * PAWL_ERR_CORRUPT: values that no writer leaves behind; *note is then zeros.
 */
PAWL_MUST_USE
enum pawl_status pawl_store_note_read(struct pawl_store_note *note,
                                      const uint8_t bytes[PAWL_NOTE_SIZE]);

/* Puts the fields of note into bytes, and leaves all other bytes alone. */
void pawl_store_note_put(const struct pawl_store_note *note,
                         uint8_t bytes[PAWL_NOTE_SIZE]);

#endif
