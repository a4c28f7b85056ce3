/* SPDX-License-Identifier: Apache-2.0 */

/*
 * device.conf: one row of the table for each key. The reader is strict,
 * since a typing error that is passed over costs an afternoon: an unknown
 * key, a key given twice, a value of the wrong kind and a missing key are
 * refused with their line.
 */

#define _GNU_SOURCE 1
#include "config_values.h"
#include "posix_internal.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 640 /* holds the longest endpoint */
#define FORMAT "1"       /* of the file; a key of its own, the first */

struct row {
    const char *key;
    size_t offset; /* of the field */
    const struct pawl_posix_value *value;
    bool required;
};

#define ROW(key, field, kind, required)                                        \
    {                                                                          \
        key, offsetof(struct pawl_posix_config, field),                        \
            &pawl_posix_value_##kind, required                                 \
    }

static const struct row rows[] = {
    ROW("serial", serial, serial, true),
    ROW("vendor_id", vendor_id, uuid, true),
    ROW("class_id", class_id, uuid, true),
    ROW("device_id", device_id, uuid, false),
    ROW("sector_size", sector_size, u32, false),
    ROW("program_unit", program_unit, u32, false),
    ROW("erased_value", erased_value, erased, false),
    ROW("overprogram", overprogram, yes_no, false),
    ROW("slot_size", slot_size, u32, false),
    ROW("manifest_size", manifest_size, u32, false),
    ROW("journal_size", journal_size, u32, false),
    ROW("objects_size", objects_size, u32, false),
    ROW("counter_max", counter_max, u32, false),
    ROW("watchdog_ms", watchdog_ms, u32, false),
    ROW("wall_clock", wall_clock, known, false),
    ROW("clock_offset_s", clock_offset_s, seconds, false),
    ROW("clock_rate", clock_rate_milli, rate, false),
    ROW("clock_base_s", clock_base_s, seconds, false),
    ROW("mqtt_topic_prefix", mqtt_topic_prefix, topic, false),
    ROW("keystore", keystore, keystore, false),
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Numbers in `seen` behind the rows'. */
#define SEEN_FORMAT ROWS
#define SEEN_COUNT (ROWS + 1)

/* A file that is being read. */
struct reading {
    struct pawl_posix_config *config;
    const char *name;
    char *error;
    unsigned line;             /* from 1 */
    unsigned seen[SEEN_COUNT]; /* the line of each key; 0: not yet */
};

static const char *const required_format =
    "pawl_device: is missing; the first key is 'pawl_device = " FORMAT "'";

void pawl_posix_config_default(struct pawl_posix_config *config)
{
    *config = (struct pawl_posix_config){
        .sector_size = 4096,
        .program_unit = 8,
        .erased_value = 0xFF,
        .overprogram = true,
        .slot_size = 2u * 1024 * 1024,
        .manifest_size = 4096,
        .journal_size = 32u * 1024,
        .objects_size = 64u * 1024,
        .counter_max = 255,
        .wall_clock = true,
        .clock_rate_milli = 1000,
        .mqtt_topic_prefix = "pawl",
        .keystore = PAWL_POSIX_KEYS_SOFT,
    };
}

static enum pawl_status refused(const struct reading *reading, const char *key,
                                const char *why)
{
    return pawl_posix_fail(reading->error, PAWL_ERR_MALFORMED, "%s:%u: %s: %s",
                           reading->name, reading->line, key, why);
}

/* Marks a key as seen in this line; refuses the second time. */
static enum pawl_status see(struct reading *reading, size_t which,
                            const char *key)
{
    if (reading->seen[which] != 0) {
        return pawl_posix_fail(
            reading->error, PAWL_ERR_MALFORMED,
            "%s:%u: %s: given before in line %u; remove one of them",
            reading->name, reading->line, key, reading->seen[which]);
    }
    reading->seen[which] = reading->line;
    return PAWL_OK;
}

static enum pawl_status read_endpoint(struct reading *reading,
                                      const char *value)
{
    struct pawl_posix_config *config = reading->config;
    if (config->endpoint_count == PAWL_POSIX_ENDPOINT_MAX) {
        return refused(reading, "endpoint", "too many; at most 8");
    }
    if (!pawl_posix_endpoint_parse(&config->endpoints[config->endpoint_count],
                                   value)) {
        return refused(reading, "endpoint",
                       "needs USE HOST PORT SERVER_NAME, where USE is enroll, "
                       "mqtt or download");
    }
    config->endpoint_count++;
    return PAWL_OK;
}

static enum pawl_status read_row(struct reading *reading, size_t which,
                                 const char *value)
{
    const struct row *row = &rows[which];
    enum pawl_status status = see(reading, which, row->key);
    if (status != PAWL_OK) {
        return status;
    }
    if (!row->value->parse((uint8_t *)reading->config + row->offset, value)) {
        return refused(reading, row->key, row->value->needs);
    }
    return PAWL_OK;
}

static enum pawl_status read_pair(struct reading *reading, const char *key,
                                  const char *value)
{
    if (strcmp(key, "pawl_device") == 0) {
        if (strcmp(value, FORMAT) != 0) {
            return refused(reading, key,
                           "another version of the format; this program "
                           "reads " FORMAT);
        }
        return see(reading, SEEN_FORMAT, key);
    }
    if (reading->seen[SEEN_FORMAT] == 0) {
        return pawl_posix_fail(reading->error, PAWL_ERR_MALFORMED, "%s:%u: %s",
                               reading->name, reading->line, required_format);
    }
    if (strcmp(key, "endpoint") == 0) {
        return read_endpoint(reading, value);
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(key, rows[i].key) == 0) {
            return read_row(reading, i, value);
        }
    }
    return refused(reading, key, "unknown key; remove the line");
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        text[--len] = '\0';
    }
    return text;
}

