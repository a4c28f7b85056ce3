/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"
#include "http/http_internal.h"

static bool date(const char *text, int64_t *seconds)
{
    return pawl_http_date((struct text){text, strlen(text)}, seconds);
}

static void dates_are_seconds_since_1970(void)
{
    /* The first is of RFC 9110, 5.6.7; all by date -u +%s. */
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
        {"Wed, 31 Dec 2098 23:59:59 GMT", 4070908799},
        {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t seconds = -1;

        CHECK(date(rows[i].text, &seconds));
        CHECK_EQ(seconds, rows[i].seconds);
    }
}

static void what_is_no_date_is_refused(void)
{
    static const char *const rows[] = {
        "",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT", /* no such day, right weekday */
        "Thu, 31 Jun 2024 00:00:00 GMT",
        "Mon, 31 Jun 2024 00:00:00 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t seconds = -1;

        CHECK(!date(rows[i], &seconds));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(dates_are_seconds_since_1970),
    CHECK_TEST(what_is_no_date_is_refused),
};
CHECK_MAIN(tests)
