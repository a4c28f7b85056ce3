/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include <string.h>

void pawl_cbor_write(struct pawl_cbor_out *out, uint8_t *buf, size_t cap)
{
    out->buf = buf;
    out->cap = cap;
    out->len = 0;
}

/* Counts what does not fit; a length that wrapped stays too large to fit. */
static void append(struct pawl_cbor_out *out, const uint8_t *data, size_t len)
{
    if (len > SIZE_MAX - out->len) {
        out->len = SIZE_MAX;
        return;
    }
    if (len != 0 && out->len <= out->cap && len <= out->cap - out->len) {
        memcpy(out->buf + out->len, data, len);
    }
    out->len += len;
}

/* The shortest head (RFC 8949, 4.2.1). */
static void put_head(struct pawl_cbor_out *out, enum pawl_cbor_type type,
                     uint64_t value)
{
    uint8_t bytes[9];
    size_t size = 0;
    unsigned info = (unsigned)value;

    if (value >= 24) {
        info = 24;
        size = 1;
        while (size < 8 && value >> (8 * size) != 0) {
            size *= 2;
            info++;
        }
        for (size_t i = 0; i < size; i++) {
            bytes[size - i] = (uint8_t)(value >> (8 * i));
        }
    }
    bytes[0] = (uint8_t)((unsigned)type << 5 | info);
    append(out, bytes, size + 1);
}

void pawl_cbor_put_uint(struct pawl_cbor_out *out, uint64_t value)
{
    put_head(out, PAWL_CBOR_UINT, value);
}

void pawl_cbor_put_int(struct pawl_cbor_out *out, int64_t value)
{
    if (value < 0) {
        put_head(out, PAWL_CBOR_NINT, (uint64_t)(-1 - value));
    } else {
        put_head(out, PAWL_CBOR_UINT, (uint64_t)value);
    }
}

void pawl_cbor_put_bstr_head(struct pawl_cbor_out *out, size_t len)
{
    put_head(out, PAWL_CBOR_BSTR, len);
}

void pawl_cbor_put_bstr(struct pawl_cbor_out *out, struct pawl_bytes bytes)
{
    put_head(out, PAWL_CBOR_BSTR, bytes.len);
    append(out, bytes.data, bytes.len);
}

void pawl_cbor_put_tstr(struct pawl_cbor_out *out, const char *text)
{
    size_t len = strlen(text);

    put_head(out, PAWL_CBOR_TSTR, len);
    append(out, (const uint8_t *)text, len);
}

void pawl_cbor_put_bool(struct pawl_cbor_out *out, bool value)
{
    put_head(out, PAWL_CBOR_SIMPLE, value ? 21 : 20);
}

void pawl_cbor_put_null(struct pawl_cbor_out *out)
{
    put_head(out, PAWL_CBOR_SIMPLE, 22);
}

void pawl_cbor_put_tag(struct pawl_cbor_out *out, uint64_t tag)
{
    put_head(out, PAWL_CBOR_TAG, tag);
}

void pawl_cbor_put_array(struct pawl_cbor_out *out, size_t count)
{
    put_head(out, PAWL_CBOR_ARRAY, count);
}

void pawl_cbor_put_map(struct pawl_cbor_out *out, size_t count)
{
    put_head(out, PAWL_CBOR_MAP, count);
}

void pawl_cbor_put_raw(struct pawl_cbor_out *out, struct pawl_bytes bytes)
{
    append(out, bytes.data, bytes.len);
}

enum pawl_status pawl_cbor_written(const struct pawl_cbor_out *out,
                                   struct pawl_bytes *bytes)
{
    *bytes = PAWL_NO_BYTES;
    if (out->len > out->cap) {
        return PAWL_ERR_TOO_SMALL;
    }
    bytes->data = out->buf;
    bytes->len = out->len;
    return PAWL_OK;
}
