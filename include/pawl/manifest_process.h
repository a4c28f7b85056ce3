/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MANIFEST_PROCESS_H
#define PAWL_MANIFEST_PROCESS_H

/*
 * The inside of a run of a manifest: struct pawl_manifest_process, complete
 * so that callers can place it. Include <pawl/manifest.h>, which includes
 * this; every field is private.
 */

#include <pawl/manifest.h>

/* Command sequences inside of one another: the section, and try-each and
 * run-sequence in it. Deeper is PAWL_ERR_LIMIT. */
#define PAWL_MANIFEST_DEPTH 5

/* Which components a command is for, in the order in which it is run. */
struct pawl_manifest_index {
    uint8_t count;
    uint8_t list[PAWL_COMPONENT_MAX];
};

/* One command sequence that is being run. */
struct pawl_manifest_frame {
    const uint8_t *at;    /* next command */
    const uint8_t *end;   /* end of the sequence */
    const uint8_t *begin; /* argument of the directive that made it, */
    const uint8_t *next;  /* its next alternative, */
    const uint8_t *last;  /* and its end; NULL for a section */
    struct pawl_manifest_index outer; /* components that it is repeated for */
    uint8_t turn;                     /* which of them it is at */
    bool try_each;
    bool soft; /* soft-failure */
};

struct pawl_manifest_process {
    const struct pawl_manifest *manifest;
    const struct pawl_manifest_device *device;
    const struct pawl_manifest_operations *operations;
    struct pawl_suit_parameters parameters[PAWL_COMPONENT_MAX];
    uint32_t handles[PAWL_COMPONENT_MAX];
    struct pawl_manifest_frame frames[PAWL_MANIFEST_DEPTH];
    struct pawl_manifest_index index;
    enum pawl_procedure procedure;
    uint32_t phase;      /* which section, and shared or own */
    uint32_t verdict;    /* multi-bit: the run may go on */
    uint8_t depth;       /* frames in use */
    uint8_t turn;        /* component of index that the command is at */
    uint8_t slot_passed; /* bit i: component-slot held for i */
    bool waiting;        /* the command at hand said PAWL_PENDING */
    bool dry;
    struct pawl_manifest_failure failure;
};

#endif
