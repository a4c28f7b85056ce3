/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys in software: the blob's format stands in soft_keystore.h. Invariants:
 * 1. The blob in RAM is what was saved last; it changes after save() said so.
 * 2. A private key in the clear lives in one stack frame, which wipes it.
 */
#include <pawl/soft_keystore.h>

#include "crypto/crypto_internal.h"

#include <string.h>
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>

#include "base/base.h"

#define VERSION 1
#define HEAD_SIZE ((size_t)5)
#define PRIVATE_SIZE 32
#define NONCE_SIZE ((size_t)12)
#define TAG_SIZE ((size_t)16)

/* Offsets in a record. */
#define AT_POINT 1
#define AT_NONCE 66
#define AT_PRIVATE 78
#define AT_TAG 110

/* A record's AAD: head, slot, state and point. */
#define AAD_SIZE (HEAD_SIZE + 1 + AT_NONCE)

#define RECORD_EMPTY 0
#define RECORD_P256 1

_Static_assert(AT_TAG + TAG_SIZE == PAWL_SOFT_RECORD_SIZE, "see the header");

static const uint8_t blob_head[5] = {'P', 'S', 'K', 'S', VERSION};

/* One message under AES-128-GCM; the struct of wolfCrypt is large. */
struct message {
    const uint8_t *key; /* 16 bytes */
    const uint8_t *nonce;
    struct pawl_bytes aad;
    size_t len; /* of plain text and ciphertext */
};

static int gcm_seal(const struct message *message, const uint8_t *plain,
                    uint8_t *cipher, uint8_t *tag)
{
    Aes aes;
    int code = wc_AesInit(&aes, NULL, INVALID_DEVID);

    if (code != 0) {
        return code;
    }
    code = wc_AesGcmSetKey(&aes, message->key, 16);
    if (code == 0) {
        code = wc_AesGcmEncrypt(&aes, cipher, plain, (word32)message->len,
                                message->nonce, NONCE_SIZE, tag, TAG_SIZE,
                                message->aad.data, (word32)message->aad.len);
    }
    wc_AesFree(&aes);
    pawl_wipe(&aes, sizeof aes);
    return code;
}

static int gcm_unseal(const struct message *message, const uint8_t *cipher,
                      const uint8_t *tag, uint8_t *plain)
{
    Aes aes;
    int code = wc_AesInit(&aes, NULL, INVALID_DEVID);

    if (code != 0) {
        return code;
    }
    code = wc_AesGcmSetKey(&aes, message->key, 16);
    if (code == 0) {
        code = wc_AesGcmDecrypt(&aes, plain, cipher, (word32)message->len,
                                message->nonce, NONCE_SIZE, tag, TAG_SIZE,
                                message->aad.data, (word32)message->aad.len);
    }
    wc_AesFree(&aes);
    pawl_wipe(&aes, sizeof aes);
    return code;
}

/* Keeps wolfCrypt's code for last_error(). */
static enum pawl_status answer(struct pawl_soft_keystore *store, int code)
{
    store->error = code;
    return code == 0 ? PAWL_OK : PAWL_ERR_KEYSTORE;
}

static bool usable(const struct pawl_soft_keystore *store,
                   enum pawl_key_slot slot)
{
    return store->storage != NULL && (unsigned)slot < PAWL_KEY_SLOTS;
}

static size_t offset_of(enum pawl_key_slot slot)
{
    return HEAD_SIZE + (size_t)slot * PAWL_SOFT_RECORD_SIZE;
}

static void aad_of(enum pawl_key_slot slot, const uint8_t *record,
                   uint8_t aad[AAD_SIZE])
{
    memcpy(aad, blob_head, HEAD_SIZE);
    aad[HEAD_SIZE] = (uint8_t)slot;
    memcpy(aad + HEAD_SIZE + 1, record, AT_NONCE);
}

