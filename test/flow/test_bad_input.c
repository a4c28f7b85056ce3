/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bad input to an update, a row each: what is given, the error that names it,
 * the state after it with reason and phase, and whether trying again may help.
 * For each of them
 *
 *   slot A, which runs, is neither erased nor programmed
 *   the boot loader enters it again, while what was bad still is
 *   what was bad is mended, and a good update goes through to its end
 */

#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"
#include <pawl/boot.h>

#include <stdio.h>
#include <string.h>

#define SIZE 6001u
#define TAKEN 100u
#define GOOD 7 /* sequence of the good update */

enum place {
    PLACE_IMAGE, /* of slot B */
    PLACE_AREA,
    PLACE_JOURNAL
};

struct row {
    const char *given;
    enum pawl_status (*when)(const struct row *row);
    enum pawl_status status;
    enum pawl_update_state state;
    enum pawl_update_reason reason;
    enum pawl_update_phase phase;
    bool retry;
    /* For some of when(): */
    struct fake_release_plan plan;
    uint32_t offset, length; /* of a block */
    enum place place;
    enum fake_misdeed misdeed;
    uint32_t at; /* operations until it begins */
};

static struct fake_device device;
static struct fake_release v1, good, bad;
static struct pawl_boot boot;
static struct pawl_boot_choice choice;
static enum pawl_status counter_status; /* of a read */

static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    const struct fake_device *d = ctx;
    *value = d->counter_value;
    return counter_status;
}

static enum pawl_status start_boot(void)
{
    const struct pawl_boot_config config =
        fake_device_boot_config(&device, PAWL_RESET_SOFTWARE);
    enum pawl_status status = pawl_boot_select(&boot, &config, &choice);
    device.config.running_known = true;
    device.config.running = choice.set;
    return status;
}

static enum pawl_status reset(void)
{
    enum pawl_status status = start_boot();
    return status == PAWL_OK ? fake_device_start_engine(&device) : status;
}

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

/* v1 is in slot A, and slot B holds rubbish. */
static void given_device(void)
{
    static uint8_t old[FAKE_SLOT_SIZE];
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_release_make(&v1, &(struct fake_release_plan){.sequence = 1,
                                                       .seed = 1,
                                                       .size = 3000,
                                                       .counted = true,
                                                       .counter = 3});
    fake_release_make(&good, &(struct fake_release_plan){.sequence = GOOD,
                                                         .seed = 2,
                                                         .size = SIZE,
                                                         .counted = true,
                                                         .counter = 4});
    fake_device_open(&device);
    counter_status = PAWL_OK;
    device.counter_value = 3;
    device.counter.read = counter_read;
    fake_device_provision(&device, 0, &v1);
    memset(old, 0x42, sizeof(old));
    fake_flash_load(&device.image[1], 0, old, sizeof(old));
    fake_flash_load(&device.area[1], 0, old, FAKE_AREA_SIZE);
    CHECK_EQ(reset(), PAWL_OK);
}

static struct fake_flash *flash_of(enum place place)
{
    struct fake_flash *flashes[] = {&device.image[1], &device.area[1],
                                    &device.journal};
    return flashes[place];
}

/* --- What happens --------------------------------------------------------- */

static enum pawl_status starts(struct pawl_bytes envelope)
{
    uint32_t operations = fake_device_operations(&device);
    enum pawl_status status =
        settled(pawl_update_start(&device.update, envelope));
    CHECK_EQ(fake_device_operations(&device), operations);
    return status;
}

static enum pawl_status a_release_is_started(const struct row *row)
{
    fake_release_make(&bad, &row->plan);
    return starts(fake_release_envelope(&bad));
}

static enum pawl_status an_envelope_of_so_many_bytes(const struct row *row)
{
    static const uint8_t zeros[PAWL_ENVELOPE_MAX + 1];
    return starts((struct pawl_bytes){zeros, row->length});
}

static enum pawl_status what_runs_is_started(const struct row *row)
{
    (void)row;
    return starts(fake_release_envelope(&v1));
}

