/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"

#include <string.h>

static struct fake_device device;
static struct fake_release v1, v2;

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = 6000,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

/* v1 in slot A, accepted by the factory; v2 is to come. */
static void given_device(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    make(&v1, 1);
    make(&v2, 2);
    fake_device_open(&device);
    fake_device_provision(&device, 0, &v1);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
}

static void given_candidate(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
}

static void given_staged(void)
{
    given_candidate();
    CHECK_EQ(pawl_update_install(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
}

static void given_trial(void)
{
    given_staged();
    CHECK(enter_trial(&device));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_TRIAL);
}

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

static void a_fresh_device_records_the_factory_image(void)
{
    given_device();
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.state, PAWL_UPDATE_READY);
    CHECK(info.current.known);
    CHECK_EQ(info.current.sequence, 1);
    CHECK_EQ(info.sequence_floor, 1);
    CHECK_EQ(info.running, 0);

    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_operations(&device), operations);
}

static void images_linked_for_a_slot_need_a_manifest_that_names_it(void)
{
    given_device();
    device.slots[1].fixed = true; /* one is enough */
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(
        settled(pawl_update_start(&device.update, fake_release_envelope(&v2))),
        PAWL_ERR_POLICY);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_POLICY);
}

static void an_update_goes_from_ready_to_updated(void)
{
    given_candidate();
    CHECK_EQ(pawl_update_install(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_STAGED);
    CHECK(fake_device_info(&device).reset_wanted);

    CHECK(enter_trial(&device));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).running, 1);
    CHECK_EQ(device.counter_value, 0);

    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.state, PAWL_UPDATE_UPDATED);
    CHECK_EQ(info.current.sequence, 2);
    CHECK_EQ(info.previous.sequence, 1);
    CHECK_EQ(info.sequence_floor, 2);
    CHECK_EQ(device.counter_value, 2);
    CHECK(!info.counter_pending);

    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
    CHECK_EQ(fake_device_breaches(&device), 0);
}

