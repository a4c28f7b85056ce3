/* SPDX-License-Identifier: Apache-2.0 */

/* Reading and writing of single values. Nothing here depends on a locale. */

#define _GNU_SOURCE 1
#include "config_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_MAX 10000000000   /* year 2286; times a rate it fits 64 bits */
#define RATE_MILLI_MAX 100000000u /* a day in a second, and a little more */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Decimal digits and nothing else, at most max. */
static bool parse_digits(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (!is_digit(*text) || number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *value = number;
    return true;
}

/* Copies text of allowed characters, 1 to cap - 1 of them. */
static bool parse_text(char *field, size_t cap, const char *text,
                       const char *allowed)
{
    size_t len = strlen(text);
    if (len == 0 || len >= cap || strspn(text, allowed) != len) {
        return false;
    }
    memcpy(field, text, len + 1);
    return true;
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool serial_parse(void *field, const char *text)
{
    return parse_text(field, 65, text, ALNUM ".-");
}

static void serial_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%.64s", (const char *)field);
}

const struct pawl_posix_value pawl_posix_value_serial = {
    serial_parse, serial_format, "needs 1 to 64 of A-Z a-z 0-9 . -"};

/* MQTT 5, 4.7: no wildcard; here also no blank and no level that is empty. */
static bool topic_parse(void *field, const char *text)
{
    return text[0] != '/' && text[strlen(text) - 1] != '/' &&
           strstr(text, "//") == NULL &&
           parse_text(field, 64, text, ALNUM "._-/");
}

static void topic_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%.63s", (const char *)field);
}

const struct pawl_posix_value pawl_posix_value_topic = {
    topic_parse, topic_format,
    "needs levels of A-Z a-z 0-9 . _ - with single slashes between them"};

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)((at - digits) % 16);
}

/* RFC 9562, 4: 8-4-4-4-12 hexadecimal digits. */
/* Only what kind it is; the rest is read when it is opened. */
static bool keystore_parse(void *field, const char *text)
{
    size_t len = strlen(text);
    bool named = strcmp(text, PAWL_POSIX_KEYS_SOFT) == 0 ||
                 strncmp(text, "pkcs11:", 7) == 0 ||
                 strncmp(text, "tpm2:", 5) == 0;
    for (size_t i = 0; i < len && named; i++) {
        named = text[i] > ' ' && text[i] <= '~';
    }
    if (!named || len >= PAWL_POSIX_KEYS_NAME_MAX) {
        return false;
    }
    memcpy(field, text, len + 1);
    return true;
}

static void keystore_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%.511s", (const char *)field);
}

const struct pawl_posix_value pawl_posix_value_keystore = {
    keystore_parse, keystore_format, "needs soft, pkcs11:... or tpm2:..."};

static bool uuid_parse(void *field, const char *text)
{
    uint8_t uuid[16];
    size_t count = 0;
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') {
                return false;
            }
            continue;
        }
        int value = hex_value(text[i]);
        if (value < 0) {
            return false;
        }
        uint8_t high = count % 2 == 0 ? 0 : uuid[count / 2];
        uuid[count / 2] = (uint8_t)(high << 4 | value);
        count++;
    }
    if (text[36] != '\0') {
        return false;
    }
    memcpy(field, uuid, sizeof uuid);
    return true;
}

static void uuid_format(const void *field, char *text, size_t cap)
{
    const uint8_t *u = field;
    (void)snprintf(text, cap,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                   "%02x%02x%02x%02x%02x%02x",
                   u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
                   u[10], u[11], u[12], u[13], u[14], u[15]);
}

const struct pawl_posix_value pawl_posix_value_uuid = {
    uuid_parse, uuid_format,
    "needs a UUID, xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"};

static bool u32_parse(void *field, const char *text)
{
    uint64_t value;
    if (!parse_digits(text, UINT32_MAX, &value)) {
        return false;
    }
    *(uint32_t *)field = (uint32_t)value;
    return true;
}

static void u32_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%" PRIu32, *(const uint32_t *)field);
}

const struct pawl_posix_value pawl_posix_value_u32 = {
    u32_parse, u32_format, "needs a decimal number below 2^32"};

/* One of two words. */
static bool parse_word(const char *text, const char *yes, const char *no,
                       bool *value)
{
    *value = strcmp(text, yes) == 0;
    return *value || strcmp(text, no) == 0;
}

