/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cose.h"

#include "check.h"
#include "fake/hex.h"

#include <string.h>

/* cose-wg/Examples, the key "11" on P-256 (RFC 9052, appendix C.7.1). */
#define P256_POINT                                                             \
    "04bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"       \
    "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"
/* cose-wg/Examples, eddsa-examples (RFC 8032, 7.1, test 1). */
#define ED25519_KEY                                                            \
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define HMAC_KEY                                                               \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

#define CONTENT "546869732069732074686520636f6e74656e742e"

/* RFC 9052, appendix C.2.1, the signature. */
#define C21_SIGNATURE                                                          \
    "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e"         \
    "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"
#define SIG01_SIGNATURE                                                        \
    "6520bbaf2081d7e0ed0f95f76eb0733d667005f7467cec4b87b9381a6ba1ede8"         \
    "e00df29f32a37230f39a842a54821fdd223092819d7728efb9d3a0080b75380b"
#define EDDSA_SIGNATURE                                                        \
    "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"         \
    "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d"
/* By Python's hmac over RFC 9052's MAC_structure. */
#define HMAC_TAG                                                               \
    "53fc384fae09af17063eb006cdff80432a2bbdabd8abad3873e4dbef082e5778"

struct row {
    const char *name;
    const char *message;
    const char *aad;
    enum pawl_status parse;  /* by the general rules */
    enum pawl_status verify; /* with the key "11", if it parsed */
    enum pawl_status strict; /* parse by the strict rules */
};

/* cose-wg/Examples: sign1-tests and the Sign1 messages of ecdsa-examples. */
static const struct row examples[] = {
    {"sign-pass-01: protected is an encoded empty map, alg is unprotected",
     "d28441a0a20126044231315454686973206973207468652063"
     "6f6e74656e742e584087db0d2e5571843b78ac33ecb2830df7b6e0a4d5b7376de336b2"
     "3c591c90c425317e56127fbe04370097ce347087b233bf722b64072beb4486bda4031d"
     "27244f",
     "", PAWL_OK, PAWL_OK, PAWL_ERR_POLICY},
    {"sign-pass-02: external data",
     "d28443a10126a1044231315454686973206973207468652063"
     "6f6e74656e742e584010729cd711cb3813d8d8e944a8da7111e7b258c9bdca6135f7ae"
     "1adbee9509891267837e1e33bd36c150326ae62755c6bd8e540c3e8f92d7d225e8db72"
     "b8820b",
     "11aa22bb33cc44dd55006699", PAWL_OK, PAWL_OK, PAWL_ERR_POLICY},
    {"sign-pass-03: no tag",
     "8443a10126a10442313154" CONTENT "5840" C21_SIGNATURE, "", PAWL_OK,
     PAWL_OK, PAWL_ERR_POLICY},
    {"RFC 9052, C.2.1", "d28443a10126a10442313154" CONTENT "5840" C21_SIGNATURE,
     "", PAWL_OK, PAWL_OK, PAWL_ERR_POLICY},
    {"ecdsa-sig-01: a content type",
     "d28445a201260300a10442313154" CONTENT "5840" SIG01_SIGNATURE, "", PAWL_OK,
     PAWL_OK, PAWL_ERR_POLICY},
    {"sign-fail-01: tag 998",
     "d903e68443a10126a10442313154" CONTENT "5840" C21_SIGNATURE, "",
     PAWL_ERR_UNSUPPORTED, PAWL_ERR_FAULT, PAWL_ERR_UNSUPPORTED},
    {"sign-fail-02: another content",
     "d28443a10126a10442313154546869732069732074686520636f6e74656e742f"
     "5840" C21_SIGNATURE,
     "", PAWL_OK, PAWL_ERR_SIGNATURE, PAWL_ERR_POLICY},
    {"sign-fail-03: algorithm -999",
     "d28445a1013903e6a10442313154" CONTENT "5840" C21_SIGNATURE, "",
     PAWL_ERR_UNSUPPORTED, PAWL_ERR_FAULT, PAWL_ERR_POLICY},
    {"sign-fail-04: algorithm \"unknown\"",
     "d2844aa10167756e6b6e6f776ea10442313154" CONTENT "5840" C21_SIGNATURE, "",
     PAWL_ERR_UNSUPPORTED, PAWL_ERR_FAULT, PAWL_ERR_POLICY},
    {"sign-fail-06: a protected header was added",
     "d28445a201260300a10442313154" CONTENT "5840" C21_SIGNATURE, "", PAWL_OK,
     PAWL_ERR_SIGNATURE, PAWL_ERR_POLICY},
    {"sign-fail-07: a protected header was removed",
     "d28443a10126a10442313154" CONTENT "5840" SIG01_SIGNATURE, "", PAWL_OK,
     PAWL_ERR_SIGNATURE, PAWL_ERR_POLICY},
    {"ecdsa-sig-04: ES512 with P-256",
     "d28444a1013823a10442313154" CONTENT
     "5840eb18b84ed674284e5ed861c3943e101bed5db9f560c0f0292b34362990d1c59b"
     "10df7946cbc6ca3dcbd6c17a6dd1d711f50337baa6b4fcfae0efc70e52c1de0f",
     "", PAWL_ERR_UNSUPPORTED, PAWL_ERR_FAULT, PAWL_ERR_POLICY},
    {"detached, as SUIT wants it", "d28443a10126a104423131f65840" C21_SIGNATURE,
     "", PAWL_OK, PAWL_OK, PAWL_OK},
};

static uint8_t message_buf[300];
static uint8_t key_buf[80];
static uint8_t content_buf[40];
static uint8_t aad_buf[40];

static struct pawl_key key_of(enum pawl_algorithm algorithm, const char *text)
{
    struct pawl_key key = {algorithm, hex(text, key_buf, sizeof key_buf)};
    return key;
}

static enum pawl_status parse(struct pawl_cose *cose, const char *message,
                              enum pawl_cose_rules rules)
{
    return pawl_cose_parse(cose, hex(message, message_buf, sizeof message_buf),
                           rules);
}

static enum pawl_status verify(const struct pawl_cose *cose,
                               const struct pawl_key *key, const char *aad)
{
    struct pawl_bytes payload = cose->payload;
    if (!cose->attached) {
        payload = hex(CONTENT, content_buf, sizeof content_buf);
    }
    return pawl_cose_verify(cose, key, payload,
                            hex(aad, aad_buf, sizeof aad_buf));
}

static void the_working_groups_examples_pass_and_fail_as_they_should(void)
{
    struct pawl_key key = key_of(PAWL_ALG_ESP256, P256_POINT);

    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct row *row = &examples[i];
        struct pawl_cose cose;

        CHECK_EQ(parse(&cose, row->message, PAWL_COSE_GENERAL), row->parse);
        if (row->parse == PAWL_OK) {
            CHECK_EQ(verify(&cose, &key, row->aad), row->verify);
        } else {
            CHECK(cose.alg == PAWL_ALG_NONE && cose.signature.len == 0);
        }
    }
}

static void the_strict_rules_want_tag_protected_alg_and_detached_payload(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct pawl_cose cose;
        CHECK_EQ(parse(&cose, examples[i].message, PAWL_COSE_STRICT),
                 examples[i].strict);
    }
}

