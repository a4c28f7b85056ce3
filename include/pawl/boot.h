/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BOOT_H
#define PAWL_BOOT_H

/*
 * What a vendor's boot loader calls: which image runs, verified. It needs
 * neither entropy nor an arena nor pawl_init(), and links without any of the
 * network's code.
 */

#include <pawl/config.h>
#include <pawl/port/port.h>
#include <pawl/status.h>
#include <pawl/update_state.h>
#include <stdbool.h>

/* Why this image was chosen, or none. */
enum pawl_boot_reason {
    PAWL_BOOT_NONE = 0,     /* nothing was decided */
    PAWL_BOOT_CONFIRMED,    /* the accepted image, as always */
    PAWL_BOOT_FACTORY,      /* the journal was never written: slot A */
    PAWL_BOOT_TRIAL,        /* a new image on trial */
    PAWL_BOOT_REVERTED,     /* the trial is over; the accepted image again */
    PAWL_BOOT_FELL_BACK,    /* the accepted image has rotted: the one before */
    PAWL_BOOT_LOST,         /* the journal is lost: the newest that verifies */
    PAWL_BOOT_NO_IMAGE,     /* no image verifies */
    PAWL_BOOT_NO_TRUST,     /* no trust document, and no confirmed image */
    PAWL_BOOT_NOT_RECORDED, /* an image verifies, but the choice could not be
                             * recorded, so it must not be entered */
    PAWL_BOOT_UNPROVISIONED /* protected_trust was never written, and there is
                             * no factory_trust: nothing is entered */
};

/* The name of a reason, "fell back"; "?" for a number that is none. Static
 * storage; never NULL. */
const char *pawl_boot_reason_name(enum pawl_boot_reason reason);

/* What a boot loader gives. Zero means the default; all of it is used during
 * the call only. */
struct pawl_boot_config {
    /* Who this device is: the manifests' conditions. Required. */
    const struct pawl_product *product;
    const struct pawl_slot *slots;
    size_t slot_count;
    const struct pawl_flash *journal;   /* of update and boot */
    const struct pawl_counter *counter; /* optional: no anti-rollback then */
    const struct pawl_store *trust;     /* where the trust document lies */
    /* Where only the boot loader may write: its own copy of the document. A
     * successor found in trust is verified against it and copied there before
     * anything is chosen, one version at each start: the application's port
     * then has a loader_trust. Optional: without it trust itself is believed.
     */
    const struct pawl_store *protected_trust;
    /* The factory's document as the loader brings it along, which begins a
     * protected_trust that was never written, or whose very first write power
     * ended. Empty: provisioning writes protected_trust, and where it did not,
     * nothing starts. What trust holds never begins it: whoever can write
     * there would choose whom the device trusts for life. */
    struct pawl_bytes factory_trust;
    enum pawl_reset_cause reset_cause; /* of this start */
    /* Called between steps that may be long. Optional. */
    void (*feed_watchdog)(void *ctx);
    void *ctx; /* handed back untouched */
};

/* What was verified, for attestation. */
struct pawl_boot_measurement {
    uint8_t manifest_digest[32]; /* SHA-256, as SUIT defines it */
    uint8_t image_digest[32];    /* SHA-256 of the image that is entered */
    uint64_t sequence;
    uint32_t security_counter; /* of the manifest; 0 if it names none */
    uint32_t signers;          /* bit i: signer i of the trust document */
    uint64_t trust_version;
};

/* What was chosen. */
struct pawl_boot_choice {
    /* To be entered; NULL unless PAWL_OK. Where its region is mapped is the
     * loader's to know, and to check entry and stack against. */
    const struct pawl_slot *slot;
    pawl_slot_set set; /* the slot of every component */
    uint32_t size;     /* bytes of the image in slot */
    bool trial;
    /* The trust document cannot be read: only what the journal records as
     * confirmed is started, known by its digest; signers are then 0. */
    bool trust_lost;
    enum pawl_boot_reason reason;
    enum pawl_update_state state;     /* in the journal, when handing over */
    enum pawl_update_reason reverted; /* with PAWL_BOOT_REVERTED: why */
    /* Why images before this one, or all, did not verify; PAWL_OK if none.
     * With slot, PAWL_ERR_IO also says that the journal could not be written
     * and may call another set running: hand set over to the image. */
    enum pawl_status refused;
    uint8_t attempts_left, boots_left; /* of the trial */
    struct pawl_boot_measurement measurement;
};

/* Room for a selection, in bytes; checked by an assertion. */
#define PAWL_BOOT_STORAGE                                                      \
    (PAWL_MANIFEST_MAX + 3 * PAWL_TRUST_MAX + 2 * PAWL_PROGRAM_MAX +           \
     3 * PAWL_JOURNAL_PAYLOAD_MAX + 256 * PAWL_COMPONENT_MAX +                 \
     (16 * PAWL_TRUST_SIGNER_MAX + 8 * PAWL_TRUST_ROOT_MAX +                   \
      8 * PAWL_TRUST_ANCHOR_MAX + 128) *                                       \
         sizeof(void *))

/* A selection. Private; not needed once the call has returned. */
struct pawl_boot {
    uint64_t storage[(PAWL_BOOT_STORAGE + 7) / 8];
};

/*
 * Chooses the image that runs: reads the journal, verifies the manifest kept
 * beside the image and the image itself, takes this start off the budgets of
 * a trial, and goes back when they are used up. Everything that must survive
 * is durable before it returns.
 *
 * On a device at rest nothing is erased or programmed.
 *
 * choice   filled in any case; measurement is zeros unless PAWL_OK
 *
 * Returns PAWL_OK            enter choice->slot
 *         PAWL_ERR_NO_IMAGE  nothing verifies: start a recovery image, or
 *                            feed the watchdog and call again later
 *         PAWL_ERR_LOST      the trust document cannot be read, and no image
 *                            is recorded as confirmed and verifies; or there
 *                            never was one: PAWL_BOOT_UNPROVISIONED
 *         PAWL_ERR_IO        the journal cannot be written; call again
 *         PAWL_ERR_ARGUMENT, PAWL_ERR_UNSUPPORTED   the config
 *
 * Blocks for hashing the image, some public-key operations, and some programs
 * and erases of the journal, with the watchdog fed between them.
 */
PAWL_MUST_USE
enum pawl_status pawl_boot_select(struct pawl_boot *boot,
                                  const struct pawl_boot_config *config,
                                  struct pawl_boot_choice *choice);

#endif
