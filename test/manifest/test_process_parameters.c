/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "cbor/cbor.h"
#include "check.h"
#include "manifest/manifest_fixture.h"

#include <stdio.h>
#include <string.h>

static struct fake_device device;
static struct pawl_manifest manifest;
static struct pawl_manifest_process process;
static struct pawl_manifest_operations operations;
static uint8_t envelope[ROOM];

/* Starts a manifest whose validate overrides with what map says. */
static enum pawl_status start_with(const char *map)
{
    char text[ROOM] = "a4" COMMON1 "07 (84 14";

    strcat(text, map);
    strcat(text, "030f)");
    given_device(&device);
    operations = fake_operations(&device);
    CHECK_EQ(open_text(&manifest, text, envelope), PAWL_OK);
    return pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_UPDATE,
                               example_identity(), &operations);
}

static enum pawl_suit_reason reason(void)
{
    return pawl_manifest_process_failure(&process)->reason;
}

static void every_parameter_is_set_and_seen_by_the_device(void)
{
    CHECK_EQ(start_with("ad 01" VENDOR "02" CLASS "03" OTHER_DIGEST
                        "05 1bffffffffffffffff 0cf5 0e 1b0000000100000000"
                        "12 42abcd 15 6161 16 00 17 4101 1818" DEVICE
                        "1819 4102 0d00"),
             PAWL_ERR_MALFORMED); /* keys out of order */

    CHECK_EQ(start_with("ac 01" VENDOR "02" CLASS "03" OTHER_DIGEST
                        "05 1bffffffffffffffff 0cf5 0e 1b0000000100000000"
                        "12 42abcd 15 6161 16 00 17 4101 1818" DEVICE
                        "1819 4102"),
             PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_OK);

    const struct pawl_suit_parameters *p = &device.seen;
    CHECK(p->vendor_id.len == 16 && p->vendor_id.data[0] == 0xFA);
    CHECK(p->class_id.len == 16 && p->class_id.data[0] == 0x14);
    CHECK(p->device_id.len == 16 && p->device_id.data[0] == 0xD1);
    CHECK(p->digest.len == 32 && p->digest.data[0] == 0x01);
    CHECK(p->slot == UINT64_MAX);
    CHECK(p->size == (uint64_t)1 << 32);
    CHECK(p->source == 0);
    CHECK(p->content.len == 2 && p->content.data[0] == 0xAB);
    CHECK(p->uri.len == 1 && p->uri.data[0] == 'a');
    CHECK(p->invoke_arguments.len == 1 && p->invoke_arguments.data[0] == 1);
    CHECK(p->fetch_arguments.len == 1 && p->fetch_arguments.data[0] == 2);
    CHECK(!p->has_security_counter);
    CHECK_EQ(p->set, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 14 |
                         1u << 18 | 1u << 21 | 1u << 22 | 1u << 23 | 1u << 24 |
                         1u << 25);
}

static void strict_order_is_read_and_changes_nothing(void)
{
    CHECK_EQ(start_with("a1 0cf4"), PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_OK);
}

static void a_later_override_replaces_and_adds(void)
{
    CHECK_EQ(start_with("a2 0e 05 15 6161"), PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_OK);
    CHECK(device.seen.size == 5);
    CHECK(device.seen.digest.len == 32); /* of the shared sequence */
}

static void a_private_enterprise_number_is_a_vendor_too(void)
{
    struct pawl_manifest_device identity = *example_identity();
    uint8_t pen[8];

    CHECK_EQ(start_with("a1 01 d870 43123456"), PAWL_OK);
    CHECK_EQ(open_text(&manifest,
                       "a4 01 01 02 05 03 (a2 02 81" ID0
                       "04 (84 14a101 d870 43123456 010f)) 07 (82 010f)",
                       envelope),
             PAWL_OK);
    identity.vendor_id = hex("d870 43123456", pen, sizeof pen);
    CHECK_EQ(pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_UPDATE,
                                 &identity, &operations),
             PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_OK);
    CHECK_EQ(pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_UPDATE,
                                 example_identity(), &operations),
             PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_ERR_NOT_FOR_US);
}

