/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_POSIX_H
#define PAWL_POSIX_H

/*
 * A device made of files, sockets and signals, for hosts, tests and the
 * examples (Linux). A device is a directory:
 *
 *   device.conf                    what it is: see struct pawl_posix_config
 *   slot-a.image  slot-b.image     flash: one image each
 *   slot-a.manifest  slot-b.manifest   flash: what belongs to the image
 *   journal                        flash: the record of update and boot
 *   identity.journal  identity.objects   flash: identity and trust
 *   counter                        the security counter, a decimal line
 *   keys  sealing.key              the software key store, if it is that
 *   loader.lock                    held by the boot loader that runs
 *   ticket                         flash: of examples/device, a sealed ticket
 *
 * Functions that may fail for a reason that a person can mend write one line,
 * without its end, into a buffer of PAWL_POSIX_ERROR_MAX bytes: what is wrong,
 * and what to do. It is empty after success.
 *
 * Files are named as by openat(2): a directory's descriptor, or AT_FDCWD, and
 * a path.
 */

#include <pawl/boot.h>
#include <pawl/pkcs11_keystore.h>
#include <pawl/port/port.h>
#include <pawl/soft_keystore.h>
#include <pawl/tpm2_keystore.h>
#include <pawl/wait.h>
#include <pthread.h>

#define PAWL_POSIX_ERROR_MAX 512
#define PAWL_POSIX_PATH_MAX 1024
#define PAWL_POSIX_HOST_MAX 256
#define PAWL_POSIX_ENDPOINT_MAX 8
#define PAWL_POSIX_KEYS_NAME_MAX 512
#define PAWL_POSIX_HANDLE_MAX 8            /* connections open at once */
#define PAWL_POSIX_ARENA_SIZE (256 * 1024) /* bytes */

/* How a device's program ends (loader.c). Any other code is a fault. */
#define PAWL_POSIX_EXIT_POWER_OFF 0 /* the loader ends, too */
#define PAWL_POSIX_EXIT_REBOOT 64   /* PAWL_RESET_SOFTWARE */

/* Where the loader says why a program was started: a name of
 * pawl_posix_cause_name(). Without it the cause is unknown. */
#define PAWL_POSIX_CAUSE_VARIABLE "PAWL_RESET_CAUSE"

/* ---- flash: flash.c ---- */

struct pawl_posix_geometry {
    uint32_t size, erase_size, program_size; /* bytes */
    uint8_t erased_value;                    /* 0xFF or 0x00 */
    bool overprogram;
};

enum pawl_posix_mode {
    PAWL_POSIX_WRITE,    /* of one process at a time */
    PAWL_POSIX_READ_ONLY /* for inspection, beside a writer; writes fail */
};

/* One region, a file of geometry.size bytes and nothing else. */
struct pawl_posix_flash {
    struct pawl_flash flash; /* the port's table */
    /* Private. */
    int fd;
    int32_t error;
    enum pawl_posix_mode mode;
};

/*
 * Makes an erased flash in a new file, durable before it returns.
 * PAWL_ERR_ARGUMENT: a geometry that struct pawl_flash forbids. PAWL_ERR_IO:
 * errno says why; no file is left behind.
 */
PAWL_MUST_USE
enum pawl_status
pawl_posix_flash_create(int dir_fd, const char *path,
                        const struct pawl_posix_geometry *geometry);

/*
 * Opens a flash. What breaks its rules fails and changes nothing:
 * PAWL_ERR_ARGUMENT for a range outside of it or unaligned (last_error
 * EINVAL), PAWL_ERR_IO for programming what is not erased (EEXIST; the second
 * programming that overprogram allows apart) and for any write when it is
 * read only (EROFS).
 *
 * Returns PAWL_ERR_ARGUMENT  a geometry that struct pawl_flash forbids
 *         PAWL_ERR_CORRUPT   the file has another size
 *         PAWL_ERR_IO        errno says why
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_flash_open(
    struct pawl_posix_flash *flash, int dir_fd, const char *path,
    const struct pawl_posix_geometry *geometry, enum pawl_posix_mode mode);

/* Closes it; one that was never opened, all zeros, is no error. */
void pawl_posix_flash_close(struct pawl_posix_flash *flash);

