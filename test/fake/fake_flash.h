/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAKE_FLASH_H
#define PAWL_FAKE_FLASH_H

/*
 * Flash that fails as real flash does. Bits are programmed (set here,
 * whatever they read as) or erased; a bit that an interrupted operation left
 * half charged is weak, and reads as the mood of the boot has it.
 *
 *     static uint8_t memory[FAKE_FLASH_MEMORY(4096)];
 *     struct fake_flash flash;
 *     fake_flash_open(&flash, memory, 4096, 512, 8, 0xFF);
 *     ... give &flash.port to the code under test ...
 *     fake_flash_cut_power_at(&flash, at);      the at-th operation from here
 *     fake_flash_set_tear(&flash, tear, true);  how it is torn; metastable
 *     ... run; every operation after the cut answers PAWL_ERR_IO ...
 *     cut = fake_flash_power_on(&flash);        whether power was cut
 *
 * An operation is one program() or one erase() call. All loops over `at` end
 * by themselves when power_on() answers false; loops over `tear` end at
 * fake_flash_tears(), which tells how many ways there were to tear the
 * operation that was cut. A snapshot is fake_flash_copy(): the struct and one
 * memcpy.
 */

#include <pawl/port/flash.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of memory that a flash of so many bytes needs (program unit 1). */
#define FAKE_FLASH_MEMORY(size) (3U * (size))

#define FAKE_FLASH_SECTORS 64 /* whose erases and programs are counted */
#define FAKE_FLASH_GROUPS                                                      \
    15 /* cuts whose weak bits have moods of their own                         \
        */

/* What went wrong so far, by kind. The index of fake_flash.faults[]. */
enum fake_fault {
    FAKE_FAULT_NOT_BEGUN = 0, /* power failed before the operation */
    FAKE_FAULT_PREFIX,        /* some whole units were programmed */
    FAKE_FAULT_TORN_SOME,     /* half of the bits of a unit */
    FAKE_FAULT_TORN_MOST,     /* all of its bits but one */
    FAKE_FAULT_PARALLEL,      /* all units of the call at once, half done */
    FAKE_FAULT_STATUS_LOST,   /* done, but nobody was told */
    FAKE_FAULT_ERASE_OLD,     /* an erase that changed nothing that shows */
    FAKE_FAULT_ERASE_PART,    /* some units are blank, the others are not */
    FAKE_FAULT_ERASE_GARBAGE, /* each unit is something else */
    FAKE_FAULT_ERASE_FULL,    /* programmed all over, before the erase pulse */
    FAKE_FAULT_ERASE_BLANK,   /* looks blank */
    FAKE_FAULT_METASTABLE,    /* any of them, with weak bits */
    FAKE_FAULT_ECC,           /* a read of a torn unit was an ECC error */
    FAKE_FAULT_REFUSED,       /* the call failed without a power cut */
    FAKE_FAULT_LIE,           /* the call did nothing and said PAWL_OK */
    FAKE_FAULT_COUNT
};

/* How weak bits read during one boot, for one group (one cut). */
enum fake_mood {
    FAKE_MOOD_ERASED = 0, /* as erased */
    FAKE_MOOD_PROGRAMMED, /* as programmed */
    FAKE_MOOD_MIXED,      /* each bit on its own, by the boot's number */
    FAKE_MOOD_ECC,        /* reading such a unit is an ECC error */
    FAKE_MOOD_PATCHY,     /* each span as erased or as programmed */
    FAKE_MOOD_PATCHED,    /* the other way round */
    FAKE_MOOD_COUNT
};

/* Calls that fail or lie without a power cut. */
enum fake_misdeed {
    FAKE_HONEST = 0,
    FAKE_REFUSE_PROGRAM, /* PAWL_ERR_IO, nothing done */
    FAKE_REFUSE_ERASE,
    FAKE_REFUSE_ALL,  /* read only */
    FAKE_LIE_PROGRAM, /* PAWL_OK, nothing done */
    FAKE_LIE_ERASE,
    FAKE_REFUSE_READ /* PAWL_ERR_IO */
};

/* The supply: of one flash, or shared by all the flashes of a device. */
struct fake_power {
    uint32_t cut_at; /* operations until the cut; UINT32_MAX: never */
    uint32_t tear;
    bool metastable;
    bool dead;           /* power was cut */
    uint32_t tears;      /* ways to tear the operation that was cut */
    uint32_t operations; /* programs and erases begun, in all */
};

