/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "argument.h"

#include "schedule.h"

#include <string.h>

/* -- the order asked for ----------------------------------------------------------------------- */

static void add_edge(struct argument *argument, uint32_t a, uint32_t b, enum reason reason,
                     uint32_t cause)
{
    if (argument->edge_count == EDGES_MAX)
        return;
    argument->edges[argument->edge_count++] =
        (struct edge){(uint8_t)a, (uint8_t)b, (uint8_t)cause, reason, false};
    argument->before[a][b] = true;
}

static bool is_write(const struct argument *argument, uint32_t step)
{
    return step_is_write(&argument->steps->at[step]);
}

static bool is_own(const struct argument *argument, uint32_t step)
{
    return argument->session == STEP_NONE || argument->steps->session[step] == argument->session;
}

/* Whether the level takes a before b, as one process did them in this order. */
static bool keeps_program_order(const struct argument *argument, uint32_t a, uint32_t b)
{
    bool write_a = is_write(argument, a), write_b = is_write(argument, b);

    switch (argument->level) {
    case WEAK_PRAM:
        return (write_a || is_own(argument, a)) && (write_b || is_own(argument, b));
    case WEAK_READ_YOUR_WRITES:
        return is_own(argument, a) && write_a;
    case WEAK_MONOTONIC_WRITES:
        return write_a == write_b && (write_a || is_own(argument, a));
    case WEAK_MONOTONIC_READS:
    case WEAK_WRITES_FOLLOW_READS:
        return !write_a && !write_b && is_own(argument, a);
    default:
        return true;
    }
}

static void add_asked_order(struct argument *argument)
{
    const struct steps *steps = argument->steps;

    for (uint32_t b = 0; b < steps->count; b++) {
        for (uint32_t a = steps->first[steps->session[b]]; a < b; a++) {
            if (keeps_program_order(argument, a, b))
                add_edge(argument, a, b, REASON_PROGRAM, 0);
            if (argument->level == WEAK_WRITES_FOLLOW_READS && is_write(argument, b) &&
                step_reads_from_step(&steps->at[a]) && steps->at[a].from != b)
                add_edge(argument, steps->at[a].from, b, REASON_FOLLOWS, a);
        }
        if (step_reads_from_step(&steps->at[b]) &&
            (argument->level == WEAK_CAUSAL || is_own(argument, b)))
            add_edge(argument, steps->at[b].from, b, REASON_FROM, 0);
    }
}

/* In one order for all, a read of the initial value comes before every write of its key. */
static void add_initial_order(struct argument *argument)
{
    const struct steps *steps = argument->steps;

    for (uint32_t a = 0; a < steps->count; a++) {
        for (uint32_t b = 0; steps->at[a].from == FROM_INITIAL && b < steps->count; b++) {
            if (is_write(argument, b) && steps->at[b].key == steps->at[a].key &&
                step_leave(steps, a) != b)
                add_edge(argument, step_leave(steps, a), step_enter(steps, b), REASON_INITIAL, 0);
        }
    }
}

/* -- conclusions ------------------------------------------------------------------------------- */

static void close_order(struct argument *argument)
{
    uint32_t count = argument->steps->count;

    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t j = 0; argument->before[i][k] && j < count; j++)
                argument->before[i][j] |= argument->before[k][j];
        }
    }
}

/* What follows from w before r in `known`, the order so far. */
static bool conclude(struct argument *argument, const bool (*known)[NODES_MAX])
{
    const struct steps *steps = argument->steps;
    bool changed = false;

    for (uint32_t r = 0; r < steps->count; r++) {
        uint32_t from = steps->at[r].from;
        if (from >= FROM_INITIAL || !is_own(argument, r))
            continue;
        for (uint32_t w = 0; w < steps->count; w++) {
            if (!is_write(argument, w) || w == from || steps->at[w].key != steps->at[r].key)
                continue;
            uint32_t first = step_enter(steps, from), last = step_leave(steps, r);
            if (argument->level != WEAK_SEQUENTIAL)
                first = from;
            if (known[w][r] && !argument->before[w][first]) {
                add_edge(argument, w, first, REASON_OVERWRITE, r);
                changed = true;
            }
            first = step_enter(steps, w);
            if (argument->level == WEAK_SEQUENTIAL && known[from][w] && last != w &&
                !argument->before[last][first]) {
                add_edge(argument, last, first, REASON_READ_FIRST, from);
                changed = true;
            }
        }
    }
    return changed;
}

