/* SPDX-License-Identifier: Apache-2.0 */

/* The key store's optional part, sealing, against <pawl/port/keystore.h>. */
#include "check_internal.h"

#include <string.h>

#define SECRET_SIZE 48
#define SEALED_MAX (SECRET_SIZE + SPARE)
#define SPARE (PAWL_SEAL_OVERHEAD_MAX + 32) /* for a store that adds more */

static enum pawl_status seen(struct check_run *run, enum pawl_status status)
{
    run->pending |= status > PAWL_OK;
    return status;
}

static bool can_seal(struct check_run *run)
{
    if (run->check->keystore->seal == NULL ||
        run->check->keystore->unseal == NULL) {
        run->finding.skipped = "the store does not seal";
        return false;
    }
    return true;
}

static enum pawl_status seal(struct check_run *run, const uint8_t *plain,
                             uint8_t *sealed, size_t *len)
{
    return seen(run, run->check->keystore->seal(
                         run->check->keystore->ctx,
                         (struct pawl_bytes){plain, SECRET_SIZE}, sealed, len));
}

static enum pawl_status unseal(struct check_run *run, const uint8_t *sealed,
                               size_t len, uint8_t *plain, size_t *plain_len)
{
    return seen(run, run->check->keystore->unseal(
                         run->check->keystore->ctx,
                         (struct pawl_bytes){sealed, len}, plain, plain_len));
}

static void fill_secret(uint8_t secret[SECRET_SIZE])
{
    for (unsigned i = 0; i < SECRET_SIZE; i++) {
        secret[i] = (uint8_t)(i * 5u + 1u);
    }
}

/* As long as what this store seals, and with its head, but of another one. */
static void fill_foreign(uint8_t *sealed, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        sealed[i] = (uint8_t)(i * 11u + 2u);
    }
}

