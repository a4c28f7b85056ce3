/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_AGENT_INTERNAL_H
#define PAWL_AGENT_INTERNAL_H

#include <pawl/agent.h>

/* States of the link lane: enrolment and the broker. */
enum link_state {
    LINK_REST,            /* until the back-off ends */
    LINK_ENROLL_CONNECT,  /* TLS to the EST server */
    LINK_ENROLL,          /* EST */
    LINK_CONNECT,         /* TLS to the broker */
    LINK_MQTT,            /* CONNECT, until CONNACK */
    LINK_SUBSCRIBE,       /* to announcements of updates */
    LINK_SUBSCRIBE_TRUST, /* and of trust documents */
    LINK_REPORT,          /* a publication until it is acknowledged */
    LINK_ONLINE,          /* nothing to say */
    LINK_LEAVING          /* DISCONNECT, for a renewal or a reset */
};

/* States of the fetch lane: envelope, payload, install. */
enum fetch_state {
    FETCH_IDLE,    /* nothing announced */
    FETCH_REST,    /* until the back-off ends */
    FETCH_CONNECT, /* TLS for the envelope, or the trust document */
    FETCH_HEAD,
    FETCH_BODY,
    FETCH_START, /* the envelope, or the trust document, is judged */
    FETCH_WANT,  /* what comes next? */
    FETCH_PAYLOAD_CONNECT,
    FETCH_PAYLOAD_HEAD,
    FETCH_PAYLOAD_BODY,
    FETCH_FINISH,  /* the engine verifies from flash */
    FETCH_INSTALL, /* consent, window, staging */
    FETCH_HELD,    /* a trust document waits for a reset */
    FETCH_RESET,   /* say goodbye, then reset */
    FETCH_CANCEL,  /* the engine gives up another update */
    FETCH_CLEAN    /* and becomes READY */
};

/* How far the proof of an image on trial is. */
enum trial_state {
    TRIAL_NONE,    /* no trial */
    TRIAL_WAITING, /* for a session that the broker accepted */
    TRIAL_ACCEPTING,
    TRIAL_COUNTING, /* accepted; the security counter rises */
    TRIAL_REJECTING,
    TRIAL_CLEANING
};

/* agent.c */
uint64_t pawl_agent_now_ms(const struct pawl_agent *agent);
/* The lowest that the time can be, in seconds: the clock's, or the floor. */
int64_t pawl_agent_wall_s(const struct pawl_agent *agent);
/* Tells the application, and the broker where the code is worth it. */
void pawl_agent_tell(struct pawl_agent *agent,
                     const struct pawl_agent_event *event);
/* The same for the plain case. */
void pawl_agent_say(struct pawl_agent *agent, enum pawl_agent_event_code code,
                    enum pawl_status status, const char *text);
/* Adds what one lane waits for to what the agent waits for. */
void pawl_agent_merge_wait(struct pawl_wait *all, const struct pawl_wait *one);
/* An endpoint of the list by its use; NULL if there is none. */
const struct pawl_endpoint *pawl_agent_endpoint(const struct pawl_agent *agent,
                                                enum pawl_use use);

/* agent_lane.c */
/* Opens a session to endpoint, one of the list, with a credential of the given
 * kind. */
enum pawl_status pawl_agent_lane_open(struct pawl_agent *agent,
                                      struct pawl_agent_lane *lane,
                                      const struct pawl_endpoint *endpoint,
                                      enum pawl_identity_kind kind);
/* The protocol accepted the lane's session. */
void pawl_agent_lane_accepted(struct pawl_agent_lane *lane);
void pawl_agent_lane_close(struct pawl_agent_lane *lane);
/* Why the lane's session failed; NULL: it did not, or there is none. */
const struct pawl_session_failure *
pawl_agent_lane_failure(const struct pawl_agent_lane *lane);
/* Reads a credential into the lane. */
enum pawl_status pawl_agent_lane_credential(struct pawl_agent *agent,
                                            struct pawl_agent_lane *lane,
                                            enum pawl_identity_kind kind);
/*
 * Where the ticket of an endpoint of the list is kept; NULL: the handshake is
 * a full one. On trial it is, or an image that cannot make one would be
 * accepted; so it is where certificates come from.
 */
struct pawl_ticket *pawl_agent_ticket(const struct pawl_agent *agent,
                                      const struct pawl_endpoint *endpoint);
/* Before the link's session: asks the store for its ticket, once for each
 * session. True, if it was asked now, which may have taken time. */
bool pawl_agent_ticket_take(struct pawl_agent *agent,
                            const struct pawl_endpoint *endpoint);
/* The broker's session is up: keeps its ticket, if it is time. */
void pawl_agent_ticket_keep(struct pawl_agent *agent);
/* Begins a pause: exponential, with jitter; longer than least_ms. */
void pawl_agent_backoff(struct pawl_agent *agent, struct pawl_backoff *backoff,
                        uint32_t least_ms);