/* Copies a record, so that a signature and a new key cannot mix. */
static enum pawl_status copy_record(struct pawl_soft_keystore *store,
                                    enum pawl_key_slot slot,
                                    uint8_t record[PAWL_SOFT_RECORD_SIZE])
{
    if (!usable(store, slot)) {
        return PAWL_ERR_KEYSTORE;
    }
    pawl_crypto_lock();
    memcpy(record, store->blob + offset_of(slot), PAWL_SOFT_RECORD_SIZE);
    pawl_crypto_unlock();
    return record[0] == RECORD_P256 ? PAWL_OK : PAWL_ERR_NOT_FOUND;
}

/* Saves the blob with another record in slot, then adopts it. */
static enum pawl_status
replace_record(struct pawl_soft_keystore *store, enum pawl_key_slot slot,
               const uint8_t record[PAWL_SOFT_RECORD_SIZE])
{
    uint8_t blob[PAWL_SOFT_BLOB_SIZE];
    enum pawl_status status = PAWL_ERR_FAULT;

    memcpy(blob, store->blob, sizeof blob);
    memcpy(blob + offset_of(slot), record, PAWL_SOFT_RECORD_SIZE);
    status = store->storage->save(store->storage->ctx, PAWL_BYTES(blob));
    if (status == PAWL_OK) {
        pawl_crypto_lock();
        memcpy(store->blob, blob, sizeof blob);
        pawl_crypto_unlock();
    }
    return status;
}

/* Decrypts a record's private key; the caller wipes it. */
static int unseal_private(struct pawl_soft_keystore *store,
                          enum pawl_key_slot slot, const uint8_t *record,
                          uint8_t private_key[PRIVATE_SIZE])
{
    uint8_t aad[AAD_SIZE];
    struct message message = {.key = store->slots_key,
                              .nonce = record + AT_NONCE,
                              .aad = PAWL_BYTES(aad),
                              .len = PRIVATE_SIZE};

    aad_of(slot, record, aad);
    return gcm_unseal(&message, record + AT_PRIVATE, record + AT_TAG,
                      private_key);
}

/* Fills a record with a key that was just made. */
static int seal_private(struct pawl_soft_keystore *store,
                        enum pawl_key_slot slot, uint8_t *record,
                        const uint8_t private_key[PRIVATE_SIZE])
{
    uint8_t aad[AAD_SIZE];
    struct message message = {.key = store->slots_key,
                              .nonce = record + AT_NONCE,
                              .aad = PAWL_BYTES(aad),
                              .len = PRIVATE_SIZE};

    if (pawl_random(record + AT_NONCE, NONCE_SIZE) != PAWL_OK) {
        return RNG_FAILURE_E;
    }
    record[0] = RECORD_P256;
    aad_of(slot, record, aad);
    return gcm_seal(&message, private_key, record + AT_PRIVATE,
                    record + AT_TAG);
}

/* Copies the two halves of a key out of wolfCrypt's struct. */
static int export_pair(ecc_key *key, uint8_t *point, uint8_t *private_key)
{
    word32 private_len = PRIVATE_SIZE;
    word32 point_len = PAWL_P256_POINT_SIZE;
    int code = wc_ecc_export_private_only(key, private_key, &private_len);

    if (code == 0) {
        code = wc_ecc_export_x963(key, point, &point_len);
    }
    if (code == 0 &&
        (private_len != PRIVATE_SIZE || point_len != PAWL_P256_POINT_SIZE)) {
        code = BAD_LENGTH_E;
    }
    return code;
}

/* A generator of its own for one operation: the shared one is not held
 * locked for as long as a key operation takes. */
static int make_pair(uint8_t *point, uint8_t *private_key)
{
    WC_RNG rng;
    ecc_key key;
    int code = wc_InitRng(&rng);

    if (code != 0) {
        return code;
    }
    code = wc_ecc_init_ex(&key, NULL, INVALID_DEVID);
    if (code == 0) {
        code = wc_ecc_make_key_ex(&rng, PRIVATE_SIZE, &key, ECC_SECP256R1);
        if (code == 0) {
            code = export_pair(&key, point, private_key);
        }
        wc_ecc_free(&key);
        pawl_wipe(&key, sizeof key);
    }
    wc_FreeRng(&rng);
    return code;
}

