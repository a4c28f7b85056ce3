/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_flash.h"
#include <string.h>

/* marks[]: what is known of a unit. Low four bits: the group of its cut. */
#define TOUCHED 0x80U /* programmed, or not wholly erased since */
#define TORN 0x40U    /* the operation on it was not completed */
#define GROUP 0x0FU

#define SAMPLES_ALL 6U /* a call of so many units is torn at each of them */
#define SAMPLES 5U     /* a longer one at the first, middle and last ones */

static uint32_t hash(uint32_t a, uint32_t b)
{
    uint32_t x = a * 0x9E3779B1U ^ (b + 0x7F4A7C15U) * 0x85EBCA77U;

    x ^= x >> 15;
    x *= 0x2C1B3C6DU;
    return x ^ x >> 12;
}

static uint32_t sector_of(const struct fake_flash *flash, uint32_t off)
{
    uint32_t sector = off / flash->port.erase_size;

    return sector < FAKE_FLASH_SECTORS ? sector : FAKE_FLASH_SECTORS - 1U;
}

static void fault(struct fake_flash *flash, enum fake_fault kind)
{
    flash->faults[kind]++;
}

static void breach(struct fake_flash *flash, const char *what)
{
    flash->breaches++;
    flash->breach = what;
}

/* --- Reading ---------------------------------------------------------------
 */

/* Bytes of weak bits that read alike in the patchy moods: a frame or a unit. */
static uint32_t patch_span(const struct fake_flash *flash)
{
    return flash->mood_span != 0 ? flash->mood_span : flash->port.program_size;
}

/* What weak bits at off read as, where that is the same for all of a span. */
static uint8_t weak_reading(const struct fake_flash *flash, uint32_t off,
                            uint8_t group)
{
    bool patch = (hash(off / patch_span(flash), 4711U) & 4U) != 0;

    switch ((enum fake_mood)flash->mood[group]) {
    case FAKE_MOOD_PATCHY:
        return patch ? 0xFF : 0x00;
    case FAKE_MOOD_PATCHED:
        return patch ? 0x00 : 0xFF;
    case FAKE_MOOD_PROGRAMMED:
        return 0xFF;
    case FAKE_MOOD_MIXED:
    case FAKE_MOOD_ERASED:
    case FAKE_MOOD_ECC:
    case FAKE_MOOD_COUNT:
        break;
    }
    return 0x00;
}

/* Reads len bytes of units that one cut has torn. False: an ECC error. */
static bool read_torn(const struct fake_flash *flash, uint32_t off, size_t len,
                      uint8_t *out, uint8_t mark)
{
    const uint8_t *bits = flash->bits + off;
    const uint8_t *weak = flash->weak + off;
    uint8_t erased = flash->port.erased_value;
    uint8_t pull = weak_reading(flash, off, mark & GROUP);

    if (flash->mood[mark & GROUP] == FAKE_MOOD_ECC) {
        return false;
    }
    if (flash->mood[mark & GROUP] == FAKE_MOOD_MIXED) {
        for (uint32_t i = 0; i < len; i++) {
            pull = (uint8_t)hash(off + i, flash->boots);
            out[i] =
                (uint8_t)((bits[i] & ~weak[i]) | (weak[i] & pull)) ^ erased;
        }
        return true;
    }
    for (uint32_t i = 0; i < len; i++) {
        out[i] = (uint8_t)((bits[i] & ~weak[i]) | (weak[i] & pull)) ^ erased;
    }
    return true;
}

/* Whether none of eight units is torn. */
static bool no_torn(const uint8_t marks[8])
{
    uint64_t word = 0;

    memcpy(&word, marks, sizeof(word));
    return (word & TORN * 0x0101010101010101U) == 0;
}

