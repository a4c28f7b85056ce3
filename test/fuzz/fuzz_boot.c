/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the boot selection and the update engine over any record. A
 * committed frame holds a record of the input's making (fields or bytes), and
 * so do the slots, their manifest areas, the journal and both stores of trust;
 * a flash may fail. Only signatures cannot be forged. The device is then
 * started again and again, for causes that the input names, and between the
 * starts the engine is opened and told what to do.
 *
 * Of whatever is entered (boot.c, rules 1 to 5; update.md, Boot, I4 to I8)
 *   it is, byte for byte, a release, its conditions hold, and its manifest lies
 *   in an area; it names no counter below the hardware's or the record's
 *   its signer is trusted by the document in force: one who was withdrawn, or
 *   where that is lost anyone, for what the record calls confirmed only
 *   a trial is in the record, with a budget less than it had there before
 * Of a start
 *   it writes to no slot, to no store but the loader's own, never to the
 *   counter, and a bounded number of times
 *   the record then says what was handed over to; no floor falls
 *   a whole confirmed image is entered, unless another is on trial; where the
 *   journal is empty, what lies in slot A
 *   what is in the loader's memory before, does not matter; and after one that
 *   entered no trial, another writes nothing and enters the same
 * Of the engine
 *   it rests after a bounded number of steps, and never touched what runs
 *   the counter rises only to the floor that the record says is pending, and
 *   not above that of the confirmed image
 *   CANDIDATE is a release, whole, in the spare slot; and so is what it accepts
 *
 * Not demanded, for whoever can write the journal is believed there: that a
 * floor or counter in a forged record is no higher than that of its image, that
 * a budget in it is no more than a trial gets, that the sets of current,
 * previous and target differ, and that bits of a set beyond the last component
 * are clear. Where a frame was altered the quick reading of the journal is
 * followed, as boot does (journal_rest.c).
 */
#include "fuzz/fuzz_boot.h"

#include "base/base.h"
#include "journal/journal.h"
#include <pawl/boot.h>
#include <string.h>

#define SESSIONS_MAX 8
#define WRITES_MAX 400 /* of one start: four compactions and more */

/* The journal as a start finds it. */
struct before {
    bool known, empty;
    struct pawl_record record;
    uint32_t operations, vault, store, slots, counter, advances;
};

static struct pawl_boot boot;
static struct pawl_boot_choice choice;
static struct before before;
static uint64_t version_seen; /* of the loader's own document */

static void read_record(struct before *b)
{
    static struct pawl_journal journal;
    const struct pawl_flash *port = &device.journal.port;
    enum pawl_status status =
        pawl_journal_glance(&journal, port, PAWL_RECORD_MAX);
    if (status != PAWL_OK) {
        status = pawl_journal_open(&journal, port, PAWL_RECORD_MAX,
                                   PAWL_JOURNAL_READ_ONLY);
    }
    must(status == PAWL_OK || setting.faulty);
    b->empty =
        status == PAWL_OK && pawl_journal_found(&journal) == PAWL_JOURNAL_EMPTY;
    b->known = status == PAWL_OK &&
               pawl_journal_found(&journal) == PAWL_JOURNAL_VALID &&
               pawl_record_decode(&b->record, pawl_journal_payload(&journal)) ==
                   PAWL_OK;
    if (!b->known) {
        pawl_record_clear(&b->record);
    }
}

static void look(struct before *b)
{
    read_record(b);
    b->operations = device.power.operations;
    b->vault = vault_touched();
    b->store = touched(&device.store_journal) + touched(&device.store_objects);
    b->slots = touched(&device.image[0]) + touched(&device.image[1]) +
               touched(&device.area[0]) + touched(&device.area[1]);
    b->counter = device.counter_value;
    b->advances = device.counter_advances;
}

/* --- A start ------------------------------------------------------------- */

static enum pawl_status start(enum pawl_reset_cause cause, uint8_t memory)
{
    struct pawl_boot_config config = fake_device_boot_config(&device, cause);

    if (!setting.counted) {
        config.counter = NULL;
    }
    if (setting.vault != VAULT_NONE) {
        config.protected_trust = &vault.store;
    }
    if (setting.vault == VAULT_FACTORY) {
        config.factory_trust = (struct pawl_bytes){setting.factory_trust,
                                                   setting.factory_trust_len};
    }
    memset(&boot, memory, sizeof(boot));
    memset(&choice, memory, sizeof(choice));
    return pawl_boot_select(&boot, &config, &choice);
}

