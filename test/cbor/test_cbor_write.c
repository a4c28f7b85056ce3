/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include "check.h"
#include "fake/hex.h"

#include <string.h>

static uint8_t buf[64];

static void check_written(const struct pawl_cbor_out *out, const char *text)
{
    uint8_t expected[64];
    struct pawl_bytes want = hex(text, expected, sizeof expected);
    struct pawl_bytes got;

    CHECK(pawl_cbor_written(out, &got) == PAWL_OK);
    CHECK(got.len == want.len && memcmp(got.data, want.data, want.len) == 0);
}

/* RFC 8949, appendix A, and the numbers around each change of size. */
static void numbers_are_written_in_their_shortest_form(void)
{
    static const struct {
        uint64_t value;
        const char *encoding;
    } rows[] = {
        {0, "00"},
        {23, "17"},
        {24, "1818"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {1000000, "1a000f4240"},
        {UINT32_MAX, "1affffffff"},
        {(uint64_t)UINT32_MAX + 1, "1b0000000100000000"},
        {1000000000000, "1b000000e8d4a51000"},
        {UINT64_MAX, "1bffffffffffffffff"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_cbor_out out;
        pawl_cbor_write(&out, buf, sizeof buf);
        pawl_cbor_put_uint(&out, rows[i].value);
        check_written(&out, rows[i].encoding);
    }
}

static void negative_numbers_are_written(void)
{
    static const struct {
        int64_t value;
        const char *encoding;
    } rows[] = {{-1, "20"},
                {-10, "29"},
                {-24, "37"},
                {-25, "3818"},
                {-100, "3863"},
                {-1000, "3903e7"},
                {INT64_MIN, "3b7fffffffffffffff"},
                {INT64_MAX, "1b7fffffffffffffff"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_cbor_out out;
        pawl_cbor_write(&out, buf, sizeof buf);
        pawl_cbor_put_int(&out, rows[i].value);
        check_written(&out, rows[i].encoding);
    }
}

static void put_one_of_each(struct pawl_cbor_out *out)
{
    static const uint8_t bytes[] = {1, 2};

    pawl_cbor_put_tag(out, 107);
    pawl_cbor_put_map(out, 2);
    pawl_cbor_put_uint(out, 1);
    pawl_cbor_put_array(out, 3);
    pawl_cbor_put_bool(out, true);
    pawl_cbor_put_bool(out, false);
    pawl_cbor_put_null(out);
    pawl_cbor_put_uint(out, 2);
    pawl_cbor_put_array(out, 3);
    pawl_cbor_put_bstr(out, PAWL_BYTES(bytes));
    pawl_cbor_put_tstr(out, "IETF");
    pawl_cbor_put_bstr_head(out, 2);
    pawl_cbor_put_raw(out, PAWL_BYTES(bytes));
}

#define ONE_OF_EACH "d86b a2 01 83 f5 f4 f6 02 83 420102 6449455446 420102"
#define ONE_OF_EACH_SIZE 21

static void every_type_is_written(void)
{
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, buf, sizeof buf);
    put_one_of_each(&out);
    check_written(&out, ONE_OF_EACH);
    CHECK(out.len == ONE_OF_EACH_SIZE);
}

static void what_is_written_can_be_read(void)
{
    struct pawl_cbor_out out;
    struct pawl_cbor in;

    pawl_cbor_write(&out, buf, sizeof buf);
    put_one_of_each(&out);
    pawl_cbor_read(&in, (struct pawl_bytes){buf, out.len});
    CHECK(pawl_cbor_skip(&in, NULL) == PAWL_OK);
    CHECK(pawl_cbor_done(&in) == PAWL_OK);
}

/* For every room: nothing past it, and the length needed is known. */
static void too_little_room_is_said_and_kept(void)
{
    for (size_t cap = 0; cap < ONE_OF_EACH_SIZE; cap++) {
        struct pawl_cbor_out out;
        struct pawl_bytes got = PAWL_BYTES(buf);

        memset(buf, 0xEE, sizeof buf);
        pawl_cbor_write(&out, buf, cap);
        put_one_of_each(&out);

        CHECK(pawl_cbor_written(&out, &got) == PAWL_ERR_TOO_SMALL);
        CHECK(got.len == 0);
        CHECK(out.len == ONE_OF_EACH_SIZE);
        for (size_t i = cap; i < sizeof buf; i++) {
            CHECK(buf[i] == 0xEE);
        }
    }
}

static void nothing_is_needed_to_measure(void)
{
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, NULL, 0);
    put_one_of_each(&out);
    CHECK(out.len == ONE_OF_EACH_SIZE);
}

static const struct check_test tests[] = {
    CHECK_TEST(numbers_are_written_in_their_shortest_form),
    CHECK_TEST(negative_numbers_are_written),
    CHECK_TEST(every_type_is_written),
    CHECK_TEST(what_is_written_can_be_read),
    CHECK_TEST(too_little_room_is_said_and_kept),
    CHECK_TEST(nothing_is_needed_to_measure),
};

CHECK_MAIN(tests)
