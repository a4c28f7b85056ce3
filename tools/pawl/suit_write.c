/* SPDX-License-Identifier: Apache-2.0 */
#include "suit_write.h"
#include "base/base.h"
#include "cbor/cbor.h"
#include "crypto/crypto.h"
#include <string.h>

#define TAG_ENVELOPE 107
#define DIGEST_SHA256 (-16)
#define REPORT_ALL                                                             \
    15 /* record everything: success, failure, both with sysinfo */
#define REPORT_FAILURE 2
#define REPORT_SLOT 5 /* as the draft's example: which slot, on success */

/* Members of envelope and manifest. */
enum {
    KEY_AUTHENTICATION = 2,
    KEY_MANIFEST = 3,
    KEY_VERSION = 1,
    KEY_SEQUENCE = 2,
    KEY_COMMON = 3,
    KEY_COMPONENTS = 2,
    KEY_SHARED = 4,
    KEY_VALIDATE = 7,
    KEY_INVOKE = 9,
    KEY_INSTALL = 20,
    KEY_TEXT = 23
};

/* Commands and parameters. */
enum {
    VENDOR_ID = 1,
    CLASS_ID = 2,
    IMAGE_MATCH = 3,
    COMPONENT_SLOT = 5,
    SET_INDEX = 12,
    TRY_EACH = 15,
    OVERRIDE = 20,
    FETCH = 21,
    INVOKE = 23,
    PARAMETER_VENDOR = 1,
    PARAMETER_CLASS = 2,
    PARAMETER_DIGEST = 3,
    PARAMETER_SLOT = 5,
    PARAMETER_SIZE = 14,
    PARAMETER_URI = 21
};

#define PART_MAX 4096
#define SUIT_DIGEST_MAX 48 /* bytes, encoded */

/* Writes something into a byte string of its own. */
typedef void put_part(struct pawl_cbor_out *out, const struct suit_plan *plan);

static void put_wrapped(struct pawl_cbor_out *out, put_part *write,
                        const struct suit_plan *plan)
{
    struct pawl_cbor_out measure;

    pawl_cbor_write(&measure, NULL, 0);
    write(&measure, plan);
    pawl_cbor_put_bstr_head(out, measure.len);
    write(out, plan);
}

static void put_digest(struct pawl_cbor_out *out, const uint8_t digest[32])
{
    pawl_cbor_put_array(out, 2);
    pawl_cbor_put_int(out, DIGEST_SHA256);
    pawl_cbor_put_bstr(out, (struct pawl_bytes){digest, 32});
}

static void put_command(struct pawl_cbor_out *out, int64_t command,
                        uint64_t argument)
{
    pawl_cbor_put_int(out, command);
    pawl_cbor_put_uint(out, argument);
}

/* With several components every sequence begins by choosing one. */
static void put_index(struct pawl_cbor_out *out, const struct suit_plan *plan,
                      size_t i)
{
    if (plan->component_count > 1) {
        put_command(out, SET_INDEX, i);
    }
}

static size_t index_items(const struct suit_plan *plan)
{
    return plan->component_count > 1 ? 2 : 0;
}

/* Writes what a sequence says of one image. */
typedef void put_image(struct pawl_cbor_out *out,
                       const struct suit_image *image);

static void put_digest_and_size(struct pawl_cbor_out *out,
                                const struct suit_image *image)
{
    uint8_t encoded[48];
    struct pawl_cbor_out digest;

    pawl_cbor_write(&digest, encoded, sizeof encoded);
    put_digest(&digest, image->digest);
    pawl_cbor_put_uint(out, OVERRIDE);
    pawl_cbor_put_map(out, 2);
    pawl_cbor_put_uint(out, PARAMETER_DIGEST);
    pawl_cbor_put_bstr(out, (struct pawl_bytes){encoded, digest.len});
    pawl_cbor_put_uint(out, PARAMETER_SIZE);
    pawl_cbor_put_uint(out, image->size);
}

static void put_uri(struct pawl_cbor_out *out, const struct suit_image *image)
{
    pawl_cbor_put_uint(out, OVERRIDE);
    pawl_cbor_put_map(out, 1);
    pawl_cbor_put_uint(out, PARAMETER_URI);
    pawl_cbor_put_tstr(out, image->uri);
}

