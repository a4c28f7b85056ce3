/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One exchange (RFC 7252, 4.2 and 5.2):
 *
 *     IDLE -begin-> SEND -> WAIT -> BODY -read-> SEND (next block) ...
 *                    ^       |  ^                -> IDLE
 *                    +-------+  |                -> OBSERVING -> BODY
 *               no answer: again|                      |
 *                            ACKED                     +-> SEND: not fresh
 *
 * WAIT goes to ACKED when the response will come by itself. Any state may
 * become FAILED, from which the next exchange may begin.
 *
 * Invariants: a response is taken only with the token of the request under
 * way, one in an acknowledgement only with its message id too (5.3.2). A
 * message of the server that needs an answer is answered before the next one
 * is received.
 */
#include <string.h>

#include "base/base.h"
#include "coap/coap_internal.h"

#define ACK_TIMEOUT_MS 2000u /* 4.8 */
#define ACK_TIMEOUT_LIMIT_MS 60000u
#define MAX_RETRANSMIT 4
#define MAX_RETRANSMIT_LIMIT 12
#define MAX_TRANSMIT_WAIT_MS 93000u  /* 4.8.2 */
#define EXCHANGE_LIFETIME_MS 247000u /* 4.8.2 */
#define STEP_MESSAGES 8
#define BLOCK_SIZE_MAX 1024

uint64_t pawl_coap_now(const struct pawl_coap *coap)
{
    const struct pawl_clock *clock = coap->config.clock;

    return clock->monotonic_ms(clock->ctx);
}

/* ---- open ---- */

static bool config_good(const struct pawl_coap_config *config)
{
    uint16_t size = config->block_size;
    bool size_good = size == 0 || (size >= 16 && size <= BLOCK_SIZE_MAX &&
                                   (size & (size - 1u)) == 0);

    return config->session != NULL && config->clock != NULL &&
           config->clock->monotonic_ms != NULL && config->entropy != NULL &&
           config->entropy->fill != NULL && size_good &&
           config->ack_timeout_ms <= ACK_TIMEOUT_LIMIT_MS &&
           config->max_retransmit <= MAX_RETRANSMIT_LIMIT;
}

static void set_defaults(struct pawl_coap_config *config)
{
    if (config->block_size == 0) {
        config->block_size = BLOCK_SIZE_MAX;
    }
    while (config->block_size > PAWL_COAP_MESSAGE_MAX / 2 &&
           config->block_size + 128 > PAWL_COAP_MESSAGE_MAX) {
        config->block_size /= 2;
    }
    if (config->ack_timeout_ms == 0) {
        config->ack_timeout_ms = ACK_TIMEOUT_MS;
    }
    if (config->max_retransmit == 0) {
        config->max_retransmit = MAX_RETRANSMIT;
    }
    if (config->response_timeout_ms == 0) {
        config->response_timeout_ms = MAX_TRANSMIT_WAIT_MS;
    }
}

static enum pawl_status fill(const struct pawl_coap *coap, void *buf,
                             size_t len)
{
    const struct pawl_entropy *entropy = coap->config.entropy;

    return entropy->fill(entropy->ctx, buf, len);
}

enum pawl_status pawl_coap_open(struct pawl_coap *coap,
                                const struct pawl_coap_config *config)
{
    if (!config_good(config)) {
        return PAWL_ERR_ARGUMENT;
    }
    memset(coap, 0, sizeof *coap);
    coap->config = *config;
    set_defaults(&coap->config);
    /* Where the counting begins is not to be guessed (4.4). */
    return fill(coap, &coap->message_id, sizeof coap->message_id);
}

/* ---- the beginning of an exchange ---- */

/* Queues the next message, with a token of its own unless it is about the
 * observation that there is. */
static enum pawl_status send_next(struct pawl_coap *coap,
                                  enum coap_observe observe,
                                  struct pawl_bytes echo)
{
    uint8_t random[COAP_TOKEN_SIZE + 2];
    uint64_t first_ms = coap->config.ack_timeout_ms;
    enum pawl_status status = fill(coap, random, sizeof random);

    if (status != PAWL_OK) {
        return status;
    }
    memcpy(coap->token, random, sizeof coap->token);
    if (observe == OBSERVE_REGISTER && !coap->observing) {
        memcpy(coap->observe_token, random, sizeof coap->observe_token);
    } else if (observe != OBSERVE_NONE) {
        memcpy(coap->token, coap->observe_token, sizeof coap->token);
    }
    coap->message_id++;
    coap->observe = (uint8_t)observe;
    status = pawl_coap_write(coap, observe, echo);
    if (status == PAWL_OK) {
        coap->state = COAP_SEND;
        coap->tries = 0;
        /* Between one and one and a half times ACK_TIMEOUT (4.8). */
        coap->timeout_ms =
            first_ms +
            (first_ms * pawl_get_u16(random + COAP_TOKEN_SIZE) >> 17);
        coap->deadline_ms = pawl_coap_now(coap) + coap->timeout_ms;
    }
    return status;
}

static void begin_body(struct pawl_coap *coap, uint32_t offset)
{
    coap->reading = coap->echoed = coap->stale = false;
    coap->body = PAWL_NO_BYTES;
    coap->asked_at = offset & ~((16u << coap->szx) - 1u);
    coap->sent_at = 0;
}

enum pawl_status pawl_coap_begin(struct pawl_coap *coap,
                                 const struct pawl_coap_request *request)
{
    enum pawl_status status = PAWL_ERR_LIMIT;
    bool fetch = request->method == PAWL_COAP_FETCH;

    if (coap->state != COAP_IDLE && coap->state != COAP_FAILED) {
        return PAWL_ERR_STATE;
    }
    if (!pawl_coap_is_request(request)) {
        return PAWL_ERR_ARGUMENT;
    }
    if (request->payload.len >
        (fetch ? coap->config.block_size : (size_t)INT32_MAX)) {
        return PAWL_ERR_LIMIT;
    }
    coap->request = *request;
    coap->szx = 0;
    while (16u << coap->szx < coap->config.block_size) {
        coap->szx++;
    }
    begin_body(coap, request->offset);
    coap->request_tag++;
    for (;;) { /* with long options only a smaller block fits */
        status =
            send_next(coap, request->observe ? OBSERVE_REGISTER : OBSERVE_NONE,
                      PAWL_NO_BYTES);
        if (status != PAWL_ERR_LIMIT || coap->szx == 0 || fetch ||
            request->payload.len == 0) {
            return status;
        }
        coap->szx--;
    }
}

static bool is_under_way(const struct pawl_coap *coap)
{
    return coap->state == COAP_SEND || coap->state == COAP_WAIT ||
           coap->state == COAP_ACKED;
}

enum pawl_status pawl_coap_cancel(struct pawl_coap *coap)
{
    bool told = is_under_way(coap) && coap->observe == OBSERVE_CANCEL;
    enum pawl_status status = PAWL_OK;

    coap->state = COAP_IDLE;
    begin_body(coap, 0);
    if (coap->observing && !told) {
        status = send_next(coap, OBSERVE_CANCEL, PAWL_NO_BYTES);
        if (status == PAWL_OK) {
            return status;
        }
    }
    coap->observing = coap->stale = false;
    return status;
}

/* Ends the exchange. Of an observation only what was being read is lost when
 * it changed meanwhile. */
static enum pawl_status fail(struct pawl_coap *coap, enum pawl_status status)
{
    coap->reading = false;
    coap->body = PAWL_NO_BYTES;
    if (status == PAWL_ERR_BUSY && (coap->observing || coap->stale)) {
        coap->stale = true;
        coap->state = COAP_OBSERVING;
        return status;
    }
    coap->observing = coap->stale = false;
    coap->state = COAP_FAILED;
    coap->failure = status;
    return status;
}

/* ---- what arrives ---- */

/* Says type to the message with this id (4.2). */
static void reply(struct pawl_coap *coap, enum coap_type type, uint16_t id)
{
    coap->reply[0] = (uint8_t)(1u << 6 | (unsigned)type << 4);
    coap->reply[1] = COAP_EMPTY;
    pawl_put_u16(coap->reply + 2, id);
    coap->reply_len = COAP_HEADER_SIZE;
}

/* Answers a message once, and remembers the answer; a message that needs none
 * is only remembered. */
