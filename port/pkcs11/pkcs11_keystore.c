/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table. Objects are found anew for each call: handles do not outlive a
 * session, and another program may have changed the token.
 */
#define _GNU_SOURCE 1
#include "pkcs11_internal.h"

#include <stdio.h>
#include <string.h>

/* secp256r1 as CKA_EC_PARAMS has it: its OID (RFC 5480, 2.1.1.1). */
static const CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                               0xce, 0x3d, 0x03, 0x01, 0x07};

/* The halves of a key; a handle is CK_INVALID_HANDLE where there is none. */
struct halves {
    CK_OBJECT_HANDLE private_key, public_key;
};

/* ---- labels ---- */

static bool label_of(const struct pawl_pkcs11_config *config,
                     enum pawl_key_slot slot, char label[PAWL_PKCS11_LABEL_MAX])
{
    static const char *const names[PAWL_KEY_SLOTS] = {"idevid", "ldevid-a",
                                                      "ldevid-b"};
    int len =
        config->labels[slot] != NULL
            ? snprintf(label, PAWL_PKCS11_LABEL_MAX, "%s", config->labels[slot])
            : snprintf(label, PAWL_PKCS11_LABEL_MAX, "%s-%s",
                       config->prefix != NULL ? config->prefix : "pawl",
                       names[slot]);

    return len > 0 && len < PAWL_PKCS11_LABEL_MAX;
}

/* ---- objects ---- */

enum pawl_status pawl_pkcs11_find(struct pawl_pkcs11_keystore *store,
                                  CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                                  const char *label, CK_OBJECT_HANDLE *handle)
{
    CK_FUNCTION_LIST *functions = pawl_pkcs11_functions(store);
    CK_ATTRIBUTE wanted[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_LABEL, (void *)label, (CK_ULONG)strlen(label)}};
    CK_OBJECT_HANDLE handles[2] = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    CK_ULONG count = 0;
    CK_RV answer = functions->C_FindObjectsInit(store->session, wanted, 3);

    *handle = CK_INVALID_HANDLE;
    if (answer == CKR_OK) {
        answer = functions->C_FindObjects(store->session, handles, 2, &count);
        (void)functions->C_FindObjectsFinal(store->session);
    }
    if (answer == CKR_OK && count > 1) {
        return pawl_pkcs11_refuse(store, CKR_TEMPLATE_INCONSISTENT,
                                  "two keys of the token have this label: "
                                  "delete or rename one");
    }
    if (answer == CKR_OK && count == 1) {
        *handle = handles[0];
    }
    return pawl_pkcs11_answer(store, answer);
}

static enum pawl_status find_halves(struct pawl_pkcs11_keystore *store,
                                    const struct pawl_pkcs11_request *request,
                                    struct halves *halves)
{
    enum pawl_status status = pawl_pkcs11_find(
        store, CKO_PRIVATE_KEY, CKK_EC, request->label, &halves->private_key);

    return status == PAWL_OK
               ? pawl_pkcs11_find(store, CKO_PUBLIC_KEY, CKK_EC, request->label,
                                  &halves->public_key)
               : status;
}

/* A flag of an object; what it is taken for if the token does not tell. */
static bool flag_of(struct pawl_pkcs11_keystore *store, CK_OBJECT_HANDLE object,
                    CK_ATTRIBUTE_TYPE type, bool otherwise)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = {type, &value, sizeof value};

    if (pawl_pkcs11_functions(store)->C_GetAttributeValue(
            store->session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen != sizeof value) {
        return otherwise;
    }
    return value == CK_TRUE;
}

bool pawl_pkcs11_can_be_read(struct pawl_pkcs11_keystore *store,
                             CK_OBJECT_HANDLE private_key)
{
    return flag_of(store, private_key, CKA_EXTRACTABLE, true) ||
           !flag_of(store, private_key, CKA_SENSITIVE, false);
}

/* Asks the token what it and its keys are. */
static enum pawl_status read_attributes(struct pawl_pkcs11_keystore *store)
{
    struct pawl_keystore_attributes found = {.persistent = true};
    enum pawl_status status = PAWL_OK;
    CK_SLOT_INFO info = {0};

    found.hardware = pawl_pkcs11_functions(store)->C_GetSlotInfo(
                         store->token, &info) == CKR_OK &&
                     (info.flags & CKF_HW_SLOT) != 0;
    for (int i = 0; i < PAWL_KEY_SLOTS && status == PAWL_OK; i++) {
        CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
        char label[PAWL_PKCS11_LABEL_MAX];

        (void)label_of(&store->config, (enum pawl_key_slot)i, label);
        status = pawl_pkcs11_find(store, CKO_PRIVATE_KEY, CKK_EC, label, &key);
        if (status == PAWL_OK && key != CK_INVALID_HANDLE) {
            found.exportable |= pawl_pkcs11_can_be_read(store, key);
            found.persistent &= flag_of(store, key, CKA_TOKEN, false);
        }
    }
    if (status == PAWL_OK) {
        store->keystore.attributes = found;
    }
    return status;
}

/* ---- the operations ---- */

/* Some modules show a token that has gone as one without objects. */
static enum pawl_status empty_slot(struct pawl_pkcs11_keystore *store)
{
    if (!pawl_pkcs11_token_is_there(store)) {
        return pawl_pkcs11_answer(store, CKR_TOKEN_NOT_PRESENT);
    }
    (void)pawl_pkcs11_refuse(store, CKR_OBJECT_HANDLE_INVALID,
                             "the token holds no key for this slot");
    return PAWL_ERR_NOT_FOUND;
}

/* CKA_EC_POINT is an OCTET STRING; some tokens leave that out. False: it is no
 * point of P-256. */
static bool take_point(const CK_ATTRIBUTE *point, const CK_ATTRIBUTE *curve,
                       uint8_t *out)
{
    const CK_BYTE *value = point->pValue;
    size_t skip = point->ulValueLen == 2 + PAWL_P256_POINT_SIZE ? 2 : 0;

    if (point->ulValueLen != skip + PAWL_P256_POINT_SIZE ||
        (skip != 0 && (value[0] != 0x04 || value[1] != PAWL_P256_POINT_SIZE)) ||
        value[skip] != 0x04 || curve->ulValueLen != sizeof p256 ||
        memcmp(curve->pValue, p256, sizeof p256) != 0) {
        return false;
    }
    memcpy(out, value + skip, PAWL_P256_POINT_SIZE);
    return true;
}

static enum pawl_status read_point(struct pawl_pkcs11_keystore *store,
                                   struct pawl_pkcs11_request *request)
{
    CK_BYTE value[160] = {0}, curve[32] = {0}; /* of any curve */
    CK_ATTRIBUTE attributes[] = {{CKA_EC_POINT, value, sizeof value},
                                 {CKA_EC_PARAMS, curve, sizeof curve}};
    struct halves halves;
    enum pawl_status status = find_halves(store, request, &halves);

    if (status != PAWL_OK) {
        return status;
    }
    if (halves.private_key == CK_INVALID_HANDLE ||
        halves.public_key == CK_INVALID_HANDLE) {
        return empty_slot(store);
    }
    status = pawl_pkcs11_answer(
        store, pawl_pkcs11_functions(store)->C_GetAttributeValue(
                   store->session, halves.public_key, attributes, 2));
    if (status == PAWL_OK &&
        !take_point(&attributes[0], &attributes[1], request->out)) {
        status = pawl_pkcs11_refuse(store, CKR_CURVE_NOT_SUPPORTED,
                                    "the key is none of P-256");
    }
    return status;
}

/*
 * For a key that wants a login for each use. An operation that was begun is
 * ended where that fails: a session has room for one, also of another key.
 */
static enum pawl_status
log_in_to_sign(struct pawl_pkcs11_keystore *store,
               const struct pawl_pkcs11_request *request)
{
    CK_BYTE unused[160]; /* of any curve */
    CK_ULONG len = sizeof unused;
    enum pawl_status status = pawl_pkcs11_log_in_again(store);

    if (status != PAWL_OK) {
        (void)pawl_pkcs11_functions(store)->C_Sign(
            store->session, (CK_BYTE *)request->digest, 32, unused, &len);
    }
    return status;
}

static enum pawl_status make_signature(struct pawl_pkcs11_keystore *store,
                                       struct pawl_pkcs11_request *request)
{
    CK_FUNCTION_LIST *functions = pawl_pkcs11_functions(store);
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_BYTE signature[160]; /* of any curve: else the operation goes on */
    CK_ULONG len = sizeof signature;
    struct halves halves;
    enum pawl_status status = find_halves(store, request, &halves);

    if (status == PAWL_OK && (halves.private_key == CK_INVALID_HANDLE ||
                              halves.public_key == CK_INVALID_HANDLE)) {
        return empty_slot(store);
    }
    if (status == PAWL_OK) {
        status = pawl_pkcs11_answer(
            store, functions->C_SignInit(store->session, &mechanism,
                                         halves.private_key));
    }
    if (status == PAWL_OK &&
        flag_of(store, halves.private_key, CKA_ALWAYS_AUTHENTICATE, false)) {
        status = log_in_to_sign(store, request);
    }
    if (status == PAWL_OK) {
        status = pawl_pkcs11_answer(
            store, functions->C_Sign(store->session, (CK_BYTE *)request->digest,
                                     32, signature, &len));
    }
    if (status == PAWL_OK && len != PAWL_P256_SIGNATURE_SIZE) {
        status = pawl_pkcs11_refuse(store, CKR_CURVE_NOT_SUPPORTED,
                                    "the signature is none of P-256");
    }
    if (status == PAWL_OK) {
        memcpy(request->out, signature, PAWL_P256_SIGNATURE_SIZE);
    }
    return status;
}

enum pawl_status pawl_pkcs11_check_writable(struct pawl_pkcs11_keystore *store)
{
    return store->writable
               ? PAWL_OK
               : pawl_pkcs11_answer(store, CKR_TOKEN_WRITE_PROTECTED);
}

/* The private half goes first: a public half alone is no key. */
static enum pawl_status remove_key(struct pawl_pkcs11_keystore *store,
                                   struct pawl_pkcs11_request *request)
{
    CK_FUNCTION_LIST *functions = pawl_pkcs11_functions(store);
    struct halves halves;
    enum pawl_status status = find_halves(store, request, &halves);

    if (status != PAWL_OK || (halves.private_key == CK_INVALID_HANDLE &&
                              halves.public_key == CK_INVALID_HANDLE)) {
        return status; /* an empty slot is no error */
    }
    status = pawl_pkcs11_check_writable(store);
    if (status == PAWL_OK && halves.private_key != CK_INVALID_HANDLE) {
        status = pawl_pkcs11_answer(
            store,
            functions->C_DestroyObject(store->session, halves.private_key));
    }
    if (status == PAWL_OK && halves.public_key != CK_INVALID_HANDLE) {
        status = pawl_pkcs11_answer(
            store,
            functions->C_DestroyObject(store->session, halves.public_key));
    }
    return status == PAWL_OK ? read_attributes(store) : status;
}

static enum pawl_status make_pair(struct pawl_pkcs11_keystore *store,
                                  const char *label, struct halves *made)
{
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG len = (CK_ULONG)strlen(label);
    CK_ATTRIBUTE public_half[] = {{CKA_EC_PARAMS, (void *)p256, sizeof p256},
                                  {CKA_LABEL, (void *)label, len},
                                  {CKA_ID, (void *)label, len},
                                  {CKA_TOKEN, &yes, sizeof yes},
                                  {CKA_PRIVATE, &no, sizeof no},
                                  {CKA_VERIFY, &yes, sizeof yes}};
    CK_ATTRIBUTE private_half[] = {
        {CKA_LABEL, (void *)label, len},   {CKA_ID, (void *)label, len},
        {CKA_TOKEN, &yes, sizeof yes},     {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes}, {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_SIGN, &yes, sizeof yes}};

    return pawl_pkcs11_answer(
        store, pawl_pkcs11_functions(store)->C_GenerateKeyPair(
                   store->session, &mechanism, public_half, 6, private_half, 7,
                   &made->public_key, &made->private_key));
}

/* A token that cannot make the key keeps none, rather than an old one that
 * the caller wanted replaced. */
static enum pawl_status make_key(struct pawl_pkcs11_keystore *store,
                                 struct pawl_pkcs11_request *request)
{
    struct halves made = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    enum pawl_status status = pawl_pkcs11_check_writable(store);

    if (status == PAWL_OK) {
        status = remove_key(store, request);
    }
    if (status == PAWL_OK) {
        status = make_pair(store, request->label, &made);
    }
    if (status != PAWL_OK) {
        return status;
    }
    /* Whatever the template said: a key that can be read is not kept. */
    if (pawl_pkcs11_can_be_read(store, made.private_key)) {
        (void)remove_key(store, request);
        return pawl_pkcs11_refuse(store, CKR_TEMPLATE_INCONSISTENT,
                                  "the token made a key that can be read: it "
                                  "was destroyed");
    }
    return read_attributes(store);
}

/* ---- running them ---- */

/* The session, or more than that, is gone. */
static bool is_lost(CK_RV answer)
{
    switch (answer) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
        return true;
    default:
        return false;
    }
}

/* Only the session is gone, so that the same call can succeed in another. */
static bool is_session_lost(CK_RV answer)
{
    return answer == CKR_SESSION_HANDLE_INVALID ||
           answer == CKR_SESSION_CLOSED || answer == CKR_USER_NOT_LOGGED_IN ||
           answer == CKR_CRYPTOKI_NOT_INITIALIZED;
}

/* Connects where it is not. No token is no empty slot: that would look as if
 * the key were gone. */
static enum pawl_status reach(struct pawl_pkcs11_keystore *store)
{
    enum pawl_status status =
        store->connected ? PAWL_OK : pawl_pkcs11_connect(store);

    return status == PAWL_ERR_NOT_FOUND || status == PAWL_ERR_STATE ||
                   status == PAWL_ERR_UNSUPPORTED
               ? PAWL_ERR_KEYSTORE
               : status;
}

static enum pawl_status carry_out(struct pawl_pkcs11_keystore *store,
                                  pawl_pkcs11_work *operation,
                                  struct pawl_pkcs11_request *request)
{
    bool again = store->connected;
    enum pawl_status status = reach(store);

    if (status == PAWL_OK) {
        status = operation(store, request);
    }
    if (status != PAWL_OK && again && is_session_lost(store->answer)) {
        pawl_pkcs11_disconnect(store);
        status = reach(store);
        status = status == PAWL_OK ? operation(store, request) : status;
    }
    if (status != PAWL_OK && is_lost(store->answer)) {
        pawl_pkcs11_forget(store);
    }
    return status;
}

enum pawl_status pawl_pkcs11_run(struct pawl_pkcs11_keystore *store,
                                 pawl_pkcs11_work *operation,
                                 struct pawl_pkcs11_request *request)
{
    struct pawl_pkcs11_guard guard;
    enum pawl_status status = PAWL_ERR_KEYSTORE;

    if (store->library == NULL) {
        return status; /* not open; the reason stays */
    }
    pawl_pkcs11_guard_begin(&guard);
    status = carry_out(store, operation, request);
    pawl_pkcs11_guard_end(&guard);
    return status;
}

static enum pawl_status run(void *ctx, pawl_pkcs11_work *operation,
                            struct pawl_pkcs11_request *request)
{
    struct pawl_pkcs11_keystore *store = ctx;

    if (store->library != NULL &&
        ((int)request->slot < 0 || request->slot >= PAWL_KEY_SLOTS)) {
        return pawl_pkcs11_refuse(store, CKR_ARGUMENTS_BAD,
                                  "there is no such slot");
    }
    if (store->library != NULL) {
        (void)label_of(&store->config, request->slot, request->label);
    }
    return pawl_pkcs11_run(store, operation, request);
}

static enum pawl_status generate(void *ctx, enum pawl_key_slot slot)
{
    struct pawl_pkcs11_request request = {.slot = slot};

    return run(ctx, make_key, &request);
}

static enum pawl_status public_key(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    struct pawl_pkcs11_request request = {.slot = slot, .out = point};

    return run(ctx, read_point, &request);
}

static enum pawl_status sign(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    struct pawl_pkcs11_request request = {
        .slot = slot, .digest = digest, .out = signature};

    return run(ctx, make_signature, &request);
}

static enum pawl_status destroy(void *ctx, enum pawl_key_slot slot)
{
    struct pawl_pkcs11_request request = {.slot = slot};

    return run(ctx, remove_key, &request);
}

static int32_t last_error(void *ctx)
{
    const struct pawl_pkcs11_keystore *store = ctx;

    return (int32_t)store->answer;
}

/* ---- opening ---- */

static void set_table(struct pawl_pkcs11_keystore *store)
{
    store->keystore = (struct pawl_keystore){
        .ctx = store,
        .generate = generate,
        .public_key = public_key,
        .sign = sign,
        .destroy = destroy,
        .last_error = last_error,
    };
}

static bool is_usable(const struct pawl_pkcs11_config *config)
{
    char label[PAWL_PKCS11_LABEL_MAX];
    bool good = config->module != NULL;

    for (int i = 0; i < PAWL_KEY_SLOTS && good; i++) {
        good = label_of(config, (enum pawl_key_slot)i, label);
    }
    return good;
}

enum pawl_status pawl_pkcs11_open(struct pawl_pkcs11_keystore *store,
                                  const struct pawl_pkcs11_config *config)
{
    struct pawl_pkcs11_guard guard;
    enum pawl_status status = PAWL_ERR_FAULT;

    memset(store, 0, sizeof *store);
    set_table(store);
    if (!is_usable(config)) {
        store->reason = "no module is named, or a label is too long";
        return PAWL_ERR_ARGUMENT;
    }
    store->config = *config;
    pawl_pkcs11_guard_begin(&guard);
    status = pawl_pkcs11_connect(store);
    if (status == PAWL_OK) {
        status = read_attributes(store);
    }
    if (status == PAWL_OK && pawl_pkcs11_can_seal(store)) {
        store->keystore.seal = pawl_pkcs11_seal;
        store->keystore.unseal = pawl_pkcs11_unseal;
    }
    pawl_pkcs11_guard_end(&guard);
    if (status != PAWL_OK) {
        pawl_pkcs11_close(store);
    }
    return status;
}

void pawl_pkcs11_close(struct pawl_pkcs11_keystore *store)
{
    CK_RV answer = store->answer;
    const char *reason = store->reason;
    struct pawl_pkcs11_guard guard;

    pawl_pkcs11_guard_begin(&guard);
    pawl_pkcs11_disconnect(store);
    pawl_pkcs11_unload(store);
    pawl_pkcs11_guard_end(&guard);
    memset(store, 0, sizeof *store);
    set_table(store);
    store->answer = answer;
    store->reason = reason;
}
