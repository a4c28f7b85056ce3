/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"

/* Reporting policies have four bits (draft-ietf-suit-manifest-37, 8.4.7). */
#define REPORTING_POLICY_MAX 15

#define UNMET(status) .unmet = (int8_t)(status)

/*
 * Every command there is, by its number; any other is refused by the dry run.
 * swap (31) is among the others: no update engine of pawl's could resume it
 * after a reset.
 */
static const struct pawl_suit_command_row rows[] = {
    [SUIT_VENDOR_ID] = {.known = true,
                        .condition = true,
                        .shared = true,
                        .parameter = SUIT_PARAMETER_VENDOR_ID,
                        UNMET(PAWL_ERR_NOT_FOR_US)},
    [SUIT_CLASS_ID] = {.known = true,
                       .condition = true,
                       .shared = true,
                       .parameter = SUIT_PARAMETER_CLASS_ID,
                       UNMET(PAWL_ERR_NOT_FOR_US)},
    [SUIT_DEVICE_ID] = {.known = true,
                        .condition = true,
                        .shared = true,
                        .parameter = SUIT_PARAMETER_DEVICE_ID,
                        UNMET(PAWL_ERR_NOT_FOR_US)},
    [SUIT_IMAGE_MATCH] = {.known = true,
                          .condition = true,
                          .shared = true,
                          .slow = true,
                          .parameter = SUIT_PARAMETER_IMAGE_DIGEST,
                          UNMET(PAWL_ERR_DIGEST)},
    [SUIT_COMPONENT_SLOT] = {.known = true,
                             .condition = true,
                             .shared = true,
                             .parameter = SUIT_PARAMETER_COMPONENT_SLOT,
                             UNMET(PAWL_ERR_CONDITION)},
    [SUIT_CHECK_CONTENT] = {.known = true,
                            .condition = true,
                            .shared = true,
                            .slow = true,
                            .parameter = SUIT_PARAMETER_CONTENT,
                            UNMET(PAWL_ERR_CONDITION)},
    [SUIT_ABORT] = {.known = true,
                    .condition = true,
                    .shared = true,
                    UNMET(PAWL_ERR_CONDITION)},
    [SUIT_SET_COMPONENT_INDEX] = {.known = true, .shared = true, .flow = true},
    [SUIT_TRY_EACH] = {.known = true, .shared = true, .flow = true},
    [SUIT_RUN_SEQUENCE] = {.known = true, .shared = true, .flow = true},
    [SUIT_OVERRIDE_PARAMETERS] = {.known = true, .shared = true},
    [SUIT_WRITE] = {.known = true,
                    .slow = true,
                    .parameter = SUIT_PARAMETER_CONTENT},
    [SUIT_FETCH] = {.known = true,
                    .slow = true,
                    .parameter = SUIT_PARAMETER_URI},
    [SUIT_COPY] = {.known = true,
                   .slow = true,
                   .parameter = SUIT_PARAMETER_SOURCE_COMPONENT},
    [SUIT_INVOKE] = {.known = true, .slow = true},
};

/* Whether the device does what a command asks for. */
static bool has_operation(const struct pawl_manifest_operations *operations,
                          uint8_t key)
{
    switch (key) {
    case SUIT_IMAGE_MATCH:
        return operations->image_match != NULL;
    case SUIT_COMPONENT_SLOT:
        return operations->slot != NULL;
    case SUIT_CHECK_CONTENT:
        return operations->check_content != NULL;
    case SUIT_WRITE:
        return operations->write != NULL;
    case SUIT_FETCH:
        return operations->fetch != NULL;
    case SUIT_COPY:
        return operations->copy != NULL;
    case SUIT_INVOKE:
        return operations->invoke != NULL;
    default:
        return true;
    }
}

/* Whether the procedure runs the section that is read: the dry run reads the
 * others too, but this device need not be able to do what they ask for. */
static bool will_run(const struct pawl_manifest_process *process)
{
    switch (process->section) {
    case PAWL_SUIT_PAYLOAD_FETCH:
    case PAWL_SUIT_INSTALL:
        return process->procedure == PAWL_PROCEDURE_UPDATE;
    case PAWL_SUIT_LOAD:
    case PAWL_SUIT_INVOKE:
        return process->procedure == PAWL_PROCEDURE_INVOKE;
    case PAWL_SUIT_SHARED:
    case PAWL_SUIT_VALIDATE:
    case PAWL_SUIT_NO_SECTION:
        break;
    }
    return true;
}

