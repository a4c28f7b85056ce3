/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The trust document in the store, and how another one comes into force:
 *
 *     verify -> a signer for each component -> the loader's turn -> commit
 *            -> the copy in RAM
 *
 * What must hold:
 *
 * 1. Document and floor change in one commit: a power cut finds the old
 *    document or the new one, with its own floor.
 * 2. The copy in RAM moves after the commit, and only if it succeeded.
 * 3. What is below the floor is never in force: neither stored nor believed,
 *    but for the roots that name its successor (a replay after a loss).
 * 4. Where the boot loader keeps a document of its own, what is stored is the
 *    one that it has or its successor: the one in between is nowhere else.
 */

#include "identity/identity_internal.h"

#include "base/base.h"
#include "trust/trust_internal.h"
#include <string.h>

/* A date that was written to set the time does so downwards, too, and once:
 * with the version, which only rises. */
static bool sets_time(const struct pawl_trust *trust,
                      const struct pawl_store_note *note)
{
    return trust->time_s != 0 && trust->version > note->trust_floor;
}

enum pawl_status pawl_identity_store_trust(struct pawl_identity *identity,
                                           const struct pawl_trust *trust)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (trust->authentic != PAWL_TRUST_AUTHENTIC) {
        return PAWL_ERR_UNTRUSTED;
    }
    if (trust->version < note.trust_floor) {
        return PAWL_ERR_ROLLBACK;
    }
    int64_t build_s = identity->port->clock->build_s;
    bool sets = sets_time(trust, &note);
    if (sets || trust->issued_s > note.time_floor_s) {
        note.time_floor_s = sets ? trust->time_s : trust->issued_s;
    }
    note.trust_floor = trust->version;
    status =
        pawl_identity_put(identity, PAWL_OBJECT_TRUST,
                          (struct pawl_bytes){trust->bytes, trust->len}, &note);
    if (status == PAWL_OK &&
        (sets || note.time_floor_s > identity->time_floor_s)) {
        identity->time_floor_s =
            note.time_floor_s > build_s ? note.time_floor_s : build_s;
    }
    return status;
}

/* Whether each component of the device keeps a signer that boot verifies. */
static bool covers_device(const struct pawl_port *port,
                          const struct pawl_trust *trust)
{
    for (size_t i = 0; i < port->slot_count; i++) {
        if (!pawl_trust_covers(trust, port->slots[i].component,
                               port->product->boot_algorithms)) {
            return false;
        }
    }
    return true;
}

/* The loader must have what next succeeds. What was in force once, and is only
 * replayed, changes nothing for it. */
static enum pawl_status loader_follows(const struct pawl_port *port,
                                       uint64_t next, uint64_t floor)
{
    const struct pawl_loader_trust *loader = port->loader_trust;
    uint64_t version = 0;

    if (loader == NULL || next <= floor) {
        return PAWL_OK;
    }
    enum pawl_status status = loader->version(loader->ctx, &version);
    if (status != PAWL_OK) {
        return status;
    }
    return next - 1 <= version ? PAWL_OK : PAWL_ERR_RESET_DUE;
}

/* Stores next, and makes *trust what it is. Below the floor nothing is
 * stored, and *trust is only what its own successor is judged by. */
static enum pawl_status come_into_force(struct pawl_identity *identity,
                                        struct pawl_trust *trust,
                                        const struct pawl_trust *next)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    bool replay = next->version < note.trust_floor;
    if (!replay) {
        status = covers_device(identity->port, next)
                     ? loader_follows(identity->port, next->version,
                                      note.trust_floor)
                     : PAWL_ERR_POLICY;
    }
    if (status == PAWL_OK && !replay) {
        status = pawl_identity_store_trust(identity, next);
    }
    if (status == PAWL_OK && trust != next) {
        status = pawl_trust_adopt(trust, next);
    }
    if (status == PAWL_OK && replay) {
        pawl_trust_only_succeed(trust);
        status = PAWL_PENDING;
    }
    return status;
}

enum pawl_status pawl_identity_rotate_trust(struct pawl_identity *identity,
                                            struct pawl_trust *trust,
                                            struct pawl_trust *scratch,
                                            struct pawl_bytes bytes)
{
    enum pawl_status status = pawl_trust_succeed(scratch, trust, bytes);

    if (status == PAWL_OK) {
        pawl_trust_carry_owner(scratch, trust);
        status = come_into_force(identity, trust, scratch);
    }
    memset(scratch, 0, sizeof(*scratch));
    return status;
}

enum pawl_status pawl_identity_recover_trust(struct pawl_identity *identity,
                                             struct pawl_trust *trust,
                                             struct pawl_bytes factory)
{
    enum pawl_status status = pawl_trust_load(trust, factory);

    if (status == PAWL_OK) {
        status = come_into_force(identity, trust, trust);
    }
    if (status < 0) {
        memset(trust, 0, sizeof(*trust));
    }
    return status;
}

/* Stores next, which differs from what is in force by what its owner said. */
static enum pawl_status store_owned(struct pawl_identity *identity,
                                    const struct pawl_trust *next)
{
    struct pawl_store_note note;
    enum pawl_status status = pawl_identity_note(identity, &note);

    if (status != PAWL_OK) {
        return status;
    }
    if (next->version < note.trust_floor ||
        next->owner_version <= note.owner_floor) {
        return PAWL_ERR_ROLLBACK;
    }
    note.owner_floor = next->owner_version;
    return pawl_identity_put(identity, PAWL_OBJECT_TRUST,
                             (struct pawl_bytes){next->bytes, next->len},
                             &note);
}

enum pawl_status pawl_identity_own_trust(struct pawl_identity *identity,
                                         struct pawl_trust *trust,
                                         struct pawl_trust *scratch,
                                         struct pawl_bytes owner)
{
    enum pawl_status status = pawl_trust_own(scratch, trust, owner);

    if (status == PAWL_OK) {
        status = store_owned(identity, scratch);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_adopt(trust, scratch);
    }
    memset(scratch, 0, sizeof(*scratch));
    return status;
}
