/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client: what is sent, what is awaited, keep-alive.
 *
 * One packet of ours is in `out` at a time. Acknowledgements and PINGREQ go
 * out between such packets, never inside of one. One QoS 1 message and one
 * subscription are awaited at a time.
 */
#include "base/base.h"
#include "mqtt/mqtt_internal.h"
#include <string.h>

#define KEEP_ALIVE_S 60
#define CLIENT_ID_MAX 64
#define CONNACK_TIMEOUT_MS 30000u
#define PING_TIMEOUT_MS 10000u
#define ANSWER_TIMEOUT_MS 60000u /* PUBACK and SUBACK */
#define SEND_TIMEOUT_MS 30000u   /* the session takes nothing more */

static uint64_t now_ms(const struct pawl_mqtt *mqtt)
{
    const struct pawl_clock *clock = mqtt->config.clock;

    return clock->monotonic_ms(clock->ctx);
}

static struct pawl_mqtt_out writer(struct pawl_mqtt *mqtt)
{
    return (struct pawl_mqtt_out){mqtt->out, sizeof mqtt->out, 0};
}

/* Takes what was written as the packet to be sent, if it fits. */
static enum pawl_status queue(struct pawl_mqtt *mqtt,
                              const struct pawl_mqtt_out *out)
{
    if (out->len > out->cap || out->len > mqtt->packet_max) {
        return PAWL_ERR_LIMIT;
    }
    mqtt->out_len = out->len;
    mqtt->out_at = 0;
    mqtt->out_since_ms = now_ms(mqtt);
    return PAWL_OK;
}

/*
 * Whether a wildcard stands where it may: "#" is the last level, "+" a whole
 * one (4.7.1).
 */
static bool filter_good(struct pawl_bytes filter)
{
    for (size_t i = 0; i < filter.len; i++) {
        bool begins = i == 0 || filter.data[i - 1] == '/';
        bool last = i + 1 == filter.len;
        uint8_t c = filter.data[i];

        if ((c == '#' && !(begins && last)) ||
            (c == '+' && !(begins && (last || filter.data[i + 1] == '/')))) {
            return false;
        }
    }
    return true;
}

/* A topic or filter of the caller's, as bytes; empty if it is not usable. */
static struct pawl_bytes topic_bytes(const char *topic, bool wildcards)
{
    size_t len = pawl_text_len(topic, PAWL_MQTT_PACKET_MAX);
    struct pawl_bytes bytes = {(const uint8_t *)topic, len};
    bool good = len > 0 && len < PAWL_MQTT_PACKET_MAX &&
                pawl_utf8_valid(bytes) &&
                (wildcards ? filter_good(bytes) : pawl_mqtt_is_name(bytes));

    return good ? bytes : PAWL_NO_BYTES;
}

static bool config_good(const struct pawl_mqtt_config *config)
{
    size_t id_len = config->client_id != NULL
                        ? pawl_text_len(config->client_id, CLIENT_ID_MAX + 1)
                        : 0;

    return config->session != NULL && config->clock != NULL && id_len > 0 &&
           id_len <= CLIENT_ID_MAX &&
           pawl_utf8_valid((struct pawl_bytes){
               (const uint8_t *)config->client_id, id_len}) &&
           (config->will_topic == NULL ||
            (topic_bytes(config->will_topic, false).len > 0 &&
             config->will_payload.len <= 0xFFFF));
}

enum pawl_status pawl_mqtt_open(struct pawl_mqtt *mqtt,
                                const struct pawl_mqtt_config *config)
{
    if (!config_good(config)) {
        return PAWL_ERR_ARGUMENT;
    }
    memset(mqtt, 0, sizeof *mqtt);
    mqtt->config = *config;
    if (mqtt->config.keep_alive_s == 0) {
        mqtt->config.keep_alive_s = KEEP_ALIVE_S;
    }
    mqtt->keep_alive_s = mqtt->config.keep_alive_s;
    mqtt->packet_max = PAWL_MQTT_PACKET_MAX;
    mqtt->opened_ms = mqtt->last_sent_ms = now_ms(mqtt);

    struct pawl_mqtt_out out = writer(mqtt);
    pawl_mqtt_write_connect(&out, &mqtt->config);
    enum pawl_status status = queue(mqtt, &out);
    mqtt->state = status == PAWL_OK ? MQTT_CONNECTING : MQTT_CLOSED;
    return status;
}

