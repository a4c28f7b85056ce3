/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11.h"
#include "tool.h"
#include <string.h>

static const struct tool_option *find(const struct tool_option *options,
                                      size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* Takes one option; *at moves on to its value. */
static int take(const struct tool_option *option, int argc, char **argv,
                int *at, size_t *seen)
{
    if (option->values == NULL) {
        (*seen)++;
        return TOOL_OK;
    }
    if (*at + 1 >= argc) {
        return tool_fail(TOOL_USAGE, "%s needs a value", option->name);
    }
    if (*seen >= option->max) {
        return tool_fail(TOOL_USAGE, "%s is given too often", option->name);
    }
    option->values[(*seen)++] = argv[++*at];
    return TOOL_OK;
}

static int check_required(const struct tool_option *options, size_t count,
                          const size_t *seen)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i].required && seen[i] == 0) {
            return tool_fail(TOOL_USAGE, "%s is missing: see --help",
                             options[i].name);
        }
        if (options[i].count != NULL) {
            *options[i].count = seen[i];
        }
    }
    return TOOL_OK;
}

int tool_arguments(int argc, char **argv, const struct tool_option *options,
                   size_t option_count, const char **words,
                   const char *const *word_names, size_t word_count)
{
    size_t seen[16] = {0}, found = 0;

    for (int i = 0; i < argc; i++) {
        const struct tool_option *option = find(options, option_count, argv[i]);

        if (option != NULL) {
            int code = take(option, argc, argv, &i, &seen[option - options]);
            if (code != TOOL_OK) {
                return code;
            }
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return tool_fail(TOOL_USAGE, "unknown option %.*s: see --help",
                             pkcs11_shown(argv[i]), argv[i]);
        } else if (found == word_count) {
            return tool_fail(TOOL_USAGE, "one word too many: %.*s",
                             pkcs11_shown(argv[i]), argv[i]);
        } else {
            words[found++] = argv[i];
        }
    }
    if (found < word_count) {
        return tool_fail(TOOL_USAGE, "%s is missing: see --help",
                         word_names[found]);
    }
    return check_required(options, option_count, seen);
}
