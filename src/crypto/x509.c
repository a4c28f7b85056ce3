/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include <string.h>

#include "base/base.h"
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/x509_internal.h"

/* RFC 5280, 4.1.2.2: 20 octets, one of which may be there for the sign. */
#define SERIAL_MAX 20

static enum pawl_status broken(const char **rule, const char *text)
{
    *rule = text;
    return PAWL_ERR_CERTIFICATE;
}

/* The SHA-2 that the last byte of an identifier's name means, if first is
 * SHA-256; 0 for others. SHA-224 is not good enough. */
static unsigned hash_bits_of(uint8_t last, uint8_t first)
{
    switch (last - first) {
    case 0:
        return 256;
    case 1:
        return 384;
    case 2:
        return 512;
    default:
        return 0;
    }
}

/*
 * Judges an AlgorithmIdentifier's content: ecdsa-with-SHA256, -SHA384 or
 * -SHA512 (1.2.840.10045.4.3.2 to 4), without parameters (RFC 5758, 3.2);
 * where the build has RSA, sha256-, 384- or 512WithRSAEncryption
 * (1.2.840.113549.1.1.11 to 13), with NULL (RFC 4055, 5).
 */
static bool read_algorithm(struct pawl_x509 *cert, struct pawl_bytes algorithm)
{
    static const uint8_t ecdsa_with_sha2[] = {0x06, 0x08, 0x2A, 0x86, 0x48,
                                              0xCE, 0x3D, 0x04, 0x03};
    static const uint8_t sha2_with_rsa[] = {0x06, 0x09, 0x2A, 0x86, 0x48,
                                            0x86, 0xF7, 0x0D, 0x01, 0x01};

    if (algorithm.len == sizeof ecdsa_with_sha2 + 1 &&
        pawl_bytes_begin(algorithm, PAWL_BYTES(ecdsa_with_sha2))) {
        cert->hash_bits =
            hash_bits_of(algorithm.data[sizeof ecdsa_with_sha2], 2);
    } else if (pawl_x509_has_rsa() &&
               algorithm.len == sizeof sha2_with_rsa + 3 &&
               pawl_bytes_begin(algorithm, PAWL_BYTES(sha2_with_rsa)) &&
               algorithm.data[algorithm.len - 2] == 0x05 &&
               algorithm.data[algorithm.len - 1] == 0x00) {
        cert->rsa_signed = true;
        cert->hash_bits =
            hash_bits_of(algorithm.data[sizeof sha2_with_rsa], 11);
    }
    return cert->hash_bits != 0;
}

/* [0] { INTEGER 2 }, which means v3. */
static bool take_version(struct pawl_bytes *rest)
{
    static const uint8_t version_3[] = {0xA0, 0x03, 0x02, 0x01, 0x02};

    if (!pawl_bytes_begin(*rest, PAWL_BYTES(version_3))) {
        return false;
    }
    rest->data += sizeof version_3;
    rest->len -= sizeof version_3;
    return true;
}

static bool take_validity(struct pawl_x509 *cert, struct pawl_bytes *rest)
{
    struct pawl_bytes dates;

    return pawl_der_take(rest, PAWL_DER_SEQUENCE, &dates) &&
           pawl_x509_take_time(&dates, &cert->not_before) &&
           pawl_x509_take_time(&dates, &cert->not_after) && dates.len == 0;
}

/* Takes the key; its point is set only if it is one on P-256. */
static bool take_key(struct pawl_x509 *cert, struct pawl_bytes *rest)
{
    uint8_t like[PAWL_P256_SPKI_SIZE];
    static const uint8_t no_point[PAWL_P256_POINT_SIZE];
    struct pawl_bytes whole;
    struct pawl_bytes fields;
    struct pawl_bytes algorithm;
    struct pawl_bytes key;

    if (!pawl_der_take_whole(rest, PAWL_DER_SEQUENCE, &cert->spki)) {
        return false;
    }
    whole = cert->spki;
    if (!pawl_der_take(&whole, PAWL_DER_SEQUENCE, &fields) ||
        !pawl_der_take(&fields, PAWL_DER_SEQUENCE, &algorithm) ||
        !pawl_der_take_octet_bits(&fields, &key) || fields.len != 0) {
        return false;
    }
    /* All that stands before the point is the same in every such key. */
    pawl_p256_spki(no_point, like);
    if (cert->spki.len == sizeof like &&
        memcmp(cert->spki.data, like, sizeof like - sizeof no_point) == 0 &&
        key.data[0] == 0x04) {
        cert->point = key;
    }
    return true;
}

/* [1] and [2] are unique identifiers, which nobody uses; [3] extensions. */
static bool take_extensions(struct pawl_bytes *rest,
                            struct pawl_bytes *extensions)
{
    struct pawl_bytes wrapper;

