/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/peer.h"

#include "check.h"
#include "fake/hex.h"
#include <string.h>

static uint64_t monotonic_ms(void *ctx)
{
    return ((struct peer *)ctx)->now_ms;
}

static struct peer *peer_of(struct pawl_session *session)
{
    return (struct peer *)(void *)session;
}

/* ---- in place of src/session ---- */

enum pawl_status pawl_session_send(struct pawl_session *session,
                                   const void *data, size_t len, size_t *sent,
                                   struct pawl_wait *wait)
{
    struct peer *peer = peer_of(session);

    *sent = 0;
    if (peer->send_end != PAWL_OK) {
        wait->events = PAWL_WAIT_WRITABLE;
        return peer->send_end;
    }
    if (peer->sent_count == PEER_DATAGRAMS || len > PEER_DATAGRAM_MAX) {
        return PAWL_ERR_FAULT;
    }
    memcpy(peer->sent[peer->sent_count].data, data, len);
    peer->sent[peer->sent_count++].len = len;
    *sent = len;
    return PAWL_OK;
}

enum pawl_status pawl_session_receive(struct pawl_session *session, void *buf,
                                      size_t cap, size_t *received,
                                      struct pawl_wait *wait)
{
    struct peer *peer = peer_of(session);

    *received = 0;
    if (peer->said_at == peer->said_count) {
        wait->events = PAWL_WAIT_READABLE;
        return peer->end;
    }
    const struct peer_datagram *datagram = &peer->said[peer->said_at++];
    *received = datagram->len;
    if (datagram->len > cap) {
        return PAWL_ERR_TOO_SMALL;
    }
    memcpy(buf, datagram->data, *received);
    return PAWL_OK;
}

void pawl_session_accepted(struct pawl_session *session)
{
    peer_of(session)->accepted = true;
}

const struct pawl_endpoint *
pawl_session_endpoint(const struct pawl_session *session)
{
    return &((const struct peer *)(const void *)session)->endpoint;
}

/* ---- the client ---- */

void peer_open(struct peer *peer)
{
    memset(peer, 0, sizeof *peer);
    fake_entropy_open(&peer->entropy, 1);
    peer->now_ms = 1000;
    peer->end = PAWL_PENDING;
    peer->clock = (struct pawl_clock){peer, monotonic_ms, NULL, 0};
    peer->endpoint = (struct pawl_endpoint){
        .use = PAWL_USE_OTHER, .host = "192.0.2.1", .port = 5684};
    peer->config = (struct pawl_coap_config){
        .session = (struct pawl_session *)(void *)peer,
        .clock = &peer->clock,
        .entropy = &peer->entropy.entropy,
    };
    peer->request = (struct pawl_coap_request){PAWL_COAP_GET, .path = "/a"};
    CHECK_EQ(pawl_coap_open(&peer->coap, &peer->config), PAWL_OK);
}

enum pawl_status peer_step(struct peer *peer)
{
    return pawl_coap_step(&peer->coap, &peer->wait);
}

enum pawl_status peer_begin(struct peer *peer)
{
    CHECK_EQ(pawl_coap_begin(&peer->coap, &peer->request), PAWL_OK);
    return peer_step(peer);
}

void peer_get(struct peer *peer)
{
    peer_open(peer);
    CHECK_EQ(peer_begin(peer), PAWL_PENDING);
    CHECK(peer_heard(peer, 1, "B1 61 C1 06 50"));
}

enum pawl_status peer_read(struct peer *peer)
{
    enum pawl_status status = PAWL_OK;

    while (status == PAWL_OK) {
        size_t received = 0;

        status = pawl_coap_read(&peer->coap, peer->body + peer->body_len,
                                sizeof peer->body - peer->body_len, &received,
                                &peer->wait);
        CHECK((status == PAWL_OK) == (received > 0));
        peer->body_len += received;
    }
    return status;
}

bool peer_body_is(const struct peer *peer, const char *text)
{
    return peer->body_len == strlen(text) &&
           memcmp(peer->body, text, peer->body_len) == 0;
}

/* ---- the server ---- */

bool peer_heard(struct peer *peer, uint8_t code, const char *rest)
{
    uint8_t buf[PEER_DATAGRAM_MAX];
    struct pawl_bytes expected = hex(rest, buf, sizeof buf);

    if (peer->heard == peer->sent_count) {
        return false;
    }
    const struct peer_datagram *got = &peer->sent[peer->heard++];
    peer->id = (uint16_t)(got->data[2] << 8 | got->data[3]);
    memcpy(peer->token, got->data + 4, sizeof peer->token);
    return got->len == 12 + expected.len && got->data[0] == 0x48 &&
           got->data[1] == code &&
           memcmp(got->data + 12, expected.data, expected.len) == 0;
}

bool peer_heard_empty(struct peer *peer, unsigned type, uint16_t id)
{
    uint8_t expected[4] = {(uint8_t)(0x40 | type << 4), 0, (uint8_t)(id >> 8),
                           (uint8_t)id};

    if (peer->heard == peer->sent_count) {
        return false;
    }
    const struct peer_datagram *got = &peer->sent[peer->heard++];
    return got->len == 4 && memcmp(got->data, expected, 4) == 0;
}

bool peer_heard_all(const struct peer *peer)
{
    return peer->heard == peer->sent_count;
}

void peer_says_bytes(struct peer *peer, const void *data, size_t len)
{
    CHECK(peer->said_count < PEER_DATAGRAMS && len <= PEER_DATAGRAM_MAX);
    struct peer_datagram *datagram = &peer->said[peer->said_count++];

    memcpy(datagram->data, data, len);
    datagram->len = len;
}

void peer_says(struct peer *peer, const char *text)
{
    uint8_t buf[PEER_DATAGRAM_MAX];
    struct pawl_bytes bytes = hex(text, buf, sizeof buf);

    peer_says_bytes(peer, bytes.data, bytes.len);
}

void peer_sends(struct peer *peer, unsigned type, uint8_t code, uint16_t id,
                const char *rest)
{
    uint8_t buf[PEER_DATAGRAM_MAX] = {(uint8_t)(0x48 | type << 4), code,
                                      (uint8_t)(id >> 8), (uint8_t)id};
    struct pawl_bytes end = hex(rest, buf + 12, sizeof buf - 12);

    memcpy(buf + 4, peer->token, sizeof peer->token);
    peer_says_bytes(peer, buf, 12 + end.len);
}

void peer_acks(struct peer *peer, uint8_t code, const char *rest)
{
    if (code != 0) {
        peer_sends(peer, ACK, code, peer->id, rest);
        return;
    }
    uint8_t empty[4] = {0x60, 0, (uint8_t)(peer->id >> 8), (uint8_t)peer->id};
    peer_says_bytes(peer, empty, sizeof empty);
}
