/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "search.h"

#include <string.h>

/* -- the sweep -------------------------------------------------------------------------------- */

int sweep_init(struct sweep *sweep, struct object *object)
{
    struct budget *budget = object->budget;
    uint32_t words = (object->slot_count + 63) / 64;
    size_t slots = (size_t)words * 64 + 1;

    *sweep = (struct sweep){.object = object, .words = words};
    sweep->items = budget_alloc(budget, slots * sizeof *sweep->items);
    sweep->twins = budget_alloc(budget, slots * sizeof *sweep->twins);
    sweep->pure = budget_calloc(budget, words + 1, sizeof *sweep->pure);
    sweep->overwrite = budget_calloc(budget, words + 1, sizeof *sweep->overwrite);
    sweep->started = budget_calloc(budget, (size_t)object->kind_count + 1, sizeof *sweep->started);
    sweep->rivals =
        budget_calloc(budget, (size_t)object->kind_count * words + 1, sizeof *sweep->rivals);
    sweep->ends = budget_alloc(budget, (object->count + 1) * sizeof *sweep->ends);
    if (!sweep->items || !sweep->twins || !sweep->pure || !sweep->overwrite || !sweep->started ||
        !sweep->rivals || !sweep->ends)
        return -1;
    memset(sweep->items, 0xff, slots * sizeof *sweep->items);
    memset(sweep->twins, 0xff, slots * sizeof *sweep->twins);
    for (size_t i = 0; i < object->event_count; i++) {
        if (EVENT_IS_RETURN(object->events[i]))
            sweep->ends[EVENT_ITEM(object->events[i])] = (uint32_t)i;
    }
    return 0;
}

void sweep_release(struct sweep *sweep)
{
    struct budget *budget = sweep->object->budget;

    budget_free(budget, sweep->items);
    budget_free(budget, sweep->twins);
    budget_free(budget, sweep->pure);
    budget_free(budget, sweep->overwrite);
    budget_free(budget, sweep->started);
    budget_free(budget, sweep->rivals);
    budget_free(budget, sweep->ends);
}

static void flip(uint64_t *set, uint32_t slot)
{
    set[slot / 64] ^= UINT64_C(1) << (slot % 64);
}

static void flip_kind(struct sweep *sweep, uint32_t slot, const struct call *call)
{
    if (call->kind == CALL_PURE)
        flip(sweep->pure, slot);
    else if (call->kind == CALL_OVERWRITE)
        flip(sweep->overwrite, slot);
}

/* Put an update into the chain of open ones with equal calls, by their returns. */
static void link_twin(struct sweep *sweep, uint32_t slot)
{
    const struct object *object = sweep->object;
    uint32_t self = sweep->items[slot];
    int32_t before = -1, after = -1;

    sweep->twins[slot] = -1;
    if (object->items[self].tied || object->items[self].call.kind == CALL_PURE)
        return;
    for (uint32_t other = 0; other < object->slot_count; other++) {
        uint32_t item = sweep->items[other];
        if (item == ITEM_NONE || other == slot || object->items[item].tied ||
            object->items[item].part != object->items[self].part ||
            memcmp(&object->items[item].call, &object->items[self].call, sizeof(struct call)) != 0)
            continue;
        if (sweep->ends[item] < sweep->ends[self]) {
            if (before < 0 || sweep->ends[item] > sweep->ends[sweep->items[before]])
                before = (int32_t)other;
        } else if (after < 0 || sweep->ends[item] < sweep->ends[sweep->items[after]]) {
            after = (int32_t)other;
        }
    }
    sweep->twins[slot] = before;
    if (after >= 0)
        sweep->twins[after] = (int32_t)slot;
}

static void unlink_twin(struct sweep *sweep, uint32_t slot)
{
    for (uint32_t other = 0; other < sweep->object->slot_count; other++) {
        if (sweep->twins[other] == (int32_t)slot)
            sweep->twins[other] = sweep->twins[slot];
    }
    sweep->twins[slot] = -1;
}

/* The open operations that do what the optional ones of a kind do. */
static void flip_rival(struct sweep *sweep, const struct item *self)
{
    if (self->kind != KIND_NONE && !self->tied)
        flip(sweep->rivals + self->kind * sweep->words, self->slot);
}

static void enter(struct sweep *sweep, uint32_t item)
{
    const struct item *self = &sweep->object->items[item];

    sweep->items[self->slot] = item;
    flip_kind(sweep, self->slot, &self->call);
    flip_rival(sweep, self);
    link_twin(sweep, self->slot);
}

static void leave(struct sweep *sweep, uint32_t item)
{
    const struct item *self = &sweep->object->items[item];

    unlink_twin(sweep, self->slot);
    flip_rival(sweep, self);
    flip_kind(sweep, self->slot, &self->call);
    sweep->items[self->slot] = ITEM_NONE;
}

void sweep_forward(struct sweep *sweep)
{
    uint32_t event = sweep->object->events[sweep->at++];
    const struct item *item = &sweep->object->items[EVENT_ITEM(event)];

    if (!item->due)
        sweep->started[item->kind]++;
    else if (EVENT_IS_RETURN(event))
        leave(sweep, EVENT_ITEM(event));
    else
        enter(sweep, EVENT_ITEM(event));
}

void sweep_back(struct sweep *sweep)
{
    uint32_t event = sweep->object->events[--sweep->at];
    const struct item *item = &sweep->object->items[EVENT_ITEM(event)];

    if (!item->due)
        sweep->started[item->kind]--;
    else if (EVENT_IS_RETURN(event))
        enter(sweep, EVENT_ITEM(event));
    else
        leave(sweep, EVENT_ITEM(event));
}

void sweep_seek(struct sweep *sweep, size_t at)
{
    while (sweep->at < at)
        sweep_forward(sweep);
    while (sweep->at > at)
        sweep_back(sweep);
}

uint32_t sweep_reads(const struct sweep *sweep, const struct config *config)
{
    uint32_t count = 0;

    for (uint32_t word = 0; word < sweep->words; word++)
        count += (uint32_t)__builtin_popcountll(config->bits[word] & sweep->pure[word]);
    return count;
}

/* -- configurations --------------------------------------------------------------------------- */

void config_begin(const struct sweep *sweep, struct config *config)
{
    memset(config, 0, config_size(sweep));
    config->state = sweep->object->begin;
}

static const struct item *item_at(const struct sweep *sweep, uint32_t slot)
{
    return &sweep->object->items[sweep->items[slot]];
}

/* Whether what must come before `item` at the same instant has taken effect. */
static bool may_follow(const struct sweep *sweep, const struct config *config,
                       const struct item *item)
{
    if (item->after == ITEM_NONE)
        return true;
    uint32_t slot = sweep->object->items[item->after].slot;
    return sweep->items[slot] != item->after || !config_todo(config, slot);
}

/* An overwrite took effect: other open ones may be thought just before it. */
static void absorb(const struct sweep *sweep, struct config *config)
{
    for (uint32_t word = 0; word < sweep->words; word++) {
        uint64_t rest = config->bits[word] & sweep->overwrite[word];
        for (; rest; rest &= rest - 1) {
            uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(rest);
            if (may_follow(sweep, config, item_at(sweep, slot)))
                flip(config->bits, slot);
        }
    }
}

/* Do the duties that this state allows without being changed. */
static bool settle(const struct sweep *sweep, struct config *config)
{
    bool changed = false;

    for (uint32_t word = 0; word < sweep->words; word++) {
        uint64_t rest = config->bits[word] & (sweep->pure[word] | sweep->overwrite[word]);
        for (; rest; rest &= rest - 1) {
            uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(rest);
            const struct item *item = item_at(sweep, slot);
            if (may_follow(sweep, config, item) &&
                object_step(sweep->object, config->state, item) == config->state) {
                flip(config->bits, slot);
                changed = true;
            }
        }
    }
    return changed;
}

static void take_effect(const struct sweep *sweep, struct config *config, uint32_t state,
                        bool overwrites)
{
    config->state = state;
    if (overwrites)
        absorb(sweep, config);
    while (settle(sweep, config) && sweep->object->tied)
        ;
}

void config_open(const struct sweep *sweep, struct config *config, uint32_t slot)
{
    const struct item *item = item_at(sweep, slot);

    flip(config->bits, slot);
    if (item->call.kind != CALL_PURE)
        flip(config->bits + sweep->words, slot);
    if (item->call.kind != CALL_UPDATE && may_follow(sweep, config, item) &&
        object_step(sweep->object, config->state, item) == config->state)
        flip(config->bits, slot);
}

void config_close(const struct sweep *sweep, struct config *config, uint32_t slot)
{
    if (config_ready(sweep, config, slot))
        flip(config->bits + sweep->words, slot);
}

