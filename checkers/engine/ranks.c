/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "ranks.h"

#include "elements.h"
#include "value_map.h"

#include <stdlib.h>
#include <string.h>

/* A read of the whole. */
struct reading {
    uint32_t place;
    size_t count;
    const value_id *elements;
    uint32_t rank;
};

struct ranks {
    const struct object_source *source;
    struct budget *budget;
    bool is_list;
    struct value_map map;
    uint32_t *adds;  /* places of additions, by number */
    uint32_t *ranks; /* of additions; RANK_NONE: seen by nobody */
    uint32_t add_count;
    struct reading *readings; /* by count */
    uint32_t reading_count;
    uint32_t guilty[2]; /* places of the reads that refute, or PLACE_NONE */
    value_id elements[2];
    uint32_t element_count;
};

static const struct op *op_at(const struct ranks *ranks, uint32_t place)
{
    return &ranks->source->history->ops[place];
}

static bool is_add(const struct ranks *ranks, const struct op *op)
{
    return op->f == (ranks->is_list ? OP_F_APPEND : OP_F_ADD);
}

/* Refuted by two reads (or PLACE_NONE), looking at these elements only. */
static enum fast refute(struct ranks *ranks, uint32_t read, uint32_t other)
{
    ranks->guilty[0] = read;
    ranks->guilty[1] = other;
    return FAST_INVALID;
}

static void look_at(struct ranks *ranks, value_id element)
{
    ranks->elements[ranks->element_count++] = element;
}

/* An element of one reading that the other has not. VALUE_NIL: none, or the budget is used up. */
static value_id only_in(const struct ranks *ranks, const struct reading *one,
                        const struct reading *other)
{
    bool *marks = budget_calloc(ranks->budget, (size_t)ranks->add_count + 1, sizeof *marks);
    value_id found = VALUE_NIL;

    for (size_t i = 0; i < other->count && marks; i++)
        marks[value_map_find(&ranks->map, other->elements[i])] = true;
    for (size_t i = 0; i < one->count && marks && found == VALUE_NIL; i++) {
        if (!marks[value_map_find(&ranks->map, one->elements[i])])
            found = one->elements[i];
    }
    budget_free(ranks->budget, marks);
    return found;
}

/* -- gathering ----------------------------------------------------------------------------------
 */

/* Count additions and readings; whether this method applies. */
static bool look_over(struct ranks *ranks, value_id *least, value_id *greatest)
{
    const struct object_source *source = ranks->source;
    const value_id *elements;
    size_t count;

    *least = UINT32_MAX;
    *greatest = 0;
    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = op_at(ranks, source->places[i]);
        if (is_add(ranks, op)) {
            /* An addition that says whether it changed anything is for the search. */
            if (op->type == OP_OK && op->out != VALUE_NIL && !ranks->is_list)
                return false;
            ranks->add_count++;
            *least = op->in < *least ? op->in : *least;
            *greatest = op->in > *greatest ? op->in : *greatest;
        } else if (op->f != OP_F_READ) {
            return false;
        } else if (op->type == OP_OK) {
            if (op->out != VALUE_NIL &&
                !values_get_list(&source->history->values, op->out, &elements, &count))
                return false;
            ranks->reading_count++;
        }
    }
    return source->initial == VALUE_NIL;
}

static enum fast gather(struct ranks *ranks)
{
    const struct object_source *source = ranks->source;
    uint32_t adds = 0, readings = 0;

    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = op_at(ranks, source->places[i]);
        if (is_add(ranks, op)) {
            uint32_t *slot = value_map_slot(&ranks->map, op->in);
            if (*slot != VALUE_MAP_NONE)
                return FAST_NOT;
            ranks->ranks[adds] = RANK_NONE;
            ranks->adds[adds] = source->places[i];
            *slot = adds++;
        } else if (op->type == OP_OK) {
            struct reading *reading = &ranks->readings[readings++];
            *reading = (struct reading){.place = source->places[i]};
            if (op->out != VALUE_NIL)
                (void)values_get_list(&source->history->values, op->out, &reading->elements,
                                      &reading->count);
        }
    }
    return FAST_VALID;
}

