/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "zones_internal.h"

#include <stdlib.h>

static bool applies(const struct object_source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        uint8_t f = source->history->ops[source->places[i]].f;
        if (f == OP_F_DELETE || f == OP_F_APPEND)
            return false;
    }
    return true;
}

bool zones_call(const struct zones *zones, uint32_t place, struct call *call)
{
    const struct op *op = &zones->source->history->ops[place];
    struct err err;

    (void)registers_prepare(NULL, op, call, &err);
    return call->kind != CALL_PURE || op->type == OP_OK;
}

/* What the call leaves; false for a read. */
static bool writes(const struct call *call, value_id *value)
{
    *value = call->op == REGISTERS_CAS ? call->b : call->a;
    return call->op != REGISTERS_READ;
}

/* -- clusters by value ------------------------------------------------------------------------ */

uint32_t zones_find(const struct zones *zones, value_id value)
{
    return value == zones->source->initial ? 0 : value_map_find(&zones->map, value);
}

/* Room for a cluster per writer, and slots that fit how the values are spread. */
static bool make_room(struct zones *zones)
{
    const struct object_source *source = zones->source;
    value_id least = UINT32_MAX, greatest = 0, value;
    size_t writers = 0;

    for (size_t i = 0; i < source->count; i++) {
        struct call call;
        (void)zones_call(zones, source->places[i], &call);
        if (!writes(&call, &value))
            continue;
        writers++;
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    zones->clusters = budget_alloc(zones->budget, (writers + 1) * sizeof *zones->clusters);
    return value_map_init(&zones->map, least, greatest, writers, zones->budget) && zones->clusters;
}

/* A cluster for every value written. */
static enum fast make_clusters(struct zones *zones)
{
    const struct object_source *source = zones->source;
    value_id value;

    if (!make_room(zones))
        return FAST_SPENT;
    zones->clusters[zones->count++] = (struct cluster){.min_end = INT64_MIN,
                                                       .max_start = INT64_MIN,
                                                       .writer = PLACE_NONE,
                                                       .previous = CLUSTER_NONE,
                                                       .next = CLUSTER_NONE,
                                                       .happened = true};
    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = &source->history->ops[source->places[i]];
        struct call call;
        (void)zones_call(zones, source->places[i], &call);
        if (!writes(&call, &value))
            continue;
        uint32_t *slot = value_map_slot(&zones->map, value);
        if (value == source->initial || *slot != CLUSTER_NONE)
            return FAST_NOT;
        zones->clusters[zones->count] = (struct cluster){.min_end = source_end(source, op),
                                                         .max_start = source_start(source, op),
                                                         .writer = source->places[i],
                                                         .previous = CLUSTER_NONE,
                                                         .next = CLUSTER_NONE,
                                                         .happened = op->type == OP_OK};
        *slot = zones->count++;
    }
    return FAST_VALID;
}

/* -- who saw what
 * ----------------------------------------------------------------------------------- */

/* `op` saw the value of cluster `first`: it was written, and so was what its cas found, and so on.
 * False with the refutation if that cannot be. */
static bool see(struct zones *zones, uint32_t first, uint32_t op, struct refutation *refutation)
{
    uint32_t last = CLUSTER_NONE;

    for (uint32_t i = first; i != CLUSTER_NONE; i = zones->clusters[i].previous) {
        struct cluster *seen = &zones->clusters[i];
        struct call call;
        if (seen->visited)
            return true;
        seen->happened = seen->visited = true;
        if (seen->writer == PLACE_NONE)
            return true;
        (void)zones_call(zones, seen->writer, &call);
        if (call.op != REGISTERS_CAS)
            return true;
        last = i;
        seen->previous = zones_find(zones, call.a);
        if (seen->previous == CLUSTER_NONE)
            break;
        struct cluster *previous = &zones->clusters[seen->previous];
        if (previous->next != CLUSTER_NONE) {
            *refutation = (struct refutation){
                .kind = REFUTED_BY_TWO_CAS, .a = seen->previous, .b = previous->next, .c = i};
            return false;
        }
        previous->next = i;
    }
    *refutation = (struct refutation){.kind = REFUTED_BY_THIN_AIR, .a = last, .b = first, .op = op};
    return false;
}

/* Put every operation that happened where it belongs. */
static bool fill_clusters(struct zones *zones, struct refutation *refutation)
{
    const struct object_source *source = zones->source;

    for (uint32_t i = 0; i < zones->count; i++) {
        if (zones->clusters[i].happened && !see(zones, i, PLACE_NONE, refutation))
            return false;
    }
    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = &source->history->ops[source->places[i]];
        struct call call;
        if (!zones_call(zones, source->places[i], &call) || call.op != REGISTERS_READ)
            continue;
        uint32_t found = zones_find(zones, call.result);
        if (!see(zones, found, source->places[i], refutation))
            return false;
        struct cluster *cluster = &zones->clusters[found];
        if (source_end(source, op) < cluster->min_end)
            cluster->min_end = source_end(source, op);
        if (source_start(source, op) > cluster->max_start)
            cluster->max_start = source_start(source, op);
    }
    return true;
}

