/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The key store against <pawl/port/keystore.h>. One row of the table for each
 * sentence; the rows run in their order and hand on a state: which slots hold
 * keys, and which. A check that fails leaves that to the next ones, which may
 * then fail as well; the first violation is the one to mend first.
 */
#include "check_internal.h"

#include <string.h>

#define HEADER "pawl/port/keystore.h"
#define SIGNATURES 16

#define A PAWL_KEY_LDEVID_A
#define B PAWL_KEY_LDEVID_B

struct run {
    const struct pawl_port_check *check;
    const struct pawl_keystore *store;
    struct finding finding;
    struct pawl_keystore_attributes attributes; /* with keys in A and B */
    uint8_t points[PAWL_KEY_SLOTS][PAWL_P256_POINT_SIZE];
    bool pending;  /* some call has answered PAWL_PENDING */
    uint8_t round; /* makes each digest another */
};

/* ---- calls, each looked at for PAWL_PENDING ---- */

static enum pawl_status seen(struct run *run, enum pawl_status status)
{
    run->pending |= status > PAWL_OK;
    return status;
}

static enum pawl_status generate(struct run *run, int slot)
{
    return seen(
        run, run->store->generate(run->store->ctx, (enum pawl_key_slot)slot));
}

static enum pawl_status public_key(struct run *run, int slot, uint8_t *point)
{
    return seen(run, run->store->public_key(run->store->ctx,
                                            (enum pawl_key_slot)slot, point));
}

static enum pawl_status destroy(struct run *run, int slot)
{
    return seen(run,
                run->store->destroy(run->store->ctx, (enum pawl_key_slot)slot));
}

static enum pawl_status sign(struct run *run, int slot, const uint8_t *digest,
                             uint8_t *signature)
{
    memset(signature, 0, PAWL_P256_SIGNATURE_SIZE);
    return seen(run, run->store->sign(run->store->ctx, (enum pawl_key_slot)slot,
                                      digest, signature));
}

static bool violated(struct run *run, const char *found,
                     enum pawl_status status)
{
    return pawl_check_violated(&run->finding, found, status);
}

/* ---- what several checks ask ---- */

/* Whether what slot signs verifies under point. A digest that is nowhere zero
 * shows whether all of it is signed. */
static enum pawl_status verified(struct run *run, int slot,
                                 const uint8_t *point)
{
    uint8_t digest[32], signature[PAWL_P256_SIGNATURE_SIZE];
    enum pawl_status status = PAWL_OK;

    run->round++;
    for (unsigned i = 0; i < sizeof digest; i++) {
        digest[i] = (uint8_t)(0x80u | (i * 7u + run->round * 3u));
    }
    status = sign(run, slot, digest, signature);
    if (status != PAWL_OK) {
        return status;
    }
    return run->check->verify != NULL
               ? run->check->verify(run->check->ctx, point, digest, signature)
               : pawl_port_check_verify(NULL, point, digest, signature);
}

/* The key of slot is the one that was noted, and signs. */
static bool key_is_noted(struct run *run, int slot)
{
    uint8_t point[PAWL_P256_POINT_SIZE] = {0};
    enum pawl_status status = public_key(run, slot, point);

    if (status != PAWL_OK) {
        return violated(run, "the public key cannot be read", status);
    }
    if (!pawl_check_equal(point, run->points[slot], sizeof point)) {
        return violated(run, "it is another public key than before", status);
    }
    status = verified(run, slot, point);
    return status == PAWL_OK ||
           violated(run, "the key does not sign any more", status);
}

static bool slot_is_empty(struct run *run, int slot)
{
    uint8_t out[PAWL_P256_POINT_SIZE];
    enum pawl_status status = public_key(run, slot, out);

    return status == PAWL_ERR_NOT_FOUND ||
           violated(run, "public_key() answers otherwise", status);
}

/* Makes a key and notes it. */
static bool make(struct run *run, int slot)
{
    enum pawl_status status = generate(run, slot);

    if (status != PAWL_OK) {
        return violated(run, "generate() fails", status);
    }
    status = public_key(run, slot, run->points[slot]);
    return status == PAWL_OK ||
           violated(run, "generate() has made no public key", status);
}

