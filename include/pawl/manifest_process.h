/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MANIFEST_PROCESS_H
#define PAWL_MANIFEST_PROCESS_H

/*
 * The inside of a run of a manifest: struct pawl_manifest_process, complete
 * so that callers can place it. <pawl/manifest.h> includes this; every field
 * is private.
 */

#include <pawl/manifest.h>

/* Command sequences inside of one another: the section, and try-each and
 * run-sequence in it. Deeper is PAWL_ERR_LIMIT. */
#define PAWL_MANIFEST_DEPTH 5

/* The components that commands are for, in the order in which they come. */
struct pawl_manifest_index {
    uint8_t count;
    uint8_t list[PAWL_COMPONENT_MAX];
};

/* One command sequence that is being run. */
struct pawl_manifest_frame {
    const uint8_t *at;      /* next command, */
    const uint8_t *end;     /* end of the sequence, */
    size_t left;            /* and commands up to it */
    const uint8_t *command; /* the directive that began it; NULL: a section */
    const uint8_t *begin;   /* the directive's sequences, */
    const uint8_t *next;    /* the one after this, */
    const uint8_t *last;    /* and their end */
    struct pawl_manifest_index outer; /* components that it is repeated for */
    uint8_t turn;                     /* which of them it is at */
    bool try_each;                    /* else run-sequence */
    bool soft;                        /* soft-failure */
};

/* A run of a procedure, about 1 KiB on a 32-bit processor. */
struct pawl_manifest_process {
    const struct pawl_manifest *manifest;
    const struct pawl_manifest_device *device;
    const struct pawl_manifest_operations *operations;
    struct pawl_suit_parameters parameters[PAWL_COMPONENT_MAX];
    uint32_t handles[PAWL_COMPONENT_MAX];
    struct pawl_manifest_index index; /* components of the next command */
    enum pawl_procedure procedure;
    enum pawl_suit_section section; /* that is being run, */
    const uint8_t *origin;          /* and its first byte */
    const uint8_t *command;         /* command that is being run, */
    int64_t key;                    /* its number, */
    size_t component;               /* and the component that it is for */
    uint32_t verdict;               /* multi-bit: the run may go on */
    uint8_t phase;                  /* next section of the procedure */
    uint8_t depth;                  /* frames in use */
    uint8_t turn;                   /* entry of index that comes next */
    uint8_t slot_passed;            /* bit i: component-slot held for i */
    bool dry;
    struct pawl_manifest_failure failure;
    struct pawl_manifest_frame frames[PAWL_MANIFEST_DEPTH]; /* depth are set */
};

#endif
