/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "fake/fake_crypto.h"
#include "fake/fake_device.h"
#include "fake/fake_record.h"

#include <string.h>

#define BIG (36u * FAKE_SECTOR) /* an image with two checkpoints */

static struct fake_device device;
static struct fake_release v1, small, big;

static void given_device(void)
{
    CHECK_EQ(fake_crypto_start(), PAWL_OK);
    fake_release_make(&v1, &(struct fake_release_plan){
                               .sequence = 1, .seed = 1, .size = 3000});
    fake_release_make(&small, &(struct fake_release_plan){
                                  .sequence = 2, .seed = 2, .size = 6001});
    fake_release_make(&big, &(struct fake_release_plan){
                                .sequence = 3, .seed = 3, .size = BIG - 5});
    fake_device_open(&device);
    fake_device_provision(&device, 0, &v1);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
}

/* small is being written, and nothing was given yet. */
static void given_writing(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &small, 0), PAWL_PENDING);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_WRITING);
}

static enum pawl_status give(uint32_t off, size_t len)
{
    uint8_t bytes[4096];
    fake_release_bytes(&small, off, bytes, len);
    return pawl_update_write(&device.update, off,
                             (struct pawl_bytes){bytes, len});
}

static enum pawl_status settled(enum pawl_status status)
{
    return status == PAWL_PENDING ? fake_device_settle(&device) : status;
}

static void it_says_which_bytes_it_wants(void)
{
    struct pawl_update_want want;
    static const char uri[] = "https://fw.example.com/image.bin";
    given_writing();
    CHECK_EQ(pawl_update_wanted(&device.update, &want), PAWL_OK);
    CHECK_EQ(want.component, 0);
    CHECK_EQ(want.offset, 0);
    CHECK_EQ(want.length, 6001);
    CHECK_EQ(want.uri.len, sizeof(uri) - 1);
    CHECK_MEM(want.uri.data, uri, sizeof(uri) - 1);
}

static void every_step_is_one_operation_at_most(void)
{
    struct pawl_wait wait;
    given_writing();
    for (uint32_t at = 0; at < 6001;) {
        uint32_t before = fake_device_operations(&device);
        uint32_t n = 6001 - at < 1500 ? 6001 - at : 1500;
        CHECK(give(at, n) >= 0);
        CHECK(fake_device_operations(&device) <= before + 1);
        before = fake_device_operations(&device);
        CHECK_EQ(pawl_update_step(&device.update, &wait), PAWL_PENDING);
        CHECK(fake_device_operations(&device) <= before + 1);
        at = pawl_update_next_offset(&device.update);
        if (pawl_update_finish(&device.update) == PAWL_PENDING) {
            break;
        }
    }
    enum pawl_status status = PAWL_PENDING;
    while (status == PAWL_PENDING) {
        uint32_t before = fake_device_operations(&device);
        status = pawl_update_step(&device.update, &wait);
        CHECK(fake_device_operations(&device) <= before + 1);
    }
    CHECK_EQ(status, PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
}

static void no_sector_is_erased_or_programmed_twice(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &big, UINT32_MAX), PAWL_OK);
    for (unsigned i = 0; i < BIG / FAKE_SECTOR; i++) {
        CHECK_EQ(device.image[1].erases[i], 1);
        CHECK_EQ(device.image[1].programs[i], FAKE_SECTOR / PAWL_PROGRAM_MAX);
    }
    CHECK_EQ(device.image[1].erases[BIG / FAKE_SECTOR], 0);
    CHECK_EQ(fake_device_breaches(&device), 0);
}

static void a_download_goes_on_after_a_reset(void)
{
    struct pawl_record record;
    given_device();
    CHECK_EQ(fake_device_download(&device, &big, 100000), PAWL_PENDING);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_CHECKPOINT], 1);
    CHECK_EQ(fake_device_info(&device).durable, 65536);
    CHECK(record_in_journal(&device, &record));
    CHECK_EQ(record.extension_len, 40);

    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_WRITING);
    CHECK_EQ(fake_device_download(&device, &big, 0), PAWL_PENDING);
    CHECK_EQ(device.events[PAWL_UPDATE_EVENT_RESUMED], 1);
    CHECK_EQ(pawl_update_next_offset(&device.update), 65536);
    CHECK_EQ(settled(pawl_update_cancel(&device.update)), PAWL_OK);
}

/* A connection broke, the device did not: the envelope comes a second time. */
static void a_download_goes_on_without_a_reset(void)
{
    struct pawl_update_want want;
    given_writing();
    CHECK_EQ(settled(give(0, 512)), PAWL_OK);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&small)),
             PAWL_PENDING);
    CHECK_EQ(pawl_update_wanted(&device.update, &want), PAWL_OK);
    CHECK_EQ(want.offset, 512);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&big)),
             PAWL_ERR_STATE);
    CHECK_EQ(fake_device_download(&device, &small, UINT32_MAX), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
    CHECK_EQ(device.image[1].erases[0], 1);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&small)),
             PAWL_ERR_STATE);
}

