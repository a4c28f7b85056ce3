/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: what the strict rules take, the general ones take too, with
 * the same result; nothing that was refused leaves anything behind; and a key
 * verifies only what its algorithm made.
 */
#include "cose/cose.h"

#include "fuzz/fuzz.h"

#include <string.h>

static void verify(const struct pawl_cose *cose)
{
    static const enum pawl_algorithm algorithms[] = {
        PAWL_ALG_ESP256, PAWL_ALG_ED25519, PAWL_ALG_HMAC_256, PAWL_ALG_NONE};
    static const uint8_t payload[] = {1, 2, 3};
    unsigned right = 0;

    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct pawl_signer signer = fuzz_signer(algorithms[i]);
        if (pawl_cose_verify(cose, &signer.key, PAWL_BYTES(payload),
                             cose->kid) == PAWL_OK) {
            right++;
            must((cose->tag == PAWL_COSE_TAG_MAC0) ==
                 (algorithms[i] == PAWL_ALG_HMAC_256));
        }
    }
    must(right <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pawl_bytes input = {data, len};
    struct pawl_cose general;
    struct pawl_cose strict;
    enum pawl_status loosely =
        pawl_cose_parse(&general, input, PAWL_COSE_GENERAL);
    enum pawl_status strictly =
        pawl_cose_parse(&strict, input, PAWL_COSE_STRICT);

    if (strictly == PAWL_OK) {
        must(loosely == PAWL_OK);
        must(strict.alg == general.alg && strict.tag == general.tag);
        must(!strict.attached && strict.protected_.len > 0);
    }
    if (loosely == PAWL_OK) {
        must_be_inside(general.protected_, input);
        must_be_inside(general.kid, input);
        must_be_inside(general.payload, input);
        must_be_inside(general.signature, input);
        must(general.attached || general.payload.len == 0);
        verify(&general);
    } else {
        must(general.alg == PAWL_ALG_NONE && general.signature.len == 0);
    }
    return 0;
}
