/* SPDX-License-Identifier: Apache-2.0 */
/* An observation: what is newer, how it lives on, how it ends (RFC 7641). */
#include "check.h"
#include "coap/peer.h"
#include <string.h>

static struct peer peer;

#define CONTENT PAWL_COAP_CODE(2, 5)
#define A16 "FF 61616161616161616161616161616161"
#define B16 "FF 62626262626262626262626262626262"
#define TEXT_A "aaaaaaaaaaaaaaaa"
#define TEXT_B "bbbbbbbbbbbbbbbb"

static uint8_t observed[8]; /* the observation's token */

/* An observation in blocks of 16 whose first state, number 5, was read. */
static void observe(void)
{
    peer_open(&peer);
    peer.config.block_size = 16;
    CHECK_EQ(pawl_coap_open(&peer.coap, &peer.config), PAWL_OK);
    peer.request.observe = true;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "60 51 61 C0 50"));
    memcpy(observed, peer.token, sizeof observed);
    peer_acks(&peer, CONTENT, "61 05 FF 31");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "1"));
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    peer.body_len = 0;
}

/* The server notifies with this, confirmable, and it is acknowledged. */
static enum pawl_status notify(uint16_t id, const char *rest)
{
    memcpy(peer.token, observed, sizeof observed);
    peer_sends(&peer, CON, CONTENT, id, rest);
    enum pawl_status status = peer_step(&peer);
    CHECK(peer_heard_empty(&peer, ACK, id));
    return status;
}

/* 3.2 */
static void a_notification_is_a_response(void)
{
    observe();
    CHECK_EQ(notify(1, "61 06 FF 32"), PAWL_OK);
    CHECK(peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "2"));

    peer_sends(&peer, NON, CONTENT, 2, "61 07 FF 33");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "23"));
    CHECK(peer_heard_all(&peer));
}

/* 4.5 of RFC 7252: its copy is acknowledged and is no second one. */
static void a_repeated_notification_counts_once(void)
{
    observe();
    CHECK_EQ(notify(1, "61 06 FF 32"), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(notify(1, "61 07 FF 33"), PAWL_PENDING);
}

/* 3.4: newer by less than half of the 24-bit circle, or by 128 seconds. */
static void only_what_is_newer_counts(void)
{
    static const struct {
        const char *first, *next;
        uint64_t after_ms;
        enum pawl_status status;
    } rows[] = {
        {"61 06", "61 07", 0, PAWL_OK},
        {"61 06", "61 06", 0, PAWL_PENDING},         /* the same */
        {"61 06", "61 05", 0, PAWL_PENDING},         /* older */
        {"63 7FFFFF", "63 FFFFFE", 0, PAWL_OK},      /* 2^23 - 1 ahead */
        {"63 7FFFFF", "63 FFFFFF", 0, PAWL_PENDING}, /* 2^23 ahead */
        {"63 7FFFFF", "60", 0, PAWL_PENDING},        /* and behind it */
        {"63 7FFFFE", "63 FFFFFE", 0, PAWL_PENDING},
        {"61 07", "61 06", 128000, PAWL_PENDING},
        {"61 07", "61 06", 128001, PAWL_OK}, /* later by our own clock */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char first[32] = "", next[32] = "";

        /* Max-Age of 255 s, so that only the number is judged. */
        (void)strcat(strcat(first, rows[i].first), " 81 FF");
        (void)strcat(strcat(next, rows[i].next), " 81 FF");
        observe();
        CHECK_EQ(notify(1, first), PAWL_OK);
        CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
        peer.now_ms += rows[i].after_ms;
        CHECK_EQ(notify(2, next), rows[i].status);
    }
}

/* 24 bits go round. */
static void the_number_goes_round(void)
{
    observe();
    CHECK_EQ(notify(1, "63 7FFFFF"), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(notify(2, "63 FFFFFE"), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(notify(3, "61 01"), PAWL_OK);
}

/* 3.1: without the option in the answer there is no observation. */
static void a_server_may_not_observe(void)
{
    peer_open(&peer);
    peer.request.observe = true;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "60 51 61 C1 06 50"));
    peer_acks(&peer, CONTENT, "FF 31");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(!peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
}

/* 3.2: an error, or a notification without the option, ends it. */
static void the_server_may_end_it(void)
{
    observe();
    peer_sends(&peer, CON, PAWL_COAP_CODE(4, 4), 1, "61 06");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(!peer.coap.response.observed);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(4, 4));
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);

    observe();
    CHECK_EQ(notify(1, "FF 32"), PAWL_OK);
    CHECK(!peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
}

/* ---- bodies in blocks (RFC 7959, 2.6) ---- */

/* The rest is asked for with another token, and without Observe. */
static void a_long_notification_is_read_block_by_block(void)
{
    observe();
    CHECK_EQ(notify(1, "61 06 D1 04 08 " A16), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    CHECK(memcmp(peer.token, observed, sizeof observed) != 0);
    peer_acks(&peer, CONTENT, "D1 0A 10 FF 62");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A "b"));
    CHECK(peer.coap.response.observed);
    CHECK_EQ(notify(2, "61 07 FF 33"), PAWL_OK);
}

/* A newer state that comes while the old one is read is fetched afterwards. */
static void a_notification_while_reading_is_not_lost(void)
{
    observe();
    CHECK_EQ(notify(1, "61 06 D1 04 08 " A16), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    uint8_t token[8];
    uint16_t id = peer.id;

    memcpy(token, peer.token, sizeof token);
    memcpy(peer.token, observed, sizeof observed);
    peer_sends(&peer, CON, CONTENT, 2, "61 07 D1 04 08 " B16);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard_empty(&peer, ACK, 2));
    memcpy(peer.token, token, sizeof token);
    peer.id = id;
    peer_acks(&peer, CONTENT, "D1 0A 10 FF 62");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A "b"));

    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
    peer_acks(&peer, CONTENT, "FF 63");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A "bc"));
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_all(&peer));
}

