/* SPDX-License-Identifier: Apache-2.0 */
/* The packets that a broker sends. */
#include "base/base.h"
#include "mqtt/mqtt_internal.h"
#include <string.h>

static enum pawl_status malformed(uint8_t *reason)
{
    *reason = MQTT_MALFORMED;
    return PAWL_ERR_PROTOCOL;
}

static enum pawl_status out_of_place(uint8_t *reason)
{
    *reason = MQTT_PROTOCOL_ERROR;
    return PAWL_ERR_PROTOCOL;
}

/* What the broker's limits mean for us (3.2.2.3). */
static void adopt(struct pawl_mqtt *mqtt,
                  const struct pawl_mqtt_properties *properties)
{
    mqtt->packet_max = properties->maximum_packet_size;
    mqtt->qos_max = properties->maximum_qos;
    mqtt->retain_available = properties->retain_available != 0;
    if (properties->has_server_keep_alive) {
        mqtt->keep_alive_s = properties->server_keep_alive_s;
    }
}

static enum pawl_status connack(struct pawl_mqtt *mqtt, struct pawl_bytes body,
                                uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    uint8_t flags, code;

    if (mqtt->state != MQTT_CONNECTING) {
        return out_of_place(reason);
    }
    if (!pawl_mqtt_get_u8(&body, &flags) || flags > 1 ||
        !pawl_mqtt_get_u8(&body, &code) ||
        !pawl_mqtt_get_properties(&body, MQTT_CONNACK, &properties) ||
        body.len > 0) {
        return malformed(reason);
    }
    mqtt->reason = code;
    if (code != 0) {
        return PAWL_ERR_REFUSED;
    }
    if (flags == 1 && !mqtt->config.resume) {
        return out_of_place(
            reason); /* a clean start has no session (3.2.2.1) */
    }
    adopt(mqtt, &properties);
    mqtt->session_present = flags == 1;
    mqtt->connected = true;
    mqtt->state = MQTT_CONNECTED;
    return PAWL_OK;
}

/* Remembers to acknowledge id. */
static enum pawl_status queue_ack(struct pawl_mqtt *mqtt, uint16_t id,
                                  uint8_t *reason)
{
    if (id == 0) {
        return malformed(reason);
    }
    if (mqtt->ack_count == PAWL_MQTT_RECEIVE_MAX) {
        *reason = MQTT_RECEIVE_MAXIMUM;
        return PAWL_ERR_PROTOCOL;
    }
    mqtt->acks[mqtt->ack_count++] = id;
    return PAWL_OK;
}

/* A topic name has no wildcards (3.3.2.1); with no alias it is not empty. */
static bool topic_name(struct pawl_bytes topic)
{
    return topic.len > 0 && memchr(topic.data, '#', topic.len) == NULL &&
           memchr(topic.data, '+', topic.len) == NULL;
}

static enum pawl_status publish(struct pawl_mqtt *mqtt, uint8_t flags,
                                struct pawl_bytes body, uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    struct pawl_mqtt_message message = {.retained = (flags & 1u) != 0};
    uint8_t qos = (uint8_t)(flags >> 1 & 3u);
    enum pawl_status status = PAWL_OK;
    uint16_t id = 0;

    if (qos > 1) {
        return out_of_place(reason); /* we subscribe to QoS 1 at most */
    }
    if (!pawl_mqtt_get_text(&body, &message.topic) ||
        (qos > 0 && !pawl_mqtt_get_u16(&body, &id)) ||
        !pawl_mqtt_get_properties(&body, MQTT_PUBLISH, &properties)) {
        return malformed(reason);
    }
    if (properties.has_topic_alias) {
        *reason = MQTT_TOPIC_ALIAS; /* our maximum is 0 (3.1.2.11.5) */
        return PAWL_ERR_PROTOCOL;
    }
    if (!topic_name(message.topic)) {
        return out_of_place(reason);
    }
    if (qos > 0) {
        status = queue_ack(mqtt, id, reason);
    }
    if (status == PAWL_OK && mqtt->config.on_message != NULL) {
        message.payload = body;
        message.qos = (enum pawl_mqtt_qos)qos;
        mqtt->config.on_message(mqtt->config.ctx, &message);
    }
    return status;
}

