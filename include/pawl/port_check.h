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

#include <pawl/port/keystore.h>

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
};

/*
 * Checks all that is given. Returns how many sentences are violated: 0 if the
 * port is as its headers say, as far as can be seen. Blocks for as long as
 * the port's operations take altogether.
 */
PAWL_MUST_USE
unsigned pawl_port_check(const struct pawl_port_check *check);

/* The key store's part of it. */
PAWL_MUST_USE
unsigned pawl_port_check_keystore(const struct pawl_port_check *check);

/* Pawl's own verification, for `verify`. PAWL_ERR_SIGNATURE if it is wrong,
 * PAWL_ERR_MALFORMED if point is no point of P-256. */
PAWL_MUST_USE
enum pawl_status
pawl_port_check_verify(void *ctx, const uint8_t point[PAWL_P256_POINT_SIZE],
                       const uint8_t digest[32], const uint8_t signature[64]);

#endif
