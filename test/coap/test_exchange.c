/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange: messages, time, and what is answered to what (RFC 7252). */
#include "check.h"
#include "coap/peer.h"
#include <string.h>

static struct peer peer;

#define CONTENT PAWL_COAP_CODE(2, 5)

/* Half of what the random part of the first timeout can be. */
#define FIRST_MIN_MS 2000u
#define FIRST_MAX_MS 3000u

/* ---- the request ---- */

/* 4.2: CON; 5.3.1: a token; 3.1: options in order. */
static void a_request_is_confirmable_and_has_a_token(void)
{
    static const uint8_t none[8] = {0};

    peer_get(&peer);
    CHECK(memcmp(peer.token, none, sizeof none) != 0);
    CHECK(peer_heard_all(&peer));
}

/* 5.3.1: 64 random bits each, so that nobody can guess what to answer. */
static void each_request_has_a_token_and_an_id_of_its_own(void)
{
    uint8_t first[8];

    peer_get(&peer);
    memcpy(first, peer.token, sizeof first);
    uint16_t id = peer.id;
    peer_acks(&peer, CONTENT, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);

    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50"));
    CHECK(memcmp(peer.token, first, sizeof first) != 0);
    CHECK_EQ(peer.id, (uint16_t)(id + 1));
}

static void nothing_is_sent_without_entropy(void)
{
    peer_open(&peer);
    peer.entropy.fails = true;
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_ENTROPY);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
    CHECK(peer_heard_all(&peer));
}

static void a_second_exchange_waits_for_the_first(void)
{
    peer_get(&peer);
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_STATE);
    peer_acks(&peer, CONTENT, "FF 78");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_STATE);
}

/* ---- responses ---- */

/* 5.2.1 */
static void a_piggybacked_response_ends_the_exchange(void)
{
    peer_get(&peer);
    peer_acks(&peer, CONTENT, "C1 2A FF 68 69");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, CONTENT);
    CHECK(peer.coap.response.has_format);
    CHECK_EQ(peer.coap.response.format, 42);
    CHECK_EQ(peer.coap.response.max_age_s, 60);
    CHECK(!peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "hi"));
    CHECK(peer.accepted);
    CHECK(peer_heard_all(&peer));
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
}

/* 5.2.2: acknowledged at once, answered later; the answer is acknowledged. */
static void a_separate_response_is_acknowledged(void)
{
    peer_get(&peer);
    peer_acks(&peer, 0, "");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    peer.now_ms += 60000; /* no retransmission any more */
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    peer_sends(&peer, CON, CONTENT, 0x7777, "FF 68 69");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer_heard_empty(&peer, ACK, 0x7777));
    CHECK(peer_heard_all(&peer));
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "hi"));
}

/* 5.2.2: the acknowledgement was lost; the response stands for it. */
static void a_separate_response_may_come_first(void)
{
    peer_get(&peer);
    peer_sends(&peer, CON, CONTENT, 0x7777, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer_heard_empty(&peer, ACK, 0x7777));
}

/* 5.2.3: a response that is not confirmable is not acknowledged. */
static void a_non_confirmable_response_is_taken_in_silence(void)
{
    peer_get(&peer);
    peer_sends(&peer, NON, CONTENT, 0x7777, "FF 68 69");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer_heard_all(&peer));
}

/* 5.9: the code is the caller's to judge; a failure does not accept us. */
static void an_error_code_is_a_response(void)
{
    peer_get(&peer);
    peer_acks(&peer, PAWL_COAP_CODE(4, 4), "FF 6E 6F");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 4));
    CHECK_EQ(PAWL_COAP_CLASS(peer.coap.response.code), 4);
    CHECK(!peer.accepted);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "no"));
}

/* 5.9.3.4 */
static void an_unavailable_server_says_when_to_come_again(void)
{
    peer_get(&peer);
    peer_acks(&peer, PAWL_COAP_CODE(5, 3), "D1 01 1E");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.max_age_s, 30);
}

/* ---- what does not match ---- */

