/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* saturate.h - what program order and reads-from force on every legal order of all operations.
 *
 * For w, w' that write one key and a read r of w:
 *     w' before r   =>   w' before w     (else r would not have read w)
 *     w  before w'  =>   r before w'     (likewise)
 * applied until nothing new follows. A cycle, or a write before a read of its key's initial value,
 * refutes sequential consistency. The opposite does not hold: that no cycle comes of it proves
 * nothing, since deciding is NP-complete (Gibbons and Korach, SIAM J. Computing 26(4), 1997).
 */
#ifndef ORDEAL_CHECKERS_LEVELS_SATURATE_H
#define ORDEAL_CHECKERS_LEVELS_SATURATE_H

#include "graph.h"
#include "core.h"

/* Add to a graph, initialised by the caller, the edges that follow. Holds: a fixed point without a
 * contradiction was reached, and the edges are in every legal order. Violated: with a core.
 * Takes a vector clock for each step: (steps x sessions) of memory. */
enum judgement saturate(struct graph *graph, struct core *core);

#endif