/* -- chains
 * ----------------------------------------------------------------------------------------- */

/* The zone of the chain that begins at `root`; false if something in it precedes what must come
 * before it. */
static bool follow_chain(struct zones *zones, uint32_t root, struct zone *zone,
                         struct refutation *refutation)
{
    const struct object_source *source = zones->source;

    *zone = (struct zone){.f = INT64_MAX, .s = INT64_MIN, .root = root};
    for (uint32_t i = root; i != CLUSTER_NONE; i = zones->clusters[i].next) {
        struct cluster *cluster = &zones->clusters[i];
        int64_t start = cluster->writer == PLACE_NONE
                            ? INT64_MIN
                            : source_start(source, &source->history->ops[cluster->writer]);
        cluster->visited = false;
        if (cluster->min_end < zone->s || cluster->min_end < start) {
            *refutation = (struct refutation){.kind = REFUTED_BY_ORDER, .a = root, .b = i};
            return false;
        }
        zone->f = cluster->min_end < zone->f ? cluster->min_end : zone->f;
        zone->s = cluster->max_start > zone->s ? cluster->max_start : zone->s;
    }
    return true;
}

static enum fast make_zones(struct zones *zones, struct refutation *refutation)
{
    uint32_t roots = 0;

    for (uint32_t i = 0; i < zones->count; i++)
        roots += zones->clusters[i].happened && zones->clusters[i].previous == CLUSTER_NONE;
    zones->zones = budget_alloc(zones->budget, (roots + 1) * sizeof *zones->zones);
    if (!zones->zones)
        return FAST_SPENT;
    for (uint32_t i = 0; i < zones->count; i++) {
        const struct cluster *cluster = &zones->clusters[i];
        if (cluster->happened && cluster->previous == CLUSTER_NONE &&
            !follow_chain(zones, i, &zones->zones[zones->zone_count++], refutation))
            return FAST_INVALID;
    }
    for (uint32_t i = 0; i < zones->count; i++) {
        if (zones->clusters[i].visited) { /* and on no chain with a root */
            *refutation = (struct refutation){.kind = REFUTED_BY_CYCLE, .a = i};
            return FAST_INVALID;
        }
    }
    return FAST_VALID;
}

/* -- zones
 * ------------------------------------------------------------------------------------------ */

static bool is_forward(const struct zone *zone)
{
    return zone->f < zone->s;
}

/* Forward zones first, by f. */
static int by_f(const void *left, const void *right)
{
    const struct zone *a = left, *b = right;
    if (is_forward(a) != is_forward(b))
        return is_forward(a) ? -1 : 1;
    return a->f < b->f ? -1 : a->f > b->f;
}

/* The forward zone with the greatest f below `s`; NULL if there is none. */
static const struct zone *last_below(const struct zone *forward, uint32_t count, int64_t s)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (forward[middle].f < s)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &forward[low - 1] : NULL;
}

/* Two zones that each have to come before the other: forward ones that overlap, or a backward one
 * within a forward one. */
static bool find_conflict(struct zones *zones, struct refutation *refutation)
{
    struct zone *all = zones->zones;
    uint32_t forward = 0;

    qsort(all, zones->zone_count, sizeof *all, by_f);
    for (uint32_t i = 0; i < zones->zone_count; i++) {
        const struct zone *other = NULL;
        if (is_forward(&all[i])) {
            forward++;
            other = i ? &all[i - 1] : NULL;
        } else {
            other = last_below(all, forward, all[i].s);
        }
        if (other && other->f < all[i].s && all[i].f < other->s) {
            *refutation =
                (struct refutation){.kind = REFUTED_BY_ZONES, .a = other->root, .b = all[i].root};
            return true;
        }
    }
    return false;
}

static enum fast judge(struct zones *zones, struct refutation *refutation)
{
    enum fast outcome = make_clusters(zones);

    if (outcome != FAST_VALID)
        return outcome;
    if (!fill_clusters(zones, refutation))
        return FAST_INVALID;
    outcome = make_zones(zones, refutation);
    if (outcome == FAST_VALID && find_conflict(zones, refutation))
        outcome = FAST_INVALID;
    return outcome;
}

enum fast zones_check(const struct object_source *source, struct budget *budget,
                      struct excerpt *witness)
{
    struct zones zones = {.source = source, .budget = budget};
    struct refutation refutation;

    if (!applies(source))
        return FAST_NOT;
    enum fast outcome = judge(&zones, &refutation);
    if (outcome == FAST_INVALID && witness && !zones_tell(&zones, &refutation, witness))
        outcome = FAST_SPENT;
    budget_free(budget, zones.clusters);
    value_map_release(&zones.map);
    budget_free(budget, zones.zones);
    return outcome;
}
