/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* One order for all counters, made step by step: what is read now goes at once, which takes nothing
 * from anybody, and then the addition that returned first, of those that leave no reader and enough
 * room for what other processes have to add by then. (In what systems do, additions have mostly
 * taken effect in the order in which they returned, however late others read of it.) It never takes
 * back a step: it may fail where there is an order. */
#include "sums_internal.h"

#include <stdlib.h>
#include <string.h>

/* More is left to the search. */
enum { ORDER_LOOKS_MAX = 400 * 1000 * 1000 };

struct session {
    uint32_t next, end; /* in `sequence` */
};

struct counter {
    int64_t value;
    uint32_t first, end; /* of its levels */
    uint32_t at;         /* the lowest level that somebody has yet to read; end: none */
    int64_t due;         /* what has to be added by any of its levels, and is not */
};

struct level {
    int64_t value;
    uint32_t readers; /* that have yet to come */
    int64_t due;      /* what has to be added by then, and is not */
};

struct ordering {
    const struct sums *sums;
    struct keyed *sequence; /* all operations, by process and then by place */
    uint32_t count;
    struct session *sessions;
    uint32_t session_count;
    struct counter *counters; /* by key */
    struct level *levels;
    uint32_t *order;
    uint32_t ordered;
    uint64_t looks;
};

