/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, strings and properties of MQTT 5.0 (1.5, 2.2.2). */
#include "base/base.h"
#include "mqtt/mqtt_internal.h"
#include <string.h>

void pawl_mqtt_put_raw(struct pawl_mqtt_out *out, struct pawl_bytes data)
{
    if (data.len > 0 && out->len <= out->cap &&
        data.len <= out->cap - out->len) {
        memcpy(out->buf + out->len, data.data, data.len);
    }
    out->len = data.len <= SIZE_MAX - out->len ? out->len + data.len : SIZE_MAX;
}

void pawl_mqtt_put_u8(struct pawl_mqtt_out *out, uint8_t value)
{
    pawl_mqtt_put_raw(out, (struct pawl_bytes){&value, 1});
}

void pawl_mqtt_put_u16(struct pawl_mqtt_out *out, uint16_t value)
{
    uint8_t bytes[2];

    pawl_put_u16(bytes, value);
    pawl_mqtt_put_raw(out, PAWL_BYTES(bytes));
}

void pawl_mqtt_put_u32(struct pawl_mqtt_out *out, uint32_t value)
{
    uint8_t bytes[4];

    pawl_put_u32(bytes, value);
    pawl_mqtt_put_raw(out, PAWL_BYTES(bytes));
}

void pawl_mqtt_put_data(struct pawl_mqtt_out *out, struct pawl_bytes data)
{
    pawl_mqtt_put_u16(out, (uint16_t)data.len);
    pawl_mqtt_put_raw(out, data);
}

void pawl_mqtt_put_varint(struct pawl_mqtt_out *out, size_t value)
{
    do {
        uint8_t digit = (uint8_t)(value & 0x7Fu);

        value >>= 7;
        pawl_mqtt_put_u8(out, value > 0 ? (uint8_t)(digit | 0x80u) : digit);
    } while (value > 0);
}

/* Takes len bytes from the front of *in. */
static const uint8_t *take(struct pawl_bytes *in, size_t len)
{
    const uint8_t *at = in->data;

    if (len > in->len) {
        return NULL;
    }
    in->data += len;
    in->len -= len;
    return at;
}

bool pawl_mqtt_get_u8(struct pawl_bytes *in, uint8_t *value)
{
    const uint8_t *at = take(in, 1);

    *value = at != NULL ? at[0] : 0;
    return at != NULL;
}

bool pawl_mqtt_get_u16(struct pawl_bytes *in, uint16_t *value)
{
    const uint8_t *at = take(in, 2);

    *value = at != NULL ? pawl_get_u16(at) : 0;
    return at != NULL;
}

bool pawl_mqtt_get_u32(struct pawl_bytes *in, uint32_t *value)
{
    const uint8_t *at = take(in, 4);

    *value = at != NULL ? pawl_get_u32(at) : 0;
    return at != NULL;
}

bool pawl_mqtt_get_data(struct pawl_bytes *in, struct pawl_bytes *data)
{
    uint16_t len;

    *data = PAWL_NO_BYTES;
    if (!pawl_mqtt_get_u16(in, &len)) {
        return false;
    }
    const uint8_t *at = take(in, len);
    if (at == NULL) {
        return false;
    }
    *data = (struct pawl_bytes){at, len};
    return true;
}

bool pawl_mqtt_is_name(struct pawl_bytes topic)
{
    return topic.len > 0 && memchr(topic.data, '#', topic.len) == NULL &&
           memchr(topic.data, '+', topic.len) == NULL;
}

bool pawl_mqtt_get_text(struct pawl_bytes *in, struct pawl_bytes *text)
{
    return pawl_mqtt_get_data(in, text) && pawl_utf8_valid(*text) &&
           (text->len == 0 || memchr(text->data, 0, text->len) == NULL);
}

