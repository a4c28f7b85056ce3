/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "cbor/cbor.h"
#include "describe.h"
#include "tool.h"
#include "trust_describe.h"
#include <pawl/trust.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const file_name[] = {"the trust document's FILE"};

/* Writes a document with its signatures. */
static int write_joined(const char *path, struct pawl_bytes document,
                        const struct pawl_bytes *signatures, size_t count)
{
    uint8_t out[PAWL_TRUST_MAX];
    size_t len = sizeof out;
    enum pawl_status status =
        pawl_trust_join(document, signatures, count, out, &len);

    if (status != PAWL_OK) {
        return tool_fail_status(path, status);
    }
    return tool_write(path, (struct pawl_bytes){out, len}, false);
}

int trust_create(int argc, char **argv)
{
    static const char *const names[] = {"the DESCRIPTION"};
    static struct trust_sources sources;
    const char *out = NULL, *description = NULL;
    const struct tool_option options[] = {{"-o", &out, 1, NULL, true}};
    uint8_t document[PAWL_TRUST_MAX];
    size_t len = sizeof document;
    int code = tool_arguments(argc, argv, options, 1, &description, names, 1);

    if (code != TOOL_OK) {
        return code;
    }
    code = trust_describe(description, &sources);
    if (code == TOOL_OK) {
        enum pawl_status status =
            pawl_trust_encode(&sources.plan, document, &len);
        code =
            status == PAWL_OK
                ? write_joined(out, (struct pawl_bytes){document, len}, NULL, 0)
                : tool_fail_status(description, status);
    }
    trust_sources_free(&sources);
    return code;
}

/* Reads a document, verified or not. */
struct reading {
    struct tool_file file;
    struct pawl_trust trust;
    struct pawl_bytes document;
    struct pawl_bytes signatures[PAWL_TRUST_SIGNATURE_MAX + 1];
    size_t count;
};

static int read_document(const char *path, struct reading *reading)
{
    int code = tool_read(path, PAWL_TRUST_MAX, &reading->file);

    if (code != TOOL_OK) {
        return code;
    }
    enum pawl_status status = pawl_trust_peek(
        &reading->trust, tool_bytes(&reading->file), &reading->document,
        reading->signatures, &reading->count);
    return status == PAWL_OK ? TOOL_OK : tool_fail_status(path, status);
}

/* The root that a key is, or NULL. */
static const struct pawl_key *root_of(const struct pawl_trust *trust,
                                      const struct pawl_key *key)
{
    for (size_t i = 0; i < trust->root_count; i++) {
        if (pawl_bytes_equal(trust->roots[i].bytes, key->bytes)) {
            return &trust->roots[i];
        }
    }
    return NULL;
}

static const uint8_t aad[] = PAWL_TRUST_AAD;

/* Whether that key has signed already. */
static bool has_signed(const struct reading *reading,
                       const struct pawl_key *key)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct pawl_cose cose;

        if (pawl_cose_parse(&cose, reading->signatures[i], PAWL_COSE_STRICT) ==
                PAWL_OK &&
            pawl_cose_verify(&cose, key, reading->document,
                             (struct pawl_bytes){aad, sizeof aad - 1}) ==
                PAWL_OK) {
            return true;
        }
    }
    return false;
}

static int sign_with(const char *path, struct reading *reading,
                     struct tool_key *key)
{
    const struct pawl_key *root = root_of(&reading->trust, &key->key);
    struct pawl_cose_signer signer;
    uint8_t signature[256];
    size_t len = sizeof signature;

    if (root != NULL && has_signed(reading, root)) {
        return TOOL_OK;
    }
    if (reading->count >= PAWL_TRUST_SIGNATURE_MAX) {
        return tool_fail(TOOL_REFUSED,
                         "%s has %d signatures, which is all "
                         "that a device looks at",
                         path, PAWL_TRUST_SIGNATURE_MAX);
    }
    tool_key_signer(key, &signer);
    enum pawl_status status =
        pawl_trust_sign(reading->document, root != NULL ? root : &key->key,
                        &signer, signature, &len);
    if (status != PAWL_OK) {
        return tool_sign_failed(key, path, status);
    }
    reading->signatures[reading->count++] = (struct pawl_bytes){signature, len};
    return write_joined(path, reading->document, reading->signatures,
                        reading->count);
}

/* Whether next may follow current, besides its signatures. */
static int check_way(const char *path, const struct pawl_trust *next,
                     const struct pawl_trust *current)
{
    if (next->version <= current->version ||
        next->version - current->version != 1) {
        return tool_fail(TOOL_REFUSED,
                         "%s is version %llu: the document after version "
                         "%llu has the next number",
                         path, (unsigned long long)next->version,
                         (unsigned long long)current->version);
    }
    return pawl_trust_leaves_a_way(next, current)
               ? TOOL_OK
               : tool_fail(TOOL_REFUSED,
                           "%s leaves a component that can be updated now "
                           "without enough signers: devices would refuse it",
                           path);
}

