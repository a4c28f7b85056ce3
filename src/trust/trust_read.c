/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads the trust document. It runs before the signatures are checked, since
 * the document names the keys that check them: every length, count and type
 * is judged here, and nothing that is read has an effect.
 */

#include "base/base.h"
#include "cbor/cbor.h"
#include "trust/trust_internal.h"

#define ED25519_KEY_SIZE 32
#define P256_KEY_SIZE 65
#define P256_UNCOMPRESSED 0x04

enum pawl_status pawl_trust_split_first(struct pawl_bytes bytes,
                                        struct pawl_trust_parts *parts,
                                        size_t *len)
{
    struct pawl_cbor in;
    size_t count = 0;

    *parts = (struct pawl_trust_parts){0};
    pawl_cbor_read(&in, bytes);
    if (pawl_cbor_array(&in, &count) != PAWL_OK || count == 0) {
        return PAWL_ERR_MALFORMED;
    }
    if (count - 1 > PAWL_TRUST_SIGNATURE_MAX) {
        return PAWL_ERR_LIMIT;
    }
    enum pawl_status status = pawl_cbor_bstr(&in, &parts->document);
    for (size_t i = 0; i + 1 < count && status == PAWL_OK; i++) {
        status = pawl_cbor_bstr(&in, &parts->signatures[i]);
    }
    parts->signature_count = count - 1;
    *len = bytes.len - pawl_cbor_left(&in);
    return status;
}

enum pawl_status pawl_trust_split(struct pawl_bytes envelope,
                                  struct pawl_trust_parts *parts)
{
    size_t len = 0;
    enum pawl_status status = pawl_trust_split_first(envelope, parts, &len);

    if (status == PAWL_OK && len != envelope.len) {
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

struct pawl_bytes pawl_trust_kid(const struct pawl_key *key)
{
    if (key->bytes.len < PAWL_TRUST_KID_SIZE) {
        return PAWL_NO_BYTES;
    }
    size_t off = key->bytes.len - PAWL_TRUST_KID_SIZE;
    return (struct pawl_bytes){key->bytes.data + off, PAWL_TRUST_KID_SIZE};
}

struct pawl_bytes pawl_trust_aad(void)
{
    static const uint8_t aad[] = PAWL_TRUST_AAD;
    return (struct pawl_bytes){aad, sizeof(aad) - 1};
}

/* Whether key has the length and form of its algorithm. */
static enum pawl_status key_check(int64_t algorithm, struct pawl_bytes bytes)
{
    switch (algorithm) {
    case PAWL_ALG_ES256:
    case PAWL_ALG_ESP256:
        return bytes.len == P256_KEY_SIZE && bytes.data[0] == P256_UNCOMPRESSED
                   ? PAWL_OK
                   : PAWL_ERR_MALFORMED;
    case PAWL_ALG_EDDSA:
    case PAWL_ALG_ED25519:
        return bytes.len == ED25519_KEY_SIZE ? PAWL_OK : PAWL_ERR_MALFORMED;
    default:
        return PAWL_ERR_UNSUPPORTED; /* codes of shared secrets included */
    }
}

/* Reads the two items of a key. */
static enum pawl_status read_key(struct pawl_cbor *in, struct pawl_key *key)
{
    int64_t algorithm = 0;
    struct pawl_bytes bytes = PAWL_NO_BYTES;

    enum pawl_status status = pawl_cbor_int(in, &algorithm);
    if (status == PAWL_OK) {
        status = pawl_cbor_bstr(in, &bytes);
    }
    if (status == PAWL_OK) {
        status = key_check(algorithm, bytes);
    }
    if (status == PAWL_OK) {
        key->algorithm = (enum pawl_algorithm)algorithm;
        key->bytes = bytes;
    }
    return status;
}

/* Reads the head of an array of at least min and at most max items. */
static enum pawl_status read_count(struct pawl_cbor *in, size_t min, size_t max,
                                   size_t *count)
{
    size_t n = 0;
    enum pawl_status status = pawl_cbor_array(in, &n);

    if (status != PAWL_OK) {
        return status;
    }
    if (n > max) {
        return PAWL_ERR_LIMIT;
    }
    *count = n;
    return n < min ? PAWL_ERR_POLICY : PAWL_OK;
}

/* Reads the head of an array that has exactly count items. */
static enum pawl_status read_tuple(struct pawl_cbor *in, size_t count)
{
    size_t n = 0;
    enum pawl_status status = pawl_cbor_array(in, &n);

    if (status != PAWL_OK) {
        return status;
    }
    return n == count ? PAWL_OK : PAWL_ERR_MALFORMED;
}

/* Reads a number from 1 to max. */
static enum pawl_status read_positive(struct pawl_cbor *in, uint64_t max,
                                      uint64_t *out)
{
    uint64_t value = 0;
    enum pawl_status status = pawl_cbor_uint(in, &value);

    if (status != PAWL_OK) {
        return status;
    }
    if (value == 0) {
        return PAWL_ERR_MALFORMED;
    }
    *out = value;
    return value > max ? PAWL_ERR_LIMIT : PAWL_OK;
}

static enum pawl_status read_threshold(struct pawl_cbor *in, uint8_t *out)
{
    uint64_t value = 0;
    enum pawl_status status = read_positive(in, UINT8_MAX, &value);

    *out = (uint8_t)value;
    return status;
}

static enum pawl_status read_date(struct pawl_cbor *in, int64_t *out)
{
    uint64_t value = 0;
    enum pawl_status status = read_positive(in, INT64_MAX, &value);

    *out = status == PAWL_OK ? (int64_t)value : 0;
    return status;
}

/* The same public key twice would make one person two. Its bytes tell, since
 * their length belongs to the curve, whatever number the algorithm has. */
static bool root_known(const struct pawl_trust *trust, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pawl_bytes_equal(trust->roots[i].bytes,
                             trust->roots[count].bytes)) {
            return true;
        }
    }
    return false;
}

