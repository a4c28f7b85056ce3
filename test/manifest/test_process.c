/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/manifest.h>

#include "check.h"
#include "manifest/manifest_fixture.h"

static struct fake_device device;
static struct pawl_manifest manifest;
static struct pawl_manifest_process process;
static struct pawl_manifest_operations operations;
static uint8_t envelope[ROOM];

/* A manifest that opens, on a device that agrees with everything. */
static void given(const char *text)
{
    given_device(&device);
    operations = fake_operations(&device);
    CHECK_EQ(open_text(&manifest, text, envelope), PAWL_OK);
}

static enum pawl_status start(enum pawl_procedure procedure)
{
    return pawl_manifest_start(&process, &manifest, procedure,
                               example_identity(), &operations);
}

static enum pawl_status run(enum pawl_procedure procedure)
{
    enum pawl_status status = start(procedure);

    CHECK_EQ(status, PAWL_OK);
    return run_to_end(&process);
}

static bool logged(const char *expected)
{
    return strcmp(device.log, expected) == 0;
}

static bool traced(const char *expected)
{
    return strcmp(device.traced, expected) == 0;
}

static const struct pawl_manifest_failure *failure(void)
{
    return pawl_manifest_process_failure(&process);
}

/* Procedures. */

static void an_update_fetches_installs_and_validates(void)
{
    given("a8" COMMON1 VALIDATE "08 (82 030f) 09 (82 170f)"
          "10 (84 14a1156161 150f) 14 (84 14a1156162 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f0f0m0"));
    CHECK_EQ(failure()->status, PAWL_OK);
}

static void an_invocation_validates_loads_and_invokes(void)
{
    given("a7" COMMON1 VALIDATE "08 (84 14a1124100 120f) 09 (82 170f)"
          "14 (84 14a1156162 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_INVOKE), PAWL_OK);
    CHECK(logged("m0w0i0"));
}

static void a_section_that_is_absent_is_passed_over(void)
{
    given("a4" COMMON1 VALIDATE);
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));
    CHECK(traced(":20:1:2:3"));
}

