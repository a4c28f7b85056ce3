/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The documents are made by make_documents.py, an implementation of its own;
 * each differs from "factory" in what its name says.
 */

#include "check.h"
#include "fake/hex.h"
#include "trust/trust_internal.h"
#include "trust_documents.h"
#include <pawl/trust.h>
#include <string.h>

static struct pawl_trust trust, next;

/* The row that failed is named by its document. */
#define CHECK_ROW(got, row)                                                    \
    check_equal((got), (row)->expected, (row)->name, __FILE__, __LINE__)

#define ROW(document, status)                                                  \
    {                                                                          \
#document, document, status                                            \
    }

struct row {
    const char *name;
    const char *document; /* hexadecimal */
    enum pawl_status expected;
};

/* The bytes of a document, until the next call. */
static struct pawl_bytes bytes_of(const char *document)
{
    static uint8_t buffer[PAWL_TRUST_MAX];

    return hex(document, buffer, sizeof(buffer));
}

static int trusts_nobody(const struct pawl_trust *nobody)
{
    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];

    return nobody->root_count == 0 && nobody->signer_count == 0 &&
           nobody->anchor_count == 0 && nobody->authentic == 0 &&
           pawl_trust_anchors(nobody, UINT32_MAX, out) == 0;
}

static void loads_what_the_document_says(void)
{
    static const uint8_t firmware[] = {0x81, 0x41, 0x00};

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);

    CHECK_EQ(trust.version, 1);
    CHECK_EQ(trust.root_threshold, 2);
    CHECK_EQ(trust.root_count, 3);
    CHECK_EQ(trust.roots[0].algorithm, PAWL_ALG_ESP256);
    CHECK_EQ(trust.roots[0].bytes.len, 65);
    CHECK_EQ(trust.roots[2].algorithm, PAWL_ALG_ED25519);
    CHECK_EQ(trust.signer_threshold, 1);
    CHECK_EQ(trust.signer_count, 3);
    CHECK_EQ(trust.signers[0].component_count, 1);
    CHECK_EQ(trust.signers[0].components[0].len, sizeof(firmware));
    CHECK_MEM(trust.signers[0].components[0].data, firmware, sizeof(firmware));
    CHECK(!trust.signers[1].retired);
    CHECK(trust.signers[2].retired);
    CHECK_EQ(trust.issued_s, 1700000000);
    CHECK_EQ(trust.expires_s, 1900000000);
    CHECK_EQ(trust.len, bytes_of(factory).len);
}

/* Every view is of the copy: the caller's buffer may change afterwards. */
static void keeps_nothing_of_the_callers_buffer(void)
{
    static uint8_t buffer[PAWL_TRUST_MAX];

    CHECK_EQ(pawl_trust_load(&trust, hex(factory, buffer, sizeof(buffer))),
             PAWL_OK);
    memset(buffer, 0, sizeof(buffer));

    for (size_t i = 0; i < trust.root_count; i++) {
        const uint8_t *at = trust.roots[i].bytes.data;
        CHECK(at >= trust.bytes && at < trust.bytes + trust.len);
    }
    CHECK_EQ(trust.roots[0].bytes.data[0], 0x04);
}

static const struct row load_rows[] = {
    ROW(factory, PAWL_OK),
    ROW(signed_by_ed25519, PAWL_OK),
    ROW(signed_by_all, PAWL_OK),
    ROW(without_dates, PAWL_OK),
    ROW(with_an_extension, PAWL_OK),
    ROW(with_a_time, PAWL_OK),
    ROW(with_a_role_of_the_future, PAWL_OK),
    ROW(one_root, PAWL_OK),
    ROW(with_a_signature_more, PAWL_OK),

    ROW(one_signature_short, PAWL_ERR_UNTRUSTED),
    ROW(no_signature, PAWL_ERR_UNTRUSTED),
    ROW(one_root_twice, PAWL_ERR_UNTRUSTED),
    ROW(one_root_and_a_stranger, PAWL_ERR_UNTRUSTED),
    ROW(a_stranger_with_a_roots_kid, PAWL_ERR_UNTRUSTED),
    ROW(another_aad, PAWL_ERR_UNTRUSTED),
    ROW(without_kid, PAWL_ERR_UNTRUSTED),
    ROW(without_tag, PAWL_ERR_MALFORMED),
    ROW(attached, PAWL_ERR_MALFORMED),
    ROW(of_another_document, PAWL_ERR_UNTRUSTED),
    ROW(seventeen_signatures, PAWL_ERR_LIMIT),

    ROW(empty_array, PAWL_ERR_MALFORMED),
    ROW(bytes_behind, PAWL_ERR_MALFORMED),
    ROW(bytes_behind_the_document, PAWL_ERR_MALFORMED),
    ROW(not_an_array, PAWL_ERR_MALFORMED),
    ROW(without_field_1, PAWL_ERR_MALFORMED),
    ROW(without_field_2, PAWL_ERR_MALFORMED),
    ROW(without_field_3, PAWL_ERR_MALFORMED),
    ROW(without_field_4, PAWL_ERR_MALFORMED),
    ROW(without_field_5, PAWL_ERR_MALFORMED),
    ROW(without_field_6, PAWL_ERR_MALFORMED),
    ROW(without_field_7, PAWL_ERR_MALFORMED),
    ROW(owner_without_a_key, PAWL_ERR_MALFORMED),
    ROW(owner_without_roles, PAWL_ERR_MALFORMED),
    ROW(owner_compressed, PAWL_ERR_MALFORMED),
    ROW(owned, PAWL_OK),
    ROW(field_of_the_future, PAWL_ERR_UNSUPPORTED),
    ROW(format_of_the_future, PAWL_ERR_UNSUPPORTED),
    ROW(fields_out_of_order, PAWL_ERR_MALFORMED),
    ROW(field_twice, PAWL_ERR_MALFORMED),
    ROW(head_not_shortest, PAWL_ERR_MALFORMED),
    ROW(indefinite_length, PAWL_ERR_MALFORMED),
    ROW(root_that_takes_an_item_of_the_map, PAWL_ERR_MALFORMED),

    ROW(version_0, PAWL_ERR_MALFORMED),
    ROW(root_threshold_0, PAWL_ERR_MALFORMED),
    ROW(root_threshold_4_of_3, PAWL_ERR_POLICY),
    ROW(root_threshold_257, PAWL_ERR_LIMIT),
    ROW(no_root, PAWL_ERR_POLICY),
    ROW(root_twice, PAWL_ERR_MALFORMED),
    ROW(root_twice_by_two_numbers, PAWL_ERR_MALFORMED),
    ROW(nine_roots, PAWL_ERR_LIMIT),
    ROW(root_of_a_shared_secret, PAWL_ERR_UNSUPPORTED),
    ROW(root_of_an_unknown_algorithm, PAWL_ERR_UNSUPPORTED),
    ROW(root_compressed, PAWL_ERR_MALFORMED),
    ROW(root_hybrid, PAWL_ERR_MALFORMED),
    ROW(root_of_33_bytes, PAWL_ERR_MALFORMED),
    ROW(root_with_three_items, PAWL_ERR_MALFORMED),
    ROW(signer_threshold_0, PAWL_ERR_MALFORMED),
    ROW(signer_threshold_3_of_2, PAWL_ERR_POLICY),
    ROW(no_signer, PAWL_ERR_POLICY),
    ROW(all_signers_retired, PAWL_ERR_POLICY),
    ROW(signer_for_nothing, PAWL_ERR_POLICY),
    ROW(signer_twice, PAWL_ERR_MALFORMED),
    ROW(seventeen_signers, PAWL_ERR_LIMIT),
    ROW(thirty_three_prefixes, PAWL_ERR_LIMIT),
    ROW(component_of_numbers, PAWL_ERR_MALFORMED),
    ROW(signer_not_an_array, PAWL_ERR_MALFORMED),
    ROW(retired_is_a_number, PAWL_ERR_MALFORMED),
    ROW(anchor_without_role, PAWL_ERR_MALFORMED),
    ROW(anchor_role_too_large, PAWL_ERR_LIMIT),
    ROW(anchor_twice, PAWL_ERR_MALFORMED),
    ROW(anchor_not_der, PAWL_ERR_MALFORMED),
    ROW(anchor_with_bytes_behind, PAWL_ERR_MALFORMED),
    ROW(nine_anchors, PAWL_ERR_LIMIT),
    ROW(expires_before_issued, PAWL_ERR_POLICY),
    ROW(issued_negative, PAWL_ERR_MALFORMED),
    ROW(time_0, PAWL_ERR_MALFORMED),
    ROW(time_is_text, PAWL_ERR_MALFORMED),
};

static void judges_each_document_by_its_rule(void)
{
    for (size_t i = 0; i < sizeof(load_rows) / sizeof(load_rows[0]); i++) {
        const struct row *row = &load_rows[i];

        CHECK_ROW(pawl_trust_load(&trust, bytes_of(row->document)), row);
        CHECK(trusts_nobody(&trust) == (row->expected != PAWL_OK));
    }
}

static const struct row succession_rows[] = {
    ROW(v2, PAWL_OK),
    ROW(v2_one_short, PAWL_ERR_UNTRUSTED),
    ROW(v2_by_a_stranger, PAWL_ERR_UNTRUSTED),
    ROW(factory, PAWL_ERR_ROLLBACK),
    ROW(v1_again, PAWL_ERR_ROLLBACK),
    ROW(v3, PAWL_ERR_STATE),
    ROW(v2_lowers_threshold, PAWL_ERR_UNTRUSTED),
    ROW(v2_raises_threshold, PAWL_OK),
    ROW(v2_raises_threshold_one_short, PAWL_ERR_UNTRUSTED),
    ROW(v2_new_roots, PAWL_OK),
    ROW(v2_new_roots_mixed_order, PAWL_OK),
    ROW(v2_by_new_roots_only, PAWL_ERR_UNTRUSTED),
    ROW(v2_by_old_roots_only, PAWL_ERR_UNTRUSTED),
    ROW(v2_one_old_short, PAWL_ERR_UNTRUSTED),
    ROW(v2_one_new_short, PAWL_ERR_UNTRUSTED),
    ROW(v2_one_root_replaced, PAWL_OK),
    ROW(v2_one_root_replaced_by_the_revoked, PAWL_ERR_UNTRUSTED),
    ROW(v2_no_signer, PAWL_ERR_POLICY),
    ROW(v2_signer_rotated, PAWL_OK),
};

static void succeeds_only_with_old_and_new_roots(void)
{
    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);

    for (size_t i = 0; i < sizeof(succession_rows) / sizeof(succession_rows[0]);
         i++) {
        const struct row *row = &succession_rows[i];

        CHECK_ROW(pawl_trust_succeed(&next, &trust, bytes_of(row->document)),
                  row);
        CHECK(trusts_nobody(&next) == (row->expected != PAWL_OK));
        CHECK_EQ(trust.version, 1);
    }
}

