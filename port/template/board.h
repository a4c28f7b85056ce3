/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEMPLATE_BOARD_H
#define PAWL_TEMPLATE_BOARD_H

/*
 * A port to be copied: every gap is marked PAWL_PORT_TODO, says what goes
 * there, and until then answers PAWL_ERR_UNSUPPORTED. It builds as it is. The
 * sentences that a function must keep stand in the header of its table,
 * <pawl/port/...>; pawl_port_check() on the board says which of them it does
 * not. doc/PORTING.md is the way through.
 */

#include <pawl/boot.h>
#include <pawl/port/port.h>
#include <pawl/wait.h>

/* The tables, one file each. */
extern const struct pawl_clock board_clock;
extern const struct pawl_entropy board_entropy;
extern const struct pawl_counter board_counter;
extern const struct pawl_keystore board_keystore;
extern const struct pawl_transport board_transport;
extern const struct pawl_reset board_reset;

/* Flash: two slots of one component, journal, and store (flash.c). */
#define BOARD_SLOTS 2
extern const struct pawl_slot board_slots[BOARD_SLOTS];
extern const struct pawl_flash board_journal;
extern const struct pawl_store board_store;

/* Who this device is (port.c). */
extern const struct pawl_product board_product;

/* All of it, for the application (port.c). */
extern const struct pawl_port board_port;

/* Sleeps until what wait names has happened: a connection is ready, or the
 * deadline has come (port.c). Returning early is harmless. */
void board_sleep_until(const struct pawl_wait *wait);

/* Where the loader hands over (port.c). Neither returns on a board. */
void board_enter(const struct pawl_boot_choice *choice);
void board_recovery(enum pawl_status status);

#endif
