/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Objects in the TPM. A key is made below a storage key that is made anew
 * each time (from the owner's seed, so it is always the same one), is put at
 * its persistent handle, and needs no parent there. Whatever is transient is
 * flushed on every path.
 */
#define _GNU_SOURCE 1
#include "tpm2_internal.h"

#include <string.h>

static const TPM2B_DATA no_data;
static const TPML_PCR_SELECTION no_pcr;

/* ---- templates ---- */

/* The storage root key of P-256, as TCG's TPM v2.0 Provisioning Guidance
 * describes it. */
static const TPM2B_PUBLIC storage_template = {
    .publicArea = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
                            TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_SENSITIVEDATAORIGIN |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
        .parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
                                               .keyBits.aes = 128,
                                               .mode.aes = TPM2_ALG_CFB},
                                 .scheme.scheme = TPM2_ALG_NULL,
                                 .curveID = TPM2_ECC_NIST_P256,
                                 .kdf.scheme = TPM2_ALG_NULL}}};

static const TPM2B_PUBLIC signing_template = {
    .publicArea = {.type = TPM2_ALG_ECC,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = TPMA_OBJECT_SIGN_ENCRYPT |
                                       TPMA_OBJECT_FIXEDTPM |
                                       TPMA_OBJECT_FIXEDPARENT |
                                       TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                       TPMA_OBJECT_USERWITHAUTH,
                   .parameters.eccDetail = {
                       .symmetric.algorithm = TPM2_ALG_NULL,
                       .scheme = {.scheme = TPM2_ALG_ECDSA,
                                  .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                       .curveID = TPM2_ECC_NIST_P256,
                       .kdf.scheme = TPM2_ALG_NULL}}};

/* ---- authorisation ---- */

/* Asks the caller for a value; the caller of this wipes it. */
static enum pawl_status ask(struct pawl_tpm2_keystore *store,
                            enum pawl_tpm2_auth which, TPM2B_AUTH *auth)
{
    uint8_t value[PAWL_TPM2_AUTH_MAX];
    size_t len = 0;
    enum pawl_status status = PAWL_OK;

    memset(auth, 0, sizeof *auth);
    if (store->config.auth == NULL) {
        return PAWL_OK;
    }
    status = store->config.auth(store->config.ctx, which, value, &len);
    if (status != PAWL_OK || len > sizeof value) {
        status = pawl_tpm2_refuse(store, TPM2_RC_AUTH_MISSING,
                                  "there is no authorisation value to use");
    } else {
        auth->size = (UINT16)len;
        memcpy(auth->buffer, value, len);
    }
    explicit_bzero(value, sizeof value);
    return status;
}

enum pawl_status pawl_tpm2_authorise(struct pawl_tpm2_keystore *store,
                                     ESYS_TR object, enum pawl_tpm2_auth which)
{
    TPM2B_AUTH auth;
    enum pawl_status status = PAWL_OK;

    if (store->auth_refused) {
        return pawl_tpm2_answer(store, TPM2_RC_AUTH_FAIL);
    }
    status = ask(store, which, &auth);
    if (status == PAWL_OK) {
        status = pawl_tpm2_answer(store,
                                  Esys_TR_SetAuth(store->esys, object, &auth));
    }
    explicit_bzero(&auth, sizeof auth);
    return status;
}

/* ---- finding ---- */

/* Asking whether a handle is in use is no error, opening an empty one is. */
static enum pawl_status is_used(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle, bool *used)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = TPM2_NO;
    enum pawl_status status = pawl_tpm2_answer(
        store, Esys_GetCapability(store->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, TPM2_CAP_HANDLES, handle, 1,
                                  &more, &data));

    *used = status == PAWL_OK && data->data.handles.count == 1 &&
            data->data.handles.handle[0] == handle;
    Esys_Free(data);
    return status;
}

enum pawl_status pawl_tpm2_find(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle,
                                struct pawl_tpm2_object *object)
{
    bool used = false;
    enum pawl_status status = is_used(store, handle, &used);

    *object = (struct pawl_tpm2_object){.handle = ESYS_TR_NONE};
    if (status != PAWL_OK || !used) {
        return status;
    }
    status = pawl_tpm2_answer(
        store,
        Esys_TR_FromTPMPublic(store->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, &object->handle));
    if (status == PAWL_OK) {
        status = pawl_tpm2_answer(
            store, Esys_ReadPublic(store->esys, object->handle, ESYS_TR_NONE,
                                   ESYS_TR_NONE, ESYS_TR_NONE,
                                   &object->public_area, NULL, NULL));
    }
    if (status != PAWL_OK) {
        pawl_tpm2_release(store, object);
    }
    return status;
}

void pawl_tpm2_release(struct pawl_tpm2_keystore *store,
                       struct pawl_tpm2_object *object)
{
    if (object->handle != ESYS_TR_NONE) {
        (void)Esys_TR_Close(store->esys, &object->handle);
    }
    Esys_Free(object->public_area);
    *object = (struct pawl_tpm2_object){.handle = ESYS_TR_NONE};
}

/* ---- making ---- */

void pawl_tpm2_flush(struct pawl_tpm2_keystore *store, ESYS_TR handle)
{
    if (handle != ESYS_TR_NONE) {
        (void)Esys_FlushContext(store->esys, handle);
    }
}

