/* SPDX-License-Identifier: Apache-2.0 */

/* An application without any network of pawl's: updates are pushed in, over
 * BLE, USB or CAN. It needs neither entropy nor a key store nor a transport. */

#include "board.h"

#include <pawl/trust.h>
#include <pawl/update.h>

static struct pawl_trust trust;
static struct pawl_update update;

/* What the sender may say. */
enum message {
    MESSAGE_NONE,
    MESSAGE_MANIFEST, /* the envelope */
    MESSAGE_CHUNK,    /* bytes of the image at offset */
    MESSAGE_DONE,
    MESSAGE_HEALTHY /* the new image has proved itself */
};

/* PAWL_PORT_TODO: the next message, if one has arrived. */
static enum message receive(uint32_t *offset, struct pawl_bytes *bytes)
{
    *offset = 0;
    *bytes = PAWL_NO_BYTES;
    return MESSAGE_NONE;
}

/* PAWL_PORT_TODO: the answer; next is where the sender goes on. */
static void answer(enum pawl_status status, uint32_t next)
{
    (void)status;
    (void)next;
}

static enum pawl_status handle(enum message message, uint32_t offset,
                               struct pawl_bytes bytes)
{
    switch (message) {
    case MESSAGE_MANIFEST: /* refused before anything was erased */
        return pawl_update_start(&update, bytes);
    case MESSAGE_CHUNK:
        return pawl_update_write(&update, offset, bytes);
    case MESSAGE_DONE: /* verified from flash, then ready to install */
        return pawl_update_finish(&update);
    case MESSAGE_HEALTHY:
        return pawl_update_accept(&update);
    case MESSAGE_NONE:
        break;
    }
    return PAWL_OK;
}

/* Installs what is complete, clears away what is over, resets when it is due.
 */
static enum pawl_status go_on(void)
{
    struct pawl_update_info info;

    pawl_update_query(&update, &info);
    if (info.reset_wanted) {
        board_reset.reboot(board_reset.ctx);
    }
    switch (info.state) {
    case PAWL_UPDATE_CANDIDATE:
        return pawl_update_install(&update);
    case PAWL_UPDATE_FAILED:
    case PAWL_UPDATE_REJECTED: /* before it ran, else a reset is wanted */
    case PAWL_UPDATE_UPDATED:
        return pawl_update_clean(&update);
    case PAWL_UPDATE_READY:
    case PAWL_UPDATE_WRITING:
    case PAWL_UPDATE_STAGED:
    case PAWL_UPDATE_TRIAL:
        break;
    }
    return PAWL_OK;
}

int main(void)
{
    const struct pawl_update_config config = {.port = &board_port,
                                              .trust = &trust};
    enum pawl_status status = pawl_trust_open(&trust, &board_store);

    if (status == PAWL_OK) {
        status = pawl_update_open(&update, &config);
    }
    while (status >= 0) {
        struct pawl_wait wait = {0};
        struct pawl_bytes bytes;
        uint32_t offset = 0;
        enum message message = receive(&offset, &bytes);

        if (message != MESSAGE_NONE) {
            answer(handle(message, offset, bytes),
                   pawl_update_next_offset(&update));
        }
        status = pawl_update_step(&update, &wait);
        if (status == PAWL_OK) {
            status = go_on();
        }
        board_sleep_until(&wait);
    }
    return -(int)status; /* PAWL_PORT_TODO: a reset, or a lamp */
}
