/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A device whose trust document is rotated, with a boot loader that keeps one
 * of its own: rotations that wait for the loader, a rotation that withdraws
 * the signer of what is staged, and the loss of both copies. Power fails at
 * every operation of every flash, the loader's among them.
 */

#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_keystore.h"
#include "fake/fake_record.h"
#include <pawl/boot.h>
#include <pawl/identity.h>

#include <stdio.h>
#include <string.h>

#define SESSIONS_MAX 40 /* power sessions until the device must be at rest */
#define NEWEST 4        /* version that the operator has announced */
#define IMAGE_SIZE 1500
#define OWN_SIZE FAKE_JOURNAL_SIZE

struct world {
    struct fake_device device;
    struct fake_flash own_journal, own_objects;
    struct pawl_store own; /* the loader's */
    bool protected;
    struct fake_keystore keys;
    struct pawl_identity identity;
    struct pawl_loader_trust loader_trust;
    struct pawl_trust scratch;
    uint8_t own_journal_memory[FAKE_FLASH_MEMORY(OWN_SIZE)];
    uint8_t own_objects_memory[FAKE_FLASH_MEMORY(FAKE_OBJECTS_SIZE)];
};

static struct world w, saved;
static struct fake_release v1, v2;
static struct pawl_boot boot;
static struct pawl_boot_choice choice;

struct life {
    uint64_t acknowledged; /* version of the last rotation that was OK */
    uint64_t told;         /* by the loader */
    unsigned held;         /* rotations that had to wait for a reset */
    bool accepted, done;
    enum pawl_reset_cause cause; /* of the next boot */
};

static struct life life;
static struct {
    unsigned boots, runs, cuts, rejected;
} all; /* lives together */

static struct pawl_bytes document(uint64_t version, bool retired)
{
    static uint8_t bytes[PAWL_TRUST_MAX];
    size_t len = sizeof(bytes);
    fake_release_trust(version, retired, bytes, &len);
    return (struct pawl_bytes){bytes, len};
}

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = IMAGE_SIZE,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

static enum pawl_status loader_version(void *ctx, uint64_t *version)
{
    return pawl_trust_stored_version(ctx, version);
}

static void open_own(void)
{
    fake_flash_open(&w.own_journal, w.own_journal_memory, OWN_SIZE, FAKE_SECTOR,
                    8, 0xFF);
    fake_flash_open(&w.own_objects, w.own_objects_memory, FAKE_OBJECTS_SIZE,
                    FAKE_SECTOR, 8, 0xFF);
    fake_flash_share_power(&w.own_journal, &w.device.power);
    fake_flash_share_power(&w.own_objects, &w.device.power);
    w.own = (struct pawl_store){&w.own_journal.port, &w.own_objects.port};
    w.loader_trust =
        (struct pawl_loader_trust){.ctx = &w.own, .version = loader_version};
}

static void given_provisioned(bool protected)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    make(&v1, 1);
    make(&v2, 2);
    fake_device_open(&w.device);
    fake_device_provision(&w.device, 0, &v1);
    w.device.counter_value = 1;
    fake_keystore_open(&w.keys);
    w.device.port.keystore = &w.keys.keystore;
    open_own();
    w.protected = protected;
    w.device.port.loader_trust = protected ? &w.loader_trust : NULL;
    life = (struct life){.cause = PAWL_RESET_POWER_ON, .acknowledged = 1};
}

/* ---- one power session ---- */

static enum pawl_status start_boot(void)
{
    static uint8_t factory[PAWL_TRUST_MAX];
    struct pawl_bytes first = document(1, false);
    memcpy(factory, first.data, first.len);
    struct pawl_boot_config config =
        fake_device_boot_config(&w.device, life.cause);
    config.protected_trust = w.protected ? &w.own : NULL;
    config.factory_trust = (struct pawl_bytes){factory, first.len};
    all.boots++;
    life.cause = PAWL_RESET_SOFTWARE;
    return pawl_boot_select(&boot, &config, &choice);
}

