/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opens sessions to a real server and prints what came of each, one JSON
 * object a line, for test/session/peers.py. The transport and the key store
 * can be made to fail:
 *
 *   --piece N       the transport moves N bytes at most in a call
 *   --block         three in four of its calls answer PAWL_PENDING
 *   --die-at N      it fails once N bytes were moved, both ways counted
 *   --end-at N      its input ends there instead
 *   --mute          sending fails once the session is established, a while
 *                   later
 *   --alloc-at N    the N-th allocation fails
 *   --key-store W   "fail": signing fails; "lost": there is no key; "gone":
 *                   the token is pulled out after its key was found;
 *                   "unavailable": it answers what wolfSSL takes as a hint to
 *                   sign in software; "blank": it says that it signed;
 *                   "unregistered": wolfSSL has forgotten its device id
 *   --speak WORDS   not a line, but as probe_speak.h says
 *   --sweep die|end|alloc   all of them in turn, until one does no harm
 *   --sweep noise     12 runs of bad luck
 *   --loss P          P percent of the datagrams are lost, both ways
 *   --mangle P        so many are doubled, reordered, cut, invented
 *   --spare-server    what is cut or invented does not go to the server
 *   --damage P        in so many a bit is wrong
 *   --seed N          of this run of bad luck
 *   --rate N          the clock runs N times as fast
 *   --flood           300 datagrams of a stranger for each of the server's
 *   --empty           nobody is there; time jumps from deadline to deadline
 *   --messages        four messages of several lengths, in place of a line
 *   --rebind          after the handshake, it goes on from another address
 *   --ticket          with the ticket of the sessions before
 *   --flip N          whose bit N is flipped
 *   --seal            and which was sealed and unsealed in between
 *   --reset           the device was reset before; what is retained is not
 *   --later S         S seconds later, by both clocks
 *   --age S           S seconds go by between the handshake and what is sent
 *   --max-age S       a session lasts S seconds at most
 *   --trust-version N of the trust document
 *   --features        no session: what the wolfSSL at hand has
 *   --callback FILE   no session: what the verify callback says of FILE
 *   --then            what follows is for another session, after this one, in
 *                     the same process
 */
#include <pawl/pawl.h>
#include <pawl/session.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>

#include "noise.h"
#include "posix.h"
#include "probe_speak.h"
#include "session/session_internal.h"
#include "trust/trust_internal.h"

/* What the command line says. */
struct options {
    struct pawl_endpoint endpoint;
    const char *text; /* sent; its reverse comes back */
    const char *speak;
    size_t piece;
    bool block, mute;
    uint64_t die_at, end_at; /* UINT64_MAX: never */
    size_t alloc_at;         /* 0: never */
    const char *key_store;   /* how it fails; "" if it does not */
    bool own_memory, features, rebind, empty, flood;
    bool ticket, seal, reset, messages;
    size_t flip; /* SIZE_MAX: none */
    uint32_t max_age_s, later_s, age_s;
    const char *sweep;
    const char *callback;
    uint32_t timeout_ms;
    uint16_t datagram_size;
    unsigned loss, mangle, damage; /* percent */
    bool spare_server;
    uint32_t seed;
    uint64_t rate; /* of the clock */
    uint32_t roles;
    int64_t now_s, floor_s; /* now_s 0: the machine's; -1: unknown */
};

static const struct options usual = {
    .endpoint = {.use = PAWL_USE_MQTT, .host = "127.0.0.1"},
    .text = "pawl",
    .key_store = "",
    .die_at = UINT64_MAX,
    .end_at = UINT64_MAX,
    .timeout_ms = 5000,
    .rate = 1,
    .flip = SIZE_MAX,
};

static struct options options;
static struct pawl_trust trust;
static struct pawl_ticket ticket; /* of one session for the next */
static uint64_t later_ms;         /* sum of --later */
static uint8_t chain[8192], key_der[512], anchor_bytes[8][4096], pin[33];
static struct pawl_bytes own_chain, own_key;

/* ---- the key store: one key, out of a file ---- */

static ecc_key signing_key;
static WC_RNG rng;

static bool key_store_is(const char *failure)
{
    return strcmp(options.key_store, failure) == 0;
}

static enum pawl_status key_public(void *ctx, enum pawl_key_slot slot,
                                   uint8_t point[PAWL_P256_POINT_SIZE])
{
    word32 len = PAWL_P256_POINT_SIZE;

    (void)ctx;
    (void)slot;
    if (key_store_is("lost")) {
        return PAWL_ERR_NOT_FOUND;
    }
    return wc_ecc_export_x963(&signing_key, point, &len) == 0
               ? PAWL_OK
               : PAWL_ERR_KEYSTORE;
}

static enum pawl_status key_sign(void *ctx, enum pawl_key_slot slot,
                                 const uint8_t digest[32],
                                 uint8_t signature[PAWL_P256_SIGNATURE_SIZE])
{
    uint8_t der[80];
    word32 len = sizeof der;

    (void)ctx;
    (void)slot;
    if (key_store_is("unavailable")) {
        return (enum pawl_status)CRYPTOCB_UNAVAILABLE;
    }
    if (key_store_is("gone")) {
        return PAWL_ERR_NOT_FOUND;
    }
    if (key_store_is("blank")) {
        return PAWL_OK;
    }
    if (key_store_is("fail") ||
        wc_ecc_sign_hash(digest, 32, der, &len, &rng, &signing_key) != 0) {
        return PAWL_ERR_KEYSTORE;
    }
    return pawl_signature_from_der((struct pawl_bytes){der, len}, signature);
}

