/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A flash region against <pawl/port/flash.h>. One row of the table for each
 * sentence. Rows run in their order: the geometry comes first, since what is
 * wrong with it makes everything else wrong too.
 */
#include "check_internal.h"

#include <string.h>

#define HEADER "pawl/port/flash.h"
#define UNIT_MAX                                                               \
    512u /* bytes: the largest program unit that a port may have               \
          */
#define POLLS_MAX 100000000u /* unless the config says otherwise */
#define MARK 0x5Au /* of the pattern that is looked for after a reset */

/* ---- calls, carried to their end ---- */

static enum pawl_status ended(struct check_run *run, enum pawl_status status)
{
    const struct pawl_flash *flash = run->check->flash;
    uint32_t most = run->check->polls != 0 ? run->check->polls : POLLS_MAX;

    run->pending |= status == PAWL_PENDING;
    for (uint32_t i = 0; i < most && status == PAWL_PENDING; i++) {
        if (flash->poll == NULL) {
            return PAWL_ERR_ARGUMENT;
        }
        status = flash->poll(flash->ctx);
    }
    return status;
}

static enum pawl_status synced(struct check_run *run, enum pawl_status status)
{
    return status == PAWL_OK && run->check->flash->sync != NULL
               ? run->check->flash->sync(run->check->flash->ctx)
               : status;
}

static enum pawl_status erase(struct check_run *run, uint32_t off, uint32_t len)
{
    const struct pawl_flash *flash = run->check->flash;

    return synced(run, ended(run, flash->erase(flash->ctx, off, len)));
}

static enum pawl_status program(struct check_run *run, uint32_t off,
                                const void *buf, size_t len)
{
    const struct pawl_flash *flash = run->check->flash;

    return ended(run, flash->program(flash->ctx, off, buf, len));
}

/* ---- patterns ---- */

/* A byte that differs from its neighbours, and between two seeds. */
static uint8_t pattern(uint32_t at, uint8_t seed)
{
    return (uint8_t)(at * 7u + (at >> 8) * 13u + (at >> 16) + seed);
}

static void fill(uint8_t *buf, uint32_t off, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = pattern(off + (uint32_t)i, seed);
    }
}

/* Whether a range reads as a pattern, or as erased where seed is negative. */
static bool reads(struct check_run *run, uint32_t off, uint32_t len, int seed)
{
    uint8_t buf[64];

    for (uint32_t done = 0; done < len; done += (uint32_t)sizeof buf) {
        size_t part = len - done < sizeof buf ? len - done : sizeof buf;

        memset(buf, 0xA5, sizeof buf);
        if (run->check->flash->read(run->check->flash->ctx, off + done, buf,
                                    part) != PAWL_OK) {
            return false;
        }
        for (size_t i = 0; i < part; i++) {
            uint8_t wanted =
                seed < 0 ? run->check->flash->erased_value
                         : pattern(off + done + (uint32_t)i, (uint8_t)seed);
            if (buf[i] != wanted) {
                return false;
            }
        }
    }
    return true;
}

