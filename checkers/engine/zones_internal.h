/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* zones_internal.h - clusters, as zones.c finds them and zones_witness.c tells of them. */
#ifndef ORDEAL_ENGINE_ZONES_INTERNAL_H
#define ORDEAL_ENGINE_ZONES_INTERNAL_H

#include "registers.h"
#include "value_map.h"
#include "zones.h"

#define CLUSTER_NONE UINT32_MAX

/* One value: what wrote it, and what saw it. Cluster 0 is the initial value's, written by nobody
 * before all. */
struct cluster {
    int64_t min_end, max_start; /* over the writer and the reads, not the cas that ends it */
    uint32_t writer;            /* place in history->ops; PLACE_NONE: cluster 0 */
    uint32_t previous;          /* of the value that its cas found; CLUSTER_NONE: a write */
    uint32_t next;              /* of the cas that ended it; CLUSTER_NONE */
    bool happened;              /* the writer is due, or the value was seen */
    bool visited;
};

/* A chain of clusters that takes effect as one. */
struct zone {
    int64_t f, s;
    uint32_t root;
};

struct zones {
    const struct object_source *source;
    struct budget *budget;
    struct cluster *clusters;
    uint32_t count;
    struct value_map map; /* clusters by value, but for the initial one */
    struct zone *zones;
    uint32_t zone_count;
};

enum refutation_kind {
    REFUTED_BY_THIN_AIR, /* `op` saw the value of b (NONE: one that nobody wrote), which goes back
                          * to the cas of a, which found a value that nobody wrote */
    REFUTED_BY_ORDER,    /* in the chain of a, something in b precedes what must come before it */
    REFUTED_BY_TWO_CAS,  /* two cas, of clusters b and c, found the value of a */
    REFUTED_BY_CYCLE,    /* each cas of the chain of a found the value of another */
    REFUTED_BY_ZONES,    /* the chains of a and b each come before the other */
};

struct refutation {
    enum refutation_kind kind;
    uint32_t a, b, c;
    uint32_t op; /* place; PLACE_NONE */
};

/* The cluster of a value; CLUSTER_NONE if nobody wrote it. */
uint32_t zones_find(const struct zones *zones, value_id value);

/* The operation as a register's call; false if it constrains nothing (an unknown read). */
bool zones_call(const struct zones *zones, uint32_t place, struct call *call);

/* False when the budget is used up. */
bool zones_tell(const struct zones *zones, const struct refutation *refutation,
                struct excerpt *witness);

#endif
