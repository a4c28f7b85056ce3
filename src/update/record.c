/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The update record: a fixed core, big-endian, and the application's bytes
 * behind it. It has no checksum of its own, for the journal's frame has one.
 */

#include "update/record.h"
#include "base/base.h"
#include <string.h>

/* What the record has one bit, or one byte, for. */
_Static_assert(PAWL_COMPONENT_MAX >= 1 && PAWL_COMPONENT_MAX <= 8,
               "PAWL_COMPONENT_MAX: 1 to 8");
_Static_assert(PAWL_TRIAL_ATTEMPTS >= 1 && PAWL_TRIAL_ATTEMPTS <= 255,
               "PAWL_TRIAL_ATTEMPTS: 1 to 255");
_Static_assert(PAWL_TRIAL_BOOTS >= 1 && PAWL_TRIAL_BOOTS <= 255,
               "PAWL_TRIAL_BOOTS: 1 to 255");
_Static_assert(PAWL_TRIALS_OF_IMAGE >= 1 && PAWL_TRIALS_OF_IMAGE <= 255,
               "PAWL_TRIALS_OF_IMAGE: 1 to 255");

/* Where each field of the core lies; doc/SPEC.md, "Update record". */
enum {
    AT_VERSION = 0,
    AT_STATE = 1,
    AT_FLAGS = 2,
    AT_REASON = 3,
    AT_PHASE = 4,
    AT_RESET_CAUSE = 5,
    AT_STATUS = 6, /* the status times -1 */
    AT_RUNNING = 7,
    AT_SETS = 8,            /* current, previous, target: a byte each */
    AT_MANIFEST_SLOTS = 11, /* the same three */
    AT_ATTEMPTS = 14,
    AT_BOOTS = 15,
    AT_COUNTER_FLOOR = 16,
    AT_TARGET_COUNTER = 20,
    AT_TRUST_VERSION = 24,
    AT_SEQUENCE_FLOOR = 32,
    AT_SEQUENCES = 40, /* the same three, 8 bytes each */
    AT_DIGESTS = 64    /* the same three, 32 bytes each */
};

enum {
    FLAG_ARMED = 0x01,
    FLAG_COUNTER_PENDING = 0x02,
    FLAG_CURRENT = 0x04,
    FLAG_PREVIOUS = 0x08,
    FLAG_TARGET = 0x10,
    FLAG_LOST = 0x20,
    FLAGS_ALL = 0x3F
};

static const uint8_t image_flags[3] = {FLAG_CURRENT, FLAG_PREVIOUS,
                                       FLAG_TARGET};

void pawl_record_clear(struct pawl_record *record)
{
    memset(record, 0, sizeof(*record));
    record->current.manifest_slot = PAWL_RECORD_NO_SLOT;
    record->previous.manifest_slot = PAWL_RECORD_NO_SLOT;
    record->target.manifest_slot = PAWL_RECORD_NO_SLOT;
}

static void image_encode(const struct pawl_record_image *image, size_t which,
                         uint8_t *out)
{
    if (!image->known) {
        out[AT_MANIFEST_SLOTS + which] = PAWL_RECORD_NO_SLOT;
        return;
    }
    out[AT_FLAGS] = (uint8_t)(out[AT_FLAGS] | image_flags[which]);
    out[AT_SETS + which] = image->set;
    out[AT_MANIFEST_SLOTS + which] = image->manifest_slot;
    pawl_put_u64(out + AT_SEQUENCES + 8 * which, image->sequence);
    memcpy(out + AT_DIGESTS + 32 * which, image->digest, 32);
}

