/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "check.h"
#include "manifest/manifest_fixture.h"

#define TEXT "a4" COMMON1 VALIDATE

static struct pawl_manifest manifest;
static uint8_t envelope[ROOM];
static struct pawl_signer signers[4];
static struct pawl_manifest_policy policy;

/* Three signers with keys of their own, of whom one is needed. */
static void given_signers(void)
{
    memset(&policy, 0, sizeof policy);
    for (size_t i = 0; i < 3; i++) {
        signers[i] = mac_signer(i);
    }
    policy.signers = signers;
    policy.signer_count = 3;
}

/* An envelope that those of the keys have signed whose bits are set. */
static enum pawl_status open_signed(const char *text, unsigned keys)
{
    uint8_t content[ROOM];

    return pawl_manifest_open(
        &manifest,
        envelope_of(suit(text, content), keys, 0, PAWL_NO_BYTES, envelope),
        &policy);
}

static enum pawl_suit_reason reason(void)
{
    return pawl_manifest_failure(&manifest)->reason;
}

/*
 * An envelope whose wrapper is text: %D stands for the SUIT_Digest's 36 bytes
 * and %T for the tag of the first key over them.
 */
static enum pawl_status open_wrapper(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    char whole[2 * ROOM];
    uint8_t content[ROOM];
    uint8_t assembled[ROOM];
    uint8_t digest_buf[36];
    uint8_t block[128];
    struct pawl_bytes digest = suit_digest(suit(TEXT, content), digest_buf);
    struct pawl_cbor_out out;
    char *at = whole;

    pawl_cbor_write(&out, block, sizeof block);
    put_block(&out, 0, digest);
    at += strlen(strcpy(at, "d86ba2 02 ("));
    for (; *text != '\0'; text++) {
        const uint8_t *bytes =
            text[1] == 'D' ? digest.data : block + out.len - 32;
        size_t len = text[1] == 'D' ? 36 : 32;
        if (*text != '%') {
            *at++ = *text;
            continue;
        }
        for (size_t i = 0; i < len; i++) {
            *at++ = digits[bytes[i] >> 4];
            *at++ = digits[bytes[i] & 15];
        }
        text++;
    }
    strcpy(at, ") 03 (" TEXT ")");
    return pawl_manifest_open(&manifest, suit(whole, assembled), &policy);
}

#define GOOD_BLOCK "(d18443a10105a0f65820 %T)"

static void an_envelope_of_a_trusted_key_opens(void)
{
    given_signers();
    CHECK_EQ(open_wrapper("82 (%D)" GOOD_BLOCK), PAWL_OK);
    CHECK_EQ(manifest.signers, 1);
    CHECK_EQ(manifest.sequence, 5);
    CHECK_EQ(manifest.component_count, 1);
    CHECK_EQ(pawl_manifest_failure(&manifest)->status, PAWL_OK);
}

