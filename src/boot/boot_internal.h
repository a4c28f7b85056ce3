/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BOOT_INTERNAL_H
#define PAWL_BOOT_INTERNAL_H

/* What the files of the selection share. boot.c has the rules. */

#include "journal/journal.h"
#include "journal/objects.h"
#include "update/record.h"
#include <pawl/boot.h>
#include <pawl/manifest.h>
#include <pawl/trust.h>

/* What was found of one component of the set being verified. */
struct pawl_boot_part {
    enum pawl_verdict matched;
    uint32_t size; /* bytes of the image */
    uint8_t digest[PAWL_SHA256_SIZE];
    bool has_counter;
    uint32_t counter;
};

/* What adopting a document needs. */
struct pawl_boot_adoption {
    struct pawl_trust next;
    struct pawl_objects objects;
    uint8_t bytes[PAWL_TRUST_MAX];
};

struct pawl_boot_selection {
    const struct pawl_boot_config *config;
    struct pawl_boot_choice *choice;
    struct pawl_components components;
    struct pawl_manifest_device device;
    struct pawl_manifest_operations operations;
    bool journal_usable;
    bool glanced; /* it was read quickly, and is open to nothing else */
    struct pawl_record record;
    uint32_t counter; /* the port's */
    bool counter_known;
    bool trust_lost;
    bool unprovisioned; /* the loader's own store was never written */
    /* The set being verified. */
    pawl_slot_set set;
    uint32_t entered; /* component that the manifest invokes */
    struct pawl_boot_part parts[PAWL_COMPONENT_MAX];
    struct pawl_slot_hash hash;
    /* What stands above begins as zeros; these are cleared by whoever opens
     * them, for each byte costs a start some instructions. */
    struct pawl_trust trust;
    union {
        struct pawl_boot_adoption adoption; /* before anything is verified */
        struct {
            struct pawl_manifest manifest;
            struct pawl_manifest_process process;
            struct pawl_journal journal;
            uint8_t stored[PAWL_MANIFEST_MAX];
        };
    };
};

/* How much is known of an image before it is verified. */
enum pawl_boot_standing {
    PAWL_STANDING_UNKNOWN,  /* nothing: the factory's, or the journal is lost */
    PAWL_STANDING_TRIAL,    /* its manifest's digest is in the journal */
    PAWL_STANDING_CONFIRMED /* and it was accepted */
};

/* boot_verify.c: fills in what the manifest processor calls. */
void pawl_boot_operations(struct pawl_boot_selection *s);

/*
 * boot_verify.c: verifies the manifest beside image and the image itself, and
 * fills in slot, set, size and measurement of the choice. PAWL_OK: it may be
 * entered.
 */
PAWL_MUST_USE
enum pawl_status pawl_boot_verify(struct pawl_boot_selection *s,
                                  const struct pawl_record_image *image,
                                  enum pawl_boot_standing standing);

/* boot_verify.c: forgets what verify found. */
void pawl_boot_forget(struct pawl_boot_selection *s);

/* boot_trust.c: loads the trust document, a pending one if it may follow; sets
 * trust_lost where there is none, unprovisioned where there never was. */
void pawl_boot_trust(struct pawl_boot_selection *s);

/* boot.c: makes the record durable. */
PAWL_MUST_USE
enum pawl_status pawl_boot_commit(struct pawl_boot_selection *s);

/* boot.c: takes this start off the budgets of the trial; the reason when one
 * of them is used up. */
enum pawl_update_reason pawl_boot_take(struct pawl_boot_selection *s);

/*
 * boot_lost.c: nothing is confirmed: the newest set that verifies is tried,
 * if possible another than avoid (PAWL_BOOT_AVOID_NONE).
 */
#define PAWL_BOOT_AVOID_NONE 0xFFFFu
PAWL_MUST_USE
enum pawl_status pawl_boot_lost(struct pawl_boot_selection *s, unsigned avoid);

#endif
