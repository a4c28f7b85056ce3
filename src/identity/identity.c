/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who the device is. What must hold:
 *
 * 1. The note of the store says which LDevID is current and which is next.
 *    It changes in the same commit as the chain that it speaks of, so a power
 *    cut finds the old identity or the new one, never a mix.
 * 2. The slot of the current LDevID is never generated into, nor its chain
 *    written, while it is current.
 * 3. A key that the note does not name is nobody's: it may be destroyed, and
 *    is, at the next open at the latest.
 * 4. The IDevID is written once.
 */

#include "identity/identity_internal.h"

#include "base/base.h"
#include "crypto/der.h"
#include <string.h>

#define DAY_S (24 * 60 * 60)

_Static_assert(sizeof(struct pawl_objects) <= PAWL_OBJECTS_STORAGE,
               "raise PAWL_OBJECTS_STORAGE");
_Static_assert(_Alignof(struct pawl_objects) <= _Alignof(uint64_t),
               "struct pawl_objects_storage is aligned for 64 bits");

struct pawl_objects *pawl_identity_objects(struct pawl_identity *identity)
{
    return (struct pawl_objects *)identity->objects.storage;
}

const struct pawl_objects *
pawl_identity_objects_const(const struct pawl_identity *identity)
{
    return (const struct pawl_objects *)identity->objects.storage;
}

enum pawl_status pawl_identity_note(const struct pawl_identity *identity,
                                    struct pawl_store_note *note)
{
    if (!identity->open) {
        return PAWL_ERR_STATE;
    }
    return pawl_store_note_read(note,
                                pawl_identity_objects_const(identity)->note);
}

enum pawl_object pawl_identity_object(enum pawl_store_slot slot)
{
    return slot == PAWL_STORE_SLOT_B ? PAWL_OBJECT_LDEVID_B
                                     : PAWL_OBJECT_LDEVID_A;
}

enum pawl_key_slot pawl_identity_key(enum pawl_store_slot slot)
{
    return slot == PAWL_STORE_SLOT_B ? PAWL_KEY_LDEVID_B : PAWL_KEY_LDEVID_A;
}

static enum pawl_status store_open(struct pawl_identity *identity)
{
    const struct pawl_reset *reset = identity->port->reset;

    return pawl_objects_open(pawl_identity_objects(identity),
                             identity->port->store, PAWL_JOURNAL_WRITE,
                             reset != NULL ? reset->feed_watchdog : NULL,
                             reset != NULL ? reset->ctx : NULL);
}

/* After a failed write nobody knows what is in flash: look. */
static enum pawl_status written(struct pawl_identity *identity,
                                enum pawl_status status)
{
    if (status != PAWL_OK) {
        identity->open = store_open(identity) == PAWL_OK;
    }
    return status;
}

enum pawl_status pawl_identity_put_note(struct pawl_identity *identity,
                                        const struct pawl_store_note *note)
{
    struct pawl_objects *objects = pawl_identity_objects(identity);
    uint8_t bytes[PAWL_NOTE_SIZE];

    memcpy(bytes, objects->note, sizeof(bytes));
    pawl_store_note_put(note, bytes);
    return written(identity, pawl_objects_note(objects, bytes));
}

enum pawl_status pawl_identity_put(struct pawl_identity *identity,
                                   enum pawl_object which,
                                   struct pawl_bytes bytes,
                                   const struct pawl_store_note *note)
{
    struct pawl_objects *objects = pawl_identity_objects(identity);
    uint8_t note_bytes[PAWL_NOTE_SIZE];

    memcpy(note_bytes, objects->note, sizeof(note_bytes));
    pawl_store_note_put(note, note_bytes);
    return written(identity,
                   pawl_objects_put(objects, which, bytes, note_bytes));
}

/*
 * Destroys the keys of LDevIDs that the note does not name: left behind when
 * power failed between a commit and the key store. The key store may fail;
 * the next open tries again.
 */
