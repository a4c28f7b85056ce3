/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include "check.h"
#include "fake/hex.h"

#include <string.h>

struct row {
    const char *encoding;
    enum pawl_status status; /* of reading it as one item */
};

/*
 * RFC 8949, appendix A, all of it. What is refused is well-formed CBOR all
 * the same: it is outside of the deterministic subset that pawl speaks.
 */
static const struct row appendix_a[] = {
    {"00", PAWL_OK},
    {"01", PAWL_OK},
    {"0a", PAWL_OK},
    {"17", PAWL_OK},
    {"1818", PAWL_OK},
    {"1819", PAWL_OK},
    {"1864", PAWL_OK},
    {"1903e8", PAWL_OK},
    {"1a000f4240", PAWL_OK},
    {"1b000000e8d4a51000", PAWL_OK},
    {"1bffffffffffffffff", PAWL_OK},
    {"c249010000000000000000", PAWL_ERR_MALFORMED}, /* a bignum */
    {"3bffffffffffffffff", PAWL_OK},
    {"c349010000000000000000", PAWL_ERR_MALFORMED}, /* a bignum */
    {"20", PAWL_OK},
    {"29", PAWL_OK},
    {"3863", PAWL_OK},
    {"3903e7", PAWL_OK},
    {"f90000", PAWL_ERR_MALFORMED},             /* a float */
    {"f98000", PAWL_ERR_MALFORMED},             /* a float */
    {"f93c00", PAWL_ERR_MALFORMED},             /* a float */
    {"fb3ff199999999999a", PAWL_ERR_MALFORMED}, /* a float */
    {"f93e00", PAWL_ERR_MALFORMED},             /* a float */
    {"f97bff", PAWL_ERR_MALFORMED},             /* a float */
    {"fa47c35000", PAWL_ERR_MALFORMED},         /* a float */
    {"fa7f7fffff", PAWL_ERR_MALFORMED},         /* a float */
    {"fb7e37e43c8800759c", PAWL_ERR_MALFORMED}, /* a float */
    {"f90001", PAWL_ERR_MALFORMED},             /* a float */
    {"f90400", PAWL_ERR_MALFORMED},             /* a float */
    {"f9c400", PAWL_ERR_MALFORMED},             /* a float */
    {"fbc010666666666666", PAWL_ERR_MALFORMED}, /* a float */
    {"f97c00", PAWL_ERR_MALFORMED},             /* a float */
    {"f97e00", PAWL_ERR_MALFORMED},             /* a float */
    {"f9fc00", PAWL_ERR_MALFORMED},             /* a float */
    {"fa7f800000", PAWL_ERR_MALFORMED},         /* a float */
    {"fa7fc00000", PAWL_ERR_MALFORMED},         /* a float */
    {"faff800000", PAWL_ERR_MALFORMED},         /* a float */
    {"fb7ff0000000000000", PAWL_ERR_MALFORMED}, /* a float */
    {"fb7ff8000000000000", PAWL_ERR_MALFORMED}, /* a float */
    {"fbfff0000000000000", PAWL_ERR_MALFORMED}, /* a float */
    {"f4", PAWL_OK},
    {"f5", PAWL_OK},
    {"f6", PAWL_OK},
    {"f7", PAWL_ERR_MALFORMED},   /* undefined */
    {"f0", PAWL_ERR_MALFORMED},   /* a simple value without a meaning */
    {"f818", PAWL_ERR_MALFORMED}, /* a simple value without a meaning */
    {"f8ff", PAWL_ERR_MALFORMED}, /* a simple value without a meaning */
    {"c074323031332d30332d32315432303a30343a30305a", PAWL_OK},
    {"c11a514b67b0", PAWL_OK},
    {"c1fb41d452d9ec200000", PAWL_ERR_MALFORMED}, /* a float */
    {"d74401020304", PAWL_OK},
    {"d818456449455446", PAWL_OK},
    {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", PAWL_OK},
    {"40", PAWL_OK},
    {"4401020304", PAWL_OK},
    {"60", PAWL_OK},
    {"6161", PAWL_OK},
    {"6449455446", PAWL_OK},
    {"62225c", PAWL_OK},
    {"62c3bc", PAWL_OK},
    {"63e6b0b4", PAWL_OK},
    {"64f0908591", PAWL_OK},
    {"80", PAWL_OK},
    {"83010203", PAWL_OK},
    {"8301820203820405", PAWL_OK},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", PAWL_OK},
    {"a0", PAWL_OK},
    {"a201020304", PAWL_OK},
    {"a26161016162820203", PAWL_OK},
    {"826161a161626163", PAWL_OK},
    {"a56161614161626142616361436164614461656145", PAWL_OK},
    {"5f42010243030405ff", PAWL_ERR_MALFORMED}, /* an indefinite length */
    {"7f657374726561646d696e67ff",
     PAWL_ERR_MALFORMED},                         /* an indefinite length */
    {"9fff", PAWL_ERR_MALFORMED},                 /* an indefinite length */
    {"9f018202039f0405ffff", PAWL_ERR_MALFORMED}, /* an indefinite length */
    {"9f01820203820405ff", PAWL_ERR_MALFORMED},   /* an indefinite length */
    {"83018202039f0405ff", PAWL_ERR_MALFORMED},   /* an indefinite length */
    {"83019f0203ff820405", PAWL_ERR_MALFORMED},   /* an indefinite length */
    {"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
     PAWL_ERR_MALFORMED},                             /* an indefinite length */
    {"bf61610161629f0203ffff", PAWL_ERR_MALFORMED},   /* an indefinite length */
    {"826161bf61626163ff", PAWL_ERR_MALFORMED},       /* an indefinite length */
    {"bf6346756ef563416d7421ff", PAWL_ERR_MALFORMED}, /* an indefinite length */
};

/* Encodings that RFC 8949 forbids, or its section 4.2.1. */
static const struct row refused[] = {
    {"", PAWL_ERR_MALFORMED},                   /* nothing */
    {"1800", PAWL_ERR_MALFORMED},               /* 0 in two bytes */
    {"1817", PAWL_ERR_MALFORMED},               /* 23 in two bytes */
    {"1900ff", PAWL_ERR_MALFORMED},             /* 255 in three */
    {"1a0000ffff", PAWL_ERR_MALFORMED},         /* 65535 in five */
    {"1b00000000ffffffff", PAWL_ERR_MALFORMED}, /* 2^32 - 1 in nine */
    {"3817", PAWL_ERR_MALFORMED},               /* -24 in two */
    {"581700", PAWL_ERR_MALFORMED},             /* a length in two */
    {"9800", PAWL_ERR_MALFORMED},               /* a count in two */
    {"b800", PAWL_ERR_MALFORMED},
    {"d80000", PAWL_ERR_MALFORMED}, /* a tag in two */
    {"f814", PAWL_ERR_MALFORMED},   /* false in two */
    {"f815", PAWL_ERR_MALFORMED},   /* true in two */
    {"1c", PAWL_ERR_MALFORMED},     /* reserved sizes */
    {"1d", PAWL_ERR_MALFORMED},
    {"1e", PAWL_ERR_MALFORMED},
    {"1f", PAWL_ERR_MALFORMED},
    {"5c", PAWL_ERR_MALFORMED},
    {"fc", PAWL_ERR_MALFORMED},
    {"ff", PAWL_ERR_MALFORMED},           /* a break outside */
    {"4100ff", PAWL_OK},                  /* only what follows is wrong */
    {"41", PAWL_ERR_MALFORMED},           /* bytes are missing */
    {"5affffffff00", PAWL_ERR_MALFORMED}, /* 4 GiB promised */
    {"5bffffffffffffffff00", PAWL_ERR_MALFORMED},
    {"7bffffffffffffffff00", PAWL_ERR_MALFORMED},
    {"9bffffffffffffffff00", PAWL_ERR_MALFORMED},
    {"bb8000000000000000000000", PAWL_ERR_MALFORMED},
    {"bb00000001000000000000", PAWL_ERR_MALFORMED},
    {"820100", PAWL_OK},
    {"8201", PAWL_ERR_MALFORMED},     /* an item is missing */
    {"a101", PAWL_ERR_MALFORMED},     /* a value is missing */
    {"a201020304", PAWL_OK},          /* just enough */
    {"c1", PAWL_ERR_MALFORMED},       /* a tag of nothing */
    {"81c1", PAWL_ERR_MALFORMED},     /* a tag of nothing, inside */
    {"c200", PAWL_ERR_MALFORMED},     /* bignum tags, whatever follows */
    {"c1c1c1c1c1c1c100", PAWL_OK},    /* tags are no containers */
    {"8181818100", PAWL_OK},          /* four containers */
    {"818181818100", PAWL_ERR_LIMIT}, /* five */
    {"8181818180", PAWL_ERR_LIMIT},   /* five, though the last is empty */
    {"a101a101a101a101a0", PAWL_ERR_LIMIT},
    {"84808080818080", PAWL_OK}, /* beside one another they do not count */
};

/* RFC 3629: what is UTF-8 and what only looks like it. */
static const struct row utf8[] = {
    {"617f", PAWL_OK},
    {"62c280", PAWL_OK},                /* U+0080 */
    {"62dfbf", PAWL_OK},                /* U+07FF */
    {"63e0a080", PAWL_OK},              /* U+0800 */
    {"63ed9fbf", PAWL_OK},              /* U+D7FF */
    {"63ee8080", PAWL_OK},              /* U+E000 */
    {"63efbfbf", PAWL_OK},              /* U+FFFF */
    {"64f0908080", PAWL_OK},            /* U+10000 */
    {"64f48fbfbf", PAWL_OK},            /* U+10FFFF */
    {"6180", PAWL_ERR_MALFORMED},       /* a continuation alone */
    {"61c3", PAWL_ERR_MALFORMED},       /* cut short */
    {"62c3c3", PAWL_ERR_MALFORMED},     /* no continuation */
    {"62c0af", PAWL_ERR_MALFORMED},     /* overlong '/' */
    {"62c1bf", PAWL_ERR_MALFORMED},     /* overlong */
    {"63e08080", PAWL_ERR_MALFORMED},   /* overlong */
    {"63e09fbf", PAWL_ERR_MALFORMED},   /* overlong */
    {"63eda080", PAWL_ERR_MALFORMED},   /* U+D800, a surrogate */
    {"63edbfbf", PAWL_ERR_MALFORMED},   /* U+DFFF */
    {"64f08fbfbf", PAWL_ERR_MALFORMED}, /* overlong */
    {"64f4908080", PAWL_ERR_MALFORMED}, /* U+110000 */
    {"64f5808080", PAWL_ERR_MALFORMED},
    {"64ff808080", PAWL_ERR_MALFORMED},
    {"63e6b0", PAWL_ERR_MALFORMED}, /* the text ends too soon */
    {"62e6b0", PAWL_ERR_MALFORMED},
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t buf[64];
        struct pawl_cbor in;
        struct pawl_bytes item;
        struct pawl_bytes bytes = hex(rows[i].encoding, buf, sizeof buf);

        pawl_cbor_read(&in, bytes);
        enum pawl_status status = pawl_cbor_skip(&in, &item);

        CHECK(status == rows[i].status);
        CHECK(in.status == status);
        CHECK(status == PAWL_OK ? item.data == buf && item.len != 0
                                : item.len == 0);
    }
}

