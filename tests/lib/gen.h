/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* gen.h - histories made by the thousand: all small ones, random ones, long ones, damaged ones.
 *
 * What clients may ask of an object and what it may answer is a table in gen.c, one row per model.
 * Everything random comes from the rng given, so a seed brings a history back.
 */
#ifndef ORDEAL_TESTS_LIB_GEN_H
#define ORDEAL_TESTS_LIB_GEN_H

#include "../../harness/base/rng.h"
#include "../../harness/history/history.h"

typedef void gen_visit(void *ctx, struct history *history);

/* -- all small histories --------------------------------------------------------------------- */

struct gen_all {
    const char *model;
    int ops;       /* exactly */
    int processes; /* at most; 0: one operation each, and as few as possible, only */
    int keys;
    int values;      /* 1..values */
    bool real_time;  /* all ways in which intervals can overlap; else one after another */
    bool info, fail; /* updates whose outcome is unknown; operations that failed */
    bool plausible;  /* gen_all_distinct: nobody reads what nobody writes to that key */
};

/* Visit every history of the space, up to renaming of processes and to moving a time without
 * passing another operation's. Returns how many. The history is the visitor's until it returns. */
uint64_t gen_all(const struct gen_all *space, gen_visit *visit, void *ctx);

/* The same of reads and writes in which each write has a value of its own: what the levels without
 * real time look at. Reads return any value that somebody wrote (to any key), nil, or one that
 * nobody wrote. `model`, `values`, `real_time` are not looked at. */
uint64_t gen_all_distinct(const struct gen_all *space, gen_visit *visit, void *ctx);

/* -- random histories ------------------------------------------------------------------------ */

struct gen_random {
    const char *model;
    int ops, processes, keys;
    int values;   /* 0: each written value is new; else 1..values */
    int initial;  /* of each object; 0: nil */
    int info_pct; /* of operations whose outcome the client does not learn */
    int fail_pct;
    int still_pct; /* of events at the time of the one before */
    int lag_pct;   /* gen_weak: how likely a message waits at each step */
    bool lines;    /* gen_valid: events of equal times have the lines of a recorder, in the order in
                    * which they came about; else that of their operations' ends */
};

/* A history of objects that work: every operation takes effect at one moment between its invocation
 * and its completion. Linearizable by construction. */
void gen_valid(struct rng *rng, const struct gen_random *space, struct history *history);

/* How a replicated store of registers orders what a process sees. */
enum gen_store {
    GEN_CAUSAL,     /* replicas apply writes in causal order, each its own: causal (CM) */
    GEN_CONVERGENT, /* the same, but the write latest in one total order stays: ccv */
    GEN_FIFO,       /* replicas apply each process's writes in its order: pram */
    GEN_ANY,        /* replicas apply others' writes in any order: read-your-writes */
    GEN_STORES
};

/* Reads and writes with distinct values of such a store, one replica per process. */
void gen_weak(struct rng *rng, const struct gen_random *space, enum gen_store store,
              struct history *history);

/* Anything at all, of the model's operations and answers. */
void gen_noise(struct rng *rng, const struct gen_random *space, struct history *history);

/* One small change: a stale or swapped answer, a lost operation, another outcome, other times. The
 * result is a history, valid or not. */
void gen_damage(struct rng *rng, struct history *history);

/* Add reads somewhere that `level` forbids, to a history of registers with distinct values: of a
 * value overwritten before (linearizable), by the process that overwrote it (sequential, causal,
 * ccv, cc, pram, read-your-writes), or by a new process that reads old, new, old (the others).
 * False if nothing was overwritten. */
bool gen_add_stale_read(struct rng *rng, const char *level, struct history *history);

/* Add, by a new process at the end, what an object of `model` cannot do after any history of
 * distinct values without unknown outcomes: an element taken twice, a lock released twice, a sum
 * too large. */
void gen_add_impossible(struct rng *rng, const char *model, struct history *history);

/* -- the same history told otherwise --------------------------------------------------------- */

enum gen_change {
    GEN_PROCESSES,
    GEN_KEYS,
    GEN_VALUES,
    GEN_SHIFT,
    GEN_SCALE,
    GEN_TIES,
    GEN_CHANGES
};

/* `copy`, initialised with the same budget, becomes `history` with processes renamed, and so on.
 * Integer values alone are renamed, 0 and nil are not. */
void gen_retell(struct rng *rng, const struct history *history, enum gen_change change,
                struct history *copy);

#endif
