/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cose.h"

#include "check.h"
#include "fake/hex.h"

#include <string.h>

#define SIGNATURE                                                              \
    "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e"         \
    "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"

/* A signer that answers as RFC 9052's example does, and keeps what it saw. */
struct fake_signer {
    uint8_t seen[128];
    size_t seen_len;
    unsigned calls;
    enum pawl_status answer;
};

static enum pawl_status fake_sign(void *ctx, struct pawl_bytes to_be_signed,
                                  uint8_t signature[PAWL_COSE_SIGNATURE_SIZE])
{
    struct fake_signer *fake = ctx;

    fake->calls++;
    fake->seen_len = to_be_signed.len;
    if (to_be_signed.len <= sizeof fake->seen) {
        memcpy(fake->seen, to_be_signed.data, to_be_signed.len);
    }
    hex(SIGNATURE, signature, PAWL_COSE_SIGNATURE_SIZE);
    return fake->answer;
}

static struct fake_signer fake;
static const uint8_t kid[] = {'1', '1'};
static const uint8_t content[] = {'T', 'h', 'i', 's', ' ', 'i', 's',
                                  ' ', 't', 'h', 'e', ' ', 'c', 'o',
                                  'n', 't', 'e', 'n', 't', '.'};
static uint8_t out[128];

static struct pawl_cose_signer given_signer(enum pawl_status answer)
{
    struct pawl_cose_signer signer = {
        .ctx = &fake,
        .algorithm = PAWL_ALG_ES256,
        .kid = PAWL_BYTES(kid),
        .sign = fake_sign,
    };

    memset(&fake, 0, sizeof fake);
    memset(out, 0xEE, sizeof out);
    fake.answer = answer;
    return signer;
}

/* RFC 9052, C.2.1, but for the payload, which is detached. */
static void a_message_is_signed_as_the_standard_prints_it(void)
{
    uint8_t expected[128];
    struct pawl_cose_signer signer = given_signer(PAWL_OK);
    size_t len = sizeof out;

    CHECK_EQ(
        pawl_cose_sign1(&signer, PAWL_BYTES(content), PAWL_NO_BYTES, out, &len),
        PAWL_OK);

    struct pawl_bytes want = hex("d28443a10126a104423131f65840" SIGNATURE,
                                 expected, sizeof expected);
    CHECK_EQ(len, want.len);
    CHECK_MEM(out, want.data, want.len);

    want =
        hex("846a5369676e61747572653143a101264054546869732069732074686520636f"
            "6e74656e742e",
            expected, sizeof expected);
    CHECK_EQ(fake.seen_len, want.len);
    CHECK_MEM(fake.seen, want.data, want.len);
}

static void what_was_signed_parses_by_the_strict_rules(void)
{
    struct pawl_cose_signer signer = given_signer(PAWL_OK);
    struct pawl_cose cose;
    size_t len = sizeof out;

    signer.kid = PAWL_NO_BYTES;
    signer.algorithm = PAWL_ALG_ED25519;
    CHECK_EQ(
        pawl_cose_sign1(&signer, PAWL_BYTES(content), PAWL_NO_BYTES, out, &len),
        PAWL_OK);
    CHECK_EQ(
        pawl_cose_parse(&cose, (struct pawl_bytes){out, len}, PAWL_COSE_STRICT),
        PAWL_OK);
    CHECK_EQ(cose.alg, PAWL_ALG_ED25519);
    CHECK(!cose.attached && cose.kid.len == 0 && cose.signature.len == 64);
}

static void too_little_room_is_said_before_anything_is_signed(void)
{
    for (size_t room = 0; room < 78; room++) {
        struct pawl_cose_signer signer = given_signer(PAWL_OK);
        size_t len = room;
        CHECK_EQ(pawl_cose_sign1(&signer, PAWL_BYTES(content), PAWL_NO_BYTES,
                                 out, &len),
                 PAWL_ERR_TOO_SMALL);
        CHECK_EQ(len, 78);
        CHECK_EQ(fake.calls, 0);
        CHECK_EQ(out[0], 0xEE);
    }
}

static void the_signers_failure_is_the_result(void)
{
    struct pawl_cose_signer signer = given_signer(PAWL_ERR_KEYSTORE);
    size_t len = sizeof out;

    CHECK_EQ(
        pawl_cose_sign1(&signer, PAWL_BYTES(content), PAWL_NO_BYTES, out, &len),
        PAWL_ERR_KEYSTORE);
    CHECK_EQ(len, 0);
    CHECK_EQ(out[0], 0xEE);
}

static void codes_and_unknown_algorithms_do_not_sign(void)
{
    static const enum pawl_algorithm none[] = {PAWL_ALG_HMAC_256,
                                               PAWL_ALG_NONE};

    for (size_t i = 0; i < 2; i++) {
        struct pawl_cose_signer signer = given_signer(PAWL_OK);
        size_t len = sizeof out;
        signer.algorithm = none[i];
        CHECK_EQ(pawl_cose_sign1(&signer, PAWL_BYTES(content), PAWL_NO_BYTES,
                                 out, &len),
                 PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(fake.calls, 0);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_message_is_signed_as_the_standard_prints_it),
    CHECK_TEST(what_was_signed_parses_by_the_strict_rules),
    CHECK_TEST(too_little_room_is_said_before_anything_is_signed),
    CHECK_TEST(the_signers_failure_is_the_result),
    CHECK_TEST(codes_and_unknown_algorithms_do_not_sign),
};

CHECK_MAIN(tests)
