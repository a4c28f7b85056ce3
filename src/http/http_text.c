/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/http_internal.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool pawl_text_is(struct text text, const char *word)
{
    if (text.len != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (lower(text.at[i]) != lower(word[i])) {
            return false;
        }
    }
    return true;
}

bool pawl_text_skip(struct text *text, const char *word)
{
    size_t len = strlen(word);

    if (text->len < len || memcmp(text->at, word, len) != 0) {
        return false;
    }
    text->at += len;
    text->len -= len;
    return true;
}

bool pawl_text_number(struct text *text, uint64_t *value)
{
    uint64_t number = 0;
    size_t digits = 0;

    while (digits < text->len && text->at[digits] >= '0' &&
           text->at[digits] <= '9') {
        unsigned digit = (unsigned)(text->at[digits] - '0');

        if (number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
        digits++;
    }
    text->at += digits;
    text->len -= digits;
    *value = number;
    return digits > 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pawl_text_hex(struct text *text, uint64_t *value)
{
    uint64_t number = 0;
    size_t digits = 0;

    while (digits < text->len && hex_digit(text->at[digits]) >= 0) {
        if (digits == 16) {
            return false;
        }
        number = number << 4 | (unsigned)hex_digit(text->at[digits]);
        digits++;
    }
    text->at += digits;
    text->len -= digits;
    *value = number;
    return digits > 0;
}

struct text pawl_text_trim(struct text text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 &&
           (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

bool pawl_text_item(struct text *list, struct text *item)
{
    size_t len = 0;

    if (list->len == 0) {
        return false;
    }
    while (len < list->len && list->at[len] != ',') {
        len++;
    }
    *item = pawl_text_trim((struct text){list->at, len});
    len += len < list->len; /* the comma */
    list->at += len;
    list->len -= len;
    return true;
}

bool pawl_text_is_value(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

bool pawl_text_is_token(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = lower(text.at[i]);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!plain && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return text.len > 0;
}
