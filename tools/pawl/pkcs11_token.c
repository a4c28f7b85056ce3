/* SPDX-License-Identifier: Apache-2.0 */

/* Modules, tokens, and logging in. */

#include "pkcs11_internal.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 64 /* of one module */

const char *pkcs11_error(const struct pkcs11_token *token)
{
    return token->error != NULL ? token->error : "the token failed";
}

const char *pkcs11_words(CK_RV answer)
{
    switch (answer) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return "the PIN is wrong: correct it before the token locks";
    case CKR_PIN_LOCKED:
        return "the PIN is locked: unlock it with the token's own tool";
    case CKR_PIN_EXPIRED:
        return "the PIN has expired: set a new one with the token's own tool";
    case CKR_USER_PIN_NOT_INITIALIZED:
        return "no user PIN is set: set one with the token's own tool";
    case CKR_USER_NOT_LOGGED_IN:
        return "the token wants a PIN: set PAWL_PIN, or add "
               "?pin-source=file:PATH";
    case CKR_MECHANISM_INVALID:
        return "the token has no such mechanism: use another key or token";
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
        return "the key may not sign: use one with CKA_SIGN";
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_DEVICE_REMOVED:
        return "the token was removed: insert it and try again";
    case CKR_TOKEN_WRITE_PROTECTED:
        return "the token is write-protected";
    default:
        return p11_kit_strerror(answer);
    }
}

int pkcs11_fail(const struct pkcs11_token *token, CK_RV answer)
{
    return tool_fail(TOOL_USAGE, "%s: %s", token->name, pkcs11_words(answer));
}

static int load_one(struct pkcs11_token *token, const char *path)
{
    token->only[0] = p11_kit_module_load(path, 0);
    if (token->only[0] != NULL &&
        p11_kit_module_initialize(token->only[0]) != CKR_OK) {
        p11_kit_module_release(token->only[0]);
        token->only[0] = NULL;
    }
    return token->only[0] != NULL
               ? TOOL_OK
               : tool_fail(TOOL_USAGE,
                           "%s: the module cannot be loaded: correct "
                           "module-path",
                           path);
}

static int load(struct pkcs11_token *token)
{
    const char *path = p11_kit_uri_get_module_path(token->uri);

    p11_kit_be_quiet();
    if (path != NULL) {
        return load_one(token, path);
    }
    token->modules = p11_kit_modules_load_and_initialize(0);
    if (token->modules == NULL || token->modules[0] == NULL) {
        return tool_fail(TOOL_USAGE, "no PKCS #11 module is configured: "
                                     "install one, or add ?module-path=PATH");
    }
    return TOOL_OK;
}

static bool module_fits(P11KitUri *uri, CK_FUNCTION_LIST *module)
{
    const char *wanted = p11_kit_uri_get_module_name(uri);
    char *name = wanted != NULL ? p11_kit_module_get_name(module) : NULL;
    bool fits = wanted == NULL || (name != NULL && strcmp(name, wanted) == 0);
    CK_INFO info;

    free(name);
    return fits && module->C_GetInfo(&info) == CKR_OK &&
           p11_kit_uri_match_module_info(uri, &info) == 1;
}

static bool slot_fits(P11KitUri *uri, CK_FUNCTION_LIST *module, CK_SLOT_ID slot,
                      CK_FLAGS *flags)
{
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri);
    CK_SLOT_INFO slot_info;
    CK_TOKEN_INFO info;

    if ((wanted != (CK_SLOT_ID)-1 && wanted != slot) ||
        module->C_GetSlotInfo(slot, &slot_info) != CKR_OK ||
        module->C_GetTokenInfo(slot, &info) != CKR_OK) {
        return false;
    }
    *flags = info.flags;
    return (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_slot_info(uri, &slot_info) == 1 &&
           p11_kit_uri_match_token_info(uri, &info) == 1;
}

/* How many tokens of a module fit; the last of them is kept. */
static size_t find_tokens(struct pkcs11_token *token, CK_FUNCTION_LIST *module)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    size_t found = 0;

    if (!module_fits(token->uri, module) ||
        module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) {
        return 0;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_FLAGS flags = 0;

        if (slot_fits(token->uri, module, slots[i], &flags)) {
            token->module = module;
            token->slot = slots[i];
            token->flags = flags;
            found++;
        }
    }
    return found;
}

static int find_token(struct pkcs11_token *token)
{
    CK_FUNCTION_LIST **modules =
        token->modules != NULL ? token->modules : token->only;
    size_t found = 0;

    for (; *modules != NULL; modules++) {
        found += find_tokens(token, *modules);
    }
    if (found == 0) {
        return tool_fail(TOOL_USAGE,
                         "%s: no such token: insert it, or correct token= or "
                         "module-path=",
                         token->name);
    }
    return found == 1
               ? TOOL_OK
               : tool_fail(TOOL_USAGE,
                           "%s: %zu tokens match: name one with token= or "
                           "serial=",
                           token->name, found);
}

int pkcs11_log_in(struct pkcs11_token *token)
{
    if (token->pin_len == 0) {
        return (token->flags & CKF_LOGIN_REQUIRED) == 0
                   ? TOOL_OK
                   : pkcs11_fail(token, CKR_USER_NOT_LOGGED_IN);
    }
    if ((token->flags & CKF_USER_PIN_LOCKED) != 0) {
        return pkcs11_fail(token, CKR_PIN_LOCKED);
    }
    CK_RV answer = token->module->C_Login(token->session, CKU_USER,
                                          (CK_UTF8CHAR *)token->pin,
                                          (CK_ULONG)token->pin_len);
    /* Another key of this call may have the same token open. */
    return answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN
               ? TOOL_OK
               : pkcs11_fail(token, answer);
}

void pkcs11_free(struct pkcs11_token *token)
{
    if (token == NULL) {
        return;
    }
    if (token->session != CK_INVALID_HANDLE) {
        (void)token->module->C_CloseSession(token->session);
    }
    if (token->only[0] != NULL) {
        (void)p11_kit_module_finalize(token->only[0]);
        p11_kit_module_release(token->only[0]);
    }
    if (token->modules != NULL) {
        p11_kit_modules_finalize_and_release(token->modules);
    }
    p11_kit_uri_free(token->uri);
    free(token->name);
    OPENSSL_cleanse(token, sizeof *token);
    free(token);
}

/* Opens a session with the token of a URI, not logged in. */
int pkcs11_open(const char *uri, bool writing, struct pkcs11_token **opened)
{
    struct pkcs11_token *token = calloc(1, sizeof *token);
    CK_FLAGS flags =
        CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : (CK_FLAGS)0);

    *opened = token;
    if (token == NULL) {
        return tool_fail(TOOL_USAGE, "no memory is left");
    }
    token->session = CK_INVALID_HANDLE;
    int code = pkcs11_parse(token, uri);
    if (code == TOOL_OK) {
        code = load(token);
    }
    if (code == TOOL_OK) {
        code = find_token(token);
    }
    if (code != TOOL_OK) {
        return code;
    }
    CK_RV answer = token->module->C_OpenSession(token->slot, flags, NULL, NULL,
                                                &token->session);
    return answer == CKR_OK ? TOOL_OK : pkcs11_fail(token, answer);
}
