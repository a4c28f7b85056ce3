/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A production line: a device for each row of a CSV, one after the other.
 *
 *     make -> request -> certify -> install -> audit
 *
 * Each step looks whether it was done before, so that a run that was
 * interrupted anywhere is continued by the same command. The audit's line
 * comes last: what it names is finished.
 */

#define _GNU_SOURCE 1
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "provision.h"
#include <pawl/identity.h>
#include <pawl/trust.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CSV_MAX (16u << 20)
#define CONF_MAX 65536
#define FIELDS_MAX 2048
#define PATH_MAX_LEN 4096
#define SERIAL_MAX 64

extern char **environ;

/* One row: what it says, and where. */
struct row {
    unsigned number;
    char *serial, *device_id; /* device_id: "" if none */
};

/* Takes the next row out of *rest; false: there is none. Comments, empty rows
 * and a header are passed over. */
static bool next_row(char **rest, unsigned *number, struct row *row)
{
    while (**rest != '\0') {
        char *line = *rest;
        size_t len = strcspn(line, "\n");

        *rest += len + (line[len] == '\n' ? 1 : 0);
        line[len] = '\0';
        (*number)++;
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0' || line[0] == '#' || strcmp(line, "serial") == 0 ||
            strcmp(line, "serial,device_id") == 0) {
            continue;
        }
        size_t comma = strcspn(line, ",");
        row->number = *number;
        row->serial = line;
        row->device_id = line + comma + (line[comma] == ',' ? 1 : 0);
        line[comma] = '\0';
        return true;
    }
    return false;
}

/* 1 to 64 of A-Z a-z 0-9 . - : it names a folder, and stands in the audit. */
static bool serial_good(const char *serial)
{
    size_t len = strlen(serial);

    return len >= 1 && len <= SERIAL_MAX && serial[0] != '.' &&
           strspn(serial, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "0123456789.-") == len;
}

/* Compares as text; the rows' own order does not matter. */
static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Looks at all rows before the first device is made. */
static int check_rows(const char *csv, const char *text, size_t *count)
{
    char *copy = strdup(text), *rest = copy;
    char **serials = NULL;
    unsigned number = 0;
    struct row row;
    int code = copy != NULL ? TOOL_OK : tool_fail(TOOL_USAGE, "no memory");

    *count = 0;
    while (code == TOOL_OK && next_row(&rest, &number, &row)) {
        char **more = realloc(serials, (*count + 1) * sizeof *serials);

        if (more == NULL) {
            code = tool_fail(TOOL_USAGE, "no memory");
            break;
        }
        serials = more;
        serials[(*count)++] = row.serial;
        if (!serial_good(row.serial)) {
            code = tool_fail(TOOL_USAGE,
                             "%s, line %u: a serial is 1 to 64 of A-Z a-z 0-9 "
                             ". -",
                             csv, row.number);
        }
    }
    if (code == TOOL_OK && *count == 0) {
        code = tool_fail(TOOL_USAGE, "%s has no row: SERIAL[,DEVICE_ID]", csv);
    }
    if (code == TOOL_OK) {
        qsort(serials, *count, sizeof *serials, compare);
    }
    for (size_t i = 1; i < *count && code == TOOL_OK; i++) {
        if (strcmp(serials[i - 1], serials[i]) == 0) {
            code = tool_fail(TOOL_USAGE, "%s: %s stands there twice", csv,
                             serials[i]);
        }
    }
    free(serials);
    free(copy);
    return code;
}

/* The line's configuration with the row's own values in front. */
static int configure(const struct provision_line *line, const struct row *row,
                     struct pawl_posix_config *config)
{
    static char text[CONF_MAX + 512];
    char error[PAWL_POSIX_ERROR_MAX];
    struct tool_file file;
    int code = tool_read_text(line->conf, CONF_MAX, &file);

    if (code != TOOL_OK) {
        return code;
    }
    bool id = row->device_id[0] != '\0';
    int len = snprintf(
        text, sizeof text, "%s\nserial = %s\n%s%s%s", (const char *)file.data,
        row->serial, id ? "device_id = " : "", row->device_id, id ? "\n" : "");
    tool_free(&file);
    if (len < 0 || (size_t)len >= sizeof text) {
        return tool_fail(TOOL_USAGE, "%s is too long", line->conf);
    }
    pawl_posix_config_default(config);
    if (pawl_posix_config_parse(config, line->conf, text, (size_t)len, error) !=
        PAWL_OK) {
        return tool_fail(TOOL_USAGE,
                         "%s (a line's configuration has no serial "
                         "and no device_id)",
                         error);
    }
    return device_name_keystore(config, line->keystore);
}

