/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"

#include <string.h>

#define UUID_SIZE 16
#define TAG_PEN 112 /* RFC 9090: relative object identifier */

/* How a parameter is encoded, and what is done with it. */
enum kind {
    KIND_NONE, /* there is no such parameter */
    KIND_NUMBER,
    KIND_SOURCE, /* a number that names a component */
    KIND_BYTES,
    KIND_TEXT,
    KIND_UUID,
    KIND_VENDOR, /* a UUID, or a tagged private enterprise number */
    KIND_DIGEST, /* a SUIT_Digest in a byte string */
    KIND_SOFT,
    KIND_ORDER, /* read, and without effect: commands always run in order */
    KIND_COUNTER
};

struct parameter {
    uint8_t kind;
    uint8_t offset; /* in struct pawl_suit_parameters */
};

#define AT(field) (uint8_t) offsetof(struct pawl_suit_parameters, field)

/* Rows of table that no parameter has the number of. */
#define COUNTER_ROW 0
#define UNKNOWN_ROW 4

/* By number, but for the one that is below zero. */
static const struct parameter table[] = {
    [COUNTER_ROW] = {KIND_COUNTER, AT(security_counter)},
    [SUIT_PARAMETER_VENDOR_ID] = {KIND_VENDOR, AT(vendor_id)},
    [SUIT_PARAMETER_CLASS_ID] = {KIND_UUID, AT(class_id)},
    [SUIT_PARAMETER_IMAGE_DIGEST] = {KIND_DIGEST, AT(digest)},
    [SUIT_PARAMETER_COMPONENT_SLOT] = {KIND_NUMBER, AT(slot)},
    [SUIT_PARAMETER_STRICT_ORDER] = {KIND_ORDER, 0},
    [SUIT_PARAMETER_SOFT_FAILURE] = {KIND_SOFT, 0},
    [SUIT_PARAMETER_IMAGE_SIZE] = {KIND_NUMBER, AT(size)},
    [SUIT_PARAMETER_CONTENT] = {KIND_BYTES, AT(content)},
    [SUIT_PARAMETER_URI] = {KIND_TEXT, AT(uri)},
    [SUIT_PARAMETER_SOURCE_COMPONENT] = {KIND_SOURCE, AT(source)},
    [SUIT_PARAMETER_INVOKE_ARGS] = {KIND_BYTES, AT(invoke_arguments)},
    [SUIT_PARAMETER_DEVICE_ID] = {KIND_UUID, AT(device_id)},
    [SUIT_PARAMETER_FETCH_ARGS] = {KIND_BYTES, AT(fetch_arguments)},
};

/* Finds a parameter; its row is KIND_NONE if there is none. */
static const struct parameter *parameter_of(int64_t key)
{
    if (key == PAWL_SUIT_SECURITY_COUNTER) {
        return &table[COUNTER_ROW];
    }
    return &table[key > COUNTER_ROW && key < (int64_t)PAWL_ARRAY_LEN(table)
                      ? key
                      : UNKNOWN_ROW];
}

bool pawl_suit_has_parameter(int64_t number)
{
    return parameter_of(number)->kind != KIND_NONE;
}

static enum pawl_status read_uuid(struct pawl_cbor *in, struct pawl_bytes *out)
{
    enum pawl_status status = pawl_cbor_bstr(in, out);

    return status == PAWL_OK && out->len != UUID_SIZE ? PAWL_ERR_MALFORMED
                                                      : status;
}

static enum pawl_status read_vendor(struct pawl_cbor *in,
                                    struct pawl_bytes *out)
{
    const uint8_t *begin = in->at;
    uint64_t tag = 0;

    if (pawl_cbor_peek(in) != PAWL_CBOR_TAG) {
        return read_uuid(in, out);
    }
    if (pawl_cbor_tag(in, &tag) != PAWL_OK || tag != TAG_PEN ||
        pawl_cbor_bstr(in, out) != PAWL_OK) {
        return PAWL_ERR_MALFORMED;
    }
    *out = (struct pawl_bytes){begin, (size_t)(in->at - begin)};
    return PAWL_OK;
}

/* The number of a component of this manifest. */
static enum pawl_status read_source(struct pawl_manifest_process *process,
                                    struct pawl_cbor *in, uint64_t *number)
{
    enum pawl_status status = pawl_cbor_uint(in, number);

    if (status == PAWL_OK && *number >= process->manifest->component_count) {
        status = pawl_suit_failed(&process->failure, PAWL_ERR_MALFORMED,
                                  PAWL_SUIT_COMPONENT_UNSUPPORTED);
    }
    return status;
}

/* soft-failure belongs to the sequence that sets it, and to none outside of
 * try-each and run-sequence (draft-ietf-suit-manifest-37, 8.4.8.13). */
static enum pawl_status read_soft(struct pawl_manifest_process *process,
                                  struct pawl_cbor *in)
{
    struct pawl_manifest_frame *frame = &process->frames[process->depth - 1];
    bool soft = false;
    enum pawl_status status = pawl_cbor_bool(in, &soft);

