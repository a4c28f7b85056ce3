/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "crypto/x509.h"

#include <string.h>

#include "certs.h"
#include "check.h"
#include "fake/hex.h"

static void certificates_come_out_as_they_went_in(void)
{
    struct pawl_bytes certs[4];
    size_t count = 4;

    CHECK_EQ(pawl_pkcs7_certs(PAWL_BYTES(cert_pkcs7), certs, &count), PAWL_OK);
    CHECK_EQ(count, 2);
    /* The order of a SET is that of its encodings, not of the chain. */
    bool leaf_first = pawl_bytes_equal(certs[0], PAWL_BYTES(cert_leaf_of_ca_0));

    CHECK(pawl_bytes_equal(certs[leaf_first ? 0 : 1],
                           PAWL_BYTES(cert_leaf_of_ca_0)));
    CHECK(pawl_bytes_equal(certs[leaf_first ? 1 : 0], PAWL_BYTES(cert_ca_0)));
}

static void more_certificates_than_there_is_room_for_are_a_limit(void)
{
    struct pawl_bytes certs[1];
    size_t count = 1;

    CHECK_EQ(pawl_pkcs7_certs(PAWL_BYTES(cert_pkcs7), certs, &count),
             PAWL_ERR_LIMIT);
    CHECK_EQ(count, 0);
}

static void every_truncation_and_a_trailing_byte_are_refused(void)
{
    uint8_t copy[sizeof cert_pkcs7 + 1] = {0};
    struct pawl_bytes certs[4];

    memcpy(copy, cert_pkcs7, sizeof cert_pkcs7);
    for (size_t len = 0; len <= sizeof copy; len++) {
        size_t count = 4;
        enum pawl_status status =
            pawl_pkcs7_certs((struct pawl_bytes){copy, len}, certs, &count);

        CHECK_EQ(status,
                 len == sizeof cert_pkcs7 ? PAWL_OK : PAWL_ERR_MALFORMED);
    }
}

/* ContentInfo around a SignedData without certificates inside. */
struct row {
    const char *der;
    enum pawl_status status;
};

#define SIGNED_DATA "06092A864886F70D010702"
#define DATA "06092A864886F70D010701"

static const struct row rows[] = {
    {"3025" SIGNED_DATA "A018 3016 020101 3100 300B" DATA "A000 3100", PAWL_OK},
    /* BER: indefinite lengths. */
    {"3080" SIGNED_DATA "A080 3080 020101 3100 300B" DATA
     "A000 3100 0000 0000 0000",
     PAWL_ERR_MALFORMED},
    /* another content type */
    {"3025" DATA "A018 3016 020101 3100 300B" DATA "A000 3100",
     PAWL_ERR_MALFORMED},
    {"3025" SIGNED_DATA "A018 3016 020101 3100 300B" SIGNED_DATA "A000 3100",
     PAWL_ERR_MALFORMED},
    /* no content, as OpenSSL writes it */
    {"3029" SIGNED_DATA "A01C 301A 020101 3100 300F" DATA "A002 0400 A000 3100",
     PAWL_OK},
    /* content that would be signed */
    {"302A" SIGNED_DATA "A01D 301B 020101 3100 3010" DATA
     "A003 040141 A000 3100",
     PAWL_ERR_MALFORMED},
    /* something behind the empty content, and something else instead of it */
    {"302B" SIGNED_DATA "A01E 301C 020101 3100 3011" DATA
     "A004 0400 0500 A000 3100",
     PAWL_ERR_MALFORMED},
    {"3029" SIGNED_DATA "A01C 301A 020101 3100 300F" DATA "A002 0500 A000 3100",
     PAWL_ERR_MALFORMED},
    /* no certificates at all */
    {"3023" SIGNED_DATA "A016 3014 020101 3100 300B" DATA "3100",
     PAWL_ERR_MALFORMED},
    /* a CRL is ignored */
    {"3027" SIGNED_DATA "A01A 3018 020101 3100 300B" DATA "A000 A100 3100",
     PAWL_OK},
    /* a signer */
    {"3027" SIGNED_DATA "A01A 3018 020101 3100 300B" DATA "A000 3102 3000",
     PAWL_ERR_MALFORMED},
    /* an attribute certificate among the certificates */
    {"3027" SIGNED_DATA "A01A 3018 020101 3100 300B" DATA "A002 A200 3100",
     PAWL_ERR_MALFORMED},
};

static void only_certs_only_messages_are_read(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        uint8_t der[64];
        struct pawl_bytes certs[1];
        size_t count = 1;

        CHECK_EQ(
            pawl_pkcs7_certs(hex(rows[i].der, der, sizeof der), certs, &count),
            rows[i].status);
        CHECK_EQ(count, 0);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(certificates_come_out_as_they_went_in),
    CHECK_TEST(more_certificates_than_there_is_room_for_are_a_limit),
    CHECK_TEST(every_truncation_and_a_trailing_byte_are_refused),
    CHECK_TEST(only_certs_only_messages_are_read),
};
CHECK_MAIN(tests)
