/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_COSE_COSE_INTERNAL_H
#define PAWL_COSE_COSE_INTERNAL_H

#include "cbor/cbor.h"
#include "cose/cose.h"

/* Header labels (RFC 9052, 3.1). */
#define PAWL_COSE_LABEL_ALG 1
#define PAWL_COSE_LABEL_CRIT 2
#define PAWL_COSE_LABEL_KID 4

/* What a Sig_structure or MAC_structure has besides its three byte strings'
 * contents: head, context and their heads. */
#define PAWL_COSE_STRUCTURE_OVERHEAD (1 + 11 + 3 * 9)

/* An algorithm: one row of the table. */
struct pawl_cose_algorithm {
    enum pawl_algorithm number;
    enum pawl_algorithm family; /* the number that names the same thing */
    uint8_t tag;                /* of the messages that it makes */
    bool hashed;                /* verify() takes SHA-256 of the bytes */
    uint8_t signature_len;
    enum pawl_status (*verify)(struct pawl_bytes key, struct pawl_bytes message,
                               const uint8_t *signature);
};

/* The row of an algorithm; NULL if there is none. */
const struct pawl_cose_algorithm *pawl_cose_algorithm(int64_t number);

/*
 * Writes the bytes that are signed or authenticated (RFC 9052, 4.4 and 6.3)
 * but for the payload's content, which comes last, is payload_len bytes long,
 * and is left to the caller.
 */
void pawl_cose_put_structure(struct pawl_cbor_out *out, uint64_t tag,
                             struct pawl_bytes protected_,
                             struct pawl_bytes external_aad,
                             size_t payload_len);

#endif
