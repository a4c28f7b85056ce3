/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_UPDATE_STATE_H
#define PAWL_UPDATE_STATE_H

/*
 * The words in which the update engine and the boot loader talk about an
 * update. The numbers are in the journal, which an older boot loader may
 * read: they are frozen for life, and new ones are added at the end.
 */

/* States: PSA Firmware Update API 1.0, 4.2. */
enum pawl_update_state {
    PAWL_UPDATE_READY = 0,     /* nothing under way; start() is allowed */
    PAWL_UPDATE_WRITING = 1,   /* the spare slot is being written */
    PAWL_UPDATE_CANDIDATE = 2, /* complete, read back and verified */
    PAWL_UPDATE_STAGED = 3,    /* the next reset tries it */
    PAWL_UPDATE_TRIAL = 4,     /* it runs, and returns unless accepted */
    PAWL_UPDATE_REJECTED = 5,  /* given up; if it runs, until the next reset */
    PAWL_UPDATE_FAILED = 6,    /* given up; see the reason; then clean() */
    PAWL_UPDATE_UPDATED = 7    /* accepted; then clean() */
};

/* Why an update was refused, given up or reverted. */
enum pawl_update_reason {
    PAWL_UPDATE_REASON_NONE = 0,

    /* Refused at the start: nothing was erased. */
    PAWL_UPDATE_REASON_MANIFEST = 1,    /* see the manifest's failure */
    PAWL_UPDATE_REASON_SIGNATURE = 2,   /* a trusted key's is wrong */
    PAWL_UPDATE_REASON_UNTRUSTED = 3,   /* not signed by whom we trust */
    PAWL_UPDATE_REASON_REVOKED = 4,     /* its signer was withdrawn */
    PAWL_UPDATE_REASON_NOT_FOR_US = 5,  /* another vendor, class, component */
    PAWL_UPDATE_REASON_SEQUENCE = 6,    /* older than what was accepted */
    PAWL_UPDATE_REASON_COUNTER_LOW = 7, /* below the security counter */
    PAWL_UPDATE_REASON_COUNTER_EXHAUSTED = 8, /* hardware cannot count so far */
    PAWL_UPDATE_REASON_COUNTER_PENDING = 9,   /* the last advance is not done */
    PAWL_UPDATE_REASON_TOO_LARGE = 10,        /* for the slot, or our limits */
    PAWL_UPDATE_REASON_EMPTY = 11,            /* an image of no bytes */
    PAWL_UPDATE_REASON_NO_SLOT = 12,   /* the component has no spare slot */
    PAWL_UPDATE_REASON_INSTALLED = 13, /* it is what runs */
    PAWL_UPDATE_REASON_BUSY = 14,      /* another one is under way */
    PAWL_UPDATE_REASON_DENIED = 15,    /* the application said no */
    PAWL_UPDATE_REASON_POLICY = 16,    /* not this signer, or number */
    PAWL_UPDATE_REASON_CONDITION = 17, /* a condition of the manifest failed */
    PAWL_UPDATE_REASON_INCOMPLETE =
        18, /* a component's digest goes unchecked */
    PAWL_UPDATE_REASON_TRUST_LOST = 19, /* no trust document, or an old one */
    PAWL_UPDATE_REASON_TRIED = 20,      /* its trials failed too often */

    /* While it was written and checked. */
    PAWL_UPDATE_REASON_FLASH = 32, /* erase, program or read failed */
    PAWL_UPDATE_REASON_READ_BACK =
        33,                         /* flash holds other bytes than written */
    PAWL_UPDATE_REASON_DIGEST = 34, /* the image is not what was signed */
    PAWL_UPDATE_REASON_CANCELLED = 35, /* by the application */

    /* On trial. */
    PAWL_UPDATE_REASON_ATTEMPTS = 48,    /* crashed or was reset too often */
    PAWL_UPDATE_REASON_BOOTS = 49,       /* started too often unaccepted */
    PAWL_UPDATE_REASON_BAD_IMAGE = 50,   /* boot: image or manifest not right */
    PAWL_UPDATE_REASON_NOT_ENTERED = 51, /* boot could not record the trial */
    PAWL_UPDATE_REASON_UNHEALTHY = 52,   /* the application's health check */
    PAWL_UPDATE_REASON_DEADLINE = 53,    /* not accepted in time */
    PAWL_UPDATE_REASON_REVERTED = 54, /* by a boot backend, for its reasons */

    /* Without an update. */
    PAWL_UPDATE_REASON_JOURNAL_LOST = 64, /* no record was left */
    PAWL_UPDATE_REASON_FELL_BACK = 65,    /* the confirmed image has rotted */

    /* 128 to 255 are the application's own, for pawl_update_reject(). */
    PAWL_UPDATE_REASON_APPLICATION = 128
};

/* In which part of an update it happened. */
enum pawl_update_phase {
    PAWL_UPDATE_PHASE_NONE = 0,
    PAWL_UPDATE_PHASE_START = 1,
    PAWL_UPDATE_PHASE_WRITE = 2,
    PAWL_UPDATE_PHASE_FINISH = 3,
    PAWL_UPDATE_PHASE_INSTALL = 4,
    PAWL_UPDATE_PHASE_TRIAL = 5,
    PAWL_UPDATE_PHASE_ACCEPT = 6,
    PAWL_UPDATE_PHASE_BOOT = 7
};

/*
 * Names for logs and tools: "TRIAL", "attempts used up", "write". Static
 * storage; never NULL; "?" for a number that is none.
 */
const char *pawl_update_state_name(enum pawl_update_state state);
/* As above; one line for a person. */
const char *pawl_update_reason_name(enum pawl_update_reason reason);
/* As above. */
const char *pawl_update_phase_name(enum pawl_update_phase phase);

#endif
