/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * host: counts what updates do to flash, and how long they take by a
 * simulated clock. Prints "name number" lines.
 */

#define SIZE BENCH_SLOT_SIZE
#define JOURNAL_SIZE (16u * 1024u)
#define UPDATES 64u
#define WINDOW 4096u /* bytes that the link may be ahead */
#define PACKET 256u  /* bytes that arrive at once */

static struct fake_release releases[2];

void bench_outside_begin(void)
{
}

void bench_outside_end(void)
{
}

void bench_failed(const char *what)
{
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

static void check(bool good, const char *what)
{
    if (!good) {
        bench_failed(what);
    }
}

static void print(const char *name, double number)
{
    printf("%s %.6g\n", name, number);
}

/* ---- what is written ---- */

static uint32_t worst(const struct bench_flash *flash)
{
    uint32_t most = 0;
    for (unsigned i = 0; i < BENCH_SECTORS; i++) {
        most = flash->erases[i] > most ? flash->erases[i] : most;
    }
    return most;
}

static void forget(struct bench_flash *flash)
{
    memset(flash->erases, 0, sizeof flash->erases);
    flash->bytes_erased = flash->bytes_programmed = flash->bytes_read = 0;
    flash->busy_ns = 0;
}

static void forget_all(void)
{
    struct bench_device *d = &bench_device;
    for (unsigned i = 0; i < 2; i++) {
        forget(&d->image[i]);
        forget(&d->area[i]);
    }
    forget(&d->journal);
}

static void update_once(uint64_t sequence)
{
    struct fake_release *release = &releases[sequence % 2];
    bench_release(release, sequence, SIZE);
    check(bench_device_download(release), "download");
    check(bench_device_finish(), "update");
}

static const struct bench_timing plain = {.sector = 4096, .unit = 8};

static void count_one(void)
{
    const struct bench_device *d = &bench_device;

    bench_release(&releases[1], 1, SIZE);
    bench_device_open(&plain, JOURNAL_SIZE, &releases[1]);
    forget_all();
    update_once(2);
    print("image_programmed", d->image[1].bytes_programmed);
    print("journal_programmed", d->journal.bytes_programmed);
    print("image_erases", d->image[1].bytes_erased / 4096.0);
    print("image_wear", worst(&d->image[1]));
    print("other_image_touched",
          d->image[0].bytes_erased + d->image[0].bytes_programmed);
}

/* The most erases of one update, and all of them on average. */
static void count_many(void)
{
    const struct bench_device *d = &bench_device;
    uint32_t most = 0;
    uint32_t sum = 0;

    forget_all();
    for (unsigned i = 0; i < UPDATES; i++) {
        uint32_t before = d->journal.bytes_erased;
        update_once(3 + i);
        uint32_t erases = (d->journal.bytes_erased - before) / 4096u;
        most = erases > most ? erases : most;
        sum += erases;
    }
    print("journal_erases_most", most);
    print("journal_erases_mean", (double)sum / UPDATES);
    print("journal_wear", (double)worst(&d->journal) / UPDATES);
}

/* At rest: what a start reads and writes. */
static void count_boot(void)
{
    struct bench_device *d = &bench_device;

    forget_all();
    bench_device_reset();
    check(bench_device_settle(), "steady boot");
    uint32_t written = 0;
    struct bench_flash *all[] = {&d->image[0], &d->image[1], &d->area[0],
                                 &d->area[1], &d->journal};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        written += all[i]->bytes_erased + all[i]->bytes_programmed;
    }
    print("boot_written", written);
    print("boot_image_read",
          (double)(d->image[0].bytes_read + d->image[1].bytes_read) / SIZE);
}

/* ---- how long it takes ---- */

/* The parts of bench/bench.py's table of sources. */
static const struct bench_timing parts[] = {
    {"nrf5340", 4096, 4, 87500000, 43000, false},
    {"nrf52840", 4096, 4, 85000000, 41000, false},
    {"stm32l4", 2048, 8, 22000000, 82000, false},
    {"stm32f4", 131072, 4, 1000000000, 16000, false},
    {"stm32h7", 131072, 32, 1100000000, 200000, false},
    {"w25q128jv", 4096, 256, 45000000, 400000, false},
};
static const struct {
    const char *name;
    uint64_t bits_per_s;
} links[] = {{"nbiot", 20000},
             {"6lowpan", 50000},
             {"ltem", 300000},
             {"ble", 700000},
             {"wifi", 5000000}};

/* A link that sends packets until the window is full. */
struct link {
    uint64_t packet_ns;  /* that one packet takes */
    uint64_t arrives_ns; /* when the one under way is here */
    uint64_t blocked_ns; /* by the flash, as far as the link was followed */
    uint32_t arrived;    /* bytes from the start */
};

