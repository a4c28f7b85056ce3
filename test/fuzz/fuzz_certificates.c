/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target (libFuzzer): what reads DER, PEM's base64 and names of a peer.
 * Link it with base, crypto and wolfSSL under -fsanitize=fuzzer,address; the
 * certificates of test/crypto/certs.h are a good corpus.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_certificate(struct pawl_bytes input)
{
    struct pawl_x509 cert;
    const char *rule = NULL;
    char name[64];
    size_t name_len = input.len < sizeof name - 1 ? input.len : sizeof name - 1;

    if (pawl_x509_parse(&cert, input, &rule) == PAWL_OK) {
        must(cert.tbs.len < input.len && cert.subject.len < input.len);
    }
    must(rule != NULL);
    if (name_len > 0) {
        memcpy(name, input.data, name_len);
    }
    name[name_len] = '\0';
    (void)pawl_x509_has_name(&cert, name);
}

static void read_certificates(struct pawl_bytes input)
{
    struct pawl_bytes certs[4];
    size_t count = PAWL_ARRAY_LEN(certs);
    enum pawl_status status = pawl_pkcs7_certs(input, certs, &count);

    must(count <= PAWL_ARRAY_LEN(certs) && (status == PAWL_OK || count == 0));
    for (size_t i = 0; i < count; i++) {
        must(certs[i].data >= input.data && certs[i].len <= input.len);
    }
}

/* What is a signature in DER has one form, and is written as it was read. */
static void read_signature(struct pawl_bytes input)
{
    uint8_t raw[PAWL_P256_SIGNATURE_SIZE];
    uint8_t der[72];
    size_t len = sizeof der;

    if (pawl_signature_from_der(input, raw) == PAWL_OK) {
        must(pawl_signature_to_der(raw, der, &len) == PAWL_OK &&
             pawl_bytes_equal(input, (struct pawl_bytes){der, len}));
    }
}

static void read_base64(struct pawl_bytes input)
{
    uint8_t out[64];
    size_t len = sizeof out;
    enum pawl_status status = pawl_base64_decode(input, out, &len);

    must(status != PAWL_OK || len <= sizeof out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pawl_bytes input = {data, len};

    read_certificate(input);
    read_certificates(input);
    read_signature(input);
    read_base64(input);
    return 0;
}
