/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of an image on trial. */
#include "agent/agent_internal.h"
#include "agent/world.h"
#include "check.h"

#define DEADLINE_MS 600000u

static void given_an_image_on_trial(void)
{
    world_make();
    world.info.state = PAWL_UPDATE_TRIAL;
    world.info.trial_deadline_ms = DEADLINE_MS;
}

static void open_it(void)
{
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    CHECK_EQ(world_count(PAWL_EVENT_TRIAL), 1);
}

/* Or the image before could take itself for the one on trial. */
static void the_engine_is_told_what_the_boot_loader_entered(void)
{
    given_an_image_on_trial();
    world.config.running_known = true;
    world.config.running = 1;
    open_it();
    CHECK(world.update_config.running_known);
    CHECK_EQ(world.update_config.running, 1);
}

static void a_trial_is_accepted_once_the_broker_has_the_inventory(void)
{
    given_an_image_on_trial();
    open_it();
    while (world_count(PAWL_EVENT_PUBLISHED) == 0) {
        CHECK_EQ(world.accepts, 0);
        CHECK_EQ(world.healths, 0);
        world_steps(1);
    }
    world_steps(5);
    CHECK_EQ(world.healths, 1);
    CHECK_EQ(world.accepts, 1);
    CHECK_EQ(world.cleans, 1);
    CHECK_EQ(world_count(PAWL_EVENT_ACCEPTED), 1);
    CHECK_EQ(world.reboots, 0);
    world_steps(6);
    CHECK_EQ(world_step(), PAWL_OK);
}

static void without_a_health_check_a_session_is_enough(void)
{
    given_an_image_on_trial();
    world.config.healthy = NULL;
    open_it();
    world_steps(12);
    CHECK_EQ(world.accepts, 1);
}

/* An acknowledged report is not the proof. */
static void only_the_inventory_proves_a_trial(void)
{
    given_an_image_on_trial();
    open_it();
    world.agent.trial = TRIAL_NONE;
    world_steps(12);
    world.agent.trial = TRIAL_WAITING;
    pawl_agent_say(&world.agent, PAWL_EVENT_FAILED, PAWL_ERR_IO, "test");
    world_steps(5);
    CHECK_EQ(world.healths, 0);
    CHECK_EQ(world.accepts, 0);
}

static void an_unhealthy_image_is_rejected_and_the_device_resets(void)
{
    given_an_image_on_trial();
    world.healthy = false;
    world.reject_status = PAWL_PENDING;
    open_it();
    world_steps(12);
    CHECK_EQ(world.rejected, PAWL_UPDATE_REASON_UNHEALTHY);
    CHECK_EQ(world.accepts, 0);
    CHECK_EQ(world_count(PAWL_EVENT_UNHEALTHY), 1);
    CHECK(world.reboots > 0);
}

static void a_trial_that_is_not_proved_in_time_is_rejected(void)
{
    given_an_image_on_trial();
    world.link_status = PAWL_ERR_UNREACHABLE;
    open_it();
    world.now_ms = DEADLINE_MS - 1;
    world_steps(3);
    CHECK_EQ(world.rejected, PAWL_UPDATE_REASON_NONE);
    CHECK_EQ(world.wait.deadline_ms, DEADLINE_MS);
    world.now_ms = DEADLINE_MS;
    world_steps(2);
    CHECK_EQ(world.rejected, PAWL_UPDATE_REASON_DEADLINE);
    CHECK_EQ(world.accepts, 0);
    CHECK(world.reboots > 0);
}

/* Refused by the broker: no proof, however often it is tried. */
static void a_broker_that_refuses_proves_nothing(void)
{
    given_an_image_on_trial();
    world.mqtt_status = PAWL_ERR_REFUSED;
    open_it();
    for (unsigned i = 0; i < 5; i++) {
        world_steps(10);
        world.now_ms += 50000;
    }
    CHECK_EQ(world.accepts, 0);
    CHECK_EQ(world.accepted, 0);
}

static void an_image_that_may_not_be_accepted_is_rejected(void)
{
    given_an_image_on_trial();
    world.accept_status = PAWL_ERR_REVOKED;
    open_it();
    world_steps(12);
    CHECK_EQ(world_count(PAWL_EVENT_ACCEPTED), 0);
    CHECK_EQ(world_count(PAWL_EVENT_FAILED), 1);
    CHECK_EQ(world.rejected, PAWL_UPDATE_REASON_REVOKED);
    CHECK(world.reboots > 0);
}

