/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MANIFEST_H
#define PAWL_MANIFEST_H

/*
 * SUIT envelopes and manifests (draft-ietf-suit-manifest-37): authenticate,
 * then parse, then run. Nothing of an envelope is looked at before its
 * authentication has passed but the wrapper itself, and nothing is executed
 * that the authentication does not cover, severed members and integrated
 * payloads included. What is supported, and every choice that the draft
 * leaves to us, stands in doc/SPEC.md.
 */

#include <pawl/bytes.h>
#include <pawl/config.h>
#include <pawl/key.h>
#include <pawl/status.h>
#include <stdbool.h>

/* Why a manifest was refused: draft-ietf-suit-report, SUIT_Report_Reasons. */
enum pawl_suit_reason {
    PAWL_SUIT_OK = 0,
    PAWL_SUIT_CBOR_PARSE = 1,
    PAWL_SUIT_COSE_UNSUPPORTED = 2,
    PAWL_SUIT_ALG_UNSUPPORTED = 3,
    PAWL_SUIT_UNAUTHORISED = 4,
    PAWL_SUIT_COMMAND_UNSUPPORTED = 5,
    PAWL_SUIT_COMPONENT_UNSUPPORTED = 6,
    PAWL_SUIT_COMPONENT_UNAUTHORISED = 7,
    PAWL_SUIT_PARAMETER_UNSUPPORTED = 8,
    PAWL_SUIT_SEVERING_UNSUPPORTED = 9,
    PAWL_SUIT_CONDITION_FAILED = 10,
    PAWL_SUIT_OPERATION_FAILED = 11,
    PAWL_SUIT_INVOKE_PENDING = 12
};

/* The name of a reason as the draft has it, "condition-failed". */
const char *pawl_suit_reason_name(enum pawl_suit_reason reason);

/* Sections, by their keys in the manifest and the envelope. */
enum pawl_suit_section {
    PAWL_SUIT_NO_SECTION = 0, /* authentication or structure */
    PAWL_SUIT_SHARED = 3,     /* the shared sequence, in common */
    PAWL_SUIT_VALIDATE = 7,
    PAWL_SUIT_LOAD = 8,
    PAWL_SUIT_INVOKE = 9,
    PAWL_SUIT_PAYLOAD_FETCH = 16,
    PAWL_SUIT_INSTALL = 20
};

/* Everything that is known of a refusal. */
struct pawl_manifest_failure {
    enum pawl_status status;        /* PAWL_OK: there was none */
    enum pawl_suit_reason reason;   /* the draft's word for it */
    enum pawl_suit_section section; /* where: section, */
    size_t offset;                  /* byte of the section's content, */
    int64_t command;                /* SUIT command, 0 outside of one, */
    size_t component;               /* index of the component */
    int32_t port_code;              /* what the port said, or 0 */
};

/* Largest counts that are accepted; more is PAWL_ERR_LIMIT. */
#define PAWL_MANIFEST_BLOCKS_MAX 8   /* authentication blocks */
#define PAWL_MANIFEST_SIGNERS_MAX 32 /* signers of a policy */

/* Pawl's private parameter (SUIT parameter, private use): the component's
 * security counter, an unsigned integer, in the shared sequence only. */
#define PAWL_SUIT_SECURITY_COUNTER (-257)

/* Whose word counts. */
struct pawl_manifest_policy {
    const struct pawl_signer *signers;
    size_t signer_count;
    uint8_t threshold;  /* distinct signers needed; 0 means 1 */
    bool allow_retired; /* boot only, for a digest that was confirmed */
    /* Boot only, where the trust document is lost: the digest of a manifest
     * that was confirmed, 32 bytes. That manifest alone is accepted, and its
     * signatures are not looked at. NULL: signatures count. */
    const uint8_t *confirmed;
};

/*
 * A manifest that was authenticated. It comes into being through
 * pawl_manifest_open() alone, and views into the envelope, which must stay
 * unchanged in memory of the caller's own as long as it is used.
 */
