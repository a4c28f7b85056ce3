/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_AGENT_CONTEXT_H
#define PAWL_AGENT_CONTEXT_H

/* The inside of struct pawl_agent; included by agent.h. Private. */

#include <pawl/enroll.h>
#include <pawl/http.h>
#include <pawl/mqtt.h>
#include <pawl/update.h>

/* Reports that wait for the broker; the oldest is dropped for a new one. */
#define PAWL_AGENT_REPORTS 4

/* Bytes read from a server at once. */
#define PAWL_AGENT_CHUNK 1024

/* When to try again. */
struct pawl_backoff {
    uint32_t next_ms;  /* length of the next pause; 0: the first */
    uint64_t until_ms; /* no attempt before; 0: none */
};

/* What is told to the broker about one event. */
struct pawl_agent_report {
    uint32_t code; /* enum pawl_agent_event_code */
    int32_t status;
    uint32_t reason; /* enum pawl_update_reason, or SUIT's */
    uint64_t sequence;
};

/* One connection with what its session retains. */
struct pawl_agent_lane {
    uint8_t state;
    struct pawl_session session;
    struct pawl_session_config session_config;
    struct pawl_credential credential;
    struct pawl_backoff backoff;
    bool open;     /* the session */
    bool accepted; /* it was, by the protocol above */
    size_t chain_len;
    uint8_t chain[PAWL_CHAIN_MAX];
};

struct pawl_agent {
    struct pawl_agent_config config;
    struct pawl_identity identity;
    struct pawl_trust trust;
    struct pawl_update update;
    bool opened;

    /* Enrolment and MQTT. */
    struct pawl_agent_lane link;
    struct pawl_mqtt mqtt;
    struct pawl_enroll enroll;
    bool inventory_due, renewing;
    bool telling_inventory;      /* it is what LINK_REPORT waits for */
    bool ticket_asked_for;       /* of the store, for the next session */
    uint64_t ticket_look_ms;     /* when to look whether to keep one */
    bool ldevid_expired;         /* a server said so */
    uint8_t next_refusals;       /* of the next LDevID, possibly, in a row */
    struct pawl_backoff renewal; /* apart: the broker is not to wait for it */
    struct pawl_agent_report reports[PAWL_AGENT_REPORTS];
    size_t report_count;

    /* Download. */
    struct pawl_agent_lane fetch;
    struct pawl_http http;
    char announced[PAWL_URI_MAX]; /* the envelope's URI; "": none */
    bool announced_new;           /* it came since the lane last looked */
    struct pawl_uri uri;          /* what is being fetched */
    uint64_t offset;              /* of the next byte of the answer */
    uint64_t skip;                /* bytes that the engine has already */
    bool moved;                   /* the engine took some of the answer */
    uint64_t silent_until_ms;     /* the server must have sent something */
    size_t chunk_len, chunk_at;
    uint8_t chunk[PAWL_AGENT_CHUNK];
    size_t envelope_len;
    uint8_t envelope[PAWL_ENVELOPE_MAX];
    uint64_t sequence; /* of the manifest under way */
    uint32_t progress; /* percent that was last told */
    unsigned tries;    /* of one manifest since the start, */
    uint8_t tried[32]; /* its digest */

    /* Rotation of the trust document. */
    struct pawl_trust successor;  /* room to verify one */
    char trust_uri[PAWL_URI_MAX]; /* where documents are; "": none announced */
    uint64_t trust_newest;        /* version of the newest of them */
    uint64_t trust_at_open;       /* version that the boot loader has seen */
    bool nothing_accepted;        /* before this start: one image at most */
    bool fetching_trust;          /* what the fetch lane is about */
    bool rejudging;               /* the engine judges what waits, by it */
    bool trust_lost;              /* below the floor: it trusts nobody */

    uint8_t trial;          /* how far the proof of a trial image is */
    enum pawl_status fatal; /* the agent cannot go on */
};

#endif
