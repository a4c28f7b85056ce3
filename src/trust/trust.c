/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who may do what. What must hold:
 *
 * 1. A document is copied first and read from the copy alone, so that what
 *    was verified is what is used.
 * 2. Until every check has passed, *trust trusts nobody; on each error it is
 *    made to trust nobody again.
 * 3. A signature counts for the public key that made it: twice the same key
 *    is one, whatever names the two signatures carry.
 * 4. A successor needs a threshold of the roots in force (or anybody could
 *    take the device) and a threshold of its own (or it could be signed by
 *    roots that nobody holds, and no successor would ever follow).
 */

#include "trust/trust_internal.h"

#include "base/base.h"
#include "cbor/cbor.h"
#include "cose/cose.h"
#include "crypto/crypto.h"
#include "journal/objects.h"
#include "trust/store_note.h"
#include <string.h>

/* Roots as the verification sees them, and a bit for each that signed. */
struct root_set {
    const struct pawl_key *keys;
    size_t count;
    uint8_t threshold;
    uint32_t signed_by;
};

_Static_assert(PAWL_TRUST_ROOT_MAX <= 32, "one bit of root_set.signed_by each");

static const struct pawl_key *find_kid(const struct root_set *set,
                                       struct pawl_bytes kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (pawl_bytes_equal(pawl_trust_kid(&set->keys[i]), kid)) {
            return &set->keys[i];
        }
    }
    return NULL;
}

/* Notes that key signed, if it is in the set. */
static void mark(struct root_set *set, const struct pawl_key *key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (key == &set->keys[i] || /* as nearly always, at no cost */
            pawl_bytes_equal(set->keys[i].bytes, key->bytes)) {
            set->signed_by |= UINT32_C(1) << i;
        }
    }
}

/* The set is met only by as many roots as its threshold, and by one at least
 * even if the threshold were read as zero. */
static bool met(const struct root_set *set)
{
    uint32_t left = set->signed_by;
    size_t distinct = 0;

    while (left != 0) {
        left &= left - 1; /* clears the lowest bit */
        distinct++;
    }
    return distinct > 0 && distinct >= set->threshold;
}

/*
 * Verifies one signature and marks its key in both sets. A signature by a key
 * that is not a root, or one that is wrong, counts for nothing: whoever can
 * add it can also take it away.
 */
static enum pawl_status count_one(struct pawl_bytes document,
                                  struct pawl_bytes signature,
                                  struct root_set *own, struct root_set *old)
{
    struct pawl_cose cose;
    enum pawl_status status =
        pawl_cose_parse(&cose, signature, PAWL_COSE_STRICT);

    if (status == PAWL_ERR_UNSUPPORTED) {
        return PAWL_OK; /* of an algorithm that no root here has */
    }
    if (status != PAWL_OK) {
        return PAWL_ERR_MALFORMED; /* a broken rule of COSE's included */
    }
    if (cose.tag != PAWL_COSE_TAG_SIGN1 || cose.attached) {
        return PAWL_ERR_MALFORMED;
    }
    const struct pawl_key *key = find_kid(own, cose.kid);
    if (key == NULL) {
        key = find_kid(old, cose.kid);
    }
    if (key != NULL &&
        pawl_cose_verify(&cose, key, document, pawl_trust_aad()) == PAWL_OK) {
        mark(own, key);
        mark(old, key);
    }
    return PAWL_OK;
}

static enum pawl_status count_all(const struct pawl_trust_parts *parts,
                                  struct root_set *own, struct root_set *old)
{
    for (size_t i = 0; i < parts->signature_count; i++) {
        enum pawl_status status =
            count_one(parts->document, parts->signatures[i], own, old);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return PAWL_OK;
}

static struct root_set roots_of(const struct pawl_trust *trust)
{
    return (struct root_set){trust->roots, trust->root_count,
                             trust->root_threshold, 0};
}

/* Copies the envelope and reads its document. */
static enum pawl_status take(struct pawl_trust *trust, struct pawl_bytes bytes,
                             struct pawl_trust_parts *parts)
{
    memset(trust, 0, sizeof(*trust));
    if (bytes.len > sizeof(trust->bytes)) {
        return PAWL_ERR_LIMIT;
    }
    if (bytes.len == 0) {
        return PAWL_ERR_MALFORMED;
    }
    memcpy(trust->bytes, bytes.data, bytes.len);
    trust->len = trust->envelope_len = bytes.len;
    enum pawl_status status =
        pawl_trust_split((struct pawl_bytes){trust->bytes, trust->len}, parts);
    return status == PAWL_OK ? pawl_trust_read(trust, parts->document) : status;
}

/* Verifies what was taken against its own roots and, unless current is NULL,
 * against those of current. */
static enum pawl_status verify(struct pawl_trust *trust,
                               const struct pawl_trust *current,
                               const struct pawl_trust_parts *parts)
{
    struct root_set own = roots_of(trust);
    struct root_set old = current != NULL ? roots_of(current) : own;

    enum pawl_status status = count_all(parts, &own, &old);
    if (status == PAWL_OK && (!met(&own) || !met(&old))) {
        status = PAWL_ERR_UNTRUSTED;
    }
    if (status == PAWL_OK) {
        status = pawl_sha256(parts->document, trust->digest);
    }
    if (status == PAWL_OK) {
        trust->authentic = PAWL_TRUST_AUTHENTIC;
    }
    return status;
}

enum pawl_status pawl_trust_load(struct pawl_trust *trust,
                                 struct pawl_bytes bytes)
{
    struct pawl_trust_parts parts;
    enum pawl_status status = take(trust, bytes, &parts);

