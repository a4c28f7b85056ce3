/* SPDX-License-Identifier: Apache-2.0 */

/*
 * client bare|pawl tls13|tls12|dtls12 PORT CHAIN KEY ANCHOR full|resumed
 *
 * One handshake with the server at 127.0.0.1:PORT, of a client of wolfSSL's
 * as its examples write one, or of pawl over the same wolfSSL: the same
 * suites, groups, extensions, memory and socket. Files are DER. Run under
 * callgrind with --toggle-collect=measured; prints the bytes on the wire, the
 * most memory of the arena and the most stack that were in use.
 *
 * resumed: another handshake before gives the ticket.
 */
#define _GNU_SOURCE 1
#include <pawl/pawl.h>
#include <pawl/session.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>

#include "crypto/crypto.h"
#include "trust/trust_internal.h"

#define NAME "server.example"
#define STACK_SIZE (512 * 1024)
#define PAINT 0xA5

static struct {
    bool pawl, tls12, datagram, resumed;
    uint16_t port;
    struct pawl_bytes chain, key, anchor;
} options;

static int fd = -1;
static unsigned long long bytes_in, bytes_out;
static WC_RNG rng;

static void fail(const char *what, long code)
{
    fprintf(stderr, "client: %s: %ld\n", what, code);
    exit(1);
}

/* ---- the socket, for both ---- */

static void open_socket(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(options.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    fd = socket(AF_INET, options.datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        fail("connect", errno);
    }
}

static void wait_for_peer(void)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    if (poll(&one, 1, 5000) != 1) {
        fail("no answer", 0);
    }
}

static ssize_t give(const void *data, size_t len)
{
    ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

    bytes_out += sent > 0 ? (unsigned long long)sent : 0;
    return sent;
}

static ssize_t take(void *buf, size_t cap)
{
    ssize_t got = recv(fd, buf, cap, MSG_DONTWAIT);

    bytes_in += got > 0 ? (unsigned long long)got : 0;
    return got;
}

/* ---- the port ---- */

static uint64_t now_ms(void *ctx)
{
    struct timespec now;

    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum pawl_status wall(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = time(NULL);
    return PAWL_OK;
}

/* The same numbers in each run: what is measured must not depend on luck. */
static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    static uint8_t next;

    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)buf)[i] = next = (uint8_t)(next * 5 + 3);
    }
    return PAWL_OK;
}

static enum pawl_status pawl_open_socket(void *ctx,
                                         enum pawl_transport_kind kind,
                                         const char *host, uint16_t port,
                                         int *handle)
{
    (void)ctx;
    (void)kind;
    (void)host;
    (void)port;
    *handle = 0;
    return PAWL_OK; /* it is open */
}

static enum pawl_status pawl_give(void *ctx, int handle, const void *data,
                                  size_t len, size_t *sent)
{
    ssize_t count = give(data, len);

    (void)ctx;
    (void)handle;
    *sent = count > 0 ? (size_t)count : 0;
    return count > 0 ? PAWL_OK : PAWL_ERR_IO;
}

static enum pawl_status pawl_take(void *ctx, int handle, void *buf, size_t cap,
                                  size_t *received)
{
    ssize_t count = take(buf, cap);

    (void)ctx;
    (void)handle;
    if (count < 0) {
        return errno == EAGAIN ? PAWL_PENDING : PAWL_ERR_IO;
    }
    *received = (size_t)count;
    return count > 0 ? PAWL_OK : PAWL_ERR_CLOSED;
}

static void pawl_close_socket(void *ctx, int handle)
{
    (void)ctx;
    (void)handle;
}

static ecc_key signing_key;

static enum pawl_status key_point(void *ctx, enum pawl_key_slot slot,
                                  uint8_t point[PAWL_P256_POINT_SIZE])
{
    word32 len = PAWL_P256_POINT_SIZE;

    (void)ctx;
    (void)slot;
    return wc_ecc_export_x963(&signing_key, point, &len) == 0
               ? PAWL_OK
               : PAWL_ERR_KEYSTORE;
}

