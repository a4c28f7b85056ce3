/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetch lane, first half: an announced envelope is fetched, and judged by
 * the engine before anything is erased.
 */
#include "agent/agent_internal.h"
#include "base/base.h"
#include <string.h>

/* How often one manifest is tried from the start before it is given up. */
#define TRIES_MAX 3

/* How long a server that was asked may send nothing: a connection that died
 * without a word would otherwise be the last one. */
#define SILENCE_MS 60000u

/*
 * The endpoint that a URI names: by the name that its certificate must have,
 * and its port. What is not on the list is not connected to.
 */
static const struct pawl_endpoint *endpoint_of(const struct pawl_agent *agent,
                                               const struct pawl_uri *uri)
{
    for (size_t i = 0; i < agent->config.endpoint_count; i++) {
        const struct pawl_endpoint *one = &agent->config.endpoints[i];
        const char *name =
            one->server_name != NULL ? one->server_name : one->host;

        if (one->use == PAWL_USE_DOWNLOAD && one->port == uri->port &&
            strcmp(name, uri->host) == 0) {
            return one;
        }
    }
    return NULL;
}

enum pawl_status pawl_agent_fetch_open(struct pawl_agent *agent)
{
    const struct pawl_endpoint *endpoint = endpoint_of(agent, &agent->uri);

    if (endpoint == NULL) {
        return PAWL_ERR_POLICY;
    }
    return pawl_agent_lane_open(agent, &agent->fetch, endpoint,
                                PAWL_IDENTITY_LDEVID);
}

/* What the network or the server did may be better later; what was signed
 * wrongly, or is not for us, will not. */
void pawl_agent_fetch_fail(struct pawl_agent *agent, enum pawl_status status)
{
    struct pawl_agent_lane *fetch = &agent->fetch;
    struct pawl_agent_event event = {
        .code = PAWL_EVENT_DOWNLOAD_FAILED,
        .status = status,
        .text = pawl_status_text(status),
        .endpoint = fetch->session_config.endpoint,
        .session = pawl_agent_lane_failure(fetch),
        .sequence = agent->sequence,
    };

    pawl_agent_tell(agent, &event);
    pawl_agent_lane_close(fetch);
    pawl_agent_backoff(agent, &fetch->backoff, 0);
    fetch->state = FETCH_REST;
}

/* Nothing more is to be done for what was announced. Another announcement,
 * which came meanwhile, stays. */
static void forget(struct pawl_agent *agent)
{
    pawl_agent_lane_close(&agent->fetch);
    if (!agent->announced_new) {
        agent->announced[0] = '\0';
    }
    agent->fetch.state = FETCH_IDLE;
}

/* Gives up what was announced, and tells why. */
static void refuse_as(struct pawl_agent *agent, enum pawl_status status,
                      const char *text,
                      const struct pawl_manifest_failure *failure)
{
    const struct pawl_agent_event event = {
        .code = PAWL_EVENT_REFUSED,
        .status = status,
        .text = text,
        .manifest = failure->status != PAWL_OK ? failure : NULL,
        .sequence = agent->sequence,
    };

    pawl_agent_tell(agent, &event);
    forget(agent);
    agent->inventory_due = true;
}

void pawl_agent_fetch_refuse(struct pawl_agent *agent, enum pawl_status status)
{
    struct pawl_update_info info;
    enum pawl_update_reason reason = pawl_update_reason(&agent->update);

    pawl_update_query(&agent->update, &info);
    refuse_as(agent, status,
              reason != PAWL_UPDATE_REASON_NONE
                  ? pawl_update_reason_name(reason)
                  : pawl_status_text(status),
              &info.manifest);
}

void pawl_agent_fetch_begin_anew(struct pawl_agent *agent)
{
    struct pawl_agent_lane *fetch = &agent->fetch;

    pawl_agent_lane_close(fetch);
    switch ((enum fetch_state)fetch->state) {
    case FETCH_IDLE:
    case FETCH_REST:
    case FETCH_CONNECT:
    case FETCH_HEAD:
    case FETCH_BODY:
    case FETCH_PAYLOAD_CONNECT:
    case FETCH_PAYLOAD_HEAD:
    case FETCH_PAYLOAD_BODY:
        break;
    case FETCH_START:
        if (agent->fetching_trust) {
            break;
        }
        return; /* the engine is at it, without a server: */
    case FETCH_WANT:
    case FETCH_FINISH:
    case FETCH_INSTALL:
    case FETCH_HELD:
    case FETCH_RESET:
    case FETCH_CANCEL:
    case FETCH_CLEAN:
        return;
    }
    fetch->backoff = (struct pawl_backoff){0};
    fetch->state = FETCH_REST;
}