/* Of another image, component or slot, or at an offset of no writer. */
static void a_checkpoint_of_something_else_counts_for_nothing(void)
{
    static const struct {
        size_t at;
        uint8_t flip;
    } cases[] = {{0, 1}, {1, 1}, {2, 1}, {4, 0x80}, {7, 1}, {8, 1}, {39, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pawl_record record;
        given_device();
        CHECK_EQ(fake_device_download(&device, &big, 100000), PAWL_PENDING);
        CHECK(record_in_journal(&device, &record));
        record.extension[cases[i].at] ^= cases[i].flip;
        CHECK(record_put(&device, &record));
        CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
        CHECK_EQ(fake_device_download(&device, &big, 0), PAWL_PENDING);
        CHECK_EQ(pawl_update_next_offset(&device.update), 0);
    }
}

/* What WRITING says of the target follows from the manifest, also after a
 * reset: the journal may hold what no engine of this device has written. */
static void a_record_does_not_say_where_a_manifest_is_written(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct pawl_record record;
        given_device();
        uint32_t erases = device.area[0].erases[0];
        CHECK_EQ(fake_device_download(&device, &big, 100000), PAWL_PENDING);
        CHECK(record_in_journal(&device, &record));
        record.target.manifest_slot = i == 0 ? 0 : 1;
        record.target.set = i == 1 ? 0 : 1;
        record.target_counter = i == 2 ? 99 : 0;
        CHECK(record_put(&device, &record));
        CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
        CHECK_EQ(fake_device_download(&device, &big, UINT32_MAX), PAWL_OK);
        CHECK_EQ(device.area[0].erases[0], erases);
        CHECK(record_in_journal(&device, &record));
        CHECK_EQ(record.state, PAWL_UPDATE_CANDIDATE);
        CHECK_EQ(record.target.manifest_slot, 1);
        CHECK_EQ(record.target.set, 1);
        CHECK_EQ(record.target_counter, 0);
    }
}

static void a_resumed_download_erases_what_lies_beyond(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &big, 100000), PAWL_PENDING);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(fake_device_download(&device, &big, UINT32_MAX), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
    for (unsigned i = 0; i < BIG / FAKE_SECTOR; i++) {
        unsigned erases = i < 16 || i > 26 ? 1 : 2;
        CHECK_EQ(device.image[1].erases[i], erases);
    }
    CHECK_EQ(fake_device_breaches(&device), 0);
}

static void another_manifest_does_not_go_on_with_it(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &big, 100000), PAWL_PENDING);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    CHECK_EQ(pawl_update_start(&device.update, fake_release_envelope(&small)),
             PAWL_ERR_STATE);
    CHECK_EQ(pawl_update_reason(&device.update), PAWL_UPDATE_REASON_BUSY);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_WRITING);
}

/* What lies below the checkpoint is hashed in the end, like all of it. */
static void damage_below_the_checkpoint_is_found(void)
{
    given_device();
    CHECK_EQ(fake_device_download(&device, &big, 100000), PAWL_PENDING);
    CHECK_EQ(fake_device_start_engine(&device), PAWL_OK);
    fake_flash_flip(&device.image[1], 1000, 1);
    CHECK_EQ(fake_device_download(&device, &big, UINT32_MAX), PAWL_ERR_DIGEST);
    CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
    CHECK_EQ(fake_device_download(&device, &big, 0), PAWL_PENDING);
    CHECK_EQ(pawl_update_next_offset(&device.update), 0);
}

