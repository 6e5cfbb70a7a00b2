/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "guess.h"

#include <stdlib.h>

/* What a write and those that changed its value one into the next share. */
struct zone {
    int64_t f, s;
    uint32_t key, root; /* the write that is no compare-and-set, or whose old value was initial */
};

struct guess {
    const struct steps *steps;
    int64_t *time;
    uint32_t *zone; /* by write: number of its zone */
    struct zone *zones;
    uint32_t zone_count;
};

static const struct op *op_of(const struct guess *guess, uint32_t step)
{
    return &guess->steps->history->ops[guess->steps->place[step]];
}

/* The write whose value this write replaced, if it is a compare-and-set of a written value. */
static uint32_t replaced_by(const struct steps *steps, uint32_t write)
{
    if (write == 0 || steps->place[write - 1] != steps->place[write])
        return STEP_NONE;
    return step_reads_from_step(&steps->at[write - 1]) ? steps->at[write - 1].from : STEP_NONE;
}

/* The first completion that shows each write's value, or one that the value was changed into. */
static void find_first_completions(struct guess *guess)
{
    const struct steps *steps = guess->steps;

    for (uint32_t i = 0; i < steps->count; i++) {
        if (step_is_write(&steps->at[i]))
            guess->time[i] = op_end_ns(op_of(guess, i));
    }
    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t write = step_is_write(&steps->at[i]) ? i : steps->at[i].from;
        int64_t end = op_end_ns(op_of(guess, i));
        /* A loop of compare-and-sets is left at the latest where it began. */
        for (; write < FROM_INITIAL; write = replaced_by(steps, write)) {
            if (end > guess->time[write] || (end == guess->time[write] && write != i))
                break;
            guess->time[write] = end;
        }
    }
}

static uint32_t root_of(const struct guess *guess, uint32_t write)
{
    uint32_t root = write, replaced, steps = 0;

    while ((replaced = replaced_by(guess->steps, root)) != STEP_NONE &&
           guess->zone[root] == STEP_NONE && steps++ < guess->steps->count)
        root = replaced;
    return root;
}

/* Give every write the zone of its root. */
static void find_zones(struct guess *guess)
{
    const struct steps *steps = guess->steps;

    for (uint32_t i = 0; i < steps->count; i++)
        guess->zone[i] = STEP_NONE;
    for (uint32_t i = 0; i < steps->count; i++) {
        if (!step_is_write(&steps->at[i]) || guess->zone[i] != STEP_NONE)
            continue;
        uint32_t root = root_of(guess, i);
        if (guess->zone[root] == STEP_NONE) {
            guess->zones[guess->zone_count] =
                (struct zone){INT64_MAX, INT64_MIN, steps->at[i].key, root};
            guess->zone[root] = guess->zone_count++;
        }
        for (uint32_t w = i; w != STEP_NONE && guess->zone[w] == STEP_NONE;
             w = replaced_by(steps, w))
            guess->zone[w] = guess->zone[root];
    }
    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t write = step_is_write(&steps->at[i]) ? i : steps->at[i].from;
        if (write >= FROM_INITIAL)
            continue;
        struct zone *zone = &guess->zones[guess->zone[write]];
        const struct op *op = op_of(guess, i);
        zone->f = op_end_ns(op) < zone->f ? op_end_ns(op) : zone->f;
        zone->s = op->invoke_ns > zone->s ? op->invoke_ns : zone->s;
    }
}

static int by_key_and_f(const void *left, const void *right)
{
    const struct zone *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->f != b->f)
        return a->f < b->f ? -1 : 1;
    return a->root < b->root ? -1 : a->root > b->root;
}

/* Put each value that has no zone of its own and whose f lies in another's just before that. */
static void avoid_zones(struct guess *guess)
{
    const struct zone *last = NULL; /* of its key and so far, the one that reaches furthest */

    qsort(guess->zones, guess->zone_count, sizeof *guess->zones, by_key_and_f);
    for (uint32_t i = 0; i < guess->zone_count; i++) {
        const struct zone *zone = &guess->zones[i];
        if (last && last->key != zone->key)
            last = NULL;
        if (zone->f < zone->s) {
            if (!last || zone->s > last->s)
                last = zone;
        } else if (last && zone->f < last->s && zone->s <= last->f) {
            guess->time[zone->root] = last->f - 1;
        }
    }
}

int64_t *guess_times(const struct steps *steps)
{
    struct budget *budget = steps->budget;
    size_t count = (size_t)steps->count + 1;
    struct guess guess = {.steps = steps};

    guess.time = budget_alloc(budget, count * sizeof *guess.time);
    guess.zone = budget_alloc(budget, count * sizeof *guess.zone);
    guess.zones = budget_alloc(budget, count * sizeof *guess.zones);
    if (guess.time && guess.zone && guess.zones) {
        find_first_completions(&guess);
        find_zones(&guess);
        avoid_zones(&guess);
    } else {
        budget_free(budget, guess.time);
        guess.time = NULL;
    }
    budget_free(budget, guess.zone);
    budget_free(budget, guess.zones);
    return guess.time;
}
