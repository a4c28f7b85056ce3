/* SPDX-License-Identifier: Apache-2.0 */

/* An application that leaves everything to the agent. */

#include "board.h"

#include <pawl/agent.h>

/* PAWL_PORT_TODO: your servers. Nothing else may be talked to. */
static const struct pawl_endpoint endpoints[] = {
    {.use = PAWL_USE_ENROLL, .host = "est.example.com", .port = 443},
    {.use = PAWL_USE_MQTT, .host = "mqtt.example.com", .port = 8883},
    {.use = PAWL_USE_DOWNLOAD, .host = "fw.example.com", .port = 443},
};

/* Asked on trial, once the broker has accepted a session. */
static bool healthy(void *ctx)
{
    (void)ctx;
    return false; /* PAWL_PORT_TODO: what proves that this image works */
}

int main(void)
{
    static struct pawl_agent agent;
    const struct pawl_agent_config config = {
        .port = &board_port,
        .endpoints = endpoints,
        .endpoint_count = sizeof endpoints / sizeof endpoints[0],
        .healthy = healthy,
    };

    enum pawl_status status = pawl_agent_open(&agent, &config);
    while (status >= 0) {
        struct pawl_wait wait;

        status = pawl_agent_step(&agent, &wait);
        board_sleep_until(&wait);
    }
    return -(int)status; /* PAWL_PORT_TODO: a reset, or a lamp */
}
