/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/base.h"

/* p of P-256 (FIPS 186-5, appendix; SEC 2). */
static const uint8_t prime[32] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/*
 * Imports an uncompressed point and checks that it lies on the curve. Newer
 * wolfCrypt solves the curve's equation alone, which suffices because the
 * cofactor is 1; older ones multiply by the order as well.
 */
static int import_point(ecc_key *key, struct pawl_bytes point)
{
#if LIBWOLFSSL_VERSION_HEX >= 0x05009000
    return wc_ecc_import_x963_ex2(point.data, (word32)point.len, key,
                                  ECC_SECP256R1, 1);
#else
    int code = wc_ecc_import_x963_ex(point.data, (word32)point.len, key,
                                     ECC_SECP256R1);

    return code == 0 ? wc_ecc_check_key(key) : code;
#endif
}

static bool well_formed(struct pawl_bytes point)
{
    return point.len == PAWL_P256_POINT_SIZE && point.data[0] == 0x04 &&
           memcmp(point.data + 1, prime, sizeof prime) < 0 &&
           memcmp(point.data + 33, prime, sizeof prime) < 0;
}

/* wolfCrypt reads a signature as DER on all its versions and back ends. */
static enum pawl_status verify(ecc_key *key, const uint8_t *digest,
                               const uint8_t *signature)
{
    uint8_t der[72];
    size_t der_len = sizeof der;
    int right = 0;
    enum pawl_status status = pawl_signature_to_der(signature, der, &der_len);

    if (status != PAWL_OK) {
        return PAWL_ERR_SIGNATURE;
    }
    int code = wc_ecc_verify_hash(der, (word32)der_len, digest,
                                  PAWL_SHA256_SIZE, &right, key);
    if (code == MEMORY_E) {
        return PAWL_ERR_NO_MEMORY;
    }
    return code == 0 && right == 1 ? PAWL_OK : PAWL_ERR_SIGNATURE;
}

enum pawl_status
pawl_p256_verify(struct pawl_bytes point,
                 const uint8_t digest[PAWL_SHA256_SIZE],
                 const uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    enum pawl_status status = PAWL_ERR_FAULT;
    ecc_key key;

    if (!well_formed(point)) {
        return PAWL_ERR_MALFORMED;
    }
    if (wc_ecc_init_ex(&key, NULL, INVALID_DEVID) != 0) {
        return PAWL_ERR_FAULT;
    }
    int code = import_point(&key, point);
    if (code == 0) {
        status = verify(&key, digest, signature);
    } else {
        status = code == MEMORY_E ? PAWL_ERR_NO_MEMORY : PAWL_ERR_MALFORMED;
    }
    wc_ecc_free(&key);
    return status;
}

void pawl_p256_spki(const uint8_t point[PAWL_P256_POINT_SIZE],
                    uint8_t spki[PAWL_P256_SPKI_SIZE])
{
    /* SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 }, BIT STRING } */
    static const uint8_t head[26] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A,
                                     0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
                                     0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03,
                                     0x01, 0x07, 0x03, 0x42, 0x00};

    memcpy(spki, head, sizeof head);
    memcpy(spki + sizeof head, point, PAWL_P256_POINT_SIZE);
}
