/* SPDX-License-Identifier: Apache-2.0 */

/* Everything that is shown is made as JSON first, and printed as that, or as
 * a tree: one name a line, deeper by two spaces. */

#include "describe.h"
#include <stdio.h>

#define DEPTH_MAX 48 /* more than any nesting that the commands build */

/*
 * Text may be anybody's: of an envelope that nobody has signed, of a server
 * that nobody trusts. What would move a terminal's cursor or begin a line
 * (U+0000 to 1F, U+007F to 9F) is shown by its number. JSON has only UTF-8.
 */
static void print_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    for (; *at != '\0'; at++) {
        bool high = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0;

        at += high ? 1 : 0;
        if (high || *at < 0x20 || *at == 0x7F) {
            (void)printf("\\x%02x", (unsigned)*at);
        } else {
            (void)putchar(*at);
        }
    }
}

static void print_value(const json_t *value)
{
    if (json_is_string(value)) {
        print_text(json_string_value(value));
    } else if (json_is_integer(value)) {
        (void)printf("%lld", (long long)json_integer_value(value));
    } else if (json_is_boolean(value)) {
        (void)printf("%s", json_is_true(value) ? "yes" : "no");
    } else {
        (void)printf("none");
    }
}

static bool is_plain(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

/* A list of plain values stands in one line. */
static bool is_line(const json_t *value)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(value)) {
        return false;
    }
    json_array_foreach(value, i, one)
    {
        if (!is_plain(one)) {
            return false;
        }
    }
    return true;
}

static void print_line_of(const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        (void)printf("%s", i > 0 ? ", " : "");
        print_value(one);
    }
    (void)printf("%s\n", json_array_size(list) == 0 ? "none" : "");
}

static void print_member(const char *name, const json_t *value, int depth);

/* What lies deeper than DEPTH_MAX is not shown, and that is said. */
static void print_object(const json_t *object, int depth)
{
    const char *name;
    json_t *value;

    if (depth > DEPTH_MAX) {
        (void)printf("%*s... (deeper: see --json)\n", 2 * depth, "");
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        print_member(name, value, depth);
    }
}

static void print_member(const char *name, const json_t *value, int depth)
{
    (void)printf("%*s", 2 * depth, "");
    print_text(name);
    (void)printf(": ");
    if (is_plain(value)) {
        print_value(value);
        (void)printf("\n");
    } else if (is_line(value)) {
        print_line_of(value);
    } else if (json_is_object(value)) {
        (void)printf("\n");
        print_object(value, depth + 1);
    } else {
        const json_t *one;
        size_t i;

        (void)printf("\n");
        json_array_foreach(value, i, one)
        {
            (void)printf("%*s- \n", 2 * (depth + 1), "");
            print_object(one, depth + 2);
        }
    }
}

void tool_print(const json_t *object, bool as_json)
{
    if (as_json) {
        (void)json_dumpf(object, stdout, JSON_INDENT(1));
        (void)printf("\n");
    } else {
        print_object(object, 0);
    }
}