/* Whether 16 bytes in a row of secret stand in sealed. */
static bool shows(const uint8_t *sealed, size_t len, const uint8_t *secret)
{
    for (size_t i = 0; i + 16 <= len; i++) {
        for (size_t j = 0; j + 16 <= SECRET_SIZE; j++) {
            if (memcmp(sealed + i, secret + j, 16) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void sealed_and_back(struct check_run *run)
{
    uint8_t secret[SECRET_SIZE], sealed[SEALED_MAX], back[SECRET_SIZE];
    size_t len = sizeof sealed, back_len = sizeof back;

    if (!can_seal(run)) {
        return;
    }
    fill_secret(secret);
    enum pawl_status status = seal(run, secret, sealed, &len);

    if (status != PAWL_OK || len > sizeof sealed) {
        (void)pawl_check_fails(run, "seal() fails", status);
        return;
    }
    if (shows(sealed, len, secret)) {
        (void)pawl_check_fails(run, "the secret can be read in what is sealed",
                               status);
    }
    status = unseal(run, sealed, len, back, &back_len);
    if (status != PAWL_OK || back_len != sizeof secret ||
        !pawl_check_equal(back, secret, sizeof secret)) {
        (void)pawl_check_fails(run, "unseal() does not give it back", status);
    }
}

static void room_is_told(struct check_run *run)
{
    uint8_t secret[SECRET_SIZE], sealed[SEALED_MAX];
    size_t len = sizeof sealed, needed = 1;

    if (!can_seal(run)) {
        return;
    }
    fill_secret(secret);
    enum pawl_status status = seal(run, secret, sealed, &needed);

    if (status != PAWL_ERR_TOO_SMALL || seal(run, secret, sealed, &len) != 0 ||
        needed != len || len > sizeof sealed) {
        (void)pawl_check_fails(run, "the length that seal() asks for is wrong",
                               status);
        return;
    }
    needed = SECRET_SIZE - 1;
    status = unseal(run, sealed, len, secret, &needed);
    if (status != PAWL_ERR_TOO_SMALL || needed != SECRET_SIZE) {
        (void)pawl_check_fails(
            run, "the length that unseal() asks for is wrong", status);
    }
}

/* Seals a secret; false: that failed, and was told. */
static bool given_sealed(struct check_run *run, uint8_t sealed[SEALED_MAX],
                         size_t *len)
{
    uint8_t secret[SECRET_SIZE];

    fill_secret(secret);
    *len = SEALED_MAX;
    enum pawl_status status = seal(run, secret, sealed, len);

    if (status == PAWL_OK && *len != 0 && *len <= SEALED_MAX) {
        return true;
    }
    (void)pawl_check_fails(run, "seal() fails", status);
    return false;
}

/* Whether 16 bytes in a row come twice, whole blocks of a cipher apart. */
static bool repeats(const uint8_t *sealed, size_t len)
{
    for (size_t i = 0; i + 16 <= len; i++) {
        for (size_t j = i + 16; j + 16 <= len; j += 16) {
            if (sealed[i] == sealed[j] &&
                memcmp(sealed + i, sealed + j, 16) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Where the store works in pieces, each is a message of its own. */
static void no_piece_like_another(struct check_run *run)
{
    const struct pawl_keystore *store = run->check->keystore;
    uint8_t plain[PAWL_SEAL_MAX], sealed[PAWL_SEAL_MAX + SPARE];
    size_t len = sizeof sealed;

    memset(plain, 0, sizeof plain);
    enum pawl_status status =
        seen(run, store->seal(store->ctx, PAWL_BYTES(plain), sealed, &len));
    if (status != PAWL_OK || len > sizeof sealed || repeats(sealed, len)) {
        (void)pawl_check_fails(run, "equal pieces are sealed alike", status);
    }
}

/* A nonce that comes again would give two secrets away at once. */
static void never_the_same(struct check_run *run)
{
    uint8_t first[SEALED_MAX], second[SEALED_MAX];
    size_t first_len = 0, second_len = 0;

    if (!can_seal(run) || !given_sealed(run, first, &first_len) ||
        !given_sealed(run, second, &second_len)) {
        return;
    }
    if (first_len == second_len && memcmp(first, second, first_len) == 0) {
        (void)pawl_check_fails(run, "it is the same", PAWL_OK);
        return;
    }
    no_piece_like_another(run);
}

static uint8_t byte_of(size_t i)
{
    return (uint8_t)(i * 7u + (i >> 8) + 3u);
}

static void fill_plain(uint8_t *plain, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        plain[i] = byte_of(i);
    }
}

static bool is_as_filled(const uint8_t *plain, size_t len)
{
    size_t i = 0;

    while (i < len && plain[i] == byte_of(i)) {
        i++;
    }
    return i == len;
}

/* So many bytes, there and back; false: they are not, and that was told. */
static bool length_is_kept(struct check_run *run, size_t plain_len)
{
    const struct pawl_keystore *store = run->check->keystore;
    uint8_t plain[PAWL_SEAL_MAX], sealed[PAWL_SEAL_MAX + SPARE];
    size_t len = sizeof sealed, back_len = plain_len;

    fill_plain(plain, plain_len);
    enum pawl_status status =
        seen(run, store->seal(store->ctx, (struct pawl_bytes){plain, plain_len},
                              sealed, &len));
    if (status != PAWL_OK || len <= plain_len ||
        len > plain_len + PAWL_SEAL_OVERHEAD_MAX) {
        return pawl_check_fails(run, "seal() fails, or adds more", status);
    }
    memset(plain, 0, sizeof plain);
    status = unseal(run, sealed, len, plain, &back_len);
    if (status != PAWL_OK || back_len != plain_len ||
        !is_as_filled(plain, plain_len)) {
        return pawl_check_fails(run, "unseal() does not give it back", status);
    }
    return true;
}

/* The longest and the shortest. */
static void lengths_are_kept(struct check_run *run)
{
    if (can_seal(run) && length_is_kept(run, PAWL_SEAL_MAX)) {
        (void)length_is_kept(run, 1);
    }
}

static void sealed_through_a_reset(struct check_run *run)
{
    uint8_t secret[SECRET_SIZE], sealed[SEALED_MAX], back[SECRET_SIZE];
    size_t len = 0, back_len = sizeof back;

    if (!can_seal(run)) {
        return;
    }
    if (run->check->reopen == NULL ||
        !run->check->keystore->attributes.persistent) {
        run->finding.skipped = "the config has no reopen(), or nothing lasts";
        return;
    }
    if (!given_sealed(run, sealed, &len)) {
        return;
    }
    enum pawl_status status = run->check->reopen(run->check->ctx);

    if (status == PAWL_OK) {
        status = unseal(run, sealed, len, back, &back_len);
    }
    fill_secret(secret);
    if (status != PAWL_OK || back_len != sizeof secret ||
        !pawl_check_equal(back, secret, sizeof secret)) {
        (void)pawl_check_fails(run, "unseal() does not give it back", status);
    }
}

static bool is_refused(struct check_run *run, const uint8_t *sealed, size_t len,
                       const char *what)
{
    uint8_t secret[SECRET_SIZE + 1];
    size_t room = sizeof secret;
    enum pawl_status status = unseal(run, sealed, len, secret, &room);

    if (status != PAWL_ERR_SIGNATURE) {
        (void)pawl_check_fails(run, what, status);
    }
    return status == PAWL_ERR_SIGNATURE;
}

static void damage_shows(struct check_run *run)
{
    uint8_t sealed[SEALED_MAX + 1];
    size_t len = 0;

    if (!can_seal(run) || !given_sealed(run, sealed, &len)) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 0x10;
        if (!is_refused(run, sealed, len, "a changed byte is not noticed")) {
            return;
        }
        sealed[i] ^= 0x10;
    }
    for (size_t shorter = 0; shorter < len; shorter++) {
        if (!is_refused(run, sealed, shorter,
                        "a missing byte is not noticed")) {
            return;
        }
    }
    sealed[len] = 0;
    if (is_refused(run, sealed, len + 1, "a byte too many is not noticed")) {
        fill_foreign(sealed, len);
        (void)is_refused(run, sealed, len, "what is foreign is not noticed");
    }
}

static const struct check_row rows[] = {
    {"seal", sealed_and_back,
     "Encrypts and authenticates plain, 1 to PAWL_SEAL_MAX bytes, under a key "
     "that never leaves the store"},
    {"room", room_is_told, "(PAWL_ERR_TOO_SMALL: the length needed)"},
    {"sealed anew", never_the_same,
     "Twice the same is sealed to something else each time."},
    {"lengths", lengths_are_kept,
     "at most PAWL_SEAL_OVERHEAD_MAX more than plain has"},
    {"reset", sealed_through_a_reset, "as above; after a reset, too."},
    {"unseal", damage_shows,
     "PAWL_ERR_SIGNATURE: not sealed here, or damaged."},
};

unsigned pawl_check_sealing(const struct pawl_port_check *check, bool *pending)
{
    struct check_run run = {.check = check};
    unsigned count = pawl_check_rows(&run, "pawl/port/keystore.h", rows,
                                     sizeof rows / sizeof rows[0], 0);

    *pending |= run.pending;
    return count;
}
