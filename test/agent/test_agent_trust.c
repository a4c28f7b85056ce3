/* SPDX-License-Identifier: Apache-2.0 */
/* Trust documents: announced, fetched in their order, pushed, refused, lost;
 * and what a server may say of the time. */
#include "agent/agent_internal.h"
#include "agent/world.h"
#include "base/base.h"
#include "check.h"
#include <string.h>

#define ANY "https://files.example/trust-{version}.cbor"
#define ENVELOPE "https://files.example/v2.suit"

static const uint8_t document[] = {0x80};

static unsigned rotated(void)
{
    return world_count(PAWL_EVENT_TRUST_ROTATED);
}

/* ---- announced ---- */

static void both_kinds_of_announcements_are_subscribed_to(void)
{
    world_online();
    CHECK_EQ(world.filter_count, 2);
    CHECK(strcmp(world.filters[0], "pawl/dev-1/announce") == 0);
    CHECK(strcmp(world.filters[1], "pawl/dev-1/trust") == 0);
}

static void an_announced_document_is_fetched_and_comes_into_force(void)
{
    world_online();
    world_announce_trust("https://files.example/t.cbor", 8);
    world_steps(12);

    CHECK_EQ(rotated(), 1);
    CHECK(strcmp(world.path, "/t.cbor") == 0);
    CHECK_EQ(world.document_len, world.body_len);
    CHECK_EQ(world.agent.trust.version, 8);
    CHECK_EQ(world.trust_changes, 1);
    CHECK_EQ(world.starts, 0);
}

/* Three documents behind: each is fetched by its own name, one after the
 * other. */
static void several_versions_are_fetched_in_their_order(void)
{
    world_online();
    for (uint64_t version = 8; version <= 10; version++) {
        char path[] = "/trust-8.cbor", longer[] = "/trust-10.cbor";

        path[7] = (char)('0' + version % 10);
        if (version == 8) {
            world_announce_trust(ANY, 10);
        }
        for (unsigned i = 0; i < 40 && rotated() < version - 7; i++) {
            world_steps(1);
        }
        CHECK(strcmp(world.path, version < 10 ? path : longer) == 0);
    }
    world_steps(40);
    CHECK_EQ(rotated(), 3);
    CHECK_EQ(world.agent.trust.version, 10);
    CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
}

static void what_is_in_force_already_is_no_news(void)
{
    world_online();
    world_announce_trust(ANY, 7);
    world_announce_trust(ANY, 6);
    world_steps(10);
    CHECK_EQ(world.session_count, 0);
    CHECK_EQ(world.event_count, 0);
}

/* The operator is told which one is wanted; nothing is fetched in vain. */
static void a_gap_is_answered_with_the_version_that_is_wanted(void)
{
    world_online();
    world_announce_trust("https://files.example/t.cbor", 9);
    world_steps(10);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_WANTED), 1);
    CHECK_EQ(world.event_sequence, 8);
    CHECK_EQ(world.gets, 0);

    world_announce_trust(ANY, 9);
    world.rotate_status = PAWL_ERR_STATE;
    world_steps(12);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_WANTED), 2);
    CHECK_EQ(world.event_sequence, 8);
}

static void a_refused_document_changes_nothing_and_is_told(void)
{
    static const enum pawl_status rows[] = {
        PAWL_ERR_UNTRUSTED, PAWL_ERR_ROLLBACK, PAWL_ERR_MALFORMED,
        PAWL_ERR_POLICY,    PAWL_ERR_LIMIT,    PAWL_ERR_UNSUPPORTED,
        PAWL_ERR_IO};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_online();
        world.rotate_status = rows[i];
        world_announce_trust(ANY, 8);
        world_steps(40);
        CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);
        CHECK_EQ(world.agent.trust.version, 7);
        CHECK_EQ(world.rotations, 1);
        CHECK_EQ(world.trust_changes, 0);
        CHECK_EQ(world.agent.link.state, LINK_ONLINE);
        CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
    }
}