static void what_a_parameter_must_not_be(void)
{
    static const struct {
        const char *map;
        enum pawl_status status;
        enum pawl_suit_reason reason;
    } rows[] = {
        /* types and lengths */
        {"a1 01 43abcdef", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 01 d871 43123456", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 01 d870 00", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 02 40", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 02 d870 43123456", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 1818 51" HASH, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 05 20", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 0c 01", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 0e f5", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 12 6161", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 15 4161", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 15 61ff", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 17 6161", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 1819 00", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        /* digests: none, 4 bytes, 33 bytes, unwrapped, other algorithms */
        {"a1 03 (822f40)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 03 (822f4400112233)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 03 (822f5821" HASH "00)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a1 03 822f5820" HASH, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        /* one item more than there are, one more, one fewer */
        {"a1 03 (832f5820" HASH ")", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 03 (832f5820" HASH "00)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a1 03 (812f5820" HASH ")", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 03 5820" HASH, PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a1 03 (822f5820" HASH "00)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE},
        {"a1 03 (82 382b 5820" HASH ")", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_ALG_UNSUPPORTED},
        {"a1 03 (82 00 40)", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_ALG_UNSUPPORTED},
        /* components that are none */
        {"a1 16 01", PAWL_ERR_MALFORMED, PAWL_SUIT_COMPONENT_UNSUPPORTED},
        {"a1 16 1b0000000100000000", PAWL_ERR_MALFORMED,
         PAWL_SUIT_COMPONENT_UNSUPPORTED},
        /* keys: unknown, unset, private, another document's, twice */
        {"a1 04 00", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_PARAMETER_UNSUPPORTED},
        {"a1 00 00", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_PARAMETER_UNSUPPORTED},
        {"a1 13 4100", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_PARAMETER_UNSUPPORTED},
        {"a1 390101 00", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_PARAMETER_UNSUPPORTED},
        {"a1 1b0000000100000015 6161", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_PARAMETER_UNSUPPORTED},
        {"a2 15 6161 15 6161", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a2 15 6161 05 00", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"a0", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        {"80", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE},
        /* the security counter, outside of the shared sequence */
        {"a1 390100 05", PAWL_ERR_UNSUPPORTED, PAWL_SUIT_PARAMETER_UNSUPPORTED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(start_with(rows[i].map), rows[i].status);
        CHECK_EQ(reason(), rows[i].reason);
        CHECK_EQ(device.log_len, 0);
    }
}

/* Starts a manifest that sets parameter number to 0. */
static enum pawl_status start_with_number(int64_t number)
{
    uint8_t key[9];
    char map[32] = "a1 ";
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, key, sizeof key);
    pawl_cbor_put_int(&out, number);
    for (size_t i = 0; i < out.len; i++) {
        (void)snprintf(map + strlen(map), 3, "%02x", key[i]);
    }
    return start_with(strcat(map, " 00"));
}

static void there_are_no_other_parameters(void)
{
    static const int known[] = {-257, 1,  2,  3,  5,  12, 13,
                                14,   18, 21, 22, 23, 24, 25};
    size_t next = 0;

    for (int number = -300; number <= 300; number++) {
        if (next < sizeof known / sizeof known[0] && number == known[next]) {
            next++;
            continue;
        }
        CHECK_EQ(start_with_number(number), PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(reason(), PAWL_SUIT_PARAMETER_UNSUPPORTED);
        CHECK_EQ(start_with_number((1LL << 32) + number), PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(reason(), PAWL_SUIT_PARAMETER_UNSUPPORTED);
    }
    CHECK_EQ(next, sizeof known / sizeof known[0]);
    for (size_t i = 0; i < next; i++) { /* the same low bits */
        CHECK_EQ(start_with_number(known[i] + 256), PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(start_with_number(known[i] - 65536), PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(start_with_number(known[i] + (1LL << 32)),
                 PAWL_ERR_UNSUPPORTED);
    }
}

static void the_security_counter_is_a_components_own(void)
{
    given_device(&device);
    operations = fake_operations(&device);
    CHECK_EQ(open_text(&manifest,
                       "a4 01 01 02 05 03 (a2 02 82" ID0 ID1
                       "04 (84 0c01 14a1 390100 1b0000000100000007))"
                       "07 (82 0cf5)",
                       envelope),
             PAWL_OK);
    CHECK_EQ(pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_INVOKE,
                                 example_identity(), &operations),
             PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_OK);
    CHECK(!pawl_manifest_parameters(&process, 0)->has_security_counter);
    CHECK(pawl_manifest_parameters(&process, 1)->has_security_counter);
    CHECK(pawl_manifest_parameters(&process, 1)->security_counter ==
          ((uint64_t)1 << 32) + 7);
}

/* Starts a manifest whose shared sequence overrides with one parameter. */
static enum pawl_status start_shared(const char *parameter)
{
    char text[ROOM] = "a4 01 01 02 05 03 (a2 02 81" ID0 "04 (82 14a1";

    strcat(text, parameter);
    strcat(text, ")) 07 (82 030f)");
    given_device(&device);
    operations = fake_operations(&device);
    CHECK_EQ(open_text(&manifest, text, envelope), PAWL_OK);
    return pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_UPDATE,
                               example_identity(), &operations);
}

static void the_security_counter_is_a_number(void)
{
    CHECK_EQ(start_shared("390100 00"), PAWL_OK);
    CHECK_EQ(start_shared("390100 20"), PAWL_ERR_MALFORMED);
}

static void the_security_counter_has_no_other_name(void)
{
    static const char *const names[] = {"00", "04",   "181a",   "18ff",
                                        "20", "38ff", "390101", "190100"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char parameter[16] = "";
        strcat(strcat(parameter, names[i]), " 00");
        CHECK_EQ(start_shared(parameter), PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(reason(), PAWL_SUIT_PARAMETER_UNSUPPORTED);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(every_parameter_is_set_and_seen_by_the_device),
    CHECK_TEST(strict_order_is_read_and_changes_nothing),
    CHECK_TEST(a_later_override_replaces_and_adds),
    CHECK_TEST(a_private_enterprise_number_is_a_vendor_too),
    CHECK_TEST(what_a_parameter_must_not_be),
    CHECK_TEST(there_are_no_other_parameters),
    CHECK_TEST(the_security_counter_is_a_components_own),
    CHECK_TEST(the_security_counter_is_a_number),
    CHECK_TEST(the_security_counter_has_no_other_name),
};

CHECK_MAIN(tests)
