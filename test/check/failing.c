/* SPDX-License-Identifier: Apache-2.0 */

/* A table in which three of five tests fail: check.h must say so, whichever
 * runner is behind it. CMakeLists.txt looks at the exit code. */
#include "check.h"

#include <limits.h>

static unsigned reached;

static void a_wrong_condition_fails(void)
{
    CHECK(reached > 100);
    reached = 1000; /* a failed check ends its test */
}

static void unequal_integers_fail(void)
{
    CHECK_EQ(-1, UINT_MAX);
    reached = 1000;
}

static void unequal_memory_fails(void)
{
    CHECK_MEM("abcd", "abce", 4);
    reached = 1000;
}

static void what_holds_passes(void)
{
    CHECK(reached == 0);
    CHECK_EQ(-5, -5);
    CHECK_EQ(ULLONG_MAX, ULLONG_MAX);
    CHECK_MEM("abcd", "abce", 3);
    CHECK_MEM(NULL, NULL, 0);
}

static void tests_go_on_after_a_failure(void)
{
    CHECK_EQ(reached, 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_wrong_condition_fails),     CHECK_TEST(unequal_integers_fail),
    CHECK_TEST(unequal_memory_fails),        CHECK_TEST(what_holds_passes),
    CHECK_TEST(tests_go_on_after_a_failure),
};

CHECK_MAIN(tests)