/* What is known of a command; NULL if there is none of this number. */
static const struct pawl_suit_command_row *row_of(int64_t number)
{
    uint8_t key = (uint8_t)number;

    return key == number && key < PAWL_ARRAY_LEN(rows) && rows[key].known
               ? &rows[key]
               : NULL;
}

bool pawl_suit_has_command(int64_t number,
                           const struct pawl_manifest_operations *operations)
{
    return row_of(number) != NULL && has_operation(operations, (uint8_t)number);
}

/* Finds the command process->key; whether it may stand here, and the device
 * can do it. */
static bool look_up(const struct pawl_manifest_process *process,
                    struct pawl_suit_command *command)
{
    command->row = row_of(process->key);
    command->key = (uint8_t)process->key;
    return command->row != NULL &&
           (command->row->shared || process->section != PAWL_SUIT_SHARED) &&
           (has_operation(process->operations, command->key) ||
            !will_run(process));
}

enum pawl_status pawl_suit_read_command(struct pawl_manifest_process *process,
                                        struct pawl_suit_command *command)
{
    const struct pawl_manifest_frame *frame =
        &process->frames[process->depth - 1];
    struct pawl_cbor in = {frame->at, frame->end, PAWL_OK};
    uint64_t policy = 0;

    process->command = frame->at;
    process->key = 0;
    if (pawl_cbor_int(&in, &process->key) != PAWL_OK) {
        return in.status;
    }
    if (!look_up(process, command)) {
        return pawl_suit_failed(&process->failure, PAWL_ERR_UNSUPPORTED,
                                PAWL_SUIT_COMMAND_UNSUPPORTED);
    }
    command->argument =
        (struct pawl_bytes){in.at, (size_t)(frame->end - in.at)};
    if (command->key == SUIT_OVERRIDE_PARAMETERS) {
        return PAWL_OK; /* read once, where its parameters are understood */
    }
    if (command->row->flow) {
        if (pawl_cbor_skip(&in, &command->argument) != PAWL_OK) {
            return in.status;
        }
    } else if (pawl_cbor_uint(&in, &policy) != PAWL_OK ||
               policy > REPORTING_POLICY_MAX) {
        return PAWL_ERR_MALFORMED;
    }
    command->after = in.at;
    return PAWL_OK;
}

/* Reads one component index. */
static enum pawl_status read_one(struct pawl_manifest_process *process,
                                 struct pawl_cbor *in,
                                 struct pawl_manifest_index *index)
{
    uint64_t number = 0;

    if (pawl_cbor_uint(in, &number) != PAWL_OK) {
        return in->status;
    }
    if (number >= process->manifest->component_count) {
        return pawl_suit_failed(&process->failure, PAWL_ERR_MALFORMED,
                                PAWL_SUIT_COMPONENT_UNSUPPORTED);
    }
    for (size_t i = 0; i < index->count; i++) {
        if (index->list[i] == number) {
            return PAWL_ERR_MALFORMED;
        }
    }
    index->list[index->count++] = (uint8_t)number; /* none twice: they fit */
    return PAWL_OK;
}

enum pawl_status pawl_suit_read_index(struct pawl_manifest_process *process,
                                      struct pawl_bytes argument,
                                      struct pawl_manifest_index *index)
{
    struct pawl_cbor in;
    bool all = false;
    size_t count = 0;

    index->count = 0;
    pawl_cbor_read(&in, argument);
    switch (pawl_cbor_peek(&in)) {
    case PAWL_CBOR_UINT:
        return read_one(process, &in, index);
    case PAWL_CBOR_ARRAY:
        if (pawl_cbor_array(&in, &count) != PAWL_OK || count == 0) {
            return PAWL_ERR_MALFORMED;
        }
        for (; count > 0; count--) {
            enum pawl_status status = read_one(process, &in, index);
            if (status != PAWL_OK) {
                return status;
            }
        }
        return PAWL_OK;
    default: /* true alone; false names nothing */
        if (pawl_cbor_bool(&in, &all) != PAWL_OK || !all) {
            return PAWL_ERR_MALFORMED;
        }
        for (size_t i = 0; i < process->manifest->component_count; i++) {
            index->list[index->count++] = (uint8_t)i;
        }
        return PAWL_OK;
    }
}

/* Compares an identifier of the manifest with the device's. */
static enum pawl_verdict same_id(struct pawl_bytes wanted,
                                 struct pawl_bytes ours)
{
    return ours.len != 0 && pawl_bytes_equal(wanted, ours)
               ? PAWL_VERDICT_MATCH
               : PAWL_VERDICT_DIFFERENT;
}

