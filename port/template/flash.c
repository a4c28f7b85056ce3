/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/*
 * One driver for all regions; what ctx points to says where each begins.
 *
 * PAWL_PORT_TODO: the map. Each region begins and ends at an erase block; no
 * two share one. The loader and the application must have the same.
 */
#define ERASE_SIZE 4096u /* bytes: PAWL_PORT_TODO */
#define PROGRAM_SIZE 8u  /* bytes: PAWL_PORT_TODO */
#define SLOT_SIZE (256u * 1024u)
#define MANIFEST_SIZE ERASE_SIZE
#define JOURNAL_SIZE (6u * ERASE_SIZE) /* two banks: doc/PORTING.md */
#define STORE_SIZE (4u * ERASE_SIZE)
#define OBJECTS_SIZE (4u * ERASE_SIZE)

struct region {
    uint32_t base; /* offset in the part */
};

static enum pawl_status flash_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    (void)ctx;
    (void)off;
    (void)buf;
    (void)len;
    return PAWL_ERR_UNSUPPORTED; /* PAWL_PORT_TODO: an ECC error is
                                  * PAWL_ERR_CORRUPT, never a fault */
}

static enum pawl_status flash_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    (void)ctx;
    (void)off;
    (void)buf;
    (void)len;
    return PAWL_ERR_UNSUPPORTED; /* PAWL_PORT_TODO */
}

static enum pawl_status flash_erase(void *ctx, uint32_t off, uint32_t len)
{
    (void)ctx;
    (void)off;
    (void)len;
    return PAWL_ERR_UNSUPPORTED; /* PAWL_PORT_TODO */
}

#define REGION(where, bytes)                                                   \
    {                                                                          \
        .ctx = &(struct region){where}, .read = flash_read,                    \
        .program = flash_program, .erase = flash_erase, .size = (bytes),       \
        .erase_size = ERASE_SIZE, .program_size = PROGRAM_SIZE,                \
        .erased_value = 0xFF,                                                  \
        .overprogram = true, /* PAWL_PORT_TODO: false where ECC forbids */     \
    }

#define SLOT_A 0u
#define SLOT_B (SLOT_A + SLOT_SIZE)
#define MANIFEST_A (SLOT_B + SLOT_SIZE)
#define MANIFEST_B (MANIFEST_A + MANIFEST_SIZE)
#define JOURNAL (MANIFEST_B + MANIFEST_SIZE)
#define STORE_JOURNAL (JOURNAL + JOURNAL_SIZE)
#define STORE_OBJECTS (STORE_JOURNAL + STORE_SIZE)

static const struct pawl_flash images[BOARD_SLOTS] = {
    REGION(SLOT_A, SLOT_SIZE), REGION(SLOT_B, SLOT_SIZE)};
static const struct pawl_flash manifests[BOARD_SLOTS] = {
    REGION(MANIFEST_A, MANIFEST_SIZE), REGION(MANIFEST_B, MANIFEST_SIZE)};
static const struct pawl_flash store_journal =
    REGION(STORE_JOURNAL, STORE_SIZE);
static const struct pawl_flash store_objects =
    REGION(STORE_OBJECTS, OBJECTS_SIZE);

const struct pawl_flash board_journal = REGION(JOURNAL, JOURNAL_SIZE);

/* The component [h'00'], as its manifests name it. */
static const uint8_t component[] = {0x81, 0x41, 0x00};

const struct pawl_slot board_slots[BOARD_SLOTS] = {
    {.component = {component, sizeof component},
     .index = 0,
     .image = &images[0],
     .manifest = &manifests[0],
     .fixed = true}, /* PAWL_PORT_TODO: false for images that run anywhere */
    {.component = {component, sizeof component},
     .index = 1,
     .image = &images[1],
     .manifest = &manifests[1],
     .fixed = true},
};

const struct pawl_store board_store = {
    .journal = &store_journal,
    .objects = &store_objects,
};
