/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MPS2_BOARD_H
#define PAWL_MPS2_BOARD_H

/* Addresses and interrupts, as QEMU 7.2 has them in hw/arm/mps2.c and
 * mps2-tz.c. The M33 runs in its secure state throughout. */

#include <stdbool.h>
#include <stdint.h>

#if defined(__ARM_ARCH_8M_MAIN__)
#define BOARD_UART_BASE 0x50200000u
#define BOARD_TIMER0 0x50000000u
#define BOARD_TIMER0_IRQ 3u
#define BOARD_UART1_RX_IRQ 34u
#define BOARD_FLASH 0x80000000u
#else
#define BOARD_UART_BASE 0x40004000u
#define BOARD_TIMER0 0x40000000u
#define BOARD_TIMER0_IRQ 8u
#define BOARD_UART1_RX_IRQ 2u
#define BOARD_FLASH 0x21000000u
#endif
#define BOARD_IRQS 48u

/* CMSDK UART (ARM DDI 0479, 4.3). */
struct board_uart {
    volatile uint32_t data, state, control, interrupt, divider;
};
#define BOARD_UART(n)                                                          \
    ((struct board_uart *)(uintptr_t)(BOARD_UART_BASE + (n)*0x1000u))
#define UART_TX_FULL 1u
#define UART_RX_FULL 2u
#define UART_ENABLE 3u /* receiver and transmitter */
#define UART_RX_INTERRUPT 8u
#define UART_INTERRUPT_RX 2u

/* CMSDK timer (ARM DDI 0479, 4.1): counts down. */
struct board_timer {
    volatile uint32_t control, value, reload, interrupt;
};
#define BOARD_TIMER ((struct board_timer *)(uintptr_t)BOARD_TIMER0)
#define TIMER_ENABLE 1u
#define TIMER_INTERRUPT 8u

/* The core's own. */
#define BOARD_VTOR (*(volatile uint32_t *)0xE000ED08u)
#define BOARD_NVIC_ENABLE ((volatile uint32_t *)0xE000E100u)
#define BOARD_NVIC_DISABLE ((volatile uint32_t *)0xE000E180u)
#define BOARD_NVIC_CLEAR ((volatile uint32_t *)0xE000E280u)

static inline void board_irq_enable(uint32_t irq)
{
    BOARD_NVIC_ENABLE[irq / 32] = 1u << irq % 32;
}
static inline void board_irq_off(void)
{
    __asm volatile("cpsid i" ::: "memory");
}
static inline void board_irq_on(void)
{
    __asm volatile("cpsie i" ::: "memory");
}

/* The handlers of start.c's vector table. */
void mps2_clock_interrupt(void);
void mps2_link_interrupt(void);

/* link.c: whether something arrived since the last look. */
bool mps2_link_take_event(void);

#endif
