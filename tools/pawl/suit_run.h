/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_SUIT_RUN_H
#define PAWL_TOOL_SUIT_RUN_H

/* The device's processor over components that are files. */

#include "tool.h"
#include <pawl/manifest.h>

struct suit_run_component {
    uint8_t id[64]; /* encoded */
    size_t id_len;
    bool has_slot;
    uint64_t slot;
    const char *path;      /* NULL: it has no bytes of its own */
    struct tool_file file; /* its bytes */
};

struct suit_run {
    bool dry;     /* nothing is fetched or written; comparisons hold */
    bool as_json; /* a line for each command */
    bool update, invoke;
    uint64_t accepted; /* lower sequence numbers are refused */
    uint8_t vendor_id[16], class_id[16], device_id[16];
    struct pawl_manifest_device device;
    struct suit_run_component components[PAWL_COMPONENT_MAX];
    size_t component_count;
    char *folder; /* of the envelope: where local URIs lead */
    bool no_file; /* a file could not be used, and that was printed */
};

/* Adds one as the command line has it: HEXCID[,slot=N][,file=PATH]. text is
 * retained. */
int suit_run_component(struct suit_run *run, const char *text);

/* Authenticates and runs envelope; prints what happens, and why it ends.
 * TOOL_OK: accepted; TOOL_REFUSED: rejected. */
int suit_run(struct suit_run *run, struct pawl_bytes envelope,
             const struct pawl_manifest_policy *policy);

void suit_run_free(struct suit_run *run);

#endif