static void skip(struct run *run, const char *why)
{
    run->finding.skipped = why;
}

/* ---- the checks, in their order ---- */

static void required(struct run *run)
{
    if (run->store->generate == NULL || run->store->public_key == NULL ||
        run->store->sign == NULL || run->store->destroy == NULL) {
        (void)violated(run, "a required function is NULL", PAWL_ERR_ARGUMENT);
    }
}

static void both_or_neither(struct run *run)
{
    if ((run->store->seal == NULL) != (run->store->unseal == NULL)) {
        (void)violated(run, "one of seal and unseal is NULL",
                       PAWL_ERR_ARGUMENT);
    }
}

static void destroying_nothing(struct run *run)
{
    for (int slot = run->check->idevid_too ? 0 : A; slot <= B; slot++) {
        for (int twice = 0; twice < 2; twice++) {
            enum pawl_status status = destroy(run, slot);

            if (status != PAWL_OK) {
                (void)violated(run, "destroy() fails", status);
            }
        }
    }
}

static void no_public_key(struct run *run)
{
    (void)slot_is_empty(run, A);
}

static void no_signature(struct run *run)
{
    uint8_t digest[32] = {1}, signature[PAWL_P256_SIGNATURE_SIZE];
    enum pawl_status status = sign(run, A, digest, signature);

    if (status != PAWL_ERR_NOT_FOUND) {
        (void)violated(run, "sign() answers otherwise", status);
    }
}

static void a_new_pair(struct run *run)
{
    if (make(run, A) && run->points[A][0] != 0x04) {
        (void)violated(run, "the public key is no uncompressed point", PAWL_OK);
    }
}

static void the_same_at_each_call(struct run *run)
{
    uint8_t again[PAWL_P256_POINT_SIZE] = {0};
    enum pawl_status status = public_key(run, A, again);

    if (status != PAWL_OK ||
        !pawl_check_equal(again, run->points[A], sizeof again)) {
        (void)violated(run, "the second call gives another key", status);
    }
}

static void signatures_verify(struct run *run)
{
    unsigned count =
        run->check->signatures != 0 ? run->check->signatures : SIGNATURES;
    enum pawl_status status = PAWL_OK;

    for (unsigned i = 0; i < count && status == PAWL_OK; i++) {
        status = verified(run, A, run->points[A]);
    }
    if (status != PAWL_OK) {
        (void)violated(run, "a signature does not verify", status);
    }
}

static void others_keep_their_keys(struct run *run)
{
    if (make(run, B) && key_is_noted(run, A) && key_is_noted(run, B) &&
        pawl_check_equal(run->points[A], run->points[B],
                         PAWL_P256_POINT_SIZE)) {
        (void)violated(run, "two slots have the same key", PAWL_OK);
    }
}

/* The old key must be gone: from both halves. */
static void replaced(struct run *run)
{
    uint8_t old[PAWL_P256_POINT_SIZE];

    memcpy(old, run->points[A], sizeof old);
    if (!make(run, A)) {
        return;
    }
    if (pawl_check_equal(old, run->points[A], sizeof old)) {
        (void)violated(run, "the slot has the same key as before", PAWL_OK);
    } else {
        (void)key_is_noted(run, A);
    }
    run->attributes = run->store->attributes;
}

static void no_such_slot(struct run *run)
{
    static const int outside[] = {PAWL_KEY_SLOTS, PAWL_KEY_SLOTS + 1, 255, -1};
    uint8_t digest[32] = {1}, out[PAWL_P256_POINT_SIZE];

    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        int slot = outside[i];

        if (generate(run, slot) >= PAWL_OK ||
            public_key(run, slot, out) >= PAWL_OK ||
            sign(run, slot, digest, out) >= PAWL_OK ||
            destroy(run, slot) >= PAWL_OK) {
            (void)violated(run, "a call for such a slot succeeds", PAWL_OK);
        }
    }
    (void)(key_is_noted(run, A) && key_is_noted(run, B));
}

static void the_same_attributes(struct run *run)
{
    const struct pawl_keystore_attributes *now = &run->store->attributes;

    if (now->hardware != run->attributes.hardware ||
        now->exportable != run->attributes.exportable ||
        now->persistent != run->attributes.persistent) {
        (void)violated(run, "the attributes have changed", PAWL_OK);
    }
}