/* How many of len bytes at off lie before the first torn unit. */
static size_t whole_units(const struct fake_flash *flash, uint32_t off,
                          size_t len)
{
    uint32_t size = flash->port.program_size;
    uint32_t unit = off / size;
    size_t whole = 0;

    while (whole < len && (flash->marks[unit] & TORN) == 0) {
        if (whole + (size_t)8 * size <= len && no_torn(flash->marks + unit)) {
            unit += 7U;
        }
        unit++;
        whole = (size_t)unit * size - off;
    }
    return whole < len ? whole : len;
}

/* How many of len bytes at off the cut that tore the first one has torn; at
 * most to the end of a span. */
static size_t torn_units(const struct fake_flash *flash, uint32_t off,
                         size_t len)
{
    uint32_t size = flash->port.program_size;
    uint32_t unit = off / size;
    uint8_t mark = flash->marks[unit];
    size_t end = patch_span(flash) - off % patch_span(flash);
    size_t torn = 0;

    end = end < len ? end : len;
    while (torn < end && ((flash->marks[unit] ^ mark) & (TORN | GROUP)) == 0) {
        unit++;
        torn = (size_t)unit * size - off;
    }
    return torn < end ? torn : end;
}

static enum pawl_status flash_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    struct fake_flash *flash = ctx;
    uint8_t *out = buf;

    if (flash->power->dead || off > flash->port.size ||
        len > flash->port.size - off) {
        return PAWL_ERR_IO;
    }
    if (flash->misdeed == FAKE_REFUSE_READ &&
        flash->power->operations >= flash->misdeed_at) {
        fault(flash, FAKE_FAULT_REFUSED);
        return PAWL_ERR_IO;
    }
    while (len > 0) {
        size_t part = whole_units(flash, off, len);

        for (size_t i = 0; i < part; i++) {
            out[i] = flash->bits[off + i] ^ flash->port.erased_value;
        }
        if (part == 0) {
            part = torn_units(flash, off, len);
            if (!read_torn(flash, off, part, out,
                           flash->marks[off / flash->port.program_size])) {
                fault(flash, FAKE_FAULT_ECC);
                return PAWL_ERR_CORRUPT;
            }
        }
        off += (uint32_t)part;
        out += part;
        len -= part;
    }
    return PAWL_OK;
}

/* --- Programming -----------------------------------------------------------
 */

struct program {
    uint32_t off; /* bytes */
    const uint8_t *data;
    uint32_t unit;  /* bytes of one */
    uint32_t units; /* in this call */
};

/* The bits of byte i of the call that are to be programmed. */
static uint8_t wanted(const struct fake_flash *flash, const struct program *op,
                      uint32_t i)
{
    return op->data[i] ^ flash->port.erased_value;
}

static void check_rules(struct fake_flash *flash, const struct program *op)
{
    for (uint32_t u = 0; u < op->units; u++) {
        bool tombstone = true;

        for (uint32_t i = 0; i < op->unit; i++) {
            tombstone &= wanted(flash, op, u * op->unit + i) == 0xFF;
        }
        if ((flash->marks[op->off / op->unit + u] & TOUCHED) != 0 &&
            !(tombstone && flash->port.overprogram)) {
            breach(flash, "a unit was programmed twice without an erase");
        }
    }
}

/* Programs unit u of the call as it should be. */
static void unit_whole(struct fake_flash *flash, const struct program *op,
                       uint32_t u)
{
    uint8_t *mark = &flash->marks[op->off / op->unit + u];
    bool weak = false;

    for (uint32_t i = u * op->unit; i < (u + 1U) * op->unit; i++) {
        flash->bits[op->off + i] |= wanted(flash, op, i);
        flash->weak[op->off + i] &= (uint8_t)~wanted(flash, op, i);
        weak |= flash->weak[op->off + i] != 0;
    }
    *mark = weak ? (uint8_t)(*mark | TOUCHED) : TOUCHED;
}

/*
 * Programs a part of the bits of unit u: `most` is all but the last one, or
 * else every second one. Metastable: the rest, or all of them, are weak.
 */
