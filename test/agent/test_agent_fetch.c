/* SPDX-License-Identifier: Apache-2.0 */
/* What is announced: fetched from whom, judged, written, installed; and what
 * becomes of failures. */
#include "agent/agent_internal.h"
#include "agent/world.h"
#include "base/base.h"
#include "check.h"
#include <string.h>

#define ENVELOPE "https://files.example/v2.suit"

static struct pawl_bytes text(const char *string)
{
    return (struct pawl_bytes){(const uint8_t *)string, strlen(string)};
}

/* The engine will want size bytes of uri, from offset on. */
static void given_an_image(const char *uri, uint32_t offset, uint32_t size)
{
    world.want_status = PAWL_OK;
    world.want.uri = text(uri);
    world.want.offset = world.info.offset = offset;
    world.info.size = size;
}

static void given_an_update(void)
{
    world_online();
    given_an_image("https://files.example/v2.bin", 0, 100);
    world.info.retry = true;
}

/* ---- the list of endpoints ---- */

static void only_listed_servers_are_talked_to(void)
{
    static const struct {
        const char *uri;
        int endpoint; /* its index, or -1 */
        enum pawl_status status;
    } rows[] = {
        {"https://files.example/a", 2, PAWL_OK},
        {"https://files.example:443/a", 2, PAWL_OK},
        {"https://cdn.example:4443/a", 3, PAWL_OK},
        {"https://files.example:444/a", -1, PAWL_ERR_POLICY},
        {"https://cdn.example/a", -1, PAWL_ERR_POLICY},
        {"https://127.0.0.1:4443/a", -1, PAWL_ERR_POLICY},
        {"https://other.example/a", -1, PAWL_ERR_POLICY},
        {"https://files.example.evil.example/a", -1, PAWL_ERR_POLICY},
        {"https://xfiles.example/a", -1, PAWL_ERR_POLICY},
        {"https://mqtt.example:8883/a", -1, PAWL_ERR_POLICY},
        {"https://est.example:8443/a", -1, PAWL_ERR_POLICY},
        {"http://files.example/a", -1, PAWL_ERR_UNSUPPORTED},
        {"https://user@files.example/a", -1, PAWL_ERR_MALFORMED},
        {"https:///a", -1, PAWL_ERR_MALFORMED},
        {"files.example/a", -1, PAWL_ERR_MALFORMED},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        world_online();
        world.fetch_status = PAWL_PENDING;
        world_announce(rows[i].uri);
        world_steps(2);
        CHECK_EQ(world.session_count, rows[i].endpoint >= 0);
        CHECK_EQ(world_count(PAWL_EVENT_REFUSED), rows[i].endpoint < 0);
        if (rows[i].endpoint >= 0) {
            CHECK(world_session()->endpoint ==
                  &world.endpoints[rows[i].endpoint]);
            CHECK_EQ(world_session()->kind, PAWL_IDENTITY_LDEVID);
        } else {
            CHECK_EQ(world.event_status, rows[i].status);
            CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
        }
    }
}

/* A signed manifest does not lead off the list either. */
static void an_image_on_another_server_is_refused(void)
{
    static const char *const rows[] = {
        "https://other.example/v2.bin", "https://files.example:8443/v2.bin",
        "http://files.example/v2.bin", "nonsense"};
    char long_uri[2 * PAWL_URI_MAX];

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows) + 1; i++) {
        given_an_update();
        memset(long_uri, 'a', sizeof long_uri);
        memcpy(long_uri, "https://files.example/", 22);
        long_uri[sizeof long_uri - 1] = '\0';
        world.want.uri = text(i < PAWL_ARRAY_LEN(rows) ? rows[i] : long_uri);
        world_announce(ENVELOPE);
        world_steps(12);
        CHECK_EQ(world.session_count, 1); /* for the envelope */
        CHECK_EQ(world.starts, 1);
        CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
        CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 0);
        CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
    }
}

/* ---- all goes well ---- */

