/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#include "suit_run.h"
#include "base/base.h"
#include "crypto/crypto.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPONENT_MAX (64u << 20) /* bytes */
#define STEPS_MAX 100000          /* a processor that goes on is a fault */

/* ---- the command line's components ---- */

static int bad(const char *text)
{
    return tool_fail(TOOL_USAGE,
                     "--component %s: HEX[/HEX...][,slot=N][,file=PATH] is "
                     "wanted",
                     text);
}

/* One word behind the identifier; *at moves behind it. file= takes the rest,
 * since a path may have commas. */
static bool take_word(struct suit_run_component *to, const char **at)
{
    if (strncmp(*at, "file=", 5) == 0) {
        to->path = *at + 5;
        *at += strlen(*at);
        return to->path[0] != '\0';
    }
    if (strncmp(*at, "slot=", 5) == 0 && (*at)[5] >= '0' && (*at)[5] <= '9') {
        to->has_slot = true;
        return tool_number(at, 5, &to->slot);
    }
    return false;
}

static struct pawl_bytes id_of(const struct suit_run_component *component)
{
    return (struct pawl_bytes){component->id, component->id_len};
}

int suit_run_component(struct suit_run *run, const char *text)
{
    struct suit_run_component *to = &run->components[run->component_count];
    size_t len = strcspn(text, ",");
    char id[256];

    if (len >= sizeof id) {
        return bad(text);
    }
    memcpy(id, text, len);
    id[len] = '\0';
    if (!tool_component(id, to->id, sizeof to->id, &to->id_len)) {
        return bad(text);
    }
    for (const char *at = text + len; *at != '\0';) {
        if (*at++ != ',' || !take_word(to, &at)) {
            return bad(text);
        }
    }
    for (size_t i = 0; i < run->component_count; i++) {
        if (pawl_bytes_equal(id_of(to), id_of(&run->components[i]))) {
            return tool_fail(TOOL_USAGE, "--component %s is given twice", id);
        }
    }
    run->component_count++;
    /* A file that does not exist yet is an empty component. */
    if (to->path == NULL || access(to->path, F_OK) != 0) {
        return TOOL_OK;
    }
    return tool_read(to->path, COMPONENT_MAX, &to->file);
}

void suit_run_free(struct suit_run *run)
{
    for (size_t i = 0; i < run->component_count; i++) {
        tool_free(&run->components[i].file);
    }
    free(run->folder);
}

/* ---- the operations ---- */

static enum pawl_status find(void *ctx, struct pawl_bytes component,
                             uint32_t *handle)
{
    struct suit_run *run = ctx;

    for (size_t i = 0; i < run->component_count; i++) {
        if (pawl_bytes_equal(component, id_of(&run->components[i]))) {
            *handle = (uint32_t)i;
            return PAWL_OK;
        }
    }
    return PAWL_ERR_NOT_FOUND;
}

static enum pawl_status slot(void *ctx, uint32_t handle, uint64_t *out)
{
    const struct suit_run *run = ctx;

    *out = run->components[handle].slot;
    return PAWL_OK;
}

static enum pawl_verdict verdict_of(bool same)
{
    return same ? PAWL_VERDICT_MATCH : PAWL_VERDICT_DIFFERENT;
}

static enum pawl_status image_match(void *ctx, uint32_t handle,
                                    const struct pawl_suit_parameters *p,
                                    enum pawl_verdict *verdict)
{
    const struct suit_run *run = ctx;
    const struct tool_file *file = &run->components[handle].file;
    uint8_t digest[PAWL_SHA256_SIZE];
    bool has_size = (p->set >> 14 & 1u) != 0;
    enum pawl_status status = pawl_sha256(tool_bytes(file), digest);

    bool same = (!has_size || p->size == file->len) &&
                p->digest.len == sizeof digest &&
                pawl_equal_ct(p->digest.data, digest, sizeof digest);
    *verdict = verdict_of(run->dry || same);
    return status;
}

static enum pawl_status check_content(void *ctx, uint32_t handle,
                                      const struct pawl_suit_parameters *p,
                                      enum pawl_verdict *verdict)
{
    const struct suit_run *run = ctx;
    const struct tool_file *file = &run->components[handle].file;
    bool same = p->content.len == file->len &&
                pawl_equal_ct(p->content.data, file->data, file->len);