/* An identifier that is not 0 (2.2.1). */
static uint16_t next_id(struct pawl_mqtt *mqtt)
{
    mqtt->last_id = mqtt->last_id == 0xFFFF ? 1 : (uint16_t)(mqtt->last_id + 1);
    return mqtt->last_id;
}

static enum pawl_status may_queue(const struct pawl_mqtt *mqtt)
{
    if (mqtt->state != MQTT_CONNECTED) {
        return PAWL_ERR_STATE;
    }
    return mqtt->out_len > 0 ? PAWL_PENDING : PAWL_OK;
}

enum pawl_status pawl_mqtt_publish(struct pawl_mqtt *mqtt, const char *topic,
                                   struct pawl_bytes payload,
                                   enum pawl_mqtt_qos qos, bool retain)
{
    struct pawl_bytes name = topic_bytes(topic, false);
    enum pawl_status status = may_queue(mqtt);
    bool acknowledged = qos == PAWL_MQTT_QOS_1;

    if (name.len == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    if (status != PAWL_OK) {
        return status;
    }
    if (acknowledged && mqtt->qos_max == 0) {
        return PAWL_ERR_UNSUPPORTED; /* must not be sent (3.2.2.3.4) */
    }
    if (acknowledged && mqtt->publish_id != 0) {
        return PAWL_PENDING;
    }
    uint16_t id = acknowledged ? next_id(mqtt) : 0;
    struct pawl_mqtt_out out = writer(mqtt);
    pawl_mqtt_write_publish(&out, name, payload,
                            retain && mqtt->retain_available, id);
    status = queue(mqtt, &out);
    if (status == PAWL_OK && acknowledged) {
        mqtt->publish_id = id;
        mqtt->asked_ms = now_ms(mqtt);
    }
    return status;
}

enum pawl_status pawl_mqtt_subscribe(struct pawl_mqtt *mqtt, const char *filter,
                                     enum pawl_mqtt_qos qos)
{
    struct pawl_bytes name = topic_bytes(filter, true);
    enum pawl_status status = may_queue(mqtt);

    if (name.len == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    if (status != PAWL_OK || mqtt->subscribe_id != 0) {
        return status != PAWL_OK ? status : PAWL_PENDING;
    }
    uint16_t id = next_id(mqtt);
    struct pawl_mqtt_out out = writer(mqtt);
    pawl_mqtt_write_subscribe(&out, name, qos == PAWL_MQTT_QOS_1 ? 1 : 0, id);
    status = queue(mqtt, &out);
    if (status == PAWL_OK) {
        mqtt->subscribe_id = id;
        mqtt->asked_ms = now_ms(mqtt);
    }
    return status;
}

/* A DISCONNECT with its reason (3.14), in place of what is waiting. */
static void queue_disconnect(struct pawl_mqtt *mqtt, uint8_t reason)
{
    struct pawl_mqtt_out out = writer(mqtt);

    pawl_mqtt_put_u8(&out, MQTT_DISCONNECT << 4);
    pawl_mqtt_put_varint(&out, reason != MQTT_NORMAL ? 1 : 0);
    if (reason != MQTT_NORMAL) {
        pawl_mqtt_put_u8(&out, reason);
    }
    mqtt->out_len = out.len;
    mqtt->out_at = 0;
    mqtt->out_since_ms = now_ms(mqtt);
    mqtt->state = MQTT_DISCONNECTING; /* nothing follows it (3.14.4) */
}

enum pawl_status pawl_mqtt_disconnect(struct pawl_mqtt *mqtt)
{
    enum pawl_status status = may_queue(mqtt);

