/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_FLASH_H
#define PAWL_PORT_FLASH_H

#include <pawl/bytes.h>
#include <pawl/status.h>
#include <stdbool.h>

/*
 * Port: one flash region (a slot, a journal, a manifest area). The vendor
 * keeps the table and what ctx points to alive and unchanged as long as
 * anything of pawl that was given it is open.
 *
 * Pawl promises: off and len stay inside size and are aligned as stated; buf
 * is not NULL for len > 0; one call at a time per region; never called from
 * an interrupt.
 *
 * The vendor promises: a call returns PAWL_OK only when it did what it says;
 * bytes outside the range are unchanged, also when power fails; the vendor's
 * own error code is kept for last_error().
 */
struct pawl_flash {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Reads len bytes at off; any range inside size. An uncorrectable ECC
     * error is PAWL_ERR_CORRUPT, never a fault or a reset. Ends before it
     * returns: PAWL_PENDING counts as a failure. Required.
     */
    enum pawl_status (*read)(void *ctx, uint32_t off, void *buf, size_t len);

    /*
     * Programs len bytes at off, both multiples of program_size, into an
     * erased range. If power fails the range may hold anything.
     * PAWL_PENDING: begun; buf stays valid until poll() says it is done.
     * Required.
     */
    enum pawl_status (*program)(void *ctx, uint32_t off, const void *buf,
                                size_t len);

    /*
     * Erases len bytes at off, both multiples of erase_size. If power fails
     * the range may hold anything. May block for the whole erase, or return
     * PAWL_PENDING and be asked by poll(). Required.
     */
    enum pawl_status (*erase)(void *ctx, uint32_t off, uint32_t len);

    /*
     * Returns once all that was programmed or erased survives a power cut.
     * PAWL_PENDING counts as a failure. Optional: without it, program() and
     * erase() are durable when they are done.
     */
    enum pawl_status (*sync)(void *ctx);

    /*
     * Tells how the operation went that answered PAWL_PENDING: PAWL_PENDING
     * again, PAWL_OK, or its error. Required if program() or erase() ever
     * answer PAWL_PENDING.
     */
    enum pawl_status (*poll)(void *ctx);

    /*
     * Sets *blank to whether len bytes at off can be programmed as they are.
     * For parts where reading erased cells is undefined or faults. Optional:
     * without it, all bytes equal to erased_value is blank.
     */
    enum pawl_status (*is_blank)(void *ctx, uint32_t off, size_t len,
                                 bool *blank);

    /* The vendor's own code of the last failure. Optional. */
    int32_t (*last_error)(void *ctx);

    uint32_t size;         /* bytes; a multiple of erase_size */
    uint32_t erase_size;   /* bytes; a multiple of program_size */
    uint32_t program_size; /* bytes; 1, 2, 4 .. 64, or 512 */
    uint8_t erased_value;  /* what an erased byte reads as: 0xFF or 0x00 */

    /*
     * Whether a unit that was programmed may be programmed once more to the
     * opposite of erased_value. Parts with ECC often forbid it. A region that
     * holds a journal must allow it.
     */
    bool overprogram;
};

/*
 * Port: where one image lies. Two slots of one component make an A/B pair.
 */
struct pawl_slot {
    /* The component's SUIT identifier: the encoded CBOR array of byte
     * strings, 81 41 00 for [h'00']. Equal in both slots of a pair. */
    struct pawl_bytes component;

    /* What SUIT's component-slot says of this slot: 0 for A, 1 for B. */
    uint32_t index;

    const struct pawl_flash *image; /* the image, from offset 0 */

    /* One erase block or more of its own, for the authentication wrapper and
     * the manifest that belong to the image. */
    const struct pawl_flash *manifest;

    /* The image is linked for this slot and runs nowhere else. */
    bool fixed;
};

/*
 * Port: where identity and trust are kept: a journal that the boot loader
 * never writes, and an area for the larger objects that it points to.
 */
struct pawl_store {
    const struct pawl_flash *journal; /* at least two erase blocks */
    const struct pawl_flash *objects; /* an even number of erase blocks */
};

#endif
