/* SPDX-License-Identifier: Apache-2.0 */
/* The form of messages and options (RFC 7252, 3, 4, 5.4; RFC 7959, 2.2). */
#include "check.h"
#include "coap/coap_internal.h"
#include "fake/hex.h"
#include <string.h>

static uint8_t buf[2048];

static enum pawl_status parse(const char *text, struct coap_message *message)
{
    return pawl_coap_parse(hex(text, buf, sizeof buf), message);
}

static void a_message_is_taken_apart(void)
{
    struct coap_message message;

    CHECK_EQ(parse("62 45 1234 AABB C1 2A FF 686921", &message), PAWL_OK);
    CHECK_EQ(message.type, COAP_ACKNOWLEDGEMENT);
    CHECK_EQ(message.code, PAWL_COAP_CODE(2, 5));
    CHECK_EQ(message.id, 0x1234);
    CHECK_EQ(message.token.len, 2);
    CHECK_MEM(message.token.data, "\xAA\xBB", 2);
    CHECK_EQ(message.options.len, 2);
    CHECK_EQ(message.payload.len, 3);
    CHECK_MEM(message.payload.data, "hi!", 3);
}

static void a_message_may_be_a_header_alone(void)
{
    struct coap_message message;

    CHECK_EQ(parse("40 45 0000", &message), PAWL_OK);
    CHECK_EQ(message.token.len + message.options.len + message.payload.len, 0);
    CHECK_EQ(parse("70 00 FFFF", &message), PAWL_OK);
}

/* 3: another version, or no header, is not answered at all. */
static void what_is_not_of_our_version_is_none(void)
{
    static const char *const rows[] = {
        "", "40", "40 45 00", "00 45 0000", "80 45 0000", "C0 45 0000"};
    struct coap_message message;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(parse(rows[i], &message), PAWL_ERR_UNSUPPORTED);
    }
}

/* 3, 3.1, 4.1, 4.2: message format errors; type and id stay known. */
static void format_errors_are_told(void)
{
    static const char *const rows[] = {
        "49 45 1234 010203040506070809", /* token of nine bytes */
        "4F 45 1234 0102030405060708090A0B0C0D0E0F",
        "44 45 1234 010203",   /* token cut off */
        "40 45 1234 FF",       /* marker, and no payload */
        "40 45 1234 C1 2A FF", /* the same behind an option */
        "40 45 1234 F0",       /* delta 15 */
        "40 45 1234 F1 00",    /* the same, not the marker */
        "40 45 1234 0F",       /* length 15 */
        "40 45 1234 D0",       /* a longer delta cut off */
        "40 45 1234 E0 00",    /* one of two bytes */
        "40 45 1234 0D",       /* a longer length cut off */
        "40 45 1234 0E 00",    /* one of two bytes */
        "40 45 1234 C2 01",    /* value cut off */
        "40 45 1234 E0 FEF3",  /* number 65536 */
        "40 45 1234 E0 FFFF",  /* number 65804 */
        "40 20 1234",
        "40 3F 1234", /* class 1 */
        "40 C0 1234",
        "40 FF 1234",    /* classes 6, 7 */
        "40 00 1234 00", /* empty, and more than four bytes */
        "41 00 1234 55",
        "41 00 1234",
        "70 45 1234", /* a Reset that is not empty */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct coap_message message;

        CHECK_EQ(parse(rows[i], &message), PAWL_ERR_MALFORMED);
        CHECK_EQ(message.id, 0x1234);
        CHECK_EQ(message.type, buf[0] >> 4 & 3);
    }
}

static void the_highest_option_number_is_no_error(void)
{
    struct coap_message message;

    CHECK_EQ(parse("40 45 1234 E0 FEF2", &message), PAWL_OK); /* 65535 */
}

/* ---- options ---- */

static enum pawl_status options_of(const char *text,
                                   struct coap_options *options)
{
    uint8_t head[1024] = {0x40, 0x45, 0, 1};
    struct pawl_bytes rest = hex(text, head + 4, sizeof head - 4);
    struct coap_message message;

