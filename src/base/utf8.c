/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

/* What a lead byte promises: how many bytes follow, and the range in which
 * the first of them must lie (RFC 3629, 4: it excludes overlong forms,
 * surrogates and what is above U+10FFFF). */
struct lead {
    uint8_t first, last;     /* of the lead byte */
    uint8_t follow;          /* continuation bytes */
    uint8_t lowest, highest; /* of the first continuation byte */
};

static const struct lead leads[] = {
    {0x00, 0x7F, 0, 0, 0},       {0xC2, 0xDF, 1, 0x80, 0xBF},
    {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF}, {0xF1, 0xF3, 3, 0x80, 0xBF},
    {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(leads); i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

/* The length of the character at the start of at, or 0 if it is none. */
static size_t character(const uint8_t *at, size_t left)
{
    const struct lead *lead = lead_of(at[0]);

    if (lead == NULL || lead->follow >= left) {
        return 0;
    }
    for (size_t i = 1; i <= lead->follow; i++) {
        uint8_t lowest = i == 1 ? lead->lowest : 0x80;
        uint8_t highest = i == 1 ? lead->highest : 0xBF;

        if (at[i] < lowest || at[i] > highest) {
            return 0;
        }
    }
    return (size_t)lead->follow + 1;
}

bool pawl_utf8_valid(struct pawl_bytes bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        if (bytes.data[at] < 0x80) { /* nearly all text */
            at++;
            continue;
        }
        size_t len = character(bytes.data + at, bytes.len - at);

        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}
