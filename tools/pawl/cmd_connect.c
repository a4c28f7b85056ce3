/* SPDX-License-Identifier: Apache-2.0 */

/* pawl connect: a session of a device, tried from a desk. What runs is the
 * library's own session over the posix port, with the identity and the trust
 * of the device's directory, which is only read. */

#include "cmd_connect.h"
#include "trust/trust_internal.h"
#include <pawl/identity.h>
#include <pawl/pawl.h>
#include <posix.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S 10 /* by default */
#define TIMEOUT_MAX_S 600
/* How long a server may say nothing before it counts as one that says
 * nothing: its verdict needs a round trip and a look at our certificate. */
#define SILENCE_MS 1000u

static const char *const word_names[] = {"HOST:PORT"};

struct options {
    const char *target, *dir, *anchor, *server_name, *alpn, *timeout;
    size_t dtls, tls12, resume, json;
};

/* What lives as long as the command. */
static struct pawl_posix_device device;
static struct pawl_identity identity;
static struct pawl_trust trust;
static struct pawl_session session;
static uint8_t own_chain[PAWL_CHAIN_MAX];

/* ---- the command line ---- */

/* HOST:PORT, or [ADDRESS]:PORT for one of IPv6. */
static bool split_target(const char *target, struct connection *connection)
{
    const char *colon = strrchr(target, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - target);
    char *end = NULL;

    if (len >= 2 && target[0] == '[' && target[len - 1] == ']') {
        target++;
        len -= 2;
    } else if (len > 0 && memchr(target, ':', len) != NULL) {
        return false;
    }
    if (len == 0 || len >= sizeof connection->host || colon[1] < '0' ||
        colon[1] > '9') {
        return false;
    }
    unsigned long port = strtoul(colon + 1, &end, 10);
    memcpy(connection->host, target, len);
    connection->endpoint.host = connection->host;
    connection->endpoint.port = (uint16_t)port;
    return port >= 1 && port <= 65535 && *end == '\0';
}

static int read_seconds(const char *text, uint32_t *ms)
{
    char *end = NULL;
    unsigned long seconds = text == NULL ? TIMEOUT_S : strtoul(text, &end, 10);

    if ((end != NULL && (end == text || *end != '\0')) || seconds < 1 ||
        seconds > TIMEOUT_MAX_S) {
        return tool_fail(CONNECT_USAGE, "--timeout takes 1 to %d seconds",
                         TIMEOUT_MAX_S);
    }
    *ms = (uint32_t)seconds * 1000;
    return TOOL_OK;
}

static int take_options(int argc, char **argv, struct options *options,
                        struct connection *connection, uint32_t *timeout_ms)
{
    const struct tool_option known[] = {
        {"--device", &options->dir, 1, NULL, true},
        {"--anchor", &options->anchor, 1, NULL, false},
        {"--server-name", &options->server_name, 1, NULL, false},
        {"--alpn", &options->alpn, 1, NULL, false},
        {"--timeout", &options->timeout, 1, NULL, false},
        {"--dtls", NULL, 1, &options->dtls, false},
        {"--tls12", NULL, 1, &options->tls12, false},
        {"--resume", NULL, 1, &options->resume, false},
        {"--json", NULL, 1, &options->json, false},
    };

    if (tool_arguments(argc, argv, known, sizeof known / sizeof known[0],
                       &options->target, word_names, 1) != TOOL_OK) {
        return CONNECT_USAGE;
    }
    if (!split_target(options->target, connection)) {
        return tool_fail(CONNECT_USAGE,
                         "%s is no HOST:PORT, such as mqtt.example.com:8883 "
                         "or [::1]:8883",
                         options->target);
    }
    if (options->alpn != NULL &&
        strlen(options->alpn) >= PAWL_SESSION_ALPN_MAX) {
        return tool_fail(CONNECT_USAGE, "--alpn takes at most %d characters",
                         PAWL_SESSION_ALPN_MAX - 1);
    }
    connection->target = options->target;
    connection->asks_to_resume = options->resume > 0;
    connection->endpoint.server_name = options->server_name;
    connection->endpoint.alpn = options->alpn;
    connection->endpoint.tls12 = options->tls12 > 0;
    if (options->dtls > 0) {
        connection->endpoint.transport = PAWL_DATAGRAM;
        connection->endpoint.connection_id = PAWL_CID_OFFERED;
    }
    return read_seconds(options->timeout, timeout_ms);
}

/* ---- who we are, and whom we believe ---- */

/* What the device would use this server for, by its own list: the role of the
 * anchors depends on it. */
static enum pawl_use use_of(const struct connection *connection)
{
    static const struct {
        const char *name;
        enum pawl_use use;
    } uses[] = {{"enroll", PAWL_USE_ENROLL}, {"download", PAWL_USE_DOWNLOAD}};

