/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tickets: what of a session is kept for the next one, and when it may be
 * used. Linked only where pawl_resumption is named.
 *
 * A ticket carries a digest of what it is bound to and one of itself. The
 * latter finds damage; it does not find a forger, who could write into the
 * device's memory as well.
 */
#include <pawl/ticket.h>

#include <string.h>

#include "base/base.h"
#include "session/session_internal.h"

#define FORMAT 0x31544B50u /* "PKT1" */
#define LONGEST_MS ((uint64_t)7 * 24 * 3600 * 1000)

struct ticket {
    uint32_t format;
    uint32_t wolfssl; /* its version: the body is its own format */
    uint8_t bound_to[PAWL_SHA256_SIZE];
    struct session_birth born;   /* of the full handshake */
    struct session_birth issued; /* of the ticket */
    uint64_t lifetime_ms;        /* that the server gives it */
    int64_t until_s;             /* the end of the server's chain */
    uint16_t suite;
    uint16_t len;
    uint8_t digest[PAWL_SHA256_SIZE]; /* of the rest, with zeros here */
    uint8_t body[];
};

#define BODY_MAX (sizeof(struct pawl_ticket) - sizeof(struct ticket))

_Static_assert(sizeof(struct ticket) <= 160, "<pawl/ticket.h> says 160");

static struct ticket *ticket_of(struct pawl_ticket *ticket)
{
    return (struct ticket *)(void *)ticket->storage;
}

void pawl_ticket_wipe(struct pawl_ticket *ticket)
{
    pawl_wipe(ticket, sizeof *ticket);
}

static enum pawl_status digest_of(const struct pawl_ticket *whole,
                                  uint8_t digest[PAWL_SHA256_SIZE])
{
    static const uint8_t zeros[PAWL_SHA256_SIZE];
    const struct ticket *ticket =
        (const struct ticket *)(const void *)whole->storage;
    struct pawl_sha256 sha;

    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha,
                       (struct pawl_bytes){(const uint8_t *)ticket,
                                           offsetof(struct ticket, digest)});
    pawl_sha256_update(&sha, PAWL_BYTES(zeros));
    pawl_sha256_update(&sha, (struct pawl_bytes){ticket->body, ticket->len});
    return pawl_sha256_finish(&sha, digest);
}

bool pawl_ticket_holds(const struct pawl_ticket *whole)
{
    const struct ticket *ticket =
        (const struct ticket *)(const void *)whole->storage;
    uint8_t digest[PAWL_SHA256_SIZE];

    return ticket->format == FORMAT &&
           ticket->wolfssl == LIBWOLFSSL_VERSION_HEX && ticket->len > 0 &&
           ticket->len <= BODY_MAX && digest_of(whole, digest) == PAWL_OK &&
           pawl_equal_ct(digest, ticket->digest, sizeof digest);
}

/* ---- what it is bound to ---- */

static void add(struct pawl_sha256 *sha, const void *data, size_t len)
{
    uint8_t size[4];

    pawl_put_u32(size, (uint32_t)len);
    pawl_sha256_update(sha, PAWL_BYTES(size));
    pawl_sha256_update(sha, (struct pawl_bytes){data, len});
}

static void add_text(struct pawl_sha256 *sha, const char *text)
{
    add(sha, text, text == NULL ? 0 : strlen(text));
}

static enum pawl_status binding(const struct session *session,
                                uint8_t digest[PAWL_SHA256_SIZE])
{
    const struct pawl_session_config *config = &session->config;
    const struct pawl_endpoint *endpoint = config->endpoint;
    const struct pawl_bytes *chain = &config->credential->chain;
    const uint32_t numbers[] = {endpoint->port, endpoint->transport,
                                endpoint->connection_id, endpoint->use,
                                pawl_session_roles(config)};
    struct pawl_sha256 sha;

    pawl_sha256_start(&sha);
    add(&sha, numbers, sizeof numbers);
    add_text(&sha, endpoint->host);
    add_text(&sha, pawl_session_server_name(endpoint));
    add_text(&sha, endpoint->alpn);
    add(&sha, endpoint->pin.data, endpoint->pin.len);
    add(&sha, chain->data, chain->len);
    add(&sha, &config->trust->version, sizeof config->trust->version);
    add(&sha, &config->trust->owner_version,
        sizeof config->trust->owner_version);
    add(&sha, config->trust->digest, sizeof config->trust->digest);
    return pawl_sha256_finish(&sha, digest);
}

static bool is_bound(const struct session *session, const struct ticket *ticket)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    return binding(session, digest) == PAWL_OK &&
           pawl_equal_ct(digest, ticket->bound_to, sizeof digest);
}

/* ---- when it may be used ---- */

static bool is_fresh(const struct session *session, const struct ticket *ticket)
{
    struct pawl_x509_time time = pawl_session_time(&session->config);
    int64_t now_s = time.known ? time.now_s : time.floor_s;
    uint64_t lifetime_ms =
        ticket->lifetime_ms < LONGEST_MS ? ticket->lifetime_ms : LONGEST_MS;
    uint64_t since_issue = 0, since_birth = 0;

    return pawl_session_elapsed(session, &ticket->issued, &since_issue) &&
           pawl_session_elapsed(session, &ticket->born, &since_birth) &&
           since_issue < lifetime_ms && since_birth < LONGEST_MS &&
           since_birth < pawl_session_longest_ms(session) &&
           now_s <= ticket->until_s;
}

/* ---- wolfSSL's side ---- */

