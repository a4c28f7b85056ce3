/* SPDX-License-Identifier: Apache-2.0 */

/* A boot loader: it links pawl::boot and nothing else of pawl. */

#include "board.h"

int main(void)
{
    static struct pawl_boot boot;
    struct pawl_boot_choice choice;
    const struct pawl_boot_config config = {
        .product = &board_product,
        .slots = board_slots,
        .slot_count = BOARD_SLOTS,
        .journal = &board_journal,
        .counter = &board_counter,
        .trust = &board_store,
        .reset_cause = board_reset.cause(board_reset.ctx),
        .feed_watchdog = board_reset.feed_watchdog,
        .ctx = board_reset.ctx,
    };

    enum pawl_status status = pawl_boot_select(&boot, &config, &choice);
    if (status == PAWL_OK) {
        board_enter(&choice);
    } else {
        board_recovery(status);
    }
    return -(int)status; /* on a board neither came back */
}
