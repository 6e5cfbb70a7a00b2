/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A short cycle in a graph that has one, and a short way between two steps. The cycle: the smallest
 * strongly connected component by Tarjan's algorithm, then the shortest way from some of its steps
 * back to themselves. Both go against the edges, since edges are kept by their target. Short cycles
 * make short witnesses; that this one is the shortest of all is not claimed.
 */
#include "graph.h"

#include <string.h>

enum { STARTS = 64 }; /* steps from which a shortest way is looked for */

struct components {
    const struct graph *graph;
    const uint32_t *degree;
    uint32_t *index, *low; /* Tarjan's, by step; index 0: not met; low UINT32_MAX: done */
    uint32_t *stack;       /* met, component not known yet */
    struct graph_sources *calls;
    uint32_t stack_count, call_count, index_count;
    uint32_t *smallest;
    uint32_t smallest_count; /* UINT32_MAX: none yet */
};

static void enter(struct components *components, uint32_t step)
{
    components->index[step] = components->low[step] = ++components->index_count;
    components->stack[components->stack_count++] = step;
    components->calls[components->call_count++] =
        (struct graph_sources){.step = step, .limit = UINT32_MAX};
}

/* The component that `step` is the root of is on top of the stack. */
static void take_component(struct components *components, uint32_t step)
{
    uint32_t end = components->stack_count, begin = end;

    do
        components->low[components->stack[--begin]] = UINT32_MAX;
    while (components->stack[begin] != step);
    components->stack_count = begin;
    if (end - begin > 1 && end - begin < components->smallest_count) {
        components->smallest_count = end - begin;
        memcpy(components->smallest, components->stack + begin, (end - begin) * sizeof step);
    }
}

static void walk_from(struct components *components, uint32_t start)
{
    enter(components, start);
    while (components->call_count) {
        struct graph_sources *call = &components->calls[components->call_count - 1];
        uint32_t source, step = call->step;
        if (graph_next_source(components->graph, call, &source)) {
            if (!components->degree[source])
                continue;
            if (!components->index[source])
                enter(components, source);
            else if (components->low[source] != UINT32_MAX &&
                     components->index[source] < components->low[step])
                components->low[step] = components->index[source];
            continue;
        }
        uint32_t low = components->low[step];
        if (low == components->index[step])
            take_component(components, step);
        if (--components->call_count) {
            uint32_t caller = components->calls[components->call_count - 1].step;
            if (low < components->low[caller])
                components->low[caller] = low;
        }
    }
}

/* -- the shortest way back --------------------------------------------------------------------- */

struct search {
    const struct graph *graph;
    uint32_t *parent; /* by step: the one after it on the way; STEP_NONE: not met */
    uint32_t *queue;
    const uint32_t *members;
    uint32_t member_count;
};

/* The step after `start` on a shortest cycle through it, STEP_NONE if there is none; the rest
 * follows from search->parent. */
static uint32_t find_way_back(struct search *search, const bool *in_component, uint32_t start)
{
    uint32_t begin = 0, end = 0;

    for (uint32_t i = 0; i < search->member_count; i++)
        search->parent[search->members[i]] = STEP_NONE;
    search->queue[end++] = start;
    while (begin < end) {
        uint32_t step = search->queue[begin++], source;
        struct graph_sources sources = {.step = step, .limit = UINT32_MAX};
        while (graph_next_source(search->graph, &sources, &source)) {
            if (source == start)
                return step;
            if (!in_component[source] || search->parent[source] != STEP_NONE)
                continue;
            search->parent[source] = step;
            search->queue[end++] = source;
        }
    }
    return STEP_NONE;
}

/* Whether `step` is entered and left in program order, so that its neighbours are ordered without
 * it. */
static bool is_passed_through(const struct steps *steps, uint32_t before, uint32_t step,
                              uint32_t after)
{
    return before < step && step < after && steps->session[before] == steps->session[step] &&
           steps->session[step] == steps->session[after];
}

static size_t collect(const struct search *search, uint32_t start, uint32_t step, uint32_t *path,
                      size_t max)
{
    uint32_t before = start;
    size_t count = 0;

    path[count++] = start;
    for (; step != start; step = search->parent[step]) {
        uint32_t after = search->parent[step];
        if (after == STEP_NONE)
            after = start;
        if (is_passed_through(search->graph->steps, before, step, after))
            continue;
        if (count == max)
            return 0;
        path[count++] = before = step;
        if (after == start)
            break;
    }
    return count;
}

