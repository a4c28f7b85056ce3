/* SPDX-License-Identifier: Apache-2.0 */

/* Compiled, with the two files that ask, for a product: PAWL_SOFT_KEYS=0. */
#include <pawl/identity.h>

#include "check.h"
#include "crypto/crypto.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"

static struct fake_keystore fake;

static void given_key(bool hardware)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_keystore_open(&fake);
    fake.keystore.attributes.hardware = hardware;
    CHECK_EQ(fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_IDEVID),
             PAWL_OK);
}

static enum pawl_status open_key(void)
{
    static struct pawl_store_key key;
    enum pawl_status status =
        pawl_store_key_open(&key, &fake.keystore, PAWL_KEY_IDEVID);

    CHECK_EQ(key.open, status == PAWL_OK);
    pawl_store_key_close(&key);
    return status;
}

static enum pawl_status open_identity(void)
{
    static struct pawl_identity identity;
    static const struct pawl_store store;
    static const struct pawl_clock clock;
    static const struct pawl_product product;
    const struct pawl_port port = {.product = &product,
                                   .clock = &clock,
                                   .store = &store,
                                   .keystore = &fake.keystore};

    return pawl_identity_open(&identity, &port);
}

static void a_product_refuses_keys_in_software(void)
{
    given_key(false);
    CHECK_EQ(open_key(), PAWL_ERR_POLICY);
    CHECK_EQ(open_identity(), PAWL_ERR_POLICY);
}

static void a_product_takes_keys_in_hardware(void)
{
    given_key(true);
    CHECK_EQ(open_key(), PAWL_OK);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_product_refuses_keys_in_software),
    CHECK_TEST(a_product_takes_keys_in_hardware),
};
CHECK_MAIN(tests)