    if (!pawl_der_take(rest, PAWL_DER_CONTEXT | PAWL_DER_CONSTRUCTED | 3,
                       &wrapper) ||
        rest->len != 0) {
        return false;
    }
    return pawl_der_take(&wrapper, PAWL_DER_SEQUENCE, extensions) &&
           wrapper.len == 0;
}

static bool is_name(struct pawl_bytes name)
{
    struct pawl_bytes content;

    return pawl_der_take(&name, PAWL_DER_SEQUENCE, &content) && content.len > 0;
}

/* tbs is the content of TBSCertificate, algorithm what was signed with. */
static enum pawl_status read_tbs(struct pawl_x509 *cert, struct pawl_bytes tbs,
                                 struct pawl_bytes algorithm, const char **rule)
{
    struct pawl_bytes inner;
    struct pawl_bytes extensions;

    if (!take_version(&tbs) || !pawl_der_take_unsigned(&tbs, &cert->serial) ||
        cert->serial.len > SERIAL_MAX ||
        !pawl_der_take(&tbs, PAWL_DER_SEQUENCE, &inner) ||
        !pawl_bytes_equal(inner, algorithm) || /* RFC 5280, 4.1.1.2 */
        !pawl_der_take_whole(&tbs, PAWL_DER_SEQUENCE, &cert->issuer) ||
        !is_name(cert->issuer) || !take_validity(cert, &tbs) ||
        !pawl_der_take_whole(&tbs, PAWL_DER_SEQUENCE, &cert->subject) ||
        !take_key(cert, &tbs) || !take_extensions(&tbs, &extensions)) {
        return PAWL_ERR_MALFORMED;
    }
    if (!read_algorithm(cert, algorithm)) {
        return broken(rule,
                      pawl_x509_has_rsa()
                          ? "not signed with ECDSA or RSA and SHA-256 or "
                            "better"
                          : "not signed with ECDSA and SHA-256 or better");
    }
    const char *weak = pawl_x509_weak_key(cert->spki);
    if (weak != NULL) {
        return broken(rule, weak);
    }
    return pawl_x509_read_extensions(cert, extensions, rule);
}

/* Certificate ::= SEQUENCE { tbsCertificate, algorithm, BIT STRING } */
static enum pawl_status read_certificate(struct pawl_x509 *cert,
                                         struct pawl_bytes der,
                                         const char **rule)
{
    struct pawl_bytes rest = der;
    struct pawl_bytes fields;
    struct pawl_bytes tbs;
    struct pawl_bytes algorithm;

    if (!pawl_der_take(&rest, PAWL_DER_SEQUENCE, &fields) || rest.len != 0 ||
        !pawl_der_take_whole(&fields, PAWL_DER_SEQUENCE, &cert->tbs) ||
        !pawl_der_take(&fields, PAWL_DER_SEQUENCE, &algorithm) ||
        !pawl_der_take_octet_bits(&fields, &cert->signature) ||
        fields.len != 0) {
        return PAWL_ERR_MALFORMED;
    }
    rest = cert->tbs;
    if (!pawl_der_take(&rest, PAWL_DER_SEQUENCE, &tbs)) {
        return PAWL_ERR_MALFORMED;
    }
    cert->der = der;
    return read_tbs(cert, tbs, algorithm, rule);
}

enum pawl_status pawl_x509_parse(struct pawl_x509 *cert, struct pawl_bytes der,
                                 const char **rule)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    memset(cert, 0, sizeof *cert);
    cert->path_len = -1;
    *rule = "not a version 3 certificate in DER";
    status = read_certificate(cert, der, rule);
    if (status == PAWL_OK) {
        *rule = "";
    } else {
        memset(cert, 0, sizeof *cert); /* nothing of it is to be used */
    }
    return status;
}

enum pawl_status pawl_x509_signed_by(const struct pawl_x509 *cert,
                                     const struct pawl_x509 *issuer)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    uint8_t raw[PAWL_P256_SIGNATURE_SIZE];
    enum pawl_status status = PAWL_ERR_FAULT;

    if (cert->issuer.len == 0 ||
        !pawl_bytes_equal(cert->issuer, issuer->subject)) {
        return PAWL_ERR_UNTRUSTED;
    }
    if (issuer->point.len == 0 || cert->rsa_signed) {
        return pawl_x509_verify_wide(cert, issuer->spki);
    }
    status = pawl_signature_from_der(cert->signature, raw);
    if (status == PAWL_OK) {
        status = pawl_sha2_leftmost(cert->hash_bits, cert->tbs, digest);
    }
    if (status == PAWL_OK) {
        status = pawl_p256_verify(issuer->point, digest, raw);
    }
    return status;
}
