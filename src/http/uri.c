/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/http_internal.h"

#define HTTPS_PORT 443

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

/* The length of what stands before the first of the characters in stops. */
static size_t span_until(struct text text, const char *stops)
{
    size_t len = 0;

    while (len < text.len && strchr(stops, text.at[len]) == NULL) {
        len++;
    }
    return len;
}

static struct text take(struct text *text, size_t len)
{
    struct text taken = {text->at, len};

    text->at += len;
    text->len -= len;
    return taken;
}

/* "https" is ours; another scheme's name is at least well-formed. */
static enum pawl_status take_scheme(struct text *text)
{
    struct text scheme = take(text, span_until(*text, ":/?#"));

    if (scheme.len == 0 || !pawl_text_skip(text, ":")) {
        return PAWL_ERR_MALFORMED;
    }
    for (size_t i = 0; i < scheme.len; i++) {
        if (!is_alnum(scheme.at[i]) && strchr("+-.", scheme.at[i]) == NULL) {
            return PAWL_ERR_MALFORMED;
        }
    }
    if (!pawl_text_is(scheme, "https")) {
        return PAWL_ERR_UNSUPPORTED;
    }
    return pawl_text_skip(text, "//") ? PAWL_OK : PAWL_ERR_MALFORMED;
}

/* A name of letters, digits, "-", "_", in labels none of which is empty. */
static bool is_name(struct text host)
{
    char before = '.';

    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];

        if (c == '.' ? before == '.' : !is_alnum(c) && c != '-' && c != '_') {
            return false;
        }
        before = c;
    }
    return before != '.';
}

static bool is_ipv6(struct text host)
{
    size_t colons = 0;

    for (size_t i = 0; i < host.len; i++) {
        colons += host.at[i] == ':';
        if (!is_hex(host.at[i]) && host.at[i] != ':' && host.at[i] != '.') {
            return false;
        }
    }
    return colons >= 2;
}

static enum pawl_status copy_host(struct pawl_uri *uri, struct text host)
{
    if (host.len >= sizeof uri->host) {
        return PAWL_ERR_LIMIT;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];

        uri->host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    uri->host[host.len] = '\0';
    return PAWL_OK;
}

static enum pawl_status take_host(struct text *authority, struct pawl_uri *uri)
{
    struct text host;

    if (pawl_text_skip(authority, "[")) {
        host = take(authority, span_until(*authority, "]"));
        if (!is_ipv6(host) || !pawl_text_skip(authority, "]")) {
            return PAWL_ERR_MALFORMED;
        }
    } else {
        host = take(authority, span_until(*authority, ":"));
        if (!is_name(host)) {
            return PAWL_ERR_MALFORMED;
        }
    }
    return copy_host(uri, host);
}

static enum pawl_status take_authority(struct text *text, struct pawl_uri *uri)
{
    struct text authority = take(text, span_until(*text, "/?#"));
    enum pawl_status status = take_host(&authority, uri);
    uint64_t port = HTTPS_PORT;

    if (status != PAWL_OK) {
        return status;
    }
    if (authority.len > 0 && (!pawl_text_skip(&authority, ":") ||
                              !pawl_text_number(&authority, &port) ||
                              authority.len > 0 || port < 1 || port > 65535)) {
        return PAWL_ERR_MALFORMED;
    }
    uri->port = (uint16_t)port;
    return PAWL_OK;
}

/* pchar, "/" and "?" (RFC 3986, 3.3, 3.4), escapes complete. */
static bool is_path(struct text path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];

        if (c == '%') {
            if (path.len - i < 3 || !is_hex(path.at[i + 1]) ||
                !is_hex(path.at[i + 2])) {
                return false;
            }
        } else if (!is_alnum(c) &&
                   (c == '\0' || strchr("-._~!$&'()*+,;=:@/?", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static enum pawl_status take_path(struct text *text, struct pawl_uri *uri)
{
    bool slash = text->len == 0 || text->at[0] == '?';

    if (!is_path(*text)) {
        return PAWL_ERR_MALFORMED;
    }
    if (text->len + slash >= sizeof uri->path) {
        return PAWL_ERR_LIMIT;
    }
    uri->path[0] = '/';
    memcpy(uri->path + slash, text->at, text->len);
    uri->path[slash + text->len] = '\0';
    return PAWL_OK;
}

enum pawl_status pawl_uri_parse(struct pawl_uri *uri, struct pawl_bytes bytes)
{
    struct text text = {(const char *)bytes.data, bytes.len};
    enum pawl_status status = PAWL_ERR_MALFORMED;

    memset(uri, 0, sizeof *uri);
    if (bytes.len >= PAWL_URI_MAX) {
        return PAWL_ERR_LIMIT;
    }
    if (bytes.len > 0) {
        status = take_scheme(&text);
    }
    if (status == PAWL_OK) {
        status = take_authority(&text, uri);
    }
    if (status == PAWL_OK) {
        status = take_path(&text, uri);
    }
    if (status != PAWL_OK) {
        memset(uri, 0, sizeof *uri);
    }
    return status;
}
