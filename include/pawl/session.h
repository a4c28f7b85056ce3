/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_SESSION_H
#define PAWL_SESSION_H

/*
 * A mutually authenticated TLS or DTLS session over the port's transport.
 * There is no call that turns verification off, none without a client
 * certificate, and none in the clear. Above it a session is a plain pipe: of
 * bytes, or, where the endpoint's transport is PAWL_DATAGRAM, of messages
 * that may be lost, doubled or reordered on the way, but arrive whole.
 *
 *     open -> step until PAWL_OK -> send, receive -> close
 */

#include <pawl/bytes.h>
#include <pawl/config.h>
#include <pawl/endpoint.h>
#include <pawl/identity.h>
#include <pawl/port/port.h>
#include <pawl/status.h>
#include <pawl/ticket.h>
#include <pawl/trust.h>
#include <pawl/wait.h>

/* How far it has come. In TLS 1.3 the client's handshake ends before the
 * server has judged the client's certificate: hence three stages. */
enum pawl_session_stage {
    PAWL_SESSION_CLOSED = 0,
    PAWL_SESSION_CONNECTING,  /* resolving, connecting */
    PAWL_SESSION_HANDSHAKE,   /* TLS handshake under way */
    PAWL_SESSION_ESTABLISHED, /* server authenticated; sending is allowed */
    PAWL_SESSION_CONFIRMED,   /* the server has shown that it took our
                               * certificate: TLS 1.2, a ticket that it took,
                               * or data arrived */
    PAWL_SESSION_ACCEPTED,    /* the protocol above said so:
                               * pawl_session_accepted() */
    PAWL_SESSION_FAILED
};

/* All that is known of a failure. Strings have static storage. */
struct pawl_session_failure {
    enum pawl_status status;       /* PAWL_OK: there was none */
    enum pawl_session_stage stage; /* where it failed */
    int alert_received;            /* TLS alert (RFC 8446, 6), or -1 */
    int alert_sent;                /* TLS alert, or -1 */
    int tls_code;                  /* wolfSSL's code, or 0 */
    int32_t port_code;             /* the transport's or key store's, or 0 */
    int certificate;               /* index in the server's chain, or -1 */
    const char *rule;              /* what it broke; "" if none */
    bool client_refused;           /* the server possibly refused us: an alert
                                    * or the end came before CONFIRMED */
    const struct pawl_endpoint *endpoint;
};

/* What was negotiated. */
struct pawl_session_info {
    uint16_t version;             /* 0x0304 is TLS 1.3, 0xFEFC DTLS 1.3 */
    uint16_t suite;               /* IANA number */
    uint64_t bytes_in, bytes_out; /* on the wire, handshake included */
    uint64_t handshake_ms;
    uint32_t key_store_signatures;
    uint32_t round_trips; /* of the handshake: how often an answer was waited
                           * for; the transport's own are not counted */
    uint32_t timeouts;    /* DTLS: how often its timer ran out and the last
                           * flight was sent again */
    bool resumed;         /* from a ticket: no certificates were exchanged */
    bool connection_id;   /* the server recognises us by a connection ID */

    /* Up to when the server's word about the time may be believed, in seconds
     * since 1970: the earliest end of its chain, if an anchor with
     * PAWL_ROLE_TIME vouches for it. 0: not at all. */
    int64_t time_until_s;
};

struct pawl_session_config {
    const struct pawl_port *port; /* transport, clock, lock, arena */
    const struct pawl_endpoint *endpoint;
    const struct pawl_credential *credential; /* who we are */
    const struct pawl_trust *trust;           /* whom we believe, by role */

    /* Which anchors count: enum pawl_trust_role, or-ed. 0: by the endpoint's
     * use (ENROLL, DOWNLOAD, else SERVER). */
    uint32_t roles;

    /* The floor of the time, pawl_identity_time_floor(); 0: the build's. */
    int64_t time_floor_s;

    /* wolfSSL allocates here and nowhere else; 28 KiB suffice. NULL: the
     * arena of the port, shared with other sessions. */
    void *memory;
    size_t memory_size;

    uint32_t handshake_timeout_ms; /* connecting included; 0: 30,000 */

    /* DTLS: the most bytes of one datagram that is sent, UDP's and IP's
     * headers not counted: 256 to PAWL_DATAGRAM_MAX. 0: 1232, which every
     * IPv6 link carries (RFC 8200, 5: 1280). What arrives may be 500 longer. */
    uint16_t datagram_size;

    /* How long a session may last, counted from its full handshake; 0: 86,400,
     * a day. It also ends with the certificates, the server's and ours, where
     * the time is known. Sending and receiving then answer PAWL_ERR_EXPIRED. */
    uint32_t max_age_s;

    /* Where the ticket of this endpoint is kept: used in open, written once
     * the session is CONFIRMED; retained until close. resumption is then
     * &pawl_resumption. NULL: each handshake is a full one. For a moment it
     * takes 1 KiB of the port's arena, beside memory. */
    struct pawl_ticket *ticket;
    const struct pawl_resumption *resumption;

    /* Is shown the server's chain, DER, leaf first, before it is judged: at
     * most four certificates, valid for the call. For whoever wants to know
     * with whom it spoke; it decides nothing. NULL: nobody. */
    void (*on_chain)(void *ctx, const struct pawl_bytes *chain, size_t count);
    void *on_chain_ctx;
};

/* The longest datagram that is sent. */
#define PAWL_DATAGRAM_MAX 1280

/* One session. Complete so that it can be allocated; fields are private. */
#define PAWL_SESSION_STORAGE 4096
struct pawl_session {
    uint64_t storage[PAWL_SESSION_STORAGE / 8];
};

