/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs an envelope through the device's own processor, with components that
 * are files or nothing at all: to see what a device would do, and why it
 * would refuse.
 */

#include "describe.h"
#include "suit_run.h"
#include "tool.h"
#include <pawl/manifest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_MAX (1u << 20)
#define KEYS_MAX PAWL_MANIFEST_SIGNERS_MAX

/* Everything that the command line says. */
struct request {
    const char *path;
    const char *keys[KEYS_MAX], *mac_key;
    size_t key_count;
    const char *vendor, *class_id, *device;
    const char *components[PAWL_COMPONENT_MAX];
    size_t component_count;
    const char *sequence, *procedure;
    size_t dry_run, as_json;
};

static int read_request(int argc, char **argv, struct request *to)
{
    static const char *const names[] = {"the envelope's FILE"};
    const struct tool_option options[] = {
        {"--key", to->keys, KEYS_MAX - 1, &to->key_count, false},
        {"--mac-key", &to->mac_key, 1, NULL, false},
        {"--vendor-id", &to->vendor, 1, NULL, true},
        {"--class-id", &to->class_id, 1, NULL, true},
        {"--device-id", &to->device, 1, NULL, false},
        {"--component", to->components, PAWL_COMPONENT_MAX,
         &to->component_count, true},
        {"--sequence", &to->sequence, 1, NULL, false},
        {"--procedure", &to->procedure, 1, NULL, false},
        {"--dry-run", NULL, 1, &to->dry_run, false},
        {"--json", NULL, 1, &to->as_json, false},
    };
    int code =
        tool_arguments(argc, argv, options, sizeof options / sizeof options[0],
                       &to->path, names, 1);

    if (code == TOOL_OK && to->key_count == 0 && to->mac_key == NULL) {
        code = tool_fail(TOOL_USAGE, "--key or --mac-key is missing");
    }
    return code;
}

/* The keys of the command line as a policy: any one of them suffices. */
struct signers {
    struct tool_key keys[KEYS_MAX];
    size_t read;
    uint8_t mac_key[64];
    struct pawl_signer list[KEYS_MAX];
    size_t count;
};

static const uint8_t every_component[] = {0x80};
static const struct pawl_bytes every = {every_component,
                                        sizeof every_component};

static int read_signers(const struct request *from, struct signers *to)
{
    int code = TOOL_OK;
    size_t len = 0;

    for (size_t i = 0; code == TOOL_OK && i < from->key_count; i++) {
        code = tool_key_read(from->keys[i], &to->keys[i]);
        if (code == TOOL_OK) {
            to->read++;
            to->list[to->count++].key = to->keys[i].key;
        }
    }
    if (code == TOOL_OK && from->mac_key != NULL) {
        if (!tool_unhex(from->mac_key, to->mac_key, sizeof to->mac_key, &len) ||
            len < 16) {
            return tool_fail(TOOL_USAGE,
                             "--mac-key must be 16 to 64 bytes in hex");
        }
        to->list[to->count++].key =
            (struct pawl_key){PAWL_ALG_HMAC_256, {to->mac_key, len}};
    }
    for (size_t i = 0; i < to->count; i++) {
        to->list[i].components = &every;
        to->list[i].component_count = 1;
    }
    return code;
}

static int read_ids(const struct request *from, struct suit_run *run)
{
    const struct {
        const char *option, *text;
        uint8_t *bytes;
        struct pawl_bytes *to;
    } ids[] = {
        {"--vendor-id", from->vendor, run->vendor_id, &run->device.vendor_id},
        {"--class-id", from->class_id, run->class_id, &run->device.class_id},
        {"--device-id", from->device, run->device_id, &run->device.device_id},
    };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (ids[i].text == NULL) {
            continue;
        }
        if (!tool_uuid(ids[i].text, ids[i].bytes)) {
            return tool_fail(TOOL_USAGE,
                             "%s must be a UUID, 8-4-4-4-12 hex "
                             "digits",
                             ids[i].option);
        }
        *ids[i].to = (struct pawl_bytes){ids[i].bytes, 16};
    }
    return TOOL_OK;
}

static int read_procedure(const struct request *from, struct suit_run *run)
{
    const char *name = from->procedure != NULL ? from->procedure : "update";

    run->update = strcmp(name, "invoke") != 0;
    run->invoke = strcmp(name, "update") != 0;
    if (run->update && run->invoke && strcmp(name, "both") != 0) {
        return tool_fail(TOOL_USAGE,
                         "--procedure must be update, invoke or both");
    }
    return TOOL_OK;
}

static int read_sequence(const struct request *from, struct suit_run *run)
{
    const char *at = from->sequence;

    if (at == NULL) {
        return TOOL_OK;
    }
    if (!tool_number(&at, 0, &run->accepted) || *at != '\0') {
        return tool_fail(TOOL_USAGE, "--sequence must be a number below 2^64");
    }
    return TOOL_OK;
}

static int read_components(const struct request *from, struct suit_run *run)
{
    int code = TOOL_OK;

    for (size_t i = 0; code == TOOL_OK && i < from->component_count; i++) {
        code = suit_run_component(run, from->components[i]);
    }
    return code;
}

int manifest_process(int argc, char **argv)
{
    static struct suit_run run;
    static struct signers signers;
    struct request request = {.path = NULL};
    struct tool_file file = {0};
    int code = read_request(argc, argv, &request);

    run.dry = request.dry_run > 0;
    run.as_json = request.as_json > 0;
    if (code == TOOL_OK) {
        code = read_ids(&request, &run);
    }
    if (code == TOOL_OK) {
        code = read_procedure(&request, &run);
    }
    if (code == TOOL_OK) {
        code = read_sequence(&request, &run);
    }
    if (code == TOOL_OK) {
        code = read_signers(&request, &signers);
    }
    if (code == TOOL_OK) {
        code = read_components(&request, &run);
    }
    if (code == TOOL_OK) {
        code = tool_read(request.path, ENVELOPE_MAX, &file);
    }
    if (code == TOOL_OK) {
        const struct pawl_manifest_policy policy = {
            .signers = signers.list, .signer_count = signers.count};
        run.folder = tool_folder(request.path);
        code = suit_run(&run, tool_bytes(&file), &policy);
    }
    suit_run_free(&run);
    tool_free(&file);
    while (signers.read > 0) {
        tool_key_free(&signers.keys[--signers.read]);
    }
    return code;
}