    memcpy(buf, head, rest.len + 4);
    CHECK_EQ(pawl_coap_parse((struct pawl_bytes){buf, rest.len + 4}, &message),
             PAWL_OK);
    return pawl_coap_options(&message, options);
}

static void options_are_found_by_number(void)
{
    struct coap_options options;

    CHECK_EQ(options_of("42 AABB 21 07 61 32 21 3C 91 0E 41 08 11 40 D1 D3 EE",
                        &options),
             PAWL_OK);
    CHECK_EQ(options.value[PLACE_ETAG].len, 2);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_OBSERVE], 0), 7);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_FORMAT], 0), 50);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_MAX_AGE], 0), 60);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_BLOCK2], 0), 14);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_BLOCK1], 0), 8);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_SIZE2], 0), 64);
    CHECK_EQ(options.value[PLACE_ECHO].len, 1);
}

/* 3.2: zero has no bytes, leading zeros are allowed; absent is neither. */
static void a_number_has_any_length(void)
{
    struct coap_options options;

    CHECK_EQ(options_of("C0 22 0001", &options), PAWL_OK);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_FORMAT], 9), 0);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_MAX_AGE], 9), 1);
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_SIZE2], 9), 9);
    CHECK_EQ(options_of("E4 0001 FFFFFFFF", &options), PAWL_OK);
    CHECK_EQ(options_of("D4 01 FFFFFFFE", &options), PAWL_OK); /* 14 */
    CHECK_EQ(pawl_coap_uint(options.value[PLACE_MAX_AGE], 9), 0xFFFFFFFE);
}

/* 5.4.1, 5.4.3, 5.4.5, 5.4.6: odd numbers are critical. */
static void options_that_we_do_not_recognise(void)
{
    static const struct {
        const char *text;
        enum pawl_status status;
    } rows[] = {
        {"10", PAWL_ERR_UNSUPPORTED},             /* 1: of requests alone */
        {"B1 61", PAWL_ERR_UNSUPPORTED},          /* 11: the same */
        {"90", PAWL_ERR_UNSUPPORTED},             /* 9 */
        {"20", PAWL_OK},                          /* 2: elective */
        {"D0 05", PAWL_OK},                       /* 18 */
        {"D0 06", PAWL_ERR_UNSUPPORTED},          /* 19 */
        {"E0 02F3", PAWL_OK},                     /* 1024 */
        {"E0 02F4", PAWL_ERR_UNSUPPORTED},        /* 1025 */
        {"D1 0A 06 00", PAWL_ERR_UNSUPPORTED},    /* Block2 twice */
        {"D4 0A 00000006", PAWL_ERR_UNSUPPORTED}, /* of four bytes */
        {"D4 0E 00000006", PAWL_ERR_UNSUPPORTED}, /* Block1 */
        {"41 01 01 02", PAWL_OK},                 /* ETag twice */
        {"64 00000001", PAWL_OK},                 /* Observe of four bytes */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct coap_options options;

        CHECK_EQ(options_of(rows[i].text, &options), rows[i].status);
        CHECK(options.value[PLACE_OBSERVE].data == NULL);
        CHECK(options.value[PLACE_ETAG].len <= 1);
    }
}

/* The first of two counts; one of a wrong length does not. */
static void an_elective_option_that_is_wrong_is_left_out(void)
{
    struct coap_options options;

    CHECK_EQ(options_of("41 01 01 02", &options), PAWL_OK);
    CHECK_EQ(options.value[PLACE_ETAG].data[0], 1);
    CHECK_EQ(options_of("40", &options), PAWL_OK);
    CHECK(options.value[PLACE_ETAG].data == NULL);
    CHECK_EQ(options_of("C3 000001", &options), PAWL_OK);
    CHECK(options.value[PLACE_FORMAT].data == NULL);
}

