/* SPDX-License-Identifier: Apache-2.0 */

/* What `pawl connect` prints. The server's certificates are read with OpenSSL
 * for it: pawl has judged them already, or was not asked to. */

#include "cmd_connect.h"
#include "describe.h"
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pawl/pawl.h>
#include <stdio.h>
#include <string.h>

/* ---- who has to act ---- */

int connect_exit(const struct connection *connection)
{
    if (connection->status == PAWL_OK) {
        return CONNECT_OK;
    }
    if (pawl_session_failure(connection->session)->client_refused) {
        return CONNECT_BY_PEER;
    }
    switch (connection->status) {
    case PAWL_ERR_REFUSED:
    case PAWL_ERR_BUSY:
        return CONNECT_BY_PEER;
    case PAWL_ERR_UNREACHABLE:
    case PAWL_ERR_TIMEOUT:
    case PAWL_ERR_CLOSED:
    case PAWL_ERR_IO:
        return CONNECT_NETWORK;
    case PAWL_ERR_ARGUMENT:
    case PAWL_ERR_UNSUPPORTED:
        return CONNECT_USAGE;
    default:
        return CONNECT_BY_US;
    }
}

/* What a person can do about it. */
static const char *advice_for(const struct connection *connection)
{
    if (connect_exit(connection) == CONNECT_BY_PEER) {
        return pawl_session_failure(connection->session)->client_refused
                   ? "see in the server's log why it does not take the "
                     "device's certificate"
                   : "compare what the server supports with --help";
    }
    switch (connection->status) {
    case PAWL_ERR_UNREACHABLE:
        return "check the name, the port, and that the server runs";
    case PAWL_ERR_TIMEOUT:
    case PAWL_ERR_CLOSED:
    case PAWL_ERR_IO:
        return "check what is between here and the server";
    case PAWL_ERR_UNTRUSTED:
        return "name its CA in the trust document, or by --anchor";
    case PAWL_ERR_NAME:
        return "correct --server-name, or give the server a certificate with "
               "that name in its SAN";
    case PAWL_ERR_EXPIRED:
        return "renew the certificate, or set the clock";
    case PAWL_ERR_KEYSTORE:
        return "look at the device with pawl device show";
    case PAWL_ERR_POLICY:
        return "correct the server's configuration, or the trust document";
    case PAWL_ERR_PROTOCOL:
        return "check that TLS, or with --dtls DTLS, is spoken on that port";
    case PAWL_ERR_UNSUPPORTED:
        return "build with wolfSSL 5.9.1 or later";
    default:
        return "give the server another certificate";
    }
}

/* ---- the server's chain ---- */

static json_t *text_of(BIO *bio)
{
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    json_t *json = json_stringn(text, len > 0 ? (size_t)len : 0);

    BIO_free(bio);
    return json != NULL ? json : json_null();
}

static json_t *name_json(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());

    (void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
    return text_of(bio);
}

static json_t *date_json(const ASN1_TIME *date)
{
    BIO *bio = BIO_new(BIO_s_mem());

    (void)ASN1_TIME_print_ex(bio, date, ASN1_DTFLGS_ISO8601);
    return text_of(bio);
}

static json_t *names_json(const X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);

    if (at >= 0) {
        (void)X509V3_EXT_print(bio, X509_get_ext(certificate, at), 0, 0);
    }
    return text_of(bio);
}

/* SHA-256 of the SubjectPublicKeyInfo: what an endpoint may pin. */
static json_t *pin_json(const X509 *certificate)
{
    unsigned char *spki = NULL, digest[32];
    char hex[2 * sizeof digest + 1] = "";
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);

    if (len > 0 &&
        EVP_Digest(spki, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1) {
        tool_hex(hex, (struct pawl_bytes){digest, sizeof digest});
    }
    OPENSSL_free(spki);
    return json_string(hex);
}

static json_t *certificate_json(const struct tool_file *file)
{
    const unsigned char *at = file->data;
    X509 *certificate = d2i_X509(NULL, &at, (long)file->len);
    json_t *json;

    if (certificate == NULL) {
        return json_pack("{s:s}", "subject", "cannot be read");
    }
    json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "subject",
                     name_json(X509_get_subject_name(certificate)), "issuer",
                     name_json(X509_get_issuer_name(certificate)), "names",
                     names_json(certificate), "not_before",
                     date_json(X509_get0_notBefore(certificate)), "not_after",
                     date_json(X509_get0_notAfter(certificate)), "pin",
                     pin_json(certificate));
    X509_free(certificate);
    return json;
}

static json_t *chain_json(const struct connection *connection)
{
    json_t *list = json_array();

    for (size_t i = 0; i < connection->chain_count; i++) {
        (void)json_array_append_new(list,
                                    certificate_json(&connection->chain[i]));
    }
    return list;
}

/* ---- what was negotiated ---- */

static const char *version_name(uint16_t version)
{
    switch (version) {
    case 0x0304:
        return "TLS 1.3";
    case 0x0303:
        return "TLS 1.2";
    case 0xFEFC:
        return "DTLS 1.3";
    case 0xFEFD:
        return "DTLS 1.2";
    default:
        return "";
    }
}

