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