/* 5.3.2: token and id; 4.2: an acknowledgement is rejected in silence. */
static void an_acknowledgement_of_something_else_is_ignored(void)
{
    peer_get(&peer);
    peer_sends(&peer, ACK, CONTENT, (uint16_t)(peer.id + 1), "");
    peer.token[7] ^= 1;
    peer_acks(&peer, CONTENT, "");
    peer.token[7] ^= 1;
    peer_sends(&peer, ACK, 1, peer.id, ""); /* with a request in it */
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_all(&peer));
    peer_acks(&peer, CONTENT, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
}

/* A prefix of the token is another token. */
static void a_shorter_token_does_not_match(void)
{
    uint8_t message[11] = {0x67, CONTENT};

    peer_get(&peer);
    message[2] = (uint8_t)(peer.id >> 8);
    message[3] = (uint8_t)peer.id;
    memcpy(message + 4, peer.token, 7);
    peer_says_bytes(&peer, message, sizeof message);
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
}

/* 4.2, 4.3; RFC 7641, 3.6: whoever waits for nothing says so. */
static void a_response_that_nobody_waits_for_is_reset(void)
{
    peer_get(&peer);
    peer.token[0] ^= 0x80;
    peer_sends(&peer, CON, CONTENT, 0x0102, "");
    peer_sends(&peer, NON, CONTENT, 0x0103, "");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, RST, 0x0102));
    CHECK(peer_heard_empty(&peer, RST, 0x0103));
    CHECK(peer_heard_all(&peer));
}

/* 4.2: a Reset of our request ends it. */
static void a_reset_ends_the_exchange(void)
{
    peer_get(&peer);
    peer_says(&peer, "70 00 0000");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING); /* of something else */
    uint8_t reset[4] = {0x70, 0, (uint8_t)(peer.id >> 8), (uint8_t)peer.id};
    peer_says_bytes(&peer, reset, sizeof reset);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_REFUSED);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_REFUSED);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
}

/* 4.3: an empty confirmable message is a ping, answered with a Reset. */
static void a_ping_is_answered_with_a_reset(void)
{
    peer_get(&peer);
    peer_says(&peer, "40 00 BEEF");
    peer_says(&peer, "50 00 BEEE"); /* not confirmable: ignored */
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, RST, 0xBEEF));
    CHECK(peer_heard_all(&peer));
}

/* 4.2, 4.3: a client serves no requests. */
static void a_request_is_reset(void)
{
    peer_get(&peer);
    peer_says(&peer, "41 01 BEEF 55 B1 61");
    peer_says(&peer, "51 01 BEEE 55 B1 61");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, RST, 0xBEEF));
    CHECK(peer_heard_all(&peer));
}

/* 4.5: the answer to a repeated message is the same, and it counts once. */
static void a_repeated_response_is_acknowledged_again(void)
{
    peer_get(&peer);
    peer_sends(&peer, CON, CONTENT, 0x7777, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer_heard_empty(&peer, ACK, 0x7777));
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);

    peer_sends(&peer, CON, CONTENT, 0x7777, ""); /* its copy, late */
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50"));
    CHECK(peer_heard_empty(&peer, ACK, 0x7777));
    CHECK(peer_heard_all(&peer));
}

static void a_repeated_message_that_was_reset_is_reset_again(void)
{
    peer_get(&peer);
    peer_says(&peer, "40 45 BEEF");
    peer_says(&peer, "40 45 BEEF");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, RST, 0xBEEF));
    CHECK(peer_heard_empty(&peer, RST, 0xBEEF));
}

/* 4.8.2: after EXCHANGE_LIFETIME an id is another message's. */
static void an_id_may_come_again_after_a_while(void)
{
    peer_get(&peer);
    peer_sends(&peer, CON, CONTENT, 0x7777, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_heard_empty(&peer, ACK, 0x7777));
    peer.now_ms += 247000;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50"));
    peer_sends(&peer, CON, CONTENT, 0x7777, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer_heard_empty(&peer, ACK, 0x7777));
}

/* ---- options of a response ---- */

