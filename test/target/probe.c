/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What peers.py lets the target do, one thing a run; the command line says
 * which: do=NAME port=N, to 127.0.0.1. The last line is
 *
 *     probe: NAME=VALUE... STATUS
 *
 * and the exit code 0 if the status is PAWL_OK.
 */

#include <mps2.h>
#include <pawl/enroll.h>
#include <pawl/identity.h>
#include <pawl/mqtt.h>
#include <pawl/port_check.h>
#include <pawl/session.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 20000
#define HANDSHAKE_MS 5000
#define SESSION_MEMORY (28u * 1024u)

static struct mps2_device device;
static struct pawl_identity identity;
static struct pawl_trust trust;
static struct pawl_session session;
static struct pawl_credential credential;
static struct pawl_endpoint endpoint;
static uint8_t chain[PAWL_CHAIN_MAX];
static _Alignas(16) uint8_t memory[SESSION_MEMORY];

/* ---- telling ---- */

static void tell(const char *name, uint64_t number)
{
    mps2_print(" ");
    mps2_print(name);
    mps2_print("=");
    mps2_print_number(number);
}

static void tell_code(const char *name, int32_t code)
{
    mps2_print(" ");
    mps2_print(name);
    mps2_print(code < 0 ? "=-" : "=");
    mps2_print_number((uint64_t)(code < 0 ? -(int64_t)code : code));
}

static uint32_t argument(const char *name)
{
    char text[12];
    uint32_t value = 0;

    if (mps2_argument(name, text, sizeof text)) {
        for (const char *at = text; *at >= '0' && *at <= '9'; at++) {
            value = value * 10 + (uint32_t)(*at - '0');
        }
    }
    return value;
}

/* ---- a session ---- */

static enum pawl_status connect_with(size_t memory_size)
{
    const struct pawl_session_config config = {
        .port = &device.port,
        .endpoint = &endpoint,
        .credential = &credential,
        .trust = &trust,
        .memory = memory,
        .memory_size = memory_size,
        .handshake_timeout_ms = HANDSHAKE_MS,
    };
    struct pawl_wait wait;
    enum pawl_status status = pawl_session_open(&session, &config);

    while (status == PAWL_OK &&
           (status = pawl_session_step(&session, &wait)) == PAWL_PENDING) {
        mps2_sleep(&wait);
        status = PAWL_OK;
    }
    return status;
}

static bool in_time(uint64_t began_ms)
{
    return mps2_now_ms() - began_ms < DEADLINE_MS;
}

/* Sends a line, and takes in one that is as long. */
static enum pawl_status talk(const char *line, char *answer)
{
    size_t len = strlen(line), at = 0, got = 0, n = 0;
    uint64_t began_ms = mps2_now_ms();
    enum pawl_status status = PAWL_OK;
    struct pawl_wait wait;

    while (status >= 0 && got < len) {
        if (at < len) {
            status =
                pawl_session_send(&session, line + at, len - at, &n, &wait);
            at += status == PAWL_OK ? n : 0;
        } else {
            status = pawl_session_receive(&session, answer + got, len - got, &n,
                                          &wait);
            got += status == PAWL_OK ? n : 0;
        }
        if (status == PAWL_PENDING) {
            mps2_sleep(&wait);
        }
        if (!in_time(began_ms)) {
            return PAWL_ERR_TIMEOUT;
        }
    }
    return status < 0 ? status : PAWL_OK;
}

static void tell_failure(void)
{
    const struct pawl_session_failure *failure = pawl_session_failure(&session);

    tell_code("stage", failure->stage);
    tell_code("port", failure->port_code);
    tell_code("tls", failure->tls_code);
    if (failure->rule != NULL && failure->rule[0] != '\0') {
        mps2_print(" rule=");
        mps2_print(failure->rule);
    }
}

static enum pawl_status do_session(void)
{
    static const char line[] = "pawl on a microcontroller\n";
    char answer[sizeof line] = {0};
    enum pawl_status status = connect_with(sizeof memory);

    if (status == PAWL_OK) {
        status = talk(line, answer);
    }
    struct pawl_session_info info = pawl_session_info(&session);
    if (status == PAWL_OK && answer[0] != line[sizeof line - 3]) {
        status = PAWL_ERR_DIGEST; /* the server reverses each line */
    }
    if (status != PAWL_OK) {
        tell_failure();
    }
    tell("version", info.version);
    tell("handshake_ms", info.handshake_ms);
    tell("in", info.bytes_in);
    tell("out", info.bytes_out);
    tell("signatures", info.key_store_signatures);
    pawl_session_close(&session);
    return status;
}

