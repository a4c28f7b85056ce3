/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An MQTT library of the vendor's own over a session. Such libraries want two
 * functions from their transport, with the conventions of coreMQTT's:
 *
 *     receive, send   more than 0: so many bytes were moved, perhaps fewer
 *                     than asked for; 0: none can be now, which is no error;
 *                     less than 0: the connection is of no use any more
 *
 * The adapter is the part between the two rules below; the library's part is
 * played by a few lines that say CONNECT and one PUBLISH.
 *
 *     own_mqtt DEVICE-DIR TOPIC TEXT
 *
 * Exit: 0 published; 1 it failed, the reason is printed; 2 wrong command line
 * or device.
 */

#include <pawl/identity.h>
#include <pawl/pawl.h>
#include <pawl/session.h>
#include <posix.h>
#include <stdio.h>
#include <string.h>

static struct pawl_posix_device board;

/* ------------------------------------------------------------------------ */

/* What the library calls a network context: it hands it back untouched. */
struct network {
    struct pawl_session *session;
    struct pawl_wait wait;    /* what the last 0 waits for */
    enum pawl_status failure; /* behind the last result below 0 */
};

/* A pawl status as the library understands it. */
static int32_t moved(struct network *network, enum pawl_status status,
                     size_t count)
{
    if (status == PAWL_OK) {
        return (int32_t)count;
    }
    if (status == PAWL_PENDING) {
        return 0;
    }
    network->failure = status; /* PAWL_ERR_CLOSED too: nothing more will come */
    return -1;
}

/* A length that the result can tell. */
static size_t limit(size_t len)
{
    return len < INT32_MAX ? len : INT32_MAX;
}

static int32_t network_receive(struct network *network, void *buf, size_t len)
{
    size_t received = 0;
    enum pawl_status status = pawl_session_receive(
        network->session, buf, limit(len), &received, &network->wait);

    return moved(network, status, received);
}

static int32_t network_send(struct network *network, const void *data,
                            size_t len)
{
    size_t sent = 0;
    enum pawl_status status = pawl_session_send(
        network->session, data, limit(len), &sent, &network->wait);

    return moved(network, status, sent);
}

/* Once the library has read a CONNACK of success: what counts as the broker's
 * verdict about the device is known here alone. */
static void network_accepted(struct network *network)
{
    pawl_session_accepted(network->session);
}

/* ------------------------------------------------------------------------ */

/* The library, as far as it is needed here. It knows of no session. */
struct transport {
    struct network *network;
    int32_t (*receive)(struct network *network, void *buf, size_t len);
    int32_t (*send)(struct network *network, const void *data, size_t len);
};

/* Moves all of len bytes. Most libraries leave the waiting to a poll loop of
 * the application's; here it is the port's sleep. */
static bool move_all(const struct transport *transport, uint8_t *bytes,
                     size_t len, bool out)
{
    while (len > 0) {
        int32_t count =
            out ? transport->send(transport->network, bytes, len)
                : transport->receive(transport->network, bytes, len);

        if (count < 0) {
            return false;
        }
        if (count == 0) {
            pawl_posix_sleep(&board, &transport->network->wait);
        }
        bytes += count;
        len -= (size_t)count;
    }
    return true;
}

/* Appends a string of MQTT (1.5.4). */
static size_t put_text(uint8_t *out, const char *text)
{
    size_t len = strlen(text);

    out[0] = (uint8_t)(len >> 8);
    out[1] = (uint8_t)len;
    memcpy(out + 2, text, len);
    return 2 + len;
}

/* CONNECT of MQTT 3.1.1 with a clean session; the CONNACK's code, or -1. */
static int library_connect(const struct transport *transport)
{
    uint8_t packet[96] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60};
    uint8_t answer[4];
    size_t len = 12 + put_text(packet + 12, board.port.product->serial);

    packet[1] = (uint8_t)(len - 2);
    if (!move_all(transport, packet, len, true) ||
        !move_all(transport, answer, sizeof answer, false) ||
        answer[0] != 0x20 || answer[1] != 2) {
        return -1;
    }
    return answer[3];
}

