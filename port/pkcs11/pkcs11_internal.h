/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PKCS11_INTERNAL_H
#define PAWL_PKCS11_INTERNAL_H

/* What the files of port/pkcs11 share; nobody else includes it. */

#include <pawl/pkcs11_keystore.h>

#include <p11-kit/pkcs11.h>
#include <signal.h>

static inline CK_FUNCTION_LIST *
pawl_pkcs11_functions(const struct pawl_pkcs11_keystore *store)
{
    return (CK_FUNCTION_LIST *)store->functions;
}

/* Keeps a token's answer, and says what it is in pawl's words: PAWL_OK,
 * PAWL_ERR_FULL or PAWL_ERR_KEYSTORE. */
enum pawl_status pawl_pkcs11_answer(struct pawl_pkcs11_keystore *store,
                                    CK_RV answer);

/* The same for an answer that needs words of its own. */
enum pawl_status pawl_pkcs11_refuse(struct pawl_pkcs11_keystore *store,
                                    CK_RV answer, const char *reason);

/* ---- pkcs11_keystore.c ---- */

/* What a call of the table wants; used by one operation. */
struct pawl_pkcs11_request {
    enum pawl_key_slot slot;
    char label[PAWL_PKCS11_LABEL_MAX];
    const uint8_t *digest;
    struct pawl_bytes in; /* to seal or unseal */
    uint8_t *out;         /* a point, a signature, or what came of in */
    size_t *out_len;      /* of what came of in: the room, then the length */
};

typedef enum pawl_status pawl_pkcs11_work(struct pawl_pkcs11_keystore *store,
                                          struct pawl_pkcs11_request *request);

/* Carries an operation out: connects, and once more where only the session
 * was lost. */
enum pawl_status pawl_pkcs11_run(struct pawl_pkcs11_keystore *store,
                                 pawl_pkcs11_work *operation,
                                 struct pawl_pkcs11_request *request);

/* Finds the one object of a class, a type and a label; two are refused.
 * CK_INVALID_HANDLE: there is none. */
enum pawl_status pawl_pkcs11_find(struct pawl_pkcs11_keystore *store,
                                  CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                                  const char *label, CK_OBJECT_HANDLE *handle);

/* Whether some call of the token gives a key away. */
bool pawl_pkcs11_can_be_read(struct pawl_pkcs11_keystore *store,
                             CK_OBJECT_HANDLE key);

/* PAWL_ERR_KEYSTORE: the token is write-protected. */
enum pawl_status pawl_pkcs11_check_writable(struct pawl_pkcs11_keystore *store);

/* ---- pkcs11_seal.c ---- */

/* Whether the token has what sealing needs. Connected. */
bool pawl_pkcs11_can_seal(struct pawl_pkcs11_keystore *store);

/* The table's; ctx is the store. */
enum pawl_status pawl_pkcs11_seal(void *ctx, struct pawl_bytes plain,
                                  uint8_t *sealed, size_t *sealed_len);
enum pawl_status pawl_pkcs11_unseal(void *ctx, struct pawl_bytes sealed,
                                    uint8_t *plain, size_t *plain_len);

/* ---- pkcs11_session.c ---- */

/* Loads the module. */
enum pawl_status pawl_pkcs11_load(struct pawl_pkcs11_keystore *store);

/* Finds the token, opens a session and logs in. PAWL_ERR_NOT_FOUND: there is
 * no such token; PAWL_ERR_STATE: several. */
enum pawl_status pawl_pkcs11_connect(struct pawl_pkcs11_keystore *store);

/* Whether the token is still the one that was asked for. */
bool pawl_pkcs11_token_is_there(struct pawl_pkcs11_keystore *store);

/* Ends the session. */
void pawl_pkcs11_disconnect(struct pawl_pkcs11_keystore *store);

/* After a loss: ends the session, and the module too if this store has begun
 * it, so that the next connect begins anew. */
void pawl_pkcs11_forget(struct pawl_pkcs11_keystore *store);

/* Logs in for one use of a key that wants that (CKA_ALWAYS_AUTHENTICATE). */
enum pawl_status pawl_pkcs11_log_in_again(struct pawl_pkcs11_keystore *store);

/* The reverse of pawl_pkcs11_load(). */
void pawl_pkcs11_unload(struct pawl_pkcs11_keystore *store);

/* ---- pkcs11_guard.c ---- */

/* Around calls of a module: one that talks to another process (p11-kit's
 * client) would end this one by SIGPIPE when that has gone. */
struct pawl_pkcs11_guard {
    sigset_t before;
    bool pending; /* a SIGPIPE was, which is not ours */
};

void pawl_pkcs11_guard_begin(struct pawl_pkcs11_guard *guard);
void pawl_pkcs11_guard_end(struct pawl_pkcs11_guard *guard);

#endif
