/* SPDX-License-Identifier: Apache-2.0 */

/* A device whose keys are in a TPM 2.0, if this program was built for it. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdlib.h>
#include <string.h>

#ifdef PAWL_HAVE_TPM2
static enum pawl_status read_auth(void *ctx, enum pawl_tpm2_auth which,
                                  uint8_t value[PAWL_TPM2_AUTH_MAX],
                                  size_t *len)
{
    const struct pawl_posix_keys *keys = ctx;
    bool owner = which == PAWL_TPM2_AUTH_OWNER;
    enum pawl_status status = pawl_posix_read_secret(
        keys, owner ? keys->owner_path : keys->secret_path,
        owner ? "PAWL_OWNER_AUTH" : "PAWL_PIN", value, PAWL_TPM2_AUTH_MAX, len);
    return status == PAWL_ERR_NOT_FOUND ? PAWL_OK : status; /* then empty */
}

static bool read_handle(const char *text, uint32_t *handle)
{
    char *end = NULL;
    unsigned long value = text != NULL ? strtoul(text, &end, 16) : 0;
    *handle = (uint32_t)value;
    return text == NULL || (value <= UINT32_MAX && end != text && *end == '\0');
}

enum pawl_status pawl_posix_keys_open_tpm2(struct pawl_posix_keys *keys,
                                           char *error)
{
    struct pawl_tpm2_config config = {.auth = read_auth, .ctx = keys};
    const char *handle = NULL;
    const struct pawl_posix_part query[] = {
        {"handle=", &handle},
        {"auth-source=", &keys->secret_path},
        {"owner-auth-source=", &keys->owner_path}};
    char *name = keys->name + strlen(PAWL_POSIX_TPM2);
    char *behind = pawl_posix_cut_query(name);
    config.tcti = name;
    if (*name == '\0' || !pawl_posix_take_parts(behind, "&", query, 3) ||
        !read_handle(handle, &config.first_handle) ||
        !pawl_posix_take_file(&keys->secret_path) ||
        !pawl_posix_take_file(&keys->owner_path)) {
        return pawl_posix_keys_refused(
            error, "needs tpm2:TCTI?handle=0xHEX&auth-source=file:FILE"
                   "&owner-auth-source=file:FILE");
    }
    enum pawl_status status = pawl_tpm2_open(&keys->tpm2, &config);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, PAWL_ERR_KEYSTORE, "keystore: %s (0x%x)",
                               pawl_tpm2_reason(&keys->tpm2),
                               (unsigned)keys->tpm2.answer);
    }
    keys->keystore = &keys->tpm2.keystore;
    return PAWL_OK;
}

void pawl_posix_keys_close_tpm2(struct pawl_posix_keys *keys)
{
    pawl_tpm2_close(&keys->tpm2);
}
#else
enum pawl_status pawl_posix_keys_open_tpm2(struct pawl_posix_keys *keys,
                                           char *error)
{
    (void)keys;
    return pawl_posix_fail(error, PAWL_ERR_UNSUPPORTED,
                           "keystore: this program was built without TPM 2.0");
}

void pawl_posix_keys_close_tpm2(struct pawl_posix_keys *keys)
{
    (void)keys;
}
#endif
