/* SPDX-License-Identifier: Apache-2.0 */
/* The journal, call by call. test/fault/ searches its faults in depth. */
#include "base/base.h"
#include "check.h"
#include "fake/fake_flash.h"
#include "journal/journal.h"
#include <string.h>

#define PAYLOAD 12U
#define FRAMES 16U
#define REGION_MAX (2U * FRAMES * 1024U)

static uint8_t memory[FAKE_FLASH_MEMORY(REGION_MAX)];
static uint8_t memory_cut[FAKE_FLASH_MEMORY(REGION_MAX)];

static const uint32_t units[] = {1, 2, 4, 8, 16, 32, 64, 512};

static uint32_t frame_size(uint32_t unit)
{
    return (16U + PAYLOAD + unit - 1U) / unit * unit +
           (8U + unit - 1U) / unit * unit;
}

/* A blank region of the smallest size; each bank is one erase block. */
static void given_flash(struct fake_flash *flash, uint32_t unit, uint8_t erased)
{
    uint32_t bank = FRAMES * frame_size(unit);

    fake_flash_open(flash, memory, 2U * bank, bank, unit, erased);
}

static enum pawl_status reboot(struct pawl_journal *journal,
                               struct fake_flash *flash)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    (void)fake_flash_power_on(flash);
    status =
        pawl_journal_open(journal, &flash->port, PAYLOAD, PAWL_JOURNAL_WRITE);
    return status == PAWL_PENDING ? pawl_journal_finish(journal, NULL, NULL)
                                  : status;
}

static enum pawl_status commit(struct pawl_journal *journal, uint32_t value)
{
    uint8_t payload[PAYLOAD] = {0};
    enum pawl_status status = PAWL_ERR_FAULT;

    pawl_put_u32(payload, value);
    status = pawl_journal_commit(journal, PAWL_BYTES(payload));
    return status == PAWL_PENDING ? pawl_journal_finish(journal, NULL, NULL)
                                  : status;
}

/* The value in force; 0 if there is none. */
static uint32_t value_of(const struct pawl_journal *journal)
{
    struct pawl_bytes payload = pawl_journal_payload(journal);

    return payload.len == PAYLOAD ? pawl_get_u32(payload.data) : 0;
}

/* Values 1 .. count committed, each in a power session of its own. */
static void given_commits(struct fake_flash *flash,
                          struct pawl_journal *journal, uint32_t count)
{
    CHECK_EQ(reboot(journal, flash), PAWL_OK);
    for (uint32_t i = 1; i <= count; i++) {
        CHECK_EQ(commit(journal, i), PAWL_OK);
        CHECK_EQ(reboot(journal, flash), PAWL_OK);
    }
}

/* --- Without faults ------------------------------------------------------ */

static void a_blank_region_is_empty_and_stays_untouched(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    given_flash(&flash, 8, 0xFF);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_EMPTY);
    CHECK_EQ(pawl_journal_payload(&journal).len, 0);
    CHECK_EQ(pawl_journal_room(&journal), 0);
    CHECK_EQ(flash.power->operations, 0);
}

static void the_last_commit_is_found_on_every_flash(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    for (size_t i = 0; i < 2U * PAWL_ARRAY_LEN(units); i++) {
        given_flash(&flash, units[i / 2U], i % 2U != 0 ? 0xFF : 0x00);
        CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
        for (uint32_t value = 1; value < 60; value++) {
            CHECK_EQ(commit(&journal, value), PAWL_OK);
            CHECK_EQ(value_of(&journal), value);
            if (value % 3U != 0) {
                CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
            }
            CHECK_EQ(value_of(&journal), value);
        }
        CHECK_EQ(flash.breaches, 0);
    }
}

static void a_clean_boot_writes_nothing(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint32_t operations = 0;

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 23);
    operations = flash.power->operations;
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(flash.power->operations, operations);
}

/* --- A part whose erased cells must not be read ---------------------------
 */

static enum pawl_status (*plain_read)(void *ctx, uint32_t off, void *buf,
                                      size_t len);

static enum pawl_status read_written(void *ctx, uint32_t off, void *buf,
                                     size_t len)
{
    struct fake_flash *flash = ctx;
    uint32_t unit = flash->port.program_size;

    for (uint32_t at = off / unit * unit; at < off + len; at += unit) {
        if (!fake_flash_touched(flash, at, unit)) {
            return PAWL_ERR_CORRUPT;
        }
    }
    return plain_read(ctx, off, buf, len);
}

