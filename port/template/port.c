/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stdalign.h>

/* PAWL_PORT_TODO: who makes it, which devices run the same images, and the
 * device's own number, from where the factory wrote it. */
const struct pawl_product board_product = {
    .vendor_id = {0},
    .class_id = {0},
    .device_id = {0},
    .serial = "template-0",
    .version = "0.0.0",
};

/* Where TLS allocates. pawl_arena_peak() says how much of it was needed. */
static alignas(max_align_t) uint8_t arena[48 * 1024];

const struct pawl_port board_port = {
    .product = &board_product,
    .clock = &board_clock,
    .entropy = &board_entropy,
    .keystore = &board_keystore,
    .transport = &board_transport,
    .reset = &board_reset,
    .slots = board_slots,
    .slot_count = BOARD_SLOTS,
    .journal = &board_journal,
    .store = &board_store,
    .counter = &board_counter,
    .arena = arena,
    .arena_size = sizeof arena,
};

void board_sleep_until(const struct pawl_wait *wait)
{
    (void)wait; /* PAWL_PORT_TODO: wait for an interrupt, or the deadline */
}

void board_enter(const struct pawl_boot_choice *choice)
{
    (void)choice; /* PAWL_PORT_TODO: check entry and stack against the slot,
                   * hand choice->set and choice->measurement over in RAM, set
                   * VTOR, load the stack pointer, jump */
}

void board_recovery(enum pawl_status status)
{
    (void)status; /* PAWL_PORT_TODO: a recovery image, or wait with the
                   * watchdog fed and select again */
}
