/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_PORT_H
#define PAWL_PORT_PORT_H

#include <pawl/bytes.h>
#include <pawl/port/boot.h>
#include <pawl/port/clock.h>
#include <pawl/port/counter.h>
#include <pawl/port/entropy.h>
#include <pawl/port/flash.h>
#include <pawl/port/keystore.h>
#include <pawl/port/lock.h>
#include <pawl/port/log.h>
#include <pawl/port/reset.h>
#include <pawl/port/transport.h>

/* What kind of device this is: the words of RFC 9124, 3.3 and 3.4. */
struct pawl_product {
    uint8_t vendor_id[16]; /* UUID of who made it */
    uint8_t class_id[16];  /* UUID of the devices that run the same images */
    uint8_t device_id[16]; /* UUID of this one device; zeros: it has none */
    const char *serial;    /* serial number: 1 to 64 of A-Z a-z 0-9 . - */
    const char *version;   /* of the running firmware, for the inventory */

    /* Signatures that the boot loader verifies (enum pawl_key_family, or-ed;
     * 0: all). A trust document without a signer of these is refused. */
    uint32_t boot_algorithms;
};

/*
 * Everything that a vendor supplies, in one place. Pointers marked optional
 * may be NULL; without a required one the call that needs it answers
 * PAWL_ERR_ARGUMENT. All of it stays valid as long as pawl is in use.
 */
struct pawl_port {
    const struct pawl_product *product;
    const struct pawl_clock *clock;
    const struct pawl_entropy *entropy;
    const struct pawl_keystore *keystore;
    const struct pawl_transport *transport; /* optional: no network */
    const struct pawl_reset *reset;

    const struct pawl_slot *slots;
    size_t slot_count;
    const struct pawl_flash *journal; /* of update and boot */
    const struct pawl_store *store;   /* of identity and trust */
    const struct pawl_counter *counter;

    const struct pawl_boot_backend *boot; /* optional: pawl's own selector */
    /* Required where the boot loader has a protected_trust; else NULL. */
    const struct pawl_loader_trust *loader_trust;
    const struct pawl_lock *lock; /* optional: one thread */
    const struct pawl_log *log;   /* optional */

    /* Where TLS and the cryptography allocate, and nowhere else. 48 KiB hold
     * two sessions; aligned for any object. */
    void *arena;
    size_t arena_size; /* bytes */
};

#endif
