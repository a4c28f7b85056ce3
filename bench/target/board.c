/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <string.h>

#define PAINT 0xA5A5A5A5u
#define PAINT_MARGIN 64u /* bytes below the caller that are in use */

/* Semihosting (ARM IHI 0203). */
#define SYS_WRITE0 0x04
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026u

/* CMSDK TIMER0: control, value, reload. */
#define TIMER0 ((volatile uint32_t *)0x40000000u)

extern uint32_t data_load[], data_begin[], data_end[];
extern uint32_t bss_begin[], bss_end[];
extern uint32_t stack_low[], stack_top[];

int main(void);

static uint32_t semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;

    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_exit(int code)
{
    uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)code};

    (void)semihosting(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void board_print(const char *name, uint32_t number)
{
    char line[64];
    char digits[11];
    size_t len = strlen(name);
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    if (len > sizeof line - sizeof digits - 2) {
        board_exit(3);
    }
    memcpy(line, name, len);
    line[len++] = ' ';
    memcpy(line + len, digits + at, sizeof digits - 1 - at);
    len += sizeof digits - 1 - at;
    memcpy(line + len, "\n", 2);
    (void)semihosting(SYS_WRITE0, line);
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
    volatile uint32_t *end =
        (volatile uint32_t *)(board_stack_pointer() - PAINT_MARGIN);

    for (volatile uint32_t *at = stack_low; at < end; at++) {
        *at = PAINT;
    }
}

uintptr_t board_stack_lowest(void)
{
    const volatile uint32_t *at = stack_low;

    while (at < stack_top && *at == PAINT) {
        at++;
    }
    return (uintptr_t)at;
}

static void fault(void)
{
    board_exit(99);
}

_Noreturn void reset(void);
_Noreturn void reset(void)
{
    memcpy(data_begin, data_load,
           (size_t)((char *)data_end - (char *)data_begin));
    memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
    board_exit(main());
}

union vector {
    void *stack;
    void (*handler)(void);
};

__attribute__((section(".vectors"),
               used)) static const union vector vectors[16] = {
    {.stack = stack_top}, {.handler = reset}, {.handler = fault},
    {.handler = fault},   {.handler = fault}, {.handler = fault},
    {.handler = fault},
};