/* The least memory that a handshake wants, and what comes of one byte less. */
static enum pawl_status do_arena(void)
{
    size_t enough = sizeof memory, less = 1024;
    enum pawl_status at_less = PAWL_OK;

    while (enough - less > 1) {
        size_t middle = less + (enough - less) / 2;
        enum pawl_status status = connect_with(middle);

        pawl_session_close(&session);
        if (status == PAWL_OK) {
            enough = middle;
        } else {
            less = middle;
            at_less = status;
        }
    }
    tell("enough", enough);
    mps2_print(" one_less=");
    mps2_print(pawl_status_name(at_less));
    enum pawl_status status = connect_with(enough);
    pawl_session_close(&session);
    return at_less == PAWL_ERR_NO_MEMORY ? status : PAWL_ERR_FAULT;
}

/* ---- protocols over it ---- */

static uint32_t messages;

static void on_message(void *ctx, const struct pawl_mqtt_message *message)
{
    (void)ctx;
    messages += message->payload.len == 5 &&
                memcmp(message->payload.data, "hello", 5) == 0;
}

/* Steps until nothing is under way, or done() of messages. */
static enum pawl_status settle(struct pawl_mqtt *mqtt, uint32_t wanted)
{
    uint64_t began_ms = mps2_now_ms();
    enum pawl_status status = PAWL_PENDING;
    struct pawl_wait wait;

    while (status >= 0 && (status == PAWL_PENDING || messages < wanted)) {
        status = pawl_mqtt_step(mqtt, &wait);
        if (status == PAWL_PENDING ||
            (status == PAWL_OK && messages < wanted)) {
            mps2_sleep(&wait);
        }
        if (!in_time(began_ms)) {
            return PAWL_ERR_TIMEOUT;
        }
    }
    return status;
}

static enum pawl_status do_mqtt(void)
{
    static struct pawl_mqtt mqtt;
    static const char topic[] = "pawl/" PROBE_SERIAL "/probe";
    const struct pawl_mqtt_config config = {.session = &session,
                                            .clock = device.port.clock,
                                            .client_id = "probe",
                                            .on_message = on_message};
    static const uint8_t hello[] = {'h', 'e', 'l', 'l', 'o'};
    enum pawl_status status = connect_with(sizeof memory);

    if (status == PAWL_OK) {
        status = pawl_mqtt_open(&mqtt, &config);
    }
    if (status == PAWL_OK) {
        status = settle(&mqtt, 0);
    }
    if (status == PAWL_OK) {
        status = pawl_mqtt_subscribe(&mqtt, topic, PAWL_MQTT_QOS_1);
    }
    if (status == PAWL_OK) {
        status = settle(&mqtt, 0);
    }
    if (status == PAWL_OK) {
        status = pawl_mqtt_publish(&mqtt, topic, PAWL_BYTES(hello),
                                   PAWL_MQTT_QOS_1, false);
    }
    if (status == PAWL_OK) {
        status = settle(&mqtt, 1);
    }
    tell("messages", messages);
    tell("acknowledged", mqtt.acknowledged);
    pawl_session_close(&session);
    return status;
}

static enum pawl_status do_enroll(void)
{
    static struct pawl_enroll enroll;
    const struct pawl_enroll_config config = {
        .session = &session, .identity = &identity, .trust = &trust};
    struct pawl_wait wait;

    endpoint.use = PAWL_USE_ENROLL;
    enum pawl_status status = connect_with(sizeof memory);
    if (status == PAWL_OK) {
        status = pawl_enroll_open(&enroll, &config);
    }
    while (status == PAWL_OK &&
           (status = pawl_enroll_step(&enroll, &wait)) == PAWL_PENDING) {
        mps2_sleep(&wait);
        status = PAWL_OK;
    }
    tell("http", pawl_enroll_result(&enroll)->http_status);
    pawl_session_close(&session);
    if (status == PAWL_OK) {
        status = pawl_identity_promote(&identity);
    }
    return status;
}

/* ---- the modem itself ---- */

