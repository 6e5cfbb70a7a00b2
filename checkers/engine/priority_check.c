/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A priority queue's elements, from the highest down: each leaves at the first moment at which
 * nothing above it has to be there, and comes as late as it can. Whatever else it could do, it
 * would be there for longer and so stand in the way of more of those below (after Lee and Mathur,
 * OOPSLA 2025, section 6).
 *
 * Time is a row of places: each moment that an interval begins or ends at, and the gaps between. An
 * element that is there between two moments covers the places between; the next place not covered
 * is found by pointers that only move forward (Tarjan's disjoint sets).
 */
#include "elements.h"

/* What an element's times are as places. */
struct stay {
    uint32_t earliest;        /* at which it can leave: begun to come and to leave */
    uint32_t in_end, out_end; /* the last place: never */
    uint32_t from, to;        /* it covers what lies between these; from == to: nothing */
};

struct rows {
    const struct elements *elements;
    struct stay *stays;
    uint32_t *next;  /* a place at or before the next one not covered */
    uint32_t *order; /* elements from the highest down */
    struct keyed *moments;
};

/* Moments are entered four to an element, then two to a removal that found nothing. */
static uint32_t moment_count(const struct elements *elements)
{
    return elements->count * 4 + elements->empty_count * 2;
}

static int64_t moment(const struct elements *elements, uint32_t i)
{
    if (i >= elements->count * 4) {
        const struct empty *empty = &elements->empties[(i - elements->count * 4) / 2];
        return (i - elements->count * 4) % 2 ? empty->end : empty->start;
    }
    const struct element *element = &elements->at[i / 4];
    switch (i % 4) {
    case 0:
        return element->in_start > element->out_start || element->out == PLACE_NONE
                   ? element->in_start
                   : element->out_start;
    case 1:
        return element->in_end;
    case 2:
        return element->out_end;
    default:
        return element->in_start;
    }
}

/* Number the moments, with a gap after each; `place_of` by moment. */
static bool number_places(struct rows *rows, uint32_t *place_of)
{
    uint32_t count = moment_count(rows->elements), place = 0;

    for (uint32_t i = 0; i < count; i++)
        rows->moments[i] = (struct keyed){moment(rows->elements, i), i};
    if (!keyed_sort(rows->moments, count, rows->elements->budget))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        place += i && rows->moments[i].key != rows->moments[i - 1].key ? 2 : 0;
        place_of[rows->moments[i].at] = place;
    }
    return true;
}

static uint32_t first_free(struct rows *rows, uint32_t place)
{
    uint32_t found = place;

    while (rows->next[found] != found)
        found = rows->next[found];
    while (rows->next[place] != found) {
        uint32_t next = rows->next[place];
        rows->next[place] = found;
        place = next;
    }
    return found;
}

static void cover(struct rows *rows, const struct stay *stay)
{
    uint32_t place = first_free(rows, stay->from + 1);

    while (place < stay->to) {
        rows->next[place] = place + 1;
        place = first_free(rows, place);
    }
}

/* -- telling ------------------------------------------------------------------------------------
 */

/* Add the elements above `than` (VALUE_NIL: any) that cover all places from `from` to `to`. */
static bool blame(struct rows *rows, value_id than, uint32_t from, uint32_t to,
                  struct refuted *refuted)
{
    const struct elements *elements = rows->elements;

    for (uint32_t place = from; place <= to;) {
        uint32_t best = ELEMENT_NONE;
        if (budget_spent(elements->budget))
            return false;
        for (uint32_t i = 0; i < elements->count; i++) {
            const struct stay *stay = &rows->stays[i];
            if (elements->at[i].value > than && stay->from < place && place < stay->to &&
                (best == ELEMENT_NONE || stay->to > rows->stays[best].to))
                best = i;
        }
        place = rows->stays[best].to;
        bool is_new = true;
        for (uint32_t i = 0; i < refuted->count; i++)
            is_new = is_new && refuted->elements[i] != best;
        if (is_new && !refuted_add(refuted, best, elements->budget))
            return false;
    }
    return true;
}