static void an_update_is_fetched_verified_and_installed(void)
{
    given_an_update();
    world_announce(ENVELOPE);
    world_steps(40);
    CHECK_EQ(world.gets, 2);
    CHECK(strcmp(world.path, "/v2.bin") == 0);
    CHECK_EQ(world.first, 0);
    CHECK_EQ(world.written, 100);
    CHECK_EQ(world.finishes, 1);
    CHECK_EQ(world.installs, 1);
    CHECK_EQ(world_count(PAWL_EVENT_VERIFIED), 1);
    CHECK_EQ(world_count(PAWL_EVENT_CANDIDATE), 1);
    CHECK_EQ(world_count(PAWL_EVENT_INSTALLING), 1);
    CHECK(world.reboots > 0);
}

/* Reports go out before the reset, but it does not wait for ever. */
static void the_reset_waits_two_seconds_for_reports_at_most(void)
{
    given_an_update();
    world_announce(ENVELOPE);
    for (unsigned i = 0; i < 40 && world_count(PAWL_EVENT_INSTALLING) == 0;
         i++) {
        world_steps(1);
    }
    world.mqtt_status = PAWL_PENDING;
    world_steps(10);
    CHECK_EQ(world.reboots, 0);
    world.now_ms += 2000;
    world_steps(1);
    CHECK_EQ(world.reboots, 1);
}

static void a_session_is_used_again_where_it_leads_to_the_same_server(void)
{
    given_an_update();
    world.response.keep_alive = true;
    world_announce(ENVELOPE);
    world_steps(40);
    CHECK_EQ(world.session_count, 1);
    CHECK_EQ(world.gets, 2);

    given_an_update();
    world.response.keep_alive = true;
    given_an_image("https://cdn.example:4443/v2.bin", 0, 100);
    world_announce(ENVELOPE);
    world_steps(40);
    CHECK_EQ(world.session_count, 2);
    CHECK(world_session()->endpoint == &world.endpoints[3]);
}

/* Another name at the same port, another port of the same name: neither is
 * the server that the session leads to. */
static void a_session_to_another_server_is_not_used(void)
{
    static const struct {
        const char *name, *uri;
        uint16_t port;
    } rows[] = {
        {"cdn.example", "https://cdn.example/v2.bin", 443},
        {"files.example", "https://files.example:4443/v2.bin", 4443},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.endpoints[3].server_name = rows[i].name;
        world.endpoints[3].port = rows[i].port;
        world.response.keep_alive = true;
        given_an_image(rows[i].uri, 0, 100);
        world_announce(ENVELOPE);
        world_steps(40);
        CHECK_EQ(world.session_count, 2);
        CHECK(world_session()->endpoint == &world.endpoints[3]);
    }
}

/* Whatever has changed, the next step is not slept away. */
static void a_change_of_state_calls_for_the_next_step(void)
{
    static const enum pawl_status rows[] = {PAWL_OK, PAWL_ERR_IO,
                                            PAWL_ERR_DIGEST};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.write_status = rows[i];
        world_announce(ENVELOPE);
        for (unsigned j = 0; j < 40 && world.reboots == 0; j++) {
            uint8_t before = world.agent.fetch.state;

            world_steps(1);
            CHECK(world.agent.fetch.state == before ||
                  (world.wait.events & PAWL_WAIT_NOTHING) != 0);
        }
    }
}

static void a_download_goes_on_at_the_engines_offset(void)
{
    given_an_update();
    given_an_image("https://files.example/v2.bin", 40, 100);
    world.info.offset = 40;
    world_announce(ENVELOPE);
    world_steps(8);
    CHECK_EQ(world.first, 40);
    world.response.status = 206;
    world.response.partial = true;
    world.response.range_first = 40;
    world.body_len = 60;
    world_steps(40);
    CHECK_EQ(world.written, 60);
    CHECK_EQ(world.installs, 1);
}

