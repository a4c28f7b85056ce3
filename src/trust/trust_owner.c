/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The owner's anchors (IEC 62443-4-2, EDR 3.13): the roots give a key the
 * right to add anchors of some roles, never roots or signers. What the owner
 * says lies behind the document in the store, and goes with the right: a
 * successor that names another owner, or none, is without it.
 */

#include "trust/trust_internal.h"

#include "base/base.h"
#include "cbor/cbor.h"
#include "cose/cose.h"
#include <string.h>

static struct pawl_bytes owner_aad(void)
{
    static const uint8_t aad[] = PAWL_TRUST_OWNER_AAD;
    return (struct pawl_bytes){aad, sizeof(aad) - 1};
}

static struct pawl_bytes tail(const struct pawl_trust *trust)
{
    return (struct pawl_bytes){trust->bytes + trust->envelope_len,
                               trust->len - trust->envelope_len};
}

static enum pawl_status split_owner(struct pawl_bytes envelope,
                                    struct pawl_bytes *document,
                                    struct pawl_bytes *signature)
{
    struct pawl_cbor in;
    size_t count = 0;

    pawl_cbor_read(&in, envelope);
    enum pawl_status status = pawl_cbor_array(&in, &count);
    if (status == PAWL_OK && count != 2) {
        status = PAWL_ERR_MALFORMED;
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_bstr(&in, document);
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_bstr(&in, signature);
    }
    return status == PAWL_OK ? pawl_cbor_done(&in) : status;
}

static enum pawl_status verify_owner(const struct pawl_trust *trust,
                                     struct pawl_bytes document,
                                     struct pawl_bytes signature)
{
    struct pawl_cose cose;

    if (trust->owner.bytes.len == 0) {
        return PAWL_ERR_DENIED;
    }
    if (pawl_cose_parse(&cose, signature, PAWL_COSE_STRICT) != PAWL_OK ||
        cose.tag != PAWL_COSE_TAG_SIGN1 || cose.attached) {
        return PAWL_ERR_MALFORMED;
    }
    if (!pawl_bytes_equal(cose.kid, pawl_trust_kid(&trust->owner))) {
        return PAWL_ERR_UNTRUSTED;
    }
    return pawl_cose_verify(&cose, &trust->owner, document, owner_aad()) ==
                   PAWL_OK
               ? PAWL_OK
               : PAWL_ERR_UNTRUSTED;
}

/* Reads what lies behind the document of trust, verified or known to be. On an
 * error nothing lies there any more. */
static enum pawl_status apply(struct pawl_trust *trust, bool verified)
{
    struct pawl_bytes document, signature;

    if (trust->len == trust->envelope_len || trust->owner_version != 0) {
        return PAWL_OK;
    }
    enum pawl_status status = split_owner(tail(trust), &document, &signature);
    if (status == PAWL_OK && !verified) {
        status = verify_owner(trust, document, signature);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_read_owner(trust, document);
    }
    if (status != PAWL_OK) {
        trust->len = trust->envelope_len;
    }
    return status;
}

enum pawl_status pawl_trust_open_owner(struct pawl_trust *trust)
{
    return trust->authentic == PAWL_TRUST_AUTHENTIC ? apply(trust, false)
                                                    : PAWL_ERR_STATE;
}

/* Appends an owner's envelope to a document without one. */
static enum pawl_status append(struct pawl_trust *trust,
                               struct pawl_bytes owner)
{
    if (owner.len == 0) {
        return PAWL_ERR_MALFORMED;
    }
    if (owner.len > sizeof(trust->bytes) - trust->len) {
        return PAWL_ERR_LIMIT;
    }
    memcpy(trust->bytes + trust->len, owner.data, owner.len);
    trust->len += owner.len;
    return PAWL_OK;
}

enum pawl_status pawl_trust_own(struct pawl_trust *next,
                                const struct pawl_trust *current,
                                struct pawl_bytes owner)
{
    enum pawl_status status = PAWL_ERR_STATE;

    if (current->authentic == PAWL_TRUST_AUTHENTIC) {
        status = pawl_trust_adopt_document(next, current);
    }
    if (status == PAWL_OK) {
        status = append(next, owner);
    }
    if (status == PAWL_OK) {
        status = apply(next, false);
    }
    if (status != PAWL_OK) {
        memset(next, 0, sizeof(*next));
    }
    return status;
}

enum pawl_status pawl_trust_adopt(struct pawl_trust *to,
                                  const struct pawl_trust *from)
{
    enum pawl_status status = pawl_trust_adopt_document(to, from);

    if (status == PAWL_OK && from->owner_version != 0) {
        status = append(to, tail(from));
        status = status == PAWL_OK ? apply(to, true) : status;
    }
    if (status != PAWL_OK) {
        memset(to, 0, sizeof(*to));
    }
    return status;
}

void pawl_trust_carry_owner(struct pawl_trust *next,
                            const struct pawl_trust *current)
{
    if (current->owner_version != 0 &&
        pawl_bytes_equal(next->owner.bytes, current->owner.bytes) &&
        append(next, tail(current)) == PAWL_OK) {
        (void)apply(next, true); /* else it is as it was */
    }
}
