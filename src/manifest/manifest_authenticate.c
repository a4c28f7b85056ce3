/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"
#include "cose/cose.h"

/* What came of the blocks so far. */
struct authentication {
    struct pawl_manifest *manifest;
    const struct pawl_manifest_policy *policy;
    struct pawl_bytes digest;      /* encoded SUIT_Digest: what is signed */
    unsigned count;                /* distinct keys that signed */
    bool tried;                    /* a trusted key was tried and did not fit */
    enum pawl_suit_reason skipped; /* why a block was passed over */
};

/* Whether the key of signer i has been counted, under whatever entry: one
 * owner of a key is one signer, however often the policy names him. */
static bool counted(const struct authentication *auth, size_t i)
{
    const struct pawl_signer *signers = auth->policy->signers;

    for (size_t s = 0; s < auth->policy->signer_count; s++) {
        if ((auth->manifest->signers >> s & 1u) != 0 &&
            pawl_bytes_equal(signers[s].key.bytes, signers[i].key.bytes)) {
            return true;
        }
    }
    return false;
}

/* Tries every key of the policy that this block may be of. */
static enum pawl_status try_signers(struct authentication *auth,
                                    const struct pawl_cose *cose)
{
    const struct pawl_manifest_policy *policy = auth->policy;

    for (size_t i = 0; i < policy->signer_count; i++) {
        const struct pawl_signer *signer = &policy->signers[i];
        if ((signer->retired && !policy->allow_retired) || counted(auth, i)) {
            continue;
        }
        enum pawl_status status =
            pawl_cose_verify(cose, &signer->key, auth->digest, PAWL_NO_BYTES);
        switch (status) {
        case PAWL_OK:
            auth->manifest->signers |= (uint32_t)1 << i;
            auth->count++;
            return PAWL_OK;
        case PAWL_ERR_UNSUPPORTED: /* a key for another algorithm */
            break;
        case PAWL_ERR_SIGNATURE:
        case PAWL_ERR_MALFORMED:
            auth->tried = true;
            break;
        default: /* the cryptography itself has failed */
            return status;
        }
    }
    return PAWL_OK;
}

/*
 * One block. Blocks are not signed themselves, and some are for others: one
 * that is of another kind or algorithm is passed over, and never counted.
 */
static enum pawl_status check_block(struct authentication *auth,
                                    struct pawl_bytes block)
{
    struct pawl_cose cose;

    switch (pawl_cose_parse(&cose, block, PAWL_COSE_STRICT)) {
    case PAWL_OK:
        return try_signers(auth, &cose);
    case PAWL_ERR_UNSUPPORTED:
        auth->skipped = cose.tag != 0 ? PAWL_SUIT_ALG_UNSUPPORTED
                                      : PAWL_SUIT_COSE_UNSUPPORTED;
        return PAWL_OK;
    case PAWL_ERR_POLICY: /* attached payload, no tag, alg unprotected */
        auth->skipped = PAWL_SUIT_COSE_UNSUPPORTED;
        return PAWL_OK;
    default:
        return PAWL_ERR_MALFORMED;
    }
}

/* Why too few have signed. */
static enum pawl_status too_few(struct authentication *auth)
{
    enum pawl_suit_reason reason = PAWL_SUIT_UNAUTHORISED;
    enum pawl_status status = PAWL_ERR_UNTRUSTED;

    if (auth->count == 0 && auth->tried) {
        status = PAWL_ERR_SIGNATURE;
    } else if (auth->count == 0 && auth->skipped != PAWL_SUIT_OK) {
        status = PAWL_ERR_UNSUPPORTED;
        reason = auth->skipped;
    }
    return pawl_suit_failed(&auth->manifest->failure, status, reason);
}

/* The verdict, from two records of the same fact. */
static enum pawl_status judge(struct authentication *auth)
{
    unsigned threshold =
        auth->policy->threshold == 0 ? 1 : auth->policy->threshold;
    volatile unsigned bits = 0;

    if (auth->count < threshold) {
        return too_few(auth);
    }
    for (uint32_t left = auth->manifest->signers; left != 0; left &= left - 1) {
        bits = bits + 1;
    }
    if (bits != auth->count || bits < threshold) {
        return pawl_suit_failed(&auth->manifest->failure, PAWL_ERR_FAULT,
                                PAWL_SUIT_UNAUTHORISED);
    }
    auth->manifest->authentic = AUTHENTIC_SIGNATURE;
    return PAWL_OK;
}

enum pawl_status pawl_manifest_authenticate(
    struct pawl_manifest *manifest, struct pawl_bytes wrapper,
    const struct pawl_manifest_policy *policy, struct pawl_bytes *digest)
{
    struct authentication auth = {.manifest = manifest, .policy = policy};
    struct pawl_cbor in;
    size_t count = 0;

    if (policy->signer_count > PAWL_MANIFEST_SIGNERS_MAX) {
        return pawl_suit_failed(&manifest->failure, PAWL_ERR_ARGUMENT,
                                PAWL_SUIT_UNAUTHORISED);
    }
    pawl_cbor_read(&in, wrapper);
    if (pawl_cbor_array(&in, &count) != PAWL_OK || count == 0 ||
        pawl_cbor_bstr(&in, &auth.digest) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    enum pawl_status status =
        pawl_suit_digest(&manifest->failure, auth.digest, digest);
    if (status == PAWL_OK && count - 1 > PAWL_MANIFEST_BLOCKS_MAX) {
        status = PAWL_ERR_LIMIT;
    }
    for (size_t i = 1; i < count && status == PAWL_OK; i++) {
        struct pawl_bytes block;
        status = pawl_cbor_bstr(&in, &block);
        if (status == PAWL_OK) {
            status = check_block(&auth, block);
        }
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_done(&in);
    }
    return status == PAWL_OK ? judge(&auth) : status;
}
