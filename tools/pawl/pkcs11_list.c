/* SPDX-License-Identifier: Apache-2.0 */

/* The keys of a token. */

#include "pkcs11_internal.h"

#define OBJECTS_MAX 64 /* of one kind, in a list */

static json_t *describe(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                        const char *kind)
{
    uint8_t id[PKCS11_TEXT_MAX];
    char label[PKCS11_TEXT_MAX], hex[2 * PKCS11_TEXT_MAX + 1], name[17] = "";
    size_t id_len = pkcs11_get(token, object, CKA_ID, id, sizeof id);
    size_t label_len =
        pkcs11_get(token, object, CKA_LABEL, label, sizeof label);
    struct tool_key key = {0};
    json_t *row;

    tool_hex(hex, (struct pawl_bytes){id, id_len});
    row = json_pack("{s:s, s:s, s:o}", "type", kind, "id", hex, "object",
                    json_stringn(label, label_len));
    if (row == NULL) { /* a label that is no UTF-8 */
        row = json_pack("{s:s, s:s}", "type", kind, "id", hex);
    }
    if (pkcs11_read_point(token, object, &key)) {
        tool_key_name(&key.key, name);
        (void)json_object_set_new(row, "key", json_string(name));
        (void)json_object_set_new(
            row, "algorithm",
            json_string(tool_algorithm_name(key.key.algorithm)));
        tool_key_free(&key);
    }
    return row;
}

static CK_RV list_class(struct pkcs11_token *token, CK_OBJECT_CLASS class,
                        json_t *list)
{
    CK_OBJECT_HANDLE handles[OBJECTS_MAX];
    CK_ULONG count = 0;
    CK_RV answer = pkcs11_find(token, class,
                               p11_kit_uri_get_attribute(token->uri, CKA_LABEL),
                               p11_kit_uri_get_attribute(token->uri, CKA_ID),
                               handles, OBJECTS_MAX, &count);

    for (CK_ULONG i = 0; i < count; i++) {
        (void)json_array_append_new(
            list, describe(token, handles[i],
                           class == CKO_PRIVATE_KEY ? "private" : "public"));
    }
    return answer;
}

int pkcs11_list(const char *uri, json_t **keys)
{
    struct pkcs11_token *token;
    int code = pkcs11_open(uri, false, &token);

    *keys = json_array();
    if (code == TOOL_OK && token->pin_len > 0) {
        code = pkcs11_log_in(token);
    }
    if (code == TOOL_OK) {
        CK_RV answer = list_class(token, CKO_PRIVATE_KEY, *keys);

        answer = answer == CKR_OK ? list_class(token, CKO_PUBLIC_KEY, *keys)
                                  : answer;
        code = answer == CKR_OK ? TOOL_OK : pkcs11_fail(token, answer);
    }
    pkcs11_free(token);
    return code;
}
