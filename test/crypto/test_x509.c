/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "base/base.h"

#include <string.h>

#include "certs.h"
#include "check.h"

static struct pawl_x509 parsed(struct pawl_bytes der)
{
    struct pawl_x509 cert;
    const char *rule = NULL;

    CHECK_EQ(pawl_x509_parse(&cert, der, &rule), PAWL_OK);
    CHECK(rule[0] == '\0');
    return cert;
}

static void a_good_certificate_says_what_it_says(void)
{
    struct pawl_x509 cert = parsed(PAWL_BYTES(cert_leaf));

    CHECK_EQ(cert.der.len, sizeof cert_leaf);
    CHECK_EQ(cert.point.len, 65);
    CHECK_EQ(cert.spki.len, 91);
    CHECK_EQ(cert.hash_bits, 256);
    CHECK(cert.has_basic_constraints && !cert.is_ca);
    CHECK_EQ(cert.path_len, -1);
    CHECK_EQ(cert.key_usage, PAWL_X509_DIGITAL_SIGNATURE);
    CHECK_EQ(cert.purposes, PAWL_X509_SERVER_AUTH);
    CHECK_EQ(cert.not_before, 1704067200); /* 2024-01-01 */
    CHECK_EQ(cert.not_after, 2019686400);  /* 2034-01-01 */
}

static void a_ca_says_what_it_may_do(void)
{
    struct pawl_x509 root = parsed(PAWL_BYTES(cert_root));
    struct pawl_x509 middle = parsed(PAWL_BYTES(cert_ca_0));

    CHECK(root.is_ca && root.path_len == -1);
    CHECK_EQ(root.key_usage, PAWL_X509_KEY_CERT_SIGN | PAWL_X509_CRL_SIGN);
    CHECK(!root.has_purposes && root.alt_names.len == 0);
    CHECK(middle.is_ca && middle.path_len == 0);
    CHECK(pawl_bytes_equal(middle.issuer, root.subject));
}

static void dates_beyond_2050_and_without_end_are_read(void)
{
    CHECK_EQ(parsed(PAWL_BYTES(cert_leaf_2040)).not_after, 2682374400);
    CHECK(parsed(PAWL_BYTES(cert_leaf_forever)).not_after == INT64_MAX);
}

static void other_keys_are_read_but_have_no_point(void)
{
    CHECK_EQ(parsed(PAWL_BYTES(cert_leaf_p384)).point.len, 0);
    CHECK_EQ(parsed(PAWL_BYTES(cert_leaf_rsa_key)).point.len, 0);
}

static void a_non_critical_unknown_extension_is_ignored(void)
{
    (void)parsed(PAWL_BYTES(cert_leaf_unknown));
}

struct refusal {
    struct pawl_bytes der;
    enum pawl_status status;
    const char *rule; /* a part of it */
};

#define REFUSAL(name, status, rule)                                            \
    {                                                                          \
        {cert_##name, sizeof cert_##name}, status, rule                        \
    }

static const struct refusal refusals[] = {
    REFUSAL(leaf_v1, PAWL_ERR_MALFORMED, "version 3"),
    REFUSAL(leaf_sha1, PAWL_ERR_CERTIFICATE, "SHA-256"),
    REFUSAL(leaf_unknown_critical, PAWL_ERR_CERTIFICATE, "critical"),
    REFUSAL(ca_names, PAWL_ERR_CERTIFICATE, "name constraints"),
};

static void each_broken_rule_is_named(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(refusals); i++) {
        struct pawl_x509 cert;
        const char *rule = NULL;

        CHECK_EQ(pawl_x509_parse(&cert, refusals[i].der, &rule),
                 refusals[i].status);
        CHECK(strstr(rule, refusals[i].rule) != NULL);
        CHECK_EQ(cert.der.len, 0); /* nothing of it can be used */
    }
}

static void every_truncation_is_refused(void)
{
    struct pawl_x509 cert;
    const char *rule = NULL;

    for (size_t len = 0; len < sizeof cert_leaf; len++) {
        /* A copy of the right size lets a sanitizer see an overrun. */
        uint8_t copy[sizeof cert_leaf];
        uint8_t *start = copy + sizeof copy - len;

        memcpy(start, cert_leaf, len);
        CHECK_EQ(pawl_x509_parse(&cert, (struct pawl_bytes){start, len}, &rule),
                 PAWL_ERR_MALFORMED);
    }
}

static void a_trailing_byte_is_refused(void)
{
    struct pawl_x509 cert;
    const char *rule = NULL;
    uint8_t copy[sizeof cert_leaf + 1] = {0};

    memcpy(copy, cert_leaf, sizeof cert_leaf);
    CHECK_EQ(pawl_x509_parse(&cert, PAWL_BYTES(copy), &rule),
             PAWL_ERR_MALFORMED);
}

/* Replaces the last byte of the signature algorithm's n-th occurrence. */
static void set_algorithm(uint8_t *der, size_t len, unsigned n, uint8_t last)
{
    static const uint8_t arc[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03};

    for (size_t i = 0; i + sizeof arc < len; i++) {
        if (memcmp(der + i, arc, sizeof arc) == 0 && n-- == 0) {
            der[i + sizeof arc] = last;
            return;
        }
    }
    CHECK(false);
}

static void the_algorithm_inside_is_the_one_outside(void)
{
    struct pawl_x509 cert;
    const char *rule = NULL;
    uint8_t copy[sizeof cert_leaf];

    memcpy(copy, cert_leaf, sizeof copy);
    set_algorithm(copy, sizeof copy, 1, 3);
    CHECK_EQ(pawl_x509_parse(&cert, PAWL_BYTES(copy), &rule),
             PAWL_ERR_MALFORMED);
}

