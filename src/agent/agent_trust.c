/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotation of the trust document in the field: announced and fetched, or
 * pushed by the application; one version after the other. Sessions end with
 * the document that they were opened with.
 */
#include "agent/agent_internal.h"
#include "base/base.h"
#include <string.h>

#define VERSION_MARK "{version}"
#define DECIMAL_MAX 21 /* digits of 64 bits, and an end */
#define ASK_AGAIN_MS 30000u

_Static_assert(PAWL_ENVELOPE_MAX >= PAWL_TRUST_MAX,
               "a trust document is fetched into agent->envelope");

static void tell(struct pawl_agent *agent, enum pawl_agent_event_code code,
                 enum pawl_status status, uint64_t version, const char *text)
{
    const struct pawl_agent_event event = {
        .code = code, .status = status, .text = text, .sequence = version};

    pawl_agent_tell(agent, &event);
}

/* ---- what was announced ---- */

static bool has_mark(const struct pawl_agent *agent)
{
    return strstr(agent->trust_uri, VERSION_MARK) != NULL;
}

/*
 * A trial before which nothing was accepted, as after a factory that wrote no
 * first record: the image that runs is the only one, and boots after the trial
 * only if the document in force still has its signer.
 */
static bool has_one_image(const struct pawl_agent *agent)
{
    return agent->trial != TRIAL_NONE && agent->nothing_accepted &&
           !agent->trust_lost;
}

static bool is_news(const struct pawl_agent *agent)
{
    return agent->trust_uri[0] != '\0' &&
           agent->trust_newest > agent->trust.version;
}

bool pawl_agent_trust_due(const struct pawl_agent *agent)
{
    return is_news(agent) && !has_one_image(agent);
}

/*
 * What runs already is no news: the retained announcement comes at each
 * connection. A single document that is not the next one is not fetched; the
 * operator is told which one is wanted.
 */
void pawl_agent_trust_announced(struct pawl_agent *agent,
                                struct pawl_bytes payload)
{
    enum pawl_status status = pawl_agent_read_trust_announcement(
        payload, agent->trust_uri, &agent->trust_newest);
    uint64_t wanted = agent->trust.version + 1;

    if (status != PAWL_OK) {
        pawl_agent_trust_refuse(agent, status);
    } else if (!is_news(agent)) {
        agent->trust_uri[0] = '\0';
    } else if (agent->trust_newest != wanted && !has_mark(agent)) {
        agent->trust_uri[0] = '\0';
        tell(agent, PAWL_EVENT_TRUST_WANTED, PAWL_ERR_STATE, wanted,
             "a version of the trust document is missing");
    } else {
        agent->fetching_trust = false; /* it does not wait for its turn */
        pawl_agent_fetch_begin_anew(agent);
    }
}

static void decimal(char text[DECIMAL_MAX], uint64_t value)
{
    char digits[DECIMAL_MAX];
    size_t n = 0, at = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0) {
        text[at++] = digits[--n];
    }
    text[at] = '\0';
}

/* Appends len bytes of text to what uri holds, with an end. */
static bool append(char uri[PAWL_URI_MAX], const char *text, size_t len)
{
    size_t at = strlen(uri);

    if (len >= PAWL_URI_MAX - at) {
        return false;
    }
    memcpy(uri + at, text, len);
    uri[at + len] = '\0';
    return true;
}

enum pawl_status pawl_agent_trust_uri(const struct pawl_agent *agent,
                                      struct pawl_uri *uri)
{
    char text[PAWL_URI_MAX] = "", number[DECIMAL_MAX];
    const char *from = agent->trust_uri;
    const char *mark = strstr(from, VERSION_MARK);
    bool good = true;

    if (mark != NULL) {
        decimal(number, agent->trust.version + 1);
        good = append(text, from, (size_t)(mark - from)) &&
               append(text, number, strlen(number));
        from = mark + sizeof VERSION_MARK - 1;
    }
    if (!good || !append(text, from, strlen(from))) {
        return PAWL_ERR_LIMIT;
    }
    return pawl_uri_parse(
        uri, (struct pawl_bytes){(const uint8_t *)text, strlen(text)});
}

