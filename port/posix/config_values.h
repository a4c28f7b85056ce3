/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_POSIX_CONFIG_VALUES_H
#define PAWL_POSIX_CONFIG_VALUES_H

/* The kinds of values in device.conf: each reads and writes one field. */

#include "posix.h"

struct pawl_posix_value {
    /* False: text is no such value, or out of range. */
    bool (*parse)(void *field, const char *text);
    /* The text that parse() takes back. */
    void (*format)(const void *field, char *text, size_t cap);
    const char *needs; /* for an error: "needs ..." */
};

extern const struct pawl_posix_value pawl_posix_value_serial;
extern const struct pawl_posix_value pawl_posix_value_uuid;
extern const struct pawl_posix_value pawl_posix_value_u32;
extern const struct pawl_posix_value pawl_posix_value_erased;
extern const struct pawl_posix_value pawl_posix_value_yes_no;
extern const struct pawl_posix_value pawl_posix_value_known;
extern const struct pawl_posix_value pawl_posix_value_seconds;
extern const struct pawl_posix_value pawl_posix_value_rate;
extern const struct pawl_posix_value pawl_posix_value_topic;
extern const struct pawl_posix_value pawl_posix_value_keystore;

/* USE HOST PORT SERVER_NAME, with blanks between them. */
bool pawl_posix_endpoint_parse(struct pawl_posix_endpoint *endpoint,
                               const char *text);

/* The reverse. */
void pawl_posix_endpoint_format(const struct pawl_posix_endpoint *endpoint,
                                char *text, size_t cap);

#endif
