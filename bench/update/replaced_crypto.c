/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_update.h"
#include "crypto/crypto.h"
#include "fake/fake_keystore.h"

#include <string.h>

/*
 * In the place of src/crypto and of the key store: hashes that differ where
 * the bytes do, and signatures that are all right. NOT a crypto.
 */

struct state {
    uint32_t word[8];
    uint32_t at;
};

void pawl_sha256_start(struct pawl_sha256 *sha)
{
    bench_outside_begin();
    memset(sha, 0, sizeof *sha);
    bench_outside_end();
}

void pawl_sha256_update(struct pawl_sha256 *sha, struct pawl_bytes bytes)
{
    struct state *state = (struct state *)(void *)sha->storage;

    bench_outside_begin();
    for (size_t i = 0; i < bytes.len; i++) {
        uint32_t *word = &state->word[state->at++ % 8];
        *word = (*word ^ bytes.data[i]) * 16777619u + state->at;
    }
    bench_outside_end();
}

enum pawl_status pawl_sha256_finish(struct pawl_sha256 *sha,
                                    uint8_t digest[PAWL_SHA256_SIZE])
{
    bench_outside_begin();
    memcpy(digest, sha->storage, PAWL_SHA256_SIZE);
    bench_outside_end();
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
    return pawl_sha256(message, tag);
}

enum pawl_status
pawl_p256_verify(struct pawl_bytes point,
                 const uint8_t digest[PAWL_SHA256_SIZE],
                 const uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    (void)point;
    (void)digest;
    (void)signature;
    return PAWL_OK;
}

enum pawl_status pawl_ed25519_verify(struct pawl_bytes public_key,
                                     struct pawl_bytes message,
                                     const uint8_t signature[64])
{
    (void)public_key;
    (void)message;
    (void)signature;
    return PAWL_OK;
}

static enum pawl_status generate(void *ctx, enum pawl_key_slot slot)
{
    (void)ctx;
    (void)slot;
    return PAWL_OK;
}

static enum pawl_status public_key(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    (void)ctx;
    memset(point, 1 + (int)slot, PAWL_P256_POINT_SIZE);
    point[0] = 0x04;
    return PAWL_OK;
}

static enum pawl_status sign(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    (void)ctx;
    (void)slot;
    (void)digest;
    memset(signature, 0x5A, PAWL_P256_SIGNATURE_SIZE);
    return PAWL_OK;
}

void fake_keystore_open(struct fake_keystore *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->keystore.generate = generate;
    fake->keystore.public_key = public_key;
    fake->keystore.sign = sign;
}