static void documents_come_from_listed_servers_only(void)
{
    static const char *const rows[] = {
        "https://other.example/t", "http://files.example/t",
        "https://files.example:444/t", "https://{version}.example/t", "x"};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_online();
        world_announce_trust(rows[i], 8);
        world_steps(10);
        CHECK_EQ(world.session_count, 0);
        CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);
        CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
    }
}

static void what_is_longer_than_a_document_is_not_taken(void)
{
    world_online();
    world.body_len = PAWL_TRUST_MAX + 1;
    world_announce_trust(ANY, 8);
    world_steps(40);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_LIMIT);
    CHECK_EQ(world.rotations, 0);
}

static void a_name_that_grows_too_long_is_refused(void)
{
    char uri[PAWL_URI_MAX] = "https://files.example/{version}";
    size_t len = strlen(uri);

    world_online();
    world.agent.trust.version = UINT64_MAX - 9;
    memset(uri + len, 'a', sizeof uri - 1 - len);
    world_announce_trust(uri, UINT64_MAX - 8);
    world_steps(4);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_LIMIT);
}

/* ---- beside an update ---- */

/* It may withdraw who signed the update: it comes first, and the download
 * goes on behind it. */
static void a_document_interrupts_a_download(void)
{
    world_online();
    world.want_status = PAWL_OK;
    world.want.uri = (struct pawl_bytes){
        (const uint8_t *)"https://files.example/v2.bin", 28};
    world.info.size = 100;
    world.info.retry = true;
    world_announce(ENVELOPE);
    for (unsigned i = 0;
         i < 40 && world.agent.fetch.state != FETCH_PAYLOAD_HEAD; i++) {
        world_steps(1);
    }
    CHECK_EQ(world.starts, 1);

    world_announce_trust(ANY, 8);
    for (unsigned i = 0; i < 40 && rotated() == 0; i++) {
        world_steps(1);
    }
    CHECK_EQ(rotated(), 1);
    CHECK_EQ(world.written, 0);
    world_steps(60);
    CHECK_EQ(world.starts, 2);
    CHECK_EQ(world.written, 100);
}

/* The whole chain comes first, not every other document. */
static void an_update_waits_for_all_documents(void)
{
    world_online();
    world_announce(ENVELOPE);
    world_announce_trust(ANY, 10);
    for (unsigned i = 0; i < 60 && world.starts == 0; i++) {
        world_steps(1);
    }
    CHECK_EQ(world.starts, 1);
    CHECK_EQ(rotated(), 3);
}

/* Whoever signed it is withdrawn now: the engine says so, and the operator is
 * told. */
static void an_update_that_waits_is_judged_again(void)
{
    world_online();
    world.trust_changed_status = PAWL_PENDING;
    world.failing = PAWL_ERR_REVOKED;
    world_announce_trust(ANY, 8);
    world_steps(4);
    world.failing = PAWL_ERR_REVOKED;
    world_steps(20);
    CHECK_EQ(rotated(), 1);
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
}

/* A server of documents that fails does not keep updates away. */
static void an_update_has_every_other_turn(void)
{
    world_online();
    world.http_status = PAWL_ERR_TIMEOUT;
    world_announce(ENVELOPE);
    world_announce_trust(ANY, 8);
    unsigned documents = 0, updates = 0;
    for (unsigned i = 0; i < 200 && documents + updates < 8; i++) {
        unsigned before = world.gets;

        world.now_ms += 60000;
        world_steps(1);
        if (world.gets > before) {
            bool trust = strcmp(world.path, "/trust-8.cbor") == 0;
            documents += trust;
            updates += !trust;
        }
    }
    CHECK_EQ(documents, 4);
    CHECK_EQ(updates, 4);
}

static void given_a_trial(bool accepted_before)
{
    world_make();
    world.info.state = PAWL_UPDATE_TRIAL;
    world.info.current.known = accepted_before;
    world.mqtt_status = PAWL_OK;
    world.healthy = true;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world.publish_status = PAWL_ERR_BUSY;
    for (unsigned i = 0; i < 10 && world.filter_count < 2; i++) {
        world_steps(1);
    }
}