static enum pawl_status generate(void *ctx, enum pawl_key_slot slot)
{
    struct pawl_soft_keystore *store = ctx;
    uint8_t record[PAWL_SOFT_RECORD_SIZE] = {0};
    uint8_t private_key[PRIVATE_SIZE];
    int code = 0;

    if (!usable(store, slot)) {
        return PAWL_ERR_KEYSTORE;
    }
    code = make_pair(record + AT_POINT, private_key);
    if (code == 0) {
        code = seal_private(store, slot, record, private_key);
    }
    pawl_wipe(private_key, sizeof private_key);
    enum pawl_status status = answer(store, code);

    return status == PAWL_OK ? replace_record(store, slot, record) : status;
}

static enum pawl_status public_key(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    struct pawl_soft_keystore *store = ctx;
    uint8_t record[PAWL_SOFT_RECORD_SIZE];
    enum pawl_status status = copy_record(store, slot, record);

    if (status == PAWL_OK) {
        memcpy(point, record + AT_POINT, PAWL_P256_POINT_SIZE);
    }
    return status;
}

/* wolfSSL before 5.9 leaves the nonce behind unless it can also be set. */
static void drop_nonce(ecc_key *key)
{
#if defined(WOLFSSL_ECDSA_DETERMINISTIC_K) &&                                  \
    LIBWOLFSSL_VERSION_HEX < 0x05009000
    if (key->sign_k != NULL) {
        mp_forcezero(key->sign_k);
        mp_free(key->sign_k);
        XFREE(key->sign_k, key->heap, DYNAMIC_TYPE_ECC);
        key->sign_k = NULL;
    }
#else
    (void)key;
#endif
}

/* Signs with a key that was imported; der has room for any signature. */
static int sign_der(ecc_key *key, const uint8_t *digest, uint8_t *der,
                    word32 *der_len)
{
    WC_RNG rng;
    int code = wc_InitRng(&rng);

    if (code != 0) {
        return code;
    }
#ifdef ECC_TIMING_RESISTANT
    code = wc_ecc_set_rng(key, &rng);
#endif
#ifdef WOLFSSL_ECDSA_DETERMINISTIC_K
    /* RFC 6979. The setting alone changes nothing: it is asked for by key. */
    if (code == 0) {
        code = wc_ecc_set_deterministic(key, 1);
    }
#endif
    if (code == 0) {
        code =
            wc_ecc_sign_hash(digest, PAWL_SHA256_SIZE, der, der_len, &rng, key);
    }
    drop_nonce(key);
    wc_FreeRng(&rng);
    return code;
}

static int sign_with(const uint8_t *private_key, const uint8_t *point,
                     const uint8_t *digest, uint8_t *signature)
{
    uint8_t der[80];
    word32 der_len = sizeof der;
    ecc_key key;
    int code = wc_ecc_init_ex(&key, NULL, INVALID_DEVID);

    if (code != 0) {
        return code;
    }
    code =
        wc_ecc_import_private_key_ex(private_key, PRIVATE_SIZE, point,
                                     PAWL_P256_POINT_SIZE, &key, ECC_SECP256R1);
    if (code == 0) {
        code = sign_der(&key, digest, der, &der_len);
    }
    wc_ecc_free(&key);
    pawl_wipe(&key, sizeof key);
    if (code == 0 && pawl_signature_from_der((struct pawl_bytes){der, der_len},
                                             signature) != PAWL_OK) {
        code = BAD_LENGTH_E;
    }
    return code;
}

