/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: two lanes that move independently, each with one session.
 *
 *   link   no LDevID:  REST -> ENROLL_CONNECT -> ENROLL -> REST
 *          LDevID:     REST -> CONNECT -> MQTT -> SUBSCRIBE -> REPORT
 *                      <-> ONLINE; any failure -> REST, with back-off
 *   fetch  IDLE -> CONNECT -> HEAD -> BODY -> START -> WANT -> PAYLOAD_...
 *          -> WANT -> FINISH -> INSTALL -> RESET; a failure of the network
 *          -> REST, a refusal -> IDLE; START -> HELD -> RESET where a trust
 *          document waits for the boot loader
 *
 * and the proof of an image on trial (agent_trial.c). A step carries each of
 * them on by one bounded step. Nothing of the lanes' state is kept in flash:
 * after a reset the retained announcement comes again, and the engine knows
 * where to go on.
 */
#include "agent/agent_internal.h"
#include "base/base.h"
#include <string.h>

uint64_t pawl_agent_now_ms(const struct pawl_agent *agent)
{
    const struct pawl_clock *clock = agent->config.port->clock;

    return clock->monotonic_ms(clock->ctx);
}

int64_t pawl_agent_wall_s(const struct pawl_agent *agent)
{
    const struct pawl_clock *clock = agent->config.port->clock;
    int64_t floor_s = pawl_identity_time_floor(&agent->identity);
    int64_t now_s = 0;
    bool known =
        clock->wall_s != NULL && clock->wall_s(clock->ctx, &now_s) == PAWL_OK;

    return known && now_s > floor_s ? now_s : floor_s;
}

void pawl_agent_tell(struct pawl_agent *agent,
                     const struct pawl_agent_event *event)
{
    pawl_agent_queue_report(agent, event);
    if (agent->config.on_event != NULL) {
        agent->config.on_event(agent->config.ctx, event);
    }
}

void pawl_agent_say(struct pawl_agent *agent, enum pawl_agent_event_code code,
                    enum pawl_status status, const char *text)
{
    struct pawl_agent_event event = {
        .code = code, .status = status, .text = text};

    event.sequence = agent->sequence;
    pawl_agent_tell(agent, &event);
}

void pawl_agent_merge_wait(struct pawl_wait *all, const struct pawl_wait *one)
{
    bool all_has = (all->events & PAWL_WAIT_DEADLINE) != 0;
    bool one_has = (one->events & PAWL_WAIT_DEADLINE) != 0;

    if (one_has && (!all_has || one->deadline_ms < all->deadline_ms)) {
        all->deadline_ms = one->deadline_ms;
    }
    all->events |= one->events;
}

const struct pawl_endpoint *pawl_agent_endpoint(const struct pawl_agent *agent,
                                                enum pawl_use use)
{
    for (size_t i = 0; i < agent->config.endpoint_count; i++) {
        if (agent->config.endpoints[i].use == use) {
            return &agent->config.endpoints[i];
        }
    }
    return NULL;
}

/* What the engine has to say beyond the results of its calls. */
static void on_update(void *ctx, const struct pawl_update_event *event)
{
    struct pawl_agent *agent = ctx;
    struct pawl_agent_event told = {.status = event->status};

    switch (event->kind) {
    case PAWL_UPDATE_EVENT_RESUMED:
        told.code = PAWL_EVENT_RESUMED;
        told.text = "the download goes on where it was";
        told.done = event->offset;
        break;
    case PAWL_UPDATE_EVENT_COUNTER_PENDING:
        told.code = PAWL_EVENT_FAILED;
        told.text = "the security counter did not advance, tried again later";
        break;
    case PAWL_UPDATE_EVENT_JOURNAL_LOST:
        told.code = PAWL_EVENT_FAILED;
        told.status = PAWL_ERR_LOST;
        told.text = "the journal was lost";
        break;
    case PAWL_UPDATE_EVENT_FELL_BACK:
        told.code = PAWL_EVENT_REVERTED;
        told.text = pawl_update_reason_name(event->reason);
        break;
    case PAWL_UPDATE_EVENT_STATE:
    case PAWL_UPDATE_EVENT_REFUSED:
    case PAWL_UPDATE_EVENT_CHECKPOINT:
    case PAWL_UPDATE_EVENT_REVERTED:
    case PAWL_UPDATE_EVENT_COUNTER:
        return; /* told by the lane that asked, or by open() */
    }
    pawl_agent_tell(agent, &told);
}

/* 1 to 64 of A-Z a-z 0-9 . -: it becomes a topic and a client identifier,
 * and a wildcard in it would subscribe to other devices. */
static bool serial_good(const char *serial)
{
    size_t len = serial != NULL ? strlen(serial) : 0;

    return len >= 1 && len <= 64 &&
           strspn(serial, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "0123456789.-") == len;
}

