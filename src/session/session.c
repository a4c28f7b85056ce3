/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The stages of a session, and what is true in each:
 *
 *     CLOSED -open-> CONNECTING -> HANDSHAKE -> ESTABLISHED -> CONFIRMED
 *                                                   -accepted-> ACCEPTED
 *     any of them -> FAILED;  any of them -close-> CLOSED
 *
 *   CONNECTING   nothing was sent yet
 *   HANDSHAKE    the transport took bytes (session_io.c)
 *   ESTABLISHED  wolfSSL and pawl have accepted the server's chain, and our
 *                key has signed: established()
 *   CONFIRMED    the server has shown that it took our certificate: a TLS 1.2
 *                handshake is done, or a ticket or data arrived: confirm()
 *   ACCEPTED     the protocol above said so: pawl_session_accepted()
 *   FAILED       failure says why; nothing is sent or received any more
 *
 * Invariant: at ESTABLISHED and above the verdict on the chain is PAWL_OK and
 * was given in this handshake.
 */
#include <limits.h>
#include <string.h>
#include <wolfssl/error-ssl.h>

#include "base/base.h"
#include "session/session_internal.h"

#define HANDSHAKE_TIMEOUT_MS 30000u
#define DATAGRAM_MIN 256u
#define TLS_1_2 0x0303
#define TLS_1_3 0x0304
#define DTLS_1_2 0xFEFD
#define DTLS_1_3 0xFEFC

static uint64_t now_ms(const struct session *session)
{
    const struct pawl_clock *clock = session->config.port->clock;

    return clock->monotonic_ms(clock->ctx);
}

/* ---- open and close ---- */

static bool port_is_complete(const struct pawl_port *port)
{
    return port != NULL && port->clock != NULL &&
           port->clock->monotonic_ms != NULL && port->transport != NULL &&
           port->transport->open != NULL && port->transport->send != NULL &&
           port->transport->receive != NULL && port->transport->close != NULL;
}

static bool name_is_usable(const char *name)
{
    return name != NULL && name[0] != '\0' &&
           pawl_text_len(name, PAWL_HOST_MAX) < PAWL_HOST_MAX;
}

static bool endpoint_is_complete(const struct pawl_endpoint *endpoint)
{
    return endpoint != NULL && name_is_usable(endpoint->host) &&
           name_is_usable(pawl_session_server_name(endpoint)) &&
           endpoint->port != 0 &&
           (endpoint->transport == PAWL_STREAM ||
            endpoint->transport == PAWL_DATAGRAM) &&
           (endpoint->pin.len == 0 || endpoint->pin.len == PAWL_SHA256_SIZE);
}

static bool size_is_usable(uint16_t size)
{
    return size == 0 || (size >= DATAGRAM_MIN && size <= PAWL_DATAGRAM_MAX);
}

static bool config_is_complete(const struct pawl_session_config *config)
{
    return port_is_complete(config->port) &&
           endpoint_is_complete(config->endpoint) &&
           config->credential != NULL && config->credential->chain.len > 0 &&
           config->trust != NULL && size_is_usable(config->datagram_size) &&
           (config->ticket != NULL) == (config->resumption != NULL);
}

static enum pawl_status open_memory(struct session *session)
{
    if (session->config.memory == NULL) {
        return PAWL_OK;
    }
    return pawl_arena_open(&session->arena, session->config.memory,
                           session->config.memory_size);
}

/* What the key store said when its key could not be opened. */
static enum pawl_status refuse_key(struct session *session,
                                   enum pawl_status status, const char **rule)
{
    const struct pawl_keystore *keystore = session->config.credential->keystore;

    if (status == PAWL_ERR_FULL) {
        *rule = "too many sessions are open";
        return PAWL_ERR_NO_MEMORY;
    }
    if (status == PAWL_ERR_POLICY) {
        *rule = "the key store is not hardware";
        return status;
    }
    if (status == PAWL_ERR_ARGUMENT) {
        return status;
    }
    *rule = status == PAWL_ERR_NOT_FOUND ? "the key store has no such key"
                                         : "the key store failed";
    if (keystore->last_error != NULL) {
        session->failure.port_code = keystore->last_error(keystore->ctx);
    }
    return PAWL_ERR_KEYSTORE;
}

