/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two judges of the server's certificates: wolfSSL, and pawl by its own rules
 * (P10). A chain that either of them refuses is refused: the callback says no
 * to whatever wolfSSL has refused, and so never overrides it.
 */
#include <string.h>
#include <wolfssl/error-ssl.h>

#include "base/base.h"
#include "session/session_internal.h"

const char *pawl_session_server_name(const struct pawl_endpoint *endpoint)
{
    return endpoint->server_name != NULL ? endpoint->server_name
                                         : endpoint->host;
}

uint32_t pawl_session_roles(const struct pawl_session_config *config)
{
    if (config->roles != 0) {
        return config->roles;
    }
    switch (config->endpoint->use) {
    case PAWL_USE_ENROLL:
        return PAWL_ROLE_ENROLL;
    case PAWL_USE_DOWNLOAD:
        return PAWL_ROLE_DOWNLOAD;
    case PAWL_USE_NONE:
    case PAWL_USE_MQTT:
    case PAWL_USE_OTHER:
        break;
    }
    return PAWL_ROLE_SERVER;
}

struct pawl_x509_time
pawl_session_time(const struct pawl_session_config *config)
{
    const struct pawl_clock *clock = config->port->clock;
    struct pawl_x509_time time = {.floor_s = config->time_floor_s};

    if (time.floor_s < clock->build_s) {
        time.floor_s = clock->build_s;
    }
    /* A clock that is behind the floor is wrong, and so tells nothing. */
    time.known = clock->wall_s != NULL &&
                 clock->wall_s(clock->ctx, &time.now_s) == PAWL_OK &&
                 time.now_s >= time.floor_s;
    return time;
}

/* Whether the leaf's key is the one that the endpoint pins, if it does. */
static bool pin_matches(const struct pawl_endpoint *endpoint,
                        const struct pawl_x509 *leaf)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    if (endpoint->pin.len == 0) {
        return true;
    }
    return endpoint->pin.len == sizeof digest &&
           pawl_sha256(leaf->spki, digest) == PAWL_OK &&
           pawl_equal_ct(endpoint->pin.data, digest, sizeof digest);
}

static enum pawl_status judge_leaf(const struct session *session,
                                   struct pawl_bytes der, const char **rule)
{
    const struct pawl_endpoint *endpoint = session->config.endpoint;
    struct pawl_x509 leaf;
    enum pawl_status status = pawl_x509_parse(&leaf, der, rule);

    if (status != PAWL_OK) {
        return status;
    }
    if (!pawl_x509_has_name(&leaf, pawl_session_server_name(endpoint))) {
        *rule = "the certificate is not for the server's name";
        return PAWL_ERR_NAME;
    }
    if (!pin_matches(endpoint, &leaf)) {
        *rule = "the key is not the one that is pinned";
        return PAWL_ERR_UNTRUSTED;
    }
    return PAWL_OK;
}

/* The anchors of the session's roles; those that may tell the time are the
 * first *timely of them. */
static size_t gather(const struct session *session, struct pawl_bytes *anchors,
                     size_t *timely)
{
    const struct pawl_trust *trust = session->config.trust;
    uint32_t roles = pawl_session_roles(&session->config);
    struct pawl_bytes all[PAWL_TRUST_ANCHOR_MAX];
    size_t count = pawl_trust_anchors(trust, roles, all);
    size_t front = 0, back = count;

    for (size_t i = 0, at = 0; i < trust->anchor_count && at < count; i++) {
        if ((trust->anchors[i].roles & roles) != 0) {
            bool time = (trust->anchors[i].roles & PAWL_ROLE_TIME) != 0;
            anchors[time ? front++ : --back] = all[at++];
        }
    }
    *timely = front;
    return count;
}

/* The earliest end of the first count certificates that the server sent: of
 * those that were judged. What it sent behind them, its root for example, says
 * nothing. */
static int64_t earliest_end(const struct pawl_bytes *chain, size_t count)
{
    int64_t end_s = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        struct pawl_x509 cert;
        const char *rule = "";

        if (pawl_x509_parse(&cert, chain[i], &rule) != PAWL_OK) {
            return 0;
        }
        end_s = cert.not_after < end_s ? cert.not_after : end_s;
    }
    return end_s;
}

/*
 * Judges the whole chain by pawl's rules. Anchors that may tell the time are
 * tried first, so that it is known whether one of them vouches for the server.
 */
