/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The security counter: a log of units in two sectors, each a value and its
 * complement; the highest that is whole counts, so a cut leaves the old value
 * or the new one. A new sector is erased when the other one is full. Whoever
 * may write the flash can turn it back: on a device this is hardware.
 */

#include "mps2.h"

#define UNIT MPS2_PROGRAM_UNIT
#define UNITS (MPS2_SECTOR / UNIT)
#define VALUE_MAX (UINT32_MAX - 1) /* the unit of the next one is a blank */

struct unit {
    uint32_t value, complement;
};
_Static_assert(sizeof(struct unit) == UNIT, "a unit is one program");

static struct unit read_unit(uint32_t off)
{
    const struct pawl_flash *flash = mps2_flash(MPS2_COUNTER);
    struct unit unit = {0, 0};

    (void)flash->read(flash->ctx, off, &unit, sizeof unit); /* memory */
    return unit;
}

/* What one sector says: its highest value, and the first free unit. */
static void look(uint32_t sector, uint32_t *value, uint32_t *free_at)
{
    *free_at = 0;
    for (uint32_t i = 0; i < UNITS; i++) {
        struct unit unit = read_unit(sector + i * UNIT);

        if (unit.value == ~unit.complement && unit.value > *value) {
            *value = unit.value;
        }
        if (unit.value != UINT32_MAX || unit.complement != UINT32_MAX) {
            *free_at = i + 1;
        }
    }
}

static enum pawl_status counter_read(void *ctx, uint32_t *value)
{
    uint32_t ignored;

    (void)ctx;
    *value = 0;
    look(0, value, &ignored);
    look(MPS2_SECTOR, value, &ignored);
    return PAWL_OK;
}

static enum pawl_status counter_advance(void *ctx, uint32_t value)
{
    const struct pawl_flash *flash = mps2_flash(MPS2_COUNTER);
    uint32_t in[2] = {0, 0}, free_at[2];
    struct unit unit = {value, ~value};

    (void)ctx;
    look(0, &in[0], &free_at[0]);
    look(MPS2_SECTOR, &in[1], &free_at[1]);
    if (value <= in[0] || value <= in[1]) {
        return PAWL_OK;
    }
    if (value > VALUE_MAX) {
        return PAWL_ERR_FULL;
    }
    uint32_t used = in[1] > in[0] ? 1 : 0; /* holds the present value */
    if (free_at[used] == UNITS) {
        used = 1 - used;
        free_at[used] = 0;
        enum pawl_status status =
            flash->erase(flash->ctx, used * MPS2_SECTOR, MPS2_SECTOR);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return flash->program(flash->ctx, used * MPS2_SECTOR + free_at[used] * UNIT,
                          &unit, sizeof unit);
}

const struct pawl_counter mps2_counter = {
    .read = counter_read, .advance = counter_advance, .max = VALUE_MAX};
