/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick reading: most starts find a journal at rest, and need of it only
 * what it says. This looks at a few frames of each bank. It answers where what
 * they hold leaves one state, settled; otherwise it declines, and the whole
 * judgement of journal.c decides. Nothing can be written after it.
 *
 * Between two erases of a bank that holds a valid frame
 *  Q1 the frames that were touched are the first ones: an append begins
 *     behind them (R1, R5), and only a whole erase goes before frame 0;
 *  Q2 of these all but the last hold a bit that is programmed for good, for a
 *     frame is begun when the one before is complete, a tombstone included.
 *     So the frames that do not read blank come first, and behind them none
 *     is touched but one that reads blank;
 *  Q3 valid frames have one epoch: all are spent before an erase (R7);
 *  Q4 frame 0 does not read blank: that one is not alone, or is valid, and a
 *     valid frame has programmed bits.
 * By Q2 the last frame that is not blank is found by halving. If that is a
 * proof, it is the last valid frame of its bank, and nothing follows it: R4
 * has nothing to settle. By Q4 the other bank holds nothing valid if its frame
 * 0 is blank, and by Q3 its epoch is that of its frame 0 if that is valid. If
 * that is neither, this declines.
 *
 * test/fault/ compares both readings at every boot of its searches.
 */

#include "journal/journal.h"
#include <string.h>

/* R2, by the first frames. False: they do not tell. */
static bool find_bank(struct pawl_journal *journal)
{
    struct pawl_frame first[2];

    for (unsigned bank = 0; bank < 2U; bank++) {
        (void)pawl_frame_read(journal->flash, &journal->geometry, bank ^ 1U, 0,
                              journal->frame, &first[bank ^ 1U]);
        journal->bank = (uint8_t)bank;
        if (first[bank ^ 1U].verdict == PAWL_FRAME_IS_BLANK) {
            return true; /* nothing valid there */
        }
        if (!pawl_frame_valid(&first[bank ^ 1U])) {
            return false;
        }
    }
    journal->bank = first[1].epoch > first[0].epoch;
    return first[0].epoch != first[1].epoch;
}

/* How many frames of the bank in force come before the blank ones. */
static uint32_t used_frames(struct pawl_journal *journal)
{
    uint32_t low = 0;
    uint32_t high = journal->geometry.frames;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2U;

        if (pawl_frame_blank(journal->flash, &journal->geometry, journal->bank,
                             middle, journal->frame)) {
            high = middle;
        } else {
            low = middle + 1U;
        }
    }
    return low;
}

/* Takes the state from the last frame that is not blank: only a proof. */
static bool take_last(struct pawl_journal *journal)
{
    struct pawl_frame frame;
    uint32_t used = used_frames(journal);

    if (used == 0) {
        return false;
    }
    (void)pawl_frame_read(journal->flash, &journal->geometry, journal->bank,
                          used - 1U, journal->frame, &frame);
    if (frame.verdict != PAWL_FRAME_IS_PROOF) {
        return false;
    }
    memcpy(journal->payload, frame.payload.data, frame.payload.len);
    journal->payload_len = frame.payload.len;
    journal->epoch = frame.epoch;
    journal->sequence = frame.sequence;
    return true;
}

enum pawl_status pawl_journal_glance(struct pawl_journal *journal,
                                     const struct pawl_flash *flash,
                                     size_t payload_max)
{
    enum pawl_status status =
        pawl_journal_begin(journal, flash, payload_max, PAWL_JOURNAL_READ_ONLY);

    if (status != PAWL_OK) {
        return status;
    }
    if (!find_bank(journal) || !take_last(journal)) {
        return PAWL_ERR_NOT_FOUND;
    }
    journal->found = PAWL_JOURNAL_VALID;
    journal->spend_end = journal->geometry.frames; /* no room is promised */
    journal->settled = true;
    journal->phase = PAWL_JOURNAL_IDLE;
    return PAWL_OK;
}

enum pawl_status pawl_journal_judge(struct pawl_journal *journal)
{
    uint32_t epoch = journal->epoch;
    uint32_t sequence = journal->sequence;
    enum pawl_status status =
        pawl_journal_open(journal, journal->flash,
                          journal->geometry.payload_max, PAWL_JOURNAL_WRITE);

    if ((status == PAWL_OK || status == PAWL_PENDING) &&
        (journal->epoch != epoch || journal->sequence != sequence)) {
        journal->phase = PAWL_JOURNAL_BROKEN;
        status = PAWL_ERR_IO;
    }
    return status;
}
