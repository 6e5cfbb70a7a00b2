/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Why nothing more can be done: processes that wait for each other in a circle, each for an
 * operation of a lower rank that the next one has after what it waits with itself.
 *
 * Of the lists and sets read, only the few elements that show these ranks are looked at: an order
 * of everything would be one of what concerns these. It claims nothing: what it finds is asked of
 * the naive routine (engine/verify.h) before it is handed on. */
#include "growing_internal.h"

#include "../engine/ranks.h"

#include <stdlib.h>
#include <string.h>

enum { NOBODY = UINT32_MAX };

/* How many operations to look at for a circle shorter than the first, and how hard to try to leave
 * out one that a witness may do without. */
enum { LOOKS_MAX = 20 * 1000 * 1000, EASY_STEPS = 200000 };

/* `process` waits for the operation at `place`, which `from` has yet to come to. */
struct link {
    uint32_t process; /* NOBODY: not reached */
    uint32_t place;
};

struct circle {
    const struct growing *growing;
    uint32_t *owner;      /* by place: the process that has yet to do it; NOBODY */
    struct link *reached; /* by process: who waits for it, and for what */
    uint32_t *queue;
    struct link *best; /* the shortest: a process, and what the one before it waits for */
    uint32_t length;   /* NOBODY: none yet */
    uint64_t looks;
    uint32_t *whole; /* places of the keys concerned */
    uint32_t whole_count;
};

static const struct op *op_at(const struct growing *growing, uint32_t place)
{
    return &growing->history->ops[place];
}

/* What a stuck process has to do next. */
static uint32_t next_of(const struct growing *growing, uint32_t process)
{
    return growing->ordered[growing->processes[process].next].at;
}

/* -- finding a circle ------------------------------------------------------------------------ */

static void find_owners(struct circle *circle)
{
    const struct growing *growing = circle->growing;

    memset(circle->owner, 0xff, (growing->history->count + 1) * sizeof *circle->owner);
    for (uint32_t p = 0; p < growing->process_count; p++) {
        for (uint32_t i = growing->processes[p].next; i < growing->processes[p].end; i++)
            circle->owner[growing->ordered[i].at] = p;
    }
}

/* Note the processes for which `process` waits. True once `start` is one of them. */
static bool spread(struct circle *circle, uint32_t process, uint32_t start, uint32_t *end)
{
    const struct growing *growing = circle->growing;
    uint32_t stuck = next_of(growing, process), key = growing->key[stuck];

    for (uint32_t i = growing->keys->starts[key]; i < growing->keys->starts[key + 1]; i++) {
        uint32_t place = growing->keys->places[i], owner = circle->owner[place];
        circle->looks++;
        if (owner == NOBODY || growing->rank[place] >= growing->rank[stuck] ||
            circle->reached[owner].process != NOBODY)
            continue;
        circle->reached[owner] = (struct link){process, place};
        circle->queue[(*end)++] = owner;
        if (owner == start)
            return true;
    }
    return false;
}

static void keep_circle(struct circle *circle, uint32_t start)
{
    uint32_t length = 0, at = start;

    do {
        length++;
        at = circle->reached[at].process;
    } while (at != start);
    if (length >= circle->length)
        return;
    circle->length = length;
    for (uint32_t i = 0; i < length; i++) {
        circle->best[i] = (struct link){at, circle->reached[at].place};
        at = circle->reached[at].process;
    }
}

/* Breadth first from `start` back to it. */
static void find_circle(struct circle *circle, uint32_t start)
{
    uint32_t end = 0;

    memset(circle->reached, 0xff, circle->growing->process_count * sizeof *circle->reached);
    if (spread(circle, start, start, &end)) {
        keep_circle(circle, start);
        return;
    }
    for (uint32_t i = 0; i < end && circle->looks < LOOKS_MAX; i++) {
        if (spread(circle, circle->queue[i], start, &end)) {
            keep_circle(circle, start);
            return;
        }
    }
}

static void find_shortest(struct circle *circle)
{
    const struct growing *growing = circle->growing;

    circle->length = NOBODY;
    for (uint32_t p = 0; p < growing->process_count && circle->length > 1; p++) {
        if (circle->looks >= LOOKS_MAX || budget_spent(growing->budget))
            return;
        if (growing->processes[p].next < growing->processes[p].end)
            find_circle(circle, p);
    }
}

