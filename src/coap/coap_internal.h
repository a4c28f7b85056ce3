/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_COAP_INTERNAL_H
#define PAWL_COAP_INTERNAL_H

/*
 * Messages of CoAP, as bytes. Numbers in brackets name sections of RFC 7252
 * where no other RFC is named.
 */

#include <pawl/coap.h>

/* ---- coap_message.c ---- */

/* Types of a message (3). */
enum coap_type {
    COAP_CONFIRMABLE = 0,
    COAP_NON_CONFIRMABLE = 1,
    COAP_ACKNOWLEDGEMENT = 2,
    COAP_RESET = 3
};

#define COAP_HEADER_SIZE 4
#define COAP_TOKEN_SIZE 8 /* of ours: 64 random bits */
#define COAP_EMPTY 0
#define COAP_SZX_MAX 6 /* 1024 bytes; 7 is reserved (RFC 7959, 2.2) */

/* Options that we write or whose value we use. */
enum coap_number {
    COAP_URI_HOST = 3,
    COAP_ETAG = 4,
    COAP_OBSERVE = 6, /* RFC 7641 */
    COAP_URI_PATH = 11,
    COAP_CONTENT_FORMAT = 12,
    COAP_MAX_AGE = 14,
    COAP_URI_QUERY = 15,
    COAP_ACCEPT = 17,
    COAP_BLOCK2 = 23, /* RFC 7959 */
    COAP_BLOCK1 = 27,
    COAP_SIZE2 = 28,
    COAP_SIZE1 = 60,
    COAP_ECHO = 252, /* RFC 9175 */
    COAP_REQUEST_TAG = 292
};

/* A message, taken apart; views into what was received. */
struct coap_message {
    uint8_t type, code;
    uint16_t id;
    struct pawl_bytes token, options, payload;
};

/*
 * Takes a datagram apart (3). PAWL_ERR_UNSUPPORTED: it is none of CoAP's, or
 * of another version, and is ignored without an answer. PAWL_ERR_MALFORMED: a
 * message format error; type and id are set, so that it can be rejected.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_parse(struct pawl_bytes in,
                                 struct coap_message *message);

/* Options of a response whose value we use: their places in coap_options. */
enum coap_place {
    PLACE_ETAG,
    PLACE_OBSERVE,
    PLACE_FORMAT,
    PLACE_MAX_AGE,
    PLACE_BLOCK2,
    PLACE_BLOCK1,
    PLACE_SIZE2,
    PLACE_ECHO,
    PLACE_COUNT
};

/* data is NULL where an option is not there. */
struct coap_options {
    struct pawl_bytes value[PLACE_COUNT];
};

/*
 * Finds the options of a response that pawl_coap_parse() took apart.
 * PAWL_ERR_UNSUPPORTED: a critical one that we do not know (5.4.1), or that is
 * there twice (5.4.5) or of a length it must not have (5.4.3). Elective ones
 * of that kind are left out.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_options(const struct coap_message *message,
                                   struct coap_options *options);

/* An unsigned integer of at most four bytes (3.2); absent if not there. */
uint32_t pawl_coap_uint(struct pawl_bytes value, uint32_t absent);

/* A block option (RFC 7959, 2.2). */
struct coap_block {
    uint32_t number;
    uint32_t at; /* offset of its first byte */
    bool more;
    uint8_t szx;
};

/* Takes a block option apart; false if its size is the reserved one. */
bool pawl_coap_block(struct pawl_bytes value, struct coap_block *block);

/* The writer counts on beyond cap, so that one check at the end suffices. */
struct coap_out {
    uint8_t *buf;
    size_t cap, len;
    uint32_t number; /* of the last option */
};

void pawl_coap_put(struct coap_out *out, const void *data, size_t len);
/* Writes an option's head; its value of len bytes follows. Numbers must not
 * fall; neither their steps nor lengths exceed 268. */
void pawl_coap_put_head(struct coap_out *out, uint32_t number, size_t len);
/* An option whose value is an unsigned integer, in as few bytes as it takes. */
void pawl_coap_put_uint(struct coap_out *out, uint32_t number, uint32_t value);

/* ---- coap_request.c ---- */

/* Whether observation, offset and payload suit the method (5.8). */
bool pawl_coap_is_request(const struct pawl_coap_request *request);

/* Values of Observe in a request (RFC 7641, 2). */
enum coap_observe {
    OBSERVE_REGISTER = 0,
    OBSERVE_CANCEL = 1,
    OBSERVE_NONE = 2
};

/*
 * Writes the message that comes next into `out`: the piece of the payload at
 * sent_at, or a request for the block at asked_at. echo is sent back if it is
 * there. PAWL_ERR_ARGUMENT, PAWL_ERR_LIMIT: as pawl_coap_begin() says.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_write(struct pawl_coap *coap,
                                 enum coap_observe observe,
                                 struct pawl_bytes echo);

/* ---- coap_response.c ---- */

/*
 * Judges a response to what was asked. PAWL_OK: it is taken into response and
 * body. PAWL_PENDING: the request goes on, with a message that was not yet
 * queued: *echo, if there, is for it. Otherwise it is an error of the
 * exchange.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_response(struct pawl_coap *coap,
                                    const struct coap_message *message,
                                    struct pawl_bytes *echo);

/*
 * Judges a message with the observation's token that no request is waiting
 * for. PAWL_OK: it is the newest state, taken into response and body;
 * PAWL_PENDING: it is older than what we have (RFC 7641, 3.4).
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_notification(struct pawl_coap *coap,
                                        const struct coap_message *message);

/* ---- coap.c ---- */

uint64_t pawl_coap_now(const struct pawl_coap *coap);

/* States of struct pawl_coap. */
enum coap_state {
    COAP_IDLE = 0,  /* nothing was begun, or all of it is read */
    COAP_SEND,      /* `out` holds a request that must be sent */
    COAP_WAIT,      /* it was sent, and is not acknowledged */
    COAP_ACKED,     /* it is; the response follows by itself (5.2.2) */
    COAP_BODY,      /* a response is there, and its body in `body` */
    COAP_OBSERVING, /* the next notification is waited for */
    COAP_FAILED
};

#endif
