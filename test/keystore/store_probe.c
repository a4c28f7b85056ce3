/* SPDX-License-Identifier: Apache-2.0 */

/*
 * usage: store_probe FOLDER NAME
 *
 * Opens the key store NAME, as device.conf would name it, and does what its
 * input says, a line each, for test/keystore/run.py. Each line is answered by
 * one JSON object on a line.
 *
 *   reopen                  close it and open it again
 *   attributes
 *   generate | point | destroy SLOT
 *   sign SLOT HEX           HEX: a digest
 *   seal | unseal ROOM HEX  at most 96 bytes
 *   oversized               seals one byte too many, unseals 4 KiB that begin
 *                           as what is sealed
 *   loop SLOT               sign, without end, until the next line arrives
 *   check IDEVID LOSE FILL COUNT
 *                           the conformance check; 1 or 0: the IDevID's slot
 *                           too; the store can be lost; it can be filled;
 *                           and how many signatures
 *   second SLOT             open the store once more beside itself, sign with
 *                           both, close the second, sign with the first
 *   session SLOT PORT CHAIN ANCHOR ASK
 *                           a session to 127.0.0.1:PORT, with a chain and an
 *                           anchor of files in DER; ASK 1: at the signature,
 *                           "asks" is printed and a line is waited for
 */
#include <pawl/pawl.h>
#include <pawl/port_check.h>
#include <pawl/session.h>

#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "posix.h"
#include "trust/trust_internal.h"

static struct pawl_posix_keys keys;
static int folder;
static const char *name;
static char error[PAWL_POSIX_ERROR_MAX];
static char line[1024];

static _Alignas(16) uint8_t arena[256 * 1024];
static struct pawl_posix_transport transport;
static struct pawl_posix_clock machine_clock;

/* ---- answers ---- */

static void print_hex(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        printf("%02x", data[i]);
    }
}

static const char *reason(void)
{
    if (keys.keystore == &keys.pkcs11.keystore || keys.pkcs11.reason != NULL) {
        return pawl_pkcs11_reason(&keys.pkcs11);
    }
    return keys.keystore == &keys.tpm2.keystore ? pawl_tpm2_reason(&keys.tpm2)
                                                : "";
}

static void answer(enum pawl_status status, const uint8_t *data, size_t len)
{
    bool open = keys.keystore != NULL;

    printf("{\"status\": \"%s\", \"code\": %u, \"reason\": \"%s\", "
           "\"data\": \"",
           pawl_status_name(status),
           open ? (unsigned)keys.keystore->last_error(keys.keystore->ctx) : 0u,
           open ? reason() : error);
    print_hex(data, status == PAWL_OK ? len : 0);
    puts("\"}");
}

/* Reads a line, without its end; false at the end of the input. */
static bool next_line(void)
{
    if (fgets(line, sizeof line, stdin) == NULL) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static enum pawl_status open_keys(void)
{
    return pawl_posix_keys_open(&keys, folder, name, "test", PAWL_POSIX_WRITE,
                                error);
}

/* ---- one call ---- */

static bool unhex(const char *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned value = 0;

        if (sscanf(text + 2 * i, "%2x", &value) != 1) {
            return false;
        }
        out[i] = (uint8_t)value;
    }
    return true;
}

static void call(const char *what, enum pawl_key_slot slot, const char *more)
{
    const struct pawl_keystore *store = keys.keystore;
    uint8_t out[PAWL_P256_POINT_SIZE] = {0}, digest[32];

    if (strcmp(what, "generate") == 0) {
        answer(store->generate(store->ctx, slot), NULL, 0);
    } else if (strcmp(what, "destroy") == 0) {
        answer(store->destroy(store->ctx, slot), NULL, 0);
    } else if (strcmp(what, "point") == 0) {
        answer(store->public_key(store->ctx, slot, out), out, sizeof out);
    } else if (strcmp(what, "sign") == 0 && unhex(more, digest, 32)) {
        answer(store->sign(store->ctx, slot, digest, out), out, 64);
    } else {
        answer(PAWL_ERR_ARGUMENT, NULL, 0);
    }
}

