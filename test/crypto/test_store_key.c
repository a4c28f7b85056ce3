/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wolfSSL falls back to software in silence; the router must not let it. So
 * these tests speak to wolfCrypt as TLS does: with a device id.
 */
#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "base/base.h"
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"

static const uint8_t digest[64] = "sixty-four bytes, of which 32 are signed";

static struct fake_keystore fake;
static struct pawl_store_key store_key;
static WC_RNG rng;

static void given_open_key(void)
{
    pawl_store_key_close(&store_key);
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_keystore_open(&fake);
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_IDEVID),
             PAWL_OK);
    CHECK_EQ(pawl_store_key_open(&store_key, &fake.keystore, PAWL_KEY_IDEVID),
             PAWL_OK);
    CHECK_EQ(wc_InitRng(&rng), 0);
}

/* A key as TLS holds it: the store's public half, and the device id. */
static void given_tls_key(ecc_key *key)
{
    CHECK_EQ(wc_ecc_init_ex(key, NULL, store_key.device_id), 0);
    CHECK_EQ(wc_ecc_import_x963_ex(store_key.point, sizeof store_key.point, key,
                                   ECC_SECP256R1),
             0);
}

/* Signs as TLS does; 0, and *right says whether the store's key made it. */
static int sign(ecc_key *key, size_t digest_len, bool *right)
{
    uint8_t der[80];
    uint8_t raw[64];
    word32 len = sizeof der;
    int code =
        wc_ecc_sign_hash(digest, (word32)digest_len, der, &len, &rng, key);

    *right =
        code == 0 &&
        pawl_signature_from_der((struct pawl_bytes){der, len}, raw) ==
            PAWL_OK &&
        pawl_p256_verify(PAWL_BYTES(store_key.point), digest, raw) == PAWL_OK;
    return code;
}

static void tls_signs_with_the_key_store(void)
{
    ecc_key key;
    bool right = false;

    given_open_key();
    given_tls_key(&key);
    CHECK_EQ(sign(&key, 32, &right), 0);
    CHECK(right);
    CHECK_EQ(fake.signs, 1);
    CHECK_EQ(store_key.signatures, 1);
    CHECK_EQ(store_key.status, PAWL_OK);
    wc_ecc_free(&key);
}

static void a_longer_digest_counts_by_its_first_32_bytes(void)
{
    ecc_key key;
    bool right = false;

    given_open_key();
    given_tls_key(&key);
    CHECK_EQ(sign(&key, 48, &right), 0);
    CHECK(right);
    CHECK(sign(&key, 20, &right) != 0);
    CHECK_EQ(fake.signs, 1);
    wc_ecc_free(&key);
}

static void a_key_store_that_fails_is_a_hard_error(void)
{
    static const enum pawl_status failures[] = {
        PAWL_ERR_KEYSTORE, PAWL_ERR_NOT_FOUND, PAWL_ERR_UNSUPPORTED,
        PAWL_ERR_BUSY, PAWL_ERR_FULL, PAWL_PENDING,
        /* What would make wolfSSL sign by itself. */
        (enum pawl_status)CRYPTOCB_UNAVAILABLE};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(failures); i++) {
        ecc_key key;
        bool right = false;

        given_open_key();
        given_tls_key(&key);
        fake.fail_sign = failures[i];
        CHECK(sign(&key, 32, &right) < 0);
        CHECK(sign(&key, 32, &right) != CRYPTOCB_UNAVAILABLE);
        CHECK_EQ(store_key.status, failures[i]);
        CHECK_EQ(store_key.signatures, 0);
        wc_ecc_free(&key);
    }
}

/* Even where software could sign: a private key that got into RAM. */
static void software_never_signs_in_the_stores_place(void)
{
    ecc_key key;
    bool right = false;

    given_open_key();
    CHECK_EQ(wc_ecc_init_ex(&key, NULL, store_key.device_id), 0);
    CHECK_EQ(wc_ecc_make_key_ex(&rng, 32, &key, ECC_SECP256R1), 0);
    fake.fail_sign = PAWL_ERR_KEYSTORE;
    CHECK(sign(&key, 32, &right) != 0);
    fake.fail_sign = PAWL_OK;
    CHECK_EQ(sign(&key, 32, &right), 0);
    CHECK(right); /* made by the store's key, not by the one in RAM */
    wc_ecc_free(&key);
}

/* Ephemeral keys of a handshake carry the device id as well. */
static void key_generation_is_left_to_software_and_not_the_store(void)
{
    ecc_key key;
    uint8_t point[65];
    word32 len = sizeof point;

    given_open_key();
    unsigned generates = fake.generates;

    CHECK_EQ(wc_ecc_init_ex(&key, NULL, store_key.device_id), 0);
    CHECK_EQ(wc_ecc_make_key_ex(&rng, 32, &key, ECC_SECP256R1), 0);
    CHECK_EQ(fake.generates, generates);
    CHECK_EQ(wc_ecc_export_x963(&key, point, &len), 0);
    CHECK(memcmp(point, store_key.point, sizeof point) != 0);
    CHECK_EQ(store_key.signatures, 0);
    wc_ecc_free(&key);
}

/* The peer's signatures are checked in software under the same id. */
static void the_peers_signatures_are_left_to_software(void)
{
    uint8_t der[80];
    word32 len = sizeof der;
    ecc_key key;
    int right = 0;

    given_open_key();
    given_tls_key(&key);
    CHECK_EQ(wc_ecc_sign_hash(digest, 32, der, &len, &rng, &key), 0);
    CHECK_EQ(wc_ecc_verify_hash(der, len, digest, 32, &right, &key), 0);
    CHECK_EQ(right, 1);
    CHECK_EQ(fake.signs, 1);
    wc_ecc_free(&key);
}

