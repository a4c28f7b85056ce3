/* SPDX-License-Identifier: Apache-2.0 */

/* Checks the port on the board: run it, reset the board, run it again. It
 * destroys what is in slot B, and the keys of both LDevIDs. */

#include "board.h"

#include <pawl/pawl.h>
#include <pawl/port_check.h>

/* PAWL_PORT_TODO: print them: header, sentence, what was found instead. */
static void report(void *ctx, const struct pawl_check_result *result)
{
    (void)ctx;
    (void)result;
}

int main(void)
{
    const struct pawl_port_check check = {
        .report = report,
        .clock = &board_clock,
        .entropy = &board_entropy,
        .flash = board_slots[1].image,
        .after_reset =
            board_reset.cause(board_reset.ctx) == PAWL_RESET_SOFTWARE,
        .counter = &board_counter,
        .counter_may_rise = false, /* PAWL_PORT_TODO: true costs a fuse */
        .keystore = &board_keystore,
        .transport = &board_transport,
        .echo_host = "192.0.2.1", /* PAWL_PORT_TODO: test/port_check/echo.py */
        .echo_port = 7,
    };

    return pawl_port_check(&check) == 0 ? 0 : 1; /* PAWL_PORT_TODO: a lamp */
}
