/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The key store that device.conf names. A name is taken apart into the same
 * buffer that it was copied to, so that the stores can retain its parts.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PKCS11_SCHEME "pkcs11:"
#define TPM2_SCHEME "tpm2:"

/* One part of a name that is looked for: "token=". */
struct part {
    const char *key;
    const char **value;
};

static enum pawl_status refused(char *error, const char *what)
{
    return pawl_posix_fail(error, PAWL_ERR_MALFORMED, "keystore: %s", what);
}

/* ---- software ---- */

static enum pawl_status refuse_save(void *ctx, struct pawl_bytes bytes)
{
    (void)ctx;
    (void)bytes;
    return PAWL_ERR_IO; /* opened for inspection */
}

static enum pawl_status open_soft(struct pawl_posix_keys *keys,
                                  enum pawl_posix_mode mode, char *error)
{
    enum pawl_status status = pawl_posix_keyfile_open(
        &keys->keyfile, keys->dir_fd, PAWL_POSIX_KEYS_PATH,
        PAWL_POSIX_SEALING_KEY_PATH);
    if (mode != PAWL_POSIX_WRITE) {
        keys->keyfile.storage.save = refuse_save;
    }
    if (status == PAWL_OK) {
        status = pawl_soft_keystore_open(&keys->soft, &keys->keyfile.storage,
                                         keys->keyfile.sealing_key);
    }
    /* The store has what it derived from it. */
    explicit_bzero(keys->keyfile.sealing_key, sizeof keys->keyfile.sealing_key);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, PAWL_ERR_KEYSTORE,
                               "its keys cannot be opened (%d): sealing.key "
                               "must be the 32 bytes they were made with, mode "
                               "0600; else provision again",
                               (int)status);
    }
    keys->keystore = &keys->soft.keystore;
    return PAWL_OK;
}

/* ---- names with parts ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
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

static bool take_part(char *text, const struct part *parts, size_t count)
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

/* Cuts text at each separator into parts, all of which must be known. */
static bool take_parts(char *text, const char *separator,
                       const struct part *parts, size_t count)
{
    char *rest = NULL;
    bool good = true;
    for (char *part = strtok_r(text, separator, &rest); part != NULL && good;
         part = strtok_r(NULL, separator, &rest)) {
        good = take_part(part, parts, count);
    }
    return good;
}

/* Cuts the query off; "" if there is none. */
static char *cut_query(char *text)
{
    char *query = strchr(text, '?');
    if (query == NULL) {
        return text + strlen(text);
    }
    *query = '\0';
    return query + 1;
}

/* "file:PATH", or "file:///PATH"; relative to the device's directory. */
static bool take_file(const char **source)
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

/* Reads the first line of a file that nobody else may read; without a file,
 * the environment's variable. */
static enum pawl_status read_secret(const struct pawl_posix_keys *keys,
                                    const char *path, const char *variable,
                                    uint8_t *secret, size_t cap, size_t *len)
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

/* ---- PKCS #11 ---- */

#ifdef PAWL_HAVE_PKCS11
static enum pawl_status read_pin(void *ctx, uint8_t pin[PAWL_PKCS11_PIN_MAX],
                                 size_t *len)
{
    const struct pawl_posix_keys *keys = ctx;
    return read_secret(keys, keys->secret_path, "PAWL_PIN", pin,
                       PAWL_PKCS11_PIN_MAX, len);
}

static enum pawl_status open_pkcs11(struct pawl_posix_keys *keys,
                                    const char *serial, char *error)
{
    struct pawl_pkcs11_config config = {.pin = read_pin, .ctx = keys};
    const struct part path[] = {{"token=", &config.token_label},
                                {"serial=", &config.token_serial},
                                {"object=", &config.prefix}};
    const struct part query[] = {{"module-path=", &config.module},
                                 {"pin-source=", &keys->secret_path}};
    char *name = keys->name + strlen(PKCS11_SCHEME);
    char *behind = cut_query(name);
    if (!take_parts(name, ";", path, 3) || !take_parts(behind, "&", query, 2) ||
        config.module == NULL || !take_file(&keys->secret_path)) {
        return refused(error,
                       "needs pkcs11:token=LABEL;serial=NUMBER;object=PREFIX"
                       "?module-path=FILE&pin-source=file:FILE");
    }
    if (config.prefix == NULL) {
        config.prefix = serial;
    }
    enum pawl_status status = pawl_pkcs11_open(&keys->pkcs11, &config);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, PAWL_ERR_KEYSTORE, "keystore: %s (0x%lx)",
                               pawl_pkcs11_reason(&keys->pkcs11),
                               keys->pkcs11.answer);
    }
    keys->keystore = &keys->pkcs11.keystore;
    return PAWL_OK;
}
#endif

/* ---- TPM 2.0 ---- */

