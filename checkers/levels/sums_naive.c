/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* What is said of counters asked again, plainly: is it a refutation, is it an order? It shares
 * nothing with what finds either. */
#include "sums_internal.h"

#include <stdlib.h>

/* More operations are not asked about: it compares each with each. */
enum { WITNESS_MAX = 5000 };

struct asked {
    const struct object_source *one;
    const struct excerpt *witness;
    int64_t initial;
};

static const struct op *op_at(const struct asked *asked, uint32_t place)
{
    return &asked->one->history->ops[place];
}

static int64_t number_of(const struct history *history, value_id value)
{
    int64_t number = 0;
    return values_get_int(&history->values, value, &number) ? number : 0;
}

static int64_t added(const struct asked *asked, const struct op *op)
{
    return op->f == OP_F_ADD ? number_of(asked->one->history, op->in) : 0;
}

static bool is_read(const struct op *op)
{
    return op->f == OP_F_READ && op->type == OP_OK;
}

static int64_t result(const struct asked *asked, const struct op *read)
{
    return number_of(asked->one->history, read->out);
}

static bool comes_before(const struct op *a, const struct op *b)
{
    return a->process == b->process && a->index < b->index;
}

/* The least or greatest sum that the read can have found: what its process added before is in it if
 * it happened, what that added afterwards is not, and others' additions may be. */
static bool is_beyond_bounds(const struct asked *asked, const struct op *read)
{
    int64_t least = asked->initial, greatest = asked->initial;

    for (size_t i = 0; i < asked->one->count; i++) {
        const struct op *op = op_at(asked, asked->one->places[i]);
        int64_t amount = added(asked, op);
        bool must = comes_before(op, read) && op->type == OP_OK;
        if (comes_before(read, op))
            continue;
        least += must || amount < 0 ? amount : 0;
        greatest += must || amount > 0 ? amount : 0;
    }
    return result(asked, read) < least || result(asked, read) > greatest;
}

static bool only_grows(const struct asked *asked)
{
    for (size_t i = 0; i < asked->one->count; i++) {
        if (added(asked, op_at(asked, asked->one->places[i])) < 0)
            return false;
    }
    return true;
}

/* The greatest value known to have been read before `op` by its process. */
static int64_t read_before(const struct asked *asked, const struct op *op)
{
    const struct excerpt *witness = asked->witness;
    int64_t greatest = asked->initial;

    for (size_t i = 0; i < witness->count; i++) {
        const struct op *read = op_at(asked, witness->places[i]);
        if (is_read(read) && comes_before(read, op) && result(asked, read) > greatest)
            greatest = result(asked, read);
    }
    return greatest;
}

/* The least one read after it. */
static int64_t read_after(const struct asked *asked, const struct op *op)
{
    const struct excerpt *witness = asked->witness;
    int64_t least = SUM_UNBOUNDED;

    for (size_t i = 0; i < witness->count; i++) {
        const struct op *read = op_at(asked, witness->places[i]);
        if (is_read(read) && comes_before(op, read) && result(asked, read) < least)
            least = result(asked, read);
    }
    return least;
}

/* All the additions given are made between two values that leave no room for them. */
static bool are_too_many(const struct asked *asked)
{
    const struct excerpt *witness = asked->witness;
    int64_t from = SUM_UNBOUNDED, to = INT64_MIN, sum = 0;

    for (size_t i = 0; i < witness->count; i++) {
        const struct op *op = op_at(asked, witness->places[i]);
        if (op->f != OP_F_ADD)
            continue;
        int64_t before = read_before(asked, op), after = read_after(asked, op);
        if (op->type != OP_OK || after == SUM_UNBOUNDED)
            return false;
        from = before < from ? before : from;
        to = after > to ? after : to;
        sum += added(asked, op);
    }
    return from != SUM_UNBOUNDED && sum > to - from;
}

