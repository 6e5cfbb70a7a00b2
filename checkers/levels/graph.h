/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* graph.h - an order under construction over steps: program order, reads-from, and edges that were
 * derived from them, each with its cause; and its cycles.
 *
 * Program order and reads-from are in the steps. The derived edges are kept by their target, in
 * groups that share a cause, one word an edge. The cause is a step, and tells why:
 *  - a read of the target: it has the source in its past and yet read the target, so the source was
 *    overwritten by it;
 *  - a write, from which the source reads: the target overwrites it, so the source read before.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_GRAPH_H
#define ORDEAL_CHECKERS_LEVELS_GRAPH_H

#include "steps.h"

struct graph {
    const struct steps *steps;
    uint32_t *last;    /* by step: its latest group; 0: none */
    uint32_t **blocks; /* groups: the target's group before, cause, count, sources */
    uint32_t block_count, used;
    uint32_t open, open_target, open_cause; /* the group being filled */
    uint64_t edge_count;
};

/* False when the budget is used up. The caller releases either way. */
bool graph_init(struct graph *graph, const struct steps *steps);
void graph_release(struct graph *graph);

/* Begin a group of edges into `target`. False when the budget is used up. */
bool graph_open(struct graph *graph, uint32_t target, uint32_t cause);

/* Add source -> target to the open group. False when the budget is used up. */
bool graph_add(struct graph *graph, uint32_t source);

/* The group is complete; an empty one disappears. */
void graph_close(struct graph *graph);

/* Take over the edges of another graph of the same steps, which is left without any: its groups are
 * numbered as if they were made now. False when the budget is used up. */
bool graph_absorb(struct graph *graph, struct graph *other);

struct edge_group {
    uint32_t next, cause, count;
    const uint32_t *sources;
};

/* Read a group: start with graph->last[target] and go on with .next until that is 0. */
struct edge_group graph_group(const struct graph *graph, uint32_t group);

/* The steps directly before one, one after another: begin with {.step = that step, .limit = the
 * first group not to look at, or UINT32_MAX}, the rest zero. */
struct graph_sources {
    uint32_t step, limit, stage, group, at;
};

/* False when there are no more. */
bool graph_next_source(const struct graph *graph, struct graph_sources *sources, uint32_t *source);

/* The number that the next group will have at least: groups made later have larger ones. */
uint32_t graph_mark(const struct graph *graph);

/* A topological order of all steps in order[0 ... count - 1], and true; false if there is none.
 * degree[step] is 0 then, and otherwise it is not for all steps that a cycle can be reached from.
 * Both arrays have a place for each step. */
bool graph_order(const struct graph *graph, uint32_t *order, uint32_t *degree);

/* A short cycle among the steps with degree: path[i] is before path[i + 1], the last before the
 * first. At most `max` steps; 0 if the budget is used up or no cycle is that short. Steps that are
 * only passed through in program order are left out. */
size_t graph_cycle(const struct graph *graph, const uint32_t *degree, uint32_t *path, size_t max);

/* A way from a to b of as few edges as can be, with groups below `limit` only: path[0] = a, and the
 * last is b. 0 if there is none of at most `max` steps, or the budget is used up. */
size_t graph_path(const struct graph *graph, uint32_t a, uint32_t b, uint32_t limit, uint32_t *path,
                  size_t max);

/* The group that an edge a -> b of the graph is in, below `limit`; 0: it is program order or
 * reads-from. */
uint32_t graph_group_of(const struct graph *graph, uint32_t a, uint32_t b, uint32_t limit);

#endif
