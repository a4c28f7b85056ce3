/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The check of key stores, checked: a store in RAM that is as it should be
 * violates nothing, and one with a single defect violates the sentence that
 * speaks of it.
 */
#include <ctype.h>
#include <pawl/port_check.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"

static struct fake_keystore fake;
static struct pawl_keystore store; /* as it is checked: with a defect */

/* ---- what is reported ---- */

struct report {
    unsigned passed, skipped, violated;
    char first[32]; /* the first check that was violated, */
    char last[32];  /* and the last one */
    bool foreign;   /* a sentence that is not in its header */
};

static struct report reported;

static char header[16384];

/* The header's text as it is read: without stars, blanks one at a time. */
static void read_header(void)
{
    FILE *file = fopen(PAWL_KEYSTORE_H, "r");
    size_t len = 0;
    int c = 0;

    CHECK(file != NULL);
    while ((c = fgetc(file)) != EOF && len + 1 < sizeof header) {
        bool blank = isspace(c) || c == '*';

        if (!blank || (len > 0 && header[len - 1] != ' ')) {
            header[len++] = blank ? ' ' : (char)c;
        }
    }
    header[len] = '\0';
    (void)fclose(file);
}

static void take(void *ctx, const struct pawl_check_result *result)
{
    struct report *report = ctx;

    report->passed += result->outcome == PAWL_CHECK_PASSED;
    report->skipped += result->outcome == PAWL_CHECK_SKIPPED;
    report->violated += result->outcome == PAWL_CHECK_VIOLATED;
    report->foreign |= strstr(header, result->sentence) == NULL;
    CHECK_EQ(result->found[0] == '\0', result->outcome == PAWL_CHECK_PASSED);
    if (result->outcome == PAWL_CHECK_VIOLATED) {
        (void)snprintf(report->last, sizeof report->last, "%s", result->name);
    }
    if (result->outcome == PAWL_CHECK_VIOLATED && report->first[0] == '\0') {
        (void)snprintf(report->first, sizeof report->first, "%s", result->name);
    }
}

/* ---- what happens to the store ---- */

static bool is_lost, is_full;
static struct pawl_keystore_attributes after_reset;

static enum pawl_status reopen(void *ctx)
{
    (void)ctx;
    fake_keystore_reopen(&fake);
    return PAWL_OK;
}

static enum pawl_status lose(void *ctx, bool lost)
{
    (void)ctx;
    is_lost = lost;
    return PAWL_OK;
}

static enum pawl_status fill(void *ctx, bool full)
{
    (void)ctx;
    is_full = full;
    return PAWL_OK;
}

/* ---- the store as it should be ---- */

static enum pawl_status good_generate(void *ctx, enum pawl_key_slot slot)
{
    if (is_lost) {
        return PAWL_ERR_KEYSTORE;
    }
    return is_full ? PAWL_ERR_FULL : fake.keystore.generate(ctx, slot);
}

static enum pawl_status good_public_key(void *ctx, enum pawl_key_slot slot,
                                        uint8_t point[PAWL_P256_POINT_SIZE])
{
    return is_lost ? PAWL_ERR_KEYSTORE
                   : fake.keystore.public_key(ctx, slot, point);
}

static enum pawl_status good_sign(void *ctx, enum pawl_key_slot slot,
                                  const uint8_t digest[32],
                                  uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    return is_lost ? PAWL_ERR_KEYSTORE
                   : fake.keystore.sign(ctx, slot, digest, signature);
}

static enum pawl_status good_destroy(void *ctx, enum pawl_key_slot slot)
{
    return is_lost ? PAWL_ERR_KEYSTORE : fake.keystore.destroy(ctx, slot);
}

static const struct pawl_keystore_attributes expected = {.persistent = true};

static struct pawl_port_check given_check(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    read_header();
    is_lost = is_full = false;
    after_reset = expected;
    memset(&reported, 0, sizeof reported);
    fake_keystore_open(&fake);
    store = fake.keystore;
    store.generate = good_generate;
    store.public_key = good_public_key;
    store.sign = good_sign;
    store.destroy = good_destroy;
    return (struct pawl_port_check){.report = take,
                                    .ctx = &reported,
                                    .keystore = &store,
                                    .idevid_too = true,
                                    .expected = &expected,
                                    .reopen = reopen,
                                    .lose = lose,
                                    .fill = fill};
}

