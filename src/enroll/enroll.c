/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Enrolment by EST (RFC 7030; RFC 8951 for the base64 of bodies).
 *
 *     SENDING --- head of the answer ---> RECEIVING --- end of body --> DONE
 *        |                                    |
 *        +------------- any error ------------+--> FAILED
 *
 * What must hold: nothing of the answer is stored before all of it was
 * judged; after any error but PAWL_PENDING the current LDevID is what it was,
 * and the key that was requested for is kept for the next attempt.
 */

#include "enroll/enroll_internal.h"

#include "base/base.h"
#include "crypto/crypto.h"
#include <string.h>

#define TIMEOUT_MS 60000
/* A 202 that does not say; and no server silences us for longer than that. */
#define RETRY_AFTER_DEFAULT_S 300
#define RETRY_AFTER_MAX_S (24 * 60 * 60)

#define LABEL_MAX 64
#define PATH_PREFIX "/.well-known/est/"
#define PATH_MAX_LEN                                                           \
    (sizeof(PATH_PREFIX) + LABEL_MAX + sizeof("/simplereenroll"))

enum enroll_state {
    ENROLL_CLOSED = 0,
    ENROLL_SENDING,   /* request goes out, head of the answer is awaited */
    ENROLL_RECEIVING, /* status was 200; the body comes in */
    ENROLL_DONE,      /* the next LDevID is stored */
    ENROLL_FAILED
};

