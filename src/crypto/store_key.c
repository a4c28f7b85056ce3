/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The router between wolfSSL and the key store. wolfSSL falls back to
 * software whenever a callback answers CRYPTOCB_UNAVAILABLE, in silence, so:
 * 1. What signs goes to the key store, and what the key store answers is
 *    final: CRYPTOCB_UNAVAILABLE is never the answer to a signature.
 * 2. Nothing else is answered here. The device id also routes ephemeral keys,
 *    key agreement and the peer's signatures, which belong to software.
 * 3. No key is ever generated through wolfSSL: that is the store's generate().
 */
#include "crypto/crypto_internal.h"

#include <pawl/config.h>
#include <string.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/base.h"

#define FIRST_DEVICE 0x70617701 /* "paw", 1 */
#define DEVICES 8               /* wolfSSL's table has no more */

/* Which device ids are given away, a bit each; wolfSSL's table cannot be
 * asked. Guarded by the port's lock, as that table is: it has none. */
static uint32_t taken;

static int claim_device(void)
{
    int device_id = INVALID_DEVID;

    pawl_crypto_lock();
    for (int i = 0; i < DEVICES && device_id == INVALID_DEVID; i++) {
        if ((taken >> i & 1u) == 0) {
            taken |= 1u << i;
            device_id = FIRST_DEVICE + i;
        }
    }
    pawl_crypto_unlock();
    return device_id;
}

static void release_device(int device_id)
{
    pawl_crypto_lock();
    taken &= ~(1u << (device_id - FIRST_DEVICE));
    pawl_crypto_unlock();
}

/*
 * Signs a digest. One longer than the curve's order counts by its leftmost
 * 256 bits (FIPS 186-5, 6.4.1); a shorter one is of a hash that is not
 * acceptable.
 */
static int sign(struct pawl_store_key *key, const byte *digest, word32 len,
                byte *out, word32 *out_len)
{
    uint8_t raw[PAWL_P256_SIGNATURE_SIZE] = {0};
    size_t der_len = *out_len;

    if (!key->open || len < PAWL_SHA256_SIZE) {
        return BAD_FUNC_ARG;
    }
    key->status =
        key->keystore->sign(key->keystore->ctx, key->slot, digest, raw);
    if (key->status != PAWL_OK) {
        return WC_HW_E;
    }
    if (pawl_signature_to_der(raw, out, &der_len) != PAWL_OK) {
        return BUFFER_E;
    }
    key->signatures++;
    *out_len = (word32)der_len;
    return 0;
}

#ifdef HAVE_ECC_CHECK_KEY
/*
 * Does this key belong to that public key? wolfSSL asks with the certificate's
 * key as SubjectPublicKeyInfo or as a bare point; either ends with the point.
 */
static int check_pair(const struct pawl_store_key *key, const byte *public_key,
                      word32 len)
{
    if (len < PAWL_P256_POINT_SIZE) {
        return ECC_INF_E;
    }
    const byte *point = public_key + len - PAWL_P256_POINT_SIZE;

    return memcmp(point, key->point, PAWL_P256_POINT_SIZE) == 0
               ? 0
               : ECC_PRIV_KEY_E;
}
#endif

static int route(int device_id, wc_CryptoInfo *info, void *ctx)
{
    struct pawl_store_key *key = ctx;

    if (key == NULL || key->device_id != device_id) {
        return WC_HW_E;
    }
    if (info->algo_type != WC_ALGO_TYPE_PK) {
        return CRYPTOCB_UNAVAILABLE;
    }
    switch (info->pk.type) {
    case WC_PK_TYPE_ECDSA_SIGN:
        return sign(key, info->pk.eccsign.in, info->pk.eccsign.inlen,
                    info->pk.eccsign.out, info->pk.eccsign.outlen);
#ifdef HAVE_ECC_CHECK_KEY
    case WC_PK_TYPE_EC_CHECK_PRIV_KEY:
        return check_pair(key, info->pk.ecc_check.pubKey,
                          info->pk.ecc_check.pubKeySz);
#endif
    case WC_PK_TYPE_ED25519_SIGN:
        return WC_HW_E; /* no slot holds such a key */
    default:
        return CRYPTOCB_UNAVAILABLE;
    }
}

/* Enters key into wolfSSL's table, under a device id of its own. */
static bool enter(struct pawl_store_key *key)
{
    int code = BUFFER_E;

    key->device_id = claim_device();
    if (key->device_id == INVALID_DEVID) {
        return false;
    }
    pawl_crypto_lock();
    code = wc_CryptoCb_RegisterDevice(key->device_id, route, key);
    pawl_crypto_unlock();
    if (code != 0) {
        release_device(key->device_id);
    }
    return code == 0;
}

/* Wipes key, and leaves status as the reason. */
static enum pawl_status refuse(struct pawl_store_key *key,
                               enum pawl_status status)
{
    pawl_wipe(key, sizeof *key);
    key->device_id = INVALID_DEVID;
    key->status = status;
    return status;
}

enum pawl_status pawl_keystore_policy(const struct pawl_keystore *keystore)
{
    return PAWL_SOFT_KEYS || keystore->attributes.hardware ? PAWL_OK
                                                           : PAWL_ERR_POLICY;
}

enum pawl_status pawl_store_key_open(struct pawl_store_key *key,
                                     const struct pawl_keystore *keystore,
                                     enum pawl_key_slot slot)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    memset(key, 0, sizeof *key);
    if (keystore == NULL || keystore->public_key == NULL ||
        keystore->sign == NULL) {
        return refuse(key, PAWL_ERR_ARGUMENT);
    }
    status = pawl_keystore_policy(keystore);
    if (status != PAWL_OK) {
        return refuse(key, status);
    }
    status = keystore->public_key(keystore->ctx, slot, key->point);
    if (status != PAWL_OK) {
        return refuse(key, status);
    }
    if (key->point[0] != 0x04) {
        return refuse(key, PAWL_ERR_KEYSTORE);
    }
    if (!pawl_crypto_ready()) {
        return refuse(key, PAWL_ERR_STATE); /* wolfSSL has no table yet */
    }
    key->keystore = keystore;
    key->slot = slot;
    key->status = PAWL_OK;
    key->open = true;
    return enter(key) ? PAWL_OK : refuse(key, PAWL_ERR_FULL);
}

void pawl_store_key_close(struct pawl_store_key *key)
{
    if (key->open) {
        pawl_crypto_lock();
        wc_CryptoCb_UnRegisterDevice(key->device_id);
        pawl_crypto_unlock();
        release_device(key->device_id);
        (void)refuse(key, PAWL_ERR_STATE);
    }
}
