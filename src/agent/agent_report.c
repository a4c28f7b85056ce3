/* SPDX-License-Identifier: Apache-2.0 */
/* Topics and payloads; their formats are in doc/SPEC.md, "MQTT". */
#include "agent/agent_internal.h"
#include "base/base.h"
#include "cbor/cbor.h"
#include <string.h>

#define FORMAT_VERSION 1

/* Appends text, as far as it fits. */
static void append(char *out, size_t cap, const char *text)
{
    size_t at = strlen(out);

    if (at < cap) {
        (void)pawl_text_copy(out + at, cap - at, text);
    }
}

void pawl_agent_topic(const struct pawl_agent *agent, const char *last,
                      char topic[PAWL_TOPIC_MAX])
{
    topic[0] = '\0';
    append(topic, PAWL_TOPIC_MAX, agent->config.topic_prefix);
    append(topic, PAWL_TOPIC_MAX, "/");
    append(topic, PAWL_TOPIC_MAX, agent->config.port->product->serial);
    append(topic, PAWL_TOPIC_MAX, "/");
    append(topic, PAWL_TOPIC_MAX, last);
}

enum pawl_status pawl_agent_write_inventory(struct pawl_agent *agent,
                                            uint8_t *buf, size_t cap,
                                            struct pawl_bytes *payload)
{
    const struct pawl_product *product = agent->config.port->product;
    struct pawl_update_info info;
    struct pawl_cbor_out out;

    pawl_update_query(&agent->update, &info);
    pawl_cbor_write(&out, buf, cap);
    pawl_cbor_put_map(&out, 10);
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_uint(&out, FORMAT_VERSION);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_tstr(&out, product->serial);
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_tstr(&out, product->version != NULL ? product->version : "");
    pawl_cbor_put_uint(&out, 4);
    pawl_cbor_put_uint(&out, info.running);
    pawl_cbor_put_uint(&out, 5);
    pawl_cbor_put_uint(&out, info.state);
    pawl_cbor_put_uint(&out, 6);
    pawl_cbor_put_uint(&out, info.current.sequence);
    pawl_cbor_put_uint(&out, 7);
    pawl_cbor_put_uint(&out, info.security_counter);
    pawl_cbor_put_uint(&out, 8);
    pawl_cbor_put_uint(&out, info.reason);
    pawl_cbor_put_uint(&out, 9);
    pawl_cbor_put_uint(&out, info.reset_cause);
    pawl_cbor_put_uint(&out, 10);
    pawl_cbor_put_uint(&out, agent->trust.version);
    return pawl_cbor_written(&out, payload);
}

enum pawl_status pawl_agent_write_report(const struct pawl_agent *agent,
                                         const struct pawl_agent_report *report,
                                         uint8_t *buf, size_t cap,
                                         struct pawl_bytes *payload)
{
    struct pawl_cbor_out out;

    (void)agent;
    pawl_cbor_write(&out, buf, cap);
    pawl_cbor_put_map(&out, 5);
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_uint(&out, FORMAT_VERSION);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_uint(&out, report->code);
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_int(&out, report->status);
    pawl_cbor_put_uint(&out, 4);
    pawl_cbor_put_uint(&out, report->reason);
    pawl_cbor_put_uint(&out, 5);
    pawl_cbor_put_uint(&out, report->sequence);
    return pawl_cbor_written(&out, payload);
}

/* A URI is of visible ASCII (RFC 3986, 2), and is shown to people before it is
 * taken apart. */
static bool is_visible(struct pawl_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7F) {
            return false;
        }
    }
    return text.len > 0;
}

