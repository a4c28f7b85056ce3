/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_COAP_H
#define PAWL_COAP_H

/*
 * A CoAP client (RFC 7252) over a session of datagrams: confirmable requests,
 * block-wise transfers both ways (RFC 7959), observation (RFC 7641), Echo and
 * Request-Tag (RFC 9175). One exchange or one observation at a time. A message
 * longer than PAWL_COAP_MESSAGE_MAX is neither sent nor taken.
 *
 *     begin -> step until PAWL_OK (the response is there)
 *     -> read until PAWL_ERR_CLOSED (its body is complete) -> next exchange,
 *     or with an observation: step until PAWL_OK again (a notification)
 */

#include <pawl/session.h>

enum pawl_coap_method {
    PAWL_COAP_GET = 1,
    PAWL_COAP_POST = 2,
    PAWL_COAP_PUT = 3,
    PAWL_COAP_DELETE = 4,
    PAWL_COAP_FETCH = 5 /* RFC 8132 */
};

/* A response code as it stands in a message: 2.05 is PAWL_COAP_CODE(2, 5). */
#define PAWL_COAP_CODE(class, detail) ((class) << 5 | (detail))
/* The class of a code: 2 success, 4 the request's fault, 5 the server's. */
#define PAWL_COAP_CLASS(code) ((code) >> 5)

/* A Content-Format number in a request, where 0 means none. */
#define PAWL_COAP_FORMAT(number) (0x10000u | (number))

struct pawl_coap_config {
    struct pawl_session *session;   /* of datagrams, established; retained */
    const struct pawl_clock *clock; /* retained */
    const struct pawl_entropy *entropy; /* of tokens and jitter; retained */

    /* Largest block that we ask for and send: 16, 32, ... 1024 bytes; 0:
     * 1024, or what PAWL_COAP_MESSAGE_MAX has room for. */
    uint16_t block_size;

    /* Transmission parameters (RFC 7252, 4.8). */
    uint32_t ack_timeout_ms; /* first retransmission, at most 60,000; 0: 2,000*/
    uint8_t max_retransmit;  /* at most 12; 0: 4 */
    /* From the acknowledgement to the response; 0: 93,000. */
    uint32_t response_timeout_ms;
};

struct pawl_coap_request {
    enum pawl_coap_method method;
    const char *path;          /* "/a/b?c=d", percent-encoded; retained */
    struct pawl_bytes payload; /* retained */
    uint32_t content_format;   /* of payload: PAWL_COAP_FORMAT(n) */
    uint32_t accept;           /* PAWL_COAP_FORMAT(n) */
    uint32_t offset;           /* first byte of the body that is wanted (GET) */
    bool observe;              /* be told of changes (GET; offset is 0) */
};

struct pawl_coap_response {
    uint8_t code;  /* PAWL_COAP_CODE(2, 5): "Content" */
    bool observed; /* notifications will follow */
    bool has_format;
    uint16_t format;    /* Content-Format */
    uint8_t etag[8];    /* the same bytes: the same representation */
    uint8_t etag_len;   /* 0: none was given */
    uint32_t max_age_s; /* seconds that it is fresh; of a 5.03: come later */
    uint32_t size;      /* bytes of the whole body; 0: not told */
};

struct pawl_coap {
    struct pawl_coap_config config;
    struct pawl_coap_response response; /* valid after step said PAWL_OK */
    uint32_t retransmissions;           /* since it was opened */
    /* Private. */
    struct pawl_coap_request request;
    enum pawl_status failure; /* what every call answers in state FAILED */
    uint8_t state;
    uint8_t szx;   /* blocks are of 2 ** (szx + 4) bytes */
    uint8_t tries; /* how often the message was sent again */
    bool reading;  /* the caller knows of the response whose block we ask */
    bool more;     /* another block follows what is in `in` */
    bool echoed;   /* Echo was answered once */
    bool observing, stale;
    uint8_t observe; /* what the message under way says of it */
    uint16_t message_id;
    uint32_t request_tag;
    uint32_t sent_at, sent_len; /* piece of the payload that is being sent */
    uint32_t asked_at, next_at; /* offset of the block that is asked for */
    uint32_t observe_number;
    uint64_t observe_ms, fresh_until_ms;
    uint64_t timeout_ms, deadline_ms;
    uint8_t token[8], observe_token[8];
    /* Messages of the server that were seen, the newest first overwritten. */
    struct {
        uint64_t at_ms;
        uint16_t id;
        uint8_t answer;
    } seen[PAWL_COAP_SEEN_MAX];
    uint8_t seen_at;
    uint8_t reply_len;
    uint8_t reply[4];
    size_t out_len;
    struct pawl_bytes body; /* what is left to read, in `in` */
    uint8_t out[PAWL_COAP_MESSAGE_MAX];
    uint8_t in[PAWL_COAP_MESSAGE_MAX];
};