static bool signer_known(const struct pawl_trust *trust, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pawl_bytes_equal(trust->signers[i].key.bytes,
                             trust->signers[count].key.bytes)) {
            return true;
        }
    }
    return false;
}

static bool anchor_known(const struct pawl_trust *trust, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pawl_bytes_equal(trust->anchors[i].certificate,
                             trust->anchors[count].certificate)) {
            return true;
        }
    }
    return false;
}

static enum pawl_status read_roots(struct pawl_cbor *in,
                                   struct pawl_trust *trust)
{
    enum pawl_status status =
        read_count(in, 1, PAWL_TRUST_ROOT_MAX, &trust->root_count);

    for (size_t i = 0; i < trust->root_count && status == PAWL_OK; i++) {
        status = read_tuple(in, 2);
        if (status == PAWL_OK) {
            status = read_key(in, &trust->roots[i]);
        }
        if (status == PAWL_OK && root_known(trust, i)) {
            status = PAWL_ERR_MALFORMED;
        }
    }
    return status;
}

/* Reads one component identifier: an array of byte strings. */
static enum pawl_status read_component(struct pawl_cbor *in,
                                       struct pawl_bytes *component)
{
    const uint8_t *begin = in->at;
    size_t count = 0;
    struct pawl_bytes element;

    enum pawl_status status = pawl_cbor_array(in, &count);
    for (size_t i = 0; i < count && status == PAWL_OK; i++) {
        status = pawl_cbor_bstr(in, &element);
    }
    *component = (struct pawl_bytes){begin, (size_t)(in->at - begin)};
    return status;
}

/* Reads the components of signer; *used of all prefixes are taken. */
static enum pawl_status read_components(struct pawl_cbor *in,
                                        struct pawl_trust *trust,
                                        struct pawl_signer *signer,
                                        size_t *used)
{
    size_t count = 0;
    enum pawl_status status =
        read_count(in, 0, PAWL_TRUST_PREFIX_MAX - *used, &count);

    signer->components = trust->prefixes + *used;
    for (size_t i = 0; i < count && status == PAWL_OK; i++) {
        status = read_component(in, &trust->prefixes[*used + i]);
    }
    signer->component_count = status == PAWL_OK ? count : 0;
    *used += signer->component_count;
    return status;
}

