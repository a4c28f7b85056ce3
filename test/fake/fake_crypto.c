/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_crypto.h"

#include <string.h>

struct fake_entropy fake_crypto_entropy;

static struct pawl_port port;
static _Alignas(16) uint8_t arena[128 * 1024];

enum pawl_status fake_crypto_start(void)
{
    pawl_finish();
    fake_entropy_open(&fake_crypto_entropy, 1);
    memset(&port, 0, sizeof port);
    port.entropy = &fake_crypto_entropy.entropy;
    port.arena = arena;
    port.arena_size = sizeof arena;
    return pawl_init(&port);
}

void fake_crypto_stop(void)
{
    pawl_finish();
}
