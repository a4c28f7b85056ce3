/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"
#include "crypto/crypto.h"

#include <string.h>

/*
 * The order in which an envelope is read, and nothing is read before its turn:
 *
 *   1. up to the manifest's byte string: tag, map, authentication wrapper
 *   2. signatures over the digest              pawl_manifest_authenticate()
 *   3. the digest over the manifest's byte string, head included
 *   4. the manifest                            pawl_manifest_parse()
 *   5. whether those who signed may sign for its components
 *   6. the members behind it, each severed one against its signed digest
 */

bool pawl_verdict_matches(const volatile uint32_t *verdict)
{
    uint32_t wrong = *verdict ^ (uint32_t)PAWL_VERDICT_MATCH;

    /* Two reads of the memory, and two comparisons of unlike shape. */
    return wrong == 0 && (~*verdict) == ~(uint32_t)PAWL_VERDICT_MATCH;
}

enum pawl_status pawl_suit_failed(struct pawl_manifest_failure *failure,
                                  enum pawl_status status,
                                  enum pawl_suit_reason reason)
{
    if (failure->reason == PAWL_SUIT_OK) {
        failure->reason = reason;
    }
    return status;
}

enum pawl_status pawl_suit_digest(struct pawl_manifest_failure *failure,
                                  struct pawl_bytes encoded,
                                  struct pawl_bytes *digest)
{
    struct pawl_cbor in;
    size_t count = 0;
    int64_t algorithm = 0;