/* 5.4.1: rejected; the exchange cannot succeed any more. */
static void an_unknown_critical_option_is_refused(void)
{
    peer_get(&peer);
    peer_acks(&peer, CONTENT, "90 FF 78"); /* 9: OSCORE */
    CHECK_EQ(peer_step(&peer), PAWL_ERR_UNSUPPORTED);
    CHECK(peer_heard_all(&peer));

    peer_get(&peer);
    peer_sends(&peer, CON, CONTENT, 0x7777, "90 FF 78");
    CHECK_EQ(peer_step(&peer), PAWL_ERR_UNSUPPORTED);
    CHECK(peer_heard_empty(&peer, RST, 0x7777));
    CHECK(!peer.accepted);
}

/* 5.4.1: an elective one is as if it was not there. */
static void an_unknown_elective_option_is_ignored(void)
{
    peer_get(&peer);
    peer_acks(&peer, CONTENT, "A2 01 02 FF 78"); /* 10 */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
}

/* 5.4.5, 5.4.3 */
static void an_option_that_must_not_be_so_is_as_unknown(void)
{
    peer_get(&peer);
    peer_acks(&peer, CONTENT, "C1 01 01 02"); /* Content-Format twice */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.format, 1);

    peer_get(&peer);
    peer_acks(&peer, CONTENT, "49 010203040506070809"); /* ETag of nine */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.etag_len, 0);

    peer_get(&peer);
    peer_acks(&peer, CONTENT, "D1 0A 06 00"); /* Block2 twice */
    CHECK_EQ(peer_step(&peer), PAWL_ERR_UNSUPPORTED);
}

/* ---- malformed messages (3, 4.2) ---- */

static void what_is_no_message_is_ignored(void)
{
    peer_get(&peer);
    peer_says(&peer, "40 45 BE");   /* too short */
    peer_says(&peer, "80 45 BEEF"); /* version 2 */
    peer_says(&peer, "00 45 BEEF"); /* version 0 */
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_all(&peer));
}

static void a_malformed_message_is_reset_if_confirmable(void)
{
    static const char *const rest[] = {
        "49 45 ABCD 010203040506070809", /* token of nine (3) */
        "44 45 ABCD 010203",             /* token cut off */
        "40 45 ABCD FF",                 /* marker without payload (3) */
        "40 45 ABCD F0",                 /* delta 15 (3.1) */
        "40 45 ABCD 0F",                 /* length 15 */
        "40 45 ABCD D0",                 /* delta cut off */
        "40 45 ABCD E0 00",              /* the same, of two bytes */
        "40 45 ABCD 0D",                 /* length cut off */
        "40 45 ABCD C2 01",              /* value cut off */
        "40 45 ABCD E0 FFFF",            /* number over 65535 */
        "40 25 ABCD",                    /* reserved class 1 */
        "40 C5 ABCD",                    /* reserved class 6 */
        "40 E5 ABCD",                    /* class 7 */
        "40 00 ABCD 00",                 /* empty, and is not (4.1) */
        "41 00 ABCD 55",                 /* empty with a token */
    };

    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        peer_get(&peer);
        peer_says(&peer, rest[i]);
        CHECK_EQ(peer_step(&peer), PAWL_PENDING);
        CHECK(peer_heard_empty(&peer, RST, 0xABCD));
        CHECK(peer_heard_all(&peer));

        for (uint8_t type = NON; type <= RST; type++) {
            peer_says(&peer, rest[i]);
            peer.said[peer.said_count - 1].data[0] |= (uint8_t)(type << 4);
        }
        CHECK_EQ(peer_step(&peer), PAWL_PENDING);
        CHECK(peer_heard_all(&peer));
    }
}

/* 4.2: a Reset is empty; one with our id and more is none. */
static void a_reset_that_is_not_empty_is_ignored(void)
{
    peer_get(&peer);
    peer_sends(&peer, RST, CONTENT, peer.id, "");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
}

/* 4.6 */
static void a_message_that_is_too_long_is_as_if_lost(void)
{
    uint8_t message[PAWL_COAP_MESSAGE_MAX + 1] = {0x68, CONTENT};

    peer_get(&peer);
    message[2] = (uint8_t)(peer.id >> 8);
    message[3] = (uint8_t)peer.id;
    memcpy(message + 4, peer.token, sizeof peer.token);
    message[12] = 0xFF;
    peer_says_bytes(&peer, message, sizeof message);
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_all(&peer));
    peer_says_bytes(&peer, message, sizeof message - 1);
    CHECK_EQ(peer_step(&peer), PAWL_OK);
}

