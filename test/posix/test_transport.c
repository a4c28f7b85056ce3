/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "check.h"
#include "posix_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000u /* a resolver without a network takes its time */

static struct pawl_posix_transport self;
static const struct pawl_transport *const transport = &self.transport;

static void given_transport(void)
{
    pawl_posix_transport_finish(&self);
    pawl_posix_transport_init(&self);
}

/* A socket bound to a free port of the loopback address of family. */
static int bound(int family, int type, uint16_t *port)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    socklen_t size = sizeof address;
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    if (family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)&address;
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        size = sizeof *in;
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
        in6->sin6_addr = in6addr_loopback;
        size = sizeof *in6;
    }
    CHECK_EQ(bind(fd, (struct sockaddr *)&address, size), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port =
        ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                : ((struct sockaddr_in6 *)&address)->sin6_port);
    return fd;
}

static int listening(int family, uint16_t *port)
{
    int fd = bound(family, SOCK_STREAM, port);
    CHECK_EQ(listen(fd, 4), 0);
    return fd;
}

/* A port on which nobody listens. */
static uint16_t closed_port(int family, int type)
{
    uint16_t port;
    (void)close(bound(family, type, &port));
    return port;
}

static int opened(enum pawl_transport_kind kind, const char *host,
                  uint16_t port)
{
    int handle = -1;
    CHECK_EQ(transport->open(transport->ctx, kind, host, port, &handle),
             PAWL_OK);
    return handle;
}

static void sleep_for(uint32_t events)
{
    const struct pawl_wait wait = {.events = events};
    pawl_posix_transport_sleep(&self, &wait);
}

/* send() until it is no longer pending. */
static enum pawl_status send_text(int handle, const char *text)
{
    enum pawl_status status = PAWL_PENDING;
    size_t sent = 0;
    uint64_t end_ms = pawl_posix_now_ms() + PATIENCE_MS;
    while (status == PAWL_PENDING && pawl_posix_now_ms() < end_ms) {
        status =
            transport->send(transport->ctx, handle, text, strlen(text), &sent);
        if (status == PAWL_PENDING) {
            sleep_for(PAWL_WAIT_WRITABLE);
        }
    }
    CHECK(status != PAWL_OK || sent == strlen(text));
    return status;
}

static char received[64];

/* receive() until it is no longer pending. */
static enum pawl_status receive_text(int handle)
{
    enum pawl_status status = PAWL_PENDING;
    size_t len = 0;
    uint64_t end_ms = pawl_posix_now_ms() + PATIENCE_MS;
    while (status == PAWL_PENDING && pawl_posix_now_ms() < end_ms) {
        status = transport->receive(transport->ctx, handle, received,
                                    sizeof received - 1, &len);
        if (status == PAWL_PENDING) {
            sleep_for(PAWL_WAIT_READABLE);
        }
    }
    received[len] = '\0';
    return status;
}

static void close_handle(int handle)
{
    transport->close(transport->ctx, handle);
}

/* Opens host, sends there and back, and sees the end. */
static void speak_with(int listener, const char *host, uint16_t port)
{
    int handle = opened(PAWL_STREAM, host, port);
    CHECK_EQ(send_text(handle, "ping"), PAWL_OK);

    int peer = accept(listener, NULL, NULL);
    char got[8] = {0};
    CHECK_EQ(recv(peer, got, sizeof got, 0), 4);
    CHECK(strcmp(got, "ping") == 0);
    CHECK_EQ(send(peer, "pong!", 5, 0), 5);
    (void)close(peer);

    CHECK_EQ(receive_text(handle), PAWL_OK);
    CHECK(strcmp(received, "pong!") == 0);
    CHECK_EQ(receive_text(handle), PAWL_ERR_CLOSED);
    CHECK_EQ(receive_text(handle), PAWL_ERR_CLOSED); /* and again */
    close_handle(handle);
}

static void tcp_over_ipv4_carries_both_ways_and_ends(void)
{
    uint16_t port;
    given_transport();
    int listener = listening(AF_INET, &port);
    speak_with(listener, "127.0.0.1", port);
    (void)close(listener);
}

static void tcp_over_ipv6_carries_both_ways_and_ends(void)
{
    uint16_t port;
    given_transport();
    int listener = listening(AF_INET6, &port);
    speak_with(listener, "::1", port);
    (void)close(listener);
}

static void a_name_is_resolved_without_blocking(void)
{
    uint16_t port;
    given_transport();
    int listener = listening(AF_INET, &port);
    uint64_t before_ms = pawl_posix_now_ms();
    int handle = opened(PAWL_STREAM, "localhost", port);
    CHECK(pawl_posix_now_ms() - before_ms < 500);
    close_handle(handle); /* in the middle of it */
    speak_with(listener, "localhost", port);
    (void)close(listener);
}

