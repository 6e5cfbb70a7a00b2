/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Weak causal consistency (CC): every read is explained by some order of its causal past.
 *
 * For distinct values it fails in four ways (Bouajjani et al., POPL 2017, theorem 3): a read of
 * thin air; a cycle in the causal order co; a read of the initial value with a write of its key
 * causally before it; and a read of a value that was causally overwritten: w1 co w2 co r, where r
 * reads w1 and all three are of one key.
 *
 * For the last, every write has a list of some that overwrite it: in each session the first write
 * of its key that has it in its past, unless one of those found before is in that past too. A read
 * violates CC exactly if one of those listed for its writer is in its past. For if w1 co w2, there
 * is a first write of w2's session with w1 in its past, w2 or one before it; and if w1 was skipped
 * there, then in favour of one that is listed, or of a later write of w1's own session, where the
 * next write after w1 is listed; and whatever it was, it is causally before w2.
 *
 * What is CCv is CC, and CCv is the cheaper question.
 */
#include "conflicts.h"

#include "frontier.h"

/* Edges to an own write from those that it overwrites directly and that are read. */
static bool add_overwritten(struct frontier *frontier, struct graph *graph, const bool *is_read,
                            uint32_t step)
{
    uint32_t write = frontier->head[graph->steps->at[step].key];

    if (!graph_open(graph, step, step))
        return false;
    for (; write != STEP_NONE; write = frontier->next[write]) {
        if (write == step || !frontier_matters(frontier, write, step) || !is_read[write])
            continue;
        if (!graph_add(graph, write))
            return false;
    }
    graph_close(graph);
    return true;
}

static bool overwrites_in_session(struct frontier *frontier, struct graph *graph,
                                  const bool *is_read, uint32_t session)
{
    const struct steps *steps = graph->steps;

    frontier_clear(frontier);
    for (uint32_t i = steps->first[session]; i < steps->first[session + 1]; i++) {
        bool is_write = step_is_write(&steps->at[i]);
        if (i % 1024 == 0 && budget_spent(steps->budget))
            return false;
        if (is_write && !add_overwritten(frontier, graph, is_read, i))
            return false;
        if (!(is_write ? frontier_write(frontier, i) : frontier_extend(frontier, i)))
            return false;
    }
    return true;
}

static bool find_overwrites(const struct steps *steps, struct graph *graph)
{
    struct frontier frontier;
    bool *is_read = budget_calloc(steps->budget, (size_t)steps->count + 1, 1);
    bool done = frontier_init(&frontier, steps) && is_read;

    for (uint32_t i = 0; done && i < steps->count; i++) {
        if (step_reads_from_step(&steps->at[i]))
            is_read[steps->at[i].from] = true;
    }
    for (uint32_t s = 0; done && s < steps->session_count; s++)
        done = !budget_spent(steps->budget) && overwrites_in_session(&frontier, graph, is_read, s);
    frontier_release(&frontier);
    budget_free(steps->budget, is_read);
    return done;
}

/* The same edges by their source: those of write w are at [first[w]] ... [first[w + 1] - 1]. */
struct overwriters {
    uint64_t *first;
    uint32_t *at;
};

static bool turn_around(const struct graph *graph, struct overwriters *overwriters)
{
    const struct steps *steps = graph->steps;
    uint64_t total = 0;

    overwriters->first = budget_calloc(steps->budget, (size_t)steps->count + 2, sizeof(uint64_t));
    overwriters->at = budget_alloc(steps->budget, (graph->edge_count + 1) * sizeof(uint32_t));
    if (!overwriters->first || !overwriters->at)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < steps->count; i++) {
            for (uint32_t at = graph->last[i]; at;) {
                struct edge_group group = graph_group(graph, at);
                for (uint32_t k = 0; k < group.count; k++) {
                    uint64_t *slot = &overwriters->first[group.sources[k] + 1];
                    if (pass == 1)
                        overwriters->at[*slot] = i;
                    ++*slot;
                }
                at = group.next;
            }
        }
        /* After counting: begin of each; filling moves each to its end, the next one's begin. */
        for (uint32_t i = 0; pass == 0 && i <= steps->count; i++) {
            uint64_t size = overwriters->first[i + 1];
            overwriters->first[i + 1] = total;
            total += size;
        }
    }
    return true;
}

static enum judgement judge_read(const struct past *past, const struct overwriters *overwriters,
                                 uint32_t read, struct core *core)
{
    const struct steps *steps = past->steps;
    uint32_t from = steps->at[read].from;

    if (from >= FROM_INITIAL)
        return JUDGE_HOLDS;
    for (uint64_t k = overwriters->first[from]; k < overwriters->first[from + 1]; k++) {
        uint32_t overwriter = overwriters->at[k];
        if (!past_has(past, overwriter))
            continue;
        core_add_path(core, steps, NULL, from, overwriter);
        core_add_path(core, steps, NULL, overwriter, read);
        return JUDGE_VIOLATED;
    }
    return JUDGE_HOLDS;
}

static enum judgement judge_reads(const struct steps *steps, const struct overwriters *overwriters,
                                  struct core *core)
{
    struct past past;
    enum judgement judgement = past_init(&past, steps) ? JUDGE_HOLDS : JUDGE_UNDECIDED;

    for (uint32_t s = 0; s < steps->session_count && judgement == JUDGE_HOLDS; s++) {
        past_clear(&past);
        for (uint32_t i = steps->first[s]; i < steps->first[s + 1]; i++) {
            if (step_is_write(&steps->at[i]))
                continue;
            if (!past_extend(&past, i) || (i % 1024 == 0 && budget_spent(steps->budget)))
                judgement = JUDGE_UNDECIDED;
            else
                judgement = judge_read(&past, overwriters, i, core);
            if (judgement != JUDGE_HOLDS)
                break;
        }
    }
    past_release(&past);
    return judgement;
}

static enum judgement judge_overwrites(const struct steps *steps, struct core *core)
{
    struct graph graph;
    struct overwriters overwriters = {NULL, NULL};
    enum judgement judgement = JUDGE_UNDECIDED;

    if (graph_init(&graph, steps) && find_overwrites(steps, &graph) &&
        turn_around(&graph, &overwriters))
        judgement = judge_reads(steps, &overwriters, core);
    graph_release(&graph);
    budget_free(steps->budget, overwriters.first);
    budget_free(steps->budget, overwriters.at);
    return judgement;
}

/* A cycle of the causal order itself. */
static enum judgement judge_causal_order(const struct steps *steps, struct core *core)
{
    struct graph graph;
    enum judgement judgement = JUDGE_UNDECIDED;

    if (graph_init(&graph, steps))
        judgement = conflicts_judge_cycles(&graph, core);
    graph_release(&graph);
    return judgement;
}

enum judgement judge_cc(const struct steps *steps, struct core *core)
{
    struct graph graph;
    enum judgement judgement = JUDGE_UNDECIDED;

    if (!graph_init(&graph, steps)) {
        graph_release(&graph);
        return JUDGE_UNDECIDED;
    }
    judgement = conflicts_find(steps, &graph, core);
    if (judgement != JUDGE_HOLDS) {
        graph_release(&graph);
        return judgement;
    }
    judgement = conflicts_judge_cycles(&graph, NULL);
    graph_release(&graph);
    if (judgement != JUDGE_VIOLATED)
        return judgement;
    judgement = judge_causal_order(steps, core);
    return judgement == JUDGE_HOLDS ? judge_overwrites(steps, core) : judgement;
}