/* The suites of the profile (IANA's names). */
static const char *suite_name(uint16_t suite)
{
    static const struct {
        uint16_t number;
        const char *name;
    } suites[] = {
        {0x1301, "TLS_AES_128_GCM_SHA256"},
        {0x1304, "TLS_AES_128_CCM_SHA256"},
        {0x1305, "TLS_AES_128_CCM_8_SHA256"},
        {0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
        {0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
        {0xC0AE, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"},
    };

    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (suites[i].number == suite) {
            return suites[i].name;
        }
    }
    return "";
}

static const char *stage_name(enum pawl_session_stage stage)
{
    static const char *const names[] = {
        "closed",    "connecting", "handshake", "established",
        "confirmed", "accepted",   "failed"};

    return names[stage];
}

/* NULL for an empty text. */
static json_t *text_or_none(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static void add_negotiated(json_t *json, const struct connection *connection)
{
    struct pawl_session_info info = pawl_session_info(connection->session);

    (void)json_object_update_new(
        json,
        json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:o}", "version",
                  text_or_none(version_name(info.version)), "suite",
                  text_or_none(suite_name(info.suite)), "group",
                  text_or_none(connection->group), "alpn",
                  text_or_none(connection->alpn), "resumed", info.resumed,
                  "cid", info.connection_id, "chain", chain_json(connection)));
    (void)json_object_update_new(
        json, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "round_trips",
                        (json_int_t)info.round_trips, "timeouts",
                        (json_int_t)info.timeouts, "bytes_in",
                        (json_int_t)info.bytes_in, "bytes_out",
                        (json_int_t)info.bytes_out, "handshake_ms",
                        (json_int_t)info.handshake_ms, "signatures",
                        (json_int_t)info.key_store_signatures, "memory_peak",
                        (json_int_t)pawl_arena_peak()));
}

/* ---- what failed ---- */

static json_t *failure_json(const struct pawl_session_failure *failure)
{
    if (failure->status == PAWL_OK) {
        return json_null();
    }
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:i, s:i}", "status",
        pawl_status_name(failure->status), "stage", stage_name(failure->stage),
        "alert_received",
        failure->alert_received < 0
            ? json_null()
            : json_string(pawl_session_alert_name(failure->alert_received)),
        "alert_sent",
        failure->alert_sent < 0
            ? json_null()
            : json_string(pawl_session_alert_name(failure->alert_sent)),
        "certificate",
        failure->certificate < 0 ? json_null()
                                 : json_integer(failure->certificate),
        "rule", text_or_none(failure->rule), "client_refused",
        failure->client_refused, "tls_code", failure->tls_code, "port_code",
        (int)failure->port_code);
}

static const char *result_of(const struct connection *connection)
{
    static const char *const results[] = {
        "", "refused by us", "refused by the server", "network", "usage"};
    int code = connect_exit(connection);

    if (code != CONNECT_OK) {
        return results[code];
    }
    return pawl_session_stage(connection->session) >= PAWL_SESSION_CONFIRMED
               ? "confirmed"
               : "established, the server says nothing";
}

/* One line: where, what, the alert if there was one, and what to do. */
static int complain(const struct connection *connection)
{
    const struct pawl_session_failure *failure =
        pawl_session_failure(connection->session);
    char alert[80] = "";

    if (failure->alert_received >= 0) {
        (void)snprintf(alert, sizeof alert, ", alert %s received",
                       pawl_session_alert_name(failure->alert_received));
    } else if (failure->alert_sent >= 0) {
        (void)snprintf(alert, sizeof alert, ", alert %s sent",
                       pawl_session_alert_name(failure->alert_sent));
    }
    return tool_fail(connect_exit(connection), "%s: %s%s%s (%s)%s: %s",
                     connection->target, pawl_status_text(failure->status),
                     failure->rule[0] != '\0' ? ": " : "", failure->rule,
                     stage_name(failure->stage), alert, advice_for(connection));
}

/* What the full handshake had cost, that the resumed one is compared with. */
static json_t *full_json(const struct connection *connection)
{
    const struct pawl_session_info *full = &connection->full;

    if (full->version == 0) {
        return json_null();
    }
    return json_pack("{s:I, s:I, s:I, s:I}", "round_trips",
                     (json_int_t)full->round_trips, "bytes_in",
                     (json_int_t)full->bytes_in, "bytes_out",
                     (json_int_t)full->bytes_out, "handshake_ms",
                     (json_int_t)full->handshake_ms);
}

int connect_show(const struct connection *connection, bool as_json)
{
    const char *name = connection->endpoint.server_name;
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "result", result_of(connection),
                  "stage", stage_name(pawl_session_stage(connection->session)),
                  "server", connection->target, "server_name",
                  name != NULL ? name : connection->endpoint.host, "identity",
                  connection->identity);

    add_negotiated(json, connection);
    if (connection->asks_to_resume) {
        (void)json_object_set_new(json, "full", full_json(connection));
    }
    (void)json_object_set_new(
        json, "failure",
        failure_json(pawl_session_failure(connection->session)));
    tool_print(json, as_json);
    json_decref(json);
    return connection->status == PAWL_OK ? CONNECT_OK : complain(connection);
}
