/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nemesis.h - what goes wrong: draws faults for the plan, and declares the world of one in force.
 *
 * One family per file: nemesis/NAME.c defines `const struct nemesis nemesis_NAME`. A nemesis acts
 * on nothing: it never sees a packet rule or a process. While its fault is in force its
 * contribution is merged into the world; when it is over the contribution is dropped, which heals
 * it.
 */
#ifndef ORDEAL_NEMESIS_H
#define ORDEAL_NEMESIS_H

#include "base/buf.h"
#include "base/rng.h"
#include "test.h"
#include "world.h"

/* What is known when a fault is injected. */
struct situation {
    int node_count;
    node_set leaders;         /* as the target says; 0: unknown or none */
    node_set answered;        /* who answered a client last; 0: nobody yet */
    node_set unavailable;     /* nodes that other faults in force have killed or paused */
    node_set barred;          /* nodes that this fault must leave alone: see runner/allot.h */
    int at_most;              /* as many nodes may it choose; 0: as many as it likes */
    node_set damaged;         /* nodes whose files were damaged in this run (disk_fault_damages) */
    bool damage_any;          /* those of a majority may be */
    node_set rolled_for_good; /* nodes that run the other version until the end */
    node_set not_up;          /* nodes that another version could not be started on */
};

/* What enforcers have affected so far: counters that only grow. */
struct effects {
    struct receipt cluster;          /* of everybody together */
    struct receipt nodes[NODES_MAX]; /* of each node's agent */
    uint64_t
        between[PLACES_MAX * PLACES_MAX]; /* packets dropped from a to b: [a * PLACES_MAX + b] */
    struct link_effects links[PLACES_MAX * PLACES_MAX]; /* of shaped links, in the same order */
};

/* A number that says how bad a fault is: "delay_ms". Drawn into the plan, or given in one. */
struct param {
    const char *name; /* with its unit */
    double least, most;
    const char *about;
};

struct nemesis {
    const char *name;
    const char *about;
    const char *const *kinds; /* variants that there are; ends with NULL; at least one */

    const struct param *params; /* ends with a NULL name, at most FAULT_PARAMS_MAX; NULL: none */
    unsigned needs;             /* enum need: what must be there from the nodes' start */
    bool by_name; /* it damages what was durable, which no system promises to survive: "all" leaves
                   * it out, and what logs say in such a run is no finding */
    bool takes_files; /* its faults may be about some of the disk's files only (fault->files) */
    bool members;     /* it changes who belongs to the cluster: only where the target can do that */
    bool cuts;        /* it cuts links, as who may make packet rules can */
    bool rolls;       /* it restarts nodes with another version: only where one is given */
    int64_t
        hold_ns; /* about so long is a fault held that the plan draws; 0: as the schedule says */

    /* Draw the fault's kind, selector and params (kind is one of kinds); the planner has set times,
     * seed and number. `leader_known`: the target can say who leads. MUST be set. */
    void (*draw)(struct rng *rng, int node_count, bool leader_known, struct fault *fault);

    /* Fill `mine` (cleared by the caller) with the fault's world, and `value` with what was decided
     * as JSON for the record: {"n1":["n2"]} for who no longer hears whom, ["n1"] for nodes. All
     * random choices come from rng_init(&rng, fault->seed, ...), so that a replay decides alike in
     * the same situation. -1 if it makes no sense here (the runner records that the fault was
     * skipped). MUST be set. */
    int (*declare)(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err);

    /* How much the fault whose world was `mine` has affected, from the effects when it came and
     * when it went. 0: it did not bite. MUST be set. */
    uint64_t (*affected)(const struct world *mine, const struct effects *before,
                         const struct effects *after);
};

extern const struct nemesis *const nemeses[];

/* Resolve a selector to nodes, among those that the situation does not bar; but nodes given by name
 * are those or none. Where no leader is known, or nobody has answered yet, one node at random
 * stands in. In harness/selector.c. */
node_set selector_resolve(enum selector selector, node_set given, const struct situation *situation,
                          struct rng *rng);

#endif