/* RFC 9110, 14.2: a server may ignore the range. */
static void a_server_that_sends_everything_is_understood(void)
{
    given_an_update();
    given_an_image("https://files.example/v2.bin", 40, 100);
    world_announce(ENVELOPE);
    world_steps(40);
    CHECK_EQ(world.first, 40);
    CHECK_EQ(world.written, 60);
    CHECK_EQ(world.installs, 1);
}

static void another_range_than_was_asked_for_is_an_error(void)
{
    given_an_update();
    given_an_image("https://files.example/v2.bin", 40, 100);
    world_announce(ENVELOPE);
    world_steps(8);
    world.response.status = 206;
    world.response.partial = true;
    world.response.range_first = 41;
    world_steps(6);
    CHECK_EQ(world.written, 0);
    CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_PROTOCOL);
}

/* ---- what is not fetched ---- */

static void nothing_is_started_that_is_not_authentic(void)
{
    static const enum pawl_status rows[] = {
        PAWL_ERR_MALFORMED, PAWL_ERR_SIGNATURE, PAWL_ERR_UNTRUSTED,
        PAWL_ERR_DIGEST};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.manifest_status = rows[i];
        world_announce(ENVELOPE);
        world_steps(12);
        CHECK_EQ(world.starts, 0);
        CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
        CHECK_EQ(world.cancels + world.cleans, 0);
    }
}

static void what_runs_already_is_not_fetched_again(void)
{
    given_an_update();
    memset(world.info.current.digest, world.digest, 32);
    world_announce(ENVELOPE);
    world_steps(20);
    CHECK_EQ(world.gets, 1); /* the envelope alone */
    CHECK_EQ(world.starts, 0);
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 0);
    CHECK_EQ(world_step(), PAWL_OK);
}

static void what_has_failed_for_good_is_not_fetched_again(void)
{
    for (unsigned retry = 0; retry < 2; retry++) {
        given_an_update();
        world.info.state = PAWL_UPDATE_FAILED;
        world.info.retry = retry != 0;
        world.info.candidate.known = true;
        memset(world.info.candidate.digest, world.digest, 32);
        world_announce(ENVELOPE);
        world_steps(10);
        CHECK_EQ(world.starts, retry);
        CHECK_EQ(world.cleans, retry);
    }
}

/* Announced again after each failure: three times, then it is left. */
static void one_manifest_is_tried_three_times(void)
{
    given_an_update();
    for (unsigned i = 0; i < 6; i++) {
        given_an_image("https://files.example/v2.bin", 0, 100);
        world.write_status = PAWL_ERR_DIGEST;
        world_announce(ENVELOPE);
        world_steps(20);
        world.info.state = PAWL_UPDATE_FAILED;
        world.info.candidate.known = true;
        memset(world.info.candidate.digest, world.digest, 32);
    }
    CHECK_EQ(world.starts, 3);
}

static void another_update_under_way_makes_room(void)
{
    static const struct {
        enum pawl_update_state state;
        bool same;
        unsigned cancels, cleans;
    } rows[] = {
        {PAWL_UPDATE_READY, false, 0, 0},
        {PAWL_UPDATE_WRITING, true, 0, 0},
        {PAWL_UPDATE_WRITING, false, 1, 1},
        {PAWL_UPDATE_CANDIDATE, false, 1, 1},
        {PAWL_UPDATE_STAGED, false, 1, 1},
        {PAWL_UPDATE_FAILED, false, 0, 1},
        {PAWL_UPDATE_REJECTED, false, 0, 1}, /* it does not run */
        {PAWL_UPDATE_UPDATED, false, 0, 1},
    };

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.info.state = rows[i].state;
        world.info.candidate.known = true;
        memset(world.info.candidate.digest, rows[i].same ? world.digest : 0x99,
               32);
        world_announce(ENVELOPE);
        world_steps(12);
        CHECK_EQ(world.cancels, rows[i].cancels);
        CHECK_EQ(world.cleans, rows[i].cleans);
        CHECK_EQ(world.starts, 1);
    }
}

