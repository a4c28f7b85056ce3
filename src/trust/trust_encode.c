/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/trust_encode.h"

#include "cbor/cbor.h"
#include "trust/trust_internal.h"
#include <string.h>

static void put_field(struct pawl_cbor_out *out, enum pawl_trust_field field)
{
    pawl_cbor_put_int(out, field);
}

static void put_key(struct pawl_cbor_out *out, const struct pawl_key *key)
{
    pawl_cbor_put_int(out, key->algorithm);
    pawl_cbor_put_bstr(out, key->bytes);
}

static void put_roots(struct pawl_cbor_out *out,
                      const struct pawl_trust_plan *plan)
{
    put_field(out, PAWL_TRUST_FIELD_ROOTS);
    pawl_cbor_put_array(out, plan->root_count);
    for (size_t i = 0; i < plan->root_count; i++) {
        pawl_cbor_put_array(out, 2);
        put_key(out, &plan->roots[i]);
    }
}

static void put_signer(struct pawl_cbor_out *out,
                       const struct pawl_signer *signer)
{
    pawl_cbor_put_array(out, 4);
    put_key(out, &signer->key);
    pawl_cbor_put_array(out, signer->component_count);
    for (size_t i = 0; i < signer->component_count; i++) {
        pawl_cbor_put_raw(out, signer->components[i]);
    }
    pawl_cbor_put_bool(out, signer->retired);
}

static void put_signers(struct pawl_cbor_out *out,
                        const struct pawl_trust_plan *plan)
{
    put_field(out, PAWL_TRUST_FIELD_SIGNERS);
    pawl_cbor_put_array(out, plan->signer_count);
    for (size_t i = 0; i < plan->signer_count; i++) {
        put_signer(out, &plan->signers[i]);
    }
}

static void put_anchors(struct pawl_cbor_out *out,
                        const struct pawl_trust_anchor *anchors, size_t count)
{
    put_field(out, PAWL_TRUST_FIELD_ANCHORS);
    pawl_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        pawl_cbor_put_array(out, 2);
        pawl_cbor_put_uint(out, anchors[i].roles);
        pawl_cbor_put_bstr(out, anchors[i].certificate);
    }
}

static void put_owner(struct pawl_cbor_out *out,
                      const struct pawl_trust_plan *plan)
{
    if (plan->owner != NULL) {
        put_field(out, PAWL_TRUST_FIELD_OWNER);
        pawl_cbor_put_array(out, 3);
        put_key(out, plan->owner);
        pawl_cbor_put_uint(out, plan->owner_roles);
    }
}

static void put_number(struct pawl_cbor_out *out, enum pawl_trust_field field,
                       uint64_t value)
{
    put_field(out, field);
    pawl_cbor_put_uint(out, value);
}

static void put_date(struct pawl_cbor_out *out, enum pawl_trust_field field,
                     int64_t seconds)
{
    if (seconds != 0) {
        put_field(out, field);
        pawl_cbor_put_int(out, seconds);
    }
}

static void put_document(struct pawl_cbor_out *out,
                         const struct pawl_trust_plan *plan)
{
    size_t more =
        (plan->issued_s != 0 ? 1u : 0u) + (plan->expires_s != 0 ? 1u : 0u) +
        (plan->time_s != 0 ? 1u : 0u) + (plan->owner != NULL ? 1u : 0u);

    pawl_cbor_put_map(out, 7 + more);
    put_number(out, PAWL_TRUST_FIELD_FORMAT, PAWL_TRUST_FORMAT);
    put_number(out, PAWL_TRUST_FIELD_VERSION, plan->version);
    put_number(out, PAWL_TRUST_FIELD_ROOT_THRESHOLD, plan->root_threshold);
    put_roots(out, plan);
    put_number(out, PAWL_TRUST_FIELD_SIGNER_THRESHOLD, plan->signer_threshold);
    put_signers(out, plan);
    put_anchors(out, plan->anchors, plan->anchor_count);
    put_date(out, PAWL_TRUST_FIELD_ISSUED, plan->issued_s);
    put_date(out, PAWL_TRUST_FIELD_EXPIRES, plan->expires_s);
    put_owner(out, plan);
    put_date(out, PAWL_TRUST_FIELD_TIME, plan->time_s);
}