/* PUBACK (3.4): reason and properties may be left out at its end. */
static enum pawl_status puback(struct pawl_mqtt *mqtt, struct pawl_bytes body,
                               uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    uint8_t code = 0;
    uint16_t id;

    if (!pawl_mqtt_get_u16(&body, &id) ||
        (body.len > 0 && !pawl_mqtt_get_u8(&body, &code)) ||
        (body.len > 0 &&
         !pawl_mqtt_get_properties(&body, MQTT_PUBACK, &properties)) ||
        body.len > 0) {
        return malformed(reason);
    }
    if (id == 0 || id != mqtt->publish_id) {
        return out_of_place(reason);
    }
    mqtt->publish_id = 0;
    mqtt->reason = code;
    if (code >= 0x80) {
        return PAWL_ERR_REFUSED;
    }
    mqtt->acknowledged++;
    return PAWL_OK;
}

static enum pawl_status suback(struct pawl_mqtt *mqtt, struct pawl_bytes body,
                               uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    uint8_t code;
    uint16_t id;

    if (!pawl_mqtt_get_u16(&body, &id) ||
        !pawl_mqtt_get_properties(&body, MQTT_SUBACK, &properties) ||
        !pawl_mqtt_get_u8(&body, &code) || body.len > 0) {
        return malformed(reason);
    }
    if (id == 0 || id != mqtt->subscribe_id) {
        return out_of_place(reason);
    }
    mqtt->subscribe_id = 0;
    mqtt->reason = code;
    return code < 0x80 ? PAWL_OK : PAWL_ERR_REFUSED;
}

static enum pawl_status pingresp(struct pawl_mqtt *mqtt, struct pawl_bytes body,
                                 uint8_t *reason)
{
    if (body.len > 0) {
        return malformed(reason);
    }
    if (!mqtt->ping_pending) {
        return out_of_place(reason);
    }
    mqtt->ping_pending = false;
    return PAWL_OK;
}

static enum pawl_status disconnect(struct pawl_mqtt *mqtt,
                                   struct pawl_bytes body, uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    uint8_t code = 0;

    if ((body.len > 0 && !pawl_mqtt_get_u8(&body, &code)) ||
        (body.len > 0 &&
         !pawl_mqtt_get_properties(&body, MQTT_DISCONNECT, &properties)) ||
        body.len > 0) {
        return malformed(reason);
    }
    mqtt->reason = code;
    return code < 0x80 ? PAWL_ERR_CLOSED : PAWL_ERR_REFUSED;
}

enum pawl_status pawl_mqtt_handle(struct pawl_mqtt *mqtt, uint8_t first,
                                  struct pawl_bytes body, uint8_t *reason)
{
    uint8_t type = first >> 4, flags = first & 0x0Fu;

    /* Flags are zero for all that a broker sends but PUBLISH (2.1.3). */
    if (type != MQTT_PUBLISH && flags != 0) {
        return malformed(reason);
    }
    if (type != MQTT_CONNACK && !mqtt->connected) {
        return out_of_place(reason);
    }
    switch (type) {
    case MQTT_CONNACK:
        return connack(mqtt, body, reason);
    case MQTT_PUBLISH:
        return publish(mqtt, flags, body, reason);
    case MQTT_PUBACK:
        return puback(mqtt, body, reason);
    case MQTT_SUBACK:
        return suback(mqtt, body, reason);
    case MQTT_PINGRESP:
        return pingresp(mqtt, body, reason);
    case MQTT_DISCONNECT:
        return disconnect(mqtt, body, reason);
    default:
        return out_of_place(reason);
    }
}