static void unit_torn(struct fake_flash *flash, const struct program *op,
                      uint32_t u, bool most)
{
    bool left_out = false;

    for (uint32_t i = (u + 1U) * op->unit; i-- > u * op->unit;) {
        uint8_t want = wanted(flash, op, i);
        uint8_t *bits = &flash->bits[op->off + i];
        uint8_t *weak = &flash->weak[op->off + i];
        uint8_t done = want;

        want &= (uint8_t)(~*bits | *weak); /* the solid ones stay so */
        done = want;
        if (!most) {
            done &= flash->power->metastable ? 0x00 : 0x55;
        } else if (want != 0 && !left_out) {
            done &= (uint8_t)(want - 1U); /* but the lowest */
            left_out = true;
        }
        *weak &= (uint8_t)~done;
        *bits |= done;
        if (flash->power->metastable) {
            *weak |= (uint8_t)(want & ~done);
            *bits |= want;
        }
    }
    flash->marks[op->off / op->unit + u] =
        (uint8_t)(TOUCHED | TORN | flash->groups);
}

static uint32_t samples(uint32_t units)
{
    return units <= SAMPLES_ALL ? units : SAMPLES;
}

static uint32_t sample(uint32_t units, uint32_t n)
{
    const uint32_t spread[SAMPLES] = {0, 1, units / 2U, units - 2U, units - 1U};

    return units <= SAMPLES_ALL ? n : spread[n];
}

/* Torn at unit u, in manner 0 (whole units only), 1 (some bits) or 2 (most). */
static void torn_at(struct fake_flash *flash, const struct program *op,
                    uint32_t u, uint32_t manner)
{
    for (uint32_t i = 0; i < u; i++) {
        unit_whole(flash, op, i);
    }
    if (manner == 0) {
        fault(flash, u == 0 ? FAKE_FAULT_NOT_BEGUN : FAKE_FAULT_PREFIX);
        return;
    }
    unit_torn(flash, op, u, manner == 2);
    fault(flash, manner == 2 ? FAKE_FAULT_TORN_MOST : FAKE_FAULT_TORN_SOME);
}

/*
 * The cut program. Three manners for each sampled unit; all units at once, as
 * flash with a page buffer does it, in two manners; then complete.
 */
static void program_cut(struct fake_flash *flash, const struct program *op)
{
    uint32_t torn = 3U * samples(op->units);
    uint32_t tear = flash->power->tear;

    flash->power->tears = torn + 3U;
    if (tear < torn) {
        torn_at(flash, op, sample(op->units, tear / 3U), tear % 3U);
    } else if (tear < torn + 2U) {
        for (uint32_t u = 0; u < op->units; u++) {
            unit_torn(flash, op, u, tear == torn + 1U);
        }
        fault(flash, FAKE_FAULT_PARALLEL);
    } else {
        for (uint32_t u = 0; u < op->units; u++) {
            unit_whole(flash, op, u);
        }
        fault(flash, FAKE_FAULT_STATUS_LOST);
    }
}

/* --- Erasing ----------------------------------------------------------------
 */

static void range_whole_erase(struct fake_flash *flash, uint32_t off,
                              uint32_t len)
{
    uint32_t unit = flash->port.program_size;

    memset(flash->bits + off, 0, len);
    memset(flash->weak + off, 0, len);
    memset(flash->marks + off / unit, 0, len / unit);
}

