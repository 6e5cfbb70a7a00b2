/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Is the history 2-atomic? Limited backtracking: Golab, Hurwitz, Li, On the
 * k-atomicity-verification problem, ICDCS 2013, section 3 (LBT).
 *
 * The order of writes is made from the last to the first. What is placed must precede nothing that
 * is left. All reads left that begin after it has taken effect come after it, so that they see
 * it or the write placed next: if one of them saw another, that one comes next, and if they saw two
 * others there is no such order. Where no read says what comes next, the writes placed and all
 * their reads are gone, and what is left is 2-atomic exactly if the whole is: a part of a history
 * without some values is 2-atomic if the whole is, and what was placed fits behind any order of the
 * rest. So a guess, which of the writes may be last, need never be taken back once it came so far.
 *
 * Guesses are tried side by side, with growing effort, so that one that fails late costs no more
 * than the one that succeeds: O(n log n + c n) for c writes at a time.
 */
#include "stale.h"

#include <stdlib.h>

/* A list by a time, from which elements are taken and put back in reverse. 0 is its head, element i
 * stands at i + 1. */
struct list {
    uint32_t *before, *after;
};

struct placing {
    const struct stale *stale;
    struct list starts, ends, reads; /* clusters by start, by end; reads by start */
    uint32_t *reads_of;              /* reads by cluster: from first_read[c] on */
    uint32_t *first_read;
    bool *gone;      /* by read */
    uint32_t *taken; /* for undoing: reads, and clusters + read_count */
    uint32_t taken_count;
    uint64_t steps; /* since the budget was asked */
};

enum attempt { ATTEMPT_DONE, ATTEMPT_FAILED, ATTEMPT_LIMITED };

/* -- lists ------------------------------------------------------------------------------------- */

static bool list_init(struct list *list, uint32_t count, struct budget *budget)
{
    list->before = budget_alloc(budget, ((size_t)count + 1) * sizeof *list->before);
    list->after = budget_alloc(budget, ((size_t)count + 1) * sizeof *list->after);
    return list->before && list->after;
}

/* `order` NULL: as they are numbered. */
static void list_fill(struct list *list, const uint32_t *order, uint32_t count)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = (order ? order[i] : i) + 1;
        list->before[node] = last;
        list->after[last] = node;
        last = node;
    }
    list->before[0] = last;
    list->after[last] = 0;
}

static void list_take(struct list *list, uint32_t node)
{
    list->after[list->before[node]] = list->after[node];
    list->before[list->after[node]] = list->before[node];
}

static void list_put_back(struct list *list, uint32_t node)
{
    list->after[list->before[node]] = node;
    list->before[list->after[node]] = node;
}

static void list_release(struct list *list, struct budget *budget)
{
    budget_free(budget, list->before);
    budget_free(budget, list->after);
}

/* -- placing ----------------------------------------------------------------------------------- */

static const struct stale_cluster *cluster_at(const struct placing *placing, uint32_t node)
{
    return &placing->stale->clusters[node - 1];
}

/* Whether it precedes nothing that is left. */
static bool may_be_last(const struct placing *placing, uint32_t node)
{
    return cluster_at(placing, node)->end >= cluster_at(placing, placing->starts.before[0])->start;
}

static void take_cluster(struct placing *placing, uint32_t node)
{
    list_take(&placing->starts, node);
    list_take(&placing->ends, node);
    placing->taken[placing->taken_count++] = placing->stale->read_count + node - 1;
}

static void take_read(struct placing *placing, uint32_t read)
{
    list_take(&placing->reads, read + 1);
    placing->gone[read] = true;
    placing->taken[placing->taken_count++] = read;
}

static void undo(struct placing *placing)
{
    while (placing->taken_count > 0) {
        uint32_t last = placing->taken[--placing->taken_count];
        if (last < placing->stale->read_count) {
            list_put_back(&placing->reads, last + 1);
            placing->gone[last] = false;
        } else {
            list_put_back(&placing->starts, last - placing->stale->read_count + 1);
            list_put_back(&placing->ends, last - placing->stale->read_count + 1);
        }
    }
}

/* Place one write and the reads that come after it. False if they see two others; else *next is the
 * one other, or 0. */
static bool place(struct placing *placing, uint32_t node, uint32_t *next)
{
    const struct stale *stale = placing->stale;
    uint32_t cluster = node - 1, read;

    *next = 0;
    take_cluster(placing, node);
    while ((read = placing->reads.before[0]) != 0 &&
           stale->reads[read - 1].start > stale->clusters[cluster].end) {
        uint32_t seen = stale->reads[read - 1].cluster;
        if (seen != cluster && *next != 0 && *next != seen + 1)
            return false;
        if (seen != cluster)
            *next = seen + 1;
        take_read(placing, read - 1);
    }
    for (uint32_t i = placing->first_read[cluster]; i < placing->first_read[cluster + 1]; i++) {
        if (!placing->gone[placing->reads_of[i]])
            take_read(placing, placing->reads_of[i]);
    }
    return true;
}

