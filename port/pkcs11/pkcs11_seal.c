/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sealing with a key of AES-256 that the token makes the first time, and
 * AES-GCM (NIST SP 800-38D) in the token. What is sealed:
 *
 *   version (1 byte, 0x01), nonce (12, the token's random numbers),
 *   ciphertext (as long as what is sealed), tag (16)
 *
 * The version is authenticated with it.
 */
#define _GNU_SOURCE 1
#include "pkcs11_internal.h"

#include <stdio.h>
#include <string.h>

#define VERSION 0x01
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define OVERHEAD (1 + NONCE_SIZE + TAG_SIZE)

/* What tokens say of a tag that is wrong. PKCS #11 3.0 has a word for it that
 * older headers lack. */
#define AEAD_DECRYPT_FAILED 0x42ul

static bool has(struct pawl_pkcs11_keystore *store, CK_MECHANISM_TYPE type,
                CK_FLAGS flags)
{
    CK_MECHANISM_INFO info = {0};

    return pawl_pkcs11_functions(store)->C_GetMechanismInfo(store->token, type,
                                                            &info) == CKR_OK &&
           (info.flags & flags) == flags;
}

bool pawl_pkcs11_can_seal(struct pawl_pkcs11_keystore *store)
{
    return has(store, CKM_AES_GCM, CKF_ENCRYPT | CKF_DECRYPT) &&
           has(store, CKM_AES_KEY_GEN, CKF_GENERATE);
}

/* ---- the key ---- */

static enum pawl_status set_label(struct pawl_pkcs11_keystore *store,
                                  struct pawl_pkcs11_request *request)
{
    const char *prefix = store->config.prefix;
    int len = snprintf(request->label, sizeof request->label, "%s-seal",
                       prefix != NULL ? prefix : "pawl");

    return len > 0 && (size_t)len < sizeof request->label
               ? PAWL_OK
               : pawl_pkcs11_refuse(store, CKR_ARGUMENTS_BAD,
                                    "the label of the sealing key is too long");
}

static enum pawl_status refuse_key(struct pawl_pkcs11_keystore *store)
{
    return pawl_pkcs11_refuse(store, CKR_TEMPLATE_INCONSISTENT,
                              "the sealing key can be read: delete it");
}

static enum pawl_status make_key(struct pawl_pkcs11_keystore *store,
                                 const char *label, CK_OBJECT_HANDLE *key)
{
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG size = 32, len = (CK_ULONG)strlen(label);
    CK_ATTRIBUTE template[] = {
        {CKA_LABEL, (void *)label, len},    {CKA_ID, (void *)label, len},
        {CKA_TOKEN, &yes, sizeof yes},      {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},  {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_ENCRYPT, &yes, sizeof yes},    {CKA_DECRYPT, &yes, sizeof yes},
        {CKA_WRAP, &no, sizeof no},         {CKA_UNWRAP, &no, sizeof no},
        {CKA_VALUE_LEN, &size, sizeof size}};
    enum pawl_status status = pawl_pkcs11_check_writable(store);

    if (status == PAWL_OK) {
        status = pawl_pkcs11_answer(
            store, pawl_pkcs11_functions(store)->C_GenerateKey(
                       store->session, &mechanism, template,
                       sizeof template / sizeof template[0], key));
    }
    /* Whatever the template said: a key that can be read is not kept. */
    if (status == PAWL_OK && pawl_pkcs11_can_be_read(store, *key)) {
        (void)pawl_pkcs11_functions(store)->C_DestroyObject(store->session,
                                                            *key);
        status = refuse_key(store);
    }
    return status;
}

/* The sealing key; CK_INVALID_HANDLE: there is none. */
static enum pawl_status find_key(struct pawl_pkcs11_keystore *store,
                                 struct pawl_pkcs11_request *request,
                                 CK_OBJECT_HANDLE *key)
{
    enum pawl_status status = set_label(store, request);

    if (status == PAWL_OK) {
        status = pawl_pkcs11_find(store, CKO_SECRET_KEY, CKK_AES,
                                  request->label, key);
    }
    if (status != PAWL_OK) {
        return status;
    }
    if (*key == CK_INVALID_HANDLE && !pawl_pkcs11_token_is_there(store)) {
        return pawl_pkcs11_answer(store, CKR_TOKEN_NOT_PRESENT);
    }
    return *key != CK_INVALID_HANDLE && pawl_pkcs11_can_be_read(store, *key)
               ? refuse_key(store)
               : PAWL_OK;
}

/* ---- one operation of the token ---- */

static CK_GCM_PARAMS parameters(uint8_t *nonce, uint8_t *version)
{
    return (CK_GCM_PARAMS){.iv_ptr = nonce,
                           .iv_len = NONCE_SIZE,
                           .iv_bits = NONCE_SIZE * 8,
                           .aad_ptr = version,
                           .aad_len = 1,
                           .tag_bits = TAG_SIZE * 8};
}

/* Fills in all of sealed but its version. A token that takes no nonce but its
 * own writes that over ours. */
static CK_RV encrypt(struct pawl_pkcs11_keystore *store, CK_OBJECT_HANDLE key,
                     struct pawl_bytes plain, uint8_t *sealed)
{
    CK_FUNCTION_LIST *functions = pawl_pkcs11_functions(store);
    uint8_t version = VERSION;
    CK_GCM_PARAMS gcm = parameters(sealed + 1, &version);
    CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
    CK_ULONG len = plain.len + TAG_SIZE;
    CK_RV answer =
        functions->C_GenerateRandom(store->session, sealed + 1, NONCE_SIZE);

    sealed[0] = VERSION;
    if (answer == CKR_OK) {
        answer = functions->C_EncryptInit(store->session, &mechanism, key);
    }
    if (answer == CKR_OK) {
        answer = functions->C_Encrypt(store->session, (CK_BYTE *)plain.data,
                                      plain.len, sealed + 1 + NONCE_SIZE, &len);
    }
    return answer == CKR_OK && len != plain.len + TAG_SIZE ? CKR_DATA_LEN_RANGE
                                                           : answer;
}

/* plain has room for as many bytes as sealed has. */
static CK_RV decrypt(struct pawl_pkcs11_keystore *store, CK_OBJECT_HANDLE key,
                     struct pawl_bytes sealed, uint8_t *plain)
{
    CK_FUNCTION_LIST *functions = pawl_pkcs11_functions(store);
    uint8_t version = VERSION, nonce[NONCE_SIZE];
    CK_GCM_PARAMS gcm = parameters(nonce, &version);
    CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
    CK_ULONG len = sealed.len;

    memcpy(nonce, sealed.data + 1, NONCE_SIZE);
    CK_RV answer = functions->C_DecryptInit(store->session, &mechanism, key);

    if (answer == CKR_OK) {
        answer = functions->C_Decrypt(store->session,
                                      (CK_BYTE *)sealed.data + 1 + NONCE_SIZE,
                                      sealed.len - 1 - NONCE_SIZE, plain, &len);
    }
    return answer == CKR_OK && len != sealed.len - OVERHEAD ? CKR_DATA_LEN_RANGE
                                                            : answer;
}

/*
 * Whether it lies with what was to be decrypted. Some tokens answer to a wrong
 * tag as to any failure (SoftHSM: CKR_GENERAL_ERROR): one that decrypts what
 * it has just encrypted is well.
 */
static bool is_damaged(struct pawl_pkcs11_keystore *store, CK_OBJECT_HANDLE key,
                       CK_RV answer)
{
    static const uint8_t probe[16];
    uint8_t sealed[sizeof probe + OVERHEAD], back[sizeof sealed];

    switch (answer) {
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_ENCRYPTED_DATA_LEN_RANGE:
    case CKR_SIGNATURE_INVALID:
    case AEAD_DECRYPT_FAILED:
        return true;
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
    case CKR_DATA_INVALID:
        break;
    default:
        return false;
    }
    return encrypt(store, key, (struct pawl_bytes){probe, sizeof probe},
                   sealed) == CKR_OK &&
           decrypt(store, key, (struct pawl_bytes){sealed, sizeof sealed},
                   back) == CKR_OK &&
           memcmp(back, probe, sizeof probe) == 0;
}

/* ---- the table's ---- */

static enum pawl_status too_small(struct pawl_pkcs11_keystore *store)
{
    (void)pawl_pkcs11_refuse(store, CKR_BUFFER_TOO_SMALL,
                             "the room for it is too small");
    return PAWL_ERR_TOO_SMALL;
}

static enum pawl_status not_ours(struct pawl_pkcs11_keystore *store)
{
    (void)pawl_pkcs11_refuse(store, CKR_ENCRYPTED_DATA_INVALID,
                             "it was not sealed by this token, or is damaged");
    return PAWL_ERR_SIGNATURE;
}

static enum pawl_status do_seal(struct pawl_pkcs11_keystore *store,
                                struct pawl_pkcs11_request *request)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    size_t room = *request->out_len;
    enum pawl_status status = find_key(store, request, &key);

    if (status != PAWL_OK) {
        return status;
    }
    if (request->in.len == 0 || request->in.len > PAWL_SEAL_MAX) {
        (void)pawl_pkcs11_refuse(store, CKR_DATA_LEN_RANGE,
                                 "there is nothing to seal, or too much");
        return PAWL_ERR_LIMIT;
    }
    if (room < request->in.len + OVERHEAD) {
        *request->out_len = request->in.len + OVERHEAD;
        return too_small(store);
    }
    if (key == CK_INVALID_HANDLE) {
        status = make_key(store, request->label, &key);
    }
    if (status == PAWL_OK) {
        status = pawl_pkcs11_answer(
            store, encrypt(store, key, request->in, request->out));
    }
    if (status == PAWL_OK) {
        *request->out_len = request->in.len + OVERHEAD;
    }
    return status;
}

