/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* solve.h - search for a linearization with whatever engine gets there first. */
#ifndef ORDEAL_ENGINE_SOLVE_H
#define ORDEAL_ENGINE_SOLVE_H

#include "object.h"

enum solver { SOLVER_NONE, SOLVER_WGL, SOLVER_FRONTIER };

struct solution {
    enum { SOLVED_VALID, SOLVED_INVALID, SOLVED_NOT } outcome;
    enum solver solver;      /* that answered */
    uint64_t configurations; /* that all explored together */
    uint32_t placed;         /* not solved: how many operations some order was found for */
    int64_t end_ns;   /* invalid: the return that no order of what was invoked by then allows */
    char reason[128]; /* not solved: why */
    bool cut_short;   /* not solved: for want of effort */
};

struct solve_effort {
    uint64_t steps; /* give up after about so many configurations; 0: when the budget is used up */
    int threads;    /* with 2 or more the engines race */
};

void solve(const struct object_source *source, const struct solve_effort *effort,
           struct budget *budget, struct solution *solution);

#endif