    if (status == PAWL_OK) {
        queue_disconnect(mqtt, MQTT_NORMAL);
    }
    return status;
}

static uint64_t ping_due_ms(const struct pawl_mqtt *mqtt)
{
    return mqtt->last_sent_ms + (uint64_t)mqtt->keep_alive_s * 1000u * 3u / 4u;
}

/* Puts what must be said between two packets into the empty `out`. */
static void next_control_packet(struct pawl_mqtt *mqtt)
{
    struct pawl_mqtt_out out = writer(mqtt);

    if (mqtt->state != MQTT_CONNECTED) {
        return; /* before CONNACK and after DISCONNECT there is nothing */
    }
    if (mqtt->ack_count > 0) {
        pawl_mqtt_put_u8(&out, MQTT_PUBACK << 4);
        pawl_mqtt_put_varint(&out, 2);
        pawl_mqtt_put_u16(&out, mqtt->acks[0]);
        mqtt->ack_count--;
        memmove(mqtt->acks, mqtt->acks + 1,
                mqtt->ack_count * sizeof mqtt->acks[0]);
    } else if (!mqtt->ping_pending && mqtt->keep_alive_s > 0 &&
               now_ms(mqtt) >= ping_due_ms(mqtt)) {
        pawl_mqtt_put_u8(&out, MQTT_PINGREQ << 4);
        pawl_mqtt_put_varint(&out, 0);
        mqtt->ping_pending = true;
        mqtt->ping_sent_ms = now_ms(mqtt);
    }
    mqtt->out_len = out.len;
    mqtt->out_at = 0;
    mqtt->out_since_ms = now_ms(mqtt);
}

/* Sends until nothing is left or the session would block. */
static enum pawl_status flush(struct pawl_mqtt *mqtt, struct pawl_wait *wait)
{
    for (;;) {
        size_t sent = 0;

        if (mqtt->out_len == 0) {
            next_control_packet(mqtt);
        }
        if (mqtt->out_len == 0) {
            return PAWL_OK;
        }
        enum pawl_status status =
            pawl_session_send(mqtt->config.session, mqtt->out + mqtt->out_at,
                              mqtt->out_len - mqtt->out_at, &sent, wait);
        if (status != PAWL_OK) {
            return status;
        }
        mqtt->last_sent_ms = mqtt->out_since_ms = now_ms(mqtt);
        mqtt->out_at += sent;
        if (mqtt->out_at >= mqtt->out_len) {
            mqtt->out_len = mqtt->out_at = 0;
        }
    }
}

/*
 * Finds a whole packet at the start of `in`: *body is what follows its fixed
 * header (2.1), *len all of it. PAWL_PENDING: not yet whole.
 */
static enum pawl_status find_packet(const struct pawl_mqtt *mqtt,
                                    struct pawl_bytes *body, size_t *len,
                                    uint8_t *reason)
{
    struct pawl_bytes in = {mqtt->in + 1,
                            mqtt->in_len > 0 ? mqtt->in_len - 1 : 0};
    uint32_t remaining;
    enum pawl_status status = pawl_mqtt_get_varint(&in, &remaining);

    if (mqtt->in_len < 2 || status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    size_t head = mqtt->in_len - in.len;
    if (status != PAWL_OK) {
        *reason = MQTT_MALFORMED;
        return PAWL_ERR_PROTOCOL;
    }
    if (remaining > sizeof mqtt->in - head) {
        *reason = MQTT_TOO_LARGE; /* over what we announced */
        return PAWL_ERR_PROTOCOL;
    }
    if (remaining > in.len) {
        return PAWL_PENDING;
    }
    *body = (struct pawl_bytes){in.data, remaining};
    *len = head + remaining;
    return PAWL_OK;
}

/* Acts on every whole packet in `in`. */
static enum pawl_status handle_packets(struct pawl_mqtt *mqtt, uint8_t *reason)
{
    for (;;) {
        struct pawl_bytes body;
        size_t len;
        enum pawl_status status = find_packet(mqtt, &body, &len, reason);

        if (status != PAWL_OK) {
            return status;
        }
        status = pawl_mqtt_handle(mqtt, mqtt->in[0], body, reason);
        if (status != PAWL_OK) {
            return status;
        }
        mqtt->in_len -= len;
        memmove(mqtt->in, mqtt->in + len, mqtt->in_len);
    }
}

/* Receives and handles until the session would block. At most as many rounds
 * as keep a step bounded; the rest waits for the next one. */
static enum pawl_status receive(struct pawl_mqtt *mqtt, struct pawl_wait *wait,
                                uint8_t *reason)
{
    for (unsigned round = 0; round < 8; round++) {
        size_t received = 0;
        enum pawl_status status = pawl_session_receive(
            mqtt->config.session, mqtt->in + mqtt->in_len,
            sizeof mqtt->in - mqtt->in_len, &received, wait);

        if (status != PAWL_OK) {
            return status;
        }
        mqtt->in_len += received;
        status = handle_packets(mqtt, reason);
        if (status != PAWL_PENDING) {
            return status;
        }
    }
    wait->events = PAWL_WAIT_NOTHING;
    return PAWL_PENDING;
}

/*
 * Whether a DISCONNECT may be sent now: not inside of another packet, not
 * before CONNECT (3.1), and not twice.
 */
static bool may_say_why(const struct pawl_mqtt *mqtt)
{
    return (mqtt->state == MQTT_CONNECTED && mqtt->out_at == 0) ||
           (mqtt->state == MQTT_CONNECTING && mqtt->out_len == 0);
}

/* Ends it: says why if the broker broke the protocol, and remembers. */
static enum pawl_status fail(struct pawl_mqtt *mqtt, enum pawl_status status,
                             uint8_t reason)
{
    struct pawl_wait unused;

    if (reason != MQTT_NORMAL) {
        mqtt->reason = reason;
        if (may_say_why(mqtt)) {
            queue_disconnect(mqtt, reason);
            (void)flush(mqtt, &unused); /* as far as it goes at once */
        }
    }
    mqtt->connected = false;
    mqtt->state = MQTT_FAILED;
    mqtt->failed = status;
    return status;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The instant at which what is awaited has not come; UINT64_MAX: nothing is.
 */
static uint64_t give_up_ms(const struct pawl_mqtt *mqtt)
{
    uint64_t at = UINT64_MAX;

    if (!mqtt->connected) {
        at = mqtt->opened_ms + CONNACK_TIMEOUT_MS;
    }
    if (mqtt->ping_pending) {
        at = earlier(at, mqtt->ping_sent_ms + PING_TIMEOUT_MS);
    }
    if (mqtt->publish_id != 0 || mqtt->subscribe_id != 0) {
        at = earlier(at, mqtt->asked_ms + ANSWER_TIMEOUT_MS);
    }
    if (mqtt->out_len > 0) {
        at = earlier(at, mqtt->out_since_ms + SEND_TIMEOUT_MS);
    }
    return at;
}

/* The next instant at which something must be sent or given up. */
static uint64_t deadline_ms(const struct pawl_mqtt *mqtt)
{
    bool pings = mqtt->state == MQTT_CONNECTED && mqtt->out_len == 0 &&
                 !mqtt->ping_pending && mqtt->keep_alive_s > 0;

    return earlier(give_up_ms(mqtt), pings ? ping_due_ms(mqtt) : UINT64_MAX);
}

static uint64_t deadline_of(const struct pawl_wait *lane)
{
    return (lane->events & PAWL_WAIT_DEADLINE) != 0 ? lane->deadline_ms
                                                    : UINT64_MAX;
}

/* Both lanes of the session, its deadline (it ends by its age), and ours. */
static void fill_wait(const struct pawl_mqtt *mqtt, struct pawl_wait *wait,
                      const struct pawl_wait *out, const struct pawl_wait *in)
{
    uint64_t at =
        earlier(deadline_ms(mqtt), earlier(deadline_of(out), deadline_of(in)));

    wait->events = (out->events | in->events) & ~PAWL_WAIT_DEADLINE;
    wait->deadline_ms = 0;
    if (at != UINT64_MAX) {
        wait->events |= PAWL_WAIT_DEADLINE;
        wait->deadline_ms = at;
    }
}

static bool idle(const struct pawl_mqtt *mqtt)
{
    return mqtt->connected && mqtt->out_len == 0 && mqtt->publish_id == 0 &&
           mqtt->subscribe_id == 0 && mqtt->ack_count == 0;
}

enum pawl_status pawl_mqtt_step(struct pawl_mqtt *mqtt, struct pawl_wait *wait)
{
    uint8_t reason = MQTT_NORMAL;
    struct pawl_wait out_wait = {0}, in_wait = {0};

    if (mqtt->state == MQTT_CLOSED || mqtt->state == MQTT_FAILED) {
        return mqtt->state == MQTT_FAILED ? mqtt->failed : PAWL_ERR_STATE;
    }
    enum pawl_status status = flush(mqtt, &out_wait);
    if (status == PAWL_OK && mqtt->state == MQTT_DISCONNECTING) {
        (void)fail(mqtt, PAWL_ERR_CLOSED, MQTT_NORMAL);
        return PAWL_OK;
    }
    if (status == PAWL_OK || status == PAWL_PENDING) {
        status = receive(mqtt, &in_wait, &reason);
    }
    if (status == PAWL_PENDING && mqtt->ack_count > 0) {
        status = flush(mqtt, &out_wait);
        status = status == PAWL_OK ? PAWL_PENDING : status;
    }
    if (status != PAWL_PENDING) {
        return fail(mqtt, status, reason);
    }
    if (now_ms(mqtt) >= give_up_ms(mqtt)) {
        return fail(mqtt, PAWL_ERR_TIMEOUT, MQTT_NORMAL);
    }
    fill_wait(mqtt, wait, &out_wait, &in_wait);
    return idle(mqtt) ? PAWL_OK : PAWL_PENDING;
}
