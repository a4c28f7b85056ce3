/* SPDX-License-Identifier: Apache-2.0 */
/* Which session is given a ticket, and who hears that it was taken. */
#include "agent/agent_internal.h"
#include "agent/world.h"
#include "base/base.h"
#include "check.h"
#include <string.h>

#define EST (&world.endpoints[0])
#define BROKER (&world.endpoints[1])
#define FILES (&world.endpoints[2])

/* What stands for the session layer's part: the agent never looks into it. */
static const uint8_t part;
static const struct pawl_resumption *const resumption =
    (const struct pawl_resumption *)(const void *)&part;

static struct pawl_ticket tickets[4];

static void given_tickets(size_t count)
{
    world_make();
    memset(tickets, 0xA5, sizeof tickets); /* as after a power cut */
    world.config.tickets = tickets;
    world.config.ticket_count = count;
    world.config.resumption = resumption;
}

static void open_it(void)
{
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
}

static void tickets_that_do_not_fit_are_refused(void)
{
    static const struct {
        bool tickets;
        size_t count;
        bool resumption;
        enum pawl_status status;
    } rows[] = {
        {false, 0, false, PAWL_OK},
        {true, 1, true, PAWL_OK},
        {true, 4, true, PAWL_OK},
        {true, 5, true, PAWL_ERR_ARGUMENT},
        {true, 0, true, PAWL_ERR_ARGUMENT},
        {false, 1, true, PAWL_ERR_ARGUMENT},
        {true, 1, false, PAWL_ERR_ARGUMENT},
        {false, 0, true, PAWL_ERR_ARGUMENT},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_make();
        world.config.tickets = rows[i].tickets ? tickets : NULL;
        world.config.ticket_count = rows[i].count;
        world.config.resumption = rows[i].resumption ? resumption : NULL;
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config), rows[i].status);
    }
}

static void without_tickets_no_session_is_given_one(void)
{
    world_open();
    world_steps(12);
    CHECK(world_session()->endpoint == BROKER);
    CHECK(world_session()->ticket == NULL);
    CHECK(world_session()->resumption == NULL);
}

static void each_endpoint_has_the_ticket_of_its_place(void)
{
    given_tickets(4);
    open_it();
    world_steps(12);
    CHECK(world_session()->endpoint == BROKER);
    CHECK(world_session()->ticket == &tickets[1]);
    CHECK(world_session()->resumption == resumption);

    world_announce("https://files.example/v2.suit");
    world_steps(3);
    CHECK(world_session()->endpoint == FILES);
    CHECK(world_session()->ticket == &tickets[2]);
}

static void an_endpoint_behind_the_last_ticket_has_none(void)
{
    given_tickets(2);
    open_it();
    world_steps(12);
    CHECK(world_session()->ticket == &tickets[1]);

    world_announce("https://files.example/v2.suit");
    world_steps(3);
    CHECK(world_session()->endpoint == FILES);
    CHECK(world_session()->ticket == NULL);
    CHECK(world_session()->resumption == NULL);
}

static void an_identity_is_enrolled_by_a_full_handshake(void)
{
    given_tickets(4);
    world.has[PAWL_IDENTITY_LDEVID] = false;
    open_it();
    world_steps(1);
    CHECK(world_session()->endpoint == EST);
    CHECK(world_session()->ticket == NULL);
}

/* An image that can only go on from what the one before has reached would be
 * accepted, and be lost at the first full handshake. */
static void an_image_on_trial_proves_itself_by_a_full_handshake(void)
{
    given_tickets(4);
    world.info.state = PAWL_UPDATE_TRIAL;
    world.info.trial_deadline_ms = 600000;
    open_it();
    world_steps(1);
    CHECK(world_session()->endpoint == BROKER);
    CHECK(world_session()->ticket == NULL);

    world_steps(20);
    CHECK_EQ(world_count(PAWL_EVENT_ACCEPTED), 1);
    world.mqtt_status = PAWL_ERR_CLOSED;
    world_steps(1);
    world.mqtt_status = PAWL_OK;
    world.now_ms += 10000;
    world_steps(1);
    CHECK(world_session()->ticket == &tickets[1]);
}

