/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TRUST_TRUST_ENCODE_H
#define PAWL_TRUST_TRUST_ENCODE_H

/*
 * Writes trust documents: for the host tool and for tests. A device never
 * links it.
 *
 *     encode a plan -> document -> sign it, once per root -> join
 */

#include "cose/cose.h"
#include "trust/trust_internal.h"
#include <pawl/trust.h>

/* A document as plain data. Its limits are those of the reader. */
struct pawl_trust_plan {
    uint64_t version;
    uint8_t root_threshold;
    const struct pawl_key *roots;
    size_t root_count;
    uint8_t signer_threshold;
    const struct pawl_signer *signers;
    size_t signer_count;
    const struct pawl_trust_anchor *anchors;
    size_t anchor_count;
    int64_t issued_s;             /* seconds since 1970; 0: left out */
    int64_t expires_s;            /* seconds since 1970; 0: never */
    int64_t time_s;               /* sets the time floor; 0: left out */
    const struct pawl_key *owner; /* who may add anchors; NULL: nobody */
    uint32_t owner_roles;
};

/*
 * Writes the document of plan, without signatures. *len: the room on entry,
 * the length on return (PAWL_ERR_TOO_SMALL: the length needed).
 *
 * Returns PAWL_ERR_TOO_SMALL, and what a device would answer to the document:
 * PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT, PAWL_ERR_POLICY, PAWL_ERR_UNSUPPORTED.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_encode(const struct pawl_trust_plan *plan,
                                   uint8_t *out, size_t *len);

/*
 * Signs document with one root. signer->kid is not looked at: the kid is that
 * of root. *len: the room on entry, the length on return. Errors as
 * pawl_cose_sign1().
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_sign(struct pawl_bytes document,
                                 const struct pawl_key *root,
                                 const struct pawl_cose_signer *signer,
                                 uint8_t *out, size_t *len);

/*
 * Joins a document and its signatures to what a device takes. *len: the room
 * on entry, the length on return. PAWL_ERR_TOO_SMALL; PAWL_ERR_LIMIT: too many
 * signatures, or longer than PAWL_TRUST_MAX.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_join(struct pawl_bytes document,
                                 const struct pawl_bytes *signatures,
                                 size_t signature_count, uint8_t *out,
                                 size_t *len);

/*
 * Writes and signs what an owner says: a version, and anchors. owner is the
 * key that the trust document names; signer as for pawl_trust_sign(). *len:
 * the room on entry, the length on return. PAWL_ERR_TOO_SMALL,
 * PAWL_ERR_LIMIT; errors as pawl_cose_sign1().
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_own_encode(uint64_t version,
                                       const struct pawl_trust_anchor *anchors,
                                       size_t anchor_count,
                                       const struct pawl_key *owner,
                                       const struct pawl_cose_signer *signer,
                                       uint8_t *out, size_t *len);

/*
 * Reads a whole document, or a draft with few or no signatures, and verifies
 * nothing: to show it, or to sign it. Nobody is trusted by it: *trust is not
 * marked as authentic, and pawl_trust_succeed(), pawl_trust_anchors() and
 * pawl_identity_store_trust() refuse it.
 *
 * document     set to a view into trust->bytes; what signatures are made over
 * signatures   room for PAWL_TRUST_SIGNATURE_MAX views; *count is set
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_peek(struct pawl_trust *trust,
                                 struct pawl_bytes bytes,
                                 struct pawl_bytes *document,
                                 struct pawl_bytes *signatures, size_t *count);

#endif
