/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "growing_internal.h"

#include "../engine/ranks.h"

#include <stdlib.h>

enum { NOBODY = UINT32_MAX };

/* -- making ready ---------------------------------------------------------------------------- */

struct object_source growing_key(const struct growing *growing, uint32_t key)
{
    const struct keys *keys = growing->keys;
    struct object_source one = *growing->source;

    one.places = keys->places + keys->starts[key];
    one.count = keys->starts[key + 1] - keys->starts[key];
    return one;
}

/* The ranks of each key's operations, and how many there are of each. FAST_INVALID: those of
 * *contradicted have none. */
static enum fast find_ranks(struct growing *growing, uint32_t *contradicted)
{
    const struct keys *keys = growing->keys;
    uint32_t used = 0;

    for (uint32_t key = 0; key < keys->count; key++) {
        struct object_source one = growing_key(growing, key);
        struct turn *turn = &growing->turns[key];
        enum fast result = ranks_assign(&one, growing->budget, growing->rank, &turn->count);
        *contradicted = key;
        if (result != FAST_VALID)
            return result;
        turn->left = growing->left + used;
        turn->waiting = NOBODY;
        used += turn->count;
        for (size_t i = 0; i < one.count; i++) {
            uint32_t place = one.places[i], rank = growing->rank[place];
            growing->key[place] = key;
            if (rank == RANK_NONE)
                continue;
            turn->left[rank]++;
            growing->ordered[growing->ordered_count++] =
                (struct keyed){growing->history->ops[place].process, place};
        }
    }
    return FAST_VALID;
}

static int by_place(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void find_processes(struct growing *growing)
{
    qsort(growing->ordered, growing->ordered_count, sizeof *growing->ordered, by_place);
    for (uint32_t i = 0; i < growing->ordered_count; i++) {
        if (i == 0 || growing->ordered[i].key != growing->ordered[i - 1].key) {
            growing->ready[growing->ready_count++] = growing->process_count;
            growing->processes[growing->process_count++] = (struct process){.next = i};
        }
        growing->processes[growing->process_count - 1].end = i + 1;
    }
}

/* -- doing what is possible ------------------------------------------------------------------ */

/* The turn passes to the next rank that has operations; whoever waited may look again. */
static void pass(struct growing *growing, struct turn *turn)
{
    while (turn->at < turn->count && turn->left[turn->at] == 0)
        turn->at++;
    for (uint32_t p = turn->waiting; p != NOBODY; p = growing->processes[p].next_waiting)
        growing->ready[growing->ready_count++] = p;
    turn->waiting = NOBODY;
}

/* Do the process's operations until one has to wait. */
static void advance(struct growing *growing, uint32_t p)
{
    struct process *process = &growing->processes[p];

    for (; process->next < process->end; process->next++) {
        uint32_t place = growing->ordered[process->next].at;
        struct turn *turn = &growing->turns[growing->key[place]];
        if (turn->left[turn->at] == 0)
            pass(growing, turn);
        if (growing->rank[place] != turn->at) {
            process->next_waiting = turn->waiting;
            turn->waiting = p;
            return;
        }
        growing->done++;
        if (--turn->left[turn->at] == 0)
            pass(growing, turn);
    }
}

static enum fast do_all(struct growing *growing)
{
    for (uint64_t steps = 0; growing->ready_count; steps++) {
        if (steps % 4096 == 0 && budget_spent(growing->budget))
            return FAST_SPENT;
        advance(growing, growing->ready[--growing->ready_count]);
    }
    return growing->done == growing->ordered_count ? FAST_VALID : FAST_INVALID;
}

static enum fast check(struct growing *growing, struct excerpt *witness)
{
    uint32_t contradicted;
    enum fast result = find_ranks(growing, &contradicted);

    if (result == FAST_INVALID && witness)
        growing_tell_key(growing, contradicted, witness);
    if (result != FAST_VALID)
        return result;
    find_processes(growing);
    result = do_all(growing);
    if (result == FAST_INVALID && witness)
        growing_tell(growing, witness);
    return result;
}

enum fast growing_check(const struct object_source *source, const struct keys *keys,
                        struct budget *budget, struct excerpt *witness)
{
    size_t places = source->history->count + 1, count = keys->starts[keys->count] + 1;
    struct growing growing = {
        .source = source,
        .history = source->history,
        .keys = keys,
        .budget = budget,
        .rank = budget_alloc(budget, places * sizeof *growing.rank),
        .key = budget_alloc(budget, places * sizeof *growing.key),
        .ordered = budget_alloc(budget, count * sizeof *growing.ordered),
        .turns = budget_calloc(budget, (size_t)keys->count + 1, sizeof *growing.turns),
        /* A read has a rank and leaves one before it. */
        .left = budget_calloc(budget, 2 * (count + keys->count), sizeof *growing.left),
        .processes = budget_alloc(budget, count * sizeof *growing.processes),
        .ready = budget_alloc(budget, count * sizeof *growing.ready),
    };
    enum fast result = FAST_SPENT;

    if (witness)
        *witness = (struct excerpt){0};
    if (!ranks_know(source->model)) {
        result = FAST_NOT;
    } else if (growing.rank && growing.key && growing.ordered && growing.turns && growing.left &&
               growing.processes && growing.ready) {
        result = check(&growing, witness);
    }
    budget_free(budget, growing.rank);
    budget_free(budget, growing.key);
    budget_free(budget, growing.ordered);
    budget_free(budget, growing.turns);
    budget_free(budget, growing.left);
    budget_free(budget, growing.processes);
    budget_free(budget, growing.ready);
    return result;
}