static void answer(struct pawl_coap *coap, const struct coap_message *message,
                   enum coap_type type)
{
    if (type != COAP_NON_CONFIRMABLE) {
        reply(coap, type, message->id);
    }
    coap->seen[coap->seen_at].at_ms = pawl_coap_now(coap);
    coap->seen[coap->seen_at].id = message->id;
    coap->seen[coap->seen_at].answer = (uint8_t)type;
    coap->seen_at = (uint8_t)((coap->seen_at + 1u) % PAWL_COAP_SEEN_MAX);
}

/* Whether the server has sent this before; it is answered as it was (4.5). */
static bool is_repeated(struct pawl_coap *coap,
                        const struct coap_message *message)
{
    uint64_t now = pawl_coap_now(coap);

    for (size_t i = 0; i < PAWL_COAP_SEEN_MAX; i++) {
        if (coap->seen[i].answer != 0 && coap->seen[i].id == message->id &&
            now - coap->seen[i].at_ms < EXCHANGE_LIFETIME_MS) {
            if (coap->seen[i].answer != COAP_NON_CONFIRMABLE &&
                message->type == COAP_CONFIRMABLE) {
                reply(coap, (enum coap_type)coap->seen[i].answer, message->id);
            }
            return true;
        }
    }
    return false;
}

static bool has_token(const struct coap_message *message,
                      const uint8_t token[COAP_TOKEN_SIZE])
{
    return pawl_bytes_equal(message->token,
                            (struct pawl_bytes){token, COAP_TOKEN_SIZE});
}

/* Whether the request under way was sent at least once. */
static bool was_sent(const struct pawl_coap *coap)
{
    return coap->state == COAP_WAIT || coap->state == COAP_ACKED ||
           (coap->state == COAP_SEND && coap->tries > 0);
}

/* The response to what was asked. PAWL_OK: its body can be read. */
static enum pawl_status on_response(struct pawl_coap *coap,
                                    const struct coap_message *message)
{
    struct pawl_bytes echo;
    enum pawl_status status = pawl_coap_response(coap, message, &echo);

    if (status >= 0 && PAWL_COAP_CLASS(message->code) == 2) {
        pawl_session_accepted(coap->config.session);
    }
    if (status == PAWL_PENDING) {
        status = send_next(coap, (enum coap_observe)coap->observe, echo);
        return status == PAWL_OK ? PAWL_PENDING : status;
    }
    return status;
}

/* Classes 2, 4 and 5; 3 has no meaning yet (12.1.2). */
static bool is_response(const struct coap_message *message)
{
    unsigned class = PAWL_COAP_CLASS(message->code);

    return class == 2 || class == 4 || class == 5;
}

/* An acknowledgement or a Reset. What is not for us is ignored (4.2). */
static enum pawl_status on_answer(struct pawl_coap *coap,
                                  const struct coap_message *message)
{
    if (!was_sent(coap) || message->id != coap->message_id) {
        return PAWL_PENDING;
    }
    if (message->type == COAP_RESET) {
        return PAWL_ERR_REFUSED;
    }
    if (message->code == COAP_EMPTY && coap->state != COAP_ACKED) {
        coap->state = COAP_ACKED;
        coap->deadline_ms =
            pawl_coap_now(coap) + coap->config.response_timeout_ms;
    }
    return is_response(message) && has_token(message, coap->token)
               ? on_response(coap, message)
               : PAWL_PENDING;
}

/*
 * A message that the server sends by itself: a separate response or a
 * notification. A request or an empty one is not for a client: a Reset (4.2,
 * 4.3), and so is a response that nobody waits for (RFC 7641, 3.6).
 */
static enum pawl_status on_arrival(struct pawl_coap *coap,
                                   const struct coap_message *message)
{
    bool confirmable = message->type == COAP_CONFIRMABLE;
    enum pawl_status status = PAWL_PENDING;
    enum coap_type type =
        confirmable ? COAP_ACKNOWLEDGEMENT : COAP_NON_CONFIRMABLE;

    if (!is_response(message)) {
        type = confirmable ? COAP_RESET : type;
    } else if (coap->observing && has_token(message, coap->observe_token)) {
        status = pawl_coap_notification(coap, message);
    } else if (was_sent(coap) && has_token(message, coap->token)) {
        status = on_response(coap, message);
    } else {
        type = COAP_RESET;
    }
    if (status == PAWL_ERR_UNSUPPORTED) {
        type = COAP_RESET; /* 5.4.1 */
    }
    answer(coap, message, type);
    return status;
}