/*
 * What is fetched next: a trust document, which may withdraw who signed the
 * update; but where its server fails, an update has every other turn. An image
 * on trial is proved before its successor is fetched.
 */
static bool is_trusts_turn(const struct pawl_agent *agent)
{
    bool update = agent->announced[0] != '\0' && agent->trial == TRIAL_NONE;

    return pawl_agent_trust_due(agent) && !(agent->fetching_trust && update);
}

/* Takes the URI of what is fetched next apart. */
static enum pawl_status aim(struct pawl_agent *agent)
{
    struct pawl_bytes text = {(const uint8_t *)agent->announced,
                              pawl_text_len(agent->announced, PAWL_URI_MAX)};

    agent->envelope_len = 0;
    agent->sequence = 0;
    if (agent->fetching_trust) {
        return pawl_agent_trust_uri(agent, &agent->uri);
    }
    agent->announced_new = false;
    return pawl_uri_parse(&agent->uri, text);
}

/* Gives up what is being fetched. */
static void refuse_either(struct pawl_agent *agent, enum pawl_status status)
{
    if (agent->fetching_trust) {
        agent->fetching_trust = false;
        pawl_agent_trust_refuse(agent, status);
        pawl_agent_fetch_begin_anew(agent);
    } else {
        pawl_agent_fetch_refuse(agent, status);
    }
}

/* Begins with what was announced. */
static void begin(struct pawl_agent *agent, struct pawl_wait *wait)
{
    agent->fetching_trust = is_trusts_turn(agent);
    if (!agent->fetching_trust &&
        (agent->announced[0] == '\0' || agent->trial != TRIAL_NONE)) {
        agent->fetch.state = FETCH_IDLE;
        return;
    }
    enum pawl_status status = aim(agent);
    if (status == PAWL_OK) {
        status = pawl_agent_fetch_open(agent);
    }
    if (status == PAWL_ERR_POLICY || status == PAWL_ERR_MALFORMED ||
        status == PAWL_ERR_UNSUPPORTED || status == PAWL_ERR_LIMIT) {
        refuse_either(agent, status);
        return;
    }
    if (status != PAWL_OK) {
        pawl_agent_fetch_fail(agent, status);
        return;
    }
    agent->fetch.state = FETCH_CONNECT;
    wait->events = PAWL_WAIT_NOTHING;
}

/* The engine's own upkeep. What it reports may be about a slot; a journal that
 * failed is the end, and is all that it speaks of from then on. */
static void upkeep(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_update_want unused;
    enum pawl_status status = pawl_update_step(&agent->update, wait);

    if (status == PAWL_ERR_IO &&
        pawl_update_wanted(&agent->update, &unused) == PAWL_ERR_IO) {
        agent->fatal = status;
    }
}

/* A counter that is to rise keeps the engine from starting: it is tried again
 * also while an announced update waits for just that, or for a reset. */
static void rest(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_update_info info;
    struct pawl_wait engine = {0};

    pawl_update_query(&agent->update, &info);
    if (info.counter_pending) {
        upkeep(agent, &engine);
    }
    if (agent->fetch.state == FETCH_HELD) {
        pawl_agent_trust_held(agent, wait);
    } else if (pawl_agent_rested(agent, &agent->fetch.backoff, wait)) {
        begin(agent, wait);
    }
    pawl_agent_merge_wait(wait, &engine);
}

static void connect(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_session_step(&agent->fetch.session, wait);

    if (status == PAWL_OK) {
        pawl_http_open(&agent->http, &agent->fetch.session);
        status = pawl_http_get(&agent->http, agent->uri.path, 0, 0, NULL);
        agent->fetch.state = FETCH_HEAD;
        wait->events = PAWL_WAIT_NOTHING;
    }
    if (status != PAWL_OK && status != PAWL_PENDING) {
        pawl_agent_fetch_fail(agent, status);
    }
}

