/* SPDX-License-Identifier: Apache-2.0 */
/* Who talks to whom, when again, and what is said at the broker. */
#include "agent/agent_internal.h"
#include "agent/world.h"
#include "base/base.h"
#include "check.h"
#include <string.h>

#define EST (&world.endpoints[0])
#define BROKER (&world.endpoints[1])

/* ---- opening ---- */

static void a_device_that_was_never_provisioned_does_not_open(void)
{
    world_make();
    world.has[PAWL_IDENTITY_IDEVID] = false;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_ERR_NOT_FOUND);
    CHECK_EQ(world_step(), PAWL_ERR_STATE);
}

static void a_prefix_that_makes_no_topic_is_refused(void)
{
    char prefix[PAWL_TOPIC_MAX];

    /* prefix, 5 of the serial, 11 of "//inventory", and the end */
    memset(prefix, 'p', sizeof prefix);
    prefix[PAWL_TOPIC_MAX - 17] = '\0';
    const struct {
        const char *prefix;
        enum pawl_status status;
    } rows[] = {
        {"a/b", PAWL_OK},           {NULL, PAWL_OK},
        {prefix, PAWL_OK},          {"a/#", PAWL_ERR_ARGUMENT},
        {"+/a", PAWL_ERR_ARGUMENT},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_make();
        world.config.topic_prefix = rows[i].prefix;
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config), rows[i].status);
    }
    world_make();
    prefix[PAWL_TOPIC_MAX - 17] = 'p';
    prefix[PAWL_TOPIC_MAX - 16] = '\0';
    world.config.topic_prefix = prefix;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_ERR_ARGUMENT);
}

/* A wildcard in a serial would subscribe to what is meant for others. */
static void a_serial_that_makes_no_topic_is_refused(void)
{
    static const char *const serials[] = {NULL,  "",    "a/b",     "a+",
                                          "a#b", "a b", "\xC3\xA4"};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(serials); i++) {
        world_make();
        world.product.serial = serials[i];
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config),
                 PAWL_ERR_ARGUMENT);
    }
}

/* ---- which credential talks to whom ---- */

static void the_right_credential_talks_to_the_right_server(void)
{
    static const struct {
        const char *when;
        bool ldevid, next, expired, next_expired, due, clock;
        enum pawl_use use;
        enum pawl_identity_kind kind;
        bool renew;
    } rows[] = {
        {"new from the factory", 0, 0, 0, 0, 0, 1, PAWL_USE_ENROLL,
         PAWL_IDENTITY_IDEVID, false},
        {"enrolled", 1, 0, 0, 0, 0, 1, PAWL_USE_MQTT, PAWL_IDENTITY_LDEVID,
         false},
        {"a first one to be proved", 0, 1, 0, 0, 0, 1, PAWL_USE_MQTT,
         PAWL_IDENTITY_LDEVID_NEXT, false},
        {"a next one to be proved", 1, 1, 0, 0, 1, 1, PAWL_USE_MQTT,
         PAWL_IDENTITY_LDEVID_NEXT, false},
        {"due", 1, 0, 0, 0, 1, 1, PAWL_USE_ENROLL, PAWL_IDENTITY_LDEVID, true},
        {"expired", 1, 0, 1, 0, 1, 1, PAWL_USE_ENROLL, PAWL_IDENTITY_IDEVID,
         false},
        {"the next one expired, too", 1, 1, 1, 1, 0, 1, PAWL_USE_ENROLL,
         PAWL_IDENTITY_IDEVID, false},
        {"the next one expired", 1, 1, 0, 1, 0, 1, PAWL_USE_MQTT,
         PAWL_IDENTITY_LDEVID, false},
        {"no clock: the floor is below", 1, 0, 0, 0, 0, 0, PAWL_USE_MQTT,
         PAWL_IDENTITY_LDEVID, false},
        {"no clock: the floor is above", 1, 0, 1, 0, 0, 0, PAWL_USE_ENROLL,
         PAWL_IDENTITY_IDEVID, false},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_make();
        world.has[PAWL_IDENTITY_LDEVID] = rows[i].ldevid;
        world.has[PAWL_IDENTITY_LDEVID_NEXT] = rows[i].next;
        world.wall_known = rows[i].clock;
        int64_t now_s = rows[i].clock ? world.wall_s : world.floor_s;
        world.not_after_s[PAWL_IDENTITY_LDEVID] = now_s - rows[i].expired;
        world.not_after_s[PAWL_IDENTITY_LDEVID_NEXT] =
            now_s - rows[i].next_expired;
        world.due = rows[i].due;
        world.link_status = world.enroll_status = PAWL_PENDING;
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
        CHECK_EQ(world_step(), PAWL_PENDING);

        CHECK_EQ(world.session_count, 1);
        CHECK_EQ(world_session()->endpoint->use, rows[i].use);
        CHECK_EQ(world_session()->kind, rows[i].kind);
        CHECK_EQ(world.dropped, rows[i].next_expired);
        world.link_status = PAWL_OK;
        world_steps(1);
        CHECK_EQ(world.enroll_config.renew, rows[i].renew);
    }
}

