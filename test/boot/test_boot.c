/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"
#include "journal/objects.h"
#include "trust/store_note.h"
#include <pawl/boot.h>

#include <string.h>

static struct fake_device device;
static struct fake_release v1, v2;
static struct pawl_boot boot;
static struct pawl_boot_choice choice;
static unsigned fed;

static void feed(void *ctx)
{
    (void)ctx;
    fed++;
}

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = 6000,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

static enum pawl_status start(enum pawl_reset_cause cause)
{
    struct pawl_boot_config config = fake_device_boot_config(&device, cause);
    config.feed_watchdog = feed;
    return pawl_boot_select(&boot, &config, &choice);
}

/* v1 in slot A; the journal was never written. */
static void given_factory(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    make(&v1, 1);
    make(&v2, 2);
    fake_device_open(&device);
    fake_device_provision(&device, 0, &v1);
}

static struct pawl_record_image image_of(const struct fake_release *release,
                                         unsigned slot)
{
    struct pawl_record_image image = {.known = true,
                                      .set = (pawl_slot_set)slot,
                                      .manifest_slot = (uint8_t)slot,
                                      .sequence = release->plan.sequence};
    struct pawl_manifest manifest;
    const struct pawl_manifest_policy policy = {.signers = device.trust.signers,
                                                .signer_count =
                                                    device.trust.signer_count};
    CHECK_EQ(
        pawl_manifest_open(&manifest, fake_release_envelope(release), &policy),
        PAWL_OK);
    memcpy(image.digest, manifest.digest, sizeof(image.digest));
    return image;
}

/* v1 is confirmed in slot A, v2 lies in slot B. */
static void given_two(struct pawl_record *record)
{
    given_factory();
    fake_device_provision(&device, 1, &v2);
    pawl_record_clear(record);
    record->current = image_of(&v1, 0);
    record->counter_floor = 1;
    record->sequence_floor = 1;
}

static void given_staged(void)
{
    struct pawl_record record;
    given_two(&record);
    record.target = image_of(&v2, 1);
    record.state = PAWL_UPDATE_STAGED;
    record.armed = true;
    record.attempts = 3;
    record.boots = 16;
    CHECK(record_put(&device, &record));
}

/* v2 was accepted, v1 is the one before. */
static void given_updated(void)
{
    struct pawl_record record;
    given_two(&record);
    record.previous = record.current;
    record.current = image_of(&v2, 1);
    record.running = 1;
    CHECK(record_put(&device, &record));
}

static void rot(unsigned slot)
{
    fake_flash_flip(&device.image[slot], 100, 3);
}

static unsigned reads;

static enum pawl_status pending_read(void *ctx, uint32_t off, void *buf,
                                     size_t len)
{
    (void)ctx;
    (void)off;
    memset(buf, 0, len);
    return ++reads < 1000 ? PAWL_PENDING : PAWL_ERR_IO;
}

/* A read must not answer PAWL_PENDING; one that does is a read that fails, and
 * nobody waits for it. */
static void flash_that_answers_pending_to_a_read_is_not_waited_for(void)
{
    given_updated();
    reads = 0;
    device.image[1].port.read = pending_read;
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
    CHECK_EQ(choice.refused, PAWL_ERR_IO);
    CHECK(reads < 10);
}

static void the_factory_image_starts_and_nothing_is_written(void)
{
    given_factory();
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FACTORY);
    CHECK(choice.slot == &device.slots[0]);
    CHECK_EQ(choice.size, 6000);
    CHECK(!choice.trial);
    CHECK_EQ(choice.measurement.sequence, 1);
    CHECK_EQ(choice.measurement.security_counter, 1);
    CHECK_EQ(choice.measurement.signers, 1);
    CHECK_EQ(choice.measurement.trust_version, 1);
    CHECK_MEM(choice.measurement.image_digest, v1.digest, 32);
    CHECK_EQ(fake_device_operations(&device), operations);
    CHECK(fed > 0);
}

static void a_staged_image_is_tried_with_a_budget_less(void)
{
    struct pawl_record record;
    given_staged();
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
    CHECK(choice.slot == &device.slots[1]);
    CHECK(choice.trial);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_TRIAL);
    CHECK_EQ(record.attempts, 2);
    CHECK_EQ(record.boots, 15);
    CHECK_EQ(record.running, 1);
    CHECK_EQ(device.counter_advances, 0);
}

