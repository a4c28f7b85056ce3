/* SPDX-License-Identifier: Apache-2.0 */

/* The table, and the connection to the TPM under it. */
#define _GNU_SOURCE 1
#include "tpm2_internal.h"

#include <string.h>
#include <tss2/tss2_tctildr.h>

/* The part of the persistent handles that is the owner's (TCG Registry of
 * Reserved TPM 2.0 Handles and Localities). */
#define OWNER_FIRST 0x81000000u
#define OWNER_LAST 0x817FFFFFu

/* ---- keys ---- */

/* A key that pawl can use: P-256, for ECDSA over any digest. */
static bool is_signing_key(const TPMT_PUBLIC *area)
{
    const TPMS_ECC_PARMS *ecc = &area->parameters.eccDetail;

    return area->type == TPM2_ALG_ECC && ecc->curveID == TPM2_ECC_NIST_P256 &&
           (ecc->scheme.scheme == TPM2_ALG_NULL ||
            (ecc->scheme.scheme == TPM2_ALG_ECDSA &&
             ecc->scheme.details.ecdsa.hashAlg == TPM2_ALG_SHA256)) &&
           (area->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) != 0 &&
           (area->objectAttributes & TPMA_OBJECT_RESTRICTED) == 0;
}

/* Opens the key of a slot. PAWL_ERR_NOT_FOUND: there is none. */
static enum pawl_status open_key(struct pawl_tpm2_keystore *store,
                                 TPM2_HANDLE handle,
                                 struct pawl_tpm2_object *key)
{
    enum pawl_status status = pawl_tpm2_find(store, handle, key);

    if (status != PAWL_OK) {
        return status;
    }
    if (key->handle == ESYS_TR_NONE) {
        (void)pawl_tpm2_refuse(store, TPM2_RC_HANDLE,
                               "the TPM holds no key for this slot");
        return PAWL_ERR_NOT_FOUND;
    }
    if (!is_signing_key(&key->public_area->publicArea)) {
        pawl_tpm2_release(store, key);
        return pawl_tpm2_refuse(store, TPM2_RC_TYPE,
                                "the slot's handle holds something else than "
                                "a signing key of P-256: choose others");
    }
    return PAWL_OK;
}

static TPM2_HANDLE handle_of(const struct pawl_tpm2_keystore *store, int slot)
{
    return store->config.first_handle + (TPM2_HANDLE)slot;
}

static bool is_exportable(const TPMT_PUBLIC *area)
{
    const TPMA_OBJECT bound = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                              TPMA_OBJECT_SENSITIVEDATAORIGIN;

    return (area->objectAttributes & bound) != bound;
}

/* A simulator says so in its vendor string: "SW", in the first four bytes. */
static enum pawl_status read_vendor(struct pawl_tpm2_keystore *store,
                                    bool *hardware)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = TPM2_NO;
    enum pawl_status status = pawl_tpm2_answer(
        store, Esys_GetCapability(store->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                                  TPM2_PT_VENDOR_STRING_1, 1, &more, &data));

    *hardware = status == PAWL_OK && data->data.tpmProperties.count == 1 &&
                (data->data.tpmProperties.tpmProperty[0].value >> 16) != 0x5357;
    Esys_Free(data);
    return status;
}

/* Asks the TPM what it and its keys are. */
static enum pawl_status read_attributes(struct pawl_tpm2_keystore *store)
{
    struct pawl_keystore_attributes found = {.persistent = true};
    enum pawl_status status = read_vendor(store, &found.hardware);

    for (int slot = 0; slot < PAWL_KEY_SLOTS && status == PAWL_OK; slot++) {
        struct pawl_tpm2_object object;

        status = pawl_tpm2_find(store, handle_of(store, slot), &object);
        if (status == PAWL_OK && object.handle != ESYS_TR_NONE) {
            found.exportable |= is_exportable(&object.public_area->publicArea);
            pawl_tpm2_release(store, &object);
        }
    }
    if (status == PAWL_OK) {
        store->keystore.attributes = found;
    }
    return status;
}

/* ---- the operations ---- */

static enum pawl_status wrong_size(struct pawl_tpm2_keystore *store)
{
    return pawl_tpm2_refuse(store, TPM2_RC_SIZE,
                            "the TPM's answer is none of P-256");
}

static enum pawl_status read_point(struct pawl_tpm2_keystore *store,
                                   struct pawl_tpm2_request *request)
{
    uint8_t point[PAWL_P256_POINT_SIZE] = {0x04};
    struct pawl_tpm2_object key;
    enum pawl_status status = open_key(store, request->handle, &key);

    if (status != PAWL_OK) {
        return status;
    }
    const TPMS_ECC_POINT *ecc = &key.public_area->publicArea.unique.ecc;

    if (pawl_tpm2_put_number(point + 1, &ecc->x) &&
        pawl_tpm2_put_number(point + 33, &ecc->y)) {
        memcpy(request->out, point, sizeof point);
    } else {
        status = wrong_size(store);
    }
    pawl_tpm2_release(store, &key);
    return status;
}

static enum pawl_status sign_with(struct pawl_tpm2_keystore *store, ESYS_TR key,
                                  struct pawl_tpm2_request *request)
{
    const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_ECDSA,
                                    .details.ecdsa.hashAlg = TPM2_ALG_SHA256};
    const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK,
                                         .hierarchy = TPM2_RH_NULL};
    TPM2B_DIGEST digest = {.size = 32};
    uint8_t signature[PAWL_P256_SIGNATURE_SIZE];
    TPMT_SIGNATURE *made = NULL;

    memcpy(digest.buffer, request->digest, 32);
    enum pawl_status status = pawl_tpm2_answer(
        store, Esys_Sign(store->esys, key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                         ESYS_TR_NONE, &digest, &scheme, &no_ticket, &made));

    if (status == PAWL_OK) {
        const TPMS_SIGNATURE_ECC *ecc = &made->signature.ecdsa;

        if (made->sigAlg == TPM2_ALG_ECDSA &&
            pawl_tpm2_put_number(signature, &ecc->signatureR) &&
            pawl_tpm2_put_number(signature + 32, &ecc->signatureS)) {
            memcpy(request->out, signature, sizeof signature);
        } else {
            status = wrong_size(store);
        }
    }
    Esys_Free(made);
    return status;
}

static enum pawl_status make_signature(struct pawl_tpm2_keystore *store,
                                       struct pawl_tpm2_request *request)
{
    struct pawl_tpm2_object key;
    enum pawl_status status = open_key(store, request->handle, &key);

    if (status != PAWL_OK) {
        return status;
    }
    status = pawl_tpm2_authorise(store, key.handle, PAWL_TPM2_AUTH_KEY);
    if (status == PAWL_OK) {
        status = sign_with(store, key.handle, request);
    }
    pawl_tpm2_release(store, &key);
    return status;
}

static enum pawl_status remove_key(struct pawl_tpm2_keystore *store,
                                   struct pawl_tpm2_request *request)
{
    struct pawl_tpm2_object key;
    enum pawl_status status = open_key(store, request->handle, &key);

    if (status == PAWL_ERR_NOT_FOUND) {
        return PAWL_OK; /* an empty slot is no error */
    }
    if (status == PAWL_OK) {
        status = pawl_tpm2_evict(store, &key, request->handle);
        pawl_tpm2_release(store, &key);
    }
    return status == PAWL_OK ? read_attributes(store) : status;
}

static enum pawl_status make_key(struct pawl_tpm2_keystore *store,
                                 struct pawl_tpm2_request *request)
{
    enum pawl_status status = remove_key(store, request);

    if (status == PAWL_OK) {
        status = pawl_tpm2_make(store, request->handle);
    }
    return status == PAWL_OK ? read_attributes(store) : status;
}

/* ---- the connection ---- */

static enum pawl_status connect_tpm(struct pawl_tpm2_keystore *store)
{
    TSS2_TCTI_CONTEXT *tcti = NULL;
    ESYS_CONTEXT *esys = NULL;
    TSS2_RC answer = TSS2_RC_SUCCESS;

    if (store->esys != NULL) {
        return PAWL_OK;
    }
    answer = Tss2_TctiLdr_Initialize(store->config.tcti, &tcti);
    if (answer == TSS2_RC_SUCCESS) {
        answer = Esys_Initialize(&esys, tcti, NULL);
    }
    if (answer != TSS2_RC_SUCCESS) {
        Tss2_TctiLdr_Finalize(&tcti);
        return pawl_tpm2_answer(store, answer);
    }
    store->tcti = tcti;
    store->esys = esys;
    return PAWL_OK;
}

static void disconnect_tpm(struct pawl_tpm2_keystore *store)
{
    ESYS_CONTEXT *esys = store->esys;
    TSS2_TCTI_CONTEXT *tcti = store->tcti;

    if (esys != NULL) {
        Esys_Finalize(&esys);
        Tss2_TctiLdr_Finalize(&tcti);
    }
    store->esys = NULL;
    store->tcti = NULL;
}

enum pawl_status pawl_tpm2_run(struct pawl_tpm2_keystore *store,
                               pawl_tpm2_work *operation,
                               struct pawl_tpm2_request *request)
{
    enum pawl_status status = PAWL_ERR_KEYSTORE;

    if (!store->open) {
        return status; /* the reason stays */
    }
    status = connect_tpm(store);
    if (status == PAWL_OK) {
        status = operation(store, request);
        if (status != PAWL_OK && pawl_tpm2_is_crowded(store->answer)) {
            pawl_tpm2_flush_all(store);
            status = operation(store, request);
        }
    }
    if (status != PAWL_OK && pawl_tpm2_is_lost(store->answer)) {
        disconnect_tpm(store);
    }
    return status;
}

static enum pawl_status run(void *ctx, pawl_tpm2_work *operation,
                            struct pawl_tpm2_request *request)
{
    struct pawl_tpm2_keystore *store = ctx;

    if (store->open &&
        ((int)request->slot < 0 || request->slot >= PAWL_KEY_SLOTS)) {
        return pawl_tpm2_refuse(store, TPM2_RC_VALUE, "there is no such slot");
    }
    request->handle = handle_of(store, (int)request->slot);
    return pawl_tpm2_run(store, operation, request);
}

static enum pawl_status generate(void *ctx, enum pawl_key_slot slot)
{
    struct pawl_tpm2_request request = {.slot = slot};

    return run(ctx, make_key, &request);
}

static enum pawl_status public_key(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    struct pawl_tpm2_request request = {.slot = slot, .out = point};

    return run(ctx, read_point, &request);
}

static enum pawl_status sign(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    struct pawl_tpm2_request request = {
        .slot = slot, .digest = digest, .out = signature};

    return run(ctx, make_signature, &request);
}

static enum pawl_status destroy(void *ctx, enum pawl_key_slot slot)
{
    struct pawl_tpm2_request request = {.slot = slot};

    return run(ctx, remove_key, &request);
}

static int32_t last_error(void *ctx)
{
    const struct pawl_tpm2_keystore *store = ctx;

    return (int32_t)store->answer;
}

/* ---- opening ---- */

static void set_table(struct pawl_tpm2_keystore *store)
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

enum pawl_status pawl_tpm2_open(struct pawl_tpm2_keystore *store,
                                const struct pawl_tpm2_config *config)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    memset(store, 0, sizeof *store);
    set_table(store);
    store->config = *config;
    if (config->first_handle == 0) {
        store->config.first_handle = PAWL_TPM2_FIRST_HANDLE;
    }
    if (store->config.first_handle < OWNER_FIRST ||
        store->config.first_handle > OWNER_LAST - PAWL_KEY_SLOTS + 1) {
        store->reason = "the handles are not in the owner's range";
        return PAWL_ERR_ARGUMENT;
    }
    status = connect_tpm(store);
    if (status == PAWL_OK) {
        status = read_attributes(store);
        if (status != PAWL_OK && pawl_tpm2_is_crowded(store->answer)) {
            pawl_tpm2_flush_all(store);
            status = read_attributes(store);
        }
    }
    if (status == PAWL_OK && pawl_tpm2_can_seal(store)) {
        store->keystore.seal = pawl_tpm2_seal;
        store->keystore.unseal = pawl_tpm2_unseal;
    }
    if (status != PAWL_OK) {
        pawl_tpm2_close(store);
    }
    store->open = status == PAWL_OK;
    return status;
}

void pawl_tpm2_close(struct pawl_tpm2_keystore *store)
{
    uint32_t answer = store->answer;
    const char *reason = store->reason;

    disconnect_tpm(store);
    memset(store, 0, sizeof *store);
    set_table(store);
    store->answer = answer;
    store->reason = reason;
}
