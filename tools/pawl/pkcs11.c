/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11.h"
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "pkcs11:"
#define PIN_MAX 255    /* bytes */
#define SLOTS_MAX 64   /* of one module */
#define OBJECTS_MAX 64 /* of one kind, in a list */
#define TEXT_MAX 128   /* bytes of a label or an identifier */

struct pkcs11_token {
    P11KitUri *uri;
    char *name; /* the URI without its PIN, for messages */
    char pin[PIN_MAX + 1];
    size_t pin_len;
    CK_FUNCTION_LIST **modules; /* the configured ones; or else */
    CK_FUNCTION_LIST *only[2];  /* the one of module-path, and NULL */
    CK_FUNCTION_LIST *module;   /* whose token it is */
    CK_SLOT_ID slot;
    CK_FLAGS flags; /* of the token */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE private_key;
    bool each_time; /* the key wants the PIN for each signature */
    const char *error;
};

/* Curves as CKA_EC_PARAMS has them: an OID, or its name (PKCS #11, 2.3.10). */
static const uint8_t p256_oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t ed25519_oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t ed25519_name[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
                                       'd',  's',  '2', '5', '5', '1', '9'};

bool pkcs11_is_uri(const char *word)
{
    return strncmp(word, SCHEME, sizeof SCHEME - 1) == 0;
}

