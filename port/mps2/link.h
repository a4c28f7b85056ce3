/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MPS2_LINK_H
#define PAWL_MPS2_LINK_H

/*
 * The modem's protocol on UART 1, between us and test/target/bridge.py.
 *
 * A frame is type, connection, number, payload, CRC-32 (little-endian, over
 * all before); 0x7E and 0x7D in it are sent as 0x7D and the byte xor 0x20; it
 * ends with 0x7E. Numbers count frames in each direction, modulo 256. A frame
 * that is damaged or out of its turn ends all connections: there is no
 * repetition, a stream with a hole would be worse.
 *
 *   type  from   payload
 *   'H'   both   version (1): forgets all connections, numbers begin at 0;
 *                the host answers each with one
 *   'O'   us     kind (0 TCP, 1 UDP), port (2, big-endian), host
 *   'K'   host   none: connected
 *   'D'   both   bytes of the stream, or one datagram; at most 1,536
 *   'C'   both   credit (4, big-endian): so many bytes more may be sent; a
 *                datagram takes two more than its length
 *   'X'   both   none: the end of the stream; from us: forget the connection
 *   'E'   host   errno (4, big-endian): the connection failed
 *   'R'   host   none: a damaged frame arrived; wait for 'H'
 */

#include "mps2.h"

#define LINK_VERSION 1
#define LINK_CONNECTIONS 4
#define LINK_RING 4096u /* a power of two: bytes that wait for receive() */
#define LINK_PAYLOAD 1536u
#define LINK_HEAD 3u
#define LINK_FRAME (LINK_HEAD + LINK_PAYLOAD + 4u)

enum link_state {
    LINK_FREE,
    LINK_OPENING, /* 'O' was sent */
    LINK_UP,
    LINK_ENDED, /* the peer's end came; what arrived before can be read */
    LINK_FAILED
};

struct link_connection {
    enum link_state state;
    uint8_t id; /* on the wire; another one at each open */
    bool datagram;
    int32_t error;
    uint32_t credit; /* bytes that we may send */
    uint32_t owed;   /* bytes read, whose credit was not sent yet */
    uint64_t opened_ms;
    uint32_t head, tail; /* of ring; they run on, and wrap as numbers do */
    uint8_t ring[LINK_RING];
};

/* All of it; the interrupt writes, others look with interrupts off. */
extern struct link_connection link_connections[LINK_CONNECTIONS];

/* Sends a frame; blocks as long as the UART does. */
void link_send(char type, uint8_t id, const void *payload, size_t len);

/* Greets the host if it must be, before a new connection. */
void link_greet(void);

#endif
