/* SPDX-License-Identifier: Apache-2.0 */

/*
 * NOR flash over PSRAM: programming clears bits and sets none, erasing is by
 * sector. What breaks the rules is refused, and said on the console.
 *
 * Power cuts: cut=REGIONS:KIND:N:K on the command line of an application,
 * boot-cut=... of a boot loader, ends QEMU in the middle of an operation.
 *
 *   REGIONS  letters of the table below, or *
 *   KIND     p programs, e erases, * both; c everything from the first erase
 *            on, which in a journal is its compaction
 *   N        the nth of them, from 1
 *   K        so many bytes (modulo one more than its length) are done; the
 *            byte behind them is half done, and of an erase the rest is noise
 *
 * trace=1 says each erase of a journal on the console.
 */

#include "board.h"
#include "mps2.h"

#include <string.h>

#define KB 1024u
#define ERROR_RULE 1 /* last_error: a bit was to be set */
#define HALF 0x5A

struct region {
    uint32_t offset, size;
    char letter;
    const char *name;
};

static const struct region regions[MPS2_REGIONS] = {
    [MPS2_FACTORY] = {0, 4 * KB, 'f', "factory"},
    [MPS2_JOURNAL] = {64 * KB, 16 * KB, 'j', "journal"},
    [MPS2_IDENTITY_JOURNAL] = {128 * KB, 16 * KB, 'i', "identity journal"},
    [MPS2_IDENTITY_OBJECTS] = {192 * KB, 64 * KB, 'o', "identity objects"},
    [MPS2_MANIFEST_A] = {256 * KB, 4 * KB, 'm', "manifest A"},
    [MPS2_MANIFEST_B] = {320 * KB, 4 * KB, 'm', "manifest B"},
    [MPS2_COUNTER] = {384 * KB, 8 * KB, 'c', "counter"},
    [MPS2_KEYS] = {448 * KB, 8 * KB, 'k', "keys"},
    [MPS2_IMAGE_A] = {1024 * KB, 512 * KB, 's', "image A"},
    [MPS2_IMAGE_B] = {2048 * KB, 512 * KB, 's', "image B"},
};

/* The cut that was asked for, and how far it is. */
static struct {
    char letters[12];
    char kind;
    uint32_t at; /* 0: none */
    uint32_t bytes;
    uint32_t seen;
    bool erased; /* of kind c: it has begun */
} cut;
static bool tracing;
static int32_t last_error;

static volatile uint8_t *address(const struct region *region, uint32_t off)
{
    return (volatile uint8_t *)(uintptr_t)(BOARD_FLASH + region->offset + off);
}

/* ---- cuts ---- */

static const char *number(const char *text, uint32_t *value)
{
    for (*value = 0; *text >= '0' && *text <= '9'; text++) {
        *value = *value * 10 + (uint32_t)(*text - '0');
    }
    return text;
}

void mps2_flash_start(void)
{
    const char *name = mps2_image_slot() < 0 ? "boot-cut" : "cut";
    char text[40];

    tracing = mps2_argument("trace", text, sizeof text);
    if (!mps2_argument(name, text, sizeof text)) {
        return;
    }
    size_t len = strcspn(text, ":");
    if (len >= sizeof cut.letters || text[len] != ':') {
        mps2_halt("cut=REGIONS:KIND:N:K");
    }
    memcpy(cut.letters, text, len);
    cut.kind = text[len + 1];
    const char *rest = number(text + len + 3, &cut.at);
    (void)number(rest + 1, &cut.bytes);
}

/* Whether power fails in this operation. */
static bool fails_in(const struct region *region, char kind)
{
    bool here =
        cut.letters[0] == '*' || strchr(cut.letters, region->letter) != NULL;

    if (cut.at == 0 || !here) {
        return false;
    }
    if (cut.kind == 'c') {
        cut.erased = cut.erased || kind == 'e';
        if (!cut.erased) {
            return false;
        }
    } else if (cut.kind != '*' && cut.kind != kind) {
        return false;
    }
    return ++cut.seen == cut.at;
}

_Noreturn static void power_off(const struct region *region, char kind)
{
    mps2_print("mps2: power cut in a ");
    mps2_print(kind == 'e' ? "erase" : "program");
    mps2_print(" of ");
    mps2_print(region->name);
    mps2_print(cut.kind == 'c' ? " while it is compacted\n" : "\n");
    mps2_exit(MPS2_EXIT_POWER_CUT);
}