struct pawl_manifest {
    /* Readable after pawl_manifest_open(); never written by the caller. */
    uint64_t sequence;          /* the manifest's sequence number */
    uint8_t digest[32];         /* SHA-256 of the manifest's bstr */
    struct pawl_bytes wrapper;  /* authentication wrapper, its bstr */
    struct pawl_bytes manifest; /* manifest, its bstr, head included */
    size_t component_count;
    struct pawl_bytes components[PAWL_COMPONENT_MAX]; /* encoded ids */
    uint32_t signers;       /* bit i: signer i of the policy signed */
    struct pawl_bytes text; /* encoded text map; empty if there is none,
                             * or if it was severed and is not here */
    /* Private. */
    uint32_t authentic;            /* multi-bit verdict, checked again later */
    uint32_t severed;              /* bit n: section n was severed */
    struct pawl_bytes shared;      /* shared sequence */
    struct pawl_bytes sections[5]; /* payload-fetch to invoke, in order */
    struct pawl_bytes members;     /* of the envelope, behind the manifest */
    struct pawl_manifest_failure failure;
};

/*
 * Authenticates an envelope and reads its manifest: signature over the
 * digest, digest over the manifest, severed members against their digests,
 * and only then the structure. The keys pin the algorithms.
 *
 * envelope   retained
 * policy     used during the call only
 *
 * Returns PAWL_OK               *manifest may be used
 *         PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT, PAWL_ERR_UNSUPPORTED
 *         PAWL_ERR_ARGUMENT     more signers than PAWL_MANIFEST_SIGNERS_MAX
 *         PAWL_ERR_SIGNATURE    no signature is right with any trusted key
 *         PAWL_ERR_UNTRUSTED    not enough signatures of trusted keys
 *         PAWL_ERR_DIGEST       manifest or member is not what was signed
 *         PAWL_ERR_POLICY       too few of those who signed may sign for one
 *                               of the components, or the sequence number is
 *                               the largest there is
 *         PAWL_ERR_FAULT        two checks of one fact disagree
 * and whatever the cryptography says (PAWL_ERR_NO_MEMORY). On an error
 * *manifest holds the failure and nothing else.
 *
 * Blocks for one public-key operation for each block of the wrapper (at most
 * PAWL_MANIFEST_BLOCKS_MAX) and each signer that it may be of: blocks are not
 * authenticated, so that whoever makes an envelope decides how many.
 */
PAWL_MUST_USE
enum pawl_status pawl_manifest_open(struct pawl_manifest *manifest,
                                    struct pawl_bytes envelope,
                                    const struct pawl_manifest_policy *policy);

/*
 * The same for what is kept beside an image: the wrapper and the manifest,
 * without severed members and integrated payloads. Sections that were severed
 * are then absent, and running them is PAWL_ERR_NOT_FOUND.
 */
PAWL_MUST_USE
enum pawl_status
pawl_manifest_open_stored(struct pawl_manifest *manifest,
                          struct pawl_bytes wrapper_and_manifest,
                          const struct pawl_manifest_policy *policy);

/* How it failed; status PAWL_OK if it did not. */
const struct pawl_manifest_failure *
pawl_manifest_failure(const struct pawl_manifest *manifest);

/*
 * Writes what is kept beside an image: an envelope of the wrapper and the
 * manifest alone, to be opened by pawl_manifest_open_stored(). *len: the room
 * on entry, the length on return (PAWL_ERR_TOO_SMALL: the length needed).
 * PAWL_ERR_STATE: the manifest was never authenticated.
 */
PAWL_MUST_USE
enum pawl_status pawl_manifest_store(const struct pawl_manifest *manifest,
                                     uint8_t *out, size_t *len);

/* Finds an integrated payload by its key, "#name". PAWL_ERR_NOT_FOUND. Not
 * authenticated by itself: its component's image-match must follow. */
PAWL_MUST_USE
enum pawl_status pawl_manifest_payload(const struct pawl_manifest *manifest,
                                       struct pawl_bytes name,
                                       struct pawl_bytes *payload);