static bool are_too_few(const struct asked *asked, const struct op *read)
{
    int64_t sum = asked->initial;

    for (size_t i = 0; i < asked->one->count && sum < result(asked, read); i++) {
        const struct op *op = op_at(asked, asked->one->places[i]);
        if (op->f == OP_F_ADD && read_before(asked, op) < result(asked, read))
            sum += added(asked, op);
    }
    return sum < result(asked, read);
}

bool sums_refute(const struct object_source *one, const struct excerpt *witness)
{
    struct asked asked = {one, witness, number_of(one->history, one->initial)};

    if (witness->count > WITNESS_MAX)
        return false;
    bool grows = only_grows(&asked);
    for (size_t i = 0; i < witness->count; i++) {
        const struct op *op = op_at(&asked, witness->places[i]);
        if (!is_read(op))
            continue;
        if (is_beyond_bounds(&asked, op))
            return true;
        if (grows && read_before(&asked, op) > result(&asked, op))
            return true;
    }
    if (grows && are_too_many(&asked))
        return true;
    for (size_t i = 0; i < witness->count && grows; i++) {
        const struct op *op = op_at(&asked, witness->places[i]);
        if (is_read(op) && are_too_few(&asked, op))
            return true;
    }
    return false;
}

/* -- an order -------------------------------------------------------------------------------- */

/* As many operations as happened, and nothing that failed. None is there twice, or else one would
 * not come after itself (keeps_sessions). */
static bool is_complete(const struct history *history, const uint32_t *order, uint32_t count)
{
    size_t placed = 0, happened = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (history->ops[order[i]].type == OP_FAIL)
            return false;
        placed += history->ops[order[i]].type == OP_OK;
    }
    for (size_t i = 0; i < history->count; i++)
        happened += history->ops[i].type == OP_OK;
    return placed == happened;
}

static int by_process(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static bool keeps_sessions(const struct history *history, const uint32_t *order, uint32_t count,
                           struct keyed *sessions)
{
    for (uint32_t i = 0; i < count; i++)
        sessions[i] = (struct keyed){history->ops[order[i]].process, i};
    qsort(sessions, count, sizeof *sessions, by_process);
    for (uint32_t i = 1; i < count; i++) {
        const struct op *earlier = &history->ops[order[sessions[i - 1].at]];
        const struct op *later = &history->ops[order[sessions[i].at]];
        if (earlier->process == later->process && earlier->index >= later->index)
            return false;
    }
    return true;
}

static bool explains_reads(const struct object_source *source, const uint32_t *order,
                           uint32_t count, const uint32_t *key, int64_t *sums)
{
    const struct history *history = source->history;

    for (uint32_t i = 0; i < count; i++) {
        const struct op *op = &history->ops[order[i]];
        int64_t *sum = &sums[key[order[i]]];
        if (op->f == OP_F_ADD)
            *sum += number_of(history, op->in);
        else if (op->type == OP_OK && number_of(history, op->out) != *sum)
            return false;
    }
    return true;
}

bool sums_replay(const struct object_source *source, const struct keys *keys, const uint32_t *order,
                 uint32_t count, struct budget *budget)
{
    const struct history *history = source->history;
    uint32_t *key = budget_alloc(budget, (history->count + 1) * sizeof *key);
    int64_t *sums = budget_alloc(budget, ((size_t)keys->count + 1) * sizeof *sums);
    struct keyed *sessions = budget_alloc(budget, ((size_t)count + 1) * sizeof *sessions);
    bool fits = false;

    if (key && sums && sessions) {
        for (uint32_t k = 0; k < keys->count; k++) {
            sums[k] = number_of(history, source->initial);
            for (uint32_t i = keys->starts[k]; i < keys->starts[k + 1]; i++)
                key[keys->places[i]] = k;
        }
        fits = is_complete(history, order, count) &&
               keeps_sessions(history, order, count, sessions) &&
               explains_reads(source, order, count, key, sums);
    }
    budget_free(budget, key);
    budget_free(budget, sums);
    budget_free(budget, sessions);
    return fits;
}