static enum attempt try_last(struct placing *placing, uint32_t node, uint32_t limit)
{
    uint32_t next = node;

    placing->taken_count = 0;
    while (next) {
        if (!may_be_last(placing, next) || !place(placing, next, &next))
            return ATTEMPT_FAILED;
        if (next && placing->taken_count > limit)
            return ATTEMPT_LIMITED;
    }
    return ATTEMPT_DONE;
}

/* One guess for what is last that comes to an end. 1, 0: none does, -1: the budget is used up. */
static int place_some(struct placing *placing)
{
    for (uint32_t limit = 16;; limit *= 2) {
        bool limited = false;
        for (uint32_t node = placing->ends.before[0]; node && may_be_last(placing, node);
             node = placing->ends.before[node]) {
            enum attempt attempt = try_last(placing, node, limit);
            if (attempt == ATTEMPT_DONE)
                return 1;
            placing->steps += placing->taken_count;
            undo(placing);
            limited = limited || attempt == ATTEMPT_LIMITED;
        }
        if (!limited)
            return 0;
        if (limit > UINT32_MAX / 2 || budget_spent(placing->stale->budget))
            return -1;
    }
}

/* -- making ready ------------------------------------------------------------------------------ */

static int by_start(const void *left, const void *right, void *ctx)
{
    const struct stale_cluster *clusters = ctx;
    int64_t a = clusters[*(const uint32_t *)left].start;
    int64_t b = clusters[*(const uint32_t *)right].start;
    return a < b ? -1 : a > b;
}

static int by_end(const void *left, const void *right, void *ctx)
{
    const struct stale_cluster *clusters = ctx;
    int64_t a = clusters[*(const uint32_t *)left].end, b = clusters[*(const uint32_t *)right].end;
    return a < b ? -1 : a > b;
}

static void group_reads(struct placing *placing)
{
    const struct stale *stale = placing->stale;
    uint32_t *next = placing->first_read + 1; /* becomes first_read once it has moved on */

    for (uint32_t i = 0; i < stale->read_count; i++)
        next[stale->reads[i].cluster + 1]++;
    for (uint32_t i = 0; i < stale->count; i++)
        next[i + 1] += next[i];
    for (uint32_t i = 0; i < stale->read_count; i++)
        placing->reads_of[next[stale->reads[i].cluster]++] = i;
}

static bool make_ready(struct placing *placing)
{
    const struct stale *stale = placing->stale;
    struct budget *budget = stale->budget;
    size_t clusters = stale->count, reads = stale->read_count;

    placing->taken = budget_alloc(budget, (clusters + reads + 1) * sizeof *placing->taken);
    placing->reads_of = budget_alloc(budget, (reads + 1) * sizeof *placing->reads_of);
    placing->first_read = budget_calloc(budget, clusters + 2, sizeof *placing->first_read);
    placing->gone = budget_calloc(budget, reads + 1, sizeof *placing->gone);
    if (!placing->taken || !placing->reads_of || !placing->first_read || !placing->gone ||
        !list_init(&placing->starts, stale->count, budget) ||
        !list_init(&placing->ends, stale->count, budget) ||
        !list_init(&placing->reads, stale->read_count, budget))
        return false;
    uint32_t *order = placing->taken;
    for (uint32_t i = 0; i < stale->count; i++)
        order[i] = i;
    qsort_r(order, stale->count, sizeof *order, by_start, stale->clusters);
    list_fill(&placing->starts, order, stale->count);
    qsort_r(order, stale->count, sizeof *order, by_end, stale->clusters);
    list_fill(&placing->ends, order, stale->count);
    list_fill(&placing->reads, NULL, stale->read_count);
    group_reads(placing);
    return true;
}

int stale_two_atomic(const struct stale *stale)
{
    struct placing placing = {.stale = stale};
    struct budget *budget = stale->budget;
    int result = make_ready(&placing) ? 1 : -1;

    while (result == 1 && placing.starts.before[0]) {
        result = place_some(&placing);
        if (result == 1 && (placing.steps += placing.taken_count) > 4096) {
            placing.steps = 0;
            result = budget_spent(budget) ? -1 : 1;
        }
    }
    list_release(&placing.starts, budget);
    list_release(&placing.ends, budget);
    list_release(&placing.reads, budget);
    budget_free(budget, placing.taken);
    budget_free(budget, placing.reads_of);
    budget_free(budget, placing.first_read);
    budget_free(budget, placing.gone);
    return result;
}
