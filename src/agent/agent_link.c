/* SPDX-License-Identifier: Apache-2.0 */
/* The link lane: enrolled or not, to the broker, and what is said there. */
#include "agent/agent_internal.h"
#include "base/base.h"
#include <string.h>

#define REPORT_MAX 256 /* bytes of a payload that we publish */

/* Between two attempts to renew, for each of which the broker is left. */
#define RENEWAL_LEAST_MS 60000u

/* The next LDevID is dropped after so many sessions that ended as if it had
 * been refused; a network that fails looks the same. */
#define NEXT_REFUSALS_MAX 3

/* A TLS alert (RFC 8446, 6.2). */
#define ALERT_CERTIFICATE_EXPIRED 45

static void drop_next(struct pawl_agent *agent)
{
    agent->next_refusals = 0;
    if (pawl_identity_drop_next(&agent->identity) != PAWL_OK) {
        agent->fatal = PAWL_ERR_IO;
    }
}

/* What the end of a session says of the credential that it was opened with. */
static void judge_credential(struct pawl_agent *agent,
                             const struct pawl_session_failure *failure)
{
    switch (agent->link.credential.kind) {
    case PAWL_IDENTITY_LDEVID_NEXT:
        /* A server that refuses the new LDevID leaves us the old one. */
        agent->next_refusals++;
        if (failure->alert_received >= 0 ||
            agent->next_refusals >= NEXT_REFUSALS_MAX) {
            drop_next(agent);
        }
        break;
    case PAWL_IDENTITY_LDEVID:
        /* Our clock may be behind. What the owner has revoked is not healed by
         * the device itself. */
        agent->ldevid_expired =
            failure->alert_received == ALERT_CERTIFICATE_EXPIRED;
        break;
    case PAWL_IDENTITY_IDEVID:
        break;
    }
}

/* What the broker gave as its reason; what is below 0x80 is no refusal. */
static uint8_t broker_reason(const struct pawl_agent *agent)
{
    uint8_t reason = agent->link.state >= LINK_MQTT ? agent->mqtt.reason : 0;

    return reason >= 0x80 ? reason : 0;
}

/*
 * Ends the session and pauses. Unless status is PAWL_OK (already told), the
 * application learns why, with the session's own account.
 */
void pawl_agent_link_fail(struct pawl_agent *agent, enum pawl_status status,
                          enum pawl_agent_event_code code, uint32_t least_ms)
{
    struct pawl_agent_lane *link = &agent->link;
    const struct pawl_session_failure *failure = pawl_agent_lane_failure(link);
    bool renewal = agent->renewing &&
                   (link->state == LINK_ENROLL_CONNECT ||
                    link->state == LINK_ENROLL || link->state == LINK_REST);
    struct pawl_agent_event event = {
        .code = code,
        .status = status,
        .text = pawl_status_text(status),
        .endpoint = link->session_config.endpoint,
        .session = failure,
        .mqtt_reason = broker_reason(agent),
    };

    if (status != PAWL_OK) {
        pawl_agent_tell(agent, &event);
    }
    if (failure != NULL && failure->client_refused) {
        judge_credential(agent, failure);
    }
    pawl_agent_lane_close(link);
    if (renewal) {
        agent->renewing = false; /* the LDevID is good for the broker still */
        pawl_agent_backoff(agent, &agent->renewal,
                           least_ms > RENEWAL_LEAST_MS ? least_ms
                                                       : RENEWAL_LEAST_MS);
    } else {
        pawl_agent_backoff(agent, &link->backoff, least_ms);
    }
    link->state = LINK_REST;
}

static bool has(struct pawl_agent *agent, enum pawl_identity_kind kind)
{
    return pawl_agent_lane_credential(agent, &agent->link, kind) == PAWL_OK;
}

static bool is_due(const struct pawl_agent *agent)
{
    struct pawl_wait unused;

    return pawl_agent_rested(agent, &agent->renewal, &unused) &&
           pawl_enroll_due(&agent->link.credential,
                           agent->config.port->product->serial,
                           pawl_agent_wall_s(agent));
}

static bool is_expired(const struct pawl_agent *agent)
{
    return pawl_agent_wall_s(agent) > agent->link.credential.not_after_s;
}

/* A next LDevID that expired before it was used would never be refused by a
 * server, and so never make room. */
static bool dropped_expired(struct pawl_agent *agent)
{
    if (!is_expired(agent)) {
        return false;
    }
    drop_next(agent);
    return true;
}

/*
 * Which credential talks to whom: a next LDevID proves itself at the broker;
 * a current one that is due renews itself first; without one, or with one
 * that has expired, the IDevID enrols.
 */
