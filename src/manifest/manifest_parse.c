/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"

/* Keys that a manifest cannot do without, as bits of their numbers. */
#define REQUIRED                                                               \
    (1u << SUIT_MANIFEST_VERSION | 1u << SUIT_MANIFEST_SEQUENCE |              \
     1u << SUIT_MANIFEST_COMMON | 1u << PAWL_SUIT_VALIDATE)

/* Signed, well-formed, and not understood: never passed over. */
static enum pawl_status unsupported(struct pawl_manifest *manifest)
{
    return pawl_suit_failed(&manifest->failure, PAWL_ERR_UNSUPPORTED,
                            PAWL_SUIT_COMMAND_UNSUPPORTED);
}

struct pawl_bytes *pawl_manifest_section(struct pawl_manifest *manifest,
                                         int64_t key)
{
    switch (key) {
    case PAWL_SUIT_PAYLOAD_FETCH:
        return &manifest->sections[0];
    case PAWL_SUIT_INSTALL:
        return &manifest->sections[1];
    case PAWL_SUIT_VALIDATE:
        return &manifest->sections[2];
    case PAWL_SUIT_LOAD:
        return &manifest->sections[3];
    case PAWL_SUIT_INVOKE:
        return &manifest->sections[4];
    case PAWL_SUIT_SHARED:
        return &manifest->shared;
    default:
        return NULL;
    }
}

/* One component identifier: an array of byte strings, and none twice. */
static enum pawl_status read_component(struct pawl_manifest *manifest,
                                       struct pawl_cbor *in)
{
    const uint8_t *begin = in->at;
    struct pawl_bytes element;
    size_t elements = 0;

    if (pawl_cbor_array(in, &elements) != PAWL_OK) {
        return in->status;
    }
    for (; elements > 0; elements--) {
        if (pawl_cbor_bstr(in, &element) != PAWL_OK) {
            return in->status;
        }
    }
    struct pawl_bytes id = {begin, (size_t)(in->at - begin)};
    for (size_t i = 0; i < manifest->component_count; i++) {
        if (pawl_bytes_equal(manifest->components[i], id)) {
            return PAWL_ERR_MALFORMED;
        }
    }
    manifest->components[manifest->component_count++] = id;
    return PAWL_OK;
}

static enum pawl_status read_components(struct pawl_manifest *manifest,
                                        struct pawl_cbor *in)
{
    size_t count = 0;
    enum pawl_status status = pawl_cbor_array(in, &count);

    if (status == PAWL_OK && count == 0) {
        status = PAWL_ERR_MALFORMED;
    }
    if (status == PAWL_OK && count > PAWL_COMPONENT_MAX) {
        status = pawl_suit_failed(&manifest->failure, PAWL_ERR_LIMIT,
                                  PAWL_SUIT_COMPONENT_UNSUPPORTED);
    }
    for (size_t i = 0; i < count && status == PAWL_OK; i++) {
        status = read_component(manifest, in);
    }
    return status;
}

static enum pawl_status read_common(struct pawl_manifest *manifest,
                                    struct pawl_bytes content)
{
    struct pawl_cbor in;
    size_t pairs = 0;
    int64_t key = 0;