/* Whether an open operation can be used, and the state then. */
static bool can_use(const struct sweep *sweep, const struct config *config, uint32_t slot,
                    uint32_t *state)
{
    if (!config_ready(sweep, config, slot))
        return false;
    const struct item *item = item_at(sweep, slot);
    int32_t twin = sweep->twins[slot];
    if ((twin >= 0 && config_ready(sweep, config, (uint32_t)twin)) ||
        !may_follow(sweep, config, item))
        return false;
    *state = object_step(sweep->object, config->state, item);
    return *state != STATE_NO;
}

/* How many of `kind` took effect. */
static uint32_t used_of(const struct sweep *sweep, const struct config *config, uint32_t kind)
{
    uint32_t count;

    if (config->used == 0)
        return 0;
    const uint32_t *pairs = states_get(&sweep->object->states, config->used, &count);
    for (uint32_t i = 0; i < count && pairs[i] <= kind; i += 2) {
        if (pairs[i] == kind)
            return pairs[i + 1];
    }
    return 0;
}

/* Whether an open operation could make the same state as an optional one of `kind`: then it goes
 * first, as the optional one can still be used later, when the other no longer can. An operation
 * whose result is known may have to wait for a state that gives it, and then it does not. */
static bool has_rival(const struct sweep *sweep, const struct config *config, uint32_t kind,
                      uint32_t state)
{
    for (uint32_t word = 0; word < sweep->words; word++) {
        uint64_t rivals =
            sweep->rivals[kind * sweep->words + word] & config->bits[sweep->words + word];
        for (; rivals; rivals &= rivals - 1) {
            uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(rivals);
            const struct item *item = item_at(sweep, slot);
            if (object_step(sweep->object, config->state, item) == state)
                return true;
        }
    }
    return false;
}

/* Whether an optional operation can be used, and the state then. */
static bool can_use_kind(const struct sweep *sweep, const struct config *config, uint32_t kind,
                         uint32_t *state)
{
    const struct object *object = sweep->object;
    const struct item *item = &object->items[object->kinds[kind]];

    if (sweep->started[kind] == 0)
        return false;
    *state = object_step(sweep->object, config->state, item);
    if (*state == STATE_NO || (*state == config->state && item->call.kind != CALL_OVERWRITE) ||
        !may_follow(sweep, config, item) || has_rival(sweep, config, kind, *state))
        return false;
    return sweep->unlimited || used_of(sweep, config, kind) < sweep->started[kind];
}

bool config_can(const struct sweep *sweep, const struct config *config, uint32_t z, uint32_t *state)
{
    uint32_t slots = sweep->object->slot_count;

    if (z >= slots)
        return can_use_kind(sweep, config, z - slots, state);
    return sweep->items[z] != ITEM_NONE && can_use(sweep, config, z, state);
}

/* One more of `kind` in the interned counts. */
static uint32_t count_kind(const struct sweep *sweep, uint32_t used, uint32_t kind)
{
    struct states *states = &sweep->object->states;
    uint32_t count = 0, at = 0;

    if (used == 0)
        return states_intern(states, (uint32_t[]){kind, 1}, 2);
    uint32_t *pairs = states_copy(states, used, 2, &count);
    if (!pairs)
        return 0;
    while (at < count && pairs[at] < kind)
        at += 2;
    if (at == count || pairs[at] != kind) {
        memmove(pairs + at + 2, pairs + at, (count - at) * sizeof *pairs);
        pairs[at] = kind;
        pairs[at + 1] = 0;
        count += 2;
    }
    pairs[at + 1]++;
    return states_intern(states, pairs, count);
}

/* What the use of an optional operation costs in the eyes of an engine that has to choose: more,
 * the fewer there are. */
static uint32_t price(uint32_t started)
{
    return 1 + 64 / started;
}

void config_do(const struct sweep *sweep, struct config *config, uint32_t z, uint32_t state)
{
    const struct object *object = sweep->object;
    uint32_t slots = object->slot_count;
    const struct item *item =
        z < slots ? item_at(sweep, z) : &object->items[object->kinds[z - slots]];

    if (z < slots) {
        flip(config->bits + sweep->words, z);
        if (config_todo(config, z))
            flip(config->bits, z);
    } else if (!sweep->unlimited) {
        config->used = count_kind(sweep, config->used, z - slots);
        config->spent += price(sweep->started[z - slots]);
    }
    take_effect(sweep, config, state, item->call.kind == CALL_OVERWRITE);
}
