/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Causal convergence (CCv): one order of all writes, containing the causal order, explains every
 * read from its causal past.
 *
 * For distinct values it fails in four ways (Bouajjani, Enea, Guerraoui, Hamza, "On Verifying
 * Causal Consistency", POPL 2017, theorem 4): a read of thin air; a cycle in the causal order co,
 * which is program order and reads-from; a read of the initial value with a write of its key
 * causally before it; and a cycle of co and the conflict order. The fourth contains the second, and
 * also a read of a causally overwritten value.
 */
#include "conflicts.h"

#include "frontier.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CYCLE_MAX = 4096 };

/* What `read` forces on the writes of its key. Those that came with it came through the write that
 * it reads, and are causally before that; so only those matter that were there already. */
static enum judgement judge_read(struct frontier *frontier, struct graph *graph, uint32_t read,
                                 struct core *core)
{
    const struct steps *steps = graph->steps;
    struct step step = steps->at[read];
    uint32_t write = frontier->head[step.key];

    if (!frontier_extend(frontier, read))
        return JUDGE_UNDECIDED;
    if (step.from == FROM_INITIAL) {
        if (write == STEP_NONE)
            return JUDGE_HOLDS;
        core_add_path(core, steps, NULL, write, read);
        return JUDGE_VIOLATED;
    }
    if (!graph_open(graph, step.from, read))
        return JUDGE_UNDECIDED;
    for (; write != STEP_NONE; write = frontier->next[write]) {
        if (!frontier_matters(frontier, write, read) || write == step.from)
            continue;
        bool in_program_order =
            write < step.from && steps->session[write] == steps->session[step.from];
        if (!in_program_order && !graph_add(graph, write))
            return JUDGE_UNDECIDED;
    }
    graph_close(graph);
    frontier_collapse(frontier, step.from);
    return JUDGE_HOLDS;
}

static enum judgement judge_session(struct frontier *frontier, struct graph *graph,
                                    uint32_t session, struct core *core)
{
    const struct steps *steps = graph->steps;
    enum judgement judgement = JUDGE_HOLDS;

    frontier_clear(frontier);
    for (uint32_t i = steps->first[session];
         i < steps->first[session + 1] && judgement == JUDGE_HOLDS; i++) {
        if (i % 1024 == 0 && budget_spent(steps->budget))
            return JUDGE_UNDECIDED;
        if (!step_is_write(&steps->at[i]))
            judgement = judge_read(frontier, graph, i, core);
        else if (!frontier_write(frontier, i))
            judgement = JUDGE_UNDECIDED;
    }
    return judgement;
}

/* -- sessions side by side ----------------------------------------------------------------------
 */

enum { THREADS_MAX = 16, STEPS_PER_THREAD = 20000 };

/* Every so many-th session, with edges and a core of its own. */
struct worker {
    const struct steps *steps;
    struct graph *graph, own;
    struct core core;
    uint32_t first, stride;
    _Atomic uint32_t *stop; /* the first session known to violate: later ones do not matter */
    uint32_t violated;      /* likewise of this worker */
    enum judgement judgement;
    pthread_t thread;
    bool started;
};

static void *judge_sessions(void *ctx)
{
    struct worker *worker = ctx;
    const struct steps *steps = worker->steps;
    struct frontier frontier;

    worker->judgement = JUDGE_UNDECIDED;
    worker->violated = UINT32_MAX;
    if (frontier_init(&frontier, steps)) {
        worker->judgement = JUDGE_HOLDS;
        for (uint32_t s = worker->first;
             s < steps->session_count && s < atomic_load(worker->stop) &&
             worker->judgement == JUDGE_HOLDS;
             s += worker->stride) {
            worker->judgement = budget_spent(steps->budget)
                                    ? JUDGE_UNDECIDED
                                    : judge_session(&frontier, worker->graph, s, &worker->core);
            if (worker->judgement == JUDGE_VIOLATED)
                worker->violated = s;
        }
    }
    frontier_release(&frontier);
    uint32_t stop = atomic_load(worker->stop);
    while (worker->violated < stop &&
           !atomic_compare_exchange_weak(worker->stop, &stop, worker->violated))
        ;
    return NULL;
}

/* What the workers found together: the violation of the first session that has one, so that it is
 * the same every time. */
static enum judgement combine(struct worker *workers, uint32_t count, struct core *core)
{
    enum judgement judgement = JUDGE_HOLDS;
    uint32_t first = UINT32_MAX, at = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (workers[i].judgement == JUDGE_UNDECIDED)
            judgement = JUDGE_UNDECIDED;
        if (workers[i].violated < first) {
            first = workers[i].violated;
            at = i;
        }
    }
    if (first != UINT32_MAX) {
        struct core empty = *core;
        *core = workers[at].core;
        workers[at].core = empty;
        return JUDGE_VIOLATED;
    }
    for (uint32_t i = 1; i < count && judgement == JUDGE_HOLDS; i++) {
        if (!graph_absorb(workers[0].graph, workers[i].graph))
            judgement = JUDGE_UNDECIDED;
    }
    return judgement;
}

