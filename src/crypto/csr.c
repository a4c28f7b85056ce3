/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Certification requests (PKCS#10, RFC 2986), written from the end to the
 * beginning. Objects are named as in RFC 5280, 2985 and 5480.
 */
#include <string.h>

#include "base/base.h"
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/x509.h"

#define ATTRIBUTES (PAWL_DER_CONTEXT | PAWL_DER_CONSTRUCTED | 0)
#define DNS_NAME (PAWL_DER_CONTEXT | 2)

#define NAME_MAX_LEN 64   /* ub-common-name, ub-serial-number */
#define HOST_MAX_LEN 253  /* RFC 1035 */
#define CHALLENGE_MAX 255 /* pkcs-9-ub-challengePassword */

/* AlgorithmIdentifier ecdsa-with-SHA256, then a BIT STRING with at most 72
 * bytes of signature; and the largest head of the whole. */
#define TAIL_MAX (12 + 3 + 72)
#define HEAD_MAX 4

static const uint8_t id_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t id_serial_number[] = {0x55, 0x04, 0x05};
/* 1.2.840.113549.1.9.7 and .14 */
static const uint8_t id_challenge[] = {0x2A, 0x86, 0x48, 0x86, 0xF7,
                                       0x0D, 0x01, 0x09, 0x07};
static const uint8_t id_extensions[] = {0x2A, 0x86, 0x48, 0x86, 0xF7,
                                        0x0D, 0x01, 0x09, 0x0E};
/* keyUsage, critical: digitalSignature. */
static const uint8_t key_usage[] = {0x30, 0x0E, 0x06, 0x03, 0x55, 0x1D,
                                    0x0F, 0x01, 0x01, 0xFF, 0x04, 0x04,
                                    0x03, 0x02, 0x07, 0x80};
/* extendedKeyUsage: id-kp-clientAuth. */
static const uint8_t client_auth[] = {0x30, 0x13, 0x06, 0x03, 0x55, 0x1D, 0x25,
                                      0x04, 0x0C, 0x30, 0x0A, 0x06, 0x08, 0x2B,
                                      0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
static const uint8_t id_alt_name[] = {0x55, 0x1D, 0x11};
static const uint8_t ecdsa_with_sha256[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                            0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};

static struct pawl_bytes bytes_of(const char *text, size_t max)
{
    return (struct pawl_bytes){(const uint8_t *)text, pawl_text_len(text, max)};
}

/* PrintableString's alphabet (X.680, 41.4). */
static bool is_printable(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || (c != '\0' && strchr(" '()+,-./:=?", c));
}

static bool all_printable(const char *text)
{
    while (*text != '\0' && is_printable(*text)) {
        text++;
    }
    return *text == '\0';
}

/* A host name: visible ASCII, and no wildcard. */
static bool all_visible(const char *text)
{
    while (*text > ' ' && *text < 0x7F && *text != '*') {
        text++;
    }
    return *text == '\0';
}

/* Whether text is absent, or 1 to max bytes long. */
static bool fits(const char *text, size_t max)
{
    return text == NULL ||
           (text[0] != '\0' && pawl_text_len(text, max + 1) <= max);
}

static bool acceptable(const struct pawl_csr_subject *subject)
{
    return fits(subject->common_name, NAME_MAX_LEN) &&
           fits(subject->serial_number, NAME_MAX_LEN) &&
           fits(subject->dns_name, HOST_MAX_LEN) &&
           (subject->serial_number == NULL ||
            all_printable(subject->serial_number)) &&
           (subject->dns_name == NULL || all_visible(subject->dns_name)) &&
           subject->challenge.len <= CHALLENGE_MAX;
}

/* One RelativeDistinguishedName: SET { SEQUENCE { type, value } } */
static void put_rdn(struct pawl_der_writer *writer, struct pawl_bytes type,
                    uint8_t tag, const char *value)
{
    size_t since = writer->need;

    if (value == NULL) {
        return;
    }
    pawl_der_put_item(writer, tag, bytes_of(value, NAME_MAX_LEN));
    pawl_der_put_item(writer, PAWL_DER_OID, type);
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
    pawl_der_wrap(writer, PAWL_DER_SET, since);
}

static void put_subject(struct pawl_der_writer *writer,
                        const struct pawl_csr_subject *subject)
{
    size_t since = writer->need;

    if (subject->like != NULL) {
        pawl_der_put(writer, subject->like->subject);
        return;
    }
    put_rdn(writer, PAWL_BYTES(id_serial_number), PAWL_DER_PRINTABLE_STRING,
            subject->serial_number);
    put_rdn(writer, PAWL_BYTES(id_common_name), PAWL_DER_UTF8_STRING,
            subject->common_name);
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
}

static void put_alt_name(struct pawl_der_writer *writer,
                         const struct pawl_csr_subject *subject)
{
    size_t since = writer->need;

    if (subject->like != NULL) {
        pawl_der_put(writer, subject->like->alt_names);
    } else if (subject->dns_name != NULL) {
        pawl_der_put_item(writer, DNS_NAME,
                          bytes_of(subject->dns_name, HOST_MAX_LEN));
    }
    if (writer->need == since) {
        return; /* there is none */
    }
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
    pawl_der_wrap(writer, PAWL_DER_OCTET_STRING, since);
    pawl_der_put_item(writer, PAWL_DER_OID, PAWL_BYTES(id_alt_name));
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
}

/* extensionRequest (RFC 2985, 5.4.2). */
static void put_extensions(struct pawl_der_writer *writer,
                           const struct pawl_csr_subject *subject)
{
    size_t since = writer->need;

    put_alt_name(writer, subject);
    pawl_der_put(writer, PAWL_BYTES(client_auth));
    pawl_der_put(writer, PAWL_BYTES(key_usage));
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
    pawl_der_wrap(writer, PAWL_DER_SET, since);
    pawl_der_put_item(writer, PAWL_DER_OID, PAWL_BYTES(id_extensions));
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
}

/* challengePassword (RFC 2985, 5.4.1). */
static void put_challenge(struct pawl_der_writer *writer,
                          const struct pawl_csr_subject *subject)
{
    size_t since = writer->need;

    if (subject->challenge.len == 0) {
        return;
    }
    pawl_der_put_item(writer, PAWL_DER_UTF8_STRING, subject->challenge);
    pawl_der_wrap(writer, PAWL_DER_SET, since);
    pawl_der_put_item(writer, PAWL_DER_OID, PAWL_BYTES(id_challenge));
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, since);
}

/*
 * The members of a SET OF stand in the order of their encodings (X.690,
 * 11.6): here the shorter first, and the challenge if they are equally long,
 * since its type is the lower one.
 */
static void put_attributes(struct pawl_der_writer *writer,
                           const struct pawl_csr_subject *subject)
{
    struct pawl_der_writer challenge;
    struct pawl_der_writer extensions;
    size_t since = writer->need;

    pawl_der_begin(&challenge, NULL, 0); /* these two only count */
    put_challenge(&challenge, subject);
    pawl_der_begin(&extensions, NULL, 0);
    put_extensions(&extensions, subject);
    if (challenge.need <= extensions.need) {
        put_extensions(writer, subject);
        put_challenge(writer, subject);
    } else {
        put_challenge(writer, subject);
        put_extensions(writer, subject);
    }
    pawl_der_wrap(writer, ATTRIBUTES, since);
}

/* CertificationRequestInfo: what is signed. */
static void put_info(struct pawl_der_writer *writer,
                     const struct pawl_csr_subject *subject,
                     const uint8_t spki[PAWL_P256_SPKI_SIZE])
{
    static const uint8_t version_1[] = {PAWL_DER_INTEGER, 1, 0};

    put_attributes(writer, subject);
    pawl_der_put(writer, (struct pawl_bytes){spki, PAWL_P256_SPKI_SIZE});
    put_subject(writer, subject);
    pawl_der_put(writer, PAWL_BYTES(version_1));
    pawl_der_wrap(writer, PAWL_DER_SEQUENCE, 0);
}

/*
 * Signs info in the key store, and checks that it did: a fault in a signature
 * gives the key away.
 */
static enum pawl_status sign_info(const struct pawl_keystore *keystore,
                                  int slot, const uint8_t *point,
                                  struct pawl_bytes info,
                                  struct pawl_der_writer *tail)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    uint8_t raw[PAWL_P256_SIGNATURE_SIZE] = {0};
    uint8_t der[72];
    size_t der_len = sizeof der;
    enum pawl_status status = pawl_sha256(info, digest);

    if (status == PAWL_OK) {
        status = keystore->sign(keystore->ctx, (enum pawl_key_slot)slot, digest,
                                raw);
    }
    if (status != PAWL_OK) {
        return status;
    }
    if (pawl_p256_verify((struct pawl_bytes){point, PAWL_P256_POINT_SIZE},
                         digest, raw) != PAWL_OK ||
        pawl_signature_to_der(raw, der, &der_len) != PAWL_OK) {
        return PAWL_ERR_KEYSTORE;
    }
    pawl_der_put(tail, (struct pawl_bytes){der, der_len});
    pawl_der_put_byte(tail, 0); /* no unused bits */
    pawl_der_wrap(tail, PAWL_DER_BIT_STRING, 0);
    pawl_der_put(tail, PAWL_BYTES(ecdsa_with_sha256));
    return PAWL_OK;
}

