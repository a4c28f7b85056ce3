/* SPDX-License-Identifier: Apache-2.0 */
/* The client as a whole: its states, time, and a session that gives and takes
 * little at once. */
#include "base/base.h"
#include "check.h"
#include "mqtt/broker.h"
#include <string.h>

static struct broker broker;

#define OPENED_MS 1000u

static enum pawl_status step(void)
{
    return pawl_mqtt_step(&broker.mqtt, &broker.wait);
}

static enum pawl_status publish(enum pawl_mqtt_qos qos)
{
    return pawl_mqtt_publish(&broker.mqtt, "t", PAWL_NO_BYTES, qos, false);
}

/* ---- states ---- */

static void nothing_can_be_said_before_connack(void)
{
    broker_open(&broker);
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_ERR_STATE);
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_0),
             PAWL_ERR_STATE);
    CHECK_EQ(pawl_mqtt_disconnect(&broker.mqtt), PAWL_ERR_STATE);
    CHECK(broker_heard(&broker, ""));
}

static void a_client_that_was_not_opened_does_nothing(void)
{
    broker_make(&broker);
    broker.config.client_id = "";
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_ERR_ARGUMENT);
    CHECK_EQ(step(), PAWL_ERR_STATE);
    CHECK_EQ(broker.session.sent_len, 0);
}

static void connack_ends_the_waiting(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(broker.mqtt.reason, 0);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, ""));
}

static void a_publication_of_qos_1_is_done_when_acknowledged(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK_EQ(broker.mqtt.acknowledged, 0);
    broker_says(&broker, "40 02 0001");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.mqtt.acknowledged, 1);
}

/* 3.4.2.1: no subscriber is no failure. */
static void a_publication_that_nobody_hears_is_done(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    broker_says(&broker, "40 03 0001 10");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.mqtt.acknowledged, 1);
    CHECK_EQ(broker.mqtt.reason, 0x10);
}

static void a_subscription_tells_what_was_granted(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    broker_says(&broker, "90 04 0001 00 01");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.mqtt.reason, 1);
}

static void one_packet_is_queued_at_a_time(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_OK);
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_PENDING);
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_0),
             PAWL_PENDING);
    CHECK_EQ(pawl_mqtt_disconnect(&broker.mqtt), PAWL_PENDING);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "30 04 0001 74 00"));
}

static void one_answer_of_a_kind_is_awaited_at_a_time(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_PENDING);
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "u", PAWL_MQTT_QOS_1),
             PAWL_PENDING);
    CHECK(broker_heard(&broker, "32 06 0001 74 0001 00 30 04 0001 74 00"
                                "82 07 0002 00 0001 74 01"));
}

/* 2.2.1: never 0, and another one each time. */
static void identifiers_go_round_without_zero(void)
{
    broker_connect(&broker, "");
    broker.mqtt.last_id = 0xFFFE;
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    broker_says(&broker, "40 02 FFFF");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK(broker_heard(&broker, "32 06 0001 74 FFFF 00 32 06 0001 74 0001 00"));
}

/* 3.2.2.3.4: what the broker does not take is not sent in silence instead. */
static void qos_1_is_refused_where_the_broker_has_only_qos_0(void)
{
    broker_connect(&broker, "24 00");
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_OK);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "30 04 0001 74 00"));
}

/* 3.2.2.3.5: RETAIN must not be sent. */
static void retain_is_left_out_where_the_broker_has_none(void)
{
    broker_connect(&broker, "25 00");
    CHECK_EQ(pawl_mqtt_publish(&broker.mqtt, "t", PAWL_NO_BYTES,
                               PAWL_MQTT_QOS_0, true),
             PAWL_OK);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "30 04 0001 74 00"));
}

