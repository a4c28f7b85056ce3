/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The audit file of a production line: one line of JSON for each device, only
 * ever appended to. "previous" is the SHA-256 of the line before, so that no
 * line can be changed or taken out without changing all that follow.
 */

#define _GNU_SOURCE 1
#include "crypto/crypto.h"
#include "provision.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define AUDIT_MAX (256u << 20)
#define LINE_MAX_LEN 4096

static int cannot(const char *path)
{
    return tool_fail(TOOL_USAGE, "the audit file %s: %s", path,
                     strerror(errno));
}

static bool hash(char out[65], const char *line, size_t len)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    if (pawl_sha256((struct pawl_bytes){(const uint8_t *)line, len}, digest) !=
        PAWL_OK) {
        return false;
    }
    tool_hex(out, PAWL_BYTES(digest));
    return true;
}

/* Whether each line names the hash of the one before; last is that of the
 * last. The lines are ended by zeros afterwards. */
static int check_chain(struct audit *audit)
{
    char *line = audit->text;
    char wanted[96];

    memset(audit->last, '0', 64);
    audit->last[64] = '\0';
    for (unsigned number = 1; *line != '\0'; number++) {
        char *end = strchr(line, '\n');

        if (end == NULL) {
            return tool_fail(TOOL_REFUSED,
                             "%s: line %u was cut: remove it, and start again",
                             audit->path, number);
        }
        *end = '\0';
        (void)snprintf(wanted, sizeof wanted, "\"previous\":\"%s\"}",
                       audit->last);
        size_t len = strlen(line), tail = strlen(wanted);
        if (len < tail || strcmp(line + len - tail, wanted) != 0 ||
            !hash(audit->last, line, len)) {
            return tool_fail(TOOL_REFUSED,
                             "%s: line %u does not follow the one before: it "
                             "was changed",
                             audit->path, number);
        }
        line = end + 1;
    }
    return TOOL_OK;
}

int audit_open(struct audit *audit, const char *path)
{
    struct tool_file file;

    *audit = (struct audit){.fd = -1, .path = path};
    audit->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (audit->fd < 0) {
        return cannot(path);
    }
    if (flock(audit->fd, LOCK_EX | LOCK_NB) != 0) {
        return tool_fail(TOOL_USAGE, "%s is in use by another run", path);
    }
    int code = tool_read(path, AUDIT_MAX, &file);
    if (code == TOOL_OK) {
        audit->text = (char *)file.data; /* ended by a zero */
        code = strlen(audit->text) == file.len
                   ? TOOL_OK
                   : tool_fail(TOOL_REFUSED, "%s is no text", path);
    }
    return code == TOOL_OK ? check_chain(audit) : code;
}

void audit_close(struct audit *audit)
{
    if (audit->fd >= 0) {
        (void)close(audit->fd);
    }
    free(audit->text);
    *audit = (struct audit){.fd = -1};
}

bool audit_has(const struct audit *audit, const char *serial)
{
    char begin[128];
    int len = snprintf(begin, sizeof begin, "{\"serial\":\"%s\",", serial);

    for (const char *line = audit->text; *line != '\0';
         line += strlen(line) + 1) {
        if (strncmp(line, begin, (size_t)len) == 0) {
            return true;
        }
    }
    return false;
}

/* Who is at this machine, as far as it knows: "user@host". */
static void write_who(char *who, size_t cap)
{
    const struct passwd *user = getpwuid(getuid());
    char host[64] = "";

    if (gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    (void)snprintf(who, cap, "%.64s@%s",
                   user != NULL ? user->pw_name : "unknown", host);
    for (char *c = who; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == '"' || *c == '\\') {
            *c = '?';
        }
    }
}

static bool write_durably(int fd, const char *line, size_t len)
{
    ssize_t written = write(fd, line, len); /* one call: whole, or at the end */

    return written >= 0 && (size_t)written == len && fsync(fd) == 0;
}

int audit_append(struct audit *audit, const char *serial, const char *fields)
{
    char line[LINE_MAX_LEN], who[160], when[32];
    time_t now = time(NULL);
    struct tm utc;

    write_who(who, sizeof who);
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ",
                   gmtime_r(&now, &utc));
    int len = snprintf(line, sizeof line,
                       "{\"serial\":\"%s\",\"time\":\"%s\",\"who\":\"%s\","
                       "%s,\"previous\":\"%s\"}\n",
                       serial, when, who, fields, audit->last);
    if (len < 0 || (size_t)len >= sizeof line) {
        return tool_fail(TOOL_REFUSED, "%s: too long for the audit file",
                         serial);
    }
    if (!write_durably(audit->fd, line, (size_t)len)) {
        return cannot(audit->path);
    }
    return hash(audit->last, line, (size_t)len - 1)
               ? TOOL_OK
               : tool_fail(TOOL_REFUSED, "no hash of the audit's last line");
}
