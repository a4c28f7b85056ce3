/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BASE_BASE_H
#define PAWL_BASE_BASE_H

/* What every layer may use: bytes, CRC, wiping, comparing, big-endian. */

#include <pawl/bytes.h>
#include <pawl/status.h>
#include <stdbool.h>

#define PAWL_ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Overwrites len bytes in a way that the compiler cannot leave out. */
void pawl_wipe(void *data, size_t len);

/* Whether two ranges are equal; the time depends on len alone. */
bool pawl_equal_ct(const void *a, const void *b, size_t len);

/* Whether two views are equal. Not for secrets. */
bool pawl_bytes_equal(struct pawl_bytes a, struct pawl_bytes b);

/* Whether bytes begins with prefix. An empty prefix begins everything. */
bool pawl_bytes_begin(struct pawl_bytes bytes, struct pawl_bytes prefix);

/* CRC-32 (ISO-HDLC) of bytes, continued from crc; begin with 0. */
uint32_t pawl_crc32(uint32_t crc, const void *data, size_t len);

/* Whether bytes are UTF-8 (RFC 3629): shortest forms, no surrogates. */
bool pawl_utf8_valid(struct pawl_bytes bytes);

/* Big-endian numbers in byte arrays. */
void pawl_put_u16(uint8_t out[2], uint16_t value);
void pawl_put_u32(uint8_t out[4], uint32_t value);
void pawl_put_u64(uint8_t out[8], uint64_t value);
uint16_t pawl_get_u16(const uint8_t in[2]);
uint32_t pawl_get_u32(const uint8_t in[4]);
uint64_t pawl_get_u64(const uint8_t in[8]);

/* The length of text without its end, or max if it has none in max bytes. */
size_t pawl_text_len(const char *text, size_t max);

/*
 * Copies text with its end into out. False, and out is empty, when it does
 * not fit in cap bytes.
 */
bool pawl_text_copy(char *out, size_t cap, const char *text);

#endif
