/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sealing with two keys that the TPM makes from the owner's seed each time,
 * and so holds nowhere: AES-128 in CFB, then HMAC with SHA-256 over all of it.
 * Both are done by the TPM. What is sealed:
 *
 *   version (1 byte, 0x01), initialisation vector (16, the TPM's random
 *   numbers), ciphertext (as long as what is sealed), tag (32)
 *
 * The tag is verified before anything is decrypted.
 */
#define _GNU_SOURCE 1
#include "tpm2_internal.h"

#include <string.h>

#define VERSION 0x01
#define IV_SIZE 16
#define TAG_SIZE 32
#define HEAD_SIZE (1 + IV_SIZE)
#define OVERHEAD (HEAD_SIZE + TAG_SIZE)

/* Bytes of one command; a TPM's buffer holds 1024 at most, and some less. A
 * multiple of AES's block. */
#define PIECE_MAX 512

#define ATTRIBUTES                                                             \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |                          \
     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |              \
     TPMA_OBJECT_NODA)

/* unique tells these keys from others of the same kind. */
static const TPM2B_PUBLIC cipher_template = {
    .publicArea = {.type = TPM2_ALG_SYMCIPHER,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = ATTRIBUTES | TPMA_OBJECT_SIGN_ENCRYPT |
                                       TPMA_OBJECT_DECRYPT,
                   .parameters.symDetail.sym = {.algorithm = TPM2_ALG_AES,
                                                .keyBits.aes = 128,
                                                .mode.aes = TPM2_ALG_CFB},
                   .unique.sym = {.size = 12, .buffer = "pawl seal v1"}}};

static const TPM2B_PUBLIC tag_template = {
    .publicArea = {
        .type = TPM2_ALG_KEYEDHASH,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = ATTRIBUTES | TPMA_OBJECT_SIGN_ENCRYPT,
        .parameters.keyedHashDetail.scheme = {.scheme = TPM2_ALG_HMAC,
                                              .details.hmac.hashAlg =
                                                  TPM2_ALG_SHA256},
        .unique.keyedHash = {.size = 12, .buffer = "pawl seal v1"}}};

static bool has_command(struct pawl_tpm2_keystore *store, TPM2_CC command)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = TPM2_NO;
    bool has = Esys_GetCapability(store->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, TPM2_CAP_COMMANDS, command, 1,
                                  &more, &data) == TSS2_RC_SUCCESS &&
               data->data.command.count == 1 &&
               (data->data.command.commandAttributes[0] &
                TPMA_CC_COMMANDINDEX_MASK) == command;

    Esys_Free(data);
    return has;
}

bool pawl_tpm2_can_seal(struct pawl_tpm2_keystore *store)
{
    return has_command(store, TPM2_CC_EncryptDecrypt2) &&
           has_command(store, TPM2_CC_HMAC_Start);
}

/* ---- the TPM's part ---- */

/*
 * A key of ours. Where the owner's authorisation is refused, nothing is sealed
 * any more until the store is closed; keys go on to sign, since they need
 * none of the owner's.
 */
static enum pawl_status make_key(struct pawl_tpm2_keystore *store,
                                 const TPM2B_PUBLIC *template, ESYS_TR *key)
{
    bool before = store->auth_refused;
    enum pawl_status status =
        store->seal_refused ? pawl_tpm2_refuse(store, TPM2_RC_BAD_AUTH, NULL)
                            : pawl_tpm2_make_primary(store, template, key);

    store->seal_refused |= store->auth_refused && !before;
    store->auth_refused = before;
    return status;
}

static enum pawl_status make_iv(struct pawl_tpm2_keystore *store,
                                uint8_t iv[IV_SIZE])
{
    TPM2B_DIGEST *random = NULL;
    enum pawl_status status = pawl_tpm2_answer(
        store, Esys_GetRandom(store->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, IV_SIZE, &random));

    if (status == PAWL_OK && random->size == IV_SIZE) {
        memcpy(iv, random->buffer, IV_SIZE);
    } else if (status == PAWL_OK) {
        status = pawl_tpm2_refuse(store, TPM2_RC_SIZE,
                                  "the TPM gave too few random numbers");
    }
    Esys_Free(random);
    return status;
}

