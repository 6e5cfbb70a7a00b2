/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The few operations that show what zones.c found: of each cluster involved its writer, and the
 * operations that return first and are invoked last. Where a chain of cas is involved only its part
 * in between is told: the first cas of that part may have found any value.
 */
#include "zones_internal.h"

/* The part of a chain from cluster `first` to `last`. */
struct part {
    uint32_t first, last;
    uint32_t ends_first, starts_last; /* the clusters with the return and the invocation */
};

static const struct op *op_at(const struct zones *zones, uint32_t place)
{
    return &zones->source->history->ops[place];
}

/* Any read of the cluster's value that completes or is invoked at that time; PLACE_NONE. */
static uint32_t find_read(const struct zones *zones, uint32_t cluster, const int64_t *end_ns,
                          const int64_t *start_ns)
{
    for (size_t i = 0; i < zones->source->count; i++) {
        uint32_t place = zones->source->places[i];
        const struct op *op = op_at(zones, place);
        struct call call;
        if ((end_ns && op->complete_ns != *end_ns) || (start_ns && op->invoke_ns != *start_ns))
            continue;
        if (zones_call(zones, place, &call) && call.op == REGISTERS_READ &&
            zones_find(zones, call.result) == cluster)
            return place;
    }
    return PLACE_NONE;
}

static void add_writer(const struct zones *zones, uint32_t cluster, uint8_t relaxed,
                       struct excerpt *witness)
{
    if (zones->clusters[cluster].writer != PLACE_NONE)
        excerpt_add(witness, zones->clusters[cluster].writer,
                    zones->clusters[cluster].previous != CLUSTER_NONE ? relaxed : 0);
}

static void add_first_end(const struct zones *zones, uint32_t cluster, struct excerpt *witness)
{
    const struct cluster *self = &zones->clusters[cluster];

    if (self->writer == PLACE_NONE || op_end_ns(op_at(zones, self->writer)) == self->min_end)
        return;
    excerpt_add(witness, find_read(zones, cluster, &self->min_end, NULL), 0);
}

static void add_last_start(const struct zones *zones, uint32_t cluster, struct excerpt *witness)
{
    const struct cluster *self = &zones->clusters[cluster];

    if (self->writer != PLACE_NONE && op_at(zones, self->writer)->invoke_ns == self->max_start)
        return;
    if (self->max_start != INT64_MIN)
        excerpt_add(witness, find_read(zones, cluster, NULL, &self->max_start), 0);
}

/* What shows that the cluster's writer took effect, if its outcome is unknown: somebody saw its
 * value, or that of a cas that did. */
static void add_proof(const struct zones *zones, uint32_t cluster, struct excerpt *witness)
{
    for (uint32_t i = cluster, left = zones->count; i != CLUSTER_NONE && left > 0;
         i = zones->clusters[i].next, left--) {
        uint32_t writer = zones->clusters[i].writer;
        if (i != cluster)
            add_writer(zones, i, 0, witness);
        if (writer == PLACE_NONE || op_at(zones, writer)->type == OP_OK)
            return;
        uint32_t read = find_read(zones, i, NULL, NULL);
        if (read != PLACE_NONE) {
            excerpt_add(witness, read, 0);
            return;
        }
    }
}

/* The writers of a part of a chain, the first one without what it needs. */
static void add_part(const struct zones *zones, uint32_t first, uint32_t last,
                     struct excerpt *witness)
{
    for (uint32_t i = first; i != CLUSTER_NONE; i = zones->clusters[i].next) {
        add_writer(zones, i, i == first ? RELAX_NEED : 0, witness);
        if (i == last)
            break;
    }
}

static void tell_thin_air(const struct zones *zones, const struct refutation *refutation,
                          struct excerpt *witness)
{
    if (refutation->op != PLACE_NONE)
        excerpt_add(witness, refutation->op, 0);
    if (refutation->b == CLUSTER_NONE)
        return;
    for (uint32_t i = refutation->b;; i = zones->clusters[i].previous) {
        excerpt_add(witness, zones->clusters[i].writer, 0);
        if (i == refutation->a)
            return;
    }
}

/* The first return in cluster b precedes the last invocation of the nearest cluster before it, or
 * of its own writer. */
