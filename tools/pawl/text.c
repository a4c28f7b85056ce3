/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"
#include "tool.h"
#include <string.h>

#define ELEMENTS_MAX 8
#define ELEMENT_MAX 32 /* bytes */

void tool_hex(char *out, struct pawl_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        *out++ = digits[bytes.data[i] >> 4];
        *out++ = digits[bytes.data[i] & 0x0F];
    }
    *out = '\0';
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

    return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

/* Hex digits up to end. */
static bool unhex(const char *text, const char *end, uint8_t *out, size_t cap,
                  size_t *len)
{
    size_t count = (size_t)(end - text);

    *len = 0;
    if (count % 2 != 0 || count / 2 > cap) {
        return false;
    }
    for (size_t i = 0; i < count; i += 2) {
        int high = digit(text[i]), low = digit(text[i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[(*len)++] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool tool_unhex(const char *text, uint8_t *out, size_t cap, size_t *len)
{
    return unhex(text, text + strlen(text), out, cap, len);
}

bool tool_number(const char **at, size_t skip, uint64_t *value)
{
    const char *first = *at + skip;
    const char *end = first;

    *value = 0;
    for (; *end >= '0' && *end <= '9'; end++) {
        unsigned next = (unsigned)(*end - '0');

        if (*value > (UINT64_MAX - next) / 10) {
            return false;
        }
        *value = *value * 10 + next;
    }
    *at = end;
    return end != first;
}

bool tool_uuid(const char *text, uint8_t out[16])
{
    char digits[33];
    size_t count = 0, len = 0;

    if (strlen(text) != 36) {
        return false;
    }
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash != (text[i] == '-')) {
            return false;
        }
        if (!dash) {
            digits[count++] = text[i];
        }
    }
    digits[count] = '\0';
    return tool_unhex(digits, out, 16, &len) && len == 16;
}

bool tool_component(const char *text, uint8_t *out, size_t cap, size_t *len)
{
    uint8_t elements[ELEMENTS_MAX][ELEMENT_MAX];
    size_t lens[ELEMENTS_MAX], count = 0;
    struct pawl_cbor_out writer;
    struct pawl_bytes bytes;

    for (const char *at = text;; at++) {
        const char *end = at + strcspn(at, "/");

        if (count == ELEMENTS_MAX ||
            !unhex(at, end, elements[count], ELEMENT_MAX, &lens[count])) {
            return false;
        }
        count++;
        if (*end == '\0') {
            break;
        }
        at = end;
    }
    pawl_cbor_write(&writer, out, cap);
    pawl_cbor_put_array(&writer, count);
    for (size_t i = 0; i < count; i++) {
        pawl_cbor_put_bstr(&writer, (struct pawl_bytes){elements[i], lens[i]});
    }
    *len = writer.len;
    return pawl_cbor_written(&writer, &bytes) == PAWL_OK;
}