/* ---- defects, each of one call ---- */

static enum pawl_status keeps_the_old_key(void *ctx, enum pawl_key_slot slot)
{
    uint8_t point[PAWL_P256_POINT_SIZE];

    return good_public_key(ctx, slot, point) == PAWL_OK
               ? PAWL_OK
               : good_generate(ctx, slot);
}

static enum pawl_status makes_nothing(void *ctx, enum pawl_key_slot slot)
{
    (void)ctx;
    (void)slot;
    return is_lost ? PAWL_ERR_KEYSTORE : PAWL_OK;
}

/* All slots share one key. */
static enum pawl_key_slot one_slot(enum pawl_key_slot slot)
{
    return (int)slot >= 0 && slot < PAWL_KEY_SLOTS ? PAWL_KEY_LDEVID_A : slot;
}

static enum pawl_status makes_in_one_slot(void *ctx, enum pawl_key_slot slot)
{
    return good_generate(ctx, one_slot(slot));
}

static enum pawl_status reads_one_slot(void *ctx, enum pawl_key_slot slot,
                                       uint8_t point[PAWL_P256_POINT_SIZE])
{
    return good_public_key(ctx, one_slot(slot), point);
}

static enum pawl_status signs_with_one_slot(void *ctx, enum pawl_key_slot slot,
                                            const uint8_t digest[32],
                                            uint8_t signature[64])
{
    return good_sign(ctx, one_slot(slot), digest, signature);
}

static enum pawl_status clears_the_others(void *ctx, enum pawl_key_slot slot)
{
    if (!is_lost && !is_full && slot == PAWL_KEY_LDEVID_B) {
        (void)good_destroy(ctx, PAWL_KEY_LDEVID_A);
    }
    return good_generate(ctx, slot);
}

static enum pawl_status makes_without_room(void *ctx, enum pawl_key_slot slot)
{
    return is_lost ? PAWL_ERR_KEYSTORE : fake.keystore.generate(ctx, slot);
}

static enum pawl_status says_io_when_full(void *ctx, enum pawl_key_slot slot)
{
    enum pawl_status status = good_generate(ctx, slot);

    return status == PAWL_ERR_FULL ? PAWL_ERR_IO : status;
}

/* A failure that leaves a key whose halves do not belong together. */
static bool half_made;

static enum pawl_status leaves_half_a_key(void *ctx, enum pawl_key_slot slot)
{
    half_made = is_full;
    return good_generate(ctx, slot);
}

static enum pawl_status reads_half_a_key(void *ctx, enum pawl_key_slot slot,
                                         uint8_t point[PAWL_P256_POINT_SIZE])
{
    enum pawl_status status = good_public_key(ctx, slot, point);

    point[40] ^= half_made && slot == PAWL_KEY_LDEVID_B ? 1 : 0;
    return status;
}

static enum pawl_status reads_zeros(void *ctx, enum pawl_key_slot slot,
                                    uint8_t point[PAWL_P256_POINT_SIZE])
{
    enum pawl_status status = good_public_key(ctx, slot, point);

    if (status == PAWL_ERR_NOT_FOUND) {
        memset(point, 0, PAWL_P256_POINT_SIZE);
        return PAWL_OK;
    }
    return status;
}

static enum pawl_status reads_compressed(void *ctx, enum pawl_key_slot slot,
                                         uint8_t point[PAWL_P256_POINT_SIZE])
{
    enum pawl_status status = good_public_key(ctx, slot, point);

    point[0] = status == PAWL_OK ? 0x02 : point[0];
    return status;
}

static enum pawl_status reads_another(void *ctx, enum pawl_key_slot slot,
                                      uint8_t point[PAWL_P256_POINT_SIZE])
{
    static uint8_t count;
    enum pawl_status status = good_public_key(ctx, slot, point);

    point[PAWL_P256_POINT_SIZE - 1] ^= ++count;
    return status;
}

static enum pawl_status
sees_no_key_when_lost(void *ctx, enum pawl_key_slot slot, uint8_t *point)
{
    return is_lost ? PAWL_ERR_NOT_FOUND : good_public_key(ctx, slot, point);
}

