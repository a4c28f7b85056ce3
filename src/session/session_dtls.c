/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is particular to datagrams: versions, the timer of flights (RFC 6347,
 * 4.2.4; RFC 9147, 5.8), connection IDs, and messages that stay whole.
 *
 * The timer is pawl's own, by the port's clock: wolfSSL is told when it has
 * run out, and sends again what was not answered. It is set anew for 1 s
 * whenever wolfSSL has sent a flight of its own accord, and doubles to 60 s
 * each time it runs out (P9). After the handshake there may still be a flight
 * that was not answered; where nothing is sent again the timer ends.
 */
#include <string.h>
#include <wolfssl/error-ssl.h>

#include "base/base.h"
#include "session/session_internal.h"

#ifdef WOLFSSL_DTLS

#define FIRST_PAUSE_MS 1000u
#define LONGEST_PAUSE_MS 60000u
/* Seconds; wolfSSL gives up at its own longest pause, which pawl must not. */
#define NEVER_GIVE_UP (1 << 24)
#define DATAGRAM_SIZE 1232u /* the default */

enum pawl_status pawl_dtls_method(struct session *session, void *heap,
                                  WOLFSSL_METHOD **method)
{
    bool tls12 = pawl_session_allows_tls12(session);

    *method = NULL;
#ifdef WOLFSSL_DTLS13
    *method = !tls12 ? wolfDTLSv1_3_client_method_ex(heap)
              : session->config.endpoint->connection_id == PAWL_CID_NONE
                  ? wolfDTLS_client_method_ex(heap)
                  /* <pawl/endpoint.h> says why */
                  : wolfDTLSv1_2_client_method_ex(heap);
#else
    if (!tls12) {
        return PAWL_ERR_UNSUPPORTED;
    }
    *method = wolfDTLSv1_2_client_method_ex(heap);
#endif
    return *method == NULL ? PAWL_ERR_NO_MEMORY : PAWL_OK;
}

static bool set_size(struct session *session, const char **rule)
{
    unsigned size = session->config.datagram_size;

    *rule = "size of datagrams";
    if (size == 0) {
        size = DATAGRAM_SIZE;
    }
#ifdef WOLFSSL_DTLS_MTU
    return wolfSSL_dtls_set_mtu(session->ssl, (unsigned short)size) ==
           WOLFSSL_SUCCESS;
#else
    /* Its own 1400 stays, where the default was meant. */
    return session->config.datagram_size == 0;
#endif
}

static bool set_connection_id(struct session *session, const char **rule)
{
    *rule = "connection ID";
    if (session->config.endpoint->connection_id == PAWL_CID_NONE) {
        return true;
    }
#ifdef WOLFSSL_DTLS_CID
    return wolfSSL_dtls_cid_use(session->ssl) == WOLFSSL_SUCCESS &&
           wolfSSL_dtls_cid_set(session->ssl, NULL, 0) == WOLFSSL_SUCCESS;
#else
    return false;
#endif
}

bool pawl_dtls_set(struct session *session, const char **rule)
{
    wolfSSL_dtls_set_using_nonblock(session->ssl, 1);
    *rule = "timer";
    return wolfSSL_dtls_set_timeout_max(session->ssl, NEVER_GIVE_UP) ==
               WOLFSSL_SUCCESS &&
           wolfSSL_dtls_set_timeout_init(session->ssl, 1) == WOLFSSL_SUCCESS &&
           set_size(session, rule) && set_connection_id(session, rule);
}

/* ---- the timer ---- */

static void set_timer(struct session *session, uint64_t now_ms,
                      uint32_t pause_ms)
{
    session->timer.pause_ms = pause_ms;
    session->timer.at_ms = now_ms + pause_ms;
    session->timer.flights = session->flights;
}

void pawl_dtls_note_flight(struct session *session, uint64_t now_ms)
{
    if (pawl_session_is_datagram(session) &&
        session->flights != session->timer.flights) {
        set_timer(session, now_ms, FIRST_PAUSE_MS);
    }
}