void pawl_tpm2_flush_all(struct pawl_tpm2_keystore *store)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = TPM2_NO;

    if (Esys_GetCapability(store->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                           ESYS_TR_NONE, TPM2_CAP_HANDLES, TPM2_TRANSIENT_FIRST,
                           TPM2_MAX_CAP_HANDLES, &more,
                           &data) != TSS2_RC_SUCCESS) {
        return;
    }
    for (UINT32 i = 0; i < data->data.handles.count; i++) {
        ESYS_TR object = ESYS_TR_NONE;

        if (Esys_TR_FromTPMPublic(store->esys, data->data.handles.handle[i],
                                  ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                  &object) == TSS2_RC_SUCCESS) {
            pawl_tpm2_flush(store, object);
        }
    }
    Esys_Free(data);
}

enum pawl_status pawl_tpm2_make_primary(struct pawl_tpm2_keystore *store,
                                        const TPM2B_PUBLIC *template,
                                        ESYS_TR *key)
{
    static const TPM2B_SENSITIVE_CREATE no_secret;
    enum pawl_status status =
        pawl_tpm2_authorise(store, ESYS_TR_RH_OWNER, PAWL_TPM2_AUTH_OWNER);

    return status == PAWL_OK
               ? pawl_tpm2_answer(
                     store, Esys_CreatePrimary(store->esys, ESYS_TR_RH_OWNER,
                                               ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                               ESYS_TR_NONE, &no_secret,
                                               template, &no_data, &no_pcr, key,
                                               NULL, NULL, NULL, NULL))
               : status;
}

static enum pawl_status make_child(struct pawl_tpm2_keystore *store,
                                   ESYS_TR parent, TPM2B_PRIVATE **private_area,
                                   TPM2B_PUBLIC **public_area)
{
    TPM2B_SENSITIVE_CREATE sensitive = {0};
    TPM2B_PUBLIC template = signing_template;
    enum pawl_status status =
        ask(store, PAWL_TPM2_AUTH_KEY, &sensitive.sensitive.userAuth);

    /* Without a secret there is nothing to guess, and no lock-out for it. */
    if (sensitive.sensitive.userAuth.size == 0) {
        template.publicArea.objectAttributes |= TPMA_OBJECT_NODA;
    }
    if (status == PAWL_OK) {
        status = pawl_tpm2_answer(
            store,
            Esys_Create(store->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                        ESYS_TR_NONE, &sensitive, &template, &no_data, &no_pcr,
                        private_area, public_area, NULL, NULL, NULL));
    }
    explicit_bzero(&sensitive, sizeof sensitive);
    return status;
}

/* Gives a transient key its persistent handle, or takes a persistent one's
 * away. */
static enum pawl_status evict_control(struct pawl_tpm2_keystore *store,
                                      ESYS_TR object, TPM2_HANDLE handle)
{
    ESYS_TR there = ESYS_TR_NONE;
    enum pawl_status status =
        pawl_tpm2_authorise(store, ESYS_TR_RH_OWNER, PAWL_TPM2_AUTH_OWNER);

    if (status == PAWL_OK) {
        status = pawl_tpm2_answer(
            store, Esys_EvictControl(store->esys, ESYS_TR_RH_OWNER, object,
                                     ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                     ESYS_TR_NONE, handle, &there));
    }
    if (there != ESYS_TR_NONE) {
        (void)Esys_TR_Close(store->esys, &there);
    }
    return status;
}

static enum pawl_status load_and_keep(struct pawl_tpm2_keystore *store,
                                      ESYS_TR parent, TPM2_HANDLE handle)
{
    TPM2B_PRIVATE *private_area = NULL;
    TPM2B_PUBLIC *public_area = NULL;
    ESYS_TR child = ESYS_TR_NONE;
    enum pawl_status status =
        make_child(store, parent, &private_area, &public_area);

    if (status == PAWL_OK) {
        status = pawl_tpm2_answer(
            store,
            Esys_Load(store->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                      ESYS_TR_NONE, private_area, public_area, &child));
    }
    if (status == PAWL_OK) {
        status = evict_control(store, child, handle);
    }
    pawl_tpm2_flush(store, child);
    Esys_Free(private_area); /* encrypted under the parent */
    Esys_Free(public_area);
    return status;
}

enum pawl_status pawl_tpm2_make(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle)
{
    ESYS_TR parent = ESYS_TR_NONE;
    enum pawl_status status =
        pawl_tpm2_make_primary(store, &storage_template, &parent);

    if (status == PAWL_OK) {
        status = load_and_keep(store, parent, handle);
    }
    pawl_tpm2_flush(store, parent);
    return status;
}

enum pawl_status pawl_tpm2_evict(struct pawl_tpm2_keystore *store,
                                 const struct pawl_tpm2_object *object,
                                 TPM2_HANDLE handle)
{
    return evict_control(store, object->handle, handle);
}

/* ---- numbers ---- */

bool pawl_tpm2_put_number(uint8_t out[32], const TPM2B_ECC_PARAMETER *number)
{
    if (number->size > 32) {
        return false;
    }
    memset(out, 0, 32);
    memcpy(out + 32 - number->size, number->buffer, number->size);
    return true;
}