/* RFC 6761, 6.4: .invalid never exists. */
static void a_name_that_does_not_exist_is_unreachable(void)
{
    given_transport();
    int handle = opened(PAWL_STREAM, "no.such.host.invalid", 443);
    CHECK_EQ(send_text(handle, "x"), PAWL_ERR_UNREACHABLE);
    CHECK(transport->last_error(transport->ctx, handle) != 0);
    CHECK_EQ(receive_text(handle), PAWL_ERR_UNREACHABLE);
    close_handle(handle);
}

static void a_refused_connection_is_unreachable(void)
{
    given_transport();
    int handle =
        opened(PAWL_STREAM, "127.0.0.1", closed_port(AF_INET, SOCK_STREAM));
    CHECK_EQ(send_text(handle, "x"), PAWL_ERR_UNREACHABLE);
    CHECK_EQ(transport->last_error(transport->ctx, handle), ECONNREFUSED);
    close_handle(handle);
}

static void nothing_there_yet_is_pending(void)
{
    uint16_t port;
    size_t len = 99;
    given_transport();
    int listener = listening(AF_INET, &port);
    int handle = opened(PAWL_STREAM, "127.0.0.1", port);
    CHECK_EQ(send_text(handle, "x"), PAWL_OK);
    CHECK_EQ(transport->receive(transport->ctx, handle, received, 8, &len),
             PAWL_PENDING);
    CHECK_EQ(len, 99);
    close_handle(handle);
    (void)close(listener);
}

static void a_full_buffer_is_pending_and_drains(void)
{
    static uint8_t block[65536];
    uint16_t port;
    size_t sent = 0;
    unsigned rounds = 0;
    given_transport();
    int listener = listening(AF_INET, &port);
    int handle = opened(PAWL_STREAM, "127.0.0.1", port);
    CHECK_EQ(send_text(handle, "x"), PAWL_OK);
    int peer = accept(listener, NULL, NULL);
    enum pawl_status status = PAWL_OK;
    for (; status == PAWL_OK && rounds < 10000; rounds++) {
        status =
            transport->send(transport->ctx, handle, block, sizeof block, &sent);
    }
    CHECK_EQ(status, PAWL_PENDING);
    (void)close(listener);
    while (recv(peer, block, sizeof block, MSG_DONTWAIT) > 0) {
    }
    CHECK_EQ(send_text(handle, "y"), PAWL_OK);
    (void)close(peer);
    close_handle(handle);
}

