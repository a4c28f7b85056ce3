/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in blocks, both ways (RFC 7959), and Request-Tag (RFC 9175, 3). */
#include "check.h"
#include "coap/peer.h"
#include <string.h>

static struct peer peer;

#define CONTENT PAWL_COAP_CODE(2, 5)
#define CHANGED PAWL_COAP_CODE(2, 4)
#define CONTINUE PAWL_COAP_CODE(2, 31)

/* Sixteen bytes of payload behind their marker. */
#define A16 "FF 61616161616161616161616161616161"
#define B16 "FF 62626262626262626262626262626262"
#define C16 "FF 63636363636363636363636363636363"
#define TEXT_A "aaaaaaaaaaaaaaaa"
#define TEXT_B "bbbbbbbbbbbbbbbb"
#define TEXT_C "cccccccccccccccc"
#define AB32                                                                   \
    "FF 6161616161616161616161616161616162626262626262626262626262626262"

/* A client that asks for blocks of so many bytes. */
static void open_with(uint16_t block_size)
{
    peer_open(&peer);
    peer.config.block_size = block_size;
    CHECK_EQ(pawl_coap_open(&peer.coap, &peer.config), PAWL_OK);
}

/* A GET in blocks of 16 whose first block was answered with rest. */
static void get_first(const char *rest)
{
    open_with(16);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
    peer_acks(&peer, CONTENT, rest);
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
}

/* ---- Block2 ---- */

/* 2.4 */
static void a_body_is_read_block_by_block(void)
{
    get_first("41 AA D1 06 08 52 0025 " A16); /* ETag, 0/1/16, Size2 37 */
    CHECK_EQ(peer.coap.response.size, 37);
    CHECK_EQ(peer.coap.response.etag_len, 1);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer_acks(&peer, CONTENT, "41 AA D1 06 18 " B16);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 20"));
    peer_acks(&peer, CONTENT, "41 AA D1 06 20 FF 6363636363");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A TEXT_B "ccccc"));
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
}

/* A later block is an exchange like any other: copies, separate responses. */
static void a_later_block_is_repeated_and_acknowledged(void)
{
    get_first("D1 0A 08 " A16);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer.now_ms += 3000;
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer_sends(&peer, CON, CONTENT, 0x0777, "D1 0A 10 FF 62");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_heard_empty(&peer, ACK, 0x0777));
    CHECK(peer_body_is(&peer, TEXT_A "b"));
}

/* 2.4: the server may choose a smaller size; the next number counts in it. */
static void the_server_may_choose_smaller_blocks(void)
{
    open_with(64);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 02 50"));
    peer_acks(&peer, CONTENT, "D1 0A 09 " AB32); /* 0/1/32 */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 11"));
    peer_acks(&peer, CONTENT, "D1 0A 28 " C16); /* 2/1/16: smaller again */
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 30"));
    peer_acks(&peer, CONTENT, "D1 0A 30 FF 64");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A TEXT_B TEXT_C "d"));
}

/* 2.4: another ETag is another representation. */
static void a_changed_body_is_not_mixed_with_the_old(void)
{
    static const char *const later[] = {
        "41 BB D1 06 10 FF 62",   /* another, */
        "42 AA00 D1 06 10 FF 62", /* a longer one, */
        "D1 0A 10 FF 62",         /* none */
    };

    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        get_first("41 AA D1 06 08 " A16);
        CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
        peer_acks(&peer, CONTENT, later[i]);
        CHECK_EQ(peer_read(&peer), PAWL_ERR_BUSY);
        CHECK(peer_body_is(&peer, TEXT_A));
        CHECK_EQ(peer_read(&peer), PAWL_ERR_BUSY);
        CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_OK);
    }
}

static void blocks_that_do_not_fit_together_are_refused(void)
{
    static const char *const later[] = {
        "D1 0A 20 FF 62",     /* the one behind it */
        "D1 0A 00 FF 62",     /* the one before it */
        "D1 0A 11 FF 62",     /* larger than was asked for */
        "D1 0A 17 FF 62",     /* of the reserved size (2.2) */
        "D1 0A 18 FF 62",     /* not the last, and too short */
        "D1 0A 10 " A16 "62", /* longer than its size */
        "D1 0A 18",           /* empty, and not the last */
        "FF 62",              /* no block at all */
    };

    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        get_first("D1 0A 08 " A16);
        CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
        peer_acks(&peer, CONTENT, later[i]);
        CHECK_EQ(peer_read(&peer), PAWL_ERR_PROTOCOL);
        CHECK(peer_body_is(&peer, TEXT_A));
    }
}