/* Whether the pause is over; *wait otherwise says until when. */
bool pawl_agent_rested(const struct pawl_agent *agent,
                       const struct pawl_backoff *backoff,
                       struct pawl_wait *wait);

/* agent_link.c, agent_enroll.c, agent_fetch.c, agent_payload.c,
 * agent_trial.c: one bounded step each. */
void pawl_agent_link_step(struct pawl_agent *agent, struct pawl_wait *wait);
void pawl_agent_link_fail(struct pawl_agent *agent, enum pawl_status status,
                          enum pawl_agent_event_code code, uint32_t least_ms);
void pawl_agent_enroll_connect(struct pawl_agent *agent,
                               struct pawl_wait *wait);
void pawl_agent_enroll_step(struct pawl_agent *agent, struct pawl_wait *wait);
void pawl_agent_fetch_step(struct pawl_agent *agent, struct pawl_wait *wait);
/* Leaves the server, and begins anew at once: with what is due first. */
void pawl_agent_fetch_begin_anew(struct pawl_agent *agent);
/* Opens a session to the download endpoint that agent->uri names. */
enum pawl_status pawl_agent_fetch_open(struct pawl_agent *agent);
/* Tells why a download stopped, and tries again later. */
void pawl_agent_fetch_fail(struct pawl_agent *agent, enum pawl_status status);
/* Gives up what was announced: it was refused. */
void pawl_agent_fetch_refuse(struct pawl_agent *agent, enum pawl_status status);
void pawl_agent_payload_step(struct pawl_agent *agent, struct pawl_wait *wait);
void pawl_agent_trial_step(struct pawl_agent *agent, struct pawl_wait *wait);
/* The broker took our inventory: the session is proved. */
void pawl_agent_trial_proved(struct pawl_agent *agent);
/* Says goodbye and resets. */
void pawl_agent_reset(struct pawl_agent *agent);
/* The fetch lane: lets the last reports go out first. */
void pawl_agent_fetch_reset(struct pawl_agent *agent);

/* agent_trust.c */
/* An announcement of trust documents has come. */
void pawl_agent_trust_announced(struct pawl_agent *agent,
                                struct pawl_bytes payload);
/* Whether a newer document is known of, and can be fetched. */
bool pawl_agent_trust_due(const struct pawl_agent *agent);
/* Where the next document is. PAWL_ERR_MALFORMED, PAWL_ERR_LIMIT and what
 * pawl_uri_parse() says. */
enum pawl_status pawl_agent_trust_uri(const struct pawl_agent *agent,
                                      struct pawl_uri *uri);
/* A document lies in envelope: it comes into force, or is refused. */
void pawl_agent_trust_judge(struct pawl_agent *agent, struct pawl_wait *wait);
/* Gives up what was announced, and tells why. */
void pawl_agent_trust_refuse(struct pawl_agent *agent, enum pawl_status status);
/* The next document waits for a reset: is it allowed now? */
void pawl_agent_trust_held(struct pawl_agent *agent, struct pawl_wait *wait);
/* Opens the document in force, or begins with the factory's again. */
enum pawl_status pawl_agent_trust_open(struct pawl_agent *agent);
/* Tells what open() has found to be lost. */
void pawl_agent_trust_tell_lost(struct pawl_agent *agent);
/* A server told the date over this session; 0: it did not. */
void pawl_agent_learn_time(struct pawl_agent *agent,
                           const struct pawl_session *session, int64_t date_s);

/* agent_report.c */
void pawl_agent_topic(const struct pawl_agent *agent, const char *last,
                      char topic[PAWL_TOPIC_MAX]);
enum pawl_status pawl_agent_write_inventory(struct pawl_agent *agent,
                                            uint8_t *buf, size_t cap,
                                            struct pawl_bytes *payload);
enum pawl_status pawl_agent_write_report(const struct pawl_agent *agent,
                                         const struct pawl_agent_report *report,
                                         uint8_t *buf, size_t cap,
                                         struct pawl_bytes *payload);
/* Reads an announcement; PAWL_ERR_MALFORMED leaves *uri empty. */
enum pawl_status pawl_agent_read_announcement(struct pawl_bytes payload,
                                              char uri[PAWL_URI_MAX]);
/* The same for trust documents; newest is the version of the newest. */
enum pawl_status pawl_agent_read_trust_announcement(struct pawl_bytes payload,
                                                    char uri[PAWL_URI_MAX],
                                                    uint64_t *newest);
/* Queues a report to the broker. */
void pawl_agent_queue_report(struct pawl_agent *agent,
                             const struct pawl_agent_event *event);

#endif