static enum pawl_status the_port_names_one_flash_twice(const struct row *row)
{
    device.slots[1].image = device.slots[0].image;
    (void)row;
    return starts(fake_release_envelope(&good));
}

static enum pawl_status the_port_names_one_area_twice(const struct row *row)
{
    device.slots[1].manifest = device.slots[0].manifest;
    (void)row;
    return starts(fake_release_envelope(&good));
}

static enum pawl_status the_port_has_two_tables_of_it(const struct row *row)
{
    static struct pawl_flash copy;
    copy = device.image[0].port;
    device.slots[1].image = &copy;
    (void)row;
    return starts(fake_release_envelope(&good));
}

static enum pawl_status the_port_swaps_image_and_area(const struct row *row)
{
    device.slots[1].manifest = device.slots[0].image;
    (void)row;
    return starts(fake_release_envelope(&good));
}

static enum pawl_status the_port_has_no_second_slot(const struct row *row)
{
    device.port.slot_count = 1;
    (void)row;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    return starts(fake_release_envelope(&good));
}

static enum pawl_status the_counter_cannot_be_read(const struct row *row)
{
    (void)row;
    counter_status = PAWL_ERR_IO;
    return starts(fake_release_envelope(&good));
}

static enum pawl_status the_counter_cannot_be_read_then(const struct row *row)
{
    (void)row;
    CHECK_EQ(fake_device_download(&device, &good, UINT32_MAX), PAWL_OK);
    counter_status = PAWL_ERR_IO;
    return settled(pawl_update_install(&device.update));
}

static enum pawl_status the_counter_rises_before_it(const struct row *row)
{
    (void)row;
    CHECK_EQ(fake_device_download(&device, &good, UINT32_MAX), PAWL_OK);
    device.counter_value = 5;
    enum pawl_status status = settled(pawl_update_install(&device.update));
    device.counter_value = 3; /* or nothing could run, or follow */
    return status;
}

static enum pawl_status write_block(const struct row *row)
{
    uint8_t bytes[SIZE + 1u];
    fake_release_bytes(&good, row->offset, bytes, row->length);
    return pawl_update_write(&device.update, row->offset,
                             (struct pawl_bytes){bytes, row->length});
}

/* Some bytes were taken in; none of the block are. */
static enum pawl_status a_block_comes(const struct row *row)
{
    CHECK_EQ(fake_device_download(&device, &good, 0), PAWL_PENDING);
    CHECK_EQ(write_block(&(struct row){.length = TAKEN}), PAWL_OK);
    enum pawl_status status = write_block(row);
    CHECK_EQ(pawl_update_next_offset(&device.update), TAKEN);
    return status;
}

static enum pawl_status a_block_comes_too_early(const struct row *row)
{
    CHECK_EQ(pawl_update_finish(&device.update), PAWL_ERR_STATE);
    CHECK_EQ(pawl_update_install(&device.update), PAWL_ERR_STATE);
    return write_block(row);
}

static enum pawl_status a_block_comes_after_finish(const struct row *row)
{
    CHECK_EQ(fake_device_download(&device, &good, UINT32_MAX), PAWL_OK);
    enum pawl_status status = write_block(row);
    CHECK_EQ(pawl_update_finish(&device.update), PAWL_OK);
    return status;
}

static enum pawl_status finish_comes_too_early(const struct row *row)
{
    (void)row;
    CHECK_EQ(fake_device_download(&device, &good, 3000), PAWL_PENDING);
    return pawl_update_finish(&device.update);
}

static enum pawl_status other_bytes_come(const struct row *row)
{
    fake_release_make(&bad, &row->plan);
    enum pawl_status status = fake_device_download(&device, &bad, UINT32_MAX);
    CHECK_EQ(fake_device_info(&device).manifest.reason,
             PAWL_SUIT_CONDITION_FAILED);
    CHECK_EQ(device.area[1].erases[0], 0); /* nor is its manifest stored */
    return status;
}