/* Asks for the slot, and notes that the shared sequence did. */
static enum pawl_status check_slot(struct pawl_manifest_process *process,
                                   const struct pawl_suit_parameters *p,
                                   enum pawl_verdict *verdict)
{
    uint64_t slot = 0;
    enum pawl_status status = process->operations->slot(
        process->operations->ctx, process->handles[process->component], &slot);

    if (status == PAWL_OK && slot == p->slot) {
        *verdict = PAWL_VERDICT_MATCH;
        if (process->section == PAWL_SUIT_SHARED) {
            process->slot_passed |= (uint8_t)(1u << process->component);
        }
    }
    return status;
}

static enum pawl_status check(struct pawl_manifest_process *process,
                              uint8_t key, const struct pawl_suit_parameters *p,
                              uint32_t *result)
{
    const struct pawl_manifest_operations *operations = process->operations;
    uint32_t handle = process->handles[process->component];
    enum pawl_verdict verdict = PAWL_VERDICT_DIFFERENT;
    enum pawl_status status = PAWL_OK;

    switch (key) {
    case SUIT_VENDOR_ID:
        verdict = same_id(p->vendor_id, process->device->vendor_id);
        break;
    case SUIT_CLASS_ID:
        verdict = same_id(p->class_id, process->device->class_id);
        break;
    case SUIT_DEVICE_ID:
        verdict = same_id(p->device_id, process->device->device_id);
        break;
    case SUIT_COMPONENT_SLOT:
        status = check_slot(process, p, &verdict);
        break;
    case SUIT_IMAGE_MATCH:
        verdict = PAWL_VERDICT_NONE;
        status = operations->image_match(operations->ctx, handle, p, &verdict);
        break;
    case SUIT_CHECK_CONTENT:
        verdict = PAWL_VERDICT_NONE;
        status =
            operations->check_content(operations->ctx, handle, p, &verdict);
        break;
    default: /* abort */
        break;
    }
    *result = (uint32_t)verdict;
    return status;
}

/* An integrated payload takes the place of what its URI would fetch. */
static enum pawl_status fetch(struct pawl_manifest_process *process,
                              const struct pawl_suit_parameters *p)
{
    struct pawl_bytes payload;
    enum pawl_status status =
        pawl_manifest_payload(process->manifest, p->uri, &payload);

    if (status != PAWL_OK && status != PAWL_ERR_NOT_FOUND) {
        return status;
    }
    if (status == PAWL_ERR_NOT_FOUND && p->uri.len > 0 &&
        p->uri.data[0] == '#') {
        return PAWL_ERR_NOT_FOUND; /* it is nowhere else */
    }
    return process->operations->fetch(process->operations->ctx,
                                      process->handles[process->component], p,
                                      payload);
}

static enum pawl_status act(struct pawl_manifest_process *process,
                            const struct pawl_suit_parameters *p,
                            struct pawl_suit_command *command)
{
    const struct pawl_manifest_operations *operations = process->operations;
    uint32_t handle = process->handles[process->component];

    switch (command->key) {
    case SUIT_OVERRIDE_PARAMETERS:
        return pawl_suit_override(process, command);
    case SUIT_FETCH:
        return fetch(process, p);
    case SUIT_WRITE:
        return operations->write(operations->ctx, handle, p);
    case SUIT_COPY:
        if (p->source == process->component) {
            return PAWL_ERR_ARGUMENT;
        }
        return operations->copy(operations->ctx, handle,
                                process->handles[p->source], p);
    case SUIT_INVOKE:
        return operations->invoke(operations->ctx, handle, p);
    default:
        return PAWL_ERR_FAULT;
    }
}

enum pawl_status pawl_suit_run_command(struct pawl_manifest_process *process,
                                       struct pawl_suit_command *command,
                                       uint32_t *verdict)
{
    const struct pawl_suit_command_row *row = command->row;
    const struct pawl_suit_parameters *p =
        &process->parameters[process->component];
    bool missing = row->parameter != 0 && (p->set >> row->parameter & 1u) == 0;

    *verdict = PAWL_VERDICT_DIFFERENT;
    if (row->condition) {
        return missing ? PAWL_OK : check(process, command->key, p, verdict);
    }
    *verdict = PAWL_VERDICT_MATCH;
    return missing ? PAWL_ERR_ARGUMENT : act(process, p, command);
}
