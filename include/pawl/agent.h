/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_AGENT_H
#define PAWL_AGENT_H

/*
 * One step() that drives a device's whole life: enrol, renew, connect, report,
 * fetch, install, prove, accept or go back. For a vendor who leaves
 * everything to pawl; each part can be used without it.
 *
 *   no LDevID       -> EST with the IDevID -> LDevID
 *   LDevID          -> MQTT over TLS 1.3: inventory, announcements
 *   announcement    -> HTTPS: envelope, verified before anything is erased,
 *                      then the image into the spare slot -> install -> reset
 *   on trial        -> a session that the broker accepted, and healthy()
 *                      -> accept; else the trial runs out, or is rejected
 *   trust document  -> announced as an update is, or pushed by the
 *                      application: verified, stored, in force; sessions
 *                      begin anew with its anchors; where the boot loader
 *                      keeps a document of its own, a reset between two
 */

#include <pawl/endpoint.h>
#include <pawl/enroll.h>
#include <pawl/http.h>
#include <pawl/identity.h>
#include <pawl/manifest.h>
#include <pawl/mqtt.h>
#include <pawl/pawl.h>
#include <pawl/session.h>
#include <pawl/ticket_store.h>
#include <pawl/trust.h>
#include <pawl/update.h>

/* What happened. Numbers are stable; new ones are added at the end. */
enum pawl_agent_event_code {
    PAWL_EVENT_STARTED = 1,     /* slot, state and version are known */
    PAWL_EVENT_ENROLLED = 2,    /* a new LDevID is stored */
    PAWL_EVENT_PROMOTED = 3,    /* it has carried a session and is current */
    PAWL_EVENT_CONNECTED = 4,   /* the broker accepted us */
    PAWL_EVENT_PUBLISHED = 5,   /* the inventory was acknowledged */
    PAWL_EVENT_ANNOUNCED = 6,   /* an update was announced */
    PAWL_EVENT_VERIFIED = 7,    /* its envelope is authentic and for us */
    PAWL_EVENT_PROGRESS = 8,    /* done of total bytes are in flash */
    PAWL_EVENT_RESUMED = 9,     /* the download goes on at byte done */
    PAWL_EVENT_CANDIDATE = 10,  /* complete, and verified from flash */
    PAWL_EVENT_INSTALLING = 11, /* staged and armed; a reset follows */
    PAWL_EVENT_TRIAL = 12,      /* this image runs on trial */
    PAWL_EVENT_ACCEPTED = 13,   /* it stays; the counter has advanced */
    PAWL_EVENT_UNHEALTHY = 14,  /* healthy() said no: rejected */
    PAWL_EVENT_REVERTED = 15,   /* the boot loader went back, and why */
    PAWL_EVENT_REFUSED = 16,    /* an envelope or image was: status */
    PAWL_EVENT_SESSION_FAILED = 17, /* session says why */
    PAWL_EVENT_ENROLL_FAILED = 18,
    PAWL_EVENT_DOWNLOAD_FAILED = 19, /* tried again later, with back-off */
    PAWL_EVENT_FAILED = 20,          /* the agent itself: status */
    PAWL_EVENT_TRUST_ROTATED = 21,   /* sequence: its version, now in force */
    PAWL_EVENT_TRUST_REFUSED = 22,   /* status; sequence: the version wanted */
    PAWL_EVENT_TRUST_WANTED = 23,    /* a version is missing: sequence */
    PAWL_EVENT_TRUST_LOST = 24,  /* the document; sequence: version wanted */
    PAWL_EVENT_TRUST_OWNED = 25, /* the owner's anchors; sequence: version */
    PAWL_EVENT_TRUST_HELD = 26   /* the next document waits: status
                                  * PAWL_ERR_RESET_DUE, until the boot loader
                                  * has taken over sequence, after a reset;
                                  * PAWL_ERR_STATE, until the only image has
                                  * been accepted */
};

/*
 * One event. Fields that do not belong to the code are zeros; pointers are
 * valid during the callback only. text is for a person and never NULL.
 */
struct pawl_agent_event {
    enum pawl_agent_event_code code;
    enum pawl_status status;
    const char *text;
    const struct pawl_endpoint *endpoint;
    const struct pawl_session_failure *session;
    const struct pawl_manifest_failure *manifest;
    uint64_t done, total; /* bytes */
    uint64_t sequence;    /* of the manifest, or a trust document's version */
    uint8_t mqtt_reason;  /* why the broker refused, or broke off (MQTT 5.0,
                           * 2.4): 135 is "not authorized" */
    bool resumed;         /* CONNECTED: from a ticket */
};

struct pawl_agent_config {
    const struct pawl_port *port;
    const struct pawl_endpoint *endpoints; /* nothing else is talked to */
    size_t endpoint_count;

    /* Asked on trial, after the broker accepted a session and before the
     * image is accepted. NULL: always. */
    bool (*healthy)(void *ctx);
    /* May the update on hand be installed now? NULL: yes. */
    enum pawl_answer (*may_install)(void *ctx);
    /* May the device be reset now, so that the boot loader takes over the trust
     * document in force, and the next one, which waits for that, can follow
     * (the port's loader_trust)? Not asked during a trial, nor where the
     * loader had its turn and did not take it. NULL: yes. */
    enum pawl_answer (*may_reset)(void *ctx);
    /* Every change, refusal and failure, with its reason. NULL: nobody. */
    void (*on_event)(void *ctx, const struct pawl_agent_event *event);
    void *ctx;