/* Of the journal: until it is opened again nothing goes on, and where it said
 * nothing of WRITING no slot was erased. */
static enum pawl_status and_nothing_goes_on(const struct row *row,
                                            enum pawl_status status)
{
    struct pawl_update_want want;
    const struct pawl_bytes envelope = fake_release_envelope(&good);
    CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_ERR_IO);
    CHECK_EQ(pawl_update_start(&device.update, envelope), PAWL_ERR_IO);
    CHECK_EQ(pawl_update_wanted(&device.update, &want), PAWL_ERR_IO);
    CHECK_EQ(pawl_update_write(&device.update, 0, envelope), PAWL_ERR_IO);
    CHECK_EQ(pawl_update_finish(&device.update), PAWL_ERR_IO);
    CHECK_EQ(pawl_update_install(&device.update), PAWL_ERR_IO);
    CHECK_EQ(pawl_update_cancel(&device.update), PAWL_ERR_IO);
    if (row->state == PAWL_UPDATE_READY) {
        CHECK_EQ(device.image[1].erases[0] + device.area[1].erases[0], 0);
    }
    return status;
}

static enum pawl_status flash_misbehaves(const struct row *row)
{
    fake_flash_misbehave(flash_of(row->place), row->misdeed, row->at);
    enum pawl_status status = fake_device_download(&device, &good, UINT32_MAX);
    return row->place == PLACE_JOURNAL ? and_nothing_goes_on(row, status)
                                       : status;
}

/* All was written well, and then the image cannot be read to be hashed. */
static enum pawl_status flash_cannot_be_hashed(const struct row *row)
{
    CHECK_EQ(fake_device_download(&device, &good, 0), PAWL_PENDING);
    while (device.image[1].bytes_programmed < SIZE) {
        struct row next = {.offset = pawl_update_next_offset(&device.update)};
        next.length = SIZE - next.offset < 500 ? SIZE - next.offset : 500;
        CHECK(next.length == 0 || write_block(&next) >= 0);
        CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_PENDING);
    }
    fake_flash_misbehave(&device.image[1], row->misdeed, 0);
    CHECK_EQ(pawl_update_finish(&device.update), PAWL_PENDING);
    return fake_device_settle(&device);
}

/* It says "begun", and has no way to be asked how it went. */
static enum pawl_status flash_cannot_be_polled(const struct row *row)
{
    flash_of(row->place)->pending = 1;
    flash_of(row->place)->port.poll = NULL;
    return fake_device_download(&device, &good, UINT32_MAX);
}

static enum pawl_status the_journal_fails_at_install(const struct row *row)
{
    CHECK_EQ(fake_device_download(&device, &good, UINT32_MAX), PAWL_OK);
    fake_flash_misbehave(&device.journal, row->misdeed, row->at);
    return and_nothing_goes_on(row,
                               settled(pawl_update_install(&device.update)));
}

/* The journal's bank is full, and the other one is not erased. */
static enum pawl_status the_journal_cannot_be_compacted(const struct row *row)
{
    enum pawl_status status = PAWL_OK;
    fake_flash_misbehave(&device.journal, row->misdeed, row->at);
    for (unsigned i = 0; i < 40 && status == PAWL_OK; i++) {
        status = fake_device_download(&device, &good, 0);
        status = status == PAWL_PENDING
                     ? settled(pawl_update_cancel(&device.update))
                     : status;
        status = status == PAWL_OK ? settled(pawl_update_clean(&device.update))
                                   : status;
    }
    return status;
}

static enum pawl_status the_journal_is_lost(const struct row *row)
{
    static uint8_t rubbish[FAKE_JOURNAL_SIZE];
    memset(rubbish, 0x5A, sizeof(rubbish));
    fake_flash_load(&device.journal, 0, rubbish, sizeof(rubbish));
    device.config.running_known = false; /* or it could go on: see below */
    return and_nothing_goes_on(row, fake_device_start_engine(&device));
}