static int by_count(const void *left, const void *right)
{
    const struct reading *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* -- ranking ------------------------------------------------------------------------------------
 */

/* In a list each element has a rank of its own. */
static enum fast rank_list(struct ranks *ranks, const struct reading *before,
                           const struct reading *reading, uint32_t *rank)
{
    for (size_t k = 0; k < reading->count; k++) {
        if (!before || k >= before->count) {
            ranks->ranks[value_map_find(&ranks->map, reading->elements[k])] = ++*rank;
        } else if (reading->elements[k] != before->elements[k]) {
            look_at(ranks, before->elements[k]);
            look_at(ranks, reading->elements[k]);
            return refute(ranks, before->place, reading->place);
        }
    }
    return FAST_VALID;
}

/* In a set those new in a reading share one. */
static enum fast rank_set(struct ranks *ranks, const struct reading *before,
                          const struct reading *reading, uint32_t *rank)
{
    size_t old = 0;

    if (!before || reading->count > before->count)
        ++*rank;
    for (size_t k = 0; k < reading->count; k++) {
        uint32_t *own = &ranks->ranks[value_map_find(&ranks->map, reading->elements[k])];
        old += *own != RANK_NONE;
        *own = *own == RANK_NONE ? *rank : *own;
    }
    if (!before || old == before->count)
        return FAST_VALID;
    look_at(ranks, only_in(ranks, before, reading));
    look_at(ranks, only_in(ranks, reading, before));
    return refute(ranks, before->place, reading->place);
}

/* Whether a reading has only what somebody added, and nothing twice. */
static enum fast look_at_reading(struct ranks *ranks, const struct reading *reading,
                                 uint32_t *marks, uint32_t mark)
{
    for (size_t k = 0; k < reading->count; k++) {
        uint32_t add = value_map_find(&ranks->map, reading->elements[k]);
        if (add == VALUE_MAP_NONE || marks[add] == mark) {
            look_at(ranks, reading->elements[k]);
            return refute(ranks, reading->place, PLACE_NONE);
        }
        marks[add] = mark;
    }
    return FAST_VALID;
}

static enum fast rank_all(struct ranks *ranks, uint32_t *last)
{
    uint32_t *marks = budget_calloc(ranks->budget, ranks->add_count + 1, sizeof *marks);
    enum fast result = FAST_VALID;
    uint32_t rank = 0;

    if (!marks)
        return FAST_SPENT;
    for (uint32_t i = 0; i < ranks->reading_count && result == FAST_VALID; i++) {
        struct reading *reading = &ranks->readings[i];
        const struct reading *before = i ? reading - 1 : NULL;
        if (budget_spent(ranks->budget)) {
            result = FAST_SPENT;
            break;
        }
        result = look_at_reading(ranks, reading, marks, i + 1);
        if (result == FAST_VALID)
            result = ranks->is_list ? rank_list(ranks, before, reading, &rank)
                                    : rank_set(ranks, before, reading, &rank);
        if (i == 0 || reading->count > before->count)
            rank++;
        reading->rank = rank;
    }
    *last = rank + 1;
    budget_free(ranks->budget, marks);
    return result;
}

/* -- precedence ---------------------------------------------------------------------------------
 */

struct ranked {
    uint32_t place, rank;
};

static const struct reading *reading_at(const struct ranks *ranks, uint32_t place)
{
    const struct reading *reading = ranks->readings;

    while (reading->place != place)
        reading++;
    return reading;
}

/* `high` precedes `low`, of lower rank. What shows it are the elements added or read, and reads
 * that have the one and not the other. */
static enum fast refute_pair(struct ranks *ranks, const struct ranked *high,
                             const struct ranked *low)
{
    bool high_adds = is_add(ranks, op_at(ranks, high->place));
    bool low_adds = is_add(ranks, op_at(ranks, low->place));

    if (high_adds)
        look_at(ranks, op_at(ranks, high->place)->in);
    if (low_adds)
        look_at(ranks, op_at(ranks, low->place)->in);
    if (high_adds && low_adds) {
        const struct reading *reading = ranks->readings;
        while (reading->rank < low->rank)
            reading++;
        return refute(ranks, reading->place, PLACE_NONE);
    }
    if (!high_adds && !low_adds)
        look_at(ranks,
                only_in(ranks, reading_at(ranks, high->place), reading_at(ranks, low->place)));
    return refute(ranks, high_adds ? PLACE_NONE : high->place, low_adds ? PLACE_NONE : low->place);
}

/* An operation of higher rank that precedes one of lower rank. */
static enum fast compare(struct ranks *ranks, const struct keyed *by_end,
                         const struct keyed *by_start, const struct ranked *ranked, uint32_t count)
{
    uint32_t next = 0, highest = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        for (; next < count && by_end[next].key < by_start[i].key; next++) {
            if (highest == UINT32_MAX || ranked[by_end[next].at].rank > ranked[highest].rank)
                highest = by_end[next].at;
        }
        if (highest != UINT32_MAX && ranked[highest].rank > ranked[by_start[i].at].rank)
            return refute_pair(ranks, &ranked[highest], &ranked[by_start[i].at]);
    }
    return FAST_VALID;
}

/* Additions that nobody saw come last if they happened, and else not at all. */
static uint32_t list_ranked(const struct ranks *ranks, uint32_t last, struct ranked *ranked)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ranks->add_count; i++) {
        bool seen = ranks->ranks[i] != RANK_NONE;
        if (seen || op_at(ranks, ranks->adds[i])->type == OP_OK)
            ranked[count++] = (struct ranked){ranks->adds[i], seen ? ranks->ranks[i] : last};
    }
    for (uint32_t i = 0; i < ranks->reading_count; i++)
        ranked[count++] = (struct ranked){ranks->readings[i].place, ranks->readings[i].rank};
    return count;
}