static void a_first_block_that_was_not_asked_for_is_refused(void)
{
    static const char *const first[] = {"D1 0A 18 " A16, "D1 0A 09 " AB32,
                                        "D1 0A 0F " A16};

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        open_with(16);
        CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
        peer_acks(&peer, CONTENT, first[i]);
        CHECK_EQ(peer_step(&peer), PAWL_ERR_PROTOCOL);
    }
}

/* 2.4: every block of a body has its code. */
static void a_block_with_another_code_is_refused(void)
{
    get_first("D1 0A 08 " A16);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer_acks(&peer, CHANGED, "D1 0A 10 FF 62");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_PROTOCOL);
}

static void an_error_at_a_later_block_is_told(void)
{
    get_first("D1 0A 08 " A16);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer_acks(&peer, PAWL_COAP_CODE(4, 4), "FF 78");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_REFUSED);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 4));
    CHECK(peer_body_is(&peer, TEXT_A));
}

/* A server without blocks answers with all of it. */
static void a_small_body_needs_no_block(void)
{
    peer_get(&peer);
    peer_acks(&peer, CONTENT, A16);
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A));
}

/* ---- a download at an offset ---- */

static void a_download_begins_at_its_offset(void)
{
    open_with(16);
    peer.request.offset = 35;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 20 50"));
    peer_acks(&peer, CONTENT, "D1 0A 28 FF 30313233343536373839616263646566");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_body_is(&peer, "3456789abcdef"));
    CHECK(peer_heard(&peer, 1, "B1 61 C1 30"));
    peer_acks(&peer, CONTENT, "D1 0A 30 FF 67");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "3456789abcdefg"));
}

/* A server that ignored it has sent the beginning: not what was asked for. */
static void an_offset_that_was_ignored_is_noticed(void)
{
    open_with(16);
    peer.request.offset = 16;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10 50"));
    peer_acks(&peer, CONTENT, A16);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_PROTOCOL);
}

static void an_offset_behind_the_end_has_no_bytes(void)
{
    open_with(16);
    peer.request.offset = 20;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10 50"));
    peer_acks(&peer, CONTENT, "D1 0A 10 FF 3031");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(peer.body_len, 0);
}

/* The offset stands where the server's blocks are smaller than those that were
 * asked for: those that lie before it are passed over. */
static void an_offset_stands_when_the_server_chooses_smaller_blocks(void)
{
    open_with(64);
    peer.request.offset = 50;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 02 50"));
    peer_acks(&peer, CONTENT, "D1 0A 08 " A16);
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK_EQ(peer.body_len, 0);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 30"));
    peer_acks(&peer, CONTENT, "D1 0A 38 FF 30313233343536373839616263646566");
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 40"));
    peer_acks(&peer, CONTENT, "D1 0A 40 FF 67");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "23456789abcdefg"));
}

/* What a server says of an error is no part of the body. */
static void an_error_is_told_whole_whatever_the_offset(void)
{
    open_with(16);
    peer.request.offset = 3;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
    peer_acks(&peer, PAWL_COAP_CODE(4, 4), "FF 6E6F6E65");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "none"));
}

/* 2.2: a block number has 20 bits. */
static void an_offset_that_no_block_has_is_refused(void)
{
    open_with(16);
    peer.request.offset = 16u << 20;
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_LIMIT);
    peer.request.offset = (16u << 20) - 1;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C3 FFFFF0 50"));
    peer_acks(&peer, CONTENT, "D3 0A FFFFF8 " A16); /* and more? */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_LIMIT);
}

/* ---- Block1 ---- */

static const uint8_t text40[] = TEXT_A TEXT_B "cccccccc";

/* A PUT of 40 bytes in pieces of block_size; the first is sent and heard. */
static void put_first(uint16_t block_size, const char *rest)
{
    open_with(block_size);
    peer.request.method = PAWL_COAP_PUT;
    peer.request.payload = (struct pawl_bytes){text40, 40};
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3, rest));
}