/* ---- transport and sleep: transport.c, connection.c, resolve.c ---- */

struct pawl_posix_resolution; /* private */

/* One connection. Private. */
struct pawl_posix_connection {
    int stage; /* 0: free */
    int fd;    /* its socket, or the resolver's pipe; -1: none */
    enum pawl_transport_kind kind;
    struct pawl_posix_resolution *resolution;
    const void *next;    /* the address to try next */
    uint64_t give_up_ms; /* when the present address is given up */
    uint32_t waits;      /* what it last answered PAWL_PENDING to */
    bool heard;          /* something arrived */
    int32_t error;
};

struct pawl_posix_transport {
    struct pawl_transport transport; /* the port's table */
    /* How long one of several addresses is tried; 0: 4000. */
    uint32_t address_ms;
    /* Private. */
    struct pawl_posix_connection connections[PAWL_POSIX_HANDLE_MAX];
};

/* Fills in the table. Nothing is opened. */
void pawl_posix_transport_init(struct pawl_posix_transport *transport);

/* Closes whatever is still open. */
void pawl_posix_transport_finish(struct pawl_posix_transport *transport);

/*
 * Sleeps until one of the events of wait: for PAWL_WAIT_READABLE and
 * PAWL_WAIT_WRITABLE, any connection that last answered PAWL_PENDING to
 * receive() or send(), or that is not up yet. Returns at once for
 * PAWL_WAIT_NOTHING, after a signal, and after PAWL_POSIX_SLEEP_MAX in any
 * case: a caller's loop goes round either way. Without any event it returns
 * after 10 ms.
 */
void pawl_posix_transport_sleep(struct pawl_posix_transport *transport,
                                const struct pawl_wait *wait);

#define PAWL_POSIX_SLEEP_MAX 1000 /* ms */

/* ---- clock, entropy, counter, lock, log: each its file ---- */

struct pawl_posix_clock {
    struct pawl_clock clock; /* the port's table */
    /* What wall_s() answers: unknown, or
     * base_s + (now - base_s) * rate_milli / 1000 + offset_s. */
    bool wall_known;
    int64_t offset_s, base_s;
    uint32_t rate_milli;
};

/* Fills in the table: the machine's clock, known, as it is. */
void pawl_posix_clock_init(struct pawl_posix_clock *clock);

/* The kernel's generator. */
extern const struct pawl_entropy pawl_posix_entropy;

/* A line on stderr. */
extern const struct pawl_log pawl_posix_log;

struct pawl_posix_lock {
    struct pawl_lock lock; /* the port's table */
    pthread_mutex_t mutex;
};

/* Fills in the table. */
void pawl_posix_lock_init(struct pawl_posix_lock *lock);

/* Ends it; nobody holds it. */
void pawl_posix_lock_finish(struct pawl_posix_lock *lock);

struct pawl_posix_counter {
    struct pawl_counter counter; /* the port's table */
    /* Private. */
    int dir_fd;
    const char *path;
};

/* Makes the file of a counter that stands at 0. PAWL_ERR_IO: errno. */
PAWL_MUST_USE
enum pawl_status pawl_posix_counter_create(int dir_fd, const char *path);

/*
 * Fills in the table; path is retained. A file that is missing or damaged is
 * PAWL_ERR_IO or PAWL_ERR_CORRUPT at each use, never 0: a counter that can be
 * lost would be no counter. Beyond max: PAWL_ERR_FULL, unchanged.
 */
void pawl_posix_counter_init(struct pawl_posix_counter *counter, int dir_fd,
                             const char *path, uint32_t max);

/* ---- reset: reset.c ---- */

struct pawl_posix_reset {
    struct pawl_reset reset; /* the port's table */
    enum pawl_reset_cause cause;
    uint32_t watchdog_ms; /* 0: none */
};

