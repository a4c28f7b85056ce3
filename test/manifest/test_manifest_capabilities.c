/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "check.h"
#include "manifest/manifest_fixture.h"

#include <stdio.h>

/* More than any number that the tables know, at both ends. */
#define LOWEST (-400)
#define HIGHEST 300

static struct fake_device device;
static struct pawl_manifest manifest;
static struct pawl_manifest_process process;
static uint8_t envelope[ROOM];

/* The list of a label (draft-ietf-suit-report-18), read by pawl's reader. */
static bool lists(struct pawl_bytes report, int64_t label, int64_t number)
{
    struct pawl_cbor in;
    size_t pairs = 0;
    size_t count = 0;
    int64_t key = 0;
    int64_t one = 0;

    pawl_cbor_read(&in, report);
    CHECK_EQ(pawl_cbor_map(&in, &pairs), PAWL_OK);
    for (size_t i = 0; i < pairs; i++) {
        CHECK_EQ(pawl_cbor_key(&in, &key, i == 0), PAWL_OK);
        if (key != label) {
            CHECK_EQ(pawl_cbor_skip(&in, NULL), PAWL_OK);
            continue;
        }
        CHECK_EQ(pawl_cbor_array(&in, &count), PAWL_OK);
        while (count-- > 0 && pawl_cbor_int(&in, &one) == PAWL_OK) {
            if (one == number) {
                return true;
            }
        }
        return false;
    }
    return false;
}

static struct pawl_bytes report(const struct pawl_manifest_operations *can,
                                uint8_t *buf, size_t room)
{
    static const uint8_t id[] = {0x81, 0x41, 0x00};
    const struct pawl_bytes components[] = {PAWL_BYTES(id)};
    size_t len = room;

    CHECK_EQ(pawl_manifest_capabilities(components, 1, can, buf, &len),
             PAWL_OK);
    return (struct pawl_bytes){buf, len};
}

/* A number's encoding, as text. */
static const char *encoded(int64_t number)
{
    static char text[24];
    uint8_t bytes[9];
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, bytes, sizeof bytes);
    pawl_cbor_put_int(&out, number);
    for (size_t i = 0; i < out.len; i++) {
        (void)snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", bytes[i]);
    }
    return text;
}

/* Why a manifest is refused in which a number stands where %s does. */
static enum pawl_suit_reason refusal(const char *format, int64_t number,
                                     const struct pawl_manifest_operations *can)
{
    char text[512];

    (void)snprintf(text, sizeof text, format, encoded(number));
    if (open_text(&manifest, text, envelope) != PAWL_OK) {
        return pawl_manifest_failure(&manifest)->reason;
    }
    (void)!pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_INVOKE,
                               example_identity(), can);
    return pawl_manifest_process_failure(&process)->reason;
}

/* Reported is what is read, and nothing else. */
static void check_label(int64_t label, const char *format,
                        enum pawl_suit_reason unsupported)
{
    uint8_t buf[256];
    struct pawl_manifest_operations can = fake_operations(&device);
    struct pawl_bytes bytes = report(&can, buf, sizeof buf);

    given_device(&device);
    for (int64_t number = LOWEST; number <= HIGHEST; number++) {
        CHECK_EQ(lists(bytes, label, number),
                 refusal(format, number, &can) != unsupported);
    }
}

static void commands_are_reported_that_are_read(void)
{
    check_label(2, "a5" COMMON1 VALIDATE "08 (82 %s 00)",
                PAWL_SUIT_COMMAND_UNSUPPORTED);
}

/* In the shared sequence, where the security counter may stand. */
static void parameters_are_reported_that_are_read(void)
{
    check_label(
        3, "a4 01 01 02 05 03 (a2 02 81" ID0 " 04 (82 14 a1 %s 00))" VALIDATE,
        PAWL_SUIT_PARAMETER_UNSUPPORTED);
}

/* Of the members of a manifest only those that are read are reported. */
static void members_are_reported_that_are_read(void)
{
    uint8_t buf[256];
    const struct pawl_manifest_operations can = fake_operations(&device);
    struct pawl_bytes bytes = report(&can, buf, sizeof buf);

    for (int64_t number = 10; number <= HIGHEST; number++) {
        CHECK_EQ(lists(bytes, 6, number),
                 refusal("a5" COMMON1 VALIDATE "%s (82 030f)", number, &can) !=
                     PAWL_SUIT_COMMAND_UNSUPPORTED);
    }
    for (int64_t number = 5; number <= 9; number++) {
        CHECK_EQ(lists(bytes, 6, number), number >= 7);
    }
    for (int64_t number = 1; number <= 4; number++) {
        CHECK(lists(bytes, 6, number));
    }
    CHECK(lists(bytes, 5, 2) && lists(bytes, 5, 3) && !lists(bytes, 5, 1));
    CHECK(lists(bytes, 7, 2) && lists(bytes, 7, 4) && !lists(bytes, 7, 1));
}

static void algorithms_are_those_of_cose_and_sha256(void)
{
    static const int64_t known[] = {-19, -16, -9, -8, -7, 5};
    uint8_t buf[256];
    const struct pawl_manifest_operations can = fake_operations(&device);
    struct pawl_bytes bytes = report(&can, buf, sizeof buf);
    size_t found = 0;

    for (int64_t number = LOWEST; number <= HIGHEST; number++) {
        found += lists(bytes, 4, number) ? 1 : 0;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        CHECK(lists(bytes, 4, known[i]));
    }
    CHECK_EQ(found, sizeof known / sizeof known[0]);
}

static void what_the_device_cannot_do_is_not_reported(void)
{
    uint8_t buf[256];
    struct pawl_manifest_operations can = fake_operations(&device);

    CHECK(lists(report(&can, buf, sizeof buf), 2, 22));
    can.copy = NULL;
    CHECK(!lists(report(&can, buf, sizeof buf), 2, 22));
    CHECK(lists(report(&can, buf, sizeof buf), 2, 21));
}

static void too_little_room_for_a_report_is_said(void)
{
    uint8_t buf[256];
    const struct pawl_manifest_operations can = fake_operations(&device);
    size_t needed = report(&can, buf, sizeof buf).len;

    for (size_t room = 0; room < needed; room++) {
        size_t len = room;
        CHECK_EQ(pawl_manifest_capabilities(NULL, 0, &can, buf, &len),
                 room < needed - 3 ? PAWL_ERR_TOO_SMALL : PAWL_OK);
        CHECK_EQ(len, needed - 3);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(commands_are_reported_that_are_read),
    CHECK_TEST(parameters_are_reported_that_are_read),
    CHECK_TEST(members_are_reported_that_are_read),
    CHECK_TEST(algorithms_are_those_of_cose_and_sha256),
    CHECK_TEST(what_the_device_cannot_do_is_not_reported),
    CHECK_TEST(too_little_room_for_a_report_is_said),
};

CHECK_MAIN(tests)
