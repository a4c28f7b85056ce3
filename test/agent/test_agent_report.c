/* SPDX-License-Identifier: Apache-2.0 */
/* Topics and payloads, byte by byte as doc/SPEC.md, "MQTT", has them. */
#include "agent/agent_internal.h"
#include "agent/world.h"
#include "base/base.h"
#include "check.h"
#include "fake/hex.h"
#include <string.h>

static bool is(struct pawl_bytes got, const char *text)
{
    uint8_t buf[256];

    return pawl_bytes_equal(got, hex(text, buf, sizeof buf));
}

static void topics_are_made_of_prefix_and_serial(void)
{
    char topic[PAWL_TOPIC_MAX];

    world_open();
    pawl_agent_topic(&world.agent, "event", topic);
    CHECK(strcmp(topic, "pawl/dev-1/event") == 0);
    world.agent.config.topic_prefix = "acme/plant-2";
    pawl_agent_topic(&world.agent, "announce", topic);
    CHECK(strcmp(topic, "acme/plant-2/dev-1/announce") == 0);
}

static void an_inventory_is_as_specified(void)
{
    uint8_t buf[256];
    struct pawl_bytes payload;

    world_open();
    world.info.running = 1;
    world.info.state = PAWL_UPDATE_TRIAL;
    world.info.current.sequence = 0x1234;
    world.info.security_counter = 24;
    world.info.reason = PAWL_UPDATE_REASON_UNHEALTHY;
    world.info.reset_cause = PAWL_RESET_WATCHDOG;
    CHECK_EQ(
        pawl_agent_write_inventory(&world.agent, buf, sizeof buf, &payload),
        PAWL_OK);
    CHECK(is(payload, "AA 01 01 02 65 6465762D31 03 63 312E30 04 01 05 04"
                      "06 19 1234 07 18 18 08 18 34 09 04 0A 07"));
    for (size_t cap = 0; cap < payload.len; cap++) {
        struct pawl_bytes less;
        CHECK(pawl_agent_write_inventory(&world.agent, buf, cap, &less) !=
              PAWL_OK);
    }
}

static void a_report_is_as_specified(void)
{
    const struct pawl_agent_report report = {
        .code = PAWL_EVENT_REFUSED,
        .status = PAWL_ERR_ROLLBACK,
        .reason = PAWL_UPDATE_REASON_SEQUENCE,
        .sequence = 7,
    };
    uint8_t buf[256];
    struct pawl_bytes payload;

    world_open();
    CHECK_EQ(pawl_agent_write_report(&world.agent, &report, buf, sizeof buf,
                                     &payload),
             PAWL_OK);
    CHECK(is(payload, "A5 01 01 02 10 03 38 22 04 06 05 07"));
}

static void an_announcement_names_a_uri(void)
{
    uint8_t buf[64];
    char uri[PAWL_URI_MAX];

    CHECK_EQ(
        pawl_agent_read_announcement(
            hex("A2 01 01 02 6B 68747470733A2F2F612F62", buf, sizeof buf), uri),
        PAWL_OK);
    CHECK(strcmp(uri, "https://a/b") == 0);
}

static void an_announcement_is_read_strictly(void)
{
    static const char *const rows[] = {
        "A2 01 02 02 61 61",       /* another version */
        "A2 01 00 02 61 61",       /* version 0 */
        "A1 02 61 61",             /* no version */
        "A1 01 01",                /* no URI */
        "A2 02 61 61 01 01",       /* keys out of order */
        "A2 01 01 03 61 61",       /* another key */
        "A2 01 01 01 01",          /* a key twice */
        "A3 01 01 02 61 61 03 00", /* one more */
        "A2 01 01 02 41 61",       /* bytes for text */
        "A2 01 01 02 60",          /* empty */
        "A2 01 01 02 61 00",       /* U+0000 */
        "A2 01 01 02 61 FF",       /* not UTF-8 */
        "A2 01 01 02 62 61 1B",    /* what moves a console's cursor, */
        "A2 01 01 02 62 61 0A",    /* begins a line, */
        "A2 01 01 02 62 61 20",    /* or is no part of a URI: a space, */
        "A2 01 01 02 62 61 7F",    /* DEL, */
        "A2 01 01 02 62 C3 A9",    /* a letter that is not ASCII */
        "A2 01 01 02 61 61 00",    /* something behind */
        "A2 01 18 01 02 61 61",    /* not the shortest form */
        "BF 01 01 02 61 61 FF",    /* indefinite length */
        "A2 01 20 02 61 61",       /* negative version */
        "82 01 61 61",             /* an array */
        "C1 A2 01 01 02 61 61",    /* a tag */
        "F6",                      /* null */
        "",
    };
    uint8_t buf[64];
    char uri[PAWL_URI_MAX] = "x";

    for (size_t i = 0; i < PAWL_ARRAY_LEN(rows); i++) {
        CHECK_EQ(
            pawl_agent_read_announcement(hex(rows[i], buf, sizeof buf), uri),
            PAWL_ERR_MALFORMED);
        CHECK(uri[0] == '\0');
    }
}

