/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A PKCS #11 module that hands everything on to another one, and fails on
 * request: a token that is full, removed or write-protected cannot be had of
 * SoftHSM. Of the environment:
 *
 *   FAILING_MODULE   the other module
 *   FAILING_FILE     read at each call: lines "C_Sign 0x32", a function and
 *                    what it answers instead; "flags 0x10", flags that are
 *                    set in each token's information besides; "extractable 1",
 *                    keys are made extractable; "again 0xa0", what a login
 *                    for one use of a key answers; "once 1", the first failure
 *                    removes the file; "without 0x1087", a mechanism that it
 *                    does not have
 *   FAILING_LOG      a line is added for each login, with what it answered
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real, own;

/* The number behind a word in FAILING_FILE; 0 if it is not there. */
static CK_ULONG number_of(const char *word)
{
    const char *path = getenv("FAILING_FILE");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    char name[64];
    CK_ULONG value = 0, found = 0;

    while (file != NULL &&
           fscanf(file, "%63s %li", name, (long *)&value) == 2) {
        if (strcmp(name, word) == 0) {
            found = value;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

/* What a function is to answer; CKR_OK: what the other module does. */
static CK_RV asked_of(const char *function)
{
    CK_RV asked = number_of(function);

    if (asked != CKR_OK && number_of("once") != 0) {
        (void)unlink(getenv("FAILING_FILE"));
    }
    return asked;
}

#define FAIL_IF_ASKED(name)                                                    \
    {                                                                          \
        CK_RV asked = asked_of(#name);                                         \
        if (asked != CKR_OK) {                                                 \
            return asked;                                                      \
        }                                                                      \
    }

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    FAIL_IF_ASKED(C_GetTokenInfo)
    CK_RV answer = real->C_GetTokenInfo(slot, info);

    if (answer == CKR_OK) {
        info->flags |= number_of("flags");
    }
    return answer;
}

static CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                            CK_MECHANISM_INFO *info)
{
    FAIL_IF_ASKED(C_GetMechanismInfo)
    if (type == number_of("without") && type != 0) {
        return CKR_MECHANISM_INVALID;
    }
    return real->C_GetMechanismInfo(slot, type, info);
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user,
                    unsigned char *pin, CK_ULONG len)
{
    const char *path = getenv("FAILING_LOG");
    FILE *log = path != NULL ? fopen(path, "a") : NULL;
    CK_RV answer = asked_of(user == CKU_CONTEXT_SPECIFIC ? "again" : "C_Login");

    if (answer == CKR_OK) {
        answer = real->C_Login(session, user, pin, len);
    }
    if (log != NULL) {
        (void)fprintf(log, "0x%lx\n", answer);
        (void)fclose(log);
    }
    return answer;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
                          CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    if ((flags & CKF_RW_SESSION) != 0) {
        FAIL_IF_ASKED(C_OpenSession)
    }
    return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session,
                               CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    FAIL_IF_ASKED(C_FindObjectsInit)
    return real->C_FindObjectsInit(session, attributes, count);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                       CK_OBJECT_HANDLE key)
{
    FAIL_IF_ASKED(C_SignInit)
    return real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len,
                  unsigned char *signature, CK_ULONG *signature_len)
{
    CK_RV answer = asked_of("C_Sign");

    if (answer == CKR_OK) {
        return real->C_Sign(session, data, len, signature, signature_len);
    }
    /* The operation that was begun ends, as it does in a token. */
    (void)real->C_Sign(session, data, len, signature, signature_len);
    memset(signature, 0, 64);
    return answer;
}

static CK_RV encrypt(CK_SESSION_HANDLE session, unsigned char *plain,
                     CK_ULONG plain_len, unsigned char *made,
                     CK_ULONG *made_len)
{
    CK_RV answer = real->C_Encrypt(session, plain, plain_len, made, made_len);
    CK_RV asked = asked_of("C_Encrypt");

    return asked != CKR_OK ? asked : answer;
}

static CK_RV decrypt(CK_SESSION_HANDLE session, unsigned char *data,
                     CK_ULONG len, unsigned char *plain, CK_ULONG *plain_len)
{
    CK_RV answer = real->C_Decrypt(session, data, len, plain, plain_len);
    CK_RV asked = asked_of("C_Decrypt");

    return asked != CKR_OK ? asked : answer;
}

static CK_RV generate_one(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                          CK_ATTRIBUTE *template, CK_ULONG count,
                          CK_OBJECT_HANDLE *key)
{
    static CK_BBOOL yes = CK_TRUE;

    FAIL_IF_ASKED(C_GenerateKey)
    for (CK_ULONG i = 0; number_of("extractable") != 0 && i < count; i++) {
        if (template[i].type == CKA_EXTRACTABLE) {
            template[i].pValue = &yes;
        }
    }
    return real->C_GenerateKey(session, mechanism, template, count, key);
}

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                      CK_ATTRIBUTE *public_half, CK_ULONG public_count,
                      CK_ATTRIBUTE *private_half, CK_ULONG private_count,
                      CK_OBJECT_HANDLE *public_key,
                      CK_OBJECT_HANDLE *private_key)
{
    static CK_BBOOL yes = CK_TRUE;

    FAIL_IF_ASKED(C_GenerateKeyPair)
    /* "extractable 1": a token that does not do as it is told. */
    for (CK_ULONG i = 0; number_of("extractable") != 0 && i < private_count;
         i++) {
        if (private_half[i].type == CKA_EXTRACTABLE) {
            private_half[i].pValue = &yes;
        }
    }
    return real->C_GenerateKeyPair(session, mechanism, public_half,
                                   public_count, private_half, private_count,
                                   public_key, private_key);
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    FAIL_IF_ASKED(C_DestroyObject)
    return real->C_DestroyObject(session, object);
}

static CK_RV list_self(CK_FUNCTION_LIST **list)
{
    *list = &own;
    return CKR_OK;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    void *library = dlopen(getenv("FAILING_MODULE"), RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;

    if (library == NULL) {
        return CKR_GENERAL_ERROR;
    }
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    own = *real;
    own.C_GetFunctionList = list_self;
    own.C_GetTokenInfo = token_info;
    own.C_GetMechanismInfo = mechanism_info;
    own.C_Login = log_in;
    own.C_OpenSession = open_session;
    own.C_FindObjectsInit = find_objects_init;
    own.C_SignInit = sign_init;
    own.C_Sign = sign;
    own.C_GenerateKeyPair = generate;
    own.C_GenerateKey = generate_one;
    own.C_Encrypt = encrypt;
    own.C_Decrypt = decrypt;
    own.C_DestroyObject = destroy;
    *list = &own;
    return CKR_OK;
}