/* 12.1: a class that has no meaning is nothing to be taken for a response. */
static void a_code_without_a_meaning_is_no_response(void)
{
    peer_get(&peer);
    peer_acks(&peer, PAWL_COAP_CODE(3, 5), "");
    peer_sends(&peer, CON, PAWL_COAP_CODE(3, 5), 0x0303, "");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, RST, 0x0303));
}

/* ---- time (4.2, 4.8) ---- */

static void the_first_timeout_is_random_within_its_bounds(void)
{
    uint64_t lowest = UINT64_MAX, highest = 0;

    for (unsigned seed = 1; seed <= 100; seed++) {
        peer_open(&peer);
        fake_entropy_open(&peer.entropy, seed);
        peer.request.path = "/";
        CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
        CHECK((peer.wait.events & PAWL_WAIT_DEADLINE) != 0);
        uint64_t timeout = peer.wait.deadline_ms - peer.now_ms;
        CHECK(timeout >= FIRST_MIN_MS && timeout < FIRST_MAX_MS);
        lowest = timeout < lowest ? timeout : lowest;
        highest = timeout > highest ? timeout : highest;
    }
    CHECK(lowest < FIRST_MIN_MS + 200);
    CHECK(highest > FIRST_MAX_MS - 200);
}

/* 4.2: the same message again, each time after twice as long, four times. */
static void an_unanswered_request_is_sent_five_times(void)
{
    peer_get(&peer);
    uint64_t timeout = peer.wait.deadline_ms - peer.now_ms;

    for (unsigned i = 0; i < 4; i++) {
        uint16_t id = peer.id;

        CHECK_EQ(peer.wait.deadline_ms - peer.now_ms, timeout << i);
        peer.now_ms = peer.wait.deadline_ms - 1;
        CHECK_EQ(peer_step(&peer), PAWL_PENDING);
        CHECK(peer_heard_all(&peer));
        peer.now_ms++;
        CHECK_EQ(peer_step(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50"));
        CHECK_EQ(peer.id, id);
        CHECK_MEM(peer.sent[peer.sent_count - 1].data, peer.sent[0].data, 12);
    }
    CHECK_EQ(peer.coap.retransmissions, 4);
    peer.now_ms = peer.wait.deadline_ms - 1;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    peer.now_ms++;
    CHECK_EQ(peer_step(&peer), PAWL_ERR_TIMEOUT);
    CHECK(peer_heard_all(&peer));
}

static void a_response_to_any_of_the_copies_is_taken(void)
{
    peer_get(&peer);
    peer.now_ms += FIRST_MAX_MS;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    peer_acks(&peer, CONTENT, "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
}

/* What has arrived by then counts before the clock does. */
static void a_response_in_time_is_not_lost_to_a_late_step(void)
{
    peer_get(&peer);
    peer_acks(&peer, CONTENT, "");
    peer.now_ms += 1000000;
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer_heard_all(&peer));
}

static void a_separate_response_is_not_waited_for_for_ever(void)
{
    peer_get(&peer);
    peer_acks(&peer, 0, "");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK_EQ(peer.wait.deadline_ms, peer.now_ms + 93000);
    peer_acks(&peer, 0, ""); /* again, later: puts nothing off */
    peer.now_ms += 92999;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    peer.now_ms++;
    CHECK_EQ(peer_step(&peer), PAWL_ERR_TIMEOUT);
    CHECK(peer_heard_all(&peer));
}

/* ---- the session ---- */

static void a_session_that_takes_nothing_is_waited_for(void)
{
    peer_open(&peer);
    peer.send_end = PAWL_PENDING;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK((peer.wait.events & PAWL_WAIT_WRITABLE) != 0);
    CHECK((peer.wait.events & PAWL_WAIT_READABLE) != 0);
    peer.send_end = PAWL_OK;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50"));
    CHECK((peer.wait.events & PAWL_WAIT_WRITABLE) == 0);
}

/* An answer is owed before the next message is taken. */
static void nothing_is_received_while_an_answer_waits(void)
{
    peer_get(&peer);
    peer.send_end = PAWL_PENDING;
    peer_says(&peer, "40 00 0001");
    peer_says(&peer, "40 00 0002");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK_EQ(peer.said_at, 1);
    peer.send_end = PAWL_OK;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, RST, 1));
    CHECK(peer_heard_empty(&peer, RST, 2));
}

