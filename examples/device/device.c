/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A device's firmware that leaves everything to the agent. What is particular
 * to the host is in board.c; on a microcontroller the vendor's own board
 * support stands there. Three versions of it are built: the third is ill
 * (health_*.c).
 */

#include "board.h"
#include <pawl/agent.h>

int main(int argc, char **argv)
{
    static struct pawl_agent agent;
    struct pawl_agent_config config = {
        .port = board_init(argc, argv, DEVICE_VERSION),
        .endpoints = board_endpoints(), /* nothing else may be talked to */
        .endpoint_count = board_endpoint_count(),
        .healthy = healthy,    /* asked on trial, before it is accepted */
        .on_event = log_event, /* every refusal, revert and failure */
        .topic_prefix = board_topic_prefix(),
        .retry_first_ms = 250,
        .tickets = board_tickets(), /* sessions go on from where they were */
        .ticket_count = board_endpoint_count(),
        .resumption = &pawl_resumption,
        .ticket_store = board_ticket_store(), /* and after a reset, too */
    };
    config.running_known = board_running(&config.running);

    enum pawl_status status = pawl_agent_open(&agent, &config);
    if (status != PAWL_OK) {
        board_halt(status);
    }
    for (;;) {
        struct pawl_wait wait;

        status = pawl_agent_step(&agent, &wait);
        if (status < 0) {
            board_halt(status);
        }
        board_sleep_until(&wait);
    }
}