static enum pawl_status signs_when_lost(void *ctx, enum pawl_key_slot slot,
                                        const uint8_t digest[32],
                                        uint8_t signature[64])
{
    return fake.keystore.sign(ctx, slot, digest, signature);
}

static enum pawl_status signs_when_empty(void *ctx, enum pawl_key_slot slot,
                                         const uint8_t digest[32],
                                         uint8_t signature[64])
{
    enum pawl_status status = good_sign(ctx, slot, digest, signature);

    return status == PAWL_ERR_NOT_FOUND ? PAWL_OK : status;
}

static enum pawl_status signs_31_bytes(void *ctx, enum pawl_key_slot slot,
                                       const uint8_t digest[32],
                                       uint8_t signature[64])
{
    uint8_t cut[32];

    memcpy(cut, digest, 32);
    cut[31] = 0;
    return good_sign(ctx, slot, cut, signature);
}

static enum pawl_status signs_as_little_endian(void *ctx,
                                               enum pawl_key_slot slot,
                                               const uint8_t digest[32],
                                               uint8_t signature[64])
{
    enum pawl_status status = good_sign(ctx, slot, digest, signature);

    for (size_t half = 0; half < 64; half += 32) {
        for (size_t i = 0; i < 16; i++) {
            uint8_t byte = signature[half + i];

            signature[half + i] = signature[half + 31 - i];
            signature[half + 31 - i] = byte;
        }
    }
    return status;
}

/* A number with a zero in front is moved to the left, as some TPMs give it. */
static enum pawl_status signs_without_zeros(void *ctx, enum pawl_key_slot slot,
                                            const uint8_t digest[32],
                                            uint8_t signature[64])
{
    enum pawl_status status = good_sign(ctx, slot, digest, signature);

    if (status == PAWL_OK && signature[0] == 0) {
        memmove(signature, signature + 1, 31);
        signature[31] = 0;
    }
    return status;
}

static enum pawl_status destroys_nothing(void *ctx, enum pawl_key_slot slot)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    enum pawl_status status = good_public_key(ctx, slot, point);

    return status == PAWL_ERR_NOT_FOUND ? PAWL_OK : status;
}

static enum pawl_status has_no_room_for_three(void *ctx,
                                              enum pawl_key_slot slot)
{
    enum pawl_status status = good_generate(ctx, slot);

    if (slot == PAWL_KEY_IDEVID && status == PAWL_OK) {
        (void)good_destroy(ctx, PAWL_KEY_LDEVID_B);
    }
    return status;
}

static enum pawl_status fails_for_nothing(void *ctx, enum pawl_key_slot slot)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    enum pawl_status status = good_public_key(ctx, slot, point);

    return status == PAWL_OK ? good_destroy(ctx, slot) : status;
}

/* The key is gone until the next reset. */
static uint8_t kept[PAWL_SOFT_BLOB_SIZE];
static bool come_back;

static enum pawl_status destroys_in_ram(void *ctx, enum pawl_key_slot slot)
{
    memcpy(kept, fake.saved, sizeof kept);
    come_back = true;
    return good_destroy(ctx, slot);
}

static enum pawl_status reopens_with_the_old(void *ctx)
{
    if (come_back) {
        memcpy(fake.saved, kept, sizeof kept);
    }
    return reopen(ctx);
}

static enum pawl_status reopens_empty(void *ctx)
{
    (void)ctx;
    fake_keystore_open(&fake);
    return PAWL_OK;
}

static enum pawl_status reopens_otherwise(void *ctx)
{
    store.attributes.exportable = true;
    return reopen(ctx);
}

static enum pawl_status stays_away(void *ctx, bool lost)
{
    (void)ctx;
    is_lost = is_lost || lost;
    return PAWL_OK;
}

static enum pawl_status accepts_any_slot(void *ctx, enum pawl_key_slot slot)
{
    enum pawl_status status = good_destroy(ctx, slot);

    return (int)slot < 0 || slot >= PAWL_KEY_SLOTS ? PAWL_OK : status;
}

