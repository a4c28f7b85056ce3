/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a response means: pieces of a payload that it answers (Block1), blocks
 * of a body (Block2), states of an observation.
 *
 * Invariant: the pieces that pawl_coap_read() hands out are of one
 * representation, each begins where the one before ended, and all have the
 * same code and ETag.
 */
#include <string.h>

#include "base/base.h"
#include "coap/coap_internal.h"

#define CONTINUE PAWL_COAP_CODE(2, 31)
#define UNAUTHORIZED PAWL_COAP_CODE(4, 1)
#define TOO_LARGE PAWL_COAP_CODE(4, 13)
#define MAX_AGE_S 60u /* RFC 7252, 5.10.5 */
/* RFC 7641, 3.4: what is that much newer by our clock is newer. */
#define REORDERED_MS 128000u
/* RFC 7641, 3.3.1: how long after Max-Age we ask again; and a spread of it. */
#define LATE_MS 5000u
#define SPREAD_MS 40u

/* ---- a payload in pieces (RFC 7959, 2.3, 2.5) ---- */

/* The server wants smaller pieces: all of it again (RFC 7959, 2.9.3). */
static bool starts_again(struct pawl_coap *coap, uint8_t code,
                         struct pawl_bytes value)
{
    struct coap_block block;
    bool fetch = coap->request.method == PAWL_COAP_FETCH;

    if (code != TOO_LARGE || value.data == NULL || coap->sent_len == 0 ||
        fetch || !pawl_coap_block(value, &block) || block.szx >= coap->szx) {
        return false;
    }
    coap->szx = block.szx;
    coap->sent_at = 0;
    coap->request_tag++; /* another body (RFC 9175, 3.5.1) */
    return true;
}

/* PAWL_OK: the payload is through. PAWL_PENDING: its next piece follows. */
static enum pawl_status after_piece(struct pawl_coap *coap, uint8_t code,
                                    struct pawl_bytes value)
{
    uint32_t end = coap->sent_at + coap->sent_len;
    bool pieces =
        coap->sent_len > 0 && coap->sent_len < coap->request.payload.len;
    bool last = end == coap->request.payload.len || !pieces;
    struct coap_block block;

    if (starts_again(coap, code, value)) {
        return PAWL_PENDING;
    }
    if (PAWL_COAP_CLASS(code) != 2) {
        return PAWL_OK;
    }
    if (code == CONTINUE && last) {
        return PAWL_ERR_PROTOCOL; /* there is nothing to go on with */
    }
    if (value.data == NULL) {
        return last ? PAWL_OK : PAWL_ERR_PROTOCOL;
    }
    if (!pawl_coap_block(value, &block) ||
        block.number != coap->sent_at >> (coap->szx + 4)) {
        return PAWL_ERR_PROTOCOL;
    }
    coap->szx = block.szx < coap->szx ? block.szx : coap->szx;
    coap->sent_at = last ? coap->sent_at : end;
    return last ? PAWL_OK : PAWL_PENDING;
}

/* ---- a body in blocks (RFC 7959, 2.4) ---- */

/* Whether our request has said how long a block may be. */
static bool asked_for_size(const struct pawl_coap *coap)
{
    return coap->reading || coap->request.method == PAWL_COAP_GET ||
           coap->request.method == PAWL_COAP_FETCH;
}

static enum pawl_status judge_block(struct pawl_coap *coap,
                                    struct pawl_bytes value, size_t len,
                                    struct coap_block *block)
{
    if (value.data == NULL) {
        *block = (struct coap_block){.szx = coap->szx};
        return coap->asked_at == 0 ? PAWL_OK : PAWL_ERR_PROTOCOL;
    }
    size_t size = pawl_coap_block(value, block) ? (size_t)16 << block->szx : 0;

    if (size == 0 || block->at != coap->asked_at || len > size ||
        (block->more && len != size) ||
        (block->szx > coap->szx && asked_for_size(coap))) {
        return PAWL_ERR_PROTOCOL;
    }
    coap->szx = block->szx < coap->szx ? block->szx : coap->szx;
    return PAWL_OK;
}

/* Whether a later block is of the representation that the first one was of. */
static enum pawl_status same_as_before(struct pawl_coap *coap, uint8_t code,
                                       struct pawl_bytes etag)
{
    const struct pawl_coap_response *response = &coap->response;

    if (PAWL_COAP_CLASS(code) != 2) {
        coap->response.code = code;
        return PAWL_ERR_REFUSED;
    }
    if (code != response->code) {
        return PAWL_ERR_PROTOCOL;
    }
    return pawl_bytes_equal(
               etag, (struct pawl_bytes){response->etag, response->etag_len})
               ? PAWL_OK
               : PAWL_ERR_BUSY;
}

static void fill_response(struct pawl_coap_response *response, uint8_t code,
                          const struct coap_options *options)
{
    const struct pawl_bytes *value = options->value;
    struct pawl_bytes etag = value[PLACE_ETAG];

    memset(response, 0, sizeof *response);
    response->code = code;
    response->has_format = value[PLACE_FORMAT].data != NULL;
    response->format = (uint16_t)pawl_coap_uint(value[PLACE_FORMAT], 0);
    response->max_age_s = pawl_coap_uint(value[PLACE_MAX_AGE], MAX_AGE_S);
    response->size = pawl_coap_uint(value[PLACE_SIZE2], 0);
    response->etag_len = (uint8_t)etag.len;
    if (etag.len > 0) {
        memcpy(response->etag, etag.data, etag.len);
    }
}