static enum pawl_status blank_check(void *ctx, uint32_t off, size_t len,
                                    bool *blank)
{
    *blank = !fake_flash_touched(ctx, off, (uint32_t)len);
    return PAWL_OK;
}

static void erased_cells_are_not_read_where_the_port_can_tell_them(void)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct fake_flash flash;
        struct pawl_journal journal;

        given_flash(&flash, units[i], 0xFF);
        plain_read = flash.port.read;
        flash.port.read = read_written;
        flash.port.is_blank = blank_check;
        CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
        CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_EMPTY);
        for (uint32_t value = 1; value <= 3 * FRAMES; value++) {
            CHECK_EQ(commit(&journal, value), PAWL_OK);
            CHECK_EQ(pawl_journal_commit(&journal, PAWL_NO_BYTES),
                     PAWL_PENDING); /* and a short one */
            CHECK_EQ(pawl_journal_finish(&journal, NULL, NULL), PAWL_OK);
            CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
            CHECK_EQ(pawl_journal_payload(&journal).len, 0);
            CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_VALID);
        }
        CHECK_EQ(flash.breaches, 0);
    }
}

static void payloads_of_every_length_are_kept(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint8_t payload[PAYLOAD];

    given_flash(&flash, 16, 0x00);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    for (size_t len = 0; len <= PAYLOAD; len++) {
        memset(payload, (int)(0xA0U + len), sizeof(payload));
        CHECK_EQ(
            pawl_journal_commit(&journal, (struct pawl_bytes){payload, len}),
            PAWL_PENDING);
        CHECK_EQ(pawl_journal_finish(&journal, NULL, NULL), PAWL_OK);
        CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
        CHECK_EQ(pawl_journal_payload(&journal).len, len);
        CHECK_MEM(pawl_journal_payload(&journal).data, payload, len);
    }
}

static void a_payload_that_is_too_long_is_refused(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint8_t payload[PAYLOAD + 1U] = {0};

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 1);
    CHECK_EQ(pawl_journal_commit(&journal, PAWL_BYTES(payload)),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(value_of(&journal), 1);
    CHECK_EQ(commit(&journal, 2), PAWL_OK);
}

static void flash_that_does_not_fit_is_refused_with_a_reason(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    for (int i = 0; i < 7; i++) {
        size_t payload = PAYLOAD;

        given_flash(&flash, 8, 0xFF);
        switch (i) {
        case 0:
            flash.port.overprogram = false;
            break;
        case 1:
            flash.port.program_size = 3;
            break;
        case 2:
            flash.port.erased_value = 0x55;
            break;
        case 3:
            flash.port.size -= flash.port.erase_size;
            break;
        case 4:
            payload = PAWL_JOURNAL_PAYLOAD_MAX + 1U;
            break;
        case 5:
            payload = PAYLOAD + 8U;
            break;
        default:
            flash.port.program_size = 2U * PAWL_PROGRAM_MAX;
            break;
        }
        CHECK_EQ(pawl_journal_open(&journal, &flash.port, payload,
                                   PAWL_JOURNAL_WRITE),
                 PAWL_ERR_UNSUPPORTED);
        CHECK(pawl_journal_reason(&journal) != NULL);
        CHECK_EQ(commit(&journal, 1), PAWL_ERR_STATE);
        CHECK_EQ(flash.power->operations, 0);
    }
}

static void a_reader_writes_nothing_and_may_not_commit(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint32_t operations = 0;

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 3);
    fake_flash_cut_power_at(&flash, 2); /* the record is there, unproved */
    CHECK_EQ(commit(&journal, 4), PAWL_ERR_IO);
    (void)fake_flash_power_on(&flash);
    operations = flash.power->operations;
    CHECK_EQ(pawl_journal_open(&journal, &flash.port, PAYLOAD,
                               PAWL_JOURNAL_READ_ONLY),
             PAWL_OK);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_VALID);
    CHECK_EQ(commit(&journal, 5), PAWL_ERR_STATE);
    CHECK_EQ(pawl_journal_step(&journal), PAWL_OK);
    CHECK_EQ(flash.power->operations, operations);
}