static enum pawl_status key_sign(void *ctx, enum pawl_key_slot slot,
                                 const uint8_t digest[32],
                                 uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    uint8_t der[80];
    word32 len = sizeof der;

    (void)ctx;
    (void)slot;
    if (wc_ecc_sign_hash(digest, 32, der, &len, &rng, &signing_key) != 0) {
        return PAWL_ERR_KEYSTORE;
    }
    return pawl_signature_from_der((struct pawl_bytes){der, len}, signature);
}

static const struct pawl_clock port_clock = {.monotonic_ms = now_ms,
                                             .wall_s = wall};
static const struct pawl_entropy port_entropy = {.fill = fill};
static const struct pawl_keystore port_keystore = {.public_key = key_point,
                                                   .sign = key_sign};
static const struct pawl_transport port_transport = {.open = pawl_open_socket,
                                                     .send = pawl_give,
                                                     .receive = pawl_take,
                                                     .close =
                                                         pawl_close_socket};
static _Alignas(16) uint8_t arena[256 * 1024];
static const struct pawl_port port = {.clock = &port_clock,
                                      .entropy = &port_entropy,
                                      .keystore = &port_keystore,
                                      .transport = &port_transport,
                                      .arena = arena,
                                      .arena_size = sizeof arena};

/* ---- pawl's client ---- */

static struct pawl_session session;
static struct pawl_ticket ticket;
static struct pawl_trust trust;
static struct pawl_endpoint endpoint;
static struct pawl_credential credential;

static void pawl_prepare(void)
{
    word32 at = 0;

    trust.authentic = PAWL_TRUST_AUTHENTIC;
    trust.anchor_count = 1;
    trust.anchors[0] = (struct pawl_trust_anchor){
        .roles = PAWL_ROLE_SERVER, .certificate = options.anchor};
    endpoint = (struct pawl_endpoint){
        .use = PAWL_USE_OTHER,
        .host = "127.0.0.1",
        .port = options.port,
        .server_name = NAME,
        .tls12 = options.tls12,
        .transport = options.datagram ? PAWL_DATAGRAM : PAWL_STREAM};
    credential = (struct pawl_credential){.keystore = &port_keystore,
                                          .slot = PAWL_KEY_LDEVID_A,
                                          .chain = options.chain};
    if (wc_ecc_init(&signing_key) != 0 ||
        wc_EccPrivateKeyDecode(options.key.data, &at, &signing_key,
                               (word32)options.key.len) != 0) {
        fail("key", 0);
    }
}

static void pawl_shake(void)
{
    const struct pawl_session_config config = {
        .port = &port,
        .endpoint = &endpoint,
        .credential = &credential,
        .trust = &trust,
        .ticket = options.resumed ? &ticket : NULL,
        .resumption = options.resumed ? &pawl_resumption : NULL};
    enum pawl_status status = pawl_session_open(&session, &config);
    struct pawl_wait wait;

    while (status == PAWL_OK || status == PAWL_PENDING) {
        status = pawl_session_step(&session, &wait);
        if (status == PAWL_OK) {
            return;
        }
        wait_for_peer();
    }
    fail(pawl_session_failure(&session)->rule, status);
}

/* A message and its answer, so that the ticket comes, too. */
static void pawl_speak(void)
{
    char text[8] = "pawl\n";
    size_t count = 0;
    struct pawl_wait wait;
    enum pawl_status status =
        pawl_session_send(&session, text, 5, &count, &wait);

    while (status == PAWL_OK || status == PAWL_PENDING) {
        status =
            pawl_session_receive(&session, text, sizeof text, &count, &wait);
        if (status == PAWL_OK) {
            return;
        }
        wait_for_peer();
    }
    fail("speak", status);
}

static bool pawl_was_resumed(void)
{
    return pawl_session_info(&session).resumed;
}

static void pawl_end(void)
{
    pawl_session_close(&session);
}

