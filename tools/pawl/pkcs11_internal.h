/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_PKCS11_INTERNAL_H
#define PAWL_TOOL_PKCS11_INTERNAL_H

/* What the files over PKCS #11 share: pkcs11_uri.c, pkcs11_token.c (modules,
 * tokens, login), pkcs11.c (reading keys, signing), pkcs11_make.c and
 * pkcs11_list.c. */

#include "pkcs11.h"
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#define PKCS11_SCHEME "pkcs11:"
#define PKCS11_PIN_MAX 255  /* bytes */
#define PKCS11_TEXT_MAX 128 /* bytes of a label or an identifier */

struct pkcs11_token {
    P11KitUri *uri;
    char *name; /* the URI without its PIN, for messages */
    char pin[PKCS11_PIN_MAX + 1];
    size_t pin_len;
    CK_FUNCTION_LIST **modules; /* the configured ones; or else */
    CK_FUNCTION_LIST *only[2];  /* the one of module-path, and NULL */
    CK_FUNCTION_LIST *module;   /* whose token it is */
    CK_SLOT_ID slot;
    CK_FLAGS flags; /* of the token */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE private_key;
    bool each_time; /* the key wants the PIN for each signature */
    const char *error;
};

/* ---- pkcs11_uri.c ---- */

/* Reads a URI and the PIN that belongs to it. A code; reasons are printed. */
int pkcs11_parse(struct pkcs11_token *token, const char *text);

/* ---- pkcs11_token.c ---- */

/* What a token's answer means for the person who waits for it. */
const char *pkcs11_words(CK_RV answer);
/* Prints it, with the token's name; a code. */
int pkcs11_fail(const struct pkcs11_token *token, CK_RV answer);
/* Opens a session with the token of a URI, not logged in. *opened is to be
 * freed in any case. */
int pkcs11_open(const char *uri, bool writing, struct pkcs11_token **opened);
/* Logs in if there is a PIN, or if the token wants one. */
int pkcs11_log_in(struct pkcs11_token *token);

/* ---- pkcs11.c ---- */

/* Curves as CKA_EC_PARAMS has them: the OIDs. */
extern const uint8_t pkcs11_p256_oid[10];
extern const uint8_t pkcs11_ed25519_oid[5];

/* Finds keys of a class, with that label and identifier unless NULL. */
CK_RV pkcs11_find(struct pkcs11_token *token, CK_OBJECT_CLASS class,
                  const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id,
                  CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *count);
/* An attribute of at most cap bytes; its length, 0 if there is none. */
size_t pkcs11_get(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                  CK_ATTRIBUTE_TYPE type, void *out, size_t cap);
/* Reads the public point; false if it is of no curve that is known here. */
bool pkcs11_read_point(struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                       struct tool_key *key);

#endif
