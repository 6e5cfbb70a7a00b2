/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* frontier.h - the writes of each key that have come into a session's causal past since the session
 * last took a position on that key.
 *
 * Shared by what derives order from what a session sees. Every time that the session reads or
 * writes a key, the writes of that key in its past fall behind one write, and behind it they need
 * not be looked at again; so each write is looked at once per session. Of those that are to be
 * looked at most do not matter either: a later write of the same session came too, or another write
 * that is known to be causally after this one.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_FRONTIER_H
#define ORDEAL_CHECKERS_LEVELS_FRONTIER_H

#include "past.h"

struct frontier {
    struct past past;
    uint32_t *head;  /* by key: the latest arrival; STEP_NONE: none */
    uint32_t *next;  /* by write: the one that arrived before it */
    uint32_t *after; /* by write: another of its key, causally after it; STEP_NONE: none known */
    uint32_t *asked; /* by session: 1 + the step for which it was last met */
};

/* False when the budget is used up. The caller releases either way. */
bool frontier_init(struct frontier *frontier, const struct steps *steps);
void frontier_release(struct frontier *frontier);

/* Begin with another session. What is known of `after` stays. */
void frontier_clear(struct frontier *frontier);

/* Take in the past of `step`, the session's next. False when the budget is used up. */
bool frontier_extend(struct frontier *frontier, uint32_t step);

/* Whether a write matters to the session at `step`. To be asked of each in turn, from the latest
 * arrival on. */
static inline bool frontier_matters(struct frontier *frontier, uint32_t write, uint32_t step)
{
    uint32_t session = frontier->past.steps->session[write], after = frontier->after[write];

    if (frontier->asked[session] == step + 1)
        return false;
    frontier->asked[session] = step + 1;
    return after == STEP_NONE || !past_has(&frontier->past, after);
}

/* All writes of the key that are in the past come before `write`. */
static inline void frontier_collapse(struct frontier *frontier, uint32_t write)
{
    frontier->head[frontier->past.steps->at[write].key] = write;
    frontier->next[write] = STEP_NONE;
}

/* Take in an own write, and note that it is after all of its key that the session has seen. False
 * when the budget is used up. */
bool frontier_write(struct frontier *frontier, uint32_t step);

#endif