static void only_one_commit_is_under_way(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint8_t payload[PAYLOAD] = {0};

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 1);
    CHECK_EQ(pawl_journal_commit(&journal, PAWL_BYTES(payload)), PAWL_PENDING);
    CHECK(!pawl_journal_ready(&journal));
    CHECK_EQ(pawl_journal_commit(&journal, PAWL_BYTES(payload)),
             PAWL_ERR_STATE);
    CHECK_EQ(value_of(&journal), 1);
    CHECK_EQ(pawl_journal_finish(&journal, NULL, NULL), PAWL_OK);
    CHECK(pawl_journal_ready(&journal));
}

static void each_step_is_one_operation_of_the_flash(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint8_t payload[PAYLOAD] = {0};
    enum pawl_status status = PAWL_PENDING;

    given_flash(&flash, 8, 0xFF);
    flash.pending = 3;
    given_commits(&flash, &journal, 8); /* the next one compacts */
    status = pawl_journal_commit(&journal, PAWL_BYTES(payload));
    while (status == PAWL_PENDING) {
        uint32_t before = flash.power->operations;

        status = pawl_journal_step(&journal);
        CHECK(flash.power->operations - before <= 1U);
    }
    CHECK_EQ(status, PAWL_OK);
    CHECK_EQ(flash.breaches, 0);
}

static void room_falls_to_nothing_and_compaction_restores_it(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    given_flash(&flash, 8, 0xFF);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(commit(&journal, 1), PAWL_OK);
    CHECK_EQ(pawl_journal_room(&journal), FRAMES - 5U);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(pawl_journal_room(&journal), FRAMES - 6U); /* a tombstone */
    CHECK_EQ(commit(&journal, 2), PAWL_OK);
    CHECK_EQ(pawl_journal_room(&journal), FRAMES - 8U);
    CHECK_EQ(pawl_journal_compact(&journal), PAWL_PENDING);
    CHECK_EQ(pawl_journal_finish(&journal, NULL, NULL), PAWL_OK);
    CHECK_EQ(pawl_journal_room(&journal), FRAMES - 5U);
    CHECK_EQ(value_of(&journal), 2);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(value_of(&journal), 2);
}

static void inspection_names_every_frame(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    struct pawl_journal_frame_info info;
    uint8_t scratch[64];

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 2);
    const char *const expected[] = {"valid", "proof", "tombstone",
                                    "valid", "proof", "blank"};
    for (size_t i = 0; i < PAWL_ARRAY_LEN(expected); i++) {
        CHECK_EQ(pawl_journal_inspect(&flash.port, PAYLOAD, i, scratch,
                                      sizeof(scratch), &info),
                 PAWL_OK);
        CHECK(strcmp(info.verdict, expected[i]) == 0);
        CHECK_EQ(info.index, i);
    }
    CHECK_EQ(pawl_journal_inspect(&flash.port, PAYLOAD, 3, scratch,
                                  sizeof(scratch), &info),
             PAWL_OK);
    CHECK_EQ(info.sequence, 2);
    CHECK_EQ(info.epoch, 1);
    CHECK_EQ(pawl_get_u32(info.payload.data), 2);
    CHECK_EQ(pawl_journal_inspect(&flash.port, PAYLOAD, 2U * FRAMES, scratch,
                                  sizeof(scratch), &info),
             PAWL_ERR_NOT_FOUND);
    CHECK_EQ(pawl_journal_inspect(&flash.port, PAYLOAD, 0, scratch, 8, &info),
             PAWL_ERR_TOO_SMALL);
}

/* --- The frame --------------------------------------------------------------
 */

/*
 * Format 1, byte by byte: doc/SPEC.md, "Journal". It must never change. The
 * CRC is that of zlib.
 */
static void the_frame_is_as_the_specification_says(void)
{
    static const uint8_t expected[] = {
        0x01, 0x35, 0x00, 0x0C, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
        0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2A,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF,
        0xFF, 0xFF, 0xB4, 0x80, 0x9E, 0xA3, 0x53, 0x45, 0x41, 0x4C};
    struct fake_flash flash;
    struct pawl_journal journal;
    uint8_t frame[sizeof(expected)];

    given_flash(&flash, 8, 0xFF);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(commit(&journal, 42), PAWL_OK);
    CHECK_EQ(flash.port.read(&flash, 0, frame, sizeof(frame)), PAWL_OK);
    CHECK_MEM(frame, expected, sizeof(frame));
}

