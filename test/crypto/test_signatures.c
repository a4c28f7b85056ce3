/* SPDX-License-Identifier: Apache-2.0 */

/* All of this runs without pawl_init(), as in a boot loader. */
#include "base/base.h"
#include "crypto/crypto.h"

#include <string.h>

#include "check.h"
#include "fake/hex.h"

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

/* RFC 6979, A.2.5: P-256, SHA-256, messages "sample" and "test". */
static const char point_text[] =
    "04"
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
static const char sample_text[] =
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
static const char test_text[] =
    "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
    "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083";

struct p256 {
    uint8_t point[65], digest[32], signature[64];
};

static void given_sample(struct p256 *p256)
{
    (void)hex(point_text, p256->point, sizeof p256->point);
    (void)hex(sample_text, p256->signature, sizeof p256->signature);
    CHECK_EQ(pawl_sha256(text("sample"), p256->digest), PAWL_OK);
}

static enum pawl_status verify(const struct p256 *p256)
{
    return pawl_p256_verify(PAWL_BYTES(p256->point), p256->digest,
                            p256->signature);
}

static void p256_accepts_the_published_signatures(void)
{
    struct p256 p256;

    given_sample(&p256);
    CHECK_EQ(verify(&p256), PAWL_OK);
    (void)hex(test_text, p256.signature, sizeof p256.signature);
    CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE);
    CHECK_EQ(pawl_sha256(text("test"), p256.digest), PAWL_OK);
    CHECK_EQ(verify(&p256), PAWL_OK);
}

static void p256_refuses_every_flipped_bit_of_digest_and_signature(void)
{
    struct p256 p256;

    given_sample(&p256);
    for (size_t bit = 0; bit < 8 * 32; bit += 7) {
        p256.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE);
        p256.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * 64; bit += 7) {
        p256.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE);
        p256.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void p256_refuses_what_is_no_point(void)
{
    struct p256 p256;

    given_sample(&p256);
    CHECK_EQ(pawl_p256_verify((struct pawl_bytes){p256.point, 64}, p256.digest,
                              p256.signature),
             PAWL_ERR_MALFORMED);
    CHECK_EQ(pawl_p256_verify(PAWL_NO_BYTES, p256.digest, p256.signature),
             PAWL_ERR_MALFORMED);
    p256.point[64] ^= 1; /* off the curve */
    CHECK_EQ(verify(&p256), PAWL_ERR_MALFORMED);
    p256.point[64] ^= 1;
    p256.point[0] = 0x06; /* a hybrid form */
    CHECK_EQ(verify(&p256), PAWL_ERR_MALFORMED);
    memset(p256.point + 1, 0, 64); /* infinity has no such form */
    p256.point[0] = 0x04;
    CHECK_EQ(verify(&p256), PAWL_ERR_MALFORMED);
    memset(p256.point + 1, 0xFF, 64); /* not below the prime */
    CHECK_EQ(verify(&p256), PAWL_ERR_MALFORMED);
}

/* The point with x = 0, and p, which is the same modulo the prime. */
#define SMALL_X                                                                \
    "0000000000000000000000000000000000000000000000000000000000000000"
#define SMALL_X_AND_PRIME                                                      \
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
#define SMALL_Y                                                                \
    "66485C780E2F83D72433BD5D84A06BB6541C2AF31DAE871728BF856A174F93F4"

/* A point has one form: its x below the prime, and so its y. */
static void p256_refuses_coordinates_beyond_the_prime(void)
{
    struct p256 p256;

    given_sample(&p256);
    (void)hex("04" SMALL_X SMALL_Y, p256.point, sizeof p256.point);
    CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE); /* a point, another's */
    (void)hex("04" SMALL_X_AND_PRIME SMALL_Y, p256.point, sizeof p256.point);
    CHECK_EQ(verify(&p256), PAWL_ERR_MALFORMED);
}

static void p256_refuses_r_and_s_out_of_range(void)
{
    /* The order of the group, SEC 2. */
    static const char order[] =
        "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    struct p256 p256;

    for (size_t at = 0; at < 64; at += 32) {
        given_sample(&p256);
        memset(p256.signature + at, 0, 32);
        CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE);
        (void)hex(order, p256.signature + at, 32);
        CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE);
        memset(p256.signature + at, 0xFF, 32);
        CHECK_EQ(verify(&p256), PAWL_ERR_SIGNATURE);
    }
}

struct ed25519_row {
    const char *public_key, *message, *signature;
};