    *verdict = verdict_of(run->dry || same);
    return PAWL_OK;
}

/* Replaces a component's bytes, in its file too if it has one. */
static enum pawl_status put(struct suit_run *run, uint32_t handle,
                            struct pawl_bytes bytes)
{
    struct suit_run_component *to = &run->components[handle];
    uint8_t *copy = malloc(bytes.len + 1);

    if (copy == NULL) {
        return PAWL_ERR_NO_MEMORY;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    tool_free(&to->file);
    to->file = (struct tool_file){copy, bytes.len};
    run->no_file =
        to->path != NULL && tool_write(to->path, bytes, false) != TOOL_OK;
    return run->no_file ? PAWL_ERR_IO : PAWL_OK;
}

/* Bytes come from the envelope itself or from a file beside it; this tool
 * fetches nothing from a network. */
static enum pawl_status fetch(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p,
                              struct pawl_bytes payload)
{
    struct suit_run *run = ctx;
    struct tool_file file;
    char uri[PAWL_URI_MAX];

    if (run->dry) {
        return PAWL_OK;
    }
    if (payload.data != NULL) {
        return put(run, handle, payload);
    }
    if (p->uri.len >= sizeof uri || memchr(p->uri.data, 0, p->uri.len)) {
        return PAWL_ERR_LIMIT;
    }
    memcpy(uri, p->uri.data, p->uri.len);
    uri[p->uri.len] = '\0';
    if (strchr(uri, ':') != NULL || uri[0] == '/' ||
        strstr(uri, "..") != NULL) {
        return PAWL_ERR_UNREACHABLE;
    }
    char *path = tool_beside(run->folder, uri);
    enum pawl_status status = PAWL_ERR_UNREACHABLE;
    if (path != NULL && access(path, R_OK) == 0) {
        run->no_file = tool_read(path, COMPONENT_MAX, &file) != TOOL_OK;
        status =
            run->no_file ? PAWL_ERR_IO : put(run, handle, tool_bytes(&file));
        tool_free(&file);
    }
    free(path);
    return status;
}

static enum pawl_status write_content(void *ctx, uint32_t handle,
                                      const struct pawl_suit_parameters *p)
{
    struct suit_run *run = ctx;

    return run->dry ? PAWL_OK : put(run, handle, p->content);
}

static enum pawl_status copy(void *ctx, uint32_t handle, uint32_t source,
                             const struct pawl_suit_parameters *p)
{
    struct suit_run *run = ctx;

    (void)p;
    return run->dry
               ? PAWL_OK
               : put(run, handle, tool_bytes(&run->components[source].file));
}

static enum pawl_status invoke(void *ctx, uint32_t handle,
                               const struct pawl_suit_parameters *p)
{
    (void)ctx;
    (void)handle;
    (void)p;
    return PAWL_OK; /* nothing is started here */
}

static const char *section_name(enum pawl_suit_section section)
{
    switch (section) {
    case PAWL_SUIT_NO_SECTION:
        break;
    case PAWL_SUIT_SHARED:
        return "shared-sequence";
    case PAWL_SUIT_VALIDATE:
        return "validate";
    case PAWL_SUIT_LOAD:
        return "load";
    case PAWL_SUIT_INVOKE:
        return "invoke";
    case PAWL_SUIT_PAYLOAD_FETCH:
        return "payload-fetch";
    case PAWL_SUIT_INSTALL:
        return "install";
    }
    return "none";
}

static void print_line(json_t *line)
{
    (void)json_dumpf(line, stdout, JSON_COMPACT);
    (void)printf("\n");
    json_decref(line);
}

static void trace(void *ctx, enum pawl_suit_section section, size_t offset,
                  int64_t command, size_t component, enum pawl_status result)
{
    const struct suit_run *run = ctx;

    if (run->as_json) {
        print_line(json_pack(
            "{s:s, s:I, s:I, s:I, s:s}", "section", section_name(section),
            "offset", (json_int_t)offset, "command", (json_int_t)command,
            "component", (json_int_t)component, "result",
            result == PAWL_OK ? "ok" : pawl_status_name(result)));
    } else {
        (void)printf("%-16s %5zu  command %-3lld component %zu: %s\n",
                     section_name(section), offset, (long long)command,
                     component,
                     result == PAWL_OK ? "ok" : pawl_status_text(result));
    }
}

/* ---- the run ---- */

/* Where it ended: what is wrong with the signature or the digest is
 * authentication; what is wrong before a command ran is structure. */
static const char *stage_of(const struct pawl_manifest_failure *failure,
                            bool opened)
{
    if (failure->section != PAWL_SUIT_NO_SECTION && opened) {
        return "execution";
    }
    bool authentication = failure->status == PAWL_ERR_SIGNATURE ||
                          failure->status == PAWL_ERR_UNTRUSTED ||
                          failure->status == PAWL_ERR_DIGEST ||
                          failure->status == PAWL_ERR_FAULT;

    return authentication && !opened ? "authentication" : "structure";
}

static int conclude(const struct suit_run *run,
                    const struct pawl_manifest_failure *failure, bool opened)
{
    bool good = failure == NULL;
    const char *reason =
        pawl_suit_reason_name(good ? PAWL_SUIT_OK : failure->reason);

    if (run->as_json) {
        print_line(json_pack(
            "{s:s, s:s, s:s, s:{s:s, s:s, s:I, s:I, s:I, s:i}}", "result",
            good ? "accepted" : "rejected", "reason", reason, "stage",
            good ? "execution" : stage_of(failure, opened), "detail", "status",
            pawl_status_name(good ? PAWL_OK : failure->status), "section",
            section_name(good ? PAWL_SUIT_NO_SECTION : failure->section),
            "offset", (json_int_t)(good ? 0 : failure->offset), "command",
            (json_int_t)(good ? 0 : failure->command), "component",
            (json_int_t)(good ? 0 : failure->component), "port_code",
            good ? 0 : failure->port_code));
    }
    if (good) {
        (void)(run->as_json || printf("accepted\n"));
        return TOOL_OK;
    }
    if (run->no_file) {
        return TOOL_USAGE;
    }
    return tool_fail(TOOL_REFUSED, "rejected in %s: %s (%s, %s)",
                     stage_of(failure, opened),
                     pawl_status_text(failure->status), reason,
                     pawl_status_name(failure->status));
}

/* One procedure to its end; NULL if it succeeded. */
static const struct pawl_manifest_failure *
run_one(struct suit_run *run, const struct pawl_manifest *manifest,
        enum pawl_procedure procedure)
{
    static struct pawl_manifest_process process;
    static const struct pawl_manifest_operations functions = {
        .find = find,
        .slot = slot,
        .image_match = image_match,
        .check_content = check_content,
        .fetch = fetch,
        .write = write_content,
        .copy = copy,
        .invoke = invoke,
        .trace = trace,
    };
    struct pawl_manifest_operations operations = functions;

