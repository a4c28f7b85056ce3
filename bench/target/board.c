/* SPDX-License-Identifier: Apache-2.0 */

/* What a benchmark adds to port/mps2: TIMER0 as a counter of 32 bits that is
 * never interrupted, and lines of a name and a number. */
#include "board.h"

#include <mps2.h>

/* CMSDK TIMER0: control, value, reload. */
#define TIMER0 ((volatile uint32_t *)0x40000000u)

extern uint32_t stack_low[]; /* mps2.ld */

void board_exit(int code)
{
    mps2_exit(code);
}

void board_print(const char *name, uint32_t number)
{
    mps2_print(name);
    mps2_print(" ");
    mps2_print_number(number);
    mps2_print("\n");
}

void board_clock_start(void)
{
    TIMER0[0] = 0;
    TIMER0[2] = UINT32_MAX;
    TIMER0[1] = UINT32_MAX;
    TIMER0[0] = 1;
}

void board_stack_paint(void)
{
    mps2_stack_paint();
}

uintptr_t board_stack_lowest(void)
{
    return (uintptr_t)stack_low + mps2_stack_free();
}