/* ---- wolfSSL's client ---- */

static WOLFSSL_CTX *ctx;
static WOLFSSL *ssl;
static WOLFSSL_SESSION *kept;

static int on_give(WOLFSSL *of, char *data, int len, void *ctx_of)
{
    ssize_t sent = give(data, (size_t)len);

    (void)of;
    (void)ctx_of;
    return sent > 0 ? (int)sent : WOLFSSL_CBIO_ERR_GENERAL;
}

static int on_take(WOLFSSL *of, char *buf, int cap, void *ctx_of)
{
    ssize_t got = take(buf, (size_t)cap);

    (void)of;
    (void)ctx_of;
    return got > 0 ? (int)got : WOLFSSL_CBIO_ERR_WANT_READ;
}

static void must(int answer, const char *what)
{
    if (answer != WOLFSSL_SUCCESS) {
        fail(what, answer);
    }
}

static WOLFSSL_METHOD *bare_method(void)
{
    if (options.datagram) {
        return wolfDTLS_client_method();
    }
    return options.tls12 ? wolfSSLv23_client_method()
                         : wolfTLSv1_3_client_method();
}

static void bare_suites(void)
{
    static const uint8_t all[] = {0x13, 0x01, 0x13, 0x04, 0x13, 0x05,
                                  0xC0, 0x2B, 0xC0, 0xAC, 0xC0, 0xAE};
    static const uint8_t datagram[] = {0x13, 0x01, 0x13, 0x04, 0xC0,
                                       0x2B, 0xC0, 0xAC, 0xC0, 0xAE};

    must(options.datagram
             ? wolfSSL_CTX_set_cipher_list_bytes(ctx, datagram, sizeof datagram)
             : wolfSSL_CTX_set_cipher_list_bytes(ctx, all,
                                                 options.tls12 ? 12 : 6),
         "suites");
}

static void bare_context(void)
{
    ctx = wolfSSL_CTX_new(bare_method());
    if (ctx == NULL) {
        fail("context", 0);
    }
    must(wolfSSL_CTX_load_verify_buffer(ctx, options.anchor.data,
                                        (long)options.anchor.len,
                                        WOLFSSL_FILETYPE_ASN1),
         "anchor");
    must(wolfSSL_CTX_use_certificate_chain_buffer_format(
             ctx, options.chain.data, (long)options.chain.len,
             WOLFSSL_FILETYPE_ASN1),
         "chain");
    must(wolfSSL_CTX_use_PrivateKey_buffer(ctx, options.key.data,
                                           (long)options.key.len,
                                           WOLFSSL_FILETYPE_ASN1),
         "key");
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, NULL);
    bare_suites();
    (void)wolfSSL_CTX_only_dhe_psk(ctx);
}

static void bare_shake(void)
{
    bare_context();
    ssl = wolfSSL_new(ctx);
    if (ssl == NULL) {
        fail("new", 0);
    }
    wolfSSL_SSLSetIOSend(ssl, on_give);
    wolfSSL_SSLSetIORecv(ssl, on_take);
    if (options.datagram) {
        wolfSSL_dtls_set_using_nonblock(ssl, 1);
        must(wolfSSL_dtls_set_mtu(ssl, 1232), "mtu");
    }
    must(wolfSSL_UseMaxFragment(ssl, WOLFSSL_MFL_2_11), "fragment");
    must(wolfSSL_UseSupportedCurve(ssl, WOLFSSL_ECC_SECP256R1), "group");
    must(wolfSSL_UseSupportedCurve(ssl, WOLFSSL_ECC_X25519), "group");
    must(wolfSSL_UseKeyShare(ssl, WOLFSSL_ECC_SECP256R1), "share");
    must(wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, NAME, sizeof NAME - 1),
         "name");
    must(wolfSSL_check_domain_name(ssl, NAME), "domain");
    if (kept != NULL) {
        must(wolfSSL_set_session(ssl, kept), "session");
    }
    for (int answer = 0; answer != WOLFSSL_SUCCESS;) {
        answer = wolfSSL_connect(ssl);
        if (answer != WOLFSSL_SUCCESS) {
            int code = wolfSSL_get_error(ssl, answer);

            if (code != WOLFSSL_ERROR_WANT_READ) {
                fail("handshake", code);
            }
            wait_for_peer();
        }
    }
}

