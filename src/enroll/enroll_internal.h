/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_ENROLL_ENROLL_INTERNAL_H
#define PAWL_ENROLL_ENROLL_INTERNAL_H

#include <pawl/enroll.h>

/*
 * Judges the answer's body, reply_len bytes of base64 in enroll->reply, and
 * on PAWL_OK has stored the chain as the next LDevID. Otherwise result.rule
 * says what was wrong, and nothing was stored. Overwrites body and reply.
 */
PAWL_MUST_USE
enum pawl_status pawl_enroll_judge(struct pawl_enroll *enroll);

#endif