/* A publication and a subscription do not wait for what is being received. */
static void a_publication_goes_out_while_a_packet_comes_in(void)
{
    broker_connect(&broker, "");
    broker_says(&broker, "30 08 0003 612F");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(step(), PAWL_PENDING);
    CHECK(broker_heard(&broker, "32 06 0001 74 0001 00"));
    broker_says(&broker, "62 00 6869 40 02 0001");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.messages, 1);
    CHECK(strcmp(broker.topic, "a/b") == 0);
    CHECK_EQ(broker.mqtt.acknowledged, 1);
}

/* In the same step: the caller may sleep behind it. */
static void a_message_is_acknowledged_at_once(void)
{
    broker_connect(&broker, "");
    broker_says(&broker, "32 06 0001 74 0009 00");
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "40 02 0009"));
    CHECK((broker.wait.events & PAWL_WAIT_NOTHING) == 0);
}

/* A packet that is half sent is not cut by an acknowledgement. */
static void acknowledgements_go_out_between_packets(void)
{
    broker_connect(&broker, "");
    broker.session.piece = 3;
    broker.session.block = true;
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    broker_says(&broker, "32 06 0001 75 0009 00");
    CHECK_EQ(broker_settle(&broker), PAWL_PENDING);
    CHECK(broker_heard(&broker, "32 06 0001 74 0001 00 40 02 0009"));
}

/* ---- keep-alive (3.1.2.10) ---- */

static void a_ping_is_sent_at_three_quarters_of_the_keep_alive(void)
{
    broker_connect(&broker, "");
    CHECK((broker.wait.events & PAWL_WAIT_DEADLINE) != 0);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 45000);

    broker.now_ms = OPENED_MS + 44999;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, ""));
    broker.now_ms = OPENED_MS + 45000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "C0 00"));
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 55000);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "")); /* one at a time */

    broker.now_ms = OPENED_MS + 46000;
    broker_says(&broker, "D0 00");
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 90000);
    broker.now_ms = OPENED_MS + 90000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "C0 00"));
}

static void pings_are_not_piled_up(void)
{
    broker_connect(&broker, "13 0004"); /* 4 s: shorter than the wait */
    broker.now_ms = OPENED_MS + 3000;
    CHECK_EQ(step(), PAWL_OK);
    broker.now_ms = OPENED_MS + 12000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "C0 00"));
}

static void what_is_sent_puts_the_ping_off(void)
{
    broker_connect(&broker, "");
    broker.now_ms = OPENED_MS + 44000;
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_OK);
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 89000);
    broker.now_ms = OPENED_MS + 88999;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "30 04 0001 74 00"));
}

static void the_brokers_keep_alive_replaces_ours(void)
{
    broker_connect(&broker, "13 0014"); /* 20 s */
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 15000);
    broker.now_ms = OPENED_MS + 15000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "C0 00"));
}

static void a_keep_alive_of_zero_pings_never(void)
{
    broker_connect(&broker, "13 0000");
    CHECK((broker.wait.events & PAWL_WAIT_DEADLINE) == 0);
    broker.now_ms = OPENED_MS + 1000000000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, ""));
}

/* The session ends by its age, also where nothing else is to be done. */
static void the_sessions_own_deadline_is_kept(void)
{
    broker_connect(&broker, "13 0000");
    broker.session.deadline_ms = OPENED_MS + 86400000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK((broker.wait.events & PAWL_WAIT_DEADLINE) != 0);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 86400000);

    broker_connect(&broker, "");
    broker.session.deadline_ms = OPENED_MS + 44999;
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 44999);
    broker.session.deadline_ms = OPENED_MS + 45001;
    CHECK_EQ(step(), PAWL_OK);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 45000);
}

static void no_answer_to_a_ping_ends_it(void)
{
    broker_connect(&broker, "");
    broker.now_ms = OPENED_MS + 45000;
    CHECK_EQ(step(), PAWL_OK);
    broker.now_ms += 9999;
    CHECK_EQ(step(), PAWL_OK);
    broker.now_ms += 1;
    CHECK_EQ(step(), PAWL_ERR_TIMEOUT);
    CHECK_EQ(step(), PAWL_ERR_TIMEOUT);
    CHECK(broker_heard(&broker, "C0 00"));
}