static void each_image_is_told_by_what_it_is(void)
{
    static const uint8_t zeros[32] = {0};

    given_candidate();
    struct pawl_update_info before = fake_device_info(&device);
    CHECK(before.current.known && before.candidate.known);
    CHECK(!before.previous.known);
    CHECK_MEM(before.previous.digest, zeros, 32);
    CHECK_EQ(before.current.set, 0);
    CHECK_EQ(before.candidate.set, 1);
    CHECK_EQ(before.candidate.sequence, 2);
    CHECK(memcmp(before.current.digest, before.candidate.digest, 32) != 0);

    CHECK_EQ(pawl_update_install(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK(enter_trial(&device));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    struct pawl_update_info after = fake_device_info(&device);
    CHECK(after.current.known && after.previous.known);
    CHECK_EQ(after.current.set, 1);
    CHECK_EQ(after.previous.set, 0);
    CHECK_MEM(after.current.digest, before.candidate.digest, 32);
    CHECK_MEM(after.previous.digest, before.current.digest, 32);
}

static struct pawl_update_event told[8];
static size_t told_count;

static void note_event(void *ctx, const struct pawl_update_event *event)
{
    (void)ctx;
    if (told_count < sizeof(told) / sizeof(told[0])) {
        told[told_count++] = *event;
    }
}

static void each_event_says_in_which_state_it_was(void)
{
    told_count = 0;
    given_staged();
    device.config.on_event = note_event;
    CHECK(enter_trial(&device));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(told_count, 0);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);

    CHECK_EQ(told_count, 3);
    CHECK_EQ(told[0].kind, PAWL_UPDATE_EVENT_STATE);
    CHECK_EQ(told[0].state, PAWL_UPDATE_UPDATED);
    CHECK_EQ(told[1].kind, PAWL_UPDATE_EVENT_COUNTER);
    CHECK_EQ(told[1].state, PAWL_UPDATE_UPDATED);
    CHECK_EQ(told[1].counter, 2);
    CHECK_EQ(told[2].kind, PAWL_UPDATE_EVENT_STATE);
    CHECK_EQ(told[2].state, PAWL_UPDATE_READY);
}

static void the_flash_holds_the_image_and_its_manifest(void)
{
    uint8_t want[6000], got[6000], head[8];
    given_candidate();
    fake_release_bytes(&v2, 0, want, sizeof(want));
    CHECK_EQ(device.image[1].port.read(device.image[1].port.ctx, 0, got,
                                       sizeof(got)),
             PAWL_OK);
    CHECK_MEM(got, want, sizeof(want));
    CHECK_EQ(device.area[1].port.read(device.area[1].port.ctx, 0, head, 8),
             PAWL_OK);
    CHECK_MEM(head, "PWM1", 4);
}

static void the_running_slot_is_never_touched(void)
{
    given_candidate();
    for (unsigned i = 0; i < FAKE_FLASH_SECTORS; i++) {
        CHECK_EQ(device.image[0].erases[i], 0);
        CHECK_EQ(device.image[0].programs[i], 0);
    }
}

static void every_flipped_bit_of_an_envelope_is_refused(void)
{
    struct fake_release bad;
    given_device();
    uint32_t operations = fake_device_operations(&device);
    for (size_t at = 0; at < v2.envelope_len; at += 3) {
        bad = v2;
        bad.envelope[at] ^= (uint8_t)(1u << at % 8);
        CHECK(settled(pawl_update_start(&device.update,
                                        fake_release_envelope(&bad))) < 0);
    }
    CHECK_EQ(fake_device_operations(&device), operations);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
}

static void the_application_may_refuse_or_wait(void)
{
    struct pawl_wait wait;
    given_device();
    device.may_start = PAWL_ANSWER_NO;
    CHECK_EQ(
        settled(pawl_update_start(&device.update, fake_release_envelope(&v2))),
        PAWL_ERR_DENIED);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_DENIED);

    device.may_start = PAWL_ANSWER_NOT_NOW;
    device.asked = 0;
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(
        settled(pawl_update_start(&device.update, fake_release_envelope(&v2))),
        PAWL_PENDING);
    CHECK_EQ(pawl_update_step(&device.update, &wait), PAWL_PENDING);
    CHECK_EQ(wait.events, PAWL_WAIT_DEADLINE);
    CHECK_EQ(wait.deadline_ms, 30000);
    CHECK_EQ(device.asked, 1);
    CHECK_EQ(fake_device_operations(&device), operations);

    device.may_start = PAWL_ANSWER_YES;
    device.now_ms = 30000;
    CHECK_EQ(fake_device_settle(&device), PAWL_PENDING);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_WRITING);
}

/* A download that a reset interrupted is given up, and makes room. */
static void a_no_after_a_reset_gives_the_update_up(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &v2, 100), PAWL_PENDING);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_WRITING);
    device.may_start = PAWL_ANSWER_NO;
    CHECK_EQ(
        settled(pawl_update_start(&device.update, fake_release_envelope(&v2))),
        PAWL_ERR_DENIED);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_DENIED);
    CHECK_EQ(info.phase, PAWL_UPDATE_PHASE_WRITE);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
}

/* Reason, phase and status are of one event, the last one. */
static void the_status_is_that_of_the_reason(void)
{
    static struct fake_release other;
    given_device();
    make(&other, 3);
    CHECK_EQ(fake_device_download(&device, &v2, 100), PAWL_PENDING);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&other)),
             PAWL_ERR_STATE);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_BUSY);
    CHECK_EQ(info.status, PAWL_ERR_STATE);

    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&other)),
             PAWL_ERR_STATE);
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    info = fake_device_info(&device);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_CANCELLED);
    CHECK_EQ(info.phase, PAWL_UPDATE_PHASE_WRITE);
    CHECK_EQ(info.status, PAWL_OK);

    given_device();
    fake_flash_misbehave(&device.image[1], FAKE_REFUSE_ERASE, 0);
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_ERR_IO);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    info = fake_device_info(&device);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_FLASH);
    CHECK_EQ(info.status, PAWL_ERR_IO); /* the record keeps it */
}

