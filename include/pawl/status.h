/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_STATUS_H
#define PAWL_STATUS_H

/* The compiler reports a result that is thrown away. */
#if defined(__GNUC__)
#define PAWL_MUST_USE __attribute__((warn_unused_result))
#else
#define PAWL_MUST_USE
#endif

/* A function that is called seldom stays out of those that call it, whose
 * stack and registers it would cost. Where the compiler does not know how to
 * say so, nothing but that is lost. */
#if defined(__GNUC__)
#define PAWL_SELDOM __attribute__((noinline, cold))
#else
#define PAWL_SELDOM
#endif

/*
 * The result of nearly every call. Zero is success, negative is failure.
 * PAWL_PENDING is neither: the call has more to do, and says elsewhere
 * (struct pawl_wait) what it waits for.
 *
 * Each group says whose fault an error is. "Again" means that the same call
 * can succeed later without anything else being changed.
 */
enum pawl_status {
    PAWL_OK = 0,
    PAWL_PENDING = 1,

    /* The caller. A retry does not help; the program must change. */
    PAWL_ERR_ARGUMENT = -1,    /* a value that the header forbids */
    PAWL_ERR_STATE = -2,       /* not now: the object is in another state */
    PAWL_ERR_TOO_SMALL = -3,   /* the buffer; the length needed is reported */
    PAWL_ERR_UNSUPPORTED = -4, /* not compiled in, or not of this port */

    /* The port. What it said is kept: see the object's own accessor. */
    PAWL_ERR_IO = -10,        /* flash or file; again may help */
    PAWL_ERR_NO_MEMORY = -11, /* the arena is used up; again may help */
    PAWL_ERR_ENTROPY = -12,   /* no randomness; nothing was made without it */
    PAWL_ERR_KEYSTORE = -13,  /* the key store failed; never replaced by
                               * software in silence */
    PAWL_ERR_NOT_FOUND = -14, /* no such key, object or record */
    PAWL_ERR_FULL = -15,      /* no room; nothing was written */
    PAWL_ERR_CLOCK = -16,     /* no time to judge a date by */

    /* The network or the peer. */
    PAWL_ERR_UNREACHABLE = -20, /* name, route or connection; again helps */
    PAWL_ERR_CLOSED = -21,      /* orderly end of the stream */
    PAWL_ERR_TIMEOUT = -22,     /* a deadline passed; again helps */
    PAWL_ERR_REFUSED = -23,     /* the peer refused us, or what we asked */
    PAWL_ERR_PROTOCOL = -24,    /* the peer broke the protocol */
    PAWL_ERR_BUSY = -25,        /* the peer asks to come later */

    /* The input: what arrived must not be used. A retry does not help. */
    PAWL_ERR_MALFORMED = -30,   /* not what the format's specification allows */
    PAWL_ERR_LIMIT = -31,       /* well-formed, but over one of our limits */
    PAWL_ERR_SIGNATURE = -32,   /* signature or authentication code is wrong */
    PAWL_ERR_UNTRUSTED = -33,   /* right signature of a key we do not trust */
    PAWL_ERR_DIGEST = -34,      /* bytes are not those that were signed */
    PAWL_ERR_ROLLBACK = -35,    /* older than what has been accepted before */
    PAWL_ERR_NOT_FOR_US = -36,  /* another vendor, class, device or component */
    PAWL_ERR_CERTIFICATE = -37, /* a certificate broke a rule */
    PAWL_ERR_EXPIRED = -38,     /* its time is over, or not yet come */
    PAWL_ERR_NAME = -39,        /* right certificate of another server */
    PAWL_ERR_REVOKED = -40,     /* signer or certificate was withdrawn */
    PAWL_ERR_CONDITION = -41,   /* a condition of the manifest is not met */

    /* Policy: allowed by the format, not by this device's owner. */
    PAWL_ERR_POLICY = -50, /* endpoint, component or signer not on the list */
    PAWL_ERR_DENIED = -51, /* the application said no */

    /* The device itself. */
    PAWL_ERR_CORRUPT = -60,  /* stored bytes are damaged */
    PAWL_ERR_LOST = -61,     /* nothing valid is left; recovery has begun */
    PAWL_ERR_NO_IMAGE = -62, /* no slot holds an image that may be booted */
    PAWL_ERR_FAULT = -63,    /* two checks of one fact disagree, or a result
                              * was never set: treat as an attack */
    PAWL_ERR_RESET_DUE = -64 /* right, but not before the boot loader has had
                              * its turn: again after a reset */
};

/*
 * The name of a status, "PAWL_ERR_IO" for PAWL_ERR_IO; "?" for a number that
 * is none. For logs. Static storage; never NULL.
 */
const char *pawl_status_name(enum pawl_status status);

/*
 * One line for a person: what went wrong, without a full stop. For logs and
 * host tools. Static storage; never NULL.
 */
const char *pawl_status_text(enum pawl_status status);

#endif
