/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FUZZ_FUZZ_H
#define PAWL_TEST_FUZZ_FUZZ_H

/* What the fuzz targets share. */

#include <pawl/bytes.h>
#include <pawl/manifest.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An invariant; a fuzzer reports where it does not hold. */
static inline void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* A view that is empty or lies inside of another. */
static inline void must_be_inside(struct pawl_bytes view,
                                  struct pawl_bytes whole)
{
    must(view.len == 0 ||
         (view.data >= whole.data && view.len <= whole.len &&
          (size_t)(view.data - whole.data) <= whole.len - view.len));
}

/* A signer that fuzz_crypto.c verifies, for all components. */
static inline struct pawl_signer fuzz_signer(enum pawl_algorithm algorithm)
{
    static const uint8_t key[256] = {4};
    static const uint8_t any[] = {0x80};
    static const struct pawl_bytes components[] = {{any, sizeof any}};
    struct pawl_signer signer = {
        .key = {algorithm, {key, algorithm == PAWL_ALG_ESP256 ? 65 : 32}},
        .components = components,
        .component_count = 1,
    };

    return signer;
}

#endif
