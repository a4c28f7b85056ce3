/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "crypto/der.h"
#include "crypto/x509.h"

#define CONTEXT_0 (PAWL_DER_CONTEXT | PAWL_DER_CONSTRUCTED | 0)
#define CONTEXT_1 (PAWL_DER_CONTEXT | PAWL_DER_CONSTRUCTED | 1)

/* id-data and id-signedData are 1.2.840.113549.1.7.1 and 2. */
static bool take_content_type(struct pawl_bytes *rest, uint8_t number)
{
    static const uint8_t arc[] = {0x2A, 0x86, 0x48, 0x86,
                                  0xF7, 0x0D, 0x01, 0x07};
    struct pawl_bytes oid;

    return pawl_der_take(rest, PAWL_DER_OID, &oid) &&
           oid.len == sizeof arc + 1 &&
           pawl_bytes_begin(oid, PAWL_BYTES(arc)) &&
           oid.data[sizeof arc] == number;
}

/* ContentInfo { signedData, [0] { SignedData } } around everything. */
static bool take_signed_data(struct pawl_bytes der, struct pawl_bytes *fields)
{
    struct pawl_bytes info;
    struct pawl_bytes wrapper;

    return pawl_der_take(&der, PAWL_DER_SEQUENCE, &info) && der.len == 0 &&
           take_content_type(&info, 2) &&
           pawl_der_take(&info, CONTEXT_0, &wrapper) && info.len == 0 &&
           pawl_der_take(&wrapper, PAWL_DER_SEQUENCE, fields) &&
           wrapper.len == 0;
}

/*
 * EncapsulatedContentInfo { data } without content: left out (RFC 5652, 5.2),
 * or the empty OCTET STRING that OpenSSL, and servers above it, write.
 */
static bool take_no_content(struct pawl_bytes *rest)
{
    struct pawl_bytes info;
    struct pawl_bytes wrapper;
    struct pawl_bytes content;

    if (!pawl_der_take(rest, PAWL_DER_SEQUENCE, &info) ||
        !take_content_type(&info, 1)) {
        return false;
    }
    return info.len == 0 ||
           (pawl_der_take(&info, CONTEXT_0, &wrapper) && info.len == 0 &&
            pawl_der_take(&wrapper, PAWL_DER_OCTET_STRING, &content) &&
            wrapper.len == 0 && content.len == 0);
}

/*
 * SignedData (RFC 5652, 5.1) that signs nothing: version, digest algorithms,
 * no content, certificates, CRLs (ignored), no signers.
 */
static bool take_certificates(struct pawl_bytes fields, struct pawl_bytes *set)
{
    struct pawl_bytes ignored;
    struct pawl_bytes signers;

    if (!pawl_der_take_unsigned(&fields, &ignored) ||
        !pawl_der_take(&fields, PAWL_DER_SET, &ignored) ||
        !take_no_content(&fields) || !pawl_der_take(&fields, CONTEXT_0, set)) {
        return false;
    }
    if (pawl_der_is(fields, CONTEXT_1) &&
        !pawl_der_take(&fields, CONTEXT_1, &ignored)) {
        return false;
    }
    return pawl_der_take(&fields, PAWL_DER_SET, &signers) && signers.len == 0 &&
           fields.len == 0;
}

enum pawl_status pawl_pkcs7_certs(struct pawl_bytes der,
                                  struct pawl_bytes *certs, size_t *count)
{
    size_t room = *count;
    struct pawl_bytes fields;
    struct pawl_bytes set;

    *count = 0;
    if (!take_signed_data(der, &fields) || !take_certificates(fields, &set)) {
        return PAWL_ERR_MALFORMED;
    }
    while (set.len > 0) {
        struct pawl_bytes cert;

        if (!pawl_der_take_whole(&set, PAWL_DER_SEQUENCE, &cert)) {
            *count = 0;
            return PAWL_ERR_MALFORMED;
        }
        if (*count == room) {
            *count = 0;
            return PAWL_ERR_LIMIT;
        }
        certs[(*count)++] = cert;
    }
    return PAWL_OK;
}
