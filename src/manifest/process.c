/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest_internal.h"

#include "base/base.h"

#include <string.h>

/*
 * The processor: a loop over one command at a time, with an explicit stack of
 * the sequences that are being run. The bottom frame is a section, or the
 * shared sequence before it; each further one belongs to a try-each or a
 * run-sequence, which is repeated for the components that the index named.
 *
 * The dry run is the same loop over every section. It enters each sequence
 * once, and each alternative of a try-each, and runs no command; what it has
 * let pass is read again, with the same checks, when it is run.
 *
 * 1. No operation is called before the whole manifest has passed the dry run.
 * 2. The index inside of a sequence is one component, and what the sequence
 *    makes of it ends with the sequence.
 * 3. A condition that fails ends its sequence, and stays a failed condition
 *    on its way outwards, until a sequence with soft-failure takes it. Any
 *    other failure ends the run.
 */

/* Commands in one step at most, when none of them is slow. */
#define STEP_COMMANDS 32

/* The sections of the two procedures, in order (draft-ietf-suit-manifest-37,
 * 8.4.6). The shared sequence precedes each. */
#define SECTIONS 3
static const uint8_t procedures[2][SECTIONS] = {
    [PAWL_PROCEDURE_UPDATE] = {PAWL_SUIT_PAYLOAD_FETCH, PAWL_SUIT_INSTALL,
                               PAWL_SUIT_VALIDATE},
    [PAWL_PROCEDURE_INVOKE] = {PAWL_SUIT_VALIDATE, PAWL_SUIT_LOAD,
                               PAWL_SUIT_INVOKE},
};

/* All that the dry run reads. */
static const uint8_t all_sections[] = {
    PAWL_SUIT_SHARED,   PAWL_SUIT_PAYLOAD_FETCH, PAWL_SUIT_INSTALL,
    PAWL_SUIT_VALIDATE, PAWL_SUIT_LOAD,          PAWL_SUIT_INVOKE,
};

static struct pawl_manifest_frame *top(struct pawl_manifest_process *process)
{
    return &process->frames[process->depth - 1];
}

/* Notes that the run has failed, and where: at the command at hand. Its
 * reason stands already, or it is that of bytes that are not understood. */
static enum pawl_status failed(struct pawl_manifest_process *process,
                               enum pawl_status status)
{
    struct pawl_manifest_failure *failure = &process->failure;

    failure->status = status;
    if (failure->reason == PAWL_SUIT_OK) {
        failure->reason = PAWL_SUIT_CBOR_PARSE;
    }
    failure->section = process->section;
    failure->offset = process->command == NULL
                          ? 0
                          : (size_t)(process->command - process->origin);
    failure->command = process->key;
    failure->component = process->component;
    if (failure->reason == PAWL_SUIT_OPERATION_FAILED &&
        process->operations != NULL &&
        process->operations->last_error != NULL) {
        failure->port_code =
            process->operations->last_error(process->operations->ctx);
    }
    return status;
}

/* Tells of the command that began at at. */
static void trace(const struct pawl_manifest_process *process,
                  const uint8_t *at, int64_t key, size_t component,
                  enum pawl_status result)
{
    if (process->operations->trace != NULL && !process->dry) {
        process->operations->trace(process->operations->ctx, process->section,
                                   (size_t)(at - process->origin), key,
                                   component, result);
    }
}

static void trace_directive(const struct pawl_manifest_process *process,
                            const struct pawl_manifest_frame *frame,
                            enum pawl_status result)
{
    trace(process, frame->command,
          frame->try_each ? SUIT_TRY_EACH : SUIT_RUN_SEQUENCE,
          frame->outer.list[frame->turn], result);
}

/*
 * Begins the sequence in a byte string. An empty one is allowed as an
 * alternative of try-each alone; elsewhere it says nothing (CDDL: one or more).
 */
static enum pawl_status begin_sequence(struct pawl_manifest_frame *frame,
                                       struct pawl_bytes content)
{
    struct pawl_cbor in;
    size_t items = 0;

    pawl_cbor_read(&in, content);
    if (pawl_cbor_array(&in, &items) != PAWL_OK || items % 2 != 0 ||
        (items == 0 && !frame->try_each)) {
        return PAWL_ERR_MALFORMED;
    }
    frame->at = in.at;
    frame->end = in.end;
    frame->left = items / 2;
    frame->soft = frame->try_each;
    return PAWL_OK;
}

/* Begins the next sequence of the directive at the top. */
static enum pawl_status next_sequence(struct pawl_manifest_process *process)
{
    struct pawl_manifest_frame *frame = top(process);
    struct pawl_cbor in = {frame->next, frame->last, PAWL_OK};
    struct pawl_bytes content;

