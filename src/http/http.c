/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One exchange:
 *
 *     IDLE -get, post-> SEND_HEAD -> SEND_BODY -> STATUS_LINE -> HEADERS
 *       -> BODY (by length, or until the end)                  -> DONE
 *       -> CHUNK_SIZE -> BODY -> CHUNK_END -> ... -> TRAILERS  -> DONE
 *
 * From DONE the next one may begin, if the server keeps the connection. Any
 * state may become FAILED, which only another session ends.
 */
#include <string.h>

#include "http/http_internal.h"

void pawl_http_open(struct pawl_http *http, struct pawl_session *session)
{
    memset(http, 0, sizeof *http);
    http->session = session;
    http->response.keep_alive = true;
}

enum pawl_status pawl_http_fail(struct pawl_http *http, enum pawl_status status)
{
    http->state = HTTP_FAILED;
    http->failure = status;
    return status;
}

/* ---- the beginning of an exchange ---- */

static enum pawl_status may_begin(struct pawl_http *http)
{
    if (http->state == HTTP_FAILED) {
        return http->failure;
    }
    if ((http->state != HTTP_IDLE && http->state != HTTP_DONE) ||
        !http->response.keep_alive) {
        return PAWL_ERR_STATE;
    }
    if (http->in_at < http->in_len) {
        /* More than the last answer: it would be taken for the next one. */
        return pawl_http_fail(http, PAWL_ERR_PROTOCOL);
    }
    return PAWL_OK;
}

/* Takes over what a writer of a head has answered. */
static enum pawl_status begin(struct pawl_http *http, enum pawl_status written)
{
    if (written == PAWL_OK) {
        http->in_len = http->in_at = 0;
        http->interim_count = 0;
        http->head_left = PAWL_HTTP_HEAD_MAX;
        http->state = HTTP_SEND_HEAD;
    }
    return written;
}

enum pawl_status pawl_http_get(struct pawl_http *http, const char *path,
                               uint64_t first, uint64_t length,
                               const char *if_range)
{
    enum pawl_status status = may_begin(http);
    const char *etag = if_range != NULL ? if_range : "";
    bool weak = strncmp(etag, "W/", 2) == 0; /* RFC 9110, 13.1.5 */

    if (status != PAWL_OK) {
        return status;
    }
    if (length > UINT64_MAX - first) {
        return PAWL_ERR_ARGUMENT;
    }
    http->ranged = (first != 0 || length != 0) && !weak;
    http->first_asked = first;
    http->length_asked = length;
    http->body_out = PAWL_NO_BYTES;
    return begin(http, pawl_http_write_get(http, path, etag));
}

enum pawl_status pawl_http_post(struct pawl_http *http, const char *path,
                                const char *content_type,
                                struct pawl_bytes body,
                                const char *extra_headers)
{
    enum pawl_status status = may_begin(http);

    if (status != PAWL_OK) {
        return status;
    }
    http->ranged = false;
    http->body_out = body;
    return begin(http,
                 pawl_http_write_post(http, path, content_type, extra_headers));
}

/* ---- sending ---- */

static enum pawl_status send_head(struct pawl_http *http,
                                  struct pawl_wait *wait)
{
    size_t sent = 0;
    enum pawl_status status =
        pawl_session_send(http->session, http->line + http->line_at,
                          http->line_len - http->line_at, &sent, wait);

    if (status != PAWL_OK) {
        return status;
    }
    http->line_at += sent;
    if (http->line_at == http->line_len) {
        http->line_at = http->line_len = 0;
        http->state =
            http->body_out.len > 0 ? HTTP_SEND_BODY : HTTP_STATUS_LINE;
    }
    return PAWL_OK;
}

static enum pawl_status send_body(struct pawl_http *http,
                                  struct pawl_wait *wait)
{
    size_t sent = 0;
    enum pawl_status status = pawl_session_send(
        http->session, http->body_out.data, http->body_out.len, &sent, wait);

    if (status != PAWL_OK) {
        return status;
    }
    http->body_out.data += sent;
    http->body_out.len -= sent;
    if (http->body_out.len == 0) {
        http->state = HTTP_STATUS_LINE;
    }
    return PAWL_OK;
}

/* ---- lines of the answer ---- */

enum pawl_status pawl_http_fill(struct pawl_http *http, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    if (http->in_at == http->in_len) {
        http->in_at = http->in_len = 0;
        status = pawl_session_receive(http->session, http->in, sizeof http->in,
                                      &http->in_len, wait);
    }
    return status;
}

