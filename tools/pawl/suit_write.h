/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_SUIT_WRITE_H
#define PAWL_TOOL_SUIT_WRITE_H

/*
 * The encoder of SUIT envelopes (draft-ietf-suit-manifest-37) for A/B images:
 *
 *   shared     vendor and class, security counter, digest and size
 *   install    URI, fetch, image-match
 *   validate   image-match
 *   invoke     the first component
 *   text       severable: its digest is in the manifest
 *
 * Of a component whose images are linked for their slot, digest, size and URI
 * stand in a try-each with a branch for each slot (example 3 of the draft).
 */

#include "tool.h"
#include <pawl/manifest.h>

#define SUIT_ID_MAX 64 /* bytes of an encoded component identifier */
#define SUIT_SLOTS_MAX 4

struct suit_image {
    uint8_t digest[32];
    uint64_t size;
    const char *uri;
};

struct suit_component {
    uint8_t id[SUIT_ID_MAX]; /* encoded */
    size_t id_len;
    struct suit_image images[SUIT_SLOTS_MAX]; /* by slot, or one for any */
    size_t slot_count;                        /* 0: one for any */
    bool has_counter;
    uint64_t counter;
};

struct suit_plan {
    uint64_t sequence;
    uint8_t vendor_id[16], class_id[16];
    struct suit_component components[PAWL_COMPONENT_MAX];
    size_t component_count;
    const char *version, *description; /* NULL: left out */
};

/* Writes an envelope without signatures. *len: room, then length. */
int suit_write(const struct suit_plan *plan, uint8_t *out, size_t *len);

/* An envelope, taken apart without verifying anything. */
struct suit_parts {
    struct pawl_bytes digest; /* encoded SUIT_Digest */
    struct pawl_bytes blocks[PAWL_MANIFEST_BLOCKS_MAX];
    size_t block_count;
    struct pawl_bytes manifest; /* content of its bstr */
    struct pawl_bytes rest;     /* members behind the manifest, as encoded */
    size_t rest_count;
};

/* Takes it apart; PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT. */
enum pawl_status suit_split(struct pawl_bytes envelope,
                            struct suit_parts *parts);
/* Whether the digest, which is what is signed, is the manifest's. */
bool suit_digest_matches(const struct suit_parts *parts);
/* The reverse of suit_split(). */
int suit_join(const struct suit_parts *parts, uint8_t *out, size_t *len);

#endif
