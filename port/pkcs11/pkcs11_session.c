/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way to the token: module, token, session, login. A PIN is tried once:
 * after a refusal pin_refused stands until the store is closed, whatever else
 * happens to the token.
 */
#define _GNU_SOURCE 1
#include "pkcs11_internal.h"

#include <dlfcn.h>
#include <string.h>

#define TOKENS_MAX 64 /* of one module */

/* ---- the module ---- */

static enum pawl_status initialise(struct pawl_pkcs11_keystore *store)
{
    if (store->owner) {
        return PAWL_OK;
    }
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    CK_RV answer = pawl_pkcs11_functions(store)->C_Initialize(&arguments);

    /* Another store, or the program itself, was first. */
    if (answer == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return PAWL_OK;
    }
    store->owner = answer == CKR_OK;
    return pawl_pkcs11_answer(store, answer);
}

enum pawl_status pawl_pkcs11_load(struct pawl_pkcs11_keystore *store)
{
    CK_C_GetFunctionList get = NULL;
    CK_FUNCTION_LIST *functions = NULL;

    store->library = dlopen(store->config.module, RTLD_NOW | RTLD_LOCAL);
    if (store->library == NULL) {
        (void)pawl_pkcs11_refuse(
            store, CKR_FUNCTION_NOT_SUPPORTED,
            "the module cannot be loaded: correct its path");
        return PAWL_ERR_UNSUPPORTED;
    }
    /* ISO C has no conversion from dlsym()'s type; POSIX has this one. */
    *(void **)&get = dlsym(store->library, "C_GetFunctionList");
    if (get == NULL || get(&functions) != CKR_OK || functions == NULL ||
        functions->version.major != 2) {
        (void)pawl_pkcs11_refuse(
            store, CKR_FUNCTION_NOT_SUPPORTED,
            "the file is no module of PKCS #11, version 2");
        return PAWL_ERR_UNSUPPORTED;
    }
    store->functions = functions;
    return PAWL_OK;
}

static void finalise(struct pawl_pkcs11_keystore *store)
{
    if (store->owner) {
        (void)pawl_pkcs11_functions(store)->C_Finalize(NULL);
        store->owner = false;
    }
}

void pawl_pkcs11_unload(struct pawl_pkcs11_keystore *store)
{
    finalise(store);
    store->functions = NULL;
    if (store->library != NULL) {
        (void)dlclose(store->library);
        store->library = NULL;
    }
}

/* ---- the token ---- */

/* Compares a field that is filled up with blanks, not ended. */
static bool field_is(const CK_UTF8CHAR *field, size_t size, const char *wanted)
{
    size_t len = wanted != NULL ? strlen(wanted) : 0;

    if (wanted == NULL) {
        return true;
    }
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\0')) {
        size--;
    }
    return len == size && memcmp(field, wanted, len) == 0;
}

static bool token_fits(struct pawl_pkcs11_keystore *store, CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;

    return pawl_pkcs11_functions(store)->C_GetTokenInfo(slot, &info) ==
               CKR_OK &&
           (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
           field_is(info.label, sizeof info.label, store->config.token_label) &&
           field_is(info.serialNumber, sizeof info.serialNumber,
                    store->config.token_serial);
}

bool pawl_pkcs11_token_is_there(struct pawl_pkcs11_keystore *store)
{
    return token_fits(store, store->token);
}

static enum pawl_status find_token(struct pawl_pkcs11_keystore *store)
{
    CK_SLOT_ID slots[TOKENS_MAX];
    CK_ULONG count = TOKENS_MAX;
    size_t found = 0;
    CK_RV answer =
        pawl_pkcs11_functions(store)->C_GetSlotList(CK_TRUE, slots, &count);

    if (answer != CKR_OK) {
        return pawl_pkcs11_answer(store, answer);
    }
    for (CK_ULONG i = 0; i < count; i++) {
        if (token_fits(store, slots[i])) {
            store->token = slots[i];
            found++;
        }
    }
    if (found == 1) {
        return PAWL_OK;
    }
    (void)pawl_pkcs11_refuse(store, CKR_TOKEN_NOT_PRESENT,
                             found == 0
                                 ? "no such token: insert it, or correct "
                                   "its label and serial number"
                                 : "several tokens fit: name one by its "
                                   "serial number");
    return found == 0 ? PAWL_ERR_NOT_FOUND : PAWL_ERR_STATE;
}

/* Whether the token signs as pawl wants it. */
static enum pawl_status check_mechanism(struct pawl_pkcs11_keystore *store)
{
    CK_MECHANISM_INFO info = {0};
    CK_RV answer = pawl_pkcs11_functions(store)->C_GetMechanismInfo(
        store->token, CKM_ECDSA, &info);

    if (answer == CKR_OK && (info.flags & CKF_SIGN) != 0) {
        return PAWL_OK;
    }
    (void)pawl_pkcs11_refuse(store, CKR_MECHANISM_INVALID,
                             "the token cannot sign by ECDSA (CKM_ECDSA)");
    return PAWL_ERR_UNSUPPORTED;
}

/* ---- the login ---- */

/* Whether a PIN may be tried at all. */
static enum pawl_status check_tries(struct pawl_pkcs11_keystore *store,
                                    CK_FLAGS flags)
{
    if (store->pin_refused) {
        return pawl_pkcs11_answer(store, CKR_PIN_INCORRECT);
    }
    if ((flags & CKF_USER_PIN_LOCKED) != 0) {
        return pawl_pkcs11_answer(store, CKR_PIN_LOCKED);
    }
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0 && !store->config.final_try) {
        return pawl_pkcs11_refuse(store, CKR_PIN_INCORRECT,
                                  "a wrong PIN would lock the token: log in "
                                  "with its own tool first");
    }
    return PAWL_OK;
}

