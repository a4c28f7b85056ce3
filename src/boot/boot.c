/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which image runs.
 *
 *   journal empty        -> slot A, as the factory left it; nothing is written
 *   STAGED and armed     -> TRIAL: a budget is taken off, durably, then the
 *   TRIAL                   target is verified and entered; used up or bad:
 *                           FAILED with the reason, and current
 *   anything else        -> current; if it does not verify, twice: previous;
 *                           if that is none, the target once more, on trial
 *   journal lost         -> the newest that verifies, as a fresh trial
 *   journal unwritable   -> current, as far as it can be read; else as lost
 *   trust lost           -> current or previous, by the digests recorded; no
 *                           trial goes on, no trial begins
 *   never provisioned    -> nothing: the journal, too, may be anybody's
 *
 * Rules
 *   1. A budget is durable before the target is even looked at: an image that
 *      kills the loader which verifies it is given up too.
 *   2. What is entered was verified by this start.
 *   3. The record says what was handed over to (running) before it is
 *      entered. A start that changes nothing writes nothing.
 *   4. A confirmed set is never condemned: it is tried again at each start.
 *   5. What the journal cannot record is not entered, current apart.
 */

#include "base/base.h"
#include "boot/boot_internal.h"
#include <string.h>

_Static_assert(sizeof(struct pawl_boot_selection) <= sizeof(struct pawl_boot),
               "raise PAWL_BOOT_STORAGE");

const char *pawl_boot_reason_name(enum pawl_boot_reason reason)
{
    switch (reason) {
    case PAWL_BOOT_NONE:
        return "none";
    case PAWL_BOOT_CONFIRMED:
        return "confirmed";
    case PAWL_BOOT_FACTORY:
        return "factory";
    case PAWL_BOOT_TRIAL:
        return "trial";
    case PAWL_BOOT_REVERTED:
        return "reverted";
    case PAWL_BOOT_FELL_BACK:
        return "fell back";
    case PAWL_BOOT_LOST:
        return "journal lost";
    case PAWL_BOOT_NO_IMAGE:
        return "no image verifies";
    case PAWL_BOOT_NO_TRUST:
        return "no trust document, no confirmed image";
    case PAWL_BOOT_NOT_RECORDED:
        return "choice not recorded";
    case PAWL_BOOT_UNPROVISIONED:
        return "protected trust store never written";
    }
    return "?";
}

static enum pawl_status settled(struct pawl_boot_selection *s,
                                enum pawl_status status)
{
    return status == PAWL_PENDING
               ? pawl_journal_finish(&s->journal, s->config->feed_watchdog,
                                     s->config->ctx)
               : status;
}

static enum pawl_status journal_open(struct pawl_boot_selection *s)
{
    return settled(s, pawl_journal_open(&s->journal, s->config->journal,
                                        PAWL_RECORD_MAX, PAWL_JOURNAL_WRITE));
}

/* A start at rest reads a few frames only; whatever else judges them all. */
static enum pawl_status journal_read(struct pawl_boot_selection *s)
{
    s->glanced = pawl_journal_glance(&s->journal, s->config->journal,
                                     PAWL_RECORD_MAX) == PAWL_OK;
    return s->glanced ? PAWL_OK : journal_open(s);
}

static enum pawl_status commit_once(struct pawl_boot_selection *s)
{
    uint8_t bytes[PAWL_RECORD_MAX];
    size_t len = pawl_record_encode(&s->record, bytes);

    return settled(
        s, pawl_journal_commit(&s->journal, (struct pawl_bytes){bytes, len}));
}

enum pawl_status pawl_boot_commit(struct pawl_boot_selection *s)
{
    if (s->glanced) { /* what is written is decided on all that lies there */
        s->glanced = false;
        s->journal_usable =
            settled(s, pawl_journal_judge(&s->journal)) == PAWL_OK;
    }
    if (!s->journal_usable) {
        return PAWL_ERR_IO;
    }
    enum pawl_status status = commit_once(s);
    if (status != PAWL_OK && journal_open(s) == PAWL_OK) {
        status = commit_once(s); /* a passing fault */
    }
    return status;
}

enum pawl_update_reason pawl_boot_take(struct pawl_boot_selection *s)
{
    enum pawl_reset_cause cause = s->config->reset_cause;
    bool attempt = cause != PAWL_RESET_POWER_ON && cause != PAWL_RESET_WAKE;
    struct pawl_record *r = &s->record;

