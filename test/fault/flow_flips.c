/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits of the journal flip while the device is off. At some moments of an
 * update each single bit of the journal is flipped, blank ones included, and a
 * number of pairs within one bank; then the device boots.
 *
 *   one bit: the boot decides as it would have without
 *   one or two: something verified boots, its engine opens, and neither the
 *   counter nor the counter of what boots is older than the counter was
 */
#include "base/base.h"
#include "fault/flow_search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before the first operation of these; the last is at rest. */
static const enum phase moments[] = {PHASE_FINISH,     PHASE_INSTALL,
                                     PHASE_TRIAL_BOOT, PHASE_ACCEPT,
                                     PHASE_CLEAN,      PHASE_COUNT};

/* The boot without a flip. */
struct expected {
    struct world *world;
    struct life life;
    pawl_slot_set set;
    bool trial;
    uint32_t counter;
};

static enum pawl_status boot_once(void)
{
    const struct pawl_boot_config config = {.product = &device.product,
                                            .slots = device.slots,
                                            .slot_count = 2,
                                            .journal = &device.journal.port,
                                            .counter = &device.counter,
                                            .trust = &device.store,
                                            .reset_cause = PAWL_RESET_POWER_ON};

    search.now.boots++;
    return pawl_boot_select(&search.boot, &config, &search.choice);
}

static void check(const struct expected *expected, bool single)
{
    check_glance(true);
    enum pawl_status status = boot_once();
    const struct pawl_boot_choice *choice = &search.choice;

    ask(status == PAWL_OK && choice->slot != NULL, "I4 (a flip bricks)");
    if (choice->slot == NULL) {
        return;
    }
    ask(holds(&device.image[choice->set],
              choice->set == 0 ? &search.v1 : &search.v2, IMAGE_SIZE),
        "I4 (after a flip, what boots is not what was released)");
    ask(choice->measurement.security_counter >= expected->counter,
        "I5 (after a flip an older counter boots)");
    ask(!single ||
            (choice->set == expected->set && choice->trial == expected->trial),
        "I2 (one flip changes the decision)");
    device.config.running_known = true;
    device.config.running = choice->set;
    ask(fake_device_start_engine(&device) == PAWL_OK,
        "I9 (after a flip the engine does not open)");
    ask(device.counter_value >= expected->counter, "I5 (the counter fell)");
}

static void flip_and_check(const struct expected *expected,
                           const struct flip *flips, uint32_t count)
{
    world_load(expected->world);
    search.life = expected->life;
    search.wrong = false;
    search.flip_count = count;
    for (uint32_t i = 0; i < count; i++) {
        search.flips[i] = flips[i];
        world_flip(flips[i].off, flips[i].bit);
    }
    world_power_on();
    search.now.faults++;
    check(expected, count == 1);
    search.flip_count = 0;
}

/* What the boot does without a flip. */
static void expect(struct expected *expected)
{
    world_load(expected->world);
    world_power_on();
    must(boot_once() == PAWL_OK, "no boot without a flip");
    expected->set = search.choice.set;
    expected->trial = search.choice.trial;
}

static void flip_all(const struct expected *expected, uint32_t pairs)
{
    uint32_t size = device.journal.port.size;
    uint64_t random = 1;

    for (uint32_t off = 0; off < size; off++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            flip_and_check(expected, &(struct flip){off, bit}, 1);
        }
    }
    for (uint32_t i = 0; i < pairs; i++) {
        uint32_t bank = size / 2U;
        struct flip flips[2];

        random = mix(random, i);
        flips[0].off = (uint32_t)(random % bank);
        flips[0].bit = (unsigned)(random >> 32 & 7U);
        flips[1].off = (uint32_t)((random >> 16) % bank);
        flips[1].bit = (unsigned)(random >> 35 & 7U);
        flips[0].off += (random >> 40 & 1U) != 0 ? bank : 0;
        flips[1].off += (random >> 40 & 1U) != 0 ? bank : 0;
        flip_and_check(expected, flips, 2);
    }
}

/* Whether the journal is to be flipped before operation n of a log. */
static bool is_moment(const struct log *log, uint32_t n, unsigned *next)
{
    bool now = n == log->count ? moments[*next] == PHASE_COUNT
                               : moments[*next] == log->ops[n].phase;

    *next += now ? 1U : 0U;
    return now;
}

/* An update without faults: its operations, and the device before them. */
static struct world *uncut(struct log *log, struct life *at_rest)
{
    struct world *base = NULL;

    table_open(&search.table);
    world_open(ENDS_ACCEPTED);
    base = world_save();
    search.recording = log;
    run();
    search.recording = NULL;
    *at_rest = search.life;
    return base;
}

/* The device before operation n of a log. free() its world. */
static struct expected stand_before(const struct log *log, uint32_t n,
                                    const struct world *base,
                                    const struct life *at_rest)
{
    struct expected expected = {.life = n < log->count ? log->ops[n].life
                                                       : *at_rest};

    world_load(base);
    for (uint32_t i = 0; i < n; i++) {
        apply(&log->ops[i]);
    }
    expected.world = world_save();
    expected.counter = device.counter_value;
    search.flip_op = n;
    expect(&expected);
    return expected;
}

void flow_flips(uint32_t pairs)
{
    struct log log = {0};
    struct life at_rest;
    struct world *base = uncut(&log, &at_rest);
    unsigned next = 0;

    for (uint32_t i = 0; i <= log.count; i++) {
        if (next >= PAWL_ARRAY_LEN(moments) || !is_moment(&log, i, &next)) {
            continue;
        }
        struct expected expected = stand_before(&log, i, base, &at_rest);

        flip_all(&expected, pairs);
        search.now.states++;
        free(expected.world);
    }
    free(base);
    free(log.ops);
    table_close(&search.table);
}

void flow_flip_replay(void)
{
    struct log log = {0};
    struct life at_rest;
    struct flip flips[FLIPS_MAX];
    uint32_t count = search.flip_count;

    memcpy(flips, search.flips, sizeof(flips));
    search.flip_count = 0; /* the update itself has none */
    struct world *base = uncut(&log, &at_rest);
    must(search.flip_op <= log.count, "the update has no such operation");
    for (uint32_t i = 0; i < count; i++) {
        must(flips[i].off < device.journal.port.size,
             "the journal has no such byte");
    }
    struct expected expected =
        stand_before(&log, search.flip_op, base, &at_rest);

    flip_and_check(&expected, flips, count);
    free(expected.world);
    free(base);
    free(log.ops);
    table_close(&search.table);
}