static enum pawl_status sign(void *ctx, enum pawl_key_slot slot,
                             const uint8_t digest[32],
                             uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    struct pawl_soft_keystore *store = ctx;
    uint8_t record[PAWL_SOFT_RECORD_SIZE];
    uint8_t private_key[PRIVATE_SIZE];
    struct pawl_bytes point = {record + AT_POINT, PAWL_P256_POINT_SIZE};
    enum pawl_status status = copy_record(store, slot, record);
    int code = 0;

    if (status != PAWL_OK) {
        return status;
    }
    code = unseal_private(store, slot, record, private_key);
    if (code == 0) {
        code = sign_with(private_key, point.data, digest, signature);
    }
    pawl_wipe(private_key, sizeof private_key);
    /* A faulty signature gives the key away: it never leaves unchecked. */
    if (code == 0 && pawl_p256_verify(point, digest, signature) != PAWL_OK) {
        code = SIG_VERIFY_E;
    }
    if (code != 0) {
        pawl_wipe(signature, PAWL_P256_SIGNATURE_SIZE);
    }
    return answer(store, code);
}

static enum pawl_status destroy(void *ctx, enum pawl_key_slot slot)
{
    static const uint8_t empty[PAWL_SOFT_RECORD_SIZE];
    struct pawl_soft_keystore *store = ctx;
    uint8_t record[PAWL_SOFT_RECORD_SIZE];
    enum pawl_status status = copy_record(store, slot, record);

    if (status == PAWL_ERR_NOT_FOUND) {
        return PAWL_OK;
    }
    return status == PAWL_OK ? replace_record(store, slot, empty) : status;
}

static enum pawl_status seal(void *ctx, struct pawl_bytes plain,
                             uint8_t *sealed, size_t *sealed_len)
{
    struct pawl_soft_keystore *store = ctx;
    size_t room = *sealed_len;

    if (store->storage == NULL || plain.len > INT32_MAX) {
        return PAWL_ERR_KEYSTORE;
    }
    *sealed_len = plain.len + PAWL_SOFT_SEAL_OVERHEAD;
    if (*sealed_len > room) {
        return PAWL_ERR_TOO_SMALL;
    }
    struct message message = {.key = store->seal_key,
                              .nonce = sealed + 1,
                              .aad = {sealed, 1},
                              .len = plain.len};
    uint8_t *cipher = sealed + 1 + NONCE_SIZE;

    sealed[0] = VERSION;
    if (pawl_random(sealed + 1, NONCE_SIZE) != PAWL_OK) {
        return answer(store, RNG_FAILURE_E);
    }
    return answer(store,
                  gcm_seal(&message, plain.data, cipher, cipher + plain.len));
}

static enum pawl_status unseal(void *ctx, struct pawl_bytes sealed,
                               uint8_t *plain, size_t *plain_len)
{
    struct pawl_soft_keystore *store = ctx;
    size_t room = *plain_len;

    *plain_len = 0;
    if (store->storage == NULL) {
        return PAWL_ERR_KEYSTORE;
    }
    if (sealed.len < PAWL_SOFT_SEAL_OVERHEAD || sealed.len > INT32_MAX ||
        sealed.data[0] != VERSION) {
        return PAWL_ERR_SIGNATURE;
    }
    struct message message = {.key = store->seal_key,
                              .nonce = sealed.data + 1,
                              .aad = {sealed.data, 1},
                              .len = sealed.len - PAWL_SOFT_SEAL_OVERHEAD};
    const uint8_t *cipher = sealed.data + 1 + NONCE_SIZE;

    *plain_len = message.len;
    if (message.len > room) {
        return PAWL_ERR_TOO_SMALL;
    }
    if (answer(store, gcm_unseal(&message, cipher, cipher + message.len,
                                 plain)) != PAWL_OK) {
        /* wolfCrypt decrypts before it compares the tag. */
        pawl_wipe(plain, message.len);
        *plain_len = 0;
        return PAWL_ERR_SIGNATURE;
    }
    return PAWL_OK;
}

static int32_t last_error(void *ctx)
{
    const struct pawl_soft_keystore *store = ctx;

    return store->error;
}

