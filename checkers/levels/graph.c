/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "graph.h"

#include <string.h>

enum { BLOCK = 1 << 18, HEAD = 3 };

bool graph_init(struct graph *graph, const struct steps *steps)
{
    *graph = (struct graph){.steps = steps, .used = BLOCK};
    graph->last = budget_calloc(steps->budget, (size_t)steps->count + 1, sizeof *graph->last);
    return graph->last != NULL;
}

void graph_release(struct graph *graph)
{
    struct budget *budget = graph->steps->budget;

    for (uint32_t i = 0; i < graph->block_count; i++)
        budget_free(budget, graph->blocks[i]);
    budget_free(budget, graph->blocks);
    budget_free(budget, graph->last);
}

static bool add_block(struct graph *graph)
{
    struct budget *budget = graph->steps->budget;
    uint32_t count = graph->block_count;

    /* The number of a group is 32 bits wide. */
    if (count == UINT32_MAX / BLOCK)
        return false;
    uint32_t **grown = budget_realloc(budget, graph->blocks, (count + 1) * sizeof *grown);
    if (!grown)
        return false;
    graph->blocks = grown;
    graph->blocks[count] = budget_alloc(budget, BLOCK * sizeof **graph->blocks);
    if (!graph->blocks[count])
        return false;
    graph->block_count++;
    graph->used = count == 0; /* no group has the number 0 */
    return true;
}

static uint32_t *word(const struct graph *graph, uint32_t at)
{
    return &graph->blocks[at / BLOCK][at % BLOCK];
}

bool graph_open(struct graph *graph, uint32_t target, uint32_t cause)
{
    if (graph->used + HEAD >= BLOCK && !add_block(graph))
        return false;
    graph->open = (graph->block_count - 1) * BLOCK + graph->used;
    graph->open_target = target;
    graph->open_cause = cause;
    uint32_t *head = word(graph, graph->open);
    head[0] = graph->last[target];
    head[1] = cause;
    head[2] = 0;
    graph->used += HEAD;
    return true;
}

bool graph_add(struct graph *graph, uint32_t source)
{
    if (graph->used == BLOCK) {
        graph_close(graph);
        if (!graph_open(graph, graph->open_target, graph->open_cause))
            return false;
    }
    *word(graph, (graph->block_count - 1) * BLOCK + graph->used++) = source;
    word(graph, graph->open)[2]++;
    graph->edge_count++;
    return true;
}

void graph_close(struct graph *graph)
{
    if (word(graph, graph->open)[2])
        graph->last[graph->open_target] = graph->open;
    else
        graph->used -= HEAD;
}

bool graph_absorb(struct graph *graph, struct graph *other)
{
    uint32_t offset = graph->block_count * BLOCK, count = graph->block_count + other->block_count;

    if (other->block_count == 0)
        return true;
    if (count > UINT32_MAX / BLOCK)
        return false;
    uint32_t **grown = budget_realloc(graph->steps->budget, graph->blocks, count * sizeof *grown);
    if (!grown)
        return false;
    graph->blocks = grown;
    memcpy(graph->blocks + graph->block_count, other->blocks, other->block_count * sizeof *grown);
    graph->block_count = count;
    graph->used = other->used;
    graph->edge_count += other->edge_count;
    other->block_count = 0;
    for (uint32_t i = 0; i < graph->steps->count; i++) {
        uint32_t at = other->last[i], head = graph->last[i];
        if (at)
            graph->last[i] = at + offset;
        while (at) {
            uint32_t *next = word(graph, at + offset);
            at = *next;
            *next = at ? at + offset : head;
        }
        other->last[i] = 0;
    }
    return true;
}

struct edge_group graph_group(const struct graph *graph, uint32_t group)
{
    const uint32_t *head = word(graph, group);
    return (struct edge_group){
        .next = head[0], .cause = head[1], .count = head[2], .sources = head + HEAD};
}

/* Whether step i - 1 comes before step i in program order. */
static bool has_previous(const struct steps *steps, uint32_t i)
{
    return i > steps->first[steps->session[i]];
}

/* -- topological order: Kahn's algorithm from the end, since edges are kept by their target ---- */

static void count_successors(const struct graph *graph, uint32_t *degree)
{
    const struct steps *steps = graph->steps;

    memset(degree, 0, steps->count * sizeof *degree);
    for (uint32_t i = 0; i < steps->count; i++) {
        if (has_previous(steps, i))
            degree[i - 1]++;
        if (step_reads_from_step(&steps->at[i]))
            degree[steps->at[i].from]++;
        for (uint32_t at = graph->last[i]; at;) {
            struct edge_group group = graph_group(graph, at);
            for (uint32_t k = 0; k < group.count; k++)
                degree[group.sources[k]]++;
            at = group.next;
        }
    }
}

struct sorting {
    uint32_t *order, *degree;
    uint32_t begin; /* order[begin ...] is filled */
};

static inline void drop_successor(struct sorting *sorting, uint32_t step)
{
    if (--sorting->degree[step] == 0)
        sorting->order[--sorting->begin] = step;
}

bool graph_order(const struct graph *graph, uint32_t *order, uint32_t *degree)
{
    const struct steps *steps = graph->steps;
    struct sorting sorting = {.order = order, .degree = degree, .begin = steps->count};

    count_successors(graph, degree);
    for (uint32_t i = 0; i < steps->count; i++) {
        if (degree[i] == 0)
            order[--sorting.begin] = i;
    }
    for (uint32_t next = steps->count; next > sorting.begin;) {
        uint32_t i = order[--next];
        if (has_previous(steps, i))
            drop_successor(&sorting, i - 1);
        if (step_reads_from_step(&steps->at[i]))
            drop_successor(&sorting, steps->at[i].from);
        for (uint32_t at = graph->last[i]; at;) {
            struct edge_group group = graph_group(graph, at);
            for (uint32_t k = 0; k < group.count; k++)
                drop_successor(&sorting, group.sources[k]);
            at = group.next;
        }
    }
    return sorting.begin == 0;
}

uint32_t graph_mark(const struct graph *graph)
{
    return graph->block_count ? (graph->block_count - 1) * BLOCK + graph->used : 1;
}

uint32_t graph_group_of(const struct graph *graph, uint32_t a, uint32_t b, uint32_t limit)
{
    const struct steps *steps = graph->steps;

    if ((a < b && steps->session[a] == steps->session[b]) || steps->at[b].from == a)
        return 0;
    for (uint32_t at = graph->last[b]; at;) {
        struct edge_group group = graph_group(graph, at);
        for (uint32_t k = 0; at < limit && k < group.count; k++) {
            if (group.sources[k] == a)
                return at;
        }
        at = group.next;
    }
    return 0;
}

bool graph_next_source(const struct graph *graph, struct graph_sources *sources, uint32_t *source)
{
    const struct steps *steps = graph->steps;
    uint32_t step = sources->step;

    switch (sources->stage) {
    case 0:
        sources->stage = 1;
        if (has_previous(steps, step)) {
            *source = step - 1;
            return true;
        }
        /* fallthrough */
    case 1:
        sources->stage = 2;
        sources->group = graph->last[step];
        if (step_reads_from_step(&steps->at[step])) {
            *source = steps->at[step].from;
            return true;
        }
        /* fallthrough */
    default:
        while (sources->group) {
            struct edge_group group = graph_group(graph, sources->group);
            if (sources->group < sources->limit && sources->at < group.count) {
                *source = group.sources[sources->at++];
                return true;
            }
            sources->group = group.next;
            sources->at = 0;
        }
        return false;
    }
}
