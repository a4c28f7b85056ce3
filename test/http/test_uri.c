/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"
#include "http/http_internal.h"

static struct pawl_bytes bytes_of(const char *text)
{
    return (struct pawl_bytes){(const uint8_t *)text, strlen(text)};
}

static void good_uris_are_taken_apart(void)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        const char *path;
    } rows[] = {
        {"https://a.example", "a.example", 443, "/"},
        {"https://a.example/", "a.example", 443, "/"},
        {"HTTPS://A.Example:8443/X/y?z=1", "a.example", 8443, "/X/y?z=1"},
        {"https://a?b", "a", 443, "/?b"},
        {"https://127.0.0.1:1/", "127.0.0.1", 1, "/"},
        {"https://[::1]:65535/a", "::1", 65535, "/a"},
        {"https://[2001:DB8::1]", "2001:db8::1", 443, "/"},
        {"https://a_b-c.d/%41?%7e", "a_b-c.d", 443, "/%41?%7e"},
        {"https://a/..//;x=@:!$&'()*+,~?//?", "a", 443,
         "/..//;x=@:!$&'()*+,~?//?"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_uri uri;

        CHECK(pawl_uri_parse(&uri, bytes_of(rows[i].text)) == PAWL_OK);
        CHECK(strcmp(uri.host, rows[i].host) == 0);
        CHECK(uri.port == rows[i].port);
        CHECK(strcmp(uri.path, rows[i].path) == 0);
    }
}

static void bad_uris_are_refused(void)
{
    static const struct {
        const char *text;
        enum pawl_status status;
    } rows[] = {
        {"", PAWL_ERR_MALFORMED},
        {"/a", PAWL_ERR_MALFORMED},
        {"//a/b", PAWL_ERR_MALFORMED},
        {"a.example/b", PAWL_ERR_MALFORMED},
        {"://a", PAWL_ERR_MALFORMED},
        {"ht tps://a", PAWL_ERR_MALFORMED},
        {"http://a/", PAWL_ERR_UNSUPPORTED},
        {"coaps://a/", PAWL_ERR_UNSUPPORTED},
        {"httpss://a/", PAWL_ERR_UNSUPPORTED},
        {"https:a", PAWL_ERR_MALFORMED},
        {"https:/a", PAWL_ERR_MALFORMED},
        {"https://", PAWL_ERR_MALFORMED},
        {"https:///a", PAWL_ERR_MALFORMED},
        {"https://:443/", PAWL_ERR_MALFORMED},
        {"https://u@a/", PAWL_ERR_MALFORMED},
        {"https://u:p@a/", PAWL_ERR_MALFORMED},
        {"https://a:/", PAWL_ERR_MALFORMED},
        {"https://a:0/", PAWL_ERR_MALFORMED},
        {"https://a:65536/", PAWL_ERR_MALFORMED},
        {"https://a:99999999999999999999/", PAWL_ERR_MALFORMED},
        {"https://a:+1/", PAWL_ERR_MALFORMED},
        {"https://a:1x/", PAWL_ERR_MALFORMED},
        {"https://.a/", PAWL_ERR_MALFORMED},
        {"https://a./", PAWL_ERR_MALFORMED},
        {"https://a..b/", PAWL_ERR_MALFORMED},
        {"https://a%41/", PAWL_ERR_MALFORMED},
        {"https://a\\b/", PAWL_ERR_MALFORMED},
        {"https://a b/", PAWL_ERR_MALFORMED},
        {"https://[::1/", PAWL_ERR_MALFORMED},
        {"https://[::1]x/", PAWL_ERR_MALFORMED},
        {"https://[]/", PAWL_ERR_MALFORMED},
        {"https://[a.example]/", PAWL_ERR_MALFORMED},
        {"https://[::1%25eth0]/", PAWL_ERR_MALFORMED},
        {"https://a/#f", PAWL_ERR_MALFORMED},
        {"https://a#f", PAWL_ERR_MALFORMED},
        {"https://a/ b", PAWL_ERR_MALFORMED},
        {"https://a/\r\nX", PAWL_ERR_MALFORMED},
        {"https://a/%4", PAWL_ERR_MALFORMED},
        {"https://a/%", PAWL_ERR_MALFORMED},
        {"https://a/%4g", PAWL_ERR_MALFORMED},
        {"https://a/<", PAWL_ERR_MALFORMED},
        {"https://a/[", PAWL_ERR_MALFORMED},
        {"https://a/\xc3\xa4", PAWL_ERR_MALFORMED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pawl_uri uri;

        CHECK_EQ(pawl_uri_parse(&uri, bytes_of(rows[i].text)), rows[i].status);
        CHECK(uri.host[0] == '\0' && uri.path[0] == '\0' && uri.port == 0);
    }
}

static void a_zero_byte_is_refused_anywhere(void)
{
    static const char text[] = "https://a.example:8443/path?query";

    for (size_t at = 0; at < sizeof text - 1; at++) {
        struct pawl_uri uri;
        char changed[sizeof text];

        memcpy(changed, text, sizeof text);
        changed[at] = '\0';
        CHECK(pawl_uri_parse(&uri, (struct pawl_bytes){(const uint8_t *)changed,
                                                       sizeof text - 1}) !=
              PAWL_OK);
    }
}

static void an_escape_does_not_reach_beyond_the_text(void)
{
    static const char text[] = "https://a/%41";
    struct pawl_uri uri;

    for (size_t cut = 1; cut <= 2; cut++) {
        CHECK(
            pawl_uri_parse(&uri, (struct pawl_bytes){(const uint8_t *)text,
                                                     sizeof text - 1 - cut}) ==
            PAWL_ERR_MALFORMED);
    }
}

static void too_long_is_refused(void)
{
    char text[PAWL_URI_MAX + 10];
    struct pawl_uri uri;

    memset(text, 'a', sizeof text);
    memcpy(text, "https://a/", 10);
    CHECK(pawl_uri_parse(&uri, (struct pawl_bytes){(const uint8_t *)text,
                                                   PAWL_URI_MAX - 1}) ==
          PAWL_OK);
    CHECK(pawl_uri_parse(
              &uri, (struct pawl_bytes){(const uint8_t *)text, PAWL_URI_MAX}) ==
          PAWL_ERR_LIMIT);
    memset(text + 8, 'a', PAWL_HOST_MAX);
    CHECK(pawl_uri_parse(&uri, (struct pawl_bytes){(const uint8_t *)text,
                                                   8 + PAWL_HOST_MAX}) ==
          PAWL_ERR_LIMIT);
    CHECK(pawl_uri_parse(&uri, (struct pawl_bytes){(const uint8_t *)text,
                                                   8 + PAWL_HOST_MAX - 1}) ==
          PAWL_OK);
}

static const struct check_test tests[] = {
    CHECK_TEST(good_uris_are_taken_apart),
    CHECK_TEST(bad_uris_are_refused),
    CHECK_TEST(a_zero_byte_is_refused_anywhere),
    CHECK_TEST(an_escape_does_not_reach_beyond_the_text),
    CHECK_TEST(too_long_is_refused),
};
CHECK_MAIN(tests)
