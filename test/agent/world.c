/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/world.h"

#include "agent/agent_internal.h"
#include "base/base.h"
#include "cbor/cbor.h"
#include "check.h"
#include "crypto/crypto.h"
#include <string.h>

struct world world;

/* ---- the port ---- */

static uint64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return world.now_ms;
}

static enum pawl_status wall_s(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = world.wall_s;
    return world.wall_known ? PAWL_OK : PAWL_ERR_CLOCK;
}

static void reboot(void *ctx)
{
    (void)ctx;
    world.reboots++;
}

static const struct pawl_clock clock_of_world = {NULL, monotonic_ms, wall_s, 0};
static const struct pawl_reset reset_of_world = {NULL, NULL, reboot, NULL};
static const struct pawl_keystore keystore_of_world;
static const struct pawl_transport transport_of_world;
static const struct pawl_store store_of_world;
enum pawl_status pawl_init_checked(const struct pawl_port *port, int version,
                                   uint32_t config_hash)
{
    (void)version;
    (void)config_hash;
    return port == &world.port ? PAWL_OK : PAWL_ERR_ARGUMENT;
}

enum pawl_status pawl_random(void *out, size_t len)
{
    CHECK_EQ(len, sizeof world.draw);
    memcpy(out, &world.draw, len);
    return PAWL_OK;
}

/* ---- the application ---- */

static void on_event(void *ctx, const struct pawl_agent_event *event)
{
    (void)ctx;
    CHECK(event->text != NULL);
    CHECK(world.event_count < PAWL_ARRAY_LEN(world.events));
    world.events[world.event_count++] = event->code;
    world.event_status = event->status;
    world.event_sequence = event->sequence;
    world.event_mqtt_reason = event->mqtt_reason;
    if (event->code == PAWL_EVENT_CONNECTED) {
        world.event_resumed = event->resumed;
    } else {
        CHECK(!event->resumed);
    }
    (void)pawl_text_copy(world.event_text, sizeof world.event_text,
                         event->text);
}

static bool healthy(void *ctx)
{
    (void)ctx;
    world.healths++;
    return world.healthy;
}

/* ---- identity and trust ---- */

enum pawl_status pawl_identity_open(struct pawl_identity *identity,
                                    const struct pawl_port *port)
{
    identity->port = port;
    return PAWL_OK;
}

enum pawl_status pawl_identity_get(const struct pawl_identity *identity,
                                   enum pawl_identity_kind kind,
                                   struct pawl_credential *credential,
                                   uint8_t *chain_buf, size_t *chain_len)
{
    (void)identity;
    if (!world.has[kind]) {
        return PAWL_ERR_NOT_FOUND;
    }
    *credential = (struct pawl_credential){
        .kind = kind,
        .chain = {chain_buf, *chain_len},
        .not_after_s = world.not_after_s[kind],
    };
    return PAWL_OK;
}

enum pawl_status pawl_identity_promote(struct pawl_identity *identity)
{
    (void)identity;
    CHECK(world.has[PAWL_IDENTITY_LDEVID_NEXT]);
    world.has[PAWL_IDENTITY_LDEVID_NEXT] = false;
    world.has[PAWL_IDENTITY_LDEVID] = true;
    world.not_after_s[PAWL_IDENTITY_LDEVID] =
        world.not_after_s[PAWL_IDENTITY_LDEVID_NEXT];
    world.promoted++;
    return PAWL_OK;
}

enum pawl_status pawl_identity_drop_next(struct pawl_identity *identity)
{
    (void)identity;
    world.has[PAWL_IDENTITY_LDEVID_NEXT] = false;
    world.dropped++;
    return PAWL_OK;
}

int64_t pawl_identity_time_floor(const struct pawl_identity *identity)
{
    (void)identity;
    return world.floor_s;
}

enum pawl_status pawl_trust_open(struct pawl_trust *trust,
                                 const struct pawl_store *store)
{
    (void)store;
    trust->version = world.trust_status == PAWL_OK ? 7 : 0;
    return world.trust_status;
}