static void after_a_rotation_the_first_roots_count_for_nothing(void)
{
    static struct pawl_trust third;

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    CHECK_EQ(pawl_trust_succeed(&next, &trust, bytes_of(v2_new_roots)),
             PAWL_OK);

    CHECK_EQ(pawl_trust_succeed(&third, &next, bytes_of(v3)),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(pawl_trust_succeed(&third, &next, bytes_of(v3_by_the_first_roots)),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(pawl_trust_succeed(&third, &next, bytes_of(v3_after_new_roots)),
             PAWL_OK);
    CHECK_EQ(third.version, 3);
}

static void nothing_succeeds_what_was_not_verified(void)
{
    memset(&trust, 0, sizeof(trust));

    CHECK_EQ(pawl_trust_succeed(&next, &trust, bytes_of(factory)),
             PAWL_ERR_STATE);
    CHECK(trusts_nobody(&next));
}

static void a_document_does_not_succeed_into_itself(void)
{
    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);

    CHECK_EQ(pawl_trust_succeed(&trust, &trust, bytes_of(v2)),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(trust.version, 1);
}

static void refuses_every_truncation(void)
{
    struct pawl_bytes whole = bytes_of(factory);

    for (size_t len = 0; len < whole.len; len++) {
        CHECK(pawl_trust_load(&trust, (struct pawl_bytes){whole.data, len}) !=
              PAWL_OK);
        CHECK(trusts_nobody(&trust));
    }
}

/* It carries exactly its threshold of signatures: no bit may be spared. */
static void refuses_every_flipped_bit(void)
{
    static uint8_t flipped[PAWL_TRUST_MAX];
    size_t len = hex(factory, flipped, sizeof(flipped)).len;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);

        flipped[bit / 8] ^= mask;
        CHECK(pawl_trust_load(&trust, (struct pawl_bytes){flipped, len}) !=
              PAWL_OK);
        CHECK(trusts_nobody(&trust));
        flipped[bit / 8] ^= mask;
    }
}

static void refuses_what_is_longer_than_its_buffer(void)
{
    static const uint8_t long_one[PAWL_TRUST_MAX + 1] = {0};

    CHECK_EQ(pawl_trust_load(&trust, PAWL_BYTES(long_one)), PAWL_ERR_LIMIT);
    CHECK(trusts_nobody(&trust));
}

static void gathers_anchors_by_role(void)
{
    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);

    CHECK_EQ(pawl_trust_anchors(&trust, PAWL_ROLE_ENROLL, out), 1);
    CHECK_EQ(out[0].data[4], 0xA1);
    CHECK_EQ(pawl_trust_anchors(&trust, PAWL_ROLE_DOWNLOAD, out), 1);
    CHECK_EQ(out[0].data[4], 0xA2);
    CHECK_EQ(pawl_trust_anchors(&trust, PAWL_ROLE_TIME | PAWL_ROLE_SERVER, out),
             2);
    CHECK_EQ(pawl_trust_anchors(&trust, 0, out), 0);
}

struct cover_row {
    const char *component; /* encoded */
    size_t len;
    int covered;
    uint32_t algorithms;
};

static void knows_whether_a_component_keeps_a_signer(void)
{
    static const struct cover_row rows[] = {
        {"\x81\x41\x00", 3, 1, 0},         /* named by the first signer */
        {"\x82\x41\x00\x41\x07", 5, 1, 0}, /* below it */
        {"\x82\x41\x01\x41\x02", 5, 1, 0}, /* below the second's */
        {"\x81\x41\x02", 3, 0, 0},         /* the retired one's alone */
        {"\x81\x42\x00\x00", 4, 0, 0},     /* element of another length */
        {"\x80", 1, 0, 0},                 /* above all of them */
        {"\x81\x41\x00", 3, 1, PAWL_FAMILY_P256},
        {"\x81\x41\x00", 3, 0, PAWL_FAMILY_ED25519},
        {"\x81\x41\x00", 3, 1, PAWL_FAMILY_P256 | PAWL_FAMILY_ED25519},
        {"\x82\x41\x01\x41\x02", 5, 0, PAWL_FAMILY_P256},
        {"\x82\x41\x01\x41\x02", 5, 1, PAWL_FAMILY_ED25519},
        {"\x41\x00", 2, 0, 0}, /* no identifier at all */
        {"", 0, 0, 0},
    };

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pawl_bytes component = {(const uint8_t *)rows[i].component,
                                       rows[i].len};
        CHECK_EQ(pawl_trust_covers(&trust, component, rows[i].algorithms),
                 rows[i].covered);
    }
}

