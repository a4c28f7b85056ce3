/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_CHECK_INTERNAL_H
#define PAWL_CHECK_INTERNAL_H

/* What the files of port/check share; nobody else includes it. */

#include <pawl/port_check.h>

/* What a check has found so far; the first violation counts. */
struct finding {
    const char *found;   /* NULL: nothing wrong */
    const char *skipped; /* NULL: it was checked */
    enum pawl_status status;
};

/* Notes a violation; returns false, for `return violated(...)`. */
bool pawl_check_violated(struct finding *finding, const char *found,
                         enum pawl_status status);

/* Reports a sentence as the finding says. True if it is violated. */
bool pawl_check_report(const struct pawl_port_check *check, const char *name,
                       const char *header, const char *sentence,
                       const struct finding *finding);

/* Whether len bytes are equal. */
bool pawl_check_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif
