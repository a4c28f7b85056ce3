/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TPM2_KEYSTORE_H
#define PAWL_TPM2_KEYSTORE_H

/*
 * A key store in a TPM 2.0 (TCG TPM 2.0 Library, revision 1.38 or later). For
 * Linux with tpm2-tss; link pawl::tpm2. Each key is made in the TPM, bound to
 * it (fixedTPM), signs and does nothing else, and lies at a persistent handle.
 *
 *     static struct pawl_tpm2_keystore store;
 *     const struct pawl_tpm2_config config = {.tcti = "device:/dev/tpmrm0"};
 *
 *     if (pawl_tpm2_open(&store, &config) != PAWL_OK) {
 *         puts(pawl_tpm2_reason(&store));
 *     }
 *     port.keystore = &store.keystore;
 *
 * The key of slot n lies at first_handle + n. A handle there that holds
 * anything but a P-256 key for ECDSA is refused and never overwritten.
 *
 * A TPM that is lost fails the call that finds out with PAWL_ERR_KEYSTORE;
 * each later call begins anew. Authorisation that was refused is never tried
 * again by itself, since TPMs lock (dictionary attack): close the store first.
 * Where it was the owner's, asked for to seal, keys go on to sign.
 *
 * Authorisation values, and what is sealed, go to the TPM in the clear. Where
 * its bus can be listened to, they are no protection.
 *
 * It seals with keys that the TPM makes from the owner's seed at each call, if
 * the TPM has TPM2_EncryptDecrypt2; else the table has no seal().
 *
 * Nothing transient is left in the TPM between calls, so that a TPM without a
 * resource manager can be used as well. Several stores may be open at once.
 */

#include <pawl/port/keystore.h>

#define PAWL_TPM2_AUTH_MAX 32              /* bytes */
#define PAWL_TPM2_FIRST_HANDLE 0x81007061u /* the owner's range */

/* Whose authorisation value is asked for. */
enum pawl_tpm2_auth {
    PAWL_TPM2_AUTH_OWNER, /* the storage hierarchy's: generate(), destroy(),
                           * seal() and unseal() */
    PAWL_TPM2_AUTH_KEY    /* the keys': given to them when they are made */
};

/* All pointers are retained until pawl_tpm2_close(). */
struct pawl_tpm2_config {
    /* How to reach the TPM, as tpm2-tss takes it: "device:/dev/tpmrm0",
     * "swtpm:host=127.0.0.1,port=2321". NULL: whatever tpm2-tss finds. */
    const char *tcti;

    /* The persistent handle of slot 0; 0: PAWL_TPM2_FIRST_HANDLE. Slots take
     * PAWL_KEY_SLOTS handles, all from 0x81000000 to 0x817FFFFF. */
    uint32_t first_handle;

    /*
     * Writes an authorisation value into value and sets *len; the store wipes
     * it after use. NULL: all are empty. An error: PAWL_ERR_KEYSTORE.
     */
    enum pawl_status (*auth)(void *ctx, enum pawl_tpm2_auth which,
                             uint8_t value[PAWL_TPM2_AUTH_MAX], size_t *len);
    void *ctx; /* handed back untouched as the first argument */
};

struct pawl_tpm2_keystore {
    struct pawl_keystore keystore; /* the port's table, for struct pawl_port */

    /* Private. */
    struct pawl_tpm2_config config;
    void *tcti;         /* TSS2_TCTI_CONTEXT */
    void *esys;         /* ESYS_CONTEXT; NULL: not connected */
    uint32_t answer;    /* the last TSS2_RC */
    const char *reason; /* NULL: what answer says */
    bool open;          /* between open and close */
    bool auth_refused;  /* never again until it is closed */
    bool seal_refused;  /* the same, for what seals */
};

/*
 * Connects to the TPM and reads what the keys are: the table's attributes are
 * what the TPM says of them. hardware: it does not call itself a simulator.
 * exportable: some key of a slot is not fixedTPM or not fixedParent, or was
 * made elsewhere (no sensitiveDataOrigin). persistent: always. They are read
 * again after generate() and destroy().
 *
 * Returns PAWL_OK
 *         PAWL_ERR_ARGUMENT     handles outside of the owner's range
 *         PAWL_ERR_KEYSTORE     no TPM answers, no such TCTI, or it fails
 * and pawl_tpm2_reason() says more. On an error nothing stays open, and every
 * call of the table answers PAWL_ERR_KEYSTORE.
 *
 * This and each call of the table block for some commands of the TPM, up to a
 * second or two altogether where it makes a key.
 */
PAWL_MUST_USE
enum pawl_status pawl_tpm2_open(struct pawl_tpm2_keystore *store,
                                const struct pawl_tpm2_config *config);

/* Ends the connection. The keys stay in the TPM, the reason stays readable.
 * A store that failed to open is no error. */
void pawl_tpm2_close(struct pawl_tpm2_keystore *store);

/*
 * One line for a person on the last failure of the store, without a full
 * stop. The number (TSS2_RC) is the table's last_error(). Static storage;
 * never NULL.
 */
const char *pawl_tpm2_reason(const struct pawl_tpm2_keystore *store);

#endif
