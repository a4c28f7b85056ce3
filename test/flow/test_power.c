/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A device updates itself while its power fails: at every operation of the
 * flow (start, download, finish, install, boot, accept, counter, clean), in
 * every way in which that operation can be torn, stable and metastable. After
 * each boot the oracle below is asked; then the device must reach its end
 * without further faults.
 */

#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"
#include <pawl/boot.h>

#include <stdio.h>
#include <string.h>

#define SESSIONS_MAX 40 /* power sessions until the device must be at rest */
#define IMAGE_SIZE 6001

/* What the application does with the image on trial. */
enum ending {
    ENDS_ACCEPTED,
    ENDS_REJECTED,
    ENDS_IN_CRASHES
};

static struct fake_device device, saved;
static struct fake_release v1, v2;
static struct pawl_boot boot;
static struct pawl_boot_choice choice;

struct life {
    enum ending ending;
    enum pawl_reset_cause cause; /* of the next boot */
    bool accepted;               /* an accept was acknowledged */
    bool given_up;               /* a revert or rejection was acknowledged */
    bool recorded;               /* a record was acknowledged */
    bool done;
    unsigned trial_boots;
    uint32_t staged_at; /* operations when it was staged */
};

static struct life life;
static struct {
    unsigned boots, faults, runs;
    unsigned states[8];
} all; /* lives together */

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = IMAGE_SIZE,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

/* What a device is made of, and how much it has lived through. */
struct shape {
    uint32_t program_size; /* bytes */
    uint8_t erased_value;
    unsigned records; /* written by as many power sessions before */
};

static void given_provisioned(const struct shape *shape)
{
    struct pawl_record record;

    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    make(&v1, 1);
    make(&v2, 2);
    fake_device_open_as(&device, shape->program_size, shape->erased_value);
    fake_device_provision(&device, 0, &v1);
    device.counter_value = 1;
    if (shape->records != 0) {
        CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
        CHECK(record_in_journal(&device, &record));
    }
    for (unsigned i = 0; i < shape->records; i++) {
        CHECK(record_put(&device, &record));
    }
    memcpy(&saved, &device, sizeof(saved)); /* it goes back to its place */
}

static enum pawl_status start_boot(void)
{
    const struct pawl_boot_config config =
        fake_device_boot_config(&device, life.cause);
    all.boots++;
    return pawl_boot_select(&boot, &config, &choice);
}

/* I1, I2, I4, I5, I6 as far as a boot shows them. */
static void ask_the_oracle(void)
{
    CHECK(choice.slot != NULL);
    const struct fake_release *entered = choice.set == 0 ? &v1 : &v2;
    CHECK_MEM(choice.measurement.image_digest, entered->digest, 32);
    /* The very first commit of a blank journal may be torn; none after it. */
    CHECK(choice.reason != PAWL_BOOT_LOST || !life.recorded);
    if (life.accepted) {
        CHECK_EQ(choice.set, 1); /* accepted once is accepted for good */
        CHECK(!choice.trial);
    }
    if (life.given_up) {
        CHECK_EQ(choice.set, 0);
    }
    if (choice.set == 1 && !life.accepted) {
        life.trial_boots += choice.trial ? 1 : 0;
        CHECK(life.trial_boots <= PAWL_TRIAL_BOOTS);
    }
    CHECK(device.counter_value >= 1 && device.counter_value <= 2);
    if (choice.trial || choice.set == 0) {
        CHECK_EQ(device.counter_value, 1);
    }
}

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

/* On trial: the firmware proves itself, or not. True: reset. */
static bool on_trial(const struct pawl_update_info *info)
{
    if (info->running == 0) { /* the factory's, after a torn first commit */
        (void)settled(pawl_update_accept(&device.update));
        return false;
    }
    switch (life.ending) {
    case ENDS_ACCEPTED:
        life.accepted |= settled(pawl_update_accept(&device.update)) == PAWL_OK;
        return false;
    case ENDS_REJECTED:
        life.given_up |=
            settled(pawl_update_reject(
                &device.update, PAWL_UPDATE_REASON_UNHEALTHY)) == PAWL_OK;
        return true;
    case ENDS_IN_CRASHES:
        break;
    }
    life.cause = PAWL_RESET_FAULT;
    return true;
}

/* One thing that the state asks for. True: the session ends by a reset. */
static bool act(void)
{
    struct pawl_update_info info = fake_device_info(&device);
    all.states[info.state]++;
    switch (info.state) {
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
        if (info.current.sequence == 2 || life.given_up) {
            life.done = !info.counter_pending;
            return true;
        }
        (void)settled(fake_device_download(&device, &v2, UINT32_MAX));
        return false;
    case PAWL_UPDATE_CANDIDATE:
        (void)settled(pawl_update_install(&device.update));
        life.staged_at = fake_device_operations(&device);
        return false;
    case PAWL_UPDATE_STAGED:
        return true;
    case PAWL_UPDATE_TRIAL:
        return on_trial(&info);
    case PAWL_UPDATE_REJECTED:
        return true;
    case PAWL_UPDATE_FAILED:
        CHECK(life.ending != ENDS_ACCEPTED);
        life.given_up = true;
        (void)settled(pawl_update_clean(&device.update));
        return false;
    case PAWL_UPDATE_UPDATED:
        CHECK(life.ending == ENDS_ACCEPTED || info.running == 0);
        (void)settled(pawl_update_clean(&device.update));
        return false;
    }
    return true;
}

