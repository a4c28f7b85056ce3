/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FLOW_SET_H
#define PAWL_TEST_FLOW_SET_H

/* A device of two components, v1 in the slots A of both. The components of v2
 * name different security counters. */

#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"

#include <string.h>

#define SIZE 6000u

static struct fake_device device;
static struct fake_flash second_image[2], second_area[2];
static uint8_t image_memory[2][FAKE_FLASH_MEMORY(FAKE_SLOT_SIZE)];
static uint8_t area_memory[2][FAKE_FLASH_MEMORY(FAKE_AREA_SIZE)];
static struct pawl_slot slots[4];
static struct fake_release v1, v2;

static inline void open_second(void)
{
    memcpy(slots, device.slots, sizeof(device.slots));
    for (unsigned i = 0; i < 2; i++) {
        fake_flash_open(&second_image[i], image_memory[i], FAKE_SLOT_SIZE,
                        FAKE_SECTOR, 8, 0xFF);
        fake_flash_open(&second_area[i], area_memory[i], FAKE_AREA_SIZE,
                        FAKE_SECTOR, 8, 0xFF);
        fake_flash_share_power(&second_image[i], &device.power);
        fake_flash_share_power(&second_area[i], &device.power);
        slots[2 + i] = (struct pawl_slot){.component = PAWL_BYTES(fake_second),
                                          .index = i,
                                          .image = &second_image[i].port,
                                          .manifest = &second_area[i].port};
    }
    device.port.slots = slots;
    device.port.slot_count = 4;
}

static inline void given_factory(void)
{
    static uint8_t bytes[SIZE];
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_release_make(&v1, &(struct fake_release_plan){.sequence = 1,
                                                       .seed = 1,
                                                       .size = SIZE,
                                                       .counted = true,
                                                       .counter = 1,
                                                       .pair = true,
                                                       .second_counter = 1});
    fake_device_open(&device);
    open_second();
    fake_device_provision(&device, 0, &v1);
    fake_release_second(&v1, 0, bytes, SIZE);
    fake_flash_load(&second_image[0], 0, bytes, SIZE);
}

static inline void power_on(void)
{
    (void)fake_device_power_on(&device);
    for (unsigned i = 0; i < 2; i++) {
        (void)fake_flash_power_on(&second_image[i]);
        (void)fake_flash_power_on(&second_area[i]);
    }
}

static inline enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

/* Gives the bytes of whichever component is wanted; PAWL_OK: CANDIDATE. */
static inline enum pawl_status download(const struct fake_release *release)
{
    struct pawl_update_want want;
    uint8_t bytes[512];
    enum pawl_status status =
        pawl_update_start(&device.update, fake_release_envelope(release));

    while (status == PAWL_PENDING) {
        enum pawl_status wanted = pawl_update_wanted(&device.update, &want);
        if (wanted == PAWL_ERR_NOT_FOUND) {
            return settled(pawl_update_finish(&device.update));
        }
        if (wanted == PAWL_OK) {
            size_t n =
                want.length < sizeof(bytes) ? want.length : sizeof(bytes);
            (want.component == 0 ? fake_release_bytes : fake_release_second)(
                release, want.offset, bytes, n);
            wanted = pawl_update_write(&device.update, want.offset,
                                       (struct pawl_bytes){bytes, n});
        }
        status = wanted < 0 ? fake_device_settle(&device)
                            : pawl_update_step(&device.update, NULL);
    }
    return status;
}

static inline void make_v2(bool kept, bool wrong)
{
    fake_release_make(&v2, &(struct fake_release_plan){.sequence = 2,
                                                       .seed = 7,
                                                       .size = SIZE,
                                                       .counted = true,
                                                       .counter = 3,
                                                       .pair = true,
                                                       .second_counter = 2,
                                                       .second_kept = kept,
                                                       .second_wrong = wrong});
}

#endif