static void appendix_a_is_read_where_it_is_deterministic(void)
{
    check_rows(appendix_a, sizeof appendix_a / sizeof appendix_a[0]);
}

static void whatever_is_not_deterministic_is_refused(void)
{
    check_rows(refused, sizeof refused / sizeof refused[0]);
}

static void text_is_utf8(void)
{
    check_rows(utf8, sizeof utf8 / sizeof utf8[0]);
}

/* Each truncation of each good example, one item and no more. */
static void no_truncation_is_an_item(void)
{
    for (size_t i = 0; i < sizeof appendix_a / sizeof appendix_a[0]; i++) {
        uint8_t buf[64];
        struct pawl_bytes whole = hex(appendix_a[i].encoding, buf, sizeof buf);

        for (size_t len = 0; len < whole.len; len++) {
            struct pawl_cbor in;
            pawl_cbor_read(&in, (struct pawl_bytes){buf, len});
            CHECK(pawl_cbor_skip(&in, NULL) != PAWL_OK);
            CHECK(in.at <= in.end);
        }
    }
}

static void given(struct pawl_cbor *in, const char *text)
{
    static uint8_t buf[64];

    pawl_cbor_read(in, hex(text, buf, sizeof buf));
}

static void numbers_are_read_at_their_limits(void)
{
    struct pawl_cbor in;
    uint64_t number = 1;
    int64_t integer = 1;

    given(&in, "1bffffffffffffffff");
    CHECK(pawl_cbor_uint(&in, &number) == PAWL_OK && number == UINT64_MAX);
    CHECK(pawl_cbor_done(&in) == PAWL_OK);

    given(&in, "1b7fffffffffffffff");
    CHECK(pawl_cbor_int(&in, &integer) == PAWL_OK && integer == INT64_MAX);
    given(&in, "3b7fffffffffffffff");
    CHECK(pawl_cbor_int(&in, &integer) == PAWL_OK && integer == INT64_MIN);

    given(&in, "1b8000000000000000");
    CHECK(pawl_cbor_int(&in, &integer) == PAWL_ERR_LIMIT && integer == 0);
    given(&in, "3b8000000000000000");
    CHECK(pawl_cbor_int(&in, &integer) == PAWL_ERR_LIMIT && integer == 0);
}

