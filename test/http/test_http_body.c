/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"
#include "http_exchange.h"

static struct exchange exchange;

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LENGTH "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
#define PART_CHUNKED                                                           \
    "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/20\r\n"                     \
    "Transfer-Encoding: chunked\r\n\r\n"
#define PART_OPEN "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/20\r\n\r\n"

static const struct {
    const char *answer, *body;
} good[] = {
    {LENGTH "0123456789", "0123456789"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
    {"HTTP/1.1 204 None\r\n\r\n", ""},
    {"HTTP/1.1 304 Same\r\nContent-Length: 77\r\n\r\n", ""},
    {CHUNKED "0\r\n\r\n", ""},
    {CHUNKED "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
    {CHUNKED "1\r\n0\r\n002\r\n12\r\n00\r\n\r\n", "012"},
    {CHUNKED "3;x=y\r\nabc\r\n1 ; z\r\nd\r\n0;q\r\n\r\n", "abcd"},
    {CHUNKED "3\r\nabc\r\n0\r\nTrailer: x\r\nContent-Length: 9\r\n\r\n", "abc"},
    {CHUNKED "5\r\n\r\n0\r\n\r\n0\r\n\r\n", "\r\n0\r\n"},
};

static void good_bodies_arrive_in_any_pieces(void)
{
    static const size_t pieces[] = {0, 1, 2, 3, 7};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t k = 0; k < 20; k++) {
            exchange_open(&exchange, good[i].answer);
            exchange.server.piece = pieces[k % 5];
            exchange.server.block = k % 10 >= 5;
            CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
            exchange_run(&exchange, k < 10 ? 1024 : 3);
            CHECK(exchange.head == PAWL_OK);
            CHECK(exchange.end == PAWL_ERR_CLOSED);
            CHECK(exchange_body_is(&exchange, good[i].body));
            CHECK(exchange.http.response.keep_alive);
        }
    }
}

/* Neither waiting for ever nor a close makes half a body a whole one. */
static void every_truncation_of_a_body_is_seen(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t len = strlen(good[i].answer);

        for (size_t cut = 1; cut < len; cut++) {
            exchange_open(&exchange, good[i].answer);
            exchange.server.input_len = cut;
            exchange.server.end = PAWL_ERR_CLOSED;
            CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
            exchange_run(&exchange, 4);
            CHECK(exchange.head == PAWL_ERR_PROTOCOL ||
                  exchange.end == PAWL_ERR_PROTOCOL);

            exchange_open(&exchange, good[i].answer);
            exchange.server.input_len = cut;
            CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
            exchange_run(&exchange, 4);
            CHECK(exchange.head == PAWL_PENDING ||
                  exchange.end == PAWL_PENDING);
        }
    }
}

static void bad_chunks_are_refused(void)
{
    static const struct {
        const char *answer;
        enum pawl_status status;
    } bad[] = {
        {CHUNKED "\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "x\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "-1\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "0x1\r\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED " 1\r\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "1 1\r\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "1\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "1;\x01\r\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "10000000000000001\r\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "1\r\nab\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "2\r\na\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "1\r\na\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "0\r\nno header\r\n\r\n", PAWL_ERR_PROTOCOL},
        {CHUNKED "0\r\n folded: x\r\n\r\n", PAWL_ERR_PROTOCOL},
        {PART_CHUNKED "6\r\nabcdef\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {PART_CHUNKED "4\r\nabcd\r\n0\r\n\r\n", PAWL_ERR_PROTOCOL},
        {PART_CHUNKED "5\r\nabcde\r\n0\r\n\r\n", PAWL_ERR_CLOSED},
        {PART_OPEN "abcdef", PAWL_ERR_PROTOCOL},
        {PART_OPEN "abcd", PAWL_ERR_PROTOCOL},
        {PART_OPEN "abcde", PAWL_ERR_CLOSED},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        exchange_open(&exchange, bad[i].answer);
        exchange.server.end = PAWL_ERR_CLOSED;
        CHECK(pawl_http_get(&exchange.http, "/", i < 14 ? 0 : 5, i < 14 ? 0 : 5,
                            NULL) == PAWL_OK);
        exchange_run(&exchange, 1024);
        CHECK_EQ(exchange.head, PAWL_OK);
        CHECK_EQ(exchange.end, bad[i].status);
    }
}

static void a_body_without_a_length_ends_with_a_close_notify(void)
{
    exchange_open(&exchange, "HTTP/1.1 200 OK\r\n\r\nabc");
    exchange.server.end = PAWL_ERR_CLOSED;
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
    exchange_run(&exchange, 2);
    CHECK(exchange.end == PAWL_ERR_CLOSED);
    CHECK(exchange_body_is(&exchange, "abc"));
    CHECK(!exchange.http.response.keep_alive);

    /* The session says PROTOCOL when the stream was cut off. */
    exchange_open(&exchange, "HTTP/1.1 200 OK\r\n\r\nabc");
    exchange.server.end = PAWL_ERR_PROTOCOL;
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
    exchange_run(&exchange, 2);
    CHECK(exchange.end == PAWL_ERR_PROTOCOL);
}

static void a_body_is_not_read_beyond_its_end(void)
{
    exchange_get(&exchange, LENGTH "0123456789abc");

    CHECK(exchange.end == PAWL_ERR_CLOSED);
    CHECK(exchange_body_is(&exchange, "0123456789"));
}

static void trailers_are_limited(void)
{
    static char answer[4096];

    strcpy(answer, CHUNKED "0\r\n");
    for (size_t i = 0; i < PAWL_HTTP_HEADERS_MAX; i++) {
        strcat(answer, "A: b\r\n");
    }
    strcat(answer, "\r\n");
    exchange_get(&exchange, answer);

    CHECK(exchange.head == PAWL_OK && exchange.end == PAWL_ERR_LIMIT);
}

/* What stands between chunks is no head: a body may have any number. */
static void lines_of_chunks_do_not_count_for_the_head(void)
{
    static char answer[50000];
    size_t chunks = PAWL_HTTP_HEAD_MAX / 400;

    strcpy(answer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < chunks; i++) {
        char *at = answer + strlen(answer);

        memset(at, 'x', 450);
        memcpy(at, "1;", 2);
        strcpy(at + 450, "\r\na\r\n");
    }
    strcat(answer, "0\r\n\r\n");
    exchange_get(&exchange, answer);
    CHECK(exchange.end == PAWL_ERR_CLOSED);
    CHECK_EQ(exchange.body_len, chunks);
}

static const struct check_test tests[] = {
    CHECK_TEST(good_bodies_arrive_in_any_pieces),
    CHECK_TEST(every_truncation_of_a_body_is_seen),
    CHECK_TEST(bad_chunks_are_refused),
    CHECK_TEST(a_body_without_a_length_ends_with_a_close_notify),
    CHECK_TEST(a_body_is_not_read_beyond_its_end),
    CHECK_TEST(trailers_are_limited),
    CHECK_TEST(lines_of_chunks_do_not_count_for_the_head),
};
CHECK_MAIN(tests)
