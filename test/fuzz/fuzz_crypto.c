/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include <string.h>

/*
 * Stands in for crypto/, so that a fuzzer gets past it: a digest is the length
 * of what was hashed, 32 times, and a signature is right if it begins with
 * 0x5A. Never linked into anything but fuzz targets.
 */
#define RIGHT 0x5A

void pawl_sha256_start(struct pawl_sha256 *sha)
{
    memset(sha, 0, sizeof *sha);
}

void pawl_sha256_update(struct pawl_sha256 *sha, struct pawl_bytes bytes)
{
    volatile uint8_t last = 0; /* reads the ends, for the sanitizer */

    if (bytes.len > 0) {
        last = bytes.data[0];
        last = bytes.data[bytes.len - 1];
    }
    (void)last;
    sha->storage[0] += bytes.len;
}

enum pawl_status pawl_sha256_finish(struct pawl_sha256 *sha,
                                    uint8_t digest[PAWL_SHA256_SIZE])
{
    memset(digest, (int)(sha->storage[0] & 0xFF), PAWL_SHA256_SIZE);
    return PAWL_OK;
}

enum pawl_status pawl_sha256(struct pawl_bytes bytes,
                             uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;

    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, bytes);
    return pawl_sha256_finish(&sha, digest);
}

enum pawl_status pawl_hmac_sha256(struct pawl_bytes key,
                                  struct pawl_bytes message,
                                  uint8_t tag[PAWL_SHA256_SIZE])
{
    (void)key;
    (void)message;
    memset(tag, RIGHT, PAWL_SHA256_SIZE);
    return PAWL_OK;
}

enum pawl_status
pawl_p256_verify(struct pawl_bytes point,
                 const uint8_t digest[PAWL_SHA256_SIZE],
                 const uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    (void)point;
    (void)digest;
    return signature[0] == RIGHT && signature[63] != 1 ? PAWL_OK
                                                       : PAWL_ERR_SIGNATURE;
}

enum pawl_status pawl_ed25519_verify(struct pawl_bytes public_key,
                                     struct pawl_bytes message,
                                     const uint8_t signature[64])
{
    (void)public_key;
    (void)message;
    return signature[0] == RIGHT && signature[63] != 1 ? PAWL_OK
                                                       : PAWL_ERR_SIGNATURE;
}
