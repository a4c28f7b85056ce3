/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MQTT_H
#define PAWL_MQTT_H

/*
 * An MQTT 5 client (OASIS MQTT 5.0) over a session: QoS 0 and 1, keep-alive,
 * reason codes. All buffers are the caller's; a packet longer than
 * PAWL_MQTT_PACKET_MAX is refused by announcing it (3.1.2.11.4). Malformed
 * packets end the connection with the right reason code.
 *
 *     connect -> step until connected -> subscribe, publish, step ...
 */

#include <pawl/session.h>

enum pawl_mqtt_qos {
    PAWL_MQTT_QOS_0 = 0, /* at most once */
    PAWL_MQTT_QOS_1 = 1  /* at least once */
};

/* A message that arrived; views that are valid during the callback only. */
struct pawl_mqtt_message {
    struct pawl_bytes topic; /* UTF-8, checked */
    struct pawl_bytes payload;
    enum pawl_mqtt_qos qos;
    bool retained;
};

struct pawl_mqtt_config {
    struct pawl_session *session;   /* established; retained */
    const struct pawl_clock *clock; /* for keep-alive */
    const char *client_id;          /* 1 to 64 characters */
    uint16_t keep_alive_s;          /* 0: 60 */
    uint32_t session_expiry_s;      /* 0: ends with the connection */
    bool resume;                    /* do not ask for a clean start */
    const char *will_topic;         /* NULL: no will */
    struct pawl_bytes will_payload;

    /* Called from pawl_mqtt_step() for each message; must not call pawl_mqtt
     * functions. Retained, with ctx. */
    void (*on_message)(void *ctx, const struct pawl_mqtt_message *message);
    void *ctx;
};

/* Messages of QoS 1 that the broker may send before we acknowledge one. */
#define PAWL_MQTT_RECEIVE_MAX 4

struct pawl_mqtt {
    struct pawl_mqtt_config config;
    /* Readable. */
    bool connected;
    bool session_present;  /* the broker kept our session */
    uint8_t reason;        /* reason code of the last refusal (2.4) */
    uint64_t acknowledged; /* QoS 1 messages that the broker has taken */
    /* Private. */
    uint8_t state;
    enum pawl_status failed;
    uint16_t last_id, publish_id, subscribe_id; /* 0: none under way */
    uint16_t keep_alive_s;
    uint32_t packet_max; /* of the broker */
    bool retain_available, ping_pending;
    uint8_t qos_max;
    uint64_t last_sent_ms, ping_sent_ms, opened_ms, out_since_ms, asked_ms;
    uint16_t acks[PAWL_MQTT_RECEIVE_MAX];
    size_t ack_count;
    size_t out_len, out_at, in_len;
    uint8_t out[PAWL_MQTT_PACKET_MAX];
    uint8_t in[PAWL_MQTT_PACKET_MAX];
};

/*
 * Begins to connect: writes CONNECT. config is copied; what it points to is
 * retained until the session is closed. PAWL_ERR_ARGUMENT: something required
 * is missing, or not UTF-8, or the will's topic has wildcards; PAWL_ERR_LIMIT:
 * longer than PAWL_MQTT_PACKET_MAX.
 */
PAWL_MUST_USE
enum pawl_status pawl_mqtt_open(struct pawl_mqtt *mqtt,
                                const struct pawl_mqtt_config *config);

/*
 * Sends what is waiting, reads what has come, keeps the connection alive.
 *
 * Returns PAWL_OK             connected, nothing is waiting to be sent or
 *                             acknowledged; *wait says when to call again
 *         PAWL_PENDING        not yet; *wait
 *         PAWL_ERR_REFUSED    CONNACK, SUBACK, PUBACK or DISCONNECT said so:
 *                             reason
 *         PAWL_ERR_TIMEOUT    no CONNACK within 30 s, no PINGRESP within 10 s,
 *                             no PUBACK or SUBACK within 60 s, or the session
 *                             took nothing for 30 s
 *         PAWL_ERR_PROTOCOL   a malformed packet, or one out of place
 *         or the session's errors. After an error close the session.
 */
PAWL_MUST_USE
enum pawl_status pawl_mqtt_step(struct pawl_mqtt *mqtt, struct pawl_wait *wait);

/*
 * Queues one message. PAWL_PENDING: a packet is still being sent, or the
 * receive maximum is reached; nothing was queued: step and call again.
 * PAWL_ERR_STATE: not connected. PAWL_ERR_LIMIT: longer than the broker or
 * PAWL_MQTT_PACKET_MAX takes. PAWL_ERR_ARGUMENT: topic empty or with wildcards.
 * PAWL_ERR_UNSUPPORTED: QoS 1, and the broker takes only QoS 0. Where the
 * broker keeps no retained messages, retain counts for nothing. QoS 1 is done
 * when pawl_mqtt_step() answers PAWL_OK; nothing is repeated after a lost
 * connection: the caller publishes again.
 */
PAWL_MUST_USE
enum pawl_status pawl_mqtt_publish(struct pawl_mqtt *mqtt, const char *topic,
                                   struct pawl_bytes payload,
                                   enum pawl_mqtt_qos qos, bool retain);

/*
 * Queues a subscription to one filter; done when pawl_mqtt_step() answers
 * PAWL_OK; reason is then the QoS that was granted. Same results as
 * pawl_mqtt_publish(); PAWL_ERR_ARGUMENT: not a filter (4.7.1).
 */
PAWL_MUST_USE
enum pawl_status pawl_mqtt_subscribe(struct pawl_mqtt *mqtt, const char *filter,
                                     enum pawl_mqtt_qos qos);

/* Queues DISCONNECT; step until PAWL_OK or an error, then close the session.*/
PAWL_MUST_USE
enum pawl_status pawl_mqtt_disconnect(struct pawl_mqtt *mqtt);

#endif