/* RFC 8032, 7.1, tests 1 to 3. */
static const struct ed25519_row ed25519[] = {
    {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void ed25519_accepts_the_published_signatures(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(ed25519); i++) {
        uint8_t key[32];
        uint8_t message[2];
        uint8_t signature[64];

        (void)hex(ed25519[i].public_key, key, sizeof key);
        (void)hex(ed25519[i].signature, signature, sizeof signature);
        struct pawl_bytes bytes =
            hex(ed25519[i].message, message, sizeof message);

        CHECK_EQ(pawl_ed25519_verify(PAWL_BYTES(key), bytes, signature),
                 PAWL_OK);
        signature[3] ^= 0x10;
        CHECK_EQ(pawl_ed25519_verify(PAWL_BYTES(key), bytes, signature),
                 PAWL_ERR_SIGNATURE);
        CHECK_EQ(
            pawl_ed25519_verify((struct pawl_bytes){key, 31}, bytes, signature),
            PAWL_ERR_MALFORMED);
    }
}

struct der_row {
    const char *der;
    enum pawl_status status;
};

static const struct der_row ders[] = {
    {"3006020101020102", PAWL_OK},
    {"3007020200800201 02", PAWL_OK},
    {"30060201010201", PAWL_ERR_MALFORMED},       /* cut off */
    {"300602010102010200", PAWL_ERR_MALFORMED},   /* trailing byte */
    {"300702010102010200", PAWL_ERR_MALFORMED},   /* the same, inside */
    {"3003020101", PAWL_ERR_MALFORMED},           /* one number */
    {"3006020181020102", PAWL_ERR_MALFORMED},     /* negative */
    {"300702020001020102", PAWL_ERR_MALFORMED},   /* padded */
    {"3005020002 0102", PAWL_ERR_MALFORMED},      /* empty number */
    {"308106020101020102", PAWL_ERR_MALFORMED},   /* long length */
    {"30800201010201020000", PAWL_ERR_MALFORMED}, /* indefinite */
    {"3106020101020102", PAWL_ERR_MALFORMED},     /* a SET */
};

static void der_signatures_are_read_strictly(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(ders); i++) {
        uint8_t der[16];
        uint8_t raw[64];

        CHECK_EQ(
            pawl_signature_from_der(hex(ders[i].der, der, sizeof der), raw),
            ders[i].status);
    }
}

static void der_signatures_return_as_they_went(void)
{
    static const uint8_t first[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    uint8_t raw[64];
    uint8_t back[64];
    uint8_t der[72];

    for (size_t i = 0; i < 25; i++) {
        size_t len = sizeof der;

        (void)hex(sample_text, raw, sizeof raw);
        raw[0] = first[i / 5];
        raw[32] = first[i % 5];
        CHECK_EQ(pawl_signature_to_der(raw, der, &len), PAWL_OK);
        CHECK_EQ(pawl_signature_from_der((struct pawl_bytes){der, len}, back),
                 PAWL_OK);
        CHECK_MEM(back, raw, sizeof raw);
    }
}

static void der_reports_the_room_it_needs(void)
{
    uint8_t raw[64];
    uint8_t der[72];
    size_t len = 71;

    memset(raw, 0xFF, sizeof raw);
    CHECK_EQ(pawl_signature_to_der(raw, der, &len), PAWL_ERR_TOO_SMALL);
    CHECK_EQ(len, 72);
    CHECK_EQ(pawl_signature_to_der(raw, der, &len), PAWL_OK);
}

static void a_number_longer_than_the_order_is_no_signature(void)
{
    uint8_t der[80] = {0x30, 0x26, 0x02, 0x21, 0x01};
    uint8_t raw[64];

    der[37] = 0x02;
    der[38] = 0x01;
    der[39] = 0x01;
    CHECK_EQ(pawl_signature_from_der((struct pawl_bytes){der, 40}, raw),
             PAWL_ERR_MALFORMED);
}

static const struct check_test tests[] = {
    CHECK_TEST(p256_accepts_the_published_signatures),
    CHECK_TEST(p256_refuses_every_flipped_bit_of_digest_and_signature),
    CHECK_TEST(p256_refuses_what_is_no_point),
    CHECK_TEST(p256_refuses_coordinates_beyond_the_prime),
    CHECK_TEST(p256_refuses_r_and_s_out_of_range),
    CHECK_TEST(ed25519_accepts_the_published_signatures),
    CHECK_TEST(der_signatures_are_read_strictly),
    CHECK_TEST(der_signatures_return_as_they_went),
    CHECK_TEST(der_reports_the_room_it_needs),
    CHECK_TEST(a_number_longer_than_the_order_is_no_signature),
};
CHECK_MAIN(tests)
