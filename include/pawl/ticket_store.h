/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TICKET_STORE_H
#define PAWL_TICKET_STORE_H

/*
 * One ticket in flash, sealed by the key store, so that a device that was
 * reset goes on from the session before. Of use where the clock knows the time
 * after a reset and the key store seals; elsewhere nothing is ever written.
 *
 * The region is its own and nobody else's: at least PAWL_TICKET_PLACE bytes
 * and an erase block. It is divided into places of whole erase blocks, which
 * are written in turn, so that with p places no block is erased more often
 * than once in p times every_s by the device's clock. The default of 12 hours
 * is 730 erases a year for a region of one place.
 *
 * A ticket is used once: before it is handed out, the place is marked, for
 * which no erase is needed. What is damaged, torn by a power cut or sealed by
 * another key store is no ticket: the handshake is a full one, and nothing
 * fails. doc/SPEC.md, "Sealed tickets".
 */

#include <pawl/port/flash.h>
#include <pawl/ticket.h>

/* Bytes that a place needs, rounded up to erase blocks, where flash is
 * programmed by units of 64 bytes or less; 3,072 where by 512. */
#define PAWL_TICKET_PLACE 1728

struct pawl_ticket_store_calls;

/* Of the caller, who opens it; fields are private. */
struct pawl_ticket_store {
    const struct pawl_flash *flash;
    const struct pawl_keystore *keystore;
    const struct pawl_ticket_store_calls *calls; /* NULL: not open */
    uint32_t every_s;
    uint32_t place_size, places;
    uint32_t place; /* that was written last */
    uint32_t number;
    uint32_t len;   /* of what is sealed there */
    int64_t kept_s; /* when; -1: never */
    uint32_t crc;   /* of the ticket that was kept last; 0: of none */
    bool fresh;     /* the place holds one that nobody has taken */
};

/*
 * Looks for what is there. To be called before pawl_agent_open(), whose
 * config then names the store.
 *
 * flash    and keystore: retained
 * every_s  seconds between two writes at least; 0: 43,200
 *
 * Returns PAWL_OK
 *         PAWL_ERR_UNSUPPORTED  the key store does not seal, or the region is
 *                               too small
 * After an error the store is not open: keep() and take() then do nothing, and
 * an agent that is given it does without.
 */
PAWL_MUST_USE
enum pawl_status pawl_ticket_store_open(struct pawl_ticket_store *store,
                                        const struct pawl_flash *flash,
                                        const struct pawl_keystore *keystore,
                                        uint32_t every_s);

/*
 * Before a session that is given the ticket: takes what is in flash out, if
 * *ticket holds none. Whatever is in flash is not taken again.
 *
 * Returns PAWL_OK  *ticket holds one, from here or from before
 *         PAWL_ERR_NOT_FOUND, or why not: *ticket holds none, which is no
 *         reason not to open a session
 * Blocks for one program and one operation of the key store.
 */
enum pawl_status pawl_ticket_store_take(struct pawl_ticket_store *store,
                                        struct pawl_ticket *ticket);

/*
 * Seals a ticket into flash, if it is not there yet and every_s are over.
 *
 * now_s  seconds since 1970, known; a clock that was set back delays the next
 *        write until it is where it was
 *
 * Returns PAWL_OK             it is there
 *         PAWL_ERR_STATE      it is not time yet
 *         PAWL_ERR_NOT_FOUND  *ticket holds none
 *         PAWL_ERR_KEYSTORE, PAWL_ERR_IO; every_s begin anew nevertheless
 * Blocks for one operation of the key store, and erasing and programming one
 * place.
 */
enum pawl_status pawl_ticket_store_keep(struct pawl_ticket_store *store,
                                        const struct pawl_ticket *ticket,
                                        int64_t now_s);

/* Erases the region, for whoever gives the device away. PAWL_ERR_STATE: not
 * open; PAWL_ERR_IO. */
PAWL_MUST_USE
enum pawl_status pawl_ticket_store_wipe(struct pawl_ticket_store *store);

/* How the agent reaches the two: a program that does not open a store does not
 * link them. Private. */
struct pawl_ticket_store_calls {
    enum pawl_status (*take)(struct pawl_ticket_store *store,
                             struct pawl_ticket *ticket);
    enum pawl_status (*keep)(struct pawl_ticket_store *store,
                             const struct pawl_ticket *ticket, int64_t now_s);
};

#endif
