/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the search over a whole update and the fuzzer of its schedules share:
 * how they begin, and how a violation is told.
 */
#include "base/base.h"
#include "fake/fake_crypto.h"
#include "fault/flow_search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIOLATIONS_SHOWN 8

const char *const phase_names[PHASE_COUNT] = {
    "provision", "open",    "start",      "download", "checkpoint", "resume",
    "finish",    "install", "compaction", "boot",     "trial boot", "accept",
    "counter",   "reject",  "revert",     "clean"};

static void print_id(void)
{
    if (search.flip_count != 0) {
        printf("flip/%d/%u", search.geometry_at, search.flip_op);
        for (uint32_t i = 0; i < search.flip_count; i++) {
            printf("/%u.%u", search.flips[i].off, search.flips[i].bit);
        }
        return;
    }
    printf("%d/%u", search.geometry_at, (unsigned)search.life.ending);
    for (uint32_t i = 0; i < search.path_len; i++) {
        printf("/%u.%u.%u.%u", search.path[i].op, search.path[i].tear,
               search.path[i].metastable, search.path[i].mood);
    }
}

void violation(const char *what)
{
    if (search.wrong) {
        return; /* one for each path */
    }
    search.wrong = true;
    if (search.now.violations++ < VIOLATIONS_SHOWN) {
        printf("violation %s: %s, replay ", what,
               geometries[search.geometry_at].name);
        print_id();
        printf("\n");
        fflush(stdout);
    }
    if (search.stop_at_first) {
        exit(1);
    }
}

void tell_faults(const char *of, const struct totals *totals)
{
    for (int i = 0; i < FAKE_FAULT_REFUSED; i++) {
        printf("kind %s %s: %llu\n", of, fake_fault_name((enum fake_fault)i),
               (unsigned long long)totals->kinds[i]);
    }
    for (int i = 0; i < PHASE_COUNT; i++) {
        printf("phase %s %s: %llu\n", of, phase_names[i],
               (unsigned long long)totals->phases[i]);
    }
}

void show(const struct log *log)
{
    for (uint32_t i = 0; i < log->count; i++) {
        const struct op *op = &log->ops[i];

        printf("  %u faults, operation %u: %s, flash %u, %s at %u\n",
               search.path_len, i, phase_names[op->phase], op->flash,
               op->kind == OP_ERASE ? "erase" : "program", op->off);
    }
}

/* --- Signatures ------------------------------------------------------------
 * Pure, slow and always the same: each is computed once.
 */

enum pawl_status __real_pawl_p256_verify(struct pawl_bytes point,
                                         const uint8_t digest[32],
                                         const uint8_t signature[64]);
enum pawl_status __wrap_pawl_p256_verify(struct pawl_bytes point,
                                         const uint8_t digest[32],
                                         const uint8_t signature[64]);

enum pawl_status __wrap_pawl_p256_verify(struct pawl_bytes point,
                                         const uint8_t digest[32],
                                         const uint8_t signature[64])
{
    static struct {
        uint8_t key[65 + 32 + 64];
        enum pawl_status status;
    } known[64];
    static unsigned count;
    uint8_t key[65 + 32 + 64];

    if (point.len != 65) {
        return __real_pawl_p256_verify(point, digest, signature);
    }
    memcpy(key, point.data, 65);
    memcpy(key + 65, digest, 32);
    memcpy(key + 97, signature, 64);
    for (unsigned i = 0; i < (count < 64U ? count : 64U); i++) {
        if (memcmp(known[i].key, key, sizeof(key)) == 0) {
            return known[i].status;
        }
    }
    unsigned at = count++ % 64U;
    memcpy(known[at].key, key, sizeof(key));
    known[at].status = __real_pawl_p256_verify(point, digest, signature);
    return known[at].status;
}

/* --- Releases --------------------------------------------------------------
 */

static void make(struct fake_release *release, uint64_t sequence)
{
    const struct fake_release_plan plan = {.sequence = sequence,
                                           .seed = (uint32_t)sequence,
                                           .size = IMAGE_SIZE,
                                           .counted = true,
                                           .counter = sequence};
    fake_release_make(release, &plan);
}

void flow_begin(void)
{
    must(fake_crypto_start() == PAWL_OK, "no crypto");
    make(&search.v1, 1);
    make(&search.v2, 2);
    search.stride = 1;
}
