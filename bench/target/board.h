/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BENCH_BOARD_H
#define PAWL_BENCH_BOARD_H

/* QEMU's mps2-an385 as far as a benchmark needs it. */

#include <stdint.h>

/*
 * Ticks of 40 ns since clock_start(), of CMSDK TIMER0 (ARM DDI 0479, 4.1)
 * which counts down. Under `-icount shift=6` an instruction takes 64 ns.
 */
void board_clock_start(void);
static inline uint32_t board_ticks(void)
{
    return UINT32_MAX - *(volatile const uint32_t *)0x40000004u;
}
#define BOARD_TICK_NS 40u
#define BOARD_INSTRUCTION_NS 64u

/* Paints the stack below the caller. */
void board_stack_paint(void);
/* The lowest address that was written since. */
uintptr_t board_stack_lowest(void);

static inline uintptr_t board_stack_pointer(void)
{
    uintptr_t sp;
    __asm volatile("mov %0, sp" : "=r"(sp));
    return sp;
}

/* Prints "name number" and a line end. */
void board_print(const char *name, uint32_t number);

/* Ends QEMU; its exit code is code. */
_Noreturn void board_exit(int code);

#endif
