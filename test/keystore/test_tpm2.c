/* SPDX-License-Identifier: Apache-2.0 */

/* What no simulator does: numbers without their leading zeros, and answers
 * with the number of what they apply to. */
#include <string.h>

#include "base/base.h"
#include "check.h"
#include "tpm2_internal.h"

static void a_short_number_is_filled_up_in_front(void)
{
    TPM2B_ECC_PARAMETER number = {.size = 31};
    uint8_t out[32], expected[32] = {0};

    memset(out, 0xAA, sizeof out);
    memset(number.buffer, 0x11, 31);
    memset(expected + 1, 0x11, 31);
    CHECK(pawl_tpm2_put_number(out, &number));
    CHECK_MEM(out, expected, sizeof out);
    number.size = 0;
    memset(expected, 0, sizeof expected);
    CHECK(pawl_tpm2_put_number(out, &number));
    CHECK_MEM(out, expected, sizeof out);
}

static void a_number_that_is_too_long_is_refused(void)
{
    TPM2B_ECC_PARAMETER number = {.size = 33};
    uint8_t out[32], before[32];

    memset(out, 0xAA, sizeof out);
    memset(before, 0xAA, sizeof before);
    CHECK(!pawl_tpm2_put_number(out, &number));
    CHECK_MEM(out, before, sizeof out);
}

/* Each is what a TPM or tpm2-tss really answers. */
static const struct {
    TSS2_RC answer;
    bool refusal, lost;
    enum pawl_status status;
} answers[] = {
    {0x98E, true, false, PAWL_ERR_KEYSTORE},   /* AUTH_FAIL of session 1 */
    {0x9A2, true, false, PAWL_ERR_KEYSTORE},   /* BAD_AUTH of session 1 */
    {0x921, true, false, PAWL_ERR_KEYSTORE},   /* LOCKOUT */
    {0x14B, false, false, PAWL_ERR_FULL},      /* NV_SPACE */
    {0xC014B, false, false, PAWL_ERR_FULL},    /* the same, by a manager */
    {0x18B, false, false, PAWL_ERR_KEYSTORE},  /* HANDLE, of handle 1 */
    {0x100, false, true, PAWL_ERR_KEYSTORE},   /* INITIALIZE */
    {0xA000A, false, true, PAWL_ERR_KEYSTORE}, /* TCTI: IO_ERROR */
    {0x7000A, false, true, PAWL_ERR_KEYSTORE}, /* ESYS: IO_ERROR */
    {0, false, false, PAWL_OK},
};

static void answers_are_told_apart_by_layer_and_code(void)
{
    for (size_t i = 0; i < PAWL_ARRAY_LEN(answers); i++) {
        struct pawl_tpm2_keystore store = {.reason = NULL};
        TSS2_RC answer = answers[i].answer;

        CHECK_EQ(pawl_tpm2_is_refusal(answer), answers[i].refusal);
        CHECK_EQ(pawl_tpm2_is_lost(answer), answers[i].lost);
        CHECK_EQ(pawl_tpm2_answer(&store, answer), answers[i].status);
        CHECK_EQ(store.answer, answer);
        CHECK_EQ(store.auth_refused, answers[i].refusal);
        CHECK(pawl_tpm2_reason(&store)[0] != '\0');
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_short_number_is_filled_up_in_front),
    CHECK_TEST(a_number_that_is_too_long_is_refused),
    CHECK_TEST(answers_are_told_apart_by_layer_and_code),
};
CHECK_MAIN(tests)