static void idle(void *ctx)
{
    const struct pawl_wait wait = {.events =
                                       PAWL_WAIT_READABLE | PAWL_WAIT_DEADLINE,
                                   .deadline_ms = mps2_now_ms() + 20};

    (void)ctx;
    mps2_sleep(&wait);
}

#define CONNECTIONS 3
#define ECHO 6000 /* bytes: more than a window */

/* One connection that sends a pattern and wants it back. */
struct echo {
    int handle;
    size_t sent, got;
    bool wrong;
};

static uint8_t pattern(const struct echo *echo, size_t at)
{
    return (uint8_t)(at * 7 + (size_t)echo->handle * 31);
}

static enum pawl_status echo_step(struct echo *echo, size_t piece)
{
    const struct pawl_transport *t = &mps2_transport;
    uint8_t bytes[1500];
    size_t n = 0, len = ECHO - echo->sent < piece ? ECHO - echo->sent : piece;
    enum pawl_status status = PAWL_PENDING;

    for (size_t i = 0; i < len; i++) {
        bytes[i] = pattern(echo, echo->sent + i);
    }
    if (len > 0) {
        status = t->send(t->ctx, echo->handle, bytes, len, &n);
        echo->sent += status == PAWL_OK ? n : 0;
    }
    if (status >= 0) {
        status = t->receive(t->ctx, echo->handle, bytes, sizeof bytes, &n);
    }
    for (size_t i = 0; status == PAWL_OK && i < n; i++) {
        echo->wrong |= bytes[i] != pattern(echo, echo->got + i);
    }
    echo->got += status == PAWL_OK ? n : 0;
    return status;
}

/* Several streams at once, each to its end; the peer ends them. */
static enum pawl_status do_streams(void)
{
    static struct echo echoes[CONNECTIONS];
    const struct pawl_transport *t = &mps2_transport;
    uint64_t began_ms = mps2_now_ms();
    unsigned ended = 0;
    bool over[CONNECTIONS] = {false};
    enum pawl_status status = PAWL_OK;

    for (unsigned i = 0; i < CONNECTIONS && status == PAWL_OK; i++) {
        status = t->open(t->ctx, PAWL_STREAM, "127.0.0.1",
                         (uint16_t)argument("port"), &echoes[i].handle);
    }
    while (status == PAWL_OK && ended < CONNECTIONS && in_time(began_ms)) {
        bool moved = false;
        for (unsigned i = 0; i < CONNECTIONS; i++) {
            enum pawl_status one =
                over[i] ? PAWL_PENDING : echo_step(&echoes[i], 700);
            moved |= one == PAWL_OK;
            if (one == PAWL_ERR_CLOSED) {
                over[i] = true;
                ended++;
            } else if (one < 0) {
                status = one;
            }
        }
        if (!moved) {
            idle(NULL);
        }
    }
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        tell("got", echoes[i].got);
        status = echoes[i].wrong ? PAWL_ERR_DIGEST : status;
        t->close(t->ctx, echoes[i].handle);
    }
    return status == PAWL_OK && ended < CONNECTIONS ? PAWL_ERR_TIMEOUT : status;
}

/* Datagrams keep their ends; one is as long as a datagram may be. */
static enum pawl_status do_datagrams(void)
{
    static const size_t sizes[] = {1, 100, 1400, 7};
    const struct pawl_transport *t = &mps2_transport;
    uint8_t bytes[1500], back[1500];
    uint64_t began_ms = mps2_now_ms();
    size_t n = 0;
    int handle = -1;
    enum pawl_status status = t->open(t->ctx, PAWL_DATAGRAM, "127.0.0.1",
                                      (uint16_t)argument("port"), &handle);

    for (size_t i = 0; status >= 0 && i < sizeof sizes / sizeof sizes[0];) {
        memset(bytes, (int)i + 1, sizeof bytes);
        status = t->send(t->ctx, handle, bytes, sizes[i], &n);
        if (status == PAWL_OK) {
            do {
                status = t->receive(t->ctx, handle, back, sizeof back, &n);
                idle(NULL);
            } while (status == PAWL_PENDING && in_time(began_ms));
            if (n != sizes[i] || memcmp(bytes, back, n) != 0) {
                return PAWL_ERR_DIGEST;
            }
            i++;
        } else {
            idle(NULL);
        }
        if (!in_time(began_ms)) {
            return PAWL_ERR_TIMEOUT;
        }
    }
    t->close(t->ctx, handle);
    return status;
}

/* ---- the whole port, against the sentences of its headers ---- */