static void a_device_enrols_proves_it_and_goes_online(void)
{
    world_make();
    world.has[PAWL_IDENTITY_LDEVID] = false;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world_steps(16);
    CHECK_EQ(world.session_count, 2);
    CHECK(world.sessions[0].endpoint == EST);
    CHECK_EQ(world.sessions[0].kind, PAWL_IDENTITY_IDEVID);
    CHECK(world.sessions[1].endpoint == BROKER);
    CHECK_EQ(world.sessions[1].kind, PAWL_IDENTITY_LDEVID_NEXT);
    CHECK_EQ(world.promoted, 1);
    CHECK(strcmp(world.filters[0], "pawl/dev-1/announce") == 0);
    CHECK_EQ(world_count(PAWL_EVENT_ENROLLED), 1);
    CHECK_EQ(world_count(PAWL_EVENT_PROMOTED), 1);
    CHECK_EQ(world_count(PAWL_EVENT_PUBLISHED), 1);
    CHECK_EQ(world.accepted, 2); /* each server's verdict */
    CHECK_EQ(world_step(), PAWL_OK);
}

/* Whatever has changed, the next step is not slept away. */
static void a_change_of_state_calls_for_the_next_step(void)
{
    world_make();
    world.has[PAWL_IDENTITY_LDEVID] = false;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    for (unsigned i = 0; i < 30; i++) {
        uint8_t before = world.agent.link.state;

        world_steps(1);
        CHECK(world.wait.events != 0);
        CHECK(world.agent.link.state == before ||
              (world.wait.events & PAWL_WAIT_NOTHING) != 0);
    }
    CHECK_EQ(world_step(), PAWL_OK);
}

static void an_ldevid_that_is_due_leaves_the_broker_and_renews(void)
{
    world_online();
    world.due = true;
    world_steps(20);
    CHECK_EQ(world.left, 1);
    CHECK_EQ(world.enrolled, 1);
    CHECK(world.enroll_config.renew);
    CHECK(world.sessions[0].endpoint == EST);
    CHECK_EQ(world.sessions[0].kind, PAWL_IDENTITY_LDEVID);
    CHECK_EQ(world.promoted, 1);
    CHECK_EQ(world_step(), PAWL_OK);
}

/* An EST server that is away must not cost us the broker. */
static void a_renewal_that_fails_does_not_keep_us_from_the_broker(void)
{
    world_online();
    world.due = true;
    world.enroll_status = PAWL_ERR_REFUSED;
    world_steps(20);
    CHECK_EQ(world.session_count, 2);
    CHECK(world.sessions[0].endpoint == EST);
    CHECK(world.sessions[1].endpoint == BROKER);
    CHECK_EQ(world.sessions[1].kind, PAWL_IDENTITY_LDEVID);
    CHECK_EQ(world_count(PAWL_EVENT_ENROLL_FAILED), 1);

    world.now_ms += 59000; /* not yet again */
    world_steps(20);
    CHECK_EQ(world.session_count, 2);
    world.now_ms += 600000;
    world_steps(20);
    CHECK_EQ(world.session_count, 4);
    CHECK(world.sessions[2].endpoint == EST);
}