enum pawl_status pawl_identity_rotate_trust(struct pawl_identity *identity,
                                            struct pawl_trust *trust,
                                            struct pawl_trust *scratch,
                                            struct pawl_bytes bytes)
{
    CHECK(identity == &world.agent.identity && trust == &world.agent.trust);
    CHECK(scratch == &world.agent.successor);
    world.document_len = bytes.len;
    world.rotations++;
    if (world.rotate_status != PAWL_OK) {
        return world.rotate_status;
    }
    if (world.loader_version != 0 && trust->version > world.loader_version) {
        return PAWL_ERR_RESET_DUE;
    }
    trust->version++;
    return trust->version < world.trust_floor ? PAWL_PENDING : PAWL_OK;
}

enum pawl_status pawl_identity_recover_trust(struct pawl_identity *identity,
                                             struct pawl_trust *trust,
                                             struct pawl_bytes factory)
{
    (void)identity;
    CHECK(factory.len > 0);
    world.recoveries++;
    trust->version = 1;
    return trust->version < world.trust_floor ? PAWL_PENDING : PAWL_OK;
}

enum pawl_status pawl_identity_own_trust(struct pawl_identity *identity,
                                         struct pawl_trust *trust,
                                         struct pawl_trust *scratch,
                                         struct pawl_bytes owner)
{
    CHECK(identity == &world.agent.identity && trust == &world.agent.trust);
    CHECK(scratch == &world.agent.successor && owner.len > 0);
    if (world.own_status == PAWL_OK) {
        trust->owner_version = 3;
    }
    return world.own_status;
}

enum pawl_status pawl_trust_open_owner(struct pawl_trust *trust)
{
    CHECK(trust == &world.agent.trust);
    world.owner_opens++;
    return world.owner_status;
}

bool pawl_trust_expired(const struct pawl_trust *trust, int64_t now_s)
{
    CHECK(trust == &world.agent.trust && now_s == world.wall_s);
    return world.trust_expired;
}

enum pawl_status pawl_identity_raise_time_floor(struct pawl_identity *identity,
                                                int64_t seconds)
{
    (void)identity;
    world.raised_s = seconds;
    return PAWL_OK;
}

struct pawl_session_info pawl_session_info(const struct pawl_session *session)
{
    (void)session;
    return (struct pawl_session_info){.time_until_s = world.time_until_s,
                                      .resumed = world.resumed};
}

/* ---- sessions ---- */

enum pawl_status pawl_session_open(struct pawl_session *session,
                                   const struct pawl_session_config *config)
{
    (void)session;
    CHECK(world.session_count < WORLD_LOG);
    world.sessions[world.session_count++] =
        (struct world_session){config->endpoint, config->credential->kind,
                               config->ticket, config->resumption};
    return world.open_status;
}

enum pawl_status pawl_session_step(struct pawl_session *session,
                                   struct pawl_wait *wait)
{
    enum pawl_status status = session == &world.agent.link.session
                                  ? world.link_status
                                  : world.fetch_status;

    if (status == PAWL_PENDING) {
        wait->events = PAWL_WAIT_READABLE;
    }
    return status;
}

void pawl_session_accepted(struct pawl_session *session)
{
    (void)session;
    world.accepted++;
}

const struct pawl_session_failure *
pawl_session_failure(const struct pawl_session *session)
{
    (void)session;
    return &world.failure;
}

void pawl_session_close(struct pawl_session *session)
{
    (void)session;
    world.closed++;
}

/* ---- enrolment ---- */

enum pawl_status pawl_enroll_open(struct pawl_enroll *enroll,
                                  const struct pawl_enroll_config *config)
{
    (void)enroll;
    world.enroll_config = *config;
    return PAWL_OK;
}

enum pawl_status pawl_enroll_step(struct pawl_enroll *enroll,
                                  struct pawl_wait *wait)
{
    (void)enroll;
    wait->events = PAWL_WAIT_READABLE;
    if (world.enroll_status == PAWL_OK) {
        world.enrolled++;
        world.due = false;
        world.has[PAWL_IDENTITY_LDEVID_NEXT] = true;
        world.not_after_s[PAWL_IDENTITY_LDEVID_NEXT] = world.wall_s + 100000;
    }
    return world.enroll_status;
}

