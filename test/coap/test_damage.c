/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every truncation and every flipped bit of a response: it is never taken for
 * what it was not, where the protocol can tell. (DTLS lets none of this
 * through; a server that is wrong may send it.)
 */
#include "check.h"
#include "coap/peer.h"
#include <string.h>

static struct peer peer;

#define CONTENT PAWL_COAP_CODE(2, 5)
#define A16 "FF 61616161616161616161616161616161"
#define TEXT_A "aaaaaaaaaaaaaaaa"

/* Places in the response below. */
#define CODE_AT 1
#define TOKEN_END 12
#define OPTIONS_END 17
#define PAYLOAD_AT 18

/* A client that has read the first block of a body and asked for the second,
 * and the good answer to that: ETag, Block2 1/0/16, a byte. */
static struct peer_datagram *ask(void)
{
    peer_open(&peer);
    peer.config.block_size = 16;
    CHECK_EQ(pawl_coap_open(&peer.coap, &peer.config), PAWL_OK);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C0 50"));
    peer_acks(&peer, CONTENT, "41 AA D1 06 08 " A16);
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer_read(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 C1 10"));
    peer_acks(&peer, CONTENT, "41 AA D1 06 10 FF 62");
    return &peer.said[peer.said_count - 1];
}

static void the_whole_response_is_taken(void)
{
    CHECK_EQ(ask()->len, PAYLOAD_AT + 1);
    CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
    CHECK(peer_body_is(&peer, TEXT_A "b"));
}

/* A bit of the payload is not the protocol's, and a confirmable response is as
 * good as one in an acknowledgement. All else is noticed. */
static void every_flipped_bit_is_noticed(void)
{
    unsigned noticed = 0;

    for (size_t bit = 0; bit < (PAYLOAD_AT + 1) * 8; bit++) {
        struct peer_datagram *response = ask();

        response->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool may_pass = bit / 8 == PAYLOAD_AT || bit == 5; /* ACK to CON */
        enum pawl_status status = peer_read(&peer);
        if (may_pass) {
            CHECK_EQ(status, PAWL_ERR_CLOSED);
            CHECK_EQ(peer.body_len, sizeof TEXT_A);
        } else {
            CHECK(status != PAWL_ERR_CLOSED);
            CHECK(peer_body_is(&peer, TEXT_A));
            noticed++;
        }
    }
    CHECK_EQ(noticed, (PAYLOAD_AT + 1) * 8 - 9);
}

/* Where only the payload is gone it was an empty last block. */
static void every_truncation_is_noticed(void)
{
    for (size_t len = 0; len <= PAYLOAD_AT; len++) {
        struct peer_datagram *response = ask();

        response->len = len;
        enum pawl_status status = peer_read(&peer);
        CHECK(len == OPTIONS_END ? status == PAWL_ERR_CLOSED
                                 : status != PAWL_ERR_CLOSED);
        CHECK(peer_body_is(&peer, TEXT_A));
    }
}

/* The client goes on as if what it ignored had been lost. */
static void what_was_ignored_may_come_again_whole(void)
{
    unsigned again = 0;

    for (size_t bit = 0; bit < TOKEN_END * 8; bit++) {
        struct peer_datagram whole, *response = ask();

        whole = *response;
        response->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (peer_read(&peer) == PAWL_PENDING) {
            peer_says_bytes(&peer, whole.data, whole.len);
            CHECK_EQ(peer_read(&peer), PAWL_ERR_CLOSED);
            CHECK(peer_body_is(&peer, TEXT_A "b"));
            again++;
        }
    }
    CHECK(again > TOKEN_END * 8 - 20);
}

/* Two flipped bits, anywhere: nothing is taken that the sanitizers or the
 * bounds of a body would object to. */
static void two_flipped_bits_do_no_harm(void)
{
    for (size_t a = 0; a < (PAYLOAD_AT + 1) * 8; a++) {
        for (size_t b = 0; b < a; b++) {
            struct peer_datagram *response = ask();

            response->data[a / 8] ^= (uint8_t)(1u << a % 8);
            response->data[b / 8] ^= (uint8_t)(1u << b % 8);
            (void)peer_read(&peer);
            CHECK(peer.body_len <= sizeof TEXT_A + 1);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(the_whole_response_is_taken),
    CHECK_TEST(every_flipped_bit_is_noticed),
    CHECK_TEST(every_truncation_is_noticed),
    CHECK_TEST(what_was_ignored_may_come_again_whole),
    CHECK_TEST(two_flipped_bits_do_no_harm),
};

CHECK_MAIN(tests)