static enum pawl_status read_signer(struct pawl_cbor *in,
                                    struct pawl_trust *trust, size_t i,
                                    size_t *used)
{
    struct pawl_signer *signer = &trust->signers[i];
    enum pawl_status status = read_tuple(in, 4);

    if (status == PAWL_OK) {
        status = read_key(in, &signer->key);
    }
    if (status == PAWL_OK) {
        status = read_components(in, trust, signer, used);
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_bool(in, &signer->retired);
    }
    if (status == PAWL_OK && signer_known(trust, i)) {
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

static enum pawl_status read_signers(struct pawl_cbor *in,
                                     struct pawl_trust *trust)
{
    size_t used = 0;
    enum pawl_status status =
        read_count(in, 1, PAWL_TRUST_SIGNER_MAX, &trust->signer_count);

    for (size_t i = 0; i < trust->signer_count && status == PAWL_OK; i++) {
        status = read_signer(in, trust, i, &used);
    }
    return status;
}

/*
 * Whether bytes look like one DER SEQUENCE and nothing behind it. More is
 * judged when a chain is: a boot loader brings no certificate reader.
 */
static bool is_one_sequence(struct pawl_bytes bytes)
{
    if (bytes.len < 4 || bytes.data[0] != 0x30 || bytes.data[1] != 0x82) {
        return false;
    }
    return bytes.len - 4 == pawl_get_u16(bytes.data + 2);
}

static enum pawl_status read_anchor(struct pawl_cbor *in,
                                    struct pawl_trust *trust, size_t i)
{
    struct pawl_trust_anchor *anchor = &trust->anchors[i];
    uint64_t roles = 0;
    enum pawl_status status = read_tuple(in, 2);

    if (status == PAWL_OK) {
        status = read_positive(in, PAWL_TRUST_ROLES_MAX, &roles);
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_bstr(in, &anchor->certificate);
    }
    if (status != PAWL_OK) {
        return status;
    }
    anchor->roles = (uint32_t)roles;
    return is_one_sequence(anchor->certificate) && !anchor_known(trust, i)
               ? PAWL_OK
               : PAWL_ERR_MALFORMED;
}

static enum pawl_status read_anchors(struct pawl_cbor *in,
                                     struct pawl_trust *trust)
{
    enum pawl_status status =
        read_count(in, 0, PAWL_TRUST_ANCHOR_MAX, &trust->anchor_count);

    for (size_t i = 0; i < trust->anchor_count && status == PAWL_OK; i++) {
        status = read_anchor(in, trust, i);
    }
    return status;
}

static enum pawl_status read_owner(struct pawl_cbor *in,
                                   struct pawl_trust *trust)
{
    uint64_t roles = 0;
    enum pawl_status status = read_tuple(in, 3);

    if (status == PAWL_OK) {
        status = read_key(in, &trust->owner);
    }
    if (status == PAWL_OK) {
        status = read_positive(in, PAWL_TRUST_ROLES_MAX, &roles);
    }
    trust->owner_roles = (uint32_t)roles;
    return status;
}

static enum pawl_status read_format(struct pawl_cbor *in)
{
    uint64_t format = 0;
    enum pawl_status status = pawl_cbor_uint(in, &format);

    if (status != PAWL_OK) {
        return status;
    }
    return format == PAWL_TRUST_FORMAT ? PAWL_OK : PAWL_ERR_UNSUPPORTED;
}

static enum pawl_status read_field(struct pawl_cbor *in, int64_t field,
                                   struct pawl_trust *trust)
{
    if (field == PAWL_TRUST_FIELD_TIME) {
        return read_date(in, &trust->time_s);
    }
    if (field < 0) {
        return pawl_cbor_skip(in, NULL); /* an extension that may be ignored */
    }
    switch ((int)(field > INT8_MAX ? INT8_MAX : field)) {
    case PAWL_TRUST_FIELD_FORMAT:
        return read_format(in);
    case PAWL_TRUST_FIELD_VERSION:
        return read_positive(in, UINT64_MAX, &trust->version);
    case PAWL_TRUST_FIELD_ROOT_THRESHOLD:
        return read_threshold(in, &trust->root_threshold);
    case PAWL_TRUST_FIELD_ROOTS:
        return read_roots(in, trust);
    case PAWL_TRUST_FIELD_SIGNER_THRESHOLD:
        return read_threshold(in, &trust->signer_threshold);
    case PAWL_TRUST_FIELD_SIGNERS:
        return read_signers(in, trust);
    case PAWL_TRUST_FIELD_ANCHORS:
        return read_anchors(in, trust);
    case PAWL_TRUST_FIELD_ISSUED:
        return read_date(in, &trust->issued_s);
    case PAWL_TRUST_FIELD_EXPIRES:
        return read_date(in, &trust->expires_s);
    case PAWL_TRUST_FIELD_OWNER:
        return read_owner(in, trust);
    default:
        return PAWL_ERR_UNSUPPORTED;
    }
}

static enum pawl_status read_fields(struct pawl_cbor *in,
                                    struct pawl_trust *trust)
{
    size_t count = 0;
    int64_t field = 0;
    uint32_t seen = 0;
    enum pawl_status status = pawl_cbor_map(in, &count);

    for (size_t i = 0; i < count && status == PAWL_OK; i++) {
        status = pawl_cbor_key(in, &field, i == 0);
        if (status == PAWL_OK) {
            status = read_field(in, field, trust);
        }
        if (field > 0 && field < 32) {
            seen |= UINT32_C(1) << field;
        }
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_done(in);
    }
    if (status == PAWL_OK &&
        (seen & PAWL_TRUST_FIELDS_REQUIRED) != PAWL_TRUST_FIELDS_REQUIRED) {
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

/* Signers that may sign what is new. */
static size_t signers_active(const struct pawl_trust *trust)
{
    size_t active = 0;

    for (size_t i = 0; i < trust->signer_count; i++) {
        const struct pawl_signer *signer = &trust->signers[i];
        active += !signer->retired && signer->component_count > 0 ? 1u : 0u;
    }
    return active;
}

/* A document must leave a way to the next document and to the next update. */
static enum pawl_status policy_check(const struct pawl_trust *trust)
{
    if (trust->root_threshold > trust->root_count ||
        trust->signer_threshold > signers_active(trust)) {
        return PAWL_ERR_POLICY;
    }
    if (trust->expires_s != 0 && trust->expires_s <= trust->issued_s) {
        return PAWL_ERR_POLICY;
    }
    return PAWL_OK;
}

enum pawl_status pawl_trust_read(struct pawl_trust *trust,
                                 struct pawl_bytes document)
{
    struct pawl_cbor in;

    pawl_cbor_read(&in, document);
    enum pawl_status status = read_fields(&in, trust);
    return status == PAWL_OK ? policy_check(trust) : status;
}

/* Reads the owner's anchors behind those that are there. */
static enum pawl_status read_more_anchors(struct pawl_cbor *in,
                                          struct pawl_trust *trust)
{
    size_t before = trust->anchor_count, count = 0;
    enum pawl_status status =
        read_count(in, 0, PAWL_TRUST_ANCHOR_MAX - before, &count);

    for (size_t i = before; i < before + count && status == PAWL_OK; i++) {
        status = read_anchor(in, trust, i);
        if (status == PAWL_OK &&
            (trust->anchors[i].roles & ~trust->owner_roles) != 0) {
            status = PAWL_ERR_POLICY;
        }
    }
    trust->anchor_count += status == PAWL_OK ? count : 0;
    return status;
}

static enum pawl_status read_owner_field(struct pawl_cbor *in, int64_t field,
                                         struct pawl_trust *trust)
{
    switch ((int)(field > INT8_MAX || field < 0 ? INT8_MAX : field)) {
    case PAWL_TRUST_FIELD_FORMAT:
        return read_format(in);
    case PAWL_TRUST_FIELD_VERSION:
        return read_positive(in, UINT64_MAX, &trust->owner_version);
    case PAWL_TRUST_FIELD_ANCHORS:
        return read_more_anchors(in, trust);
    default:
        return PAWL_ERR_UNSUPPORTED;
    }
}

enum pawl_status pawl_trust_read_owner(struct pawl_trust *trust,
                                       struct pawl_bytes document)
{
    size_t anchors = trust->anchor_count, count = 0;
    struct pawl_cbor in;
    int64_t field = 0;
    uint32_t seen = 0;

    pawl_cbor_read(&in, document);
    enum pawl_status status = pawl_cbor_map(&in, &count);
    for (size_t i = 0; i < count && status == PAWL_OK; i++) {
        status = pawl_cbor_key(&in, &field, i == 0);
        if (status == PAWL_OK) {
            status = read_owner_field(&in, field, trust);
        }
        seen |= status == PAWL_OK ? UINT32_C(1) << field : 0;
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_done(&in);
    }
    if (status == PAWL_OK && seen != PAWL_TRUST_OWNER_FIELDS) {
        status = PAWL_ERR_MALFORMED;
    }
    if (status != PAWL_OK) {
        trust->anchor_count = anchors;
        trust->owner_version = 0;
    }
    return status;
}
