/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the journal recovers from any two banks. The input lays out
 * frames (blank, void, records and proofs of any epoch and place, with bits
 * flipped, unreadable, or bytes of its own) on flash of any program unit and
 * erased value, and says which operation fails. Then:
 *
 *   the state is that of the highest epoch's last valid frame, or none
 *   it settles, and the next open is clean, finds it again, and writes nothing
 *   a commit is there at the next open; one that fails leaves old or new
 *   nothing but tombstones is programmed where something is
 *   the quick reading finds what the whole judgement does, or declines, if the
 *   banks are such as the journal leaves them (journal_rest.c, Q1 to Q4); in
 *   any others nothing but a valid proof
 */
#include "base/base.h"
#include "fuzz/fuzz.h"
#include "journal/journal.h"
#include <string.h>

#define FRAMES 16u
#define ROOM (2u * FRAMES * 1024u)
#define PAYLOAD_LIMIT 32u

static struct {
    struct pawl_flash port;
    uint8_t bytes[ROOM];
    bool unreadable[2u * FRAMES];
    uint32_t frame; /* bytes */
    uint32_t operations, fail_at;
    int polls;
    bool bus_fails;
} flash;

static struct pawl_bytes input;

static uint8_t take(void)
{
    uint8_t byte = 0;
    if (input.len > 0) {
        byte = input.data[0];
        input.data++;
        input.len--;
    }
    return byte;
}

/* --- The flash ----------------------------------------------------------- */

static enum pawl_status flash_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    (void)ctx;
    must(off <= flash.port.size && len <= flash.port.size - off);
    if (flash.bus_fails) {
        return PAWL_ERR_IO;
    }
    for (uint32_t n = off / flash.frame; n * flash.frame < off + len; n++) {
        if (n < 2u * FRAMES && flash.unreadable[n]) {
            return PAWL_ERR_CORRUPT;
        }
    }
    memcpy(buf, flash.bytes + off, len);
    return PAWL_OK;
}

static enum pawl_status flash_is_blank(void *ctx, uint32_t off, size_t len,
                                       bool *blank)
{
    (void)ctx;
    *blank = true;
    for (size_t i = 0; i < len; i++) {
        *blank = *blank && flash.bytes[off + i] == flash.port.erased_value;
    }
    *blank = *blank && !flash.unreadable[off / flash.frame];
    return PAWL_OK;
}

/* An operation of the flash is done, or under way for two polls. */
static enum pawl_status begun(void)
{
    flash.polls = 2;
    return flash.port.poll != NULL ? PAWL_PENDING : PAWL_OK;
}

static enum pawl_status flash_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    const uint8_t *in = buf;
    uint8_t erased = flash.port.erased_value;
    bool tombstone = true;

    (void)ctx;
    must(off % flash.port.program_size == 0 && len > 0);
    must(len % flash.port.program_size == 0 && off + len <= flash.port.size);
    if (flash.operations++ >= flash.fail_at) {
        return PAWL_ERR_IO;
    }
    for (size_t i = 0; i < len; i++) {
        tombstone = tombstone && in[i] == (uint8_t)~erased;
    }
    for (size_t i = 0; i < len; i++) {
        must(tombstone || flash.bytes[off + i] == erased);
        flash.bytes[off + i] = in[i];
    }
    return begun();
}

static enum pawl_status flash_erase(void *ctx, uint32_t off, uint32_t len)
{
    (void)ctx;
    must(off % flash.port.erase_size == 0 && len == flash.port.erase_size);
    must(off + len <= flash.port.size);
    if (flash.operations++ >= flash.fail_at) {
        return PAWL_ERR_IO;
    }
    memset(flash.bytes + off, flash.port.erased_value, len);
    for (uint32_t n = off / flash.frame; n < (off + len) / flash.frame; n++) {
        flash.unreadable[n] = false;
    }
    return begun();
}

static enum pawl_status flash_poll(void *ctx)
{
    (void)ctx;
    return flash.polls-- > 0 ? PAWL_PENDING : PAWL_OK;
}

