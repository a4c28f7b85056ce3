/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches the faults of the journal, all of them, on the code itself.
 *
 * A node is a device without power: a flash, and what the outside world knows
 * of it. journal_search.c says how nodes follow from each other,
 * journal_node.c which are alike, journal_seed.c where it begins; here is what
 * is printed.
 *
 * The oracle, at each boot:
 *   I1 the state recovered is the last acknowledged one or the one in flight
 *   I2 once a state was acted upon, no other one is recovered; and the quick
 *      reading (journal_rest.c) finds what the whole judgement does, or
 * declines I3 the flash saw no unit programmed twice without an erase I7
 * sequence numbers rise strictly I8 a clean boot is not an operation of the
 * flash I9 without a further fault the journal settles and takes a commit
 *
 * A violation prints its replay id; `fault_journal --replay ID` shows it.
 */
#include "base/base.h"
#include "fault/journal_search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIOLATIONS_SHOWN 5
#define WIDE_DEPTH 2 /* of seeds that hold half-charged frames in plenty */

static struct totals all;
static bool verbose;

/* --- Violations ------------------------------------------------------------
 */

static void print_id(const struct node *node)
{
    printf("%d/%d", search.geometry_at, search.seed_at);
    for (int i = 0; i < node->sessions; i++) {
        const struct session *session = &node->path[i];

        printf("/%x.%d.%d.%u.%d", session->moods, (int)session->script,
               (int)session->step, session->tear, session->metastable ? 1 : 0);
    }
}

static void print_totals(const struct totals *totals)
{
    printf("faults %llu boots %llu states %llu violations %llu\n",
           (unsigned long long)totals->cuts, (unsigned long long)totals->boots,
           (unsigned long long)totals->states,
           (unsigned long long)totals->violations);
    fflush(stdout);
}

void violation(const struct node *node, const char *what)
{
    if (search.replay_sessions != 0 && !on_replayed_path(node)) {
        return; /* another one, of which it could be told as well */
    }
    if (search.now.violations++ < VIOLATIONS_SHOWN) {
        printf("violation %s: %s, seed %s, replay ", what,
               geometries[search.geometry_at].name, seed_names[search.seed_at]);
        print_id(node);
        printf("\n");
        fflush(stdout);
    }
    if (search.stop_at_first) {
        print_totals(&search.now);
        exit(1);
    }
}

/* --- Tables ----------------------------------------------------------------
 */

static void add(struct totals *to, const struct totals *from)
{
    for (int i = 0; i < FAKE_FAULT_COUNT; i++) {
        to->faults[i] += from->faults[i];
    }
    for (int i = 0; i < PAWL_JOURNAL_BROKEN; i++) {
        to->phases[i] += from->phases[i];
    }
    to->cuts += from->cuts;
    to->boots += from->boots;
    to->states += from->states;
    to->violations += from->violations;
    to->glances += from->glances;
    to->declined += from->declined;
}

static void search_seed(int depth, int spare)
{
    const char *name = geometries[search.geometry_at].name;
    struct node *node =
        make_seed(&geometries[search.geometry_at], search.seed_at);

    memset(&search.now, 0, sizeof(search.now));
    if (seed_is_wide(search.seed_at) && depth > WIDE_DEPTH) {
        depth = WIDE_DEPTH;
    }
    explore(node, depth, spare);
    if (verbose) {
        printf("  %-12s %-11s depth %d  ", name, seed_names[search.seed_at],
               depth);
        print_totals(&search.now);
    }
    node_free(node);
}

/* A state that two seeds lead to is searched once. */
static void search_geometry(int at, int depth, int spare)
{
    struct totals sum = {0};

    search.geometry_at = at;
    table_open(&search.table);
    table_open(&search.alike);
    for (search.seed_at = 0; search.seed_at < seed_count; search.seed_at++) {
        search_seed(depth, spare);
        add(&sum, &search.now);
    }
    printf("%-12s depth %d  faults %9llu  boots %9llu  states %9llu  "
           "violations %llu\n",
           geometries[at].name, depth, (unsigned long long)sum.cuts,
           (unsigned long long)sum.boots, (unsigned long long)sum.states,
           (unsigned long long)sum.violations);
    if (search.compare) {
        printf("%-12s depth %d  distinct states %zu\n", geometries[at].name,
               depth, search.alike.count);
    }
    fflush(stdout);
    table_close(&search.table);
    table_close(&search.alike);
    add(&all, &sum);
}