    if (status == PAWL_OK) {
        status = verify(trust, NULL, &parts);
    }
    if (status != PAWL_OK) {
        memset(trust, 0, sizeof(*trust));
    }
    return status;
}

/* Versions are followed one by one: each successor is signed by the roots of
 * the one before it, and of no other. */
static enum pawl_status version_check(const struct pawl_trust *next,
                                      const struct pawl_trust *current)
{
    if (next->version <= current->version) {
        return PAWL_ERR_ROLLBACK;
    }
    return next->version - current->version == 1 ? PAWL_OK : PAWL_ERR_STATE;
}

enum pawl_status pawl_trust_succeed(struct pawl_trust *next,
                                    const struct pawl_trust *current,
                                    struct pawl_bytes bytes)
{
    struct pawl_trust_parts parts;
    enum pawl_status status = PAWL_ERR_ARGUMENT;

    if (next == current) {
        return status; /* would forget the roots that judge it */
    }
    status = take(next, bytes, &parts);
    if (status == PAWL_OK && current->authentic != PAWL_TRUST_AUTHENTIC &&
        current->authentic != PAWL_TRUST_SUCCEEDS) {
        status = PAWL_ERR_STATE;
    }
    if (status == PAWL_OK) {
        status = version_check(next, current);
    }
    if (status == PAWL_OK) {
        status = verify(next, current, &parts);
    }
    if (status != PAWL_OK) {
        memset(next, 0, sizeof(*next));
    }
    return status;
}

/* Opens the store to be read. *floor, the least version that its document may
 * have, is set on PAWL_OK only. */
static enum pawl_status open_store(struct pawl_objects *objects,
                                   const struct pawl_store *store,
                                   uint64_t *floor)
{
    struct pawl_store_note note;
    enum pawl_status status =
        pawl_objects_open(objects, store, PAWL_JOURNAL_READ_ONLY, NULL, NULL);

    if (status != PAWL_OK) {
        return status;
    }
    if (pawl_store_note_read(&note, objects->note) != PAWL_OK) {
        return PAWL_ERR_LOST;
    }
    *floor = note.trust_floor;
    return PAWL_OK;
}

enum pawl_status pawl_trust_stored_version(const struct pawl_store *store,
                                           uint64_t *version)
{
    struct pawl_objects objects;

    *version = 0;
    return open_store(&objects, store, version);
}

/* Reads the stored document into trust->bytes. */
static enum pawl_status fetch(struct pawl_trust *trust,
                              const struct pawl_store *store, uint64_t *floor)
{
    struct pawl_objects objects;
    enum pawl_status status = open_store(&objects, store, floor);

    if (status != PAWL_OK) {
        return status;
    }
    trust->len = sizeof(trust->bytes);
    status = pawl_objects_get(&objects, PAWL_OBJECT_TRUST, trust->bytes,
                              &trust->len);
    if (status == PAWL_ERR_CORRUPT || status == PAWL_ERR_TOO_SMALL ||
        (status == PAWL_ERR_NOT_FOUND && *floor > 0)) {
        status = PAWL_ERR_LOST;
    }
    return status;
}

enum pawl_status pawl_trust_open(struct pawl_trust *trust,
                                 const struct pawl_store *store)
{
    struct pawl_trust_parts parts;
    uint64_t floor = UINT64_MAX;

    memset(trust, 0, offsetof(struct pawl_trust, bytes)); /* read below */
    enum pawl_status status = fetch(trust, store, &floor);
    if (status == PAWL_OK) {
        status = pawl_trust_split_first(
            (struct pawl_bytes){trust->bytes, trust->len}, &parts,
            &trust->envelope_len);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_read(trust, parts.document);
    }
    if (status == PAWL_OK) {
        status = verify(trust, NULL, &parts);
    }
    if (status == PAWL_OK && trust->version < floor) {
        status = PAWL_ERR_LOST;
    }
    if (status != PAWL_OK) {
        memset(trust, 0, sizeof(*trust));
    }
    return status;
}

/*
 * Takes over what was verified, byte for byte. Reading it anew only sets the
 * views: it cannot fail for what was read before, and if it does, *to trusts
 * nobody.
 */
enum pawl_status pawl_trust_adopt_document(struct pawl_trust *to,
                                           const struct pawl_trust *from)
{
    struct pawl_trust_parts parts;
    enum pawl_status status =
        take(to, (struct pawl_bytes){from->bytes, from->envelope_len}, &parts);

    if (status == PAWL_OK) {
        memcpy(to->digest, from->digest, sizeof(to->digest));
        to->authentic = from->authentic;
    } else {
        memset(to, 0, sizeof(*to));
    }
    return status;
}

void pawl_trust_only_succeed(struct pawl_trust *trust)
{
    trust->signer_count = 0;
    trust->anchor_count = 0;
    trust->authentic = PAWL_TRUST_SUCCEEDS;
}

size_t pawl_trust_anchors(const struct pawl_trust *trust, uint32_t roles,
                          struct pawl_bytes *out)
{
    size_t count = 0;

    if (trust->authentic != PAWL_TRUST_AUTHENTIC) {
        return 0;
    }
    for (size_t i = 0; i < trust->anchor_count; i++) {
        if ((trust->anchors[i].roles & roles) != 0) {
            out[count++] = trust->anchors[i].certificate;
        }
    }
    return count;
}
