/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/flash_wait.h"

#include <stddef.h>

enum pawl_status pawl_flash_wait(const struct pawl_flash *flash,
                                 enum pawl_status status)
{
    while (status == PAWL_PENDING) {
        status = flash->poll == NULL ? PAWL_ERR_IO : flash->poll(flash->ctx);
    }
    return status == PAWL_OK ? PAWL_OK : PAWL_ERR_IO;
}

enum pawl_status pawl_flash_sync(const struct pawl_flash *flash)
{
    return flash->sync == NULL || flash->sync(flash->ctx) == PAWL_OK
               ? PAWL_OK
               : PAWL_ERR_IO;
}

enum pawl_status pawl_flash_erase(const struct pawl_flash *flash, uint32_t off,
                                  uint32_t len)
{
    enum pawl_status status = PAWL_OK;

    for (uint32_t done = 0; status == PAWL_OK && done < len;
         done += flash->erase_size) {
        status = pawl_flash_wait(
            flash, flash->erase(flash->ctx, off + done, flash->erase_size));
    }
    return status;
}
