/* SPDX-License-Identifier: Apache-2.0 */

/* From a description in JSON to the plan of a trust document. */

#include "trust_describe.h"
#include "describe.h"
#include "pkcs11.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t role;
} roles[] = {{"enroll", PAWL_ROLE_ENROLL},
             {"server", PAWL_ROLE_SERVER},
             {"download", PAWL_ROLE_DOWNLOAD},
             {"time", PAWL_ROLE_TIME}};

#define ROLE_COUNT (sizeof roles / sizeof roles[0])

const char *trust_role_name(uint32_t role)
{
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (roles[i].role == role) {
            return roles[i].name;
        }
    }
    return NULL;
}

static int read_key(struct trust_sources *sources, const char *file,
                    struct pawl_key *key)
{
    struct tool_key *slot = &sources->keys[sources->key_count];
    char *path = tool_beside(sources->folder, file);
    int code = TOOL_USAGE;

    /* A description loads no module. */
    if (pkcs11_is_uri(file)) {
        free(path);
        return tool_fail(TOOL_USAGE, "a description names files: write the "
                                     "key's public half with pawl key public");
    }
    code = path != NULL ? tool_key_read(path, slot) : TOOL_USAGE;

    free(path);
    if (code == TOOL_OK) {
        sources->key_count++;
        *key = slot->key;
    }
    return code;
}

static bool read_roots(struct trust_sources *sources, const json_t *top)
{
    const json_t *list =
        describe_list(top, "trust", "roots", PAWL_TRUST_ROOT_MAX);
    const json_t *one;
    size_t i;

    if (list == NULL) {
        return false;
    }
    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one)) {
            (void)tool_fail(TOOL_USAGE, "roots[%zu]: a file is wanted", i);
            return false;
        }
        if (read_key(sources, json_string_value(one), &sources->roots[i]) !=
            TOOL_OK) {
            return false;
        }
    }
    sources->plan.root_count = json_array_size(list);
    return true;
}

/* "*" is the empty identifier, the prefix of all. */
static bool read_prefix(struct trust_sources *sources, const json_t *text,
                        struct pawl_bytes *prefix)
{
    const char *value = json_string_value(text);
    uint8_t *bytes = sources->prefix_bytes[sources->prefix_count];
    size_t len = 1;

    if (value == NULL || sources->prefix_count == TRUST_PREFIX_MAX) {
        return false;
    }
    if (strcmp(value, "*") == 0) {
        bytes[0] = 0x80;
    } else if (!tool_component(value, bytes, sizeof sources->prefix_bytes[0],
                               &len)) {
        return false;
    }
    *prefix = (struct pawl_bytes){bytes, len};
    sources->prefix_count++;
    return true;
}

static bool read_prefixes(struct trust_sources *sources, const json_t *from,
                          struct pawl_signer *signer)
{
    const json_t *list =
        describe_list(from, "signers", "components", TRUST_PREFIX_MAX);
    const json_t *one;
    size_t i;

    if (list == NULL) {
        return false;
    }
    signer->components = &sources->prefixes[sources->prefix_count];
    json_array_foreach(list, i, one)
    {
        struct pawl_bytes *to = &sources->prefixes[sources->prefix_count];

        if (!read_prefix(sources, one, to)) {
            (void)tool_fail(TOOL_USAGE,
                            "signers: components must be \"*\" or "
                            "hex elements joined by '/', at most "
                            "%d in all",
                            TRUST_PREFIX_MAX);
            return false;
        }
    }
    signer->component_count = json_array_size(list);
    return true;
}

static bool read_signer(struct trust_sources *sources, const json_t *from,
                        struct pawl_signer *signer)
{
    static const char *const known[] = {"key", "components", "retired", NULL};

    if (!describe_known(from, "signers", known)) {
        return false;
    }
    const char *file = describe_text(from, "signers", "key");
    signer->retired = json_is_true(json_object_get(from, "retired"));
    return file != NULL && read_key(sources, file, &signer->key) == TOOL_OK &&
           read_prefixes(sources, from, signer);
}

static bool read_signers(struct trust_sources *sources, const json_t *top)
{
    const json_t *list =
        describe_list(top, "trust", "signers", PAWL_TRUST_SIGNER_MAX);
    const json_t *one;
    size_t i;

    if (list == NULL) {
        return false;
    }
    json_array_foreach(list, i, one)
    {
        if (!read_signer(sources, one, &sources->signers[i])) {
            return false;
        }
    }
    sources->plan.signer_count = json_array_size(list);
    return true;
}

static bool read_roles(const json_t *from, uint32_t *out)
{
    const json_t *list = describe_list(from, "anchors", "roles", ROLE_COUNT);
    const json_t *one;
    size_t i;

    *out = 0;
    json_array_foreach(list, i, one)
    {
        uint32_t found = 0;

        for (size_t r = 0; r < ROLE_COUNT && json_is_string(one); r++) {
            if (strcmp(roles[r].name, json_string_value(one)) == 0) {
                found = roles[r].role;
            }
        }
        if (found == 0) {
            (void)tool_fail(TOOL_USAGE, "anchors: roles are enroll, server, "
                                        "download and time");
            return false;
        }
        *out |= found;
    }
    return *out != 0;
}