/* Whether each row makes a configuration, before the first device is made. */
static int check_configurations(const struct provision_line *line,
                                const char *text)
{
    static struct pawl_posix_config config;
    char *copy = strdup(text), *rest = copy;
    unsigned number = 0;
    struct row row;
    int code = copy != NULL ? TOOL_OK : tool_fail(TOOL_USAGE, "no memory");

    while (code == TOOL_OK && next_row(&rest, &number, &row)) {
        code = configure(line, &row, &config);
    }
    free(copy);
    return code;
}

/* Runs the factory's program: PROGRAM REQUEST.pem CERTIFICATE.pem */
static int certify(const char *program, const char *request,
                   const char *certificate)
{
    char *const words[] = {(char *)(uintptr_t)program,
                           (char *)(uintptr_t)request,
                           (char *)(uintptr_t)certificate, NULL};
    pid_t child = 0;
    int state = 0;

    if (posix_spawnp(&child, program, NULL, NULL, words, environ) != 0 ||
        waitpid(child, &state, 0) != child) {
        return tool_fail(TOOL_USAGE, "%s cannot be started", program);
    }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0
               ? TOOL_OK
               : tool_fail(TOOL_REFUSED, "%s gave no certificate", program);
}

static bool join(char *path, const char *folder, const char *name,
                 const char *end)
{
    int len = snprintf(path, PATH_MAX_LEN, "%s/%s%s", folder, name, end);

    return len > 0 && len < PATH_MAX_LEN;
}

/* Asks for the IDevID's certificate, and stores it. */
static int identify(const struct provision_line *line, const struct row *row,
                    struct pawl_posix_device *device)
{
    char request[PATH_MAX_LEN], certificate[PATH_MAX_LEN];

    if (!join(request, line->folder, row->serial, ".request.pem") ||
        !join(certificate, line->folder, row->serial, ".certificate.pem")) {
        return tool_fail(TOOL_USAGE, "%s: the path is too long", line->folder);
    }
    int code = device_request(device, request);
    if (code == TOOL_OK) {
        code = certify(line->certify, request, certificate);
    }
    if (code == TOOL_OK) {
        code = device_install(device, certificate);
    }
    (void)unlink(request);
    (void)unlink(certificate);
    return code;
}

/* The serial numbers of the IDevID's chain, as JSON; *known: there is one. */
static int read_chain(struct pawl_posix_device *device, char *json, size_t cap,
                      bool *known)
{
    static struct pawl_identity identity;
    uint8_t chain[PAWL_CHAIN_MAX];
    size_t len = sizeof chain, at = 0;
    struct pawl_credential credential;
    enum pawl_status status = pawl_identity_open(&identity, &device->port);

    json[0] = '\0';
    if (status == PAWL_OK) {
        status = pawl_identity_get(&identity, PAWL_IDENTITY_IDEVID, &credential,
                                   chain, &len);
    }
    *known = status == PAWL_OK;
    if (status == PAWL_ERR_NOT_FOUND) {
        return TOOL_OK;
    }
    struct pawl_bytes rest = credential.chain;
    while (status == PAWL_OK && rest.len > 4) {
        size_t one = 4 + ((size_t)rest.data[2] << 8 | rest.data[3]);
        struct pawl_x509 cert;
        const char *rule = "";
        char hex[2 * 64 + 1] = "";

        one = one < rest.len ? one : rest.len;
        status =
            pawl_x509_parse(&cert, (struct pawl_bytes){rest.data, one}, &rule);
        if (status == PAWL_OK && cert.serial.len <= 64) {
            tool_hex(hex, cert.serial);
            at += (size_t)snprintf(json + at, cap - at, "%s\"%s\"",
                                   at > 0 ? "," : "", hex);
        }
        rest = (struct pawl_bytes){rest.data + one, rest.len - one};
    }
    return status == PAWL_OK ? TOOL_OK : tool_fail_status("its IDevID", status);
}

