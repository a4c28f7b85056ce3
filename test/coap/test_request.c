/* SPDX-License-Identifier: Apache-2.0 */
/* What a request looks like (RFC 7252, 3.1, 5.10, 6.4). */
#include "check.h"
#include "coap/peer.h"
#include <string.h>

static struct peer peer;

static void begin_path(const char *path)
{
    peer_open(&peer);
    peer.request.path = path;
}

/* 6.4: a segment is an option each, percent-decoded. */
static void a_path_becomes_options(void)
{
    static const struct {
        const char *path, *rest;
    } rows[] = {
        {"/", "D1 0A 06 50"},
        {"/a/bc", "B1 61 02 6263 C1 06 50"},
        {"/a/", "B1 61 00 C1 06 50"},
        {"//", "B0 00 C1 06 50"},
        {"/a%2Fb", "B3 612F62 C1 06 50"},
        {"/%e4%C4", "B2 E4C4 C1 06 50"},
        {"/a?b=c&d", "B1 61 43 623D63 01 64 81 06 50"},
        {"/?q", "D1 02 71 81 06 50"},
        {"/a?/?", "B1 61 42 2F3F 81 06 50"},
        {"/a?", "B1 61 40 81 06 50"},
        {"/...", "B3 2E2E2E C1 06 50"},
        {"/.a", "B2 2E61 C1 06 50"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_path(rows[i].path);
        CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, 1, rows[i].rest));
    }
}

/* 5.10.1: "." and ".." must not be sent; the rest is no path at all. */
static void what_is_no_path_is_refused(void)
{
    static const char *const paths[] = {
        "",     "a",  "/a b", "/a#b",    "/\x7f", "/\x80", "/%",     "/%1",
        "/%1g", "/.", "/..",  "/a/../b", "/%2e",  "/.%2E", "/a?b c", "/a?%zz",
    };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        begin_path(paths[i]);
        CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_ARGUMENT);
        CHECK_EQ(peer_step(&peer), PAWL_ERR_STATE);
    }
}

/* 5.10: 255 bytes a segment. */
static void a_segment_has_255_bytes_at_most(void)
{
    static char path[258] = "/";

    memset(path + 1, 'x', 255);
    begin_path(path);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK_MEM(peer.sent[0].data + 12, "\xBD\xF2xxx", 5);

    path[256] = 'x';
    begin_path(path);
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_LIMIT);
}

static void a_path_longer_than_a_message_is_refused(void)
{
    static char path[PAWL_COAP_MESSAGE_MAX + 2];

    for (size_t i = 0; i + 1 < sizeof path; i++) {
        path[i] = i % 100 == 0 ? '/' : 'x';
    }
    begin_path(path);
    CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_LIMIT);
}

/* 3.1: a length of 13 to 268 has one more byte, from 269 on two. */
static void long_options_have_longer_heads(void)
{
    begin_path("/0123456789abc");
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "BD 00 30313233343536373839616263 C1 06 50"));
    begin_path("/0123456789ab");
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "BC 303132333435363738396162 C1 06 50"));
}

/* 6.4: a name goes along, in lower case; an address is the default. */
static void a_name_is_sent_as_uri_host(void)
{
    static const struct {
        const char *host, *server_name, *rest;
    } rows[] = {
        {"192.0.2.1", NULL, "B1 61 C1 06 50"},
        {"2001:db8::1", NULL, "B1 61 C1 06 50"},
        {"a.Example", NULL, "39 612E6578616D706C65 81 61 C1 06 50"},
        {"192.0.2.1", "x1", "32 7831 81 61 C1 06 50"},
        {"name", "192.0.2.1", "B1 61 C1 06 50"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        peer_open(&peer);
        peer.endpoint.host = rows[i].host;
        peer.endpoint.server_name = rows[i].server_name;
        CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, 1, rows[i].rest));
    }
}

static void methods_carry_what_they_may(void)
{
    static const uint8_t hi[] = {'h', 'i'};
    static const struct {
        enum pawl_coap_method method;
        const char *rest; /* NULL: refused */
    } rows[] = {
        {PAWL_COAP_GET, NULL},
        {PAWL_COAP_POST, "B1 61 11 32 51 3C FF 6869"},
        {PAWL_COAP_PUT, "B1 61 11 32 51 3C FF 6869"},
        {PAWL_COAP_DELETE, NULL},
        {PAWL_COAP_FETCH, "B1 61 11 32 51 3C 61 06 FF 6869"},
        {(enum pawl_coap_method)0, NULL},
        {(enum pawl_coap_method)6, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        peer_open(&peer);
        peer.request = (struct pawl_coap_request){
            .method = rows[i].method,
            .path = "/a",
            .payload = PAWL_BYTES(hi),
            .content_format = PAWL_COAP_FORMAT(50),
            .accept = PAWL_COAP_FORMAT(60),
        };
        if (rows[i].rest == NULL) {
            CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request),
                     PAWL_ERR_ARGUMENT);
            continue;
        }
        CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
        CHECK(peer_heard(&peer, (uint8_t)rows[i].method, rows[i].rest));
    }
}

/* 3.2: zero is no bytes. */
static void format_zero_can_be_said(void)
{
    peer_open(&peer);
    peer.request.accept = PAWL_COAP_FORMAT(0);
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 1, "B1 61 60 61 06 50"));
}

static void a_delete_has_a_path_alone(void)
{
    peer_open(&peer);
    peer.request.method = PAWL_COAP_DELETE;
    CHECK_EQ(peer_begin(&peer), PAWL_PENDING);
    CHECK(peer_heard(&peer, 4, "B1 61"));
    peer_acks(&peer, PAWL_COAP_CODE(2, 2), "");
    CHECK_EQ(peer_step(&peer), PAWL_OK);
    CHECK_EQ(peer.coap.response.code, PAWL_COAP_CODE(2, 2));
}

static void only_a_get_has_an_offset_or_an_observation(void)
{
    static const struct {
        enum pawl_coap_method method;
        uint32_t offset;
        bool observe;
    } rows[] = {
        {PAWL_COAP_POST, 1, false},
        {PAWL_COAP_FETCH, 0, true},
        {PAWL_COAP_GET, 1, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        peer_open(&peer);
        peer.request.method = rows[i].method;
        peer.request.offset = rows[i].offset;
        peer.request.observe = rows[i].observe;
        CHECK_EQ(pawl_coap_begin(&peer.coap, &peer.request), PAWL_ERR_ARGUMENT);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_path_becomes_options),
    CHECK_TEST(what_is_no_path_is_refused),
    CHECK_TEST(a_segment_has_255_bytes_at_most),
    CHECK_TEST(a_path_longer_than_a_message_is_refused),
    CHECK_TEST(long_options_have_longer_heads),
    CHECK_TEST(a_name_is_sent_as_uri_host),
    CHECK_TEST(methods_carry_what_they_may),
    CHECK_TEST(format_zero_can_be_said),
    CHECK_TEST(a_delete_has_a_path_alone),
    CHECK_TEST(only_a_get_has_an_offset_or_an_observation),
};

CHECK_MAIN(tests)
