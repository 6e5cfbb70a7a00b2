/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* writers.h - who may have written a value: operations by the key and value that they write. */
#ifndef ORDEAL_CHECKERS_LEVELS_WRITERS_H
#define ORDEAL_CHECKERS_LEVELS_WRITERS_H

#include "../../harness/base/budget.h"
#include "../../harness/history/values.h"

/* All writers of one value to one key. */
struct writer_slot {
    value_id key, value;
    uint32_t count; /* 0: an empty slot */
    uint32_t place; /* of the first in history->ops */
    uint32_t more;  /* 1 + the place in `repeats` of the next; 0: none */
};

struct writers {
    struct writer_slot *slots; /* open addressing */
    size_t mask;
    struct writer_repeat {
        uint32_t place, more;
    } * repeats; /* writers of a value after the first */
    uint32_t repeat_count, repeat_capacity;
    struct budget *budget;
};

/* Room for `count` writers. False when the budget is used up. */
bool writers_init(struct writers *writers, size_t count, struct budget *budget);
void writers_release(struct writers *writers);

/* `place` writes `value` to `key`. False when the budget is used up. */
bool writers_add(struct writers *writers, value_id key, value_id value, uint32_t place);

/* NULL: nobody wrote it. */
const struct writer_slot *writers_find(const struct writers *writers, value_id key, value_id value);

/* The place of the `nth` writer of a slot, below its count. */
uint32_t writers_nth(const struct writers *writers, const struct writer_slot *slot, uint32_t nth);

static inline size_t writers_hash(value_id key, value_id value)
{
    uint64_t hash = ((uint64_t)key << 32 | value) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash ^ hash >> 32);
}

/* Bring the slot into the cache: asked some operations ahead, it hides the memory's latency. */
static inline void writers_prefetch(const struct writers *writers, value_id key, value_id value)
{
    __builtin_prefetch(&writers->slots[writers_hash(key, value) & writers->mask]);
}

#endif
