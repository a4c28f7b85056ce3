/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"

#include <string.h>

/*
 * A loader of the kind that swaps: it tries what was selected once, and goes
 * back at the next reset unless that was confirmed. Its trailer can be torn,
 * its answers can be lost, and it can refuse.
 */
static struct {
    pawl_slot_set base, selected; /* confirmed last; asked for last */
    bool pending, trial, reverted;
    bool torn;        /* query() cannot read the trailer */
    bool pending_;    /* query() answers PAWL_PENDING, which it must not */
    bool refuse;      /* select() and confirm() do nothing, and say so */
    bool lose;        /* they work, and say that they did not */
    unsigned selects; /* calls that did something */
    unsigned confirms;
} loader;

static struct fake_device device;
static struct fake_release v1, v2, v3;

static enum pawl_status loader_query(void *ctx, struct pawl_boot_facts *facts)
{
    (void)ctx;
    *facts = (struct pawl_boot_facts){.running = loader.trial ? loader.selected
                                                              : loader.base,
                                      .trial = loader.trial,
                                      .reverted = loader.reverted};
    if (loader.pending_) {
        return PAWL_PENDING;
    }
    return loader.torn ? PAWL_ERR_CORRUPT : PAWL_OK;
}

static enum pawl_status loader_select(void *ctx, pawl_slot_set set)
{
    (void)ctx;
    if (loader.refuse) {
        return PAWL_ERR_IO;
    }
    loader.selects++;
    loader.selected = set;
    loader.pending = set != loader.base;
    loader.reverted = false;
    return loader.lose ? PAWL_ERR_IO : PAWL_OK;
}

static enum pawl_status loader_confirm(void *ctx)
{
    (void)ctx;
    if (loader.refuse) {
        return PAWL_ERR_IO;
    }
    loader.confirms++;
    loader.base = loader.trial ? loader.selected : loader.base;
    loader.trial = false;
    return loader.lose ? PAWL_ERR_IO : PAWL_OK;
}

static const struct pawl_boot_backend backend = {NULL, loader_query,
                                                 loader_select, loader_confirm};

static enum pawl_status reset(void)
{
    loader.reverted |= loader.trial;
    loader.trial = loader.pending;
    loader.pending = false;
    return fake_device_start_engine(&device);
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

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

static void given_candidate(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    make(&v1, 1);
    make(&v2, 2);
    make(&v3, 3);
    memset(&loader, 0, sizeof(loader));
    fake_device_open(&device);
    fake_device_provision(&device, 0, &v1);
    device.port.boot = &backend;
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
}

static void given_staged(void)
{
    given_candidate();
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK(loader.pending);
}

static void given_trial(void)
{
    given_staged();
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_TRIAL);
    CHECK_EQ(fake_device_info(&device).running, 1);
}

static void an_accepted_image_stays(void)
{
    given_trial();
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.confirms, 1);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(device.counter_value, 2);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).running, 1);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
    CHECK_EQ(fake_device_info(&device).current.sequence, 2);
}

static void an_image_that_is_not_accepted_is_named_as_reverted(void)
{
    given_trial();
    CHECK_EQ(reset(), PAWL_OK);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_REVERTED);
    CHECK_EQ(info.running, 0);
    CHECK_EQ(info.current.sequence, 1);
    CHECK_EQ(device.counter_value, 0);
}

/* It crashed before the engine was opened. */
static void an_image_that_never_came_so_far_is_named_as_reverted(void)
{
    given_staged();
    loader.reverted = true;
    loader.pending = false;
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_REVERTED);
}

static void a_rejected_image_goes_at_the_next_reset(void)
{
    given_trial();
    CHECK_EQ(settled(pawl_update_reject(&device.update,
                                        PAWL_UPDATE_REASON_UNHEALTHY)),
             PAWL_OK);
    CHECK(fake_device_info(&device).reset_wanted);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_UNHEALTHY);
    CHECK_EQ(fake_device_info(&device).running, 0);
}

static void withdraw_the_signer(void)
{
    fake_device_trust(&device, 2, true);
    CHECK_EQ(settled(pawl_update_trust_changed(&device.update)),
             PAWL_ERR_REVOKED);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_REJECTED);
}