static enum pawl_status the_journal_cannot_be_read(const struct row *row)
{
    fake_flash_misbehave(&device.journal, row->misdeed, row->at);
    return and_nothing_goes_on(row, fake_device_start_engine(&device));
}

/* --- The table ------------------------------------------------------------ */

#define REFUSED(why)                                                           \
    PAWL_UPDATE_READY, PAWL_UPDATE_REASON_##why, PAWL_UPDATE_PHASE_START
#define GIVEN_UP(why, where)                                                   \
    PAWL_UPDATE_FAILED, PAWL_UPDATE_REASON_##why, PAWL_UPDATE_PHASE_##where
/* Nothing has become of it. */
#define STAYS(state)                                                           \
    PAWL_UPDATE_##state, PAWL_UPDATE_REASON_NONE, PAWL_UPDATE_PHASE_NONE
/* The journal cannot say that it failed. */
#define STUCK(state, where)                                                    \
    PAWL_UPDATE_##state, PAWL_UPDATE_REASON_FLASH, PAWL_UPDATE_PHASE_##where

static const struct row refused_at_the_start[] = {
    {"an image larger than the slot", a_release_is_started, PAWL_ERR_LIMIT,
     REFUSED(TOO_LARGE), .retry = false,
     .plan = {2, .size = FAKE_SLOT_SIZE + 1}},
    {"an image of no bytes", a_release_is_started, PAWL_ERR_LIMIT,
     REFUSED(EMPTY), .retry = false, .plan = {2, .size = 0}},
    {"a security counter beyond the hardware's", a_release_is_started,
     PAWL_ERR_LIMIT, REFUSED(COUNTER_EXHAUSTED), .retry = false,
     .plan = {2, .size = 100, .counted = true, .counter = 101}},
    {"a security counter below the device's", a_release_is_started,
     PAWL_ERR_ROLLBACK, REFUSED(COUNTER_LOW), .retry = false,
     .plan = {2, .size = 100, .counted = true, .counter = 2}},
    {"a counter that cannot be read", the_counter_cannot_be_read, PAWL_ERR_IO,
     REFUSED(FLASH), .retry = true},
    {"a manifest for the slot that runs", a_release_is_started,
     PAWL_ERR_CONDITION, REFUSED(CONDITION), .retry = false,
     .plan = {2, .size = 100, .for_slot = true, .slot = 0}},
    {"the flash that runs, as both slots", the_port_names_one_flash_twice,
     PAWL_ERR_FAULT, REFUSED(NO_SLOT), .retry = false},
    {"its area, as both slots", the_port_names_one_area_twice, PAWL_ERR_FAULT,
     REFUSED(NO_SLOT), .retry = false},
    {"another table of the flash that runs", the_port_has_two_tables_of_it,
     PAWL_ERR_FAULT, REFUSED(NO_SLOT), .retry = false},
    {"the flash that runs, as an area", the_port_swaps_image_and_area,
     PAWL_ERR_FAULT, REFUSED(NO_SLOT), .retry = false},
    {"a component of one slot", the_port_has_no_second_slot,
     PAWL_ERR_UNSUPPORTED, REFUSED(NO_SLOT), .retry = false},
    {"a stranger's signature", a_release_is_started, PAWL_ERR_SIGNATURE,
     REFUSED(SIGNATURE), .retry = false,
     .plan = {2, .size = 100, .by = FAKE_SIGNER_STRANGER}},
    {"a manifest of another class", a_release_is_started, PAWL_ERR_NOT_FOR_US,
     REFUSED(NOT_FOR_US), .retry = false,
     .plan = {2, .size = 100, .other_class = true}},
    {"an older sequence number", a_release_is_started, PAWL_ERR_ROLLBACK,
     REFUSED(SEQUENCE), .retry = false, .plan = {0, .size = 100}},
    {"the same number of another manifest", a_release_is_started,
     PAWL_ERR_ROLLBACK, REFUSED(SEQUENCE), .retry = false,
     .plan = {1, .size = 100}},
    {"the last of all sequence numbers", a_release_is_started, PAWL_ERR_POLICY,
     REFUSED(POLICY), .retry = false, .plan = {UINT64_MAX, .size = 100}},
    {"an image without a digest", a_release_is_started, PAWL_ERR_CONDITION,
     REFUSED(INCOMPLETE), .retry = false,
     .plan = {2, .size = 100, .unchecked = true}},
    {"what runs already", what_runs_is_started, PAWL_ERR_STATE,
     REFUSED(INSTALLED), .retry = false},
    {"an envelope of no bytes", an_envelope_of_so_many_bytes,
     PAWL_ERR_MALFORMED, REFUSED(MANIFEST), .retry = false},
    {"an envelope that is too long", an_envelope_of_so_many_bytes,
     PAWL_ERR_LIMIT, REFUSED(TOO_LARGE), .retry = false,
     .length = PAWL_ENVELOPE_MAX + 1},
};

