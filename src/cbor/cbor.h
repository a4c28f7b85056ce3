/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CBOR_CBOR_H
#define PAWL_CBOR_CBOR_H

/*
 * Deterministic CBOR (RFC 8949, 4.2.1), read strictly: definite lengths,
 * shortest heads, no floats, no bignums, no simple values but false, true
 * and null. A reader is a cursor over bytes of the caller's: nothing is
 * copied, nothing recurses, and each view that it gives points into them.
 *
 * A reader remembers its first error: after it every call fails with the
 * same status, so a sequence of reads may be checked once at its end.
 */

#include <pawl/bytes.h>
#include <pawl/status.h>
#include <stdbool.h>

enum pawl_cbor_type {
    PAWL_CBOR_UINT = 0,
    PAWL_CBOR_NINT = 1,
    PAWL_CBOR_BSTR = 2,
    PAWL_CBOR_TSTR = 3,
    PAWL_CBOR_ARRAY = 4,
    PAWL_CBOR_MAP = 5,
    PAWL_CBOR_TAG = 6,
    PAWL_CBOR_SIMPLE = 7, /* false, true, null */
    PAWL_CBOR_END = 8     /* nothing is left, or the reader has failed */
};

struct pawl_cbor {
    const uint8_t *at;       /* next byte */
    const uint8_t *end;      /* one behind the last */
    enum pawl_status status; /* PAWL_OK, or the first error */
};

/* Begins to read bytes, which stay the caller's and must not change. */
void pawl_cbor_read(struct pawl_cbor *in, struct pawl_bytes bytes);

/* The type of the next item, without reading it. */
enum pawl_cbor_type pawl_cbor_peek(const struct pawl_cbor *in);

/* Bytes that are not read yet. */
size_t pawl_cbor_left(const struct pawl_cbor *in);

/*
 * Each reads one item of its type into *out. PAWL_ERR_MALFORMED on another
 * type, on encodings that are not deterministic, and where bytes are missing;
 * *out is then 0, false or empty. pawl_cbor_int() reads UINT or NINT;
 * PAWL_ERR_LIMIT outside of int64_t.
 */
PAWL_MUST_USE
enum pawl_status pawl_cbor_uint(struct pawl_cbor *in, uint64_t *out);
PAWL_MUST_USE
enum pawl_status pawl_cbor_int(struct pawl_cbor *in, int64_t *out);
PAWL_MUST_USE
enum pawl_status pawl_cbor_bstr(struct pawl_cbor *in, struct pawl_bytes *out);
/* Text is checked to be UTF-8 (RFC 3629). */
PAWL_MUST_USE
enum pawl_status pawl_cbor_tstr(struct pawl_cbor *in, struct pawl_bytes *out);
PAWL_MUST_USE
enum pawl_status pawl_cbor_bool(struct pawl_cbor *in, bool *out);
PAWL_MUST_USE
enum pawl_status pawl_cbor_null(struct pawl_cbor *in);
PAWL_MUST_USE
enum pawl_status pawl_cbor_tag(struct pawl_cbor *in, uint64_t *out);

/*
 * Each reads the head of an array or map; *count is its number of items, or
 * of pairs, and never more than the bytes that are left could hold.
 */
PAWL_MUST_USE
enum pawl_status pawl_cbor_array(struct pawl_cbor *in, size_t *count);
PAWL_MUST_USE
enum pawl_status pawl_cbor_map(struct pawl_cbor *in, size_t *count);

/*
 * Skips one item with all that is in it, checked like the rest (order of map
 * keys apart). *item, unless NULL, is set to its encoding. PAWL_ERR_LIMIT
 * deeper than 4 containers.
 */
PAWL_MUST_USE
enum pawl_status pawl_cbor_skip(struct pawl_cbor *in, struct pawl_bytes *item);

/*
 * Reads the next key of a map of integer keys and checks that it is greater,
 * in deterministic order (0, 1, .. before -1, -2, ..), than *key; *key is set
 * to it. first is true for a map's first key.
 */
PAWL_MUST_USE
enum pawl_status pawl_cbor_key(struct pawl_cbor *in, int64_t *key, bool first);

/* PAWL_OK if all was read without an error and nothing is left. */
PAWL_MUST_USE
enum pawl_status pawl_cbor_done(struct pawl_cbor *in);

/*
 * A writer into a buffer of the caller's. It counts on when the buffer is
 * full, so that the length needed is known; nothing is written past cap.
 */
struct pawl_cbor_out {
    uint8_t *buf; /* may be NULL with cap 0, to measure */
    size_t cap;
    size_t len; /* bytes that the encoding has, also those beyond cap */
};

void pawl_cbor_write(struct pawl_cbor_out *out, uint8_t *buf, size_t cap);
void pawl_cbor_put_uint(struct pawl_cbor_out *out, uint64_t value);
void pawl_cbor_put_int(struct pawl_cbor_out *out, int64_t value);
void pawl_cbor_put_bstr(struct pawl_cbor_out *out, struct pawl_bytes bytes);
void pawl_cbor_put_tstr(struct pawl_cbor_out *out, const char *text);
void pawl_cbor_put_bool(struct pawl_cbor_out *out, bool value);
void pawl_cbor_put_null(struct pawl_cbor_out *out);
void pawl_cbor_put_tag(struct pawl_cbor_out *out, uint64_t tag);
void pawl_cbor_put_array(struct pawl_cbor_out *out, size_t count);
void pawl_cbor_put_map(struct pawl_cbor_out *out, size_t count);
/* The head of a byte string of len bytes, which are put after it. */
void pawl_cbor_put_bstr_head(struct pawl_cbor_out *out, size_t len);
/* Bytes that are an encoding already. */
void pawl_cbor_put_raw(struct pawl_cbor_out *out, struct pawl_bytes bytes);

/*
 * PAWL_OK if all fitted, and *bytes is the encoding; PAWL_ERR_TOO_SMALL
 * otherwise, out->len is the room needed, and *bytes is empty.
 */
PAWL_MUST_USE
enum pawl_status pawl_cbor_written(const struct pawl_cbor_out *out,
                                   struct pawl_bytes *bytes);

#endif
