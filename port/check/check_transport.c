/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The transport against <pawl/port/transport.h>, with a peer of the vendor's
 * that echoes: over TCP what it gets, until a byte 0x04 comes, behind which it
 * closes; over UDP each datagram. test/check/echo.py is one.
 */
#include "check_internal.h"

#include <string.h>

#define HEADER "pawl/port/transport.h"
#define PATIENCE_MS 5000u
#define SPINS_MAX 20000000u /* where there is no clock */
#define STREAM_LEN 5000u
#define DATAGRAM_LEN 300u
#define END_OF_STREAM 0x04
#define GUARD 0xC9
#define GUARDS 16u
#define TURNS 100u /* connections, one after the other */

/* ---- time ---- */

struct patience {
    uint64_t end;
    uint32_t spins;
};

static struct patience begin_waiting(const struct check_run *run)
{
    const struct pawl_clock *clock = run->check->clock;

    return (struct patience){
        .end =
            clock != NULL ? clock->monotonic_ms(clock->ctx) + PATIENCE_MS : 0,
    };
}

static bool goes_on(const struct check_run *run, struct patience *patience)
{
    const struct pawl_clock *clock = run->check->clock;

    if (run->check->idle != NULL) {
        run->check->idle(run->check->ctx);
    }
    return clock != NULL ? clock->monotonic_ms(clock->ctx) < patience->end
                         : ++patience->spins < SPINS_MAX;
}

/* ---- calls ---- */

/* The name is another one as soon as the call has returned. */
static enum pawl_status open_to(struct check_run *run,
                                enum pawl_transport_kind kind, uint16_t port,
                                int *handle)
{
    size_t len = strlen(run->check->echo_host);

    if (len >= sizeof run->host) {
        return PAWL_ERR_ARGUMENT;
    }
    memcpy(run->host, run->check->echo_host, len + 1);
    enum pawl_status status = run->check->transport->open(
        run->check->transport->ctx, kind, run->host, port, handle);
    memset(run->host, 'x', len);
    return status;
}

static void close(struct check_run *run, int handle)
{
    run->check->transport->close(run->check->transport->ctx, handle);
}

static enum pawl_status send_some(struct check_run *run, int handle,
                                  const uint8_t *data, size_t len, size_t *sent)
{
    *sent = 0;
    enum pawl_status status = run->check->transport->send(
        run->check->transport->ctx, handle, data, len, sent);
    if (status == PAWL_OK && (*sent == 0 || *sent > len)) {
        run->out_of_bounds = true;
        *sent = len;
    }
    return status;
}

/* Behind cap lies a guard. */
static enum pawl_status receive_some(struct check_run *run, int handle,
                                     uint8_t *buf, size_t cap, size_t *received)
{
    uint8_t room[DATAGRAM_LEN + GUARDS];

    *received = 0;
    memset(room, GUARD, sizeof room);
    enum pawl_status status = run->check->transport->receive(
        run->check->transport->ctx, handle, room, cap, received);
    if (room[cap] != GUARD ||
        (status == PAWL_OK && (*received == 0 || *received > cap))) {
        run->out_of_bounds = true;
        return PAWL_ERR_IO;
    }
    memcpy(buf, room, cap);
    return status;
}

/* Sends all of data, as the connection takes it. */
static enum pawl_status send_all(struct check_run *run, int handle,
                                 const uint8_t *data, size_t len)
{
    struct patience patience = begin_waiting(run);
    size_t done = 0;

    while (done < len) {
        size_t sent = 0;
        enum pawl_status status =
            send_some(run, handle, data + done, len - done, &sent);
        done += sent;
        if (status < PAWL_OK) {
            return status;
        }
        if (status == PAWL_PENDING && !goes_on(run, &patience)) {
            return PAWL_ERR_TIMEOUT;
        }
    }
    return PAWL_OK;
}

/* Receives once, in time. */
static enum pawl_status wait_for(struct check_run *run, int handle,
                                 uint8_t *buf, size_t cap, size_t *received)
{
    struct patience patience = begin_waiting(run);
    enum pawl_status status = PAWL_PENDING;

    do {
        status = receive_some(run, handle, buf, cap, received);
    } while (status == PAWL_PENDING && goes_on(run, &patience));
    return status == PAWL_PENDING ? PAWL_ERR_TIMEOUT : status;
}

/* ---- the checks ---- */

