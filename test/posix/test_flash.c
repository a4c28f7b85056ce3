/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "scratch.h"

#include <errno.h>

static const struct pawl_posix_geometry nor = {.size = 16384,
                                               .erase_size = 4096,
                                               .program_size = 8,
                                               .erased_value = 0xFF,
                                               .overprogram = true};

static struct pawl_posix_flash region;

static const struct pawl_flash *
given_flash(const struct pawl_posix_geometry *geometry)
{
    scratch_begin();
    pawl_posix_flash_close(&region);
    CHECK_EQ(pawl_posix_flash_create(AT_FDCWD, scratch_file("flash"), geometry),
             PAWL_OK);
    CHECK_EQ(pawl_posix_flash_open(&region, AT_FDCWD, scratch_file("flash"),
                                   geometry, PAWL_POSIX_WRITE),
             PAWL_OK);
    return &region.flash;
}

static enum pawl_status program(const struct pawl_flash *flash, uint32_t off,
                                uint8_t value, size_t len)
{
    static uint8_t bytes[16384];
    memset(bytes, value, sizeof bytes);
    return flash->program(flash->ctx, off, bytes, len);
}

static uint8_t byte_at(const struct pawl_flash *flash, uint32_t off)
{
    uint8_t byte = 0x55;
    CHECK_EQ(flash->read(flash->ctx, off, &byte, 1), PAWL_OK);
    return byte;
}

static void a_new_flash_is_erased(void)
{
    const struct pawl_flash *flash = given_flash(&nor);
    for (uint32_t off = 0; off < nor.size; off++) {
        CHECK_EQ(byte_at(flash, off), 0xFF);
    }
}

static void what_was_programmed_is_read_back_after_reopening(void)
{
    const struct pawl_flash *flash = given_flash(&nor);
    CHECK_EQ(program(flash, 4088, 0x3C, 16), PAWL_OK);
    CHECK_EQ(flash->sync(flash->ctx), PAWL_OK);
    pawl_posix_flash_close(&region);
    CHECK_EQ(pawl_posix_flash_open(&region, AT_FDCWD, scratch_file("flash"),
                                   &nor, PAWL_POSIX_WRITE),
             PAWL_OK);
    CHECK_EQ(byte_at(flash, 4087), 0xFF);
    CHECK_EQ(byte_at(flash, 4088), 0x3C);
    CHECK_EQ(byte_at(flash, 4103), 0x3C);
    CHECK_EQ(byte_at(flash, 4104), 0xFF);
}

static void a_unit_is_not_programmed_twice(void)
{
    const struct pawl_flash *flash = given_flash(&nor);
    CHECK_EQ(program(flash, 64, 0xF0, 8), PAWL_OK);

    CHECK_EQ(program(flash, 64, 0x0F, 8), PAWL_ERR_IO);
    CHECK_EQ(flash->last_error(flash->ctx), EEXIST);
    CHECK_EQ(program(flash, 56, 0xC0, 16), PAWL_ERR_IO); /* reaches into it */

    CHECK_EQ(byte_at(flash, 64), 0xF0);
    CHECK_EQ(byte_at(flash, 56), 0xFF); /* nothing was written at all */
}

static void a_violation_behind_the_first_chunk_is_seen(void)
{
    const struct pawl_flash *flash = given_flash(&nor);
    CHECK_EQ(program(flash, 12288 - 8, 0x01, 8), PAWL_OK);
    CHECK_EQ(program(flash, 0, 0x02, 12288), PAWL_ERR_IO);
    CHECK_EQ(byte_at(flash, 0), 0xFF);
}

static void overprogramming_to_all_programmed_needs_permission(void)
{
    struct pawl_posix_geometry ecc = nor;
    const struct pawl_flash *flash = given_flash(&nor);
    CHECK_EQ(program(flash, 0, 0xA5, 8), PAWL_OK);
    CHECK_EQ(program(flash, 0, 0x00, 8), PAWL_OK);
    CHECK_EQ(byte_at(flash, 7), 0x00);

    ecc.overprogram = false;
    flash = given_flash(&ecc);
    CHECK_EQ(program(flash, 0, 0xA5, 8), PAWL_OK);
    CHECK_EQ(program(flash, 0, 0x00, 8), PAWL_ERR_IO);
    CHECK_EQ(byte_at(flash, 7), 0xA5);
}

static void a_flash_that_erases_to_zeros_only_sets_bits(void)
{
    struct pawl_posix_geometry zeros = nor;
    zeros.erased_value = 0x00;
    const struct pawl_flash *flash = given_flash(&zeros);
    CHECK_EQ(byte_at(flash, 0), 0x00);
    CHECK_EQ(program(flash, 0, 0xA5, 8), PAWL_OK);
    CHECK_EQ(program(flash, 0, 0x00, 8), PAWL_ERR_IO);
    CHECK_EQ(program(flash, 0, 0xFF, 8), PAWL_OK);
    CHECK_EQ(flash->erase(flash->ctx, 0, 4096), PAWL_OK);
    CHECK_EQ(byte_at(flash, 0), 0x00);
}

