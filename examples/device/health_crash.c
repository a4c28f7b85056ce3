/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include <stdlib.h>

/* A firmware that is signed, verified, and broken. */
bool healthy(void *ctx)
{
    (void)ctx;
    abort();
}
