/* SPDX-License-Identifier: Apache-2.0 */
#include "mps2.h"

#define POLYNOMIAL 0xEDB88320u /* reflected */

uint32_t mps2_crc32(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (POLYNOMIAL & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}
