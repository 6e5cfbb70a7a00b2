/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "configs.h"

#include <stdlib.h>
#include <string.h>

void configs_init(struct configs *configs, const struct sweep *sweep, bool replaces)
{
    *configs = (struct configs){
        .sweep = sweep, .budget = sweep->object->budget, .replaces = replaces, .round = 1};
}

void configs_release(struct configs *configs)
{
    budget_free(configs->budget, configs->bytes);
    budget_free(configs->budget, configs->chains);
    budget_free(configs->budget, configs->slots);
    configs_init(configs, configs->sweep, configs->replaces);
}

void configs_clear(struct configs *configs)
{
    configs->count = 0;
    if (++configs->round == 0) { /* came round: old entries must not look new */
        memset(configs->slots, 0, configs->slot_count * sizeof *configs->slots);
        configs->round = 1;
    }
}

/* -- the order -------------------------------------------------------------------------------- */

/* Of what must agree. */
static uint64_t hash_of(const struct sweep *sweep, const struct config *config)
{
    uint64_t hash = (config->state ^ (uint64_t)config->flags << 32) * 0x9e3779b97f4a7c15u;

    for (uint32_t word = 0; word < sweep->words; word++) {
        uint64_t soft = sweep->pure[word] | sweep->overwrite[word];
        hash = (hash ^ (hash >> 29) ^ (config->bits[word] & ~soft)) * 0xbf58476d1ce4e5b9u;
    }
    return hash ^ hash >> 32;
}

/* Whether a used no more than b of every kind. */
static bool used_no_more(const struct sweep *sweep, const struct config *a, const struct config *b)
{
    const struct states *states = &sweep->object->states;
    uint32_t count_a, count_b, at = 0;

    if (a->used == b->used || a->used == 0)
        return true;
    if (b->used == 0)
        return false;
    const uint32_t *pairs_a = states_get(states, a->used, &count_a);
    const uint32_t *pairs_b = states_get(states, b->used, &count_b);
    for (uint32_t i = 0; i < count_a; i += 2) {
        while (at < count_b && pairs_b[at] < pairs_a[i])
            at += 2;
        if (at == count_b || pairs_b[at] != pairs_a[i] || pairs_b[at + 1] < pairs_a[i + 1])
            return false;
    }
    return true;
}

static bool is_superfluous(struct configs *configs, const struct config *b, const struct config *a)
{
    const struct sweep *sweep = configs->sweep;

    if (a->state != b->state || a->flags != b->flags)
        return false;
    for (uint32_t word = 0; word < sweep->words; word++) {
        uint64_t soft = sweep->pure[word] | sweep->overwrite[word];
        uint64_t todo_a = a->bits[word], todo_b = b->bits[word];
        uint64_t ready_a = a->bits[sweep->words + word], ready_b = b->bits[sweep->words + word];
        if (((todo_a ^ todo_b) & ~soft) || (todo_a & ~todo_b & soft) || (ready_b & ~ready_a))
            return false;
    }
    if (used_no_more(sweep, a, b))
        return true;
    if (!configs->loose || a->spent > b->spent)
        return false;
    configs->lost = true;
    return true;
}

/* -- adding ----------------------------------------------------------------------------------- */

/* There are twice as many slots, by 32 bits. */
enum { CAPACITY_MAX = 1 << 30 };

static bool grow(struct configs *configs)
{
    uint32_t capacity = configs->capacity ? configs->capacity * 2 : 64;

    if (capacity > CAPACITY_MAX)
        return false;
    char *bytes =
        budget_realloc(configs->budget, configs->bytes, capacity * config_size(configs->sweep));
    if (bytes)
        configs->bytes = bytes;
    uint32_t *chains =
        bytes ? budget_realloc(configs->budget, configs->chains, capacity * sizeof *chains) : NULL;
    if (chains)
        configs->chains = chains;
    uint64_t *slots =
        chains ? budget_calloc(configs->budget, (size_t)capacity * 2, sizeof *slots) : NULL;
    if (!slots)
        return false;
    budget_free(configs->budget, configs->slots);
    configs->slots = slots;
    configs->slot_count = capacity * 2;
    configs->capacity = capacity;
    uint32_t count = configs->count;
    for (configs->count = 0; configs->count < count; configs->count++) {
        uint64_t hash = hash_of(configs->sweep, configs_at(configs, configs->count));
        uint64_t *slot = &slots[hash & (configs->slot_count - 1)];
        configs->chains[configs->count] = (uint32_t)*slot;
        *slot = (uint64_t)configs->round << 32 | (configs->count + 1);
    }
    return true;
}

