/* SPDX-License-Identifier: Apache-2.0 */
#include "reported.h"

#include <stdio.h>
#include <string.h>

/* Copies a header's text without the marks of its comments, and with every
 * run of white space as one blank. */
static void flatten(const char *from, char *to, size_t cap)
{
    size_t len = 0;

    for (; *from != '\0' && len + 2 < cap; from++) {
        bool mark = *from == '/' || (*from == '*' && from[1] != '\0' &&
                                     strchr(" /\n*", from[1]) != NULL);
        bool blank = *from == ' ' || *from == '\n' || mark;
        if (!blank) {
            to[len++] = *from;
        } else if (len > 0 && to[len - 1] != ' ') {
            to[len++] = ' ';
        }
    }
    to[len] = '\0';
}

static bool stands_in(const char *header, const char *sentence)
{
    static char text[1 << 15], flat[1 << 15], wanted[1024];
    char path[512];
    FILE *file;
    size_t len = 0;

    (void)snprintf(path, sizeof path, "%s/../include/%s", PAWL_TEST_DIR,
                   header);
    file = fopen(path, "r");
    if (file != NULL) {
        len = fread(text, 1, sizeof text - 1, file);
        (void)fclose(file);
    }
    text[len] = '\0';
    flatten(text, flat, sizeof flat);
    flatten(sentence, wanted, sizeof wanted);
    return strstr(flat, wanted) != NULL;
}

static void append(char *to, size_t cap, const char *line)
{
    size_t len = strlen(to);

    (void)snprintf(to + len, cap - len, "%s\n", line);
}

void reported_add(void *ctx, const struct pawl_check_result *result)
{
    struct reported *reported = ctx;

    switch (result->outcome) {
    case PAWL_CHECK_PASSED:
        reported->passed++;
        break;
    case PAWL_CHECK_SKIPPED:
        reported->skipped++;
        break;
    case PAWL_CHECK_VIOLATED:
        reported->violated++;
        append(reported->names, sizeof reported->names, result->name);
        append(reported->violations, sizeof reported->violations,
               result->sentence);
        break;
    }
    if (!stands_in(result->header, result->sentence)) {
        (void)fprintf(stderr, "not in %s: %s\n", result->header,
                      result->sentence);
        reported->quoted = false;
    }
}

void reported_clear(struct reported *reported)
{
    memset(reported, 0, sizeof *reported);
    reported->quoted = true;
}

bool reported_violates(const struct reported *reported, const char *name)
{
    char line[128];

    (void)snprintf(line, sizeof line, "%s\n", name);
    return strstr(reported->names, line) != NULL;
}
