/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_TEST_NOISE_H
#define PAWL_TEST_NOISE_H

#include <pawl/port/transport.h>
#include <stdbool.h>

/*
 * A network that loses, doubles, reorders, cuts and invents datagrams, both
 * ways, above a transport. One seed is one run of bad luck. It loses a message
 * three times, and then lets it pass: a peer that sends a flight again at 1, 2,
 * 4, 8 s and so on is not to be waited for until luck turns.
 */
struct noise {
    const struct pawl_transport *below;
    unsigned loss;   /* percent of the datagrams */
    unsigned mangle; /* percent: doubled, held back, cut, invented */
    bool spare;      /* what is cut or invented comes to us, none goes out */
    unsigned damage; /* percent: a bit is wrong, which UDP's checksum would
                      * have found, or somebody has been at it */
    uint32_t seed;
    /* Private. */
    uint8_t held[2][2048]; /* one that waits for the next: out, in */
    size_t held_len[2];
    uint8_t lost[2][1024]; /* how often, by what message it is */
};

enum pawl_status noise_send(struct noise *noise, int handle, const void *data,
                            size_t len, size_t *sent);
enum pawl_status noise_receive(struct noise *noise, int handle, void *buf,
                               size_t cap, size_t *received);

#endif
