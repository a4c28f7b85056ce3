/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

/* Values that are not one of the 64 digits. */
#define PADDING 64u
#define LINE_END 65u
#define FOREIGN 66u

static unsigned value_of(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (unsigned)byte - 'A';
    }
    if (byte >= 'a' && byte <= 'z') {
        return (unsigned)byte - 'a' + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return (unsigned)byte - '0' + 52;
    }
    switch (byte) {
    case '+':
        return 62;
    case '/':
        return 63;
    case '=':
        return PADDING;
    case '\r':
    case '\n':
        return LINE_END;
    default:
        return FOREIGN;
    }
}

struct decoder {
    uint32_t bits;    /* digits of the present group of four */
    unsigned digits;  /* how many of them, padding included */
    unsigned padding; /* how many of those are padding */
    uint8_t *out;
    size_t room, len; /* len may exceed room: then it only counts */
};

static void emit(struct decoder *decoder, uint8_t byte)
{
    if (decoder->len < decoder->room) {
        decoder->out[decoder->len] = byte;
    }
    decoder->len++;
}

/* Four digits are three bytes, less one for each '='. False: loose bits. */
static bool end_group(struct decoder *decoder)
{
    uint32_t bits = decoder->bits;

    if (decoder->padding > 2 ||
        (bits & ((1u << (8 * decoder->padding)) - 1)) != 0) {
        return false;
    }
    emit(decoder, (uint8_t)(bits >> 16));
    if (decoder->padding < 2) {
        emit(decoder, (uint8_t)(bits >> 8));
    }
    if (decoder->padding < 1) {
        emit(decoder, (uint8_t)bits);
    }
    decoder->bits = 0;
    decoder->digits = 0;
    return true;
}

static bool take_digit(struct decoder *decoder, unsigned value)
{
    bool is_padding = value == PADDING;

    if (value == FOREIGN || (decoder->padding > 0 && !is_padding)) {
        return false; /* behind the padding comes nothing */
    }
    decoder->bits = decoder->bits << 6 | (is_padding ? 0 : value);
    decoder->digits++;
    decoder->padding += is_padding ? 1 : 0;
    return decoder->digits < 4 || end_group(decoder);
}

enum pawl_status pawl_base64_decode(struct pawl_bytes text, uint8_t *out,
                                    size_t *len)
{
    struct decoder decoder = {0};

    decoder.out = out;
    decoder.room = *len;
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = value_of(text.data[i]);

        if (value != LINE_END && !take_digit(&decoder, value)) {
            return PAWL_ERR_MALFORMED;
        }
    }
    if (decoder.digits != 0) {
        return PAWL_ERR_MALFORMED;
    }
    *len = decoder.len;
    return decoder.len <= decoder.room ? PAWL_OK : PAWL_ERR_TOO_SMALL;
}

/* One to three bytes as four digits. */
static void encode_group(const uint8_t *in, size_t count, char out[4])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)in[0] << 16;

    bits |= count > 1 ? (uint32_t)in[1] << 8 : 0;
    bits |= count > 2 ? in[2] : 0;
    out[0] = digits[bits >> 18];
    out[1] = digits[bits >> 12 & 0x3F];
    out[2] = count > 1 ? digits[bits >> 6 & 0x3F] : '=';
    out[3] = count > 2 ? digits[bits & 0x3F] : '=';
}

enum pawl_status pawl_base64_encode(struct pawl_bytes bytes, char *out,
                                    size_t *len)
{
    size_t groups = bytes.len / 3 + (bytes.len % 3 != 0 ? 1 : 0);
    size_t room = *len;

    if (groups > SIZE_MAX / 4) {
        return PAWL_ERR_LIMIT;
    }
    *len = groups * 4;
    if (*len > room) {
        return PAWL_ERR_TOO_SMALL;
    }
    for (size_t i = 0; i < groups; i++) {
        size_t left = bytes.len - 3 * i;

        encode_group(bytes.data + 3 * i, left < 3 ? left : 3, out + 4 * i);
    }
    return PAWL_OK;
}
