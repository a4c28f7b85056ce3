/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "cose/cose.h"
#include "crypto/crypto.h"
#include "describe.h"
#include "suit_write.h"
#include "tool.h"
#include <pawl/manifest.h>
#include <pawl/trust.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_MAX (64u << 20)   /* bytes */
#define ENVELOPE_MAX (1u << 20) /* bytes that this tool reads */
#define KEYS_MAX 16

static const char *const file_name[] = {"the envelope's FILE"};

/* ---- create ---- */

static bool read_id(const json_t *from, struct suit_component *to)
{
    const json_t *list = describe_list(from, "components", "id", 8);
    char text[2 * SUIT_ID_MAX + 8] = "";
    const json_t *one;
    size_t i;

    if (list == NULL) {
        return false;
    }
    json_array_foreach(list, i, one)
    {
        const char *element = json_string_value(one);
        size_t at = strlen(text);

        if (element == NULL || strlen(element) + at + 2 > sizeof text) {
            (void)tool_fail(TOOL_USAGE, "components: id must be a list of hex "
                                        "texts");
            return false;
        }
        (void)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? "/" : "",
                       element);
    }
    if (!tool_component(text, to->id, sizeof to->id, &to->id_len)) {
        (void)tool_fail(TOOL_USAGE, "components: id must be hex: %s", text);
        return false;
    }
    return true;
}

/* Image and URI, of which where has both. */
static bool read_image(const char *folder, const json_t *from,
                       const char *where, struct suit_image *to)
{
    const char *file = describe_text(from, where, "image");

    to->uri = file == NULL ? NULL : describe_text(from, where, "uri");
    if (to->uri == NULL) {
        return false;
    }
    char *path = tool_beside(folder, file);
    struct tool_file image = {0};
    bool good = path != NULL && tool_read(path, IMAGE_MAX, &image) == TOOL_OK;

    if (good && image.len == 0) {
        (void)tool_fail(TOOL_USAGE, "%s is empty", path);
        good = false;
    }
    to->size = image.len;
    good = good && pawl_sha256(tool_bytes(&image), to->digest) == PAWL_OK;
    tool_free(&image);
    free(path);
    return good;
}

/* An image for each slot, in the order of the slots. */
static bool read_slots(const char *folder, const json_t *from,
                       struct suit_component *to)
{
    static const char *const known[] = {"image", "uri", NULL};
    const json_t *list =
        describe_list(from, "components", "slots", SUIT_SLOTS_MAX);
    const json_t *one;
    size_t i;

    if (list == NULL) {
        return false;
    }
    to->slot_count = json_array_size(list);
    if (to->slot_count < 2 || json_object_get(from, "image") != NULL ||
        json_object_get(from, "uri") != NULL) {
        (void)tool_fail(TOOL_USAGE, "components: \"slots\" names at least two "
                                    "images, and stands in place of \"image\" "
                                    "and \"uri\"");
        return false;
    }
    json_array_foreach(list, i, one)
    {
        if (!describe_known(one, "slots", known) ||
            !read_image(folder, one, "slots", &to->images[i])) {
            return false;
        }
    }
    return true;
}

static bool read_component(const char *folder, const json_t *from,
                           struct suit_component *to)
{
    static const char *const known[] = {
        "id", "image", "uri", "slots", "security_counter", NULL};
    int64_t counter = 0;

    if (!describe_known(from, "components", known) || !read_id(from, to)) {
        return false;
    }
    to->has_counter = json_object_get(from, "security_counter") != NULL;
    bool good = describe_number(from, "components", "security_counter",
                                UINT32_MAX, 0, &counter);
    to->counter = (uint64_t)counter;
    if (!good) {
        return false;
    }
    return json_object_get(from, "slots") != NULL
               ? read_slots(folder, from, to)
               : read_image(folder, from, "components", &to->images[0]);
}

static bool read_ids(const json_t *top, struct suit_plan *plan)
{
    const char *vendor = describe_text(top, "manifest", "vendor_id");
    const char *class_id = describe_text(top, "manifest", "class_id");
    bool good = vendor != NULL && class_id != NULL;

    if (good && (!tool_uuid(vendor, plan->vendor_id) ||
                 !tool_uuid(class_id, plan->class_id))) {
        (void)tool_fail(TOOL_USAGE, "manifest: vendor_id and class_id must be "
                                    "UUIDs, 8-4-4-4-12 hex digits");
        good = false;
    }
    return good;
}

/* A text that may be left out. */
static bool read_text_member(const json_t *text, const char *name,
                             const char **to)
{
    if (json_object_get(text, name) == NULL) {
        return true;
    }
    *to = describe_text(text, "text", name);
    return *to != NULL;
}

