/* SPDX-License-Identifier: Apache-2.0 */

/* The key store's optional part, sealing, against <pawl/port/keystore.h>. */
#include "check_internal.h"

#include <string.h>

#define SECRET_SIZE 48
#define SEALED_MAX 512

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

static void damage_shows(struct check_run *run)
{
    uint8_t secret[SECRET_SIZE], sealed[SEALED_MAX];
    size_t len = sizeof sealed;

    if (!can_seal(run)) {
        return;
    }
    fill_secret(secret);
    enum pawl_status status = seal(run, secret, sealed, &len);

    if (status != PAWL_OK || len == 0 || len > sizeof sealed) {
        (void)pawl_check_fails(run, "seal() fails", status);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        size_t room = sizeof secret;

        sealed[i] ^= 0x10;
        enum pawl_status answer = unseal(run, sealed, len, secret, &room);
        sealed[i] ^= 0x10;
        if (answer != PAWL_ERR_SIGNATURE) {
            (void)pawl_check_fails(run, "a changed byte is not noticed",
                                   answer);
            return;
        }
    }
    size_t room = sizeof secret;

    if (unseal(run, sealed, len - 1, secret, &room) != PAWL_ERR_SIGNATURE) {
        (void)pawl_check_fails(run, "a missing byte is not noticed", PAWL_OK);
    }
}

static const struct check_row rows[] = {
    {"seal", sealed_and_back,
     "Encrypts and authenticates plain under a key that never leaves the "
     "store"},
    {"room", room_is_told, "(PAWL_ERR_TOO_SMALL: the length needed)"},
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
