/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How old a session is, and when it ends of age (P14). Two clocks tell: the
 * monotonic one, good within one life of the process (the generator's epoch
 * tells lives apart), and the wall clock where it is known.
 */
#include <string.h>

#include "session/session_internal.h"

#define LONGEST_S 86400u

static uint64_t now_ms(const struct session *session)
{
    const struct pawl_clock *clock = session->config.port->clock;

    return clock->monotonic_ms(clock->ctx);
}

struct session_birth pawl_session_birth(const struct session *session)
{
    struct pawl_x509_time time = pawl_session_time(&session->config);
    struct session_birth now;

    memset(&now, 0, sizeof now);
    now.wall_s = time.known ? time.now_s : -1;
    now.monotonic_ms = now_ms(session);
    pawl_random_epoch(now.epoch);
    return now;
}

bool pawl_session_elapsed(const struct session *session,
                          const struct session_birth *since,
                          uint64_t *elapsed_ms)
{
    struct session_birth now = pawl_session_birth(session);
    bool known = false;

    *elapsed_ms = 0;
    if (memcmp(now.epoch, since->epoch, sizeof now.epoch) == 0) {
        if (now.monotonic_ms < since->monotonic_ms) {
            return false;
        }
        *elapsed_ms = now.monotonic_ms - since->monotonic_ms;
        known = true;
    }
    if (now.wall_s >= 0 && since->wall_s >= 0) {
        uint64_t wall_ms = (uint64_t)(now.wall_s - since->wall_s) * 1000;

        if (now.wall_s < since->wall_s) {
            return false; /* one of them was wrong */
        }
        *elapsed_ms = wall_ms > *elapsed_ms ? wall_ms : *elapsed_ms;
        known = true;
    }
    return known;
}

uint64_t pawl_session_longest_ms(const struct session *session)
{
    uint32_t longest_s = session->config.max_age_s;

    return (uint64_t)(longest_s != 0 ? longest_s : LONGEST_S) * 1000;
}

void pawl_session_age_begin(struct session *session)
{
    uint64_t longest_ms = pawl_session_longest_ms(session);
    uint64_t age_ms = 0;

    if (!pawl_session_elapsed(session, &session->born, &age_ms) ||
        age_ms > longest_ms) {
        age_ms = longest_ms;
    }
    session->end_ms = now_ms(session) + longest_ms - age_ms;
}

enum pawl_status pawl_session_age_check(struct session *session)
{
    const struct pawl_session_config *config = &session->config;
    struct pawl_x509_time time = pawl_session_time(config);

    if (now_ms(session) >= session->end_ms) {
        return pawl_session_fail(
            session, PAWL_ERR_EXPIRED,
            "the session has lasted for as long as it may");
    }
    if (time.known && time.now_s > session->chain_until_s) {
        return pawl_session_fail(session, PAWL_ERR_EXPIRED,
                                 "a certificate of the server has expired");
    }
    if (time.known && config->endpoint->use != PAWL_USE_ENROLL &&
        time.now_s > session->own_until_s) {
        return pawl_session_fail(session, PAWL_ERR_EXPIRED,
                                 "our own certificate has expired");
    }
    return PAWL_OK;
}
