/* SPDX-License-Identifier: Apache-2.0 */

/* TCP and UDP over sockets that never block, and sleeping until one of them
 * is ready. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* The connection of a handle, or NULL. */
static struct pawl_posix_connection *find(struct pawl_posix_transport *self,
                                          int handle)
{
    if (handle < 0 || handle >= PAWL_POSIX_HANDLE_MAX ||
        self->connections[handle].stage == PAWL_POSIX_FREE) {
        return NULL;
    }
    return &self->connections[handle];
}

/* Gets the connection up; while it is not, waits is what it waits for. */
static enum pawl_status transport_step(struct pawl_posix_transport *self,
                                       struct pawl_posix_connection *connection,
                                       uint32_t waits)
{
    enum pawl_status status =
        pawl_posix_connect_step(connection, self->address_ms);
    connection->waits &= ~waits;
    if (status == PAWL_PENDING) {
        connection->waits |= waits;
    }
    return status;
}

static enum pawl_status transport_open(void *ctx, enum pawl_transport_kind kind,
                                       const char *host, uint16_t port,
                                       int *handle)
{
    struct pawl_posix_transport *self = ctx;
    int free_one = 0;
    while (free_one < PAWL_POSIX_HANDLE_MAX &&
           self->connections[free_one].stage != PAWL_POSIX_FREE) {
        free_one++;
    }
    if (free_one == PAWL_POSIX_HANDLE_MAX) {
        return PAWL_ERR_FULL;
    }
    if (port == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    struct pawl_posix_connection fresh = {.stage = PAWL_POSIX_RESOLVING,
                                          .kind = kind};
    enum pawl_status status = pawl_posix_resolve_start(
        host, port, kind, &fresh.resolution, &fresh.fd);
    if (status != PAWL_OK) {
        return status;
    }
    self->connections[free_one] = fresh;
    *handle = free_one;
    if (fresh.fd < 0) {
        /* A literal address: begin at once. A failure is told by send(). */
        (void)transport_step(self, &self->connections[free_one], 0);
    }
    return PAWL_OK;
}

/*
 * What an errno of send() or recv() means. An ICMP "refused" to a datagram
 * before anything came back is an address without a server: the next one is
 * tried, and what was sent is lost as datagrams may be.
 */
static enum pawl_status socket_failed(struct pawl_posix_transport *self,
                                      struct pawl_posix_connection *connection,
                                      uint32_t waits, int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) {
        connection->waits |= waits;
        return PAWL_PENDING;
    }
    connection->error = error;
    if (error == EMSGSIZE) {
        return PAWL_ERR_ARGUMENT;
    }
    if (connection->kind == PAWL_DATAGRAM && error == ECONNREFUSED &&
        !connection->heard && connection->next != NULL) {
        enum pawl_status status =
            pawl_posix_connect_next(connection, self->address_ms, error);
        connection->waits |= waits;
        return status == PAWL_OK ? PAWL_PENDING : status;
    }
    return PAWL_ERR_UNREACHABLE;
}

