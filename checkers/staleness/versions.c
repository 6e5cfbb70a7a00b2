/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Bounds on the number of versions.
 *
 * At least: a write that begins after another has taken effect, and has taken effect before a read
 * of the other's value begins, is between them in every order.
 *
 * At most: any order of the writes that respects their precedence gives a number of versions, with
 * each read as early as its write and the writes before it allow. Sorting by any moment between a
 * write's beginning and its end is such an order; so is, from the last to the first, always the
 * write that is read latest among those that precede none of what is left.
 */
#include "stale.h"

#include <stdlib.h>

struct versions {
    const struct stale *stale;
    uint32_t *by_end; /* clusters */
    uint32_t *by_start;
    uint32_t *order;
    uint32_t *position; /* in order, by cluster */
    uint32_t *tree;     /* Fenwick: counts by rank of start; or a heap */
};

/* -- sorting ----------------------------------------------------------------------------------- */

struct keyed {
    const struct stale_cluster *clusters;
    int64_t (*key)(const struct stale_cluster *cluster);
};

static int by_key(const void *left, const void *right, void *ctx)
{
    const struct keyed *keyed = ctx;
    uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
    const struct stale_cluster *a = &keyed->clusters[i], *b = &keyed->clusters[j];
    if (keyed->key(a) != keyed->key(b))
        return keyed->key(a) < keyed->key(b) ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return a->start != b->start ? (a->start < b->start ? -1 : 1) : (i < j ? -1 : i > j);
}

static int64_t end_of(const struct stale_cluster *cluster)
{
    return cluster->end;
}

static int64_t start_of(const struct stale_cluster *cluster)
{
    return cluster->start;
}

/* When it is read last, as far as that lies within the write. */
static int64_t last_within(const struct stale_cluster *cluster)
{
    int64_t last = cluster->last < cluster->end ? cluster->last : cluster->end;
    return last > cluster->start ? last : cluster->start;
}

static void sort_by(const struct stale *stale, uint32_t *list,
                    int64_t (*key)(const struct stale_cluster *cluster))
{
    struct keyed keyed = {stale->clusters, key};

    for (uint32_t i = 0; i < stale->count; i++)
        list[i] = i;
    qsort_r(list, stale->count, sizeof *list, by_key, &keyed);
}