static void a_block_is_number_more_and_size(void)
{
    static const struct {
        const char *text;
        uint32_t number, at;
        bool more, good;
        uint8_t szx;
    } rows[] = {
        {"", 0, 0, false, true, 0},
        {"06", 0, 0, false, true, 6},
        {"0E", 0, 0, true, true, 6},
        {"18", 1, 16, true, true, 0},
        {"FFFFF6", 0xFFFFF, 0x3FFFFC00, false, true, 6},
        {"07", 0, 0, false, false, 7},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct coap_block block;
        struct pawl_bytes value = hex(rows[i].text, buf, sizeof buf);

        CHECK(pawl_coap_block(value, &block) == rows[i].good);
        CHECK_EQ(block.number, rows[i].number);
        CHECK_EQ(block.at, rows[i].at);
        CHECK(block.more == rows[i].more);
        CHECK_EQ(block.szx, rows[i].szx);
    }
}

/* ---- writing ---- */

static void heads_grow_with_steps_and_lengths(void)
{
    static const struct {
        uint32_t number;
        size_t len;
        const char *head;
    } rows[] = {
        {12, 12, "CC"},   {13, 0, "D0 00"},  {268, 0, "D0 FF"},
        {0, 13, "0D 00"}, {0, 268, "0D FF"}, {13, 13, "DD 00 00"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out_buf[8], expected[8];
        struct coap_out out = {out_buf, sizeof out_buf, 0, 0};
        struct pawl_bytes head = hex(rows[i].head, expected, sizeof expected);

        pawl_coap_put_head(&out, rows[i].number, rows[i].len);
        CHECK_EQ(out.len, head.len);
        CHECK_MEM(out_buf, head.data, head.len);
        CHECK_EQ(out.number, rows[i].number);
    }
}

static void a_number_is_written_in_as_few_bytes_as_it_takes(void)
{
    static const struct {
        uint32_t value;
        const char *option;
    } rows[] = {{0, "60"},
                {255, "61 FF"},
                {256, "62 0100"},
                {0x10000, "63 010000"},
                {0xFFFFFFFF, "64 FFFFFFFF"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out_buf[8], expected[8];
        struct coap_out out = {out_buf, sizeof out_buf, 0, 0};
        struct pawl_bytes option =
            hex(rows[i].option, expected, sizeof expected);

        pawl_coap_put_uint(&out, 6, rows[i].value);
        CHECK_EQ(out.len, option.len);
        CHECK_MEM(out_buf, option.data, option.len);
    }
}

static void the_writer_counts_on_behind_its_end(void)
{
    uint8_t out_buf[4] = {9, 9, 9, 9};
    struct coap_out out = {out_buf, 3, 0, 0};

    pawl_coap_put(&out, "ab", 2);
    pawl_coap_put(&out, "cd", 2);
    pawl_coap_put(&out, "e", 1);
    CHECK_EQ(out.len, 5);
    CHECK_MEM(out_buf, "ab\x09\x09", 4);
    out.len = SIZE_MAX;
    pawl_coap_put(&out, "e", 1);
    CHECK_EQ(out.len, SIZE_MAX);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_message_is_taken_apart),
    CHECK_TEST(a_message_may_be_a_header_alone),
    CHECK_TEST(what_is_not_of_our_version_is_none),
    CHECK_TEST(format_errors_are_told),
    CHECK_TEST(the_highest_option_number_is_no_error),
    CHECK_TEST(options_are_found_by_number),
    CHECK_TEST(a_number_has_any_length),
    CHECK_TEST(options_that_we_do_not_recognise),
    CHECK_TEST(an_elective_option_that_is_wrong_is_left_out),
    CHECK_TEST(a_block_is_number_more_and_size),
    CHECK_TEST(heads_grow_with_steps_and_lengths),
    CHECK_TEST(a_number_is_written_in_as_few_bytes_as_it_takes),
    CHECK_TEST(the_writer_counts_on_behind_its_end),
};

CHECK_MAIN(tests)
