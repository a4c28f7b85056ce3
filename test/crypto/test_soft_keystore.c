/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/soft_keystore.h>
#include <string.h>
#ifndef WOLFSSL_USER_SETTINGS
#include <wolfssl/options.h>
#endif
#include <wolfssl/wolfcrypt/settings.h>

#include "base/base.h"
#include "check.h"
#include "crypto/crypto.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"

static const uint8_t digest[32] = "thirty-two bytes of some digest";

static struct fake_keystore fake;

static void given_key_in(enum pawl_key_slot slot)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_keystore_open(&fake);
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, slot), PAWL_OK);
}

static enum pawl_status public_key(enum pawl_key_slot slot, uint8_t *point)
{
    return fake.keystore.public_key(fake.keystore.ctx, slot, point);
}

static enum pawl_status sign(enum pawl_key_slot slot, uint8_t *signature)
{
    return fake.keystore.sign(fake.keystore.ctx, slot, digest, signature);
}

static bool contains(const void *where, size_t len, const void *what,
                     size_t what_len)
{
    const uint8_t *at = where;

    for (size_t i = 0; i + what_len <= len; i++) {
        if (memcmp(at + i, what, what_len) == 0) {
            return true;
        }
    }
    return false;
}

static void what_a_key_signs_its_public_key_verifies(void)
{
    uint8_t point[65];
    uint8_t signature[64];

    given_key_in(PAWL_KEY_LDEVID_B);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_B, point), PAWL_OK);
    CHECK_EQ(sign(PAWL_KEY_LDEVID_B, signature), PAWL_OK);
    CHECK_EQ(pawl_p256_verify(PAWL_BYTES(point), digest, signature), PAWL_OK);
    signature[9] ^= 1;
    CHECK_EQ(pawl_p256_verify(PAWL_BYTES(point), digest, signature),
             PAWL_ERR_SIGNATURE);
}

/* The nonce comes of key and digest (RFC 6979): a bad generator, which
 * repeats itself, gives no key away. */
#ifdef WOLFSSL_ECDSA_DETERMINISTIC_K
static void one_digest_has_one_signature(void)
{
    uint8_t first[64] = {0};
    uint8_t second[64] = {1};

    given_key_in(PAWL_KEY_LDEVID_A);
    CHECK_EQ(sign(PAWL_KEY_LDEVID_A, first), PAWL_OK);
    CHECK_EQ(sign(PAWL_KEY_LDEVID_A, second), PAWL_OK);
    CHECK_MEM(first, second, sizeof first);
}
#endif

static void keys_survive_a_reset(void)
{
    uint8_t before[65];
    uint8_t after[65];
    uint8_t signature[64];

    given_key_in(PAWL_KEY_IDEVID);
    CHECK_EQ(public_key(PAWL_KEY_IDEVID, before), PAWL_OK);
    fake_keystore_reopen(&fake);
    CHECK_EQ(public_key(PAWL_KEY_IDEVID, after), PAWL_OK);
    CHECK_MEM(after, before, sizeof before);
    CHECK_EQ(sign(PAWL_KEY_IDEVID, signature), PAWL_OK);
    CHECK_EQ(pawl_p256_verify(PAWL_BYTES(before), digest, signature), PAWL_OK);
}

static void slots_are_apart(void)
{
    uint8_t first[65];
    uint8_t second[65];

    given_key_in(PAWL_KEY_LDEVID_A);
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_LDEVID_B),
             PAWL_OK);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_A, first), PAWL_OK);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_B, second), PAWL_OK);
    CHECK(memcmp(first, second, sizeof first) != 0);
    CHECK_EQ(public_key(PAWL_KEY_IDEVID, first), PAWL_ERR_NOT_FOUND);
    CHECK_EQ(sign(PAWL_KEY_IDEVID, first), PAWL_ERR_NOT_FOUND);
}

static void a_slot_out_of_range_is_refused(void)
{
    uint8_t point[65];

    given_key_in(PAWL_KEY_IDEVID);
    CHECK_EQ(public_key(PAWL_KEY_SLOTS, point), PAWL_ERR_KEYSTORE);
    CHECK_EQ(public_key((enum pawl_key_slot) - 1, point), PAWL_ERR_KEYSTORE);
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_SLOTS),
             PAWL_ERR_KEYSTORE);
}

static void a_destroyed_key_is_gone_for_good(void)
{
    uint8_t point[65];

    given_key_in(PAWL_KEY_LDEVID_A);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_A, point), PAWL_OK);
    CHECK_EQ(fake.keystore.destroy(fake.keystore.ctx, PAWL_KEY_LDEVID_A),
             PAWL_OK);
    CHECK(!contains(fake.saved, sizeof fake.saved, point, sizeof point));
    CHECK_EQ(fake.keystore.destroy(fake.keystore.ctx, PAWL_KEY_LDEVID_A),
             PAWL_OK);
    fake_keystore_reopen(&fake);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_A, point), PAWL_ERR_NOT_FOUND);
}

