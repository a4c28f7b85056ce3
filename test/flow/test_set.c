/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_record.h"
#include "flow/set.h"
#include <pawl/boot.h>

/* Two components that are installed as one: both, or neither. */

#define TEARS 18u /* ways to tear a program of the image; a few twice */

static struct pawl_boot boot;
static struct pawl_boot_choice choice;

static enum pawl_status start(enum pawl_reset_cause cause)
{
    struct pawl_boot_config config = fake_device_boot_config(&device, cause);
    config.slots = slots;
    config.slot_count = 4;
    return pawl_boot_select(&boot, &config, &choice);
}

static enum pawl_status reset(enum pawl_reset_cause cause)
{
    enum pawl_status status = start(cause);
    return status == PAWL_OK ? fake_device_start_engine(&device) : status;
}

static void given_staged(void)
{
    given_factory();
    make_v2(false, false);
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(download(&v2), PAWL_OK);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
}

static void both_are_installed_as_one(void)
{
    given_staged();
    CHECK_EQ(fake_device_info(&device).candidate.set, 3);
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 3);
    CHECK(choice.trial);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(device.counter_value, 2); /* the lower one, for both */
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 3);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK_EQ(fake_device_breaches(&device), 0);
}

static void both_go_back_as_one(void)
{
    given_staged();
    for (unsigned i = 0; i < PAWL_TRIAL_ATTEMPTS; i++) {
        CHECK_EQ(start(PAWL_RESET_WATCHDOG), PAWL_OK);
        CHECK_EQ(choice.set, 3);
    }
    CHECK_EQ(reset(PAWL_RESET_WATCHDOG), PAWL_OK);
    CHECK_EQ(choice.set, 0);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
}

static void both_are_rejected_as_one(void)
{
    given_staged();
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 3);
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        PAWL_UPDATE_REASON_UNHEALTHY)),
             PAWL_OK);
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 0);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_UNHEALTHY);
}

static void given_accepted(void)
{
    given_staged();
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    device.counter_status = PAWL_ERR_IO; /* or v1 may not return */
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
}

/* Whichever of them rots: the other one of the set before comes with it. */
static void both_fall_back_as_one(void)
{
    struct pawl_record record;
    for (unsigned i = 0; i < 2; i++) {
        given_accepted();
        CHECK(record_in_journal(&device, &record));
        record.counter_floor = 1;
        CHECK(record_put(&device, &record));
        fake_flash_flip(i == 0 ? &device.image[1] : &second_image[1], 77, 2);
        CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_FELL_BACK);
        CHECK_EQ(choice.set, 0);
    }
}

/* The first erase of any spare slot, also of the other component's alone. */
static void the_first_erase_of_one_voids_the_set_before(void)
{
    struct fake_release v3;
    given_accepted();
    device.counter_status = PAWL_OK;
    device.now_ms = 3600000;
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK(fake_device_info(&device).previous.known);
    fake_release_make(&v3, &(struct fake_release_plan){.sequence = 3,
                                                       .seed = 9,
                                                       .size = SIZE,
                                                       .counted = true,
                                                       .counter = 3,
                                                       .pair = true,
                                                       .second_counter = 3});
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v3)),
             PAWL_PENDING);
    while (device.image[0].erases[0] == 0) {
        CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_PENDING);
    }
    CHECK(!fake_device_info(&device).previous.known);
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(choice.set, 3);
    fake_flash_flip(&second_image[1], 77, 2);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
}

static void one_of_a_single_slot_keeps_both_from_being_written(void)
{
    given_factory();
    make_v2(false, false);
    device.port.slot_count = 3;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(download(&v2), PAWL_ERR_UNSUPPORTED);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_NO_SLOT);
    CHECK_EQ(fake_device_operations(&device), operations);
}

/* Each component's counter is checked, not the first one's alone. */
static void a_counter_of_either_keeps_both_from_being_written(void)
{
    static const struct {
        uint64_t first, second;
        enum pawl_status status;
        enum pawl_update_reason reason;
    } cases[] = {
        {101, 2, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_COUNTER_EXHAUSTED},
        {2, 101, PAWL_ERR_LIMIT, PAWL_UPDATE_REASON_COUNTER_EXHAUSTED},
        {1, 2, PAWL_ERR_ROLLBACK, PAWL_UPDATE_REASON_COUNTER_LOW},
        {2, 1, PAWL_ERR_ROLLBACK, PAWL_UPDATE_REASON_COUNTER_LOW},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        given_factory();
        CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
        device.counter_value = 2;
        fake_release_make(&v2, &(struct fake_release_plan){
                                   .sequence = 2,
                                   .seed = 7,
                                   .size = SIZE,
                                   .counted = true,
                                   .counter = cases[i].first,
                                   .pair = true,
                                   .second_counter = cases[i].second});
        uint32_t operations = fake_device_operations(&device);
        CHECK_EQ(download(&v2), cases[i].status);
        CHECK_EQ(pawl_update_reason(&device.update), cases[i].reason);
        CHECK_EQ(fake_device_operations(&device), operations);
    }
}

