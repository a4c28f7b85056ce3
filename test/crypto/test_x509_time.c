/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "crypto/x509_internal.h"

#include <string.h>

#include "check.h"

struct date_row {
    const char *text; /* a Time in DER */
    bool right;
    long long seconds;
};

static const struct date_row dates[] = {
    {"\x17\x0d"
     "700101000000Z",
     true, 0},
    {"\x17\x0d"
     "691231235959Z",
     true, -1},
    {"\x17\x0d"
     "500101000000Z",
     true, -631152000},
    {"\x17\x0d"
     "491231235959Z",
     true, 2524607999},
    {"\x17\x0d"
     "240229000000Z",
     true, 1709164800},
    {"\x17\x0d"
     "230229000000Z",
     false, 0},
    {"\x17\x0d"
     "241301000000Z",
     false, 0},
    {"\x17\x0d"
     "240001000000Z",
     false, 0},
    {"\x17\x0d"
     "240100000000Z",
     false, 0},
    {"\x17\x0d"
     "240101240000Z",
     false, 0},
    {"\x17\x0d"
     "240101006000Z",
     false, 0},
    {"\x17\x0d"
     "240101000060Z",
     false, 0},
    {"\x17\x0d"
     "240101000000z",
     false, 0},
    {"\x17\x0d"
     "24010100000:Z",
     false, 0},
    {"\x17\x0b"
     "2401010000Z",
     false, 0},
    {"\x18\x0f"
     "20500101000000Z",
     true, 2524608000},
    {"\x18\x0f"
     "21000228000000Z",
     true, 4107456000},
    {"\x18\x0f"
     "21000229000000Z",
     false, 0},
    {"\x18\x0f"
     "00000101000000Z",
     true, -62167219200},
    {"\x18\x11"
     "20500101000000.5Z",
     false, 0},
};

static void dates_are_read_to_the_second_or_refused(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(dates); i++) {
        struct pawl_bytes rest = {(const uint8_t *)dates[i].text,
                                  strlen(dates[i].text)};
        int64_t seconds = 0;

        CHECK_EQ(pawl_x509_take_time(&rest, &seconds), dates[i].right);
        CHECK_EQ(dates[i].right ? seconds : 0, dates[i].seconds);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(dates_are_read_to_the_second_or_refused),
};
CHECK_MAIN(tests)
