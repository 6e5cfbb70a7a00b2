/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* schedule.h - looking for one legal order of all operations, which is what sequential consistency
 * asks for.
 *
 * The search runs the sessions like a scheduler. A read can run while its value stands; running it
 * at once loses nothing. A write can run once everything that is to read the standing value has:
 * with distinct values it could never run later. So only the choice between writes matters, what is
 * ahead depends on the sessions' positions only, and positions that led nowhere are remembered. The
 * first choice is the write that took effect earliest by the clock, as far as its own completion
 * and its readers' tell: where the system was nearly linearizable that order is right at once.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_SCHEDULE_H
#define ORDEAL_CHECKERS_LEVELS_SCHEDULE_H

#include "graph.h"
#include "core.h"

/* Holds if there is an order; violated if all were tried. The graph's edges must be in every order:
 * more of them make the search shorter. Undecided after `max_dead_ends` positions from which there
 * is no way on, or when the budget is used up. */
enum judgement schedule_find(const struct graph *graph, size_t max_dead_ends);

/* The first and the last step of the operation that a step belongs to. */
static inline uint32_t step_enter(const struct steps *steps, uint32_t step)
{
    bool second = step > 0 && steps->place[step - 1] == steps->place[step];
    return second ? step - 1 : step;
}

static inline uint32_t step_leave(const struct steps *steps, uint32_t step)
{
    bool first = step + 1 < steps->count && steps->place[step + 1] == steps->place[step];
    return first ? step + 1 : step;
}

#endif