static void a_peer_that_resets_is_an_error_and_no_signal(void)
{
    const struct linger now = {.l_onoff = 1};
    uint16_t port;
    given_transport();
    int listener = listening(AF_INET, &port);
    int handle = opened(PAWL_STREAM, "127.0.0.1", port);
    CHECK_EQ(send_text(handle, "x"), PAWL_OK);
    int peer = accept(listener, NULL, NULL);
    CHECK_EQ(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    (void)close(peer);
    CHECK_EQ(receive_text(handle), PAWL_ERR_UNREACHABLE);
    CHECK_EQ(transport->last_error(transport->ctx, handle), ECONNRESET);
    CHECK_EQ(send_text(handle, "x"), PAWL_ERR_UNREACHABLE); /* EPIPE */
    close_handle(handle);
    (void)close(listener);
}

static void udp_keeps_datagrams_apart(int family, const char *host)
{
    uint16_t port;
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    char got[8];
    given_transport();
    int server = bound(family, SOCK_DGRAM, &port);
    int handle = opened(PAWL_DATAGRAM, host, port);
    CHECK_EQ(send_text(handle, "one"), PAWL_OK);
    CHECK_EQ(send_text(handle, "four"), PAWL_OK);
    CHECK_EQ(
        recvfrom(server, got, sizeof got, 0, (struct sockaddr *)&from, &size),
        3);
    CHECK_EQ(recv(server, got, sizeof got, 0), 4);
    /* An empty datagram is neither data nor an end. */
    CHECK_EQ(sendto(server, "", 0, 0, (struct sockaddr *)&from, size), 0);
    CHECK_EQ(sendto(server, "back", 4, 0, (struct sockaddr *)&from, size), 4);
    CHECK_EQ(receive_text(handle), PAWL_OK);
    CHECK(strcmp(received, "back") == 0);
    close_handle(handle);
    (void)close(server);
}

static void udp_over_both_families_keeps_datagrams_apart(void)
{
    udp_keeps_datagrams_apart(AF_INET, "127.0.0.1");
    udp_keeps_datagrams_apart(AF_INET6, "::1");
    udp_keeps_datagrams_apart(AF_INET, "localhost");
}

static void udp_without_a_server_is_unreachable(void)
{
    given_transport();
    int handle =
        opened(PAWL_DATAGRAM, "127.0.0.1", closed_port(AF_INET, SOCK_DGRAM));
    CHECK_EQ(send_text(handle, "x"), PAWL_OK);
    CHECK_EQ(receive_text(handle), PAWL_ERR_UNREACHABLE);
    CHECK_EQ(transport->last_error(transport->ctx, handle), ECONNREFUSED);
    close_handle(handle);
}

static void handles_are_limited_checked_and_used_again(void)
{
    uint16_t port;
    int handles[PAWL_POSIX_HANDLE_MAX], extra = -7;
    size_t len;
    given_transport();
    int server = bound(AF_INET, SOCK_DGRAM, &port);
    for (int i = 0; i < PAWL_POSIX_HANDLE_MAX; i++) {
        handles[i] = opened(PAWL_DATAGRAM, "127.0.0.1", port);
    }
    CHECK_EQ(
        transport->open(transport->ctx, PAWL_STREAM, "127.0.0.1", port, &extra),
        PAWL_ERR_FULL);
    CHECK_EQ(extra, -7);
    close_handle(handles[3]);
    CHECK_EQ(transport->receive(transport->ctx, handles[3], received, 1, &len),
             PAWL_ERR_ARGUMENT);
    close_handle(handles[3]); /* harmless */
    CHECK_EQ(opened(PAWL_DATAGRAM, "127.0.0.1", port), handles[3]);
    CHECK_EQ(transport->send(transport->ctx, -1, "x", 1, &len),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(
        transport->send(transport->ctx, PAWL_POSIX_HANDLE_MAX, "x", 1, &len),
        PAWL_ERR_ARGUMENT);
    given_transport(); /* closes them all */
    (void)close(server);
}

static void a_bad_port_or_host_is_refused_at_once(void)
{
    char host[300];
    int handle;
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    given_transport();
    CHECK_EQ(transport->open(transport->ctx, PAWL_STREAM, "::1", 0, &handle),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(transport->open(transport->ctx, PAWL_STREAM, "", 1, &handle),
             PAWL_ERR_ARGUMENT);
    CHECK_EQ(transport->open(transport->ctx, PAWL_STREAM, host, 1, &handle),
             PAWL_ERR_ARGUMENT);
}

/* Two addresses of one name, as a resolver would give them. */
static struct sockaddr_in addresses[2];
static struct addrinfo list[2];

static void given_addresses(int type, uint16_t first_port, uint16_t second_port)
{
    addresses[0] = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_port = htons(first_port)};
    addresses[1] = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_port = htons(second_port)};
    addresses[1].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addresses[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 2; i++) {
        list[i] = (struct addrinfo){.ai_family = AF_INET,
                                    .ai_socktype = type,
                                    .ai_addr = (struct sockaddr *)&addresses[i],
                                    .ai_addrlen = sizeof addresses[i],
                                    .ai_next = i == 0 ? &list[1] : NULL};
    }
}

/* A handle that is about to try the two addresses. */
static int trying(enum pawl_transport_kind kind)
{
    given_transport();
    self.connections[0] = (struct pawl_posix_connection){
        .stage = PAWL_POSIX_CONNECTING, .fd = -1, .kind = kind, .next = list};
    (void)pawl_posix_connect_next(&self.connections[0], 0, 0);
    return 0;
}

static void the_next_address_is_tried_when_one_refuses(void)
{
    uint16_t port;
    int listener = listening(AF_INET, &port);
    given_addresses(SOCK_STREAM, closed_port(AF_INET, SOCK_STREAM), port);
    int handle = trying(PAWL_STREAM);
    CHECK_EQ(send_text(handle, "x"), PAWL_OK);
    close_handle(handle);
    (void)close(listener);
}

/* An address that swallows every packet, of which no host can be sure to have
 * one: a pipe's end to read from, which never becomes writable. */
static void the_next_address_is_tried_when_one_is_silent(void)
{
    uint16_t port;
    int silent[2];
    int listener = listening(AF_INET, &port);
    CHECK_EQ(pipe(silent), 0);
    given_addresses(SOCK_STREAM, 9, port);
    given_transport();
    uint64_t before_ms = pawl_posix_now_ms();
    self.connections[0] =
        (struct pawl_posix_connection){.stage = PAWL_POSIX_CONNECTING,
                                       .fd = silent[0],
                                       .kind = PAWL_STREAM,
                                       .next = &list[1],
                                       .give_up_ms = before_ms + 100};
    CHECK_EQ(send_text(0, "x"), PAWL_OK);
    uint64_t took_ms = pawl_posix_now_ms() - before_ms;
    CHECK(took_ms >= 99 && took_ms < 800);
    close_handle(0);
    (void)close(silent[1]);
    (void)close(listener);
}

static void the_next_address_is_tried_for_datagrams_too(void)
{
    uint16_t port;
    char got[8];
    int server = bound(AF_INET, SOCK_DGRAM, &port);
    given_addresses(SOCK_DGRAM, closed_port(AF_INET, SOCK_DGRAM), port);
    int handle = trying(PAWL_DATAGRAM);
    CHECK_EQ(send_text(handle, "lost"), PAWL_OK);
    size_t len;
    for (int i = 0; i < 5 && self.connections[0].next != NULL; i++) {
        CHECK_EQ(transport->receive(transport->ctx, handle, received, 8, &len),
                 PAWL_PENDING);
        sleep_for(PAWL_WAIT_READABLE);
    }
    CHECK_EQ(send_text(handle, "again"), PAWL_OK);
    CHECK_EQ(recv(server, got, sizeof got, 0), 5);
    close_handle(handle);
    (void)close(server);
}

/* How long a sleep takes, in ms. */
static uint64_t slept(uint32_t events, uint64_t deadline_in_ms)
{
    uint64_t before_ms = pawl_posix_now_ms();
    const struct pawl_wait wait = {.events = events,
                                   .deadline_ms = before_ms + deadline_in_ms};
    pawl_posix_transport_sleep(&self, &wait);
    return pawl_posix_now_ms() - before_ms;
}

static void a_sleep_ends_at_its_deadline_and_is_bounded(void)
{
    given_transport();
    CHECK(slept(PAWL_WAIT_NOTHING | PAWL_WAIT_DEADLINE, 5000) < 100);
    CHECK(slept(0, 0) < 500);
    uint64_t took_ms = slept(PAWL_WAIT_DEADLINE, 60);
    CHECK(took_ms >= 59 && took_ms < 600);
    took_ms = slept(PAWL_WAIT_DEADLINE, UINT64_MAX / 2);
    CHECK(took_ms >= 900 && took_ms < 2500);
}

static void a_sleep_ends_for_what_was_asked_and_nothing_else(void)
{
    uint16_t port;
    size_t len;
    given_transport();
    int listener = listening(AF_INET, &port);
    int handle = opened(PAWL_STREAM, "127.0.0.1", port);
    CHECK_EQ(send_text(handle, "x"), PAWL_OK);
    int peer = accept(listener, NULL, NULL);
    CHECK_EQ(transport->receive(transport->ctx, handle, received, 8, &len),
             PAWL_PENDING);
    CHECK(slept(PAWL_WAIT_READABLE | PAWL_WAIT_DEADLINE, 80) >= 79);
    CHECK_EQ(send(peer, "y", 1, 0), 1);
    CHECK(slept(PAWL_WAIT_READABLE | PAWL_WAIT_DEADLINE, 900) < 500);
    /* It is readable now, but nobody asks. */
    CHECK(slept(PAWL_WAIT_DEADLINE, 80) >= 79);
    CHECK(slept(PAWL_WAIT_WRITABLE | PAWL_WAIT_DEADLINE, 80) >= 79);
    close_handle(handle);
    (void)close(peer);
    (void)close(listener);
}

static const struct check_test tests[] = {
    CHECK_TEST(tcp_over_ipv4_carries_both_ways_and_ends),
    CHECK_TEST(tcp_over_ipv6_carries_both_ways_and_ends),
    CHECK_TEST(a_name_is_resolved_without_blocking),
    CHECK_TEST(a_name_that_does_not_exist_is_unreachable),
    CHECK_TEST(a_refused_connection_is_unreachable),
    CHECK_TEST(nothing_there_yet_is_pending),
    CHECK_TEST(a_full_buffer_is_pending_and_drains),
    CHECK_TEST(a_peer_that_resets_is_an_error_and_no_signal),
    CHECK_TEST(udp_over_both_families_keeps_datagrams_apart),
    CHECK_TEST(udp_without_a_server_is_unreachable),
    CHECK_TEST(handles_are_limited_checked_and_used_again),
    CHECK_TEST(a_bad_port_or_host_is_refused_at_once),
    CHECK_TEST(the_next_address_is_tried_when_one_refuses),
    CHECK_TEST(the_next_address_is_tried_when_one_is_silent),
    CHECK_TEST(the_next_address_is_tried_for_datagrams_too),
    CHECK_TEST(a_sleep_ends_at_its_deadline_and_is_bounded),
    CHECK_TEST(a_sleep_ends_for_what_was_asked_and_nothing_else),
};
CHECK_MAIN(tests)