struct fake_flash {
    struct pawl_flash port; /* give this to the code under test */
    uint8_t *bits;          /* 1: programmed, or weak */
    uint8_t *weak;          /* 1: weak */
    uint8_t *marks;         /* of each unit: touched, and its group */
    struct fake_power own, *power;
    uint8_t mood[FAKE_FLASH_GROUPS + 1]; /* enum fake_mood of each group */
    uint8_t groups;                      /* used so far */
    enum fake_misdeed misdeed;
    uint32_t misdeed_at; /* operations until it begins */
    uint32_t pending;    /* polls that each operation takes; 0: blocking */
    uint32_t polls;      /* left of the one under way */
    enum pawl_status poll_status;
    uint32_t mood_span; /* bytes that are alike when patchy; 0: a unit */
    uint32_t boots;     /* times that power came back */
    uint32_t programs[FAKE_FLASH_SECTORS]; /* calls, by first sector */
    uint32_t erases[FAKE_FLASH_SECTORS];
    uint32_t bytes_programmed;
    uint32_t faults[FAKE_FAULT_COUNT];
    uint32_t breaches; /* programs that the rules of NOR forbid: I3 */
    const char *breach;
};

/*
 * Sets up a blank, healthy flash over memory (FAKE_FLASH_MEMORY(size) bytes),
 * which stays the caller's and must outlive it.
 */
void fake_flash_open(struct fake_flash *flash, uint8_t *memory, uint32_t size,
                     uint32_t erase_size, uint32_t program_size,
                     uint8_t erased_value);

/* Makes to the same as from, in to's own memory of at least the same size. */
void fake_flash_copy(struct fake_flash *to, uint8_t *memory,
                     const struct fake_flash *from);

/*
 * Puts flash on a supply that it shares with others: a cut counts the
 * operations of all of them, and takes them all. power begins as
 * FAKE_POWER_ON; copies made by fake_flash_copy() are on their own supply
 * until they share one again.
 */
#define FAKE_POWER_ON ((struct fake_power){.cut_at = UINT32_MAX})
void fake_flash_share_power(struct fake_flash *flash, struct fake_power *power);

/* Cuts power at operation `at` from now (0: the next one). */
void fake_flash_cut_power_at(struct fake_flash *flash, uint32_t at);

/*
 * How the cut operation is torn: 0 is "not begun", the last is "done, status
 * lost"; a number behind the last counts as the last. metastable: what was
 * torn is weak; otherwise it is stable at what it is.
 */
void fake_flash_set_tear(struct fake_flash *flash, uint32_t tear,
                         bool metastable);

/* After a cut: how many tears there are for the operation that was cut. */
uint32_t fake_flash_tears(const struct fake_flash *flash);

/*
 * Brings power back, with the next mood for every group, and no further cut.
 * Returns whether power had been cut. Flashes that share a supply are brought
 * back one by one; the first of them returns the answer.
 */
bool fake_flash_power_on(struct fake_flash *flash);

/* Chooses the mood of one group (1 .. groups) for this boot. */
void fake_flash_set_mood(struct fake_flash *flash, uint8_t group,
                         enum fake_mood mood);

/* From operation `at` on, operations misbehave. */
void fake_flash_misbehave(struct fake_flash *flash, enum fake_misdeed misdeed,
                          uint32_t at);

/* Flips one bit of what is stored, for good: rot. */
void fake_flash_flip(struct fake_flash *flash, uint32_t off, unsigned bit);

/* Writes without any rule, for given states: the range reads as data. */
void fake_flash_load(struct fake_flash *flash, uint32_t off, const void *data,
                     size_t len);

/* The groups (bit g: group g) that have torn units in len bytes at off. */
uint16_t fake_flash_torn(const struct fake_flash *flash, uint32_t off,
                         uint32_t len);

/* Whether any unit in len bytes at off was programmed since its erase. */
bool fake_flash_touched(const struct fake_flash *flash, uint32_t off,
                        uint32_t len);

/* Weak bits anywhere? For searches that stop branching when there are none. */
bool fake_flash_weak(const struct fake_flash *flash);

/* All faults that fired. */
uint32_t fake_flash_faults(const struct fake_flash *flash);

/* The name of a kind of fault, for tables. */
const char *fake_fault_name(enum fake_fault kind);

#endif
