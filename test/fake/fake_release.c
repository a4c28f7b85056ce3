/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_release.h"

#include "cbor/cbor.h"
#include "cose/cose.h"
#include "crypto/crypto.h"
#include "fake/fake_keystore.h"
#include "trust/trust_encode.h"
#include <pawl/manifest.h>

#include <stdlib.h>
#include <string.h>

const uint8_t fake_component[3] = {0x81, 0x41, 0x00};
const uint8_t fake_second[3] = {0x81, 0x41, 0x01};
const uint8_t fake_vendor_id[16] = {1, 1, 2, 3, 5, 8, 13, 21};
const uint8_t fake_class_id[16] = {2, 7, 1, 8, 2, 8, 1, 8};

static struct fake_keystore keys;
static bool keys_made;

static void must(enum pawl_status status)
{
    if (status != PAWL_OK) {
        abort();
    }
}

static void make_keys(void)
{
    if (!keys_made) {
        fake_keystore_open(&keys);
        for (unsigned slot = 0; slot < PAWL_KEY_SLOTS; slot++) {
            must(keys.keystore.generate(keys.keystore.ctx,
                                        (enum pawl_key_slot)slot));
        }
        keys_made = true;
    }
}

static enum pawl_status sign(void *ctx, struct pawl_bytes to_be_signed,
                             uint8_t signature[PAWL_COSE_SIGNATURE_SIZE])
{
    uint8_t digest[32];
    const enum pawl_key_slot *slot = ctx;
    must(pawl_sha256(to_be_signed, digest));
    return keys.keystore.sign(keys.keystore.ctx, *slot, digest, signature);
}

static uint8_t image_byte(uint32_t seed, uint32_t at)
{
    uint32_t x = (at / 4 + 1) * 2654435761u ^ seed * 2246822519u;
    x ^= x >> 15;
    x *= 2246822519u;
    return (uint8_t)(x >> 8 * (at % 4));
}

static void seed_bytes(uint32_t seed, uint32_t off, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = image_byte(seed, off + (uint32_t)i);
    }
}

static uint32_t second_seed(const struct fake_release_plan *plan)
{
    return plan->second_kept ? 2 : plan->seed + 1;
}

void fake_release_bytes(const struct fake_release *release, uint32_t off,
                        uint8_t *out, size_t len)
{
    seed_bytes(release->plan.seed, off, out, len);
}

void fake_release_second(const struct fake_release *release, uint32_t off,
                         uint8_t *out, size_t len)
{
    seed_bytes(second_seed(&release->plan), off, out, len);
}

static void digest_image(uint32_t seed, uint32_t size, uint8_t digest[32])
{
    struct pawl_sha256 sha;
    uint8_t block[256];
    pawl_sha256_start(&sha);
    for (uint32_t at = 0; at < size; at += 256) {
        size_t n = size - at < 256 ? size - at : 256;
        seed_bytes(seed, at, block, n);
        pawl_sha256_update(&sha, (struct pawl_bytes){block, n});
    }
    must(pawl_sha256_finish(&sha, digest));
}

/* A SUIT_Digest. */
static void put_digest(struct pawl_cbor_out *out, const uint8_t digest[32])
{
    pawl_cbor_put_array(out, 2);
    pawl_cbor_put_int(out, -16);
    pawl_cbor_put_bstr(out, (struct pawl_bytes){digest, 32});
}

static struct pawl_bytes done(const struct pawl_cbor_out *out)
{
    struct pawl_bytes bytes;
    must(pawl_cbor_written(out, &bytes));
    return bytes;
}

static void put_condition(struct pawl_cbor_out *out, uint64_t command)
{
    pawl_cbor_put_uint(out, command);
    pawl_cbor_put_uint(out, 15);
}

static void put_index(struct pawl_cbor_out *out, uint64_t index)
{
    pawl_cbor_put_uint(out, 12);
    pawl_cbor_put_uint(out, index);
}