/*
 * Fills in the table: the cause as the environment says, and reboot(), which
 * ends the process with PAWL_POSIX_EXIT_REBOOT. With watchdog_ms, SIGALRM
 * kills the process when feed_watchdog() was not called for so long.
 */
void pawl_posix_reset_init(struct pawl_posix_reset *reset,
                           uint32_t watchdog_ms);

/* Stops the watchdog. */
void pawl_posix_reset_finish(struct pawl_posix_reset *reset);

/* A word for a cause: "power-on", "watchdog", ... Static storage. */
const char *pawl_posix_cause_name(enum pawl_reset_cause cause);

/* The reverse; PAWL_RESET_UNKNOWN for NULL and any other word. */
enum pawl_reset_cause pawl_posix_cause_of(const char *name);

/* ---- a boot loader that is not pawl's, for tests: boot_backend.c ---- */

struct pawl_posix_backend {
    struct pawl_boot_backend backend; /* the port's table */
    /* Private. */
    int dir_fd;
    const char *path;
};

/* Makes the file of a boot loader that runs slot A. PAWL_ERR_IO: errno. */
PAWL_MUST_USE
enum pawl_status pawl_posix_backend_create(int dir_fd, const char *path);

/* Fills in the table; path is retained. */
void pawl_posix_backend_init(struct pawl_posix_backend *backend, int dir_fd,
                             const char *path);

/*
 * What the boot loader does at a reset: tries what was selected, or gives up
 * a trial that was not confirmed. PAWL_ERR_CORRUPT, PAWL_ERR_IO.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_backend_reset(struct pawl_posix_backend *backend);

/* ---- key store files: keystore.c ---- */

/* What the software key store keeps its keys in. */
struct pawl_posix_keyfile {
    struct pawl_soft_storage storage; /* for pawl_soft_keystore_open() */
    uint8_t sealing_key[32];
    /* Private. */
    int dir_fd;
    const char *path;
};

/*
 * Makes a random sealing key in a new file, mode 0600, durable before it
 * returns. PAWL_ERR_ENTROPY; PAWL_ERR_IO: errno.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_sealing_key_create(int dir_fd, const char *path);

/*
 * Reads the sealing key and fills in the table; path, where the keys lie, is
 * retained and need not exist yet. PAWL_ERR_CORRUPT: not 32 bytes, or others
 * may read the file. PAWL_ERR_IO: errno.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_keyfile_open(struct pawl_posix_keyfile *keyfile,
                                         int dir_fd, const char *path,
                                         const char *sealing_key_path);

/* ---- the key store that a device names: device_keys.c ---- */

#define PAWL_POSIX_KEYS_SOFT "soft"

/* A key store that is open. */
struct pawl_posix_keys {
    const struct pawl_keystore *keystore; /* the port's table */
    struct pawl_posix_keyfile keyfile;
    struct pawl_soft_keystore soft;
    struct pawl_pkcs11_keystore pkcs11;
    struct pawl_tpm2_keystore tpm2;
    /* Private. */
    int dir_fd;
    char name[PAWL_POSIX_KEYS_NAME_MAX];
    const char *secret_path, *owner_path; /* NULL: the environment's */
};

/*
 * Opens a key store by its name:
 *
 *   soft       the files keys and sealing.key of the directory
 *   pkcs11:token=LABEL;serial=NUMBER;object=PREFIX
 *         ?module-path=FILE&pin-source=file:FILE
 *              a PKCS #11 token (RFC 7512; the parts without a ? may be left
 *              out). The PIN is the first line of pin-source, or else of the
 *              environment's PAWL_PIN. Keys are named PREFIX-idevid and so on;
 *              without object=, by the device's serial number.
 *   tpm2:TCTI?handle=0xHEX&auth-source=file:FILE&owner-auth-source=file:FILE
 *              a TPM 2.0; handle is the first persistent one. Without a
 *              source, PAWL_PIN and PAWL_OWNER_AUTH of the environment, or
 *              empty values.
 *
 * Files are seen from the directory, and are refused if others may read them.
 * Opened PAWL_POSIX_READ_ONLY, nothing is generated or destroyed. The table
 * is valid until pawl_posix_keys_close(); keys must not be moved.
 *
 * Returns PAWL_ERR_MALFORMED    no such name
 *         PAWL_ERR_UNSUPPORTED  this program was built without it
 *         PAWL_ERR_KEYSTORE     the store, its token or its PIN
 * with the reason in error.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_keys_open(struct pawl_posix_keys *keys, int dir_fd,
                                      const char *name, const char *serial,
                                      enum pawl_posix_mode mode, char *error);

/* Closes it; one that failed to open, or all zeros, is no error. */
void pawl_posix_keys_close(struct pawl_posix_keys *keys);