enum pawl_status pawl_trust_encode(const struct pawl_trust_plan *plan,
                                   uint8_t *out, size_t *len)
{
    struct pawl_cbor_out cbor;
    struct pawl_bytes document;
    struct pawl_trust trust;

    pawl_cbor_write(&cbor, out, *len);
    put_document(&cbor, plan);
    *len = cbor.len;
    enum pawl_status status = pawl_cbor_written(&cbor, &document);
    if (status == PAWL_OK) {
        memset(&trust, 0, sizeof(trust));
        status = pawl_trust_read(&trust, document); /* as a device would */
    }
    return status;
}

enum pawl_status pawl_trust_sign(struct pawl_bytes document,
                                 const struct pawl_key *root,
                                 const struct pawl_cose_signer *signer,
                                 uint8_t *out, size_t *len)
{
    struct pawl_cose_signer with_kid = *signer;

    with_kid.kid = pawl_trust_kid(root);
    return pawl_cose_sign1(&with_kid, document, pawl_trust_aad(), out, len);
}

enum pawl_status pawl_trust_join(struct pawl_bytes document,
                                 const struct pawl_bytes *signatures,
                                 size_t signature_count, uint8_t *out,
                                 size_t *len)
{
    struct pawl_cbor_out cbor;
    struct pawl_bytes envelope;

    pawl_cbor_write(&cbor, out, *len);
    pawl_cbor_put_array(&cbor, 1 + signature_count);
    pawl_cbor_put_bstr(&cbor, document);
    for (size_t i = 0; i < signature_count; i++) {
        pawl_cbor_put_bstr(&cbor, signatures[i]);
    }
    *len = cbor.len;
    if (signature_count > PAWL_TRUST_SIGNATURE_MAX ||
        cbor.len > PAWL_TRUST_MAX) {
        return PAWL_ERR_LIMIT;
    }
    return pawl_cbor_written(&cbor, &envelope);
}

enum pawl_status pawl_trust_own_encode(uint64_t version,
                                       const struct pawl_trust_anchor *anchors,
                                       size_t anchor_count,
                                       const struct pawl_key *owner,
                                       const struct pawl_cose_signer *signer,
                                       uint8_t *out, size_t *len)
{
    static const uint8_t aad[] = PAWL_TRUST_OWNER_AAD;
    uint8_t text[PAWL_TRUST_MAX], signature[256];
    size_t signature_len = sizeof(signature);
    struct pawl_cose_signer by = *signer;
    struct pawl_cbor_out cbor;
    struct pawl_bytes document, envelope;

    pawl_cbor_write(&cbor, text, sizeof(text));
    pawl_cbor_put_map(&cbor, 3);
    put_number(&cbor, PAWL_TRUST_FIELD_FORMAT, PAWL_TRUST_FORMAT);
    put_number(&cbor, PAWL_TRUST_FIELD_VERSION, version);
    put_anchors(&cbor, anchors, anchor_count);
    enum pawl_status status = pawl_cbor_written(&cbor, &document);
    if (status != PAWL_OK) {
        return PAWL_ERR_LIMIT;
    }
    by.kid = pawl_trust_kid(owner);
    status = pawl_cose_sign1(&by, document,
                             (struct pawl_bytes){aad, sizeof(aad) - 1},
                             signature, &signature_len);
    if (status != PAWL_OK) {
        return status;
    }
    pawl_cbor_write(&cbor, out, *len);
    pawl_cbor_put_array(&cbor, 2);
    pawl_cbor_put_bstr(&cbor, document);
    pawl_cbor_put_bstr(&cbor, (struct pawl_bytes){signature, signature_len});
    *len = cbor.len;
    return pawl_cbor_written(&cbor, &envelope);
}

enum pawl_status pawl_trust_peek(struct pawl_trust *trust,
                                 struct pawl_bytes bytes,
                                 struct pawl_bytes *document,
                                 struct pawl_bytes *signatures, size_t *count)
{
    struct pawl_trust_parts parts;

    memset(trust, 0, sizeof(*trust));
    *document = PAWL_NO_BYTES;
    *count = 0;
    if (bytes.len == 0 || bytes.len > sizeof(trust->bytes)) {
        return bytes.len == 0 ? PAWL_ERR_MALFORMED : PAWL_ERR_LIMIT;
    }
    memcpy(trust->bytes, bytes.data, bytes.len);
    trust->len = trust->envelope_len = bytes.len;
    enum pawl_status status =
        pawl_trust_split((struct pawl_bytes){trust->bytes, trust->len}, &parts);
    if (status == PAWL_OK) {
        status = pawl_trust_read(trust, parts.document);
    }
    if (status == PAWL_OK) {
        *document = parts.document;
        *count = parts.signature_count;
        memcpy(signatures, parts.signatures,
               parts.signature_count * sizeof(parts.signatures[0]));
    }
    return status;
}