/* What an interrupted erase makes of one byte, as kind has it. */
static void byte_torn_erase(struct fake_flash *flash, enum fake_fault kind,
                            uint32_t at, bool first_half)
{
    uint8_t *bits = &flash->bits[at];
    uint8_t *weak = &flash->weak[at];
    uint32_t noise =
        hash(at / flash->port.program_size, flash->power->operations);
    uint8_t keep = 0xFF; /* bits that stay as they were */

    if (kind == FAKE_FAULT_ERASE_FULL) {
        *bits = 0xFF; /* programmed before it is erased, as NOR does */
    } else if (kind == FAKE_FAULT_ERASE_PART) {
        keep = first_half ? 0x00 : 0xFF;
    } else if (kind == FAKE_FAULT_ERASE_GARBAGE) {
        keep = (uint8_t)hash(at, flash->power->operations);
    } else if (kind == FAKE_FAULT_ERASE_BLANK) {
        keep = flash->power->metastable && (noise & 1U) != 0 ? 0xFF : 0x00;
    }
    *bits &= keep;
    *weak &= keep;
    if (flash->power->metastable) {
        *weak |= *bits;
    }
}

static void torn_erase(struct fake_flash *flash, uint32_t off, uint32_t len,
                       enum fake_fault kind, bool second_half)
{
    uint32_t unit = flash->port.program_size;

    for (uint32_t i = 0; i < len; i++) {
        byte_torn_erase(flash, kind, off + i, (i < len / 2U) != second_half);
    }
    memset(flash->marks + off / unit, (int)(TOUCHED | TORN | flash->groups),
           len / unit);
    fault(flash, kind);
}

static void erase_cut(struct fake_flash *flash, uint32_t off, uint32_t len)
{
    static const enum fake_fault kinds[] = {
        FAKE_FAULT_ERASE_OLD,     FAKE_FAULT_ERASE_PART, FAKE_FAULT_ERASE_PART,
        FAKE_FAULT_ERASE_GARBAGE, FAKE_FAULT_ERASE_FULL, FAKE_FAULT_ERASE_BLANK,
    };
    uint32_t torn = sizeof(kinds) / sizeof(kinds[0]);

    flash->power->tears = torn + 2U;
    if (flash->power->tear == 0) {
        fault(flash, FAKE_FAULT_NOT_BEGUN);
    } else if (flash->power->tear <= torn) {
        torn_erase(flash, off, len, kinds[flash->power->tear - 1U],
                   flash->power->tear == 3);
    } else {
        range_whole_erase(flash, off, len);
        fault(flash, FAKE_FAULT_STATUS_LOST);
    }
}

/* --- The port ---------------------------------------------------------------
 */

/* Whether the operation that begins now is the one that power is cut in. */
static bool cut_now(struct fake_flash *flash)
{
    flash->power->operations++;
    if (flash->power->cut_at == UINT32_MAX || flash->power->cut_at-- > 0) {
        return false;
    }
    flash->power->dead = true;
    flash->power->cut_at = UINT32_MAX;
    if (flash->groups < FAKE_FLASH_GROUPS) {
        flash->groups++;
    }
    if (flash->power->metastable) {
        fault(flash, FAKE_FAULT_METASTABLE);
    }
    return true;
}

/* Whether the call misbehaves, and if so how it answers. */
static bool misbehaves(struct fake_flash *flash, enum fake_misdeed refuse,
                       enum fake_misdeed lie, enum pawl_status *status)
{
    if (flash->misdeed == FAKE_HONEST ||
        flash->power->operations < flash->misdeed_at) {
        return false;
    }
    if (flash->misdeed == refuse || flash->misdeed == FAKE_REFUSE_ALL) {
        *status = PAWL_ERR_IO;
        fault(flash, FAKE_FAULT_REFUSED);
    } else if (flash->misdeed == lie) {
        *status = PAWL_OK;
        fault(flash, FAKE_FAULT_LIE);
    } else {
        return false;
    }
    return true;
}

/* The operation's effect is there; its completion may have to be polled. */
static enum pawl_status begun(struct fake_flash *flash)
{
    if (flash->pending == 0) {
        return PAWL_OK;
    }
    flash->polls = flash->pending;
    flash->poll_status = PAWL_OK;
    return PAWL_PENDING;
}

