/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "crypto/x509_internal.h"

#include <string.h>

#include "check.h"
#include "fake/hex.h"

/* Whole extensions, and what they are named in the rows. */
#define CA "300F 0603551D13 0101FF 0405 30030101FF "
#define CA_PATH_3 "3012 0603551D13 0101FF 0408 30060101FF020103 "
#define NOT_CA "300C 0603551D13 0101FF 0402 3000 "
#define SIGN "300E 0603551D0F 0101FF 0404 03020780 "
#define SERVER "3013 0603551D25 040C 300A 06082B06010505070301 "
#define NAME "300C 0603551D11 0405 3003 820161 "

struct row {
    const char *extensions;
    enum pawl_status status;
};

static const struct row rows[] = {
    {CA, PAWL_OK},
    {CA_PATH_3, PAWL_OK},
    {NOT_CA SIGN SERVER NAME, PAWL_OK},
    {"", PAWL_ERR_MALFORMED}, /* SIZE (1..MAX) */

    /* twice: RFC 5280, 4.2 */
    {CA CA, PAWL_ERR_MALFORMED},
    {SIGN SIGN, PAWL_ERR_MALFORMED},
    {SERVER SERVER, PAWL_ERR_MALFORMED},
    {NAME NAME, PAWL_ERR_MALFORMED},

    /* basicConstraints: a default that is written, a path without a CA,
     * a negative path, something behind it */
    {"300C 0603551D13 0405 3003010100", PAWL_ERR_MALFORMED},
    {"300C 0603551D13 0405 3003020100", PAWL_ERR_MALFORMED},
    {"300F 0603551D13 0408 30060101FF0201FF", PAWL_ERR_MALFORMED},
    {"3011 0603551D13 040A 30080101FF0201000500", PAWL_ERR_MALFORMED},
    {"300B 0603551D13 0404 30000500", PAWL_ERR_MALFORMED},

    /* keyUsage: no bit, a zero at its end, bits beyond it, too long */
    {"300A 0603551D0F 0403 030100", PAWL_ERR_MALFORMED},
    {"300B 0603551D0F 0404 03020700", PAWL_ERR_MALFORMED},
    {"300B 0603551D0F 0404 03020680", PAWL_ERR_MALFORMED},
    {"300B 0603551D0F 0404 030207C0", PAWL_ERR_MALFORMED},
    {"300B 0603551D0F 0404 03020880", PAWL_ERR_MALFORMED},
    {"300D 0603551D0F 0406 030400808081", PAWL_ERR_MALFORMED},
    {"300C 0603551D0F 0405 0303070080", PAWL_OK}, /* decipherOnly */

    /* extendedKeyUsage and subjectAltName: empty, of another type */
    {"3009 0603551D25 0402 3000", PAWL_ERR_MALFORMED},
    {"300B 0603551D25 0404 30020500", PAWL_ERR_MALFORMED},
    {"3009 0603551D11 0402 3000", PAWL_ERR_MALFORMED},
    {"300B 0603551D11 0404 30028200", PAWL_ERR_MALFORMED},
    {"300B 0603551D11 0404 30020500", PAWL_ERR_MALFORMED},
    {"300E 0603551D11 0407 30058703000000", PAWL_ERR_MALFORMED},
    {"300C 0603551D11 0405 3003810161", PAWL_OK}, /* rfc822Name */

    /* Extension itself: critical FALSE written, nothing inside, a tail */
    {"3009 06022A03 010100 0400", PAWL_ERR_MALFORMED},
    {"3004 06022A03", PAWL_ERR_MALFORMED},
    {"3008 06022A03 0400 0500", PAWL_ERR_MALFORMED},
    {"3006 06022A03 0400", PAWL_OK},
    {"3009 06022A03 0101FF 0400", PAWL_ERR_CERTIFICATE},
    {"3106 06022A03 0400", PAWL_ERR_MALFORMED},

    /* name constraints, critical or not */
    {"3007 0603551D1E 0400", PAWL_ERR_CERTIFICATE},
    /* policy constraints, critical: not understood */
    {"300A 0603551D24 0101FF 0400", PAWL_ERR_CERTIFICATE},
};

static enum pawl_status read(struct pawl_x509 *cert, const char *text)
{
    uint8_t der[256];
    const char *rule = "";

    memset(cert, 0, sizeof *cert);
    cert->path_len = -1;
    return pawl_x509_read_extensions(cert, hex(text, der, sizeof der), &rule);
}

static void extensions_are_read_strictly(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        struct pawl_x509 cert;

        CHECK_EQ(read(&cert, rows[i].extensions), rows[i].status);
    }
}

static void what_they_say_is_kept(void)
{
    struct pawl_x509 cert;

    CHECK_EQ(read(&cert, CA_PATH_3 SIGN SERVER), PAWL_OK);
    CHECK(cert.has_basic_constraints && cert.is_ca && cert.path_len == 3);
    CHECK_EQ(cert.key_usage, PAWL_X509_DIGITAL_SIGNATURE);
    CHECK_EQ(cert.purposes, PAWL_X509_SERVER_AUTH);
    CHECK_EQ(read(&cert, NOT_CA), PAWL_OK);
    CHECK(cert.has_basic_constraints && !cert.is_ca && cert.path_len == -1);
    CHECK(!cert.has_key_usage && !cert.has_purposes);
    /* keyCertSign, cRLSign, keyEncipherment */
    CHECK_EQ(read(&cert, "300B 0603551D0F 0404 03020126"), PAWL_OK);
    CHECK_EQ(cert.key_usage, PAWL_X509_KEY_CERT_SIGN | PAWL_X509_CRL_SIGN |
                                 PAWL_X509_USAGE_OTHER);
    CHECK_EQ(read(&cert, "300C 0603551D0F 0405 0303070080"), PAWL_OK);
    CHECK_EQ(cert.key_usage, PAWL_X509_USAGE_OTHER);
}

static const struct check_test tests[] = {
    CHECK_TEST(extensions_are_read_strictly),
    CHECK_TEST(what_they_say_is_kept),
};
CHECK_MAIN(tests)