/* Seals or unseals into so many bytes of room. */
static void call_sealing(const char *what, size_t room, const char *hex)
{
    const struct pawl_keystore *store = keys.keystore;
    uint8_t in[192], out[256];
    size_t len = strlen(hex) / 2;
    bool sealing = strcmp(what, "seal") == 0;

    if (len > sizeof in || room > sizeof out || !unhex(hex, in, len)) {
        answer(PAWL_ERR_ARGUMENT, NULL, 0);
    } else if (store->seal == NULL || store->unseal == NULL) {
        answer(PAWL_ERR_UNSUPPORTED, NULL, 0);
    } else {
        enum pawl_status status = (sealing ? store->seal : store->unseal)(
            store->ctx, (struct pawl_bytes){in, len}, out, &room);

        answer(status, out, room);
    }
}

static void call_oversized(void)
{
    const struct pawl_keystore *store = keys.keystore;
    static uint8_t in[4096] = {1}, out[4096];
    size_t sealed_len = sizeof out, plain_len = sizeof out;
    enum pawl_status sealed =
        store->seal(store->ctx, (struct pawl_bytes){in, PAWL_SEAL_MAX + 1}, out,
                    &sealed_len);
    enum pawl_status plain =
        store->unseal(store->ctx, PAWL_BYTES(in), out, &plain_len);

    printf("{\"seal\": \"%s\", \"unseal\": \"%s\"}\n", pawl_status_name(sealed),
           pawl_status_name(plain));
}

static void print_attributes(void)
{
    const struct pawl_keystore_attributes *is = &keys.keystore->attributes;

    printf("{\"hardware\": %d, \"exportable\": %d, \"persistent\": %d}\n",
           is->hardware, is->exportable, is->persistent);
}

/* Signs until a line arrives. */
static void loop(enum pawl_key_slot slot)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    uint8_t digest[32] = {1, 2, 3}, signature[64];
    unsigned count = 0;
    enum pawl_status status = PAWL_OK;

    while (status == PAWL_OK && poll(&input, 1, 0) == 0) {
        status =
            keys.keystore->sign(keys.keystore->ctx, slot, digest, signature);
        digest[31]++;
        count++;
    }
    (void)next_line();
    printf("{\"status\": \"%s\", \"signatures\": %u}\n",
           pawl_status_name(status), count);
}

static void beside_itself(enum pawl_key_slot slot)
{
    static struct pawl_posix_keys second;
    uint8_t digest[32] = {1}, signature[64];
    enum pawl_status status = pawl_posix_keys_open(
        &second, folder, name, "test", PAWL_POSIX_WRITE, error);

    if (status == PAWL_OK) {
        status = second.keystore->sign(second.keystore->ctx, slot, digest,
                                       signature);
    }
    if (status == PAWL_OK) {
        status =
            keys.keystore->sign(keys.keystore->ctx, slot, digest, signature);
    }
    pawl_posix_keys_close(&second);
    if (status == PAWL_OK) {
        status =
            keys.keystore->sign(keys.keystore->ctx, slot, digest, signature);
    }
    answer(status, NULL, 0);
}

/* ---- sessions ---- */

static bool asks;
static unsigned signatures;

/* The store, with somebody at its side who may take it away. */
static enum pawl_status asking_sign(void *ctx, enum pawl_key_slot slot,
                                    const uint8_t digest[32],
                                    uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    (void)ctx;
    if (asks) {
        puts("{\"asks\": true}");
        fflush(stdout);
        (void)next_line();
    }
    signatures++;
    return keys.keystore->sign(keys.keystore->ctx, slot, digest, signature);
}

static enum pawl_status asking_public_key(void *ctx, enum pawl_key_slot slot,
                                          uint8_t point[PAWL_P256_POINT_SIZE])
{
    (void)ctx;
    return keys.keystore->public_key(keys.keystore->ctx, slot, point);
}

static int32_t asking_error(void *ctx)
{
    (void)ctx;
    return keys.keystore->last_error(keys.keystore->ctx);
}

static const struct pawl_keystore asking = {.public_key = asking_public_key,
                                            .sign = asking_sign,
                                            .last_error = asking_error};
static const struct pawl_port port = {.clock = &machine_clock.clock,
                                      .entropy = &pawl_posix_entropy,
                                      .keystore = &asking,
                                      .transport = &transport.transport,
                                      .arena = arena,
                                      .arena_size = sizeof arena};