/*
 * Begins to use config's session, which is established and stays open. config
 * is copied.
 *
 * Returns PAWL_OK; PAWL_ERR_ARGUMENT: something required is missing, or a
 * number is none of those that config allows; PAWL_ERR_ENTROPY.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_open(struct pawl_coap *coap,
                                const struct pawl_coap_config *config);

/*
 * Begins an exchange. request is copied; what it points to is retained until
 * the exchange ends, an observation until it was cancelled.
 *
 * The session's server name is sent as Uri-Host, unless it is an address
 * (RFC 7252, 6.4). A payload that is longer than a block goes out block by
 * block; that of a FETCH must fit into one.
 *
 * Returns PAWL_OK              go on with pawl_coap_step()
 *         PAWL_ERR_STATE       an exchange or an observation is under way
 *         PAWL_ERR_ARGUMENT    no path, one with a fragment, bytes or escapes
 *                              that it must not have; an observation or an
 *                              offset of anything but a GET
 *         PAWL_ERR_LIMIT       a segment is longer than 255 bytes, or all of
 *                              it than PAWL_COAP_MESSAGE_MAX
 *         PAWL_ERR_ENTROPY     nothing was begun
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_begin(struct pawl_coap *coap,
                                 const struct pawl_coap_request *request);

/*
 * Sends, sends again, acknowledges, and waits for the response, or for the
 * next notification. Never blocks.
 *
 * Returns PAWL_OK               response is filled, whatever its code, and its
 *                               body can be read
 *         PAWL_PENDING          *wait
 *         PAWL_ERR_STATE        nothing was begun
 *         PAWL_ERR_TIMEOUT      no acknowledgement after the last
 *                               retransmission, or no response
 *         PAWL_ERR_REFUSED      the server answered with a Reset
 *         PAWL_ERR_UNSUPPORTED  a critical option that is not known (RFC 7252,
 *                               5.4.1)
 *         PAWL_ERR_PROTOCOL     blocks that do not fit together
 *         PAWL_ERR_TOO_SMALL    the session's datagrams are shorter than the
 *                               message: choose a smaller block_size
 *         PAWL_ERR_ENTROPY      or the session's errors
 * After an error the exchange and the observation are over; the next one may
 * begin, if the session still lives. A code of class 2 makes the session's
 * stage ACCEPTED. At most 8 messages are taken in a call.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_step(struct pawl_coap *coap, struct pawl_wait *wait);

/*
 * Reads up to cap bytes of the body, from the offset that was asked for; asks
 * for the next block where one is needed.
 *
 * Returns PAWL_OK          *received of 1..cap
 *         PAWL_PENDING     *wait
 *         PAWL_ERR_CLOSED  the body is complete
 *         PAWL_ERR_BUSY    it changed between two blocks (another ETag): what
 *                          was read is of no use. The exchange is over; of an
 *                          observation, pawl_coap_step() fetches it anew
 *         PAWL_ERR_STATE   pawl_coap_step() has not yet answered PAWL_OK
 *         PAWL_ERR_REFUSED a later block was answered with an error: the code
 *                          is in response
 *         or what pawl_coap_step() answers
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_read(struct pawl_coap *coap, void *buf, size_t cap,
                                size_t *received, struct pawl_wait *wait);

/*
 * Ends what is under way. An exchange is forgotten at once. Of an observation
 * the server is told (RFC 7641, 3.6): step until PAWL_OK or an error; the
 * response's body may be read. To forget an observation, do it twice: the
 * server's next notification is answered with a Reset.
 *
 * Returns PAWL_OK; PAWL_ERR_ENTROPY: forgotten, and the server was not told.
 */
PAWL_MUST_USE
enum pawl_status pawl_coap_cancel(struct pawl_coap *coap);

#endif
