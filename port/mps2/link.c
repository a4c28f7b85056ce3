/* SPDX-License-Identifier: Apache-2.0 */

/* The modem's line: frames out, and frames in by interrupt. Polling the
 * UART instead would starve QEMU, which runs the other end. */

#include "link.h"
#include "board.h"

#include <string.h>

#define FLAG 0x7Eu
#define ESCAPE 0x7Du
#define FLIP 0x20u
#define LINE BOARD_UART(1)

struct link_connection link_connections[LINK_CONNECTIONS];

static struct {
    /* In. */
    bool synced; /* the host's 'H' came; until then all is dropped */
    bool escaped;
    bool too_long;
    uint8_t expected; /* number of the next frame */
    size_t len;
    uint8_t frame[LINK_FRAME];
    /* Out. */
    bool greeted;
    uint8_t number;
    volatile bool event;
} line;

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

/* ---- in: all of it in the interrupt ---- */

static void fail(struct link_connection *connection, int32_t error)
{
    connection->state = LINK_FAILED;
    connection->error = error;
}

/* Nothing on the line can be believed until the next greeting. */
static void lose(int32_t error)
{
    line.synced = false;
    line.greeted = false;
    for (unsigned i = 0; i < LINK_CONNECTIONS; i++) {
        if (link_connections[i].state != LINK_FREE &&
            link_connections[i].state != LINK_FAILED) {
            fail(&link_connections[i], error);
        }
    }
}

static struct link_connection *find(uint8_t id)
{
    for (unsigned i = 0; i < LINK_CONNECTIONS; i++) {
        if (link_connections[i].state != LINK_FREE &&
            link_connections[i].id == id) {
            return &link_connections[i];
        }
    }
    return NULL;
}

static void put(struct link_connection *connection, const uint8_t *bytes,
                size_t len)
{
    for (size_t i = 0; i < len; i++) {
        connection->ring[connection->head++ % LINK_RING] = bytes[i];
    }
}

/* Datagrams keep their ends: a length of two bytes stands before each. */
static void take_data(struct link_connection *connection, const uint8_t *bytes,
                      size_t len)
{
    size_t extra = connection->datagram ? 2 : 0;
    uint32_t room = LINK_RING - (connection->head - connection->tail);
    const uint8_t length[2] = {(uint8_t)(len >> 8), (uint8_t)len};

    if (len + extra > room) {
        lose(MPS2_LINK_OVERRUN);
        return;
    }
    put(connection, length, extra);
    put(connection, bytes, len);
}

static void take(struct link_connection *connection, uint8_t type,
                 const uint8_t *payload, size_t len)
{
    switch (type) {
    case 'K':
        connection->state = LINK_UP;
        break;
    case 'D':
        take_data(connection, payload, len);
        break;
    case 'C':
        connection->credit += len == 4 ? big_endian(payload) : 0;
        break;
    case 'X':
        connection->state = LINK_ENDED;
        break;
    case 'E':
        fail(connection, len == 4 ? (int32_t)big_endian(payload) : 0);
        break;
    default:
        break;
    }
}

static bool is_whole(void)
{
    if (line.len < LINK_HEAD + 4 || line.too_long || line.escaped) {
        return false;
    }
    const uint8_t *crc = line.frame + line.len - 4;
    uint32_t told = (uint32_t)crc[3] << 24 | (uint32_t)crc[2] << 16 |
                    (uint32_t)crc[1] << 8 | crc[0];
    return mps2_crc32(0, line.frame, line.len - 4) == told;
}

static void take_frame(void)
{
    const uint8_t *frame = line.frame;

    if (!is_whole()) {
        lose(MPS2_LINK_NOISE);
        return;
    }
    if (frame[0] == 'H' && line.greeted) {
        line.synced = true;
        line.expected = (uint8_t)(frame[2] + 1);
        return;
    }
    if (!line.synced) {
        return; /* of before the greeting */
    }
    if (frame[2] != line.expected || frame[0] == 'R') {
        lose(MPS2_LINK_NOISE);
        return;
    }
    line.expected++;
    struct link_connection *connection = find(frame[1]);
    if (connection != NULL && connection->state != LINK_FAILED) {
        take(connection, frame[0], frame + LINK_HEAD, line.len - LINK_HEAD - 4);
    }
}

static void take_byte(uint8_t byte)
{
    if (byte == FLAG) {
        if (line.len > 0 || line.too_long) {
            take_frame();
            line.event = true;
        }
        line.len = 0;
        line.escaped = false;
        line.too_long = false;
    } else if (byte == ESCAPE) {
        line.escaped = true;
    } else if (line.len == LINK_FRAME) {
        line.too_long = true;
    } else {
        line.frame[line.len++] = (uint8_t)(line.escaped ? byte ^ FLIP : byte);
        line.escaped = false;
    }
}

/* Cleared before the byte is taken: the next one may be there at once, and
 * its interrupt must not be cleared with ours. */
void mps2_link_interrupt(void)
{
    LINE->interrupt = UART_INTERRUPT_RX;
    while ((LINE->state & UART_RX_FULL) != 0) {
        take_byte((uint8_t)LINE->data);
    }
}

bool mps2_link_take_event(void)
{
    bool event = line.event;

    line.event = false;
    return event;
}

/* ---- out ---- */

static void put_raw(uint8_t byte)
{
    while ((LINE->state & UART_TX_FULL) != 0) {
    }
    LINE->data = byte;
}

static void put_bytes(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == FLAG || bytes[i] == ESCAPE) {
            put_raw(ESCAPE);
            put_raw((uint8_t)(bytes[i] ^ FLIP));
        } else {
            put_raw(bytes[i]);
        }
    }
}

void link_send(char type, uint8_t id, const void *payload, size_t len)
{
    const uint8_t head[LINK_HEAD] = {(uint8_t)type, id, line.number++};
    uint32_t crc = mps2_crc32(0, head, sizeof head);

    crc = mps2_crc32(crc, payload, len);
    const uint8_t tail[4] = {(uint8_t)crc, (uint8_t)(crc >> 8),
                             (uint8_t)(crc >> 16), (uint8_t)(crc >> 24)};
    put_bytes(head, sizeof head);
    put_bytes(payload, len);
    put_bytes(tail, sizeof tail);
    put_raw(FLAG);
}

void link_greet(void)
{
    const uint8_t version = LINK_VERSION;

    if (line.greeted) {
        return;
    }
    board_irq_off();
    line.number = 0;
    line.greeted = true;
    board_irq_on();
    put_raw(FLAG); /* whatever was cut off before */
    link_send('H', 0, &version, 1);
}

void mps2_link_start(void)
{
    LINE->divider = 16;
    LINE->control = UART_ENABLE | UART_RX_INTERRUPT;
    board_irq_enable(BOARD_UART1_RX_IRQ);
}
