/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_BOOT_H
#define PAWL_PORT_BOOT_H

#include <pawl/status.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Which slot each component runs from: bit c is 0 for slot A and 1 for slot B
 * of component c, in the order in which the slots are listed.
 */
typedef uint8_t pawl_slot_set;

/* What a boot backend knows of the image that runs. */
struct pawl_boot_facts {
    pawl_slot_set running;
    bool trial;    /* it runs on trial and returns unless confirmed */
    bool reverted; /* the last trial was given up by the boot loader */
};

/*
 * Port: what boots the chip, where that is not pawl's own boot loader. It
 * wins on facts (what is running); pawl's journal wins on intent (what was
 * tried, why, how often). Each call is idempotent: pawl repeats it after a
 * reset. Absent (NULL in struct pawl_port): the journal alone decides, read
 * by pawl_boot_select().
 */
struct pawl_boot_backend {
    void *ctx; /* handed back untouched as the first argument */

    /* Says what runs; at once, for PAWL_PENDING counts as a failure.
     * Required. */
    enum pawl_status (*query)(void *ctx, struct pawl_boot_facts *facts);

    /* Makes the next reset start set, on trial; the running set: takes back
     * what was asked for. Required. */
    enum pawl_status (*select)(void *ctx, pawl_slot_set set);

    /* Makes the running set the one that stays. Required. */
    enum pawl_status (*confirm)(void *ctx);
};

/*
 * Port: the trust document that the boot loader keeps for itself, where it has
 * the protected_trust of <pawl/boot.h>. At each start the loader takes over
 * one successor, the one that it finds in the store of identity and trust. A
 * rotation therefore waits until the loader has the document before it: the
 * one in between would be gone. Absent (NULL in struct pawl_port): the loader
 * has no document of its own, and rotations need no reset.
 */
struct pawl_loader_trust {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Sets *version to that of the loader's document: what pawl_boot_select()
     * left in measurement.trust_version at this start, handed over by the
     * loader; or what pawl_trust_stored_version() finds in protected_trust,
     * where the application may read it. 0: the loader could not read any. On
     * an error the rotation is refused. Does not block. Required.
     */
    enum pawl_status (*version)(void *ctx, uint64_t *version);
};

#endif
