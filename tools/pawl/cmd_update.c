/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"
#include "describe.h"
#include "journal/journal.h"
#include "tool.h"
#include "update/record.h"
#include <pawl/http.h>
#include <pawl/update_state.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const dir_name[] = {"the device's DIR"};

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
    char hex[2 * 64 + 1];

    tool_hex(hex, (struct pawl_bytes){bytes, len});
    return json_string(hex);
}

/* One installed set of the record. */
static json_t *image_json(const struct pawl_record_image *image)
{
    if (!image->known) {
        return json_null();
    }
    return json_pack("{s:s, s:I, s:o}", "slot", image->set == 0 ? "A" : "B",
                     "sequence", (json_int_t)image->sequence, "manifest",
                     hex_json(image->digest, sizeof image->digest));
}

/* The checkpoint of the engine, in the record's extension (doc/SPEC.md,
 * "Update record"): so many bytes survive a reset. */
static uint32_t durable(const struct pawl_record *record)
{
    const uint8_t *at = record->extension;

    if (record->extension_len < 40 || at[0] != 0x01) {
        return 0;
    }
    return (uint32_t)at[4] << 24 | (uint32_t)at[5] << 16 |
           (uint32_t)at[6] << 8 | at[7];
}

static json_t *record_json(const struct pawl_record *record,
                           uint32_t hardware_counter)
{
    uint32_t counter = record->counter_floor > hardware_counter
                           ? record->counter_floor
                           : hardware_counter;

    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:I, s:i, s:i, s:I, "
        "s:b, s:I}",
        "state", pawl_update_state_name(record->state), "reason",
        pawl_update_reason_name(record->reason), "phase",
        pawl_update_phase_name(record->phase), "running",
        record->running == 0 ? "A" : "B", "last_trial_reset",
        pawl_posix_cause_name(record->reset_cause), "armed", record->armed,
        "current", image_json(&record->current), "previous",
        image_json(&record->previous), "candidate", image_json(&record->target),
        "sequence_floor", (json_int_t)record->sequence_floor, "attempts_left",
        record->attempts, "boots_left", record->boots, "security_counter",
        (json_int_t)counter, "counter_pending", record->counter_pending,
        "durable", (json_int_t)durable(record));
}

/* Every frame that is not blank, with the verdict on it. */
static json_t *frames_json(const struct pawl_flash *flash)
{
    json_t *list = json_array();
    uint8_t *scratch = malloc(flash->size);
    struct pawl_journal_frame_info info;

    for (size_t n = 0; scratch != NULL &&
                       pawl_journal_inspect(flash, PAWL_RECORD_MAX, n, scratch,
                                            flash->size, &info) == PAWL_OK;
         n++) {
        struct pawl_record record;
        bool known = info.payload.len > 0 &&
                     pawl_record_decode(&record, info.payload) == PAWL_OK;

        if (strcmp(info.verdict, "blank") == 0) {
            continue;
        }
        (void)json_array_append_new(
            list, json_pack("{s:i, s:i, s:s, s:I, s:I, s:s}", "bank",
                            (int)info.bank, "frame", (int)info.index, "verdict",
                            info.verdict, "epoch", (json_int_t)info.epoch,
                            "sequence", (json_int_t)info.sequence, "state",
                            known ? pawl_update_state_name(record.state) : ""));
    }
    free(scratch);
    return list;
}

static json_t *update_json(struct pawl_posix_device *device)
{
    static struct pawl_journal journal;
    const struct pawl_flash *flash = device->port.journal;
    const struct pawl_counter *counter = device->port.counter;
    struct pawl_record record;
    uint32_t value = 0;
    enum pawl_status status = pawl_journal_open(
        &journal, flash, PAWL_RECORD_MAX, PAWL_JOURNAL_READ_ONLY);
    const char *found = "cannot be read";

    pawl_record_clear(&record);
    (void)!counter->read(counter->ctx, &value);
    if (status == PAWL_OK) {
        static const char *const names[] = {"empty", "valid", "lost"};

        found = names[pawl_journal_found(&journal)];
        if (pawl_journal_payload(&journal).len > 0 &&
            pawl_record_decode(&record, pawl_journal_payload(&journal)) !=
                PAWL_OK) {
            found = "of a version that is not known";
        }
    }
    json_t *json = record_json(&record, value);
    (void)json_object_set_new(json, "journal", json_string(found));
    (void)json_object_set_new(json, "frames", frames_json(flash));
    return json;
}

int update_show(int argc, char **argv)
{
    static struct pawl_posix_device device;
    char error[PAWL_POSIX_ERROR_MAX];
    const char *dir = NULL;
    size_t as_json = 0;
    const struct tool_option options[] = {{"--json", NULL, 1, &as_json, false}};
    int code = tool_arguments(argc, argv, options, 1, &dir, dir_name, 1);

    if (code != TOOL_OK) {
        return code;
    }
    if (pawl_posix_device_open_boot(&device, dir, PAWL_POSIX_READ_ONLY,
                                    error) != PAWL_OK) {
        return tool_fail(TOOL_USAGE, "%s", error);
    }
    json_t *json = update_json(&device);
    tool_print(json, as_json > 0);
    json_decref(json);
    pawl_posix_device_close(&device);
    return TOOL_OK;
}

/* doc/SPEC.md, "MQTT": { 1: format, 2: URI }. */
int update_announce(int argc, char **argv)
{
    const char *uri = NULL, *out = NULL;
    const struct tool_option options[] = {
        {"--uri", &uri, 1, NULL, true},
        {"-o", &out, 1, NULL, true},
    };
    uint8_t buf[512];
    struct pawl_cbor_out writer;
    struct pawl_bytes payload;
    int code = tool_arguments(argc, argv, options, 2, NULL, NULL, 0);

    if (code != TOOL_OK) {
        return code;
    }
    if (strncmp(uri, "https://", 8) != 0) {
        return tool_fail(TOOL_USAGE, "%s: devices fetch https:// only", uri);
    }
    static struct pawl_uri parsed;
    const struct pawl_bytes text = {(const uint8_t *)uri, strlen(uri)};
    enum pawl_status status = pawl_uri_parse(&parsed, text);
    if (status != PAWL_OK) {
        return tool_fail(TOOL_USAGE, "%s: no URI that a device takes: %s", uri,
                         pawl_status_text(status));
    }
    pawl_cbor_write(&writer, buf, sizeof buf);
    pawl_cbor_put_map(&writer, 2);
    pawl_cbor_put_uint(&writer, 1);
    pawl_cbor_put_uint(&writer, 1);
    pawl_cbor_put_uint(&writer, 2);
    pawl_cbor_put_tstr(&writer, uri);
    if (pawl_cbor_written(&writer, &payload) != PAWL_OK ||
        strlen(uri) >= PAWL_URI_MAX) {
        return tool_fail(TOOL_USAGE, "the URI is longer than %d characters",
                         PAWL_URI_MAX - 1);
    }
    return tool_write(out, payload, false);
}