static int32_t key_error(void *ctx)
{
    (void)ctx;
    return 4711;
}

static const struct pawl_keystore keystore = {
    .public_key = key_public, .sign = key_sign, .last_error = key_error};

static bool open_key(void)
{
    word32 at = 0;

    wc_ecc_free(&signing_key);
    return wc_ecc_init(&signing_key) == 0 &&
           wc_EccPrivateKeyDecode(own_key.data, &at, &signing_key,
                                  (word32)own_key.len) == 0;
}

/* ---- the transport: the port's, made worse ---- */

static struct pawl_posix_transport sockets;
static struct noise noise;
static int real_handle;
static uint64_t moved;    /* bytes, both ways */
static bool muted;        /* sending fails */
static unsigned turns[2]; /* of sending, of receiving */
static uint64_t calls;    /* of send and receive, since open */
#define CALLS_MAX 2000000 /* more are a loop without end */
static unsigned taken;    /* datagrams, since the session was called */
#define TAKEN_MAX 100     /* more keep who has called from going on */

static bool is_noisy(void)
{
    return options.loss + options.mangle + options.damage > 0;
}

/* Whether this call answers PAWL_PENDING for the sake of --block. */
static bool blocked(size_t direction)
{
    if (++calls > CALLS_MAX) {
        fputs("probe: the session calls its transport without end\n", stderr);
        exit(3);
    }
    return options.block && ++turns[direction] % 4 != 0;
}

static size_t allowed(size_t len, uint64_t limit)
{
    uint64_t left = limit > moved ? limit - moved : 0;

    if (options.piece != 0 && len > options.piece) {
        len = options.piece;
    }
    return len > left ? (size_t)left : len;
}

static enum pawl_status probe_open(void *ctx, enum pawl_transport_kind kind,
                                   const char *host, uint16_t port, int *handle)
{
    (void)ctx;
    moved = calls = 0;
    muted = false;
    *handle = 0;
    noise.below = &sockets.transport;
    noise.loss = options.loss;
    noise.mangle = options.mangle;
    noise.spare = options.spare_server;
    memset(noise.lost, 0, sizeof noise.lost);
    noise.damage = options.damage;
    noise.seed = options.seed;
    noise.held_len[0] = noise.held_len[1] = 0;
    return sockets.transport.open(sockets.transport.ctx, kind, host, port,
                                  &real_handle);
}

/* As if a NAT had forgotten us: a new socket, which has another port. */
static void rebind(void)
{
    int old = real_handle;

    if (sockets.transport.open(sockets.transport.ctx, PAWL_DATAGRAM,
                               options.endpoint.host, options.endpoint.port,
                               &real_handle) != PAWL_OK) {
        exit(3);
    }
    sockets.transport.close(sockets.transport.ctx, old);
}

/* When something was sent into the empty network. */
static uint64_t virtual_ms;
static uint64_t sent_ms[32];
static size_t sent_count;

static void note_send(void)
{
    if (sent_count < sizeof sent_ms / sizeof sent_ms[0]) {
        sent_ms[sent_count++] = virtual_ms;
    }
}

static enum pawl_status probe_send(void *ctx, int handle, const void *data,
                                   size_t len, size_t *sent)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    (void)ctx;
    (void)handle;
    len = allowed(len, options.die_at);
    if (len == 0 || muted) {
        return PAWL_ERR_IO;
    }
    if (blocked(0)) {
        return PAWL_PENDING;
    }
    if (options.empty) {
        note_send();
        *sent = len;
        return PAWL_OK;
    }
    if (is_noisy()) {
        return noise_send(&noise, real_handle, data, len, sent);
    }
    status = sockets.transport.send(sockets.transport.ctx, real_handle, data,
                                    len, sent);
    moved += status == PAWL_OK ? *sent : 0;
    return status;
}

