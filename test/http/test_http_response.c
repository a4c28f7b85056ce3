/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"
#include "http_exchange.h"

static struct exchange exchange;

#define OK "HTTP/1.1 200 OK\r\n"
#define PART "HTTP/1.1 206 Partial\r\n"
#define X15 "xxxxxxxxxxxxxxx"
#define X60 X15 X15 X15 X15
#define X480 X60 X60 X60 X60 X60 X60 X60 X60

/* Heads, and what step answers. Those of a range answer a GET of 20 bytes
 * from 10. */
static const struct row {
    const char *what;
    const char *answer;
    bool ranged;
    enum pawl_status status;
} rows[] = {
    {"plain", OK "Content-Length: 0\r\n\r\n", false, PAWL_OK},
    {"no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", false, PAWL_OK},
    {"status 404", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_OK},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"lower case", "http/1.1 200 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"not HTTP", "SSH-2.0-x\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"empty line", "\r\n" OK "\r\n", false, PAWL_ERR_PROTOCOL},
    {"status of 2 digits", "HTTP/1.1 20 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"status of 4 digits", "HTTP/1.1 2000 OK\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"status 099", "HTTP/1.1 099 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"status 600", "HTTP/1.1 600 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"status +20", "HTTP/1.1 +20 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"no space", "HTTP/1.1 200\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"two spaces", "HTTP/1.1  200 OK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"control byte", "HTTP/1.1 200 O\x01\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"bare LF", "HTTP/1.1 200 OK\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"bare CR", "HTTP/1.1 200 O\rK\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"CR CR LF", "HTTP/1.1 200 OK\r\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"bare LF in a header", OK "A: b\nC: d\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"no colon", OK "Content-Length\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"no name", OK ": 5\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"space before colon", OK "Content-Length : 5\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"folded", OK "A: b\r\n c\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"space first", OK " A: b\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"control in a value", OK "A: b\x02\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"control in a name", OK "A\x02: b\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"any case, any space", OK "cOnTeNt-lEnGtH:\t 0 \t\r\n\r\n", false,
     PAWL_OK},
    {"no value", OK "A:\r\nContent-Length: 0\r\n\r\n", false, PAWL_OK},
    {"length of no number", OK "Content-Length: x\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"length empty", OK "Content-Length:\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"length negative", OK "Content-Length: -1\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"length with a sign", OK "Content-Length: +1\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"length in hex", OK "Content-Length: 0x1\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"length of 2^64", OK "Content-Length: 18446744073709551616\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"two lengths", OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"a list of lengths", OK "Content-Length: 1, 1\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"length and chunks",
     OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"chunks and length",
     OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"chunked twice",
     OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     false, PAWL_ERR_PROTOCOL},
    {"gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", false,
     PAWL_ERR_UNSUPPORTED},
    {"gzip", OK "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_ERR_UNSUPPORTED},
    {"identity", OK "Content-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
     false, PAWL_OK},
    {"a line of 513, of ours", OK "Date:" X480 X15 X15 "\r\n\r\n", false,
     PAWL_ERR_LIMIT},
    {"a line of 512, of ours",
     OK "Date:" X480 X15 "xxxxxxxxxxxx\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_OK},
    {"a line of 513", OK "A: " X480 X15 X15 "\r\nContent-Length: 0\r\n\r\n",
     false, PAWL_OK},
    {"a line of 512", OK "A:" X480 X15 X15 "\r\nContent-Length: 0\r\n\r\n",
     false, PAWL_OK},
    {"a name of 513", OK X480 X60 ": a\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"a control byte in the part that is left out",
     OK "A: \x01" X480 X60 "\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"a control byte behind it",
     OK "A: " X480 X60 "\x01\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"a bare CR behind it",
     OK "A: " X480 X60 "\rb\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"no name at all in a long line",
     OK X480 X60 "\r\nContent-Length: 0\r\n\r\n", false, PAWL_ERR_PROTOCOL},
    {"a space before the colon of a long line",
     OK "A :" X480 X60 "\r\nContent-Length: 0\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"a status line that is too long", "HTTP/1.1 200 " X480 X60 "\r\n\r\n",
     false, PAWL_ERR_LIMIT},
    {"a range not asked for",
     PART "Content-Range: bytes 0-4/10\r\nContent-Length: 5\r\n\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"the range", PART "Content-Range: bytes 10-29/50\r\n\r\n", true, PAWL_OK},
    {"the range, total unknown",
     PART "Content-Range: bytes 10-29/*\r\nContent-Length: 20\r\n\r\n", true,
     PAWL_OK},
    {"less than the range", PART "Content-Range: bytes 10-19/50\r\n\r\n", true,
     PAWL_OK},
    {"everything instead", OK "Content-Length: 50\r\n\r\n", true, PAWL_OK},
    {"a 206 without a range", PART "Content-Length: 20\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"another first byte", PART "Content-Range: bytes 11-29/50\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"more than the range", PART "Content-Range: bytes 10-30/50\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"the last before the first", PART "Content-Range: bytes 10-9/50\r\n\r\n",
     true, PAWL_ERR_PROTOCOL},
    {"total too small", PART "Content-Range: bytes 10-29/29\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"a length that is not the range's",
     PART "Content-Range: bytes 10-29/50\r\nContent-Length: 19\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"two ranges",
     PART "Content-Range: bytes 10-29/50\r\n"
          "Content-Range: bytes 10-29/50\r\n\r\n",
     true, PAWL_ERR_PROTOCOL},
    {"another unit", PART "Content-Range: lines 10-29/50\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"no last", PART "Content-Range: bytes 10-/50\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"something behind", PART "Content-Range: bytes 10-29/50x\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"the largest last",
     PART "Content-Range: bytes 10-18446744073709551615/*\r\n\r\n", true,
     PAWL_ERR_PROTOCOL},
    {"unsatisfied",
     "HTTP/1.1 416 No\r\nContent-Range: bytes */50\r\n"
     "Content-Length: 0\r\n\r\n",
     true, PAWL_OK},
    {"switching protocols", "HTTP/1.1 101 No\r\n\r\n" OK "\r\n", false,
     PAWL_ERR_PROTOCOL},
    {"interim first",
     "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hint\r\nContent-Length: 9\r\n\r\n" OK
     "Content-Length: 0\r\n\r\n",
     false, PAWL_OK},
    {"interim only",
     "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 100 Go\r\n\r\nHTTP/1.1 100 Go\r\n\r\n"
     "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 100 Go\r\n\r\n",
     false, PAWL_ERR_PROTOCOL},
};

static void each_head_is_taken_or_refused(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];

        exchange_open(&exchange, row->answer);
        CHECK(pawl_http_get(&exchange.http, "/", row->ranged ? 10 : 0,
                            row->ranged ? 20 : 0, NULL) == PAWL_OK);
        exchange_step(&exchange);
        if (exchange.head != row->status) {
            CHECK(row->what == NULL); /* a debugger shows which */
        }
    }
}