/* A rotation is signed by whoever has seen what it replaces. */
static int check_succession(const char *path, const struct pawl_trust *next,
                            const char *after)
{
    static struct pawl_trust before;
    struct tool_file old = {0};

    if (after == NULL) {
        return next->version == 1
                   ? TOOL_OK
                   : tool_fail(TOOL_USAGE,
                               "%s is version %llu: name the document before "
                               "it with --after",
                               path, (unsigned long long)next->version);
    }
    int code = tool_read(after, PAWL_TRUST_MAX, &old);
    if (code == TOOL_OK) {
        enum pawl_status status = pawl_trust_load(&before, tool_bytes(&old));

        code = status == PAWL_OK ? check_way(path, next, &before)
                                 : tool_fail_status(after, status);
    }
    tool_free(&old);
    return code;
}

/* A successor is signed by old roots too, so a key that is no root of this
 * document may be right. */
int trust_sign(int argc, char **argv)
{
    static struct reading reading;
    const char *file = NULL, *key_file = NULL, *after = NULL;
    const struct tool_option options[] = {{"--key", &key_file, 1, NULL, true},
                                          {"--after", &after, 1, NULL, false}};
    struct tool_key key;
    int code = tool_arguments(argc, argv, options, 2, &file, file_name, 1);

    if (code != TOOL_OK) {
        return code;
    }
    code = tool_key_read_signer(key_file, &key);
    if (code != TOOL_OK) {
        return code;
    }
    code = read_document(file, &reading);
    if (code == TOOL_OK) {
        code = check_succession(file, &reading.trust, after);
    }
    if (code == TOOL_OK) {
        code = sign_with(file, &reading, &key);
    }
    tool_free(&reading.file);
    tool_key_free(&key);
    return code;
}

/* What an owner says is written and signed at once: he is one. */
int trust_own(int argc, char **argv)
{
    static const char *const names[] = {"the DESCRIPTION"};
    static struct trust_sources sources;
    const char *out = NULL, *description = NULL, *key_file = NULL;
    const struct tool_option options[] = {{"--key", &key_file, 1, NULL, true},
                                          {"-o", &out, 1, NULL, true}};
    uint8_t said[PAWL_TRUST_MAX];
    size_t len = sizeof said;
    struct pawl_cose_signer signer;
    struct tool_key key;
    int code = tool_arguments(argc, argv, options, 2, &description, names, 1);

    if (code == TOOL_OK) {
        code = tool_key_read_signer(key_file, &key);
    }
    if (code != TOOL_OK) {
        return code;
    }
    code = trust_describe_owner(description, &sources);
    if (code == TOOL_OK) {
        tool_key_signer(&key, &signer);
        enum pawl_status status = pawl_trust_own_encode(
            sources.plan.version, sources.plan.anchors,
            sources.plan.anchor_count, &key.key, &signer, said, &len);
        code = status == PAWL_OK
                   ? tool_write(out, (struct pawl_bytes){said, len}, false)
                   : tool_sign_failed(&key, description, status);
    }
    trust_sources_free(&sources);
    tool_key_free(&key);
    return code;
}

static json_t *key_json(const struct pawl_key *key)
{
    char name[17];

    tool_key_name(key, name);
    return json_pack("{s:s, s:s}", "key", name, "algorithm",
                     tool_algorithm_name(key->algorithm));
}

static json_t *signer_json(const struct pawl_signer *signer)
{
    json_t *object = key_json(&signer->key);
    json_t *components = json_array();

    for (size_t i = 0; i < signer->component_count; i++) {
        char hex[129] = "";

        if (signer->components[i].len <= 64) {
            tool_hex(hex, signer->components[i]);
        }
        (void)json_array_append_new(components, json_string(hex));
    }
    (void)json_object_set_new(object, "components", components);
    (void)json_object_set_new(object, "retired", json_boolean(signer->retired));
    return object;
}

static json_t *roles_json(uint32_t roles)
{
    json_t *list = json_array();

    for (uint32_t role = 1; role != 0 && role <= roles; role <<= 1) {
        if ((roles & role) != 0 && trust_role_name(role) != NULL) {
            (void)json_array_append_new(list,
                                        json_string(trust_role_name(role)));
        }
    }
    return list;
}

static json_t *anchor_json(const struct pawl_trust_anchor *anchor)
{
    const struct pawl_key der = {PAWL_ALG_NONE, anchor->certificate};
    char name[17];

    tool_key_name(&der, name);
    return json_pack("{s:s, s:I, s:o}", "certificate", name, "bytes",
                     (json_int_t)anchor->certificate.len, "roles",
                     roles_json(anchor->roles));
}

static json_t *owner_json(const struct pawl_trust *trust)
{
    if (trust->owner.bytes.len == 0) {
        return json_null();
    }
    json_t *object = key_json(&trust->owner);

    (void)json_object_set_new(object, "roles", roles_json(trust->owner_roles));
    (void)json_object_set_new(object, "version",
                              json_integer((json_int_t)trust->owner_version));
    return object;
}

