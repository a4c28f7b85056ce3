/* SPDX-License-Identifier: Apache-2.0 */

/* Board support of the host: the device directory as port/posix opens it. */

#define _POSIX_C_SOURCE 200809L
#include "board.h"
#include <fcntl.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct pawl_posix_device board;
static struct pawl_endpoint endpoints[PAWL_POSIX_ENDPOINT_MAX];
static struct pawl_ticket tickets[PAWL_POSIX_ENDPOINT_MAX];
static struct pawl_posix_flash ticket_flash;
static struct pawl_ticket_store ticket_store;

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

/* A region of its own: the file "ticket" of the device directory, made when it
 * is missing. Without it, or with a key store that does not seal, the device
 * does without. */
static void open_ticket_store(const char *directory)
{
    static const struct pawl_posix_geometry geometry = {
        .size = 8192,
        .erase_size = 4096,
        .program_size = 8,
        .erased_value = 0xFF,
        .overprogram = true,
    };
    char path[PAWL_POSIX_PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/ticket", directory);

    if (len < 0 || (size_t)len >= sizeof path) {
        return;
    }
    enum pawl_status status =
        pawl_posix_flash_create(AT_FDCWD, path, &geometry);

    /* It was there before, or is now. */
    if (status == PAWL_OK || status == PAWL_ERR_IO) {
        status = pawl_posix_flash_open(&ticket_flash, AT_FDCWD, path, &geometry,
                                       PAWL_POSIX_WRITE);
    }
    if (status == PAWL_OK) {
        status = pawl_ticket_store_open(&ticket_store, &ticket_flash.flash,
                                        board.port.keystore, 0);
    }
    if (status != PAWL_OK) {
        (void)fputs("device: tickets stay in RAM\n", stderr);
    }
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
    memset(tickets, 0xA5, sizeof tickets); /* as RAM is after a power cut */
    open_ticket_store(argv[1]);
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

struct pawl_ticket_store *board_ticket_store(void)
{
    return &ticket_store;
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
