/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of an LDevID. The note's next slot goes through
 *
 *     NONE       nothing is under way
 *     REQUESTED  its key was made             pawl_identity_csr()
 *     INSTALLED  its chain is there           pawl_identity_install_next()
 *
 * and back to NONE by pawl_identity_promote(), where it becomes the current
 * one, or by pawl_identity_drop_next(). Each arrow is one commit.
 */

#include "identity/identity_internal.h"

#include "base/base.h"

static enum pawl_store_slot other(enum pawl_store_slot slot)
{
    return slot == PAWL_STORE_SLOT_A ? PAWL_STORE_SLOT_B : PAWL_STORE_SLOT_A;
}

/* PAWL_OK; PAWL_ERR_NOT_FOUND: the key is gone. Any other answer says nothing
 * about it: what cannot be seen is not gone. */
static enum pawl_status look_for_key(const struct pawl_identity *identity,
                                     enum pawl_key_slot slot)
{
    const struct pawl_keystore *keystore = identity->port->keystore;
    uint8_t point[PAWL_P256_POINT_SIZE];

    return keystore->public_key(keystore->ctx, slot, point);
}

/* Moves the next LDevID back to state, without its chain. */
static enum pawl_status take_back(struct pawl_identity *identity,
                                  struct pawl_store_note *note,
                                  enum pawl_store_next state)
{
    if (note->next_state == state) {
        return PAWL_OK;
    }
    bool installed = note->next_state == PAWL_STORE_NEXT_INSTALLED;
    enum pawl_object which = pawl_identity_object(note->next);
    if (state == PAWL_STORE_NEXT_NONE) {
        note->next = PAWL_STORE_SLOT_NONE;
    }
    note->next_state = state;
    return installed ? pawl_identity_put(identity, which, PAWL_NO_BYTES, note)
                     : pawl_identity_put_note(identity, note);
}

/*
 * Makes a key and notes it. A chain that was there is given up first: were
 * its key replaced under it, a power cut would leave the two apart.
 */
static enum pawl_status make_key(struct pawl_identity *identity,
                                 struct pawl_store_note *note)
{
    const struct pawl_keystore *keystore = identity->port->keystore;
    enum pawl_store_slot slot = other(note->current);

    enum pawl_status status = take_back(identity, note, PAWL_STORE_NEXT_NONE);
    if (status == PAWL_OK) {
        status = keystore->generate(keystore->ctx, pawl_identity_key(slot));
    }
    if (status == PAWL_OK) {
        note->next = slot;
        note->next_state = PAWL_STORE_NEXT_REQUESTED;
        status = pawl_identity_put_note(identity, note);
    }
    return status;
}

/* Writes the request for the key of slot, with the product's names, or with
 * those of a certificate that is like. */
static enum pawl_status write_request(const struct pawl_identity *identity,
                                      enum pawl_key_slot slot,
                                      const struct pawl_x509 *like,
                                      uint8_t *csr, size_t *len)
{
    const char *serial = identity->port->product->serial;
    const struct pawl_csr_subject subject = {
        .common_name = serial, .serial_number = serial, .like = like};

    return pawl_csr_write(&subject, identity->port->keystore, (int)slot, csr,
                          len);
}

static enum pawl_status request(struct pawl_identity *identity, bool renew,
                                const struct pawl_x509 *like, uint8_t *csr,
                                size_t *len)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    status = PAWL_ERR_NOT_FOUND;
    if (renew && note.next != PAWL_STORE_SLOT_NONE) {
        status = look_for_key(identity, pawl_identity_key(note.next));
    }
    if (status == PAWL_OK) {
        status = take_back(identity, &note, PAWL_STORE_NEXT_REQUESTED);
    } else if (status == PAWL_ERR_NOT_FOUND) {
        status = make_key(identity, &note);
    }
    if (status != PAWL_OK) {
        return status;
    }
    return write_request(identity, pawl_identity_key(note.next), like, csr,
                         len);
}

enum pawl_status pawl_identity_csr(struct pawl_identity *identity, bool renew,
                                   uint8_t *csr, size_t *len)
{
    return request(identity, renew, NULL, csr, len);
}

enum pawl_status pawl_identity_csr_like(struct pawl_identity *identity,
                                        const struct pawl_credential *like,
                                        uint8_t *csr, size_t *len)
{
    struct pawl_x509 leaf;
    enum pawl_status status =
        identity->open
            ? pawl_identity_leaf(identity, like->slot, like->chain, &leaf)
            : PAWL_ERR_STATE;

    return status == PAWL_OK ? request(identity, true, &leaf, csr, len)
                             : status;
}

enum pawl_status pawl_identity_next_key(const struct pawl_identity *identity,
                                        uint8_t point[PAWL_P256_POINT_SIZE])
{
    const struct pawl_keystore *keystore = identity->port->keystore;
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (note.next == PAWL_STORE_SLOT_NONE) {
        return PAWL_ERR_STATE;
    }
    return keystore->public_key(keystore->ctx, pawl_identity_key(note.next),
                                point) == PAWL_OK
               ? PAWL_OK
               : PAWL_ERR_KEYSTORE;
}

enum pawl_status pawl_identity_install_next(struct pawl_identity *identity,
                                            struct pawl_bytes chain)
{
    struct pawl_store_note note;
    struct pawl_x509 leaf;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (note.next_state != PAWL_STORE_NEXT_REQUESTED) {
        return PAWL_ERR_STATE;
    }
    status = pawl_identity_leaf(identity, pawl_identity_key(note.next), chain,
                                &leaf);
    if (status != PAWL_OK) {
        return status;
    }
    note.next_state = PAWL_STORE_NEXT_INSTALLED;
    return pawl_identity_put(identity, pawl_identity_object(note.next), chain,
                             &note);
}

/* A key that is nobody's any more. Should the key store fail, the next open
 * destroys it: what was committed stands all the same. */
static void destroy_key(const struct pawl_identity *identity,
                        enum pawl_store_slot slot)
{
    const struct pawl_keystore *keystore = identity->port->keystore;

    if (slot != PAWL_STORE_SLOT_NONE) {
        (void)keystore->destroy(keystore->ctx, pawl_identity_key(slot));
    }
}

enum pawl_status pawl_identity_promote(struct pawl_identity *identity)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (note.next_state != PAWL_STORE_NEXT_INSTALLED) {
        return PAWL_ERR_STATE;
    }
    enum pawl_store_slot old = note.current;
    note.current = note.next;
    note.next = PAWL_STORE_SLOT_NONE;
    note.next_state = PAWL_STORE_NEXT_NONE;
    status = old != PAWL_STORE_SLOT_NONE
                 ? pawl_identity_put(identity, pawl_identity_object(old),
                                     PAWL_NO_BYTES, &note)
                 : pawl_identity_put_note(identity, &note);
    if (status == PAWL_OK) {
        destroy_key(identity, old);
    }
    return status;
}

enum pawl_status pawl_identity_drop_next(struct pawl_identity *identity)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    enum pawl_store_slot slot = note.next;
    status = take_back(identity, &note, PAWL_STORE_NEXT_NONE);
    if (status == PAWL_OK) {
        destroy_key(identity, slot);
    }
    return status;
}