static uint32_t workers_for(const struct steps *steps)
{
    uint32_t count = steps->count / STEPS_PER_THREAD + 1;

    if (count > (uint32_t)steps->threads)
        count = (uint32_t)steps->threads;
    if (count > steps->session_count)
        count = steps->session_count;
    if (count > THREADS_MAX)
        count = THREADS_MAX;
    return count ? count : 1;
}

enum judgement conflicts_find(const struct steps *steps, struct graph *graph, struct core *core)
{
    struct worker workers[THREADS_MAX] = {0};
    uint32_t count = workers_for(steps);
    _Atomic uint32_t stop = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        struct worker *worker = &workers[i];
        *worker = (struct worker){
            .steps = steps, .graph = i ? &worker->own : graph, .first = i, .stride = count};
        worker->stop = &stop;
        worker->judgement = JUDGE_UNDECIDED;
        worker->violated = UINT32_MAX;
        core_init(&worker->core, steps->budget);
        if (i && graph_init(&worker->own, steps))
            worker->started = pthread_create(&worker->thread, NULL, judge_sessions, worker) == 0;
    }
    (void)judge_sessions(&workers[0]);
    for (uint32_t i = 1; i < count; i++) {
        if (workers[i].started)
            (void)pthread_join(workers[i].thread, NULL);
        else if (workers[i].own.last)
            (void)judge_sessions(&workers[i]);
    }
    enum judgement judgement = combine(workers, count, core);
    for (uint32_t i = 0; i < count; i++) {
        core_release(&workers[i].core);
        if (i)
            graph_release(&workers[i].own);
    }
    return judgement;
}

/* -- cycles ------------------------------------------------------------------------------------ */

static void explain_cycle(const struct graph *graph, const uint32_t *degree, struct core *core)
{
    struct budget *budget = graph->steps->budget;
    uint32_t *path = budget_alloc(budget, CYCLE_MAX * sizeof *path);

    if (!path) {
        core->failed = true;
        return;
    }
    size_t count = graph_cycle(graph, degree, path, CYCLE_MAX);
    core->failed |= count == 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t source = path[i], target = path[(i + 1) % count];
        uint32_t group = graph_group_of(graph, source, target, UINT32_MAX);
        core_add(core, source);
        if (group)
            core_add_path(core, graph->steps, NULL, source, graph_group(graph, group).cause);
    }
    budget_free(budget, path);
}

enum judgement conflicts_judge_cycles(const struct graph *graph, struct core *core)
{
    struct budget *budget = graph->steps->budget;
    uint32_t *order = budget_alloc(budget, ((size_t)graph->steps->count + 1) * sizeof *order);
    uint32_t *degree = budget_alloc(budget, ((size_t)graph->steps->count + 1) * sizeof *degree);
    enum judgement judgement = JUDGE_UNDECIDED;

    if (order && degree && !budget_spent(budget)) {
        judgement = graph_order(graph, order, degree) ? JUDGE_HOLDS : JUDGE_VIOLATED;
        budget_free(budget, order);
        order = NULL;
        if (judgement == JUDGE_VIOLATED && core)
            explain_cycle(graph, degree, core);
    }
    budget_free(budget, order);
    budget_free(budget, degree);
    return judgement;
}

enum judgement judge_ccv(const struct steps *steps, struct core *core)
{
    struct graph graph;
    enum judgement judgement = JUDGE_UNDECIDED;

    if (graph_init(&graph, steps)) {
        judgement = conflicts_find(steps, &graph, core);
        if (judgement == JUDGE_HOLDS)
            judgement = conflicts_judge_cycles(&graph, core);
    }
    graph_release(&graph);
    return judgement;
}
