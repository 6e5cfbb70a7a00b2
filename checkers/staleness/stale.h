/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* stale.h - how far the reads of one register lag behind its writes, if no value is written twice.
 *
 * In time (delta): the least D such that the history would be linearizable had every read been
 * invoked D earlier (Golab, Li, Shah, Analyzing consistency properties for fun and profit, PODC
 * 2011). In versions (k): the least k such that some order of the operations, which respects which
 * of them preceded which, gives each read one of the k latest values before it (k-atomicity: Aiyer,
 * Alvisi, Bazzi 2005; Golab, Hurwitz, Li, On the k-atomicity-verification problem, ICDCS 2013).
 * Linearizable is delta 0, and k 1.
 *
 * Unknown outcomes count as they explain most: a write that nobody saw is left out, one that was
 * seen happened, at any time after its invocation. So delta and k are the least over what may have
 * happened; a lower bound holds whatever did, an upper bound is attained by something that may
 * have. Operations at equal times are concurrent, those of one process too.
 *
 * A successful cas takes effect right after the write whose value it found; only reads are moved.
 * Where there are cas, the number of versions is 1 or bounded from below only.
 */
#ifndef ORDEAL_STALENESS_STALE_H
#define ORDEAL_STALENESS_STALE_H

#include "../engine/object.h"

#define STALE_NONE UINT32_MAX

/* One value: what wrote it and what read it. The first is the initial value's, which nobody wrote,
 * before all. */
struct stale_cluster {
    int64_t start;     /* the writer's invocation */
    int64_t end;       /* the first return in it: the writer has taken effect by then */
    int64_t last;      /* the latest invocation of a read; INT64_MIN if there is none */
    uint32_t writer;   /* place in history->ops; PLACE_NONE: the initial value */
    uint32_t first;    /* place of what returned first; PLACE_NONE */
    uint32_t reader;   /* place of the read invoked last; PLACE_NONE */
    uint32_t previous; /* cas: the cluster of the value found; STALE_NONE */
    uint32_t next;     /* of the cas that found this value; STALE_NONE */

    /* What delta and versions found about the read invoked last. */
    int64_t late_ns; /* how much earlier it has to be at least; 0: need not */
    uint32_t newer;  /* the cluster whose value was there before; STALE_NONE if not late */
    uint32_t behind; /* writes that lie wholly between the writer and it */
};

struct stale_read {
    int64_t start;
    uint32_t cluster;
};

struct stale {
    const struct object_source *source;
    struct budget *budget;
    struct stale_cluster *clusters; /* that happened */
    uint32_t count;
    struct stale_read *reads; /* by invocation */
    uint32_t read_count;
    bool any_cas;
    uint32_t op, other; /* what stands against measuring: places; PLACE_NONE */
};

enum stale_state {
    STALE_READY,
    STALE_REPEATED, /* `op` writes a value that was written before, or the initial one */
    STALE_THIN_AIR, /* `op` saw a value that nobody wrote */
    STALE_EARLY,    /* read `op` returned before its write `other` was invoked: no shift helps */
    STALE_TORN,     /* cas that cannot follow one another, however reads are moved */
    STALE_SPENT,    /* the budget is used up */
};

/* Who wrote and who read each value. stale_release may be called in any case. */
enum stale_state stale_init(struct stale *stale, const struct object_source *source,
                            struct budget *budget);
void stale_release(struct stale *stale);

/* Delta, by zones in O(n log n); clusters' late_ns and newer. STALE_READY, STALE_TORN, STALE_SPENT.
 */
enum stale_state stale_delta(struct stale *stale, int64_t *delta_ns);

/* The number of versions: at least and at most; equal where it is exact, which it is up to 2.
 * `delta_ns` is that of stale_delta. False when the budget is used up: *least holds
 * nevertheless, and *most is 0 if nothing is known. */
bool stale_versions(struct stale *stale, int64_t delta_ns, uint32_t *least, uint32_t *most);

/* Whether k is at most 2. 1, 0, or -1 when the budget is used up. */
int stale_two_atomic(const struct stale *stale);

#endif
