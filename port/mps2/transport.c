/* SPDX-License-Identifier: Apache-2.0 */

/* The port's transport over the modem. A handle is the place of a connection
 * and the number of its opening, so that a late frame finds nobody. */

#include "board.h"
#include "link.h"

#include <string.h>

#define OPEN_MS 10000u /* the host must have answered */
#define CREDIT_STEP (LINK_RING / 4)

static uint8_t last_id;
static int32_t last_errors[LINK_CONNECTIONS];

static struct link_connection *find(int handle)
{
    if (handle < 0 || handle >= LINK_CONNECTIONS ||
        link_connections[handle].state == LINK_FREE) {
        return NULL;
    }
    return &link_connections[handle];
}

static void put_big_endian(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static void send_credit(struct link_connection *connection, uint32_t bytes)
{
    uint8_t payload[4];

    put_big_endian(payload, bytes);
    link_send('C', connection->id, payload, sizeof payload);
}

static enum pawl_status transport_open(void *ctx, enum pawl_transport_kind kind,
                                       const char *host, uint16_t port,
                                       int *handle)
{
    uint8_t request[3 + PAWL_HOST_MAX];
    size_t len = strlen(host);
    int at = 0;

    (void)ctx;
    while (at < LINK_CONNECTIONS && link_connections[at].state != LINK_FREE) {
        at++;
    }
    if (at == LINK_CONNECTIONS) {
        return PAWL_ERR_FULL;
    }
    if (len == 0 || len > PAWL_HOST_MAX || port == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    struct link_connection *connection = &link_connections[at];
    *connection = (struct link_connection){.id = ++last_id,
                                           .datagram = kind == PAWL_DATAGRAM,
                                           .opened_ms = mps2_now_ms()};
    link_greet();
    connection->state = LINK_OPENING;
    request[0] = kind == PAWL_DATAGRAM;
    request[1] = (uint8_t)(port >> 8);
    request[2] = (uint8_t)port;
    memcpy(request + 3, host, len);
    link_send('O', connection->id, request, 3 + len);
    send_credit(connection, LINK_RING);
    last_errors[at] = 0;
    *handle = at;
    return PAWL_OK;
}

/* How a connection stands: PAWL_OK if it is up. */
static enum pawl_status standing(struct link_connection *connection)
{
    if (connection->state == LINK_OPENING &&
        mps2_now_ms() - connection->opened_ms > OPEN_MS) {
        connection->state = LINK_FAILED;
        connection->error = MPS2_LINK_NO_ANSWER;
    }
    switch (connection->state) {
    case LINK_UP:
        return PAWL_OK;
    case LINK_ENDED:
        return PAWL_ERR_CLOSED;
    case LINK_FAILED:
        last_errors[connection - link_connections] = connection->error;
        return PAWL_ERR_UNREACHABLE;
    case LINK_FREE:
    case LINK_OPENING:
        break;
    }
    return PAWL_PENDING;
}

/* Takes credit for up to len bytes; a datagram is taken whole or not. */
static size_t take_credit(struct link_connection *connection, size_t len)
{
    size_t extra = connection->datagram ? 2 : 0;

    if (connection->credit < extra + 1 ||
        (connection->datagram && connection->credit < len + extra)) {
        return 0;
    }
    if (len > connection->credit - extra) {
        len = connection->credit - extra;
    }
    connection->credit -= (uint32_t)(len + extra);
    return len;
}

static enum pawl_status transport_send(void *ctx, int handle, const void *data,
                                       size_t len, size_t *sent)
{
    struct link_connection *connection = find(handle);

    (void)ctx;
    if (connection == NULL || len == 0 ||
        (connection->datagram && len > LINK_PAYLOAD)) {
        return PAWL_ERR_ARGUMENT;
    }
    if (len > LINK_PAYLOAD) {
        len = LINK_PAYLOAD;
    }
    enum pawl_status status = standing(connection);
    if (status == PAWL_ERR_CLOSED) {
        status = PAWL_OK; /* the peer's half only */
    }
    if (status != PAWL_OK) {
        return status;
    }
    board_irq_off();
    len = take_credit(connection, len);
    board_irq_on();
    if (len == 0) {
        return PAWL_PENDING;
    }
    link_send('D', connection->id, data, len);
    *sent = len;
    return PAWL_OK;
}

static void copy_out(struct link_connection *connection, uint8_t *out,
                     size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = connection->ring[(connection->tail + i) % LINK_RING];
    }
}

/* Copies what has arrived, with interrupts off; *used is what left the ring.
 * What of a datagram does not fit is lost, as with sockets. */
static size_t take_out(struct link_connection *connection, uint8_t *out,
                       size_t cap, uint32_t *used)
{
    uint32_t there = connection->head - connection->tail;
    size_t len = there;
    uint8_t length[2];

    *used = 0;
    if (there == 0) {
        return 0;
    }
    if (connection->datagram) {
        copy_out(connection, length, 2);
        connection->tail += 2;
        len = (size_t)length[0] << 8 | length[1];
    }
    size_t part = len < cap ? len : cap;
    copy_out(connection, out, part);
    uint32_t left = (uint32_t)(connection->datagram ? len : part);
    connection->tail += left;
    *used = left + (connection->datagram ? 2 : 0);
    return part;
}

static enum pawl_status transport_receive(void *ctx, int handle, void *buf,
                                          size_t cap, size_t *received)
{
    struct link_connection *connection = find(handle);
    uint32_t used;

    (void)ctx;
    if (connection == NULL || cap == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    board_irq_off();
    size_t len = take_out(connection, buf, cap, &used);
    board_irq_on();
    if (used == 0) {
        enum pawl_status status = standing(connection);
        return status == PAWL_OK ? PAWL_PENDING : status;
    }
    connection->owed += used;
    if (connection->owed >= CREDIT_STEP && connection->state == LINK_UP) {
        send_credit(connection, connection->owed);
        connection->owed = 0;
    }
    if (len == 0) {
        return PAWL_PENDING; /* an empty datagram is nothing at all */
    }
    *received = len;
    return PAWL_OK;
}

static void transport_close(void *ctx, int handle)
{
    struct link_connection *connection = find(handle);

    (void)ctx;
    if (connection == NULL) {
        return;
    }
    if (connection->state != LINK_FAILED) {
        link_send('X', connection->id, NULL, 0);
    }
    board_irq_off();
    connection->state = LINK_FREE;
    board_irq_on();
}

static int32_t transport_last_error(void *ctx, int handle)
{
    (void)ctx;
    return handle < 0 || handle >= LINK_CONNECTIONS ? 0 : last_errors[handle];
}

const struct pawl_transport mps2_transport = {
    .open = transport_open,
    .send = transport_send,
    .receive = transport_receive,
    .close = transport_close,
    .last_error = transport_last_error,
};
