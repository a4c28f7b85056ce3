/* SPDX-License-Identifier: Apache-2.0 */

/* Events as lines of JSON: for a log, and for a test that reads it. */

#include "board.h"
#include <inttypes.h>
#include <stdio.h>

/* Texts of events are pawl's own or were checked (URIs): what JSON would have
 * to escape is left out. */
static void put_text(const char *key, const char *text)
{
    (void)printf(",\"%s\":\"", key);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
            (void)putchar(c);
        }
    }
    (void)putchar('"');
}

static void put_session(const struct pawl_session_failure *failure)
{
    (void)printf(",\"alert_received\":\"%s\",\"alert_sent\":\"%s\"",
                 pawl_session_alert_name(failure->alert_received),
                 pawl_session_alert_name(failure->alert_sent));
    (void)printf(",\"tls_code\":%d,\"client_refused\":%s", failure->tls_code,
                 failure->client_refused ? "true" : "false");
    put_text("rule", failure->rule != NULL ? failure->rule : "");
}

void log_event(void *ctx, const struct pawl_agent_event *event)
{
    (void)ctx;
    (void)printf("{\"event\":\"%s\",\"status\":\"%s\"",
                 pawl_agent_event_name(event->code),
                 pawl_status_name(event->status));
    put_text("text", event->text);
    if (event->endpoint != NULL) {
        (void)printf(",\"port\":%u", (unsigned)event->endpoint->port);
    }
    if (event->session != NULL) {
        put_session(event->session);
    }
    if (event->code == PAWL_EVENT_CONNECTED) {
        (void)printf(",\"resumed\":%s", event->resumed ? "true" : "false");
    }
    if (event->mqtt_reason != 0) {
        (void)printf(",\"mqtt_reason\":%u", (unsigned)event->mqtt_reason);
    }
    if (event->manifest != NULL) {
        put_text("suit", pawl_suit_reason_name(event->manifest->reason));
    }
    (void)printf(",\"done\":%" PRIu64 ",\"total\":%" PRIu64
                 ",\"sequence\":%" PRIu64 ",\"version\":\"%s\"}\n",
                 event->done, event->total, event->sequence, DEVICE_VERSION);
    (void)fflush(stdout);
}
