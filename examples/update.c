/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An update without any network of pawl's: envelope and image come from two
 * files here, as they might over BLE, USB or CAN. What a vendor writes are the
 * three functions on_manifest(), on_chunk() and on_done().
 *
 *     update DEVICE-DIR ENVELOPE IMAGE
 *
 * Afterwards the boot loader tries the image: boot_loader DEVICE-DIR.
 * Exit: 0 staged; 1 refused; 2 wrong command line or a file.
 */

#include <pawl/pawl.h>
#include <pawl/update.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>

static struct pawl_posix_device board;
static struct pawl_trust trust;
static struct pawl_update update;

/* The main loop's part: carries on with what is under way. */
static enum pawl_status finish_pending(enum pawl_status status)
{
    while (status == PAWL_PENDING) {
        struct pawl_wait wait;

        status = pawl_update_step(&update, &wait);
        if (status == PAWL_PENDING && wait.events == 0) {
            return PAWL_OK; /* it waits for bytes */
        }
    }
    return status;
}

/* Refused before anything was erased, or WRITING. */
static enum pawl_status on_manifest(struct pawl_bytes envelope)
{
    return finish_pending(pawl_update_start(&update, envelope));
}

/* The sender goes on at pawl_update_next_offset(), also after a reset. */
static enum pawl_status on_chunk(uint32_t offset, struct pawl_bytes bytes)
{
    return finish_pending(pawl_update_write(&update, offset, bytes));
}

/* All of it is there: verified from flash, then staged. */
static enum pawl_status on_done(void)
{
    enum pawl_status status = finish_pending(pawl_update_finish(&update));

    return status == PAWL_OK ? finish_pending(pawl_update_install(&update))
                             : status;
}

static enum pawl_status send_image(FILE *image)
{
    static uint8_t chunk[512];
    enum pawl_status status = PAWL_OK;
    struct pawl_update_want want;

    while (status == PAWL_OK && pawl_update_wanted(&update, &want) == PAWL_OK) {
        size_t len = sizeof chunk < want.length ? sizeof chunk : want.length;

        if (fseek(image, (long)want.offset, SEEK_SET) != 0 ||
            fread(chunk, 1, len, image) != len) {
            return PAWL_ERR_LIMIT; /* shorter than the manifest says */
        }
        status = on_chunk(want.offset, (struct pawl_bytes){chunk, len});
    }
    return status;
}

/* What an earlier update left behind is put away first. */
static enum pawl_status clean_up(void)
{
    struct pawl_update_info info;

    pawl_update_query(&update, &info);
    return info.state == PAWL_UPDATE_FAILED ||
                   info.state == PAWL_UPDATE_UPDATED ||
                   (info.state == PAWL_UPDATE_REJECTED && !info.reset_wanted)
               ? finish_pending(pawl_update_clean(&update))
               : PAWL_OK;
}

static enum pawl_status open_all(const char *dir)
{
    char error[PAWL_POSIX_ERROR_MAX];

    if (pawl_posix_device_open(&board, dir, PAWL_POSIX_WRITE, error) !=
        PAWL_OK) {
        (void)fprintf(stderr, "update: %s\n", error);
        exit(2);
    }
    const struct pawl_update_config config = {.port = &board.port,
                                              .trust = &trust};
    enum pawl_status status = pawl_init(&board.port);
    if (status == PAWL_OK) {
        status = pawl_trust_open(&trust, board.port.store);
    }
    if (status == PAWL_OK) {
        status = finish_pending(pawl_update_open(&update, &config));
    }
    return status == PAWL_OK ? clean_up() : status;
}

int main(int argc, char **argv)
{
    static uint8_t envelope[PAWL_ENVELOPE_MAX];
    FILE *first = argc == 4 ? fopen(argv[2], "rb") : NULL;
    FILE *image = argc == 4 ? fopen(argv[3], "rb") : NULL;

    if (first == NULL || image == NULL) {
        (void)fprintf(stderr, "usage: update DEVICE-DIR ENVELOPE IMAGE\n");
        return 2;
    }
    size_t len = fread(envelope, 1, sizeof envelope, first);
    enum pawl_status status = open_all(argv[1]);
    if (status == PAWL_OK) {
        status = on_manifest((struct pawl_bytes){envelope, len});
    }
    if (status == PAWL_OK) {
        status = send_image(image);
    }
    if (status == PAWL_OK) {
        status = on_done();
    }
    (void)fprintf(stderr, "update: %s: %s\n", pawl_status_text(status),
                  status == PAWL_OK
                      ? "staged, the next reset tries it"
                      : pawl_update_reason_name(pawl_update_reason(&update)));
    pawl_update_close(&update);
    pawl_posix_device_close(&board);
    (void)fclose(first);
    (void)fclose(image);
    return status == PAWL_OK ? 0 : 1;
}