/* What the audit says of a finished device. */
static int describe(struct pawl_posix_device *device, const struct row *row,
                    const char *certificates, char *fields)
{
    static struct pawl_trust trust;
    uint8_t point[PAWL_P256_POINT_SIZE], digest[PAWL_SHA256_SIZE];
    char hex[2 * PAWL_SHA256_SIZE + 1];
    const struct pawl_keystore *store = device->port.keystore;
    enum pawl_status status =
        store->public_key(store->ctx, PAWL_KEY_IDEVID, point);

    if (status == PAWL_OK) {
        status = pawl_sha256(PAWL_BYTES(point), digest);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_open(&trust, device->port.store);
    }
    if (status != PAWL_OK) {
        return tool_fail_status(row->serial, status);
    }
    tool_hex(hex, PAWL_BYTES(digest));
    (void)snprintf(fields, FIELDS_MAX,
                   "\"device_id\":\"%s\",\"key\":\"%s\",\"certificates\":[%s]"
                   ",\"trust\":%llu",
                   row->device_id, hex, certificates,
                   (unsigned long long)trust.version);
    return TOOL_OK;
}

/* Identifies a device that is open, and notes it. */
static int finish(const struct provision_line *line, const struct row *row,
                  struct pawl_posix_device *device, struct audit *audit)
{
    char certificates[FIELDS_MAX / 2], fields[FIELDS_MAX];
    bool known = false;
    int code =
        strcmp(device->product.serial, row->serial) == 0
            ? read_chain(device, certificates, sizeof certificates, &known)
            : tool_fail(TOOL_REFUSED, "%s/%s is another device", line->folder,
                        row->serial);

    if (code == TOOL_OK && !known && line->certify != NULL) {
        code = identify(line, row, device);
        if (code == TOOL_OK) {
            code =
                read_chain(device, certificates, sizeof certificates, &known);
        }
    }
    if (code == TOOL_OK) {
        code = describe(device, row, certificates, fields);
    }
    return code == TOOL_OK ? audit_append(audit, row->serial, fields) : code;
}

/* One device, from wherever it was left. */
static int one(const struct provision_line *line, const struct provision *from,
               const struct row *row, struct audit *audit)
{
    static struct pawl_posix_device device;
    static struct pawl_posix_config config;
    char dir[PATH_MAX_LEN];

    if (!join(dir, line->folder, row->serial, "")) {
        return tool_fail(TOOL_USAGE, "%s: the path is too long", line->folder);
    }
    int code = TOOL_OK;
    if (access(dir, F_OK) != 0) {
        code = configure(line, row, &config);
        if (code == TOOL_OK) {
            code = device_make(dir, &config, from);
        }
    }
    if (code == TOOL_OK) {
        code = device_open(&device, dir, PAWL_POSIX_WRITE);
    }
    if (code == TOOL_OK) {
        code = finish(line, row, &device, audit);
        device_close(&device);
    }
    return code;
}

/* All rows; *done counts those that are finished, also by an earlier run. */
static int each(const struct provision_line *line, const struct provision *from,
                char *text, struct audit *audit, size_t *done)
{
    char *rest = text;
    unsigned number = 0;
    struct row row;

    while (next_row(&rest, &number, &row)) {
        if (!audit_has(audit, row.serial)) {
            int code = one(line, from, &row, audit);

            if (code != TOOL_OK) {
                (void)printf("stopped at %s, line %u (%s); the %zu before it "
                             "are finished: the same command goes on here\n",
                             line->csv, row.number, row.serial, *done);
                return code;
            }
        }
        (*done)++;
    }
    return TOOL_OK;
}

int provision_line(const struct provision_line *line,
                   const struct provision *from)
{
    struct tool_file csv = {0};
    struct audit audit = {.fd = -1};
    size_t count = 0, done = 0;
    int code = tool_read_text(line->csv, CSV_MAX, &csv);

    if (code == TOOL_OK) {
        code = check_rows(line->csv, (const char *)csv.data, &count);
    }
    if (code == TOOL_OK) {
        code = check_configurations(line, (const char *)csv.data);
    }
    if (code == TOOL_OK) {
        code = audit_open(&audit, line->audit);
    }
    if (code == TOOL_OK) {
        code = each(line, from, (char *)csv.data, &audit, &done);
    }
    if (code == TOOL_OK) {
        (void)printf("%zu devices of %zu are finished\n", done, count);
    }
    audit_close(&audit);
    tool_free(&csv);
    return code;
}
