/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "http/http_internal.h"

/* Takes one of count words off the front; its index, or -1. */
static int take_word(struct text *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pawl_text_skip(text, words[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* Takes a number of exactly so many digits, within low and high. */
static bool take_digits(struct text *text, size_t digits, int64_t low,
                        int64_t high, int64_t *value)
{
    struct text part = {text->at, digits};
    uint64_t number = 0;

    if (text->len < digits || !pawl_text_number(&part, &number) ||
        part.len != 0) {
        return false;
    }
    text->at += digits;
    text->len -= digits;
    *value = (int64_t)number;
    return *value >= low && *value <= high;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of a month (0 to 11) of 1970 or later. */
static int64_t days_to(int64_t year, int month)
{
    static const int before[] = {0,   31,  59,  90,  120, 151,
                                 181, 212, 243, 273, 304, 334};
    int64_t past = year - 1; /* whole years, since the year 1 */
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400;

    days += before[month] + (month > 1 && is_leap(year));
    return days - 719162; /* 1970-01-01 */
}

bool pawl_http_date(struct text text, int64_t *seconds)
{
    static const char *const weekdays[] = {"Thu, ", "Fri, ", "Sat, ", "Sun, ",
                                           "Mon, ", "Tue, ", "Wed, "};
    static const char *const months[] = {" Jan ", " Feb ", " Mar ", " Apr ",
                                         " May ", " Jun ", " Jul ", " Aug ",
                                         " Sep ", " Oct ", " Nov ", " Dec "};
    int64_t day = 0, year = 0, hour = 0, minute = 0, second = 0, days = 0;
    int month = -1;
    int weekday = take_word(&text, weekdays, PAWL_ARRAY_LEN(weekdays));

    if (weekday < 0 || !take_digits(&text, 2, 1, 31, &day)) {
        return false;
    }
    month = take_word(&text, months, PAWL_ARRAY_LEN(months));
    if (month < 0 || !take_digits(&text, 4, 1970, 9999, &year) ||
        !pawl_text_skip(&text, " ") || !take_digits(&text, 2, 0, 23, &hour) ||
        !pawl_text_skip(&text, ":") || !take_digits(&text, 2, 0, 59, &minute) ||
        !pawl_text_skip(&text, ":") || !take_digits(&text, 2, 0, 60, &second) ||
        !pawl_text_skip(&text, " GMT") || text.len != 0) {
        return false;
    }
    days = days_to(year, month) + day - 1;
    *seconds = days * 86400 + hour * 3600 + minute * 60 + second;
    /* A day that the month does not have is seen by its weekday, mostly; the
     * rest by where the next month begins. 1970-01-01 was a Thursday. */
    return days % 7 == weekday &&
           (month == 11 || days < days_to(year, month + 1));
}
