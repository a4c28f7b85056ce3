/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cose.h"

#include "cose/cose_internal.h"

#include <pawl/config.h>

#define AAD_MAX 64
#define PROTECTED_MAX 8 /* {1: alg} has 3 to 5 bytes */

/* The whole message, or with an empty signature as much as precedes it. */
static void put_message(struct pawl_cbor_out *out, struct pawl_bytes protected_,
                        struct pawl_bytes kid, const uint8_t *signature)
{
    pawl_cbor_put_tag(out, PAWL_COSE_TAG_SIGN1);
    pawl_cbor_put_array(out, 4);
    pawl_cbor_put_bstr(out, protected_);
    pawl_cbor_put_map(out, kid.len == 0 ? 0 : 1);
    if (kid.len != 0) {
        pawl_cbor_put_uint(out, PAWL_COSE_LABEL_KID);
        pawl_cbor_put_bstr(out, kid);
    }
    pawl_cbor_put_null(out);
    pawl_cbor_put_bstr(
        out, (struct pawl_bytes){signature, PAWL_COSE_SIGNATURE_SIZE});
}

/* Has the Sig_structure signed. */
static enum pawl_status sign(const struct pawl_cose_signer *signer,
                             struct pawl_bytes protected_,
                             struct pawl_bytes payload,
                             struct pawl_bytes external_aad,
                             uint8_t signature[PAWL_COSE_SIGNATURE_SIZE])
{
    uint8_t buf[PAWL_COSE_STRUCTURE_OVERHEAD + PROTECTED_MAX + AAD_MAX +
                PAWL_TRUST_MAX];
    struct pawl_cbor_out out;
    struct pawl_bytes to_be_signed;

    pawl_cbor_write(&out, buf, sizeof buf);
    pawl_cose_put_structure(&out, PAWL_COSE_TAG_SIGN1, protected_, external_aad,
                            payload.len);
    pawl_cbor_put_raw(&out, payload);
    if (pawl_cbor_written(&out, &to_be_signed) != PAWL_OK) {
        return PAWL_ERR_LIMIT;
    }
    return signer->sign(signer->ctx, to_be_signed, signature);
}

enum pawl_status pawl_cose_sign1(const struct pawl_cose_signer *signer,
                                 struct pawl_bytes payload,
                                 struct pawl_bytes external_aad, uint8_t *out,
                                 size_t *len)
{
    const struct pawl_cose_algorithm *row =
        pawl_cose_algorithm(signer->algorithm);
    uint8_t header[PROTECTED_MAX];
    uint8_t signature[PAWL_COSE_SIGNATURE_SIZE] = {0};
    struct pawl_cbor_out writer;
    struct pawl_bytes protected_;

    if (row == NULL || row->tag != PAWL_COSE_TAG_SIGN1) {
        return PAWL_ERR_UNSUPPORTED;
    }
    pawl_cbor_write(&writer, header, sizeof header);
    pawl_cbor_put_map(&writer, 1);
    pawl_cbor_put_uint(&writer, PAWL_COSE_LABEL_ALG);
    pawl_cbor_put_int(&writer, signer->algorithm);
    enum pawl_status status = pawl_cbor_written(&writer, &protected_);

    /* Measured before anything is signed: a token may count its uses. */
    pawl_cbor_write(&writer, NULL, 0);
    put_message(&writer, protected_, signer->kid, signature);
    if (status == PAWL_OK && writer.len > *len) {
        status = PAWL_ERR_TOO_SMALL;
    }
    if (status == PAWL_OK) {
        status = sign(signer, protected_, payload, external_aad, signature);
    }
    *len = status == PAWL_OK || status == PAWL_ERR_TOO_SMALL ? writer.len : 0;
    if (status == PAWL_OK) {
        pawl_cbor_write(&writer, out, *len);
        put_message(&writer, protected_, signer->kid, signature);
    }
    return status;
}