static bool erased_parse(void *field, const char *text)
{
    bool ones;
    if (!parse_word(text, "0xff", "0x00", &ones)) {
        return false;
    }
    *(uint8_t *)field = ones ? 0xFF : 0x00;
    return true;
}

static void erased_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "0x%02x", *(const uint8_t *)field);
}

const struct pawl_posix_value pawl_posix_value_erased = {
    erased_parse, erased_format, "needs 0xff or 0x00"};

static bool yes_no_parse(void *field, const char *text)
{
    return parse_word(text, "yes", "no", field);
}

static void yes_no_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%s", *(const bool *)field ? "yes" : "no");
}

const struct pawl_posix_value pawl_posix_value_yes_no = {
    yes_no_parse, yes_no_format, "needs yes or no"};

static bool known_parse(void *field, const char *text)
{
    return parse_word(text, "known", "unknown", field);
}

static void known_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%s", *(const bool *)field ? "known" : "unknown");
}

const struct pawl_posix_value pawl_posix_value_known = {
    known_parse, known_format, "needs known or unknown"};

static bool seconds_parse(void *field, const char *text)
{
    bool negative = *text == '-';
    uint64_t value;
    if (!parse_digits(text + (negative ? 1 : 0), SECONDS_MAX, &value)) {
        return false;
    }
    *(int64_t *)field = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static void seconds_format(const void *field, char *text, size_t cap)
{
    (void)snprintf(text, cap, "%" PRId64, *(const int64_t *)field);
}

const struct pawl_posix_value pawl_posix_value_seconds = {
    seconds_parse, seconds_format,
    "needs a decimal number of seconds, at most 10000000000"};

/* A decimal number with up to three places, kept in thousandths. */
static bool rate_parse(void *field, const char *text)
{
    uint64_t value = 0;
    size_t places = 0;
    bool point = false;
    if (!is_digit(*text)) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        places += point ? 1 : 0;
        if (!is_digit(*text) || places > 3 || value > RATE_MILLI_MAX) {
            return false;
        }
        value = value * 10 + (uint64_t)(*text - '0');
    }
    for (; places < 3; places++) {
        value *= 10;
    }
    if (value > RATE_MILLI_MAX) {
        return false;
    }
    *(uint32_t *)field = (uint32_t)value;
    return true;
}

static void rate_format(const void *field, char *text, size_t cap)
{
    uint32_t value = *(const uint32_t *)field;
    (void)snprintf(text, cap, "%" PRIu32 ".%03" PRIu32, value / 1000,
                   value % 1000);
}

const struct pawl_posix_value pawl_posix_value_rate = {
    rate_parse, rate_format,
    "needs a number with at most three places, at most 100000"};

static bool use_known(const char *use)
{
    return strcmp(use, "enroll") == 0 || strcmp(use, "mqtt") == 0 ||
           strcmp(use, "download") == 0;
}

/* Copies the next word, and moves *text behind it. */
static bool next_word(const char **text, char *word, size_t cap)
{
    *text += strspn(*text, " \t");
    size_t len = strcspn(*text, " \t");
    if (len == 0 || len >= cap) {
        return false;
    }
    memcpy(word, *text, len);
    word[len] = '\0';
    *text += len;
    for (size_t i = 0; i < len; i++) {
        if (word[i] <= ' ' || word[i] > '~') {
            return false;
        }
    }
    return true;
}

bool pawl_posix_endpoint_parse(struct pawl_posix_endpoint *endpoint,
                               const char *text)
{
    struct pawl_posix_endpoint fresh = {0};
    char port[8];
    uint64_t number;
    if (!next_word(&text, fresh.use, sizeof fresh.use) ||
        !use_known(fresh.use) ||
        !next_word(&text, fresh.host, sizeof fresh.host) ||
        !next_word(&text, port, sizeof port) ||
        !parse_digits(port, UINT16_MAX, &number) || number == 0 ||
        !next_word(&text, fresh.server_name, sizeof fresh.server_name) ||
        text[strspn(text, " \t")] != '\0') {
        return false;
    }
    fresh.port = (uint16_t)number;
    *endpoint = fresh;
    return true;
}

void pawl_posix_endpoint_format(const struct pawl_posix_endpoint *endpoint,
                                char *text, size_t cap)
{
    (void)snprintf(text, cap, "%.15s %.255s %u %.255s", endpoint->use,
                   endpoint->host, (unsigned)endpoint->port,
                   endpoint->server_name);
}
