/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's quick reading. test/fault/ compares it with the whole judgement
 * at every boot of its searches. */
#include "base/base.h"
#include "check.h"
#include "fake/fake_flash.h"
#include "journal/journal.h"
#include <string.h>

#define PAYLOAD 12U
#define FRAMES 16U
#define FRAME_SIZE 40U /* at 8 bytes a unit */

static uint8_t memory[FAKE_FLASH_MEMORY(2U * FRAMES * 1024U)];
static struct fake_flash flash;
static struct pawl_journal journal;

/* Reads of the flash, through a port that counts them. */
static uint32_t reads;
static enum pawl_status (*fake_read)(void *, uint32_t, void *, size_t);

static enum pawl_status counted_read(void *ctx, uint32_t off, void *buf,
                                     size_t len)
{
    reads++;
    if (flash.port.is_blank != NULL) { /* the part faults otherwise */
        CHECK(fake_flash_touched(&flash, off, (uint32_t)len));
    }
    return fake_read(ctx, off, buf, len);
}

static enum pawl_status blank_check(void *ctx, uint32_t off, size_t len,
                                    bool *blank)
{
    (void)ctx;
    *blank = !fake_flash_touched(&flash, off, (uint32_t)len);
    return PAWL_OK;
}

static void given_flash(uint32_t unit, uint8_t erased)
{
    uint32_t frame = (16U + PAYLOAD + unit - 1U) / unit * unit +
                     (8U + unit - 1U) / unit * unit;

    fake_flash_open(&flash, memory, 2U * FRAMES * frame, FRAMES * frame, unit,
                    erased);
    fake_read = flash.port.read;
    flash.port.read = counted_read;
}

static enum pawl_status finished(enum pawl_status status)
{
    return status == PAWL_PENDING ? pawl_journal_finish(&journal, NULL, NULL)
                                  : status;
}

static enum pawl_status commit(uint32_t value)
{
    uint8_t payload[PAYLOAD] = {0};

    pawl_put_u32(payload, value);
    return finished(pawl_journal_commit(&journal, PAWL_BYTES(payload)));
}

static enum pawl_status reboot(void)
{
    (void)fake_flash_power_on(&flash);
    return finished(
        pawl_journal_open(&journal, &flash.port, PAYLOAD, PAWL_JOURNAL_WRITE));
}

static enum pawl_status glance(void)
{
    reads = 0;
    return pawl_journal_glance(&journal, &flash.port, PAYLOAD);
}

static uint32_t value(void)
{
    struct pawl_bytes payload = pawl_journal_payload(&journal);

    return payload.len == PAYLOAD ? pawl_get_u32(payload.data) : 0;
}

static void given_commits(uint32_t count)
{
    given_flash(8, 0xFF);
    for (uint32_t i = 1; i <= count; i++) {
        CHECK_EQ(reboot(), PAWL_OK);
        CHECK_EQ(commit(i), PAWL_OK);
    }
}

/* A valid proof of epoch 1 in frame n of both banks. */
static void given_proof(uint32_t n, uint32_t number)
{
    const struct pawl_frame_header header = {PAWL_FRAME_PROOF, 1, number};
    uint8_t payload[PAYLOAD] = {0};
    uint8_t frame[FRAME_SIZE];

    pawl_put_u32(payload, number);
    pawl_frame_write(&journal.geometry, 0xFF, n / FRAMES, n % FRAMES, &header,
                     PAWL_BYTES(payload), frame);
    fake_flash_load(&flash, n * FRAME_SIZE, frame, sizeof(frame));
}

/* --- At rest -------------------------------------------------------------- */

static void the_last_commit_is_found_in_eight_frames_on_every_flash(void)
{
    static const uint32_t units[] = {1, 2, 4, 8, 16, 32, 64, 512};

    for (size_t i = 0; i < 2U * PAWL_ARRAY_LEN(units); i++) {
        given_flash(units[i / 2U], i % 2U != 0 ? 0xFF : 0x00);
        for (uint32_t n = 1; n < 60; n++) {
            CHECK_EQ(reboot(), PAWL_OK);
            CHECK_EQ(commit(n), PAWL_OK);
            CHECK_EQ(glance(), PAWL_OK);
            CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_VALID);
            CHECK_EQ(value(), n);
            CHECK(reads <= 8U); /* of 32 */
        }
        CHECK_EQ(flash.breaches, 0);
    }
}

static void erased_cells_are_not_read_where_the_port_can_tell_them(void)
{
    given_flash(8, 0xFF);
    flash.port.is_blank = blank_check;
    for (uint32_t n = 1; n < 20; n++) {
        CHECK_EQ(reboot(), PAWL_OK);
        CHECK_EQ(commit(n), PAWL_OK);
        CHECK_EQ(glance(), PAWL_OK);
        CHECK_EQ(value(), n);
    }
    CHECK_EQ(flash.breaches, 0);
}