static void sweep_keys(const struct pawl_identity *identity,
                       const struct pawl_store_note *note)
{
    const struct pawl_keystore *keystore = identity->port->keystore;
    static const enum pawl_store_slot slots[] = {PAWL_STORE_SLOT_A,
                                                 PAWL_STORE_SLOT_B};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(slots); i++) {
        uint8_t point[PAWL_P256_POINT_SIZE];
        enum pawl_key_slot key = pawl_identity_key(slots[i]);

        if (slots[i] != note->current && slots[i] != note->next &&
            keystore->public_key(keystore->ctx, key, point) == PAWL_OK) {
            (void)keystore->destroy(keystore->ctx, key);
        }
    }
}

static bool keystore_suffices(const struct pawl_keystore *keystore)
{
    return keystore != NULL && keystore->generate != NULL &&
           keystore->public_key != NULL && keystore->sign != NULL &&
           keystore->destroy != NULL;
}

static bool port_suffices(const struct pawl_port *port)
{
    return port->store != NULL && keystore_suffices(port->keystore) &&
           port->clock != NULL && port->product != NULL &&
           (port->loader_trust == NULL || port->loader_trust->version != NULL);
}

enum pawl_status pawl_identity_open(struct pawl_identity *identity,
                                    const struct pawl_port *port)
{
    struct pawl_store_note note;

    memset(identity, 0, sizeof(*identity));
    if (!port_suffices(port)) {
        return PAWL_ERR_ARGUMENT;
    }
    if (pawl_keystore_policy(port->keystore) != PAWL_OK) {
        return PAWL_ERR_POLICY;
    }
    identity->port = port;
    identity->time_floor_s = port->clock->build_s;
    enum pawl_status status = store_open(identity);
    identity->open = status == PAWL_OK || status == PAWL_ERR_LOST;
    if (status != PAWL_OK) {
        return status; /* lost: no key is destroyed, none is known */
    }
    status = pawl_identity_note(identity, &note);
    if (status != PAWL_OK) {
        identity->open = false; /* writing would hide what happened */
        return status;
    }
    if (note.time_floor_s > identity->time_floor_s) {
        identity->time_floor_s = note.time_floor_s;
    }
    sweep_keys(identity, &note);
    return PAWL_OK;
}

/* Whether point is the public key of slot. */
static enum pawl_status key_is(const struct pawl_identity *identity,
                               enum pawl_key_slot slot, struct pawl_bytes point)
{
    const struct pawl_keystore *keystore = identity->port->keystore;
    uint8_t own[PAWL_P256_POINT_SIZE];

    if (keystore->public_key(keystore->ctx, slot, own) != PAWL_OK) {
        return PAWL_ERR_KEYSTORE;
    }
    return pawl_bytes_equal(point, PAWL_BYTES(own)) ? PAWL_OK
                                                    : PAWL_ERR_CERTIFICATE;
}

enum pawl_status pawl_identity_leaf(const struct pawl_identity *identity,
                                    enum pawl_key_slot slot,
                                    struct pawl_bytes chain,
                                    struct pawl_x509 *leaf)
{
    struct pawl_bytes rest = chain;
    struct pawl_bytes first, more;
    const char *rule = "";
    size_t count = 1;

    if (!pawl_der_take_whole(&rest, PAWL_DER_SEQUENCE, &first)) {
        return PAWL_ERR_MALFORMED;
    }
    while (rest.len > 0) {
        if (!pawl_der_take_whole(&rest, PAWL_DER_SEQUENCE, &more)) {
            return PAWL_ERR_MALFORMED;
        }
        count++;
    }
    if (count > PAWL_IDENTITY_CHAIN_CERTIFICATES ||
        chain.len > PAWL_CHAIN_MAX) {
        return PAWL_ERR_LIMIT;
    }
    enum pawl_status status = pawl_x509_parse(leaf, first, &rule);
    return status == PAWL_OK ? key_is(identity, slot, leaf->point) : status;
}

