/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "reported.h"

#include <pawl/port_check.h>
#include <string.h>

#define HANDLES 8
#define ROOM 1024u
#define ECHO_PORT 7
#define UDP_PORT 8
#define CLOSED_PORT 9
#define HOST "echo.example"

enum defect {
    NONE,
    NO_CLOSE,
    OPEN_FAILS,
    CORRUPTS,
    LOSES_A_BYTE,
    NEVER_COMES,
    KEEPS_THE_NAME,
    ERROR_FOR_PENDING,
    END_IS_AN_ERROR,
    END_NEVER_COMES,
    ONE_AT_A_TIME,
    MIXED_UP,
    LEAKS_HANDLES,
    UNREACHABLE_IS_IO,
    UNREACHABLE_OPENS,
    SPLITS_DATAGRAMS,
    CUTS_DATAGRAMS,
    SENDS_NOTHING,
    SENDS_TOO_MUCH,
    RECEIVES_NOTHING,
    WRITES_BEHIND
};

struct connection {
    bool open, ended, up;
    uint16_t port;
    uint8_t bytes[ROOM]; /* on their way back */
    size_t len;
    const char *name; /* kept, where that is the defect */
};

struct fake {
    struct reported reported; /* first: ctx of the check's report() */
    struct pawl_transport port;
    struct pawl_clock clock;
    enum defect defect;
    struct connection connections[HANDLES];
    uint64_t now;
    unsigned calls, idled;
};

static enum pawl_status fake_open(void *ctx, enum pawl_transport_kind kind,
                                  const char *host, uint16_t port, int *handle)
{
    struct fake *fake = ctx;

    if (fake->defect == OPEN_FAILS || strcmp(host, HOST) != 0 ||
        (kind == PAWL_DATAGRAM) != (port == UDP_PORT)) {
        return PAWL_ERR_IO;
    }
    if (port == CLOSED_PORT && fake->defect == UNREACHABLE_IS_IO) {
        return PAWL_ERR_IO;
    }
    for (int i = 0; i < HANDLES; i++) {
        struct connection *one = &fake->connections[i];
        if (!one->open) {
            *one =
                (struct connection){.open = true, .port = port, .name = host};
            *handle = i;
            return PAWL_OK;
        }
        if (fake->defect == ONE_AT_A_TIME) {
            break;
        }
    }
    return PAWL_ERR_FULL;
}

static struct connection *of(struct fake *fake, int handle)
{
    return &fake->connections[fake->defect == MIXED_UP ? 0 : handle];
}

/* The connection is up at the second call. */
static enum pawl_status come_up(struct fake *fake, struct connection *one)
{
    if (one->port == CLOSED_PORT && fake->defect != UNREACHABLE_OPENS) {
        return PAWL_ERR_UNREACHABLE;
    }
    if (!one->up) {
        one->up = true;
        return PAWL_PENDING;
    }
    if (fake->defect == KEEPS_THE_NAME && strcmp(one->name, HOST) != 0) {
        return PAWL_ERR_UNREACHABLE;
    }
    return PAWL_OK;
}

static enum pawl_status fake_send(void *ctx, int handle, const void *data,
                                  size_t len, size_t *sent)
{
    struct fake *fake = ctx;
    struct connection *one = of(fake, handle);
    enum pawl_status status = come_up(fake, one);

    if (status != PAWL_OK) {
        return status;
    }
    if (one->port != UDP_PORT && len > 40) {
        len = 40; /* partial sends are normal */
    }
    if (len > ROOM - one->len) {
        return PAWL_PENDING;
    }
    memcpy(one->bytes + one->len, data, len);
    one->len += len;
    one->ended |= one->port == ECHO_PORT && memchr(data, 0x04, len) != NULL;
    *sent = len;
    if (fake->defect == SENDS_NOTHING && ++fake->calls == 3) {
        *sent = 0;
    } else if (fake->defect == SENDS_TOO_MUCH && ++fake->calls == 3) {
        *sent = len + 100;
    }
    return PAWL_OK;
}

/* What nothing to receive is answered by. */
static enum pawl_status nothing(const struct fake *fake,
                                const struct connection *one)
{
    if (one->ended && fake->defect != END_NEVER_COMES) {
        return fake->defect == END_IS_AN_ERROR ? PAWL_ERR_IO : PAWL_ERR_CLOSED;
    }
    return fake->defect == ERROR_FOR_PENDING && one->port == ECHO_PORT
               ? PAWL_ERR_TIMEOUT
               : PAWL_PENDING;
}