/* Whoever signed what is staged was withdrawn: the loader forgets it. */
static void what_a_rotation_rejects_is_not_tried(void)
{
    given_staged();
    withdraw_the_signer();
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK(!loader.pending);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).running, 0);

    given_staged(); /* clean() comes first */
    withdraw_the_signer();
    CHECK(loader.pending);
    loader.refuse = true;
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_ERR_IO);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_REJECTED);
    loader.refuse = false;
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK(!loader.pending);
}

/* Power fails before the loader is told. One that tries it once more finds it
 * rejected, and goes back; one that does not is told after the reset. */
static void what_a_rotation_rejected_and_a_loader_tries_goes_back(void)
{
    given_staged();
    withdraw_the_signer();
    CHECK_EQ(reset(), PAWL_OK);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.running, 1);
    CHECK_EQ(info.state, PAWL_UPDATE_REJECTED);
    CHECK(info.reset_wanted);
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_ERR_STATE);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_ERR_STATE);
    CHECK_EQ(reset(), PAWL_OK);
    info = fake_device_info(&device);
    CHECK_EQ(info.running, 0);
    CHECK_EQ(info.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_REVOKED);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);

    given_staged();
    withdraw_the_signer();
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK); /* no start */
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK(!loader.pending);
}

/* The loader did as it was asked, and its answer was lost. */
static void a_lost_answer_to_select_is_asked_for_again(void)
{
    given_candidate();
    loader.lose = true;
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_STAGED);
    loader.lose = false;
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.selects, 2);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_TRIAL);

    given_candidate();
    loader.lose = true; /* and power fails before it is asked again */
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_TRIAL);
}

static void a_lost_answer_to_confirm_is_asked_for_again(void)
{
    given_trial();
    loader.lose = true;
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(device.counter_value, 0); /* not before it is sure to stay */
    CHECK_EQ(pawl_update_clean(&device.update), PAWL_ERR_IO);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_UPDATED);
    loader.lose = false;
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_UPDATED);
    CHECK_EQ(fake_device_info(&device).running, 1);
    CHECK_EQ(device.counter_value, 2);
}

static void a_refused_selection_changes_nothing_that_runs(void)
{
    given_candidate();
    loader.refuse = true;
    CHECK_EQ(settled(pawl_update_install(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_STAGED);
    CHECK_EQ(fake_device_info(&device).running, 0);
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
    loader.refuse = false;
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.selected, 0);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_download(&device, &v3, UINT32_MAX), PAWL_OK);
}

/* It was accepted, the loader was never told, and went back: what runs is
 * what counts, and nothing of it is overwritten. */
static void a_refused_confirmation_that_was_reverted_is_named(void)
{
    struct pawl_record record;
    given_trial();
    loader.refuse = true;
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_ERR_IO);
    CHECK_EQ(device.counter_value, 0);
    loader.refuse = false;
    CHECK_EQ(reset(), PAWL_OK);
    struct pawl_update_info info = fake_device_info(&device);
    CHECK_EQ(info.running, 0);
    CHECK_EQ(info.state, PAWL_UPDATE_FAILED);
    CHECK_EQ(info.reason, PAWL_UPDATE_REASON_REVERTED);
    CHECK_EQ(info.current.sequence, 1);
    CHECK(!info.previous.known);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(device.counter_value, 0); /* or the image that runs is too old */
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.running, 0);

    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    uint32_t erases = device.image[0].erases[0];
    CHECK_EQ(fake_device_download(&device, &v2, UINT32_MAX), PAWL_OK);
    CHECK_EQ(device.image[0].erases[0], erases);
}

static void a_torn_trailer_opens_nothing_and_writes_nothing(void)
{
    static const struct {
        void (*given)(void);
        enum pawl_update_state state; /* once it can be read again */
    } cases[] = {{given_candidate, PAWL_UPDATE_CANDIDATE},
                 {given_staged, PAWL_UPDATE_TRIAL},
                 {given_trial, PAWL_UPDATE_FAILED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cases[i].given();
        uint32_t operations = fake_device_operations(&device);
        unsigned told = loader.selects + loader.confirms;
        loader.torn = true;
        CHECK_EQ(reset(), PAWL_ERR_CORRUPT);
        CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_FLASH);
        CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_ERR_IO);
        CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_IO);
        CHECK_EQ(fake_device_download(&device, &v3, UINT32_MAX), PAWL_ERR_IO);
        CHECK_EQ(fake_device_operations(&device), operations);
        CHECK_EQ(loader.selects + loader.confirms, told);
        loader.torn = false;
        CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
        CHECK_EQ(fake_device_info(&device).state, cases[i].state);
    }
}

