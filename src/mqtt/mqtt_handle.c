/* SPDX-License-Identifier: Apache-2.0 */
/* The packets that a broker sends. */
#include "base/base.h"
#include "mqtt/mqtt_internal.h"
#include <string.h>

/* Flags of PUBLISH (3.3.1). */
#define RETAIN 0x01u
#define DUP 0x08u

/* What PUBACK may say instead of plain success (3.4.2.1). */
#define NO_SUBSCRIBERS 0x10

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

/* Reads the properties of packet; on an error *reason is set. */
static enum pawl_status take_properties(struct pawl_bytes *body,
                                        enum mqtt_packet packet,
                                        struct pawl_mqtt_properties *properties,
                                        uint8_t *reason)
{
    *reason = (uint8_t)pawl_mqtt_get_properties(body, packet, properties);
    return *reason == MQTT_NORMAL ? PAWL_OK : PAWL_ERR_PROTOCOL;
}

/*
 * The end of PUBACK and DISCONNECT: a reason code and properties, which may be
 * left out from behind (3.4.2, 3.14.2).
 */
static enum pawl_status take_end(struct pawl_bytes body,
                                 enum mqtt_packet packet, uint8_t *code,
                                 uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    enum pawl_status status = PAWL_OK;

    *code = 0;
    if (body.len > 0) {
        (void)pawl_mqtt_get_u8(&body, code);
    }
    if (body.len > 0) {
        status = take_properties(&body, packet, &properties, reason);
    }
    if (status == PAWL_OK && body.len > 0) {
        status = malformed(reason);
    }
    return status;
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
        !pawl_mqtt_get_u8(&body, &code)) {
        return malformed(reason);
    }
    enum pawl_status status =
        take_properties(&body, MQTT_CONNACK, &properties, reason);
    if (status != PAWL_OK || body.len > 0) {
        return status != PAWL_OK ? status : malformed(reason);
    }
    if ((code != 0 && code < 0x80) ||
        (flags == 1 && (code != 0 || !mqtt->config.resume))) {
        return out_of_place(reason); /* 3.2.2.1.1, 3.2.2.2 */
    }
    mqtt->reason = code;
    if (code != 0) {
        return PAWL_ERR_REFUSED;
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
        return out_of_place(reason); /* 2.2.1 */
    }
    if (mqtt->ack_count == PAWL_MQTT_RECEIVE_MAX) {
        *reason = MQTT_RECEIVE_MAXIMUM;
        return PAWL_ERR_PROTOCOL;
    }
    mqtt->acks[mqtt->ack_count++] = id;
    return PAWL_OK;
}

/* Quality of service 3 is malformed (3.3.1.2); we subscribe to 1 at most, and
 * what is sent once cannot be a duplicate (3.3.1.1). */
static enum pawl_status judge_flags(uint8_t flags, uint8_t qos, uint8_t *reason)
{
    if (qos == 3) {
        return malformed(reason);
    }
    if (qos == 2 || (qos == 0 && (flags & DUP) != 0)) {
        return out_of_place(reason);
    }
    return PAWL_OK;
}

static enum pawl_status publish(struct pawl_mqtt *mqtt, uint8_t flags,
                                struct pawl_bytes body, uint8_t *reason)
{
    struct pawl_mqtt_properties properties;
    struct pawl_mqtt_message message = {.retained = (flags & RETAIN) != 0};
    uint8_t qos = (uint8_t)(flags >> 1 & 3u);
    enum pawl_status status = judge_flags(flags, qos, reason);
    uint16_t id = 0;

    if (status != PAWL_OK) {
        return status;
    }
    if (!pawl_mqtt_get_text(&body, &message.topic) ||
        (qos > 0 && !pawl_mqtt_get_u16(&body, &id))) {
        return malformed(reason);
    }
    status = take_properties(&body, MQTT_PUBLISH, &properties, reason);
    if (status != PAWL_OK) {
        return status;
    }
    if (properties.has_topic_alias) {
        *reason = MQTT_TOPIC_ALIAS; /* our maximum is 0 (3.1.2.11.5) */
        return PAWL_ERR_PROTOCOL;
    }
    if (!pawl_mqtt_is_name(message.topic)) {
        return out_of_place(reason); /* 3.3.2.1 */
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
    uint8_t code = 0;
    uint16_t id;

    if (!pawl_mqtt_get_u16(&body, &id)) {
        return malformed(reason);
    }
    enum pawl_status status = take_end(body, MQTT_PUBACK, &code, reason);
    if (status != PAWL_OK) {
        return status;
    }
    if (id == 0 || id != mqtt->publish_id ||
        (code < 0x80 && code != 0 && code != NO_SUBSCRIBERS)) {
        return out_of_place(reason); /* 3.4.2.1 */
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

    if (!pawl_mqtt_get_u16(&body, &id)) {
        return malformed(reason);
    }
    enum pawl_status status =
        take_properties(&body, MQTT_SUBACK, &properties, reason);
    if (status != PAWL_OK) {
        return status;
    }
    if (!pawl_mqtt_get_u8(&body, &code) || body.len > 0) {
        return malformed(reason); /* one code for our one filter (3.9.3) */
    }
    if (id == 0 || id != mqtt->subscribe_id ||
        (code > PAWL_MQTT_QOS_1 && code < 0x80)) {
        return out_of_place(reason); /* more than was asked for */
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
    uint8_t code = 0;
    enum pawl_status status = take_end(body, MQTT_DISCONNECT, &code, reason);

    if (status != PAWL_OK) {
        return status;
    }
    mqtt->reason = code;
    return code < 0x80 ? PAWL_ERR_CLOSED : PAWL_ERR_REFUSED;
}

/* The flags that a packet other than PUBLISH must have (2.1.3). */
static uint8_t fixed_flags(uint8_t type)
{
    return type == MQTT_PUBREL || type == MQTT_SUBSCRIBE ||
                   type == MQTT_UNSUBSCRIBE
               ? 2
               : 0;
}

enum pawl_status pawl_mqtt_handle(struct pawl_mqtt *mqtt, uint8_t first,
                                  struct pawl_bytes body, uint8_t *reason)
{
    uint8_t type = first >> 4, flags = first & 0x0Fu;

    /* PUBLISH apart, flags are fixed, and no packet has type 0 (2.1.2). */
    if (type == 0 || (type != MQTT_PUBLISH && flags != fixed_flags(type))) {
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
