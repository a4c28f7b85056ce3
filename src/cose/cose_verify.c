/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cose.h"

#include "base/base.h"
#include "cose/cose_internal.h"
#include "crypto/crypto.h"

#include <pawl/config.h>

/* Room for the bytes before the payload, and for all that SUIT signs. */
#define PREFIX_MAX 192

#define HMAC_KEY_MIN 16
#define HMAC_KEY_MAX 64

static enum pawl_status verify_p256(struct pawl_bytes key,
                                    struct pawl_bytes message,
                                    const uint8_t *signature)
{
    return pawl_p256_verify(key, message.data, signature);
}

static enum pawl_status verify_ed25519(struct pawl_bytes key,
                                       struct pawl_bytes message,
                                       const uint8_t *signature)
{
    return pawl_ed25519_verify(key, message, signature);
}

static enum pawl_status verify_hmac(struct pawl_bytes key,
                                    struct pawl_bytes message,
                                    const uint8_t *signature)
{
    uint8_t tag[PAWL_SHA256_SIZE];

    if (key.len < HMAC_KEY_MIN || key.len > HMAC_KEY_MAX) {
        return PAWL_ERR_MALFORMED;
    }
    enum pawl_status status = pawl_hmac_sha256(key, message, tag);
    if (status == PAWL_OK && !pawl_equal_ct(tag, signature, sizeof tag)) {
        status = PAWL_ERR_SIGNATURE;
    }
    pawl_wipe(tag, sizeof tag);
    return status;
}

/* Every algorithm that a message may have. A further one is a further row. */
static const struct pawl_cose_algorithm algorithms[] = {
    {PAWL_ALG_ES256, PAWL_ALG_ESP256, PAWL_COSE_TAG_SIGN1, true,
     PAWL_COSE_SIGNATURE_SIZE, verify_p256},
    {PAWL_ALG_ESP256, PAWL_ALG_ESP256, PAWL_COSE_TAG_SIGN1, true,
     PAWL_COSE_SIGNATURE_SIZE, verify_p256},
    {PAWL_ALG_EDDSA, PAWL_ALG_ED25519, PAWL_COSE_TAG_SIGN1, false,
     PAWL_COSE_SIGNATURE_SIZE, verify_ed25519},
    {PAWL_ALG_ED25519, PAWL_ALG_ED25519, PAWL_COSE_TAG_SIGN1, false,
     PAWL_COSE_SIGNATURE_SIZE, verify_ed25519},
    {PAWL_ALG_HMAC_256, PAWL_ALG_HMAC_256, PAWL_COSE_TAG_MAC0, false,
     PAWL_SHA256_SIZE, verify_hmac},
};

const struct pawl_cose_algorithm *pawl_cose_algorithm(int64_t number)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(algorithms); i++) {
        if (algorithms[i].number == number) {
            return &algorithms[i];
        }
    }
    return NULL;
}

bool pawl_cose_has_algorithm(int64_t number)
{
    return pawl_cose_algorithm(number) != NULL;
}

void pawl_cose_put_structure(struct pawl_cbor_out *out, uint64_t tag,
                             struct pawl_bytes protected_,
                             struct pawl_bytes external_aad, size_t payload_len)
{
    static const uint8_t empty_map[] = {0xA0};

    /* RFC 9052, 4.4: a protected bucket that holds an empty map is signed as
     * an empty string, in whichever of the two ways it was encoded. */
    if (pawl_bytes_equal(protected_, PAWL_BYTES(empty_map))) {
        protected_ = PAWL_NO_BYTES;
    }
    pawl_cbor_put_array(out, 4);
    pawl_cbor_put_tstr(out, tag == PAWL_COSE_TAG_MAC0 ? "MAC0" : "Signature1");
    pawl_cbor_put_bstr(out, protected_);
    pawl_cbor_put_bstr(out, external_aad);
    pawl_cbor_put_bstr_head(out, payload_len);
}

/* Hashes prefix and payload, and verifies the digest. */
static enum pawl_status verify_digest(const struct pawl_cose_algorithm *row,
                                      struct pawl_bytes key,
                                      struct pawl_bytes prefix,
                                      struct pawl_bytes payload,
                                      const uint8_t *signature)
{
    struct pawl_sha256 sha;
    uint8_t digest[PAWL_SHA256_SIZE];

    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, prefix);
    pawl_sha256_update(&sha, payload);
    enum pawl_status status = pawl_sha256_finish(&sha, digest);
    if (status != PAWL_OK) {
        return status;
    }
    return row->verify(key, PAWL_BYTES(digest), signature);
}

/*
 * Verifies where the algorithm needs all bytes in one piece. This is the only
 * function that needs so much stack; short messages do not come here.
 */
static enum pawl_status verify_long(const struct pawl_cose_algorithm *row,
                                    struct pawl_bytes key,
                                    struct pawl_bytes prefix,
                                    struct pawl_bytes payload,
                                    const uint8_t *signature)
{
    uint8_t whole[PREFIX_MAX + PAWL_TRUST_MAX];
    struct pawl_cbor_out out;
    struct pawl_bytes message;

    pawl_cbor_write(&out, whole, sizeof whole);
    pawl_cbor_put_raw(&out, prefix);
    pawl_cbor_put_raw(&out, payload);
    if (pawl_cbor_written(&out, &message) != PAWL_OK) {
        return PAWL_ERR_LIMIT;
    }
    return row->verify(key, message, signature);
}

static enum pawl_status verify_short(const struct pawl_cose_algorithm *row,
                                     struct pawl_bytes key,
                                     struct pawl_bytes prefix,
                                     struct pawl_bytes payload,
                                     const uint8_t *signature)
{
    (void)payload; /* in prefix */
    return row->verify(key, prefix, signature);
}

enum pawl_status pawl_cose_verify(const struct pawl_cose *cose,
                                  const struct pawl_key *key,
                                  struct pawl_bytes payload,
                                  struct pawl_bytes external_aad)
{
    const struct pawl_cose_algorithm *row = pawl_cose_algorithm(cose->alg);
    const struct pawl_cose_algorithm *pinned =
        pawl_cose_algorithm(key->algorithm);
    uint8_t prefix[PREFIX_MAX];
    struct pawl_cbor_out out;
    struct pawl_bytes message;
    /* Called through a pointer, so that the long one's stack is its own. */
    enum pawl_status (*run)(const struct pawl_cose_algorithm *,
                            struct pawl_bytes, struct pawl_bytes,
                            struct pawl_bytes, const uint8_t *) = verify_digest;

    if (row == NULL || pinned == NULL || row->family != pinned->family ||
        row->tag != cose->tag) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (cose->signature.len != row->signature_len) {
        return PAWL_ERR_MALFORMED;
    }
    pawl_cbor_write(&out, prefix, sizeof prefix);
    pawl_cose_put_structure(&out, cose->tag, cose->protected_, external_aad,
                            payload.len);
    if (!row->hashed) {
        bool is_short =
            out.len <= sizeof prefix && payload.len <= sizeof prefix - out.len;
        run = is_short ? verify_short : verify_long;
        if (is_short) {
            pawl_cbor_put_raw(&out, payload);
        }
    }
    if (pawl_cbor_written(&out, &message) != PAWL_OK) {
        return PAWL_ERR_LIMIT;
    }
    return run(row, key->bytes, message, payload, cose->signature.data);
}