static bool aligned(struct fake_flash *flash, uint32_t off, size_t len,
                    uint32_t unit)
{
    if (off % unit != 0 || len % unit != 0 || len == 0 ||
        off > flash->port.size || len > flash->port.size - off) {
        breach(flash, "an operation was not aligned, or out of the region");
        return false;
    }
    if (flash->polls != 0) {
        breach(flash, "an operation was begun while another was under way");
        return false;
    }
    return true;
}

static enum pawl_status flash_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    struct fake_flash *flash = ctx;
    struct program op = {off, buf, flash->port.program_size, 0};
    enum pawl_status status = PAWL_ERR_IO;

    if (flash->power->dead || !aligned(flash, off, len, op.unit)) {
        return PAWL_ERR_IO;
    }
    op.units = (uint32_t)len / op.unit;
    if (misbehaves(flash, FAKE_REFUSE_PROGRAM, FAKE_LIE_PROGRAM, &status)) {
        flash->power->operations++;
        return status;
    }
    check_rules(flash, &op);
    flash->programs[sector_of(flash, off)]++;
    flash->bytes_programmed += (uint32_t)len;
    if (cut_now(flash)) {
        program_cut(flash, &op);
        return PAWL_ERR_IO;
    }
    for (uint32_t u = 0; u < op.units; u++) {
        unit_whole(flash, &op, u);
    }
    return begun(flash);
}

static enum pawl_status flash_erase(void *ctx, uint32_t off, uint32_t len)
{
    struct fake_flash *flash = ctx;
    enum pawl_status status = PAWL_ERR_IO;

    if (flash->power->dead ||
        !aligned(flash, off, len, flash->port.erase_size)) {
        return PAWL_ERR_IO;
    }
    if (misbehaves(flash, FAKE_REFUSE_ERASE, FAKE_LIE_ERASE, &status)) {
        flash->power->operations++;
        return status;
    }
    for (uint32_t at = off; at < off + len; at += flash->port.erase_size) {
        flash->erases[sector_of(flash, at)]++;
    }
    if (cut_now(flash)) {
        erase_cut(flash, off, len);
        return PAWL_ERR_IO;
    }
    range_whole_erase(flash, off, len);
    return begun(flash);
}

static enum pawl_status flash_sync(void *ctx)
{
    const struct fake_flash *flash = ctx;

    return flash->power->dead ? PAWL_ERR_IO : PAWL_OK;
}

static enum pawl_status flash_poll(void *ctx)
{
    struct fake_flash *flash = ctx;

    if (flash->power->dead) {
        return PAWL_ERR_IO;
    }
    if (flash->polls > 0 && --flash->polls > 0) {
        return PAWL_PENDING;
    }
    return flash->poll_status;
}

static int32_t flash_last_error(void *ctx)
{
    const struct fake_flash *flash = ctx;

    return flash->power->dead ? -110 : 0;
}

/* --- For tests ---------------------------------------------------------------
 */

void fake_flash_open(struct fake_flash *flash, uint8_t *memory, uint32_t size,
                     uint32_t erase_size, uint32_t program_size,
                     uint8_t erased_value)
{
    memset(flash, 0, sizeof(*flash));
    flash->bits = memory;
    flash->weak = memory + size;
    flash->marks = memory + 2U * size;
    memset(memory, 0, 2U * size + size / program_size);
    flash->own = FAKE_POWER_ON;
    flash->power = &flash->own;
    flash->port = (struct pawl_flash){
        .ctx = flash,
        .read = flash_read,
        .program = flash_program,
        .erase = flash_erase,
        .sync = flash_sync,
        .poll = flash_poll,
        .last_error = flash_last_error,
        .size = size,
        .erase_size = erase_size,
        .program_size = program_size,
        .erased_value = erased_value,
        .overprogram = true,
    };
}

void fake_flash_copy(struct fake_flash *to, uint8_t *memory,
                     const struct fake_flash *from)
{
    uint32_t size = from->port.size;

    *to = *from;
    to->own = *from->power;
    to->power = &to->own;
    to->port.ctx = to;
    to->bits = memory;
    to->weak = memory + size;
    to->marks = memory + 2U * size;
    memcpy(memory, from->bits, 2U * size + size / from->port.program_size);
}

