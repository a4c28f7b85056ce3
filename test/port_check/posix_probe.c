/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs the whole check on the port of a host, in a folder that is given, with
 * a peer that echoes: posix_probe DIR HOST TCP UDP CLOSED. Prints a line for
 * each sentence. Run it twice: the second time it finds what the first left.
 * Exit: 0 nothing is violated, 1 something is, 2 usage, 3 no port.
 */
#include <fcntl.h>
#include <pawl/port_check.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct pawl_posix_geometry geometry = {
    .size = 16384,
    .erase_size = 4096,
    .program_size = 8,
    .erased_value = 0xFF,
    .overprogram = true,
};

static struct {
    struct pawl_posix_flash flash;
    struct pawl_posix_clock clock;
    struct pawl_posix_counter counter;
    struct pawl_posix_transport transport;
} board;

static void report(void *ctx, const struct pawl_check_result *result)
{
    static const char *const words[] = {"passed", "skipped", "VIOLATED"};

    (void)ctx;
    (void)printf("%-24s %-9s %s\n", result->name, words[result->outcome],
                 result->found);
    if (result->outcome == PAWL_CHECK_VIOLATED) {
        (void)printf("    %s: \"%s\" (%s)\n", result->header, result->sentence,
                     pawl_status_name(result->status));
    }
}

/* Sleeps until a connection is ready, as a device's main loop does. */
static void idle(void *ctx)
{
    struct pawl_wait wait = {.events = PAWL_WAIT_READABLE | PAWL_WAIT_DEADLINE,
                             .deadline_ms = 0};

    (void)ctx;
    wait.deadline_ms =
        board.clock.clock.monotonic_ms(board.clock.clock.ctx) + 5;
    pawl_posix_transport_sleep(&board.transport, &wait);
}

/* Makes what is not there yet. True: the folder was used before. */
static bool prepare(int dir, bool *used)
{
    *used = faccessat(dir, "flash", F_OK, 0) == 0;
    if (!*used &&
        (pawl_posix_flash_create(dir, "flash", &geometry) != PAWL_OK ||
         pawl_posix_counter_create(dir, "counter") != PAWL_OK)) {
        return false;
    }
    pawl_posix_clock_init(&board.clock);
    pawl_posix_counter_init(&board.counter, dir, "counter", 100);
    pawl_posix_transport_init(&board.transport);
    return pawl_posix_flash_open(&board.flash, dir, "flash", &geometry,
                                 PAWL_POSIX_WRITE) == PAWL_OK;
}

static uint16_t port_of(const char *word)
{
    return (uint16_t)strtoul(word, NULL, 10);
}

int main(int count, char **words)
{
    bool used = false;

    if (count != 6) {
        (void)fputs("usage: posix_probe DIR HOST TCP UDP CLOSED\n", stderr);
        return 2;
    }
    int dir = open(words[1], O_RDONLY | O_DIRECTORY);
    if (dir < 0 || !prepare(dir, &used)) {
        (void)fputs("posix_probe: no port in that folder\n", stderr);
        return 3;
    }
    const struct pawl_port_check check = {
        .report = report,
        .flash = &board.flash.flash,
        .after_reset = used,
        .clock = &board.clock.clock,
        .entropy = &pawl_posix_entropy,
        .counter = &board.counter.counter,
        .counter_may_rise = true,
        .transport = &board.transport.transport,
        .echo_host = words[2],
        .echo_port = port_of(words[3]),
        .echo_udp_port = port_of(words[4]),
        .closed_port = port_of(words[5]),
        .idle = idle,
    };
    unsigned violated = pawl_port_check(&check);
    (void)printf("%u sentences are violated\n", violated);
    pawl_posix_transport_finish(&board.transport);
    pawl_posix_flash_close(&board.flash);
    (void)close(dir);
    return violated == 0 ? 0 : 1;
}