size_t pawl_record_encode(const struct pawl_record *record,
                          uint8_t out[PAWL_RECORD_MAX])
{
    memset(out, 0, PAWL_RECORD_MAX);
    out[AT_VERSION] = PAWL_RECORD_VERSION;
    out[AT_STATE] = (uint8_t)record->state;
    out[AT_FLAGS] =
        (uint8_t)((record->armed ? FLAG_ARMED : 0) |
                  (record->counter_pending ? FLAG_COUNTER_PENDING : 0) |
                  (record->lost ? FLAG_LOST : 0));
    out[AT_REASON] = (uint8_t)record->reason;
    out[AT_PHASE] = (uint8_t)record->phase;
    out[AT_RESET_CAUSE] = (uint8_t)record->reset_cause;
    out[AT_STATUS] = (uint8_t)(record->status < 0 ? -(int)record->status : 0);
    out[AT_RUNNING] = record->running;
    image_encode(&record->current, 0, out);
    image_encode(&record->previous, 1, out);
    image_encode(&record->target, 2, out);
    out[AT_ATTEMPTS] = record->attempts;
    out[AT_BOOTS] = record->boots;
    pawl_put_u32(out + AT_COUNTER_FLOOR, record->counter_floor);
    pawl_put_u32(out + AT_TARGET_COUNTER, record->target_counter);
    pawl_put_u64(out + AT_TRUST_VERSION, record->trust_version);
    pawl_put_u64(out + AT_SEQUENCE_FLOOR, record->sequence_floor);
    size_t extension = record->extension_len < PAWL_RECORD_EXTENSION_MAX
                           ? record->extension_len
                           : PAWL_RECORD_EXTENSION_MAX;
    memcpy(out + PAWL_RECORD_CORE_SIZE, record->extension, extension);
    return PAWL_RECORD_CORE_SIZE + extension;
}

static void image_decode(struct pawl_record_image *image, size_t which,
                         const uint8_t *in)
{
    if ((in[AT_FLAGS] & image_flags[which]) == 0) {
        return;
    }
    image->known = true;
    image->set = in[AT_SETS + which];
    image->manifest_slot = in[AT_MANIFEST_SLOTS + which];
    image->sequence = pawl_get_u64(in + AT_SEQUENCES + 8 * which);
    memcpy(image->digest, in + AT_DIGESTS + 32 * which, 32);
}

static enum pawl_status check(struct pawl_bytes payload)
{
    if (payload.len == 0) {
        return PAWL_ERR_MALFORMED;
    }
    if (payload.data[AT_VERSION] != PAWL_RECORD_VERSION) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (payload.len < PAWL_RECORD_CORE_SIZE || payload.len > PAWL_RECORD_MAX ||
        payload.data[AT_STATE] > PAWL_UPDATE_UPDATED ||
        (payload.data[AT_FLAGS] & ~FLAGS_ALL) != 0 ||
        payload.data[AT_RESET_CAUSE] > PAWL_RESET_PIN) {
        return PAWL_ERR_MALFORMED;
    }
    return PAWL_OK;
}

enum pawl_status pawl_record_decode(struct pawl_record *record,
                                    struct pawl_bytes payload)
{
    pawl_record_clear(record);
    enum pawl_status status = check(payload);
    if (status != PAWL_OK) {
        return status;
    }
    const uint8_t *in = payload.data;
    record->state = (enum pawl_update_state)in[AT_STATE];
    record->armed = (in[AT_FLAGS] & FLAG_ARMED) != 0;
    record->counter_pending = (in[AT_FLAGS] & FLAG_COUNTER_PENDING) != 0;
    record->lost = (in[AT_FLAGS] & FLAG_LOST) != 0;
    record->reason = (enum pawl_update_reason)in[AT_REASON];
    record->phase = (enum pawl_update_phase)in[AT_PHASE];
    record->reset_cause = (enum pawl_reset_cause)in[AT_RESET_CAUSE];
    record->status = (enum pawl_status)(-(int)in[AT_STATUS]);
    record->running = in[AT_RUNNING];
    image_decode(&record->current, 0, in);
    image_decode(&record->previous, 1, in);
    image_decode(&record->target, 2, in);
    record->attempts = in[AT_ATTEMPTS];
    record->boots = in[AT_BOOTS];
    record->counter_floor = pawl_get_u32(in + AT_COUNTER_FLOOR);
    record->target_counter = pawl_get_u32(in + AT_TARGET_COUNTER);
    record->trust_version = pawl_get_u64(in + AT_TRUST_VERSION);
    record->sequence_floor = pawl_get_u64(in + AT_SEQUENCE_FLOOR);
    record->extension_len = payload.len - PAWL_RECORD_CORE_SIZE;
    memcpy(record->extension, in + PAWL_RECORD_CORE_SIZE,
           record->extension_len);
    return PAWL_OK;
}