static void the_application_hears_whether_a_session_was_resumed(void)
{
    for (int resumed = 0; resumed < 2; resumed++) {
        given_tickets(4);
        world.resumed = resumed != 0;
        world.event_resumed = resumed == 0;
        open_it();
        world_steps(12);
        CHECK_EQ(world_count(PAWL_EVENT_CONNECTED), 1);
        CHECK_EQ(world.event_resumed, resumed != 0);
    }
}

/* Or a server that resumes sessions, but refuses them, would keep us away for
 * as long as tickets are good. */
static void a_resumed_session_that_is_not_accepted_leaves_no_ticket(void)
{
    static const struct {
        enum pawl_status status; /* of MQTT */
        bool resumed, kept;
    } rows[] = {
        {PAWL_ERR_DENIED, true, false},
        {PAWL_ERR_CLOSED, true, false},
        {PAWL_ERR_DENIED, false, true},
        {PAWL_OK, true, true},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_tickets(4);
        world.resumed = rows[i].resumed;
        world.mqtt_status = rows[i].status;
        open_it();
        world_steps(12);
        world.mqtt_status = PAWL_ERR_CLOSED;
        world_steps(1);
        CHECK_EQ(tickets[1].storage[0] != 0, rows[i].kept);
        CHECK(tickets[2].storage[0] != 0);
    }
}

static void what_was_accepted_before_says_nothing_of_the_next_session(void)
{
    given_tickets(4);
    world.resumed = true;
    open_it();
    world_steps(12);
    world.mqtt_status = PAWL_ERR_DENIED;
    world_steps(1);
    CHECK(tickets[1].storage[0] != 0);
    world.now_ms += 10000;
    world_steps(12);
    CHECK(tickets[1].storage[0] == 0);
}

/* Through a reset the hardware may retain it. */
static void the_tickets_outlive_the_agent(void)
{
    uint8_t garbage[sizeof tickets];

    given_tickets(4);
    memset(garbage, 0xA5, sizeof garbage);
    open_it();
    world_steps(12);
    pawl_agent_close(&world.agent);
    CHECK(memcmp(tickets, garbage, sizeof garbage) == 0);
}

/* ---- and in flash ---- */

static struct pawl_ticket_store store;
static unsigned takes, keeps;
static unsigned opened_before; /* sessions, when it was last asked for one */
static const struct pawl_ticket *asked_about;
static int64_t kept_s;
static enum pawl_status keep_status;

static enum pawl_status take(struct pawl_ticket_store *asked,
                             struct pawl_ticket *ticket)
{
    CHECK(asked == &store);
    takes++;
    asked_about = ticket;
    opened_before = world.session_count;
    return PAWL_ERR_NOT_FOUND;
}

static enum pawl_status keep(struct pawl_ticket_store *asked,
                             const struct pawl_ticket *ticket, int64_t now_s)
{
    CHECK(asked == &store);
    keeps++;
    asked_about = ticket;
    kept_s = now_s;
    return keep_status;
}

static void given_a_store(void)
{
    static const struct pawl_ticket_store_calls calls = {take, keep};

    given_tickets(4);
    store.calls = &calls;
    world.config.ticket_store = &store;
    takes = keeps = 0;
    keep_status = PAWL_OK;
}

static void the_store_is_asked_before_each_session_with_the_broker(void)
{
    given_a_store();
    open_it();
    world_steps(12);
    CHECK_EQ(takes, 1);
    CHECK_EQ(opened_before, 0);
    CHECK(asked_about == &tickets[1]);
    CHECK_EQ(world.session_count, 1);

    for (unsigned n = 2; n < 5; n++) {
        world.mqtt_status = PAWL_ERR_CLOSED;
        world_steps(1);
        world.mqtt_status = PAWL_OK;
        world.now_ms += 1000000;
        world_steps(12);
        CHECK_EQ(takes, n);
        CHECK_EQ(opened_before, n - 1);
        CHECK_EQ(world.session_count, n);
    }
}

