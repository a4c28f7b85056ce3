/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include <pawl/config.h>
#include <string.h>

#include "base/base.h"
#include "certs.h"
#include "check.h"

#define Y2015 1420070400 /* 2015-01-01T00:00:00Z, and so on */
#define Y2026 1767225600

static const struct pawl_x509_time now_2026 = {true, Y2026, Y2015};
static const struct pawl_x509_time floor_2026 = {false, 0, Y2026};
static const struct pawl_x509_time floor_2015 = {false, 0, Y2015};

#define VIEW(name)                                                             \
    {                                                                          \
        cert_##name, sizeof cert_##name                                        \
    }

struct row {
    struct pawl_bytes chain[4];
    enum pawl_status status;
    size_t bad;       /* or, where all is well, the last one judged */
    const char *rule; /* a part of it */
};

static const struct row rows[] = {
    {{VIEW(leaf)}, PAWL_OK, 0, ""},
    {{VIEW(leaf), VIEW(root)}, PAWL_OK, 0, ""},
    {{VIEW(leaf_of_ca_0), VIEW(ca_0)}, PAWL_OK, 1, ""},
    {{VIEW(leaf_of_ca_0), VIEW(ca_0), VIEW(root)}, PAWL_OK, 1, ""},
    {{VIEW(leaf_forever)}, PAWL_OK, 0, ""},
    {{VIEW(leaf_unknown)}, PAWL_OK, 0, ""},
    /* What stands behind the anchored one is not looked at. */
    {{VIEW(leaf), VIEW(leaf_of_rsa)}, PAWL_OK, 0, ""},

    /* Nobody vouches for these. */
    {{VIEW(leaf_of_ca_0)}, PAWL_ERR_UNTRUSTED, 0, "no anchor"},
    {{VIEW(leaf_of_clone)}, PAWL_ERR_UNTRUSTED, 0, "signature is wrong"},
    {{VIEW(leaf_of_clone), VIEW(clone)}, PAWL_ERR_UNTRUSTED, 1, "signature"},
    {{VIEW(leaf_of_clone), VIEW(forged_root)},
     PAWL_ERR_UNTRUSTED,
     1,
     "signature"},
    {{VIEW(leaf_of_ca_0), VIEW(leaf)}, PAWL_ERR_CERTIFICATE, 1, "cA"},
    {{VIEW(leaf_of_ca_0), VIEW(root)}, PAWL_ERR_UNTRUSTED, 0, "another"},
    {{VIEW(leaf_of_leaf), VIEW(leaf)}, PAWL_ERR_CERTIFICATE, 1, "cA"},
    {{VIEW(ca_0), VIEW(root)}, PAWL_ERR_CERTIFICATE, 0, "as a leaf"},
    {{VIEW(root)}, PAWL_ERR_CERTIFICATE, 0, "as a leaf"},

    /* The leaf breaks a rule. */
    {{VIEW(leaf_no_usage)}, PAWL_ERR_CERTIFICATE, 0, "digitalSignature"},
    {{VIEW(leaf_no_purpose)}, PAWL_ERR_CERTIFICATE, 0, "purpose"},
    {{VIEW(leaf_client)}, PAWL_ERR_CERTIFICATE, 0, "purpose"},
    {{VIEW(leaf_any_purpose)}, PAWL_ERR_CERTIFICATE, 0, "purpose"},
    {{VIEW(leaf_unknown_critical)}, PAWL_ERR_CERTIFICATE, 0, "critical"},
    {{VIEW(leaf_sha1)}, PAWL_ERR_CERTIFICATE, 0, "SHA-256"},
    {{VIEW(leaf_v1)}, PAWL_ERR_MALFORMED, 0, "version 3"},
    {{VIEW(leaf_2020)}, PAWL_ERR_EXPIRED, 0, "expired"},
    {{VIEW(leaf_2040)}, PAWL_ERR_EXPIRED, 0, "not yet"},

    /* A CA breaks a rule. */
    {{VIEW(leaf_of_ca_no_sign), VIEW(ca_no_sign)},
     PAWL_ERR_CERTIFICATE,
     1,
     "keyCertSign"},
    {{VIEW(leaf_of_ca_no_constraints), VIEW(ca_no_constraints)},
     PAWL_ERR_CERTIFICATE,
     1,
     "cA"},
    {{VIEW(leaf_of_ca_client), VIEW(ca_client)},
     PAWL_ERR_CERTIFICATE,
     1,
     "purpose"},
    {{VIEW(leaf_of_ca_names), VIEW(ca_names)},
     PAWL_ERR_CERTIFICATE,
     1,
     "name constraints"},
    {{VIEW(leaf_of_ca_below_0), VIEW(ca_below_0), VIEW(ca_0)},
     PAWL_ERR_CERTIFICATE,
     2,
     "path length"},
};

