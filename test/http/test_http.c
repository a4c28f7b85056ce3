/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"
#include "http_exchange.h"

static struct exchange exchange;

static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                            "ETag: \"a1\"\r\n\r\nhello";

/* Whether text was sent so far, and nothing else. */
static bool sent_is(const char *text)
{
    return exchange.server.sent_len == strlen(text) &&
           memcmp(exchange.server.sent, text, strlen(text)) == 0;
}

static void a_get_sends_a_whole_request(void)
{
    exchange_open(&exchange, "");

    CHECK(pawl_http_get(&exchange.http, "/a/b?c=d", 0, 0, NULL) == PAWL_OK);
    exchange_step(&exchange);

    CHECK(exchange.head == PAWL_PENDING);
    CHECK(sent_is("GET /a/b?c=d HTTP/1.1\r\nHost: server.example\r\n"
                  "Accept-Encoding: identity\r\n\r\n"));
}

static void a_range_is_asked_for_by_its_first_and_last_byte(void)
{
    exchange_open(&exchange, "");

    CHECK(pawl_http_get(&exchange.http, "/a", 4096, 512, "\"a1\"") == PAWL_OK);
    exchange_step(&exchange);

    CHECK(sent_is("GET /a HTTP/1.1\r\nHost: server.example\r\n"
                  "Accept-Encoding: identity\r\nRange: bytes=4096-4607\r\n"
                  "If-Range: \"a1\"\r\n\r\n"));
}

static void a_range_without_a_length_is_open_at_its_end(void)
{
    exchange_open(&exchange, "");

    CHECK(pawl_http_get(&exchange.http, "/a", 7, 0, "") == PAWL_OK);
    exchange_step(&exchange);

    CHECK(sent_is("GET /a HTTP/1.1\r\nHost: server.example\r\n"
                  "Accept-Encoding: identity\r\nRange: bytes=7-\r\n\r\n"));
}

static void a_weak_etag_asks_for_everything(void)
{
    exchange_open(&exchange, "");

    CHECK(pawl_http_get(&exchange.http, "/a", 7, 0, "W/\"a1\"") == PAWL_OK);
    exchange_step(&exchange);

    CHECK(sent_is("GET /a HTTP/1.1\r\nHost: server.example\r\n"
                  "Accept-Encoding: identity\r\n\r\n"));
}

static void the_host_is_the_servers_name_and_its_port(void)
{
    exchange_open(&exchange, "");
    exchange.server.endpoint.host = "::1";
    exchange.server.endpoint.port = 8443;

    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
    exchange_step(&exchange);

    CHECK(sent_is("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n"
                  "Accept-Encoding: identity\r\n\r\n"));
}

static void a_post_sends_its_body_behind_its_head(void)
{
    static const uint8_t body[] = {'a', 'b', 'c'};

    exchange_open(&exchange, hello);
    CHECK(pawl_http_post(&exchange.http, "/p", "text/plain", PAWL_BYTES(body),
                         "X-Extra: 1\r\n") == PAWL_OK);
    exchange_run(&exchange, 100);

    CHECK(sent_is("POST /p HTTP/1.1\r\nHost: server.example\r\n"
                  "Accept-Encoding: identity\r\nContent-Type: text/plain\r\n"
                  "Content-Length: 3\r\nX-Extra: 1\r\n\r\nabc"));
    CHECK(exchange_body_is(&exchange, "hello"));
}

static void requests_that_would_inject_a_line_are_refused(void)
{
    static const char *const paths[] = {"",       "a",         "/a b",
                                        "/a\r\n", "/a\nb",     "/a#b",
                                        "/\x7f",  "/\xc3\xa4", "http://x/"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        exchange_open(&exchange, "");
        CHECK(pawl_http_get(&exchange.http, paths[i], 0, 0, NULL) ==
              PAWL_ERR_ARGUMENT);
    }
    CHECK(pawl_http_get(&exchange.http, "/a", 1, 0, "\"a\"\r\nX: y") ==
          PAWL_ERR_ARGUMENT);
    CHECK(pawl_http_post(&exchange.http, "/a", "a\r\nX: y", PAWL_NO_BYTES,
                         NULL) == PAWL_ERR_ARGUMENT);
    CHECK(pawl_http_get(&exchange.http, "/a", UINT64_MAX, 2, NULL) ==
          PAWL_ERR_ARGUMENT);
}

static void a_request_that_is_too_long_is_refused(void)
{
    char path[2000];

    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    exchange_open(&exchange, hello);

    CHECK(pawl_http_get(&exchange.http, path, 0, 0, NULL) == PAWL_ERR_LIMIT);

    CHECK(pawl_http_get(&exchange.http, "/a", 0, 0, NULL) == PAWL_OK);
    exchange_run(&exchange, 100);
    CHECK(exchange_body_is(&exchange, "hello"));
}

