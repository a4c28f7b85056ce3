/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/base.h"
#include "http/http_internal.h"

/* Appends to the head; whatever does not fit makes it too long for good. */
static void put(struct pawl_http *http, const char *text)
{
    size_t len = strlen(text);

    if (http->line_len > sizeof http->line ||
        len > sizeof http->line - http->line_len) {
        http->line_len = sizeof http->line + 1;
        return;
    }
    memcpy(http->line + http->line_len, text, len);
    http->line_len += len;
}

static void put_number(struct pawl_http *http, uint64_t value)
{
    char digits[21]; /* 2^64 has 20 of them */
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(http, digits + at);
}

/* The Host of a request: the name that the server is known by. */
static void put_host(struct pawl_http *http)
{
    const struct pawl_endpoint *endpoint = pawl_session_endpoint(http->session);
    const char *name =
        endpoint->server_name != NULL ? endpoint->server_name : endpoint->host;
    bool brackets = strchr(name, ':') != NULL; /* an IPv6 address */

    put(http, "\r\nHost: ");
    put(http, brackets ? "[" : "");
    put(http, name);
    put(http, brackets ? "]" : "");
    if (endpoint->port != 443) {
        put(http, ":");
        put_number(http, endpoint->port);
    }
    put(http, "\r\n");
}

/* Whether path may stand in a request line: "/", then printable ASCII without
 * a fragment. */
static bool path_is_good(const char *path)
{
    if (path[0] != '/') {
        return false;
    }
    for (const char *at = path; *at != '\0'; at++) {
        if (*at < 0x21 || *at > 0x7E || *at == '#') {
            return false;
        }
    }
    return true;
}

static bool value_is_good(const char *value)
{
    return pawl_text_is_value((struct text){value, strlen(value)});
}

static enum pawl_status end_head(struct pawl_http *http)
{
    put(http, "\r\n");
    http->line_at = 0;
    return http->line_len > sizeof http->line ? PAWL_ERR_LIMIT : PAWL_OK;
}

static void put_range(struct pawl_http *http, const char *if_range)
{
    put(http, "Range: bytes=");
    put_number(http, http->first_asked);
    put(http, "-");
    if (http->length_asked != 0) {
        put_number(http, http->first_asked + http->length_asked - 1);
    }
    put(http, "\r\n");
    if (if_range[0] != '\0') {
        put(http, "If-Range: ");
        put(http, if_range);
        put(http, "\r\n");
    }
}

enum pawl_status pawl_http_write_get(struct pawl_http *http, const char *path,
                                     const char *if_range)
{
    if (!path_is_good(path) || !value_is_good(if_range)) {
        return PAWL_ERR_ARGUMENT;
    }
    http->line_len = 0;
    put(http, "GET ");
    put(http, path);
    put(http, " HTTP/1.1");
    put_host(http);
    put(http, "Accept-Encoding: identity\r\n");
    if (http->ranged) {
        put_range(http, if_range);
    }
    return end_head(http);
}

enum pawl_status pawl_http_write_post(struct pawl_http *http, const char *path,
                                      const char *content_type,
                                      const char *extra_headers)
{
    if (!path_is_good(path) || !value_is_good(content_type)) {
        return PAWL_ERR_ARGUMENT;
    }
    http->line_len = 0;
    put(http, "POST ");
    put(http, path);
    put(http, " HTTP/1.1");
    put_host(http);
    put(http, "Accept-Encoding: identity\r\nContent-Type: ");
    put(http, content_type);
    put(http, "\r\nContent-Length: ");
    put_number(http, http->body_out.len);
    put(http, "\r\n");
    put(http, extra_headers != NULL ? extra_headers : "");
    return end_head(http);
}
