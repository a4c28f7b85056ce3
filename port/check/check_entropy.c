/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The entropy against <pawl/port/entropy.h>. What is fully random cannot be
 * told by looking at it; these are the health tests of NIST SP 800-90B, 4.4,
 * and three more for what drivers get wrong. They find a generator that is
 * not switched on, stuck, biased or repeating, and nothing subtler.
 */
#include "check_internal.h"

#include <string.h>

#define HEADER "pawl/port/entropy.h"
#define CALL_MAX 256u
#define SAMPLES 8192u /* bytes */

/* SP 800-90B, 4.4.1: bytes of 8 bits of entropy, false alarm 2^-40. */
#define REPEATS_MAX 6u
/* 4.4.2: occurrences of the first byte of a window of 512; 2^-40. */
#define WINDOW 512u
#define WINDOW_MAX 20u
/* Of 8,192 bytes 32 are alike on average, with a deviation of 5.6. */
#define ALIKE_MAX 80u
/* Ones among 65,536 bits: 32,768 and 7 standard deviations of 128. */
#define ONES_MIN (SAMPLES * 4u - 896u)
#define ONES_MAX (SAMPLES * 4u + 896u)

static bool get(struct check_run *run, uint8_t *buf, size_t len)
{
    enum pawl_status status =
        run->check->entropy->fill(run->check->entropy->ctx, buf, len);

    return status == PAWL_OK || pawl_check_fails(run, "fill() fails", status);
}

static void required(struct check_run *run)
{
    if (run->check->entropy->fill == NULL) {
        (void)pawl_check_fails(run, "fill is NULL", PAWL_ERR_ARGUMENT);
    }
}

/* Every length, between guards: each byte of it changes in one of 16 calls
 * (by chance it does not in 2^-120), and none outside of it. */
static void fills_all(struct check_run *run)
{
    uint8_t buf[CALL_MAX + 2];
    uint8_t changed[CALL_MAX];

    for (size_t len = 1; len <= CALL_MAX; len += len < 33 ? 1 : 37) {
        memset(changed, 0, sizeof changed);
        for (unsigned call = 0; call < 16; call++) {
            memset(buf, 0xC3, sizeof buf);
            if (!get(run, buf + 1, len)) {
                return;
            }
            for (size_t i = 0; i < len; i++) {
                changed[i] |= buf[1 + i] != 0xC3 ? 1 : 0;
            }
            if (buf[0] != 0xC3 || buf[1 + len] != 0xC3) {
                (void)pawl_check_fails(
                    run, "a byte beside the buffer was written", PAWL_OK);
                return;
            }
        }
        if (memchr(changed, 0, len) != NULL) {
            (void)pawl_check_fails(run, "some bytes are never filled", PAWL_OK);
            return;
        }
    }
}

/* What all the samples say. */
struct health {
    uint32_t repeats, repeats_most; /* of one byte in a row */
    uint32_t in_window, window_at;  /* of the first byte of a window */
    uint32_t window_most;
    uint32_t ones;
    uint16_t alike[256]; /* occurrences of each byte */
    uint32_t alike_most;
    uint8_t last, first;
    uint8_t call[32], before[32]; /* the first bytes of two calls */
    bool same;                    /* two calls gave the same */
};

static void look_at(struct health *health, uint8_t byte, uint32_t index)
{
    health->repeats =
        index != 0 && byte == health->last ? health->repeats + 1 : 1;
    if (health->repeats > health->repeats_most) {
        health->repeats_most = health->repeats;
    }
    if (index % WINDOW == 0) {
        health->first = byte;
        health->in_window = 0;
    }
    health->in_window += byte == health->first ? 1 : 0;
    if (health->in_window > health->window_most) {
        health->window_most = health->in_window;
    }
    health->alike[byte]++;
    if (health->alike[byte] > health->alike_most) {
        health->alike_most = health->alike[byte];
    }
    for (unsigned bit = 0; bit < 8; bit++) {
        health->ones += byte >> bit & 1u;
    }
    health->last = byte;
}

static bool sample(struct check_run *run, struct health *health)
{
    uint8_t buf[CALL_MAX + 16]; /* room for what a port writes beside it */

    memset(health, 0, sizeof *health);
    for (uint32_t done = 0; done < SAMPLES; done += CALL_MAX) {
        if (!get(run, buf, CALL_MAX)) {
            return false;
        }
        for (uint32_t i = 0; i < CALL_MAX; i++) {
            look_at(health, buf[i], done + i);
        }
        memcpy(health->call, buf, sizeof health->call);
        health->same |= done != 0 && memcmp(health->call, health->before,
                                            sizeof health->call) == 0;
        memcpy(health->before, health->call, sizeof health->before);
    }
    return true;
}

static void healthy(struct check_run *run)
{
    struct health health;

    if (!sample(run, &health)) {
        return;
    }
    if (health.same) {
        (void)pawl_check_fails(run, "two calls in a row give the same",
                               PAWL_OK);
    } else if (health.repeats_most >= REPEATS_MAX) {
        (void)pawl_check_fails(run, "one byte repeats too often in a row",
                               PAWL_OK);
    } else if (health.window_most >= WINDOW_MAX ||
               health.alike_most > ALIKE_MAX) {
        (void)pawl_check_fails(run, "one byte is too frequent", PAWL_OK);
    } else if (health.ones < ONES_MIN || health.ones > ONES_MAX) {
        (void)pawl_check_fails(run, "ones and zeros are not equally frequent",
                               PAWL_OK);
    }
}

static const struct check_row rows[] = {
    {"entropy: required", required, "Required."},
    {"entropy: fill", fills_all,
     "Fills len bytes (at most 256 a call) with full entropy, as of a hardware "
     "generator that passed its health test (NIST SP 800-90B)."},
    {"entropy: health", healthy,
     "Fills len bytes (at most 256 a call) with full entropy, as of a hardware "
     "generator that passed its health test (NIST SP 800-90B)."},
};

unsigned pawl_port_check_entropy(const struct pawl_port_check *check)
{
    struct check_run run = {.check = check};

    return pawl_check_rows(&run, HEADER, rows, sizeof rows / sizeof rows[0], 1);
}