static void choose(struct pawl_agent *agent, enum pawl_use *use,
                   enum pawl_identity_kind *kind)
{
    *use = PAWL_USE_MQTT;
    *kind = PAWL_IDENTITY_LDEVID_NEXT;
    agent->renewing = false;
    if (has(agent, *kind) && !dropped_expired(agent)) {
        return;
    }
    *kind = PAWL_IDENTITY_LDEVID;
    if (!has(agent, *kind) || is_expired(agent) || agent->ldevid_expired) {
        *use = PAWL_USE_ENROLL;
        *kind = PAWL_IDENTITY_IDEVID;
    } else if (is_due(agent)) {
        *use = PAWL_USE_ENROLL;
        agent->renewing = true;
    }
}

static void rest(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_agent_lane *link = &agent->link;
    enum pawl_identity_kind kind;
    enum pawl_use use;

    if (!pawl_agent_rested(agent, &link->backoff, wait)) {
        return;
    }
    choose(agent, &use, &kind);
    const struct pawl_endpoint *endpoint = pawl_agent_endpoint(agent, use);
    if (endpoint != NULL && pawl_agent_ticket_take(agent, endpoint)) {
        wait->events = PAWL_WAIT_NOTHING;
        return;
    }
    enum pawl_status status =
        endpoint != NULL ? pawl_agent_lane_open(agent, link, endpoint, kind)
                         : PAWL_ERR_POLICY;
    if (status != PAWL_OK) {
        pawl_agent_link_fail(agent, status, PAWL_EVENT_SESSION_FAILED, 0);
        return;
    }
    link->state = use == PAWL_USE_ENROLL ? LINK_ENROLL_CONNECT : LINK_CONNECT;
    wait->events = PAWL_WAIT_NOTHING;
}

/* An announcement replaces the one before; the fetch lane looks at it. */
static void update_announced(struct pawl_agent *agent,
                             struct pawl_bytes payload)
{
    char uri[PAWL_URI_MAX];
    enum pawl_status status = pawl_agent_read_announcement(payload, uri);

    if (status != PAWL_OK) {
        pawl_agent_say(agent, PAWL_EVENT_REFUSED, status,
                       "an announcement that cannot be read");
        return;
    }
    if (strcmp(agent->announced, uri) != 0) {
        /* Another one does not wait for what kept the one before. */
        agent->fetch.backoff = (struct pawl_backoff){0};
    }
    (void)pawl_text_copy(agent->announced, sizeof agent->announced, uri);
    agent->announced_new = true;
    pawl_agent_say(agent, PAWL_EVENT_ANNOUNCED, PAWL_OK, agent->announced);
}

static bool is_topic(const struct pawl_agent *agent, struct pawl_bytes topic,
                     const char *last)
{
    char own[PAWL_TOPIC_MAX];

    pawl_agent_topic(agent, last, own);
    return topic.len == strlen(own) && memcmp(topic.data, own, topic.len) == 0;
}

static void on_message(void *ctx, const struct pawl_mqtt_message *message)
{
    struct pawl_agent *agent = ctx;

    if (message->payload.len == 0) {
        return; /* a retained announcement was taken back */
    }
    if (is_topic(agent, message->topic, "announce")) {
        update_announced(agent, message->payload);
    } else if (is_topic(agent, message->topic, "trust")) {
        pawl_agent_trust_announced(agent, message->payload);
    }
}

static void connect(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_agent_lane *link = &agent->link;
    enum pawl_status status = pawl_session_step(&link->session, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    if (status == PAWL_OK) {
        const struct pawl_mqtt_config config = {
            .session = &link->session,
            .clock = agent->config.port->clock,
            .client_id = agent->config.port->product->serial,
            .on_message = on_message,
            .ctx = agent,
        };
        status = pawl_mqtt_open(&agent->mqtt, &config);
    }
    if (status != PAWL_OK) {
        pawl_agent_link_fail(agent, status, PAWL_EVENT_SESSION_FAILED, 0);
        return;
    }
    link->state = LINK_MQTT;
    wait->events = PAWL_WAIT_NOTHING;
}

static void subscribe(struct pawl_agent *agent, const char *last,
                      enum link_state state)
{
    char topic[PAWL_TOPIC_MAX];

    pawl_agent_topic(agent, last, topic);
    enum pawl_status status =
        pawl_mqtt_subscribe(&agent->mqtt, topic, PAWL_MQTT_QOS_1);
    if (status != PAWL_OK) {
        pawl_agent_link_fail(agent, status, PAWL_EVENT_SESSION_FAILED, 0);
        return;
    }
    agent->link.state = (uint8_t)state;
}

/* CONNACK said yes: the identity is proved, and announcements may come. */
static void connected(struct pawl_agent *agent)
{
    struct pawl_agent_lane *link = &agent->link;

    pawl_agent_lane_accepted(link);
    link->backoff = (struct pawl_backoff){0};
    struct pawl_agent_event event = {
        .code = PAWL_EVENT_CONNECTED,
        .text = "the broker accepted us",
        .endpoint = link->session_config.endpoint,
        .resumed = pawl_session_info(&link->session).resumed,
    };
    pawl_agent_tell(agent, &event);
    if (link->credential.kind == PAWL_IDENTITY_LDEVID_NEXT) {
        enum pawl_status status = pawl_identity_promote(&agent->identity);
        link->credential.kind = PAWL_IDENTITY_LDEVID;
        agent->next_refusals = 0;
        pawl_agent_say(agent, PAWL_EVENT_PROMOTED, status,
                       "the new LDevID is the current one");
    }
    agent->inventory_due = true;
    subscribe(agent, "announce", LINK_SUBSCRIBE);
}

/* Publishes the inventory, or the oldest report. */
static enum pawl_status publish_next(struct pawl_agent *agent)
{
    uint8_t buf[REPORT_MAX];
    char topic[PAWL_TOPIC_MAX];
    struct pawl_bytes payload;
    bool inventory = agent->inventory_due;

    pawl_agent_topic(agent, inventory ? "inventory" : "event", topic);
    enum pawl_status status =
        inventory ? pawl_agent_write_inventory(agent, buf, sizeof buf, &payload)
                  : pawl_agent_write_report(agent, &agent->reports[0], buf,
                                            sizeof buf, &payload);
    if (status == PAWL_OK) {
        status = pawl_mqtt_publish(&agent->mqtt, topic, payload,
                                   PAWL_MQTT_QOS_1, inventory);
    }
    if (status == PAWL_OK) {
        agent->telling_inventory = inventory;
        agent->inventory_due = agent->inventory_due && !inventory;
    }
    return status;
}

/* What was published is acknowledged. */
static void published(struct pawl_agent *agent)
{
    if (agent->telling_inventory) {
        pawl_agent_say(agent, PAWL_EVENT_PUBLISHED, PAWL_OK,
                       "the inventory is with the broker");
        pawl_agent_trial_proved(agent);
    } else if (agent->report_count > 0) {
        agent->report_count--;
        memmove(agent->reports, agent->reports + 1,
                agent->report_count * sizeof agent->reports[0]);
    }
}

/* MQTT is idle: what is next? */
static void mqtt_idle(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_agent_lane *link = &agent->link;

    if (link->state == LINK_MQTT) {
        connected(agent);
        wait->events |= PAWL_WAIT_NOTHING;
        return;
    }
    if (link->state == LINK_SUBSCRIBE) {
        subscribe(agent, "trust", LINK_SUBSCRIBE_TRUST);
        wait->events |= PAWL_WAIT_NOTHING;
        return;
    }
    if (link->state == LINK_REPORT) {
        published(agent);
    }
    bool more = agent->inventory_due || agent->report_count > 0;
    enum pawl_status status = more ? publish_next(agent) : PAWL_PENDING;
    link->state = LINK_ONLINE;
    if (status == PAWL_OK) {
        link->state = LINK_REPORT;
        wait->events |= PAWL_WAIT_NOTHING;
    } else if (status != PAWL_PENDING) {
        pawl_agent_link_fail(agent, status, PAWL_EVENT_SESSION_FAILED, 0);
    } else if (!more && link->credential.kind == PAWL_IDENTITY_LDEVID &&
               is_due(agent) && pawl_mqtt_disconnect(&agent->mqtt) == PAWL_OK) {
        link->state = LINK_LEAVING;
        wait->events |= PAWL_WAIT_NOTHING;
    } else if (!more) {
        pawl_agent_ticket_keep(agent);
    }
}

static void leave(struct pawl_agent *agent, struct pawl_wait *wait)
{
    if (pawl_mqtt_step(&agent->mqtt, wait) != PAWL_PENDING) {
        pawl_agent_lane_close(&agent->link);
        agent->link.state = LINK_REST;
        wait->events = PAWL_WAIT_NOTHING;
    }
}

static void mqtt_step(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_mqtt_step(&agent->mqtt, wait);

    if (status == PAWL_OK) {
        mqtt_idle(agent, wait);
    } else if (status != PAWL_PENDING) {
        pawl_agent_link_fail(agent, status, PAWL_EVENT_SESSION_FAILED, 0);
        wait->events = PAWL_WAIT_NOTHING;
    }
}

void pawl_agent_link_step(struct pawl_agent *agent, struct pawl_wait *wait)
{
    uint8_t before = agent->link.state;

    switch ((enum link_state)agent->link.state) {
    case LINK_REST:
        rest(agent, wait);
        break;
    case LINK_ENROLL_CONNECT:
        pawl_agent_enroll_connect(agent, wait);
        break;
    case LINK_ENROLL:
        pawl_agent_enroll_step(agent, wait);
        break;
    case LINK_CONNECT:
        connect(agent, wait);
        break;
    case LINK_MQTT:
    case LINK_SUBSCRIBE:
    case LINK_SUBSCRIBE_TRUST:
    case LINK_REPORT:
    case LINK_ONLINE:
        mqtt_step(agent, wait);
        break;
    case LINK_LEAVING:
        leave(agent, wait);
        break;
    }
    if (agent->link.state != before || wait->events == 0) {
        wait->events |= PAWL_WAIT_NOTHING;
    }
}
