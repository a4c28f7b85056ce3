/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: an envelope, from its first byte. The first byte of the input
 * is the policy. What opens can be stored and opened again; what does not
 * leaves nothing but its reason.
 */
#include "manifest/manifest_internal.h"

#include "fuzz/fuzz.h"

#include <string.h>

static void check_views(const struct pawl_manifest *manifest,
                        struct pawl_bytes whole)
{
    must_be_inside(manifest->wrapper, whole);
    must_be_inside(manifest->manifest, whole);
    must_be_inside(manifest->shared, whole);
    must_be_inside(manifest->text, whole);
    must_be_inside(manifest->members, whole);
    must(manifest->component_count >= 1 &&
         manifest->component_count <= PAWL_COMPONENT_MAX);
    for (size_t i = 0; i < manifest->component_count; i++) {
        must(manifest->components[i].len > 0);
        must_be_inside(manifest->components[i], whole);
    }
    for (size_t i = 0; i < 5; i++) {
        must_be_inside(manifest->sections[i], whole);
    }
    must(manifest->sequence != UINT64_MAX && manifest->signers != 0);
}

static void store_and_open_again(const struct pawl_manifest *manifest,
                                 const struct pawl_manifest_policy *policy)
{
    static uint8_t stored[1 << 16];
    struct pawl_manifest again;
    size_t len = sizeof stored;

    must(pawl_manifest_store(manifest, stored, &len) == PAWL_OK);
    must(pawl_manifest_open_stored(&again, (struct pawl_bytes){stored, len},
                                   policy) == PAWL_OK);
    must(memcmp(again.digest, manifest->digest, 32) == 0);
    must(again.sequence == manifest->sequence && again.members.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pawl_manifest manifest;
    static const uint8_t first[] = {0x81, 0x41, 0x00};
    static const uint8_t longer[] = {0x82, 0x41, 0x00, 0x41, 0x01};
    static const struct pawl_bytes prefixes[] = {
        {first, 0}, {longer, sizeof longer}, {first, sizeof first}};
    struct pawl_signer signers[4];
    struct pawl_manifest none = {0};
    size_t no_room = 0;
    static const uint8_t name[] = {'#', 'a'};
    struct pawl_bytes payload;

    if (len < 1 || len > 4096) {
        return 0;
    }
    signers[0] = fuzz_signer(PAWL_ALG_ESP256);
    signers[1] = fuzz_signer(PAWL_ALG_HMAC_256);
    signers[2] = fuzz_signer(PAWL_ALG_EDDSA);
    signers[3] = signers[0];
    if ((data[0] & 0x10) != 0) {
        signers[0].components = prefixes;
        signers[0].component_count = 3;
        signers[3] = signers[0];
    }
    signers[1].retired = (data[0] & 1) != 0;
    signers[2].component_count = (data[0] & 2) != 0 ? 0 : 1;
    const struct pawl_manifest_policy policy = {
        .signers = signers,
        .signer_count = (data[0] & 0xE0) == 0xE0 ? 33 : 4,
        .threshold = (uint8_t)(data[0] >> 2 & 1 ? 2 : 0),
        .allow_retired = (data[0] & 8) != 0,
    };
    struct pawl_bytes whole = {data + 1, len - 1};

    must(pawl_manifest_store(&none, NULL, &no_room) == PAWL_ERR_STATE);
    if (pawl_manifest_open_stored(&manifest, whole, &policy) == PAWL_OK) {
        must(pawl_manifest_store(&manifest, NULL, &no_room) ==
             PAWL_ERR_TOO_SMALL);
        must(manifest.members.len == 0);
    }

    if (pawl_manifest_open(&manifest, whole, &policy) == PAWL_OK) {
        check_views(&manifest, whole);
        store_and_open_again(&manifest, &policy);
        if (pawl_manifest_payload(&manifest, PAWL_BYTES(name), &payload) ==
            PAWL_OK) {
            must_be_inside(payload, whole);
        }
        must((pawl_manifest_newer(&manifest, data[0], manifest.digest) ==
              PAWL_OK) == (manifest.sequence >= data[0]));
    } else {
        must(manifest.authentic == 0 && manifest.component_count == 0);
        must(manifest.failure.reason != PAWL_SUIT_OK);
        must(manifest.failure.reason <= PAWL_SUIT_SEVERING_UNSUPPORTED);
    }
    return 0;
}