/* What a server says of the certificate itself. */
static void an_ldevid_that_a_server_calls_expired_is_enrolled_anew(void)
{
    world_open();
    world.link_status = PAWL_ERR_REFUSED;
    world.failure.status = PAWL_ERR_REFUSED;
    world.failure.client_refused = true;
    world.failure.alert_received = 45; /* certificate_expired */
    world_steps(2);
    CHECK_EQ(world_session()->kind, PAWL_IDENTITY_LDEVID);
    world.now_ms += 10000;
    world.link_status = PAWL_OK;
    world.failure.status = PAWL_OK;
    world_steps(20);
    CHECK_EQ(world.sessions[1].kind, PAWL_IDENTITY_IDEVID);
    CHECK(world.sessions[1].endpoint == EST);
    CHECK_EQ(world.sessions[2].kind, PAWL_IDENTITY_LDEVID_NEXT);
    CHECK_EQ(world_step(), PAWL_OK);
}

/* The owner withdrew it: only the owner gives another one. */
static void an_ldevid_that_was_revoked_is_not_replaced(void)
{
    world_open();
    world.link_status = PAWL_ERR_REFUSED;
    world.failure.status = PAWL_ERR_REFUSED;
    world.failure.client_refused = true;
    world.failure.alert_received = 44; /* certificate_revoked */
    for (unsigned i = 0; i < 5; i++) {
        world_steps(2);
        CHECK_EQ(world_session()->kind, PAWL_IDENTITY_LDEVID);
        CHECK(world_session()->endpoint == BROKER);
        world.now_ms += 1000000;
    }
}

static void given_a_next_ldevid_refused(int alert)
{
    world_make();
    world.has[PAWL_IDENTITY_LDEVID_NEXT] = true;
    world.link_status = PAWL_ERR_REFUSED;
    world.failure.status = PAWL_ERR_REFUSED;
    world.failure.client_refused = true;
    world.failure.alert_received = alert;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world_steps(2);
}

static void a_next_ldevid_that_a_server_refuses_is_dropped(void)
{
    given_a_next_ldevid_refused(42);
    CHECK_EQ(world.dropped, 1);
    world.now_ms += 10000;
    world_steps(1);
    CHECK_EQ(world_session()->kind, PAWL_IDENTITY_LDEVID);
}

/* A connection that breaks looks like a silent refusal: not at once. */
static void a_next_ldevid_outlives_a_bad_network(void)
{
    given_a_next_ldevid_refused(-1);
    CHECK_EQ(world.dropped, 0);
    world.now_ms += 10000;
    world_steps(2);
    CHECK_EQ(world_session()->kind, PAWL_IDENTITY_LDEVID_NEXT);
    CHECK_EQ(world.dropped, 0);
    world.now_ms += 10000;
    world_steps(2);
    CHECK_EQ(world.dropped, 1);
}

static void what_fails_before_we_sign_drops_nothing(void)
{
    given_a_next_ldevid_refused(-1);
    world.failure.client_refused = false;
    world.failure.alert_received = 40;
    for (unsigned i = 0; i < 10; i++) {
        world.now_ms += 1000000;
        world_steps(2);
    }
    CHECK_EQ(world.dropped, 0);
}

/* ---- back-off ---- */

/* Drawn from the upper half of a pause that doubles, up to the longest. */
static void pauses_grow_to_the_longest_with_jitter(void)
{
    static const uint32_t draws[] = {0, 1, 499, 500, 0x7FFFFFFF, UINT32_MAX};

    for (size_t d = 0; d < PAWL_ARRAY_LEN(draws); d++) {
        uint64_t pause = 1000;

        world_open();
        world.draw = draws[d];
        world.link_status = PAWL_ERR_UNREACHABLE;
        for (unsigned i = 0; i < 14; i++) {
            world_steps(2);
            uint64_t length = world.agent.link.backoff.until_ms - world.now_ms;
            CHECK(length >= pause / 2 && length <= pause);
            CHECK_EQ(length, pause / 2 + draws[d] % (pause / 2 + 1));
            CHECK_EQ(world.session_count, i + 1);

            world.now_ms += length - 1;
            world_steps(2);
            CHECK_EQ(world.session_count, i + 1);
            CHECK_EQ(world.wait.deadline_ms, world.now_ms + 1);
            world.now_ms += 1;
            pause = pause * 2 < 600000 ? pause * 2 : 600000;
        }
    }
}

