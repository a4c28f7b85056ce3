/* SPDX-License-Identifier: Apache-2.0 */

/* The part of a device that only its firmware needs: key store, network,
 * clock, randomness, memory. A boot loader does not link this file. */

#include "board.h"
#include "mps2.h"

#include <stdalign.h>

#define SLEEP_MAX_MS 1000u
#define POLL_MS 10u

static void fill_endpoints(struct mps2_device *device)
{
    const struct mps2_factory *factory = device->factory;

    for (size_t i = 0; i < MPS2_ENDPOINTS && factory->endpoints[i].use != 0;
         i++) {
        device->endpoints[device->endpoint_count++] = (struct pawl_endpoint){
            .use = (enum pawl_use)factory->endpoints[i].use,
            .host = factory->endpoints[i].host,
            .port = factory->endpoints[i].port,
            .server_name = factory->endpoints[i].name,
        };
    }
}

enum pawl_status mps2_device_open(struct mps2_device *device,
                                  const char *version, int64_t build_s)
{
    static alignas(16) uint8_t arena[MPS2_ARENA_SIZE];
    enum pawl_status status = mps2_device_open_boot(device);

    if (status != PAWL_OK) {
        return status;
    }
    mps2_clock_start();
    mps2_link_start();
    fill_endpoints(device);
    device->product.version = version;
    device->clock = mps2_clock(build_s);
    device->port.clock = &device->clock;
    device->port.entropy = &mps2_test_entropy;
    device->port.transport = &mps2_transport;
    device->port.arena = arena;
    device->port.arena_size = sizeof arena;
    device->port.keystore = &device->keystore.keystore;
    return pawl_soft_keystore_open(&device->keystore, &mps2_key_storage,
                                   device->factory->sealing_key);
}

/* For how many ticks wait allows to sleep. */
static uint64_t ticks_of(const struct pawl_wait *wait)
{
    uint64_t left = wait->events == 0 ? POLL_MS : SLEEP_MAX_MS;

    if ((wait->events & PAWL_WAIT_NOTHING) != 0) {
        return 0;
    }
    if ((wait->events & PAWL_WAIT_DEADLINE) != 0) {
        uint64_t now_ms = mps2_now_ms();
        uint64_t until =
            wait->deadline_ms > now_ms ? wait->deadline_ms - now_ms : 0;
        left = until < left ? until : left;
    }
    return (left + MPS2_TICK_MS - 1) / MPS2_TICK_MS;
}

/* Looked at with interrupts off: WFI does not wait while one is pending. */
static bool doze(void)
{
    board_irq_off();
    bool event = mps2_link_take_event();
    if (!event) {
        __asm volatile("wfi" ::: "memory");
    }
    board_irq_on();
    return event;
}

void mps2_sleep(const struct pawl_wait *wait)
{
    uint64_t until = mps2_ticks() + ticks_of(wait);

    mps2_reset.feed_watchdog(mps2_reset.ctx);
    while (mps2_ticks() < until && !doze()) {
    }
    mps2_reset.feed_watchdog(mps2_reset.ctx);
}
