/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/* TCP and UDP, by sockets of the system's or a modem's commands. Nothing here
 * waits; what is not possible at once is PAWL_PENDING. */
static enum pawl_status transport_open(void *ctx, enum pawl_transport_kind kind,
                                       const char *host, uint16_t port,
                                       int *handle)
{
    (void)ctx;
    (void)kind;
    (void)host;
    (void)port;
    (void)handle;
    return PAWL_ERR_UNREACHABLE; /* PAWL_PORT_TODO: resolve, connect */
}

static enum pawl_status transport_send(void *ctx, int handle, const void *data,
                                       size_t len, size_t *sent)
{
    (void)ctx;
    (void)handle;
    (void)data;
    (void)len;
    *sent = 0;
    return PAWL_ERR_UNREACHABLE; /* PAWL_PORT_TODO: as much as fits */
}

static enum pawl_status transport_receive(void *ctx, int handle, void *buf,
                                          size_t cap, size_t *received)
{
    (void)ctx;
    (void)handle;
    (void)buf;
    (void)cap;
    *received = 0;
    return PAWL_ERR_UNREACHABLE; /* PAWL_PORT_TODO: what has arrived */
}

static void transport_close(void *ctx, int handle)
{
    (void)ctx;
    (void)handle; /* PAWL_PORT_TODO: end it, also where it never came up */
}

const struct pawl_transport board_transport = {
    .open = transport_open,
    .send = transport_send,
    .receive = transport_receive,
    .close = transport_close,
};