    process->index.count = 1;
    process->index.list[0] = frame->outer.list[frame->turn];
    if (pawl_cbor_peek(&in) == PAWL_CBOR_SIMPLE) { /* nil: succeeds */
        frame->next = frame->last;
        frame->at = frame->end;
        frame->left = 0;
        return PAWL_OK;
    }
    if (pawl_cbor_bstr(&in, &content) != PAWL_OK) {
        return in.status;
    }
    frame->next = in.at;
    return begin_sequence(frame, content);
}

static enum pawl_status push(struct pawl_manifest_process *process)
{
    if (process->depth == PAWL_MANIFEST_DEPTH) {
        return PAWL_ERR_LIMIT;
    }
    process->depth++;
    memset(top(process), 0, sizeof *top(process));
    return PAWL_OK;
}

/* The argument of try-each: at least two sequences, and perhaps nil. */
static enum pawl_status check_alternatives(struct pawl_cbor in, size_t count)
{
    struct pawl_bytes sequence;

    for (size_t i = 0; i < count; i++) {
        bool nil =
            i >= 2 && i + 1 == count && pawl_cbor_peek(&in) == PAWL_CBOR_SIMPLE;
        enum pawl_status status =
            nil ? pawl_cbor_null(&in) : pawl_cbor_bstr(&in, &sequence);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return count < 2 ? PAWL_ERR_MALFORMED : PAWL_OK;
}

/* Enters try-each or run-sequence; the frame below goes on behind it. */
static enum pawl_status enter(struct pawl_manifest_process *process,
                              const struct pawl_suit_command *command)
{
    struct pawl_cbor in;
    size_t count = 0;
    bool try_each = command->key == SUIT_TRY_EACH;
    enum pawl_status status = PAWL_OK;

    pawl_cbor_read(&in, command->argument);
    if (try_each) {
        status = pawl_cbor_array(&in, &count);
        if (status == PAWL_OK) {
            status = check_alternatives(in, count);
        }
    }
    if (status == PAWL_OK) {
        status = push(process);
    }
    if (status != PAWL_OK) {
        return status;
    }
    struct pawl_manifest_frame *frame = top(process);
    frame->command = process->command;
    frame->begin = in.at;
    frame->next = in.at;
    frame->last = in.end;
    frame->outer = process->index;
    frame->try_each = try_each;
    return next_sequence(process);
}

/* Leaves the directive at the top; the index is again what it was before. */
static void leave(struct pawl_manifest_process *process)
{
    process->index = top(process)->outer;
    process->depth--;
}

/* The directive at the top has succeeded for one component. */
static enum pawl_status turn_done(struct pawl_manifest_process *process)
{
    struct pawl_manifest_frame *frame = top(process);

    trace_directive(process, frame, PAWL_OK);
    frame->turn++;
    if (frame->turn < frame->outer.count && !process->dry) {
        frame->next = frame->begin;
        return next_sequence(process);
    }
    leave(process);
    return PAWL_OK;
}

/* The sequence at the top has run to its end. */
static enum pawl_status sequence_done(struct pawl_manifest_process *process)
{
    struct pawl_manifest_frame *frame = top(process);

    if (frame->at != frame->end) {
        return PAWL_ERR_MALFORMED;
    }
    if (frame->command == NULL) {
        process->depth--;
        return PAWL_OK;
    }
    if (process->dry && frame->next != frame->last) {
        return next_sequence(process); /* each alternative is read */
    }
    return turn_done(process);
}

/* A condition has failed: finds the sequence that takes it. */
static enum pawl_status unmet(struct pawl_manifest_process *process,
                              enum pawl_status status)
{
    process->failure.reason = PAWL_SUIT_CONDITION_FAILED;
    process->turn = 0;
    while (top(process)->command != NULL) {
        struct pawl_manifest_frame *frame = top(process);
        bool more = frame->try_each && frame->next != frame->last;
        if (frame->soft && (more || !frame->try_each)) {
            process->failure.reason = PAWL_SUIT_OK;
            return more ? next_sequence(process) : turn_done(process);
        }
        trace_directive(process, frame, status);
        leave(process);
    }
    return status;
}

/* Runs a command for one component, and looks at its verdict twice. */
static enum pawl_status run_for_one(struct pawl_manifest_process *process,
                                    struct pawl_suit_command *command,
                                    bool *is_unmet)
{
    uint32_t verdict = PAWL_VERDICT_NONE;
    enum pawl_status status = pawl_suit_run_command(process, command, &verdict);

    *is_unmet = false;
    if (status == PAWL_PENDING) {
        return PAWL_PENDING;
    }
    if (status == PAWL_OK && !pawl_verdict_matches(&verdict)) {
        *is_unmet = verdict == (uint32_t)PAWL_VERDICT_DIFFERENT;
        status =
            *is_unmet ? (enum pawl_status)command->row->unmet : PAWL_ERR_FAULT;
    }
    trace(process, process->command, process->key, process->component, status);
    if (status == PAWL_OK && !pawl_verdict_matches(&verdict)) {
        status = PAWL_ERR_FAULT;
    }
    return status == PAWL_OK || *is_unmet
               ? status
               : pawl_suit_failed(&process->failure, status,
                                  PAWL_SUIT_OPERATION_FAILED);
}

/* Runs a command for each component of the index that is left. */
static enum pawl_status run_for_each(struct pawl_manifest_process *process,
                                     struct pawl_suit_command *command)
{
    while (process->turn < process->index.count) {
        bool is_unmet = false;
        process->component = process->index.list[process->turn];
        enum pawl_status status = run_for_one(process, command, &is_unmet);
        if (is_unmet) {
            return unmet(process, status);
        }
        if (status != PAWL_OK) {
            return status;
        }
        process->turn++;
        if (command->row->slow && process->turn < process->index.count) {
            return PAWL_PENDING;
        }
    }
    top(process)->at = command->after;
    top(process)->left--;
    process->turn = 0;
    return command->row->slow ? PAWL_PENDING : PAWL_OK;
}

/* In the dry run nothing happens but that arguments are read. */
static enum pawl_status read_only(struct pawl_manifest_process *process,
                                  struct pawl_suit_command *command)
{
    enum pawl_status status = PAWL_OK;

    if (command->key == SUIT_OVERRIDE_PARAMETERS) {
        status = pawl_suit_override(process, command);
    }
    top(process)->at = command->after;
    top(process)->left--;
    return status;
}

static enum pawl_status flow(struct pawl_manifest_process *process,
                             const struct pawl_suit_command *command)
{
    struct pawl_manifest_frame *frame = top(process);

    frame->at = command->after;
    frame->left--;
    if (command->key != SUIT_SET_COMPONENT_INDEX) {
        return enter(process, command);
    }
    enum pawl_status status =
        pawl_suit_read_index(process, command->argument, &process->index);
    if (status == PAWL_OK) {
        process->component = process->index.list[0];
        trace(process, process->command, process->key, process->component,
              PAWL_OK);
    }
    return status;
}

/* One command, or the end of a sequence. */
static enum pawl_status advance(struct pawl_manifest_process *process)
{
    struct pawl_suit_command command;

    if (top(process)->left == 0) {
        return sequence_done(process);
    }
    if (process->turn == 0) {
        process->component = process->index.list[0];
    }
    enum pawl_status status = pawl_suit_read_command(process, &command);
    if (status != PAWL_OK) {
        return status;
    }
    if (command.row->flow) {
        return flow(process, &command);
    }
    return process->dry ? read_only(process, &command)
                        : run_for_each(process, &command);
}

/* Begins a section, or the shared sequence. */
static enum pawl_status begin_section(struct pawl_manifest_process *process,
                                      enum pawl_suit_section section,
                                      struct pawl_bytes content)
{
    process->section = section;
    process->origin = content.data;
    process->command = content.data;
    process->key = 0;
    process->component = 0;
    process->index = (struct pawl_manifest_index){.count = 1};
    process->turn = 0;
    if (section == PAWL_SUIT_SHARED) {
        process->slot_passed = 0;
    }
    enum pawl_status status = push(process);
    if (status == PAWL_OK) {
        status = begin_sequence(top(process), content);
    }
    /* With several components, each sequence says first which it is for. */
    if (status == PAWL_OK && process->manifest->component_count > 1 &&
        *top(process)->at != SUIT_SET_COMPONENT_INDEX) {
        status = PAWL_ERR_MALFORMED;
    }
    return status;
}

/* The content of a section; its data is NULL if there is none. */
static struct pawl_bytes content_of(const struct pawl_manifest *manifest,
                                    uint8_t section)
{
    switch (section) {
    case PAWL_SUIT_SHARED:
        return manifest->shared;
    case PAWL_SUIT_PAYLOAD_FETCH:
        return manifest->sections[0];
    case PAWL_SUIT_INSTALL:
        return manifest->sections[1];
    case PAWL_SUIT_VALIDATE:
        return manifest->sections[2];
    case PAWL_SUIT_LOAD:
        return manifest->sections[3];
    default:
        return manifest->sections[4];
    }
}

/* Begins what comes next in the procedure: for each of its sections that the
 * manifest has, the shared sequence (even phases) and then itself (odd). */
static enum pawl_status next_section(struct pawl_manifest_process *process)
{
    uint8_t key = procedures[process->procedure][process->phase / 2];
    struct pawl_bytes content = content_of(process->manifest, key);
    bool absent = content.data == NULL;

