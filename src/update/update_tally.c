/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the engine keeps in the record's extension: the checkpoint of the
 * update at hand, and the tally, which outlives it: the two manifests whose
 * trials failed last, and how often each did. So a manifest that is announced
 * again and again is not tried for ever, nor are two that alternate. The
 * bytes are in doc/SPEC.md, "Update record".
 */

#include "base/base.h"
#include "update/update_internal.h"
#include <string.h>

enum {
    TALLY_AT = PAWL_CHECKPOINT_SIZE,
    TALLY_KIND = 2,
    TALLY_SIZE = 52,
    COUNTS_AT = TALLY_AT + 1,
    DIGESTS_AT = TALLY_AT + 4,
    DIGEST_SIZE = 24, /* the first bytes of the manifest's digest */
    ENTRIES = 2       /* the newest first */
};

_Static_assert(TALLY_AT + TALLY_SIZE <= PAWL_RECORD_EXTENSION_MAX,
               "checkpoint and tally fit the record");

static bool present(const struct pawl_record *record)
{
    return record->extension_len >= TALLY_AT + TALLY_SIZE &&
           record->extension[TALLY_AT] == TALLY_KIND;
}

void pawl_update_forget_checkpoint(struct pawl_record *record)
{
    bool tally = present(record);

    record->extension_len = tally ? TALLY_AT + TALLY_SIZE : 0;
    memset(record->extension, 0, PAWL_CHECKPOINT_SIZE);
}

void pawl_update_put_checkpoint(struct pawl_record *record,
                                const uint8_t checkpoint[PAWL_CHECKPOINT_SIZE])
{
    if (!present(record)) {
        record->extension_len = PAWL_CHECKPOINT_SIZE;
    }
    memcpy(record->extension, checkpoint, PAWL_CHECKPOINT_SIZE);
}

/* The entry of a manifest; ENTRIES if there is none. */
static size_t find(const struct pawl_record *record, const uint8_t *digest)
{
    size_t i = ENTRIES;
    if (present(record)) {
        const uint8_t *digests = record->extension + DIGESTS_AT;
        for (i = 0; i < ENTRIES; i++) {
            if (record->extension[COUNTS_AT + i] != 0 &&
                memcmp(digests + i * DIGEST_SIZE, digest, DIGEST_SIZE) == 0) {
                break;
            }
        }
    }
    return i;
}

bool pawl_update_tried_enough(const struct pawl_record *record,
                              const uint8_t digest[PAWL_SHA256_SIZE])
{
    size_t i = find(record, digest);
    return i < ENTRIES &&
           record->extension[COUNTS_AT + i] >= PAWL_TRIALS_OF_IMAGE;
}

/* The image ran, or was to run, and was not accepted. */
static bool trial_failed(const struct pawl_record *record)
{
    return record->state == PAWL_UPDATE_FAILED && record->target.known &&
           record->phase != PAWL_UPDATE_PHASE_INSTALL &&
           ((record->reason >= PAWL_UPDATE_REASON_ATTEMPTS &&
             record->reason <= PAWL_UPDATE_REASON_REVERTED &&
             record->reason != PAWL_UPDATE_REASON_NOT_ENTERED) ||
            record->reason >= PAWL_UPDATE_REASON_APPLICATION);
}

void pawl_update_note_trial(struct pawl_record *record)
{
    uint8_t *counts = record->extension + COUNTS_AT;
    uint8_t *digests = record->extension + DIGESTS_AT;

    if (!trial_failed(record)) {
        return;
    }
    size_t i = find(record, record->target.digest);
    uint8_t count = i < ENTRIES ? counts[i] : 0;
    if (!present(record)) {
        memset(record->extension + record->extension_len, 0,
               sizeof(record->extension) - record->extension_len);
        record->extension_len = TALLY_AT + TALLY_SIZE;
        record->extension[TALLY_AT] = TALLY_KIND;
    }
    if (i != 0) { /* the other one becomes the second */
        counts[1] = counts[0];
        memcpy(digests + DIGEST_SIZE, digests, DIGEST_SIZE);
    }
    counts[0] = (uint8_t)(count + (count < UINT8_MAX ? 1 : 0));
    memcpy(digests, record->target.digest, DIGEST_SIZE);
}
