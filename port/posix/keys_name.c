/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the names of key stores are made of. A name is taken apart in the
 * buffer that it was copied to, so that a store can retain its parts.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum pawl_status pawl_posix_keys_refused(char *error, const char *what)
{
    return pawl_posix_fail(error, PAWL_ERR_MALFORMED, "keystore: %s", what);
}

/* ---- names with parts ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    int value = at != NULL ? (int)(at - digits) : -1;
    return value > 15 ? value - 6 : value;
}

/* Resolves %XX in place (RFC 3986, 2.1). */
static bool resolve_percent(char *text)
{
    char *out = text;
    for (; *text != '\0'; text++) {
        int high = *text == '%' ? hex_digit(text[1]) : 0;
        int low = *text == '%' && high >= 0 ? hex_digit(text[2]) : 0;
        if (high < 0 || low < 0 || (*text == '%' && high + low == 0)) {
            return false;
        }
        *out++ = *text == '%' ? (char)(high * 16 + low) : *text;
        text += *text == '%' ? 2 : 0;
    }
    *out = '\0';
    return true;
}

static bool take_part(char *text, const struct pawl_posix_part *parts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(parts[i].key);
        if (strncmp(text, parts[i].key, len) == 0 && *parts[i].value == NULL) {
            *parts[i].value = text + len;
            return resolve_percent(text + len);
        }
    }
    return false;
}

bool pawl_posix_take_parts(char *text, const char *separator,
                           const struct pawl_posix_part *parts, size_t count)
{
    char *rest = NULL;
    bool good = true;
    for (char *part = strtok_r(text, separator, &rest); part != NULL && good;
         part = strtok_r(NULL, separator, &rest)) {
        good = take_part(part, parts, count);
    }
    return good;
}

char *pawl_posix_cut_query(char *text)
{
    char *query = strchr(text, '?');
    if (query == NULL) {
        return text + strlen(text);
    }
    *query = '\0';
    return query + 1;
}

bool pawl_posix_take_file(const char **source)
{
    if (*source == NULL) {
        return true;
    }
    if (strncmp(*source, "file:", 5) != 0) {
        return false;
    }
    *source += strncmp(*source, "file:///", 8) == 0 ? 7 : 5;
    return **source != '\0';
}

/* ---- secrets ---- */

enum pawl_status pawl_posix_read_secret(const struct pawl_posix_keys *keys,
                                        const char *path, const char *variable,
                                        uint8_t *secret, size_t cap,
                                        size_t *len)
{
    char text[PAWL_PKCS11_PIN_MAX + 2];
    struct stat facts;
    enum pawl_status status = PAWL_ERR_IO;
    const char *value = path == NULL ? getenv(variable) : NULL;
    *len = 0;
    if (value != NULL && strlen(value) <= cap) {
        *len = strlen(value);
        memcpy(secret, value, *len);
        return PAWL_OK;
    }
    if (path == NULL) {
        return PAWL_ERR_NOT_FOUND;
    }
    if (fstatat(keys->dir_fd, path, &facts, 0) != 0 ||
        (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return PAWL_ERR_IO;
    }
    if (pawl_posix_file_read(keys->dir_fd, path, text, sizeof text - 1, len) ==
        0) {
        text[*len] = '\0';
        *len = strcspn(text, "\r\n");
        if (*len <= cap) {
            memcpy(secret, text, *len);
            status = PAWL_OK;
        }
    }
    explicit_bzero(text, sizeof text);
    return status;
}
