/* SPDX-License-Identifier: Apache-2.0 */

/* The image that is run here is this program itself: see act(). */
#define _GNU_SOURCE 1
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

static struct pawl_posix_device device;
static struct pawl_posix_images images;
static struct pawl_posix_run run;
static char error[PAWL_POSIX_ERROR_MAX];
static char dir[PAWL_POSIX_PATH_MAX];

static void nap_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000,
                                   .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* ---- the image ---- */

static void image_path(char *path, size_t cap, const char *place,
                       const char *name)
{
    (void)snprintf(path, cap, "%s/%s", place, name);
}

/* Locks DIR/alive for as long as it lives. */
static int stay(const char *place)
{
    char path[PAWL_POSIX_PATH_MAX + 16];
    image_path(path, sizeof path, place, "alive");
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0 || write(fd, "x", 1) != 1) {
        return 98;
    }
    nap_ms(60000);
    return 99;
}

/* Writes what it was started with to DIR/seen. */
static int tell(const char *name, const char *place)
{
    char path[PAWL_POSIX_PATH_MAX + 16];
    image_path(path, sizeof path, place, "seen");
    FILE *file = fopen(path, "w");
    const char *cause = getenv(PAWL_POSIX_CAUSE_VARIABLE);
    const char *measurement = getenv(PAWL_POSIX_MEASUREMENT_VARIABLE);
    pawl_slot_set running = 0;
    bool known = pawl_posix_running(&running);
    if (file == NULL || !known ||
        (running == 1) != (strchr(name, 'b') != NULL)) {
        return 98;
    }
    (void)fprintf(file, "%s %s %s", name, cause != NULL ? cause : "none",
                  measurement != NULL ? measurement : "none");
    (void)fclose(file);
    return 0;
}

/* Does what DIR/order says. */
static int act(const char *name, const char *place)
{
    char path[PAWL_POSIX_PATH_MAX + 16], order[16] = "";
    image_path(path, sizeof path, place, "order");
    FILE *file = fopen(path, "r");
    int number = 0;
    if (file == NULL || fscanf(file, "%15s %d", order, &number) < 1) {
        return 97;
    }
    (void)fclose(file);
    if (strcmp(order, "signal") == 0) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    if (strcmp(order, "stay") == 0) {
        return stay(place);
    }
    return strcmp(order, "tell") == 0 ? tell(name, place) : number;
}

/* ---- the loader ---- */

/* Puts this program into slot A, from the start of the flash. */
static void install(int program_fd)
{
    static uint8_t block[4096];
    const struct pawl_flash *flash = device.port.slots[0].image;
    uint32_t off = 0;
    ssize_t got = read(program_fd, block, sizeof block);
    while (got > 0) {
        memset(block + got, 0xFF, sizeof block - (size_t)got);
        CHECK_EQ(flash->program(flash->ctx, off, block, sizeof block), PAWL_OK);
        off += (uint32_t)got;
        got = read(program_fd, block, sizeof block);
    }
}

/* A device with this program in slot A; slot B is blank. */
static void given_images(void)
{
    static struct pawl_posix_config config;
    struct stat facts;
    pawl_posix_images_close(&images);
    scratch_begin();
    (void)snprintf(dir, sizeof dir, "%s", scratch_file("device"));
    int program_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CHECK(program_fd >= 0);
    CHECK_EQ(fstat(program_fd, &facts), 0);
    pawl_posix_config_default(&config);
    (void)snprintf(config.serial, sizeof config.serial, "PUMP-0042");
    config.slot_size = ((uint32_t)facts.st_size / 4096 + 1) * 4096;
    CHECK_EQ(pawl_posix_device_create(dir, &config, error), PAWL_OK);
    CHECK_EQ(pawl_posix_device_open_boot(&device, dir, PAWL_POSIX_WRITE, error),
             PAWL_OK);
    install(program_fd);
    (void)close(program_fd);
    CHECK_EQ(pawl_posix_images_open(&images, &device, error), PAWL_OK);
    pawl_posix_device_close(&device);
}

static void run_with(const char *order, enum pawl_reset_cause cause)
{
    scratch_write("device/order", order);
    CHECK_EQ(pawl_posix_images_run(&images, 0, dir, cause, &run, error),
             PAWL_OK);
}

