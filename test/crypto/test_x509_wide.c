/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "crypto/x509_internal.h"

#include <string.h>
#include <wolfssl/wolfcrypt/settings.h>

#include "certs_wide.h"
#include "check.h"

#ifdef HAVE_ECC384
static const bool has_p384 = true;
#else
static const bool has_p384 = false;
#endif

#define VIEW(name)                                                             \
    {                                                                          \
        cert_##name, sizeof cert_##name                                        \
    }

static const struct pawl_x509_time now = {.known = true, .now_s = 1795000000};

/* Judges a leaf by one anchor. */
static enum pawl_status judged(struct pawl_bytes leaf, struct pawl_bytes anchor,
                               const char **rule)
{
    size_t bad = 0;

    return pawl_x509_verify_chain(&leaf, 1, &anchor, 1, PAWL_X509_SERVER_AUTH,
                                  &now, &bad, rule);
}

struct row {
    struct pawl_bytes leaf, anchor;
    bool rsa; /* else of P-384 */
};

static const struct row good[] = {
    {VIEW(leaf_of_p384), VIEW(root_p384), false},
    {VIEW(leaf_of_p384_sha256), VIEW(root_p384), false},
    {VIEW(leaf_of_rsa_2048), VIEW(root_rsa_2048), true},
    {VIEW(leaf_of_rsa_2048_sha384), VIEW(root_rsa_2048), true},
    {VIEW(leaf_of_rsa_2048_sha512), VIEW(root_rsa_2048), true},
    {VIEW(leaf_of_rsa_4096), VIEW(root_rsa_4096), true},
    {VIEW(leaf_with_rsa), VIEW(root_rsa_2048), true},
};

static bool can(const struct row *row)
{
    return row->rsa ? pawl_x509_has_rsa() : has_p384;
}

static void wide_keys_vouch_where_the_build_has_them(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *rule = NULL;
        enum pawl_status status = judged(good[i].leaf, good[i].anchor, &rule);

        CHECK_EQ(status, can(&good[i]) ? PAWL_OK : PAWL_ERR_CERTIFICATE);
        CHECK(can(&good[i]) ||
              strstr(rule, good[i].rsa ? "ECDSA" : "not supported") != NULL);
    }
}

/* No bit of what is signed, of the signature, or of the issuer's key. */
static void no_flipped_bit_vouches(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t copy[2048];
        struct pawl_bytes leaf = {copy, good[i].leaf.len};
        const char *rule = NULL;

        memcpy(copy, good[i].leaf.data, leaf.len);
        for (size_t at = 0; at < leaf.len; at += can(&good[i]) ? 7 : 97) {
            copy[at] ^= (uint8_t)(1u << at % 8);
            CHECK(judged(leaf, good[i].anchor, &rule) != PAWL_OK);
            copy[at] ^= (uint8_t)(1u << at % 8);
        }
        CHECK_EQ(judged(leaf, good[i].anchor, &rule) == PAWL_OK, can(&good[i]));
    }
}

static void another_key_of_the_same_name_does_not_vouch(void)
{
    const struct pawl_bytes leaf = VIEW(leaf_of_other_rsa);
    const struct pawl_bytes anchor = VIEW(root_rsa_2048);
    const char *rule = NULL;

    CHECK_EQ(judged(leaf, anchor, &rule),
             pawl_x509_has_rsa() ? PAWL_ERR_UNTRUSTED : PAWL_ERR_CERTIFICATE);
}

/* Neither as the issuer's nor as the leaf's own; and with or without RSA. */
static void weak_rsa_keys_are_refused(void)
{
    static const struct pawl_bytes weak[] = {VIEW(root_rsa_1024),
                                             VIEW(root_rsa_e3)};
    static const struct pawl_bytes signed_[] = {VIEW(leaf_of_rsa_1024),
                                                VIEW(leaf_of_rsa_e3)};

    for (size_t i = 0; i < 2; i++) {
        struct pawl_x509 cert;
        const char *rule = NULL;

        CHECK_EQ(pawl_x509_parse(&cert, weak[i], &rule), PAWL_ERR_CERTIFICATE);
        CHECK(strstr(rule, pawl_x509_has_rsa() ? "2048 bits" : "ECDSA") !=
              NULL);
        CHECK(judged(signed_[i], weak[i], &rule) != PAWL_OK);
    }
}

static void a_key_that_is_not_rsa_is_not_judged_here(void)
{
    struct pawl_x509 cert;
    const char *rule = NULL;
    const struct pawl_bytes root = VIEW(root_p384);

    CHECK_EQ(pawl_x509_parse(&cert, root, &rule), PAWL_OK);
    CHECK(pawl_x509_weak_key(cert.spki) == NULL);
    CHECK(pawl_x509_weak_key(PAWL_NO_BYTES) == NULL);
}

static const struct check_test tests[] = {
    CHECK_TEST(wide_keys_vouch_where_the_build_has_them),
    CHECK_TEST(no_flipped_bit_vouches),
    CHECK_TEST(another_key_of_the_same_name_does_not_vouch),
    CHECK_TEST(weak_rsa_keys_are_refused),
    CHECK_TEST(a_key_that_is_not_rsa_is_not_judged_here),
};

CHECK_MAIN(tests)