    if (process->phase % 2 == 0) {
        key = PAWL_SUIT_SHARED;
        content = process->manifest->shared;
        absent = absent || content.data == NULL;
    }
    process->phase++;
    return absent
               ? PAWL_OK
               : begin_section(process, (enum pawl_suit_section)key, content);
}

/* Reads every section of the manifest. */
static enum pawl_status dry_run(struct pawl_manifest_process *process)
{
    process->dry = true;
    for (size_t i = 0; i < PAWL_ARRAY_LEN(all_sections); i++) {
        struct pawl_bytes content =
            content_of(process->manifest, all_sections[i]);
        if (content.data == NULL) {
            continue;
        }
        enum pawl_status status = begin_section(
            process, (enum pawl_suit_section)all_sections[i], content);
        while (status == PAWL_OK && process->depth > 0) {
            status = advance(process);
        }
        if (status != PAWL_OK) {
            return status;
        }
    }
    process->dry = false;
    return PAWL_OK;
}

/* A section that was severed, and that this procedure would run, is here. */
static enum pawl_status check_severed(struct pawl_manifest_process *process)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        uint8_t key = procedures[process->procedure][i];
        if ((process->manifest->severed >> key & 1u) != 0 &&
            content_of(process->manifest, key).data == NULL) {
            process->section = (enum pawl_suit_section)key;
            return pawl_suit_failed(&process->failure, PAWL_ERR_NOT_FOUND,
                                    PAWL_SUIT_SEVERING_UNSUPPORTED);
        }
    }
    return PAWL_OK;
}

static enum pawl_status find_components(struct pawl_manifest_process *process)
{
    const struct pawl_manifest_operations *operations = process->operations;

    for (size_t i = 0; i < process->manifest->component_count; i++) {
        enum pawl_status status =
            operations->find(operations->ctx, process->manifest->components[i],
                             &process->handles[i]);
        if (status != PAWL_OK) {
            process->component = i;
            return pawl_suit_failed(
                &process->failure,
                status == PAWL_ERR_NOT_FOUND ? PAWL_ERR_NOT_FOR_US : status,
                PAWL_SUIT_COMPONENT_UNSUPPORTED);
        }
    }
    return PAWL_OK;
}

static enum pawl_status prepare(struct pawl_manifest_process *process)
{
    if (!pawl_verdict_matches(&process->manifest->authentic)) {
        return pawl_suit_failed(&process->failure, PAWL_ERR_FAULT,
                                PAWL_SUIT_UNAUTHORISED);
    }
    enum pawl_status status = find_components(process);
    if (status == PAWL_OK) {
        status = check_severed(process);
    }
    return status == PAWL_OK ? dry_run(process) : status;
}

enum pawl_status pawl_manifest_start(
    struct pawl_manifest_process *process, const struct pawl_manifest *manifest,
    enum pawl_procedure procedure, const struct pawl_manifest_device *device,
    const struct pawl_manifest_operations *operations)
{
    memset(process, 0, offsetof(struct pawl_manifest_process, frames));
    process->manifest = manifest;
    process->device = device;
    process->operations = operations;
    process->procedure = procedure;
    enum pawl_status status = prepare(process);
    if (status != PAWL_OK) {
        return failed(process, status);
    }
    process->verdict = (uint32_t)PAWL_VERDICT_MATCH;
    return PAWL_OK;
}

enum pawl_status pawl_manifest_step(struct pawl_manifest_process *process)
{
    enum pawl_status status = PAWL_OK;

    if (process->failure.status != PAWL_OK) {
        return process->failure.status; /* again and again */
    }
    for (size_t i = 0; i < STEP_COMMANDS && status == PAWL_OK; i++) {
        if (!pawl_verdict_matches(&process->verdict) ||
            !pawl_verdict_matches(&process->manifest->authentic)) {
            process->failure.reason = PAWL_SUIT_OPERATION_FAILED;
            return failed(process, PAWL_ERR_FAULT);
        }
        if (process->depth == 0 && process->phase == 2 * SECTIONS) {
            return PAWL_OK;
        }
        status = process->depth == 0 ? next_section(process) : advance(process);
    }
    if (status != PAWL_OK && status != PAWL_PENDING) {
        process->verdict = (uint32_t)PAWL_VERDICT_DIFFERENT;
        return failed(process, status);
    }
    return PAWL_PENDING;
}

const struct pawl_manifest_failure *
pawl_manifest_process_failure(const struct pawl_manifest_process *process)
{
    return &process->failure;
}

const struct pawl_suit_parameters *
pawl_manifest_parameters(const struct pawl_manifest_process *process,
                         size_t index)
{
    return process->manifest != NULL &&
                   index < process->manifest->component_count
               ? &process->parameters[index]
               : NULL;
}
