/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: whatever the reader of trust documents takes keeps its limits,
 * views into its own copy only, and is written again byte for byte by the
 * encoder (extensions apart, which the encoder does not know).
 *
 *     clang -fsanitize=fuzzer,address,undefined -Iinclude -Isrc -Itest \
 *         test/fuzz/fuzz_trust.c test/fuzz/fuzz_crypto.c src/trust/trust_read.c
 * \ src/trust/trust_encode.c src/cbor/?*.c src/cose/?*.c src/base/?*.c
 *
 * Seeds are the documents of test/trust/trust_documents.h.
 */
#include "fuzz/fuzz.h"
#include "trust/trust_encode.h"

#include <string.h>

static void check_signers(const struct pawl_trust *trust,
                          struct pawl_bytes document)
{
    size_t prefixes = 0;

    must(trust->signer_count >= 1);
    must(trust->signer_count <= PAWL_TRUST_SIGNER_MAX);
    for (size_t i = 0; i < trust->signer_count; i++) {
        const struct pawl_signer *signer = &trust->signers[i];
        must_be_inside(signer->key.bytes, document);
        for (size_t j = 0; j < signer->component_count; j++) {
            must_be_inside(signer->components[j], document);
        }
        prefixes += signer->component_count;
    }
    must(prefixes <= PAWL_TRUST_PREFIX_MAX);
}

static void check_fields(const struct pawl_trust *trust,
                         struct pawl_bytes document)
{
    must(trust->version >= 1 && trust->authentic == 0);
    must(trust->root_threshold >= 1);
    must(trust->root_threshold <= trust->root_count);
    must(trust->root_count <= PAWL_TRUST_ROOT_MAX);
    for (size_t i = 0; i < trust->root_count; i++) {
        must_be_inside(trust->roots[i].bytes, document);
    }
    must(trust->signer_threshold >= 1);
    check_signers(trust, document);
    must(trust->anchor_count <= PAWL_TRUST_ANCHOR_MAX);
    for (size_t i = 0; i < trust->anchor_count; i++) {
        must(trust->anchors[i].roles != 0);
        must_be_inside(trust->anchors[i].certificate, document);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct pawl_trust trust;
    static struct pawl_bytes signatures[PAWL_TRUST_SIGNATURE_MAX];
    static uint8_t again[PAWL_TRUST_MAX];
    struct pawl_bytes document;
    size_t count = 0, again_len = sizeof(again);

    if (pawl_trust_peek(&trust, (struct pawl_bytes){data, len}, &document,
                        signatures, &count) != PAWL_OK) {
        return 0;
    }
    must_be_inside(document, (struct pawl_bytes){trust.bytes, trust.len});
    must(count <= PAWL_TRUST_SIGNATURE_MAX);
    check_fields(&trust, document);
    struct pawl_trust_plan plan = {
        trust.version,      trust.root_threshold,   trust.roots,
        trust.root_count,   trust.signer_threshold, trust.signers,
        trust.signer_count, trust.anchors,          trust.anchor_count,
        trust.issued_s,     trust.expires_s,        trust.time_s};
    must(pawl_trust_encode(&plan, again, &again_len) == PAWL_OK);
    if (again_len == document.len) {
        must(memcmp(again, document.data, again_len) == 0);
    } else {
        must(again_len < document.len); /* extensions were left out */
    }
    return 0;
}