/* One that is to stay is no longer what the manifest says. */
static void one_that_should_be_unchanged_and_is_not_refuses_both(void)
{
    given_factory();
    make_v2(true, false);
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    fake_flash_flip(&second_image[0], 77, 2);
    uint32_t operations = fake_device_operations(&device);
    CHECK(download(&v2) < 0);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
    CHECK_EQ(fake_device_operations(&device), operations);
}

/* No record is left: whole sets are tried in turn, and no mixture of them. */
static void without_a_journal_only_whole_sets_are_tried(void)
{
    static const uint8_t rubbish[FAKE_JOURNAL_SIZE] = {0x5A, 1, 2, 3};
    unsigned tried[4] = {0};
    given_staged();
    fake_flash_load(&device.journal, 0, rubbish, sizeof(rubbish));
    for (unsigned i = 0; i < 4 * PAWL_TRIAL_ATTEMPTS; i++) {
        CHECK_EQ(start(PAWL_RESET_FAULT), PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_LOST);
        tried[choice.set]++;
    }
    CHECK_EQ(tried[0], 2 * PAWL_TRIAL_ATTEMPTS);
    CHECK_EQ(tried[3], 2 * PAWL_TRIAL_ATTEMPTS);
    CHECK_EQ(device.counter_value, 0);
}

static void one_that_is_wrong_keeps_both_from_being_installed(void)
{
    given_factory();
    make_v2(false, true);
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK(download(&v2) < 0);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_DIGEST);
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 0);
}

/* One that rots after the install keeps the other from being entered. */
static void one_that_rots_keeps_both_from_being_entered(void)
{
    for (unsigned i = 0; i < 2; i++) {
        given_staged();
        fake_flash_flip(i == 0 ? &device.image[1] : &second_image[1], 77, 2);
        CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
        CHECK_EQ(choice.set, 0);
        CHECK_EQ(choice.reverted, PAWL_UPDATE_REASON_BAD_IMAGE);
    }
}

static void one_that_is_unchanged_stays_where_it_is(void)
{
    given_factory();
    make_v2(true, false);
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(download(&v2), PAWL_OK);
    CHECK_EQ(second_image[0].erases[0] + second_image[1].erases[0], 0);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(reset(PAWL_RESET_SOFTWARE), PAWL_OK);
    CHECK_EQ(choice.set, 1);
}

static void a_manifest_that_forgets_one_is_refused_before_any_erase(void)
{
    given_factory();
    fake_release_make(&v2, &(struct fake_release_plan){
                               .sequence = 2, .seed = 7, .size = SIZE});
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(download(&v2), PAWL_ERR_CONDITION);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_INCOMPLETE);
    CHECK_EQ(fake_device_operations(&device), operations);
}

/* Nor does boot start what the manifest says nothing about. */
static void a_set_whose_manifest_forgets_one_is_not_entered(void)
{
    given_factory();
    fake_release_make(&v2, &(struct fake_release_plan){
                               .sequence = 2, .seed = 7, .size = SIZE});
    fake_device_provision(&device, 0, &v2);
    CHECK_EQ(start(PAWL_RESET_POWER_ON), PAWL_ERR_NO_IMAGE);
}

/* The next thing that an update needs, whatever was done already. */
static void go_on(void)
{
    enum pawl_update_state state = fake_device_info(&device).state;
    if (state == PAWL_UPDATE_READY || state == PAWL_UPDATE_WRITING) {
        (void)download(&v2);
        state = fake_device_info(&device).state;
    }
    if (state == PAWL_UPDATE_CANDIDATE) {
        (void)settled(pawl_update_install(&device.update));
    }
    if (reset(PAWL_RESET_SOFTWARE) == PAWL_OK && choice.trial) {
        (void)settled(pawl_update_accept(&device.update));
    }
}

static void a_cut_anywhere_finds_the_old_set_or_the_new_one(void)
{
    bool cut = true;
    unsigned sets[2] = {0, 0};
    for (unsigned at = 0; cut; at++) {
        given_factory();
        make_v2(false, false);
        CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
        fake_flash_cut_power_at(&device.journal, at);
        fake_flash_set_tear(&device.journal, at % 5, at % 2 != 0);
        go_on();
        cut = device.power.dead;
        power_on();
        CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
        CHECK(choice.set == 0 || choice.set == 3);
        sets[choice.set == 3]++;
        go_on();
        CHECK_EQ(fake_device_info(&device).running, 3);
    }
    CHECK(sets[0] != 0);
    CHECK(sets[1] != 0);
}

/* Half charged, and read as programmed in this life of the device. */
static void set_moods(struct fake_flash *flash)
{
    for (unsigned group = 1; group <= FAKE_FLASH_GROUPS; group++) {
        fake_flash_set_mood(flash, (uint8_t)group, FAKE_MOOD_PROGRAMMED);
    }
}

