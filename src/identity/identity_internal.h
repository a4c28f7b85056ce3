/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_IDENTITY_IDENTITY_INTERNAL_H
#define PAWL_IDENTITY_IDENTITY_INTERNAL_H

/* What the files of identity share: its store, its note, and its chains. */

#include "crypto/x509.h"
#include "journal/objects.h"
#include "trust/store_note.h"
#include <pawl/identity.h>

#define PAWL_IDENTITY_CHAIN_CERTIFICATES 4 /* of one chain, at most */

/* The store inside of identity. */
struct pawl_objects *pawl_identity_objects(struct pawl_identity *identity);
const struct pawl_objects *
pawl_identity_objects_const(const struct pawl_identity *identity);

/* Reads the note. PAWL_ERR_STATE: identity is not open. */
PAWL_MUST_USE
enum pawl_status pawl_identity_note(const struct pawl_identity *identity,
                                    struct pawl_store_note *note);

/* Commits the note alone. After an error the store is opened again, so that
 * what is in RAM is what is in flash. */
PAWL_MUST_USE
enum pawl_status pawl_identity_put_note(struct pawl_identity *identity,
                                        const struct pawl_store_note *note);

/* Commits an object (empty: removes it) and the note in one instant. */
PAWL_MUST_USE
enum pawl_status pawl_identity_put(struct pawl_identity *identity,
                                   enum pawl_object which,
                                   struct pawl_bytes bytes,
                                   const struct pawl_store_note *note);

/* The object and the key of a slot that is not PAWL_STORE_SLOT_NONE. */
enum pawl_object pawl_identity_object(enum pawl_store_slot slot);
enum pawl_key_slot pawl_identity_key(enum pawl_store_slot slot);

/*
 * Reads the leaf of chain and checks that the chain is certificates and
 * nothing else, and that the leaf is for the key of slot.
 *
 * Returns PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT
 *         PAWL_ERR_CERTIFICATE   it is for another key, or breaks a rule
 *         PAWL_ERR_KEYSTORE      the key is gone
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_leaf(const struct pawl_identity *identity,
                                    enum pawl_key_slot slot,
                                    struct pawl_bytes chain,
                                    struct pawl_x509 *leaf);

#endif