/* Whether key can be shown in an error as it is. */
static bool is_word(const char *key)
{
    size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789");
    return len > 0 && key[len] == '\0';
}

static enum pawl_status read_line(struct reading *reading, char *line)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#') {
        return PAWL_OK;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return refused(reading, "line", "is not 'key = value'");
    }
    *equals = '\0';
    char *key = trim(text);
    char *value = trim(equals + 1);
    if (!is_word(key)) {
        return refused(reading, "line", "does not begin with a key");
    }
    if (*value == '\0') {
        return refused(reading, key, "has no value");
    }
    return read_pair(reading, key, value);
}

static enum pawl_status check_required(const struct reading *reading)
{
    if (reading->seen[SEEN_FORMAT] == 0) {
        return pawl_posix_fail(reading->error, PAWL_ERR_MALFORMED, "%s: %s",
                               reading->name, required_format);
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].required && reading->seen[i] == 0) {
            return pawl_posix_fail(reading->error, PAWL_ERR_MALFORMED,
                                   "%s: %s: is missing; add a line '%s = ...'",
                                   reading->name, rows[i].key, rows[i].key);
        }
    }
    return PAWL_OK;
}

/* What no single line can know. NULL: the whole fits together. */
static const char *misfit(const struct pawl_posix_config *config)
{
    uint32_t unit = config->program_unit, sector = config->sector_size;
    if (unit == 0 || (unit & (unit - 1)) != 0 || (unit > 64 && unit != 512)) {
        return "program_unit: must be 1, 2, 4, 8, 16, 32, 64 or 512";
    }
    if (sector == 0 || sector % unit != 0) {
        return "sector_size: must be a multiple of program_unit";
    }
    if (config->slot_size == 0 || config->slot_size % sector != 0) {
        return "slot_size: must be a multiple of sector_size";
    }
    if (config->manifest_size == 0 || config->manifest_size % sector != 0) {
        return "manifest_size: must be a multiple of sector_size";
    }
    if (config->journal_size == 0 || config->journal_size % 2 != 0 ||
        config->journal_size / 2 % sector != 0) {
        return "journal_size: must be an even number of sectors";
    }
    if (config->objects_size == 0 || config->objects_size % 2 != 0 ||
        config->objects_size / 2 % sector != 0) {
        return "objects_size: must be an even number of sectors";
    }
    if (config->clock_rate_milli != 1000 && config->clock_base_s == 0) {
        return "clock_rate: needs clock_base_s, the seconds since 1970 from "
               "which it counts";
    }
    return NULL;
}

static enum pawl_status check_whole(const struct reading *reading)
{
    enum pawl_status status = check_required(reading);
    const char *wrong = misfit(reading->config);
    if (status == PAWL_OK && wrong != NULL) {
        status = pawl_posix_fail(reading->error, PAWL_ERR_MALFORMED, "%s: %s",
                                 reading->name, wrong);
    }
    return status;
}

enum pawl_status pawl_posix_config_parse(struct pawl_posix_config *config,
                                         const char *name, const char *text,
                                         size_t len, char *error)
{
    struct reading reading = {.config = config, .name = name, .error = error};
    enum pawl_status status = PAWL_OK;
    error[0] = '\0';
    pawl_posix_config_default(config);
    while (status == PAWL_OK && len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t length = end != NULL ? (size_t)(end - text) : len;
        char line[LINE_MAX_LEN];
        reading.line++;
        if (length >= sizeof line || memchr(text, '\0', length) != NULL) {
            return refused(&reading, "line", "is too long or not text");
        }
        memcpy(line, text, length);
        line[length] = '\0';
        status = read_line(&reading, line);
        length += end != NULL ? 1 : 0;
        text += length;
        len -= length;
    }
    return status == PAWL_OK ? check_whole(&reading) : status;
}

/* Appends a line; false when it does not fit. */
static bool append(char *text, size_t cap, size_t *len, const char *key,
                   const char *value)
{
    int added = snprintf(text + *len, cap - *len, "%s = %s\n", key, value);
    if (added < 0 || (size_t)added >= cap - *len) {
        return false;
    }
    *len += (size_t)added;
    return true;
}

static bool write_all(const struct pawl_posix_config *config, char *text,
                      size_t cap, size_t *len)
{
    char value[LINE_MAX_LEN];
    bool fits = append(text, cap, len, "pawl_device", FORMAT);
    for (size_t i = 0; fits && i < ROWS; i++) {
        rows[i].value->format((const uint8_t *)config + rows[i].offset, value,
                              sizeof value);
        fits = append(text, cap, len, rows[i].key, value);
    }
    for (size_t i = 0; fits && i < config->endpoint_count; i++) {
        pawl_posix_endpoint_format(&config->endpoints[i], value, sizeof value);
        fits = append(text, cap, len, "endpoint", value);
    }
    return fits;
}

enum pawl_status pawl_posix_config_write(const struct pawl_posix_config *config,
                                         char *text, size_t *len, char *error)
{
    struct pawl_posix_config back;
    size_t cap = *len;
    *len = 0;
    if (config->endpoint_count > PAWL_POSIX_ENDPOINT_MAX ||
        !write_all(config, text, cap, len)) {
        return pawl_posix_fail(error, PAWL_ERR_MALFORMED,
                               "device.conf: more endpoints than there is "
                               "room for; name fewer");
    }
    /* What cannot be read back is not written: one place knows the rules. */
    return pawl_posix_config_parse(&back, "device.conf", text, *len, error);
}