static void each_end_has_its_next_cause(void)
{
    static const struct {
        const char *order;
        bool again;
        enum pawl_reset_cause cause;
        int exit_code;
    } rows[] = {
        {"exit 0", false, PAWL_RESET_POWER_ON, 0},
        {"exit 64", true, PAWL_RESET_SOFTWARE, 1},
        {"exit 1", true, PAWL_RESET_FAULT, 1},
        {"exit 137", true, PAWL_RESET_FAULT, 1},
        {"signal 14", true, PAWL_RESET_WATCHDOG, 1}, /* SIGALRM */
        {"signal 11", true, PAWL_RESET_FAULT, 1},    /* SIGSEGV */
        {"signal 6", true, PAWL_RESET_FAULT, 1},     /* SIGABRT */
        {"signal 15", true, PAWL_RESET_FAULT, 1},    /* SIGTERM */
        {"signal 9", false, PAWL_RESET_POWER_ON, 137},
    };
    given_images();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run_with(rows[i].order, PAWL_RESET_POWER_ON);
        CHECK_EQ(run.again, rows[i].again);
        CHECK_EQ(run.cause, rows[i].cause);
        CHECK_EQ(run.exit_code, rows[i].exit_code);
        CHECK(strcmp(run.text, rows[i].order) == 0);
    }
}

static void the_image_is_told_cause_place_and_measurement(void)
{
    static const char digits[] =
        "0101010101010101010101010101010101010101010101010101010101010101:"
        "efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef";
    struct pawl_boot_measurement measurement = {0};
    char seen[256] = "", expected[256];
    memset(measurement.manifest_digest, 0x01, 32);
    memset(measurement.image_digest, 0xEF, 32);
    given_images();
    pawl_posix_hand_over(&measurement);
    run_with("tell", PAWL_RESET_WATCHDOG);
    CHECK_EQ(run.exit_code, 0);
    FILE *file = fopen(scratch_file("device/seen"), "r");
    CHECK(file != NULL);
    CHECK(fgets(seen, sizeof seen, file) != NULL);
    (void)fclose(file);
    (void)snprintf(expected, sizeof expected, "pawl-slot-a watchdog %s",
                   digits);
    CHECK(strcmp(seen, expected) == 0);
}

/* The environment that the loader was started with has no say in it. */
static void the_image_is_told_which_trust_the_loader_has(void)
{
    const struct pawl_boot_measurement measurement = {0};
    uint64_t version = 9;

    CHECK_EQ(setenv(PAWL_POSIX_TRUST_VARIABLE, "7", 1), 0);
    pawl_posix_hand_over(&measurement);
    CHECK(pawl_posix_loader_trust() == NULL);

    pawl_posix_hand_over_trust(UINT64_MAX);
    const struct pawl_loader_trust *told = pawl_posix_loader_trust();
    CHECK(told != NULL);
    CHECK_EQ(told->version(told->ctx, &version), PAWL_OK);
    CHECK(version == UINT64_MAX);
    static const char *const wrong[] = {"", "x", "-1", "1x",
                                        "18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQ(setenv(PAWL_POSIX_TRUST_VARIABLE, wrong[i], 1), 0);
        CHECK(told->version(told->ctx, &version) < 0);
    }
    CHECK_EQ(unsetenv(PAWL_POSIX_TRUST_VARIABLE), 0);
    CHECK(told->version(told->ctx, &version) < 0);
}

/* Blank at first; then what was written there, and the factory's document. */
static void a_loaders_own_store_is_a_directory(void)
{
    static struct pawl_posix_loader_store own;
    static const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t read[8] = {0};
    char place[PAWL_POSIX_PATH_MAX];

    given_images();
    (void)snprintf(place, sizeof place, "%s", scratch_file("own"));
    CHECK_EQ(pawl_posix_loader_store_open(&own, place, &device.config, error),
             PAWL_ERR_NOT_FOUND);
    CHECK(strstr(error, "factory.cbor") != NULL);
    CHECK_EQ(mkdir(place, 0700), 0);
    CHECK_EQ(pawl_posix_loader_store_open(&own, place, &device.config, error),
             PAWL_OK);
    CHECK_EQ(own.factory.len, 0);
    const struct pawl_flash *journal = own.store.journal;
    CHECK_EQ(journal->program(journal->ctx, 0, bytes, sizeof bytes), PAWL_OK);
    CHECK_EQ(own.store.objects->size, device.config.objects_size);
    pawl_posix_loader_store_close(&own);
    pawl_posix_loader_store_close(&own);

    FILE *file = fopen(scratch_file("own/factory.cbor"), "w");
    CHECK(file != NULL && fputs("first", file) >= 0 && fclose(file) == 0);
    CHECK_EQ(pawl_posix_loader_store_open(&own, place, &device.config, error),
             PAWL_OK);
    CHECK_EQ(own.factory.len, 5);
    CHECK_MEM(own.factory.data, "first", 5);
    CHECK_EQ(own.store.journal->read(own.store.journal->ctx, 0, read, 8),
             PAWL_OK);
    CHECK_MEM(read, bytes, 8);
    pawl_posix_loader_store_close(&own);

    CHECK_EQ(truncate(scratch_file("own/identity.journal"), 1), 0);
    CHECK_EQ(pawl_posix_loader_store_open(&own, place, &device.config, error),
             PAWL_ERR_CORRUPT);
}