static void a_bank_without_a_blank_frame_is_read_too(void)
{
    given_commits(1);
    for (uint32_t i = 2; i < FRAMES; i++) {
        given_proof(i, i);
    }
    CHECK_EQ(glance(), PAWL_OK);
    CHECK_EQ(value(), FRAMES - 1U);
}

/* --- Not at rest ---------------------------------------------------------- */

static void a_blank_journal_is_declined(void)
{
    given_flash(8, 0xFF);
    CHECK_EQ(glance(), PAWL_ERR_NOT_FOUND);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_EMPTY);
    CHECK_EQ(pawl_journal_step(&journal), PAWL_ERR_IO);
}

/* Operations of a commit: tombstone, record (2), proof (2). */
static void a_commit_that_was_cut_is_declined(void)
{
    for (uint32_t at = 1; at < 5; at++) {
        given_commits(2);
        CHECK_EQ(reboot(), PAWL_OK);
        fake_flash_cut_power_at(&flash, at);
        CHECK_EQ(commit(3), PAWL_ERR_IO);
        (void)fake_flash_power_on(&flash);
        CHECK_EQ(glance(), PAWL_ERR_NOT_FOUND);
        CHECK_EQ(reboot(), PAWL_OK);
        CHECK_EQ(glance(), PAWL_OK); /* settled */
    }
}

static void a_compaction_that_was_cut_is_declined_or_the_same(void)
{
    for (uint32_t at = 0; at < 30; at++) {
        enum pawl_status status = PAWL_ERR_FAULT;

        given_commits(6); /* the state has moved to bank 1 */
        CHECK_EQ(reboot(), PAWL_OK);
        fake_flash_cut_power_at(&flash, at);
        (void)finished(pawl_journal_compact(&journal));
        (void)fake_flash_power_on(&flash);
        status = glance();
        CHECK(status == PAWL_ERR_NOT_FOUND ||
              (status == PAWL_OK && value() == 6));
        CHECK_EQ(reboot(), PAWL_OK);
        CHECK_EQ(value(), 6);
    }
}

static void banks_of_the_same_epoch_are_declined(void)
{
    given_commits(1);
    CHECK_EQ(glance(), PAWL_OK);
    given_proof(FRAMES, 9);
    CHECK_EQ(glance(), PAWL_ERR_NOT_FOUND);
}

static void flash_that_does_not_fit_is_refused(void)
{
    given_commits(1);
    flash.port.overprogram = false;
    CHECK_EQ(glance(), PAWL_ERR_UNSUPPORTED);
    CHECK(pawl_journal_reason(&journal) != NULL);
}

/* --- Writing afterwards --------------------------------------------------- */

static void nothing_is_written_before_every_frame_was_judged(void)
{
    uint32_t operations = 0;

    given_commits(3);
    CHECK_EQ(reboot(), PAWL_OK);
    operations = flash.power->operations;
    CHECK_EQ(glance(), PAWL_OK);
    CHECK(!pawl_journal_ready(&journal));
    CHECK_EQ(pawl_journal_room(&journal), 0);
    CHECK_EQ(commit(4), PAWL_ERR_STATE);
    CHECK_EQ(pawl_journal_compact(&journal), PAWL_ERR_STATE);
    CHECK_EQ(flash.power->operations, operations);

    CHECK_EQ(pawl_journal_judge(&journal), PAWL_OK);
    CHECK_EQ(flash.power->operations, operations);
    CHECK_EQ(value(), 3);
    CHECK_EQ(commit(4), PAWL_OK);
    CHECK_EQ(glance(), PAWL_OK);
    CHECK_EQ(value(), 4);
}

static void a_judgement_that_finds_another_state_is_an_error(void)
{
    struct pawl_journal seen;

    given_commits(3);
    CHECK_EQ(glance(), PAWL_OK);
    seen = journal;
    CHECK_EQ(reboot(), PAWL_OK);
    CHECK_EQ(commit(4), PAWL_OK);
    CHECK_EQ(pawl_journal_judge(&seen), PAWL_ERR_IO);
    CHECK(!pawl_journal_ready(&seen));
    CHECK_EQ(pawl_journal_step(&seen), PAWL_ERR_IO);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_last_commit_is_found_in_eight_frames_on_every_flash),
    CHECK_TEST(erased_cells_are_not_read_where_the_port_can_tell_them),
    CHECK_TEST(a_bank_without_a_blank_frame_is_read_too),
    CHECK_TEST(a_blank_journal_is_declined),
    CHECK_TEST(a_commit_that_was_cut_is_declined),
    CHECK_TEST(a_compaction_that_was_cut_is_declined_or_the_same),
    CHECK_TEST(banks_of_the_same_epoch_are_declined),
    CHECK_TEST(flash_that_does_not_fit_is_refused),
    CHECK_TEST(nothing_is_written_before_every_frame_was_judged),
    CHECK_TEST(a_judgement_that_finds_another_state_is_an_error),
};
CHECK_MAIN(tests)
