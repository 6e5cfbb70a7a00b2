/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "keys.h"

#include <errno.h>

/* Numbers of keys by id: open addressing. */
struct numbers {
    uint32_t *slots; /* 1 + number; 0 is empty */
    uint32_t slot_count;
};

static uint32_t *numbers_slot(const struct numbers *numbers, const value_id *keys, value_id key)
{
    uint32_t mask = numbers->slot_count - 1;
    uint32_t at = (key * 0x9e3779b1u) >> 7 & mask;

    while (numbers->slots[at] && keys[numbers->slots[at] - 1] != key)
        at = (at + 1) & mask;
    return &numbers->slots[at];
}

/* Room for one more key. */
static bool make_room(struct keys *keys, struct numbers *numbers)
{
    if (numbers->slot_count > keys->count * 2)
        return true;
    uint32_t slot_count = numbers->slot_count ? numbers->slot_count * 2 : 64;
    value_id *grown = budget_realloc(keys->budget, keys->keys, slot_count * sizeof *grown);
    if (!grown)
        return false;
    keys->keys = grown;
    uint32_t *slots = budget_calloc(keys->budget, slot_count, sizeof *slots);
    if (!slots)
        return false;
    budget_free(keys->budget, numbers->slots);
    *numbers = (struct numbers){slots, slot_count};
    for (uint32_t i = 0; i < keys->count; i++)
        *numbers_slot(numbers, keys->keys, keys->keys[i]) = i + 1;
    return true;
}

/* Number the keys, and note each operation's number in places. */
static bool number_keys(struct keys *keys, struct numbers *numbers, const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_FAIL)
            continue;
        if (!make_room(keys, numbers))
            return false;
        uint32_t *slot = numbers_slot(numbers, keys->keys, history->ops[i].key);
        if (*slot == 0) {
            keys->keys[keys->count++] = history->ops[i].key;
            *slot = keys->count;
        }
        keys->places[i] = *slot - 1;
    }
    return true;
}

/* Counting sort of the places by number. */
static bool sort_places(struct keys *keys, const struct history *history)
{
    keys->starts = budget_calloc(keys->budget, (size_t)keys->count + 2, sizeof *keys->starts);
    uint32_t *sorted = budget_alloc(keys->budget, (history->count + 1) * sizeof *sorted);
    if (!keys->starts || !sorted) {
        budget_free(keys->budget, sorted);
        return false;
    }
    uint32_t *next = keys->starts + 1; /* becomes starts itself once it has moved on */
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type != OP_FAIL)
            next[keys->places[i] + 1]++;
    }
    for (uint32_t k = 0; k < keys->count; k++)
        next[k + 1] += next[k];
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type != OP_FAIL)
            sorted[next[keys->places[i]]++] = (uint32_t)i;
    }
    budget_free(keys->budget, keys->places);
    keys->places = sorted;
    return true;
}

/* -- equal times ------------------------------------------------------------------------------ */

/* The last operation of a process. */
struct last {
    int64_t end_ns;
    value_id key;
};

static uint32_t group_of(uint32_t *groups, uint32_t key)
{
    while (groups[key] != key) {
        groups[key] = groups[groups[key]];
        key = groups[key];
    }
    return key;
}

static bool join_groups(struct keys *keys, uint32_t a, uint32_t b)
{
    if (!keys->groups) {
        keys->groups = budget_alloc(keys->budget, (keys->count + 1) * sizeof *keys->groups);
        for (uint32_t key = 0; key < keys->count && keys->groups; key++)
            keys->groups[key] = key;
        if (!keys->groups)
            return false;
    }
    keys->groups[group_of(keys->groups, b)] = group_of(keys->groups, a);
    return true;
}

static bool note_ties(struct keys *keys, const struct numbers *numbers,
                      const struct history *history, struct last *lasts)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->type == OP_FAIL)
            continue;
        struct last last = lasts[op->process];
        lasts[op->process] = (struct last){op_end_ns(op), op->key};
        if (last.end_ns != op->invoke_ns)
            continue;
        keys->touching = true;
        if (last.key != op->key &&
            !join_groups(keys, *numbers_slot(numbers, keys->keys, last.key) - 1,
                         *numbers_slot(numbers, keys->keys, op->key) - 1))
            return false;
    }
    return true;
}

/* Look for operations that touch. Process numbers are small in any record that a harness wrote; if
 * they are not, say that all operations may touch, which costs time only. */
static bool find_touching(struct keys *keys, const struct numbers *numbers,
                          const struct history *history)
{
    int64_t limit = (int64_t)history->count * 4 + 64, most = 0;

    for (size_t i = 0; i < history->count; i++) {
        int32_t process = history->ops[i].process;
        most = process < 0 ? limit : process > most ? process : most;
    }
    if (most >= limit) {
        keys->touching = true;
        for (uint32_t key = 1; key < keys->count; key++) {
            if (!join_groups(keys, 0, key))
                return false;
        }
        return true;
    }
    struct last *lasts = budget_alloc(keys->budget, (size_t)(most + 1) * sizeof *lasts);
    if (!lasts)
        return false;
    for (int64_t i = 0; i <= most; i++)
        lasts[i].end_ns = INT64_MIN;
    bool done = note_ties(keys, numbers, history, lasts);
    for (uint32_t key = 0; key < keys->count && keys->groups; key++)
        keys->groups[key] = group_of(keys->groups, key);
    budget_free(keys->budget, lasts);
    return done;
}

/* The first operation invoked after `time_ns`. */
static size_t first_after(const struct history *history, int64_t time_ns)
{
    size_t low = 0, high = history->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (history->ops[middle].invoke_ns <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool lines_follow_time(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (i && history->ops[i - 1].index >= op->index)
            return false;
        if (op->type == OP_INFO)
            continue;
        size_t next = first_after(history, op->complete_ns);
        if (op->complete_index <= op->index ||
            (next < history->count && history->ops[next].index <= op->complete_index))
            return false;
    }
    return true;
}

int keys_init(struct keys *keys, const struct history *history, struct budget *budget,
              struct err *err)
{
    struct numbers numbers = {0};

    *keys = (struct keys){.budget = budget};
    keys->places = budget_alloc(budget, (history->count + 1) * sizeof *keys->places);
    bool done = keys->places && number_keys(keys, &numbers, history) &&
                sort_places(keys, history) && find_touching(keys, &numbers, history);
    keys->by_line = done && keys->touching && lines_follow_time(history);
    budget_free(budget, numbers.slots);
    if (done)
        return 0;
    return err_set(err, ENOMEM, "%s while grouping operations by key", budget_reason(budget));
}

void keys_release(struct keys *keys)
{
    budget_free(keys->budget, keys->keys);
    budget_free(keys->budget, keys->starts);
    budget_free(keys->budget, keys->places);
    budget_free(keys->budget, keys->groups);
    *keys = (struct keys){.budget = keys->budget};
}
