/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_IDENTITY_H
#define PAWL_IDENTITY_H

/*
 * Who the device is (IEEE 802.1AR): the factory's IDevID, kept for life, and
 * the owner's LDevID, enrolled, renewed and replaced. Private keys stay in
 * the key store; chains lie in the store, in two copies. There are two places
 * for an LDevID: a new one replaces the old only after it has carried a
 * session, and until then the old one stays.
 */

#include <pawl/bytes.h>
#include <pawl/config.h>
#include <pawl/port/port.h>
#include <pawl/status.h>
#include <stdbool.h>

enum pawl_identity_kind {
    PAWL_IDENTITY_IDEVID,
    PAWL_IDENTITY_LDEVID,     /* the current one */
    PAWL_IDENTITY_LDEVID_NEXT /* enrolled, but not proved by a session yet */
};

struct pawl_objects_storage {
    uint64_t storage[PAWL_OBJECTS_STORAGE / 8]; /* struct pawl_objects */
};

/* The store of identity and trust, open. Fields are private. */
struct pawl_identity {
    const struct pawl_port *port;
    struct pawl_objects_storage objects;
    int64_t time_floor_s;
    bool open;
};

/* One credential, as a session uses it. */
struct pawl_credential {
    enum pawl_identity_kind kind;
    const struct pawl_keystore *keystore;
    enum pawl_key_slot slot;
    struct pawl_bytes chain; /* DER certificates, leaf first, one behind the
                              * other; a view into the caller's buffer */
    int64_t not_before_s, not_after_s; /* of the leaf */
};

/*
 * Opens the store of port, read and write. Recovery after a power cut is done
 * before it returns (some programs, at most two erases); a key of an LDevID
 * that a power cut left without an owner is destroyed.
 *
 * Returns PAWL_ERR_LOST   nothing valid was found: open, and empty
 *         PAWL_ERR_CORRUPT       the note says what no writer writes: closed
 *         PAWL_ERR_ARGUMENT      the port lacks store, key store or clock, or
 *                                the key store a function that is required
 *         PAWL_ERR_POLICY        the key store is not hardware, and must be
 *                                (PAWL_SOFT_KEYS)
 *         PAWL_ERR_IO, PAWL_ERR_UNSUPPORTED (geometry)
 *
 * The calls below answer PAWL_ERR_STATE when it is not open, which is also so
 * after a write that failed and a store that could not be opened again.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_open(struct pawl_identity *identity,
                                    const struct pawl_port *port);

/*
 * Gives one credential; its chain is read into chain_buf.
 *
 * chain_len   the room on entry, the length on return
 *
 * Returns PAWL_ERR_NOT_FOUND   there is none of that kind
 *         PAWL_ERR_KEYSTORE    its key is gone or does not belong to it
 *         PAWL_ERR_TOO_SMALL, PAWL_ERR_CORRUPT, PAWL_ERR_IO
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_get(const struct pawl_identity *identity,
                                   enum pawl_identity_kind kind,
                                   struct pawl_credential *credential,
                                   uint8_t *chain_buf, size_t *chain_len);

/*
 * Stores the factory's chain, once. PAWL_ERR_STATE: there is one already;
 * PAWL_ERR_CERTIFICATE: the leaf's key is not that of PAWL_KEY_IDEVID.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_install_idevid(struct pawl_identity *identity,
                                              struct pawl_bytes chain);

/*
 * Makes a new key for the next LDevID, in the slot that the current one does
 * not use, and writes a certification request (PKCS#10) for it, signed in the
 * key store: subject CN and serialNumber are the product's serial.
 *
 * renew   use the key that was made before, if there is one, so that an
 *         interrupted enrolment goes on with it
 * len     the room on entry, the length on return
 *
 * PAWL_ERR_KEYSTORE: it failed, or is out of reach. With renew nothing was
 * given up then; without, there may be no next LDevID any more.
 *
 * Blocks for one key generation and one signature.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_csr(struct pawl_identity *identity, bool renew,
                                   uint8_t *csr, size_t *len);

/*
 * The same with renew, but with the subject and the subjectAltName of like, a
 * credential of identity: what is renewed keeps its names, also those that its
 * CA has added (RFC 7030, 4.2.2).
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_csr_like(struct pawl_identity *identity,
                                        const struct pawl_credential *like,
                                        uint8_t *csr, size_t *len);

/*
 * Copies the public key that the next LDevID is requested for (0x04, x, y).
 * PAWL_ERR_STATE: none is; PAWL_ERR_KEYSTORE: it is gone.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_next_key(const struct pawl_identity *identity,
                                        uint8_t point[PAWL_P256_POINT_SIZE]);

/*
 * Stores the chain that was issued for the last request: it is the next
 * LDevID until pawl_identity_promote(). The caller has verified the chain.
 * PAWL_ERR_CERTIFICATE: the leaf's key is not the one that was requested for;
 * PAWL_ERR_STATE: nothing was requested, or the answer is there already.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_install_next(struct pawl_identity *identity,
                                            struct pawl_bytes chain);

/*
 * Makes the next LDevID the current one, after it has carried a session. The
 * old chain and its key are destroyed, in that order (a key that the key store
 * fails to destroy now is tried again at the next open). PAWL_ERR_STATE: there
 * is no next one.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_promote(struct pawl_identity *identity);

/* Forgets the next LDevID: a server refused it. */
PAWL_MUST_USE
enum pawl_status pawl_identity_drop_next(struct pawl_identity *identity);

