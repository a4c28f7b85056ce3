/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wolfSSL wants the same buffer again after WANT_WRITE, and counts on nothing
 * else having been sent in between: an answer to a key update, sent while a
 * write is repeated, would make it send data twice. So wolfSSL does not see
 * WANT_WRITE once the handshake is done: what the transport does not take at
 * once is kept in out, which is empty whenever a new record is begun and has
 * room for one. Invariants:
 * 1. Bytes reach the transport in the order in which wolfSSL gave them.
 * 2. After a write failed, wolfSSL is told that writing works: it goes on to
 *    read, and so finds the alert that says why the peer has left.
 * 3. After reading failed, the transport is not read again.
 * 4. Of datagrams, out holds one at most, and it is handed over whole.
 * 5. A call that was made takes so much and no more (SESSION_TAKES_MAX).
 */
#include <string.h>

#include "session/session_internal.h"

static const struct pawl_transport *transport_of(const struct session *session)
{
    return session->config.port->transport;
}

static void note_port_code(struct session *session)
{
    const struct pawl_transport *transport = transport_of(session);

    if (transport->last_error != NULL) {
        session->failure.port_code =
            transport->last_error(transport->ctx, session->handle);
    }
}

/* Sends what the transport takes of len bytes; the number of them. */
static size_t send_some(struct session *session, const uint8_t *data,
                        size_t len)
{
    const struct pawl_transport *transport = transport_of(session);
    size_t at = 0;

    while (at < len && session->write_status == PAWL_OK) {
        size_t sent = 0;
        enum pawl_status status = transport->send(
            transport->ctx, session->handle, data + at, len - at, &sent);

        if (status == PAWL_PENDING) {
            break;
        }
        if (status == PAWL_OK &&
            (sent == 0 || sent > len - at ||
             (sent < len && pawl_session_is_datagram(session)))) {
            status = PAWL_ERR_FAULT;
        }
        if (status != PAWL_OK) {
            session->write_status = status;
            note_port_code(session);
            break;
        }
        at += sent;
        session->info.bytes_out += sent;
        session->asked = true;
        if (session->stage == PAWL_SESSION_CONNECTING) {
            session->stage = PAWL_SESSION_HANDSHAKE;
        }
    }
    return at;
}

void pawl_session_io_flush(struct session *session)
{
    session->out_at += send_some(session, session->out + session->out_at,
                                 session->out_len - session->out_at);
    if (session->out_at == session->out_len ||
        session->write_status != PAWL_OK) {
        session->out_at = session->out_len = 0;
    }
}

bool pawl_session_io_waits(const struct session *session)
{
    return session->out_len > session->out_at;
}

/* Keeps what out has room for of len bytes; the number of them. */
static size_t keep_some(struct session *session, const uint8_t *data,
                        size_t len)
{
    size_t left = session->out_len - session->out_at;
    size_t room = sizeof session->out - left;
    size_t count = len < room ? len : room;

    memmove(session->out, session->out + session->out_at, left);
    session->out_at = 0;
    memcpy(session->out + left, data, count);
    session->out_len = left + count;
    return count;
}

/*
 * A datagram goes whole: sent, or kept, if nothing is. Where something is, the
 * handshake waits; later on it is dropped, as a network may drop it, and
 * wolfSSL's timer or the application sends again what matters.
 */
static int send_datagram(struct session *session, const uint8_t *data,
                         size_t len)
{
    if (pawl_session_io_waits(session) &&
        session->stage < PAWL_SESSION_ESTABLISHED) {
        return WOLFSSL_CBIO_ERR_WANT_WRITE;
    }
    session->flights++;
    if (!pawl_session_io_waits(session) && send_some(session, data, len) == 0 &&
        session->write_status == PAWL_OK && len <= sizeof session->out) {
        (void)keep_some(session, data, len);
    }
    return (int)len;
}

int pawl_session_io_send(WOLFSSL *ssl, char *data, int len, void *ctx)
{
    struct session *session = ctx;
    const uint8_t *bytes = (const uint8_t *)data;
    size_t count = 0;

    (void)ssl;
    if (len <= 0) {
        return 0;
    }
    pawl_session_io_flush(session);
    if (pawl_session_is_datagram(session)) {
        return send_datagram(session, bytes, (size_t)len);
    }
    if (!pawl_session_io_waits(session)) {
        count = send_some(session, bytes, (size_t)len);
    }
    if (session->write_status != PAWL_OK) {
        return len; /* invariant 2 */
    }
    count += keep_some(session, bytes + count, (size_t)len - count);
    return count > 0 ? (int)count : WOLFSSL_CBIO_ERR_WANT_WRITE;
}

/* What wolfSSL is told when nothing more can be read. */
static int end_of(enum pawl_status status)
{
    return status == PAWL_ERR_CLOSED ? WOLFSSL_CBIO_ERR_CONN_CLOSE
                                     : WOLFSSL_CBIO_ERR_CONN_RST;
}

int pawl_session_io_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
    struct session *session = ctx;
    const struct pawl_transport *transport = transport_of(session);
    size_t received = 0;
    enum pawl_status status = session->read_status;

    (void)ssl;
    if (status != PAWL_OK) {
        return end_of(status); /* invariant 3 */
    }
    if (session->takes == SESSION_TAKES_MAX) {
        return WOLFSSL_CBIO_ERR_WANT_READ; /* invariant 5 */
    }
    status = transport->receive(transport->ctx, session->handle, buf,
                                (size_t)cap, &received);
    if (status == PAWL_PENDING) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    if (status == PAWL_OK && (received == 0 || received > (size_t)cap)) {
        status = PAWL_ERR_FAULT;
    }
    if (status != PAWL_OK) {
        session->read_status = status;
        if (session->failure.port_code == 0) {
            note_port_code(session);
        }
        return end_of(status);
    }
    session->takes++;
    session->info.bytes_in += received;
    if (session->asked && session->stage < PAWL_SESSION_ESTABLISHED) {
        session->info.round_trips++;
    }
    session->asked = false;
    return (int)received;
}
