/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetch lane, second half: the engine says which bytes it wants, they are
 * fetched from the offset that it names, and it is installed.
 */
#include "agent/agent_internal.h"
#include "base/base.h"
#include <string.h>

/*
 * The engine failed on its flash, or on what arrived. The flash is tried again
 * soon. An image that is not what was signed is tried again only when it is
 * announced again: a server that was changed would be asked in vain.
 */
static void engine_failed(struct pawl_agent *agent, enum pawl_status status)
{
    struct pawl_update_info info;

    pawl_update_query(&agent->update, &info);
    bool soon = info.retry && info.state != PAWL_UPDATE_READY &&
                status != PAWL_ERR_DIGEST;
    if (soon) {
        pawl_agent_fetch_fail(agent, status);
    } else {
        pawl_agent_fetch_refuse(agent, status);
    }
}

/* Whether the session that is open leads to where the URI leads. */
static bool can_reuse(const struct pawl_agent *agent,
                      const struct pawl_uri *uri)
{
    return agent->fetch.open && agent->http.response.keep_alive &&
           uri->port == agent->uri.port &&
           strcmp(uri->host, agent->uri.host) == 0;
}

static enum pawl_status ask(struct pawl_agent *agent)
{
    agent->fetch.state = FETCH_PAYLOAD_HEAD;
    agent->moved = false;
    return pawl_http_get(&agent->http, agent->uri.path, agent->offset, 0, NULL);
}

/* Fetches want.uri from want.offset on. */
static enum pawl_status go_for(struct pawl_agent *agent,
                               const struct pawl_update_want *want)
{
    struct pawl_uri uri;
    enum pawl_status status = pawl_uri_parse(&uri, want->uri);

    if (status != PAWL_OK) {
        return status;
    }
    bool reuse = can_reuse(agent, &uri);
    agent->uri = uri;
    agent->offset = want->offset;
    if (reuse) {
        return ask(agent);
    }
    agent->fetch.state = FETCH_PAYLOAD_CONNECT;
    return pawl_agent_fetch_open(agent);
}

/* What comes next: bytes, the end, or the engine needs a step first. */
static void want(struct pawl_agent *agent, struct pawl_wait *wait)
{
    struct pawl_update_want next;
    enum pawl_status status = pawl_update_wanted(&agent->update, &next);

    wait->events = PAWL_WAIT_NOTHING;
    if (status == PAWL_PENDING) {
        status = pawl_update_step(&agent->update, wait);
        if (status != PAWL_PENDING && status != PAWL_OK) {
            engine_failed(agent, status);
        } else if (wait->events == 0) {
            wait->events = PAWL_WAIT_NOTHING;
        }
        return;
    }
    if (status == PAWL_OK) {
        status = go_for(agent, &next);
    } else if (status == PAWL_ERR_NOT_FOUND) {
        agent->fetch.state = FETCH_FINISH;
        status = pawl_update_finish(&agent->update);
        status = status == PAWL_PENDING ? PAWL_OK : status;
    } else {
        engine_failed(agent, status);
        return;
    }
    if (status == PAWL_ERR_POLICY || status == PAWL_ERR_MALFORMED ||
        status == PAWL_ERR_UNSUPPORTED || status == PAWL_ERR_LIMIT) {
        pawl_agent_fetch_refuse(agent, status);
    } else if (status != PAWL_OK) {
        pawl_agent_fetch_fail(agent, status);
    }
}

static void connect(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_session_step(&agent->fetch.session, wait);

    if (status == PAWL_OK) {
        pawl_http_open(&agent->http, &agent->fetch.session);
        status = ask(agent);
        wait->events = PAWL_WAIT_NOTHING;
    }
    if (status != PAWL_OK && status != PAWL_PENDING) {
        pawl_agent_fetch_fail(agent, status);
    }
}

/* A server may answer a range with the whole: what we have is then skipped. */
static enum pawl_status judge_head(struct pawl_agent *agent)
{
    const struct pawl_http_response *response = &agent->http.response;

    agent->skip = 0;
    if (response->status == 206 && response->partial) {
        return response->range_first == agent->offset ? PAWL_OK
                                                      : PAWL_ERR_PROTOCOL;
    }
    if (response->status == 200) {
        agent->skip = agent->offset;
        return PAWL_OK;
    }
    return PAWL_ERR_REFUSED;
}