static enum pawl_status transport_send(void *ctx, int handle, const void *data,
                                       size_t len, size_t *sent)
{
    struct pawl_posix_transport *self = ctx;
    struct pawl_posix_connection *connection = find(self, handle);
    if (connection == NULL || len == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    enum pawl_status status =
        transport_step(self, connection, PAWL_WAIT_WRITABLE);
    if (status != PAWL_OK) {
        return status;
    }
    /* No SIGPIPE: a peer that has gone is an answer, not a signal. */
    ssize_t taken = send(connection->fd, data, len, MSG_NOSIGNAL);
    if (taken < 0) {
        return socket_failed(self, connection, PAWL_WAIT_WRITABLE, errno);
    }
    *sent = (size_t)taken;
    return PAWL_OK;
}

static enum pawl_status transport_receive(void *ctx, int handle, void *buf,
                                          size_t cap, size_t *received)
{
    struct pawl_posix_transport *self = ctx;
    struct pawl_posix_connection *connection = find(self, handle);
    if (connection == NULL || cap == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    enum pawl_status status =
        transport_step(self, connection, PAWL_WAIT_READABLE);
    if (status != PAWL_OK) {
        return status;
    }
    ssize_t got = recv(connection->fd, buf, cap, 0);
    if (got < 0) {
        return socket_failed(self, connection, PAWL_WAIT_READABLE, errno);
    }
    connection->heard = true;
    if (got == 0) {
        /* The end of a stream; an empty datagram is nothing at all. */
        connection->waits |= PAWL_WAIT_READABLE;
        return connection->kind == PAWL_STREAM ? PAWL_ERR_CLOSED : PAWL_PENDING;
    }
    *received = (size_t)got;
    return PAWL_OK;
}

static void transport_close(void *ctx, int handle)
{
    struct pawl_posix_connection *connection = find(ctx, handle);
    if (connection != NULL) {
        pawl_posix_connect_close(connection);
    }
}

static int32_t transport_last_error(void *ctx, int handle)
{
    const struct pawl_posix_transport *self = ctx;
    if (handle < 0 || handle >= PAWL_POSIX_HANDLE_MAX) {
        return EBADF;
    }
    return self->connections[handle].error;
}

void pawl_posix_transport_init(struct pawl_posix_transport *transport)
{
    *transport = (struct pawl_posix_transport){
        .transport = {.ctx = transport,
                      .open = transport_open,
                      .send = transport_send,
                      .receive = transport_receive,
                      .close = transport_close,
                      .last_error = transport_last_error},
    };
}

void pawl_posix_transport_finish(struct pawl_posix_transport *transport)
{
    for (int i = 0; i < PAWL_POSIX_HANDLE_MAX; i++) {
        transport_close(transport, i);
    }
}

/* What poll() is asked about one connection; 0: nothing. */
static short poll_events(const struct pawl_posix_connection *connection,
                         uint32_t events)
{
    if ((events & (PAWL_WAIT_READABLE | PAWL_WAIT_WRITABLE)) == 0) {
        return 0;
    }
    if (connection->stage == PAWL_POSIX_RESOLVING) {
        return POLLIN;
    }
    if (connection->stage == PAWL_POSIX_CONNECTING) {
        return POLLOUT;
    }
    uint32_t wanted =
        connection->stage == PAWL_POSIX_UP ? connection->waits & events : 0;
    return (short)(((wanted & PAWL_WAIT_READABLE) != 0 ? POLLIN : 0) |
                   ((wanted & PAWL_WAIT_WRITABLE) != 0 ? POLLOUT : 0));
}

/* How long wait allows to sleep, in ms. */
static uint64_t time_left(const struct pawl_wait *wait, uint64_t now_ms)
{
    uint64_t left = wait->events == 0 ? 10 : PAWL_POSIX_SLEEP_MAX;
    if ((wait->events & PAWL_WAIT_NOTHING) != 0) {
        return 0;
    }
    if ((wait->events & PAWL_WAIT_DEADLINE) != 0) {
        uint64_t until =
            wait->deadline_ms > now_ms ? wait->deadline_ms - now_ms : 0;
        left = until < left ? until : left;
    }
    return left;
}

void pawl_posix_transport_sleep(struct pawl_posix_transport *transport,
                                const struct pawl_wait *wait)
{
    struct pollfd sockets[PAWL_POSIX_HANDLE_MAX];
    nfds_t count = 0;
    uint64_t now_ms = pawl_posix_now_ms();
    uint64_t left = time_left(wait, now_ms);

    for (int i = 0; i < PAWL_POSIX_HANDLE_MAX; i++) {
        const struct pawl_posix_connection *connection =
            &transport->connections[i];
        short events = poll_events(connection, wait->events);
        if (events != 0) {
            sockets[count++] =
                (struct pollfd){.fd = connection->fd, .events = events};
        }
        if (connection->stage == PAWL_POSIX_CONNECTING &&
            connection->next != NULL) {
            uint64_t until = connection->give_up_ms > now_ms
                                 ? connection->give_up_ms - now_ms
                                 : 0;
            left = until < left ? until : left;
        }
    }
    (void)poll(sockets, count, (int)left);
}