/* -- what shows it --------------------------------------------------------------------------- */

static bool is_read(const struct growing *growing, uint32_t place)
{
    return op_at(growing, place)->f == OP_F_READ;
}

static bool sees(const struct excerpt *witness, value_id element)
{
    for (size_t i = 0; i < witness->only_count; i++) {
        if (witness->only[i] == element)
            return true;
    }
    return false;
}

/* False if they are too many for a witness. */
static bool look_at(struct excerpt *witness, value_id element)
{
    if (sees(witness, element))
        return true;
    if (witness->only_count == EXCERPT_ELEMENTS)
        return false;
    witness->only[witness->only_count++] = element;
    return true;
}

static bool holds(const struct growing *growing, uint32_t read, value_id element)
{
    const value_id *elements = NULL;
    size_t count = 0;

    (void)values_get_list(&growing->history->values, op_at(growing, read)->out, &elements, &count);
    for (size_t i = 0; i < count; i++) {
        if (elements[i] == element)
            return true;
    }
    return false;
}

/* An element that `later` returned and `read` did not. */
static bool look_at_difference(const struct growing *growing, uint32_t read, uint32_t later,
                               struct excerpt *witness)
{
    const value_id *elements = NULL;
    size_t count = 0;

    (void)values_get_list(&growing->history->values, op_at(growing, later)->out, &elements, &count);
    for (size_t i = count; i > 0; i--) {
        if (!holds(growing, read, elements[i - 1]))
            return look_at(witness, elements[i - 1]);
    }
    return false;
}

/* The first read that has what the addition at `place` added. */
static uint32_t first_reader(const struct growing *growing, uint32_t place)
{
    uint32_t key = growing->key[place], found = PLACE_NONE;

    for (uint32_t i = growing->keys->starts[key]; i < growing->keys->starts[key + 1]; i++) {
        uint32_t read = growing->keys->places[i], rank = growing->rank[read];
        if (is_read(growing, read) && rank != RANK_NONE && rank > growing->rank[place] &&
            (found == PLACE_NONE || rank < growing->rank[found]))
            found = read;
    }
    return found;
}

/* That the operation at `early` comes before the one at `late`, of the same key. */
static bool show(const struct growing *growing, uint32_t early, uint32_t late,
                 struct excerpt *witness)
{
    excerpt_add(witness, early, 0);
    excerpt_add(witness, late, 0);
    if (is_read(growing, early) && is_read(growing, late))
        return look_at_difference(growing, early, late, witness);
    if (!is_read(growing, early) && !is_read(growing, late)) {
        uint32_t reader = first_reader(growing, early);
        if (reader == PLACE_NONE)
            return false;
        excerpt_add(witness, reader, 0);
    }
    return (is_read(growing, early) || look_at(witness, op_at(growing, early)->in)) &&
           (is_read(growing, late) || look_at(witness, op_at(growing, late)->in));
}