/* Not before its time, and then at once. */
static void install_is_asked_for_again(void)
{
    struct pawl_wait wait;
    given_candidate();
    device.may_install = PAWL_ANSWER_NOT_NOW;
    device.asked = 0;
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_PENDING);
    device.may_install = PAWL_ANSWER_YES;
    device.now_ms = 29999;
    CHECK_EQ(pawl_update_step(&device.update, &wait), PAWL_PENDING);
    CHECK_EQ(wait.events, PAWL_WAIT_DEADLINE);
    CHECK_EQ(wait.deadline_ms, 30000);
    CHECK_EQ(device.asked, 1);
    device.now_ms = 30000;
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(device.asked, 2);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_STAGED);
    CHECK_EQ(fake_device_info(&device).attempts_left, PAWL_TRIAL_ATTEMPTS);
    CHECK_EQ(fake_device_info(&device).boots_left, PAWL_TRIAL_BOOTS);
}

static void install_waits_for_consent_and_keeps_the_candidate(void)
{
    given_candidate();
    device.may_install = PAWL_ANSWER_NOT_NOW;
    CHECK_EQ(pawl_update_install(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_settle(&device), PAWL_PENDING);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);

    /* a reset does not lose it either */
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);

    device.may_install = PAWL_ANSWER_NO;
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_ERR_DENIED);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
}

static void a_withdrawn_signer_neither_starts_installs_nor_accepts(void)
{
    given_candidate();
    fake_device_trust(&device, 2, true);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_ERR_REVOKED);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);

    given_trial();
    fake_device_trust(&device, 2, true);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_ERR_REVOKED);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_TRIAL);
    CHECK_EQ(device.counter_value, 0);

    given_device();
    fake_device_trust(&device, 2, true);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_ERR_REVOKED);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_REVOKED);
}

/* Whatever waits for its trial is judged again by a new trust document. */
static void a_rotation_gives_up_what_its_signers_may_no_longer_sign(void)
{
    static const struct {
        void (*given)(void);
        enum pawl_update_state state;
    } rows[] = {{given_candidate, PAWL_UPDATE_FAILED},
                {given_staged, PAWL_UPDATE_REJECTED}};
    for (size_t i = 0; i < 2; i++) {
        rows[i].given();
        fake_device_trust(&device, 2, true);
        CHECK_EQ(settled(pawl_update_trust_changed(&device.update)),
                 PAWL_ERR_REVOKED);
        struct pawl_update_info info = fake_device_info(&device);
        CHECK_EQ(info.state, rows[i].state);
        CHECK_EQ(info.reason, PAWL_UPDATE_REASON_REVOKED);
        CHECK(!info.reset_wanted);
        CHECK(!info.retry);
        CHECK_EQ(pawl_update_trust_changed(&device.update), PAWL_OK);
    }
}

/* It never ran: no reset is needed to put it away, and one does no harm. */
static void what_a_rotation_rejected_is_cleaned_away(void)
{
    for (unsigned resets = 0; resets < 2; resets++) {
        given_staged();
        fake_device_trust(&device, 2, true);
        CHECK_EQ(settled(pawl_update_trust_changed(&device.update)),
                 PAWL_ERR_REVOKED);
        CHECK_EQ(settled(pawl_update_start(&device.update,
                                           fake_release_envelope(&v2))),
                 PAWL_ERR_STATE);
        CHECK_EQ(pawl_update_reason(&device.update),
                 PAWL_UPDATE_REASON_REVOKED);
        CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_ERR_STATE);
        CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_ERR_STATE);
        if (resets == 1) {
            CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
            CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
            CHECK_EQ(fake_device_info(&device).reason,
                     PAWL_UPDATE_REASON_REVOKED);
        }
        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        struct pawl_update_info info = fake_device_info(&device);
        CHECK_EQ(info.state, PAWL_UPDATE_READY);
        CHECK_EQ(info.reason, PAWL_UPDATE_REASON_REVOKED);
        CHECK(!info.candidate.known);
        CHECK_EQ(info.current.sequence, 1);
    }
}

