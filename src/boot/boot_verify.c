/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verifying one set: the manifest beside it is read once into memory, and
 * that copy is authenticated and run: its conditions, then the digest of each
 * component in the slots of the set.
 */

#include "base/base.h"
#include "boot/boot_internal.h"
#include <string.h>

enum {
    PARAMETER_DIGEST = 3, /* SUIT parameter numbers */
    PARAMETER_SIZE = 14
};

static struct pawl_boot_selection *selection_of(void *ctx)
{
    return ctx;
}

static enum pawl_status op_find(void *ctx, struct pawl_bytes component,
                                uint32_t *handle)
{
    return pawl_components_find(&selection_of(ctx)->components, component,
                                handle);
}

static enum pawl_status op_slot(void *ctx, uint32_t handle, uint64_t *slot)
{
    struct pawl_boot_selection *s = selection_of(ctx);
    const struct pawl_slot *seen =
        pawl_components_slot(&s->components, handle, s->set);
    if (seen == NULL) {
        return PAWL_ERR_NOT_FOUND;
    }
    *slot = seen->index;
    return PAWL_OK;
}

static bool has(const struct pawl_suit_parameters *p, unsigned parameter)
{
    return (p->set & ((uint32_t)1 << parameter)) != 0;
}

static void found(struct pawl_boot_part *part,
                  const struct pawl_suit_parameters *p,
                  const uint8_t digest[PAWL_SHA256_SIZE])
{
    part->matched = PAWL_VERDICT_MATCH;
    part->size = (uint32_t)p->size;
    memcpy(part->digest, digest, sizeof(part->digest));
    part->has_counter = p->has_security_counter;
    part->counter = p->security_counter < UINT32_MAX
                        ? (uint32_t)p->security_counter
                        : UINT32_MAX;
}

/* One pass over the image, however often the manifest asks. */
static bool known_match(const struct pawl_boot_part *part,
                        const struct pawl_suit_parameters *p)
{
    return part->matched == PAWL_VERDICT_MATCH && part->size == p->size &&
           pawl_equal_ct(part->digest, p->digest.data, sizeof(part->digest));
}

static enum pawl_status op_image_match(void *ctx, uint32_t handle,
                                       const struct pawl_suit_parameters *p,
                                       enum pawl_verdict *verdict)
{
    struct pawl_boot_selection *s = selection_of(ctx);
    const struct pawl_slot *slot =
        pawl_components_slot(&s->components, handle, s->set);
    struct pawl_boot_part *part = &s->parts[handle];
    uint8_t digest[PAWL_SHA256_SIZE];

    *verdict = PAWL_VERDICT_NONE;
    if (slot == NULL || !has(p, PARAMETER_SIZE) || !has(p, PARAMETER_DIGEST) ||
        p->digest.len != PAWL_SHA256_SIZE || p->size == 0 ||
        p->size > slot->image->size) {
        return PAWL_ERR_CONDITION;
    }
    if (known_match(part, p)) {
        *verdict = PAWL_VERDICT_MATCH;
        return PAWL_OK;
    }
    if (s->hash.flash == NULL) {
        pawl_slot_hash_start(&s->hash, slot->image, (uint32_t)p->size);
    }
    enum pawl_status status = pawl_slot_hash_step(&s->hash, digest);
    if (status != PAWL_OK) {
        return status;
    }
    *verdict = PAWL_VERDICT_DIFFERENT;
    if (pawl_equal_ct(digest, p->digest.data, sizeof(digest))) {
        *verdict = PAWL_VERDICT_MATCH;
        found(part, p, digest);
    }
    return PAWL_OK;
}

static enum pawl_status op_invoke(void *ctx, uint32_t handle,
                                  const struct pawl_suit_parameters *p)
{
    (void)p;
    selection_of(ctx)->entered = handle;
    return PAWL_OK;
}

void pawl_boot_operations(struct pawl_boot_selection *s)
{
    s->operations = (struct pawl_manifest_operations){
        .ctx = s,
        .fixed = pawl_components_fixed(&s->components),
        .find = op_find,
        .slot = op_slot,
        .image_match = op_image_match,
        .invoke = op_invoke,
    };
    pawl_device_name(&s->device, s->config->product);
}

void pawl_boot_forget(struct pawl_boot_selection *s)
{
    struct pawl_boot_choice *choice = s->choice;
    choice->slot = NULL;
    choice->set = 0;
    choice->size = 0;
    memset(&choice->measurement, 0, sizeof(choice->measurement));
}

