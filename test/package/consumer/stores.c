/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/pkcs11_keystore.h>
#include <pawl/port_check.h>
#include <pawl/tpm2_keystore.h>
#include <stdio.h>

/* Stores that cannot be opened say why; a check of nothing finds nothing. */
int main(void)
{
    static struct pawl_pkcs11_keystore token;
    static struct pawl_tpm2_keystore tpm;
    const struct pawl_pkcs11_config none = {.module = "/none.so"};
    const struct pawl_tpm2_config outside = {.first_handle = 1};
    const struct pawl_port_check check = {.keystore = NULL};
    enum pawl_status first = pawl_pkcs11_open(&token, &none);
    enum pawl_status second = pawl_tpm2_open(&tpm, &outside);

    puts(pawl_pkcs11_reason(&token));
    puts(pawl_tpm2_reason(&tpm));
    return first == PAWL_ERR_UNSUPPORTED && second == PAWL_ERR_ARGUMENT &&
                   pawl_port_check(&check) == 0
               ? 0
               : 1;
}
