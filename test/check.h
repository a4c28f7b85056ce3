/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_CHECK_H
#define PAWL_TEST_CHECK_H

/*
 * All that a test needs: checks, and a table of tests.
 *
 *     static void a_sentence_about_behaviour(void)
 *     {
 *         CHECK(...);
 *     }
 *
 *     static const struct check_test tests[] = {
 *         CHECK_TEST(a_sentence_about_behaviour),
 *     };
 *     CHECK_MAIN(tests)
 *
 * A check that does not hold ends its test at once; the next one runs. On a
 * host check_cmocka.c runs the table, elsewhere check_small.c does.
 */

#include <stddef.h>

struct check_test {
    const char *name;
    void (*run)(void);
};

/* One row of the table. */
#define CHECK_TEST(function)                                                   \
    {                                                                          \
#function, function                                                    \
    }

/* The condition holds. */
#define CHECK(condition)                                                       \
    check_that((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* Two integers are equal; the second is what was expected. */
#define CHECK_EQ(got, expected)                                                \
    check_equal((long long)(got), (long long)(expected),                       \
                #got " is " #expected, __FILE__, __LINE__)

/* Two ranges of len bytes are equal; the second is what was expected. */
#define CHECK_MEM(got, expected, len)                                          \
    check_memory((got), (expected), (len), #got " is " #expected, __FILE__,    \
                 __LINE__)

/* The program that runs the table. */
#define CHECK_MAIN(tests)                                                      \
    int main(void)                                                             \
    {                                                                          \
        return check_run((tests), sizeof(tests) / sizeof((tests)[0]));         \
    }

/* Behind the macros. */
void check_that(int holds, const char *text, const char *file, int line);
void check_equal(long long got, long long expected, const char *text,
                 const char *file, int line);
void check_memory(const void *got, const void *expected, size_t len,
                  const char *text, const char *file, int line);

/* Runs the tests in turn. The number of those that failed, 255 at most. */
int check_run(const struct check_test *tests, size_t count);

#endif