/* Programs a range with a pattern, unit by unit. */
static enum pawl_status write_pattern(struct check_run *run, uint32_t off,
                                      uint32_t len, uint8_t seed)
{
    uint8_t unit[UNIT_MAX];
    uint32_t size = run->check->flash->program_size;

    for (uint32_t done = 0; done < len; done += size) {
        fill(unit, off + done, size, seed);
        enum pawl_status status = program(run, off + done, unit, size);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return synced(run, PAWL_OK);
}

static bool erase_all(struct check_run *run)
{
    enum pawl_status status = erase(run, 0, run->check->flash->size);

    return status == PAWL_OK ||
           pawl_check_fails(run, "erasing the whole region fails", status);
}

/* ---- the checks, in their order ---- */

static void required(struct check_run *run)
{
    const struct pawl_flash *flash = run->check->flash;

    if (flash->read == NULL || flash->program == NULL || flash->erase == NULL) {
        (void)pawl_check_fails(run, "a required function is NULL",
                               PAWL_ERR_ARGUMENT);
    }
}

static void unit_size(struct check_run *run)
{
    uint32_t size = run->check->flash->program_size;
    bool power = size != 0 && (size & (size - 1)) == 0;

    if (!power || (size > 64 && size != 512)) {
        (void)pawl_check_fails(run, "program_size is another number",
                               PAWL_ERR_ARGUMENT);
    }
}

static void block_size(struct check_run *run)
{
    uint32_t size = run->check->flash->erase_size;

    if (size == 0 || run->check->flash->program_size == 0 ||
        size % run->check->flash->program_size != 0) {
        (void)pawl_check_fails(run, "erase_size is no multiple of it",
                               PAWL_ERR_ARGUMENT);
    }
}

static void region_size(struct check_run *run)
{
    const struct pawl_flash *flash = run->check->flash;

    if (flash->size == 0 || flash->erase_size == 0 ||
        flash->size % flash->erase_size != 0) {
        (void)pawl_check_fails(run, "size is no multiple of it",
                               PAWL_ERR_ARGUMENT);
    }
}

static void erased_value(struct check_run *run)
{
    if (run->check->flash->erased_value != 0xFF &&
        run->check->flash->erased_value != 0x00) {
        (void)pawl_check_fails(run, "erased_value is another",
                               PAWL_ERR_ARGUMENT);
    }
}

/* What the run before the reset left behind. */
static void durable(struct check_run *run)
{
    if (!run->check->after_reset) {
        run->finding.skipped = "the config does not say that a run and a "
                               "reset came before";
    } else if (!reads(run, 0, run->check->flash->erase_size, MARK)) {
        (void)pawl_check_fails(
            run, "what was programmed before the reset is gone", PAWL_OK);
    }
}

static void erases(struct check_run *run)
{
    if (erase_all(run) && !reads(run, 0, run->check->flash->size, -1)) {
        (void)pawl_check_fails(run, "some byte does not read as erased_value",
                               PAWL_OK);
    }
}

static void programs(struct check_run *run)
{
    enum pawl_status status = write_pattern(run, 0, run->check->flash->size, 1);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "program() fails", status);
    } else if (!reads(run, 0, run->check->flash->size, 1)) {
        (void)pawl_check_fails(
            run, "something else is read than was programmed", PAWL_OK);
    }
}

/* Every start in the first units and in the last bytes, with odd lengths. */
static void any_range(struct check_run *run)
{
    uint32_t size = run->check->flash->size;
    uint32_t most = size < 80 ? size : 80;

    for (uint32_t off = 0; off < most; off++) {
        uint32_t len = off % 13 < most - off ? off % 13 : most - off;
        if (!reads(run, off, len, 1) ||
            !reads(run, size - most + off, len, 1)) {
            (void)pawl_check_fails(
                run, "a range that is not aligned reads otherwise", PAWL_OK);
            return;
        }
    }
}

/* One block in the middle, or the last, is erased. */
static void erase_stays_inside(struct check_run *run)
{
    uint32_t block = run->check->flash->erase_size;
    uint32_t off = run->check->flash->size / block / 2 * block;
    enum pawl_status status = erase(run, off, block);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "erasing one block fails", status);
    } else if (!reads(run, 0, off, 1) || !reads(run, off, block, -1) ||
               !reads(run, off + block, run->check->flash->size - off - block,
                      1)) {
        (void)pawl_check_fails(run,
                               "erase() has changed other bytes, or not all of "
                               "its own",
                               PAWL_OK);
    }
}

/* One unit in the erased block; what lies around it stays. */
static void program_stays_inside(struct check_run *run)
{
    uint32_t block = run->check->flash->erase_size;
    uint32_t unit = run->check->flash->program_size;
    uint32_t off = run->check->flash->size / block / 2 * block;
    uint32_t at = block / unit > 2 ? off + unit : off;
    enum pawl_status status = write_pattern(run, at, unit, 2);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "programming one unit fails", status);
    } else if (!reads(run, off, at - off, -1) || !reads(run, at, unit, 2) ||
               !reads(run, at + unit, off + block - at - unit, -1) ||
               !reads(run, 0, off, 1)) {
        (void)pawl_check_fails(run, "program() has changed other bytes",
                               PAWL_OK);
    }
}

/* The whole of a block in one call. */
static void several_units(struct check_run *run)
{
    uint8_t units[UNIT_MAX * 2];
    uint32_t unit = run->check->flash->program_size;
    uint32_t len = run->check->flash->erase_size < 2 * unit ? unit : 2 * unit;

    if (!erase_all(run)) {
        return;
    }
    fill(units, 0, len, 3);
    enum pawl_status status = program(run, 0, units, len);
    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "programming two units at a time fails",
                               status);
    } else if (!reads(run, 0, len, 3)) {
        (void)pawl_check_fails(run, "two units at a time are not programmed",
                               PAWL_OK);
    }
}

