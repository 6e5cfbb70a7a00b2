/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "verify.h"

#include <string.h>

/* What was placed, as a bit per operation, and the state after it. */
struct verify {
    const struct excerpt *excerpt;
    struct budget *budget;
    struct states states;
    struct call *calls;
    uint32_t *parts; /* numbers of the objects; with several, a state is a list of theirs */
    uint32_t part_count;
    uint8_t *skip; /* constrains nothing */
    uint64_t *placed;
    size_t words;
    uint64_t *seen; /* states << 32 and placed sets in which nothing follows */
    size_t seen_count, seen_capacity;
    uint32_t *slots;
    size_t slot_count;
    uint64_t steps, steps_max;
    bool gave_up;
};

static const struct op *op_at(const struct verify *verify, size_t i)
{
    return &verify->excerpt->history->ops[verify->excerpt->places[i]];
}

static bool is_due(const struct verify *verify, size_t i)
{
    return op_at(verify, i)->type == OP_OK && !(verify->excerpt->relaxed[i] & RELAX_DUTY) &&
           !verify->skip[i];
}

static bool is_placed(const struct verify *verify, size_t i)
{
    return verify->placed[i / 64] >> (i % 64) & 1;
}

static bool precedes(const struct op *a, const struct op *b)
{
    return a->complete_ns < b->invoke_ns || (a->process == b->process && a->index < b->index);
}

/* The first operation that has yet to be placed; the count if none has. */
static size_t find_due(const struct verify *verify)
{
    size_t i = 0;

    while (i < verify->excerpt->count && (is_placed(verify, i) || !is_due(verify, i)))
        i++;
    return i;
}

/* Whether nothing that has to come before operation `i` is still to be placed. `first` is what
 * find_due says; operations stand in order of their invocation. */
static bool may_come(const struct verify *verify, size_t first, size_t i)
{
    for (size_t k = first; k < i; k++) {
        if (!is_placed(verify, k) && is_due(verify, k) &&
            precedes(op_at(verify, k), op_at(verify, i)))
            return false;
    }
    return true;
}

/* Whether operation `i`, and all that were invoked after it, come after the one at `first`. */
static bool is_beyond(const struct verify *verify, size_t first, size_t i)
{
    return op_at(verify, first)->complete_ns < op_at(verify, i)->invoke_ns;
}

static size_t hash_of(const struct verify *verify, const uint64_t *entry)
{
    uint64_t hash = 0;

    for (size_t i = 0; i <= verify->words; i++)
        hash = (hash ^ entry[i]) * 0x9e3779b97f4a7c15u + (hash >> 27);
    return hash ^ hash >> 29;
}

static bool grow_seen(struct verify *verify)
{
    size_t entry_size = (verify->words + 1) * sizeof *verify->seen;
    size_t capacity = verify->seen_capacity ? verify->seen_capacity * 2 : 64;
    uint64_t *seen = budget_realloc(verify->budget, verify->seen, capacity * entry_size);

    if (!seen)
        return false;
    verify->seen = seen;
    verify->seen_capacity = capacity;
    uint32_t *slots = budget_calloc(verify->budget, capacity * 2, sizeof *slots);
    if (!slots)
        return false;
    budget_free(verify->budget, verify->slots);
    verify->slots = slots;
    verify->slot_count = capacity * 2;
    for (size_t i = 0; i < verify->seen_count; i++) {
        size_t at = hash_of(verify, seen + i * (verify->words + 1));
        while (slots[at & (verify->slot_count - 1)])
            at++;
        slots[at & (verify->slot_count - 1)] = (uint32_t)i + 1;
    }
    return true;
}

/* Whether these operations were placed before with the same outcome; remember them if not. `state`
 * says also what may follow. */
static bool was_seen(struct verify *verify, uint64_t state)
{
    if (verify->seen_count == verify->seen_capacity && !grow_seen(verify)) {
        verify->gave_up = true;
        return true;
    }
    uint64_t *entry = verify->seen + verify->seen_count * (verify->words + 1);
    entry[0] = state;
    memcpy(entry + 1, verify->placed, verify->words * sizeof *entry);
    size_t at = hash_of(verify, entry);
    for (; verify->slots[at & (verify->slot_count - 1)]; at++) {
        size_t other = verify->slots[at & (verify->slot_count - 1)] - 1;
        if (memcmp(verify->seen + other * (verify->words + 1), entry,
                   (verify->words + 1) * sizeof *entry) == 0)
            return true;
    }
    verify->slots[at & (verify->slot_count - 1)] = (uint32_t)++verify->seen_count;
    return false;
}