    pawl_cbor_read(&in, content);
    enum pawl_status status = pawl_cbor_map(&in, &pairs);
    for (size_t i = 0; i < pairs && status == PAWL_OK; i++) {
        status = pawl_cbor_key(&in, &key, i == 0);
        if (status != PAWL_OK) {
            break;
        }
        switch (key) {
        case SUIT_COMMON_COMPONENTS:
            status = read_components(manifest, &in);
            break;
        case SUIT_COMMON_SHARED:
            status = pawl_cbor_bstr(&in, &manifest->shared);
            break;
        default: /* 1 are dependencies, on which nothing may be ignored */
            status = unsupported(manifest);
            break;
        }
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_done(&in);
    }
    if (status == PAWL_OK && manifest->component_count == 0) {
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

/* A member that is here, or of which only the digest is. */
static enum pawl_status read_severable(struct pawl_manifest *manifest,
                                       struct pawl_cbor *in, int64_t key,
                                       struct pawl_bytes *place,
                                       struct pawl_bytes *digest)
{
    struct pawl_bytes encoded;

    if (pawl_cbor_peek(in) != PAWL_CBOR_ARRAY) {
        return pawl_cbor_bstr(in, place);
    }
    manifest->severed |= 1u << key;
    enum pawl_status status = pawl_cbor_skip(in, &encoded);
    return status == PAWL_OK
               ? pawl_suit_digest(&manifest->failure, encoded, digest)
               : status;
}

static enum pawl_status read_version(struct pawl_manifest *manifest,
                                     struct pawl_cbor *in)
{
    uint64_t version = 0;
    enum pawl_status status = pawl_cbor_uint(in, &version);

    if (status == PAWL_OK && version != 1) {
        status = pawl_suit_failed(&manifest->failure, PAWL_ERR_UNSUPPORTED,
                                  PAWL_SUIT_CBOR_PARSE);
    }
    return status;
}

/* The largest number would refuse every manifest that comes after it. */
static enum pawl_status read_sequence(struct pawl_manifest *manifest,
                                      struct pawl_cbor *in)
{
    enum pawl_status status = pawl_cbor_uint(in, &manifest->sequence);

    if (status == PAWL_OK && manifest->sequence == UINT64_MAX) {
        status = pawl_suit_failed(&manifest->failure, PAWL_ERR_POLICY,
                                  PAWL_SUIT_UNAUTHORISED);
    }
    return status;
}

static enum pawl_status read_member(struct pawl_manifest *manifest,
                                    struct pawl_cbor *in, int64_t key,
                                    struct pawl_manifest_severed *severed)
{
    struct pawl_bytes content;
    struct pawl_bytes *place = pawl_manifest_section(manifest, key);

    switch (key) {
    case SUIT_MANIFEST_VERSION:
        return read_version(manifest, in);
    case SUIT_MANIFEST_SEQUENCE:
        return read_sequence(manifest, in);
    case SUIT_MANIFEST_COMMON:
        if (pawl_cbor_bstr(in, &content) != PAWL_OK) {
            return in->status;
        }
        return read_common(manifest, content);
    case SUIT_MANIFEST_REFERENCE:
        return pawl_cbor_tstr(in, &content);
    case PAWL_SUIT_VALIDATE:
    case PAWL_SUIT_LOAD:
    case PAWL_SUIT_INVOKE:
        return pawl_cbor_bstr(in, place);
    case PAWL_SUIT_PAYLOAD_FETCH:
        return read_severable(manifest, in, key, place, &severed->fetch);
    case PAWL_SUIT_INSTALL:
        return read_severable(manifest, in, key, place, &severed->install);
    case SUIT_TEXT:
        return read_severable(manifest, in, key, &manifest->text,
                              &severed->text);
    default:
        return unsupported(manifest);
    }
}

enum pawl_status pawl_manifest_parse(struct pawl_manifest *manifest,
                                     struct pawl_bytes content,
                                     struct pawl_manifest_severed *severed)
{
    struct pawl_cbor in;
    size_t pairs = 0;
    int64_t key = 0;
    uint32_t seen = 0;

    pawl_cbor_read(&in, content);
    enum pawl_status status = pawl_cbor_map(&in, &pairs);
    for (size_t i = 0; i < pairs && status == PAWL_OK; i++) {
        status = pawl_cbor_key(&in, &key, i == 0);
        if (status == PAWL_OK) {
            status = read_member(manifest, &in, key, severed);
        }
        if (status == PAWL_OK) {
            seen |= 1u << key; /* read_member() lets none pass above 23 */
        }
    }
    if (status == PAWL_OK) {
        status = pawl_cbor_done(&in);
    }
    if (status == PAWL_OK && (seen & REQUIRED) != REQUIRED) {
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}