/* Reads the head of an announcement of count members, up to its URI. */
static enum pawl_status read_uri(struct pawl_cbor *in, size_t count,
                                 char uri[PAWL_URI_MAX])
{
    struct pawl_bytes text = PAWL_NO_BYTES;
    uint64_t version = 0;
    int64_t key = 0;
    size_t members = 0;

    if (pawl_cbor_map(in, &members) != PAWL_OK || members != count ||
        pawl_cbor_key(in, &key, true) != PAWL_OK || key != 1 ||
        pawl_cbor_uint(in, &version) != PAWL_OK || version != FORMAT_VERSION ||
        pawl_cbor_key(in, &key, false) != PAWL_OK || key != 2 ||
        pawl_cbor_tstr(in, &text) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    if (!is_visible(text)) {
        return PAWL_ERR_MALFORMED;
    }
    if (text.len >= PAWL_URI_MAX) {
        return PAWL_ERR_LIMIT;
    }
    memcpy(uri, text.data, text.len);
    uri[text.len] = '\0';
    return PAWL_OK;
}

enum pawl_status pawl_agent_read_announcement(struct pawl_bytes payload,
                                              char uri[PAWL_URI_MAX])
{
    struct pawl_cbor in;

    uri[0] = '\0';
    pawl_cbor_read(&in, payload);
    enum pawl_status status = read_uri(&in, 2, uri);
    if (status == PAWL_OK && pawl_cbor_done(&in) != PAWL_OK) {
        uri[0] = '\0';
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

enum pawl_status pawl_agent_read_trust_announcement(struct pawl_bytes payload,
                                                    char uri[PAWL_URI_MAX],
                                                    uint64_t *newest)
{
    struct pawl_cbor in;
    int64_t key = 0;

    uri[0] = '\0';
    *newest = 0;
    pawl_cbor_read(&in, payload);
    enum pawl_status status = read_uri(&in, 3, uri);
    if (status == PAWL_OK &&
        (pawl_cbor_key(&in, &key, false) != PAWL_OK || key != 3 ||
         pawl_cbor_uint(&in, newest) != PAWL_OK ||
         pawl_cbor_done(&in) != PAWL_OK)) {
        uri[0] = '\0';
        *newest = 0;
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

/* The events that an operator wants to know of. */
static bool is_reported(enum pawl_agent_event_code code)
{
    switch (code) {
    case PAWL_EVENT_VERIFIED:
    case PAWL_EVENT_RESUMED:
    case PAWL_EVENT_CANDIDATE:
    case PAWL_EVENT_INSTALLING:
    case PAWL_EVENT_TRIAL:
    case PAWL_EVENT_ACCEPTED:
    case PAWL_EVENT_UNHEALTHY:
    case PAWL_EVENT_REVERTED:
    case PAWL_EVENT_REFUSED:
    case PAWL_EVENT_ENROLLED:
    case PAWL_EVENT_ENROLL_FAILED:
    case PAWL_EVENT_DOWNLOAD_FAILED:
    case PAWL_EVENT_FAILED:
    case PAWL_EVENT_TRUST_ROTATED:
    case PAWL_EVENT_TRUST_REFUSED:
    case PAWL_EVENT_TRUST_WANTED:
    case PAWL_EVENT_TRUST_LOST:
    case PAWL_EVENT_TRUST_OWNED:
    case PAWL_EVENT_TRUST_HELD:
        return true;
    case PAWL_EVENT_STARTED:
    case PAWL_EVENT_PROMOTED:
    case PAWL_EVENT_CONNECTED:
    case PAWL_EVENT_PUBLISHED:
    case PAWL_EVENT_ANNOUNCED:
    case PAWL_EVENT_PROGRESS:
    case PAWL_EVENT_SESSION_FAILED:
        return false;
    }
    return false;
}

void pawl_agent_queue_report(struct pawl_agent *agent,
                             const struct pawl_agent_event *event)
{
    struct pawl_update_info info;
    size_t last = PAWL_AGENT_REPORTS - 1;

    if (!agent->opened || !is_reported(event->code)) {
        return;
    }
    pawl_update_query(&agent->update, &info);
    if (agent->report_count == PAWL_AGENT_REPORTS) {
        /* The one at the front may be under way; drop the one behind it. */
        memmove(agent->reports + 1, agent->reports + 2,
                (last - 1) * sizeof agent->reports[0]);
        agent->report_count--;
    }
    agent->reports[agent->report_count++] = (struct pawl_agent_report){
        .code = (uint32_t)event->code,
        .status = (int32_t)event->status,
        .reason = event->manifest != NULL ? (uint32_t)event->manifest->reason
                                          : (uint32_t)info.reason,
        .sequence = event->sequence,
    };
}