static enum pawl_status open_key(struct session *session, const char **rule)
{
    const struct pawl_credential *credential = session->config.credential;
    enum pawl_status status = pawl_store_key_open(
        &session->key, credential->keystore, credential->slot);

    if (status != PAWL_OK) {
        return refuse_key(session, status, rule);
    }
    return pawl_session_check_own(session, rule);
}

static enum pawl_status open_connection(struct session *session)
{
    const struct pawl_transport *transport = session->config.port->transport;
    const struct pawl_endpoint *endpoint = session->config.endpoint;
    enum pawl_status status =
        transport->open(transport->ctx, endpoint->transport, endpoint->host,
                        endpoint->port, &session->handle);

    session->connected = status == PAWL_OK;
    return status;
}

static enum pawl_status open_parts(struct session *session, const char **rule)
{
    const struct pawl_session_config *config = &session->config;
    struct pawl_bytes anchors[PAWL_TRUST_ANCHOR_MAX];
    enum pawl_status status = PAWL_ERR_FAULT;

    if (pawl_trust_anchors(config->trust, pawl_session_roles(config),
                           anchors) == 0) {
        *rule = "no anchor of trust has the role";
        return PAWL_ERR_POLICY;
    }
    status = open_memory(session);
    if (status == PAWL_OK) {
        status = open_key(session, rule);
    }
    if (status == PAWL_OK) {
        status = pawl_session_tls_open(session, rule);
    }
    if (status == PAWL_OK) {
        status = open_connection(session);
    }
    return status;
}

/* Gives everything back. What is known of the session stays readable. */
static void release(struct session *session)
{
    const struct pawl_session_failure failure = session->failure;
    const struct pawl_session_info info = session->info;
    const enum pawl_session_stage stage = session->stage;

    pawl_session_tls_close(session);
    pawl_store_key_close(&session->key);
    if (session->arena.first != NULL) {
        pawl_arena_close(&session->arena);
    }
    if (session->connected) {
        const struct pawl_transport *transport =
            session->config.port->transport;

        transport->close(transport->ctx, session->handle);
    }
    pawl_wipe(session, sizeof *session);
    session->failure = failure;
    session->info = info;
    session->stage = stage;
}

enum pawl_status pawl_session_open(struct pawl_session *session_out,
                                   const struct pawl_session_config *config)
{
    struct session *session = session_of(session_out);
    const char *rule = "";
    enum pawl_status status = PAWL_ERR_ARGUMENT;

    memset(session_out, 0, sizeof *session_out);
    session->config = *config;
    session->failure.alert_received = session->failure.alert_sent = -1;
    session->failure.certificate = session->bad_certificate = -1;
    session->failure.endpoint = config->endpoint;
    session->failure.rule = session->rule = rule;
    session->verdict = PAWL_ERR_FAULT;
    session->stage = PAWL_SESSION_CONNECTING;
    if (config_is_complete(config)) {
        status = open_parts(session, &rule);
    }
    if (status != PAWL_OK) {
        (void)pawl_session_fail(session, status, rule);
        release(session);
        return status;
    }
    session->started_ms = now_ms(session);
    session->deadline_ms =
        session->started_ms + (config->handshake_timeout_ms != 0
                                   ? config->handshake_timeout_ms
                                   : HANDSHAKE_TIMEOUT_MS);
    return PAWL_OK;
}

void pawl_session_close(struct pawl_session *session_in)
{
    struct session *session = session_of(session_in);

    if (session->ssl != NULL) {
        if (session->stage >= PAWL_SESSION_ESTABLISHED &&
            session->stage <= PAWL_SESSION_ACCEPTED) {
            (void)wolfSSL_shutdown(session->ssl); /* a close_notify */
        }
        pawl_session_io_flush(session); /* or the alert of a failure */
    }
    if (session->stage != PAWL_SESSION_CLOSED) {
        release(session);
        session->stage = PAWL_SESSION_CLOSED;
    }
}

/* ---- the handshake ---- */