/* How many of a chain are looked at. */
enum { LOOKS_MAX = 64 };

bool configs_add(struct configs *configs, const struct config *config)
{
    const struct sweep *sweep = configs->sweep;

    if (configs->count == configs->capacity && !grow(configs))
        return false;
    uint64_t hash = hash_of(sweep, config);
    uint64_t *slot = &configs->slots[hash & (configs->slot_count - 1)];
    uint32_t last = *slot >> 32 == configs->round ? (uint32_t)*slot : 0;
    int looks = LOOKS_MAX;
    for (uint32_t i = last; i && looks > 0; i = configs->chains[i - 1], looks--) {
        struct config *other = configs_at(configs, i - 1);
        if (is_superfluous(configs, config, other))
            return true;
        if (configs->replaces && is_superfluous(configs, other, config)) {
            memcpy(other, config, config_size(sweep));
            return true;
        }
    }
    memcpy(configs_at(configs, configs->count), config, config_size(sweep));
    configs->chains[configs->count++] = last;
    *slot = (uint64_t)configs->round << 32 | configs->count;
    return true;
}

bool configs_set(struct configs *configs, const char *bytes, uint32_t count)
{
    configs_clear(configs);
    while (configs->capacity < count) {
        if (!grow(configs))
            return false;
    }
    if (count)
        memcpy(configs->bytes, bytes, count * config_size(configs->sweep));
    configs->count = count;
    return true;
}

/* -- narrowing -------------------------------------------------------------------------------- */

struct rank {
    uint32_t cost, state, at;
};

static uint32_t cost_of(const struct sweep *sweep, const struct config *config)
{
    uint32_t cost = config->spent;

    for (uint32_t word = 0; word < sweep->words; word++) {
        uint64_t ready = config->bits[sweep->words + word] & sweep->overwrite[word];
        uint64_t todo = config->bits[word];
        cost += (uint32_t)__builtin_popcountll(sweep->overwrite[word] ^ ready) +
                (uint32_t)__builtin_popcountll(todo);
    }
    return cost;
}

static int by_cost(const void *left, const void *right)
{
    const struct rank *a = left, *b = right;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

enum { STATES_TOLD_APART = 64 };

/* Choose from `ranks`, sorted, no more than a fair share of any state; the rest of the width is
 * filled up with what is left. Chosen ones come first. */
static uint32_t choose(struct rank *ranks, uint32_t count, uint32_t width)
{
    struct {
        uint32_t state, count;
    } seen[STATES_TOLD_APART];
    uint32_t seen_count = 0, chosen = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t s = 0;
        while (s < seen_count && seen[s].state != ranks[i].state)
            s++;
        if (s == seen_count && s < STATES_TOLD_APART) {
            seen[s].state = ranks[i].state;
            seen[seen_count++].count = 0;
        }
    }
    uint32_t share = width / (seen_count ? seen_count : 1) + 1;
    for (uint32_t i = 0; i < count && chosen < width; i++) {
        uint32_t s = 0;
        while (s < seen_count && seen[s].state != ranks[i].state)
            s++;
        if (s < seen_count && seen[s].count++ >= share)
            continue;
        struct rank swap = ranks[chosen];
        ranks[chosen++] = ranks[i];
        ranks[i] = swap;
    }
    return chosen;
}

bool configs_narrow(struct configs *configs, uint32_t width)
{
    const struct sweep *sweep = configs->sweep;
    size_t size = config_size(sweep);
    struct rank *ranks = budget_alloc(configs->budget, configs->count * sizeof *ranks);
    char *kept = budget_alloc(configs->budget, ((size_t)width + 1) * size);
    bool done = false;

    if (ranks && kept) {
        for (uint32_t i = 0; i < configs->count; i++) {
            const struct config *config = configs_at(configs, i);
            ranks[i] = (struct rank){cost_of(sweep, config), config->state, i};
        }
        qsort(ranks, configs->count, sizeof *ranks, by_cost);
        uint32_t chosen = choose(ranks, configs->count, width);
        for (uint32_t i = 0; i < chosen; i++)
            memcpy(kept + i * size, configs_at(configs, ranks[i].at), size);
        done = configs_set(configs, kept, chosen);
    }
    budget_free(configs->budget, ranks);
    budget_free(configs->budget, kept);
    return done;
}
