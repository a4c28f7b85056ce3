/* SPDX-License-Identifier: Apache-2.0 */
/* The link lane's enrolment: a session to the EST server, then EST. */
#include "agent/agent_internal.h"

void pawl_agent_enroll_connect(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_agent_lane *link = &agent->link;
    enum pawl_status status = pawl_session_step(&link->session, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    if (status == PAWL_OK) {
        const struct pawl_enroll_config config = {
            .session = &link->session,
            .identity = &agent->identity,
            .trust = &agent->trust,
            .renew = agent->renewing,
            .time_floor_s = pawl_identity_time_floor(&agent->identity),
        };
        status = pawl_enroll_open(&agent->enroll, &config);
    }
    if (status != PAWL_OK) {
        pawl_agent_link_fail(agent, status, PAWL_EVENT_SESSION_FAILED, 0);
        return;
    }
    link->state = LINK_ENROLL;
    wait->events = PAWL_WAIT_NOTHING;
}

/* The answer: what the server said, or what its reply broke. */
static void refused(struct pawl_agent *agent, enum pawl_status status)
{
    const struct pawl_enroll_result *result =
        pawl_enroll_result(&agent->enroll);
    uint32_t later_ms = 0;
    bool rule = result->rule != NULL && result->rule[0] != '\0';

    if (status == PAWL_ERR_BUSY) {
        later_ms = result->retry_after_s > UINT32_MAX / 1000
                       ? UINT32_MAX
                       : result->retry_after_s * 1000u;
    }
    pawl_agent_say(agent, PAWL_EVENT_ENROLL_FAILED, status,
                   rule ? result->rule : pawl_status_text(status));
    pawl_agent_link_fail(agent, PAWL_OK, PAWL_EVENT_ENROLL_FAILED, later_ms);
}

void pawl_agent_enroll_step(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_agent_lane *link = &agent->link;
    enum pawl_status status = pawl_enroll_step(&agent->enroll, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    pawl_agent_learn_time(agent, &link->session,
                          pawl_enroll_result(&agent->enroll)->date_s);
    if (status != PAWL_OK) {
        refused(agent, status);
        return;
    }
    pawl_agent_lane_accepted(link);
    pawl_agent_lane_close(link);
    agent->renewing = agent->ldevid_expired = false;
    agent->renewal = (struct pawl_backoff){0};
    pawl_agent_say(agent, PAWL_EVENT_ENROLLED, PAWL_OK,
                   "a new LDevID is stored");
    link->backoff = (struct pawl_backoff){0};
    link->state = LINK_REST;
    wait->events = PAWL_WAIT_NOTHING;
}