static void the_shared_sequence_runs_before_each_section(void)
{
    given("a6" COMMON1 VALIDATE "09 (82 170f) 14 (84 14a1156162 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(traced(":20:1:2:20:21:20:1:2:3"));

    given("a6" COMMON1 VALIDATE "09 (82 170f) 14 (84 14a1156162 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_INVOKE), PAWL_OK);
    CHECK(traced(":20:1:2:3:20:1:2:23"));
    CHECK(logged("m0i0"));
}

static void parameters_last_for_a_procedure_and_no_longer(void)
{
    given("a5" COMMON1 VALIDATE "14 (84 14a1156162 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    const struct pawl_suit_parameters *p =
        pawl_manifest_parameters(&process, 0);
    CHECK(p != NULL && p->uri.len == 1 && p->uri.data[0] == 'b');
    CHECK_EQ(p->size, 123);
    CHECK(pawl_manifest_parameters(&process, 1) == NULL);

    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK_EQ(pawl_manifest_parameters(&process, 0)->set, 0);
}

/* Conditions. */

static void another_vendor_class_or_device_is_not_for_us(void)
{
    static const char *const rows[] = {
        "a4 01 01 02 05 03 (a2 02 81" ID0 "04 (84 14a101" CLASS "010f))"
        "07 (82 030f)",
        "a4 01 01 02 05 03 (a2 02 81" ID0 "04 (84 14a102" VENDOR "020f))"
        "07 (82 030f)",
        "a4 01 01 02 05 03 (a2 02 81" ID0 "04 (84 14a11818" VENDOR "1818 0f))"
        "07 (82 030f)",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given(rows[i]);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_NOT_FOR_US);
        CHECK_EQ(failure()->reason, PAWL_SUIT_CONDITION_FAILED);
        CHECK_EQ(failure()->section, PAWL_SUIT_SHARED);
        CHECK(logged(""));
    }
}

static void this_device_is_known_by_its_identifier(void)
{
    given("a4 01 01 02 05 03 (a2 02 81" ID0 "04 (84 14a11818" DEVICE
          "1818 0f)) 07 (82 1818 0f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
}

static void a_device_without_an_identifier_matches_none(void)
{
    struct pawl_manifest_device nobody = {PAWL_NO_BYTES, PAWL_NO_BYTES,
                                          PAWL_NO_BYTES};

    given("a4" COMMON1 VALIDATE);
    CHECK_EQ(pawl_manifest_start(&process, &manifest, PAWL_PROCEDURE_UPDATE,
                                 &nobody, &operations),
             PAWL_OK);
    CHECK_EQ(run_to_end(&process), PAWL_ERR_NOT_FOR_US);
}

static void a_condition_without_its_parameter_fails(void)
{
    static const struct {
        const char *text;
        enum pawl_status status;
    } rows[] = {
        {"a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 010f)",
         PAWL_ERR_NOT_FOR_US},
        {"a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 020f)",
         PAWL_ERR_NOT_FOR_US},
        {"a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 1818 0f)",
         PAWL_ERR_NOT_FOR_US},
        {"a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 030f)", PAWL_ERR_DIGEST},
        {"a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 050f)",
         PAWL_ERR_CONDITION},
        {"a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 060f)",
         PAWL_ERR_CONDITION},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given(rows[i].text);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), rows[i].status);
        CHECK_EQ(failure()->reason, PAWL_SUIT_CONDITION_FAILED);
        CHECK(logged(""));
    }
}

static void a_directive_without_its_parameter_ends_the_run(void)
{
    static const char *const rows[] = {
        "a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 150f)",
        "a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 120f)",
        "a4 01 01 02 05 03 (a1 02 81" ID0 ") 07 (82 160f)",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given(rows[i]);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_ARGUMENT);
        CHECK_EQ(failure()->reason, PAWL_SUIT_OPERATION_FAILED);
        CHECK(logged(""));
    }
}

static void an_image_that_differs_is_a_digest_error(void)
{
    given("a4" COMMON1 VALIDATE);
    device.match[0] = PAWL_VERDICT_DIFFERENT;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_DIGEST);
    CHECK_EQ(failure()->reason, PAWL_SUIT_CONDITION_FAILED);
    CHECK_EQ(failure()->section, PAWL_SUIT_VALIDATE);
    CHECK_EQ(failure()->command, 3);
    CHECK_EQ(failure()->offset, 1);
    CHECK_EQ(pawl_manifest_step(&process), PAWL_ERR_DIGEST);
}

static void a_verdict_that_is_none_is_a_fault(void)
{
    static const uint32_t wrong[] = {0, 1, (uint32_t)PAWL_VERDICT_MATCH ^ 1u};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        given("a4" COMMON1
              "07 (82 0f 82 (82 030f) (80))"); /* no soft way out */
        memcpy(&device.match[0], &wrong[i], sizeof wrong[i]);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_FAULT);
        CHECK_EQ(failure()->reason, PAWL_SUIT_OPERATION_FAILED);
    }
}

