/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Setting wolfSSL up for the profile of RFC 7925 and RFC 9325. Whatever it
 * answers to a setting is checked: a setting that did not take effect would
 * be a weaker session in silence.
 */
#include <string.h>
#include <wolfssl/error-ssl.h>

#include "base/base.h"
#include "session/session_internal.h"

/* IANA numbers, in the order in which they are offered. Names differ between
 * builds of wolfSSL, numbers do not. */
static const uint8_t suites[] = {
    0x13, 0x01, /* TLS_AES_128_GCM_SHA256 */
    0x13, 0x04, /* TLS_AES_128_CCM_SHA256 */
    0x13, 0x05, /* TLS_AES_128_CCM_8_SHA256 */
    0xC0, 0x2B, /* TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 */
    0xC0, 0xAC, /* TLS_ECDHE_ECDSA_WITH_AES_128_CCM */
    0xC0, 0xAE, /* TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 */
};

/* The first so many bytes of them are for TLS 1.3. */
#define SUITES_13_SIZE 6

/* CCM_8 only in DTLS 1.2: in DTLS 1.3 forgeries must be limited so tightly
 * that it is of no use (RFC 9147, 4.5.3). */
static const uint8_t datagram_suites[] = {0x13, 0x01, 0x13, 0x04, 0xC0,
                                          0x2B, 0xC0, 0xAC, 0xC0, 0xAE};
#define DATAGRAM_SUITES_13_SIZE 4

/* The arena that serves this session; NULL where wolfSSL brings an allocator
 * of its own (the distribution's package). */
static struct pawl_arena *arena_of(struct session *session)
{
#ifdef XMALLOC_OVERRIDE
    return session->config.memory != NULL ? &session->arena
                                          : pawl_arena_global();
#else
    (void)session;
    return NULL;
#endif
}

/* Whether wolfSSL's answer to a setting was yes; if not, *rule says to what. */
static bool took(int answer, const char *setting, const char **rule)
{
    if (answer != WOLFSSL_SUCCESS) {
        *rule = setting;
    }
    return answer == WOLFSSL_SUCCESS;
}

bool pawl_session_allows_tls12(const struct session *session)
{
#ifdef WOLFSSL_NO_TLS12
    (void)session;
    return false;
#else
    return session->config.endpoint->tls12;
#endif
}

static enum pawl_status make_context(struct session *session)
{
    void *heap = arena_of(session);
    WOLFSSL_METHOD *method = NULL;

    if (pawl_session_is_datagram(session)) {
        enum pawl_status status = pawl_dtls_method(session, heap, &method);

        if (status != PAWL_OK) {
            return status;
        }
    } else {
        method = pawl_session_allows_tls12(session)
                     ? wolfSSLv23_client_method_ex(heap)
                     : wolfTLSv1_3_client_method_ex(heap);
    }
    session->ctx = method == NULL ? NULL : wolfSSL_CTX_new_ex(method, heap);
    if (session->ctx == NULL) {
        return PAWL_ERR_NO_MEMORY;
    }
#ifndef NO_SESSION_CACHE
    /* No secret stays behind: pawl's tickets are the only ones. */
    (void)wolfSSL_CTX_set_session_cache_mode(session->ctx,
                                             WOLFSSL_SESS_CACHE_OFF);
#endif
    return PAWL_OK;
}

static int set_suites(struct session *session, bool tls12)
{
    if (pawl_session_is_datagram(session)) {
        return wolfSSL_CTX_set_cipher_list_bytes(
            session->ctx, datagram_suites,
            tls12 ? (int)sizeof datagram_suites : DATAGRAM_SUITES_13_SIZE);
    }
    return wolfSSL_CTX_set_cipher_list_bytes(
        session->ctx, suites, tls12 ? (int)sizeof suites : SUITES_13_SIZE);
}

/* wolfSSL's number of the oldest version that is allowed. */
static int oldest_version(const struct session *session, bool tls12)
{
    if (pawl_session_is_datagram(session)) {
        return tls12 ? WOLFSSL_DTLSV1_2 : SESSION_DTLSV1_3;
    }
    return tls12 ? WOLFSSL_TLSV1_2 : WOLFSSL_TLSV1_3;
}

static bool set_versions(struct session *session, const char **rule)
{
    bool tls12 = pawl_session_allows_tls12(session);

    if (!took(wolfSSL_CTX_SetMinVersion(session->ctx,
                                        oldest_version(session, tls12)),
              "versions", rule) ||
        !took(set_suites(session, tls12), "suites", rule)) {
        return false;
    }
#if defined(HAVE_SESSION_TICKET) && LIBWOLFSSL_VERSION_HEX >= 0x05007000
    /* No resumption without a new key exchange (P7). In TLS 1.2 no ticket is
     * asked for. With older versions nothing resumes: session_ticket.c. */
    return !pawl_session_can_13(session) ||
           wolfSSL_CTX_only_dhe_psk(session->ctx) == 0;
#else
    return true;
#endif
}

static bool set_anchors(struct session *session, const char **rule)
{
    struct pawl_bytes anchors[PAWL_TRUST_ANCHOR_MAX];
    size_t count = pawl_trust_anchors(
        session->config.trust, pawl_session_roles(&session->config), anchors);

    for (size_t i = 0; i < count; i++) {
        /* Dates are judged by pawl; one expired anchor must not disable the
         * others. */
        if (!took(wolfSSL_CTX_load_verify_buffer_ex(
                      session->ctx, anchors[i].data, (long)anchors[i].len,
                      WOLFSSL_FILETYPE_ASN1, 0,
                      WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY),
                  "an anchor of trust is no CA certificate", rule)) {
            return false;
        }
    }
    wolfSSL_CTX_set_verify(
        session->ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        pawl_session_verify);
    return true;
}

/*
 * The private key is named, not given: its operations go to the router of
 * the key store by device id, and there is nothing that software could sign
 * with.
 */
static bool set_key(struct session *session, const char **rule)
{
    const struct pawl_store_key *key = &session->key;

#ifdef WOLF_PRIVATE_KEY_ID
    static const uint8_t id[] = {'p', 'a', 'w', 'l'};

    return took(wolfSSL_CTX_SetDevId(session->ctx, key->device_id), "device",
                rule) &&
           took(wolfSSL_CTX_use_PrivateKey_Id(session->ctx, id, sizeof id,
                                              key->device_id),
                "key", rule);
#else
    uint8_t spki[PAWL_P256_SPKI_SIZE];

    pawl_p256_spki(key->point, spki);
    return took(wolfSSL_CTX_SetDevId(session->ctx, key->device_id), "device",
                rule) &&
           took(wolfSSL_CTX_use_PrivateKey_buffer(
                    session->ctx, spki, sizeof spki, WOLFSSL_FILETYPE_ASN1),
                "key", rule);
#endif
}

static bool set_credential(struct session *session, const char **rule)
{
    struct pawl_bytes chain = session->config.credential->chain;

    return took(wolfSSL_CTX_use_certificate_chain_buffer_format(
                    session->ctx, chain.data, (long)chain.len,
                    WOLFSSL_FILETYPE_ASN1),
                "our own certificate chain", rule) &&
           set_key(session, rule);
}

/* Whether name is an address, which is never sent as a server name (RFC 6066,
 * 3): it has a colon, or its last label is a number. */
static bool is_address(const char *name)
{
    const char *last = strrchr(name, '.');

    last = last == NULL ? name : last + 1;
    return strchr(name, ':') != NULL ||
           (last[0] != '\0' && strspn(last, "0123456789") == strlen(last));
}

static bool set_names(struct session *session, const char **rule)
{
    const struct pawl_endpoint *endpoint = session->config.endpoint;
    const char *name = pawl_session_server_name(endpoint);

    if (!is_address(name) &&
        !took(wolfSSL_UseSNI(session->ssl, WOLFSSL_SNI_HOST_NAME, name,
                             (unsigned short)strlen(name)),
              "server name", rule)) {
        return false;
    }
    if (endpoint->alpn == NULL) {
        return true;
    }
    /* A server that knows no ALPN answers nothing, and may be a good one;
     * another protocol than ours is refused. */
    char list[32];

    return pawl_text_copy(list, sizeof list, endpoint->alpn) &&
           took(wolfSSL_UseALPN(session->ssl, list, (unsigned)strlen(list),
                                WOLFSSL_ALPN_FAILED_ON_MISMATCH),
                "protocol (ALPN)", rule);
}

/* Where it is wanted, before the others, and with a share of its own. */
static bool set_hybrid(struct session *session, const char **rule)
{
    if (!session->config.endpoint->hybrid) {
        return true;
    }
#ifdef WOLFSSL_HAVE_MLKEM
    if (!pawl_session_is_datagram(session)) {
        return took(wolfSSL_UseSupportedCurve(session->ssl,
                                              WOLFSSL_X25519MLKEM768),
                    "hybrid group", rule) &&
               took(wolfSSL_UseKeyShare(session->ssl, WOLFSSL_X25519MLKEM768),
                    "hybrid key share", rule);
    }
#endif
    *rule = "hybrid group";
    return false;
}

