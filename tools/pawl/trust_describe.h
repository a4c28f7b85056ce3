/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_TRUST_DESCRIBE_H
#define PAWL_TOOL_TRUST_DESCRIBE_H

#include "tool.h"
#include "trust/trust_encode.h"

#define TRUST_PREFIX_MAX (2 * PAWL_TRUST_SIGNER_MAX)

/* A plan, and what it points to. */
struct trust_sources {
    struct pawl_trust_plan plan;
    struct pawl_key roots[PAWL_TRUST_ROOT_MAX];
    struct pawl_signer signers[PAWL_TRUST_SIGNER_MAX];
    struct pawl_trust_anchor anchors[PAWL_TRUST_ANCHOR_MAX];
    struct pawl_bytes prefixes[TRUST_PREFIX_MAX];
    uint8_t prefix_bytes[TRUST_PREFIX_MAX][64];
    size_t prefix_count;
    struct pawl_key owner;
    struct tool_key keys[PAWL_TRUST_ROOT_MAX + PAWL_TRUST_SIGNER_MAX + 1];
    size_t key_count;
    struct tool_file certificates[PAWL_TRUST_ANCHOR_MAX];
    char *folder;
};

/* Reads a description; reasons are printed. Free it in any case. */
int trust_describe(const char *path, struct trust_sources *sources);
/* The same for what an owner says: version and anchors of the plan. */
int trust_describe_owner(const char *path, struct trust_sources *sources);
void trust_sources_free(struct trust_sources *sources);

/* The word for one role; NULL if there is none. */
const char *trust_role_name(uint32_t role);

#endif
