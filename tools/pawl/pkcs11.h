/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_PKCS11_H
#define PAWL_TOOL_PKCS11_H

/*
 * Keys that live in a token (PKCS #11), named by a URI (RFC 7512) and reached
 * through p11-kit: the module of the URI's module-path, or those that are
 * configured on this system. The private key stays in the token.
 *
 * The PIN: the URI's pin-source (a file) or pin-value, else the environment
 * variable PAWL_PIN. Nobody is asked for it, and no message shows it.
 *
 * What returns a code prints one line, without the PIN, when it is not
 * TOOL_OK.
 */

#include "tool.h"
#include <jansson.h>

struct pkcs11_token;

bool pkcs11_is_uri(const char *word);

/* How many characters of a word may be shown: a URI up to where a PIN can
 * stand, any other word whole. */
int pkcs11_shown(const char *word);

/*
 * Finds the one key that a URI names and its public half. For signing it logs
 * in and key->token stays open until tool_key_free(); otherwise it logs in
 * only if the token shows no such public key without, and has a PIN.
 */
int pkcs11_read(const char *uri, bool for_signing, struct tool_key *key);

/* Makes a key pair in the token, which must hold none of that name yet:
 * "es256" or "ed25519". */
int pkcs11_generate(const char *uri, const char *algorithm);

/* The keys of a token as a list; private ones only with a PIN. */
int pkcs11_list(const char *uri, json_t **keys);

/* Signs: with ecdsa the SHA-256 of the message, otherwise (Ed25519) itself.
 * PAWL_ERR_KEYSTORE: pkcs11_error() tells why. */
enum pawl_status pkcs11_sign(struct pkcs11_token *token, bool ecdsa,
                             struct pawl_bytes message, uint8_t signature[64]);
const char *pkcs11_error(const struct pkcs11_token *token);

void pkcs11_free(struct pkcs11_token *token);

#endif