static bool set_groups(struct session *session, const char **rule)
{
    if (!set_hybrid(session, rule)) {
        return false;
    }
    if (!took(wolfSSL_UseSupportedCurve(session->ssl, WOLFSSL_ECC_SECP256R1),
              "groups", rule)) {
        return false;
    }
#ifdef HAVE_CURVE25519
    if (!took(wolfSSL_UseSupportedCurve(session->ssl, WOLFSSL_ECC_X25519),
              "groups", rule)) {
        return false;
    }
#endif
    return took(wolfSSL_UseKeyShare(session->ssl, WOLFSSL_ECC_SECP256R1),
                "key share", rule);
}

#ifdef HAVE_SESSION_TICKET
/* In TLS 1.3 a ticket comes after the server has taken our certificate: it
 * was asked for one, and answered. */
static int on_ticket(WOLFSSL *ssl, const unsigned char *ticket, int len,
                     void *ctx)
{
    struct session *session = ctx;

    (void)ssl;
    (void)ticket;
    session->ticket_arrived = len > 0;
    return 0;
}
#endif

static bool set_connection(struct session *session, const char **rule)
{
    wolfSSL_SSLSetIORecv(session->ssl, pawl_session_io_receive);
    wolfSSL_SSLSetIOSend(session->ssl, pawl_session_io_send);
    wolfSSL_SetIOReadCtx(session->ssl, session);
    wolfSSL_SetIOWriteCtx(session->ssl, session);
    wolfSSL_SetCertCbCtx(session->ssl, session);
#ifdef HAVE_SESSION_TICKET
    wolfSSL_set_SessionTicket_cb(session->ssl, on_ticket, session);
#endif
#ifdef HAVE_MAX_FRAGMENT
    /* wolfSSL's input buffer grows to the peer's records, 16 KiB otherwise. */
    return took(wolfSSL_UseMaxFragment(session->ssl, WOLFSSL_MFL_2_11),
                "fragment length", rule);
#else
    (void)rule;
    return true;
#endif
}

bool pawl_session_memory_failed(struct session *session)
{
    const struct pawl_arena *arena = arena_of(session);

    return arena != NULL && arena->refused > session->refused_before;
}

/* wolfSSL said no to what *rule names: for want of memory, or for the reason
 * that status tells. */
static enum pawl_status refusal(struct session *session,
                                enum pawl_status status, const char **rule)
{
    if (pawl_session_memory_failed(session)) {
        *rule = "";
        return PAWL_ERR_NO_MEMORY;
    }
    return status;
}

enum pawl_status pawl_session_tls_open(struct session *session,
                                       const char **rule)
{
    const struct pawl_arena *arena = arena_of(session);
    enum pawl_status status = PAWL_ERR_FAULT;

    *rule = "";
    session->refused_before = arena != NULL ? arena->refused : 0;
    status = make_context(session);
    if (status != PAWL_OK) {
        *rule = status == PAWL_ERR_UNSUPPORTED ? "versions" : "";
        return status;
    }
    if (!set_versions(session, rule)) {
        return refusal(session, PAWL_ERR_UNSUPPORTED, rule);
    }
    if (!set_anchors(session, rule) || !set_credential(session, rule)) {
        return refusal(session, PAWL_ERR_CERTIFICATE, rule);
    }
    session->ssl = wolfSSL_new(session->ctx);
    if (session->ssl == NULL) {
        return PAWL_ERR_NO_MEMORY;
    }
    if (!set_connection(session, rule) || !set_groups(session, rule) ||
        !set_names(session, rule) ||
        (pawl_session_is_datagram(session) && !pawl_dtls_set(session, rule))) {
        return refusal(session, PAWL_ERR_UNSUPPORTED, rule);
    }
    if (session->config.ticket != NULL && pawl_session_can_13(session)) {
        session->config.resumption->offer(session);
    }
    return PAWL_OK;
}

void pawl_session_tls_close(struct session *session)
{
    if (session->ssl != NULL) {
        wolfSSL_free(session->ssl);
        session->ssl = NULL;
    }
    if (session->ctx != NULL) {
        wolfSSL_CTX_free(session->ctx);
        session->ctx = NULL;
    }
}
