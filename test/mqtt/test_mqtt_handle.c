/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker may say, and what it is told when it says something else. */
#include "base/base.h"
#include "check.h"
#include "fake/hex.h"
#include "mqtt/broker.h"
#include <string.h>

static struct broker broker;

/* Reason codes of DISCONNECT (3.14.2.1). */
#define MALFORMED 0x81
#define PROTOCOL_ERROR 0x82
#define RECEIVE_MAXIMUM 0x93
#define TOPIC_ALIAS 0x94
#define TOO_LARGE 0x95

/* The client ends it: DISCONNECT with the reason is the last that it says. */
static void check_ended(uint8_t reason)
{
    const uint8_t farewell[] = {0xE0, 0x01, reason};
    size_t len = broker.session.sent_len;

    CHECK_EQ(broker_settle(&broker), PAWL_ERR_PROTOCOL);
    CHECK_EQ(broker.mqtt.reason, reason);
    CHECK_EQ(broker.session.sent_len, len + 3);
    CHECK_MEM(broker.session.sent + len, farewell, 3);
    CHECK(!broker.mqtt.connected);
    CHECK_EQ(pawl_mqtt_step(&broker.mqtt, &broker.wait), PAWL_ERR_PROTOCOL);
    CHECK_EQ(broker.session.sent_len, len + 3);
}

/* ---- CONNACK (3.2) ---- */

static void connack_may_have_each_of_its_properties(void)
{
    static const char *const rows[] = {
        "11 00000000",
        "11 FFFFFFFF",
        "21 0001",
        "21 FFFF",
        "24 00",
        "24 01",
        "25 00",
        "25 01",
        "27 00000001",
        "27 FFFFFFFF",
        "12 0001 61",
        "22 0000",
        "22 FFFF",
        "1F 0000",
        "26 0001 61 0001 62",
        "26 0000 0000 26 0000 0000",
        "28 00",
        "29 01",
        "2A 01",
        "13 0000",
        "13 FFFF",
        "1A 0001 61",
        "1C 0001 61",
        "11 00000001 21 0004 24 01 25 01 13 0010",
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        broker_connect(&broker, rows[i]);
        CHECK(!broker.mqtt.session_present);
    }
}

/* Malformed: of another packet, unknown, not of its type (2.2.2.2). A protocol
 * error: a value that is not allowed, or a method that nobody asked for. */
static void connack_with_an_illegal_property_is_refused(void)
{
    static const struct {
        const char *properties;
        uint8_t reason;
    } rows[] = {
        {"01 01", MALFORMED},
        {"02 00000000", MALFORMED},
        {"03 0001 61", MALFORMED},
        {"08 0001 61", MALFORMED},
        {"09 0001 61", MALFORMED},
        {"0B 01", MALFORMED},
        {"17 01", MALFORMED},
        {"18 00000000", MALFORMED},
        {"19 01", MALFORMED},
        {"23 0001", MALFORMED},
        {"00", MALFORMED},
        {"04 00", MALFORMED},
        {"7F 00", MALFORMED},
        {"91 00 00000000", MALFORMED},
        {"1F 0002 C080", MALFORMED},
        {"1F 0003 EDA080", MALFORMED},
        {"1F 0001 00", MALFORMED},
        {"26 0001 61 0001 00", MALFORMED},
        {"26 0001 61", MALFORMED},
        {"1F 0002 61", MALFORMED},
        {"15 0001 61", PROTOCOL_ERROR},
        {"16 0001 61", PROTOCOL_ERROR},
        {"21 0000", PROTOCOL_ERROR},
        {"24 02", PROTOCOL_ERROR},
        {"25 02", PROTOCOL_ERROR},
        {"27 00000000", PROTOCOL_ERROR},
        {"28 02", PROTOCOL_ERROR},
        {"29 02", PROTOCOL_ERROR},
        {"2A FF", PROTOCOL_ERROR},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        broker_open(&broker);
        broker_connack(&broker, 0, 0, rows[i].properties);
        check_ended(rows[i].reason);
    }
}