static void content_is_checked(void)
{
    given("a4" COMMON1 "07 (84 14a112421234 060f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("k0"));
    CHECK(device.seen.content.len == 2 && device.seen.content.data[1] == 0x34);
    device.content[0] = PAWL_VERDICT_DIFFERENT;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
}

static void abort_always_fails(void)
{
    given("a4" COMMON1 "07 (82 0e0f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
    CHECK_EQ(failure()->command, 14);
}

static void the_slot_is_the_devices(void)
{
    given("a4" COMMON1 "07 (84 14a10501 050f)");
    device.slot[0] = 1;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    device.slot[0] = 0;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
    /* 2^32 + 1 is not 1 */
    given("a4" COMMON1 "07 (84 14a1051b0000000100000001 050f)");
    device.slot[0] = 1;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
}

/* Directives. */

static void write_copy_and_invoke_reach_the_device(void)
{
    given("a5" COMMON2 VALIDATE2
          "14 (8a 0c01 14a3 12 420102 16 00 17 4103 120f 160f 170f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("w1c1<0i1m0"));
}

static void nothing_is_copied_onto_itself(void)
{
    given("a5" COMMON1 VALIDATE "14 (84 14a11600 160f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_ARGUMENT);
    CHECK_EQ(failure()->reason, PAWL_SUIT_OPERATION_FAILED);
    CHECK(logged(""));
}

static void an_operation_that_fails_ends_the_run_and_is_told(void)
{
    given("a5" COMMON1 VALIDATE "14 (82 0f 82 (84 14a1156162 150f) (82 170f))");
    device.answer = PAWL_ERR_IO;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_IO);
    CHECK_EQ(failure()->reason, PAWL_SUIT_OPERATION_FAILED);
    CHECK_EQ(failure()->port_code, 4711);
    CHECK_EQ(failure()->section, PAWL_SUIT_INSTALL);
    CHECK_EQ(failure()->command, 21);
    CHECK(logged("f0")); /* the second alternative is not tried */
}

static void a_pending_operation_is_asked_again(void)
{
    given("a6" COMMON2 "07 (84 0cf5 030f) 10 (82 0cf5)"
          "14 (86 0cf5 14a1156162 150f)");
    device.pending = 3;
    device.pending_left = 3;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_DIGEST); /* 1: no digest */
    CHECK(logged("f0f1m0"));
}

static void a_step_ends_after_each_operation(void)
{
    given("a5" COMMON1 VALIDATE "14 (86 14a1156162 150f 150f)");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK_EQ(pawl_manifest_step(&process), PAWL_PENDING);
    CHECK(logged("f0"));
    CHECK_EQ(pawl_manifest_step(&process), PAWL_PENDING);
    CHECK(logged("f0f0"));
    CHECK_EQ(pawl_manifest_step(&process), PAWL_PENDING);
    CHECK(logged("f0f0m0"));
    CHECK_EQ(pawl_manifest_step(&process), PAWL_OK);
    CHECK_EQ(pawl_manifest_step(&process), PAWL_OK);
    CHECK(logged("f0f0m0"));
}

static void what_was_never_started_is_a_fault(void)
{
    memset(&process, 0, sizeof process);
    CHECK_EQ(pawl_manifest_step(&process), PAWL_ERR_FAULT);
    CHECK_EQ(pawl_manifest_step(&process), PAWL_ERR_FAULT);
}

/* Integrated payloads. */

static enum pawl_status open_with_payload(const char *text, const char *members)
{
    uint8_t content[ROOM];
    uint8_t rest[ROOM];
    struct pawl_signer signer = mac_signer(0);
    struct pawl_manifest_policy policy = {.signers = &signer,
                                          .signer_count = 1};

    given_device(&device);
    operations = fake_operations(&device);
    return pawl_manifest_open(
        &manifest,
        envelope_of(suit(text, content), 1, 1, suit(members, rest), envelope),
        &policy);
}

static void an_integrated_payload_is_handed_over(void)
{
    CHECK_EQ(open_with_payload("a5" COMMON1 VALIDATE
                               "14 (84 14a115622361 150f)",
                               "622361 43aabbcc"),
             PAWL_OK);
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(device.payload.len == 3 && device.payload.data[0] == 0xAA);
}

static void a_uri_that_was_fetched_before_is_found_by_its_whole_text(void)
{
    CHECK_EQ(open_with_payload("a5" COMMON1 VALIDATE
                               "14 (84 14a115622361 150f)",
                               "622362 43aabbcc"),
             PAWL_OK);
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_NOT_FOUND);
    CHECK(logged(""));

    CHECK_EQ(open_with_payload("a5" COMMON1 VALIDATE
                               "14 (84 14a115626161 150f)",
                               "626161 41aa"),
             PAWL_OK);
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK_EQ(device.payload.len, 1);

    given("a5" COMMON1 VALIDATE "14 (84 14a115626161 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f0m0") && device.payload.len == 0);
}

/* Component index, in its three forms. */

static void commands_run_for_each_component_in_the_order_of_the_list(void)
{
    static const struct {
        const char *index;
        const char *log;
    } rows[] = {
        {"0c01", "f1"},   {"0cf5", "f0f1f2"},       {"0c820200", "f2f0"},
        {"0c8101", "f1"}, {"0c83020001", "f2f0f1"},
    };
    char text[400];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strcpy(text, "a5" COMMON3 "07 (82 0cf5) 14 (86 ");
        strcat(text, rows[i].index);
        strcat(text, " 14a1156162 150f)");
        given(text);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
        CHECK(logged(rows[i].log));
    }
}

static void an_index_that_names_nothing_is_refused(void)
{
    static const struct {
        const char *index;
        enum pawl_suit_reason reason;
    } rows[] = {
        {"0c03", PAWL_SUIT_COMPONENT_UNSUPPORTED},
        {"0c820003", PAWL_SUIT_COMPONENT_UNSUPPORTED},
        {"0c1b0000000100000000", PAWL_SUIT_COMPONENT_UNSUPPORTED},
        {"0c80", PAWL_SUIT_CBOR_PARSE},
        {"0c820101", PAWL_SUIT_CBOR_PARSE},
        {"0c20", PAWL_SUIT_CBOR_PARSE},
        {"0cf4", PAWL_SUIT_CBOR_PARSE},
        {"0cf6", PAWL_SUIT_CBOR_PARSE},
        {"0c4100", PAWL_SUIT_CBOR_PARSE},
        {"0c8120", PAWL_SUIT_CBOR_PARSE},
        {"0c81f5", PAWL_SUIT_CBOR_PARSE},
    };
    char text[400];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strcpy(text, "a5" COMMON3 "07 (82 0cf5) 14 (86 ");
        strcat(text, rows[i].index);
        strcat(text, " 14a1156162 150f)");
        given(text);
        CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_MALFORMED);
        CHECK_EQ(failure()->reason, rows[i].reason);
        CHECK(logged(""));
    }
}

static void with_several_components_each_sequence_sets_the_index_first(void)
{
    given("a5" COMMON2 VALIDATE2 "14 (84 14a1156162 150f)");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_MALFORMED);
    CHECK_EQ(failure()->section, PAWL_SUIT_INSTALL);

    /* the shared sequence too */
    given("a4 01 01 02 05 03 (a2 02 82" ID0 ID1 "04 (82 0e0f))" VALIDATE2);
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_MALFORMED);
    CHECK_EQ(failure()->section, PAWL_SUIT_SHARED);
}

static void sequences_inside_are_run_with_one_component_at_a_time(void)
{
    given("a5" COMMON3 "07 (82 0cf5) 14 (88 0cf5 14a1156162"
          "1820 (82 150f) 0f 82 (82 150f) (80))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f0f1f2f0f1f2"));
    CHECK(traced(":12:12:20:20:20:21:32:21:32:21:32:21:15:21:15:21:15:12:12"));
}

static void the_index_set_inside_of_a_sequence_ends_with_it(void)
{
    given("a5" COMMON3 "07 (82 0cf5) 14 (8a 0cf5 14a1156162 0c01"
          "1820 (84 0c02 150f) 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f2f1"));
}

static void an_alternative_begins_with_the_index_of_its_try_each(void)
{
    given("a5" COMMON3 "07 (82 0cf5) 14 (88 0cf5 14a1156162 0c00"
          "0f 82 (84 0c02 0e0f) (82 150f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f0"));
}

/* try-each, run-sequence, soft-failure. */

