/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_ca.h"

#include "crypto/crypto.h"
#include "crypto/der.h"
#include <string.h>

/* Elements that are always the same, from RFC 5280 and RFC 5652. */
static const uint8_t id_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t id_serial_number[] = {0x55, 0x04, 0x05};
static const uint8_t ecdsa_with_sha256[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                            0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
static const uint8_t version_3[] = {0xA0, 0x03, 0x02, 0x01, 0x02};
static const uint8_t constraints_ca[] = {0x30, 0x0F, 0x06, 0x03, 0x55, 0x1D,
                                         0x13, 0x01, 0x01, 0xFF, 0x04, 0x05,
                                         0x30, 0x03, 0x01, 0x01, 0xFF};
static const uint8_t usage_ca[] = {0x30, 0x0E, 0x06, 0x03, 0x55, 0x1D,
                                   0x0F, 0x01, 0x01, 0xFF, 0x04, 0x04,
                                   0x03, 0x02, 0x01, 0x06};
static const uint8_t usage_leaf[] = {0x30, 0x0E, 0x06, 0x03, 0x55, 0x1D,
                                     0x0F, 0x01, 0x01, 0xFF, 0x04, 0x04,
                                     0x03, 0x02, 0x07, 0x80};
static const uint8_t client_auth[] = {0x30, 0x13, 0x06, 0x03, 0x55, 0x1D, 0x25,
                                      0x04, 0x0C, 0x30, 0x0A, 0x06, 0x08, 0x2B,
                                      0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
static const uint8_t server_auth[] = {0x30, 0x13, 0x06, 0x03, 0x55, 0x1D, 0x25,
                                      0x04, 0x0C, 0x30, 0x0A, 0x06, 0x08, 0x2B,
                                      0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
static const uint8_t id_data[] = {0x30, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48,
                                  0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01};
static const uint8_t id_signed_data[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                         0xF7, 0x0D, 0x01, 0x07, 0x02};

#define CONTEXT(number) (PAWL_DER_CONTEXT | PAWL_DER_CONSTRUCTED | (number))

static struct pawl_bytes text_bytes(const char *text)
{
    return (struct pawl_bytes){(const uint8_t *)text, strlen(text)};
}

static void put_rdn(struct pawl_der_writer *out, struct pawl_bytes type,
                    const char *value)
{
    size_t since = out->need;

    if (value == NULL) {
        return;
    }
    pawl_der_put_item(out, PAWL_DER_UTF8_STRING, text_bytes(value));
    pawl_der_put_item(out, PAWL_DER_OID, type);
    pawl_der_wrap(out, PAWL_DER_SEQUENCE, since);
    pawl_der_wrap(out, PAWL_DER_SET, since);
}

static void put_name(struct pawl_der_writer *out, const char *common_name,
                     const char *serial_number)
{
    size_t since = out->need;

    put_rdn(out, PAWL_BYTES(id_serial_number), serial_number);
    put_rdn(out, PAWL_BYTES(id_common_name), common_name);
    pawl_der_wrap(out, PAWL_DER_SEQUENCE, since);
}

static void put_extensions(struct pawl_der_writer *out,
                           const struct fake_certificate *wanted)
{
    size_t since = out->need;

    if (wanted->ca) {
        pawl_der_put(out, PAWL_BYTES(usage_ca));
        pawl_der_put(out, PAWL_BYTES(constraints_ca));
    } else {
        pawl_der_put(out, wanted->server ? PAWL_BYTES(server_auth)
                                         : PAWL_BYTES(client_auth));
        pawl_der_put(out, PAWL_BYTES(usage_leaf));
    }
    pawl_der_wrap(out, PAWL_DER_SEQUENCE, since);
    pawl_der_wrap(out, CONTEXT(3), since);
}

static void put_validity(struct pawl_der_writer *out,
                         const struct fake_certificate *wanted)
{
    size_t since = out->need;
    const char *before = wanted->not_before, *after = wanted->not_after;

    pawl_der_put_item(out, PAWL_DER_UTC_TIME,
                      text_bytes(after != NULL ? after : "350101000000Z"));
    pawl_der_put_item(out, PAWL_DER_UTC_TIME,
                      text_bytes(before != NULL ? before : "250101000000Z"));
    pawl_der_wrap(out, PAWL_DER_SEQUENCE, since);
}

/* TBSCertificate (RFC 5280, 4.1), written from its end. */
static struct pawl_bytes write_tbs(const char *issuer,
                                   const struct fake_certificate *wanted,
                                   uint8_t *buf, size_t cap)
{
    static const uint8_t serial[] = {0x01, 0x23, 0x45};
    uint8_t spki[PAWL_P256_SPKI_SIZE];
    struct pawl_der_writer out;

    pawl_p256_spki(wanted->point.data, spki);
    pawl_der_begin(&out, buf, cap);
    put_extensions(&out, wanted);
    pawl_der_put(&out, PAWL_BYTES(spki));
    put_name(&out, wanted->common_name, wanted->serial_number);
    put_validity(&out, wanted);
    put_name(&out, issuer, NULL);
    pawl_der_put(&out, PAWL_BYTES(ecdsa_with_sha256));
    pawl_der_put_item(&out, PAWL_DER_INTEGER, PAWL_BYTES(serial));
    pawl_der_put(&out, PAWL_BYTES(version_3));
    pawl_der_wrap(&out, PAWL_DER_SEQUENCE, 0);
    return pawl_der_written(&out);
}

/* Signs tbs with the key of ca. */
static size_t sign(struct fake_ca *ca, struct pawl_bytes tbs,
                   uint8_t der[72 + 1])
{
    uint8_t digest[PAWL_SHA256_SIZE];
    uint8_t raw[PAWL_P256_SIGNATURE_SIZE];
    size_t len = 72;
    const struct pawl_keystore *keys = &ca->keys.keystore;

    der[0] = 0; /* unused bits of the BIT STRING */
    if (pawl_sha256(tbs, digest) != PAWL_OK ||
        keys->sign(keys->ctx, PAWL_KEY_IDEVID, digest, raw) != PAWL_OK ||
        pawl_signature_to_der(raw, der + 1, &len) != PAWL_OK) {
        return 0;
    }
    return len + 1;
}

/* Moves what was written at the end of buf to its beginning. */
static struct pawl_bytes move_to_front(const struct pawl_der_writer *out,
                                       uint8_t *buf)
{
    struct pawl_bytes written = pawl_der_written(out);

    if (written.len == 0) {
        return PAWL_NO_BYTES;
    }
    memmove(buf, written.data, written.len);
    return (struct pawl_bytes){buf, written.len};
}

struct pawl_bytes fake_ca_issue(struct fake_ca *ca,
                                const struct fake_certificate *wanted,
                                uint8_t *buf, size_t cap)
{
    uint8_t tbs_buf[FAKE_CA_CERTIFICATE_MAX], signature[72 + 1];
    struct pawl_der_writer out;

    struct pawl_bytes tbs =
        write_tbs(ca->name, wanted, tbs_buf, sizeof(tbs_buf));
    size_t signature_len = sign(ca, tbs, signature);
    if (tbs.len == 0 || signature_len == 0) {
        return PAWL_NO_BYTES;
    }
    pawl_der_begin(&out, buf, cap);
    pawl_der_put_item(&out, PAWL_DER_BIT_STRING,
                      (struct pawl_bytes){signature, signature_len});
    pawl_der_put(&out, PAWL_BYTES(ecdsa_with_sha256));
    pawl_der_put(&out, tbs);
    pawl_der_wrap(&out, PAWL_DER_SEQUENCE, 0);
    return move_to_front(&out, buf);
}

bool fake_ca_open_below(struct fake_ca *ca, struct fake_ca *above,
                        const char *name)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    const struct pawl_keystore *keys = &ca->keys.keystore;

    ca->name = name;
    fake_keystore_open(&ca->keys);
    if (keys->generate(keys->ctx, PAWL_KEY_IDEVID) != PAWL_OK ||
        keys->public_key(keys->ctx, PAWL_KEY_IDEVID, point) != PAWL_OK) {
        return false;
    }
    struct fake_certificate own = {
        .point = PAWL_BYTES(point), .common_name = name, .ca = true};
    ca->certificate_len =
        fake_ca_issue(above, &own, ca->certificate, sizeof(ca->certificate))
            .len;
    return ca->certificate_len > 0;
}

bool fake_ca_open(struct fake_ca *ca, const char *name)
{
    return fake_ca_open_below(ca, ca, name);
}

struct pawl_bytes fake_ca_certificate(const struct fake_ca *ca)
{
    return (struct pawl_bytes){ca->certificate, ca->certificate_len};
}

struct pawl_bytes fake_ca_pkcs7(const struct pawl_bytes *certificates,
                                size_t count, uint8_t *buf, size_t cap)
{
    static const uint8_t version_1[] = {1};
    struct pawl_der_writer out;

    pawl_der_begin(&out, buf, cap);
    pawl_der_put_item(&out, PAWL_DER_SET, PAWL_NO_BYTES); /* no signers */
    size_t since = out.need;
    for (size_t i = count; i > 0; i--) {
        pawl_der_put(&out, certificates[i - 1]);
    }
    pawl_der_wrap(&out, CONTEXT(0), since);
    pawl_der_put(&out, PAWL_BYTES(id_data));
    pawl_der_put_item(&out, PAWL_DER_SET, PAWL_NO_BYTES); /* no digests */
    pawl_der_put_item(&out, PAWL_DER_INTEGER, PAWL_BYTES(version_1));
    pawl_der_wrap(&out, PAWL_DER_SEQUENCE, 0);
    pawl_der_wrap(&out, CONTEXT(0), 0);
    pawl_der_put(&out, PAWL_BYTES(id_signed_data));
    pawl_der_wrap(&out, PAWL_DER_SEQUENCE, 0);
    return move_to_front(&out, buf);
}
