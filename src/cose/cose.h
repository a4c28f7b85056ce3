/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_COSE_COSE_H
#define PAWL_COSE_COSE_H

/*
 * COSE_Sign1 and COSE_Mac0 (RFC 9052) with detached payloads. Two layers: a
 * general one that accepts what the RFC allows, and PAWL_COSE_STRICT, what
 * SUIT and pawl's own documents demand (tag present, algorithm protected).
 */

#include <pawl/bytes.h>
#include <pawl/key.h>
#include <pawl/status.h>
#include <stdbool.h>

#define PAWL_COSE_SIGNATURE_SIZE 64 /* ES256 and Ed25519 alike, bytes */
#define PAWL_COSE_TAG_MAC0 17
#define PAWL_COSE_TAG_SIGN1 18

enum pawl_cose_rules {
    PAWL_COSE_GENERAL, /* RFC 9052: tag optional, attached payload allowed */
    PAWL_COSE_STRICT   /* tag required, alg in protected, payload detached */
};

/* What a message says of itself; nothing of it is authenticated yet. */
struct pawl_cose {
    uint64_t tag;                 /* 17 or 18; 18 when it had none */
    enum pawl_algorithm alg;      /* from the header */
    struct pawl_bytes protected_; /* content of the protected bucket */
    struct pawl_bytes kid;        /* a hint; empty if absent */
    struct pawl_bytes payload;    /* attached payload; empty if detached */
    bool attached;
    struct pawl_bytes signature; /* or authentication tag */
};

/*
 * Reads one message. *cose views into it.
 *
 * Returns PAWL_ERR_MALFORMED    it is no COSE message, a label occurs twice,
 *                               or headers are nested too deep
 *         PAWL_ERR_UNSUPPORTED  a COSE message of another kind (its tag), or
 *                               with a critical header: cose->tag is then 0;
 *                               or of an algorithm that is not known, or none
 *         PAWL_ERR_POLICY       COSE, but not what PAWL_COSE_STRICT demands
 *         PAWL_ERR_LIMIT        an algorithm outside of int64_t
 * On an error *cose is empty, but for the tag where only the algorithm is the
 * trouble.
 */
PAWL_MUST_USE
enum pawl_status pawl_cose_parse(struct pawl_cose *cose,
                                 struct pawl_bytes message,
                                 enum pawl_cose_rules rules);

/*
 * Verifies a parsed message over payload (which is given here, whether it was
 * attached or not) and external_aad (empty for SUIT) with one key.
 *
 * Returns PAWL_OK                the key made this message
 *         PAWL_ERR_UNSUPPORTED   the key's algorithm is another, or unknown
 *         PAWL_ERR_SIGNATURE     the signature is wrong
 *         PAWL_ERR_MALFORMED     signature or key of a wrong length
 *         PAWL_ERR_LIMIT         Ed25519 and HMAC, which need the bytes in one
 *                                piece: above PAWL_TRUST_MAX
 *
 * Blocks for one public-key operation.
 */
PAWL_MUST_USE
enum pawl_status pawl_cose_verify(const struct pawl_cose *cose,
                                  const struct pawl_key *key,
                                  struct pawl_bytes payload,
                                  struct pawl_bytes external_aad);

/* Whether messages of an algorithm can be verified. */
bool pawl_cose_has_algorithm(int64_t number);

/* Makes a signature with a key that lies elsewhere. */
struct pawl_cose_signer {
    void *ctx;
    enum pawl_algorithm algorithm;
    struct pawl_bytes kid; /* put into the unprotected bucket unless empty */
    /* Signs the Sig_structure (whole, not hashed). */
    enum pawl_status (*sign)(void *ctx, struct pawl_bytes to_be_signed,
                             uint8_t signature[PAWL_COSE_SIGNATURE_SIZE]);
};

/*
 * Writes a tagged COSE_Sign1 with detached payload, strict rules, to out;
 * *len has the room on entry and the length on return. PAWL_ERR_TOO_SMALL:
 * *len is the room needed, and nothing was signed; PAWL_ERR_UNSUPPORTED: not
 * an algorithm that signs; PAWL_ERR_LIMIT: the payload is above
 * PAWL_TRUST_MAX; otherwise the signer's own error. Needs as much stack.
 */
PAWL_MUST_USE
enum pawl_status pawl_cose_sign1(const struct pawl_cose_signer *signer,
                                 struct pawl_bytes payload,
                                 struct pawl_bytes external_aad, uint8_t *out,
                                 size_t *len);

#endif