static void attribute_is(struct run *run, bool is, const bool *expected)
{
    if (expected == NULL) {
        skip(run, "the config does not say what is expected");
    } else if (is != *expected) {
        (void)violated(run,
                       is ? "the attribute is true" : "the attribute is false",
                       PAWL_OK);
    }
}

static void hardware(struct run *run)
{
    const struct pawl_keystore_attributes *expected = run->check->expected;

    attribute_is(run, run->store->attributes.hardware,
                 expected != NULL ? &expected->hardware : NULL);
}

static void exportable(struct run *run)
{
    const struct pawl_keystore_attributes *expected = run->check->expected;

    attribute_is(run, run->store->attributes.exportable,
                 expected != NULL ? &expected->exportable : NULL);
}

/* Opens the store anew; false if that cannot be, or need not be. */
static bool reopened(struct run *run)
{
    enum pawl_status status = PAWL_OK;

    if (run->check->reopen == NULL) {
        skip(run, "the config has no reopen()");
        return false;
    }
    status = run->check->reopen(run->check->ctx);
    return status == PAWL_OK || violated(run, "it cannot be reopened", status);
}

static void persistent(struct run *run)
{
    const struct pawl_keystore_attributes *expected = run->check->expected;
    bool claimed = run->store->attributes.persistent;

    if (expected != NULL && claimed != expected->persistent) {
        attribute_is(run, claimed, &expected->persistent);
    } else if (!claimed) {
        skip(run, "the store does not say so");
    } else if (reopened(run)) {
        (void)(key_is_noted(run, A) && key_is_noted(run, B));
    }
}

static void lost(struct run *run)
{
    uint8_t digest[32] = {1}, out[PAWL_P256_POINT_SIZE];
    enum pawl_status answers[4];

    if (run->check->lose == NULL) {
        skip(run, "the config has no lose()");
        return;
    }
    if (run->check->lose(run->check->ctx, true) != PAWL_OK) {
        skip(run, "lose() failed");
        return;
    }
    answers[0] = public_key(run, A, out);
    answers[1] = sign(run, A, digest, out);
    answers[2] = generate(run, A);
    answers[3] = destroy(run, A);
    for (size_t i = 0; i < 4; i++) {
        if (answers[i] != PAWL_ERR_KEYSTORE) {
            (void)violated(run, "a call answers otherwise", answers[i]);
        }
    }
    if (run->check->lose(run->check->ctx, false) != PAWL_OK) {
        skip(run, "lose() failed");
    }
}

static void there_again(struct run *run)
{
    if (run->check->lose == NULL) {
        skip(run, "the config has no lose()");
        return;
    }
    (void)(key_is_noted(run, A) && key_is_noted(run, B));
}

/* A slot that holds a key may have the room for its successor; A is empty. */
static void full(struct run *run)
{
    enum pawl_status status = PAWL_OK;

    if (run->check->fill == NULL) {
        skip(run, "the config has no fill()");
        return;
    }
    if (run->check->fill(run->check->ctx, true) != PAWL_OK) {
        skip(run, "fill() failed");
        return;
    }
    status = generate(run, A);
    if (status != PAWL_ERR_FULL) {
        (void)violated(run, "generate() answers otherwise", status);
    }
}

/* In the full store, a slot that holds a key. */
static void the_old_key_or_none(struct run *run)
{
    uint8_t point[PAWL_P256_POINT_SIZE];
    enum pawl_status status = PAWL_OK;

    if (run->check->fill == NULL) {
        skip(run, "the config has no fill()");
        return;
    }
    if (generate(run, B) == PAWL_OK) {
        (void)public_key(run, B, run->points[B]);
    }
    status = public_key(run, B, point);
    if (status == PAWL_OK) {
        (void)key_is_noted(run, B);
    } else if (status != PAWL_ERR_NOT_FOUND) {
        (void)violated(run, "public_key() fails", status);
    }
    (void)slot_is_empty(run, A);
    if (run->check->fill(run->check->ctx, false) != PAWL_OK || !make(run, A) ||
        !make(run, B)) {
        (void)violated(run, "there is no key after room was made", PAWL_OK);
    }
}