/*
 * A digest that is right says that the cells read so now. What was programmed
 * when power failed may read otherwise tomorrow: it is written again, although
 * the other component went on from it.
 */
static void what_a_cut_left_half_charged_is_never_installed(void)
{
    bool cut = true;
    unsigned weak = 0;
    for (unsigned at = 0; cut; at++) {
        for (uint32_t tear = 0; tear < TEARS; tear++) {
            given_factory();
            make_v2(false, false);
            CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
            fake_flash_cut_power_at(&device.image[1], at);
            fake_flash_set_tear(&device.image[1], tear, true);
            (void)download(&v2);
            cut = device.power.dead;
            power_on();
            set_moods(&device.image[1]);
            set_moods(&second_image[1]);
            weak += fake_flash_weak(&device.image[1]) ||
                    fake_flash_weak(&second_image[1]);
            CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
            if (fake_device_info(&device).state != PAWL_UPDATE_CANDIDATE) {
                CHECK_EQ(download(&v2), PAWL_OK);
            }
            CHECK(!fake_flash_weak(&device.image[1]));
            CHECK(!fake_flash_weak(&second_image[1]));
            CHECK(!fake_flash_weak(&device.area[1]));
        }
    }
    CHECK(weak > 0);
}

/* The first component is complete, and of the second one nothing is there. */
static void given_first_complete(void)
{
    struct pawl_update_want want = {.length = 0};
    given_factory();
    make_v2(false, false);
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    enum pawl_status status =
        pawl_update_start(&device.update, fake_release_envelope(&v2));
    while (status == PAWL_PENDING && want.component == 0) {
        uint8_t bytes[512];
        if (pawl_update_wanted(&device.update, &want) == PAWL_OK &&
            want.component == 0) {
            size_t n =
                want.length < sizeof(bytes) ? want.length : sizeof(bytes);
            fake_release_bytes(&v2, want.offset, bytes, n);
            CHECK(pawl_update_write(&device.update, want.offset,
                                    (struct pawl_bytes){bytes, n}) >= 0);
        }
        status = pawl_update_step(&device.update, NULL);
    }
    CHECK_EQ(want.component, 1);
}

/* But what was complete is not written twice. */
static void one_that_is_complete_is_not_written_again(void)
{
    given_first_complete();
    uint32_t erases = device.image[1].erases[0];
    CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
    CHECK_EQ(download(&v2), PAWL_OK);
    CHECK_EQ(device.image[1].erases[0], erases);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
}

/* What was complete has rotted, and power fails while it is written again. */
static void what_was_complete_before_it_rotted_is_not_believed_again(void)
{
    bool cut = true;
    for (unsigned at = 0; cut; at++) {
        for (uint32_t tear = 0; tear < TEARS; tear++) {
            given_first_complete();
            CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
            fake_flash_flip(&device.image[1], 77, 2);
            fake_flash_cut_power_at(&device.image[1], at);
            fake_flash_set_tear(&device.image[1], tear, true);
            (void)download(&v2);
            cut = device.power.dead;
            power_on();
            set_moods(&device.image[1]);
            set_moods(&second_image[1]);
            CHECK_EQ(reset(PAWL_RESET_POWER_ON), PAWL_OK);
            if (fake_device_info(&device).state != PAWL_UPDATE_CANDIDATE) {
                CHECK_EQ(download(&v2), PAWL_OK);
            }
            CHECK(!fake_flash_weak(&device.image[1]));
            CHECK(!fake_flash_weak(&second_image[1]));
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(what_was_complete_before_it_rotted_is_not_believed_again),
    CHECK_TEST(what_a_cut_left_half_charged_is_never_installed),
    CHECK_TEST(one_that_is_complete_is_not_written_again),
    CHECK_TEST(both_are_installed_as_one),
    CHECK_TEST(both_go_back_as_one),
    CHECK_TEST(both_are_rejected_as_one),
    CHECK_TEST(both_fall_back_as_one),
    CHECK_TEST(the_first_erase_of_one_voids_the_set_before),
    CHECK_TEST(one_of_a_single_slot_keeps_both_from_being_written),
    CHECK_TEST(a_counter_of_either_keeps_both_from_being_written),
    CHECK_TEST(one_that_should_be_unchanged_and_is_not_refuses_both),
    CHECK_TEST(without_a_journal_only_whole_sets_are_tried),
    CHECK_TEST(one_that_is_wrong_keeps_both_from_being_installed),
    CHECK_TEST(one_that_rots_keeps_both_from_being_entered),
    CHECK_TEST(one_that_is_unchanged_stays_where_it_is),
    CHECK_TEST(a_manifest_that_forgets_one_is_refused_before_any_erase),
    CHECK_TEST(a_set_whose_manifest_forgets_one_is_not_entered),
    CHECK_TEST(a_cut_anywhere_finds_the_old_set_or_the_new_one),
};
CHECK_MAIN(tests)