static void put_shared(struct pawl_cbor_out *common,
                       const struct fake_release *release)
{
    const struct fake_release_plan *plan = &release->plan;
    uint8_t sequence[256], digest[64];
    uint8_t class_id[16], image[32];
    struct pawl_cbor_out out, inner;

    memcpy(class_id, fake_class_id, sizeof(class_id));
    class_id[15] ^= plan->other_class ? 1 : 0;
    memcpy(image, release->digest, sizeof(image));
    image[0] ^= plan->wrong_digest ? 1 : 0;
    pawl_cbor_write(&inner, digest, sizeof(digest));
    put_digest(&inner, image);

    pawl_cbor_write(&out, sequence, sizeof(sequence));
    pawl_cbor_put_array(&out, plan->for_slot ? 8 : 6);
    pawl_cbor_put_uint(&out, 20);
    pawl_cbor_put_map(&out,
                      4u + (plan->counted ? 1 : 0) + (plan->for_slot ? 1 : 0));
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_bstr(&out, PAWL_BYTES(fake_vendor_id));
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_bstr(&out, PAWL_BYTES(class_id));
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_bstr(&out, done(&inner));
    if (plan->for_slot) {
        pawl_cbor_put_uint(&out, 5);
        pawl_cbor_put_uint(&out, plan->slot);
    }
    pawl_cbor_put_uint(&out, 14);
    pawl_cbor_put_uint(&out, plan->size);
    if (plan->counted) {
        pawl_cbor_put_int(&out, PAWL_SUIT_SECURITY_COUNTER);
        pawl_cbor_put_uint(&out, plan->counter);
    }
    put_condition(&out, 1);
    put_condition(&out, 2);
    if (plan->for_slot) {
        put_condition(&out, 5);
    }
    pawl_cbor_put_bstr(common, done(&out));
}

static void put_pair_parameters(struct pawl_cbor_out *out,
                                const struct fake_release_plan *plan,
                                uint64_t counter, const uint8_t image[32])
{
    uint8_t digest[64];
    struct pawl_cbor_out inner;
    pawl_cbor_write(&inner, digest, sizeof(digest));
    put_digest(&inner, image);
    pawl_cbor_put_uint(out, 20);
    pawl_cbor_put_map(out, plan->counted ? 5 : 4);
    pawl_cbor_put_uint(out, 1);
    pawl_cbor_put_bstr(out, PAWL_BYTES(fake_vendor_id));
    pawl_cbor_put_uint(out, 2);
    pawl_cbor_put_bstr(out, PAWL_BYTES(fake_class_id));
    pawl_cbor_put_uint(out, 3);
    pawl_cbor_put_bstr(out, done(&inner));
    pawl_cbor_put_uint(out, 14);
    pawl_cbor_put_uint(out, plan->size);
    if (plan->counted) {
        pawl_cbor_put_int(out, PAWL_SUIT_SECURITY_COUNTER);
        pawl_cbor_put_uint(out, counter);
    }
    put_condition(out, 1);
    put_condition(out, 2);
}

static void put_pair_shared(struct pawl_cbor_out *common,
                            const struct fake_release *release)
{
    const struct fake_release_plan *plan = &release->plan;
    uint8_t sequence[400], second[32];
    struct pawl_cbor_out out;

    digest_image(second_seed(plan), plan->size, second);
    second[0] ^= plan->second_wrong ? 1 : 0;
    pawl_cbor_write(&out, sequence, sizeof(sequence));
    pawl_cbor_put_array(&out, 16);
    put_index(&out, 0);
    put_pair_parameters(&out, plan, plan->counter, release->digest);
    put_index(&out, 1);
    put_pair_parameters(&out, plan, plan->second_counter, second);
    pawl_cbor_put_bstr(common, done(&out));
}

static void put_fetch(struct pawl_cbor_out *out, const char *uri)
{
    pawl_cbor_put_uint(out, 20);
    pawl_cbor_put_map(out, 1);
    pawl_cbor_put_uint(out, 21);
    pawl_cbor_put_tstr(out, uri);
    put_condition(out, 21);
}