/* Nobody who adds what is looked at may be missing. */
static void add_all_additions(const struct growing *growing, struct excerpt *witness)
{
    for (size_t i = 0; i < witness->whole_count; i++) {
        uint32_t place = witness->whole[i];
        if (!is_read(growing, place) && sees(witness, op_at(growing, place)->in))
            excerpt_add(witness, place, 0);
    }
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* All operations of the keys on which the circle's processes wait. */
static void gather_whole(struct circle *circle)
{
    const struct growing *growing = circle->growing;
    const struct keys *keys = growing->keys;
    uint32_t count = 0, kept = 0;

    for (uint32_t i = 0; i < circle->length; i++)
        circle->queue[i] = growing->key[circle->best[i].place];
    qsort(circle->queue, circle->length, sizeof *circle->queue, by_number);
    for (uint32_t i = 0; i < circle->length; i++) {
        if (kept == 0 || circle->queue[kept - 1] != circle->queue[i])
            circle->queue[kept++] = circle->queue[i];
    }
    for (uint32_t i = 0; i < kept; i++) {
        for (uint32_t at = keys->starts[circle->queue[i]]; at < keys->starts[circle->queue[i] + 1];
             at++)
            circle->whole[count++] = keys->places[at];
    }
    qsort(circle->whole, count, sizeof *circle->whole, by_number);
    circle->whole_count = count;
}

static bool tell_circle(struct circle *circle, struct excerpt *witness)
{
    const struct growing *growing = circle->growing;

    if (circle->length > EXCERPT_ELEMENTS)
        return false;
    gather_whole(circle);
    struct object_source source = *growing->source;
    source.places = circle->whole;
    source.count = circle->whole_count;
    if (!fast_begin_witness(&source, growing->budget, witness))
        return false;
    for (uint32_t i = 0; i < circle->length; i++) {
        uint32_t waits = circle->best[(i + 1) % circle->length].process;
        if (!show(growing, circle->best[i].place, next_of(growing, waits), witness))
            return false;
    }
    add_all_additions(growing, witness);
    return true;
}

/* -- asking the naive routine ---------------------------------------------------------------- */

static bool is_confirmed(const struct excerpt *witness, uint64_t steps, struct budget *budget)
{
    return verify_illegal(witness, steps, budget) == VERIFIED_ILLEGAL;
}

/* Leave out operation `at`: a read, or an addition with its element, wherever that was added. What
 * is not shown by the rest is put back. */
static bool leave_out(const struct growing *growing, struct excerpt *witness, size_t at)
{
    uint32_t place = witness->places[at];
    value_id element = op_at(growing, place)->in;
    struct excerpt less;
    size_t seen = 0;

    if (!excerpt_init(&less, witness, witness->count, growing->budget)) {
        excerpt_release(&less, growing->budget);
        return false;
    }
    for (size_t i = 0; i < witness->count; i++) {
        bool goes = is_read(growing, place) ? i == at
                                            : !is_read(growing, witness->places[i]) &&
                                                  op_at(growing, witness->places[i])->in == element;
        if (!goes)
            excerpt_add(&less, witness->places[i], 0);
    }
    for (size_t i = 0; i < less.only_count && !is_read(growing, place); i++) {
        if (less.only[i] != element)
            less.only[seen++] = less.only[i];
    }
    less.only_count = is_read(growing, place) ? less.only_count : seen;
    bool is_enough = less.only_count > 0 && is_confirmed(&less, EASY_STEPS, growing->budget);
    struct excerpt out = is_enough ? *witness : less;
    if (is_enough)
        *witness = less;
    excerpt_release(&out, growing->budget);
    return is_enough;
}

static void confirm(const struct growing *growing, struct excerpt *witness)
{
    if (!is_confirmed(witness, VERIFY_STEPS_MAX, growing->budget)) {
        excerpt_release(witness, growing->budget);
        return;
    }
    for (size_t i = 0; i < witness->count && !budget_spent(growing->budget);) {
        if (leave_out(growing, witness, i))
            i = 0;
        else
            i++;
    }
}

void growing_tell_key(const struct growing *growing, uint32_t key, struct excerpt *witness)
{
    struct object_source one = growing_key(growing, key);

    *witness = (struct excerpt){0};
    if (ranks_check(&one, growing->budget, witness) == FAST_INVALID)
        confirm(growing, witness);
    else
        excerpt_release(witness, growing->budget);
    witness->whole = NULL;
    witness->whole_count = 0;
}

void growing_tell(const struct growing *growing, struct excerpt *witness)
{
    struct budget *budget = growing->budget;
    size_t places = growing->history->count + 1, processes = (size_t)growing->process_count + 1;
    struct circle circle = {
        .growing = growing,
        .owner = budget_alloc(budget, places * sizeof *circle.owner),
        .reached = budget_alloc(budget, processes * sizeof *circle.reached),
        .queue = budget_alloc(budget, processes * sizeof *circle.queue),
        .best = budget_alloc(budget, processes * sizeof *circle.best),
        .whole = budget_alloc(budget, places * sizeof *circle.whole),
    };

    *witness = (struct excerpt){0};
    if (circle.owner && circle.reached && circle.queue && circle.best && circle.whole) {
        find_owners(&circle);
        find_shortest(&circle);
        if (circle.length != NOBODY && tell_circle(&circle, witness))
            confirm(growing, witness);
        else
            excerpt_release(witness, budget);
        witness->whole = NULL;
        witness->whole_count = 0;
    }
    budget_free(budget, circle.owner);
    budget_free(budget, circle.reached);
    budget_free(budget, circle.queue);
    budget_free(budget, circle.best);
    budget_free(budget, circle.whole);
}
