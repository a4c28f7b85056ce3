/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A session of one's own: mutual TLS to a server of the device's list, then
 * whatever protocol runs over it. Here: one line out, the first answer in.
 *
 *     connect DEVICE-DIR USE LINE       USE: enroll, mqtt or download
 *
 * Exit: 0 an answer came; 1 it failed, the reason is printed; 2 wrong command
 * line or device.
 */

#include <pawl/identity.h>
#include <pawl/pawl.h>
#include <pawl/session.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pawl_posix_device board;
static struct pawl_identity identity;
static struct pawl_trust trust;
static struct pawl_session session;
static uint8_t tls_arena[64 * 1024];

/* Who we are: the LDevID, or the IDevID of a device that has none yet. */
static enum pawl_status get_credential(struct pawl_credential *credential)
{
    static uint8_t chain[PAWL_CHAIN_MAX];
    size_t len = sizeof chain;
    enum pawl_status status = pawl_identity_get(&identity, PAWL_IDENTITY_LDEVID,
                                                credential, chain, &len);

    if (status == PAWL_ERR_NOT_FOUND) {
        len = sizeof chain;
        status = pawl_identity_get(&identity, PAWL_IDENTITY_IDEVID, credential,
                                   chain, &len);
    }
    return status;
}

static void report(const struct pawl_session_failure *failure)
{
    (void)fprintf(
        stderr, "connect: %s%s%s; alert received: %s, sent: %s; wolfSSL %d\n",
        pawl_status_text(failure->status), failure->rule[0] != '\0' ? ": " : "",
        failure->rule, pawl_session_alert_name(failure->alert_received),
        pawl_session_alert_name(failure->alert_sent), failure->tls_code);
}

/* Connects, sends the line, prints what comes first. */
static enum pawl_status talk(const struct pawl_session_config *config,
                             const char *line)
{
    struct pawl_wait wait;
    size_t n = 0, at = 0, received = 0;
    char buf[512];
    enum pawl_status status = pawl_session_open(&session, config);

    while (status == PAWL_OK &&
           (status = pawl_session_step(&session, &wait)) == PAWL_PENDING) {
        pawl_posix_sleep(&board, &wait);
        status = PAWL_OK;
    }
    while (status >= 0 && at < strlen(line)) {
        status = pawl_session_send(&session, line + at, strlen(line + at), &n,
                                   &wait);
        at += status == PAWL_OK ? n : 0;
        if (status == PAWL_PENDING) {
            pawl_posix_sleep(&board, &wait);
        }
    }
    while (status >= 0 && received == 0) {
        status = pawl_session_receive(&session, buf, sizeof buf, &n, &wait);
        if (status == PAWL_OK) {
            received += fwrite(buf, 1, n, stdout);
        } else if (status == PAWL_PENDING) {
            pawl_posix_sleep(&board, &wait);
        }
    }
    return received > 0 ? PAWL_OK : status;
}

static const struct pawl_posix_endpoint *find_endpoint(const char *use)
{
    for (size_t i = 0; i < board.config.endpoint_count; i++) {
        if (strcmp(board.config.endpoints[i].use, use) == 0) {
            return &board.config.endpoints[i];
        }
    }
    return NULL;
}

static enum pawl_status open_all(struct pawl_credential *credential)
{
    enum pawl_status status = pawl_init(&board.port);

    if (status == PAWL_OK) {
        status = pawl_identity_open(&identity, &board.port);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_open(&trust, board.port.store);
    }
    return status == PAWL_OK ? get_credential(credential) : status;
}

int main(int argc, char **argv)
{
    char error[PAWL_POSIX_ERROR_MAX] = "usage: connect DEVICE-DIR USE LINE";
    struct pawl_credential credential;

    if (argc != 4 || pawl_posix_device_open(&board, argv[1], PAWL_POSIX_WRITE,
                                            error) != PAWL_OK) {
        (void)fprintf(stderr, "connect: %s\n", error);
        return 2;
    }
    const struct pawl_posix_endpoint *server = find_endpoint(argv[2]);
    if (server == NULL) {
        (void)fprintf(stderr, "connect: no endpoint for %s\n", argv[2]);
        return 2;
    }
    const struct pawl_endpoint endpoint = {
        .use = PAWL_USE_OTHER,
        .host = server->host,
        .port = server->port,
        .server_name = server->server_name,
    };
    enum pawl_status status = open_all(&credential);
    if (status == PAWL_OK) {
        const struct pawl_session_config config = {
            .port = &board.port,
            .endpoint = &endpoint,
            .credential = &credential,
            .trust = &trust,
            .memory = tls_arena, /* wolfSSL allocates here, nowhere else */
            .memory_size = sizeof tls_arena,
        };
        status = talk(&config, argv[3]);
        if (status != PAWL_OK) {
            report(pawl_session_failure(&session));
        }
        pawl_session_close(&session);
    }
    pawl_posix_device_close(&board);
    return status == PAWL_OK ? 0 : 1;
}