static const struct row blocks[] = {
    {"a block behind a gap", a_block_comes, PAWL_ERR_ARGUMENT, STAYS(WRITING),
     .retry = false, .offset = TAKEN + 1, .length = 10},
    {"a block twice", a_block_comes, PAWL_ERR_ARGUMENT, STAYS(WRITING),
     .retry = false, .length = TAKEN},
    {"a block that was taken in part", a_block_comes, PAWL_ERR_ARGUMENT,
     STAYS(WRITING), .retry = false, .offset = TAKEN - 1, .length = 700},
    {"a block out of order", a_block_comes, PAWL_ERR_ARGUMENT, STAYS(WRITING),
     .retry = false, .offset = 800, .length = 700},
    {"a block in the next sector", a_block_comes, PAWL_ERR_ARGUMENT,
     STAYS(WRITING), .retry = false, .offset = FAKE_SECTOR, .length = 100},
    {"a block at the end of numbers", a_block_comes, PAWL_ERR_ARGUMENT,
     STAYS(WRITING), .retry = false, .offset = UINT32_MAX, .length = 100},
    {"a block of no bytes", a_block_comes, PAWL_ERR_ARGUMENT, STAYS(WRITING),
     .retry = false, .offset = TAKEN},
    {"a block beyond the image", a_block_comes, PAWL_ERR_LIMIT, STAYS(WRITING),
     .retry = false, .offset = TAKEN, .length = SIZE + 1u - TAKEN},
    {"a block without an update", a_block_comes_too_early, PAWL_ERR_STATE,
     STAYS(READY), .retry = false, .length = 10},
    {"finish before the last byte", finish_comes_too_early, PAWL_ERR_STATE,
     STAYS(WRITING), .retry = false},
    {"the first block after finish", a_block_comes_after_finish, PAWL_ERR_STATE,
     STAYS(CANDIDATE), .retry = false, .length = 10},
    {"one more block after finish", a_block_comes_after_finish, PAWL_ERR_STATE,
     STAYS(CANDIDATE), .retry = false, .offset = SIZE, .length = 10},
    {"other bytes than were signed", other_bytes_come, PAWL_ERR_DIGEST,
     GIVEN_UP(DIGEST, WRITE), .retry = true,
     .plan = {2, .seed = 2, .size = SIZE, .wrong_digest = true}},
};

/* What at counts: four programs of the journal, then the image's 2 erases and
 * 12 programs, then one of each for the area. */