    for (size_t i = 0; i < device.config.endpoint_count; i++) {
        const struct pawl_posix_endpoint *known = &device.config.endpoints[i];

        if (known->port != connection->endpoint.port ||
            strcmp(known->host, connection->host) != 0) {
            continue;
        }
        for (size_t n = 0; n < sizeof uses / sizeof uses[0]; n++) {
            if (strcmp(known->use, uses[n].name) == 0) {
                return uses[n].use;
            }
        }
    }
    return PAWL_USE_OTHER;
}

/* The name that the device's own list has for this server; NULL: it is not on
 * it, and the host's counts. */
static const char *listed_name(const struct connection *connection)
{
    for (size_t i = 0; i < device.config.endpoint_count; i++) {
        const struct pawl_posix_endpoint *known = &device.config.endpoints[i];

        if (known->port == connection->endpoint.port &&
            strcmp(known->host, connection->host) == 0) {
            return known->server_name;
        }
    }
    return NULL;
}

/* The LDevID, or the IDevID of a device that has none yet. */
static int get_credential(struct pawl_credential *credential, const char **name)
{
    size_t len = sizeof own_chain;
    enum pawl_status status = pawl_identity_get(&identity, PAWL_IDENTITY_LDEVID,
                                                credential, own_chain, &len);

    *name = "ldevid";
    if (status == PAWL_ERR_NOT_FOUND) {
        *name = "idevid";
        len = sizeof own_chain;
        status = pawl_identity_get(&identity, PAWL_IDENTITY_IDEVID, credential,
                                   own_chain, &len);
    }
    if (status == PAWL_ERR_NOT_FOUND) {
        return tool_fail(CONNECT_USAGE,
                         "the device has no certificate yet: enroll it, or "
                         "see pawl device install-cert --help");
    }
    return status == PAWL_OK
               ? TOOL_OK
               : tool_fail(CONNECT_BY_US, "the device's identity: %s (%s)",
                           pawl_status_text(status), pawl_status_name(status));
}

/* Trusts the certificates of a file instead of the device's anchors, for any
 * use: whoever runs the tool says so. */
static int trust_file(const char *path, struct tool_file *der)
{
    size_t at = 0;

    if (tool_certificates(path, der) != TOOL_OK) {
        return CONNECT_USAGE;
    }
    memset(&trust, 0, sizeof trust);
    while (at + 4 <= der->len && trust.anchor_count < PAWL_TRUST_ANCHOR_MAX) {
        struct pawl_trust_anchor *anchor = &trust.anchors[trust.anchor_count++];
        /* OpenSSL wrote it: 30 82 and its length. */
        size_t len = 4 + ((size_t)der->data[at + 2] << 8 | der->data[at + 3]);

        anchor->roles =
            PAWL_ROLE_ENROLL | PAWL_ROLE_SERVER | PAWL_ROLE_DOWNLOAD;
        anchor->certificate = (struct pawl_bytes){der->data + at, len};
        at += len;
    }
    if (at != der->len) {
        return tool_fail(CONNECT_USAGE, "%s: at most %d certificates", path,
                         PAWL_TRUST_ANCHOR_MAX);
    }
    trust.authentic = PAWL_TRUST_AUTHENTIC;
    return TOOL_OK;
}

static int trust_device(const char *dir)
{
    enum pawl_status status = pawl_trust_open(&trust, device.port.store);

    return status == PAWL_OK
               ? TOOL_OK
               : tool_fail(CONNECT_USAGE, "%s: no trust document: %s (%s)", dir,
                           pawl_status_text(status), pawl_status_name(status));
}

/* ---- the session ---- */

/* Keeps a copy of what the server has sent. */
static void keep_chain(void *ctx, const struct pawl_bytes *chain, size_t count)
{
    struct connection *connection = ctx;

    for (size_t i = connection->chain_count; i < count && i < CONNECT_CHAIN_MAX;
         i++) {
        struct tool_file *copy = &connection->chain[i];

        copy->data = malloc(chain[i].len);
        if (copy->data == NULL) {
            return;
        }
        memcpy(copy->data, chain[i].data, chain[i].len);
        copy->len = chain[i].len;
        connection->chain_count = i + 1;
    }
}

static uint64_t now_ms(void)
{
    return device.clock.clock.monotonic_ms(device.clock.clock.ctx);
}

/* Sleeps for what the session waits for, not beyond until_ms. */
static void sleep_for(struct pawl_wait wait, uint64_t until_ms)
{
    if ((wait.events & PAWL_WAIT_DEADLINE) == 0 ||
        wait.deadline_ms > until_ms) {
        wait.events |= PAWL_WAIT_DEADLINE;
        wait.deadline_ms = until_ms;
    }
    pawl_posix_sleep(&device, &wait);
}

static enum pawl_status shake(uint64_t give_up_ms)
{
    struct pawl_wait wait = {0};
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING) {
        status = pawl_session_step(&session, &wait);
        if (status == PAWL_PENDING) {
            sleep_for(wait, give_up_ms);
        }
    }
    return status;
}

/* Reads until the server has shown that it took our certificate, or has said
 * nothing for a while. */
