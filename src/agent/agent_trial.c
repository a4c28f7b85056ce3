/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof of an image on trial: a session that the broker accepted, an
 * inventory that it took, and the application's own health check. Then it is
 * accepted; if the health check says no, or the deadline passes, it is
 * rejected and the device resets into the image before.
 */
#include "agent/agent_internal.h"

static void reject(struct pawl_agent *agent, enum pawl_update_reason reason)
{
    enum pawl_status status = pawl_update_reject(&agent->update, reason);

    pawl_agent_say(agent, PAWL_EVENT_UNHEALTHY, status,
                   pawl_update_reason_name(reason));
    if (status == PAWL_OK || status == PAWL_PENDING) {
        agent->trial = TRIAL_REJECTING;
    } else {
        agent->fatal = status; /* a reset uses the trial's budget up */
    }
}

/* Whoever was withdrawn will not be better later. Anything else may be, until
 * the deadline: a trial that nobody ends would go on for ever. */
static void not_accepted(struct pawl_agent *agent, enum pawl_status status)
{
    pawl_agent_say(agent, PAWL_EVENT_FAILED, status,
                   "the image on trial could not be accepted");
    if (status == PAWL_ERR_REVOKED) {
        reject(agent, PAWL_UPDATE_REASON_REVOKED);
    } else if (status == PAWL_ERR_UNTRUSTED || status == PAWL_ERR_SIGNATURE) {
        reject(agent, PAWL_UPDATE_REASON_UNTRUSTED);
    }
}

void pawl_agent_trial_proved(struct pawl_agent *agent)
{
    bool (*healthy)(void *ctx) = agent->config.healthy;

    if (agent->trial != TRIAL_WAITING) {
        return;
    }
    if (healthy != NULL && !healthy(agent->config.ctx)) {
        reject(agent, PAWL_UPDATE_REASON_UNHEALTHY);
        return;
    }
    enum pawl_status status = pawl_update_accept(&agent->update);
    if (status == PAWL_OK || status == PAWL_PENDING) {
        agent->trial = TRIAL_ACCEPTING;
    } else {
        not_accepted(agent, status);
    }
}

/* Waits for the proof until the deadline. */
static void await_proof(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_update_info info;

    pawl_update_query(&agent->update, &info);
    if (info.trial_deadline_ms == 0) {
        return;
    }
    if (pawl_agent_now_ms(agent) >= info.trial_deadline_ms) {
        reject(agent, PAWL_UPDATE_REASON_DEADLINE);
        return;
    }
    wait->events = PAWL_WAIT_DEADLINE;
    wait->deadline_ms = info.trial_deadline_ms;
}

static void accepted(struct pawl_agent *agent)
{
    struct pawl_update_info info;
    struct pawl_agent_event event = {
        .code = PAWL_EVENT_ACCEPTED,
        .text = "this image stays, the security counter has advanced",
    };

    pawl_update_query(&agent->update, &info);
    if (info.counter_pending) {
        event.text = "this image stays, the security counter is pending";
    }
    event.sequence = info.current.sequence;
    event.done = info.security_counter;
    pawl_agent_tell(agent, &event);
    enum pawl_status status = pawl_update_clean(&agent->update);
    agent->trial = status == PAWL_OK || status == PAWL_PENDING ? TRIAL_CLEANING
                                                               : TRIAL_NONE;
    agent->inventory_due = true;
}

/* What comes after the request that has just ended. */
static void next_state(struct pawl_agent *agent)
{
    struct pawl_update_info info;

    pawl_update_query(&agent->update, &info);
    switch ((enum trial_state)agent->trial) {
    case TRIAL_ACCEPTING:
    case TRIAL_COUNTING:
        if (info.counter_pending) {
            agent->trial = TRIAL_COUNTING;
        } else {
            accepted(agent);
        }
        break;
    case TRIAL_REJECTING:
        pawl_agent_reset(agent);
        break;
    case TRIAL_CLEANING:
    case TRIAL_WAITING:
    case TRIAL_NONE:
        agent->trial = TRIAL_NONE;
        break;
    }
}

/* Carries accept, reject or clean on. */
static void carry_on(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_update_step(&agent->update, wait);
    bool later = (wait->events & PAWL_WAIT_DEADLINE) != 0;

    if (status == PAWL_PENDING && agent->trial == TRIAL_COUNTING && later) {
        accepted(agent); /* the counter failed, and is tried again later */
        wait->events = PAWL_WAIT_NOTHING;
    } else if (status == PAWL_OK) {
        wait->events = PAWL_WAIT_NOTHING;
        next_state(agent);
    } else if (status != PAWL_PENDING) {
        agent->fatal = status; /* the journal: a reset reads it anew */
    }
}

void pawl_agent_trial_step(struct pawl_agent *agent, struct pawl_wait *wait)
{
    switch ((enum trial_state)agent->trial) {
    case TRIAL_NONE:
        break;
    case TRIAL_WAITING:
        await_proof(agent, wait);
        break;
    case TRIAL_ACCEPTING:
    case TRIAL_COUNTING:
    case TRIAL_REJECTING:
    case TRIAL_CLEANING:
        carry_on(agent, wait);
        break;
    }
}