static enum pawl_status flash_sync(void *ctx)
{
    (void)ctx;
    return flash.operations > flash.fail_at ? PAWL_ERR_IO : PAWL_OK;
}

/* --- What lies in it ----------------------------------------------------- */

static struct pawl_journal_geometry geometry_of(uint32_t payload)
{
    struct pawl_journal_geometry geometry;
    const char *reason = NULL;

    must(pawl_frame_fit(&flash.port, payload, &geometry, &reason) == PAWL_OK);
    return geometry;
}

static uint32_t number(void)
{
    uint8_t byte = take();
    return byte < 0xF0 ? byte : 0x7FEFFFF0u + (uint32_t)(byte & 0x0F) * 0x10u;
}

static void lay_out(const struct pawl_journal_geometry *geometry, uint32_t n)
{
    uint8_t *at = flash.bytes + n * flash.frame;
    uint8_t control = take();
    uint8_t payload[PAYLOAD_LIMIT];
    struct pawl_frame_header header = {PAWL_FRAME_RECORD, 0, 0};
    uint32_t place = n;

    flash.unreadable[n] = false;
    switch (control & 7u) {
    case 0:
        memset(at, flash.port.erased_value, flash.frame);
        return;
    case 1:
        memset(at, (uint8_t)~flash.port.erased_value, flash.frame);
        return;
    case 2:
        for (uint32_t i = 0; i < flash.frame; i++) {
            at[i] = take();
        }
        return;
    case 3:
        header.kind = PAWL_FRAME_PROOF;
        break;
    case 4:
        place = take() % (2u * FRAMES);
        break;
    default:
        break;
    }
    header.epoch = number();
    header.sequence = number();
    memset(payload, take(), sizeof(payload));
    pawl_frame_write(geometry, flash.port.erased_value, place / FRAMES,
                     place % FRAMES, &header,
                     (struct pawl_bytes){payload, geometry->payload_max}, at);
    if ((control & 7u) == 5) {
        at[take() % flash.frame] ^= (uint8_t)(1u << (take() & 7u));
    }
    flash.unreadable[n] = (control & 7u) == 6;
}

/* A bank as appends leave it: records and proofs of one epoch, tombstones in
 * between, and blank frames behind them. */
static void lay_out_in_order(const struct pawl_journal_geometry *geometry,
                             unsigned bank)
{
    uint32_t used = take() % (FRAMES + 1u);
    struct pawl_frame_header header = {PAWL_FRAME_RECORD, take(), 0};
    uint8_t payload[PAYLOAD_LIMIT];

    memset(flash.bytes + bank * FRAMES * flash.frame, flash.port.erased_value,
           FRAMES * flash.frame);
    for (uint32_t i = 0; i < used; i++) {
        uint8_t *at = flash.bytes + (bank * FRAMES + i) * flash.frame;
        uint8_t control = take();

        header.kind =
            (control & 1u) != 0 ? PAWL_FRAME_RECORD : PAWL_FRAME_PROOF;
        header.sequence = i;
        memset(payload, control >> 3, sizeof(payload));
        pawl_frame_write(geometry, flash.port.erased_value, bank, i, &header,
                         (struct pawl_bytes){payload, geometry->payload_max},
                         at);
        if ((control & 6u) == 6u) {
            memset(at, (uint8_t)~flash.port.erased_value, flash.frame);
        }
        flash.unreadable[bank * FRAMES + i] = control == 0xFF;
    }
}