static size_t count_of(const struct row *row)
{
    size_t count = 0;

    while (count < 4 && row->chain[count].len > 0) {
        count++;
    }
    return count;
}

static enum pawl_status verify(const struct row *row,
                               const struct pawl_x509_time *time, size_t *bad,
                               const char **rule)
{
    static const struct pawl_bytes anchors[] = {VIEW(root)};

    return pawl_x509_verify_chain(row->chain, count_of(row), anchors, 1,
                                  PAWL_X509_SERVER_AUTH, time, bad, rule);
}

static void every_chain_is_judged_and_the_reason_named(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        size_t bad = 99;
        const char *rule = NULL;

        CHECK_EQ(verify(&rows[i], &now_2026, &bad, &rule), rows[i].status);
        CHECK(strstr(rule, rows[i].rule) != NULL);
        CHECK_EQ(bad, rows[i].bad);
        CHECK(rows[i].status != PAWL_OK || rule[0] == '\0');
    }
}

static void longer_hashes_are_taken_where_the_build_has_them(void)
{
    static const struct row longer[] = {{{VIEW(leaf_sha384)}, 0, 0, ""},
                                        {{VIEW(leaf_sha512)}, 0, 0, ""}};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(longer); i++) {
        const char *rule = NULL;
        enum pawl_status status = verify(&longer[i], &now_2026, NULL, &rule);

        CHECK(status == PAWL_OK || (status == PAWL_ERR_CERTIFICATE &&
                                    strstr(rule, "not supported") != NULL));
    }
}

static void a_known_clock_is_inclusive_at_both_ends(void)
{
    static const struct row row = {{VIEW(leaf)}, 0, 0, ""};
    struct pawl_x509_time time = {true, 1704067200, Y2015};

    CHECK_EQ(verify(&row, &time, NULL, NULL), PAWL_OK);
    time.now_s--;
    CHECK_EQ(verify(&row, &time, NULL, NULL), PAWL_ERR_EXPIRED);
    time.now_s = 2019686400;
    CHECK_EQ(verify(&row, &time, NULL, NULL), PAWL_OK);
    time.now_s++;
    CHECK_EQ(verify(&row, &time, NULL, NULL), PAWL_ERR_EXPIRED);
}

static void without_a_clock_the_floor_refuses_what_ended_before_it(void)
{
    static const struct row row = {{VIEW(leaf_2020)}, 0, 0, ""};

    CHECK_EQ(verify(&row, &floor_2015, NULL, NULL), PAWL_OK);
    CHECK_EQ(verify(&row, &floor_2026, NULL, NULL), PAWL_ERR_EXPIRED);
}

/* Certificates are issued after firmware is built. */
static void without_a_clock_the_future_is_no_fault(void)
{
    static const struct row row = {{VIEW(leaf_2040)}, 0, 0, ""};

    CHECK_EQ(verify(&row, &floor_2026, NULL, NULL), PAWL_OK);
}

static void without_a_clock_a_chain_was_valid_at_one_time_at_least(void)
{
    static const struct row row = {
        {VIEW(leaf_of_ca_2025), VIEW(ca_2025)}, 0, 0, ""};
    const char *rule = NULL;

    CHECK_EQ(verify(&row, &floor_2015, NULL, &rule), PAWL_ERR_EXPIRED);
    CHECK(strstr(rule, "never valid") != NULL);
}

