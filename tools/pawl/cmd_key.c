/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"
#include "pkcs11.h"
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

    if (code == TOOL_OK && pkcs11_is_uri(out)) {
        return pkcs11_generate(out, algorithm);
    }
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
    static const char *const names[] = {"the key's FILE or URI"};
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

int key_list(int argc, char **argv)
{
    const char *uri = NULL;
    size_t as_json = 0;
    const struct tool_option options[] = {{"--json", NULL, 1, &as_json, false}};
    static const char *const names[] = {"the token's URI"};
    json_t *keys = NULL;
    int code = tool_arguments(argc, argv, options, 1, &uri, names, 1);

    if (code != TOOL_OK) {
        return code;
    }
    if (!pkcs11_is_uri(uri)) {
        return tool_fail(TOOL_USAGE, "%s is no URI such as pkcs11:token=NAME",
                         uri);
    }
    code = pkcs11_list(uri, &keys);
    if (code == TOOL_OK) {
        json_t *object = json_pack("{s:O}", "keys", keys);

        tool_print(object, as_json > 0);
        json_decref(object);
    }
    json_decref(keys);
    return code;
}