static size_t shortest_cycle(struct search *search, const bool *in_component, uint32_t *path,
                             size_t max)
{
    uint32_t *candidate = budget_alloc(search->graph->steps->budget, max * sizeof *candidate);
    size_t best = 0;
    int starts = 0;

    for (uint32_t i = 0; candidate && i < search->member_count && starts < STARTS; i++) {
        uint32_t start = search->members[i];
        /* A cycle without a derived edge has a read that another session's write leads to. */
        if (!search->graph->last[start] && !step_reads_from_step(&search->graph->steps->at[start]))
            continue;
        if (budget_spent(search->graph->steps->budget))
            break;
        uint32_t step = find_way_back(search, in_component, start);
        size_t count = step == STEP_NONE ? 0 : collect(search, start, step, candidate, max);
        starts++;
        if (count && (!best || count < best)) {
            memcpy(path, candidate, count * sizeof *path);
            best = count;
        }
    }
    budget_free(search->graph->steps->budget, candidate);
    return best;
}

static size_t find_cycle(struct components *components, uint32_t *path, size_t max)
{
    const struct steps *steps = components->graph->steps;
    bool *in_component = budget_calloc(steps->budget, steps->count, 1);
    size_t count = 0;

    if (!in_component)
        return 0;
    for (uint32_t i = 0; i < steps->count; i++) {
        if (components->degree[i] && !components->index[i])
            walk_from(components, i);
    }
    if (components->smallest_count != UINT32_MAX) {
        struct search search = {.graph = components->graph,
                                .parent = components->index,
                                .queue = components->stack,
                                .members = components->smallest,
                                .member_count = components->smallest_count};
        for (uint32_t i = 0; i < search.member_count; i++)
            in_component[search.members[i]] = true;
        count = shortest_cycle(&search, in_component, path, max);
    }
    budget_free(steps->budget, in_component);
    return count;
}

size_t graph_cycle(const struct graph *graph, const uint32_t *degree, uint32_t *path, size_t max)
{
    const struct steps *steps = graph->steps;
    struct budget *budget = steps->budget;
    struct components components = {
        .graph = graph,
        .degree = degree,
        .index = budget_calloc(budget, steps->count, sizeof(uint32_t)),
        .low = budget_calloc(budget, steps->count, sizeof(uint32_t)),
        .stack = budget_alloc(budget, steps->count * sizeof(uint32_t)),
        .calls = budget_alloc(budget, steps->count * sizeof(struct graph_sources)),
        .smallest = budget_alloc(budget, steps->count * sizeof(uint32_t)),
        .smallest_count = UINT32_MAX,
    };
    size_t count = 0;

    if (components.index && components.low && components.stack && components.calls &&
        components.smallest)
        count = find_cycle(&components, path, max);
    budget_free(budget, components.index);
    budget_free(budget, components.low);
    budget_free(budget, components.stack);
    budget_free(budget, components.calls);
    budget_free(budget, components.smallest);
    return count;
}

size_t graph_path(const struct graph *graph, uint32_t a, uint32_t b, uint32_t limit, uint32_t *path,
                  size_t max)
{
    struct budget *budget = graph->steps->budget;
    uint32_t *parent = budget_alloc(budget, graph->steps->count * sizeof *parent);
    uint32_t *queue = budget_alloc(budget, graph->steps->count * sizeof *queue);
    uint32_t begin = 0, end = 0;
    size_t count = 0;

    if (parent && queue) {
        memset(parent, 0xff, graph->steps->count * sizeof *parent);
        parent[b] = b;
        queue[end++] = b;
    }
    while (begin < end && parent[a] == STEP_NONE) {
        uint32_t step = queue[begin++], source;
        struct graph_sources sources = {.step = step, .limit = limit};
        while (graph_next_source(graph, &sources, &source)) {
            if (parent[source] != STEP_NONE)
                continue;
            parent[source] = step;
            queue[end++] = source;
        }
    }
    if (end && parent[a] != STEP_NONE) {
        for (uint32_t step = a; count < max; step = parent[step]) {
            path[count++] = step;
            if (step == b)
                break;
        }
        count = path[count - 1] == b ? count : 0;
    }
    budget_free(budget, parent);
    budget_free(budget, queue);
    return count;
}