static void any_anchor_may_vouch_and_each_is_tried(void)
{
    static const struct pawl_bytes chain[] = {VIEW(leaf)};
    static const struct pawl_bytes both[] = {VIEW(clone), VIEW(root)};
    static const struct pawl_bytes odd[] = {VIEW(leaf_v1), VIEW(leaf),
                                            VIEW(root)};

    CHECK_EQ(pawl_x509_verify_chain(chain, 1, both, 2, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_x509_verify_chain(chain, 1, odd, 3, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_x509_verify_chain(chain, 1, both, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(pawl_x509_verify_chain(chain, 1, both, 0, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_ERR_UNTRUSTED);
}

static void an_anchor_must_be_a_ca_too(void)
{
    static const struct pawl_bytes chain[] = {VIEW(leaf_of_leaf)};
    static const struct pawl_bytes leaf[] = {VIEW(leaf)};
    static const struct pawl_bytes no_sign[] = {VIEW(leaf_of_ca_no_sign)};
    static const struct pawl_bytes ca[] = {VIEW(ca_no_sign)};

    CHECK_EQ(pawl_x509_verify_chain(chain, 1, leaf, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_ERR_CERTIFICATE);
    CHECK_EQ(pawl_x509_verify_chain(no_sign, 1, ca, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_ERR_CERTIFICATE);
}

static void an_intermediate_can_be_the_anchor(void)
{
    static const struct pawl_bytes chain[] = {VIEW(leaf_of_ca_0)};
    static const struct pawl_bytes ca[] = {VIEW(ca_0)};
    static const struct pawl_bytes longer[] = {VIEW(leaf_of_ca_below_0),
                                               VIEW(ca_below_0)};
    const char *rule = NULL;

    CHECK_EQ(pawl_x509_verify_chain(chain, 1, ca, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_x509_verify_chain(longer, 2, ca, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, NULL, &rule),
             PAWL_ERR_CERTIFICATE);
    CHECK(strstr(rule, "path length") != NULL);
}

static void clients_are_judged_by_their_own_purpose(void)
{
    static const struct pawl_bytes client[] = {VIEW(leaf_client)};
    static const struct pawl_bytes server[] = {VIEW(leaf)};
    static const struct pawl_bytes anchors[] = {VIEW(root)};

    CHECK_EQ(pawl_x509_verify_chain(client, 1, anchors, 1,
                                    PAWL_X509_CLIENT_AUTH, &now_2026, NULL,
                                    NULL),
             PAWL_OK);
    CHECK_EQ(pawl_x509_verify_chain(server, 1, anchors, 1,
                                    PAWL_X509_CLIENT_AUTH, &now_2026, NULL,
                                    NULL),
             PAWL_ERR_CERTIFICATE);
}

static void too_many_or_no_certificates_are_refused(void)
{
    static const struct pawl_bytes chain[] = {
        VIEW(leaf), VIEW(root), VIEW(root), VIEW(root), VIEW(root)};
    static const struct pawl_bytes anchors[] = {VIEW(root)};
    size_t bad = 99;

    CHECK_EQ(pawl_x509_verify_chain(chain, 5, anchors, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, &bad, NULL),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(pawl_x509_verify_chain(chain, 0, anchors, 1, PAWL_X509_SERVER_AUTH,
                                    &now_2026, &bad, NULL),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(
        pawl_x509_verify_chain(chain, 1, anchors, PAWL_TRUST_ANCHOR_MAX + 1,
                               PAWL_X509_SERVER_AUTH, &now_2026, &bad, NULL),
        PAWL_ERR_UNTRUSTED);
    CHECK_EQ(bad, 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(every_chain_is_judged_and_the_reason_named),
    CHECK_TEST(longer_hashes_are_taken_where_the_build_has_them),
    CHECK_TEST(a_known_clock_is_inclusive_at_both_ends),
    CHECK_TEST(without_a_clock_the_floor_refuses_what_ended_before_it),
    CHECK_TEST(without_a_clock_the_future_is_no_fault),
    CHECK_TEST(without_a_clock_a_chain_was_valid_at_one_time_at_least),
    CHECK_TEST(any_anchor_may_vouch_and_each_is_tried),
    CHECK_TEST(an_anchor_must_be_a_ca_too),
    CHECK_TEST(an_intermediate_can_be_the_anchor),
    CHECK_TEST(clients_are_judged_by_their_own_purpose),
    CHECK_TEST(too_many_or_no_certificates_are_refused),
};
CHECK_MAIN(tests)
