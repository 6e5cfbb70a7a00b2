/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Depth-first search for a linearization with a memory of configurations (Wing and Gong 1993, Lowe
 * 2017), keyed by what is open instead of by everything that took effect: see search.h.
 *
 * It finds a linearization quickly where there are many, and needs no memory but for what it tried;
 * where there is none it has to try everything that leads there.
 */
#include "search.h"

#include <string.h>

/* What is asked of the next moves at a node, beside the returning operation's duty. */
enum node_flag {
    MUST_USE = 1,  /* the returning overwrite has to be used itself */
    OVERWROTE = 2, /* the last move was an overwrite that nobody has read: only what depends on its
                    * value can follow, or the move was for nothing */
};

/* A configuration (behind it in memory) at the return `at` that nothing yet allows, and the moves
 * tried so far. */
struct node {
    size_t at;
    uint32_t move;
    uint32_t flags;
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
    uint64_t hash = node->at * 0x9e3779b97f4a7c15u + node->flags, word;
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
        if (other->at == node->at && other->flags == node->flags &&
            memcmp(config_of(other), config_of(node), size) == 0)
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

/* Whether there is a choice to make when `item` returns: its duty is not done, or it is an
 * overwrite whose last chance this is. */
static bool is_choice(const struct sweep *sweep, const struct config *config,
                      const struct item *item)
{
    return config_todo(config, item->slot) ||
           (item->call.kind == CALL_OVERWRITE && config_ready(sweep, config, item->slot));
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
            if (is_choice(sweep, config, item))
                return false;
            config_close(sweep, config, item->slot);
        }
        sweep_forward(sweep);
        if (item->due && !EVENT_IS_RETURN(event))
            config_open(sweep, config, item->slot);
    }
    return true;
}

/* What a move does at a node. */
enum outcome {
    NO_MOVE,
    MOVED,     /* the returning operation's duty is still to do */
    PROMISING, /* it is done, yet the operation can still be used */
    ARRIVED,   /* it may return */
};

static const struct item *returning_item(const struct wgl *wgl, const struct node *node)
{
    const struct object *object = wgl->sweep.object;
    return &object->items[EVENT_ITEM(object->events[node->at])];
}

/* How many pure calls are open whose duty is not done. */
static uint32_t open_reads(const struct sweep *sweep, const struct config *config)
{
    uint32_t count = 0;

    for (uint32_t word = 0; word < sweep->words; word++)
        count += (uint32_t)__builtin_popcountll(config->bits[word] & sweep->pure[word]);
    return count;
}

/* Let move `z` (a slot, or behind them a kind), which is not the returning operation, take effect.
 */
static enum outcome try_move(struct wgl *wgl, struct node *node, uint32_t z)
{
    const struct object *object = wgl->sweep.object;
    const struct item *returning = returning_item(wgl, node);
    uint32_t slots = object->slot_count;
    uint32_t item = z < slots ? wgl->sweep.items[z] : object->kinds[z - slots];

    if (item == ITEM_NONE)
        return NO_MOVE;
    bool overwrites = object->items[item].call.kind == CALL_OVERWRITE;
    if (overwrites && (node->flags & OVERWROTE))
        return NO_MOVE;
    uint32_t reads = open_reads(&wgl->sweep, config_of(node));
    if (!(z < slots ? config_use(&wgl->sweep, config_of(node), z)
                    : config_use_kind(&wgl->sweep, config_of(node), z - slots)))
        return NO_MOVE;
    bool unread = overwrites && open_reads(&wgl->sweep, config_of(node)) == reads;
    node->flags = unread ? node->flags | OVERWROTE : node->flags & ~(uint32_t)OVERWROTE;
    bool is_done = !config_todo(config_of(node), returning->slot);
    if (returning->call.kind != CALL_OVERWRITE)
        return is_done ? ARRIVED : MOVED;
    /* An overwrite thought before another gains nothing by waiting for that other to take effect
     * now: only using it can demand what came before. */
    if (overwrites)
        node->flags |= MUST_USE;
    return is_done && !(node->flags & MUST_USE) ? PROMISING : MOVED;
}

/* The next move of a node, in the order in which they are tried: let the returning operation go if
 * its duty is done; use it; whatever does its duty at once; whatever else. NO_MOVE: all are tried.
 */
static enum outcome next_child(struct wgl *wgl, struct node *node, struct node *child)
{
    const struct object *object = wgl->sweep.object;
    uint32_t slot = returning_item(wgl, node)->slot;
    uint32_t moves = object->slot_count + object->kind_count;
    bool is_done = !config_todo(config_of(node), slot);

    while (node->move < 2 + 2 * moves) {
        uint32_t move = node->move++;
        memcpy(child, node, wgl->node_size);
        child->move = 0;
        if (move == 0 && is_done && !(node->flags & MUST_USE))
            return ARRIVED;
        if (move == 1 && config_use(&wgl->sweep, config_of(child), slot))
            return ARRIVED;
        bool others = move >= 2 + moves;
        if (move < 2 || (move - 2) % moves == slot || (is_done && !others))
            continue;
        if (is_done)
            child->flags |= MUST_USE;
        enum outcome outcome = try_move(wgl, child, (move - 2) % moves);
        if (outcome != NO_MOVE && others == (outcome == MOVED))
            return outcome;
    }
    return NO_MOVE;
}

/* A child that lets the returning operation go: on to the next choice. True at the end. */
static bool let_return(struct wgl *wgl, struct node *child)
{
    child->flags = 0;
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
        enum outcome outcome = next_child(wgl, node, child);
        if (outcome == NO_MOVE) {
            wgl->depth--;
            continue;
        }
        if (outcome == ARRIVED && let_return(wgl, child)) {
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
