/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_CLOCK_H
#define PAWL_PORT_CLOCK_H

#include <pawl/status.h>
#include <stdint.h>

/* Port: time. Neither function blocks. */
struct pawl_clock {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Milliseconds since an arbitrary instant, never falling, not wrapping
     * in the life of a device between two resets. Required.
     */
    uint64_t (*monotonic_ms)(void *ctx);

    /*
     * Sets *seconds to the seconds since 1970-01-01T00:00:00Z. PAWL_ERR_CLOCK
     * when it is not known, for example before the first synchronisation.
     * Optional: without it the time is never known, and dates are judged by
     * the floor alone.
     */
    enum pawl_status (*wall_s)(void *ctx, int64_t *seconds);

    /* When this firmware was built, in seconds since 1970: the lowest value
     * that the time can have. 0 means unknown. */
    int64_t build_s;
};

#endif
