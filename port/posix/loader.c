/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a boot loader does on a host: the images are programs. They are copied
 * into memory that is then sealed, so that nobody can change a byte between
 * its verification and its execution.
 */

#define _GNU_SOURCE 1
#include "posix_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536u       /* bytes copied at once */
#define EXIT_NO_IMAGE 126  /* as of a shell: not executable */
#define EXIT_POWER_CUT 137 /* as of a shell: 128 + SIGKILL */

enum pawl_status pawl_posix_loader_start(const char *dir, char *error)
{
    char path[PAWL_POSIX_PATH_MAX];
    error[0] = '\0';
    int len = snprintf(path, sizeof path, "%s/loader.lock", dir);
    if (len < 0 || (size_t)len >= sizeof path) {
        return pawl_posix_fail(error, PAWL_ERR_ARGUMENT,
                               "too long a directory name; move the device");
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return pawl_posix_fail(
            error, errno == ENOENT ? PAWL_ERR_NOT_FOUND : PAWL_ERR_IO,
            "%.256s: no device here: %s; name a directory made by 'pawl device "
            "provision'",
            dir, strerror(errno));
    }
    if (pawl_posix_file_lock(fd) != 0) {
        enum pawl_status status =
            errno == EWOULDBLOCK ? PAWL_ERR_BUSY : PAWL_ERR_IO;
        (void)close(fd);
        return pawl_posix_fail(error, status,
                               "%.256s: another boot loader runs this device; "
                               "end it first",
                               dir);
    }
    return PAWL_OK; /* fd stays open, and with it the lock */
}

/* Writes bytes as hexadecimal, with an end. */
static void put_hex(char *text, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
}

void pawl_posix_hand_over(const struct pawl_boot_measurement *measurement)
{
    char text[2 * 64 + 2];
    put_hex(text, measurement->manifest_digest, 32);
    text[64] = ':';
    put_hex(text + 65, measurement->image_digest, 32);
    (void)setenv(PAWL_POSIX_MEASUREMENT_VARIABLE, text, 1);
    (void)unsetenv(PAWL_POSIX_TRUST_VARIABLE); /* nobody's but the loader's */
}

bool pawl_posix_running(pawl_slot_set *running)
{
    const char *slot = getenv(PAWL_POSIX_SLOT_VARIABLE);
    bool known =
        slot != NULL && (strcmp(slot, "A") == 0 || strcmp(slot, "B") == 0);
    *running = known && slot[0] == 'B' ? 1 : 0;
    return known;
}

/* Copies a region into fd. 0, or errno. */
static int copy_region(int fd, const struct pawl_flash *flash)
{
    uint8_t bytes[CHUNK];
    for (uint32_t off = 0; off < flash->size;) {
        uint32_t left = flash->size - off;
        uint32_t part = left < CHUNK ? left : CHUNK;
        if (flash->read(flash->ctx, off, bytes, part) != PAWL_OK) {
            return flash->last_error(flash->ctx);
        }
        if (pawl_posix_write_all(fd, bytes, part, off) != 0) {
            return errno;
        }
        off += part;
    }
    return 0;
}

