/* SPDX-License-Identifier: Apache-2.0 */

/* The checks of check.h on a host, run and reported by cmocka. */
#include "check.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define TEST_MAX 512

void check_that(int holds, const char *text, const char *file, int line)
{
    _assert_true(holds ? 1 : 0, text, file, line);
}

void check_equal(long long got, long long expected, const char *text,
                 const char *file, int line)
{
    if (got != expected) {
        print_error("%s: got %lld (0x%llx), expected %lld (0x%llx)\n", text,
                    got, (unsigned long long)got, expected,
                    (unsigned long long)expected);
        _fail(file, line);
    }
}

void check_memory(const void *got, const void *expected, size_t len,
                  const char *text, const char *file, int line)
{
    if (len != 0 && memcmp(got, expected, len) != 0) {
        print_error("%s:\n", text);
        _assert_memory_equal(got, expected, len, file, line);
    }
}

static void run_one(void **state)
{
    const struct check_test *test = *state;

    test->run();
}

int check_run(const struct check_test *tests, size_t count)
{
    static struct check_test table[TEST_MAX];
    static struct CMUnitTest units[TEST_MAX];
    int failed = 0;

    if (count == 0 || count > TEST_MAX) {
        print_error("a table of %zu tests: 1 to %d\n", count, TEST_MAX);
        return 255;
    }
    for (size_t i = 0; i < count; i++) {
        table[i] = tests[i];
        units[i].name = table[i].name;
        units[i].test_func = run_one;
        units[i].initial_state = &table[i];
    }
    failed = _cmocka_run_group_tests("tests", units, count, NULL, NULL);
    return failed < 0 || failed > 255 ? 255 : failed;
}
