/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Hash-consed states: equal contents, equal number, so that configurations compare by number. */
#include "../../harness/model.h"

#include <string.h>

struct state_entry {
    size_t start; /* in words */
    uint32_t count;
    uint32_t hash;
};

void states_init(struct states *states, struct budget *budget)
{
    *states = (struct states){.budget = budget};
}

void states_release(struct states *states)
{
    budget_free(states->budget, states->entries);
    budget_free(states->budget, states->slots);
    budget_free(states->budget, states->words);
    budget_free(states->budget, states->scratch);
    states_init(states, states->budget);
}

static uint32_t hash_words(const uint32_t *words, uint32_t count)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ count;

    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * 0xbf58476d1ce4e5b9u;
        hash ^= hash >> 31;
    }
    return (uint32_t)(hash >> 16);
}

static bool rehash(struct states *states)
{
    uint32_t slot_count = states->slot_count ? states->slot_count * 2 : 256;
    uint32_t *slots = budget_calloc(states->budget, slot_count, sizeof *slots);

    if (!slots)
        return false;
    for (uint32_t id = 1; id < states->count; id++) {
        uint32_t at = states->entries[id].hash & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = id;
    }
    budget_free(states->budget, states->slots);
    states->slots = slots;
    states->slot_count = slot_count;
    return true;
}

/* Room for one more entry of `count` words. Number 0 is never given. */
static bool make_room(struct states *states, uint32_t count)
{
    if (states->count + 1 >= states->capacity) {
        uint32_t capacity = states->capacity ? states->capacity * 2 : 128;
        struct state_entry *grown =
            budget_realloc(states->budget, states->entries, capacity * sizeof *grown);
        if (!grown)
            return false;
        states->entries = grown;
        states->capacity = capacity;
    }
    if (states->word_count + count + 1 > states->word_capacity) {
        size_t capacity = states->word_capacity ? states->word_capacity * 2 : 256;
        while (capacity < states->word_count + count + 1)
            capacity *= 2;
        uint32_t *grown = budget_realloc(states->budget, states->words, capacity * sizeof *grown);
        if (!grown)
            return false;
        states->words = grown;
        states->word_capacity = capacity;
    }
    if (states->count == 0)
        states->entries[states->count++] = (struct state_entry){0};
    return states->count * 2 < states->slot_count || rehash(states);
}

uint32_t states_intern(struct states *states, const uint32_t *words, uint32_t count)
{
    uint32_t hash = hash_words(words, count);

    if (states->failed || !make_room(states, count)) {
        states->failed = true;
        return STATE_NO;
    }
    uint32_t at = hash & (states->slot_count - 1);
    for (; states->slots[at]; at = (at + 1) & (states->slot_count - 1)) {
        const struct state_entry *other = &states->entries[states->slots[at]];
        if (other->hash == hash && other->count == count &&
            (count == 0 || memcmp(states->words + other->start, words, count * sizeof *words) == 0))
            return states->slots[at];
    }
    states->entries[states->count] =
        (struct state_entry){.start = states->word_count, .count = count, .hash = hash};
    if (count)
        memcpy(states->words + states->word_count, words, count * sizeof *words);
    states->word_count += count;
    states->slots[at] = states->count;
    return states->count++;
}

const uint32_t *states_get(const struct states *states, uint32_t id, uint32_t *count)
{
    *count = states->entries[id].count;
    return states->words + states->entries[id].start;
}

uint32_t *states_copy(struct states *states, uint32_t id, uint32_t extra, uint32_t *count)
{
    *count = states->entries[id].count;
    size_t need = (size_t)*count + extra;

    if (need >= states->scratch_capacity) {
        uint32_t *grown =
            budget_realloc(states->budget, states->scratch, need * 2 * sizeof *grown + 64);
        if (!grown) {
            states->failed = true;
            return NULL;
        }
        states->scratch = grown;
        states->scratch_capacity = need * 2;
    }
    if (*count)
        memcpy(states->scratch, states->words + states->entries[id].start,
               *count * sizeof *states->scratch);
    return states->scratch;
}

uint32_t states_append(struct states *states, uint32_t list, uint32_t last)
{
    return states_intern(states, (uint32_t[]){list, last}, 2);
}

void states_split(const struct states *states, uint32_t list, uint32_t *rest, uint32_t *last)
{
    uint32_t count;
    const uint32_t *pair = states_get(states, list, &count);

    *rest = pair[0];
    *last = pair[1];
}