/* The loader has what was acknowledged before the start, and never less than
 * it told: nobody leaves it behind. */
static void ask_the_oracle(void)
{
    const struct fake_release *entered = choice.set == 0 ? &v1 : &v2;
    CHECK(choice.slot != NULL);
    CHECK_MEM(choice.measurement.image_digest, entered->digest, 32);
    CHECK(!choice.trust_lost);
    CHECK(choice.measurement.trust_version >= life.acknowledged);
    CHECK(choice.measurement.trust_version >= life.told || !w.protected);
    life.told = choice.measurement.trust_version;
    if (life.accepted) {
        CHECK_EQ(choice.set, 1);
    }
}

/* From the reset to an open engine. False: power failed. */
static bool start(void)
{
    enum pawl_status status = start_boot();
    if (w.device.power.dead) {
        return false;
    }
    CHECK_EQ(status, PAWL_OK);
    ask_the_oracle();
    w.device.config.running_known = true;
    w.device.config.running = choice.set;
    status = pawl_identity_open(&w.identity, &w.device.port);
    if (w.device.power.dead) {
        return false;
    }
    CHECK_EQ(status, PAWL_OK);
    CHECK_EQ(pawl_trust_open(&w.device.trust, &w.device.store), PAWL_OK);
    CHECK(w.device.trust.version >= life.acknowledged);
    (void)fake_device_start_engine(&w.device);
    (void)fake_device_settle(&w.device); /* a document that came before it */
    return !w.device.power.dead;
}

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&w.device) : status;
}

static enum pawl_status rotate_to(uint64_t version, bool retired)
{
    enum pawl_status status = pawl_identity_rotate_trust(
        &w.identity, &w.device.trust, &w.scratch, document(version, retired));
    if (status == PAWL_OK) {
        life.acknowledged = version;
    }
    return status;
}

/* ---- what the application does; true: the session ends by a reset ---- */

static bool updates(void)
{
    struct pawl_update_info info = fake_device_info(&w.device);
    switch (info.state) {
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
        if (info.current.sequence == 2) {
            life.done = !info.counter_pending;
            return true;
        }
        (void)settled(fake_device_download(&w.device, &v2, UINT32_MAX));
        return false;
    case PAWL_UPDATE_CANDIDATE:
        (void)settled(pawl_update_install(&w.device.update));
        return false;
    case PAWL_UPDATE_STAGED:
        return true;
    case PAWL_UPDATE_TRIAL:
        life.accepted |=
            settled(pawl_update_accept(&w.device.update)) == PAWL_OK &&
            info.running == 1;
        return false;
    case PAWL_UPDATE_REJECTED:
    case PAWL_UPDATE_FAILED:
        CHECK(false); /* nobody was withdrawn, and nothing is wrong with it */
        return true;
    case PAWL_UPDATE_UPDATED:
        (void)settled(pawl_update_clean(&w.device.update));
        return false;
    }
    return true;
}

/* One document after the other, as fast as they are taken, then an update
 * that the newest must be in force for. */
static bool follows_the_chain(void)
{
    if (w.device.trust.version >= NEWEST) {
        return updates();
    }
    enum pawl_status status = rotate_to(w.device.trust.version + 1, false);
    if (status == PAWL_ERR_RESET_DUE) {
        CHECK(w.protected);
        life.held++;
        return true;
    }
    CHECK(status == PAWL_OK || w.device.power.dead);
    (void)settled(pawl_update_trust_changed(&w.device.update));
    return false;
}

/* Withdraws the signer once the update is staged; then puts it away. */
static bool withdraws_the_signer(void)
{
    struct pawl_update_info info = fake_device_info(&w.device);
    bool withdrawn = w.device.trust.version == 2;

    if (withdrawn) {
        CHECK_EQ(info.state == PAWL_UPDATE_STAGED, false);
    } else if (info.state == PAWL_UPDATE_STAGED ||
               (info.state == PAWL_UPDATE_TRIAL && info.running == 1)) {
        CHECK(rotate_to(2, true) == PAWL_OK || w.device.power.dead);
        (void)settled(pawl_update_trust_changed(&w.device.update));
        return false;
    }
    switch (info.state) {
    case PAWL_UPDATE_READY:
        life.done = choice.measurement.trust_version == 2;
        return withdrawn || updates();
    case PAWL_UPDATE_REJECTED:
        CHECK_EQ(info.reason, PAWL_UPDATE_REASON_REVOKED);
        all.rejected++;
        CHECK(!info.reset_wanted);
        CHECK(settled(pawl_update_clean(&w.device.update)) == PAWL_OK ||
              w.device.power.dead);
        return false;
    case PAWL_UPDATE_FAILED:
        (void)settled(pawl_update_clean(&w.device.update));
        return false;
    case PAWL_UPDATE_TRIAL: /* power failed before it was judged */
        if (info.running == 0) {
            break; /* the factory's, after a torn first commit */
        }
        CHECK_EQ(pawl_update_accept(&w.device.update), PAWL_ERR_REVOKED);
        (void)settled(
            pawl_update_reject(&w.device.update, PAWL_UPDATE_REASON_REVOKED));
        return true;
    case PAWL_UPDATE_WRITING:
    case PAWL_UPDATE_CANDIDATE:
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_UPDATED:
        break;
    }
    CHECK(!withdrawn);
    return updates();
}

/* ---- lives ---- */

static void session(bool (*act)(void))
{
    if (!start()) {
        return;
    }
    for (unsigned i = 0; i < 30 && !w.device.power.dead; i++) {
        (void)fake_device_settle(&w.device);
        if (act()) {
            break;
        }
    }
}

static void power_on(void)
{
    (void)fake_device_power_on(&w.device);
    (void)fake_flash_power_on(&w.own_journal);
    (void)fake_flash_power_on(&w.own_objects);
    life.cause = PAWL_RESET_POWER_ON;
}

/* Runs a whole life with power cut at operation `at`. Whether it was cut. */
static bool live(bool (*act)(void), uint32_t at, uint32_t tear, bool metastable,
                 uint32_t *tears)
{
    bool cut = false;

    memcpy(&w, &saved, sizeof(w));
    life = (struct life){.cause = PAWL_RESET_POWER_ON, .acknowledged = 1};
    fake_flash_cut_power_at(&w.device.journal, at);
    fake_flash_set_tear(&w.device.journal, tear, metastable);
    for (unsigned i = 0; i < SESSIONS_MAX && !life.done; i++) {
        session(act);
        if (w.device.power.dead) {
            *tears = fake_flash_tears(&w.device.journal);
            cut = true;
            power_on();
        }
    }
    CHECK(life.done);
    fake_flash_cut_power_at(&w.device.journal, UINT32_MAX);
    CHECK_EQ(fake_device_breaches(&w.device) + w.own_journal.breaches +
                 w.own_objects.breaches,
             0);
    all.runs++;
    all.cuts += cut ? 1 : 0;
    return cut;
}

/* Every operation: not begun, torn in two ways of many, done and not told;
 * torn ones stable and metastable. */
static void cut_everywhere(bool (*act)(void), bool protected,
                           void (*then)(void))
{
    bool cut = true;
    uint32_t tears = 1;

    given_provisioned(protected);
    memcpy(&saved, &w, sizeof(saved)); /* it goes back to its place */
    memset(&all, 0, sizeof(all));
    CHECK(!live(act, UINT32_MAX, 0, false, &tears));
    then();
    for (uint32_t at = 0; cut; at++) {
        cut = live(act, at, 0, false, &tears);
        then();
        for (uint32_t i = 1; cut && i < 4 && i < tears; i++) {
            uint32_t tear = i == 3 ? tears - 1 : (at + i * 7) % tears;
            (void)live(act, at, tear, i == 2, &tears);
            then();
        }
    }
    CHECK(all.cuts > 100);
    printf("boots %u runs %u cuts %u\n", all.boots, all.runs, all.cuts);
}