/* Fills in *wait by what wolfSSL waits for, and what is left to be sent. */
static enum pawl_status pending(const struct session *session, int code,
                                struct pawl_wait *wait)
{
    wait->events = code == WOLFSSL_ERROR_WANT_WRITE ? PAWL_WAIT_WRITABLE
                                                    : PAWL_WAIT_READABLE;
    if (pawl_session_io_waits(session)) {
        wait->events |= PAWL_WAIT_WRITABLE;
    }
    if (session->takes == SESSION_TAKES_MAX) { /* there may be more */
        wait->events |= PAWL_WAIT_NOTHING;
    }
    wait->events |= PAWL_WAIT_DEADLINE;
    wait->deadline_ms = session->stage < PAWL_SESSION_ESTABLISHED
                            ? session->deadline_ms
                            : session->end_ms;
    if (session->timer.at_ms != 0 && session->timer.at_ms < wait->deadline_ms) {
        wait->deadline_ms = session->timer.at_ms;
    }
    return PAWL_PENDING;
}

/*
 * wolfSSL waits, or has failed with code. Where writing has failed and nothing
 * is left to read, no alert explains it: the write's failure is the cause.
 */
static enum pawl_status wait_or_fail(struct session *session, int code,
                                     struct pawl_wait *wait)
{
    bool waits =
        code == WOLFSSL_ERROR_WANT_READ || code == WOLFSSL_ERROR_WANT_WRITE ||
        (pawl_session_is_datagram(session) && pawl_dtls_is_harmless(code));

    pawl_dtls_note_flight(session, now_ms(session));

    if (waits && session->write_status == PAWL_OK) {
        return pending(session, code, wait);
    }
    return pawl_session_fail_tls(session, waits ? 0 : code);
}

/* What was agreed on; 0 for none that is ours. By its name: some versions of
 * wolfSSL have no number for DTLS. */
static uint16_t version_of(WOLFSSL *ssl)
{
    static const struct {
        const char *name;
        uint16_t number;
    } versions[] = {{"TLSv1.3", TLS_1_3},
                    {"TLSv1.2", TLS_1_2},
                    {"DTLSv1.3", DTLS_1_3},
                    {"DTLSv1.2", DTLS_1_2}};
    const char *name = wolfSSL_get_version(ssl);

    for (size_t i = 0; i < PAWL_ARRAY_LEN(versions); i++) {
        if (strcmp(name, versions[i].name) == 0) {
            return versions[i].number;
        }
    }
    return 0;
}

static bool is_1_2(uint16_t version)
{
    return version == TLS_1_2 || version == DTLS_1_2;
}

/* Whether the version is one that the endpoint allows. */
static bool version_is_ours(const struct session *session, uint16_t version)
{
    bool datagram = pawl_session_is_datagram(session);

    return version == (datagram ? DTLS_1_3 : TLS_1_3) ||
           (version == (datagram ? DTLS_1_2 : TLS_1_2) &&
            session->config.endpoint->tls12);
}

static void confirm(struct session *session)
{
    if (session->stage == PAWL_SESSION_ESTABLISHED) {
        session->stage = PAWL_SESSION_CONFIRMED;
    }
    if (session->ticket_arrived && session->config.ticket != NULL) {
        session->config.resumption->save(session);
    }
    session->ticket_arrived = false;
}

/* A full handshake: the server's chain was judged, and ours was asked for. */
static enum pawl_status authenticated(struct session *session)
{
    if (!session->judged || session->verdict != PAWL_OK) {
        return pawl_session_fail(session, PAWL_ERR_FAULT,
                                 "the server's chain was not judged");
    }
    if (session->key.signatures == 0) {
        return pawl_session_fail(session, PAWL_ERR_POLICY,
                                 "the server did not ask for our certificate");
    }
    session->born = pawl_session_birth(session);
    return PAWL_OK;
}

/* The server went on from the session that our ticket is of. In 1.3 alone: in
 * 1.2 none is ever offered. */
static enum pawl_status resumed(struct session *session)
{
    const struct pawl_resumption *resumption = session->config.resumption;
    uint16_t version = session->info.version;

