/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MQTT client against what a broker may say. The first byte chooses what
 * the client does meanwhile, the second how many bytes it gets at a time.
 */
#include "fuzz_pipe.h"
#include "mqtt/mqtt_internal.h"

#include <string.h>

#define STEPS 32

static struct fuzz_pipe pipe;
static struct pawl_mqtt mqtt;

static void on_message(void *ctx, const struct pawl_mqtt_message *message)
{
    const struct pawl_bytes in = {mqtt.in, sizeof mqtt.in};

    (void)ctx;
    must(message->topic.len > 0);
    must_be_inside(message->topic, in);
    must_be_inside(message->payload, in);
    must(message->qos <= PAWL_MQTT_QOS_1);
}

static void do_something(uint8_t choice, unsigned step)
{
    if ((choice & 1) != 0 && step % 3 == 1) {
        (void)pawl_mqtt_publish(&mqtt, "t", PAWL_NO_BYTES,
                                (choice & 2) != 0 ? PAWL_MQTT_QOS_1
                                                  : PAWL_MQTT_QOS_0,
                                (choice & 4) != 0);
    }
    if ((choice & 8) != 0 && step % 3 == 2) {
        (void)pawl_mqtt_subscribe(&mqtt, "a/+", PAWL_MQTT_QOS_1);
    }
    if ((choice & 16) != 0 && step == 20) {
        (void)pawl_mqtt_disconnect(&mqtt);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pawl_wait wait = {0};

    if (len < 2) {
        return 0;
    }
    struct pawl_session *session = fuzz_pipe_open(&pipe, data, len);
    const struct pawl_mqtt_config config = {
        .session = session,
        .clock = &pipe.clock,
        .client_id = "dev1",
        .resume = (data[0] & 32) != 0,
        .will_topic = (data[0] & 64) != 0 ? "w" : NULL,
        .on_message = on_message,
    };

    pipe.at = 2;
    pipe.piece = data[1] != 0 ? data[1] : SIZE_MAX;
    must(pawl_mqtt_open(&mqtt, &config) == PAWL_OK);
    for (unsigned i = 0; i < STEPS; i++) {
        enum pawl_status status = pawl_mqtt_step(&mqtt, &wait);

        must(mqtt.in_len <= sizeof mqtt.in && mqtt.out_len <= sizeof mqtt.out);
        must(mqtt.ack_count <= PAWL_MQTT_RECEIVE_MAX);
        must(status != PAWL_OK || mqtt.connected || mqtt.state == MQTT_FAILED);
        if (pipe.at == pipe.len && (wait.events & PAWL_WAIT_DEADLINE) != 0) {
            pipe.now_ms = wait.deadline_ms;
        }
        do_something(data[0], i);
    }
    return 0;
}