static enum pawl_status wraps_slots(void *ctx, enum pawl_key_slot slot)
{
    (void)good_destroy(ctx, (enum pawl_key_slot)((unsigned)slot % 3));
    return slot < PAWL_KEY_SLOTS ? PAWL_OK : PAWL_ERR_KEYSTORE;
}

static enum pawl_status takes_its_time(void *ctx, enum pawl_key_slot slot)
{
    enum pawl_status status = good_generate(ctx, slot);

    /* What it says where nothing else is said; -1 is 255 in a short enum. */
    return (int)slot < 0 || slot > PAWL_KEY_SLOTS ? PAWL_PENDING : status;
}

static enum pawl_status seals_nothing(void *ctx, struct pawl_bytes plain,
                                      uint8_t *sealed, size_t *len)
{
    (void)ctx;
    if (*len < plain.len) {
        *len = plain.len;
        return PAWL_ERR_TOO_SMALL;
    }
    memcpy(sealed, plain.data, plain.len);
    *len = plain.len;
    return PAWL_OK;
}

static enum pawl_status copies_back(void *ctx, struct pawl_bytes sealed,
                                    uint8_t *plain, size_t *len)
{
    return seals_nothing(ctx, sealed, plain, len);
}

static enum pawl_status asks_for_less(void *ctx, struct pawl_bytes plain,
                                      uint8_t *sealed, size_t *len)
{
    enum pawl_status status = fake.keystore.seal(ctx, plain, sealed, len);

    *len -= status == PAWL_ERR_TOO_SMALL ? 1 : 0;
    return status;
}

static enum pawl_status wants_less(void *ctx, struct pawl_bytes sealed,
                                   uint8_t *plain, size_t *len)
{
    enum pawl_status status = fake.keystore.unseal(ctx, sealed, plain, len);

    *len -= status == PAWL_ERR_TOO_SMALL ? 1 : 0;
    return status;
}

static enum pawl_status cannot_tell(void *ctx, struct pawl_bytes sealed,
                                    uint8_t *plain, size_t *len)
{
    enum pawl_status status = fake.keystore.unseal(ctx, sealed, plain, len);

    return status == PAWL_ERR_SIGNATURE ? PAWL_ERR_KEYSTORE : status;
}

static enum pawl_status gives_another(void *ctx, struct pawl_bytes sealed,
                                      uint8_t *plain, size_t *len)
{
    enum pawl_status status = fake.keystore.unseal(ctx, sealed, plain, len);

    plain[0] ^= status == PAWL_OK ? 1 : 0;
    return status;
}

/* What was sealed last comes again. */
static enum pawl_status seals_it_once(void *ctx, struct pawl_bytes plain,
                                      uint8_t *sealed, size_t *len)
{
    static uint8_t plain_before[64], sealed_before[128];
    static size_t plain_len, sealed_len;
    bool known = plain_len > 0 && plain.len == plain_len &&
                 *len >= sealed_len &&
                 memcmp(plain.data, plain_before, plain_len) == 0;

    if (known) {
        memcpy(sealed, sealed_before, sealed_len);
        *len = sealed_len;
        return PAWL_OK;
    }
    enum pawl_status status = fake.keystore.seal(ctx, plain, sealed, len);

    if (status == PAWL_OK && plain.len <= sizeof plain_before &&
        *len <= sizeof sealed_before) {
        memcpy(plain_before, plain.data, plain.len);
        memcpy(sealed_before, sealed, *len);
        plain_len = plain.len;
        sealed_len = *len;
    }
    return status;
}

static enum pawl_status seals_1024_bytes(void *ctx, struct pawl_bytes plain,
                                         uint8_t *sealed, size_t *len)
{
    bool zeros = plain.len > 1 && plain.data[0] == 0 && plain.data[1] == 0;

    return plain.len > 1024 && !zeros
               ? PAWL_ERR_LIMIT
               : fake.keystore.seal(ctx, plain, sealed, len);
}

static enum pawl_status seals_no_single_byte(void *ctx, struct pawl_bytes plain,
                                             uint8_t *sealed, size_t *len)
{
    return plain.len == 1 ? PAWL_ERR_LIMIT
                          : fake.keystore.seal(ctx, plain, sealed, len);
}