/* 2.3, 2.5; Size1 (4), Request-Tag (RFC 9175, 3.5.1): the same in each. */
static void a_payload_is_sent_piece_by_piece(void)
{
    put_first(16, "B1 61 D1 03 08 D1 14 28 D1 DB 01 " A16);
    peer_acks(&peer, CONTINUE, "D1 0E 08");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer.accepted);
    CHECK(peer_heard(&peer, 3, "B1 61 D1 03 18 D1 FC 01 " B16));
    peer_acks(&peer, CONTINUE, "D1 0E 18");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3, "B1 61 D1 03 20 D1 FC 01 FF 6363636363636363"));
    peer_acks(&peer, CHANGED, "D1 0E 20");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, CHANGED);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
}

/* RFC 9175, 3.5.1: another body has another tag. */
static void each_payload_has_a_tag_of_its_own(void)
{
    put_first(16, "B1 61 D1 03 08 D1 14 28 D1 DB 01 " A16);
    CHECK_EQ(pawl_coap_cancel(&peer.coap), PAWL_OK);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3, "B1 61 D1 03 08 D1 14 28 D1 DB 02 " A16));
}

/* 2.5: a smaller size from the second piece on, numbered in it. */
static void the_server_may_ask_for_smaller_pieces(void)
{
    put_first(32, "B1 61 D1 03 09 D1 14 28 D1 DB 01 " AB32);
    peer_acks(&peer, CONTINUE, "D1 0E 08"); /* 0/1/16 */
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3, "B1 61 D1 03 20 D1 FC 01 FF 6363636363636363"));
}

/* 2.9.3: too large, and what would do: all of it again. */
static void a_payload_that_is_too_large_is_sent_again_in_smaller_pieces(void)
{
    put_first(64, "B1 61 FF 61616161616161616161616161616161"
                  "62626262626262626262626262626262 6363636363636363");
    peer_acks(&peer, PAWL_COAP_CODE(4, 13), "D1 0E 00");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3, "B1 61 D1 03 08 D1 14 28 D1 DB 02 " A16));
    peer_acks(&peer, PAWL_COAP_CODE(4, 13), "D1 0E 00"); /* no smaller */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 13));
}

static void a_refusal_ends_the_payload(void)
{
    put_first(16, "B1 61 D1 03 08 D1 14 28 D1 DB 01 " A16);
    peer_acks(&peer, PAWL_COAP_CODE(4, 8), "FF 78");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 8));
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_heard_all(&peer));
}

static void an_answer_to_another_piece_is_refused(void)
{
    static const char *const first[] = {
        "D1 0E 18", /* the next one */
        "",         /* none: the option was not understood */
        "D1 0E 0F", /* of the reserved size */
    };

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        put_first(16, "B1 61 D1 03 08 D1 14 28 D1 DB 01 " A16);
        peer_acks(&peer, CONTINUE, first[i]);
        CHECK_EQ(peer_step(&peer), PAWL_ERR_PROTOCOL);
        CHECK(peer_heard_all(&peer));
    }
}

/* 2.9.1: 2.31 asks for more, and there is no more. */
static void a_whole_payload_cannot_be_continued(void)
{
    put_first(64, "B1 61 FF 61616161616161616161616161616161"
                  "62626262626262626262626262626262 6363636363636363");
    peer_acks(&peer, CONTINUE, "");
    CHECK_EQ(peer_step(&peer), PAWL_ERR_PROTOCOL);
}

/* RFC 9175, 2.3: the piece that was not believed goes again, with Echo. */
static void an_echo_is_asked_for_at_a_piece(void)
{
    put_first(16, "B1 61 D1 03 08 D1 14 28 D1 DB 01 " A16);
    peer_acks(&peer, PAWL_COAP_CODE(4, 1), "D2 EF AABB");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3,
                     "B1 61 D1 03 08 D1 14 28 D2 B3 AABB D1 1B 01 " A16));
    peer_acks(&peer, CONTINUE, "D1 0E 08");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 3, "B1 61 D1 03 18 D1 FC 01 " B16));
}

/* A long path leaves room for smaller pieces only. */
static void long_options_make_pieces_smaller(void)
{
    static char path[256] = "/";
    static uint8_t payload[1024];

    memset(path + 1, 'x', 200);
    peer_open(&peer);
    peer.request = (struct pawl_coap_request){PAWL_COAP_POST, .path = path,
                                              .payload = PAWL_BYTES(payload)};
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer.sent[0].len < 800 && peer.sent[0].len > 512);
}

