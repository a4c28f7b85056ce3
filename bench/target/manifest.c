/* SPDX-License-Identifier: Apache-2.0 */
#include "../manifest/bench_manifest.h"
#include "board.h"

/*
 * Counts the examples' instructions and measures their stack, on the target;
 * prints "name number" lines. Exits 0 if both were accepted.
 */

static volatile uint32_t crypto_ticks;
static uint32_t crypto_begin;

void bench_crypto_begin(void)
{
    crypto_begin = board_ticks();
}

void bench_crypto_end(void)
{
    crypto_ticks = crypto_ticks + (board_ticks() - crypto_begin);
}

static uint32_t instructions(uint32_t ticks)
{
    return (ticks * BOARD_TICK_NS + BOARD_INSTRUCTION_NS / 2) /
           BOARD_INSTRUCTION_NS;
}

/* The instructions between two looks at the clock that measure nothing. */
static uint32_t clock_cost(void)
{
    uint32_t begin = board_ticks();
    uint32_t end = board_ticks();

    return end - begin;
}

static bool count(unsigned example, const char *name)
{
    bench_prepare(example);
    crypto_ticks = 0;
    uint32_t begin = board_ticks();
    enum pawl_status status = bench_run();
    uint32_t end = board_ticks();

    board_print(name, instructions(end - begin - clock_cost() - crypto_ticks));
    return status == PAWL_OK && bench_ran_as_expected();
}

static bool measure_stack(unsigned example, const char *name)
{
    bench_prepare(example);
    board_stack_paint();
    uintptr_t before = board_stack_pointer();
    enum pawl_status status = bench_run();

    board_print(name, (uint32_t)(before - board_stack_lowest()));
    return status == PAWL_OK && bench_ran_as_expected();
}

int main(void)
{
    board_clock_start();
    if (!count(0, "instructions_0") || !count(1, "instructions_1") ||
        !measure_stack(0, "stack_0") || !measure_stack(1, "stack_1")) {
        return 1;
    }
    board_print("manifest_size", bench_manifest_size());
    board_print("process_size", bench_process_size());
    return 0;
}