/* Where a credential lies. PAWL_ERR_NOT_FOUND: there is none of that kind. */
static enum pawl_status locate(const struct pawl_identity *identity,
                               enum pawl_identity_kind kind,
                               enum pawl_object *which, enum pawl_key_slot *key)
{
    struct pawl_store_note note;
    enum pawl_store_slot slot = PAWL_STORE_SLOT_NONE;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    switch (kind) {
    case PAWL_IDENTITY_IDEVID:
        *which = PAWL_OBJECT_IDEVID;
        *key = PAWL_KEY_IDEVID;
        return PAWL_OK;
    case PAWL_IDENTITY_LDEVID:
        slot = note.current;
        break;
    case PAWL_IDENTITY_LDEVID_NEXT:
        slot = note.next_state == PAWL_STORE_NEXT_INSTALLED
                   ? note.next
                   : PAWL_STORE_SLOT_NONE;
        break;
    }
    *which = pawl_identity_object(slot);
    *key = pawl_identity_key(slot);
    return slot != PAWL_STORE_SLOT_NONE ? PAWL_OK : PAWL_ERR_NOT_FOUND;
}

enum pawl_status pawl_identity_get(const struct pawl_identity *identity,
                                   enum pawl_identity_kind kind,
                                   struct pawl_credential *credential,
                                   uint8_t *chain_buf, size_t *chain_len)
{
    enum pawl_object which = PAWL_OBJECT_IDEVID;
    enum pawl_key_slot key = PAWL_KEY_IDEVID;
    struct pawl_x509 leaf;

    memset(credential, 0, sizeof(*credential));
    enum pawl_status status = locate(identity, kind, &which, &key);
    if (status == PAWL_OK) {
        status = pawl_objects_get(pawl_identity_objects_const(identity), which,
                                  chain_buf, chain_len);
    }
    if (status != PAWL_OK) {
        return status;
    }
    struct pawl_bytes chain = {chain_buf, *chain_len};
    status = pawl_identity_leaf(identity, key, chain, &leaf);
    if (status != PAWL_OK) {
        /* It was checked when it was stored: its key is another by now. */
        return status == PAWL_ERR_CERTIFICATE ? PAWL_ERR_KEYSTORE : status;
    }
    *credential = (struct pawl_credential){
        kind,  identity->port->keystore, key,
        chain, leaf.not_before,          leaf.not_after};
    return PAWL_OK;
}

/* Whether there is such an object, readable or not. */
static bool exists(const struct pawl_identity *identity, enum pawl_object which)
{
    uint8_t none;
    size_t len = 0;

    return pawl_objects_get(pawl_identity_objects_const(identity), which, &none,
                            &len) != PAWL_ERR_NOT_FOUND;
}

enum pawl_status pawl_identity_install_idevid(struct pawl_identity *identity,
                                              struct pawl_bytes chain)
{
    struct pawl_store_note note;
    struct pawl_x509 leaf;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (exists(identity, PAWL_OBJECT_IDEVID)) {
        return PAWL_ERR_STATE;
    }
    status = pawl_identity_leaf(identity, PAWL_KEY_IDEVID, chain, &leaf);
    return status == PAWL_OK
               ? pawl_identity_put(identity, PAWL_OBJECT_IDEVID, chain, &note)
               : status;
}

int64_t pawl_identity_time_floor(const struct pawl_identity *identity)
{
    return identity->time_floor_s;
}

enum pawl_status pawl_identity_raise_time_floor(struct pawl_identity *identity,
                                                int64_t seconds)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (seconds <= identity->time_floor_s) {
        return PAWL_OK;
    }
    identity->time_floor_s = seconds;
    if (seconds - note.time_floor_s < DAY_S) {
        return PAWL_OK; /* flash wears: a day at most is forgotten */
    }
    note.time_floor_s = seconds;
    return pawl_identity_put_note(identity, &note);
}