static void head(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_http_step(&agent->http, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    if (status == PAWL_OK && agent->http.response.status != 200) {
        status = PAWL_ERR_REFUSED;
    }
    if (status != PAWL_OK) {
        pawl_agent_fetch_fail(agent, status);
        return;
    }
    pawl_agent_lane_accepted(&agent->fetch);
    pawl_agent_learn_time(agent, &agent->fetch.session,
                          agent->http.response.date_s);
    agent->fetch.state = FETCH_BODY;
    wait->events = PAWL_WAIT_NOTHING;
}

/* What is over the limit is refused when it does not fit any more. */
static void body(struct pawl_agent *agent, struct pawl_wait *wait)
{
    size_t limit =
        agent->fetching_trust ? PAWL_TRUST_MAX : sizeof agent->envelope;
    size_t room = limit - agent->envelope_len;
    size_t received = 0;
    uint8_t one_more;
    enum pawl_status status =
        room > 0 ? pawl_http_read(&agent->http,
                                  agent->envelope + agent->envelope_len, room,
                                  &received, wait)
                 : pawl_http_read(&agent->http, &one_more, 1, &received, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    wait->events = PAWL_WAIT_NOTHING;
    if (status == PAWL_OK && room > 0) {
        agent->envelope_len += received;
    } else if (status == PAWL_OK) {
        refuse_either(agent, PAWL_ERR_LIMIT);
    } else if (status == PAWL_ERR_CLOSED) {
        agent->fetch.state = FETCH_START;
    } else {
        pawl_agent_fetch_fail(agent, status);
    }
}

static bool is_candidate(const struct pawl_manifest *manifest,
                         const struct pawl_update_info *info)
{
    return info->candidate.known &&
           pawl_equal_ct(info->candidate.digest, manifest->digest,
                         sizeof manifest->digest);
}

/*
 * What runs, or what failed before, is not tried again: the retained
 * announcement comes at each connection.
 */
static bool is_old_news(struct pawl_agent *agent,
                        const struct pawl_manifest *manifest,
                        const struct pawl_update_info *info)
{
    bool runs = info->current.known && info->running == info->current.set &&
                pawl_equal_ct(info->current.digest, manifest->digest,
                              sizeof manifest->digest);
    bool failed =
        info->state == PAWL_UPDATE_FAILED && is_candidate(manifest, info);

    return runs || (failed && (!info->retry || agent->tries >= TRIES_MAX));
}

/* Opens the envelope only to know its digest and number; the engine verifies
 * it for itself. Would the withdrawn signers have sufficed, it says so. */
static enum pawl_status look(struct pawl_agent *agent,
                             struct pawl_manifest *manifest)
{
    struct pawl_bytes envelope = {agent->envelope, agent->envelope_len};
    struct pawl_manifest_policy policy = {
        .signers = agent->trust.signers,
        .signer_count = agent->trust.signer_count,
        .threshold = agent->trust.signer_threshold,
    };
    enum pawl_status status = pawl_manifest_open(manifest, envelope, &policy);

    if (status == PAWL_ERR_UNTRUSTED || status == PAWL_ERR_SIGNATURE) {
        struct pawl_manifest_failure first = *pawl_manifest_failure(manifest);

        policy.allow_retired = true;
        if (pawl_manifest_open(manifest, envelope, &policy) == PAWL_OK) {
            first.status = status = PAWL_ERR_REVOKED;
        }
        *manifest = (struct pawl_manifest){.failure = first};
    }
    return status;
}

/* Counts how often this manifest was started. */
static void count_try(struct pawl_agent *agent,
                      const struct pawl_manifest *manifest)
{
    if (memcmp(agent->tried, manifest->digest, sizeof agent->tried) != 0) {
        memcpy(agent->tried, manifest->digest, sizeof agent->tried);
        agent->tries = 0;
    }
    agent->tries++;
}

/* Whether an update of another manifest is in the way of this one. */
static bool is_in_the_way(const struct pawl_manifest *manifest,
                          const struct pawl_update_info *info)
{
    return info->state == PAWL_UPDATE_CANDIDATE ||
           info->state == PAWL_UPDATE_STAGED ||
           (info->state == PAWL_UPDATE_WRITING &&
            !is_candidate(manifest, info));
}

/* An old manifest is authentic for ever: it does not end what is under way.
 * Where nothing is, the engine says what is wrong with it. */
static bool is_too_old(const struct pawl_manifest *manifest,
                       const struct pawl_update_info *info)
{
    return manifest->sequence < info->sequence_floor &&
           is_in_the_way(manifest, info);
}

/* Makes room for another update, then comes back. True: it has begun to. */
static bool make_room(struct pawl_agent *agent,
                      const struct pawl_manifest *manifest,
                      const struct pawl_update_info *info)
{
    enum pawl_status status = PAWL_ERR_STATE;

    if (is_in_the_way(manifest, info)) {
        status = pawl_update_cancel(&agent->update);
        agent->fetch.state = FETCH_CANCEL;
    } else if (info->state == PAWL_UPDATE_FAILED ||
               info->state == PAWL_UPDATE_UPDATED ||
               (info->state == PAWL_UPDATE_REJECTED && !info->reset_wanted)) {
        status = pawl_update_clean(&agent->update);
        agent->fetch.state = FETCH_CLEAN;
    }
    return status == PAWL_OK || status == PAWL_PENDING;
}

/* The engine cannot start. It is at the same manifest in another envelope,
 * and gives that up; or its counter must rise first. */
static void not_now(struct pawl_agent *agent,
                    const struct pawl_update_info *info)
{
    enum pawl_status status = info->state == PAWL_UPDATE_WRITING
                                  ? pawl_update_cancel(&agent->update)
                                  : PAWL_ERR_STATE;

    if (status == PAWL_OK || status == PAWL_PENDING) {
        agent->fetch.state = FETCH_CANCEL;
    } else {
        pawl_agent_fetch_fail(agent, status);
    }
}

/* Gives the envelope to the engine. */
static void start_engine(struct pawl_agent *agent,
                         const struct pawl_manifest *manifest,
                         const struct pawl_update_info *info)
{
    enum pawl_status status = pawl_update_start(
        &agent->update,
        (struct pawl_bytes){agent->envelope, agent->envelope_len});

    if (status == PAWL_ERR_STATE) {
        not_now(agent, info);
        return;
    }
    if (status != PAWL_OK && status != PAWL_PENDING) {
        pawl_agent_fetch_refuse(agent, status);
        return;
    }
    if (info->state != PAWL_UPDATE_WRITING) {
        count_try(agent, manifest); /* else it goes on */
    }
    agent->progress = 0;
    agent->fetch.state = FETCH_WANT;
    pawl_agent_say(agent, PAWL_EVENT_VERIFIED, PAWL_OK,
                   "the envelope is authentic and for us");
}

/* It is here already, and verified: a reset came before it was installed. */
static void install_candidate(struct pawl_agent *agent)
{
    enum pawl_status status = pawl_update_install(&agent->update);

    if (status == PAWL_OK || status == PAWL_PENDING) {
        pawl_agent_lane_close(&agent->fetch);
        agent->fetch.state = FETCH_INSTALL;
    } else {
        pawl_agent_fetch_refuse(agent, status);
    }
}

static void refuse_too_old(struct pawl_agent *agent)
{
    static const struct pawl_manifest_failure failure = {
        .status = PAWL_ERR_ROLLBACK, .reason = PAWL_SUIT_UNAUTHORISED};

    refuse_as(agent, failure.status,
              pawl_update_reason_name(PAWL_UPDATE_REASON_SEQUENCE), &failure);
}

/* Whether it would be started from its beginning. */
static bool is_new_start(const struct pawl_manifest *manifest,
                         const struct pawl_update_info *info)
{
    return !is_candidate(manifest, info) ||
           (info->state != PAWL_UPDATE_WRITING &&
            info->state != PAWL_UPDATE_CANDIDATE);
}

static void refuse_expired(struct pawl_agent *agent)
{
    static const struct pawl_manifest_failure none = {.status = PAWL_OK};

    refuse_as(agent, PAWL_ERR_EXPIRED, "the trust document has expired", &none);
}

/* An envelope is here: is it authentic, is it news, is there room? */
static void start(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_manifest manifest;
    struct pawl_update_info info;
    enum pawl_status looked = look(agent, &manifest);

    wait->events = PAWL_WAIT_NOTHING;
    if (looked != PAWL_OK) {
        refuse_as(agent, looked, pawl_status_text(looked),
                  pawl_manifest_failure(&manifest));
        return;
    }
    pawl_update_query(&agent->update, &info);
    agent->sequence = manifest.sequence;
    if (is_old_news(agent, &manifest, &info)) {
        forget(agent);
    } else if (is_too_old(&manifest, &info)) {
        refuse_too_old(agent);
    } else if (is_new_start(&manifest, &info) &&
               pawl_trust_expired(&agent->trust, pawl_agent_wall_s(agent))) {
        refuse_expired(agent);
    } else if (info.state == PAWL_UPDATE_CANDIDATE &&
               is_candidate(&manifest, &info)) {
        install_candidate(agent);
    } else if (!make_room(agent, &manifest, &info)) {
        start_engine(agent, &manifest, &info);
    }
}

/* The engine cancels or cleans; then the envelope is looked at again. */
static void wait_for_room(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_update_step(&agent->update, wait);

    if (status == PAWL_OK) {
        agent->fetch.state = FETCH_START;
        wait->events = PAWL_WAIT_NOTHING;
    } else if (status != PAWL_PENDING) {
        pawl_agent_fetch_refuse(agent, status);
    }
}

/* An image on trial is proved first; its successor waits. With nothing to
 * fetch the engine has its own upkeep: a counter that failed to rise, an
 * update that another trust document judges. */
static void idle(struct pawl_agent *agent, struct pawl_wait *wait)
{
    if (pawl_agent_trust_due(agent) ||
        (agent->trial == TRIAL_NONE && agent->announced[0] != '\0' &&
         agent->announced_new)) {
        begin(agent, wait);
    } else if (agent->trial == TRIAL_NONE) {
        upkeep(agent, wait);
    }
}

/*
 * Lets the engine judge what waits by a document that has come into force,
 * before the lane goes on. States that step the engine do that by themselves.
 */
static bool rejudge(struct pawl_agent *agent, struct pawl_wait *wait)
{
    if (!agent->rejudging || (agent->fetch.state != FETCH_REST &&
                              agent->fetch.state != FETCH_IDLE)) {
        agent->rejudging = false;
        return false;
    }
    enum pawl_status status = pawl_update_step(&agent->update, wait);
    agent->rejudging = status == PAWL_PENDING && wait->events != 0 &&
                       (wait->events & PAWL_WAIT_DEADLINE) == 0;
    wait->events |= PAWL_WAIT_NOTHING;
    if (status == PAWL_ERR_IO) {
        agent->fatal = status;
    } else if (status < 0) {
        pawl_agent_fetch_refuse(agent, status);
    }
    return true;
}

/* Ends the wait for a server that has fallen silent; anything that moved
 * since the last step counts for it. */
static void watch(struct pawl_agent *agent, struct pawl_wait *wait,
                  uint8_t before)
{
    uint8_t state = agent->fetch.state;
    const struct pawl_wait silence = {.events = PAWL_WAIT_DEADLINE,
                                      .deadline_ms = agent->silent_until_ms};

    if (state != FETCH_HEAD && state != FETCH_BODY &&
        state != FETCH_PAYLOAD_HEAD && state != FETCH_PAYLOAD_BODY) {
        return;
    }
    if (state != before || (wait->events & PAWL_WAIT_NOTHING) != 0) {
        agent->silent_until_ms = pawl_agent_now_ms(agent) + SILENCE_MS;
    } else if (pawl_agent_now_ms(agent) >= agent->silent_until_ms) {
        pawl_agent_fetch_fail(agent, PAWL_ERR_TIMEOUT);
    } else {
        pawl_agent_merge_wait(wait, &silence);
    }
}

void pawl_agent_fetch_step(struct pawl_agent *agent, struct pawl_wait *wait)
{
    uint8_t before = agent->fetch.state;

    if (rejudge(agent, wait)) {
        return;
    }
    switch ((enum fetch_state)agent->fetch.state) {
    case FETCH_IDLE:
        idle(agent, wait);
        break;
    case FETCH_REST:
    case FETCH_HELD:
        rest(agent, wait);
        break;
    case FETCH_CONNECT:
        connect(agent, wait);
        break;
    case FETCH_HEAD:
        head(agent, wait);
        break;
    case FETCH_BODY:
        body(agent, wait);
        break;
    case FETCH_START:
        if (agent->fetching_trust) {
            pawl_agent_trust_judge(agent, wait);
        } else {
            start(agent, wait);
        }
        break;
    case FETCH_CANCEL:
    case FETCH_CLEAN:
        wait_for_room(agent, wait);
        break;
    case FETCH_WANT:
    case FETCH_PAYLOAD_CONNECT:
    case FETCH_PAYLOAD_HEAD:
    case FETCH_PAYLOAD_BODY:
    case FETCH_FINISH:
    case FETCH_INSTALL:
    case FETCH_RESET:
        pawl_agent_payload_step(agent, wait);
        break;
    }
    watch(agent, wait, before);
    if (agent->fetch.state != before) {
        wait->events |= PAWL_WAIT_NOTHING;
    }
}