/* ---- configuration: config.c ---- */

/* A server that the device may talk to, as device.conf names it. */
struct pawl_posix_endpoint {
    char use[16]; /* "enroll", "mqtt" or "download" */
    char host[PAWL_POSIX_HOST_MAX];
    uint16_t port;
    char server_name[PAWL_POSIX_HOST_MAX];
};

/*
 * What device.conf says: lines "key = value", comments from "#" at the start
 * of a line. The keys are the names of the fields below; "endpoint = USE HOST
 * PORT SERVER_NAME" may stand several times. Sizes are bytes, decimal.
 */
struct pawl_posix_config {
    char serial[65];       /* required */
    uint8_t vendor_id[16]; /* required; UUIDs in the usual notation */
    uint8_t class_id[16];  /* required */
    uint8_t device_id[16]; /* zeros: none */

    uint32_t sector_size;  /* the erase block; 4096 */
    uint32_t program_unit; /* 8 */
    uint8_t erased_value;  /* 0xff; or 0x00 */
    bool overprogram;      /* yes; or no */

    uint32_t slot_size;     /* each of two images; 2 MiB */
    uint32_t manifest_size; /* beside each image; 4096 */
    uint32_t journal_size;  /* each of two journals; 32 KiB */
    uint32_t objects_size;  /* 64 KiB */

    uint32_t counter_max; /* 255 */
    uint32_t watchdog_ms; /* 0: none */

    bool wall_clock;           /* known; or unknown */
    int64_t clock_offset_s;    /* 0 */
    uint32_t clock_rate_milli; /* key clock_rate, "1", "0.5", "3600" */
    int64_t clock_base_s;      /* from when on the rate counts */

    char mqtt_topic_prefix[64]; /* "pawl" */

    char keystore[PAWL_POSIX_KEYS_NAME_MAX]; /* soft; or pkcs11:, tpm2: */

    size_t endpoint_count;
    struct pawl_posix_endpoint endpoints[PAWL_POSIX_ENDPOINT_MAX];
};

/* Sets every field to its default, and the required ones to zeros. */
void pawl_posix_config_default(struct pawl_posix_config *config);

/*
 * Reads text, len bytes of a device.conf named name in errors. An unknown key,
 * a key given twice, a missing or wrong value and a missing key are refused
 * with their line: PAWL_ERR_MALFORMED.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_config_parse(struct pawl_posix_config *config,
                                         const char *name, const char *text,
                                         size_t len, char *error);

/*
 * Writes a device.conf that reads back as config. *len: room on entry, length
 * on return. PAWL_ERR_MALFORMED: config holds a value that a file may not
 * have; error says which.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_config_write(const struct pawl_posix_config *config,
                                         char *text, size_t *len, char *error);

/* ---- the device: device.c (boot's part), device_port.c, device_create.c -- */

enum pawl_posix_region {
    PAWL_POSIX_IMAGE_A,
    PAWL_POSIX_IMAGE_B,
    PAWL_POSIX_MANIFEST_A,
    PAWL_POSIX_MANIFEST_B,
    PAWL_POSIX_JOURNAL,
    PAWL_POSIX_IDENTITY_JOURNAL,
    PAWL_POSIX_IDENTITY_OBJECTS,
    PAWL_POSIX_REGIONS
};

/* A device that is open. port is what pawl is given; set product.version
 * and clock.clock.build_s before its first use. */