/* PAWL_OK: there is a body to read. PAWL_PENDING: there is none yet. */
static enum pawl_status on_datagram(struct pawl_coap *coap,
                                    struct pawl_bytes datagram)
{
    struct coap_message message;
    enum pawl_status status = pawl_coap_parse(datagram, &message);
    bool answers =
        message.type == COAP_ACKNOWLEDGEMENT || message.type == COAP_RESET;

    if (status == PAWL_ERR_UNSUPPORTED ||
        (!answers && is_repeated(coap, &message))) {
        return PAWL_PENDING;
    }
    if (status == PAWL_ERR_MALFORMED) {
        if (message.type == COAP_CONFIRMABLE) {
            answer(coap, &message, COAP_RESET); /* 4.2 */
        }
        return PAWL_PENDING;
    }
    status = answers ? on_answer(coap, &message) : on_arrival(coap, &message);
    if (status == PAWL_OK) {
        coap->state = COAP_BODY;
    }
    return status;
}

/* ---- sending, receiving, time ---- */

static enum pawl_status send(const struct pawl_coap *coap, const uint8_t *data,
                             size_t len, struct pawl_wait *wait)
{
    size_t sent = 0;
    enum pawl_status status =
        pawl_session_send(coap->config.session, data, len, &sent, wait);

    /* A datagram goes whole or not at all. */
    return status == PAWL_OK && sent != len ? PAWL_ERR_FAULT : status;
}

/* Sends what waits: an answer first. PAWL_OK: nothing waits any more. */
static enum pawl_status flush(struct pawl_coap *coap, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    if (coap->reply_len > 0) {
        status = send(coap, coap->reply, coap->reply_len, wait);
        if (status != PAWL_OK) {
            return status;
        }
        coap->reply_len = 0;
    }
    if (coap->state == COAP_SEND) {
        status = send(coap, coap->out, coap->out_len, wait);
        if (status == PAWL_OK) {
            coap->state = COAP_WAIT;
        }
    }
    return status;
}

/* Receives one datagram and acts on it. *took: there was one. */
static enum pawl_status receive(struct pawl_coap *coap, struct pawl_wait *wait,
                                bool *took)
{
    size_t len = 0;
    enum pawl_status status = pawl_session_receive(
        coap->config.session, coap->in, sizeof coap->in, &len, wait);

    *took = status == PAWL_OK || status == PAWL_ERR_TOO_SMALL;
    if (status == PAWL_ERR_TOO_SMALL) {
        return PAWL_PENDING; /* too long for us: as if it was lost */
    }
    if (status != PAWL_OK) {
        return status;
    }
    return on_datagram(coap, (struct pawl_bytes){coap->in, len});
}

/* What is due by the clock (4.2; RFC 7641, 3.3.1). */
static enum pawl_status check_time(struct pawl_coap *coap)
{
    enum pawl_status status = PAWL_OK;

    if (pawl_coap_now(coap) < coap->deadline_ms) {
        return PAWL_PENDING;
    }
    if (coap->state == COAP_OBSERVING) {
        begin_body(coap, 0);
        status = send_next(coap, OBSERVE_REGISTER, PAWL_NO_BYTES);
        return status == PAWL_OK ? PAWL_PENDING : status;
    }
    if (coap->state == COAP_ACKED ||
        coap->tries == coap->config.max_retransmit) {
        return PAWL_ERR_TIMEOUT;
    }
    coap->tries++;
    coap->retransmissions++;
    coap->timeout_ms *= 2;
    coap->deadline_ms = pawl_coap_now(coap) + coap->timeout_ms;
    coap->state = COAP_SEND;
    return PAWL_PENDING;
}

/* Both lanes of the session, its deadline, and ours. */
static void fill_wait(const struct pawl_coap *coap, struct pawl_wait *wait,
                      const struct pawl_wait lanes[2])
{
    wait->events = lanes[0].events | lanes[1].events | PAWL_WAIT_DEADLINE;
    wait->deadline_ms = coap->deadline_ms;
    for (size_t i = 0; i < 2; i++) {
        if ((lanes[i].events & PAWL_WAIT_DEADLINE) != 0 &&
            lanes[i].deadline_ms < wait->deadline_ms) {
            wait->deadline_ms = lanes[i].deadline_ms;
        }
    }
}

