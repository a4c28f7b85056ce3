/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FAKE_CA_H
#define PAWL_TEST_FAKE_CA_H

/*
 * A certification authority for tests: it issues what it is asked for, right
 * or wrong. Call fake_crypto_start() first.
 */

#include "fake/fake_keystore.h"
#include <pawl/bytes.h>
#include <stdbool.h>

#define FAKE_CA_CERTIFICATE_MAX 768 /* bytes of DER */

struct fake_ca {
    const char *name; /* its common name */
    struct fake_keystore keys;
    uint8_t certificate[FAKE_CA_CERTIFICATE_MAX];
    size_t certificate_len;
};

/* What a certificate is to say. Zeros are the usual. */
struct fake_certificate {
    struct pawl_bytes point;   /* public key: 0x04, x, y */
    const char *common_name;   /* NULL: left out */
    const char *serial_number; /* attribute of the subject; NULL: left out */
    const char *not_before;    /* UTCTime; NULL: 1 January 2025 */
    const char *not_after;     /* UTCTime; NULL: 1 January 2035 */
    bool ca;                   /* a CA's, not a device's */
    bool server;               /* EKU serverAuth instead of clientAuth */
};

/* Makes a root with a key of its own. False if pawl is broken. */
bool fake_ca_open(struct fake_ca *ca, const char *name);

/* Makes a CA whose certificate was issued by another. */
bool fake_ca_open_below(struct fake_ca *ca, struct fake_ca *above,
                        const char *name);

/* The certificate of the CA itself. */
struct pawl_bytes fake_ca_certificate(const struct fake_ca *ca);

/* Issues a certificate into buf; empty if it does not fit. */
struct pawl_bytes fake_ca_issue(struct fake_ca *ca,
                                const struct fake_certificate *wanted,
                                uint8_t *buf, size_t cap);

/* Writes a certs-only PKCS#7 into buf; empty if it does not fit. */
struct pawl_bytes fake_ca_pkcs7(const struct pawl_bytes *certificates,
                                size_t count, uint8_t *buf, size_t cap);

#endif
