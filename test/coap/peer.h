/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_COAP_PEER_H
#define PAWL_TEST_COAP_PEER_H

/*
 * A CoAP server in memory, and a client of it: a session of datagrams and a
 * clock, both moved by the test. What the server says and is told are options
 * and payload as hexadecimal text; types, ids and tokens are filled in.
 */

#include "fake/fake_entropy.h"
#include <pawl/coap.h>

#define PEER_DATAGRAMS 64
#define PEER_DATAGRAM_MAX 1300

/* Types of a message (RFC 7252, 3). */
#define CON 0
#define NON 1
#define ACK 2
#define RST 3

struct peer_datagram {
    uint8_t data[PEER_DATAGRAM_MAX];
    size_t len;
};

struct peer {
    struct pawl_coap coap;
    struct pawl_coap_config config;
    struct pawl_coap_request request;
    struct pawl_endpoint endpoint;
    struct pawl_clock clock;
    struct fake_entropy entropy;
    struct pawl_wait wait;
    uint64_t now_ms;

    struct peer_datagram said[PEER_DATAGRAMS]; /* by the server, */
    size_t said_count, said_at;
    struct peer_datagram sent[PEER_DATAGRAMS]; /* by the client, */
    size_t sent_count, heard;                  /* and looked at by the test */
    enum pawl_status end;      /* what receive answers behind said */
    enum pawl_status send_end; /* what send answers, if not PAWL_OK */
    bool accepted;

    /* Of the request that was heard last. */
    uint16_t id;
    uint8_t token[8];

    uint8_t body[8192]; /* what was read */
    size_t body_len;
};

/* A client of the server at 192.0.2.1 that has begun nothing; the clock says
 * 1,000. */
void peer_open(struct peer *peer);
/* The same, and a GET of "/a" was begun, sent and heard. */
void peer_get(struct peer *peer);
/* Begins peer->request, which must succeed, and steps once. */
enum pawl_status peer_begin(struct peer *peer);
enum pawl_status peer_step(struct peer *peer);
/* Reads until the body ends or nothing comes; the last result. */
enum pawl_status peer_read(struct peer *peer);

/* Whether the next thing that the client has said is a confirmable request of
 * this code, with these options and payload. Notes its id and token. */
bool peer_heard(struct peer *peer, uint8_t code, const char *rest);
/* Whether it is an empty message of this type and id. */
bool peer_heard_empty(struct peer *peer, unsigned type, uint16_t id);
/* Whether it has said nothing more. */
bool peer_heard_all(const struct peer *peer);

/* The server says these bytes; */
void peer_says(struct peer *peer, const char *text);
void peer_says_bytes(struct peer *peer, const void *data, size_t len);
/* acknowledges with a response (code 0: without one); */
void peer_acks(struct peer *peer, uint8_t code, const char *rest);
/* sends a message of its own, with the token of the request heard last. */
void peer_sends(struct peer *peer, unsigned type, uint8_t code, uint16_t id,
                const char *rest);

/* Whether the body that was read is this text. */
bool peer_body_is(const struct peer *peer, const char *text);

#endif
