/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_ENTROPY_H
#define PAWL_PORT_ENTROPY_H

#include <pawl/status.h>
#include <stddef.h>

/* Port: randomness for seeds and nonces. */
struct pawl_entropy {
    void *ctx; /* handed back untouched as the first argument */

    /*
     * Fills len bytes (at most 256 a call) with full entropy, as of a
     * hardware generator that passed its health test (NIST SP 800-90B).
     * Anything else is PAWL_ERR_ENTROPY, and buf is then not used. May block
     * for some milliseconds. Required.
     */
    enum pawl_status (*fill)(void *ctx, void *buf, size_t len);
};

#endif