/* [override {slot}, component-slot, override {what write says}] */
static void put_branch(struct pawl_cbor_out *out, put_image *write,
                       const struct suit_image *image, size_t slot)
{
    pawl_cbor_put_array(out, 6);
    pawl_cbor_put_uint(out, OVERRIDE);
    pawl_cbor_put_map(out, 1);
    pawl_cbor_put_uint(out, PARAMETER_SLOT);
    pawl_cbor_put_uint(out, slot);
    put_command(out, COMPONENT_SLOT, REPORT_SLOT);
    write(out, image);
}

/* What a sequence says of a component's image: one command, two items. */
static void put_images(struct pawl_cbor_out *out, put_image *write,
                       const struct suit_component *one)
{
    if (one->slot_count == 0) {
        write(out, &one->images[0]);
        return;
    }
    pawl_cbor_put_uint(out, TRY_EACH);
    pawl_cbor_put_array(out, one->slot_count);
    for (size_t slot = 0; slot < one->slot_count; slot++) {
        struct pawl_cbor_out measure;

        pawl_cbor_write(&measure, NULL, 0);
        put_branch(&measure, write, &one->images[slot], slot);
        pawl_cbor_put_bstr_head(out, measure.len);
        put_branch(out, write, &one->images[slot], slot);
    }
}

static void put_shared_of(struct pawl_cbor_out *out,
                          const struct suit_plan *plan, size_t i)
{
    const struct suit_component *one = &plan->components[i];

    put_index(out, plan, i);
    pawl_cbor_put_uint(out, OVERRIDE);
    pawl_cbor_put_map(out, one->has_counter ? 3 : 2);
    pawl_cbor_put_uint(out, PARAMETER_VENDOR);
    pawl_cbor_put_bstr(out, PAWL_BYTES(plan->vendor_id));
    pawl_cbor_put_uint(out, PARAMETER_CLASS);
    pawl_cbor_put_bstr(out, PAWL_BYTES(plan->class_id));
    if (one->has_counter) {
        pawl_cbor_put_int(out, PAWL_SUIT_SECURITY_COUNTER);
        pawl_cbor_put_uint(out, one->counter);
    }
    put_images(out, put_digest_and_size, one);
    put_command(out, VENDOR_ID, REPORT_ALL);
    put_command(out, CLASS_ID, REPORT_ALL);
}

static void put_shared(struct pawl_cbor_out *out, const struct suit_plan *plan)
{
    pawl_cbor_put_array(out, plan->component_count * (8 + index_items(plan)));
    for (size_t i = 0; i < plan->component_count; i++) {
        put_shared_of(out, plan, i);
    }
}

static void put_install(struct pawl_cbor_out *out, const struct suit_plan *plan)
{
    pawl_cbor_put_array(out, plan->component_count * (6 + index_items(plan)));
    for (size_t i = 0; i < plan->component_count; i++) {
        put_index(out, plan, i);
        put_images(out, put_uri, &plan->components[i]);
        put_command(out, FETCH, REPORT_FAILURE);
        put_command(out, IMAGE_MATCH, REPORT_ALL);
    }
}

static void put_validate(struct pawl_cbor_out *out,
                         const struct suit_plan *plan)
{
    pawl_cbor_put_array(out, plan->component_count * (2 + index_items(plan)));
    for (size_t i = 0; i < plan->component_count; i++) {
        put_index(out, plan, i);
        put_command(out, IMAGE_MATCH, REPORT_ALL);
    }
}

static void put_invoke(struct pawl_cbor_out *out, const struct suit_plan *plan)
{
    pawl_cbor_put_array(out, 2 + index_items(plan));
    put_index(out, plan, 0);
    put_command(out, INVOKE, REPORT_FAILURE);
}

static void put_common(struct pawl_cbor_out *out, const struct suit_plan *plan)
{
    pawl_cbor_put_map(out, 2);
    pawl_cbor_put_uint(out, KEY_COMPONENTS);
    pawl_cbor_put_array(out, plan->component_count);
    for (size_t i = 0; i < plan->component_count; i++) {
        pawl_cbor_put_raw(out, (struct pawl_bytes){plan->components[i].id,
                                                   plan->components[i].id_len});
    }
    pawl_cbor_put_uint(out, KEY_SHARED);
    put_wrapped(out, put_shared, plan);
}

static bool has_text(const struct suit_plan *plan)
{
    return plan->version != NULL || plan->description != NULL;
}