static bool read_text(const json_t *top, struct suit_plan *plan)
{
    static const char *const known[] = {"version", "description", NULL};
    const json_t *text = json_object_get(top, "text");

    if (text == NULL) {
        return true;
    }
    if (!describe_known(text, "text", known)) {
        return false;
    }
    return read_text_member(text, "version", &plan->version) &&
           read_text_member(text, "description", &plan->description);
}

/* A device refuses a manifest that lists a component twice. */
static bool is_listed(const struct suit_plan *plan, size_t before,
                      const struct suit_component *one)
{
    for (size_t i = 0; i < before; i++) {
        const struct suit_component *other = &plan->components[i];

        if (pawl_bytes_equal((struct pawl_bytes){other->id, other->id_len},
                             (struct pawl_bytes){one->id, one->id_len})) {
            (void)tool_fail(TOOL_USAGE,
                            "components: number %zu has the id of "
                            "number %zu",
                            before + 1, i + 1);
            return true;
        }
    }
    return false;
}

static bool read_plan(const char *folder, const json_t *top,
                      struct suit_plan *plan)
{
    static const char *const known[] = {"sequence",   "vendor_id", "class_id",
                                        "components", "text",      NULL};
    const json_t *one;
    int64_t sequence;
    size_t i;

    if (!describe_known(top, "manifest", known) ||
        !describe_number(top, "manifest", "sequence", INT64_MAX - 1, -1,
                         &sequence) ||
        !read_ids(top, plan) || !read_text(top, plan)) {
        return false;
    }
    plan->sequence = (uint64_t)sequence;
    const json_t *list =
        describe_list(top, "manifest", "components", PAWL_COMPONENT_MAX);
    if (list == NULL) {
        return false;
    }
    json_array_foreach(list, i, one)
    {
        if (!read_component(folder, one, &plan->components[i]) ||
            is_listed(plan, i, &plan->components[i])) {
            return false;
        }
    }
    plan->component_count = json_array_size(list);
    return true;
}

int manifest_create(int argc, char **argv)
{
    static const char *const names[] = {"the DESCRIPTION"};
    static uint8_t envelope[ENVELOPE_MAX];
    struct suit_plan plan = {0};
    const char *out = NULL, *path = NULL;
    const struct tool_option options[] = {{"-o", &out, 1, NULL, true}};
    size_t len = sizeof envelope;
    int code = tool_arguments(argc, argv, options, 1, &path, names, 1);

    if (code != TOOL_OK) {
        return code;
    }
    json_t *top = describe_read(path);
    char *folder = tool_folder(path);
    bool good = top != NULL && folder != NULL && read_plan(folder, top, &plan);
    code = good ? suit_write(&plan, envelope, &len) : TOOL_USAGE;
    if (code == TOOL_OK) {
        code = tool_write(out, (struct pawl_bytes){envelope, len}, false);
    }
    free(folder);
    json_decref(top);
    return code;
}

/* ---- sign ---- */

static bool has_signed(const struct suit_parts *parts,
                       const struct pawl_key *key)
{
    for (size_t i = 0; i < parts->block_count; i++) {
        struct pawl_cose cose;

        if (pawl_cose_parse(&cose, parts->blocks[i], PAWL_COSE_STRICT) ==
                PAWL_OK &&
            pawl_cose_verify(&cose, key, parts->digest, PAWL_NO_BYTES) ==
                PAWL_OK) {
            return true;
        }
    }
    return false;
}

/* Adds a block, unless the key has signed already. */
static int add_signature(const char *path, struct suit_parts *parts,
                         struct tool_key *key)
{
    static uint8_t blocks[PAWL_MANIFEST_BLOCKS_MAX][256];
    struct pawl_cose_signer signer;
    size_t len = sizeof blocks[0];

    if (has_signed(parts, &key->key)) {
        return TOOL_OK;
    }
    if (parts->block_count == PAWL_MANIFEST_BLOCKS_MAX) {
        return tool_fail(TOOL_REFUSED,
                         "%s has %d signatures, which is all "
                         "that a device looks at",
                         path, PAWL_MANIFEST_BLOCKS_MAX);
    }
    uint8_t *block = blocks[parts->block_count];
    tool_key_signer(key, &signer);
    enum pawl_status status =
        pawl_cose_sign1(&signer, parts->digest, PAWL_NO_BYTES, block, &len);
    if (status != PAWL_OK) {
        return tool_sign_failed(key, path, status);
    }
    parts->blocks[parts->block_count++] = (struct pawl_bytes){block, len};
    return TOOL_OK;
}