/* A sealed copy of a region: its descriptor, or -1 and errno. */
static int seal_copy(const struct pawl_flash *flash)
{
    int fd = memfd_create("pawl-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return -1;
    }
    int error = copy_region(fd, flash);
    if (error == 0 &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        error = errno;
    }
    if (error != 0) {
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

enum pawl_status pawl_posix_images_open(struct pawl_posix_images *images,
                                        const struct pawl_posix_device *device,
                                        char *error)
{
    error[0] = '\0';
    *images = (struct pawl_posix_images){0};
    for (unsigned i = 0; i < 2; i++) {
        enum pawl_posix_region region =
            (enum pawl_posix_region)(PAWL_POSIX_IMAGE_A + i);
        const struct pawl_posix_geometry geometry =
            pawl_posix_region_geometry(&device->config, region);
        int fd = seal_copy(device->slots[i].image);
        if (fd < 0) {
            pawl_posix_images_close(images);
            return pawl_posix_fail(
                error, PAWL_ERR_IO, "%s: cannot be copied to memory: %s",
                pawl_posix_region_path(region), strerror(errno));
        }
        pawl_posix_flash_table(&images->regions[i], fd, &geometry,
                               PAWL_POSIX_READ_ONLY);
        images->slots[i] = device->slots[i];
        images->slots[i].image = &images->regions[i].flash;
    }
    return PAWL_OK;
}

void pawl_posix_images_close(struct pawl_posix_images *images)
{
    for (unsigned i = 0; i < 2; i++) {
        pawl_posix_flash_close(&images->regions[i]);
    }
}

/* In the new process: becomes the image. Never returns. */
static void become(const struct pawl_posix_images *images, size_t slot,
                   const char *dir, enum pawl_reset_cause cause, pid_t parent)
{
    static char names[2][16] = {"pawl-slot-a", "pawl-slot-b"};
    char place[PAWL_POSIX_PATH_MAX];
    (void)snprintf(place, sizeof place, "%s", dir);
    char *arguments[] = {names[slot], place, NULL};

    /* Dies with the loader, also if that died before we could ask for it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_NO_IMAGE);
    }
    if (setenv(PAWL_POSIX_CAUSE_VARIABLE, pawl_posix_cause_name(cause), 1) ==
            0 &&
        setenv(PAWL_POSIX_SLOT_VARIABLE, slot == 0 ? "A" : "B", 1) == 0) {
        (void)fexecve(images->regions[slot].fd, arguments, environ);
    }
    (void)fprintf(stderr, "pawl-loader: the image of slot %c: %s\n",
                  slot == 0 ? 'A' : 'B', strerror(errno));
    _exit(EXIT_NO_IMAGE);
}

static void judge_signal(struct pawl_posix_run *run, int number)
{
    (void)snprintf(run->text, sizeof run->text, "signal %d", number);
    run->again = number != SIGKILL;
    run->cause = number == SIGALRM ? PAWL_RESET_WATCHDOG : PAWL_RESET_FAULT;
    if (number == SIGKILL) {
        run->cause = PAWL_RESET_POWER_ON;
        run->exit_code = EXIT_POWER_CUT;
    }
}

static void judge_exit(struct pawl_posix_run *run, int code)
{
    (void)snprintf(run->text, sizeof run->text, "exit %d", code);
    switch (code) {
    case PAWL_POSIX_EXIT_POWER_OFF:
        run->again = false;
        run->cause = PAWL_RESET_POWER_ON;
        run->exit_code = 0;
        break;
    case PAWL_POSIX_EXIT_REBOOT:
        run->again = true;
        run->cause = PAWL_RESET_SOFTWARE;
        break;
    default:
        run->again = true;
        run->cause = PAWL_RESET_FAULT;
        break;
    }
}

/* An image that crashes at once is not to eat the host. */
static void rest_after(enum pawl_reset_cause cause)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    if (cause == PAWL_RESET_FAULT || cause == PAWL_RESET_WATCHDOG) {
        (void)nanosleep(&pause, NULL);
    }
}

enum pawl_status pawl_posix_images_run(const struct pawl_posix_images *images,
                                       size_t slot, const char *dir,
                                       enum pawl_reset_cause cause,
                                       struct pawl_posix_run *run, char *error)
{
    error[0] = '\0';
    *run = (struct pawl_posix_run){.exit_code = 1};
    if (slot > 1 || strlen(dir) >= PAWL_POSIX_PATH_MAX) {
        return pawl_posix_fail(error, PAWL_ERR_ARGUMENT,
                               "no such slot, or too long a directory name");
    }
    (void)fflush(NULL); /* so that the child does not write it again */
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become(images, slot, dir, cause, parent);
    }
    int ended = 0;
    pid_t got = -1;
    if (child > 0) {
        do {
            got = waitpid(child, &ended, 0);
        } while (got < 0 && errno == EINTR);
    }
    if (got < 0) {
        return pawl_posix_fail(error, PAWL_ERR_IO,
                               "the image cannot be run: %s", strerror(errno));
    }
    if (WIFSIGNALED(ended)) {
        judge_signal(run, WTERMSIG(ended));
    } else {
        judge_exit(run, WEXITSTATUS(ended));
    }
    rest_after(run->cause);
    return PAWL_OK;
}
