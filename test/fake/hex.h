/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FAKE_HEX_H
#define PAWL_TEST_FAKE_HEX_H

/* Vectors as standards print them: hexadecimal text. */

#include <pawl/bytes.h>

static inline unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) & 0x0Fu;
}

/* Decodes text, in which spaces count for nothing, into buf. */
static inline struct pawl_bytes hex(const char *text, uint8_t *buf, size_t cap)
{
    size_t digits = 0;

    for (; *text != '\0' && digits < 2 * cap; text++) {
        if (*text != ' ') {
            unsigned high = digits % 2 == 0 ? 0 : buf[digits / 2];
            buf[digits / 2] = (uint8_t)(high << 4 | hex_digit(*text));
            digits++;
        }
    }
    return (struct pawl_bytes){buf, digits / 2};
}

#endif
