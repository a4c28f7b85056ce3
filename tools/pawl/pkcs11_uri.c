/* SPDX-License-Identifier: Apache-2.0 */

/* A pkcs11: URI (RFC 7512), and the PIN that comes with it. */

#include "pkcs11_internal.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

bool pkcs11_is_uri(const char *word)
{
    return strncmp(word, PKCS11_SCHEME, sizeof PKCS11_SCHEME - 1) == 0;
}

int pkcs11_shown(const char *word)
{
    const char *uri = strstr(word, PKCS11_SCHEME);
    size_t len = strlen(word);

    if (uri != NULL) {
        const char *pin = strstr(uri, "pin-");
        size_t before = (size_t)(uri - word) + strcspn(uri, "?");

        len = pin != NULL && (size_t)(pin - word) < before
                  ? (size_t)(pin - word)
                  : before;
    }
    return len < 4096 ? (int)len : 4096;
}

static int pin_of_file(struct pkcs11_token *token, const char *source)
{
    struct tool_file file;
    const char *path = strncmp(source, "file:", 5) == 0 ? source + 5 : source;

    if (strncmp(path, "///", 3) == 0) {
        path += 2;
    }
    if (path[0] == '|') {
        return tool_fail(TOOL_USAGE, "pin-source must be a file: no command "
                                     "is run for a PIN");
    }
    int code = tool_read(path, PKCS11_PIN_MAX + 2, &file);
    if (code != TOOL_OK) {
        return code;
    }
    token->pin_len = strcspn((const char *)file.data, "\r\n");
    if (token->pin_len == 0 || token->pin_len > PKCS11_PIN_MAX) {
        token->pin_len = 0;
        code = tool_fail(TOOL_USAGE, "%s: a PIN of 1 to %d bytes is wanted",
                         path, PKCS11_PIN_MAX);
    }
    memcpy(token->pin, file.data, token->pin_len);
    OPENSSL_cleanse(file.data, file.len);
    tool_free(&file);
    return code;
}

static int read_pin(struct pkcs11_token *token)
{
    const char *source = p11_kit_uri_get_pin_source(token->uri);
    const char *value = p11_kit_uri_get_pin_value(token->uri);

    if (source != NULL && value != NULL) {
        return tool_fail(TOOL_USAGE, "either pin-source or pin-value");
    }
    if (source != NULL) {
        return pin_of_file(token, source);
    }
    if (value == NULL) {
        value = getenv("PAWL_PIN");
    }
    if (value != NULL) {
        if (strlen(value) > PKCS11_PIN_MAX) {
            return tool_fail(TOOL_USAGE, "the PIN has more than %d bytes",
                             PKCS11_PIN_MAX);
        }
        token->pin_len = strlen(value);
        memcpy(token->pin, value, token->pin_len);
    }
    return TOOL_OK;
}

/* Takes the PIN out of the URI, its bytes wiped. */
static void forget_pin(P11KitUri *uri)
{
    char *value = (char *)p11_kit_uri_get_pin_value(uri);

    if (value != NULL) {
        OPENSSL_cleanse(value, strlen(value));
    }
    p11_kit_uri_set_pin_value(uri, NULL);
    p11_kit_uri_set_pin_source(uri, NULL);
}

int pkcs11_parse(struct pkcs11_token *token, const char *text)
{
    int result;

    token->uri = p11_kit_uri_new();
    result = token->uri != NULL
                 ? p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, token->uri)
                 : P11_KIT_URI_NO_MEMORY;
    if (result != P11_KIT_URI_OK) {
        return tool_fail(TOOL_USAGE, "%.*s: no pkcs11: URI (%s): see RFC 7512",
                         pkcs11_shown(text), text, p11_kit_uri_message(result));
    }
    if (p11_kit_uri_any_unrecognized(token->uri)) {
        return tool_fail(TOOL_USAGE,
                         "%.*s: an attribute of the URI is unknown: check "
                         "their names in RFC 7512",
                         pkcs11_shown(text), text);
    }
    int code = read_pin(token);
    forget_pin(token->uri);
    if (code == TOOL_OK &&
        p11_kit_uri_format(token->uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN,
                           &token->name) != P11_KIT_URI_OK) {
        code = tool_fail(TOOL_USAGE, "the pkcs11: URI cannot be used");
    }
    return code;
}