/* A datagram that anybody may have sent, as long as there are some. */
static bool flooded(uint8_t *buf, size_t cap, size_t *received)
{
    static const uint8_t heads[][6] = {
        {0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
        {0x17, 0xFE, 0xFD, 0x00, 0x01, 0x00},  /* DTLS 1.2, a later epoch */
        {0x2F, 0x12, 0x34, 0x00, 0x40, 0x00}}; /* DTLS 1.3, encrypted */
    static unsigned turn;

    if (!options.flood || cap < 64 || ++turn % 300 == 0) {
        return false;
    }
    if (++taken > TAKEN_MAX) {
        fputs("probe: a call takes what strangers send, without end\n", stderr);
        exit(3);
    }
    memset(buf, (int)(turn & 0x7Fu), 64);
    memcpy(buf, heads[turn % (options.endpoint.tls12 ? 2 : 3)],
           sizeof heads[0]);
    buf[11] = 0;
    buf[12] = 64 - 13; /* the length of DTLS 1.2 */
    *received = 64;
    return true;
}

static enum pawl_status probe_receive(void *ctx, int handle, void *buf,
                                      size_t cap, size_t *received)
{
    enum pawl_status status = PAWL_ERR_FAULT;

    (void)ctx;
    (void)handle;
    if (allowed(cap, options.die_at) == 0) {
        return PAWL_ERR_IO;
    }
    if (allowed(cap, options.end_at) == 0) {
        return PAWL_ERR_CLOSED;
    }
    if (blocked(1)) {
        return PAWL_PENDING;
    }
    cap = allowed(cap, options.die_at);
    cap = allowed(cap, options.end_at);
    if (options.empty) {
        return PAWL_PENDING;
    }
    if (flooded(buf, cap, received)) {
        return PAWL_OK;
    }
    if (is_noisy()) {
        return noise_receive(&noise, real_handle, buf, cap, received);
    }
    status = sockets.transport.receive(sockets.transport.ctx, real_handle, buf,
                                       cap, received);
    moved += status == PAWL_OK ? *received : 0;
    return status;
}

static void probe_close(void *ctx, int handle)
{
    (void)ctx;
    (void)handle;
    sockets.transport.close(sockets.transport.ctx, real_handle);
}

static int32_t probe_error(void *ctx, int handle)
{
    (void)ctx;
    (void)handle;
    return sockets.transport.last_error(sockets.transport.ctx, real_handle);
}

static const struct pawl_transport transport = {.open = probe_open,
                                                .send = probe_send,
                                                .receive = probe_receive,
                                                .close = probe_close,
                                                .last_error = probe_error};

/* ---- the port ---- */

static struct pawl_posix_clock machine_clock;

static uint64_t probe_monotonic(void *ctx)
{
    (void)ctx;
    if (options.empty) {
        return virtual_ms;
    }
    return later_ms + options.rate * machine_clock.clock.monotonic_ms(
                                         machine_clock.clock.ctx);
}

/* wolfSSL sends nothing again within a second of its own time, in which the
 * two ends could otherwise answer each other without end: this is where it
 * asks for the time. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    /* Without what --later adds: servers compare ages with their own. */
    uint64_t ms = 1700000000000u + probe_monotonic(NULL) - later_ms;

    (void)zone;
    now->tv_sec = (time_t)(ms / 1000);
    now->tv_usec = (suseconds_t)(ms % 1000 * 1000);
    return 0;
}

static enum pawl_status probe_wall(void *ctx, int64_t *seconds)
{
    (void)ctx;
    if (options.now_s < 0) {
        return PAWL_ERR_CLOCK;
    }
    if (options.now_s > 0) {
        *seconds = options.now_s;
        return PAWL_OK;
    }
    enum pawl_status status =
        machine_clock.clock.wall_s(machine_clock.clock.ctx, seconds);
    *seconds += (int64_t)(later_ms / 1000);
    return status;
}

static struct pawl_clock probe_clock = {.monotonic_ms = probe_monotonic,
                                        .wall_s = probe_wall};
static _Alignas(16) uint8_t arena[256 * 1024];
static _Alignas(16) uint8_t session_memory[28 * 1024];
static const struct pawl_port port = {.clock = &probe_clock,
                                      .entropy = &pawl_posix_entropy,
                                      .keystore = &keystore,
                                      .transport = &transport,
                                      .arena = arena,
                                      .arena_size = sizeof arena};

/* ---- one session ---- */

struct outcome {
    enum pawl_status status;
    bool echoed;
    size_t leaked; /* bytes of the arena, after close */
    bool spent;    /* the allocation that was to fail did */
};

static void sleep_until(const struct pawl_wait *wait)
{
    if (options.empty) {
        virtual_ms = wait->deadline_ms;
    } else if (!options.block && options.piece == 0) {
        struct pawl_wait real = *wait;
        real.deadline_ms /= options.rate;
        pawl_posix_transport_sleep(&sockets, &real);
    } else {
        struct timespec moment = {.tv_nsec = 20000};
        nanosleep(&moment, NULL);
    }
}

static void add_deadline(struct pawl_wait *wait, uint64_t at_ms)
{
    if ((wait->events & PAWL_WAIT_DEADLINE) == 0 || wait->deadline_ms > at_ms) {
        wait->events |= PAWL_WAIT_DEADLINE;
        wait->deadline_ms = at_ms;
    }
}

static bool send_message(struct pawl_session *session, size_t len)
{
    static const char text[512];
    struct pawl_wait wait;
    size_t sent = 0;

    return pawl_session_send(session, text, len, &sent, &wait) == PAWL_OK &&
           sent == len;
}

/* Whether the next message that arrives is len long, and what receiving it
 * into cap bytes answers. */
static bool next_message_is(struct pawl_session *session, size_t len,
                            size_t cap, enum pawl_status expected)
{
    char buf[512];
    size_t received = 0;
    uint64_t give_up_ms = probe_monotonic(NULL) + options.timeout_ms;
    struct pawl_wait wait = {0};
    enum pawl_status status = PAWL_PENDING;

    while (status == PAWL_PENDING && probe_monotonic(NULL) < give_up_ms) {
        taken = 0;
        status = pawl_session_receive(session, buf, cap, &received, &wait);
        if (status == PAWL_PENDING) {
            add_deadline(&wait, give_up_ms);
            sleep_until(&wait);
        }
    }
    return status == expected && received == len;
}