/* A number in a head that has size bytes for it is read if that is right. */
static void check_head(uint64_t number, unsigned form, unsigned size,
                       bool right)
{
    uint8_t buf[9] = {(uint8_t)(form == 0 ? number : 23 + form)};
    struct pawl_cbor in;
    uint64_t found = 1;

    for (unsigned i = 0; i < size; i++) {
        buf[size - i] = (uint8_t)(number >> 8 * i);
    }
    pawl_cbor_read(&in, (struct pawl_bytes){buf, 1 + size});
    CHECK((pawl_cbor_uint(&in, &found) == PAWL_OK) == right);
    CHECK(found == (right ? number : 0));
    pawl_cbor_read(&in, (struct pawl_bytes){buf, size});
    CHECK(pawl_cbor_uint(&in, &found) == PAWL_ERR_MALFORMED && found == 0);
    pawl_cbor_read(&in, (struct pawl_bytes){buf, 1 + size});
    CHECK(pawl_cbor_tag(&in, &found) == PAWL_ERR_MALFORMED && found == 0);
    buf[0] |= PAWL_CBOR_TAG << 5;
    pawl_cbor_read(&in, (struct pawl_bytes){buf, 1 + size});
    CHECK((pawl_cbor_tag(&in, &found) == PAWL_OK) == right);
}