void fake_flash_share_power(struct fake_flash *flash, struct fake_power *power)
{
    flash->power = power;
}

void fake_flash_cut_power_at(struct fake_flash *flash, uint32_t at)
{
    flash->power->cut_at = at;
    flash->power->tears = 0;
}

void fake_flash_set_tear(struct fake_flash *flash, uint32_t tear,
                         bool metastable)
{
    flash->power->tear = tear;
    flash->power->metastable = metastable;
}

uint32_t fake_flash_tears(const struct fake_flash *flash)
{
    return flash->power->tears;
}

bool fake_flash_power_on(struct fake_flash *flash)
{
    bool was_cut = flash->power->dead;

    flash->power->dead = false;
    flash->power->cut_at = UINT32_MAX;
    flash->polls = 0;
    flash->boots++;
    for (uint8_t g = 1; g <= FAKE_FLASH_GROUPS; g++) {
        flash->mood[g] = (uint8_t)((flash->mood[g] + 1U) % FAKE_MOOD_COUNT);
    }
    return was_cut;
}

void fake_flash_set_mood(struct fake_flash *flash, uint8_t group,
                         enum fake_mood mood)
{
    flash->mood[group & GROUP] = (uint8_t)mood;
}

void fake_flash_misbehave(struct fake_flash *flash, enum fake_misdeed misdeed,
                          uint32_t at)
{
    flash->misdeed = misdeed;
    flash->misdeed_at = flash->power->operations + at;
}

void fake_flash_flip(struct fake_flash *flash, uint32_t off, unsigned bit)
{
    flash->bits[off] ^= (uint8_t)(1U << (bit & 7U));
}

void fake_flash_load(struct fake_flash *flash, uint32_t off, const void *data,
                     size_t len)
{
    const uint8_t *in = data;

    for (uint32_t i = 0; i < len; i++) {
        flash->bits[off + i] = in[i] ^ flash->port.erased_value;
        flash->weak[off + i] = 0;
        flash->marks[(off + i) / flash->port.program_size] = TOUCHED;
    }
}

uint16_t fake_flash_torn(const struct fake_flash *flash, uint32_t off,
                         uint32_t len)
{
    uint32_t unit = flash->port.program_size;
    uint16_t groups = 0;

    for (uint32_t u = off / unit; u < (off + len) / unit; u++) {
        if ((flash->marks[u] & TORN) != 0) {
            groups |= (uint16_t)(1U << (flash->marks[u] & GROUP));
        }
    }
    return groups;
}

bool fake_flash_touched(const struct fake_flash *flash, uint32_t off,
                        uint32_t len)
{
    uint32_t unit = flash->port.program_size;

    for (uint32_t u = off / unit; u < (off + len) / unit; u++) {
        if (flash->marks[u] != 0) {
            return true;
        }
    }
    return false;
}

bool fake_flash_weak(const struct fake_flash *flash)
{
    uint32_t units = flash->port.size / flash->port.program_size;

    for (uint32_t u = 0; u < units; u++) {
        if ((flash->marks[u] & TORN) != 0) {
            return true;
        }
    }
    return false;
}

uint32_t fake_flash_faults(const struct fake_flash *flash)
{
    uint32_t sum = 0;

    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        sum += flash->faults[i];
    }
    return sum;
}

const char *fake_fault_name(enum fake_fault kind)
{
    static const char *const names[FAKE_FAULT_COUNT] = {
        "not begun",     "prefix",      "torn some",   "torn most",
        "parallel",      "status lost", "erase old",   "erase part",
        "erase garbage", "erase full",  "erase blank", "metastable",
        "ecc read",      "refused",     "lie",
    };

    return kind < FAKE_FAULT_COUNT ? names[kind] : "?";
}
