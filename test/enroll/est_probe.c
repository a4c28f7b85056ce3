/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A device in RAM that enrols with a real EST server over real TLS, told what
 * to do line by line on stdin; est_peers.py drives it and judges.
 *
 *     est_probe FOLDER
 *
 * reads the anchors FOLDER/anchor-*.der, and writes the CA of its IDevID,
 * FOLDER/idevid-ca.b64. Then, one answer a line on stdout:
 *
 *     enroll PORT     STATUS HTTP-STATUS RULE
 *     reenroll PORT   the same, with the LDevID
 *     promote         STATUS
 *     drop            STATUS
 *     who             the kinds of credentials that there are
 *     cost            signatures of the last enrolment, and the peaks of arena
 *                     and stack so far, in bytes
 */

#define _XOPEN_SOURCE 700 /* pthread_attr_setstack() */
#include "base/base.h"
#include "crypto/crypto.h"
#include "fake/fake_ca.h"
#include "fake/fake_flash.h"
#include "trust/trust_internal.h"
#include <pawl/enroll.h>
#include <pawl/pawl.h>
#include <posix.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define JOURNAL_SIZE 16384
#define AREA_SIZE 16384
#define TIMEOUT_MS 20000
#define STACK_SIZE (512 * 1024)
#define PAINT 0xA5

static struct fake_flash journal, area;
static uint8_t journal_memory[FAKE_FLASH_MEMORY(JOURNAL_SIZE)];
static uint8_t area_memory[FAKE_FLASH_MEMORY(AREA_SIZE)];
static _Alignas(16) uint8_t arena[256 * 1024];
static struct fake_keystore keys;
static struct fake_ca idevid_ca;
static struct pawl_posix_transport transport;
static struct pawl_posix_clock posix_clock;
static struct pawl_store store = {&journal.port, &area.port};
static struct pawl_port port;
static struct pawl_identity identity;
static struct pawl_trust trust;
static const struct pawl_product product = {.serial = "SN-0001"};

/* The device stands and has an IDevID. */
static bool make_device(void)
{
    uint8_t point[PAWL_P256_POINT_SIZE], chain[FAKE_CA_CERTIFICATE_MAX];

    pawl_posix_transport_init(&transport);
    pawl_posix_clock_init(&posix_clock);
    fake_flash_open(&journal, journal_memory, JOURNAL_SIZE, 4096, 8, 0xFF);
    fake_flash_open(&area, area_memory, AREA_SIZE, 2048, 8, 0xFF);
    fake_keystore_open(&keys);
    port = (struct pawl_port){.product = &product,
                              .clock = &posix_clock.clock,
                              .entropy = &pawl_posix_entropy,
                              .keystore = &keys.keystore,
                              .transport = &transport.transport,
                              .store = &store,
                              .arena = arena,
                              .arena_size = sizeof(arena)};
    if (pawl_init(&port) != PAWL_OK || !fake_ca_open(&idevid_ca, "IDevID CA") ||
        keys.keystore.generate(&keys, PAWL_KEY_IDEVID) != PAWL_OK ||
        keys.keystore.public_key(&keys, PAWL_KEY_IDEVID, point) != PAWL_OK ||
        pawl_identity_open(&identity, &port) != PAWL_OK) {
        return false;
    }
    struct fake_certificate wanted = {.point = PAWL_BYTES(point),
                                      .common_name = product.serial,
                                      .serial_number = product.serial};
    return pawl_identity_install_idevid(
               &identity, fake_ca_issue(&idevid_ca, &wanted, chain,
                                        sizeof(chain))) == PAWL_OK;
}

/* Reads one anchor. A folder without it has none. */
static void add_anchor(const char *folder, const char *name, uint32_t roles)
{
    char path[512];
    uint8_t *at = trust.bytes + trust.len;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return;
    }
    size_t len = fread(at, 1, sizeof(trust.bytes) - trust.len, file);
    (void)fclose(file);
    trust.len += len;
    trust.anchors[trust.anchor_count].roles = roles;
    trust.anchors[trust.anchor_count].certificate =
        (struct pawl_bytes){at, len};
    trust.anchor_count++;
    trust.authentic = PAWL_TRUST_AUTHENTIC;
}

static bool write_idevid_ca(const char *folder)
{
    char path[512], text[2048];
    size_t len = sizeof(text);

    (void)snprintf(path, sizeof(path), "%s/idevid-ca.b64", folder);
    FILE *file = fopen(path, "wb");
    if (file == NULL || pawl_base64_encode(fake_ca_certificate(&idevid_ca),
                                           text, &len) != PAWL_OK) {
        return false;
    }
    size_t written = fwrite(text, 1, len, file);
    return fclose(file) == 0 && written == len;
}

static uint64_t now_ms(void)
{
    return port.clock->monotonic_ms(port.clock->ctx);
}