static enum pawl_status take_out(struct pawl_pkcs11_keystore *store,
                                 CK_OBJECT_HANDLE key,
                                 struct pawl_pkcs11_request *request)
{
    uint8_t plain[PAWL_SEAL_MAX + OVERHEAD];
    CK_RV answer = decrypt(store, key, request->in, plain);
    enum pawl_status status = PAWL_OK;

    if (answer == CKR_OK) {
        *request->out_len = request->in.len - OVERHEAD;
        memcpy(request->out, plain, *request->out_len);
    } else {
        status = is_damaged(store, key, answer)
                     ? not_ours(store)
                     : pawl_pkcs11_answer(store, answer);
    }
    explicit_bzero(plain, sizeof plain);
    return status;
}

static enum pawl_status do_unseal(struct pawl_pkcs11_keystore *store,
                                  struct pawl_pkcs11_request *request)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    struct pawl_bytes in = request->in;
    enum pawl_status status = find_key(store, request, &key);

    if (status != PAWL_OK) {
        return status;
    }
    if (key == CK_INVALID_HANDLE || in.len <= OVERHEAD ||
        in.len > PAWL_SEAL_MAX + OVERHEAD || in.data[0] != VERSION) {
        return not_ours(store);
    }
    if (*request->out_len < in.len - OVERHEAD) {
        *request->out_len = in.len - OVERHEAD;
        return too_small(store);
    }
    return take_out(store, key, request);
}

enum pawl_status pawl_pkcs11_seal(void *ctx, struct pawl_bytes plain,
                                  uint8_t *sealed, size_t *sealed_len)
{
    struct pawl_pkcs11_request request = {
        .in = plain, .out = sealed, .out_len = sealed_len};

    return pawl_pkcs11_run(ctx, do_seal, &request);
}

enum pawl_status pawl_pkcs11_unseal(void *ctx, struct pawl_bytes sealed,
                                    uint8_t *plain, size_t *plain_len)
{
    struct pawl_pkcs11_request request = {
        .in = sealed, .out = plain, .out_len = plain_len};

    return pawl_pkcs11_run(ctx, do_unseal, &request);
}