/* A piece, and the vector of the next one. */
static enum pawl_status crypt_piece(struct pawl_tpm2_keystore *store,
                                    ESYS_TR key, bool decrypt, TPM2B_IV *iv,
                                    struct pawl_bytes in, uint8_t *out)
{
    TPM2B_MAX_BUFFER data = {.size = (UINT16)in.len}, *made = NULL;
    TPM2B_IV *next = NULL;

    memcpy(data.buffer, in.data, in.len);
    enum pawl_status status = pawl_tpm2_answer(
        store,
        Esys_EncryptDecrypt2(store->esys, key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, &data, decrypt ? TPM2_YES : TPM2_NO,
                             TPM2_ALG_CFB, iv, &made, &next));

    if (status == PAWL_OK && made->size == in.len && next->size == IV_SIZE) {
        memcpy(out, made->buffer, in.len);
        *iv = *next;
    } else if (status == PAWL_OK) {
        status = pawl_tpm2_refuse(store, TPM2_RC_SIZE,
                                  "the TPM's answer has another length");
    }
    if (made != NULL) {
        explicit_bzero(made, sizeof *made);
    }
    explicit_bzero(&data, sizeof data);
    Esys_Free(made);
    Esys_Free(next);
    return status;
}

/* From in to out, which may not overlap. */
static enum pawl_status crypt(struct pawl_tpm2_keystore *store, bool decrypt,
                              const uint8_t *iv_bytes, struct pawl_bytes in,
                              uint8_t *out)
{
    TPM2B_IV iv = {.size = IV_SIZE};
    ESYS_TR key = ESYS_TR_NONE;
    enum pawl_status status = make_key(store, &cipher_template, &key);

    memcpy(iv.buffer, iv_bytes, IV_SIZE);
    for (size_t at = 0; status == PAWL_OK && at < in.len; at += PIECE_MAX) {
        size_t left = in.len - at;
        struct pawl_bytes piece = {in.data + at,
                                   left < PIECE_MAX ? left : PIECE_MAX};

        status = crypt_piece(store, key, decrypt, &iv, piece, out + at);
    }
    pawl_tpm2_flush(store, key);
    return status;
}

/* Feeds in to a sequence, which ends with it. */
static enum pawl_status digest_all(struct pawl_tpm2_keystore *store,
                                   ESYS_TR sequence, struct pawl_bytes in,
                                   TPM2B_DIGEST **tag)
{
    enum pawl_status status = PAWL_OK;
    TPM2B_MAX_BUFFER data = {0};

    while (status == PAWL_OK && in.len > PIECE_MAX) {
        data.size = PIECE_MAX;
        memcpy(data.buffer, in.data, PIECE_MAX);
        status = pawl_tpm2_answer(
            store, Esys_SequenceUpdate(store->esys, sequence, ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE, ESYS_TR_NONE, &data));
        in.data += PIECE_MAX;
        in.len -= PIECE_MAX;
    }
    if (status == PAWL_OK) {
        data.size = (UINT16)in.len;
        memcpy(data.buffer, in.data, in.len);
        status = pawl_tpm2_answer(
            store, Esys_SequenceComplete(
                       store->esys, sequence, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                       ESYS_TR_NONE, &data, ESYS_TR_RH_NULL, tag, NULL));
    }
    if (status != PAWL_OK) {
        pawl_tpm2_flush(store, sequence);
    }
    return status;
}

/* The tag over in. */
static enum pawl_status make_tag(struct pawl_tpm2_keystore *store,
                                 struct pawl_bytes in, uint8_t tag[TAG_SIZE])
{
    static const TPM2B_AUTH no_auth;
    ESYS_TR key = ESYS_TR_NONE, sequence = ESYS_TR_NONE;
    TPM2B_DIGEST *made = NULL;
    enum pawl_status status = make_key(store, &tag_template, &key);

    if (status == PAWL_OK) {
        status = pawl_tpm2_answer(
            store, Esys_HMAC_Start(store->esys, key, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE, &no_auth,
                                   TPM2_ALG_SHA256, &sequence));
    }
    pawl_tpm2_flush(store, key);
    if (status == PAWL_OK) {
        status = digest_all(store, sequence, in, &made);
    }
    if (status == PAWL_OK && made->size == TAG_SIZE) {
        memcpy(tag, made->buffer, TAG_SIZE);
    } else if (status == PAWL_OK) {
        status = pawl_tpm2_refuse(store, TPM2_RC_SIZE,
                                  "the TPM's answer has another length");
    }
    Esys_Free(made);
    return status;
}

