/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"
#include "cose/cose.h"

/* Labels of a SUIT_Capability_Report (draft-ietf-suit-report-18). */
enum label {
    COMPONENTS = 1,
    COMMANDS = 2,
    PARAMETERS = 3,
    ALGORITHMS = 4,
    ENVELOPE = 5,
    MANIFEST = 6,
    COMMON = 7
};

/* Numbers that are asked for in the tables of commands, parameters and
 * algorithms; every one that pawl knows lies between. */
#define LOWEST (-300)
#define HIGHEST 63

/* What manifest.c and manifest_parse.c read; there it is a switch. */
static const int8_t envelope_keys[] = {
    SUIT_ENVELOPE_AUTHENTICATION, SUIT_ENVELOPE_MANIFEST,
    PAWL_SUIT_PAYLOAD_FETCH, PAWL_SUIT_INSTALL, SUIT_TEXT};
static const int8_t manifest_keys[] = {
    SUIT_MANIFEST_VERSION, SUIT_MANIFEST_SEQUENCE,
    SUIT_MANIFEST_COMMON,  SUIT_MANIFEST_REFERENCE,
    PAWL_SUIT_VALIDATE,    PAWL_SUIT_LOAD,
    PAWL_SUIT_INVOKE,      PAWL_SUIT_PAYLOAD_FETCH,
    PAWL_SUIT_INSTALL,     SUIT_TEXT};
static const int8_t common_keys[] = {SUIT_COMMON_COMPONENTS,
                                     SUIT_COMMON_SHARED};

static bool knows(enum label label, int64_t number,
                  const struct pawl_manifest_operations *operations)
{
    switch (label) {
    case COMMANDS:
        return pawl_suit_has_command(number, operations);
    case PARAMETERS:
        return pawl_suit_has_parameter(number);
    default:
        return number == SUIT_SHA256 || pawl_cose_has_algorithm(number);
    }
}

/* The numbers that a table knows. */
static void put_known(struct pawl_cbor_out *out, enum label label,
                      const struct pawl_manifest_operations *operations)
{
    size_t count = 0;

    for (int64_t number = LOWEST; number <= HIGHEST; number++) {
        count += knows(label, number, operations) ? 1 : 0;
    }
    pawl_cbor_put_uint(out, label);
    pawl_cbor_put_array(out, count);
    for (int64_t number = LOWEST; number <= HIGHEST; number++) {
        if (knows(label, number, operations)) {
            pawl_cbor_put_int(out, number);
        }
    }
}

static void put_keys(struct pawl_cbor_out *out, enum label label,
                     const int8_t *keys, size_t count)
{
    pawl_cbor_put_uint(out, label);
    pawl_cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        pawl_cbor_put_int(out, keys[i]);
    }
}

enum pawl_status
pawl_manifest_capabilities(const struct pawl_bytes *components, size_t count,
                           const struct pawl_manifest_operations *operations,
                           uint8_t *out, size_t *len)
{
    struct pawl_cbor_out writer;
    struct pawl_bytes written;

    pawl_cbor_write(&writer, out, *len);
    pawl_cbor_put_map(&writer, COMMON);
    pawl_cbor_put_uint(&writer, COMPONENTS);
    pawl_cbor_put_array(&writer, count);
    for (size_t i = 0; i < count; i++) {
        pawl_cbor_put_raw(&writer, components[i]);
    }
    put_known(&writer, COMMANDS, operations);
    put_known(&writer, PARAMETERS, operations);
    put_known(&writer, ALGORITHMS, operations);
    put_keys(&writer, ENVELOPE, envelope_keys, PAWL_ARRAY_LEN(envelope_keys));
    put_keys(&writer, MANIFEST, manifest_keys, PAWL_ARRAY_LEN(manifest_keys));
    put_keys(&writer, COMMON, common_keys, PAWL_ARRAY_LEN(common_keys));
    *len = writer.len;
    return pawl_cbor_written(&writer, &written);
}