static void connack_with_a_property_twice_is_refused(void)
{
    static const char *const rows[] = {
        "11 00000001", "21 0001", "24 01",      "25 01",      "27 00000010",
        "12 0001 61",  "22 0001", "1F 0001 61", "28 01",      "29 01",
        "2A 01",       "13 0001", "1A 0001 61", "1C 0001 61",
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        char twice[64] = "";

        strcat(twice, rows[i]);
        strcat(twice, rows[i]);
        broker_open(&broker);
        broker_connack(&broker, 0, 0, twice);
        check_ended(PROTOCOL_ERROR);
    }
}

/* Every reason code of table 3-1. */
static void a_refusal_is_kept_with_its_reason(void)
{
    static const uint8_t codes[] = {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
                                    0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95,
                                    0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(codes); i++) {
        broker_open(&broker);
        broker_connack(&broker, 0, codes[i], "1F 0003 777279");
        CHECK_EQ(broker_settle(&broker), PAWL_ERR_REFUSED);
        CHECK_EQ(broker.mqtt.reason, codes[i]);
        CHECK(!broker.mqtt.connected);
        CHECK(broker_heard(&broker, ""));
    }
}

/* 3.2.2.1: reserved flags; a session where we asked for none; one together
 * with a refusal; 3.2.2.2: no success but 0. */
static void connack_that_contradicts_itself_is_refused(void)
{
    static const struct {
        uint8_t flags, code;
        bool resume;
        uint8_t reason;
    } rows[] = {
        {0x02, 0x00, true, MALFORMED},       {0x80, 0x00, true, MALFORMED},
        {0x01, 0x00, false, PROTOCOL_ERROR}, {0x01, 0x87, true, PROTOCOL_ERROR},
        {0x00, 0x01, true, PROTOCOL_ERROR},  {0x00, 0x7F, true, PROTOCOL_ERROR},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        broker_make(&broker);
        broker.config.resume = rows[i].resume;
        CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
        CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
        broker_connack(&broker, rows[i].flags, rows[i].code, "");
        check_ended(rows[i].reason);
    }
}

static void a_session_that_the_broker_kept_is_told(void)
{
    broker_make(&broker);
    broker.config.resume = true;
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
    broker_connack(&broker, 1, 0, "");
    CHECK_EQ(broker_settle(&broker), PAWL_OK);
    CHECK(broker.mqtt.session_present);
}

static void before_connack_nothing_else_is_taken(void)
{
    static const char *const rows[] = {
        "30 04 0001 74 00", "40 02 0001", "90 04 0001 00 00", "D0 00", "E0 00",
        "E0 01 8B",         "F0 00",
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        broker_open(&broker);
        broker_says(&broker, rows[i]);
        check_ended(PROTOCOL_ERROR);
        CHECK_EQ(broker.messages, 0);
    }
}

/* ---- once connected ---- */