static uint32_t step(struct verify *verify, uint32_t state, size_t i)
{
    const struct model *model = verify->excerpt->model;
    uint32_t count;

    if (verify->part_count == 1)
        return model->step(&verify->states, state, &verify->calls[i]);
    uint32_t part = states_get(&verify->states, state, &count)[verify->parts[i]];
    part = model->step(&verify->states, part, &verify->calls[i]);
    uint32_t *parts = part == STATE_NO ? NULL : states_copy(&verify->states, state, 0, &count);
    if (!parts)
        return STATE_NO;
    parts[verify->parts[i]] = part;
    return states_intern(&verify->states, parts, count);
}

static bool can_follow(struct verify *verify, uint32_t state, bool unused);

static bool try(struct verify *verify, size_t i, uint32_t next, bool unused)
{
    verify->placed[i / 64] ^= UINT64_C(1) << (i % 64);
    bool found = can_follow(verify, next, unused);
    verify->placed[i / 64] ^= UINT64_C(1) << (i % 64);
    return found;
}

/* A call that changes nothing and may come now: nothing is lost if it does. SIZE_MAX: none. */
static size_t find_pure(struct verify *verify, uint32_t state, size_t first)
{
    for (size_t i = 0; i < verify->excerpt->count && !is_beyond(verify, first, i); i++) {
        if (!is_placed(verify, i) && !verify->skip[i] && verify->calls[i].kind == CALL_PURE &&
            may_come(verify, first, i) && step(verify, state, i) == state)
            return i;
    }
    return SIZE_MAX;
}

/* Whether what is not placed can follow; what is not due need not. `unused`: the last one was an
 * overwrite that need not be. Another overwrite then does not come next, as it could have come
 * without that one. */
static bool can_follow(struct verify *verify, uint32_t state, bool unused)
{
    size_t first = find_due(verify), count = verify->excerpt->count;

    if (first == count)
        return true;
    if (++verify->steps > verify->steps_max ||
        (verify->steps % 256 == 0 && budget_spent(verify->budget)) || verify->states.failed)
        verify->gave_up = true;
    if (verify->gave_up || was_seen(verify, (uint64_t)unused << 32 | state))
        return false;
    size_t pure = find_pure(verify, state, first);
    if (pure != SIZE_MAX)
        return try(verify, pure, state, false);
    for (size_t i = 0; i < count && !verify->gave_up && !is_beyond(verify, first, i); i++) {
        bool overwrites = verify->calls[i].kind == CALL_OVERWRITE && verify->part_count == 1;
        if (is_placed(verify, i) || verify->skip[i] || (overwrites && unused) ||
            !may_come(verify, first, i))
            continue;
        uint32_t next = step(verify, state, i);
        if (next != STATE_NO && try(verify, i, next, overwrites && !is_due(verify, i)))
            return true;
    }
    return false;
}

/* Number the objects by their keys; the state in which all begin as one does. */
static uint32_t number_parts(struct verify *verify, uint32_t begin)
{
    uint32_t count = 0;

    for (size_t i = 0; i < verify->excerpt->count; i++) {
        size_t k = 0;
        while (k < i && op_at(verify, k)->key != op_at(verify, i)->key)
            k++;
        verify->parts[i] = k < i ? verify->parts[k] : verify->part_count++;
    }
    if (verify->part_count <= 1 || begin == STATE_NO) {
        verify->part_count = 1;
        return begin;
    }
    uint32_t empty = states_intern(&verify->states, NULL, 0);
    uint32_t *parts =
        empty == STATE_NO ? NULL : states_copy(&verify->states, empty, verify->part_count, &count);
    for (uint32_t i = 0; i < verify->part_count && parts; i++)
        parts[i] = begin;
    return parts ? states_intern(&verify->states, parts, verify->part_count) : STATE_NO;
}

static bool make_calls(struct verify *verify, const struct model_env *env)
{
    const struct excerpt *excerpt = verify->excerpt;
    struct err err;

    for (size_t i = 0; i < excerpt->count; i++) {
        int made = excerpt->model->prepare(env, op_at(verify, i), &verify->calls[i], &err);
        if (made < 0)
            return false;
        if (excerpt->relaxed[i] & RELAX_NEED)
            excerpt->model->weaken(&verify->calls[i]);
        verify->skip[i] = made != 1 || (excerpt->relaxed[i] & RELAX_PRESENCE);
    }
    return true;
}

/* From the middle: any state that an operation needs, or that leads up to one. In one that does
 * neither less is possible than in these. */
static bool find_order_from_anywhere(struct verify *verify)
{
    const struct model *model = verify->excerpt->model;

    if ((model->omit != OMIT_UNSEEN && !model->before) || verify->part_count > 1)
        verify->gave_up = true;
    for (size_t i = 0; i < verify->excerpt->count && !verify->gave_up; i++) {
        uint32_t leaves, state;
        if (verify->skip[i])
            continue;
        model->effect(&verify->calls[i], &leaves, &state);
        while (state != STATE_NO && !verify->gave_up) {
            if (can_follow(verify, state, false))
                return true;
            state = model->before ? model->before(&verify->states, state) : STATE_NO;
        }
    }
    return false;
}

