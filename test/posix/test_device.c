/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "scratch.h"

#include <dirent.h>
#include <pawl/pawl.h>
#include <signal.h>
#include <sys/resource.h>

static struct pawl_posix_device device;
static struct pawl_posix_config config;
static char error[PAWL_POSIX_ERROR_MAX];
static char dir[PAWL_POSIX_PATH_MAX];

static void given_config(void)
{
    scratch_begin();
    (void)snprintf(dir, sizeof dir, "%s", scratch_file("device"));
    pawl_posix_config_default(&config);
    (void)snprintf(config.serial, sizeof config.serial, "PUMP-0042");
    memset(config.vendor_id, 0x11, sizeof config.vendor_id);
    memset(config.class_id, 0x22, sizeof config.class_id);
    config.slot_size = 65536;
}

static void given_device(void)
{
    given_config();
    CHECK_EQ(pawl_posix_device_create(dir, &config, error), PAWL_OK);
    CHECK_EQ(error[0], '\0');
}

static enum pawl_status open_device(enum pawl_posix_mode mode)
{
    return pawl_posix_device_open(&device, dir, mode, error);
}

/* How many files are beside the device. */
static unsigned files_in(const char *path)
{
    unsigned count = 0;
    DIR *list = opendir(path);
    CHECK(list != NULL);
    for (struct dirent *entry = readdir(list); entry != NULL;
         entry = readdir(list)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(list);
    return count;
}

static const char *inside(const char *name)
{
    static char path[PAWL_POSIX_PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void a_new_device_opens_with_everything_in_its_port(void)
{
    given_device();
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_OK);
    const struct pawl_port *port = &device.port;
    CHECK(strcmp(port->product->serial, "PUMP-0042") == 0);
    CHECK_EQ(port->product->class_id[15], 0x22);
    CHECK_EQ(port->slot_count, 2);
    CHECK_EQ(port->slots[1].index, 1);
    CHECK_EQ(port->slots[1].component.len, 3);
    CHECK_EQ(port->slots[1].image->size, 65536);
    CHECK(port->slots[0].image != port->slots[1].image);
    CHECK(port->slots[0].manifest != port->slots[1].manifest);
    CHECK(port->journal != port->store->journal);
    CHECK(port->clock != NULL && port->entropy != NULL);
    CHECK(port->keystore != NULL && port->transport != NULL);
    CHECK(port->reset != NULL && port->counter != NULL);
    CHECK(port->lock != NULL && port->log != NULL && port->arena != NULL);
    CHECK_EQ(port->counter->max, 255);
    pawl_posix_device_close(&device);
    pawl_posix_device_close(&device); /* harmless */
}

static void what_exists_is_never_replaced(void)
{
    given_device();
    CHECK_EQ(pawl_posix_device_create(dir, &config, error), PAWL_ERR_STATE);
    CHECK(strstr(error, "exists already") != NULL);
    CHECK_EQ(files_in(scratch_path), 1);

    /* Taken while the draft was being filled, if only by an empty directory. */
    given_config();
    struct pawl_posix_draft draft;
    CHECK_EQ(pawl_posix_draft_create(&draft, dir, &config, error), PAWL_OK);
    CHECK_EQ(mkdir(dir, 0700), 0);
    CHECK_EQ(pawl_posix_draft_commit(&draft, error), PAWL_ERR_STATE);
    CHECK_EQ(files_in(scratch_path), 1);
    CHECK_EQ(files_in(dir), 0);
}

static void a_failed_creation_leaves_nothing(void)
{
    struct rlimit before, small;
    given_config();
    CHECK_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit < 65536; limit = limit * 8 + 16) {
        small.rlim_cur = limit;
        CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
        enum pawl_status status = pawl_posix_device_create(dir, &config, error);
        CHECK_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
        CHECK_EQ(status, PAWL_ERR_IO);
        CHECK(error[0] != '\0' && strchr(error, '\n') == NULL);
        CHECK_EQ(files_in(scratch_path), 0);
    }
}

static void a_place_that_cannot_be_written_is_named(void)
{
    given_config();
    (void)snprintf(dir, sizeof dir, "%s", scratch_file("none/device"));
    CHECK_EQ(pawl_posix_device_create(dir, &config, error), PAWL_ERR_IO);
    CHECK(strstr(error, "none/device") != NULL);
    (void)snprintf(config.serial, sizeof config.serial, "a b");
    CHECK_EQ(pawl_posix_device_create(dir, &config, error), PAWL_ERR_MALFORMED);
}

static void a_draft_is_filled_before_it_becomes_a_device(void)
{
    struct pawl_posix_draft draft;
    given_config();
    CHECK_EQ(pawl_posix_draft_create(&draft, dir, &config, error), PAWL_OK);
    CHECK(!scratch_has("device"));
    CHECK_EQ(
        pawl_posix_device_open(&device, draft.path, PAWL_POSIX_WRITE, error),
        PAWL_OK);
    CHECK_EQ(device.port.counter->advance(device.port.counter->ctx, 9),
             PAWL_OK);
    pawl_posix_device_close(&device);
    CHECK_EQ(pawl_posix_draft_commit(&draft, error), PAWL_OK);
    CHECK_EQ(files_in(scratch_path), 1);

    uint32_t value = 0;
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_OK);
    CHECK_EQ(device.port.counter->read(device.port.counter->ctx, &value),
             PAWL_OK);
    CHECK_EQ(value, 9);
    pawl_posix_device_close(&device);
    pawl_posix_draft_discard(&draft); /* too late: harmless */
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_OK);
    pawl_posix_device_close(&device);
}