static bool is(const struct pawl_record_image *image, const struct release *r)
{
    return image->known && memcmp(image->digest, r->manifest, 32) == 0;
}

/* The lowest counter that may be entered. */
static uint32_t floor_of(const struct before *b)
{
    uint32_t hardware =
        setting.counted && setting.counter_readable ? b->counter : 0;
    return hardware > b->record.counter_floor ? hardware
                                              : b->record.counter_floor;
}

static bool fits(const struct release *r, unsigned slot, uint32_t floor)
{
    const struct fake_release_plan *plan = &r->made.plan;
    return !plan->wrong_digest && !plan->other_class && !plan->unchecked &&
           (!plan->for_slot || plan->slot == slot) &&
           (!plan->counted || plan->counter >= floor);
}

/* Document 3 names another signer, and the one of 1 and 2 as retired. */
static void check_signer(const struct release *r)
{
    bool stranger = r->made.plan.by == FAKE_SIGNER_STRANGER;
    uint64_t version = choice.measurement.trust_version;
    bool confirmed =
        (is(&before.record.current, r) || is(&before.record.previous, r)) &&
        choice.reason != PAWL_BOOT_FACTORY && choice.reason != PAWL_BOOT_LOST;

    if (choice.trust_lost) {
        must(choice.measurement.signers == 0 && confirmed);
        return;
    }
    must(version >= 1 && version <= 3);
    must(choice.measurement.signers == (stranger ? 2u : 1u));
    must(stranger ? version == 3 : version < 3 || confirmed);
    if (choice.reason == PAWL_BOOT_TRIAL) {
        must(version >= before.record.trust_version);
    }
    if (setting.vault != VAULT_NONE && !setting.vault_altered) {
        must(version >= version_seen && version <= version_seen + 1);
    }
}

static void check_entered(void)
{
    const struct release *r = release_of(choice.measurement.manifest_digest);
    unsigned slot = choice.set & 1u;

    must(r != NULL && choice.slot == &device.slots[slot]);
    must(holds_image(slot, r));
    must(choice.trust_lost || holds_manifest(0, r) || holds_manifest(1, r));
    must(fits(r, slot, floor_of(&before)));
    must(choice.size == r->made.plan.size);
    must(memcmp(choice.measurement.image_digest, r->made.digest, 32) == 0);
    must(choice.measurement.sequence == r->made.plan.sequence);
    must(choice.measurement.security_counter == r->made.plan.counter);
    must(setting.counter_readable || !setting.counted ||
         is(&before.record.current, r) || is(&before.record.previous, r));
    check_signer(r);
}

/* Entered although the journal could not be written. */
static bool unrecorded(void)
{
    return setting.faulty && choice.refused == PAWL_ERR_IO &&
           choice.reason != PAWL_BOOT_FELL_BACK;
}

/* Counts this cause as an attempt? */
static bool attempt(enum pawl_reset_cause cause)
{
    return cause != PAWL_RESET_POWER_ON && cause != PAWL_RESET_WAKE;
}

static void check_budgets(const struct before *after,
                          enum pawl_reset_cause cause)
{
    const struct pawl_record *was = &before.record, *now = &after->record;
    bool anew = choice.boots_left == PAWL_TRIAL_BOOTS - 1 &&
                choice.attempts_left == PAWL_TRIAL_ATTEMPTS - attempt(cause);
    bool fell = was->boots == choice.boots_left + 1 &&
                was->attempts == choice.attempts_left + attempt(cause);

    bool same =
        was->target.set == (was->current.known ? was->current.set : 0) ||
        (was->previous.known && was->target.set == was->previous.set);

    must(choice.state == PAWL_UPDATE_TRIAL);
    if (choice.reason == PAWL_BOOT_REVERTED && setting.faulty && same) {
        return; /* current is entered, unrecorded; see above */
    }
    must(fell || (anew && choice.reason != PAWL_BOOT_TRIAL));
    if (unrecorded()) {
        must(choice.reason == PAWL_BOOT_LOST); /* the journal is beyond help */
        return;
    }
    must(after->known && now->state == PAWL_UPDATE_TRIAL && !now->armed);
    must(now->target.known && now->target.set == choice.set);
    must(now->attempts == choice.attempts_left);
    must(now->boots == choice.boots_left);
    must(now->reset_cause == cause);
}

