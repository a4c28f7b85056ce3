/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The head of an answer. What two readers could understand differently is
 * refused: both kinds of length, a header that may come once twice, folded
 * lines, space before a colon (RFC 9112, 5.1, 5.2, 6.3).
 */
#include <string.h>

#include "base/base.h"
#include "http/http_internal.h"

static struct text line_of(const struct pawl_http *http)
{
    return (struct text){http->line, http->line_len};
}

void pawl_http_response_clear(struct pawl_http *http)
{
    memset(&http->response, 0, sizeof http->response);
    http->response.keep_alive = true;
    http->framing = HTTP_UNTIL_END;
    http->header_count = 0;
    http->seen = 0;
    http->retry_at_s = 0;
    http->body_left = 0;
    http->body_expected = UINT64_MAX;
}

enum pawl_status pawl_http_read_status_line(struct pawl_http *http)
{
    struct text line = line_of(http);
    struct text code;
    uint64_t status = 0;

    if (!pawl_text_skip(&line, "HTTP/1.1 ") || line.len < 4) {
        return PAWL_ERR_PROTOCOL;
    }
    code = (struct text){line.at, 3};
    if (!pawl_text_number(&code, &status) || code.len != 0 || status < 100 ||
        status > 599 || line.at[3] != ' ' || !pawl_text_is_value(line)) {
        return PAWL_ERR_PROTOCOL;
    }
    pawl_http_response_clear(http);
    http->response.status = (unsigned)status;
    return PAWL_OK;
}

/* ---- headers: each reader takes the value, trimmed ---- */

static bool copy_text(char *out, size_t cap, struct text value)
{
    if (value.len >= cap) {
        return false;
    }
    memcpy(out, value.at, value.len);
    out[value.len] = '\0';
    return true;
}

static enum pawl_status on_length(struct pawl_http *http, struct text value)
{
    if (!pawl_text_number(&value, &http->response.length) || value.len != 0) {
        return PAWL_ERR_PROTOCOL;
    }
    http->response.has_length = true;
    return PAWL_OK;
}

static enum pawl_status on_coding(struct pawl_http *http, struct text value)
{
    if (!pawl_text_is(value, "chunked")) {
        return PAWL_ERR_UNSUPPORTED;
    }
    http->framing = HTTP_CHUNKED;
    return PAWL_OK;
}

static enum pawl_status on_encoding(struct pawl_http *http, struct text value)
{
    (void)http;
    return pawl_text_is(value, "identity") ? PAWL_OK : PAWL_ERR_UNSUPPORTED;
}

static enum pawl_status on_connection(struct pawl_http *http, struct text value)
{
    struct text item;

    while (pawl_text_item(&value, &item)) {
        if (pawl_text_is(item, "close")) {
            http->response.keep_alive = false;
        }
    }
    return PAWL_OK;
}

/* "bytes FIRST-LAST/TOTAL", or "bytes * /TOTAL" (without the space) of a 416;
 * TOTAL may be "*" in the first (RFC 9110, 14.4). */
static enum pawl_status on_range(struct pawl_http *http, struct text value)
{
    struct pawl_http_response *response = &http->response;
    uint64_t last = 0;

    if (!pawl_text_skip(&value, "bytes ")) {
        return PAWL_ERR_PROTOCOL;
    }
    if (pawl_text_skip(&value, "*/")) {
        return pawl_text_number(&value, &response->range_total) &&
                       value.len == 0
                   ? PAWL_OK
                   : PAWL_ERR_PROTOCOL;
    }
    if (!pawl_text_number(&value, &response->range_first) ||
        !pawl_text_skip(&value, "-") || !pawl_text_number(&value, &last) ||
        !pawl_text_skip(&value, "/") || last < response->range_first ||
        last == UINT64_MAX) {
        return PAWL_ERR_PROTOCOL;
    }
    if (!pawl_text_skip(&value, "*") &&
        (!pawl_text_number(&value, &response->range_total) ||
         response->range_total <= last)) {
        return PAWL_ERR_PROTOCOL;
    }
    http->body_expected = last - response->range_first + 1;
    return value.len == 0 ? PAWL_OK : PAWL_ERR_PROTOCOL;
}

static enum pawl_status on_type(struct pawl_http *http, struct text value)
{
    char *type = http->response.content_type;
    size_t len = 0;

    while (len < value.len && value.at[len] != ';') {
        len++;
    }
    value = pawl_text_trim((struct text){value.at, len});
    if (!copy_text(type, sizeof http->response.content_type, value)) {
        return PAWL_ERR_LIMIT;
    }
    for (; *type != '\0'; type++) {
        if (*type >= 'A' && *type <= 'Z') {
            *type = (char)(*type - 'A' + 'a');
        }
    }
    return PAWL_OK;
}

/* One that is too long for us is none: it only serves to save a download. */
static enum pawl_status on_etag(struct pawl_http *http, struct text value)
{
    (void)copy_text(http->response.etag, sizeof http->response.etag, value);
    return PAWL_OK;
}

static enum pawl_status on_transfer(struct pawl_http *http, struct text value)
{
    http->response.base64 = pawl_text_is(value, "base64");
    return PAWL_OK;
}

static enum pawl_status on_date(struct pawl_http *http, struct text value)
{
    int64_t seconds = 0;

