/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_pipe.h"

#include <string.h>

static struct fuzz_pipe *pipe_of(struct pawl_session *session)
{
    return (struct fuzz_pipe *)(void *)session;
}

static uint64_t monotonic_ms(void *ctx)
{
    return ((struct fuzz_pipe *)ctx)->now_ms;
}

/* An answer that counts once. */
static enum pawl_status once(enum pawl_status *status)
{
    enum pawl_status now = *status;

    *status = PAWL_OK;
    return now;
}

/* The same bytes at each call, so that inputs can name tokens and ids. */
static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    memset(buf, 0x74, len);
    return once(&((struct fuzz_pipe *)ctx)->next_entropy);
}

struct pawl_session *fuzz_pipe_open(struct fuzz_pipe *pipe, const uint8_t *data,
                                    size_t len)
{
    memset(pipe, 0, sizeof *pipe);
    pipe->input = data;
    pipe->len = len;
    pipe->piece = SIZE_MAX;
    pipe->end = PAWL_PENDING;
    pipe->now_ms = 1000;
    pipe->clock = (struct pawl_clock){pipe, monotonic_ms, NULL, 0};
    pipe->entropy = (struct pawl_entropy){pipe, fill};
    pipe->endpoint = (struct pawl_endpoint){.host = "a.example", .port = 443};
    return (struct pawl_session *)(void *)pipe;
}

enum pawl_status pawl_session_send(struct pawl_session *session,
                                   const void *data, size_t len, size_t *sent,
                                   struct pawl_wait *wait)
{
    struct fuzz_pipe *pipe = pipe_of(session);
    enum pawl_status status = once(&pipe->next_send);

    must(data != NULL && len > 0);
    wait->events = PAWL_WAIT_WRITABLE;
    if (status == PAWL_OK && pipe->block) {
        pipe->next_send = PAWL_PENDING;
    }
    *sent = status != PAWL_OK ? 0 : len < pipe->piece ? len : pipe->piece;
    return status;
}

/* The next datagram into buf. */
static enum pawl_status take_datagram(struct fuzz_pipe *pipe, uint8_t *buf,
                                      size_t cap, size_t *received)
{
    const uint8_t *at = pipe->input + pipe->at + 1;
    size_t left = pipe->len - pipe->at - 1;
    size_t len = at[-1] < left ? at[-1] : left;

    pipe->at += 1 + len;
    if (len == 1 && at[0] == 1) {
        pipe->next_entropy = PAWL_ERR_ENTROPY;
    } else if (len == 1 && at[0] == 2) {
        pipe->next_send = PAWL_ERR_UNREACHABLE;
    } else if (len == 1 && at[0] == 3) {
        return PAWL_ERR_CLOSED;
    } else if (len == 0) {
        pipe->next_send = PAWL_PENDING;
    } else if (len <= cap) {
        memcpy(buf, at, len);
        pipe->on_datagram(buf, len);
        *received = len;
        return PAWL_OK;
    }
    return PAWL_ERR_TOO_SMALL;
}

enum pawl_status pawl_session_receive(struct pawl_session *session, void *buf,
                                      size_t cap, size_t *received,
                                      struct pawl_wait *wait)
{
    struct fuzz_pipe *pipe = pipe_of(session);
    size_t left = pipe->len - pipe->at;
    size_t len = left < pipe->piece ? left : pipe->piece;

    *received = 0;
    wait->events = PAWL_WAIT_READABLE;
    if (left == 0) {
        return pipe->end;
    }
    if (pipe->datagrams) {
        return take_datagram(pipe, buf, cap, received);
    }
    len = len < cap ? len : cap;
    memcpy(buf, pipe->input + pipe->at, len);
    pipe->at += len;
    *received = len;
    return PAWL_OK;
}

void pawl_session_accepted(struct pawl_session *session)
{
    (void)session;
}

const struct pawl_endpoint *
pawl_session_endpoint(const struct pawl_session *session)
{
    return &((const struct fuzz_pipe *)(const void *)session)->endpoint;
}
