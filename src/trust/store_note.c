/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/store_note.h"

#include "base/base.h"

#define NOTE_LAYOUT 2u /* raised only when fields are added */

enum note_offset {
    NOTE_AT_LAYOUT = 0,
    NOTE_AT_CURRENT = 1,
    NOTE_AT_NEXT = 2,
    NOTE_AT_NEXT_STATE = 3,
    NOTE_AT_TRUST_FLOOR = 8,
    NOTE_AT_TIME_FLOOR = 16,
    NOTE_AT_OWNER_FLOOR = 24
};

/* A next LDevID has a slot and a state or neither, and never the slot of the
 * current one. */
static bool slots_agree(const uint8_t *bytes)
{
    uint8_t current = bytes[NOTE_AT_CURRENT];
    uint8_t next = bytes[NOTE_AT_NEXT];
    uint8_t state = bytes[NOTE_AT_NEXT_STATE];

    return current <= PAWL_STORE_SLOT_B && next <= PAWL_STORE_SLOT_B &&
           state <= PAWL_STORE_NEXT_INSTALLED && (next == 0) == (state == 0) &&
           (next == 0 || next != current);
}

enum pawl_status pawl_store_note_read(struct pawl_store_note *note,
                                      const uint8_t bytes[PAWL_NOTE_SIZE])
{
    *note = (struct pawl_store_note){PAWL_STORE_SLOT_NONE,
                                     PAWL_STORE_SLOT_NONE,
                                     PAWL_STORE_NEXT_NONE,
                                     0,
                                     0,
                                     0};
    uint64_t time_floor_s = pawl_get_u64(bytes + NOTE_AT_TIME_FLOOR);

    if (!slots_agree(bytes) || time_floor_s > INT64_MAX) {
        return PAWL_ERR_CORRUPT;
    }
    note->current = (enum pawl_store_slot)bytes[NOTE_AT_CURRENT];
    note->next = (enum pawl_store_slot)bytes[NOTE_AT_NEXT];
    note->next_state = (enum pawl_store_next)bytes[NOTE_AT_NEXT_STATE];
    note->trust_floor = pawl_get_u64(bytes + NOTE_AT_TRUST_FLOOR);
    note->time_floor_s = (int64_t)time_floor_s;
    note->owner_floor = pawl_get_u64(bytes + NOTE_AT_OWNER_FLOOR);
    return PAWL_OK;
}

void pawl_store_note_put(const struct pawl_store_note *note,
                         uint8_t bytes[PAWL_NOTE_SIZE])
{
    if (bytes[NOTE_AT_LAYOUT] < NOTE_LAYOUT) {
        bytes[NOTE_AT_LAYOUT] = NOTE_LAYOUT;
    }
    bytes[NOTE_AT_CURRENT] = (uint8_t)note->current;
    bytes[NOTE_AT_NEXT] = (uint8_t)note->next;
    bytes[NOTE_AT_NEXT_STATE] = (uint8_t)note->next_state;
    pawl_put_u64(bytes + NOTE_AT_TRUST_FLOOR, note->trust_floor);
    pawl_put_u64(bytes + NOTE_AT_TIME_FLOOR, (uint64_t)note->time_floor_s);
    pawl_put_u64(bytes + NOTE_AT_OWNER_FLOOR, note->owner_floor);
}