/* A frame that is right but for its epoch, sequence or place, proved. */
static void given_frame(struct fake_flash *flash, uint32_t epoch,
                        uint32_t sequence, uint32_t index)
{
    struct pawl_frame_header header = {PAWL_FRAME_PROOF, epoch, sequence};
    struct pawl_journal_geometry geometry;
    const char *reason = NULL;
    uint8_t payload[PAYLOAD] = {0};
    uint8_t frame[64];

    CHECK_EQ(pawl_frame_fit(&flash->port, PAYLOAD, &geometry, &reason),
             PAWL_OK);
    payload[3] = 7;
    pawl_frame_write(&geometry, 0xFF, 0, index, &header, PAWL_BYTES(payload),
                     frame);
    fake_flash_load(flash, 0, frame, geometry.frame_size);
}

static void epochs_and_sequences_have_a_limit(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    given_flash(&flash, 8, 0xFF);
    given_frame(&flash, 0x7FFFFFFFU, 5, 0);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(value_of(&journal), 7);
    CHECK_EQ(commit(&journal, 8), PAWL_ERR_FULL);

    given_frame(&flash, 0x80000000U, 5, 0);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_LOST);

    given_frame(&flash, 5, 0x80000000U, 0);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_LOST);
}

static void a_frame_of_another_place_is_invalid(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    given_flash(&flash, 8, 0xFF);
    given_frame(&flash, 5, 5, FRAMES);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_LOST);
}

/* --- Faults ------------------------------------------------------------------
 */

struct fault {
    uint32_t at, tear;
    bool metastable;
};

/*
 * Cuts power in a commit of value + 1 (or, when that is complete, in nothing)
 * and checks the state after the boot. True while there is more to cut.
 */
static bool commit_is_atomic(struct fake_flash *flash,
                             const struct fault *fault, uint32_t value)
{
    struct pawl_journal journal;
    enum pawl_status status = PAWL_ERR_FAULT;
    bool cut = false;
    uint32_t after = 0;

    CHECK_EQ(reboot(&journal, flash), PAWL_OK);
    CHECK_EQ(value_of(&journal), value);
    fake_flash_cut_power_at(flash, fault->at);
    fake_flash_set_tear(flash, fault->tear, fault->metastable);
    status = commit(&journal, value + 1U);
    cut = flash->power->dead;

    CHECK_EQ(reboot(&journal, flash), PAWL_OK);
    after = value_of(&journal);
    CHECK(after == value + 1U || (status != PAWL_OK && after == value));
    for (int i = 0; i < 4; i++) { /* each mood of the cells */
        CHECK_EQ(reboot(&journal, flash), PAWL_OK);
        CHECK_EQ(value_of(&journal), after);
    }
    CHECK_EQ(commit(&journal, 99), PAWL_OK);
    CHECK_EQ(reboot(&journal, flash), PAWL_OK);
    CHECK_EQ(value_of(&journal), 99);
    CHECK_EQ(flash->breaches, 0);
    return cut;
}

static void every_cut_of_a_commit(struct fake_flash *seed, uint32_t value,
                                  bool metastable)
{
    struct fault fault = {.metastable = metastable};
    struct fake_flash flash;
    bool more = true;

    for (fault.at = 0; more; fault.at++) {
        uint32_t tears = 1;

        for (fault.tear = 0; fault.tear < tears; fault.tear++) {
            fake_flash_copy(&flash, memory_cut, seed);
            more = commit_is_atomic(&flash, &fault, value);
            tears = fake_flash_tears(&flash);
        }
    }
}

static void a_commit_is_atomic_at_every_cut_on_every_flash(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    for (size_t i = 0; i < 4U * PAWL_ARRAY_LEN(units); i++) {
        given_flash(&flash, units[i / 4U], i % 2U != 0 ? 0xFF : 0x00);
        for (uint32_t value = 1; value <= 8; value++) {
            CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
            CHECK_EQ(commit(&journal, value), PAWL_OK);
            if (value == 1 || value % 4U == 0) { /* with room; compacting */
                every_cut_of_a_commit(&flash, value, i % 4U >= 2U);
            }
        }
    }
}

