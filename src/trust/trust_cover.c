/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whether a document leaves a way on: a signer for each component, of an
 * algorithm that is verified where it counts, and a date that is not over.
 */

#include "trust/trust_internal.h"

#include "base/base.h"
#include "cbor/cbor.h"

/* Whether prefix names component: its elements are the first of component's,
 * or all of them. Both were read strictly, so equal elements are equal bytes.
 */
static bool names(struct pawl_bytes prefix, struct pawl_bytes component)
{
    struct pawl_cbor a, b;
    size_t count_a = 0, count_b = 0;

    pawl_cbor_read(&a, prefix);
    pawl_cbor_read(&b, component);
    if (pawl_cbor_array(&a, &count_a) != PAWL_OK ||
        pawl_cbor_array(&b, &count_b) != PAWL_OK || count_a > count_b) {
        return false;
    }
    return pawl_bytes_begin((struct pawl_bytes){b.at, pawl_cbor_left(&b)},
                            (struct pawl_bytes){a.at, pawl_cbor_left(&a)});
}

/* Whether the key's signatures are among those that are verified. */
static bool verified_by(const struct pawl_key *key, uint32_t algorithms)
{
    bool p256 =
        key->algorithm == PAWL_ALG_ES256 || key->algorithm == PAWL_ALG_ESP256;
    uint32_t family = p256 ? PAWL_FAMILY_P256 : PAWL_FAMILY_ED25519;

    return algorithms == 0 || (algorithms & family) != 0;
}

static bool may_sign(const struct pawl_signer *signer,
                     struct pawl_bytes component)
{
    for (size_t i = 0; i < signer->component_count && !signer->retired; i++) {
        if (names(signer->components[i], component)) {
            return true;
        }
    }
    return false;
}

static bool covers(const struct pawl_trust *trust, struct pawl_bytes component,
                   uint32_t algorithms)
{
    size_t able = 0;

    for (size_t i = 0; i < trust->signer_count; i++) {
        const struct pawl_signer *signer = &trust->signers[i];

        able +=
            may_sign(signer, component) && verified_by(&signer->key, algorithms)
                ? 1u
                : 0u;
    }
    return able > 0 && able >= trust->signer_threshold;
}

bool pawl_trust_covers(const struct pawl_trust *trust,
                       struct pawl_bytes component, uint32_t algorithms)
{
    return trust->authentic == PAWL_TRUST_AUTHENTIC &&
           covers(trust, component, algorithms);
}

bool pawl_trust_leaves_a_way(const struct pawl_trust *next,
                             const struct pawl_trust *current)
{
    for (size_t i = 0; i < current->signer_count; i++) {
        const struct pawl_signer *signer = &current->signers[i];

        for (size_t j = 0; j < signer->component_count; j++) {
            if (covers(current, signer->components[j], 0) &&
                !covers(next, signer->components[j], 0)) {
                return false;
            }
        }
    }
    return true;
}

bool pawl_trust_expired(const struct pawl_trust *trust, int64_t now_s)
{
    return trust->expires_s != 0 && now_s > trust->expires_s;
}
