/* SPDX-License-Identifier: Apache-2.0 */
/* The packets that a client sends. */
#include "base/base.h"
#include "mqtt/mqtt_internal.h"
#include <string.h>

/* Flags of CONNECT (3.1.2.3). */
#define CLEAN_START 0x02u
#define WILL 0x04u
#define WILL_QOS_1 0x08u

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

static size_t varint_len(size_t value)
{
    size_t len = 1;

    while (value >= 0x80) {
        value >>= 7;
        len++;
    }
    return len;
}

/* Session expiry, receive maximum and maximum packet size (3.1.2.11). */
static void put_connect_properties(struct pawl_mqtt_out *out,
                                   const struct pawl_mqtt_config *config)
{
    bool expiry = config->session_expiry_s > 0;

    pawl_mqtt_put_varint(out, expiry ? 13 : 8);
    if (expiry) {
        pawl_mqtt_put_u8(out, MQTT_SESSION_EXPIRY);
        pawl_mqtt_put_u32(out, config->session_expiry_s);
    }
    pawl_mqtt_put_u8(out, MQTT_PROPERTY_RECEIVE_MAXIMUM);
    pawl_mqtt_put_u16(out, PAWL_MQTT_RECEIVE_MAX);
    pawl_mqtt_put_u8(out, MQTT_MAXIMUM_PACKET_SIZE);
    pawl_mqtt_put_u32(out, PAWL_MQTT_PACKET_MAX);
}

static void put_connect_body(struct pawl_mqtt_out *out,
                             const struct pawl_mqtt_config *config)
{
    bool will = config->will_topic != NULL;
    uint8_t flags = (uint8_t)((config->resume ? 0 : CLEAN_START) |
                              (will ? WILL | WILL_QOS_1 : 0));
    static const uint8_t name_and_version[] = {0, 4, 'M', 'Q', 'T', 'T', 5};

    pawl_mqtt_put_raw(out, PAWL_BYTES(name_and_version));
    pawl_mqtt_put_u8(out, flags);
    pawl_mqtt_put_u16(out, config->keep_alive_s);
    put_connect_properties(out, config);
    pawl_mqtt_put_data(out, text(config->client_id));
    if (will) {
        pawl_mqtt_put_varint(out, 0);
        pawl_mqtt_put_data(out, text(config->will_topic));
        pawl_mqtt_put_data(out, config->will_payload);
    }
}

void pawl_mqtt_write_connect(struct pawl_mqtt_out *out,
                             const struct pawl_mqtt_config *config)
{
    struct pawl_mqtt_out measure = {NULL, 0, 0};

    put_connect_body(&measure, config);
    pawl_mqtt_put_u8(out, MQTT_CONNECT << 4);
    pawl_mqtt_put_varint(out, measure.len);
    put_connect_body(out, config);
}

void pawl_mqtt_write_publish(struct pawl_mqtt_out *out, struct pawl_bytes topic,
                             struct pawl_bytes payload, bool retain,
                             uint16_t id)
{
    uint8_t qos = id != 0 ? 1 : 0;
    size_t len =
        2 + topic.len + (qos != 0 ? 2u : 0u) + varint_len(0) + payload.len;

    pawl_mqtt_put_u8(
        out, (uint8_t)(MQTT_PUBLISH << 4 | qos << 1 | (retain ? 1 : 0)));
    pawl_mqtt_put_varint(out, len);
    pawl_mqtt_put_data(out, topic);
    if (qos != 0) {
        pawl_mqtt_put_u16(out, id);
    }
    pawl_mqtt_put_varint(out, 0);
    pawl_mqtt_put_raw(out, payload);
}

void pawl_mqtt_write_subscribe(struct pawl_mqtt_out *out,
                               struct pawl_bytes filter, uint8_t qos,
                               uint16_t id)
{
    /* The flags 0010 are fixed (3.8.1). */
    pawl_mqtt_put_u8(out, MQTT_SUBSCRIBE << 4 | 0x02);
    pawl_mqtt_put_varint(out, 2 + varint_len(0) + 2 + filter.len + 1);
    pawl_mqtt_put_u16(out, id);
    pawl_mqtt_put_varint(out, 0);
    pawl_mqtt_put_data(out, filter);
    pawl_mqtt_put_u8(out, qos);
}
