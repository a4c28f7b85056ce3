/* SPDX-License-Identifier: Apache-2.0 */

/* What needs no server; the rest is in peers.py. */
#include <pawl/session.h>

#include <string.h>

#include "check.h"

static struct pawl_session session;

static uint64_t no_time(void *ctx)
{
    (void)ctx;
    return 0;
}

static enum pawl_status no_open(void *ctx, enum pawl_transport_kind kind,
                                const char *host, uint16_t port, int *handle)
{
    (void)ctx;
    (void)kind;
    (void)host;
    (void)port;
    (void)handle;
    return PAWL_ERR_UNREACHABLE;
}

static enum pawl_status no_send(void *ctx, int handle, const void *data,
                                size_t len, size_t *sent)
{
    (void)ctx;
    (void)handle;
    (void)data;
    (void)len;
    (void)sent;
    return PAWL_ERR_IO;
}

static enum pawl_status no_receive(void *ctx, int handle, void *buf, size_t cap,
                                   size_t *received)
{
    (void)ctx;
    (void)handle;
    (void)buf;
    (void)cap;
    (void)received;
    return PAWL_ERR_IO;
}

static void no_close(void *ctx, int handle)
{
    (void)ctx;
    (void)handle;
    CHECK(false); /* nothing was opened */
}

static const uint8_t chain[4] = {0x30, 0x82, 0x00, 0x00};

/* All that a session needs, though nothing of it works. */
static struct parts {
    struct pawl_clock clock;
    struct pawl_transport transport;
    struct pawl_port port;
    struct pawl_endpoint endpoint;
    struct pawl_credential credential;
    struct pawl_trust trust;
    struct pawl_session_config config;
} parts;

static void given_a_complete_config(void)
{
    memset(&parts, 0, sizeof parts);
    memset(&session, 0, sizeof session);
    parts.clock.monotonic_ms = no_time;
    parts.transport = (struct pawl_transport){.open = no_open,
                                              .send = no_send,
                                              .receive = no_receive,
                                              .close = no_close};
    parts.port.clock = &parts.clock;
    parts.port.transport = &parts.transport;
    parts.endpoint.host = "server.example";
    parts.endpoint.port = 8883;
    parts.credential.chain = PAWL_BYTES(chain);
    parts.config = (struct pawl_session_config){.port = &parts.port,
                                                .endpoint = &parts.endpoint,
                                                .credential = &parts.credential,
                                                .trust = &parts.trust};
}

static enum pawl_status open_session(void)
{
    return pawl_session_open(&session, &parts.config);
}

static void without_an_anchor_nothing_is_opened(void)
{
    given_a_complete_config();

    CHECK(open_session() == PAWL_ERR_POLICY);

    CHECK(pawl_session_stage(&session) == PAWL_SESSION_FAILED);
    CHECK(pawl_session_failure(&session)->status == PAWL_ERR_POLICY);
    CHECK(pawl_session_failure(&session)->endpoint == &parts.endpoint);
    CHECK(pawl_session_endpoint(&session) == &parts.endpoint);
    pawl_session_close(&session);
    CHECK(pawl_session_stage(&session) == PAWL_SESSION_CLOSED);
    CHECK(pawl_session_failure(&session)->status == PAWL_ERR_POLICY);
}

static void each_missing_part_is_told(void)
{
    static char long_name[PAWL_HOST_MAX + 1];

    memset(long_name, 'a', sizeof long_name - 1);
    for (int missing = 0; missing < 18; missing++) {
        given_a_complete_config();
        switch (missing) {
        case 0:
            parts.config.port = NULL;
            break;
        case 1:
            parts.config.endpoint = NULL;
            break;
        case 2:
            parts.config.credential = NULL;
            break;
        case 3:
            parts.config.trust = NULL;
            break;
        case 4:
            parts.port.clock = NULL;
            break;
        case 5:
            parts.port.transport = NULL;
            break;
        case 6:
            parts.clock.monotonic_ms = NULL;
            break;
        case 7:
            parts.transport.send = NULL;
            break;
        case 8:
            parts.transport.close = NULL;
            break;
        case 9:
            parts.endpoint.host = NULL;
            break;
        case 10:
            parts.endpoint.host = "";
            break;
        case 11:
            parts.endpoint.port = 0;
            break;
        case 12:
            parts.endpoint.server_name = long_name;
            break;
        case 13:
            parts.endpoint.pin = PAWL_BYTES(chain); /* no digest */
            break;
        case 14:
            parts.credential.chain = PAWL_NO_BYTES;
            break;
        case 15:
            parts.config.datagram_size = 255;
            break;
        case 16:
            parts.config.datagram_size = PAWL_DATAGRAM_MAX + 1;
            break;
        case 17:
            parts.endpoint.transport = PAWL_DATAGRAM + 1;
            break;
        }
        CHECK(open_session() == PAWL_ERR_ARGUMENT);
    }
}

static void a_session_that_is_closed_does_nothing(void)
{
    struct pawl_wait wait;
    size_t count = 1;
    char byte = 0;

    memset(&session, 0, sizeof session);
    pawl_session_close(&session);
    pawl_session_accepted(&session);

    CHECK(pawl_session_step(&session, &wait) == PAWL_ERR_STATE);
    CHECK(pawl_session_send(&session, &byte, 1, &count, &wait) ==
          PAWL_ERR_STATE);
    CHECK(count == 0);
    CHECK(pawl_session_receive(&session, &byte, 1, &count, &wait) ==
          PAWL_ERR_STATE);
    CHECK(pawl_session_stage(&session) == PAWL_SESSION_CLOSED);
}

static void alerts_have_names(void)
{
    CHECK(strcmp(pawl_session_alert_name(-1), "none") == 0);
    CHECK(strcmp(pawl_session_alert_name(0), "close_notify") == 0);
    CHECK(strcmp(pawl_session_alert_name(44), "certificate_revoked") == 0);
    CHECK(strcmp(pawl_session_alert_name(116), "certificate_required") == 0);
    CHECK(strcmp(pawl_session_alert_name(255), "unknown") == 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(without_an_anchor_nothing_is_opened),
    CHECK_TEST(each_missing_part_is_told),
    CHECK_TEST(a_session_that_is_closed_does_nothing),
    CHECK_TEST(alerts_have_names),
};
CHECK_MAIN(tests)
