/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h - what each node's world should look like: faults as declared state.
 *
 * A nemesis never acts. It fills in its contribution to the world; the runner merges all
 * contributions into one, numbers it, and hands it to those who enforce it: the lab (or the agent
 * of a remote host) for packets, the node's agent for processes. Each answers with a receipt: which
 * version is in force there, and what it has affected since the node came up. The zeroed world is
 * the healthy one, so that healing is declaring nothing.
 */
#ifndef ORDEAL_WORLD_H
#define ORDEAL_WORLD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    NODES_MAX = 63,
    CLIENTS = NODES_MAX, /* the place of the clients among the nodes, for links */
    PLACES_MAX = NODES_MAX + 1,
};

/* A set of places: bit i is node i, bit CLIENTS the clients. */
typedef uint64_t node_set;

#define NODE(i) ((node_set)1 << (i))

static inline int node_set_count(node_set set)
{
    return __builtin_popcountll(set);
}

enum process_state { PROCESS_RUNNING, PROCESS_PAUSED, PROCESS_KILLED }; /* worse is greater */

extern const char *const process_state_names[3]; /* "running", "paused", "killed" */

struct world {
    uint64_t version; /* grows with every declaration; 0: none yet */
    int node_count;
    node_set cut[PLACES_MAX];                /* cut[a] has b: packets from a to b are dropped */
    enum process_state processes[NODES_MAX]; /* of the system on that node */
};

/* Nothing wrong anywhere. */
void world_clear(struct world *world, int node_count);

/* Add a contribution to `into`: cuts are united, the worse process state wins. */
void world_merge(struct world *into, const struct world *contribution);

bool world_is_healthy(const struct world *world);

/* Both directions, every pair (a in left, b in right). */
void world_cut_between(struct world *world, node_set left, node_set right);

/* What is in force at one enforcer, and what has been affected so far (counters only grow). */
struct receipt {
    uint64_t version;
    uint64_t rules;           /* packet rules installed now */
    uint64_t packets_dropped; /* by our rules, ever */
    uint64_t bytes_dropped;
    uint64_t kills;  /* nodes' systems killed */
    uint64_t killed; /* processes that died thereby */
    uint64_t pauses; /* nodes' systems paused */
    uint64_t paused; /* processes that were seen stopped */
    uint64_t ended;  /* processes down now though nothing of ours keeps them down */
    enum process_state
        state; /* of this node's system; PROCESS_RUNNING also when none was started */
};

/* Sum of counters (and rules), the least version, the worst state: a cluster's receipt from its
 * enforcers'. A zeroed `into` with version UINT64_MAX is the neutral start. */
void receipt_add(struct receipt *into, const struct receipt *one);

/* Append the member "receipt":{...} to a JSON object under way. */
void receipt_print(const struct receipt *receipt, struct buf *json);

#endif
