/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_fault.h - what nemeses that spoil links have in common: on which links, and the counting.
 *
 * Places by kind: "all" links between nodes; "one": all links of the nodes selected, to and from
 * other nodes; "one-way": only what these send; "link": between two nodes, both ways; "clients":
 * between clients and nodes. Nemeses with kinds of their own take the nodes from the selector: all
 * links between nodes if it is "all", else as "one".
 */
#ifndef ORDEAL_LINK_FAULT_H
#define ORDEAL_LINK_FAULT_H

#include "nemesis.h"

extern const char *const link_fault_kinds[];

/* Draw one of these kinds and its selector; or only a selector. */
void link_fault_draw_kind(struct rng *rng, bool leader_known, struct fault *fault);
void link_fault_draw_selector(struct rng *rng, bool leader_known, struct fault *fault);

/* Between `least` and `most`, each order of magnitude alike; rounded to three digits. */
double link_fault_draw_number(struct rng *rng, double least, double most);

/* The row of a params table that all of them have, with 0 drawn. */
#define LINK_FAULT_PORT                                                                            \
    {                                                                                              \
        "port", 0, UINT16_MAX, "only packets from or to this port of TCP or UDP; 0: all"           \
    }

int64_t link_fault_ppm(double percent);

/* Declare `shape` for the fault's links; `value` gets the names of the nodes (or "clients") whose
 * links they are. */
int link_fault_declare(const struct fault *fault, const struct situation *situation,
                       const struct link_shape *shape, const char *const *node_names,
                       struct world *mine, struct buf *value, struct err *err);

/* How many packets on the fault's links were counted by the member of struct link_effects that is
 * at `offset`. */
uint64_t link_fault_affected(const struct world *mine, const struct effects *before,
                             const struct effects *after, size_t offset);

#endif