/* While it runs only a reset puts it away. */
static void what_is_rejected_on_trial_is_not_cleaned(void)
{
    given_trial();
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        PAWL_UPDATE_REASON_UNHEALTHY)),
             PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_ERR_STATE);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_REJECTED);
}

/* What flash cannot give is no judgement of its signer. */
static void a_rotation_that_cannot_read_what_is_staged_fails_it(void)
{
    given_staged();
    fake_flash_flip(&device.area[1], 100, 1);
    fake_device_trust(&device, 2, false);
    CHECK(settled(pawl_update_trust_changed(&device.update)) < 0);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
}

static void a_rotation_ends_a_download(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &v2, 100), PAWL_PENDING);
    fake_device_trust(&device, 2, true);
    CHECK_EQ(settled(pawl_update_trust_changed(&device.update)),
             PAWL_ERR_REVOKED);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).phase, PAWL_UPDATE_PHASE_WRITE);
}

/* Signers who stay lose nothing, and boot asks for the newer document. */
static void a_rotation_that_keeps_the_signer_is_recorded(void)
{
    struct pawl_record record;
    given_device();
    CHECK_EQ(fake_device_download(&device, &v2, 5000), PAWL_PENDING);
    fake_device_trust(&device, 2, false);
    CHECK_EQ(pawl_update_trust_changed(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);

    given_staged();
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.trust_version, 1);
    fake_device_trust(&device, 2, false);
    CHECK_EQ(settled(pawl_update_trust_changed(&device.update)), PAWL_OK);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.trust_version, 2);
    CHECK_EQ(record.state, PAWL_UPDATE_STAGED);
}

/* Power failed between the rotation and the engine's turn. */
static void a_rotation_is_noticed_after_a_reset(void)
{
    given_staged();
    fake_device_trust(&device, 2, true);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_REVOKED);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_REJECTED);
}

static void nothing_starts_without_a_trust_document_or_with_an_old_one(void)
{
    given_device();
    memset(&device.trust, 0, sizeof(device.trust));
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_ERR_LOST);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_TRUST_LOST);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);

    given_staged();
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    device.trust.version = 0; /* older than the one of the install */
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_ERR_LOST);
}

/* A refusal is told with its phase, until something goes well. */
static void a_refusal_is_forgotten_once_the_state_moves(void)
{
    given_candidate();
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v1)),
             PAWL_ERR_STATE);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_BUSY);
    CHECK_EQ(fake_device_info(&device).phase, PAWL_UPDATE_PHASE_START);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_NONE);
    CHECK_EQ(fake_device_info(&device).phase, PAWL_UPDATE_PHASE_NONE);
}

/* The document was replaced by an older one between start and install: boot
 * would ask for no more than that from then on. */
static void nothing_is_installed_by_an_old_trust_document(void)
{
    struct pawl_record record;
    given_device();
    fake_device_trust(&device, 2, false);
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);

    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
    device.trust.version = 1;
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_ERR_LOST);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_TRUST_LOST);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.trust_version, 2);
}

