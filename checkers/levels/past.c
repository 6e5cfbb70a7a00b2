/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "past.h"

#include <string.h>

static size_t seen_size(const struct steps *steps)
{
    return ((size_t)steps->count / 64 + 1) * sizeof(uint64_t);
}

bool past_init(struct past *past, const struct steps *steps)
{
    struct budget *budget = steps->budget;

    *past = (struct past){.steps = steps, .range_capacity = 64, .pending_capacity = 64};
    past->seen = budget_alloc(budget, seen_size(steps));
    past->front = budget_alloc(budget, (steps->session_count + 1) * sizeof *past->front);
    past->ranges = budget_alloc(budget, past->range_capacity * sizeof *past->ranges);
    past->pending = budget_alloc(budget, past->pending_capacity * sizeof *past->pending);
    if (!past->seen || !past->front || !past->ranges || !past->pending)
        return false;
    past_clear(past);
    return true;
}

void past_release(struct past *past)
{
    struct budget *budget = past->steps->budget;

    budget_free(budget, past->seen);
    budget_free(budget, past->front);
    budget_free(budget, past->ranges);
    budget_free(budget, past->pending);
}

void past_clear(struct past *past)
{
    memset(past->seen, 0, seen_size(past->steps));
    memcpy(past->front, past->steps->first, past->steps->session_count * sizeof *past->front);
    past->range_count = 0;
}

static void mark_seen(struct past *past, uint32_t begin, uint32_t end)
{
    for (; begin < end && begin % 64; begin++)
        past->seen[begin / 64] |= UINT64_C(1) << (begin % 64);
    for (; begin + 64 <= end; begin += 64)
        past->seen[begin / 64] = UINT64_MAX;
    for (; begin < end; begin++)
        past->seen[begin / 64] |= UINT64_C(1) << (begin % 64);
}

static bool push_pending(struct past *past, size_t count, uint32_t step)
{
    if (count == past->pending_capacity) {
        uint32_t *grown = budget_realloc(past->steps->budget, past->pending,
                                         past->pending_capacity * 2 * sizeof *grown);
        if (!grown)
            return false;
        past->pending = grown;
        past->pending_capacity *= 2;
    }
    past->pending[count] = step;
    return true;
}

static bool push_range(struct past *past, uint32_t begin, uint32_t end)
{
    if (past->range_count == past->range_capacity) {
        struct step_range *grown = budget_realloc(past->steps->budget, past->ranges,
                                                  past->range_capacity * 2 * sizeof *grown);
        if (!grown)
            return false;
        past->ranges = grown;
        past->range_capacity *= 2;
    }
    past->ranges[past->range_count++] = (struct step_range){begin, end};
    return true;
}

bool past_extend(struct past *past, uint32_t step)
{
    const struct steps *steps = past->steps;
    size_t pending = 0;

    past->range_count = 0;
    for (;;) {
        if (!past_has(past, step)) {
            uint32_t session = steps->session[step], begin = past->front[session], end = step + 1;
            past->front[session] = end;
            mark_seen(past, begin, end);
            if (!push_range(past, begin, end))
                return false;
            for (uint32_t i = begin; i < end; i++) {
                uint32_t from = steps->at[i].from;
                if (from < FROM_INITIAL && !past_has(past, from) &&
                    !push_pending(past, pending++, from))
                    return false;
            }
        }
        if (pending == 0)
            return true;
        step = past->pending[--pending];
    }
}
