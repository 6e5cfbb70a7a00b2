/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "writers.h"

bool writers_init(struct writers *writers, size_t count, struct budget *budget)
{
    size_t size = 16;

    while (size * 2 < count * 3)
        size *= 2;
    *writers = (struct writers){.mask = size - 1, .budget = budget};
    writers->slots = budget_calloc(budget, size, sizeof *writers->slots);
    return writers->slots != NULL;
}

void writers_release(struct writers *writers)
{
    budget_free(writers->budget, writers->slots);
    budget_free(writers->budget, writers->repeats);
    *writers = (struct writers){.budget = writers->budget};
}

static struct writer_slot *slot_of(const struct writers *writers, value_id key, value_id value)
{
    size_t at = writers_hash(key, value) & writers->mask;

    for (;; at = (at + 1) & writers->mask) {
        struct writer_slot *slot = &writers->slots[at];
        if (!slot->count || (slot->key == key && slot->value == value))
            return slot;
    }
}

bool writers_add(struct writers *writers, value_id key, value_id value, uint32_t place)
{
    struct writer_slot *slot = slot_of(writers, key, value);

    if (!slot->count) {
        *slot = (struct writer_slot){.key = key, .value = value, .count = 1, .place = place};
        return true;
    }
    if (writers->repeat_count == writers->repeat_capacity) {
        uint32_t capacity = writers->repeat_capacity ? writers->repeat_capacity * 2 : 64;
        void *grown =
            budget_realloc(writers->budget, writers->repeats, capacity * sizeof *writers->repeats);
        if (!grown)
            return false;
        writers->repeats = grown;
        writers->repeat_capacity = capacity;
    }
    writers->repeats[writers->repeat_count++] = (struct writer_repeat){place, slot->more};
    slot->more = writers->repeat_count;
    slot->count++;
    return true;
}

const struct writer_slot *writers_find(const struct writers *writers, value_id key, value_id value)
{
    const struct writer_slot *slot = slot_of(writers, key, value);
    return slot->count ? slot : NULL;
}

uint32_t writers_nth(const struct writers *writers, const struct writer_slot *slot, uint32_t nth)
{
    uint32_t more = slot->more;

    if (nth == 0)
        return slot->place;
    while (--nth)
        more = writers->repeats[more - 1].more;
    return writers->repeats[more - 1].place;
}
