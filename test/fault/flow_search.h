/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_FAULT_FLOW_SEARCH_H
#define PAWL_FAULT_FLOW_SEARCH_H

/* What the files of the search over a whole update share. flow_search.c says
 * what is searched, and how. */

#include "fake/fake_device.h"
#include "fault/search.h"
#include <pawl/boot.h>

#define SESSIONS_MAX 40
#define IMAGE_SIZE 2501
#define BLOCK 512U
#define CALL_MAX 1024U /* bytes of a program call: a tombstone of W 512 */
#define FAULTS_MAX 8U  /* of one path */
#define FLASHES 5
#define ROT 999U      /* a tear: a bit of the target fades, and power fails */
#define UNSYNCED 998U /* a tear: what was not synced goes, too */

struct geometry {
    const char *name;
    uint32_t unit;
    uint8_t erased;
};

enum phase {
    PHASE_PROVISION,
    PHASE_OPEN,
    PHASE_START,
    PHASE_DOWNLOAD,
    PHASE_CHECKPOINT,
    PHASE_RESUME,
    PHASE_FINISH,
    PHASE_INSTALL,
    PHASE_COMPACTION,
    PHASE_BOOT,
    PHASE_TRIAL_BOOT,
    PHASE_ACCEPT,
    PHASE_COUNTER,
    PHASE_REJECT,
    PHASE_REVERT,
    PHASE_CLEAN,
    PHASE_COUNT
};

/* What the application does with the image on trial. */
enum ending {
    ENDS_ACCEPTED,
    ENDS_REJECTED,
    ENDS_IN_CRASHES,
    ENDINGS
};

/* What the outside world knows of the device. No padding: it is hashed. */
struct life {
    uint32_t ending;
    uint32_t cause;       /* of the next boot */
    uint32_t provisioned; /* the factory is done */
    uint32_t recorded;    /* a record was acknowledged */
    uint32_t lost;        /* the first record tore: the factory's is on trial */
    uint32_t accepting;   /* an accept was asked for */
    uint32_t accepted;    /* and acknowledged */
    uint32_t given_up;    /* a revert or rejection was acknowledged */
    uint32_t staged;      /* an install was acknowledged */
    uint32_t rotted;      /* a bit of the target faded */
    uint32_t counter;     /* its highest value seen */
    uint32_t boots_left;  /* of the trial, as last handed over */
    uint32_t done;
};

enum kind {
    OP_PROGRAM,
    OP_ERASE,
    OP_COUNTER
};

struct op {
    enum kind kind;
    enum phase phase;
    unsigned flash;
    uint32_t off, len;
    uint8_t data[CALL_MAX];
    uint32_t synced;  /* operations begun when it was; UINT32_MAX: never */
    struct life life; /* when it began */
};

/* The operations of a run. */
struct log {
    struct op *ops;
    uint32_t count, room;
};

/* One fault of a path, for the replay id. */
struct fault {
    uint32_t op, tear, metastable, mood;
};

/* One bit of the journal that flips while the device is off. */
struct flip {
    uint32_t off;
    unsigned bit;
};
#define FLIPS_MAX 2U

struct totals {
    uint64_t faults, boots, states, violations;
    uint64_t kinds[FAKE_FAULT_COUNT];
    uint64_t rot, unsynced;
    uint64_t glances, declined; /* quick readings; of journals at rest: none */
    uint64_t phases[PHASE_COUNT];
};

/* The search that is under way. */
struct search {
    struct life life;
    struct fake_release v1, v2;
    struct pawl_boot boot;
    struct pawl_boot_choice choice;
    enum phase phase;
    bool booting; /* between reset and hand-over */
    bool resuming;
    struct log *recording; /* NULL: not */
    int depth;             /* cuts that may follow the run */
    uint32_t run;          /* its number */
    bool wrong;            /* it violated something */
    struct totals now;     /* of this geometry */
    int geometry_at;
    bool stop_at_first;
    bool compare;    /* two searches are to be compared */
    bool exact;      /* no run ends where another one was within a session */
    uint32_t stride; /* of second cuts */
    uint32_t path_len, replay_len;
    struct fault path[FAULTS_MAX], replay[FAULTS_MAX];
    uint32_t flip_count; /* not 0: these, before operation flip_op */
    uint32_t flip_op;
    struct flip flips[FLIPS_MAX];
    struct table table; /* of devices */
    uint64_t sessions;  /* distinct devices at a reset */
};
extern struct search search;
extern struct fake_device device; /* it must stay where it is */

/* --- flow_world.c: the device, its operations, what is alike --- */
extern const struct geometry geometries[];
extern const int geometry_count;

/* A blank device of search.geometry_at. */
void world_open(uint32_t ending);

struct fake_flash *flash_of(unsigned i);

/* A device as it is, to be gone back to. free() it. */
struct world *world_save(void);
void world_load(const struct world *world);
/* Does an operation of a log once more. */
void apply(const struct op *op);
/* A bit of the target fades. */
void rot(void);
/* A bit of the journal flips. */
void world_flip(uint32_t off, unsigned bit);
/* The hash of the device, as it is without power. */
uint64_t world_key(void);
/* Power returns. */
void world_power_on(void);
/* Chooses how half-charged cells read, in all flashes. */
void world_set_moods(uint32_t mood);
/* Whether anything is half charged. */
bool world_torn(void);
uint32_t world_breaches(void);
uint32_t world_ecc_reads(void);
/* Called before each operation of a run; it may leave by longjmp(). */
void world_watch(void (*before)(const struct op *op));

/* --- flow_oracle.c --- */
void ask(bool ok, const char *what);
bool holds(struct fake_flash *flash, const struct fake_release *release,
           uint32_t len);
void check_counter(void);
void check_boot(enum pawl_status status);
void check_rest(void);
void check_glance(bool flipped);

/* --- flow_session.c --- */
/* From a reset to the next. */
void session(void);

/* --- flow_search.c --- */
/* Runs the device from here; then cuts each operation of that run. */
void explore(int depth);
/* Runs the device until it is at rest, or where another one was. */
void run(void);
/*
 * Tears op in the device as it is before it; *tears: in how many ways that
 * goes. False: there is no such tear.
 */
bool tear_op(const struct op *op, uint32_t tear, bool metastable,
             uint32_t *tears);
/* After a tear: reads it so, and adds it to the path. */
void cut_was(const struct op *op, const struct fault *fault);

/* --- flow_schedule.c --- */
/*
 * Runs a schedule: geometry, ending, and then four bytes for each fault. False:
 * an invariant is violated.
 */
bool flow_schedule(const uint8_t *bytes, size_t len);

/* --- flow_flips.c --- */
/* Flips bits of the journal at some moments of an update: all single ones,
 * and so many pairs. */
void flow_flips(uint32_t pairs);
/* Those of search alone. */
void flow_flip_replay(void);

/* --- flow_report.c --- */
/* Starts the crypto and makes the releases: once. */
void flow_begin(void);
extern const char *const phase_names[PHASE_COUNT];
void violation(const char *what);
/* Prints how often each kind of fault fired, and in which phases. */
void tell_faults(const char *of, const struct totals *totals);
/* Prints the operations of a replayed run. */
void show(const struct log *log);

#endif