/* Numbers around those where the head grows, in every form that has room. */
static void each_number_has_one_form_that_is_read(void)
{
    static const unsigned sizes[] = {0, 1, 2, 4, 8};
    static const struct {
        uint64_t number;
        unsigned form; /* the shortest */
    } rows[] = {{0, 0},          {1, 0},
                {22, 0},         {23, 0},
                {24, 1},         {25, 1},
                {127, 1},        {128, 1},
                {255, 1},        {256, 2},
                {0xFFFF, 2},     {0x10000, 3},
                {UINT32_MAX, 3}, {(uint64_t)1 << 32, 4},
                {UINT64_MAX, 4}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned form = rows[i].form; form <= 4; form++) {
            check_head(rows[i].number, form, sizes[form], form == rows[i].form);
        }
    }
}

/* 23 and 24 bytes: the longest string with a head of one byte, and the
 * shortest with one of two. None is longer than what is there. */
static void a_string_ends_where_its_bytes_do(void)
{
    for (size_t len = 23; len <= 24; len++) {
        uint8_t buf[2 + 24] = {0};
        size_t head = len - 22;
        struct pawl_cbor in;
        struct pawl_bytes bytes;

        buf[0] = len == 23 ? 0x57 : 0x58;
        buf[1] = len == 23 ? 0 : 24;
        pawl_cbor_read(&in, (struct pawl_bytes){buf, head + len});
        CHECK(pawl_cbor_bstr(&in, &bytes) == PAWL_OK);
        CHECK(bytes.data == buf + head && bytes.len == len);
        CHECK(pawl_cbor_done(&in) == PAWL_OK);
        pawl_cbor_read(&in, (struct pawl_bytes){buf, head + len - 1});
        CHECK(pawl_cbor_bstr(&in, &bytes) == PAWL_ERR_MALFORMED);
        CHECK(bytes.data == NULL && bytes.len == 0);
    }
}

