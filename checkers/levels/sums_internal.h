/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* sums_internal.h - what the files of sums.h share. */
#ifndef ORDEAL_CHECKERS_LEVELS_SUMS_INTERNAL_H
#define ORDEAL_CHECKERS_LEVELS_SUMS_INTERNAL_H

#include "../engine/elements.h"
#include "sums.h"

#define SUM_UNBOUNDED INT64_MAX

/* Numbers are of 32 bits, so that no sum of them overflows. */
struct sums {
    const struct object_source *source;
    const struct history *history;
    const struct keys *keys;
    struct budget *budget;
    int64_t initial;
    /* By place in history->ops: */
    int64_t *number;        /* what was read, or added */
    int64_t *least, *most;  /* of an addition: the least value that it finds, and the greatest that
                             * it leaves (SUM_UNBOUNDED) */
    uint32_t *key;          /* its number */
    struct keyed *sessions; /* of one key: its operations by process, then by place */
    uint32_t session_count; /* operations there */
    int64_t *levels;        /* of one key: what reads returned, ascending, each once */
    uint32_t level_count;
};

static inline const struct op *sums_op(const struct sums *sums, uint32_t place)
{
    return &sums->history->ops[place];
}

static inline bool sums_is_read(const struct sums *sums, uint32_t place)
{
    return sums_op(sums, place)->f == OP_F_READ;
}

/* An operation that constrains nothing. */
static inline bool sums_is_void(const struct sums *sums, uint32_t place)
{
    return sums_is_read(sums, place) ? sums_op(sums, place)->type != OP_OK
                                     : sums->number[place] == 0;
}

static inline bool sums_same_session(const struct sums *sums, uint32_t i, uint32_t k)
{
    return sums->sessions[i].key == sums->sessions[k].key;
}

/* Of one key's additions, those released and not yet done, the earliest deadline at the root. */
struct sums_heap {
    uint32_t *places;
    uint32_t count;
};

struct sums_fitting {
    struct sums *sums;
    uint32_t *jobs; /* places of additions, by release */
    uint32_t job_count, released;
    int64_t *left; /* by place: how much of it is to be done */
    struct sums_heap due;
    int64_t *begun;   /* by level, from 1 on: what is to be added from there */
    uint32_t *places; /* of the refutation */
    uint32_t count;
    char *why;
};

static inline void sums_tell(struct sums_fitting *fitting, uint32_t place)
{
    fitting->places[fitting->count++] = place;
}

/* Tell why not, where something must have been added before a read of `to` and was not: too much
 * has to be added between some value and a read of this or another. FAST_NOT: it is not found. */
enum fast sums_refute_crowd(struct sums_fitting *fitting, int64_t to);

/* Likewise where all that can have been added before a read of `to` comes to less. */
enum fast sums_refute_lack(struct sums_fitting *fitting, int64_t to);

/* Likewise of a read (by place in sessions) of less, or more, than others can have made of it. */
void sums_tell_bounds(struct sums_fitting *fitting, uint32_t reader, bool is_less);

/* Look for an order of everything, where nothing negative is added. FAST_VALID: found, and checked
 * by sums_replay. FAST_NOT: not found. */
enum fast sums_order(const struct sums *sums);

/* Whether `count` places are an order of all operations that explains every read: from the
 * history alone. */
bool sums_replay(const struct object_source *source, const struct keys *keys, const uint32_t *order,
                 uint32_t count, struct budget *budget);

/* The naive routine: whether these operations show that the key they belong to, all of whose
 * operations are `one`, has no order. By one of these, from the history alone:
 *
 * - a read that returned less, or more, than whatever can have been added before it comes to,
 *   given what its own process had added;
 * - where nothing negative is added to the key: a process that read less than it had read;
 *   additions, each after a read of at least u and before one of at most v in its process, that
 *   come to more than v - u; or a read of v, when what can have been added before (not after
 *   somebody, of those given, read v or more) comes to less.
 */
bool sums_refute(const struct object_source *one, const struct excerpt *witness);

#endif