static void no_connack_ends_it(void)
{
    broker_open(&broker);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 30000);
    broker.now_ms = OPENED_MS + 29999;
    CHECK_EQ(step(), PAWL_PENDING);
    broker.now_ms = OPENED_MS + 30000;
    CHECK_EQ(step(), PAWL_ERR_TIMEOUT);
}

/* A broker that answers pings, and nothing else. */
static void no_answer_to_a_publication_ends_it(void)
{
    broker_connect(&broker, "");
    CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
    CHECK_EQ(step(), PAWL_PENDING);
    broker.now_ms = OPENED_MS + 45000;
    CHECK_EQ(step(), PAWL_PENDING);
    broker_says(&broker, "D0 00");
    CHECK_EQ(step(), PAWL_PENDING);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 60000);
    broker.now_ms = OPENED_MS + 60000;
    CHECK_EQ(step(), PAWL_ERR_TIMEOUT);
}

/* A peer that reads nothing more: the deadline is one that comes, and is not
 * put into the past. */
static void a_session_that_takes_nothing_ends_it(void)
{
    broker_connect(&broker, "");
    broker.session.send_end = PAWL_PENDING;
    broker.now_ms = OPENED_MS + 10000;
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_OK);
    CHECK_EQ(step(), PAWL_PENDING);
    CHECK((broker.wait.events & PAWL_WAIT_WRITABLE) != 0);
    CHECK_EQ(broker.wait.deadline_ms, OPENED_MS + 40000);
    broker.now_ms = OPENED_MS + 39999;
    CHECK_EQ(step(), PAWL_PENDING);
    broker.now_ms = OPENED_MS + 40000;
    CHECK_EQ(step(), PAWL_ERR_TIMEOUT);
}

static void a_long_pause_begins_with_a_ping(void)
{
    broker_connect(&broker, "");
    broker.now_ms = OPENED_MS + 10000000;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "C0 00"));
}

/* ---- the end ---- */

/* 3.14.4: nothing follows a DISCONNECT, were it a ping that is due. */
static void nothing_follows_a_farewell(void)
{
    broker_connect(&broker, "");
    broker.now_ms = OPENED_MS + 45000;
    CHECK_EQ(pawl_mqtt_disconnect(&broker.mqtt), PAWL_OK);
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_ERR_STATE);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "E0 00"));
    CHECK_EQ(step(), PAWL_ERR_CLOSED);
    CHECK(broker_heard(&broker, ""));
}

static void nothing_follows_a_farewell_with_a_reason(void)
{
    broker_connect(&broker, "");
    broker_says(&broker, "32 06 0001 74 0009 00 D0 00");
    CHECK_EQ(step(), PAWL_ERR_PROTOCOL);
    CHECK(broker_heard(&broker, "E0 01 82"));
    CHECK_EQ(broker.messages, 1);
}

/* In the middle of another packet a DISCONNECT would be a part of it. */
static void no_farewell_is_put_into_a_half_sent_packet(void)
{
    broker_connect(&broker, "");
    broker.session.piece = 3;
    broker.session.block = true;
    broker.session.may_send = true; /* the first call is not blocked */
    CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_OK);
    broker_says(&broker, "00 00");
    broker.session.may_receive = true;
    CHECK_EQ(step(), PAWL_ERR_PROTOCOL);
    CHECK_EQ(broker.mqtt.reason, 0x81);
    CHECK(broker_heard(&broker, "30 04 00"));
}

/* CONNECT is the first that a client says (3.1). */
static void no_farewell_comes_before_connect(void)
{
    broker_make(&broker);
    broker.session.block = true; /* the first call to send */
    broker.session.may_receive = true;
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
    broker_says(&broker, "00 00");
    CHECK_EQ(step(), PAWL_ERR_PROTOCOL);
    CHECK_EQ(broker.session.sent_len, 0);
}

