/* SPDX-License-Identifier: Apache-2.0 */

/* The names of key stores, as far as no token is needed; test/keystore/run.py
 * opens the others. */
#define _GNU_SOURCE 1
#include "scratch.h"

#include <pawl/pawl.h>

static struct pawl_posix_keys keys;
static char error[PAWL_POSIX_ERROR_MAX];
static int folder = -1;
static _Alignas(16) uint8_t arena[65536];

/* A folder with a sealing key, and with one key in its store. */
static void given_key(void)
{
    static const struct pawl_port port = {.entropy = &pawl_posix_entropy,
                                          .arena = arena,
                                          .arena_size = sizeof arena};

    scratch_begin();
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    folder = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(folder >= 0);
    CHECK_EQ(pawl_posix_sealing_key_create(folder, "sealing.key"), PAWL_OK);
    CHECK_EQ(pawl_posix_keys_open(&keys, folder, "soft", "s", PAWL_POSIX_WRITE,
                                  error),
             PAWL_OK);
    CHECK_EQ(keys.keystore->generate(keys.keystore->ctx, PAWL_KEY_IDEVID),
             PAWL_OK);
    pawl_posix_keys_close(&keys);
}

static void read_only_keys_sign_and_do_not_change(void)
{
    uint8_t before[PAWL_P256_POINT_SIZE], after[PAWL_P256_POINT_SIZE];
    uint8_t digest[32] = {1}, signature[PAWL_P256_SIGNATURE_SIZE];

    given_key();
    CHECK_EQ(pawl_posix_keys_open(&keys, folder, "soft", "s",
                                  PAWL_POSIX_READ_ONLY, error),
             PAWL_OK);
    const struct pawl_keystore *store = keys.keystore;

    CHECK_EQ(store->public_key(store->ctx, PAWL_KEY_IDEVID, before), PAWL_OK);
    CHECK(store->generate(store->ctx, PAWL_KEY_IDEVID) < 0);
    CHECK(store->destroy(store->ctx, PAWL_KEY_IDEVID) < 0);
    CHECK_EQ(store->public_key(store->ctx, PAWL_KEY_IDEVID, after), PAWL_OK);
    CHECK_MEM(after, before, sizeof before);
    CHECK_EQ(store->sign(store->ctx, PAWL_KEY_IDEVID, digest, signature),
             PAWL_OK);
    pawl_posix_keys_close(&keys);
    pawl_posix_keys_close(&keys); /* harmless */
}

static const char *const bad_names[] = {
    "",
    "software",
    "pkcs11",
    "pkcs11:token=a",                                /* no module */
    "pkcs11:token=a;token=b?module-path=/m.so",      /* twice */
    "pkcs11:tokn=a?module-path=/m.so",               /* unknown */
    "pkcs11:token=%zz?module-path=/m.so",            /* no hex */
    "pkcs11:token=%00?module-path=/m.so",            /* an end inside */
    "pkcs11:token=%4?module-path=/m.so",             /* cut short */
    "pkcs11:token=a?module-path=/m.so&pin-value=1",  /* a PIN in the open */
    "pkcs11:token=a?module-path=/m.so&pin-source=p", /* no file: */
    "tpm2:",
    "tpm2:device:/dev/null?handle=seven",
    "tpm2:device:/dev/null?handle=0x1ffffffff",
    "tpm2:device:/dev/null?handle=0x81000000&auth-source=|cat",
};

static void a_name_that_is_none_is_refused(void)
{
    given_key();
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
        enum pawl_status status = pawl_posix_keys_open(
            &keys, folder, bad_names[i], "s", PAWL_POSIX_WRITE, error);

        CHECK(status == PAWL_ERR_MALFORMED || status == PAWL_ERR_UNSUPPORTED);
        CHECK(strstr(error, "keystore: ") == error);
        CHECK(strchr(error, '\n') == NULL);
        CHECK(keys.keystore == NULL);
        pawl_posix_keys_close(&keys);
    }
}

static void a_name_that_is_too_long_is_refused(void)
{
    static char name[PAWL_POSIX_KEYS_NAME_MAX + 1] =
        "pkcs11:?module-path=/none.so&pin-source=file:";

    given_key();
    memset(name + strlen(name), 'x', sizeof name - 1 - strlen(name));
    CHECK_EQ(
        pawl_posix_keys_open(&keys, folder, name, "s", PAWL_POSIX_WRITE, error),
        PAWL_ERR_MALFORMED);
}

static const struct check_test tests[] = {
    CHECK_TEST(read_only_keys_sign_and_do_not_change),
    CHECK_TEST(a_name_that_is_none_is_refused),
    CHECK_TEST(a_name_that_is_too_long_is_refused),
};
CHECK_MAIN(tests)
