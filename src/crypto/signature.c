/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/der.h"

#define HALF_SIZE ((size_t)PAWL_P256_SIGNATURE_SIZE / 2)

/* Puts one of r and s as an INTEGER: no zeros before it, but for the sign. */
static void put_number(struct pawl_der_writer *writer, const uint8_t *half)
{
    size_t zeros = 0;
    size_t since = writer->need;

    while (zeros < HALF_SIZE - 1 && half[zeros] == 0) {
        zeros++;
    }
    pawl_der_put(writer, (struct pawl_bytes){half + zeros, HALF_SIZE - zeros});
    if (half[zeros] >= 0x80) {
        pawl_der_put_byte(writer, 0);
    }
    pawl_der_wrap(writer, PAWL_DER_INTEGER, since);
}

enum pawl_status
pawl_signature_to_der(const uint8_t raw[PAWL_P256_SIGNATURE_SIZE], uint8_t *der,
                      size_t *der_len)
{
    struct pawl_der_writer writer;
    struct pawl_bytes written;

    pawl_der_begin(&writer, der, *der_len);
    put_number(&writer, raw + HALF_SIZE);
    put_number(&writer, raw);
    pawl_der_wrap(&writer, PAWL_DER_SEQUENCE, 0);
    *der_len = writer.need;
    if (pawl_der_full(&writer)) {
        return PAWL_ERR_TOO_SMALL;
    }
    written = pawl_der_written(&writer);
    memmove(der, written.data, written.len);
    return PAWL_OK;
}

static bool take_number(struct pawl_bytes *rest, uint8_t *half)
{
    struct pawl_bytes number;

    if (!pawl_der_take_unsigned(rest, &number) || number.len > HALF_SIZE) {
        return false;
    }
    memset(half, 0, HALF_SIZE - number.len);
    memcpy(half + HALF_SIZE - number.len, number.data, number.len);
    return true;
}

enum pawl_status pawl_signature_from_der(struct pawl_bytes der,
                                         uint8_t raw[PAWL_P256_SIGNATURE_SIZE])
{
    struct pawl_bytes numbers;

    if (!pawl_der_take(&der, PAWL_DER_SEQUENCE, &numbers) || der.len != 0 ||
        !take_number(&numbers, raw) ||
        !take_number(&numbers, raw + HALF_SIZE) || numbers.len != 0) {
        memset(raw, 0, PAWL_P256_SIGNATURE_SIZE);
        return PAWL_ERR_MALFORMED;
    }
    return PAWL_OK;
}
