/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MANIFEST_MANIFEST_INTERNAL_H
#define PAWL_MANIFEST_MANIFEST_INTERNAL_H

#include <pawl/manifest.h>

#include "cbor/cbor.h"

/* Keys of the envelope and the manifest (draft-ietf-suit-manifest-37, 12).
 * Those of sections are enum pawl_suit_section. */
#define SUIT_TAG_ENVELOPE 107
#define SUIT_ENVELOPE_AUTHENTICATION 2
#define SUIT_ENVELOPE_MANIFEST 3
#define SUIT_MANIFEST_VERSION 1
#define SUIT_MANIFEST_SEQUENCE 2
#define SUIT_MANIFEST_COMMON 3
#define SUIT_MANIFEST_REFERENCE 4
#define SUIT_COMMON_COMPONENTS 2
#define SUIT_COMMON_SHARED 4
#define SUIT_TEXT 23

/* Commands that the processor itself knows by number. */
#define SUIT_VENDOR_ID 1
#define SUIT_CLASS_ID 2
#define SUIT_IMAGE_MATCH 3
#define SUIT_COMPONENT_SLOT 5
#define SUIT_CHECK_CONTENT 6
#define SUIT_SET_COMPONENT_INDEX 12
#define SUIT_ABORT 14
#define SUIT_TRY_EACH 15
#define SUIT_WRITE 18
#define SUIT_OVERRIDE_PARAMETERS 20
#define SUIT_FETCH 21
#define SUIT_COPY 22
#define SUIT_INVOKE 23
#define SUIT_DEVICE_ID 24
#define SUIT_RUN_SEQUENCE 32

/* Parameters, likewise. */
#define SUIT_PARAMETER_VENDOR_ID 1
#define SUIT_PARAMETER_CLASS_ID 2
#define SUIT_PARAMETER_IMAGE_DIGEST 3
#define SUIT_PARAMETER_COMPONENT_SLOT 5
#define SUIT_PARAMETER_STRICT_ORDER 12
#define SUIT_PARAMETER_SOFT_FAILURE 13
#define SUIT_PARAMETER_IMAGE_SIZE 14
#define SUIT_PARAMETER_CONTENT 18
#define SUIT_PARAMETER_URI 21
#define SUIT_PARAMETER_SOURCE_COMPONENT 22
#define SUIT_PARAMETER_INVOKE_ARGS 23
#define SUIT_PARAMETER_DEVICE_ID 24
#define SUIT_PARAMETER_FETCH_ARGS 25

#define SUIT_DIGEST_SIZE 36 /* encoded SUIT_Digest of SHA-256 */
#define SUIT_SHA256 (-16)

/*
 * Whether a verdict is PAWL_VERDICT_MATCH, looked at twice, so that one
 * instruction skipped or one bit flipped is not enough to make it so.
 */
bool pawl_verdict_matches(const volatile uint32_t *verdict);

/* Notes why, unless a reason is there already; returns status. */
enum pawl_status pawl_suit_failed(struct pawl_manifest_failure *failure,
                                  enum pawl_status status,
                                  enum pawl_suit_reason reason);

/*
 * Reads an encoded SUIT_Digest of SHA-256; *digest is its 32 bytes.
 * PAWL_ERR_UNSUPPORTED: of another algorithm, noted in failure.
 */
enum pawl_status pawl_suit_digest(struct pawl_manifest_failure *failure,
                                  struct pawl_bytes encoded,
                                  struct pawl_bytes *digest);

/* Compares SHA-256 of bytes with digest, twice. PAWL_ERR_DIGEST. */
enum pawl_status pawl_suit_check_digest(struct pawl_bytes bytes,
                                        struct pawl_bytes digest,
                                        uint8_t computed[32]);

/*
 * Verifies the authentication wrapper's content and with it the digest that
 * it names. Sets manifest->signers, and half of manifest->authentic.
 */
enum pawl_status pawl_manifest_authenticate(
    struct pawl_manifest *manifest, struct pawl_bytes wrapper,
    const struct pawl_manifest_policy *policy, struct pawl_bytes *digest);

/* The two halves of manifest->authentic; both together are a match. */
#define AUTHENTIC_SIGNATURE 0x1B2D4E87u
#define AUTHENTIC_DIGEST ((uint32_t)PAWL_VERDICT_MATCH ^ AUTHENTIC_SIGNATURE)

/* The signed digests of severed members. */
struct pawl_manifest_severed {
    struct pawl_bytes fetch, install, text;
};

/* Reads the manifest's content, which is authentic now. */
enum pawl_status pawl_manifest_parse(struct pawl_manifest *manifest,
                                     struct pawl_bytes content,
                                     struct pawl_manifest_severed *severed);

/* The place of a section in manifest->sections; NULL for other keys. */
struct pawl_bytes *pawl_manifest_section(struct pawl_manifest *manifest,
                                         int64_t key);

/* What is known of a command. */
struct pawl_suit_command_row {
    bool known : 1;     /* else there is no such command */
    bool condition : 1; /* else a directive */
    bool shared : 1;    /* allowed in the shared sequence */
    bool flow : 1;      /* the processor's own: index, try-each, run-sequence */
    bool slow : 1;      /* ends a step: it may have taken long */
    uint8_t parameter;  /* that it needs, or 0 */
    int8_t unmet;       /* enum pawl_status: what a condition that fails is */
};

/* A command of a sequence. */
struct pawl_suit_command {
    const struct pawl_suit_command_row *row;
    struct pawl_bytes argument; /* encoded; of override-parameters, whose end
                                 * its reader finds, to the sequence's end */
    const uint8_t *after;       /* next command */
    uint8_t key;
};

/* Whether there is such a command, and the device can do it. */
bool pawl_suit_has_command(int64_t number,
                           const struct pawl_manifest_operations *operations);

/* Whether there is such a parameter. */
bool pawl_suit_has_parameter(int64_t number);

/* Reads the command at the top frame; its number is noted in process. */
enum pawl_status pawl_suit_read_command(struct pawl_manifest_process *process,
                                        struct pawl_suit_command *command);

/*
 * Runs a command that is no flow control for process->component. With
 * PAWL_OK *verdict is that of a condition; PAWL_VERDICT_MATCH after any other.
 */
enum pawl_status pawl_suit_run_command(struct pawl_manifest_process *process,
                                       struct pawl_suit_command *command,
                                       uint32_t *verdict);

/* Reads the argument of set-component-index into *index. */
enum pawl_status pawl_suit_read_index(struct pawl_manifest_process *process,
                                      struct pawl_bytes argument,
                                      struct pawl_manifest_index *index);

/*
 * Reads the argument of override-parameters, and unless the run is dry sets
 * the parameters of process->component. Sets command->after.
 */
enum pawl_status pawl_suit_override(struct pawl_manifest_process *process,
                                    struct pawl_suit_command *command);

#endif