/* ---- the table ---- */

static enum pawl_status flash_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    const struct region *region = ctx;

    memcpy(buf, (const void *)(uintptr_t)(BOARD_FLASH + region->offset + off),
           len);
    return PAWL_OK;
}

static bool is_allowed(const volatile uint8_t *at, const uint8_t *bytes,
                       size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((at[i] & bytes[i]) != bytes[i]) {
            return false;
        }
    }
    return true;
}

static enum pawl_status broken_rule(const struct region *region,
                                    const char *what)
{
    last_error = ERROR_RULE;
    mps2_print("mps2: NOR rule broken in ");
    mps2_print(region->name);
    mps2_print(what);
    return PAWL_ERR_IO;
}

static enum pawl_status flash_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    const struct region *region = ctx;
    const uint8_t *bytes = buf;
    volatile uint8_t *at = address(region, off);

    if (off % MPS2_PROGRAM_UNIT != 0 || len % MPS2_PROGRAM_UNIT != 0 ||
        off > region->size || len > region->size - off) {
        return broken_rule(region, ": a program out of place\n");
    }
    if (!is_allowed(at, bytes, len)) {
        return broken_rule(region, ": a program that sets bits\n");
    }
    bool fails = fails_in(region, 'p');
    size_t done = fails ? cut.bytes % (len + 1) : len;
    for (size_t i = 0; i < done; i++) {
        at[i] &= bytes[i];
    }
    if (fails) {
        if (done < len) {
            at[done] &= (uint8_t)(bytes[done] | HALF);
        }
        power_off(region, 'p');
    }
    return PAWL_OK;
}

/* Some bits have gone back to one, others not. */
static void leave_noise(volatile uint8_t *at, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] |= (uint8_t)(seed >> 24);
    }
}

static enum pawl_status flash_erase(void *ctx, uint32_t off, uint32_t len)
{
    const struct region *region = ctx;
    volatile uint8_t *at = address(region, off);

    if (off % MPS2_SECTOR != 0 || len % MPS2_SECTOR != 0 ||
        off > region->size || len > region->size - off) {
        return broken_rule(region, ": an erase out of place\n");
    }
    if (tracing && region->letter == 'j') {
        mps2_print("mps2: erase of journal\n");
    }
    bool fails = fails_in(region, 'e');
    uint32_t done = fails ? cut.bytes % (len + 1) : len;
    for (uint32_t i = 0; i < done; i++) {
        at[i] = 0xFF;
    }
    if (fails) {
        leave_noise(at + done, len - done, cut.bytes);
        power_off(region, 'e');
    }
    return PAWL_OK;
}

static int32_t flash_last_error(void *ctx)
{
    (void)ctx;
    return last_error;
}

#define TABLE(region, bytes)                                                   \
    [region] = {                                                               \
        .ctx = (void *)(uintptr_t)&regions[region],                            \
        .read = flash_read,                                                    \
        .program = flash_program,                                              \
        .erase = flash_erase,                                                  \
        .last_error = flash_last_error,                                        \
        .size = (bytes),                                                       \
        .erase_size = MPS2_SECTOR,                                             \
        .program_size = MPS2_PROGRAM_UNIT,                                     \
        .erased_value = 0xFF,                                                  \
        .overprogram = true,                                                   \
    }

static const struct pawl_flash tables[MPS2_REGIONS] = {
    TABLE(MPS2_FACTORY, 4 * KB),
    TABLE(MPS2_JOURNAL, 16 * KB),
    TABLE(MPS2_IDENTITY_JOURNAL, 16 * KB),
    TABLE(MPS2_IDENTITY_OBJECTS, 64 * KB),
    TABLE(MPS2_MANIFEST_A, 4 * KB),
    TABLE(MPS2_MANIFEST_B, 4 * KB),
    TABLE(MPS2_COUNTER, 8 * KB),
    TABLE(MPS2_KEYS, 8 * KB),
    TABLE(MPS2_IMAGE_A, 512 * KB),
    TABLE(MPS2_IMAGE_B, 512 * KB),
};

const struct pawl_flash *mps2_flash(enum mps2_region region)
{
    return &tables[region];
}

const void *mps2_flash_address(enum mps2_region region)
{
    return (const void *)(uintptr_t)(BOARD_FLASH + regions[region].offset);
}