static void tell_order(const struct zones *zones, const struct refutation *refutation,
                       struct excerpt *witness)
{
    int64_t end_ns = zones->clusters[refutation->b].min_end;
    uint32_t nearest = refutation->b;

    if (op_at(zones, zones->clusters[refutation->b].writer)->invoke_ns <= end_ns) {
        for (uint32_t i = refutation->a; i != refutation->b; i = zones->clusters[i].next) {
            if (zones->clusters[i].max_start > end_ns)
                nearest = i;
        }
        add_last_start(zones, nearest, witness);
    }
    add_part(zones, nearest, refutation->b, witness);
    add_first_end(zones, refutation->b, witness);
}

static void tell_two_cas(const struct zones *zones, const struct refutation *refutation,
                         struct excerpt *witness)
{
    add_writer(zones, refutation->a, RELAX_NEED, witness);
    excerpt_add(witness, zones->clusters[refutation->b].writer, 0);
    excerpt_add(witness, zones->clusters[refutation->c].writer, 0);
    add_proof(zones, refutation->b, witness);
    add_proof(zones, refutation->c, witness);
}

static void tell_cycle(const struct zones *zones, const struct refutation *refutation,
                       struct excerpt *witness)
{
    uint32_t i = refutation->a;

    do {
        excerpt_add(witness, zones->clusters[i].writer, 0);
        i = zones->clusters[i].next;
    } while (i != refutation->a);
    add_proof(zones, refutation->a, witness);
}

/* The shortest part of a chain that has a return before other_s and an invocation after other_f. */
static struct part find_part(const struct zones *zones, uint32_t root, int64_t other_f,
                             int64_t other_s)
{
    struct part best = {root, root, root, root}, now = {CLUSTER_NONE, CLUSTER_NONE, 0, 0};
    uint32_t at = 0, end_at = 0, start_at = 0, best_length = UINT32_MAX;

    for (uint32_t i = root; i != CLUSTER_NONE; i = zones->clusters[i].next, at++) {
        if (zones->clusters[i].min_end < other_s) {
            now.ends_first = now.first = i;
            end_at = at;
        }
        if (zones->clusters[i].max_start > other_f) {
            now.starts_last = now.last = i;
            start_at = at;
        }
        if (now.first == CLUSTER_NONE || now.last == CLUSTER_NONE)
            continue;
        uint32_t length = end_at < start_at ? start_at - end_at : end_at - start_at;
        if (length < best_length) {
            best_length = length;
            best = now;
            best.first = end_at < start_at ? now.ends_first : now.starts_last;
            best.last = i;
        }
    }
    return best;
}

static void tell_part(const struct zones *zones, const struct part *part, struct excerpt *witness)
{
    add_part(zones, part->first, part->last, witness);
    add_first_end(zones, part->ends_first, witness);
    add_last_start(zones, part->starts_last, witness);
    add_proof(zones, part->last, witness);
}

static void tell_zones(const struct zones *zones, const struct refutation *refutation,
                       struct excerpt *witness)
{
    const struct zone *a = zones->zones, *b = zones->zones;

    while (a->root != refutation->a)
        a++;
    while (b->root != refutation->b)
        b++;
    struct part first = find_part(zones, a->root, b->f, b->s);
    struct part second = find_part(zones, b->root, zones->clusters[first.ends_first].min_end,
                                   zones->clusters[first.starts_last].max_start);
    tell_part(zones, &first, witness);
    tell_part(zones, &second, witness);
}

bool zones_tell(const struct zones *zones, const struct refutation *refutation,
                struct excerpt *witness)
{
    if (!fast_begin_witness(zones->source, zones->budget, witness))
        return false;
    switch (refutation->kind) {
    case REFUTED_BY_THIN_AIR:
        tell_thin_air(zones, refutation, witness);
        break;
    case REFUTED_BY_ORDER:
        tell_order(zones, refutation, witness);
        break;
    case REFUTED_BY_TWO_CAS:
        tell_two_cas(zones, refutation, witness);
        break;
    case REFUTED_BY_CYCLE:
        tell_cycle(zones, refutation, witness);
        break;
    case REFUTED_BY_ZONES:
        tell_zones(zones, refutation, witness);
        break;
    }
    return true;
}