/*
 * The rule of sequence numbers (draft-ietf-suit-manifest-37, 8.4.2): a lower
 * one than was accepted before is refused, and an equal one unless it is the
 * same manifest, applied again after power was lost.
 *
 * accepted         the number of the manifest accepted last
 * accepted_digest  its digest
 *
 * Returns PAWL_ERR_ROLLBACK, and *manifest holds the failure but stays as it
 * is otherwise.
 */
PAWL_MUST_USE
enum pawl_status pawl_manifest_newer(struct pawl_manifest *manifest,
                                     uint64_t accepted,
                                     const uint8_t accepted_digest[32]);

/* What a component's parameters say at the moment a command runs. */
struct pawl_suit_parameters {
    uint32_t set;                /* bit n: the parameter with number n is set */
    struct pawl_bytes vendor_id; /* UUID of 16 bytes; or the encoding of a PEN,
                                  * tag 112 included */
    struct pawl_bytes class_id, device_id; /* 16 bytes each */
    struct pawl_bytes digest;              /* SHA-256 of the image, 32 bytes */
    uint64_t size;                         /* bytes of the image */
    uint64_t slot;                         /* component-slot */
    uint64_t source;                       /* source-component */
    struct pawl_bytes uri;                 /* text, without an end */
    struct pawl_bytes content;
    struct pawl_bytes invoke_arguments, fetch_arguments;
    bool has_security_counter; /* pawl's private parameter */
    uint64_t security_counter;
};

/* Verdicts of comparisons: far apart, so that a flipped bit is no success. */
enum pawl_verdict {
    PAWL_VERDICT_NONE = 0,
    PAWL_VERDICT_MATCH = 0x3CA5965A,
    PAWL_VERDICT_DIFFERENT = 0x5A695AC3
};

/*
 * What the processor asks of the device, for one component at a time. The
 * update engine, the boot loader and the host tool each have one. A function
 * left NULL makes its command PAWL_ERR_UNSUPPORTED, found by the dry run.
 * PAWL_PENDING: the processor stays at the command and asks again.
 */
struct pawl_manifest_operations {
    void *ctx; /* handed back untouched as the first argument */

    /* Says whether the device has the component (an encoded identifier);
     * *handle then names it in the calls below. PAWL_ERR_NOT_FOUND. */
    enum pawl_status (*find)(void *ctx, struct pawl_bytes component,
                             uint32_t *handle);

    /* The slot that component-slot is compared with: the spare one during an
     * update, the one being examined during invocation. */
    enum pawl_status (*slot)(void *ctx, uint32_t handle, uint64_t *slot);

    /* Compares the component's bytes with p->digest, and with p->size if that
     * is set. The verdict counts, and only with PAWL_OK; an error is no
     * mismatch, but ends the run. */
    enum pawl_status (*image_match)(void *ctx, uint32_t handle,
                                    const struct pawl_suit_parameters *p,
                                    enum pawl_verdict *verdict);

    /* Compares the component's bytes with p->content in constant time. */
    enum pawl_status (*check_content)(void *ctx, uint32_t handle,
                                      const struct pawl_suit_parameters *p,
                                      enum pawl_verdict *verdict);

    /* Fetches p->uri into the component; payload is its content where the
     * URI names an integrated payload, which may be empty; else its data is
     * NULL. */
    enum pawl_status (*fetch)(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p,
                              struct pawl_bytes payload);
    /* Writes p->content into the component. */
    enum pawl_status (*write)(void *ctx, uint32_t handle,
                              const struct pawl_suit_parameters *p);
    /* Copies the component source into the component. */
    enum pawl_status (*copy)(void *ctx, uint32_t handle, uint32_t source,
                             const struct pawl_suit_parameters *p);
    /* Starts the component. */
    enum pawl_status (*invoke)(void *ctx, uint32_t handle,
                               const struct pawl_suit_parameters *p);

    /* The port's own code of the last failure. Optional. */
    int32_t (*last_error)(void *ctx);

    /* Told of each command when it is done, once for each component that it
     * was for, for logs and tools. offset counts from the section's first
     * byte. Optional. */
    void (*trace)(void *ctx, enum pawl_suit_section section, size_t offset,
                  int64_t command, size_t component, enum pawl_status result);