/* A reset came while consent was awaited: it need not be fetched again. */
static void a_candidate_is_installed_as_it_is(void)
{
    given_an_update();
    world.info.state = PAWL_UPDATE_CANDIDATE;
    world.info.candidate.known = true;
    memset(world.info.candidate.digest, world.digest, 32);
    world_announce(ENVELOPE);
    world_steps(12);
    CHECK_EQ(world.cancels + world.starts, 0);
    CHECK_EQ(world.gets, 1); /* the envelope */
    CHECK_EQ(world.installs, 1);
    CHECK_EQ(world_count(PAWL_EVENT_INSTALLING), 1);
}

/* It was signed once, and anybody may keep it. */
static void an_old_manifest_ends_nothing(void)
{
    static const enum pawl_update_state rows[] = {
        PAWL_UPDATE_WRITING, PAWL_UPDATE_CANDIDATE, PAWL_UPDATE_STAGED};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.info.state = rows[i];
        world.info.candidate.known = true;
        world.info.sequence_floor = world.sequence + 1;
        world_announce(ENVELOPE);
        world_steps(12);
        CHECK_EQ(world.cancels + world.cleans + world.starts, 0);
        CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
        CHECK_EQ(world.agent.fetch.state, FETCH_IDLE);
    }
}

/* The image before runs, although the newest was accepted: it has rotted. */
static void what_was_accepted_and_does_not_run_is_fetched_again(void)
{
    given_an_update();
    memset(world.info.current.digest, world.digest, 32);
    world.info.current.set = 1;
    world_announce(ENVELOPE);
    world_steps(20);
    CHECK_EQ(world.starts, 1);
}

/* The server has another envelope of the manifest that is being written. */
static void another_envelope_of_the_same_manifest_begins_anew(void)
{
    given_an_update();
    world.info.state = PAWL_UPDATE_WRITING;
    world.info.candidate.known = true;
    memset(world.info.candidate.digest, world.digest, 32);
    world.start_status = PAWL_ERR_STATE;
    world_announce(ENVELOPE);
    while (world.starts == 0) {
        world_steps(1);
    }
    world.start_status = PAWL_PENDING;
    world_steps(40);
    CHECK_EQ(world.cancels, 1);
    CHECK_EQ(world.cleans, 1);
    CHECK_EQ(world.starts, 2);
    CHECK_EQ(world.installs, 1);
}

/* ---- failures ---- */

/* A connection may die without a word; nothing else would end the wait. */
static void a_server_that_falls_silent_is_asked_again(void)
{
    static const enum fetch_state rows[] = {
        FETCH_HEAD, FETCH_BODY, FETCH_PAYLOAD_HEAD, FETCH_PAYLOAD_BODY};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.info.size = 1000; /* more than an answer has */
        world_announce(ENVELOPE);
        while (world.agent.fetch.state != rows[i]) {
            world_steps(1);
        }
        world.http_status = world.read_status = PAWL_PENDING;
        world_steps(3);
        CHECK((world.wait.events & PAWL_WAIT_DEADLINE) != 0);
        world.now_ms += 59999;
        world_steps(2);
        CHECK_EQ(world.agent.fetch.state, rows[i]);
        world.now_ms += 1;
        world_steps(1);
        CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 1);
        CHECK_EQ(world.event_status, PAWL_ERR_TIMEOUT);
        CHECK_EQ(world.agent.fetch.state, FETCH_REST);
    }
}

/* What waits for the counter must not keep it from rising. */
static void a_counter_rises_while_an_update_waits_for_it(void)
{
    given_an_update();
    world.start_status = PAWL_ERR_STATE;
    world.info.counter_pending = true;
    world_announce(ENVELOPE);
    while (world.agent.fetch.state != FETCH_REST) {
        world_steps(1);
    }
    world.steps = 0;
    world_steps(3);
    CHECK_EQ(world.steps, 3);
}

/* A slot's failure is told by step(), too; the journal's is told for ever. */
static void only_a_journal_that_fails_ends_the_agent(void)
{
    world_online();
    world.failing = PAWL_ERR_IO;
    world_steps(1);
    CHECK_EQ(world_step(), PAWL_OK);
    world.step_status = world.want_status = PAWL_ERR_IO;
    CHECK_EQ(world_step(), PAWL_ERR_IO);
}

