/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* views.h - levels at which each process p has a view of its own: one legal sequence of all writes
 * and p's reads, with p's reads in program order. Causal memory, PRAM, monotonic writes and writes
 * follow reads are this, and differ only in the order between writes that a view must respect.
 *
 * Call p's reads r1, r2, ..., rm. The view exists exactly if the smallest relation before that
 * contains the order asked for and
 *
 *     w before ri, ri reads w', w and w' of one key   =>   w before w'
 *
 * has no cycle, and no read of the initial value has a write of its key before it (Bouajjani et
 * al., POPL 2017, theorem 5, for causal memory; the proof needs only that p's reads are in
 * sequence: put the writes that are before r1 and then r1, then those before r2, and so on, each
 * batch in any order that contains before; the rule makes the write that ri reads the last of its
 * key).
 *
 * All that is needed to know of a write w is its position: the least i such that w is before ri.
 * If w and w' are of one key, ri reads w', and w's position is at most i, the rule lowers w's
 * position to that of w', and with it those of all that come before w. Positions only fall, and
 * only towards smaller numbers, so that one sweep from rm down to r1 reaches the smallest fixed
 * point. Then before leads from lower to equal or higher positions only, and a cycle lies within
 * one position; or it passes through p's own program order, where it shows as an own write whose
 * position is not above the number of reads that p did before it.
 *
 * A view costs time in proportion to the writes that it is about (each is visited once, and again
 * each time that its position falls) and memory in proportion to the steps.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_VIEWS_H
#define ORDEAL_CHECKERS_LEVELS_VIEWS_H

#include "core.h"

/* The order that a view must respect. */
struct view_rules {
    /* What comes directly before a step of another session, or of p's own if own_order is not set:
     * the step before it; the write before it; the read before it (and so what that read from). */
    enum { LINK_STEPS, LINK_WRITES, LINK_READS } link;
    bool own_order; /* p's reads and writes stand in program order to each other */
};

/* Why a position fell: `root`, at `position` because of `because`, is before p's read number
 * `reader`, which reads `target`; that one's position is `target_position` because of
 * `target_because`. Everything before `root` fell with it. */
struct view_fall {
    uint32_t root, position, because;
    uint32_t target, target_position, target_because;
    uint32_t reader;
};

#define POSITION_NONE UINT32_MAX /* before none of p's reads */

struct view {
    const struct steps *steps;
    struct view_rules rules;
    struct core *core;
    uint32_t session;   /* p */
    uint32_t *previous; /* by step: what comes directly before it, or STEP_NONE */
    uint32_t *reads;    /* p's reads, from [1] on */
    uint32_t read_count;
    uint32_t *early; /* LINK_READS: reads of a write that comes after them in their own session */
    uint32_t early_count;
    uint32_t *position; /* by step */
    uint32_t *because;  /* by step with a position: 0, or 1 + the fall that gave it */
    uint32_t *reader;   /* by write: number of a read of p that reads it; 0: none (yet) */
    uint32_t *head;     /* by position: writes, linked by next; some have fallen since */
    uint32_t *next;
    uint32_t *lowest;     /* by key: of the writes that have a reader, the one lowest down */
    uint32_t *key_head;   /* by key: writes of the position being looked at, linked by key_next */
    uint32_t *key_next;   /* by write */
    uint8_t *state;       /* by step: where the search for cycles has been */
    struct frame *frames; /* of that search */
    uint32_t *pending;
    size_t pending_count, pending_capacity, frame_capacity;
    struct view_fall *falls;
    size_t fall_count, fall_capacity;
};

/* Violated, with a core, if some p has no such view. */
enum judgement views_judge(const struct steps *steps, struct view_rules rules, struct core *core);

/* -- between the files of the engine ----------------------------------------------------------- */

/* Writes follow reads, of an early read of write w: w comes before all writes after that read but
 * itself. So that read is on no chain of previous steps, and this lists what else comes directly
 * before `write`: one at a time, *at being 0 at first, and STEP_NONE in the end. */
uint32_t view_next_early(const struct view *view, uint32_t write, uint32_t *at);

/* Look for a cycle among the writes at one position (view_cycles.c). */
enum judgement view_judge_position(struct view *view, uint32_t position);

/* Add to the core why `step` has `position` (view_core.c). */
void view_explain(struct view *view, uint32_t step, uint32_t position, uint32_t because);

/* Whether an array can hold `count` + 1 elements, if need be after growing it. */
bool view_grow(struct view *view, void *array, size_t *capacity, size_t count, size_t size);

#endif
