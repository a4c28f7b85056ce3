/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold after each boot of a whole update:
 *   I1 the state is the last acknowledged one or the one in flight
 *   I2 what was accepted or given up stays so; and the journal's quick reading
 *      finds what the whole judgement does, or declines
 *   I3 no unit is programmed twice without an erase
 *   I4 an image boots, its bytes are those of the release that boot named;
 *      and a candidate's bytes are those of its release
 *   I5 the counter is that of the accepted image at most, and never falls
 *   I6 a budget is taken off, durably, before the image on trial is entered
 *   I8 a boot of a device at rest erases and programs nothing
 *   I9 without further faults it comes to READY in SESSIONS_MAX boots
 *   I10 a checkpoint names only bytes that are in flash
 * (I7, of the journal's sequence numbers, is fault_journal.c's.)
 */
#include "base/base.h"
#include "fake/fake_record.h"
#include "fault/flow_search.h"
#include <string.h>

void ask(bool ok, const char *what)
{
    if (!ok) {
        violation(what);
    }
}

bool holds(struct fake_flash *flash, const struct fake_release *release,
           uint32_t len)
{
    static uint8_t read[IMAGE_SIZE + BLOCK], wanted[IMAGE_SIZE + BLOCK];

    fake_release_bytes(release, 0, wanted, len);
    return len <= sizeof(read) &&
           flash->port.read(flash, 0, read, len) == PAWL_OK &&
           memcmp(read, wanted, len) == 0;
}

void check_counter(void)
{
    uint32_t most = search.life.accepting != 0 ? 2 : 1;

    ask(device.counter_value >= search.life.counter, "I5 (the counter fell)");
    ask(device.counter_value <= most, "I5 (the counter before accept)");
    search.life.counter = device.counter_value;
}

static void check_trial(const struct pawl_record *record)
{
    ask(record->state == PAWL_UPDATE_TRIAL &&
            record->boots < PAWL_TRIAL_BOOTS &&
            record->boots == search.choice.boots_left &&
            record->running == search.choice.set,
        "I6 (entered without a budget taken off)");
    ask(search.choice.boots_left < search.life.boots_left,
        "I6 (a budget did not fall)");
    search.life.boots_left = search.choice.boots_left;
}

void check_boot(enum pawl_status status)
{
    struct pawl_record record;
    bool known = record_in_journal(&device, &record);

    ask(status == PAWL_OK && search.choice.slot != NULL, "I4 (nothing boots)");
    if (search.choice.slot == NULL) {
        return;
    }
    ask(holds(&device.image[search.choice.set],
              search.choice.set == 0 ? &search.v1 : &search.v2, IMAGE_SIZE),
        "I4 (what boots is not what was released)");
    /*
     * R8: with nothing acknowledged yet, the first commit to a blank journal
     * may tear, and leaves it neither blank nor valid. Boot then tries the
     * factory's image as it would any other, says so at each start until that
     * is accepted (its record is marked as lost), and its budget falls at
     * each (I6): a journal lost once more would begin with a full one.
     */
    ask(search.choice.reason != PAWL_BOOT_LOST || search.life.recorded == 0 ||
            search.life.lost != 0,
        "I1 (the journal was lost)");
    search.life.lost |= search.choice.reason == PAWL_BOOT_LOST ? 1U : 0U;
    ask(search.life.accepted == 0 ||
            (search.choice.set == 1 && !search.choice.trial),
        "I2 (an accepted image went)");
    ask(search.life.given_up == 0 || search.choice.set == 0,
        "I2 (a rejected image is back)");
    ask(search.choice.set == 0 || search.life.staged != 0,
        "I1 (entered before it was staged)");
    ask(search.choice.set == 0 || search.choice.trial ||
            search.life.accepting != 0,
        "I1 (an image on trial became permanent)");
    ask(search.choice.set == 0 || search.life.accepting != 0 ||
            (known && record.state == PAWL_UPDATE_TRIAL),
        "I6 (entered without a record of it)");
    if (search.choice.trial) {
        ask(known, "I6 (a trial that is not recorded)");
        if (known) {
            check_trial(&record);
        }
    }
    ask(device.counter_value <= 1 ||
            (known && record.current.known && record.current.sequence == 2),
        "I5 (the counter is above that of the confirmed image)");
    if (known && record.state == PAWL_UPDATE_WRITING &&
        record.extension_len >= 8 && search.life.rotted == 0) {
        ask(holds(&device.image[1], &search.v2,
                  pawl_get_u32(record.extension + 4)),
            "I10 (a checkpoint of bytes that are not there)");
    }
    check_counter();
}

/*
 * Whether the boot that is about to begin finds nothing to settle. Opening a
 * journal writes nothing; it answers PAWL_PENDING where R4 wants a write.
 */
static bool journal_is_settled(void)
{
    static struct pawl_journal journal;
    uint32_t before = device.power.operations;
    enum pawl_status status = pawl_journal_open(
        &journal, &device.journal.port, PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE);

    ask(device.power.operations == before, "I8 (an open wrote)");
    return status == PAWL_OK;
}

/*
 * The quick reading of this boot (journal_rest.c) against the whole judgement:
 * the same state, settled, or none. Where bits flipped, that may want to settle
 * what the quick one does not look at; the state is the same.
 */
void check_glance(bool flipped)
{
    static struct pawl_journal quick, whole;
    uint32_t before = device.power.operations;
    const struct pawl_flash *port = &device.journal.port;
    enum pawl_status status =
        pawl_journal_open(&whole, port, PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE);
    bool valid = pawl_journal_found(&whole) == PAWL_JOURNAL_VALID;
    bool rests = status == PAWL_OK && valid;

    if (pawl_journal_glance(&quick, port, PAWL_RECORD_MAX) != PAWL_OK) {
        search.now.declined += rests ? 1U : 0U;
        return;
    }
    search.now.glances++;
    ask((rests || (flipped && valid)) && quick.bank == whole.bank &&
            quick.epoch == whole.epoch && quick.sequence == whole.sequence &&
            pawl_bytes_equal(pawl_journal_payload(&quick),
                             pawl_journal_payload(&whole)),
        "I2 (the quick reading finds another state)");
    ask(device.power.operations == before, "I8 (a reading wrote)");
}

/*
 * At rest, a boot erases and programs nothing. A boot is clean if the journal
 * reads as settled (R4, R6): a frame that an interrupted operation left half
 * charged may have read well up to now, and read otherwise at this boot, so
 * that the state must be proved anew before it is acted upon. Settling leaves
 * whole frames; each group of half-charged ones can ask for it once. So a boot
 * may write only if its own reading of the journal is unsettled, and after as
 * many of those as there are groups a clean one must come.
 */
void check_rest(void)
{
    unsigned fading =
        fake_flash_torn(&device.journal, 0, device.journal.port.size);
    bool settled = false;

    ask(search.choice.set == (search.life.ending == ENDS_ACCEPTED ? 1 : 0),
        "I9 (at rest, with the wrong image)");
    ask(device.counter_value == (search.life.ending == ENDS_ACCEPTED ? 2U : 1U),
        "I5 (at rest, with the wrong counter)");
    do {
        world_power_on();
        settled = journal_is_settled();
        uint32_t before = device.power.operations;
        session();
        ask(!settled || device.power.operations == before,
            "I8 (a clean boot wrote)");
        ask(settled || fading != 0, "I8 (it settles again and again)");
        fading &= fading - 1U;
    } while (!settled && !search.wrong);
}