static void a_staged_image_that_is_not_armed_is_not_tried(void)
{
    struct pawl_record record;
    given_staged();
    CHECK(record_in_journal(&device, &record));
    record.armed = false;
    CHECK(record_put(&device, &record));
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK(choice.slot == &device.slots[0]);
}

static void crashes_use_up_the_attempts_and_it_goes_back(void)
{
    struct pawl_record record;
    given_staged();
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(start(i == 0 ? PAWL_RESET_SOFTWARE : PAWL_RESET_FAULT),
                 PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
        CHECK_EQ(choice.attempts_left, 2 - i);
    }
    CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_ATTEMPTS);
    CHECK(choice.slot == &device.slots[0]);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(record.reason, PAWL_UPDATE_REASON_ATTEMPTS);
    CHECK_EQ(record.phase, PAWL_UPDATE_PHASE_TRIAL);
    CHECK_EQ(record.reset_cause, PAWL_RESET_FAULT);
    CHECK_EQ(record.running, 0);

    /* and it stays so, without another write */
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK_EQ(fake_device_operations(&device), operations);
}

static void power_cycles_take_no_attempt_but_a_boot(void)
{
    static const struct {
        enum pawl_reset_cause cause;
        unsigned attempts;
    } cases[] = {
        {PAWL_RESET_UNKNOWN, 2},  {PAWL_RESET_POWER_ON, 3},
        {PAWL_RESET_WAKE, 3},     {PAWL_RESET_SOFTWARE, 2},
        {PAWL_RESET_WATCHDOG, 2}, {PAWL_RESET_FAULT, 2},
        {PAWL_RESET_BROWNOUT, 2}, {PAWL_RESET_PIN, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        given_staged();
        CHECK_EQ(start(cases[i].cause), PAWL_OK);
        CHECK_EQ(choice.attempts_left, cases[i].attempts);
        CHECK_EQ(choice.boots_left, 15);
    }
}

/* No attempt is left, and it is the user who switches it off and on. */
static void a_power_cycle_after_the_last_attempt_does_not_end_a_trial(void)
{
    given_staged();
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
    }
    CHECK_EQ(choice.attempts_left, 0);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
    CHECK_EQ(start(PAWL_RESET_WAKE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
    CHECK_EQ(choice.boots_left, 11);
    CHECK_EQ(start(PAWL_RESET_UNKNOWN), PAWL_OK);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_ATTEMPTS);
}

static void power_cycles_end_a_trial_too_in_the_end(void)
{
    given_staged();
    for (unsigned i = 0; i < 16; i++) {
        CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
    }
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_BOOTS);
}

static void a_trial_image_that_does_not_verify_goes_back(void)
{
    struct pawl_record record;
    given_staged();
    rot(1);
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_BAD_IMAGE);
    CHECK_EQ(choice.refused, PAWL_ERR_DIGEST);
    CHECK(choice.slot == &device.slots[0]);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(record.status, PAWL_ERR_DIGEST);
}

static void another_manifest_beside_the_trial_image_is_refused(void)
{
    struct fake_release other;
    given_staged();
    make(&other, 3);
    fake_device_provision(&device, 1, &other);
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK(choice.slot == &device.slots[0]);
}

static void a_trial_below_the_counter_goes_back(void)
{
    struct pawl_record record;
    given_staged();
    device.counter_value = 3;
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_ERR_NO_IMAGE);
    device.counter_value = 1;
    record.counter_floor = 3; /* the journal's counts as well */
    CHECK(record_put(&device, &record));
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_ERR_NO_IMAGE);
}

static void a_trial_needs_the_trust_of_its_install(void)
{
    struct pawl_record record;
    given_staged();
    CHECK(record_in_journal(&device, &record));
    record.trust_version = 2;
    CHECK(record_put(&device, &record));
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
}

static void a_withdrawn_signer_stops_trials_and_no_confirmed_image(void)
{
    given_staged();
    fake_device_trust(&device, 2, true);
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_BAD_IMAGE);
    CHECK(choice.slot == &device.slots[0]);

    /* without a record nothing is known to be confirmed */
    given_factory();
    fake_device_trust(&device, 2, true);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
    CHECK_EQ(choice.reason, PAWL_BOOT_NO_IMAGE);
    CHECK(choice.slot == NULL);
}

