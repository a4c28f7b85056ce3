/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H

/* What a vendor's board support offers to device.c; here: a host's. */

#include <pawl/agent.h>

/* Opens the device and gives its port. Does not return on failure. */
const struct pawl_port *board_init(int argc, char **argv, const char *version);

/* Which slots the boot loader entered; false: it does not say. */
bool board_running(pawl_slot_set *running);

/* The servers that the device may talk to, from its configuration. */
const struct pawl_endpoint *board_endpoints(void);
size_t board_endpoint_count(void);
const char *board_topic_prefix(void);

/* A ticket for each of them, in memory that may be retained through a reset
 * of the processor; the host's is not. */
struct pawl_ticket *board_tickets(void);

/* Where one of them lies, sealed, while the device is off. */
struct pawl_ticket_store *board_ticket_store(void);

/* Sleeps until one of the events of wait, or a second. */
void board_sleep_until(const struct pawl_wait *wait);

/* Says why the device cannot go on, and resets as a crash would. */
_Noreturn void board_halt(enum pawl_status status);

/* Whether this firmware does what it is for (health_*.c). */
bool healthy(void *ctx);

/* One line of JSON for each event, on standard output (events.c). */
void log_event(void *ctx, const struct pawl_agent_event *event);

#endif
