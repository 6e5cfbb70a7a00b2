/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* search.h - configurations of the search for a linearization, shared by its engines.
 *
 * A configuration says what has taken effect by some event of an object's history. All that
 * returned before has; of what is open, a bit per operation says so; of optional
 * operations (their outcome is unknown) only how many of each kind took effect counts, since equal
 * ones are interchangeable. So its size depends on how many are open at once and not on the
 * history's length, and two configurations at the same event that are equal have the same future.
 *
 * Operations take effect as late as possible: only when a return demands it (just-in-time
 * linearization: Lowe 2017, section 5). Two kinds of operation never have to be tried at all:
 *   - a pure call (a read) takes effect as soon as the state allows it: nothing is lost by that;
 *   - an overwrite (a write) whose value nobody needs may be thought just before any other
 * overwrite that takes effect while it is open, or into any moment at which the state is the one it
 *     leaves. Then its duty is done, and yet it may still be used for its value.
 * So an open operation has two bits: `todo`, its duty is not done; `ready`, it can still be used.
 */
#ifndef ORDEAL_ENGINE_SEARCH_H
#define ORDEAL_ENGINE_SEARCH_H

#include "object.h"

/* words of todo, then as many of ready. */
struct config {
    uint32_t state;
    uint32_t used;  /* interned (kind, count) pairs, by kind; 0: none */
    uint32_t spent; /* a price of what was used: for engines that have to choose */
    uint32_t flags; /* an engine's own */
    uint64_t bits[];
};

/* A place between two events, and what is open there. */
struct sweep {
    struct object *object;
    size_t at;           /* the next event */
    uint32_t words;      /* 64-bit words of a set of slots */
    uint32_t *items;     /* by slot; ITEM_NONE: free */
    int32_t *twins;      /* by slot: the open operation with an equal call that returns next before
                          * it; used before it. -1: none */
    uint64_t *pure;      /* open pure calls */
    uint64_t *overwrite; /* open overwrites */
    uint32_t *started;   /* by kind: how many were invoked */
    uint64_t *rivals;    /* by kind: open operations that do the same as its optional ones */
    bool unlimited;      /* optional operations are never used up: allows more than is legal */
    uint32_t *ends;      /* by due item: the event of its return */
};

/* -1 when the budget is used up; sweep_release may be called in any case. */
int sweep_init(struct sweep *sweep, struct object *object);
void sweep_release(struct sweep *sweep);

/* Pass the next event, or take the last one back. */
void sweep_forward(struct sweep *sweep);
void sweep_back(struct sweep *sweep);
void sweep_seek(struct sweep *sweep, size_t at);

/* How many pure calls are open whose duty is not done. */
uint32_t sweep_reads(const struct sweep *sweep, const struct config *config);

static inline size_t config_size(const struct sweep *sweep)
{
    return sizeof(struct config) + 2 * sweep->words * sizeof(uint64_t);
}

static inline bool config_todo(const struct config *config, uint32_t slot)
{
    return config->bits[slot / 64] >> (slot % 64) & 1;
}

static inline bool config_ready(const struct sweep *sweep, const struct config *config,
                                uint32_t slot)
{
    return config->bits[sweep->words + slot / 64] >> (slot % 64) & 1;
}

void config_begin(const struct sweep *sweep, struct config *config);

/* A due operation is invoked (the sweep has passed the event), or returns with its
 * duty done. */
void config_open(const struct sweep *sweep, struct config *config, uint32_t slot);
void config_close(const struct sweep *sweep, struct config *config, uint32_t slot);

/* Updates are numbered: open ones by slot, behind the slots optional ones by kind. Whether update z
 * can take effect, and has to be tried; *state: the one after it. */
bool config_can(const struct sweep *sweep, const struct config *config, uint32_t z,
                uint32_t *state);

/* Let it take effect. */
void config_do(const struct sweep *sweep, struct config *config, uint32_t z, uint32_t state);

enum { SEARCH_STATES = 8 };

/* What a search found. */
struct search_result {
    enum { SEARCH_VALID, SEARCH_INVALID, SEARCH_SPENT } outcome;
    uint64_t configurations;        /* explored */
    uint32_t states[SEARCH_STATES]; /* invalid, breadth-first: the states possible at that return */
    uint32_t state_count;           /* SEARCH_STATES + 1: more than these */
    size_t
        furthest; /* the furthest event that was reached; invalid: the return that nothing allows */
};

/* Wing, Gong and Lowe's depth-first search with memory. `steps`: give up after so many
 * configurations; 0: when the budget is used up. */
void search_wgl(struct object *object, uint64_t steps, struct search_result *result);

struct levels_options {
    uint64_t steps; /* give up after so many configurations; 0: when the budget is used up */
    uint32_t width; /* how many configurations to keep at first */
    bool unlimited; /* take optional operations as never used up: this is quick, and refutes what
                     * even so has no linearization; SEARCH_VALID then says nothing, and
                     * SEARCH_SPENT also that `width` did not suffice */
};

/* Breadth-first, event by event: levels.c. */
void search_levels(struct object *object, const struct levels_options *options,
                   struct search_result *result);

#endif
