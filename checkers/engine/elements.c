/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "elements.h"

#include "collections.h"
#include "value_map.h"

#include <stdlib.h>
#include <string.h>

/* -- gathering ----------------------------------------------------------------------------------
 */

/* Whether the operations are such that this method applies, and how many insert and find nothing.
 */
static bool look_over(const struct object_source *source, value_id *least, value_id *greatest,
                      size_t *inserts, size_t *empties)
{
    struct call call;
    struct err err;

    *least = UINT32_MAX;
    *greatest = 0;
    *inserts = *empties = 0;
    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = &source->history->ops[source->places[i]];
        if (source->model->prepare(&(struct model_env){.history = source->history}, op, &call,
                                   &err) < 0)
            return false;
        if (op->f == OP_F_PEEK && op->type == OP_INFO)
            continue;
        if (op->f == OP_F_PEEK || (call.op == COLLECTION_TAKE && !call.known))
            return false;
        if (call.op == COLLECTION_INSERT) {
            ++*inserts;
            *least = op->in < *least ? op->in : *least;
            *greatest = op->in > *greatest ? op->in : *greatest;
        }
        *empties += call.op == COLLECTION_EMPTY;
    }
    return source->initial == VALUE_NIL;
}

static bool is_insert(const struct op *op)
{
    return op->f == OP_F_ENQUEUE || op->f == OP_F_PUSH || op->f == OP_F_INSERT;
}

static enum fast gather_inserts(struct elements *elements, struct value_map *map)
{
    const struct object_source *source = elements->source;

    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = &source->history->ops[source->places[i]];
        if (!is_insert(op))
            continue;
        uint32_t *slot = value_map_slot(map, op->in);
        if (*slot != VALUE_MAP_NONE)
            return FAST_NOT;
        *slot = elements->count;
        elements->at[elements->count++] = (struct element){.in_start = source_start(source, op),
                                                           .in_end = source_end(source, op),
                                                           .out_start = TIME_NEVER,
                                                           .out_end = TIME_NEVER,
                                                           .in = source->places[i],
                                                           .out = PLACE_NONE,
                                                           .value = op->in};
    }
    return FAST_VALID;
}

/* Find what each removal took. */
static enum fast gather_removals(struct elements *elements, const struct value_map *map,
                                 struct refuted *refuted)
{
    const struct object_source *source = elements->source;

    for (size_t i = 0; i < source->count; i++) {
        uint32_t place = source->places[i];
        const struct op *op = &source->history->ops[place];
        if (is_insert(op) || op->type != OP_OK)
            continue;
        if (op->out == VALUE_NIL) {
            elements->empties[elements->empty_count++] =
                (struct empty){source_start(source, op), source_end(source, op), place};
            continue;
        }
        uint32_t found = value_map_find(map, op->out);
        struct element *element = &elements->at[found == VALUE_MAP_NONE ? 0 : found];
        if (found == VALUE_MAP_NONE || element->out != PLACE_NONE) {
            refuted->value = op->out; /* from nowhere, or twice */
            return FAST_INVALID;
        }
        element->out = place;
        element->out_start = source_start(source, op);
        element->out_end = source_end(source, op);
    }
    return FAST_VALID;
}

/* Find what was taken before it came. */
static enum fast find_too_early(const struct elements *elements, struct refuted *refuted)
{
    for (uint32_t i = 0; i < elements->count; i++) {
        if (elements->at[i].out_end < elements->at[i].in_start)
            return refuted_add(refuted, i, elements->budget) ? FAST_INVALID : FAST_SPENT;
    }
    return FAST_VALID;
}

static enum fast gather(struct elements *elements, struct refuted *refuted)
{
    struct value_map map = {0};
    value_id least, greatest;
    size_t inserts, empties;
    enum fast result = FAST_SPENT;

    if (!look_over(elements->source, &least, &greatest, &inserts, &empties))
        return FAST_NOT;
    elements->at = budget_alloc(elements->budget, (inserts + 1) * sizeof *elements->at);
    elements->empties = budget_alloc(elements->budget, (empties + 1) * sizeof *elements->empties);
    if (elements->at && elements->empties &&
        value_map_init(&map, least, greatest, inserts, elements->budget)) {
        result = gather_inserts(elements, &map);
        if (result == FAST_VALID)
            result = gather_removals(elements, &map, refuted);
        if (result == FAST_VALID)
            result = find_too_early(elements, refuted);
    }
    value_map_release(&map);
    return result;
}

/* -- refuting -----------------------------------------------------------------------------------
 */

bool refuted_add(struct refuted *refuted, uint32_t element, struct budget *budget)
{
    if (refuted->count == refuted->capacity) {
        uint32_t capacity = refuted->capacity ? refuted->capacity * 2 : 16;
        uint32_t *grown = budget_realloc(budget, refuted->elements, capacity * sizeof *grown);
        if (!grown)
            return false;
        refuted->elements = grown;
        refuted->capacity = capacity;
    }
    refuted->elements[refuted->count++] = element;
    return true;
}

