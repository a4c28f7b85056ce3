/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "fake/fake_keystore.h"

#include "base/base.h"
#include <string.h>

/*
 * Stands in for crypto/ and for the key store where a fuzzer must not get past
 * them: every bit of what was hashed or signed counts, as it does for the real
 * ones, at a hundredth of their price. Signatures are compared without a
 * branch, so that libFuzzer does not learn the right one from a comparison.
 * Never linked into anything but fuzz targets.
 */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

void pawl_sha256_start(struct pawl_sha256 *sha)
{
    memset(sha, 0, sizeof *sha);
}

void pawl_sha256_update(struct pawl_sha256 *sha, struct pawl_bytes bytes)
{
    uint64_t a = sha->storage[0], b = sha->storage[1];

    for (size_t i = 0; i < bytes.len; i++) {
        a = (a ^ bytes.data[i]) * 0x100000001B3u;
        b = (b << 7 | b >> 57) + bytes.data[i] * 0x9E3779B97F4A7C15u + 1;
    }
    sha->storage[0] = a;
    sha->storage[1] = b;
}

enum pawl_status pawl_sha256_finish(struct pawl_sha256 *sha,
                                    uint8_t digest[PAWL_SHA256_SIZE])
{
    uint64_t a = sha->storage[0], b = sha->storage[1];

    for (unsigned i = 0; i < PAWL_SHA256_SIZE / 8; i++) {
        uint64_t word = mix(a + i) ^ mix(mix(b) + i);
        pawl_put_u64(digest + 8 * (size_t)i, word);
    }
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
    struct pawl_sha256 sha;

    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, key);
    pawl_sha256_update(&sha, message);
    return pawl_sha256_finish(&sha, tag);
}

static void seal(struct pawl_bytes point, const uint8_t digest[32],
                 uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    (void)pawl_hmac_sha256(point, (struct pawl_bytes){digest, 32}, signature);
    (void)pawl_sha256((struct pawl_bytes){signature, 32}, signature + 32);
}

enum pawl_status
pawl_p256_verify(struct pawl_bytes point,
                 const uint8_t digest[PAWL_SHA256_SIZE],
                 const uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    uint8_t right[PAWL_P256_SIGNATURE_SIZE];

    seal(point, digest, right);
    return pawl_equal_ct(right, signature, sizeof right) ? PAWL_OK
                                                         : PAWL_ERR_SIGNATURE;
}

/* Nobody in these tests signs by it. */
enum pawl_status pawl_ed25519_verify(struct pawl_bytes public_key,
                                     struct pawl_bytes message,
                                     const uint8_t signature[64])
{
    (void)public_key;
    (void)message;
    (void)signature;
    return PAWL_ERR_SIGNATURE;
}

/* --- The key store ------------------------------------------------------- */

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
    memset(point, 0x11 * (1 + (int)slot), PAWL_P256_POINT_SIZE);
    point[0] = 0x04;
    return PAWL_OK;
}

static enum pawl_status sign(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    uint8_t point[PAWL_P256_POINT_SIZE];

    (void)public_key(ctx, slot, point);
    seal(PAWL_BYTES(point), digest, signature);
    return PAWL_OK;
}

void fake_keystore_open(struct fake_keystore *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->keystore.generate = generate;
    fake->keystore.public_key = public_key;
    fake->keystore.sign = sign;
}
