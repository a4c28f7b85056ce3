/* SPDX-License-Identifier: Apache-2.0 */
/* Which session is given a ticket, and the broker's in flash. */
#include "agent/agent_internal.h"

/* Between two looks at a ticket that is not kept yet. */
#define LOOK_MS 60000u

struct pawl_ticket *pawl_agent_ticket(const struct pawl_agent *agent,
                                      const struct pawl_endpoint *endpoint)
{
    size_t index = (size_t)(endpoint - agent->config.endpoints);
    bool full = endpoint->use == PAWL_USE_ENROLL || agent->trial != TRIAL_NONE;

    return full || index >= agent->config.ticket_count
               ? NULL
               : &agent->config.tickets[index];
}

/* NULL: there is none, or it is not open. */
static const struct pawl_ticket_store_calls *
calls_of(const struct pawl_agent *agent)
{
    const struct pawl_ticket_store *store = agent->config.ticket_store;

    return store != NULL ? store->calls : NULL;
}

bool pawl_agent_ticket_take(struct pawl_agent *agent,
                            const struct pawl_endpoint *endpoint)
{
    const struct pawl_ticket_store_calls *calls = calls_of(agent);
    struct pawl_ticket *ticket = pawl_agent_ticket(agent, endpoint);

    if (calls == NULL || ticket == NULL || agent->ticket_asked_for) {
        agent->ticket_asked_for = false;
        return false;
    }
    /* Without one the handshake is a full one: nothing to be told. */
    (void)calls->take(agent->config.ticket_store, ticket);
    agent->ticket_asked_for = true;
    return true;
}

void pawl_agent_ticket_keep(struct pawl_agent *agent)
{
    const struct pawl_ticket_store_calls *calls = calls_of(agent);
    const struct pawl_clock *clock = agent->config.port->clock;
    const struct pawl_ticket *ticket = agent->link.session_config.ticket;
    uint64_t now_ms = pawl_agent_now_ms(agent);
    int64_t now_s = 0;

    if (calls == NULL || ticket == NULL || now_ms < agent->ticket_look_ms) {
        return;
    }
    agent->ticket_look_ms = now_ms + LOOK_MS;
    if (clock->wall_s != NULL && clock->wall_s(clock->ctx, &now_s) == PAWL_OK) {
        (void)calls->keep(agent->config.ticket_store, ticket, now_s);
    }
}
