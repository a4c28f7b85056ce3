/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The extensions of a certificate (RFC 5280, 4.2). A critical one that is
 * not understood here refuses the certificate, whoever issued it.
 */
#include "base/base.h"
#include "crypto/der.h"
#include "crypto/x509_internal.h"

/* The arc id-ce (2.5.29), and its members that matter. */
enum {
    KEY_USAGE = 15,
    SUBJECT_ALT_NAME = 17,
    BASIC_CONSTRAINTS = 19,
    NAME_CONSTRAINTS = 30,
    EXTENDED_KEY_USAGE = 37
};

/* GeneralName's choices (RFC 5280, 4.2.1.6), as tags. */
#define DNS_NAME (PAWL_DER_CONTEXT | 2)
#define IP_ADDRESS (PAWL_DER_CONTEXT | 7)

struct extension {
    struct pawl_bytes oid;
    struct pawl_bytes value;
    bool critical;
};

static enum pawl_status broken(const char **rule, const char *text)
{
    *rule = text;
    return PAWL_ERR_CERTIFICATE;
}

/* BasicConstraints ::= SEQUENCE { cA DEFAULT FALSE, pathLen OPTIONAL } */
static bool read_basic_constraints(struct pawl_x509 *cert,
                                   struct pawl_bytes value)
{
    struct pawl_bytes fields;
    struct pawl_bytes number;

    if (!pawl_der_take(&value, PAWL_DER_SEQUENCE, &fields) || value.len != 0) {
        return false;
    }
    if (pawl_der_is(fields, PAWL_DER_BOOLEAN) &&
        (!pawl_der_take_boolean(&fields, &cert->is_ca) || !cert->is_ca)) {
        return false; /* DER leaves a default out: X.690, 11.5 */
    }
    if (fields.len > 0) {
        if (!cert->is_ca || !pawl_der_take_unsigned(&fields, &number)) {
            return false;
        }
        /* No chain is longer than a byte can say. */
        cert->path_len = number.len == 1 ? number.data[0] : -1;
    }
    cert->has_basic_constraints = true;
    return fields.len == 0;
}

/* KeyUsage ::= BIT STRING, first bit digitalSignature */
static bool read_key_usage(struct pawl_x509 *cert, struct pawl_bytes value)
{
    struct pawl_bytes bits;

    if (!pawl_der_take(&value, PAWL_DER_BIT_STRING, &bits) || value.len != 0 ||
        bits.len < 2 || bits.len > 3 || bits.data[0] > 7) {
        return false;
    }
    uint8_t first = bits.data[1];
    uint8_t last = bits.data[bits.len - 1];

    /* A named bit list ends with a bit that is set: X.690, 11.2.2. */
    if ((last & ((2u << bits.data[0]) - 1u)) != 1u << bits.data[0]) {
        return false;
    }
    cert->has_key_usage = true;
    cert->key_usage |= (first & 0x80u) != 0 ? PAWL_X509_DIGITAL_SIGNATURE : 0;
    cert->key_usage |= (first & 0x04u) != 0 ? PAWL_X509_KEY_CERT_SIGN : 0;
    cert->key_usage |= (first & 0x02u) != 0 ? PAWL_X509_CRL_SIGN : 0;
    cert->key_usage |=
        (first & 0x79u) != 0 || bits.len > 2 ? PAWL_X509_USAGE_OTHER : 0;
    return true;
}

static uint32_t purpose_of(struct pawl_bytes oid)
{
    /* id-kp-serverAuth, id-kp-clientAuth, anyExtendedKeyUsage */
    static const uint8_t server[] = {0x2B, 6, 1, 5, 5, 7, 3, 1};
    static const uint8_t client[] = {0x2B, 6, 1, 5, 5, 7, 3, 2};
    static const uint8_t any[] = {0x55, 0x1D, 0x25, 0};

    if (pawl_bytes_equal(oid, PAWL_BYTES(server))) {
        return PAWL_X509_SERVER_AUTH;
    }
    if (pawl_bytes_equal(oid, PAWL_BYTES(client))) {
        return PAWL_X509_CLIENT_AUTH;
    }
    return pawl_bytes_equal(oid, PAWL_BYTES(any)) ? PAWL_X509_ANY_PURPOSE
                                                  : PAWL_X509_PURPOSE_OTHER;
}