/* What the record says once a start has handed over. */
static void check_record(const struct before *after)
{
    if (unrecorded()) {
        return; /* it could not be written, and the choice says so */
    }
    if (after->empty) {
        must(choice.reason == PAWL_BOOT_FACTORY && choice.set == 0);
        must(before.empty);
    } else {
        must(after->known && after->record.running == choice.set);
        must(after->record.state == choice.state);
    }
}

static void check_writes(const struct before *after)
{
    must(after->slots == before.slots && after->store == before.store);
    must(after->counter == before.counter);
    must(after->advances == before.advances);
    must(after->operations - before.operations < WRITES_MAX);
    must(after->vault - before.vault < WRITES_MAX);
    if (before.known && after->known) {
        must(after->record.counter_floor >= before.record.counter_floor);
        must(after->record.sequence_floor >= before.record.sequence_floor);
        must(after->record.trust_version >= before.record.trust_version ||
             after->record.lost);
    }
}

/* The confirmed image, where all of it is there. */
static const struct release *whole_current(void)
{
    const struct pawl_record_image *current = &before.record.current;
    const struct release *r = release_of(current->digest);

    if (!before.known || before.record.lost || !current->known || r == NULL ||
        current->manifest_slot > 1 ||
        (r->made.plan.by == FAKE_SIGNER_STRANGER &&
         choice.measurement.trust_version != 3 && !choice.trust_lost)) {
        return NULL;
    }
    return holds_image(current->set & 1u, r) &&
                   holds_manifest(current->manifest_slot, r) &&
                   fits(r, current->set & 1u, floor_of(&before))
               ? r
               : NULL;
}

/* A device does not stop while there is something to start. */
static void check_life(enum pawl_status status)
{
    const struct release *r = whole_current();
    enum pawl_update_state state = before.record.state;

    if (setting.faulty || choice.reason == PAWL_BOOT_UNPROVISIONED) {
        return;
    }
    if (r != NULL && r->made.plan.by == FAKE_SIGNER_RELEASE) {
        must(status == PAWL_OK);
        must(
            state == PAWL_UPDATE_TRIAL || state == PAWL_UPDATE_STAGED ||
            (!choice.trial && choice.set == before.record.current.set &&
             memcmp(choice.measurement.manifest_digest, r->manifest, 32) == 0));
    }
    for (unsigned i = 0; before.empty && status == PAWL_OK && i < RELEASES;
         i++) {
        r = &releases[i];
        must(choice.reason == PAWL_BOOT_FACTORY || !holds_image(0, r) ||
             !holds_manifest(0, r) || !fits(r, 0, floor_of(&before)) ||
             (r->made.plan.by == FAKE_SIGNER_STRANGER) !=
                 (choice.measurement.trust_version == 3));
    }
}

static void check_refusal(enum pawl_status status)
{
    static const struct pawl_boot_measurement none;

    must(choice.slot == NULL && choice.set == 0 && choice.size == 0);
    must(memcmp(&choice.measurement, &none, sizeof(none)) == 0);
    switch (status) {
    case PAWL_ERR_NO_IMAGE:
        must(choice.reason == PAWL_BOOT_NO_IMAGE);
        break;
    case PAWL_ERR_LOST:
        must(choice.trust_lost && (choice.reason == PAWL_BOOT_NO_TRUST ||
                                   choice.reason == PAWL_BOOT_UNPROVISIONED));
        break;
    default:
        must(status == PAWL_ERR_IO && setting.faulty);
        must(choice.reason == PAWL_BOOT_NOT_RECORDED);
        break;
    }
}

static enum pawl_status started(enum pawl_reset_cause cause, uint8_t memory,
                                struct before *after)
{
    look(&before);
    enum pawl_status status = start(cause, memory);
    look(after);
    must(pawl_boot_reason_name(choice.reason)[0] != '?');
    check_writes(after);
    check_life(status);
    if (status != PAWL_OK) {
        check_refusal(status);
        return status;
    }
    check_entered();
    if (choice.trial) {
        check_budgets(after, cause);
    }
    check_record(after);
    if (choice.measurement.trust_version > version_seen) {
        version_seen = choice.measurement.trust_version;
    }
    return status;
}