static enum pawl_status judge(struct session *session,
                              const struct pawl_bytes *chain, size_t count,
                              size_t *bad, const char **rule)
{
    struct pawl_bytes anchors[PAWL_TRUST_ANCHOR_MAX];
    size_t timely = 0;
    size_t anchor_count = gather(session, anchors, &timely);
    struct pawl_x509_time time = pawl_session_time(&session->config);
    enum pawl_status status = PAWL_ERR_UNTRUSTED;

    if (timely > 0) {
        status =
            pawl_x509_verify_chain(chain, count, anchors, timely,
                                   PAWL_X509_SERVER_AUTH, &time, bad, rule);
        session->info.time_until_s =
            status == PAWL_OK ? earliest_end(chain, *bad + 1) : 0;
    }
    if (status == PAWL_ERR_UNTRUSTED) {
        status =
            pawl_x509_verify_chain(chain, count, anchors, anchor_count,
                                   PAWL_X509_SERVER_AUTH, &time, bad, rule);
    }
    if (status == PAWL_OK) {
        session->chain_until_s = session->info.time_until_s != 0
                                     ? session->info.time_until_s
                                     : earliest_end(chain, *bad + 1);
        *bad = 0;
        status = judge_leaf(session, chain[0], rule);
    }
    /* What is no certificate of version 3 is a bad one, as what breaks a
     * rule is. */
    return status == PAWL_ERR_MALFORMED ? PAWL_ERR_CERTIFICATE : status;
}

static enum pawl_status judge_store(struct session *session,
                                    const WOLFSSL_X509_STORE_CTX *store,
                                    size_t *bad, const char **rule)
{
    struct pawl_bytes chain[SESSION_CHAIN_MAX];
    size_t count = store->totalCerts > 0 ? (size_t)store->totalCerts : 0;

    if (count == 0) {
        *rule = "the server sent no certificate";
        return PAWL_ERR_CERTIFICATE;
    }
    if (count > PAWL_ARRAY_LEN(chain)) {
        *bad = PAWL_ARRAY_LEN(chain);
        *rule = "the chain has more than four certificates";
        return PAWL_ERR_CERTIFICATE;
    }
    for (size_t i = 0; i < count; i++) {
        chain[i] =
            (struct pawl_bytes){store->certs[i].buffer, store->certs[i].length};
    }
    if (session->config.on_chain != NULL) {
        session->config.on_chain(session->config.on_chain_ctx, chain, count);
    }
    return judge(session, chain, count, bad, rule);
}

/* What wolfSSL's refusal means where pawl's rules have nothing against it. */
static enum pawl_status status_of_refusal(int code)
{
    switch (code) {
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E:
    case ASN_SIG_CONFIRM_E:
        return PAWL_ERR_UNTRUSTED;
    case ASN_AFTER_DATE_E:
    case ASN_BEFORE_DATE_E:
        return PAWL_ERR_EXPIRED;
    default:
        return PAWL_ERR_CERTIFICATE;
    }
}

int pawl_session_verify(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    struct session *session = store->userCtx;
    size_t bad = 0;
    const char *rule = "";
    enum pawl_status status = PAWL_ERR_FAULT;

    if (preverify != 1 && store->error == MEMORY_E) {
        return 0; /* says nothing about the certificate */
    }
    status = judge_store(session, store, &bad, &rule);
    if (status == PAWL_OK && preverify != 1) {
        status = status_of_refusal(store->error);
        bad = store->error_depth > 0 ? (size_t)store->error_depth : 0;
        rule = "wolfSSL refused a certificate";
    }
    if (preverify != 1) {
        session->failure.tls_code = store->error;
    }
    session->judged = true;
    session->verdict = status;
    session->rule = status == PAWL_OK ? "" : rule;
    session->bad_certificate = status == PAWL_OK ? -1 : (int)bad;
    return status == PAWL_OK ? 1 : 0;
}

/* The first of the certificates that lie one behind the other in chain. Only
 * its length is read here. */
static struct pawl_bytes first_certificate(struct pawl_bytes chain)
{
    const uint8_t *der = chain.data;
    size_t len = 0;

    /* A certificate is longer than 255 bytes: 30 82 and two bytes of length
     * (X.690, 8.1.3.5). */
    if (chain.len < 4 || der[0] != 0x30 || der[1] != 0x82) {
        return PAWL_NO_BYTES;
    }
    len = 4 + (size_t)pawl_get_u16(der + 2);
    return len <= chain.len ? (struct pawl_bytes){der, len} : PAWL_NO_BYTES;
}

enum pawl_status pawl_session_check_own(struct session *session,
                                        const char **rule)
{
    const struct pawl_session_config *config = &session->config;
    struct pawl_x509_time time = pawl_session_time(config);
    int64_t now_s = time.known ? time.now_s : time.floor_s;
    struct pawl_x509 leaf;
    enum pawl_status status = pawl_x509_parse(
        &leaf, first_certificate(config->credential->chain), rule);

    if (status != PAWL_OK) {
        return PAWL_ERR_KEYSTORE;
    }
    if (leaf.point.len != PAWL_P256_POINT_SIZE ||
        memcmp(leaf.point.data, session->key.point, leaf.point.len) != 0) {
        *rule = "our key is not that of our certificate";
        return PAWL_ERR_KEYSTORE;
    }
    /* An expired LDevID must not block its own renewal (P12). */
    if (config->endpoint->use != PAWL_USE_ENROLL && leaf.not_after < now_s) {
        *rule = "our own certificate has expired";
        return PAWL_ERR_EXPIRED;
    }
    session->own_until_s = leaf.not_after;
    return PAWL_OK;
}