static void each_head_is_taken_alike_in_any_pieces(void)
{
    static const size_t pieces[] = {1, 2, 3, 7};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 4; i++) {
        const struct row *row = &rows[i / 4];

        exchange_open(&exchange, row->answer);
        exchange.server.piece = pieces[i % 4];
        exchange.server.block = true;
        CHECK(pawl_http_get(&exchange.http, "/", row->ranged ? 10 : 0,
                            row->ranged ? 20 : 0, NULL) == PAWL_OK);
        exchange_step(&exchange);
        CHECK(exchange.head == row->status);
    }
}

static void every_truncation_of_a_head_is_no_answer(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strstr(rows[i].answer, "\r\n\r\n") == NULL
                         ? 0
                         : strlen(rows[i].answer);

        for (size_t cut = 1; rows[i].status == PAWL_OK && cut < len; cut++) {
            exchange_open(&exchange, rows[i].answer);
            exchange.server.input_len = cut;
            exchange.server.end = PAWL_ERR_CLOSED;
            CHECK(pawl_http_get(&exchange.http, "/", rows[i].ranged ? 10 : 0,
                                rows[i].ranged ? 20 : 0, NULL) == PAWL_OK);
            exchange_step(&exchange);
            CHECK(exchange.head == PAWL_ERR_PROTOCOL);
        }
    }
}

