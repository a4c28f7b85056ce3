/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_KEY_H
#define PAWL_KEY_H

#include <pawl/bytes.h>
#include <stdbool.h>

/* COSE algorithm numbers (IANA COSE Algorithms; RFC 9053, RFC 9864). */
enum pawl_algorithm {
    PAWL_ALG_NONE = 0,
    PAWL_ALG_HMAC_256 = 5, /* HMAC with SHA-256, whole tag */
    PAWL_ALG_ES256 = -7,   /* ECDSA with SHA-256; here on P-256 only */
    PAWL_ALG_EDDSA = -8,   /* EdDSA; here Ed25519 only */
    PAWL_ALG_ESP256 = -9,  /* ECDSA with SHA-256 on P-256 */
    PAWL_ALG_ED25519 = -19 /* Ed25519 */
};

/* What verifies signatures says so with these, or-ed. */
enum pawl_key_family {
    PAWL_FAMILY_P256 = 0x01,   /* ES256, ESP256 */
    PAWL_FAMILY_ED25519 = 0x02 /* EDDSA, ED25519 */
};

/*
 * A key that checks signatures or authentication codes. The key pins the
 * algorithm: ES256 and ESP256 name one thing, as do EDDSA and ED25519, and a
 * message may carry either number of its pair; any other number is refused.
 */
struct pawl_key {
    enum pawl_algorithm algorithm;

    /* P-256: 65 bytes, 0x04, x, y (SEC 1). Ed25519: 32 bytes (RFC 8032).
     * HMAC: the secret, 16 to 64 bytes. */
    struct pawl_bytes bytes;
};

/* A key that may sign manifests, and for which components. */
struct pawl_signer {
    struct pawl_key key;

    /* Component identifiers (encoded CBOR arrays) that it may sign for: each
     * names itself and whatever its elements are a prefix of. An empty array
     * (80) names all. */
    const struct pawl_bytes *components;
    size_t component_count; /* 0: none, so the key signs for nothing */

    /* Withdrawn: good only for an image that was confirmed before. */
    bool retired;
};

#endif