struct pawl_posix_device {
    struct pawl_port port;
    struct pawl_product product;
    struct pawl_posix_config config;
    struct pawl_posix_clock clock;
    struct pawl_posix_reset reset;
    struct pawl_posix_counter counter;
    struct pawl_posix_lock lock;
    struct pawl_posix_flash regions[PAWL_POSIX_REGIONS];
    struct pawl_slot slots[2];
    struct pawl_store store;
    struct pawl_posix_transport transport;
    struct pawl_posix_keys keys;
    /* Private. */
    bool open;
    int dir_fd;
    void (*close_rest)(struct pawl_posix_device *device);
};

/*
 * Opens what a boot loader needs of the device in dir: slots, journals,
 * counter, clock, reset and log. Nothing of a network or a key store is
 * linked. The watchdog is not started.
 *
 * A writer is alone: waits up to 2 seconds for another process to end.
 *
 * Returns PAWL_ERR_NOT_FOUND  no device in dir
 *         PAWL_ERR_MALFORMED  its configuration
 *         PAWL_ERR_BUSY       another process has it open
 *         PAWL_ERR_CORRUPT, PAWL_ERR_IO
 * with the reason in error. On an error nothing is left open.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_device_open_boot(struct pawl_posix_device *device,
                                             const char *dir,
                                             enum pawl_posix_mode mode,
                                             char *error);

/*
 * Opens all of the device: what pawl_posix_device_open_boot() does, and the
 * key store, transport, entropy, lock and arena. For a writer the watchdog of
 * the configuration runs from here on. pawl_init(&device->port) is the next
 * call. Returns what the other and pawl_posix_keys_open() do, and
 * PAWL_ERR_NO_MEMORY.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_device_open(struct pawl_posix_device *device,
                                        const char *dir,
                                        enum pawl_posix_mode mode, char *error);

/* Closes all that is open. One that failed to open is no error. */
void pawl_posix_device_close(struct pawl_posix_device *device);

/*
 * pawl_posix_transport_sleep() on the device's transport. Feeds the watchdog:
 * a program that comes back to its loop is alive.
 */
void pawl_posix_sleep(struct pawl_posix_device *device,
                      const struct pawl_wait *wait);

/* A device directory in the making, beside its place. */
struct pawl_posix_draft {
    char path[PAWL_POSIX_PATH_MAX];   /* open the device here to fill it */
    char target[PAWL_POSIX_PATH_MAX]; /* where it will be */
};

/*
 * Makes a complete device, blank, in a temporary directory beside dir.
 *
 * Returns PAWL_ERR_STATE      dir exists; nothing was changed
 *         PAWL_ERR_MALFORMED  config
 *         PAWL_ERR_IO, PAWL_ERR_ENTROPY
 * with the reason in error. On an error nothing is left behind; a process
 * that is killed may leave a directory named dir.new-XXXXXX, which is never
 * taken for a device.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_draft_create(struct pawl_posix_draft *draft,
                                         const char *dir,
                                         const struct pawl_posix_config *config,
                                         char *error);

/* Puts the finished device, closed, in its place, durably and whole. On an
 * error the draft is removed. PAWL_ERR_STATE: the place is taken. */
PAWL_MUST_USE
enum pawl_status pawl_posix_draft_commit(struct pawl_posix_draft *draft,
                                         char *error);

/* Removes the draft. */
void pawl_posix_draft_discard(struct pawl_posix_draft *draft);

/* Both in one: a blank device in dir. Errors as of the two. */
PAWL_MUST_USE
enum pawl_status
pawl_posix_device_create(const char *dir,
                         const struct pawl_posix_config *config, char *error);

/* ---- the boot loader's helpers: loader.c ---- */

/*
 * The images as they were when power came on: copies in sealed memory, with a
 * slot table over them. What pawl_boot_select() verifies there is byte for
 * byte what runs, whatever happens to the files.
 */
struct pawl_posix_images {
    struct pawl_slot slots[2];
    /* Private. */
    struct pawl_posix_flash regions[2];
};

/* Where the loader hands over what it measured, for attestation: digest of
 * the manifest and of the image, in hexadecimal, with a colon between them. */
