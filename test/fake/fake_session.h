/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_FAKE_SESSION_H
#define PAWL_TEST_FAKE_SESSION_H

/*
 * A session without TLS: what the server says is in memory, what it is told
 * is kept. Stands for src/session in tests of what is above it.
 */

#include <pawl/session.h>

struct fake_session {
    /* What the server sends, */
    const uint8_t *input;
    size_t input_len, input_at;
    enum pawl_status end; /* and what receive answers behind it */

    size_t piece; /* most bytes a call moves; 0: all */
    bool block;   /* each call answers PAWL_PENDING first */

    uint64_t deadline_ms; /* that waiting to receive has; 0: none */

    size_t send_limit;         /* once so many bytes were taken, */
    enum pawl_status send_end; /* send answers this, if not PAWL_OK */

    /* What it was told. */
    char sent[4096];
    size_t sent_len;
    bool accepted;
    struct pawl_endpoint endpoint;

    bool may_send, may_receive; /* private */
};

/* Sets up a server at server.example:443 that says text, whole and at once,
 * and then nothing: PAWL_PENDING. */
void fake_session_open(struct fake_session *fake, const char *text);

/* The session to hand to what is tested. */
struct pawl_session *fake_session_of(struct fake_session *fake);

#endif
