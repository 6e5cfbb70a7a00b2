/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_fault.h - what nemeses that put a node's processes into another state have in common. */
#ifndef ORDEAL_PROCESS_FAULT_H
#define ORDEAL_PROCESS_FAULT_H

#include "nemesis.h"

/* The kinds are selectors: one, minority, majority, all, leader. */
extern const char *const process_fault_kinds[];

void process_fault_draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault);

/* Declare `state` for the nodes that the fault selects; `value` gets their names. */
int process_fault_declare(const struct fault *fault, const struct situation *situation,
                          enum process_state state, const char *const *node_names,
                          struct world *mine, struct buf *value, struct err *err);

#endif