/* Segments of a path without escapes (RFC 3986, unreserved). */
static bool label_ok(const char *label)
{
    size_t len = pawl_text_len(label, LABEL_MAX + 1);

    for (size_t i = 0; i < len; i++) {
        char c = label[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                     c == '_' || c == '~';
        if (!plain) {
            return false;
        }
    }
    return len > 0 && len <= LABEL_MAX && label[0] != '.';
}

static bool append(char *path, const char *text)
{
    size_t len = pawl_text_len(path, PATH_MAX_LEN);

    return pawl_text_copy(path + len, PATH_MAX_LEN - len, text);
}

static bool make_path(const struct pawl_enroll_config *config, char *path)
{
    const char *operation = config->renew ? "simplereenroll" : "simpleenroll";

    path[0] = '\0';
    if (!append(path, PATH_PREFIX)) {
        return false;
    }
    if (config->label != NULL &&
        (!label_ok(config->label) || !append(path, config->label) ||
         !append(path, "/"))) {
        return false;
    }
    return append(path, operation);
}

/* An LDevID that waits for its first session is not thrown away for another:
 * it is used first, then promoted or dropped. */
static enum pawl_status refuse_second(struct pawl_enroll *enroll)
{
    struct pawl_credential next;
    size_t len = sizeof(enroll->reply);

    return pawl_identity_get(enroll->config.identity, PAWL_IDENTITY_LDEVID_NEXT,
                             &next, enroll->reply, &len) == PAWL_OK
               ? PAWL_ERR_STATE
               : PAWL_OK;
}

/*
 * Writes the request into reply. The key of an attempt that was interrupted is
 * used again. A renewal has the names of the LDevID, whose chain is read into
 * body for that.
 */
static enum pawl_status write_request(struct pawl_enroll *enroll, size_t *len)
{
    struct pawl_identity *identity = enroll->config.identity;
    struct pawl_credential old;
    size_t chain_len = sizeof(enroll->body);
    enum pawl_status status = PAWL_ERR_NOT_FOUND;

    if (enroll->config.renew) {
        status = pawl_identity_get(identity, PAWL_IDENTITY_LDEVID, &old,
                                   (uint8_t *)enroll->body, &chain_len);
    }
    if (status == PAWL_OK) {
        return pawl_identity_csr_like(identity, &old, enroll->reply, len);
    }
    return status == PAWL_ERR_NOT_FOUND
               ? pawl_identity_csr(identity, true, enroll->reply, len)
               : status;
}

/* Writes the request into body, as base64. */
static enum pawl_status make_request(struct pawl_enroll *enroll)
{
    size_t len = sizeof(enroll->reply);
    enum pawl_status status = refuse_second(enroll);

    if (status == PAWL_OK) {
        status = write_request(enroll, &len);
    }
    if (status != PAWL_OK) {
        return status;
    }
    enroll->body_len = sizeof(enroll->body);
    return pawl_base64_encode((struct pawl_bytes){enroll->reply, len},
                              enroll->body, &enroll->body_len);
}

static enum pawl_status post(struct pawl_enroll *enroll)
{
    char path[PATH_MAX_LEN];

    if (!make_path(&enroll->config, path)) {
        return PAWL_ERR_ARGUMENT;
    }
    pawl_http_open(&enroll->http, enroll->config.session);
    /* RFC 8951 makes the last header superfluous; older servers want it. */
    return pawl_http_post(
        &enroll->http, path, "application/pkcs10",
        (struct pawl_bytes){(const uint8_t *)enroll->body, enroll->body_len},
        "Content-Transfer-Encoding: base64\r\n");
}

static uint64_t now_ms(const struct pawl_enroll *enroll)
{
    const struct pawl_clock *clock = enroll->config.identity->port->clock;

    return clock->monotonic_ms(clock->ctx);
}

enum pawl_status pawl_enroll_open(struct pawl_enroll *enroll,
                                  const struct pawl_enroll_config *config)
{
    memset(enroll, 0, sizeof(*enroll));
    enroll->result.rule = "";
    if (config->session == NULL || config->identity == NULL ||
        config->trust == NULL ||
        (config->label != NULL && !label_ok(config->label))) {
        return PAWL_ERR_ARGUMENT;
    }
    enroll->config = *config;
    if (!config->identity->open) {
        return PAWL_ERR_STATE;
    }
    enum pawl_status status = make_request(enroll);
    if (status == PAWL_OK) {
        status = post(enroll);
    }
    if (status == PAWL_OK) {
        enroll->deadline_ms = now_ms(enroll) + TIMEOUT_MS;
        enroll->state = ENROLL_SENDING;
    }
    return status;
}

static enum pawl_status come_later(struct pawl_enroll *enroll)
{
    uint32_t seconds = enroll->http.response.retry_after_s;

    if (seconds == 0) {
        seconds = RETRY_AFTER_DEFAULT_S;
    }
    enroll->result.retry_after_s =
        seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S;
    return PAWL_ERR_BUSY;
}

/* Judges the head of the answer. PAWL_OK: the body is worth reading. */
static enum pawl_status judge_head(struct pawl_enroll *enroll)
{
    const struct pawl_http_response *response = &enroll->http.response;

    enroll->result.http_status = response->status;
    enroll->result.date_s = response->date_s;
    if (response->status < 200 || response->status > 299) {
        enroll->result.rule = "the server refused the request";
        return PAWL_ERR_REFUSED;
    }
    pawl_session_accepted(enroll->config.session);
    if (response->status == 202) {
        return come_later(enroll);
    }
    if (response->status != 200) {
        enroll->result.rule = "the status is none of EST's";
        return PAWL_ERR_REFUSED;
    }
    if (strcmp(response->content_type, "application/pkcs7-mime") != 0) {
        enroll->result.rule = "the content type is not application/pkcs7-mime";
        return PAWL_ERR_MALFORMED;
    }
    if (response->has_length && response->length > sizeof(enroll->reply)) {
        enroll->result.rule = "the answer is too long";
        return PAWL_ERR_LIMIT;
    }
    return PAWL_OK;
}

static enum pawl_status send_request(struct pawl_enroll *enroll,
                                     struct pawl_wait *wait)
{
    enum pawl_status status = pawl_http_step(&enroll->http, wait);

    if (status == PAWL_OK) {
        status = judge_head(enroll);
    }
    if (status == PAWL_OK) {
        enroll->reply_len = 0;
        enroll->state = ENROLL_RECEIVING;
    }
    return status;
}

/* Reads until the body is complete. */
static enum pawl_status receive_body(struct pawl_enroll *enroll,
                                     struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    while (status == PAWL_OK) {
        size_t received = 0;
        uint8_t past_end;
        size_t room = sizeof(enroll->reply) - enroll->reply_len;

        status = room > 0 ? pawl_http_read(&enroll->http,
                                           enroll->reply + enroll->reply_len,
                                           room, &received, wait)
                          : pawl_http_read(&enroll->http, &past_end, 1,
                                           &received, wait);
        if (status == PAWL_OK && received > room) {
            enroll->result.rule = "the answer is too long";
            return PAWL_ERR_LIMIT;
        }
        enroll->reply_len += status == PAWL_OK ? received : 0;
    }
    return status == PAWL_ERR_CLOSED ? PAWL_OK : status;
}

static enum pawl_status go_on(struct pawl_enroll *enroll,
                              struct pawl_wait *wait)
{
    enum pawl_status status = PAWL_OK;

    if (enroll->state == ENROLL_SENDING) {
        status = send_request(enroll, wait);
    }
    if (status == PAWL_OK && enroll->state == ENROLL_RECEIVING) {
        status = receive_body(enroll, wait);
    }
    return status == PAWL_OK ? pawl_enroll_judge(enroll) : status;
}

/* The server has a minute; whatever else is waited for, so is that. */
static enum pawl_status watch_time(const struct pawl_enroll *enroll,
                                   struct pawl_wait *wait)
{
    if (now_ms(enroll) >= enroll->deadline_ms) {
        return PAWL_ERR_TIMEOUT;
    }
    if ((wait->events & PAWL_WAIT_DEADLINE) == 0 ||
        wait->deadline_ms > enroll->deadline_ms) {
        wait->events |= PAWL_WAIT_DEADLINE;
        wait->deadline_ms = enroll->deadline_ms;
    }
    return PAWL_PENDING;
}

enum pawl_status pawl_enroll_step(struct pawl_enroll *enroll,
                                  struct pawl_wait *wait)
{
    if (enroll->state == ENROLL_DONE) {
        return PAWL_OK;
    }
    if (enroll->state != ENROLL_SENDING && enroll->state != ENROLL_RECEIVING) {
        return PAWL_ERR_STATE;
    }
    *wait = (struct pawl_wait){0, 0};
    enum pawl_status status = go_on(enroll, wait);
    if (status == PAWL_PENDING) {
        status = watch_time(enroll, wait);
    }
    if (status != PAWL_PENDING) {
        enroll->state = status == PAWL_OK ? ENROLL_DONE : ENROLL_FAILED;
    }
    return status;
}

const struct pawl_enroll_result *
pawl_enroll_result(const struct pawl_enroll *enroll)
{
    return &enroll->result;
}

bool pawl_enroll_due(const struct pawl_credential *ldevid, const char *serial,
                     int64_t now_s)
{
    size_t len = pawl_text_len(serial, 64);
    int64_t spread = pawl_crc32(0, serial, len) >> 16; /* 0 .. 65535 */

    if (ldevid->not_after_s == INT64_MAX) {
        return false; /* 99991231235959Z: no end is known (RFC 5280, 4.1.2.5) */
    }
    if (ldevid->not_after_s <= ldevid->not_before_s) {
        return true;
    }
    /* Dates of certificates have 40 bits: no product here overflows. */
    int64_t life = ldevid->not_after_s - ldevid->not_before_s;
    int64_t early = life / 12 * spread / 65536;
    return now_s >= ldevid->not_before_s + life / 3 * 2 - early;
}
