/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_ENROLL_FAKE_HTTP_H
#define PAWL_TEST_ENROLL_FAKE_HTTP_H

/* HTTP without a session: notes what is posted, answers as it was told. */

#include <pawl/http.h>

struct fake_http {
    /* How to answer. */
    struct pawl_http_response response;
    struct pawl_bytes body;
    size_t chunk;              /* bytes of each read; 0: all that fit */
    unsigned pending;          /* answers of PAWL_PENDING before each result */
    enum pawl_status step_end; /* instead of PAWL_OK of the head */
    size_t cut_at;             /* bytes of the body before cut_status */
    enum pawl_status cut_status; /* PAWL_OK: it is not cut */

    /* What was posted. */
    unsigned posts, accepted;
    char path[128], content_type[64], headers[128];
    char request[PAWL_CHAIN_MAX];
    size_t request_len;

    /* Private. */
    unsigned waited;
    size_t at;
};

extern struct fake_http fake_http;

/* Begins anew: a 200 with this body, as EST has it. */
void fake_http_answer(struct pawl_bytes body);

#endif