void pawl_agent_trust_refuse(struct pawl_agent *agent, enum pawl_status status)
{
    agent->trust_uri[0] = '\0';
    tell(agent,
         status == PAWL_ERR_STATE ? PAWL_EVENT_TRUST_WANTED
                                  : PAWL_EVENT_TRUST_REFUSED,
         status, agent->trust.version + 1, pawl_status_text(status));
}

/* ---- a document is here ---- */

/* What was opened with the anchors before has nothing to stand on. */
static void begin_sessions_anew(struct pawl_agent *agent)
{
    pawl_agent_lane_close(&agent->link);
    agent->link.backoff = (struct pawl_backoff){0};
    agent->link.state = LINK_REST;
    pawl_agent_fetch_begin_anew(agent);
}

/* Sessions begin anew at once; an update that waits is judged again. */
static void in_force(struct pawl_agent *agent)
{
    agent->trust_lost = false;
    begin_sessions_anew(agent);
    tell(agent, PAWL_EVENT_TRUST_ROTATED, PAWL_OK, agent->trust.version,
         "another trust document is in force");
    enum pawl_status status = pawl_update_trust_changed(&agent->update);
    agent->rejudging = status == PAWL_PENDING;
    if (status == PAWL_ERR_IO) {
        agent->fatal = status;
    }
}

static enum pawl_status rotate(struct pawl_agent *agent,
                               struct pawl_bytes document)
{
    enum pawl_status status = pawl_identity_rotate_trust(
        &agent->identity, &agent->trust, &agent->successor, document);

    if (status == PAWL_OK) {
        in_force(agent);
    }
    return status;
}

/* ---- the boot loader must have its turn ---- */

/* A reset helps if the document in force came after the start. If it was there
 * then, the loader had its turn and did not take it. */
static bool reset_helps(const struct pawl_agent *agent)
{
    return agent->trust.version > agent->trust_at_open;
}

static void tell_held(struct pawl_agent *agent)
{
    tell(agent, PAWL_EVENT_TRUST_HELD, PAWL_ERR_RESET_DUE, agent->trust.version,
         reset_helps(agent)
             ? "the boot loader takes this document over at a reset; the next "
               "one waits"
             : "the boot loader did not take this document over; the next one "
               "waits");
}

static void hold(struct pawl_agent *agent)
{
    tell_held(agent);
    if (reset_helps(agent)) {
        pawl_agent_lane_close(&agent->fetch);
        agent->fetch.backoff = (struct pawl_backoff){0};
        agent->fetch.state = FETCH_HELD;
    } else {
        agent->trust_uri[0] = '\0';
        pawl_agent_fetch_begin_anew(agent);
    }
}

/* What was announced comes again with the next connection. */
static void hold_no_longer(struct pawl_agent *agent, struct pawl_wait *wait)
{
    agent->trust_uri[0] = '\0';
    agent->fetch.state = FETCH_REST;
    wait->events = PAWL_WAIT_NOTHING;
}

void pawl_agent_trust_held(struct pawl_agent *agent, struct pawl_wait *wait)
{
    const struct pawl_agent_config *config = &agent->config;
    struct pawl_backoff *backoff = &agent->fetch.backoff;
    enum pawl_answer answer = PAWL_ANSWER_YES;

    if (!pawl_agent_trust_due(agent)) {
        hold_no_longer(agent, wait);
        return;
    }
    if (agent->trial != TRIAL_NONE ||
        !pawl_agent_rested(agent, backoff, wait)) {
        return;
    }
    if (config->may_reset != NULL) {
        answer = config->may_reset(config->ctx);
    }
    switch (answer) {
    case PAWL_ANSWER_YES:
        pawl_agent_fetch_reset(agent);
        return;
    case PAWL_ANSWER_NOT_NOW:
        backoff->until_ms = pawl_agent_now_ms(agent) + ASK_AGAIN_MS;
        (void)pawl_agent_rested(agent, backoff, wait);
        return;
    case PAWL_ANSWER_NO:
        break;
    }
    hold_no_longer(agent, wait);
}

