/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_HTTP_H
#define PAWL_HTTP_H

/*
 * An HTTP/1.1 client (RFC 9110, RFC 9112) over a session: GET with a range,
 * and POST. One exchange at a time; the connection is kept for the next one
 * if the server lets us. Headers are read strictly, with limits; redirects
 * are not followed.
 *
 *     get or post -> step until PAWL_OK (headers are there)
 *     -> read until PAWL_ERR_CLOSED (body is complete) -> next exchange
 */

#include <pawl/session.h>

/* Longest status line, and longest line of a header that we use, in bytes.
 * Other headers (cookies, policies) may be longer and are left out. */
#define PAWL_HTTP_LINE_MAX 512
/* Most bytes of the head of an answer, 1xx answers and trailers included. */
#define PAWL_HTTP_HEAD_MAX 32768
/* Most header lines of one answer. */
#define PAWL_HTTP_HEADERS_MAX 64

struct pawl_http_response {
    unsigned status;        /* 100 to 599 */
    bool has_length;        /* Content-Length was given */
    uint64_t length;        /* bytes of the body that follows */
    bool partial;           /* 206 with a Content-Range that was checked: */
    uint64_t range_first;   /* first byte's offset, */
    uint64_t range_total;   /* and the whole length, 0 if not told */
    char content_type[64];  /* media type, lower case, no parameters */
    char etag[64];          /* strong or weak, quotes included */
    bool base64;            /* Content-Transfer-Encoding: base64 (RFC 8951) */
    uint32_t retry_after_s; /* Retry-After in seconds; 0: not given */
    int64_t date_s;         /* Date; 0: not given */
    bool keep_alive;
};

struct pawl_http {
    struct pawl_session *session;
    struct pawl_http_response response; /* valid after step said PAWL_OK */
    /* Private. */
    enum pawl_status failure; /* what every call answers in state FAILED */
    uint8_t state;
    uint8_t framing;       /* none, length, chunked or until the end */
    uint8_t interim_count; /* 1xx answers before the final one */
    bool ranged;
    uint16_t header_count;
    uint32_t head_left;     /* bytes that the head may still have */
    uint32_t seen;          /* headers that may come once, a bit each */
    uint64_t first_asked;   /* the range that was asked for: offset, */
    uint64_t length_asked;  /* and bytes; 0: all that follows */
    uint64_t body_left;     /* of the body, or of the chunk */
    uint64_t body_expected; /* by Content-Range; UINT64_MAX: not told */
    int64_t retry_at_s;     /* Retry-After as a date; 0: none */
    struct pawl_bytes body_out;
    size_t line_len, line_at; /* request head, then a line of the answer */
    size_t in_len, in_at;
    char line[PAWL_HTTP_LINE_MAX * 2];
    uint8_t in[PAWL_HTTP_LINE_MAX];
};

/*
 * Begins to use session, which is established and stays open. session is
 * retained.
 */
void pawl_http_open(struct pawl_http *http, struct pawl_session *session);

/*
 * Begins a GET of path ("/a/b?c"), with the session's endpoint as Host.
 *
 * first      offset of the first byte wanted; 0 without a range, unless
 *            length is given
 * length     bytes wanted; 0: all that follows
 * if_range   an ETag from before, so that a changed resource comes whole
 *            (RFC 9110, 13.1.5); NULL or "": none
 *
 * A weak ETag ("W/...") cannot vouch for a range: everything is asked for
 * then.
 *
 * Returns PAWL_OK: go on with pawl_http_step(); PAWL_ERR_STATE: an exchange
 * is under way, or the server ended the connection with the last one;
 * PAWL_ERR_ARGUMENT: path or if_range has bytes that a request must not have;
 * PAWL_ERR_LIMIT: too long; PAWL_ERR_PROTOCOL: the server sent more than the
 * last answer.
 */
PAWL_MUST_USE
enum pawl_status pawl_http_get(struct pawl_http *http, const char *path,
                               uint64_t first, uint64_t length,
                               const char *if_range);

/*
 * Begins a POST of body with its content type. body is retained until
 * pawl_http_step() answers PAWL_OK. extra_headers: whole lines, each with its
 * CRLF, or NULL.
 */
PAWL_MUST_USE
enum pawl_status pawl_http_post(struct pawl_http *http, const char *path,
                                const char *content_type,
                                struct pawl_bytes body,
                                const char *extra_headers);

/*
 * Sends the request and reads the head of the answer. PAWL_OK: response is
 * filled, whatever its status. PAWL_PENDING: *wait. PAWL_ERR_PROTOCOL: not
 * HTTP/1.1, contradictory lengths, a range that was not asked for;
 * PAWL_ERR_LIMIT: a line or the head is too long; PAWL_ERR_UNSUPPORTED: a
 * coding that was not asked for; PAWL_ERR_CLOSED: the server closed before its
 * answer began; or the session's errors. After an error only another session
 * helps. A status of 2xx makes the session's stage ACCEPTED.
 */
PAWL_MUST_USE
enum pawl_status pawl_http_step(struct pawl_http *http, struct pawl_wait *wait);

/*
 * Reads up to cap bytes of the body. PAWL_OK: *received of 1..cap;
 * PAWL_PENDING: *wait; PAWL_ERR_CLOSED: the body is complete and the next
 * exchange may begin if response.keep_alive; PAWL_ERR_PROTOCOL: it ended
 * too early.
 */
PAWL_MUST_USE
enum pawl_status pawl_http_read(struct pawl_http *http, void *buf, size_t cap,
                                size_t *received, struct pawl_wait *wait);

/* An https URI, taken apart. */
struct pawl_uri {
    char host[PAWL_HOST_MAX];
    uint16_t port;           /* 443 if none is given */
    char path[PAWL_URI_MAX]; /* begins with "/"; query included */
};

/*
 * Takes an absolute https URI apart (RFC 3986; no user information, no
 * fragment, ASCII only). PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT,
 * PAWL_ERR_UNSUPPORTED (another scheme).
 */
PAWL_MUST_USE
enum pawl_status pawl_uri_parse(struct pawl_uri *uri, struct pawl_bytes text);

#endif
