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
    struct pawl_cose unknown = *cose;
    static const enum pawl_algorithm algorithms[] = {
        PAWL_ALG_ESP256, PAWL_ALG_ED25519, PAWL_ALG_HMAC_256, PAWL_ALG_NONE};
    static const uint8_t payload[4096] = {1, 2, 3};
    static const size_t sizes[] = {3, 600, 4096};
    unsigned right = 0;

    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct pawl_signer signer = fuzz_signer(algorithms[i]);
        struct pawl_bytes bytes = {payload, sizes[cose->signature.data[1] % 3]};
        if (cose->signature.data[2] == 0) {
            signer.key.bytes.len = cose->signature.data[3];
        }
        if (pawl_cose_verify(cose, &signer.key, bytes, cose->kid) == PAWL_OK) {
            right++;
            must((cose->tag == PAWL_COSE_TAG_MAC0) ==
                 (algorithms[i] == PAWL_ALG_HMAC_256));
        }
    }
    must(right <= 1);
    unknown.alg = PAWL_ALG_NONE;
    struct pawl_signer signer = fuzz_signer(PAWL_ALG_ESP256);
    must(pawl_cose_verify(&unknown, &signer.key, cose->kid, cose->kid) ==
         PAWL_ERR_UNSUPPORTED);
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
        if (general.signature.len > 3) {
            verify(&general);
        }
    } else {
        must(general.alg == PAWL_ALG_NONE && general.signature.len == 0);
    }
    return 0;
}
