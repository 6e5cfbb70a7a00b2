/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* conflicts.h - the order between writes that causal convergence forces on everybody. */
#ifndef ORDEAL_CHECKERS_LEVELS_CONFLICTS_H
#define ORDEAL_CHECKERS_LEVELS_CONFLICTS_H

#include "graph.h"
#include "core.h"

/* Fill a graph, initialised by the caller, with the conflict order of Bouajjani et al., POPL 2017,
 * definition 5.2: w1 -> w2 whenever a read has w1 in its causal past and reads w2 of the same key.
 * Violated, with a core, if a read of the initial value has a write of its key in its causal past.
 * Any other violation of ccv is a cycle of the graph. */
enum judgement conflicts_find(const struct steps *steps, struct graph *graph, struct core *core);

/* Violated, with a core unless that is NULL, if a graph made by conflicts_find has a cycle. */
enum judgement conflicts_judge_cycles(const struct graph *graph, struct core *core);

#endif