/* ---- a document was fetched, or pushed ---- */

void pawl_agent_trust_judge(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = rotate(
        agent, (struct pawl_bytes){agent->envelope, agent->envelope_len});

    wait->events = PAWL_WAIT_NOTHING;
    if (status == PAWL_ERR_RESET_DUE) {
        hold(agent);
    } else if (status != PAWL_OK) {
        pawl_agent_trust_refuse(agent, status);
        pawl_agent_fetch_begin_anew(agent);
    }
    agent->fetching_trust = false; /* the next one does not wait its turn */
}

enum pawl_status pawl_agent_trust(struct pawl_agent *agent,
                                  struct pawl_bytes document)
{
    if (!agent->opened) {
        return PAWL_ERR_STATE;
    }
    if (has_one_image(agent)) {
        tell(agent, PAWL_EVENT_TRUST_HELD, PAWL_ERR_STATE, agent->trust.version,
             "the only image is on trial; the next document waits");
        return PAWL_ERR_STATE;
    }
    enum pawl_status status = rotate(agent, document);
    if (status == PAWL_ERR_RESET_DUE) {
        tell_held(agent);
    } else if (status < 0) {
        tell(agent,
             status == PAWL_ERR_STATE ? PAWL_EVENT_TRUST_WANTED
                                      : PAWL_EVENT_TRUST_REFUSED,
             status, agent->trust.version + 1, pawl_status_text(status));
    }
    return status;
}

enum pawl_status pawl_agent_own(struct pawl_agent *agent,
                                struct pawl_bytes owner)
{
    if (!agent->opened || agent->trust_lost) {
        return PAWL_ERR_STATE;
    }
    enum pawl_status status = pawl_identity_own_trust(
        &agent->identity, &agent->trust, &agent->successor, owner);
    if (status == PAWL_OK) {
        begin_sessions_anew(agent);
    }
    tell(agent,
         status == PAWL_OK ? PAWL_EVENT_TRUST_OWNED : PAWL_EVENT_TRUST_REFUSED,
         status, agent->trust.owner_version, pawl_status_text(status));
    return status;
}

/* ---- open ---- */

/* What the owner said is no condition of anything else. */
static void open_owner(struct pawl_agent *agent)
{
    enum pawl_status status = pawl_trust_open_owner(&agent->trust);

    if (status != PAWL_OK) {
        tell(agent, PAWL_EVENT_TRUST_REFUSED, status, 0,
             "the owner's anchors are not good");
    }
}

enum pawl_status pawl_agent_trust_open(struct pawl_agent *agent)
{
    struct pawl_bytes factory = agent->config.factory_trust;
    enum pawl_status status =
        pawl_trust_open(&agent->trust, agent->config.port->store);

    if (status == PAWL_OK) {
        open_owner(agent);
    }
    agent->trust_at_open = agent->trust.version;
    if (status != PAWL_ERR_LOST || factory.len == 0) {
        return status;
    }
    status =
        pawl_identity_recover_trust(&agent->identity, &agent->trust, factory);
    agent->trust_lost = status == PAWL_PENDING;
    return status == PAWL_PENDING ? PAWL_OK : status;
}

void pawl_agent_trust_tell_lost(struct pawl_agent *agent)
{
    if (agent->trust_lost) {
        tell(agent, PAWL_EVENT_TRUST_LOST, PAWL_ERR_LOST,
             agent->trust.version + 1,
             "the trust document is lost: each version is wanted again");
    }
}

/* ---- time ---- */

void pawl_agent_learn_time(struct pawl_agent *agent,
                           const struct pawl_session *session, int64_t date_s)
{
    int64_t until_s = pawl_session_info(session).time_until_s;
    int64_t believed_s = date_s < until_s ? date_s : until_s;

    if (believed_s > 0 && pawl_identity_raise_time_floor(
                              &agent->identity, believed_s) == PAWL_ERR_IO) {
        agent->fatal = PAWL_ERR_IO;
    }
}