static void a_discarded_draft_leaves_nothing(void)
{
    struct pawl_posix_draft draft;
    given_config();
    CHECK_EQ(pawl_posix_draft_create(&draft, dir, &config, error), PAWL_OK);
    pawl_posix_draft_discard(&draft);
    CHECK_EQ(files_in(scratch_path), 0);
}

static void one_writer_at_a_time_and_readers_beside_it(void)
{
    static struct pawl_posix_device second;
    given_device();
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_OK);
    CHECK_EQ(pawl_posix_device_open(&second, dir, PAWL_POSIX_WRITE, error),
             PAWL_ERR_BUSY);
    CHECK(strstr(error, "another process") != NULL);
    CHECK_EQ(pawl_posix_device_open(&second, dir, PAWL_POSIX_READ_ONLY, error),
             PAWL_OK);
    CHECK_EQ(second.port.counter->advance(second.port.counter->ctx, 1),
             PAWL_ERR_IO);
    CHECK_EQ(second.port.journal->erase(second.port.journal->ctx, 0, 4096),
             PAWL_ERR_IO);
    pawl_posix_device_close(&second);
    pawl_posix_device_close(&device);
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_OK);
    pawl_posix_device_close(&device);
}

static void what_is_no_device_is_named(void)
{
    given_config();
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_ERR_NOT_FOUND);
    CHECK(strstr(error, dir) != NULL);
    CHECK_EQ(mkdir(dir, 0700), 0);
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_ERR_NOT_FOUND);
    CHECK(strstr(error, "device.conf") != NULL);
    scratch_write("device/device.conf", "pawl_device = 1\nx = 1\n");
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_ERR_MALFORMED);
    CHECK(strstr(error, "device.conf:2: x: unknown key") != NULL);
}

static void damaged_directories_are_refused(void)
{
    static const char *const files[] = {"slot-a.image",     "slot-b.manifest",
                                        "journal",          "identity.objects",
                                        "identity.journal", "sealing.key"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        given_device();
        CHECK_EQ(truncate(inside(files[i]), 5), 0);
        CHECK(open_device(PAWL_POSIX_WRITE) < 0);
        CHECK(error[0] != '\0');
        CHECK_EQ(unlink(inside(files[i])), 0);
        CHECK(open_device(PAWL_POSIX_WRITE) < 0);
    }
}

static void a_sealing_key_that_others_may_read_is_refused(void)
{
    given_device();
    CHECK_EQ(chmod(inside("sealing.key"), 0640), 0);
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_ERR_KEYSTORE);
    CHECK(strstr(error, "0600") != NULL);
}

static enum pawl_status generate(void)
{
    const struct pawl_keystore *store = device.port.keystore;
    enum pawl_status status = pawl_init(&device.port);
    CHECK_EQ(status, PAWL_OK);
    status = store->generate(store->ctx, PAWL_KEY_IDEVID);
    pawl_finish();
    return status;
}

static void keys_survive_and_are_kept_from_others(void)
{
    uint8_t before[PAWL_P256_POINT_SIZE], after[PAWL_P256_POINT_SIZE];
    const struct pawl_keystore *store;
    struct stat facts;
    given_device();
    CHECK_EQ(open_device(PAWL_POSIX_WRITE), PAWL_OK);
    CHECK_EQ(generate(), PAWL_OK);
    store = device.port.keystore;
    CHECK_EQ(store->public_key(store->ctx, PAWL_KEY_IDEVID, before), PAWL_OK);
    CHECK(!store->attributes.hardware);
    pawl_posix_device_close(&device);
    CHECK_EQ(stat(inside("keys"), &facts), 0);
    CHECK_EQ(facts.st_mode & 0777, 0600);

    CHECK_EQ(open_device(PAWL_POSIX_READ_ONLY), PAWL_OK);
    CHECK_EQ(store->public_key(store->ctx, PAWL_KEY_IDEVID, after), PAWL_OK);
    CHECK_MEM(after, before, sizeof before);
    CHECK(generate() < 0); /* opened for inspection */
    pawl_posix_device_close(&device);
}

static const struct check_test tests[] = {
    CHECK_TEST(a_new_device_opens_with_everything_in_its_port),
    CHECK_TEST(what_exists_is_never_replaced),
    CHECK_TEST(a_failed_creation_leaves_nothing),
    CHECK_TEST(a_place_that_cannot_be_written_is_named),
    CHECK_TEST(a_draft_is_filled_before_it_becomes_a_device),
    CHECK_TEST(a_discarded_draft_leaves_nothing),
    CHECK_TEST(one_writer_at_a_time_and_readers_beside_it),
    CHECK_TEST(what_is_no_device_is_named),
    CHECK_TEST(damaged_directories_are_refused),
    CHECK_TEST(a_sealing_key_that_others_may_read_is_refused),
    CHECK_TEST(keys_survive_and_are_kept_from_others),
};
CHECK_MAIN(tests)
