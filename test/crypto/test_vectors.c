/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Project Wycheproof's signatures: hundreds of edge cases. The tables are
 * made by wycheproof.py while building; without its files they are empty, and
 * the tests say so.
 */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "check.h"
#include "crypto/crypto.h"
#include "fake/hex.h"

struct vector {
    int number; /* Wycheproof's tcId */
    const char *key, *message, *signature;
    bool valid;
};

#include "wycheproof_vectors.h"

#define MESSAGE_MAX 2048

static void tell(const char *what, size_t count)
{
    if (count == 0) {
        printf("skipped: no vectors for %s (PAWL_VECTORS)\n", what);
    }
}

/* A signature of a wrong length never gets as far as pawl_p256_verify(). */
static bool accepts_ecdsa(const struct vector *vector)
{
    uint8_t key[65];
    uint8_t digest[32];
    uint8_t signature[64];
    struct pawl_bytes point = hex(vector->key, key, sizeof key);

    (void)hex(vector->message, digest, sizeof digest);
    (void)hex(vector->signature, signature, sizeof signature);
    return strlen(vector->signature) == 2 * sizeof signature &&
           pawl_p256_verify(point, digest, signature) == PAWL_OK;
}

static bool accepts_ed25519(const struct vector *vector)
{
    static uint8_t message[MESSAGE_MAX];
    uint8_t key[32];
    uint8_t signature[64];
    struct pawl_bytes public_key = hex(vector->key, key, sizeof key);

    (void)hex(vector->signature, signature, sizeof signature);
    return strlen(vector->signature) == 2 * sizeof signature &&
           pawl_ed25519_verify(public_key,
                               hex(vector->message, message, sizeof message),
                               signature) == PAWL_OK;
}

static void ecdsa_agrees_with_wycheproof(void)
{
    tell("ECDSA", ECDSA_COUNT);
    for (size_t i = 0; i + 1 < PAWL_ARRAY_LEN(ecdsa); i++) {
        CHECK_EQ(accepts_ecdsa(&ecdsa[i]) ? ecdsa[i].number : -ecdsa[i].number,
                 ecdsa[i].valid ? ecdsa[i].number : -ecdsa[i].number);
    }
}

static void ed25519_agrees_with_wycheproof(void)
{
    tell("Ed25519", ED25519_COUNT);
    for (size_t i = 0; i + 1 < PAWL_ARRAY_LEN(ed25519); i++) {
        CHECK_EQ(accepts_ed25519(&ed25519[i]) ? ed25519[i].number
                                              : -ed25519[i].number,
                 ed25519[i].valid ? ed25519[i].number : -ed25519[i].number);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(ecdsa_agrees_with_wycheproof),
    CHECK_TEST(ed25519_agrees_with_wycheproof),
};
CHECK_MAIN(tests)
