/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single schedules of an update: up to FAULTS_MAX faults, one after the other,
 * deeper than a search goes. The bytes that say which come from a fuzzer; the
 * replay id that a violation prints says it, too.
 */
#include "base/base.h"
#include "fault/flow_search.h"
#include <stdlib.h>
#include <string.h>

/* One fault of a schedule, in bytes. place: its lowest bit says whether what
 * is torn is metastable. */
struct choice {
    uint8_t phase, tear, place, mood;
};

/* The operation that is cut: each phase of the run is as likely as another,
 * however long it is. */
static uint32_t pick(const struct log *log, const struct choice *choice)
{
    uint32_t counts[PHASE_COUNT] = {0}, phases = 0, n = 0;

    for (uint32_t i = 0; i < log->count; i++) {
        phases += counts[log->ops[i].phase]++ == 0 ? 1U : 0U;
    }
    /* A fuzzer likes zeros, and the first phase is the factory's. */
    uint32_t skip = (choice->phase + phases / 2U) % phases;
    uint32_t phase = 0;
    while (counts[phase] == 0 || skip-- > 0) {
        phase++;
    }
    n = (choice->place >> 1) * counts[phase] / 128U;
    for (uint32_t i = 0;; i++) {
        if (log->ops[i].phase == phase && n-- == 0) {
            return i;
        }
    }
}

/* Does the operations before number n of a log once more. */
static void go_back_to(const struct log *log, uint32_t n,
                       const struct world *base)
{
    world_load(base);
    for (uint32_t i = 0; i < n; i++) {
        apply(&log->ops[i]);
    }
}

/* Runs to rest, and counts what could not be read. */
static void run_on(void)
{
    uint32_t ecc = world_ecc_reads();

    search.run++;
    run();
    search.now.kinds[FAKE_FAULT_ECC] += world_ecc_reads() - ecc;
}

/* Runs to rest and cuts one operation of that. False: there was none. */
static bool run_and_cut(const struct choice *choice)
{
    struct log log = {0};
    struct world *base = world_save();
    const struct life life = search.life;
    struct fault fault = {0};
    uint32_t tears = 1;
    bool torn = false;

    table_close(&search.table); /* only this run goes round in circles */
    table_open(&search.table);
    search.recording = &log;
    run_on();
    search.recording = NULL;
    if (log.count > 0 && !search.wrong) {
        fault.op = pick(&log, choice);
        go_back_to(&log, fault.op, base);
        const struct totals sum = search.now;
        (void)tear_op(&log.ops[fault.op], 0, false, &tears);
        memcpy(search.now.kinds, sum.kinds, sizeof(sum.kinds));
        fault.tear = choice->tear % tears;
        go_back_to(&log, fault.op, base);
        fault.metastable = choice->place & 1U;
        torn = tear_op(&log.ops[fault.op], fault.tear, fault.metastable != 0,
                       &tears);
        fault.mood = choice->mood % FAKE_MOOD_COUNT;
    }
    if (torn) {
        search.now.faults++;
        search.now.phases[log.ops[fault.op].phase]++;
        world_power_on();
        cut_was(&log.ops[fault.op], &fault);
    } else if (!search.wrong) { /* there is no such tear */
        world_load(base);
        search.life = life;
    }
    free(base);
    free(log.ops);
    return torn;
}

bool flow_schedule(const uint8_t *bytes, size_t len)
{
    uint64_t violations = search.now.violations;

    search.geometry_at = len > 0 ? bytes[0] % geometry_count : 0;
    search.exact = true; /* no run ends early */
    table_open(&search.table);
    world_open(len > 1 ? bytes[1] % ENDINGS : 0);
    for (size_t at = 2; at + 4U <= len && search.path_len < FAULTS_MAX &&
                        search.now.violations == violations;
         at += 4) {
        struct choice choice = {bytes[at], bytes[at + 1U], bytes[at + 2U],
                                bytes[at + 3U]};

        (void)run_and_cut(&choice);
    }
    if (search.now.violations == violations) {
        table_close(&search.table);
        table_open(&search.table);
        run_on();
    }
    table_close(&search.table);
    return search.now.violations == violations;
}
