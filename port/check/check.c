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

bool pawl_check_fails(struct check_run *run, const char *found,
                      enum pawl_status status)
{
    return pawl_check_violated(&run->finding, found, status);
}

unsigned pawl_check_rows(struct check_run *run, const char *header,
                         const struct check_row *rows, size_t count,
                         size_t first)
{
    unsigned violated = 0;

    for (size_t i = 0; i < count && (i != first || violated == 0); i++) {
        run->finding = (struct finding){.status = PAWL_OK};
        rows[i].run(run);
        violated += pawl_check_report(run->check, rows[i].name, header,
                                      rows[i].sentence, &run->finding)
                        ? 1
                        : 0;
    }
    return violated;
}

unsigned pawl_port_check(const struct pawl_port_check *check)
{
    unsigned violated = 0;

    violated += check->clock != NULL ? pawl_port_check_clock(check) : 0;
    violated += check->entropy != NULL ? pawl_port_check_entropy(check) : 0;
    violated += check->flash != NULL ? pawl_port_check_flash(check) : 0;
    violated += check->counter != NULL ? pawl_port_check_counter(check) : 0;
    violated += check->keystore != NULL ? pawl_port_check_keystore(check) : 0;
    violated += check->transport != NULL ? pawl_port_check_transport(check) : 0;
    return violated;
}