/* Before 5.7 a new key exchange cannot be insisted on (P7). */
#if defined(HAVE_SESSION_TICKET) && defined(HAVE_EXT_CACHE) &&                 \
    !defined(NO_SESSION_CACHE) && LIBWOLFSSL_VERSION_HEX >= 0x05007000

/* Offers what bytes hold to the server. Without memory for it the handshake
 * is a full one. */
static bool resume_from(WOLFSSL *ssl, struct pawl_bytes bytes)
{
    const unsigned char *at = bytes.data;
    WOLFSSL_SESSION *kept = wolfSSL_d2i_SSL_SESSION(NULL, &at, (long)bytes.len);
    bool offered =
        kept != NULL && wolfSSL_set_session(ssl, kept) == WOLFSSL_SUCCESS;

    wolfSSL_SESSION_free(kept);
    return offered;
}

/* Writes what the next session resumes from; its length, 0 if it is none. */
static size_t write_down(WOLFSSL *ssl, uint8_t *out, size_t room,
                         uint64_t *lifetime_ms)
{
    WOLFSSL_SESSION *now = wolfSSL_get1_session(ssl);
    unsigned char *at = out;
    int len = now != NULL ? wolfSSL_i2d_SSL_SESSION(now, NULL) : 0;

    if (len <= 0 || (size_t)len > room ||
        wolfSSL_i2d_SSL_SESSION(now, &at) != len) {
        len = 0;
    } else {
        *lifetime_ms = (uint64_t)wolfSSL_SESSION_get_timeout(now) * 1000;
    }
    wolfSSL_SESSION_free(now);
    return (size_t)len;
}

#else /* each handshake is a full one */

static bool resume_from(WOLFSSL *ssl, struct pawl_bytes bytes)
{
    (void)ssl;
    (void)bytes;
    return false;
}

static size_t write_down(WOLFSSL *ssl, uint8_t *out, size_t room,
                         uint64_t *lifetime_ms)
{
    (void)ssl;
    (void)out;
    (void)room;
    (void)lifetime_ms;
    return 0;
}

#endif

/* ---- for session.c ---- */

/* Gives wolfSSL the ticket, if it is good. */
static void offer(struct session *session)
{
    struct ticket *ticket = ticket_of(session->config.ticket);

    if (pawl_ticket_holds(session->config.ticket) &&
        is_bound(session, ticket) && is_fresh(session, ticket)) {
        session->offered = resume_from(
            session->ssl, (struct pawl_bytes){ticket->body, ticket->len});
    } else {
        pawl_ticket_wipe(session->config.ticket);
    }
}

/* The server has taken the ticket. Whether that is as it should be; the
 * session takes over the age and the end of the one before. */
static bool taken(struct session *session)
{
    const struct ticket *ticket = ticket_of(session->config.ticket);

    if (!session->offered || session->info.suite != ticket->suite) {
        return false;
    }
    session->born = ticket->born;
    session->chain_until_s = ticket->until_s;
    return true;
}

/* Keeps what the session is continued from, in place of what is there. */
static void save(struct session *session)
{
    struct ticket *ticket = ticket_of(session->config.ticket);
    size_t len = 0;

    pawl_ticket_wipe(session->config.ticket);
    len =
        write_down(session->ssl, ticket->body, BODY_MAX, &ticket->lifetime_ms);
    if (len > 0) {
        ticket->format = FORMAT;
        ticket->wolfssl = LIBWOLFSSL_VERSION_HEX;
        ticket->born = session->born;
        ticket->issued = pawl_session_birth(session);
        ticket->until_s = session->chain_until_s;
        ticket->suite = session->info.suite;
        ticket->len = (uint16_t)len;
    }
    if (len == 0 || binding(session, ticket->bound_to) != PAWL_OK ||
        digest_of(session->config.ticket, ticket->digest) != PAWL_OK) {
        pawl_ticket_wipe(session->config.ticket);
    }
}

const struct pawl_resumption pawl_resumption = {
    .offer = offer, .taken = taken, .save = save, .wipe = pawl_ticket_wipe};

/* ---- in flash ---- */

enum pawl_status pawl_ticket_seal(const struct pawl_ticket *whole,
                                  const struct pawl_keystore *keystore,
                                  uint8_t *sealed, size_t *sealed_len)
{
    const struct ticket *ticket =
        (const struct ticket *)(const void *)whole->storage;

    if (keystore->seal == NULL || keystore->unseal == NULL) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (!pawl_ticket_holds(whole)) {
        return PAWL_ERR_NOT_FOUND;
    }
    return keystore->seal(keystore->ctx,
                          (struct pawl_bytes){(const uint8_t *)ticket,
                                              sizeof *ticket + ticket->len},
                          sealed, sealed_len);
}

enum pawl_status pawl_ticket_unseal(struct pawl_ticket *whole,
                                    const struct pawl_keystore *keystore,
                                    struct pawl_bytes sealed)
{
    size_t len = sizeof *whole;
    enum pawl_status status = PAWL_ERR_UNSUPPORTED;

    pawl_ticket_wipe(whole);
    if (keystore->seal == NULL || keystore->unseal == NULL) {
        return status;
    }
    status = keystore->unseal(keystore->ctx, sealed, (uint8_t *)whole->storage,
                              &len);
    if (status == PAWL_OK && !pawl_ticket_holds(whole)) {
        status = PAWL_ERR_MALFORMED;
    }
    if (status != PAWL_OK) {
        pawl_ticket_wipe(whole);
    }
    return status;
}