/* Recovery is cut too, at every operation and tear, and then once more. */
static void settle_survives_cut(struct fake_flash *seed, unsigned depth,
                                uint32_t value)
{
    static uint8_t nested[3][FAKE_FLASH_MEMORY(2U * FRAMES * 40U)];
    struct fake_flash flash;
    struct pawl_journal journal;
    struct fault fault = {0, 0, true};
    bool more = true;

    for (fault.at = 0; more; fault.at++) {
        uint32_t tears = 1;

        for (fault.tear = 0; fault.tear < tears; fault.tear++) {
            fake_flash_copy(&flash, nested[depth], seed);
            fake_flash_cut_power_at(&flash, fault.at);
            fake_flash_set_tear(&flash, fault.tear, fault.metastable);
            if (pawl_journal_open(&journal, &flash.port, PAYLOAD,
                                  PAWL_JOURNAL_WRITE) == PAWL_PENDING &&
                pawl_journal_finish(&journal, NULL, NULL) == PAWL_OK) {
                CHECK(value_of(&journal) == value ||
                      value_of(&journal) == value + 1U);
            }
            more = fake_flash_power_on(&flash);
            tears = fake_flash_tears(&flash);
            if (more && depth > 0) {
                settle_survives_cut(&flash, depth - 1U, value);
            }
            CHECK_EQ(flash.breaches, 0);
        }
    }
    CHECK(value_of(&journal) == value || value_of(&journal) == value + 1U);
}

static void settling_survives_nested_cuts(void)
{
    struct fake_flash flash;
    struct fake_flash torn;
    struct pawl_journal journal;

    for (uint32_t value = 1; value <= 4; value += 3) {
        given_flash(&flash, 8, 0xFF);
        given_commits(&flash, &journal, value);
        for (uint32_t at = 1; at < 5; at++) {
            fake_flash_copy(&torn, memory_cut, &flash);
            CHECK_EQ(reboot(&journal, &torn), PAWL_OK);
            fake_flash_cut_power_at(&torn, at);
            fake_flash_set_tear(&torn, 1, true);
            CHECK_EQ(commit(&journal, value + 1U), PAWL_ERR_IO);
            (void)fake_flash_power_on(&torn);
            settle_survives_cut(&torn, 1, value);
        }
    }
}

static void one_flipped_bit_loses_nothing(void)
{
    struct fake_flash flash;
    struct fake_flash rotten;
    struct pawl_journal journal;

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 9);
    for (uint32_t bit = 0; bit < flash.port.size * 8U; bit++) {
        fake_flash_copy(&rotten, memory_cut, &flash);
        fake_flash_flip(&rotten, bit / 8U, bit % 8U);
        CHECK_EQ(reboot(&journal, &rotten), PAWL_OK);
        CHECK_EQ(value_of(&journal), 9);
        CHECK_EQ(commit(&journal, 10), PAWL_OK);
        CHECK_EQ(reboot(&journal, &rotten), PAWL_OK);
        CHECK_EQ(value_of(&journal), 10);
    }
}

static void two_flipped_bits_are_never_the_end(void)
{
    struct fake_flash flash;
    struct fake_flash rotten;
    struct pawl_journal journal;
    uint32_t bits = 0;

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 9);
    bits = flash.port.size * 8U;
    for (uint32_t i = 0; i < bits; i += 3) {
        uint32_t other = (uint32_t)((i * 7919ULL + 13U) % bits);

        fake_flash_copy(&rotten, memory_cut, &flash);
        fake_flash_flip(&rotten, i / 8U, i % 8U);
        fake_flash_flip(&rotten, other / 8U, other % 8U);
        CHECK_EQ(reboot(&journal, &rotten), PAWL_OK);
        CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_VALID);
        CHECK_EQ(commit(&journal, 10), PAWL_OK);
        CHECK_EQ(reboot(&journal, &rotten), PAWL_OK);
        CHECK_EQ(value_of(&journal), 10);
    }
}