    if (attempt && r->attempts == 0) {
        return PAWL_UPDATE_REASON_ATTEMPTS;
    }
    if (r->boots == 0) {
        return PAWL_UPDATE_REASON_BOOTS;
    }
    r->attempts = (uint8_t)(r->attempts - (attempt ? 1 : 0));
    r->boots = (uint8_t)(r->boots - 1);
    r->reset_cause = cause;
    return PAWL_UPDATE_REASON_NONE;
}

static enum pawl_status chosen(struct pawl_boot_selection *s,
                               enum pawl_boot_reason reason)
{
    struct pawl_boot_choice *choice = s->choice;
    choice->reason = reason;
    choice->state = s->record.state;
    choice->trial = s->record.state == PAWL_UPDATE_TRIAL &&
                    choice->set == s->record.target.set;
    choice->attempts_left = s->record.attempts;
    choice->boots_left = s->record.boots;
    return PAWL_OK;
}

static enum pawl_status refused(struct pawl_boot_selection *s,
                                enum pawl_boot_reason reason,
                                enum pawl_status status)
{
    pawl_boot_forget(s);
    s->choice->reason = reason;
    s->choice->state = s->record.state;
    return status;
}

static enum pawl_status verify_twice(struct pawl_boot_selection *s,
                                     const struct pawl_record_image *image)
{
    enum pawl_status status =
        pawl_boot_verify(s, image, PAWL_STANDING_CONFIRMED);
    if (status != PAWL_OK) {
        s->choice->refused = status;
        status = pawl_boot_verify(s, image, PAWL_STANDING_CONFIRMED);
    }
    return status;
}

/* Only if it can be recorded, since the application writes to whatever the
 * record does not call running. */
static enum pawl_status fell_back(struct pawl_boot_selection *s,
                                  pawl_slot_set running,
                                  enum pawl_status status)
{
    struct pawl_record *r = &s->record;
    r->running = running;
    r->reason = PAWL_UPDATE_REASON_FELL_BACK;
    r->phase = PAWL_UPDATE_PHASE_BOOT;
    r->status = status;
    if (pawl_boot_commit(s) != PAWL_OK) {
        return refused(s, PAWL_BOOT_NOT_RECORDED, PAWL_ERR_IO);
    }
    return chosen(s, PAWL_BOOT_FELL_BACK);
}

/* What was entered, or would have been: not an image that was never whole. */
static bool was_armed(const struct pawl_record *r)
{
    return r->target.known &&
           (r->state == PAWL_UPDATE_STAGED || r->state == PAWL_UPDATE_TRIAL ||
            r->state == PAWL_UPDATE_REJECTED || r->state == PAWL_UPDATE_FAILED);
}

/*
 * Nothing that was accepted verifies. The image that was given up is better
 * than a device that does not start: on trial again, with full budgets, until
 * it is accepted or the accepted one can be read again.
 */
static enum pawl_status last_resort(struct pawl_boot_selection *s)
{
    struct pawl_record *r = &s->record;
    enum pawl_status refusal = s->choice->refused;

    if (!was_armed(r) || r->trust_version > s->trust.version ||
        pawl_boot_verify(s, &r->target, PAWL_STANDING_TRIAL) != PAWL_OK) {
        return refused(s, PAWL_BOOT_NO_IMAGE, PAWL_ERR_NO_IMAGE);
    }
    r->state = PAWL_UPDATE_TRIAL;
    r->armed = false;
    r->attempts = PAWL_TRIAL_ATTEMPTS;
    r->boots = PAWL_TRIAL_BOOTS;
    (void)pawl_boot_take(s); /* the budgets are full */
    return fell_back(s, r->target.set, refusal);
}

/* The image before, if it is still whole. */
static enum pawl_status fall_back(struct pawl_boot_selection *s,
                                  bool record_due)
{
    struct pawl_record *r = &s->record;
    if (!r->previous.known || verify_twice(s, &r->previous) != PAWL_OK) {
        return last_resort(s);
    }
    return r->running == r->previous.set && !record_due
               ? chosen(s, PAWL_BOOT_FELL_BACK)
               : fell_back(s, r->previous.set, s->choice->refused);
}

/*
 * The factory's image in slot A, of which no record has the digest. If that
 * is none, whatever verifies.
 */
