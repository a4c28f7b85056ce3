/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_SESSION_INTERNAL_H
#define PAWL_SESSION_INTERNAL_H

/* wolfSSL's settings come first in every file that touches it. */
#ifndef WOLFSSL_USER_SETTINGS
#include <wolfssl/options.h>
#endif
#include <wolfssl/ssl.h>

#include <pawl/session.h>

#include "crypto/crypto.h"
#include "crypto/x509.h"

/* The verdict on the server's chain is given in the verify callback. Without
 * this option wolfSSL calls back on its own failures only. */
#ifndef WOLFSSL_ALWAYS_VERIFY_CB
#error "pawl needs WOLFSSL_ALWAYS_VERIFY_CB"
#endif
#ifndef WOLF_CRYPTO_CB
#error "pawl needs WOLF_CRYPTO_CB: keys stay in the key store"
#endif

/* Most bytes of the application that go into one record. */
#define SESSION_PIECE_MAX 1024
/* One such record with its overhead, and room for alerts and key updates; or
 * one datagram. */
#define SESSION_OUT_MAX (SESSION_PIECE_MAX + 256)
/* How often one call takes something from the transport. What is left waits
 * for the next call: whoever floods a device does not keep it in one. A flight
 * of a handshake is less than a quarter of it. */
#define SESSION_TAKES_MAX 64
/* Most certificates of the server that are looked at. */
#define SESSION_CHAIN_MAX 4

/* The timer of DTLS's flights. */
struct session_timer {
    uint64_t at_ms;    /* when it runs out; 0: not set */
    uint32_t pause_ms; /* that it was set for */
    uint32_t flights;  /* the session's when it was set */
};

/* An instant, by each clock that there is. */
struct session_birth {
    uint8_t epoch[PAWL_EPOCH_SIZE]; /* in which monotonic_ms counts */
    uint64_t monotonic_ms;
    int64_t wall_s; /* -1: not known */
};

/* What struct pawl_session holds. All zeros: never opened. */
struct session {
    struct pawl_session_config config;
    struct pawl_session_failure failure;
    struct pawl_session_info info;
    enum pawl_session_stage stage;

    struct pawl_store_key key;
    struct pawl_arena arena; /* over config.memory; else not open */
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
    size_t refused_before; /* allocations of the arena that had failed */
    uint64_t started_ms, deadline_ms;
    struct session_timer timer; /* DTLS */

    /* The connection. Once reading or writing has failed it is not tried
     * again; PAWL_OK until then. */
    bool connected; /* handle is valid */
    int handle;
    enum pawl_status read_status, write_status;
    uint8_t takes;    /* by the call that is under way */
    uint32_t flights; /* datagrams that wolfSSL has handed over, the
                       * application's apart */
    bool asked;       /* sent since it last received: for info.round_trips */

    /* The verdict on the server's chain, given once judged. */
    bool judged;
    enum pawl_status verdict;
    int bad_certificate; /* index, or -1 */
    const char *rule;    /* "" if none was broken */
    bool ticket_arrived;
    int64_t chain_until_s, own_until_s; /* ends of certificates */

    /* Its age; born is of the full handshake, maybe of another session. */
    struct session_birth born;
    uint64_t end_ms;
    bool offered; /* a ticket of ours to the server, not yet answered */

    /* What wolfSSL has handed over and the transport not yet taken. */
    size_t out_at, out_len;
    uint8_t out[SESSION_OUT_MAX];
};

_Static_assert(sizeof(struct session) <= sizeof(struct pawl_session),
               "PAWL_SESSION_STORAGE is too small");

static inline struct session *session_of(struct pawl_session *session)
{
    return (struct session *)(void *)session->storage;
}

static inline const struct session *
session_of_const(const struct pawl_session *session)
{
    return (const struct session *)(const void *)session->storage;
}

/* ---- session_io.c: between wolfSSL and the transport ---- */

/* wolfSSL's callbacks; ctx is the struct session. */
int pawl_session_io_send(WOLFSSL *ssl, char *data, int len, void *ctx);
int pawl_session_io_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx);

/* Offers what is kept in out to the transport. */
void pawl_session_io_flush(struct session *session);

/* Whether something is left in out. */
bool pawl_session_io_waits(const struct session *session);

/* ---- session_dtls.c: what is particular to datagrams ---- */

/* DTLS 1.3 has errors below (CVE-2026-5264), and connection IDs are there a
 * part of it. */
#if LIBWOLFSSL_VERSION_HEX < 0x05009001
#undef WOLFSSL_DTLS13
#undef WOLFSSL_DTLS_CID
#endif

/* wolfSSL's number; not in every version's header. */
#define SESSION_DTLSV1_3 7

static inline bool pawl_session_is_datagram(const struct session *session)
{
    return session->config.endpoint->transport == PAWL_DATAGRAM;
}

