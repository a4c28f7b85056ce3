/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "crypto/x509_internal.h"

/* Hashes with what this build has of the longer SHA-2 functions. */
static int hash(unsigned hash_bits, struct pawl_bytes bytes, uint8_t *out,
                bool *known)
{
    *known = true;
    switch (hash_bits) {
#ifdef WOLFSSL_SHA384
    case 384:
        return wc_Sha384Hash(bytes.data, (word32)bytes.len, out);
#endif
#ifdef WOLFSSL_SHA512
    case 512:
        return wc_Sha512Hash(bytes.data, (word32)bytes.len, out);
#endif
    default:
        (void)bytes;
        (void)out;
        *known = false;
        return 0;
    }
}

enum pawl_status pawl_sha2(unsigned hash_bits, struct pawl_bytes bytes,
                           uint8_t digest[64])
{
    bool known = false;

    if (hash_bits == 256) {
        return pawl_sha256(bytes, digest);
    }
    memset(digest, 0, 64);
    if (bytes.len > UINT32_MAX) {
        return PAWL_ERR_LIMIT;
    }
    if (hash(hash_bits, bytes, digest, &known) != 0) {
        return PAWL_ERR_FAULT;
    }
    return known ? PAWL_OK : PAWL_ERR_UNSUPPORTED;
}

enum pawl_status pawl_sha2_leftmost(unsigned hash_bits, struct pawl_bytes bytes,
                                    uint8_t digest[32])
{
    uint8_t whole[64] = {0};
    enum pawl_status status = pawl_sha2(hash_bits, bytes, whole);

    memcpy(digest, whole, PAWL_SHA256_SIZE);
    return status;
}
