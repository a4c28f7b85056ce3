/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_WAIT_H
#define PAWL_WAIT_H

#include <stdint.h>

/* What a call that answered PAWL_PENDING waits for: any one of these. */
#define PAWL_WAIT_READABLE 0x01u /* one of its connections can be read */
#define PAWL_WAIT_WRITABLE 0x02u /* one of its connections can be written */
#define PAWL_WAIT_DEADLINE 0x04u /* deadline_ms has come */
#define PAWL_WAIT_NOTHING 0x08u  /* nothing: call again at once */

/*
 * Filled by a step function. The caller sleeps until one of the events, or
 * calls earlier at will: a call too early does no harm.
 */
struct pawl_wait {
    uint32_t events;      /* PAWL_WAIT_..., or-ed */
    uint64_t deadline_ms; /* by the port's monotonic clock */
};

#endif