json_t *trust_json(const struct pawl_trust *trust)
{
    json_t *roots = json_array(), *signers = json_array(),
           *anchors = json_array();

    for (size_t i = 0; i < trust->root_count; i++) {
        (void)json_array_append_new(roots, key_json(&trust->roots[i]));
    }
    for (size_t i = 0; i < trust->signer_count; i++) {
        (void)json_array_append_new(signers, signer_json(&trust->signers[i]));
    }
    for (size_t i = 0; i < trust->anchor_count; i++) {
        (void)json_array_append_new(anchors, anchor_json(&trust->anchors[i]));
    }
    return json_pack("{s:I, s:i, s:o, s:i, s:o, s:o, s:I, s:I, s:I, s:o}",
                     "version", (json_int_t)trust->version, "root_threshold",
                     trust->root_threshold, "roots", roots, "signer_threshold",
                     trust->signer_threshold, "signers", signers, "anchors",
                     anchors, "issued", (json_int_t)trust->issued_s, "expires",
                     (json_int_t)trust->expires_s, "time",
                     (json_int_t)trust->time_s, "owner", owner_json(trust));
}

int trust_show(int argc, char **argv)
{
    static struct reading reading;
    const char *file = NULL;
    size_t as_json = 0;
    const struct tool_option options[] = {{"--json", NULL, 1, &as_json, false}};
    int code = tool_arguments(argc, argv, options, 1, &file, file_name, 1);

    if (code == TOOL_OK) {
        code = read_document(file, &reading);
    }
    if (code == TOOL_OK) {
        json_t *json = trust_json(&reading.trust);

        (void)json_object_set_new(json, "signatures",
                                  json_integer((json_int_t)reading.count));
        tool_print(json, as_json > 0);
        json_decref(json);
    }
    tool_free(&reading.file);
    return code;
}

int trust_verify(int argc, char **argv)
{
    static struct pawl_trust trust, before;
    struct tool_file file = {0}, old = {0};
    const char *path = NULL, *after = NULL;
    const struct tool_option options[] = {{"--after", &after, 1, NULL, false}};
    enum pawl_status status = PAWL_OK;
    int code = tool_arguments(argc, argv, options, 1, &path, file_name, 1);

    if (code == TOOL_OK) {
        code = tool_read(path, PAWL_TRUST_MAX, &file);
    }
    if (code == TOOL_OK && after != NULL) {
        code = tool_read(after, PAWL_TRUST_MAX, &old);
        status = code == TOOL_OK ? pawl_trust_load(&before, tool_bytes(&old))
                                 : PAWL_OK;
        code = status == PAWL_OK ? code : tool_fail_status(after, status);
    }
    if (code == TOOL_OK) {
        status = after != NULL
                     ? pawl_trust_succeed(&trust, &before, tool_bytes(&file))
                     : pawl_trust_load(&trust, tool_bytes(&file));
        code = status == PAWL_OK ? TOOL_OK : tool_fail_status(path, status);
    }
    if (code == TOOL_OK && after != NULL) {
        code = check_way(path, &trust, &before);
    }
    if (code == TOOL_OK) {
        (void)printf("version %llu, good\n", (unsigned long long)trust.version);
    }
    tool_free(&file);
    tool_free(&old);
    return code;
}

/* doc/SPEC.md, "MQTT": { 1: format, 2: URI, 3: newest version }. */
int trust_announce(int argc, char **argv)
{
    const char *uri = NULL, *newest = NULL, *out = NULL;
    const struct tool_option options[] = {
        {"--uri", &uri, 1, NULL, true},
        {"--newest", &newest, 1, NULL, true},
        {"-o", &out, 1, NULL, true},
    };
    uint8_t buf[512];
    char *end = NULL;
    struct pawl_cbor_out writer;
    struct pawl_bytes payload;
    int code = tool_arguments(argc, argv, options, 3, NULL, NULL, 0);

    if (code != TOOL_OK) {
        return code;
    }
    unsigned long long version = strtoull(newest, &end, 10);
    if (*end != '\0' || newest[0] < '1' || newest[0] > '9') {
        return tool_fail(TOOL_USAGE, "--newest is a version, 1 or more");
    }
    if (strncmp(uri, "https://", 8) != 0) {
        return tool_fail(TOOL_USAGE, "%s: devices fetch https:// only", uri);
    }
    pawl_cbor_write(&writer, buf, sizeof buf);
    pawl_cbor_put_map(&writer, 3);
    pawl_cbor_put_uint(&writer, 1);
    pawl_cbor_put_uint(&writer, 1);
    pawl_cbor_put_uint(&writer, 2);
    pawl_cbor_put_tstr(&writer, uri);
    pawl_cbor_put_uint(&writer, 3);
    pawl_cbor_put_uint(&writer, version);
    if (pawl_cbor_written(&writer, &payload) != PAWL_OK ||
        strlen(uri) >= PAWL_URI_MAX) {
        return tool_fail(TOOL_USAGE, "the URI is longer than %d characters",
                         PAWL_URI_MAX - 1);
    }
    return tool_write(out, payload, false);
}