/* One row for each rule. Publication 1 and subscription 2 are awaited. */
static const struct {
    const char *rule, *bytes;
    uint8_t reason;
} refused[] = {
    /* 2.1: the fixed header */
    {"type 0 is forbidden (2.1.2)", "00 00", MALFORMED},
    {"CONNECT is a client's (2.1.2)", "10 00", PROTOCOL_ERROR},
    {"CONNACK comes once (3.2)", "20 03 00 00 00", PROTOCOL_ERROR},
    {"PUBREC: nothing of QoS 2 was sent", "50 02 0001", PROTOCOL_ERROR},
    {"PUBREL: nothing of QoS 2 was received", "62 02 0001", PROTOCOL_ERROR},
    {"PUBCOMP: nothing of QoS 2 was sent", "70 02 0001", PROTOCOL_ERROR},
    {"SUBSCRIBE is a client's", "82 06 0001 00 0001 61", PROTOCOL_ERROR},
    {"UNSUBSCRIBE is a client's", "A2 05 0001 00 0000", PROTOCOL_ERROR},
    {"UNSUBACK: nothing was unsubscribed", "B0 04 0001 00 00", PROTOCOL_ERROR},
    {"PINGREQ is a client's", "C0 00", PROTOCOL_ERROR},
    {"AUTH: none was begun (4.12)", "F0 00", PROTOCOL_ERROR},
    {"flags of CONNACK (2.1.3)", "21 03 00 00 00", MALFORMED},
    {"flags of PUBACK (2.1.3)", "42 02 0001", MALFORMED},
    {"flags of PUBREL (2.1.3)", "60 02 0001", MALFORMED},
    {"flags of SUBACK (2.1.3)", "91 04 0002 00 00", MALFORMED},
    {"flags of PINGRESP (2.1.3)", "D8 00", MALFORMED},
    {"flags of DISCONNECT (2.1.3)", "E1 00", MALFORMED},
    {"a length of five bytes (1.5.5)", "30 80 80 80 80 01", MALFORMED},
    {"a length longer than needed (1.5.5)", "D0 80 00", MALFORMED},
    {"one byte over our maximum (3.1.2.11.4)", "30 FE 07", TOO_LARGE},
    {"the largest there is", "30 FF FF FF 7F", TOO_LARGE},

    /* 3.3: PUBLISH */
    {"QoS 3 (3.3.1.2)", "36 06 0001 74 0001 00", MALFORMED},
    {"QoS 2 was not subscribed to", "34 06 0001 74 0001 00", PROTOCOL_ERROR},
    {"a duplicate of QoS 0 (3.3.1.1)", "38 04 0001 74 00", PROTOCOL_ERROR},
    {"identifier 0 (2.2.1)", "32 06 0001 74 0000 00", PROTOCOL_ERROR},
    {"no topic and no alias (3.3.2.1)", "30 03 0000 00", PROTOCOL_ERROR},
    {"a wildcard # in a name (3.3.2.1)", "30 04 0001 23 00", PROTOCOL_ERROR},
    {"a wildcard + in a name (3.3.2.1)", "30 06 0003 612F2B 00",
     PROTOCOL_ERROR},
    {"a topic that is not UTF-8 (1.5.4)", "30 04 0001 FF 00", MALFORMED},
    {"a surrogate in a topic (1.5.4)", "30 06 0003 EDA080 00", MALFORMED},
    {"U+0000 in a topic (1.5.4)", "30 04 0001 00 00", MALFORMED},
    {"a topic longer than the packet", "30 04 0005 74 00", MALFORMED},
    {"no topic length", "30 01 00", MALFORMED},
    {"an empty packet", "30 00", MALFORMED},
    {"no identifier", "32 04 0001 74 00", MALFORMED},
    {"no property length", "30 03 0001 74", MALFORMED},
    {"properties longer than the packet", "30 04 0001 74 05", MALFORMED},
    {"a topic alias (3.3.2.3.4)", "30 07 0001 74 03 23 0001", TOPIC_ALIAS},
    {"an alias instead of a topic", "30 06 0000 03 23 0001", TOPIC_ALIAS},
    {"payload format 2 (3.3.2.3.2)", "30 06 0001 74 02 01 02", PROTOCOL_ERROR},
    {"payload format twice", "30 08 0001 74 04 01 00 01 00", PROTOCOL_ERROR},
    {"expiry twice (3.3.2.3.3)", "30 0E 0001 74 0A 02 00000001 02 00000001",
     PROTOCOL_ERROR},
    {"a topic alias twice", "30 0A 0001 74 06 23 0001 23 0001", PROTOCOL_ERROR},
    {"content type twice (3.3.2.3.9)", "30 0C 0001 74 08 03 0001 61 03 0001 61",
     PROTOCOL_ERROR},
    {"subscription identifier 0 (3.3.2.3.8)", "30 06 0001 74 02 0B 00",
     PROTOCOL_ERROR},
    {"a subscription identifier of five bytes",
     "30 0A 0001 74 06 0B 80 80 80 80 01", MALFORMED},
    {"a reason string, which PUBLISH has not", "30 08 0001 74 04 1F 0001 61",
     MALFORMED},
    {"a response topic that is not UTF-8", "30 08 0001 74 04 08 0001 FF",
     MALFORMED},
    {"correlation data cut short", "30 08 0001 74 04 09 0002 61", MALFORMED},

    /* 3.4: PUBACK, publication 1 is awaited */
    {"an identifier that is not under way", "40 02 0007", PROTOCOL_ERROR},
    {"the identifier of the subscription", "40 02 0002", PROTOCOL_ERROR},
    {"an identifier of 0", "40 02 0000", PROTOCOL_ERROR},
    {"a success that is none (3.4.2.1)", "40 03 0001 01", PROTOCOL_ERROR},
    {"a reason below 0x80 that is none", "40 03 0001 7F", PROTOCOL_ERROR},
    {"no identifier", "40 01 00", MALFORMED},
    {"an empty PUBACK", "40 00", MALFORMED},
    {"something behind its properties", "40 05 0001 00 00 00", MALFORMED},
    {"properties cut short", "40 04 0001 00 05", MALFORMED},
    {"a property of another packet", "40 07 0001 00 03 21 0001", MALFORMED},
    {"a reason string twice", "40 0A 0001 00 06 1F 0000 1F 0000",
     PROTOCOL_ERROR},

    /* 3.9: SUBACK, subscription 2 is awaited */
    {"an identifier that is not under way", "90 04 0007 00 00", PROTOCOL_ERROR},
    {"the identifier of the publication", "90 04 0001 00 00", PROTOCOL_ERROR},
    {"no identifier", "90 01 00", MALFORMED},
    {"no reason code", "90 03 0002 00", MALFORMED},
    {"no properties", "90 02 0002", MALFORMED},
    {"two reason codes for one filter (3.9.3)", "90 05 0002 00 00 00",
     MALFORMED},
    {"more than was asked for", "90 04 0002 00 02", PROTOCOL_ERROR},
    {"a reason code that is none", "90 04 0002 00 03", PROTOCOL_ERROR},
    {"a property of another packet", "90 07 0002 03 21 0001 00", MALFORMED},

    /* 3.13, 3.14 */
    {"PINGRESP with a body", "D0 01 00", MALFORMED},
    {"PINGRESP without a PINGREQ", "D0 00", PROTOCOL_ERROR},
    {"DISCONNECT with properties cut short", "E0 02 00 01", MALFORMED},
    {"DISCONNECT with something behind", "E0 03 00 00 00", MALFORMED},
    {"a session expiry in a broker's DISCONNECT (3.14.2.2.2)",
     "E0 07 00 05 11 00000000", MALFORMED},
};

