/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "base/base.h"

/* What lies in struct pawl_sha256. */
struct state {
    int failed; /* wolfCrypt's first error, or 0 */
    wc_Sha256 sha;
};

/* Some wolfCrypt builds align their state to 16 bytes, the storage is aligned
 * to 8: the state begins at the first place that is good. */
#define ALIGNMENT 16u
_Static_assert(_Alignof(struct state) <= ALIGNMENT, "see ALIGNMENT");
_Static_assert(sizeof(struct state) + ALIGNMENT - _Alignof(uint64_t) <=
                   sizeof(struct pawl_sha256),
               "PAWL_SHA256_STORAGE is too small for this wolfCrypt");

/* wolfCrypt counts in 32 bits; more at once is fed in pieces. */
#define PIECE ((size_t)1 << 30)

static struct state *state_of(struct pawl_sha256 *sha)
{
    size_t skip = (size_t)(-(uintptr_t)sha->storage & (ALIGNMENT - 1));

    return (struct state *)(void *)((uint8_t *)sha->storage + skip);
}

void pawl_sha256_start(struct pawl_sha256 *sha)
{
    struct state *state = state_of(sha);

    memset(sha, 0, sizeof *sha);
    state->failed = wc_InitSha256_ex(&state->sha, NULL, INVALID_DEVID);
}

void pawl_sha256_update(struct pawl_sha256 *sha, struct pawl_bytes bytes)
{
    struct state *state = state_of(sha);

    while (bytes.len > 0 && state->failed == 0) {
        size_t piece = bytes.len < PIECE ? bytes.len : PIECE;

        state->failed = wc_Sha256Update(&state->sha, bytes.data, (word32)piece);
        bytes.data += piece;
        bytes.len -= piece;
    }
}

enum pawl_status pawl_sha256_finish(struct pawl_sha256 *sha,
                                    uint8_t digest[PAWL_SHA256_SIZE])
{
    struct state *state = state_of(sha);

    memset(digest, 0, PAWL_SHA256_SIZE);
    if (state->failed == 0) {
        state->failed = wc_Sha256Final(&state->sha, digest);
    }
    enum pawl_status status = state->failed == 0 ? PAWL_OK : PAWL_ERR_FAULT;
    if (status != PAWL_OK) {
        memset(digest, 0, PAWL_SHA256_SIZE);
    }
    wc_Sha256Free(&state->sha);
    pawl_wipe(sha, sizeof *sha);
    return status;
}

enum pawl_status pawl_sha256(struct pawl_bytes bytes,
                             uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;

    pawl_sha256_start(&sha);
    pawl_sha256_update(&sha, bytes);
    return pawl_sha256_finish(&sha, digest);
}
