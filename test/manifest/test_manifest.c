/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "check.h"
#include "manifest/manifest_fixture.h"

static struct pawl_manifest manifest;
static uint8_t envelope[ROOM];
static struct pawl_signer signer;
static struct pawl_manifest_policy policy;

#define FETCH "(84 14a1156162 150f)"
#define TEXT "a4" COMMON1 VALIDATE

static void put_hex(char *at, struct pawl_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        *at++ = digits[bytes.data[i] >> 4];
        *at++ = digits[bytes.data[i] & 15];
    }
    *at = '\0';
}

/* Opens text, in which %S stands for the SUIT_Digest of severed, with
 * members behind the manifest. */
static enum pawl_status open_with(const char *text, const char *severed,
                                  size_t pairs, const char *members)
{
    char whole[ROOM];
    uint8_t content[ROOM];
    uint8_t rest[ROOM];
    uint8_t digest[36];
    const char *place = strstr(text, "%S");

    signer = mac_signer(0);
    memset(&policy, 0, sizeof policy);
    policy.signers = &signer;
    policy.signer_count = 1;
    strcpy(whole, text);
    if (place != NULL) {
        char *at = whole + (place - text);
        put_hex(at, suit_digest(suit(severed, rest), digest));
        strcat(whole, place + 2);
    }
    return pawl_manifest_open(&manifest,
                              envelope_of(suit(whole, content), 1, pairs,
                                          suit(members, rest), envelope),
                              &policy);
}

static enum pawl_suit_reason reason(void)
{
    return pawl_manifest_failure(&manifest)->reason;
}

static void a_severed_member_is_what_its_digest_says(void)
{
    static const char content[] = "84 14a1156162 150f";
    static const char other[] = "84 14a1156163 150f";

    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "14 %S", content, 1,
                       "14 (84 14a1156162 150f)"),
             PAWL_OK);
    CHECK_EQ(manifest.sections[1].len, 8);
    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "10 %S", content, 1,
                       "10 (84 14a1156162 150f)"),
             PAWL_OK);
    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "17 %S", content, 1,
                       "17 (84 14a1156162 150f)"),
             PAWL_OK);
    CHECK_EQ(manifest.text.len, 8);

    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "14 %S", other, 1,
                       "14 (84 14a1156162 150f)"),
             PAWL_ERR_DIGEST);
    CHECK_EQ(reason(), PAWL_SUIT_UNAUTHORISED);
    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "17 %S", other, 1,
                       "17 (84 14a1156162 150f)"),
             PAWL_ERR_DIGEST);
}

static void a_severed_members_digest_is_over_its_head_too(void)
{
    char text[600] = "a5" COMMON1 VALIDATE "14 822f5820";
    uint8_t content[ROOM];
    uint8_t digest[32];

    CHECK_EQ(pawl_sha256(suit("84 14a1156162 150f", content), digest), PAWL_OK);
    put_hex(text + strlen(text), PAWL_BYTES(digest));
    CHECK_EQ(open_with(text, "", 1, "14 (84 14a1156162 150f)"),
             PAWL_ERR_DIGEST);
}

/* The classic attack: a validly signed manifest, and a sequence of one's own
 * beside it. */
static void a_member_that_the_manifest_does_not_name_is_refused(void)
{
    static const char *const members[] = {
        "10" FETCH, "14" FETCH, "17 (a0)", "0e (00)", "0f" FETCH, "12" FETCH,
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        CHECK_EQ(open_with(TEXT, "", 1, members[i]), PAWL_ERR_DIGEST);
        CHECK_EQ(reason(), PAWL_SUIT_UNAUTHORISED);
    }
}

static void a_member_beside_one_in_the_manifest_is_refused(void)
{
    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "14" FETCH, "", 1, "14" FETCH),
             PAWL_ERR_DIGEST);
    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "17 (a0)", "", 1, "17 (a0)"),
             PAWL_ERR_DIGEST);
}

static void a_severed_member_may_be_absent_until_it_is_run(void)
{
    struct fake_device device;
    struct pawl_manifest_operations operations = fake_operations(&device);
    struct pawl_manifest_process process;

    given_device(&device);
    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "14 %S", "80", 0, ""), PAWL_OK);
    CHECK_EQ(pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_UPDATE,
                                 example_identity(), &operations),
             PAWL_ERR_NOT_FOUND);
    CHECK_EQ(pawl_manifest_process_failure(&process)->reason,
             PAWL_SUIT_SEVERING_UNSUPPORTED);
    CHECK_EQ(pawl_manifest_process_failure(&process)->section,
             PAWL_SUIT_INSTALL);
    CHECK_EQ(pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_INVOKE,
                                 example_identity(), &operations),
             PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_OK);
}