/* While an image proves itself its signer may be withdrawn; its successor is
 * not fetched. */
static void a_document_is_fetched_during_a_trial(void)
{
    given_a_trial(true);
    world_announce(ENVELOPE);
    world_announce_trust(ANY, 8);
    world_steps(20);
    CHECK_EQ(rotated(), 1);
    CHECK_EQ(world.starts, 0);
}

/* The document could withdraw the signer of the only image that there is. */
static void no_document_is_taken_while_the_only_image_is_on_trial(void)
{
    given_a_trial(false);
    world_announce_trust(ANY, 8);
    world_steps(20);
    CHECK_EQ(rotated(), 0);
    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)),
             PAWL_ERR_STATE);
    CHECK_EQ(rotated(), 0);

    world.agent.trial = TRIAL_NONE; /* accepted */
    world_steps(20);
    CHECK_EQ(rotated(), 1);
}

/* The reason is that the signer was withdrawn, not that he erred. */
static void an_update_by_a_retired_signer_is_told_as_revoked(void)
{
    world_online();
    world.by_the_retired = true;
    world_announce(ENVELOPE);
    for (unsigned i = 0; i < 20 && world_count(PAWL_EVENT_REFUSED) == 0; i++) {
        world_steps(1);
    }
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_REVOKED);
    CHECK_EQ(world.starts, 0);
}

static void an_expired_document_starts_no_update(void)
{
    world_online();
    world.trust_expired = true;
    world_announce(ENVELOPE);
    for (unsigned i = 0; i < 20 && world_count(PAWL_EVENT_REFUSED) == 0; i++) {
        world_steps(1);
    }
    CHECK_EQ(world.starts, 0);
    CHECK_EQ(world.event_status, PAWL_ERR_EXPIRED);
}

/* What was begun before goes on. */
static void an_expired_document_does_not_stop_a_download(void)
{
    static const enum pawl_update_state rows[] = {PAWL_UPDATE_WRITING,
                                                  PAWL_UPDATE_CANDIDATE};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_online();
        world.trust_expired = true;
        world.info.state = rows[i];
        world.info.candidate.known = true;
        memset(world.info.candidate.digest, world.digest, 32);
        world_announce(ENVELOPE);
        world_steps(20);
        CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 0);
        CHECK_EQ(world.starts + world.installs > 0, 1);
    }
}

/* ---- pushed ---- */

static void a_pushed_document_ends_the_sessions_of_the_one_before(void)
{
    world_online();
    unsigned closed = world.closed;

    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)), PAWL_OK);
    CHECK_EQ(world.document_len, sizeof document);
    CHECK_EQ(world.closed, closed + 1);
    CHECK_EQ(world.agent.link.state, LINK_REST);
    CHECK_EQ(rotated(), 1);
    CHECK_EQ(world.event_sequence, 8);

    world_steps(12);
    CHECK_EQ(world.session_count, 1); /* at once, without a pause */
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
}

/* A broker that the document before could not vouch for is sought at once. */
static void a_pushed_document_ends_a_pause(void)
{
    world_open();
    world.link_status = PAWL_ERR_UNTRUSTED;
    world_steps(4);
    unsigned before = world.session_count;
    world_steps(4);
    CHECK_EQ(world.session_count, before);

    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)), PAWL_OK);
    world_steps(1);
    CHECK_EQ(world.session_count, before + 1);
}

static void a_pushed_document_that_is_refused_leaves_sessions_alone(void)
{
    world_online();
    world.rotate_status = PAWL_ERR_UNTRUSTED;
    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)),
             PAWL_ERR_UNTRUSTED);
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);

    memset(&world.agent, 0, sizeof world.agent);
    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)),
             PAWL_ERR_STATE);
}

