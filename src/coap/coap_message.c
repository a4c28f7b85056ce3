/* SPDX-License-Identifier: Apache-2.0 */
/* The form of messages and options (RFC 7252, 3 and 5.4). */
#include <string.h>

#include "base/base.h"
#include "coap/coap_internal.h"

#define VERSION 1
#define PAYLOAD_MARKER 0xFF
#define TOKEN_MAX 8

/* ---- reading ---- */

struct option {
    uint32_t number;
    struct pawl_bytes value;
};

/* A delta or a length: 13 and 14 say that one or two bytes follow (3.1). */
static bool extended(struct pawl_bytes *in, uint32_t *value)
{
    size_t size = *value == 13 ? 1 : *value == 14 ? 2 : 0;

    if (*value == 15 || in->len < size) {
        return false;
    }
    if (size == 1) {
        *value = 13u + in->data[0];
    } else if (size == 2) {
        *value = 269u + pawl_get_u16(in->data);
    }
    in->data += size;
    in->len -= size;
    return true;
}

/*
 * Takes the next option off the front of *in. PAWL_ERR_CLOSED: there is none,
 * what is left is the payload with its marker. PAWL_ERR_MALFORMED.
 */
static enum pawl_status next_option(struct pawl_bytes *in,
                                    struct option *option)
{
    if (in->len == 0 || in->data[0] == PAYLOAD_MARKER) {
        return PAWL_ERR_CLOSED;
    }
    uint32_t delta = in->data[0] >> 4, len = in->data[0] & 15u;

    in->data++;
    in->len--;
    if (!extended(in, &delta) || !extended(in, &len) || len > in->len) {
        return PAWL_ERR_MALFORMED;
    }
    option->number += delta;
    option->value = (struct pawl_bytes){in->data, len};
    in->data += len;
    in->len -= len;
    return option->number <= UINT16_MAX ? PAWL_OK : PAWL_ERR_MALFORMED;
}

/* Options and payload: a marker is followed by at least a byte (3). */
static enum pawl_status split_rest(struct pawl_bytes rest,
                                   struct coap_message *message)
{
    struct option option = {0};
    const uint8_t *begin = rest.data;
    enum pawl_status status = PAWL_OK;

    while (status == PAWL_OK) {
        status = next_option(&rest, &option);
    }
    if (status != PAWL_ERR_CLOSED || rest.len == 1) {
        return PAWL_ERR_MALFORMED;
    }
    message->options = (struct pawl_bytes){begin, (size_t)(rest.data - begin)};
    if (rest.len > 0) {
        message->payload = (struct pawl_bytes){rest.data + 1, rest.len - 1};
    }
    return PAWL_OK;
}

/* Which code may stand in which type (4.2, 4.3, table 1). Reserved classes are
 * format errors; an empty message is four bytes, and a Reset is always one. */
static bool code_fits(const struct coap_message *message, size_t len)
{
    unsigned class = PAWL_COAP_CLASS(message->code);

    if (class == 1 || class >= 6 ||
        (message->type == COAP_RESET && message->code != COAP_EMPTY)) {
        return false;
    }
    return message->code != COAP_EMPTY || len == COAP_HEADER_SIZE;
}

enum pawl_status pawl_coap_parse(struct pawl_bytes in,
                                 struct coap_message *message)
{
    memset(message, 0, sizeof *message);
    if (in.len < COAP_HEADER_SIZE || in.data[0] >> 6 != VERSION) {
        return PAWL_ERR_UNSUPPORTED;
    }
    size_t token_len = in.data[0] & 15u;

    message->type = in.data[0] >> 4 & 3u;
    message->code = in.data[1];
    message->id = pawl_get_u16(in.data + 2);
    if (!code_fits(message, in.len) || token_len > TOKEN_MAX ||
        token_len > in.len - COAP_HEADER_SIZE) {
        return PAWL_ERR_MALFORMED;
    }
    message->token = (struct pawl_bytes){in.data + COAP_HEADER_SIZE, token_len};
    in.data += COAP_HEADER_SIZE + token_len;
    in.len -= COAP_HEADER_SIZE + token_len;
    return split_rest(in, message);
}

/* In the order of enum coap_place. */
static const struct {
    uint8_t number, min, max;
} known[PLACE_COUNT] = {
    {COAP_ETAG, 1, 8},    {COAP_OBSERVE, 0, 3}, {COAP_CONTENT_FORMAT, 0, 2},
    {COAP_MAX_AGE, 0, 4}, {COAP_BLOCK2, 0, 3},  {COAP_BLOCK1, 0, 3},
    {COAP_SIZE2, 0, 4},   {COAP_ECHO, 1, 40},
};

/* Keeps an option; false if it is one that we do not recognise. */
static bool keep(struct coap_options *options, const struct option *option)
{
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        if (known[i].number == option->number) {
            bool good = options->value[i].data == NULL &&
                        option->value.len >= known[i].min &&
                        option->value.len <= known[i].max;

            if (good) {
                options->value[i] = option->value;
            }
            return good;
        }
    }
    return false;
}

enum pawl_status pawl_coap_options(const struct coap_message *message,
                                   struct coap_options *options)
{
    struct pawl_bytes in = message->options;
    struct option option = {0};

    memset(options, 0, sizeof *options);
    while (next_option(&in, &option) == PAWL_OK) {
        bool critical = (option.number & 1u) != 0; /* 5.4.6 */

        if (!keep(options, &option) && critical) {
            return PAWL_ERR_UNSUPPORTED;
        }
    }
    return PAWL_OK;
}

uint32_t pawl_coap_uint(struct pawl_bytes value, uint32_t absent)
{
    uint32_t number = value.data != NULL ? 0 : absent;

    for (size_t i = 0; i < value.len; i++) {
        number = number << 8 | value.data[i];
    }
    return number;
}

bool pawl_coap_block(struct pawl_bytes value, struct coap_block *block)
{
    uint32_t number = pawl_coap_uint(value, 0);

    block->szx = number & 7u;
    block->more = (number & 8u) != 0;
    block->number = number >> 4;
    block->at = block->number << (block->szx + 4);
    return block->szx <= COAP_SZX_MAX;
}

/* ---- writing ---- */

void pawl_coap_put(struct coap_out *out, const void *data, size_t len)
{
    if (len > 0 && out->len <= out->cap && len <= out->cap - out->len) {
        memcpy(out->buf + out->len, data, len);
    }
    out->len = len <= SIZE_MAX - out->len ? out->len + len : SIZE_MAX;
}

/* The four bits of a delta or a length; what does not fit is a byte of its
 * own. Nothing that we write is over 268: then it would take two. */
static uint8_t nibble(size_t value, uint8_t *more, size_t *at)
{
    if (value < 13) {
        return (uint8_t)value;
    }
    more[(*at)++] = (uint8_t)(value - 13);
    return 13;
}

void pawl_coap_put_head(struct coap_out *out, uint32_t number, size_t len)
{
    uint8_t head[3];
    size_t at = 1;
    uint8_t high = nibble(number - out->number, head, &at);

    head[0] = (uint8_t)(high << 4 | nibble(len, head, &at));
    pawl_coap_put(out, head, at);
    out->number = number;
}

void pawl_coap_put_uint(struct coap_out *out, uint32_t number, uint32_t value)
{
    uint8_t bytes[4];
    size_t skip = 0;

    pawl_put_u32(bytes, value);
    while (skip < sizeof bytes && bytes[skip] == 0) {
        skip++;
    }
    pawl_coap_put_head(out, number, sizeof bytes - skip);
    pawl_coap_put(out, bytes + skip, sizeof bytes - skip);
}
