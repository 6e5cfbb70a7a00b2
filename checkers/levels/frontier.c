/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "frontier.h"

#include <string.h>

bool frontier_init(struct frontier *frontier, const struct steps *steps)
{
    struct budget *budget = steps->budget;
    bool ready = past_init(&frontier->past, steps);

    frontier->head = budget_alloc(budget, ((size_t)steps->key_count + 1) * sizeof(uint32_t));
    frontier->next = budget_alloc(budget, ((size_t)steps->count + 1) * sizeof(uint32_t));
    frontier->after = budget_alloc(budget, ((size_t)steps->count + 1) * sizeof(uint32_t));
    frontier->asked = budget_calloc(budget, (size_t)steps->session_count + 1, sizeof(uint32_t));
    if (!ready || !frontier->head || !frontier->next || !frontier->after || !frontier->asked)
        return false;
    memset(frontier->after, 0xff, steps->count * sizeof(uint32_t));
    return true;
}

void frontier_release(struct frontier *frontier)
{
    struct budget *budget = frontier->past.steps->budget;

    budget_free(budget, frontier->head);
    budget_free(budget, frontier->next);
    budget_free(budget, frontier->after);
    budget_free(budget, frontier->asked);
    past_release(&frontier->past);
}

void frontier_clear(struct frontier *frontier)
{
    past_clear(&frontier->past);
    memset(frontier->head, 0xff, frontier->past.steps->key_count * sizeof(uint32_t));
}

bool frontier_extend(struct frontier *frontier, uint32_t step)
{
    const struct step *at = frontier->past.steps->at;

    if (!past_extend(&frontier->past, step))
        return false;
    for (size_t i = 0; i < frontier->past.range_count; i++) {
        struct step_range range = frontier->past.ranges[i];
        for (uint32_t k = range.begin; k < range.end; k++) {
            if (!step_is_write(&at[k]))
                continue;
            frontier->next[k] = frontier->head[at[k].key];
            frontier->head[at[k].key] = k;
        }
    }
    return true;
}

bool frontier_write(struct frontier *frontier, uint32_t step)
{
    uint32_t key = frontier->past.steps->at[step].key, write = frontier->head[key];

    if (!past_extend(&frontier->past, step))
        return false;
    for (; write != STEP_NONE; write = frontier->next[write]) {
        if (frontier->after[write] == STEP_NONE && write != step)
            frontier->after[write] = step;
    }
    frontier_collapse(frontier, step);
    return true;
}