static void no_private_half_is_in_the_key_that_tls_holds(void)
{
    ecc_key key;
    uint8_t private_key[32];
    word32 len = sizeof private_key;

    given_open_key();
    given_tls_key(&key);
    CHECK(wc_ecc_export_private_only(&key, private_key, &len) != 0);
    wc_ecc_free(&key);
}

#if defined(HAVE_ECC_CHECK_KEY) && defined(WOLFSSL_USER_SETTINGS)
/* What TLS asks when it is given a certificate and a device id. */
static void a_certificate_of_another_key_is_noticed(void)
{
    uint8_t spki[PAWL_P256_SPKI_SIZE];
    ecc_key key;

    given_open_key();
    given_tls_key(&key);
    pawl_p256_spki(store_key.point, spki);
    CHECK_EQ(wc_CryptoCb_EccCheckPrivKey(&key, spki, sizeof spki), 0);
    CHECK_EQ(wc_CryptoCb_EccCheckPrivKey(&key, store_key.point, 65), 0);
    CHECK(wc_CryptoCb_EccCheckPrivKey(&key, spki, 64) != 0);
    spki[90] ^= 1;
    int code = wc_CryptoCb_EccCheckPrivKey(&key, spki, sizeof spki);

    CHECK(code != 0 && code != CRYPTOCB_UNAVAILABLE);
    wc_ecc_free(&key);
}
#endif

static void once_closed_nothing_signs(void)
{
    ecc_key key;
    bool right = false;

    given_open_key();
    given_tls_key(&key);
    pawl_store_key_close(&store_key);
    CHECK(!store_key.open);
    CHECK(sign(&key, 32, &right) != 0);
    CHECK_EQ(fake.signs, 0);
    pawl_store_key_close(&store_key); /* twice is harmless */
    wc_ecc_free(&key);
}

/* Else wolfSSL would call into a struct that is gone. */
static void once_closed_the_id_routes_nothing(void)
{
    ecc_key key;

    given_open_key();
    CHECK_EQ(wc_ecc_init_ex(&key, NULL, store_key.device_id), 0);
    pawl_store_key_close(&store_key);
    CHECK_EQ(wc_ecc_make_key_ex(&rng, 32, &key, ECC_SECP256R1), 0);
    wc_ecc_free(&key);
}

static void an_empty_slot_or_a_lost_token_opens_nothing(void)
{
    struct pawl_store_key key;

    given_open_key();
    CHECK_EQ(pawl_store_key_open(&key, &fake.keystore, PAWL_KEY_LDEVID_A),
             PAWL_ERR_NOT_FOUND);
    CHECK(!key.open);
    fake.fail_public_key = PAWL_ERR_KEYSTORE;
    CHECK_EQ(pawl_store_key_open(&key, &fake.keystore, PAWL_KEY_IDEVID),
             PAWL_ERR_KEYSTORE);
    CHECK(!key.open);
    CHECK_EQ(pawl_store_key_open(&key, NULL, PAWL_KEY_IDEVID),
             PAWL_ERR_ARGUMENT);
    pawl_store_key_close(&key);
}

static void ids_are_given_back_when_keys_close(void)
{
    struct pawl_store_key keys[8];

    given_open_key();
    for (unsigned round = 0; round < 3; round++) {
        size_t count = 0;
        enum pawl_status status = PAWL_OK;

        while (status == PAWL_OK && count < 8) {
            status = pawl_store_key_open(&keys[count], &fake.keystore,
                                         PAWL_KEY_IDEVID);
            count += status == PAWL_OK ? 1 : 0;
        }
        CHECK_EQ(status, PAWL_ERR_FULL);
        CHECK_EQ(count, 7); /* and the one that is open anyway */
        while (count > 0) {
            count--;
            CHECK(keys[count].device_id != store_key.device_id);
            pawl_store_key_close(&keys[count]);
        }
    }
}

static void before_init_there_is_no_router(void)
{
    struct pawl_store_key key;

    given_open_key();
    pawl_store_key_close(&store_key);
    (void)wc_FreeRng(&rng);
    fake_crypto_stop();
    CHECK_EQ(pawl_store_key_open(&key, &fake.keystore, PAWL_KEY_IDEVID),
             PAWL_ERR_STATE);
}

static const struct check_test tests[] = {
    CHECK_TEST(tls_signs_with_the_key_store),
    CHECK_TEST(a_longer_digest_counts_by_its_first_32_bytes),
    CHECK_TEST(a_key_store_that_fails_is_a_hard_error),
    CHECK_TEST(software_never_signs_in_the_stores_place),
    CHECK_TEST(key_generation_is_left_to_software_and_not_the_store),
    CHECK_TEST(the_peers_signatures_are_left_to_software),
    CHECK_TEST(no_private_half_is_in_the_key_that_tls_holds),
#if defined(HAVE_ECC_CHECK_KEY) && defined(WOLFSSL_USER_SETTINGS)
    CHECK_TEST(a_certificate_of_another_key_is_noticed),
#endif
    CHECK_TEST(once_closed_nothing_signs),
    CHECK_TEST(once_closed_the_id_routes_nothing),
    CHECK_TEST(an_empty_slot_or_a_lost_token_opens_nothing),
    CHECK_TEST(ids_are_given_back_when_keys_close),
    CHECK_TEST(before_init_there_is_no_router),
};
CHECK_MAIN(tests)