/* 3.3: a large answer to a POST is asked for without the payload; 2.3.2 of
 * RFC 8132: a FETCH says again what it wants. */
static void a_large_answer_to_a_payload_is_read(void)
{
    static const struct {
        enum pawl_coap_method method;
        const char *first, *next;
    } rows[] = {
        {PAWL_COAP_POST, "B1 61 FF 6869", "B1 61 C1 10"},
        {PAWL_COAP_FETCH, "B1 61 C0 FF 6869", "B1 61 C1 10 FF 6869"},
    };
    static const uint8_t hi[] = {'h', 'i'};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_with(16);
        peer.request = (struct pawl_coap_request){rows[i].method, .path = "/a",
                                                  .payload = PAWL_BYTES(hi)};
        CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, (uint8_t)rows[i].method, rows[i].first));
        peer_acks(&peer, CONTENT, "D1 0A 08 " A16);
        CHECK_EQ(peer_step(&peer), PAWL_OK);
        CHECK_EQ(peer_read(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, (uint8_t)rows[i].method, rows[i].next));
        peer_acks(&peer, CONTENT, "D1 0A 10 FF 62");
        CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
        CHECK(peer_body_is(&peer, TEXT_A "b"));
    }
}

static void a_fetch_that_is_longer_than_a_block_is_refused(void)
{
    open_with(16);
    peer.request.method = PAWL_COAP_FETCH;
    peer.request.payload = (struct pawl_bytes){text40, 17};
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_LIMIT);
}

/* What a FETCH asks for cannot be cut (RFC 8132, 2.3.2). */
static void a_fetch_that_is_too_large_is_told(void)
{
    open_with(64);
    peer.request.method = PAWL_COAP_FETCH;
    peer.request.payload = (struct pawl_bytes){text40, 40};
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 5,
                     "B1 61 C1 02 FF 61616161616161616161616161616161"
                     "62626262626262626262626262626262 6363636363636363"));
    peer_acks(&peer, PAWL_COAP_CODE(4, 13), "D1 0E 00");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 13));
}

static const struct check_test tests[] = {
    CHECK_TEST(a_body_is_read_block_by_block),
    CHECK_TEST(a_later_block_is_repeated_and_acknowledged),
    CHECK_TEST(the_server_may_choose_smaller_blocks),
    CHECK_TEST(a_changed_body_is_not_mixed_with_the_old),
    CHECK_TEST(blocks_that_do_not_fit_together_are_refused),
    CHECK_TEST(a_first_block_that_was_not_asked_for_is_refused),
    CHECK_TEST(a_block_with_another_code_is_refused),
    CHECK_TEST(an_error_at_a_later_block_is_told),
    CHECK_TEST(a_small_body_needs_no_block),
    CHECK_TEST(a_download_begins_at_its_offset),
    CHECK_TEST(an_offset_that_was_ignored_is_noticed),
    CHECK_TEST(an_offset_behind_the_end_has_no_bytes),
    CHECK_TEST(an_offset_stands_when_the_server_chooses_smaller_blocks),
    CHECK_TEST(an_error_is_told_whole_whatever_the_offset),
    CHECK_TEST(an_offset_that_no_block_has_is_refused),
    CHECK_TEST(a_payload_is_sent_piece_by_piece),
    CHECK_TEST(each_payload_has_a_tag_of_its_own),
    CHECK_TEST(the_server_may_ask_for_smaller_pieces),
    CHECK_TEST(a_payload_that_is_too_large_is_sent_again_in_smaller_pieces),
    CHECK_TEST(a_refusal_ends_the_payload),
    CHECK_TEST(an_answer_to_another_piece_is_refused),
    CHECK_TEST(a_whole_payload_cannot_be_continued),
    CHECK_TEST(an_echo_is_asked_for_at_a_piece),
    CHECK_TEST(long_options_make_pieces_smaller),
    CHECK_TEST(a_large_answer_to_a_payload_is_read),
    CHECK_TEST(a_fetch_that_is_longer_than_a_block_is_refused),
    CHECK_TEST(a_fetch_that_is_too_large_is_told),
};

CHECK_MAIN(tests)