static enum pawl_status factory(struct pawl_boot_selection *s,
                                enum pawl_boot_reason reason, bool record_due)
{
    struct pawl_record_image image = {
        .known = true, .manifest_slot = s->components.list[0].slot[0]};
    enum pawl_status status =
        pawl_boot_verify(s, &image, PAWL_STANDING_UNKNOWN);
    if (status == PAWL_OK) {
        s->record.running = 0;
        if (record_due && pawl_boot_commit(s) != PAWL_OK) {
            s->choice->refused = PAWL_ERR_IO;
        }
        return chosen(s, reason);
    }
    s->choice->refused = status;
    return pawl_boot_lost(s, PAWL_BOOT_AVOID_NONE);
}

/*
 * The accepted image. record_due: something changed that is to be recorded;
 * where that fails it is entered all the same, for it is the one image that
 * a record is not needed for.
 */
static enum pawl_status confirmed(struct pawl_boot_selection *s,
                                  enum pawl_boot_reason reason, bool record_due)
{
    struct pawl_record *r = &s->record;

    if (!r->current.known) {
        return factory(s, reason, record_due || r->running != 0);
    }
    enum pawl_status status = verify_twice(s, &r->current);
    if (status != PAWL_OK) {
        s->choice->refused = status;
        return fall_back(s, record_due);
    }
    if (record_due || r->running != r->current.set) {
        r->running = r->current.set;
        if (pawl_boot_commit(s) != PAWL_OK) {
            s->choice->refused = PAWL_ERR_IO;
        }
    }
    return chosen(s, reason);
}

/* The trial is over. */
static enum pawl_status revert(struct pawl_boot_selection *s,
                               enum pawl_update_reason reason,
                               enum pawl_status status)
{
    struct pawl_record *r = &s->record;
    s->choice->reverted = reason;
    s->choice->refused = status;
    if (r->lost) {
        return pawl_boot_lost(s, r->target.set);
    }
    r->state = PAWL_UPDATE_FAILED;
    r->armed = false;
    r->reason = reason;
    r->phase = PAWL_UPDATE_PHASE_TRIAL;
    r->status = status;
    r->reset_cause = s->config->reset_cause;
    return confirmed(s, PAWL_BOOT_REVERTED, true);
}

/* The trial could not be recorded, or it was and nobody was told: then the
 * journal calls it running, and the image that is entered must not believe it.
 */
static enum pawl_status instead_of_trial(struct pawl_boot_selection *s)
{
    s->choice->reverted = PAWL_UPDATE_REASON_NOT_ENTERED;
    if (s->record.lost) { /* nothing was accepted that could run instead */
        return refused(s, PAWL_BOOT_NOT_RECORDED, PAWL_ERR_IO);
    }
    enum pawl_status status = confirmed(s, PAWL_BOOT_REVERTED, false);
    if (status == PAWL_OK) {
        s->choice->refused = PAWL_ERR_IO;
    }
    return status;
}

static enum pawl_status try_target(struct pawl_boot_selection *s)
{
    struct pawl_record *r = &s->record;
    struct pawl_record before = *r;

    if (s->trust_lost) { /* what waits may wait; what runs may not go on */
        return r->state == PAWL_UPDATE_STAGED
                   ? confirmed(s, PAWL_BOOT_CONFIRMED, false)
                   : revert(s, PAWL_UPDATE_REASON_TRUST_LOST, PAWL_ERR_LOST);
    }
    if (!r->target.known) {
        return revert(s, PAWL_UPDATE_REASON_BAD_IMAGE, PAWL_ERR_NOT_FOUND);
    }
    enum pawl_update_reason used_up = pawl_boot_take(s);
    if (used_up != PAWL_UPDATE_REASON_NONE) {
        return revert(s, used_up, PAWL_OK);
    }
    r->state = PAWL_UPDATE_TRIAL;
    r->armed = false;
    r->running = r->target.set;
    if (pawl_boot_commit(s) != PAWL_OK) {
        *r = before;
        return instead_of_trial(s);
    }
    enum pawl_status status =
        r->trust_version > s->trust.version
            ? PAWL_ERR_UNTRUSTED
            : pawl_boot_verify(s, &r->target,
                               r->lost ? PAWL_STANDING_UNKNOWN
                                       : PAWL_STANDING_TRIAL);
    return status == PAWL_OK
               ? chosen(s, r->lost ? PAWL_BOOT_LOST : PAWL_BOOT_TRIAL)
               : revert(s, PAWL_UPDATE_REASON_BAD_IMAGE, status);
}

