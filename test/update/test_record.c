/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "update/record.h"

#include <string.h>

static void given_full_record(struct pawl_record *record)
{
    pawl_record_clear(record);
    record->state = PAWL_UPDATE_TRIAL;
    record->armed = true;
    record->lost = true;
    record->counter_pending = true;
    record->reason = PAWL_UPDATE_REASON_DEADLINE;
    record->phase = PAWL_UPDATE_PHASE_TRIAL;
    record->status = PAWL_ERR_FAULT;
    record->reset_cause = PAWL_RESET_WATCHDOG;
    record->running = 2;
    struct pawl_record_image *images[3] = {&record->current, &record->previous,
                                           &record->target};
    for (unsigned i = 0; i < 3; i++) {
        images[i]->known = true;
        images[i]->set = (pawl_slot_set)(i + 1);
        images[i]->manifest_slot = (uint8_t)(i + 4);
        images[i]->sequence = 0x0102030405060700u + i;
        memset(images[i]->digest, (int)(0xA0 + i), 32);
    }
    record->attempts = 3;
    record->boots = 16;
    record->counter_floor = 0x11223344;
    record->target_counter = 0x55667788;
    record->trust_version = 9;
    record->sequence_floor = 0x0102030405060700u;
    record->extension_len = 2;
    record->extension[0] = 0xEE;
    record->extension[1] = 0xEF;
}

static void a_record_survives_its_encoding(void)
{
    struct pawl_record record, again;
    uint8_t bytes[PAWL_RECORD_MAX], twice[PAWL_RECORD_MAX];

    given_full_record(&record);
    size_t len = pawl_record_encode(&record, bytes);
    CHECK_EQ(len, PAWL_RECORD_CORE_SIZE + 2);
    CHECK_EQ(pawl_record_decode(&again, (struct pawl_bytes){bytes, len}),
             PAWL_OK);
    CHECK_EQ(again.state, PAWL_UPDATE_TRIAL);
    CHECK(again.armed && again.lost && again.counter_pending);
    CHECK_EQ(again.status, PAWL_ERR_FAULT);
    CHECK_EQ(again.target.sequence, record.target.sequence);
    CHECK_EQ(again.previous.manifest_slot, 5);
    CHECK_EQ(pawl_record_encode(&again, twice), len);
    CHECK_MEM(twice, bytes, len);
}

/* Frozen for life: these are the bytes of doc/SPEC.md, not of the code. */
static void the_core_lies_where_the_specification_says(void)
{
    struct pawl_record record;
    uint8_t bytes[PAWL_RECORD_MAX];
    static const uint8_t head[40] = {
        1, 4,  0x3F, 53,   5,    4,    63,   2,    1,    2,    3, 4, 5, 6,
        3, 16, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0, 0, 0,
        0, 0,  0,    9,    1,    2,    3,    4,    5,    6,    7, 0};

    given_full_record(&record);
    CHECK_EQ(pawl_record_encode(&record, bytes), 162);
    CHECK_MEM(bytes, head, sizeof(head));
    CHECK_EQ(bytes[40 + 23], 2); /* the target's sequence number ends here */
    CHECK_EQ(bytes[64], 0xA0);
    CHECK_EQ(bytes[96], 0xA1);
    CHECK_EQ(bytes[159], 0xA2);
    CHECK_EQ(bytes[160], 0xEE);
}

static void what_is_unknown_is_not_encoded(void)
{
    struct pawl_record record, again;
    uint8_t bytes[PAWL_RECORD_MAX];

    given_full_record(&record);
    record.previous.known = false;
    size_t len = pawl_record_encode(&record, bytes);
    CHECK_EQ(bytes[12], PAWL_RECORD_NO_SLOT);
    CHECK_EQ(pawl_record_decode(&again, (struct pawl_bytes){bytes, len}),
             PAWL_OK);
    CHECK(!again.previous.known);
    CHECK_EQ(again.previous.sequence, 0);
}

