/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt/broker.h"

#include "check.h"
#include "fake/hex.h"
#include <string.h>

static uint64_t monotonic_ms(void *ctx)
{
    return ((struct broker *)ctx)->now_ms;
}

static void copy_text(char *out, size_t cap, struct pawl_bytes bytes)
{
    size_t len = bytes.len < cap - 1 ? bytes.len : cap - 1;

    memcpy(out, bytes.data, len);
    out[len] = '\0';
}

static void on_message(void *ctx, const struct pawl_mqtt_message *message)
{
    struct broker *broker = ctx;

    broker->messages++;
    copy_text(broker->topic, sizeof broker->topic, message->topic);
    copy_text(broker->payload, sizeof broker->payload, message->payload);
    broker->qos = message->qos;
    broker->retained = message->retained;
}

void broker_make(struct broker *broker)
{
    memset(broker, 0, sizeof *broker);
    fake_session_open(&broker->session, "");
    broker->session.input = broker->input;
    broker->now_ms = 1000;
    broker->clock = (struct pawl_clock){broker, monotonic_ms, NULL, 0};
    broker->config = (struct pawl_mqtt_config){
        .session = fake_session_of(&broker->session),
        .clock = &broker->clock,
        .client_id = "dev1",
        .on_message = on_message,
        .ctx = broker,
    };
}

void broker_open(struct broker *broker)
{
    broker_make(broker);
    CHECK_EQ(pawl_mqtt_open(&broker->mqtt, &broker->config), PAWL_OK);
    CHECK_EQ(pawl_mqtt_step(&broker->mqtt, &broker->wait), PAWL_PENDING);
    broker->heard = broker->session.sent_len;
}

void broker_connect(struct broker *broker, const char *properties)
{
    broker_open(broker);
    broker_connack(broker, 0, 0, properties);
    CHECK_EQ(pawl_mqtt_step(&broker->mqtt, &broker->wait), PAWL_OK);
    CHECK(broker->mqtt.connected);
}

static void say(struct broker *broker, struct pawl_bytes bytes)
{
    CHECK(bytes.len <= BROKER_INPUT - broker->session.input_len);
    memcpy(broker->input + broker->session.input_len, bytes.data, bytes.len);
    broker->session.input_len += bytes.len;
}

void broker_says(struct broker *broker, const char *text)
{
    uint8_t buf[BROKER_INPUT];

    say(broker, hex(text, buf, sizeof buf));
}

void broker_connack(struct broker *broker, uint8_t flags, uint8_t code,
                    const char *properties)
{
    uint8_t buf[128] = {0x20, 0, flags, code, 0};
    struct pawl_bytes list = hex(properties, buf + 5, 100);

    buf[1] = (uint8_t)(3 + list.len);
    buf[4] = (uint8_t)list.len;
    say(broker, (struct pawl_bytes){buf, 5 + list.len});
}

bool broker_heard(struct broker *broker, const char *text)
{
    uint8_t buf[BROKER_INPUT];
    struct pawl_bytes expected = hex(text, buf, sizeof buf);
    const char *got = broker->session.sent + broker->heard;
    size_t len = broker->session.sent_len - broker->heard;

    broker->heard = broker->session.sent_len;
    return len == expected.len && memcmp(got, expected.data, len) == 0;
}

enum pawl_status broker_settle(struct broker *broker)
{
    struct fake_session *session = &broker->session;
    enum pawl_status status = PAWL_PENDING;

    for (unsigned still = 0; still < 3 && status >= 0;) {
        size_t before = session->sent_len + session->input_at;

        status = pawl_mqtt_step(&broker->mqtt, &broker->wait);
        still = session->sent_len + session->input_at == before ? still + 1 : 0;
    }
    return status;
}
