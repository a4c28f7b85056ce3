/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"
#include <string.h>

#define DESCRIPTION_MAX (1 << 20) /* bytes */

json_t *describe_read(const char *path)
{
    struct tool_file file;
    json_error_t error;

    if (tool_read(path, DESCRIPTION_MAX, &file) != TOOL_OK) {
        return NULL;
    }
    json_t *top = json_loadb((const char *)file.data, file.len,
                             JSON_REJECT_DUPLICATES, &error);
    tool_free(&file);
    if (top == NULL) {
        (void)tool_fail(TOOL_USAGE, "%s:%d: %s", path, error.line, error.text);
    } else if (!json_is_object(top)) {
        (void)tool_fail(TOOL_USAGE, "%s: an object {...} is wanted", path);
        json_decref(top);
        top = NULL;
    }
    return top;
}

static bool is_among(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

bool describe_known(const json_t *object, const char *where,
                    const char *const *names)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        (void)tool_fail(TOOL_USAGE, "%s: an object {...} is wanted", where);
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (!is_among(name, names)) {
            (void)tool_fail(TOOL_USAGE, "%s: unknown member \"%s\"", where,
                            name);
            return false;
        }
    }
    return true;
}

bool describe_number(const json_t *object, const char *where, const char *name,
                     int64_t max, int64_t fallback, int64_t *value)
{
    const json_t *member = json_object_get(object, name);

    *value = fallback;
    if (member == NULL && fallback >= 0) {
        return true;
    }
    if (!json_is_integer(member) || json_integer_value(member) < 0 ||
        json_integer_value(member) > max) {
        (void)tool_fail(TOOL_USAGE, "%s: \"%s\" must be a number of 0 to %lld",
                        where, name, (long long)max);
        return false;
    }
    *value = json_integer_value(member);
    return true;
}

const char *describe_text(const json_t *object, const char *where,
                          const char *name)
{
    const json_t *member = json_object_get(object, name);

    if (!json_is_string(member)) {
        (void)tool_fail(TOOL_USAGE, "%s: \"%s\" must be a text", where, name);
        return NULL;
    }
    return json_string_value(member);
}

const json_t *describe_list(const json_t *object, const char *where,
                            const char *name, size_t max)
{
    const json_t *member = json_object_get(object, name);

    if (!json_is_array(member) || json_array_size(member) == 0 ||
        json_array_size(member) > max) {
        (void)tool_fail(TOOL_USAGE, "%s: \"%s\" must be a list of 1 to %zu",
                        where, name, max);
        return NULL;
    }
    return member;
}
