/* SPDX-License-Identifier: Apache-2.0 */
#include "../update/bench_update.h"
#include "board.h"

#include <stdlib.h>

/*
 * Counts the instructions of a start of a device at rest, and measures the
 * stack of a whole update, on the target; prints "name number" lines. Exits 0
 * if all went well.
 */

#define SMALL (4u * 1024u)
#define LARGE BENCH_SLOT_SIZE

static const struct bench_timing plain = {.sector = 4096, .unit = 8};
static struct fake_release first, second;
static volatile uint32_t outside_ticks;
static uint32_t outside_begin;

void bench_failed(const char *what)
{
    board_print(what, 0);
    board_exit(1);
}

void bench_outside_begin(void)
{
    outside_begin = board_ticks();
}

void bench_outside_end(void)
{
    outside_ticks = outside_ticks + (board_ticks() - outside_begin);
}

static uint32_t instructions(uint32_t ticks)
{
    return (
        uint32_t)(((uint64_t)ticks * BOARD_TICK_NS + BOARD_INSTRUCTION_NS / 2) /
                  BOARD_INSTRUCTION_NS);
}

/* A start of a device at rest, whose image has so many bytes. */
static void count_boot(uint32_t size, const char *name)
{
    struct bench_device *d = &bench_device;

    bench_release(&first, 1, 1024);
    bench_device_open(&plain, 16u * 1024u, &first);
    bench_release(&second, 2, size);
    if (!bench_device_download(&second) || !bench_device_finish()) {
        bench_failed("update");
    }
    outside_ticks = 0;
    uint32_t begin = board_ticks();
    enum pawl_status status =
        pawl_boot_select(&d->boot, &d->boot_config, &d->choice);
    uint32_t end = board_ticks();
    if (status != PAWL_OK || d->choice.reason != PAWL_BOOT_CONFIRMED) {
        bench_failed("boot");
    }
    board_print(name, instructions(end - begin - outside_ticks));
}

/* The stack of a whole update of so many bytes, the test's frames included. */
static void measure_stack(uint32_t size, const char *name)
{
    bench_release(&first, 1, 1024);
    bench_device_open(&plain, 16u * 1024u, &first);
    bench_release(&second, 2, size);
    board_stack_paint();
    uintptr_t before = board_stack_pointer();
    if (!bench_device_download(&second) || !bench_device_finish()) {
        bench_failed("update");
    }
    board_print(name, (uint32_t)(before - board_stack_lowest()));
}

int main(void)
{
    board_clock_start();
    count_boot(SMALL, "boot_small");
    count_boot(LARGE, "boot_large");
    board_print("boot_small_size", SMALL);
    board_print("boot_large_size", LARGE);
    measure_stack(64u * 1024u, "stack_64k");
    measure_stack(LARGE, "stack_256k");
    board_print("update_size", sizeof(struct pawl_update));
    board_print("boot_size", sizeof(struct pawl_boot));
    return 0;
}
