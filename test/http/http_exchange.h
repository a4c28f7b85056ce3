/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_HTTP_EXCHANGE_H
#define PAWL_TEST_HTTP_EXCHANGE_H

#include <pawl/http.h>

#include "fake/fake_session.h"

/* A whole exchange with a fake server. */
struct exchange {
    struct fake_session server;
    struct pawl_http http;
    enum pawl_status head, end; /* what step, and the last read, answered */
    char body[1024];
    size_t body_len;
};

/* Opens a client of a server that says answer. */
void exchange_open(struct exchange *exchange, const char *answer);

/* Steps until an answer that is not PAWL_PENDING, or the server has nothing
 * more to say; sets head. */
void exchange_step(struct exchange *exchange);

/* Steps, then reads the body, cap bytes a call; sets head, end and body. */
void exchange_run(struct exchange *exchange, size_t cap);

/* A GET of everything, run. */
void exchange_get(struct exchange *exchange, const char *answer);

/* A GET of length bytes from first, run. */
void exchange_get_range(struct exchange *exchange, const char *answer,
                        uint64_t first, uint64_t length);

/* Whether the whole of body is text. */
bool exchange_body_is(const struct exchange *exchange, const char *text);

#endif
