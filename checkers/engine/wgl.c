/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Depth-first search for a linearization with a memory of configurations (Wing and Gong 1993, Lowe
 * 2017), keyed by what is open instead of by everything that took effect: see search.h.
 *
 * It finds a linearization quickly where there are many, and needs no memory but for what it tried;
 * where there is none it has to try everything that leads there.
 */
#include "moves.h"

#include <string.h>

/* A configuration (behind it in memory) at the return `at` that nothing yet allows, and the moves
 * tried so far. */
struct node {
    size_t at;
    uint64_t move;
};

static struct config *config_of(const struct node *node)
{
    return (struct config *)(uintptr_t)(node + 1);
}

struct wgl {
    struct sweep sweep;
    struct budget *budget;
    char *stack; /* of nodes */
    size_t node_size, depth, stack_capacity;
    char *memory; /* of nodes, their move 0 */
    uint32_t memory_count, memory_capacity;
    uint32_t *slots; /* of memory: open addressing, 1 + place; 0 is empty */
    uint32_t slot_count;
    struct search_result *result;
};

static struct node *top(const struct wgl *wgl)
{
    return (struct node *)(void *)(wgl->stack + (wgl->depth - 1) * wgl->node_size);
}

static struct node *remembered(const struct wgl *wgl, uint32_t i)
{
    return (struct node *)(void *)(wgl->memory + i * wgl->node_size);
}

static uint64_t hash_node(const struct node *node, size_t size)
{
    uint64_t hash = node->at * 0x9e3779b97f4a7c15u, word;
    const char *bytes = (const char *)config_of(node);

    for (size_t i = 0; i < size; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
        hash ^= hash >> 32;
    }
    return hash;
}

static bool grow_memory(struct wgl *wgl)
{
    uint32_t capacity = wgl->memory_capacity ? wgl->memory_capacity * 2 : 256;
    char *memory = budget_realloc(wgl->budget, wgl->memory, capacity * wgl->node_size);

    if (!memory)
        return false;
    wgl->memory = memory;
    wgl->memory_capacity = capacity;
    uint32_t *slots = budget_calloc(wgl->budget, (size_t)capacity * 2, sizeof *slots);
    if (!slots)
        return false;
    budget_free(wgl->budget, wgl->slots);
    wgl->slots = slots;
    wgl->slot_count = capacity * 2;
    for (uint32_t i = 0; i < wgl->memory_count; i++) {
        uint64_t at = hash_node(remembered(wgl, i), config_size(&wgl->sweep));
        while (slots[at & (wgl->slot_count - 1)])
            at++;
        slots[at & (wgl->slot_count - 1)] = i + 1;
    }
    return true;
}

enum memory { MEMORY_NEW, MEMORY_KNOWN, MEMORY_SPENT };

/* Remember a node that has not been tried yet. */
static enum memory remember(struct wgl *wgl, const struct node *node)
{
    size_t size = config_size(&wgl->sweep);

    if (wgl->memory_count == wgl->memory_capacity && !grow_memory(wgl))
        return MEMORY_SPENT;
    uint64_t at = hash_node(node, size);
    for (; wgl->slots[at & (wgl->slot_count - 1)]; at++) {
        const struct node *other = remembered(wgl, wgl->slots[at & (wgl->slot_count - 1)] - 1);
        if (other->at == node->at && memcmp(config_of(other), config_of(node), size) == 0)
            return MEMORY_KNOWN;
    }
    memcpy(remembered(wgl, wgl->memory_count), node, wgl->node_size);
    wgl->slots[at & (wgl->slot_count - 1)] = ++wgl->memory_count;
    return MEMORY_NEW;
}

/* Room for a node on top of the stack; its content is the caller's to fill. */
static struct node *push(struct wgl *wgl)
{
    if (wgl->depth == wgl->stack_capacity) {
        size_t capacity = wgl->stack_capacity ? wgl->stack_capacity * 2 : 64;
        char *stack = budget_realloc(wgl->budget, wgl->stack, capacity * wgl->node_size);
        if (!stack)
            return NULL;
        wgl->stack = stack;
        wgl->stack_capacity = capacity;
    }
    wgl->depth++;
    return top(wgl);
}

/* Pass events as long as there is nothing to choose. True at the end of the history. */
static bool advance(struct wgl *wgl, struct node *node)
{
    struct sweep *sweep = &wgl->sweep;
    const struct object *object = sweep->object;
    struct config *config = config_of(node);

    while (sweep->at < object->event_count) {
        uint32_t event = object->events[sweep->at];
        const struct item *item = &object->items[EVENT_ITEM(event)];
        if (EVENT_IS_RETURN(event)) {
            node->at = sweep->at;
            if (move_needed(sweep, config, item))
                return false;
            config_close(sweep, config, item->slot);
        }
        sweep_forward(sweep);
        if (item->due && !EVENT_IS_RETURN(event))
            config_open(sweep, config, item->slot);
    }
    return true;
}

