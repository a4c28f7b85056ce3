/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: whatever the reader of trust documents takes keeps its limits,
 * views into its own copy only, and is written again byte for byte by the
 * encoder (extensions apart, which the encoder does not know). What is
 * verified is adopted as it is, follows only what is one version older, and a
 * refused document trusts nobody.
 *
 * Seeds are the documents of test/trust/trust_documents.h.
 */
#include "fuzz/fuzz.h"
#include "journal/objects.h"
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

/* A store that holds the input, and a floor that is its first byte. */
static struct pawl_bytes stored;

enum pawl_status pawl_objects_open(struct pawl_objects *objects,
                                   const struct pawl_store *store,
                                   enum pawl_journal_mode mode,
                                   void (*feed_watchdog)(void *ctx), void *ctx)
{
    (void)store;
    (void)mode;
    (void)feed_watchdog;
    (void)ctx;
    memset(objects->note, 0, sizeof objects->note);
    if (stored.len > 0) {
        objects->note[0] = 1;
        objects->note[1] = stored.data[0] & 3;
        objects->note[15] = stored.data[0] >> 4 & 3;
    }
    return stored.len < 2 ? PAWL_ERR_LOST : PAWL_OK;
}

enum pawl_status pawl_objects_get(const struct pawl_objects *objects,
                                  enum pawl_object which, uint8_t *buf,
                                  size_t *len)
{
    (void)objects;
    (void)which;
    size_t size = stored.len - 1;

    if (size == 1) {
        return PAWL_ERR_NOT_FOUND;
    }
    if (size > *len) {
        return PAWL_ERR_TOO_SMALL;
    }
    memcpy(buf, stored.data + 1, size);
    *len = size;
    return PAWL_OK;
}

static void check_nobody(const struct pawl_trust *trust)
{
    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];

    must(trust->authentic == 0 && trust->version == 0);
    must(trust->root_count == 0 && trust->signer_count == 0);
    must(pawl_trust_anchors(trust, UINT32_MAX, out) == 0);
}

/* The same document in all the ways in which it can be taken. */
static void check_verified(struct pawl_bytes input)
{
    static struct pawl_trust trust, other;
    struct pawl_bytes out[PAWL_TRUST_ANCHOR_MAX];

    if (pawl_trust_load(&trust, input) != PAWL_OK) {
        check_nobody(&trust);
        return;
    }
    must(pawl_trust_adopt(&other, &trust) == PAWL_OK);
    must(memcmp(other.digest, trust.digest, sizeof other.digest) == 0);
    must(other.root_count == trust.root_count);
    for (size_t i = 0; i < other.signer_count; i++) {
        must_be_inside(other.signers[i].key.bytes,
                       (struct pawl_bytes){other.bytes, other.len});
        for (size_t j = 0; j < other.signers[i].component_count; j++) {
            (void)pawl_trust_covers(&other, trust.signers[i].components[j],
                                    PAWL_FAMILY_P256);
        }
    }
    must(pawl_trust_leaves_a_way(&other, &trust));
    for (size_t i = 0; i < pawl_trust_anchors(&other, UINT32_MAX, out); i++) {
        must_be_inside(out[i], (struct pawl_bytes){other.bytes, other.len});
    }
    must(pawl_trust_succeed(&other, &trust, input) == PAWL_ERR_ROLLBACK);
    check_nobody(&other);
    trust.version--; /* what it could follow, if its roots were the same */
    must(pawl_trust_succeed(&other, &trust, input) == PAWL_OK);
    must(other.version == trust.version + 1);
    trust.version--;
    must(pawl_trust_succeed(&other, &trust, input) ==
         (trust.version == UINT64_MAX ? PAWL_ERR_ROLLBACK : PAWL_ERR_STATE));
}

/* What a boot loader finds: below the floor, or not good, is nobody. */
static void check_stored(struct pawl_bytes input)
{
    static struct pawl_trust trust;
    static const struct pawl_store store;

    stored = input;
    if (pawl_trust_open(&trust, &store) != PAWL_OK) {
        check_nobody(&trust);
    } else {
        must(trust.version >= (stored.data[0] >> 4 & 3u));
        size_t own = trust.anchor_count;
        enum pawl_status status = pawl_trust_open_owner(&trust);
        must(trust.anchor_count >= own);
        must(trust.anchor_count <= PAWL_TRUST_ANCHOR_MAX);
        must(status == PAWL_OK || trust.anchor_count == own);
        for (size_t i = own; i < trust.anchor_count; i++) {
            must((trust.anchors[i].roles & ~trust.owner_roles) == 0);
            must_be_inside(trust.anchors[i].certificate,
                           (struct pawl_bytes){trust.bytes, trust.len});
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct pawl_trust trust;
    static struct pawl_bytes signatures[PAWL_TRUST_SIGNATURE_MAX];
    static uint8_t again[PAWL_TRUST_MAX];
    struct pawl_bytes document;
    size_t count = 0, again_len = sizeof(again);

    check_stored((struct pawl_bytes){data, len});
    check_verified((struct pawl_bytes){data, len});
    if (pawl_trust_peek(&trust, (struct pawl_bytes){data, len}, &document,
                        signatures, &count) != PAWL_OK) {
        return 0;
    }
    must_be_inside(document, (struct pawl_bytes){trust.bytes, trust.len});
    must(count <= PAWL_TRUST_SIGNATURE_MAX);
    check_fields(&trust, document);
    struct pawl_trust_plan plan = {trust.version,
                                   trust.root_threshold,
                                   trust.roots,
                                   trust.root_count,
                                   trust.signer_threshold,
                                   trust.signers,
                                   trust.signer_count,
                                   trust.anchors,
                                   trust.anchor_count,
                                   trust.issued_s,
                                   trust.expires_s,
                                   trust.time_s,
                                   trust.owner.bytes.len > 0 ? &trust.owner
                                                             : NULL,
                                   trust.owner_roles};
    must(pawl_trust_encode(&plan, again, &again_len) == PAWL_OK);
    if (again_len == document.len) {
        must(memcmp(again, document.data, again_len) == 0);
    } else {
        must(again_len < document.len); /* extensions were left out */
    }
    return 0;
}