static void every_truncation_of_an_announcement_is_refused(void)
{
    uint8_t buf[64];
    char uri[PAWL_URI_MAX];
    struct pawl_bytes whole =
        hex("A2 01 01 02 6B 68747470733A2F2F612F62", buf, sizeof buf);

    for (size_t len = 0; len < whole.len; len++) {
        CHECK_EQ(
            pawl_agent_read_announcement((struct pawl_bytes){buf, len}, uri),
            PAWL_ERR_MALFORMED);
    }
}

static void the_longest_uri_has_room_for_its_end(void)
{
    uint8_t buf[PAWL_URI_MAX + 8] = {0xA2, 0x01, 0x01, 0x02, 0x78};
    char uri[PAWL_URI_MAX];

    memset(buf + 6, 'u', sizeof buf - 6);
    buf[5] = PAWL_URI_MAX - 1;
    CHECK_EQ(pawl_agent_read_announcement(
                 (struct pawl_bytes){buf, 6 + PAWL_URI_MAX - 1}, uri),
             PAWL_OK);
    CHECK_EQ(strlen(uri), PAWL_URI_MAX - 1);

    buf[4] = 0x79;
    buf[5] = PAWL_URI_MAX >> 8;
    buf[6] = PAWL_URI_MAX & 0xFF;
    CHECK_EQ(pawl_agent_read_announcement(
                 (struct pawl_bytes){buf, 7 + PAWL_URI_MAX}, uri),
             PAWL_ERR_LIMIT);
    CHECK(uri[0] == '\0');
}

/* The one at the front may be under way; the second oldest gives way. */
static void the_oldest_report_that_waits_is_dropped(void)
{
    world_open();
    world.agent.report_count = 0;
    for (uint64_t i = 1; i <= PAWL_AGENT_REPORTS + 2; i++) {
        const struct pawl_agent_event event = {
            .code = PAWL_EVENT_REFUSED, .text = "", .sequence = i};
        pawl_agent_queue_report(&world.agent, &event);
    }
    CHECK_EQ(world.agent.report_count, PAWL_AGENT_REPORTS);
    CHECK_EQ(world.agent.reports[0].sequence, 1);
    CHECK_EQ(world.agent.reports[1].sequence, 4);
    CHECK_EQ(world.agent.reports[3].sequence, 6);
}

static void what_is_routine_is_not_reported(void)
{
    static const enum pawl_agent_event_code codes[] = {
        PAWL_EVENT_STARTED,   PAWL_EVENT_CONNECTED, PAWL_EVENT_PUBLISHED,
        PAWL_EVENT_ANNOUNCED, PAWL_EVENT_PROGRESS,  PAWL_EVENT_SESSION_FAILED,
        PAWL_EVENT_PROMOTED};

    world_open();
    world.agent.report_count = 0;
    for (size_t i = 0; i < PAWL_ARRAY_LEN(codes); i++) {
        const struct pawl_agent_event event = {.code = codes[i], .text = ""};
        pawl_agent_queue_report(&world.agent, &event);
    }
    CHECK_EQ(world.agent.report_count, 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(topics_are_made_of_prefix_and_serial),
    CHECK_TEST(an_inventory_is_as_specified),
    CHECK_TEST(a_report_is_as_specified),
    CHECK_TEST(an_announcement_names_a_uri),
    CHECK_TEST(an_announcement_is_read_strictly),
    CHECK_TEST(every_truncation_of_an_announcement_is_refused),
    CHECK_TEST(the_longest_uri_has_room_for_its_end),
    CHECK_TEST(the_oldest_report_that_waits_is_dropped),
    CHECK_TEST(what_is_routine_is_not_reported),
};
CHECK_MAIN(tests)
