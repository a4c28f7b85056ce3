/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"
#include "describe.h"
#include "journal/journal.h"
#include "tool.h"
#include "update/record.h"
#include <pawl/http.h>
#include <pawl/manifest.h>
#include <pawl/trust.h>
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

/* In force is the larger of both; null where the port's cannot be read. */
static json_t *counter_json(const struct pawl_record *record,
                            const struct pawl_counter *counter)
{
    uint32_t value = 0;

    if (counter->read(counter->ctx, &value) != PAWL_OK) {
        return json_null();
    }
    return json_integer(record->counter_floor > value ? record->counter_floor
                                                      : value);
}

static json_t *record_json(const struct pawl_record *record,
                           const struct pawl_counter *counter)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:I, s:i, s:i, s:o, "
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
        counter_json(record, counter), "counter_pending",
        record->counter_pending, "durable", (json_int_t)durable(record));
}

/* What is recorded of trials that failed (doc/SPEC.md, "Update record"). */
static json_t *failed_json(const struct pawl_record *record)
{
    enum {
        AT = 40,
        SIZE = 52,
        DIGEST = 24
    };
    const uint8_t *at = record->extension + AT;
    json_t *list = json_array();

    if (record->extension_len < AT + SIZE || at[0] != 0x02) {
        return list;
    }
    for (size_t i = 0; i < 2; i++) {
        if (at[1 + i] != 0) {
            (void)json_array_append_new(
                list, json_pack("{s:i, s:o}", "trials", at[1 + i], "manifest",
                                hex_json(at + 4 + i * DIGEST, DIGEST)));
        }
    }
    return list;
}

/* What a set of the record is to the slot whose area holds its manifest. */
static const char *holds(const struct pawl_record *record, size_t slot)
{
    if (record->target.known && record->target.manifest_slot == slot) {
        return "candidate";
    }
    if (record->current.known && record->current.manifest_slot == slot) {
        return "current";
    }
    if (record->previous.known && record->previous.manifest_slot == slot) {
        return "previous";
    }
    return "nothing recorded";
}

/* The manifest beside a slot's image, judged by the device's trust. */
static void add_manifest(json_t *json, const struct pawl_slot *slot,
                         const struct pawl_trust *trust)
{
    static uint8_t stored[PAWL_MANIFEST_MAX];
    const struct pawl_manifest_policy policy = {
        .signers = trust->signers,
        .signer_count = trust->signer_count,
        .threshold = trust->signer_threshold,
        .allow_retired = true,
    };
    struct pawl_manifest manifest;
    size_t len = sizeof stored;
    enum pawl_status status = pawl_area_read(slot->manifest, stored, &len);

    if (status == PAWL_OK) {
        status = pawl_manifest_open_stored(
            &manifest, (struct pawl_bytes){stored, len}, &policy);
    }
    if (status != PAWL_OK) {
        (void)json_object_set_new(json, "manifest",
                                  json_string(status == PAWL_ERR_NOT_FOUND
                                                  ? "none"
                                                  : pawl_status_text(status)));
        return;
    }
    (void)json_object_set_new(
        json, "manifest", hex_json(manifest.digest, sizeof manifest.digest));
    (void)json_object_set_new(json, "sequence",
                              json_integer((json_int_t)manifest.sequence));
}

static json_t *slots_json(const struct pawl_posix_device *device,
                          const struct pawl_record *record)
{
    static struct pawl_trust trust;
    json_t *list = json_array();

    if (pawl_trust_open(&trust, device->port.store) != PAWL_OK) {
        memset(&trust, 0, sizeof trust);
    }
    for (size_t i = 0; i < device->port.slot_count; i++) {
        const struct pawl_slot *slot = &device->port.slots[i];
        json_t *json = json_pack(
            "{s:s, s:o, s:I, s:s}", "slot", slot->index == 0 ? "A" : "B",
            "component", hex_json(slot->component.data, slot->component.len),
            "size", (json_int_t)slot->image->size, "holds", holds(record, i));
        add_manifest(json, slot, &trust);
        (void)json_array_append_new(list, json);
    }
    return list;
}

/* Each bank that is erased brings the next epoch, so epochs count erases. */
static json_t *wear_json(const struct pawl_flash *flash, json_t *frames)
{
    json_int_t erases = 0;
    json_t *frame = NULL;
    size_t i = 0;

    json_array_foreach(frames, i, frame)
    {
        json_int_t epoch = json_integer_value(json_object_get(frame, "epoch"));
        erases = epoch > erases ? epoch : erases;
    }
    return json_pack("{s:I, s:I, s:I}", "bank_erases", erases,
                     "erases_of_a_block", (erases + 1) / 2, "blocks_of_a_bank",
                     (json_int_t)(flash->size / 2 / flash->erase_size));
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
    struct pawl_record record;
    enum pawl_status status = pawl_journal_open(
        &journal, flash, PAWL_RECORD_MAX, PAWL_JOURNAL_READ_ONLY);
    const char *found = "cannot be read";

    pawl_record_clear(&record);
    if (status == PAWL_OK) {
        static const char *const names[] = {"empty", "valid", "lost"};

        found = names[pawl_journal_found(&journal)];
        if (pawl_journal_payload(&journal).len > 0 &&
            pawl_record_decode(&record, pawl_journal_payload(&journal)) !=
                PAWL_OK) {
            found = "of a version that is not known";
        }
    }
    json_t *json = record_json(&record, device->port.counter);
    (void)json_object_set_new(json, "journal", json_string(found));
    (void)json_object_set_new(json, "why",
                              json_string(pawl_status_text(record.status)));
    (void)json_object_set_new(json, "trust_version",
                              json_integer((json_int_t)record.trust_version));
    (void)json_object_set_new(json, "failed_trials", failed_json(&record));
    (void)json_object_set_new(json, "slots", slots_json(device, &record));
    json_t *frames = frames_json(flash);
    (void)json_object_set_new(json, "journal_wear", wear_json(flash, frames));
    (void)json_object_set_new(json, "frames", frames);
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