static void the_owners_anchors_begin_sessions_anew(void)
{
    world_online();
    CHECK_EQ(world.owner_opens, 1);
    CHECK_EQ(pawl_agent_own(&world.agent, PAWL_BYTES(document)), PAWL_OK);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_OWNED), 1);
    CHECK_EQ(world.event_sequence, 3);
    CHECK_EQ(world.agent.link.state, LINK_REST);

    world_online();
    world.own_status = PAWL_ERR_DENIED;
    CHECK_EQ(pawl_agent_own(&world.agent, PAWL_BYTES(document)),
             PAWL_ERR_DENIED);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
}

/* Without them it goes on, and says so. */
static void the_owners_anchors_may_be_bad(void)
{
    world_make();
    world.owner_status = PAWL_ERR_UNTRUSTED;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 1);
    world_steps(12);
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
}

/* ---- held until the boot loader has had its turn ---- */

static enum pawl_answer reset_answer;
static unsigned reset_asked;

static enum pawl_answer may_reset(void *ctx)
{
    (void)ctx;
    reset_asked++;
    return reset_answer;
}

/* Version 8 came into force since the start; the loader has 7, and 9 waits. */
static void given_a_held_document(void)
{
    world_make();
    world.loader_version = 7;
    world.config.may_reset = may_reset;
    reset_answer = PAWL_ANSWER_NOT_NOW;
    reset_asked = 0;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world_steps(12);
    world_forget_events();
    world_announce_trust(ANY, 10);
    for (unsigned i = 0; i < 60 && world_count(PAWL_EVENT_TRUST_HELD) == 0;
         i++) {
        world_steps(1);
    }
    CHECK_EQ(rotated(), 1);
    CHECK_EQ(world.agent.trust.version, 8);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_HELD), 1);
    CHECK_EQ(world.event_sequence, 8);
    CHECK_EQ(world.event_status, PAWL_ERR_RESET_DUE);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 0);
}

static void a_held_document_resets_the_device_when_it_may_be(void)
{
    given_a_held_document();
    world_steps(20);
    CHECK_EQ(reset_asked, 1);
    CHECK_EQ(world.reboots, 0);
    CHECK_EQ(world.wait.events & PAWL_WAIT_DEADLINE, PAWL_WAIT_DEADLINE);
    CHECK(world.wait.deadline_ms <= world.now_ms + 30000);
    world.now_ms += 30000;
    world_steps(1);
    CHECK_EQ(reset_asked, 2);

    unsigned gets = world.gets; /* it is not fetched again to be held */
    world_announce_trust(ANY, 11);
    world_steps(20);
    CHECK_EQ(world.gets, gets);

    reset_answer = PAWL_ANSWER_YES;
    world.now_ms += 30000;
    world_steps(1);
    CHECK_EQ(world.reboots, 0); /* the reports go out first */
    world.now_ms += 2000;
    world_steps(8);
    CHECK(world.reboots > 0);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_HELD), 1);
}

/* What was announced comes again, and the next one is taken. */
static void after_the_reset_the_chain_goes_on(void)
{
    world_make();
    world.loader_version = 8;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world.agent.trust.version = world.agent.trust_at_open = 8;
    world_steps(12);
    world_announce_trust(ANY, 9);
    world_steps(40);
    CHECK_EQ(rotated(), 1);
    CHECK_EQ(world.agent.trust.version, 9);
    CHECK_EQ(world.reboots, 0);
}

static void without_a_hook_a_held_document_resets_the_device(void)
{
    given_a_held_document();
    world.agent.config.may_reset = NULL;
    world.now_ms += 30000;
    world_steps(1);
    world.now_ms += 2000;
    world_steps(8);
    CHECK(world.reboots > 0);
}

/* Updates go on: the next reset may be theirs. */
static void a_reset_that_is_refused_keeps_no_update_away(void)
{
    given_a_held_document();
    reset_answer = PAWL_ANSWER_NO;
    world.now_ms += 30000;
    world_announce(ENVELOPE);
    for (unsigned i = 0; i < 40 && world.starts == 0; i++) {
        world_steps(1);
    }
    CHECK_EQ(world.starts, 1);
    CHECK_EQ(world.reboots, 0);
}

