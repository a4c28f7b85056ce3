/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_PROVISION_H
#define PAWL_TOOL_PROVISION_H

#include "tool.h"
#include <posix.h>

/* What a factory puts into a device. */
struct provision {
    struct tool_file trust, envelope, image;
};

/*
 * Fills a blank device that is open, with pawl_init() done: the trust
 * document, the image in slot A with its manifest beside it, and an IDevID key
 * made in its key store, where there must be none yet. All is verified as the
 * device will verify it. Reasons are printed; what was written before a failure
 * stays.
 */
int provision_fill(struct pawl_posix_device *device,
                   const struct provision *from);

#endif
