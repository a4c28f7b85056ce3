/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_MPS2_H
#define PAWL_MPS2_H

/*
 * Port to Arm's MPS2 boards as QEMU emulates them: mps2-an385 (Cortex-M3),
 * mps2-an386 (M4) and mps2-an505 (M33). Bare metal, no heap, one thread.
 *
 *   start-up      start.c: vectors, stack guard, faults
 *   console       semihosting.c: print, exit, command line, time, entropy
 *   clock         clock.c: TIMER0, which also wakes from WFI
 *   flash         flash.c: NOR over PSRAM, counter.c and keyblob.c on it
 *   network       link.c, frame.c, transport.c: a modem on UART 1
 *   device        device.c: all of it as a struct pawl_port
 *   boot loader   image.c: enters an image
 *
 * PSRAM is the flash: with a file behind it, it survives the end of QEMU,
 * however that comes. Images run in place, so each is linked twice, once for
 * each slot (port.cmake), and the slots are `fixed`.
 *
 * FOR TESTS ONLY: entropy and the time come from the host, the keys lie
 * under a key that stands beside them, and the security counter is flash.
 */

#include <pawl/endpoint.h>
#include <pawl/pawl.h>
#include <pawl/soft_keystore.h>
#include <stdbool.h>

/* ---- the end of a run: QEMU's exit code ---- */

enum mps2_exit {
    MPS2_EXIT_POWER_OFF = 0,
    MPS2_EXIT_FAILED = 1,
    MPS2_EXIT_REBOOT = 64,    /* asked for by pawl_reset.reboot() */
    MPS2_EXIT_POWER_CUT = 75, /* the cut that the command line asked for */
    MPS2_EXIT_WATCHDOG = 80,
    MPS2_EXIT_STACK = 98, /* the stack overflowed: its guard is gone */
    MPS2_EXIT_FAULT = 99  /* a fault, or abort() */
};

/* Ends QEMU; code is its exit code. */
_Noreturn void mps2_exit(int code);

/* Says why in one line, and ends as a crash does. */
_Noreturn void mps2_halt(const char *why);

/* Writes text to the console. */
void mps2_print(const char *text);
void mps2_print_number(uint64_t number);

/* The decimal digits of number, somewhere in digits. */
#define MPS2_DIGITS 21
const char *mps2_digits(uint64_t number, char digits[MPS2_DIGITS]);

/*
 * Copies the value of NAME=VALUE on the command line; false: there is none.
 * Known names: cause=power-on|software|watchdog|fault|... (reset.c),
 * cut=... (flash.c).
 */
bool mps2_argument(const char *name, char *value, size_t cap);

/* A call of semihosting's (ARM IHI 0203), for tests that need another one. */
uint32_t mps2_semihosting(uint32_t operation, const void *argument);

/* Seconds since 1970, by the host. */
int64_t mps2_host_time(void);

/* ---- clock ---- */

/* Starts TIMER0 and its interrupt, every MPS2_TICK_MS. */
#define MPS2_TICK_MS 10
void mps2_clock_start(void);
uint64_t mps2_now_ms(void);
uint64_t mps2_ticks(void); /* of MPS2_TICK_MS; costs no look at the timer */
/* The port's clock; the date is the host's. */
struct pawl_clock mps2_clock(int64_t build_s);

/* ---- resets ---- */

extern const struct pawl_reset mps2_reset;
/* From now on the watchdog bites after limit_ms without food; 0: never. */
void mps2_watchdog_start(uint32_t limit_ms);
/* Called at each tick, in the interrupt. */
void mps2_watchdog_tick(void);

/* ---- stack ---- */

/* Lowest bytes of the stack that were never written, and its size. */
size_t mps2_stack_free(void);
size_t mps2_stack_size(void);
/* Paints what is below the caller again. */
void mps2_stack_paint(void);
/* Ends with MPS2_EXIT_STACK if the guard is not what it was. */
void mps2_stack_check(void);

/* ---- entropy, from the host: for tests only ---- */

extern const struct pawl_entropy mps2_test_entropy;

/* ---- flash ---- */

#define MPS2_SECTOR 4096u
#define MPS2_PROGRAM_UNIT 8u