static void given_answers_awaited(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", PAWL_NO_BYTES,
                               PAWL_MQTT_QOS_1, false),
             PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
}

static void what_breaks_a_rule_ends_it_with_the_reason(void)
{
    static const size_t pieces[] = {0, 1, 2, 3, 7};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(refused); i++) {
        for (size_t j = 0; j < PAWL_ARRAY_LEN(pieces); j++) {
            given_answers_awaited();
            broker.session.piece = pieces[j];
            broker_says(&broker, refused[i].bytes);
            check_ended(refused[i].reason);
            CHECK_EQ(broker.messages, 0);
        }
    }
}

/* The same packets without the defect. */
static void what_keeps_the_rules_is_taken(void)
{
    static const char *const rows[] = {
        "30 04 0001 74 00",
        "31 04 0001 74 00",
        "3A 06 0001 74 0001 00",
        "30 06 0001 74 02 01 01",
        "30 09 0001 74 05 02 00000001",
        "30 08 0001 74 04 03 0001 61",
        "30 08 0001 74 04 08 0001 61",
        "30 08 0001 74 04 09 0001 FF",
        "30 08 0001 74 04 0B 01 0B 02",
        "30 09 0001 74 05 0B FFFFFF7F",
        "30 13 0001 74 0E 26 0001 61 0001 62 26 0001 61 0001 62 01",
        "40 02 0001",
        "40 03 0001 10",
        "40 04 0001 00 00",
        "40 08 0001 00 04 1F 0001 61",
        "90 04 0002 00 00",
        "90 04 0002 00 01",
        "90 08 0002 04 1F 0001 61 00",
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_answers_awaited();
        broker_says(&broker, rows[i]);
        CHECK(broker_settle(&broker) >= 0);
        CHECK(broker.mqtt.connected);
    }
}