#ifdef PAWL_HAVE_TPM2
static enum pawl_status read_auth(void *ctx, enum pawl_tpm2_auth which,
                                  uint8_t value[PAWL_TPM2_AUTH_MAX],
                                  size_t *len)
{
    const struct pawl_posix_keys *keys = ctx;
    bool owner = which == PAWL_TPM2_AUTH_OWNER;
    enum pawl_status status = read_secret(
        keys, owner ? keys->owner_path : keys->secret_path,
        owner ? "PAWL_OWNER_AUTH" : "PAWL_PIN", value, PAWL_TPM2_AUTH_MAX, len);
    return status == PAWL_ERR_NOT_FOUND ? PAWL_OK : status; /* then empty */
}

static bool read_handle(const char *text, uint32_t *handle)
{
    char *end = NULL;
    unsigned long value = text != NULL ? strtoul(text, &end, 16) : 0;
    *handle = (uint32_t)value;
    return text == NULL || (value <= UINT32_MAX && end != text && *end == '\0');
}

static enum pawl_status open_tpm2(struct pawl_posix_keys *keys, char *error)
{
    struct pawl_tpm2_config config = {.auth = read_auth, .ctx = keys};
    const char *handle = NULL;
    const struct part query[] = {{"handle=", &handle},
                                 {"auth-source=", &keys->secret_path},
                                 {"owner-auth-source=", &keys->owner_path}};
    char *name = keys->name + strlen(TPM2_SCHEME);
    char *behind = cut_query(name);
    config.tcti = name;
    if (*name == '\0' || !take_parts(behind, "&", query, 3) ||
        !read_handle(handle, &config.first_handle) ||
        !take_file(&keys->secret_path) || !take_file(&keys->owner_path)) {
        return refused(error,
                       "needs tpm2:TCTI?handle=0xHEX&auth-source=file:FILE"
                       "&owner-auth-source=file:FILE");
    }
    enum pawl_status status = pawl_tpm2_open(&keys->tpm2, &config);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, PAWL_ERR_KEYSTORE, "keystore: %s (0x%x)",
                               pawl_tpm2_reason(&keys->tpm2),
                               (unsigned)keys->tpm2.answer);
    }
    keys->keystore = &keys->tpm2.keystore;
    return PAWL_OK;
}
#endif

/* ---- all of them ---- */

static enum pawl_status refuse_change(void *ctx, enum pawl_key_slot slot)
{
    (void)ctx;
    (void)slot;
    return PAWL_ERR_KEYSTORE; /* opened for inspection */
}

static bool has_scheme(const char *name, const char *scheme)
{
    return strncmp(name, scheme, strlen(scheme)) == 0;
}

static enum pawl_status open_named(struct pawl_posix_keys *keys,
                                   const char *serial, char *error)
{
#ifdef PAWL_HAVE_PKCS11
    if (has_scheme(keys->name, PKCS11_SCHEME)) {
        return open_pkcs11(keys, serial, error);
    }
#endif
#ifdef PAWL_HAVE_TPM2
    if (has_scheme(keys->name, TPM2_SCHEME)) {
        return open_tpm2(keys, error);
    }
#endif
    (void)serial;
    return pawl_posix_fail(error, PAWL_ERR_UNSUPPORTED,
                           "keystore: this program was built without %s",
                           has_scheme(keys->name, TPM2_SCHEME) ? "TPM 2.0"
                                                               : "PKCS #11");
}

static bool is_name(const char *name)
{
    return strcmp(name, PAWL_POSIX_KEYS_SOFT) == 0 ||
           has_scheme(name, PKCS11_SCHEME) || has_scheme(name, TPM2_SCHEME);
}

enum pawl_status pawl_posix_keys_open(struct pawl_posix_keys *keys, int dir_fd,
                                      const char *name, const char *serial,
                                      enum pawl_posix_mode mode, char *error)
{
    error[0] = '\0';
    memset(keys, 0, sizeof *keys);
    keys->dir_fd = dir_fd;
    if (!is_name(name) || strlen(name) >= sizeof keys->name) {
        return refused(error, "needs soft, pkcs11:... or tpm2:...");
    }
    (void)snprintf(keys->name, sizeof keys->name, "%s", name);
    if (strcmp(name, PAWL_POSIX_KEYS_SOFT) == 0) {
        return open_soft(keys, mode, error);
    }
    enum pawl_status status = open_named(keys, serial, error);
    if (status == PAWL_OK && mode != PAWL_POSIX_WRITE) {
        keys->pkcs11.keystore.generate = keys->pkcs11.keystore.destroy =
            keys->tpm2.keystore.generate = keys->tpm2.keystore.destroy =
                refuse_change;
    }
    return status;
}

void pawl_posix_keys_close(struct pawl_posix_keys *keys)
{
    pawl_soft_keystore_close(&keys->soft);
#ifdef PAWL_HAVE_PKCS11
    pawl_pkcs11_close(&keys->pkcs11);
#endif
#ifdef PAWL_HAVE_TPM2
    pawl_tpm2_close(&keys->tpm2);
#endif
    keys->keystore = NULL;
}