static void bare_speak(void)
{
    char text[8] = "pawl\n";

    if (wolfSSL_write(ssl, text, 5) != 5) {
        fail("write", 0);
    }
    while (wolfSSL_read(ssl, text, sizeof text) <= 0) {
        wait_for_peer();
    }
    kept = wolfSSL_get1_session(ssl);
}

static bool bare_was_resumed(void)
{
    return wolfSSL_session_reused(ssl) == 1;
}

static void bare_end(void)
{
    (void)wolfSSL_shutdown(ssl);
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(ctx);
}

/* ---- measuring ---- */

static void shake(void)
{
    if (options.pawl) {
        pawl_shake();
    } else {
        bare_shake();
    }
}

/* What callgrind collects. */
__attribute__((noinline)) static void measured(void)
{
    shake();
}

static uint8_t *stack;

static void *on_stack(void *unused)
{
    measured();
    return unused;
}

/* The handshake on a stack of its own, which is painted before. */
static size_t run_on_stack(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t untouched = 0;

    memset(stack, PAINT, STACK_SIZE);
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstack(&attributes, stack, STACK_SIZE) != 0 ||
        pthread_create(&thread, &attributes, on_stack, NULL) != 0 ||
        pthread_join(thread, NULL) != 0) {
        fail("thread", errno);
    }
    while (untouched < STACK_SIZE && stack[untouched] == PAINT) {
        untouched++;
    }
    return STACK_SIZE - untouched;
}

static void before(void)
{
    open_socket();
    shake();
    if (options.pawl) {
        pawl_speak();
        pawl_end();
    } else {
        bare_speak();
        bare_end();
    }
    close(fd);
}

static struct pawl_bytes slurp(const char *path)
{
    static uint8_t files[3][4096];
    static int count;
    uint8_t *bytes = files[count++];
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(bytes, 1, sizeof files[0], file);

    if (len == 0) {
        fail(path, errno);
    }
    fclose(file);
    return (struct pawl_bytes){bytes, len};
}

static void take_options(char **argv)
{
    options.pawl = strcmp(argv[1], "pawl") == 0;
    options.datagram = argv[2][0] == 'd';
    options.tls12 = strstr(argv[2], "12") != NULL;
    options.port = (uint16_t)atoi(argv[3]);
    options.chain = slurp(argv[4]);
    options.key = slurp(argv[5]);
    options.anchor = slurp(argv[6]);
    options.resumed = strcmp(argv[7], "resumed") == 0;
}

int main(int argc, char **argv)
{
    size_t used = 0;

    if (argc != 8) {
        fail("usage", argc);
    }
    take_options(argv);
    stack = aligned_alloc(4096, STACK_SIZE);
    if (stack == NULL || pawl_init(&port) != PAWL_OK ||
        wolfSSL_Init() != WOLFSSL_SUCCESS || wc_InitRng(&rng) != 0) {
        fail("init", 0);
    }
    pawl_prepare();
    if (options.resumed) {
        before();
    }
    bytes_in = bytes_out = 0;
    pawl_arena_global()->peak = pawl_arena_global()->used;
    open_socket();
    used = run_on_stack();
    if ((options.pawl ? pawl_was_resumed() : bare_was_resumed()) !=
        options.resumed) {
        fail("resumed", options.resumed);
    }
    printf("in %llu\nout %llu\nheap %zu\nstack %zu\ncontext %zu\n", bytes_in,
           bytes_out, pawl_arena_global()->peak, used,
           options.pawl ? sizeof session : (size_t)0);
    if (options.pawl) {
        pawl_end();
    } else {
        bare_end();
    }
    return 0;
}