static void wipe(void *secret, size_t len)
{
    explicit_bzero(secret, len);
}

/* C_Login, with the caller's PIN or that of the reader's own keys. */
static enum pawl_status log_in_as(struct pawl_pkcs11_keystore *store,
                                  CK_USER_TYPE user)
{
    CK_UTF8CHAR pin[PAWL_PKCS11_PIN_MAX];
    size_t len = 0;
    CK_RV answer = CKR_PIN_INVALID;

    if (store->config.pin == NULL) {
        answer = pawl_pkcs11_functions(store)->C_Login(store->session, user,
                                                       NULL, 0);
    } else if (store->config.pin(store->config.ctx, pin, &len) == PAWL_OK &&
               len <= sizeof pin) {
        answer = pawl_pkcs11_functions(store)->C_Login(store->session, user,
                                                       pin, (CK_ULONG)len);
    } else {
        wipe(pin, sizeof pin);
        return pawl_pkcs11_refuse(store, CKR_USER_NOT_LOGGED_IN,
                                  "there is no PIN to log in with");
    }
    wipe(pin, sizeof pin);
    store->pin_refused =
        answer == CKR_PIN_INCORRECT || answer == CKR_PIN_INVALID ||
        answer == CKR_PIN_LEN_RANGE || answer == CKR_PIN_LOCKED;
    /* Another session of this process has done it. */
    return answer == CKR_USER_ALREADY_LOGGED_IN
               ? PAWL_OK
               : pawl_pkcs11_answer(store, answer);
}

enum pawl_status pawl_pkcs11_log_in_again(struct pawl_pkcs11_keystore *store)
{
    CK_TOKEN_INFO info;
    enum pawl_status status = pawl_pkcs11_answer(
        store,
        pawl_pkcs11_functions(store)->C_GetTokenInfo(store->token, &info));

    if (status == PAWL_OK) {
        status = check_tries(store, info.flags);
    }
    return status == PAWL_OK ? log_in_as(store, CKU_CONTEXT_SPECIFIC) : status;
}

static enum pawl_status log_in(struct pawl_pkcs11_keystore *store,
                               const CK_TOKEN_INFO *info)
{
    CK_SESSION_INFO session = {0};
    enum pawl_status status = PAWL_OK;

    if ((info->flags & CKF_LOGIN_REQUIRED) == 0) {
        return PAWL_OK;
    }
    /* Another session of this process may have: then no PIN is tried. */
    if (pawl_pkcs11_functions(store)->C_GetSessionInfo(store->session,
                                                       &session) == CKR_OK &&
        (session.state == CKS_RW_USER_FUNCTIONS ||
         session.state == CKS_RO_USER_FUNCTIONS)) {
        return PAWL_OK;
    }
    if (store->config.pin == NULL &&
        (info->flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
        return pawl_pkcs11_refuse(store, CKR_USER_NOT_LOGGED_IN,
                                  "the token wants a PIN, and none is given");
    }
    status = check_tries(store, info->flags);
    return status == PAWL_OK ? log_in_as(store, CKU_USER) : status;
}

static enum pawl_status open_session(struct pawl_pkcs11_keystore *store,
                                     const CK_TOKEN_INFO *info)
{
    CK_FUNCTION_LIST *functions = pawl_pkcs11_functions(store);
    CK_FLAGS flags = CKF_SERIAL_SESSION;
    CK_RV answer = CKR_TOKEN_WRITE_PROTECTED;

    store->writable = (info->flags & CKF_WRITE_PROTECTED) == 0;
    if (store->writable) {
        answer = functions->C_OpenSession(store->token, flags | CKF_RW_SESSION,
                                          NULL, NULL, &store->session);
    }
    if (answer == CKR_TOKEN_WRITE_PROTECTED) {
        store->writable = false;
        answer = functions->C_OpenSession(store->token, flags, NULL, NULL,
                                          &store->session);
    }
    return pawl_pkcs11_answer(store, answer);
}

enum pawl_status pawl_pkcs11_connect(struct pawl_pkcs11_keystore *store)
{
    CK_TOKEN_INFO info;
    enum pawl_status status = PAWL_OK;

    if (store->library == NULL) {
        status = pawl_pkcs11_load(store);
    }
    if (status == PAWL_OK) {
        status = initialise(store);
    }
    if (status == PAWL_OK) {
        status = find_token(store);
    }
    if (status == PAWL_OK) {
        status = check_mechanism(store);
    }
    if (status == PAWL_OK) {
        status = pawl_pkcs11_answer(
            store,
            pawl_pkcs11_functions(store)->C_GetTokenInfo(store->token, &info));
    }
    if (status == PAWL_OK) {
        status = open_session(store, &info);
    }
    if (status != PAWL_OK) {
        return status;
    }
    store->connected = true;
    status = log_in(store, &info);
    if (status != PAWL_OK) {
        pawl_pkcs11_disconnect(store);
    }
    return status;
}

void pawl_pkcs11_disconnect(struct pawl_pkcs11_keystore *store)
{
    if (store->connected) {
        (void)pawl_pkcs11_functions(store)->C_CloseSession(store->session);
        store->session = CK_INVALID_HANDLE;
        store->connected = false;
    }
}

void pawl_pkcs11_forget(struct pawl_pkcs11_keystore *store)
{
    pawl_pkcs11_disconnect(store);
    finalise(store);
}