static void accept_is_durable_before_the_counter_rises(void)
{
    struct pawl_record record;
    given_trial();
    device.counter_status = PAWL_ERR_IO;
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_PENDING);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.state, PAWL_UPDATE_UPDATED);
    CHECK(record.counter_pending);
    CHECK_EQ(fake_device_info(&device).security_counter, 2);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_COUNTER_PENDING], 1);

    /* no new start meanwhile, also after a reset */
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_ERR_STATE);
    CHECK_EQ(pawl_update_reason(&device.update),
             PAWL_UPDATE_REASON_COUNTER_PENDING);

    device.counter_status = PAWL_OK;
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(device.counter_value, 2);
    CHECK(!fake_device_info(&device).counter_pending);
}

static void the_counter_is_tried_again_with_back_off(void)
{
    struct pawl_wait wait;
    given_trial();
    device.counter_status = PAWL_ERR_IO;
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    uint64_t last = 0;
    for (unsigned i = 0; i < 14; i++) {
        CHECK_EQ(pawl_update_step(&device.update, &wait), PAWL_PENDING);
        CHECK_EQ(wait.events, PAWL_WAIT_DEADLINE);
        CHECK_EQ(device.counter_advances, i + 1);
        uint64_t gap = wait.deadline_ms - device.now_ms;
        CHECK(gap >= last && gap <= 600000);
        last = gap;
        CHECK_EQ(pawl_update_step(&device.update, &wait), PAWL_PENDING);
        CHECK_EQ(device.counter_advances, i + 1);
        device.now_ms = wait.deadline_ms;
    }
}

static void accept_may_be_asked_twice_and_only_on_trial(void)
{
    given_device();
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_STATE);
    given_candidate();
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_STATE);
    given_staged();
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_STATE);
    given_trial();
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_PENDING);
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_OK);
}

static void a_rejected_trial_ends_as_failed_after_the_reset(void)
{
    struct pawl_record record;
    given_trial();
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        PAWL_UPDATE_REASON_UNHEALTHY)),
             PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_REJECTED);
    CHECK(fake_device_info(&device).reset_wanted);
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_STATE);

    CHECK(record_in_journal(&device, &record));
    record.running = record.current.set; /* as the boot loader does */
    CHECK(record_put(&device, &record));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_UNHEALTHY);
    CHECK_EQ(info.sequence_floor, 1);
    CHECK_EQ(device.counter_value, 0);
}

/* A reason that is none, or that no byte holds, would not be counted against
 * the image, which would be tried for ever. */
static void a_rejection_has_a_reason(void)
{
    given_trial();
    CHECK_EQ(pawl_update_reject(&device.update, PAWL_UPDATE_REASON_NONE),
             PAWL_ERR_ARGUMENT);
    if (sizeof(enum pawl_update_reason) > 1) {
        CHECK_EQ(pawl_update_reject(&device.update,
                                    (enum pawl_update_reason)(256 + 52)),
                 PAWL_ERR_ARGUMENT);
    }
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_TRIAL);
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        (enum pawl_update_reason)255)),
             PAWL_OK);
    CHECK_EQ(fake_device_info(&device).reason, 255);
}

/* One more trial of release, which the application rejects; READY again. */
static void given_failed_trial(const struct fake_release *release)
{
    struct pawl_record record;
    CHECK_EQ(fake_device_download(&device, release, UINT32_MAX), PAWL_OK);
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK(enter_trial(&device));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        PAWL_UPDATE_REASON_UNHEALTHY)),
             PAWL_OK);
    CHECK(record_in_journal(&device, &record));
    record.running = record.current.set; /* as the boot loader does */
    CHECK(record_put(&device, &record));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
}

/* Announced in turns, for ever: each is tried so often and no more, and what
 * is remembered survives resets and downloads. */
static void images_whose_trials_fail_are_not_tried_for_ever(void)
{
    struct fake_release v3, v4;
    given_device();
    make(&v3, 3);
    make(&v4, 4);
    for (unsigned i = 0; i < PAWL_TRIALS_OF_IMAGE; i++) {
        given_failed_trial(&v2);
        given_failed_trial(&v3);
    }
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    const struct fake_release *bad[] = {&v2, &v3};
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(
            pawl_update_start(&device.update, fake_release_envelope(bad[i])),
            PAWL_ERR_DENIED);
        CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_TRIED);
        CHECK(!fake_device_info(&device).retry);
        CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
    }
    given_failed_trial(&v4); /* a new one is tried, and the oldest forgotten */
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v3)),
             PAWL_ERR_DENIED);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_PENDING);
}