static void a_trial_that_cannot_be_recorded_is_not_entered(void)
{
    given_staged();
    fake_flash_misbehave(&device.journal, FAKE_REFUSE_PROGRAM, 0);
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_NOT_ENTERED);
    CHECK(choice.slot == &device.slots[0]);
    CHECK_EQ(choice.state, PAWL_UPDATE_STAGED); /* as it stands recorded */
    CHECK_EQ(choice.attempts_left, 3);
}

/* The journal says that the trial runs, and cannot be written: the choice
 * says so, for the image that is entered instead cannot know. */
static void an_image_that_the_journal_does_not_name_is_handed_over(void)
{
    struct pawl_record record;
    given_staged();
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 1);
    fake_flash_misbehave(&device.journal, FAKE_REFUSE_PROGRAM, 0);
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 0);
    CHECK_EQ(choice.refused, PAWL_ERR_IO);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_TRIAL);
    CHECK_EQ(record.running, 1);
}

static enum pawl_status (*program)(void *ctx, uint32_t off, const void *buf,
                                   size_t len);
static uint32_t programs_told; /* programs before their answers are lost */

static enum pawl_status unheard_program(void *ctx, uint32_t off,
                                        const void *buf, size_t len)
{
    enum pawl_status status = program(ctx, off, buf, len);
    if (programs_told == 0) {
        return PAWL_ERR_IO;
    }
    programs_told--;
    return status;
}

/* The record of the trial is there, and nobody was told so: the image that is
 * entered instead hears that the journal may say otherwise. */
static void a_trial_that_was_recorded_unheard_is_handed_over(void)
{
    unsigned misled = 0;
    unsigned entered = 0;
    for (uint32_t told = 0; entered == 0; told++) {
        struct pawl_record record;
        given_staged();
        program = device.journal.port.program;
        programs_told = told;
        device.journal.port.program = unheard_program;
        CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
        device.journal.port.program = program;
        entered = choice.set;
        CHECK(record_in_journal(&device, &record));
        CHECK(record.running == choice.set || choice.refused == PAWL_ERR_IO);
        misled += record.running != choice.set;
    }
    CHECK(misled != 0);
}

/* The journal's flash fails for good, wherever in a record: the image on
 * trial is entered where that was recorded, and never again. */
static void a_journal_that_dies_ends_a_trial(void)
{
    unsigned entered = 0;
    for (uint32_t at = 0; entered == 0; at++) {
        given_staged();
        fake_flash_misbehave(&device.journal, FAKE_REFUSE_ALL, at);
        CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
        CHECK_EQ(choice.trial, choice.set == 1);
        entered = choice.set;
        for (unsigned i = 0; i < 2; i++) {
            CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
            CHECK(choice.slot == &device.slots[0]);
            CHECK(!choice.trial);
        }
    }
}

static void images_linked_for_a_slot_need_a_manifest_that_names_it(void)
{
    given_updated();
    device.slots[1].fixed = true; /* one is enough */
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
    CHECK_EQ(choice.refused, PAWL_ERR_POLICY);
    CHECK(choice.slot == NULL);
}

/* The hardware did not rise yet, and the journal dies in any of its writes. */
static void a_journal_that_dies_keeps_its_counter(void)
{
    struct pawl_record record;
    for (uint32_t at = 0; at < 8; at++) {
        given_updated();
        CHECK(record_in_journal(&device, &record));
        record.counter_floor = 2;
        record.running = 0; /* so that there is something to be written */
        CHECK(record_put(&device, &record));
        fake_flash_misbehave(&device.journal, FAKE_REFUSE_ALL, at);
        CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
        CHECK_EQ(choice.set, 1);
        rot(1);
        CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
        CHECK_EQ(choice.reason, PAWL_BOOT_NO_IMAGE);
    }
}

/* v1 and v2 were accepted; on trial is what lies where v1 does. */
static void the_end_of_a_trial_is_recorded_whatever_runs_instead(void)
{
    struct pawl_record record;
    given_updated();
    CHECK(record_in_journal(&device, &record));
    record.state = PAWL_UPDATE_TRIAL;
    record.target = record.previous;
    record.running = 0;
    record.boots = 0;
    CHECK(record_put(&device, &record));
    rot(1);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_BOOTS);
    CHECK_EQ(choice.set, 0);
    CHECK_EQ(choice.state, PAWL_UPDATE_FAILED);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(record.running, 0);
}

