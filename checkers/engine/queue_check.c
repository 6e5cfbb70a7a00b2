/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A queue's elements leave in the order in which they came: if a was inserted before b, b cannot
 * have left before a. With distinct elements that, and what empties_check looks at, is all that can
 * be wrong (Henzinger, Sezgin and Vafeiadis, CONCUR 2013, theorem 1).
 */
#include "elements.h"

/* The removal of something that was there at each of a stretch of moments. */
struct stretch {
    int64_t left, right; /* an open interval */
    uint32_t first;      /* in the order by left; up to the next stretch's */
};

/* Of elements inserted before b, the one removed last decides. */
static enum fast check_order(const struct elements *elements, const struct keyed *by_in_end,
                             struct refuted *refuted)
{
    uint32_t next = 0, latest = ELEMENT_NONE;

    for (uint32_t b = 0; b < elements->count; b++) { /* by in_start */
        const struct element *self = &elements->at[b];
        for (; next < elements->count && by_in_end[next].key < self->in_start; next++) {
            uint32_t a = by_in_end[next].at;
            if (latest == ELEMENT_NONE ||
                elements->at[a].out_start > elements->at[latest].out_start)
                latest = a;
        }
        if (latest == ELEMENT_NONE || self->out_end >= elements->at[latest].out_start)
            continue;
        return refuted_add(refuted, latest, elements->budget) &&
                       refuted_add(refuted, b, elements->budget)
                   ? FAST_INVALID
                   : FAST_SPENT;
    }
    return FAST_VALID;
}

enum fast queue_check(const struct elements *elements, struct refuted *refuted)
{
    struct keyed *by_in_end =
        budget_alloc(elements->budget, ((size_t)elements->count + 1) * sizeof *by_in_end);
    enum fast result = FAST_SPENT;

    for (uint32_t i = 0; i < elements->count && by_in_end; i++)
        by_in_end[i] = (struct keyed){elements->at[i].in_end, i};
    if (by_in_end && keyed_sort(by_in_end, elements->count, elements->budget))
        result = check_order(elements, by_in_end, refuted);
    budget_free(elements->budget, by_in_end);
    return result == FAST_VALID ? empties_check(elements, refuted) : result;
}

/* -- finding nothing ----------------------------------------------------------------------------
 */

static bool must_stay(const struct element *element)
{
    return element->in_end < element->out_start;
}

/* The fewest elements of which one must have been there at each moment of `empty`. */
static enum fast tell_cover(const struct elements *elements, const struct keyed *by_left,
                            uint32_t count, const struct empty *empty, struct refuted *refuted)
{
    int64_t reached = empty->start;
    uint32_t next = 0, best = ELEMENT_NONE;

    refuted->place = empty->place;
    while (reached <= empty->end) {
        for (; next < count && by_left[next].key < reached; next++) {
            uint32_t at = by_left[next].at;
            if (best == ELEMENT_NONE || elements->at[at].out_start > elements->at[best].out_start)
                best = at;
        }
        reached = elements->at[best].out_start;
        if (!refuted_add(refuted, best, elements->budget))
            return FAST_SPENT;
    }
    return FAST_INVALID;
}

/* Join the stays to stretches; how many there are. */
static uint32_t join(const struct elements *elements, const struct keyed *by_left, uint32_t count,
                     struct stretch *stretches)
{
    uint32_t joined = 0;

    for (uint32_t i = 0; i < count; i++) {
        int64_t right = elements->at[by_left[i].at].out_start;
        struct stretch *last = joined ? &stretches[joined - 1] : NULL;
        if (!last || by_left[i].key >= last->right)
            stretches[joined++] = (struct stretch){by_left[i].key, right, i};
        else if (right > last->right)
            last->right = right;
    }
    return joined;
}

/* The last stretch that begins before `time_ns`; NULL if there is none. */
static const struct stretch *find_stretch(const struct stretch *stretches, uint32_t count,
                                          int64_t time_ns)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stretches[middle].left < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &stretches[low - 1] : NULL;
}

enum fast empties_check(const struct elements *elements, struct refuted *refuted)
{
    struct budget *budget = elements->budget;
    enum fast result = FAST_SPENT;
    uint32_t count = 0;

    if (elements->empty_count == 0)
        return FAST_VALID;
    struct keyed *by_left = budget_alloc(budget, ((size_t)elements->count + 1) * sizeof *by_left);
    struct stretch *stretches =
        budget_alloc(budget, ((size_t)elements->count + 1) * sizeof *stretches);
    for (uint32_t i = 0; i < elements->count && by_left; i++) {
        if (must_stay(&elements->at[i]))
            by_left[count++] = (struct keyed){elements->at[i].in_end, i};
    }
    if (by_left && stretches && keyed_sort(by_left, count, budget)) {
        uint32_t joined = join(elements, by_left, count, stretches);
        result = FAST_VALID;
        for (uint32_t i = 0; i < elements->empty_count && result == FAST_VALID; i++) {
            const struct empty *empty = &elements->empties[i];
            const struct stretch *stretch = find_stretch(stretches, joined, empty->start);
            if (stretch && empty->end < stretch->right)
                result = tell_cover(elements, by_left + stretch->first, count - stretch->first,
                                    empty, refuted);
        }
    }
    budget_free(budget, by_left);
    budget_free(budget, stretches);
    return result;
}