static void the_first_pause_is_no_longer_than_the_longest(void)
{
    world_make();
    world.config.retry_first_ms = 50000;
    world.config.retry_max_ms = 2000;
    world.draw = UINT32_MAX;
    world.link_status = PAWL_ERR_UNREACHABLE;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world_steps(2);
    CHECK(world.agent.link.backoff.until_ms <= world.now_ms + 2000);
}

static void success_ends_the_growth(void)
{
    world_open();
    world.link_status = PAWL_ERR_UNREACHABLE;
    for (unsigned i = 0; i < 6; i++) {
        world_steps(2);
        world.now_ms += 600000;
    }
    world.link_status = PAWL_OK;
    world_steps(12);
    CHECK_EQ(world_step(), PAWL_OK);
    world.mqtt_status = PAWL_ERR_CLOSED;
    world_steps(1);
    CHECK(world.agent.link.backoff.until_ms <= world.now_ms + 1000);
}

/* Retry-After is a lower bound, and gets jitter, too. */
static void what_the_server_asks_for_is_waited_for(void)
{
    for (uint32_t draw = 0; draw < 600; draw += 200) {
        world_make();
        world.has[PAWL_IDENTITY_LDEVID] = false;
        world.enroll_status = PAWL_ERR_BUSY;
        world.enroll_result.retry_after_s = 120;
        world.draw = draw;
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
        world_steps(3);
        CHECK_EQ(world.agent.link.backoff.until_ms,
                 world.now_ms + 120000 + draw % 501);
    }
    world.enroll_result.retry_after_s = UINT32_MAX;
    world.now_ms += 200000;
    world_steps(3);
    CHECK(world.agent.link.backoff.until_ms > world.now_ms + 4000000000u);
}

/* ---- at the broker ---- */

static void the_inventory_is_retained_and_of_qos_1(void)
{
    world_open();
    world_steps(5);
    CHECK(strcmp(world.topic, "pawl/dev-1/inventory") == 0);
    CHECK(world.retained);
    CHECK_EQ(world.qos, PAWL_MQTT_QOS_1);
    CHECK_EQ(world.payload[0], 0xAA);
}

static void a_report_follows_and_is_not_retained(void)
{
    world_online();
    pawl_agent_say(&world.agent, PAWL_EVENT_FAILED, PAWL_ERR_IO, "test");
    world_steps(3);
    CHECK_EQ(world.published, 1);
    CHECK(strcmp(world.topic, "pawl/dev-1/event") == 0);
    CHECK(!world.retained);
    CHECK_EQ(world.agent.report_count, 0);
}

/* An inventory that becomes due while a report is under way is not taken as
 * told by the report's acknowledgement. */
static void an_acknowledgement_is_for_what_was_published(void)
{
    world_online();
    pawl_agent_say(&world.agent, PAWL_EVENT_FAILED, PAWL_ERR_IO, "test");
    world_steps(1);
    CHECK_EQ(world.agent.link.state, LINK_REPORT);
    world.agent.inventory_due = true;
    world_forget_events();
    world_steps(1);
    CHECK_EQ(world_count(PAWL_EVENT_PUBLISHED), 0);
    CHECK_EQ(world.agent.report_count, 0);
    world_steps(2);
    CHECK_EQ(world.published, 2);
    CHECK(strcmp(world.topic, "pawl/dev-1/inventory") == 0);
    CHECK_EQ(world_count(PAWL_EVENT_PUBLISHED), 1);
}

/* What the other lanes have to tell does not wait for the next wake-up. */
static void what_is_to_be_told_does_not_wait_for_the_keep_alive(void)
{
    world_online();
    CHECK((world.wait.events & PAWL_WAIT_NOTHING) == 0);
    world_announce("https://elsewhere.example/x");
    world_steps(1); /* refused behind the link's turn */
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
    CHECK((world.wait.events & PAWL_WAIT_NOTHING) != 0);
}

