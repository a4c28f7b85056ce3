/* SPDX-License-Identifier: Apache-2.0 */

/* A device whose keys are in a token of PKCS #11, if this program was built for
 * it. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <string.h>

#ifdef PAWL_HAVE_PKCS11
static enum pawl_status read_pin(void *ctx, uint8_t pin[PAWL_PKCS11_PIN_MAX],
                                 size_t *len)
{
    const struct pawl_posix_keys *keys = ctx;
    return pawl_posix_read_secret(keys, keys->secret_path, "PAWL_PIN", pin,
                                  PAWL_PKCS11_PIN_MAX, len);
}

enum pawl_status pawl_posix_keys_open_pkcs11(struct pawl_posix_keys *keys,
                                             const char *serial, char *error)
{
    struct pawl_pkcs11_config config = {.pin = read_pin, .ctx = keys};
    const struct pawl_posix_part path[] = {{"token=", &config.token_label},
                                           {"serial=", &config.token_serial},
                                           {"object=", &config.prefix}};
    const struct pawl_posix_part query[] = {
        {"module-path=", &config.module}, {"pin-source=", &keys->secret_path}};
    char *name = keys->name + strlen(PAWL_POSIX_PKCS11);
    char *behind = pawl_posix_cut_query(name);
    if (!pawl_posix_take_parts(name, ";", path, 3) ||
        !pawl_posix_take_parts(behind, "&", query, 2) ||
        config.module == NULL || !pawl_posix_take_file(&keys->secret_path)) {
        return pawl_posix_keys_refused(
            error, "needs pkcs11:token=LABEL;serial=NUMBER;object=PREFIX"
                   "?module-path=FILE&pin-source=file:FILE");
    }
    if (config.prefix == NULL) {
        config.prefix = serial;
    }
    enum pawl_status status = pawl_pkcs11_open(&keys->pkcs11, &config);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, PAWL_ERR_KEYSTORE, "keystore: %s (0x%lx)",
                               pawl_pkcs11_reason(&keys->pkcs11),
                               keys->pkcs11.answer);
    }
    keys->keystore = &keys->pkcs11.keystore;
    return PAWL_OK;
}

void pawl_posix_keys_close_pkcs11(struct pawl_posix_keys *keys)
{
    pawl_pkcs11_close(&keys->pkcs11);
}
#else
enum pawl_status pawl_posix_keys_open_pkcs11(struct pawl_posix_keys *keys,
                                             const char *serial, char *error)
{
    (void)keys;
    (void)serial;
    return pawl_posix_fail(error, PAWL_ERR_UNSUPPORTED,
                           "keystore: this program was built without PKCS #11");
}

void pawl_posix_keys_close_pkcs11(struct pawl_posix_keys *keys)
{
    (void)keys;
}
#endif