static enum pawl_status decide(struct pawl_boot_selection *s)
{
    const struct pawl_record *r = &s->record;
    switch (r->state) {
    case PAWL_UPDATE_TRIAL:
        return try_target(s);
    case PAWL_UPDATE_STAGED:
        if (r->armed) {
            return try_target(s);
        }
        break;
    case PAWL_UPDATE_REJECTED:
        if (r->lost) {
            return pawl_boot_lost(s, r->target.set);
        }
        break;
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
    case PAWL_UPDATE_CANDIDATE:
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_UPDATED:
        break;
    }
    return confirmed(s, PAWL_BOOT_CONFIRMED, false);
}

/*
 * The journal cannot be settled, for its flash fails. As far as it can be read
 * it still says what was accepted, and nothing else is entered: what was given
 * up could not be given up a second time. If that does not verify, whatever
 * does, but not below the counter that was accepted.
 */
static enum pawl_status unwritable(struct pawl_boot_selection *s)
{
    struct pawl_record *r = &s->record;
    enum pawl_status status =
        pawl_journal_open(&s->journal, s->config->journal, PAWL_RECORD_MAX,
                          PAWL_JOURNAL_READ_ONLY);

    if (status == PAWL_OK &&
        pawl_journal_found(&s->journal) == PAWL_JOURNAL_VALID &&
        pawl_record_decode(r, pawl_journal_payload(&s->journal)) == PAWL_OK &&
        r->current.known && verify_twice(s, &r->current) == PAWL_OK) {
        s->choice->refused = PAWL_ERR_IO;
        return chosen(s, PAWL_BOOT_CONFIRMED);
    }
    uint32_t floor = r->counter_floor;
    pawl_record_clear(r);
    r->counter_floor = floor;
    return pawl_boot_lost(s, PAWL_BOOT_AVOID_NONE);
}

static enum pawl_status choose(struct pawl_boot_selection *s)
{
    pawl_record_clear(&s->record);
    s->journal_usable = journal_read(s) == PAWL_OK;
    if (!s->journal_usable) {
        return unwritable(s);
    }
    switch (pawl_journal_found(&s->journal)) {
    case PAWL_JOURNAL_EMPTY:
        return factory(s, PAWL_BOOT_FACTORY, false);
    case PAWL_JOURNAL_VALID:
        if (pawl_record_decode(&s->record, pawl_journal_payload(&s->journal)) ==
            PAWL_OK) {
            return decide(s);
        }
        break;
    case PAWL_JOURNAL_LOST:
        break;
    }
    return pawl_boot_lost(s, PAWL_BOOT_AVOID_NONE);
}

static bool complete(const struct pawl_boot_config *config)
{
    return config->product != NULL && config->slots != NULL &&
           config->journal != NULL && config->trust != NULL;
}

static void read_counter(struct pawl_boot_selection *s)
{
    const struct pawl_counter *counter = s->config->counter;
    s->counter_known = true;
    if (counter != NULL) {
        s->counter_known = counter->read(counter->ctx, &s->counter) == PAWL_OK;
    }
}

enum pawl_status pawl_boot_select(struct pawl_boot *boot,
                                  const struct pawl_boot_config *config,
                                  struct pawl_boot_choice *choice)
{
    struct pawl_boot_selection *s =
        (struct pawl_boot_selection *)(void *)boot->storage;

    memset(s, 0, offsetof(struct pawl_boot_selection, trust));
    memset(choice, 0, sizeof(*choice));
    if (!complete(config)) {
        return PAWL_ERR_ARGUMENT;
    }
    s->config = config;
    s->choice = choice;
    enum pawl_status status =
        pawl_components_open(&s->components, config->slots, config->slot_count);
    if (status != PAWL_OK) {
        return status;
    }
    if (s->components.list[0].slot[0] == PAWL_RECORD_NO_SLOT) {
        return PAWL_ERR_ARGUMENT;
    }
    pawl_boot_operations(s);
    read_counter(s);
    pawl_boot_trust(s);
    choice->trust_lost = s->trust_lost;
    if (s->unprovisioned) {
        return refused(s, PAWL_BOOT_UNPROVISIONED, PAWL_ERR_LOST);
    }
    status = choose(s);
    if (status == PAWL_ERR_NO_IMAGE && s->trust_lost) {
        return refused(s, PAWL_BOOT_NO_TRUST, PAWL_ERR_LOST);
    }
    return status;
}