static struct {
    uint32_t passed, skipped, violated;
} checked;

static void report(void *ctx, const struct pawl_check_result *result)
{
    (void)ctx;
    checked.passed += result->outcome == PAWL_CHECK_PASSED;
    checked.skipped += result->outcome == PAWL_CHECK_SKIPPED;
    if (result->outcome == PAWL_CHECK_VIOLATED) {
        checked.violated++;
        mps2_print("\n");
        mps2_print(result->name);
        mps2_print(": ");
        mps2_print(result->found);
        mps2_print("\n");
    }
}

/* The spare slot's first blocks, and the LDevIDs, are lost. */
static enum pawl_status do_check(void)
{
    struct pawl_flash flash = *mps2_flash(MPS2_IMAGE_B);
    const struct pawl_port_check check = {
        .report = report,
        .keystore = device.port.keystore,
        .signatures = 4,
        .flash = &flash,
        .clock = device.port.clock,
        .entropy = device.port.entropy,
        .counter = device.port.counter,
        .counter_may_rise = true,
        .transport = &mps2_transport,
        .echo_host = "127.0.0.1",
        .echo_port = (uint16_t)argument("port"),
        .echo_udp_port = (uint16_t)argument("udp"),
        .closed_port = (uint16_t)argument("closed"),
        .idle = idle,
    };

    flash.size = 8 * MPS2_SECTOR;
    unsigned violated = pawl_port_check(&check);
    tell("passed", checked.passed);
    tell("skipped", checked.skipped);
    tell("violated", checked.violated);
    return violated == 0 ? PAWL_OK : PAWL_ERR_FAULT;
}

/* Deeper than any stack. */
static uint32_t dig(volatile uint32_t *above)
{
    volatile uint32_t here[16];

    here[0] = above[0] + 1;
    return here[0] == UINT32_MAX ? 0 : dig(here) + here[0];
}

static enum pawl_status do_overflow(void)
{
    uint32_t zero[16] = {0};

    return dig(zero) != 0 ? PAWL_OK : PAWL_ERR_FAULT;
}

/* ---- choosing ---- */

static enum pawl_status get_credential(void)
{
    size_t len = sizeof chain;
    enum pawl_status status = pawl_identity_get(&identity, PAWL_IDENTITY_LDEVID,
                                                &credential, chain, &len);

    if (status == PAWL_ERR_NOT_FOUND) {
        len = sizeof chain;
        status = pawl_identity_get(&identity, PAWL_IDENTITY_IDEVID, &credential,
                                   chain, &len);
    }
    return status;
}

static enum pawl_status open_all(void)
{
    enum pawl_status status = mps2_device_open(&device, "probe", 0);

    endpoint = (struct pawl_endpoint){.use = PAWL_USE_OTHER,
                                      .host = "127.0.0.1",
                                      .port = (uint16_t)argument("port"),
                                      .server_name = "fw.pawl.test"};
    if (status == PAWL_OK) {
        status = pawl_init(&device.port);
    }
    if (status == PAWL_OK) {
        status = pawl_identity_open(&identity, &device.port);
    }
    if (status == PAWL_OK) {
        status = pawl_trust_open(&trust, device.port.store);
    }
    return status == PAWL_OK ? get_credential() : status;
}

int main(void)
{
    static const struct {
        const char *name;
        enum pawl_status (*run)(void);
    } table[] = {
        {"session", do_session},   {"arena", do_arena},
        {"mqtt", do_mqtt},         {"enroll", do_enroll},
        {"streams", do_streams},   {"datagrams", do_datagrams},
        {"overflow", do_overflow}, {"check", do_check},
    };
    char name[16] = "";
    char server[40];
    enum pawl_status status = open_all();

    (void)mps2_argument("do", name, sizeof name);
    if (mps2_argument("name", server, sizeof server)) {
        endpoint.server_name = server;
    }
    mps2_print("probe:");
    for (size_t i = 0; status == PAWL_OK && i < sizeof table / sizeof table[0];
         i++) {
        if (strcmp(table[i].name, name) == 0) {
            status = table[i].run();
        }
    }
    tell("arena_peak", pawl_arena_peak());
    tell("stack_free", mps2_stack_free());
    mps2_print(" ");
    mps2_print(pawl_status_name(status));
    mps2_print("\n");
    return status == PAWL_OK ? 0 : MPS2_EXIT_FAILED;
}