static enum fast check_precedence(struct ranks *ranks, uint32_t last)
{
    size_t room = (size_t)ranks->add_count + ranks->reading_count + 1;
    struct ranked *ranked = budget_alloc(ranks->budget, room * sizeof *ranked);
    struct keyed *by_end = budget_alloc(ranks->budget, room * sizeof *by_end);
    struct keyed *by_start = budget_alloc(ranks->budget, room * sizeof *by_start);
    enum fast result = FAST_SPENT;

    if (ranked && by_end && by_start) {
        uint32_t count = list_ranked(ranks, last, ranked);
        for (uint32_t i = 0; i < count; i++) {
            const struct op *op = op_at(ranks, ranked[i].place);
            by_end[i] = (struct keyed){source_end(ranks->source, op), i};
            by_start[i] = (struct keyed){source_start(ranks->source, op), i};
        }
        if (keyed_sort(by_end, count, ranks->budget) && keyed_sort(by_start, count, ranks->budget))
            result = compare(ranks, by_end, by_start, ranked, count);
    }
    budget_free(ranks->budget, ranked);
    budget_free(ranks->budget, by_end);
    budget_free(ranks->budget, by_start);
    return result;
}

/* Give every operation its rank; *last is that of additions that nobody saw. */
static enum fast assign(struct ranks *ranks, uint32_t *last)
{
    value_id least, greatest;

    if (!look_over(ranks, &least, &greatest))
        return FAST_NOT;
    ranks->adds = budget_alloc(ranks->budget, ((size_t)ranks->add_count + 1) * sizeof(uint32_t));
    ranks->ranks = budget_alloc(ranks->budget, ((size_t)ranks->add_count + 1) * sizeof(uint32_t));
    ranks->readings =
        budget_alloc(ranks->budget, ((size_t)ranks->reading_count + 1) * sizeof *ranks->readings);
    if (!ranks->adds || !ranks->ranks || !ranks->readings ||
        !value_map_init(&ranks->map, least, greatest, ranks->add_count, ranks->budget))
        return FAST_SPENT;
    enum fast result = gather(ranks);
    if (result != FAST_VALID)
        return result;
    qsort(ranks->readings, ranks->reading_count, sizeof *ranks->readings, by_count);
    return rank_all(ranks, last);
}

static void release(struct ranks *ranks)
{
    budget_free(ranks->budget, ranks->adds);
    budget_free(ranks->budget, ranks->ranks);
    budget_free(ranks->budget, ranks->readings);
    value_map_release(&ranks->map);
}

static struct ranks ranks_of(const struct object_source *source, struct budget *budget)
{
    return (struct ranks){.source = source,
                          .budget = budget,
                          .is_list = strcmp(source->model->name, "append-list") == 0};
}

bool ranks_know(const struct model *model)
{
    return strcmp(model->name, "append-list") == 0 || strcmp(model->name, "set") == 0;
}

static bool tell(const struct ranks *ranks, struct excerpt *witness)
{
    if (!fast_begin_witness(ranks->source, ranks->budget, witness))
        return false;
    for (uint32_t i = 0; i < ranks->element_count; i++) {
        uint32_t add = value_map_find(&ranks->map, ranks->elements[i]);
        if (add != VALUE_MAP_NONE)
            excerpt_add(witness, ranks->adds[add], 0);
        witness->only[witness->only_count++] = ranks->elements[i];
    }
    for (int i = 0; i < 2; i++) {
        if (ranks->guilty[i] != PLACE_NONE)
            excerpt_add(witness, ranks->guilty[i], 0);
    }
    return true;
}

enum fast ranks_check(const struct object_source *source, struct budget *budget,
                      struct excerpt *witness)
{
    struct ranks ranks = ranks_of(source, budget);
    uint32_t last;
    enum fast result = assign(&ranks, &last);

    if (result == FAST_VALID)
        result = check_precedence(&ranks, last);
    if (result == FAST_INVALID && witness && !tell(&ranks, witness))
        result = FAST_SPENT;
    release(&ranks);
    return result;
}

enum fast ranks_assign(const struct object_source *source, struct budget *budget, uint32_t *rank,
                       uint32_t *count)
{
    struct ranks ranks = ranks_of(source, budget);
    uint32_t last = 0;
    enum fast result = assign(&ranks, &last);

    for (size_t i = 0; i < source->count; i++)
        rank[source->places[i]] = RANK_NONE;
    for (uint32_t i = 0; i < ranks.add_count && result == FAST_VALID; i++) {
        uint32_t place = ranks.adds[i];
        if (ranks.ranks[i] != RANK_NONE)
            rank[place] = ranks.ranks[i];
        else if (op_at(&ranks, place)->type == OP_OK)
            rank[place] = last;
    }
    for (uint32_t i = 0; i < ranks.reading_count && result == FAST_VALID; i++)
        rank[ranks.readings[i].place] = ranks.readings[i].rank;
    *count = last + 1;
    release(&ranks);
    return result;
}
