/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_X509_INTERNAL_H
#define PAWL_X509_INTERNAL_H

#include "crypto/x509.h"

/*
 * Reads the content of Extensions' SEQUENCE into cert. PAWL_ERR_MALFORMED;
 * PAWL_ERR_CERTIFICATE, and *rule says which rule is broken.
 */
PAWL_MUST_USE
enum pawl_status pawl_x509_read_extensions(struct pawl_x509 *cert,
                                           struct pawl_bytes extensions,
                                           const char **rule);

/* Takes a Time (RFC 5280, 4.1.2.5) as seconds since 1970; INT64_MAX for
 * 99991231235959Z. False if it is none. */
bool pawl_x509_take_time(struct pawl_bytes *rest, int64_t *seconds);

/* The SHA-2 of bytes, hash_bits long. PAWL_ERR_UNSUPPORTED where this build
 * lacks it, PAWL_ERR_FAULT. */
PAWL_MUST_USE
enum pawl_status pawl_sha2(unsigned hash_bits, struct pawl_bytes bytes,
                           uint8_t digest[64]);

/* Whether this build verifies RSA. */
bool pawl_x509_has_rsa(void);

/* What is wrong with a key that is too weak to be used at all; else NULL. */
const char *pawl_x509_weak_key(struct pawl_bytes spki);

/*
 * pawl_x509_signed_by() for an issuer whose key is not on P-256, or a
 * signature of RSA: whether issuer_spki made the signature of cert. Statuses
 * as there.
 */
PAWL_MUST_USE
enum pawl_status pawl_x509_verify_wide(const struct pawl_x509 *cert,
                                       struct pawl_bytes issuer_spki);

/*
 * The leftmost 256 bits of the SHA-2 of bytes, hash_bits long: what ECDSA on
 * P-256 signs (FIPS 186-5, 6.4.1). PAWL_ERR_UNSUPPORTED, PAWL_ERR_FAULT.
 */
PAWL_MUST_USE
enum pawl_status pawl_sha2_leftmost(unsigned hash_bits, struct pawl_bytes bytes,
                                    uint8_t digest[32]);

#endif