/* How many in `list`, sorted by `key`, come before `time_ns`. */
static uint32_t count_before(const struct stale *stale, const uint32_t *list,
                             int64_t (*key)(const struct stale_cluster *cluster), int64_t time_ns)
{
    uint32_t low = 0, high = stale->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (key(&stale->clusters[list[middle]]) < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* -- at least ---------------------------------------------------------------------------------- */

static void tree_add(uint32_t *tree, uint32_t count, uint32_t rank)
{
    for (uint32_t i = rank + 1; i <= count; i += i & -i)
        tree[i]++;
}

/* How many were added with a smaller rank. */
static uint32_t tree_count(const uint32_t *tree, uint32_t rank)
{
    uint32_t count = 0;

    for (uint32_t i = rank; i > 0; i -= i & -i)
        count += tree[i];
    return count;
}

/* Each cluster's `behind`; the most of them. */
static uint32_t count_between(struct versions *versions)
{
    const struct stale *stale = versions->stale;
    uint32_t *ranks = versions->position, *by_last = versions->order;
    uint32_t added = 0, most = 0;

    for (uint32_t i = 0; i < stale->count; i++)
        ranks[versions->by_start[i]] = i;
    for (uint32_t i = 0; i <= stale->count; i++)
        versions->tree[i] = 0;
    for (uint32_t i = 0; i < stale->count; i++) {
        struct stale_cluster *cluster = &stale->clusters[by_last[i]];
        for (; added < stale->count; added++) {
            uint32_t write = versions->by_end[added];
            if (stale->clusters[write].end >= cluster->last)
                break;
            tree_add(versions->tree, stale->count, ranks[write]);
        }
        uint32_t not_after = cluster->end == INT64_MAX ? stale->count
                                                       : count_before(stale, versions->by_start,
                                                                      start_of, cluster->end + 1);
        cluster->behind = added - tree_count(versions->tree, not_after);
        most = cluster->behind > most ? cluster->behind : most;
    }
    return most;
}

static int64_t last_of(const struct stale_cluster *cluster)
{
    return cluster->last;
}

/* -- at most ----------------------------------------------------------------------------------- */

/* The versions that `order` comes to. */
static uint32_t evaluate(const struct versions *versions)
{
    const struct stale *stale = versions->stale;
    uint32_t *latest = versions->tree, most = 1;

    for (uint32_t i = 0; i < stale->count; i++)
        versions->position[versions->order[i]] = i;
    for (uint32_t i = 0; i < stale->count; i++) {
        uint32_t position = versions->position[versions->by_end[i]];
        latest[i] = i && latest[i - 1] > position ? latest[i - 1] : position;
    }
    for (uint32_t i = 0; i < stale->count; i++) {
        uint32_t before = count_before(stale, versions->by_end, end_of, stale->clusters[i].last);
        if (before == 0 || latest[before - 1] < versions->position[i])
            continue;
        uint32_t away = latest[before - 1] - versions->position[i] + 1;
        most = away > most ? away : most;
    }
    return most;
}

static void heap_push(const struct stale *stale, uint32_t *heap, uint32_t count, uint32_t cluster)
{
    uint32_t at = count;

    for (; at > 0; at = (at - 1) / 2) {
        uint32_t parent = heap[(at - 1) / 2];
        if (stale->clusters[parent].last >= stale->clusters[cluster].last)
            break;
        heap[at] = parent;
    }
    heap[at] = cluster;
}

/* `count` is what there is before. */
static uint32_t heap_pop(const struct stale *stale, uint32_t *heap, uint32_t count)
{
    uint32_t top = heap[0], moved = heap[count - 1], at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count - 1)
            break;
        if (child + 1 < count - 1 &&
            stale->clusters[heap[child + 1]].last > stale->clusters[heap[child]].last)
            child++;
        if (stale->clusters[heap[child]].last <= stale->clusters[moved].last)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    return top;
}

/* From the last to the first, what is read latest of what may be last. */
static void order_greedily(struct versions *versions)
{
    const struct stale *stale = versions->stale;
    uint32_t *taken = versions->position, *heap = versions->tree;
    uint32_t open = 0, starts = stale->count, ends = starts;

    for (uint32_t i = 0; i < stale->count; i++)
        taken[i] = 0;
    for (uint32_t at = stale->count; at > 0; at--) {
        while (taken[versions->by_start[starts - 1]])
            starts--;
        int64_t latest = stale->clusters[versions->by_start[starts - 1]].start;
        while (ends > 0 && stale->clusters[versions->by_end[ends - 1]].end >= latest)
            heap_push(stale, heap, open++, versions->by_end[--ends]);
        versions->order[at - 1] = heap_pop(stale, heap, open--);
        taken[versions->order[at - 1]] = 1;
    }
}

static uint32_t best_order(struct versions *versions)
{
    static int64_t (*const keys[])(const struct stale_cluster *) = {end_of, start_of, last_within};
    uint32_t best;

    order_greedily(versions);
    best = evaluate(versions);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        sort_by(versions->stale, versions->order, keys[i]);
        uint32_t versions_needed = evaluate(versions);
        best = versions_needed < best ? versions_needed : best;
    }
    return best;
}

/* -- both -------------------------------------------------------------------------------------- */

static bool bound(struct versions *versions, uint32_t *least, uint32_t *most)
{
    const struct stale *stale = versions->stale;

    sort_by(stale, versions->by_end, end_of);
    sort_by(stale, versions->by_start, start_of);
    sort_by(stale, versions->order, last_of);
    uint32_t between = count_between(versions);
    *least = between + 1 > *least ? between + 1 : *least;
    if (stale->any_cas)
        return true;
    if (*least <= 2) {
        int two = stale_two_atomic(stale);
        if (two < 0)
            return false;
        *least = two ? 2 : 3;
        *most = two ? 2 : 0;
    }
    if (*least > 2)
        *most = best_order(versions);
    return true;
}

bool stale_versions(struct stale *stale, int64_t delta_ns, uint32_t *least, uint32_t *most)
{
    size_t size = ((size_t)stale->count + 1) * sizeof(uint32_t);
    struct versions versions = {.stale = stale};

    *least = delta_ns == 0 ? 1 : 2;
    *most = delta_ns == 0 ? 1 : 0;
    if (delta_ns == 0)
        return true;
    versions.by_end = budget_alloc(stale->budget, size);
    versions.by_start = budget_alloc(stale->budget, size);
    versions.order = budget_alloc(stale->budget, size);
    versions.position = budget_alloc(stale->budget, size);
    versions.tree = budget_alloc(stale->budget, size);
    bool done = versions.by_end && versions.by_start && versions.order && versions.position &&
                versions.tree && bound(&versions, least, most);
    budget_free(stale->budget, versions.by_end);
    budget_free(stale->budget, versions.by_start);
    budget_free(stale->budget, versions.order);
    budget_free(stale->budget, versions.position);
    budget_free(stale->budget, versions.tree);
    return done;
}