/* What never ran says nothing about the image. */
static void only_trials_count_against_an_image(void)
{
    given_device();
    for (unsigned i = 0; i <= PAWL_TRIALS_OF_IMAGE; i++) {
        CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
        CHECK_EQ(settled(pawl_update_reject(&device.update,
                                            PAWL_UPDATE_REASON_UNHEALTHY)),
                 PAWL_OK);
        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        CHECK_EQ(fake_device_download(&device, &v2, 100), PAWL_PENDING);
        CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    }
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_PENDING);
}

static void a_trial_that_was_not_entered_is_not_accepted(void)
{
    given_trial();
    device.config.running_known = true;
    device.config.running = 0;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(pawl_update_reason(&device.update),
             PAWL_UPDATE_REASON_NOT_ENTERED);
    CHECK(fake_device_info(&device).retry);
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_STATE);
}

static void the_trial_has_a_deadline(void)
{
    given_device();
    CHECK_EQ(fake_device_info(&device).trial_deadline_ms, 0);
    given_staged();
    device.now_ms = 5000; /* of this start */
    CHECK(enter_trial(&device));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).trial_deadline_ms, 605000);

    device.config.trial_deadline_ms = 7000;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).trial_deadline_ms, 12000);
}

static void the_application_says_how_long_it_takes_to_decide(void)
{
    struct pawl_wait wait;
    given_device();
    device.config.ask_again_ms = 500;
    device.may_start = PAWL_ANSWER_NOT_NOW;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(
        settled(pawl_update_start(&device.update, fake_release_envelope(&v2))),
        PAWL_PENDING);
    CHECK_EQ(pawl_update_step(&device.update, &wait), PAWL_PENDING);
    CHECK_EQ(wait.deadline_ms, 500);
}

static unsigned fed;

static void feed(void *ctx)
{
    (void)ctx;
    fed++;
}

static void the_watchdog_is_fed_at_each_step(void)
{
    static const struct pawl_reset dog = {.feed_watchdog = feed};
    given_device();
    device.port.reset = &dog;
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v2)),
             PAWL_PENDING);
    fed = 0;
    for (unsigned i = 1; i <= 8; i++) {
        CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_PENDING);
        CHECK_EQ(fed, i);
    }
}

/* However full it was: boot can write every budget down without an erase. */
static void an_install_leaves_room_in_the_journal_for_the_trial(void)
{
    static struct pawl_journal journal;
    unsigned compacted = 0;
    for (unsigned cancelled = 0; cancelled < 10; cancelled++) {
        given_device();
        for (unsigned i = 0; i < cancelled; i++) {
            CHECK_EQ(fake_device_download(&device, &v2, 100), PAWL_PENDING);
            CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
            CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        }
        CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
        uint32_t erases = device.journal.erases[0] + device.journal.erases[2];
        CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
        compacted +=
            device.journal.erases[0] + device.journal.erases[2] - erases;
        CHECK_EQ(pawl_journal_open(&journal, &device.journal.port,
                                   PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE),
                 PAWL_OK);
        CHECK(pawl_journal_room(&journal) >= 3 * (PAWL_TRIAL_ATTEMPTS + 1));
    }
    CHECK(compacted > 0 && compacted < 10);
}

/* It says that it rose, and did not. */
static enum pawl_status lying_advance(void *ctx, uint32_t value)
{
    (void)ctx;
    (void)value;
    return PAWL_OK;
}

