/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Who wrote and who read each value. */
#include "stale.h"

#include "../engine/registers.h"

#include <stdlib.h>
#include <string.h>

/* A value and the cluster of its writer, for looking up. */
struct written {
    value_id value;
    uint32_t cluster;
};

struct building {
    struct stale *stale;
    struct written *written; /* by value */
    uint32_t count;
    bool *happened; /* by cluster */
};

static const struct op *op_at(const struct stale *stale, size_t i)
{
    return &stale->source->history->ops[stale->source->places[i]];
}

/* The operation as a register's call; false if it constrains nothing (a read of unknown outcome).
 */
static bool call_of(const struct op *op, struct call *call)
{
    struct err err;

    (void)registers_prepare(NULL, op, call, &err);
    return call->op != REGISTERS_READ || op->type == OP_OK;
}

static int by_value(const void *left, const void *right)
{
    const struct written *a = left, *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->cluster < b->cluster ? -1 : a->cluster > b->cluster;
}

static uint32_t find(const struct building *building, value_id value)
{
    uint32_t low = 0, high = building->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (building->written[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < building->count && building->written[low].value == value
               ? building->written[low].cluster
               : STALE_NONE;
}

static bool make_room(struct building *building)
{
    struct stale *stale = building->stale;
    struct budget *budget = stale->budget;
    size_t writes = 1, reads = 1;

    for (size_t i = 0; i < stale->source->count; i++) {
        struct call call;
        bool counts = call_of(op_at(stale, i), &call);
        if (call.op != REGISTERS_READ)
            writes++;
        else
            reads += counts;
    }
    stale->clusters = budget_alloc(budget, writes * sizeof *stale->clusters);
    stale->reads = budget_alloc(budget, reads * sizeof *stale->reads);
    building->written = budget_alloc(budget, writes * sizeof *building->written);
    building->happened = budget_calloc(budget, writes, sizeof *building->happened);
    return stale->clusters && stale->reads && building->written && building->happened;
}

static void add_cluster(struct building *building, value_id value, struct stale_cluster cluster,
                        bool happened)
{
    struct stale *stale = building->stale;

    cluster.last = INT64_MIN;
    cluster.reader = PLACE_NONE;
    cluster.previous = cluster.next = cluster.newer = STALE_NONE;
    building->written[building->count++] = (struct written){value, stale->count};
    building->happened[stale->count] = happened;
    stale->clusters[stale->count++] = cluster;
}

static enum stale_state add_writers(struct building *building)
{
    struct stale *stale = building->stale;

    struct stale_cluster initial = {INT64_MIN, INT64_MIN, .writer = PLACE_NONE,
                                    .first = PLACE_NONE};
    add_cluster(building, stale->source->initial, initial, true);
    for (size_t i = 0; i < stale->source->count; i++) {
        const struct op *op = op_at(stale, i);
        uint32_t place = stale->source->places[i];
        struct call call;
        (void)call_of(op, &call);
        if (call.op == REGISTERS_READ)
            continue;
        struct stale_cluster cluster = {op->invoke_ns, op_end_ns(op), .writer = place,
                                        .first = place};
        add_cluster(building, call.op == REGISTERS_CAS ? call.b : call.a, cluster,
                    op->type == OP_OK);
    }
    qsort(building->written, building->count, sizeof *building->written, by_value);
    for (uint32_t i = 1; i < building->count; i++) {
        if (building->written[i].value != building->written[i - 1].value)
            continue;
        stale->op = stale->clusters[building->written[i].cluster].writer;
        return STALE_REPEATED;
    }
    return STALE_READY;
}

static enum stale_state add_reads(struct building *building)
{
    struct stale *stale = building->stale;

    for (size_t i = 0; i < stale->source->count; i++) {
        const struct op *op = op_at(stale, i);
        uint32_t place = stale->source->places[i];
        struct call call;
        if (!call_of(op, &call) || call.op != REGISTERS_READ)
            continue;
        uint32_t found = find(building, call.result);
        if (found == STALE_NONE) {
            stale->op = place;
            return STALE_THIN_AIR;
        }
        struct stale_cluster *cluster = &stale->clusters[found];
        building->happened[found] = true;
        if (op->complete_ns < cluster->start) {
            stale->op = place;
            stale->other = cluster->writer;
            return STALE_EARLY;
        }
        if (op->complete_ns < cluster->end) {
            cluster->end = op->complete_ns;
            cluster->first = place;
        }
        if (cluster->reader == PLACE_NONE || op->invoke_ns > cluster->last) {
            cluster->last = op->invoke_ns;
            cluster->reader = place;
        }
        stale->reads[stale->read_count++] = (struct stale_read){op->invoke_ns, found};
    }
    return STALE_READY;
}

/* The cas behind a value that was seen happened, and so did what it found, and so on. */
static enum stale_state link_from(struct building *building, uint32_t at)
{
    struct stale *stale = building->stale;

    for (;;) {
        struct stale_cluster *cluster = &stale->clusters[at];
        struct call call;
        if (cluster->writer == PLACE_NONE || cluster->previous != STALE_NONE)
            return STALE_READY;
        (void)call_of(&stale->source->history->ops[cluster->writer], &call);
        if (call.op != REGISTERS_CAS)
            return STALE_READY;
        stale->any_cas = true;
        uint32_t previous = find(building, call.a);
        if (previous == STALE_NONE) {
            stale->op = cluster->writer;
            return STALE_THIN_AIR;
        }
        if (stale->clusters[previous].next != STALE_NONE) /* two cas found it */
            return STALE_TORN;
        stale->clusters[previous].next = at;
        cluster->previous = previous;
        building->happened[previous] = true;
        at = previous;
    }
}

static enum stale_state link_cas(struct building *building)
{
    enum stale_state state = STALE_READY;

    for (uint32_t i = 0; i < building->stale->count && state == STALE_READY; i++) {
        if (building->happened[i])
            state = link_from(building, i);
    }
    return state;
}

/* Leave out what nobody saw and nobody acknowledged. */
static bool leave_out(struct building *building)
{
    struct stale *stale = building->stale;
    uint32_t *moved = budget_alloc(stale->budget, stale->count * sizeof *moved);
    uint32_t count = 0;

    if (!moved)
        return false;
    for (uint32_t i = 0; i < stale->count; i++) {
        moved[i] = count;
        if (building->happened[i])
            stale->clusters[count++] = stale->clusters[i];
    }
    stale->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct stale_cluster *cluster = &stale->clusters[i];
        if (cluster->previous != STALE_NONE)
            cluster->previous = moved[cluster->previous];
        if (cluster->next != STALE_NONE)
            cluster->next = moved[cluster->next];
    }
    for (uint32_t i = 0; i < stale->read_count; i++)
        stale->reads[i].cluster = moved[stale->reads[i].cluster];
    budget_free(stale->budget, moved);
    return true;
}

enum stale_state stale_init(struct stale *stale, const struct object_source *source,
                            struct budget *budget)
{
    *stale =
        (struct stale){.source = source, .budget = budget, .op = PLACE_NONE, .other = PLACE_NONE};
    struct building building = {.stale = stale};
    enum stale_state state = make_room(&building) ? STALE_READY : STALE_SPENT;

    if (state == STALE_READY)
        state = add_writers(&building);
    if (state == STALE_READY)
        state = add_reads(&building);
    if (state == STALE_READY)
        state = link_cas(&building);
    if (state == STALE_READY && !leave_out(&building))
        state = STALE_SPENT;
    budget_free(budget, building.written);
    budget_free(budget, building.happened);
    return state;
}

void stale_release(struct stale *stale)
{
    budget_free(stale->budget, stale->clusters);
    budget_free(stale->budget, stale->reads);
    stale->clusters = NULL;
    stale->reads = NULL;
}
