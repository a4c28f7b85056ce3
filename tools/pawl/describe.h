/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_DESCRIBE_H
#define PAWL_TOOL_DESCRIBE_H

/* Descriptions in JSON. Every reason for a refusal is printed, with the name
 * of the member; unknown members are refused, since a misspelt one would be
 * left out in silence. */

#include "tool.h"
#include <jansson.h>

/* Reads a file of JSON whose top is an object. NULL: the reason is printed. */
json_t *describe_read(const char *path);

/* Refuses members that are not among names (ended by NULL). */
bool describe_known(const json_t *object, const char *where,
                    const char *const *names);

/* A number from 0 to max; fallback if absent, or printed and false if there
 * is none to fall back on (fallback < 0). */
bool describe_number(const json_t *object, const char *where, const char *name,
                     int64_t max, int64_t fallback, int64_t *value);

/* A text. NULL: printed. */
const char *describe_text(const json_t *object, const char *where,
                          const char *name);

/* A list with at least one and at most max members. NULL: printed. */
const json_t *describe_list(const json_t *object, const char *where,
                            const char *name, size_t max);

/* Prints an object: as JSON, or as a readable tree. */
void tool_print(const json_t *object, bool as_json);

/* A trust document, for `trust show` and `device show`. */
struct pawl_trust;
json_t *trust_json(const struct pawl_trust *trust);

#endif
