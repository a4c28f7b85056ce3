/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/status.h>
#include <string.h>

#include "check.h"

static void names_are_the_words_of_the_header(void)
{
    CHECK(strcmp(pawl_status_name(PAWL_OK), "PAWL_OK") == 0);
    CHECK(strcmp(pawl_status_name(PAWL_PENDING), "PAWL_PENDING") == 0);
    CHECK(strcmp(pawl_status_name(PAWL_ERR_IO), "PAWL_ERR_IO") == 0);
    CHECK(strcmp(pawl_status_name(PAWL_ERR_FAULT), "PAWL_ERR_FAULT") == 0);
}

static void a_number_that_is_no_status_has_a_name_all_the_same(void)
{
    CHECK(strcmp(pawl_status_name((enum pawl_status) - 99), "?") == 0);
    CHECK(pawl_status_text((enum pawl_status) - 99)[0] != '\0');
}

/* The groups of the header, first and last of each. */
static void every_status_has_a_name_and_a_line_of_its_own(void)
{
    static const int groups[][2] = {{0, 1},     {-4, -1},   {-16, -10},
                                    {-25, -20}, {-41, -30}, {-51, -50},
                                    {-63, -60}};

    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (int value = groups[i][0]; value <= groups[i][1]; value++) {
            enum pawl_status status = (enum pawl_status)value;
            const char *text = pawl_status_text(status);

            CHECK(strncmp(pawl_status_name(status), "PAWL_", 5) == 0);
            CHECK(strlen(text) > 6);
            CHECK(strcmp(text, pawl_status_text((enum pawl_status) - 99)) != 0);
            CHECK(text[strlen(text) - 1] != '.');
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(names_are_the_words_of_the_header),
    CHECK_TEST(a_number_that_is_no_status_has_a_name_all_the_same),
    CHECK_TEST(every_status_has_a_name_and_a_line_of_its_own),
};
CHECK_MAIN(tests)