static void each_type_is_itself_and_no_other(void)
{
    static const char *const items[] = {"00", "20", "40",   "60",
                                        "80", "a0", "c100", "f4"};

    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct pawl_cbor in;
        struct pawl_bytes bytes;
        uint64_t number = 1;
        size_t count = 1;
        bool truth = true;

        given(&in, items[i]);
        CHECK(pawl_cbor_peek(&in) == (enum pawl_cbor_type)i);
        CHECK((pawl_cbor_uint(&in, &number) == PAWL_OK) ==
              (i == PAWL_CBOR_UINT));
        CHECK(number == 0);
        given(&in, items[i]);
        CHECK((pawl_cbor_bstr(&in, &bytes) == PAWL_OK) ==
              (i == PAWL_CBOR_BSTR));
        given(&in, items[i]);
        CHECK((pawl_cbor_tstr(&in, &bytes) == PAWL_OK) ==
              (i == PAWL_CBOR_TSTR));
        given(&in, items[i]);
        CHECK((pawl_cbor_array(&in, &count) == PAWL_OK) ==
              (i == PAWL_CBOR_ARRAY));
        given(&in, items[i]);
        CHECK((pawl_cbor_map(&in, &count) == PAWL_OK) == (i == PAWL_CBOR_MAP));
        given(&in, items[i]);
        CHECK((pawl_cbor_tag(&in, &number) == PAWL_OK) == (i == PAWL_CBOR_TAG));
        given(&in, items[i]);
        CHECK((pawl_cbor_bool(&in, &truth) == PAWL_OK) ==
              (i == PAWL_CBOR_SIMPLE));
        CHECK(!truth);
        given(&in, items[i]);
        CHECK(pawl_cbor_null(&in) != PAWL_OK);
    }
}

static void null_is_no_truth_value(void)
{
    struct pawl_cbor in;
    bool truth = true;

    given(&in, "f6");
    CHECK(pawl_cbor_bool(&in, &truth) == PAWL_ERR_MALFORMED && !truth);
    given(&in, "f6");
    CHECK(pawl_cbor_null(&in) == PAWL_OK);
    given(&in, "f5");
    CHECK(pawl_cbor_bool(&in, &truth) == PAWL_OK && truth);
}

static void the_first_error_stays(void)
{
    struct pawl_cbor in;
    struct pawl_bytes bytes;
    uint64_t number = 1;
    size_t count = 1;
    int64_t key = 5;

    given(&in, "1b800000000000000000");
    CHECK(pawl_cbor_int(&in, &key) == PAWL_ERR_LIMIT);

    CHECK(pawl_cbor_uint(&in, &number) == PAWL_ERR_LIMIT && number == 0);
    CHECK(pawl_cbor_array(&in, &count) == PAWL_ERR_LIMIT && count == 0);
    CHECK(pawl_cbor_skip(&in, &bytes) == PAWL_ERR_LIMIT && bytes.len == 0);
    CHECK(pawl_cbor_key(&in, &key, true) == PAWL_ERR_LIMIT);
    CHECK(pawl_cbor_done(&in) == PAWL_ERR_LIMIT);
    CHECK(pawl_cbor_peek(&in) == PAWL_CBOR_END);
    CHECK(pawl_cbor_left(&in) == 0);
}