static void destroyed(struct run *run)
{
    uint8_t digest[32] = {1}, signature[PAWL_P256_SIGNATURE_SIZE];
    enum pawl_status status = destroy(run, A);

    if (status != PAWL_OK) {
        (void)violated(run, "destroy() fails", status);
        return;
    }
    status = sign(run, A, digest, signature);
    if (status != PAWL_ERR_NOT_FOUND) {
        (void)violated(run, "the destroyed key answers", status);
    }
    if (run->check->reopen != NULL && run->store->attributes.persistent &&
        reopened(run)) {
        (void)slot_is_empty(run, A);
    } else {
        (void)slot_is_empty(run, A);
    }
    (void)key_is_noted(run, B);
}

static void idevid(struct run *run)
{
    if (!run->check->idevid_too) {
        skip(run, "the config does not give the IDevID's slot");
        return;
    }
    if (make(run, PAWL_KEY_IDEVID) && key_is_noted(run, PAWL_KEY_IDEVID) &&
        make(run, A)) {
        for (int slot = 0; slot < PAWL_KEY_SLOTS; slot++) {
            (void)key_is_noted(run, slot);
        }
    }
}

static void never_pending(struct run *run)
{
    if (run->pending) {
        (void)violated(run, "some call did", PAWL_PENDING);
    }
}

/* ---- the table ---- */

struct row {
    const char *name;
    void (*run)(struct run *run);
    const char *sentence;
};

static const struct row rows[] = {
    {"required", required, "Required."},
    {"seal and unseal", both_or_neither, "Optional, together with unseal"},
    {"destroy nothing", destroying_nothing, "An empty slot is no error."},
    {"no public key", no_public_key, "An empty slot is PAWL_ERR_NOT_FOUND."},
    {"no signature", no_signature, "An empty slot is PAWL_ERR_NOT_FOUND;"},
    {"generate", a_new_pair, "Makes a new P-256 key pair in slot"},
    {"public key", the_same_at_each_call,
     "the same at each call until it is generated anew."},
    {"sign", signatures_verify,
     "Signs a SHA-256 digest by ECDSA with the private key of slot."},
    {"slots are apart", others_keep_their_keys, "Other slots keep their keys."},
    {"replace", replaced, "replacing what is there"},
    {"no such slot", no_such_slot,
     "A number that is no slot is refused by an error, and changes nothing."},
    {"hardware", hardware, "private keys are outside the processor's memory"},
    {"exportable", exportable,
     "some call of the store gives a private key away"},
    {"persistent", persistent, "keys survive a power cut"},
    {"attributes", the_same_attributes,
     "it stays the same for as long as no key is generated or destroyed."},
    {"lost", lost, "PAWL_ERR_KEYSTORE in every call, never PAWL_ERR_NOT_FOUND"},
    {"there again", there_again, "Once it is there again, calls work again."},
    {"destroy", destroyed,
     "Destroys the key of slot, for good, durable before it returns."},
    {"full", full, "A store without room answers PAWL_ERR_FULL"},
    {"after a failure", the_old_key_or_none,
     "On an error the slot holds the old key, or none."},
    {"all slots", idevid, "the factory's; never destroyed by pawl"},
};

/* Behind all calls. */
static const struct row last_row = {"pending", never_pending,
                                    "none answers PAWL_PENDING."};

/* 1 if the row is violated. */
static unsigned run_row(struct run *run, const struct row *row)
{
    run->finding = (struct finding){.status = PAWL_OK};
    row->run(run);
    return pawl_check_report(run->check, row->name, HEADER, row->sentence,
                             &run->finding)
               ? 1
               : 0;
}

unsigned pawl_port_check_keystore(const struct pawl_port_check *check)
{
    struct run run = {.check = check, .store = check->keystore};
    unsigned count = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        count += run_row(&run, &rows[i]);
        if (i == 0 && count > 0) {
            return count; /* nothing of it can be called */
        }
    }
    count += pawl_check_sealing(check, &run.pending);
    return count + run_row(&run, &last_row);
}