/*
 * Checks the configuration and begins to connect.
 *
 * config   copied; what it points to is retained until pawl_session_close()
 *
 * Returns PAWL_OK, go on with pawl_session_step()
 *         PAWL_ERR_ARGUMENT    something required is missing
 *         PAWL_ERR_POLICY      no anchor of trust has the role, or the key
 *                              store is not hardware (PAWL_SOFT_KEYS)
 *         PAWL_ERR_KEYSTORE    the key is gone, or not the certificate's, or
 *                              the key store failed
 *         PAWL_ERR_EXPIRED     our own certificate is
 *         PAWL_ERR_UNSUPPORTED the wolfSSL at hand lacks what the endpoint
 *                              asks for: DTLS 1.3 and connection IDs need
 *                              5.9.1
 *         PAWL_ERR_NO_MEMORY, PAWL_ERR_UNREACHABLE
 * On an error nothing stays open, and pawl_session_failure() says more.
 */
PAWL_MUST_USE
enum pawl_status pawl_session_open(struct pawl_session *session,
                                   const struct pawl_session_config *config);

/*
 * Connects and shakes hands. *wait is filled on PAWL_PENDING.
 *
 * Returns PAWL_OK               established
 *         PAWL_PENDING
 *         PAWL_ERR_UNREACHABLE, PAWL_ERR_TIMEOUT, PAWL_ERR_CLOSED
 *         PAWL_ERR_CERTIFICATE, PAWL_ERR_UNTRUSTED, PAWL_ERR_NAME,
 *         PAWL_ERR_EXPIRED      the server's certificate: failure.rule
 *         PAWL_ERR_REFUSED      the server sent a fatal alert
 *         PAWL_ERR_POLICY       it did not ask for our certificate, or does not
 *                               agree to a connection ID that is required, or
 *                               knows no extended master secret (RFC 7627)
 *         PAWL_ERR_PROTOCOL, PAWL_ERR_KEYSTORE, PAWL_ERR_NO_MEMORY
 *
 * Blocks for what one flight of the server's asks for, at most: a key
 * agreement, two checks of a signature for each certificate (wolfSSL's and
 * pawl's), one of the server's own, and one signature in the key store.
 * wolfSSL does them in one call.
 */
PAWL_MUST_USE
enum pawl_status pawl_session_step(struct pawl_session *session,
                                   struct pawl_wait *wait);

/*
 * Sends up to len bytes. On PAWL_OK *sent (1..len) of them were taken and
 * must not be given again. On PAWL_PENDING none was; the same bytes need not
 * be given again, pawl keeps wolfSSL's promise itself. *wait is filled on
 * PAWL_PENDING. Other errors: as pawl_session_step(); PAWL_ERR_STATE before
 * ESTABLISHED.
 *
 * DTLS: data is one message, sent as one datagram, all of it or nothing; what
 * does not fit into one is PAWL_ERR_TOO_SMALL, and *sent the most that would.
 * PAWL_OK says that it was sent, not that it arrived.
 */
PAWL_MUST_USE
enum pawl_status pawl_session_send(struct pawl_session *session,
                                   const void *data, size_t len, size_t *sent,
                                   struct pawl_wait *wait);

/*
 * Receives up to cap bytes; on PAWL_OK *received (1..cap) arrived. *wait is
 * filled on PAWL_PENDING. PAWL_ERR_CLOSED only after a close_notify;
 * PAWL_ERR_PROTOCOL if the stream ended without (truncation, RFC 8446, 6.1).
 *
 * DTLS: one call is one message. One that is longer than cap is dropped:
 * PAWL_ERR_TOO_SMALL, *received its length, and the session goes on.
 * Datagrams that are not authentic are ignored. While *wait has a deadline,
 * the last flight of the handshake may have to be sent again: call then.
 */
PAWL_MUST_USE
enum pawl_status pawl_session_receive(struct pawl_session *session, void *buf,
                                      size_t cap, size_t *received,
                                      struct pawl_wait *wait);

/* Says that the protocol above was accepted (CONNACK 0, HTTP 2xx). */
void pawl_session_accepted(struct pawl_session *session);

/* How far it has come. */
enum pawl_session_stage pawl_session_stage(const struct pawl_session *session);

/* Why it failed; status PAWL_OK if it did not. Also after close. */
const struct pawl_session_failure *
pawl_session_failure(const struct pawl_session *session);

/* The endpoint that it was opened for; NULL if it never was. */
const struct pawl_endpoint *
pawl_session_endpoint(const struct pawl_session *session);

/* What was negotiated; version and suite are 0 before ESTABLISHED. */
struct pawl_session_info pawl_session_info(const struct pawl_session *session);

/* The group of the key exchange, "secp256r1", "x25519"; "" before ESTABLISHED,
 * after close, and where there was none. Static storage. */
const char *pawl_session_group(const struct pawl_session *session);

/* Longest name of a protocol (RFC 7301 has up to 255), its zero included. */
#define PAWL_SESSION_ALPN_MAX 32

/* Copies the protocol that the server chose (ALPN); "" if it chose none,
 * before ESTABLISHED and after close. */
void pawl_session_alpn(const struct pawl_session *session,
                       char name[PAWL_SESSION_ALPN_MAX]);

/*
 * Sends a close_notify if it can be sent at once, closes the connection,
 * frees and wipes. A session that is closed may be closed again; one that was
 * never opened must be zeros.
 */
void pawl_session_close(struct pawl_session *session);

/* A TLS alert's name, "certificate_revoked"; "none" for -1. */
const char *pawl_session_alert_name(int alert);

#endif
