/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_KEYSTORE_H
#define PAWL_PORT_KEYSTORE_H

#include <pawl/bytes.h>
#include <pawl/status.h>
#include <stdbool.h>

/* A P-256 public key: 0x04, x, y (SEC 1, uncompressed). */
#define PAWL_P256_POINT_SIZE 65
/* A P-256 signature: r, s, 32 bytes each, big-endian (RFC 9053, 2.1). */
#define PAWL_P256_SIGNATURE_SIZE 64

/* The most that is sealed at once, and the most that sealing adds; bytes. */
#define PAWL_SEAL_MAX 2048
#define PAWL_SEAL_OVERHEAD_MAX 64

/* Key slots, as pawl numbers them. A vendor maps them onto his hardware. */
enum pawl_key_slot {
    PAWL_KEY_IDEVID = 0,   /* the factory's; never destroyed by pawl */
    PAWL_KEY_LDEVID_A = 1, /* the owner's, two of them: */
    PAWL_KEY_LDEVID_B = 2, /* one in use, one being enrolled */
    PAWL_KEY_SLOTS = 3
};

/*
 * What a key store is, for policy and for the inventory: it stays the same for
 * as long as no key is generated or destroyed.
 */
struct pawl_keystore_attributes {
    bool hardware;   /* private keys are outside the processor's memory */
    bool exportable; /* some call of the store gives a private key away */
    bool persistent; /* keys survive a power cut */
};

/*
 * Port: keys that are used and never seen. No call returns a private key.
 * Every failure is final for that call: pawl never falls back to software.
 * Calls may block for one key operation (a TPM needs up to a second); none
 * answers PAWL_PENDING.
 *
 * A key is of P-256, and signs. There is no other curve and no key agreement:
 * TLS agrees by ephemeral keys, and a key that does both can be attacked by
 * one use through the other (NIST SP 800-57 part 1, 5.2).
 *
 * A number that is no slot is refused by an error, and changes nothing. A
 * store that is lost (token removed, bus dead, PIN refused) is
 * PAWL_ERR_KEYSTORE in every call, never PAWL_ERR_NOT_FOUND: what cannot be
 * seen is not gone. Once it is there again, calls work again.
 *
 * pawl_port_check() (<pawl/port_check.h>) checks what is said here on the
 * vendor's own board.
 */
struct pawl_keystore {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Makes a new P-256 key pair in slot, replacing what is there, durable
     * before it returns. Other slots keep their keys. On an error the slot
     * holds the old key, or none. A store without room answers PAWL_ERR_FULL;
     * PAWL_ERR_KEYSTORE otherwise. Required.
     */
    enum pawl_status (*generate)(void *ctx, enum pawl_key_slot slot);

    /*
     * Copies the public key of slot, the same at each call until it is
     * generated anew. An empty slot is PAWL_ERR_NOT_FOUND. Required.
     */
    enum pawl_status (*public_key)(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE]);

    /*
     * Signs a SHA-256 digest by ECDSA with the private key of slot. An empty
     * slot is PAWL_ERR_NOT_FOUND; PAWL_ERR_KEYSTORE: token gone, locked, or
     * the operation failed. Required.
     */
    enum pawl_status (*sign)(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE]);

    /*
     * Destroys the key of slot, for good, durable before it returns. An empty
     * slot is no error. Required.
     */
    enum pawl_status (*destroy)(void *ctx, enum pawl_key_slot slot);

    /*
     * Encrypts and authenticates plain, 1 to PAWL_SEAL_MAX bytes, under a key
     * that never leaves the store; *sealed_len has the room on entry and the
     * length on return (PAWL_ERR_TOO_SMALL: the length needed), at most
     * PAWL_SEAL_OVERHEAD_MAX more than plain has. Twice the same is sealed to
     * something else each time. Optional, together with unseal: without them,
     * secrets that pawl would keep in flash stay in RAM.
     */
    enum pawl_status (*seal)(void *ctx, struct pawl_bytes plain,
                             uint8_t *sealed, size_t *sealed_len);

    /*
     * The reverse, with *plain_len as above; after a reset, too.
     * PAWL_ERR_SIGNATURE: not sealed here, or damaged.
     */
    enum pawl_status (*unseal)(void *ctx, struct pawl_bytes sealed,
                               uint8_t *plain, size_t *plain_len);

    /* The vendor's own code of the last failure. Optional. */
    int32_t (*last_error)(void *ctx);

    struct pawl_keystore_attributes attributes;
};

#endif