static void put_pair_install(struct pawl_cbor_out *manifest,
                             const struct fake_release *release)
{
    uint8_t sequence[200];
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, sequence, sizeof(sequence));
    pawl_cbor_put_array(&out, release->plan.second_kept ? 12 : 16);
    put_index(&out, 0);
    put_fetch(&out, "https://fw.example.com/image.bin");
    put_condition(&out, 3);
    put_index(&out, 1);
    if (!release->plan.second_kept) {
        put_fetch(&out, "https://fw.example.com/second.bin");
    }
    put_condition(&out, 3);
    pawl_cbor_put_bstr(manifest, done(&out));
}

static void put_pair_validate(struct pawl_cbor_out *manifest)
{
    uint8_t sequence[32];
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, sequence, sizeof(sequence));
    pawl_cbor_put_array(&out, 8);
    for (uint64_t i = 0; i < 2; i++) {
        put_index(&out, i);
        put_condition(&out, 3);
    }
    pawl_cbor_put_bstr(manifest, done(&out));
}

static void put_install(struct pawl_cbor_out *manifest,
                        const struct fake_release *release)
{
    uint8_t sequence[128];
    struct pawl_cbor_out out;
    bool checked = !release->plan.unchecked;

    pawl_cbor_write(&out, sequence, sizeof(sequence));
    pawl_cbor_put_array(&out, checked ? 6 : 4);
    pawl_cbor_put_uint(&out, 20);
    pawl_cbor_put_map(&out, 1);
    pawl_cbor_put_uint(&out, 21);
    pawl_cbor_put_tstr(&out, release->plan.integrated
                                 ? "#image"
                                 : "https://fw.example.com/image.bin");
    put_condition(&out, 21);
    if (checked) {
        put_condition(&out, 3);
    }
    pawl_cbor_put_bstr(manifest, done(&out));
}

static void put_sequence(struct pawl_cbor_out *manifest, uint64_t command,
                         bool pair)
{
    uint8_t sequence[16];
    struct pawl_cbor_out out;
    pawl_cbor_write(&out, sequence, sizeof(sequence));
    pawl_cbor_put_array(&out, pair ? 4 : 2);
    if (pair) {
        put_index(&out, 0);
    }
    put_condition(&out, command);
    pawl_cbor_put_bstr(manifest, done(&out));
}

static struct pawl_bytes put_manifest(const struct fake_release *release,
                                      uint8_t *buf, size_t cap)
{
    bool pair = release->plan.pair;
    uint8_t common[512];
    struct pawl_cbor_out out, inner;

    pawl_cbor_write(&inner, common, sizeof(common));
    pawl_cbor_put_map(&inner, 2);
    pawl_cbor_put_uint(&inner, 2);
    pawl_cbor_put_array(&inner, pair ? 2 : 1);
    pawl_cbor_put_raw(&inner, PAWL_BYTES(fake_component));
    if (pair) {
        pawl_cbor_put_raw(&inner, PAWL_BYTES(fake_second));
    }
    pawl_cbor_put_uint(&inner, 4);
    (pair ? put_pair_shared : put_shared)(&inner, release);

    pawl_cbor_write(&out, buf, cap);
    pawl_cbor_put_map(&out, 6);
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_uint(&out, release->plan.sequence);
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_bstr(&out, done(&inner));
    pawl_cbor_put_uint(&out, 7);
    if (pair) {
        put_pair_validate(&out);
    } else {
        put_sequence(&out, release->plan.unchecked ? 1 : 3, false);
    }
    pawl_cbor_put_uint(&out, 9);
    put_sequence(&out, 23, pair);
    pawl_cbor_put_uint(&out, 20);
    (pair ? put_pair_install : put_install)(&out, release);
    return done(&out);
}