/* Keys one after another: rising is allowed, and nothing else. */
static void keys_rise_in_the_order_of_their_encodings(void)
{
    static const struct {
        const char *keys;
        enum pawl_status status; /* of the second */
    } rows[] = {
        {"0001", PAWL_OK},
        {"0000", PAWL_ERR_MALFORMED},
        {"0100", PAWL_ERR_MALFORMED},
        {"171818", PAWL_OK},
        {"181817", PAWL_ERR_MALFORMED},
        {"1820", PAWL_ERR_MALFORMED},
        {"18ff20", PAWL_OK},
        {"2021", PAWL_OK},
        {"2120", PAWL_ERR_MALFORMED},
        {"2000", PAWL_ERR_MALFORMED},
        {"2020", PAWL_ERR_MALFORMED},
        {"2217", PAWL_ERR_MALFORMED},
        {"181901", PAWL_ERR_MALFORMED},
        {"1717", PAWL_ERR_MALFORMED},
        {"001817", PAWL_ERR_MALFORMED},
        {"0060", PAWL_ERR_MALFORMED},
        {"00", PAWL_ERR_MALFORMED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_cbor in;
        int64_t key = 1000;

        given(&in, rows[i].keys);
        if (pawl_cbor_key(&in, &key, true) == PAWL_OK) {
            CHECK(pawl_cbor_key(&in, &key, false) == rows[i].status);
        } else {
            CHECK(i == 5); /* 18 20 is 32 in two bytes: one key alone */
        }
    }
}

static void a_count_is_never_more_than_the_bytes_could_hold(void)
{
    struct pawl_cbor in;
    size_t count = 1;

    given(&in, "a2000000");
    CHECK(pawl_cbor_map(&in, &count) == PAWL_ERR_MALFORMED && count == 0);
    given(&in, "a200000000");
    CHECK(pawl_cbor_map(&in, &count) == PAWL_OK && count == 2);
    given(&in, "820000");
    CHECK(pawl_cbor_array(&in, &count) == PAWL_OK && count == 2);
    given(&in, "8200");
    CHECK(pawl_cbor_array(&in, &count) == PAWL_ERR_MALFORMED && count == 0);
}

static void what_is_left_over_is_an_error(void)
{
    struct pawl_cbor in;
    uint64_t number = 0;

    given(&in, "0001");
    CHECK(pawl_cbor_uint(&in, &number) == PAWL_OK);
    CHECK(pawl_cbor_left(&in) == 1);
    CHECK(pawl_cbor_done(&in) == PAWL_ERR_MALFORMED);
}

static const struct check_test tests[] = {
    CHECK_TEST(appendix_a_is_read_where_it_is_deterministic),
    CHECK_TEST(whatever_is_not_deterministic_is_refused),
    CHECK_TEST(text_is_utf8),
    CHECK_TEST(no_truncation_is_an_item),
    CHECK_TEST(numbers_are_read_at_their_limits),
    CHECK_TEST(each_number_has_one_form_that_is_read),
    CHECK_TEST(a_string_ends_where_its_bytes_do),
    CHECK_TEST(each_type_is_itself_and_no_other),
    CHECK_TEST(null_is_no_truth_value),
    CHECK_TEST(the_first_error_stays),
    CHECK_TEST(keys_rise_in_the_order_of_their_encodings),
    CHECK_TEST(a_count_is_never_more_than_the_bytes_could_hold),
    CHECK_TEST(what_is_left_over_is_an_error),
};

CHECK_MAIN(tests)