static const struct row flash[] = {
    {"a slot that does not erase", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_ERASE},
    {"a slot that does not program", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_PROGRAM},
    {"a slot that programs no more", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_PROGRAM,
     .at = 12},
    {"a slot that is read-only", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_ALL},
    {"a slot that becomes read-only", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_ALL,
     .at = 14},
    {"a slot that cannot be read", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_READ},
    {"a slot that cannot be hashed", flash_cannot_be_hashed, PAWL_ERR_IO,
     GIVEN_UP(FLASH, WRITE), .retry = true, .misdeed = FAKE_REFUSE_READ},
    {"a slot that lies when it programs", flash_misbehaves, PAWL_ERR_CORRUPT,
     GIVEN_UP(READ_BACK, WRITE), .retry = true, .misdeed = FAKE_LIE_PROGRAM},
    {"a slot that begins to lie", flash_misbehaves, PAWL_ERR_CORRUPT,
     GIVEN_UP(READ_BACK, WRITE), .retry = true, .misdeed = FAKE_LIE_PROGRAM,
     .at = 14},
    {"a slot that lies when it erases", flash_misbehaves, PAWL_ERR_CORRUPT,
     GIVEN_UP(READ_BACK, WRITE), .retry = true, .misdeed = FAKE_LIE_ERASE},
    {"a slot that cannot be asked", flash_cannot_be_polled,
     PAWL_ERR_UNSUPPORTED, GIVEN_UP(FLASH, WRITE), .retry = true},
    {"an area that does not erase", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, FINISH), .retry = true, .place = PLACE_AREA,
     .misdeed = FAKE_REFUSE_ERASE},
    {"an area that does not program", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, FINISH), .retry = true, .place = PLACE_AREA,
     .misdeed = FAKE_REFUSE_PROGRAM},
    {"an area that is read-only", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, FINISH), .retry = true, .place = PLACE_AREA,
     .misdeed = FAKE_REFUSE_ALL},
    {"an area that cannot be read", flash_misbehaves, PAWL_ERR_IO,
     GIVEN_UP(FLASH, FINISH), .retry = true, .place = PLACE_AREA,
     .misdeed = FAKE_REFUSE_READ},
    {"an area that lies when it programs", flash_misbehaves, PAWL_ERR_CORRUPT,
     GIVEN_UP(READ_BACK, FINISH), .retry = true, .place = PLACE_AREA,
     .misdeed = FAKE_LIE_PROGRAM},
    {"an area that lies when it erases", flash_misbehaves, PAWL_ERR_CORRUPT,
     GIVEN_UP(READ_BACK, FINISH), .retry = true, .place = PLACE_AREA,
     .misdeed = FAKE_LIE_ERASE},
    {"an area that cannot be asked", flash_cannot_be_polled,
     PAWL_ERR_UNSUPPORTED, GIVEN_UP(FLASH, FINISH), .retry = true,
     .place = PLACE_AREA},
    {"a counter that rose before the install", the_counter_rises_before_it,
     PAWL_ERR_ROLLBACK, GIVEN_UP(COUNTER_LOW, INSTALL), .retry = false},
    {"a counter that cannot be read any more", the_counter_cannot_be_read_then,
     PAWL_ERR_IO, GIVEN_UP(FLASH, INSTALL), .retry = true},
};

static const struct row journal[] = {
    {"a journal that does not program", flash_misbehaves, PAWL_ERR_IO,
     STUCK(READY, START), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_REFUSE_PROGRAM},
    {"a journal that is read-only", flash_misbehaves, PAWL_ERR_IO,
     STUCK(READY, START), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_REFUSE_ALL},
    {"a journal that lies when it programs", flash_misbehaves, PAWL_ERR_IO,
     STUCK(READY, START), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_LIE_PROGRAM},
    {"a journal that cannot be asked", flash_cannot_be_polled, PAWL_ERR_IO,
     STUCK(READY, START), .retry = true, .place = PLACE_JOURNAL},
    {"a journal that dies within its record", flash_misbehaves, PAWL_ERR_IO,
     STUCK(READY, START), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_REFUSE_ALL, .at = 1},
    {"a journal that dies within its proof", flash_misbehaves, PAWL_ERR_IO,
     STUCK(READY, START), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_REFUSE_ALL, .at = 3},
    {"a journal that becomes read-only", flash_misbehaves, PAWL_ERR_IO,
     STUCK(WRITING, FINISH), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_REFUSE_ALL, .at = 12},
    {"a journal that begins to lie", flash_misbehaves, PAWL_ERR_IO,
     STUCK(WRITING, FINISH), .retry = true, .place = PLACE_JOURNAL,
     .misdeed = FAKE_LIE_PROGRAM, .at = 12},
    {"a journal read-only at the install", the_journal_fails_at_install,
     PAWL_ERR_IO, STUCK(CANDIDATE, INSTALL), .retry = true,
     .misdeed = FAKE_REFUSE_ALL},
    {"a journal that lies at the install", the_journal_fails_at_install,
     PAWL_ERR_IO, STUCK(CANDIDATE, INSTALL), .retry = true,
     .misdeed = FAKE_LIE_PROGRAM},
    {"a full journal that does not erase", the_journal_cannot_be_compacted,
     PAWL_ERR_IO, STUCK(READY, START), .retry = true,
     .misdeed = FAKE_REFUSE_ERASE},
    {"a full journal that lies when it erases", the_journal_cannot_be_compacted,
     PAWL_ERR_IO, STUCK(READY, START), .retry = true,
     .misdeed = FAKE_LIE_ERASE},
    {"no journal", the_journal_is_lost, PAWL_ERR_LOST, PAWL_UPDATE_READY,
     PAWL_UPDATE_REASON_JOURNAL_LOST, PAWL_UPDATE_PHASE_BOOT, .retry = false},
    {"a journal that cannot be read", the_journal_cannot_be_read, PAWL_ERR_IO,
     STUCK(READY, BOOT), .retry = true, .misdeed = FAKE_REFUSE_READ},
};