    if (resumption == NULL || (version != TLS_1_3 && version != DTLS_1_3) ||
        !resumption->taken(session)) {
        return pawl_session_fail(session, PAWL_ERR_PROTOCOL,
                                 "the server resumed what was not offered");
    }
    session->info.resumed = true;
    return PAWL_OK;
}

/* wolfSSL says that the handshake is done. Believed only with a verdict of
 * our own, and only if the server asked who we are. */
static enum pawl_status established(struct session *session)
{
    struct pawl_session_info *info = &session->info;
    enum pawl_status status = PAWL_ERR_FAULT;

    info->version = version_of(session->ssl);
    info->suite = (uint16_t)wolfSSL_get_current_cipher_suite(session->ssl);
    info->key_store_signatures = session->key.signatures;
    info->handshake_ms = now_ms(session) - session->started_ms;
    if (!version_is_ours(session, info->version)) {
        return pawl_session_fail(session, PAWL_ERR_POLICY,
                                 "the version is not one we offered");
    }
    if (is_1_2(info->version) && !pawl_session_has_extended_secret(session)) {
        return pawl_session_fail(session, PAWL_ERR_POLICY,
                                 "the server knows no extended master secret");
    }
    status = wolfSSL_session_reused(session->ssl) ? resumed(session)
                                                  : authenticated(session);
    if (status != PAWL_OK) {
        return status;
    }
    if (pawl_session_is_datagram(session)) {
        status = pawl_dtls_established(session);
        if (status != PAWL_OK) {
            return status;
        }
    }
    pawl_session_age_begin(session);
    session->stage = PAWL_SESSION_ESTABLISHED;
    pawl_dtls_note_flight(session, now_ms(session));
    if (session->config.ticket != NULL) {
        /* It is used; what comes into its place stands in nobody's way. */
        session->config.resumption->wipe(session->config.ticket);
        session->offered = false;
    }
    if (is_1_2(info->version) || info->resumed || session->ticket_arrived) {
        confirm(session);
    }
    return PAWL_OK;
}

/* What each call begins with. Sends what is still to be sent, and again what
 * was not answered in time. */
static enum pawl_status refresh(struct session *session)
{
    session->takes = 0;
    if (session->stage >= PAWL_SESSION_ESTABLISHED) {
        enum pawl_status status = pawl_session_age_check(session);

        if (status != PAWL_OK) {
            return status;
        }
    }
    pawl_session_io_flush(session);
    return session->timer.at_ms != 0 ? pawl_dtls_tick(session, now_ms(session))
                                     : PAWL_OK;
}

static enum pawl_status shake(struct session *session, struct pawl_wait *wait)
{
    enum pawl_status status = refresh(session);
    int answer = 0;

    if (status != PAWL_OK) {
        return status;
    }
    answer = wolfSSL_connect(session->ssl);
    if (answer == WOLFSSL_SUCCESS) {
        return established(session);
    }
    return wait_or_fail(session, wolfSSL_get_error(session->ssl, answer), wait);
}

enum pawl_status pawl_session_step(struct pawl_session *session_in,
                                   struct pawl_wait *wait)
{
    struct session *session = session_of(session_in);

    switch (session->stage) {
    case PAWL_SESSION_CLOSED:
        return PAWL_ERR_STATE;
    case PAWL_SESSION_FAILED:
        return session->failure.status;
    case PAWL_SESSION_CONNECTING:
    case PAWL_SESSION_HANDSHAKE:
        if (now_ms(session) >= session->deadline_ms) {
            return pawl_session_fail(session, PAWL_ERR_TIMEOUT,
                                     "the handshake took too long");
        }
        return shake(session, wait);
    case PAWL_SESSION_ESTABLISHED:
    case PAWL_SESSION_CONFIRMED:
    case PAWL_SESSION_ACCEPTED:
        break;
    }
    return refresh(session);
}

/* ---- data ---- */

/* What a call for data answers before ESTABLISHED and after a failure. */
static enum pawl_status ready(const struct session *session)
{
    if (session->stage == PAWL_SESSION_FAILED) {
        return session->failure.status;
    }
    return session->stage >= PAWL_SESSION_ESTABLISHED ? PAWL_OK
                                                      : PAWL_ERR_STATE;
}

