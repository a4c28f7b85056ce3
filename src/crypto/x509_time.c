/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "crypto/der.h"
#include "crypto/x509_internal.h"

/* Two decimal digits at text, or -1. */
static int two_digits(const uint8_t *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return -1;
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to the first of January of year, 0 <= year. */
static int64_t days_to_year(int year)
{
    int64_t before = (int64_t)year - 1; /* leap days fall in earlier years */
    /* 719162 = the same sum for 1970. */
    int64_t leaps = year > 0 ? before / 4 - before / 100 + before / 400 : -1;

    return (int64_t)365 * before + leaps - 719162;
}

/* The part behind the year, MMDDHHMMSSZ. */
static bool read_rest(int year, const uint8_t *text, int64_t *seconds)
{
    int part[5];
    int64_t days = days_to_year(year);

    for (size_t i = 0; i < 5; i++) {
        part[i] = two_digits(text + 2 * i);
        if (part[i] < 0) {
            return false;
        }
    }
    if (text[10] != 'Z' || part[0] < 1 || part[0] > 12 || part[1] < 1 ||
        part[1] > days_in_month(year, part[0]) || part[2] > 23 ||
        part[3] > 59 || part[4] > 59) {
        return false;
    }
    for (int month = 1; month < part[0]; month++) {
        days += days_in_month(year, month);
    }
    days += part[1] - 1;
    *seconds = ((days * 24 + part[2]) * 60 + part[3]) * 60 + part[4];
    return true;
}

static bool read_utc(struct pawl_bytes text, int64_t *seconds)
{
    int year = text.len == 13 ? two_digits(text.data) : -1;

    if (year < 0) {
        return false;
    }
    return read_rest(year < 50 ? 2000 + year : 1900 + year, text.data + 2,
                     seconds);
}

static bool read_generalized(struct pawl_bytes text, int64_t *seconds)
{
    /* "No well-defined expiration date": RFC 5280, 4.1.2.5. */
    static const char never[] = "99991231235959Z";

    if (text.len != 15) {
        return false;
    }
    if (memcmp(text.data, never, 15) == 0) {
        *seconds = INT64_MAX;
        return true;
    }
    int century = two_digits(text.data);
    int year = two_digits(text.data + 2);

    return century >= 0 && year >= 0 &&
           read_rest(century * 100 + year, text.data + 4, seconds);
}

bool pawl_x509_take_time(struct pawl_bytes *rest, int64_t *seconds)
{
    struct pawl_bytes text;

    if (pawl_der_take(rest, PAWL_DER_UTC_TIME, &text)) {
        return read_utc(text, seconds);
    }
    return pawl_der_take(rest, PAWL_DER_GENERALIZED_TIME, &text) &&
           read_generalized(text, seconds);
}