static void the_first_alternative_that_succeeds_wins(void)
{
    given("a4" COMMON1 "07 (84 14a1156162"
          "0f 83 (82 0e0f) (82 150f) (82 120f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("f0"));
    CHECK(traced(":20:1:2:20:14!:21:15"));
}

static void try_each_fails_when_all_have_failed(void)
{
    given("a4" COMMON1 "07 (82 0f 82 (82 0e0f) (84 14a10501 050f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
    CHECK_EQ(failure()->reason, PAWL_SUIT_CONDITION_FAILED);
    CHECK_EQ(failure()->command, 5); /* the last one's */
    CHECK_EQ(failure()->offset, 13);
}

static void nil_at_the_end_of_try_each_succeeds(void)
{
    given("a4" COMMON1 "07 (84 0f 83 (82 0e0f) (82 0e0f) f6 030f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));
}

static void an_empty_sequence_succeeds_in_try_each_and_nowhere_else(void)
{
    given("a4" COMMON1 "07 (84 0f 82 (82 0e0f) (80) 030f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));

    given("a4" COMMON1 "07 (82 1820 (80))");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_MALFORMED);
    given("a4" COMMON1 "07 (80)");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_MALFORMED);
    given("a4 01 01 02 05 03 (a2 02 81" ID0 "04 (80))" VALIDATE);
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_MALFORMED);
}

static void an_override_in_an_alternative_that_failed_persists(void)
{
    given("a4" COMMON1 "07 (86 14a1156161"
          "0f 82 (84 14a1156162 0e0f) (80) 150f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(device.seen.uri.data[0] == 'b');
}

static void run_sequence_fails_with_its_condition(void)
{
    given("a4" COMMON1 "07 (84 1820 (82 0e0f) 030f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
    CHECK(logged(""));
    CHECK(traced(":20:1:2:14!:32!"));
}

static void run_sequence_with_soft_failure_halts_and_the_next_command_runs(void)
{
    given("a4" COMMON1 "07 (84 1820 (86 14a10df5 0e0f 030f) 030f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));
    CHECK(traced(":20:1:2:20:14!:32:3"));
    CHECK_EQ(failure()->reason, PAWL_SUIT_OK);
}

static void an_alternative_without_soft_failure_ends_its_try_each(void)
{
    given("a4" COMMON1 "07 (82 0f 82 (84 14a10df4 0e0f) (82 030f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
    CHECK(logged(""));
}

static void soft_failure_is_not_inherited_by_sequences_inside(void)
{
    /* the outer one is soft, so the inner failure ends there; with an outer
     * one that is not, setting it inside of the inner one does not help */
    given("a4" COMMON1 "07 (84 1820 (86 14a10df5 1820 (82 0e0f) 030f) 030f)");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0")); /* of the section, not of the outer sequence */

    given("a4" COMMON1 "07 (82 1820 (86 1820 (84 14a10df5 0e0f) 0e0f 030f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
}

static void soft_failure_reverts_with_each_turn(void)
{
    given("a4" COMMON3 "07 (84 0cf5 1820 (84 0e0f 14a10df5))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_CONDITION);
    CHECK(traced(":12:12:14!:32!"));
}

static void soft_failure_outside_of_them_is_refused(void)
{
    given("a4" COMMON1 "07 (84 14a10df5 030f)");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_POLICY);
    CHECK_EQ(failure()->reason, PAWL_SUIT_PARAMETER_UNSUPPORTED);
    given("a4" COMMON1 "07 (84 14a10df4 030f)");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_POLICY);
}

static void a_failed_condition_inside_of_an_alternative_is_its_own(void)
{
    given("a4" COMMON1 "07 (82 0f 82 (84 1820 (82 0e0f) 120f) (82 030f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));
    CHECK(traced(":20:1:2:14!:32!:3:15"));
}

static void a_failed_directive_is_never_soft(void)
{
    given("a4" COMMON1 "07 (82 1820 (84 14a10df5 150f))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_ARGUMENT);
}

static void sequences_nest_as_deep_as_documented_and_no_deeper(void)
{
    given("a4" COMMON1 "07 (82 1820 (82 1820 (82 1820 (82 1820 (82 030f)))))");
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK(logged("m0"));
    given("a4" COMMON1
          "07 (82 1820 (82 1820 (82 1820 (82 1820 (82 1820 (82 030f))))))");
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_LIMIT);
}

/* The dry run. */

static void what_is_wrong_anywhere_is_found_before_anything_happens(void)
{
    static const struct {
        const char *text;
        enum pawl_status status;
        enum pawl_suit_reason reason;
        enum pawl_suit_section section;
    } rows[] = {
        /* an unknown command, in a branch that would not be taken */
        {"a4" COMMON1 "07 (84 030f 0f 82 (82 030f) (82 1863 0f))",
         PAWL_ERR_UNSUPPORTED, PAWL_SUIT_COMMAND_UNSUPPORTED,
         PAWL_SUIT_VALIDATE},
        /* in the third alternative, inside of a run-sequence */
        {"a4" COMMON1 "07 (82 0f 83 (82 030f) (80) (82 1820 (82 1863 0f)))",
         PAWL_ERR_UNSUPPORTED, PAWL_SUIT_COMMAND_UNSUPPORTED,
         PAWL_SUIT_VALIDATE},
        /* in a section of the other procedure */
        {"a5" COMMON1 VALIDATE "09 (82 1863 0f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_INVOKE},
        /* swap, set-parameters, process-dependency, wait, a private one, 0 */
        {"a4" COMMON1 "07 (82 181f 0f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 13a1156161)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 0b0f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 181d 0f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 390100 f6)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 000f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        /* 2^32 + 3 is not 3 */
        {"a4" COMMON1 "07 (82 1b0000000100000003 0f)", PAWL_ERR_UNSUPPORTED,
         PAWL_SUIT_COMMAND_UNSUPPORTED, PAWL_SUIT_VALIDATE},
        /* reporting policies of five bits, and of another type */
        {"a4" COMMON1 "07 (82 0310)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE,
         PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 03f6)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE,
         PAWL_SUIT_VALIDATE},
        /* a command without its argument; a byte behind; no array */
        {"a4" COMMON1 "07 (81 03)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE,
         PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 030f 00)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (84 030f)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE,
         PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 ()", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE,
         PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (a1030f)", PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE,
         PAWL_SUIT_VALIDATE},
        /* the second alternative, and what it holds */
        {"a4" COMMON1 "07 (82 0f 82 (82 030f) (82 030f 00))",
         PAWL_ERR_MALFORMED, PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 0f 82 (82 030f) (f6))", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        /* try-each with fewer than two sequences, or nil elsewhere */
        {"a4" COMMON1 "07 (82 0f 81 (82 030f))", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 0f 82 (82 030f) f6)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 0f 83 f6 (80) (80))", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 0f 83 (80) (80) f5)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 0f (80))", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
        {"a4" COMMON1 "07 (82 1820 82030f)", PAWL_ERR_MALFORMED,
         PAWL_SUIT_CBOR_PARSE, PAWL_SUIT_VALIDATE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given(rows[i].text);
        CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), rows[i].status);
        CHECK_EQ(failure()->status, rows[i].status);
        CHECK_EQ(failure()->reason, rows[i].reason);
        CHECK_EQ(failure()->section, rows[i].section);
        CHECK_EQ(pawl_manifest_step(&process), rows[i].status);
        CHECK(logged("") && traced(""));
    }
}

static void the_shared_sequence_has_no_side_effects(void)
{
    static const char *const rows[] = {
        "04 (84 14a1156161 150f)",
        "04 (84 14a1124161 120f)",
        "04 (82 160f)",
        "04 (82 170f)",
        "04 (82 0f 82 (80) (82 170f))",
    };
    char text[300];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strcpy(text, "a4 01 01 02 05 03 (a2 02 81" ID0);
        strcat(text, rows[i]);
        strcat(text, ")" VALIDATE);
        given(text);
        CHECK_EQ(start(PAWL_PROCEDURE_INVOKE), PAWL_ERR_UNSUPPORTED);
        CHECK_EQ(failure()->reason, PAWL_SUIT_COMMAND_UNSUPPORTED);
        CHECK_EQ(failure()->section, PAWL_SUIT_SHARED);
    }
}

static void what_the_device_cannot_do_is_refused_where_it_would_be_done(void)
{
    given("a6" COMMON1 VALIDATE "09 (82 170f) 14 (84 14a1156162 150f)");
    operations.invoke = NULL;
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    CHECK_EQ(start(PAWL_PROCEDURE_INVOKE), PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(failure()->command, 23);
    operations.fetch = NULL;
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(failure()->command, 21);
}

static void a_component_that_the_device_has_not_is_refused(void)
{
    given("a4" COMMON2 VALIDATE2);
    device.components = 1;
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_NOT_FOR_US);
    CHECK_EQ(failure()->reason, PAWL_SUIT_COMPONENT_UNSUPPORTED);
    CHECK_EQ(failure()->component, 1);
}

static void nothing_runs_that_was_not_authenticated(void)
{
    given("a4" COMMON1 VALIDATE);
    manifest.authentic ^= 1;
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_ERR_FAULT);
    CHECK_EQ(failure()->reason, PAWL_SUIT_UNAUTHORISED);

    manifest.authentic ^= 1;
    CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    manifest.authentic ^= 0x80000000u;
    CHECK_EQ(pawl_manifest_step(&process), PAWL_ERR_FAULT);
    CHECK(logged(""));
}

/* Ports where images are linked for their slot. */

static void on_a_fixed_port_the_slot_comes_before_the_digest(void)
{
    static const struct {
        const char *shared;
        enum pawl_status status;
    } rows[] = {
        {"04 (86 14a10501 050f 14a103" DIGEST ")", PAWL_OK},
        {"04 (84 14a10501 14a103" DIGEST ")", PAWL_ERR_POLICY},
        {"04 (84 14a203" DIGEST "0501 050f)", PAWL_ERR_POLICY},
        {"04 (82 14a103" DIGEST ")", PAWL_ERR_POLICY},
        /* another slot after the one that passed */
        {"04 (88 14a10501 050f 14a10500 14a103" DIGEST ")", PAWL_ERR_POLICY},
        /* draft example 3 */
        {"04 (82 0f 82 (86 14a10500 050f 14a103" OTHER_DIGEST
         ") (86 14a10501 050f 14a103" DIGEST "))",
         PAWL_OK},
    };
    char text[600];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strcpy(text, "a4 01 01 02 05 03 (a2 02 81" ID0);
        strcat(text, rows[i].shared);
        strcat(text, ")" VALIDATE);
        given(text);
        operations.fixed = true;
        device.slot[0] = 1;
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), rows[i].status);
        CHECK(rows[i].status == PAWL_OK || device.log[0] != 'm');
        operations.fixed = false;
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    }
}

