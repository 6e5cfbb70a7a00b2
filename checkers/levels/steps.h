/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* steps.h - a history of registers as the levels below linearizability see it: reads and writes
 * session by session, without time, each read with the write that it read from.
 *
 * A session is a process. A step is a read or a write that took effect. A compare-and-set that
 * succeeded is two steps, the read of the old value and, right after it in program order, the write
 * of the new one. Sequential consistency keeps the two together. The levels below have no single
 * order in which something could come between, so there the two are simply a read and a write.
 *
 * What is left out: failed operations, which did not happen; reads of unknown outcome, which say
 * nothing; and writes of unknown outcome whose value nobody read. The last are free to never have
 * happened, and whatever order explains a history with such a write explains it without. One whose
 * value was read did take effect, and follows its session's earlier operations.
 *
 * Where a value was written more than once to one key (the initial value counts as written once), a
 * read of it has several possible writers. `assignments` counts the ways to choose; a level holds
 * if it holds under one of them.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_STEPS_H
#define ORDEAL_CHECKERS_LEVELS_STEPS_H

#include "../../harness/history/history.h"

#define STEP_NONE UINT32_MAX

/* Values of step.from that are no step. */
#define FROM_WRITE UINT32_MAX         /* the step is a write */
#define FROM_INITIAL (UINT32_MAX - 1) /* it read the initial value */
#define STEPS_MAX (UINT32_MAX - 16)

struct step {
    uint32_t key;  /* 0 ... key_count - 1 */
    uint32_t from; /* the step whose value was read, FROM_INITIAL or FROM_WRITE */
};

struct steps {
    const struct history *history;
    struct step *at; /* session by session, each in program order */
    uint32_t count;
    uint32_t *place;   /* by step: its operation, in history->ops */
    uint32_t *session; /* by step */
    uint32_t *first;   /* by session: its first step; [session_count] = count */
    uint32_t session_count, key_count;
    uint64_t assignments; /* ways to pair reads with writers; UINT64_MAX: that or more */
    uint32_t culprit;     /* where the state says so: the place of an operation */
    int threads;          /* that may work on them at once; steps_build says 1 */
    struct budget *budget;
};

enum steps_state {
    STEPS_READY,
    STEPS_EMPTY,     /* nothing completed with success */
    STEPS_FOREIGN,   /* some operation is no register's */
    STEPS_THIN_AIR,  /* `culprit` read a value that nobody wrote */
    STEPS_NO_BUDGET, /* out of memory or time */
};

struct steps_input {
    const struct history *history;
    const uint32_t *places; /* the operations to look at, ascending; NULL: all */
    size_t place_count;
    value_id initial;    /* of each key */
    uint64_t assignment; /* which way to pair reads with writers, below `assignments` */
};

static inline bool step_is_write(const struct step *step)
{
    return step->from == FROM_WRITE;
}

/* Whether it read what another step wrote. */
static inline bool step_reads_from_step(const struct step *step)
{
    return step->from < FROM_INITIAL;
}

/* Fill `steps`, which the caller releases whatever the state. */
enum steps_state steps_build(struct steps *steps, const struct steps_input *input,
                             struct budget *budget);
void steps_release(struct steps *steps);

/* What an operation reads and writes if it takes effect; false (and no access) if it is no
 * register's. A value that it does not read or write is nil. */
enum { ACCESS_READS = 1, ACCESS_WRITES = 2 };
bool op_access(const struct op *op, int *access, value_id *reads, value_id *writes);

#endif