static void a_publication_that_cannot_be_made_ends_the_link(void)
{
    world_open();
    world.publish_status = PAWL_ERR_LIMIT;
    world_steps(6);
    CHECK_EQ(world_count(PAWL_EVENT_SESSION_FAILED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_LIMIT);
    CHECK_EQ(world.agent.link.state, LINK_REST);
}

static void a_subscription_that_cannot_be_made_ends_the_link(void)
{
    world_open();
    world.subscribe_status = PAWL_ERR_LIMIT;
    world_steps(8);
    CHECK_EQ(world_count(PAWL_EVENT_CONNECTED), 1);
    CHECK_EQ(world_count(PAWL_EVENT_SESSION_FAILED), 1);
    CHECK_EQ(world.agent.link.state, LINK_REST);
}

static void a_broker_that_is_lost_is_sought_again(void)
{
    world_online();
    world.mqtt_status = PAWL_ERR_TIMEOUT;
    world_steps(1);
    CHECK_EQ(world_count(PAWL_EVENT_SESSION_FAILED), 1);
    CHECK((world.wait.events & PAWL_WAIT_NOTHING) != 0);
    world.mqtt_status = PAWL_OK;
    world.now_ms += 1000;
    world_steps(12);
    CHECK_EQ(world_step(), PAWL_OK);
    CHECK_EQ(world.published, 1); /* the inventory, once more */
}

static void what_the_broker_says_of_its_refusal_is_told(void)
{
    world_online();
    world.agent.mqtt.reason = 0x87; /* not authorized */
    world.mqtt_status = PAWL_ERR_REFUSED;
    world_steps(1);
    CHECK_EQ(world.event_status, PAWL_ERR_REFUSED);
    CHECK_EQ(world.event_mqtt_reason, 0x87);

    world.now_ms += 10000; /* what fails later is not the broker's word */
    world.mqtt_status = PAWL_OK;
    world.link_status = PAWL_ERR_UNREACHABLE;
    world_steps(2);
    CHECK_EQ(world.event_status, PAWL_ERR_UNREACHABLE);
    CHECK_EQ(world.event_mqtt_reason, 0);
}

static void without_an_endpoint_nobody_is_talked_to(void)
{
    world_make();
    world.config.endpoint_count = 1; /* EST only */
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world_steps(3);
    CHECK_EQ(world.session_count, 0);
    CHECK_EQ(world_count(PAWL_EVENT_SESSION_FAILED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_POLICY);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_device_that_was_never_provisioned_does_not_open),
    CHECK_TEST(a_prefix_that_makes_no_topic_is_refused),
    CHECK_TEST(a_serial_that_makes_no_topic_is_refused),
    CHECK_TEST(the_right_credential_talks_to_the_right_server),
    CHECK_TEST(a_device_enrols_proves_it_and_goes_online),
    CHECK_TEST(a_change_of_state_calls_for_the_next_step),
    CHECK_TEST(an_ldevid_that_is_due_leaves_the_broker_and_renews),
    CHECK_TEST(a_renewal_that_fails_does_not_keep_us_from_the_broker),
    CHECK_TEST(an_ldevid_that_a_server_calls_expired_is_enrolled_anew),
    CHECK_TEST(an_ldevid_that_was_revoked_is_not_replaced),
    CHECK_TEST(a_next_ldevid_that_a_server_refuses_is_dropped),
    CHECK_TEST(a_next_ldevid_outlives_a_bad_network),
    CHECK_TEST(what_fails_before_we_sign_drops_nothing),
    CHECK_TEST(pauses_grow_to_the_longest_with_jitter),
    CHECK_TEST(the_first_pause_is_no_longer_than_the_longest),
    CHECK_TEST(success_ends_the_growth),
    CHECK_TEST(what_the_server_asks_for_is_waited_for),
    CHECK_TEST(the_inventory_is_retained_and_of_qos_1),
    CHECK_TEST(a_report_follows_and_is_not_retained),
    CHECK_TEST(an_acknowledgement_is_for_what_was_published),
    CHECK_TEST(what_is_to_be_told_does_not_wait_for_the_keep_alive),
    CHECK_TEST(a_publication_that_cannot_be_made_ends_the_link),
    CHECK_TEST(a_subscription_that_cannot_be_made_ends_the_link),
    CHECK_TEST(a_broker_that_is_lost_is_sought_again),
    CHECK_TEST(what_the_broker_says_of_its_refusal_is_told),
    CHECK_TEST(without_an_endpoint_nobody_is_talked_to),
};
CHECK_MAIN(tests)
