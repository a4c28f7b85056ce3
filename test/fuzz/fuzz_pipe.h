/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FUZZ_PIPE_H
#define PAWL_TEST_FUZZ_PIPE_H

/*
 * A session that hands out the fuzzer's bytes, for the clients of protocols.
 * What they send is thrown away.
 *
 * Of datagrams, a byte of length stands in front of each. One of length 0 is
 * none, but lets the next send answer PAWL_PENDING; one byte 01, 02 or 03 alone
 * lets the entropy fail once, the next send, or this receive.
 */

#include "fuzz.h"
#include <pawl/session.h>

struct fuzz_pipe {
    const uint8_t *input;
    size_t len, at;
    size_t piece;         /* a stream: most bytes of a call, */
    bool block;           /* PAWL_PENDING at every other call, */
    enum pawl_status end; /* and what receive answers behind the input */
    bool datagrams;
    void (*on_datagram)(uint8_t *data, size_t len); /* may change it */
    enum pawl_status next_send, next_entropy;
    uint64_t now_ms;
    struct pawl_clock clock;
    struct pawl_entropy entropy;
    struct pawl_endpoint endpoint;
};

/* Opens it; the session to hand to a client. */
struct pawl_session *fuzz_pipe_open(struct fuzz_pipe *pipe, const uint8_t *data,
                                    size_t len);

#endif
