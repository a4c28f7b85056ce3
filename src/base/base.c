/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <string.h>

void pawl_wipe(void *data, size_t len)
{
    /* Volatile, so that the stores stay although nobody reads them back. */
    volatile uint8_t *at = data;

    for (size_t i = 0; i < len; i++) {
        at[i] = 0;
    }
}

bool pawl_equal_ct(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < len; i++) {
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}

bool pawl_bytes_equal(struct pawl_bytes a, struct pawl_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool pawl_bytes_begin(struct pawl_bytes bytes, struct pawl_bytes prefix)
{
    return bytes.len >= prefix.len &&
           (prefix.len == 0 ||
            memcmp(bytes.data, prefix.data, prefix.len) == 0);
}

/*
 * CRC-32 of ISO 3309 (reflected 0x04C11DB7), four bits at a time: a table of
 * 64 bytes, at a third of the time that single bits take.
 */
uint32_t pawl_crc32(uint32_t crc, const void *data, size_t len)
{
    static const uint32_t of_nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    const uint8_t *at = data;

    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ of_nibble[crc & 0x0Fu];
        crc = (crc >> 4) ^ of_nibble[crc & 0x0Fu];
    }
    return ~crc;
}

void pawl_put_u16(uint8_t out[2], uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

void pawl_put_u32(uint8_t out[4], uint32_t value)
{
    pawl_put_u16(out, (uint16_t)(value >> 16));
    pawl_put_u16(out + 2, (uint16_t)value);
}

void pawl_put_u64(uint8_t out[8], uint64_t value)
{
    pawl_put_u32(out, (uint32_t)(value >> 32));
    pawl_put_u32(out + 4, (uint32_t)value);
}

uint16_t pawl_get_u16(const uint8_t in[2])
{
    return (uint16_t)((unsigned)in[0] << 8 | in[1]);
}

uint32_t pawl_get_u32(const uint8_t in[4])
{
    return (uint32_t)pawl_get_u16(in) << 16 | pawl_get_u16(in + 2);
}

uint64_t pawl_get_u64(const uint8_t in[8])
{
    return (uint64_t)pawl_get_u32(in) << 32 | pawl_get_u32(in + 4);
}

size_t pawl_text_len(const char *text, size_t max)
{
    size_t len = 0;

    while (len < max && text[len] != '\0') {
        len++;
    }
    return len;
}

bool pawl_text_copy(char *out, size_t cap, const char *text)
{
    size_t len = pawl_text_len(text, cap);

    if (len == cap) {
        if (cap > 0) {
            out[0] = '\0';
        }
        return false;
    }
    memcpy(out, text, len + 1);
    return true;
}