static void a_counter_that_lies_is_not_believed(void)
{
    given_trial();
    device.counter.advance = lying_advance;
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_PENDING);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_COUNTER_PENDING], 1);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_COUNTER], 0);
    CHECK(fake_device_info(&device).counter_pending);
}

/* By the boot loader: why, and what reset the device. */
static void what_the_boot_loader_gave_up_is_told(void)
{
    struct pawl_record record;
    given_trial();
    CHECK(record_in_journal(&device, &record));
    record.state = PAWL_UPDATE_FAILED;
    record.reason = PAWL_UPDATE_REASON_ATTEMPTS;
    record.phase = PAWL_UPDATE_PHASE_TRIAL;
    record.reset_cause = PAWL_RESET_WATCHDOG;
    record.running = record.current.set;
    CHECK(record_put(&device, &record));
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_REVERTED], 1);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_ATTEMPTS);
    CHECK_EQ(info.phase, PAWL_UPDATE_PHASE_TRIAL);
    CHECK_EQ(info.reset_cause, PAWL_RESET_WATCHDOG);
    CHECK(!info.retry);
}

static void cancel_leads_to_failed_and_clean_to_ready(void)
{
    given_device();
    CHECK_EQ(pawl_update_cancel(&device.update), PAWL_ERR_STATE);
    CHECK_EQ(fake_device_download(&device, &v2, 3000), PAWL_PENDING);
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_CANCELLED);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);

    given_staged();
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK(!enter_trial(&device));
}

static void the_first_erase_voids_the_way_back(void)
{
    struct fake_release v3;
    given_trial();
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK(fake_device_info(&device).previous.known);
    make(&v3, 3);
    CHECK_EQ(fake_device_download(&device, &v3, 100), PAWL_PENDING);
    CHECK(!fake_device_info(&device).previous.known);
}

static void a_slot_without_its_tables_is_refused_at_open(void)
{
    given_device();
    device.slots[1].manifest = NULL;
    CHECK_EQ(pawl_update_open(&device.update, &device.config),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_ERR_IO);
}

/* A boot loader that is not pawl's, and remembers what it was told. */
static struct {
    pawl_slot_set selected;
    enum pawl_status status;
} loader;

static enum pawl_status loader_query(void *ctx, struct pawl_boot_facts *facts)
{
    (void)ctx;
    *facts = (struct pawl_boot_facts){.running = 0};
    return PAWL_OK;
}

static enum pawl_status loader_select(void *ctx, pawl_slot_set set)
{
    (void)ctx;
    if (loader.status == PAWL_OK) {
        loader.selected = set;
    }
    return loader.status;
}

static enum pawl_status loader_confirm(void *ctx)
{
    (void)ctx;
    return PAWL_OK;
}

static void given_staged_for_a_loader(void)
{
    static const struct pawl_boot_backend backend = {
        NULL, loader_query, loader_select, loader_confirm};
    given_candidate();
    loader.status = PAWL_OK;
    device.port.boot = &backend;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(pawl_update_install(&device.update), PAWL_PENDING);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.selected, 1);
}

/* What was given up is not to be entered by a loader of another kind. */
static void a_loader_is_told_of_what_was_given_up(void)
{
    given_staged_for_a_loader();
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        PAWL_UPDATE_REASON_UNHEALTHY)),
             PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.selected, 0);

    given_staged_for_a_loader();
    loader.status = PAWL_ERR_IO; /* as if a cut came before it was told */
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    CHECK_EQ(loader.selected, 1);
    loader.status = PAWL_OK;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.selected, 0);
}

/* The accepted image has rotted and v1 runs: v2 is written once more, also
 * where a cut or a failure interrupts that. */
