/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_MQTT_BROKER_H
#define PAWL_TEST_MQTT_BROKER_H

/*
 * A broker in memory, and a client of it: what the broker says is given as
 * hexadecimal text, what it is told is compared with such text.
 */

#include "fake/fake_session.h"
#include <pawl/mqtt.h>

#define BROKER_INPUT 4096

struct broker {
    struct fake_session session;
    struct pawl_mqtt_config config;
    struct pawl_mqtt mqtt;
    struct pawl_clock clock;
    struct pawl_wait wait;
    uint64_t now_ms;
    size_t heard; /* bytes of session.sent that were compared */
    uint8_t input[BROKER_INPUT];

    /* Messages that the client handed on; the last of them. */
    unsigned messages;
    char topic[64], payload[64];
    enum pawl_mqtt_qos qos;
    bool retained;
};

/* A client "dev1" that has not begun; the clock says 1,000. */
void broker_make(struct broker *broker);
/* The same, and it has said CONNECT, which is taken as heard. */
void broker_open(struct broker *broker);
/* The same, and CONNACK was success, with these properties. */
void broker_connect(struct broker *broker, const char *properties);

/* The broker says this, behind what it has said before. */
void broker_says(struct broker *broker, const char *text);
/* The same for CONNACK with flags, reason code and properties. */
void broker_connack(struct broker *broker, uint8_t flags, uint8_t code,
                    const char *properties);

/* Whether the client has said just this since the last time. */
bool broker_heard(struct broker *broker, const char *text);

/* Steps until it is done, or waits for what does not come. */
enum pawl_status broker_settle(struct broker *broker);

#endif