/* The loader had its turn at this start. Another reset would not help, and
 * another one after it: the operator is told, and it ends there. */
static void a_loader_that_did_not_follow_is_told_and_not_reset_for_ever(void)
{
    world_make();
    world.loader_version = 6;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
    world_steps(12);
    world_announce_trust(ANY, 8);
    world_steps(40);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_HELD), 1);
    CHECK_EQ(world.event_sequence, 7);
    CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
    world.now_ms += 60000;
    world_steps(20);
    CHECK_EQ(world.reboots, 0);
    world_announce(ENVELOPE);
    world_steps(20);
    CHECK_EQ(world.starts, 1);
}

/* A reset would cost the image on trial an attempt. */
static void a_trial_is_not_reset_for_a_held_document(void)
{
    given_a_held_document();
    world.agent.trial = TRIAL_WAITING;
    world.info.trial_deadline_ms = UINT64_MAX;
    reset_answer = PAWL_ANSWER_YES;
    unsigned asked = reset_asked;
    world.now_ms += 60000;
    world_steps(20);
    CHECK_EQ(reset_asked, asked);
    CHECK_EQ(world.reboots, 0);
    world.agent.trial = TRIAL_NONE;
    world_steps(1);
    world.now_ms += 2000;
    world_steps(8);
    CHECK(world.reboots > 0);
}

/* The announcement was taken back meanwhile. */
static void nothing_is_reset_for_a_document_that_is_not_announced_any_more(void)
{
    given_a_held_document();
    world_announce_trust(ANY, 8);
    reset_answer = PAWL_ANSWER_YES;
    world.now_ms += 60000;
    world_steps(20);
    CHECK_EQ(world.reboots, 0);
    CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
}

/* A counter that is to rise does not wait for the reset. */
static void the_engine_has_its_upkeep_while_a_document_is_held(void)
{
    given_a_held_document();
    world.info.counter_pending = true;
    unsigned steps = world.steps;
    world_steps(3);
    CHECK_EQ(world.steps, steps + 3);
}

/* Whoever pushes it knows when to come again. */
static void a_pushed_document_that_is_held_says_so_and_resets_nothing(void)
{
    world_online();
    world.loader_version = 6;
    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)),
             PAWL_ERR_RESET_DUE);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_HELD), 1);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_REFUSED), 0);
    CHECK_EQ(world.event_sequence, 7);
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
    world_steps(20);
    CHECK_EQ(world.reboots, 0);
    CHECK_EQ(world.agent.trust.version, 7);
}

/* ---- lost ---- */

static void without_the_factorys_document_a_loss_is_final(void)
{
    world_make();
    world.trust_status = PAWL_ERR_LOST;
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_ERR_LOST);
}

static void given_a_loss(uint64_t floor)
{
    world_make();
    world.trust_status = PAWL_ERR_LOST;
    world.trust_floor = floor;
    world.config.factory_trust = PAWL_BYTES(document);
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
}

/* Below the floor nobody is talked to; each version is pushed in order. */
static void after_a_loss_the_chain_is_replayed(void)
{
    given_a_loss(3);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_LOST), 1);
    CHECK_EQ(world.event_sequence, 2);
    world_steps(20);
    CHECK_EQ(world.session_count, 0);

    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)),
             PAWL_PENDING);
    world_steps(20);
    CHECK_EQ(world.session_count, 0);
    CHECK_EQ(rotated(), 0);
    CHECK_EQ(pawl_agent_trust(&world.agent, PAWL_BYTES(document)), PAWL_OK);
    CHECK_EQ(rotated(), 1);
    world_steps(20);
    CHECK_EQ(world.session_count, 1);
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
}

static void a_factory_document_at_the_floor_is_in_force_at_once(void)
{
    given_a_loss(1);
    CHECK_EQ(world.recoveries, 1);
    CHECK_EQ(world_count(PAWL_EVENT_TRUST_LOST), 0);
    world_steps(20);
    CHECK_EQ(world.agent.link.state, LINK_ONLINE);
}