/* "PREFIX/SERIAL/inventory" must fit; a wildcard is no part of a prefix. */
static bool topics_good(const struct pawl_agent_config *config)
{
    const char *prefix =
        config->topic_prefix != NULL ? config->topic_prefix : "";

    return serial_good(config->port->product->serial) &&
           strpbrk(prefix, "#+") == NULL &&
           strlen(prefix) + strlen(config->port->product->serial) +
                   sizeof "//inventory" <=
               PAWL_TOPIC_MAX;
}

/* Tickets come with what uses them, each for an endpoint. */
static bool tickets_good(const struct pawl_agent_config *config)
{
    bool some = config->ticket_count > 0;

    return (config->tickets != NULL) == some &&
           (config->resumption != NULL) == some &&
           (config->ticket_store == NULL || some) &&
           config->ticket_count <= config->endpoint_count;
}

static bool config_good(const struct pawl_agent_config *config)
{
    const struct pawl_port *port = config->port;

    return port != NULL && port->product != NULL && port->clock != NULL &&
           port->keystore != NULL && port->transport != NULL &&
           port->reset != NULL && port->reset->reboot != NULL &&
           port->store != NULL && config->endpoints != NULL &&
           config->endpoint_count > 0 && topics_good(config) &&
           tickets_good(config);
}

static void feed(const struct pawl_agent *agent)
{
    const struct pawl_reset *reset = agent->config.port->reset;

    if (reset->feed_watchdog != NULL) {
        reset->feed_watchdog(reset->ctx);
    }
}

static enum pawl_answer may_install(void *ctx)
{
    struct pawl_agent *agent = ctx;

    return agent->config.may_install(agent->config.ctx);
}

/* Opens the engine and lets it recover. Its hooks get the agent as ctx. */
static enum pawl_status open_update(struct pawl_agent *agent)
{
    const struct pawl_update_config config = {
        .port = agent->config.port,
        .trust = &agent->trust,
        .may_install = agent->config.may_install != NULL ? may_install : NULL,
        .on_event = on_update,
        .ctx = agent,
        .running_known = agent->config.running_known,
        .running = agent->config.running,
    };
    struct pawl_wait wait;
    enum pawl_status status = pawl_update_open(&agent->update, &config);

    while (status == PAWL_PENDING) {
        feed(agent);
        status = pawl_update_step(&agent->update, &wait);
    }
    return status;
}

/* Tells what the boot loader did, and whether this is a trial. */
static void take_stock(struct pawl_agent *agent)
{
    struct pawl_update_info info;
    struct pawl_agent_event event = {.code = PAWL_EVENT_STARTED};

    pawl_update_query(&agent->update, &info);
    event.text = pawl_update_state_name(info.state);
    event.sequence = info.current.sequence;
    pawl_agent_tell(agent, &event);
    bool on_trial = info.state == PAWL_UPDATE_TRIAL;
    agent->trial = on_trial ? TRIAL_WAITING : TRIAL_NONE;
    agent->nothing_accepted = !info.current.known;
    /* A loader tried it all the same, or half of it. */
    if ((info.state == PAWL_UPDATE_REJECTED ||
         info.state == PAWL_UPDATE_FAILED) &&
        info.reset_wanted) {
        agent->trial = TRIAL_REJECTING;
    }
    if (on_trial) {
        pawl_agent_say(agent, PAWL_EVENT_TRIAL, PAWL_OK,
                       "this image must prove itself");
    }
    if (info.state == PAWL_UPDATE_FAILED &&
        (info.phase == PAWL_UPDATE_PHASE_TRIAL ||
         info.phase == PAWL_UPDATE_PHASE_BOOT)) {
        event.code = PAWL_EVENT_REVERTED;
        event.text = pawl_update_reason_name(info.reason);
        event.sequence = info.candidate.sequence;
        pawl_agent_tell(agent, &event);
    }
}

/* Everything that open() opens; the caller closes on an error. */
static enum pawl_status open_parts(struct pawl_agent *agent)
{
    size_t len = sizeof agent->link.chain;
    enum pawl_status status = pawl_init(agent->config.port);

    if (status == PAWL_OK) {
        status = pawl_identity_open(&agent->identity, agent->config.port);
    }
    if (status == PAWL_OK) {
        status =
            pawl_identity_get(&agent->identity, PAWL_IDENTITY_IDEVID,
                              &agent->link.credential, agent->link.chain, &len);
    }
    if (status == PAWL_OK) {
        status = pawl_agent_trust_open(agent);
    }
    if (status == PAWL_OK) {
        status = open_update(agent);
    }
    return status;
}

enum pawl_status pawl_agent_open(struct pawl_agent *agent,
                                 const struct pawl_agent_config *config)
{
    if (!config_good(config)) {
        return PAWL_ERR_ARGUMENT;
    }
    memset(agent, 0, sizeof *agent);
    agent->config = *config;
    if (agent->config.topic_prefix == NULL) {
        agent->config.topic_prefix = "pawl";
    }
    if (agent->config.retry_first_ms == 0) {
        agent->config.retry_first_ms = 1000;
    }
    if (agent->config.retry_max_ms == 0) {
        agent->config.retry_max_ms = 600000;
    }
    enum pawl_status status = open_parts(agent);
    if (status == PAWL_OK) {
        agent->opened = true;
        take_stock(agent);
        pawl_agent_trust_tell_lost(agent);
    }
    return status;
}

enum pawl_status pawl_agent_step(struct pawl_agent *agent,
                                 struct pawl_wait *wait)
{
    struct pawl_wait one[3] = {{0}};

    *wait = (struct pawl_wait){0};
    if (!agent->opened) {
        return PAWL_ERR_STATE;
    }
    if (!agent->trust_lost) { /* nobody could be believed */
        pawl_agent_link_step(agent, &one[0]);
        pawl_agent_fetch_step(agent, &one[1]);
    }
    pawl_agent_trial_step(agent, &one[2]);
    for (size_t i = 0; i < PAWL_ARRAY_LEN(one); i++) {
        pawl_agent_merge_wait(wait, &one[i]);
    }
    if (agent->link.state == LINK_ONLINE &&
        (agent->inventory_due || agent->report_count > 0)) {
        wait->events |= PAWL_WAIT_NOTHING; /* told behind the link's turn */
    }
    if (agent->fatal != PAWL_OK) {
        return agent->fatal;
    }
    bool resting = agent->link.state == LINK_ONLINE &&
                   agent->fetch.state == FETCH_IDLE &&
                   agent->trial == TRIAL_NONE;
    resting = resting || (agent->trust_lost && agent->trial == TRIAL_NONE);
    return resting ? PAWL_OK : PAWL_PENDING;
}

void pawl_agent_close(struct pawl_agent *agent)
{
    pawl_agent_lane_close(&agent->link);
    pawl_agent_lane_close(&agent->fetch);
    if (agent->opened) {
        pawl_update_close(&agent->update);
    }
    pawl_wipe(agent, sizeof *agent);
}

void pawl_agent_reset(struct pawl_agent *agent)
{
    const struct pawl_reset *reset = agent->config.port->reset;

    pawl_agent_lane_close(&agent->fetch);
    pawl_agent_lane_close(&agent->link);
    reset->reboot(reset->ctx);
}

const char *pawl_agent_event_name(enum pawl_agent_event_code code)
{
    static const char *const names[] = {
        [PAWL_EVENT_STARTED] = "STARTED",
        [PAWL_EVENT_ENROLLED] = "ENROLLED",
        [PAWL_EVENT_PROMOTED] = "PROMOTED",
        [PAWL_EVENT_CONNECTED] = "CONNECTED",
        [PAWL_EVENT_PUBLISHED] = "PUBLISHED",
        [PAWL_EVENT_ANNOUNCED] = "ANNOUNCED",
        [PAWL_EVENT_VERIFIED] = "VERIFIED",
        [PAWL_EVENT_PROGRESS] = "PROGRESS",
        [PAWL_EVENT_RESUMED] = "RESUMED",
        [PAWL_EVENT_CANDIDATE] = "CANDIDATE",
        [PAWL_EVENT_INSTALLING] = "INSTALLING",
        [PAWL_EVENT_TRIAL] = "TRIAL",
        [PAWL_EVENT_ACCEPTED] = "ACCEPTED",
        [PAWL_EVENT_UNHEALTHY] = "UNHEALTHY",
        [PAWL_EVENT_REVERTED] = "REVERTED",
        [PAWL_EVENT_REFUSED] = "REFUSED",
        [PAWL_EVENT_SESSION_FAILED] = "SESSION_FAILED",
        [PAWL_EVENT_ENROLL_FAILED] = "ENROLL_FAILED",
        [PAWL_EVENT_DOWNLOAD_FAILED] = "DOWNLOAD_FAILED",
        [PAWL_EVENT_FAILED] = "FAILED",
        [PAWL_EVENT_TRUST_ROTATED] = "TRUST_ROTATED",
        [PAWL_EVENT_TRUST_REFUSED] = "TRUST_REFUSED",
        [PAWL_EVENT_TRUST_WANTED] = "TRUST_WANTED",
        [PAWL_EVENT_TRUST_LOST] = "TRUST_LOST",
        [PAWL_EVENT_TRUST_OWNED] = "TRUST_OWNED",
        [PAWL_EVENT_TRUST_HELD] = "TRUST_HELD",
    };
    size_t index = (size_t)code;

    return index < PAWL_ARRAY_LEN(names) && names[index] != NULL ? names[index]
                                                                 : "?";
}