static void a_save_that_fails_leaves_the_old_key(void)
{
    uint8_t before[65];
    uint8_t after[65];

    given_key_in(PAWL_KEY_LDEVID_A);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_A, before), PAWL_OK);
    fake.fail_save = PAWL_ERR_IO;
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_LDEVID_A),
             PAWL_ERR_IO);
    CHECK_EQ(fake.keystore.destroy(fake.keystore.ctx, PAWL_KEY_LDEVID_A),
             PAWL_ERR_IO);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_A, after), PAWL_OK);
    CHECK_MEM(after, before, sizeof before);
}

static void without_entropy_nothing_is_made_or_signed(void)
{
    uint8_t point[65];
    uint8_t signature[64];

    given_key_in(PAWL_KEY_LDEVID_A);
#ifdef WOLFSSL_USER_SETTINGS /* the system's wolfSSL has a source of its own   \
                              */
    fake_crypto_entropy.fails = true;
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_LDEVID_B),
             PAWL_ERR_KEYSTORE);
    CHECK(fake.keystore.last_error(fake.keystore.ctx) != 0);
    CHECK_EQ(sign(PAWL_KEY_LDEVID_A, signature), PAWL_ERR_KEYSTORE);
#else
    (void)signature;
#endif
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_B, point), PAWL_ERR_NOT_FOUND);
}

/* Every byte of the blob counts: a changed one opens nothing. */
static void a_blob_that_was_tampered_with_is_refused(void)
{
    static const uint8_t key[PAWL_SOFT_KEY_SIZE] = "a fake key store's key";
    size_t record = 5 + (size_t)PAWL_KEY_LDEVID_A * PAWL_SOFT_RECORD_SIZE;

    given_key_in(PAWL_KEY_LDEVID_A);
    for (size_t at = 0; at < fake.saved_len; at++) {
        struct pawl_soft_keystore store;

        fake.saved[at] ^= 0x04;
        enum pawl_status status =
            pawl_soft_keystore_open(&store, &fake.storage, key);

        CHECK(status == PAWL_ERR_SIGNATURE || status == PAWL_ERR_MALFORMED ||
              (at == 4 && status == PAWL_ERR_UNSUPPORTED));
        CHECK(at <= record || at >= record + PAWL_SOFT_RECORD_SIZE ||
              status == PAWL_ERR_SIGNATURE);
        fake.saved[at] ^= 0x04;
    }
}

/* A record cannot be moved to another slot either. */
static void a_record_belongs_to_its_slot(void)
{
    uint8_t point[65];

    given_key_in(PAWL_KEY_IDEVID);
    memcpy(fake.saved + 5 + PAWL_SOFT_RECORD_SIZE, fake.saved + 5,
           PAWL_SOFT_RECORD_SIZE);
    fake_keystore_reopen(&fake);
    CHECK_EQ(public_key(PAWL_KEY_LDEVID_A, point), PAWL_ERR_KEYSTORE);
}

static void another_key_opens_nothing(void)
{
    static const uint8_t wrong[PAWL_SOFT_KEY_SIZE] = "another key";
    struct pawl_soft_keystore store;
    uint8_t point[65];
    size_t saved_len;

    given_key_in(PAWL_KEY_IDEVID);
    saved_len = fake.saved_len;
    CHECK_EQ(pawl_soft_keystore_open(&store, &fake.storage, wrong),
             PAWL_ERR_SIGNATURE);
    CHECK_EQ(store.keystore.public_key(&store, PAWL_KEY_IDEVID, point),
             PAWL_ERR_KEYSTORE);
    CHECK_EQ(store.keystore.generate(&store, PAWL_KEY_IDEVID),
             PAWL_ERR_KEYSTORE);
    CHECK_EQ(fake.saved_len, saved_len);
    CHECK_EQ(fake.saves, 1);
}

static void a_blob_of_a_wrong_length_is_refused(void)
{
    static const uint8_t key[PAWL_SOFT_KEY_SIZE] = "a fake key store's key";

    given_key_in(PAWL_KEY_IDEVID);
    for (size_t len = 1; len < PAWL_SOFT_BLOB_SIZE; len++) {
        struct pawl_soft_keystore store;

        fake.saved_len = len;
        CHECK_EQ(pawl_soft_keystore_open(&store, &fake.storage, key),
                 PAWL_ERR_MALFORMED);
    }
}