static void head(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_http_step(&agent->http, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    if (status == PAWL_OK) {
        status = judge_head(agent);
    }
    if (status != PAWL_OK) {
        pawl_agent_fetch_fail(agent, status);
        return;
    }
    agent->chunk_len = agent->chunk_at = 0;
    agent->fetch.state = FETCH_PAYLOAD_BODY;
    wait->events = PAWL_WAIT_NOTHING;
}

/* Tells how far it is, at each full percent. */
static void tell_progress(struct pawl_agent *agent)
{
    struct pawl_update_info info;

    pawl_update_query(&agent->update, &info);
    if (info.size == 0) {
        return;
    }
    uint32_t percent = (uint32_t)((uint64_t)info.offset * 100 / info.size);
    if (percent == agent->progress) {
        return;
    }
    agent->progress = percent;
    struct pawl_agent_event event = {
        .code = PAWL_EVENT_PROGRESS,
        .text = "written",
        .done = info.offset,
        .total = info.size,
        .sequence = agent->sequence,
    };
    pawl_agent_tell(agent, &event);
}

/* Drops bytes in the chunk that the engine has already. */
static void skip_known(struct pawl_agent *agent)
{
    size_t known =
        agent->skip < agent->chunk_len ? (size_t)agent->skip : agent->chunk_len;

    agent->skip -= known;
    agent->chunk_at = known;
}

/* Reads the next chunk; *ended: the body is complete. */
static enum pawl_status read_chunk(struct pawl_agent *agent,
                                   struct pawl_wait *wait, bool *ended)
{
    agent->chunk_len = agent->chunk_at = 0;
    enum pawl_status status =
        pawl_http_read(&agent->http, agent->chunk, sizeof agent->chunk,
                       &agent->chunk_len, wait);

    *ended = status == PAWL_ERR_CLOSED;
    if (status == PAWL_OK) {
        skip_known(agent);
    }
    return *ended ? PAWL_OK : status;
}

/* Gives the rest of the chunk to the engine, which may take a part. */
static enum pawl_status push(struct pawl_agent *agent, struct pawl_wait *wait)
{
    uint32_t before = pawl_update_next_offset(&agent->update);
    struct pawl_bytes rest = {agent->chunk + agent->chunk_at,
                              agent->chunk_len - agent->chunk_at};
    enum pawl_status status = pawl_update_write(&agent->update, before, rest);
    uint32_t after = pawl_update_next_offset(&agent->update);

    if (status == PAWL_OK || (status == PAWL_PENDING && after > before)) {
        agent->moved = true;
        agent->fetch.backoff = (struct pawl_backoff){0};
    }
    if (status == PAWL_OK) {
        agent->chunk_at = agent->chunk_len;
    } else if (status == PAWL_PENDING) {
        agent->chunk_at += after > before ? after - before : 0;
        status = pawl_update_step(&agent->update, wait);
        wait->events |= PAWL_WAIT_NOTHING;
    } else if (status == PAWL_ERR_IO || status == PAWL_ERR_CORRUPT) {
        /* The flash: the engine still has to record it, and then tells. */
        agent->fetch.state = FETCH_FINISH;
        return PAWL_OK;
    }
    return status == PAWL_PENDING ? PAWL_OK : status;
}

static void body(struct pawl_agent *agent, struct pawl_wait *wait)
{
    if (agent->chunk_at < agent->chunk_len) {
        enum pawl_status status = push(agent, wait);

        wait->events |= PAWL_WAIT_NOTHING;
        if (status != PAWL_OK) {
            engine_failed(agent, status);
            return;
        }
        tell_progress(agent);
        return;
    }
    bool ended = false;
    enum pawl_status status = read_chunk(agent, wait, &ended);
    if (status != PAWL_OK && status != PAWL_PENDING) {
        pawl_agent_fetch_fail(agent, status);
    } else if (ended && !agent->moved) {
        /* Nothing of use: asked again at once it would go on for ever. */
        pawl_agent_fetch_fail(agent, PAWL_ERR_PROTOCOL);
    } else if (ended) {
        agent->fetch.state = FETCH_WANT;
        wait->events = PAWL_WAIT_NOTHING;
    } else if (status == PAWL_OK) {
        wait->events = PAWL_WAIT_NOTHING;
    }
}

static void finish(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_update_step(&agent->update, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    if (status != PAWL_OK) {
        engine_failed(agent, status);
        return;
    }
    pawl_agent_lane_close(&agent->fetch);
    pawl_agent_say(agent, PAWL_EVENT_CANDIDATE, PAWL_OK,
                   "complete, and verified from flash");
    status = pawl_update_install(&agent->update);
    if (status != PAWL_OK && status != PAWL_PENDING) {
        pawl_agent_fetch_refuse(agent, status);
        return;
    }
    agent->fetch.state = FETCH_INSTALL;
    wait->events = PAWL_WAIT_NOTHING;
}

void pawl_agent_fetch_reset(struct pawl_agent *agent)
{
    agent->fetch.state = FETCH_RESET;
    agent->fetch.backoff.until_ms = pawl_agent_now_ms(agent) + 2000;
}

static void install(struct pawl_agent *agent, struct pawl_wait *wait)
{
    enum pawl_status status = pawl_update_step(&agent->update, wait);

    if (status == PAWL_PENDING) {
        return;
    }
    if (status != PAWL_OK) {
        pawl_agent_fetch_refuse(agent, status);
        return;
    }
    pawl_agent_say(agent, PAWL_EVENT_INSTALLING, PAWL_OK,
                   "staged: the next reset tries it");
    pawl_agent_fetch_reset(agent);
    wait->events = PAWL_WAIT_NOTHING;
}

/* Lets the last reports go out, for two seconds at most. */
static void reset(struct pawl_agent *agent, struct pawl_wait *wait)
{
    bool told = agent->link.state != LINK_REPORT && agent->report_count == 0;

    if (told || pawl_agent_rested(agent, &agent->fetch.backoff, wait)) {
        pawl_agent_reset(agent);
    }
}

void pawl_agent_payload_step(struct pawl_agent *agent, struct pawl_wait *wait)
{
    switch ((enum fetch_state)agent->fetch.state) {
    case FETCH_WANT:
        want(agent, wait);
        break;
    case FETCH_PAYLOAD_CONNECT:
        connect(agent, wait);
        break;
    case FETCH_PAYLOAD_HEAD:
        head(agent, wait);
        break;
    case FETCH_PAYLOAD_BODY:
        body(agent, wait);
        break;
    case FETCH_FINISH:
        finish(agent, wait);
        break;
    case FETCH_INSTALL:
        install(agent, wait);
        break;
    case FETCH_RESET:
        reset(agent, wait);
        break;
    case FETCH_IDLE:
    case FETCH_REST:
    case FETCH_CONNECT:
    case FETCH_HEAD:
    case FETCH_BODY:
    case FETCH_START:
    case FETCH_HELD:
    case FETCH_CANCEL:
    case FETCH_CLEAN:
        break; /* agent_fetch.c */
    }
}
