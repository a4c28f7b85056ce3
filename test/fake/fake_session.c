/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_session.h"

#include <string.h>

void fake_session_open(struct fake_session *fake, const char *text)
{
    memset(fake, 0, sizeof *fake);
    fake->input = (const uint8_t *)text;
    fake->input_len = strlen(text);
    fake->end = PAWL_PENDING;
    fake->endpoint = (struct pawl_endpoint){
        .use = PAWL_USE_DOWNLOAD, .host = "server.example", .port = 443};
}

struct pawl_session *fake_session_of(struct fake_session *fake)
{
    return (struct pawl_session *)(void *)fake;
}

static struct fake_session *fake_of(struct pawl_session *session)
{
    return (struct fake_session *)(void *)session;
}

static size_t limit(const struct fake_session *fake, size_t len)
{
    return fake->piece != 0 && fake->piece < len ? fake->piece : len;
}

/* Whether this call is one that answers PAWL_PENDING. */
static bool blocked(const struct fake_session *fake, bool *may)
{
    *may = !*may;
    return fake->block && *may;
}

enum pawl_status pawl_session_send(struct pawl_session *session,
                                   const void *data, size_t len, size_t *sent,
                                   struct pawl_wait *wait)
{
    struct fake_session *fake = fake_of(session);

    *sent = 0;
    if (len == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    if (fake->send_end != PAWL_OK && fake->sent_len >= fake->send_limit) {
        wait->events = PAWL_WAIT_WRITABLE;
        return fake->send_end;
    }
    if (blocked(fake, &fake->may_send)) {
        wait->events = PAWL_WAIT_WRITABLE;
        return PAWL_PENDING;
    }
    len = limit(fake, len);
    if (len > sizeof fake->sent - fake->sent_len) {
        return PAWL_ERR_FAULT;
    }
    memcpy(fake->sent + fake->sent_len, data, len);
    fake->sent_len += len;
    *sent = len;
    return PAWL_OK;
}

enum pawl_status pawl_session_receive(struct pawl_session *session, void *buf,
                                      size_t cap, size_t *received,
                                      struct pawl_wait *wait)
{
    struct fake_session *fake = fake_of(session);
    size_t left = fake->input_len - fake->input_at;
    size_t len = limit(fake, left < cap ? left : cap);

    *received = 0;
    if (cap == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    if (blocked(fake, &fake->may_receive) ||
        (left == 0 && fake->end == PAWL_PENDING)) {
        wait->events = PAWL_WAIT_READABLE;
        if (fake->deadline_ms != 0) {
            wait->events |= PAWL_WAIT_DEADLINE;
            wait->deadline_ms = fake->deadline_ms;
        }
        return PAWL_PENDING;
    }
    if (left == 0) {
        return fake->end;
    }
    memcpy(buf, fake->input + fake->input_at, len);
    fake->input_at += len;
    *received = len;
    return PAWL_OK;
}

void pawl_session_accepted(struct pawl_session *session)
{
    fake_of(session)->accepted = true;
}

const struct pawl_endpoint *
pawl_session_endpoint(const struct pawl_session *session)
{
    return &((const struct fake_session *)(const void *)session)->endpoint;
}
