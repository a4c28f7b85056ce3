/* SPDX-License-Identifier: Apache-2.0 */

/* TIMER0 at 25 MHz interrupts every 10 ms: it counts, and it wakes from WFI.
 * What is between two ticks is read from the counter. */

#include "board.h"
#include "mps2.h"

#define TICKS_PER_MS (25000000u / 1000u)
#define RELOAD (TICKS_PER_MS * MPS2_TICK_MS - 1)

static struct {
    volatile uint64_t periods;
    uint64_t last_ms;
} state;

void mps2_clock_interrupt(void)
{
    BOARD_TIMER->interrupt = 1;
    state.periods = state.periods + 1;
    mps2_stack_check();
    mps2_watchdog_tick();
}

void mps2_clock_start(void)
{
    BOARD_TIMER->control = 0;
    BOARD_TIMER->reload = RELOAD;
    BOARD_TIMER->value = RELOAD;
    BOARD_TIMER->control = TIMER_ENABLE | TIMER_INTERRUPT;
    board_irq_enable(BOARD_TIMER0_IRQ);
}

uint64_t mps2_ticks(void)
{
    board_irq_off();
    uint64_t periods = state.periods;
    board_irq_on();
    return periods;
}

/* Between the wrap of the counter and its interrupt the sum would fall back:
 * then the answer of before is given once more. */
uint64_t mps2_now_ms(void)
{
    board_irq_off();
    uint64_t periods = state.periods;
    uint32_t value = BOARD_TIMER->value;
    if (BOARD_TIMER->interrupt != 0) { /* wrapped, not counted yet */
        value = BOARD_TIMER->value;
        periods++;
    }
    uint64_t now =
        periods * MPS2_TICK_MS + (RELOAD - (value & UINT32_MAX)) / TICKS_PER_MS;
    if (now < state.last_ms) {
        now = state.last_ms;
    }
    state.last_ms = now;
    board_irq_on();
    return now;
}

static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return mps2_now_ms();
}

static enum pawl_status wall_s(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = mps2_host_time();
    return PAWL_OK;
}

struct pawl_clock mps2_clock(int64_t build_s)
{
    return (struct pawl_clock){
        .monotonic_ms = monotonic_ms, .wall_s = wall_s, .build_s = build_s};
}

/* wolfSSL asks for these by name (USER_TICKS), to date session tickets. */
uint32_t LowResTimer(void);
uint32_t LowResTimer(void)
{
    return (uint32_t)(mps2_now_ms() / 1000);
}

uint32_t TimeNowInMilliseconds(void);
uint32_t TimeNowInMilliseconds(void)
{
    return (uint32_t)mps2_now_ms();
}