static void a_network_that_fails_is_tried_again_later(void)
{
    given_an_update();
    world.fetch_status = PAWL_ERR_UNREACHABLE;
    world_announce(ENVELOPE);
    world_steps(2);
    CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 1);
    CHECK_EQ(world.agent.fetch.state, FETCH_REST);
    CHECK((world.wait.events & PAWL_WAIT_NOTHING) != 0);
    world_steps(6);
    CHECK_EQ(world.session_count, 1);
    CHECK(world.wait.deadline_ms <= world.now_ms + 1000);
    world.fetch_status = PAWL_OK;
    world.now_ms += 1000;
    world_steps(40);
    CHECK_EQ(world.installs, 1);
}

static void refusals_of_a_server_are_tried_again_later(void)
{
    static const unsigned statuses[] = {206, 301, 304, 403, 404, 416, 500, 503};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(statuses); i++) {
        given_an_update();
        world.response.status = statuses[i];
        world_announce(ENVELOPE);
        world_steps(6);
        CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 1);
        CHECK_EQ(world.starts, 0);
        CHECK_EQ(world.gets, 1); /* no redirection is followed */
    }
}

static void an_envelope_over_the_limit_is_refused(void)
{
    given_an_update();
    world.body_len = PAWL_ENVELOPE_MAX + 1;
    world_announce(ENVELOPE);
    while (world_count(PAWL_EVENT_REFUSED) == 0) {
        world_steps(1);
    }
    CHECK_EQ(world.starts, 0);
    CHECK_EQ(world.event_status, PAWL_ERR_LIMIT);

    given_an_update();
    world.body_len = PAWL_ENVELOPE_MAX;
    world_announce(ENVELOPE);
    world_steps(20);
    CHECK_EQ(world.starts, 1);
}

/* A server that sends empty answers is not asked in a tight loop. */
static void an_answer_without_a_byte_of_use_is_a_failure(void)
{
    given_an_update();
    world_announce(ENVELOPE);
    world_steps(7);
    CHECK_EQ(world.starts, 1);
    world.body_len = 0;
    world_steps(40);
    CHECK_EQ(world.gets, 2);
    CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 1);
    uint64_t until = world.agent.fetch.backoff.until_ms;
    CHECK(until > world.now_ms);
    CHECK_EQ(world.agent.fetch.state, FETCH_REST);
}

/* Failures of one kind in a row: each pause is longer. */
static void pauses_grow_while_nothing_is_gained(void)
{
    given_an_update();
    world.info.candidate.known = true;
    memset(world.info.candidate.digest, world.digest, 32);
    world_announce(ENVELOPE);
    world.response.keep_alive = true;
    world.draw = UINT32_MAX;
    for (unsigned i = 0; i < 5; i++) {
        world.body_len = 100;
        world_steps(7);
        world.body_len = 0;
        world_steps(10);
        world.now_ms = world.agent.fetch.backoff.until_ms;
    }
    CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 5);
    CHECK_EQ(world.agent.fetch.backoff.next_ms, 32000);
}

static void bytes_that_are_taken_end_the_growth(void)
{
    given_an_update();
    world.fetch_status = PAWL_ERR_UNREACHABLE;
    world_announce(ENVELOPE);
    for (unsigned i = 0; i < 5; i++) {
        world_steps(4);
        world.now_ms += 100000;
    }
    world.fetch_status = PAWL_OK;
    world.info.size = 1000; /* more than an answer has */
    while (world.writes == 0) {
        world_steps(1);
    }
    world.http_status = PAWL_ERR_CLOSED;
    world_steps(6);
    CHECK_EQ(world.agent.fetch.state, FETCH_REST);
    CHECK(world.agent.fetch.backoff.until_ms <= world.now_ms + 1000);
}

