/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which trust document this start goes by. Where the loader has storage of its
 * own, what lies in the other store is only an offer: it is taken over if it
 * is the successor of the loader's own, signed by its roots. The first one
 * comes with the loader, or was written by provisioning.
 */

#include "base/base.h"
#include "boot/boot_internal.h"
#include "trust/store_note.h"
#include "trust/trust_internal.h"

/* Twice: a read that fails once must not cost a trial. */
static enum pawl_status open_twice(struct pawl_trust *trust,
                                   const struct pawl_store *store)
{
    enum pawl_status status = pawl_trust_open(trust, store);
    if (status != PAWL_OK && status != PAWL_ERR_NOT_FOUND) {
        status = pawl_trust_open(trust, store);
    }
    return status;
}

/* Makes the document in bytes the loader's own, and goes by that copy. */
static enum pawl_status take_over(struct pawl_boot_selection *s,
                                  uint64_t version, struct pawl_bytes bytes)
{
    const struct pawl_boot_config *config = s->config;
    struct pawl_objects *own = &s->adoption.objects;
    struct pawl_store_note note = {.trust_floor = version};
    uint8_t note_bytes[PAWL_NOTE_SIZE] = {0};

    pawl_store_note_put(&note, note_bytes);
    enum pawl_status status =
        pawl_objects_open(own, config->protected_trust, PAWL_JOURNAL_WRITE,
                          config->feed_watchdog, config->ctx);
    if (status == PAWL_OK || status == PAWL_ERR_LOST) { /* open, and empty */
        status = pawl_objects_put(own, PAWL_OBJECT_TRUST, bytes, note_bytes);
    }
    return status == PAWL_OK ? open_twice(&s->trust, config->protected_trust)
                             : status;
}

static enum pawl_status read_offer(struct pawl_boot_selection *s,
                                   struct pawl_bytes *offer)
{
    struct pawl_boot_adoption *a = &s->adoption;
    struct pawl_trust_parts parts;
    size_t len = sizeof(a->bytes);
    enum pawl_status status = pawl_objects_open(
        &a->objects, s->config->trust, PAWL_JOURNAL_READ_ONLY, NULL, NULL);
    if (status == PAWL_OK) {
        status =
            pawl_objects_get(&a->objects, PAWL_OBJECT_TRUST, a->bytes, &len);
    }
    if (status == PAWL_OK) {
        struct pawl_bytes all = {a->bytes, len};
        /* What the device's owner says may follow: none of the loader's. */
        status = pawl_trust_split_first(all, &parts, &len);
    }
    *offer = (struct pawl_bytes){a->bytes, len};
    return status;
}

/* What cannot be taken over leaves the loader's own document in force. */
static void adopt(struct pawl_boot_selection *s)
{
    struct pawl_bytes offer;
    uint64_t version = s->trust.version + 1;

    if (read_offer(s, &offer) == PAWL_OK &&
        pawl_trust_succeed(&s->adoption.next, &s->trust, offer) == PAWL_OK &&
        take_over(s, version, offer) != PAWL_OK) {
        s->trust_lost =
            open_twice(&s->trust, s->config->protected_trust) != PAWL_OK;
    }
}

/* Begins with the document that came with the loader. If it cannot be written
 * now, this start goes by it all the same. */
static enum pawl_status begin(struct pawl_boot_selection *s)
{
    struct pawl_bytes factory = s->config->factory_trust;
    enum pawl_status status = pawl_trust_load(&s->trust, factory);

    if (status == PAWL_OK &&
        take_over(s, s->trust.version, factory) != PAWL_OK) {
        status = pawl_trust_load(&s->trust, factory);
    }
    return status;
}

/*
 * Opens the loader's own store and settles it: what the loader goes by, and
 * tells of, must be what the next start finds, also where power cut an
 * adoption short. Nothing is written where the last one was whole.
 */
static enum pawl_status settle(struct pawl_boot_selection *s)
{
    return pawl_objects_open(&s->adoption.objects, s->config->protected_trust,
                             PAWL_JOURNAL_WRITE, s->config->feed_watchdog,
                             s->config->ctx);
}

/* Nothing was ever committed to the loader's store, or the very first commit
 * was torn: both banks of its journal are then lost. */
static bool never_begun(enum pawl_status settled, enum pawl_status opened)
{
    return opened == PAWL_ERR_NOT_FOUND || settled == PAWL_ERR_LOST;
}

void pawl_boot_trust(struct pawl_boot_selection *s)
{
    const struct pawl_store *own = s->config->protected_trust;

    if (own == NULL) {
        s->trust_lost = open_twice(&s->trust, s->config->trust) != PAWL_OK;
        return;
    }
    enum pawl_status settled = settle(s);
    enum pawl_status opened = open_twice(&s->trust, own);
    if (opened == PAWL_OK) {
        adopt(s);
    } else if (s->config->factory_trust.len > 0 &&
               never_begun(settled, opened)) {
        s->trust_lost = begin(s) != PAWL_OK;
    } else {
        s->trust_lost = true;
    }
    s->unprovisioned = s->trust_lost && opened == PAWL_ERR_NOT_FOUND;
}
