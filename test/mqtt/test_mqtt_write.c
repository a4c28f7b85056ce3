/* SPDX-License-Identifier: Apache-2.0 */
/* What a client says, byte by byte as MQTT 5.0 has it. */
#include "check.h"
#include "mqtt/broker.h"
#include <string.h>

static struct broker broker;

/* 3.1: protocol name and version, flags, keep-alive, properties Receive
 * Maximum 4 and Maximum Packet Size 1,024, client identifier. */
static void a_plain_connect_is_as_the_standard_has_it(void)
{
    broker_make(&broker);
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_PENDING);

    CHECK(broker_heard(&broker, "10 19 0004 4D515454 05 02 003C"
                                "08 21 0004 27 00000400"
                                "0004 64657631"));
}

/* No clean start; Session Expiry Interval; a will of QoS 1, whose own
 * properties are empty (3.1.3.2). */
static void a_connect_with_everything_is_as_the_standard_has_it(void)
{
    static const uint8_t payload[] = {'x'};

    broker_make(&broker);
    broker.config.keep_alive_s = 300;
    broker.config.session_expiry_s = 3600;
    broker.config.resume = true;
    broker.config.will_topic = "a/b";
    broker.config.will_payload = PAWL_BYTES(payload);
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_PENDING);

    CHECK(broker_heard(&broker, "10 27 0004 4D515454 05 0C 012C"
                                "0D 11 00000E10 21 0004 27 00000400"
                                "0004 64657631"
                                "00 0003 612F62 0001 78"));
}

/* From 128 bytes on the remaining length takes two bytes (1.5.5). */
static void a_long_connect_has_a_long_remaining_length(void)
{
    char topic[120];

    memset(topic, 't', sizeof topic);
    topic[119] = '\0';
    broker_make(&broker);
    broker.config.will_topic = topic;
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_PENDING);

    /* 25 as above, 1 and 121 of the will's topic, 2 of its empty payload. */
    CHECK_EQ(broker.session.sent_len, 3 + 149);
    CHECK_MEM(broker.session.sent, "\x10\x95\x01", 3);
}

static void configurations_that_cannot_be_said_are_refused(void)
{
    char long_id[66], long_topic[PAWL_MQTT_PACKET_MAX + 1];
    static const uint8_t payload[PAWL_MQTT_PACKET_MAX];

    memset(long_id, 'i', sizeof long_id);
    long_id[65] = '\0';
    memset(long_topic, 't', sizeof long_topic);
    long_topic[PAWL_MQTT_PACKET_MAX] = '\0';
    const struct {
        const char *client_id, *will_topic;
        struct pawl_bytes will_payload;
        enum pawl_status status;
    } rows[] = {
        {NULL, NULL, PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {"", NULL, PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {long_id, NULL, PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {long_id + 1, NULL, PAWL_NO_BYTES, PAWL_OK},
        {"\xC0\x80", NULL, PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {"dev1", "", PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {"dev1", "a/#", PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {"dev1", "a/+/b", PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {"dev1", long_topic, PAWL_NO_BYTES, PAWL_ERR_ARGUMENT},
        {"dev1", "a", {payload, 65536}, PAWL_ERR_ARGUMENT},
        {"dev1", "a", {payload, sizeof payload}, PAWL_ERR_LIMIT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        broker_make(&broker);
        broker.config.client_id = rows[i].client_id;
        broker.config.will_topic = rows[i].will_topic;
        broker.config.will_payload = rows[i].will_payload;
        CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), rows[i].status);
    }
}

static void a_publication_is_as_the_standard_has_it(void)
{
    static const uint8_t hi[] = {'h', 'i'};
    static const struct {
        enum pawl_mqtt_qos qos;
        bool retain;
        const char *bytes;
    } rows[] = {
        {PAWL_MQTT_QOS_0, false, "30 06 0001 74 00 6869"},
        {PAWL_MQTT_QOS_0, true, "31 06 0001 74 00 6869"},
        {PAWL_MQTT_QOS_1, false, "32 08 0001 74 0001 00 6869"},
        {PAWL_MQTT_QOS_1, true, "33 08 0001 74 0001 00 6869"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        broker_connect(&broker, "");
        CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", PAWL_BYTES(hi),
                                   rows[i].qos, rows[i].retain),
                 PAWL_OK);
        (void)broker_settle(&broker);
        CHECK(broker_heard(&broker, rows[i].bytes));
    }
}

static void a_message_may_be_empty(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", PAWL_NO_BYTES,
                               PAWL_MQTT_QOS_0, true),
             PAWL_OK);
    (void)broker_settle(&broker);
    CHECK(broker_heard(&broker, "31 04 0001 74 00"));
}

static void a_subscription_is_as_the_standard_has_it(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "a/#", PAWL_MQTT_QOS_1),
             PAWL_OK);
    (void)broker_settle(&broker);
    CHECK(broker_heard(&broker, "82 09 0001 00 0003 612F23 01"));

    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_0), PAWL_OK);
    (void)broker_settle(&broker);
    CHECK(broker_heard(&broker, "82 07 0001 00 0001 74 00"));
}