/* Of several components some were swapped: they are taken back, and nothing
 * is written before they are. */
static void a_set_that_nobody_asked_for_is_taken_back(void)
{
    given_staged();
    loader.base = 2;
    loader.pending = false;
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
    CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_NOT_ENTERED);
    CHECK_EQ(fake_device_info(&device).phase, PAWL_UPDATE_PHASE_BOOT);
    CHECK_EQ(pawl_update_accept(&device.update), PAWL_ERR_STATE);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.selected, 0);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_download(&device, &v3, UINT32_MAX), PAWL_ERR_STATE);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_BUSY);

    CHECK_EQ(reset(), PAWL_OK); /* the loader only tries what was confirmed */
    CHECK_EQ(fake_device_info(&device).running, 0);
    CHECK_EQ(fake_device_download(&device, &v3, UINT32_MAX), PAWL_ERR_STATE);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(loader.base, 0);
    CHECK_EQ(fake_device_download(&device, &v3, UINT32_MAX), PAWL_OK);
}

/* Also where no update is under way, and after half of a revert. */
static void a_mixture_is_taken_back_in_every_state(void)
{
    static void (*const given[])(void) = {given_candidate, given_trial};
    for (size_t i = 0; i < 2; i++) {
        given[i]();
        loader.base = loader.selected = 2;
        loader.trial = false;
        CHECK_EQ(reset(), PAWL_OK);
        CHECK_EQ(fake_device_info(&device).running, 2);
        CHECK_EQ(fake_device_settle(&device), PAWL_OK);
        CHECK_EQ(loader.selected, 0);
        CHECK(loader.pending);
    }
}

/* What runs is not known, and so no slot is a spare one. */
static void a_loader_that_never_says_what_runs_opens_nothing(void)
{
    given_trial();
    CHECK_EQ(settled(pawl_update_accept(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    loader.pending_ = true;
    CHECK_EQ(reset(), PAWL_ERR_IO);
    uint32_t operations = fake_device_operations(&device);
    CHECK_EQ(fake_device_download(&device, &v3, UINT32_MAX), PAWL_ERR_IO);
    CHECK_EQ(fake_device_operations(&device), operations);
    loader.pending_ = false;
    CHECK_EQ(reset(), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).running, 1);
}

static void a_backend_that_lacks_a_call_is_refused(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct pawl_boot_backend bad = backend;
        bad.query = i == 0 ? NULL : bad.query;
        bad.select = i == 1 ? NULL : bad.select;
        bad.confirm = i == 2 ? NULL : bad.confirm;
        given_candidate();
        device.port.boot = &bad;
        CHECK_EQ(fake_device_start_engine(&device), PAWL_ERR_ARGUMENT);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(an_accepted_image_stays),
    CHECK_TEST(an_image_that_is_not_accepted_is_named_as_reverted),
    CHECK_TEST(an_image_that_never_came_so_far_is_named_as_reverted),
    CHECK_TEST(a_rejected_image_goes_at_the_next_reset),
    CHECK_TEST(what_a_rotation_rejects_is_not_tried),
    CHECK_TEST(what_a_rotation_rejected_and_a_loader_tries_goes_back),
    CHECK_TEST(a_lost_answer_to_select_is_asked_for_again),
    CHECK_TEST(a_lost_answer_to_confirm_is_asked_for_again),
    CHECK_TEST(a_refused_selection_changes_nothing_that_runs),
    CHECK_TEST(a_refused_confirmation_that_was_reverted_is_named),
    CHECK_TEST(a_torn_trailer_opens_nothing_and_writes_nothing),
    CHECK_TEST(a_loader_that_never_says_what_runs_opens_nothing),
    CHECK_TEST(a_set_that_nobody_asked_for_is_taken_back),
    CHECK_TEST(a_mixture_is_taken_back_in_every_state),
    CHECK_TEST(a_backend_that_lacks_a_call_is_refused),
};
CHECK_MAIN(tests)