static void what_runs_is_the_copy_and_nobody_can_change_it(void)
{
    given_images();
    CHECK_EQ(truncate(scratch_file("device/slot-a.image"), 0), 0);
    run_with("exit 64", PAWL_RESET_POWER_ON);
    CHECK_EQ(run.cause, PAWL_RESET_SOFTWARE);

    int fd = images.regions[0].fd;
    CHECK(pwrite(fd, "x", 1, 0) < 0);
    CHECK_EQ(errno, EPERM);
    CHECK(ftruncate(fd, 1) < 0);
    const struct pawl_flash *copy = images.slots[0].image;
    CHECK(copy->erase(copy->ctx, 0, 4096) < 0);
}

static void a_blank_slot_is_a_fault(void)
{
    given_images();
    scratch_write("device/order", "exit 0");
    CHECK_EQ(pawl_posix_images_run(&images, 1, dir, PAWL_RESET_POWER_ON, &run,
                                   error),
             PAWL_OK);
    CHECK(run.again);
    CHECK_EQ(run.cause, PAWL_RESET_FAULT);
}

/* Whether DIR/alive is locked, by an image that lives. */
static bool alive(void)
{
    int fd = open(scratch_file("device/alive"), O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    struct stat facts;
    bool begun = fstat(fd, &facts) == 0 && facts.st_size > 0;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
    (void)close(fd);
    return begun && locked;
}

static bool alive_becomes(bool wanted)
{
    for (int i = 0; i < 1000; i++) {
        if (alive() == wanted) {
            return true;
        }
        nap_ms(10);
    }
    return false;
}

static void the_image_dies_with_the_loader(void)
{
    given_images();
    scratch_write("device/order", "stay");
    pid_t loader = fork();
    if (loader == 0) {
        enum pawl_status status = pawl_posix_images_run(
            &images, 0, dir, PAWL_RESET_POWER_ON, &run, error);
        _exit(status == PAWL_OK ? 0 : 1);
    }
    CHECK(loader > 0);
    CHECK(alive_becomes(true));
    CHECK_EQ(kill(loader, SIGKILL), 0);
    CHECK_EQ(waitpid(loader, NULL, 0), loader);
    CHECK(alive_becomes(false));
}

static void one_loader_at_a_time(void)
{
    given_images();
    CHECK_EQ(pawl_posix_loader_start(dir, error), PAWL_OK);
    CHECK_EQ(pawl_posix_loader_start(dir, error), PAWL_ERR_BUSY);
    CHECK(strstr(error, "another boot loader") != NULL);
    CHECK_EQ(pawl_posix_loader_start(scratch_file("none"), error),
             PAWL_ERR_NOT_FOUND);
}

static const struct check_test tests[] = {
    CHECK_TEST(each_end_has_its_next_cause),
    CHECK_TEST(the_image_is_told_cause_place_and_measurement),
    CHECK_TEST(the_image_is_told_which_trust_the_loader_has),
    CHECK_TEST(a_loaders_own_store_is_a_directory),
    CHECK_TEST(what_runs_is_the_copy_and_nobody_can_change_it),
    CHECK_TEST(a_blank_slot_is_a_fault),
    CHECK_TEST(the_image_dies_with_the_loader),
    CHECK_TEST(one_loader_at_a_time),
};

int main(int count, char **words)
{
    if (count == 2 && strncmp(words[0], "pawl-slot-", 10) == 0) {
        return act(words[0], words[1]);
    }
    return check_run(tests, sizeof tests / sizeof tests[0]);
}