/* The envelope itself. */

static void other_members_of_the_envelope_are_nobodys_business(void)
{
    CHECK_EQ(open_with(TEXT, "", 3, "04 00 1863 8100 20 (00)"), PAWL_OK);
    CHECK_EQ(open_with(TEXT, "", 2, "390100 00 6161 (00)"), PAWL_OK);
}

static void the_envelopes_keys_rise(void)
{
    static const struct {
        size_t pairs;
        const char *members;
        enum pawl_status status;
    } rows[] = {
        {2, "6161 (00) 6162 (00)", PAWL_OK},
        {2, "617a (00) 626161 (00)", PAWL_OK},
        {2, "6162 (00) 6161 (00)", PAWL_ERR_MALFORMED},
        {2, "6161 (00) 6161 (00)", PAWL_ERR_MALFORMED},
        {2, "6161 (00) 04 00", PAWL_ERR_MALFORMED},
        {2, "05 00 04 00", PAWL_ERR_MALFORMED},
        {1, "03 (00)", PAWL_ERR_MALFORMED},
        {1, "02 (00)", PAWL_ERR_MALFORMED},
        {1, "00 (00)", PAWL_ERR_MALFORMED},
        {1, "1804 00", PAWL_ERR_MALFORMED},
        {1, "6161 00", PAWL_ERR_MALFORMED}, /* a payload is bytes */
        {1, "6161 6161", PAWL_ERR_MALFORMED},
        {1, "4161 (00)", PAWL_ERR_MALFORMED}, /* a key is a number or text */
        {1, "80 (00)", PAWL_ERR_MALFORMED},
        {1, "61ff (00)", PAWL_ERR_MALFORMED},
        {1, "6161", PAWL_ERR_MALFORMED},
        {2, "6161 (00)", PAWL_ERR_MALFORMED},
        {0, "00", PAWL_ERR_MALFORMED},
        {1, "04 9f00ff", PAWL_ERR_MALFORMED},
        {1, "04 8181818181 00", PAWL_ERR_LIMIT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(open_with(TEXT, "", rows[i].pairs, rows[i].members),
                 rows[i].status);
    }
}

/* Everything that may be wrong before the manifest, in one row each. */
static void the_front_of_an_envelope_is_tag_wrapper_manifest(void)
{
    static const char *const rows[] = {
        "",
        "a2 02 (80) 03 (a0)",        /* no tag */
        "d86c a2 02 (80) 03 (a0)",   /* another's */
        "d9042e a2 02 (80) 03 (a0)", /* a manifest's */
        "d86b 82 02 (80)",           /* no map */
        "d86b a2 03 (a0) 02 (80)",   /* the wrapper comes first */
        "d86b a1 03 (a0)",           /* and is there */
        "d86b a1 02 (80)",           /* and so is the manifest */
        "d86b a2 02 80 03 (a0)",     /* both in byte strings */
        "d86b a2 02 (80) 03 a0",
        "d86b a3 00 00 02 (80) 03 (a0)", /* 0 is never a key */
        "d86b a3 01 (80) 02 (80) 04 (a0)",
        "d86b bf 02 (80) 03 (a0) ff",
        "d86b a0",
    };

    signer = mac_signer(0);
    policy.signers = &signer;
    policy.signer_count = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(
            pawl_manifest_open(&manifest, suit(rows[i], envelope), &policy),
            PAWL_ERR_MALFORMED);
        CHECK_EQ(reason(), PAWL_SUIT_CBOR_PARSE);
    }
}

/* What is kept beside an image. */

static void what_is_stored_opens_again(void)
{
    static uint8_t stored[ROOM];
    struct pawl_manifest again;
    size_t len = sizeof stored;

    CHECK_EQ(open_with("a5" COMMON1 VALIDATE "14 %S", "84 14a1156162 150f", 2,
                       "14 (84 14a1156162 150f) 6161 (00)"),
             PAWL_OK);
    CHECK_EQ(pawl_manifest_open_stored(&again, manifest.wrapper, &policy),
             PAWL_ERR_MALFORMED);
    CHECK_EQ(pawl_manifest_store(&manifest, stored, &len), PAWL_OK);
    CHECK_EQ(pawl_manifest_open_stored(&again, (struct pawl_bytes){stored, len},
                                       &policy),
             PAWL_OK);
    CHECK_MEM(again.digest, manifest.digest, sizeof again.digest);
    CHECK(again.sections[1].data == NULL);

    size_t needed = len;
    for (size_t room = 0; room < needed; room++) {
        len = room;
        CHECK_EQ(pawl_manifest_store(&manifest, stored, &len),
                 PAWL_ERR_TOO_SMALL);
        CHECK_EQ(len, needed);
    }
}