/* --- What must hold ------------------------------------------------------- */

static void slot_a_was_left_alone(void)
{
    for (unsigned i = 0; i < FAKE_FLASH_SECTORS; i++) {
        CHECK_EQ(device.image[0].erases[i] + device.image[0].programs[i], 0);
        CHECK_EQ(device.area[0].erases[i], i == 0 ? 1 : 0); /* the factory */
    }
}

/* Without a record of what is confirmed it runs on trial. */
static void what_ran_boots(const struct row *row)
{
    bool lost = row->reason == PAWL_UPDATE_REASON_JOURNAL_LOST ||
                row->misdeed == FAKE_REFUSE_READ;
    lost = lost && row->phase == PAWL_UPDATE_PHASE_BOOT;
    CHECK_EQ(start_boot(), PAWL_OK);
    CHECK_EQ(choice.set, 0);
    CHECK_EQ(choice.reason, lost ? PAWL_BOOT_LOST : PAWL_BOOT_CONFIRMED);
    CHECK_MEM(choice.measurement.image_digest, v1.digest, 32);
}

static void mend(void)
{
    static const enum place places[] = {PLACE_IMAGE, PLACE_AREA, PLACE_JOURNAL};
    for (size_t i = 0; i < 3; i++) {
        struct fake_flash *bad_flash = flash_of(places[i]);
        fake_flash_misbehave(bad_flash, FAKE_HONEST, 0);
        bad_flash->pending = bad_flash->polls = 0;
        bad_flash->port.poll = device.image[0].port.poll;
    }
    device.slots[1].image = &device.image[1].port;
    device.slots[1].manifest = &device.area[1].port;
    device.port.slot_count = 2;
    counter_status = PAWL_OK;
}

/* Whatever the reset finds, a good update goes on or begins, and stays. */
static void a_good_update_works(void)
{
    CHECK_EQ(reset(), PAWL_OK);
    enum pawl_update_state state = fake_device_info(&device).state;
    if (state == PAWL_UPDATE_TRIAL) { /* after a loss */
        CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    }
    if (state == PAWL_UPDATE_TRIAL || state == PAWL_UPDATE_FAILED) {
        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    }
    if (state != PAWL_UPDATE_CANDIDATE) {
        CHECK_EQ(fake_device_download(&device, &good, UINT32_MAX), PAWL_OK);
    }
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(choice.set, 1);
    CHECK(choice.trial);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK_EQ(choice.measurement.sequence, GOOD);
    CHECK_EQ(device.counter_value, 4);
}