/* From a reset to the next, or until power fails. */
static void session(void)
{
    enum pawl_status status = start_boot();
    life.cause = PAWL_RESET_SOFTWARE;
    if (device.power.dead) {
        return;
    }
    CHECK_EQ(status, PAWL_OK);
    ask_the_oracle();
    device.config.running_known = true;
    device.config.running = choice.set;
    if (fake_device_start_engine(&device) != PAWL_OK) {
        CHECK(device.power.dead);
        return;
    }
    life.recorded = true;
    for (unsigned i = 0; i < 20 && !device.power.dead; i++) {
        (void)fake_device_settle(&device);
        if (act()) {
            break;
        }
    }
}

/* Where the second cut of a life comes, after the first: UINT32_MAX, never. */
static uint32_t second_cut = UINT32_MAX;

/* Power is back; it may fail again. */
static void after_cut(unsigned cuts)
{
    (void)fake_device_power_on(&device);
    life.cause = PAWL_RESET_POWER_ON;
    if (cuts == 1 && second_cut != UINT32_MAX) {
        fake_flash_cut_power_at(&device.journal, second_cut);
    }
}

/* Runs a whole life with power cut at operation `at`. Whether it was cut. */
static bool live(enum ending ending, uint32_t at, uint32_t tear,
                 bool metastable, uint32_t *tears)
{
    unsigned cuts = 0;

    memcpy(&device, &saved, sizeof(device));
    life = (struct life){.ending = ending, .cause = PAWL_RESET_POWER_ON};
    fake_flash_cut_power_at(&device.journal, at);
    fake_flash_set_tear(&device.journal, tear, metastable);
    for (unsigned i = 0; i < SESSIONS_MAX && !life.done; i++) {
        session();
        if (device.power.dead) {
            *tears = cuts == 0 ? fake_flash_tears(&device.journal) : *tears;
            after_cut(++cuts);
        }
    }
    CHECK(life.done); /* I9 */
    CHECK_EQ(choice.set, ending == ENDS_ACCEPTED ? 1 : 0);
    CHECK_EQ(device.counter_value, ending == ENDS_ACCEPTED ? 2 : 1);
    CHECK_EQ(fake_device_breaches(&device), 0); /* I3 */
    all.faults += fake_device_faults(&device);
    all.runs++;
    return cuts != 0;
}

/*
 * Up to the staging all lives are alike, so one of them is cut there. Torn
 * operations are tried stable and metastable; whole ones leave nothing weak.
 */
static void cut_everywhere(enum ending ending, const struct shape *shape)
{
    bool cut = true;
    uint32_t tears = 1;

    given_provisioned(shape);
    memset(&all, 0, sizeof(all));
    CHECK(!live(ending, UINT32_MAX, 0, false, &tears));
    uint32_t before = saved.power.operations;
    uint32_t from = ending == ENDS_ACCEPTED ? 0 : life.staged_at - before;
    for (uint32_t at = from; cut; at++) {
        tears = 1;
        for (uint32_t tear = 0; tear < tears; tear++) {
            cut = live(ending, at, tear, false, &tears);
            if (cut && tear != 0 && tear + 1 < tears) {
                (void)live(ending, at, tear, true, &tears);
            }
        }
    }
    CHECK(all.faults > 0);
    printf("faults %u boots %u runs %u\n", all.faults, all.boots, all.runs);
}

static const struct shape usual = {8, 0xFF, 0};

static void an_update_survives_a_cut_at_every_operation(void)
{
    cut_everywhere(ENDS_ACCEPTED, &usual);
    for (unsigned state = 0; state < 8; state++) {
        bool met = state != PAWL_UPDATE_REJECTED && state != PAWL_UPDATE_FAILED;
        CHECK_EQ(all.states[state] > 0, met);
    }
}

static void a_rejection_survives_a_cut_at_every_operation(void)
{
    cut_everywhere(ENDS_REJECTED, &usual);
}

static void a_revert_survives_a_cut_at_every_operation(void)
{
    cut_everywhere(ENDS_IN_CRASHES, &usual);
}

/* The journal is compacted in the middle of it, in one bank and the other. */
static void an_update_survives_when_the_journal_is_nearly_full(void)
{
    static const struct shape shapes[] = {{8, 0xFF, 4}, {8, 0xFF, 8}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        cut_everywhere(ENDS_ACCEPTED, &shapes[i]);
    }
}

static void an_update_survives_on_other_flash(void)
{
    static const struct shape shapes[] = {{1, 0xFF, 0},
                                          {4, 0x00, 5},
                                          {16, 0xFF, 6},
                                          {16, 0x00, 0},
                                          {64, 0x00, 3}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        cut_everywhere(ENDS_ACCEPTED, &shapes[i]);
    }
}

/* A second cut while the first is being recovered from: at each operation,
 * then at every other one behind it, with one tear of each pair. */
static void an_update_survives_two_cuts(void)
{
    static const struct shape shape = {8, 0xFF, 4};
    bool cut = true;

    given_provisioned(&shape);
    memset(&all, 0, sizeof(all));
    for (uint32_t at = 0; cut; at++) {
        uint32_t tears = 1;
        for (uint32_t second = at % 2; second < 44; second += 2) {
            second_cut = second;
            cut = live(ENDS_ACCEPTED, at, (at + second) % (tears + 1),
                       second % 4 < 2, &tears);
        }
    }
    second_cut = UINT32_MAX;
    CHECK(all.faults > all.runs);
    printf("faults %u boots %u runs %u\n", all.faults, all.boots, all.runs);
}

static const struct check_test tests[] = {
    CHECK_TEST(an_update_survives_a_cut_at_every_operation),
    CHECK_TEST(a_rejection_survives_a_cut_at_every_operation),
    CHECK_TEST(a_revert_survives_a_cut_at_every_operation),
    CHECK_TEST(an_update_survives_when_the_journal_is_nearly_full),
    CHECK_TEST(an_update_survives_on_other_flash),
    CHECK_TEST(an_update_survives_two_cuts),
};
CHECK_MAIN(tests)
