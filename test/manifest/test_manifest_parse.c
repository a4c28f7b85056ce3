/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "check.h"
#include "manifest/manifest_fixture.h"

static struct pawl_manifest manifest;
static uint8_t envelope[ROOM];

struct row {
    const char *text;
    enum pawl_status status;
    enum pawl_suit_reason reason;
};

#define SEQ "02 05"
#define COMMON "03 (a1 02 81" ID0 ")"

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(open_text(&manifest, rows[i].text, envelope), rows[i].status);
        CHECK_EQ(pawl_manifest_failure(&manifest)->status, rows[i].status);
        CHECK_EQ(pawl_manifest_failure(&manifest)->reason, rows[i].reason);
        CHECK(rows[i].status == PAWL_OK || manifest.component_count == 0);
    }
}

static void members_are_required_and_known(void)
{
    static const struct row rows[] = {
        {"a4 01 01" SEQ COMMON VALIDATE, PAWL_OK, PAWL_SUIT_OK},
        {"a3" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a3 01 01" COMMON VALIDATE, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a3 01 01" SEQ VALIDATE, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a3 01 01" SEQ COMMON, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        /* versions */
        {"a4 01 02" SEQ COMMON VALIDATE, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 00" SEQ COMMON VALIDATE, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 1b0000000100000001" SEQ COMMON VALIDATE, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 20" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        /* sequence numbers, of 64 bits, and not the last of them */
        {"a4 01 01 02 1bfffffffffffffffe" COMMON VALIDATE, PAWL_OK,
         PAWL_SUIT_OK},
        {"a4 01 01 02 1bffffffffffffffff" COMMON VALIDATE, PAWL_ERR_POLICY,
         PAWL_SUIT_UNAUTHORISED},
        {"a4 01 01 02 20" COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        /* what is known and not needed here */
        {"a5 01 01" SEQ COMMON "04 6161" VALIDATE, PAWL_OK, PAWL_SUIT_OK},
        {"a5 01 01" SEQ COMMON "04 4161" VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON VALIDATE "17 (a0)", PAWL_OK, PAWL_SUIT_OK},
        /* signed and not understood: dependencies, set-version, uninstall,
         * a private one, unset, coswid */
        {"a5 01 01" SEQ COMMON "05 8141 00" VALIDATE, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON "06 00" VALIDATE, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "0e (00)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "0f (82 030f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "12 (82 030f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "1818 (82 030f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "390100 00", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 00 00 01 01" SEQ COMMON VALIDATE, PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "1b0000000100000008 (82 030f)",
         PAWL_ERR_UNSUPPORTED, PAWL_SUIT_COMMAND_UNSUPPORTED},
        /* numbers of older drafts: install 17, validate 10, run 12 */
        {"a5 01 01" SEQ COMMON VALIDATE "11 (82 030f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a4 01 01" SEQ COMMON "0a (82 030f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "0c (82 030f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void the_encoding_is_deterministic(void)
{
    static const struct row rows[] = {
        /* a key twice, keys in another order, a long key */
        {"a5 01 01 01 01" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4" SEQ "01 01" COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 1801 01" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 1801" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"bf 01 01" SEQ COMMON VALIDATE "ff", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"b804 01 01" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        /* bytes behind, or missing */
        {"a4 01 01" SEQ COMMON VALIDATE "00", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 01" SEQ "03 (a1 02 81" ID0 "00)" VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        /* other types */
        {"84 01 01" SEQ, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"d9042e a4 01 01" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 01" SEQ "03 a1 02 81" ID0 VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 01" SEQ COMMON "07 82030f", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a4 01 01" SEQ COMMON "07 822f5820" HASH, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE}, /* validate is not severable */
        {"a4 6101 01" SEQ COMMON VALIDATE, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"bb4000000000000000 01 01", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define WITH(common) "a4 01 01" SEQ "03 (" common ")" VALIDATE

static void components_are_listed_once_and_are_few(void)
{
    static const struct row rows[] = {
        {WITH("a1 02 81" ID0), PAWL_OK, PAWL_SUIT_OK},
        {WITH("a1 02 82" ID0 ID1), PAWL_OK, PAWL_SUIT_OK},
        {WITH("a1 02 84 814100 814101 814102 814103"), PAWL_OK, PAWL_SUIT_OK},
        /* these two are not the same */
        {WITH("a1 02 82 81420000 8241004100"), PAWL_OK, PAWL_SUIT_OK},
        {WITH("a1 02 81 80"), PAWL_OK, PAWL_SUIT_OK},
        {WITH("a1 02 82" ID0 ID0), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 02 80"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a0"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 04 (82 0e0f)"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 02 85 814100 814101 814102 814103 814104"), PAWL_ERR_LIMIT,
         PAWL_SUIT_COMPONENT_UNSUPPORTED},
        {WITH("a1 02 81 4100"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 02 81 8100"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 02 81 816100"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 02 81 8158 0100"), PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {WITH("a1 02 9b1000000000000000 814100"), PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        /* dependencies, and what else may stand there one day */
        {WITH("a2 01 a100a0 02 81" ID0), PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
        {WITH("a2 02 81" ID0 "05 00"), PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED},
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void members_that_were_severed_have_a_digest(void)
{
    static const struct row rows[] = {
        {"a5 01 01" SEQ COMMON VALIDATE "10 822f5820" HASH, PAWL_OK,
         PAWL_SUIT_OK},
        {"a5 01 01" SEQ COMMON VALIDATE "14 822f5820" HASH, PAWL_OK,
         PAWL_SUIT_OK},
        {"a5 01 01" SEQ COMMON VALIDATE "17 822f5820" HASH, PAWL_OK,
         PAWL_SUIT_OK},
        {"a5 01 01" SEQ COMMON VALIDATE "14 82382a5820" HASH,
         PAWL_ERR_UNSUPPORTED, PAWL_SUIT_ALG_UNSUPPORTED},
        {"a5 01 01" SEQ COMMON VALIDATE "14 822f4400112233", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON VALIDATE "14 822f40", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON VALIDATE "14 812f", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON VALIDATE "14 832f5820" HASH "00",
         PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON VALIDATE "14 f6", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a5 01 01" SEQ COMMON "08 822f5820" HASH, PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
    };

    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static const struct check_test tests[] = {
    CHECK_TEST(members_are_required_and_known),
    CHECK_TEST(the_encoding_is_deterministic),
    CHECK_TEST(components_are_listed_once_and_are_few),
    CHECK_TEST(members_that_were_severed_have_a_digest),
};

CHECK_MAIN(tests)
