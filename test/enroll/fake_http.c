/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/fake_http.h"

#include "base/base.h"
#include <string.h>

struct fake_http fake_http;

void fake_http_answer(struct pawl_bytes body)
{
    memset(&fake_http.response, 0, sizeof(fake_http.response));
    fake_http.response.status = 200;
    fake_http.response.has_length = true;
    fake_http.response.length = body.len;
    fake_http.response.date_s = INT64_C(1760000000);
    (void)pawl_text_copy(fake_http.response.content_type,
                         sizeof(fake_http.response.content_type),
                         "application/pkcs7-mime");
    fake_http.body = body;
    fake_http.chunk = 0;
    fake_http.pending = 0;
    fake_http.step_end = PAWL_OK;
    fake_http.cut_status = PAWL_OK;
    fake_http.waited = 0;
    fake_http.at = 0;
}

void pawl_http_open(struct pawl_http *http, struct pawl_session *session)
{
    memset(http, 0, sizeof(*http));
    http->session = session;
}

enum pawl_status pawl_http_post(struct pawl_http *http, const char *path,
                                const char *content_type,
                                struct pawl_bytes body,
                                const char *extra_headers)
{
    (void)http;
    fake_http.posts++;
    (void)pawl_text_copy(fake_http.path, sizeof(fake_http.path), path);
    (void)pawl_text_copy(fake_http.content_type, sizeof(fake_http.content_type),
                         content_type);
    (void)pawl_text_copy(fake_http.headers, sizeof(fake_http.headers),
                         extra_headers);
    fake_http.request_len = body.len;
    memcpy(fake_http.request, body.data, body.len);
    return PAWL_OK;
}

static enum pawl_status wait_first(struct pawl_wait *wait)
{
    if (fake_http.waited < fake_http.pending) {
        fake_http.waited++;
        wait->events = PAWL_WAIT_READABLE;
        return PAWL_PENDING;
    }
    fake_http.waited = 0;
    return PAWL_OK;
}

enum pawl_status pawl_http_step(struct pawl_http *http, struct pawl_wait *wait)
{
    enum pawl_status status = wait_first(wait);

    if (status == PAWL_OK) {
        status = fake_http.step_end;
        http->response = fake_http.response;
    }
    return status;
}

enum pawl_status pawl_http_read(struct pawl_http *http, void *buf, size_t cap,
                                size_t *received, struct pawl_wait *wait)
{
    enum pawl_status status = wait_first(wait);
    size_t left = fake_http.body.len - fake_http.at;

    (void)http;
    if (status != PAWL_OK) {
        return status;
    }
    if (fake_http.cut_status != PAWL_OK) {
        if (fake_http.at >= fake_http.cut_at) {
            return fake_http.cut_status;
        }
        left = fake_http.cut_at - fake_http.at;
    }
    if (left == 0) {
        return PAWL_ERR_CLOSED;
    }
    *received = left < cap ? left : cap;
    if (fake_http.chunk != 0 && *received > fake_http.chunk) {
        *received = fake_http.chunk;
    }
    memcpy(buf, fake_http.body.data + fake_http.at, *received);
    fake_http.at += *received;
    return PAWL_OK;
}

void pawl_session_accepted(struct pawl_session *session)
{
    (void)session;
    fake_http.accepted++;
}
