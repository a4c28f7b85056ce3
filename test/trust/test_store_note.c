/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "trust/store_note.h"
#include <string.h>

/* The layout stands in doc/SPEC.md: a boot loader of any age reads it. */
static void the_layout_is_that_of_the_specification(void)
{
    static const uint8_t expected[PAWL_NOTE_SIZE] = {
        2, 1, 2, 2, 0, 0, 0, 0, /* layout, current, next, its state */
        0, 0, 0, 0, 0, 0, 1, 2, /* trust floor */
        0, 0, 0, 0, 1, 0, 0, 3, /* time floor */
        0, 0, 0, 0, 4, 0, 0, 5  /* owner floor */
    };
    struct pawl_store_note note = {
        PAWL_STORE_SLOT_A, PAWL_STORE_SLOT_B, PAWL_STORE_NEXT_INSTALLED, 0x102,
        0x1000003,         0x4000005};
    uint8_t bytes[PAWL_NOTE_SIZE] = {0};

    pawl_store_note_put(&note, bytes);
    CHECK_MEM(bytes, expected, sizeof(bytes));
}

static void zeros_are_a_note_that_was_never_written(void)
{
    struct pawl_store_note note;
    const uint8_t bytes[PAWL_NOTE_SIZE] = {0};

    CHECK_EQ(pawl_store_note_read(&note, bytes), PAWL_OK);
    CHECK_EQ(note.current, PAWL_STORE_SLOT_NONE);
    CHECK_EQ(note.next_state, PAWL_STORE_NEXT_NONE);
    CHECK_EQ(note.trust_floor, 0);
    CHECK_EQ(note.time_floor_s, 0);
}

static void what_a_later_layout_added_is_carried_on(void)
{
    struct pawl_store_note note;
    uint8_t bytes[PAWL_NOTE_SIZE] = {3, 1};

    bytes[4] = 0x44;
    bytes[PAWL_NOTE_SIZE - 1] = 0x99;
    CHECK_EQ(pawl_store_note_read(&note, bytes), PAWL_OK);
    note.trust_floor = 7;
    pawl_store_note_put(&note, bytes);

    CHECK_EQ(bytes[0], 3);
    CHECK_EQ(bytes[4], 0x44);
    CHECK_EQ(bytes[15], 7);
    CHECK_EQ(bytes[PAWL_NOTE_SIZE - 1], 0x99);
}

static void refuses_what_no_writer_leaves_behind(void)
{
    static const uint8_t rows[][4] = {
        {1, 3, 0, 0},               /* a slot that is none */
        {1, 0, 3, 1}, {1, 0, 1, 3}, /* a state that is none */
        {1, 0, 1, 0},               /* next without a state */
        {1, 0, 0, 1},               /* a state without a slot */
        {1, 1, 1, 1},               /* next in the place of current */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pawl_store_note note;
        uint8_t bytes[PAWL_NOTE_SIZE] = {0};

        memcpy(bytes, rows[i], sizeof(rows[i]));
        CHECK_EQ(pawl_store_note_read(&note, bytes), PAWL_ERR_CORRUPT);
        CHECK_EQ(note.current, PAWL_STORE_SLOT_NONE);
    }
}

static void refuses_a_time_before_1970(void)
{
    struct pawl_store_note note;
    uint8_t bytes[PAWL_NOTE_SIZE] = {1};

    bytes[16] = 0x80;
    CHECK_EQ(pawl_store_note_read(&note, bytes), PAWL_ERR_CORRUPT);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_layout_is_that_of_the_specification),
    CHECK_TEST(zeros_are_a_note_that_was_never_written),
    CHECK_TEST(what_a_later_layout_added_is_carried_on),
    CHECK_TEST(refuses_what_no_writer_leaves_behind),
    CHECK_TEST(refuses_a_time_before_1970),
};

CHECK_MAIN(tests)