struct pawl_trust;

/*
 * Stores a trust document that was verified by the caller, and its version as
 * the floor, in one commit; its date of issue raises the time floor, its time
 * sets it. For a factory, which has no document to succeed; in the field it is
 * pawl_identity_rotate_trust().
 * PAWL_ERR_UNTRUSTED: it was not verified; PAWL_ERR_ROLLBACK: below the floor.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_store_trust(struct pawl_identity *identity,
                                           const struct pawl_trust *trust);

/*
 * Replaces the document in force by its successor: verified as by
 * pawl_trust_succeed(), refused unless it leaves each component of the port's
 * slots a signer of an algorithm that the boot loader verifies, stored, and
 * then *trust is it. Sessions that were opened with *trust must be closed
 * before: they believe in what it was.
 *
 * trust    as pawl_trust_open() or this call left it
 * scratch  overwritten; another one
 * bytes    outside of both
 *
 * Returns PAWL_OK          in force, in flash and in *trust
 *         PAWL_PENDING     after pawl_identity_recover_trust(): taken, below
 *                          the floor still; version + 1 is wanted
 *         PAWL_ERR_POLICY  a component would have no way to an update; or as
 *                          pawl_trust_load()
 *         PAWL_ERR_RESET_DUE  bytes are right, but the boot loader does not
 *                          have trust's version yet (port's loader_trust):
 *                          reset the device, and come again with them
 *         PAWL_ERR_STATE   a version is missing: trust->version + 1 is wanted;
 *                          or identity is not open
 *         PAWL_ERR_IO      flash has the old document or the new one; *trust
 *                          is the old one. Open both again, or come again
 *         and the errors of pawl_trust_succeed().
 * After an error *trust is what it was.
 *
 * Blocks for one public-key operation per signature and for storing one
 * object.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_rotate_trust(struct pawl_identity *identity,
                                            struct pawl_trust *trust,
                                            struct pawl_trust *scratch,
                                            struct pawl_bytes bytes);

/*
 * Puts the anchors of the device's owner in the place of those that he has
 * named before (IEC 62443-4-2, EDR 3.13), where the document in force gives him
 * the right to: signed with his key, roles within that right, a version above
 * any that was stored. Otherwise as pawl_identity_rotate_trust(); a rotation
 * keeps his anchors as long as it names the same key.
 *
 * Returns PAWL_ERR_DENIED      the document names no owner
 *         PAWL_ERR_UNTRUSTED   it is not signed with his key
 *         PAWL_ERR_POLICY      a role that he has no right to
 *         PAWL_ERR_ROLLBACK    the version is not above what was stored
 *         PAWL_ERR_LIMIT       too many anchors, or too long beside the
 * document PAWL_ERR_MALFORMED, PAWL_ERR_UNSUPPORTED, PAWL_ERR_STATE,
 *         PAWL_ERR_IO          as pawl_identity_rotate_trust()
 * After an error *trust is what it was.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_own_trust(struct pawl_identity *identity,
                                         struct pawl_trust *trust,
                                         struct pawl_trust *scratch,
                                         struct pawl_bytes owner);

/*
 * After PAWL_ERR_LOST of pawl_trust_open(): begins with the factory's document
 * again, which the firmware brings along. Where the floor is above it, its
 * successors are to be replayed in order by pawl_identity_rotate_trust(), and
 * until PAWL_OK *trust trusts nobody: no session, no update.
 *
 * Returns PAWL_OK       the floor is reached: in force
 *         PAWL_PENDING  trust->version + 1 is wanted
 *         and the errors of pawl_trust_load(); PAWL_ERR_POLICY, PAWL_ERR_IO.
 * After an error *trust trusts nobody.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_recover_trust(struct pawl_identity *identity,
                                             struct pawl_trust *trust,
                                             struct pawl_bytes factory);

/*
 * The lowest that the time can be: the build's time, raised by what was
 * learnt since. What a document's time lowered was learnt wrongly.
 */
int64_t pawl_identity_time_floor(const struct pawl_identity *identity);

/*
 * Raises the time floor; a lower one changes nothing. It is persisted at most
 * once a day of it, so that a power cut may cost up to a day. The caller has
 * judged where the time comes from.
 */
PAWL_MUST_USE
enum pawl_status pawl_identity_raise_time_floor(struct pawl_identity *identity,
                                                int64_t seconds);

#endif
