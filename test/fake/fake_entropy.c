/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_entropy.h"

#include <string.h>

/* xorshift64* (Vigna, 2016). */
static uint8_t next(struct fake_entropy *fake)
{
    fake->state ^= fake->state >> 12;
    fake->state ^= fake->state << 25;
    fake->state ^= fake->state >> 27;
    return (uint8_t)(fake->state * 0x2545F4914F6CDD1Du >> 56);
}

static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    struct fake_entropy *fake = ctx;
    uint8_t *out = buf;

    fake->calls++;
    fake->longest = len > fake->longest ? len : fake->longest;
    for (size_t i = 0; i < len; i++) {
        out[i] = next(fake);
    }
    return fake->fails ? PAWL_ERR_ENTROPY : PAWL_OK;
}

void fake_entropy_open(struct fake_entropy *fake, uint64_t seed)
{
    memset(fake, 0, sizeof *fake);
    fake->entropy.ctx = fake;
    fake->entropy.fill = fill;
    fake->state = seed * 2 + 1; /* never zero */
}
