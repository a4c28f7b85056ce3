/* SPDX-License-Identifier: Apache-2.0 */

/* What a token's answer means: for pawl a status, for a person a line. */
#define _GNU_SOURCE 1
#include "pkcs11_internal.h"

enum pawl_status pawl_pkcs11_answer(struct pawl_pkcs11_keystore *store,
                                    CK_RV answer)
{
    return pawl_pkcs11_refuse(store, answer, NULL);
}

enum pawl_status pawl_pkcs11_refuse(struct pawl_pkcs11_keystore *store,
                                    CK_RV answer, const char *reason)
{
    if (answer == CKR_OK) {
        return PAWL_OK; /* the last failure stays readable */
    }
    store->answer = answer;
    store->reason = reason;
    return answer == CKR_DEVICE_MEMORY ? PAWL_ERR_FULL : PAWL_ERR_KEYSTORE;
}

const char *pawl_pkcs11_reason(const struct pawl_pkcs11_keystore *store)
{
    if (store->reason != NULL) {
        return store->reason;
    }
    switch (store->answer) {
    case CKR_OK:
        return "nothing has failed";
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
        return "the token wants a PIN";
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_DEVICE_REMOVED:
        return "the token was removed: insert it and try again";
    case CKR_TOKEN_WRITE_PROTECTED:
    case CKR_SESSION_READ_ONLY:
        return "the token is write-protected";
    case CKR_DEVICE_MEMORY:
        return "the token is full: destroy keys that are no longer used";
    case CKR_DEVICE_ERROR:
        return "the token, or the way to it, is broken";
    case CKR_MECHANISM_INVALID:
    case CKR_FUNCTION_NOT_SUPPORTED:
        return "the token cannot do this with keys of P-256";
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
        return "the key may not sign: it lacks CKA_SIGN";
    default:
        return "the token failed: see the number of its answer";
    }
}
