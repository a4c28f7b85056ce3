/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAKE_RECORD_H
#define PAWL_FAKE_RECORD_H

/* The update record of a fake device, read and replaced behind its back. */

#include "fake/fake_device.h"
#include "journal/journal.h"
#include "update/record.h"

/* The record in the journal; false if there is none. */
static inline bool record_in_journal(struct fake_device *device,
                                     struct pawl_record *record)
{
    static struct pawl_journal journal;
    return pawl_journal_open(&journal, &device->journal.port, PAWL_RECORD_MAX,
                             PAWL_JOURNAL_READ_ONLY) == PAWL_OK &&
           pawl_journal_found(&journal) == PAWL_JOURNAL_VALID &&
           pawl_record_decode(record, pawl_journal_payload(&journal)) ==
               PAWL_OK;
}

/* Replaces the record. */
static inline bool record_put(struct fake_device *device,
                              const struct pawl_record *record)
{
    static struct pawl_journal journal;
    uint8_t bytes[PAWL_RECORD_MAX];
    enum pawl_status status = pawl_journal_open(
        &journal, &device->journal.port, PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE);
    if (status == PAWL_PENDING) {
        status = pawl_journal_finish(&journal, NULL, NULL);
    }
    size_t len = pawl_record_encode(record, bytes);
    if (status == PAWL_OK) {
        status = pawl_journal_commit(&journal, (struct pawl_bytes){bytes, len});
    }
    if (status == PAWL_PENDING) {
        status = pawl_journal_finish(&journal, NULL, NULL);
    }
    return status == PAWL_OK;
}

/* What a boot loader does with a staged update, for tests without one. */
static inline bool enter_trial(struct fake_device *device)
{
    struct pawl_record record;
    if (!record_in_journal(device, &record) ||
        record.state != PAWL_UPDATE_STAGED || !record.armed) {
        return false;
    }
    record.state = PAWL_UPDATE_TRIAL;
    record.armed = false;
    record.attempts--;
    record.boots--;
    record.running = record.target.set;
    return record_put(device, &record);
}

#endif
