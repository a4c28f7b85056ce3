/* SPDX-License-Identifier: Apache-2.0 */

/* Board support of the MPS2 boards for examples/device/device.c: what was
 * provisioned lies in the factory's sector of the flash. */

#include "../device/board.h"
#include <mps2.h>

#define WATCHDOG_MS 30000

static struct mps2_device device;

const struct pawl_port *board_init(int argc, char **argv, const char *version)
{
    (void)argc;
    (void)argv;
    enum pawl_status status =
        mps2_device_open(&device, version, DEVICE_BUILD_S);
    if (status != PAWL_OK) {
        board_halt(status);
    }
    mps2_watchdog_start(WATCHDOG_MS);
    return &device.port;
}

/* The image is linked for its slot, so it knows. */
bool board_running(pawl_slot_set *running)
{
    *running = mps2_image_slot() == 1 ? 1 : 0;
    return true;
}

const struct pawl_endpoint *board_endpoints(void)
{
    return device.endpoints;
}

size_t board_endpoint_count(void)
{
    return device.endpoint_count;
}

const char *board_topic_prefix(void)
{
    return device.factory->topic_prefix;
}

/* The board's wolfSSL has no session cache (port/mps2/user_settings.h): nothing
 * is written here, and each handshake is a full one. */
struct pawl_ticket *board_tickets(void)
{
    static struct pawl_ticket tickets[MPS2_ENDPOINTS];
    return tickets;
}

struct pawl_ticket_store *board_ticket_store(void)
{
    return NULL;
}

void board_sleep_until(const struct pawl_wait *wait)
{
    mps2_sleep(wait);
}

void board_halt(enum pawl_status status)
{
    mps2_halt(pawl_status_name(status));
}
