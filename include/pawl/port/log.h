/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_LOG_H
#define PAWL_PORT_LOG_H

/*
 * Port: lines for a developer's console. Optional. Never holds a secret, nor
 * bytes of a peer that were not checked; what an application should react to
 * comes as an event, not here.
 */
struct pawl_log {
    void *ctx; /* handed back untouched as the first argument */

    /* One line, without its end, at most 160 bytes; not retained. */
    void (*line)(void *ctx, const char *text);
};

#endif
