/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an answer means: for pawl a status, for a person a line. A TSS2_RC
 * has the layer that answered in its bits 16 to 23; a TPM's own code of format
 * 1 has the number of a handle, session or parameter in it besides (TPM 2.0
 * Library, part 2, 6.6).
 */
#include "tpm2_internal.h"

static bool is_of_tpm(TSS2_RC answer)
{
    TSS2_RC layer = answer & TSS2_RC_LAYER_MASK;

    return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

/* The TPM's code without what it applies to; 0 for another layer's answer. */
static TPM2_RC code_of(TSS2_RC answer)
{
    TPM2_RC code = answer & 0xFFF;

    if (!is_of_tpm(answer)) {
        return 0;
    }
    return (code & TPM2_RC_FMT1) != 0 ? code & (TPM2_RC_FMT1 | 0x3F) : code;
}

bool pawl_tpm2_is_refusal(TSS2_RC answer)
{
    TPM2_RC code = code_of(answer);

    return code == TPM2_RC_AUTH_FAIL || code == TPM2_RC_BAD_AUTH ||
           code == TPM2_RC_LOCKOUT;
}

bool pawl_tpm2_is_lost(TSS2_RC answer)
{
    return answer != TSS2_RC_SUCCESS &&
           (!is_of_tpm(answer) || code_of(answer) == TPM2_RC_INITIALIZE);
}

bool pawl_tpm2_is_crowded(TSS2_RC answer)
{
    return code_of(answer) == TPM2_RC_OBJECT_MEMORY;
}

enum pawl_status pawl_tpm2_answer(struct pawl_tpm2_keystore *store,
                                  TSS2_RC answer)
{
    return pawl_tpm2_refuse(store, answer, NULL);
}

enum pawl_status pawl_tpm2_refuse(struct pawl_tpm2_keystore *store,
                                  TSS2_RC answer, const char *reason)
{
    if (answer == TSS2_RC_SUCCESS) {
        return PAWL_OK; /* the last failure stays readable */
    }
    store->answer = answer;
    store->reason = reason;
    store->auth_refused |= pawl_tpm2_is_refusal(answer);
    return code_of(answer) == TPM2_RC_NV_SPACE ? PAWL_ERR_FULL
                                               : PAWL_ERR_KEYSTORE;
}

const char *pawl_tpm2_reason(const struct pawl_tpm2_keystore *store)
{
    if (store->reason != NULL) {
        return store->reason;
    }
    if (store->answer == TSS2_RC_SUCCESS) {
        return "nothing has failed";
    }
    if (!is_of_tpm(store->answer)) {
        return "no TPM answers there: check the TCTI and its permissions";
    }
    switch (code_of(store->answer)) {
    case TPM2_RC_AUTH_FAIL:
    case TPM2_RC_BAD_AUTH:
        return "the authorisation value is wrong: correct it before the TPM "
               "locks";
    case TPM2_RC_LOCKOUT:
        return "the TPM is locked after wrong authorisation values: wait, or "
               "reset its lock-out";
    case TPM2_RC_AUTH_MISSING:
        return "an authorisation value is missing";
    case TPM2_RC_NV_SPACE:
        return "the TPM is full: evict persistent objects that are not used";
    case TPM2_RC_NV_DEFINED:
        return "the persistent handle is in use";
    case TPM2_RC_INITIALIZE:
        return "the TPM was not started up";
    case TPM2_RC_FAILURE:
        return "the TPM is in failure mode";
    case TPM2_RC_OBJECT_MEMORY:
        return "the TPM's memory holds other objects: use a resource manager";
    default:
        return "the TPM failed: see the number of its answer";
    }
}
