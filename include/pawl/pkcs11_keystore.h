/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PKCS11_KEYSTORE_H
#define PAWL_PKCS11_KEYSTORE_H

/*
 * A key store in a PKCS #11 token (OASIS PKCS #11, 2.40): a smart card, an
 * HSM, a secure element with a module of its vendor's. For Linux; link
 * pawl::pkcs11. Each key is made in the token, as one that is sensitive and
 * not extractable, and never leaves it.
 *
 *     static struct pawl_pkcs11_keystore store;
 *     const struct pawl_pkcs11_config config = {
 *         .module = "/usr/lib/softhsm/libsofthsm2.so",
 *         .token_label = "gateway",
 *         .pin = ask_for_the_pin,
 *     };
 *     if (pawl_pkcs11_open(&store, &config) != PAWL_OK) {
 *         puts(pawl_pkcs11_reason(&store));
 *     }
 *     port.keystore = &store.keystore;
 *
 * A key is two objects of the token, a CKO_PRIVATE_KEY and a CKO_PUBLIC_KEY,
 * that have the slot's label as CKA_LABEL and as CKA_ID. Without both, the
 * slot is empty; two keys of one label are refused, not chosen from.
 *
 * It seals with a key of AES that the token makes the first time and never
 * gives away, labelled prefix and "-seal", if the token has AES-GCM
 * (CKM_AES_GCM); else the table has no seal().
 *
 * A token that was removed, or a session that ended, fails the call that
 * finds out with PAWL_ERR_KEYSTORE; each later call looks for the token again,
 * asks for the PIN and logs in. A session that only was closed or logged out
 * by somebody else is opened again within the call. A PIN that was refused is
 * never tried again by itself, since tokens lock: close the store first.
 *
 * Several stores may be open at once, over one module too; then close the one
 * that was opened first last, since it ends the module (C_Finalize). After
 * fork(), a child opens its own.
 */

#include <pawl/port/keystore.h>

#define PAWL_PKCS11_PIN_MAX 255  /* bytes */
#define PAWL_PKCS11_LABEL_MAX 96 /* bytes of a key's label, with its end */

/* All pointers are retained until pawl_pkcs11_close(). */
struct pawl_pkcs11_config {
    /* The vendor's module, a file as dlopen(3) takes it; a whole path, or
     * the search of the loader decides whose code runs. Required. */
    const char *module;

    /* Which token: its label, its serial number, or both, without the blanks
     * at their ends. NULL: any. Exactly one token must fit. */
    const char *token_label;
    const char *token_serial;

    /* The label of each slot's key. NULL: prefix and "-idevid", "-ldevid-a",
     * "-ldevid-b". */
    const char *labels[PAWL_KEY_SLOTS];
    const char *prefix; /* NULL: "pawl" */

    /*
     * Writes the user's PIN into pin, at most PAWL_PKCS11_PIN_MAX bytes, and
     * sets *len; the store wipes it when it has logged in. Called at each
     * login. NULL: the token has no PIN, or a reader with its own keys.
     * An error is the login's: PAWL_ERR_KEYSTORE.
     */
    enum pawl_status (*pin)(void *ctx, uint8_t pin[PAWL_PKCS11_PIN_MAX],
                            size_t *len);
    void *ctx; /* handed back untouched as the first argument */

    /* Try a PIN even where the token says that a wrong one locks it
     * (CKF_USER_PIN_FINAL_TRY). Otherwise that is left to a person. */
    bool final_try;
};

struct pawl_pkcs11_keystore {
    struct pawl_keystore keystore; /* the port's table, for struct pawl_port */

    /* Private. */
    struct pawl_pkcs11_config config;
    void *library;         /* of dlopen(); NULL: not open */
    const void *functions; /* CK_FUNCTION_LIST */
    unsigned long token;   /* CK_SLOT_ID */
    unsigned long session; /* CK_SESSION_HANDLE */
    unsigned long answer;  /* the last CK_RV */
    const char *reason;    /* NULL: what answer says */
    bool owner;            /* this store has called C_Initialize */
    bool connected;        /* session is open, and logged in */
    bool writable;         /* it may make objects */
    bool pin_refused;      /* never again until it is closed */
};

/*
 * Loads the module, finds the token, logs in, and reads what the keys are:
 * the table's attributes are what the token says of them. hardware: the
 * reader is hardware (CKF_HW_SLOT). exportable: some key of a slot may be
 * read or wrapped (not CKA_SENSITIVE, or CKA_EXTRACTABLE). persistent: all
 * are CKA_TOKEN. They are read again after generate() and destroy().
 *
 * A token that is write-protected can be opened; generate() and destroy()
 * then answer PAWL_ERR_KEYSTORE.
 *
 * Returns PAWL_OK
 *         PAWL_ERR_ARGUMENT     no module is named, or a label is too long
 *         PAWL_ERR_UNSUPPORTED  no such module, or the token cannot sign by
 *                               ECDSA
 *         PAWL_ERR_NOT_FOUND    no token fits
 *         PAWL_ERR_STATE        several tokens fit
 *         PAWL_ERR_KEYSTORE     anything else: the PIN is wrong or locked
 * and pawl_pkcs11_reason() says more. On an error nothing stays open, and
 * every call of the table answers PAWL_ERR_KEYSTORE.
 *
 * May block for as long as the token needs, for a PIN entered by hand too.
 */
PAWL_MUST_USE
enum pawl_status pawl_pkcs11_open(struct pawl_pkcs11_keystore *store,
                                  const struct pawl_pkcs11_config *config);

/* Ends the session and unloads the module. The keys stay in the token, the
 * reason stays readable. A store that failed to open is no error. */
void pawl_pkcs11_close(struct pawl_pkcs11_keystore *store);

/*
 * One line for a person on the last failure of the store, without a full
 * stop. The token's number (CKR_...) is the table's last_error(). Static
 * storage; never NULL.
 */
const char *pawl_pkcs11_reason(const struct pawl_pkcs11_keystore *store);

#endif
