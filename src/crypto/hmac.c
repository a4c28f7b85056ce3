/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/base.h"
#include "crypto/crypto.h"

#define BLOCK_SIZE 64 /* of SHA-256, in bytes */

/* digest = SHA-256((key xor pad) || message) */
static enum pawl_status half(const uint8_t key[BLOCK_SIZE], uint8_t pad,
                             struct pawl_bytes message,
                             uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;
    uint8_t padded[BLOCK_SIZE];

    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        padded[i] = (uint8_t)(key[i] ^ pad);
    }
    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, PAWL_BYTES(padded));
    pawl_sha256_update(&sha, message);
    pawl_wipe(padded, sizeof padded);
    return pawl_sha256_finish(&sha, digest);
}

/* RFC 2104, section 2: a longer key is hashed first. */
static enum pawl_status block_of_key(struct pawl_bytes key,
                                     uint8_t block[BLOCK_SIZE])
{
    memset(block, 0, BLOCK_SIZE);
    if (key.len > BLOCK_SIZE) {
        return pawl_sha256(key, block);
    }
    if (key.len > 0) {
        memcpy(block, key.data, key.len);
    }
    return PAWL_OK;
}

enum pawl_status pawl_hmac_sha256(struct pawl_bytes key,
                                  struct pawl_bytes message,
                                  uint8_t tag[PAWL_SHA256_SIZE])
{
    uint8_t block[BLOCK_SIZE];
    uint8_t inner[PAWL_SHA256_SIZE];
    enum pawl_status status = block_of_key(key, block);

    memset(tag, 0, PAWL_SHA256_SIZE);
    if (status == PAWL_OK) {
        status = half(block, 0x36, message, inner);
    }
    if (status == PAWL_OK) {
        status = half(block, 0x5C, PAWL_BYTES(inner), tag);
    }
    pawl_wipe(block, sizeof block);
    pawl_wipe(inner, sizeof inner);
    return status;
}