/* Messages arrive one by one and whole, or not at all. */
static enum pawl_status messages(struct pawl_session *session, bool *echoed)
{
    *echoed = send_message(session, 3) && send_message(session, 100) &&
              next_message_is(session, 3, 512, PAWL_OK) &&
              next_message_is(session, 100, 512, PAWL_OK) &&
              send_message(session, 300) && send_message(session, 5) &&
              next_message_is(session, 300, 10, PAWL_ERR_TOO_SMALL) &&
              next_message_is(session, 5, 5, PAWL_OK);
    return *echoed ? PAWL_OK : PAWL_ERR_FAULT;
}

/*
 * How much may be received of an answer of which in of len bytes are here. To a
 * line that was sent again a server may answer twice in one datagram.
 */
static size_t room(size_t len, size_t in, size_t cap)
{
    return (is_noisy() ? cap : len) - in;
}

/* Sends the text as a line and waits for its reverse. */
static enum pawl_status echo(struct pawl_session *session, bool *echoed)
{
    char line[4096], answer[4096];
    size_t len = (size_t)snprintf(line, sizeof line, "%s\n", options.text);
    size_t out = 0, in = 0;
    uint64_t give_up_ms = probe_monotonic(NULL) + options.timeout_ms;
    uint64_t again_ms = UINT64_MAX;
    struct pawl_wait wait = {0};

    if (is_noisy()) {
        again_ms = probe_monotonic(NULL) + 2000;
    }
    while (in < len && probe_monotonic(NULL) < give_up_ms) {
        size_t count = 0;

        taken = 0;
        enum pawl_status status =
            out < len ? pawl_session_send(session, line + out, len - out,
                                          &count, &wait)
                      : pawl_session_receive(session, answer + in,
                                             room(len, in, sizeof answer),
                                             &count, &wait);
        if (status == PAWL_PENDING) {
            add_deadline(&wait, again_ms < give_up_ms ? again_ms : give_up_ms);
            sleep_until(&wait);
            if (probe_monotonic(NULL) >= again_ms) {
                out = 0; /* a message that was lost */
                again_ms += 2000;
            }
        } else if (status != PAWL_OK) {
            return status;
        } else if (out < len) {
            out += count;
        } else {
            in += count;
        }
    }
    *echoed = is_noisy() ? in >= len : in == len;
    for (size_t i = 0; *echoed && i + 1 < len; i++) {
        *echoed = answer[i] == line[len - 2 - i];
    }
    return *echoed ? PAWL_OK : PAWL_ERR_TIMEOUT;
}

/* The session shows its server's chain, before it judges it: how long it was,
 * and how often. */
static size_t shown, judged;

static void count_chain(void *ctx, const struct pawl_bytes *certificates,
                        size_t count)
{
    size_t *to = ctx;

    *to = certificates[0].len > 0 ? count : 0;
    judged++;
}

static const char *stage_name(enum pawl_session_stage stage)
{
    static const char *const names[] = {
        "CLOSED",    "CONNECTING", "HANDSHAKE", "ESTABLISHED",
        "CONFIRMED", "ACCEPTED",   "FAILED"};

    return names[stage];
}

static bool has_ticket(void)
{
    static const struct pawl_ticket none;

    return memcmp(&ticket, &none, sizeof none) != 0;
}

static void print(const struct pawl_session *session, const char *call,
                  const struct outcome *outcome)
{
    const struct pawl_session_failure *failure = pawl_session_failure(session);
    struct pawl_session_info info = pawl_session_info(session);
    enum pawl_session_stage stage = pawl_session_stage(session);
    char alpn[PAWL_SESSION_ALPN_MAX];

    pawl_session_alpn(session, alpn);
    printf("{\"call\": \"%s\", \"status\": \"%s\", \"stage\": \"%s\", "
           "\"echoed\": %s, \"version\": %u, \"suite\": %u, \"in\": %llu, "
           "\"out\": %llu, \"signatures\": %u, \"peak\": %zu, \"alert\": "
           "\"%s\", \"alert_sent\": \"%s\", \"tls\": %d, \"port\": %d, "
           "\"certificate\": %d, \"refused\": %s, \"rule\": \"%s\", "
           "\"group\": \"%s\", \"alpn\": \"%s\", \"round_trips\": %u, "
           "\"shown\": %zu, \"judged\": %zu, \"timeouts\": %u, \"cid\": %s, "
           "\"tells_time\": %s, \"resumed\": %s, \"ticket\": %s",
           call, pawl_status_name(outcome->status),
           stage_name(stage == PAWL_SESSION_FAILED ? failure->stage : stage),
           outcome->echoed ? "true" : "false", info.version, info.suite,
           (unsigned long long)info.bytes_in,
           (unsigned long long)info.bytes_out, info.key_store_signatures,
           pawl_arena_peak(), pawl_session_alert_name(failure->alert_received),
           pawl_session_alert_name(failure->alert_sent), failure->tls_code,
           failure->port_code, failure->certificate,
           failure->client_refused ? "true" : "false", failure->rule,
           pawl_session_group(session), alpn, info.round_trips, shown, judged,
           info.timeouts, info.connection_id ? "true" : "false",
           info.time_until_s > 0 ? "true" : "false",
           info.resumed ? "true" : "false", has_ticket() ? "true" : "false");
    printf(", \"sent_ms\": [");
    for (size_t i = 0; i < sent_count; i++) {
        printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)sent_ms[i]);
    }
    printf("]");
}

