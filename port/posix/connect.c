/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From a name to a socket that is up: resolving, then one address after the
 * other. While others are left, an address that does not answer is given up
 * after a few seconds; the last one has as long as the kernel gives it.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESS_MS 4000u /* the default of address_ms */

static void close_socket(struct pawl_posix_connection *connection)
{
    if (connection->fd >= 0) {
        (void)close(connection->fd);
        connection->fd = -1;
    }
}

/* Begins to connect to one address. The error if that cannot even begin. */
static int begin(struct pawl_posix_connection *connection,
                 const struct addrinfo *address)
{
    int fd = socket(address->ai_family,
                    address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->ai_protocol);
    if (fd < 0) {
        return errno;
    }
    if (connection->kind == PAWL_STREAM) {
        /* Records are written whole: waiting to gather more only delays. */
        const int yes = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        connection->stage = PAWL_POSIX_UP;
    } else if (errno == EINPROGRESS || errno == EINTR) {
        connection->stage = PAWL_POSIX_CONNECTING;
    } else {
        int error = errno;
        (void)close(fd);
        return error;
    }
    connection->fd = fd;
    return 0;
}

/* Goes on to the next address that can be begun with. */
static enum pawl_status try_addresses(struct pawl_posix_connection *connection,
                                      uint32_t address_ms)
{
    while (connection->next != NULL) {
        const struct addrinfo *address = connection->next;
        connection->next = address->ai_next;
        int error = begin(connection, address);
        if (error == 0) {
            connection->give_up_ms = pawl_posix_now_ms() +
                                     (address_ms > 0 ? address_ms : ADDRESS_MS);
            return connection->stage == PAWL_POSIX_UP ? PAWL_OK : PAWL_PENDING;
        }
        connection->error = error;
    }
    connection->stage = PAWL_POSIX_DOWN;
    return PAWL_ERR_UNREACHABLE;
}

enum pawl_status
pawl_posix_connect_next(struct pawl_posix_connection *connection,
                        uint32_t address_ms, int32_t error)
{
    connection->error = error;
    close_socket(connection);
    return try_addresses(connection, address_ms);
}

static enum pawl_status resolving(struct pawl_posix_connection *connection,
                                  uint32_t address_ms)
{
    const struct addrinfo *list = NULL;
    int32_t code = 0;
    enum pawl_status status = pawl_posix_resolve_list(
        connection->resolution, connection->fd, &list, &code);
    if (status == PAWL_PENDING) {
        return status;
    }
    connection->next = status == PAWL_OK ? list : NULL;
    return pawl_posix_connect_next(connection, address_ms, code);
}

static enum pawl_status connecting(struct pawl_posix_connection *connection,
                                   uint32_t address_ms)
{
    struct pollfd socket = {.fd = connection->fd, .events = POLLOUT};
    if (poll(&socket, 1, 0) <= 0) {
        if (connection->next != NULL &&
            pawl_posix_now_ms() >= connection->give_up_ms) {
            return pawl_posix_connect_next(connection, address_ms, ETIMEDOUT);
        }
        return PAWL_PENDING;
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error != 0) {
        return pawl_posix_connect_next(connection, address_ms, error);
    }
    connection->stage = PAWL_POSIX_UP;
    return PAWL_OK;
}

enum pawl_status
pawl_posix_connect_step(struct pawl_posix_connection *connection,
                        uint32_t address_ms)
{
    switch ((enum pawl_posix_stage)connection->stage) {
    case PAWL_POSIX_RESOLVING:
        return resolving(connection, address_ms);
    case PAWL_POSIX_CONNECTING:
        return connecting(connection, address_ms);
    case PAWL_POSIX_UP:
        return PAWL_OK;
    case PAWL_POSIX_FREE:
    case PAWL_POSIX_DOWN:
        break;
    }
    return PAWL_ERR_UNREACHABLE;
}

void pawl_posix_connect_close(struct pawl_posix_connection *connection)
{
    close_socket(connection);
    pawl_posix_resolve_release(connection->resolution);
    *connection =
        (struct pawl_posix_connection){.fd = -1, .error = connection->error};
}