static void a_slot_that_a_section_checked_itself_does_not_count(void)
{
    given("a4 01 01 02 05 03 (a2 02 81" ID0 "04 (82 14a10500))"
          "07 (86 050f 14a103" DIGEST "030f)");
    operations.fixed = true;
    CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_ERR_POLICY);
}

/* After a reset. */

static void a_run_that_was_cut_begins_again(void)
{
    for (unsigned steps = 0; steps < 6; steps++) {
        given("a5" COMMON1 VALIDATE
              "14 (84 14a1156162 0f 82 (82 0e0f) (82 150f))");
        CHECK_EQ(start(PAWL_PROCEDURE_UPDATE), PAWL_OK);
        for (unsigned i = 0; i < steps; i++) {
            (void)(pawl_manifest_step(&process) == PAWL_OK);
        }
        memset(&process, 0xA5, sizeof process);
        CHECK_EQ(run(PAWL_PROCEDURE_UPDATE), PAWL_OK);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(an_update_fetches_installs_and_validates),
    CHECK_TEST(an_invocation_validates_loads_and_invokes),
    CHECK_TEST(a_section_that_is_absent_is_passed_over),
    CHECK_TEST(the_shared_sequence_runs_before_each_section),
    CHECK_TEST(parameters_last_for_a_procedure_and_no_longer),
    CHECK_TEST(another_vendor_class_or_device_is_not_for_us),
    CHECK_TEST(this_device_is_known_by_its_identifier),
    CHECK_TEST(a_device_without_an_identifier_matches_none),
    CHECK_TEST(a_condition_without_its_parameter_fails),
    CHECK_TEST(a_directive_without_its_parameter_ends_the_run),
    CHECK_TEST(an_image_that_differs_is_a_digest_error),
    CHECK_TEST(a_verdict_that_is_none_is_a_fault),
    CHECK_TEST(content_is_checked),
    CHECK_TEST(abort_always_fails),
    CHECK_TEST(the_slot_is_the_devices),
    CHECK_TEST(write_copy_and_invoke_reach_the_device),
    CHECK_TEST(nothing_is_copied_onto_itself),
    CHECK_TEST(an_operation_that_fails_ends_the_run_and_is_told),
    CHECK_TEST(a_pending_operation_is_asked_again),
    CHECK_TEST(a_step_ends_after_each_operation),
    CHECK_TEST(what_was_never_started_is_a_fault),
    CHECK_TEST(an_integrated_payload_is_handed_over),
    CHECK_TEST(a_uri_that_was_fetched_before_is_found_by_its_whole_text),
    CHECK_TEST(commands_run_for_each_component_in_the_order_of_the_list),
    CHECK_TEST(an_index_that_names_nothing_is_refused),
    CHECK_TEST(with_several_components_each_sequence_sets_the_index_first),
    CHECK_TEST(sequences_inside_are_run_with_one_component_at_a_time),
    CHECK_TEST(the_index_set_inside_of_a_sequence_ends_with_it),
    CHECK_TEST(an_alternative_begins_with_the_index_of_its_try_each),
    CHECK_TEST(the_first_alternative_that_succeeds_wins),
    CHECK_TEST(try_each_fails_when_all_have_failed),
    CHECK_TEST(nil_at_the_end_of_try_each_succeeds),
    CHECK_TEST(an_empty_sequence_succeeds_in_try_each_and_nowhere_else),
    CHECK_TEST(an_override_in_an_alternative_that_failed_persists),
    CHECK_TEST(run_sequence_fails_with_its_condition),
    CHECK_TEST(run_sequence_with_soft_failure_halts_and_the_next_command_runs),
    CHECK_TEST(an_alternative_without_soft_failure_ends_its_try_each),
    CHECK_TEST(soft_failure_is_not_inherited_by_sequences_inside),
    CHECK_TEST(soft_failure_reverts_with_each_turn),
    CHECK_TEST(soft_failure_outside_of_them_is_refused),
    CHECK_TEST(a_failed_condition_inside_of_an_alternative_is_its_own),
    CHECK_TEST(a_failed_directive_is_never_soft),
    CHECK_TEST(sequences_nest_as_deep_as_documented_and_no_deeper),
    CHECK_TEST(what_is_wrong_anywhere_is_found_before_anything_happens),
    CHECK_TEST(the_shared_sequence_has_no_side_effects),
    CHECK_TEST(what_the_device_cannot_do_is_refused_where_it_would_be_done),
    CHECK_TEST(a_component_that_the_device_has_not_is_refused),
    CHECK_TEST(nothing_runs_that_was_not_authenticated),
    CHECK_TEST(on_a_fixed_port_the_slot_comes_before_the_digest),
    CHECK_TEST(a_slot_that_a_section_checked_itself_does_not_count),
    CHECK_TEST(a_run_that_was_cut_begins_again),
};

CHECK_MAIN(tests)