static void the_store_is_not_asked_for_other_sessions(void)
{
    given_a_store();
    world.has[PAWL_IDENTITY_LDEVID] = false;
    open_it();
    world_steps(1);
    CHECK(world_session()->endpoint == EST);
    CHECK_EQ(takes, 0);

    given_a_store();
    world.info.state = PAWL_UPDATE_TRIAL;
    world.info.trial_deadline_ms = 600000;
    open_it();
    world_steps(20);
    CHECK_EQ(takes + keeps, 0);

    given_a_store();
    world.config.ticket_count = 1; /* not the broker's */
    open_it();
    world_steps(20);
    CHECK_EQ(takes + keeps, 0);
}

static void the_ticket_is_kept_once_all_is_said(void)
{
    given_a_store();
    open_it();
    while (world_count(PAWL_EVENT_PUBLISHED) == 0) {
        CHECK_EQ(keeps, 0);
        world_steps(1);
    }
    world_steps(4);
    CHECK_EQ(keeps, 1);
    CHECK(asked_about == &tickets[1]);
    CHECK_EQ(kept_s, world.wall_s);
    world.now_ms += 59999;
    world_steps(4);
    CHECK_EQ(keeps, 1);
    world.now_ms += 1;
    world_steps(4);
    CHECK_EQ(keeps, 2);
}

static void without_the_time_no_ticket_is_kept(void)
{
    given_a_store();
    world.wall_known = false;
    open_it();
    world_steps(20);
    CHECK_EQ(world_count(PAWL_EVENT_PUBLISHED), 1);
    CHECK_EQ(keeps, 0);
    world.wall_known = true;
    world.now_ms += 60000;
    world_steps(4);
    CHECK_EQ(keeps, 1);
}

static void a_store_that_fails_or_is_not_open_is_done_without(void)
{
    given_a_store();
    keep_status = PAWL_ERR_IO;
    open_it();
    world_steps(20);
    CHECK_EQ(keeps, 1);
    CHECK_EQ(world_step(), PAWL_OK);
    CHECK_EQ(world_count(PAWL_EVENT_FAILED), 0);

    given_a_store();
    store.calls = NULL;
    open_it();
    world_steps(20);
    CHECK_EQ(world_step(), PAWL_OK);
}

static void a_store_without_tickets_is_refused(void)
{
    given_a_store();
    world.config.tickets = NULL;
    world.config.ticket_count = 0;
    world.config.resumption = NULL;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_ERR_ARGUMENT);
}

static const struct check_test tests[] = {
    CHECK_TEST(tickets_that_do_not_fit_are_refused),
    CHECK_TEST(without_tickets_no_session_is_given_one),
    CHECK_TEST(each_endpoint_has_the_ticket_of_its_place),
    CHECK_TEST(an_endpoint_behind_the_last_ticket_has_none),
    CHECK_TEST(an_identity_is_enrolled_by_a_full_handshake),
    CHECK_TEST(an_image_on_trial_proves_itself_by_a_full_handshake),
    CHECK_TEST(the_application_hears_whether_a_session_was_resumed),
    CHECK_TEST(a_resumed_session_that_is_not_accepted_leaves_no_ticket),
    CHECK_TEST(what_was_accepted_before_says_nothing_of_the_next_session),
    CHECK_TEST(the_tickets_outlive_the_agent),
    CHECK_TEST(the_store_is_asked_before_each_session_with_the_broker),
    CHECK_TEST(the_store_is_not_asked_for_other_sessions),
    CHECK_TEST(the_ticket_is_kept_once_all_is_said),
    CHECK_TEST(without_the_time_no_ticket_is_kept),
    CHECK_TEST(a_store_that_fails_or_is_not_open_is_done_without),
    CHECK_TEST(a_store_without_tickets_is_refused),
};
CHECK_MAIN(tests)