static void a_lost_journal_is_said_to_be_and_can_be_written_again(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;
    uint8_t noise[512];

    given_flash(&flash, 8, 0xFF);
    for (uint32_t i = 0; i < flash.port.size / sizeof(noise); i++) {
        for (size_t k = 0; k < sizeof(noise); k++) {
            noise[k] = (uint8_t)(k * 31U + i * 17U + 1U);
        }
        fake_flash_load(&flash, i * (uint32_t)sizeof(noise), noise,
                        sizeof(noise));
    }
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_LOST);
    CHECK_EQ(commit(&journal, 3), PAWL_OK);
    for (uint32_t value = 4; value < 30; value++) {
        CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
        CHECK_EQ(pawl_journal_found(&journal), PAWL_JOURNAL_VALID);
        CHECK_EQ(value_of(&journal), value - 1U);
        CHECK_EQ(commit(&journal, value), PAWL_OK);
    }
}

static void flash_that_fails_or_lies_is_an_error_and_loses_nothing(void)
{
    static const enum fake_misdeed misdeeds[] = {
        FAKE_REFUSE_PROGRAM, FAKE_REFUSE_ERASE, FAKE_REFUSE_ALL,
        FAKE_LIE_PROGRAM, FAKE_LIE_ERASE};
    struct fake_flash flash;
    struct pawl_journal journal;

    for (size_t i = 0; i < PAWL_ARRAY_LEN(misdeeds); i++) {
        for (uint32_t at = 0; at < 20; at++) {
            enum pawl_status status = PAWL_ERR_FAULT;

            given_flash(&flash, 8, 0xFF);
            given_commits(&flash, &journal, 4); /* the fifth compacts */
            fake_flash_misbehave(&flash, misdeeds[i], at);
            status = commit(&journal, 5);
            CHECK(status == PAWL_OK || status == PAWL_ERR_IO);
            if (status != PAWL_OK) {
                CHECK_EQ(commit(&journal, 7), PAWL_ERR_STATE);
                CHECK_EQ(pawl_journal_step(&journal), PAWL_ERR_IO);
            }
            fake_flash_misbehave(&flash, FAKE_HONEST, 0);
            CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
            CHECK(value_of(&journal) == 5 ||
                  (value_of(&journal) == 4 && status != PAWL_OK));
        }
    }
}

static void flash_that_cannot_be_read_at_all_is_an_error(void)
{
    struct fake_flash flash;
    struct pawl_journal journal;

    given_flash(&flash, 8, 0xFF);
    given_commits(&flash, &journal, 2);
    fake_flash_misbehave(&flash, FAKE_REFUSE_READ, 0);
    CHECK_EQ(reboot(&journal, &flash), PAWL_ERR_IO);
    CHECK_EQ(commit(&journal, 3), PAWL_ERR_STATE);
    fake_flash_misbehave(&flash, FAKE_HONEST, 0);
    CHECK_EQ(reboot(&journal, &flash), PAWL_OK);
    CHECK_EQ(value_of(&journal), 2);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_blank_region_is_empty_and_stays_untouched),
    CHECK_TEST(the_last_commit_is_found_on_every_flash),
    CHECK_TEST(a_clean_boot_writes_nothing),
    CHECK_TEST(erased_cells_are_not_read_where_the_port_can_tell_them),
    CHECK_TEST(payloads_of_every_length_are_kept),
    CHECK_TEST(a_payload_that_is_too_long_is_refused),
    CHECK_TEST(flash_that_does_not_fit_is_refused_with_a_reason),
    CHECK_TEST(a_reader_writes_nothing_and_may_not_commit),
    CHECK_TEST(only_one_commit_is_under_way),
    CHECK_TEST(each_step_is_one_operation_of_the_flash),
    CHECK_TEST(room_falls_to_nothing_and_compaction_restores_it),
    CHECK_TEST(inspection_names_every_frame),
    CHECK_TEST(the_frame_is_as_the_specification_says),
    CHECK_TEST(epochs_and_sequences_have_a_limit),
    CHECK_TEST(a_frame_of_another_place_is_invalid),
    CHECK_TEST(a_commit_is_atomic_at_every_cut_on_every_flash),
    CHECK_TEST(settling_survives_nested_cuts),
    CHECK_TEST(one_flipped_bit_loses_nothing),
    CHECK_TEST(two_flipped_bits_are_never_the_end),
    CHECK_TEST(a_lost_journal_is_said_to_be_and_can_be_written_again),
    CHECK_TEST(flash_that_fails_or_lies_is_an_error_and_loses_nothing),
    CHECK_TEST(flash_that_cannot_be_read_at_all_is_an_error),
};
CHECK_MAIN(tests)