/* By kind and by phase; run.sh adds them up and fails where one is zero. */
static void print_kinds(void)
{
    static const char *const phases[PAWL_JOURNAL_BROKEN] = {
        "",           "spend",     "record body", "record seal", "proof body",
        "proof seal", "void lost", "void",        "erase"};

    for (int i = 0; i < FAKE_FAULT_REFUSED; i++) {
        printf("kind %s: %llu\n", fake_fault_name((enum fake_fault)i),
               (unsigned long long)all.faults[i]);
    }
    printf("kind boot read quickly: %llu\n", (unsigned long long)all.glances);
    printf("kind boot at rest not: %llu\n", (unsigned long long)all.declined);
    for (int i = 1; i < PAWL_JOURNAL_BROKEN; i++) {
        printf("phase %s: %llu\n", phases[i],
               (unsigned long long)all.phases[i]);
    }
}

/* --- Replay ----------------------------------------------------------------
 */

/* Prints what a boot of a replayed path sees. */
void show(struct node *node, const struct pawl_journal *journal,
          enum pawl_status status)
{
    const struct session *next = &search.replay[node->sessions - 1];
    uint8_t scratch[1024];
    struct pawl_journal_frame_info info;

    printf("boot %d, moods %x: ", node->sessions, next->moods);
    for (uint32_t n = 0; n < 2U * search.frames.frames; n++) {
        must(pawl_journal_inspect(&node->flash.port, PAYLOAD, n, scratch,
                                  sizeof(scratch), &info) == PAWL_OK,
             "a frame could not be inspected");
        printf("%s%s", n == search.frames.frames ? " | " : " ",
               strcmp(info.verdict, "blank") == 0 ? "." : info.verdict);
        if (info.payload.len != 0) {
            printf("(%u e%u s%u)", value_of(info.payload), info.epoch,
                   info.sequence);
        }
    }
    printf("\n  acknowledged %u, in flight %u; recovers %u from bank %u, %s\n",
           node->acked, node->in_flight,
           value_of(pawl_journal_payload(journal)), journal->bank,
           status == PAWL_OK ? "clean" : "to be settled");
    if (next->step != UINT32_MAX) {
        printf("  then %s, cut in step %u, tear %u%s\n",
               next->script == SCRIPT_BOOT     ? "settles"
               : next->script == SCRIPT_COMMIT ? "commits"
                                               : "compacts",
               next->step, next->tear, next->metastable ? ", metastable" : "");
    }
}

/* geometry/seed/moods.script.step.tear.metastable/... */
static void show_replay(const char *id)
{
    int used = 0;
    struct node *node = NULL;
    int depth = 0;

    must(sscanf(id, "%d/%d%n", &search.geometry_at, &search.seed_at, &used) ==
                 2 &&
             search.geometry_at >= 0 && search.geometry_at < geometry_count &&
             search.seed_at >= 0 && search.seed_at < seed_count,
         "not a replay id");
    for (id += used; *id == '/' && search.replay_sessions < SESSIONS_MAX;
         id += used) {
        struct session *session = &search.replay[search.replay_sessions++];
        int step = 0;
        int script = 0;
        int metastable = 0;

        must(sscanf(id, "/%x.%d.%d.%u.%d%n", &session->moods, &script, &step,
                    &session->tear, &metastable, &used) == 5,
             "not a replay id");
        session->script = (enum script)script;
        session->step = (uint32_t)step;
        session->metastable = metastable != 0;
        depth += step >= 0 ? 1 : 0;
    }
    node = make_seed(&geometries[search.geometry_at], search.seed_at);
    printf("%s, seed %s\n", geometries[search.geometry_at].name,
           seed_names[search.seed_at]);
    explore(node, depth, 2);
    node_free(node);
}

int main(int argc, char **argv)
{
    int depth = 2;
    int spare = 0;
    int only = -1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--exact") == 0) {
            search.compare = search.exact = true;
        } else if (strcmp(argv[i], "--alike") == 0) {
            search.compare = true;
        } else if (strcmp(argv[i], "--whole") == 0) {
            search.whole = true;
        } else if (strcmp(argv[i], "--first") == 0) {
            search.stop_at_first = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--depth") == 0) {
            depth = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--spare") == 0) {
            spare = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--geometry") == 0) {
            only = atoi(argv[++i]);
        } else if (i + 1 < argc && strcmp(argv[i], "--replay") == 0) {
            show_replay(argv[++i]);
            return search.now.violations != 0;
        } else {
            must(false,
                 "usage: fault_journal [-v] [--alike | --exact] [--whole] "
                 "[--first] [--depth n] [--spare n] [--geometry n] [--replay "
                 "id]");
        }
    }
    for (int at = 0; at < geometry_count; at++) {
        if (only == at || only < 0) {
            search_geometry(at, depth, spare);
        }
    }
    print_kinds();
    print_totals(&all);
    return all.violations != 0;
}
