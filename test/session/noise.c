/* SPDX-License-Identifier: Apache-2.0 */
#include "noise.h"

#include <string.h>

/* A linear congruential generator is random enough for bad luck. */
static uint32_t draw(struct noise *noise, uint32_t below)
{
    noise->seed = noise->seed * 1664525u + 1013904223u;
    return (noise->seed >> 8) % below;
}

static bool happens(struct noise *noise, unsigned percent)
{
    return draw(noise, 100) < percent;
}

/* Cuts bytes, or puts others in their place; the length that is left. */
static size_t mangle(struct noise *noise, uint8_t *bytes, size_t len)
{
    if (happens(noise, 50)) {
        return 1 + draw(noise, (uint32_t)len - 1);
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)draw(noise, 256);
    }
    return len;
}

static void damage(struct noise *noise, uint8_t *bytes, size_t len)
{
    if (happens(noise, noise->damage)) {
        bytes[draw(noise, (uint32_t)len)] ^= (uint8_t)(1 << draw(noise, 8));
    }
}

/*
 * What message a datagram begins with, nearly: of a handshake's record in the
 * clear its header of RFC 6347, 4.2.2, of others the length.
 */
static size_t message_of(const uint8_t *bytes, size_t len)
{
    size_t key = len;

    if (len >= 25 && bytes[0] == 22 && (bytes[3] | bytes[4]) == 0) {
        for (size_t i = 13; i < 25; i++) {
            key = key * 31 + bytes[i];
        }
    }
    return key;
}

static bool is_lost(struct noise *noise, int way, const uint8_t *bytes,
                    size_t len)
{
    uint8_t *lost = noise->lost[way];

    lost += message_of(bytes, len) % sizeof noise->lost[way];
    if (happens(noise, noise->loss) && *lost < 3) {
        (*lost)++;
        return true;
    }
    *lost = 0;
    return false;
}

/* Keeps a datagram back, if none is. */
static bool hold(struct noise *noise, int way, const uint8_t *bytes, size_t len)
{
    if (noise->held_len[way] != 0) {
        return false;
    }
    memcpy(noise->held[way], bytes, len);
    noise->held_len[way] = len;
    return true;
}

static void pass(struct noise *noise, int handle, const uint8_t *bytes,
                 size_t len)
{
    size_t sent = 0;

    /* What the socket does not take is lost. */
    (void)!noise->below->send(noise->below->ctx, handle, bytes, len, &sent);
}

enum pawl_status noise_send(struct noise *noise, int handle, const void *data,
                            size_t len, size_t *sent)
{
    uint8_t bytes[2048];

    if (len > sizeof bytes) {
        return PAWL_ERR_IO;
    }
    memcpy(bytes, data, len);
    *sent = len;
    damage(noise, bytes, len);
    if (is_lost(noise, 0, bytes, len)) {
        return PAWL_OK;
    }
    if (len > 1 && !noise->spare &&
        happens(noise, noise->mangle)) { /* besides: no loss */
        uint8_t copy[2048];
        memcpy(copy, bytes, len);
        pass(noise, handle, copy, mangle(noise, copy, len));
    }
    if (happens(noise, noise->mangle)) {
        pass(noise, handle, bytes, len);
    }
    if (happens(noise, noise->mangle) && hold(noise, 0, bytes, len)) {
        return PAWL_OK;
    }
    pass(noise, handle, bytes, len);
    pass(noise, handle, noise->held[0], noise->held_len[0]);
    noise->held_len[0] = 0;
    return PAWL_OK;
}

enum pawl_status noise_receive(struct noise *noise, int handle, void *buf,
                               size_t cap, size_t *received)
{
    enum pawl_status status =
        noise->below->receive(noise->below->ctx, handle, buf, cap, received);

    if (status == PAWL_PENDING && noise->held_len[1] != 0 &&
        noise->held_len[1] <= cap) {
        memcpy(buf, noise->held[1], noise->held_len[1]);
        *received = noise->held_len[1];
        noise->held_len[1] = 0;
        return PAWL_OK;
    }
    if (status != PAWL_OK) {
        return status;
    }
    if (is_lost(noise, 1, buf, *received)) {
        return noise_receive(noise, handle, buf, cap, received);
    }
    damage(noise, buf, *received);
    if (*received > 1 && happens(noise, noise->mangle) &&
        hold(noise, 1, buf, *received)) {
        /* It comes once more, later; and now perhaps as another. */
        if (happens(noise, 50)) {
            *received = mangle(noise, buf, *received);
        }
    }
    return PAWL_OK;
}
