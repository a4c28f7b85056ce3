/* SPDX-License-Identifier: Apache-2.0 */

/* Making a key pair in a token. */

#include "pkcs11_internal.h"
#include <openssl/rand.h>
#include <string.h>

static CK_RV generate(struct pkcs11_token *token, bool ecdsa,
                      CK_ATTRIBUTE label, CK_ATTRIBUTE id)
{
    CK_MECHANISM mechanism = {
        ecdsa ? CKM_EC_KEY_PAIR_GEN : CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE curve = {
        CKA_EC_PARAMS, (void *)(ecdsa ? pkcs11_p256_oid : pkcs11_ed25519_oid),
        ecdsa ? sizeof pkcs11_p256_oid : sizeof pkcs11_ed25519_oid};
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
        CK_RV answer =
            pkcs11_find(token, classes[i], label, NULL, &handle, 1, &count);

        if (answer != CKR_OK) {
            return pkcs11_fail(token, answer);
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
    int code = pkcs11_open(uri, true, &token);
    CK_ATTRIBUTE *label = NULL, *id = NULL;
    if (code == TOOL_OK) {
        label = p11_kit_uri_get_attribute(token->uri, CKA_LABEL);
        id = p11_kit_uri_get_attribute(token->uri, CKA_ID);
        code = label != NULL
                   ? pkcs11_log_in(token)
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
        code = answer == CKR_OK ? TOOL_OK : pkcs11_fail(token, answer);
    }
    pkcs11_free(token);
    return code;
}