/* Nothing may be sent or received before the server was judged. */
static bool data_is_refused(struct pawl_session *session)
{
    size_t count = 0;
    char byte = 0;
    struct pawl_wait wait;

    return pawl_session_send(session, &byte, 1, &count, &wait) ==
               PAWL_ERR_STATE &&
           pawl_session_receive(session, &byte, 1, &count, &wait) ==
               PAWL_ERR_STATE;
}

/* Connects and shakes hands. */
static enum pawl_status shake(struct pawl_session *session)
{
    enum pawl_status status = PAWL_PENDING;
    struct pawl_wait wait = {0};

    while (status == PAWL_PENDING) {
        if (!data_is_refused(session)) {
            return PAWL_ERR_FAULT;
        }
        taken = 0;
        status = pawl_session_step(session, &wait);
        if (status == PAWL_PENDING) {
            sleep_until(&wait);
        }
    }
    if (options.mute) {
        struct timespec moment = {.tv_nsec = 300000000};
        nanosleep(&moment, NULL); /* for an alert to arrive */
        muted = true;
    }
    return status;
}

static struct speech speech;

static enum pawl_status say(struct pawl_session *session)
{
    speech = (struct speech){
        .words = options.speak,
        .clock = &probe_clock,
        .entropy = port.entropy,
        .give_up_ms = probe_monotonic(NULL) + options.timeout_ms,
        .sleep = sleep_until,
    };
    return speak(session, &speech);
}

static struct outcome run(bool quiet)
{
    static struct pawl_session session;
    struct outcome outcome = {.status = PAWL_ERR_FAULT};
    struct pawl_arena *global = pawl_arena_global();
    const struct pawl_credential credential = {
        .keystore = &keystore, .slot = PAWL_KEY_LDEVID_A, .chain = own_chain};
    const struct pawl_session_config config = {
        .port = &port,
        .endpoint = &options.endpoint,
        .credential = &credential,
        .trust = &trust,
        .roles = options.roles,
        .time_floor_s = options.floor_s,
        .memory = options.own_memory ? session_memory : NULL,
        .memory_size = options.own_memory ? sizeof session_memory : 0,
        .handshake_timeout_ms = options.timeout_ms,
        .datagram_size = options.datagram_size,
        .max_age_s = options.max_age_s,
        .ticket = options.ticket ? &ticket : NULL,
        .resumption = options.ticket ? &pawl_resumption : NULL,
        .on_chain = count_chain,
        .on_chain_ctx = &shown,
    };
    const char *call = "open";
    size_t used = global->used;
    uint64_t began_ms = probe_monotonic(NULL);

    shown = judged = 0;

    global->fail_at = options.alloc_at;
    outcome.status = pawl_session_open(&session, &config);
    if (outcome.status == PAWL_OK) {
        call = "step";
        if (key_store_is("unregistered")) {
            wc_CryptoCb_UnRegisterDevice(session_of(&session)->key.device_id);
        }
        outcome.status = shake(&session);
    }
    if (outcome.status == PAWL_OK && options.speak != NULL) {
        call = "speak";
        outcome.status = say(&session);
    } else if (outcome.status == PAWL_OK && options.text[0] != '\0') {
        call = "echo";
        if (options.rebind) {
            rebind();
        }
        later_ms += (uint64_t)options.age_s * 1000;
        outcome.status = options.messages ? messages(&session, &outcome.echoed)
                                          : echo(&session, &outcome.echoed);
    }
    outcome.spent = options.alloc_at != 0 && global->fail_at == 0;
    global->fail_at = 0;
    if (!quiet) {
        print(&session, call, &outcome);
    }
    pawl_session_close(&session);
    pawl_session_close(&session); /* harmless */
    outcome.leaked = global->used - used;
    if (!quiet && options.speak != NULL) {
        printf(", \"http\": %u, \"partial\": %s, \"mqtt\": %u, "
               "\"coap\": \"%u.%02u\", \"notifications\": %u, "
               "\"retransmissions\": %u, \"same\": %s, "
               "\"body\": \"%.64s\"",
               speech.http_status, speech.partial ? "true" : "false",
               speech.mqtt_reason, speech.coap_code >> 5, speech.coap_code & 31,
               speech.notifications, speech.retransmissions,
               speech.same ? "true" : "false",
               strpbrk(speech.body, "\"\\\r\n") == NULL ? speech.body : "");
    }
    if (!quiet) {
        printf(", \"leaked\": %zu, \"ms\": %llu}\n", outcome.leaked,
               (unsigned long long)(probe_monotonic(NULL) - began_ms));
    }
    fflush(stdout);
    return outcome;
}

/* ---- sweeps ---- */

struct sweep {
    unsigned runs, refused, harmless, leaks;
    unsigned by_status[64];
};

static void count_run(struct sweep *sweep, const struct outcome *outcome)
{
    sweep->runs++;
    sweep->leaks += outcome->leaked != 0;
    if (outcome->status == PAWL_OK) {
        sweep->harmless++;
    } else {
        sweep->refused++;
        sweep->by_status[-outcome->status & 63]++;
    }
}

static void print_sweep(const struct sweep *sweep)
{
    printf("{\"sweep\": \"%s\", \"runs\": %u, \"refused\": %u, "
           "\"harmless\": %u, \"leaks\": %u",
           options.sweep, sweep->runs, sweep->refused, sweep->harmless,
           sweep->leaks);
    for (int i = 0; i < 64; i++) {
        if (sweep->by_status[i] != 0) {
            printf(", \"%s\": %u", pawl_status_name((enum pawl_status) - i),
                   sweep->by_status[i]);
        }
    }
    puts("}");
}

