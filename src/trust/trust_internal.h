/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TRUST_TRUST_INTERNAL_H
#define PAWL_TRUST_TRUST_INTERNAL_H

/*
 * The format of the trust document, shared by what reads and what writes it.
 * doc/SPEC.md, "Trust document", is its specification.
 *
 *     envelope = [ document: bstr, + signature: bstr ]
 *     document = { 1: format, 2: version, 3: root threshold, 4: [+ key],
 *                  5: signer threshold, 6: [+ signer], 7: [* anchor],
 *                  ? 8: issued, ? 9: expires, ? 10: owner, ? -1: time }
 *     key = [algorithm, public key]
 *     signer = [algorithm, public key, [* component id], retired]
 *     anchor = [roles, certificate]
 *     owner = [algorithm, public key, roles]
 *
 * In the store, and nowhere else, an owner's envelope may follow it:
 *
 *     owner-envelope = [ owner-document: bstr, signature: bstr ]
 *     owner-document = { 1: format, 2: version, 7: [* anchor] }
 *
 * A key above zero that a reader does not know is refused; one below zero is
 * skipped, so that later formats can add what earlier readers may ignore.
 */

#include <pawl/trust.h>

#define PAWL_TRUST_FORMAT 1u

enum pawl_trust_field {
    PAWL_TRUST_FIELD_FORMAT = 1,
    PAWL_TRUST_FIELD_VERSION = 2,
    PAWL_TRUST_FIELD_ROOT_THRESHOLD = 3,
    PAWL_TRUST_FIELD_ROOTS = 4,
    PAWL_TRUST_FIELD_SIGNER_THRESHOLD = 5,
    PAWL_TRUST_FIELD_SIGNERS = 6,
    PAWL_TRUST_FIELD_ANCHORS = 7,
    PAWL_TRUST_FIELD_ISSUED = 8,
    PAWL_TRUST_FIELD_EXPIRES = 9,
    PAWL_TRUST_FIELD_OWNER = 10, /* an owner's right to add anchors */
    PAWL_TRUST_FIELD_TIME = -1   /* a boot loader has no time to set */
};

/* Fields that every document has: bit n is field n. */
#define PAWL_TRUST_FIELDS_REQUIRED 0xFEu

/* Roles are a bit mask of 16 bits. Bits that are not known yet grant nothing
 * and are no error: a boot loader is frozen for life. */
#define PAWL_TRUST_ROLES_MAX 0xFFFFu

/* Signatures of one document: a threshold of old and of new roots. */
#define PAWL_TRUST_SIGNATURE_MAX (2 * PAWL_TRUST_ROOT_MAX)
#define PAWL_TRUST_PREFIX_MAX (2 * PAWL_TRUST_SIGNER_MAX)

/* What the signatures cover besides the document. */
#define PAWL_TRUST_AAD "pawl-trust-v1"

#define PAWL_TRUST_OWNER_AAD "pawl-owner-v1"

/* Fields of an owner's document, all of them. */
#define PAWL_TRUST_OWNER_FIELDS 0x86u

/* The kid of a root is the end of its public key. It only chooses the key
 * that a signature is tried with. */
#define PAWL_TRUST_KID_SIZE 8

/* Value of pawl_trust.authentic after verification: many bits, so that no
 * single fault makes it. */
#define PAWL_TRUST_AUTHENTIC 0x7B3D95A6u

/* The same for a document below the floor, from which those up to the floor
 * are replayed: its roots may name a successor, and it vouches for nothing
 * else. */
#define PAWL_TRUST_SUCCEEDS 0x94E2CA59u

struct pawl_trust_parts {
    struct pawl_bytes document;
    size_t signature_count;
    struct pawl_bytes signatures[PAWL_TRUST_SIGNATURE_MAX];
};

/* Splits an envelope into views. PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT. */
PAWL_MUST_USE
enum pawl_status pawl_trust_split(struct pawl_bytes envelope,
                                  struct pawl_trust_parts *parts);
/* The same for one that something follows; *len is its own length. */
PAWL_MUST_USE
enum pawl_status pawl_trust_split_first(struct pawl_bytes bytes,
                                        struct pawl_trust_parts *parts,
                                        size_t *len);

/*
 * Reads an owner's document, which lies in trust->bytes, behind the anchors of
 * trust. PAWL_ERR_POLICY: a role that the owner has no right to; and as
 * pawl_trust_read(). On an error *trust is as it was.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_read_owner(struct pawl_trust *trust,
                                       struct pawl_bytes document);

/*
 * Makes *next what *current is, with owner, an envelope of its owner's, in the
 * place of what he said before. PAWL_ERR_DENIED: the document names no owner;
 * PAWL_ERR_UNTRUSTED: he did not sign it; PAWL_ERR_LIMIT: together they are
 * too long; and as pawl_trust_read_owner(). On an error *next trusts nobody.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_own(struct pawl_trust *next,
                                const struct pawl_trust *current,
                                struct pawl_bytes owner);

/* Takes over what the owner said to current, if next names the same owner and
 * it still fits his rights; else *next is as it was. */
void pawl_trust_carry_owner(struct pawl_trust *next,
                            const struct pawl_trust *current);

/*
 * Reads document, which lies in trust->bytes, into the fields of trust.
 * Nothing is authenticated by it. PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT,
 * PAWL_ERR_UNSUPPORTED, PAWL_ERR_POLICY.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_read(struct pawl_trust *trust,
                                 struct pawl_bytes document);

/*
 * Makes *to what *from is: in force at once, without verifying again. On an
 * error, which is a fault of the memory, *to trusts nobody.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_adopt(struct pawl_trust *to,
                                  const struct pawl_trust *from);

/* The same without what its owner said. */
PAWL_MUST_USE
enum pawl_status pawl_trust_adopt_document(struct pawl_trust *to,
                                           const struct pawl_trust *from);

/* Takes all but its roots from a verified document: it is below the floor. */
void pawl_trust_only_succeed(struct pawl_trust *trust);

/* The kid of key; empty if the key is too short to have one. */
struct pawl_bytes pawl_trust_kid(const struct pawl_key *key);

/* The external_aad of the signatures. */
struct pawl_bytes pawl_trust_aad(void);

#endif