    /* First part of the topics: PREFIX/SERIAL/inventory, /announce, /event
     * (doc/SPEC.md, "MQTT"). NULL: "pawl". */
    const char *topic_prefix;

    /* What pawl_boot_select() entered, where the boot loader hands it over.
     * Without it the journal is believed, which may name another set if boot
     * could not write it (choice.refused is PAWL_ERR_IO). */
    bool running_known;
    pawl_slot_set running;

    /* The factory's trust document as the firmware brings it along: where
     * both stored copies are lost, the chain begins here again. Empty: then
     * pawl_agent_open() fails. */
    struct pawl_bytes factory_trust;

    uint32_t retry_first_ms; /* back-off after a failure; 0: 1,000 */
    uint32_t retry_max_ms;   /* at most; 0: 600,000 */

    /*
     * Resumption (<pawl/ticket.h>): a session that begins anew goes on from a
     * ticket of the one before, without certificates and the key store.
     * tickets[i] is that of endpoints[i], for the first ticket_count of them;
     * resumption is &pawl_resumption. What the tickets hold when the agent is
     * opened is not trusted: memory that the hardware retains through sleep
     * and reset may be garbage after a power cut. They are the caller's:
     * pawl_agent_close() leaves them as they are. Enrolment, and an image on
     * trial, which has to prove itself, always make a full handshake. NULL:
     * so does everything, and nothing of it is linked.
     */
    struct pawl_ticket *tickets;
    size_t ticket_count; /* at most endpoint_count */
    const struct pawl_resumption *resumption;

    /* Where the broker's ticket lies, sealed, while the device is off
     * (<pawl/ticket_store.h>); open. A step that writes it blocks for one
     * operation of the key store and for storing one object, once in the time
     * that the store was opened with. NULL: nowhere. */
    struct pawl_ticket_store *ticket_store;
};

/* One device's agent. Complete so that it can be allocated; its fields are
 * private. */
#include <pawl/agent_context.h>

/*
 * Calls pawl_init(), opens identity, trust and the update engine, and takes
 * stock. The device may be anywhere in its life.
 *
 * config   copied; what it points to is retained until pawl_agent_close()
 *
 * Returns PAWL_ERR_ARGUMENT    something required is missing
 *         PAWL_ERR_NOT_FOUND   no IDevID or no trust document: the device was
 *                              never provisioned
 *         PAWL_ERR_LOST, PAWL_ERR_IO, PAWL_ERR_UNSUPPORTED
 *
 * Blocks for the recovery of two journals after a power cut.
 */
PAWL_MUST_USE
enum pawl_status pawl_agent_open(struct pawl_agent *agent,
                                 const struct pawl_agent_config *config);

/*
 * Goes on with the device's life: one bounded step. Never ends; failures are
 * events and are tried again with back-off. *wait says what the agent waits
 * for.
 *
 * Returns PAWL_PENDING; PAWL_OK when nothing is under way and the agent only
 * waits for announcements and deadlines; an error if it cannot go on at all
 * (PAWL_ERR_IO of the journal), which is worth a reset.
 *
 * Blocks for at most one flash, key-store or public-key operation of each of
 * the things that go on at once (the broker or the EST server, a download, a
 * trial); in a handshake for a flight, as pawl_session_step() says; once an EST
 * server has answered, as pawl_enroll_step() says.
 */
enum pawl_status pawl_agent_step(struct pawl_agent *agent,
                                 struct pawl_wait *wait);

/*
 * Takes the next trust document, however it came here: by USB, over BLE, from
 * a file. What pawl_identity_rotate_trust() says, and then sessions that were
 * open are opened anew, and an update that waits is judged again. After a loss
 * (PAWL_EVENT_TRUST_LOST) this is the only way on: each version in order.
 *
 * Returns what pawl_identity_rotate_trust() does; PAWL_ERR_STATE also before
 * pawl_agent_open(), and during a trial before which nothing was accepted: the
 * document might withdraw the signer of the only image; come again after the
 * trial. After PAWL_ERR_RESET_DUE (PAWL_EVENT_TRUST_HELD) the caller resets
 * the device and comes again; the agent does not by itself.
 *
 * Blocks for one public-key operation per signature and for storing one
 * object.
 */
PAWL_MUST_USE
enum pawl_status pawl_agent_trust(struct pawl_agent *agent,
                                  struct pawl_bytes document);

/*
 * Takes what the device's owner says, by whatever way he has to his device:
 * pawl_identity_own_trust(). Sessions that were open are opened anew.
 */
PAWL_MUST_USE
enum pawl_status pawl_agent_own(struct pawl_agent *agent,
                                struct pawl_bytes owner);

/* Ends sessions and forgets. For hosts and tests. */
void pawl_agent_close(struct pawl_agent *agent);

/* An event's name, "ENROLLED". Static storage; never NULL. */
const char *pawl_agent_event_name(enum pawl_agent_event_code code);

#endif
