/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does a certificate name this server? RFC 9525: subjectAltName alone, never
 * the common name; no wildcards, because a device knows its server's name.
 */
#include <string.h>

#include "base/base.h"
#include "crypto/der.h"
#include "crypto/x509.h"

#define DNS_NAME (PAWL_DER_CONTEXT | 2)
#define IP_ADDRESS (PAWL_DER_CONTEXT | 7)
#define NAME_MAX_LEN 253 /* RFC 1035, without the dot of the root */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes 0 to 255 in decimal, without leading zeros. */
static bool take_decimal(const char **text, uint8_t *byte)
{
    unsigned value = 0;
    const char *at = *text;

    while (*at >= '0' && *at <= '9' && at - *text < 3) {
        value = value * 10 + (unsigned)(*at - '0');
        at++;
    }
    if (at == *text || value > 255 || (**text == '0' && at - *text > 1)) {
        return false;
    }
    *byte = (uint8_t)value;
    *text = at;
    return true;
}

static bool parse_ipv4(const char *text, uint8_t address[4])
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.') {
            return false;
        }
        if (!take_decimal(&text, &address[i])) {
            return false;
        }
    }
    return *text == '\0';
}

/* Takes one to four hexadecimal digits. */
static bool take_group(const char **text, uint8_t group[2])
{
    unsigned value = 0;
    size_t count = 0;

    for (; count < 4 && hex_digit(**text) >= 0; count++) {
        value = value << 4 | (unsigned)hex_digit(**text);
        (*text)++;
    }
    pawl_put_u16(group, (uint16_t)value);
    return count > 0;
}

/* Moves what was read behind a gap to the address's end; zeros between. */
static void close_gap(uint8_t address[16], size_t gap, size_t len)
{
    uint8_t moved[16] = {0};

    memcpy(moved, address, gap);
    memcpy(moved + 16 - (len - gap), address + gap, len - gap);
    memcpy(address, moved, sizeof moved);
}

/* RFC 4291, 2.2, forms 1 and 2. */
static bool parse_ipv6(const char *text, uint8_t address[16])
{
    size_t len = 0;
    size_t gap = SIZE_MAX; /* where "::" stood */

    memset(address, 0, 16);
    if (text[0] == ':' && text[1] == ':') {
        gap = 0;
        text += 2;
    }
    while (*text != '\0') {
        if (len == 16 || !take_group(&text, address + len)) {
            return false;
        }
        len += 2;
        if (*text == ':') {
            text++;
            if (*text == ':' && gap == SIZE_MAX) {
                gap = len;
                text++;
            } else if (*text == '\0' || *text == ':') {
                return false;
            }
        } else if (*text != '\0') {
            return false;
        }
    }
    if (gap == SIZE_MAX) {
        return len == 16;
    }
    close_gap(address, gap, len);
    return len < 16;
}

static size_t parse_address(const char *text, uint8_t address[16])
{
    if (parse_ipv4(text, address)) {
        return 4;
    }
    return parse_ipv6(text, address) ? 16 : 0;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool same_host(struct pawl_bytes entry, const char *name, size_t len)
{
    if (entry.len != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (entry.data[i] == '*' ||
            lower(entry.data[i]) != lower((uint8_t)name[i])) {
            return false;
        }
    }
    return true;
}

bool pawl_x509_has_name(const struct pawl_x509 *cert, const char *name)
{
    uint8_t address[16];
    size_t len = pawl_text_len(name, NAME_MAX_LEN + 1);
    size_t address_len = parse_address(name, address);
    struct pawl_bytes wanted = {address, address_len};
    struct pawl_bytes rest = cert->alt_names;
    struct pawl_der entry;

    if (len == 0 || len > NAME_MAX_LEN) {
        return false;
    }
    while (rest.len > 0 && pawl_der_next(&rest, &entry)) {
        if (address_len > 0 ? entry.tag == IP_ADDRESS &&
                                  pawl_bytes_equal(entry.content, wanted)
                            : entry.tag == DNS_NAME &&
                                  same_host(entry.content, name, len)) {
            return true;
        }
    }
    return false;
}
