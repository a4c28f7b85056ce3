/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TRUST_H
#define PAWL_TRUST_H

/*
 * Who may do what: one signed, versioned document names the roots, the
 * manifest signers with the components that they may sign, and the anchors of
 * servers, with a role each. Session anchors and manifest keys come from it
 * and from nowhere else. Its format is in doc/SPEC.md, "Trust document".
 */

#include <pawl/bytes.h>
#include <pawl/config.h>
#include <pawl/key.h>
#include <pawl/port/flash.h>
#include <pawl/status.h>
#include <stdbool.h>

/* What a certificate anchor may vouch for, or-ed. */
enum pawl_trust_role {
    PAWL_ROLE_ENROLL = 0x01,   /* EST servers, and the LDevIDs they issue */
    PAWL_ROLE_SERVER = 0x02,   /* operational servers: MQTT, CoAP */
    PAWL_ROLE_DOWNLOAD = 0x04, /* servers of payloads */
    PAWL_ROLE_TIME = 0x08      /* its sessions may raise the time floor */
};

struct pawl_trust_anchor {
    uint32_t roles;                /* enum pawl_trust_role, or-ed */
    struct pawl_bytes certificate; /* DER */
};

/*
 * A document that was verified. Fields are readable after a call below has
 * returned PAWL_OK, and never written by the caller; views point into bytes,
 * so it must not be copied or moved.
 */
struct pawl_trust {
    uint64_t version;         /* of the document; 1 is the factory's */
    uint8_t digest[32];       /* SHA-256 of the document */
    uint8_t root_threshold;   /* distinct roots that a successor needs */
    uint8_t signer_threshold; /* distinct signers that a manifest needs */
    size_t root_count;
    struct pawl_key roots[PAWL_TRUST_ROOT_MAX];
    size_t signer_count;
    struct pawl_signer signers[PAWL_TRUST_SIGNER_MAX];
    size_t anchor_count;
    struct pawl_trust_anchor anchors[PAWL_TRUST_ANCHOR_MAX];
    int64_t expires_s; /* seconds since 1970; 0: never */
    int64_t issued_s;  /* when it was signed: raises the time floor; 0: none */
    int64_t time_s;    /* sets the time floor, also lower; 0: leaves it */

    /* Whoever holds this key may add anchors with these roles at most: see
     * pawl_identity_own_trust(). They stand behind the document's own. */
    struct pawl_key owner; /* no bytes: nobody */
    uint32_t owner_roles;
    uint64_t owner_version; /* of the owner's document; 0: none */
    /* Private. */
    struct pawl_bytes prefixes[PAWL_TRUST_SIGNER_MAX * 2];
    uint32_t authentic;
    size_t len, envelope_len;
    uint8_t bytes[PAWL_TRUST_MAX]; /* document, signatures, the owner's */
};

/*
 * Reads and verifies a document against the roots that it names itself: only
 * for the factory's, and for one that was stored after it had been verified.
 *
 * bytes   copied into *trust
 *
 * Returns PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT
 *         PAWL_ERR_UNTRUSTED   fewer good signatures of distinct roots than
 *                              its threshold
 *         PAWL_ERR_POLICY      it would leave no root or no signer, or it
 *                              expires before it was issued
 *         PAWL_ERR_UNSUPPORTED a format, field or algorithm not known here
 * On an error *trust trusts nobody.
 *
 * Blocks for one public-key operation per signature.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_load(struct pawl_trust *trust,
                                 struct pawl_bytes bytes);

/*
 * Reads and verifies a successor of current: version + 1 exactly, signed by a
 * threshold of the current roots and a threshold of its own.
 *
 * Returns the errors of pawl_trust_load(), and
 *         PAWL_ERR_ROLLBACK    version not above the current one
 *         PAWL_ERR_STATE       a version is missing; current->version + 1 is
 *                              wanted
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_succeed(struct pawl_trust *next,
                                    const struct pawl_trust *current,
                                    struct pawl_bytes bytes);

/*
 * Loads the document in force from the store and verifies it. Reads only; for
 * boot loaders as well.
 *
 * Returns PAWL_ERR_NOT_FOUND   the device was never provisioned
 *         PAWL_ERR_LOST        neither copy is good, or the version is below
 *                              the floor that the store recorded
 *         and the errors of pawl_trust_load()
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_open(struct pawl_trust *trust,
                                 const struct pawl_store *store);

/*
 * Sets *version to the version that a store has reached, without verifying the
 * document; 0: it was never written. For struct pawl_loader_trust, over a store
 * that only the boot loader writes. Reads only.
 *
 * Returns PAWL_ERR_LOST   nothing valid is left
 *         PAWL_ERR_IO, PAWL_ERR_UNSUPPORTED
 * On an error *version is 0.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_stored_version(const struct pawl_store *store,
                                           uint64_t *version);

/*
 * Adds the owner's anchors that lie in the store beside the document, once,
 * after pawl_trust_open(): a boot loader has no use for them. None there, or
 * none that is good: PAWL_OK, or the error; *trust is then without them.
 *
 * Blocks for one public-key operation if there are some.
 */
PAWL_MUST_USE
enum pawl_status pawl_trust_open_owner(struct pawl_trust *trust);

/*
 * Gathers the DER of the anchors that have one of roles.
 *
 * out    room for PAWL_TRUST_ANCHOR_MAX views into trust
 *
 * Returns their number.
 */
size_t pawl_trust_anchors(const struct pawl_trust *trust, uint32_t roles,
                          struct pawl_bytes *out);

/*
 * Whether enough signers that are not retired may sign for component (an
 * encoded component identifier), with one of algorithms (enum
 * pawl_key_family, or-ed; 0: any). pawl_identity_rotate_trust() asks for each
 * of the device's components, so that none is left without a way to an update.
 */
bool pawl_trust_covers(const struct pawl_trust *trust,
                       struct pawl_bytes component, uint32_t algorithms);

/*
 * Whether next leaves a way to an update to all that current has one for: each
 * component that a signer of current may sign for is covered by next, which may
 * be a draft. For whoever signs a rotation and does not know the devices.
 */
bool pawl_trust_leaves_a_way(const struct pawl_trust *next,
                             const struct pawl_trust *current);

/*
 * Whether the document is over at now_s, the lowest that the time can be. It
 * then starts no new update; it boots, and is rotated, as before.
 */
bool pawl_trust_expired(const struct pawl_trust *trust, int64_t now_s);

#endif