/* A frame of the newest bank, by rule R2; false: there is none. */
static bool newest(uint32_t payload_max, uint8_t *payload, size_t *len)
{
    static uint8_t scratch[1024];
    struct pawl_journal_frame_info info;
    uint32_t epoch = 0;
    bool found = false;

    for (unsigned bank = 0; bank < 2; bank++) {
        uint32_t last = 0;
        bool valid = false;
        struct pawl_bytes bytes = {NULL, 0};

        for (uint32_t i = FRAMES; i > 0 && !valid; i--) {
            must(pawl_journal_inspect(&flash.port, payload_max,
                                      bank * FRAMES + i - 1u, scratch,
                                      sizeof(scratch), &info) == PAWL_OK);
            valid = strcmp(info.verdict, "valid") == 0 ||
                    strcmp(info.verdict, "proof") == 0;
            last = info.epoch;
            bytes = info.payload;
        }
        if (valid && (!found || last > epoch)) {
            found = true;
            epoch = last;
            *len = bytes.len;
            if (bytes.len > 0) {
                memcpy(payload, bytes.data, bytes.len);
            }
        }
    }
    return found;
}

/* --- What must hold ------------------------------------------------------ */

static struct pawl_journal journal;

static void must_find(uint32_t payload_max, bool found, const uint8_t *payload,
                      size_t len)
{
    struct pawl_bytes is;
    uint32_t operations = flash.operations;
    enum pawl_status status = pawl_journal_open(
        &journal, &flash.port, payload_max, PAWL_JOURNAL_READ_ONLY);

    must(status == PAWL_OK && flash.operations == operations);
    must((pawl_journal_found(&journal) == PAWL_JOURNAL_VALID) == found);
    is = pawl_journal_payload(&journal);
    must(!found || pawl_bytes_equal(is, (struct pawl_bytes){payload, len}));
}

/*
 * Whether the frames of a bank are as an append leaves them: none behind a
 * blank one, and valid ones all of one epoch.
 */
static bool orderly(uint32_t payload_max, unsigned bank)
{
    static uint8_t scratch[1024];
    struct pawl_journal_frame_info info;
    bool blank = false, valid = false;
    uint32_t epoch = 0;

    for (uint32_t i = 0; i < FRAMES; i++) {
        must(pawl_journal_inspect(&flash.port, payload_max, bank * FRAMES + i,
                                  scratch, sizeof(scratch), &info) == PAWL_OK);
        if (strcmp(info.verdict, "blank") == 0) {
            blank = true;
        } else if (blank) {
            return false;
        }
        if (strcmp(info.verdict, "valid") == 0 ||
            strcmp(info.verdict, "proof") == 0) {
            if (valid && info.epoch != epoch) {
                return false;
            }
            valid = true;
            epoch = info.epoch;
        }
    }
    return true;
}

/* Whether a proof of what the quick reading found lies in the bank it names. */
static bool has_proof(uint32_t payload_max, const struct pawl_journal *quick)
{
    static uint8_t scratch[1024];
    struct pawl_journal_frame_info info;
    bool has = false;

    for (uint32_t i = 0; i < FRAMES && !has; i++) {
        must(pawl_journal_inspect(&flash.port, payload_max,
                                  quick->bank * FRAMES + i, scratch,
                                  sizeof(scratch), &info) == PAWL_OK);
        has = strcmp(info.verdict, "proof") == 0 &&
              info.epoch == quick->epoch && info.sequence == quick->sequence &&
              pawl_bytes_equal(info.payload, pawl_journal_payload(quick));
    }
    return has;
}

/* The quick reading against the whole judgement. */
static void must_agree(uint32_t payload_max)
{
    static struct pawl_journal quick;
    uint32_t operations = flash.operations;
    enum pawl_status status =
        pawl_journal_glance(&quick, &flash.port, payload_max);
    enum pawl_status whole = pawl_journal_open(&journal, &flash.port,
                                               payload_max, PAWL_JOURNAL_WRITE);

    must(flash.operations == operations);
    if (status != PAWL_OK) {
        must(status == PAWL_ERR_NOT_FOUND);
        return;
    }
    must(!pawl_journal_ready(&quick) && has_proof(payload_max, &quick));
    if (orderly(payload_max, 0) && orderly(payload_max, 1)) {
        must(whole == PAWL_OK &&
             pawl_journal_found(&journal) == PAWL_JOURNAL_VALID);
        must(quick.bank == journal.bank && quick.epoch == journal.epoch &&
             quick.sequence == journal.sequence);
        must(pawl_bytes_equal(pawl_journal_payload(&quick),
                              pawl_journal_payload(&journal)));
    }
    /* Who wants to write hears of it if the whole judgement sees another. */
    bool same = pawl_journal_found(&journal) == PAWL_JOURNAL_VALID &&
                quick.epoch == journal.epoch &&
                quick.sequence == journal.sequence;
    must(pawl_journal_judge(&quick) == (same ? whole : PAWL_ERR_IO));
    must(flash.operations == operations);
}