static bool read_purposes(struct pawl_x509 *cert, struct pawl_bytes value)
{
    struct pawl_bytes list;
    struct pawl_bytes oid;

    if (!pawl_der_take(&value, PAWL_DER_SEQUENCE, &list) || value.len != 0 ||
        list.len == 0) {
        return false;
    }
    while (list.len > 0) {
        if (!pawl_der_take(&list, PAWL_DER_OID, &oid)) {
            return false;
        }
        cert->purposes |= purpose_of(oid);
    }
    cert->has_purposes = true;
    return true;
}

static bool read_alt_names(struct pawl_x509 *cert, struct pawl_bytes value)
{
    struct pawl_bytes list;
    struct pawl_der name;

    if (!pawl_der_take(&value, PAWL_DER_SEQUENCE, &list) || value.len != 0 ||
        list.len == 0) {
        return false;
    }
    cert->alt_names = list;
    while (list.len > 0) {
        if (!pawl_der_next(&list, &name) ||
            (name.tag & 0xC0u) != PAWL_DER_CONTEXT ||
            (name.tag == DNS_NAME && name.content.len == 0) ||
            (name.tag == IP_ADDRESS && name.content.len != 4 &&
             name.content.len != 16)) {
            return false;
        }
    }
    return true;
}

/* Which member of id-ce this is; 0 for anything else. */
static unsigned id_ce(struct pawl_bytes oid)
{
    static const uint8_t arc[] = {0x55, 0x1D};

    return oid.len == 3 && pawl_bytes_begin(oid, PAWL_BYTES(arc)) ? oid.data[2]
                                                                  : 0;
}

static enum pawl_status read_known(struct pawl_x509 *cert,
                                   const struct extension *extension,
                                   const char **rule)
{
    bool right = true;

    switch (id_ce(extension->oid)) {
    case BASIC_CONSTRAINTS:
        right = !cert->has_basic_constraints &&
                read_basic_constraints(cert, extension->value);
        break;
    case KEY_USAGE:
        right = !cert->has_key_usage && read_key_usage(cert, extension->value);
        break;
    case EXTENDED_KEY_USAGE:
        right = !cert->has_purposes && read_purposes(cert, extension->value);
        break;
    case SUBJECT_ALT_NAME:
        right =
            cert->alt_names.len == 0 && read_alt_names(cert, extension->value);
        break;
    case NAME_CONSTRAINTS:
        return broken(rule, "name constraints are not supported");
    default:
        if (extension->critical) {
            return broken(rule, "unknown critical extension");
        }
        break;
    }
    return right ? PAWL_OK : PAWL_ERR_MALFORMED;
}

/* Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue } */
static bool take_extension(struct pawl_bytes *rest, struct extension *extension)
{
    struct pawl_bytes fields;

    extension->critical = false;
    if (!pawl_der_take(rest, PAWL_DER_SEQUENCE, &fields) ||
        !pawl_der_take(&fields, PAWL_DER_OID, &extension->oid)) {
        return false;
    }
    if (pawl_der_is(fields, PAWL_DER_BOOLEAN) &&
        (!pawl_der_take_boolean(&fields, &extension->critical) ||
         !extension->critical)) {
        return false;
    }
    return pawl_der_take(&fields, PAWL_DER_OCTET_STRING, &extension->value) &&
           fields.len == 0;
}

enum pawl_status pawl_x509_read_extensions(struct pawl_x509 *cert,
                                           struct pawl_bytes extensions,
                                           const char **rule)
{
    enum pawl_status status = extensions.len > 0 ? PAWL_OK : PAWL_ERR_MALFORMED;

    while (status == PAWL_OK && extensions.len > 0) {
        struct extension extension;

        if (!take_extension(&extensions, &extension)) {
            return PAWL_ERR_MALFORMED;
        }
        status = read_known(cert, &extension, rule);
    }
    return status;
}
