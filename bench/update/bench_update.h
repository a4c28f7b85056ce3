/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_BENCH_UPDATE_H
#define PAWL_BENCH_UPDATE_H

/*
 * What is measured of updates and of boot: a device with two slots on flash
 * in memory that counts, and tells a simulated clock how long it takes.
 * Cryptography is replaced; that images verify is tested elsewhere.
 */

#include "fake/fake_release.h"
#include <pawl/boot.h>
#include <pawl/update.h>

#define BENCH_SLOT_SIZE (256u * 1024u)
#define BENCH_SECTORS 128u

/* How long a part takes, in nanoseconds. Zeros: no time. */
struct bench_timing {
    const char *part;
    uint32_t sector, unit; /* bytes */
    uint64_t erase_ns;     /* a sector */
    uint64_t program_ns;   /* a program unit */
    bool blocking;         /* the processor waits */
};

struct bench_flash {
    struct pawl_flash port;
    uint8_t *memory;
    uint64_t done_ns; /* when the operation at hand is done; 0: none */
    uint64_t busy_ns; /* sum of all operations */
    uint32_t erases[BENCH_SECTORS];
    uint32_t bytes_erased, bytes_programmed, bytes_read;
};

struct bench_device {
    struct bench_timing timing;
    uint64_t now_ns;
    struct bench_flash image[2], area[2], journal, store_journal, store_objects;
    struct pawl_slot slots[2];
    struct pawl_store store;
    struct pawl_product product;
    struct pawl_counter counter;
    uint32_t counter_value;
    struct pawl_clock clock;
    struct pawl_port port;
    struct pawl_trust trust;
    struct pawl_update_config config;
    struct pawl_update update;
    struct pawl_boot_config boot_config;
    struct pawl_boot_choice choice;
    struct pawl_boot boot;
};

extern struct bench_device bench_device;

/* A device with release in slot A. journal_size: bytes. Ends on a failure. */
void bench_device_open(const struct bench_timing *timing, uint32_t journal_size,
                       const struct fake_release *release);

/* A release of size bytes. */
void bench_release(struct fake_release *release, uint64_t sequence,
                   uint32_t size);

/* Resets the device: the loader chooses, the engine opens. */
void bench_device_reset(void);

/* Steps the engine until it rests; false: a failure. */
bool bench_device_settle(void);

/* Gives all the bytes of release as fast as they are taken, to CANDIDATE. */
bool bench_device_download(const struct fake_release *release);

/* The rest of an update: install, reset, accept, clean. */
bool bench_device_finish(void);

/* Ends the program. */
_Noreturn void bench_failed(const char *what);

/* The replaced cryptography, and the port's reading, tell of their begin and
 * end: they are not counted. */
void bench_outside_begin(void);
void bench_outside_end(void);

#endif
