/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* core.h - the question that each level's engine answers about steps, and what it hands back.
 *
 * A judge that finds a violation names a core: steps that by themselves are thought to violate the
 * level. It is a suggestion, from which the search for a small witness starts; nothing is believed
 * because of it.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_CORE_H
#define ORDEAL_CHECKERS_LEVELS_CORE_H

#include "steps.h"

enum judgement { JUDGE_HOLDS, JUDGE_VIOLATED, JUDGE_UNDECIDED };

struct core {
    uint32_t *steps; /* in no order, perhaps repeated */
    size_t count, capacity;
    bool failed; /* out of budget: incomplete */
    struct budget *budget;
};

void core_init(struct core *core, struct budget *budget);
void core_release(struct core *core);
void core_add(struct core *core, uint32_t step);

/* Add what shows that `from` comes before `to`, both included: a way along `previous` (by step:
 * the one directly before it in its session, or STEP_NONE; NULL: program order) and from writes to
 * their readers. */
void core_add_path(struct core *core, const struct steps *steps, const uint32_t *previous,
                   uint32_t from, uint32_t to);

/* Fill in a core only if violated. JUDGE_UNDECIDED when the budget is used up. */
typedef enum judgement judge(const struct steps *steps, struct core *core);

judge judge_sequential, judge_causal, judge_ccv, judge_cc, judge_pram, judge_read_your_writes,
    judge_monotonic_reads, judge_monotonic_writes, judge_writes_follow_reads;

#endif