static void a_rotten_image_falls_back_to_the_one_before(void)
{
    struct pawl_record record;
    given_updated();
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK(choice.slot == &device.slots[1]);

    rot(1);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
    CHECK(choice.slot == &device.slots[0]);
    CHECK_EQ(choice.refused, PAWL_ERR_DIGEST);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.running, 0);
    CHECK_EQ(record.current.set, 1);
    CHECK_EQ(record.reason, PAWL_UPDATE_REASON_FELL_BACK);

    /* said once; and the confirmed image is not condemned */
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(fake_device_operations(&device), operations);
    rot(1); /* the same bit: whole again */
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK(choice.slot == &device.slots[1]);
}

static void the_image_before_must_meet_the_counter(void)
{
    given_updated();
    device.counter_value = 2;
    rot(1);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
    CHECK_EQ(choice.reason, PAWL_BOOT_NO_IMAGE);
}

static void a_fall_back_that_cannot_be_recorded_is_not_entered(void)
{
    given_updated();
    rot(1);
    fake_flash_misbehave(&device.journal, FAKE_REFUSE_PROGRAM, 0);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_IO);
    CHECK_EQ(choice.reason, PAWL_BOOT_NOT_RECORDED);
    CHECK(choice.slot == NULL);
}

static void an_image_that_cannot_be_read_is_no_image(void)
{
    given_updated();
    fake_flash_misbehave(&device.image[1], FAKE_REFUSE_READ, 0);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
    CHECK(choice.slot == &device.slots[0]);
}

static void a_rejected_trial_goes_back(void)
{
    struct pawl_record record;
    given_staged();
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK(record_in_journal(&device, &record));
    record.state = PAWL_UPDATE_REJECTED;
    CHECK(record_put(&device, &record));
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK(choice.slot == &device.slots[0]);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.running, 0);
}

static void lose_journal(void)
{
    static uint8_t rubbish[FAKE_JOURNAL_SIZE];
    memset(rubbish, 0x5A, sizeof(rubbish));
    fake_flash_load(&device.journal, 0, rubbish, sizeof(rubbish));
}

static void without_a_journal_the_newest_image_is_tried(void)
{
    struct pawl_record record;
    given_updated();
    device.counter_value = 1;
    lose_journal();
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_LOST);
    CHECK(choice.slot == &device.slots[1]);
    CHECK(choice.trial);
    CHECK(record_in_journal(&device, &record));
    CHECK(record.lost);
    CHECK_EQ(record.reason, PAWL_UPDATE_REASON_JOURNAL_LOST);
    CHECK_EQ(device.counter_value, 1);
    CHECK_EQ(device.counter_advances, 0);
}

/* A bad newest image does not end the device: they are tried in turn. */
/* Nothing is accepted, so nothing may run where it cannot be counted. */
static void a_lost_journal_that_cannot_count_starts_nothing(void)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        given_factory();
        fake_device_provision(&device, 1, &v2);
        rot(1 - slot);
        lose_journal();
        CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
        CHECK_EQ(choice.set, slot);
        CHECK_EQ(choice.boots_left, 15);
        rot(1 - slot); /* the same bit: whole again */

        fake_flash_misbehave(&device.journal, FAKE_REFUSE_PROGRAM, 0);
        CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_ERR_IO);
        CHECK_EQ(choice.reason, PAWL_BOOT_NOT_RECORDED);
        CHECK(choice.slot == NULL);

        fake_flash_misbehave(&device.journal, FAKE_HONEST, 0);
        CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_LOST);
        CHECK_EQ(choice.set, slot);
        CHECK_EQ(choice.boots_left, 14);
    }
}

static void without_a_journal_every_image_gets_its_turn(void)
{
    unsigned started[2] = {0, 0};
    given_updated();
    lose_journal();
    for (unsigned i = 0; i < 12; i++) {
        CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_LOST);
        started[choice.set]++;
    }
    CHECK_EQ(started[0], 6);
    CHECK_EQ(started[1], 6);
}

static void without_a_journal_the_counter_still_counts(void)
{
    given_updated();
    device.counter_value = 2;
    rot(1);
    lose_journal();
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
}

static void an_empty_journal_and_no_factory_image_finds_the_other(void)
{
    given_factory();
    fake_device_provision(&device, 1, &v2);
    rot(0);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_LOST);
    CHECK(choice.slot == &device.slots[1]);
}

static void lose_trust(void)
{
    static uint8_t rubbish[FAKE_OBJECTS_SIZE];
    fake_flash_load(&device.store_objects, 0, rubbish, sizeof(rubbish));
}

/* Nobody can say what the factory's image was. */
static void without_trust_what_no_record_names_does_not_start(void)
{
    given_factory();
    lose_trust();
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_LOST);
    CHECK_EQ(choice.reason, PAWL_BOOT_NO_TRUST);
    CHECK(choice.trust_lost);
    CHECK(choice.slot == NULL);

    given_updated();
    lose_trust();
    lose_journal();
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_LOST);
}

static void without_trust_confirmed_images_start_by_their_digest(void)
{
    given_updated();
    lose_trust();
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK(choice.trust_lost);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK(choice.slot == &device.slots[1]);
    CHECK_EQ(choice.measurement.signers, 0);
    CHECK_EQ(fake_device_operations(&device), operations);

    fake_flash_flip(&device.area[1], 260, 1); /* another manifest */
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
    CHECK(choice.slot == &device.slots[0]);
    rot(0);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_LOST);
}

static void without_trust_the_counter_still_counts(void)
{
    given_updated();
    lose_trust();
    device.counter_value = 3;
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_LOST);
}

static void without_trust_no_trial_begins_and_none_goes_on(void)
{
    struct pawl_record record;
    given_staged();
    lose_trust();
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK(choice.slot == &device.slots[0]);
    CHECK(!choice.trial);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_STAGED);
    CHECK_EQ(record.attempts, 3);

    given_staged();
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK(choice.trial);
    lose_trust();
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK(choice.slot == &device.slots[0]);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_TRUST_LOST);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_FAILED);
    rot(0); /* not even if it is the last one */
    CHECK_EQ(start(PAWL_RESET_SOFTWARE), PAWL_ERR_LOST);
}

/* --- A loader with storage of its own ------------------------------------ */

static struct fake_flash own_journal, own_objects;
static struct pawl_store own = {&own_journal.port, &own_objects.port};
static struct pawl_bytes brought; /* the factory's document in the loader */

/* A document of the signer's, as it would be compiled in. */
static struct pawl_bytes document(uint64_t version)
{
    static uint8_t bytes[PAWL_TRUST_MAX];
    size_t len = sizeof(bytes);
    fake_release_trust(version, false, bytes, &len);
    return (struct pawl_bytes){bytes, len};
}

static void given_own_store(void)
{
    static uint8_t journal[FAKE_FLASH_MEMORY(FAKE_JOURNAL_SIZE)];
    static uint8_t objects[FAKE_FLASH_MEMORY(FAKE_OBJECTS_SIZE)];
    fake_flash_open(&own_journal, journal, FAKE_JOURNAL_SIZE, FAKE_SECTOR, 8,
                    0xFF);
    fake_flash_open(&own_objects, objects, FAKE_OBJECTS_SIZE, FAKE_SECTOR, 8,
                    0xFF);
    given_updated();
    brought = document(1);
}

static enum pawl_status start_protected(void)
{
    struct pawl_boot_config config =
        fake_device_boot_config(&device, PAWL_RESET_SOFTWARE);
    config.protected_trust = &own;
    config.factory_trust = brought;
    config.feed_watchdog = feed;
    return pawl_boot_select(&boot, &config, &choice);
}

static void a_pending_trust_document_is_adopted_before_anything_is_chosen(void)
{
    given_own_store();
    CHECK_EQ(start_protected(), PAWL_OK); /* the factory's is written down */
    CHECK_EQ(choice.measurement.trust_version, 1);
    brought = PAWL_NO_BYTES; /* and not needed any more */
    uint32_t operations = own_journal.own.operations;
    CHECK(operations != 0);
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(own_journal.own.operations, operations);

    fake_device_trust(&device, 2, true);
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 2);
    lose_trust(); /* of the application's store; the loader has its own */
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK(!choice.trust_lost);
    CHECK_EQ(choice.measurement.trust_version, 2);
}

/* What the owner says lies behind the document, and is not the loader's. */
static void what_an_owner_says_is_no_part_of_what_is_adopted(void)
{
    static const uint8_t said[] = {0x82, 0x40, 0x40};
    uint8_t bytes[PAWL_TRUST_MAX], note[PAWL_NOTE_SIZE];
    struct pawl_objects objects;
    size_t len = sizeof(bytes);

    given_own_store();
    CHECK_EQ(start_protected(), PAWL_OK);
    fake_device_trust(&device, 2, true);
    CHECK_EQ(pawl_objects_open(&objects, &device.store, PAWL_JOURNAL_WRITE,
                               NULL, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_objects_get(&objects, PAWL_OBJECT_TRUST, bytes, &len),
             PAWL_OK);
    memcpy(bytes + len, said, sizeof(said));
    memcpy(note, objects.note, sizeof(note));
    CHECK_EQ(pawl_objects_put(&objects, PAWL_OBJECT_TRUST,
                              (struct pawl_bytes){bytes, len + sizeof(said)},
                              note),
             PAWL_OK);

    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 2);
}

static void a_trust_document_that_is_no_successor_is_not_adopted(void)
{
    given_own_store();
    CHECK_EQ(start_protected(), PAWL_OK);
    fake_device_trust(&device, 3, false); /* a version is missing */
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 1);
}

static void an_adoption_that_fails_leaves_the_document_in_force(void)
{
    given_own_store();
    CHECK_EQ(start_protected(), PAWL_OK);
    fake_device_trust(&device, 2, false);
    fake_flash_misbehave(&own_objects, FAKE_REFUSE_ALL, 0);
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 1);
    fake_flash_misbehave(&own_objects, FAKE_HONEST, 0);
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 2);
}

static void cut_own_store_at(uint32_t at, uint32_t tear, bool metastable)
{
    static struct fake_power power;
    power = FAKE_POWER_ON;
    fake_flash_share_power(&own_journal, &power);
    fake_flash_share_power(&own_objects, &power);
    fake_flash_set_tear(&own_journal, tear, metastable);
    fake_flash_set_tear(&own_objects, tear, metastable);
    fake_flash_cut_power_at(&own_journal, at);
}

static bool own_store_power_on(uint32_t *tears)
{
    uint32_t other = fake_flash_tears(&own_objects);
    *tears = fake_flash_tears(&own_journal);
    *tears = *tears > other ? *tears : other;
    bool cut = fake_flash_power_on(&own_journal);
    (void)fake_flash_power_on(&own_objects);
    return cut;
}

/* What a start goes by, and tells of, no later one goes back behind, in
 * whatever mood the torn units are: the application has learnt of it, and
 * offers its successor. */
static void then_it_goes_on_from(uint64_t version)
{
    uint32_t unused;
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, version);
    brought = PAWL_NO_BYTES;
    for (unsigned i = 0; i < 3; i++) {
        fake_device_trust(&device, ++version, false);
        (void)own_store_power_on(&unused); /* the next mood */
        CHECK_EQ(start_protected(), PAWL_OK);
        CHECK_EQ(choice.measurement.trust_version, version);
    }
}

static void cut_one(uint64_t version, uint32_t at, uint32_t tear, bool weak,
                    bool *cut, uint32_t *tears)
{
    given_own_store();
    if (version == 2) {
        CHECK_EQ(start_protected(), PAWL_OK);
        fake_device_trust(&device, 2, false);
    }
    cut_own_store_at(at, tear, weak);
    (void)start_protected();
    *cut = own_store_power_on(tears);
    then_it_goes_on_from(version);
}

/* The first is the factory's, the second an adoption. Each operation is not
 * begun, torn in the middle and weak, or done and not told. */
static void cut_each_operation_to(uint64_t version)
{
    bool cut = true;
    for (uint32_t at = 0; cut; at++) {
        uint32_t tears = 1;
        cut_one(version, at, 0, false, &cut, &tears);
        if (cut && tears > 2) {
            uint32_t middle = 1 + at % (tears - 2);
            cut_one(version, at, middle, true, &cut, &tears);
        }
        if (cut && tears > 1) {
            cut_one(version, at, tears - 1, false, &cut, &tears);
        }
    }
}

static void an_adoption_survives_a_cut_at_every_operation(void)
{
    cut_each_operation_to(2);
}

/* --- What begins it --------------------------------------------------------
 */

static void the_beginning_of_a_store_survives_a_cut_at_every_operation(void)
{
    cut_each_operation_to(1);
}

/* Whoever can write the other store chooses nothing: neither by a document of
 * his own at the first start, nor by a journal that calls his image confirmed.
 */
static void a_blank_store_takes_nothing_from_the_other(void)
{
    given_own_store();
    brought = PAWL_NO_BYTES;
    CHECK_EQ(start_protected(), PAWL_ERR_LOST);
    CHECK_EQ(choice.reason, PAWL_BOOT_UNPROVISIONED);
    CHECK(choice.slot == NULL);
    CHECK(choice.trust_lost);
    CHECK_EQ(own_journal.own.operations + own_objects.own.operations, 0);

    brought = document(1);
    fake_device_trust(&device, 3, true); /* no successor of version 1 */
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 1);
}