static void what_a_head_says_is_readable(void)
{
    const struct pawl_http_response *response = &exchange.http.response;

    exchange_get(&exchange,
                 "HTTP/1.1 202 Later\r\nContent-Length: 3\r\n"
                 "Content-Type: Application/PKCS7-mime; smime-type=certs\r\n"
                 "Content-Transfer-Encoding: BASE64\r\nETag: W/\"x\"\r\n"
                 "Retry-After: 120\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                 "\r\nabc");

    CHECK(exchange.head == PAWL_OK && response->status == 202);
    CHECK(response->has_length && response->length == 3);
    CHECK(strcmp(response->content_type, "application/pkcs7-mime") == 0);
    CHECK(strcmp(response->etag, "W/\"x\"") == 0);
    CHECK(response->base64 && response->keep_alive && !response->partial);
    CHECK(response->retry_after_s == 120);
    CHECK(response->date_s == 784111777);
}

static void what_a_range_says_is_readable(void)
{
    const struct pawl_http_response *response = &exchange.http.response;

    exchange_get_range(&exchange,
                       PART "Content-Range: bytes 10-12/50\r\n"
                            "Content-Length: 3\r\n\r\nabc",
                       10, 3);

    CHECK(response->partial && response->range_first == 10);
    CHECK(response->range_total == 50 && exchange_body_is(&exchange, "abc"));

    exchange_get_range(&exchange,
                       "HTTP/1.1 416 No\r\nContent-Range: bytes */50\r\n"
                       "Content-Length: 0\r\n\r\n",
                       50, 3);
    CHECK(!response->partial && response->range_total == 50);
}

static void a_range_of_everything_does_not_overflow(void)
{
    exchange_get_range(
        &exchange, PART "Content-Range: bytes 0-18446744073709551615/*\r\n\r\n",
        0, 5);

    CHECK(exchange.head == PAWL_ERR_PROTOCOL);
}

static void a_date_to_retry_at_counts_from_the_servers_date(void)
{
    exchange_get(&exchange, "HTTP/1.1 503 Later\r\n"
                            "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"
                            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                            "Content-Length: 0\r\n\r\n");

    CHECK(exchange.http.response.retry_after_s == 60);
    CHECK(!exchange.server.accepted);
}

static void an_answer_says_nothing_of_the_one_before(void)
{
    exchange_get(&exchange, OK "ETag: \"a\"\r\nRetry-After: 9\r\n"
                               "Content-Length: 0\r\n\r\n");
    CHECK(exchange.http.response.etag[0] != '\0');

    exchange.server.input =
        (const uint8_t *)"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    exchange.server.input_len = strlen((const char *)exchange.server.input);
    exchange.server.input_at = 0;
    CHECK(pawl_http_get(&exchange.http, "/", 0, 0, NULL) == PAWL_OK);
    exchange_step(&exchange);

    CHECK(exchange.head == PAWL_OK && exchange.http.response.status == 404);
    CHECK(exchange.http.response.etag[0] == '\0');
    CHECK(exchange.http.response.retry_after_s == 0);
}

static void so_many_headers_and_no_more(void)
{
    static char answer[4096];

    for (size_t count = PAWL_HTTP_HEADERS_MAX;
         count <= PAWL_HTTP_HEADERS_MAX + 1; count++) {
        strcpy(answer, OK "Content-Length: 0\r\n");
        for (size_t i = 1; i < count; i++) {
            strcat(answer, "A: b\r\n");
        }
        strcat(answer, "\r\n");
        exchange_get(&exchange, answer);
        CHECK(exchange.head ==
              (count <= PAWL_HTTP_HEADERS_MAX ? PAWL_OK : PAWL_ERR_LIMIT));
    }
}

/* Cookies and policies are long; what we use is not, and comes through. */
static void a_long_header_that_says_nothing_to_us_is_left_out(void)
{
    static char answer[PAWL_HTTP_HEAD_MAX + 256];
    static const char rest[] = "\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n";

    for (size_t len = 500; len <= 3000; len += 7) {
        strcpy(answer, OK "Set-Cookie: ");
        memset(answer + strlen(answer), 'c', len);
        strcpy(answer + strlen(OK "Set-Cookie: ") + len, rest);
        exchange_get(&exchange, answer);
        CHECK(exchange.head == PAWL_OK);
        CHECK(strcmp(exchange.http.response.etag, "\"e\"") == 0);
    }
}

/* A head without an end is not read for ever. */
static void a_head_has_a_limit_as_a_whole(void)
{
    static char answer[PAWL_HTTP_HEAD_MAX + 1024];
    /* Bytes that count: all but each line's LF. */
    const size_t others = strlen("HTTP/1.1 200 OK\r"
                                 "A:\r"
                                 "Content-Length: 0\r"
                                 "\r");

    for (size_t over = 0; over <= 1; over++) {
        size_t len = PAWL_HTTP_HEAD_MAX - others + over;

        memset(answer, 0, sizeof answer);
        strcpy(answer, OK "A:");
        memset(answer + strlen(answer), 'c', len);
        strcat(answer, "\r\nContent-Length: 0\r\n\r\n");
        exchange_get(&exchange, answer);
        CHECK_EQ(exchange.head, over == 0 ? PAWL_OK : PAWL_ERR_LIMIT);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(each_head_is_taken_or_refused),
    CHECK_TEST(each_head_is_taken_alike_in_any_pieces),
    CHECK_TEST(every_truncation_of_a_head_is_no_answer),
    CHECK_TEST(what_a_head_says_is_readable),
    CHECK_TEST(what_a_range_says_is_readable),
    CHECK_TEST(a_range_of_everything_does_not_overflow),
    CHECK_TEST(a_date_to_retry_at_counts_from_the_servers_date),
    CHECK_TEST(an_answer_says_nothing_of_the_one_before),
    CHECK_TEST(so_many_headers_and_no_more),
    CHECK_TEST(a_long_header_that_says_nothing_to_us_is_left_out),
    CHECK_TEST(a_head_has_a_limit_as_a_whole),
};
CHECK_MAIN(tests)