/* -- what was left out
 * ------------------------------------------------------------------------------ */

/* Whether the whole, if it had an order, would have one without `op` too. */
static bool may_be_missing(const struct verify *verify, const struct op *op,
                           const struct call *call, int64_t last_end_ns)
{
    const struct excerpt *excerpt = verify->excerpt;
    enum model_omit omit = excerpt->model->omit;
    uint32_t leaves, needs, other_leaves, other_needs;

    if (call->kind == CALL_PURE || op->invoke_ns > last_end_ns ||
        (op->type == OP_OK && op->complete_ns < excerpt->from_ns))
        return true;
    if (omit == OMIT_PURE)
        return false;
    excerpt->model->effect(call, &leaves, &needs);
    if (leaves == STATE_ANY)
        return false;
    if (excerpt->only_count) {
        struct model_env env = {.only = excerpt->only, .only_count = excerpt->only_count};
        return !model_sees(&env, leaves);
    }
    for (size_t i = 0; i < excerpt->count; i++) {
        if (verify->skip[i])
            continue;
        excerpt->model->effect(&verify->calls[i], &other_leaves, &other_needs);
        if (other_leaves == STATE_ANY || other_needs == STATE_ANY)
            return false;
        if ((omit == OMIT_UNSEEN ? other_needs : other_leaves) == leaves)
            return false;
    }
    return true;
}

/* Whether the whole has no order if the excerpt has none. */
static bool is_fair(struct verify *verify, const struct model_env *env)
{
    const struct excerpt *excerpt = verify->excerpt;
    int64_t last_end_ns = INT64_MIN;
    size_t at = 0;
    struct err err;

    for (size_t i = 0; i < excerpt->count; i++) {
        if (!is_due(verify, i))
            continue;
        if (op_at(verify, i)->invoke_ns < excerpt->from_ns)
            return false;
        if (op_at(verify, i)->complete_ns > last_end_ns)
            last_end_ns = op_at(verify, i)->complete_ns;
    }
    for (size_t i = 0; i < excerpt->whole_count; i++) {
        const struct op *op = &excerpt->history->ops[excerpt->whole[i]];
        struct call call;
        while (at < excerpt->count && excerpt->places[at] < excerpt->whole[i])
            at++;
        bool is_kept = at < excerpt->count && excerpt->places[at] == excerpt->whole[i] &&
                       !(excerpt->relaxed[at] & RELAX_PRESENCE);
        if (is_kept || excerpt->model->prepare(env, op, &call, &err) != 1)
            continue;
        if (verify->states.failed || !may_be_missing(verify, op, &call, last_end_ns))
            return false;
    }
    return true;
}

static bool find_order(struct verify *verify)
{
    const struct excerpt *excerpt = verify->excerpt;
    struct model_env env = {.history = excerpt->history,
                            .states = &verify->states,
                            .initial = excerpt->initial,
                            .only = excerpt->only,
                            .only_count = excerpt->only_count};
    struct err err;

    verify->gave_up = !make_calls(verify, &env) || !is_fair(verify, &env);
    uint32_t begin = number_parts(verify, excerpt->model->begin(&env, &err));
    if (begin == STATE_NO)
        verify->gave_up = true;
    if (verify->gave_up || can_follow(verify, begin, false))
        return true;
    return excerpt->from_ns != INT64_MIN && find_order_from_anywhere(verify);
}

enum verified verify_illegal(const struct excerpt *excerpt, uint64_t steps_max,
                             struct budget *budget)
{
    struct verify verify = {.excerpt = excerpt, .steps_max = steps_max, .budget = budget};
    bool found = false;

    if (excerpt->count > VERIFY_OPS_MAX)
        return VERIFIED_UNFINISHED;
    verify.words = (excerpt->count + 63) / 64;
    states_init(&verify.states, budget);
    verify.calls = budget_calloc(budget, excerpt->count + 1, sizeof *verify.calls);
    verify.parts = budget_calloc(budget, excerpt->count + 1, sizeof *verify.parts);
    verify.skip = budget_calloc(budget, excerpt->count + 1, 1);
    verify.placed = budget_calloc(budget, verify.words + 1, sizeof *verify.placed);
    if (verify.calls && verify.parts && verify.skip && verify.placed)
        found = find_order(&verify);
    else
        verify.gave_up = true;
    bool gave_up = verify.gave_up || verify.states.failed;
    budget_free(budget, verify.calls);
    budget_free(budget, verify.parts);
    budget_free(budget, verify.skip);
    budget_free(budget, verify.placed);
    budget_free(budget, verify.seen);
    budget_free(budget, verify.slots);
    states_release(&verify.states);
    if (gave_up)
        return VERIFIED_UNFINISHED;
    return found ? VERIFIED_LEGAL : VERIFIED_ILLEGAL;
}