static struct pawl_bytes slurp(const char *path, uint8_t *buf, size_t cap)
{
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(buf, 1, cap, file);

    if (file != NULL) {
        fclose(file);
    }
    return (struct pawl_bytes){buf, len};
}

/* Shakes hands, and sends a line that comes back in reverse. */
static enum pawl_status talk(struct pawl_session *session)
{
    char answered[4];
    size_t count = 0;
    struct pawl_wait wait = {0};
    enum pawl_status status = PAWL_PENDING;

    while ((status = pawl_session_step(session, &wait)) == PAWL_PENDING) {
        pawl_posix_transport_sleep(&transport, &wait);
    }
    if (status == PAWL_OK) {
        status = pawl_session_send(session, "abc\n", 4, &count, &wait);
    }
    while (status == PAWL_OK || status == PAWL_PENDING) {
        status = pawl_session_receive(session, answered, 4, &count, &wait);
        if (status == PAWL_OK) {
            return memcmp(answered, "cba\n", 4) == 0 ? PAWL_OK : PAWL_ERR_FAULT;
        }
        pawl_posix_transport_sleep(&transport, &wait);
    }
    return status;
}

static void run_session(enum pawl_key_slot slot, unsigned tcp_port,
                        const char *chain_path, const char *anchor_path)
{
    static struct pawl_session session;
    static struct pawl_trust trust;
    static uint8_t chain[4096], anchor[4096];
    const struct pawl_endpoint endpoint = {.use = PAWL_USE_MQTT,
                                           .host = "127.0.0.1",
                                           .port = (uint16_t)tcp_port,
                                           .server_name = "server.example"};
    const struct pawl_credential credential = {
        .keystore = &asking,
        .slot = slot,
        .chain = slurp(chain_path, chain, sizeof chain)};
    const struct pawl_session_config config = {.port = &port,
                                               .endpoint = &endpoint,
                                               .credential = &credential,
                                               .trust = &trust,
                                               .handshake_timeout_ms = 20000};

    trust = (struct pawl_trust){.authentic = PAWL_TRUST_AUTHENTIC,
                                .anchor_count = 1};
    trust.anchors[0].roles = PAWL_ROLE_SERVER;
    trust.anchors[0].certificate = slurp(anchor_path, anchor, sizeof anchor);
    signatures = 0;
    const char *at = "open";
    enum pawl_status status = pawl_session_open(&session, &config);
    if (status == PAWL_OK) {
        at = "talk";
        status = talk(&session);
    }
    const struct pawl_session_failure *failure = pawl_session_failure(&session);

    printf("{\"status\": \"%s\", \"at\": \"%s\", \"signatures\": %u, "
           "\"asked\": %u, \"rule\": \"%s\", \"code\": %u, \"version\": %u}\n",
           pawl_status_name(status), at,
           pawl_session_info(&session).key_store_signatures, signatures,
           failure->rule == NULL ? "" : failure->rule,
           (unsigned)failure->port_code, pawl_session_info(&session).version);
    pawl_session_close(&session);
}

/* ---- the conformance check ---- */

/* OpenSSL's opinion of a signature. */
static enum pawl_status verify(void *ctx,
                               const uint8_t point[PAWL_P256_POINT_SIZE],
                               const uint8_t digest[32],
                               const uint8_t raw[PAWL_P256_SIGNATURE_SIZE])
{
    /* SubjectPublicKeyInfo of P-256 (RFC 5480, 2), up to the point. */
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                   0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                   0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                   0x01, 0x07, 0x03, 0x42, 0x00};
    uint8_t info[sizeof head + PAWL_P256_POINT_SIZE], der[80];
    const uint8_t *at = info;
    uint8_t *out = der;
    ECDSA_SIG *signature = ECDSA_SIG_new();

    (void)ctx;
    memcpy(info, head, sizeof head);
    memcpy(info + sizeof head, point, PAWL_P256_POINT_SIZE);
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)sizeof info);
    EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;

    (void)ECDSA_SIG_set0(signature, BN_bin2bn(raw, 32, NULL),
                         BN_bin2bn(raw + 32, 32, NULL));
    int len = i2d_ECDSA_SIG(signature, &out);
    bool good = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
                EVP_PKEY_verify(context, der, (size_t)len, digest, 32) == 1;
    ECDSA_SIG_free(signature);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return good ? PAWL_OK : PAWL_ERR_SIGNATURE;
}

