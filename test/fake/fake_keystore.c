/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_keystore.h"

#include <string.h>

static const uint8_t sealing_key[PAWL_SOFT_KEY_SIZE] = "a fake key store's key";

static enum pawl_status load(void *ctx, uint8_t *buf, size_t cap, size_t *len)
{
    struct fake_keystore *fake = ctx;

    if (fake->saved_len == 0) {
        return PAWL_ERR_NOT_FOUND;
    }
    if (fake->saved_len > cap) {
        return PAWL_ERR_LIMIT;
    }
    memcpy(buf, fake->saved, fake->saved_len);
    *len = fake->saved_len;
    return PAWL_OK;
}

static enum pawl_status save(void *ctx, struct pawl_bytes bytes)
{
    struct fake_keystore *fake = ctx;

    if (fake->fail_save != PAWL_OK || bytes.len > sizeof fake->saved) {
        return fake->fail_save != PAWL_OK ? fake->fail_save : PAWL_ERR_FULL;
    }
    fake->saves++;
    memcpy(fake->saved, bytes.data, bytes.len);
    fake->saved_len = bytes.len;
    return PAWL_OK;
}

static enum pawl_status generate(void *ctx, enum pawl_key_slot slot)
{
    struct fake_keystore *fake = ctx;

    fake->generates++;
    return fake->fail_generate != PAWL_OK
               ? fake->fail_generate
               : fake->soft.keystore.generate(&fake->soft, slot);
}

static enum pawl_status public_key(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    struct fake_keystore *fake = ctx;

    return fake->fail_public_key != PAWL_OK
               ? fake->fail_public_key
               : fake->soft.keystore.public_key(&fake->soft, slot, point);
}

static enum pawl_status sign(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    struct fake_keystore *fake = ctx;

    fake->signs++;
    return fake->fail_sign != PAWL_OK
               ? fake->fail_sign
               : fake->soft.keystore.sign(&fake->soft, slot, digest, signature);
}

static enum pawl_status destroy(void *ctx, enum pawl_key_slot slot)
{
    struct fake_keystore *fake = ctx;

    fake->destroys++;
    return fake->fail_destroy != PAWL_OK
               ? fake->fail_destroy
               : fake->soft.keystore.destroy(&fake->soft, slot);
}

static enum pawl_status seal(void *ctx, struct pawl_bytes plain,
                             uint8_t *sealed, size_t *sealed_len)
{
    struct fake_keystore *fake = ctx;

    return fake->soft.keystore.seal(&fake->soft, plain, sealed, sealed_len);
}

static enum pawl_status unseal(void *ctx, struct pawl_bytes sealed,
                               uint8_t *plain, size_t *plain_len)
{
    struct fake_keystore *fake = ctx;

    return fake->soft.keystore.unseal(&fake->soft, sealed, plain, plain_len);
}

static int32_t last_error(void *ctx)
{
    struct fake_keystore *fake = ctx;

    return fake->soft.keystore.last_error(&fake->soft);
}

void fake_keystore_reopen(struct fake_keystore *fake)
{
    fake->storage = (struct pawl_soft_storage){fake, load, save};
    fake->keystore = (struct pawl_keystore){
        .ctx = fake,
        .generate = generate,
        .public_key = public_key,
        .sign = sign,
        .destroy = destroy,
        .seal = seal,
        .unseal = unseal,
        .last_error = last_error,
        .attributes = {.persistent = true},
    };
    /* What fails here fails again at the first use. */
    if (pawl_soft_keystore_open(&fake->soft, &fake->storage, sealing_key) !=
        PAWL_OK) {
        return;
    }
}

void fake_keystore_open(struct fake_keystore *fake)
{
    memset(fake, 0, sizeof *fake);
    fake_keystore_reopen(fake);
}
