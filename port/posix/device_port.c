/* SPDX-License-Identifier: Apache-2.0 */

/* The part of a device that only its firmware and the tools need: key store,
 * network, randomness, memory. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdlib.h>
#include <string.h>

static enum pawl_status open_keys(struct pawl_posix_device *device,
                                  const char *dir, enum pawl_posix_mode mode,
                                  char *error)
{
    char reason[PAWL_POSIX_ERROR_MAX];
    enum pawl_status status = pawl_posix_keys_open(
        &device->keys, device->dir_fd, device->config.keystore,
        device->config.serial, mode, reason);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, status, "%.256s: %.250s", dir, reason);
    }
    return PAWL_OK;
}

static void close_rest(struct pawl_posix_device *device)
{
    pawl_posix_transport_finish(&device->transport);
    pawl_posix_keys_close(&device->keys);
    pawl_posix_lock_finish(&device->lock);
    if (device->port.arena != NULL) {
        explicit_bzero(device->port.arena, device->port.arena_size);
        free(device->port.arena);
    }
}

/* Fills in what the boot part left out. */
static enum pawl_status fill_rest(struct pawl_posix_device *device, char *error)
{
    pawl_posix_transport_init(&device->transport);
    pawl_posix_lock_init(&device->lock);
    device->port.transport = &device->transport.transport;
    device->port.lock = &device->lock.lock;
    device->port.entropy = &pawl_posix_entropy;
    device->port.keystore = device->keys.keystore;
    device->port.arena = malloc(PAWL_POSIX_ARENA_SIZE);
    device->port.arena_size = PAWL_POSIX_ARENA_SIZE;
    device->close_rest = close_rest;
    if (device->port.arena == NULL) {
        return pawl_posix_fail(error, PAWL_ERR_NO_MEMORY, "out of memory");
    }
    return PAWL_OK;
}

enum pawl_status pawl_posix_device_open(struct pawl_posix_device *device,
                                        const char *dir,
                                        enum pawl_posix_mode mode, char *error)
{
    enum pawl_status status =
        pawl_posix_device_open_boot(device, dir, mode, error);
    if (status != PAWL_OK) {
        return status;
    }
    status = open_keys(device, dir, mode, error);
    if (status == PAWL_OK) {
        status = fill_rest(device, error);
    }
    if (status != PAWL_OK) {
        pawl_posix_device_close(device);
        return status;
    }
    if (mode == PAWL_POSIX_WRITE) {
        device->port.loader_trust = pawl_posix_loader_trust();
        pawl_posix_reset_init(&device->reset, device->config.watchdog_ms);
    }
    return PAWL_OK;
}

void pawl_posix_sleep(struct pawl_posix_device *device,
                      const struct pawl_wait *wait)
{
    struct pawl_wait bounded = *wait;
    uint32_t watchdog_ms = device->reset.watchdog_ms;
    if (watchdog_ms > 0) {
        /* Awake again before the watchdog is. */
        uint64_t latest = pawl_posix_now_ms() + watchdog_ms / 2;
        if ((bounded.events & PAWL_WAIT_DEADLINE) == 0 ||
            bounded.deadline_ms > latest) {
            bounded.events |= PAWL_WAIT_DEADLINE;
            bounded.deadline_ms = latest;
        }
        device->reset.reset.feed_watchdog(device->reset.reset.ctx);
    }
    pawl_posix_transport_sleep(&device->transport, &bounded);
    if (watchdog_ms > 0) {
        device->reset.reset.feed_watchdog(device->reset.reset.ctx);
    }
}
