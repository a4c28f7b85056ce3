/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#include <string.h>

#include "base/base.h"
#include "check.h"
#include "fake/hex.h"

struct row {
    const char *der;
    bool right;
    size_t content_len, rest_len;
};

/* X.690: lengths 8.1.3 and 10.1, tags 8.1.2. */
static const struct row rows[] = {
    {"0400", true, 0, 0},
    {"0401AA", true, 1, 0},
    {"0401AABB", true, 1, 1},
    {"", false, 0, 0},
    {"04", false, 0, 0},
    {"0401", false, 0, 0},
    {"0402AA", false, 0, 0},
    {"0403AABB", false, 0, 0},   /* one byte short */
    {"0480AA0000", false, 0, 0}, /* indefinite */
    {"048101AA", false, 0, 0},   /* not the shortest form */
    {"0481", false, 0, 0},
    {"04820001AA", false, 0, 0},
    {"0483000001AA", false, 0, 0},
    {"0484000000 01AA", false, 0, 0},
    {"04FFAA", false, 0, 0},
    {"1F0100", false, 0, 0}, /* a tag of more than one byte */
    {"BF0100", false, 0, 0},
    {"0483FFFFFF00", false, 0, 0},
};

static void elements_are_taken_by_the_rules_of_der(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        uint8_t bytes[16];
        struct pawl_bytes rest = hex(rows[i].der, bytes, sizeof bytes);
        size_t len = rest.len;
        struct pawl_der item;

        CHECK_EQ(pawl_der_next(&rest, &item), rows[i].right);
        CHECK_EQ(rest.len, rows[i].right ? rows[i].rest_len : len);
        CHECK(!rows[i].right || item.content.len == rows[i].content_len);
        CHECK(!rows[i].right || item.whole.len == len - rest.len);
    }
}

/* Every length that the writer makes is one that the reader takes. */
static void lengths_return_as_they_went(void)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 1000};
    static uint8_t buffer[1100];
    static const uint8_t zeros[1000];

    for (size_t i = 0; i < PAWL_ARRAY_LEN(lengths); i++) {
        struct pawl_der_writer writer;
        struct pawl_bytes content;

        pawl_der_begin(&writer, buffer, sizeof buffer);
        pawl_der_put_item(&writer, PAWL_DER_OCTET_STRING,
                          (struct pawl_bytes){zeros, lengths[i]});
        struct pawl_bytes rest = pawl_der_written(&writer);

        CHECK(pawl_der_take(&rest, PAWL_DER_OCTET_STRING, &content));
        CHECK_EQ(content.len, lengths[i]);
        CHECK_EQ(rest.len, 0);
    }
}

/* Cut anywhere, an element of a long length is none. */
static void no_truncation_is_an_element(void)
{
    static uint8_t buffer[310] = {0x04, 0x82, 0x01, 0x2C};

    for (size_t len = 0; len < 304; len++) {
        struct pawl_bytes rest = {buffer, len};
        struct pawl_der item;

        CHECK(!pawl_der_next(&rest, &item));
        CHECK_EQ(rest.len, len);
    }
}

static void a_writer_out_of_room_counts_on(void)
{
    uint8_t buffer[4] = {0xEE, 0xEE, 0xEE, 0xEE};
    static const uint8_t content[3] = {1, 2, 3};
    struct pawl_der_writer writer;

    pawl_der_begin(&writer, buffer + 1, 3);
    pawl_der_put_item(&writer, PAWL_DER_OCTET_STRING, PAWL_BYTES(content));
    CHECK(pawl_der_full(&writer));
    CHECK_EQ(writer.need, 5);
    CHECK_EQ(pawl_der_written(&writer).len, 0);
    CHECK_EQ(buffer[0], 0xEE);
}

struct typed {
    const char *der;
    bool right;
};

static void booleans_are_00_or_ff(void)
{
    static const struct typed booleans[] = {
        {"010100", true}, {"0101FF", true},    {"010101", false},
        {"0100", false},  {"01020000", false}, {"020100", false}};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(booleans); i++) {
        uint8_t bytes[8];
        struct pawl_bytes rest = hex(booleans[i].der, bytes, sizeof bytes);
        bool value = false;

        CHECK_EQ(pawl_der_take_boolean(&rest, &value), booleans[i].right);
    }
}

static void bit_strings_of_keys_are_whole_bytes(void)
{
    static const struct typed strings[] = {{"030200AA", true},
                                           {"030100", true},
                                           {"030201AA", false},
                                           {"0300", false},
                                           {"040200AA", false}};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(strings); i++) {
        uint8_t bytes[8];
        struct pawl_bytes rest = hex(strings[i].der, bytes, sizeof bytes);
        struct pawl_bytes content = PAWL_NO_BYTES;

        CHECK_EQ(pawl_der_take_octet_bits(&rest, &content), strings[i].right);
        CHECK_EQ(rest.len == 0, strings[i].right);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(elements_are_taken_by_the_rules_of_der),
    CHECK_TEST(lengths_return_as_they_went),
    CHECK_TEST(no_truncation_is_an_element),
    CHECK_TEST(a_writer_out_of_room_counts_on),
    CHECK_TEST(booleans_are_00_or_ff),
    CHECK_TEST(bit_strings_of_keys_are_whole_bytes),
};
CHECK_MAIN(tests)