enum pawl_status pawl_mqtt_get_varint(struct pawl_bytes *in, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t digit;

        if (!pawl_mqtt_get_u8(in, &digit)) {
            return PAWL_PENDING;
        }
        *value |= (uint32_t)(digit & 0x7Fu) << (7 * i);
        if ((digit & 0x80u) == 0) {
            bool shortest = i == 0 || digit != 0;
            return shortest ? PAWL_OK : PAWL_ERR_MALFORMED;
        }
    }
    return PAWL_ERR_MALFORMED;
}

enum property_type {
    BYTE,
    TWO,
    FOUR,
    VARINT,
    TEXT,
    DATA,
    PAIR
};

#define IN(packet) (1u << (packet))

/* Properties that a broker may send to a client (2.2.2.2, table 2-4). */
static const struct {
    uint8_t id, type;
    uint16_t packets;
} known[] = {
    {0x01, BYTE, IN(MQTT_PUBLISH)}, /* payload format indicator */
    {0x02, FOUR, IN(MQTT_PUBLISH)}, /* message expiry interval */
    {0x03, TEXT, IN(MQTT_PUBLISH)}, /* content type */
    {0x08, TEXT, IN(MQTT_PUBLISH)}, /* response topic */
    {0x09, DATA, IN(MQTT_PUBLISH)}, /* correlation data */
    {MQTT_SUBSCRIPTION_ID, VARINT, IN(MQTT_PUBLISH)},
    {MQTT_SESSION_EXPIRY, FOUR, IN(MQTT_CONNACK)},
    {0x12, TEXT, IN(MQTT_CONNACK)}, /* assigned client identifier */
    {MQTT_SERVER_KEEP_ALIVE, TWO, IN(MQTT_CONNACK)},
    /* Forbidden by 4.12, since we never ask for authentication. */
    {MQTT_AUTHENTICATION_METHOD, TEXT, IN(MQTT_CONNACK)},
    {MQTT_AUTHENTICATION_DATA, DATA, IN(MQTT_CONNACK)},
    {0x1A, TEXT, IN(MQTT_CONNACK)}, /* response information */
    {0x1C, TEXT, IN(MQTT_CONNACK) | IN(MQTT_DISCONNECT)}, /* server ref. */
    {0x1F, TEXT,
     IN(MQTT_CONNACK) | IN(MQTT_PUBACK) | IN(MQTT_SUBACK) |
         IN(MQTT_DISCONNECT)}, /* reason string */
    {MQTT_PROPERTY_RECEIVE_MAXIMUM, TWO, IN(MQTT_CONNACK)},
    {0x22, TWO, IN(MQTT_CONNACK)}, /* topic alias maximum */
    {MQTT_PROPERTY_TOPIC_ALIAS, TWO, IN(MQTT_PUBLISH)},
    {MQTT_MAXIMUM_QOS, BYTE, IN(MQTT_CONNACK)},
    {MQTT_RETAIN_AVAILABLE, BYTE, IN(MQTT_CONNACK)},
    {MQTT_USER_PROPERTY, PAIR,
     IN(MQTT_CONNACK) | IN(MQTT_PUBLISH) | IN(MQTT_PUBACK) | IN(MQTT_SUBACK) |
         IN(MQTT_DISCONNECT)},
    {MQTT_MAXIMUM_PACKET_SIZE, FOUR, IN(MQTT_CONNACK)},
    {0x28, BYTE, IN(MQTT_CONNACK)}, /* wildcard subscription available */
    {0x29, BYTE, IN(MQTT_CONNACK)}, /* subscription identifiers available */
    {0x2A, BYTE, IN(MQTT_CONNACK)}, /* shared subscription available */
};

/* Reads one value of type; numbers also into *number. False: malformed. */
static bool get_value(struct pawl_bytes *in, uint8_t type, uint32_t *number)
{
    struct pawl_bytes text;
    uint16_t two = 0;
    uint8_t byte = 0;
    bool good = false;

    switch (type) {
    case BYTE:
        good = pawl_mqtt_get_u8(in, &byte);
        *number = byte;
        break;
    case TWO:
        good = pawl_mqtt_get_u16(in, &two);
        *number = two;
        break;
    case FOUR:
        good = pawl_mqtt_get_u32(in, number);
        break;
    case VARINT:
        good = pawl_mqtt_get_varint(in, number) == PAWL_OK;
        break;
    case TEXT:
        good = pawl_mqtt_get_text(in, &text);
        break;
    case DATA:
        good = pawl_mqtt_get_data(in, &text);
        break;
    case PAIR:
        good = pawl_mqtt_get_text(in, &text) && pawl_mqtt_get_text(in, &text);
        break;
    default:
        break;
    }
    return good;
}

