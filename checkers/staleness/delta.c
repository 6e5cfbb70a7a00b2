/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The least shift of all reads that makes a register linearizable.
 *
 * By zones (Gibbons and Korach 1997; engine/zones.h): a zone takes effect without another in
 * between, and must come before one that has an invocation after its first return. Two zones that
 * must each come before the other are reconciled by a shift that moves the last read of one of them
 * to the first return of the other: of the two the smaller shift, as far as it is a read that is in
 * the way. Delta is the largest of these over all pairs. With the zones in the order of their first
 * returns, f, and b later than a,
 *
 *     shift(a, b) = min(left(a), last read of a - f_b)
 *     left(a) = last read of b - f_a, without bound while the writer of b starts after f_a
 *
 * where left falls with f_a: over all a before b the maximum lies where left and the latest read of
 * all zones so far, less f_b, cross. Where writers are in the way on both sides, no shift helps.
 */
#include "stale.h"

#include <stdlib.h>

/* A chain of clusters that takes effect as one: a write's and those of the cas that follow. */
struct zone {
    int64_t f;      /* the first return */
    int64_t fixed;  /* the last invocation of what writes */
    int64_t moving; /* the last invocation of a read */
    uint32_t first; /* the cluster with f */
    uint32_t reader;
    /* Of the zones up to this one: */
    int64_t most_fixed;
    uint32_t latest; /* the one with the latest read */
};

struct delta {
    struct stale *stale;
    struct zone *zones;
    uint32_t count;
    int64_t most;
};

static int64_t minus(int64_t a, int64_t b)
{
    int64_t difference;

    if (a == INT64_MIN || __builtin_sub_overflow(a, b, &difference))
        return a <= b ? INT64_MIN : INT64_MAX;
    return difference;
}

/* The last read of cluster `late` has to move behind the first return of cluster `newer`. */
static void note(struct delta *delta, uint32_t late, uint32_t newer, int64_t shift_ns)
{
    struct stale_cluster *cluster = &delta->stale->clusters[late];

    if (shift_ns <= 0)
        return;
    if (shift_ns > cluster->late_ns) {
        cluster->late_ns = shift_ns;
        cluster->newer = newer;
    }
    if (shift_ns > delta->most)
        delta->most = shift_ns;
}

/* -- zones ------------------------------------------------------------------------------------- */

/* False if no shift lets the chain that begins at `root` keep its order. */
static bool follow_chain(struct delta *delta, uint32_t root, uint32_t *visited)
{
    const struct stale_cluster *clusters = delta->stale->clusters;
    struct zone zone = {
        .f = INT64_MAX, .fixed = INT64_MIN, .moving = INT64_MIN, .first = root, .reader = root};

    for (uint32_t i = root; i != STALE_NONE; i = clusters[i].next) {
        const struct stale_cluster *cluster = &clusters[i];
        if (cluster->end < zone.fixed)
            return false;
        note(delta, zone.reader, i, minus(zone.moving, cluster->end));
        if (cluster->end < zone.f) {
            zone.f = cluster->end;
            zone.first = i;
        }
        if (cluster->last > zone.moving) {
            zone.moving = cluster->last;
            zone.reader = i;
        }
        zone.fixed = cluster->start > zone.fixed ? cluster->start : zone.fixed;
        ++*visited;
    }
    delta->zones[delta->count++] = zone;
    return true;
}

/* False if there are cas that no shift can bring in order. */
static bool make_zones(struct delta *delta)
{
    const struct stale *stale = delta->stale;
    uint32_t visited = 0;

    for (uint32_t i = 0; i < stale->count; i++) {
        if (stale->clusters[i].previous == STALE_NONE && !follow_chain(delta, i, &visited))
            return false;
    }
    return visited == stale->count; /* else some chain is a circle */
}

static int by_f(const void *left, const void *right)
{
    const struct zone *a = left, *b = right;
    return a->f < b->f ? -1 : a->f > b->f;
}

/* -- pairs ------------------------------------------------------------------------------------- */

static int64_t left_of(const struct zone *a, const struct zone *b)
{
    return a->f < b->fixed ? INT64_MAX : minus(b->moving, a->f);
}

static int64_t right_of(const struct delta *delta, uint32_t a, const struct zone *b)
{
    const struct zone *zone = &delta->zones[a];
    return b->f < zone->most_fixed ? INT64_MAX : minus(delta->zones[zone->latest].moving, b->f);
}

/* The largest shift that zone `at` and some zone before it need. False if no shift will do. */
static bool reconcile(struct delta *delta, uint32_t at)
{
    const struct zone *zones = delta->zones, *b = &zones[at];
    uint32_t low = 0, high = at; /* the first with left < right */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (left_of(&zones[middle], b) >= right_of(delta, middle, b))
            low = middle + 1;
        else
            high = middle;
    }
    int64_t right = low > 0 ? right_of(delta, low - 1, b) : INT64_MIN;
    int64_t left = low < at ? left_of(&zones[low], b) : INT64_MIN;
    if (right == INT64_MAX)
        return false;
    if (low > 0 && right >= left)
        note(delta, zones[zones[low - 1].latest].reader, b->first, right);
    else
        note(delta, b->reader, zones[low].first, left);
    return true;
}

/* False if no shift reconciles all zones. */
static bool reconcile_all(struct delta *delta)
{
    struct zone *zones = delta->zones;

    qsort(zones, delta->count, sizeof *zones, by_f);
    for (uint32_t i = 0; i < delta->count; i++) {
        const struct zone *before = &zones[i ? i - 1 : 0];
        bool is_latest = i == 0 || zones[i].moving > zones[before->latest].moving;
        zones[i].latest = is_latest ? i : before->latest;
        zones[i].most_fixed = zones[i].fixed;
        if (i && before->most_fixed > zones[i].fixed)
            zones[i].most_fixed = before->most_fixed;
        if (i && !reconcile(delta, i))
            return false;
    }
    return true;
}

enum stale_state stale_delta(struct stale *stale, int64_t *delta_ns)
{
    struct delta delta = {.stale = stale};

    delta.zones = budget_alloc(stale->budget, ((size_t)stale->count + 1) * sizeof *delta.zones);
    if (!delta.zones)
        return STALE_SPENT;
    bool in_order = make_zones(&delta) && reconcile_all(&delta);
    budget_free(stale->budget, delta.zones);
    *delta_ns = delta.most;
    return in_order ? STALE_READY : STALE_TORN;
}
