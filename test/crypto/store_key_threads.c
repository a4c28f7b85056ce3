/* SPDX-License-Identifier: Apache-2.0 */

/*
 * With the port's lock, calls on distinct contexts may run in parallel
 * (<pawl/pawl.h>): keys are opened and closed by two threads at once. The
 * table behind the router is wolfSSL's, one for all, and has no lock.
 */
#include "crypto/crypto_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>

#include "check.h"
#include "fake/fake_entropy.h"
#include "fake/fake_keystore.h"
#include <pawl/pawl.h>

#define ROUNDS 200000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool nested; /* the lock was taken by who had it */
static _Thread_local bool held;

static void acquire(void *ctx)
{
    (void)ctx;
    if (held) {
        atomic_store(&nested, true);
        return;
    }
    (void)pthread_mutex_lock(&mutex);
    held = true;
}

static void release(void *ctx)
{
    (void)ctx;
    held = false;
    (void)pthread_mutex_unlock(&mutex);
}

static const struct pawl_lock lock = {NULL, acquire, release};
static struct fake_entropy entropy;
static struct pawl_port port;
static _Alignas(16) uint8_t arena[128 * 1024];

/* One thread: its own key store, which fails each signature, so that a round
 * costs little, and counts them. */
struct user {
    struct fake_keystore keys;
    unsigned not_opened, not_routed;
};

static struct user users[2];

static bool is_routed(struct user *user, const struct pawl_store_key *key)
{
    static const uint8_t digest[32];
    unsigned before = user->keys.signs;
    uint8_t der[80];
    word32 len = sizeof der;
    ecc_key tls;
    WC_RNG unused = {0};
    int code = wc_ecc_init_ex(&tls, NULL, key->device_id);

    if (code == 0) {
        code = wc_ecc_import_x963_ex(key->point, sizeof key->point, &tls,
                                     ECC_SECP256R1);
    }
    if (code == 0) {
        code =
            wc_ecc_sign_hash(digest, sizeof digest, der, &len, &unused, &tls);
    }
    wc_ecc_free(&tls);
    return code == WC_HW_E && user->keys.signs == before + 1;
}

static void *open_and_close(void *argument)
{
    struct user *user = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct pawl_store_key key;

        if (pawl_store_key_open(&key, &user->keys.keystore, PAWL_KEY_IDEVID) !=
            PAWL_OK) {
            user->not_opened++;
            continue;
        }
        user->not_routed += is_routed(user, &key) ? 0 : 1;
        pawl_store_key_close(&key);
    }
    return NULL;
}

static void given_two_users(void)
{
    fake_entropy_open(&entropy, 1);
    port = (struct pawl_port){.entropy = &entropy.entropy,
                              .lock = &lock,
                              .arena = arena,
                              .arena_size = sizeof arena};
    CHECK_EQ(pawl_init(&port), PAWL_OK);
    for (size_t i = 0; i < 2; i++) {
        const struct pawl_keystore *keys = &users[i].keys.keystore;

        fake_keystore_open(&users[i].keys);
        CHECK_EQ(keys->generate(keys->ctx, PAWL_KEY_IDEVID), PAWL_OK);
        users[i].keys.fail_sign = PAWL_ERR_KEYSTORE;
    }
}

static void keys_of_two_threads_are_both_routed(void)
{
    pthread_t threads[2];

    given_two_users();
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, open_and_close, &users[i]),
                 0);
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(users[i].not_opened, 0);
        CHECK_EQ(users[i].not_routed, 0);
    }
    CHECK(!atomic_load(&nested));
}

static const struct check_test tests[] = {
    CHECK_TEST(keys_of_two_threads_are_both_routed),
};
CHECK_MAIN(tests)
