/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which trust document this start goes by. Where the loader has storage of its
 * own, what lies in the other store is only an offer: it is taken over if it
 * is the successor of the loader's own, signed by its roots.
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
    if (status == PAWL_OK) {
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

/* A loader's store that was never written takes what there is. */
static enum pawl_status adopt_first(struct pawl_boot_selection *s)
{
    struct pawl_bytes offer;
    enum pawl_status status = read_offer(s, &offer);
    if (status == PAWL_OK) {
        status = pawl_trust_load(&s->adoption.next, offer);
    }
    return status == PAWL_OK ? take_over(s, s->adoption.next.version, offer)
                             : status;
}

void pawl_boot_trust(struct pawl_boot_selection *s)
{
    const struct pawl_store *own = s->config->protected_trust;

    if (own == NULL) {
        s->trust_lost = open_twice(&s->trust, s->config->trust) != PAWL_OK;
        return;
    }
    enum pawl_status status = open_twice(&s->trust, own);
    if (status == PAWL_ERR_NOT_FOUND) {
        s->trust_lost = adopt_first(s) != PAWL_OK;
    } else if (status == PAWL_OK) {
        adopt(s);
    } else {
        s->trust_lost = true;
    }
}
