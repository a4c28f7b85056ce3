/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAULT_JOURNAL_SEARCH_H
#define PAWL_FAULT_JOURNAL_SEARCH_H

/* What the files of the search over the journal share. journal_search.c says
 * what is searched, and how. */

#include "fake/fake_flash.h"
#include "fault/search.h"
#include "journal/journal.h"

#define PAYLOAD 4U
#define FRAMES_MAX 40U /* both banks */
#define SESSIONS_MAX 48
#define VIEWS_MAX 4096U

struct geometry {
    const char *name;
    uint32_t unit;
    uint8_t erased;
    uint32_t spare;  /* bytes of a bank behind its 16 frames */
    uint32_t blocks; /* erase blocks of a bank */
};

enum script {
    SCRIPT_BOOT,
    SCRIPT_COMMIT,
    SCRIPT_COMPACT
};

/* One session of a path, for the replay id. */
struct session {
    uint32_t moods; /* base FAKE_MOOD_COUNT, group 1 first */
    enum script script;
    uint32_t step; /* that was cut; UINT32_MAX: none */
    uint32_t tear;
    bool metastable;
};

/* How a frame reads in one mood. */
struct reading {
    enum pawl_frame_verdict verdict;
    uint32_t epoch, sequence, value;
};

/* One frame, in all moods. */
struct sight {
    uint16_t torn; /* its groups; 0: it reads as mood[0] always */
    bool touched;
    struct reading mood[FAKE_MOOD_COUNT];
};

/* A device without power, and what the outside world knows of it. */
struct node {
    struct fake_flash flash;
    uint32_t acked;     /* the value that must be there; 0: none */
    uint32_t in_flight; /* or this one; 0: none */
    uint32_t newest;    /* value given out */
    uint32_t sequence;  /* highest one seen in force */
    bool acted;         /* acked was acted upon at a boot */
    int sessions;
    struct sight sight[FRAMES_MAX]; /* kept up to date with flash */
    struct session path[SESSIONS_MAX];
};

struct totals {
    uint64_t faults[FAKE_FAULT_COUNT];
    uint64_t phases[PAWL_JOURNAL_BROKEN]; /* in which power was cut */
    uint64_t cuts, boots, states, violations;
    uint64_t glances, declined; /* quick readings; of journals at rest: none */
};

/* The search that is under way. */
struct search {
    struct totals now; /* of this seed */
    int geometry_at, seed_at;
    bool stop_at_first;
    /* Two searches are to be compared: what an interrupted erase leaves may
     * then not depend on what went before. */
    bool compare;
    bool exact; /* states are told apart by every bit of the flash */
    bool whole; /* no quick reading: for mutants of the rules */
    struct pawl_journal_geometry frames;
    struct table table;
    struct table alike; /* nodes alone, always as they are told without exact */
    /* A single path that is to be shown: sessions of it, 0 for a search. */
    struct session replay[SESSIONS_MAX];
    int replay_sessions;
};
extern struct search search;

/* --- journal_seed.c: where a search begins --- */
extern const struct geometry geometries[];
extern const int geometry_count;
extern const char *const seed_names[];
extern const int seed_count;

/* The device at which the search of a seed begins; node_free() it. */
struct node *make_seed(const struct geometry *geometry, int seed);

/* Whether many cuts went into a seed, so that its readings are many too. */
bool seed_is_wide(int seed);

/* --- journal_node.c: devices, and what of them is alike --- */
struct node *node_copy(const struct node *from);
void node_free(struct node *node);

/* Puts the hooks below into a fresh flash, and takes all sights. */
void node_begin(struct node *node);

/* What the last operation of a node's flash may have changed. */
struct touched {
    uint32_t off, len;
};
extern struct touched last_operation;

/* Takes the sights of the frames in a range again. */
void node_look(struct node *node, struct touched range);

uint32_t value_of(struct pawl_bytes payload);

/*
 * The hash of what decides how a node goes on: what each frame can read as,
 * which frames change together, which were touched; numbers relative to the
 * newest. Frames that are torn and read alike in each mood are as others.
 */
uint64_t node_key(struct node *node);

/* The hash of a node with power, its journal in the middle of something. */
uint64_t device_key(struct node *node, const struct pawl_journal *journal);

/* The hash of every bit. */
uint64_t node_exact_key(const struct node *node);

/* The mood numbers of the distinct readings of a node. Returns how many. */
uint32_t distinct_views(struct node *node, uint32_t views[VIEWS_MAX]);
void set_moods(struct node *node, uint32_t moods);
void set_all_moods(struct fake_flash *flash, uint8_t mood);

/* --- journal_search.c --- */
/* Searches node and all that follow from it. */
void explore(struct node *node, int depth, int spare);
/* Whether a node lies on the single path that is to be shown. */
bool on_replayed_path(const struct node *node);

/* --- fault_journal.c: the report --- */
void violation(const struct node *node, const char *what);
/* Prints what a boot of a replayed path sees. */
void show(struct node *node, const struct pawl_journal *journal,
          enum pawl_status status);

#endif
