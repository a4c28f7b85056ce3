/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_SOFT_KEYSTORE_H
#define PAWL_SOFT_KEYSTORE_H

/*
 * A key store in software, for hosts and first boards. Private keys lie in
 * one small blob, encrypted under a key that the caller provides; each is
 * decrypted for one operation only and wiped after it. Whoever has the blob
 * and that key has the private keys: this is no substitute for hardware, and
 * its attributes say so.
 *
 * The blob, version 1, PAWL_SOFT_BLOB_SIZE bytes:
 *
 *    0  4  "PSKS"
 *    4  1  version: 1
 *    5  .. one record of 126 bytes for each slot, in their order:
 *          +0   1  0: empty, the rest is zeros; 1: a P-256 key
 *          +1  65  the public key: 0x04, x, y
 *         +66  12  nonce, random, new at each generation
 *         +78  32  the private key, encrypted by AES-128-GCM
 *        +110  16  its authentication tag
 *
 * AAD of a record: the blob's first 5 bytes, the slot's number as one byte,
 * and the record's first 66 bytes. The AES key is the first half of
 * HMAC-SHA-256(caller's key, "pawl soft keystore slots v1").
 *
 * Sealed data: version 1 (one byte), nonce (12), ciphertext, tag (16); the
 * AAD is the version byte, the AES key comes from
 * HMAC-SHA-256(caller's key, "pawl soft keystore seal v1").
 */

#include <pawl/port/keystore.h>

#define PAWL_SOFT_KEY_SIZE 32 /* of the caller's key, bytes */
#define PAWL_SOFT_RECORD_SIZE 126
#define PAWL_SOFT_BLOB_SIZE (5 + PAWL_KEY_SLOTS * PAWL_SOFT_RECORD_SIZE)
#define PAWL_SOFT_SEAL_OVERHEAD 29 /* a sealed secret is so much longer */

/* Where the blob is kept. */
struct pawl_soft_storage {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Copies what was saved last, and sets *len. PAWL_ERR_NOT_FOUND: nothing
     * was saved yet. PAWL_ERR_LIMIT: it is longer than cap. PAWL_ERR_IO.
     */
    enum pawl_status (*load)(void *ctx, uint8_t *buf, size_t cap, size_t *len);

    /*
     * Replaces it, durable before it returns. If power fails, either the old
     * or the new one is found later. PAWL_ERR_IO, PAWL_ERR_FULL.
     */
    enum pawl_status (*save)(void *ctx, struct pawl_bytes bytes);
};

struct pawl_soft_keystore {
    struct pawl_keystore keystore; /* the port's table, for struct pawl_port */

    /* Private. */
    const struct pawl_soft_storage *storage;
    uint8_t slots_key[16];
    uint8_t seal_key[16];
    uint8_t blob[PAWL_SOFT_BLOB_SIZE]; /* as saved: no key in the clear */
    int32_t error;                     /* wolfCrypt's last code, or 0 */
};

/*
 * Opens a store; one that was never saved is empty. pawl_init() may come
 * later, but before the first generate(), sign() or seal(), which need
 * randomness. Calls on one store may run in parallel if the port has a lock,
 * except generate() and destroy().
 *
 * storage  retained until pawl_soft_keystore_close()
 * key      not retained
 *
 * Returns PAWL_OK
 *         PAWL_ERR_SIGNATURE    another key, or the blob was tampered with
 *         PAWL_ERR_MALFORMED    not such a blob
 *         PAWL_ERR_UNSUPPORTED  a version of the future
 *         what load() answered
 * On an error every call of the table answers PAWL_ERR_KEYSTORE, and what is
 * saved stays as it is.
 */
PAWL_MUST_USE
enum pawl_status
pawl_soft_keystore_open(struct pawl_soft_keystore *store,
                        const struct pawl_soft_storage *storage,
                        const uint8_t key[PAWL_SOFT_KEY_SIZE]);

/* Wipes it. The table then answers PAWL_ERR_KEYSTORE. */
void pawl_soft_keystore_close(struct pawl_soft_keystore *store);

#endif
