/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test.h - one test: everything needed to run it, and to run it again. Plain data, printable. */
#ifndef ORDEAL_TEST_H
#define ORDEAL_TEST_H

#include "base/err.h"
#include "base/rng.h"
#include "world.h"

#include <stdbool.h>
#include <stdint.h>

struct remotes;

/* --set KEY=VALUE, in the order given. */
struct setting {
    const char *key, *value;
};

/* An option that a target or workload takes through --set. */
struct setting_spec {
    const char *key;
    const char *values;  /* for people: "linearizable|serializable", "a number" */
    const char *initial; /* value when not set */
    const char *about;   /* one line */
};

/* Which nodes a fault chooses; resolved when it is injected, so that "leader" is the leader then.
 */
enum selector {
    SELECT_ONE,
    SELECT_MINORITY,
    SELECT_MAJORITY,
    SELECT_ALL,
    SELECT_LEADER,
    SELECT_MINORITY_THIRD, /* fewer than a third: what Byzantine quorums bear */
    SELECT_FOLLOWER,       /* one that does not lead */
    SELECT_LAST,           /* whoever answered a client last */
    SELECT_NODES,          /* those named */
    SELECTORS
};

extern const char *const selector_names[SELECTORS + 1]; /* "one", ..., "nodes", NULL */

enum { FAULT_PARAMS_MAX = 8 };

/* One fault of the plan. */
struct fault {
    int number;               /* from 0 */
    int64_t begin_ns, end_ns; /* since the start of the safety phase */
    const struct nemesis *nemesis;
    const char *kind; /* one of the nemesis's kinds: "majorities-ring" */
    enum selector selector;
    node_set nodes;                  /* for SELECT_NODES */
    node_set *grudge;                /* [PLACES_MAX], as world.cut: cut exactly this; else NULL */
    double params[FAULT_PARAMS_MAX]; /* as the nemesis's table names them */
    char files[DISK_FILES_BYTES];    /* of disk faults: the files it is about (file_pattern.h) */
    uint64_t seed;                   /* what random choices are resolved from when it is injected */
};

enum { FAULTS_MAX = 4096 };

struct plan {
    struct fault *faults; /* by begin_ns */
    int fault_count;
    bool protect_quorum; /* faults in force together leave a majority of nodes whole */
    bool damage_any;     /* the files of any nodes may be damaged; else of a minority's at most */
    node_set skipped;    /* configured as members, and not started before everything is healed */
};

/* How the faults of a plan follow one another. */
enum schedule {
    SCHEDULE_ONE,   /* one after another, at random times, with health between */
    SCHEDULE_FIXED, /* the same at fixed times: half of every interval */
    SCHEDULE_MIXED, /* families run side by side at random intervals, in waves with quiet between */
    SCHEDULE_SWARM, /* the same, but each run leaves out some of the families altogether */
    SCHEDULE_CHASE, /* one after another, quickly, at whoever leads then */
};

extern const char *const schedule_names[]; /* "one", ..., "chase", NULL */

/* What is asked of a family's faults instead of being drawn. */
struct wish {
    const char *kind; /* NULL: any */
    unsigned given;   /* bit i: params[i] */
    double params[FAULT_PARAMS_MAX];
    char files[DISK_FILES_BYTES]; /* "": all */
};

enum { NEMESES_MAX = 64 };

struct test {
    const struct target *target;
    const struct workload *workload;
    const struct nemesis *nemeses[NEMESES_MAX + 1]; /* ends with NULL */
    struct wish wishes[NEMESES_MAX];                /* what is asked of them, one by one */
    enum schedule schedule;
    struct setting settings[64];
    int setting_count;
    int node_count;
    const char *node_names[NODES_MAX];
    int concurrency;       /* workers */
    double rate;           /* operations per second over all workers; 0: as fast as they go */
    int64_t time_limit_ns; /* of the safety phase */
    int64_t interval_ns;   /* mean time between the beginnings of faults */
    int64_t calm_ns; /* how long a wave of mixed faults is quiet at its end; 0: half an interval */
    int64_t op_timeout_ns;
    uint64_t seed;
    int key_count;           /* 0: as the workload likes */
    int ops_per_key;         /* 0: as the workload likes */
    const char *consistency; /* level; NULL: what the target promises */
    const char *store_dir;
    struct plan plan;
    unsigned needs; /* enum need: what the plan's faults need from the nodes' start */
    const struct remotes *remotes; /* hosts for the nodes to live on, one each; NULL: a lab */
    const char *ssh;               /* by which they are reached (ssh.h); NULL: ssh */
    bool host_clock;               /* faults of clocks change the hosts' own */
};

/* The value of a setting: given, else the spec's initial one; NULL if unknown to both. */
const char *test_setting(const struct test *test, const struct setting_spec *specs,
                         const char *key);

#endif