static void check_row(const struct row *row)
{
    printf("%s\n", row->given); /* the last one is that which failed */
    given_device();
    uint32_t refusals = device.events[PAWL_UPDATE_EVENT_REFUSED];
    enum pawl_status status = row->when(row);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(status, row->status);
    CHECK_EQ(info.state, row->state);
    CHECK_EQ(info.reason, row->reason);
    CHECK_EQ(pawl_update_reason(&device.update), row->reason);
    CHECK_EQ(info.phase, row->phase);
    CHECK_EQ(info.retry, row->retry);
    CHECK_EQ(info.status,
             row->reason == PAWL_UPDATE_REASON_NONE ? PAWL_OK : row->status);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_REFUSED] - refusals,
             row->state == PAWL_UPDATE_READY &&
                     row->phase == PAWL_UPDATE_PHASE_START &&
                     row->place != PLACE_JOURNAL && row->misdeed == FAKE_HONEST
                 ? 1
                 : 0);
    slot_a_was_left_alone();
    what_ran_boots(row);
    mend();
    a_good_update_works();
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_row(&rows[i]);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void what_must_not_start_is_refused_before_any_erase(void)
{
    CHECK_ROWS(refused_at_the_start);
}

static void bytes_that_were_not_asked_for_are_not_taken(void)
{
    CHECK_ROWS(blocks);
}

static void flash_that_fails_or_lies_is_named(void)
{
    CHECK_ROWS(flash);
}

static void a_journal_that_fails_or_lies_is_named(void)
{
    CHECK_ROWS(journal);
}

/* It cannot be recorded: not that it is accepted, nor the next trial start. So
 * the image before returns, and the trial goes on once the journal does. */
static void a_journal_that_fails_at_the_accept_accepts_nothing(void)
{
    static const enum fake_misdeed misdeeds[] = {
        FAKE_REFUSE_PROGRAM, FAKE_REFUSE_ALL, FAKE_LIE_PROGRAM};
    for (size_t i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++) {
        given_device();
        CHECK_EQ(fake_device_download(&device, &good, UINT32_MAX), PAWL_OK);
        CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
        CHECK_EQ(reset(), PAWL_OK);
        fake_flash_misbehave(&device.journal, misdeeds[i], 0);
        CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_ERR_IO);
        struct pawl_update_info info = fake_device_info(&device);
        CHECK_EQ(info.state, PAWL_UPDATE_TRIAL);
        CHECK_EQ(info.reason, PAWL_UPDATE_REASON_FLASH);
        CHECK_EQ(info.phase, PAWL_UPDATE_PHASE_ACCEPT);
        CHECK_EQ(start_boot(), PAWL_OK);
        CHECK_EQ(choice.set, 0);
        CHECK(!choice.trial);
        CHECK_EQ(device.counter_value, 3);
        mend();
        CHECK_EQ(reset(), PAWL_OK);
        CHECK_EQ(choice.set, 1);
        CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
        CHECK_EQ(fake_device_settle(&device), PAWL_OK);
        CHECK_EQ(device.counter_value, 4);
    }
}

/* The boot loader handed over what runs: the engine makes a first record. */
static void a_lost_journal_is_begun_anew_where_it_is_known_what_runs(void)
{
    given_device();
    CHECK_EQ(the_journal_is_lost(&journal[0]), PAWL_ERR_LOST);
    device.config.running_known = true;
    device.config.running = 0;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_JOURNAL_LOST);
    CHECK_EQ(fake_device_info(&device).current.sequence, 1);
}

static const struct check_test tests[] = {
    CHECK_TEST(what_must_not_start_is_refused_before_any_erase),
    CHECK_TEST(bytes_that_were_not_asked_for_are_not_taken),
    CHECK_TEST(flash_that_fails_or_lies_is_named),
    CHECK_TEST(a_journal_that_fails_or_lies_is_named),
    CHECK_TEST(a_journal_that_fails_at_the_accept_accepts_nothing),
    CHECK_TEST(a_lost_journal_is_begun_anew_where_it_is_known_what_runs),
};
CHECK_MAIN(tests)
