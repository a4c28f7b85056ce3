/* SPDX-License-Identifier: Apache-2.0 */

/* The body of an answer, by length, in chunks (RFC 9112, 7.1), or until the
 * end of the connection. */
#include <string.h>

#include "http/http_internal.h"

/* Takes what is there of len bytes: out of in first, then the session. */
static enum pawl_status take(struct pawl_http *http, void *buf, size_t len,
                             size_t *received, struct pawl_wait *wait)
{
    size_t there = http->in_len - http->in_at;

    if (there == 0) {
        return pawl_session_receive(http->session, buf, len, received, wait);
    }
    *received = there < len ? there : len;
    memcpy(buf, http->in + http->in_at, *received);
    http->in_at += *received;
    return PAWL_OK;
}

/* What the end of the connection means inside of a body. */
static enum pawl_status connection_ended(struct pawl_http *http)
{
    if (http->framing == HTTP_UNTIL_END &&
        (http->body_expected == UINT64_MAX || http->body_expected == 0)) {
        http->state = HTTP_DONE;
        return PAWL_ERR_CLOSED;
    }
    return pawl_http_fail(http, PAWL_ERR_PROTOCOL);
}

/* Counts what arrived; moves on when the body, or the chunk, is complete. */
static enum pawl_status count(struct pawl_http *http, size_t received)
{
    if (http->body_expected != UINT64_MAX) {
        if (received > http->body_expected) {
            return pawl_http_fail(http, PAWL_ERR_PROTOCOL);
        }
        http->body_expected -= received;
    }
    if (http->framing == HTTP_UNTIL_END) {
        return PAWL_OK;
    }
    http->body_left -= received;
    if (http->body_left == 0) {
        http->state =
            http->framing == HTTP_CHUNKED ? HTTP_CHUNK_END : HTTP_DONE;
    }
    return PAWL_OK;
}

static enum pawl_status read_data(struct pawl_http *http, void *buf, size_t cap,
                                  size_t *received, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    if (http->framing != HTTP_UNTIL_END && http->body_left < cap) {
        cap = (size_t)http->body_left;
    }
    status = take(http, buf, cap, received, wait);
    if (status == PAWL_OK) {
        status = count(http, *received);
    } else if (status == PAWL_ERR_CLOSED) {
        status = connection_ended(http);
    } else if (status != PAWL_PENDING) {
        (void)pawl_http_fail(http, status);
    }
    if (status != PAWL_OK) {
        *received = 0;
    }
    return status;
}

/* The first line of a chunk: its size, and extensions that say nothing to us
 * (RFC 9112, 7.1.1). */
static enum pawl_status on_chunk_size(struct pawl_http *http)
{
    struct text line = {http->line, http->line_len};

    if (!pawl_text_hex(&line, &http->body_left) || !pawl_text_is_value(line)) {
        return PAWL_ERR_PROTOCOL;
    }
    line = pawl_text_trim(line);
    if (line.len > 0 && line.at[0] != ';') {
        return PAWL_ERR_PROTOCOL;
    }
    http->state = http->body_left > 0 ? HTTP_BODY : HTTP_TRAILERS;
    return PAWL_OK;
}

static enum pawl_status on_chunk_end(struct pawl_http *http)
{
    http->state = HTTP_CHUNK_SIZE;
    return http->line_len == 0 ? PAWL_OK : PAWL_ERR_PROTOCOL;
}

/* Trailers are read, and say nothing to us. */
static enum pawl_status on_trailer(struct pawl_http *http)
{
    if (http->line_len == 0) {
        http->state = HTTP_DONE;
        return http->body_expected == UINT64_MAX || http->body_expected == 0
                   ? PAWL_OK
                   : PAWL_ERR_PROTOCOL;
    }
    if (++http->header_count > PAWL_HTTP_HEADERS_MAX) {
        return PAWL_ERR_LIMIT;
    }
    return pawl_http_is_header(http) ? PAWL_OK : PAWL_ERR_PROTOCOL;
}

/* Reads one line of what stands between the data of chunks. */
static enum pawl_status read_between(struct pawl_http *http,
                                     struct pawl_wait *wait)
{
    enum pawl_status status = pawl_http_line(http, wait);

    if (status != PAWL_OK) {
        return status;
    }
    if (http->state == HTTP_CHUNK_SIZE) {
        status = on_chunk_size(http);
    } else if (http->state == HTTP_CHUNK_END) {
        status = on_chunk_end(http);
    } else {
        status = on_trailer(http);
    }
    return status == PAWL_OK ? status : pawl_http_fail(http, status);
}

enum pawl_status pawl_http_read(struct pawl_http *http, void *buf, size_t cap,
                                size_t *received, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    *received = 0;
    if (cap == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    while (status == PAWL_OK) {
        switch ((enum http_state)http->state) {
        case HTTP_BODY:
            return read_data(http, buf, cap, received, wait);
        case HTTP_CHUNK_SIZE:
        case HTTP_CHUNK_END:
        case HTTP_TRAILERS:
            status = read_between(http, wait);
            break;
        case HTTP_DONE:
            return PAWL_ERR_CLOSED;
        case HTTP_FAILED:
            return http->failure;
        case HTTP_IDLE:
        case HTTP_SEND_HEAD:
        case HTTP_SEND_BODY:
        case HTTP_STATUS_LINE:
        case HTTP_HEADERS:
            return PAWL_ERR_STATE;
        }
    }
    return status;
}
