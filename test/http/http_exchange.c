/* SPDX-License-Identifier: Apache-2.0 */
#include "http_exchange.h"

#include <string.h>

#include "check.h"

void exchange_open(struct exchange *exchange, const char *answer)
{
    memset(exchange, 0, sizeof *exchange);
    fake_session_open(&exchange->server, answer);
    pawl_http_open(&exchange->http, fake_session_of(&exchange->server));
    exchange->head = exchange->end = PAWL_ERR_FAULT;
}

/* Whether asking again may help. */
static bool goes_on(const struct exchange *exchange, enum pawl_status status)
{
    const struct fake_session *server = &exchange->server;

    return status == PAWL_PENDING &&
           (server->block || server->input_at < server->input_len);
}

void exchange_step(struct exchange *exchange)
{
    struct pawl_wait wait = {0};
    unsigned calls = 0;

    do {
        exchange->head = pawl_http_step(&exchange->http, &wait);
        CHECK(exchange->head != PAWL_PENDING || wait.events != 0);
    } while (goes_on(exchange, exchange->head) && ++calls < 10000);
}

void exchange_run(struct exchange *exchange, size_t cap)
{
    struct pawl_wait wait = {0};
    unsigned calls = 0;

    exchange_step(exchange);
    if (exchange->head != PAWL_OK) {
        return;
    }
    do {
        size_t room = sizeof exchange->body - exchange->body_len;
        size_t received = 0;

        exchange->end =
            pawl_http_read(&exchange->http, exchange->body + exchange->body_len,
                           cap < room ? cap : room, &received, &wait);
        CHECK((exchange->end == PAWL_OK) == (received > 0));
        exchange->body_len += received;
    } while ((exchange->end == PAWL_OK || goes_on(exchange, exchange->end)) &&
             ++calls < 10000);
}

void exchange_get(struct exchange *exchange, const char *answer)
{
    exchange_get_range(exchange, answer, 0, 0);
}

void exchange_get_range(struct exchange *exchange, const char *answer,
                        uint64_t first, uint64_t length)
{
    exchange_open(exchange, answer);
    CHECK(pawl_http_get(&exchange->http, "/a", first, length, NULL) == PAWL_OK);
    exchange_run(exchange, sizeof exchange->body);
}

bool exchange_body_is(const struct exchange *exchange, const char *text)
{
    return exchange->body_len == strlen(text) &&
           memcmp(exchange->body, text, exchange->body_len) == 0;
}
