/* SPDX-License-Identifier: Apache-2.0 */

/* The encoder against documents of make_documents.py, byte for byte, and
 * against the reader, signed by keys of a key store. */

#include "check.h"
#include "crypto/crypto.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"
#include "fake/hex.h"
#include "trust/trust_encode.h"
#include "trust_documents.h"
#include <string.h>

static struct pawl_trust trust;
static uint8_t out[PAWL_TRUST_MAX + 64], input[PAWL_TRUST_MAX];

static struct pawl_trust_plan plan_of(const struct pawl_trust *shown)
{
    return (struct pawl_trust_plan){shown->version,
                                    shown->root_threshold,
                                    shown->roots,
                                    shown->root_count,
                                    shown->signer_threshold,
                                    shown->signers,
                                    shown->signer_count,
                                    shown->anchors,
                                    shown->anchor_count,
                                    shown->issued_s,
                                    shown->expires_s,
                                    shown->time_s,
                                    shown->owner.bytes.len > 0 ? &shown->owner
                                                               : NULL,
                                    shown->owner_roles};
}

static struct pawl_bytes document;
static struct pawl_bytes signatures[PAWL_TRUST_SIGNATURE_MAX];

static enum pawl_status peek(const char *text, size_t *count)
{
    return pawl_trust_peek(&trust, hex(text, input, sizeof(input)), &document,
                           signatures, count);
}

static void writes_what_another_implementation_writes(void)
{
    static const char *const texts[] = {factory,     without_dates,
                                        one_root,    v2_signer_rotated,
                                        with_a_time, owned};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t count = 0, len = sizeof(out);
        CHECK_EQ(peek(texts[i], &count), PAWL_OK);
        struct pawl_trust_plan plan = plan_of(&trust);

        CHECK_EQ(pawl_trust_encode(&plan, out, &len), PAWL_OK);
        CHECK_EQ(len, document.len);
        CHECK_MEM(out, document.data, len);

        len = sizeof(out);
        CHECK_EQ(pawl_trust_join(document, signatures, count, out, &len),
                 PAWL_OK);
        CHECK_EQ(len, trust.len);
        CHECK_MEM(out, trust.bytes, len);
    }
}

static void what_was_only_peeked_at_trusts_nobody(void)
{
    struct pawl_bytes anchors[PAWL_TRUST_ANCHOR_MAX];
    static struct pawl_trust next;
    static uint8_t buffer[PAWL_TRUST_MAX];
    size_t count = 0;

    CHECK_EQ(peek(factory, &count), PAWL_OK);
    CHECK_EQ(count, 2);
    CHECK_EQ(trust.anchor_count, 2);

    CHECK_EQ(pawl_trust_anchors(&trust, UINT32_MAX, anchors), 0);
    CHECK_EQ(pawl_trust_succeed(&next, &trust, hex(v2, buffer, sizeof(buffer))),
             PAWL_ERR_STATE);
}

static void refuses_to_write_what_a_device_would_refuse(void)
{
    size_t count = 0, len = sizeof(out);

    CHECK_EQ(peek(factory, &count), PAWL_OK);
    struct pawl_trust_plan plan = plan_of(&trust);
    plan.root_threshold = 4;
    CHECK_EQ(pawl_trust_encode(&plan, out, &len), PAWL_ERR_POLICY);

    plan = plan_of(&trust);
    plan.signer_count = 0;
    len = sizeof(out);
    CHECK_EQ(pawl_trust_encode(&plan, out, &len), PAWL_ERR_POLICY);

    plan = plan_of(&trust);
    len = 100;
    CHECK_EQ(pawl_trust_encode(&plan, out, &len), PAWL_ERR_TOO_SMALL);
    CHECK_EQ(len, document.len);
}

/* A root whose key is in a key store. */
static struct fake_keystore keys;

static enum pawl_status sign_in_store(void *ctx, struct pawl_bytes message,
                                      uint8_t signature[64])
{
    enum pawl_key_slot slot = *(enum pawl_key_slot *)ctx;
    uint8_t digest[PAWL_SHA256_SIZE];
    enum pawl_status status = pawl_sha256(message, digest);

    return status == PAWL_OK
               ? keys.keystore.sign(keys.keystore.ctx, slot, digest, signature)
               : status;
}

static void what_it_signs_a_device_believes(void)
{
    static uint8_t points[2][PAWL_P256_POINT_SIZE];
    static uint8_t signed_by[2][160], text[PAWL_TRUST_MAX];
    static const uint8_t all[] = {0x80};
    static const struct pawl_bytes everything = {all, sizeof(all)};
    struct pawl_bytes made[2];
    struct pawl_key roots[2];
    size_t len = sizeof(text);

    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_keystore_open(&keys);
    for (int i = 0; i < 2; i++) {
        enum pawl_key_slot slot = (enum pawl_key_slot)i;
        CHECK_EQ(keys.keystore.generate(keys.keystore.ctx, slot), PAWL_OK);
        CHECK_EQ(keys.keystore.public_key(keys.keystore.ctx, slot, points[i]),
                 PAWL_OK);
        roots[i] = (struct pawl_key){PAWL_ALG_ESP256, PAWL_BYTES(points[i])};
    }
    struct pawl_signer signer = {roots[0], &everything, 1, false};
    struct pawl_trust_plan plan = {1,    2, roots, 2, 1, &signer, 1,
                                   NULL, 0, 0,     0, 0, NULL,    0};
    CHECK_EQ(pawl_trust_encode(&plan, text, &len), PAWL_OK);
    for (int i = 0; i < 2; i++) {
        enum pawl_key_slot slot = (enum pawl_key_slot)i;
        struct pawl_cose_signer by = {&slot, PAWL_ALG_ESP256, PAWL_NO_BYTES,
                                      sign_in_store};
        size_t room = sizeof(signed_by[i]);
        CHECK_EQ(pawl_trust_sign((struct pawl_bytes){text, len}, &roots[i], &by,
                                 signed_by[i], &room),
                 PAWL_OK);
        made[i] = (struct pawl_bytes){signed_by[i], room};
    }
    size_t whole = sizeof(out);
    CHECK_EQ(
        pawl_trust_join((struct pawl_bytes){text, len}, made, 2, out, &whole),
        PAWL_OK);

    CHECK_EQ(pawl_trust_load(&trust, (struct pawl_bytes){out, whole}), PAWL_OK);

    whole = sizeof(out);
    CHECK_EQ(
        pawl_trust_join((struct pawl_bytes){text, len}, made, 1, out, &whole),
        PAWL_OK);
    CHECK_EQ(pawl_trust_load(&trust, (struct pawl_bytes){out, whole}),
             PAWL_ERR_UNTRUSTED);
    fake_crypto_stop();
}

static const struct check_test tests[] = {
    CHECK_TEST(writes_what_another_implementation_writes),
    CHECK_TEST(what_was_only_peeked_at_trusts_nobody),
    CHECK_TEST(refuses_to_write_what_a_device_would_refuse),
    CHECK_TEST(what_it_signs_a_device_believes),
};

CHECK_MAIN(tests)
