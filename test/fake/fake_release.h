/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAKE_RELEASE_H
#define PAWL_FAKE_RELEASE_H

/*
 * Signed releases and a trust document for tests: images whose bytes follow
 * from a seed, and SUIT envelopes for them. Call fake_crypto_start() before
 * the first of them; keys are made once and are the same in every run.
 */

#include <pawl/bytes.h>
#include <pawl/trust.h>
#include <stdbool.h>
#include <stdint.h>

/* Who signs. */
enum fake_signer {
    FAKE_SIGNER_RELEASE = 0, /* in the trust document */
    FAKE_SIGNER_STRANGER = 1 /* not in it */
};

struct fake_release_plan {
    uint64_t sequence;
    uint32_t seed;       /* of the image's bytes */
    uint32_t size;       /* bytes of the image, as the manifest says */
    bool counted;        /* it names a security counter: */
    uint64_t counter;    /* this */
    enum fake_signer by; /* who signs it */
    bool other_class;    /* for another class of devices */
    bool wrong_digest;   /* the digest is of other bytes */
    bool integrated;     /* the image is in the envelope */
    bool for_slot;       /* component-slot is a condition: */
    uint32_t slot;       /* this */
    bool unchecked;      /* no image-match anywhere */
    /* A second component, fake_second, of as many bytes from seed + 1: */
    bool pair;
    bool second_kept;        /* it is not fetched, only compared; from seed 2 */
    bool second_wrong;       /* its digest is of other bytes */
    uint64_t second_counter; /* where counted: what it names */
};

#define FAKE_ENVELOPE_MAX 8192

struct fake_release {
    struct fake_release_plan plan;
    uint8_t digest[32]; /* SHA-256 of the image */
    uint8_t envelope[FAKE_ENVELOPE_MAX];
    size_t envelope_len; /* bytes */
};

extern const uint8_t fake_component[3]; /* [h'00'] */
extern const uint8_t fake_second[3];    /* [h'01'] */
extern const uint8_t fake_vendor_id[16], fake_class_id[16];

/* Makes a release. */
void fake_release_make(struct fake_release *release,
                       const struct fake_release_plan *plan);
struct pawl_bytes fake_release_envelope(const struct fake_release *release);

/* Copies bytes of its image. */
void fake_release_bytes(const struct fake_release *release, uint32_t off,
                        uint8_t *out, size_t len);

/* The same of its second component. */
void fake_release_second(const struct fake_release *release, uint32_t off,
                         uint8_t *out, size_t len);

/*
 * A trust document that names the release signer for every component; retired
 * or not. *len: room on entry, length on return.
 */
void fake_release_trust(uint64_t version, bool retired, uint8_t *out,
                        size_t *len);

#endif