const struct pawl_enroll_result *
pawl_enroll_result(const struct pawl_enroll *enroll)
{
    (void)enroll;
    return &world.enroll_result;
}

bool pawl_enroll_due(const struct pawl_credential *ldevid, const char *serial,
                     int64_t now_s)
{
    CHECK(strcmp(serial, "dev-1") == 0);
    return world.due && ldevid->kind == PAWL_IDENTITY_LDEVID && now_s > 0;
}

/* ---- MQTT ---- */

enum pawl_status pawl_mqtt_open(struct pawl_mqtt *mqtt,
                                const struct pawl_mqtt_config *config)
{
    (void)mqtt;
    world.mqtt_config = *config;
    return PAWL_OK;
}

enum pawl_status pawl_mqtt_step(struct pawl_mqtt *mqtt, struct pawl_wait *wait)
{
    (void)mqtt;
    wait->events = PAWL_WAIT_READABLE | PAWL_WAIT_DEADLINE;
    wait->deadline_ms = world.now_ms + 45000;
    return world.mqtt_status;
}

enum pawl_status pawl_mqtt_publish(struct pawl_mqtt *mqtt, const char *topic,
                                   struct pawl_bytes payload,
                                   enum pawl_mqtt_qos qos, bool retain)
{
    (void)mqtt;
    if (world.publish_status != PAWL_OK) {
        return world.publish_status;
    }
    world.published++;
    (void)pawl_text_copy(world.topic, sizeof world.topic, topic);
    CHECK(payload.len <= sizeof world.payload);
    memcpy(world.payload, payload.data, payload.len);
    world.payload_len = payload.len;
    world.qos = qos;
    world.retained = retain;
    return PAWL_OK;
}

enum pawl_status pawl_mqtt_subscribe(struct pawl_mqtt *mqtt, const char *filter,
                                     enum pawl_mqtt_qos qos)
{
    (void)mqtt;
    (void)pawl_text_copy(world.filter, sizeof world.filter, filter);
    (void)pawl_text_copy(world.filters[world.filter_count++ % 2],
                         sizeof world.filter, filter);
    CHECK_EQ(qos, PAWL_MQTT_QOS_1);
    return world.subscribe_status;
}

enum pawl_status pawl_mqtt_disconnect(struct pawl_mqtt *mqtt)
{
    (void)mqtt;
    world.left++;
    return PAWL_OK;
}

/* ---- HTTP ---- */

void pawl_http_open(struct pawl_http *http, struct pawl_session *session)
{
    http->session = session;
}

enum pawl_status pawl_http_get(struct pawl_http *http, const char *path,
                               uint64_t first, uint64_t length,
                               const char *if_range)
{
    (void)http;
    CHECK_EQ(length, 0);
    CHECK(if_range == NULL);
    world.gets++;
    world.first = first;
    world.body_at = 0;
    (void)pawl_text_copy(world.path, sizeof world.path, path);
    return PAWL_OK;
}

enum pawl_status pawl_http_step(struct pawl_http *http, struct pawl_wait *wait)
{
    (void)wait;
    http->response = world.response;
    return world.http_status;
}

enum pawl_status pawl_http_read(struct pawl_http *http, void *buf, size_t cap,
                                size_t *received, struct pawl_wait *wait)
{
    size_t left = world.body_len - world.body_at;

    (void)http;
    (void)wait;
    if (world.read_status != PAWL_OK || left == 0) {
        return world.read_status != PAWL_OK ? world.read_status
                                            : PAWL_ERR_CLOSED;
    }
    *received = left < cap ? left : cap;
    memset(buf, 'b', *received);
    world.body_at += *received;
    return PAWL_OK;
}

/* ---- a world ---- */