/* ---- time ---- */

/* Whoever may tell the time raises the floor, at most to the end of what
 * vouches for him. */
static void a_date_is_believed_up_to_the_end_of_the_servers_chain(void)
{
    static const struct {
        int64_t date_s, until_s, raised_s;
    } rows[] = {
        {1850000000, 1900000000, 1850000000},
        {1950000000, 1900000000, 1900000000},
        {1850000000, 0, 0}, /* he may not */
        {0, 1900000000, 0}, /* he did not */
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_online();
        world.time_until_s = rows[i].until_s;
        world.response.date_s = rows[i].date_s;
        world_announce_trust(ANY, 8);
        world_steps(12);
        CHECK_EQ(world.raised_s, rows[i].raised_s);

        world_make();
        world.time_until_s = rows[i].until_s;
        world.enroll_result.date_s = rows[i].date_s;
        world.has[PAWL_IDENTITY_LDEVID] = false;
        CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
        world_steps(12);
        CHECK_EQ(world.raised_s, rows[i].raised_s);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(both_kinds_of_announcements_are_subscribed_to),
    CHECK_TEST(an_announced_document_is_fetched_and_comes_into_force),
    CHECK_TEST(several_versions_are_fetched_in_their_order),
    CHECK_TEST(what_is_in_force_already_is_no_news),
    CHECK_TEST(a_gap_is_answered_with_the_version_that_is_wanted),
    CHECK_TEST(a_refused_document_changes_nothing_and_is_told),
    CHECK_TEST(documents_come_from_listed_servers_only),
    CHECK_TEST(what_is_longer_than_a_document_is_not_taken),
    CHECK_TEST(a_name_that_grows_too_long_is_refused),
    CHECK_TEST(a_document_interrupts_a_download),
    CHECK_TEST(an_update_waits_for_all_documents),
    CHECK_TEST(an_update_that_waits_is_judged_again),
    CHECK_TEST(an_update_has_every_other_turn),
    CHECK_TEST(a_document_is_fetched_during_a_trial),
    CHECK_TEST(no_document_is_taken_while_the_only_image_is_on_trial),
    CHECK_TEST(an_update_by_a_retired_signer_is_told_as_revoked),
    CHECK_TEST(an_expired_document_starts_no_update),
    CHECK_TEST(an_expired_document_does_not_stop_a_download),
    CHECK_TEST(a_pushed_document_ends_the_sessions_of_the_one_before),
    CHECK_TEST(a_pushed_document_ends_a_pause),
    CHECK_TEST(a_pushed_document_that_is_refused_leaves_sessions_alone),
    CHECK_TEST(the_owners_anchors_begin_sessions_anew),
    CHECK_TEST(the_owners_anchors_may_be_bad),
    CHECK_TEST(a_held_document_resets_the_device_when_it_may_be),
    CHECK_TEST(after_the_reset_the_chain_goes_on),
    CHECK_TEST(without_a_hook_a_held_document_resets_the_device),
    CHECK_TEST(a_reset_that_is_refused_keeps_no_update_away),
    CHECK_TEST(a_loader_that_did_not_follow_is_told_and_not_reset_for_ever),
    CHECK_TEST(a_trial_is_not_reset_for_a_held_document),
    CHECK_TEST(nothing_is_reset_for_a_document_that_is_not_announced_any_more),
    CHECK_TEST(the_engine_has_its_upkeep_while_a_document_is_held),
    CHECK_TEST(a_pushed_document_that_is_held_says_so_and_resets_nothing),
    CHECK_TEST(without_the_factorys_document_a_loss_is_final),
    CHECK_TEST(after_a_loss_the_chain_is_replayed),
    CHECK_TEST(a_factory_document_at_the_floor_is_in_force_at_once),
    CHECK_TEST(a_date_is_believed_up_to_the_end_of_the_servers_chain),
};

CHECK_MAIN(tests)