static void required(struct check_run *run)
{
    const struct pawl_transport *transport = run->check->transport;

    if (transport->open == NULL || transport->send == NULL ||
        transport->receive == NULL || transport->close == NULL) {
        (void)pawl_check_fails(run, "a required function is NULL",
                               PAWL_ERR_ARGUMENT);
    }
}

/* Whether there is a peer; without one most is skipped. */
static bool has_peer(struct check_run *run)
{
    if (run->check->echo_host == NULL) {
        run->finding.skipped = "the config has no echo_host";
    }
    return run->check->echo_host != NULL;
}

static uint8_t pattern(size_t at)
{
    uint8_t byte = (uint8_t)(at * 31u + (at >> 8) * 7u);

    return byte == END_OF_STREAM ? 0xFE : byte;
}

/* Sends and receives in turns, so that neither side's buffers fill up. */
static enum pawl_status echo_stream(struct check_run *run, int handle,
                                    size_t len)
{
    uint8_t out[97], in[61];
    size_t back = 0;

    for (size_t done = 0; done < len; done += sizeof out) {
        for (size_t i = 0; i < sizeof out; i++) {
            out[i] = pattern(done + i);
        }
        enum pawl_status status = send_all(run, handle, out, sizeof out);
        while (status == PAWL_OK && back < done + sizeof out) {
            size_t received = 0;
            status = wait_for(run, handle, in, sizeof in, &received);
            for (size_t i = 0; i < received; i++) {
                if (in[i] != pattern(back + i)) {
                    return PAWL_ERR_CORRUPT;
                }
            }
            back += received;
        }
        if (status != PAWL_OK) {
            return status;
        }
    }
    return PAWL_OK;
}

static void stream(struct check_run *run)
{
    int handle = -1;

    if (!has_peer(run)) {
        return;
    }
    enum pawl_status status =
        open_to(run, PAWL_STREAM, run->check->echo_port, &handle);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "open() fails", status);
        return;
    }
    status = echo_stream(run, handle, STREAM_LEN);
    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "what was sent does not come back", status);
    }
    close(run, handle);
}

/* Nothing was sent, so nothing comes. */
static void nothing_is_pending(struct check_run *run)
{
    uint8_t buf[16];
    size_t received = 0;
    int handle = -1;

    if (!has_peer(run)) {
        return;
    }
    enum pawl_status status =
        open_to(run, PAWL_STREAM, run->check->echo_port, &handle);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "open() fails", status);
        return;
    }
    (void)echo_stream(run, handle, 1);
    status = receive_some(run, handle, buf, sizeof buf, &received);
    if (status != PAWL_PENDING) {
        (void)pawl_check_fails(
            run, "receive() answers otherwise when nothing is there", status);
    }
    close(run, handle);
}

static void counts(struct check_run *run)
{
    if (!has_peer(run)) {
        return;
    }
    if (run->out_of_bounds) {
        (void)pawl_check_fails(run,
                               "a count was 0 or too large, or more than cap "
                               "bytes were written",
                               PAWL_OK);
    }
}

static void orderly_end(struct check_run *run)
{
    static const uint8_t end[] = {END_OF_STREAM};
    uint8_t buf[16];
    size_t received = 0;
    int handle = -1;

    if (!has_peer(run)) {
        return;
    }
    enum pawl_status status =
        open_to(run, PAWL_STREAM, run->check->echo_port, &handle);

    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "open() fails", status);
        return;
    }
    status = send_all(run, handle, end, sizeof end);
    while (status == PAWL_OK) {
        status = wait_for(run, handle, buf, sizeof buf, &received);
    }
    if (status != PAWL_ERR_CLOSED) {
        (void)pawl_check_fails(run, "the end of a stream is another answer",
                               status);
    }
    close(run, handle);
}

/* What was sent over one comes back over it alone, though another connection
 * is used in between. */
static enum pawl_status interleaved(struct check_run *run, int one, int two)
{
    static const uint8_t hello[] = {'o', 'n', 'e'};
    uint8_t back[sizeof hello];
    size_t done = 0;
    enum pawl_status status = send_all(run, one, hello, sizeof hello);

    if (status == PAWL_OK) {
        status = echo_stream(run, two, 100);
    }
    while (status == PAWL_OK && done < sizeof hello) {
        size_t received = 0;
        status = wait_for(run, one, back + done, sizeof back - done, &received);
        done += received;
    }
    return status == PAWL_OK && memcmp(back, hello, sizeof hello) != 0
               ? PAWL_ERR_CORRUPT
               : status;
}