/* Memory that had held another record. */
static void a_record_that_was_cleared_knows_no_image(void)
{
    struct pawl_record record;
    const struct pawl_record_image *images[3] = {
        &record.current, &record.previous, &record.target};
    static const uint8_t zeros[32] = {0};

    given_full_record(&record);
    pawl_record_clear(&record);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(!images[i]->known);
        CHECK_EQ(images[i]->manifest_slot, PAWL_RECORD_NO_SLOT);
        CHECK_EQ(images[i]->sequence, 0);
        CHECK_MEM(images[i]->digest, zeros, 32);
    }
}

static void every_truncation_is_refused(void)
{
    struct pawl_record record, again;
    uint8_t bytes[PAWL_RECORD_MAX];

    given_full_record(&record);
    (void)pawl_record_encode(&record, bytes);
    for (size_t len = 0; len < PAWL_RECORD_CORE_SIZE; len++) {
        CHECK_EQ(pawl_record_decode(&again, (struct pawl_bytes){bytes, len}),
                 PAWL_ERR_MALFORMED);
        CHECK_EQ(again.state, PAWL_UPDATE_READY);
    }
}

static void values_of_no_writer_are_refused(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum pawl_status status;
    } cases[] = {
        {0, 0, PAWL_ERR_UNSUPPORTED},  {0, 2, PAWL_ERR_UNSUPPORTED},
        {1, 8, PAWL_ERR_MALFORMED},    {1, 255, PAWL_ERR_MALFORMED},
        {2, 0x40, PAWL_ERR_MALFORMED}, {2, 0x80, PAWL_ERR_MALFORMED},
        {5, 8, PAWL_ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pawl_record record, again;
        uint8_t bytes[PAWL_RECORD_MAX];
        given_full_record(&record);
        size_t len = pawl_record_encode(&record, bytes);
        bytes[cases[i].at] = cases[i].value;
        CHECK_EQ(pawl_record_decode(&again, (struct pawl_bytes){bytes, len}),
                 cases[i].status);
    }
}

static void a_device_id_of_zeros_is_none(void)
{
    struct pawl_product product = {.vendor_id = {1}, .class_id = {2}};
    struct pawl_manifest_device device;

    pawl_device_name(&device, &product);
    CHECK(device.vendor_id.data == product.vendor_id);
    CHECK_EQ(device.vendor_id.len, 16);
    CHECK(device.class_id.data == product.class_id);
    CHECK_EQ(device.class_id.len, 16);
    CHECK_EQ(device.device_id.len, 0);

    product.device_id[15] = 1;
    pawl_device_name(&device, &product);
    CHECK(device.device_id.data == product.device_id);
    CHECK_EQ(device.device_id.len, 16);
}

static void every_number_has_a_name(void)
{
    for (int i = 0; i <= PAWL_UPDATE_UPDATED; i++) {
        CHECK(pawl_update_state_name((enum pawl_update_state)i)[0] != '?');
    }
    for (int i = 0; i <= PAWL_UPDATE_PHASE_BOOT; i++) {
        CHECK(pawl_update_phase_name((enum pawl_update_phase)i)[0] != '?');
    }
    static const int reasons[] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,  16, 17,
        18, 19, 32, 33, 34, 35, 48, 49, 50, 51, 52, 53, 54, 64, 65, 128, 255};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        CHECK(pawl_update_reason_name((enum pawl_update_reason)reasons[i])[0] !=
              '?');
    }
    CHECK_EQ(pawl_update_reason_name((enum pawl_update_reason)21)[0], '?');
    CHECK_EQ(pawl_update_state_name((enum pawl_update_state)8)[0], '?');
    CHECK_EQ(pawl_update_phase_name((enum pawl_update_phase)8)[0], '?');
}

static const struct check_test tests[] = {
    CHECK_TEST(a_record_survives_its_encoding),
    CHECK_TEST(the_core_lies_where_the_specification_says),
    CHECK_TEST(what_is_unknown_is_not_encoded),
    CHECK_TEST(a_record_that_was_cleared_knows_no_image),
    CHECK_TEST(every_truncation_is_refused),
    CHECK_TEST(values_of_no_writer_are_refused),
    CHECK_TEST(a_device_id_of_zeros_is_none),
    CHECK_TEST(every_number_has_a_name),
};
CHECK_MAIN(tests)
