/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MQTT_INTERNAL_H
#define PAWL_MQTT_INTERNAL_H

/* The packets of MQTT 5.0, as bytes. Numbers in brackets name its sections. */

#include <pawl/mqtt.h>

/* Control packet types (2.1.2). */
enum mqtt_packet {
    MQTT_CONNECT = 1,
    MQTT_CONNACK = 2,
    MQTT_PUBLISH = 3,
    MQTT_PUBACK = 4,
    MQTT_PUBREL = 6,
    MQTT_SUBSCRIBE = 8,
    MQTT_SUBACK = 9,
    MQTT_UNSUBSCRIBE = 10,
    MQTT_PINGREQ = 12,
    MQTT_PINGRESP = 13,
    MQTT_DISCONNECT = 14
};

/* Reason codes that we send (2.4). */
enum mqtt_reason {
    MQTT_NORMAL = 0x00,
    MQTT_MALFORMED = 0x81,
    MQTT_PROTOCOL_ERROR = 0x82,
    MQTT_RECEIVE_MAXIMUM = 0x93,
    MQTT_TOPIC_ALIAS = 0x94,
    MQTT_TOO_LARGE = 0x95
};

/* Properties (2.2.2.2) that we send or whose value we use. */
enum mqtt_property {
    MQTT_SUBSCRIPTION_ID = 0x0B,
    MQTT_SESSION_EXPIRY = 0x11,
    MQTT_SERVER_KEEP_ALIVE = 0x13,
    MQTT_AUTHENTICATION_METHOD = 0x15,
    MQTT_AUTHENTICATION_DATA = 0x16,
    MQTT_PROPERTY_RECEIVE_MAXIMUM = 0x21,
    MQTT_PROPERTY_TOPIC_ALIAS = 0x23,
    MQTT_MAXIMUM_QOS = 0x24,
    MQTT_RETAIN_AVAILABLE = 0x25,
    MQTT_USER_PROPERTY = 0x26,
    MQTT_MAXIMUM_PACKET_SIZE = 0x27
};

/* The writer counts on beyond cap, so that one check at the end suffices. */
struct pawl_mqtt_out {
    uint8_t *buf;
    size_t cap, len;
};

void pawl_mqtt_put_u8(struct pawl_mqtt_out *out, uint8_t value);
void pawl_mqtt_put_u16(struct pawl_mqtt_out *out, uint16_t value);
void pawl_mqtt_put_u32(struct pawl_mqtt_out *out, uint32_t value);
/* Binary data, or a UTF-8 string (1.5.4, 1.5.6): two bytes of length first. */
void pawl_mqtt_put_data(struct pawl_mqtt_out *out, struct pawl_bytes data);
void pawl_mqtt_put_raw(struct pawl_mqtt_out *out, struct pawl_bytes data);
/* A variable byte integer (1.5.5). */
void pawl_mqtt_put_varint(struct pawl_mqtt_out *out, size_t value);

/* Each moves in behind what it has read; false when it is not there. */
bool pawl_mqtt_get_u8(struct pawl_bytes *in, uint8_t *value);
bool pawl_mqtt_get_u16(struct pawl_bytes *in, uint16_t *value);
bool pawl_mqtt_get_u32(struct pawl_bytes *in, uint32_t *value);
bool pawl_mqtt_get_data(struct pawl_bytes *in, struct pawl_bytes *data);
/* Whether topic is a topic name: not empty, no wildcards (4.7). */
bool pawl_mqtt_is_name(struct pawl_bytes topic);
/* A UTF-8 string without U+0000 (1.5.4). */
bool pawl_mqtt_get_text(struct pawl_bytes *in, struct pawl_bytes *text);

/*
 * Reads a variable byte integer of at most four bytes, shortest form.
 * PAWL_PENDING: more bytes are needed; PAWL_ERR_MALFORMED: it is none.
 */
enum pawl_status pawl_mqtt_get_varint(struct pawl_bytes *in, uint32_t *value);

/* The values of properties that matter to a client. */
struct pawl_mqtt_properties {
    uint16_t server_keep_alive_s;
    bool has_server_keep_alive;
    uint8_t maximum_qos;
    uint8_t retain_available;
    uint32_t maximum_packet_size;
    bool has_topic_alias;
};

/*
 * Reads the properties at the start of *in. Each must be allowed in packet
 * and be of its type, or it is MQTT_MALFORMED; each must be there once (but
 * for two that may be repeated) with a legal value, or it is
 * MQTT_PROTOCOL_ERROR (2.2.2.2, 1.2). MQTT_NORMAL: all is well.
 */
enum mqtt_reason
pawl_mqtt_get_properties(struct pawl_bytes *in, enum mqtt_packet packet,
                         struct pawl_mqtt_properties *properties);

/* Writes CONNECT (3.1). */
void pawl_mqtt_write_connect(struct pawl_mqtt_out *out,
                             const struct pawl_mqtt_config *config);
/* Writes PUBLISH (3.3); id 0 for QoS 0. */
void pawl_mqtt_write_publish(struct pawl_mqtt_out *out, struct pawl_bytes topic,
                             struct pawl_bytes payload, bool retain,
                             uint16_t id);
/* Writes SUBSCRIBE (3.8) for one filter. */
void pawl_mqtt_write_subscribe(struct pawl_mqtt_out *out,
                               struct pawl_bytes filter, uint8_t qos,
                               uint16_t id);

/*
 * Acts on one whole packet of the broker: first its type and flags, then its
 * body. On an error *reason is what DISCONNECT should say.
 */
enum pawl_status pawl_mqtt_handle(struct pawl_mqtt *mqtt, uint8_t first,
                                  struct pawl_bytes body, uint8_t *reason);

/* States of struct pawl_mqtt. */
enum mqtt_state {
    MQTT_CLOSED = 0,
    MQTT_CONNECTING, /* CONNECT is sent or being sent */
    MQTT_CONNECTED,  /* CONNACK said success */
    MQTT_DISCONNECTING,
    MQTT_FAILED
};

#endif
