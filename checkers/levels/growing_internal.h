/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* growing_internal.h - how far growing.c came, for growing_witness.c to tell why no further. */
#ifndef ORDEAL_CHECKERS_LEVELS_GROWING_INTERNAL_H
#define ORDEAL_CHECKERS_LEVELS_GROWING_INTERNAL_H

#include "../engine/elements.h"
#include "growing.h"

/* A key's ranks: how many operations of each are still to be done. */
struct turn {
    uint32_t *left; /* by rank */
    uint32_t at, count;
    uint32_t waiting; /* a process whose next operation is for a later turn; UINT32_MAX */
};

struct process {
    uint32_t next, end;    /* of its operations, in `ordered` */
    uint32_t next_waiting; /* for the same key */
};

struct growing {
    const struct object_source *source;
    const struct history *history;
    const struct keys *keys;
    struct budget *budget;
    uint32_t *rank, *key;  /* by place in history->ops */
    struct keyed *ordered; /* what has a rank, by process and then by place */
    uint32_t ordered_count, done;
    struct turn *turns; /* by key */
    uint32_t *left;     /* of all turns */
    struct process *processes;
    uint32_t process_count;
    uint32_t *ready; /* processes to look at */
    uint32_t ready_count;
};

/* What one key's operations are a source of. */
struct object_source growing_key(const struct growing *growing, uint32_t key);

/* Something is left to be done, and nothing can be: fill in the few operations that wait for each
 * other in a circle, with the reads that show it. Nothing is filled in where the naive routine does
 * not agree that they have no order. */
void growing_tell(const struct growing *growing, struct excerpt *witness);

/* The same of a key whose reads contradict each other. */
void growing_tell_key(const struct growing *growing, uint32_t key, struct excerpt *witness);

#endif
