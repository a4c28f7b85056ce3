/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FAKE_KEYSTORE_H
#define PAWL_TEST_FAKE_KEYSTORE_H

/*
 * A key store in RAM, which counts and fails on request. Its keys are real;
 * they are made and used by the software key store, so call fake_crypto_start()
 * or pawl_init() before generate(), sign() and seal().
 */

#include <pawl/port/keystore.h>
#include <pawl/soft_keystore.h>

struct fake_keystore {
    struct pawl_keystore keystore; /* the port's table */

    unsigned generates, signs, destroys, saves; /* calls so far */

    /* What a call answers instead of working; PAWL_OK: it works. */
    enum pawl_status fail_generate, fail_public_key, fail_sign, fail_destroy,
        fail_save;

    /* Private. */
    struct pawl_soft_keystore soft;
    struct pawl_soft_storage storage;
    uint8_t saved[PAWL_SOFT_BLOB_SIZE];
    size_t saved_len; /* 0: nothing was saved */
};

/* Opens an empty store. */
void fake_keystore_open(struct fake_keystore *fake);

/* Opens it again with what was saved, as after a reset. */
void fake_keystore_reopen(struct fake_keystore *fake);

#endif