/* Messages with a wrong structure or header, by the general rules. */
static void what_is_no_cose_message_is_refused(void)
{
    static const struct {
        const char *message;
        enum pawl_status status;
    } rows[] = {
        /* label 1 twice in one bucket */
        {"d28445a201260126a0f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        /* label 1 in both buckets */
        {"d28443a10126a10126f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        /* label 4 in both buckets, with unlike values */
        {"d28447a201260442 3131 a104423132 f65840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
        /* a label twice in the unprotected bucket: of one byte, of three */
        {"d28443a10126a204413104 4132f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28443a10126a2190100 00190100 00f65840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
        /* a label of three bytes in both buckets, which is not alone in one */
        {"d28447a2012619010000a119010000f65840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
        /* label 1 in both, behind another in the unprotected one */
        {"d28443a10126a204413101 26f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        /* a name twice */
        {"d28443a10126a2616100616101f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        /* crit: nothing is understood that may stand in it */
        {"d28447a2012602810aa0f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28446a2012602810aa0f65840" C21_SIGNATURE, PAWL_ERR_UNSUPPORTED},
        {"d28443a10126a102810af65840" C21_SIGNATURE, PAWL_ERR_UNSUPPORTED},
        /* no algorithm anywhere */
        {"d28440a0f65840" C21_SIGNATURE, PAWL_ERR_UNSUPPORTED},
        /* a MAC's algorithm in a signature, and the reverse */
        {"d28443a10105a0f65840" C21_SIGNATURE, PAWL_ERR_UNSUPPORTED},
        {"d18443a10126a0f65840" C21_SIGNATURE, PAWL_ERR_UNSUPPORTED},
        /* COSE_Sign, COSE_Mac, COSE_Encrypt0 */
        {"d8628443a10126a0f680", PAWL_ERR_UNSUPPORTED},
        {"d8618443a10126a0f680", PAWL_ERR_UNSUPPORTED},
        {"d08343a10126a0f6", PAWL_ERR_UNSUPPORTED},
        /* five and three items */
        {"d28543a10126a0f6404100", PAWL_ERR_MALFORMED},
        {"d28343a10126a0f6", PAWL_ERR_MALFORMED},
        /* types that are not those of RFC 9052 */
        {"d284a10126a0f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28443a1012680f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28443a10126a0f55840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28443a10126a06161"
         "5840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
        {"d28443a10126a0f680", PAWL_ERR_MALFORMED},
        {"d28444a1012600a0f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28442 8126a0f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28443a10126a10400f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        {"d28443a10126a14100 00f65840" C21_SIGNATURE, PAWL_ERR_MALFORMED},
        /* containers nested too deep, in either bucket */
        {"d28443a10126a118188181818180f65840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
        {"d2844aa20126181881818181 80a0f65840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
        /* an algorithm that no integer of ours holds */
        {"d2844ba1011b8000000000000000a0f65840" C21_SIGNATURE, PAWL_ERR_LIMIT},
        /* a byte behind */
        {"d28443a10126a0f65840" C21_SIGNATURE "00", PAWL_ERR_MALFORMED},
        {"", PAWL_ERR_MALFORMED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_cose cose;
        CHECK_EQ(parse(&cose, rows[i].message, PAWL_COSE_GENERAL),
                 rows[i].status);
        CHECK(cose.signature.len == 0);
        CHECK(cose.tag == 0 || rows[i].status == PAWL_ERR_UNSUPPORTED);
    }
}

static void no_truncation_and_no_flipped_bit_verifies(void)
{
    struct pawl_key key = key_of(PAWL_ALG_ESP256, P256_POINT);
    struct pawl_bytes message =
        hex("d28443a10126a104423131f65840" C21_SIGNATURE, message_buf,
            sizeof message_buf);

    for (size_t len = 0; len < message.len; len++) {
        struct pawl_cose cose;
        CHECK(pawl_cose_parse(&cose, (struct pawl_bytes){message.data, len},
                              PAWL_COSE_STRICT) != PAWL_OK);
    }
    for (size_t bit = 0; bit < 8 * message.len; bit++) {
        struct pawl_cose cose;
        message_buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool is_hint = bit / 8 >= 8 && bit / 8 < 11; /* label 4, its head.. */
        if (pawl_cose_parse(&cose, message, PAWL_COSE_STRICT) == PAWL_OK) {
            enum pawl_status status = verify(&cose, &key, "");
            /* The unprotected bucket is not signed: another kid, or another
             * label for it, is nobody's business but the caller's. */
            CHECK(status != PAWL_OK || is_hint || bit / 8 == 7);
        }
        message_buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void the_key_pins_the_algorithm(void)
{
    static const struct {
        enum pawl_algorithm key;
        const char *text;
        const char *message;
        enum pawl_status status;
    } rows[] = {
        {PAWL_ALG_ES256, P256_POINT, "d28443a10126a0f65840" C21_SIGNATURE,
         PAWL_OK},
        {PAWL_ALG_ED25519, ED25519_KEY, "d28443a10126a0f65840" C21_SIGNATURE,
         PAWL_ERR_UNSUPPORTED},
        {PAWL_ALG_ESP256, P256_POINT, "d28443a10127a0f65840" EDDSA_SIGNATURE,
         PAWL_ERR_UNSUPPORTED},
        {PAWL_ALG_HMAC_256, HMAC_KEY, "d28443a10126a0f65840" C21_SIGNATURE,
         PAWL_ERR_UNSUPPORTED},
        {PAWL_ALG_ESP256, P256_POINT, "d18443a10105a0f65820" HMAC_TAG,
         PAWL_ERR_UNSUPPORTED},
        {PAWL_ALG_NONE, P256_POINT, "d28443a10126a0f65840" C21_SIGNATURE,
         PAWL_ERR_UNSUPPORTED},
        /* -9 is signed by other bytes than -7: the header is protected */
        {PAWL_ALG_ESP256, P256_POINT, "d28443a10128a0f65840" C21_SIGNATURE,
         PAWL_ERR_SIGNATURE},
        {PAWL_ALG_HMAC_256, HMAC_KEY, "d18443a10105a0f65820" HMAC_TAG, PAWL_OK},
        /* whole tags and signatures, and raw ones */
        {PAWL_ALG_HMAC_256, HMAC_KEY, "d18443a10105a0f64853fc384fae09af17",
         PAWL_ERR_MALFORMED},
        {PAWL_ALG_ESP256, P256_POINT, "d28443a10126a0f640", PAWL_ERR_MALFORMED},
        {PAWL_ALG_ESP256, P256_POINT, "d28443a10126a0f65841" C21_SIGNATURE "00",
         PAWL_ERR_MALFORMED},
        {PAWL_ALG_HMAC_256, "00112233445566778899aabbccddee",
         "d18443a10105a0f65820" HMAC_TAG, PAWL_ERR_MALFORMED},
        {PAWL_ALG_ED25519, "00", "d28443a10127a0f65840" EDDSA_SIGNATURE,
         PAWL_ERR_MALFORMED},
        {PAWL_ALG_ESP256, "04", "d28443a10126a0f65840" C21_SIGNATURE,
         PAWL_ERR_MALFORMED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_cose cose;
        struct pawl_key key = key_of(rows[i].key, rows[i].text);
        CHECK_EQ(parse(&cose, rows[i].message, PAWL_COSE_STRICT), PAWL_OK);
        CHECK_EQ(verify(&cose, &key, ""), rows[i].status);
    }
}

/* cose-wg/Examples, eddsa-examples/eddsa-sig-01. */
static void ed25519_signatures_are_verified_under_either_number(void)
{
    static const enum pawl_algorithm names[] = {PAWL_ALG_EDDSA,
                                                PAWL_ALG_ED25519};

    for (size_t i = 0; i < 2; i++) {
        struct pawl_cose cose;
        struct pawl_key key = key_of(names[i], ED25519_KEY);
        CHECK_EQ(parse(&cose,
                       "d28445a201270300a10442313154" CONTENT
                       "5840" EDDSA_SIGNATURE,
                       PAWL_COSE_GENERAL),
                 PAWL_OK);
        CHECK_EQ(verify(&cose, &key, ""), PAWL_OK);
        cose.payload.len--;
        CHECK_EQ(verify(&cose, &key, ""), PAWL_ERR_SIGNATURE);
    }
}

static void zeros_are_no_signature(void)
{
    struct pawl_key key = key_of(PAWL_ALG_ESP256, P256_POINT);
    struct pawl_cose cose;

    CHECK_EQ(
        parse(&cose, "d28443a10126a0f65840" C21_SIGNATURE, PAWL_COSE_STRICT),
        PAWL_OK);
    memset(message_buf + 10, 0, 64);
    CHECK_EQ(verify(&cose, &key, ""), PAWL_ERR_SIGNATURE);
}

static void what_needs_one_piece_has_a_limit(void)
{
    static uint8_t large[4096];
    struct pawl_key key = key_of(PAWL_ALG_ED25519, ED25519_KEY);
    struct pawl_cose cose;

    CHECK_EQ(
        parse(&cose, "d28443a10127a0f65840" EDDSA_SIGNATURE, PAWL_COSE_STRICT),
        PAWL_OK);
    CHECK_EQ(pawl_cose_verify(&cose, &key, (struct pawl_bytes){large, 2048},
                              PAWL_NO_BYTES),
             PAWL_ERR_SIGNATURE);
    CHECK_EQ(pawl_cose_verify(&cose, &key, PAWL_BYTES(large), PAWL_NO_BYTES),
             PAWL_ERR_LIMIT);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_working_groups_examples_pass_and_fail_as_they_should),
    CHECK_TEST(the_strict_rules_want_tag_protected_alg_and_detached_payload),
    CHECK_TEST(what_is_no_cose_message_is_refused),
    CHECK_TEST(no_truncation_and_no_flipped_bit_verifies),
    CHECK_TEST(the_key_pins_the_algorithm),
    CHECK_TEST(ed25519_signatures_are_verified_under_either_number),
    CHECK_TEST(zeros_are_no_signature),
    CHECK_TEST(what_needs_one_piece_has_a_limit),
};

CHECK_MAIN(tests)