/* A packet that is not whole is waited for, at each of its bytes. */
static void every_truncation_is_waited_for(void)
{
    static const char *const rows[] = {
        "20 06 00 00 03 21 0001",
        "32 0B 0001 74 0009 02 01 01 616263",
        "40 08 0001 00 04 1F 0001 61",
        "90 04 0002 00 01",
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        uint8_t buf[64];
        struct pawl_bytes whole = hex(rows[i], buf, sizeof buf);

        for (size_t len = 0; len < whole.len; len++) {
            if (i == 0) {
                broker_open(&broker);
            } else {
                given_answers_awaited();
            }
            broker_says(&broker, rows[i]);
            broker.session.input_len -= whole.len - len;
            broker.heard = broker.session.sent_len;
            CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
            CHECK(broker_heard(&broker, ""));
            CHECK_EQ(broker.messages, 0);

            broker.session.input_len += whole.len - len;
            CHECK(broker_settle(&broker) >= 0);
            CHECK(broker.mqtt.connected);
        }
    }
}

/* The same with the remaining length made to fit: each is malformed, but for
 * those that only lose what may be left out. */
static void every_shortened_packet_is_refused(void)
{
    static const struct {
        const char *bytes;
        size_t may[3]; /* remaining lengths that are legal, too */
    } rows[] = {
        {"30 0D 0001 74 09 01 01 26 0001 61 0001", {0}},
        {"32 07 0001 74 0009 02 01", {0}},
        {"40 08 0001 00 04 1F 0001 61", {2, 3, 0}},
        {"90 08 0002 04 1F 0001 61 01", {0}},
        {"E0 06 8B 04 1F 0001 61", {1, 0, 0}},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        uint8_t buf[64];
        struct pawl_bytes whole = hex(rows[i].bytes, buf, sizeof buf);

        for (size_t len = 0; len + 2 < whole.len; len++) {
            const size_t *may = rows[i].may;

            if (len == may[0] || len == may[1] || len == may[2]) {
                continue;
            }
            given_answers_awaited();
            broker_says(&broker, rows[i].bytes);
            broker.session.input_len -= whole.len - 2 - len;
            broker.input[broker.session.input_len - len - 1] = (uint8_t)len;
            check_ended(MALFORMED);
        }
    }
}

/* ---- what arrives ---- */

static void a_message_is_handed_on(void)
{
    broker_connect(&broker, "");
    broker_says(&broker, "31 08 0003 612F62 00 6869");
    CHECK_EQ(broker_settle(&broker), PAWL_OK);
    CHECK_EQ(broker.messages, 1);
    CHECK(strcmp(broker.topic, "a/b") == 0);
    CHECK(strcmp(broker.payload, "hi") == 0);
    CHECK_EQ(broker.qos, PAWL_MQTT_QOS_0);
    CHECK(broker.retained);
    CHECK(broker_heard(&broker, ""));
}

/* 4.6: in the order in which they came. */
static void messages_of_qos_1_are_acknowledged_in_order(void)
{
    broker_connect(&broker, "");
    broker_says(&broker, "32 06 0001 74 0009 00 32 06 0001 74 0003 00"
                         "3A 07 0001 74 FFFF 00 78");
    CHECK_EQ(broker_settle(&broker), PAWL_OK);
    CHECK_EQ(broker.messages, 3);
    CHECK_EQ(broker.qos, PAWL_MQTT_QOS_1);
    CHECK(strcmp(broker.payload, "x") == 0);
    CHECK(broker_heard(&broker, "40 02 0009 40 02 0003 40 02 FFFF"));
}

/* Four may be on their way (3.1.2.11.3); the fifth is refused, and not handed
 * on. */
static void the_receive_maximum_is_kept(void)
{
    broker_connect(&broker, "");
    broker.session.send_end = PAWL_PENDING; /* nothing can be acknowledged */
    for (unsigned i = 1; i <= 4; i++) {
        broker_says(&broker, "32 06 0001 74 0001 00");
    }
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK_EQ(broker.messages, 4);

    broker_says(&broker, "32 06 0001 74 0005 00");
    broker_says(&broker, "32 06 0001 74 0006 00");
    CHECK_EQ(broker_settle(&broker), PAWL_ERR_PROTOCOL);
    CHECK_EQ(broker.mqtt.reason, RECEIVE_MAXIMUM);
    CHECK(broker.messages <= 5);
}

static void five_at_once_are_refused_with_the_reason(void)
{
    broker_connect(&broker, "");
    broker_says(&broker, "32 06 0001 74 0001 00 32 06 0001 74 0002 00"
                         "32 06 0001 74 0003 00 32 06 0001 74 0004 00"
                         "32 06 0001 74 0005 00");
    CHECK_EQ(broker_settle(&broker), PAWL_ERR_PROTOCOL);
    CHECK_EQ(broker.messages, 4);
    CHECK(broker_heard(&broker, "E0 01 93"));
}