/* An AES key for one use, out of the caller's key. */
static enum pawl_status derive(const uint8_t key[PAWL_SOFT_KEY_SIZE],
                               const char *use, uint8_t out[16])
{
    uint8_t tag[PAWL_SHA256_SIZE];
    struct pawl_bytes message = {(const uint8_t *)use, pawl_text_len(use, 64)};
    enum pawl_status status = pawl_hmac_sha256(
        (struct pawl_bytes){key, PAWL_SOFT_KEY_SIZE}, message, tag);

    memcpy(out, tag, 16);
    pawl_wipe(tag, sizeof tag);
    return status;
}

/* A record is empty, all of it, or can be decrypted. */
static enum pawl_status check_record(struct pawl_soft_keystore *store,
                                     enum pawl_key_slot slot)
{
    static const uint8_t empty[PAWL_SOFT_RECORD_SIZE];
    const uint8_t *record = store->blob + offset_of(slot);
    uint8_t private_key[PRIVATE_SIZE];

    if (record[0] == RECORD_EMPTY) {
        return memcmp(record, empty, sizeof empty) == 0 ? PAWL_OK
                                                        : PAWL_ERR_MALFORMED;
    }
    if (record[0] != RECORD_P256) {
        return PAWL_ERR_MALFORMED;
    }
    int code = unseal_private(store, slot, record, private_key);

    pawl_wipe(private_key, sizeof private_key);
    store->error = code;
    return code == 0 ? PAWL_OK : PAWL_ERR_SIGNATURE;
}

static enum pawl_status check_blob(struct pawl_soft_keystore *store, size_t len)
{
    enum pawl_status status = PAWL_OK;

    if (len < HEAD_SIZE || memcmp(store->blob, blob_head, 4) != 0) {
        return PAWL_ERR_MALFORMED;
    }
    if (store->blob[4] != VERSION) {
        return PAWL_ERR_UNSUPPORTED;
    }
    if (len != sizeof store->blob) {
        return PAWL_ERR_MALFORMED;
    }
    for (int slot = 0; slot < PAWL_KEY_SLOTS && status == PAWL_OK; slot++) {
        status = check_record(store, (enum pawl_key_slot)slot);
    }
    return status;
}

static enum pawl_status load(struct pawl_soft_keystore *store,
                             const struct pawl_soft_storage *storage)
{
    size_t len = 0;
    enum pawl_status status =
        storage->load(storage->ctx, store->blob, sizeof store->blob, &len);

    if (status == PAWL_ERR_NOT_FOUND) {
        memset(store->blob, 0, sizeof store->blob);
        memcpy(store->blob, blob_head, sizeof blob_head);
        return PAWL_OK;
    }
    return status == PAWL_OK ? check_blob(store, len) : status;
}

static void set_table(struct pawl_soft_keystore *store)
{
    store->keystore = (struct pawl_keystore){
        .ctx = store,
        .generate = generate,
        .public_key = public_key,
        .sign = sign,
        .destroy = destroy,
        .seal = seal,
        .unseal = unseal,
        .last_error = last_error,
        .attributes = {.hardware = false,
                       .exportable = false,
                       .persistent = true},
    };
}

enum pawl_status
pawl_soft_keystore_open(struct pawl_soft_keystore *store,
                        const struct pawl_soft_storage *storage,
                        const uint8_t key[PAWL_SOFT_KEY_SIZE])
{
    enum pawl_status status = PAWL_ERR_FAULT;

    memset(store, 0, sizeof *store);
    set_table(store);
    status = derive(key, "pawl soft keystore slots v1", store->slots_key);
    if (status == PAWL_OK) {
        status = derive(key, "pawl soft keystore seal v1", store->seal_key);
    }
    if (status == PAWL_OK) {
        status = load(store, storage);
    }
    if (status == PAWL_OK) {
        store->storage = storage;
    } else {
        pawl_soft_keystore_close(store);
    }
    return status;
}

void pawl_soft_keystore_close(struct pawl_soft_keystore *store)
{
    int32_t error = store->error;

    pawl_wipe(store, sizeof *store);
    set_table(store);
    store->error = error;
}