static struct pawl_bytes put_wrapper(enum fake_signer by,
                                     struct pawl_bytes manifest, uint8_t *buf,
                                     size_t cap)
{
    uint8_t wrapped[1200], digest[32], encoded[64], signature[256];
    size_t len = sizeof(signature);
    enum pawl_key_slot slot =
        by == FAKE_SIGNER_RELEASE ? PAWL_KEY_LDEVID_A : PAWL_KEY_LDEVID_B;
    struct pawl_cose_signer signer = {
        .ctx = &slot, .algorithm = PAWL_ALG_ESP256, .sign = sign};
    struct pawl_cbor_out out;

    pawl_cbor_write(&out, wrapped, sizeof(wrapped));
    pawl_cbor_put_bstr(&out, manifest);
    must(pawl_sha256(done(&out), digest));
    pawl_cbor_write(&out, encoded, sizeof(encoded));
    put_digest(&out, digest);
    struct pawl_bytes payload = done(&out);
    must(pawl_cose_sign1(&signer, payload, PAWL_NO_BYTES, signature, &len));

    pawl_cbor_write(&out, buf, cap);
    pawl_cbor_put_array(&out, 2);
    pawl_cbor_put_bstr(&out, payload);
    pawl_cbor_put_bstr(&out, (struct pawl_bytes){signature, len});
    return done(&out);
}

static void put_payload(struct pawl_cbor_out *out,
                        const struct fake_release *release)
{
    static uint8_t image[FAKE_ENVELOPE_MAX];
    fake_release_bytes(release, 0, image, release->plan.size);
    pawl_cbor_put_tstr(out, "#image");
    pawl_cbor_put_bstr(out, (struct pawl_bytes){image, release->plan.size});
}

void fake_release_make(struct fake_release *release,
                       const struct fake_release_plan *plan)
{
    uint8_t manifest[1024], wrapper[512];
    struct pawl_cbor_out out;

    make_keys();
    memset(release, 0, sizeof(*release));
    release->plan = *plan;
    digest_image(plan->seed, plan->size, release->digest);
    struct pawl_bytes content =
        put_manifest(release, manifest, sizeof(manifest));
    pawl_cbor_write(&out, release->envelope, sizeof(release->envelope));
    pawl_cbor_put_tag(&out, 107);
    pawl_cbor_put_map(&out, plan->integrated ? 3 : 2);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_bstr(
        &out, put_wrapper(plan->by, content, wrapper, sizeof(wrapper)));
    pawl_cbor_put_uint(&out, 3);
    pawl_cbor_put_bstr(&out, content);
    if (plan->integrated) {
        put_payload(&out, release);
    }
    release->envelope_len = done(&out).len;
}

struct pawl_bytes fake_release_envelope(const struct fake_release *release)
{
    return (struct pawl_bytes){release->envelope, release->envelope_len};
}

void fake_release_trust(uint64_t version, bool retired, uint8_t *out,
                        size_t *len)
{
    static const uint8_t all[1] = {0x80};
    const struct pawl_bytes prefix = PAWL_BYTES(all);
    uint8_t points[3][PAWL_P256_POINT_SIZE], document[1024], signature[256];
    size_t document_len = sizeof(document);
    size_t signature_len = sizeof(signature);
    enum pawl_key_slot root_slot = PAWL_KEY_IDEVID;

    make_keys();
    for (unsigned i = 0; i < 3; i++) {
        must(keys.keystore.public_key(keys.keystore.ctx, (enum pawl_key_slot)i,
                                      points[i]));
    }
    struct pawl_key root = {PAWL_ALG_ESP256, PAWL_BYTES(points[0])};
    struct pawl_signer signers[2] = {
        {{PAWL_ALG_ESP256, PAWL_BYTES(points[1])}, &prefix, 1, retired},
        {{PAWL_ALG_ESP256, PAWL_BYTES(points[2])}, &prefix, 1, false}};
    struct pawl_trust_plan plan = {.version = version,
                                   .root_threshold = 1,
                                   .roots = &root,
                                   .root_count = 1,
                                   .signer_threshold = 1,
                                   .signers = signers,
                                   .signer_count = retired ? 2 : 1};
    struct pawl_cose_signer signer = {
        .ctx = &root_slot, .algorithm = PAWL_ALG_ESP256, .sign = sign};
    must(pawl_trust_encode(&plan, document, &document_len));
    struct pawl_bytes text = {document, document_len};
    must(pawl_trust_sign(text, &root, &signer, signature, &signature_len));
    struct pawl_bytes signed_by = {signature, signature_len};
    must(pawl_trust_join(text, &signed_by, 1, out, len));
}