/*
 * The manifest, in memory, authenticated. A signer who was withdrawn counts
 * for what was accepted before, named by its digest.
 */
static enum pawl_status open_manifest(struct pawl_boot_selection *s,
                                      const struct pawl_record_image *image,
                                      enum pawl_boot_standing standing)
{
    if (s->trust_lost && standing != PAWL_STANDING_CONFIRMED) {
        return PAWL_ERR_LOST; /* nobody is left who could vouch for it */
    }
    const struct pawl_manifest_policy policy = {
        .confirmed = s->trust_lost ? image->digest : NULL,
        .signers = s->trust.signers,
        .signer_count = s->trust.signer_count,
        .threshold = s->trust.signer_threshold,
        .allow_retired = standing == PAWL_STANDING_CONFIRMED,
    };
    size_t len = sizeof(s->stored);

    if (image->manifest_slot >= s->components.slot_count) {
        return PAWL_ERR_NOT_FOUND;
    }
    enum pawl_status status = pawl_area_read(
        s->components.slots[image->manifest_slot].manifest, s->stored, &len);
    if (status != PAWL_OK) {
        return status;
    }
    status = pawl_manifest_open_stored(
        &s->manifest, (struct pawl_bytes){s->stored, len}, &policy);
    if (status != PAWL_OK || standing == PAWL_STANDING_UNKNOWN) {
        return status;
    }
    return pawl_equal_ct(s->manifest.digest, image->digest,
                         sizeof(image->digest))
               ? PAWL_OK
               : PAWL_ERR_DIGEST;
}

static enum pawl_status run_manifest(struct pawl_boot_selection *s)
{
    enum pawl_status status =
        pawl_manifest_start(&s->process, &s->manifest, PAWL_PROCEDURE_INVOKE,
                            &s->device, &s->operations);
    if (status == PAWL_OK) {
        status = PAWL_PENDING;
    }
    while (status == PAWL_PENDING) {
        status = pawl_manifest_step(&s->process);
        if (s->config->feed_watchdog != NULL) {
            s->config->feed_watchdog(s->config->ctx);
        }
    }
    return status;
}

/* Every component matched, and none names a counter below the floor. */
static enum pawl_status check_parts(struct pawl_boot_selection *s,
                                    enum pawl_boot_standing standing)
{
    uint32_t floor = s->counter > s->record.counter_floor
                         ? s->counter
                         : s->record.counter_floor;
    if (!s->counter_known && standing != PAWL_STANDING_CONFIRMED) {
        return PAWL_ERR_IO; /* older than it should be, for all we know */
    }
    size_t matched = 0;
    for (size_t i = 0; i < s->components.count; i++) {
        const struct pawl_boot_part *part = &s->parts[i];
        if (part->matched != PAWL_VERDICT_MATCH) {
            return PAWL_ERR_CONDITION;
        }
        if (part->has_counter && part->counter < floor) {
            return PAWL_ERR_ROLLBACK;
        }
        matched++;
    }
    return matched == s->components.count ? PAWL_OK : PAWL_ERR_FAULT;
}

static void measure(struct pawl_boot_selection *s)
{
    struct pawl_boot_choice *choice = s->choice;
    const struct pawl_boot_part *part = &s->parts[s->entered];

    choice->slot = pawl_components_slot(&s->components, s->entered, s->set);
    choice->set = s->set;
    choice->size = part->size;
    memcpy(choice->measurement.manifest_digest, s->manifest.digest,
           sizeof(choice->measurement.manifest_digest));
    memcpy(choice->measurement.image_digest, part->digest,
           sizeof(choice->measurement.image_digest));
    choice->measurement.sequence = s->manifest.sequence;
    choice->measurement.security_counter =
        part->has_counter ? part->counter : 0;
    choice->measurement.signers = s->manifest.signers;
    choice->measurement.trust_version = s->trust.version;
}

enum pawl_status pawl_boot_verify(struct pawl_boot_selection *s,
                                  const struct pawl_record_image *image,
                                  enum pawl_boot_standing standing)
{
    memset(s->parts, 0, sizeof(s->parts));
    s->hash.flash = NULL;
    s->set = image->set;
    s->entered = 0;
    pawl_boot_forget(s);
    enum pawl_status status = open_manifest(s, image, standing);
    if (status == PAWL_OK) {
        status = run_manifest(s);
    }
    if (status == PAWL_OK) {
        status = check_parts(s, standing);
    }
    if (status == PAWL_OK) {
        measure(s);
    }
    return status;
}