/* Another ETag in the middle: what was read is void, the new state follows. */
static void a_state_that_changed_while_reading_is_fetched_anew(void)
{
    observe();
    CHECK_EQ(notify(1, "41 AA 21 06 D1 04 08 " A16), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer_acks(&peer, CONTENT, "41 BB D1 06 10 FF 62");
    CHECK_EQ(peer_read(&peer), PAWL_ERR_BUSY);
    peer.body_len = 0;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
    peer_acks(&peer, CONTENT, "41 BB FF 63");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, "c"));
    CHECK_EQ(notify(2, "61 08 FF 64"), PAWL_OK);
}

/* ---- freshness (3.3.1) ---- */

static void a_silent_server_is_asked_again_after_max_age(void)
{
    observe();
    CHECK(peer.wait.deadline_ms >= peer.now_ms + 65000);
    CHECK(peer.wait.deadline_ms <= peer.now_ms + 75200);
    peer.now_ms = peer.wait.deadline_ms - 1;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard_all(&peer));
    peer.now_ms++;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "60 51 61 C0 50"));
    CHECK_MEM(peer.token, observed, sizeof observed);
    peer_acks(&peer, CONTENT, "60 81 78 FF 32"); /* restarted: number 0 */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer.wait.deadline_ms >= peer.now_ms + 125000); /* Max-Age 120 */
}

static void a_notification_may_answer_the_second_registration(void)
{
    observe();
    peer.now_ms = peer.wait.deadline_ms;
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "60 51 61 C0 50"));
    peer_acks(&peer, 0, "");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK_EQ(notify(1, "61 04"), PAWL_PENDING); /* an old one */
    CHECK_EQ(notify(2, "61 06"), PAWL_OK);
}

static void a_server_that_is_gone_ends_it(void)
{
    enum pawl_status status = PAWL_PENDING;

    observe();
    for (unsigned i = 0; i < 6 && status == PAWL_PENDING; i++) {
        peer.now_ms = peer.wait.deadline_ms;
        status = peer_step(&peer);
    }
    CHECK_EQ(status, PAWL_ERR_TIMEOUT);
    CHECK_EQ(peer.sent_count, 1 + 5);
}

/* ---- the end (3.6) ---- */

static void the_server_is_told_that_it_is_over(void)
{
    observe();
    CHECK_EQ(pawl_coap_cancel(&peer.coap), PAWL_OK);
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "61 01 51 61 C0 50"));
    CHECK_MEM(peer.token, observed, sizeof observed);
    CHECK_EQ(notify(1, "61 06 FF 32"), PAWL_PENDING); /* on its way before */
    peer_acks(&peer, CONTENT, "61 07 FF 33"); /* with the option or without */
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(!peer.coap.response.observed);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
}

static void what_was_forgotten_is_reset(void)
{
    observe();
    CHECK_EQ(pawl_coap_cancel(&peer.coap), PAWL_OK);
    CHECK_EQ(pawl_coap_cancel(&peer.coap), PAWL_OK);
    CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
    peer_sends(&peer, NON, CONTENT, 1, "61 06 FF 32");
    peer.request.observe = false;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
    CHECK(peer_heard_empty(&peer, RST, 1));
}

static void an_unknown_critical_option_ends_it(void)
{
    observe();
    peer_sends(&peer, CON, CONTENT, 1, "61 06 30");
    CHECK_EQ(peer_step(&peer), PAWL_ERR_UNSUPPORTED);
    CHECK(peer_heard_empty(&peer, RST, 1));
}

static void an_observation_is_one_exchange(void)
{
    observe();
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_STATE);
}

/* A registration that must be echoed is another one (RFC 9175, 4.2). */
static void an_echo_at_the_registration_gets_another_token(void)
{
    uint8_t first[8];

    peer_open(&peer);
    peer.request.observe = true;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "60 51 61 C1 06 50"));
    memcpy(first, peer.token, sizeof first);
    peer_acks(&peer, PAWL_COAP_CODE(4, 1), "D1 EF AA");
    CHECK_EQ(peer_step(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "60 51 61 C1 06 50 D1 D3 AA"));
    CHECK(memcmp(peer.token, first, sizeof first) != 0);
    peer_acks(&peer, CONTENT, "60");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK(peer.coap.response.observed);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_notification_is_a_response),
    CHECK_TEST(a_repeated_notification_counts_once),
    CHECK_TEST(only_what_is_newer_counts),
    CHECK_TEST(the_number_goes_round),
    CHECK_TEST(a_server_may_not_observe),
    CHECK_TEST(the_server_may_end_it),
    CHECK_TEST(a_long_notification_is_read_block_by_block),
    CHECK_TEST(a_notification_while_reading_is_not_lost),
    CHECK_TEST(a_state_that_changed_while_reading_is_fetched_anew),
    CHECK_TEST(a_silent_server_is_asked_again_after_max_age),
    CHECK_TEST(a_notification_may_answer_the_second_registration),
    CHECK_TEST(a_server_that_is_gone_ends_it),
    CHECK_TEST(the_server_is_told_that_it_is_over),
    CHECK_TEST(what_was_forgotten_is_reset),
    CHECK_TEST(an_unknown_critical_option_ends_it),
    CHECK_TEST(an_observation_is_one_exchange),
    CHECK_TEST(an_echo_at_the_registration_gets_another_token),
};

CHECK_MAIN(tests)