static enum pawl_status gives_a_long_one_wrongly(void *ctx,
                                                 struct pawl_bytes sealed,
                                                 uint8_t *plain, size_t *len)
{
    enum pawl_status status = fake.keystore.unseal(ctx, sealed, plain, len);

    if (status == PAWL_OK && *len == PAWL_SEAL_MAX) {
        plain[PAWL_SEAL_MAX - 1] ^= 1;
    }
    return status;
}

static enum pawl_status leaves_a_long_one_out(void *ctx,
                                              struct pawl_bytes sealed,
                                              uint8_t *plain, size_t *len)
{
    if (sealed.len > PAWL_SEAL_MAX && *len == PAWL_SEAL_MAX) {
        return PAWL_OK;
    }
    return fake.keystore.unseal(ctx, sealed, plain, len);
}

static enum pawl_status says_less_of_a_long_one(void *ctx,
                                                struct pawl_bytes sealed,
                                                uint8_t *plain, size_t *len)
{
    enum pawl_status status = fake.keystore.unseal(ctx, sealed, plain, len);

    *len -= status == PAWL_OK && *len == PAWL_SEAL_MAX ? 1 : 0;
    return status;
}

/* By a mask of its own each time, and so apart; but 512 bytes at a time. */
static enum pawl_status seals_in_pieces(void *ctx, struct pawl_bytes plain,
                                        uint8_t *sealed, size_t *len)
{
    enum pawl_status status = fake.keystore.seal(ctx, plain, sealed, len);

    for (size_t i = 513; status == PAWL_OK && i < plain.len; i++) {
        sealed[i] = sealed[i - 512];
    }
    return status;
}

/* As many bytes more behind what is sealed. */
#define MORE 50

static enum pawl_status adds_more(void *ctx, struct pawl_bytes plain,
                                  uint8_t *sealed, size_t *len)
{
    size_t room = *len;
    enum pawl_status status = fake.keystore.seal(ctx, plain, sealed, len);

    *len += status == PAWL_OK || status == PAWL_ERR_TOO_SMALL ? MORE : 0;
    if (status != PAWL_OK || *len > room) {
        return status == PAWL_OK ? PAWL_ERR_TOO_SMALL : status;
    }
    for (size_t i = 0; i < MORE; i++) {
        sealed[*len - MORE + i] = (uint8_t)i;
    }
    return PAWL_OK;
}

static enum pawl_status takes_less(void *ctx, struct pawl_bytes sealed,
                                   uint8_t *plain, size_t *len)
{
    sealed.len -= sealed.len < MORE ? 0 : MORE;
    return fake.keystore.unseal(ctx, sealed, plain, len);
}

/* A key for sealing that does not outlive a reset. */
static unsigned resets, sealed_in;

static enum pawl_status counts_resets(void *ctx)
{
    resets++;
    return reopen(ctx);
}

static enum pawl_status seals_until_a_reset(void *ctx, struct pawl_bytes plain,
                                            uint8_t *sealed, size_t *len)
{
    sealed_in = resets;
    return fake.keystore.seal(ctx, plain, sealed, len);
}

static enum pawl_status unseals_until_a_reset(void *ctx,
                                              struct pawl_bytes sealed,
                                              uint8_t *plain, size_t *len)
{
    return sealed_in != resets ? PAWL_ERR_SIGNATURE
                               : fake.keystore.unseal(ctx, sealed, plain, len);
}

static enum pawl_status drops_what_follows(void *ctx, struct pawl_bytes sealed,
                                           uint8_t *plain, size_t *len)
{
    enum pawl_status status = fake.keystore.unseal(ctx, sealed, plain, len);

    if (status == PAWL_ERR_SIGNATURE && sealed.len > 1) {
        sealed.len--;
        *len = 48;
        status = fake.keystore.unseal(ctx, sealed, plain, len);
    }
    return status;
}

static enum pawl_status takes_short_ones(void *ctx, struct pawl_bytes sealed,
                                         uint8_t *plain, size_t *len)
{
    return sealed.len == 5 ? PAWL_OK
                           : fake.keystore.unseal(ctx, sealed, plain, len);
}

/* 13, 24, 35: as the check fills in what is foreign. */
static enum pawl_status takes_foreign_ones(void *ctx, struct pawl_bytes sealed,
                                           uint8_t *plain, size_t *len)
{
    return sealed.len > 3 && sealed.data[1] == 13 && sealed.data[2] == 24 &&
                   sealed.data[3] == 35
               ? PAWL_OK
               : fake.keystore.unseal(ctx, sealed, plain, len);
}

/* ---- the defects and what they violate ---- */

struct defect {
    const char *violates;      /* the first check */
    struct pawl_keystore call; /* what is not NULL replaces the good one */
    enum pawl_status (*reopen)(void *ctx);
    enum pawl_status (*lose)(void *ctx, bool lost);
    bool hardware, exportable, volatile_keys; /* attributes that are wrong */
};

static const struct defect defects[] = {
    {.violates = "destroy nothing", .call.destroy = fails_for_nothing},
    {.violates = "no public key", .call.public_key = reads_zeros},
    {.violates = "no signature", .call.sign = signs_when_empty},
    {.violates = "generate", .call.generate = makes_nothing},
    {.violates = "generate", .call.public_key = reads_compressed},
    {.violates = "public key", .call.public_key = reads_another},
    {.violates = "sign", .call.sign = signs_31_bytes},
    {.violates = "sign", .call.sign = signs_as_little_endian},
    {.violates = "sign", .call.sign = signs_without_zeros},
    {.violates = "slots are apart", .call.generate = clears_the_others},
    {.violates = "slots are apart", .call.sign = signs_with_one_slot},
    {.violates = "slots are apart",
     .call = {.generate = makes_in_one_slot,
              .public_key = reads_one_slot,
              .sign = signs_with_one_slot}},
    {.violates = "replace", .call.generate = keeps_the_old_key},
    {.violates = "no such slot", .call.destroy = accepts_any_slot},
    {.violates = "no such slot", .call.destroy = wraps_slots},
    {.violates = "hardware", .hardware = true},
    {.violates = "exportable", .exportable = true},
    {.violates = "persistent", .volatile_keys = true},
    {.violates = "persistent", .reopen = reopens_empty},
    {.violates = "attributes", .reopen = reopens_otherwise},
    {.violates = "lost", .call.public_key = sees_no_key_when_lost},
    {.violates = "lost", .call.sign = signs_when_lost},
    {.violates = "there again", .lose = stays_away},
    {.violates = "full", .call.generate = says_io_when_full},
    {.violates = "full", .call.generate = makes_without_room},
    {.violates = "after a failure",
     .call = {.generate = leaves_half_a_key, .public_key = reads_half_a_key}},
    {.violates = "destroy", .call.destroy = destroys_nothing},
    {.violates = "destroy",
     .call.destroy = destroys_in_ram,
     .reopen = reopens_with_the_old},
    {.violates = "all slots", .call.generate = has_no_room_for_three},
    {.violates = "seal",
     .call = {.seal = seals_nothing, .unseal = copies_back}},
    {.violates = "seal", .call.unseal = gives_another},
    {.violates = "room", .call.seal = asks_for_less},
    {.violates = "room", .call.unseal = wants_less},
    {.violates = "sealed anew", .call.seal = seals_it_once},
    {.violates = "sealed anew", .call.seal = seals_in_pieces},
    {.violates = "lengths", .call.seal = seals_1024_bytes},
    {.violates = "lengths", .call.seal = seals_no_single_byte},
    {.violates = "lengths", .call.unseal = gives_a_long_one_wrongly},
    {.violates = "lengths", .call.unseal = leaves_a_long_one_out},
    {.violates = "lengths", .call.unseal = says_less_of_a_long_one},
    {.violates = "lengths", .call = {.seal = adds_more, .unseal = takes_less}},
    {.violates = "reset",
     .call = {.seal = seals_until_a_reset, .unseal = unseals_until_a_reset},
     .reopen = counts_resets},
    {.violates = "unseal", .call.unseal = cannot_tell},
    {.violates = "unseal", .call.unseal = drops_what_follows},
    {.violates = "unseal", .call.unseal = takes_short_ones},
    {.violates = "unseal", .call.unseal = takes_foreign_ones},
};

#define REPLACE(member)                                                        \
    if (defect->call.member != NULL) {                                         \
        store.member = defect->call.member;                                    \
    }

static void given_defect(struct pawl_port_check *check,
                         const struct defect *defect)
{
    REPLACE(generate)
    REPLACE(public_key)
    REPLACE(sign)
    REPLACE(destroy)
    REPLACE(seal)
    REPLACE(unseal)
    store.attributes.hardware = defect->hardware;
    store.attributes.exportable = defect->exportable;
    store.attributes.persistent = !defect->volatile_keys;
    half_made = come_back = false;
    if (defect->reopen != NULL) {
        check->reopen = defect->reopen;
    }
    if (defect->lose != NULL) {
        check->lose = defect->lose;
    }
}

/* ---- tests ---- */

static void a_good_store_violates_nothing(void)
{
    struct pawl_port_check check = given_check();

    check.signatures = 300;
    CHECK_EQ(pawl_port_check(&check), 0);
    CHECK_EQ(reported.violated, 0);
    CHECK_EQ(reported.skipped, 0);
    CHECK_EQ(reported.passed, 28);
    CHECK(!reported.foreign);
}

static void each_defect_violates_its_sentence(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(defects); i++) {
        struct pawl_port_check check = given_check();

        given_defect(&check, &defects[i]);
        check.signatures =
            defects[i].call.sign == signs_without_zeros ? 4000 : 4;
        unsigned violated = pawl_port_check_keystore(&check);
        if (strcmp(reported.first, defects[i].violates) != 0) {
            printf("defect %zu: '%s', not '%s'\n", i, reported.first,
                   defects[i].violates);
        }
        CHECK(violated > 0);
        CHECK_EQ(reported.violated, violated);
        CHECK(strcmp(reported.first, defects[i].violates) == 0);
    }
}

static void a_call_that_is_pending_violates_the_last_sentence(void)
{
    struct pawl_port_check check = given_check();

    store.generate = takes_its_time;
    CHECK_EQ(pawl_port_check_keystore(&check), 2);
    CHECK(strcmp(reported.first, "no such slot") == 0);
    CHECK(strcmp(reported.last, "pending") == 0);
}

static void a_store_without_a_function_is_not_called(void)
{
    struct pawl_port_check check = given_check();

    store.destroy = NULL;
    CHECK_EQ(pawl_port_check_keystore(&check), 1);
    CHECK(strcmp(reported.first, "required") == 0);
    CHECK_EQ(reported.passed, 0);
}

static void seal_without_unseal_is_refused(void)
{
    struct pawl_port_check check = given_check();

    store.unseal = NULL;
    CHECK_EQ(pawl_port_check_keystore(&check), 1);
    CHECK(strcmp(reported.first, "seal and unseal") == 0);
}

static void what_cannot_be_checked_is_said(void)
{
    struct pawl_port_check check = {
        .report = take, .ctx = &reported, .keystore = &store};

    (void)given_check();
    store.seal = NULL;
    store.unseal = NULL;
    CHECK_EQ(pawl_port_check_keystore(&check), 0);
    CHECK_EQ(reported.skipped, 14);
    CHECK_EQ(reported.passed, 14);
}

static void the_idevids_key_is_spared_unless_it_is_given(void)
{
    uint8_t before[PAWL_P256_POINT_SIZE], after[PAWL_P256_POINT_SIZE];
    struct pawl_port_check check = given_check();

    check.idevid_too = false;
    CHECK_EQ(store.generate(store.ctx, PAWL_KEY_IDEVID), PAWL_OK);
    CHECK_EQ(store.public_key(store.ctx, PAWL_KEY_IDEVID, before), PAWL_OK);
    CHECK_EQ(pawl_port_check_keystore(&check), 0);
    CHECK_EQ(store.public_key(store.ctx, PAWL_KEY_IDEVID, after), PAWL_OK);
    CHECK_MEM(after, before, sizeof before);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_good_store_violates_nothing),
    CHECK_TEST(each_defect_violates_its_sentence),
    CHECK_TEST(a_call_that_is_pending_violates_the_last_sentence),
    CHECK_TEST(a_store_without_a_function_is_not_called),
    CHECK_TEST(seal_without_unseal_is_refused),
    CHECK_TEST(what_cannot_be_checked_is_said),
    CHECK_TEST(the_idevids_key_is_spared_unless_it_is_given),
};
CHECK_MAIN(tests)