/* What an intermediary or a wrong tool may make of the wrapper. */
static void a_wrapper_that_is_wrong_is_refused(void)
{
    static const struct {
        const char *wrapper;
        enum pawl_status status;
        enum pawl_suit_reason reason;
    } rows[] = {
        /* nobody signed */
        {"81 (%D)", PAWL_ERR_UNTRUSTED, PAWL_SUIT_UNAUTHORISED},
        {"80", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"80 (%D)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"82 %D" GOOD_BLOCK, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"82 (%D)" GOOD_BLOCK "00", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"83 (%D)" GOOD_BLOCK, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"82 (%D) 00", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        /* zeros for a tag, a short one, a long one */
        {"82 (%D) (d18443a10105a0f65820" HASH ")", PAWL_ERR_SIGNATURE,
         PAWL_SUIT_UNAUTHORISED},
        {"82 (%D) (d18443a10105a0f640)", PAWL_ERR_SIGNATURE,
         PAWL_SUIT_UNAUTHORISED},
        {"82 (%D) (d18443a10105a0f65821 %T 00)", PAWL_ERR_SIGNATURE,
         PAWL_SUIT_UNAUTHORISED},
        /* the payload is attached; the tag is missing, or another's */
        {"82 (%D) (d18443a10105a0 5824%D 5820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COSE_UNSUPPORTED},
        {"82 (%D) (8443a10105a0f65820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COSE_UNSUPPORTED},
        {"82 (%D) (d28443a10105a0f65820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_ALG_UNSUPPORTED},
        {"82 (%D) (d8618543a10105a0f65820 %T 80)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COSE_UNSUPPORTED},
        /* the algorithm is unprotected, unknown, or named twice */
        {"82 (%D) (d18440a10105f65820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COSE_UNSUPPORTED},
        {"82 (%D) (d18441a0a10105f65820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COSE_UNSUPPORTED},
        {"82 (%D) (d18443a10106a0f65820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_ALG_UNSUPPORTED},
        {"82 (%D) (d18443a10105a10105f65820 %T)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"82 (%D) (d18445a201050105a0f65820 %T)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        /* a critical header */
        {"82 (%D) (d18446a2010502810aa0f65820 %T)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COSE_UNSUPPORTED},
        /* an algorithm that no key is for */
        {"82 (%D) (d28443a10126a0f65840" HASH HASH ")", PAWL_ERR_UNTRUSTED,
         PAWL_SUIT_UNAUTHORISED},
        /* a digest of another algorithm, a short one, one more item */
        {"82 (82 382b 5820" HASH ")" GOOD_BLOCK, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_ALG_UNSUPPORTED},
        {"82 (82 2f 4400112233)" GOOD_BLOCK, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"82 (82 2f 40)" GOOD_BLOCK, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"82 (83 2f 5820" HASH "00)" GOOD_BLOCK, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"82 (%D 00)" GOOD_BLOCK, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        /* nine blocks */
        {"8a (%D) (00)(00)(00)(00)(00)(00)(00)(00)(00)", PAWL_ERR_LIMIT,
         PAWL_SUIT_CBOR_PARSE},
        {"82 (%D) (00)", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_COSE_UNSUPPORTED},
        {"82 (%D) (d28000)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
    };

    given_signers();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(open_wrapper(rows[i].wrapper), rows[i].status);
        CHECK_EQ(reason(), rows[i].reason);
        CHECK_EQ(manifest.component_count, 0);
        CHECK_EQ(manifest.authentic, 0);
        CHECK(manifest.wrapper.data == NULL);
    }
}

static void blocks_for_others_are_passed_over(void)
{
    given_signers();
    CHECK_EQ(open_wrapper(
                 "85 (%D) (d28443a10126a0f65840" HASH HASH ")"
                 "(d8628443a10126a0f680) (d28445a1013903e6a0f640)" GOOD_BLOCK),
             PAWL_OK);
    CHECK_EQ(manifest.signers, 1);
}

static void the_digest_is_over_the_byte_string_with_its_head(void)
{
    uint8_t content[ROOM];
    uint8_t digest_buf[36];
    struct pawl_bytes text = suit(TEXT, content);
    struct pawl_bytes digest = suit_digest(text, digest_buf);
    struct pawl_cbor_out out;
    uint8_t wrapper[256];

    /* signed rightly, but over the content alone */
    given_signers();
    CHECK_EQ(pawl_sha256(text, digest_buf + 4), PAWL_OK);
    pawl_cbor_write(&out, wrapper, sizeof wrapper);
    pawl_cbor_put_array(&out, 2);
    pawl_cbor_put_bstr(&out, digest);
    put_block(&out, 0, digest);
    struct pawl_bytes wrapped = {wrapper, out.len};
    pawl_cbor_write(&out, envelope, sizeof envelope);
    pawl_cbor_put_tag(&out, 107);
    pawl_cbor_put_map(&out, 2);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_bstr(&out, wrapped);
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_bstr(&out, text);

    CHECK_EQ(pawl_manifest_open(
                 &manifest, (struct pawl_bytes){envelope, out.len}, &policy),
             PAWL_ERR_DIGEST);
    CHECK_EQ(reason(), PAWL_SUIT_UNAUTHORISED);
}

static void the_manifest_is_not_read_before_it_is_authentic(void)
{
    uint8_t content[ROOM];

    /* no manifest at all, but signed: only now does its structure count */
    given_signers();
    CHECK_EQ(open_signed("ff", 1), PAWL_ERR_MALFORMED);
    CHECK_EQ(reason(), PAWL_SUIT_CBOR_PARSE);
    struct pawl_bytes whole =
        envelope_of(suit("ff", content), 1, 0, PAWL_NO_BYTES, envelope);
    envelope[30] ^= 1;
    CHECK(pawl_manifest_open(&manifest, whole, &policy) != PAWL_OK);
    CHECK_EQ(reason(), PAWL_SUIT_UNAUTHORISED);
}

/* N of M. */

static void as_many_keys_sign_as_the_policy_wants(void)
{
    for (unsigned keys = 0; keys < 8; keys++) {
        unsigned signed_by = (keys & 1u) + (keys >> 1 & 1u) + (keys >> 2);
        for (uint8_t threshold = 0; threshold <= 4; threshold++) {
            given_signers();
            policy.threshold = threshold;
            bool enough = signed_by >= (threshold == 0 ? 1 : threshold);
            CHECK_EQ(open_signed(TEXT, keys),
                     enough ? PAWL_OK : PAWL_ERR_UNTRUSTED);
            CHECK_EQ(manifest.signers, enough ? keys : 0);
        }
    }
}

static void a_block_that_is_there_twice_counts_once(void)
{
    given_signers();
    policy.threshold = 2;
    CHECK_EQ(open_wrapper("83 (%D)" GOOD_BLOCK GOOD_BLOCK), PAWL_ERR_UNTRUSTED);
}

static void a_key_that_is_listed_twice_counts_once(void)
{
    given_signers();
    signers[1] = signers[0];
    policy.threshold = 2;
    CHECK_EQ(open_wrapper("83 (%D)" GOOD_BLOCK GOOD_BLOCK), PAWL_ERR_UNTRUSTED);
}

static void a_retired_key_counts_only_where_that_is_allowed(void)
{
    given_signers();
    signers[0].retired = true;
    CHECK_EQ(open_signed(TEXT, 1), PAWL_ERR_SIGNATURE);
    policy.allow_retired = true;
    CHECK_EQ(open_signed(TEXT, 1), PAWL_OK);
}

/* Without anybody to trust, one manifest is known: by its digest. */
static void
a_confirmed_digest_stands_for_signatures_of_that_manifest_alone(void)
{
    uint8_t digest[32];
    given_signers();
    CHECK_EQ(open_signed(TEXT, 1), PAWL_OK);
    memcpy(digest, manifest.digest, sizeof digest);
    policy.signer_count = 0;
    policy.confirmed = digest;
    CHECK_EQ(open_signed(TEXT, 1), PAWL_OK);
    CHECK_EQ(manifest.signers, 0);
    for (size_t i = 0; i < sizeof digest; i++) {
        digest[i] ^= 0x10;
        CHECK_EQ(open_signed(TEXT, 1), PAWL_ERR_DIGEST);
        digest[i] ^= 0x10;
    }
}

static void nobody_is_trusted_by_an_empty_policy(void)
{
    given_signers();
    policy.signer_count = 0;
    CHECK_EQ(open_signed(TEXT, 7), PAWL_ERR_UNTRUSTED);
    policy.signer_count = PAWL_MANIFEST_SIGNERS_MAX + 1;
    CHECK_EQ(open_signed(TEXT, 7), PAWL_ERR_ARGUMENT);
}

/* Who may sign for which component. */

static void a_prefix_names_a_component_and_what_is_below_it(void)
{
    static const struct {
        const char *prefix;
        const char *component;
        bool covered;
    } rows[] = {
        {"80", "814100", true},
        {"80", "80", true},
        {"814100", "814100", true},
        {"814100", "824100 4101", true},
        {"814100", "8141 01", false},
        {"824100 4101", "814100", false},
        {"824100 4101", "824100 4101", true},
        {"814100", "81420000", false}, /* bytes, but no elements, of it */
        {"81420000", "8241004100", false},
        {"8140", "824041aa", true},
        {"8140", "8141aa", false},
        {"00", "814100", false}, /* no identifier */
        {"", "814100", false},
    };
    char text[400];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t buf[16];
        struct pawl_bytes prefix = hex(rows[i].prefix, buf, sizeof buf);
        given_signers();
        signers[0].components = &prefix;
        strcpy(text, "a4 01 01 02 05 03 (a1 02 81");
        strcat(text, rows[i].component);
        strcat(text, ")" VALIDATE);
        CHECK_EQ(open_signed(text, 1),
                 rows[i].covered ? PAWL_OK : PAWL_ERR_POLICY);
        CHECK(rows[i].covered || reason() == PAWL_SUIT_COMPONENT_UNAUTHORISED);
    }
}

static void a_key_without_components_signs_for_nothing(void)
{
    given_signers();
    signers[0].component_count = 0;
    CHECK_EQ(open_signed(TEXT, 1), PAWL_ERR_POLICY);
    CHECK_EQ(reason(), PAWL_SUIT_COMPONENT_UNAUTHORISED);
}

static void each_component_needs_the_threshold_of_its_own_signers(void)
{
    uint8_t first_buf[4];
    uint8_t second_buf[4];
    struct pawl_bytes first = hex(ID0, first_buf, sizeof first_buf);
    struct pawl_bytes second = hex(ID1, second_buf, sizeof second_buf);

    given_signers();
    signers[0].components = &first;
    signers[1].components = &second;
    /* each may sign for one of the two */
    CHECK_EQ(open_signed("a4" COMMON2 VALIDATE2, 3), PAWL_OK);
    CHECK_EQ(open_signed("a4" COMMON2 VALIDATE2, 1), PAWL_ERR_POLICY);
    CHECK_EQ(pawl_manifest_failure(&manifest)->component, 1);
    /* two are needed for each: the third makes up for neither of them */
    policy.threshold = 2;
    CHECK_EQ(open_signed("a4" COMMON2 VALIDATE2, 3), PAWL_ERR_POLICY);
    CHECK_EQ(open_signed("a4" COMMON2 VALIDATE2, 7), PAWL_OK);
}

static const struct check_test tests[] = {
    CHECK_TEST(an_envelope_of_a_trusted_key_opens),
    CHECK_TEST(a_wrapper_that_is_wrong_is_refused),
    CHECK_TEST(blocks_for_others_are_passed_over),
    CHECK_TEST(the_digest_is_over_the_byte_string_with_its_head),
    CHECK_TEST(the_manifest_is_not_read_before_it_is_authentic),
    CHECK_TEST(as_many_keys_sign_as_the_policy_wants),
    CHECK_TEST(a_block_that_is_there_twice_counts_once),
    CHECK_TEST(a_key_that_is_listed_twice_counts_once),
    CHECK_TEST(a_retired_key_counts_only_where_that_is_allowed),
    CHECK_TEST(a_confirmed_digest_stands_for_signatures_of_that_manifest_alone),
    CHECK_TEST(nobody_is_trusted_by_an_empty_policy),
    CHECK_TEST(a_prefix_names_a_component_and_what_is_below_it),
    CHECK_TEST(a_key_without_components_signs_for_nothing),
    CHECK_TEST(each_component_needs_the_threshold_of_its_own_signers),
};

CHECK_MAIN(tests)