/* The timer has run out, and wolfSSL has answered that it sent nothing. */
static bool is_idle(const struct session *session)
{
    return session->flights == session->timer.flights &&
           session->stage >= PAWL_SESSION_ESTABLISHED;
}

enum pawl_status pawl_dtls_tick(struct session *session, uint64_t now_ms)
{
    struct session_timer *timer = &session->timer;
    int answer = WOLFSSL_SUCCESS;
    int code = 0;

    if (timer->at_ms == 0 || now_ms < timer->at_ms) {
        return PAWL_OK;
    }
    if (pawl_session_io_waits(session)) { /* it has not even left */
        set_timer(session, now_ms, timer->pause_ms);
        return PAWL_OK;
    }
    timer->flights = session->flights;
    answer = wolfSSL_dtls_got_timeout(session->ssl);
    if (answer != WOLFSSL_SUCCESS) {
        code = wolfSSL_get_error(session->ssl, answer);
        if (code != WOLFSSL_ERROR_WANT_WRITE) {
            return pawl_session_fail_tls(session, code);
        }
    } else if (is_idle(session)) {
        timer->at_ms = 0;
        return PAWL_OK;
    }
    session->info.timeouts++;
    set_timer(session, now_ms,
              timer->pause_ms > LONGEST_PAUSE_MS / 2 ? LONGEST_PAUSE_MS
                                                     : timer->pause_ms * 2);
    return PAWL_OK;
}

/* ---- connection IDs ---- */

enum pawl_status pawl_dtls_established(struct session *session)
{
    enum pawl_connection_id wanted = session->config.endpoint->connection_id;
    unsigned size = 0;

#ifdef WOLFSSL_DTLS_CID
    if (wolfSSL_dtls_cid_is_enabled(session->ssl) &&
        wolfSSL_dtls_cid_get_tx_size(session->ssl, &size) != WOLFSSL_SUCCESS) {
        size = 0;
    }
#endif
    session->info.connection_id = size > 0;
    if (wanted == PAWL_CID_REQUIRED && size == 0) {
        return pawl_session_fail(session, PAWL_ERR_POLICY,
                                 "the server does without a connection ID");
    }
    return PAWL_OK;
}

/* ---- messages ---- */

size_t pawl_dtls_room(struct session *session)
{
    int room = wolfSSL_GetMaxOutputSize(session->ssl);

    return room > 0 ? (size_t)room : 0;
}

int pawl_dtls_read(struct session *session, void *buf, size_t cap)
{
    uint8_t rest[64];
    int read = wolfSSL_read(session->ssl, buf, (int)cap);
    int more = read;

    while (read > 0 && more > 0 && wolfSSL_pending(session->ssl) > 0) {
        more = wolfSSL_read(session->ssl, rest, sizeof rest);
        read += more > 0 ? more : 0;
    }
    pawl_wipe(rest, sizeof rest);
    return read;
}

bool pawl_dtls_is_harmless(int code)
{
    return code == VERIFY_MAC_ERROR || code == DECRYPT_ERROR ||
           code == DTLS_SIZE_ERROR;
}

#else

enum pawl_status pawl_dtls_method(struct session *session, void *heap,
                                  WOLFSSL_METHOD **method)
{
    (void)session;
    (void)heap;
    *method = NULL;
    return PAWL_ERR_UNSUPPORTED;
}

bool pawl_dtls_set(struct session *session, const char **rule)
{
    (void)session;
    (void)rule;
    return false;
}

void pawl_dtls_note_flight(struct session *session, uint64_t now_ms)
{
    (void)session;
    (void)now_ms;
}

enum pawl_status pawl_dtls_tick(struct session *session, uint64_t now_ms)
{
    (void)session;
    (void)now_ms;
    return PAWL_OK;
}

enum pawl_status pawl_dtls_established(struct session *session)
{
    (void)session;
    return PAWL_ERR_FAULT;
}

size_t pawl_dtls_room(struct session *session)
{
    (void)session;
    return 0;
}

int pawl_dtls_read(struct session *session, void *buf, size_t cap)
{
    (void)session;
    (void)buf;
    (void)cap;
    return -1;
}

bool pawl_dtls_is_harmless(int code)
{
    (void)code;
    return false;
}

#endif
