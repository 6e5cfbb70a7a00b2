/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "object.h"

#include "elements.h"
#include "verify.h"

#include <stdlib.h>
#include <string.h>

/* Items in the making: which are open, by the time of their return. */
struct opening {
    struct object *object;
    const struct object_source *source;
    uint32_t *heap; /* open due items, the next to return on top */
    uint32_t open_count;
    uint16_t *free_slots; /* a stack */
    uint32_t free_count, capacity;
    uint32_t *slots; /* kinds by call: open addressing, 1 + kind; 0 is empty */
    uint32_t slot_count, kind_capacity;
    uint32_t
        *previous; /* by item: the due one before it of the same process; made when asked for */
};

static int64_t end_of(const struct opening *opening, uint32_t item)
{
    return source_end(opening->source, object_op(opening->object, item));
}

static bool returns_before(const struct opening *opening, uint32_t a, uint32_t b)
{
    int64_t end_a = end_of(opening, a), end_b = end_of(opening, b);
    return end_a != end_b ? end_a < end_b : a < b;
}

static void heap_push(struct opening *opening, uint32_t item)
{
    uint32_t at = opening->open_count++;

    while (at > 0 && returns_before(opening, item, opening->heap[(at - 1) / 2])) {
        opening->heap[at] = opening->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    opening->heap[at] = item;
}

static uint32_t heap_pop(struct opening *opening)
{
    uint32_t *heap = opening->heap, top = heap[0], last = heap[--opening->open_count], at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= opening->open_count)
            break;
        if (child + 1 < opening->open_count &&
            returns_before(opening, heap[child + 1], heap[child]))
            child++;
        if (!returns_before(opening, heap[child], last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

/* Let everything return that does so before `time_ns`. */
static void return_until(struct opening *opening, int64_t time_ns)
{
    struct object *object = opening->object;

    while (opening->open_count && end_of(opening, opening->heap[0]) < time_ns) {
        uint32_t item = heap_pop(opening);
        object->events[object->event_count++] = item << 1 | 1;
        opening->free_slots[opening->free_count++] = object->items[item].slot;
    }
}

static int by_process(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static bool find_previous(struct opening *opening)
{
    struct object *object = opening->object;
    struct keyed *items = budget_alloc(object->budget, (object->count + 1) * sizeof *items);
    uint32_t last = ITEM_NONE;

    opening->previous =
        budget_alloc(object->budget, (object->count + 1) * sizeof *opening->previous);
    for (uint32_t i = 0; i < object->count && items; i++)
        items[i] = (struct keyed){object_op(object, i)->process, i};
    if (items)
        qsort(items, object->count, sizeof *items, by_process);
    for (size_t i = 0; i < object->count && items && opening->previous; i++) {
        if (i > 0 && items[i].key != items[i - 1].key)
            last = ITEM_NONE;
        opening->previous[items[i].at] = last;
        if (object->items[items[i].at].due)
            last = items[i].at;
    }
    budget_free(object->budget, items);
    return items && opening->previous;
}

/* To the latest open item of the same process: it completes at the very time of this invocation.
 * False when the budget is used up. */
static bool tie(struct opening *opening, uint32_t item, int64_t time_ns)
{
    struct object *object = opening->object;
    struct item *self = &object->items[item];

    if (!opening->previous && !find_previous(opening))
        return false;
    self->after = opening->previous[item];
    if (self->after != ITEM_NONE && end_of(opening, self->after) < time_ns)
        self->after = ITEM_NONE;
    if (self->after == ITEM_NONE)
        return true;
    self->tied = object->items[self->after].tied = object->tied = true;
    /* What must stay before another cannot be thought away. */
    if (object->items[self->after].call.kind == CALL_OVERWRITE)
        object->items[self->after].call.kind = CALL_UPDATE;
    return true;
}

static int open_due(struct opening *opening, uint32_t item, struct err *err)
{
    struct object *object = opening->object;

    if (opening->free_count == 0) {
        uint32_t grown = opening->capacity ? opening->capacity * 2 : 64;
        if (grown > 1u << 16)
            return err_set(err, 0, "more than %u operations are open at once", 1u << 16);
        uint32_t *heap =
            budget_realloc(object->budget, opening->heap, grown * sizeof *opening->heap);
        if (heap)
            opening->heap = heap;
        uint16_t *slots =
            heap ? budget_realloc(object->budget, opening->free_slots, grown * sizeof *slots)
                 : NULL;
        if (!slots)
            return 0;
        opening->free_slots = slots;
        for (uint32_t slot = grown; slot > opening->capacity; slot--)
            opening->free_slots[opening->free_count++] = (uint16_t)(slot - 1);
        opening->capacity = grown;
    }
    uint16_t slot = opening->free_slots[--opening->free_count];
    object->items[item].slot = slot;
    if (slot >= object->slot_count)
        object->slot_count = slot + 1u;
    heap_push(opening, item);
    return 1;
}

static uint32_t hash_call(const struct call *call)
{
    uint64_t hash = call->op * 0x9e3779b97f4a7c15u;

    hash = (hash ^ call->a) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 29) ^ call->b) * 0x94d049bb133111ebu;
    return (uint32_t)((hash ^ call->result) >> 20);
}

static bool grow_kinds(struct opening *opening)
{
    struct object *object = opening->object;
    uint32_t slot_count = opening->slot_count ? opening->slot_count * 2 : 64;
    uint32_t *kinds = budget_realloc(object->budget, object->kinds, slot_count * sizeof *kinds);

    if (kinds)
        object->kinds = kinds;
    uint32_t *slots = kinds ? budget_calloc(object->budget, slot_count, sizeof *slots) : NULL;
    if (!slots)
        return false;
    for (uint32_t kind = 0; kind < object->kind_count; kind++) {
        uint32_t at = hash_call(&object->items[object->kinds[kind]].call) & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = kind + 1;
    }
    budget_free(object->budget, opening->slots);
    opening->slots = slots;
    opening->slot_count = slot_count;
    return true;
}

/* Whether two calls do the same, as far as a due and an optional one can. */
static bool do_the_same(const struct item *a, const struct item *b)
{
    struct call call = a->call;

    call.known = b->call.known;
    return !a->tied && !b->tied && a->part == b->part && memcmp(&call, &b->call, sizeof call) == 0;
}

/* The slot of the item's kind, or the empty one where it would be. */
static uint32_t *kind_slot(const struct opening *opening, const struct item *item)
{
    const struct object *object = opening->object;
    uint32_t at = hash_call(&item->call) & (opening->slot_count - 1);

    while (opening->slots[at] &&
           !do_the_same(item, &object->items[object->kinds[opening->slots[at] - 1]]))
        at = (at + 1) & (opening->slot_count - 1);
    return &opening->slots[at];
}

/* Equal optional calls differ only in when they were invoked: count them. */
static int open_optional(struct opening *opening, uint32_t item)
{
    struct object *object = opening->object;

    if (object->kind_count * 2 >= opening->slot_count && !grow_kinds(opening))
        return 0;
    uint32_t *slot = kind_slot(opening, &object->items[item]);
    if (*slot == 0) {
        object->kinds[object->kind_count++] = item;
        *slot = object->kind_count;
    }
    object->items[item].kind = *slot - 1;
    return 1;
}

static void find_rivals(struct opening *opening)
{
    struct object *object = opening->object;

    for (uint32_t i = 0; i < object->count && object->kind_count; i++) {
        if (object->items[i].due)
            object->items[i].kind = *kind_slot(opening, &object->items[i]) - 1;
    }
}

/* 1, 0 and -1 as object_init, this and what it calls. */
static int open_item(struct opening *opening, uint32_t item, struct err *err)
{
    struct object *object = opening->object;
    int64_t time_ns = source_start(opening->source, object_op(object, item));

    return_until(opening, time_ns);
    if (opening->open_count && end_of(opening, opening->heap[0]) == time_ns &&
        !tie(opening, item, time_ns))
        return 0;
    object->events[object->event_count++] = item << 1;
    return object->items[item].due ? open_due(opening, item, err) : open_optional(opening, item);
}

uint32_t object_step(struct object *object, uint32_t state, const struct item *item)
{
    struct states *states = &object->states;
    uint32_t count;

    if (object->part_count == 1)
        return object->model->step(states, state, &item->call);
    uint32_t before = states_get(states, state, &count)[item->part];
    uint32_t after = object->model->step(states, before, &item->call);
    if (after == STATE_NO || after == before)
        return after == before ? state : STATE_NO;
    uint32_t *parts = states_copy(states, state, 0, &count);
    if (!parts)
        return STATE_NO;
    parts[item->part] = after;
    return states_intern(states, parts, count);
}

/* Each part begins as the model does. */
static uint32_t begin_parts(struct object *object, uint32_t begin)
{
    uint32_t count, none = states_intern(&object->states, NULL, 0);
    uint32_t *parts =
        none == STATE_NO ? NULL : states_copy(&object->states, none, object->part_count, &count);

    for (uint32_t i = 0; i < object->part_count && parts; i++)
        parts[i] = begin;
    return parts ? states_intern(&object->states, parts, object->part_count) : STATE_NO;
}

/* 1, 0 and -1 as object_init. */
static int make_items(struct object *object, const struct object_source *source, struct err *err)
{
    for (size_t i = 0; i < source->count; i++) {
        const struct op *op = &source->history->ops[source->places[i]];
        struct item *item = &object->items[object->count];
        if (source->relaxed && (source->relaxed[i] & RELAX_PRESENCE))
            continue;
        *item = (struct item){.place = source->places[i],
                              .after = ITEM_NONE,
                              .kind = KIND_NONE,
                              .due = op->type == OP_OK &&
                                     !(source->relaxed && (source->relaxed[i] & RELAX_DUTY))};
        int made = source->model->prepare(&object->env, op, &item->call, err);
        if (object->states.failed)
            return 0;
        if (made < 0)
            return -1;
        if (made == 1 && source->relaxed && (source->relaxed[i] & RELAX_NEED))
            source->model->weaken(&item->call);
        if (source->parts) {
            item->part = source->parts[i];
            /* Another object's overwrite is none of this one's. */
            if (item->call.kind == CALL_OVERWRITE)
                item->call.kind = CALL_UPDATE;
        }
        if (made == 1 && (item->due || item->call.kind != CALL_PURE))
            object->count++;
    }
    return 1;
}

/* The state to begin in; STATE_NO with *err, or out of budget. */
static uint32_t find_begin(struct object *object, const struct object_source *source,
                           struct err *err)
{
    const struct model *model = source->model;
    uint32_t leaves, state;
    struct call call;

    if (source->begin_place == PLACE_NONE)
        return model->begin(&object->env, err);
    if (model->prepare(&object->env, &source->history->ops[source->begin_place], &call, err) < 0)
        return STATE_NO;
    model->effect(&call, &leaves, &state);
    for (uint32_t i = 0; i < source->begin_back; i++)
        state = model->before(&object->states, state);
    return state;
}

static int build(struct object *object, const struct object_source *source, struct err *err)
{
    struct opening opening = {.object = object, .source = source};

    object->items = budget_alloc(object->budget, (source->count + 1) * sizeof *object->items);
    object->events = budget_alloc(object->budget, (source->count + 1) * 2 * sizeof *object->events);
    if (!object->items || !object->events)
        return 0;
    object->begin = find_begin(object, source, err);
    if (object->states.failed)
        return 0;
    if (object->begin == STATE_NO)
        return -1;
    if (object->part_count > 1)
        object->begin = begin_parts(object, object->begin);
    int result = make_items(object, source, err);
    for (uint32_t i = 0; i < object->count && result == 1; i++)
        result = open_item(&opening, i, err);
    if (result == 1) {
        return_until(&opening, INT64_MAX);
        find_rivals(&opening);
    }
    budget_free(object->budget, opening.heap);
    budget_free(object->budget, opening.free_slots);
    budget_free(object->budget, opening.slots);
    budget_free(object->budget, opening.previous);
    return result;
}

int object_init(struct object *object, const struct object_source *source, struct budget *budget,
                struct err *err)
{
    *object = (struct object){.history = source->history, .model = source->model, .budget = budget};
    object->part_count = source->parts ? source->part_count : 1;
    states_init(&object->states, budget);
    object->env = (struct model_env){
        .history = source->history, .states = &object->states, .initial = source->initial};
    return build(object, source, err);
}

void object_release(struct object *object)
{
    budget_free(object->budget, object->items);
    budget_free(object->budget, object->events);
    budget_free(object->budget, object->kinds);
    states_release(&object->states);
    object->items = NULL;
    object->events = object->kinds = NULL;
}