static void one_answer_follows_another_on_a_kept_connection(void)
{
    exchange_get(&exchange, hello);
    CHECK(exchange.end == PAWL_ERR_CLOSED && exchange.server.accepted);

    exchange.server.input_at = 0; /* the same once more */
    exchange.body_len = 0;
    CHECK(pawl_http_get(&exchange.http, "/b", 0, 0, NULL) == PAWL_OK);
    exchange_run(&exchange, 2);

    CHECK(exchange.end == PAWL_ERR_CLOSED);
    CHECK(exchange_body_is(&exchange, "hello"));
}

static void a_closing_server_gets_no_other_request(void)
{
    exchange_get(&exchange, "HTTP/1.1 200 OK\r\nConnection: x, Close\r\n"
                            "Content-Length: 1\r\n\r\na");

    CHECK(exchange.end == PAWL_ERR_CLOSED);
    CHECK(!exchange.http.response.keep_alive);
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_ERR_STATE);
}

static void an_exchange_under_way_is_not_overtaken(void)
{
    exchange_open(&exchange, hello);
    CHECK(pawl_http_get(&exchange.http, "/a", 0, 0, NULL) == PAWL_OK);
    CHECK(pawl_http_get(&exchange.http, "/b", 0, 0, NULL) == PAWL_ERR_STATE);
    exchange_step(&exchange);
    CHECK(exchange.head == PAWL_OK);
    CHECK(pawl_http_get(&exchange.http, "/b", 0, 0, NULL) == PAWL_ERR_STATE);
}

static void what_comes_behind_an_answer_is_not_the_next_one(void)
{
    exchange_get(&exchange, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
                            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");

    CHECK(exchange.end == PAWL_ERR_CLOSED && exchange.body_len == 1);
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_ERR_PROTOCOL);
}

static void a_server_that_closes_before_its_answer_is_told_apart(void)
{
    exchange_open(&exchange, "");
    exchange.server.end = PAWL_ERR_CLOSED;
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
    exchange_step(&exchange);
    CHECK(exchange.head == PAWL_ERR_CLOSED);

    exchange_open(&exchange, "H");
    exchange.server.end = PAWL_ERR_CLOSED;
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
    exchange_step(&exchange);
    CHECK(exchange.head == PAWL_ERR_PROTOCOL);
}

static void an_error_of_the_session_is_passed_on_and_stays(void)
{
    struct pawl_wait wait;
    size_t received = 0;
    char byte;

    for (size_t at = 0; at < 20; at++) {
        exchange_open(&exchange, hello);
        exchange.server.send_limit = at;
        exchange.server.send_end = PAWL_ERR_UNREACHABLE;
        exchange.server.piece = 1;
        CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
        exchange_step(&exchange);
        CHECK(exchange.head == PAWL_ERR_UNREACHABLE);
        CHECK(pawl_http_step(&exchange.http, &wait) == PAWL_ERR_UNREACHABLE);
        CHECK(pawl_http_read(&exchange.http, &byte, 1, &received, &wait) ==
              PAWL_ERR_UNREACHABLE);
        CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) ==
              PAWL_ERR_UNREACHABLE);
    }
}

static void calls_out_of_turn_are_refused(void)
{
    struct pawl_wait wait;
    size_t received = 0;
    char byte;

    exchange_open(&exchange, hello);
    CHECK(pawl_http_step(&exchange.http, &wait) == PAWL_ERR_STATE);
    CHECK(pawl_http_read(&exchange.http, &byte, 1, &received, &wait) ==
          PAWL_ERR_STATE);
    CHECK(pawl_http_read(&exchange.http, &byte, 0, &received, &wait) ==
          PAWL_ERR_ARGUMENT);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_get_sends_a_whole_request),
    CHECK_TEST(a_range_is_asked_for_by_its_first_and_last_byte),
    CHECK_TEST(a_range_without_a_length_is_open_at_its_end),
    CHECK_TEST(a_weak_etag_asks_for_everything),
    CHECK_TEST(the_host_is_the_servers_name_and_its_port),
    CHECK_TEST(a_post_sends_its_body_behind_its_head),
    CHECK_TEST(requests_that_would_inject_a_line_are_refused),
    CHECK_TEST(a_request_that_is_too_long_is_refused),
    CHECK_TEST(one_answer_follows_another_on_a_kept_connection),
    CHECK_TEST(a_closing_server_gets_no_other_request),
    CHECK_TEST(an_exchange_under_way_is_not_overtaken),
    CHECK_TEST(what_comes_behind_an_answer_is_not_the_next_one),
    CHECK_TEST(a_server_that_closes_before_its_answer_is_told_apart),
    CHECK_TEST(an_error_of_the_session_is_passed_on_and_stays),
    CHECK_TEST(calls_out_of_turn_are_refused),
};
CHECK_MAIN(tests)
