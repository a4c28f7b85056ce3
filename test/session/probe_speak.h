/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_PROBE_SPEAK_H
#define PAWL_TEST_PROBE_SPEAK_H

/* What session_probe says over a session that is established. */

#include <pawl/session.h>
#include <stdbool.h>

struct speech {
    const char *words; /* "http:PATH[:FIRST:LENGTH]", "mqtt:TOPIC:TEXT",
                        * "coap:" and what probe_coap.h says */
    const struct pawl_clock *clock;
    const struct pawl_entropy *entropy;
    uint64_t give_up_ms;
    void (*sleep)(const struct pawl_wait *wait);

    /* What came of it. */
    unsigned http_status;
    bool partial;
    unsigned mqtt_reason;
    unsigned coap_code, notifications, retransmissions;
    bool same; /* what came back is what was sent */
    size_t received;
    char body[1024];
};

/* Says it. PAWL_OK: an answer came, whatever it says; the session's errors,
 * PAWL_ERR_TIMEOUT. */
enum pawl_status speak(struct pawl_session *session, struct speech *speech);

/* ---- for those who speak ---- */

/* Sleeps for *wait; PAWL_ERR_TIMEOUT if the time is over. */
enum pawl_status speak_rest(const struct speech *speech,
                            struct pawl_wait *wait);
/* Keeps a piece of a body, as far as there is room. */
void speak_keep(struct speech *speech, const void *data, size_t len);

#endif
