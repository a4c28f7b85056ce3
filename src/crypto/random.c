/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/port/wolfssl.h>

#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>

#include "base/base.h"

/* Bytes that are made while the lock is held. */
#define PIECE 256u
/* Pieces between two seeds; NIST SP 800-90A allows 2^48. */
#define PIECES_PER_SEED 0x10000u
#define SEED_SIZE 48u

/* The process's generator, set up once by pawl_init(). */
static struct {
    WC_RNG rng;
    uint32_t left; /* pieces until the next seed */
    bool open;
    uint8_t epoch[PAWL_EPOCH_SIZE];
} generator;

enum pawl_status pawl_random_open(const struct pawl_entropy *entropy)
{
    uint8_t probe[SEED_SIZE];
    int code = 0;

    pawl_seed_use(entropy);
    /* Asked here as well, for a wolfSSL that has a source of its own. */
    if (pawl_wolfssl_seed(probe, sizeof probe) != 0) {
        return PAWL_ERR_ENTROPY;
    }
    code = wc_InitRngNonce_ex(&generator.rng, probe, sizeof probe, NULL,
                              INVALID_DEVID);
    pawl_wipe(probe, sizeof probe);
    if (code != 0) {
        return code == MEMORY_E ? PAWL_ERR_NO_MEMORY : PAWL_ERR_ENTROPY;
    }
    generator.left = PIECES_PER_SEED;
    generator.open = true;
    if (wc_RNG_GenerateBlock(&generator.rng, generator.epoch,
                             sizeof generator.epoch) != 0) {
        pawl_random_close();
        return PAWL_ERR_ENTROPY;
    }
    return PAWL_OK;
}

void pawl_random_epoch(uint8_t epoch[PAWL_EPOCH_SIZE])
{
    memcpy(epoch, generator.epoch, sizeof generator.epoch);
}

void pawl_random_close(void)
{
    if (generator.open) {
        wc_FreeRng(&generator.rng);
    }
    pawl_wipe(&generator, sizeof generator);
    pawl_seed_use(NULL);
}

/* The port is asked outside of the lock, which is short and never nested. */
static enum pawl_status reseed(void)
{
    uint8_t seed[SEED_SIZE];
    int code = 0;

    if (pawl_wolfssl_seed(seed, sizeof seed) != 0) {
        return PAWL_ERR_ENTROPY;
    }
    pawl_crypto_lock();
#if LIBWOLFSSL_VERSION_HEX >= 0x05007000
    code = wc_RNG_DRBG_Reseed(&generator.rng, seed, sizeof seed);
#endif /* older ones reseed themselves and export no call for it */
    generator.left = PIECES_PER_SEED;
    pawl_crypto_unlock();
    pawl_wipe(seed, sizeof seed);
    return code == 0 ? PAWL_OK : PAWL_ERR_ENTROPY;
}

/* Makes at most PIECE bytes. *due: nothing was made, a seed is needed. */
static enum pawl_status make_piece(uint8_t *out, size_t len, bool *due)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    pawl_crypto_lock();
    *due = generator.open && generator.left == 0;
    if (!generator.open) {
        status = PAWL_ERR_STATE;
    } else if (!*due) {
        generator.left--;
        status = wc_RNG_GenerateBlock(&generator.rng, out, (word32)len) == 0
                     ? PAWL_OK
                     : PAWL_ERR_ENTROPY;
    }
    pawl_crypto_unlock();
    return status;
}

enum pawl_status pawl_random(void *buf, size_t len)
{
    enum pawl_status status = generator.open ? PAWL_OK : PAWL_ERR_STATE;
    uint8_t *out = buf;
    size_t done = 0;

    while (status == PAWL_OK && done < len) {
        size_t piece = len - done < PIECE ? len - done : PIECE;
        bool due = false;

        status = make_piece(out + done, piece, &due);
        if (due) {
            status = reseed();
        } else {
            done += piece;
        }
    }
    if (status != PAWL_OK) {
        pawl_wipe(buf, len);
    }
    return status;
}
