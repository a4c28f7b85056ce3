/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/port_check.h>

#include "crypto/crypto.h"

enum pawl_status
pawl_port_check_verify(void *ctx, const uint8_t point[PAWL_P256_POINT_SIZE],
                       const uint8_t digest[32], const uint8_t signature[64])
{
    (void)ctx;
    return pawl_p256_verify((struct pawl_bytes){point, PAWL_P256_POINT_SIZE},
                            digest, signature);
}