    /* The components are linked for their slot: image-digest may be set only
     * for a component that passed component-slot in the shared sequence
     * before. */
    bool fixed;
};

/* Who the device is, for the conditions; each 16 bytes, or empty. */
struct pawl_manifest_device {
    struct pawl_bytes
        vendor_id; /* or the encoding of a PEN, tag 112 included */
    struct pawl_bytes class_id, device_id;
};

enum pawl_procedure {
    PAWL_PROCEDURE_UPDATE, /* payload-fetch, install, validate */
    PAWL_PROCEDURE_INVOKE  /* validate, load, invoke */
};

/* One run of a procedure. Private; bounded, about 1 KiB. */
#include <pawl/manifest_process.h>

/*
 * Prepares to run a procedure of manifest and makes the dry run: every
 * sequence, every branch of every try-each, is read and checked before the
 * first side effect, also of the sections that this procedure does not run.
 * After a reset it is simply called again: parameters and the choices of
 * try-each come from running, and operations that were done are no-ops.
 *
 * manifest, device, operations   retained until the run has ended
 *
 * Returns PAWL_OK               go on with pawl_manifest_step()
 *         PAWL_ERR_NOT_FOR_US   a component is not of this device
 *         PAWL_ERR_UNSUPPORTED  a command or parameter is not supported
 *         PAWL_ERR_NOT_FOUND    a section was severed and is not there
 *         PAWL_ERR_POLICY       soft-failure outside of try-each and
 *                               run-sequence
 *         PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT
 *         PAWL_ERR_FAULT        manifest was never authenticated
 *
 * Blocks for a few thousand instructions for each KiB of manifest.
 */
PAWL_MUST_USE
enum pawl_status pawl_manifest_start(
    struct pawl_manifest_process *process, const struct pawl_manifest *manifest,
    enum pawl_procedure procedure, const struct pawl_manifest_device *device,
    const struct pawl_manifest_operations *operations);

/*
 * Runs on, for one operation or 32 commands at most.
 *
 * Returns PAWL_OK              the procedure has succeeded
 *         PAWL_PENDING         call again; at once, unless an operation said
 *                              that it waits for something
 *         PAWL_ERR_NOT_FOR_US  vendor, class or device differ
 *         PAWL_ERR_DIGEST      image-match failed
 *         PAWL_ERR_CONDITION   another condition failed
 *         PAWL_ERR_POLICY      image-digest before component-slot, where
 *                              components are linked for their slot
 *         PAWL_ERR_ARGUMENT    a directive's parameter is missing
 *         PAWL_ERR_FAULT       a verdict is none
 * or the operation's own error. After an error the process is over, and each
 * call says the same.
 */
PAWL_MUST_USE
enum pawl_status pawl_manifest_step(struct pawl_manifest_process *process);

/* How it failed; status PAWL_OK if it did not. */
const struct pawl_manifest_failure *
pawl_manifest_process_failure(const struct pawl_manifest_process *process);

/* The parameters of component index (of the manifest) as they stand, for
 * example after the shared sequence of the last section that ran. NULL when
 * there is no such component. */
const struct pawl_suit_parameters *
pawl_manifest_parameters(const struct pawl_manifest_process *process,
                         size_t index);

/*
 * Writes a SUIT_Capability_Report (draft-ietf-suit-report-18): the commands,
 * parameters, algorithms and members that this build reads, from the tables
 * that it reads them by, and the components of the device. For a server that
 * makes manifests, or a SUIT report; it is not signed here.
 *
 * components   encoded identifiers, as in a manifest
 * operations   those of the device: a command without one is left out
 * out, *len    room in bytes; then the length, also where it does not fit
 *
 * Returns PAWL_OK, PAWL_ERR_TOO_SMALL (out holds nothing of use).
 */
PAWL_MUST_USE
enum pawl_status
pawl_manifest_capabilities(const struct pawl_bytes *components, size_t count,
                           const struct pawl_manifest_operations *operations,
                           uint8_t *out, size_t *len);

#endif
