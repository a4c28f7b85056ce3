/* SPDX-License-Identifier: Apache-2.0 */

/* The part of the fake device that needs the update engine: apart, so that a
 * test of the boot loader links without it. */

#include "fake/fake_device.h"

#include <stdlib.h>

enum pawl_status fake_device_start_engine(struct fake_device *device)
{
    enum pawl_status status =
        pawl_update_open(&device->update, &device->config);
    return status == PAWL_PENDING ? fake_device_settle(device) : status;
}

enum pawl_status fake_device_settle(struct fake_device *device)
{
    struct pawl_wait wait;
    enum pawl_status status = PAWL_PENDING;
    for (unsigned steps = 0; steps < 100000; steps++) {
        status = pawl_update_step(&device->update, &wait);
        if (status != PAWL_PENDING || wait.events != PAWL_WAIT_NOTHING) {
            return status;
        }
    }
    abort(); /* it never rests */
}

static enum pawl_status give(struct fake_device *device,
                             const struct fake_release *release, uint32_t until)
{
    uint8_t block[700]; /* no multiple of anything */
    struct pawl_update_want want;
    enum pawl_status status = PAWL_PENDING;

    for (unsigned turns = 0; turns < 100000; turns++) {
        status = pawl_update_wanted(&device->update, &want);
        if (status == PAWL_OK && want.offset >= until) {
            return PAWL_PENDING;
        }
        if (status == PAWL_OK) {
            size_t n =
                want.length < sizeof(block) ? want.length : sizeof(block);
            fake_release_bytes(release, want.offset, block, n);
            status = pawl_update_write(&device->update, want.offset,
                                       (struct pawl_bytes){block, n});
            if (status < 0) {
                /* step() tells what becomes of it */
                return fake_device_settle(device);
            }
            status = PAWL_PENDING;
        }
        if (status == PAWL_ERR_NOT_FOUND) {
            return PAWL_OK;
        }
        if (status != PAWL_PENDING) {
            return fake_device_settle(device); /* what became of it */
        }
        status = pawl_update_step(&device->update, NULL);
        if (status != PAWL_PENDING) {
            return status;
        }
    }
    abort();
}

enum pawl_status fake_device_download(struct fake_device *device,
                                      const struct fake_release *release,
                                      uint32_t until)
{
    enum pawl_status status =
        pawl_update_start(&device->update, fake_release_envelope(release));
    if (status != PAWL_PENDING) {
        return status;
    }
    status = give(device, release, until);
    if (status != PAWL_OK) {
        return status;
    }
    status = pawl_update_finish(&device->update);
    return status == PAWL_PENDING ? fake_device_settle(device) : status;
}

struct pawl_update_info fake_device_info(const struct fake_device *device)
{
    struct pawl_update_info info;
    pawl_update_query(&device->update, &info);
    return info;
}