/* A start for cause, and if it left the device at rest, another. */
static enum pawl_status check_start(enum pawl_reset_cause cause)
{
    struct before after, again;
    uint8_t memory = take();
    enum pawl_status status = started(cause, memory, &after);
    struct pawl_boot_choice first = choice;
    bool quiet =
        after.operations == before.operations && after.vault == before.vault;

    if (setting.faulty || (!quiet && (status != PAWL_OK || choice.trial))) {
        return status;
    }
    must(started(cause, (uint8_t)~memory, &again) == status ||
         again.vault != after.vault);
    if (again.vault != after.vault) { /* it goes by another document now */
        must(!quiet);
        return status;
    }
    must(again.operations == after.operations);
    must(choice.slot == first.slot && choice.set == first.set);
    must(choice.trial == first.trial && choice.size == first.size);
    must(memcmp(&choice.measurement, &first.measurement,
                sizeof(first.measurement)) == 0);
    must(!quiet ||
         (choice.reason == first.reason && choice.state == first.state &&
          choice.refused == first.refused));
    return status;
}

/* --- The engine ---------------------------------------------------------- */

static struct pawl_boot_facts facts;

static enum pawl_status backend_query(void *ctx, struct pawl_boot_facts *out)
{
    (void)ctx;
    *out = facts;
    return PAWL_OK;
}

static enum pawl_status backend_select(void *ctx, pawl_slot_set set)
{
    (void)ctx;
    (void)set;
    return PAWL_OK;
}

static enum pawl_status backend_confirm(void *ctx)
{
    (void)ctx;
    return PAWL_OK;
}

static const struct pawl_boot_backend backend = {.query = backend_query,
                                                 .select = backend_select,
                                                 .confirm = backend_confirm};

/* What the input asks for; the result matters to nobody but the checks. */
static enum pawl_status ask(void)
{
    uint8_t what = take();

    switch (what % 8) {
    case 1:
        return pawl_update_accept(&device.update);
    case 2:
        return pawl_update_reject(&device.update,
                                  (enum pawl_update_reason)(1 + what / 8));
    case 3:
        return pawl_update_clean(&device.update);
    case 4:
        return pawl_update_cancel(&device.update);
    case 5:
        device.may_install = (enum pawl_answer)(what / 8 % 3);
        return pawl_update_install(&device.update);
    case 6:
        return fake_device_download(&device,
                                    &releases[what / 8 % RELEASES].made,
                                    what > 127 ? 600 : UINT32_MAX);
    case 7:
        return pawl_update_trust_changed(&device.update);
    default:
        return PAWL_OK;
    }
}

/* What is accepted, or complete, is all there. */
static void check_target(const struct pawl_record_image *image)
{
    const struct release *r = release_of(image->digest);

    must(r != NULL && image->known && image->manifest_slot < 2);
    must(holds_manifest(image->manifest_slot, r));
    must(device.trust.version >= 1);
    if (device.trust.version < 3) {
        must(r->made.plan.by == FAKE_SIGNER_RELEASE);
    } else {
        must(r->made.plan.by == FAKE_SIGNER_STRANGER);
    }
}

/* One engine session's change of the record. */
static void check_change(const struct before *was, const struct before *now)
{
    const struct pawl_record *a = &was->record, *b = &now->record;

    if (b->state == PAWL_UPDATE_UPDATED && a->state != PAWL_UPDATE_UPDATED) {
        must(a->state == PAWL_UPDATE_TRIAL ||
             (setting.backend && a->state == PAWL_UPDATE_STAGED));
        check_target(&b->current);
        must(!b->current.known || b->sequence_floor >= b->current.sequence);
    }
    if (b->state == PAWL_UPDATE_CANDIDATE &&
        a->state != PAWL_UPDATE_CANDIDATE) {
        check_target(&b->target);
        must(holds_image(b->target.set & 1u, release_of(b->target.digest)));
        must(fits(release_of(b->target.digest), b->target.set & 1u,
                  floor_of(was)));
    }
    if (was->known) {
        must(b->counter_floor >= a->counter_floor);
        must(b->sequence_floor >= a->sequence_floor);
        must(b->trust_version >= a->trust_version);
    }
}