static void a_blank_store_needs_nothing_of_the_other(void)
{
    given_own_store();
    lose_trust();
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK(!choice.trust_lost);
    CHECK_EQ(choice.measurement.trust_version, 1);
}

/* Provisioning may write the store, and the loader then brings none along. */
static void a_provisioned_store_needs_no_document_in_the_loader(void)
{
    struct pawl_objects objects;
    uint8_t note[PAWL_NOTE_SIZE] = {0};
    struct pawl_store_note fields = {.trust_floor = 1};

    given_own_store();
    pawl_store_note_put(&fields, note);
    CHECK_EQ(pawl_objects_open(&objects, &own, PAWL_JOURNAL_WRITE, NULL, NULL),
             PAWL_OK);
    CHECK_EQ(pawl_objects_put(&objects, PAWL_OBJECT_TRUST, document(1), note),
             PAWL_OK);
    brought = PAWL_NO_BYTES;
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 1);
    fake_device_trust(&device, 2, false);
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK_EQ(choice.measurement.trust_version, 2);
}

/* A document that the store has reached is not begun again from the first. */
static void a_rotten_own_store_is_lost_and_does_not_begin_again(void)
{
    static uint8_t rubbish[FAKE_OBJECTS_SIZE];
    given_own_store();
    CHECK_EQ(start_protected(), PAWL_OK);
    fake_device_trust(&device, 2, false);
    CHECK_EQ(start_protected(), PAWL_OK);
    fake_flash_load(&own_objects, 0, rubbish, sizeof(rubbish));
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK(choice.trust_lost);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK_EQ(choice.measurement.trust_version, 0);
}

static void a_store_that_cannot_be_written_begins_in_memory(void)
{
    given_own_store();
    fake_flash_misbehave(&own_objects, FAKE_REFUSE_ALL, 0);
    CHECK_EQ(start_protected(), PAWL_OK);
    CHECK(!choice.trust_lost);
    CHECK_EQ(choice.measurement.trust_version, 1);
}

static void a_bad_document_in_the_loader_begins_nothing(void)
{
    given_own_store();
    brought.len--;
    CHECK_EQ(start_protected(), PAWL_ERR_LOST);
    CHECK_EQ(choice.reason, PAWL_BOOT_UNPROVISIONED);
    CHECK_EQ(own_journal.own.operations + own_objects.own.operations, 0);
}

/* --- Nothing that was accepted verifies ------------------------------------
 */

static void a_given_up_image_is_better_than_none(void)
{
    struct pawl_record record;
    given_staged();
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
        CHECK(choice.trial);
    }
    rot(0);
    CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
    CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_ATTEMPTS);
    CHECK(choice.slot == &device.slots[1]);
    CHECK(choice.trial);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_TRIAL);
    CHECK_EQ(record.running, 1);
    CHECK_EQ(record.attempts, 2);
    CHECK(record.current.known);

    rot(0); /* it reads well again: what was accepted comes first */
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
    }
    CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_REVERTED);
    CHECK(choice.slot == &device.slots[0]);
}

static void a_given_up_image_that_is_bad_too_is_not_entered(void)
{
    given_staged();
    CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
    rot(0);
    rot(1);
    CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_ERR_NO_IMAGE);
    CHECK(choice.slot == NULL);

    given_staged();
    CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
    rot(0);
    fake_device_trust(&device, 2, true); /* its signer was withdrawn */
    CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_ERR_NO_IMAGE);
}

static void another_class_of_device_does_not_start_it(void)
{
    given_factory();
    device.product.class_id[0] ^= 1;
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
}

static void every_flipped_bit_beside_an_image_is_seen(void)
{
    uint8_t head[PAWL_AREA_HEAD_SIZE];
    given_factory();
    CHECK_EQ(pawl_flash_get(&device.area[0].port, 0, head, sizeof(head)),
             PAWL_OK);
    uint32_t end = (uint32_t)sizeof(head) + head[6] * 256u + head[7];
    for (uint32_t at = 0; at < end; at += 7) {
        fake_flash_flip(&device.area[0], at, at % 8);
        CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
        fake_flash_flip(&device.area[0], at, at % 8);
    }
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
}

