/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches the faults of a whole update: provisioning, start, download and
 * its resumption, finish, install, trial boot, accept, reject, revert,
 * compaction, counter, clean.
 *
 * flow_session.c is the update, flow_world.c the device, flow_oracle.c what
 * must hold, flow_search.c how it is searched; here is what is printed.
 *
 * A violation prints its replay id; `fault_flow --replay ID` runs it alone:
 * faults, or flips of the journal's bits.
 */
#include "base/base.h"
#include "fault/flow_search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct totals all;

/* --- Tables ------------------------------------------------------------------
 */

static void add(struct totals *to, const struct totals *from)
{
    to->faults += from->faults;
    to->boots += from->boots;
    to->states += from->states;
    to->violations += from->violations;
    to->rot += from->rot;
    to->glances += from->glances;
    to->declined += from->declined;
    to->unsynced += from->unsynced;
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        to->kinds[i] += from->kinds[i];
    }
    for (int i = 0; i < PHASE_COUNT; i++) {
        to->phases[i] += from->phases[i];
    }
}

static void search_geometry(int at, int depth)
{
    search.geometry_at = at;
    search.sessions = 0;
    memset(&search.now, 0, sizeof(search.now));
    for (uint32_t ending = 0; ending < ENDINGS; ending++) {
        table_open(&search.table);
        world_open(ending);
        search.run++;
        explore(depth);
        table_close(&search.table);
    }
    printf("flow %-9s depth %d%s  faults %9llu  boots %9llu  states %9llu  "
           "violations %llu\n",
           geometries[at].name, depth,
           depth > 1 && search.stride > 1 ? " sampled" : "        ",
           (unsigned long long)search.now.faults,
           (unsigned long long)search.now.boots,
           (unsigned long long)search.now.states,
           (unsigned long long)search.now.violations);
    if (search.compare) {
        printf("flow %-9s depth %d  distinct resets %llu\n",
               geometries[at].name, depth, (unsigned long long)search.sessions);
    }
    fflush(stdout);
    add(&all, &search.now);
}

static void flip_geometry(int at, uint32_t pairs)
{
    search.geometry_at = at;
    memset(&search.now, 0, sizeof(search.now));
    flow_flips(pairs);
    printf("flips %-9s at %llu moments, each bit and %u pairs  flips %9llu  "
           "boots %9llu  violations %llu\n",
           geometries[at].name, (unsigned long long)search.now.states, pairs,
           (unsigned long long)search.now.faults,
           (unsigned long long)search.now.boots,
           (unsigned long long)search.now.violations);
    fflush(stdout);
    add(&all, &search.now);
}

static void print_all(void)
{
    tell_faults("flow", &all);
    printf("kind flow boot read quickly: %llu\n",
           (unsigned long long)all.glances);
    printf("kind flow boot at rest not: %llu\n",
           (unsigned long long)all.declined);
    printf("kind flow rot: %llu\n", (unsigned long long)all.rot);
    printf("kind flow unsynced: %llu\n", (unsigned long long)all.unsynced);
    printf("faults %llu boots %llu states %llu violations %llu\n",
           (unsigned long long)all.faults, (unsigned long long)all.boots,
           (unsigned long long)all.states, (unsigned long long)all.violations);
}

/* --- Replay ----------------------------------------------------------------
 */

static bool told(void)
{
    printf("boots %llu violations %llu\n", (unsigned long long)search.now.boots,
           (unsigned long long)search.now.violations);
    return search.now.violations == 0;
}

/* flip/geometry/op/byte.bit, and a second byte.bit of a pair */
static bool run_flip(const char *id)
{
    int used = 0;

    must(sscanf(id, "flip/%d/%u%n", &search.geometry_at, &search.flip_op,
                &used) == 2 &&
             search.geometry_at >= 0 && search.geometry_at < geometry_count,
         "not a replay id");
    for (id += used; *id == '/' && search.flip_count < FLIPS_MAX; id += used) {
        struct flip *flip = &search.flips[search.flip_count++];

        must(sscanf(id, "/%u.%u%n", &flip->off, &flip->bit, &used) == 2 &&
                 flip->bit < 8,
             "not a replay id");
    }
    must(*id == '\0' && search.flip_count != 0, "not a replay id");
    flow_flip_replay();
    return told();
}

/* geometry/ending/op.tear.metastable.mood/... */
static bool run_replay(const char *id)
{
    unsigned ending = 0;
    int used = 0;

    must(sscanf(id, "%d/%u%n", &search.geometry_at, &ending, &used) == 2 &&
             search.geometry_at >= 0 && search.geometry_at < geometry_count &&
             ending < ENDINGS,
         "not a replay id");
    for (id += used; *id == '/' && search.replay_len < FAULTS_MAX; id += used) {
        struct fault *fault = &search.replay[search.replay_len++];

        must(sscanf(id, "/%u.%u.%u.%u%n", &fault->op, &fault->tear,
                    &fault->metastable, &fault->mood, &used) == 4,
             "not a replay id");
    }
    table_open(&search.table);
    world_open(ending);
    explore((int)search.replay_len);
    return told();
}

int main(int argc, char **argv)
{
    int depth = 1;
    int only = -1;
    int flips = -1;

    flow_begin();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--exact") == 0) {
            search.compare = search.exact = true;
        } else if (strcmp(argv[i], "--alike") == 0) {
            search.compare = true;
        } else if (strcmp(argv[i], "--first") == 0) {
            search.stop_at_first = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--depth") == 0) {
            depth = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--stride") == 0) {
            search.stride = (uint32_t)atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--flips") == 0) {
            flips = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--geometry") == 0) {
            only = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--replay") == 0) {
            const char *id = argv[++i];

            return (id[0] == 'f' ? run_flip : run_replay)(id) ? 0 : 1;
        } else {
            must(false, "usage: fault_flow [--alike | --exact] [--first] "
                        "[--depth n] [--stride n] [--geometry n] "
                        "[--flips pairs] [--replay id]");
        }
    }
    must(depth >= 0 && depth < 6, "that is too deep");
    for (int at = 0; at < geometry_count; at++) {
        if (only != at && only >= 0) {
            continue;
        }
        if (flips >= 0) {
            flip_geometry(at, (uint32_t)flips);
        } else {
            search_geometry(at, depth);
        }
    }
    if (flips < 0) {
        print_all();
    }
    return all.violations != 0;
}
