/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#include <string.h>

/*
 * Reads the length behind a tag at in[1]. Sets *head to the bytes of tag and
 * length together.
 */
static bool read_length(struct pawl_bytes in, size_t *head, size_t *len)
{
    size_t count = 0;

    if (in.len < 2) {
        return false;
    }
    if (in.data[1] < 0x80) {
        *head = 2;
        *len = in.data[1];
        return true;
    }
    count = in.data[1] & 0x7Fu;
    if (count == 0 || count > 3 || in.len - 2 < count) {
        return false; /* indefinite, too long, or cut off */
    }
    *len = 0;
    for (size_t i = 0; i < count; i++) {
        *len = *len << 8 | in.data[2 + i];
    }
    *head = 2 + count;
    /* The shortest form only: X.690, 10.1. */
    return *len >= 0x80 && *len >> (8 * (count - 1)) != 0;
}

bool pawl_der_next(struct pawl_bytes *rest, struct pawl_der *item)
{
    size_t head = 0;
    size_t len = 0;

    if (!read_length(*rest, &head, &len) || (rest->data[0] & 0x1Fu) == 0x1F ||
        len > rest->len - head) {
        return false;
    }
    item->tag = rest->data[0];
    item->content = (struct pawl_bytes){rest->data + head, len};
    item->whole = (struct pawl_bytes){rest->data, head + len};
    rest->data += head + len;
    rest->len -= head + len;
    return true;
}

/* Takes an element with this tag, or leaves rest alone. */
static bool take(struct pawl_bytes *rest, uint8_t tag, struct pawl_der *item)
{
    struct pawl_bytes at = *rest;

    if (!pawl_der_next(&at, item) || item->tag != tag) {
        return false;
    }
    *rest = at;
    return true;
}

bool pawl_der_take(struct pawl_bytes *rest, uint8_t tag,
                   struct pawl_bytes *content)
{
    struct pawl_der item;

    if (!take(rest, tag, &item)) {
        return false;
    }
    *content = item.content;
    return true;
}

bool pawl_der_take_whole(struct pawl_bytes *rest, uint8_t tag,
                         struct pawl_bytes *whole)
{
    struct pawl_der item;

    if (!take(rest, tag, &item)) {
        return false;
    }
    *whole = item.whole;
    return true;
}

bool pawl_der_is(struct pawl_bytes rest, uint8_t tag)
{
    return rest.len > 0 && rest.data[0] == tag;
}

bool pawl_der_take_unsigned(struct pawl_bytes *rest,
                            struct pawl_bytes *magnitude)
{
    struct pawl_bytes at = *rest;
    struct pawl_bytes number;

    if (!pawl_der_take(&at, PAWL_DER_INTEGER, &number) || number.len == 0 ||
        number.data[0] >= 0x80) {
        return false;
    }
    if (number.len > 1 && number.data[0] == 0) {
        if (number.data[1] < 0x80) {
            return false; /* padded without need: X.690, 8.3.2 */
        }
        number.data++;
        number.len--;
    }
    *magnitude = number;
    *rest = at;
    return true;
}

bool pawl_der_take_octet_bits(struct pawl_bytes *rest, struct pawl_bytes *bytes)
{
    struct pawl_bytes at = *rest;
    struct pawl_bytes bits;

    if (!pawl_der_take(&at, PAWL_DER_BIT_STRING, &bits) || bits.len == 0 ||
        bits.data[0] != 0) {
        return false;
    }
    *bytes = (struct pawl_bytes){bits.data + 1, bits.len - 1};
    *rest = at;
    return true;
}

bool pawl_der_take_boolean(struct pawl_bytes *rest, bool *value)
{
    struct pawl_bytes at = *rest;
    struct pawl_bytes content;

    if (!pawl_der_take(&at, PAWL_DER_BOOLEAN, &content) || content.len != 1 ||
        (content.data[0] != 0x00 && content.data[0] != 0xFF)) {
        return false;
    }
    *value = content.data[0] == 0xFF;
    *rest = at;
    return true;
}

void pawl_der_begin(struct pawl_der_writer *writer, uint8_t *buffer,
                    size_t size)
{
    writer->buffer = buffer;
    writer->size = size;
    writer->need = 0;
}

bool pawl_der_full(const struct pawl_der_writer *writer)
{
    return writer->need > writer->size;
}

struct pawl_bytes pawl_der_written(const struct pawl_der_writer *writer)
{
    if (pawl_der_full(writer)) {
        return PAWL_NO_BYTES;
    }
    return (struct pawl_bytes){writer->buffer + writer->size - writer->need,
                               writer->need};
}

void pawl_der_put(struct pawl_der_writer *writer, struct pawl_bytes bytes)
{
    writer->need += bytes.len;
    if (!pawl_der_full(writer) && bytes.len > 0) {
        memcpy(writer->buffer + writer->size - writer->need, bytes.data,
               bytes.len);
    }
}

void pawl_der_put_byte(struct pawl_der_writer *writer, uint8_t byte)
{
    pawl_der_put(writer, (struct pawl_bytes){&byte, 1});
}

void pawl_der_wrap(struct pawl_der_writer *writer, uint8_t tag, size_t since)
{
    size_t len = writer->need - since;
    uint8_t count = 0;

    if (len < 0x80) {
        pawl_der_put_byte(writer, (uint8_t)len);
    } else {
        for (; len > 0; len >>= 8) {
            pawl_der_put_byte(writer, (uint8_t)len);
            count++;
        }
        pawl_der_put_byte(writer, (uint8_t)(0x80 | count));
    }
    pawl_der_put_byte(writer, tag);
}

void pawl_der_put_item(struct pawl_der_writer *writer, uint8_t tag,
                       struct pawl_bytes content)
{
    size_t since = writer->need;

    pawl_der_put(writer, content);
    pawl_der_wrap(writer, tag, since);
}
