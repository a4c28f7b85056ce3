/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_JOURNAL_FLASH_WAIT_H
#define PAWL_JOURNAL_FLASH_WAIT_H

/*
 * Operations of a flash, each waited for to its end, where a call may block
 * that long. Whatever the port says of a failure, it is PAWL_ERR_IO here.
 */

#include <pawl/port/flash.h>

/* The end of what program() or erase() answered. */
PAWL_MUST_USE
enum pawl_status pawl_flash_wait(const struct pawl_flash *flash,
                                 enum pawl_status status);

/* Makes durable what was done. poll() never speaks of sync(), so that one
 * which answers PAWL_PENDING has failed. */
PAWL_MUST_USE
enum pawl_status pawl_flash_sync(const struct pawl_flash *flash);

/* Erases the blocks that len bytes from off on lie in; off is a multiple of
 * erase_size. Durable after pawl_flash_sync(). */
PAWL_MUST_USE
enum pawl_status pawl_flash_erase(const struct pawl_flash *flash, uint32_t off,
                                  uint32_t len);

#endif