static bool library_publish(const struct transport *transport,
                            const char *topic, const char *text)
{
    uint8_t packet[128] = {0x30}, goodbye[] = {0xE0, 0};
    size_t len = 2 + put_text(packet + 2, topic);

    memcpy(packet + len, text, strlen(text));
    len += strlen(text);
    packet[1] = (uint8_t)(len - 2);
    return move_all(transport, packet, len, true) &&
           move_all(transport, goodbye, sizeof goodbye, true);
}

static bool use_library(struct pawl_session *session, const char *topic,
                        const char *text)
{
    struct network network = {.session = session};
    const struct transport transport = {&network, network_receive,
                                        network_send};
    int code = library_connect(&transport);

    if (code == 0) {
        network_accepted(&network);
    } else {
        (void)fprintf(stderr, "own_mqtt: CONNACK %d, %s\n", code,
                      pawl_status_text(network.failure));
    }
    return code == 0 && library_publish(&transport, topic, text);
}

/* ---- the session, as in connect.c ---- */

static struct pawl_identity identity;
static struct pawl_trust trust;
static struct pawl_session session;

static enum pawl_status open_all(struct pawl_credential *credential)
{
    static uint8_t chain[PAWL_CHAIN_MAX];
    size_t len = sizeof chain;
    enum pawl_status status = pawl_init(&board.port);

    if (status == PAWL_OK) {
        status = pawl_identity_open(&identity, &board.port);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_open(&trust, board.port.store);
    }
    if (status == PAWL_OK) {
        status = pawl_identity_get(&identity, PAWL_IDENTITY_LDEVID, credential,
                                   chain, &len);
    }
    if (status == PAWL_ERR_NOT_FOUND) { /* not enrolled yet */
        len = sizeof chain;
        status = pawl_identity_get(&identity, PAWL_IDENTITY_IDEVID, credential,
                                   chain, &len);
    }
    return status;
}

static enum pawl_status establish(const struct pawl_endpoint *endpoint)
{
    struct pawl_credential credential;
    struct pawl_wait wait;
    enum pawl_status status = open_all(&credential);
    const struct pawl_session_config config = {
        .port = &board.port,
        .endpoint = endpoint,
        .credential = &credential,
        .trust = &trust,
    };

    if (status == PAWL_OK) {
        status = pawl_session_open(&session, &config);
    }
    while (status == PAWL_OK &&
           (status = pawl_session_step(&session, &wait)) == PAWL_PENDING) {
        pawl_posix_sleep(&board, &wait);
        status = PAWL_OK;
    }
    return status;
}

static const struct pawl_posix_endpoint *find_broker(void)
{
    for (size_t i = 0; i < board.config.endpoint_count; i++) {
        if (strcmp(board.config.endpoints[i].use, "mqtt") == 0) {
            return &board.config.endpoints[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    char error[PAWL_POSIX_ERROR_MAX] =
        "usage: own_mqtt DEVICE-DIR TOPIC TEXT, 100 bytes at most";

    if (argc != 4 || strlen(argv[2]) + strlen(argv[3]) > 100 ||
        pawl_posix_device_open(&board, argv[1], PAWL_POSIX_WRITE, error) !=
            PAWL_OK) {
        (void)fprintf(stderr, "own_mqtt: %s\n", error);
        return 2;
    }
    const struct pawl_posix_endpoint *broker = find_broker();
    if (broker == NULL) {
        (void)fprintf(stderr, "own_mqtt: no endpoint for mqtt\n");
        return 2;
    }
    const struct pawl_endpoint endpoint = {
        .use = PAWL_USE_MQTT,
        .host = broker->host,
        .port = broker->port,
        .server_name = broker->server_name,
    };
    enum pawl_status status = establish(&endpoint);
    bool done = status == PAWL_OK && use_library(&session, argv[2], argv[3]);

    if (status != PAWL_OK) {
        (void)fprintf(stderr, "own_mqtt: %s: %s\n", pawl_status_text(status),
                      pawl_session_failure(&session)->rule);
    }
    pawl_session_close(&session);
    pawl_posix_device_close(&board);
    return done ? 0 : 1;
}
