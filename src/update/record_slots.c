/* SPDX-License-Identifier: Apache-2.0 */

/* Components and their slots, and the hash over a slot. */

#include "base/base.h"
#include "update/record.h"
#include <string.h>

static bool flash_usable(const struct pawl_flash *flash)
{
    return flash != NULL && flash->read != NULL && flash->program != NULL &&
           flash->erase != NULL && flash->program_size != 0 &&
           flash->program_size <= PAWL_PROGRAM_MAX &&
           flash->erase_size % flash->program_size == 0 &&
           flash->erase_size != 0 && flash->size % flash->erase_size == 0 &&
           flash->size != 0;
}

static enum pawl_status add(struct pawl_components *components, size_t at)
{
    const struct pawl_slot *slot = &components->slots[at];
    uint32_t handle = 0;

    if (!flash_usable(slot->image) || !flash_usable(slot->manifest) ||
        slot->index > 1 || slot->component.len == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    if (pawl_components_find(components, slot->component, &handle) != PAWL_OK) {
        if (components->count == PAWL_COMPONENT_MAX) {
            return PAWL_ERR_UNSUPPORTED;
        }
        handle = (uint32_t)components->count++;
        components->list[handle].id = slot->component;
        components->list[handle].slot[0] = PAWL_RECORD_NO_SLOT;
        components->list[handle].slot[1] = PAWL_RECORD_NO_SLOT;
    }
    uint8_t *place = &components->list[handle].slot[slot->index];
    if (*place != PAWL_RECORD_NO_SLOT) {
        return PAWL_ERR_ARGUMENT;
    }
    *place = (uint8_t)at;
    return PAWL_OK;
}

enum pawl_status pawl_components_open(struct pawl_components *components,
                                      const struct pawl_slot *slots,
                                      size_t slot_count)
{
    memset(components, 0, sizeof(*components));
    if (slots == NULL || slot_count == 0) {
        return PAWL_ERR_ARGUMENT;
    }
    if (slot_count > 2 * PAWL_COMPONENT_MAX) {
        return PAWL_ERR_UNSUPPORTED;
    }
    components->slots = slots;
    components->slot_count = slot_count;
    for (size_t i = 0; i < slot_count; i++) {
        enum pawl_status status = add(components, i);
        if (status != PAWL_OK) {
            return status;
        }
    }
    return PAWL_OK;
}

const struct pawl_slot *
pawl_components_slot(const struct pawl_components *components, size_t component,
                     pawl_slot_set set)
{
    if (component >= components->count) {
        return NULL;
    }
    uint8_t at = components->list[component].slot[(set >> component) & 1u];
    return at < components->slot_count ? &components->slots[at] : NULL;
}

enum pawl_status pawl_components_find(const struct pawl_components *components,
                                      struct pawl_bytes id, uint32_t *handle)
{
    for (size_t i = 0; i < components->count; i++) {
        if (pawl_bytes_equal(components->list[i].id, id)) {
            *handle = (uint32_t)i;
            return PAWL_OK;
        }
    }
    return PAWL_ERR_NOT_FOUND;
}

bool pawl_components_fixed(const struct pawl_components *components)
{
    bool fixed = false;

    for (size_t i = 0; i < components->slot_count; i++) {
        fixed |= components->slots[i].fixed;
    }
    return fixed;
}

void pawl_device_name(struct pawl_manifest_device *device,
                      const struct pawl_product *product)
{
    uint8_t any = 0;

    for (size_t i = 0; i < sizeof(product->device_id); i++) {
        any |= product->device_id[i];
    }
    device->vendor_id = PAWL_BYTES(product->vendor_id);
    device->class_id = PAWL_BYTES(product->class_id);
    device->device_id =
        any != 0 ? PAWL_BYTES(product->device_id) : PAWL_NO_BYTES;
}

void pawl_slot_hash_start(struct pawl_slot_hash *hash,
                          const struct pawl_flash *flash, uint32_t size)
{
    hash->flash = flash;
    hash->at = 0;
    hash->size = size;
    pawl_sha256_start(&hash->sha);
}

enum pawl_status pawl_slot_hash_step(struct pawl_slot_hash *hash,
                                     uint8_t digest[PAWL_SHA256_SIZE])
{
    uint8_t block[256];
    uint32_t done = 0;

    while (hash->at < hash->size && done < PAWL_HASH_CHUNK) {
        uint32_t left = hash->size - hash->at;
        size_t n = left < sizeof(block) ? left : sizeof(block);
        enum pawl_status status =
            pawl_flash_get(hash->flash, hash->at, block, n);
        if (status != PAWL_OK) {
            hash->flash = NULL;
            return status;
        }
        pawl_sha256_update(&hash->sha, (struct pawl_bytes){block, n});
        hash->at += (uint32_t)n;
        done += (uint32_t)n;
    }
    if (hash->at < hash->size) {
        return PAWL_PENDING;
    }
    hash->flash = NULL;
    return pawl_sha256_finish(&hash->sha, digest);
}
