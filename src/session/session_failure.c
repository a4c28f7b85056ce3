/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an error came from. Several causes may show at once; the first in this
 * order gives the status, and all of them stay readable: our own key store,
 * memory, our verdict on the server, the server's alert, the connection, and
 * whatever else wolfSSL found.
 */
#include <wolfssl/error-ssl.h>

#include "session/session_internal.h"

/* TLS alerts that are no errors (RFC 8446, 6.1). */
#define ALERT_CLOSE_NOTIFY 0
#define ALERT_USER_CANCELED 90
/* TLS alerts about certificates (RFC 8446, 6.2). */
#define ALERT_BAD_CERTIFICATE 42
#define ALERT_CERTIFICATE_UNKNOWN 46
#define ALERT_UNKNOWN_CA 48

static void note_alerts(struct session *session)
{
    WOLFSSL_ALERT_HISTORY history;

    if (session->ssl != NULL &&
        wolfSSL_get_alert_history(session->ssl, &history) == WOLFSSL_SUCCESS) {
        session->failure.alert_received = history.last_rx.code;
        session->failure.alert_sent = history.last_tx.code;
    }
}

static bool fatal_alert_received(const struct session *session)
{
    int alert = session->failure.alert_received;

    return alert > ALERT_CLOSE_NOTIFY && alert != ALERT_USER_CANCELED;
}

/* Whether the peer may have left because of our certificate: it has it, has
 * not shown that it took it, and has gone. */
static bool possibly_refused(const struct session *session)
{
    return session->stage < PAWL_SESSION_CONFIRMED &&
           session->key.signatures > 0 &&
           (session->failure.alert_received >= 0 ||
            session->read_status != PAWL_OK ||
            session->write_status != PAWL_OK);
}

/* Whether it may lie with what was offered, and not with the network or with
 * our own side. A ticket must not stand in the way of the next attempt. */
static bool is_of_the_peer(enum pawl_status status)
{
    return status != PAWL_ERR_UNREACHABLE && status != PAWL_ERR_TIMEOUT &&
           status != PAWL_ERR_IO && status != PAWL_ERR_NO_MEMORY &&
           status != PAWL_ERR_KEYSTORE;
}

enum pawl_status pawl_session_fail(struct session *session,
                                   enum pawl_status status, const char *rule)
{
    struct pawl_session_failure *failure = &session->failure;

    note_alerts(session);
    failure->status = status;
    failure->stage = session->stage;
    failure->rule = rule;
    failure->client_refused = possibly_refused(session);
    if (session->offered && is_of_the_peer(status)) {
        session->config.resumption->wipe(session->config.ticket);
    }
    session->stage = PAWL_SESSION_FAILED;
    return status;
}

static enum pawl_status fail_key_store(struct session *session)
{
    const struct pawl_keystore *keystore = session->key.keystore;

    if (keystore->last_error != NULL) {
        session->failure.port_code = keystore->last_error(keystore->ctx);
    }
    return pawl_session_fail(session, PAWL_ERR_KEYSTORE,
                             "the key store did not sign");
}

static enum pawl_status fail_verdict(struct session *session)
{
    session->failure.certificate = session->bad_certificate;
    return pawl_session_fail(session, session->verdict, session->rule);
}

/* The stream ended: at which of its ends, and how. */
static enum pawl_status fail_connection(struct session *session)
{
    enum pawl_status status = session->write_status != PAWL_OK
                                  ? session->write_status
                                  : session->read_status;

    if (session->failure.alert_received == ALERT_CLOSE_NOTIFY) {
        return pawl_session_fail(session, PAWL_ERR_CLOSED, "");
    }
    if (session->stage >= PAWL_SESSION_ESTABLISHED &&
        session->write_status == PAWL_OK && status == PAWL_ERR_CLOSED) {
        return pawl_session_fail(session, PAWL_ERR_PROTOCOL,
                                 "the stream ended without a close_notify");
    }
    return pawl_session_fail(session, status, "");
}

/* Whether wolfSSL itself has found the server's certificate bad: it refuses
 * some without asking the verify callback, and older versions without an
 * alert. */
static bool refused_by_wolfssl(const struct session *session, int code)
{
    int alert = session->failure.alert_sent;

    return (code <= ASN_PARSE_E && code >= ASN_CRIT_EXT_E) ||
           (alert >= ALERT_BAD_CERTIFICATE &&
            alert <= ALERT_CERTIFICATE_UNKNOWN) ||
           alert == ALERT_UNKNOWN_CA;
}

enum pawl_status pawl_session_fail_tls(struct session *session, int code)
{
    if (session->failure.tls_code == 0) {
        session->failure.tls_code = code;
    }
    note_alerts(session);
    if (session->key.status != PAWL_OK) {
        return fail_key_store(session);
    }
    if (code == MEMORY_E || pawl_session_memory_failed(session)) {
        return pawl_session_fail(session, PAWL_ERR_NO_MEMORY, "");
    }
    if (session->judged && session->verdict != PAWL_OK) {
        return fail_verdict(session);
    }
    if (!session->judged && refused_by_wolfssl(session, code)) {
        return pawl_session_fail(session, PAWL_ERR_CERTIFICATE,
                                 "wolfSSL refused a certificate");
    }
    if (fatal_alert_received(session)) {
        return pawl_session_fail(session, PAWL_ERR_REFUSED, "");
    }
    if (session->write_status != PAWL_OK || session->read_status != PAWL_OK ||
        session->failure.alert_received == ALERT_CLOSE_NOTIFY) {
        return fail_connection(session);
    }
    if (code == UNKNOWN_ALPN_PROTOCOL_NAME_E) {
        return pawl_session_fail(session, PAWL_ERR_PROTOCOL,
                                 "the server chose another protocol (ALPN)");
    }
    return pawl_session_fail(session, PAWL_ERR_PROTOCOL, "");
}