/* Receives until nothing has come, a body is there, or it is enough for one
 * step. What waits to be sent goes out between two messages. */
static enum pawl_status take_messages(struct pawl_coap *coap,
                                      struct pawl_wait lanes[2])
{
    for (unsigned i = 0; i < STEP_MESSAGES; i++) {
        bool took = false;
        enum pawl_status status = flush(coap, &lanes[0]);

        if (status < 0) {
            return status;
        }
        if (coap->reply_len > 0) {
            return PAWL_PENDING;
        }
        status = receive(coap, &lanes[1], &took);
        if (!took || status != PAWL_PENDING) {
            return status;
        }
    }
    lanes[1].events = PAWL_WAIT_NOTHING;
    return PAWL_PENDING;
}

/* Goes on until there is a body, or nothing to do but to wait. */
static enum pawl_status drive(struct pawl_coap *coap, struct pawl_wait *wait)
{
    struct pawl_wait lanes[2] = {{0}, {0}};
    enum pawl_status status = take_messages(coap, lanes);

    if (status == PAWL_PENDING) {
        status = check_time(coap);
    }
    if (status < 0) {
        status = fail(coap, status);
    }
    enum pawl_status flushed = flush(coap, &lanes[0]); /* the last answer */
    if (flushed < 0 && status >= 0) {
        status = fail(coap, flushed);
    }
    if (status == PAWL_PENDING) {
        fill_wait(coap, wait, lanes);
    }
    return status;
}

/* ---- what the caller asks for ---- */

/* The next request of what was begun; a failure ends it. */
static enum pawl_status go_on(struct pawl_coap *coap)
{
    enum pawl_status status = send_next(coap, OBSERVE_NONE, PAWL_NO_BYTES);

    return status == PAWL_OK ? status : fail(coap, status);
}

enum pawl_status pawl_coap_step(struct pawl_coap *coap, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    switch ((enum coap_state)coap->state) {
    case COAP_IDLE:
        return PAWL_ERR_STATE;
    case COAP_FAILED:
        return coap->failure;
    case COAP_BODY:
        return PAWL_OK;
    case COAP_OBSERVING:
        if (coap->stale) { /* there is a newer state than what was read */
            begin_body(coap, 0);
            status = go_on(coap);
        }
        break;
    case COAP_SEND:
    case COAP_WAIT:
    case COAP_ACKED:
        break;
    }
    return status == PAWL_OK ? drive(coap, wait) : status;
}

static void end_body(struct pawl_coap *coap)
{
    coap->reading = false;
    coap->deadline_ms = coap->fresh_until_ms;
    coap->state = coap->observing || coap->stale ? COAP_OBSERVING : COAP_IDLE;
}

/* Hands out what is there of the block. */
static size_t take_bytes(struct pawl_coap *coap, void *buf, size_t cap)
{
    size_t len = cap < coap->body.len ? cap : coap->body.len;

    memcpy(buf, coap->body.data, len);
    coap->body.data += len;
    coap->body.len -= len;
    return len;
}

/* Goes on to where there may be bytes. PAWL_ERR_CLOSED: there are no more. */
static enum pawl_status next_block(struct pawl_coap *coap,
                                   struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    switch ((enum coap_state)coap->state) {
    case COAP_IDLE:
    case COAP_OBSERVING:
        return PAWL_ERR_CLOSED;
    case COAP_FAILED:
        return coap->failure;
    case COAP_BODY:
        if (!coap->more) {
            end_body(coap);
            return PAWL_ERR_CLOSED;
        }
        coap->reading = true;
        coap->asked_at = coap->next_at;
        status = go_on(coap);
        break;
    case COAP_SEND:
    case COAP_WAIT:
    case COAP_ACKED:
        break;
    }
    if (!coap->reading) {
        return status == PAWL_OK ? PAWL_ERR_STATE : status;
    }
    return status == PAWL_OK ? drive(coap, wait) : status;
}

enum pawl_status pawl_coap_read(struct pawl_coap *coap, void *buf, size_t cap,
                                size_t *received, struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    *received = 0;
    if (cap == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    while (status == PAWL_OK && coap->body.len == 0) {
        status = next_block(coap, wait);
    }
    if (status == PAWL_OK) {
        *received = take_bytes(coap, buf, cap);
    }
    return status;
}
