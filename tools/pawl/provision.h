/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TOOL_PROVISION_H
#define PAWL_TOOL_PROVISION_H

#include "tool.h"
#include <posix.h>

/* What a factory puts into a device. */
struct provision {
    struct tool_file trust, envelope, image;
};

/*
 * Fills a blank device that is open, with pawl_init() done: the trust
 * document, the image in slot A with its manifest beside it, and an IDevID key
 * made in its key store, where there must be none yet. All is verified as the
 * device will verify it. Reasons are printed; what was written before a failure
 * stays.
 */
int provision_fill(struct pawl_posix_device *device,
                   const struct provision *from);

/* ---- cmd_device.c: one device; reasons are printed ---- */

/* Opens a device and the library over it; closes both. */
int device_open(struct pawl_posix_device *device, const char *dir,
                enum pawl_posix_mode mode);
void device_close(struct pawl_posix_device *device);
/* Makes a device directory, whole or not at all. */
int device_make(const char *dir, const struct pawl_posix_config *config,
                const struct provision *from);
/* Writes the request for its IDevID as PEM. */
int device_request(struct pawl_posix_device *device, const char *path);
/* Stores the factory's certificate, a PEM file, as its IDevID. */
int device_install(struct pawl_posix_device *device, const char *path);
/* Takes another key store than the configuration's; NULL: that one. */
int device_name_keystore(struct pawl_posix_config *config, const char *name);

/* ---- provision_line.c ---- */

/* What `pawl device provision --line` was told. */
struct provision_line {
    const char *folder, *csv, *conf, *audit;
    const char *keystore, *certify; /* NULL: none */
};

/* Provisions each device of the CSV that is not in the audit file yet. */
int provision_line(const struct provision_line *line,
                   const struct provision *from);

/* ---- audit.c ---- */

/* An audit file that is open and locked. */
struct audit {
    int fd;
    char *text;    /* what it held, from malloc */
    char last[65]; /* SHA-256 of its last line, in hex */
    const char *path;
};

/*
 * Opens an audit file, makes it if there is none, and checks its chain: each
 * line carries the hash of the one before. Reasons are printed.
 */
int audit_open(struct audit *audit, const char *path);
void audit_close(struct audit *audit);
/* Whether a line speaks of that serial number. */
bool audit_has(const struct audit *audit, const char *serial);
/* Appends one line, durable before it returns. The rest of it is in fields,
 * the inside of a JSON object. */
int audit_append(struct audit *audit, const char *serial, const char *fields);

#endif