static void a_packet_of_our_maximum_is_taken(void)
{
    static const uint8_t head[] = {0x30, 0xFD, 0x07, 0x00, 0x01, 't', 0x00};

    broker_connect(&broker, "");
    memcpy(broker.input + broker.session.input_len, head, sizeof head);
    broker.session.input_len += PAWL_MQTT_PACKET_MAX;
    CHECK_EQ(broker_settle(&broker), PAWL_OK);
    CHECK_EQ(broker.messages, 1);
}

/* ---- answers ---- */

static void a_refused_publication_is_told_with_its_reason(void)
{
    static const uint8_t codes[] = {0x80, 0x83, 0x87, 0x90,
                                    0x91, 0x97, 0x99, 0xFF};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(codes); i++) {
        given_answers_awaited();
        broker_says(&broker, "40 03 0001 00");
        broker.input[broker.session.input_len - 1] = codes[i];
        CHECK_EQ(broker_settle(&broker), PAWL_ERR_REFUSED);
        CHECK_EQ(broker.mqtt.reason, codes[i]);
        CHECK_EQ(broker.mqtt.acknowledged, 0);
    }
}

static void a_refused_subscription_is_told_with_its_reason(void)
{
    static const uint8_t codes[] = {0x80, 0x83, 0x87, 0x8F, 0x91,
                                    0x97, 0x9E, 0xA1, 0xA2};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(codes); i++) {
        given_answers_awaited();
        broker_says(&broker, "90 04 0002 00 00");
        broker.input[broker.session.input_len - 1] = codes[i];
        CHECK_EQ(broker_settle(&broker), PAWL_ERR_REFUSED);
        CHECK_EQ(broker.mqtt.reason, codes[i]);
    }
}

static void a_brokers_farewell_is_told_with_its_reason(void)
{
    static const struct {
        const char *bytes;
        enum pawl_status status;
        uint8_t reason;
    } rows[] = {
        {"E0 00", PAWL_ERR_CLOSED, 0x00},
        {"E0 01 00", PAWL_ERR_CLOSED, 0x00},
        {"E0 01 8B", PAWL_ERR_REFUSED, 0x8B},
        {"E0 02 8E 00", PAWL_ERR_REFUSED, 0x8E},
        {"E0 06 9D 04 1C 0001 61", PAWL_ERR_REFUSED, 0x9D},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        broker_connect(&broker, "");
        broker_says(&broker, rows[i].bytes);
        CHECK_EQ(broker_settle(&broker), rows[i].status);
        CHECK_EQ(broker.mqtt.reason, rows[i].reason);
        CHECK(broker_heard(&broker, "")); /* 3.14.4: none is sent back */
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(connack_may_have_each_of_its_properties),
    CHECK_TEST(connack_with_an_illegal_property_is_refused),
    CHECK_TEST(connack_with_a_property_twice_is_refused),
    CHECK_TEST(a_refusal_is_kept_with_its_reason),
    CHECK_TEST(connack_that_contradicts_itself_is_refused),
    CHECK_TEST(a_session_that_the_broker_kept_is_told),
    CHECK_TEST(before_connack_nothing_else_is_taken),
    CHECK_TEST(what_breaks_a_rule_ends_it_with_the_reason),
    CHECK_TEST(what_keeps_the_rules_is_taken),
    CHECK_TEST(every_truncation_is_waited_for),
    CHECK_TEST(every_shortened_packet_is_refused),
    CHECK_TEST(a_message_is_handed_on),
    CHECK_TEST(messages_of_qos_1_are_acknowledged_in_order),
    CHECK_TEST(the_receive_maximum_is_kept),
    CHECK_TEST(five_at_once_are_refused_with_the_reason),
    CHECK_TEST(a_packet_of_our_maximum_is_taken),
    CHECK_TEST(a_refused_publication_is_told_with_its_reason),
    CHECK_TEST(a_refused_subscription_is_told_with_its_reason),
    CHECK_TEST(a_brokers_farewell_is_told_with_its_reason),
};
CHECK_MAIN(tests)