static enum pawl_status reopen_store(void *ctx)
{
    (void)ctx;
    pawl_posix_keys_close(&keys);
    return open_keys();
}

/* Somebody else takes the store away, and brings it back. */
static enum pawl_status lose_store(void *ctx, bool lost)
{
    (void)ctx;
    printf("{\"lose\": %s}\n", lost ? "true" : "false");
    fflush(stdout);
    return next_line() ? PAWL_OK : PAWL_ERR_IO;
}

static enum pawl_status fill_store(void *ctx, bool full)
{
    (void)ctx;
    printf("{\"fill\": %s}\n", full ? "true" : "false");
    fflush(stdout);
    return next_line() ? PAWL_OK : PAWL_ERR_IO;
}

static void report(void *ctx, const struct pawl_check_result *result)
{
    static const char *const words[] = {"passed", "skipped", "violated"};

    (void)ctx;
    printf("{\"check\": \"%s\", \"outcome\": \"%s\", \"header\": \"%s\", "
           "\"sentence\": \"%s\", \"found\": \"%s\", \"status\": \"%s\"}\n",
           result->name, words[result->outcome], result->header,
           result->sentence, result->found, pawl_status_name(result->status));
}

static void run_check(void)
{
    unsigned idevid = 0, can_lose = 0, can_fill = 0, count = 0;

    (void)sscanf(line, "%*s %u %u %u %u", &idevid, &can_lose, &can_fill,
                 &count);
    const struct pawl_keystore_attributes expected = {.persistent = true};
    const struct pawl_port_check check = {
        .keystore = keys.keystore,
        .expected = &expected,
        .idevid_too = idevid != 0,
        .reopen = reopen_store,
        .signatures = count,
        .lose = can_lose != 0 ? lose_store : NULL,
        .fill = can_fill != 0 ? fill_store : NULL,
        .verify = verify,
        .report = report,
    };

    printf("{\"violated\": %u}\n", pawl_port_check_keystore(&check));
}

/* ---- lines ---- */

static void obey(void)
{
    char what[32] = "", one[512] = "", two[512] = "";
    unsigned slot = 0, number = 0;

    (void)sscanf(line, "%31s %u", what, &slot);
    if (strcmp(what, "reopen") == 0) {
        answer(reopen_store(NULL), NULL, 0);
    } else if (keys.keystore == NULL) {
        answer(PAWL_ERR_STATE, NULL, 0);
    } else if (strcmp(what, "attributes") == 0) {
        print_attributes();
    } else if (strcmp(what, "seal") == 0 || strcmp(what, "unseal") == 0) {
        (void)sscanf(line, "%*s %*u %511s", one);
        call_sealing(what, slot, one);
    } else if (strcmp(what, "oversized") == 0) {
        call_oversized();
    } else if (strcmp(what, "second") == 0) {
        beside_itself((enum pawl_key_slot)slot);
    } else if (strcmp(what, "loop") == 0) {
        loop((enum pawl_key_slot)slot);
    } else if (strcmp(what, "check") == 0) {
        run_check();
    } else if (strcmp(what, "session") == 0) {
        unsigned ask = 0;

        (void)sscanf(line, "%*s %*u %u %511s %511s %u", &number, one, two,
                     &ask);
        asks = ask != 0;
        run_session((enum pawl_key_slot)slot, number, one, two);
    } else {
        (void)sscanf(line, "%*s %*u %511s", one);
        call(what, (enum pawl_key_slot)slot, one);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: store_probe FOLDER NAME\n", stderr);
        return 2;
    }
    folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    name = argv[2];
    pawl_posix_transport_init(&transport);
    pawl_posix_clock_init(&machine_clock);
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* poll() is to see each line */
    if (folder < 0 || pawl_init(&port) != PAWL_OK) {
        fputs("store_probe: cannot begin\n", stderr);
        return 4;
    }
    answer(open_keys(), NULL, 0);
    fflush(stdout);
    while (next_line()) {
        obey();
        fflush(stdout);
    }
    pawl_posix_keys_close(&keys);
    pawl_posix_transport_finish(&transport);
    pawl_finish();
    return 0;
}
