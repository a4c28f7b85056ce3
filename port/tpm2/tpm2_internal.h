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

/* ---- tpm2_keystore.c ---- */

/* What a call of the table wants; used by one operation. */
struct pawl_tpm2_request {
    enum pawl_key_slot slot;
    TPM2_HANDLE handle;
    const uint8_t *digest;
    struct pawl_bytes in; /* to seal or unseal */
    uint8_t *out;         /* a point, a signature, or what came of in */
    size_t *out_len;      /* of what came of in: the room, then the length */
};

typedef enum pawl_status pawl_tpm2_work(struct pawl_tpm2_keystore *store,
                                        struct pawl_tpm2_request *request);

/* Carries an operation out: connects, and makes room in the TPM. */
enum pawl_status pawl_tpm2_run(struct pawl_tpm2_keystore *store,
                               pawl_tpm2_work *operation,
                               struct pawl_tpm2_request *request);

/* ---- tpm2_seal.c ---- */

/* Whether the TPM has the commands that sealing needs. Connected. */
bool pawl_tpm2_can_seal(struct pawl_tpm2_keystore *store);

/* The table's; ctx is the store. */
enum pawl_status pawl_tpm2_seal(void *ctx, struct pawl_bytes plain,
                                uint8_t *sealed, size_t *sealed_len);
enum pawl_status pawl_tpm2_unseal(void *ctx, struct pawl_bytes sealed,
                                  uint8_t *plain, size_t *plain_len);

/* ---- tpm2_object.c ---- */

/* Makes a key from the owner's seed: the same at each call with the same
 * template. Flush it. */
enum pawl_status pawl_tpm2_make_primary(struct pawl_tpm2_keystore *store,
                                        const TPM2B_PUBLIC *template,
                                        ESYS_TR *key);
void pawl_tpm2_flush(struct pawl_tpm2_keystore *store, ESYS_TR key);

/*
 * Flushes each transient object that this connection sees. With a resource
 * manager those are this store's own; without one they are what a process
 * left behind that was killed, a device at a power cut.
 */
void pawl_tpm2_flush_all(struct pawl_tpm2_keystore *store);

/* An object that ESYS knows, and its public area (to be freed). */
struct pawl_tpm2_object {
    ESYS_TR handle; /* ESYS_TR_NONE: there is none */
    TPM2B_PUBLIC *public_area;
};

/* Gives object an authorisation value that the caller's callback tells. */
enum pawl_status pawl_tpm2_authorise(struct pawl_tpm2_keystore *store,
                                     ESYS_TR object, enum pawl_tpm2_auth which);

/* Opens what is at a persistent handle; close it by pawl_tpm2_release(). An
 * empty handle is no error. */
enum pawl_status pawl_tpm2_find(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle,
                                struct pawl_tpm2_object *object);
void pawl_tpm2_release(struct pawl_tpm2_keystore *store,
                       struct pawl_tpm2_object *object);

/* Makes a key and puts it at an empty persistent handle. */
enum pawl_status pawl_tpm2_make(struct pawl_tpm2_keystore *store,
                                TPM2_HANDLE handle);

/* Takes a key away from its persistent handle. */
enum pawl_status pawl_tpm2_evict(struct pawl_tpm2_keystore *store,
                                 const struct pawl_tpm2_object *object,
                                 TPM2_HANDLE handle);

/* Copies a number to the right end of its field, since TPMs leave out zeros in
 * front. False: it is too long, and nothing was copied. */
bool pawl_tpm2_put_number(uint8_t out[32], const TPM2B_ECC_PARAMETER *number);

#endif
