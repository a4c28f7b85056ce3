/* SPDX-License-Identifier: Apache-2.0 */

/* An envelope as a tree, whether it can be verified or not. */

#include "cbor/cbor.h"
#include "cose/cose.h"
#include "describe.h"
#include "suit_write.h"
#include <pawl/manifest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_MAX (1u << 20)
#define DEPTH_MAX 6 /* nested sequences that are shown */

struct word {
    int64_t number;
    const char *name;
};

static const struct word commands[] = {
    {1, "condition-vendor-identifier"},
    {2, "condition-class-identifier"},
    {3, "condition-image-match"},
    {5, "condition-component-slot"},
    {6, "condition-check-content"},
    {12, "directive-set-component-index"},
    {14, "condition-abort"},
    {15, "directive-try-each"},
    {18, "directive-write"},
    {20, "directive-override-parameters"},
    {21, "directive-fetch"},
    {22, "directive-copy"},
    {23, "directive-invoke"},
    {24, "condition-device-identifier"},
    {31, "directive-swap"},
    {32, "directive-run-sequence"},
    {0, NULL},
};

static const struct word parameters[] = {
    {1, "vendor-identifier"},
    {2, "class-identifier"},
    {3, "image-digest"},
    {5, "component-slot"},
    {12, "strict-order"},
    {13, "soft-failure"},
    {14, "image-size"},
    {18, "content"},
    {21, "uri"},
    {22, "source-component"},
    {23, "invoke-args"},
    {24, "device-identifier"},
    {25, "fetch-arguments"},
    {PAWL_SUIT_SECURITY_COUNTER, "pawl-security-counter"},
    {0, NULL},
};

static const struct word members[] = {
    {1, "manifest-version"},
    {2, "sequence-number"},
    {3, "common"},
    {4, "reference-uri"},
    {7, "validate"},
    {8, "load"},
    {9, "invoke"},
    {16, "payload-fetch"},
    {20, "install"},
    {23, "text"},
    {0, NULL},
};

static const char *word_of(const struct word *words, int64_t number,
                           char buf[24])
{
    for (; words->name != NULL; words++) {
        if (words->number == number) {
            return words->name;
        }
    }
    (void)snprintf(buf, 24, "%lld", (long long)number);
    return buf;
}

static json_t *hex_json(struct pawl_bytes bytes)
{
    char *hex = malloc(2 * bytes.len + 1);
    json_t *json = NULL;

    if (hex != NULL) {
        tool_hex(hex, bytes);
        json = json_string(hex);
    }
    free(hex);
    return json;
}

/* Any item that is no sequence: numbers and texts as such, the rest in hex. */
static json_t *item_json(struct pawl_cbor *in)
{
    struct pawl_bytes item = PAWL_NO_BYTES;
    int64_t number = 0;
    bool flag = false;

    switch (pawl_cbor_peek(in)) {
    case PAWL_CBOR_UINT:
    case PAWL_CBOR_NINT:
        return pawl_cbor_int(in, &number) == PAWL_OK ? json_integer(number)
                                                     : NULL;
    case PAWL_CBOR_TSTR:
        return pawl_cbor_tstr(in, &item) == PAWL_OK
                   ? json_stringn((const char *)item.data, item.len)
                   : NULL;
    case PAWL_CBOR_BSTR:
        return pawl_cbor_bstr(in, &item) == PAWL_OK ? hex_json(item) : NULL;
    case PAWL_CBOR_SIMPLE:
        if (pawl_cbor_bool(in, &flag) == PAWL_OK) {
            return json_boolean(flag);
        }
        return NULL;
    case PAWL_CBOR_ARRAY:
    case PAWL_CBOR_MAP:
    case PAWL_CBOR_TAG:
        return pawl_cbor_skip(in, &item) == PAWL_OK ? hex_json(item) : NULL;
    case PAWL_CBOR_END:
        break;
    }
    return NULL;
}

static json_t *parameters_json(struct pawl_cbor *in)
{
    json_t *object = json_object();
    size_t count = 0;
    int64_t key = 0;
    char buf[24];

    if (pawl_cbor_map(in, &count) != PAWL_OK) {
        json_decref(object);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (pawl_cbor_key(in, &key, i == 0) != PAWL_OK) {
            break;
        }
        (void)json_object_set_new(object, word_of(parameters, key, buf),
                                  item_json(in));
    }
    return object;
}

static json_t *sequence_json(struct pawl_bytes bytes, int depth);

/* The argument of a command: a sequence, several, parameters, or a value. */
static json_t *argument_json(struct pawl_cbor *in, int64_t command, int depth)
{
    struct pawl_bytes branch;
    size_t count = 0;

    if (command == 20) {
        return parameters_json(in);
    }
    if (command == 32 && pawl_cbor_bstr(in, &branch) == PAWL_OK) {
        return sequence_json(branch, depth + 1);
    }
    if (command != 15 || pawl_cbor_array(in, &count) != PAWL_OK) {
        return item_json(in);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = pawl_cbor_peek(in) == PAWL_CBOR_BSTR &&
                              pawl_cbor_bstr(in, &branch) == PAWL_OK
                          ? sequence_json(branch, depth + 1)
                          : item_json(in);
        (void)json_array_append_new(
            list, json_pack("{s:o}", "branch", one ? one : json_null()));
    }
    return list;
}