static void two_at_once(struct check_run *run)
{
    int one = -1, two = -1;

    if (!has_peer(run)) {
        return;
    }
    enum pawl_status status =
        open_to(run, PAWL_STREAM, run->check->echo_port, &one);
    if (status == PAWL_OK) {
        status = open_to(run, PAWL_STREAM, run->check->echo_port, &two);
        if (status == PAWL_OK) {
            status = interleaved(run, one, two);
            close(run, two);
        }
        close(run, one);
    }
    if (status != PAWL_OK || one == two) {
        (void)pawl_check_fails(run,
                               "a second connection disturbs the first, or has "
                               "its handle",
                               status);
    }
}

static void one_after_the_other(struct check_run *run)
{
    if (!has_peer(run)) {
        return;
    }
    for (unsigned i = 0; i < TURNS; i++) {
        int handle = -1;
        enum pawl_status status =
            open_to(run, PAWL_STREAM, run->check->echo_port, &handle);
        if (status != PAWL_OK) {
            (void)pawl_check_fails(
                run, "after some connections no more can be opened", status);
            return;
        }
        close(run, handle);
    }
}

static void nobody_answers(struct check_run *run)
{
    static const uint8_t byte[] = {1};
    int handle = -1;

    if (!has_peer(run)) {
        return;
    }
    if (run->check->closed_port == 0) {
        run->finding.skipped = "the config has no closed_port";
        return;
    }
    enum pawl_status status =
        open_to(run, PAWL_STREAM, run->check->closed_port, &handle);
    if (status == PAWL_OK) {
        status = send_all(run, handle, byte, sizeof byte);
        close(run, handle);
    }
    if (status != PAWL_ERR_UNREACHABLE) {
        (void)pawl_check_fails(
            run, "a port where nobody listens is another answer", status);
    }
}

/* ---- datagrams ---- */

/* Sends one of len bytes and receives it whole, twice at most: it may be
 * lost, and is not among what is checked. */
static enum pawl_status echo_datagram(struct check_run *run, int handle,
                                      size_t len)
{
    uint8_t out[DATAGRAM_LEN], in[DATAGRAM_LEN];
    enum pawl_status status = PAWL_ERR_TIMEOUT;

    for (size_t i = 0; i < len; i++) {
        out[i] = pattern(len + i);
    }
    for (unsigned turn = 0; turn < 2 && status == PAWL_ERR_TIMEOUT; turn++) {
        size_t received = 0;
        status = send_all(run, handle, out, len);
        if (status == PAWL_OK) {
            status = wait_for(run, handle, in, sizeof in, &received);
        }
        if (status == PAWL_OK &&
            (received != len || memcmp(in, out, len) != 0)) {
            status = PAWL_ERR_CORRUPT;
        }
    }
    return status;
}

static void datagrams(struct check_run *run)
{
    int handle = -1;

    if (!has_peer(run)) {
        return;
    }
    if (run->check->echo_udp_port == 0) {
        run->finding.skipped = "the config has no echo_udp_port";
        return;
    }
    enum pawl_status status =
        open_to(run, PAWL_DATAGRAM, run->check->echo_udp_port, &handle);
    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "open() fails", status);
        return;
    }
    for (size_t len = 1; len <= DATAGRAM_LEN && status == PAWL_OK; len += 23) {
        status = echo_datagram(run, handle, len);
    }
    if (status != PAWL_OK) {
        (void)pawl_check_fails(run, "a datagram comes back as something else",
                               status);
    }
    close(run, handle);
}

static const struct check_row rows[] = {
    {"transport: required", required, "Required."},
    {"transport: stream", stream, "TCP, or whatever carries bytes in order"},
    {"transport: pending", nothing_is_pending,
     "PAWL_PENDING (would block, come again when the connection is ready)"},
    {"transport: end", orderly_end, "PAWL_ERR_CLOSED (orderly end)"},
    {"transport: several", two_at_once,
     "Several connections may be open at once; each is named by a handle of "
     "the vendor's."},
    {"transport: close", one_after_the_other,
     "Ends the connection and releases the handle."},
    {"transport: unreachable", nobody_answers,
     "PAWL_ERR_UNREACHABLE if no address answered."},
    {"transport: datagrams", datagrams, "UDP: one send is one datagram"},
    {"transport: counts", counts,
     "Copies what has arrived, at most cap bytes, and sets *received to how "
     "many (1..cap) on PAWL_OK."},
};

unsigned pawl_port_check_transport(const struct pawl_port_check *check)
{
    struct check_run run = {.check = check};

    return pawl_check_rows(&run, HEADER, rows, sizeof rows / sizeof rows[0], 1);
}