/* {"en": {1: manifest description, [component]: {6: version}}} */
static void put_text(struct pawl_cbor_out *out, const struct suit_plan *plan)
{
    size_t members = (plan->description != NULL ? 1u : 0u) +
                     (plan->version != NULL ? plan->component_count : 0u);

    pawl_cbor_put_map(out, 1);
    pawl_cbor_put_tstr(out, "en");
    pawl_cbor_put_map(out, members);
    if (plan->description != NULL) {
        pawl_cbor_put_uint(out, 1);
        pawl_cbor_put_tstr(out, plan->description);
    }
    for (size_t i = 0; plan->version != NULL && i < plan->component_count;
         i++) {
        pawl_cbor_put_raw(out, (struct pawl_bytes){plan->components[i].id,
                                                   plan->components[i].id_len});
        pawl_cbor_put_map(out, 1);
        pawl_cbor_put_uint(out, 6);
        pawl_cbor_put_tstr(out, plan->version);
    }
}

/* SHA-256 over a byte string, its head included, as SUIT has it. */
static bool digest_wrapped(struct pawl_bytes content, uint8_t digest[32])
{
    uint8_t head[9];
    struct pawl_cbor_out out;
    struct pawl_sha256 sha;

    pawl_cbor_write(&out, head, sizeof head);
    pawl_cbor_put_bstr_head(&out, content.len);
    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, (struct pawl_bytes){head, out.len});
    pawl_sha256_update(&sha, content);
    return pawl_sha256_finish(&sha, digest) == PAWL_OK;
}

static bool put_manifest(struct pawl_cbor_out *out,
                         const struct suit_plan *plan, struct pawl_bytes text)
{
    uint8_t digest[32] = {0};
    bool good = true;

    pawl_cbor_put_map(out, text.len > 0 ? 7 : 6);
    pawl_cbor_put_uint(out, KEY_VERSION);
    pawl_cbor_put_uint(out, 1);
    pawl_cbor_put_uint(out, KEY_SEQUENCE);
    pawl_cbor_put_uint(out, plan->sequence);
    pawl_cbor_put_uint(out, KEY_COMMON);
    put_wrapped(out, put_common, plan);
    pawl_cbor_put_uint(out, KEY_VALIDATE);
    put_wrapped(out, put_validate, plan);
    pawl_cbor_put_uint(out, KEY_INVOKE);
    put_wrapped(out, put_invoke, plan);
    pawl_cbor_put_uint(out, KEY_INSTALL);
    put_wrapped(out, put_install, plan);
    if (text.len > 0) {
        good = digest_wrapped(text, digest);
        pawl_cbor_put_uint(out, KEY_TEXT);
        put_digest(out, digest);
    }
    return good;
}

/* The encoded SUIT_Digest of a manifest; empty if it could not be hashed. */
static struct pawl_bytes encode_digest(struct pawl_bytes manifest,
                                       uint8_t encoded[SUIT_DIGEST_MAX])
{
    uint8_t digest[32];
    struct pawl_cbor_out writer;

    if (!digest_wrapped(manifest, digest)) {
        return PAWL_NO_BYTES;
    }
    pawl_cbor_write(&writer, encoded, SUIT_DIGEST_MAX);
    put_digest(&writer, digest);
    return (struct pawl_bytes){encoded, writer.len};
}

bool suit_digest_matches(const struct suit_parts *parts)
{
    uint8_t encoded[SUIT_DIGEST_MAX];
    struct pawl_bytes right = encode_digest(parts->manifest, encoded);

    return right.len != 0 && pawl_bytes_equal(parts->digest, right);
}

int suit_write(const struct suit_plan *plan, uint8_t *out, size_t *len)
{
    static uint8_t text[PART_MAX], manifest[PART_MAX], rest[PART_MAX];
    uint8_t encoded[SUIT_DIGEST_MAX];
    struct suit_parts parts = {0};
    struct pawl_bytes text_bytes = PAWL_NO_BYTES;
    struct pawl_cbor_out writer;

    pawl_cbor_write(&writer, text, sizeof text);
    if (has_text(plan)) {
        put_text(&writer, plan);
    }
    enum pawl_status status = pawl_cbor_written(&writer, &text_bytes);
    pawl_cbor_write(&writer, manifest, sizeof manifest);
    bool good = status == PAWL_OK && put_manifest(&writer, plan, text_bytes) &&
                pawl_cbor_written(&writer, &parts.manifest) == PAWL_OK;
    if (!good) {
        return tool_fail(TOOL_REFUSED, "the manifest is longer than %d bytes",
                         PART_MAX);
    }
    parts.digest = encode_digest(parts.manifest, encoded);
    if (parts.digest.len == 0) {
        return tool_fail(TOOL_REFUSED, "the manifest could not be hashed");
    }
    if (text_bytes.len > 0) {
        pawl_cbor_write(&writer, rest, sizeof rest);
        pawl_cbor_put_uint(&writer, KEY_TEXT);
        pawl_cbor_put_bstr(&writer, text_bytes);
        parts.rest = (struct pawl_bytes){rest, writer.len};
        parts.rest_count = 1;
    }
    return suit_join(&parts, out, len);
}

