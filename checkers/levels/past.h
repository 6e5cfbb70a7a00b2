/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* past.h - the causal past of one session, growing as the session goes on.
 *
 * The past of a step is closed under program order, so it is a prefix of every session: a vector of
 * lengths is all there is to remember. Each step enters a session's past once; looking at all
 * sessions in turn costs (steps x sessions) in time and (steps + sessions) in memory. Vector
 * clocks, which cost the product in memory too, are not needed.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_PAST_H
#define ORDEAL_CHECKERS_LEVELS_PAST_H

#include "steps.h"

/* Steps begin ... end - 1 of one session. */
struct step_range {
    uint32_t begin, end;
};

struct past {
    const struct steps *steps;
    uint64_t *seen;            /* a bit for each step: it is in the past */
    uint32_t *front;           /* by session: the first step that is not */
    struct step_range *ranges; /* what the last past_extend added, in no causal order */
    size_t range_count, range_capacity;
    uint32_t *pending;
    size_t pending_capacity;
};

/* False when the budget is used up. The caller releases either way. */
bool past_init(struct past *past, const struct steps *steps);
void past_release(struct past *past);

/* Empty the past, to walk another session. */
void past_clear(struct past *past);

/* Add `step` and everything causally before it. False when the budget is used up. */
bool past_extend(struct past *past, uint32_t step);

static inline bool past_has(const struct past *past, uint32_t step)
{
    return past->seen[step / 64] >> (step % 64) & 1;
}

#endif
