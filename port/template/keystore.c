/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/*
 * A secure element, a TPM, PSA Crypto's key slots: what makes and uses keys
 * without giving them away. A failure stays one; never answer with a key made
 * in software instead.
 */
static enum pawl_status key_generate(void *ctx, enum pawl_key_slot slot)
{
    (void)ctx;
    (void)slot;
    return PAWL_ERR_KEYSTORE; /* PAWL_PORT_TODO: a P-256 pair inside of it */
}

static enum pawl_status key_public(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    (void)ctx;
    (void)slot;
    (void)point;
    return PAWL_ERR_KEYSTORE; /* PAWL_PORT_TODO: 0x04, x, y */
}

static enum pawl_status key_sign(void *ctx, enum pawl_key_slot slot,
                                 const uint8_t digest[32],
                                 uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    (void)ctx;
    (void)slot;
    (void)digest;
    (void)signature;
    return PAWL_ERR_KEYSTORE; /* PAWL_PORT_TODO: ECDSA, as r and s */
}

static enum pawl_status key_destroy(void *ctx, enum pawl_key_slot slot)
{
    (void)ctx;
    (void)slot;
    return PAWL_ERR_KEYSTORE; /* PAWL_PORT_TODO: an empty slot is no error */
}

const struct pawl_keystore board_keystore = {
    .generate = key_generate,
    .public_key = key_public,
    .sign = key_sign,
    .destroy = key_destroy,
    /* PAWL_PORT_TODO: what it is, for policy and for the inventory */
    .attributes = {.hardware = false, .exportable = false, .persistent = true},
};