    pawl_cbor_read(&in, encoded);
    if (pawl_cbor_array(&in, &count) != PAWL_OK || count < 2 ||
        pawl_cbor_int(&in, &algorithm) != PAWL_OK ||
        pawl_cbor_bstr(&in, digest) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    if (algorithm != SUIT_SHA256) {
        return pawl_suit_failed(failure, PAWL_ERR_UNSUPPORTED,
                                PAWL_SUIT_ALG_UNSUPPORTED);
    }
    if (count != 2 || digest->len != PAWL_SHA256_SIZE ||
        pawl_cbor_done(&in) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    return PAWL_OK;
}

enum pawl_status pawl_suit_check_digest(struct pawl_bytes bytes,
                                        struct pawl_bytes digest,
                                        uint8_t computed[32])
{
    enum pawl_status status = pawl_sha256(bytes, computed);

    if (status != PAWL_OK) {
        return status;
    }
    if (digest.len != PAWL_SHA256_SIZE ||
        !pawl_equal_ct(computed, digest.data, PAWL_SHA256_SIZE)) {
        return PAWL_ERR_DIGEST;
    }
    return pawl_equal_ct(digest.data, computed, PAWL_SHA256_SIZE)
               ? PAWL_OK
               : PAWL_ERR_FAULT;
}

/* Reads up to the manifest, which *in is then behind. */
static enum pawl_status read_front(struct pawl_manifest *manifest,
                                   struct pawl_cbor *in, size_t *pairs,
                                   struct pawl_bytes *wrapper)
{
    uint64_t tag = 0;
    int64_t key = 0;
    bool authenticated = false;

    if (pawl_cbor_tag(in, &tag) != PAWL_OK || tag != SUIT_TAG_ENVELOPE ||
        pawl_cbor_map(in, pairs) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    for (bool first = true; *pairs > 0; first = false) {
        const uint8_t *value;
        --*pairs;
        if (pawl_cbor_key(in, &key, first) != PAWL_OK) {
            return in->status;
        }
        value = in->at;
        switch (key) {
        case 1: /* reserved for delegation, which nobody has defined */
            if (pawl_cbor_skip(in, NULL) != PAWL_OK) {
                return in->status;
            }
            break;
        case SUIT_ENVELOPE_AUTHENTICATION:
            if (pawl_cbor_bstr(in, wrapper) != PAWL_OK) {
                return in->status;
            }
            authenticated = true;
            manifest->wrapper.data = value;
            manifest->wrapper.len = (size_t)(in->at - value);
            break;
        case SUIT_ENVELOPE_MANIFEST:
            return authenticated ? pawl_cbor_skip(in, &manifest->manifest)
                                 : PAWL_ERR_MALFORMED;
        default: /* 0 is never valid, and 2 and 3 come before all others */
            return PAWL_ERR_MALFORMED;
        }
    }
    return PAWL_ERR_MALFORMED;
}

/* Whether signer may sign for a component (both identifiers are arrays). */
static bool covers(const struct pawl_signer *signer, struct pawl_bytes id)
{
    struct pawl_cbor component;
    size_t elements = 0;

    pawl_cbor_read(&component, id);
    if (pawl_cbor_array(&component, &elements) != PAWL_OK) {
        return false;
    }
    for (size_t i = 0; i < signer->component_count; i++) {
        struct pawl_cbor prefix;
        size_t count = 0;
        pawl_cbor_read(&prefix, signer->components[i]);
        if (pawl_cbor_array(&prefix, &count) != PAWL_OK || count > elements) {
            continue;
        }
        /* Elements carry their length, so bytes match only as elements. */
        if (pawl_bytes_begin(
                (struct pawl_bytes){component.at, pawl_cbor_left(&component)},
                (struct pawl_bytes){prefix.at, pawl_cbor_left(&prefix)})) {
            return true;
        }
    }
    return false;
}

static unsigned threshold_of(const struct pawl_manifest_policy *policy)
{
    return policy->threshold == 0 ? 1 : policy->threshold;
}

/* Each component needs as many of those who signed as the whole does. */
static enum pawl_status check_rights(struct pawl_manifest *manifest,
                                     const struct pawl_manifest_policy *policy)
{
    for (size_t c = 0; c < manifest->component_count; c++) {
        unsigned allowed = 0;
        for (size_t s = 0; s < policy->signer_count; s++) {
            if ((manifest->signers >> s & 1u) != 0 &&
                covers(&policy->signers[s], manifest->components[c])) {
                allowed++;
            }
        }
        if (allowed < threshold_of(policy)) {
            manifest->failure.component = c;
            return pawl_suit_failed(&manifest->failure, PAWL_ERR_POLICY,
                                    PAWL_SUIT_COMPONENT_UNAUTHORISED);
        }
    }
    return PAWL_OK;
}

/*
 * A member whose key says that it was severed: it is what the manifest's
 * digest says, or it must not be there. Anybody can put one into an envelope.
 */
static enum pawl_status read_severed(struct pawl_manifest *manifest,
                                     struct pawl_cbor *in, int64_t key,
                                     struct pawl_bytes digest)
{
    struct pawl_bytes *place = key == SUIT_TEXT
                                   ? &manifest->text
                                   : pawl_manifest_section(manifest, key);
    const uint8_t *begin = in->at;
    struct pawl_bytes content;
    uint8_t computed[PAWL_SHA256_SIZE];

    if (pawl_cbor_bstr(in, &content) != PAWL_OK) {
        return in->status;
    }
    enum pawl_status status = PAWL_ERR_DIGEST;
    if (digest.len != 0 && place != NULL) {
        status = pawl_suit_check_digest(
            (struct pawl_bytes){begin, (size_t)(in->at - begin)}, digest,
            computed);
    }
    if (status == PAWL_OK) {
        *place = content;
        return PAWL_OK;
    }
    return pawl_suit_failed(&manifest->failure, status, PAWL_SUIT_UNAUTHORISED);
}

/* An integer key behind the manifest. */
static enum pawl_status read_member(struct pawl_manifest *manifest,
                                    struct pawl_cbor *in, int64_t key,
                                    const struct pawl_manifest_severed *severed)
{
    switch (key) {
    case PAWL_SUIT_PAYLOAD_FETCH:
        return read_severed(manifest, in, key, severed->fetch);
    case PAWL_SUIT_INSTALL:
        return read_severed(manifest, in, key, severed->install);
    case SUIT_TEXT:
        return read_severed(manifest, in, key, severed->text);
    case 14: /* severable by other documents, and named by no manifest that */
    case 15: /* passes here: coswid, dependency-resolution, */
    case 18: /* candidate-verification */
        return read_severed(manifest, in, key, PAWL_NO_BYTES);
    default: /* not signed, and not ours */
        return pawl_cbor_skip(in, NULL);
    }
}

/* Whether b follows a in deterministic order (RFC 8949, 4.2.1). */
static bool follows(struct pawl_bytes a, struct pawl_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    return order < 0 || (order == 0 && a.len < b.len);
}

/* Reads what is behind the manifest: severed members, payloads, others. */
static enum pawl_status
read_members(struct pawl_manifest *manifest, struct pawl_cbor *in, size_t pairs,
             const struct pawl_manifest_severed *severed)
{
    static const uint8_t manifest_key[] = {SUIT_ENVELOPE_MANIFEST};
    struct pawl_bytes before = PAWL_BYTES(manifest_key);

    manifest->members = (struct pawl_bytes){in->at, (size_t)(in->end - in->at)};
    for (; pairs > 0; pairs--) {
        struct pawl_cbor key_in = *in;
        struct pawl_bytes key;
        struct pawl_bytes payload;
        int64_t number = 0;
        enum pawl_status status = pawl_cbor_skip(in, &key);
        if (status == PAWL_OK && !follows(before, key)) {
            status = PAWL_ERR_MALFORMED;
        }
        if (status == PAWL_OK) {
            if (pawl_cbor_peek(&key_in) == PAWL_CBOR_TSTR) {
                status = pawl_cbor_bstr(in, &payload);
            } else if (pawl_cbor_int(&key_in, &number) == PAWL_OK) {
                status = read_member(manifest, in, number, severed);
            } else {
                status = key_in.status;
            }
        }
        if (status != PAWL_OK) {
            return status;
        }
        before = key;
    }
    return pawl_cbor_done(in);
}

/* Everything; the steps stand at the top of this file. */
static enum pawl_status open_all(struct pawl_manifest *manifest,
                                 struct pawl_bytes envelope,
                                 const struct pawl_manifest_policy *policy)
{
    struct pawl_manifest_severed severed = {0};
    struct pawl_cbor in;
    struct pawl_cbor content_in;
    struct pawl_bytes wrapper = PAWL_NO_BYTES;
    struct pawl_bytes digest = PAWL_NO_BYTES;
    struct pawl_bytes content;
    size_t pairs = 0;

    pawl_cbor_read(&in, envelope);
    enum pawl_status status = read_front(manifest, &in, &pairs, &wrapper);
    if (status == PAWL_OK) {
        pawl_cbor_read(&content_in, manifest->manifest);
        status = pawl_cbor_bstr(&content_in, &content);
    }
    if (status == PAWL_OK && policy->confirmed != NULL) {
        digest = (struct pawl_bytes){policy->confirmed, PAWL_SHA256_SIZE};
        manifest->authentic = AUTHENTIC_SIGNATURE;
    } else if (status == PAWL_OK) {
        status = pawl_manifest_authenticate(manifest, wrapper, policy, &digest);
    }
    if (status == PAWL_OK) {
        status = pawl_suit_check_digest(manifest->manifest, digest,
                                        manifest->digest);
        if (status != PAWL_OK) {
            return pawl_suit_failed(&manifest->failure, status,
                                    PAWL_SUIT_UNAUTHORISED);
        }
        manifest->authentic ^= AUTHENTIC_DIGEST;
        if (!pawl_verdict_matches(&manifest->authentic)) {
            return pawl_suit_failed(&manifest->failure, PAWL_ERR_FAULT,
                                    PAWL_SUIT_UNAUTHORISED);
        }
        status = pawl_manifest_parse(manifest, content, &severed);
    }
    if (status == PAWL_OK && policy->confirmed == NULL) {
        status = check_rights(manifest, policy);
    }
    if (status == PAWL_OK) {
        status = read_members(manifest, &in, pairs, &severed);
    }
    return status;
}

/* Leaves nothing of a manifest that was refused but the failure. */
static enum pawl_status conclude(struct pawl_manifest *manifest,
                                 enum pawl_status status)
{
    struct pawl_manifest_failure failure = manifest->failure;

    if (status == PAWL_OK) {
        return PAWL_OK;
    }
    failure.status = status;
    if (failure.reason == PAWL_SUIT_OK) {
        failure.reason = PAWL_SUIT_CBOR_PARSE;
    }
    pawl_wipe(manifest, sizeof *manifest);
    manifest->failure = failure;
    return status;
}

enum pawl_status pawl_manifest_open(struct pawl_manifest *manifest,
                                    struct pawl_bytes envelope,
                                    const struct pawl_manifest_policy *policy)
{
    memset(manifest, 0, sizeof *manifest);
    return conclude(manifest, open_all(manifest, envelope, policy));
}

enum pawl_status
pawl_manifest_open_stored(struct pawl_manifest *manifest,
                          struct pawl_bytes wrapper_and_manifest,
                          const struct pawl_manifest_policy *policy)
{
    enum pawl_status status =
        pawl_manifest_open(manifest, wrapper_and_manifest, policy);

    if (status == PAWL_OK && manifest->members.len != 0) {
        status = conclude(manifest, PAWL_ERR_MALFORMED);
    }
    return status;
}

const struct pawl_manifest_failure *
pawl_manifest_failure(const struct pawl_manifest *manifest)
{
    return &manifest->failure;
}

enum pawl_status pawl_manifest_store(const struct pawl_manifest *manifest,
                                     uint8_t *out, size_t *len)
{
    struct pawl_cbor_out writer;
    struct pawl_bytes written;

    if (!pawl_verdict_matches(&manifest->authentic)) {
        return PAWL_ERR_STATE;
    }
    pawl_cbor_write(&writer, out, *len);
    pawl_cbor_put_tag(&writer, SUIT_TAG_ENVELOPE);
    pawl_cbor_put_map(&writer, 2);
    pawl_cbor_put_uint(&writer, SUIT_ENVELOPE_AUTHENTICATION);
    pawl_cbor_put_raw(&writer, manifest->wrapper);
    pawl_cbor_put_uint(&writer, SUIT_ENVELOPE_MANIFEST);
    pawl_cbor_put_raw(&writer, manifest->manifest);
    *len = writer.len;
    return pawl_cbor_written(&writer, &written);
}

enum pawl_status pawl_manifest_payload(const struct pawl_manifest *manifest,
                                       struct pawl_bytes name,
                                       struct pawl_bytes *payload)
{
    struct pawl_cbor in;
    struct pawl_bytes key;

    *payload = PAWL_NO_BYTES;
    pawl_cbor_read(&in, manifest->members);
    while (pawl_cbor_left(&in) > 0) {
        if (pawl_cbor_peek(&in) != PAWL_CBOR_TSTR) {
            if (pawl_cbor_skip(&in, NULL) != PAWL_OK ||
                pawl_cbor_skip(&in, NULL) != PAWL_OK) {
                return in.status;
            }
        } else if (pawl_cbor_tstr(&in, &key) != PAWL_OK ||
                   pawl_cbor_bstr(&in, payload) != PAWL_OK) {
            return in.status;
        } else if (pawl_bytes_equal(key, name)) {
            return PAWL_OK;
        }
    }
    *payload = PAWL_NO_BYTES;
    return PAWL_ERR_NOT_FOUND;
}

enum pawl_status pawl_manifest_newer(struct pawl_manifest *manifest,
                                     uint64_t accepted,
                                     const uint8_t accepted_digest[32])
{
    bool same = manifest->sequence == accepted &&
                pawl_equal_ct(manifest->digest, accepted_digest,
                              sizeof manifest->digest);

    if (manifest->sequence > accepted || same) {
        return PAWL_OK;
    }
    manifest->failure.status = PAWL_ERR_ROLLBACK;
    manifest->failure.reason = PAWL_SUIT_UNAUTHORISED;
    return PAWL_ERR_ROLLBACK;
}