static void an_erase_takes_whole_sectors_and_no_more(void)
{
    const struct pawl_flash *flash = given_flash(&nor);
    CHECK_EQ(program(flash, 0, 0x11, 16384), PAWL_OK);
    CHECK_EQ(flash->erase(flash->ctx, 4096, 8192), PAWL_OK);
    CHECK_EQ(byte_at(flash, 4095), 0x11);
    CHECK_EQ(byte_at(flash, 4096), 0xFF);
    CHECK_EQ(byte_at(flash, 12287), 0xFF);
    CHECK_EQ(byte_at(flash, 12288), 0x11);
    CHECK_EQ(flash->erase(flash->ctx, 2048, 4096), PAWL_ERR_ARGUMENT);
    CHECK_EQ(flash->erase(flash->ctx, 0, 2048), PAWL_ERR_ARGUMENT);
}

static void ranges_outside_or_unaligned_are_refused(void)
{
    const struct pawl_flash *flash = given_flash(&nor);
    uint8_t byte;
    CHECK_EQ(flash->read(flash->ctx, 16384, &byte, 1), PAWL_ERR_ARGUMENT);
    CHECK_EQ(flash->read(flash->ctx, 1, &byte, SIZE_MAX), PAWL_ERR_ARGUMENT);
    CHECK_EQ(flash->read(flash->ctx, 16384, &byte, 0), PAWL_OK);
    CHECK_EQ(program(flash, 4, 0, 8), PAWL_ERR_ARGUMENT);
    CHECK_EQ(program(flash, 8, 0, 4), PAWL_ERR_ARGUMENT);
    CHECK_EQ(program(flash, 16376, 0, 16), PAWL_ERR_ARGUMENT);
    CHECK_EQ(flash->last_error(flash->ctx), EINVAL);
    CHECK_EQ(flash->erase(flash->ctx, 12288, 8192), PAWL_ERR_ARGUMENT);
}

static void read_only_refuses_to_write(void)
{
    (void)given_flash(&nor);
    struct pawl_posix_flash view;
    CHECK_EQ(pawl_posix_flash_open(&view, AT_FDCWD, scratch_file("flash"), &nor,
                                   PAWL_POSIX_READ_ONLY),
             PAWL_OK);
    CHECK_EQ(program(&view.flash, 0, 0, 8), PAWL_ERR_IO);
    CHECK_EQ(view.flash.last_error(view.flash.ctx), EROFS);
    CHECK_EQ(view.flash.erase(view.flash.ctx, 0, 4096), PAWL_ERR_IO);
    CHECK_EQ(byte_at(&view.flash, 0), 0xFF);
    pawl_posix_flash_close(&view);
}

static void a_file_of_another_size_is_no_such_flash(void)
{
    struct pawl_posix_geometry larger = nor;
    larger.size = 32768;
    (void)given_flash(&nor);
    struct pawl_posix_flash other;
    CHECK_EQ(pawl_posix_flash_open(&other, AT_FDCWD, scratch_file("flash"),
                                   &larger, PAWL_POSIX_WRITE),
             PAWL_ERR_CORRUPT);
    CHECK_EQ(pawl_posix_flash_create(AT_FDCWD, scratch_file("flash"), &nor),
             PAWL_ERR_IO); /* exists */
    CHECK_EQ(errno, EEXIST);
}

static void geometries_that_no_flash_has_are_refused(void)
{
    struct pawl_posix_geometry bad[] = {nor, nor, nor, nor, nor};
    bad[0].program_size = 3;
    bad[1].erase_size = 4;
    bad[2].size = 6000;
    bad[3].erased_value = 0x0F;
    bad[4].program_size = 128;
    scratch_begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(
            pawl_posix_flash_create(AT_FDCWD, scratch_file("bad"), &bad[i]),
            PAWL_ERR_ARGUMENT);
        CHECK(!scratch_has("bad"));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_new_flash_is_erased),
    CHECK_TEST(what_was_programmed_is_read_back_after_reopening),
    CHECK_TEST(a_unit_is_not_programmed_twice),
    CHECK_TEST(a_violation_behind_the_first_chunk_is_seen),
    CHECK_TEST(overprogramming_to_all_programmed_needs_permission),
    CHECK_TEST(a_flash_that_erases_to_zeros_only_sets_bits),
    CHECK_TEST(an_erase_takes_whole_sectors_and_no_more),
    CHECK_TEST(ranges_outside_or_unaligned_are_refused),
    CHECK_TEST(read_only_refuses_to_write),
    CHECK_TEST(a_file_of_another_size_is_no_such_flash),
    CHECK_TEST(geometries_that_no_flash_has_are_refused),
};
CHECK_MAIN(tests)
