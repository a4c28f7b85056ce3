/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TPM2_INTERNAL_H
#define PAWL_TPM2_INTERNAL_H

/* What the files of port/tpm2 share; nobody else includes it. */

#include <pawl/tpm2_keystore.h>

#include <tss2/tss2_esys.h>

/* Keeps an answer, and says what it is in pawl's words: PAWL_OK,
 * PAWL_ERR_FULL or PAWL_ERR_KEYSTORE. */
enum pawl_status pawl_tpm2_answer(struct pawl_tpm2_keystore *store,
                                  TSS2_RC answer);

/* The same for an answer that needs words of its own. */
enum pawl_status pawl_tpm2_refuse(struct pawl_tpm2_keystore *store,
                                  TSS2_RC answer, const char *reason);

/* Whether an answer is a refused authorisation: it may have counted. */
bool pawl_tpm2_is_refusal(TSS2_RC answer);

/* Whether an answer did not come from the TPM, but from the way to it. */
bool pawl_tpm2_is_lost(TSS2_RC answer);

/* Whether other objects take the TPM's memory. */
bool pawl_tpm2_is_crowded(TSS2_RC answer);

/* ---- tpm2_object.c ---- */

/*
 * Flushes each transient object that this connection sees. With a resource
 * manager those are this store's own; without one they are what a process
 * left behind that was killed, a device at a power cut.
 */
void pawl_tpm2_flush_all(struct pawl_tpm2_keystore *store);

/* An object that ESYS knows, and its public area (to be freed). */
struct object {
    ESYS_TR handle; /* ESYS_TR_NONE: there is none */
    TPM2B_PUBLIC *public_area;
};

/* Gives object an authorisation value that the caller's callback tells. */
enum pawl_status pawl_tpm2_authorise(struct pawl_tpm2_keystore *store,
                                     ESYS_TR object, enum pawl_tpm2_auth which);

/* Opens what is at a persistent handle; close it by pawl_tpm2_release(). An
 * empty handle is no error. */
enum pawl_status pawl_tpm2_find(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle, struct object *object);
void pawl_tpm2_release(struct pawl_tpm2_keystore *store, struct object *object);

/* Makes a key and puts it at an empty persistent handle. */
enum pawl_status pawl_tpm2_make(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle);

/* Takes a key away from its persistent handle. */
enum pawl_status pawl_tpm2_evict(struct pawl_tpm2_keystore *store,
                                 const struct object *object,
                                 TPM2_HANDLE handle);

/* Copies a number to the right end of its field, since TPMs leave out zeros in
 * front. False: it is too long, and nothing was copied. */
bool pawl_tpm2_put_number(uint8_t out[32], const TPM2B_ECC_PARAMETER *number);

#endif