static void sealed_secrets_return_and_are_bound_to_the_store(void)
{
    static const uint8_t secret[] = "a session ticket";
    uint8_t sealed[sizeof secret + PAWL_SOFT_SEAL_OVERHEAD];
    static const uint8_t nothing[sizeof secret];
    uint8_t plain[sizeof secret];
    size_t sealed_len = sizeof sealed;
    size_t len = sizeof plain;

    given_key_in(PAWL_KEY_IDEVID);
    void *ctx = fake.keystore.ctx;

    CHECK_EQ(fake.keystore.seal(ctx, PAWL_BYTES(secret), sealed, &sealed_len),
             PAWL_OK);
    CHECK(!contains(sealed, sealed_len, secret, sizeof secret));
    CHECK_EQ(fake.keystore.unseal(ctx, PAWL_BYTES(sealed), plain, &len),
             PAWL_OK);
    CHECK_EQ(len, sizeof secret);
    CHECK_MEM(plain, secret, sizeof secret);
    for (size_t at = 0; at < sizeof sealed; at++) {
        sealed[at] ^= 0x40;
        memset(plain, 0, sizeof plain);
        len = sizeof plain;
        CHECK_EQ(fake.keystore.unseal(ctx, PAWL_BYTES(sealed), plain, &len),
                 PAWL_ERR_SIGNATURE);
        CHECK_EQ(len, 0);
        /* What nobody vouches for is not handed out. */
        CHECK(contains(nothing, sizeof nothing, plain, sizeof plain));
        sealed[at] ^= 0x40;
    }
    for (size_t cut = 0; cut < sizeof sealed; cut++) {
        len = sizeof plain;
        CHECK_EQ(fake.keystore.unseal(ctx, (struct pawl_bytes){sealed, cut},
                                      plain, &len),
                 PAWL_ERR_SIGNATURE);
    }
}

static void sealing_reports_the_room_it_needs(void)
{
    static const uint8_t secret[] = "a session ticket";
    uint8_t sealed[sizeof secret + PAWL_SOFT_SEAL_OVERHEAD];
    uint8_t plain[sizeof secret];
    size_t sealed_len = sizeof sealed - 1;
    size_t len = sizeof plain - 1;

    given_key_in(PAWL_KEY_IDEVID);
    void *ctx = fake.keystore.ctx;

    CHECK_EQ(fake.keystore.seal(ctx, PAWL_BYTES(secret), sealed, &sealed_len),
             PAWL_ERR_TOO_SMALL);
    CHECK_EQ(sealed_len, sizeof sealed);
    CHECK_EQ(fake.keystore.seal(ctx, PAWL_BYTES(secret), sealed, &sealed_len),
             PAWL_OK);
    CHECK_EQ(fake.keystore.unseal(ctx, PAWL_BYTES(sealed), plain, &len),
             PAWL_ERR_TOO_SMALL);
    CHECK_EQ(len, sizeof plain);
}

static void it_does_not_pretend_to_be_hardware(void)
{
    given_key_in(PAWL_KEY_IDEVID);
    CHECK(!fake.soft.keystore.attributes.hardware);
    CHECK(fake.soft.keystore.attributes.persistent);
}

/* Nothing of wolfSSL's stays allocated, and nothing in it is left over. */
static void an_operation_gives_its_memory_back(void)
{
    uint8_t signature[64];

    given_key_in(PAWL_KEY_IDEVID);
#ifdef WOLFSSL_USER_SETTINGS
    size_t used = pawl_arena_global()->used;

    CHECK_EQ(sign(PAWL_KEY_IDEVID, signature), PAWL_OK);
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_LDEVID_A),
             PAWL_OK);
    CHECK_EQ(pawl_arena_global()->used, used);
#else
    (void)signature;
#endif
    fake_crypto_stop();
}

static const struct check_test tests[] = {
    CHECK_TEST(what_a_key_signs_its_public_key_verifies),
#ifdef WOLFSSL_ECDSA_DETERMINISTIC_K
    CHECK_TEST(one_digest_has_one_signature),
#endif
    CHECK_TEST(keys_survive_a_reset),
    CHECK_TEST(slots_are_apart),
    CHECK_TEST(a_slot_out_of_range_is_refused),
    CHECK_TEST(a_destroyed_key_is_gone_for_good),
    CHECK_TEST(a_save_that_fails_leaves_the_old_key),
    CHECK_TEST(without_entropy_nothing_is_made_or_signed),
    CHECK_TEST(a_blob_that_was_tampered_with_is_refused),
    CHECK_TEST(a_record_belongs_to_its_slot),
    CHECK_TEST(another_key_opens_nothing),
    CHECK_TEST(a_blob_of_a_wrong_length_is_refused),
    CHECK_TEST(sealed_secrets_return_and_are_bound_to_the_store),
    CHECK_TEST(sealing_reports_the_room_it_needs),
    CHECK_TEST(it_does_not_pretend_to_be_hardware),
    CHECK_TEST(an_operation_gives_its_memory_back),
};
CHECK_MAIN(tests)