static void what_has_rotted_may_be_installed_again(void)
{
    for (unsigned cancelled = 0; cancelled < 2; cancelled++) {
        given_trial();
        CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        device.counter_value = 0; /* or v1 could not run */
        device.config.running_known = true;
        device.config.running = 0;
        struct pawl_record record;
        CHECK(record_in_journal(&device, &record));
        record.running = record.previous.set; /* as the boot loader does */
        record.counter_floor = 0;
        record.counter_pending = false;
        CHECK(record_put(&device, &record));
        CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
        CHECK_EQ(device.events[PAWL_UPDATE_EVENT_FELL_BACK], 1);
        CHECK_EQ(fake_device_download(&device, &v2, 100), PAWL_PENDING);
        if (cancelled != 0) {
            CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
            CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        }
        CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
        CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&v1)),
                 PAWL_ERR_STATE);
        CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
        CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_fresh_device_records_the_factory_image),
    CHECK_TEST(images_linked_for_a_slot_need_a_manifest_that_names_it),
    CHECK_TEST(an_update_goes_from_ready_to_updated),
    CHECK_TEST(each_image_is_told_by_what_it_is),
    CHECK_TEST(each_event_says_in_which_state_it_was),
    CHECK_TEST(the_flash_holds_the_image_and_its_manifest),
    CHECK_TEST(the_running_slot_is_never_touched),
    CHECK_TEST(every_flipped_bit_of_an_envelope_is_refused),
    CHECK_TEST(the_application_may_refuse_or_wait),
    CHECK_TEST(a_no_after_a_reset_gives_the_update_up),
    CHECK_TEST(the_status_is_that_of_the_reason),
    CHECK_TEST(install_is_asked_for_again),
    CHECK_TEST(install_waits_for_consent_and_keeps_the_candidate),
    CHECK_TEST(a_withdrawn_signer_neither_starts_installs_nor_accepts),
    CHECK_TEST(a_rotation_gives_up_what_its_signers_may_no_longer_sign),
    CHECK_TEST(what_a_rotation_rejected_is_cleaned_away),
    CHECK_TEST(what_is_rejected_on_trial_is_not_cleaned),
    CHECK_TEST(a_rotation_that_cannot_read_what_is_staged_fails_it),
    CHECK_TEST(a_rotation_ends_a_download),
    CHECK_TEST(a_rotation_that_keeps_the_signer_is_recorded),
    CHECK_TEST(a_rotation_is_noticed_after_a_reset),
    CHECK_TEST(nothing_starts_without_a_trust_document_or_with_an_old_one),
    CHECK_TEST(a_refusal_is_forgotten_once_the_state_moves),
    CHECK_TEST(nothing_is_installed_by_an_old_trust_document),
    CHECK_TEST(accept_is_durable_before_the_counter_rises),
    CHECK_TEST(the_counter_is_tried_again_with_back_off),
    CHECK_TEST(accept_may_be_asked_twice_and_only_on_trial),
    CHECK_TEST(a_rejected_trial_ends_as_failed_after_the_reset),
    CHECK_TEST(a_rejection_has_a_reason),
    CHECK_TEST(images_whose_trials_fail_are_not_tried_for_ever),
    CHECK_TEST(only_trials_count_against_an_image),
    CHECK_TEST(a_trial_that_was_not_entered_is_not_accepted),
    CHECK_TEST(the_trial_has_a_deadline),
    CHECK_TEST(the_application_says_how_long_it_takes_to_decide),
    CHECK_TEST(the_watchdog_is_fed_at_each_step),
    CHECK_TEST(an_install_leaves_room_in_the_journal_for_the_trial),
    CHECK_TEST(a_counter_that_lies_is_not_believed),
    CHECK_TEST(what_the_boot_loader_gave_up_is_told),
    CHECK_TEST(cancel_leads_to_failed_and_clean_to_ready),
    CHECK_TEST(the_first_erase_voids_the_way_back),
    CHECK_TEST(a_slot_without_its_tables_is_refused_at_open),
    CHECK_TEST(a_loader_is_told_of_what_was_given_up),
    CHECK_TEST(what_has_rotted_may_be_installed_again),
};
CHECK_MAIN(tests)
