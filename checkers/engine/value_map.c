/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "value_map.h"

#include <string.h>

bool value_map_init(struct value_map *map, value_id least, value_id greatest, size_t count,
                    struct budget *budget)
{
    *map = (struct value_map){.base = least, .slot_count = 16, .budget = budget};
    bool dense = count && greatest - least < 4 * count + 64;
    if (dense)
        map->slot_count = greatest - least + 1;
    while (!dense && map->slot_count < 2 * count)
        map->slot_count *= 2;
    map->slots = budget_alloc(budget, map->slot_count * sizeof *map->slots);
    if (!dense)
        map->values = budget_calloc(budget, map->slot_count, sizeof *map->values);
    if (!map->slots || (!dense && !map->values))
        return false;
    memset(map->slots, 0xff, map->slot_count * sizeof *map->slots);
    return true;
}

void value_map_release(struct value_map *map)
{
    if (!map->budget)
        return;
    budget_free(map->budget, map->slots);
    budget_free(map->budget, map->values);
    *map = (struct value_map){0};
}

static uint32_t place(const struct value_map *map, value_id value)
{
    if (!map->values)
        return value - map->base;
    uint32_t mask = map->slot_count - 1, at = (value * 0x9e3779b1u) >> 8 & mask;
    while (map->slots[at] != VALUE_MAP_NONE && map->values[at] != value)
        at = (at + 1) & mask;
    return at;
}

uint32_t *value_map_slot(struct value_map *map, value_id value)
{
    uint32_t at = place(map, value);

    if (map->values)
        map->values[at] = value;
    return &map->slots[at];
}

uint32_t value_map_find(const struct value_map *map, value_id value)
{
    if (!map->values && (value < map->base || value - map->base >= map->slot_count))
        return VALUE_MAP_NONE;
    return map->slots[place(map, value)];
}
