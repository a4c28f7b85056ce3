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

/* One run over a table of sentences, all but the key store's. */
struct check_run {
    const struct pawl_port_check *check;
    struct finding finding; /* of the row at hand */
    bool pending;           /* some operation has answered PAWL_PENDING */
    bool out_of_bounds;     /* a count or a byte lay outside */
    uint32_t value;         /* of the counter */
    char host[64];          /* that open() was given, then something else */
};

struct check_row {
    const char *name;
    void (*run)(struct check_run *run);
    const char *sentence;
};

/* Notes a violation of the row at hand; false. */
bool pawl_check_fails(struct check_run *run, const char *found,
                      enum pawl_status status);

/* Runs and reports the rows; stops behind the first `first` of them if one of
 * those is violated, since the rest could not be called. Returns how many
 * are violated. */
unsigned pawl_check_rows(struct check_run *run, const char *header,
                         const struct check_row *rows, size_t count,
                         size_t first);

/* The part of pawl_port_check_keystore() that is in check_sealing.c. *pending
 * becomes true when a call has answered PAWL_PENDING. */
unsigned pawl_check_sealing(const struct pawl_port_check *check, bool *pending);

/* Whether len bytes are equal. */
bool pawl_check_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif
