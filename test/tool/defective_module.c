/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The PKCS #11 module that PAWL_TEST_MODULE names, with one difference, which
 * SoftHSM never shows; PAWL_TEST_DEFECT says which:
 *
 *   locked-flag     the token's flags say that the PIN is locked
 *   locked-login    the login says so
 *   no-ecdsa        there is no mechanism CKM_ECDSA
 *   no-generation   no key pairs are made
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST changed;

static bool has(const char *defect)
{
    const char *word = getenv("PAWL_TEST_DEFECT");

    return word != NULL && strcmp(word, defect) == 0;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV answer = real->C_GetTokenInfo(slot, info);

    if (has("locked-flag")) {
        info->flags |= CKF_USER_PIN_LOCKED;
    }
    return answer;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user,
                   CK_UTF8CHAR *pin, CK_ULONG len)
{
    return has("locked-login") ? CKR_PIN_LOCKED
                               : real->C_Login(session, user, pin, len);
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism,
                                CK_MECHANISM_INFO *info)
{
    return has("no-ecdsa") && mechanism == CKM_ECDSA
               ? CKR_MECHANISM_INVALID
               : real->C_GetMechanismInfo(slot, mechanism, info);
}

static CK_RV
generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                  CK_ATTRIBUTE *public_half, CK_ULONG public_count,
                  CK_ATTRIBUTE *private_half, CK_ULONG private_count,
                  CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    return has("no-generation")
               ? CKR_MECHANISM_INVALID
               : real->C_GenerateKeyPair(
                     session, mechanism, public_half, public_count,
                     private_half, private_count, public_key, private_key);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    void *module = dlopen(getenv("PAWL_TEST_MODULE"), RTLD_NOW);
    CK_C_GetFunctionList get = NULL;

    if (module == NULL) {
        return CKR_GENERAL_ERROR;
    }
    *(void **)&get = dlsym(module, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    changed = *real;
    changed.C_GetTokenInfo = get_token_info;
    changed.C_Login = login;
    changed.C_GetMechanismInfo = get_mechanism_info;
    changed.C_GenerateKeyPair = generate_key_pair;
    *list = &changed;
    return CKR_OK;
}