/* ---- the table's ---- */

static enum pawl_status too_small(struct pawl_tpm2_keystore *store)
{
    (void)pawl_tpm2_refuse(store, TPM2_RC_SIZE, "the room for it is too small");
    return PAWL_ERR_TOO_SMALL;
}

static enum pawl_status not_ours(struct pawl_tpm2_keystore *store)
{
    (void)pawl_tpm2_refuse(store, TPM2_RC_INTEGRITY,
                           "it was not sealed by this TPM, or is damaged");
    return PAWL_ERR_SIGNATURE;
}

/* In a time that does not tell where they differ. */
static bool is_equal(const uint8_t *one, const uint8_t *other, size_t len)
{
    uint8_t differ = 0;

    for (size_t i = 0; i < len; i++) {
        differ |= (uint8_t)(one[i] ^ other[i]);
    }
    return differ == 0;
}

static enum pawl_status do_seal(struct pawl_tpm2_keystore *store,
                                struct pawl_tpm2_request *request)
{
    struct pawl_bytes plain = request->in;
    uint8_t *sealed = request->out;
    enum pawl_status status = PAWL_ERR_FAULT;

    if (plain.len == 0 || plain.len > PAWL_SEAL_MAX) {
        (void)pawl_tpm2_refuse(store, TPM2_RC_SIZE,
                               "there is nothing to seal, or too much");
        return PAWL_ERR_LIMIT;
    }
    if (*request->out_len < plain.len + OVERHEAD) {
        *request->out_len = plain.len + OVERHEAD;
        return too_small(store);
    }
    sealed[0] = VERSION;
    status = make_iv(store, sealed + 1);
    if (status == PAWL_OK) {
        status = crypt(store, false, sealed + 1, plain, sealed + HEAD_SIZE);
    }
    if (status == PAWL_OK) {
        status =
            make_tag(store, (struct pawl_bytes){sealed, HEAD_SIZE + plain.len},
                     sealed + HEAD_SIZE + plain.len);
    }
    if (status == PAWL_OK) {
        *request->out_len = plain.len + OVERHEAD;
    }
    return status;
}

static enum pawl_status do_unseal(struct pawl_tpm2_keystore *store,
                                  struct pawl_tpm2_request *request)
{
    struct pawl_bytes in = request->in;
    uint8_t tag[TAG_SIZE];
    enum pawl_status status = PAWL_ERR_FAULT;

    if (in.len <= OVERHEAD || in.len > PAWL_SEAL_MAX + OVERHEAD ||
        in.data[0] != VERSION) {
        return not_ours(store);
    }
    size_t len = in.len - OVERHEAD;

    if (*request->out_len < len) {
        *request->out_len = len;
        return too_small(store);
    }
    in.len -= TAG_SIZE;
    status = make_tag(store, in, tag);
    if (status != PAWL_OK) {
        return status;
    }
    if (!is_equal(tag, in.data + in.len, TAG_SIZE)) {
        return not_ours(store);
    }
    status = crypt(store, true, in.data + 1,
                   (struct pawl_bytes){in.data + HEAD_SIZE, len}, request->out);
    if (status == PAWL_OK) {
        *request->out_len = len;
    } else {
        explicit_bzero(request->out, len);
    }
    return status;
}

enum pawl_status pawl_tpm2_seal(void *ctx, struct pawl_bytes plain,
                                uint8_t *sealed, size_t *sealed_len)
{
    struct pawl_tpm2_request request = {
        .in = plain, .out = sealed, .out_len = sealed_len};

    return pawl_tpm2_run(ctx, do_seal, &request);
}

enum pawl_status pawl_tpm2_unseal(void *ctx, struct pawl_bytes sealed,
                                  uint8_t *plain, size_t *plain_len)
{
    struct pawl_tpm2_request request = {
        .in = sealed, .out = plain, .out_len = plain_len};

    return pawl_tpm2_run(ctx, do_unseal, &request);
}
