/* SPDX-License-Identifier: Apache-2.0 */
#include "tool.h"

int key_generate(int argc, char **argv)
{
    const char *out = NULL, *algorithm = "es256";
    const struct tool_option options[] = {
        {"-o", &out, 1, NULL, true},
        {"--algorithm", &algorithm, 1, NULL, false},
    };
    struct tool_key key;
    int code = tool_arguments(argc, argv, options, 2, NULL, NULL, 0);

    if (code == TOOL_OK) {
        code = tool_key_generate(algorithm, &key);
    }
    if (code == TOOL_OK) {
        code = tool_key_write(&key, out, false);
        tool_key_free(&key);
    }
    return code;
}

int key_public(int argc, char **argv)
{
    const char *out = "-", *file = NULL;
    const struct tool_option options[] = {{"-o", &out, 1, NULL, false}};
    static const char *const names[] = {"the key's FILE"};
    struct tool_key key;
    int code = tool_arguments(argc, argv, options, 1, &file, names, 1);

    if (code == TOOL_OK) {
        code = tool_key_read(file, &key);
    }
    if (code == TOOL_OK) {
        code = tool_key_write(&key, out, true);
        tool_key_free(&key);
    }
    return code;
}
