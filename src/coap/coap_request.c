/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that we send (RFC 7252, 5.10; RFC 7959; RFC 9175). */
#include <string.h>

#include "base/base.h"
#include "coap/coap_internal.h"

#define PART_MAX 255 /* bytes of a Uri-Path or a Uri-Query (5.10) */
#define BLOCK_NUMBER_MAX 0xFFFFFu /* 20 bits (RFC 7959, 2.2) */

bool pawl_coap_is_request(const struct pawl_coap_request *request)
{
    bool get = request->method == PAWL_COAP_GET;
    bool carries = request->method == PAWL_COAP_POST ||
                   request->method == PAWL_COAP_PUT ||
                   request->method == PAWL_COAP_FETCH;

    return (get || carries || request->method == PAWL_COAP_DELETE) &&
           (get || (!request->observe && request->offset == 0)) &&
           !(request->observe && request->offset != 0) &&
           (carries || request->payload.len == 0) && request->path != NULL &&
           request->path[0] == '/';
}

/* ---- where it goes to (6.4) ---- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes one byte off a part of a URI; false if it must not stand there. */
static bool take_byte(const char **at, uint8_t *byte)
{
    char c = *(*at)++;
    int high = 0, low = 0;

    *byte = (uint8_t)c;
    if (c != '%') {
        return c > ' ' && c < 0x7F && c != '#';
    }
    high = digit_of(**at);
    low = high >= 0 ? digit_of((*at)[1]) : -1;
    if (low < 0) {
        return false;
    }
    *at += 2;
    *byte = (uint8_t)(high << 4 | low);
    return true;
}

static bool ends(char c, uint32_t number)
{
    return c == '\0' ||
           (number == COAP_URI_PATH ? c == '/' || c == '?' : c == '&');
}

/* Writes the part at *at as an option, and moves *at to its end. "." and ".."
 * must not be sent (5.10.1). */
static enum pawl_status put_part(struct coap_out *out, uint32_t number,
                                 const char **at)
{
    uint8_t part[PART_MAX];
    size_t len = 0;

    while (!ends(**at, number)) {
        if (len == sizeof part) {
            return PAWL_ERR_LIMIT;
        }
        if (!take_byte(at, &part[len++])) {
            return PAWL_ERR_ARGUMENT;
        }
    }
    if (number == COAP_URI_PATH && len > 0 && len <= 2 && part[0] == '.' &&
        part[len - 1] == '.') {
        return PAWL_ERR_ARGUMENT;
    }
    pawl_coap_put_head(out, number, len);
    pawl_coap_put(out, part, len);
    return PAWL_OK;
}

/* The parts of a path or of a query, each behind a separator. */
static enum pawl_status put_parts(struct coap_out *out, uint32_t number,
                                  const char **at)
{
    enum pawl_status status = PAWL_OK;
    char separator = number == COAP_URI_PATH ? '/' : '&';

    do {
        (*at)++;
        status = put_part(out, number, at);
    } while (status == PAWL_OK && **at == separator);
    return status;
}

static enum pawl_status put_path(struct coap_out *out, const char **at)
{
    if (ends((*at)[1], COAP_URI_PATH) && (*at)[1] != '/') {
        (*at)++; /* "/" has no part */
        return PAWL_OK;
    }
    return put_parts(out, COAP_URI_PATH, at);
}

/* A name, not an address: the address is the default (5.10.1). */
static void put_host(struct coap_out *out, const struct pawl_endpoint *endpoint)
{
    const char *name =
        endpoint->server_name != NULL ? endpoint->server_name : endpoint->host;
    size_t len = pawl_text_len(name, PAWL_HOST_MAX), marks = 0;

    for (size_t i = 0; i < len; i++) {
        marks += (name[i] >= '0' && name[i] <= '9') || name[i] == '.';
    }
    if (marks == len || memchr(name, ':', len) != NULL) {
        return;
    }
    pawl_coap_put_head(out, COAP_URI_HOST, len);
    for (size_t i = 0; i < len; i++) {
        char c =
            name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
        pawl_coap_put(out, &c, 1);
    }
}

/* ---- the message ---- */

static void put_block(struct coap_out *out, uint32_t number, uint32_t at,
                      bool more, uint8_t szx)
{
    uint32_t block = at >> (szx + 4);

    if (block > BLOCK_NUMBER_MAX) {
        out->len = SIZE_MAX; /* cannot be said */
    }
    pawl_coap_put_uint(out, number, block << 4 | (more ? 8u : 0u) | szx);
}

/* Decides which piece of the payload this message carries. The request for a
 * later block of a response has none (RFC 7959, 3.3), but for a FETCH, whose
 * payload says what is asked for (RFC 8132, 2.3.2). */
static void choose_piece(struct pawl_coap *coap)
{
    size_t size = (size_t)16 << coap->szx;
    size_t left = coap->request.payload.len - coap->sent_at;

    if (coap->request.method == PAWL_COAP_FETCH) {
        coap->sent_len = (uint32_t)left;
    } else if (coap->reading) {
        coap->sent_len = 0;
    } else {
        coap->sent_len = (uint32_t)(left < size ? left : size);
    }
}

/* Options from Content-Format on, and the payload. */
static void put_end(const struct pawl_coap *coap, struct coap_out *out,
                    struct pawl_bytes echo)
{
    const struct pawl_coap_request *request = &coap->request;
    bool pieces = coap->sent_len > 0 && coap->sent_len < request->payload.len;

    if (request->accept != 0) {
        pawl_coap_put_uint(out, COAP_ACCEPT, request->accept & 0xFFFFu);
    }
    if (coap->reading || request->method == PAWL_COAP_GET ||
        request->method == PAWL_COAP_FETCH) {
        put_block(out, COAP_BLOCK2, coap->asked_at, false, coap->szx);
    }
    if (pieces) {
        put_block(out, COAP_BLOCK1, coap->sent_at,
                  coap->sent_at + coap->sent_len < request->payload.len,
                  coap->szx);
    }
    if (!coap->reading && request->method == PAWL_COAP_GET) {
        pawl_coap_put_uint(out, COAP_SIZE2, 0); /* RFC 7959, 4 */
    }
    if (pieces && coap->sent_at == 0) {
        pawl_coap_put_uint(out, COAP_SIZE1, (uint32_t)request->payload.len);
    }
    if (echo.len > 0) {
        pawl_coap_put_head(out, COAP_ECHO, echo.len);
        pawl_coap_put(out, echo.data, echo.len);
    }
    if (pieces) {
        pawl_coap_put_uint(out, COAP_REQUEST_TAG, coap->request_tag);
    }
    if (coap->sent_len > 0) {
        const uint8_t marker = 0xFF;

        pawl_coap_put(out, &marker, 1);
        pawl_coap_put(out, request->payload.data + coap->sent_at,
                      coap->sent_len);
    }
}

static enum pawl_status put_options(const struct pawl_coap *coap,
                                    struct coap_out *out,
                                    enum coap_observe observe)
{
    const struct pawl_coap_request *request = &coap->request;
    const char *at = request->path;

    put_host(out, pawl_session_endpoint(coap->config.session));
    if (observe != OBSERVE_NONE) {
        pawl_coap_put_uint(out, COAP_OBSERVE, observe);
    }
    enum pawl_status status = put_path(out, &at);
    if (request->content_format != 0 && coap->sent_len > 0) {
        pawl_coap_put_uint(out, COAP_CONTENT_FORMAT,
                           request->content_format & 0xFFFFu);
    }
    if (status == PAWL_OK && *at == '?') {
        status = put_parts(out, COAP_URI_QUERY, &at);
    }
    return status;
}

enum pawl_status pawl_coap_write(struct pawl_coap *coap,
                                 enum coap_observe observe,
                                 struct pawl_bytes echo)
{
    struct coap_out out = {coap->out, sizeof coap->out, 0, 0};
    uint8_t head[COAP_HEADER_SIZE] = {1u << 6 | COAP_CONFIRMABLE << 4 |
                                          COAP_TOKEN_SIZE,
                                      (uint8_t)coap->request.method};

    choose_piece(coap);
    pawl_put_u16(head + 2, coap->message_id);
    pawl_coap_put(&out, head, sizeof head);
    pawl_coap_put(&out, coap->token, sizeof coap->token);
    enum pawl_status status = put_options(coap, &out, observe);
    if (status != PAWL_OK) {
        return status;
    }
    put_end(coap, &out, echo);
    coap->out_len = out.len;
    return out.len <= out.cap ? PAWL_OK : PAWL_ERR_LIMIT;
}