/* Behind several_units(): the first unit holds a pattern. */
static void overprogram(struct check_run *run)
{
    uint8_t opposite[UNIT_MAX];
    uint8_t back[UNIT_MAX];
    uint32_t unit = run->check->flash->program_size;

    if (!run->check->flash->overprogram) {
        run->finding.skipped = "the port says that it does not allow it; then "
                               "this region cannot hold a journal";
        return;
    }
    memset(opposite, run->check->flash->erased_value ^ 0xFF, unit);
    enum pawl_status status = program(run, 0, opposite, unit);
    if (status == PAWL_OK) {
        status = run->check->flash->read(run->check->flash->ctx, 0, back, unit);
    }
    if (status != PAWL_OK || memcmp(back, opposite, unit) != 0) {
        (void)pawl_check_fails(run, "it is not programmed all over", status);
    }
}

/* Behind overprogram(): the first unit is used, the last block is not. */
static void says_blank(struct check_run *run)
{
    const struct pawl_flash *flash = run->check->flash;
    uint32_t unit = flash->program_size;
    uint32_t last = flash->size - unit;
    bool blank = false;
    bool used = true;

    if (flash->is_blank == NULL) {
        run->finding.skipped = "the port has no is_blank()";
        return;
    }
    if (flash->is_blank(flash->ctx, last, unit, &blank) != PAWL_OK ||
        flash->is_blank(flash->ctx, 0, unit, &used) != PAWL_OK) {
        (void)pawl_check_fails(run, "is_blank() fails", PAWL_ERR_IO);
    } else if (!blank || used) {
        (void)pawl_check_fails(run,
                               blank ? "a unit that was programmed is blank"
                                     : "an erased unit is not blank",
                               PAWL_OK);
    }
}

static void polled(struct check_run *run)
{
    if (run->pending && run->check->flash->poll == NULL) {
        (void)pawl_check_fails(
            run, "PAWL_PENDING was answered, and poll is NULL", PAWL_PENDING);
    }
}

/* For the run behind the next reset. */
static void leave_mark(struct check_run *run)
{
    if (erase(run, 0, run->check->flash->erase_size) != PAWL_OK ||
        write_pattern(run, 0, run->check->flash->erase_size, MARK) != PAWL_OK ||
        !reads(run, 0, run->check->flash->erase_size, MARK)) {
        (void)pawl_check_fails(
            run, "a block that was used cannot be used again", PAWL_OK);
    }
}

/* ---- the table ---- */

static const struct check_row rows[] = {
    {"flash: required", required, "Required."},
    {"flash: program_size", unit_size, "bytes; 1, 2, 4 .. 64, or 512"},
    {"flash: erase_size", block_size, "bytes; a multiple of program_size"},
    {"flash: size", region_size, "bytes; a multiple of erase_size"},
    {"flash: erased value", erased_value,
     "what an erased byte reads as: 0xFF or 0x00"},
    {"flash: durable", durable,
     "Returns once all that was programmed or erased survives a power cut."},
    {"flash: erase", erases,
     "Erases len bytes at off, both multiples of erase_size."},
    {"flash: program", programs,
     "Programs len bytes at off, both multiples of program_size, into an "
     "erased range."},
    {"flash: read", any_range,
     "Reads len bytes at off; any range inside size."},
    {"flash: erase inside", erase_stays_inside,
     "bytes outside the range are unchanged, also when power fails;"},
    {"flash: program inside", program_stays_inside,
     "bytes outside the range are unchanged, also when power fails;"},
    {"flash: several units", several_units,
     "a call returns PAWL_OK only when it did what it says;"},
    {"flash: overprogram", overprogram,
     "Whether a unit that was programmed may be programmed once more to the "
     "opposite of erased_value."},
    {"flash: blank", says_blank,
     "Sets *blank to whether len bytes at off can be programmed as they are."},
    {"flash: poll", polled,
     "Required if program() or erase() ever answer PAWL_PENDING."},
    {"flash: again", leave_mark,
     "a call returns PAWL_OK only when it did what it says;"},
};

/* The geometry: with what is wrong up to here nothing may be called. */
#define ROWS_OF_GEOMETRY 5

unsigned pawl_port_check_flash(const struct pawl_port_check *check)
{
    struct check_run run = {.check = check};

    return pawl_check_rows(&run, HEADER, rows, sizeof rows / sizeof rows[0],
                           ROWS_OF_GEOMETRY);
}