static enum fast check(const struct elements *elements, struct refuted *refuted)
{
    switch (elements->source->model->name[0]) {
    case 'q':
        return queue_check(elements, refuted);
    case 's':
        return stack_check(elements, refuted);
    default:
        return priority_check(elements, refuted);
    }
}

/* The refutation while it is made smaller. An order of all elements is one of any of them, so that
 * what is needed among some is needed among fewer. */
struct thinning {
    const struct elements *elements;
    struct refuted *refuted;
    struct element *scratch;
};

/* Whether the elements named from `from` to `to`, or all but these, have no order. */
static bool is_refuted(const struct thinning *thinning, uint32_t from, uint32_t to, bool within)
{
    const struct refuted *refuted = thinning->refuted;
    struct elements part = *thinning->elements;
    struct refuted found = {.place = PLACE_NONE};

    part.at = thinning->scratch;
    part.count = part.empty_count = 0;
    for (uint32_t i = 0; i < refuted->count; i++) {
        if ((i >= from && i < to) == within)
            part.at[part.count++] = thinning->elements->at[refuted->elements[i]];
    }
    for (uint32_t i = 0; i < thinning->elements->empty_count && !part.empty_count; i++) {
        part.empties = &thinning->elements->empties[i];
        part.empty_count = part.empties->place == refuted->place;
    }
    enum fast result = check(&part, &found);
    budget_free(part.budget, found.elements);
    return result == FAST_INVALID;
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void keep(struct refuted *refuted, uint32_t from, uint32_t to)
{
    memmove(refuted->elements, refuted->elements + from, (to - from) * sizeof *refuted->elements);
    refuted->count = to - from;
}

/* Often elements close to each other in time refute alone. */
static void keep_some_together(const struct thinning *thinning)
{
    struct refuted *refuted = thinning->refuted;
    struct budget *budget = thinning->elements->budget;

    for (uint32_t size = 2; size < refuted->count; size *= 2) {
        for (uint32_t from = 0; from + size / 2 < refuted->count; from += size / 2) {
            if (budget_spent(budget))
                return;
            uint32_t to = from + size < refuted->count ? from + size : refuted->count;
            if (!is_refuted(thinning, from, to, true))
                continue;
            keep(refuted, from, to);
            return;
        }
    }
}

/* Keep only elements without which there would be an order; the search would take long to. */
static void thin(const struct elements *elements, struct refuted *refuted)
{
    struct thinning thinning = {elements, refuted, NULL};

    thinning.scratch =
        budget_alloc(elements->budget, ((size_t)refuted->count + 1) * sizeof *thinning.scratch);
    if (!thinning.scratch)
        return;
    qsort(refuted->elements, refuted->count, sizeof *refuted->elements, by_number);
    keep_some_together(&thinning);
    for (uint32_t size = refuted->count; size > 0; size /= 2) {
        for (uint32_t from = 0; from < refuted->count && !budget_spent(elements->budget);) {
            uint32_t to = from + size < refuted->count ? from + size : refuted->count;
            if (!is_refuted(&thinning, from, to, false)) {
                from = to;
                continue;
            }
            memmove(refuted->elements + from, refuted->elements + to,
                    (refuted->count - to) * sizeof *refuted->elements);
            refuted->count -= to - from;
        }
    }
    budget_free(elements->budget, thinning.scratch);
}

static bool tell(const struct elements *elements, const struct refuted *refuted,
                 struct excerpt *witness)
{
    if (!fast_begin_witness(elements->source, elements->budget, witness))
        return false;
    for (uint32_t i = 0; i < refuted->count; i++) {
        const struct element *element = &elements->at[refuted->elements[i]];
        excerpt_add(witness, element->in, 0);
        if (element->out != PLACE_NONE)
            excerpt_add(witness, element->out, 0);
    }
    if (refuted->place != PLACE_NONE)
        excerpt_add(witness, refuted->place, 0);
    for (size_t i = 0; i < elements->source->count && refuted->value != VALUE_NIL; i++) {
        const struct op *op = &elements->source->history->ops[elements->source->places[i]];
        if ((is_insert(op) ? op->in : op->out) == refuted->value)
            excerpt_add(witness, elements->source->places[i], 0);
    }
    return true;
}

enum fast elements_check(const struct object_source *source, struct budget *budget,
                         struct excerpt *witness)
{
    struct elements elements = {.source = source, .budget = budget};
    struct refuted refuted = {.place = PLACE_NONE};
    enum fast result = gather(&elements, &refuted);

    if (result == FAST_VALID) {
        result = check(&elements, &refuted);
        if (result == FAST_INVALID && witness)
            thin(&elements, &refuted);
    }
    if (result == FAST_INVALID && witness && !tell(&elements, &refuted, witness))
        result = FAST_SPENT;
    budget_free(budget, elements.at);
    budget_free(budget, elements.empties);
    budget_free(budget, refuted.elements);
    return result;
}
