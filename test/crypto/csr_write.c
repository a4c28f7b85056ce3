/* SPDX-License-Identifier: Apache-2.0 */

/* Writes a certification request of a new key to standard output. */
#include <stdio.h>

#include "crypto/x509.h"
#include "fake/fake_crypto.h"
#include "fake/fake_keystore.h"

int main(void)
{
    static struct fake_keystore fake;
    static const uint8_t challenge[] = {'s', 'e', 's', 'a', 'm', 'e'};
    const struct pawl_csr_subject subject = {
        "dev0001", "SN-42", "dev0001.example", PAWL_BYTES(challenge), NULL};
    uint8_t out[1024];
    size_t len = sizeof out;

    if (fake_crypto_start() != PAWL_OK) {
        return 1;
    }
    fake_keystore_open(&fake);
    if (fake.keystore.generate(fake.keystore.ctx, PAWL_KEY_LDEVID_A) !=
            PAWL_OK ||
        pawl_csr_write(&subject, &fake.keystore, PAWL_KEY_LDEVID_A, out,
                       &len) != PAWL_OK) {
        return 1;
    }
    return fwrite(out, 1, len, stdout) == len ? 0 : 1;
}
