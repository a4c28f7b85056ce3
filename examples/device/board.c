/* SPDX-License-Identifier: Apache-2.0 */

/* Board support of the host: the device directory as port/posix opens it. */

#include "board.h"
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct pawl_posix_device board;
static struct pawl_endpoint endpoints[PAWL_POSIX_ENDPOINT_MAX];
static struct pawl_ticket tickets[PAWL_POSIX_ENDPOINT_MAX];

static enum pawl_use use_of(const char *name)
{
    static const struct {
        const char *name;
        enum pawl_use use;
    } uses[] = {{"enroll", PAWL_USE_ENROLL},
                {"mqtt", PAWL_USE_MQTT},
                {"download", PAWL_USE_DOWNLOAD}};

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        if (strcmp(uses[i].name, name) == 0) {
            return uses[i].use;
        }
    }
    return PAWL_USE_NONE;
}

const struct pawl_port *board_init(int argc, char **argv, const char *version)
{
    char error[PAWL_POSIX_ERROR_MAX];

    if (argc != 2) {
        (void)fprintf(stderr,
                      "usage: %s DEVICE-DIRECTORY (started by "
                      "boot_loader)\n",
                      argv[0]);
        exit(2);
    }
    if (pawl_posix_device_open(&board, argv[1], PAWL_POSIX_WRITE, error) !=
        PAWL_OK) {
        (void)fprintf(stderr, "device: %s\n", error);
        exit(3);
    }
    board.product.version = version;
    board.clock.clock.build_s = DEVICE_BUILD_S;
    for (size_t i = 0; i < board.config.endpoint_count; i++) {
        const struct pawl_posix_endpoint *from = &board.config.endpoints[i];

        endpoints[i] = (struct pawl_endpoint){
            .use = use_of(from->use),
            .host = from->host,
            .port = from->port,
            .server_name = from->server_name,
        };
    }
    return &board.port;
}

const struct pawl_endpoint *board_endpoints(void)
{
    return endpoints;
}

size_t board_endpoint_count(void)
{
    return board.config.endpoint_count;
}

struct pawl_ticket *board_tickets(void)
{
    return tickets;
}

bool board_running(pawl_slot_set *running)
{
    return pawl_posix_running(running);
}

const char *board_topic_prefix(void)
{
    return board.config.mqtt_topic_prefix;
}

void board_sleep_until(const struct pawl_wait *wait)
{
    pawl_posix_sleep(&board, wait);
}

void board_halt(enum pawl_status status)
{
    (void)fprintf(stderr, "device: %s (%s)\n", pawl_status_text(status),
                  pawl_status_name(status));
    abort();
}
