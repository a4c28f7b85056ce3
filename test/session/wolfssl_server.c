/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A server for tests, on wolfSSL itself, for what no packaged server speaks:
 * DTLS 1.3, connection IDs, hybrid key exchange. It proves that pawl and
 * wolfSSL agree with each other and no more; where another implementation can
 * be had, that one is asked. Not a part of pawl.
 *
 * usage: wolfssl_server VERSION PORT CERT KEY CA [OPTION...]
 *
 *   VERSION   tls13, tls12, dtls13 or dtls12
 *   files     DER; CA: who issues the certificates of clients
 *   --cid N      a connection ID of N bytes for what clients send
 *   --no-ems     no extended master secret (TLS 1.2)
 *   --group G    that group alone: p256, x25519 or x25519mlkem768
 *   --no-hrr     no cookie in a handshake that is resumed (DTLS 1.3)
 *   --lifetime S that tickets are said to have
 *
 * Serves one client after the other on 127.0.0.1, sends each line (each
 * message, with DTLS) back in reverse, and prints a line for each handshake.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#define DATAGRAM_FIRST_BYTE_HANDSHAKE 22
#define DATAGRAM_FIRST_BYTE_CID 25 /* RFC 9146, 3 */

static struct {
    bool datagram, tls13, no_ems, no_hrr;
    int lifetime_s; /* 0: wolfSSL's own */
    int cid;
    int group; /* 0: any */
} options;

/* The one connection. */
static struct {
    int fd;
    struct sockaddr_in peer;
    bool has_peer;
    bool other_client; /* a ClientHello of somebody else waits */
} line;

/* ---- what user_settings.h of the port wants ---- */

void *pawl_wolfssl_malloc(size_t size, void *heap, int type)
{
    (void)heap;
    (void)type;
    return malloc(size);
}

void pawl_wolfssl_free(void *block, void *heap, int type)
{
    (void)heap;
    (void)type;
    free(block);
}

void *pawl_wolfssl_realloc(void *block, size_t size, void *heap, int type)
{
    (void)heap;
    (void)type;
    return realloc(block, size);
}

int pawl_wolfssl_seed(unsigned char *out, unsigned int size)
{
    return getrandom(out, size, 0) == (ssize_t)size ? 0 : -1;
}

static void fail(const char *what, long code)
{
    fprintf(stderr, "wolfssl_server: %s: %ld\n", what, code);
    exit(1);
}

static unsigned char *slurp(const char *path, long *len)
{
    static unsigned char files[3][4096];
    static int count;
    unsigned char *bytes = files[count++];
    FILE *file = fopen(path, "rb");

    *len = file == NULL ? 0 : (long)fread(bytes, 1, sizeof files[0], file);
    if (*len <= 0) {
        fail(path, errno);
    }
    fclose(file);
    return bytes;
}

/* ---- the socket ---- */

static int answer_of(ssize_t got, int again)
{
    if (got > 0) {
        return (int)got;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR)
               ? again
               : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

/* Whether a datagram from a new address is of our client: it has to carry a
 * connection ID. */
static bool has_cid(unsigned char first)
{
    return first == DATAGRAM_FIRST_BYTE_CID || (first & 0xF0) == 0x30;
}

static int take_datagram(char *buf, int cap)
{
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        unsigned char first = 0;
        ssize_t got = recvfrom(line.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT,
                               (struct sockaddr *)&from, &from_len);
        bool same =
            line.has_peer && got > 0 && from.sin_port == line.peer.sin_port;

        if (got < 0) {
            return answer_of(got, WOLFSSL_CBIO_ERR_WANT_READ);
        }
        if (line.has_peer && !same && first == DATAGRAM_FIRST_BYTE_HANDSHAKE) {
            line.other_client = true;
            return WOLFSSL_CBIO_ERR_CONN_CLOSE;
        }
        got = recv(line.fd, buf, (size_t)cap, MSG_DONTWAIT);
        if (got > 0 && (!line.has_peer || same || has_cid(first))) {
            line.peer = from;
            line.has_peer = true;
            return (int)got;
        }
    }
}

