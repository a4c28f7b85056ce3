/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"

#include "base/base.h"

/* Containers that pawl_cbor_skip() follows into one another. */
#define SKIP_DEPTH 4

/* Tags of bignums (RFC 8949, 3.4.3), which no field of ours needs. */
#define TAG_BIGNUM_POSITIVE 2
#define TAG_BIGNUM_NEGATIVE 3

/* Not the low bits of an initial byte: there is none, or it is of another type
 * than it should be. All above it, too. */
#define INFO_NONE 32u

/* Initial bytes of the simple values that are allowed (RFC 8949, 3.3). */
#define INITIAL_FALSE 0xF4
#define INITIAL_TRUE 0xF5
#define INITIAL_NULL 0xF6

/* The first error stays, and nothing is left to read after it. */
PAWL_SELDOM
static enum pawl_status fail(struct pawl_cbor *in, enum pawl_status status)
{
    if (in->status == PAWL_OK) {
        in->status = status;
    }
    in->end = in->at;
    return in->status;
}

void pawl_cbor_read(struct pawl_cbor *in, struct pawl_bytes bytes)
{
    in->at = bytes.data;
    in->end = bytes.len == 0 ? bytes.data : bytes.data + bytes.len;
    in->status = PAWL_OK;
}

size_t pawl_cbor_left(const struct pawl_cbor *in)
{
    /* A view of nothing may be NULL, and NULL - NULL is undefined. */
    return in->at == NULL ? 0 : (size_t)(in->end - in->at);
}

enum pawl_cbor_type pawl_cbor_peek(const struct pawl_cbor *in)
{
    if (in->at == in->end) {
        return PAWL_CBOR_END;
    }
    return (enum pawl_cbor_type)(*in->at >> 5);
}

/*
 * Reads an argument that follows its initial byte, in its shortest form only
 * (RFC 8949, 4.2.1); 0 where it fails. Indefinite lengths and reserved sizes
 * are 28 to 31.
 */
PAWL_SELDOM
static uint64_t long_argument(struct pawl_cbor *in, unsigned info)
{
    uint64_t number = 0;

    if (info > 27) {
        (void)fail(in, PAWL_ERR_MALFORMED);
        return 0;
    }
    size_t size = (size_t)1 << (info - 24);
    bool missing = (size_t)(in->end - in->at) - 1 < size;
    for (size_t i = 1; i <= size && !missing; i++) {
        number = number << 8 | in->at[i];
    }
    if (missing || (size == 1 ? number < 24 : number >> (size * 4) == 0)) {
        (void)fail(in, PAWL_ERR_MALFORMED);
        return 0;
    }
    in->at += 1 + size;
    return number;
}

/* Reads the head of an item that must be of type; 0 where it fails. Nearly all
 * heads have one byte or two, and are read here. */
static uint64_t head(struct pawl_cbor *in, enum pawl_cbor_type type)
{
    const uint8_t *at = in->at;
    unsigned info = INFO_NONE;

    if (at != in->end) {
        info = *at++ ^ (unsigned)type << 5;
        if (info == 24 && at != in->end && *at >= 24) {
            info = *at++;
            in->at = at;
            return info;
        }
        if (info < 24) {
            in->at = at;
            return info;
        }
    }
    return long_argument(in, info);
}

/* Reads a head whose number counts items of at least each bytes; 0 where it
 * fails. */
static size_t counted(struct pawl_cbor *in, enum pawl_cbor_type type,
                      size_t each)
{
    uint64_t number = head(in, type);

    /* Of nothing there may be no pointers that could be subtracted. */
    if (number != 0 && number > (size_t)(in->end - in->at) / each) {
        (void)fail(in, PAWL_ERR_MALFORMED);
        return 0;
    }
    return (size_t)number;
}

static enum pawl_status string(struct pawl_cbor *in, enum pawl_cbor_type type,
                               struct pawl_bytes *out)
{
    uint64_t len = head(in, type);

    *out = PAWL_NO_BYTES;
    if (in->status != PAWL_OK) {
        return in->status;
    }
    if (len > (size_t)(in->end - in->at)) {
        return fail(in, PAWL_ERR_MALFORMED);
    }
    out->data = in->at;
    out->len = (size_t)len;
    in->at += out->len;
    return PAWL_OK;
}

enum pawl_status pawl_cbor_uint(struct pawl_cbor *in, uint64_t *out)
{
    *out = head(in, PAWL_CBOR_UINT);
    return in->status;
}

enum pawl_status pawl_cbor_int(struct pawl_cbor *in, int64_t *out)
{
    if (in->at != in->end && *in->at < 24) { /* as nearly all keys are */
        *out = *in->at++;
        return PAWL_OK;
    }
    bool negative = pawl_cbor_peek(in) == PAWL_CBOR_NINT;
    uint64_t number = head(in, negative ? PAWL_CBOR_NINT : PAWL_CBOR_UINT);

    *out = 0;
    if (number > INT64_MAX) {
        return fail(in, PAWL_ERR_LIMIT);
    }
    if (in->status == PAWL_OK) {
        *out = negative ? -1 - (int64_t)number : (int64_t)number;
    }
    return in->status;
}

enum pawl_status pawl_cbor_bstr(struct pawl_cbor *in, struct pawl_bytes *out)
{
    return string(in, PAWL_CBOR_BSTR, out);
}

enum pawl_status pawl_cbor_tstr(struct pawl_cbor *in, struct pawl_bytes *out)
{
    struct pawl_bytes text;

