/* SPDX-License-Identifier: Apache-2.0 */

/* The part of a device that a boot loader needs too. */

#include "mps2.h"

#include <string.h>

static const uint8_t component[] = {0x81, 0x41, 0x00}; /* [h'00'] */

static bool is_whole(const struct mps2_factory *factory)
{
    return factory->magic == MPS2_FACTORY_MAGIC &&
           factory->crc ==
               mps2_crc32(0, factory, offsetof(struct mps2_factory, crc)) &&
           factory->serial[sizeof factory->serial - 1] == '\0' &&
           factory->topic_prefix[sizeof factory->topic_prefix - 1] == '\0';
}

static void fill_slots(struct mps2_device *device)
{
    for (uint32_t i = 0; i < 2; i++) {
        device->slots[i] = (struct pawl_slot){
            .component = PAWL_BYTES(component),
            .index = i,
            .image = mps2_flash(i == 0 ? MPS2_IMAGE_A : MPS2_IMAGE_B),
            .manifest = mps2_flash(i == 0 ? MPS2_MANIFEST_A : MPS2_MANIFEST_B),
            .fixed = true, /* linked for its slot, runs in place */
        };
    }
}

static void fill_product(struct mps2_device *device)
{
    const struct mps2_factory *factory = device->factory;

    memcpy(device->product.vendor_id, factory->vendor_id, 16);
    memcpy(device->product.class_id, factory->class_id, 16);
    memcpy(device->product.device_id, factory->device_id, 16);
    device->product.serial = factory->serial;
    device->product.version = "0";
}

enum pawl_status mps2_device_open_boot(struct mps2_device *device)
{
    *device = (struct mps2_device){
        .factory = mps2_flash_address(MPS2_FACTORY),
    };
    if (!is_whole(device->factory)) {
        return PAWL_ERR_CORRUPT;
    }
    fill_slots(device);
    fill_product(device);
    device->store = (struct pawl_store){
        .journal = mps2_flash(MPS2_IDENTITY_JOURNAL),
        .objects = mps2_flash(MPS2_IDENTITY_OBJECTS),
    };
    device->port = (struct pawl_port){
        .product = &device->product,
        .reset = &mps2_reset,
        .slots = device->slots,
        .slot_count = 2,
        .journal = mps2_flash(MPS2_JOURNAL),
        .store = &device->store,
        .counter = &mps2_counter,
    };
    return PAWL_OK;
}
