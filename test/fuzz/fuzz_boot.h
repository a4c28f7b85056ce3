/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FUZZ_FUZZ_BOOT_H
#define PAWL_TEST_FUZZ_FUZZ_BOOT_H

/*
 * The device that fuzz_boot.c starts: whatever lies in it is said by the
 * input, but for the releases and the trust documents, which nobody can forge.
 */

#include "fake/fake_device.h"
#include "fuzz/fuzz.h"
#include "update/record.h"

#define RELEASES 10

/* Where the loader's own trust document lies. */
enum vault {
    VAULT_NONE,    /* it has none: the device's store is believed */
    VAULT_FACTORY, /* never written; version 1 comes with the loader */
    VAULT_WRITTEN, /* version 1 */
    VAULT_BLANK    /* never written, and nothing comes with the loader */
};

struct release {
    struct fake_release made;
    uint8_t manifest[32]; /* digest of its manifest */
};

extern struct release releases[RELEASES];
extern struct fake_device device;
extern struct fake_device vault; /* the loader's; only its store is used */

/* What the input says of the device, besides what lies in it. */
struct setting {
    enum vault vault;
    bool counted;          /* there is a hardware counter, */
    bool counter_readable; /* and it can be read */
    bool backend;          /* something else than pawl's boot starts it */
    bool hand_over;        /* the loader tells the engine what runs */
    bool journal_altered, store_altered, vault_altered;
    bool altered; /* any of the flashes */
    bool faulty;  /* or one of them fails */
    uint8_t factory_trust[PAWL_TRUST_MAX];
    size_t factory_trust_len;
};
extern struct setting setting;

/* The input, byte by byte; zeros behind its end. */
bool more(void);
uint8_t take(void);

/* Lays out a device as the input has it. */
void lay_out(struct pawl_bytes input);

/* The release with this manifest; NULL. */
const struct release *release_of(const uint8_t manifest[32]);

/* What lies in a flash, read behind the back of its faults. */
bool lies(struct fake_flash *flash, uint32_t off, struct pawl_bytes bytes);
/* Whether slot holds the image of release. */
bool holds_image(unsigned slot, const struct release *release);
/* Whether the area of slot holds its manifest. */
bool holds_manifest(unsigned slot, const struct release *release);

/* Programs and erases so far. */
uint32_t touched(const struct fake_flash *flash);
uint32_t vault_touched(void);

#endif
