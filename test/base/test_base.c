/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <string.h>

#include "check.h"

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

/* The check value of CRC-32/ISO-HDLC, from the catalogue of CRCs. */
static void crc_of_the_nine_digits_is_the_published_one(void)
{
    CHECK_EQ(pawl_crc32(0, "123456789", 9), 0xCBF43926);
    CHECK_EQ(pawl_crc32(0, "", 0), 0);
}

static void crc_of_parts_is_the_crc_of_the_whole(void)
{
    for (size_t cut = 0; cut <= 9; cut++) {
        uint32_t crc = pawl_crc32(0, "123456789", cut);

        CHECK_EQ(pawl_crc32(crc, &"123456789"[cut], 9 - cut), 0xCBF43926);
    }
}

static void crc_sees_every_single_bit(void)
{
    uint8_t data[16] = {0};
    uint32_t clean = pawl_crc32(0, data, sizeof data);

    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(pawl_crc32(0, data, sizeof data) != clean);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void wiping_leaves_zeros_and_touches_nothing_else(void)
{
    uint8_t data[4] = {1, 2, 3, 4};
    static const uint8_t wiped[4] = {1, 0, 0, 4};

    pawl_wipe(data + 1, 2);

    CHECK_MEM(data, wiped, sizeof wiped);
}

static void constant_time_comparison_sees_a_difference_anywhere(void)
{
    uint8_t a[9] = "abcdefgh";
    uint8_t b[9] = "abcdefgh";

    CHECK(pawl_equal_ct(a, b, sizeof a));
    CHECK(pawl_equal_ct(a, b, 0));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] ^= 0x80;
        CHECK(!pawl_equal_ct(a, b, sizeof a));
        b[i] ^= 0x80;
    }
}

static void views_are_equal_by_content_and_length(void)
{
    CHECK(pawl_bytes_equal(text("pawl"), text("pawl")));
    CHECK(pawl_bytes_equal(PAWL_NO_BYTES, text("")));
    CHECK(!pawl_bytes_equal(text("pawl"), text("paw")));
    CHECK(!pawl_bytes_equal(text("pawl"), text("pawn")));
}

static void a_view_begins_with_its_prefixes_only(void)
{
    CHECK(pawl_bytes_begin(text("pawl"), text("pa")));
    CHECK(pawl_bytes_begin(text("pawl"), text("pawl")));
    CHECK(pawl_bytes_begin(text("pawl"), PAWL_NO_BYTES));
    CHECK(!pawl_bytes_begin(text("pawl"), text("pb")));
    CHECK(!pawl_bytes_begin(text("pa"), text("pawl")));
}

static void numbers_are_big_endian(void)
{
    static const uint8_t expected[8] = {0x01, 0x23, 0x45, 0x67,
                                        0x89, 0xAB, 0xCD, 0xEF};
    uint8_t out[8];

    pawl_put_u64(out, 0x0123456789ABCDEF);
    CHECK_MEM(out, expected, 8);
    pawl_put_u32(out, 0x01234567);
    CHECK_MEM(out, expected, 4);
    pawl_put_u16(out, 0x0123);
    CHECK_MEM(out, expected, 2);
    CHECK(pawl_get_u64(expected) == 0x0123456789ABCDEF);
    CHECK_EQ(pawl_get_u32(expected + 4), 0x89ABCDEF);
    CHECK_EQ(pawl_get_u16(expected + 6), 0xCDEF);
}

static void length_of_text_stops_at_its_bound(void)
{
    CHECK_EQ(pawl_text_len("pawl", 8), 4);
    CHECK_EQ(pawl_text_len("pawl", 4), 4);
    CHECK_EQ(pawl_text_len("pawl", 2), 2);
    CHECK_EQ(pawl_text_len("", 2), 0);
}

static void text_is_copied_whole_or_not_at_all(void)
{
    char out[5] = "xxxx";

    CHECK(pawl_text_copy(out, 5, "pawl"));
    CHECK(strcmp(out, "pawl") == 0);
    CHECK(!pawl_text_copy(out, 4, "pawl"));
    CHECK(out[0] == '\0');
    CHECK(!pawl_text_copy(out, 0, ""));
}

static const struct check_test tests[] = {
    CHECK_TEST(crc_of_the_nine_digits_is_the_published_one),
    CHECK_TEST(crc_of_parts_is_the_crc_of_the_whole),
    CHECK_TEST(crc_sees_every_single_bit),
    CHECK_TEST(wiping_leaves_zeros_and_touches_nothing_else),
    CHECK_TEST(constant_time_comparison_sees_a_difference_anywhere),
    CHECK_TEST(views_are_equal_by_content_and_length),
    CHECK_TEST(a_view_begins_with_its_prefixes_only),
    CHECK_TEST(numbers_are_big_endian),
    CHECK_TEST(length_of_text_stops_at_its_bound),
    CHECK_TEST(text_is_copied_whole_or_not_at_all),
};
CHECK_MAIN(tests)
