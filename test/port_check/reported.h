/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_REPORTED_H
#define PAWL_TEST_REPORTED_H

/* What a check of the port reported, and whether its words are those of the
 * header that it names. */

#include <pawl/port_check.h>
#include <stdbool.h>

struct reported {
    unsigned passed, skipped, violated;
    char violations[2048]; /* sentences, a line each */
    char names[1024];      /* of the checks that were violated, likewise */
    bool quoted;           /* each sentence stands in its header */
};

/* For struct pawl_port_check; ctx is a struct reported, or begins with one. */
void reported_add(void *ctx, const struct pawl_check_result *result);

/* Begins anew. */
void reported_clear(struct reported *reported);

/* Whether the check of this name was violated. */
bool reported_violates(const struct reported *reported, const char *name);

#endif