/* All documents came into force, in the loader as well, and the update. */
static void the_chain_was_followed(void)
{
    uint64_t version = 0;
    CHECK_EQ(w.device.trust.version, NEWEST);
    CHECK_EQ(choice.set, 1);
    CHECK_EQ(w.device.counter_value, 2);
    if (w.protected) {
        CHECK(life.held > 0);
        CHECK_EQ(pawl_trust_stored_version(&w.own, &version), PAWL_OK);
        CHECK_EQ(version, NEWEST);
    }
}

static void a_held_rotation_survives_a_cut_at_every_operation(void)
{
    cut_everywhere(follows_the_chain, true, the_chain_was_followed);
}

static void a_rotation_without_a_loaders_store_needs_no_reset(void)
{
    uint32_t tears = 1;
    given_provisioned(false);
    memcpy(&saved, &w, sizeof(saved));
    CHECK(!live(follows_the_chain, UINT32_MAX, 0, false, &tears));
    the_chain_was_followed();
    CHECK_EQ(life.held, 0);
}

/* What was withdrawn is gone, what was confirmed stays. */
static void the_update_is_gone(void)
{
    struct pawl_update_info info = fake_device_info(&w.device);
    CHECK_EQ(info.state, PAWL_UPDATE_READY);
    CHECK_EQ(info.running, 0);
    CHECK_EQ(info.current.sequence, 1);
    CHECK_EQ(w.device.counter_value, 1);
    CHECK_EQ(pawl_update_start(&w.device.update, fake_release_envelope(&v2)),
             PAWL_ERR_REVOKED);
    CHECK_EQ(start_boot(), PAWL_OK);
    CHECK_EQ(choice.set, 0);
    CHECK_EQ(choice.measurement.trust_version, 2);
}

static void a_withdrawn_signer_of_what_is_staged_ends_rejected_and_ready(void)
{
    for (unsigned protected = 0; protected < 2; protected ++) {
        cut_everywhere(withdraws_the_signer, protected != 0,
                       the_update_is_gone);
        CHECK(all.rejected > 0);
    }
}

/* ---- both copies unreadable ---- */

static void lose_the_document(void)
{
    static uint8_t rubbish[FAKE_OBJECTS_SIZE];
    fake_flash_load(&w.device.store_objects, 0, rubbish, sizeof(rubbish));
    CHECK_EQ(pawl_trust_open(&w.device.trust, &w.device.store), PAWL_ERR_LOST);
}

/* Version 3 is in force, v2 is accepted and runs. */
static void given_a_life(bool protected)
{
    given_provisioned(protected);
    for (unsigned i = 0; i < SESSIONS_MAX && !life.done; i++) {
        session(follows_the_chain);
    }
    CHECK(life.done);
    the_chain_was_followed();
}

/* As start(), where the store has no document. */
static void start_without_trust(void)
{
    CHECK_EQ(start_boot(), PAWL_OK);
    CHECK_EQ(choice.trust_lost, !w.protected);
    CHECK_EQ(choice.reason, PAWL_BOOT_CONFIRMED);
    CHECK_EQ(choice.set, 1);
    CHECK_MEM(choice.measurement.image_digest, v2.digest, 32);
    w.device.config.running = choice.set;
    CHECK_EQ(pawl_identity_open(&w.identity, &w.device.port), PAWL_OK);
    CHECK_EQ(pawl_trust_open(&w.device.trust, &w.device.store), PAWL_ERR_LOST);
    CHECK_EQ(fake_device_start_engine(&w.device), PAWL_OK);
}