/* Conclusions of cc and ccv rest on the causal order alone; the others' on each other too. */
static void conclude_all(struct argument *argument)
{
    bool known[NODES_MAX][NODES_MAX];

    do {
        close_order(argument);
        memcpy(known, argument->before, sizeof known);
    } while (conclude(argument, (const bool(*)[NODES_MAX])known) && argument->level != WEAK_CC &&
             argument->level != WEAK_CCV);
    if (argument->level != WEAK_CC)
        close_order(argument);
}

void argument_make(struct argument *argument, uint32_t session)
{
    argument->session = session;
    argument->edge_count = 0;
    memset(argument->before, 0, sizeof argument->before);
    add_asked_order(argument);
    if (argument->level == WEAK_SEQUENTIAL)
        add_initial_order(argument);
    conclude_all(argument);
}

/* -- contradictions ---------------------------------------------------------------------------- */

size_t argument_chain(const struct argument *argument, uint32_t a, uint32_t b, size_t limit,
                      size_t chain[NODES_MAX])
{
    size_t by[NODES_MAX], count = 0;
    uint32_t queue[NODES_MAX], begin = 0, end = 0;
    bool seen[NODES_MAX] = {false};

    queue[end++] = a;
    while (begin < end && !seen[b]) {
        uint32_t step = queue[begin++];
        for (size_t i = 0; i < limit; i++) {
            const struct edge *edge = &argument->edges[i];
            if (edge->a != step || seen[edge->b])
                continue;
            seen[edge->b] = true;
            by[edge->b] = i;
            queue[end++] = edge->b;
        }
    }
    if (!seen[b])
        return 0;
    uint32_t step = b;
    do {
        chain[count++] = by[step];
        step = argument->edges[by[step]].a;
    } while (step != a);
    for (size_t i = 0; i < count / 2; i++) {
        size_t other = chain[i];
        chain[i] = chain[count - 1 - i];
        chain[count - 1 - i] = other;
    }
    return count;
}

size_t argument_initial_read(const struct argument *argument, size_t chain[NODES_MAX])
{
    const struct steps *steps = argument->steps;
    size_t best = 0, candidate[NODES_MAX];

    for (uint32_t r = 0; r < steps->count; r++) {
        for (uint32_t w = 0; w < steps->count; w++) {
            if (steps->at[r].from != FROM_INITIAL || !is_own(argument, r) ||
                !is_write(argument, w) || steps->at[w].key != steps->at[r].key ||
                !argument->before[w][r])
                continue;
            size_t count = argument_chain(argument, w, r, argument->edge_count, candidate);
            if (!count || (best && count >= best))
                continue;
            memcpy(chain, candidate, count * sizeof *chain);
            best = count;
        }
    }
    return best;
}

/* cc looks at one read at a time: a conclusion from it may contradict the causal order only, not
 * one from another read. */
static bool is_circle(const struct argument *argument, const size_t *chain, size_t count)
{
    size_t conclusions = 0;

    for (size_t i = 0; i < count; i++)
        conclusions += is_conclusion(&argument->edges[chain[i]]);
    return argument->level != WEAK_CC || conclusions <= 1;
}

size_t argument_circle(const struct argument *argument, size_t chain[NODES_MAX])
{
    size_t best = 0, candidate[NODES_MAX];

    for (uint32_t step = 0; step < argument->steps->count; step++) {
        if (!argument->before[step][step] && argument->level != WEAK_CC)
            continue;
        size_t count = argument_chain(argument, step, step, argument->edge_count, candidate);
        if (!count || !is_circle(argument, candidate, count) || (best && count >= best))
            continue;
        memcpy(chain, candidate, count * sizeof *chain);
        best = count;
    }
    return best;
}