static int on_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
    (void)ssl;
    (void)ctx;
    return options.datagram
               ? take_datagram(buf, cap)
               : answer_of(recv(line.fd, buf, (size_t)cap, MSG_DONTWAIT),
                           WOLFSSL_CBIO_ERR_WANT_READ);
}

static int on_send(WOLFSSL *ssl, char *data, int len, void *ctx)
{
    ssize_t sent = options.datagram
                       ? sendto(line.fd, data, (size_t)len, 0,
                                (struct sockaddr *)&line.peer, sizeof line.peer)
                       : send(line.fd, data, (size_t)len, MSG_NOSIGNAL);

    (void)ssl;
    (void)ctx;
    return answer_of(sent, WOLFSSL_CBIO_ERR_WANT_WRITE);
}

static int on_cookie(WOLFSSL *ssl, unsigned char *buf, int size, void *ctx)
{
    (void)ssl;
    (void)ctx;
    memset(buf, 0x5A, (size_t)size);
    return size;
}

static int listen_at(uint16_t port)
{
    const int yes = 1;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, options.datagram ? SOCK_DGRAM : SOCK_STREAM, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        (!options.datagram && listen(fd, 8) != 0)) {
        fail("bind", errno);
    }
    return fd;
}

/* ---- one client ---- */

/* Waits for the peer, as wolfSSL's answer asks; false: the end. */
static bool wait_for(WOLFSSL *ssl, int answer)
{
    int code = wolfSSL_get_error(ssl, answer);
    struct pollfd fd = {.fd = line.fd, .events = POLLIN};
    int timeout_ms = 20000;

    if (code != WOLFSSL_ERROR_WANT_READ && code != WOLFSSL_ERROR_WANT_WRITE) {
        printf("end %d\n", code);
        return false;
    }
    if (options.datagram) {
        timeout_ms = wolfSSL_dtls_get_current_timeout(ssl) * 1000;
        timeout_ms /= wolfSSL_dtls13_use_quick_timeout(ssl) ? 4 : 1;
    }
    if (poll(&fd, 1, timeout_ms) == 0) {
        return options.datagram &&
               wolfSSL_dtls_got_timeout(ssl) == WOLFSSL_SUCCESS;
    }
    return true;
}

static void reverse(char *text, int len)
{
    int last = len > 0 && text[len - 1] == '\n' ? len - 2 : len - 1;

    for (int i = 0; i < last; i++, last--) {
        char kept = text[i];

        text[i] = text[last];
        text[last] = kept;
    }
}

static void set_options(WOLFSSL *ssl)
{
    int answer = WOLFSSL_SUCCESS;

    wolfSSL_SSLSetIORecv(ssl, on_receive);
    wolfSSL_SSLSetIOSend(ssl, on_send);
    if (options.datagram) {
        wolfSSL_dtls_set_using_nonblock(ssl, 1);
        answer = options.tls13 ? wolfSSL_send_hrr_cookie(ssl, NULL, 0)
                               : WOLFSSL_SUCCESS;
    }
    if (answer == WOLFSSL_SUCCESS && options.no_hrr) {
        answer = wolfSSL_dtls13_no_hrr_on_resume(ssl, 1);
    }
    if (answer == WOLFSSL_SUCCESS && options.cid > 0) {
        unsigned char id[32];

        memset(id, 0xC1, sizeof id);
        answer = wolfSSL_dtls_cid_use(ssl);
        if (answer == WOLFSSL_SUCCESS) {
            answer = wolfSSL_dtls_cid_set(ssl, id, (unsigned)options.cid);
        }
    }
    if (answer == WOLFSSL_SUCCESS && options.group != 0) {
        answer = wolfSSL_set_groups(ssl, &options.group, 1);
    }
    if (answer != WOLFSSL_SUCCESS) {
        fail("options", answer);
    }
}

