/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* argument.h - the order that a level asks for of a few operations, derived the slow way with a
 * reason for each conclusion, until it contradicts itself.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_ARGUMENT_H
#define ORDEAL_CHECKERS_LEVELS_ARGUMENT_H

#include "level.h"

enum { NODES_MAX = 128, EDGES_MAX = 4096 };

enum reason {
    REASON_PROGRAM, /* one process did a, then b */
    REASON_FROM,    /* b read what a wrote */
    REASON_FOLLOWS, /* b's process read a in `cause`, then wrote b */
    REASON_INITIAL, /* a read the initial value, and b wrote another */
    /* conclusions */
    REASON_OVERWRITE, /* a is before the read `cause`, which read b */
    REASON_READ_FIRST /* a read `cause`, which b overwrites */
};

struct edge {
    uint8_t a, b, cause;
    enum reason reason;
    bool told;
};

struct argument {
    const struct steps *steps; /* at most NODES_MAX */
    enum weak_level level;
    uint32_t session;             /* whose view it is about; STEP_NONE: everybody's */
    struct edge edges[EDGES_MAX]; /* a conclusion rests on those before it */
    size_t edge_count;
    bool before[NODES_MAX][NODES_MAX];
};

/* Derive everything, for a level and a session's view. */
void argument_make(struct argument *argument, uint32_t session);

/* A shortest chain of the first `limit` edges from a to b, as their numbers; 0 if there is none. */
size_t argument_chain(const struct argument *argument, uint32_t a, uint32_t b, size_t limit,
                      size_t chain[NODES_MAX]);

/* A read of the initial value with a write of its key before it: the chain between the two. 0 if
 * there is none. */
size_t argument_initial_read(const struct argument *argument, size_t chain[NODES_MAX]);

/* A short chain from an operation back to itself. 0 if there is none. */
size_t argument_circle(const struct argument *argument, size_t chain[NODES_MAX]);

static inline bool is_conclusion(const struct edge *edge)
{
    return edge->reason >= REASON_OVERWRITE;
}

#endif
