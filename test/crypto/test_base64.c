/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "crypto/crypto.h"

#include <string.h>

#include "check.h"

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

/* RFC 4648, section 10. */
static const char *const vectors[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void the_published_vectors_go_both_ways(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(vectors); i++) {
        char encoded[16];
        uint8_t decoded[16];
        size_t len = sizeof encoded;

        CHECK_EQ(pawl_base64_encode(text(vectors[i][0]), encoded, &len),
                 PAWL_OK);
        CHECK_EQ(len, strlen(vectors[i][1]));
        CHECK_MEM(encoded, vectors[i][1], len);
        len = sizeof decoded;
        CHECK_EQ(pawl_base64_decode(text(vectors[i][1]), decoded, &len),
                 PAWL_OK);
        CHECK_EQ(len, strlen(vectors[i][0]));
        CHECK_MEM(decoded, vectors[i][0], len);
    }
}

static void every_digit_is_known(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    uint8_t decoded[48];
    char encoded[64];
    size_t len = sizeof decoded;

    CHECK_EQ(pawl_base64_decode(text(digits), decoded, &len), PAWL_OK);
    CHECK_EQ(len, 48);
    len = sizeof encoded;
    CHECK_EQ(pawl_base64_encode(PAWL_BYTES(decoded), encoded, &len), PAWL_OK);
    CHECK_MEM(encoded, digits, 64);
}

static void line_ends_are_skipped_and_nothing_else_is(void)
{
    uint8_t out[16];
    size_t len = sizeof out;

    CHECK_EQ(pawl_base64_decode(text("Zm9v\r\nYm\nFy\r\n"), out, &len),
             PAWL_OK);
    CHECK_EQ(len, 6);
    CHECK_MEM(out, "foobar", 6);
}

static void what_is_not_base64_is_refused(void)
{
    static const char *const wrong[] = {
        "Z",        "Zg",       "Zg=",    "Zg===",    "=",
        "====",     "Zg==Zg==", "Z===",   "Zm9v=",    "Zm9 v",
        "Zm9v\tYm", "Zg=a",     "Zg==Zg", "Zg======", "Zh==",
        "Zm9=",     "Zm9v====", "Zm-_",   "Zm9v\x80",
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(wrong); i++) {
        uint8_t out[16];
        size_t len = sizeof out;

        CHECK_EQ(pawl_base64_decode(text(wrong[i]), out, &len),
                 PAWL_ERR_MALFORMED);
    }
}

static void too_little_room_is_told_and_not_overrun(void)
{
    char encoded[9] = "........";
    uint8_t decoded[3] = {0, 0, 0xEE};
    size_t len = 7;

    CHECK_EQ(pawl_base64_encode(text("foobar"), encoded, &len),
             PAWL_ERR_TOO_SMALL);
    CHECK_EQ(len, 8);
    CHECK_MEM(encoded, "........", 9);
    len = 2;
    CHECK_EQ(pawl_base64_decode(text("Zm9v"), decoded, &len),
             PAWL_ERR_TOO_SMALL);
    CHECK_EQ(len, 3);
    CHECK_EQ(decoded[2], 0xEE);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_published_vectors_go_both_ways),
    CHECK_TEST(every_digit_is_known),
    CHECK_TEST(line_ends_are_skipped_and_nothing_else_is),
    CHECK_TEST(what_is_not_base64_is_refused),
    CHECK_TEST(too_little_room_is_told_and_not_overrun),
};
CHECK_MAIN(tests)
