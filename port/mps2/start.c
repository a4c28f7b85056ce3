/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From the reset vector to main(), and faults.
 *
 * The stack is the lowest of the RAM (mps2.ld): what overflows it meets the
 * guard, and then addresses without memory. The guard is looked at by each
 * tick of the clock and by the fault handler, which has a stack of its own.
 */

#include "board.h"
#include "mps2.h"

#include <string.h>

#define PAINT 0xA5A5A5A5u
#define GUARD_WORDS 16u
#define MARGIN 64u /* bytes below the caller that are in use */

extern uint32_t data_load[], data_begin[], data_end[];
extern uint32_t bss_begin[], bss_end[];
extern uint32_t stack_low[], stack_top[], fault_stack_top[];

int main(int argc, char **argv);

static uintptr_t stack_pointer(void)
{
    uintptr_t sp;
    __asm volatile("mov %0, sp" : "=r"(sp));
    return sp;
}

void mps2_stack_paint(void)
{
    volatile uint32_t *end = (volatile uint32_t *)(stack_pointer() - MARGIN);

    for (volatile uint32_t *at = stack_low; at < end; at++) {
        *at = PAINT;
    }
}

size_t mps2_stack_free(void)
{
    const volatile uint32_t *at = stack_low;

    while (at < stack_top && *at == PAINT) {
        at++;
    }
    return (size_t)((uintptr_t)at - (uintptr_t)stack_low);
}

size_t mps2_stack_size(void)
{
    return (size_t)((uintptr_t)stack_top - (uintptr_t)stack_low);
}

static bool guard_is_whole(void)
{
    const volatile uint32_t *guard = stack_low;

    for (unsigned i = 0; i < GUARD_WORDS; i++) {
        if (guard[i] != PAINT) {
            return false;
        }
    }
    return true;
}

void mps2_stack_check(void)
{
    if (!guard_is_whole()) {
        mps2_print("mps2: stack overflow: the guard is gone\n");
        mps2_exit(MPS2_EXIT_STACK);
    }
}

_Noreturn void mps2_halt(const char *why)
{
    mps2_print("mps2: ");
    mps2_print(why);
    mps2_print("\n");
    mps2_exit(MPS2_EXIT_FAULT);
}

/* In place of the C library's, which wants signals and a heap. */
_Noreturn void abort(void);
_Noreturn void abort(void)
{
    mps2_halt("abort");
}

__attribute__((used)) static void fault(void)
{
    mps2_stack_check();
    mps2_halt("fault");
}

__attribute__((naked)) static void fault_entry(void)
{
    __asm volatile("ldr r0, =fault_stack_top\n"
                   "mov sp, r0\n"
                   "b fault\n");
}

__attribute__((used)) static void begin(void)
{
    memcpy(data_begin, data_load,
           (size_t)((char *)data_end - (char *)data_begin));
    memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
    mps2_stack_paint();
    mps2_flash_start();
    int code = main(0, NULL);
    mps2_stack_check();
    mps2_exit(code);
}

/* A boot loader may have handed over with its own stack and vectors. */
_Noreturn void reset(void);
__attribute__((naked)) _Noreturn void reset(void)
{
    __asm volatile("cpsid i\n"
                   "ldr r0, =vectors\n"
                   "ldr r1, =0xE000ED08\n" /* VTOR */
                   "str r0, [r1]\n"
                   "ldr r0, =stack_top\n"
                   "mov sp, r0\n"
                   "cpsie i\n"
                   "b begin\n");
}

/* Weak references: what does not use the clock or the modem does not link
 * them, and enables no such interrupt. */
#pragma weak mps2_clock_interrupt
#pragma weak mps2_link_interrupt

union vector {
    void *stack;
    void (*handler)(void);
};

extern const union vector vectors[16 + BOARD_IRQS];
__attribute__((section(".vectors"), used))
const union vector vectors[16 + BOARD_IRQS] = {
    {.stack = stack_top},
    {.handler = reset},
    {.handler = fault_entry}, /* NMI */
    {.handler = fault_entry}, /* hard fault */
    {.handler = fault_entry}, /* memory management */
    {.handler = fault_entry}, /* bus */
    {.handler = fault_entry}, /* usage */
    {.handler = fault_entry}, /* secure */
    [11] = {.handler = fault_entry},
    [12] = {.handler = fault_entry},
    [14] = {.handler = fault_entry},
    [15] = {.handler = fault_entry},
    [16 + BOARD_TIMER0_IRQ] = {.handler = mps2_clock_interrupt},
    [16 + BOARD_UART1_RX_IRQ] = {.handler = mps2_link_interrupt},
};
