/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Sequential consistency: one legal order of all operations that contains every program order.
 *
 * Deciding it is NP-complete, so the questions come in order of their price, and each either
 * answers or makes the next one easier: the conflict order, a cycle of which refutes (what is not
 * CCv is not sequential); one schedule along it; causal memory, the failure of which refutes; all
 * forced edges, a cycle of which refutes; and then the search through all schedules along those.
 */
#include "conflicts.h"
#include "saturate.h"
#include "schedule.h"

enum { FIRST_TRY_DEAD_ENDS = 1000 };

static enum judgement judge_by_conflicts(const struct steps *steps, struct core *core,
                                         bool *scheduled)
{
    struct graph graph;
    enum judgement judgement = JUDGE_UNDECIDED;

    if (graph_init(&graph, steps))
        judgement = conflicts_find(steps, &graph, core);
    if (judgement == JUDGE_HOLDS)
        judgement = conflicts_judge_cycles(&graph, core);
    if (judgement == JUDGE_HOLDS)
        *scheduled = schedule_find(&graph, FIRST_TRY_DEAD_ENDS) == JUDGE_HOLDS;
    graph_release(&graph);
    return judgement;
}

static enum judgement judge_by_search(const struct steps *steps, struct core *core)
{
    struct graph graph;
    enum judgement judgement = JUDGE_UNDECIDED;

    if (graph_init(&graph, steps))
        judgement = saturate(&graph, core);
    if (judgement == JUDGE_HOLDS)
        judgement = schedule_find(&graph, SIZE_MAX);
    graph_release(&graph);
    return judgement;
}

enum judgement judge_sequential(const struct steps *steps, struct core *core)
{
    bool scheduled = false;
    enum judgement judgement = judge_by_conflicts(steps, core, &scheduled);

    if (judgement != JUDGE_HOLDS || scheduled)
        return judgement;
    judgement = judge_causal(steps, core);
    return judgement == JUDGE_HOLDS ? judge_by_search(steps, core) : judgement;
}
