/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/model_code.h"
#include "base/base.h"
#include "journal/journal.h"
#include <string.h>

#define UNIT 8U
#define PAYLOAD 4U
#define BODY 24U /* 16 and the payload, in whole units */
#define FRAME 32U
#define VALUES 8U /* payloads of a session */

/* The flash, and what became of it. */
struct bench {
    struct pawl_flash port;
    uint8_t memory[2U * MODEL_FRAMES_MAX * FRAME];
    uint32_t bank; /* bytes */
    struct model_op *ops;
    int count;
    uint8_t label[VALUES]; /* enum model_value of each payload */
};

static void note(struct bench *bench, uint8_t kind, uint32_t off,
                 const uint8_t *body)
{
    struct model_op op = {kind,
                          (uint8_t)(off / bench->bank),
                          (uint8_t)(off % bench->bank / FRAME),
                          0,
                          0,
                          0};

    if (body != NULL) {
        op.proof = body[1] == PAWL_FRAME_PROOF ? 1 : 0;
        op.epoch = (uint8_t)pawl_get_u32(body + 4);
        op.value = bench->label[pawl_get_u32(body + PAWL_FRAME_HEAD) % VALUES];
    }
    if (bench->count < MODEL_OPS_MAX) {
        bench->ops[bench->count++] = op;
    }
}

static enum pawl_status bench_read(void *ctx, uint32_t off, void *buf,
                                   size_t len)
{
    const struct bench *bench = ctx;

    memcpy(buf, bench->memory + off, len);
    return PAWL_OK;
}

static enum pawl_status bench_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    struct bench *bench = ctx;
    const uint8_t *in = buf;

    if (len == FRAME) {
        note(bench, MODEL_OP_SPEND, off, NULL);
    } else if (len == BODY) {
        note(bench, MODEL_OP_BODY, off, in);
    } else {
        note(bench, MODEL_OP_SEAL, off, NULL);
    }
    for (size_t i = 0; i < len; i++) {
        bench->memory[off + i] &= in[i];
    }
    return PAWL_OK;
}

static enum pawl_status bench_erase(void *ctx, uint32_t off, uint32_t len)
{
    struct bench *bench = ctx;

    note(bench, MODEL_OP_ERASE, off, NULL);
    memset(bench->memory + off, 0xFF, len);
    return PAWL_OK;
}

static void lay_out(struct bench *bench, const struct model_frame *frame,
                    unsigned bank, uint32_t index, unsigned variant)
{
    const struct pawl_journal_geometry geometry = {.body_size = BODY,
                                                   .frame_size = FRAME,
                                                   .bank_size = bench->bank,
                                                   .frames =
                                                       bench->bank / FRAME,
                                                   .payload_max = PAYLOAD};
    const struct pawl_frame_header header = {
        frame->proof != 0 ? PAWL_FRAME_PROOF : PAWL_FRAME_RECORD, frame->epoch,
        100U * frame->epoch + index};
    uint8_t *at = bench->memory + bank * bench->bank + index * FRAME;
    uint8_t payload[PAYLOAD];

    if (frame->way == MODEL_BLANK) {
        memset(at, 0xFF, FRAME);
    } else if (frame->way == MODEL_GARBAGE) {
        memset(at, (variant + index) % 2U != 0 ? 0xA5 : 0x00, FRAME);
    } else {
        pawl_put_u32(payload, frame->value);
        pawl_frame_write(&geometry, 0xFF, bank, index, &header,
                         PAWL_BYTES(payload), at);
    }
}

static void relabel(struct bench *bench, uint8_t from, uint8_t to)
{
    for (unsigned i = 0; i < VALUES; i++) {
        bench->label[i] = bench->label[i] == from ? to : bench->label[i];
    }
}

/* The state in force is value, for good. */
static void act(struct bench *bench, uint8_t value)
{
    if (value == MODEL_IN_FLIGHT) {
        relabel(bench, MODEL_ACKED, MODEL_OLD);
        relabel(bench, MODEL_IN_FLIGHT, MODEL_ACKED);
    } else {
        relabel(bench, MODEL_IN_FLIGHT, MODEL_OLD);
    }
}

static enum pawl_status finish(struct pawl_journal *journal,
                               enum pawl_status status)
{
    return status == PAWL_PENDING ? pawl_journal_finish(journal, NULL, NULL)
                                  : status;
}

static enum pawl_status commit(struct bench *bench,
                               struct pawl_journal *journal, uint32_t value)
{
    uint8_t payload[PAYLOAD];
    enum pawl_status status = PAWL_ERR_FAULT;

    pawl_put_u32(payload, value);
    bench->label[value] = MODEL_IN_FLIGHT;
    status = finish(journal, pawl_journal_commit(journal, PAWL_BYTES(payload)));
    relabel(bench, MODEL_ACKED, MODEL_OLD);
    relabel(bench, MODEL_IN_FLIGHT, MODEL_ACKED);
    return status;
}

static enum pawl_status follow(struct bench *bench,
                               struct pawl_journal *journal, int script)
{
    enum pawl_status status = PAWL_OK;

    if (script == 3) {
        return finish(journal, pawl_journal_compact(journal));
    }
    for (int i = 0; i < script && status == PAWL_OK; i++) {
        status = commit(bench, journal, 4U + (uint32_t)i);
    }
    return status;
}

int model_code_run(const struct model_frame frames[2][MODEL_FRAMES_MAX],
                   int count, int script, unsigned variant,
                   struct model_op ops[MODEL_OPS_MAX], uint8_t *recovered)
{
    struct bench bench = {.bank = (uint32_t)count * FRAME, .ops = ops};
    struct pawl_journal journal;
    enum pawl_status status = PAWL_ERR_FAULT;

    bench.port = (struct pawl_flash){.ctx = &bench,
                                     .read = bench_read,
                                     .program = bench_program,
                                     .erase = bench_erase,
                                     .size = 2U * bench.bank,
                                     .erase_size = bench.bank,
                                     .program_size = UNIT,
                                     .erased_value = 0xFF,
                                     .overprogram = true};
    for (unsigned i = 0; i < VALUES; i++) {
        bench.label[i] = (uint8_t)(i < MODEL_OLD ? i : MODEL_OLD);
    }
    for (unsigned bank = 0; bank < 2; bank++) {
        for (int i = 0; i < count; i++) {
            lay_out(&bench, &frames[bank][i], bank, (uint32_t)i, variant);
        }
    }
    status =
        pawl_journal_open(&journal, &bench.port, PAYLOAD, PAWL_JOURNAL_WRITE);
    if (pawl_journal_found(&journal) != PAWL_JOURNAL_VALID) {
        return -1;
    }
    *recovered = (uint8_t)pawl_get_u32(pawl_journal_payload(&journal).data);
    if (finish(&journal, status) != PAWL_OK) {
        return -1;
    }
    act(&bench, *recovered);
    return follow(&bench, &journal, script) == PAWL_OK ? bench.count : -1;
}