static enum pawl_status fake_receive(void *ctx, int handle, void *buf,
                                     size_t cap, size_t *received)
{
    struct fake *fake = ctx;
    struct connection *one = of(fake, handle);
    enum pawl_status status = come_up(fake, one);
    size_t len = one->len < cap ? one->len : cap;

    if (status != PAWL_OK) {
        return status;
    }
    if (one->len == 0 || fake->defect == NEVER_COMES) {
        return nothing(fake, one);
    }
    if (one->port == UDP_PORT && fake->defect == SPLITS_DATAGRAMS && len > 9) {
        len = 9;
    }
    memcpy(buf, one->bytes, len);
    if (fake->defect == CORRUPTS && ++fake->calls == 5) {
        ((uint8_t *)buf)[0] ^= 0x20;
    }
    one->len -= len;
    memmove(one->bytes, one->bytes + len, one->len);
    *received = len;
    switch (fake->defect) {
    case LOSES_A_BYTE:
        *received = ++fake->calls == 5 && len > 1 ? len - 1 : len;
        break;
    case CUTS_DATAGRAMS:
        *received = one->port == UDP_PORT && len > 100 ? 100 : len;
        break;
    case RECEIVES_NOTHING:
        *received = ++fake->calls == 5 ? 0 : len;
        break;
    case WRITES_BEHIND:
        ((uint8_t *)buf)[cap] = 0;
        break;
    default:
        break;
    }
    return PAWL_OK;
}

static void fake_close(void *ctx, int handle)
{
    struct fake *fake = ctx;

    if (fake->defect != LEAKS_HANDLES) {
        fake->connections[handle].open = false;
    }
}

static uint64_t monotonic_ms(void *ctx)
{
    struct fake *fake = ctx;

    return fake->now += 5;
}

static void idle(void *ctx)
{
    ((struct fake *)ctx)->idled++;
}

static struct pawl_port_check given(struct fake *fake, enum defect defect)
{
    memset(fake, 0, sizeof *fake);
    reported_clear(&fake->reported);
    fake->defect = defect;
    fake->clock =
        (struct pawl_clock){.ctx = fake, .monotonic_ms = monotonic_ms};
    fake->port = (struct pawl_transport){
        .ctx = fake,
        .open = fake_open,
        .send = fake_send,
        .receive = fake_receive,
        .close = defect == NO_CLOSE ? NULL : fake_close,
    };
    return (struct pawl_port_check){
        .report = reported_add,
        .ctx = fake,
        .clock = &fake->clock,
        .transport = &fake->port,
        .echo_host = HOST,
        .echo_port = ECHO_PORT,
        .echo_udp_port = UDP_PORT,
        .closed_port = CLOSED_PORT,
        .idle = idle,
    };
}

static void a_transport_as_it_should_be_passes(void)
{
    static struct fake fake;
    const struct pawl_port_check check = given(&fake, NONE);

    CHECK_EQ(pawl_port_check_transport(&check), 0);
    CHECK_EQ(fake.reported.passed, 9);
    CHECK(fake.reported.quoted);
    CHECK(fake.idled > 0);
    for (int i = 0; i < HANDLES; i++) {
        CHECK(!fake.connections[i].open);
    }
}

static void without_a_peer_little_is_checked(void)
{
    static struct fake fake;
    struct pawl_port_check check = given(&fake, NONE);

    check.echo_host = NULL;
    CHECK_EQ(pawl_port_check_transport(&check), 0);
    CHECK_EQ(fake.reported.passed, 1);
    CHECK_EQ(fake.reported.skipped, 8);
    check = given(&fake, NONE);
    check.echo_udp_port = 0;
    check.closed_port = 0;
    CHECK_EQ(pawl_port_check_transport(&check), 0);
    CHECK_EQ(fake.reported.skipped, 2);
}

static void each_broken_sentence_is_named(void)
{
    static const struct {
        enum defect defect;
        const char *name;
    } rows[] = {
        {NO_CLOSE, "transport: required"},
        {OPEN_FAILS, "transport: stream"},
        {CORRUPTS, "transport: stream"},
        {LOSES_A_BYTE, "transport: stream"},
        {NEVER_COMES, "transport: stream"},
        {KEEPS_THE_NAME, "transport: stream"},
        {ERROR_FOR_PENDING, "transport: pending"},
        {END_IS_AN_ERROR, "transport: end"},
        {END_NEVER_COMES, "transport: end"},
        {ONE_AT_A_TIME, "transport: several"},
        {MIXED_UP, "transport: several"},
        {LEAKS_HANDLES, "transport: close"},
        {UNREACHABLE_IS_IO, "transport: unreachable"},
        {UNREACHABLE_OPENS, "transport: unreachable"},
        {SPLITS_DATAGRAMS, "transport: datagrams"},
        {CUTS_DATAGRAMS, "transport: datagrams"},
        {SENDS_NOTHING, "transport: counts"},
        {SENDS_TOO_MUCH, "transport: counts"},
        {RECEIVES_NOTHING, "transport: counts"},
        {WRITES_BEHIND, "transport: counts"},
    };
    static struct fake fake;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pawl_port_check check = given(&fake, rows[i].defect);
        CHECK(pawl_port_check_transport(&check) > 0);
        CHECK(reported_violates(&fake.reported, rows[i].name));
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(a_transport_as_it_should_be_passes),
    CHECK_TEST(without_a_peer_little_is_checked),
    CHECK_TEST(each_broken_sentence_is_named),
};

CHECK_MAIN(tests)