/* Opens to write and settles. */
static enum pawl_status settle(uint32_t payload_max)
{
    enum pawl_status status = pawl_journal_open(
        &journal, &flash.port, payload_max, PAWL_JOURNAL_WRITE);

    return status == PAWL_PENDING ? pawl_journal_finish(&journal, NULL, NULL)
                                  : status;
}

static enum pawl_status commit(struct pawl_bytes payload)
{
    enum pawl_status status = pawl_journal_commit(&journal, payload);

    return status == PAWL_PENDING ? pawl_journal_finish(&journal, NULL, NULL)
                                  : status;
}

static bool holds(uint32_t payload_max, struct pawl_bytes payload)
{
    must_agree(payload_max);
    return settle(payload_max) == PAWL_OK &&
           pawl_bytes_equal(pawl_journal_payload(&journal), payload);
}

/* A flash that does not fit is refused, whatever lies in it. */
static void must_refuse(uint8_t which, uint32_t payload_max)
{
    struct pawl_flash good = flash.port;

    switch (which % 8u) {
    case 0:
        flash.port.overprogram = false;
        break;
    case 1:
        flash.port.program = NULL;
        break;
    case 2:
        flash.port.program_size = 3;
        break;
    case 3:
        flash.port.erased_value = 0x42;
        break;
    case 4:
        flash.port.erase_size = 0;
        break;
    case 5:
        flash.port.size -= 1;
        break;
    case 6:
        payload_max = PAWL_JOURNAL_PAYLOAD_MAX + 1;
        break;
    default:
        flash.port.size = 4u * flash.frame; /* two frames a bank */
        flash.port.erase_size = flash.frame;
        break;
    }
    must(pawl_journal_glance(&journal, &flash.port, payload_max) ==
         PAWL_ERR_UNSUPPORTED);
    must(pawl_journal_open(&journal, &flash.port, payload_max,
                           PAWL_JOURNAL_WRITE) == PAWL_ERR_UNSUPPORTED);
    must(pawl_journal_reason(&journal) != NULL);
    must(!pawl_journal_ready(&journal) && pawl_journal_room(&journal) == 0);
    flash.port = good;
}

/* Calls at the wrong moment are refused and change nothing. */
static void must_refuse_calls(uint32_t payload_max)
{
    static uint8_t bytes[1024];
    struct pawl_journal_frame_info info;
    uint32_t operations = flash.operations;

    must(settle(payload_max) == PAWL_OK);
    operations = flash.operations;
    must(commit((struct pawl_bytes){bytes, payload_max + 1u}) ==
             PAWL_ERR_ARGUMENT ||
         commit((struct pawl_bytes){bytes, 0}) == PAWL_ERR_FULL);
    must(pawl_journal_step(&journal) == PAWL_OK);
    must(pawl_journal_open(&journal, &flash.port, payload_max,
                           PAWL_JOURNAL_READ_ONLY) == PAWL_OK);
    must(commit((struct pawl_bytes){bytes, 0}) == PAWL_ERR_STATE);
    must(pawl_journal_compact(&journal) == PAWL_ERR_STATE);
    must(pawl_journal_inspect(&flash.port, payload_max, 2u * FRAMES, bytes,
                              sizeof(bytes), &info) == PAWL_ERR_NOT_FOUND);
    must(pawl_journal_inspect(&flash.port, payload_max, 0, bytes, 1, &info) ==
         PAWL_ERR_TOO_SMALL);
    if (flash.port.is_blank == NULL) {
        flash.bus_fails = true;
        must(settle(payload_max) == PAWL_ERR_IO);
        must(pawl_journal_step(&journal) == PAWL_ERR_IO);
        flash.bus_fails = false;
    }
    must(flash.operations == operations);
}