static void every_reason_has_a_name(void)
{
    for (int i = 0; i <= PAWL_BOOT_UNPROVISIONED; i++) {
        CHECK(pawl_boot_reason_name((enum pawl_boot_reason)i)[0] != '?');
    }
    CHECK_EQ(pawl_boot_reason_name((enum pawl_boot_reason)99)[0], '?');
}

static const struct check_test tests[] = {
    CHECK_TEST(the_factory_image_starts_and_nothing_is_written),
    CHECK_TEST(flash_that_answers_pending_to_a_read_is_not_waited_for),
    CHECK_TEST(a_staged_image_is_tried_with_a_budget_less),
    CHECK_TEST(a_staged_image_that_is_not_armed_is_not_tried),
    CHECK_TEST(crashes_use_up_the_attempts_and_it_goes_back),
    CHECK_TEST(power_cycles_take_no_attempt_but_a_boot),
    CHECK_TEST(a_power_cycle_after_the_last_attempt_does_not_end_a_trial),
    CHECK_TEST(power_cycles_end_a_trial_too_in_the_end),
    CHECK_TEST(a_trial_image_that_does_not_verify_goes_back),
    CHECK_TEST(another_manifest_beside_the_trial_image_is_refused),
    CHECK_TEST(a_trial_below_the_counter_goes_back),
    CHECK_TEST(a_trial_needs_the_trust_of_its_install),
    CHECK_TEST(a_withdrawn_signer_stops_trials_and_no_confirmed_image),
    CHECK_TEST(a_trial_that_cannot_be_recorded_is_not_entered),
    CHECK_TEST(an_image_that_the_journal_does_not_name_is_handed_over),
    CHECK_TEST(a_trial_that_was_recorded_unheard_is_handed_over),
    CHECK_TEST(a_journal_that_dies_ends_a_trial),
    CHECK_TEST(images_linked_for_a_slot_need_a_manifest_that_names_it),
    CHECK_TEST(a_journal_that_dies_keeps_its_counter),
    CHECK_TEST(the_end_of_a_trial_is_recorded_whatever_runs_instead),
    CHECK_TEST(a_rotten_image_falls_back_to_the_one_before),
    CHECK_TEST(the_image_before_must_meet_the_counter),
    CHECK_TEST(a_fall_back_that_cannot_be_recorded_is_not_entered),
    CHECK_TEST(an_image_that_cannot_be_read_is_no_image),
    CHECK_TEST(a_rejected_trial_goes_back),
    CHECK_TEST(without_a_journal_the_newest_image_is_tried),
    CHECK_TEST(a_lost_journal_that_cannot_count_starts_nothing),
    CHECK_TEST(without_a_journal_every_image_gets_its_turn),
    CHECK_TEST(without_a_journal_the_counter_still_counts),
    CHECK_TEST(an_empty_journal_and_no_factory_image_finds_the_other),
    CHECK_TEST(without_trust_what_no_record_names_does_not_start),
    CHECK_TEST(without_trust_confirmed_images_start_by_their_digest),
    CHECK_TEST(without_trust_the_counter_still_counts),
    CHECK_TEST(without_trust_no_trial_begins_and_none_goes_on),
    CHECK_TEST(a_pending_trust_document_is_adopted_before_anything_is_chosen),
    CHECK_TEST(what_an_owner_says_is_no_part_of_what_is_adopted),
    CHECK_TEST(a_trust_document_that_is_no_successor_is_not_adopted),
    CHECK_TEST(an_adoption_that_fails_leaves_the_document_in_force),
    CHECK_TEST(an_adoption_survives_a_cut_at_every_operation),
    CHECK_TEST(the_beginning_of_a_store_survives_a_cut_at_every_operation),
    CHECK_TEST(a_blank_store_takes_nothing_from_the_other),
    CHECK_TEST(a_blank_store_needs_nothing_of_the_other),
    CHECK_TEST(a_provisioned_store_needs_no_document_in_the_loader),
    CHECK_TEST(a_rotten_own_store_is_lost_and_does_not_begin_again),
    CHECK_TEST(a_store_that_cannot_be_written_begins_in_memory),
    CHECK_TEST(a_bad_document_in_the_loader_begins_nothing),
    CHECK_TEST(a_given_up_image_is_better_than_none),
    CHECK_TEST(a_given_up_image_that_is_bad_too_is_not_entered),
    CHECK_TEST(another_class_of_device_does_not_start_it),
    CHECK_TEST(every_flipped_bit_beside_an_image_is_seen),
    CHECK_TEST(every_reason_has_a_name),
};
CHECK_MAIN(tests)