    if (pawl_http_date(value, &seconds)) {
        http->response.date_s = seconds;
    }
    return PAWL_OK;
}

/* Seconds, or a date, which counts from Date once all headers are there. */
static enum pawl_status on_retry(struct pawl_http *http, struct text value)
{
    struct text digits = value;
    uint64_t seconds = 0;

    if (pawl_text_number(&digits, &seconds) && digits.len == 0) {
        http->response.retry_after_s =
            seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
    } else if (!pawl_http_date(value, &http->retry_at_s)) {
        http->retry_at_s = 0;
    }
    return PAWL_OK;
}

static const struct {
    const char *name;
    bool once; /* a second one makes the answer ambiguous */
    enum pawl_status (*read)(struct pawl_http *http, struct text value);
} headers[] = {
    {"Content-Length", true, on_length},
    {"Transfer-Encoding", true, on_coding},
    {"Content-Encoding", true, on_encoding},
    {"Connection", false, on_connection},
    {"Content-Range", true, on_range},
    {"Content-Type", true, on_type},
    {"Content-Transfer-Encoding", true, on_transfer},
    {"ETag", true, on_etag},
    {"Date", true, on_date},
    {"Retry-After", true, on_retry},
};

/* The place of a header in the table; its length if it is not there. */
static size_t find_header(struct text name)
{
    size_t i = 0;

    while (i < PAWL_ARRAY_LEN(headers) &&
           !pawl_text_is(name, headers[i].name)) {
        i++;
    }
    return i;
}

/* Splits a line; false if it is no header line. */
static bool split(struct text line, struct text *name, struct text *value)
{
    const char *colon = memchr(line.at, ':', line.len);

    if (colon == NULL) {
        return false;
    }
    *name = (struct text){line.at, (size_t)(colon - line.at)};
    *value = pawl_text_trim((struct text){colon + 1, line.len - name->len - 1});
    return pawl_text_is_token(*name) && pawl_text_is_value(*value);
}

enum pawl_status pawl_http_shorten(struct pawl_http *http)
{
    struct text name, value;

    if (http->state != HTTP_HEADERS && http->state != HTTP_TRAILERS) {
        return PAWL_ERR_LIMIT;
    }
    if (!split((struct text){http->line, http->line_at}, &name, &value)) {
        return PAWL_ERR_PROTOCOL;
    }
    if (find_header(name) < PAWL_ARRAY_LEN(headers)) {
        return PAWL_ERR_LIMIT;
    }
    http->line_at = name.len + 1; /* its colon stays */
    return PAWL_OK;
}

bool pawl_http_is_header(const struct pawl_http *http)
{
    struct text name, value;

    return split(line_of(http), &name, &value);
}

enum pawl_status pawl_http_read_header(struct pawl_http *http)
{
    struct text name, value;

    if (++http->header_count > PAWL_HTTP_HEADERS_MAX) {
        return PAWL_ERR_LIMIT;
    }
    if (!split(line_of(http), &name, &value)) {
        return PAWL_ERR_PROTOCOL;
    }
    size_t i = find_header(name);
    if (i == PAWL_ARRAY_LEN(headers)) {
        return PAWL_OK;
    }
    if (headers[i].once && (http->seen >> i & 1u) != 0) {
        return PAWL_ERR_PROTOCOL;
    }
    http->seen |= 1u << i;
    return headers[i].read(http, value);
}

/* ---- the head as a whole ---- */

/* A 206 is the range that was asked for, or a part of it from its start. */
static enum pawl_status check_range(struct pawl_http *http)
{
    struct pawl_http_response *response = &http->response;
    uint64_t expected = http->body_expected;

    if (response->status != 206) {
        http->body_expected = UINT64_MAX; /* says nothing about the body */
        return PAWL_OK;
    }
    if (!http->ranged || expected == UINT64_MAX ||
        response->range_first != http->first_asked ||
        (http->length_asked != 0 && expected > http->length_asked) ||
        (response->has_length && response->length != expected)) {
        return PAWL_ERR_PROTOCOL;
    }
    response->partial = true;
    return PAWL_OK;
}

/* RFC 9112, 6.3. */
static enum pawl_status decide_framing(struct pawl_http *http)
{
    struct pawl_http_response *response = &http->response;

    if (response->status == 204 || response->status == 304) {
        http->framing = HTTP_NO_BODY;
        response->has_length = true;
        response->length = 0;
        return PAWL_OK;
    }
    if (http->framing == HTTP_CHUNKED) {
        return response->has_length ? PAWL_ERR_PROTOCOL : PAWL_OK;
    }
    if (response->has_length) {
        http->framing = response->length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
        http->body_left = response->length;
        return PAWL_OK;
    }
    response->keep_alive = false; /* its end is the connection's */
    return PAWL_OK;
}

enum pawl_status pawl_http_end_head(struct pawl_http *http)
{
    struct pawl_http_response *response = &http->response;
    enum pawl_status status = check_range(http);

    if (status == PAWL_OK) {
        status = decide_framing(http);
    }
    if (response->date_s != 0 && http->retry_at_s > response->date_s) {
        int64_t wait_s = http->retry_at_s - response->date_s;

        response->retry_after_s =
            wait_s < UINT32_MAX ? (uint32_t)wait_s : UINT32_MAX;
    }
    return status;
}