/* Whether there is a version 1.3 for the session. */
static inline bool pawl_session_can_13(const struct session *session)
{
    const struct pawl_endpoint *endpoint = session->config.endpoint;

    if (endpoint->transport != PAWL_DATAGRAM) {
        return true;
    }
#ifdef WOLFSSL_DTLS13
    return !endpoint->tls12 || endpoint->connection_id == PAWL_CID_NONE;
#else
    return false;
#endif
}

/* The method of DTLS in the versions that the endpoint allows.
 * PAWL_ERR_UNSUPPORTED, PAWL_ERR_NO_MEMORY. */
PAWL_MUST_USE
enum pawl_status pawl_dtls_method(struct session *session, void *heap,
                                  WOLFSSL_METHOD **method);

/* Sets session->ssl up for datagrams. */
bool pawl_dtls_set(struct session *session, const char **rule);

/*
 * Sends the last flight again if it is time. Call before anything else is
 * asked of wolfSSL. PAWL_OK, or why the session has failed.
 */
PAWL_MUST_USE
enum pawl_status pawl_dtls_tick(struct session *session, uint64_t now_ms);

/* Sets the timer anew if wolfSSL has sent a flight since. Call after wolfSSL
 * was asked for anything. */
void pawl_dtls_note_flight(struct session *session, uint64_t now_ms);

/* What was agreed on is what was required. */
PAWL_MUST_USE
enum pawl_status pawl_dtls_established(struct session *session);

/* The most bytes of a message that fit into one datagram. */
size_t pawl_dtls_room(struct session *session);

/*
 * One message. What wolfSSL answers, as wolfSSL_read() does; more than cap:
 * its length, and the message is gone.
 */
int pawl_dtls_read(struct session *session, void *buf, size_t cap);

/* Whether wolfSSL's code is about one datagram and not about the session. */
bool pawl_dtls_is_harmless(int code);

/* ---- session_tls.c: setting wolfSSL up ---- */

/*
 * Makes session->ctx and session->ssl by the configuration: versions, suites,
 * groups, extensions, anchors, chain, key. On an error what was made stays in
 * *session, for pawl_session_tls_close(); *rule says what was refused.
 */
PAWL_MUST_USE
enum pawl_status pawl_session_tls_open(struct session *session,
                                       const char **rule);
void pawl_session_tls_close(struct session *session);

/* Whether TLS 1.2 is allowed, or DTLS 1.2, and there is one. */
bool pawl_session_allows_tls12(const struct session *session);

/* Whether an allocation has failed since this session was opened (in an arena
 * that is shared, for whomever). */
bool pawl_session_memory_failed(struct session *session);

/* The name that the server's certificate must have. */
const char *pawl_session_server_name(const struct pawl_endpoint *endpoint);

/* The roles of which the anchors count. */
uint32_t pawl_session_roles(const struct pawl_session_config *config);

/* ---- session_info.c: what was negotiated ---- */

/* Whether a TLS 1.2 handshake is bound to its keys by the extended master
 * secret (RFC 7627). With the distribution's package, which does not tell:
 * true. */
bool pawl_session_has_extended_secret(const struct session *session);

/* ---- session_verify.c: the verdict on the server's chain ---- */

/* wolfSSL's verify callback; the store's userCtx is the struct session. */
int pawl_session_verify(int preverify, WOLFSSL_X509_STORE_CTX *store);

/* The time as it is known. */
struct pawl_x509_time
pawl_session_time(const struct pawl_session_config *config);

/* Whether our own credential can be used: its key is that of its leaf, and
 * it has not expired. */
PAWL_MUST_USE
enum pawl_status pawl_session_check_own(struct session *session,
                                        const char **rule);

/* ---- session_age.c: how long it may last ---- */

/* Now. */
struct session_birth pawl_session_birth(const struct session *session);

/* How long since is ago; false if that is not known. */
bool pawl_session_elapsed(const struct session *session,
                          const struct session_birth *since,
                          uint64_t *elapsed_ms);

/* How long a session may last. */
uint64_t pawl_session_longest_ms(const struct session *session);

/* Sets session->end_ms by session->born. */
void pawl_session_age_begin(struct session *session);

/* PAWL_OK, or it is over. */
PAWL_MUST_USE
enum pawl_status pawl_session_age_check(struct session *session);

/* ---- session_ticket.c, which is linked only where it is named ---- */

struct pawl_resumption {
    void (*offer)(struct session *session);
    bool (*taken)(struct session *session);
    void (*save)(struct session *session);
    void (*wipe)(struct pawl_ticket *ticket);
};

/* ---- session_failure.c: what came of an error ---- */

/* Ends the session for a reason of pawl's own. Returns status. */
enum pawl_status pawl_session_fail(struct session *session,
                                   enum pawl_status status, const char *rule);

/* Ends the session because wolfSSL answered code. Returns the status that
 * describes its first cause. */
enum pawl_status pawl_session_fail_tls(struct session *session, int code);

#endif
