/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_fault.h - what nemeses have in common that strike the processes of some nodes: their
 * state or their limits. */
#ifndef ORDEAL_PROCESS_FAULT_H
#define ORDEAL_PROCESS_FAULT_H

#include "nemesis.h"

/* The kinds are selectors: one, minority, minority-third, majority, all, leader, follower, last. */
extern const char *const process_fault_kinds[];

/* The same, and "rolling": one node after another (the plan unrolls it). */
extern const char *const process_fault_rolling_kinds[];

/* Draw one of the first kinds; or of the second ones, every third of them a roll. */
void process_fault_draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault);
void process_fault_draw_rolling(struct rng *rng, int node_count, bool leader_known,
                                struct fault *fault);

/* The nodes that the fault selects, also as the JSON array of their names in `value`. 0 with *err
 * if there are none. */
node_set process_fault_choose(const struct fault *fault, const struct situation *situation,
                              const char *const *node_names, struct buf *value, struct err *err);

/* Declare `state` for the nodes that the fault selects; `value` gets their names. */
int process_fault_declare(const struct fault *fault, const struct situation *situation,
                          enum process_state state, const char *const *node_names,
                          struct world *mine, struct buf *value, struct err *err);

/* The processes that have died where `mine` has processes in that state. */
uint64_t process_fault_killed(const struct world *mine, enum process_state state,
                              const struct effects *before, const struct effects *after);

/* Declare `limits` for the nodes that the fault selects; `value` gets their names. */
int process_fault_limit(const struct fault *fault, const struct situation *situation,
                        const struct limits *limits, const char *const *node_names,
                        struct world *mine, struct buf *value, struct err *err);

/* How often limits have held processes back, or ended them, on the nodes that `mine` limits. */
uint64_t process_fault_throttles(const struct world *mine, const struct effects *before,
                                 const struct effects *after);

#endif