static void open_flash(uint8_t shape, uint32_t payload_max)
{
    static const uint32_t units[] = {1, 2, 4, 8, 16, 32, 64, 512};
    uint32_t unit = units[shape & 7u];
    uint32_t body = (PAWL_FRAME_HEAD + payload_max + unit - 1u) / unit * unit;

    flash.frame = body + (PAWL_FRAME_SEAL + unit - 1u) / unit * unit;
    flash.operations = 0;
    flash.fail_at = UINT32_MAX;
    flash.port = (struct pawl_flash){
        .read = flash_read,
        .program = flash_program,
        .erase = flash_erase,
        .poll = (shape & 64u) != 0 ? flash_poll : NULL,
        .sync = (shape & 128u) != 0 ? flash_sync : NULL,
        .is_blank = (shape & 16u) != 0 ? flash_is_blank : NULL,
        .size = 2u * FRAMES * flash.frame,
        .erase_size = (shape & 32u) != 0 ? FRAMES / 2u * flash.frame
                                         : FRAMES * flash.frame,
        .program_size = unit,
        .erased_value = (shape & 8u) != 0 ? 0x00 : 0xFF,
        .overprogram = true};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t shape = 0, fail = 0, was[PAYLOAD_LIMIT], next[PAYLOAD_LIMIT];
    uint32_t payload_max = 0, operations = 0;
    size_t was_len = 0;

    input = (struct pawl_bytes){data, len};
    shape = take();
    uint8_t order = take();
    payload_max = order % (PAYLOAD_LIMIT + 1u);
    fail = take();
    open_flash(shape, payload_max);
    struct pawl_journal_geometry geometry = geometry_of(payload_max);
    for (uint32_t n = 0; n < 2u * FRAMES; n++) {
        flash.unreadable[n] = false;
        if (order < 128) {
            lay_out(&geometry, n);
        }
    }
    for (unsigned bank = 0; bank < 2 && order >= 128; bank++) {
        lay_out_in_order(&geometry, bank);
    }
    must_agree(payload_max);
    bool found = newest(payload_max, was, &was_len);
    must_find(payload_max, found, was, was_len);

    memset(next, 0xC3, sizeof(next));
    struct pawl_bytes is = {was, was_len}, wanted = {next, payload_max};
    enum pawl_status status = settle(payload_max);
    must(status == PAWL_OK);
    must(pawl_journal_room(&journal) <= FRAMES);
    must_find(payload_max, found, was, was_len);
    operations = flash.operations;
    must(settle(payload_max) == PAWL_OK && flash.operations == operations);

    must_refuse(fail, payload_max);
    must_refuse_calls(payload_max);
    must(settle(payload_max) == PAWL_OK);
    if ((fail & 128u) != 0) { /* a state is carried unchanged */
        status = pawl_journal_compact(&journal);
        status = status == PAWL_PENDING
                     ? pawl_journal_finish(&journal, NULL, NULL)
                     : status;
        must(status == PAWL_OK || status == PAWL_ERR_FULL);
        must_find(payload_max, found, was, was_len);
        must(settle(payload_max) == PAWL_OK);
    }
    flash.fail_at = flash.operations + (fail & 127u);
    status = commit(wanted);
    flash.fail_at = UINT32_MAX;
    if (status == PAWL_OK) {
        must(holds(payload_max, wanted));
    } else if (status != PAWL_ERR_FULL) {
        must(status == PAWL_ERR_IO);
        must(!found || holds(payload_max, is) || holds(payload_max, wanted));
    }
    return 0;
}
