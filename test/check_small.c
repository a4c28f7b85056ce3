/* SPDX-License-Identifier: Apache-2.0 */

/* The checks of check.h without a library: for a target, and for hosts without
 * cmocka. What it prints goes to stdout, wherever the target sends that. */
#include "check.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static jmp_buf leave_test;

static void fail_at(const char *file, int line)
{
    printf("%s:%d: failed\n", file, line);
    longjmp(leave_test, 1);
}

void check_that(int holds, const char *text, const char *file, int line)
{
    if (!holds) {
        printf("%s\n", text);
        fail_at(file, line);
    }
}

void check_equal(long long got, long long expected, const char *text,
                 const char *file, int line)
{
    if (got != expected) {
        printf("%s: got %ld, expected %ld\n", text, (long)got, (long)expected);
        fail_at(file, line);
    }
}

static size_t first_difference(const unsigned char *a, const unsigned char *b,
                               size_t len)
{
    size_t at = 0;

    while (at < len && a[at] == b[at]) {
        at++;
    }
    return at;
}

void check_memory(const void *got, const void *expected, size_t len,
                  const char *text, const char *file, int line)
{
    if (len != 0 && memcmp(got, expected, len) != 0) {
        printf("%s: differs at byte %u\n", text,
               (unsigned)first_difference(got, expected, len));
        fail_at(file, line);
    }
}

/* 1 if the test failed. Kept apart: no local lives across the longjmp(). */
static int run_one(const struct check_test *test)
{
    printf("[ RUN      ] %s\n", test->name);
    if (setjmp(leave_test) != 0) {
        return 1;
    }
    test->run();
    return 0;
}

int check_run(const struct check_test *tests, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        int bad = run_one(&tests[i]);

        printf("[ %s ] %s\n", bad ? " FAILED " : "      OK", tests[i].name);
        failed += (size_t)bad;
    }
    printf("%u of %u tests failed\n", (unsigned)failed, (unsigned)count);
    if (count == 0 || failed > 255) {
        return 255;
    }
    return (int)failed;
}
