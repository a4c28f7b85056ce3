/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_LOCK_H
#define PAWL_PORT_LOCK_H

/*
 * Port: one mutual exclusion for what pawl shares between contexts (the
 * arena). Optional: without it, all of pawl belongs to one thread. Held for
 * microseconds, never across a call to another port function, never nested.
 */
struct pawl_lock {
    void *ctx; /* handed back untouched as the first argument */
    void (*acquire)(void *ctx);
    void (*release)(void *ctx);
};

#endif
