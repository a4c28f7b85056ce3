/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP client against what a server may say, and the reader of URIs. The
 * first byte chooses the request, the second how many bytes move at a time and
 * how the stream ends. Two exchanges follow each other, if the server lets
 * them.
 */
#include "fuzz_pipe.h"
#include "http/http_internal.h"

#include <string.h>

#define STEPS 256

static struct fuzz_pipe pipe;
static struct pawl_http http;

static bool begin(uint8_t choice)
{
    static const uint8_t body[] = {'b'};
    enum pawl_status status;

    if ((choice & 1) != 0) {
        status = pawl_http_post(&http, "/p", "a/b", PAWL_BYTES(body), NULL);
    } else {
        status = pawl_http_get(&http, "/g?h", (choice & 2) != 0 ? 10 : 0,
                               (choice & 4) != 0 ? 20 : 0,
                               (choice & 8) != 0 ? "\"e\"" : NULL);
    }
    return status == PAWL_OK;
}

/* A body is never longer than what was said of it. */
static void read_body(void)
{
    struct pawl_wait wait;
    enum pawl_status status = PAWL_OK;
    uint64_t sum = 0;

    while (status == PAWL_OK) {
        uint8_t buf[64];
        size_t received = 0;

        status = pawl_http_read(&http, buf, sizeof buf, &received, &wait);
        must((status == PAWL_OK) == (received > 0) && received <= sizeof buf);
        sum += received;
    }
    must(!http.response.has_length || sum <= http.response.length);
    must(status != PAWL_ERR_CLOSED || !http.response.has_length ||
         sum == http.response.length);
}

static void exchange(uint8_t choice)
{
    struct pawl_wait wait;

    enum pawl_status status = PAWL_PENDING;

    if (!begin(choice)) {
        return;
    }
    for (unsigned i = 0; i < STEPS && status == PAWL_PENDING; i++) {
        status = pawl_http_step(&http, &wait);
        must(status != PAWL_PENDING || wait.events != 0);
    }
    if (status != PAWL_OK) {
        return;
    }
    must(http.response.status >= 200 && http.response.status <= 599);
    must(!http.response.partial || http.response.status == 206);
    must(memchr(http.response.etag, 0, sizeof http.response.etag) != NULL);
    must(memchr(http.response.content_type, 0,
                sizeof http.response.content_type) != NULL);
    read_body();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pawl_uri uri;

    if (len < 2) {
        return 0;
    }
    if (pawl_uri_parse(&uri, (struct pawl_bytes){data + 2, len - 2}) ==
        PAWL_OK) {
        must(memchr(uri.host, 0, sizeof uri.host) != NULL && uri.port != 0);
        must(memchr(uri.path, 0, sizeof uri.path) != NULL &&
             uri.path[0] == '/');
    }
    struct pawl_session *session = fuzz_pipe_open(&pipe, data, len);
    pipe.at = 2;
    pipe.piece = data[1] % 64 != 0 ? data[1] % 64 : SIZE_MAX;
    pipe.block = (data[1] & 64) != 0;
    pipe.end = (data[1] & 128) != 0 ? PAWL_ERR_CLOSED : PAWL_PENDING;
    pawl_http_open(&http, session);
    exchange(data[0]);
    exchange((uint8_t)(data[0] >> 4));
    return 0;
}
