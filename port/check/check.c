/* SPDX-License-Identifier: Apache-2.0 */
#include "check_internal.h"

#include <string.h>

bool pawl_check_violated(struct finding *finding, const char *found,
                         enum pawl_status status)
{
    if (finding->found == NULL) {
        finding->found = found;
        finding->status = status;
    }
    return false;
}

bool pawl_check_report(const struct pawl_port_check *check, const char *name,
                       const char *header, const char *sentence,
                       const struct finding *finding)
{
    bool violated = finding->found != NULL;
    struct pawl_check_result result = {
        .name = name,
        .outcome = PAWL_CHECK_PASSED,
        .header = header,
        .sentence = sentence,
        .found = "",
        .status = finding->status,
    };

    if (violated) {
        result.outcome = PAWL_CHECK_VIOLATED;
        result.found = finding->found;
    } else if (finding->skipped != NULL) {
        result.outcome = PAWL_CHECK_SKIPPED;
        result.found = finding->skipped;
    }
    if (check->report != NULL) {
        check->report(check->ctx, &result);
    }
    return violated;
}

bool pawl_check_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

unsigned pawl_port_check(const struct pawl_port_check *check)
{
    return check->keystore != NULL ? pawl_port_check_keystore(check) : 0;
}
