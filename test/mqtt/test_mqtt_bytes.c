/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, strings and lists of properties by themselves. */
#include "base/base.h"
#include "check.h"
#include "fake/hex.h"
#include "mqtt/mqtt_internal.h"

/* The borders of table 1-1 (1.5.5). */
static const struct {
    uint32_t value;
    const char *bytes;
} numbers[] = {
    {0, "00"},
    {1, "01"},
    {127, "7F"},
    {128, "80 01"},
    {16383, "FF 7F"},
    {16384, "80 80 01"},
    {2097151, "FF FF 7F"},
    {2097152, "80 80 80 01"},
    {268435455, "FF FF FF 7F"},
};

static void variable_byte_integers_are_those_of_the_standard(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(numbers); i++) {
        uint8_t expected[4], written[8];
        struct pawl_bytes in = hex(numbers[i].bytes, expected, 4);
        struct pawl_mqtt_out out = {written, sizeof written, 0};
        size_t len = in.len;
        uint32_t value = 99;

        pawl_mqtt_put_varint(&out, numbers[i].value);
        CHECK_EQ(out.len, len);
        CHECK_MEM(written, expected, len);
        CHECK_EQ(pawl_mqtt_get_varint(&in, &value), PAWL_OK);
        CHECK_EQ(value, numbers[i].value);
        CHECK_EQ(in.len, 0);

        for (size_t part = 0; part < len; part++) {
            in = (struct pawl_bytes){expected, part};
            CHECK_EQ(pawl_mqtt_get_varint(&in, &value), PAWL_PENDING);
        }
    }
}

static void longer_forms_and_five_bytes_are_malformed(void)
{
    static const char *const rows[] = {"80 00", "81 80 00", "FF FF FF 00",
                                       "80 80 80 80", "FF FF FF FF 01"};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        uint8_t buf[8];
        struct pawl_bytes in = hex(rows[i], buf, sizeof buf);
        uint32_t value;

        CHECK_EQ(pawl_mqtt_get_varint(&in, &value), PAWL_ERR_MALFORMED);
    }
}

/* What stands behind the end would be legal, and is not looked at. */
static void nothing_is_read_behind_the_end(void)
{
    static const uint8_t list[] = {7, 0x1F, 0, 1, 'a', 0x21, 0, 4, 0, 0};
    struct pawl_mqtt_properties properties;

    for (size_t len = 0; len < 8; len++) {
        struct pawl_bytes in = {list, len};

        CHECK_EQ(pawl_mqtt_get_properties(&in, MQTT_CONNACK, &properties),
                 MQTT_MALFORMED);
    }
    struct pawl_bytes in = {list, sizeof list};
    CHECK_EQ(pawl_mqtt_get_properties(&in, MQTT_CONNACK, &properties),
             MQTT_NORMAL);
    CHECK(in.data == list + 8);
    CHECK_EQ(in.len, 2);
}

/* 3.2.2.3: what a broker does not say has these values. */
static void absent_properties_have_their_defaults(void)
{
    static const uint8_t none[] = {0};
    struct pawl_bytes in = PAWL_BYTES(none);
    struct pawl_mqtt_properties properties;

    CHECK_EQ(pawl_mqtt_get_properties(&in, MQTT_CONNACK, &properties),
             MQTT_NORMAL);
    CHECK_EQ(properties.maximum_qos, 2);
    CHECK_EQ(properties.retain_available, 1);
    CHECK_EQ(properties.maximum_packet_size, UINT32_MAX);
    CHECK(!properties.has_server_keep_alive);
    CHECK(!properties.has_topic_alias);
}

static void text_is_cut_at_its_length(void)
{
    static const uint8_t bytes[] = {0, 2, 'a', 'b', 'c'};

    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct pawl_bytes in = {bytes, len}, text;

        CHECK_EQ(pawl_mqtt_get_text(&in, &text), len >= 4);
        if (len >= 4) {
            CHECK_EQ(text.len, 2);
            CHECK(text.data == bytes + 2);
            CHECK_EQ(in.len, len - 4);
        }
    }
}

/* The writer counts what does not fit, and writes nothing of it. */
static void a_full_writer_goes_on_counting(void)
{
    uint8_t buf[4] = {0xEE, 0xEE, 0xEE, 0xEE};
    struct pawl_mqtt_out out = {buf, 3, 0};

    pawl_mqtt_put_u16(&out, 0x0102);
    pawl_mqtt_put_u32(&out, 0x03040506);
    CHECK_EQ(out.len, 6);
    pawl_mqtt_put_u8(&out, 7);
    CHECK_EQ(out.len, 7);
    pawl_mqtt_put_raw(&out, (struct pawl_bytes){buf, SIZE_MAX - 6});
    CHECK_EQ(out.len, SIZE_MAX);
    CHECK_MEM(buf, "\x01\x02\xEE\xEE", 4);
}

static const struct check_test tests[] = {
    CHECK_TEST(variable_byte_integers_are_those_of_the_standard),
    CHECK_TEST(longer_forms_and_five_bytes_are_malformed),
    CHECK_TEST(nothing_is_read_behind_the_end),
    CHECK_TEST(absent_properties_have_their_defaults),
    CHECK_TEST(text_is_cut_at_its_length),
    CHECK_TEST(a_full_writer_goes_on_counting),
};
CHECK_MAIN(tests)