static void what_the_engine_refuses_is_given_up(void)
{
    static const enum pawl_status rows[] = {PAWL_ERR_ROLLBACK,
                                            PAWL_ERR_NOT_FOR_US,
                                            PAWL_ERR_DENIED, PAWL_ERR_LIMIT};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        given_an_update();
        world.start_status = rows[i];
        world_announce(ENVELOPE);
        world_steps(20);
        CHECK_EQ(world.starts, 1);
        CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
        CHECK_EQ(world_count(PAWL_EVENT_VERIFIED), 0);
        CHECK_EQ(world.published, 2); /* the report, and the inventory */
        CHECK_EQ(world_step(), PAWL_OK);
    }
}

/* The counter of the update before must rise first: not lost, but later. */
static void an_engine_that_is_not_ready_is_asked_again(void)
{
    given_an_update();
    world.start_status = PAWL_ERR_STATE;
    world_announce(ENVELOPE);
    world_steps(10);
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 0);
    CHECK_EQ(world.agent.fetch.state, FETCH_REST);
    world.start_status = PAWL_PENDING;
    world.now_ms += 1000;
    world_steps(40);
    CHECK_EQ(world.installs, 1);
}

static void a_wrong_image_is_not_fetched_in_a_loop(void)
{
    given_an_update();
    world_announce(ENVELOPE);
    world.write_status = PAWL_ERR_DIGEST;
    world_steps(30);
    world.now_ms += 1000000;
    world_steps(30);
    CHECK_EQ(world.starts, 1);
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
}

static void a_flash_that_fails_is_tried_again(void)
{
    given_an_update();
    world_announce(ENVELOPE);
    world.write_status = PAWL_ERR_IO;
    world_steps(20);
    CHECK_EQ(world.failing, PAWL_OK); /* the engine could record it */
    CHECK_EQ(world_count(PAWL_EVENT_CANDIDATE), 0);
    CHECK_EQ(world_count(PAWL_EVENT_DOWNLOAD_FAILED), 1);
    CHECK_EQ(world.agent.fetch.state, FETCH_REST);
    CHECK_EQ(world_step(), PAWL_PENDING);
}

/* ---- announcements that follow one another ---- */

/* What is announced while another is fetched is not lost with it. */
static void a_refusal_does_not_take_a_newer_announcement_with_it(void)
{
    given_an_update();
    world.start_status = PAWL_ERR_NOT_FOR_US;
    world_announce(ENVELOPE);
    world_steps(3);
    world_announce("https://files.example/v3.suit");
    while (world_count(PAWL_EVENT_REFUSED) == 0) {
        world_steps(1);
    }
    world.start_status = PAWL_PENDING;
    world_steps(3);
    CHECK(strcmp(world.path, "/v3.suit") == 0);
    world_steps(40);
    CHECK_EQ(world.starts, 2);
    CHECK_EQ(world.installs, 1);
}

/* The retained announcement comes at each connection: it does not end a
 * pause. Another one does. */
static void only_another_announcement_ends_a_pause(void)
{
    given_an_update();
    world.fetch_status = PAWL_ERR_UNREACHABLE;
    world_announce(ENVELOPE);
    world_steps(3);
    CHECK_EQ(world.session_count, 1);
    for (unsigned i = 0; i < 5; i++) {
        world_announce(ENVELOPE);
        world_steps(3);
    }
    CHECK_EQ(world.session_count, 1);
    world_announce("https://files.example/v3.suit");
    world_steps(1);
    CHECK_EQ(world.session_count, 2);
}

static void announcements_of_other_topics_are_not_ours(void)
{
    static const char *const topics[] = {
        "pawl/dev-2/announce", "pawl/dev-1/announce/x", "pawl/dev-1/announc",
        "pawl/dev-1/event"};
    static const uint8_t payload[] = {0xA2, 1, 1, 2, 0x61, 'u'};

    for (size_t i = 0; i < PAWL_ARRAY_LEN(topics); i++) {
        world_online();
        const struct pawl_mqtt_message message = {
            .topic = text(topics[i]), .payload = PAWL_BYTES(payload)};
        world.mqtt_config.on_message(world.mqtt_config.ctx, &message);
        CHECK_EQ(world.event_count, 0);
        CHECK(world.agent.announced[0] == '\0');
    }
}