/* It can be neither accepted nor rejected now: the deadline still counts. */
static void a_trial_that_cannot_be_accepted_keeps_its_deadline(void)
{
    given_an_image_on_trial();
    world.accept_status = PAWL_ERR_CORRUPT;
    open_it();
    world_steps(12);
    CHECK_EQ(world_count(PAWL_EVENT_FAILED), 1);
    CHECK_EQ(world.reboots, 0);
    world.now_ms = DEADLINE_MS;
    world_steps(2);
    CHECK_EQ(world.rejected, PAWL_UPDATE_REASON_DEADLINE);
    CHECK(world.reboots > 0);
}

static void a_journal_that_fails_ends_the_agent(void)
{
    given_an_image_on_trial();
    world.healthy = false;
    world.reject_status = PAWL_ERR_IO;
    open_it();
    world_steps(12);
    CHECK_EQ(world_step(), PAWL_ERR_IO);
    CHECK_EQ(world.reboots, 0);
}

/* Its successor waits until it is proved. */
static void nothing_is_fetched_during_a_trial(void)
{
    given_an_image_on_trial();
    world.accept_status = PAWL_PENDING;
    world.step_status = PAWL_PENDING; /* accepting takes its time */
    open_it();
    world_steps(6);
    world_announce("https://files.example/v3.suit");
    world_steps(10);
    CHECK_EQ(world.gets, 0);
    world.step_status = PAWL_OK;
    world_steps(20);
    CHECK_EQ(world_count(PAWL_EVENT_ACCEPTED), 1);
    CHECK(world.gets > 0);
}

/* The security counter may fail to rise: it is tried again later. */
static void an_image_is_accepted_although_its_counter_waits(void)
{
    given_an_image_on_trial();
    world.info.counter_pending = true;
    world.accept_status = PAWL_PENDING;
    open_it();
    world_steps(12);
    CHECK_EQ(world.accepts, 1);
    CHECK_EQ(world_count(PAWL_EVENT_ACCEPTED), 0);
    world.info.counter_pending = false;
    world_steps(3);
    CHECK_EQ(world_count(PAWL_EVENT_ACCEPTED), 1);
}

/* A loader of another kind had not been told, and tried it once more. */
static void what_was_rejected_and_runs_resets_the_device(void)
{
    static const enum pawl_update_state states[] = {PAWL_UPDATE_REJECTED,
                                                    PAWL_UPDATE_FAILED};
    for (unsigned i = 0; i < 4; i++) {
        unsigned runs = i % 2;
        world_make();
        world.info.state = states[i / 2];
        world.info.reset_wanted = runs == 1;
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
        world_steps(1);
        CHECK_EQ(world.reboots, runs);
        CHECK_EQ(world.accepts, 0);
    }
}

/* What the boot loader did is told at the start. */
static void a_revert_is_told_after_the_reset(void)
{
    world_make();
    world.info.state = PAWL_UPDATE_FAILED;
    world.info.phase = PAWL_UPDATE_PHASE_TRIAL;
    world.info.reason = PAWL_UPDATE_REASON_ATTEMPTS;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    CHECK_EQ(world_count(PAWL_EVENT_REVERTED), 1);
    CHECK_EQ(world.agent.report_count, 1);
    CHECK_EQ(world.agent.reports[0].reason, PAWL_UPDATE_REASON_ATTEMPTS);
}

static const struct check_test tests[] = {
    CHECK_TEST(the_engine_is_told_what_the_boot_loader_entered),
    CHECK_TEST(a_trial_is_accepted_once_the_broker_has_the_inventory),
    CHECK_TEST(without_a_health_check_a_session_is_enough),
    CHECK_TEST(only_the_inventory_proves_a_trial),
    CHECK_TEST(an_unhealthy_image_is_rejected_and_the_device_resets),
    CHECK_TEST(a_trial_that_is_not_proved_in_time_is_rejected),
    CHECK_TEST(a_broker_that_refuses_proves_nothing),
    CHECK_TEST(an_image_that_may_not_be_accepted_is_rejected),
    CHECK_TEST(a_trial_that_cannot_be_accepted_keeps_its_deadline),
    CHECK_TEST(a_journal_that_fails_ends_the_agent),
    CHECK_TEST(nothing_is_fetched_during_a_trial),
    CHECK_TEST(an_image_is_accepted_although_its_counter_waits),
    CHECK_TEST(a_revert_is_told_after_the_reset),
    CHECK_TEST(what_was_rejected_and_runs_resets_the_device),
};
CHECK_MAIN(tests)
