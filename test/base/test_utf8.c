/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "check.h"
#include <string.h>

/* Writes a code point by the table of RFC 3629, 3, in len bytes, also where
 * fewer would do. */
static struct pawl_bytes encode(uint32_t code, size_t len, uint8_t out[6])
{
    static const uint8_t lead[] = {0x00, 0x00, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC};

    for (size_t i = len; i-- > 1;) {
        out[i] = (uint8_t)(0x80u | (code & 0x3Fu));
        code >>= 6;
    }
    out[0] = (uint8_t)(lead[len] | code);
    return (struct pawl_bytes){out, len};
}

static size_t shortest(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static int valid(const char *text)
{
    struct pawl_bytes bytes = {(const uint8_t *)text, strlen(text)};

    return pawl_utf8_valid(bytes) ? 1 : 0;
}

static void nothing_is_valid_text(void)
{
    CHECK(pawl_utf8_valid(PAWL_NO_BYTES));
}

/* The four examples of RFC 3629, 7. */
static void the_examples_of_the_standard_are_valid(void)
{
    CHECK(valid("\x41\xE2\x89\xA2\xCE\x91\x2E"));
    CHECK(valid("\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4"));
    CHECK(valid("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"));
    CHECK(valid("\xEF\xBB\xBF\xF0\xA3\x8E\xB4"));
}

/* U+0000 is a character like any other; who forbids it looks for it. */
static void every_code_point_but_surrogates_is_valid(void)
{
    uint8_t out[6];

    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        struct pawl_bytes text = encode(code, shortest(code), out);

        if (pawl_utf8_valid(text) == surrogate) {
            CHECK_EQ(code, -1);
        }
    }
}

static void what_is_above_the_last_code_point_is_refused(void)
{
    uint8_t out[6];

    for (uint32_t code = 0x110000; code < 0x200000; code += 0x3F) {
        CHECK(!pawl_utf8_valid(encode(code, 4, out)));
    }
    CHECK(!pawl_utf8_valid(encode(0x1FFFFF, 4, out)));
    CHECK(!pawl_utf8_valid(encode(0x200000, 5, out)));
    CHECK(!pawl_utf8_valid(encode(0x4000000, 6, out)));
}

static void longer_forms_than_needed_are_refused(void)
{
    uint8_t out[6];

    for (uint32_t code = 0; code < 0x10000; code++) {
        for (size_t len = shortest(code) + 1; len <= 4; len++) {
            if (pawl_utf8_valid(encode(code, len, out))) {
                CHECK_EQ(code, -1);
            }
        }
    }
}

static void a_character_cut_short_is_refused(void)
{
    static const uint32_t codes[] = {0x80,   0x7FF,   0x800,   0xD7FF,
                                     0xFFFF, 0x10000, 0x10FFFF};
    uint8_t out[6];

    for (size_t i = 0; i < PAWL_ARRAY_LEN(codes); i++) {
        struct pawl_bytes text = encode(codes[i], shortest(codes[i]), out);

        while (--text.len > 0) {
            CHECK(!pawl_utf8_valid(text));
        }
    }
}

/* Every second byte behind every lead byte, with as many others as needed. */
static void each_continuation_byte_is_checked(void)
{
    static const uint32_t codes[] = {0xA2, 0x20AC, 0x10348};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(codes); i++) {
        size_t len = shortest(codes[i]);

        for (size_t at = 1; at < len; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                uint8_t out[6];
                struct pawl_bytes text = encode(codes[i], len, out);

                out[at] = (uint8_t)byte;
                if ((byte & 0xC0u) != 0x80) {
                    CHECK(!pawl_utf8_valid(text));
                }
            }
        }
    }
}

static void a_lone_continuation_or_unused_byte_is_refused(void)
{
    for (unsigned byte = 0x80; byte < 256; byte++) {
        uint8_t text[] = {'a', (uint8_t)byte, 'b', 'c', 'd'};

        CHECK(!pawl_utf8_valid(PAWL_BYTES(text)));
    }
}

static void a_fault_is_found_anywhere(void)
{
    uint8_t text[24];

    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        CHECK(pawl_utf8_valid(PAWL_BYTES(text)));
        text[at] = 0xFF;
        CHECK(!pawl_utf8_valid(PAWL_BYTES(text)));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(nothing_is_valid_text),
    CHECK_TEST(the_examples_of_the_standard_are_valid),
    CHECK_TEST(every_code_point_but_surrogates_is_valid),
    CHECK_TEST(what_is_above_the_last_code_point_is_refused),
    CHECK_TEST(longer_forms_than_needed_are_refused),
    CHECK_TEST(a_character_cut_short_is_refused),
    CHECK_TEST(each_continuation_byte_is_checked),
    CHECK_TEST(a_lone_continuation_or_unused_byte_is_refused),
    CHECK_TEST(a_fault_is_found_anywhere),
};
CHECK_MAIN(tests)