    if (status == PAWL_OK && frame->command == NULL) {
        return pawl_suit_failed(&process->failure, PAWL_ERR_POLICY,
                                PAWL_SUIT_PARAMETER_UNSUPPORTED);
    }
    frame->soft = soft;
    return status;
}

/* The digest's 32 bytes; on ports where images are linked for their slot, not
 * before the shared sequence has found that it is this slot. */
static enum pawl_status read_digest(struct pawl_manifest_process *process,
                                    struct pawl_cbor *in,
                                    struct pawl_bytes *out)
{
    struct pawl_bytes encoded;
    enum pawl_status status = pawl_cbor_bstr(in, &encoded);

    if (status == PAWL_OK) {
        status = pawl_suit_digest(&process->failure, encoded, out);
    }
    if (status == PAWL_OK && !process->dry && process->operations->fixed &&
        (process->slot_passed & 1u << process->component) == 0) {
        return pawl_suit_failed(&process->failure, PAWL_ERR_POLICY,
                                PAWL_SUIT_CONDITION_FAILED);
    }
    return status;
}

static enum pawl_status read_counter(struct pawl_manifest_process *process,
                                     struct pawl_cbor *in, uint64_t *number)
{
    if (process->section != PAWL_SUIT_SHARED) {
        return pawl_suit_failed(&process->failure, PAWL_ERR_UNSUPPORTED,
                                PAWL_SUIT_PARAMETER_UNSUPPORTED);
    }
    return pawl_cbor_uint(in, number);
}

/* Notes that the component has the parameter of row. */
static void note_set(struct pawl_manifest_process *process,
                     struct pawl_suit_parameters *p,
                     const struct parameter *row)
{
    if (row == &table[COUNTER_ROW]) {
        p->has_security_counter = true;
    } else {
        p->set |= (uint32_t)1 << (row - table);
    }
    if (row == &table[SUIT_PARAMETER_COMPONENT_SLOT]) {
        process->slot_passed &= (uint8_t) ~(1u << process->component);
    }
}

/* Reads one value and sets it. */
static enum pawl_status set_parameter(struct pawl_manifest_process *process,
                                      const struct parameter *row,
                                      struct pawl_cbor *in)
{
    struct pawl_suit_parameters *p = &process->parameters[process->component];
    struct pawl_bytes bytes = PAWL_NO_BYTES;
    uint64_t number = 0;
    bool truth = false;
    enum pawl_status status = PAWL_ERR_FAULT;
    bool is_number = false;

    switch ((enum kind)row->kind) {
    case KIND_NUMBER:
        is_number = true;
        status = pawl_cbor_uint(in, &number);
        break;
    case KIND_SOURCE:
        is_number = true;
        status = read_source(process, in, &number);
        break;
    case KIND_COUNTER:
        is_number = true;
        status = read_counter(process, in, &number);
        break;
    case KIND_BYTES:
        status = pawl_cbor_bstr(in, &bytes);
        break;
    case KIND_TEXT:
        status = pawl_cbor_tstr(in, &bytes);
        break;
    case KIND_UUID:
        status = read_uuid(in, &bytes);
        break;
    case KIND_VENDOR:
        status = read_vendor(in, &bytes);
        break;
    case KIND_DIGEST:
        status = read_digest(process, in, &bytes);
        break;
    case KIND_SOFT:
        return read_soft(process, in);
    case KIND_ORDER:
        return pawl_cbor_bool(in, &truth);
    case KIND_NONE:
        return pawl_suit_failed(&process->failure, PAWL_ERR_UNSUPPORTED,
                                PAWL_SUIT_PARAMETER_UNSUPPORTED);
    }
    if (status != PAWL_OK || process->dry) {
        return status;
    }
    if (is_number) {
        memcpy((uint8_t *)p + row->offset, &number, sizeof number);
    } else {
        memcpy((uint8_t *)p + row->offset, &bytes, sizeof bytes);
    }
    note_set(process, p, row);
    return PAWL_OK;
}

enum pawl_status pawl_suit_override(struct pawl_manifest_process *process,
                                    struct pawl_suit_command *command)
{
    struct pawl_cbor in;
    size_t pairs = 0;
    int64_t key = 0;

    pawl_cbor_read(&in, command->argument);
    if (pawl_cbor_map(&in, &pairs) != PAWL_OK || pairs == 0) {
        return PAWL_ERR_MALFORMED;
    }
    for (size_t i = 0; i < pairs; i++) {
        enum pawl_status status = pawl_cbor_key(&in, &key, i == 0);
        if (status != PAWL_OK) {
            return status;
        }
        status = set_parameter(process, parameter_of(key), &in);
        if (status != PAWL_OK) {
            return status;
        }
    }
    command->after = in.at;
    return PAWL_OK;
}