/* Everything that had to wait, with what it waited for. */
static enum fast blame_all(struct rows *rows, struct refuted *refuted)
{
    for (uint32_t i = 0; i < refuted->count; i++) {
        const struct stay *stay = &rows->stays[refuted->elements[i]];
        const struct element *element = &rows->elements->at[refuted->elements[i]];
        bool leaves = element->out != PLACE_NONE;
        uint32_t left = stay->to;
        if (leaves && left > stay->earliest &&
            !blame(rows, element->value, stay->earliest, left - 1, refuted))
            return FAST_SPENT;
    }
    return FAST_INVALID;
}

/* -- the check ----------------------------------------------------------------------------------
 */

static enum fast place_all(struct rows *rows, const uint32_t *place_of, struct refuted *refuted)
{
    const struct elements *elements = rows->elements;

    for (uint32_t k = 0; k < elements->count; k++) {
        uint32_t i = rows->order[k];
        struct stay *stay = &rows->stays[i];
        *stay = (struct stay){.earliest = place_of[4 * i],
                              .in_end = place_of[4 * i + 1],
                              .out_end = place_of[4 * i + 2]};
        bool leaves = elements->at[i].out != PLACE_NONE;
        stay->to = leaves ? first_free(rows, stay->earliest) : stay->out_end;
        if (leaves && stay->to > stay->out_end) {
            uint32_t last = stay->out_end;
            stay->to = stay->from = 0;
            return refuted_add(refuted, i, elements->budget) &&
                           blame(rows, elements->at[i].value, stay->earliest, last, refuted)
                       ? blame_all(rows, refuted)
                       : FAST_SPENT;
        }
        stay->from = stay->in_end < stay->to ? stay->in_end : stay->to;
        cover(rows, stay);
    }
    for (uint32_t i = 0; i < elements->empty_count; i++) {
        uint32_t start = place_of[4 * elements->count + 2 * i];
        uint32_t end = place_of[4 * elements->count + 2 * i + 1];
        if (first_free(rows, start) <= end)
            continue;
        refuted->place = elements->empties[i].place;
        return blame(rows, VALUE_NIL, start, end, refuted) ? blame_all(rows, refuted) : FAST_SPENT;
    }
    return FAST_VALID;
}

/* Ids of small integers, which priorities are, are ordered as the integers. */
static bool sort_by_priority(struct rows *rows)
{
    const struct elements *elements = rows->elements;

    for (uint32_t i = 0; i < elements->count; i++)
        rows->moments[i] = (struct keyed){-(int64_t)elements->at[i].value, i};
    if (!keyed_sort(rows->moments, elements->count, elements->budget))
        return false;
    for (uint32_t i = 0; i < elements->count; i++)
        rows->order[i] = rows->moments[i].at;
    return true;
}

enum fast priority_check(const struct elements *elements, struct refuted *refuted)
{
    struct rows rows = {.elements = elements};
    struct budget *budget = elements->budget;
    size_t count = moment_count(elements) + 1;
    enum fast result = FAST_SPENT;

    rows.stays = budget_calloc(budget, (size_t)elements->count + 1, sizeof *rows.stays);
    rows.order = budget_alloc(budget, ((size_t)elements->count + 1) * sizeof *rows.order);
    rows.moments = budget_alloc(budget, count * sizeof *rows.moments);
    rows.next = budget_alloc(budget, 2 * count * sizeof *rows.next);
    uint32_t *place_of = budget_alloc(budget, count * sizeof *place_of);
    if (rows.stays && rows.order && rows.moments && rows.next && place_of &&
        sort_by_priority(&rows) && number_places(&rows, place_of)) {
        for (uint32_t i = 0; i < 2 * count; i++)
            rows.next[i] = i;
        result = place_all(&rows, place_of, refuted);
    }
    budget_free(budget, rows.stays);
    budget_free(budget, rows.order);
    budget_free(budget, rows.moments);
    budget_free(budget, rows.next);
    budget_free(budget, place_of);
    return result;
}
