/* SPDX-License-Identifier: Apache-2.0 */

/* The key store that device.conf names. */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- software ---- */

static enum pawl_status refuse_save(void *ctx, struct pawl_bytes bytes)
{
    (void)ctx;
    (void)bytes;
    return PAWL_ERR_IO; /* opened for inspection */
}

static enum pawl_status open_soft(struct pawl_posix_keys *keys,
                                  enum pawl_posix_mode mode, char *error)
{
    enum pawl_status status = pawl_posix_keyfile_open(
        &keys->keyfile, keys->dir_fd, PAWL_POSIX_KEYS_PATH,
        PAWL_POSIX_SEALING_KEY_PATH);
    if (mode != PAWL_POSIX_WRITE) {
        keys->keyfile.storage.save = refuse_save;
    }
    if (status == PAWL_OK) {
        status = pawl_soft_keystore_open(&keys->soft, &keys->keyfile.storage,
                                         keys->keyfile.sealing_key);
    }
    /* The store has what it derived from it. */
    explicit_bzero(keys->keyfile.sealing_key, sizeof keys->keyfile.sealing_key);
    if (status != PAWL_OK) {
        return pawl_posix_fail(error, PAWL_ERR_KEYSTORE,
                               "its keys cannot be opened (%d): sealing.key "
                               "must be the 32 bytes they were made with, mode "
                               "0600; else provision again",
                               (int)status);
    }
    keys->keystore = &keys->soft.keystore;
    return PAWL_OK;
}

/* ---- all of them ---- */

static enum pawl_status refuse_change(void *ctx, enum pawl_key_slot slot)
{
    (void)ctx;
    (void)slot;
    return PAWL_ERR_KEYSTORE; /* opened for inspection */
}

static bool has_scheme(const char *name, const char *scheme)
{
    return strncmp(name, scheme, strlen(scheme)) == 0;
}

static bool is_name(const char *name)
{
    return strcmp(name, PAWL_POSIX_KEYS_SOFT) == 0 ||
           has_scheme(name, PAWL_POSIX_PKCS11) ||
           has_scheme(name, PAWL_POSIX_TPM2);
}

enum pawl_status pawl_posix_keys_open(struct pawl_posix_keys *keys, int dir_fd,
                                      const char *name, const char *serial,
                                      enum pawl_posix_mode mode, char *error)
{
    error[0] = '\0';
    memset(keys, 0, sizeof *keys);
    keys->dir_fd = dir_fd;
    if (!is_name(name) || strlen(name) >= sizeof keys->name) {
        return pawl_posix_keys_refused(error,
                                       "needs soft, pkcs11:... or tpm2:...");
    }
    (void)snprintf(keys->name, sizeof keys->name, "%s", name);
    if (strcmp(name, PAWL_POSIX_KEYS_SOFT) == 0) {
        return open_soft(keys, mode, error);
    }
    enum pawl_status status =
        has_scheme(name, PAWL_POSIX_PKCS11)
            ? pawl_posix_keys_open_pkcs11(keys, serial, error)
            : pawl_posix_keys_open_tpm2(keys, error);
    if (status == PAWL_OK && mode != PAWL_POSIX_WRITE) {
        keys->pkcs11.keystore.generate = keys->pkcs11.keystore.destroy =
            keys->tpm2.keystore.generate = keys->tpm2.keystore.destroy =
                refuse_change;
    }
    return status;
}

void pawl_posix_keys_close(struct pawl_posix_keys *keys)
{
    pawl_soft_keystore_close(&keys->soft);
    pawl_posix_keys_close_pkcs11(keys);
    pawl_posix_keys_close_tpm2(keys);
    keys->keystore = NULL;
}
