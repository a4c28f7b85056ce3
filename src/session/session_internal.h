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
/* One such record with its overhead, and room for alerts and key updates. */
#define SESSION_OUT_MAX (SESSION_PIECE_MAX + 256)
/* Most certificates of the server that are looked at. */
#define SESSION_CHAIN_MAX 4

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

    /* The connection. Once reading or writing has failed it is not tried
     * again; PAWL_OK until then. */
    bool connected; /* handle is valid */
    int handle;
    enum pawl_status read_status, write_status;
    bool asked; /* sent since it last received: for info.round_trips */

    /* The verdict on the server's chain, given once judged. */
    bool judged;
    enum pawl_status verdict;
    int bad_certificate; /* index, or -1 */
    const char *rule;    /* "" if none was broken */
    bool ticket_arrived;

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

/* Whether an allocation has failed since this session was opened (in an arena
 * that is shared, for whomever). */
bool pawl_session_memory_failed(struct session *session);

/* The name that the server's certificate must have. */
const char *pawl_session_server_name(const struct pawl_endpoint *endpoint);

/* The roles of which the anchors count. */
uint32_t pawl_session_roles(const struct pawl_session_config *config);

/* ---- session_verify.c: the verdict on the server's chain ---- */

/* wolfSSL's verify callback; the store's userCtx is the struct session. */
int pawl_session_verify(int preverify, WOLFSSL_X509_STORE_CTX *store);

/* The time as it is known. */
struct pawl_x509_time
pawl_session_time(const struct pawl_session_config *config);

/* Whether our own credential can be used: its key is that of its leaf, and
 * it has not expired. */
PAWL_MUST_USE
enum pawl_status pawl_session_check_own(const struct session *session,
                                        const char **rule);

/* ---- session_failure.c: what came of an error ---- */

/* Ends the session for a reason of pawl's own. Returns status. */
enum pawl_status pawl_session_fail(struct session *session,
                                   enum pawl_status status, const char *rule);

/* Ends the session because wolfSSL answered code. Returns the status that
 * describes its first cause. */
enum pawl_status pawl_session_fail_tls(struct session *session, int code);

#endif