static void run_noise(void)
{
    struct sweep sweep = {0};

    for (options.seed = 1; options.seed <= 12; options.seed++) {
        struct outcome outcome = run(true);

        count_run(&sweep, &outcome);
    }
    print_sweep(&sweep);
    options.loss = options.mangle = options.damage = 0;
    (void)run(false);
}

/* All points of failure in turn, until the session comes through unharmed. */
static void run_sweep(void)
{
    struct sweep sweep = {0};
    bool alloc = strcmp(options.sweep, "alloc") == 0;
    uint64_t *point =
        strcmp(options.sweep, "die") == 0 ? &options.die_at : &options.end_at;

    for (uint64_t at = 0; at < 20000; at++) {
        struct outcome outcome;

        if (alloc) {
            options.alloc_at = (size_t)at + 1;
        } else {
            *point = at;
        }
        outcome = run(true);
        count_run(&sweep, &outcome);
        if (outcome.status == PAWL_OK && !(alloc && outcome.spent)) {
            break;
        }
    }
    print_sweep(&sweep);
    options.die_at = options.end_at = UINT64_MAX;
    options.alloc_at = 0;
    (void)run(false); /* the next session to a good peer works */
}

static struct pawl_bytes slurp(const char *path, uint8_t *buf, size_t cap)
{
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(buf, 1, cap, file);

    if (file != NULL) {
        fclose(file);
    }
    if (len == 0 || len == cap) {
        fprintf(stderr, "probe: cannot read %s\n", path);
        exit(4);
    }
    return (struct pawl_bytes){buf, len};
}

/* ---- the verify callback, called as wolfSSL would ---- */

/* What the callback says of a server's certificate after wolfSSL has said
 * preverify and error: 1 would let it pass. */
static int ask_callback(struct pawl_bytes leaf, int preverify, int error)
{
    static struct session session;
    WOLFSSL_BUFFER_INFO certificate = {.buffer = (unsigned char *)leaf.data,
                                       .length = (unsigned)leaf.len};
    WOLFSSL_X509_STORE_CTX store;

    memset(&session, 0, sizeof session);
    session.config.port = &port;
    session.config.endpoint = &options.endpoint;
    session.config.trust = &trust;
    memset(&store, 0, sizeof store);
    store.userCtx = &session;
    store.certs = &certificate;
    store.totalCerts = 1;
    store.error = error;
    return pawl_session_verify(preverify, &store);
}

/* -188: no signer; -125: no memory. */
static void run_callback(void)
{
    static uint8_t leaf_bytes[4096];
    struct pawl_bytes leaf =
        slurp(options.callback, leaf_bytes, sizeof leaf_bytes);

    printf("{\"passed\": %d, \"failed\": %d, \"no memory\": %d}\n",
           ask_callback(leaf, 1, 0), ask_callback(leaf, 0, -188),
           ask_callback(leaf, 0, -125));
}

/* What the wolfSSL at hand has. */
static void print_features(void)
{
    bool dtls13 = false, cid = false, mtu = false, own = false;
    bool tickets = false, hybrid = false, rsa = false, p384 = false;

#ifndef NO_RSA
    rsa = true;
#endif
#ifdef HAVE_ECC384
    p384 = true;
#endif
#ifdef WOLFSSL_DTLS13
    dtls13 = true;
#endif
#ifdef WOLFSSL_DTLS_CID
    cid = true;
#endif
#ifdef WOLFSSL_DTLS_MTU
    mtu = true;
#endif
#ifdef WOLFSSL_USER_SETTINGS
    own = true;
#endif
#if defined(HAVE_SESSION_TICKET) && defined(HAVE_EXT_CACHE) &&                 \
    !defined(NO_SESSION_CACHE) && LIBWOLFSSL_VERSION_HEX >= 0x05007000
    tickets = true;
#endif
#ifdef WOLFSSL_HAVE_MLKEM
    hybrid = true;
#endif
    printf("{\"dtls13\": %s, \"cid\": %s, \"mtu\": %s, \"own\": %s, "
           "\"tickets\": %s, \"hybrid\": %s, \"rsa\": %s, \"p384\": %s}\n",
           dtls13 ? "true" : "false", cid ? "true" : "false",
           mtu ? "true" : "false", own ? "true" : "false",
           tickets ? "true" : "false", hybrid ? "true" : "false",
           rsa ? "true" : "false", p384 ? "true" : "false");
}

/* ---- the command line ---- */

static uint32_t role_of(const char *word)
{
    if (strcmp(word, "enroll") == 0) {
        return PAWL_ROLE_ENROLL;
    }
    if (strcmp(word, "server+time") == 0) {
        return PAWL_ROLE_SERVER | PAWL_ROLE_TIME;
    }
    return strcmp(word, "download") == 0 ? PAWL_ROLE_DOWNLOAD
                                         : PAWL_ROLE_SERVER;
}