    operations.ctx = run;
    enum pawl_status status = pawl_manifest_start(&process, manifest, procedure,
                                                  &run->device, &operations);
    for (size_t i = 0; i < STEPS_MAX && status == PAWL_OK; i++) {
        status = pawl_manifest_step(&process);
        if (status == PAWL_OK) {
            return NULL;
        }
        status = status == PAWL_PENDING ? PAWL_OK : status;
    }
    return pawl_manifest_process_failure(&process);
}

int suit_run(struct suit_run *run, struct pawl_bytes envelope,
             const struct pawl_manifest_policy *policy)
{
    static struct pawl_manifest manifest;
    static const uint8_t no_digest[32];
    const struct pawl_manifest_failure *failure = NULL;
    enum pawl_status status = pawl_manifest_open(&manifest, envelope, policy);

    if (status != PAWL_OK) {
        return conclude(run, pawl_manifest_failure(&manifest), false);
    }
    if (run->accepted > 0 && manifest.sequence < run->accepted) {
        status = pawl_manifest_newer(&manifest, run->accepted, no_digest);
        return conclude(run, pawl_manifest_failure(&manifest), true);
    }
    if (run->update) {
        failure = run_one(run, &manifest, PAWL_PROCEDURE_UPDATE);
    }
    if (failure == NULL && run->invoke) {
        failure = run_one(run, &manifest, PAWL_PROCEDURE_INVOKE);
    }
    return conclude(run, failure, true);
}