static bool read_anchor(struct trust_sources *sources, const json_t *from,
                        size_t index)
{
    static const char *const known[] = {"certificate", "roles", NULL};
    struct tool_file *der = &sources->certificates[index];

    if (!describe_known(from, "anchors", known)) {
        return false;
    }
    const char *file = describe_text(from, "anchors", "certificate");
    char *path = file != NULL ? tool_beside(sources->folder, file) : NULL;
    bool good = path != NULL && tool_certificates(path, der) == TOOL_OK &&
                read_roles(from, &sources->anchors[index].roles);
    free(path);
    sources->anchors[index].certificate = tool_bytes(der);
    return good;
}

static bool read_anchors(struct trust_sources *sources, const json_t *top)
{
    const json_t *list =
        describe_list(top, "trust", "anchors", PAWL_TRUST_ANCHOR_MAX);
    const json_t *one;
    size_t i;

    if (list == NULL) {
        return false;
    }
    json_array_foreach(list, i, one)
    {
        if (!read_anchor(sources, one, i)) {
            return false;
        }
    }
    sources->plan.anchor_count = json_array_size(list);
    return true;
}

/* Optional: who may add anchors, of which roles. */
static bool read_owner(struct trust_sources *sources, const json_t *top)
{
    static const char *const known[] = {"key", "roles", NULL};
    const json_t *from = json_object_get(top, "owner");

    if (from == NULL) {
        return true;
    }
    if (!describe_known(from, "owner", known)) {
        return false;
    }
    const char *file = describe_text(from, "owner", "key");
    sources->plan.owner = &sources->owner;
    return file != NULL &&
           read_key(sources, file, &sources->owner) == TOOL_OK &&
           read_roles(from, &sources->plan.owner_roles);
}

static bool read_numbers(struct pawl_trust_plan *plan, const json_t *top)
{
    int64_t version, roots, signers;

    if (!describe_number(top, "trust", "version", INT64_MAX - 1, -1,
                         &version) ||
        !describe_number(top, "trust", "root_threshold", PAWL_TRUST_ROOT_MAX, 1,
                         &roots) ||
        !describe_number(top, "trust", "signer_threshold",
                         PAWL_TRUST_SIGNER_MAX, 1, &signers) ||
        !describe_number(top, "trust", "issued", INT64_MAX, 0,
                         &plan->issued_s) ||
        !describe_number(top, "trust", "expires", INT64_MAX, 0,
                         &plan->expires_s) ||
        !describe_number(top, "trust", "time", INT64_MAX, 0, &plan->time_s)) {
        return false;
    }
    plan->version = (uint64_t)version;
    plan->root_threshold = (uint8_t)roots;
    plan->signer_threshold = (uint8_t)signers;
    return true;
}

void trust_sources_free(struct trust_sources *sources)
{
    for (size_t i = 0; i < sources->key_count; i++) {
        tool_key_free(&sources->keys[i]);
    }
    for (size_t i = 0; i < PAWL_TRUST_ANCHOR_MAX; i++) {
        tool_free(&sources->certificates[i]);
    }
    free(sources->folder);
}

/* Reads the file, and makes an empty plan. NULL: the reason is printed. */
static json_t *begin(const char *path, struct trust_sources *sources)
{
    json_t *top = describe_read(path);

    memset(sources, 0, sizeof *sources);
    sources->folder = tool_folder(path);
    sources->plan.roots = sources->roots;
    sources->plan.signers = sources->signers;
    sources->plan.anchors = sources->anchors;
    if (sources->folder == NULL) {
        json_decref(top);
        return NULL;
    }
    return top;
}

int trust_describe(const char *path, struct trust_sources *sources)
{
    static const char *const known[] = {
        "version", "root_threshold", "roots",   "signer_threshold",
        "signers", "anchors",        "expires", "issued",
        "time",    "owner",          NULL};
    json_t *top = begin(path, sources);
    bool good = top != NULL && describe_known(top, path, known) &&
                read_numbers(&sources->plan, top) && read_roots(sources, top) &&
                read_signers(sources, top) && read_anchors(sources, top) &&
                read_owner(sources, top);

    json_decref(top);
    return good ? TOOL_OK : TOOL_USAGE;
}

int trust_describe_owner(const char *path, struct trust_sources *sources)
{
    static const char *const known[] = {"version", "anchors", NULL};
    json_t *top = begin(path, sources);
    int64_t version = 0;
    bool good =
        top != NULL && describe_known(top, path, known) &&
        describe_number(top, "owner", "version", INT64_MAX - 1, -1, &version) &&
        read_anchors(sources, top);

    sources->plan.version = (uint64_t)version;
    json_decref(top);
    return good ? TOOL_OK : TOOL_USAGE;
}