/* Puts head, info and tail in line at the beginning of out. */
static void assemble(uint8_t *out, size_t *len, struct pawl_bytes info,
                     struct pawl_bytes tail)
{
    uint8_t head[HEAD_MAX];
    struct pawl_der_writer writer;
    struct pawl_bytes written;

    /* The head is written as if info and tail stood behind it already. */
    pawl_der_begin(&writer, head, sizeof head);
    writer.need = info.len + tail.len;
    writer.size = sizeof head + writer.need;
    pawl_der_wrap(&writer, PAWL_DER_SEQUENCE, 0);
    written = pawl_der_written(&writer);
    written.len -= info.len + tail.len;

    memmove(out + written.len, info.data, info.len);
    memcpy(out, written.data, written.len);
    memcpy(out + written.len + info.len, tail.data, tail.len);
    *len = written.len + info.len + tail.len;
}

enum pawl_status pawl_csr_write(const struct pawl_csr_subject *subject,
                                const struct pawl_keystore *keystore, int slot,
                                uint8_t *out, size_t *len)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    uint8_t spki[PAWL_P256_SPKI_SIZE];
    uint8_t tail_bytes[TAIL_MAX];
    struct pawl_der_writer writer;
    struct pawl_der_writer tail;
    enum pawl_status status = PAWL_ERR_FAULT;
    size_t room = *len;

    *len = 0;
    if (!acceptable(subject)) {
        return PAWL_ERR_ARGUMENT;
    }
    status =
        keystore->public_key(keystore->ctx, (enum pawl_key_slot)slot, point);
    if (status != PAWL_OK) {
        return status;
    }
    pawl_p256_spki(point, spki);
    pawl_der_begin(&writer, out, room);
    put_info(&writer, subject, spki);
    if (writer.need + TAIL_MAX + HEAD_MAX > room) {
        *len = writer.need + TAIL_MAX + HEAD_MAX;
        return PAWL_ERR_TOO_SMALL;
    }
    pawl_der_begin(&tail, tail_bytes, sizeof tail_bytes);
    status = sign_info(keystore, slot, point, pawl_der_written(&writer), &tail);
    if (status == PAWL_OK) {
        assemble(out, len, pawl_der_written(&writer), pawl_der_written(&tail));
    }
    return status;
}
