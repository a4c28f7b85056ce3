/* SPDX-License-Identifier: Apache-2.0 */

/* Keys in a token: found, read, and asked to sign. */

#include "pkcs11_internal.h"
#include <openssl/sha.h>
#include <string.h>

/* Curves as CKA_EC_PARAMS has them: an OID, or its name (PKCS #11, 2.3.10). */
const uint8_t pkcs11_p256_oid[10] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x03, 0x01, 0x07};
const uint8_t pkcs11_ed25519_oid[5] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t ed25519_name[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
                                       'd',  's',  '2', '5', '5', '1', '9'};

/* ---- objects ---- */

/* Finds keys of a class, with that label and identifier unless NULL. */
CK_RV pkcs11_find(struct pkcs11_token *token, CK_OBJECT_CLASS class,
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
    CK_RV answer = pkcs11_find(
        token, class, p11_kit_uri_get_attribute(token->uri, CKA_LABEL),
        p11_kit_uri_get_attribute(token->uri, CKA_ID), handles, 2, &count);

    if (answer != CKR_OK) {
        return pkcs11_fail(token, answer);
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
size_t pkcs11_get(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
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
bool pkcs11_read_point(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                       struct tool_key *key)
{
    uint8_t curve[64], point[128];
    size_t curve_len =
        pkcs11_get(token, object, CKA_EC_PARAMS, curve, sizeof curve);
    size_t len = pkcs11_get(token, object, CKA_EC_POINT, point, sizeof point);
    bool p256 = is(curve, curve_len, pkcs11_p256_oid, sizeof pkcs11_p256_oid);
    bool ed25519 =
        is(curve, curve_len, pkcs11_ed25519_oid, sizeof pkcs11_ed25519_oid) ||
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
    uint8_t id[PKCS11_TEXT_MAX], label[PKCS11_TEXT_MAX];
    CK_ATTRIBUTE by_id = {CKA_ID, id, 0}, by_label = {CKA_LABEL, label, 0};
    CK_ULONG count = 0;

    by_id.ulValueLen =
        pkcs11_get(token, token->private_key, CKA_ID, id, sizeof id);
    by_label.ulValueLen =
        pkcs11_get(token, token->private_key, CKA_LABEL, label, sizeof label);
    if (by_id.ulValueLen > 0) {
        return pkcs11_find(token, CKO_PUBLIC_KEY, NULL, &by_id, object, 1,
                           &count) == CKR_OK &&
               count == 1;
    }
    return by_label.ulValueLen > 0 &&
           pkcs11_find(token, CKO_PUBLIC_KEY, &by_label, NULL, object, 1,
                       &count) == CKR_OK &&
           count == 1;
}

static int read_private(struct pkcs11_token *token, struct tool_key *key)
{
    CK_OBJECT_HANDLE half = CK_INVALID_HANDLE;
    CK_BBOOL each_time = CK_FALSE;
    int code = pkcs11_log_in(token);

    if (code == TOOL_OK) {
        code = find_named(token, CKO_PRIVATE_KEY, &token->private_key);
    }
    if (code != TOOL_OK) {
        return code;
    }
    /* Some tokens tell the point of the private key's object itself. */
    if (!(find_half(token, &half) && pkcs11_read_point(token, half, key)) &&
        !pkcs11_read_point(token, token->private_key, key)) {
        return tool_fail(TOOL_USAGE,
                         "%s: the token holds no public key of P-256 or "
                         "Ed25519 for it: store it beside, with the same id",
                         token->name);
    }
    (void)pkcs11_get(token, token->private_key, CKA_ALWAYS_AUTHENTICATE,
                     &each_time, sizeof each_time);
    token->each_time = each_time == CK_TRUE;
    key->is_private = true;
    return check_mechanism(token, key->key.algorithm == PAWL_ALG_ES256);
}

static int read_public(struct pkcs11_token *token, struct tool_key *key)
{
    CK_OBJECT_HANDLE object, some;
    CK_ULONG count = 0;
    int code = TOOL_OK;

    (void)pkcs11_find(
        token, CKO_PUBLIC_KEY, p11_kit_uri_get_attribute(token->uri, CKA_LABEL),
        p11_kit_uri_get_attribute(token->uri, CKA_ID), &some, 1, &count);
    if (count == 0 && token->pin_len > 0) {
        code = pkcs11_log_in(token);
    }
    if (code == TOOL_OK) {
        code = find_named(token, CKO_PUBLIC_KEY, &object);
    }
    if (code == TOOL_OK && !pkcs11_read_point(token, object, key)) {
        code = tool_fail(TOOL_USAGE, "%s is no key of P-256 or Ed25519",
                         token->name);
    }
    return code;
}

int pkcs11_read(const char *uri, bool for_signing, struct tool_key *key)
{
    struct pkcs11_token *token;
    int code = pkcs11_open(uri, false, &token);

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
        token->error = pkcs11_words(answer);
        return PAWL_ERR_KEYSTORE;
    }
    token->error = len == 64 ? NULL : "the token's signature is not 64 bytes";
    return len == 64 ? PAWL_OK : PAWL_ERR_KEYSTORE;
}