/* The regions of the flash; offsets and sizes stand in flash.c, and in
 * test/target/flash_image.py. */
enum mps2_region {
    MPS2_FACTORY, /* struct mps2_factory */
    MPS2_JOURNAL,
    MPS2_IDENTITY_JOURNAL,
    MPS2_IDENTITY_OBJECTS,
    MPS2_MANIFEST_A,
    MPS2_MANIFEST_B,
    MPS2_COUNTER,
    MPS2_KEYS,
    MPS2_IMAGE_A,
    MPS2_IMAGE_B,
    MPS2_REGIONS
};

/* The table of a region. Static storage. */
const struct pawl_flash *mps2_flash(enum mps2_region region);
/* Its first byte in the address space. */
const void *mps2_flash_address(enum mps2_region region);
/* Reads the cut from the command line; before the first operation. */
void mps2_flash_start(void);

/* ---- what the factory wrote ---- */

#define MPS2_ENDPOINTS 4
#define MPS2_FACTORY_MAGIC 0x3253504Du /* "MPS2" */

struct mps2_factory_endpoint {
    uint8_t use; /* enum pawl_use; 0: none */
    uint8_t reserved;
    uint16_t port;
    char host[64];
    char name[64];
};

/* The factory's sector, little-endian, as it lies in flash. */
struct mps2_factory {
    uint32_t magic;
    uint8_t vendor_id[16], class_id[16], device_id[16];
    uint8_t sealing_key[PAWL_SOFT_KEY_SIZE];
    char serial[68];
    char topic_prefix[36];
    struct mps2_factory_endpoint endpoints[MPS2_ENDPOINTS];
    uint32_t crc; /* CRC-32 of all before */
};

/* ---- the device ---- */

extern const struct pawl_counter mps2_counter;
extern const struct pawl_soft_storage mps2_key_storage;
extern const struct pawl_transport mps2_transport;

/* 48 KiB hold two sessions. */
#ifndef MPS2_ARENA_SIZE
#define MPS2_ARENA_SIZE (48u * 1024u)
#endif

struct mps2_device {
    struct pawl_port port;
    struct pawl_product product;
    struct pawl_clock clock;
    struct pawl_slot slots[2];
    struct pawl_store store;
    const struct mps2_factory *factory;
    struct pawl_soft_keystore keystore;
    struct pawl_endpoint endpoints[MPS2_ENDPOINTS];
    size_t endpoint_count;
};

/* What a boot loader needs. PAWL_ERR_CORRUPT: no factory sector. */
PAWL_MUST_USE
enum pawl_status mps2_device_open_boot(struct mps2_device *device);

/* All of it: the clock runs, keys, network and arena are there. */
PAWL_MUST_USE
enum pawl_status mps2_device_open(struct mps2_device *device,
                                  const char *version, int64_t build_s);

/* Sleeps until one of the events of wait, or a second; feeds the watchdog. */
void mps2_sleep(const struct pawl_wait *wait);

/* ---- images ---- */

/* Whether the image in a slot can be entered there: its stack is RAM, and its
 * first instruction lies in the slot. One that was linked for the other slot
 * is authentic all the same. */
bool mps2_image_fits(enum mps2_region slot);

/* Enters an image that stands in flash at image: its vector table is its
 * first word. */
_Noreturn void mps2_image_enter(const void *image);

/* The slot that the caller was linked for: 0 or 1; -1: none. */
int mps2_image_slot(void);

/* ---- the modem on UART 1 ---- */

/* Why a connection failed, beside the host's errno: pawl_transport.last_error.
 */
enum mps2_link_error {
    MPS2_LINK_NOISE = -1,     /* a damaged frame: all connections are lost */
    MPS2_LINK_NO_ANSWER = -2, /* the host says nothing */
    MPS2_LINK_OVERRUN = -3    /* the host sent more than it was allowed to */
};

/* Starts the UART's interrupt. Called by mps2_device_open(). */
void mps2_link_start(void);

/* CRC-32 (IEEE 802.3) of bytes, going on from crc; begin with 0. */
uint32_t mps2_crc32(uint32_t crc, const void *bytes, size_t len);

#endif