static void put_authentication(struct pawl_cbor_out *out,
                               const struct suit_parts *parts)
{
    pawl_cbor_put_array(out, 1 + parts->block_count);
    pawl_cbor_put_bstr(out, parts->digest);
    for (size_t i = 0; i < parts->block_count; i++) {
        pawl_cbor_put_bstr(out, parts->blocks[i]);
    }
}

int suit_join(const struct suit_parts *parts, uint8_t *out, size_t *len)
{
    struct pawl_cbor_out writer, measure;
    struct pawl_bytes bytes;

    pawl_cbor_write(&measure, NULL, 0);
    put_authentication(&measure, parts);
    pawl_cbor_write(&writer, out, *len);
    pawl_cbor_put_tag(&writer, TAG_ENVELOPE);
    pawl_cbor_put_map(&writer, 2 + parts->rest_count);
    pawl_cbor_put_uint(&writer, KEY_AUTHENTICATION);
    pawl_cbor_put_bstr_head(&writer, measure.len);
    put_authentication(&writer, parts);
    pawl_cbor_put_uint(&writer, KEY_MANIFEST);
    pawl_cbor_put_bstr(&writer, parts->manifest);
    pawl_cbor_put_raw(&writer, parts->rest);
    *len = writer.len;
    return pawl_cbor_written(&writer, &bytes) == PAWL_OK
               ? TOOL_OK
               : tool_fail(TOOL_REFUSED, "the envelope would be %zu bytes long",
                           writer.len);
}

static enum pawl_status split_blocks(struct pawl_bytes wrapper,
                                     struct suit_parts *parts)
{
    struct pawl_cbor in;
    size_t count = 0;

    pawl_cbor_read(&in, wrapper);
    if (pawl_cbor_array(&in, &count) != PAWL_OK || count == 0 ||
        pawl_cbor_bstr(&in, &parts->digest) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    if (count - 1 > PAWL_MANIFEST_BLOCKS_MAX) {
        return PAWL_ERR_LIMIT;
    }
    while (parts->block_count < count - 1) {
        struct pawl_bytes *block = &parts->blocks[parts->block_count++];

        if (pawl_cbor_bstr(&in, block) != PAWL_OK) {
            return PAWL_ERR_MALFORMED;
        }
    }
    return pawl_cbor_done(&in);
}

enum pawl_status suit_split(struct pawl_bytes envelope,
                            struct suit_parts *parts)
{
    struct pawl_bytes wrapper = PAWL_NO_BYTES;
    struct pawl_cbor in;
    uint64_t tag = 0;
    int64_t key = 0;
    size_t count = 0;

    *parts = (struct suit_parts){0};
    pawl_cbor_read(&in, envelope);
    if (pawl_cbor_tag(&in, &tag) != PAWL_OK || tag != TAG_ENVELOPE ||
        pawl_cbor_map(&in, &count) != PAWL_OK || count < 2 ||
        pawl_cbor_key(&in, &key, true) != PAWL_OK ||
        key != KEY_AUTHENTICATION || pawl_cbor_bstr(&in, &wrapper) != PAWL_OK ||
        pawl_cbor_key(&in, &key, false) != PAWL_OK || key != KEY_MANIFEST ||
        pawl_cbor_bstr(&in, &parts->manifest) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    parts->rest = (struct pawl_bytes){in.at, pawl_cbor_left(&in)};
    parts->rest_count = count - 2;
    for (size_t i = 0; i < 2 * parts->rest_count; i++) {
        if (pawl_cbor_skip(&in, NULL) != PAWL_OK) {
            return PAWL_ERR_MALFORMED;
        }
    }
    enum pawl_status status = pawl_cbor_done(&in);
    return status == PAWL_OK ? split_blocks(wrapper, parts) : status;
}