static void a_way_is_left_to_whatever_had_one(void)
{
    static const struct {
        const char *successor;
        int left;
    } rows[] = {
        {v2, 1},
        {v2_new_roots, 1},
        {v2_for_another_component, 0},
        {v2_signer_of_ed25519, 0}, /* the modem's is gone */
        {v2_threshold_2_of_the_firmware_1, 0},
    };

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_EQ(pawl_trust_succeed(&next, &trust, bytes_of(rows[i].successor)),
                 PAWL_OK);
        CHECK_EQ(pawl_trust_leaves_a_way(&next, &trust), rows[i].left);
    }
}

static void expires_after_its_last_second(void)
{
    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    CHECK(!pawl_trust_expired(&trust, 1900000000));
    CHECK(pawl_trust_expired(&trust, 1900000001));

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(without_dates)), PAWL_OK);
    CHECK(!pawl_trust_expired(&trust, INT64_MAX));
}

/* What was verified is copied whole, and its views are of the copy. */
static void what_is_adopted_is_what_was_verified(void)
{
    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    CHECK_EQ(pawl_trust_adopt(&next, &trust), PAWL_OK);

    CHECK_EQ(next.version, 1);
    CHECK_EQ(next.authentic, PAWL_TRUST_AUTHENTIC);
    CHECK_MEM(next.digest, trust.digest, sizeof(next.digest));
    CHECK_EQ(pawl_trust_anchors(&next, PAWL_ROLE_ENROLL, out), 1);
    CHECK(out[0].data >= next.bytes && out[0].data < next.bytes + next.len);
    CHECK(next.signers[0].components ==
          next.prefixes); /* and not those of the other */
}

/* Below the floor a document names its successor, and does nothing else. */
static void what_only_succeeds_trusts_nobody(void)
{
    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    pawl_trust_only_succeed(&trust);

    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];
    CHECK_EQ(pawl_trust_anchors(&trust, UINT32_MAX, out), 0);
    CHECK_EQ(trust.signer_count, 0);
    CHECK(!pawl_trust_covers(&trust, PAWL_NO_BYTES, 0));
    CHECK_EQ(pawl_trust_succeed(&next, &trust, bytes_of(v2)), PAWL_OK);
    CHECK_EQ(next.authentic, PAWL_TRUST_AUTHENTIC);
}

static void the_digest_is_of_the_document_without_signatures(void)
{
    uint8_t digest[32];

    CHECK_EQ(pawl_trust_load(&trust, bytes_of(factory)), PAWL_OK);
    memcpy(digest, trust.digest, sizeof(digest));
    CHECK_EQ(pawl_trust_load(&trust, bytes_of(signed_by_all)), PAWL_OK);

    CHECK_MEM(trust.digest, digest, sizeof(digest));
}

static const struct check_test tests[] = {
    CHECK_TEST(loads_what_the_document_says),
    CHECK_TEST(keeps_nothing_of_the_callers_buffer),
    CHECK_TEST(judges_each_document_by_its_rule),
    CHECK_TEST(succeeds_only_with_old_and_new_roots),
    CHECK_TEST(after_a_rotation_the_first_roots_count_for_nothing),
    CHECK_TEST(nothing_succeeds_what_was_not_verified),
    CHECK_TEST(a_document_does_not_succeed_into_itself),
    CHECK_TEST(refuses_every_truncation),
    CHECK_TEST(refuses_every_flipped_bit),
    CHECK_TEST(refuses_what_is_longer_than_its_buffer),
    CHECK_TEST(gathers_anchors_by_role),
    CHECK_TEST(knows_whether_a_component_keeps_a_signer),
    CHECK_TEST(a_way_is_left_to_whatever_had_one),
    CHECK_TEST(expires_after_its_last_second),
    CHECK_TEST(what_is_adopted_is_what_was_verified),
    CHECK_TEST(what_only_succeeds_trusts_nobody),
    CHECK_TEST(the_digest_is_of_the_document_without_signatures),
};

CHECK_MAIN(tests)