/* 3.14.2: reason code 0 and the properties may be left out. */
static void a_farewell_is_two_bytes(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_disconnect(&broker.mqtt), PAWL_OK);
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_OK);
    CHECK(broker_heard(&broker, "E0 00"));
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_ERR_CLOSED);
}

static void topics_and_filters_are_judged(void)
{
    static const struct {
        const char *text;
        bool name, filter; /* 4.7.1: what it may be */
    } rows[] = {
        {"a", true, true},        {"/", true, true},
        {"a//b", true, true},     {"", false, false},
        {"#", false, true},       {"+", false, true},
        {"a/#", false, true},     {"a/+/b", false, true},
        {"+/+", false, true},     {"a#", false, false},
        {"#/a", false, false},    {"a/#/b", false, false},
        {"a+", false, false},     {"+a", false, false},
        {"a/+b/c", false, false}, {"\xFF", false, false},
        {"/+", false, true},      {"\xED\xA0\x80", false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        broker_connect(&broker, "");
        CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, rows[i].text, PAWL_NO_BYTES,
                                   PAWL_MQTT_QOS_0, false),
                 rows[i].name ? PAWL_OK : PAWL_ERR_ARGUMENT);
        broker_connect(&broker, "");
        CHECK_EQ(
            pawl_mqtt_subscribe(&broker.mqtt, rows[i].text, PAWL_MQTT_QOS_0),
            rows[i].filter ? PAWL_OK : PAWL_ERR_ARGUMENT);
    }
}

/* The broker's Maximum Packet Size counts the whole packet (3.2.2.3.6). */
static void a_packet_over_the_brokers_limit_is_refused(void)
{
    static const uint8_t payload[] = {1, 2, 3, 4, 5, 6, 7, 8};

    broker_connect(&broker, "27 00000010"); /* 16 bytes */
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "topics", PAWL_BYTES(payload),
                               PAWL_MQTT_QOS_0, false),
             PAWL_ERR_LIMIT); /* 2 + 2 + 6 + 1 + 8 = 19 */
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "tops", PAWL_BYTES(payload),
                               PAWL_MQTT_QOS_0, false),
             PAWL_ERR_LIMIT); /* 17 */
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "top", PAWL_BYTES(payload),
                               PAWL_MQTT_QOS_0, false),
             PAWL_OK); /* 16 */
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_OK);
    CHECK(broker_heard(&broker, "30 0E 0003 746F70 00 0102030405060708"));
}

static void a_packet_over_our_own_buffer_is_refused(void)
{
    static const uint8_t payload[PAWL_MQTT_PACKET_MAX];
    struct pawl_bytes fits = {payload, PAWL_MQTT_PACKET_MAX - 7};
    struct pawl_bytes over = {payload, PAWL_MQTT_PACKET_MAX - 6};

    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", over, PAWL_MQTT_QOS_1, false),
             PAWL_ERR_LIMIT);
    CHECK_EQ(broker.mqtt.publish_id, 0);
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", over, PAWL_MQTT_QOS_0, false),
             PAWL_ERR_LIMIT);
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", fits, PAWL_MQTT_QOS_0, false),
             PAWL_OK);
}

/* The count of a packet's bytes must not go round. */
static void a_payload_of_absurd_length_is_refused(void)
{
    static const uint8_t byte[1];

    for (size_t less = 0; less < 16; less++) {
        struct pawl_bytes absurd = {byte, SIZE_MAX - less};

        broker_connect(&broker, "");
        CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", absurd, PAWL_MQTT_QOS_1,
                                   false),
                 PAWL_ERR_LIMIT);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_plain_connect_is_as_the_standard_has_it),
    CHECK_TEST(a_connect_with_everything_is_as_the_standard_has_it),
    CHECK_TEST(a_long_connect_has_a_long_remaining_length),
    CHECK_TEST(configurations_that_cannot_be_said_are_refused),
    CHECK_TEST(a_publication_is_as_the_standard_has_it),
    CHECK_TEST(a_message_may_be_empty),
    CHECK_TEST(a_subscription_is_as_the_standard_has_it),
    CHECK_TEST(a_farewell_is_two_bytes),
    CHECK_TEST(topics_and_filters_are_judged),
    CHECK_TEST(a_packet_over_the_brokers_limit_is_refused),
    CHECK_TEST(a_packet_over_our_own_buffer_is_refused),
    CHECK_TEST(a_payload_of_absurd_length_is_refused),
};
CHECK_MAIN(tests)
