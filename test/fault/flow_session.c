/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's life without faults: the factory, and then, from each reset to
 * the next, the boot loader and an application that does what the state asks
 * for, until nothing is left to do.
 */
#include "fault/flow_search.h"
#include "update/record.h"
#include <pawl/manifest.h>
#include <string.h>

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

static void provision(void)
{
    uint8_t stored[PAWL_MANIFEST_MAX], block[BLOCK];
    size_t len = sizeof(stored);
    struct pawl_manifest manifest;
    const struct pawl_flash *image = &device.image[0].port;
    const struct pawl_manifest_policy policy = {.signers = device.trust.signers,
                                                .signer_count =
                                                    device.trust.signer_count};

    search.phase = PHASE_PROVISION;
    for (uint32_t off = 0; off < IMAGE_SIZE; off += BLOCK) {
        uint32_t n = IMAGE_SIZE - off < BLOCK ? IMAGE_SIZE - off : BLOCK;

        memset(block, image->erased_value, sizeof(block));
        fake_release_bytes(&search.v1, off, block, n);
        if (off % image->erase_size == 0) {
            must(image->erase(image->ctx, off, image->erase_size) == PAWL_OK,
                 "provisioning: erase");
        }
        must(image->program(image->ctx, off, block, BLOCK) == PAWL_OK,
             "provisioning: program");
        must(image->sync(image->ctx) == PAWL_OK, "provisioning: sync");
    }
    must(pawl_manifest_open(&manifest, fake_release_envelope(&search.v1),
                            &policy) == PAWL_OK &&
             pawl_manifest_store(&manifest, stored, &len) == PAWL_OK &&
             pawl_area_write(&device.area[0].port,
                             (struct pawl_bytes){stored, len}) == PAWL_OK,
         "provisioning: manifest");
    search.life.provisioned = 1;
}

/* The boot loader. Its operations are of the phase that it turns out to be. */
static enum pawl_status start_boot(void)
{
    const struct pawl_boot_config config = {
        .product = &device.product,
        .slots = device.slots,
        .slot_count = 2,
        .journal = &device.journal.port,
        .counter = &device.counter,
        .trust = &device.store,
        .reset_cause = (enum pawl_reset_cause)search.life.cause};
    uint32_t from = search.recording != NULL ? search.recording->count : 0;
    enum pawl_status status = PAWL_ERR_FAULT;
    enum phase was = PHASE_BOOT;

    search.phase = PHASE_BOOT;
    search.now.boots++;
    search.booting = true;
    status = pawl_boot_select(&search.boot, &config, &search.choice);
    search.booting = false;
    if (search.choice.reason == PAWL_BOOT_REVERTED) {
        was = PHASE_REVERT;
    } else if (search.choice.trial) {
        was = PHASE_TRIAL_BOOT;
    }
    for (; search.recording != NULL && from < search.recording->count; from++) {
        if (search.recording->ops[from].phase == PHASE_BOOT) {
            search.recording->ops[from].phase = was;
        }
    }
    return status;
}

/* On trial: the firmware proves itself, or not. True: reset. */
static bool on_trial(const struct pawl_update_info *info)
{
    if (info->running == 0) { /* the factory's, after a torn first commit */
        search.phase = PHASE_ACCEPT;
        if (settled(pawl_update_accept(&device.update)) == PAWL_OK) {
            search.life.lost = 0;
        }
        return false;
    }
    switch ((enum ending)search.life.ending) {
    case ENDS_ACCEPTED:
        search.phase = PHASE_ACCEPT;
        search.life.accepting = 1;
        search.life.accepted |=
            settled(pawl_update_accept(&device.update)) == PAWL_OK ? 1 : 0;
        return false;
    case ENDS_REJECTED:
        search.phase = PHASE_REJECT;
        search.life.given_up |=
            settled(pawl_update_reject(&device.update,
                                       PAWL_UPDATE_REASON_UNHEALTHY)) == PAWL_OK
                ? 1
                : 0;
        return true;
    case ENDS_IN_CRASHES:
    case ENDINGS:
        break;
    }
    search.life.cause = PAWL_RESET_FAULT;
    return true;
}

static bool after_failure(void)
{
    search.phase = PHASE_CLEAN;
    if (search.life.rotted != 0 &&
        search.life.staged == 0) { /* then once more */
        (void)settled(pawl_update_clean(&device.update));
        search.life.rotted = 0;
        return false;
    }
    ask(search.life.ending != ENDS_ACCEPTED, "I9 (an update failed by itself)");
    search.life.given_up = 1;
    (void)settled(pawl_update_clean(&device.update));
    return false;
}

/* One thing that the state asks for. True: the session ends by a reset. */
static bool act(void)
{
    struct pawl_update_info info = fake_device_info(&device);

    switch (info.state) {
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
        if (info.current.sequence == 2 || search.life.given_up != 0) {
            search.life.done = info.counter_pending ? 0 : 1;
            return true;
        }
        search.phase = PHASE_START;
        search.resuming = info.state == PAWL_UPDATE_WRITING;
        (void)settled(fake_device_download(&device, &search.v2, UINT32_MAX));
        return false;
    case PAWL_UPDATE_CANDIDATE:
        ask(holds(&device.image[1], &search.v2, IMAGE_SIZE),
            "I4 (a candidate that is not what was released)");
        search.phase = PHASE_INSTALL;
        search.life.staged = 1; /* from here on it may be entered */
        search.life.rotted = 0;
        search.life.boots_left = PAWL_TRIAL_BOOTS + 1U;
        (void)settled(pawl_update_install(&device.update));
        return false;
    case PAWL_UPDATE_TRIAL:
        return on_trial(&info);
    case PAWL_UPDATE_FAILED:
        return after_failure();
    case PAWL_UPDATE_UPDATED:
        search.phase = PHASE_CLEAN;
        (void)settled(pawl_update_clean(&device.update));
        return false;
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_REJECTED:
        break;
    }
    return true;
}

/* From a reset to the next. */
void session(void)
{
    if (search.life.provisioned == 0) {
        provision();
    }
    check_glance(false);
    enum pawl_status status = start_boot();
    search.life.cause = PAWL_RESET_SOFTWARE;
    check_boot(status);
    if (search.choice.slot == NULL) {
        return;
    }
    device.config.running_known = true;
    device.config.running = search.choice.set;
    search.phase = PHASE_OPEN;
    ask(fake_device_start_engine(&device) == PAWL_OK,
        "I9 (the engine does not open)");
    search.life.recorded = 1;
    for (unsigned i = 0; i < 20 && !search.wrong; i++) {
        search.phase = PHASE_COUNTER;
        (void)fake_device_settle(&device);
        check_counter();
        if (act()) {
            break;
        }
    }
    check_counter();
}
