/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_HTTP_INTERNAL_H
#define PAWL_HTTP_INTERNAL_H

#include <pawl/http.h>

/* Where an exchange is. */
enum http_state {
    HTTP_IDLE = 0,    /* none under way; one may begin */
    HTTP_SEND_HEAD,   /* line holds the request's head */
    HTTP_SEND_BODY,   /* body_out is what is left of it */
    HTTP_STATUS_LINE, /* line collects the answer's first line */
    HTTP_HEADERS,     /* line collects a header line */
    HTTP_BODY,        /* body_left bytes of it, or of a chunk, follow */
    HTTP_CHUNK_SIZE,  /* line collects a chunk's first line */
    HTTP_CHUNK_END,   /* line collects the empty line behind a chunk */
    HTTP_TRAILERS,    /* line collects lines behind the last chunk */
    HTTP_DONE,        /* the body is complete */
    HTTP_FAILED
};

/* How the end of a body is told (RFC 9112, 6.3). */
enum http_framing {
    HTTP_NO_BODY = 0,
    HTTP_LENGTH,
    HTTP_CHUNKED,
    HTTP_UNTIL_END
};

/* Most 1xx answers before the final one. */
#define HTTP_INTERIM_MAX 4

/* ---- http.c ---- */

/* Ends the exchange; every call answers status from now on. */
enum pawl_status pawl_http_fail(struct pawl_http *http,
                                enum pawl_status status);

/*
 * Collects a line of the answer in line, without its CRLF; line_at is 0 and
 * line_len its length then. A bare CR or LF is PAWL_ERR_PROTOCOL, too long is
 * PAWL_ERR_LIMIT. At PAWL_OK the next call begins the next line.
 */
PAWL_MUST_USE
enum pawl_status pawl_http_line(struct pawl_http *http, struct pawl_wait *wait);

/* Makes sure that in holds a byte. */
PAWL_MUST_USE
enum pawl_status pawl_http_fill(struct pawl_http *http, struct pawl_wait *wait);

/* ---- http_request.c ---- */

/* Writes a request's head into line. */
PAWL_MUST_USE
enum pawl_status pawl_http_write_get(struct pawl_http *http, const char *path,
                                     const char *if_range);
PAWL_MUST_USE
enum pawl_status pawl_http_write_post(struct pawl_http *http, const char *path,
                                      const char *content_type,
                                      const char *extra_headers);

/* ---- http_response.c ---- */

/* Forgets what the last answer said. */
void pawl_http_response_clear(struct pawl_http *http);
/* Reads the line as a status line, or as a header line. */
PAWL_MUST_USE
enum pawl_status pawl_http_read_status_line(struct pawl_http *http);
PAWL_MUST_USE
enum pawl_status pawl_http_read_header(struct pawl_http *http);
/*
 * Makes room in a header line that is too long: if its name is not one that
 * we use, and what came of its value is good, only the name stays. Otherwise
 * PAWL_ERR_LIMIT or PAWL_ERR_PROTOCOL. line_at is the line's length.
 */
PAWL_MUST_USE
enum pawl_status pawl_http_shorten(struct pawl_http *http);
/* Whether the line has the form of a header line. */
bool pawl_http_is_header(const struct pawl_http *http);
/* All headers are there: checks them against each other and the request, and
 * decides on the framing. */
PAWL_MUST_USE
enum pawl_status pawl_http_end_head(struct pawl_http *http);

/* ---- http_text.c: words and numbers of a message ---- */

/* A piece of a line that is being read from its front. */
struct text {
    const char *at;
    size_t len;
};

/* Whether text is word, ASCII case ignored. */
bool pawl_text_is(struct text text, const char *word);
/* Takes word off the front; case counts. */
bool pawl_text_skip(struct text *text, const char *word);
/* Takes a decimal number without a sign, of any length that fits. */
bool pawl_text_number(struct text *text, uint64_t *value);
/* Takes a hexadecimal number of at most 16 digits. */
bool pawl_text_hex(struct text *text, uint64_t *value);
/* Takes what stands before the first comma, trimmed, and the comma. False
 * when nothing is left. */
bool pawl_text_item(struct text *list, struct text *item);
/* Cuts spaces and tabs off both ends. */
struct text pawl_text_trim(struct text text);
/* Whether all of it may stand in a header's value (RFC 9110, 5.5). */
bool pawl_text_is_value(struct text text);
/* Whether it is a token (RFC 9110, 5.6.2). */
bool pawl_text_is_token(struct text text);

/* ---- http_date.c ---- */

/* Reads an IMF-fixdate (RFC 9110, 5.6.7): seconds since 1970. */
bool pawl_http_date(struct text text, int64_t *seconds);

#endif