void world_make(void)
{
    memset(&world, 0, sizeof world);
    world.product = (struct pawl_product){.serial = "dev-1", .version = "1.0"};
    world.port = (struct pawl_port){
        .product = &world.product,
        .clock = &clock_of_world,
        .keystore = &keystore_of_world,
        .transport = &transport_of_world,
        .reset = &reset_of_world,
        .store = &store_of_world,
    };
    world.now_ms = 1000;
    world.wall_known = true;
    world.wall_s = 1800000000;
    world.floor_s = 1700000000;
    world.has[PAWL_IDENTITY_IDEVID] = world.has[PAWL_IDENTITY_LDEVID] = true;
    for (size_t i = 0; i < 3; i++) {
        world.not_after_s[i] = world.wall_s + 1000;
    }
    world.endpoints[0] = (struct pawl_endpoint){
        .use = PAWL_USE_ENROLL, .host = "est.example", .port = 8443};
    world.endpoints[1] = (struct pawl_endpoint){
        .use = PAWL_USE_MQTT, .host = "mqtt.example", .port = 8883};
    world.endpoints[2] = (struct pawl_endpoint){
        .use = PAWL_USE_DOWNLOAD, .host = "files.example", .port = 443};
    world.endpoints[3] = (struct pawl_endpoint){.use = PAWL_USE_DOWNLOAD,
                                                .host = "127.0.0.1",
                                                .port = 4443,
                                                .server_name = "cdn.example"};
    world.config = (struct pawl_agent_config){
        .port = &world.port,
        .endpoints = world.endpoints,
        .endpoint_count = PAWL_ARRAY_LEN(world.endpoints),
        .healthy = healthy,
        .on_event = on_event,
    };
    world.response = (struct pawl_http_response){.status = 200};
    world.enroll_result.rule = "";
    world.body_len = 100;
    world.digest = 0x11;
    world.sequence = 5;
    world.want_status = PAWL_ERR_NOT_FOUND;
    world.start_status = PAWL_PENDING;
    world.healthy = true;
    world.info.current.known = true;
    memset(world.info.current.digest, 0x44, 32);
    world.failure.alert_received = world.failure.alert_sent = -1;
}

void world_open(void)
{
    world_make();
    CHECK_EQ(pawl_agent_open(&world.agent, &world.config), PAWL_OK);
}

void world_online(void)
{
    world_open();
    world_steps(12);
    CHECK_EQ(world_step(), PAWL_OK);
    world_forget_events();
    world.session_count = world.published = 0;
}

enum pawl_status world_step(void)
{
    return pawl_agent_step(&world.agent, &world.wait);
}

void world_steps(unsigned count)
{
    while (count-- > 0) {
        (void)world_step();
    }
}

/* newest 0: of an update. */
static struct pawl_bytes announcement(const char *uri, uint64_t newest,
                                      uint8_t *buf, size_t cap)
{
    struct pawl_cbor_out out;
    struct pawl_bytes bytes = PAWL_NO_BYTES;

    pawl_cbor_write(&out, buf, cap);
    pawl_cbor_put_map(&out, newest > 0 ? 3 : 2);
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_uint(&out, 1);
    pawl_cbor_put_uint(&out, 2);
    pawl_cbor_put_tstr(&out, uri);
    if (newest > 0) {
        pawl_cbor_put_uint(&out, 3);
        pawl_cbor_put_uint(&out, newest);
    }
    CHECK_EQ(pawl_cbor_written(&out, &bytes), PAWL_OK);
    return bytes;
}

static void arrive(const char *topic, const char *uri, uint64_t newest)
{
    uint8_t buf[512];
    const struct pawl_mqtt_message message = {
        .topic = {(const uint8_t *)topic, strlen(topic)},
        .payload = announcement(uri, newest, buf, sizeof buf),
    };

    world.mqtt_config.on_message(world.mqtt_config.ctx, &message);
}

void world_announce(const char *uri)
{
    arrive("pawl/dev-1/announce", uri, 0);
}

void world_announce_trust(const char *uri, uint64_t newest)
{
    arrive("pawl/dev-1/trust", uri, newest);
}

unsigned world_count(enum pawl_agent_event_code code)
{
    unsigned count = 0;

    for (unsigned i = 0; i < world.event_count; i++) {
        count += world.events[i] == code;
    }
    return count;
}

void world_forget_events(void)
{
    world.event_count = 0;
}

const struct world_session *world_session(void)
{
    CHECK(world.session_count > 0);
    return &world.sessions[world.session_count - 1];
}
