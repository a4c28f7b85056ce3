/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/port/wolfssl.h>

#include "base/base.h"
#include "crypto/crypto_internal.h"

/* The most that a port is asked for at once (port/entropy.h). */
#define FILL_MAX 256

/* wolfSSL's seeding has no context of pawl's: set once by pawl_init(). */
static const struct pawl_entropy *source;

void pawl_seed_use(const struct pawl_entropy *entropy)
{
    source = entropy;
}

int pawl_wolfssl_seed(unsigned char *out, unsigned int size)
{
    for (unsigned int done = 0; done < size;) {
        unsigned int piece = size - done < FILL_MAX ? size - done : FILL_MAX;

        if (source == NULL ||
            source->fill(source->ctx, out + done, piece) != PAWL_OK) {
            pawl_wipe(out, size);
            return -1;
        }
        done += piece;
    }
    return 0;
}