/* Signs with all keys, then writes: all signatures are added or none. */
static int sign_file(const char *path, struct tool_key *keys, size_t count)
{
    static uint8_t envelope[ENVELOPE_MAX];
    size_t len = sizeof envelope, before = 0;
    struct suit_parts parts;
    struct tool_file file;
    int code = tool_read(path, ENVELOPE_MAX, &file);

    if (code != TOOL_OK) {
        return code;
    }
    enum pawl_status status = suit_split(tool_bytes(&file), &parts);
    if (status != PAWL_OK) {
        code = tool_fail_status(path, status);
    } else if (!suit_digest_matches(&parts)) {
        code = tool_fail(TOOL_REFUSED,
                         "%s: the digest to be signed is not that of the "
                         "manifest in it: make it again from its description",
                         path);
    } else {
        before = parts.block_count;
    }
    for (size_t i = 0; code == TOOL_OK && i < count; i++) {
        code = add_signature(path, &parts, &keys[i]);
    }
    if (code == TOOL_OK && parts.block_count > before) {
        code = suit_join(&parts, envelope, &len);
        if (code == TOOL_OK) {
            code = tool_write(path, (struct pawl_bytes){envelope, len}, false);
        }
    }
    tool_free(&file);
    return code;
}

int manifest_sign(int argc, char **argv)
{
    static struct tool_key keys[KEYS_MAX];
    const char *path = NULL, *names[KEYS_MAX];
    size_t count = 0, read = 0;
    const struct tool_option options[] = {
        {"--key", names, KEYS_MAX, &count, true}};
    int code = tool_arguments(argc, argv, options, 1, &path, file_name, 1);

    for (; code == TOOL_OK && read < count; read++) {
        code = tool_key_read_signer(names[read], &keys[read]);
    }
    if (code == TOOL_OK) {
        code = sign_file(path, keys, count);
    }
    while (read > 0) {
        tool_key_free(&keys[--read]);
    }
    return code;
}

/* ---- verify ---- */

/* Prints what was verified, or the reason why not. */
static int judge(const char *path, struct pawl_bytes envelope,
                 const struct pawl_manifest_policy *policy)
{
    struct pawl_manifest manifest;
    enum pawl_status status = pawl_manifest_open(&manifest, envelope, policy);

    if (status != PAWL_OK) {
        const struct pawl_manifest_failure *failure =
            pawl_manifest_failure(&manifest);
        return tool_fail(TOOL_REFUSED, "%s: %s (%s, %s)", path,
                         pawl_status_text(status), pawl_status_name(status),
                         pawl_suit_reason_name(failure->reason));
    }
    (void)printf("sequence %llu, good\n",
                 (unsigned long long)manifest.sequence);
    return TOOL_OK;
}

static int verify_by_trust(const char *path, struct pawl_bytes envelope,
                           const char *trust_path)
{
    static struct pawl_trust trust;
    struct tool_file file;
    int code = tool_read(trust_path, PAWL_TRUST_MAX, &file);

    if (code != TOOL_OK) {
        return code;
    }
    enum pawl_status status = pawl_trust_load(&trust, tool_bytes(&file));
    const struct pawl_manifest_policy policy = {
        .signers = trust.signers,
        .signer_count = trust.signer_count,
        .threshold = trust.signer_threshold,
    };
    code = status == PAWL_OK ? judge(path, envelope, &policy)
                             : tool_fail_status(trust_path, status);
    tool_free(&file);
    return code;
}

static int verify_by_keys(const char *path, struct pawl_bytes envelope,
                          const char **files, size_t count)
{
    static const uint8_t all[] = {0x80};
    static struct tool_key keys[KEYS_MAX];
    const struct pawl_bytes prefix = PAWL_BYTES(all);
    struct pawl_signer signers[KEYS_MAX];
    size_t read = 0;
    int code = TOOL_OK;

    for (; code == TOOL_OK && read < count; read++) {
        code = tool_key_read(files[read], &keys[read]);
        signers[read] = (struct pawl_signer){
            .key = keys[read].key, .components = &prefix, .component_count = 1};
    }
    const struct pawl_manifest_policy policy = {
        .signers = signers, .signer_count = count, .threshold = (uint8_t)count};
    if (code == TOOL_OK) {
        code = judge(path, envelope, &policy);
    }
    while (read > 0) {
        tool_key_free(&keys[--read]);
    }
    return code;
}

int manifest_verify(int argc, char **argv)
{
    const char *path = NULL, *keys[KEYS_MAX], *trust = NULL;
    size_t key_count = 0;
    const struct tool_option options[] = {
        {"--key", keys, KEYS_MAX, &key_count, false},
        {"--trust", &trust, 1, NULL, false},
    };
    struct tool_file file;
    int code = tool_arguments(argc, argv, options, 2, &path, file_name, 1);

    if (code == TOOL_OK && (key_count > 0) == (trust != NULL)) {
        code = tool_fail(TOOL_USAGE, "either --key or --trust is needed");
    }
    if (code == TOOL_OK) {
        code = tool_read(path, ENVELOPE_MAX, &file);
    }
    if (code != TOOL_OK) {
        return code;
    }
    code = trust != NULL
               ? verify_by_trust(path, tool_bytes(&file), trust)
               : verify_by_keys(path, tool_bytes(&file), keys, key_count);
    tool_free(&file);
    return code;
}
