/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAULT_MODEL_CODE_H
#define PAWL_FAULT_MODEL_CODE_H

/*
 * The journal's code in the model's world: one power session on frames that
 * read as the model says. model_journal.cpp compares what it does, operation
 * by operation, with what the model did.
 */

#include <stdint.h>

#define MODEL_FRAMES_MAX 12
#define MODEL_OPS_MAX 128

/* Ways to read, and what a valid frame says: as in the model. */
enum model_way {
    MODEL_BLANK = 1,
    MODEL_GARBAGE = 2,
    MODEL_VALID = 4
};
enum model_value {
    MODEL_ACKED = 0,
    MODEL_IN_FLIGHT = 1,
    MODEL_OLD = 2
};

struct model_frame {
    uint8_t way, proof, value, epoch;
};

enum model_op_kind {
    MODEL_OP_SPEND = 1,
    MODEL_OP_BODY,
    MODEL_OP_SEAL,
    MODEL_OP_ERASE
};

/* proof, value and epoch are those of a body; 0 otherwise. */
struct model_op {
    uint8_t kind, bank, index, proof, value, epoch;
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Boots a journal of so many frames a bank, settles, and follows the script: 0
 * nothing, 1 a commit, 2 two of them, 3 a compaction. Writes down the
 * operations. Returns their number, or -1 if a call failed. *recovered is what
 * the open found; garbage is spelt in different ways, by variant.
 */
int model_code_run(const struct model_frame frames[2][MODEL_FRAMES_MAX],
                   int count, int script, unsigned variant,
                   struct model_op ops[MODEL_OPS_MAX], uint8_t *recovered);

#ifdef __cplusplus
}
#endif

#endif
