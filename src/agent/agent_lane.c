/* SPDX-License-Identifier: Apache-2.0 */
/* One session and its credential; pauses between attempts. */
#include "agent/agent_internal.h"
#include "base/base.h"
#include "crypto/crypto.h"

enum pawl_status pawl_agent_lane_credential(struct pawl_agent *agent,
                                            struct pawl_agent_lane *lane,
                                            enum pawl_identity_kind kind)
{
    lane->chain_len = sizeof lane->chain;
    return pawl_identity_get(&agent->identity, kind, &lane->credential,
                             lane->chain, &lane->chain_len);
}

enum pawl_status pawl_agent_lane_open(struct pawl_agent *agent,
                                      struct pawl_agent_lane *lane,
                                      const struct pawl_endpoint *endpoint,
                                      enum pawl_identity_kind kind)
{
    pawl_agent_lane_close(lane);
    enum pawl_status status = pawl_agent_lane_credential(agent, lane, kind);
    struct pawl_ticket *ticket = pawl_agent_ticket(agent, endpoint);

    if (status != PAWL_OK) {
        return status;
    }
    lane->session_config = (struct pawl_session_config){
        .port = agent->config.port,
        .endpoint = endpoint,
        .credential = &lane->credential,
        .trust = &agent->trust,
        .time_floor_s = pawl_identity_time_floor(&agent->identity),
        .ticket = ticket,
        .resumption = ticket != NULL ? agent->config.resumption : NULL,
    };
    lane->accepted = false;
    status = pawl_session_open(&lane->session, &lane->session_config);
    lane->open = true; /* also after an error: the failure is read from it */
    return status;
}

void pawl_agent_lane_accepted(struct pawl_agent_lane *lane)
{
    pawl_session_accepted(&lane->session);
    lane->accepted = true;
}

/*
 * A server may resume a session and then treat us as nobody, for one because
 * it keeps no client certificates with its tickets. The next handshake is a
 * full one then, so that this cannot go on for as long as tickets are good.
 */
void pawl_agent_lane_close(struct pawl_agent_lane *lane)
{
    if (lane->open) {
        struct pawl_ticket *ticket = lane->session_config.ticket;

        if (ticket != NULL && !lane->accepted &&
            pawl_session_info(&lane->session).resumed) {
            pawl_wipe(ticket, sizeof *ticket);
        }
        pawl_session_close(&lane->session);
        lane->open = false;
    }
}

const struct pawl_session_failure *
pawl_agent_lane_failure(const struct pawl_agent_lane *lane)
{
    const struct pawl_session_failure *failure =
        pawl_session_failure(&lane->session);

    return lane->open && failure->status != PAWL_OK ? failure : NULL;
}

/*
 * The pause doubles from the first to the longest, and is drawn from its
 * upper half: a fleet that lost its server does not return as one wave. What
 * a server asks for is a lower bound, and gets as much jitter.
 */
void pawl_agent_backoff(struct pawl_agent *agent, struct pawl_backoff *backoff,
                        uint32_t least_ms)
{
    uint32_t max = agent->config.retry_max_ms;
    uint32_t pause =
        backoff->next_ms > 0 ? backoff->next_ms : agent->config.retry_first_ms;
    uint32_t draw = 0;

    pause = pause < max ? pause : max;
    if (pawl_random(&draw, sizeof draw) != PAWL_OK) {
        draw = 0;
    }
    backoff->next_ms = pause > max / 2 ? max : pause * 2;
    draw %= pause / 2 + 1;
    uint32_t base = pause / 2 < least_ms ? least_ms : pause / 2;
    backoff->until_ms = pawl_agent_now_ms(agent) + base + draw;
}

bool pawl_agent_rested(const struct pawl_agent *agent,
                       const struct pawl_backoff *backoff,
                       struct pawl_wait *wait)
{
    if (pawl_agent_now_ms(agent) >= backoff->until_ms) {
        return true;
    }
    wait->events = PAWL_WAIT_DEADLINE;
    wait->deadline_ms = backoff->until_ms;
    return false;
}