static int by_process(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static int by_value(const void *left, const void *right)
{
    const struct level *a = left, *b = right;
    return a->value < b->value ? -1 : a->value > b->value;
}

/* -- making ready ---------------------------------------------------------------------------- */

static struct level *level_of(struct ordering *ordering, const struct counter *counter,
                              int64_t value)
{
    struct level wanted = {.value = value};
    return bsearch(&wanted, ordering->levels + counter->first, counter->end - counter->first,
                   sizeof wanted, by_value);
}

static void find_levels(struct ordering *ordering)
{
    const struct sums *sums = ordering->sums;
    const struct keys *keys = sums->keys;
    uint32_t used = 0;

    for (uint32_t key = 0; key < keys->count; key++) {
        struct counter *counter = &ordering->counters[key];
        uint32_t first = used, kept = used;
        for (uint32_t i = keys->starts[key]; i < keys->starts[key + 1]; i++) {
            uint32_t place = keys->places[i];
            if (sums_is_read(sums, place) && !sums_is_void(sums, place))
                ordering->levels[used++] = (struct level){.value = sums->number[place]};
        }
        qsort(ordering->levels + first, used - first, sizeof *ordering->levels, by_value);
        for (uint32_t i = first; i < used; i++) {
            if (kept == first || ordering->levels[kept - 1].value != ordering->levels[i].value)
                ordering->levels[kept++] = ordering->levels[i];
            ordering->levels[kept - 1].readers++;
        }
        used = kept;
        *counter =
            (struct counter){.value = sums->initial, .first = first, .end = kept, .at = first};
    }
}

static void find_sequence(struct ordering *ordering)
{
    const struct sums *sums = ordering->sums;
    const struct keys *keys = sums->keys;

    for (uint32_t i = 0; i < keys->starts[keys->count]; i++) {
        uint32_t place = keys->places[i];
        const struct op *op = sums_op(sums, place);
        if (op->type == OP_OK || !sums_is_void(sums, place))
            ordering->sequence[ordering->count++] = (struct keyed){op->process, place};
    }
    qsort(ordering->sequence, ordering->count, sizeof *ordering->sequence, by_process);
    for (uint32_t i = 0; i < ordering->count; i++) {
        const struct keyed *sequence = ordering->sequence;
        if (i == 0 || sequence[i].key != sequence[i - 1].key)
            ordering->sessions[ordering->session_count++].next = i;
        ordering->sessions[ordering->session_count - 1].end = i + 1;
    }
}

/* More (or, negative, less) has to be added by the time at which the addition has to be made. */
static void add_due(struct ordering *ordering, uint32_t place, int64_t amount)
{
    const struct sums *sums = ordering->sums;
    struct counter *counter = &ordering->counters[sums->key[place]];

    if (sums->most[place] == SUM_UNBOUNDED)
        return;
    level_of(ordering, counter, sums->most[place])->due += amount;
    counter->due += amount;
}

static void find_dues(struct ordering *ordering)
{
    const struct sums *sums = ordering->sums;

    for (uint32_t i = 0; i < ordering->count; i++) {
        uint32_t place = ordering->sequence[i].at;
        if (!sums_is_read(sums, place) && !sums_is_void(sums, place))
            add_due(ordering, place, sums->number[place]);
    }
}

/* -- steps ----------------------------------------------------------------------------------- */

static void put(struct ordering *ordering, struct session *session)
{
    ordering->order[ordering->ordered++] = ordering->sequence[session->next++].at;
}

/* Let the session go on as far as it reads what is there. */
static void read_on(struct ordering *ordering, struct session *session)
{
    const struct sums *sums = ordering->sums;

    for (; session->next < session->end; put(ordering, session)) {
        uint32_t place = ordering->sequence[session->next].at;
        struct counter *counter = &ordering->counters[sums->key[place]];
        if (sums_is_read(sums, place)) {
            if (sums->number[place] != counter->value)
                return;
            struct level *level = level_of(ordering, counter, counter->value);
            if (--level->readers == 0 && level == &ordering->levels[counter->at])
                counter->at++;
        } else if (!sums_is_void(sums, place)) {
            return;
        }
    }
}

/* Whether the addition leaves no reader behind, and enough room for what has to be added. */
static bool may_add(struct ordering *ordering, uint32_t place)
{
    const struct sums *sums = ordering->sums;
    const struct counter *counter = &ordering->counters[sums->key[place]];
    int64_t value = counter->value + sums->number[place], due = 0;

    if (counter->at == counter->end)
        return true;
    if (value > ordering->levels[counter->at].value)
        return false;
    for (uint32_t i = counter->at; i < counter->end; i++) {
        const struct level *level = &ordering->levels[i];
        if (sums->most[place] <= level->value)
            return true;
        ordering->looks++;
        due += level->due;
        if (due > level->value - value)
            return false;
        if (due == counter->due)
            return true;
    }
    return true;
}

/* Whether the addition returned before the one that comes next in the session. */
static bool returned_before(const struct ordering *ordering, uint32_t place,
                            const struct session *session)
{
    const struct op *other = sums_op(ordering->sums, ordering->sequence[session->next].at);
    return sums_op(ordering->sums, place)->complete_index < other->complete_index;
}

/* The session whose addition comes next; NULL if none can. What may not have happened comes only
 * where nothing else can, and somebody waits to read more. */
static struct session *choose(struct ordering *ordering)
{
    const struct sums *sums = ordering->sums;
    struct session *best = NULL;
    bool best_happened = false;

    for (uint32_t s = 0; s < ordering->session_count; s++) {
        struct session *session = &ordering->sessions[s];
        ordering->looks++;
        if (session->next == session->end)
            continue;
        uint32_t place = ordering->sequence[session->next].at;
        const struct counter *counter = &ordering->counters[sums->key[place]];
        bool happened = sums_op(sums, place)->type == OP_OK;
        if (sums_is_read(sums, place) || best_happened > happened ||
            (best && best_happened == happened && !returned_before(ordering, place, best)) ||
            (!happened && counter->at == counter->end) || !may_add(ordering, place))
            continue;
        best = session;
        best_happened = happened;
    }
    return best;
}

static void add(struct ordering *ordering, struct session *session)
{
    const struct sums *sums = ordering->sums;
    uint32_t place = ordering->sequence[session->next].at;
    struct counter *counter = &ordering->counters[sums->key[place]];

    counter->value += sums->number[place];
    add_due(ordering, place, -sums->number[place]);
    put(ordering, session);
}

/* Whether only what need not have happened is left. */
static bool is_done(const struct ordering *ordering)
{
    for (uint32_t s = 0; s < ordering->session_count; s++) {
        const struct session *session = &ordering->sessions[s];
        for (uint32_t i = session->next; i < session->end; i++) {
            if (sums_op(ordering->sums, ordering->sequence[i].at)->type == OP_OK)
                return false;
        }
    }
    return true;
}

static enum fast find_order(struct ordering *ordering)
{
    const struct sums *sums = ordering->sums;
    struct session *chosen;

    find_levels(ordering);
    find_sequence(ordering);
    find_dues(ordering);
    for (uint64_t steps = 0;; steps++) {
        if (steps % 256 == 0 && budget_spent(sums->budget))
            return FAST_SPENT;
        for (uint32_t s = 0; s < ordering->session_count; s++)
            read_on(ordering, &ordering->sessions[s]);
        chosen = ordering->looks < ORDER_LOOKS_MAX ? choose(ordering) : NULL;
        if (!chosen)
            break;
        add(ordering, chosen);
    }
    return is_done(ordering) && sums_replay(sums->source, sums->keys, ordering->order,
                                            ordering->ordered, sums->budget)
               ? FAST_VALID
               : FAST_NOT;
}

enum fast sums_order(const struct sums *sums)
{
    struct budget *budget = sums->budget;
    size_t places = sums->history->count + 1, keys = (size_t)sums->keys->count + 1;
    struct ordering ordering = {
        .sums = sums,
        .sequence = budget_alloc(budget, places * sizeof *ordering.sequence),
        .sessions = budget_calloc(budget, places, sizeof *ordering.sessions),
        .counters = budget_alloc(budget, keys * sizeof *ordering.counters),
        .levels = budget_alloc(budget, places * sizeof *ordering.levels),
        .order = budget_alloc(budget, places * sizeof *ordering.order),
    };
    enum fast result = FAST_SPENT;

    if (ordering.sequence && ordering.sessions && ordering.counters && ordering.levels &&
        ordering.order)
        result = find_order(&ordering);
    budget_free(budget, ordering.sequence);
    budget_free(budget, ordering.sessions);
    budget_free(budget, ordering.counters);
    budget_free(budget, ordering.levels);
    budget_free(budget, ordering.order);
    return result;
}