static void an_announcement_that_was_taken_back_is_nothing(void)
{
    world_online();
    const struct pawl_mqtt_message message = {.topic =
                                                  text("pawl/dev-1/announce")};
    world.mqtt_config.on_message(world.mqtt_config.ctx, &message);
    CHECK_EQ(world.event_count, 0);
}

static void an_announcement_that_cannot_be_read_is_told(void)
{
    static const uint8_t payload[] = {0xA2, 1, 2, 2, 0x61, 'u'};

    world_online();
    const struct pawl_mqtt_message message = {
        .topic = text("pawl/dev-1/announce"), .payload = PAWL_BYTES(payload)};
    world.mqtt_config.on_message(world.mqtt_config.ctx, &message);
    CHECK_EQ(world_count(PAWL_EVENT_REFUSED), 1);
    CHECK_EQ(world.event_status, PAWL_ERR_MALFORMED);
    world_steps(3);
    CHECK_EQ(world.session_count, 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(only_listed_servers_are_talked_to),
    CHECK_TEST(an_image_on_another_server_is_refused),
    CHECK_TEST(an_update_is_fetched_verified_and_installed),
    CHECK_TEST(the_reset_waits_two_seconds_for_reports_at_most),
    CHECK_TEST(a_session_is_used_again_where_it_leads_to_the_same_server),
    CHECK_TEST(a_session_to_another_server_is_not_used),
    CHECK_TEST(a_change_of_state_calls_for_the_next_step),
    CHECK_TEST(a_download_goes_on_at_the_engines_offset),
    CHECK_TEST(a_server_that_sends_everything_is_understood),
    CHECK_TEST(another_range_than_was_asked_for_is_an_error),
    CHECK_TEST(nothing_is_started_that_is_not_authentic),
    CHECK_TEST(what_runs_already_is_not_fetched_again),
    CHECK_TEST(what_has_failed_for_good_is_not_fetched_again),
    CHECK_TEST(one_manifest_is_tried_three_times),
    CHECK_TEST(another_update_under_way_makes_room),
    CHECK_TEST(a_candidate_is_installed_as_it_is),
    CHECK_TEST(an_old_manifest_ends_nothing),
    CHECK_TEST(what_was_accepted_and_does_not_run_is_fetched_again),
    CHECK_TEST(another_envelope_of_the_same_manifest_begins_anew),
    CHECK_TEST(a_server_that_falls_silent_is_asked_again),
    CHECK_TEST(a_counter_rises_while_an_update_waits_for_it),
    CHECK_TEST(only_a_journal_that_fails_ends_the_agent),
    CHECK_TEST(a_network_that_fails_is_tried_again_later),
    CHECK_TEST(refusals_of_a_server_are_tried_again_later),
    CHECK_TEST(an_envelope_over_the_limit_is_refused),
    CHECK_TEST(an_answer_without_a_byte_of_use_is_a_failure),
    CHECK_TEST(pauses_grow_while_nothing_is_gained),
    CHECK_TEST(bytes_that_are_taken_end_the_growth),
    CHECK_TEST(what_the_engine_refuses_is_given_up),
    CHECK_TEST(an_engine_that_is_not_ready_is_asked_again),
    CHECK_TEST(a_wrong_image_is_not_fetched_in_a_loop),
    CHECK_TEST(a_flash_that_fails_is_tried_again),
    CHECK_TEST(a_refusal_does_not_take_a_newer_announcement_with_it),
    CHECK_TEST(only_another_announcement_ends_a_pause),
    CHECK_TEST(announcements_of_other_topics_are_not_ours),
    CHECK_TEST(an_announcement_that_was_taken_back_is_nothing),
    CHECK_TEST(an_announcement_that_cannot_be_read_is_told),
};
CHECK_MAIN(tests)