/* Whether the standard allows the value; a protocol error if not. */
static bool is_legal(uint8_t id, uint8_t type, uint32_t number)
{
    switch (id) {
    case MQTT_PROPERTY_RECEIVE_MAXIMUM:
    case MQTT_MAXIMUM_PACKET_SIZE:
    case MQTT_SUBSCRIPTION_ID:
        return number > 0;
    case MQTT_AUTHENTICATION_METHOD:
    case MQTT_AUTHENTICATION_DATA:
        return false;
    default: /* every byte property of a broker is a flag */
        return type != BYTE || number <= 1;
    }
}

/* Keeps what the client uses. */
static void keep(struct pawl_mqtt_properties *to, uint8_t id, uint32_t number)
{
    switch (id) {
    case MQTT_SERVER_KEEP_ALIVE:
        to->server_keep_alive_s = (uint16_t)number;
        to->has_server_keep_alive = true;
        break;
    case MQTT_MAXIMUM_QOS:
        to->maximum_qos = (uint8_t)number;
        break;
    case MQTT_RETAIN_AVAILABLE:
        to->retain_available = (uint8_t)number;
        break;
    case MQTT_MAXIMUM_PACKET_SIZE:
        to->maximum_packet_size = number;
        break;
    case MQTT_PROPERTY_TOPIC_ALIAS:
        to->has_topic_alias = true;
        break;
    default:
        break;
    }
}

/* The row of a property; PAWL_ARRAY_LEN(known) if packet must not have it. */
static size_t find_property(uint8_t id, enum mqtt_packet packet)
{
    size_t i = 0;

    while (i < PAWL_ARRAY_LEN(known) &&
           (known[i].id != id || (known[i].packets & IN(packet)) == 0)) {
        i++;
    }
    return i;
}

static enum mqtt_reason get_property(struct pawl_bytes *in,
                                     enum mqtt_packet packet, uint32_t *seen,
                                     struct pawl_mqtt_properties *properties)
{
    uint32_t number = 0;
    uint8_t id;

    if (!pawl_mqtt_get_u8(in, &id)) {
        return MQTT_MALFORMED;
    }
    size_t row = find_property(id, packet);
    if (row == PAWL_ARRAY_LEN(known) ||
        !get_value(in, known[row].type, &number)) {
        return MQTT_MALFORMED;
    }
    bool repeats = id == MQTT_USER_PROPERTY || id == MQTT_SUBSCRIPTION_ID;
    bool twice = !repeats && (*seen & 1u << row) != 0;

    *seen |= 1u << row;
    if (twice || !is_legal(id, known[row].type, number)) {
        return MQTT_PROTOCOL_ERROR;
    }
    keep(properties, id, number);
    return MQTT_NORMAL;
}

enum mqtt_reason
pawl_mqtt_get_properties(struct pawl_bytes *in, enum mqtt_packet packet,
                         struct pawl_mqtt_properties *properties)
{
    enum mqtt_reason reason = MQTT_NORMAL;
    uint32_t len, seen = 0;

    *properties = (struct pawl_mqtt_properties){
        .maximum_qos = 2,
        .retain_available = 1,
        .maximum_packet_size = UINT32_MAX,
    };
    if (pawl_mqtt_get_varint(in, &len) != PAWL_OK || len > in->len) {
        return MQTT_MALFORMED;
    }
    struct pawl_bytes list = {in->data, len};

    in->data += len;
    in->len -= len;
    while (list.len > 0 && reason == MQTT_NORMAL) {
        reason = get_property(&list, packet, &seen, properties);
    }
    return reason;
}
