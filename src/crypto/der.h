/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CRYPTO_DER_H
#define PAWL_CRYPTO_DER_H

/*
 * DER (ITU-T X.690, clause 10) read strictly, one element at a time. A cursor
 * is a view of what remains; each call takes one element off its front. On
 * false the cursor is where it was and nothing else is set.
 */

#include <pawl/bytes.h>
#include <stdbool.h>

#define PAWL_DER_BOOLEAN 0x01
#define PAWL_DER_INTEGER 0x02
#define PAWL_DER_BIT_STRING 0x03
#define PAWL_DER_OCTET_STRING 0x04
#define PAWL_DER_OID 0x06
#define PAWL_DER_UTF8_STRING 0x0C
#define PAWL_DER_PRINTABLE_STRING 0x13
#define PAWL_DER_UTC_TIME 0x17
#define PAWL_DER_GENERALIZED_TIME 0x18
#define PAWL_DER_SEQUENCE 0x30
#define PAWL_DER_SET 0x31
#define PAWL_DER_CONTEXT 0x80     /* | number: [number] primitive */
#define PAWL_DER_CONSTRUCTED 0x20 /* | the above */

struct pawl_der {
    uint8_t tag;
    struct pawl_bytes content;
    struct pawl_bytes whole; /* tag and length included */
};

/*
 * Takes any element. Refused: tags of more than one byte, indefinite lengths,
 * lengths that are not minimal, that go beyond rest, or beyond 24 bits.
 */
bool pawl_der_next(struct pawl_bytes *rest, struct pawl_der *item);

/* Takes an element with this tag. */
bool pawl_der_take(struct pawl_bytes *rest, uint8_t tag,
                   struct pawl_bytes *content);

/* Takes an element with this tag, head included. */
bool pawl_der_take_whole(struct pawl_bytes *rest, uint8_t tag,
                         struct pawl_bytes *whole);

/* Whether the next element has this tag. */
bool pawl_der_is(struct pawl_bytes rest, uint8_t tag);

/* Takes a non-negative INTEGER in its shortest form; content unpadded. */
bool pawl_der_take_unsigned(struct pawl_bytes *rest,
                            struct pawl_bytes *magnitude);

/* Takes a BIT STRING of whole bytes. */
bool pawl_der_take_octet_bits(struct pawl_bytes *rest,
                              struct pawl_bytes *bytes);

/* Takes a BOOLEAN, which DER writes as 00 or FF. */
bool pawl_der_take_boolean(struct pawl_bytes *rest, bool *value);

/*
 * DER written from its end to its beginning, so that each length is known
 * when it is written. Past the end of the buffer it only counts.
 */
struct pawl_der_writer {
    uint8_t *buffer;
    size_t size; /* of buffer */
    size_t need; /* bytes written so far, at the buffer's end */
};

void pawl_der_begin(struct pawl_der_writer *writer, uint8_t *buffer,
                    size_t size);
/* Puts raw bytes before what is there. */
void pawl_der_put(struct pawl_der_writer *writer, struct pawl_bytes bytes);
void pawl_der_put_byte(struct pawl_der_writer *writer, uint8_t byte);
/* Puts tag and length before all that was written since need was `since`. */
void pawl_der_wrap(struct pawl_der_writer *writer, uint8_t tag, size_t since);
/* A whole element: tag, length, content. */
void pawl_der_put_item(struct pawl_der_writer *writer, uint8_t tag,
                       struct pawl_bytes content);
/* Whether something did not fit. */
bool pawl_der_full(const struct pawl_der_writer *writer);
/* What was written; empty if it did not fit. */
struct pawl_bytes pawl_der_written(const struct pawl_der_writer *writer);

#endif