static void a_session_that_takes_nothing_runs_into_the_timeout(void)
{
    unsigned steps = 0;
    enum pawl_status status = PAWL_PENDING;

    peer_open(&peer);
    peer.send_end = PAWL_PENDING;
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_OK);
    while (status == PAWL_PENDING && ++steps < 100) {
        peer.now_ms += 10000;
        status = peer_step(&peer);
    }
    CHECK_EQ(status, PAWL_ERR_TIMEOUT);
}

static void the_sessions_errors_are_handed_on(void)
{
    peer_get(&peer);
    peer.end = PAWL_ERR_CLOSED;
    CHECK_EQ(peer_step(&peer), PAWL_ERR_CLOSED);
    peer_open(&peer);
    peer.send_end = PAWL_ERR_UNREACHABLE;
    CHECK_EQ(peer_begin(&peer), PAWL_ERR_UNREACHABLE);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_UNREACHABLE);

    peer_get(&peer); /* the acknowledgement does not get through */
    peer_sends(&peer, CON, CONTENT, 0x7777, "");
    peer.send_end = PAWL_ERR_UNREACHABLE;
    CHECK_EQ(peer_step(&peer), PAWL_ERR_UNREACHABLE);
}

/* A server that floods us does not keep a step from returning. */
static void a_step_takes_eight_messages(void)
{
    peer_get(&peer);
    for (unsigned i = 0; i < 20; i++) {
        peer_says(&peer, "50 00 0001");
    }
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK_EQ(peer.said_at, 8);
    CHECK((peer.wait.events & PAWL_WAIT_NOTHING) != 0);
}

/* ---- cancelling, and wrong use ---- */

static void a_cancelled_exchange_is_forgotten(void)
{
    peer_get(&peer);
    CHECK_EQ(pawl_coap_cancel(&peer.coap), PAWL_OK);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
    peer_sends(&peer, CON, CONTENT, 0x7777, "FF 78");
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50"));
    CHECK(peer_heard_empty(&peer, RST, 0x7777));
    CHECK(peer_heard_all(&peer));
}

static void a_body_is_read_after_the_response(void)
{
    uint8_t byte;
    size_t received = 9;

    peer_get(&peer);
    CHECK_EQ(pawl_coap_read(&peer.coap, &byte, 1, &received, &peer.wait),
             PAWL_ERR_STATE);
    CHECK_EQ(received, 0);
    peer_acks(&peer, CONTENT, "FF 68 69");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(pawl_coap_read(&peer.coap, &byte, 1, &received, &peer.wait),
             PAWL_OK);
    CHECK_EQ(received, 1);
    CHECK_EQ(byte, 'h');
    CHECK_EQ(pawl_coap_cancel(&peer.coap), PAWL_OK);
    CHECK_EQ(pawl_coap_read(&peer.coap, &byte, 1, &received, &peer.wait),
             PAWL_ERR_CLOSED);
}

static void a_config_must_be_complete(void)
{
    static const struct {
        uint16_t block_size;
        uint32_t ack_timeout_ms;
        uint8_t max_retransmit;
        enum pawl_status status;
    } rows[] = {
        {0, 0, 0, PAWL_OK},
        {16, 1, 12, PAWL_OK},
        {1024, 60000, 4, PAWL_OK},
        {8, 0, 0, PAWL_ERR_ARGUMENT},
        {2048, 0, 0, PAWL_ERR_ARGUMENT},
        {100, 0, 0, PAWL_ERR_ARGUMENT},
        {0, 60001, 0, PAWL_ERR_ARGUMENT},
        {0, 0, 13, PAWL_ERR_ARGUMENT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        peer_open(&peer);
        peer.config.block_size = rows[i].block_size;
        peer.config.ack_timeout_ms = rows[i].ack_timeout_ms;
        peer.config.max_retransmit = rows[i].max_retransmit;
        CHECK_EQ(pawl_coap_open(&peer.coap, &peer.config), rows[i].status);
    }
    peer_open(&peer);
    peer.config.entropy = NULL;
    CHECK_EQ(pawl_coap_open(&peer.coap, &peer.config), PAWL_ERR_ARGUMENT);
    peer_open(&peer);
    peer.entropy.fails = true;
    CHECK_EQ(pawl_coap_open(&peer.coap, &peer.config), PAWL_ERR_ENTROPY);
}

/* ---- Echo (RFC 9175, 2.3) ---- */

static void an_echo_is_sent_back_once(void)
{
    peer_get(&peer);
    peer_acks(&peer, PAWL_COAP_CODE(4, 1), "D2 EF AABB");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 06 50 D2 D3 AABB"));
    peer_acks(&peer, PAWL_COAP_CODE(4, 1), "D2 EF CCDD");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 1));
    CHECK(peer_heard_all(&peer));
}

