/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_AGENT_WORLD_H
#define PAWL_TEST_AGENT_WORLD_H

/*
 * A world for one agent: identity, trust, sessions, protocols and the update
 * engine answer what a test has told them to, and note what they are asked.
 */

#include <pawl/agent.h>

#define WORLD_LOG 32

struct world_session {
    const struct pawl_endpoint *endpoint;
    enum pawl_identity_kind kind;
    const struct pawl_ticket *ticket;
    const struct pawl_resumption *resumption;
};

struct world {
    struct pawl_agent agent;
    struct pawl_agent_config config;
    struct pawl_wait wait;
    struct pawl_product product;
    struct pawl_port port;
    struct pawl_endpoint endpoints[4];

    /* Time and chance. */
    uint64_t now_ms;
    bool wall_known;
    int64_t wall_s, floor_s;
    uint32_t draw;

    /* Identity, by kind. */
    bool has[3];
    int64_t not_after_s[3];
    unsigned promoted, dropped;

    /* Trust. */
    enum pawl_status trust_status; /* of pawl_trust_open() */
    uint64_t trust_version;        /* in force */
    uint64_t trust_floor;          /* below it a rotation only replays */
    enum pawl_status rotate_status, trust_changed_status;
    uint64_t loader_version; /* of the loader's own document; 0: it has none */
    unsigned rotations, recoveries, trust_changes, owner_opens;
    enum pawl_status own_status, owner_status;
    size_t document_len; /* of the last one */
    bool trust_expired;
    int64_t time_until_s, raised_s;

    /* Sessions. */
    struct world_session sessions[WORLD_LOG]; /* that were opened */
    unsigned session_count, closed, accepted;
    enum pawl_status open_status, link_status, fetch_status;
    struct pawl_session_failure failure; /* of any that is asked for it */
    bool resumed;                        /* each of them */

    /* Enrolment. */
    bool due;
    enum pawl_status enroll_status;
    struct pawl_enroll_result enroll_result;
    struct pawl_enroll_config enroll_config;
    unsigned enrolled;

    /* MQTT. */
    struct pawl_mqtt_config mqtt_config;
    enum pawl_status mqtt_status, publish_status, subscribe_status;
    unsigned published, left;
    char filters[2][PAWL_TOPIC_MAX];
    unsigned filter_count;
    char filter[PAWL_TOPIC_MAX], topic[PAWL_TOPIC_MAX];
    uint8_t payload[256];
    size_t payload_len;
    enum pawl_mqtt_qos qos;
    bool retained;

    /* HTTP. */
    unsigned gets;
    char path[PAWL_URI_MAX];
    uint64_t first;
    enum pawl_status http_status, read_status;
    struct pawl_http_response response;
    size_t body_len; /* of each answer */
    size_t body_at;

    /* Manifest and update engine. */
    enum pawl_status manifest_status;
    bool by_the_retired; /* who signed it */
    uint8_t digest;      /* of the manifest: 32 times this */
    uint64_t sequence;
    struct pawl_update_config update_config;
    struct pawl_update_info info;
    enum pawl_status update_open_status, start_status, step_status;
    enum pawl_status want_status, write_status, accept_status, reject_status;
    enum pawl_status failing; /* what the next step() records and tells */
    unsigned steps;
    struct pawl_update_want want;
    unsigned starts, writes, finishes, installs, accepts, cleans, cancels;
    enum pawl_update_reason rejected; /* why it was, last */
    size_t written;

    /* The application. */
    bool healthy;
    unsigned healths, reboots;
    enum pawl_agent_event_code events[WORLD_LOG * 8];
    enum pawl_status event_status; /* of the last one */
    uint8_t event_mqtt_reason;
    bool event_resumed; /* of the last that said CONNECTED */
    char event_text[128];
    uint64_t event_sequence;
    unsigned event_count;
};

extern struct world world;

/* A device with an IDevID and an LDevID, a broker, an EST server and a server
 * of downloads; everything works. Not open. */
void world_make(void);
/* The same, open. */
void world_open(void);
/* The same, online, and nothing is left to say. */
void world_online(void);

/* One step of the agent. */
enum pawl_status world_step(void);
/* As many as given. */
void world_steps(unsigned count);

/* The broker announces this URI. */
void world_announce(const char *uri);
/* The broker announces trust documents up to this version. */
void world_announce_trust(const char *uri, uint64_t newest);
/* How often an event was told. */
unsigned world_count(enum pawl_agent_event_code code);
/* Begins to count anew. */
void world_forget_events(void);
/* The session that was opened last. */
const struct world_session *world_session(void);

#endif