static enum pawl_status listen_to(uint64_t give_up_ms)
{
    uint64_t handshake_ms = pawl_session_info(&session).handshake_ms;
    uint64_t patience = 2 * handshake_ms + SILENCE_MS;
    uint64_t until_ms = now_ms() + patience;
    char buf[512];
    struct pawl_wait wait = {0};

    if (until_ms > give_up_ms) {
        until_ms = give_up_ms;
    }
    while (pawl_session_stage(&session) == PAWL_SESSION_ESTABLISHED &&
           now_ms() < until_ms) {
        size_t received = 0;
        enum pawl_status status =
            pawl_session_receive(&session, buf, sizeof buf, &received, &wait);

        if (status != PAWL_PENDING && status != PAWL_OK) {
            return status;
        }
        if (status == PAWL_PENDING &&
            pawl_session_stage(&session) == PAWL_SESSION_ESTABLISHED) {
            sleep_for(wait, until_ms);
        }
    }
    return PAWL_OK;
}

/* One session, as far as it comes. */
static void run_once(struct connection *connection,
                     const struct pawl_session_config *config)
{
    uint64_t give_up_ms = now_ms() + config->handshake_timeout_ms;

    connection->status = pawl_session_open(&session, config);
    if (connection->status == PAWL_ERR_UNSUPPORTED &&
        connection->endpoint.connection_id == PAWL_CID_OFFERED) {
        /* A wolfSSL without connection IDs; they are no must. */
        connection->endpoint.connection_id = PAWL_CID_NONE;
        connection->status = pawl_session_open(&session, config);
    }
    if (connection->status == PAWL_OK) {
        connection->status = shake(give_up_ms);
    }
    if (connection->status == PAWL_OK) {
        const char *group = pawl_session_group(&session);
        size_t len = strlen(group);

        pawl_session_alpn(&session, connection->alpn);
        memset(connection->group, 0, sizeof connection->group);
        memcpy(connection->group, group,
               len < sizeof connection->group ? len : 0);
        connection->status = listen_to(give_up_ms);
    }
}

/* The session; and with --resume a second one from the ticket of the first,
 * which lies in this process alone. */
static void run(struct connection *connection,
                const struct pawl_credential *credential, uint32_t timeout_ms)
{
    static struct pawl_ticket ticket;
    const struct pawl_session_config config = {
        .port = &device.port,
        .endpoint = &connection->endpoint,
        .credential = credential,
        .trust = &trust,
        .time_floor_s = pawl_identity_time_floor(&identity),
        .handshake_timeout_ms = timeout_ms,
        .ticket = connection->asks_to_resume ? &ticket : NULL,
        .resumption = connection->asks_to_resume ? &pawl_resumption : NULL,
        .on_chain = keep_chain,
        .on_chain_ctx = connection,
    };

    connection->session = &session;
    run_once(connection, &config);
    if (connection->status == PAWL_OK && connection->asks_to_resume) {
        connection->full = pawl_session_info(&session);
        pawl_session_close(&session);
        run_once(connection, &config);
    }
    pawl_ticket_wipe(&ticket);
}

/* With the device open. */
static int connect_from(const struct options *options,
                        struct connection *connection, uint32_t timeout_ms)
{
    struct pawl_credential credential;
    struct tool_file anchors = {0};
    enum pawl_status status = pawl_identity_open(&identity, &device.port);
    int code =
        status == PAWL_OK || status == PAWL_ERR_LOST
            ? get_credential(&credential, &connection->identity)
            : tool_fail(CONNECT_USAGE, "%s: %s (%s)", options->dir,
                        pawl_status_text(status), pawl_status_name(status));

    if (code == TOOL_OK) {
        code = options->anchor != NULL ? trust_file(options->anchor, &anchors)
                                       : trust_device(options->dir);
    }
    if (code == TOOL_OK) {
        connection->endpoint.use = use_of(connection);
        if (connection->endpoint.server_name == NULL) {
            connection->endpoint.server_name = listed_name(connection);
        }
        run(connection, &credential, timeout_ms);
        code = connect_show(connection, options->json > 0);
        pawl_session_close(&session);
    }
    tool_free(&anchors);
    for (size_t i = 0; i < connection->chain_count; i++) {
        tool_free(&connection->chain[i]);
    }
    return code;
}

int connect_run(int argc, char **argv)
{
    static struct connection connection;
    struct options options = {0};
    char error[PAWL_POSIX_ERROR_MAX];
    uint32_t timeout_ms = 0;
    int code = take_options(argc, argv, &options, &connection, &timeout_ms);

    if (code != TOOL_OK) {
        return code;
    }
    if (pawl_posix_device_open(&device, options.dir, PAWL_POSIX_READ_ONLY,
                               error) != PAWL_OK) {
        return tool_fail(CONNECT_USAGE, "%s", error);
    }
    enum pawl_status status = pawl_init(&device.port);
    code = status == PAWL_OK
               ? connect_from(&options, &connection, timeout_ms)
               : tool_fail(CONNECT_USAGE, "%s: %s (%s)", options.dir,
                           pawl_status_text(status), pawl_status_name(status));
    pawl_finish();
    pawl_posix_device_close(&device);
    return code;
}