/* Whether nothing of an answer has arrived yet. */
static bool nothing_arrived(const struct pawl_http *http)
{
    return http->state == HTTP_STATUS_LINE && http->line_at == 0 &&
           http->interim_count == 0;
}

/* Whether the head may have one more byte; lines of chunks do not count. */
static bool head_has_room(struct pawl_http *http)
{
    if (http->state == HTTP_CHUNK_SIZE || http->state == HTTP_CHUNK_END) {
        return true;
    }
    if (http->head_left == 0) {
        return false;
    }
    http->head_left--;
    return true;
}

/* Adds one byte to the line: PAWL_OK when that ends it. line_at counts bytes
 * of the line under way, its CR included. Of a header that says nothing to us
 * what came so far is judged and makes room. */
static enum pawl_status add_byte(struct pawl_http *http, char byte)
{
    bool after_cr = http->line_at > 0 && http->line[http->line_at - 1] == '\r';

    if (after_cr || byte == '\n') {
        if (!after_cr || byte != '\n') {
            return PAWL_ERR_PROTOCOL;
        }
        http->line_len = http->line_at - 1;
        http->line_at = 0;
        return PAWL_OK;
    }
    if (!head_has_room(http)) {
        return PAWL_ERR_LIMIT;
    }
    if (http->line_at > PAWL_HTTP_LINE_MAX) { /* its CR may be one more */
        enum pawl_status status = pawl_http_shorten(http);

        if (status != PAWL_OK) {
            return status;
        }
    }
    http->line[http->line_at++] = byte;
    return PAWL_PENDING;
}

enum pawl_status pawl_http_line(struct pawl_http *http, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING) {
        status = pawl_http_fill(http, wait);
        if (status == PAWL_PENDING) {
            return status;
        }
        if (status == PAWL_ERR_CLOSED && !nothing_arrived(http)) {
            status = PAWL_ERR_PROTOCOL; /* in the middle of an answer */
        }
        if (status == PAWL_OK) {
            status = add_byte(http, (char)http->in[http->in_at++]);
        }
    }
    return status == PAWL_OK ? status : pawl_http_fail(http, status);
}

/* ---- the head of the answer ---- */

/* An interim answer (1xx) is followed by another one. Nothing was asked for
 * that a 101 could agree to. */
static enum pawl_status end_interim(struct pawl_http *http)
{
    if (http->response.status == 101 ||
        ++http->interim_count > HTTP_INTERIM_MAX) {
        return PAWL_ERR_PROTOCOL;
    }
    http->state = HTTP_STATUS_LINE;
    return PAWL_OK;
}

static enum pawl_status end_head(struct pawl_http *http)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    if (http->response.status < 200) {
        return end_interim(http);
    }
    status = pawl_http_end_head(http);
    if (status != PAWL_OK) {
        return status;
    }
    switch ((enum http_framing)http->framing) {
    case HTTP_NO_BODY:
        http->state = HTTP_DONE;
        break;
    case HTTP_CHUNKED:
        http->state = HTTP_CHUNK_SIZE;
        break;
    case HTTP_LENGTH:
    case HTTP_UNTIL_END:
        http->state = HTTP_BODY;
        break;
    }
    if (http->response.status < 300) {
        pawl_session_accepted(http->session);
    }
    return PAWL_OK;
}

static enum pawl_status read_head(struct pawl_http *http,
                                  struct pawl_wait *wait)
{
    enum pawl_status status = pawl_http_line(http, wait);

    if (status != PAWL_OK) {
        return status;
    }
    if (http->state == HTTP_STATUS_LINE) {
        status = pawl_http_read_status_line(http);
        http->state = HTTP_HEADERS;
    } else if (http->line_len > 0) {
        status = pawl_http_read_header(http);
    } else {
        status = end_head(http);
    }
    return status == PAWL_OK ? status : pawl_http_fail(http, status);
}

enum pawl_status pawl_http_step(struct pawl_http *http, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    while (status == PAWL_OK) {
        switch ((enum http_state)http->state) {
        case HTTP_SEND_HEAD:
            status = send_head(http, wait);
            break;
        case HTTP_SEND_BODY:
            status = send_body(http, wait);
            break;
        case HTTP_STATUS_LINE:
        case HTTP_HEADERS:
            status = read_head(http, wait);
            break;
        case HTTP_BODY:
        case HTTP_CHUNK_SIZE:
        case HTTP_CHUNK_END:
        case HTTP_TRAILERS:
        case HTTP_DONE:
            return PAWL_OK;
        case HTTP_FAILED:
            return http->failure;
        case HTTP_IDLE:
            return PAWL_ERR_STATE;
        }
    }
    return status == PAWL_PENDING ? status : pawl_http_fail(http, status);
}
