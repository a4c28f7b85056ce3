/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_coap.h"

#include <pawl/coap.h>

#include <stdio.h>
#include <string.h>

#define LARGE_MAX 65536

/* What the words say. */
struct order {
    char what[16], path[64];
    unsigned long number, block, ack_timeout_ms, retransmissions;
};

static struct pawl_coap coap;
static uint8_t large[LARGE_MAX];

static void take_words(struct order *order, const char *words)
{
    memset(order, 0, sizeof *order);
    if (strncmp(words, "get:", 4) == 0) {
        (void)sscanf(words, "%15[^:]:%63[^:]:%lu:%lu", order->what, order->path,
                     &order->ack_timeout_ms, &order->retransmissions);
    } else if (strncmp(words, "observe:", 8) == 0) {
        (void)sscanf(words, "%15[^:]:%63[^:]:%lu:%lu:%lu", order->what,
                     order->path, &order->number, &order->ack_timeout_ms,
                     &order->retransmissions);
    } else {
        (void)sscanf(words, "%15[^:]:%63[^:]:%lu:%lu:%lu:%lu", order->what,
                     order->path, &order->number, &order->block,
                     &order->ack_timeout_ms, &order->retransmissions);
    }
}

/* Steps until there is a response. */
static enum pawl_status answer(struct speech *speech)
{
    struct pawl_wait wait;
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING) {
        status = pawl_coap_step(&coap, &wait);
        if (status == PAWL_PENDING && speak_rest(speech, &wait) != PAWL_OK) {
            status = PAWL_ERR_TIMEOUT;
        }
    }
    speech->coap_code = coap.response.code;
    return status;
}

/* Reads the body; compares it with expected, if that is not NULL. */
static enum pawl_status read_all(struct speech *speech, const uint8_t *expected,
                                 size_t len)
{
    enum pawl_status status = PAWL_OK;
    struct pawl_wait wait;
    size_t at = 0;
    bool same = true;

    while (status == PAWL_OK) {
        char buf[200];
        size_t received = 0;

        status = pawl_coap_read(&coap, buf, sizeof buf, &received, &wait);
        if (status == PAWL_PENDING) {
            status = speak_rest(speech, &wait);
        } else if (status == PAWL_OK && expected != NULL) {
            same = same && received <= len - at &&
                   memcmp(buf, expected + at, received) == 0;
            at += same ? received : 0;
        } else if (status == PAWL_OK) {
            speak_keep(speech, buf, received);
        }
    }
    speech->same = speech->same && same && at == len;
    return status == PAWL_ERR_CLOSED ? PAWL_OK : status;
}

static enum pawl_status exchange(struct speech *speech,
                                 const struct pawl_coap_request *request,
                                 const uint8_t *expected, size_t len)
{
    enum pawl_status status = pawl_coap_begin(&coap, request);

    if (status == PAWL_OK) {
        status = answer(speech);
    }
    return status == PAWL_OK ? read_all(speech, expected, len) : status;
}

static enum pawl_status observe(struct speech *speech,
                                const struct order *order)
{
    const struct pawl_coap_request request = {
        PAWL_COAP_GET, .path = order->path, .observe = true};
    enum pawl_status status = pawl_coap_begin(&coap, &request);

    for (unsigned long i = 0; i < order->number && status == PAWL_OK; i++) {
        status = answer(speech);
        if (status == PAWL_OK && !coap.response.observed) {
            status = PAWL_ERR_REFUSED;
        }
        speech->notifications++;
        if (status == PAWL_OK) {
            status = read_all(speech, NULL, 0);
        }
    }
    if (status == PAWL_OK) {
        status = pawl_coap_cancel(&coap);
    }
    if (status == PAWL_OK) {
        status = answer(speech);
    }
    return status == PAWL_OK ? read_all(speech, NULL, 0) : status;
}

static enum pawl_status put(struct speech *speech, const char *path, size_t len)
{
    const struct pawl_coap_request request = {
        PAWL_COAP_PUT, .path = path, .payload = {large, len},
        .content_format = PAWL_COAP_FORMAT(42) /* octet-stream */
    };
    enum pawl_status status = exchange(speech, &request, large, 0);

    if (status == PAWL_OK && PAWL_COAP_CLASS(coap.response.code) != 2) {
        status = PAWL_ERR_REFUSED;
    }
    return status;
}

/*
 * Puts the first len bytes of large and gets them again. libcoap's server
 * (4.3.1) obeys a request that reaches it a second time once more, though RFC
 * 7252, 4.2 forbids that: of a body in blocks, the last of which was sent
 * again, it keeps that block alone. Such a body is put anew, and only such a
 * one: where nothing was sent again, it must be the same at once.
 */
static enum pawl_status put_and_get(struct speech *speech, const char *path,
                                    size_t len)
{
    const struct pawl_coap_request request = {PAWL_COAP_GET, .path = path};
    enum pawl_status status = PAWL_ERR_FAULT;

    for (int tries = 0; tries < 10; tries++) {
        uint32_t before = coap.retransmissions;

        speech->same = true;
        status = put(speech, path, len);
        bool again = coap.retransmissions != before;
        if (status == PAWL_OK) {
            status = exchange(speech, &request, large, len);
        }
        if (status != PAWL_OK || speech->same || !again) {
            break;
        }
    }
    return status;
}

static enum pawl_status move_large(struct speech *speech,
                                   const struct order *order)
{
    size_t len = order->number < LARGE_MAX ? order->number : LARGE_MAX;
    const struct pawl_coap_request rest = {PAWL_COAP_GET, .path = order->path,
                                           .offset = (uint32_t)len / 2 + 3};

    for (size_t i = 0; i < len; i++) {
        large[i] = (uint8_t)(i * 7 + i / 251);
    }
    enum pawl_status status = put_and_get(speech, order->path, len);
    if (status == PAWL_OK) {
        status =
            exchange(speech, &rest, large + rest.offset, len - rest.offset);
    }
    return status;
}

enum pawl_status speak_coap(struct pawl_session *session, struct speech *speech,
                            const char *words)
{
    struct order order;
    enum pawl_status status = PAWL_ERR_FAULT;

    take_words(&order, words);
    const struct pawl_coap_config config = {
        .session = session,
        .clock = speech->clock,
        .entropy = speech->entropy,
        .block_size = (uint16_t)order.block,
        .ack_timeout_ms = (uint32_t)order.ack_timeout_ms,
        .max_retransmit = (uint8_t)order.retransmissions,
        .response_timeout_ms = 10000,
    };
    const struct pawl_coap_request request = {PAWL_COAP_GET,
                                              .path = order.path};
    speech->same = true;
    status = pawl_coap_open(&coap, &config);
    if (status != PAWL_OK) {
        return status;
    }
    if (strcmp(order.what, "get") == 0) {
        status = exchange(speech, &request, NULL, 0);
    } else if (strcmp(order.what, "observe") == 0) {
        status = observe(speech, &order);
    } else {
        status = move_large(speech, &order);
    }
    speech->retransmissions = coap.retransmissions;
    return status;
}