/* A command sequence as a list of objects of one command each. The depth is
 * bounded: a deeper sequence is shown as hex. */
static json_t *sequence_json(struct pawl_bytes bytes, int depth)
{
    struct pawl_cbor in;
    size_t count = 0;
    int64_t command = 0;
    char buf[24];

    pawl_cbor_read(&in, bytes);
    if (depth > DEPTH_MAX || pawl_cbor_array(&in, &count) != PAWL_OK) {
        return hex_json(bytes);
    }
    json_t *list = json_array();
    for (size_t i = 0; i + 1 < count; i += 2) {
        const struct pawl_bytes rest = {in.at, pawl_cbor_left(&in)};
        if (pawl_cbor_int(&in, &command) != PAWL_OK) {
            (void)json_array_append_new(
                list, json_pack("{s:o}", "malformed", hex_json(rest)));
            return list;
        }
        json_t *argument = argument_json(&in, command, depth);
        json_t *one = json_object();
        (void)json_object_set_new(one, word_of(commands, command, buf),
                                  argument ? argument : json_null());
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *common_json(struct pawl_bytes bytes)
{
    json_t *object = json_object();
    struct pawl_bytes item;
    struct pawl_cbor in;
    size_t count = 0;
    int64_t key = 0;

    pawl_cbor_read(&in, bytes);
    (void)!pawl_cbor_map(&in, &count);
    for (size_t i = 0; i < count && pawl_cbor_key(&in, &key, i == 0) == PAWL_OK;
         i++) {
        if (key == 4 && pawl_cbor_bstr(&in, &item) == PAWL_OK) {
            (void)json_object_set_new(object, "shared-sequence",
                                      sequence_json(item, 0));
        } else {
            (void)json_object_set_new(object, key == 2 ? "components" : "other",
                                      item_json(&in));
        }
    }
    return object;
}

static json_t *member_json(struct pawl_cbor *in, int64_t key)
{
    struct pawl_bytes item = PAWL_NO_BYTES;

    if (key == 23 || pawl_cbor_peek(in) != PAWL_CBOR_BSTR) {
        return item_json(in);
    }
    if (pawl_cbor_bstr(in, &item) != PAWL_OK) {
        return NULL;
    }
    return key == 3 ? common_json(item) : sequence_json(item, 0);
}

static json_t *manifest_json(struct pawl_bytes bytes)
{
    json_t *object = json_object();
    struct pawl_cbor in;
    size_t count = 0;
    int64_t key = 0;
    char buf[24];

    pawl_cbor_read(&in, bytes);
    (void)!pawl_cbor_map(&in, &count);
    for (size_t i = 0; i < count && pawl_cbor_key(&in, &key, i == 0) == PAWL_OK;
         i++) {
        (void)json_object_set_new(object, word_of(members, key, buf),
                                  member_json(&in, key));
    }
    if (in.status != PAWL_OK) {
        (void)json_object_set_new(object, "damaged", json_true());
    }
    return object;
}

static json_t *signatures_json(const struct suit_parts *parts)
{
    json_t *list = json_array();

    for (size_t i = 0; i < parts->block_count; i++) {
        struct pawl_cose cose;
        enum pawl_status status =
            pawl_cose_parse(&cose, parts->blocks[i], PAWL_COSE_STRICT);

        (void)json_array_append_new(
            list, status == PAWL_OK ? json_string(tool_algorithm_name(cose.alg))
                                    : json_string(pawl_status_name(status)));
    }
    return list;
}

int manifest_show(int argc, char **argv)
{
    static const char *const names[] = {"the envelope's FILE"};
    const char *path = NULL;
    size_t as_json = 0;
    const struct tool_option options[] = {{"--json", NULL, 1, &as_json, false}};
    struct suit_parts parts;
    struct tool_file file;
    int code = tool_arguments(argc, argv, options, 1, &path, names, 1);

    if (code == TOOL_OK) {
        code = tool_read(path, ENVELOPE_MAX, &file);
    }
    if (code != TOOL_OK) {
        return code;
    }
    enum pawl_status status = suit_split(tool_bytes(&file), &parts);
    if (status == PAWL_OK) {
        json_t *json =
            json_pack("{s:I, s:o, s:o, s:b, s:o, s:I}", "bytes",
                      (json_int_t)file.len, "signatures",
                      signatures_json(&parts), "digest", hex_json(parts.digest),
                      "digest_matches", (int)suit_digest_matches(&parts),
                      "manifest", manifest_json(parts.manifest),
                      "other_members", (json_int_t)parts.rest_count);
        tool_print(json, as_json > 0);
        json_decref(json);
    } else {
        code = tool_fail_status(path, status);
    }
    tool_free(&file);
    return code;
}
