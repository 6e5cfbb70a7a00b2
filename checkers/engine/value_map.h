/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* value_map.h - numbers by value: an array where the values lie close together, else a hash table.
 */
#ifndef ORDEAL_ENGINE_VALUE_MAP_H
#define ORDEAL_ENGINE_VALUE_MAP_H

#include "../../harness/history/values.h"

#define VALUE_MAP_NONE UINT32_MAX

struct value_map {
    value_id base;
    uint32_t *slots;  /* numbers */
    value_id *values; /* of the slots; NULL: slots lie by value - base */
    uint32_t slot_count;
    struct budget *budget;
};

/* For at most `count` values between `least` and `greatest`. False when the budget is used up.
 * value_map_release may be called in any case, and on a zeroed map. */
bool value_map_init(struct value_map *map, value_id least, value_id greatest, size_t count,
                    struct budget *budget);
void value_map_release(struct value_map *map);

/* Where the value's number is or would be; only for values between least and greatest. Put a number
 * there at once, or leave it. */
uint32_t *value_map_slot(struct value_map *map, value_id value);

/* VALUE_MAP_NONE if there is none; for any value. */
uint32_t value_map_find(const struct value_map *map, value_id value);

#endif