static void an_empty_echo_is_none(void)
{
    peer_get(&peer);
    peer_acks(&peer, PAWL_COAP_CODE(4, 1), "D0 EF");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 1));
}

static const struct check_test tests[] = {
    CHECK_TEST(a_request_is_confirmable_and_has_a_token),
    CHECK_TEST(each_request_has_a_token_and_an_id_of_its_own),
    CHECK_TEST(nothing_is_sent_without_entropy),
    CHECK_TEST(a_second_exchange_waits_for_the_first),
    CHECK_TEST(a_piggybacked_response_ends_the_exchange),
    CHECK_TEST(a_separate_response_is_acknowledged),
    CHECK_TEST(a_separate_response_may_come_first),
    CHECK_TEST(a_non_confirmable_response_is_taken_in_silence),
    CHECK_TEST(an_error_code_is_a_response),
    CHECK_TEST(an_unavailable_server_says_when_to_come_again),
    CHECK_TEST(an_acknowledgement_of_something_else_is_ignored),
    CHECK_TEST(a_shorter_token_does_not_match),
    CHECK_TEST(a_response_that_nobody_waits_for_is_reset),
    CHECK_TEST(a_reset_ends_the_exchange),
    CHECK_TEST(a_ping_is_answered_with_a_reset),
    CHECK_TEST(a_request_is_reset),
    CHECK_TEST(a_repeated_response_is_acknowledged_again),
    CHECK_TEST(a_repeated_message_that_was_reset_is_reset_again),
    CHECK_TEST(an_id_may_come_again_after_a_while),
    CHECK_TEST(an_unknown_critical_option_is_refused),
    CHECK_TEST(an_unknown_elective_option_is_ignored),
    CHECK_TEST(an_option_that_must_not_be_so_is_as_unknown),
    CHECK_TEST(what_is_no_message_is_ignored),
    CHECK_TEST(a_malformed_message_is_reset_if_confirmable),
    CHECK_TEST(a_reset_that_is_not_empty_is_ignored),
    CHECK_TEST(a_message_that_is_too_long_is_as_if_lost),
    CHECK_TEST(a_code_without_a_meaning_is_no_response),
    CHECK_TEST(the_first_timeout_is_random_within_its_bounds),
    CHECK_TEST(an_unanswered_request_is_sent_five_times),
    CHECK_TEST(a_response_to_any_of_the_copies_is_taken),
    CHECK_TEST(a_response_in_time_is_not_lost_to_a_late_step),
    CHECK_TEST(a_separate_response_is_not_waited_for_for_ever),
    CHECK_TEST(a_session_that_takes_nothing_is_waited_for),
    CHECK_TEST(nothing_is_received_while_an_answer_waits),
    CHECK_TEST(a_session_that_takes_nothing_runs_into_the_timeout),
    CHECK_TEST(the_sessions_errors_are_handed_on),
    CHECK_TEST(a_step_takes_eight_messages),
    CHECK_TEST(a_cancelled_exchange_is_forgotten),
    CHECK_TEST(a_body_is_read_after_the_response),
    CHECK_TEST(a_config_must_be_complete),
    CHECK_TEST(an_echo_is_sent_back_once),
    CHECK_TEST(an_empty_echo_is_none),
};

CHECK_MAIN(tests)
