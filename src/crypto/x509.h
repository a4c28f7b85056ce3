/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CRYPTO_X509_H
#define PAWL_CRYPTO_X509_H

/*
 * What a certificate says (RFC 5280), read strictly from its DER by pawl
 * itself, so that dates, names and extensions are judged by one set of rules
 * whatever wolfSSL was built with. Signatures are checked by wolfCrypt.
 */

#include <pawl/bytes.h>
#include <pawl/status.h>
#include <stdbool.h>

enum pawl_x509_usage {
    PAWL_X509_DIGITAL_SIGNATURE = 0x01,
    PAWL_X509_KEY_CERT_SIGN = 0x02,
    PAWL_X509_CRL_SIGN = 0x04,
    PAWL_X509_USAGE_OTHER = 0x08
};
enum pawl_x509_purpose {
    PAWL_X509_SERVER_AUTH = 0x01,
    PAWL_X509_CLIENT_AUTH = 0x02,
    PAWL_X509_ANY_PURPOSE = 0x04,
    PAWL_X509_PURPOSE_OTHER = 0x08
};

/* Views into the certificate's bytes. */
struct pawl_x509 {
    struct pawl_bytes der;         /* the whole certificate */
    struct pawl_bytes tbs;         /* what is signed, head included */
    struct pawl_bytes serial;      /* content of the INTEGER */
    struct pawl_bytes issuer;      /* Name, head included */
    struct pawl_bytes subject;     /* Name, head included */
    struct pawl_bytes spki;        /* SubjectPublicKeyInfo, head included */
    struct pawl_bytes point;       /* P-256 point; empty for other keys */
    struct pawl_bytes signature;   /* DER of an ECDSA signature, or RSA's */
    struct pawl_bytes alt_names;   /* content of GeneralNames; empty: none */
    int64_t not_before, not_after; /* seconds since 1970; INT64_MAX for
                                    * 99991231235959Z */
    bool has_basic_constraints, is_ca;
    int path_len; /* -1: no limit */
    bool has_key_usage, has_purposes;
    uint32_t key_usage; /* enum pawl_x509_usage, or-ed */
    uint32_t purposes;  /* enum pawl_x509_purpose, or-ed */
    unsigned hash_bits; /* of the SHA-2 that was signed: 256, 384, 512 */
    bool rsa_signed;    /* by RSA, else by ECDSA */
};

/*
 * Reads one certificate: v3, no trailing bytes, signed with ECDSA (or RSA,
 * where the build has it) and SHA-256 or better, no RSA key of less than 2048
 * bits, no critical extension that is unknown here.
 *
 * Returns PAWL_ERR_MALFORMED    not DER of a v3 certificate
 *         PAWL_ERR_CERTIFICATE  a rule of P10 is broken; see *rule
 */
PAWL_MUST_USE
enum pawl_status pawl_x509_parse(struct pawl_x509 *cert, struct pawl_bytes der,
                                 const char **rule);

/* Whether cert is good for name: SAN only (dNSName without wildcards, or
 * iPAddress when name is a literal address), ASCII case ignored. */
bool pawl_x509_has_name(const struct pawl_x509 *cert, const char *name);

/*
 * Whether the signature of cert was made by the key of issuer, and issuer's
 * subject is cert's issuer. Blocks for one public-key operation.
 *
 * Returns PAWL_ERR_UNTRUSTED    issuer has another name
 *         PAWL_ERR_SIGNATURE    another key made it
 *         PAWL_ERR_UNSUPPORTED  this build has no use for issuer's key (P-256
 *                               always; P-384, RSA where wolfSSL has them), or
 *                               lacks the hash
 *         PAWL_ERR_MALFORMED    not a signature, or not a point
 */
PAWL_MUST_USE
enum pawl_status pawl_x509_signed_by(const struct pawl_x509 *cert,
                                     const struct pawl_x509 *issuer);

/* Time as it is known (session.md, "Time"). */
struct pawl_x509_time {
    bool known;
    int64_t now_s;   /* if known */
    int64_t floor_s; /* never before this */
};

/*
 * Judges a chain, leaf first, up to the first member that one of anchors
 * signed; what follows that one is ignored (cross-signed chains). Judged are
 * signatures, basicConstraints, path lengths, keyUsage, the leaf's purpose
 * (one of enum pawl_x509_purpose; 0: any), and dates by *time. An anchor is a
 * name and a key: its own dates are not judged. At most 4 certificates and
 * PAWL_TRUST_ANCHOR_MAX anchors, a certificate each. *bad, unless NULL, is set
 * to the index of the certificate that failed, on success to that of the last
 * one that was judged; *rule, unless NULL, to what it broke: static text, "" on
 * success.
 *
 * Returns PAWL_ERR_UNTRUSTED    no anchor vouches for it, a signature is
 *                               wrong, or too many certificates
 *         PAWL_ERR_CERTIFICATE  a rule of P10 is broken
 *         PAWL_ERR_EXPIRED      not now, or not at one time
 *         PAWL_ERR_MALFORMED    not a certificate
 *
 * Blocks for one public-key operation for each certificate, and for each
 * anchor of the issuer's name.
 */
PAWL_MUST_USE
enum pawl_status pawl_x509_verify_chain(const struct pawl_bytes *chain,
                                        size_t chain_count,
                                        const struct pawl_bytes *anchors,
                                        size_t anchor_count, uint32_t purpose,
                                        const struct pawl_x509_time *time,
                                        size_t *bad, const char **rule);

/*
 * Writes a certification request (PKCS#10, RFC 2986) for the key of a slot,
 * signed in the key store: subject CN and serialNumber, SAN dNSName (each
 * left out if NULL), EKU clientAuth, keyUsage digitalSignature. *len: the
 * room on entry, the length on return.
 */
struct pawl_csr_subject {
    const char *common_name;
    const char *serial_number;
    const char *dns_name;
    struct pawl_bytes
        challenge; /* challengePassword (RFC 7030, 3.5) or empty */

    /* NULL, or a certificate whose subject and subjectAltName stand in the
     * place of the names above, byte for byte. */
    const struct pawl_x509 *like;
};
struct pawl_keystore;
PAWL_MUST_USE
enum pawl_status pawl_csr_write(const struct pawl_csr_subject *subject,
                                const struct pawl_keystore *keystore, int slot,
                                uint8_t *out, size_t *len);

/*
 * Reads the certificates of a certs-only PKCS#7 (RFC 5652, RFC 7030, 4.2.3)
 * as views into der. *count: the room on entry, the number on return.
 * Nothing is authenticated by it. PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT.
 */
PAWL_MUST_USE
enum pawl_status pawl_pkcs7_certs(struct pawl_bytes der,
                                  struct pawl_bytes *certs, size_t *count);

#endif
