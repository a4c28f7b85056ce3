/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_internal.h"

#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#define KEY_SIZE 32
#define SIGNATURE_SIZE 64

#ifdef HAVE_ED25519

/*
 * Whether S, the signature's second half, is below the order of the group
 * (RFC 8032, 5.1.7). Otherwise one signature has many forms; older
 * versions of wolfCrypt do not look. Both numbers are little-endian.
 */
static bool s_in_range(const uint8_t *s)
{
    static const uint8_t order[32] = {
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7,
        0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

    for (size_t i = sizeof order; i > 0; i--) {
        if (s[i - 1] != order[i - 1]) {
            return s[i - 1] < order[i - 1];
        }
    }
    return false;
}

static enum pawl_status verify(ed25519_key *key, struct pawl_bytes message,
                               const uint8_t *signature)
{
    static const uint8_t nothing[1];
    const uint8_t *data = message.len > 0 ? message.data : nothing;
    int right = 0;
    int code = wc_ed25519_verify_msg(signature, SIGNATURE_SIZE, data,
                                     (word32)message.len, &right, key);

    if (code == MEMORY_E) {
        return PAWL_ERR_NO_MEMORY;
    }
    return code == 0 && right == 1 ? PAWL_OK : PAWL_ERR_SIGNATURE;
}

enum pawl_status pawl_ed25519_verify(struct pawl_bytes public_key,
                                     struct pawl_bytes message,
                                     const uint8_t signature[64])
{
    enum pawl_status status = PAWL_ERR_FAULT;
    ed25519_key key;

    if (public_key.len != KEY_SIZE) {
        return PAWL_ERR_MALFORMED;
    }
    if (message.len > UINT32_MAX) {
        return PAWL_ERR_LIMIT;
    }
    if (!s_in_range(signature + SIGNATURE_SIZE / 2)) {
        return PAWL_ERR_SIGNATURE;
    }
    if (wc_ed25519_init_ex(&key, NULL, INVALID_DEVID) != 0) {
        return PAWL_ERR_FAULT;
    }
    if (wc_ed25519_import_public(public_key.data, KEY_SIZE, &key) == 0) {
        status = verify(&key, message, signature);
    } else {
        status = PAWL_ERR_MALFORMED;
    }
    wc_ed25519_free(&key);
    return status;
}

#else

enum pawl_status pawl_ed25519_verify(struct pawl_bytes public_key,
                                     struct pawl_bytes message,
                                     const uint8_t signature[64])
{
    (void)public_key;
    (void)message;
    (void)signature;
    return PAWL_ERR_UNSUPPORTED;
}

#endif