static void no_update_starts(const struct fake_release *release)
{
    uint32_t operations = fake_device_operations(&w.device);
    CHECK_EQ(
        pawl_update_start(&w.device.update, fake_release_envelope(release)),
        PAWL_ERR_LOST);
    CHECK_EQ(pawl_update_reason(&w.device.update),
             PAWL_UPDATE_REASON_TRUST_LOST);
    CHECK_EQ(fake_device_info(&w.device).state, PAWL_UPDATE_READY);
    CHECK_EQ(fake_device_operations(&w.device), operations);
}

/* Also over resets: a replay is in memory alone until the floor is reached. */
static void
after_a_loss_confirmed_images_run_and_updates_wait_for_the_floor(void)
{
    static struct fake_release v3;
    for (unsigned protected = 0; protected < 2; protected ++) {
        given_a_life(protected != 0);
        make(&v3, 3);
        lose_the_document();
        for (uint64_t reached = 1; reached < NEWEST; reached++) {
            start_without_trust();
            no_update_starts(&v3);
            CHECK_EQ(pawl_identity_recover_trust(&w.identity, &w.device.trust,
                                                 document(1, false)),
                     PAWL_PENDING);
            for (uint64_t version = 2; version <= reached; version++) {
                CHECK_EQ(rotate_to(version + 1, false), PAWL_ERR_STATE);
                CHECK_EQ(rotate_to(version, false), PAWL_PENDING);
                CHECK_EQ(pawl_update_trust_changed(&w.device.update), PAWL_OK);
                no_update_starts(&v3);
            }
        }
        CHECK_EQ(rotate_to(NEWEST, false), PAWL_OK);
        CHECK_EQ(settled(fake_device_download(&w.device, &v3, UINT32_MAX)),
                 PAWL_OK);
        CHECK_EQ(settled(pawl_update_install(&w.device.update)), PAWL_OK);
        CHECK_EQ(start_boot(), PAWL_OK);
        CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
        CHECK_EQ(choice.set, 0);
        CHECK_EQ(choice.measurement.trust_version, NEWEST);
    }
}

/* A loader without a store of its own does not try what is staged: nobody can
 * say who signed it. It is tried once the chain is there again. */
static void after_a_loss_what_is_staged_waits(void)
{
    struct pawl_record record;
    given_provisioned(false);
    CHECK(start());
    while (fake_device_info(&w.device).state != PAWL_UPDATE_STAGED) {
        CHECK(!follows_the_chain());
    }
    CHECK_EQ(fake_device_info(&w.device).state, PAWL_UPDATE_STAGED);
    lose_the_document();
    CHECK_EQ(start_boot(), PAWL_OK);
    CHECK(choice.trust_lost);
    CHECK_EQ(choice.set, 0);
    CHECK(record_in_journal(&w.device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_STAGED);
    CHECK_EQ(record.attempts, PAWL_TRIAL_ATTEMPTS);

    CHECK_EQ(pawl_identity_open(&w.identity, &w.device.port), PAWL_OK);
    CHECK_EQ(pawl_identity_recover_trust(&w.identity, &w.device.trust,
                                         document(1, false)),
             PAWL_PENDING);
    for (uint64_t version = 2; version <= NEWEST; version++) {
        CHECK_EQ(rotate_to(version, false),
                 version < NEWEST ? PAWL_PENDING : PAWL_OK);
    }
    CHECK_EQ(start_boot(), PAWL_OK);
    CHECK_EQ(choice.reason, PAWL_BOOT_TRIAL);
    CHECK_EQ(choice.set, 1);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_held_rotation_survives_a_cut_at_every_operation),
    CHECK_TEST(a_rotation_without_a_loaders_store_needs_no_reset),
    CHECK_TEST(a_withdrawn_signer_of_what_is_staged_ends_rejected_and_ready),
    CHECK_TEST(
        after_a_loss_confirmed_images_run_and_updates_wait_for_the_floor),
    CHECK_TEST(after_a_loss_what_is_staged_waits),
};
CHECK_MAIN(tests)