/* A record that says of counters what the images say. */
static bool truthful(const struct pawl_record *r)
{
    const struct release *current = release_of(r->current.digest);
    const struct release *target = release_of(r->target.digest);

    return (r->counter_floor == 0 ||
            (r->current.known && current != NULL &&
             r->counter_floor <= current->made.plan.counter)) &&
           (r->target_counter == 0 ||
            (r->target.known && target != NULL &&
             r->target_counter <= target->made.plan.counter));
}

static void check_counter(const struct before *was, const struct before *now)
{
    const struct pawl_record *r = &now->record;
    const struct release *current = release_of(r->current.digest);

    must(now->counter >= was->counter);
    if (now->counter == was->counter) {
        return;
    }
    must(now->known && now->counter == r->counter_floor);
    must(was->record.counter_pending ||
         was->record.state == PAWL_UPDATE_TRIAL ||
         (setting.backend && was->record.state == PAWL_UPDATE_STAGED));
    if (!setting.backend && truthful(&was->record)) {
        must(r->current.known && current != NULL);
        must(now->counter <= current->made.plan.counter);
    }
}

static void use_engine(bool entered)
{
    struct before was, now;
    unsigned running = setting.backend ? facts.running & 1u : choice.set & 1u;
    uint32_t used =
        touched(&device.image[running]) + touched(&device.area[running]);

    look(&was);
    device.config.running_known = setting.hand_over && entered;
    device.config.running = choice.set;
    device.port.boot = setting.backend ? &backend : NULL;
    (void)pawl_trust_open(&device.trust, &device.store);
    device.now_ms += 3600u * 1000u;
    enum pawl_status status = fake_device_start_engine(&device);
    for (unsigned i = take() % 4; i > 0 && status != PAWL_ERR_LOST; i--) {
        if (ask() == PAWL_PENDING) {
            (void)fake_device_settle(&device);
        }
    }
    struct pawl_update_info info = fake_device_info(&device);
    look(&now);
    must(!setting.counter_readable ||
         info.security_counter >= device.counter_value);
    must(pawl_update_state_name(info.state)[0] != '?' || !now.known);
    must(pawl_update_reason_name(info.reason) != NULL);
    must(pawl_update_phase_name(info.phase) != NULL);
    if (!setting.faulty) {
        must(status != PAWL_ERR_IO);
        must(!now.known || status != PAWL_OK || info.state == now.record.state);
    }
    if (entered || setting.backend) {
        must(used ==
             touched(&device.image[running]) + touched(&device.area[running]));
    }
    must(now.store == was.store);
    check_counter(&was, &now);
    if (now.known) {
        check_change(&was, &now);
    }
    pawl_update_close(&device.update);
}

/* --- The life ------------------------------------------------------------ */

static uint64_t vault_version(void)
{
    return setting.vault == VAULT_WRITTEN || setting.vault == VAULT_FACTORY;
}

/* What is no device is refused, and nothing of it is looked at. */
static void refuse_others(void)
{
    static bool refused;
    struct pawl_boot_config config[6];

    if (refused) {
        return;
    }
    for (unsigned i = 0; i < 6; i++) {
        config[i] = fake_device_boot_config(&device, PAWL_RESET_POWER_ON);
    }
    config[0].product = NULL;
    config[1].slots = NULL;
    config[2].journal = NULL;
    config[3].trust = NULL;
    config[4].slot_count = 0;
    config[5].slots = device.slots + 1; /* no slot A */
    config[5].slot_count = 1;
    for (unsigned i = 0; i < 6; i++) {
        must(pawl_boot_select(&boot, &config[i], &choice) == PAWL_ERR_ARGUMENT);
        must(choice.slot == NULL && choice.reason == PAWL_BOOT_NONE);
        must(pawl_boot_reason_name(choice.reason)[0] != '?');
    }
    refused = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    lay_out((struct pawl_bytes){data, len});
    refuse_others();
    version_seen = vault_version();
    for (unsigned i = 0; i == 0 || (more() && i < SESSIONS_MAX); i++) {
        uint8_t session = take();
        bool entered = false;
        if (setting.backend) {
            facts.running = take();
            facts.trial = (session & 0x10) != 0;
            facts.reverted = (session & 0x20) != 0;
        } else {
            entered =
                check_start((enum pawl_reset_cause)(session & 7)) == PAWL_OK;
        }
        if ((session & 8) != 0) {
            use_engine(entered);
        }
    }
    must(setting.altered || fake_device_breaches(&device) == 0);
    return 0;
}