    *out = PAWL_NO_BYTES;
    if (string(in, PAWL_CBOR_TSTR, &text) != PAWL_OK) {
        return in->status;
    }
    if (!pawl_utf8_valid(text)) {
        return fail(in, PAWL_ERR_MALFORMED);
    }
    *out = text;
    return PAWL_OK;
}

/* Reads one of the three simple values that are allowed. */
static enum pawl_status simple(struct pawl_cbor *in, uint8_t *initial)
{
    *initial = 0;
    if (in->at == in->end || *in->at < INITIAL_FALSE ||
        *in->at > INITIAL_NULL) {
        return fail(in, PAWL_ERR_MALFORMED);
    }
    *initial = *in->at++;
    return PAWL_OK;
}

enum pawl_status pawl_cbor_bool(struct pawl_cbor *in, bool *out)
{
    uint8_t initial = 0;

    *out = false;
    if (simple(in, &initial) == PAWL_OK) {
        if (initial == INITIAL_NULL) {
            return fail(in, PAWL_ERR_MALFORMED);
        }
        *out = initial == INITIAL_TRUE;
    }
    return in->status;
}

enum pawl_status pawl_cbor_null(struct pawl_cbor *in)
{
    uint8_t initial = 0;

    if (simple(in, &initial) == PAWL_OK && initial != INITIAL_NULL) {
        return fail(in, PAWL_ERR_MALFORMED);
    }
    return in->status;
}

enum pawl_status pawl_cbor_tag(struct pawl_cbor *in, uint64_t *out)
{
    *out = head(in, PAWL_CBOR_TAG);
    return in->status;
}

enum pawl_status pawl_cbor_array(struct pawl_cbor *in, size_t *count)
{
    *count = counted(in, PAWL_CBOR_ARRAY, 1);
    return in->status;
}

enum pawl_status pawl_cbor_map(struct pawl_cbor *in, size_t *count)
{
    *count = counted(in, PAWL_CBOR_MAP, 2);
    return in->status;
}

/*
 * Reads the next item, which is of type; of a tag or a container its head
 * alone. Returns the number of items in a container.
 */
static size_t skip_one(struct pawl_cbor *in, enum pawl_cbor_type type)
{
    struct pawl_bytes bytes;
    uint64_t number = 0;
    uint8_t initial = 0;

    switch (type) {
    case PAWL_CBOR_ARRAY:
        return counted(in, type, 1);
    case PAWL_CBOR_MAP: /* cannot overflow: as many bytes are left */
        return counted(in, type, 2) * 2;
    case PAWL_CBOR_BSTR:
        (void)string(in, type, &bytes);
        break;
    case PAWL_CBOR_TSTR:
        in->status = pawl_cbor_tstr(in, &bytes);
        break;
    case PAWL_CBOR_SIMPLE:
        (void)simple(in, &initial);
        break;
    case PAWL_CBOR_UINT:
    case PAWL_CBOR_NINT:
    case PAWL_CBOR_TAG:
    case PAWL_CBOR_END: /* fails */
        number = head(in, type);
        if (type == PAWL_CBOR_TAG &&
            (number == TAG_BIGNUM_POSITIVE || number == TAG_BIGNUM_NEGATIVE)) {
            (void)fail(in, PAWL_ERR_MALFORMED);
        }
        break;
    }
    return 0;
}

enum pawl_status pawl_cbor_skip(struct pawl_cbor *in, struct pawl_bytes *item)
{
    const uint8_t *begin = in->at;
    size_t left[SKIP_DEPTH + 1]; /* items to come, by depth */
    size_t depth = 0;

    left[0] = 1; /* the others are set when they are come to */
    if (item != NULL) {
        *item = PAWL_NO_BYTES;
    }
    while (depth != 0 || left[0] != 0) {
        enum pawl_cbor_type type = pawl_cbor_peek(in);
        size_t inside = skip_one(in, type);
        if (in->status != PAWL_OK) {
            return in->status;
        }
        if (type == PAWL_CBOR_TAG) {
            continue;
        }
        left[depth]--;
        if (type == PAWL_CBOR_ARRAY || type == PAWL_CBOR_MAP) {
            if (depth == SKIP_DEPTH) {
                return fail(in, PAWL_ERR_LIMIT);
            }
            left[++depth] = inside;
        }
        while (depth > 0 && left[depth] == 0) {
            depth--;
        }
    }
    if (item != NULL) {
        item->data = begin;
        item->len = (size_t)(in->at - begin);
    }
    return PAWL_OK;
}

enum pawl_status pawl_cbor_key(struct pawl_cbor *in, int64_t *key, bool first)
{
    int64_t next = 0;

    /* As nearly all keys are: of one byte, and after one that is not below 0,
     * which as an unsigned number would be large. */
    if (in->at != in->end && *in->at < 24 &&
        (first || (uint64_t)*key < *in->at)) {
        *key = *in->at++;
        return PAWL_OK;
    }
    if (pawl_cbor_int(in, &next) != PAWL_OK) {
        return in->status;
    }
    /* The order of the encodings: rising from 0, then falling from -1. */
    bool after = *key >= 0 ? next > *key || next < 0 : next < *key;
    if (!first && !after) {
        return fail(in, PAWL_ERR_MALFORMED);
    }
    *key = next;
    return PAWL_OK;
}

enum pawl_status pawl_cbor_done(struct pawl_cbor *in)
{
    if (in->status == PAWL_OK && in->at != in->end) {
        return fail(in, PAWL_ERR_MALFORMED);
    }
    return in->status;
}
