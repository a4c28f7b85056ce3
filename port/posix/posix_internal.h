/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_POSIX_INTERNAL_H
#define PAWL_POSIX_INTERNAL_H

/* What the files of port/posix share; nobody else includes it. */

#include "posix.h"

#include <netdb.h>

/* Writes one line into error and returns status, for `return fail(...)`. */
enum pawl_status pawl_posix_fail(char *error, enum pawl_status status,
                                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- file.c: whole small files. 0, or -1 and errno. ---- */

/*
 * Puts data in place of the file path, with permissions mode. Durable before
 * it returns; a power cut finds the old file or the new one.
 */
int pawl_posix_file_replace(int dir_fd, const char *path, const void *data,
                            size_t len, unsigned mode);

/* Reads a file of at most cap bytes; a longer one is EFBIG. */
int pawl_posix_file_read(int dir_fd, const char *path, void *data, size_t cap,
                         size_t *len);

/* Writes all of data at off; a short write is carried on. */
int pawl_posix_write_all(int fd, const void *data, size_t len, uint64_t off);

/* Reads all of len bytes at off; the end of the file is EIO. */
int pawl_posix_read_all(int fd, void *data, size_t len, uint64_t off);

/*
 * Locks what fd names against other processes that do the same, until it is
 * closed or the process ends in any way. Waits up to 2 seconds for another,
 * which may just be dying; then EWOULDBLOCK.
 */
int pawl_posix_file_lock(int fd);

/* ---- flash.c ---- */

/* Fills in the table over fd, which is retained. */
void pawl_posix_flash_table(struct pawl_posix_flash *flash, int fd,
                            const struct pawl_posix_geometry *geometry,
                            enum pawl_posix_mode mode);

/* ---- clock.c ---- */

/* Milliseconds of the machine's monotonic clock. */
uint64_t pawl_posix_now_ms(void);

/* ---- resolve.c: names to addresses, without blocking ---- */

/*
 * Begins. A literal address is there at once; for a name, *fd becomes
 * readable when pawl_posix_resolve_list() has something to say. The caller
 * closes *fd (-1: none) and ends with pawl_posix_resolve_release().
 */
enum pawl_status
pawl_posix_resolve_start(const char *host, uint16_t port,
                         enum pawl_transport_kind kind,
                         struct pawl_posix_resolution **resolution, int *fd);

/* PAWL_PENDING; PAWL_OK and the list, a view; or PAWL_ERR_UNREACHABLE and
 * *code, an EAI_ number (negative) or errno (positive). */
enum pawl_status
pawl_posix_resolve_list(struct pawl_posix_resolution *resolution, int fd,
                        const struct addrinfo **list, int32_t *code);

/* Forgets it, also while it is under way. NULL is no error. */
void pawl_posix_resolve_release(struct pawl_posix_resolution *resolution);

/* ---- connect.c: from a name to a socket that is up ---- */

enum pawl_posix_stage {
    PAWL_POSIX_FREE = 0,
    PAWL_POSIX_RESOLVING,  /* fd: the resolver's pipe */
    PAWL_POSIX_CONNECTING, /* fd: a socket that is not up */
    PAWL_POSIX_UP,         /* fd: a socket that is */
    PAWL_POSIX_DOWN        /* no address is left */
};

/* Carries the connection on: PAWL_OK when it is up, PAWL_PENDING, or
 * PAWL_ERR_UNREACHABLE. */
enum pawl_status
pawl_posix_connect_step(struct pawl_posix_connection *connection,
                        uint32_t address_ms);

/* Leaves the present address for the next, because of error. */
enum pawl_status
pawl_posix_connect_next(struct pawl_posix_connection *connection,
                        uint32_t address_ms, int32_t error);

/* Closes and forgets everything; error stays readable until the next open. */
void pawl_posix_connect_close(struct pawl_posix_connection *connection);

/* ---- device.c ---- */

/* The file of a region, and its geometry in a device of config. */
const char *pawl_posix_region_path(enum pawl_posix_region region);
struct pawl_posix_geometry
pawl_posix_region_geometry(const struct pawl_posix_config *config,
                           enum pawl_posix_region region);

/* ---- device_keys.c, with a file for each kind of store ---- */

#define PAWL_POSIX_PKCS11 "pkcs11:"
#define PAWL_POSIX_TPM2 "tpm2:"

/* keys->name is taken apart. PAWL_ERR_UNSUPPORTED: built without it. */
enum pawl_status pawl_posix_keys_open_pkcs11(struct pawl_posix_keys *keys,
                                             const char *serial, char *error);
enum pawl_status pawl_posix_keys_open_tpm2(struct pawl_posix_keys *keys,
                                           char *error);
void pawl_posix_keys_close_pkcs11(struct pawl_posix_keys *keys);
void pawl_posix_keys_close_tpm2(struct pawl_posix_keys *keys);

/* ---- keys_name.c ---- */

/* PAWL_ERR_MALFORMED, with what is wrong. */
enum pawl_status pawl_posix_keys_refused(char *error, const char *what);

/* One part of a name that is looked for: "token=". */
struct pawl_posix_part {
    const char *key;
    const char **value; /* NULL until it is found */
};

/* Cuts the query off, what stands behind "?"; "" if there is none. */
char *pawl_posix_cut_query(char *text);

/* Cuts text at each separator into parts, all of which must be known, given
 * once, and right in their %XX. */
bool pawl_posix_take_parts(char *text, const char *separator,
                           const struct pawl_posix_part *parts, size_t count);

/* Makes "file:PATH" or "file:///PATH" its path; NULL stays NULL. */
bool pawl_posix_take_file(const char **source);

/*
 * Reads the first line of a file that nobody else may read; without a path,
 * the environment's variable. PAWL_ERR_NOT_FOUND: there is neither.
 */
enum pawl_status pawl_posix_read_secret(const struct pawl_posix_keys *keys,
                                        const char *path, const char *variable,
                                        uint8_t *secret, size_t cap,
                                        size_t *len);

#define PAWL_POSIX_CONF_PATH "device.conf"
#define PAWL_POSIX_CONF_MAX 8192 /* bytes */
#define PAWL_POSIX_COUNTER_PATH "counter"
#define PAWL_POSIX_KEYS_PATH "keys"
#define PAWL_POSIX_SEALING_KEY_PATH "sealing.key"

#endif