static void what_is_stored_has_no_other_members(void)
{
    uint8_t content[ROOM];
    uint8_t rest[ROOM];

    CHECK_EQ(open_with(TEXT, "", 1, "6161 (00)"), PAWL_OK);
    struct pawl_bytes whole = envelope_of(suit(TEXT, content), 1, 1,
                                          suit("6161 (00)", rest), envelope);
    CHECK_EQ(pawl_manifest_open_stored(&manifest, whole, &policy),
             PAWL_ERR_MALFORMED);
    CHECK_EQ(manifest.component_count, 0);
}

static void nothing_is_stored_that_was_not_opened(void)
{
    size_t len = sizeof envelope;

    memset(&manifest, 0, sizeof manifest);
    CHECK_EQ(pawl_manifest_store(&manifest, envelope, &len), PAWL_ERR_STATE);
}

static void payloads_are_found_by_name(void)
{
    static const uint8_t name[] = {'#', 'b'};
    static const uint8_t none[] = {'#'};
    struct pawl_bytes payload;

    CHECK_EQ(
        open_with(TEXT, "", 4, "04 8100 622361 (01) 622362 (0203) 622363 (04)"),
        PAWL_OK);
    CHECK_EQ(pawl_manifest_payload(&manifest, PAWL_BYTES(name), &payload),
             PAWL_OK);
    CHECK(payload.len == 2 && payload.data[1] == 3);
    CHECK_EQ(pawl_manifest_payload(&manifest, PAWL_BYTES(none), &payload),
             PAWL_ERR_NOT_FOUND);
    CHECK_EQ(payload.len, 0);
}

/* Sequence numbers. */

static void
an_older_manifest_is_refused_and_an_equal_one_unless_it_is_the_same(void)
{
    uint8_t other[32] = {0};

    CHECK_EQ(open_with(TEXT, "", 0, ""), PAWL_OK);
    CHECK_EQ(pawl_manifest_newer(&manifest, 4, other), PAWL_OK);
    CHECK_EQ(pawl_manifest_newer(&manifest, 5, manifest.digest), PAWL_OK);
    CHECK_EQ(pawl_manifest_newer(&manifest, 5, other), PAWL_ERR_ROLLBACK);
    CHECK_EQ(pawl_manifest_newer(&manifest, 6, manifest.digest),
             PAWL_ERR_ROLLBACK);
    CHECK_EQ(pawl_manifest_newer(&manifest, UINT64_MAX, other),
             PAWL_ERR_ROLLBACK);
    CHECK_EQ(reason(), PAWL_SUIT_UNAUTHORISED);
    CHECK_EQ(manifest.component_count, 1);
}

static void every_reason_has_its_name(void)
{
    for (int i = 0; i <= 12; i++) {
        CHECK(pawl_suit_reason_name((enum pawl_suit_reason)i)[0] != '?');
    }
    CHECK(strcmp(pawl_suit_reason_name(PAWL_SUIT_CONDITION_FAILED),
                 "condition-failed") == 0);
    CHECK(strcmp(pawl_suit_reason_name((enum pawl_suit_reason)13), "?") == 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_severed_member_is_what_its_digest_says),
    CHECK_TEST(a_severed_members_digest_is_over_its_head_too),
    CHECK_TEST(a_member_that_the_manifest_does_not_name_is_refused),
    CHECK_TEST(a_member_beside_one_in_the_manifest_is_refused),
    CHECK_TEST(a_severed_member_may_be_absent_until_it_is_run),
    CHECK_TEST(other_members_of_the_envelope_are_nobodys_business),
    CHECK_TEST(the_envelopes_keys_rise),
    CHECK_TEST(the_front_of_an_envelope_is_tag_wrapper_manifest),
    CHECK_TEST(what_is_stored_opens_again),
    CHECK_TEST(what_is_stored_has_no_other_members),
    CHECK_TEST(nothing_is_stored_that_was_not_opened),
    CHECK_TEST(payloads_are_found_by_name),
    CHECK_TEST(
        an_older_manifest_is_refused_and_an_equal_one_unless_it_is_the_same),
    CHECK_TEST(every_reason_has_its_name),
};

CHECK_MAIN(tests)