static void serve(WOLFSSL_CTX *ctx)
{
    char text[16384];
    WOLFSSL *ssl = wolfSSL_new(ctx);
    int answer = 0;

    if (ssl == NULL) {
        fail("wolfSSL_new", 0);
    }
    set_options(ssl);
    do {
        answer = wolfSSL_accept(ssl);
    } while (answer != WOLFSSL_SUCCESS && wait_for(ssl, answer));
    if (answer == WOLFSSL_SUCCESS) {
        printf("up %s%s\n", wolfSSL_get_version(ssl),
               wolfSSL_session_reused(ssl) ? " resumed" : "");
        fflush(stdout);
    }
    while (answer == WOLFSSL_SUCCESS) {
        int got = wolfSSL_read(ssl, text, sizeof text);

        if (got > 0) {
            reverse(text, got);
            (void)wolfSSL_write(ssl, text, got);
        } else if (!wait_for(ssl, got)) {
            break;
        }
    }
    if (answer == WOLFSSL_SUCCESS && !line.other_client) {
        (void)wolfSSL_shutdown(ssl);
    }
    wolfSSL_free(ssl);
    fflush(stdout);
}

/* ---- the command line ---- */

static WOLFSSL_METHOD *method_of(const char *version)
{
    options.datagram = version[0] == 'd';
    options.tls13 = strstr(version, "13") != NULL;
    if (options.datagram) {
        return options.tls13 ? wolfDTLSv1_3_server_method()
                             : wolfDTLSv1_2_server_method();
    }
    return options.tls13 ? wolfTLSv1_3_server_method()
                         : wolfTLSv1_2_server_method();
}

static int group_of(const char *name)
{
    if (strcmp(name, "p256") == 0) {
        return WOLFSSL_ECC_SECP256R1;
    }
#ifdef WOLFSSL_HAVE_MLKEM
    if (strcmp(name, "x25519mlkem768") == 0) {
        return WOLFSSL_X25519MLKEM768;
    }
#endif
    return WOLFSSL_ECC_X25519;
}

static void take_options(int argc, char **argv)
{
    for (int i = 6; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--no-ems") == 0) {
            options.no_ems = true;
        } else if (strcmp(argv[i], "--no-hrr") == 0) {
            options.no_hrr = true;
        } else if (strcmp(argv[i], "--lifetime") == 0) {
            options.lifetime_s = atoi(value);
            i++;
        } else if (strcmp(argv[i], "--cid") == 0) {
            options.cid = atoi(value);
            i++;
        } else if (strcmp(argv[i], "--group") == 0) {
            options.group = group_of(value);
            i++;
        } else {
            fail(argv[i], 0);
        }
    }
}

static WOLFSSL_CTX *make_context(char **argv)
{
    long cert_len, key_len, ca_len;
    const unsigned char *cert = slurp(argv[3], &cert_len);
    const unsigned char *key = slurp(argv[4], &key_len);
    const unsigned char *ca = slurp(argv[5], &ca_len);
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method_of(argv[1]));

    if (ctx == NULL ||
        wolfSSL_CTX_use_certificate_chain_buffer_format(
            ctx, cert, cert_len, WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_buffer(
            ctx, key, key_len, WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_load_verify_buffer(
            ctx, ca, ca_len, WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS) {
        fail("context", 0);
    }
    wolfSSL_CTX_set_verify(
        ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    wolfSSL_CTX_SetGenCookie(ctx, on_cookie);
    if (options.lifetime_s > 0 &&
        wolfSSL_CTX_set_TicketHint(ctx, options.lifetime_s) !=
            WOLFSSL_SUCCESS) {
        fail("lifetime", options.lifetime_s);
    }
    if (options.no_ems &&
        wolfSSL_CTX_DisableExtendedMasterSecret(ctx) != WOLFSSL_SUCCESS) {
        fail("no extended master secret", 0);
    }
    return ctx;
}

int main(int argc, char **argv)
{
    WOLFSSL_CTX *ctx;
    int listener;

    if (argc < 6) {
        fail("usage", argc);
    }
    take_options(argc, argv);
    wolfSSL_Init();
    ctx = make_context(argv);
    listener = listen_at((uint16_t)atoi(argv[2]));
    for (;;) {
        line.has_peer = line.other_client = false;
        if (options.datagram) {
            line.fd = listener;
            serve(ctx);
        } else {
            line.fd = accept(listener, NULL, NULL);
            serve(ctx);
            close(line.fd);
        }
    }
}
