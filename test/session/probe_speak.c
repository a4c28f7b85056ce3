/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_speak.h"

#include "probe_coap.h"

#include <pawl/http.h>
#include <pawl/mqtt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_late(const struct speech *speech)
{
    return speech->clock->monotonic_ms(speech->clock->ctx) >=
           speech->give_up_ms;
}

enum pawl_status speak_rest(const struct speech *speech, struct pawl_wait *wait)
{
    if ((wait->events & PAWL_WAIT_DEADLINE) == 0 ||
        wait->deadline_ms > speech->give_up_ms) {
        wait->events |= PAWL_WAIT_DEADLINE;
        wait->deadline_ms = speech->give_up_ms;
    }
    speech->sleep(wait);
    return is_late(speech) ? PAWL_ERR_TIMEOUT : PAWL_OK;
}

void speak_keep(struct speech *speech, const void *data, size_t len)
{
    size_t room = sizeof speech->body - 1 - speech->received;

    len = len < room ? len : room;
    memcpy(speech->body + speech->received, data, len);
    speech->received += len;
}

static enum pawl_status read_body(struct pawl_http *http, struct speech *speech)
{
    enum pawl_status status = PAWL_OK;
    struct pawl_wait wait;

    while (status == PAWL_OK) {
        char buf[256];
        size_t received = 0;

        status = pawl_http_read(http, buf, sizeof buf, &received, &wait);
        if (status == PAWL_OK) {
            speak_keep(speech, buf, received);
        } else if (status == PAWL_PENDING) {
            status = speak_rest(speech, &wait);
        }
    }
    return status == PAWL_ERR_CLOSED ? PAWL_OK : status;
}

/* words: PATH, or PATH:FIRST:LENGTH */
static enum pawl_status get(struct pawl_session *session, struct speech *speech,
                            const char *words)
{
    static struct pawl_http http;
    char path[128] = "";
    unsigned long first = 0, length = 0;
    struct pawl_wait wait;
    enum pawl_status status;

    (void)sscanf(words, "%127[^:]:%lu:%lu", path, &first, &length);
    pawl_http_open(&http, session);
    status = pawl_http_get(&http, path, first, length, NULL);
    while (status == PAWL_OK) {
        status = pawl_http_step(&http, &wait);
        if (status != PAWL_PENDING) {
            break;
        }
        status = speak_rest(speech, &wait);
    }
    speech->http_status = http.response.status;
    speech->partial = http.response.partial;
    return status == PAWL_OK ? read_body(&http, speech) : status;
}

static void on_message(void *ctx, const struct pawl_mqtt_message *message)
{
    speak_keep(ctx, message->payload.data, message->payload.len);
}

static enum pawl_status step(struct pawl_mqtt *mqtt, struct speech *speech)
{
    struct pawl_wait wait;
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING) {
        status = pawl_mqtt_step(mqtt, &wait);
        if (status == PAWL_PENDING && speak_rest(speech, &wait) != PAWL_OK) {
            status = PAWL_ERR_TIMEOUT;
        }
    }
    speech->mqtt_reason = mqtt->reason;
    return status;
}

/* Until the message that was sent has come back. */
static enum pawl_status listen_to(struct pawl_mqtt *mqtt, struct speech *speech)
{
    enum pawl_status status = PAWL_OK;

    while (status == PAWL_OK && speech->received == 0) {
        struct pawl_wait wait;

        status = pawl_mqtt_step(mqtt, &wait);
        if (status >= PAWL_OK && speech->received == 0) {
            status = speak_rest(speech, &wait);
        }
    }
    return status == PAWL_PENDING ? PAWL_OK : status;
}

/* words: TOPIC:TEXT. Subscribes, publishes, and waits for the message. */
static enum pawl_status publish(struct pawl_session *session,
                                struct speech *speech, const char *words)
{
    static struct pawl_mqtt mqtt;
    char topic[128] = "";
    const char *text = strchr(words, ':');
    const struct pawl_mqtt_config config = {
        .session = session,
        .clock = speech->clock,
        .client_id = "device-1",
        .on_message = on_message,
        .ctx = speech,
    };
    enum pawl_status status = pawl_mqtt_open(&mqtt, &config);

    (void)sscanf(words, "%127[^:]", topic);
    text = text == NULL ? "" : text + 1;
    if (status == PAWL_OK) {
        status = step(&mqtt, speech);
    }
    if (status == PAWL_OK) {
        pawl_session_accepted(session); /* CONNACK 0 */
        status = pawl_mqtt_subscribe(&mqtt, topic, PAWL_MQTT_QOS_1);
    }
    if (status == PAWL_OK) {
        status = step(&mqtt, speech);
    }
    if (status == PAWL_OK) {
        status = pawl_mqtt_publish(
            &mqtt, topic,
            (struct pawl_bytes){(const uint8_t *)text, strlen(text)},
            PAWL_MQTT_QOS_1, false);
    }
    return status == PAWL_OK ? listen_to(&mqtt, speech) : status;
}

enum pawl_status speak(struct pawl_session *session, struct speech *speech)
{
    if (strncmp(speech->words, "http:", 5) == 0) {
        return get(session, speech, speech->words + 5);
    }
    if (strncmp(speech->words, "mqtt:", 5) == 0) {
        return publish(session, speech, speech->words + 5);
    }
    if (strncmp(speech->words, "coap:", 5) == 0) {
        return speak_coap(session, speech, speech->words + 5);
    }
    return PAWL_ERR_ARGUMENT;
}
