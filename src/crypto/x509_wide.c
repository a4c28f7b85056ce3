/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys in the chains of servers that are not on P-256: P-384, and RSA of 2048
 * to 4096 bits (PKCS #1 v1.5, RFC 8017, 8.2.2), each where this build of
 * wolfSSL has it. Clouds have such authorities; small profiles need not.
 */
#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "base/base.h"
#include "crypto/der.h"
#include "crypto/x509_internal.h"

#define RSA_MIN 256 /* bytes of the modulus */
#define RSA_MAX 512
#define P384_POINT_SIZE 97

/* The number and the exponent of an RSA key. */
struct rsa_public {
    struct pawl_bytes modulus, exponent;
};

/* SubjectPublicKeyInfo of rsaEncryption (RFC 8017, A.1): false for others. */
static bool take_rsa(struct pawl_bytes spki, struct rsa_public *key)
{
    static const uint8_t rsa[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                  0x0D, 0x01, 0x01, 0x01, 0x05, 0x00};
    struct pawl_bytes fields;
    struct pawl_bytes algorithm;
    struct pawl_bytes bits;
    struct pawl_bytes numbers;

    return pawl_der_take(&spki, PAWL_DER_SEQUENCE, &fields) &&
           pawl_der_take(&fields, PAWL_DER_SEQUENCE, &algorithm) &&
           pawl_bytes_equal(algorithm, PAWL_BYTES(rsa)) &&
           pawl_der_take_octet_bits(&fields, &bits) && fields.len == 0 &&
           pawl_der_take(&bits, PAWL_DER_SEQUENCE, &numbers) && bits.len == 0 &&
           pawl_der_take_unsigned(&numbers, &key->modulus) &&
           pawl_der_take_unsigned(&numbers, &key->exponent) && numbers.len == 0;
}

/* 2048 to 4096 bits; an exponent of 65537 to 2^32 - 1, and odd (NIST SP
 * 800-56B, 6.2). */
static bool is_strong(const struct rsa_public *key)
{
    const struct pawl_bytes *n = &key->modulus;
    const struct pawl_bytes *e = &key->exponent;
    bool long_enough =
        n->len > RSA_MIN || (n->len == RSA_MIN && n->data[0] >= 0x80);

    return long_enough && n->len <= RSA_MAX && (e->len == 3 || e->len == 4) &&
           (e->data[e->len - 1] & 1u) != 0 &&
           (e->len == 4 || e->data[0] > 1 ||
            (e->data[0] == 1 && (e->data[1] != 0 || e->data[2] != 0)));
}

const char *pawl_x509_weak_key(struct pawl_bytes spki)
{
    struct rsa_public key;

    return take_rsa(spki, &key) && !is_strong(&key)
               ? "an RSA key of less than 2048 bits, more than 4096, or with a "
                 "small exponent"
               : NULL;
}

/* ---- RSA ---- */

#ifdef NO_RSA

bool pawl_x509_has_rsa(void)
{
    return false;
}

static enum pawl_status verify_rsa(const struct rsa_public *key,
                                   const struct pawl_x509 *cert,
                                   const uint8_t *digest, size_t size)
{
    (void)key;
    (void)cert;
    (void)digest;
    (void)size;
    return PAWL_ERR_UNSUPPORTED;
}

#else

bool pawl_x509_has_rsa(void)
{
    return true;
}

/* DigestInfo of a SHA-2 (RFC 8017, 9.2, note 1): what was signed. */
static size_t encode(const uint8_t *digest, size_t size, uint8_t out[83])
{
    static const uint8_t head[] = {0x30, 0x00, 0x30, 0x0D, 0x06, 0x09, 0x60,
                                   0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                   0x00, 0x05, 0x00, 0x04, 0x00};

    memcpy(out, head, sizeof head);
    out[1] = (uint8_t)(17 + size);
    out[14] = (uint8_t)(size / 16 - 1); /* 1, 2, 3: SHA-256, 384, 512 */
    out[18] = (uint8_t)size;
    memcpy(out + sizeof head, digest, size);
    return sizeof head + size;
}

/* Undoes the signature, in a copy, and compares all of what it held. */
static enum pawl_status recover(RsaKey *key, struct pawl_bytes signature,
                                struct pawl_bytes expected)
{
    uint8_t copy[RSA_MAX];
    uint8_t *held = NULL;

    memcpy(copy, signature.data, signature.len);
    int len = wc_RsaSSL_VerifyInline(copy, (word32)signature.len, &held, key);
    if (len == MEMORY_E) {
        return PAWL_ERR_NO_MEMORY;
    }
    return len > 0 && (size_t)len == expected.len && held != NULL &&
                   pawl_equal_ct(held, expected.data, expected.len)
               ? PAWL_OK
               : PAWL_ERR_SIGNATURE;
}

static enum pawl_status verify_rsa(const struct rsa_public *key,
                                   const struct pawl_x509 *cert,
                                   const uint8_t *digest, size_t size)
{
    RsaKey rsa;
    uint8_t info[83];
    struct pawl_bytes expected = {info, encode(digest, size, info)};
    enum pawl_status status = PAWL_ERR_SIGNATURE;

    if (!is_strong(key)) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (cert->signature.len != key->modulus.len) {
        return PAWL_ERR_SIGNATURE;
    }
    if (wc_InitRsaKey(&rsa, NULL) != 0) {
        return PAWL_ERR_FAULT;
    }
    int code = wc_RsaPublicKeyDecodeRaw(
        key->modulus.data, (word32)key->modulus.len, key->exponent.data,
        (word32)key->exponent.len, &rsa);
    if (code == 0) {
        status = recover(&rsa, cert->signature, expected);
    } else if (code == MEMORY_E) {
        status = PAWL_ERR_NO_MEMORY;
    }
    (void)wc_FreeRsaKey(&rsa);
    return status;
}

#endif

/* ---- P-384 ---- */

/* The point of a key on P-384 (RFC 5480, 2.2); empty for others. */
static struct pawl_bytes p384_point(struct pawl_bytes spki)
{
    static const uint8_t head[] = {
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02,
        0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04};

    return spki.len == sizeof head - 1 + P384_POINT_SIZE &&
                   pawl_bytes_begin(spki, PAWL_BYTES(head))
               ? (struct pawl_bytes){spki.data + sizeof head - 1,
                                     P384_POINT_SIZE}
               : PAWL_NO_BYTES;
}

#ifdef HAVE_ECC384

/* Two numbers in DER, strictly; wolfCrypt then reads the same bytes. */
static bool is_signature(struct pawl_bytes der)
{
    struct pawl_bytes numbers;
    struct pawl_bytes r;
    struct pawl_bytes s;

    return pawl_der_take(&der, PAWL_DER_SEQUENCE, &numbers) && der.len == 0 &&
           pawl_der_take_unsigned(&numbers, &r) && r.len <= 48 &&
           pawl_der_take_unsigned(&numbers, &s) && s.len <= 48 &&
           numbers.len == 0;
}

/* Imports the point, and checks that it lies on the curve. */
static int import(ecc_key *key, struct pawl_bytes point)
{
    int code = wc_ecc_import_x963_ex(point.data, (word32)point.len, key,
                                     ECC_SECP384R1);

    return code == 0 ? wc_ecc_check_key(key) : code;
}

static enum pawl_status verify_p384(struct pawl_bytes point,
                                    struct pawl_bytes signature,
                                    const uint8_t *digest, size_t size)
{
    ecc_key key;
    int right = 0;

    if (!is_signature(signature)) {
        return PAWL_ERR_MALFORMED;
    }
    if (wc_ecc_init_ex(&key, NULL, INVALID_DEVID) != 0) {
        return PAWL_ERR_FAULT;
    }
    int code = import(&key, point);
    if (code == 0) {
        code = wc_ecc_verify_hash(signature.data, (word32)signature.len, digest,
                                  (word32)size, &right, &key);
    }
    wc_ecc_free(&key);
    if (code == MEMORY_E) {
        return PAWL_ERR_NO_MEMORY;
    }
    return code == 0 && right == 1 ? PAWL_OK : PAWL_ERR_SIGNATURE;
}

#else

static enum pawl_status verify_p384(struct pawl_bytes point,
                                    struct pawl_bytes signature,
                                    const uint8_t *digest, size_t size)
{
    (void)point;
    (void)signature;
    (void)digest;
    (void)size;
    return PAWL_ERR_UNSUPPORTED;
}

#endif

/* ---- either ---- */

enum pawl_status pawl_x509_verify_wide(const struct pawl_x509 *cert,
                                       struct pawl_bytes issuer_spki)
{
    struct pawl_bytes point = p384_point(issuer_spki);
    struct rsa_public rsa;
    uint8_t digest[64];

    enum pawl_status status = pawl_sha2(cert->hash_bits, cert->tbs, digest);
    if (status != PAWL_OK) {
        return status;
    }
    if (cert->rsa_signed) {
        return take_rsa(issuer_spki, &rsa)
                   ? verify_rsa(&rsa, cert, digest, cert->hash_bits / 8)
                   : PAWL_ERR_UNSUPPORTED;
    }
    return point.len != 0 ? verify_p384(point, cert->signature, digest,
                                        cert->hash_bits / 8)
                          : PAWL_ERR_UNSUPPORTED;
}