static void sha224_is_not_good_enough(void)
{
    struct pawl_x509 cert;
    const char *rule = NULL;
    uint8_t copy[sizeof cert_leaf];

    memcpy(copy, cert_leaf, sizeof copy);
    set_algorithm(copy, sizeof copy, 0, 1);
    set_algorithm(copy, sizeof copy, 1, 1);
    CHECK_EQ(pawl_x509_parse(&cert, PAWL_BYTES(copy), &rule),
             PAWL_ERR_CERTIFICATE);
}

/* Whatever byte is changed, the certificate does not verify any more. */
static void no_byte_can_be_changed(void)
{
    struct pawl_x509 root = parsed(PAWL_BYTES(cert_root));
    uint8_t copy[sizeof cert_leaf];

    memcpy(copy, cert_leaf, sizeof copy);
    for (size_t at = 0; at < sizeof copy; at++) {
        struct pawl_x509 cert;
        const char *rule = NULL;

        copy[at] ^= 0x21;
        CHECK(pawl_x509_parse(&cert, PAWL_BYTES(copy), &rule) != PAWL_OK ||
              pawl_x509_signed_by(&cert, &root) != PAWL_OK);
        copy[at] ^= 0x21;
    }
}

static void signatures_are_checked_with_the_issuers_key(void)
{
    struct pawl_x509 root = parsed(PAWL_BYTES(cert_root));
    struct pawl_x509 clone = parsed(PAWL_BYTES(cert_clone));
    struct pawl_x509 leaf = parsed(PAWL_BYTES(cert_leaf));
    struct pawl_x509 p384 = parsed(PAWL_BYTES(cert_leaf_p384));

    CHECK_EQ(pawl_x509_signed_by(&leaf, &root), PAWL_OK);
    CHECK_EQ(pawl_x509_signed_by(&root, &root), PAWL_OK);
    CHECK_EQ(pawl_x509_signed_by(&leaf, &clone), PAWL_ERR_SIGNATURE);
    CHECK_EQ(pawl_x509_signed_by(&leaf, &leaf), PAWL_ERR_UNTRUSTED);
    p384.subject = leaf.issuer;
    CHECK(pawl_x509_signed_by(&leaf, &p384) != PAWL_OK);
}

static void names_come_from_subject_alt_name_alone(void)
{
    struct pawl_x509 leaf = parsed(PAWL_BYTES(cert_leaf));
    struct pawl_x509 common = parsed(PAWL_BYTES(cert_leaf_common_name));

    CHECK(pawl_x509_has_name(&leaf, "server.example"));
    CHECK(pawl_x509_has_name(&leaf, "SERVER.Example"));
    CHECK(!pawl_x509_has_name(&leaf, "erver.example"));
    CHECK(!pawl_x509_has_name(&leaf, "server.exampl"));
    CHECK(!pawl_x509_has_name(&leaf, "server.example."));
    CHECK(!pawl_x509_has_name(&leaf, "server.example2"));
    CHECK(!pawl_x509_has_name(&leaf, "a.server.example"));
    CHECK(!pawl_x509_has_name(&leaf, ""));
    CHECK(!pawl_x509_has_name(&common, "server.example"));
}

static void wildcards_match_nothing(void)
{
    struct pawl_x509 cert = parsed(PAWL_BYTES(cert_leaf_wildcard));

    CHECK(!pawl_x509_has_name(&cert, "server.example"));
    CHECK(!pawl_x509_has_name(&cert, "*.example"));
}

static void literal_addresses_match_addresses_alone(void)
{
    struct pawl_x509 leaf = parsed(PAWL_BYTES(cert_leaf));
    static const char *const right[] = {
        "192.0.2.1", "2001:db8::1",     "2001:DB8:0:0:0:0:0:1",
        "::1",       "0:0:0:0:0:0:0:1", "2001:db8:0::1"};
    static const char *const wrong[] = {
        "192.0.2.2",     "192.0.2.01",    "192.0.2.1.",
        "192.0.2",       "192.0.2.1.1",   "192.0.2.257",
        "::2",           ":::1",          "::1:",
        "1::",           "0:0:0:0:0:0:1", "0:0:0:0:0:0:0:0:1",
        "2001:db8::1::", "::00001",       "2001:db8:0:0:0:0::0:1"};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(right); i++) {
        CHECK(pawl_x509_has_name(&leaf, right[i]));
    }
    for (size_t i = 0; i < PAWL_ARRAY_LEN(wrong); i++) {
        CHECK(!pawl_x509_has_name(&leaf, wrong[i]));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_good_certificate_says_what_it_says),
    CHECK_TEST(a_ca_says_what_it_may_do),
    CHECK_TEST(dates_beyond_2050_and_without_end_are_read),
    CHECK_TEST(other_keys_are_read_but_have_no_point),
    CHECK_TEST(a_non_critical_unknown_extension_is_ignored),
    CHECK_TEST(each_broken_rule_is_named),
    CHECK_TEST(every_truncation_is_refused),
    CHECK_TEST(a_trailing_byte_is_refused),
    CHECK_TEST(the_algorithm_inside_is_the_one_outside),
    CHECK_TEST(sha224_is_not_good_enough),
    CHECK_TEST(no_byte_can_be_changed),
    CHECK_TEST(signatures_are_checked_with_the_issuers_key),
    CHECK_TEST(names_come_from_subject_alt_name_alone),
    CHECK_TEST(wildcards_match_nothing),
    CHECK_TEST(literal_addresses_match_addresses_alone),
};
CHECK_MAIN(tests)