/* Writing has failed. Reads what has arrived, for the alert that says why. */
static enum pawl_status drain(struct session *session)
{
    uint8_t byte;
    int answer = wolfSSL_peek(session->ssl, &byte, sizeof byte);

    if (answer > 0) {
        confirm(session);
        return pawl_session_fail(session, session->write_status, "");
    }
    return wait_or_fail(session, wolfSSL_get_error(session->ssl, answer), NULL);
}

enum pawl_status pawl_session_send(struct pawl_session *session_in,
                                   const void *data, size_t len, size_t *sent,
                                   struct pawl_wait *wait)
{
    struct session *session = session_of(session_in);
    enum pawl_status status = ready(session);
    size_t piece = SESSION_PIECE_MAX;
    int answer = 0;

    *sent = 0;
    if (status != PAWL_OK || len == 0) {
        return status != PAWL_OK ? status : PAWL_ERR_ARGUMENT;
    }
    if (pawl_session_is_datagram(session)) {
        piece = pawl_dtls_room(session);
        if (len > piece) {
            *sent = piece;
            return PAWL_ERR_TOO_SMALL;
        }
    }
    piece = len < piece ? len : piece;
    status = refresh(session);
    if (status != PAWL_OK) {
        return status;
    }
    if (pawl_session_io_waits(session)) {
        return pending(session, WOLFSSL_ERROR_WANT_WRITE, wait);
    }
    if (session->write_status == PAWL_OK) {
        answer = wolfSSL_write(session->ssl, data, (int)piece);
        if (answer <= 0) {
            return pawl_session_fail_tls(
                session, wolfSSL_get_error(session->ssl, answer));
        }
    }
    if (session->write_status != PAWL_OK) {
        return drain(session);
    }
    session->timer.flights++; /* a message is no flight */
    pawl_dtls_note_flight(session, now_ms(session));
    *sent = (size_t)answer;
    return PAWL_OK;
}

static int read_some(struct session *session, void *buf, size_t cap)
{
    return pawl_session_is_datagram(session)
               ? pawl_dtls_read(session, buf, cap)
               : wolfSSL_read(session->ssl, buf, (int)cap);
}

enum pawl_status pawl_session_receive(struct pawl_session *session_in,
                                      void *buf, size_t cap, size_t *received,
                                      struct pawl_wait *wait)
{
    struct session *session = session_of(session_in);
    enum pawl_status status = ready(session);
    int answer = 0;

    *received = 0;
    if (status != PAWL_OK || cap == 0) {
        return status != PAWL_OK ? status : PAWL_ERR_ARGUMENT;
    }
    status = refresh(session);
    if (status != PAWL_OK) {
        return status;
    }
    answer = read_some(session, buf, cap < INT_MAX ? cap : INT_MAX);
    if (session->ticket_arrived || answer > 0) {
        confirm(session);
    }
    if (answer > 0) {
        pawl_dtls_note_flight(session, now_ms(session));
        *received = (size_t)answer;
        return *received > cap ? PAWL_ERR_TOO_SMALL : PAWL_OK;
    }
    return wait_or_fail(session, wolfSSL_get_error(session->ssl, answer), wait);
}

/* ---- what is known ---- */

void pawl_session_accepted(struct pawl_session *session_in)
{
    struct session *session = session_of(session_in);

    if (session->stage == PAWL_SESSION_ESTABLISHED ||
        session->stage == PAWL_SESSION_CONFIRMED) {
        session->stage = PAWL_SESSION_ACCEPTED;
    }
}

enum pawl_session_stage pawl_session_stage(const struct pawl_session *session)
{
    return session_of_const(session)->stage;
}

const struct pawl_session_failure *
pawl_session_failure(const struct pawl_session *session)
{
    return &session_of_const(session)->failure;
}

const struct pawl_endpoint *
pawl_session_endpoint(const struct pawl_session *session)
{
    return session_of_const(session)->failure.endpoint;
}

struct pawl_session_info pawl_session_info(const struct pawl_session *session)
{
    return session_of_const(session)->info;
}