static void slow_flash_is_asked_until_it_is_done(void)
{
    uint8_t got[6001], want[6001];
    given_device();
    device.image[1].pending = 3;
    device.area[1].pending = 2;
    device.journal.pending = 1;
    CHECK_EQ(fake_device_download(&device, &small, UINT32_MAX), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
    fake_release_bytes(&small, 0, want, sizeof(want));
    CHECK_EQ(device.image[1].port.read(device.image[1].port.ctx, 0, got,
                                       sizeof(got)),
             PAWL_OK);
    CHECK_MEM(got, want, sizeof(want));
    CHECK_EQ(fake_device_breaches(&device), 0);
}

static enum pawl_status pending_read(void *ctx, uint32_t off, void *buf,
                                     size_t len)
{
    (void)ctx;
    (void)off;
    memset(buf, 0, len);
    return PAWL_PENDING;
}

static enum pawl_status pending_sync(void *ctx)
{
    (void)ctx;
    return PAWL_PENDING;
}

/* Only program() and erase() may be under way; reads and sync() may not. */
static void flash_that_is_slow_where_it_must_not_be_is_named(void)
{
    for (size_t i = 0; i < 4; i++) {
        given_device();
        struct fake_flash *flash =
            i % 2 == 0 ? &device.image[1] : &device.area[1];
        if (i < 2) {
            flash->port.read = pending_read;
        } else {
            flash->port.sync = pending_sync;
        }
        CHECK_EQ(fake_device_download(&device, &small, UINT32_MAX),
                 PAWL_ERR_IO);
        struct pawl_update_info info = fake_device_info(&device);
        CHECK_EQ(info.state, PAWL_UPDATE_FAILED);
        CHECK_EQ(info.reason, PAWL_UPDATE_REASON_FLASH);
        CHECK_EQ(info.status, PAWL_ERR_IO);
    }
}

static int32_t flash_code(void *ctx)
{
    (void)ctx;
    return -4711;
}

static enum pawl_status unread(void *ctx, uint32_t off, void *buf, size_t len)
{
    (void)ctx;
    (void)off;
    memset(buf, 0, len);
    return PAWL_ERR_IO;
}

/* What the flash itself said is told, and nothing where it said nothing. */
static void the_code_of_the_flash_is_told(void)
{
    for (size_t i = 0; i < 4; i++) {
        given_device();
        struct fake_flash *flash =
            i % 2 == 0 ? &device.image[1] : &device.area[1];
        flash->port.last_error = flash_code;
        if (i < 2) {
            fake_flash_misbehave(flash, FAKE_REFUSE_PROGRAM, 0);
        } else {
            flash->port.read = unread;
        }
        CHECK_EQ(fake_device_download(&device, &small, UINT32_MAX),
                 PAWL_ERR_IO);
        CHECK_EQ(fake_device_info(&device).reason, PAWL_UPDATE_REASON_FLASH);
        CHECK_EQ(fake_device_info(&device).port_code, -4711);
        CHECK_EQ(fake_device_info(&device).manifest.port_code,
                 i % 2 == 0 ? -4711 : 0);

        CHECK_EQ(settled(pawl_update_clean(&device.update)), PAWL_OK);
        fake_flash_misbehave(flash, FAKE_HONEST, 0);
        flash->port.last_error = NULL;
        flash->port.read = device.image[0].port.read;
        CHECK_EQ(fake_device_download(&device, &small, UINT32_MAX), PAWL_OK);
        CHECK_EQ(fake_device_info(&device).port_code, 0);
    }
    given_device();
    device.image[0].port.last_error = flash_code;
    device.image[0].port.read = unread; /* of the slot that runs: unread */
    device.image[1].port.last_error = flash_code;
    CHECK_EQ(fake_device_download(&device, &small, UINT32_MAX), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).port_code, 0);
}

/* Integrated payloads are not signed: anybody can empty one. What its URI
 * begins with, "#", says that it is nowhere else to be had. */
static void an_integrated_image_that_was_emptied_is_not_asked_for(void)
{
    struct fake_release release;
    given_device();
    fake_release_make(
        &release,
        &(struct fake_release_plan){
            .sequence = 2, .seed = 9, .size = 3001, .integrated = true});
    release.envelope_len -= 3001 + 2;
    release.envelope[release.envelope_len - 1] = 0x40;
    CHECK_EQ(fake_device_download(&device, &release, 0), PAWL_ERR_CONDITION);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_READY);
}

static void an_integrated_image_needs_no_bytes(void)
{
    struct fake_release release;
    given_device();
    fake_release_make(
        &release,
        &(struct fake_release_plan){
            .sequence = 2, .seed = 9, .size = 3001, .integrated = true});
    CHECK(release.envelope_len <= PAWL_ENVELOPE_MAX);
    CHECK_EQ(fake_device_download(&device, &release, UINT32_MAX), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_CANDIDATE);
}

static void cancel_waits_for_the_flash(void)
{
    given_writing();
    device.image[1].pending = 5;
    CHECK_EQ(give(0, 600), PAWL_PENDING);
    CHECK_EQ(pawl_update_step(&device.update, NULL), PAWL_PENDING);
    CHECK_EQ(pawl_update_cancel(&device.update), PAWL_PENDING);
    CHECK_EQ(give(pawl_update_next_offset(&device.update), 10), PAWL_ERR_STATE);
    CHECK_EQ(fake_device_settle(&device), PAWL_OK);
    CHECK_EQ(fake_device_info(&device).state, PAWL_UPDATE_FAILED);
}

static const struct check_test tests[] = {
    CHECK_TEST(it_says_which_bytes_it_wants),
    CHECK_TEST(every_step_is_one_operation_at_most),
    CHECK_TEST(no_sector_is_erased_or_programmed_twice),
    CHECK_TEST(a_download_goes_on_after_a_reset),
    CHECK_TEST(a_download_goes_on_without_a_reset),
    CHECK_TEST(a_checkpoint_of_something_else_counts_for_nothing),
    CHECK_TEST(a_record_does_not_say_where_a_manifest_is_written),
    CHECK_TEST(a_resumed_download_erases_what_lies_beyond),
    CHECK_TEST(another_manifest_does_not_go_on_with_it),
    CHECK_TEST(damage_below_the_checkpoint_is_found),
    CHECK_TEST(slow_flash_is_asked_until_it_is_done),
    CHECK_TEST(flash_that_is_slow_where_it_must_not_be_is_named),
    CHECK_TEST(the_code_of_the_flash_is_told),
    CHECK_TEST(an_integrated_image_that_was_emptied_is_not_asked_for),
    CHECK_TEST(an_integrated_image_needs_no_bytes),
    CHECK_TEST(cancel_waits_for_the_flash),
};
CHECK_MAIN(tests)
