/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

/* A real device would ask its sensors and actuators here. */
bool healthy(void *ctx)
{
    (void)ctx;
    return true;
}