static void a_farewell_waits_for_the_session_to_take_it(void)
{
    broker_connect(&broker, "");
    broker.session.block = true;
    broker.session.may_send = false; /* the first call is blocked */
    broker.session.piece = 1;
    CHECK_EQ(pawl_mqtt_disconnect(&broker.mqtt), PAWL_OK);
    CHECK_EQ(step(), PAWL_PENDING);
    CHECK_EQ(step(), PAWL_PENDING);
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker_heard(&broker, "E0 00"));
}

/* ---- a session that gives and takes little at once ---- */

#define LATER 11 /* bytes of its last line */
static const char conversation[] = "90 04 0001 00 01"
                                   "32 0B 0003 612F62 0009 00 616263"
                                   "40 02 0002 30 05 0001 74 00 78";

/* Subscribes, gets a message, publishes, gets another. */
static enum pawl_status converse(void)
{
    enum pawl_status status = broker_settle(&broker);

    if (status == PAWL_OK) {
        CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "a/b", PAWL_MQTT_QOS_1),
                 PAWL_OK);
        status = broker_settle(&broker);
    }
    if (status == PAWL_PENDING) {
        broker_says(&broker, conversation);
        broker.session.input_len -= LATER;
        status = broker_settle(&broker);
    }
    if (status == PAWL_OK) {
        CHECK_EQ(publish(PAWL_MQTT_QOS_1), PAWL_OK);
        status = broker_settle(&broker);
    }
    if (status == PAWL_PENDING) {
        broker.session.input_len += LATER;
        status = broker_settle(&broker);
    }
    return status;
}

static void given_a_client_on(size_t piece, bool block)
{
    broker_make(&broker);
    broker.session.piece = piece;
    broker.session.block = block;
    CHECK_EQ(pawl_mqtt_open(&broker.mqtt, &broker.config), PAWL_OK);
    broker_connack(&broker, 0, 0, "21 0001");
}

static void small_pieces_and_would_block_change_nothing(void)
{
    static const size_t pieces[] = {0, 1, 2, 3, 7};

    for (size_t i = 0; i < 2 * PAWL_ARRAY_LEN(pieces); i++) {
        given_a_client_on(pieces[i / 2], i % 2 != 0);
        CHECK_EQ(converse(), PAWL_OK);
        CHECK(broker_heard(&broker, "10 19 0004 4D515454 05 02 003C"
                                    "08 21 0004 27 00000400 0004 64657631"
                                    "82 09 0001 00 0003 612F62 01"
                                    "40 02 0009"
                                    "32 06 0001 74 0002 00"));
        CHECK_EQ(broker.messages, 2);
        CHECK(strcmp(broker.payload, "x") == 0);
        CHECK_EQ(broker.mqtt.acknowledged, 1);
    }
}

/* The stream ends behind each byte that is received. */
static void an_end_of_the_stream_is_told_at_each_byte(void)
{
    static const enum pawl_status ends[] = {PAWL_ERR_CLOSED, PAWL_ERR_PROTOCOL,
                                            PAWL_ERR_UNREACHABLE};
    size_t all = 1;

    for (size_t at = 0; at < all; at++) {
        enum pawl_status end = ends[at % PAWL_ARRAY_LEN(ends)];

        broker_connect(&broker, "");
        CHECK_EQ(pawl_mqtt_subscribe(&broker.mqtt, "t", PAWL_MQTT_QOS_1),
                 PAWL_OK);
        CHECK_EQ(step(), PAWL_PENDING);
        size_t before = broker.session.input_len;
        broker_says(&broker, conversation);
        all = broker.session.input_len - before - LATER;
        broker.session.input_len = before + at;
        broker.session.end = end;
        CHECK_EQ(broker_settle(&broker), end);
        CHECK_EQ(step(), end);
        CHECK(!broker.mqtt.connected);
        CHECK_EQ(publish(PAWL_MQTT_QOS_0), PAWL_ERR_STATE);
        CHECK_EQ(broker.messages, 0);
    }
}