static void add_anchor(const char *value)
{
    struct pawl_trust_anchor *anchor = &trust.anchors[trust.anchor_count];
    const char *path = strchr(value, ':');
    char role[16] = {0};

    if (path == NULL || path - value >= (ptrdiff_t)sizeof role ||
        trust.anchor_count == PAWL_TRUST_ANCHOR_MAX) {
        fputs("probe: --anchor ROLE:FILE, eight at most\n", stderr);
        exit(4);
    }
    memcpy(role, value, (size_t)(path - value));
    anchor->roles = role_of(role);
    anchor->certificate = slurp(path + 1, anchor_bytes[trust.anchor_count],
                                sizeof anchor_bytes[0]);
    trust.anchor_count++;
}

static enum pawl_use use_of(const char *word)
{
    if (strcmp(word, "enroll") == 0) {
        return PAWL_USE_ENROLL;
    }
    return strcmp(word, "download") == 0 ? PAWL_USE_DOWNLOAD : PAWL_USE_MQTT;
}

/* Takes in an option without a value. */
static bool take_flag(const char *name)
{
    if (strcmp(name, "--tls12") == 0) {
        options.endpoint.tls12 = true;
    } else if (strcmp(name, "--hybrid") == 0) {
        options.endpoint.hybrid = true;
    } else if (strcmp(name, "--datagram") == 0) {
        options.endpoint.transport = PAWL_DATAGRAM;
    } else if (strcmp(name, "--block") == 0) {
        options.block = true;
    } else if (strcmp(name, "--mute") == 0) {
        options.mute = true;
    } else if (strcmp(name, "--messages") == 0) {
        options.messages = true;
    } else if (strcmp(name, "--ticket") == 0) {
        options.ticket = true;
    } else if (strcmp(name, "--seal") == 0) {
        options.seal = true;
    } else if (strcmp(name, "--reset") == 0) {
        options.reset = true;
    } else if (strcmp(name, "--flood") == 0) {
        options.flood = true;
    } else if (strcmp(name, "--spare-server") == 0) {
        options.spare_server = true;
    } else if (strcmp(name, "--empty") == 0) {
        options.empty = true;
    } else if (strcmp(name, "--rebind") == 0) {
        options.rebind = true;
    } else if (strcmp(name, "--features") == 0) {
        options.features = true;
    } else if (strcmp(name, "--own-memory") == 0) {
        options.own_memory = true;
    } else {
        return false;
    }
    return true;
}

static bool take_server(const char *name, const char *value)
{
    struct pawl_endpoint *endpoint = &options.endpoint;

    if (strcmp(name, "--host") == 0) {
        endpoint->host = value;
    } else if (strcmp(name, "--port") == 0) {
        endpoint->port = (uint16_t)atoi(value);
    } else if (strcmp(name, "--name") == 0) {
        endpoint->server_name = value;
    } else if (strcmp(name, "--cid") == 0) {
        endpoint->connection_id = strcmp(value, "required") == 0
                                      ? PAWL_CID_REQUIRED
                                      : PAWL_CID_OFFERED;
    } else if (strcmp(name, "--alpn") == 0) {
        endpoint->alpn = value;
    } else if (strcmp(name, "--use") == 0) {
        endpoint->use = use_of(value);
    } else if (strcmp(name, "--pin") == 0) {
        endpoint->pin = slurp(value, pin, sizeof pin);
    } else if (strcmp(name, "--anchor") == 0) {
        add_anchor(value);
    } else {
        return false;
    }
    return true;
}

static bool take_failure(const char *name, const char *value)
{
    if (strcmp(name, "--piece") == 0) {
        options.piece = (size_t)atoi(value);
    } else if (strcmp(name, "--die-at") == 0) {
        options.die_at = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--end-at") == 0) {
        options.end_at = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--loss") == 0) {
        options.loss = (unsigned)atoi(value);
    } else if (strcmp(name, "--mangle") == 0) {
        options.mangle = (unsigned)atoi(value);
    } else if (strcmp(name, "--damage") == 0) {
        options.damage = (unsigned)atoi(value);
    } else if (strcmp(name, "--seed") == 0) {
        options.seed = (uint32_t)atoi(value);
    } else if (strcmp(name, "--rate") == 0) {
        options.rate = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--alloc-at") == 0) {
        options.alloc_at = (size_t)atoi(value);
    } else if (strcmp(name, "--key-store") == 0) {
        options.key_store = value;
    } else if (strcmp(name, "--callback") == 0) {
        options.callback = value;
    } else if (strcmp(name, "--sweep") == 0) {
        options.sweep = value;
    } else {
        return false;
    }
    return true;
}

static bool take_value(const char *name, const char *value)
{
    if (strcmp(name, "--chain") == 0) {
        own_chain = slurp(value, chain, sizeof chain);
    } else if (strcmp(name, "--key") == 0) {
        own_key = slurp(value, key_der, sizeof key_der);
    } else if (strcmp(name, "--text") == 0) {
        options.text = value;
    } else if (strcmp(name, "--speak") == 0) {
        options.speak = value;
    } else if (strcmp(name, "--timeout") == 0) {
        options.timeout_ms = (uint32_t)atoi(value);
    } else if (strcmp(name, "--flip") == 0) {
        options.flip = (size_t)atoi(value);
    } else if (strcmp(name, "--later") == 0) {
        options.later_s = (uint32_t)atoi(value);
    } else if (strcmp(name, "--age") == 0) {
        options.age_s = (uint32_t)atoi(value);
    } else if (strcmp(name, "--max-age") == 0) {
        options.max_age_s = (uint32_t)atoi(value);
    } else if (strcmp(name, "--trust-version") == 0) {
        trust.version = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--datagram-size") == 0) {
        options.datagram_size = (uint16_t)atoi(value);
    } else if (strcmp(name, "--now") == 0) {
        options.now_s = strtoll(value, NULL, 10);
    } else if (strcmp(name, "--floor") == 0) {
        options.floor_s = strtoll(value, NULL, 10);
    } else if (strcmp(name, "--roles") == 0) {
        options.roles = role_of(value);
    } else {
        return take_server(name, value) || take_failure(name, value);
    }
    return true;
}

