/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CRYPTO_CRYPTO_H
#define PAWL_CRYPTO_CRYPTO_H

/*
 * Primitives, over wolfCrypt. Only files in crypto/ include wolfcrypt/.
 * Verification and hashing work without pawl_init() and without an arena, for
 * boot loaders; whatever needs randomness or TLS needs pawl_init() first.
 */

#include <pawl/bytes.h>
#include <pawl/port/keystore.h>
#include <pawl/status.h>
#include <stdbool.h>

#define PAWL_SHA256_SIZE 32 /* bytes */
#define PAWL_SHA256_STORAGE 192

/* A running SHA-256; fixed storage, checked in crypto/ by an assertion. */
struct pawl_sha256 {
    uint64_t storage[PAWL_SHA256_STORAGE / 8];
};

void pawl_sha256_start(struct pawl_sha256 *sha);
void pawl_sha256_update(struct pawl_sha256 *sha, struct pawl_bytes bytes);
/*
 * Ends the hash and wipes sha. PAWL_ERR_FAULT if wolfCrypt failed anywhere
 * since the start; digest is then zeros and must not be used.
 */
PAWL_MUST_USE
enum pawl_status pawl_sha256_finish(struct pawl_sha256 *sha,
                                    uint8_t digest[PAWL_SHA256_SIZE]);
/* All of it at once. */
PAWL_MUST_USE
enum pawl_status pawl_sha256(struct pawl_bytes bytes,
                             uint8_t digest[PAWL_SHA256_SIZE]);

/*
 * HMAC-SHA-256 (RFC 2104) of message.
 */
PAWL_MUST_USE
enum pawl_status pawl_hmac_sha256(struct pawl_bytes key,
                                  struct pawl_bytes message,
                                  uint8_t tag[PAWL_SHA256_SIZE]);

/*
 * Verifies ECDSA P-256 over a SHA-256 digest. point: 65 bytes, 0x04 x y,
 * checked to be on the curve. signature: r, s. PAWL_ERR_SIGNATURE if wrong,
 * PAWL_ERR_MALFORMED if point is none.
 */
PAWL_MUST_USE
enum pawl_status
pawl_p256_verify(struct pawl_bytes point,
                 const uint8_t digest[PAWL_SHA256_SIZE],
                 const uint8_t signature[PAWL_P256_SIGNATURE_SIZE]);

/* Verifies Ed25519 (RFC 8032, pure). */
PAWL_MUST_USE
enum pawl_status pawl_ed25519_verify(struct pawl_bytes public_key,
                                     struct pawl_bytes message,
                                     const uint8_t signature[64]);

/*
 * Fills buf from a generator (Hash-DRBG) seeded by the port's entropy.
 * PAWL_ERR_STATE before pawl_init(), PAWL_ERR_ENTROPY if reseeding fails; buf
 * is then zeros.
 */
PAWL_MUST_USE
enum pawl_status pawl_random(void *buf, size_t len);

/* A random number of this life of the process, drawn by pawl_init(): what was
 * kept from an earlier one has another. Zeros without a generator. */
#define PAWL_EPOCH_SIZE 8
void pawl_random_epoch(uint8_t epoch[PAWL_EPOCH_SIZE]);

/*
 * ECDSA signatures between r || s and DER (RFC 3279, 2.2.3). *der_len: the
 * room on entry, the length on return; 72 bytes always suffice.
 */
PAWL_MUST_USE
enum pawl_status
pawl_signature_to_der(const uint8_t raw[PAWL_P256_SIGNATURE_SIZE], uint8_t *der,
                      size_t *der_len);
PAWL_MUST_USE
enum pawl_status pawl_signature_from_der(struct pawl_bytes der,
                                         uint8_t raw[PAWL_P256_SIGNATURE_SIZE]);

/*
 * Base64 (RFC 4648, 4). Decoding skips line ends and nothing else. *len: the
 * room on entry, the length on return. PAWL_ERR_MALFORMED, PAWL_ERR_TOO_SMALL.
 */
PAWL_MUST_USE
enum pawl_status pawl_base64_decode(struct pawl_bytes text, uint8_t *out,
                                    size_t *len);
PAWL_MUST_USE
enum pawl_status pawl_base64_encode(struct pawl_bytes bytes, char *out,
                                    size_t *len);

/*
 * Whether the device's keys may lie in keystore (PAWL_SOFT_KEYS):
 * PAWL_ERR_POLICY if it is not hardware and must be.
 */
PAWL_MUST_USE
enum pawl_status pawl_keystore_policy(const struct pawl_keystore *keystore);

/*
 * The key of a key-store slot, in the form in which TLS takes it. wolfSSL
 * calls back with a device id; the callback is a router: the private-key
 * operation of this key goes to the key store, any failure is final, and
 * everything else is left to software (session.md, trap 1).
 *
 * The struct stays where it is until pawl_store_key_close().
 */
struct pawl_store_key {
    const struct pawl_keystore *keystore;
    enum pawl_key_slot slot;
    uint8_t point[PAWL_P256_POINT_SIZE];
    int device_id;           /* for wolfSSL_CTX_SetDevId() */
    enum pawl_status status; /* the key store's last answer */
    uint32_t signatures;     /* made since it was opened */
    bool open;
};

/*
 * Opens slot and registers its router. PAWL_ERR_NOT_FOUND, PAWL_ERR_KEYSTORE;
 * PAWL_ERR_POLICY as pawl_keystore_policy() says; PAWL_ERR_FULL when too many
 * are open at once, PAWL_ERR_STATE before pawl_init(). key is then as after
 * pawl_store_key_close(), and its status says why.
 */
PAWL_MUST_USE
enum pawl_status pawl_store_key_open(struct pawl_store_key *key,
                                     const struct pawl_keystore *keystore,
                                     enum pawl_key_slot slot);
/* Nothing signs with it any more. Harmless for one that is not open (zeros). */
void pawl_store_key_close(struct pawl_store_key *key);
/* The public key as SubjectPublicKeyInfo (RFC 5480); 91 bytes. */
#define PAWL_P256_SPKI_SIZE 91
void pawl_p256_spki(const uint8_t point[PAWL_P256_POINT_SIZE],
                    uint8_t spki[PAWL_P256_SPKI_SIZE]);

/*
 * wolfSSL's allocator looks for its memory here: a heap hint of pawl's is one
 * of these. first-fit over a fixed range; blocks remember their arena.
 */
struct pawl_arena {
    void *first;    /* first block */
    size_t size;    /* bytes */
    size_t used;    /* now */
    size_t peak;    /* most at once */
    size_t fail_at; /* tests: the n-th allocation fails; 0: none */
    size_t refused; /* allocations that failed since it was opened */
};

/* Sets up size bytes at memory (any alignment) as an arena. */
PAWL_MUST_USE
enum pawl_status pawl_arena_open(struct pawl_arena *arena, void *memory,
                                 size_t size);
/* Wipes it. Nothing of it may be in use. */
void pawl_arena_close(struct pawl_arena *arena);
/* The arena that pawl_init() was given; NULL before. */
struct pawl_arena *pawl_arena_global(void);

#endif