static const struct item *returning_item(const struct wgl *wgl, const struct node *node)
{
    const struct object *object = wgl->sweep.object;
    return &object->items[EVENT_ITEM(object->events[node->at])];
}

/* The next move of a node, in the order in which they are tried: let the returning operation go if
 * its duty is done; use it; whatever does its duty at once; whatever else. MOVE_NONE: all are
 * tried. */
static enum move next_child(struct wgl *wgl, struct node *node, struct node *child)
{
    const struct item *x = returning_item(wgl, node);
    const struct config *from = config_of(node);
    struct config *to = config_of(child);
    uint32_t moves = move_count(&wgl->sweep);
    bool is_done = !config_todo(config_of(node), x->slot);

    while (node->move < 2 + 2 * (uint64_t)moves) {
        uint64_t move = node->move++;
        bool others = move >= 2 + moves;
        child->at = node->at;
        child->move = 0;
        if (move == 0 && is_done && !(from->flags & MOVE_MUST)) {
            memcpy(to, from, config_size(&wgl->sweep));
            return MOVE_DONE;
        }
        if (move == 1 && move_make(&wgl->sweep, from, x, x->slot, to) == MOVE_DONE)
            return MOVE_DONE;
        if (move < 2 || (move - 2) % moves == x->slot || (is_done && !others))
            continue;
        enum move made = move_make(&wgl->sweep, from, x, (uint32_t)((move - 2) % moves), to);
        if (is_done)
            to->flags |= MOVE_MUST;
        if (made != MOVE_NONE && others == (made == MOVE_MADE || is_done))
            return is_done ? MOVE_MADE : made;
    }
    return MOVE_NONE;
}

/* A child that lets the returning operation go: on to the next choice. True at the end. */
static bool let_return(struct wgl *wgl, struct node *child)
{
    config_of(child)->flags = 0;
    config_close(&wgl->sweep, config_of(child), returning_item(wgl, child)->slot);
    sweep_forward(&wgl->sweep);
    return advance(wgl, child);
}

/* The search proper; the first node's configuration is on the stack. */
static void search(struct wgl *wgl, uint64_t steps)
{
    struct search_result *result = wgl->result;
    struct node *child = budget_alloc(wgl->budget, wgl->node_size);

    result->outcome = SEARCH_SPENT;
    if (!child)
        return;
    result->outcome = advance(wgl, top(wgl)) ? SEARCH_VALID : SEARCH_INVALID;
    while (result->outcome == SEARCH_INVALID && wgl->depth) {
        struct node *node = top(wgl);
        if (node->at > result->furthest)
            result->furthest = node->at;
        sweep_seek(&wgl->sweep, node->at);
        enum move move = next_child(wgl, node, child);
        if (move == MOVE_NONE) {
            wgl->depth--;
            continue;
        }
        if (move == MOVE_DONE && let_return(wgl, child)) {
            result->outcome = SEARCH_VALID;
            break;
        }
        enum memory memory = remember(wgl, child);
        bool spent = memory == MEMORY_SPENT || (steps && result->configurations >= steps) ||
                     (result->configurations % 256 == 0 && budget_spent(wgl->budget)) ||
                     wgl->sweep.object->states.failed;
        result->configurations++;
        struct node *pushed = !spent && memory == MEMORY_NEW ? push(wgl) : NULL;
        if (pushed)
            memcpy(pushed, child, wgl->node_size);
        else if (spent || memory == MEMORY_NEW)
            result->outcome = SEARCH_SPENT;
    }
    budget_free(wgl->budget, child);
}

void search_wgl(struct object *object, uint64_t steps, struct search_result *result)
{
    struct wgl wgl = {.budget = object->budget, .result = result};
    struct node *first = NULL;

    *result = (struct search_result){.outcome = SEARCH_SPENT};
    if (sweep_init(&wgl.sweep, object) == 0) {
        wgl.node_size = sizeof(struct node) + config_size(&wgl.sweep);
        first = push(&wgl);
    }
    if (first) {
        memset(first, 0, wgl.node_size);
        config_begin(&wgl.sweep, config_of(first));
        search(&wgl, steps);
    }
    if (object->states.failed)
        result->outcome = SEARCH_SPENT;
    budget_free(wgl.budget, wgl.stack);
    budget_free(wgl.budget, wgl.memory);
    budget_free(wgl.budget, wgl.slots);
    sweep_release(&wgl.sweep);
}