static uint64_t flash_time(void)
{
    const struct bench_device *d = &bench_device;
    return d->image[1].busy_ns + d->area[1].busy_ns + d->journal.busy_ns;
}

/* Brings the link up to now; what the window has no room for waits. With a
 * blocking port nothing is received while the processor waits. */
static void follow(struct link *link, uint32_t taken)
{
    uint64_t now = bench_device.now_ns;
    if (bench_device.timing.blocking) {
        link->arrives_ns += flash_time() - link->blocked_ns;
        link->blocked_ns = flash_time();
    }
    while (link->arrived < SIZE && link->arrived - taken < WINDOW &&
           link->arrives_ns <= now) {
        link->arrived += PACKET;
        link->arrives_ns += link->packet_ns;
    }
    if (link->arrived - taken >= WINDOW && link->arrives_ns < now) {
        link->arrives_ns = now + link->packet_ns; /* it stood still */
    }
}

static uint64_t flash_ready(void)
{
    const struct bench_device *d = &bench_device;
    const struct bench_flash *all[] = {&d->image[1], &d->area[1], &d->journal};
    for (size_t i = 0; i < 3; i++) {
        if (all[i]->done_ns > d->now_ns) {
            return all[i]->done_ns;
        }
    }
    return 0;
}

/* Nothing can be done now: on to what comes first. */
static void sleep_until_something(const struct link *link)
{
    struct bench_device *d = &bench_device;
    uint64_t flash = flash_ready();
    uint64_t next = link->arrived < SIZE && link->arrives_ns > d->now_ns
                        ? link->arrives_ns
                        : flash;
    if (flash != 0 && flash < next) {
        next = flash;
    }
    if (next > d->now_ns) {
        d->now_ns = next;
    }
}

static void take(struct link *link, const struct fake_release *release)
{
    struct pawl_update *update = &bench_device.update;
    struct pawl_update_want want;
    static uint8_t block[WINDOW];

    if (pawl_update_wanted(update, &want) != PAWL_OK ||
        want.offset >= link->arrived) {
        return;
    }
    uint32_t n = link->arrived - want.offset;
    fake_release_bytes(release, want.offset, block, n);
    enum pawl_status status =
        pawl_update_write(update, want.offset, (struct pawl_bytes){block, n});
    check(status == PAWL_OK || status == PAWL_PENDING, "write");
}

static void download(struct link *link, const struct fake_release *release)
{
    struct pawl_update *update = &bench_device.update;
    struct pawl_update_want want;
    struct pawl_wait wait;

    check(pawl_update_start(update, fake_release_envelope(release)) ==
              PAWL_PENDING,
          "start");
    link->arrives_ns = link->packet_ns;
    while (pawl_update_wanted(update, &want) != PAWL_ERR_NOT_FOUND) {
        take(link, release);
        check(pawl_update_step(update, &wait) == PAWL_PENDING, "step");
        uint32_t taken = pawl_update_next_offset(update);
        follow(link, taken);
        if (wait.events == 0 || flash_ready() != 0) {
            bool more = link->arrived > taken && flash_ready() == 0;
            if (!more) {
                sleep_until_something(link);
            }
        }
        follow(link, pawl_update_next_offset(update));
    }
    check(pawl_update_finish(update) == PAWL_PENDING, "finish");
    check(bench_device_settle(), "finish");
}

static double ratio(const struct bench_timing *timing, uint64_t bits_per_s,
                    bool blocking)
{
    struct bench_timing part = *timing;
    struct link link = {.packet_ns = PACKET * 8u * 1000000000ull / bits_per_s};
    struct bench_device *d = &bench_device;
    uint32_t journal = part.sector < 16384u ? 2u * 16384u : 2u * part.sector;

    part.blocking = blocking;
    bench_device_open(&part, journal, &releases[0]);
    forget_all();
    d->now_ns = 0;
    download(&link, &releases[1]);
    uint64_t network = SIZE / PACKET * link.packet_ns;
    uint64_t flash = flash_time();
    return (double)d->now_ns / (double)(network > flash ? network : flash);
}

static void time_all(void)
{
    bench_release(&releases[0], 1, 1024);
    bench_release(&releases[1], 2, SIZE);
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        for (size_t l = 0; l < sizeof links / sizeof links[0]; l++) {
            for (int blocking = 0; blocking < 2; blocking++) {
                printf("%s_%s_%s %.4f\n", blocking ? "blocking" : "async",
                       parts[p].part, links[l].name,
                       ratio(&parts[p], links[l].bits_per_s, blocking != 0));
            }
        }
    }
}

int main(void)
{
    count_one();
    count_many();
    count_boot();
    time_all();
    return 0;
}