#define PAWL_POSIX_MEASUREMENT_VARIABLE "PAWL_MEASUREMENT"

/* Where it says which slot runs: A or B. */
#define PAWL_POSIX_SLOT_VARIABLE "PAWL_SLOT"

/* In the image: which set runs. False: no loader has said so. */
bool pawl_posix_running(pawl_slot_set *running);

/*
 * Makes the caller the one boot loader of the device in dir, until the
 * process ends. Waits up to 2 seconds for another one to end. PAWL_ERR_BUSY,
 * PAWL_ERR_NOT_FOUND, PAWL_ERR_IO, with the reason in error.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_loader_start(const char *dir, char *error);

/* Puts the measurement into the environment of the image that is run next. */
void pawl_posix_hand_over(const struct pawl_boot_measurement *measurement);

/*
 * The loader's own store of trust (protected_trust of <pawl/boot.h>), in a
 * directory that only the loader writes: the store's two flashes, made blank
 * where they are missing, of the geometry of the device's store; and
 * factory.cbor, the document that it begins with. loader_store.c.
 */
struct pawl_posix_loader_store {
    struct pawl_store store;
    struct pawl_bytes factory; /* empty: there is no such file */
    /* Private. */
    struct pawl_posix_flash journal, objects;
    uint8_t document[PAWL_TRUST_MAX];
};

/* Opens it. PAWL_ERR_NOT_FOUND: no such directory; PAWL_ERR_CORRUPT,
 * PAWL_ERR_IO; with the reason in error, and nothing is left open. */
PAWL_MUST_USE
enum pawl_status pawl_posix_loader_store_open(
    struct pawl_posix_loader_store *store, const char *dir,
    const struct pawl_posix_config *config, char *error);

/* Closes it; one that is all zeros is no error. */
void pawl_posix_loader_store_close(struct pawl_posix_loader_store *store);

/* Where a loader with such a store says which version it goes by. */
#define PAWL_POSIX_TRUST_VARIABLE "PAWL_TRUST_VERSION"

/* Puts the version into the environment of the image that is run next; after
 * pawl_posix_hand_over(), which takes away what was there. */
void pawl_posix_hand_over_trust(uint64_t version);

/* In the image: the port's table of it; NULL: the loader has no such store.
 * pawl_posix_device_open() puts it into the port of a writer. */
const struct pawl_loader_trust *pawl_posix_loader_trust(void);

/* Copies the images of a device. PAWL_ERR_IO, with the reason in error. */
PAWL_MUST_USE
enum pawl_status pawl_posix_images_open(struct pawl_posix_images *images,
                                        const struct pawl_posix_device *device,
                                        char *error);

/* Forgets the copies. */
void pawl_posix_images_close(struct pawl_posix_images *images);

/* How a run of the device's program ended. */
struct pawl_posix_run {
    bool again;                  /* the loader starts again, with */
    enum pawl_reset_cause cause; /* this cause; */
    int exit_code;               /* otherwise it ends with this code */
    char text[64];               /* for a person: "exit 64", "signal 11" */
};

/*
 * Runs the image of slot (0 or 1) with dir as its argument and cause in its
 * environment, and waits for its end. The program dies with the caller.
 *
 *   exit 0 (power off)     ends, code 0
 *   exit 64 (reboot)       again, PAWL_RESET_SOFTWARE
 *   SIGALRM (watchdog)     again, PAWL_RESET_WATCHDOG
 *   SIGKILL (power cut)    ends, code 137; the next start is a power-on
 *   anything else          again, PAWL_RESET_FAULT
 *
 * Close the device before: the program opens it. PAWL_ERR_IO: no process
 * could be made; error says why. An image that cannot be executed is a fault.
 * After a fault and a watchdog's bite it rests for 50 ms.
 */
PAWL_MUST_USE
enum pawl_status pawl_posix_images_run(const struct pawl_posix_images *images,
                                       size_t slot, const char *dir,
                                       enum pawl_reset_cause cause,
                                       struct pawl_posix_run *run, char *error);

#endif