/* Steps a session or an enrolment to its end. */
static enum pawl_status finish(struct pawl_session *session,
                               struct pawl_enroll *enroll)
{
    uint64_t end_ms = now_ms() + TIMEOUT_MS;
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING) {
        struct pawl_wait wait = {0, 0};
        status = enroll != NULL ? pawl_enroll_step(enroll, &wait)
                                : pawl_session_step(session, &wait);
        if (status == PAWL_PENDING) {
            pawl_posix_transport_sleep(&transport, &wait);
            status = now_ms() < end_ms ? PAWL_PENDING : PAWL_ERR_TIMEOUT;
        }
    }
    return status;
}

static void enrol(unsigned port_number, bool renew)
{
    static struct pawl_session session;
    static struct pawl_enroll enroll;
    static uint8_t chain[PAWL_CHAIN_MAX];
    struct pawl_endpoint endpoint = {.use = PAWL_USE_ENROLL,
                                     .host = "127.0.0.1",
                                     .port = (uint16_t)port_number,
                                     .server_name = "localhost",
                                     .alpn = "http/1.1"};
    struct pawl_credential credential;
    struct pawl_session_config to_server = {.port = &port,
                                            .endpoint = &endpoint,
                                            .credential = &credential,
                                            .trust = &trust};
    struct pawl_enroll_config config = {.session = &session,
                                        .identity = &identity,
                                        .trust = &trust,
                                        .renew = renew};
    size_t len = sizeof(chain);

    memset(&session, 0, sizeof(session));
    memset(&enroll, 0, sizeof(enroll));
    enum pawl_status status = pawl_identity_get(
        &identity, renew ? PAWL_IDENTITY_LDEVID : PAWL_IDENTITY_IDEVID,
        &credential, chain, &len);
    if (status == PAWL_OK) {
        status = pawl_session_open(&session, &to_server);
    }
    if (status == PAWL_OK) {
        status = finish(&session, NULL);
    }
    const char *rule = pawl_session_failure(&session)->rule;
    if (status == PAWL_OK) {
        status = pawl_enroll_open(&enroll, &config);
    }
    if (status == PAWL_OK) {
        status = finish(&session, &enroll);
        rule = pawl_enroll_result(&enroll)->rule;
    }
    printf("%s %u %s\n", pawl_status_name(status),
           pawl_enroll_result(&enroll)->http_status, rule != NULL ? rule : "");
    pawl_session_close(&session);
}

/* ---- what it costs ---- */

static _Alignas(4096) uint8_t stack[STACK_SIZE];
static unsigned signatures;

struct enrolment {
    unsigned port;
    bool renew;
};

static void *enrol_on_stack(void *arg)
{
    const struct enrolment *what = arg;

    enrol(what->port, what->renew);
    return NULL;
}

/* Enrols on a stack that was painted before the first time. */
static void enrol_measured(unsigned port_number, bool renew)
{
    struct enrolment what = {port_number, renew};
    unsigned before = keys.signs;
    pthread_attr_t attributes;
    pthread_t thread;

    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstack(&attributes, stack, sizeof(stack)) != 0 ||
        pthread_create(&thread, &attributes, enrol_on_stack, &what) != 0) {
        printf("no thread\n");
        return;
    }
    (void)pthread_join(thread, NULL);
    (void)pthread_attr_destroy(&attributes);
    signatures = keys.signs - before;
}

static size_t stack_peak(void)
{
    size_t clean = 0;

    while (clean < sizeof(stack) && stack[clean] == PAINT) {
        clean++;
    }
    return sizeof(stack) - clean;
}

static bool has(enum pawl_identity_kind kind)
{
    static uint8_t chain[PAWL_CHAIN_MAX];
    struct pawl_credential credential;
    size_t len = sizeof(chain);

    return pawl_identity_get(&identity, kind, &credential, chain, &len) ==
           PAWL_OK;
}

static void obey(const char *line)
{
    unsigned number = 0;

    if (sscanf(line, "enroll %u", &number) == 1) {
        enrol_measured(number, false);
    } else if (sscanf(line, "reenroll %u", &number) == 1) {
        enrol_measured(number, true);
    } else if (strcmp(line, "cost\n") == 0) {
        printf("%u %zu %zu\n", signatures, pawl_arena_peak(), stack_peak());
    } else if (strcmp(line, "promote\n") == 0) {
        printf("%s\n", pawl_status_name(pawl_identity_promote(&identity)));
    } else if (strcmp(line, "drop\n") == 0) {
        printf("%s\n", pawl_status_name(pawl_identity_drop_next(&identity)));
    } else {
        printf("%s%s%s\n", has(PAWL_IDENTITY_IDEVID) ? "idevid " : "",
               has(PAWL_IDENTITY_LDEVID) ? "ldevid " : "",
               has(PAWL_IDENTITY_LDEVID_NEXT) ? "next" : "");
    }
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[64];

    if (argc != 2 || !make_device() || !write_idevid_ca(argv[1])) {
        (void)fprintf(stderr, "est_probe: cannot start\n");
        return 1;
    }
    add_anchor(argv[1], "anchor-server.der", PAWL_ROLE_ENROLL);
    add_anchor(argv[1], "anchor-ldevid.der", PAWL_ROLE_ENROLL);
    memset(stack, PAINT, sizeof(stack));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(line);
    }
    pawl_posix_transport_finish(&transport);
    pawl_finish();
    return 0;
}