/* The session fails behind each byte that is sent. */
static void a_failure_to_send_is_told_at_each_byte(void)
{
    given_a_client_on(1, false);
    CHECK_EQ(converse(), PAWL_OK);
    size_t all = broker.session.sent_len;

    for (size_t at = 0; at < all; at++) {
        given_a_client_on(1, false);
        broker.session.send_limit = at;
        broker.session.send_end = PAWL_ERR_UNREACHABLE;
        CHECK_EQ(converse(), PAWL_ERR_UNREACHABLE);
        CHECK_EQ(broker.session.sent_len, at);
        CHECK_EQ(step(), PAWL_ERR_UNREACHABLE);
    }
}

/* A step is bounded, however much the broker says. */
static void a_flood_does_not_hold_a_step(void)
{
    broker_connect(&broker, "");
    for (unsigned i = 0; i < 500; i++) {
        broker_says(&broker, "30 04 0001 74 00");
    }
    broker.session.piece = 6;
    CHECK_EQ(step(), PAWL_OK);
    CHECK(broker.messages < 20);
    CHECK((broker.wait.events & PAWL_WAIT_NOTHING) != 0);
    CHECK_EQ(broker_settle(&broker), PAWL_OK);
    CHECK_EQ(broker.messages, 500);
}

static const struct check_test tests[] = {
    CHECK_TEST(nothing_can_be_said_before_connack),
    CHECK_TEST(a_client_that_was_not_opened_does_nothing),
    CHECK_TEST(connack_ends_the_waiting),
    CHECK_TEST(a_publication_of_qos_1_is_done_when_acknowledged),
    CHECK_TEST(a_publication_that_nobody_hears_is_done),
    CHECK_TEST(a_subscription_tells_what_was_granted),
    CHECK_TEST(one_packet_is_queued_at_a_time),
    CHECK_TEST(one_answer_of_a_kind_is_awaited_at_a_time),
    CHECK_TEST(identifiers_go_round_without_zero),
    CHECK_TEST(qos_1_is_refused_where_the_broker_has_only_qos_0),
    CHECK_TEST(retain_is_left_out_where_the_broker_has_none),
    CHECK_TEST(a_publication_goes_out_while_a_packet_comes_in),
    CHECK_TEST(a_message_is_acknowledged_at_once),
    CHECK_TEST(acknowledgements_go_out_between_packets),
    CHECK_TEST(a_ping_is_sent_at_three_quarters_of_the_keep_alive),
    CHECK_TEST(pings_are_not_piled_up),
    CHECK_TEST(what_is_sent_puts_the_ping_off),
    CHECK_TEST(the_brokers_keep_alive_replaces_ours),
    CHECK_TEST(a_keep_alive_of_zero_pings_never),
    CHECK_TEST(the_sessions_own_deadline_is_kept),
    CHECK_TEST(no_answer_to_a_ping_ends_it),
    CHECK_TEST(no_connack_ends_it),
    CHECK_TEST(no_answer_to_a_publication_ends_it),
    CHECK_TEST(a_session_that_takes_nothing_ends_it),
    CHECK_TEST(a_long_pause_begins_with_a_ping),
    CHECK_TEST(nothing_follows_a_farewell),
    CHECK_TEST(nothing_follows_a_farewell_with_a_reason),
    CHECK_TEST(no_farewell_is_put_into_a_half_sent_packet),
    CHECK_TEST(no_farewell_comes_before_connect),
    CHECK_TEST(a_farewell_waits_for_the_session_to_take_it),
    CHECK_TEST(small_pieces_and_would_block_change_nothing),
    CHECK_TEST(an_end_of_the_stream_is_told_at_each_byte),
    CHECK_TEST(a_failure_to_send_is_told_at_each_byte),
    CHECK_TEST(a_flood_does_not_hold_a_step),
};
CHECK_MAIN(tests)
