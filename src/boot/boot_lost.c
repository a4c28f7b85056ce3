/* SPDX-License-Identifier: Apache-2.0 */

/*
 * No record is left, or the factory's image is none (update.md, R8): every
 * manifest area is looked at with every set that it can belong to. The newest
 * that verifies is tried, as a fresh trial that nothing but the application's
 * accept ends for good; when its budgets are used up, another is tried, and
 * then this one again. The counter is read and never written.
 */

#include "base/base.h"
#include "boot/boot_internal.h"
#include <string.h>

/* A manifest lies in a slot of its set. */
static bool belongs(const struct pawl_boot_selection *s, pawl_slot_set set,
                    uint8_t manifest_slot)
{
    for (size_t i = 0; i < s->components.count; i++) {
        if (s->components.list[i].slot[(set >> i) & 1u] == manifest_slot) {
            return true;
        }
    }
    return false;
}

/* Better: not the one to avoid; then the newer. */
static bool better(const struct pawl_record_image *a,
                   const struct pawl_record_image *b, unsigned avoid)
{
    if (!b->known) {
        return true;
    }
    if ((a->set == avoid) != (b->set == avoid)) {
        return b->set == avoid;
    }
    return a->sequence > b->sequence;
}

static void look_at(struct pawl_boot_selection *s,
                    struct pawl_record_image *best,
                    struct pawl_record_image *image, unsigned avoid)
{
    enum pawl_status status = pawl_boot_verify(s, image, PAWL_STANDING_UNKNOWN);
    if (status != PAWL_OK) {
        s->choice->refused = status;
        return;
    }
    image->sequence = s->manifest.sequence;
    memcpy(image->digest, s->manifest.digest, sizeof(image->digest));
    if (better(image, best, avoid)) {
        *best = *image;
    }
}

/* The best of all into *best, which is not known if none verifies. */
static void find_best(struct pawl_boot_selection *s,
                      struct pawl_record_image *best, unsigned avoid)
{
    unsigned sets = 1u << s->components.count;

    for (uint8_t slot = 0; slot < s->components.slot_count; slot++) {
        for (unsigned set = 0; set < sets; set++) {
            struct pawl_record_image image = {.known = true,
                                              .set = (pawl_slot_set)set,
                                              .manifest_slot = slot};
            if (belongs(s, image.set, slot)) {
                look_at(s, best, &image, avoid);
            }
        }
    }
}

/* The lowest counter that a component of the set names: as at a start. */
static uint32_t counter_of(const struct pawl_boot_selection *s)
{
    uint32_t counter = 0;
    bool counted = false;
    for (size_t i = 0; i < s->components.count; i++) {
        const struct pawl_boot_part *part = &s->parts[i];
        if (part->has_counter && (!counted || part->counter < counter)) {
            counter = part->counter;
            counted = true;
        }
    }
    return counter;
}

static enum pawl_status record_trial(struct pawl_boot_selection *s,
                                     const struct pawl_record_image *image)
{
    struct pawl_record *r = &s->record;
    r->state = PAWL_UPDATE_TRIAL;
    r->armed = false;
    r->lost = true;
    r->reason = PAWL_UPDATE_REASON_JOURNAL_LOST;
    r->phase = PAWL_UPDATE_PHASE_BOOT;
    r->status = PAWL_ERR_LOST;
    r->current.known = false;
    r->previous.known = false;
    r->target = *image;
    r->target_counter = counter_of(s);
    r->trust_version = s->trust.version;
    r->running = image->set;
    r->attempts = PAWL_TRIAL_ATTEMPTS;
    r->boots = PAWL_TRIAL_BOOTS;
    r->extension_len = 0;
    (void)pawl_boot_take(s); /* the budgets are full */
    return pawl_boot_commit(s);
}

enum pawl_status pawl_boot_lost(struct pawl_boot_selection *s, unsigned avoid)
{
    struct pawl_boot_choice *choice = s->choice;
    struct pawl_record_image best = {.manifest_slot = PAWL_RECORD_NO_SLOT};

    find_best(s, &best, avoid);
    choice->state = s->record.state;
    if (!best.known ||
        pawl_boot_verify(s, &best, PAWL_STANDING_UNKNOWN) != PAWL_OK) {
        pawl_boot_forget(s);
        choice->reason = PAWL_BOOT_NO_IMAGE;
        return PAWL_ERR_NO_IMAGE;
    }
    /* Flash that cannot hold a journal at all must not end a device; where it
     * can, the trial is recorded or not entered. */
    enum pawl_status status = record_trial(s, &best);
    if (status != PAWL_OK && s->journal_usable) {
        pawl_boot_forget(s);
        choice->reason = PAWL_BOOT_NOT_RECORDED;
        return PAWL_ERR_IO;
    }
    choice->refused = status;
    choice->reason = PAWL_BOOT_LOST;
    choice->state = s->record.state;
    choice->trial = true;
    choice->attempts_left = s->record.attempts;
    choice->boots_left = s->record.boots;
    return PAWL_OK;
}
