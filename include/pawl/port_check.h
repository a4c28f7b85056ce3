/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_CHECK_H
#define PAWL_PORT_CHECK_H

/*
 * Checks a port against what its headers say, on the vendor's own board: link
 * pawl::check. Nothing allocates, prints or sleeps; each sentence that was
 * checked is reported through a callback.
 *
 *     static void report(void *ctx, const struct pawl_check_result *result)
 *     {
 *         if (result->outcome == PAWL_CHECK_VIOLATED) {
 *             uart_puts(result->header);
 *             uart_puts(result->sentence);
 *             uart_puts(result->found);
 *         }
 *     }
 *
 *     const struct pawl_port_check check = {.keystore = &my_keystore,
 *                                           .report = report};
 *     bool good = pawl_port_check(&check) == 0;
 *
 * It is for development boards: it destroys what it is let loose on.
 */

#include <pawl/port/clock.h>
#include <pawl/port/counter.h>
#include <pawl/port/entropy.h>
#include <pawl/port/flash.h>
#include <pawl/port/keystore.h>
#include <pawl/port/transport.h>

enum pawl_check_outcome {
    PAWL_CHECK_PASSED,
    PAWL_CHECK_SKIPPED, /* not to be checked in this port; found says why */
    PAWL_CHECK_VIOLATED
};

/* One sentence of a header. All strings are static and never NULL. */
struct pawl_check_result {
    const char *name; /* of the check, "keystore slots" */
    enum pawl_check_outcome outcome;
    const char *header;      /* "pawl/port/keystore.h" */
    const char *sentence;    /* of that header, word for word */
    const char *found;       /* what happened instead; "" if all is well */
    enum pawl_status status; /* what the port answered then */
};

/* What to check, and how. Members that are NULL leave something out. */
struct pawl_port_check {
    /* Called once for each sentence. */
    void (*report)(void *ctx, const struct pawl_check_result *result);
    void *ctx; /* handed back untouched, here and below */

    /*
     * The key store. The keys of both LDevIDs are destroyed; with idevid_too
     * the IDevID's as well. It must be open, and pawl_init() done if it is
     * the software store.
     */
    const struct pawl_keystore *keystore;
    bool idevid_too;

    /* How many signatures are verified; 0: 16. A number that is written
     * without its leading zeros shows in one of 128. */
    unsigned signatures;

    /* What the data sheet says the store is. NULL: whatever it says. */
    const struct pawl_keystore_attributes *expected;

    /* Closes the store and opens it anew, as a reset does, at the same
     * address. NULL: nothing is known of persistence. */
    enum pawl_status (*reopen)(void *ctx);

    /* Takes the store away (pull the token, cut its bus), and gives it back.
     * NULL: nothing is known of loss. */
    enum pawl_status (*lose)(void *ctx, bool lost);

    /* Fills the store up so that it has no room for one more key, and makes
     * room again. NULL: nothing is known of a full store. */
    enum pawl_status (*fill)(void *ctx, bool full);

    /*
     * Verifies ECDSA of P-256 over a digest; PAWL_OK if it is right. Another
     * library than the store's is the better judge. NULL:
     * pawl_port_check_verify().
     */
    enum pawl_status (*verify)(void *ctx,
                               const uint8_t point[PAWL_P256_POINT_SIZE],
                               const uint8_t digest[32],
                               const uint8_t signature[64]);

    /*
     * A region of flash, which is erased and programmed all over: each block
     * up to five times. What the check leaves in its first block it looks for
     * where after_reset says that the board was reset since.
     */
    const struct pawl_flash *flash;
    bool after_reset;
    uint32_t polls; /* of one operation, until it hangs; 0: 100,000,000 */

    /* Takes half a second. */
    const struct pawl_clock *clock;

    /* 12 KiB of it are drawn. */
    const struct pawl_entropy *entropy;

    /* The counter is raised, by one, only with counter_may_rise. */
    const struct pawl_counter *counter;
    bool counter_may_rise;

    /*
     * The transport, with a peer that echoes. TCP at echo_port: what comes,
     * until a byte 0x04, behind which it closes. UDP at echo_udp_port: each
     * datagram (0: not checked). At closed_port nobody listens (0: not
     * checked). Without echo_host little can be checked. Each wait ends after
     * five seconds by clock, or without one after 20,000,000 calls.
     */
    const struct pawl_transport *transport;
    const char *echo_host; /* at most 63 bytes */
    uint16_t echo_port, echo_udp_port, closed_port;

    /* Called while something is waited for, so that a stack that is polled
     * can go on. NULL: nothing. */
    void (*idle)(void *ctx);
};

/*
 * Checks all that is given. Returns how many sentences are violated: 0 if the
 * port is as its headers say, as far as can be seen. Blocks for as long as
 * the port's operations take altogether.
 */
PAWL_MUST_USE
unsigned pawl_port_check(const struct pawl_port_check *check);

/* The key store's part of it, for which check->keystore must be there; and so
 * on for the others. */
PAWL_MUST_USE
unsigned pawl_port_check_keystore(const struct pawl_port_check *check);

/* The part of the flash. */
PAWL_MUST_USE
unsigned pawl_port_check_flash(const struct pawl_port_check *check);

/* The part of the clock. */
PAWL_MUST_USE
unsigned pawl_port_check_clock(const struct pawl_port_check *check);

/* The part of the entropy. */
PAWL_MUST_USE
unsigned pawl_port_check_entropy(const struct pawl_port_check *check);

/* The part of the security counter. */
PAWL_MUST_USE
unsigned pawl_port_check_counter(const struct pawl_port_check *check);

/* The part of the transport. */
PAWL_MUST_USE
unsigned pawl_port_check_transport(const struct pawl_port_check *check);

/* Pawl's own verification, for `verify`. PAWL_ERR_SIGNATURE if it is wrong,
 * PAWL_ERR_MALFORMED if point is no point of P-256. */
PAWL_MUST_USE
enum pawl_status
pawl_port_check_verify(void *ctx, const uint8_t point[PAWL_P256_POINT_SIZE],
                       const uint8_t digest[32], const uint8_t signature[64]);

#endif