/* Hands out the block's bytes from the offset on that was asked for. One that
 * lies before it is not handed out, and the offset's own comes next: the
 * server has chosen smaller blocks than we asked for. */
static void take_from_offset(struct pawl_coap *coap,
                             const struct coap_block *block,
                             struct pawl_bytes body)
{
    uint32_t offset = coap->request.offset;
    size_t skip = offset > block->at ? offset - block->at : 0;

    coap->next_at = block->at + (uint32_t)body.len;
    if (skip < body.len) {
        coap->body = (struct pawl_bytes){body.data + skip, body.len - skip};
    } else if (skip > 0) {
        coap->next_at = offset & ~((16u << coap->szx) - 1u);
    }
}

/* Takes the payload as what is read next. */
static enum pawl_status take_body(struct pawl_coap *coap,
                                  const struct coap_message *message,
                                  const struct coap_options *options)
{
    struct coap_block block = {0};
    struct pawl_bytes body = message->payload;
    enum pawl_status status = PAWL_OK;
    bool success = PAWL_COAP_CLASS(message->code) == 2;

    if (coap->reading) {
        status =
            same_as_before(coap, message->code, options->value[PLACE_ETAG]);
    }
    if (status == PAWL_OK && success) {
        status =
            judge_block(coap, options->value[PLACE_BLOCK2], body.len, &block);
    }
    if (status != PAWL_OK) {
        return status;
    }
    if (!coap->reading) {
        fill_response(&coap->response, message->code, options);
    }
    coap->more = block.more;
    coap->body = PAWL_NO_BYTES;
    if (success) {
        take_from_offset(coap, &block, body);
    } else {
        coap->body = body; /* what it says of the error */
    }
    return PAWL_OK;
}

/* ---- an observation (RFC 7641, 3.4) ---- */

static bool is_newer(const struct pawl_coap *coap, uint32_t number)
{
    uint32_t ahead = (number - coap->observe_number) & 0xFFFFFFu;

    return (ahead != 0 && ahead < 1u << 23) ||
           pawl_coap_now(coap) > coap->observe_ms + REORDERED_MS;
}

/* Whether the observation lives after this message, as the newest we have. */
static void note_state(struct pawl_coap *coap, uint8_t code,
                       const struct coap_options *options)
{
    struct pawl_bytes observe = options->value[PLACE_OBSERVE];
    uint64_t max_age_s =
        pawl_coap_uint(options->value[PLACE_MAX_AGE], MAX_AGE_S);

    coap->observing = PAWL_COAP_CLASS(code) == 2 && observe.data != NULL;
    coap->observe_number = pawl_coap_uint(observe, 0);
    coap->observe_ms = pawl_coap_now(coap);
    coap->fresh_until_ms = coap->observe_ms + max_age_s * 1000u + LATE_MS +
                           coap->observe_token[0] * SPREAD_MS;
}

enum pawl_status pawl_coap_notification(struct pawl_coap *coap,
                                        const struct coap_message *message)
{
    struct coap_options options;
    enum pawl_status status = pawl_coap_options(message, &options);
    struct pawl_bytes observe = options.value[PLACE_OBSERVE];
    bool waits = coap->state == COAP_OBSERVING ||
                 (!coap->reading && coap->observe != OBSERVE_NONE);

    if (status != PAWL_OK) {
        return status;
    }
    if (PAWL_COAP_CLASS(message->code) == 2 && observe.data != NULL &&
        (coap->observe == OBSERVE_CANCEL ||
         !is_newer(coap, pawl_coap_uint(observe, 0)))) {
        return PAWL_PENDING;
    }
    note_state(coap, message->code, &options);
    if (!waits) {
        coap->stale = true; /* fetched once what is being read is through */
        return PAWL_PENDING;
    }
    coap->reading = false;
    coap->asked_at = 0;
    status = take_body(coap, message, &options);
    coap->response.observed = coap->observing;
    return status;
}

/* ---- any response ---- */

enum pawl_status pawl_coap_response(struct pawl_coap *coap,
                                    const struct coap_message *message,
                                    struct pawl_bytes *echo)
{
    struct coap_options options;
    enum pawl_status status = pawl_coap_options(message, &options);

    *echo = PAWL_NO_BYTES;
    if (status != PAWL_OK) {
        return status;
    }
    if (message->code == UNAUTHORIZED && !coap->echoed &&
        options.value[PLACE_ECHO].data != NULL) {
        coap->echoed = true; /* once (RFC 9175, 2.3) */
        *echo = options.value[PLACE_ECHO];
        return PAWL_PENDING;
    }
    status = after_piece(coap, message->code, options.value[PLACE_BLOCK1]);
    if (status == PAWL_OK) {
        status = take_body(coap, message, &options);
    }
    if (status == PAWL_OK && coap->observe != OBSERVE_NONE) {
        note_state(coap, message->code, &options);
        coap->observing = coap->observing && coap->observe != OBSERVE_CANCEL;
    }
    if (status == PAWL_OK) {
        coap->response.observed = coap->observing;
    }
    return status;
}