int pkcs11_shown(const char *word)
{
    const char *uri = strstr(word, SCHEME);
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

const char *pkcs11_error(const struct pkcs11_token *token)
{
    return token->error != NULL ? token->error : "the token failed";
}

/* What a token's answer means for the person who waits for it. */
static const char *words_of(CK_RV answer)
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

static int fail(const struct pkcs11_token *token, CK_RV answer)
{
    return tool_fail(TOOL_USAGE, "%s: %s", token->name, words_of(answer));
}

/* ---- the URI and its PIN ---- */

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
    int code = tool_read(path, PIN_MAX + 2, &file);
    if (code != TOOL_OK) {
        return code;
    }
    token->pin_len = strcspn((const char *)file.data, "\r\n");
    if (token->pin_len == 0 || token->pin_len > PIN_MAX) {
        token->pin_len = 0;
        code = tool_fail(TOOL_USAGE, "%s: a PIN of 1 to %d bytes is wanted",
                         path, PIN_MAX);
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
        if (strlen(value) > PIN_MAX) {
            return tool_fail(TOOL_USAGE, "the PIN has more than %d bytes",
                             PIN_MAX);
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

static int parse(struct pkcs11_token *token, const char *text)
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

/* ---- modules and tokens ---- */

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

static int log_in(struct pkcs11_token *token)
{
    if (token->pin_len == 0) {
        return (token->flags & CKF_LOGIN_REQUIRED) == 0
                   ? TOOL_OK
                   : fail(token, CKR_USER_NOT_LOGGED_IN);
    }
    if ((token->flags & CKF_USER_PIN_LOCKED) != 0) {
        return fail(token, CKR_PIN_LOCKED);
    }
    CK_RV answer = token->module->C_Login(token->session, CKU_USER,
                                          (CK_UTF8CHAR *)token->pin,
                                          (CK_ULONG)token->pin_len);
    /* Another key of this call may have the same token open. */
    return answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN
               ? TOOL_OK
               : fail(token, answer);
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
static int open_token(const char *uri, bool writing,
                      struct pkcs11_token **opened)
{
    struct pkcs11_token *token = calloc(1, sizeof *token);
    CK_FLAGS flags =
        CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : (CK_FLAGS)0);

    *opened = token;
    if (token == NULL) {
        return tool_fail(TOOL_USAGE, "no memory is left");
    }
    token->session = CK_INVALID_HANDLE;
    int code = parse(token, uri);
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
    return answer == CKR_OK ? TOOL_OK : fail(token, answer);
}

/* ---- objects ---- */

/* Finds keys of a class, with that label and identifier unless NULL. */
static CK_RV find(struct pkcs11_token *token, CK_OBJECT_CLASS class,
                  const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id,
                  CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *count)
{
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG used = 1;

    *count = 0;
    if (label != NULL) {
        wanted[used++] = *label;
    }
    if (id != NULL) {
        wanted[used++] = *id;
    }
    CK_RV answer =
        token->module->C_FindObjectsInit(token->session, wanted, used);
    if (answer != CKR_OK) {
        return answer;
    }
    answer = token->module->C_FindObjects(token->session, handles, max, count);
    (void)token->module->C_FindObjectsFinal(token->session);
    return answer;
}

/* The one object of a class that the URI names. */
static int find_named(struct pkcs11_token *token, CK_OBJECT_CLASS class,
                      CK_OBJECT_HANDLE *handle)
{
    const char *kind = class == CKO_PRIVATE_KEY ? "private" : "public";
    CK_OBJECT_HANDLE handles[2];
    CK_ULONG count = 0;
    CK_RV answer =
        find(token, class, p11_kit_uri_get_attribute(token->uri, CKA_LABEL),
             p11_kit_uri_get_attribute(token->uri, CKA_ID), handles, 2, &count);

    if (answer != CKR_OK) {
        return fail(token, answer);
    }
    if (count == 0) {
        return tool_fail(TOOL_USAGE,
                         "%s: no such %s key: pawl key list shows what the "
                         "token holds",
                         token->name, kind);
    }
    if (count > 1) {
        return tool_fail(TOOL_USAGE,
                         "%s: several %s keys match: name one with object= or "
                         "id=",
                         token->name, kind);
    }
    *handle = handles[0];
    return TOOL_OK;
}

/* A URI may say type=; only keys are of use. */
static int check_type(const struct pkcs11_token *token, bool for_signing)
{
    CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(token->uri, CKA_CLASS);
    CK_OBJECT_CLASS value = CKO_PRIVATE_KEY;

    if (class != NULL && class->ulValueLen == sizeof value) {
        memcpy(&value, class->pValue, sizeof value);
    }
    if (value == CKO_PRIVATE_KEY || (value == CKO_PUBLIC_KEY && !for_signing)) {
        return TOOL_OK;
    }
    return tool_fail(TOOL_USAGE, "%s: type= must be private%s", token->name,
                     for_signing ? "" : " or public");
}

/* An attribute of at most cap bytes; its length, 0 if there is none. */
static size_t get(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                  CK_ATTRIBUTE_TYPE type, void *out, size_t cap)
{
    CK_ATTRIBUTE attribute = {type, out, (CK_ULONG)cap};

    return token->module->C_GetAttributeValue(token->session, object,
                                              &attribute, 1) == CKR_OK &&
                   attribute.ulValueLen <= cap
               ? (size_t)attribute.ulValueLen
               : 0;
}

static bool is(const uint8_t *data, size_t len, const uint8_t *what,
               size_t what_len)
{
    return len == what_len && memcmp(data, what, len) == 0;
}

/* Reads the public point; false if it is of no curve that is known here. Some
 * tokens leave out the OCTET STRING around it. */
static bool read_point(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                       struct tool_key *key)
{
    uint8_t curve[64], point[128];
    size_t curve_len = get(token, object, CKA_EC_PARAMS, curve, sizeof curve);
    size_t len = get(token, object, CKA_EC_POINT, point, sizeof point);
    bool p256 = is(curve, curve_len, p256_oid, sizeof p256_oid);
    bool ed25519 = is(curve, curve_len, ed25519_oid, sizeof ed25519_oid) ||
                   is(curve, curve_len, ed25519_name, sizeof ed25519_name);
    size_t want = p256 ? 65 : 32, skip = len == want + 2 ? 2 : 0;

    if ((!p256 && !ed25519) || len != want + skip ||
        (skip != 0 && (point[0] != 0x04 || point[1] != want))) {
        return false;
    }
    return tool_key_of_point(p256, (struct pawl_bytes){point + skip, want},
                             key);
}

/* ---- reading a key ---- */

static int check_mechanism(const struct pkcs11_token *token, bool ecdsa)
{
    CK_MECHANISM_INFO info = {0};
    CK_RV answer = token->module->C_GetMechanismInfo(
        token->slot, ecdsa ? CKM_ECDSA : CKM_EDDSA, &info);

    if (answer == CKR_OK && (info.flags & CKF_SIGN) != 0) {
        return TOOL_OK;
    }
    return tool_fail(TOOL_USAGE,
                     "%s: the token has no mechanism %s for signing: use "
                     "another key or token",
                     token->name, ecdsa ? "CKM_ECDSA" : "CKM_EDDSA");
}

/* The public half of the private key: that with its identifier, or else with
 * its label. */
static bool find_half(struct pkcs11_token *token, CK_OBJECT_HANDLE *object)
{
    uint8_t id[TEXT_MAX], label[TEXT_MAX];
    CK_ATTRIBUTE by_id = {CKA_ID, id, 0}, by_label = {CKA_LABEL, label, 0};
    CK_ULONG count = 0;

    by_id.ulValueLen = get(token, token->private_key, CKA_ID, id, sizeof id);
    by_label.ulValueLen =
        get(token, token->private_key, CKA_LABEL, label, sizeof label);
    if (by_id.ulValueLen > 0) {
        return find(token, CKO_PUBLIC_KEY, NULL, &by_id, object, 1, &count) ==
                   CKR_OK &&
               count == 1;
    }
    return by_label.ulValueLen > 0 &&
           find(token, CKO_PUBLIC_KEY, &by_label, NULL, object, 1, &count) ==
               CKR_OK &&
           count == 1;
}

static int read_private(struct pkcs11_token *token, struct tool_key *key)
{
    CK_OBJECT_HANDLE half = CK_INVALID_HANDLE;
    CK_BBOOL each_time = CK_FALSE;
    int code = log_in(token);

    if (code == TOOL_OK) {
        code = find_named(token, CKO_PRIVATE_KEY, &token->private_key);
    }
    if (code != TOOL_OK) {
        return code;
    }
    /* Some tokens tell the point of the private key's object itself. */
    if (!(find_half(token, &half) && read_point(token, half, key)) &&
        !read_point(token, token->private_key, key)) {
        return tool_fail(TOOL_USAGE,
                         "%s: the token holds no public key of P-256 or "
                         "Ed25519 for it: store it beside, with the same id",
                         token->name);
    }
    (void)get(token, token->private_key, CKA_ALWAYS_AUTHENTICATE, &each_time,
              sizeof each_time);
    token->each_time = each_time == CK_TRUE;
    key->is_private = true;
    return check_mechanism(token, key->key.algorithm == PAWL_ALG_ES256);
}

static int read_public(struct pkcs11_token *token, struct tool_key *key)
{
    CK_OBJECT_HANDLE object, some;
    CK_ULONG count = 0;
    int code = TOOL_OK;

    (void)find(token, CKO_PUBLIC_KEY,
               p11_kit_uri_get_attribute(token->uri, CKA_LABEL),
               p11_kit_uri_get_attribute(token->uri, CKA_ID), &some, 1, &count);
    if (count == 0 && token->pin_len > 0) {
        code = log_in(token);
    }
    if (code == TOOL_OK) {
        code = find_named(token, CKO_PUBLIC_KEY, &object);
    }
    if (code == TOOL_OK && !read_point(token, object, key)) {
        code = tool_fail(TOOL_USAGE, "%s is no key of P-256 or Ed25519",
                         token->name);
    }
    return code;
}

int pkcs11_read(const char *uri, bool for_signing, struct tool_key *key)
{
    struct pkcs11_token *token;
    int code = open_token(uri, false, &token);

    memset(key, 0, sizeof *key);
    if (code == TOOL_OK) {
        code = check_type(token, for_signing);
    }
    if (code == TOOL_OK) {
        code = for_signing ? read_private(token, key) : read_public(token, key);
    }
    if (code == TOOL_OK && for_signing) {
        key->token = token;
        return code;
    }
    pkcs11_free(token);
    if (code != TOOL_OK) {
        tool_key_free(key);
    }
    return code;
}

/* ---- signing ---- */

enum pawl_status pkcs11_sign(struct pkcs11_token *token, bool ecdsa,
                             struct pawl_bytes message, uint8_t signature[64])
{
    CK_MECHANISM mechanism = {ecdsa ? CKM_ECDSA : CKM_EDDSA, NULL, 0};
    CK_FUNCTION_LIST *module = token->module;
    uint8_t digest[32];
    CK_ULONG len = 64;
    CK_RV answer =
        module->C_SignInit(token->session, &mechanism, token->private_key);

    if (ecdsa) {
        (void)SHA256(message.data, message.len, digest);
        message = (struct pawl_bytes){digest, sizeof digest};
    }
    if (answer == CKR_OK && token->each_time) {
        answer = module->C_Login(token->session, CKU_CONTEXT_SPECIFIC,
                                 (CK_UTF8CHAR *)token->pin,
                                 (CK_ULONG)token->pin_len);
    }
    if (answer == CKR_OK) {
        answer = module->C_Sign(token->session, (CK_BYTE *)message.data,
                                (CK_ULONG)message.len, signature, &len);
    }
    if (answer != CKR_OK) {
        token->error = words_of(answer);
        return PAWL_ERR_KEYSTORE;
    }
    token->error = len == 64 ? NULL : "the token's signature is not 64 bytes";
    return len == 64 ? PAWL_OK : PAWL_ERR_KEYSTORE;
}

/* ---- making a key ---- */

static CK_RV generate(struct pkcs11_token *token, bool ecdsa,
                      CK_ATTRIBUTE label, CK_ATTRIBUTE id)
{
    CK_MECHANISM mechanism = {
        ecdsa ? CKM_EC_KEY_PAIR_GEN : CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE curve = {CKA_EC_PARAMS,
                          (void *)(ecdsa ? p256_oid : ed25519_oid),
                          ecdsa ? sizeof p256_oid : sizeof ed25519_oid};
    CK_ATTRIBUTE public_half[] = {curve,
                                  label,
                                  id,
                                  {CKA_TOKEN, &yes, sizeof yes},
                                  {CKA_PRIVATE, &no, sizeof no},
                                  {CKA_VERIFY, &yes, sizeof yes}};
    CK_ATTRIBUTE private_half[] = {label,
                                   id,
                                   {CKA_TOKEN, &yes, sizeof yes},
                                   {CKA_PRIVATE, &yes, sizeof yes},
                                   {CKA_SENSITIVE, &yes, sizeof yes},
                                   {CKA_EXTRACTABLE, &no, sizeof no},
                                   {CKA_SIGN, &yes, sizeof yes}};
    CK_OBJECT_HANDLE public_key, private_key;

    return token->module->C_GenerateKeyPair(token->session, &mechanism,
                                            public_half, 6, private_half, 7,
                                            &public_key, &private_key);
}

/* Two keys of one name could not be told apart later. */
static int check_unused(struct pkcs11_token *token, const CK_ATTRIBUTE *label)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};

    for (size_t i = 0; i < 2; i++) {
        CK_OBJECT_HANDLE handle;
        CK_ULONG count = 0;
        CK_RV answer = find(token, classes[i], label, NULL, &handle, 1, &count);

        if (answer != CKR_OK) {
            return fail(token, answer);
        }
        if (count > 0) {
            return tool_fail(TOOL_USAGE,
                             "%s: the token holds such a key: choose another "
                             "object=",
                             token->name);
        }
    }
    return TOOL_OK;
}

int pkcs11_generate(const char *uri, const char *algorithm)
{
    bool ecdsa = strcmp(algorithm, "es256") == 0;
    struct pkcs11_token *token;
    uint8_t random[16];
    CK_ATTRIBUTE own = {CKA_ID, random, sizeof random};

    if (!ecdsa && strcmp(algorithm, "ed25519") != 0) {
        return tool_fail(TOOL_USAGE, "unknown algorithm %s: es256 or ed25519",
                         algorithm);
    }
    int code = open_token(uri, true, &token);
    CK_ATTRIBUTE *label = NULL, *id = NULL;
    if (code == TOOL_OK) {
        label = p11_kit_uri_get_attribute(token->uri, CKA_LABEL);
        id = p11_kit_uri_get_attribute(token->uri, CKA_ID);
        code = label != NULL
                   ? log_in(token)
                   : tool_fail(TOOL_USAGE, "%s: object= must name the new key",
                               token->name);
    }
    if (code == TOOL_OK) {
        code = check_unused(token, label);
    }
    if (code == TOOL_OK && id == NULL &&
        RAND_bytes(random, sizeof random) != 1) {
        code = tool_fail(TOOL_USAGE, "no random bytes");
    }
    if (code == TOOL_OK) {
        CK_RV answer = generate(token, ecdsa, *label, id != NULL ? *id : own);
        code = answer == CKR_OK ? TOOL_OK : fail(token, answer);
    }
    pkcs11_free(token);
    return code;
}

/* ---- listing ---- */

static json_t *describe(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                        const char *kind)
{
    uint8_t id[TEXT_MAX];
    char label[TEXT_MAX], hex[2 * TEXT_MAX + 1], name[17] = "";
    size_t id_len = get(token, object, CKA_ID, id, sizeof id);
    size_t label_len = get(token, object, CKA_LABEL, label, sizeof label);
    struct tool_key key = {0};
    json_t *row;

    tool_hex(hex, (struct pawl_bytes){id, id_len});
    row = json_pack("{s:s, s:s, s:o}", "type", kind, "id", hex, "object",
                    json_stringn(label, label_len));
    if (row == NULL) { /* a label that is no UTF-8 */
        row = json_pack("{s:s, s:s}", "type", kind, "id", hex);
    }
    if (read_point(token, object, &key)) {
        tool_key_name(&key.key, name);
        (void)json_object_set_new(row, "key", json_string(name));
        (void)json_object_set_new(
            row, "algorithm",
            json_string(tool_algorithm_name(key.key.algorithm)));
        tool_key_free(&key);
    }
    return row;
}

static CK_RV list_class(struct pkcs11_token *token, CK_OBJECT_CLASS class,
                        json_t *list)
{
    CK_OBJECT_HANDLE handles[OBJECTS_MAX];
    CK_ULONG count = 0;
    CK_RV answer =
        find(token, class, p11_kit_uri_get_attribute(token->uri, CKA_LABEL),
             p11_kit_uri_get_attribute(token->uri, CKA_ID), handles,
             OBJECTS_MAX, &count);

    for (CK_ULONG i = 0; i < count; i++) {
        (void)json_array_append_new(
            list, describe(token, handles[i],
                           class == CKO_PRIVATE_KEY ? "private" : "public"));
    }
    return answer;
}

int pkcs11_list(const char *uri, json_t **keys)
{
    struct pkcs11_token *token;
    int code = open_token(uri, false, &token);

    *keys = json_array();
    if (code == TOOL_OK && token->pin_len > 0) {
        code = log_in(token);
    }
    if (code == TOOL_OK) {
        CK_RV answer = list_class(token, CKO_PRIVATE_KEY, *keys);

        answer = answer == CKR_OK ? list_class(token, CKO_PUBLIC_KEY, *keys)
                                  : answer;
        code = answer == CKR_OK ? TOOL_OK : fail(token, answer);
    }
    pkcs11_free(token);
    return code;
}