/* Takes in options from argv[at] on; where it ends, at --then or at the end. */
static int take_options(int argc, char **argv, int at)
{
    int i = at;

    options = usual;
    trust.anchor_count = 0;
    trust.version = 1;
    for (; i < argc && strcmp(argv[i], "--then") != 0; i++) {
        if (take_flag(argv[i])) {
            continue;
        }
        if (i + 1 == argc || !take_value(argv[i], argv[i + 1])) {
            fprintf(stderr, "probe: what is %s?\n", argv[i]);
            exit(4);
        }
        i++;
    }
    return i;
}

/* A box that nobody else can open: here a mask and a sum will do. */
static enum pawl_status box_seal(void *ctx, struct pawl_bytes plain,
                                 uint8_t *sealed, size_t *sealed_len)
{
    uint8_t sum = 0;

    (void)ctx;
    if (*sealed_len < plain.len + 1) {
        return PAWL_ERR_TOO_SMALL;
    }
    for (size_t i = 0; i < plain.len; i++) {
        sealed[i] = plain.data[i] ^ 0xA5;
        sum = (uint8_t)(sum + plain.data[i]);
    }
    sealed[plain.len] = sum;
    *sealed_len = plain.len + 1;
    return PAWL_OK;
}

static enum pawl_status box_unseal(void *ctx, struct pawl_bytes sealed,
                                   uint8_t *plain, size_t *plain_len)
{
    uint8_t sum = 0;

    (void)ctx;
    if (sealed.len == 0 || *plain_len < sealed.len - 1) {
        return PAWL_ERR_SIGNATURE;
    }
    for (size_t i = 0; i + 1 < sealed.len; i++) {
        plain[i] = sealed.data[i] ^ 0xA5;
        sum = (uint8_t)(sum + plain[i]);
    }
    *plain_len = sealed.len - 1;
    return sum == sealed.data[sealed.len - 1] ? PAWL_OK : PAWL_ERR_SIGNATURE;
}

/* Into flash and out of it. */
static void seal_ticket(void)
{
    static uint8_t sealed[PAWL_TICKET_SEALED_MAX];
    const struct pawl_keystore box = {.seal = box_seal, .unseal = box_unseal};
    size_t len = sizeof sealed;

    if (pawl_ticket_seal(&ticket, &keystore, sealed, &len) !=
            PAWL_ERR_UNSUPPORTED ||
        pawl_ticket_seal(&ticket, &box, sealed, &len) != PAWL_OK) {
        exit(3);
    }
    sealed[len / 2] ^= 1;
    if (pawl_ticket_unseal(&ticket, &box, (struct pawl_bytes){sealed, len}) !=
            PAWL_ERR_SIGNATURE ||
        has_ticket()) {
        exit(3);
    }
    sealed[len / 2] ^= 1;
    if (pawl_ticket_unseal(&ticket, &box, (struct pawl_bytes){sealed, len}) !=
        PAWL_OK) {
        exit(3);
    }
}

/* What happens to the ticket and to the device before the session. */
static void come_to_pass(void)
{
    later_ms += (uint64_t)options.later_s * 1000;
    if (options.flip != SIZE_MAX) {
        ((uint8_t *)&ticket)[options.flip / 8] ^=
            (uint8_t)(1u << options.flip % 8);
    }
    if (options.seal) {
        seal_ticket();
    }
    if (options.reset) {
        wc_FreeRng(&rng);
        wc_ecc_free(&signing_key);
        pawl_finish();
        if (pawl_init(&port) != PAWL_OK || wc_InitRng(&rng) != 0) {
            exit(3);
        }
    }
}

/* What one part of the command line asks for. */
static void run_part(void)
{
    come_to_pass();
    if (!open_key()) {
        fputs("probe: no key\n", stderr);
        exit(4);
    }
    if (options.features) {
        print_features();
    } else if (options.callback != NULL) {
        run_callback();
    } else if (options.sweep != NULL && strcmp(options.sweep, "noise") == 0) {
        run_noise();
    } else if (options.sweep != NULL) {
        run_sweep();
    } else {
        (void)run(false);
    }
}

int main(int argc, char **argv)
{
    pawl_posix_transport_init(&sockets);
    pawl_posix_clock_init(&machine_clock);
    /* As pawl_trust_load() leaves it; signatures are not the matter here. */
    trust.authentic = PAWL_TRUST_AUTHENTIC;
    options = usual;
    if (pawl_init(&port) != PAWL_OK || wc_InitRng(&rng) != 0 ||
        wc_ecc_init(&signing_key) != 0) {
        fputs("probe: cannot begin\n", stderr);
        return 4;
    }
    for (int at = 1; at <= argc; at++) {
        at = take_options(argc, argv, at);
        run_part();
    }
    wc_ecc_free(&signing_key);
    wc_FreeRng(&rng);
    pawl_finish();
    return 0;
}
